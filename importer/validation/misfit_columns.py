"""Columns that no longer fit what stands beside them: filled down, moved or sorted alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedSheets
from importer.validation.compared_column import ComparedColumn, compared_column
from importer.validation.row_runs import line_columns, rows_of_tables

_SAMPLE, _FEWEST, _VALUES = 2000, 12, 4  # rows that are looked at, and that show anything; values
_FIT, _FITTING = 0.9, 6  # the share of the other rows that fit, and how many at least
_RUN, _MISFIT, _OF_KEY = 3, 2 / 3, 0.3  # rows of one value; shares of those that do not fit
_USUAL, _COMMON, _MOVED = 2, 5, 12  # rows of a usual difference; of those at most; rows moved
_ALL, _AS_IS, _STARTS, _LATEST = 0.95, 0.6, 100, 62
# Other findings that say what these would.
MISFITS = frozenset(f"sheet.columns.{name}" for name in ("filled", "slipped", "sorted", "unpaired"))
_FILLED, _SHIFTED, _ORDER, _SCALED, _SAME = (
    "there '{column}' repeats the row above",
    "they do when '{column}' is moved by a row",
    "they have the same values there, in another order",
    "one of them is 10 or 100 times the other there",
    "'{column}' has the same value in all rows",
)
_OPEN = re.compile(r"balance|open|remain|outstand|paid|due|rest|saldo|offen|solde", re.IGNORECASE)
# A vendor's number or address, of which a vendor has one.
_OF_VENDOR = re.compile(
    r"(?!.*(?:inv|bill|doc|ref|order|note|term))(?:vendor|supplier|partner|contact|payee|kreditor|lieferant|fournisseur|proveedor|fornitore)"
    r".*(?:no|nr|num|number|nummer|id|code|vat|name)\W*|e-?mail.*",
    re.IGNORECASE,
)
_DAYS = re.compile(r"(?:net\W*)?([0-9]{1,3})(?:\W*(?:days?|tage|jours|dage|dagar))?", re.IGNORECASE)
_OTHER_DATE = {"issuedDate": "dueDate", "dueDate": "issuedDate"}
_NAMES = ("vendor", "vendorId")
_FIELDS = (
    (BILLS, ("vendor", "vendorId", "invoiceNumber", "currency", "issuedDate", "dueDate", "amount")),
    (LINE_ITEMS, ("account", "taxCode", "netAmount", "taxAmount", "amount")),
)


_Misfit = tuple[np.ndarray, str, int]  # rows, what is odd there, how many others fit


def misfit_columns(sheets: ParsedSheets, reported: Container[int | None]) -> Iterator[Finding]:
    """A warning for each flat file in which a column repeats the row above in some rows, is a row
    off, or in another order, by another column that it fits in all other rows.

    ``reported``: the tables of which other findings say so already.
    """
    mapped, _, _, line_bill = sheets
    if mapped.line_bill is None:
        return
    columns = [*line_columns(mapped, line_bill)]
    for t, (rows, firsts) in enumerate(rows_of_tables(mapped, line_bill, _SAMPLE)):
        if len(firsts) < _FEWEST or t in reported:
            continue
        of_table = [c for c in columns if c.table is mapped.tables[t]]
        beside = list[ComparedColumn]()
        for sheet, names in _FIELDS:
            at = firsts if sheet == BILLS else rows
            if sheet == BILLS or len(rows) > len(firsts):
                code_of: dict[str, int] = {"": -1}
                beside = [
                    compared_column(c.header, c.texts_at(np.searchsorted(c.lines, at)), code_of)
                    for c in of_table
                ]
            first = _first_misfit(mapped, t, sheet, names, beside)
            if first is None:
                continue
            name, header, other, (odd, how, fitting) = first
            items = at[odd] if sheet == LINE_ITEMS else line_bill[at[odd]]
            numbers = mapped.items(sheet).row[items]
            yield finding(
                "sheet.columns.misfit",
                mapped.cell(sheet, name, int(items[0])),
                lines=tuple(items.tolist()) if sheet == LINE_ITEMS else (),
                bills=tuple(items.tolist()) if sheet == BILLS else (),
                column=header,
                other=other,
                rows=_places(numbers),
                how=how.format(column=header),
                elsewhere=f", as they do in {count(fitting, 'other row')}" if fitting else "",
            )
            break


def _places(rows: np.ndarray) -> str:
    shown = ", ".join(map(str, rows[:6].tolist()))
    return shown + (f" and {len(rows) - 6} more" if len(rows) > 6 else "")


def _first_misfit(
    mapped: MappedTables, t: int, sheet: str, names: Sequence[str], beside: Sequence[ComparedColumn]
) -> tuple[str, str, str, _Misfit] | None:
    """(field, its header, the header of the other column, the rows)"""
    place = {
        name: column.source[t][0]
        for name in names
        if (column := mapped.items(sheet).columns.get(name)) and t in column.source
    }
    vendor = next((beside[place[n]] for n in _NAMES if n in place), None)
    for name, index in place.items():
        one = beside[index]
        for i, other in enumerate(beside):
            if i == index or not other.header or other.values < _VALUES:
                continue
            if name == "vendor" and (misfit := _one_vendor(one, other)):
                return name, one.header, other.header, misfit
            if misfit := _misfit(name, one, other, vendor):
                return name, one.header, other.header, misfit
        if one.days is not None and _OTHER_DATE[name] in place:
            mate, sign = beside[place[_OTHER_DATE[name]]], -1 if name == "dueDate" else 1
            for other in beside:
                if misfit := _terms(one, mate, other, sign, vendor):
                    return name, one.header, other.header, misfit
        if name == "invoiceNumber" and vendor and (misfit := _repeated_number(one, vendor)):
            return name, one.header, vendor.header, misfit
    return None


def _misfit(
    name: str, one: ComparedColumn, other: ComparedColumn, vendor: ComparedColumn | None
) -> _Misfit | None:
    given = (one.codes >= 0) & (other.codes >= 0)
    if given.sum() < _FEWEST:
        return None
    if one.days is not None:
        if other.days is None or not _of_several(misfit := _days_apart(one, other, given), vendor):
            return None
        return misfit
    of_key = name in ("account", "taxCode", "currency", *_NAMES)
    if of_key and other.days is None and not other.is_amount:
        return _unlike_its_key(one.codes, other.codes, given) or (
            _unequal(one, other, given) if name in _NAMES else None
        )
    if of_key or _OPEN.search(other.header):
        return None
    return _unequal(one, other, given)


def _runs(codes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where rows of one value begin and end, at least three of them."""
    starts = np.flatnonzero(np.diff(codes, prepend=-2) != 0)
    ends = np.append(starts[1:], len(codes))
    long = (ends - starts >= _RUN) & (codes[starts] >= 0)
    yield from zip(starts[long].tolist(), ends[long].tolist(), strict=True)


def _judged(
    fits: np.ndarray,
    given: np.ndarray,
    other: np.ndarray,
    start: int,
    end: int,
    misfit: float = _MISFIT,
) -> _Misfit | None:
    """The last rows of a run that do not fit, where the first do and nearly all of the file do."""
    odd = start + np.flatnonzero((given & ~fits)[start:end])
    if len(odd) < _RUN or odd[0] == start:
        return None
    inside = np.zeros(len(fits), dtype=bool)
    inside[odd[0] : end] = True
    outside = given & ~inside
    fitting = int((fits & outside).sum())
    if (
        len(odd) >= misfit * (inside & given).sum()
        and len(np.unique(other[[odd[0] - 1, *odd]])) > 1
        and fitting >= max(_FITTING, _FIT * outside.sum())
    ):
        return odd, _FILLED, fitting
    return None


def _unlike_its_key(one: np.ndarray, key: np.ndarray, given: np.ndarray) -> _Misfit | None:
    """Rows filled down, where all others have one value for each value of the other column."""
    pairs = np.unique(key[given] << 32 | one[given])
    keys, several = np.unique(pairs >> 32, return_counts=True)
    clashing = np.isin(key, keys[several > 1]) & given
    if clashing.sum() < 2 or len(keys) < _VALUES or len(np.unique(one[given])) < 2:
        return None
    for start, end in _runs(one):
        if clashing[start + 1 : end].sum() < 2:
            continue
        outside = given.copy()
        outside[start + 1 : end] = False
        value_of: dict[int, int] = {}
        counts = Counter[int]()
        for k, value in zip(key[outside].tolist(), one[outside].tolist(), strict=True):
            counts[k] += 1
            if value_of.setdefault(k, value) != value:
                break
        else:
            if sum(n > 1 for n in counts.values()) < _VALUES:
                continue
            usual = np.asarray([value_of.get(k, -1) for k in key.tolist()])
            sure = given & (usual >= 0)
            fits = usual == one
            fits[start] = True
            misfit = _judged(fits, sure, key, start, end, _OF_KEY)
            if misfit and len(np.unique(key[misfit[0]])) > 1:
                return misfit
    return None


def _of_several(misfit: _Misfit | None, vendor: ComparedColumn | None) -> bool:
    """Whether the rows are of several vendors: one may have terms of its own."""
    return misfit is not None and (vendor is None or len(np.unique(vendor.codes[misfit[0]])) > 1)


def _days_apart(one: ComparedColumn, other: ComparedColumn, given: np.ndarray) -> _Misfit | None:
    """Dates filled down, or a row off, where the days to another date are mostly the same few."""
    if one.days is None or other.days is None:
        return None
    apart = other.days - one.days
    for start, end in _runs(np.where(given, one.days, -1)):
        outside = given.copy()
        outside[start + 1 : end] = False
        usual = _common(apart[outside])
        misfit = _judged(np.isin(apart, usual), given, other.days, start, end)
        if misfit and _are_between(other.days[misfit[0], None] - usual, one.days, start, end):
            return misfit
    if not given.all() or np.isin(apart, _common(apart)).mean() >= _ALL:
        return None
    for moved in (other.days[1:] - one.days[:-1], other.days[:-1] - one.days[1:]):
        for start in _starts(len(moved)):
            usual = _common(np.append(apart[:start], moved[start:]))
            if misfit := _shifted(np.isin(apart, usual), np.isin(moved, usual), (start,)):
                return misfit
    return None


def _are_between(likely: np.ndarray, days: np.ndarray, start: int, end: int) -> bool:
    """Whether each row of a run has a likely date between that of the run and the next one, where
    the file is in the order of its dates."""
    steps = np.diff(days)
    upward = (steps >= 0).mean() >= _FIT
    if not upward and (steps <= 0).mean() < _FIT:
        return True
    after = days[end] if end < len(days) else days[start] + (_LATEST if upward else -_LATEST)
    low, high = min(days[start], after), max(days[start], after)
    return bool(((likely >= low) & (likely <= high)).any(axis=1).all())


def _common(values: np.ndarray) -> np.ndarray:
    """The few values that most rows have."""
    distinct, counts = np.unique(values, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:_COMMON]
    return distinct[most][counts[most] >= _USUAL]


def _starts(size: int) -> range:
    """The rows from which a column may be a row off: all of a small file, some of a large one."""
    return range(0, size - _MOVED, max(1, size // _STARTS))


def _shifted(as_is: np.ndarray, moved: np.ndarray, starts: Sequence[int]) -> _Misfit | None:
    """Rows from one on that fit when one of the columns is moved by a row."""
    at = np.asarray(starts, dtype=np.int64)
    fitting, fitting_moved = (np.append(0, np.cumsum(each)) for each in (as_is, moved))
    odd = (
        (fitting_moved[-1] - fitting_moved[at] >= _ALL * (len(moved) - at))
        & (fitting[-1] - fitting[at] <= _AS_IS * (len(as_is) - at))
        & (fitting[at] >= _FIT * at)
    )
    if not odd.any():
        return None
    start = int(at[odd][0])
    return start + np.flatnonzero(~as_is[start:]), _SHIFTED, int(fitting[start])


def _terms(
    one: ComparedColumn,
    mate: ComparedColumn,
    terms: ComparedColumn,
    sign: int,
    vendor: ComparedColumn | None,
) -> _Misfit | None:
    """Dates filled down or a row off beside the days until a bill is due, from (1) or back to (-1)
    the date of ``mate``."""
    if one.days is None or mate.days is None or not _DAYS.fullmatch(terms.texts[0]):
        return None
    matches = [_DAYS.fullmatch(text) for text in terms.texts]
    if not all(matches) or len(set(terms.texts)) < 2:
        return None
    expected = mate.days - sign * np.asarray([int(match[1]) for match in matches if match])
    given = (one.days > 0) & (mate.days > 0)
    fits = (one.days == expected) & given
    if fits.sum() < _FITTING or fits[given].all():
        return None
    for start, end in _runs(one.days):
        misfit = _judged(fits, given, expected, start, end)
        if misfit and _of_several(misfit, vendor):
            return misfit
    return _either_way(expected, one.days, fits) if given.all() else None


def _either_way(one: np.ndarray, other: np.ndarray, fits: np.ndarray) -> _Misfit | None:
    """Rows of equal columns one of which is a row off."""
    for moved in (one[1:] == other[:-1], one[:-1] == other[1:]):
        if misfit := _shifted(fits, moved, _starts(len(moved))):
            return misfit
    return None


def _unequal(one: ComparedColumn, other: ComparedColumn, given: np.ndarray) -> _Misfit | None:
    """Rows that differ, of columns that are equal in all others."""
    a, b = one.codes, other.codes
    fits = (a == b) & given
    differing = np.flatnonzero(given & ~fits)
    values, size = len(np.unique(a[given])), int(given.sum())
    if not len(differing) or values < _VALUES or len(differing) == size == len(a) > _SAMPLE:
        return None
    if fits.sum() >= _FITTING:
        for start, end in _runs(a):
            if misfit := _judged(fits, given, b, start, end):
                return misfit
    equal = Counter(a[differing].tolist()) == Counter(b[differing].tolist())
    if equal and len(differing) > 1 and values >= _FEWEST and 2 * values > size:
        return differing, _ORDER, int(fits.sum())
    if fits.sum() >= max(_FITTING, _FIT * size) and _is_scaled(one, other, differing):
        return differing, _SCALED, int(fits.sum())
    if given.all() and values >= _FEWEST:
        return _either_way(b, a, fits)
    return None


def _is_scaled(one: ComparedColumn, other: ComparedColumn, rows: np.ndarray) -> bool:
    """Whether the amounts of these rows differ by zeros or the place of the decimal mark alone."""
    if not (one.is_amount and other.is_amount):
        return False
    for i in rows.tolist():
        texts = (one.texts[i], other.texts[i])
        digits = {"".join(filter(str.isdigit, text)).strip("0") for text in texts}
        if len(digits) > 1:
            return False
    return True


def _one_vendor(vendor: ComparedColumn, other: ComparedColumn) -> _Misfit | None:
    """All rows, where one vendor has several numbers."""
    if len(np.unique(vendor.codes)) > 1 or not _OF_VENDOR.fullmatch(other.header):
        return None
    values = np.unique(other.codes[other.codes >= 0])
    if len(values) < _VALUES:
        return None
    return np.arange(len(vendor.codes)), _SAME, 0


def _repeated_number(number: ComparedColumn, vendor: ComparedColumn) -> _Misfit | None:
    """Rows below each other of several vendors that have one number, as no others do."""
    given = (number.codes >= 0) & (vendor.codes >= 0)
    vendors_of: dict[int, set[int]] = {}
    for n, v in zip(number.codes[given].tolist(), vendor.codes[given].tolist(), strict=True):
        vendors_of.setdefault(n, set()).add(v)
    shared = [n for n, vendors in vendors_of.items() if len(vendors) > 1]
    if len(shared) != 1:
        return None
    for start, end in _runs(number.codes):
        if number.codes[start] == shared[0]:
            odd = np.arange(start + 1, end)
            return odd, _FILLED, int(given.sum()) - len(odd)
    return None
