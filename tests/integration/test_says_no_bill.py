"""Bills whose number, vendor or text says that they are credit notes, or void."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import BY_SUPPLIER, checked, csv_file, finding_cells, template

SAYS = "bills.amount.says_no_bill"
DAY = "2025-05-31"


def says(
    folder: Path, *rows: tuple[str, ...], before: int = 7
) -> list[tuple[str, int | None, str | None]]:
    count = range(1, before + 1)
    others = [(f"Supplier {i}", f"INV-{i}", DAY, f"{i}.00", f"Paper {i}") for i in count]
    header = ("Supplier", "Number", "Date", "Net", "Text")
    path = csv_file(folder / "l.csv", [header, *others, *rows])
    of = checked([path], template(folder, BY_SUPPLIER % "" + "credit_notes: negative\n"))
    assert len(list(of.valid_bills())) == len(others) + len({row[1] for row in rows})
    return [cell for cell in finding_cells(of) if cell[0] == SAYS]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("A", "CN-2", DAY, "5.00", "x"), "Number"),
        (("A", "CRN 0002", DAY, "5.00", "x"), "Number"),
        (("A", "VOID INV-2", DAY, "5.00", "x"), "Number"),
        (("A", "Gutschrift 7", DAY, "5.00", "x"), "Number"),
        (("VOID", "B-2", DAY, "5.00", "x"), "Supplier"),
        (("A", "B-2", DAY, "5.00", "CREDIT NOTE for damaged goods"), "Text"),
        (("A", "B-2", DAY, "5.00", "Credit memo"), "Text"),
        (("A", "B-2", DAY, "5.00", "Void - entered twice"), "Text"),
        (("A", "B-2", DAY, "5.00", "void entered twice"), "Text"),
        (("A", "B-2", DAY, "5.00", "VOID"), "Text"),
        (("A", "B-2", DAY, "5.00", "VOID 2025-03"), "Text"),
        (("A", "B-2", DAY, "5.00", "Note de crédit"), "Text"),
        (("A", "B-2", DAY, "5.00", "cancelled"), "Text"),
        (("A", "B-2", DAY, "5.00", "Storno: Stühle"), "Text"),
        (("A", "B-2", DAY, "5.00", "Opening balance 01/05/2025"), "Text"),
        (("A", "B/F", DAY, "5.00", "x"), "Number"),
        (("A", "B-2", DAY, "5.00", "Saldovortrag"), "Text"),
        (("A", "B-2", DAY, "5.00", "Payment received"), "Text"),
        (("A", "B-2", DAY, "5.00", "Überweisung"), "Text"),
        (("A", "B-2", DAY, "5.00", "Pro-forma invoice"), "Text"),
        (("A", "B-2", DAY, "5.00", "Statement"), "Text"),
        (("A", "SUB-2", DAY, "5.00", "Zwischensumme"), "Text"),
        (("A", "B-2", DAY, "5.00", "Chairs - DO NOT PAY, disputed"), "Text"),
        (("A", "B-2", DAY, "5.00", "Stühle, bereits bezahlt"), "Text"),
        (("A", "B-2", DAY, "5.00", "Paid on 3 May"), "Text"),
        (("A", "B-2", DAY, "5.00", "Written off"), "Text"),
    ],
)
def test_a_bill_that_says_it_is_none_is_a_warning(
    tmp_path: Path, row: tuple[str, ...], column: str
) -> None:
    assert says(tmp_path, row) == [(SAYS, 9, column)]
    negative = (*row[:3], "-5.00", row[4])
    assert says(tmp_path, negative) == []


@pytest.mark.parametrize("before", [8, 4000])
def test_each_is_in_its_own_cell_among_few_bills_and_many(tmp_path: Path, before: int) -> None:
    rows = [("A", "B/F", DAY, "5.00", "x"), ("VOID", "B-2", DAY, "6.00", "x")]
    rows += [("A", "B-3", DAY, "7.00", "cancelled"), ("A", "CN-4", DAY, "8.00", "x")]
    columns = ("Number", "Supplier", "Text", "Number")
    expected = [(SAYS, before + 2 + i, column) for i, column in enumerate(columns)]
    assert says(tmp_path, *rows, before=before) == expected


@pytest.mark.parametrize(
    "row",
    [
        ("Credit Suisse", "B-2", DAY, "5.00", "Voids filled with foam"),
        ("A", "B-2", DAY, "5.00", "Paid search, May"),
        ("Void Fill Ltd", "CNC-2", DAY, "5.00", "Creditors list"),
        ("A", "CNX", DAY, "5.00", "Cancellation cover"),
        ("Void fill packaging", "B-2", DAY, "5.00", "Void fill packaging"),
        ("A", "B-2", DAY, "5.00", "Void former, 150 mm"),
        ("A", "B-2", DAY, "5.00", "Payment processing fees"),
        ("A", "B-2", DAY, "5.00", "Balance of fees, brought by courier"),
        ("A", "B-2", DAY, "5.00", "Total station, survey"),
        ("Total Energies", "B-2", DAY, "5.00", "Statement printing"),
        ("A", "B-2", DAY, "5.00", "Undisputed work"),
    ],
)
def test_ordinary_words_say_nothing(tmp_path: Path, row: tuple[str, ...]) -> None:
    assert says(tmp_path, row) == []


def test_numbers_that_are_all_alike_say_nothing(tmp_path: Path) -> None:
    rows = [(f"B{i}", f"CN-{i}", DAY, "5.00", "x") for i in range(8)]
    assert says(tmp_path, *rows) == []


@pytest.mark.parametrize("text", ["Payment", "Total", "Statement"])
def test_a_text_that_most_bills_have_says_nothing(tmp_path: Path, text: str) -> None:
    assert says(tmp_path, *((f"B{i}", f"X-{i}", DAY, "5.00", text) for i in range(8))) == []


def test_one_line_of_several_says_nothing_of_the_bill(tmp_path: Path) -> None:
    lines = [("A", "B-2", DAY, "5.00", "Paper"), ("A", "B-2", DAY, "1.00", "credit note in part")]
    assert says(tmp_path, *lines) == []
