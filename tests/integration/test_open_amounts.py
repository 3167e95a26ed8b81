"""What is still to be paid, or was paid, beside the amount that the template reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from bill_sheets import checked, csv_file, template
from conftest import in_turn

from importer.validation.checked_bills import Checked

FLAT = """
template: mine
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: [Number]
bills:
  vendor: {value: Acme}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-05-31}
  currency: {value: GBP}
  amount: %s
  lineItemsIncludeTax: {value: %s}
line_items:
  %s: {column: "%s"}
"""
OPEN, BILLED, PAID = (f"sheet.column.{kind}_amount" for kind in ("open", "billed", "paid"))


def read(
    folder: Path,
    rows: Sequence[Sequence[str]],
    column: str = "Gross",
    amount: str = "{sum_of_lines: gross}",
    more: str = "",
) -> Checked:
    """The check of a file whose lines are read from ``column``, tax included unless it is Net."""
    net = column == "Net"
    text = FLAT % (amount, str(not net).lower(), "netAmount" if net else "amount", column)
    return checked([csv_file(folder / "l.csv", rows)], template(folder, text + more))


def found(of: Checked) -> list[tuple[str, str, int | None, int]]:
    """(code, column, row, rows) of each finding; none of them is an error."""
    assert all(f.severity.value == "warning" for f in of.findings)
    return [(f.code, f.cell.column or "", f.cell.row, len(f.lines)) for f in of.findings]


OPEN_HEADERS = [
    "Amount due", "Open balance", "Outstanding", "Balance", "Balance Due", "AmountDue", "Unpaid",
    "amount_residual", "Remaining Amount", "Left to pay", "Total payable", "InvoiceAmountDue",
    "Outstanding (GBP)", "Offener Betrag", "Restbetrag", "Saldo", "Noch zu zahlen", "Solde dû",
    "Reste à payer", "Net à payer", "Saldo pendiente", "Importe pendiente", "Da pagare", "Residuo",
    "Openstaand bedrag", "Te betalen", "Restbeløb", "Udestående", "Kvar att betala", "Em aberto",
    "Do zapłaty", "Avoinna",
]  # fmt: skip


@pytest.mark.parametrize(("header", "column"), in_turn(OPEN_HEADERS, ["Gross", "Net", "Betrag"]))
def test_bill_that_is_partly_paid_is_named(tmp_path: Path, header: str, column: str) -> None:
    rows = [["A1", "100.00", "60.00"], ["A2", "50.00", "50.00"], ["A3", "30.00", "0.00"]]
    of = read(tmp_path, [["Number", column, header], *rows], column)
    assert found(of) == [(OPEN, header, 2, 2)]
    assert "60.00" in of.findings[0].message
    assert "100.00" in of.findings[0].message
    assert [b.amount for b in of.valid_bills()] == [10000, 5000, 3000]


@pytest.mark.parametrize("header", OPEN_HEADERS)
def test_bills_that_are_open_in_full_are_no_finding(tmp_path: Path, header: str) -> None:
    rows = [["A1", "100.00", "100.00"], ["A2", "50.00", "50.00"], ["A3", "30.00", ""]]
    assert found(read(tmp_path, [["Number", "Gross", header], *rows])) == []


@pytest.mark.parametrize(
    ("read_column", "header"),
    in_turn(OPEN_HEADERS, ["Total", "Gross", "Amount", "Invoice amount", "Betrag", "Net"]),
)
def test_amount_billed_beside_the_open_amount_that_is_read(
    tmp_path: Path, read_column: str, header: str
) -> None:
    rows = [["A1", "60.00", "100.00"], ["A2", "50.00", "50.00"], ["A3", "20.00", "30.00"]]
    of = read(tmp_path, [["Number", read_column, header], *rows], read_column)
    assert found(of) == [(BILLED, header, 2, 2)]


@pytest.mark.parametrize(
    "header",
    ["Paid", "Amount paid", "AmountPaid", "Payments", "Paid to date", "Credits applied", "Bezahlt",
     "Montant payé", "Déjà réglé", "Importe pagado", "Pagato", "Betaald", "Betalt", "Betalat",
     "Zapłacono", "Maksettu"],
)  # fmt: skip
def test_payments_made_are_named(tmp_path: Path, header: str) -> None:
    rows = [["A1", "100.00", "40.00"], ["A2", "50.00", "0.00"], ["A3", "30.00", "30.00"]]
    assert found(read(tmp_path, [["Number", "Gross", header], *rows])) == [(PAID, header, 2, 2)]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Paid", ["100.00", "50.00", "30.00"]),  # a ledger of payments
        ("Date paid", ["40", "41", "42"]),
        ("Balance", ["100.00", "150.00", "180.00"]),  # of the account so far
        ("Saldo", ["-1100.00", "-1150.00", "-1180.00"]),
        ("Due", ["2025-06-01", "2025-06-02", "2025-06-03"]),
        ("Days outstanding", ["12", "13", "14"]),
        ("Balance account", ["4000", "4000", "4000"]),
        ("Remaining quantity", ["1", "2", "3"]),
    ],
)
def test_what_says_nothing_of_payments_is_no_finding(
    tmp_path: Path, header: str, values: Sequence[str]
) -> None:
    rows = [[f"A{i}", each, v] for i, (each, v) in enumerate(zip(("100.00", "50.00", "30.00"),
            values, strict=True))]  # fmt: skip
    assert found(read(tmp_path, [["Number", "Gross", header], *rows])) == []


def test_open_amount_of_the_bill_is_not_taken_for_that_of_a_line(tmp_path: Path) -> None:
    header = ["Number", "Gross", "Total", "Amount due"]
    rows = [["A1", "50.00", "100.00", "50.00"], ["A1", "50.00", "100.00", "50.00"],
            ["A2", "10.00", "40.00", "40.00"], ["A2", "30.00", "40.00", "40.00"]]  # fmt: skip
    assert found(read(tmp_path, [header, *rows], amount="{column: Total}")) == [
        (OPEN, "Amount due", 2, 2)
    ]
    of_lines = [[*row[:3], row[1]] for row in rows]
    assert found(read(tmp_path, [header, *of_lines], amount="{column: Total}")) == []
    blank = [row if i % 2 == 0 else [*row[:3], ""] for i, row in enumerate(rows)]
    assert found(read(tmp_path, [header, *blank], amount="{column: Total}")) == [
        (OPEN, "Amount due", 2, 1)
    ]


def test_one_finding_says_what_two_columns_show(tmp_path: Path) -> None:
    rows = [["A1", "100.00", "40.00", "60.00"], ["A2", "50.00", "0.00", "50.00"]]
    of = read(tmp_path, [["Number", "Gross", "Paid", "Amount due"], *rows])
    assert found(of) == [(OPEN, "Amount due", 2, 1)]


def test_column_that_is_to_be_ignored_says_nothing(tmp_path: Path) -> None:
    rows = [["Number", "Gross", "Amount due"], ["A1", "100.00", "60.00"]]
    assert found(read(tmp_path, rows, more="ignore_columns: [Amount due]\n")) == []


def test_credits_are_compared_without_their_sign(tmp_path: Path) -> None:
    rows = [["A1", "-100.00", "100.00"], ["A2", "-50.00", "-20.00"]]
    of = read(tmp_path, [["Number", "Gross", "Amount due"], *rows], more="credit_notes: negative\n")
    assert [f for f in found(of) if f[0] == OPEN] == [(OPEN, "Amount due", 3, 1)]


def test_open_amount_on_the_sheet_of_bills(tmp_path: Path) -> None:
    text = """
template: two
layout: two_sheets
bills: {billRef: {column: Ref}, invoiceNumber: {column: Ref}, vendor: {value: Acme},
        issuedDate: {value: 2025-05-31}, currency: {value: GBP}, amount: {column: Total}}
formats: {numbers: point, amounts: decimal}
line_items: {billRef: {column: Ref}, netAmount: {column: Net}}
"""
    lines = [["Ref", "Net"], ["1", "100.00"], ["2", "5.00"]]
    bills = [["Ref", "Total", "Amount due"], ["1", "100.00", "100.00"], ["2", "5.00", "4.00"]]
    files = [csv_file(tmp_path / "bills.csv", bills), csv_file(tmp_path / "lines.csv", lines)]
    of = checked(files, template(tmp_path, text))
    assert [(f.code, f.cell.row, f.bills) for f in of.findings] == [(OPEN, 3, (1,))]


@pytest.mark.parametrize("header", ["Outstanding (EUR)", "Open balance USD", "Amount Due [CHF]"])
def test_open_amounts_in_another_currency_are_not_compared(tmp_path: Path, header: str) -> None:
    rows = [["Number", "Gross", header], ["A1", "100.00", "117.00"], ["A2", "50.00", "58.50"]]
    assert found(read(tmp_path, rows)) == []
