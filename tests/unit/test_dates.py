from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.core.dates import (
    FIRST_YEAR,
    LAST_YEAR,
    Order,
    compile_format,
    day_within,
    numeric_reading,
    order_of,
    read_date_time,
    reader,
    serial_date,
    unreadable_reason,
)

FORMATS = [
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "YYYYMMDD",
    "YYMMDD",
    "DDMMYYYY",
    "DDMMYY",
    "DD/MM/YYYY",
    "DD/MM/YY",
    "D/M/YYYY",
    "D/M/YY",
    "MM/DD/YYYY",
    "M/D/YY",
    "DD.MM.YYYY",
    "DD-MM-YYYY",
    "D-MMM-YY",
    "DD-MMM-YYYY",
    "DD MMM YYYY",
    "D MMMM YYYY",
    "MMMM D, YYYY",
    "MMM D, YYYY",
    "DDMMMYYYY",
    "YYYY-DD-MM",
]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
RECENT = st.dates(date(1970, 1, 1), date(2069, 12, 31))


def rendered(day: date, form: str) -> str:
    """Two digits where the format has two letters, as programs write dates."""
    for token, text in (
        ("YYYY", f"{day.year:04d}"),
        ("YY", f"{day.year % 100:02d}"),
        ("MMMM", "\x01"),
        ("MMM", "\x02"),
        ("MM", f"{day.month:02d}"),
        ("DD", f"{day.day:02d}"),
    ):
        form = form.replace(token, text)
    form = form.replace("M", str(day.month)).replace("D", str(day.day))
    name = MONTHS[day.month - 1]
    return form.replace("\x01", name).replace("\x02", name[:3])


@given(RECENT, st.sampled_from(FORMATS))
def test_date_in_the_template_format_is_read_back(day: date, form: str) -> None:
    read = reader([form], None)(rendered(day, form))
    assert read == day or (form == "YYYY-DD-MM" and day.day <= 12 and read is None)


@given(RECENT, st.sampled_from([f for f in FORMATS if f != "YYYY-DD-MM"]), st.sampled_from(Order))
def test_date_with_known_order_is_never_misread(day: date, form: str, order: Order) -> None:
    month_first = form.startswith("M")
    read = reader([], order)(rendered(day, form))
    if "MMM" not in form and not form.startswith("YYYY"):
        assert read in (day, None) or (order is Order.MONTH_FIRST) != month_first
    else:
        assert read in (day, None)


@given(st.lists(RECENT, min_size=1, max_size=8), st.sampled_from(["DD/MM/YYYY", "MM/DD/YYYY"]))
def test_column_of_one_order_is_read_or_ambiguous(days: list[date], form: str) -> None:
    texts = [rendered(day, form) for day in days]
    column = order_of(texts)
    assert not (column.day_first and column.month_first)
    if column.order is None:
        assert set(column.either) == {
            t for t, d in zip(texts, days, strict=True) if d.day != d.month
        }
        assert all(day.day <= 12 for day in days)
    else:
        read = reader([], column.order)
        assert [read(text) for text in texts] == days


@given(st.text(max_size=14) | st.text(alphabet="0123456789/-. :TZJanFebMay", max_size=14))
@example("2025-02-30")
@example("٢٠٢٥-٠١-٠١")
def test_reader_never_fails_nor_invents_digits(text: str) -> None:
    for order in Order:
        found = reader([], order)(text)
        if found is not None:
            assert FIRST_YEAR <= found.year <= LAST_YEAR
            assert str(found.year)[2:] in text
            assert str(found.day) in text
    moment = read_date_time(text, reader([], Order.DAY_FIRST))
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29",
        "29/02/2025",
        "31/04/2025",
        "00/01/2025",
        "2025-13-01",
        "32/01/2025",
        "1/2",
        "45000",
        "20250131",
        "31/12/1949",
        "01/01/2101",
        "3 Octember 2025",
        "31/01-2025",
        "",
        "1/1/025",
        "yesterday",
        "2025-01-31x",
        "29-Feb-25",
        "31. January",
        "31/01/2025 24:00",
        "31/01/2025 13:00 PM",
        "31/01/2025 9:60",
        "2025-01-31T10:00:00Z",
        "2025-01-31T23:00:00-05:00",
    ],
)
def test_text_that_is_no_date_is_refused(text: str) -> None:
    assert reader([], Order.DAY_FIRST)(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", date(2024, 2, 29)),
        ("29/02/2024", date(2024, 2, 29)),
        ("2025-03-31T00:00:00", date(2025, 3, 31)),
        ("31/03/2025 00:00", date(2025, 3, 31)),
        ("5-Sept-25", date(2025, 9, 5)),
        ("5-sep-25", date(2025, 9, 5)),
        ("05 MARCH 2025", date(2025, 3, 5)),
        ("Mar 5, 2025", date(2025, 3, 5)),
        (" 2025-03-05 ", date(2025, 3, 5)),
        ("2025-3-5", date(2025, 3, 5)),
        ("14/8/2017 0:00", date(2017, 8, 14)),
        ("14/08/2017 12:00:00 AM", date(2017, 8, 14)),
        ("14/08/2017, 11:59 p.m.", date(2017, 8, 14)),
        ("2025-03-31T14:05:00.123", date(2025, 3, 31)),
        ("31-Mar-2025 9:05", date(2025, 3, 31)),
    ],
)
def test_common_date_formats_are_read(text: str, day: date) -> None:
    assert reader([], Order.DAY_FIRST)(text) == day


@pytest.mark.parametrize(
    ("text", "day"), [("31/03/69", date(2069, 3, 31)), ("31/03/70", date(1970, 3, 31))]
)
def test_two_digit_year_needs_a_format(text: str, day: date) -> None:
    assert reader(["DD/MM/YY"], None)(text) == day
    assert reader([], Order.DAY_FIRST)(text) is None
    assert order_of([text]).day_first == ()


def test_iso_date_is_read_with_any_format() -> None:
    assert reader(["DD/MM/YYYY"], None)("2025-03-04") == date(2025, 3, 4)


def test_formats_that_disagree_give_no_date() -> None:
    read = reader(["DD/MM/YYYY", "MM/DD/YYYY"], None)
    assert read("03/04/2025") is None
    assert read("13/04/2025") == date(2025, 4, 13)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "YYYY",
        "DD/MM",
        "DD/MM/YYYY HH",
        "DD/MM/YYYY/DD",
        "dd/mm/yyyy",
        "%d/%m/%Y",
        "YYYYMD",
        "DMMYYYY",
        "DD/MM/MMM/YYYY",
    ],
)
def test_ambiguous_or_incomplete_format_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="is not a date format"):
        compile_format(form)


def test_adjacent_numbers_need_all_their_digits() -> None:
    read = reader(["DDMMYYYY"], None)
    assert read("01122025") == date(2025, 12, 1)
    assert read("1122025") is None


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2025", "31/12/2024"], Order.DAY_FIRST),
        (["03/04/2025", "12/31/2024"], Order.MONTH_FIRST),
        (["03/04/2025"], None),
        (["05/05/2025"], Order.DAY_FIRST),
        (["31/12/2024", "12/31/2024"], None),
        (["2025-03-04", "4 Mar 2025"], Order.DAY_FIRST),
        (["03/04/2025", "31/04/2025"], None),
        (["31/12/2024", "00/05/2025", "45/46/2025"], Order.DAY_FIRST),
    ],
)
def test_order_is_decided_by_the_column(texts: list[str], order: Order | None) -> None:
    assert order_of(texts).order is order


def test_ambiguous_date_has_two_readings() -> None:
    readings = [numeric_reading("03/04/2025", order) for order in Order]
    assert readings == [date(2025, 4, 3), date(2025, 3, 4)]


@given(RECENT, st.integers(0, 86_399), st.integers(-14 * 4, 14 * 4))
def test_date_time_is_read_in_utc(day: date, second: int, quarters: int) -> None:
    there = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    local = there.replace(tzinfo=None).isoformat()
    minutes = abs(quarters) * 15
    offset = f"{'-' if quarters < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    utc = there - timedelta(minutes=15 * quarters)
    assert read_date_time(local + offset, reader([], None)) == utc
    assert read_date_time(local.replace("T", " "), reader([], None)) == there


@pytest.mark.parametrize(
    "text",
    ["14:00", "2025-W01-1", "20250101", "2025-02-30T10:00", "0001-01-01T00:00:00+14:00"],
)
def test_text_that_is_no_date_time_is_refused(text: str) -> None:
    assert read_date_time(text, reader([], None)) is None


@given(RECENT.filter(lambda day: 1980 <= day.year <= 2069))
def test_serial_date_is_read_only_with_the_serial_format(day: date) -> None:
    number = str((day - date(1899, 12, 30)).days)
    assert reader(["serial"], None)(number) == day
    assert reader(["DD/MM/YYYY", "serial"], None)(f"{number}.0") == day
    assert reader(["serial"], None)(f"{number}.5") is None
    assert reader(["DD/MM/YYYY"], None)(number) is None
    assert reader([], Order.DAY_FIRST)(number) is None


@given(RECENT, st.sampled_from(["DDMM", "DD.MM.", "D/M", "MM/DD", "D MMM"]), st.dates())
def test_day_and_month_fall_in_the_given_year(day: date, form: str, start: date) -> None:
    text = rendered(day, form)
    found = day_within(text, compile_format(form, year=False), start)
    if found is not None:
        assert (found.month, found.day) == (day.month, day.day)
        assert start <= found < start + timedelta(days=366)
        if form == "DDMM":
            without_zero = day_within(text.lstrip("0"), compile_format(form, year=False), start)
            assert without_zero == found
    elif FIRST_YEAR <= start.year < LAST_YEAR:
        assert (day.month, day.day) == (2, 29)


def test_day_and_month_of_a_year_not_beginning_in_january() -> None:
    pattern = compile_format("DDMM", year=False)
    assert day_within("1502", pattern, date(2024, 7, 1)) == date(2025, 2, 15)
    assert day_within("3107", pattern, date(2024, 7, 1)) == date(2024, 7, 31)
    assert day_within("101", pattern, date(2025, 1, 1)) == date(2025, 1, 1)
    assert day_within("2902", pattern, date(2025, 1, 1)) is None
    for text in ("3002", "1", "11", "15", "0", "00101", "1513", "x"):
        assert day_within(text, pattern, date(2025, 1, 1)) is None


@pytest.mark.parametrize("form", ["DDMMYYYY", "DD", "MM", "", "DMM", "DD/MM hh"])
def test_format_without_year_has_day_and_month(form: str) -> None:
    with pytest.raises(ValueError, match="without a year"):
        compile_format(form, year=False)


def test_serial_date_is_converted() -> None:
    assert serial_date("45747") == date(2025, 3, 31)
    assert serial_date("99999") is None
    assert serial_date("4574") is None


@pytest.mark.parametrize(
    ("text", "how", "reason"),
    [
        ("2205-05-31", [], "it is not between the years 1950 and 2100"),
        ("31/12/1949", [], "it is not between the years 1950 and 2100"),
        ("9999-12-31 00:00:00", ["DD/MM/YYYY"], "it is not between the years 1950 and 2100"),
        ("2025-02-30", [], "there is no such day"),
        ("31/04/2025", [], "there is no such day"),
        ("31 Sept 2025", [], "there is no such day"),
        ("04/13/2025", [], "read day first it is no day"),
        ("31/03/25", [], "its year has two digits, so it can be read in several ways"),
        ("45747", [], "it is Excel's day number"),
        ("31/03/25", ["YYYY-MM-DD"], "it is not written as YYYY-MM-DD, nor as YYYY-MM-DD"),
    ],
)
def test_reason_says_what_is_wrong_with_a_date(text: str, how: list[str], reason: str) -> None:
    assert unreadable_reason(text, how, None) == reason


@pytest.mark.parametrize("text", ["31-Mai-2025", "2025-03", "31st March 2025", "soon", "31Mar2025"])
def test_reason_of_an_unknown_form_names_the_forms(text: str) -> None:
    assert unreadable_reason(text, [], None).startswith("it is not in a recognised form")


def test_time_of_day_is_kept_in_a_moment() -> None:
    read = reader([], Order.MONTH_FIRST)
    assert read_date_time("8/14/2017 2:05 PM", read) == datetime(2017, 8, 14, 14, 5, tzinfo=UTC)
    assert read_date_time("8/14/2017 0:00", read) == datetime(2017, 8, 14, tzinfo=UTC)
