"""Files of which four times the rows must not cost more than four times the work."""

from __future__ import annotations

import csv
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ended

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


@contextmanager
def calls() -> Iterator[list[int]]:
    """How many functions are called in the block, by whatever thread."""
    count = [0]

    def called(*_: Any) -> None:
        count[0] += 1

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield count
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def passed_over(rows: int) -> tuple[str, Sequence[Sequence[object]]]:
    """Every second row goes on with one that is passed over."""
    own = [
        ["", "", "", "3.25", "second", ""]
        if i % 2
        else [f"V{i % 9}", f"N{i}", "2025-01-05", "12.50", "first", "draft"]
        for i in range(rows)
    ]
    return "{fill_down: [Vendor, Number], ignore_rows: [{column: Kind, equals: draft}]}", own


@pytest.mark.parametrize("make", [passed_over])
def test_four_times_the_rows_are_four_times_the_work(
    make: Callable[[int], tuple[str, list[list[object]]]],
    command: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    work = []
    for rows in (1, FEW, MANY):
        source, own = make(rows)
        (tmp_path / "own.yaml").write_text(TEMPLATE.format(source=source))
        with (tmp_path / "own.csv").open("w", newline="") as file:
            csv.writer(file).writerows([HEADERS, *own])
        arguments = "own.csv", "--template", "own.yaml", "--result", f"{rows}.csv", "--quiet"
        if rows == 1:
            command("validate", *arguments)  # what is done but once in a process
            (tmp_path / "1.csv").unlink()
        with calls() as count:
            command("validate", *arguments)
        work.append(count[0])
    once, few, many = work
    assert (many - once) / MANY <= 1.2 * (few - once) / FEW
