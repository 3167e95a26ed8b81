"""Read XLSB files: values by calamine, error cells and hidden rows from the records.

calamine reads error cells and texts of several fonts as blank. Where it cannot read a
sheet, ``xlsb_cells`` does.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from importer.model.tables import CellKind, MergedCells
from importer.readers.calamine import CalamineSheets
from importer.readers.comments import Note, cell_comments
from importer.readers.file_limits import TooLargeError, check_area, check_repeated_text
from importer.readers.grid import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Grid,
    grid_of_values,
)
from importer.readers.package import Package, Relation
from importer.readers.sheet_errors import SHEET_ERRORS, ReadSheet
from importer.readers.xlsb_cells import exact_grid, shared_texts
from importer.readers.xlsb_records import records, wide_text
from importer.readers.xlsb_styles import (
    XlsbStyles,
    add_looks_of_runs,
    by_style,
    read_styles,
    shared_runs,
)
from importer.readers.xlsx.xlsx_comments import threads_of
from importer.readers.xlsx.xlsx_parts import SheetPart
from importer.readers.zip_guard import DamagedError, Part

# Record types, MS-XLSB 2.3.
_ROW = 0
_CELL_ERROR = 3
_CELL_SHARED = 7  # its text is in the table of strings
_FORMULA_ERROR = 11
_CELL_RICH = 62  # its text begins with a byte of flags
_STRING = 19
_FILLED = frozenset({*range(2, 12), _CELL_RICH})  # every cell that is not blank
_NUMBERS = frozenset((2, 5, 9))  # RK, real, and a formula's number
_END_OF_ROWS = 146
_MERGED = 176
_COLUMNS = 60
_COMMENT, _COMMENT_TEXT = 635, 637
_WORKBOOK_PROPERTIES, _SHEET = 153, 156

_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


def read_xlsb(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[ReadSheet]:
    """Each worksheet that ``wanted`` picks from their names.

    Raises ``TooLargeError``, ``DamagedError``, and what zipfile raises where it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        package = Package(archive)
        book = _read_book(package)
        picked = set(wanted([sheet.name for sheet in book.sheets]))
        strings = Part(archive, book.strings).read() if book.strings else b""
        lengths = [length // 2 for kind, _, length in records(strings) if kind == _STRING]
        styles = read_styles(package.read(book.styles)) if book.styles else XlsbStyles()
        runs = shared_runs(strings, styles)
        texts = shared_texts(strings) if runs else []
        calamine = CalamineSheets(path)

        def read(sheet: SheetPart) -> Grid:
            part = Part(archive, package.stored(sheet.part)).read()
            lost, hidden_rows, merges = _scan(part, lengths)
            values = calamine.values(sheet.name) if book.calamine_agrees else None
            if values is None:
                every_text = texts or shared_texts(strings)
                grid = exact_grid(part, every_text, lost, styles.meanings, book.date1904)
            else:
                overwrite_cells(values, lost)
                grid = grid_of_values(values)
            grid.hidden_rows, grid.hidden_columns = hidden_rows, _hidden_columns(part)
            grid.format_marks = by_style(part, styles.marks, _NUMBERS)
            grid.cell_looks = by_style(part, styles.looks, _FILLED)
            add_looks_of_runs(part, grid.cell_looks, styles, texts, runs)
            with suppress(*SHEET_ERRORS):  # a damaged list of comments is no damaged sheet
                notes, threads = _notes(package, sheet.part), threads_of(package, sheet.part)
                grid.comments = cell_comments(notes, threads)
            grid.merges, grid.date1904 = merges, book.date1904
            return grid

        out: list[ReadSheet] = []
        for sheet in book.sheets:
            if sheet.name in picked:
                try:
                    out.append((sheet.name, sheet.hidden, read(sheet)))
                except SHEET_ERRORS as error:
                    out.append((sheet.name, sheet.hidden, error))
        return out


class _Book(NamedTuple):
    sheets: tuple[SheetPart, ...]
    strings: str | None  # parts, as the zip spells them
    styles: str | None
    date1904: bool
    calamine_agrees: bool  # calamine, which goes by fixed places, reads these very parts


def _read_book(package: Package) -> _Book:
    main, _ = package.main_part()
    relations = package.relations(main)
    data = package.read(main)
    agrees = main == "xl/workbook.bin" and package.has_one_workbook(main)
    sheets = []
    date1904 = False
    for kind, start, _ in records(data):
        if kind == _WORKBOOK_PROPERTIES:
            date1904 = bool(data[start] & 1)
        elif kind == _SHEET:  # state, id, relation id, name
            identity, at = wide_text(data, start + 8)
            name, _ = wide_text(data, at)
            relation = relations.get(identity, Relation("worksheet", "", ""))
            if relation.kind == "worksheet":
                sheets.append(SheetPart(name, relation.part, data[start] & 3 != 0))
                agrees &= f"xl/{relation.target}" == relation.part
    agrees &= len({sheet.name for sheet in sheets}) == len(sheets)
    parts = {relation.kind: relation.part for relation in relations.values()}
    strings = package.find(parts.get("sharedStrings", "xl/sharedStrings.bin"))
    styles = package.find(parts.get("styles", "xl/styles.bin"))
    agrees &= package.has_usual_place(strings, "xl/sharedStrings.bin")
    agrees &= package.has_usual_place(styles, "xl/styles.bin")
    return _Book(tuple(sheets), strings, styles, date1904, agrees)


def overwrite_cells(values: list[list[object]], cells: dict[tuple[int, int], Cell]) -> None:
    """Put ``cells``, by (row, column) from 0, into the rows of values, longer where need be."""
    if not cells:
        return
    height = max(row for row, _ in cells) + 1
    width = max(max(column for _, column in cells) + 1, len(values[0]) if values else 0)
    values.extend([] for _ in range(height - len(values)))
    for row in values:
        row.extend([""] * (width - len(row)))
    for (row_index, column), cell in cells.items():
        values[row_index][column] = cell


def _scan(
    data: bytes, strings: list[int]
) -> tuple[dict[tuple[int, int], Cell], set[int], list[MergedCells]]:
    """(cells that calamine loses, by row and column from 0; numbers of hidden rows; merged cells)
    of a sheet part."""
    merges: list[MergedCells] = []
    in_rows = True
    lost: dict[tuple[int, int], Cell] = {}
    hidden: set[int] = set()
    row = last_row = last_column = cells = characters = 0
    for kind, start, length in records(data):
        # calamine would read what is missing from the record before
        if in_rows and length < (4 if kind == _ROW else 8 if kind in _FILLED else 0):
            raise DamagedError("It is damaged: a row or a cell is cut off")
        if not in_rows:
            if kind == _MERGED:
                top, bottom, left, right = struct.unpack_from("<4I", data, start)
                merges.append(MergedCells(top + 1, bottom + 1, left, right))
        elif kind == _ROW:
            row = int.from_bytes(data[start : start + 4], "little")
            if length > 11 and data[start + 11] & 0x10:  # fDyZero
                hidden.add(row + 1)
        elif kind in _FILLED:
            column = int.from_bytes(data[start : start + 4], "little")
            last_row, last_column = max(last_row, row), max(last_column, column)
            cells += 1
            if row >= MAX_ROWS or column >= MAX_COLUMNS:
                raise TooLargeError("It has cells outside of any sheet. Save it again in Excel")
            if kind == _CELL_SHARED:
                index = int.from_bytes(data[start + 8 : start + 12], "little")
                characters += strings[index] if index < len(strings) else 0
            if kind in (_CELL_ERROR, _FORMULA_ERROR):
                code = data[start + 8]
                lost[row, column] = _ERRORS.get(code, f"#ERROR {code}!"), CellKind.ERROR
            elif kind == _CELL_RICH:
                lost[row, column] = wide_text(data, start + 9)[0], CellKind.TEXT
        elif kind == _END_OF_ROWS:
            in_rows = False
    check_area(last_row + 1, last_column + 1, cells)
    check_repeated_text(characters, cells)
    return lost, hidden, merges


def _hidden_columns(data: bytes) -> set[int]:
    """The hidden columns of a sheet part, which stand before its rows."""
    columns: set[int] = set()
    for kind, start, length in records(data):
        if kind == _COLUMNS and length >= 18 and data[start + 16] & 1:
            first, last = struct.unpack_from("<2I", data, start)
            columns.update(range(first, min(last, MAX_COLUMNS) + 1))
        elif kind == _ROW:
            break
    return columns


def _notes(package: Package, sheet: str) -> Iterator[Note]:
    """The notes on the cells of a sheet (its part)."""
    for relation in package.relations(sheet).values():
        stored = package.find(relation.part) if relation.kind == "comments" else None
        data = Part(package.archive, stored).read() if stored else b""
        place: tuple[int, int] | None = None
        for kind, start, length in records(data):
            if kind == _COMMENT and length >= 16:
                row, _, column = struct.unpack_from("<3I", data, start + 4)
                place = row + 1, column
            elif kind == _COMMENT_TEXT and length > 5 and place:
                yield *place, wide_text(data, start + 1)[0]
                place = None
