"""Rows that are totals, notes or other bills are never lines of the bill above them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from bill_sheets import BY_SUPPLIER, checked, codes, csv_file, finding_cells, template, valid
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mapping_source import counts, reasons

from importer.core.text_column import arrow_texts, cells_starting
from importer.core.total_words import is_total, may_be_total_of, may_begin_total
from importer.validation.checked_bills import Checked

HEADER = ["Supplier", "Number", "Date", "Net", "Text"]
DOWN = "fill_down: [Supplier, Number]"
DAY = "2025-05-31"
ROWS = [
    ["Acme", "A1", DAY, "10.00", "x"],
    ["", "", "", "5.00", "y"],
    ["Beta", "B1", DAY, "7.00", "z"],
]
Rows = list[list[Any]]


def read(folder: Path, rows: Rows, source: str = DOWN, header: list[str] = HEADER) -> Checked:
    path = csv_file(folder / "l.csv", [header, *rows])
    return checked([path], template(folder, BY_SUPPLIER % source))


def bills(of: Checked) -> dict[str | None, int]:
    return {b.invoice_number: b.amount for b in of.valid_bills()}


# --- totals -----------------------------------------------------------------------------------


LEDGER = [["Acme", "A1", DAY, "10.00", "x"], ["Acme", "A2", DAY, "5.00", "y"],
          ["Beta", "B1", DAY, "7.00", "z"], ["Beta", "B2", DAY, "3.00", "w"],
          ["Gamma", "C1", DAY, "2.00", "v"]]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "totals"),
    [
        ([*LEDGER, ["Acme Total", "T1", DAY, "27.00", ""]], [7]),  # like a bill, with a word
        ([*LEDGER[:3], ["Total", "T1", DAY, "22.00", "x"], *LEDGER[3:]], [5]),
        ([*LEDGER, ["Zeta", "Z1", DAY, "27.00", "x"]], [7]),  # the last row, without one
        ([*LEDGER[:2], ["Acme", "ST", DAY, "15.00", ""], *LEDGER[2:4],
          ["Beta", "ST", DAY, "10.00", ""], LEDGER[4], ["Gamma", "ST", DAY, "2.00", ""]],
         [4, 7, 9]),  # subtotals all the way
        ([LEDGER[0], ["Acme", "A1", DAY, "5.00", "y"], ["Acme", "A1", DAY, "15.00", ""],
          *LEDGER[2:]], [4]),  # the bill's own sum, without the text of its lines
    ],
)  # fmt: skip
def test_a_total_that_looks_like_a_bill_is_asked_about(
    tmp_path: Path, rows: Rows, totals: list[int]
) -> None:
    of = read(tmp_path, rows, "")
    assert [f.cell.row for f in of.findings if f.code == "sheet.row.total"] == totals


@pytest.mark.parametrize(
    "rows",
    [
        [*LEDGER[:2], ["Total Energies", "T1", DAY, "15.01", ""]],
        [*LEDGER[:2], ["Zeta", "Z1", DAY, "15.00", ""]],  # few rows, and no word
        [[*row[:3], "5.00", row[4]] for row in LEDGER],
    ],
)
def test_a_bill_that_is_no_sum_is_not_asked_about(tmp_path: Path, rows: Rows) -> None:
    assert codes(read(tmp_path, rows, "")) == []


@pytest.mark.parametrize(
    ("at", "row"),
    [
        (3, ["", "", "", "22.00", ""]),  # of the file
        (2, ["", "", "", "15.00", ""]),  # of a bill
        (2, ["", "", "", "15.00", "Total A1"]),
        (3, ["", "", "", "99.00", "Summe"]),  # a word, whatever it comes to
        (3, ["Zwischensumme", "", "", "22.00", ""]),
        (1, ["", "", "", "10.00", "Sous-total"]),
        (3, ["Beta", "", "", "7.00", "Subtotal"]),
    ],
)
def test_total_under_fill_down_is_asked_about(tmp_path: Path, at: int, row: list[str]) -> None:
    last = ["Gamma", "C1", DAY, "1.00", "w"]
    of = read(tmp_path, [*ROWS[:at], row, *ROWS[at:], last])
    if row[4] == "Total A1":  # no word that stands alone, and a text: a line
        assert codes(of) == []
        return
    assert [(f.code, f.cell.row) for f in of.findings] == [("sheet.row.total", at + 2)]
    assert bills(of).get("C1") == 100
    assert bills(of).items() <= {"A1": 1500, "B1": 700, "C1": 100}.items()


@pytest.mark.parametrize("source", [DOWN, "fill_down: []"])
@pytest.mark.parametrize("row", [["", "", "", "22.00", "Total"], ["Total:", "", "", "22.00", ""]])
def test_labelled_sum_at_the_end_is_the_total_of_the_file(
    tmp_path: Path, source: str, row: list[str]
) -> None:
    rows = [*ROWS[:1], ["Acme", "A1", DAY, "5.00", "y"], ROWS[2], row]
    of = read(tmp_path, rows, source)
    assert codes(of) == []
    assert (bills(of), of.controls) == ({"A1": 1500, "B1": 700}, {"GBP": 2200})


def test_template_names_an_unlabelled_total(tmp_path: Path) -> None:
    total = "control_total: {amount: Net, blank: [Date, Text]}"
    of = read(tmp_path, [*ROWS, ["", "", "", "22.00", ""]], f"{DOWN}, {total}")
    assert (codes(of), of.controls) == ([], {"GBP": 2200})


def test_total_that_repeats_the_keys_of_its_bill_is_asked_about(tmp_path: Path) -> None:
    rows = [["Acme", "A1", DAY, net, text] for net, text in (("10.00", "x"), ("5.00", "y"))]
    of = read(tmp_path, [*rows, ["Acme", "A1", DAY, "15.00", "Total"], ROWS[2]], "")
    assert finding_cells(of) == [("sheet.row.total", 4, "Text")]
    assert bills(of) == {"B1": 700}


@pytest.mark.parametrize(
    "row",
    [
        ["Total", "T1", DAY, "22.00", ""],  # a supplier of that name
        ["", "", "", "22.00", "Gross weight 5 t"],
        ["", "", "", "7.00", "z"],
    ],
)
def test_bill_or_line_that_happens_to_be_the_sum_is_none(tmp_path: Path, row: list[str]) -> None:
    assert codes(read(tmp_path, [*ROWS, row])) == []


def test_a_bill_that_is_called_a_total_and_is_one_is_reported(tmp_path: Path) -> None:
    of = read(tmp_path, [*ROWS, ["Acme", "A2", DAY, "22.00", "Total"]])
    assert codes(of) == ["bills.amount.says_no_bill"]


def test_words_for_totals() -> None:
    for text in ("TOTAL", "Grand Total:", "Summe EUR", "Total général", "Totaal", "*** Total ***"):
        assert is_total(text)
    for text in ("Total Gas & Power", "Sumo Ltd", "Totally", "Sum 41", "Report", ""):
        assert not is_total(text)
    assert may_be_total_of("Total for Acme")


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_money_is_right_wherever_a_total_is(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """A total of the file, of a bill or since the last one, with or without a word, anywhere."""
    chance = random.Random(seed)
    down = chance.random() < 0.6
    rows: Rows = []
    truth: dict[str, int] = {}
    last = since = 0
    for i in range(chance.randrange(2, 7)):
        number, of_bill = f"N{i}", 0
        for k in range(chance.choice((1, 2, 3))):
            cents = chance.randrange(1, 10**6)
            of_bill += cents
            head = ["", "", ""] if k and down else [f"V{i % 3}", number, DAY]
            rows.append([*head, f"{cents / 100:.2f}", f"text {k}"])
        truth[number] = of_bill
        last, since = last + of_bill, since + of_bill
        if chance.random() < 0.5:
            total = chance.choice((last, since, of_bill))
            word = chance.choice(("", "Total", "Subtotal:", "SUMME"))
            vendor = chance.choice(("", "", word, f"V{i % 3}"))
            row = [vendor, "", "", f"{total / 100:.2f}", chance.choice((word, ""))]
            rows.append(row)
            since = 0
    of = read(tmp_path_factory.mktemp("l"), rows, DOWN if down else "")
    for number, amount in bills(of).items():
        assert amount == truth[number or ""]


# --- notes ------------------------------------------------------------------------------------


def test_row_without_amount_and_account_is_a_note(tmp_path: Path) -> None:
    rows = [[*ROWS[0], "7220"], ["", "", "", "", "Delivered in May", ""], [*ROWS[1], "7220"],
            ["Acme", "A1", DAY, "", "and unpacked", ""], [*ROWS[2], "7220"],
            ["", "", "", "", "© Council 2025", ""]]  # fmt: skip
    rows[3][:3] = ["", "", ""]
    of = read(tmp_path, rows, header=[*HEADER, "Account"])
    assert codes(of) == []
    assert bills(of) == {"A1": 1500, "B1": 700}
    assert set(reasons(of)) == {3, 5, 7}
    assert "3 rows passed over (3, 5, 7): a note" in " ".join(of.mapped.notes)


def test_line_that_lacks_its_amount_is_no_note(tmp_path: Path) -> None:
    rows = [[*ROWS[0], "7220"], ["", "", "", "", "Toner", "7220"]]
    of = read(tmp_path, rows, header=[*HEADER, "Account"])
    assert finding_cells(of) == [("line_items.netAmount.required", 3, "Net")]
    of = read(tmp_path, [ROWS[0], ["Acme", "A2", DAY, "", "x"]])
    assert valid(of) == [2]


def test_blank_row_among_many_changes_nothing(tmp_path: Path) -> None:
    rows = [["Acme", f"A{i}", DAY, "1.00", "x"] for i in range(300)]
    for at in (1, 150, 299):
        of = read(tmp_path, [*rows[:at], [""] * 5, [" ", "", "\u00a0", "", ""], *rows[at:]])
        assert (codes(of), len(valid(of))) == ([], 300)
        of = read(tmp_path, [*rows[:at], ["", "", "", "3.00", "y"], *rows[at:]], "")
        assert len(valid(of)) == 300


def test_lines_below_a_row_that_has_but_a_vendor_may_be_of_the_bill_above(tmp_path: Path) -> None:
    rows = [ROWS[0], ["N/A", "", "", "", ""], ROWS[1], ROWS[2]]
    of = read(tmp_path, rows)
    assert ("bills.lines.in_doubt", 2) in [f[:2] for f in finding_cells(of)]
    assert bills(of) == {"B1": 700}


@settings(max_examples=15)
@given(st.integers(0, 10**9))
def test_money_is_right_wherever_a_row_lacks_its_cells(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Among 120 rows some are blank, have spaces, a note, or only a part of a line's cells."""
    chance = random.Random(seed)
    down = chance.random() < 0.5
    rows: Rows = []
    truth: dict[str, int] = {}
    for i in range(60):
        cents = [chance.randrange(1, 10**6) for _ in range(2)]
        truth[f"N{i}"] = sum(cents)
        for k, each in enumerate(cents):
            head = ["", "", ""] if k and down else [f"V{i % 3}", f"N{i}", DAY]
            rows.append([*head, f"{each / 100:.2f}", f"text {k}"])
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(rows) + 1)
        blank = [chance.choice(("", " ", "\u00a0", "\t")) for _ in HEADER]
        if chance.random() < 0.4:
            blank[chance.choice((0, 1, 2, 4))] = chance.choice(("x", DAY, "N/A", "-"))
        rows.insert(at, blank)
    of = read(tmp_path_factory.mktemp("l"), rows, DOWN if down else "")
    sent = bills(of)
    assert len(sent) >= 60 - 8
    assert {number: truth.get(number or "") for number in sent} == sent


# --- rows that go on with a bill --------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["", "", "2025-06-01", "9.00", "x", "", ""], "Date"),
        (["", "", DAY, "9.00", "x", "", ""], "Date"),  # though it is the date above
        (["", "", "", "9.00", "x", "2025-07-01", ""], "Due"),
        (["", "", "", "9.00", "x", "", "9.00"], "Total"),
    ],
)
def test_row_that_may_be_another_bill_takes_nothing(
    tmp_path: Path, row: list[str], column: str
) -> None:
    rows = [[*r, "", ""] for r in ROWS]
    of = read(tmp_path, [*rows, row, rows[1]], header=[*HEADER, "Due", "Total"])
    assert [f for f in finding_cells(of) if f[0].startswith("sheet")] == [
        ("sheet.row.no_bill", 5, column)
    ]
    assert bills(of) == {"A1": 1500}  # B1 may lack the row


def test_missing_vendor_is_reported_where_vendors_are_repeated(tmp_path: Path) -> None:
    some = [["Acme", "A1", DAY, "1.00", "x"], ["", "A2", DAY, "2.00", "x"]]
    assert codes(read(tmp_path, some)) == []
    repeated = [["Beta", "B1", DAY, "3.00", "x"], ["Beta", "B2", DAY, "4.00", "x"]]
    of = read(tmp_path, [*some, *repeated])
    assert finding_cells(of) == [("sheet.row.no_vendor", 3, "Supplier")]
    assert bills(of) == {"A1": 100, "B1": 300, "B2": 400}


def test_missing_vendor_is_reported_where_vendors_are_named_again(tmp_path: Path) -> None:
    names = "Acme Beta Cole Dunn Eady Acme Frew Gale Hall Beta".split()
    rows = [[name, f"A{i}", DAY, "1.00", "x"] for i, name in enumerate(names)]
    of = read(tmp_path, [*rows, ["", "A10", DAY, "2.00", "x"]])
    assert finding_cells(of) == [("sheet.row.no_vendor", 12, "Supplier")]
    by_vendor = [[f"{name}{i}", *rest] for i, (name, *rest) in enumerate(rows)]
    assert codes(read(tmp_path, [*by_vendor, ["", "A10", DAY, "2.00", "x"]])) == []


def test_rows_that_take_values_are_counted(tmp_path: Path) -> None:
    (note,) = read(tmp_path, [*ROWS, ROWS[1], ROWS[1]]).mapped.notes
    what = "3 rows take values of 'Supplier', 'Number' from the rows above (3, 5, 6)"
    assert note.endswith(f"l.csv: {what}.")
    assert counts(read(tmp_path, ROWS)) == {"data": 3}


@pytest.mark.parametrize(
    "word",
    "Total|Subtotal|sum|b/f|c/f|Gesamtsumme|Zwischensumme|Übertrag|Insgesamt|Total général"
    "|Sous-total|totaux|Somme|à reporter|report à nouveau|Totale|somma|Suma|importe total|totaal"
    "|eindtotaal|totalt|delsumma|summa|sammanlagt|i alt|sluttotal|razem|ogółem|łącznie".split("|"),
)
def test_no_word_for_a_total_is_passed_by_for_how_it_begins(word: str) -> None:
    assert is_total(word)
    texts = arrow_texts([f"Paper {n}" for n in range(50)] + [word, f"  {word}: "])
    assert {50, 51} <= {*cells_starting(texts, may_begin_total).tolist()}
