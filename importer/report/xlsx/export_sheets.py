"""Sheets of an export: a header, then rows as they come; grey where Light shows what it does not
take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from xlsxwriter.worksheet import Worksheet

from importer.core.atomic_write import FailsOnce
from importer.core.errors import UsageProblem
from importer.model.light_lists import ValueType
from importer.report.export_columns import ExportColumn, Row, text_of
from importer.report.xlsx.cell_styles import CellStyles
from importer.report.xlsx.cell_values import MOST_CENTS, MOST_ROWS, width_of, write_text
from importer.report.xlsx.streaming_sheet import (
    check_version,
    close_temporary_files,
    new_workbook,
)

Sheet = tuple[str, Sequence[ExportColumn], Callable[[], Iterable[Row]]]
_ID_WIDTH, _USUAL_WIDTH = 14, 16
_DAY = "yyyy-mm-dd"


def write_sheets(path: Path, sheets: Iterable[Sheet]) -> None:
    """A workbook with these sheets. Raises UsageProblem where one has more rows than Excel can
    hold."""
    check_version()
    file = FailsOnce(path)
    workbook = new_workbook(file, path.parent)
    styles = CellStyles(workbook)
    try:
        for name, columns, rows in sheets:
            _write_sheet(workbook.add_worksheet(name), styles, columns, rows())
        workbook.close()
    finally:
        close_temporary_files(workbook)
        file.close()


def _write_sheet(
    sheet: Worksheet, styles: CellStyles, columns: Sequence[ExportColumn], rows: Iterable[Row]
) -> None:
    part = styles["message"]
    formats = [styles.cell["quiet" if c.shown_only else "", _number_format(c)] for c in columns]
    sheet.freeze_panes(1, 0)
    for c, column in enumerate(columns):
        width = _ID_WIDTH if column.type is ValueType.UUID else _USUAL_WIDTH
        sheet.set_column(c, c, width_of(column.name, width), formats[c])
        header = styles["quiet_header" if column.shown_only else "header"]
        write_text(sheet, 0, c, column.name, header, part)
    last = 0
    for last, row in enumerate(rows, start=1):
        if last >= MOST_ROWS:
            raise UsageProblem(
                f"There are more rows than a sheet of Excel can hold ({MOST_ROWS:,}): ask for"
                " another format, as -o out.csv"
            )
        for c, value in enumerate(row):
            if value is not None and value != "":
                _write(sheet, last, c, value, formats[c], part)
    if columns:
        sheet.autofilter(0, 0, last, len(columns) - 1)


def _write(sheet: Worksheet, row: int, c: int, value: Any, style: Any, part: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, c, value, style)
    elif isinstance(value, int) and abs(value) < MOST_CENTS:
        sheet.write_number(row, c, value, style)
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year > 1900:
        sheet.write_datetime(row, c, value, style)
    else:
        write_text(sheet, row, c, text_of(value), style, part)


def _number_format(column: ExportColumn) -> str:
    match column.type:
        case ValueType.INTEGER:
            return "0"
        case ValueType.DATE:
            return _DAY
        case ValueType.BOOLEAN:
            return "General"
    return "@"
