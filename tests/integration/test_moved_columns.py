"""Columns that a person filled down, sorted, moved or scaled without the rest of their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from bill_sheets import checked, csv_file, template

LEDGER = """
template: ledger
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
parameters: {amount: {value: Billed, one_of: [Billed, Original, Remaining]}}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  dueDate: {column: Due}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column_parameter: amount}
  taxAmount: {column: Tax}
  taxCode: {column: Code}
  account: {column: Account}
"""
HEADERS = "Supplier Reg Number Date Due Billed Original Remaining Tax Code Account".split()
VENDORS = "Keel Abbot Zeta Moss Dale Ives Orme Birch".split()
Row = dict[str, str]


def ledger(count: int = 60, start: date = date(2022, 1, 3)) -> list[Row]:
    """Bills in the order of their dates, on working days; the vendors in no order."""
    rows = []
    day = start
    for i in range(count):
        vendor = VENDORS[(5 * i + i // 8) % len(VENDORS)]
        net = Decimal(1000 + 613 * i % 9973) / 10
        rows.append({
            "Supplier": vendor, "Reg": f"GB{VENDORS.index(vendor) + 77}",
            "Number": f"{vendor[:2].upper()}-{300 + 7 * i}", "Date": day.isoformat(),
            "Due": (day + timedelta(30 if vendor < "L" else 14)).isoformat(),
            "Billed": f"{net * 6 / 5:.2f}", "Original": f"{net * 6 / 5:.2f}",
            "Remaining": f"{net / 5 * (i % 3):.2f}", "Tax": f"{net / 5:.2f}", "Code": "T1",
            "Account": str(5000 + 100 * (7 * i % 9)),
        })  # fmt: skip
        day += timedelta(3 if day.weekday() == 4 else 1)
    return rows


def codes(folder: Path, rows: Sequence[Row]) -> set[str]:
    grid = [HEADERS, *([row[name] for name in HEADERS] for row in rows)]
    of = checked([csv_file(folder / "l.csv", grid)], template(folder, LEDGER))
    assert all(f.severity.value == "warning" for f in of.findings)
    return {f.code for f in of.findings}


def column(name: str, change: Callable[[list[str]], list[str]]) -> Callable[[list[Row]], None]:
    def apply(rows: list[Row]) -> None:
        for row, text in zip(rows, change([row[name] for row in rows]), strict=True):
            row[name] = text

    return apply


def filled(texts: list[str]) -> list[str]:
    return [*texts[:20], *[texts[20]] * 4, *texts[24:]]


def up(texts: list[str]) -> list[str]:
    return [*texts[:20], *texts[21:], texts[-1]]


def from_1904(texts: list[str]) -> list[str]:
    return [(date.fromisoformat(text) - timedelta(1462)).isoformat() for text in texts]


def no_mark(texts: list[str]) -> list[str]:
    return [text.replace(".", "").lstrip("0") or "0" for text in texts]


def test_a_ledger_as_it_was_exported_has_no_finding(tmp_path: Path) -> None:
    assert codes(tmp_path, ledger()) == set()
    assert codes(tmp_path, sorted(ledger(), key=lambda row: row["Supplier"])) == set()


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("Supplier", filled, "sheet.columns.unpaired"),
        ("Number", filled, "sheet.columns.unpaired"),
        ("Supplier", lambda texts: [*texts[:7], texts[6], *texts[8:]], "sheet.columns.unpaired"),
        ("Supplier", up, "sheet.columns.slipped"),
        ("Number", up, "sheet.columns.slipped"),
        ("Supplier", sorted, "sheet.columns.sorted"),
        ("Account", sorted, "sheet.columns.sorted"),
        ("Due", sorted, "sheet.columns.sorted"),
        ("Due", filled, "sheet.columns.filled"),
        ("Billed", no_mark, "sheet.column.contrary_amount"),
        ("Billed", lambda texts: [*texts[:7], texts[6], *texts[8:]], None),
        ("Remaining", no_mark, "sheet.column.contrary_amount"),
        ("Tax", lambda texts: ["0.00"] * len(texts), "line_items.taxAmount.doubtful_rate"),
        ("Tax", lambda texts: [texts[0]] * len(texts), "line_items.taxAmount.doubtful_rate"),
        ("Billed", no_mark, "line_items.taxAmount.doubtful_rate"),
    ],
)
def test_a_column_that_no_longer_fits_its_rows_is_reported(
    tmp_path: Path, name: str, change: Callable[[list[str]], list[str]], code: str | None
) -> None:
    rows = ledger()
    column(name, change)(rows)
    found = codes(tmp_path, rows)
    assert found if code is None else code in found


def test_dates_from_1904_are_reported_by_their_weekdays(tmp_path: Path) -> None:
    monday = datetime.now(UTC).date() - timedelta(200)
    rows = ledger(start=monday - timedelta(monday.weekday()))
    for name in ("Date", "Due"):
        column(name, from_1904)(rows)
    assert codes(tmp_path, rows) == {"bills.issuedDate.weekdays"}
    long_ago = ledger()
    for name in ("Date", "Due"):
        column(name, from_1904)(long_ago)
    assert codes(tmp_path, long_ago) == set()


STATES = """
template: entries
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: row
bills:
  vendor: {column: Supplier}
  state: {column: Open, take: ["Yes"], pass_over: ["No"]}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {column: Currency, default: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Amount}
  account: {column: Account}
"""


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("Supplier", "Keel", None),
        ("Open", "No", "sheet.column.contrary_state"),
        ("Remaining", "0.00", "sheet.column.contrary_state"),
        ("Currency", "USD", "bills.currency.same_amount_local"),
    ],
)
def test_a_state_or_currency_that_an_amount_contradicts_is_reported(
    tmp_path: Path, name: str, text: str, code: str | None
) -> None:
    headers = [
        *"Supplier Number Date Account Currency Amount Remaining Open".split(),
        "Amount (LCY)",
    ]
    rows = []
    for i, row in enumerate(ledger(30)):
        amount, foreign = Decimal(row["Billed"]), i % 5 == 4
        rows.append({
            **row, "Amount": row["Billed"], "Currency": "EUR" if foreign else "",
            "Remaining": "0.00" if i % 7 == 3 else row["Billed"],
            "Open": "No" if i % 7 == 3 else "Yes",
            "Amount (LCY)": f"{amount * Decimal('0.86'):.2f}" if foreign else row["Billed"],
        })  # fmt: skip
    rows[6][name] = text
    grid = [headers, *([row[header] for header in headers] for row in rows)]
    of = checked([csv_file(tmp_path / "l.csv", grid)], template(tmp_path, STATES))
    found = {f.code for f in of.findings} - {"sheet.column.foreign_amount"}
    assert found - {"sheet.column.open_amount"} == ({code} if code else set())


def test_a_currency_is_compared_where_what_is_open_is_loaded(tmp_path: Path) -> None:
    headers = [*"Supplier Number Date Account Currency Remaining Open".split(), "Remaining (LCY)"]
    of_open = STATES.replace("{column: Amount}", "{column: Remaining}")
    rows = []
    for i, row in enumerate(ledger(30)):
        foreign = i % 5 == 4
        local = f"{Decimal(row['Billed']) * Decimal('0.86'):.2f}" if foreign else row["Billed"]
        rows.append({**row, "Remaining": row["Billed"], "Open": "Yes", "Remaining (LCY)": local,
                     "Currency": "EUR" if foreign else ""})  # fmt: skip
    for text, found in (("", []), ("USD", ["bills.currency.same_amount_local"])):
        rows[6]["Currency"] = text
        grid = [headers, *([row[header] for header in headers] for row in rows)]
        of = checked([csv_file(tmp_path / "l.csv", grid)], template(tmp_path, of_open))
        assert [f.code for f in of.findings] == found


def exchanged(texts: list[str]) -> list[str]:
    return [*texts[:2], texts[5], *texts[3:5], texts[2], *texts[6:]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (list, None),
        (exchanged, "sheet.columns.unpaired"),
        (lambda texts: [*texts[:2], *[texts[2]] * 5, *texts[7:]], "sheet.columns.unpaired"),
        (lambda texts: [*texts[:4], *texts[5:], texts[-1]], "sheet.columns.slipped"),
    ],
)
def test_rows_that_are_passed_over_say_whose_the_numbers_of_others_are(
    tmp_path: Path, change: Callable[[list[str]], list[str]], code: str | None
) -> None:
    headers = [*"Supplier Reg Number Date Account Currency Amount Open".split()]
    rows = [
        {**row, "Amount": row["Billed"], "Currency": "", "Open": "Yes" if i < 8 else "No"}
        for i, row in enumerate(ledger(24))
    ]
    column("Supplier", change)(rows)
    grid = [headers, *([row[header] for header in headers] for row in rows)]
    of = checked([csv_file(tmp_path / "l.csv", grid)], template(tmp_path, STATES))
    assert {f.code for f in of.findings} == {code} - {None}
    assert all(i < 8 for f in of.findings for i in f.bills)
    assert len(list(of.valid_bills())) == 8


def in_runs(texts: list[str]) -> list[str]:
    """Two vendors share a value in rows that are no run."""
    return ["GB77" if text == "GB78" and i % 16 == 1 else text for i, text in enumerate(texts)]


def at_the_end_of_months(rows: list[Row]) -> None:
    """Two vendors are paid at the end of the month; their bills are one below the other."""
    rows.sort(key=lambda row: row["Supplier"])
    for row in rows:
        if row["Supplier"] in ("Moss", "Ives"):
            day = date.fromisoformat(row["Date"]).replace(day=28) + timedelta(4)
            row["Due"] = (day - timedelta(day.day)).isoformat()


def discounted(rows: list[Row]) -> None:
    """Whole amounts, taxed less a discount that is taken when they are paid."""
    for i, row in enumerate(rows):
        net = Decimal(140 + 137 * i % 977)
        row["Billed"] = row["Original"] = f"{net + net / 20 * Decimal('0.975'):.2f}"
        row["Remaining"] = "0.00"
        row["Tax"], row["Code"] = f"{net / 20 * Decimal('0.975'):.2f}", "Reduced"


def second_letters(rows: list[Row]) -> None:
    """Several vendors number their bills IN-1 beside what begins with their letters."""
    for i, row in enumerate(rows):
        if i % 3 < {"Keel": 2, "Abbot": 1}.get(row["Supplier"], 0):
            row["Number"] = f"IN-{500 + i}"


@pytest.mark.parametrize(
    "change",
    [column("Reg", in_runs), at_the_end_of_months, discounted, second_letters],
)
def test_what_is_usual_in_a_ledger_has_no_finding(
    tmp_path: Path, change: Callable[[list[Row]], None]
) -> None:
    rows = ledger(120)
    change(rows)
    assert codes(tmp_path, rows) == set()
