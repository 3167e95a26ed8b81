"""Exact reading of a sheet of an XLSB file, record by record, where calamine cannot read it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from importer.model.tables import CellKind
from importer.readers.grid import Cell, Grid, float_cell, grid_of_rows
from importer.readers.xlsb_records import records, wide_text
from importer.readers.xlsx.xlsx_cells import date_cell

# Record types, MS-XLSB 2.3. A cell of a formula's result is that of its value plus six, or less.
_ROW, _END_OF_ROWS, _STRING = 0, 146, 19
_RK, _BOOLEANS, _REALS = 2, (4, 10), (5, 9)
_TEXTS, _SHARED = (6, 8), 7


def shared_texts(data: bytes) -> list[str]:
    """The table of strings; each begins with a byte of flags."""
    return [wide_text(data, start + 1)[0] for kind, start, _ in records(data) if kind == _STRING]


def exact_grid(
    part: bytes,
    texts: Sequence[str],
    others: Mapping[tuple[int, int], Cell],
    meanings: Mapping[int, tuple[bool, bool, int]],
    date1904: bool,
) -> Grid:
    """Grid of a sheet part whose size has been checked.

    ``others``: its error and rich text cells, by row and column from 0. ``meanings``: style
    number → meaning of its number format, as ``format_meaning`` gives it.
    """
    rows: dict[int, list[tuple[int, str, int]]] = {}
    for (row, column), cell in others.items():
        rows.setdefault(row, []).append((column, *cell))
    row = 0
    for kind, start, _ in records(part):
        if kind == _ROW:
            row = int.from_bytes(part[start : start + 4], "little")
        elif kind == _END_OF_ROWS:
            break
        elif kind in _TEXTS or kind == _SHARED:
            if kind == _SHARED:
                text = texts[int.from_bytes(part[start + 8 : start + 12], "little")]
            else:
                text, _ = wide_text(part, start + 8)
            _add(rows, row, part, start, (text, CellKind.TEXT))
        elif kind in _BOOLEANS:
            _add(rows, row, part, start, ("TRUE" if part[start + 8] else "FALSE", CellKind.BOOLEAN))
        elif kind == _RK or kind in _REALS:
            at = start + 8
            value = _rk(part, at) if kind == _RK else struct.unpack_from("<d", part, at)[0]
            style = int.from_bytes(part[start + 4 : start + 7], "little")
            cell = _number(value, meanings.get(style, (False, False, 0)), date1904)
            _add(rows, row, part, start, cell)
    return grid_of_rows((number + 1, sorted(rows[number])) for number in sorted(rows))


def _add(
    rows: dict[int, list[tuple[int, str, int]]], row: int, part: bytes, start: int, cell: Cell
) -> None:
    column = int.from_bytes(part[start : start + 4], "little")
    rows.setdefault(row, []).append((column, *cell))


def _number(value: float, meaning: tuple[bool, bool, int], date1904: bool) -> Cell:
    is_date, is_duration, zeros = meaning
    if is_date and value >= 0:
        return date_cell(value, is_duration=is_duration, date1904=date1904)
    text, kind = float_cell(value)
    return (text.zfill(zeros) if text.isdigit() else text), kind


def _rk(part: bytes, at: int) -> float:
    """Thirty bits of an integer or the head of a double; the lowest bit divides it by 100."""
    (raw,) = struct.unpack_from("<i", part, at)
    if raw & 2:
        value = float(raw >> 2)
    else:
        (value,) = struct.unpack("<d", struct.pack("<II", 0, raw & 0xFFFFFFFC))
    return value / 100 if raw & 1 else value
