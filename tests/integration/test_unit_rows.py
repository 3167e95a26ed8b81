"""A row below the header that states the units of its columns is read with the header."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import BY_SUPPLIER, checked, codes, csv_file, template, valid

from importer.validation.checked_bills import Checked

HEADERS = ("Supplier", "Number", "Date", "Net", "Text")


def read(folder: Path, *units: str) -> Checked:
    rows = [("Acme", f"A{i}", "2025-05-31", f"{i}0.00", "x") for i in range(1, 4)]
    file = csv_file(folder / "l.csv", [HEADERS, units, *rows])
    return checked([file], template(folder, BY_SUPPLIER % ""))


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("GBP", ""),
        ("(£)", ""),
        ("£000", "sheet.column.scaled"),
        ("(£'000)", "sheet.column.scaled"),
        ("TEUR", "sheet.column.scaled"),
        ("in thousands", "sheet.column.scaled"),
        ("EUR", "sheet.column.other_currency"),
        ("$", "sheet.column.dollars"),
        ("pence", "sheet.column.in_cents"),
    ],
)
@pytest.mark.parametrize("day", ["", "yyyy-mm-dd"])
def test_units_below_the_header_are_checked_as_those_in_it(
    tmp_path: Path, unit: str, code: str, day: str
) -> None:
    of = read(tmp_path, "", "", day, unit, "")
    assert [c for c in codes(of) if c != "sheet.column.other_currency" or unit == "EUR"] == (
        [code] if code else []
    )
    assert valid(of) == ([] if code.endswith(("currency", "cents")) else [3, 4, 5])
    (note,) = of.mapped.notes
    assert note.endswith("1 row passed over (2): it states the units of its columns.")


@pytest.mark.parametrize(
    "row",
    [
        ("Acme", "", "", "GBP", ""),
        ("", "", "", "1,000", ""),
        ("", "", "", "n/a", ""),
        ("", "", "GBP", "", ""),
        ("", "A9", "2025-05-31", "£000", ""),
    ],
)
def test_other_rows_below_the_header_are_rows(tmp_path: Path, row: tuple[str, ...]) -> None:
    of = read(tmp_path, *row)
    assert not of.mapped.notes
