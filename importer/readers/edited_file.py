"""A copy of a file with corrected cells. It is read again and compared, cell by cell.

A CSV file and an Excel workbook stay what they are. Any other kind of file becomes an Excel
workbook with the same sheets, rows and columns, number formats, merged and hidden cells.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from importer.core.errors import UnreadableFile, UsageProblem
from importer.core.private_files import private_file_at
from importer.core.safe_text import visible
from importer.model.tables import CellKind, CellLook, SourceTable
from importer.readers import read_file
from importer.readers.csv.edited_csv import edited_csv
from importer.readers.edited_xlsx import NewCell, edited_xlsx
from importer.readers.file_kind import detect_kind
from importer.readers.number_formats import format_for_mark
from importer.readers.sheet_errors import SHEET_ERRORS
from importer.readers.zip_guard import DamagedError

CellPlace = tuple[str | None, int, int]  # sheet (None: CSV), row as in Excel, column from 0
_ONLY_SHEET = "Table"  # of a file whose one table has no name
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{0,13}[1-9])?")
_NOT_AS_WORKBOOK = (
    "{} cannot be corrected here: as an Excel workbook it would be read otherwise, for the look of"
    " its cells. Save it in Excel or LibreOffice as an Excel workbook (.xlsx), and drop that here."
)
_DAMAGED = (*SHEET_ERRORS, DamagedError, csv.Error)


def edited_suffix(path: Path) -> str:
    """The ending of a corrected copy: of other kinds than CSV and Excel, that of Excel."""
    return path.suffix if detect_kind(path) in ("csv", "xlsx") else ".xlsx"


def write_edited(
    source: Path,
    target: Path,
    cells: Mapping[CellPlace, str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> None:
    """Write ``source`` to ``target`` with these texts in these cells, private to the user.

    UsageProblem, with the remedy, where the copy would not be read as ``source`` with just these
    changes; then nothing is written.
    """
    tables = read_file(source, encoding=encoding, delimiter=delimiter)
    kind = detect_kind(source)
    with TemporaryDirectory(prefix=".light-import-", dir=target.parent) as folder:
        unfinished = private_file_at(Path(folder, f"corrected{target.suffix}"))
        try:
            if kind == "csv":
                places = {(row, column): text for (_, row, column), text in cells.items()}
                unfinished.write_bytes(edited_csv(source, places, encoding, delimiter))
            else:
                base = source
                tables = [replace(table, sheet=table.sheet or _ONLY_SHEET) for table in tables]
                cells = {
                    (sheet or _ONLY_SHEET, r, c): text for (sheet, r, c), text in cells.items()
                }
                if kind != "xlsx":
                    base = Path(folder, "as-workbook.xlsx")
                    _write_tables(tables, base)
                    copies = read_file(base)
                    _compare(copies, tables, {}, source)
                    if [*map(_looks, copies)] != [*map(_looks, tables)]:
                        raise UsageProblem(_NOT_AS_WORKBOOK.format(visible(source.name)))
                    tables = copies
                edited_xlsx(base, unfinished, _new_cells(tables, cells))
            try:
                written = read_file(unfinished, encoding=encoding, delimiter=delimiter)
            except UnreadableFile as error:
                raise UsageProblem(_cannot(source)) from error
            _compare(written, tables, cells, source)
            os.replace(unfinished, target)
        except UnicodeEncodeError as error:
            raise UsageProblem(
                f"{visible(source.name)} is written in an encoding without the character"
                f" '{error.object[error.start]}'. Save it as 'CSV UTF-8' and drop it here again."
            ) from None
        except _DAMAGED as error:
            raise UsageProblem(_cannot(source)) from error


def _new_cells(
    tables: Sequence[SourceTable], cells: Mapping[CellPlace, str]
) -> dict[str, dict[tuple[int, int], NewCell]]:
    """The cells by sheet, each of the kind that the cell or its column had."""
    by_sheet = {table.sheet: table for table in tables}
    out: dict[str, dict[tuple[int, int], NewCell]] = {}
    indexes = {table.sheet: {int(row): i for i, row in enumerate(table.rows)} for table in tables}
    for (sheet, row, column), text in cells.items():
        table = by_sheet[sheet]
        i, kind = indexes[sheet].get(row), CellKind.TEXT
        if i is not None and column < len(table.columns):
            kind = table.kind(column, i)
            if not table.columns[column][i] and table.kinds is not None:
                kinds = {
                    k for k, v in zip(table.kinds[column], table.columns[column], strict=True) if v
                }
                kind = CellKind.NUMBER if CellKind.NUMBER in kinds else CellKind.TEXT
        new = NewCell(text)
        if kind is CellKind.NUMBER and _NUMBER.fullmatch(text) and text != "-0":
            new = NewCell(text, CellKind.NUMBER)
        if kind is CellKind.DATE and _is_date(text):
            new = NewCell(text, CellKind.DATE)
        out.setdefault(sheet or "", {})[row, column] = new
    return out


def _is_date(text: str) -> bool:
    """Whether it is a date as the readers give one, that Excel can hold."""
    try:
        return len(text) == 10 and date.fromisoformat(text) >= date(1904, 1, 2)
    except ValueError:
        return False


def _compare(
    written: Sequence[SourceTable],
    tables: Sequence[SourceTable],
    cells: Mapping[CellPlace, str],
    source: Path,
) -> None:
    """UsageProblem unless ``written`` is ``tables`` with those cells."""
    by_sheet = {table.sheet: table for table in written}
    for table in tables:
        changed = {
            (row, c): text for (sheet, row, c), text in cells.items() if sheet == table.sheet
        }
        other = by_sheet.pop(table.sheet, None)
        widths = [len(table.columns), *(1 + c for _, c in changed)]
        width = max([*widths, len(other.columns) if other else 0])
        rows = _cells_by_row(table, width)
        for (row, column), text in changed.items():
            line = list(rows.get(row, [""] * width))
            line[column] = text
            rows[row] = tuple(line)
        expected = {row: line for row, line in rows.items() if any(map(str.strip, line))}
        if expected != (_cells_by_row(other, width) if other is not None else {}):
            raise UsageProblem(_cannot(source))
    if by_sheet:
        raise UsageProblem(_cannot(source))


def _cells_by_row(table: SourceTable, width: int) -> dict[int, tuple[str, ...]]:
    """The cells of each row that is not blank."""
    columns = [*table.columns, *[[""] * len(table.rows)] * (width - len(table.columns))]
    return {
        int(row): line for row, line in zip(table.rows, zip(*columns, strict=True), strict=True)
    }


def _looks(table: SourceTable) -> tuple[object, ...]:
    """What is read of a table beside the texts of its cells."""
    kinds = [
        table.kind(c, i)
        for c, column in enumerate(table.columns)
        for i, v in enumerate(column)
        if v
    ]
    marks, looks = (
        {c: dict(of_column) for c, of_column in by_column.items() if of_column}
        for by_column in (table.format_marks, table.cell_looks)
    )
    hidden = table.hidden, table.hidden_rows, table.hidden_columns
    return kinds, marks, looks, sorted(table.merges), sorted(table.comments), hidden


def _cannot(source: Path) -> str:
    return (
        f"{visible(source.name)} is written in a way that cannot be corrected here. Correct it in"
        " the program it comes from, and drop it here again."
    )


def _write_tables(tables: Sequence[SourceTable], path: Path) -> None:
    """The tables as an Excel workbook: each cell of its kind and with the look that is read of it,
    what is merged or hidden, comments."""
    from xlsxwriter import Workbook

    options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(str(path), options) as workbook:
        formats: dict[tuple[str, CellLook | None], Any] = {}

        def format_of(code: str, look: CellLook | None) -> Any:
            if (code, look) not in formats:
                properties: dict[str, object] = {"num_format": code} if code else {}
                if look is not None and look.is_struck:
                    properties["font_strikeout"] = True
                elif look is CellLook.INVISIBLE:
                    properties |= {"font_color": "#FFFFFF", "bg_color": "#FFFFFF"}
                elif look is CellLook.UNITS_ONLY:
                    properties.setdefault("num_format", "0")
                formats[code, look] = workbook.add_format(properties) if properties else None
            return formats[code, look]

        for table in tables:
            sheet = workbook.add_worksheet(table.sheet)
            if table.hidden:
                sheet.hide()
            for hidden in table.hidden_rows:
                sheet.set_row(hidden - 1, None, None, {"hidden": True})
            for hidden in table.hidden_columns:
                sheet.set_column(hidden, hidden, None, None, {"hidden": True})
            for top, bottom, left, right in table.merges:
                sheet.merge_range(top - 1, left, bottom - 1, right, "")
            for comment in table.comments:
                sheet.write_comment(comment.row - 1, comment.column, comment.text)
            for c, column in enumerate(table.columns):
                looks, marks = table.cell_looks.get(c, {}), table.format_marks.get(c, {})
                for i, text in enumerate(column):
                    number, kind = int(table.rows[i]), table.kind(c, i)
                    row, look = number - 1, looks.get(number)
                    if not text:
                        continue
                    if kind is CellKind.NUMBER and _NUMBER.fullmatch(text):
                        mark = marks.get(number, "")
                        code = format_for_mark(mark) if mark else ""
                        sheet.write_number(row, c, float(text), format_of(code, look))
                    elif kind is CellKind.DATE and _is_date(text):
                        day = date.fromisoformat(text)
                        sheet.write_datetime(row, c, day, format_of("yyyy-mm-dd", look))
                    elif kind is CellKind.BOOLEAN:
                        sheet.write_boolean(row, c, text == "TRUE", format_of("", look))
                    else:
                        sheet.write_string(row, c, text, format_of("", look))
