"""What the styles of a sheet's cells say: format marks, as ``core.number_look`` has them; looks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from importer.core.column_letters import column_index
from importer.core.number_look import (
    PERCENT,
    is_code,
    mark_of_code,
    shows_nothing,
    shows_units_only,
)
from importer.model.tables import CellLook

_BUILT_IN = {9: PERCENT, 10: PERCENT, **dict.fromkeys((5, 6, 7, 8, 42, 44), "$")}
_UNITS_ONLY = frozenset((1, 3, 5, 6, 37, 38, 41, 42))  # built in
BLACK, WHITE = "000000", "FFFFFF"
_INDEXED = {"0": BLACK, "8": BLACK, "64": BLACK, "1": WHITE, "9": WHITE, "65": WHITE}
_RGB = re.compile("[0-9A-F]{6}")
_LEAST_CONTRAST = 16  # of 255: FFFFFF and F0F0F0 are one to the eye
_MOST_NAMED = 20  # style numbers that are looked for by name; workbooks have few of money


def format_mark(number: int, code: str | None) -> str:
    """The mark of a number format, "" for none; ``code`` is None where it is built in."""
    return _BUILT_IN.get(number, "") if code is None else mark_of_code(code)


def cell_look(
    number: int, code: str | None, struck: bool = False, letters: str = BLACK, behind: str = WHITE
) -> CellLook | None:
    """The look of a style, by its number format, strike and colours; None for a usual one.

    ``code`` is None where the number format is built in.
    """
    if struck:
        return CellLook.STRUCK
    if _blends_in(letters, behind) or (code and shows_nothing(code)):
        return CellLook.INVISIBLE
    units_only = number in _UNITS_ONLY if code is None else shows_units_only(code)
    return CellLook.UNITS_ONLY if units_only else None


def look_of_runs(look: CellLook | None, runs: Sequence[bool | None]) -> CellLook | None:
    """The look of a cell whose text has several fonts, from the look of its style.

    ``runs``: whether the letters of a font are struck through; None where they are as the cell's.
    """
    if not runs:
        return look
    is_struck = look is CellLook.STRUCK
    of_runs = CellLook.of_runs([is_struck if run is None else run for run in runs])
    return of_runs or (None if is_struck else look)


def runs_of_fonts(text: str, fonts: Sequence[tuple[int, bool]]) -> list[bool | None]:
    """The runs of a text that say something, from (place from which a font holds, it strikes)."""
    places = [(0, None), *fonts, (len(text), None)]
    return [struck for (at, struck), (end, _) in pairwise(places) if text[at:end].strip()]


def colour_name(*, rgb: str = "", theme: str = "", index: str = "", tint: float = 0) -> str:
    """A colour of Excel as ``RRGGBB`` where that is certain, else its name among those of the theme
    or palette."""
    if rgb:
        return rgb.upper()[-6:]
    if theme == "0" and tint >= 0:
        return WHITE  # no tint makes it lighter
    return _INDEXED.get(index) or f"theme {theme} {index} {tint}"


def _blends_in(letters: str, behind: str) -> bool:
    """Whether letters of a colour cannot be told from what is behind them."""
    if letters == behind:
        return True
    if not _RGB.fullmatch(letters) or not _RGB.fullmatch(behind):
        return False
    parts = zip(bytes.fromhex(letters), bytes.fromhex(behind), strict=True)
    return max(abs(one - other) for one, other in parts) <= _LEAST_CONTRAST


def format_for_mark(mark: str) -> str:
    """A number format that shows the mark."""
    if is_code(mark):
        return mark
    return "0.00%" if mark == PERCENT else f"[${mark}]#,##0.00"


class ByteStream(Protocol):
    """What is read in pieces."""

    def read(self, size: int = -1, /) -> bytes: ...


_Mark = TypeVar("_Mark", bound=str)


class StyleScanner(Generic[_Mark]):
    """Passes a sheet's XML through and collects the ``marks`` of its cells: column → row → mark.

    ``style_marks``: style number → mark. For XML that ``xlsx_guard`` lets pass: uses patterns, not
    elements, for speed.
    """

    def __init__(self, sheet: ByteStream, style_marks: Mapping[str, _Mark]) -> None:
        self.marks: dict[int, dict[int, _Mark]] = {}
        self._sheet, self._style_marks, self._rest = sheet, style_marks, b""
        named = list(style_marks) if len(style_marks) <= _MOST_NAMED else []
        styles = "|".join(map(re.escape, named)).encode() or b"[0-9]{1,9}"
        # Patterns end with their tag: otherwise a sheet of open tags takes quadratic time.
        self._cell = re.compile(
            rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?=[^<>]* s="(' + styles + rb')")[^<>/]*>'
        )
        self._needles = [b's="%s"' % style.encode() for style in named] or [b's="']

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._sheet.read(size)
        if self._style_marks:
            data = self._rest + chunk
            border = data.rfind(b"<")  # the last tag may be cut
            if border < 0 or b">" in data[border:]:
                border = len(data)
            data, self._rest = data[:border], data[border:]
            if any(mark in data for mark in self._needles):
                self._add(self._cell.findall(data))
        return chunk

    def _add(self, cells: list[tuple[bytes, bytes, bytes]]) -> None:
        columns: dict[bytes, dict[int, _Mark]] = {}
        for letters, row, style in cells:
            mark = self._style_marks.get(style.decode())
            if mark is None:
                continue
            if letters not in columns:
                column = column_index(letters.decode())
                columns[letters] = self.marks.setdefault(column, {})
            columns[letters][int(row)] = mark
