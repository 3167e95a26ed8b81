"""Input files for the benchmarks: bills with five lines each, the same in every run."""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LINES_PER_BILL = 5
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
    """Bills with their lines, in cents; ``bad`` is the share of lines with an unreadable amount."""
    rng = random.Random(lines)
    ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(400)]
    for i in range(lines // LINES_PER_BILL):
        total, bill_lines = 0, []
        for k in range(LINES_PER_BILL):
            net = rng.randrange(100, 1_000_000)
            tax = net // 5
            total += net + tax
            amount = "12,x" if rng.random() < bad else net + tax
            bill_lines.append(
                [f"B{i}", k + 1, f"item {i} {k}", net, tax, amount, ids[k], ids[50 + i % 50]]
            )
        day = f"{1 + i % 28:02d}"
        dates = f"2025-03-{day}", f"2025-04-{day}"
        yield [f"B{i}", ids[i % 400], f"INV-{i:07d}", *dates, "EUR", total, "false"], bill_lines


def two_sheets(folder: Path, lines: int, bad: float) -> None:
    """``bills.csv`` and ``lines.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "bills.csv").open("w", newline="") as bill_file,
        (folder / "lines.csv").open("w", newline="") as line_file,
    ):
        writers = csv.writer(bill_file), csv.writer(line_file)
        writers[0].writerow(BILLS.split(","))
        writers[1].writerow(LINES.split(","))
        for bill, bill_lines in bills_and_lines(lines, bad):
            writers[0].writerow(bill)
            writers[1].writerows(bill_lines)


def one_sheet(folder: Path, lines: int, bad: float) -> None:
    """``flat.csv``, twenty columns, and the template for it, ``flat.yaml``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flat.yaml").write_text(FLAT_TEMPLATE)
    with (folder / "flat.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FLAT.split(","))
        for i, (bill, bill_lines) in enumerate(bills_and_lines(lines, bad)):
            extra = [f"P{i % 90}", "North", f"Buyer {i % 12}", "yes", i // 500, f"PO-{i}", "-"]
            writer.writerows([*bill[1:7], *line[1:], *extra] for line in bill_lines)


def unlike_rows(folder: Path, lines: int) -> None:
    """``clean.csv`` as ``one_sheet``, and ``wrong.csv``, each of whose lines has another wrong
    amount."""
    one_sheet(folder, lines, 0.0)
    (folder / "flat.csv").rename(folder / "clean.csv")
    with (
        (folder / "clean.csv").open(newline="") as clean,
        (folder / "wrong.csv").open("w", newline="") as wrong,
    ):
        writer, gross = csv.writer(wrong), FLAT.split(",").index("Gross")
        for i, row in enumerate(csv.reader(clean)):
            writer.writerow([*row[:gross], f"{i},x", *row[gross + 1 :]] if i else row)


def unknown_vendors(folder: Path, bills: int) -> None:
    """``names.csv``: bills of a line each, of as many vendors that Light does not have."""
    folder.mkdir(parents=True, exist_ok=True)
    by_name = FLAT_TEMPLATE.replace("vendorId: {column", "vendor: {column")
    (folder / "names.yaml").write_text(by_name)
    rng = random.Random(bills)
    syllables = "an ber cor del fin gar hol in jur ken lor mar nor ost per quin ros ster".split()
    with (folder / "names.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FLAT.split(","))
        for i, (bill, (line, *_)) in enumerate(bills_and_lines(bills * LINES_PER_BILL, 0.0)):
            words = ("".join(rng.choices(syllables, k=3)).title() for _ in range(2))
            name = f"{' '.join(words)} {i} Ltd"
            writer.writerow(
                [name, *bill[2:6], line[3] + line[4], *line[1:], "", "", "", "", "", "", ""]
            )


def workbook(path: Path, lines: int) -> None:
    """A workbook of the two sheets, without problems; amounts are numbers."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheets = book.add_worksheet("Bills"), book.add_worksheet("Line items")
    for sheet, headers in zip(sheets, (BILLS, LINES), strict=True):
        sheet.write_row(0, 0, headers.split(","))
    row = 1
    for i, (bill, bill_lines) in enumerate(bills_and_lines(lines, 0.0)):
        sheets[0].write_row(i + 1, 0, bill)
        for line in bill_lines:
            sheets[1].write_row(row, 0, line)
            row += 1
    book.close()
