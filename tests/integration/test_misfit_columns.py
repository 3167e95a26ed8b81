"""Columns of small files that were filled down, moved or sorted, by the columns that they fit."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bill_sheets import checked, csv_file, template
from hypothesis import given, settings
from hypothesis import strategies as st

LEDGER = """
template: ledger
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: row
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  dueDate: {column: Due}
  currency: {column: Currency}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Original}
  account: {column: Account}
  description: {column: Item}
ignore_columns: [Amount]
"""
COLUMNS = (
    "Supplier,Supplier No,Number,Reference,Date,Posted,Due,Terms,Currency,Original,Amount,Account,"
    "Item"
).split(",")
# name, its number, days until it is paid, currency, what it sells with the account
SELLERS = [
    ("Keel", "V10", 30, "GBP", (("Paper", "7220"), ("Toner", "7221"))),
    ("Abbot", "V11", 14, "EUR", (("Freight", "5100"),)),
    ("Zeta", "V12", 30, "USD", (("Hosting", "7200"), ("Support", "7420"))),
    ("Moss", "V13", 7, "GBP", (("Rent", "7100"),)),
    ("Dale", "V14", 30, "EUR", (("Cartons", "5020"), ("Tape", "5021"))),
    ("Ives", "V15", 14, "GBP", (("Legal", "7400"),)),
]
Row = list[str]


def ledger(seed: int = 4, count: int = 32) -> list[Row]:
    """Bills in the order of their dates, the vendors in none."""
    rng, rows, day = random.Random(seed), list[Row](), date(2026, 1, 5)
    for i in range(count):
        name, number, terms, currency, items = SELLERS[(i * 5 + i // 6) % len(SELLERS)]
        item, account = items[rng.randrange(len(items))]
        day += timedelta(rng.choice((0, 1, 1, 2, 3)))
        posted, due = day + timedelta(rng.randrange(3)), day + timedelta(terms)
        amount = f"{rng.randrange(1000, 900_000) / 100:.2f}"
        ref = f"{rng.randrange(10_000, 99_999)}-{i}"
        dates = [day.isoformat(), posted.isoformat(), due.isoformat()]
        rows.append([name, number, ref, ref, *dates, f"Net {terms}", currency, amount, amount,
                     account, item])  # fmt: skip
    return rows


def found(folder: Path, rows: Sequence[Row], *without: str) -> dict[str, str]:
    """The findings of the ledger, without some of its columns, by their codes."""
    kept = [i for i, header in enumerate(COLUMNS) if header not in without]
    path = csv_file(folder / "bills.csv", [[row[i] for i in kept] for row in (COLUMNS, *rows)])
    return {f.code: f.message for f in checked([path], template(folder, LEDGER)).findings}


def changed(rows: list[Row], header: str, change: Callable[[list[str]], list[str]]) -> list[Row]:
    at = COLUMNS.index(header)
    texts = change([row[at] for row in rows])
    return [[*row[:at], text, *row[at + 1 :]] for row, text in zip(rows, texts, strict=True)]


def filled(texts: list[str], start: int = 9, rows: int = 8) -> list[str]:
    return [*texts[:start], *[texts[start]] * rows, *texts[start + rows :]]


def down(texts: list[str]) -> list[str]:
    """A cell was inserted, and the last one is lost."""
    return [*texts[:10], texts[9], *texts[10:-1]]


def exchanged(texts: list[str]) -> list[str]:
    return [*texts[:4], texts[20], *texts[5:20], texts[4], *texts[21:]]


def tenfold(texts: list[str]) -> list[str]:
    return [*texts[:6], f"{float(texts[6]) * 10:.2f}", *texts[7:]]


def constant(texts: list[str]) -> list[str]:
    return [texts[0]] * len(texts)


@pytest.mark.parametrize(
    ("header", "change", "without", "how"),
    [
        ("Date", filled, ("Posted", "Terms"), "'Date' repeats"),
        ("Date", filled, ("Due", "Terms"), "'Date' repeats"),
        ("Number", filled, (), "'Number' repeats"),
        ("Number", filled, ("Reference",), "'Number' repeats"),
        ("Original", filled, (), "'Original' repeats"),
        ("Currency", filled, (), "'Currency' repeats"),
        ("Account", filled, (), "'Account' repeats"),
        ("Supplier", filled, ("Supplier No",), "'Supplier' repeats"),
        ("Supplier", constant, (), "same value in all rows"),
        ("Date", down, ("Posted", "Terms"), "moved by a row"),
        ("Number", down, (), "moved by a row"),
        ("Original", down, (), "moved by a row"),
        ("Number", exchanged, (), "in another order"),
        ("Original", sorted, (), "in another order"),
        ("Original", tenfold, (), "10 or 100 times"),
    ],
)
def test_a_column_that_another_contradicts_is_reported(
    header: str,
    change: Callable[[list[str]], list[str]],
    without: tuple[str, ...],
    how: str,
    tmp_path: Path,
) -> None:
    messages = found(tmp_path, changed(ledger(), header, change), *without)
    assert how in messages.get("sheet.columns.misfit", ""), messages


@pytest.mark.parametrize("seed", range(6))
def test_a_ledger_as_it_was_exported_fits_itself(seed: int, tmp_path: Path) -> None:
    assert found(tmp_path, ledger(seed)) == {}


def part_paid(texts: list[str]) -> list[str]:
    return [f"{float(text) / 4:.2f}" if i % 5 == 0 else text for i, text in enumerate(texts)]


def end_of_month(texts: list[str]) -> list[str]:
    return [f"{text[:5]}{int(text[5:7]) + 1:02d}-28" for text in texts]


def several_accounts(texts: list[str]) -> list[str]:
    return [("7220", "7230", "5100")[i * i % 3] for i in range(len(texts))]


@pytest.mark.parametrize(
    ("header", "change"),
    [
        ("Amount", part_paid),
        ("Due", end_of_month),
        ("Account", several_accounts),
        ("Posted", lambda texts: [texts[min(i // 6 * 6 + 5, len(texts) - 1)] for i in range(32)]),
        ("Reference", lambda texts: [text[:2] for text in texts]),
        ("Number", lambda texts: [f"{7000 + i}" for i in range(len(texts))]),
    ],
)
def test_what_is_usual_beside_other_columns_is_no_misfit(
    header: str, change: Callable[[list[str]], list[str]], tmp_path: Path
) -> None:
    assert "sheet.columns.misfit" not in found(tmp_path, changed(ledger(), header, change), "Terms")


@settings(deadline=None, max_examples=60)
@given(
    header=st.sampled_from(
        ["Date", "Due", "Number", "Original", "Account", "Currency", "Supplier"]
    ),
    seed=st.integers(0, 999),
    start=st.integers(0, 23),
    rows=st.integers(6, 9),
)
def test_a_column_filled_down_is_told_or_is_as_it_was(
    header: str, seed: int, start: int, rows: int
) -> None:
    clean = ledger(seed)
    damaged = changed(clean, header, lambda texts: filled(texts, start, min(rows, 32 - start)))
    with TemporaryDirectory() as folder:
        assert damaged == clean or found(Path(folder), damaged)
