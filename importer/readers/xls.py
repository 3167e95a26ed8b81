"""XLS files (Excel 97 to 2003 and older), with xlrd, and calamine where xlrd gives up.

calamine reads their error cells as blank; xlrd names them, and knows hidden rows and formats.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from importer.model.tables import CellKind, CellLook, MergedCells
from importer.readers.file_limits import check_repeated_text
from importer.readers.grid import Cell, CellLooks, FormatMarks, Grid, float_cell, grid_of_rows
from importer.readers.number_formats import (
    BLACK,
    WHITE,
    cell_look,
    colour_name,
    format_mark,
    look_of_runs,
    runs_of_fonts,
)
from importer.readers.sheet_errors import SHEET_ERRORS, ReadSheet
from importer.readers.xls_comments import add_beside_cells
from importer.readers.xlsx.xlsx_cells import date_cell
from importer.readers.xlsx.xlsx_parts import format_meaning

if TYPE_CHECKING:
    import xlrd

Meanings = dict[int | None, tuple[bool, bool, int]]
_SOLID = 1  # a fill of one colour
_AUTOMATIC = 0x7FFF  # the colour of letters
_FILLED = re.compile(rb"[^\0\6]", re.DOTALL)  # xlrd's cell types except blank


def read_xls(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[ReadSheet]:
    """Each worksheet that ``wanted`` picks; raises what xlrd raises."""
    import xlrd

    from importer.readers.xls_guard import safe_stream
    from importer.readers.xls_second import SecondReader, second_reader

    safe = safe_stream(path.read_bytes())

    def open_book(formatting: bool) -> xlrd.book.Book:
        # xlrd prints warnings, which must not reach the person's screen.
        return xlrd.open_workbook(
            file_contents=safe.data,
            logfile=io.StringIO(),
            formatting_info=formatting,
            on_demand=True,
            ragged_rows=True,  # else one far cell costs memory in every row
        )

    def open_leniently() -> xlrd.book.Book:
        try:
            return open_book(True)
        except strictness:
            return open_book(False)  # formats it does not know: values are still right

    strictness = (*SHEET_ERRORS, NotImplementedError, AssertionError, xlrd.XLRDError)

    @cache
    def second() -> SecondReader | None:
        try:
            return second_reader(safe)
        except strictness:
            return None

    out: list[ReadSheet] = []
    try:
        book = open_leniently()
    except strictness:
        if (reader := second()) is None:
            raise
        sheets = [reader.read(name) for name in wanted(reader.names)]
        if None in sheets:
            raise
        return [sheet for sheet in sheets if sheet is not None]
    with book:
        picked = set(wanted(book.sheet_names()))
        for index, name in enumerate(book.sheet_names()):
            if name not in picked:
                continue
            try:
                hidden, grid = _sheet(book, index)
                start = book._sh_abs_posn[index]
                add_beside_cells(grid, safe.data, start, safe.beside.get(start, []), book.encoding)
                out.append((name, hidden, grid))
            except strictness as error:
                reader = second()
                out.append((reader and reader.read(name)) or (name, False, error))
            book.unload_sheet(index)
    return out


def _sheet(book: xlrd.book.Book, index: int) -> tuple[bool, Grid]:
    sheet = book.sheet_by_index(index)
    marks: FormatMarks = {}
    looks: CellLooks = {}
    grid = grid_of_rows(_rows(book, sheet, marks, looks))
    grid.format_marks, grid.cell_looks = marks, looks
    grid.hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
    grid.date1904 = bool(book.datemode)
    grid.hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}
    grid.merges = [
        MergedCells(top + 1, bottom, left, right - 1)
        for top, bottom, left, right in sheet.merged_cells
    ]
    return bool(sheet.visibility), grid


def _rows(
    book: xlrd.book.Book, sheet: xlrd.sheet.Sheet, marks: FormatMarks, looks: CellLooks
) -> Iterator[tuple[int, list[tuple[int, str, int]]]]:
    filled = characters = 0
    marks_by_style: dict[int | None, str] = {}
    looks_by_style: dict[int | None, CellLook | None] = {}
    meanings: Meanings = {}
    for row in range(sheet.nrows):
        cells: list[tuple[int, str, int]] = []
        # Skips blanks quickly: each of 65,536 rows may have its last cell only.
        for match in _FILLED.finditer(bytes(sheet.row_types(row))):
            column = match.start()
            cell = sheet.cell(row, column)
            text, kind = _cell(book, cell, meanings)
            if text:
                filled, characters = filled + 1, characters + len(text)
                check_repeated_text(characters, filled)
                cells.append((column, text, kind))
                style = cell.xf_index
                if style not in looks_by_style:
                    looks_by_style[style] = _look(book, cell)
                look = looks_by_style[style]
                if runs := sheet.rich_text_runlist_map.get((row, column)):
                    struck = [(at, _is_struck(book, font)) for at, font in runs]
                    look = look_of_runs(look, runs_of_fonts(text, struck))
                if look:
                    looks.setdefault(column, {})[row + 1] = look
                if kind == CellKind.NUMBER:
                    if style not in marks_by_style:
                        marks_by_style[style] = format_mark(*_format(book, cell))
                    if mark := marks_by_style[style]:
                        marks.setdefault(column, {})[row + 1] = mark
        yield row + 1, cells


def _cell(book: xlrd.book.Book, cell: xlrd.sheet.Cell, meanings: Meanings) -> Cell:
    import xlrd

    value = cell.value
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return value, CellKind.TEXT
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, f"#ERROR {value}!"), CellKind.ERROR
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return ("TRUE" if value else "FALSE"), CellKind.BOOLEAN
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return "", CellKind.TEXT
    if cell.xf_index not in meanings:
        meanings[cell.xf_index] = format_meaning(*_format(book, cell))
    _, is_duration, zeros = meanings[cell.xf_index]
    if cell.ctype == xlrd.XL_CELL_DATE and value >= 0:
        return date_cell(value, is_duration=is_duration, date1904=bool(book.datemode))
    text, kind = float_cell(value)
    return (text.zfill(zeros) if text.isdigit() else text), kind


def _look(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> CellLook | None:
    shown_as = _format(book, cell)
    if cell.xf_index is None:
        return None
    style = book.xf_list[cell.xf_index]
    if style.font_index >= len(book.font_list):
        return cell_look(*shown_as)
    fill, behind = style.background, "pattern"
    if not fill.fill_pattern:
        behind = WHITE
    elif fill.fill_pattern == _SOLID:
        behind = _colour(book, fill.pattern_colour_index)
    letters = _colour(book, book.font_list[style.font_index].colour_index)
    return cell_look(*shown_as, _is_struck(book, style.font_index), letters, behind)


def _colour(book: xlrd.book.Book, index: int) -> str:
    if rgb := book.colour_map.get(index):
        return colour_name(rgb=bytes(rgb).hex())
    return BLACK if index == _AUTOMATIC else colour_name(index=str(index))


def _is_struck(book: xlrd.book.Book, font: int) -> bool:
    return font < len(book.font_list) and bool(book.font_list[font].struck_out)


def _format(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> tuple[int, str | None]:
    """A cell's number format: its number and, where it is known, its code."""
    if cell.xf_index is None:
        return 0, None
    number = book.xf_list[cell.xf_index].format_key
    shown_as = book.format_map.get(number)
    return number, shown_as.format_str if shown_as else None
