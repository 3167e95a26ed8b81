"""ODS files (LibreOffice): values from calamine, what it loses from the XML.

calamine reads error cells and formulas never calculated as blank, long numbers as floats, and
durations of more than a day as their code (PT30H00M00S).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from importer.core.cell_parsers import is_formula_error
from importer.model.tables import CellKind
from importer.readers.calamine import open_workbook
from importer.readers.file_limits import TooLargeError, check_area, limits, too_large
from importer.readers.grid import MAX_ROWS, Cell, Grid, grid_of_values
from importer.readers.number_formats import PERCENT, Looks
from importer.readers.xlsb import place
from importer.readers.zip_guard import Part

_DEEPEST = 100  # elements in each other
_DURATION = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_LONG = re.compile(r"-?\d{16,}")


def read_ods(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[tuple[str, bool, Grid]]:
    """(name, hidden, grid) of each sheet that ``wanted`` picks from their names.

    Raises ``TooLargeError``, and what zipfile, expat and calamine raise where it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        scanned = _scan(Part(archive, "content.xml"))

    from python_calamine import SheetVisibleEnum

    tables = []
    with open_workbook(path) as book:
        picked = set(wanted(book.sheet_names))
        for sheet in book.sheets_metadata:
            if sheet.name not in picked:
                continue
            special, hidden_rows, looks = scanned[sheet.name]
            values: list[list[object]] = book.get_sheet_by_name(sheet.name).to_python(
                skip_empty_area=False
            )  # type: ignore[assignment]
            place(values, special)
            grid = grid_of_values(values)
            grid.hidden_rows, grid.looks = hidden_rows, looks
            tables.append((sheet.name, sheet.visible != SheetVisibleEnum.Visible, grid))
    return tables


Scanned = tuple[dict[tuple[int, int], Cell], set[int], Looks]


def _scan(content: Part) -> dict[str, Scanned]:
    """Sheet name → (cells that calamine loses, by row and column from 0; hidden rows; looks)."""
    sheets: dict[str, Scanned] = {}
    looks: Looks = {}
    row_looks: list[tuple[int, str]] = []
    special: dict[tuple[int, int], Cell] = {}
    hidden: set[int] = set()
    row = column = last_row = last_column = 0
    row_repeat = cell_repeat = 1
    depth = length = written = repeated = cells = characters = read = 0
    longest = limits().cell_length
    row_hidden = False
    cell: dict[str, str] = {}
    paragraphs: list[str] = []
    is_annotation = False
    row_cells: list[tuple[int, Cell]] = []

    def start(name: str, attrs: dict[str, str]) -> None:
        nonlocal special, hidden, row, column, row_repeat, cell_repeat, row_hidden, cell
        nonlocal last_row, last_column, is_annotation, looks
        nonlocal depth, length, written, repeated
        depth += 1
        if depth > _DEEPEST:
            raise TooLargeError("Its parts are nested too deeply. Copy the cells to a new workbook")
        if name in ("table:table-cell", "table:covered-table-cell"):
            cell = attrs
            cell_repeat = int(attrs.get("table:number-columns-repeated", 1))
            paragraphs.clear()
            length = 0
        elif name == "text:p" and not is_annotation:
            paragraphs.append("")
            parser.CharacterDataHandler = add
        elif name == "table:table-row":
            column = 0
            row_repeat = int(attrs.get("table:number-rows-repeated", 1))
            row_hidden = attrs.get("table:visibility", "visible") != "visible"
            row_cells.clear()
            row_looks.clear()
            written = repeated = 0
        elif name == "table:table" and "table:name" in attrs:
            row = last_row = last_column = 0
            special, hidden, looks = sheets.setdefault(attrs["table:name"], ({}, set(), {}))
        elif name == "office:annotation":
            is_annotation = True

    def end(name: str) -> None:
        nonlocal row, column, last_row, last_column, is_annotation, depth
        nonlocal written, repeated, cells, characters
        depth -= 1
        if name in ("table:table-cell", "table:covered-table-cell"):
            if "office:value-type" in cell or paragraphs or "table:formula" in cell:
                last_row = max(last_row, row + row_repeat)
                last_column = max(last_column, column + cell_repeat)
                written, repeated = written + 1, repeated + cell_repeat
                characters += cell_repeat * row_repeat * length
                check_area(last_row, last_column, cells + written)
                if characters > 40 * max(read, 1_000_000):
                    raise TooLargeError(
                        "A long text is repeated in so many cells that they cannot be read."
                        " Delete those that are not needed"
                    )
                if found := _special(cell, paragraphs):
                    row_cells.extend((column + i, found) for i in range(cell_repeat))
                if look := _look(cell):
                    row_looks.extend((column + i, look) for i in range(cell_repeat))
            column += cell_repeat
        elif name == "text:p":
            parser.CharacterDataHandler = None
        elif name == "table:table-row":
            cells += written
            check_area(row_repeat, repeated, cells)
            if last_row > MAX_ROWS or row > 2 * MAX_ROWS:
                raise too_large("It has too many rows", "rows", MAX_ROWS)
            for i in range(row_repeat) if row_cells else ():
                special.update({(row + i, where): found for where, found in row_cells})
            for where, look in row_looks:
                rows = range(row + 1, row + row_repeat + 1)
                looks.setdefault(where, {}).update(dict.fromkeys(rows, look))
            if row_hidden and row_repeat < MAX_ROWS // 2:
                hidden.update(range(row + 1, row + row_repeat + 1))
            row += row_repeat
        elif name == "office:annotation":
            is_annotation = False

    def add(text: str) -> None:
        nonlocal length
        length += len(text)
        if length > longest:
            what = f"A cell in row {row + 1:,} has more than {longest:,} characters"
            raise too_large(what, "cell_length", longest)
        paragraphs[-1] += text

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.buffer_size = 1 << 16
    while chunk := content.read(1 << 20):
        read += len(chunk)
        parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return sheets


def _look(cell: dict[str, str]) -> str:
    """What the cell's number format shows beside the number."""
    kind = cell.get("office:value-type")
    if kind == "percentage":
        return PERCENT
    return cell.get("office:currency", "$") if kind == "currency" else ""


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
