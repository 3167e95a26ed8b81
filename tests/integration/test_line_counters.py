"""A column that counts the lines of each bill shows which bill lacks one, or has another's."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bill_sheets import LEDGER, checked, csv_file, finding_cells, template

from importer.validation.checked_bills import Checked

GAP = "bills.invoiceNumber.line_gap"
Line = list[str]


def read(folder: Path, rows: list[Line], source: str = "", header: str = "Line No.") -> Checked:
    file = csv_file(folder / "l.csv", [["Number", header, "Net", "Text"], *rows])
    return checked([file], template(folder, LEDGER + source))


def ledger(made: random.Random, first: int = 1, step: int = 1) -> list[Line]:
    """20 bills of one to five lines, which are counted."""
    rows = []
    for k in range(20):
        size = made.randrange(2, 6) if k % 3 else 1
        for n in range(size):
            net = f"{made.randrange(1, 10**6) / 100:.2f}"
            rows.append([f"N-{k:03}x", str(first + step * n), net, f"text {k} {n}"])
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("first", "step"), [(1, 1), (10, 10), (0, 1)])
def test_a_row_that_went_to_another_bill_or_is_gone_is_reported(
    tmp_path: Path, seed: int, first: int, step: int
) -> None:
    made = random.Random(seed)
    rows = ledger(made, first, step)
    if seed % 2:
        made.shuffle(rows)
    assert finding_cells(read(tmp_path, rows)) == []
    at = made.choice([i for i, row in enumerate(rows) if row[1] in (str(first), str(first + step))])
    number, line = rows[at][:2]
    gone = [row for i, row in enumerate(rows) if i != at]
    larger = any(row[0] == number and int(row[1]) > int(line) for row in gone)
    of = read(tmp_path, gone)
    assert {f.value for f in of.findings if f.code == GAP} == ({number} if larger else set())
    other = made.choice([row[0] for row in rows if row[0] != number])
    rows[at][0] = other
    of = read(tmp_path, rows)
    assert {f.value for f in of.findings if f.code == GAP} >= {other}


@pytest.mark.parametrize("header", ["Department Code", "Quantity", "Timeline"])
def test_other_numbers_are_no_counters(tmp_path: Path, header: str) -> None:
    rows = ledger(random.Random(9))
    del rows[next(i for i, row in enumerate(rows) if row[1] == "2") - 1]
    assert finding_cells(read(tmp_path, rows, header=header)) == []


@pytest.mark.parametrize(
    "lines", [["1", "3"] * 6, ["2", "3"] * 6, ["7", "1"] * 6, ["1", "2", "1", "3"] * 3]
)
def test_a_column_that_counts_nothing_says_nothing(tmp_path: Path, lines: list[str]) -> None:
    rows = [[f"N-{k // 2}x", line, f"{k}.00", f"t{k}"] for k, line in enumerate(lines)]
    rows += [[f"M-{k // 2}x", str(k % 2 + 1), f"{k}.50", f"u{k}"] for k in range(4)]
    assert finding_cells(read(tmp_path, rows)) == []


@pytest.mark.parametrize(
    "values", [["1"] * 12, ["2", "1", "3"] * 4, [str(n) for n in range(1, 13)]]
)
def test_quantities_and_counts_of_the_whole_file_are_no_counters(
    tmp_path: Path, values: list[str]
) -> None:
    rows = [[f"N-{k // 2}x", v, f"{k}.00", f"t{k}"] for k, v in enumerate(values, 1)]
    assert finding_cells(read(tmp_path, rows)) == []


def test_a_row_that_the_template_ignores_explains_a_gap(tmp_path: Path) -> None:
    rows = ledger(random.Random(9))
    at = next(i for i, row in enumerate(rows) if row[1] == "2" and rows[i + 1][1] == "3")
    rows[at][3] = "note"
    source = "source: {ignore_rows: [{column: Text, equals: note}]}\n"
    assert finding_cells(read(tmp_path, rows, source)) == []


@pytest.mark.parametrize(("header", "end"), [("Ln", ""), ("Sr. No.", ""), ("Line", ".0")])
def test_a_counter_is_known_by_other_names_and_as_a_decimal(
    tmp_path: Path, header: str, end: str
) -> None:
    rows = [[row[0], row[1] + end, *row[2:]] for row in ledger(random.Random(9))]
    assert finding_cells(read(tmp_path, rows, header=header)) == []
    del rows[next(i for i, row in enumerate(rows) if row[1] == f"2{end}") - 1]
    assert [code for code, *_ in finding_cells(read(tmp_path, rows, header=header))] == [GAP]
