"""Files of which four times the rows must not cost more than four times the work."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import Ended, calls

TEMPLATE = """\
template: own
layout: flat
source: {source}
formats: {{amounts: decimal}}
group_by: [Vendor, Number]
bills:
  vendor: {{column: Vendor}}
  invoiceNumber: {{column: Number}}
  issuedDate: {{column: Date}}
  currency: {{value: EUR}}
  amount: {{sum_of_lines: gross}}
  lineItemsIncludeTax: {{value: true}}
line_items:
  amount: {{column: Amount}}
  description: {{column: Text}}
"""
HEADERS = ["Vendor", "Number", "Date", "Amount", "Text", "Kind"]
FEW, MANY = 100, 400


def flat(folder: Path, rows: Sequence[Sequence[object]], source: str = "{}") -> list[str]:
    (folder / "own.yaml").write_text(TEMPLATE.format(source=source))
    with (folder / "own.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADERS, *rows])
    return ["own.csv", "--template", "own.yaml"]


def passed_over(folder: Path, rows: int) -> list[str]:
    """Every second row goes on with one that is passed over."""
    own = [
        ["", "", "", "3.25", "second", ""]
        if i % 2
        else [f"V{i % 9}", f"N{i}", "2025-01-05", "12.50", "first", "draft"]
        for i in range(rows)
    ]
    source = "{fill_down: [Vendor, Number], ignore_rows: [{column: Kind, equals: draft}]}"
    return flat(folder, own, source)


@pytest.mark.parametrize(("make", "result"), [(passed_over, "csv")])
def test_four_times_the_rows_are_four_times_the_work(
    make: Callable[[Path, int], list[str]],
    result: str,
    command: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    work = []
    for rows in (1, FEW, MANY):
        written = tmp_path / f"{rows}.{result}"
        arguments = *make(tmp_path, rows), "--result", written.name, "--quiet"
        if rows == 1:
            command("validate", *arguments)  # what is done but once in a process
            written.unlink()
        with calls() as count:
            command("validate", *arguments)
        assert written.is_file()
        work.append(count[0])
    once, few, many = work
    assert (many - once) / MANY <= 1.2 * (few - once) / FEW
