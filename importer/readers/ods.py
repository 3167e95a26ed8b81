"""ODS files (LibreOffice): values from calamine, and what it loses from the XML.

calamine reads error cells and formulas never calculated as blank, long numbers as floats, and
durations of more than a day as their code (PT30H00M00S).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from importer.core.cell_parsers import is_formula_error
from importer.core.number_look import PERCENT, is_code, mark_of_code
from importer.model.tables import CellKind, MergedCells
from importer.readers.calamine import open_workbook
from importer.readers.file_limits import TooLargeError, check_area, limits, too_large
from importer.readers.grid import MAX_ROWS, Cell, FormatMarks, Grid, grid_of_values
from importer.readers.xlsb import overwrite_cells
from importer.readers.zip_guard import Part

_CELLS = ("table:table-cell", "table:covered-table-cell")
_DEEPEST = 100  # elements in each other
_DURATION = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_DIGITS_SHOWN = re.compile(r"\d(?:[\d.,'\u00a0\u202f ]*\d)?")
_LONG = re.compile(r"-?\d{16,}")


def read_ods(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[tuple[str, bool, Grid]]:
    """(name, hidden, grid) of each sheet that ``wanted`` picks from their names.

    Raises ``TooLargeError``, and what zipfile, expat and calamine raise where it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        scans = _ContentScanner().scan(Part(archive, "content.xml"))

    from python_calamine import SheetVisibleEnum

    tables = []
    with open_workbook(path) as book:
        picked = set(wanted(book.sheet_names))
        for sheet in book.sheets_metadata:
            if sheet.name not in picked:
                continue
            scan = scans[sheet.name]
            values: list[list[object]] = book.get_sheet_by_name(sheet.name).to_python(
                skip_empty_area=False
            )  # type: ignore[assignment]
            overwrite_cells(values, scan.cells)
            grid = grid_of_values(values)
            grid.hidden_rows, grid.format_marks = scan.hidden_rows, scan.marks
            grid.merges = scan.merges
            tables.append((sheet.name, sheet.visible != SheetVisibleEnum.Visible, grid))
    return tables


class _SheetScan(NamedTuple):
    """What calamine loses of one sheet."""

    cells: dict[tuple[int, int], Cell]  # by row and column from 0
    hidden_rows: set[int]
    marks: FormatMarks
    merges: list[MergedCells]


class _ContentScanner:
    """Expat handlers for ``content.xml``: collects a ``_SheetScan`` for each sheet name."""

    def __init__(self) -> None:
        self.sheets: dict[str, _SheetScan] = {}
        self._sheet = _SheetScan({}, set(), {}, [])
        self._row = self._last_row = self._column = self._last_column = 0
        self._row_repeat = self._cell_repeat = 1
        self._row_hidden = False
        self._row_cells: list[tuple[int, Cell]] = []
        self._row_marks: list[tuple[int, str]] = []
        self._cells_in_row = self._columns_in_row = self._cells = 0
        self._cell: dict[str, str] = {}
        self._paragraphs: list[str] = []
        self._length = 0  # characters of the cell
        self._characters = 0  # of all cells, repeated ones as often as they are repeated
        self._bytes_read = 0
        self._depth = 0
        self._in_annotation = False
        self._longest = limits().cell_length
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.buffer_size = 1 << 16
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def scan(self, content: Part) -> dict[str, _SheetScan]:
        while chunk := content.read(1 << 20):
            self._bytes_read += len(chunk)
            self._parser.Parse(chunk, False)
        self._parser.Parse(b"", True)
        return self.sheets

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooLargeError("Its parts are nested too deeply. Copy the cells to a new workbook")
        if name in _CELLS:
            self._cell = attributes
            self._cell_repeat = int(attributes.get("table:number-columns-repeated", 1))
            self._paragraphs.clear()
            self._length = 0
        elif name == "text:p" and not self._in_annotation:
            self._paragraphs.append("")
            self._parser.CharacterDataHandler = self._text
        elif name == "table:table-row":
            self._column = 0
            self._row_repeat = int(attributes.get("table:number-rows-repeated", 1))
            self._row_hidden = attributes.get("table:visibility", "visible") != "visible"
            self._row_cells.clear()
            self._row_marks.clear()
            self._cells_in_row = self._columns_in_row = 0
        elif name == "table:table" and "table:name" in attributes:
            self._row = self._last_row = self._last_column = 0
            scan = _SheetScan({}, set(), {}, [])
            self._sheet = self.sheets.setdefault(attributes["table:name"], scan)
        elif name == "office:annotation":
            self._in_annotation = True

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in _CELLS:
            self._end_cell()
        elif name == "text:p":
            self._parser.CharacterDataHandler = None
        elif name == "table:table-row":
            self._end_row()
        elif name == "office:annotation":
            self._in_annotation = False

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._length > self._longest:
            what = f"A cell in row {self._row + 1:,} has more than {self._longest:,} characters"
            raise too_large(what, "cell_length", self._longest)
        self._paragraphs[-1] += text

    def _end_cell(self) -> None:
        cell, repeat = self._cell, self._cell_repeat
        if "office:value-type" in cell or self._paragraphs or "table:formula" in cell:
            self._last_row = max(self._last_row, self._row + self._row_repeat)
            self._last_column = max(self._last_column, self._column + repeat)
            self._cells_in_row += 1
            self._columns_in_row += repeat
            self._characters += repeat * self._row_repeat * self._length
            check_area(self._last_row, self._last_column, self._cells + self._cells_in_row)
            if self._characters > 40 * max(self._bytes_read, 1_000_000):
                raise TooLargeError(
                    "A long text is repeated in so many cells that they cannot be read."
                    " Delete those that are not needed"
                )
            columns = range(self._column, self._column + repeat)
            if special := _special(cell, self._paragraphs):
                self._row_cells.extend((column, special) for column in columns)
            if mark := _format_mark(cell, "".join(self._paragraphs)):
                self._row_marks.extend((column, mark) for column in columns)
            spans = (cell.get(f"table:number-{n}-spanned", "1") for n in ("rows", "columns"))
            deep, wide = (int(text) if text.isdecimal() else 1 for text in spans)
            if deep > 1 or wide > 1:
                top, left = self._row + 1, self._column
                merged = MergedCells(top, top + deep - 1, left, left + wide - 1)
                self._sheet.merges.append(merged)
        self._column += repeat

    def _end_row(self) -> None:
        self._cells += self._cells_in_row
        check_area(self._row_repeat, self._columns_in_row, self._cells)
        if self._last_row > MAX_ROWS or self._row > 2 * MAX_ROWS:
            raise too_large("It has too many rows", "rows", MAX_ROWS)
        after = self._row + self._row_repeat
        for row in range(self._row, after) if self._row_cells else ():
            self._sheet.cells.update({(row, column): cell for column, cell in self._row_cells})
        numbers = range(self._row + 1, after + 1)
        for column, mark in self._row_marks:
            self._sheet.marks.setdefault(column, {}).update(dict.fromkeys(numbers, mark))
        if self._row_hidden and self._row_repeat < MAX_ROWS // 2:
            self._sheet.hidden_rows.update(numbers)
        self._row = after


def _format_mark(cell: dict[str, str], shown: str) -> str:
    """What the cell's number format shows beside the number, judged by what the cell displays."""
    kind = cell.get("office:value-type")
    if kind == "percentage":
        return PERCENT
    if kind not in ("float", "currency"):
        return ""
    code = _code_of(shown, cell.get("office:value", ""))
    mark = mark_of_code(code) if code else ""
    if kind == "currency" and not is_code(mark):
        return cell.get("office:currency", "$")
    return mark


def _code_of(shown: str, value: str) -> str:
    """The code of a number format that displays a number so; "" for the number alone."""
    digits = _DIGITS_SHOWN.search(shown)
    negative = value.startswith("-")
    if not digits:
        return ""
    before, after = shown[: digits.start()].lstrip(), shown[digits.end() :].rstrip()
    number = digits[0]
    if negative and (before.startswith(("-", "−")) or (before[:1] == "(" and after[-1:] == ")")):
        before, after = before.lstrip("-−("), after.removesuffix(")")
        negative = False
    if not before.strip() and not after.strip() and not negative:
        return ""
    places = "0" * len(number) if number.startswith("0") and number.isdecimal() else "0"
    if not number.isdecimal():
        places = "0.00" if re.fullmatch(r".*[.,]\d\d", number) else "#,##0"
    section = "".join(
        (f'"{before}"' if before else "", places, f'"{after}"' if after else "")
    ).replace('""', "")
    return f"{section};{section}" if negative else section


def _special(cell: dict[str, str], paragraphs: list[str]) -> Cell | None:
    """The cell, where calamine would not give it as it is."""
    shown = "".join(paragraphs)
    kind = cell.get("office:value-type")
    formula = cell.get("table:formula")
    if cell.get("calcext:value-type") == "error":
        return shown or "#ERROR!", CellKind.ERROR
    # Programs other than LibreOffice show an error only in what they display.
    if is_formula_error(shown) and (formula is not None or kind != "string"):
        return shown, CellKind.ERROR
    if formula is not None and kind is None and not shown:
        return "=" + formula.partition("=")[2], CellKind.UNCALCULATED
    if kind == "time" and (match := _DURATION.fullmatch(cell.get("office:time-value", ""))):
        sign, hours, minutes, seconds = match.groups()
        return f"{sign}{int(hours):02d}:{minutes:0>2}:{seconds:0>2}", CellKind.TEXT
    if kind in ("float", "currency"):
        value = cell.get("office:value", "")
        if _LONG.fullmatch(value):
            return value, CellKind.NUMBER
        if shown.startswith("0") and shown.isdecimal() and shown.lstrip("0") == value:
            return shown, CellKind.NUMBER  # 00123 by its number format
    return None
