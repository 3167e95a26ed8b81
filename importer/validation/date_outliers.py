"""Issue dates that are years from those beside them, or from what the file says of its years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.map_tables import MappedTables
from importer.mapping.stated_constants import titles_above
from importer.model.fields import BILLS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedColumn, ParsedTable

_APART, _OUT_OF_ORDER = 600, 300  # days from all other dates; from those of the rows beside it
_STEP, _IN_ORDER = 31, 0.8  # days between rows of a file in the order of its dates; their share
_BETWEEN = 62  # days between the rows above and below one that is out of order
_FEWEST, _MOST_APART = 5, 0.05
_1904 = 1462  # days that workbooks count later which begin with 1904
_NEAR = 92
_FEWEST_DAYS = 25  # different days; below, the shares of days of no work, of little, of work
_FEWEST_VENDORS, _LATELY = 6, 550  # days since the last date, 4 years later
_NO_DAY, _FEW_DAY, _WORK_DAY = 0.02, 0.1, 0.12
_YEARS = 3  # that a file's own words are from all its dates
_YEAR, _SAMPLE = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])"), 5000


def date_outliers(mapped: MappedTables, bills: ParsedTable) -> Iterator[Finding]:
    """A warning for the dates of each file that are years from the others, one for all of them;
    one where the titles or numbers of the file name years that are far from all of its dates, and
    one where their weekdays are those of dates from 1904.
    """
    column, vendors = bills["issuedDate"], bills["vendor"]
    if vendors.blank.all():
        vendors = bills["vendorId"]
    if not column.ok.any():
        return
    days = column.map_distinct(lambda day: day.toordinal() if day else 0, np.int32)
    for t in range(len(mapped.tables)):
        at = np.flatnonzero((mapped.bills.table == t) & column.ok)
        if not len(at):
            continue
        of_file = days[at]
        if len(at) >= _FEWEST:
            yield from _apart(mapped, at, of_file)
            yield from _weekdays(mapped, at, of_file, vendors)
        yield from _other_years(mapped, bills, t, at, of_file)


def _apart(mapped: MappedTables, at: np.ndarray, days: np.ndarray) -> Iterator[Finding]:
    odd, shifted = _far_off(days)
    if not len(odd):
        odd = _out_of_order(days)
    if not len(odd):
        return
    first = int(odd[0])
    beside = [k for k in (first - 1, first + 1) if 0 <= k < len(at) and k not in set(odd.tolist())]
    if not beside:
        beside = [int(np.setdiff1d(np.arange(len(at)), odd)[0])]
    rows = [f"{date.fromordinal(int(days[k]))} in row {mapped.bills.row[at[k]]}" for k in beside]
    yield finding(
        "bills.issuedDate.years_apart",
        mapped.cell(BILLS, "issuedDate", int(at[first])),
        date.fromordinal(int(days[first])).isoformat(),
        bills=tuple(at[odd].tolist()),
        beside=" and ".join(rows),
        bills_count=count(len(odd), "bill"),
        why=" They are 4 years and a day off, as dates are that were copied from a workbook that"
        " counts its days from 1904." if shifted else "",
    )  # fmt: skip


def _weekdays(
    mapped: MappedTables, at: np.ndarray, days: np.ndarray, vendors: ParsedColumn
) -> Iterator[Finding]:
    """Where all dates are on Tuesdays to Saturdays: on working days, 4 years and a day later, up to
    now. The bills of a few vendors may be those of shops, which are closed on Mondays."""
    distinct = np.unique(days)
    age = datetime.now(UTC).date().toordinal() - (int(days.max()) + _1904)
    if len(distinct) < _FEWEST_DAYS or not -_STEP <= age <= _LATELY:
        return
    if len(set(vendors.values_at(at))) < _FEWEST_VENDORS:
        return
    monday, *_, saturday, sunday = np.bincount((distinct - 1) % 7, minlength=7) / len(distinct)
    if monday > _NO_DAY or sunday > _FEW_DAY or saturday < max(_WORK_DAY, 2 * sunday):
        return
    first, last = (date.fromordinal(int(each)) for each in (days.min(), days.max()))
    yield finding(
        "bills.issuedDate.weekdays",
        mapped.cell(BILLS, "issuedDate", int(at[0])),
        date.fromordinal(int(days[0])).isoformat(),
        bills=tuple(at.tolist()),
        dates=f"{first} to {last}",
        later=f"{date.fromordinal(int(days.min()) + _1904)}",
    )


def _far_off(days: np.ndarray) -> tuple[np.ndarray, bool]:
    """(which dates are years from all others, whether they are as far off as those from 1904)."""
    distinct = np.unique(days)
    splits = np.flatnonzero(np.diff(distinct) > _APART)
    if not len(splits):
        return np.empty(0, dtype=np.int64), False
    cluster = np.searchsorted(distinct[splits], days, side="left")
    counts = np.bincount(cluster)
    most = int(counts.argmax())
    odd = np.flatnonzero(cluster != most)
    main = days[cluster == most]
    low, high = int(main.min()) - _NEAR, int(main.max()) + _NEAR
    moved = [days[odd] + by for by in (_1904, -_1904)]
    shifted = any(bool(((each >= low) & (each <= high)).all()) for each in moved)
    if shifted and len(odd) >= 2:
        return odd, True
    return (odd, False) if len(odd) <= max(1, _MOST_APART * len(days)) else (odd[:0], False)


def _out_of_order(days: np.ndarray) -> np.ndarray:
    """Which dates are far from those of the rows above and below, in a file in their order."""
    steps = np.abs(np.diff(days))
    if (steps <= _STEP).sum() < _IN_ORDER * len(steps) - 2:  # one date makes two long steps
        return np.empty(0, dtype=np.int64)
    between = np.abs(days[2:] - days[:-2]) <= _BETWEEN
    return 1 + np.flatnonzero((steps[:-1] > _OUT_OF_ORDER) & (steps[1:] > _OUT_OF_ORDER) & between)


def _other_years(
    mapped: MappedTables, bills: ParsedTable, t: int, at: np.ndarray, days: np.ndarray
) -> Iterator[Finding]:
    """That all dates are years from what the titles name, or most of the numbers."""
    table = mapped.tables[t]
    first, last = (date.fromordinal(int(each)) for each in (days.min(), days.max()))
    named: list[tuple[int, str]] = []
    titles = titles_above(table.source, table.header - table.header_rows + 1)
    for _, title in titles:
        named += [(int(year), f"the title '{title}'") for year in _YEAR.findall(title)]
    numbers = bills["invoiceNumber"].values_at(at[:_SAMPLE])
    of_numbers = [
        (int(year[0]), number, date.fromordinal(int(day)).year)
        for number, day in zip(numbers, days, strict=False)
        if number and (year := _YEAR.search(number))
    ]
    if not named and len(of_numbers) >= max(_FEWEST, len(numbers) / 10):
        off = sum(abs(year - issued) >= _YEARS for year, _, issued in of_numbers)
        if off >= 0.9 * len(of_numbers):
            named = [
                (year, f"the invoice number '{number}', as others,")
                for year, number, _ in of_numbers
            ]
    if not named:
        return
    years = [year for year, _ in named]
    if min(years) - last.year < _YEARS and first.year - max(years) < _YEARS:
        return
    yield finding(
        "bills.issuedDate.other_years",
        mapped.cell(BILLS, "issuedDate", int(at[0])),
        first.isoformat(),
        bills=tuple(at.tolist()),
        dates=str(first) if first == last else f"{first} to {last}",
        where=named[0][1],
        year=years[0],
    )
