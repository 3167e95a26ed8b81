"""Read XLSB files: values by calamine, error cells and hidden rows from the records.

calamine reads error cells as blank. A sheet part is a sequence of records: a type of one or two
bytes, a length of one to four bytes (seven bits each), and that many bytes (MS-XLSB 2.1.4).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from importer.model.tables import CellKind
from importer.readers.calamine import open_workbook
from importer.readers.file_limits import TooLargeError, check_area, check_repeated_text
from importer.readers.grid import MAX_COLUMNS, MAX_ROWS, Cell, FormatMarks, Grid, grid_of_values
from importer.readers.number_formats import format_mark
from importer.readers.xlsx.xlsx_parts import format_meaning
from importer.readers.zip_guard import DamagedError, Part, read_xml

# Record types, MS-XLSB 2.3.
_ROW = 0
_CELL_ERROR = 3
_CELL_SHARED = 7  # its text is in the table of strings
_FORMULA_ERROR = 11
_STRING = 19
_FILLED = frozenset({*range(2, 12), 62})  # every cell that is not blank
_NUMBERS = frozenset((2, 5, 9))  # RK, real, and a formula's number
_END_OF_ROWS = 146
_FORMAT = 44
_STYLE = 47
_BEGIN_CELL_STYLES, _END_CELL_STYLES = 617, 618

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


def read_xlsb(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[tuple[str, bool, Grid]]:
    """(name, hidden, grid) of each worksheet that ``wanted`` picks from their names.

    Raises ``TooLargeError``, and what zipfile and calamine raise where the file is damaged.
    """
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    tables = []
    with zipfile.ZipFile(path) as archive:
        strings = _string_lengths(archive)
        read_xml(archive, "xl/workbook.bin")
    with open_workbook(path) as book, zipfile.ZipFile(path) as archive:
        sheets = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
        picked = set(wanted([sheet.name for sheet in sheets]))
        parts = _sheet_parts(archive)
        style_marks = _style_marks(archive)
        for sheet in sheets:
            if sheet.name not in picked:
                continue
            part = Part(archive, parts[sheet.name]).read()
            errors, hidden_rows = _scan(part, strings)
            marks = _marks(part, style_marks)
            del part
            values: list[list[object]] = book.get_sheet_by_name(sheet.name).to_python(
                skip_empty_area=False
            )  # type: ignore[assignment]
            overwrite_cells(values, errors)
            grid = grid_of_values(values)
            grid.hidden_rows, grid.format_marks = hidden_rows, marks
            tables.append((sheet.name, sheet.visible != SheetVisibleEnum.Visible, grid))
    return tables


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


def _scan(data: bytes, strings: list[int]) -> tuple[dict[tuple[int, int], Cell], set[int]]:
    """(error cells by row and column from 0, numbers of hidden rows) of a sheet part."""
    errors: dict[tuple[int, int], Cell] = {}
    hidden: set[int] = set()
    row = last_row = last_column = cells = characters = 0
    for kind, start, length in _records(data):
        # calamine would read what is missing from the record before
        if length < (4 if kind == _ROW else 8 if kind in _FILLED else 0):
            raise DamagedError("It is damaged: a row or a cell is cut off")
        if kind == _ROW:
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
                errors[row, column] = _ERRORS.get(code, f"#ERROR {code}!"), CellKind.ERROR
        elif kind == _END_OF_ROWS:
            break
    check_area(last_row + 1, last_column + 1, cells)
    check_repeated_text(characters, cells)
    return errors, hidden


def _style_marks(archive: zipfile.ZipFile) -> dict[int, str]:
    """Style number → format mark, as ``xlsx_parts`` has it."""
    if "xl/styles.bin" not in archive.namelist():
        return {}
    data = read_xml(archive, "xl/styles.bin")
    codes: dict[int, str] = {}
    marks: dict[int, str] = {}
    style, of_cells = 0, False
    for kind, start, _ in _records(data):
        if kind == _FORMAT:
            codes[int.from_bytes(data[start : start + 2], "little")] = _text(data, start + 2)[0]
        elif kind in (_BEGIN_CELL_STYLES, _END_CELL_STYLES):
            of_cells = kind == _BEGIN_CELL_STYLES
        elif kind == _STYLE and of_cells:
            number = int.from_bytes(data[start + 2 : start + 4], "little")
            is_date, _, _ = format_meaning(number, codes.get(number))
            if not is_date and (mark := format_mark(number, codes.get(number))):
                marks[style] = mark
            style += 1
    return marks


def _marks(data: bytes, style_marks: dict[int, str]) -> FormatMarks:
    """The format marks of the number cells of a sheet part."""
    out: FormatMarks = {}
    row = 0
    for kind, start, _ in _records(data) if style_marks else ():
        if kind == _ROW:
            row = int.from_bytes(data[start : start + 4], "little")
        elif kind in _NUMBERS:
            style = int.from_bytes(data[start + 4 : start + 7], "little")
            if mark := style_marks.get(style):
                column = int.from_bytes(data[start : start + 4], "little")
                out.setdefault(column, {})[row + 1] = mark
        elif kind == _END_OF_ROWS:
            break
    return out


def _string_lengths(archive: zipfile.ZipFile) -> list[int]:
    """The length of each shared text."""
    if "xl/sharedStrings.bin" not in archive.namelist():
        return []
    data = Part(archive, "xl/sharedStrings.bin").read()
    return [length // 2 for kind, _, length in _records(data) if kind == _STRING]


def _records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(type, start of its bytes, length) of each record."""
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = kind & 0x7F | (data[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, at, length
        at += length


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its part in the zip. BrtBundleSh: state, id, relation id, name."""
    relations = {
        element.get("Id", ""): element.get("Target", "")
        for element in ElementTree.fromstring(archive.read("xl/_rels/workbook.bin.rels"))
    }
    data = archive.read("xl/workbook.bin")
    parts = {}
    for kind, start, _ in _records(data):
        if kind == 156:
            relation, at = _text(data, start + 8)
            name, _ = _text(data, at)
            target = relations.get(relation, "")
            parts[name] = target[1:] if target.startswith("/") else f"xl/{target}"
    return parts


def _text(data: bytes, at: int) -> tuple[str, int]:
    """(text, where it ends): a count of UTF-16 units in four bytes, then the units."""
    (count,) = struct.unpack_from("<I", data, at)
    end = at + 4 + 2 * count
    return data[at + 4 : end].decode("utf-16-le"), end
