"""XLSX and XLSM files: calamine for ordinary sheets, cell by cell for those that need care."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.readers.calamine import open_workbook
from importer.readers.grid import Grid, grid_of_columns
from importer.readers.number_formats import LookFinder, Looks
from importer.readers.xlsx.xlsx_cells import Surroundings, read_cells, read_strings
from importer.readers.xlsx.xlsx_guard import reason_for_care, text_lengths
from importer.readers.xlsx.xlsx_parts import SheetPart, read_book
from importer.readers.zip_guard import Part

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_LEAP_YEAR_OF_LOTUS = date(1900, 3, 1)


def read_xlsx(path: Path, wanted: Callable[[list[str]], list[str]]) -> list[tuple[str, bool, Grid]]:
    """(name, hidden, grid) of each worksheet that ``wanted`` picks from their names.

    Raises what zipfile, expat and ElementTree raise where the file is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        book = read_book(archive)
        picked = set(wanted([sheet.name for sheet in book.sheets]))

        # calamine unpacks this part by itself, whatever the zip claims of it.
        lengths = text_lengths(Part(archive, book.strings_part)) if book.strings_part else []

        @cache
        def strings() -> list[str]:
            return read_strings(Part(archive, book.strings_part)) if book.strings_part else []

        @cache
        def calamine() -> CalamineWorkbook:
            return open_workbook(path)

        def looked_at(sheet: SheetPart) -> tuple[str | None, Looks]:
            """Why the sheet is to be read cell by cell, if it is, and what its cells look like."""
            xml = LookFinder(Part(archive, sheet.part), book.styles.looks)
            careful = reason_for_care(
                xml, book.styles.zeros, lengths, never_calculated=book.never_calculated
            )
            return careful, xml.found

        sheets = [sheet for sheet in book.sheets if sheet.name in picked]
        found = []
        with ThreadPoolExecutor(1) as other:  # looks at the next sheet while this one is read
            looks_of = other.map(looked_at, sheets)
            for sheet, (careful, looks) in zip(sheets, looks_of, strict=True):
                grid = _calamine_grid(calamine, sheet.name) if careful is None else None
                if grid is not None:
                    grid.looks = looks
                else:
                    around = Surroundings(
                        strings(), book.styles, book.date1904, book.never_calculated
                    )
                    grid = read_cells(partial(Part, archive, sheet.part), around)
                grid.date1904 = book.date1904
                found.append((sheet.name, sheet.hidden, grid))
        return found


def _calamine_grid(calamine: Callable[[], CalamineWorkbook], name: str) -> Grid | None:
    """The grid of a sheet as calamine reads it; None where it cannot, or may read it wrongly."""
    from python_calamine import CalamineError

    try:
        # Without skip_empty_area the rows above the first filled one vanish, and numbers shift.
        values = calamine().get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError:
        return None
    columns: list[tuple[object, ...]] = list(zip(*values, strict=True))
    types_of: list[set[type]] = [set(map(type, column)) for column in columns]
    # calamine cuts times to milliseconds, takes negative dates for midnight, and has a day too few
    # before March 1900.
    for column, types in zip(columns, types_of, strict=True):
        if time in types or timedelta in types:
            return None
        if date in types and min(v for v in column if type(v) is date) < _LEAP_YEAR_OF_LOTUS:
            return None
    return grid_of_columns(columns, types_of)
