"""A bill that may lack a line item is held back with the row that may be its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import checked, csv_file, template
from ledger_mapping import MAPPING

LEDGER = "template: mine\nlayout: flat" + MAPPING
HEADER = ["Supplier", "Number", "Date", "Amount"]
ROWS = [
    [supplier, number, "01/03/2025", amount]
    for supplier, number in (("Acme", "A1"), ("Beta", "B2"), ("Corp", "C3"))
    for amount in ("10.00", "20.00", "30.50")
]


@pytest.mark.parametrize(
    ("index", "row", "valid"),
    [
        (4, ["", "Beta", "B2", "01/03/2025", "20.00"], ["A1", "C3"]),  # moved to the right
        (4, ["B2", "01/03/2025", "20.00"], ["A1", "C3"]),  # moved to the left
        (4, ["", "B2", "01/03/2025", "20.00"], ["A1", "C3"]),
        (4, ["Beta", "#REF!", "01/03/2025", "20.00"], ["A1", "C3"]),
        (3, ["", "B2", "01/03/2025", "20.00"], ["C3"]),  # of the bill above or of the one below
        (4, ["Beta", "B2", "01/03/2025", "2O.00"], ["A1", "C3"]),  # its bill is certain
        (4, ["Beta", "B2", "01/03/2025", "20.00"], ["A1", "B2", "C3"]),
    ],
)
def test_no_bill_goes_without_a_row_that_may_be_its_own(
    tmp_path: Path, index: int, row: list[str], valid: list[str]
) -> None:
    rows = [*ROWS[:index], row, *ROWS[index + 1 :]]
    of = checked([csv_file(tmp_path / "l.csv", [HEADER, *rows])], template(tmp_path, LEDGER))
    assert [bill.invoice_number for bill in of.valid_bills()] == valid


WITH_FREIGHT = """
extra_lines:
  - {amount: {column: Freight}, description: {value: Freight}}
"""


@pytest.mark.parametrize("index", [4, 5], ids=["between", "beside"])
def test_an_extra_line_does_not_hide_that_a_row_may_be_missing(tmp_path: Path, index: int) -> None:
    """Freight is a second line of a row: the rows around another's are counted, not the lines."""
    rows = [["Supplier", "Number", "Date", "Amount", "Freight"]]
    rows += [["Acme", "A1", "01/03/2025", amount, "5.00"] for amount in ("10.00", "20.00")]
    rows += [["Beta", "B2", "01/03/2025", amount, "5.00"] for amount in ("10.00", "30.50")]
    rows.insert(index, ["", "B2", "01/03/2025", "20.00", "5.00"])
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, LEDGER + WITH_FREIGHT))
    assert [bill.invoice_number for bill in of.valid_bills()] == ["A1"]


def test_last_row_a_cent_off_the_sum_may_be_a_total(tmp_path: Path) -> None:
    rows = [*ROWS, ["Gross Ltd", "T1", "31/03/2025", "181.51"]]
    of = checked([csv_file(tmp_path / "l.csv", [HEADER, *rows])], template(tmp_path, LEDGER))
    assert [f.code for f in of.findings] == ["sheet.row.total"]
