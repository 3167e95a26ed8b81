"""A row of a bill whose invoice number was changed, so that it became a bill of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from bill_sheets import LEDGER, checked, csv_file, finding_cells, template, valid

from importer.validation.checked_bills import Checked

TORN = "bills.invoiceNumber.torn"
HEADER = ("Number", "Net", "Supplier", "Date", "Document")
BY_SUPPLIER = LEDGER.replace("{value: A}", "{column: Supplier}").replace(
    "{value: 2025-01-31}", "{column: Date}"
)
Line = tuple[str, ...]


def read(folder: Path, rows: Sequence[Line], text: str = BY_SUPPLIER) -> Checked:
    return checked([csv_file(folder / "l.csv", [HEADER, *rows])], template(folder, text))


def numbered(numbers: Sequence[str]) -> list[Line]:
    return [(n, f"{k}.00", "Acme", "2025-03-01", "") for k, n in enumerate(numbers, 1)]


@pytest.mark.parametrize(
    ("numbers", "row"),
    [
        (["A-100", "A-100", "A-10", "A-100", "B-2", "B-2"], 4),
        (["B-1", "A-100", "A-1000", "A-1000", "A-100"], 4),
        (["B-1", "A-100", "A-101", "A-100"], 4),
        (["A-100", "B-55", "A-100", "C-9"], 3),
        (["A-100", "A-10"], 0),  # nothing says that they are one
        (["A-100", "A-10", "A-100", "A-10", "A-100", "A-10"], 0),  # rows are scattered
    ],
)
def test_a_row_with_another_number_inside_of_a_bill_is_a_warning(
    tmp_path: Path, numbers: list[str], row: int
) -> None:
    of = read(tmp_path, numbered(numbers))
    assert finding_cells(of) == ([(TORN, row, "Number")] if row else [])
    assert len(valid(of)) == len(set(numbers))


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        (["10243", "10243", "12043", "777"], "'02' and '20' are swapped"),
        (["INV-2043", "INV-2034", "X-1"], "'43' and '34' are swapped"),
        (["INV-2043", "INV-2O43"], "'O' is in the place of '0'"),
        (["INV-2l43", "INV-2143"], "'1' is in the place of 'l'"),
        (["INV-2043", "INV-2044"], ""),
        (["INV-2043", "INV-2143"], ""),
        (["A100", "B100"], ""),
    ],
)
def test_a_number_beside_that_looks_mistyped_is_a_warning(
    tmp_path: Path, numbers: list[str], why: str
) -> None:
    of = read(tmp_path, numbered(numbers))
    assert [f.code for f in of.findings] == [TORN] * bool(why)
    assert all(why in f.message for f in of.findings)


BY_BOTH = BY_SUPPLIER.replace("group_by: [Number]", "group_by: [Supplier, Number]")


@pytest.mark.parametrize(
    ("numbers", "vendors", "rows"),
    [
        (["A-100", "A-101", "A-101", "B-7"], "Acme Acme Beta Beta", [4]),  # filled down too far
        (["A-100", "A-101", "A-101", "B-7"], "Acme Beta Gamma Gamma", [4]),
        (["A-100", "A-101", "A-101", "B-7"], "Acme Beta Gamma Delta", []),
        (["A-100", "BOOK", "BOOK", "B-7"], "Acme Acme Beta Beta", []),
        (["A-100", "A-101", "A-101", "B-7"], "Acme Acme Acme Beta", []),
        (["1", "2", "2", "3"], "Acme Acme Beta Beta", []),
    ],
)
def test_a_vendor_that_reaches_into_the_rows_of_another_bill_is_a_warning(
    tmp_path: Path, numbers: list[str], vendors: str, rows: list[int]
) -> None:
    lines = [
        (n, "5.00", v, "2025-03-01", "") for n, v in zip(numbers, vendors.split(), strict=True)
    ]
    of = read(tmp_path, lines, BY_BOTH)
    assert finding_cells(of) == [("bills.invoiceNumber.two_vendors", row, "Number") for row in rows]


@pytest.mark.parametrize("change", [("Acme", "Beta"), ("2025-03-01", "2025-03-02")])
def test_another_vendor_or_date_is_another_bill(tmp_path: Path, change: tuple[str, str]) -> None:
    rows = numbered(["A-100", "A-101", "A-100"])
    rows[1] = tuple(change[1] if cell == change[0] else cell for cell in rows[1])
    assert [f.code for f in read(tmp_path, rows).findings] == []


DOCUMENTS = ["ACC-PINV-2025-{:05}", "27350000{:06}", "{:08x}-{:04}", "DOC/{:06}", "P{:05}"]


@pytest.mark.parametrize("form", DOCUMENTS)
@pytest.mark.parametrize("edge", ["first", "last", "unsorted"])
def test_a_reference_that_two_bills_share_is_the_evidence(
    tmp_path: Path, form: str, edge: str
) -> None:
    """The kind: any bill of a file of several lines each, its first or last row renumbered, or any
    row where the rows are in another order."""
    made = random.Random(form + edge)
    rows: list[Line] = []
    for k in range(20):
        number, document = f"{made.randrange(10**5, 10**6)}", form.format(7000 + k, 7000 + k)
        supplier = made.choice(["Acme", "Beta"])
        for _ in range(made.randrange(2, 5)):
            rows.append((number, f"{made.randrange(1, 900)}.00", supplier, "2025-03-01", document))
    if edge == "unsorted":
        made.shuffle(rows)
    assert [f.code for f in read(tmp_path, rows).findings] == []
    hit = made.choice(sorted({row[0] for row in rows}))
    at = [i for i, row in enumerate(rows) if row[0] == hit][0 if edge == "first" else -1]
    rows[at] = (f"{made.randrange(10**6, 10**7)}", *rows[at][1:])
    of = read(tmp_path, rows)
    assert [f.code for f in of.findings] == [TORN]
    assert f"both have '{rows[at][4]}' in column 'Document'" in of.findings[0].message


@pytest.mark.parametrize(
    "documents",
    [
        ["PO-1001", "PO-1001", "PO-1002", "PO-1002", "PO-1003", "PO-1004"],  # of several bills
        ["", "", "", "", "", "10001"],
        ["2025-03-01"] * 6,
        ["1000.00", "1000.00", "1200.00", "1300.00", "1400.00", "1500.00"],
        ["Paper", "Paper", "Ink", "Pens", "Toner", "Desk"],
    ],
)
def test_columns_that_say_nothing_of_bills_are_no_evidence(
    tmp_path: Path, documents: list[str]
) -> None:
    rows = [(*row[:4], d) for row, d in zip(numbered(["61", "75", "83", "92", "14", "28"]),
            documents, strict=True)]  # fmt: skip
    assert [f.code for f in read(tmp_path, rows).findings] == []


def test_the_reference_that_two_bills_share_is_quoted(tmp_path: Path) -> None:
    """Also where the first row of one of them has none."""
    rows = [
        (str(10**5 + 7 * k), f"{k}{i}.00", "Acme", "2025-03-01", f"PO-{k:04}")
        for k in range(1, 20)
        for i in range(2)
    ]
    rows[-2] = (*rows[-2][:4], "")
    of = read(tmp_path, [*rows, ("777", "5.00", "Acme", "2025-03-01", "PO-0019")])
    assert [f.code for f in of.findings] == [TORN]
    assert "both have 'PO-0019' in column 'Document'" in of.findings[0].message
