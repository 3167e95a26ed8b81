"""Which rows are one bill: keys in several spellings, placeholders, keys that Excel has changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bill_sheets import book, checked, codes, csv_file, finding_cells, template, valid

from importer.core.name_key import is_placeholder
from importer.validation.checked_bills import Checked

MAPPING = """
template: mine
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: [%s]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number, optional: true}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
"""
HEADER = ["Supplier", "Number", "Date", "Net"]
DAY = "2025-05-31"


def read(folder: Path, rows: list[list[Any]], keys: str = "Supplier, Number") -> Checked:
    return checked([csv_file(folder / "l.csv", rows)], template(folder, MAPPING % keys))


def bills(of: Checked) -> list[tuple[int, str | None, int, int]]:
    return [(b.row, b.invoice_number, b.amount, len(b.lines)) for b in of.valid_bills()]


@pytest.mark.parametrize(
    "text", ["N/A", "n/a", " TBC ", "-", "none", "—", "?", "000", "k.A.", "s/n", "to be advised"]
)
def test_placeholder_is_no_number(tmp_path: Path, text: str) -> None:
    rows = [HEADER, ["Acme", text, DAY, "10.00"], ["Acme", text, DAY, "5.00"],
            ["Acme", "A1", DAY, "2.00"]]  # fmt: skip
    of = read(tmp_path, rows)
    code = "bills.invoiceNumber.placeholder"
    assert finding_cells(of) == [(code, 2, "Number"), (code, 3, "Number")]
    assert of.findings[0].value == text
    assert bills(of) == [(2, None, 1000, 1), (3, None, 500, 1), (4, "A1", 200, 1)]


@pytest.mark.parametrize("text", ["0", "N1", "NA-7", "1/A", "TBC-2025-1", "#N/A", "A", "№ 12"])
def test_number_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


def test_placeholder_gives_way_to_the_next_column(tmp_path: Path) -> None:
    text = MAPPING.replace("{column: Number, optional: true}", "{first_of: [Number, ID]}") % "ID"
    rows = [
        [*HEADER, "ID"],
        ["Acme", "n/a", DAY, "1.00", "P-7"],
        ["Acme", "A1", DAY, "1.00", "P-8"],
    ]
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, text))
    assert [b.invoice_number for b in of.valid_bills()] == ["P-7", "A1"]
    assert codes(of) == []


def test_placeholder_in_an_id_that_only_groups_joins_nothing(tmp_path: Path) -> None:
    rows = [
        [*HEADER, "ID"],
        ["Acme", "A1", DAY, "1.00", "none"],
        ["Acme", "A2", DAY, "2.00", "none"],
    ]
    assert bills(read(tmp_path, rows, "ID")) == [(2, "A1", 100, 1), (3, "A2", 200, 1)]


@pytest.mark.parametrize(
    "number", ["inv 1", "INV  1", "INV\u00a01", "INV 1\u200b", " INV 1 ", "ＩＮＶ 1"]
)
def test_key_in_another_spelling_is_one_bill(tmp_path: Path, number: str) -> None:
    rows = [HEADER, ["Acme", "INV 1", DAY, "10.00"], ["ACME", number, DAY, "5.00"],
            ["Acme", "INV1", DAY, "2.00"]]  # fmt: skip
    of = read(tmp_path, rows)
    assert [(b.row, b.amount) for b in of.valid_bills()] == [(2, 1500), (4, 200)]
    variants = [f for f in of.findings if f.code == "bills.key.variants"]
    alike = number.strip() in ("INV 1", "INV 1\u200b")
    assert {f.cell.column for f in variants} == ({"Supplier"} if alike else {"Supplier", "Number"})
    assert {f.severity for f in variants} == {"warning"}


def test_one_spelling_of_many_rows_is_one_finding(tmp_path: Path) -> None:
    rows = [[v, f"A{i}", DAY, f"{i + 1}.00"] for i in range(20) for v in ("Acme", "ACME")]
    of = read(tmp_path, [HEADER, *rows])
    assert codes(of) == ["bills.key.variants"]
    assert "'ACME' (20 rows) and 'Acme' in row 2 count as one" in of.findings[0].message
    assert len(valid(of)) == 20


@pytest.mark.parametrize("value", ["3.67E+17", 3.67e17, date(2011, 12, 20), "=1/0", True], ids=str)
def test_damaged_key_that_only_groups_is_an_error(tmp_path: Path, value: Any) -> None:
    rows = [[*HEADER, "Bill ID"], ["Acme", "A1", DAY, 10, value], ["Acme", "A2", DAY, 11, value],
            ["Acme", "A3", DAY, 12, "36712"]]  # fmt: skip
    path = book(tmp_path / "l.xlsx", {"L": rows})
    of = checked([path], template(tmp_path, MAPPING % "Bill ID"))
    assert ("bills.key.mangled", 2, "Bill ID") in finding_cells(of)
    assert valid(of) == [4]


def test_column_of_days_may_group(tmp_path: Path) -> None:
    rows = [[*HEADER, "Month"]] + [["Acme", f"A{i}", DAY, 10, date(2025, i, 1)] for i in (1, 2, 3)]
    path = book(tmp_path / "l.xlsx", {"L": rows})
    assert codes(checked([path], template(tmp_path, MAPPING % "Number, Month"))) == []
