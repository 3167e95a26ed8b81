"""Invoice numbers that a spreadsheet may have taken for dates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from bill_sheets import LEDGER, book, checked, codes, csv_file, finding_cells, template, valid

from importer.validation.checked_bills import Checked

LIKE = "bills.invoiceNumber.date_like"
TEXT = LEDGER.replace("{value: A}", "{column: Supplier}")


def read(folder: Path, numbers: Sequence[str], suppliers: str = "") -> Checked:
    """A bill a number; ``suppliers`` are the letters that name the vendor of each."""
    names = suppliers or "A" * len(numbers)
    rows = [(n, f"{k}.00", name) for k, (n, name) in enumerate(zip(numbers, names, strict=True), 1)]
    path = csv_file(folder / "l.csv", [("Number", "Net", "Supplier"), *rows])
    return checked([path], template(folder, TEXT))


@pytest.mark.parametrize(
    "odd",
    ["01/02/2025", "2025-02-01", "1/2/25", "01.02.2025", "2025-02-01 00:00:00", "12/31/2025",
     "2025/2/1", "1-2-2025 0:00"],
)  # fmt: skip
@pytest.mark.parametrize("others", [["INV-1", "INV-2"], ["3/2025", "13/2025"], ["70011", "70012"]])
def test_a_date_among_numbers_is_a_warning(tmp_path: Path, odd: str, others: list[str]) -> None:
    of = read(tmp_path, [others[0], odd, others[1]])
    assert finding_cells(of) == [(LIKE, 3, "Number")]
    assert others[0] in of.findings[0].message
    assert len(valid(of)) == 3


@pytest.mark.parametrize(
    ("numbers", "row"),
    [
        (["3/2020", "43891", "13/2020"], 3),
        (["2020-101", "2020-102", "43862"], 4),
        (["INV-1", "43891", "INV-2"], 3),
        (["43890", "43891", "43892"], 0),
        (["43891", "61377", "INV-1"], 0),  # another number of five digits
        (["INV-1", "83891", "INV-2"], 0),  # no likely date
        (["INV-1", "4389", "INV-2"], 0),
        (["43891"], 0),
    ],
)
def test_a_day_number_among_numbers_is_a_warning(
    tmp_path: Path, numbers: list[str], row: int
) -> None:
    of = read(tmp_path, numbers)
    assert finding_cells(of) == ([(LIKE, row, "Number")] if row else [])
    if row:
        assert "is how Excel stores the date 2020-0" in of.findings[0].message


@pytest.mark.parametrize(
    ("numbers", "suppliers", "rows"),
    [
        (["01/02/2025", "01/03/2025", "INV-1", "INV-2"], "BBAA", 0),  # how this vendor numbers
        (["01/02/2025", "B-77", "INV-1", "INV-2"], "BBAA", 1),
        (["43891", "43892", "INV-1", "INV-2"], "BBAA", 0),
        (["43891", "3/2020", "12345", "54321"], "BBAA", 1),
        (["43891", "12345", "INV-9"], "BAA", 0),
        (["01/02/2025", "12345", "INV-9"], "BAA", 1),
        (["10/14-15", "12345", "INV-9"], "BAA", 0),
    ],
)
def test_the_numbers_of_the_same_vendor_count_first(
    tmp_path: Path, numbers: list[str], suppliers: str, rows: int
) -> None:
    assert codes(read(tmp_path, numbers, suppliers)) == [LIKE] * rows


def test_number_cells_of_a_workbook_are_read_alike(tmp_path: Path) -> None:
    rows = [("Number", "Net", "Supplier"), ("3/2020", 1, "A"), (43891, 2, "A"), ("4/2020", 3, "A")]
    path = book(tmp_path / "l.xlsx", {"Bills": rows})
    assert finding_cells(checked([path], template(tmp_path, TEXT))) == [(LIKE, 3, "Number")]
