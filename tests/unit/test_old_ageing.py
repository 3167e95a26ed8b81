"""Ageing reports of other systems: their headers, and the ages that can be compared."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.mapping.age_headers import age_of, layout_of
from importer.mapping.old_ageing import OldAgeingRead, read_old_ageing
from importer.model.ageing import BUCKET_DAYS, BUCKETS, EVER, AgeBucket, AgeColumn, age_bucket
from importer.model.tables import CellKind, SourceTable
from importer.report.old_ageing_tie_out import age_groups

DAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("header", "days"),
    [
        ("Current", (-EVER, 0)),
        ("NOT YET DUE", (-EVER, 0)),
        ("nicht fällig", (-EVER, 0)),
        ("1 - 30", (1, 30)),
        ("1–30 Days", (1, 30)),
        ("1-30 days past due", (1, 30)),
        ("31 bis 60 Tage", (31, 60)),
        ("61 to 90 days overdue", (61, 90)),
        ("61-90 jours", (61, 90)),
        ("> 90", (91, EVER)),
        ("Over 90 Days", (91, EVER)),
        ("91 and over", (91, EVER)),
        (">= 91 days", (91, EVER)),
        ("über 90 Tage", (91, EVER)),
        ("90+", (91, EVER)),  # after 61 - 90
        ("120+", (120, EVER)),
        ("Older", (91, EVER)),
        ("< 31", (1, 30)),
        ("up to 30 days", (1, 30)),
        ("< 1 Month", None),
        ("3 Months", None),
        ("Period 2", None),
        ("30 days", None),  # from when on it does not say
        ("March 2026", None),
    ],
)
def test_days_are_those_that_a_header_states(header: str, days: tuple[int, int] | None) -> None:
    assert age_of(header, (61, 90)) == AgeColumn(header, days)


@pytest.mark.parametrize("header", ["30", "Credit limit", "Due date", "Terms", "60 - 31", "2026"])
def test_other_headers_are_no_ages(header: str) -> None:
    assert age_of(header) is None


def test_row_needs_two_ages_and_the_vendor_to_be_the_header() -> None:
    assert layout_of(0, ("", "Current", "Total"), (True, True, True)) is None
    assert layout_of(0, ("Phone", "Current", "1 - 30"), (True, True, True)) is None
    layout = layout_of(4, ("", "Current", "1 - 30", "Total"), (True, True, True, True))
    assert layout is not None
    assert (layout.row, layout.name, layout.total, [*layout.ages]) == (4, 0, 3, [1, 2])


@st.composite
def _reports(draw: st.DrawFn) -> tuple[list[AgeColumn], list[tuple[int, int]]]:
    """Columns, some without their days, and the days that they have in truth: all there are."""
    cuts = sorted(draw(st.sets(st.sampled_from([-30, 0, 15, 29, 30, 45, 60, 90, 91, 120]))))
    spans = [(a + 1, b) for a, b in pairwise([-EVER - 1, *cuts, EVER])]
    columns = [
        AgeColumn(f"c{n}", span if draw(st.booleans()) else None) for n, span in enumerate(spans)
    ]
    return columns, spans


@given(_reports(), st.lists(st.tuples(st.integers(-100, 200), st.integers(-500, 500))))
def test_what_a_group_of_columns_has_our_buckets_have(
    report: tuple[list[AgeColumn], list[tuple[int, int]]], amounts: list[tuple[int, int]]
) -> None:
    columns, spans = report
    groups, unlisted = age_groups(columns)
    assert unlisted == ()
    assert sorted(c for group in groups for c in group.columns) == [*range(len(columns))]
    assert [b for b in BUCKETS if any(b in g.buckets for g in groups)] == [*BUCKET_DAYS]
    for group in groups:
        in_report = sum(
            cents
            for c in group.columns
            for days, cents in amounts
            if spans[c][0] <= days <= spans[c][1]
        )
        in_buckets = sum(
            cents
            for days, cents in amounts
            if age_bucket(date.fromordinal(DAY.toordinal() - days), DAY) in group.buckets
        )
        assert in_report == in_buckets


def test_groups_are_as_small_as_the_headers_permit() -> None:
    zoho = ["Current", "1-15", "16-30", "31-45", "> 45"]
    columns = [age_of(header) for header in zoho]
    groups, _ = age_groups([each for each in columns if each])
    assert [(group.columns, group.words) for group in groups] == [
        ((0,), "Not due"),
        ((1, 2), "1–30 days"),
        ((3, 4), "31–60 days to over 90 days"),
    ]


def test_months_have_the_days_that_the_other_columns_leave() -> None:
    columns = [
        AgeColumn("Current", (-EVER, 0)),
        AgeColumn("1 Month", None),
        AgeColumn("Older", None),
    ]
    groups, _ = age_groups(columns)
    assert [group.columns for group in groups] == [(0,), (1, 2)]


def test_bucket_without_a_column_is_not_compared() -> None:
    columns = [AgeColumn("1-30", (1, 30)), AgeColumn("31-60", (31, 60))]
    groups, unlisted = age_groups(columns)
    assert [group.buckets for group in groups] == [(AgeBucket.UP_TO_30,), (AgeBucket.UP_TO_60,)]
    assert unlisted == (AgeBucket.NOT_DUE, AgeBucket.UP_TO_90, AgeBucket.OVER_90)


def _read(*rows: tuple[str, ...], currencies: tuple[str, ...] = ("GBP",)) -> OldAgeingRead:
    columns = tuple(zip(*rows, strict=True))
    table = SourceTable("a.csv", None, columns, range(1, len(rows) + 1))
    return read_old_ageing([table], DAY, "", currencies, {})


HEADERS = ("Vendor", "Current", "1 - 30", "Total")


def _codes(read: OldAgeingRead) -> list[tuple[str, int | None]]:
    return [(each.code.rpartition(".")[2], each.cell.row) for each in read.findings]


def test_vendor_named_total_is_one_and_totals_are_none() -> None:
    read = _read(
        HEADERS,
        ("Total Gas & Power", "1.00", "", "1.00"),
        ("Acme", "2.00", "", "2.00"),
        ("Total Wine", "4.00", "", "4.00"),
        ("Total for all", "7.00", "", "7.00"),
        ("TOTAL", "7.00", "", "7.00"),
    )
    assert [each.name for each in read.report.vendors] == [
        "Total Gas & Power",
        "Acme",
        "Total Wine",
    ]
    assert read.findings == []


def test_total_that_is_not_the_sum_and_row_that_does_not_add_up_are_found() -> None:
    wrong = (HEADERS, ("Acme", "2.00", "1.00", "2.00"), ("", "3.00", "1.00", "4.00"))
    assert _codes(_read(*wrong)) == [("row_total", 2), ("total", 3)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [("1.234", "unreadable"), ("€5.00", "unreadable"), ("1e3", "unreadable"), ("£5.00", "")],
)
def test_amounts_are_read_in_one_way_or_not_at_all(text: str, problem: str) -> None:
    read = _read(HEADERS, ("Acme", text, "", text if not problem else ""))
    assert [code for code, _ in _codes(read)][:1] == ([problem] if problem else [])


OWED = [("Acme", (30_000, 5_000)), ("Bolt", (-2_000, 0))]


@pytest.mark.parametrize(
    "rows",
    [
        (  # one side for the whole row
            ("Konto", "Bezeichnung", "nicht fällig", "1-30 Tage", "Saldo", "S/H"),
            ("70001", "Acme", "300,00", "50,00", "350,00", "H"),
            ("70002", "Bolt", "20,00", "0,00", "20,00", "S"),
            ("", "Summe", "280,00", "50,00", "330,00", "H"),
        ),
        (  # one behind each amount
            ("Bezeichnung", "nicht fällig", "S/H", "1-30 Tage", "S/H", "Saldo", "S/H"),
            ("Acme", "300,00", "H", "50,00", "H", "350,00", "H"),
            ("Bolt", "20,00", "S", "", "", "20,00", "S"),
            ("Summe", "280,00", "H", "50,00", "H", "330,00", "H"),
        ),
        (  # a column of each side
            ("Bezeichnung", "nicht fällig", "1-30 Tage", "Saldo Soll", "Saldo Haben"),
            ("Acme", "300,00", "50,00", "", "350,00"),
            ("Bolt", "-20,00", "", "20,00", ""),
            ("Summe", "280,00", "50,00", "20,00", "350,00"),
        ),
        (
            ("Vendor", "Current Debit", "Current Credit", "1 - 30 (Dr)", "1 - 30 (Cr)", "Total"),
            ("Acme", "", "300.00", "10.00", "60.00", "350.00"),
            ("Bolt", "20.00", "", "", "", "-20.00"),
        ),
        (
            ("Name", "nicht fällig", "1-30 Tage", "Soll", "Haben"),
            ("Acme", "300,00 H", "50,00 H", "", "350,00"),
            ("Bolt", "20,00S", "", "20,00", ""),
        ),
    ],
)
def test_debits_are_taken_off_however_they_are_marked(rows: tuple[tuple[str, ...], ...]) -> None:
    read = _read(*rows)
    assert read.findings == []
    assert [(vendor.name, vendor.cents) for vendor in read.report.vendors] == OWED


@pytest.mark.parametrize(
    ("amount", "mark"), [("20,00", ""), ("20,00", "X"), ("-20,00", "H"), ("20,00 S", "S")]
)
def test_an_amount_of_neither_side_or_of_both_is_not_read(amount: str, mark: str) -> None:
    header = ("Name", "nicht fällig", "1-30 Tage", "S/H")
    read = _read(header, ("Acme", "10,00", "", "H"), ("Bolt", amount, "", mark))
    assert _codes(read) == [("unreadable", 3)]


def test_turnover_beside_the_balance_is_not_the_balance() -> None:
    header = ("Name", "Soll", "Haben", "nicht fällig", "1-30 Tage", "Saldo")
    read = _read(header, ("Acme", "900,00", "950,00", "30,00", "20,00", "50,00"))
    assert (read.findings, read.report.vendors[0].cents) == ([], (3_000, 2_000))


def test_blocks_of_several_currencies_keep_theirs() -> None:
    read = _read(
        HEADERS,
        ("Currency: EUR", "", "", ""),
        ("Acme", "2.00", "", "2.00"),
        ("Total EUR", "2.00", "", "2.00"),
        ("GBP - Pound Sterling", "", "", ""),
        ("Acme", "3.00", "", "3.00"),
        ("Total GBP", "3.00", "", "3.00"),
    )
    assert [(v.currency, v.cents) for v in read.report.vendors] == [
        ("EUR", (200, 0)),
        ("GBP", (300, 0)),
    ]


@pytest.mark.parametrize(
    ("title", "problems"),
    [
        ("As of March 31, 2026", []),
        ("As at 31/03/2026, printed on 02/04/2026", []),
        ("As of 30 March 2026", ["other_day"]),
        ("Ageing by invoice date", []),
    ],
)
def test_title_of_another_day_is_found(title: str, problems: list[str]) -> None:
    read = _read((title, "", "", ""), HEADERS, ("Acme", "2.00", "", "2.00"))
    assert [code for code, _ in _codes(read)] == problems
    by_issue = "invoice" in title
    assert [each.days is None for each in read.report.columns] == [by_issue] * 2


def test_number_that_excel_shows_as_another_is_not_read() -> None:
    rows = (HEADERS, ("Acme", "2000", "", ""))
    kinds = tuple((CellKind.TEXT, CellKind.NUMBER if c == 1 else CellKind.TEXT) for c in range(4))
    columns = tuple(zip(*rows, strict=True))
    marks = {1: {2: '0.0," k"'}}
    table = SourceTable("a.xlsx", "Sheet1", columns, (1, 2), kinds, format_marks=marks)
    read = read_old_ageing([table], DAY, "", ("GBP",), {})
    assert _codes(read)[0] == ("unreadable", 2)
