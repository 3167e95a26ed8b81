"""ODS files (LibreOffice): values from calamine, and what it loses from the XML.

calamine reads error cells and formulas never calculated as blank, long numbers as floats, and
durations of more than a day as their code (PT30H00M00S). Where it cannot read a sheet at all, all
cells come from the XML.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from importer.model.tables import CellLook, MergedCells
from importer.readers.calamine import CalamineSheets
from importer.readers.comments import LONGEST, Note, cell_comments
from importer.readers.file_limits import TooLargeError, check_area, limits, too_large
from importer.readers.grid import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    CellLooks,
    FormatMarks,
    Grid,
    grid_of_rows,
    grid_of_values,
)
from importer.readers.number_formats import look_of_runs
from importer.readers.ods_cells import (
    blank_mark,
    exact_cell,
    is_without_decimals,
    shown_mark,
    special_cell,
)
from importer.readers.ods_styles import OdsStyles
from importer.readers.package import Package
from importer.readers.sheet_errors import ReadSheet
from importer.readers.xlsb import overwrite_cells
from importer.readers.zip_guard import DamagedError, Part

_CELLS = ("table:table-cell", "table:covered-table-cell")
_OF_OPEN_DOCUMENT = re.compile(r"urn:oasis:names:tc:opendocument:xmlns:([a-z]+):1\.0")
_MOST_REPEATED, _REPEATS = 1_000_000, 4  # cells, and as many times those of the file
_DEEPEST = 100  # elements in each other
_SHEET_OF_RANGE = re.compile(r"(?:'(?:[^']|'')*'|[^\s'.:]+)?\.")


def read_ods(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[ReadSheet]:
    """Each sheet that ``wanted`` picks from their names.

    Raises ``TooLargeError``, and what zipfile, expat and calamine raise where it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        package = Package(archive)
        content = package.stored("content.xml")
        styles = _styles(package)
        scanner = _ContentScanner(styles)
        scans = scanner.scan(Part(archive, content))
        if not scans:
            raise DamagedError(
                "It cannot be read: it has no tables named as OpenDocument requires."
                " Open it in LibreOffice and save it as an Excel workbook (.xlsx)"
            )
        names = [scan.name for scan in scans]
        picked = set(wanted(names))
        usual = package.has_one_workbook("content.xml") and not scanner.renamed
        if usual and len(set(names)) == len(names):
            grids = _calamine_grids(path, [scan for scan in scans if scan.name in picked])
        else:
            grids = None
        if grids is None:
            exact = _ContentScanner(styles, exact=True).scan(Part(archive, content))
            scans = [scan for scan in exact if scan.name in picked]
            grids = [(scan, grid_of_rows(scan.rows)) for scan in scans]
    for scan, grid in grids:
        grid.hidden_rows, grid.format_marks = scan.hidden_rows, scan.marks
        grid.merges, grid.comments = scan.merges, cell_comments(scan.notes)
        grid.struck_by_rules = scan.struck_by_rules
        grid.cell_looks, grid.hidden_columns = scan.looks, scan.hidden_columns
    return [(scan.name, scan.hidden, grid) for scan, grid in grids]


def _styles(package: Package) -> OdsStyles:
    """The styles that cells and their own styles refer to by name."""
    scanner = _ContentScanner(OdsStyles())
    if stored := package.find("styles.xml"):
        with suppress(expat.ExpatError, zipfile.BadZipFile, zlib.error):
            scanner.scan(Part(package.archive, stored))
    return scanner.styles


def _calamine_grids(
    path: Path, scans: Sequence[_SheetScan]
) -> list[tuple[_SheetScan, Grid]] | None:
    """The grids of the sheets with what calamine loses; None where it cannot read one."""
    sheets = CalamineSheets(path)
    grids = []
    for scan in scans:
        values = sheets.values(scan.name)
        if values is None:
            return None
        overwrite_cells(values, scan.cells)
        grids.append((scan, grid_of_values(values)))
    return grids


@dataclass
class _SheetScan:
    """One sheet: what calamine loses, and all cells of an exact scan."""

    name: str = ""
    hidden: bool = False
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)  # by row and column from 0
    hidden_rows: set[int] = field(default_factory=set)
    marks: FormatMarks = field(default_factory=dict)
    merges: list[MergedCells] = field(default_factory=list)
    looks: CellLooks = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    struck_by_rules: list[str] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    rows: list[tuple[int, list[tuple[int, str, int]]]] = field(default_factory=list)


class _ContentScanner:
    """Expat handlers for ``content.xml``: collects a ``_SheetScan`` for each sheet.

    ``exact``: all cells are collected, not only those that calamine loses. ``renamed``: the file
    has names of its own for the namespaces, which calamine does not read.
    """

    def __init__(self, styles: OdsStyles, *, exact: bool = False) -> None:
        self.sheets: list[_SheetScan] = []
        self.renamed: dict[str, str] = {}  # prefix of the file → usual prefix
        self._exact = exact
        self._sheet = _SheetScan()
        self._repeated = 0  # cells of an exact scan, repeated ones as often as they are repeated
        self.styles = styles
        self._spans: list[bool | None] = []  # whether they strike, the innermost last
        self._runs: list[bool | None] = []  # of the cell's text, as ``look_of_runs`` has them
        self._column_styles: list[tuple[int, str]] = []  # the column after those of a style
        self._row_style = ""
        self._row_looks: list[tuple[int, CellLook]] = []
        self._comment: list[str] = []
        self._rule_cells = ""
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

    def scan(self, content: Part) -> list[_SheetScan]:
        while chunk := content.read(1 << 20):
            self._bytes_read += len(chunk)
            self._parser.Parse(chunk, False)
        self._parser.Parse(b"", True)
        return self.sheets

    def _usual(self, name: str) -> str:
        """A name with the usual prefix of its namespace."""
        prefix, mark, rest = name.rpartition(":")
        usual = self.renamed.get(prefix, prefix)
        return f"{usual}:{rest}" if usual or mark else rest

    def _start_renamed(self, name: str, attributes: dict[str, str]) -> None:
        usual = {self._usual(key) if ":" in key else key: v for key, v in attributes.items()}
        self._start(self._usual(name), usual)

    def _end_renamed(self, name: str) -> None:
        self._end(self._usual(name))

    def _read_namespaces(self, attributes: dict[str, str]) -> None:
        for key, uri in attributes.items():
            if key.partition(":")[0] == "xmlns" and (match := _OF_OPEN_DOCUMENT.fullmatch(uri)):
                prefix = key.partition(":")[2]
                if prefix != match[1]:
                    self.renamed[prefix] = match[1]
        if self.renamed:
            self._parser.StartElementHandler = self._start_renamed
            self._parser.EndElementHandler = self._end_renamed

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._depth:
            self._read_namespaces(attributes)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooLargeError("Its parts are nested too deeply. Copy the cells to a new workbook")
        if name in _CELLS:
            self._cell = attributes
            self._cell_repeat = int(attributes.get("table:number-columns-repeated", 1))
            self._paragraphs.clear()
            self._length = 0
            self._spans.clear()
            self._runs.clear()
        elif name == "text:p" and not self._in_annotation:
            self._paragraphs.append("")
            self._parser.CharacterDataHandler = self._text
        elif name == "table:table-row":
            self._column = 0
            self._row_repeat = int(attributes.get("table:number-rows-repeated", 1))
            self._row_hidden = attributes.get("table:visibility", "visible") != "visible"
            self._row_style = attributes.get("table:default-cell-style-name", "")
            self._row_cells.clear()
            self._row_marks.clear()
            self._row_looks.clear()
            self._cells_in_row = self._columns_in_row = 0
        elif name == "table:table" and "table:name" in attributes:
            self._row = self._last_row = self._last_column = 0
            hidden = attributes.get("table:style-name", "") in self.styles.hidden_tables
            self._sheet = _SheetScan(attributes["table:name"], hidden)
            self._column_styles = []
            self.sheets.append(self._sheet)
        elif name == "text:span":
            strikes = self.styles.strikes(attributes.get("text:style-name", ""))
            around = self._spans[-1] if self._spans else None
            self._spans.append(around if strikes is None else strikes)
        elif name == "office:annotation":
            self._in_annotation = True
            self._comment.clear()
        elif name == "text:p":
            self._comment_text("\n")
            self._parser.CharacterDataHandler = self._comment_text
        elif name == "table:table-column":
            self._start_column(attributes)
        elif name.startswith("style:") or name.endswith("-style"):
            self.styles.start(name, attributes)
        elif name == "calcext:conditional-format":
            self._rule_cells = attributes.get("calcext:target-range-address", "")
        elif name == "calcext:condition":
            if attributes.get("calcext:apply-style-name") in self.styles.conditional:
                self._sheet.struck_by_rules.append(_SHEET_OF_RANGE.sub("", self._rule_cells))
        elif self._exact and self._parser.CharacterDataHandler is not None:
            self._text(blank_mark(name, attributes.get("text:c", "1")))

    def _start_column(self, attributes: dict[str, str]) -> None:
        first = self._column_styles[-1][0] if self._column_styles else 0
        after = first + int(attributes.get("table:number-columns-repeated", 1))
        style = attributes.get("table:default-cell-style-name", "")
        self._column_styles.append((after, style))
        if attributes.get("table:visibility", "visible") != "visible":
            self._sheet.hidden_columns.update(range(first, min(after, MAX_COLUMNS)))

    def _look(self) -> CellLook | None:
        """Of the cell: by its style, else its row's, else its column's; or by what it displays."""
        number = self._cell.get("office:value-type") in ("float", "currency", "percentage")
        style = self._cell.get("table:style-name") or self._row_style
        if not style:
            columns = (name for after, name in self._column_styles if after > self._column)
            style = next(columns, "")
        look = look_of_runs(self.styles.look(style), self._runs)
        if number and (look is None or not look.is_struck):
            shown, value = "".join(self._paragraphs), self._cell.get("office:value", "")
            if self._paragraphs and not shown:
                return CellLook.INVISIBLE
            return look or (CellLook.UNITS_ONLY if is_without_decimals(shown, value) else None)
        return look

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in _CELLS:
            self._end_cell()
        elif name == "text:p":
            self._parser.CharacterDataHandler = None
        elif name == "text:span" and self._spans:
            self._spans.pop()
        elif name == "table:table-row":
            self._end_row()
        elif name == "office:annotation":
            self._in_annotation = False
            self._sheet.notes.append((self._row + 1, self._column, "".join(self._comment)))

    def _comment_text(self, text: str) -> None:
        if sum(map(len, self._comment)) < LONGEST:
            self._comment.append(text)

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._length > self._longest:
            what = f"A cell in row {self._row + 1:,} has more than {self._longest:,} characters"
            raise too_large(what, "cell_length", self._longest)
        self._paragraphs[-1] += text
        if text.strip():
            self._runs.append(self._spans[-1] if self._spans else None)

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
            if self._exact:
                special: Cell | None = exact_cell(cell, self._paragraphs)
            else:
                special = special_cell(cell, self._paragraphs)
            if special:
                self._row_cells.extend((column, special) for column in columns)
            if look := self._look():
                self._row_looks.extend((column, look) for column in columns)
            if mark := shown_mark(cell, "".join(self._paragraphs)):
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
        if self._exact:
            self._end_exact_row()
        for row in range(self._row, after) if self._row_cells and not self._exact else ():
            self._sheet.cells.update({(row, column): cell for column, cell in self._row_cells})
        numbers = range(self._row + 1, after + 1)
        for column, mark in self._row_marks:
            self._sheet.marks.setdefault(column, {}).update(dict.fromkeys(numbers, mark))
        for column, look in self._row_looks:
            self._sheet.looks.setdefault(column, {}).update(dict.fromkeys(numbers, look))
        if self._row_hidden and self._row_repeat < MAX_ROWS // 2:
            self._sheet.hidden_rows.update(numbers)
        self._row = after

    def _end_exact_row(self) -> None:
        cells = [(at, text, int(kind)) for at, (text, kind) in self._row_cells if text]
        self._repeated += len(cells) * self._row_repeat
        if self._repeated > max(_MOST_REPEATED, _REPEATS * self._cells):
            raise TooLargeError(
                "A few cells are repeated so often that they cannot be read. Delete those that are"
                " not needed"
            )
        first = self._row + 1
        for number in range(first, first + self._row_repeat) if cells else ():
            self._sheet.rows.append((number, cells))
