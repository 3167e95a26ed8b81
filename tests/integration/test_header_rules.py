"""What a header or a title says of amounts is compared with what the template takes."""

from __future__ import annotations

from pathlib import Path

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
