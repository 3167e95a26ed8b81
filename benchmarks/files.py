"""The files that are measured with: bills with five lines each, all alike in every run."""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LINES_OF_A_BILL = 5
BILLS = "billRef,vendorId,invoiceNumber,issuedDate,dueDate,currency,amount,lineItemsIncludeTax"
LINES = "billRef,lineNumber,description,netAmount,taxAmount,amount,taxCodeId,accountId"
FLAT = (
    "Supplier,Number,Issued,Due,Currency,Total,Line,Text,Net,Tax,Gross,Tax code,Account,"
    "Project,Region,Buyer,Approved,Batch,Order,Note"
)
FLAT_TEMPLATE = """\
template: one-sheet
version: 1
description: one row a line item, twenty columns, amounts in cents
layout: flat
formats: {amounts: cents}
group_by: [Supplier, Number]
bills:
  vendorId: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Issued}
  dueDate: {column: Due}
  currency: {column: Currency}
  amount: {column: Total}
  lineItemsIncludeTax: {value: false}
line_items:
  lineNumber: {column: Line}
  description: {column: Text}
  netAmount: {column: Net}
  taxAmount: {column: Tax}
  amount: {column: Gross}
  taxCodeId: {column: Tax code}
  accountId: {column: Account}
"""
Rows = Iterator[tuple[list[Any], list[list[Any]]]]


def bills_and_lines(lines: int, bad: float) -> Rows:
    """Each bill with its lines, in cents; of the lines this share has an amount that is none."""
    chance = random.Random(lines)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(400)]
    for i in range(lines // LINES_OF_A_BILL):
        total, own = 0, []
        for k in range(LINES_OF_A_BILL):
            net = chance.randrange(100, 1_000_000)
            tax = net // 5
            total += net + tax
            amount = "12,x" if chance.random() < bad else net + tax
            own.append(
                [f"B{i}", k + 1, f"item {i} {k}", net, tax, amount, ids[k], ids[50 + i % 50]]
            )
        day = f"{1 + i % 28:02d}"
        dates = f"2025-03-{day}", f"2025-04-{day}"
        yield [f"B{i}", ids[i % 400], f"INV-{i:07d}", *dates, "EUR", total, "false"], own


def two_sheets(folder: Path, lines: int, bad: float) -> None:
    """``bills.csv`` and ``lines.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "bills.csv").open("w", newline="") as of_bills,
        (folder / "lines.csv").open("w", newline="") as of_lines,
    ):
        writers = csv.writer(of_bills), csv.writer(of_lines)
        writers[0].writerow(BILLS.split(","))
        writers[1].writerow(LINES.split(","))
        for bill, own in bills_and_lines(lines, bad):
            writers[0].writerow(bill)
            writers[1].writerows(own)


def one_sheet(folder: Path, lines: int, bad: float) -> None:
    """``flat.csv``, twenty columns, and the template for it, ``flat.yaml``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flat.yaml").write_text(FLAT_TEMPLATE)
    with (folder / "flat.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FLAT.split(","))
        for i, (bill, own) in enumerate(bills_and_lines(lines, bad)):
            beside = [f"P{i % 90}", "North", f"Buyer {i % 12}", "yes", i // 500, f"PO-{i}", "-"]
            writer.writerows([*bill[1:7], *line[1:], *beside] for line in own)


def workbook(path: Path, lines: int) -> None:
    """A workbook of the two sheets, without a fault; amounts are numbers."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheets = book.add_worksheet("Bills"), book.add_worksheet("Line items")
    for sheet, headers in zip(sheets, (BILLS, LINES), strict=True):
        sheet.write_row(0, 0, headers.split(","))
    row = 1
    for i, (bill, own) in enumerate(bills_and_lines(lines, 0.0)):
        sheets[0].write_row(i + 1, 0, bill)
        for line in own:
            sheets[1].write_row(row, 0, line)
            row += 1
    book.close()
