"""What a header or a title says of amounts is compared with what the template takes."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from bill_sheets import checked, csv_file, template

LEDGER = """
template: mine
layout: flat
source: {{header: {{find: [Supplier, Number]}}}}
group_by: [Supplier, Number]
formats: {{numbers: point, amounts: decimal}}
bills:
  vendor: {{column: Supplier}}
  invoiceNumber: {{column: Number}}
  issuedDate: {{value: 2025-03-01}}
  currency: {{value: GBP}}
  amount: {{sum_of_lines: gross}}
  lineItemsIncludeTax: {{value: true}}
line_items:
  amount: {{column: "{amount}"}}
"""


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Amount", None),
        ("AMOUNT (GBP)", None),
        ("Amount £", None),
        ("Gross amount", None),
        ("TOTAL ALL", None),
        ("Amount (USD)", ("other_currency", 2)),
        ("Amount in €", ("other_currency", 2)),
        ("Amount pence", ("in_cents", 2)),
        ("Amount (p)", ("in_cents", 2)),
        ("Amount [ct]", ("in_cents", 2)),
        ("Amount in Rappen", ("in_cents", 2)),
        ("Amount £000", ("scaled", 0)),
        ("Betrag TEUR", ("scaled", 0)),
        *(
            (f"Amount {words}", ("scaled", 0))
            for words in ("(K)", "GBPk", "x1000", "in 1.000 GBP", "tkr", "tsd.", "GBP mn", "mio")
        ),
        ("Amount per 1000", None),
        ("Belopp i kr", None),
        ("Amount excl. VAT", ("other_basis", 0)),
    ],
)
def test_a_header_that_contradicts_the_template(
    tmp_path: Path, header: str, found: tuple[str, int] | None
) -> None:
    rows = [("Supplier", "Number", header), ("A", "1", "10.50"), ("B", "2", "5.00")]
    of = checked(
        [csv_file(tmp_path / "l.csv", rows)], template(tmp_path, LEDGER.format(amount=header))
    )
    findings = [(f.code.removeprefix("sheet.column."), len(f.lines)) for f in of.findings]
    assert findings == ([found] if found else [])


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("All figures in £000", "sheet.column.scaled"),
        ("Alle Beträge TGBP", "sheet.column.scaled"),
        ("Currency: USD", "sheet.title.other_currency"),
        ("Spend over £25,000 in March", None),
        ("Amounts in GBP", None),
    ],
)
def test_a_title_that_contradicts_the_template(
    tmp_path: Path, title: str, code: str | None
) -> None:
    rows = [(title,), ("Supplier", "Number", "Amount"), ("A", "1", "10.50")]
    of = checked(
        [csv_file(tmp_path / "l.csv", rows)], template(tmp_path, LEDGER.format(amount="Amount"))
    )
    assert [(f.code, f.cell.row) for f in of.findings] == ([(code, 1)] if code else [])


@pytest.mark.parametrize(
    ("currency", "amounts", "rows"),
    [
        ("GBP", ("$10.50", "$5.00"), "2 rows"),
        ("EUR", ("10.50 $", ""), "1 row"),
        ("USD", ("$10.50", "$5.00"), ""),
        ("CAD", ("$10.50", "$5.00"), ""),
        ("GBP", ("10.50", "5.00"), ""),
    ],
)
def test_dollars_in_a_ledger_of_another_currency_are_reported(
    tmp_path: Path, currency: str, amounts: tuple[str, str], rows: str
) -> None:
    text = LEDGER.format(amount="Amount").replace("GBP", currency)
    table = [("Supplier", "Number", "Amount"), ("A", "1", amounts[0]), ("B", "2", amounts[1])]
    of = checked([csv_file(tmp_path / "l.csv", table)], template(tmp_path, text))
    told = [f for f in of.findings if f.code == "sheet.column.dollars"]
    assert [f.message.partition(" of ")[0] for f in told] == ([rows] if rows else [])
    assert all(f.message.endswith(f"the template says {currency} for all bills.") for f in told)


@pytest.mark.parametrize(("bare", "code"), [(1, "dollars"), (3, "other_currency")])
def test_a_few_amounts_without_the_dollar_sign_of_all_others_are_like_them(
    tmp_path: Path, bare: int, code: str
) -> None:
    amounts = ["5.00"] * bare + ["$10.50"] * 12
    rows = [("A", str(i), amount) for i, amount in enumerate(amounts)]
    file = csv_file(tmp_path / "l.csv", [("Supplier", "Number", "Amount"), *rows])
    of = checked([file], template(tmp_path, LEDGER.format(amount="Amount")))
    assert {f.code.rpartition(".")[2] for f in of.findings} == {code}


def test_dollars_of_a_number_format_are_reported(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("Supplier", "Number", "Amount"), ("A", "1", 10.5), ("B", "2", 5)):
        book.active.append(row)
    for row in (2, 3):
        book.active.cell(row, 3).number_format = '"$"#,##0.00'
    book.save(tmp_path / "l.xlsx")
    text = LEDGER.format(amount="Amount")
    of = checked([tmp_path / "l.xlsx"], template(tmp_path, text))
    assert [f.code for f in of.findings] == ["sheet.column.dollars"]
