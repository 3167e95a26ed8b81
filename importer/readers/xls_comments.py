"""Comments on the cells of XLS files, and conditional formats that strike through, from the records
that xlrd does not get to see."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress

from importer.core.column_letters import column_letters
from importer.readers.comments import LONGEST, Note, cell_comments
from importer.readers.grid import Grid
from importer.readers.sheet_errors import SHEET_ERRORS

_NOTE, _OBJECT, _TEXT_OBJECT, _RULE_CELLS, _RULE = 0x1C, 0x5D, 0x1B6, 0x1B0, 0x1B1
BESIDE_CELLS = frozenset((_NOTE, _OBJECT, _TEXT_OBJECT, _RULE_CELLS, _RULE))
_CONTINUE = 0x3C
_IDENTITY = b"\x15\0\x12\0"  # of an object: how its part with the number begins
_HEAD = struct.Struct("<HH")
_CONTINUED = 0xFFFF  # the row of a note that is the rest of the one before
_HAS_NUMBER, _HAS_FONT = 0x02000000, 0x04000000  # of the flags of a rule's look
_STRUCK = 0x80  # of the flags of its font; and of those that the rule leaves as they are


Records = list[tuple[int, int]]
"""(code, place) of records."""


def add_beside_cells(
    grid: Grid, stream: bytes, start: int, places: Records, encoding: str | None
) -> None:
    """Complete the grid of the sheet that begins at ``start`` by what has no place in cells.

    ``places``: of its ``BESIDE_CELLS``. ``encoding``: of texts before Excel 97.
    """
    with suppress(*SHEET_ERRORS):  # a damaged comment is no damaged sheet
        grid.struck_by_rules = _struck_by_rules(stream, places)
        grid.comments = cell_comments(_notes(stream, start, places, encoding or "cp1252"))


def _notes(stream: bytes, start: int, places: Records, encoding: str) -> Iterator[Note]:
    """From Excel 97 on, their texts are those of objects."""
    texts: dict[int, str] = {}  # by the number of the object
    notes: list[tuple[int, int, int, str]] = []
    number = -1
    has_objects = int.from_bytes(stream[start + 4 : start + 6], "little") >= 0x600
    for code, at in places:
        length = int.from_bytes(stream[at + 2 : at + 4], "little")
        data = stream[at + 4 : at + 4 + length]
        if code == _OBJECT:
            number = int.from_bytes(data[6:8], "little") if data.startswith(_IDENTITY) else -1
        elif code == _TEXT_OBJECT:
            texts[number] = _text(stream, at + 4 + length, int.from_bytes(data[10:12], "little"))
        elif code != _NOTE:
            continue
        elif length >= 8 and has_objects:
            row, column, _, of_object = struct.unpack_from("<4H", data)
            notes.append((row, column, of_object, ""))
        elif length >= 6 and not has_objects:
            row, column, _ = struct.unpack_from("<3H", data)
            text = data[6:].decode(encoding, "replace")
            if row == _CONTINUED and notes:
                row, column, _, before = notes.pop()
                text = (before + text)[:LONGEST]
            notes.append((row, column, -1, text))
    for row, column, of_object, text in notes:
        yield row + 1, column, text or texts.get(of_object, "")


def _text(stream: bytes, at: int, characters: int) -> str:
    """The text of an object in the records that follow it: a byte of flags, then the letters."""
    text = ""
    while len(text) < min(characters, LONGEST) and at + 4 < len(stream):
        code, length = _HEAD.unpack_from(stream, at)
        if code != _CONTINUE or not length:
            break
        data = stream[at + 5 : at + 4 + length]
        text += data.decode("utf-16-le" if stream[at + 4] & 1 else "latin-1", "replace")
        at += 4 + length
    return text[: min(characters, LONGEST)]


def _struck_by_rules(stream: bytes, places: Records) -> list[str]:
    """The cells (``A2:F200``) that have a rule whose look strikes through."""
    out: dict[str, None] = {}
    cells = ""
    for code, at in places:
        data = stream[at + 4 : at + 4 + int.from_bytes(stream[at + 2 : at + 4], "little")]
        if code == _RULE_CELLS:
            ranges = struct.iter_unpack("<4H", data[14 : 14 + (len(data) - 14) // 8 * 8])
            cells = " ".join(_range(*of) for of in ranges)
        elif code == _RULE and cells and len(data) >= 104:
            (flags,) = struct.unpack_from("<I", data, 6)
            style, unchanged = data[80], data[100]
            if flags & _HAS_FONT and not flags & _HAS_NUMBER and style & _STRUCK & ~unchanged:
                out[cells] = None
    return list(out)


def _range(top: int, bottom: int, left: int, right: int) -> str:
    return f"{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"
