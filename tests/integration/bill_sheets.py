"""Files of bills, and their validation."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from importer.mapping.map_tables import MappedTables, map_tables
from importer.mapping.template_loader import LoadedTemplate, find_template, load_template
from importer.model.tables import TableKind
from importer.readers import read_file
from importer.validation.checked_bills import Checked
from importer.validation.validate import check

VENDOR = "11111111-1111-1111-1111-111111111111"
TAX = "22222222-2222-2222-2222-222222222222"
Row = Mapping[str, Any]
# Templates of flat files, ``template`` takes them; with what the tests of several modules read.
LEDGER = """
template: mine
layout: flat
formats: {amounts: decimal}
group_by: [Number]
bills:
  vendor: {value: A}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-01-31}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
  description: {column: Text, optional: true}
"""
BY_SUPPLIER = """
template: mine
layout: flat
source: {%s}
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  dueDate: {column: Due, optional: true}
  currency: {value: GBP}
  amount: {first_of: [{column: Total, optional: true}, {sum_of_lines: gross}]}
line_items:
  netAmount: {column: Net}
  account: {column: Account, optional: true}
  description: {column: Text, optional: true}
"""


def bill(**changes: Any) -> dict[str, Any]:
    """A valid bill of 120.00, as a row of the sheet."""
    return {
        "billRef": "B1",
        "vendorId": VENDOR,
        "invoiceNumber": "INV-1",
        "issuedDate": "2025-03-01",
        "dueDate": "2025-03-31",
        "currency": "GBP",
        "amount": "12000",
    } | changes


def line(**changes: Any) -> dict[str, Any]:
    """The one line of that bill."""
    return {
        "billRef": "B1",
        "description": "Paper",
        "netAmount": "10000",
        "taxAmount": "2000",
        "taxCodeId": TAX,
    } | changes


def grid(rows: Sequence[Row]) -> list[list[Any]]:
    headers = list(dict.fromkeys(key for row in rows for key in row))
    return [headers, *([row.get(header, "") for header in headers] for row in rows)]


def book(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """A workbook of the given sheets."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    workbook.save(path)
    return path


def csv_file(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def template(folder: Path, text: str) -> LoadedTemplate:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_template(path)


def mapped(
    files: Sequence[Path],
    loaded: LoadedTemplate | None = None,
    kinds: dict[str, TableKind] | None = None,
) -> MappedTables:
    tables = [table for path in files for table in read_file(path)]
    return map_tables(tables, (loaded or find_template("light")).template, kinds)


def checked(
    files: Sequence[Path],
    loaded: LoadedTemplate | None = None,
    kinds: dict[str, TableKind] | None = None,
) -> Checked:
    return check(mapped(files, loaded, kinds))


def two_sheets(folder: Path, bills: Sequence[Row], lines: Sequence[Row]) -> Checked:
    """The bills and lines in a workbook, checked."""
    return checked([book(folder / "b.xlsx", {"Bills": grid(bills), "Line items": grid(lines)})])


def two_csv_files(folder: Path, bills: Sequence[Row], lines: Sequence[Row]) -> Checked:
    files = [csv_file(folder / "bills.csv", grid(bills)), csv_file(folder / "l.csv", grid(lines))]
    return checked(files)


def finding_cells(of: Checked) -> list[tuple[str, int | None, str | None]]:
    return [(f.code, f.cell.row, f.cell.column) for f in of.findings]


def codes(of: Checked) -> list[str]:
    return [f.code for f in of.findings]


def valid(of: Checked) -> list[int]:
    """The rows of the bills that may be sent."""
    return [bill.row for bill in of.valid_bills()]
