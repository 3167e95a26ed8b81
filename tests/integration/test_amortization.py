"""Amortization: whether a line is spread, over which dates and by which template."""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from bill_sheets import (
    VENDOR,
    bill,
    book,
    checked,
    codes,
    csv_file,
    grid,
    line,
    template,
    two_csv_files,
)

TEMPLATE = {"amortizationTemplateId": VENDOR}
DAYS = {"amortizationStartDate": "2025-04-01", "amortizationEndDate": "2026-03-31"}
INCOMPLETE = "line_items.shouldAmortize.incomplete"
CONTRADICTED = "line_items.shouldAmortize.contradicted"
YES, NO = ("TRUE", "yes", "1", "wahr", "Oui", "sí", "x"), ("FALSE", "no", "0", "Falsch", "non")


def expected(flag: str, given: bool) -> list[str]:
    if flag in YES and not given:
        return [INCOMPLETE]
    return [CONTRADICTED] if flag in NO and given else []


def test_flag_dates_and_template_go_together(tmp_path: Path) -> None:
    cases = list(product([*YES, *NO, ""], [True, False], [True, False]))
    bills, lines = [], []
    for i, (flag, with_days, with_template) in enumerate(cases):
        given = (DAYS if with_days else {}) | (TEMPLATE if with_template else {})
        bills.append(bill(billRef=f"B{i}", invoiceNumber=f"{i}-INV"))
        lines.append(line(billRef=f"B{i}", shouldAmortize=flag, **given))
    of = two_csv_files(tmp_path, bills, lines)
    found = {f.cell.row: f.code for f in of.findings}
    assert len(found) == len(of.findings)
    sent = {bill.row: bill.lines for bill in of.valid_bills()}
    for row, (flag, with_days, with_template) in enumerate(cases, start=2):
        wanted = expected(flag, with_days or with_template)
        assert wanted == ([found[row]] if row in found else [])
        if not wanted:
            (only,) = sent[row]
            day = date.fromisoformat(DAYS["amortizationStartDate"]) if with_days else None
            assert only.amortization_start_date == day
            assert only.amortization_template_id == (VENDOR if with_template else None)
    assert len(found) + len(sent) == len(cases)


@pytest.mark.parametrize(
    ("typed", "given"), list(product([True, False, 1, 0, None], [True, False]))
)
def test_typed_cells_of_a_workbook_are_the_same(tmp_path: Path, typed: Any, given: bool) -> None:
    days = (date(2025, 4, 1), date(2026, 3, 31)) if given else (None, None)
    lines = [
        ["billRef", "netAmount", "shouldAmortize", *DAYS],
        ["B1", 12000, typed, *days],
    ]
    path = book(tmp_path / "b.xlsx", {"Bills": grid([bill()]), "Line items": lines})
    flag = "" if typed is None else YES[0] if typed else NO[0]
    assert codes(checked([path])) == expected(flag, given)


FLAT = """
template: mine
layout: flat
formats: {dates: [DD.MM.YYYY], numbers: comma, amounts: decimal}
group_by: [Belegnummer]
bills:
  vendor: {column: Lieferant}
  invoiceNumber: {column: Belegnummer}
  issuedDate: {column: Datum}
  currency: {value: EUR}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Netto}
  shouldAmortize: {column: Abgrenzung, map: {PRA: "true", keine: "false"}}
  amortizationStartDate: {column: Von}
  amortizationEndDate: {column: Bis}
"""


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (("PRA", "01.04.2025", "31.03.2026"), ""),
        (("PRA", "", ""), INCOMPLETE),
        (("keine", "01.04.2025", "31.03.2026"), CONTRADICTED),
        (("keine", "", ""), ""),
        (("PRA", "01.04.2025", ""), "line_items.amortizationStartDate.incomplete"),
        (("PRA", "31.03.2026", "01.04.2025"), "line_items.amortizationEndDate.before_start"),
        (("bald", "", ""), "line_items.expression.not_mapped"),
    ],
)
def test_flat_ledger_with_words_of_its_own(
    tmp_path: Path, cells: tuple[str, str, str], code: str
) -> None:
    header = ["Lieferant", "Belegnummer", "Datum", "Netto", "Abgrenzung", "Von", "Bis"]
    rows = [["Acme", "R-1", "31.05.2025", "1.200,00", *cells],
            ["Acme", "R-2", "31.05.2025", "10,00", "", "", ""]]  # fmt: skip
    of = checked([csv_file(tmp_path / "l.csv", [header, *rows])], template(tmp_path, FLAT))
    assert codes(of) == [code] * bool(code)
    assert [b.amount for b in of.valid_bills()] == [120000] * (not code) + [1000]
