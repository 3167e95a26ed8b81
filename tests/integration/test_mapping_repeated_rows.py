"""Rows that are there twice: pasted, or of exports that overlap; and lines that are meant."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from bill_sheets import BY_SUPPLIER, book, checked, codes, csv_file, finding_cells, template, valid
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.validation.checked_bills import Checked

HEADER = ["Supplier", "Number", "Date", "Net", "Text"]
DAY = "2025-05-31"
REPEATED = "sheet.rows.repeated"
Rows = list[list[Any]]


def read(folder: Path, rows: Rows, source: str = "", header: list[str] = HEADER) -> Checked:
    path = csv_file(folder / "l.csv", [header, *rows])
    return checked([path], template(folder, BY_SUPPLIER % source))


def line(number: str, amount: int, text: str = "x", vendor: str = "Acme") -> list[Any]:
    return [vendor, number, DAY, f"{amount}.00", text]


A = [line("A1", 10), line("A1", 5, "y")]
B, C, D = [line("B1", 7)], [line("C1", 7)], [line("D1", 3)]


@pytest.mark.parametrize(
    "again",
    [
        ["ACME", "a1", DAY, "1,234.50", "X"],
        ["Acme", "A1", DAY, "1234.5", "x"],
        ["Acme", "A1", DAY, "1 234.50", "x "],
    ],
)
def test_a_row_written_in_another_way_is_repeated(tmp_path: Path, again: list[str]) -> None:
    first = ["Acme", "A1", DAY, "1234.50", "x"]
    for rows in ([first, again], [first, *B, again, B[0]]):  # the file's only row; a file twice
        of = read(tmp_path, rows)
        assert REPEATED in codes(of)
        assert not any(bill.invoice_number == "A1" for bill in of.valid_bills())


@pytest.mark.parametrize(
    ("rows", "first", "left"),
    [
        ([*A, *B, *A, *B], 5, []),  # all of it twice
        ([*A, *A], 4, []),  # of one bill only
        ([*A, *B, *C, *B, *C, *D], 6, [2, 8]),  # overlapping exports
        ([*B, *A, *C, *A, *D], 6, [2, 5, 8]),  # the rows of one bill
        ([*A, *B, A[1], *C], 5, [4, 6]),  # one row of a bill
        ([*B, *A, *B], 5, [3]),
    ],
)
def test_repeated_rows_are_refused(tmp_path: Path, rows: Rows, first: int, left: list[int]) -> None:
    of = read(tmp_path, rows)
    assert [(f.code, f.cell.row) for f in of.findings] == [(REPEATED, first)]
    assert valid(of) == left


@pytest.mark.parametrize(
    "rows",
    [
        [A[0], A[0], *B],  # beside each other
        [A[0], A[1], A[0], *B],  # in the rows of one bill
        [*A, *B, line("A1", 10, "z")],  # another text
        [*A, *B, line("A2", 10)],
        [line("", 7), line("", 7)],
    ],
)
def test_equal_lines_of_one_bill_are_no_fault(tmp_path: Path, rows: Rows) -> None:
    assert REPEATED not in codes(read(tmp_path, rows))


def test_bills_without_number_may_be_there_twice(tmp_path: Path) -> None:
    some = [line("", n, vendor=v) for n, v in ((1, "Acme"), (2, "Beta"), (3, "Gamma"))]
    assert (REPEATED, 5, None) in finding_cells(read(tmp_path, [*some, *some]))
    assert REPEATED not in codes(read(tmp_path, [*some, some[0]]))


def test_repeated_rows_may_be_meant(tmp_path: Path) -> None:
    rows = [*A, *B, *A]
    assert codes(read(tmp_path, rows, "repeated_lines: allow")) == []
    path = csv_file(tmp_path / "l.csv", [HEADER, *rows])
    for total, expected in (("37.00", []), ("22.00", [REPEATED, "control.gross.differs"])):
        text = BY_SUPPLIER % "" + f"expect: {{gross: {{GBP: '{total}'}}}}\n"
        assert sorted(codes(checked([path], template(tmp_path, text)))) == sorted(expected)
    stated = [[*row, "30.00" if row[1] == "A1" else "7.00"] for row in rows]
    assert codes(read(tmp_path, stated, header=[*HEADER, "Total"])) == []


def test_scattered_rows_of_a_ledger_may_be_equal(tmp_path: Path) -> None:
    """As in a ledger that is sorted by its amounts; but not all rows of a bill."""
    many = [line(f"N{i}", n, vendor=f"V{i}") for n in (30, 20) for i in range(9)]
    rows = [*many[:9], *A, *many[9:], line("A1", 10)]
    assert codes(read(tmp_path, rows)) == []
    assert codes(read(tmp_path, [*rows, *B, *D, *B])) == [REPEATED]


def test_column_that_counts_the_rows_tells_nothing_apart(tmp_path: Path) -> None:
    rows = [[*row, i] for i, row in enumerate([*A, *B, *A, *B], start=1)]
    path = book(tmp_path / "l.xlsx", {"L": [[*HEADER, "No."], *rows]})
    assert codes(checked([path], template(tmp_path, BY_SUPPLIER % ""))) == [REPEATED]


def test_filled_down_rows_are_found_too(tmp_path: Path) -> None:
    rows = [line("A1", 10), ["", "", "", "5.00", "y"], *B]
    of = read(tmp_path, [*rows, *rows], "fill_down: [Supplier, Number]")
    assert [(f.code, f.cell.row) for f in of.findings] == [(REPEATED, 5)]
    assert valid(of) == []


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_money_of_a_pasted_file_is_never_more(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Whatever is pasted below whatever: each bill is as it was, or refused."""
    chance = random.Random(seed)
    rows: Rows = []
    truth: dict[str, int] = {}
    for i in range(chance.randrange(2, 12)):
        lines = [line(f"N{i}", chance.randrange(1, 9), chance.choice("abc"), f"V{i % 4}")
                 for _ in range(chance.choice((1, 1, 2, 3)))]  # fmt: skip
        truth[f"N{i}"] = sum(100 * int(row[3][:-3]) for row in lines)
        rows += lines
    start = chance.choice((0, chance.randrange(len(rows) - 1)))
    of = read(tmp_path_factory.mktemp("l"), [*rows, *rows[start:]])
    assert REPEATED in codes(of) or len({r[1] for r in rows[start:]}) == 1
    for bill in of.valid_bills():
        if len({r[1] for r in rows[start:]}) > 1 or bill.invoice_number != rows[-1][1]:
            assert bill.amount == truth[bill.invoice_number or ""]
