"""Cells of a row that somebody swapped: a number and a vendor, a net amount and its tax."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import (
    BY_SUPPLIER,
    TAX,
    bill,
    checked,
    csv_file,
    finding_cells,
    line,
    template,
    two_sheets,
)

from importer.validation.checked_bills import Checked

HEADERS = ["Supplier", "Number", "Date", "Net", "Text"]
CODE = "bills.invoiceNumber.swapped"


def ledger(folder: Path, row: list[str], *numbers: str) -> Checked:
    """A ledger of bills with these numbers, one of them the row."""
    rows = [["Acme Ltd", number, "2025-05-01", "10.00", "paper"] for number in numbers]
    file = csv_file(folder / "l.csv", [HEADERS, *rows[:2], row, *rows[2:]])
    return checked([file], template(folder, BY_SUPPLIER % ""))


NUMBERS = ("INV-0041", "INV-0042", "INV-0043", "INV-0044")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["INV-0099", "Beta Ltd", "2025-05-02", "20.00", "ink"], "'INV-0099' (Supplier)"),
        (["Beta Ltd", "ink", "2025-05-02", "20.00", "INV-0099"], "'INV-0099' (Text)"),
    ],
)
def test_a_number_swapped_with_the_vendor_or_the_text_is_reported(
    tmp_path: Path, row: list[str], words: str
) -> None:
    of = ledger(tmp_path, row, *NUMBERS)
    assert finding_cells(of) == [(CODE, 4, "Number")]
    assert words in next(iter(of.findings)).message


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        (["Beta Ltd", "RENT MAY", "2025-05-02", "20.00", "ink"], NUMBERS),
        (["3M", "ABC", "2025-05-02", "20.00", "room 12"], NUMBERS),
        (["Beta Ltd", "ABC", "2025-05-02", "20.00", "INV-0099"], ("DEF", "GHI", "JKL", "M-4")),
        (["INV-0099", "B-7", "2025-05-02", "20.00", "ink"], NUMBERS),
        (["Beta Ltd", "ABC", "2025-05-02", "20.00", "INV-9"], ("DE", "GH", *NUMBERS[1:])),
    ],
)
def test_a_number_in_words_alone_says_nothing(
    tmp_path: Path, row: list[str], numbers: tuple[str, ...]
) -> None:
    assert finding_cells(ledger(tmp_path, row, *numbers)) == []


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_tax_above_its_amount_is_reported(tmp_path: Path, sign: str) -> None:
    amounts = {"netAmount": f"{sign}2000", "taxAmount": f"{sign}10000", "taxCodeId": TAX}
    rest = line(netAmount="20000", taxAmount="0", description="rest")
    of = two_sheets(
        tmp_path, [bill(amount=str(int(f"{sign}12000") + 20000))], [line(**amounts), rest]
    )
    assert finding_cells(of) == [("line_items.taxAmount.above_amount", 2, "taxAmount")]


@pytest.mark.parametrize("net", ["0", "10000"])
def test_a_tax_up_to_its_amount_or_of_nothing_is_usual(tmp_path: Path, net: str) -> None:
    lines = [line(netAmount=net, taxAmount="10000")]
    assert finding_cells(two_sheets(tmp_path, [bill(amount=str(int(net) + 10000))], lines)) == []


def test_codes_of_vendors_that_are_written_as_the_numbers_are_no_swap(tmp_path: Path) -> None:
    numbers = ("INV-41", "INV-42", "INV-43", "CASH")
    rows = [
        [f"SUP-{i}", number, "2025-05-01", "10.00", "paper"] for i, number in enumerate(numbers)
    ]
    file = csv_file(tmp_path / "l.csv", [HEADERS, *rows])
    assert finding_cells(checked([file], template(tmp_path, BY_SUPPLIER % ""))) == []


@pytest.mark.parametrize("moved", [0, 1, -1, 2])
def test_a_column_that_is_a_row_off_is_reported(tmp_path: Path, moved: int) -> None:
    vendors = ["Acme Ltd", "Beta", "Cox", "Dow", "Acme Ltd", "Eve", "Cox", "Beta"] * 5
    numbers = [f"{vendor[:2]}-{100 + i}" for i, vendor in enumerate(vendors)]
    numbers = numbers[-moved:] + numbers[:-moved]
    rows = [[v, n, "2025-05-01", "5.00", ""] for v, n in zip(vendors, numbers, strict=True)]
    of = checked(
        [csv_file(tmp_path / "l.csv", [HEADERS, *rows])], template(tmp_path, BY_SUPPLIER % "")
    )
    told = [("sheet.columns.slipped", None, "Number")]
    assert [(code, None, column) for code, _, column in finding_cells(of)] == (
        told if abs(moved) == 1 else []
    )


TAXED = """
template: mine
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: row
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-05-01}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
  taxAmount: {column: Tax}
  taxCode: {column: Code}
"""
S, Z, ONE_ODD = "20% S", "Z", "line_items.taxAmount.other_rate"


@pytest.mark.parametrize(
    ("codes", "taxes", "rows"),
    [
        ([S, S, S, S, Z, Z, Z, Z], ["20.00"] * 4 + ["0.00"] * 4, []),
        ([Z, S, S, S, S, Z, Z, Z], ["20.00"] * 4 + ["0.00"] * 4, [6, 2]),
        (["T1"] * 8, ["20.00"] * 7 + ["2.00"], [9]),
        (["T1"] * 8, ["20.00", "20.01", "19.99", "0.00", "5.00", "20.00", "20.00", "20.00"], [5]),
        ([S] * 8, ["0.00"] * 8, [2]),
        (["20% RC"] * 8, ["0.00"] * 8, []),
    ],
)
def test_a_tax_that_is_not_its_codes_is_reported_once(
    tmp_path: Path, codes: list[str], taxes: list[str], rows: list[int]
) -> None:
    table = [
        ["Acme Ltd", f"INV-{i}", "100.00", tax, code]
        for i, (tax, code) in enumerate(zip(taxes, codes, strict=True))
    ]
    file = csv_file(tmp_path / "l.csv", [["Supplier", "Number", "Net", "Tax", "Code"], *table])
    of = checked([file], template(tmp_path, TAXED))
    assert sorted(finding_cells(of)) == sorted((ONE_ODD, row, "Tax") for row in rows)
