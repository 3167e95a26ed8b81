"""Dates as people write them, read only where one reading is possible. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

_MONTHS = {
    name: number
    for number, names in enumerate(
        "january february march april may june july august september october november"
        " december".split(),
        start=1,
    )
    for name in (names, names[:3])
} | {"sept": 9}

_TOKENS = (
    ("YYYY", r"(?P<y>[0-9]{4})"),
    ("YY", r"(?P<y2>[0-9]{2})"),
    ("MMMM", r"(?P<name>[A-Za-z]+)\.?"),
    ("MMM", r"(?P<name>[A-Za-z]+)\.?"),
    ("MM", r"(?P<m>[0-9]{1,2})"),
    ("M", r"(?P<m>[0-9]{1,2})"),
    ("DD", r"(?P<d>[0-9]{1,2})"),
    ("D", r"(?P<d>[0-9]{1,2})"),
)
_TOKEN = re.compile("|".join(token for token, _ in _TOKENS))
# A time of day behind a date, as Excel and databases write it: 0:00, 14:05:00.000, 12:00:00 AM.
_TIME = re.compile(
    r",?[T ] ?(?P<h>[0-9]{1,2}):(?P<min>[0-5][0-9])(?::(?P<s>[0-5][0-9])(?:[.,][0-9]+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?$"
)
_MIDNIGHT_UTC = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)$")
# With a year of two digits 25-03-12 may be of 2025 or of 2012: only a stated format decides that.
_NUMERIC = re.compile(r"(?P<a>[0-9]{1,2})(?P<s>[/.\-])(?P<b>[0-9]{1,2})(?P=s)(?P<y>[0-9]{4})")
_NAMED = (
    "D-MMM-YY",
    "D-MMM-YYYY",
    "D MMM YYYY",
    "D MMM YY",
    "D/MMM/YYYY",
    "MMM D, YYYY",
    "D.MMM.YYYY",
)
_ISO = ("YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD")
FIRST_YEAR, LAST_YEAR = 1950, 2100


SERIAL = "serial"  # a separate format: Excel's day number


def compile_format(text: str, *, year: bool = True) -> re.Pattern[str]:
    """A format such as ``DD/MM/YYYY`` or ``D-MMM-YY`` as a pattern; ValueError names what is wrong.

    One or two digits are accepted for day and month alike, but where two numbers touch, as in
    ``YYYYMMDD``: there both digits are needed, since 1122025 could be two dates. With ``year``
    False the format has a day and a month only; then the first of two that touch may lack its zero,
    as programs write ``DDMM``.
    """
    patterns = dict(_TOKENS)
    tokens = list(_TOKEN.finditer(text))
    parts = "".join(sorted(token[0][0] for token in tokens))
    touching = {
        token.start()
        for left, right in pairwise(tokens)
        if left.end() == right.start() and not {left[0], right[0]} & {"MMM", "MMMM"}
        for token in (left, right)
    }
    short = any(token.start() in touching and len(token[0]) == 1 for token in tokens)
    if parts != ("DMY" if year else "DM") or short or re.search("[A-Za-z]", _TOKEN.sub("", text)):
        example = "DD/MM/YYYY or D-MMM-YY" if year else "DDMM or DD.MM."
        without = "" if year else " without a year"
        raise ValueError(f"'{text}' is not a date format{without}; write for example {example}")
    out, end = [], 0
    for token in tokens:
        pattern = patterns[token[0]]
        if token.start() in touching and (year or token is not tokens[0]):
            pattern = pattern.replace("{1,2}", "{2}")
        out += [re.escape(text[end : token.start()]), pattern]
        end = token.end()
    return re.compile("".join(out) + re.escape(text[end:]))


def day_within(text: str, pattern: re.Pattern[str], start: date) -> date | None:
    """A day and month in the year that begins with ``start``; ``pattern`` is without a year."""
    match = pattern.fullmatch(text.strip())
    if not match:
        return None
    parts = match.groupdict()
    month = _month_of(match)
    end = (start.year + 1, start.month, start.day)  # of no date where ``start`` is 29 February
    for year in (start.year, start.year + 1):
        day = _day(f"{year:04d}", month, int(parts["d"]))
        if day and start <= day and (day.year, day.month, day.day) < end:
            return day
    return None


def _month_of(match: re.Match[str]) -> int:
    parts = match.groupdict()
    return _MONTHS.get(parts["name"].lower(), 0) if parts.get("name") else int(parts["m"])


def _date_of(
    match: re.Match[str], day_of: Callable[[str, int, int], date | None] | None = None
) -> date | None:
    parts = match.groupdict()
    year = parts.get("y") or parts["y2"]
    return (day_of or _day)(year, _month_of(match), int(parts["d"]))


def _day(year_text: str, month: int, day: int) -> date | None:
    result = _any_day(year_text, month, day)
    return result if result and FIRST_YEAR <= result.year <= LAST_YEAR else None


def _any_day(year_text: str, month: int, day: int) -> date | None:
    """The day, also of a year that no bill is of."""
    year = int(year_text)
    if len(year_text) == 2:  # as Excel does it, with the window moved on: 00–69 are of this century
        year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None


def split_time(text: str) -> tuple[str, time]:
    """The date of a date with a time of day, as text, and the time; midnight where there is none.

    A time with an offset is left in the text: it may be another day elsewhere.
    """
    bare = text.strip()
    match = _TIME.search(bare)
    if not match:
        return _MIDNIGHT_UTC.sub("", bare), time()
    hour, half = int(match["h"]), (match["half"] or "").lower()
    if hour > 23 or (half and not 1 <= hour <= 12):
        return bare, time()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return bare[: match.start()], time(hour, int(match["min"]), int(match["s"] or 0))


def _read(text: str, patterns: Sequence[re.Pattern[str]]) -> date | None:
    bare, _ = split_time(text)
    readings = {_date_of(match) for p in patterns if (match := p.fullmatch(bare))} - {None}
    return readings.pop() if len(readings) == 1 else None


_ISO_PATTERNS = tuple(compile_format(f) for f in _ISO)
_NAMED_PATTERNS = tuple(compile_format(f) for f in _NAMED)


class Order(StrEnum):
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


@dataclass(frozen=True)
class ColumnOrder:
    """Order of day and month, as far as a whole column proves it.

    ``order`` is None where it cannot be known. ``day_first`` and ``month_first`` are the texts
    that prove either, ``either`` those that could be both.
    """

    order: Order | None
    day_first: tuple[str, ...] = ()
    month_first: tuple[str, ...] = ()
    either: tuple[str, ...] = ()

    @property
    def likeliest(self) -> Order | None:
        """The order, or the one that more of the texts prove."""
        if self.order is None and len(self.month_first) > len(self.day_first):
            return Order.MONTH_FIRST
        return self.order


def order_of(texts: Iterable[str]) -> ColumnOrder:
    """The order of day and month, decided from all (distinct) texts of a column.

    A date such as 05/05/2025 proves nothing and needs no proof; 31/04/2025, which no order makes a
    date, proves nothing either.
    """
    day, month, either = [], [], []
    for text in texts:
        by_day, by_month = (numeric_reading(text, order) for order in Order)
        if by_day and by_month:
            if by_day != by_month:
                either.append(text)
        elif by_day:
            day.append(text)
        elif by_month:
            month.append(text)
    if day and month:
        order = None
    elif month:
        order = Order.MONTH_FIRST
    else:
        order = Order.DAY_FIRST if day or not either else None
    return ColumnOrder(order, tuple(day), tuple(month), tuple(either))


def stated_order(formats: Sequence[str]) -> Order | None:
    """The order of day and month that formats state; None where they state none, or both."""
    orders = {
        Order.DAY_FIRST if form.index("D") < form.index("M") else Order.MONTH_FIRST
        for form in formats
        if form != SERIAL and "MMM" not in form and not form.startswith("YY")
    }
    return orders.pop() if len(orders) == 1 else None


def numeric_reading(text: str, order: Order) -> date | None:
    """``03/04/2025`` read in the given order."""
    match = _NUMERIC.fullmatch(split_time(text)[0])
    if not match:
        return None
    a, b = int(match["a"]), int(match["b"])
    day, month = (a, b) if order is Order.DAY_FIRST else (b, a)
    return _day(match["y"], month, day)


def reader(formats: Sequence[str], order: Order | None) -> Callable[[str], date | None]:
    """A function from text to date, None where the text is not a date with one reading.

    ISO dates are always read. ``formats`` empty means that the column decided: ``order`` for
    numbers, and month names as they come.
    """
    if formats:
        patterns = (*_ISO_PATTERNS[:1], *(compile_format(f) for f in formats if f != SERIAL))
        if SERIAL not in formats:
            return lambda text: _read(text, patterns)
        return lambda text: _read(text, patterns) or serial_date(text)

    def read(text: str) -> date | None:
        result = _read(text, _ISO_PATTERNS + _NAMED_PATTERNS)
        return result or numeric_reading(text, order or Order.DAY_FIRST)

    return read


def read_date_time(text: str, read_date: Callable[[str], date | None]) -> datetime | None:
    """A moment in UTC: RFC 3339, or a date (midnight), or a date and time without offset (UTC)."""
    bare, of_day = split_time(text)
    day = read_date(bare)
    if day is not None:
        return datetime.combine(day, of_day, tzinfo=UTC)
    bare = text.strip()
    try:
        moment = datetime.fromisoformat(bare)
    except ValueError:
        return None
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", bare):
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)


_WITH_OFFSET = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+ ?(?:Z|[+-][0-9]{2}:?[0-9]{2})")
_SHORT_YEAR = re.compile(r"([0-9]{1,2})[./\- ]([0-9]{1,2})[./\- ][0-9]{2}")


def unreadable_reason(text: str, formats: Sequence[str], order: Order | None) -> str:
    """Why ``reader(formats, order)`` takes no date from a text, as a clause."""
    bare, _ = split_time(text)
    if serial_date(bare):
        return "it is Excel's day number"
    if _WITH_OFFSET.fullmatch(bare):
        return "its time has a time zone, in which another day may be meant"
    patterns = [compile_format(f) for f in (formats or (*_ISO, *_NAMED)) if f != SERIAL]
    matches = [match for p in (*_ISO_PATTERNS[:1], *patterns) if (match := p.fullmatch(bare))]
    days = {_date_of(match, _any_day) for match in matches}
    if not formats and (numeric := _NUMERIC.fullmatch(bare)):
        a, b = int(numeric["a"]), int(numeric["b"])
        by_day, by_month = _any_day(numeric["y"], b, a), _any_day(numeric["y"], a, b)
        days.add(by_month if order is Order.MONTH_FIRST else by_day)
        if None in days and (by_day or by_month):
            return f"read {order or Order.DAY_FIRST} it is no day"
    in_any_year = days - {None}
    if len(in_any_year) > 1:
        return "the template's formats read it as different dates"
    if in_any_year:
        return f"it is not between the years {FIRST_YEAR} and {LAST_YEAR}"
    if days and all(not m.groupdict().get("name") or _month_of(m) for m in matches):
        return "there is no such day"
    if formats:
        return f"it is not written as {' or '.join(formats)}, nor as YYYY-MM-DD"
    if _SHORT_YEAR.fullmatch(bare):
        return "its year has two digits, so it can be read in several ways"
    return "it is not in a recognised form, such as 2025-03-31, 31/03/2025 or 31 Mar 2025"


def serial_date(text: str, *, date1904: bool = False) -> date | None:
    """The date that Excel's day number stands for, as ``45747``; None where it is no likely one.

    ``date1904``: the workbook counts from 1904.
    """
    bare = text.strip()
    if not re.fullmatch(r"[0-9]{5}(?:\.0+)?", bare):
        return None
    first = date(1904, 1, 1) if date1904 else date(1899, 12, 30)
    result = first + timedelta(days=int(bare[:5]))
    return result if 1980 <= result.year <= 2079 else None
