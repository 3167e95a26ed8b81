"""House rules, amounts in units of their currency, and dates that Excel may have turned round."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from bill_sheets import (
    bill,
    book,
    checked,
    codes,
    csv_file,
    finding_cells,
    line,
    template,
    two_sheets,
)

from importer.app.result import Result
from importer.report.build_report import build_report
from importer.validation.checked_bills import Checked

RULES = """
template: mine
layout: flat
formats: {amounts: decimal, numbers: point, cents_per_unit: {JPY: 1, KWD: 1000}}
group_by: [Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-01-31}
  currency: {column: Currency}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
  description: {column: Text, optional: true}
rules:
"""


def ruled(folder: Path, rules: str, *rows: str) -> Checked:
    path = csv_file(folder / "l.csv", [row.split(";") for row in rows])
    return checked([path], template(folder, RULES + rules))


HEAD = "Supplier;Number;Currency;Net;Text"


def test_money_bounds_are_in_major_units(tmp_path: Path) -> None:
    rows = ("A;1;JPY;500", "A;2;JPY;501", "A;3;GBP;500.00", "A;4;GBP;500.01", "A;5;KWD;500.001")
    of = ruled(tmp_path, "  line_items.netAmount: {max: 500}", HEAD, *rows)
    assert finding_cells(of) == [("line_items.rule.max", row, "Net") for row in (3, 5, 6)]
    of = ruled(tmp_path, "  bills.amount: {max: 500}", HEAD, *rows)
    assert finding_cells(of) == [("bills.rule.max", row, None) for row in (3, 5, 6)]
    assert [f.value for f in of.findings] == ["501", "500.01", "500.001"]
    # a bound of less than a cent lies between two amounts
    rows = ("A;1;GBP;1.00", "A;2;GBP;1.01", "A;3;GBP;2.00", "A;4;GBP;2.01", "A;5;JPY;")
    of = ruled(tmp_path, "  line_items.netAmount: {min: 1.005, max: 2.005}", HEAD, *rows)
    assert [each for each in finding_cells(of) if "rule" in each[0]] == [
        ("line_items.rule.min", 2, "Net"), ("line_items.rule.max", 5, "Net"),
    ]  # fmt: skip


def test_product_uses_the_unit_of_each_currency(tmp_path: Path) -> None:
    text = RULES.replace("netAmount: {column: Net}", "netAmount: {product: [Net, Price]}")
    rows = ("Supplier;Number;Currency;Net;Price", "A;1;JPY;3;7", "A;2;GBP;3;7", "A;3;KWD;3;7")
    path = csv_file(tmp_path / "l.csv", [row.split(";") for row in rows])
    of = checked([path], template(tmp_path, text.replace("rules:", "")))
    assert [each.amount for each in of.valid_bills()] == [21, 2100, 21000]


def test_unique_rule_names_the_first_occurrence(tmp_path: Path) -> None:
    rows = ("A;1;GBP;1;x", "B;2;GBP;1; x ", "A;3;GBP;1;", "C;4;GBP;1;")
    both = "  line_items.description: {unique: true}\n  bills.vendor: {unique: true}"
    of = ruled(tmp_path, both, HEAD, *rows)
    assert sorted(finding_cells(of)) == [
        ("bills.rule.unique", 4, "Supplier"), ("line_items.rule.unique", 3, "Text"),
    ]  # fmt: skip
    messages = {f.message for f in of.findings}
    assert messages == {"' x ' is already in row 2.", "'A' is already in row 2."}


def test_one_of_compares_parsed_values(tmp_path: Path) -> None:
    rows = ("A;1;gbp;1;", "A;2;EUR;1;", "A;3;USD;1;")
    of = ruled(tmp_path, "  bills.currency: {one_of: [GBP, eur]}", HEAD, *rows)
    assert finding_cells(of) == [("bills.rule.one_of", 4, "Currency")]


def test_messages_use_the_currency_unit(tmp_path: Path) -> None:
    text = RULES.replace("  amount: {sum_of_lines: gross}", "  amount: {column: Total}")
    rows = [(HEAD + ";Total").split(";"), *(row.split(";") for row in (
        "A;1;JPY;500;;501", "A;2;KWD;5.001;;5.000", "A;3;GBP;5.01;;5.00"))]  # fmt: skip
    path = csv_file(tmp_path / "l.csv", rows)
    of = checked([path], template(tmp_path, text.replace("rules:\n", "expect: {gross: {JPY: 1}}")))
    said = {f.code: f.message for f in reversed(of.findings)}
    messages = [f.message for f in of.findings if f.code == "bills.amount.lines_differ"]
    assert ["501, " in messages[0], "5.000, " in messages[1], "5.00, " in messages[2]] == [True] * 3
    assert (
        "is 1 JPY; the sheet's bills total 501: a difference of -500"
        in said["control.gross.differs"]
    )


def test_tie_out_uses_the_currency_unit(tmp_path: Path, home: Path) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

    from importer.model.report_model import RunSummary

    of = ruled(tmp_path, "  bills.vendor: {required: true}", HEAD, "A;1;JPY;1234500", "A;2;KWD;5.5")
    empty = RunSummary("validate", None, None, None, "mine", ("l.csv",), datetime.now(UTC), {}, {},
                       {}, ())  # fmt: skip
    report = build_report(of, {}, empty)
    text = Result(replace(report, summary=replace(report.summary, exit_code=0))).text()
    assert "1,234,500 JPY" in text
    assert "5.500 KWD" in text
    assert [b.unit for b in of.valid_bills()] == [1, 1000]


@pytest.mark.parametrize("currency", ["JPY", "CNY"])
def test_yen_sign_may_be_yuan(tmp_path: Path, currency: str) -> None:
    of = ruled(tmp_path, "  bills.vendor: {required: true}", HEAD, f"A;1;{currency};¥500;")
    assert finding_cells(of) == []
    other = ruled(
        tmp_path, "  bills.vendor: {required: true}", HEAD, "A;1;GBP;¥500;", "A;2;GBP;£1;"
    )
    assert finding_cells(other) == [("line_items.netAmount.other_currency", 2, "Net")]


def dated(folder: Path, *days: date | str) -> Checked:
    bills = [bill(billRef=f"B{i}", invoiceNumber=f"N{i}", issuedDate=day, dueDate="")
             for i, day in enumerate(days)]  # fmt: skip
    return two_sheets(folder, bills, [line(billRef=f"B{i}") for i in range(len(days))])


def test_typed_dates_among_text_dates_are_doubtful(tmp_path: Path) -> None:
    of = dated(tmp_path, date(2025, 4, 3), "25/03/2025", date(2025, 12, 12))
    assert finding_cells(of) == [("bills.issuedDate.mixed_typed", 2, "issuedDate")]
    assert of.findings[0].bills == (0, 2)
    assert "may be swapped: 2025-03-04" in of.findings[0].message
    american = dated(tmp_path, date(2025, 4, 3), "02/27/2015")
    assert codes(american) == ["bills.issuedDate.mixed_typed"]


@pytest.mark.parametrize(
    "days",
    [
        (date(2025, 4, 13), "25/03/2025"),  # no other order made this a date
        (date(2025, 4, 3), "25/03/2025", "03/04/2025"),  # Excel would have taken the last
        (date(2025, 4, 13), date(2025, 4, 3), "25/03/2025"),
        (date(2025, 4, 3), "2025-04-03"),
        (date(2025, 4, 3), "25 March 2025"),
    ],
)
def test_unambiguous_typed_dates_are_read(tmp_path: Path, days: tuple[date | str, ...]) -> None:
    assert finding_cells(dated(tmp_path, *days)) == []


def test_stated_format_does_not_settle_typed_dates(tmp_path: Path) -> None:
    text = RULES.replace("rules:\n", "").replace("{value: 2025-01-31}", "{column: Day}")
    text = text.replace("{amounts", "{dates: [DD/MM/YYYY], amounts")
    rows = [["Supplier", "Number", "Currency", "Net", "Day"]]
    days = date(2025, 4, 3), "25/03/2025"
    rows += [["A", str(i), "GBP", 1, day] for i, day in enumerate(days)]  # type: ignore[list-item]
    path = book(tmp_path / "l.xlsx", {"Ledger": rows})
    assert codes(checked([path], template(tmp_path, text))) == ["bills.issuedDate.mixed_typed"]


@pytest.mark.parametrize(
    ("days", "code", "rows"),
    [
        (("03/04/2025", "13/04/2025"), None, ()),
        (("03/04/2025", "05/06/2025"), "ambiguous", (2, 3)),
        (("13/04/2015", "02/27/2015", "14/05/2015"), "mixed_order", (3,)),
    ],
)
def test_column_decides_the_date_order(
    tmp_path: Path, days: tuple[str, ...], code: str | None, rows: tuple[int, ...]
) -> None:
    of = dated(tmp_path, *days)
    assert finding_cells(of) == (
        [(f"bills.issuedDate.{code}", rows[0], "issuedDate")] if code else []
    )
    assert {of.mapped.bills.row[i] for f in of.findings for i in f.bills} == set(rows)
    if code is None:
        assert [b.issued_date for b in of.valid_bills()] == [date(2025, 4, 3), date(2025, 4, 13)]
