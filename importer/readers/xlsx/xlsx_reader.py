"""XLSX and XLSM files: calamine for ordinary sheets, the exact reader for all others."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, time, timedelta
from functools import cache, partial
from pathlib import Path

from importer.readers.calamine import CalamineSheets
from importer.readers.grid import Grid, grid_of_columns
from importer.readers.number_formats import StyleScanner
from importer.readers.package import Package
from importer.readers.sheet_errors import SHEET_ERRORS, ReadSheet
from importer.readers.xlsx.xlsx_cells import (
    CellContext,
    Runs,
    read_cells,
    read_strings,
    runs_of_strings,
)
from importer.readers.xlsx.xlsx_comments import comments_of, hidden_columns_of
from importer.readers.xlsx.xlsx_conditional_formats import struck_by_rules
from importer.readers.xlsx.xlsx_guard import slow_path_reason, text_lengths
from importer.readers.xlsx.xlsx_merges import MergeScanner, merges_of
from importer.readers.xlsx.xlsx_parts import SheetPart, read_book
from importer.readers.zip_guard import Part

_LEAP_YEAR_OF_LOTUS = date(1900, 3, 1)


def read_xlsx(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[ReadSheet]:
    """Each worksheet that ``wanted`` picks from their names.

    Raises what zipfile, expat and ElementTree raise where the workbook as a whole is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        package = Package(archive)
        book = read_book(package)
        picked = set(wanted([sheet.name for sheet in book.sheets]))

        # Checked here because calamine unpacks this part whatever the zip claims.
        lengths, has_struck = list[int](), False
        runs: dict[int, Runs] = {}
        if book.strings_part:
            lengths, has_struck = text_lengths(Part(archive, book.strings_part))
        if has_struck and book.strings_part:
            runs = runs_of_strings(Part(archive, book.strings_part))

        @cache
        def strings() -> list[str]:
            return read_strings(Part(archive, book.strings_part)) if book.strings_part else []

        calamine = CalamineSheets(path)

        def scan(sheet: SheetPart) -> tuple[str | None, Grid] | Exception:
            """The reason for the slow path, if any, and a grid of all but the sheet's cells."""
            try:
                return scan_part(sheet)
            except SHEET_ERRORS as error:
                return error

        def scan_part(sheet: SheetPart) -> tuple[str | None, Grid]:
            part = package.stored(sheet.part)
            merged = MergeScanner(Part(archive, part))
            looks = StyleScanner(merged, book.styles.looks)
            xml = StyleScanner(looks, book.styles.marks)
            reason = slow_path_reason(
                xml, book.styles.zeros, lengths, never_calculated=book.never_calculated
            )
            if not book.calamine_agrees:
                reason = reason or "parts that calamine would look for elsewhere"
            if runs:
                reason = reason or "text that is struck through in part"
            merges = merged.merges
            if reason is not None:  # it may not have read to the end
                merges = merges_of(Part(archive, part))
            around = Grid(format_marks=xml.marks, cell_looks=looks.marks, merges=merges)
            around.date1904 = book.date1904
            with suppress(*SHEET_ERRORS):  # a damaged list of comments is no damaged sheet
                around.comments = comments_of(package, sheet.part)
            around.hidden_columns = hidden_columns_of(Part(archive, part))
            if looks_of_rules := book.styles.struck_rules:
                around.struck_by_rules = struck_by_rules(Part(archive, part), looks_of_rules)
            return reason, around

        sheets = [sheet for sheet in book.sheets if sheet.name in picked]

        def read(sheet: SheetPart, reason: str | None, around: Grid) -> Grid:
            grid = _calamine_grid(calamine, sheet.name) if reason is None else None
            if grid is not None:
                grid.format_marks, grid.cell_looks = around.format_marks, around.cell_looks
            else:
                context = CellContext(
                    strings(), book.styles, book.date1904, book.never_calculated, runs
                )
                grid = read_cells(partial(Part, archive, package.stored(sheet.part)), context)
            grid.date1904, grid.merges = around.date1904, around.merges
            grid.comments, grid.hidden_columns = around.comments, around.hidden_columns
            grid.struck_by_rules = around.struck_by_rules
            return grid

        out: list[ReadSheet] = []
        with ThreadPoolExecutor(1) as ahead:  # scans the next sheet while this one is read
            for sheet, scanned in zip(sheets, ahead.map(scan, sheets), strict=True):
                grid: Grid | Exception
                try:
                    grid = scanned if isinstance(scanned, Exception) else read(sheet, *scanned)
                except SHEET_ERRORS as error:
                    grid = error
                out.append((sheet.name, sheet.hidden, grid))
        return out


def _calamine_grid(calamine: CalamineSheets, name: str) -> Grid | None:
    """Grid of a sheet as calamine reads it; None where it fails or may be wrong."""
    values = calamine.values(name)
    if values is None:
        return None
    columns: list[tuple[object, ...]] = list(zip(*values, strict=True))
    types_of: list[set[type]] = [set(map(type, column)) for column in columns]
    # calamine truncates times to milliseconds, reads negative dates as midnight, and is a day off
    # before March 1900.
    for column, types in zip(columns, types_of, strict=True):
        if time in types or timedelta in types:
            return None
        if date in types and min(v for v in column if type(v) is date) < _LEAP_YEAR_OF_LOTUS:
            return None
    return grid_of_columns(columns, types_of)
