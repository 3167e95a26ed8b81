"""Writing the sample inputs: workbooks and CSV files of the same rows, the same bytes each time."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

Row = Mapping[str, object]
_WHEN = datetime(2025, 3, 3, 9, 0)  # noqa: DTZ001  as a workbook keeps it, without a time zone


@dataclass(frozen=True)
class Formula:
    """A formula; ``value`` is what the file keeps of its result, None where it keeps nothing."""

    text: str
    value: str | None = None


@dataclass(frozen=True)
class Shown:
    """A number as a number format shows it."""

    value: float
    number_format: str


@dataclass(frozen=True)
class Sheet:
    """``headers`` may name a column twice; then rows are sequences, not mappings."""

    name: str
    headers: Sequence[str]
    rows: Sequence[Row | Sequence[object]]
    hidden: bool = False
    hidden_rows: Sequence[int] = field(default_factory=tuple)  # as Excel numbers them


def _cells(sheet: Sheet, row: Row | Sequence[object]) -> list[object]:
    if isinstance(row, Mapping):
        unknown = set(row) - set(sheet.headers)
        assert not unknown, unknown
        return [row.get(header) for header in sheet.headers]
    return list(row)


def workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """An .xlsx with dates as dates, cents as numbers, text as text."""
    book = xlsxwriter.Workbook(
        str(path), {"strings_to_numbers": False, "strings_to_formulas": False}
    )
    book.set_properties({"author": "Kestrel Trading Ltd", "created": _WHEN})
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    text = book.add_format({"num_format": "@"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 0)
        widths = [len(header) for header in sheet.headers]
        for column, header in enumerate(sheet.headers):
            page.write_string(0, column, header, bold)
        for number, row in enumerate(sheet.rows, start=1):
            for column, value in enumerate(_cells(sheet, row)):
                if value is None or value == "":
                    continue
                if isinstance(value, Formula):
                    page.write_formula(number, column, value.text, None, value.value or "")
                elif isinstance(value, Shown):
                    look = book.add_format({"num_format": value.number_format})
                    page.write_number(number, column, value.value, look)
                elif isinstance(value, bool):
                    page.write_boolean(number, column, value)
                elif isinstance(value, int | float):
                    page.write_number(number, column, value)
                elif isinstance(value, date):
                    page.write_datetime(number, column, value, day)
                else:
                    page.write_string(number, column, str(value), text)
                if not isinstance(value, Formula):
                    widths[column] = max(widths[column], min(len(str(value)), 44))
        for column, width in enumerate(widths):
            page.set_column(column, column, width + 2)
        for row_number in sheet.hidden_rows:
            page.set_row(row_number - 1, None, None, {"hidden": True})
        if sheet.hidden:
            page.hide()
    book.close()


def csv_file(path: Path, sheet: Sheet, encoding: str = "utf-8") -> None:
    """The rows as CSV: dates in ISO form, TRUE and FALSE, cents as digits."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(sheet.headers)
    for row in sheet.rows:
        writer.writerow([_text(value) for value in _cells(sheet, row)])
    path.write_bytes(out.getvalue().encode(encoding))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value.isoformat() if isinstance(value, date) else str(value)
