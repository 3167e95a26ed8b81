"""The styles of XLSB files: number formats, colours, and what is struck through."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from importer.model.tables import CellLook
from importer.readers.grid import CellLooks
from importer.readers.number_formats import (
    BLACK,
    WHITE,
    cell_look,
    colour_name,
    format_mark,
    look_of_runs,
    runs_of_fonts,
)
from importer.readers.xlsb_records import records, wide_text
from importer.readers.xlsx.xlsx_parts import format_meaning

# Record types, MS-XLSB 2.3.
_ROW, _END_OF_ROWS = 0, 146
_CELL_SHARED, _CELL_RICH = 7, 62
_STRING, _FONT, _FORMAT, _FILL, _STYLE = 19, 43, 44, 45, 47
_BEGIN_CELL_STYLES, _END_CELL_STYLES = 617, 618
_STRUCK = 8  # of a font's flags
_SOLID = 1  # a fill of one colour
_AUTOMATIC, _INDEXED, _THEME = 0, 1, 3  # colours
_HAS_RUNS = 1  # of the flags before a text

Runs = list[tuple[int, bool]]
"""(place from which a font holds, whether it strikes through) of a text."""


@dataclass
class XlsbStyles:
    """Style number → what it says, as ``xlsx_parts.Styles``; ``struck``: by number of a font."""

    marks: dict[int, str] = field(default_factory=dict)
    meanings: dict[int, tuple[bool, bool, int]] = field(default_factory=dict)
    looks: dict[int, CellLook] = field(default_factory=dict)
    struck: list[bool] = field(default_factory=list)


def read_styles(data: bytes) -> XlsbStyles:
    """The styles of a part. Raises struct.error and IndexError where it is damaged."""
    styles = XlsbStyles()
    codes: dict[int, str] = {}
    letters: list[str] = []  # by font
    behind: list[str] = []  # by fill
    of_cells = False
    for kind, start, length in records(data):
        if kind == _FORMAT:
            codes[int.from_bytes(data[start : start + 2], "little")] = wide_text(data, start + 2)[0]
        elif kind == _FONT:
            styles.struck.append(bool(data[start + 2] & _STRUCK))
            letters.append(_colour(data, start + 12, BLACK) if length >= 20 else BLACK)
        elif kind == _FILL:
            pattern = int.from_bytes(data[start : start + 4], "little")
            solid = pattern == _SOLID and length >= 12
            colour = _colour(data, start + 4, "automatic") if solid else "pattern"
            behind.append(colour if pattern else WHITE)
        elif kind in (_BEGIN_CELL_STYLES, _END_CELL_STYLES):
            of_cells = kind == _BEGIN_CELL_STYLES
        elif kind == _STYLE and of_cells:
            number, font, fill = struct.unpack_from("<3H", data, start + 2)
            code, style = codes.get(number), len(styles.meanings)
            styles.meanings[style] = format_meaning(number, code)
            look = cell_look(
                number,
                code,
                font < len(letters) and styles.struck[font],
                letters[font] if font < len(letters) else "unknown",
                behind[fill] if fill < len(behind) else WHITE,
            )
            if look:
                styles.looks[style] = look
            if not styles.meanings[style][0] and (mark := format_mark(number, code)):
                styles.marks[style] = mark
    return styles


def _colour(data: bytes, at: int, default: str) -> str:
    """A colour of eight bytes: its kind, index, tint, red, green, blue, alpha."""
    kind, index, tint = struct.unpack_from("<BBh", data, at)
    if kind >> 1 == _AUTOMATIC:
        return default
    if kind >> 1 == _INDEXED:
        return colour_name(index=str(index))
    if kind >> 1 == _THEME:
        return colour_name(theme=str(index), tint=tint)
    return colour_name(rgb=data[at + 4 : at + 7].hex())


def shared_runs(data: bytes, styles: XlsbStyles) -> dict[int, Runs]:
    """The runs of the shared texts that have some, by number; none where no font strikes."""
    if not any(styles.struck):
        return {}
    texts = ((start, length) for kind, start, length in records(data) if kind == _STRING)
    runs = {i: _runs(data, *place, styles.struck) for i, place in enumerate(texts)}
    return {i: some for i, some in runs.items() if some}


def _runs(data: bytes, start: int, length: int, struck: Sequence[bool]) -> Runs:
    if length < 5 or not data[start] & _HAS_RUNS:
        return []
    _, at = wide_text(data, start + 1)
    count = int.from_bytes(data[at : at + 4], "little")
    last = min(at + 4 + 4 * count, start + length - 3)
    pairs = (struct.unpack_from("<HH", data, place) for place in range(at + 4, last, 4))
    return [(place, font < len(struck) and struck[font]) for place, font in pairs]


_Mark = TypeVar("_Mark", bound=str)


def by_style(
    data: bytes, of_styles: Mapping[int, _Mark], kinds: frozenset[int]
) -> dict[int, dict[int, _Mark]]:
    """Column → row → what its style says, of the cells of these kinds in a sheet part."""
    out: dict[int, dict[int, _Mark]] = {}
    row = 0
    for kind, start, _ in records(data) if of_styles else ():
        if kind == _ROW:
            row = int.from_bytes(data[start : start + 4], "little")
        elif kind in kinds:
            style = int.from_bytes(data[start + 4 : start + 7], "little")
            if mark := of_styles.get(style):
                column = int.from_bytes(data[start : start + 4], "little")
                out.setdefault(column, {})[row + 1] = mark
        elif kind == _END_OF_ROWS:
            break
    return out


def add_looks_of_runs(
    data: bytes, looks: CellLooks, styles: XlsbStyles, texts: Sequence[str], shared: dict[int, Runs]
) -> None:
    """Complete the ``looks`` of a sheet part by the cells whose text has several fonts."""
    row = 0
    for kind, start, length in records(data) if any(styles.struck) else ():
        if kind == _ROW:
            row = int.from_bytes(data[start : start + 4], "little")
        elif kind == _END_OF_ROWS:
            break
        elif kind in (_CELL_SHARED, _CELL_RICH):
            column = int.from_bytes(data[start : start + 4], "little")
            if kind == _CELL_RICH:
                text, runs = (
                    wide_text(data, start + 9)[0],
                    _runs(data, start + 8, length - 8, styles.struck),
                )
            else:
                index = int.from_bytes(data[start + 8 : start + 12], "little")
                runs = shared.get(index, [])
                text = texts[index] if runs else ""
            if runs:
                of_column = looks.setdefault(column, {})
                look = look_of_runs(of_column.pop(row + 1, None), runs_of_fonts(text, runs))
                if look:
                    of_column[row + 1] = look
