"""How a column is written: number cells beside text, digits beyond Excel's 15."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bill_sheets import LEDGER, VENDOR, book, checked, codes, csv_file, finding_cells, template
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from importer.core.money import money
from importer.validation.checked_bills import Checked

BY_QUANTITY = LEDGER.replace("{column: Net}", "{product: [Qty, Price], round: half_up}")


def ledger(folder: Path, *nets: Any, text: str = LEDGER) -> Checked:
    rows = [["Number", "Net"], *([f"N{i}", net] for i, net in enumerate(nets))]
    return checked([book(folder / "l.xlsx", {"Ledger": rows})], template(folder, text))


# --- number cells beside numbers as text ----------------------------------------------------------


@pytest.mark.parametrize(
    "nets",
    [
        (1250, "1.234,50"),  # 1.250 or 1250
        (1.25, "1.234,50"),  # English Excel reads 1.250 so
        (12.345, "1.234,50"),
        (1.25, "1,234.50"),  # German Excel reads 1,250 so
        (1500, "0.75"),
        (-1250, "12,50", "0,10"),
    ],
)
def test_number_cells_beside_text_of_another_country_are_refused(
    tmp_path: Path, nets: tuple[Any, ...]
) -> None:
    of = ledger(tmp_path, *nets)
    assert finding_cells(of) == [("line_items.netAmount.mixed_typed", 2, "Net")]
    assert of.findings[0].lines == (0,)


def test_stated_decimal_mark_does_not_settle_number_cells(tmp_path: Path) -> None:
    text = LEDGER.replace("{amounts: decimal}", "{amounts: decimal, numbers: comma}")
    assert codes(ledger(tmp_path, 1250, "1.234,50", text=text)) == [
        "line_items.netAmount.mixed_typed"
    ]


def test_quantities_are_doubted_like_amounts(tmp_path: Path) -> None:
    rows = [["Number", "Qty", "Price"], ["A1", 1500, 10], ["A2", "0.75", 10]]
    path = book(tmp_path / "l.xlsx", {"Ledger": rows})
    of = checked([path], template(tmp_path, BY_QUANTITY))
    assert finding_cells(of) == [("line_items.factor.mixed_typed", 2, "Qty")]
    assert [bill.amount for bill in of.valid_bills()] == [750]


@pytest.mark.parametrize(
    "nets",
    [
        (1250, "300"),  # whole numbers prove nothing
        (1234.5, "99.10", 1250),  # no reading of a text makes 1234.5
        (0.75, "99,10"),
        (0, "99.10"),
        (1250, 12.5),
        ("1.250,00", "12,50"),
        (1250, "N/A"),
    ],
)
def test_columns_that_no_other_excel_has_read_are_not_doubted(
    tmp_path: Path, nets: tuple[Any, ...]
) -> None:
    assert not any("mixed_typed" in code for code in codes(ledger(tmp_path, *nets)))


def reopened(text: str, mark: str) -> Any:
    """What Excel of a country makes of a cell of a CSV file; ``mark`` is its decimal mark."""
    group = "," if mark == "." else "."
    if re.fullmatch(rf"-?(?:\d+|\d{{1,3}}(?:\{group}\d{{3}})+)(?:\{mark}\d+)?", text):
        return float(text.replace(group, "").replace(mark, "."))
    return text


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(-10_000_000, 10_000_000).filter(bool), min_size=2, max_size=6),
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([(".", ","), (",", ".")]),
)
def test_list_reopened_in_another_country_is_right_or_refused(
    tmp_path_factory: pytest.TempPathFactory, nets: list[int], decimals: int, marks: tuple[str, str]
) -> None:
    mine, other = marks
    to_mine = str.maketrans(".,", mine + other)
    written = []
    for net in nets:
        whole = net % 100 == 0 and decimals != 2
        text = f"{net // 100:,}" if whole else f"{money(net)}"
        text += "0" * (decimals - 2) if not whole and decimals > 2 else ""
        written.append(text.translate(to_mine))
    cells = [reopened(text, other) for text in written]
    assume(any(isinstance(cell, str) for cell in cells))
    of = ledger(tmp_path_factory.mktemp("reopened"), *cells)
    for bill in of.valid_bills():
        assert bill.amount == nets[int(bill.invoice_number[1:])], (written, cells)


# --- digits beyond those that Excel shows ---------------------------------------------------------


def with_digits(path: Path, digits: dict[int, str]) -> Path:
    """The workbook with other digits in the place of some numbers; openpyxl would round them."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            for number, text in digits.items():
                data = data.replace(b"<v>%d</v>" % number, b"<v>%s</v>" % text.encode())
            archive.writestr(name, data)
    return path


RESIDUE = {88001: "28492.100000000002", 88002: repr(0.1 + 0.2)}


def test_binary_residue_is_read_as_excel_shows_it_and_noted_once(tmp_path: Path) -> None:
    rows = [["Number", "Net"]]
    nets = (159114.61, 88001, 88002, 1234.5600000001, 1234.565)
    rows += [[f"N{i}", net] for i, net in enumerate(nets)]  # type: ignore[list-item]
    path = with_digits(book(tmp_path / "l.xlsx", {"Ledger": rows}), RESIDUE)
    of = checked([path], template(tmp_path, LEDGER))
    assert [bill.amount for bill in of.valid_bills()] == [15911461, 2849210, 30]
    assert [row for _, row, _ in finding_cells(of)] == [5, 6]
    (note,) = [note for note in of.mapped.notes if "15" in note]
    assert "2 numbers have more digits in 'Net'" in note
    assert "28492.100000000002 in row 3" in note


def test_binary_residue_in_a_column_of_cents_is_read_as_excel_shows_it(tmp_path: Path) -> None:
    bill = ["vendorId", "invoiceNumber", "issuedDate", "currency", "amount"]
    sheets = {
        "Bills": [bill, [VENDOR, "A", "2025-01-31", "GBP", 88001]],
        "Line items": [["invoiceNumber", "netAmount", "account"], ["A", 88001, "7100"]],
    }

    def as_written(digits: str) -> Checked:
        path = book(tmp_path / f"{digits}.xlsx", sheets)  # type: ignore[arg-type]
        return checked([with_digits(path, {88001: digits})])

    residue = as_written("284921.00000000006")
    assert [bill.amount for bill in residue.valid_bills()] == [284921]
    assert [note.count("284921.00000000006 in row 2") for note in residue.mapped.notes] == [1, 1]
    half = as_written("284921.5")
    assert codes(half) == ["bills.amount.not_cents", "line_items.netAmount.not_cents"]


def test_residue_in_a_text_cell_is_not_taken_off(tmp_path: Path) -> None:
    rows = [["Number", "Net"], ["N0", "28492.100000000002"]]
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, LEDGER))
    assert codes(of) == ["line_items.netAmount.not_amount"]


def test_control_total_with_residue_ties_out(tmp_path: Path) -> None:
    text = LEDGER.replace("{value: 2025-01-31}", "{column: Date}").replace(
        "group_by", "source: {control_total: {amount: Net, blank: [Number, Date]}}\ngroup_by"
    )
    day = "2025-01-31"
    rows = [["Number", "Date", "Net"], ["N0", day, 0.1], ["N1", day, 0.2], ["", "", 88002]]
    path = with_digits(book(tmp_path / "l.xlsx", {"Ledger": rows}), RESIDUE)  # type: ignore[arg-type]
    of = checked([path], template(tmp_path, text.replace("{value: A}", "{column: Number}")))
    assert codes(of) == []
    assert of.controls == {"GBP": 30}


# --- the columns of a file, weighed together ------------------------------------------------------

DATED = LEDGER.replace("{value: 2025-01-31}", "{column: Date}\n  dueDate: {column: Due}")
HEAD = ["Number", "Date", "Due", "Net"]


def dated(folder: Path, *days: tuple[str, str], head: list[str] = HEAD) -> Checked:
    rows = [head, *([f"N{i}", *two, "10.00"] for i, two in enumerate(days))]
    text = DATED if "Due" in head else DATED.replace("\n  dueDate: {column: Due}", "")
    return checked([csv_file(folder / "l.csv", rows)], template(folder, text))


def test_one_american_date_does_not_turn_a_column_round(tmp_path: Path) -> None:
    of = dated(
        tmp_path, ("01/03/2025", "31/03/2025"), ("05/13/2025", "20/06/2025"),
        ("02/06/2025", "30/06/2025"),
    )  # fmt: skip
    assert finding_cells(of) == [("bills.issuedDate.contradicts_columns", 2, "Date")]
    assert (
        "month first (row 3), but 'Due' has the day first (row 2, row 3, row 4)"
        in of.findings[0].message
    )
    assert list(of.valid_bills()) == []


def test_column_that_no_field_is_mapped_from_contradicts_too(tmp_path: Path) -> None:
    days = (("01/03/2025", "31/03/2025"), ("05/13/2025", "20/06/2025"))
    of = dated(tmp_path, *days, head=["Number", "Date", "Paid on", "Net"])
    assert [b.issued_date for b in of.valid_bills()] == [date(2025, 5, 13)]
    assert "bills.issuedDate.contradicts_columns" in codes(of)


def test_ambiguous_dates_are_read_as_the_other_columns_prove(tmp_path: Path) -> None:
    of = dated(tmp_path, ("01/03/2025", "31/03/2025"), ("02/03/2025", "01/04/2025"))
    assert codes(of) == []
    assert [b.issued_date for b in of.valid_bills()] == [date(2025, 3, 1), date(2025, 3, 2)]


def test_columns_that_disagree_do_not_decide_a_third(tmp_path: Path) -> None:
    head = ["Number", "Date", "Due", "Net", "Paid on"]
    rows = [head, ["N0", "01/03/2025", "31/03/2025", "1.00", "03/31/2025"]]
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, DATED))
    assert "bills.issuedDate.ambiguous" in codes(of)


@pytest.mark.parametrize(
    ("net", "tax", "code"),
    [
        ("1.234", "12,50", None),  # decided by the tax
        ("1.234,00", "12,50", None),
        ("1,234", "12.50", None),
        ("1,250.00", "12,50", "contradicts_columns"),
    ],
)
def test_number_columns_of_a_file_are_weighed_together(
    tmp_path: Path, net: str, tax: str, code: str | None
) -> None:
    text = LEDGER + "  taxAmount: {column: Tax}\n  taxCode: {value: S}\n"
    rows = [["Number", "Net", "Tax"], ["N0", net, tax]]
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, text))
    if code is None:
        assert [sum(line.net_amount or 0 for line in b.lines) for b in of.valid_bills()] == [123400]
    else:
        assert codes(of).count(f"line_items.netAmount.{code}") == 1
        assert list(of.valid_bills()) == []


def test_quantity_is_not_decided_by_amounts(tmp_path: Path) -> None:
    rows = [["Number", "Qty", "Price", "Net"], ["N0", "1.000", "12,50", "12,50"]]
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, BY_QUANTITY))
    assert codes(of) == ["line_items.factor.ambiguous"]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.dates(date(2024, 1, 1), date(2025, 12, 31)), min_size=2, max_size=5),
    st.lists(st.integers(0, 400), min_size=5, max_size=5),
    st.integers(0, 4),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]),
)
def test_date_typed_the_other_way_is_right_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    days: list[date],
    terms: list[int],
    odd: int,
    form: str,
) -> None:
    other = "%m/%d/%Y" if form.startswith("%d") else "%d/%m/%Y"
    due = [day + timedelta(days=n) for day, n in zip(days, terms, strict=False)]
    # the other columns must prove the order, or nobody can know it
    proofs = [day for k, day in enumerate([*days, *due]) if day.day > 12 and k != odd % len(days)]
    assume(len(proofs) > 1 and any(day.day > 12 for day in due))
    texts = [day.strftime(other if k == odd % len(days) else form) for k, day in enumerate(days)]
    written = [day.strftime(form) for day in due]
    of = dated(tmp_path_factory.mktemp("odd"), *zip(texts, written, strict=True))
    for bill in of.valid_bills():
        k = int(bill.invoice_number[1:])
        either = days[k].day <= 12 and k == odd % len(days)
        assert either or bill.issued_date == days[k], (texts, written)
        assert bill.due_date == due[k]


# --- what only the number format shows ------------------------------------------------------------


def formatted(folder: Path, *cells: tuple[Any, float, str]) -> Checked:
    """Bills of (number, net, format of the net)."""
    book_ = openpyxl.Workbook()
    sheet = book_.worksheets[0]
    sheet.append(["Number", "Net"])
    for row, (number, net, code) in enumerate(cells, start=2):
        sheet.cell(row, 1, number).number_format = '"INV-"0000'
        sheet.cell(row, 2, net).number_format = code
    book_.save(folder / "l.xlsx")
    return checked([folder / "l.xlsx"], template(folder, LEDGER))


def test_amount_shown_with_another_sign_or_size_is_refused(tmp_path: Path) -> None:
    of = formatted(tmp_path, (1, 60, '0.00" Cr"'), (2, 40, '"("0.00")"'), (3, 5000, "#,##0,"),
                   (4, 12, "0.00"), (5, -12, "0.00;[Red]0.00"), (6, 0, '0.00" Cr"'))  # fmt: skip
    told = [row for code, row, _ in finding_cells(of) if code.endswith("shown_otherwise")]
    assert told == [2, 3, 4]
    assert "'60.00 Cr'" in of.findings[0].message


def test_code_is_read_as_its_number_format_shows_it(tmp_path: Path) -> None:
    of = formatted(tmp_path, (42, 12, "0.00"), (12345, 12, "[$£-809]0.00"))
    assert [bill.invoice_number for bill in of.valid_bills()] == ["INV-0042", "INV-12345"]


@pytest.mark.parametrize(
    ("currency", "texts", "wrong"),
    [
        ("GBP", ["$100.00", "50.00", "5.00"], [2]),
        ("EUR", ["100,00", "50,00 $"], [3]),
        ("GBP", ["$100.00", "$50.00"], []),  # some exports of pounds put $ before all amounts
        ("USD", ["$100.00", "50.00"], []),
        ("AUD", ["-$100.00", "($50.00)", "5.00"], []),
        ("GBP", ["$100.00", "£50.00"], [2]),
    ],
)
def test_dollar_sign_of_some_amounts_is_of_another_currency(
    tmp_path: Path, currency: str, texts: list[str], wrong: list[int]
) -> None:
    mapping = LEDGER.replace("currency: {value: GBP}", f"currency: {{value: {currency}}}")
    rows = [["Number", "Net"], *([f"A{i}", text] for i, text in enumerate(texts))]
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, mapping))
    code = "line_items.netAmount.other_currency"
    assert [f.cell.row for f in of.findings if f.code == code] == wrong


# --- dates that a time zone has moved -------------------------------------------------------------


def timed(folder: Path, *moments: Any) -> Checked:
    rows = [["Number", "Net", "Date"], *([f"A{i}", 5, at] for i, at in enumerate(moments))]
    text = LEDGER.replace("{value: 2025-01-31}", "{column: Date}")
    return checked([book(folder / "l.xlsx", {"L": rows})], template(folder, text))


@pytest.mark.parametrize(
    ("hours", "rows"),
    [
        ([(23, 0), (23, 0), (23, 0)], [2, 3, 4]),
        ([(22, 0), (23, 0), (22, 0)], [2, 3, 4]),
        ([(23, 0), (0, 0), (0, 0)], [2]),  # of London: in winter there is no difference
        ([(18, 30), (18, 30), (18, 30)], [2, 3, 4]),
        ([(14, 0), (13, 0), (13, 0)], [2, 3, 4]),
        ([(0, 0), (0, 0), (22, 0)], [4]),
    ],
)
def test_dates_with_the_midnight_of_another_time_zone_are_refused(
    tmp_path: Path, hours: list[tuple[int, int]], rows: list[int]
) -> None:
    of = timed(tmp_path, *(datetime(2025, 3, 4 + i, *at) for i, at in enumerate(hours)))  # noqa: DTZ001
    assert finding_cells(of) == [("bills.issuedDate.shifted", rows[0], "Date")]
    assert [b.row for b in of.valid_bills()] == [row for row in (2, 3, 4) if row not in rows]
    as_text = timed(
        tmp_path, *(f"2025-03-0{4 + i}T{h:02}:{m:02}:00" for i, (h, m) in enumerate(hours))
    )
    assert finding_cells(as_text) == finding_cells(of)


def test_next_day_is_told_in_the_order_that_the_column_proves(tmp_path: Path) -> None:
    of = timed(tmp_path, "03/02/2025 23:00", "03/25/2025 23:00")
    [finding] = of.findings
    assert "may be of the next day, 2025-03-03" in finding.message


@pytest.mark.parametrize(
    "hours",
    [
        [(0, 0), (0, 0), (0, 0)],
        [(12, 0), (12, 0), (12, 0)],  # noon, which no zone moves to another day
        [(5, 0), (4, 0), (5, 0)],  # of New York: the day is the same
        [(23, 59), (23, 59), (23, 59)],  # the end of the day
        [(9, 14), (16, 30), (22, 0)],  # when it was entered
        [(16, 0), (22, 0), (16, 0)],
        [(0, 0), (14, 0), (0, 0)],
    ],
)
def test_other_times_of_dates_say_nothing(tmp_path: Path, hours: list[tuple[int, int]]) -> None:
    of = timed(tmp_path, *(datetime(2025, 3, 4 + i, *at) for i, at in enumerate(hours)))  # noqa: DTZ001
    assert [b.issued_date for b in of.valid_bills()] == [date(2025, 3, 4 + i) for i in range(3)]
    assert not codes(of)


# --- dates that are likelier in another order, or years off ---------------------------------------

OF_DAYS = """
template: mine
layout: flat
formats: {dates: [DD/MM/YYYY], numbers: point, amounts: decimal}
group_by: row
bills:
  vendor: {value: A}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
"""


def in_rows(folder: Path, *days: str, title: str = "", number: str = "N") -> Checked:
    rows = [[f"{number}{i}", day, "5.00"] for i, day in enumerate(days)]
    file = csv_file(
        folder / "l.csv", [*([[title]] if title else []), ["Number", "Date", "Net"], *rows]
    )
    return checked([file], template(folder, OF_DAYS))


def december(*days: int, form: str = "{:02d}/12/2025") -> list[str]:
    return [form.format(day) for day in days]


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (december(1, 2, 3, 4, 5, 6, 9), None),
        (december(1, 2, 3, 4, 5, 8, 9, form="12/{:02d}/2025"), "all are of 2025-12"),
        (december(9, 1, 5, 4, 2, 8, 9, form="12/{:02d}/2025"), "all are of 2025-12"),
        ([f"0{m}/0{d}/2025" for m in (3, 4, 5) for d in (2, 5, 8)], "8 pairs are not"),
        ([f"01/{m:02d}/2025" for m in range(1, 13)], None),
        ([f"0{d}/{m:02d}/2025" for m in range(1, 13) for d in (1, 3)], None),
    ],
)
def test_dates_that_are_likelier_in_the_other_order_are_reported(
    tmp_path: Path, days: list[str], why: str | None
) -> None:
    of = in_rows(tmp_path, *days)
    code = "bills.issuedDate.other_order"
    assert finding_cells(of) == ([(code, 2, "Date")] if why else [])
    assert why is None or why in next(iter(of.findings)).message


def test_dates_of_two_kinds_in_a_csv_file_are_refused(tmp_path: Path) -> None:
    of = in_rows(tmp_path, *december(13, 20, 31), *december(1, 2, 3, form="2025-{:02d}-12"))
    assert codes(of) == ["bills.issuedDate.mixed_typed"]
    typed = in_rows(tmp_path, *december(13, 20, 31), *december(1, 2, 13, form="2025-12-{:02d}"))
    assert codes(typed) == []


APART, OTHER_YEARS = "bills.issuedDate.years_apart", "bills.issuedDate.other_years"


@pytest.mark.parametrize(
    ("changes", "title", "found"),
    [
        ({}, "As of 31 December 2025", []),
        ({3: "04/12/2052"}, "", ["bills.issuedDate.in_future", APART]),
        ({3: "04/12/2015"}, "", [APART]),
        ({3: "04/12/2024"}, "", [APART]),
        ({0: "30/11/2021", 1: "01/12/2021", 2: "02/12/2021"}, "", [APART]),
        ({0: "30/03/2025"}, "", []),
        ({0: "30/11/2020", 7: "01/01/2018"}, "", []),
        ({}, "As of 31 December 2029", [OTHER_YEARS]),
        ({}, "Printed on 5 January 2027", []),
    ],
)
def test_dates_years_from_the_others_or_from_the_title_are_reported(
    tmp_path: Path, changes: dict[int, str], title: str, found: list[str]
) -> None:
    days = december(1, 2, 3, 4, 5, 6, 7, 8)
    for i, day in changes.items():
        days[i] = day
    of = in_rows(tmp_path, *days, title=title)
    assert sorted(codes(of)) == found
    of_apart = [f for f in of.findings if f.code == APART]
    assert [f.bills for f in of_apart] == [tuple(changes)] * len(of_apart)
    if len(changes) == 3:
        assert "counts its days from 1904" in of_apart[0].message
    elif of_apart:
        assert "2025-12-03 in row 4 and 2025-12-05 in row 6" in of_apart[0].message


def test_numbers_with_other_years_than_the_dates_are_reported(tmp_path: Path) -> None:
    days = december(1, 2, 3, 4, 5, 6)
    assert codes(in_rows(tmp_path, *days, number="HLS/2025/")) == []
    assert codes(in_rows(tmp_path, *days, number="HLS/2029/")) == [OTHER_YEARS]


CENTS = ["12.50", "7.00", "199.99", "45.10", "3.20"] * 3


@pytest.mark.parametrize(
    ("nets", "rows"),
    [
        ([*CENTS, "4510"], [17]),
        ([*CENTS, "45.1"], []),
        ([*CENTS, "12"], []),
        (["4510", "320", "19999", "700", *CENTS], [2]),  # told once, of all its rows
        (["4510", "320", "19999", *CENTS, "700"], []),  # not a block: left out where they are round
        ([*CENTS[:6], "4510"], []),
        ([text.rstrip("0").rstrip(".") for text in CENTS] + ["4510"], []),
    ],
)
def test_numbers_without_cents_among_others_are_reported(
    tmp_path: Path, nets: list[str], rows: list[int]
) -> None:
    lines = [["Number", "Net"], *([f"N{i}", net] for i, net in enumerate(nets))]
    text = LEDGER.replace("{amounts: decimal}", "{amounts: decimal, numbers: point}")
    of = checked([csv_file(tmp_path / "l.csv", lines)], template(tmp_path, text))
    assert finding_cells(of) == [("line_items.netAmount.lost_mark", row, "Net") for row in rows]
    assert [len(f.lines) for f in of.findings] == ([4] if rows == [2] else [1] * len(rows))
