"""Columns that were sorted, moved or filled down without the others, by the dates beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from importer.mapping.map_tables import MappedTables
from importer.mapping.slip_finding import slipped
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedSheets
from importer.validation.row_runs import rows_of_tables

_FEWEST, _DAYS, _VALUES, _AMOUNTS = 20, 10, 6, 12  # bills; different days, values, amounts
_TERMS, _DUE_DAYS = 6, 0.6  # different terms; due dates for each issue date
_COMMON, _FEWEST_COMMON, _SHARE = 5, 3, 0.05  # common terms at most; bills of one, of all
_FIT, _MISFIT = 0.8, 0.5  # shares of bills with a common term
_RUN = 3  # rows of one date
_PREFIX = re.compile(r"[^\W\d_]{2,}")


def sorted_columns(sheets: ParsedSheets) -> Iterator[Finding]:
    """A warning for each file of a flat layout in which two columns are in order that have nothing
    to do with each other; and one where due dates fit other rows than their own."""
    mapped, bills, _, line_bill = sheets
    if mapped.line_bill is None or bills.size < _FEWEST or not bills["issuedDate"].ok.any():
        return
    date, due = (
        bills[name].map_distinct(lambda day: day.toordinal() if day else 0, np.int64)
        for name in ("issuedDate", "dueDate")
    )
    for rows, firsts in rows_of_tables(mapped, line_bill):
        of_bill = line_bill[firsts]
        if len(firsts) < _FEWEST or not bills["issuedDate"].ok[of_bill].all():
            continue
        days = date[of_bill]
        if len(np.unique(days)) >= _DAYS and _in_order(days):
            yield from _both_in_order(sheets, rows, firsts)
        if bills["dueDate"].ok[of_bill].all():
            name = "vendor" if bills["vendor"].ok.any() else "vendorId"
            of_vendor = bills[name].dictionary()[1][of_bill]
            yield from _terms(mapped, of_bill, days, due[of_bill], of_vendor)


def _in_order(values: np.ndarray) -> bool:
    return bool((values[1:] >= values[:-1]).all() or (values[1:] <= values[:-1]).all())


def _both_in_order(sheets: ParsedSheets, rows: np.ndarray, firsts: np.ndarray) -> Iterator[Finding]:
    """The first column that is in order where the dates are, too."""
    mapped, bills, lines, line_bill = sheets
    amount = next(n for n in ("netAmount", "amount") if not lines[n].blank.all() or n == "amount")
    for sheet, name, at, fewest in (
        (BILLS, "vendor", line_bill[firsts], _VALUES),
        (BILLS, "invoiceNumber", line_bill[firsts], _VALUES),
        (LINE_ITEMS, "account", rows, _VALUES),
        (LINE_ITEMS, amount, rows, _AMOUNTS),
    ):
        column = (bills if sheet == BILLS else lines)[name]
        if not column.ok[at].all():
            continue
        values = column.values_at(at)
        distinct = set(values)
        if name == "invoiceNumber":  # of one system they follow the dates
            prefixes = {match[0] for text in distinct if (match := _PREFIX.match(text))}
            fewest = fewest if len(prefixes) >= _VALUES else len(values) + 1
        if len(distinct) < fewest or not _text_in_order(values):
            continue
        first = int(at[0])
        cell = mapped.cell(sheet, name, first)
        one = mapped.header(BILLS, "issuedDate", int(line_bill[firsts[0]]))
        other = mapped.header(sheet, name, first)
        yield finding("sheet.columns.sorted", cell, one=one, other=other)
        return


def _text_in_order(values: list[object]) -> bool:
    if all(isinstance(value, str) and value.isdecimal() for value in values):
        values = [int(str(value)) for value in values]
    keys = [value.casefold() if isinstance(value, str) else value for value in values]
    pairs = list(pairwise(keys))
    return all(a <= b for a, b in pairs) or all(a >= b for a, b in pairs)  # type: ignore[operator]


def _terms(
    mapped: MappedTables,
    of_bill: np.ndarray,
    days: np.ndarray,
    due: np.ndarray,
    of_vendor: np.ndarray,
) -> Iterator[Finding]:
    """One where the days from issue to due date are those of other rows."""
    terms = due - days
    headers = [mapped.header(BILLS, name, int(of_bill[0])) for name in ("issuedDate", "dueDate")]
    cell = mapped.cell(BILLS, "dueDate", int(of_bill[0]))
    spread = len(np.unique(due)) >= _DUE_DAYS * len(np.unique(days))
    if spread and len(np.unique(terms)) >= _TERMS and _in_order(days) and _in_order(due):
        yield finding("sheet.columns.sorted", cell, one=headers[0], other=headers[1])
        return
    usual = _common(terms)
    if usual.mean() < _MISFIT and spread:
        half = len(terms) // 2
        for one, other in ((days[half:-1], due[half + 1 :]), (days[half + 1 :], due[half:-1])):
            if _common(other - one).mean() >= _FIT and _common(terms[half:]).mean() < _MISFIT:
                as_is, moved = (len(np.unique(each)) for each in (terms[half:], other - one))
                yield slipped(cell, *headers, as_is=as_is, moved=moved, of="terms")
                return
        return
    for values, name in ((days, "issuedDate"), (due, "dueDate")):
        starts = np.flatnonzero(np.diff(values, prepend=-1) != 0)
        ends = np.append(starts[1:], len(values))
        fitting = np.append(0, np.cumsum(usual))
        within = fitting[ends] - fitting[starts]
        others = np.maximum(len(values) - (ends - starts), 1)
        odd = (ends - starts >= _RUN) & usual[starts] & (within == 1)
        odd &= fitting[-1] - within >= _FIT * others
        for start, end in zip(starts[odd].tolist(), ends[odd].tolist(), strict=True):
            if not _unlike_their_vendors(of_vendor, usual, start, end):
                continue
            bill = of_bill[start:end]
            yield finding(
                "sheet.columns.filled",
                mapped.cell(BILLS, name, int(bill[0])),
                bills=tuple(bill.tolist()),
                rows=f"{mapped.bills.row[bill[0]]} to {mapped.bills.row[bill[-1]]}",
                column=mapped.header(BILLS, name, int(bill[0])),
                terms=", ".join(map(str, sorted(set(terms[usual].tolist()))[:6])),
            )


def _unlike_their_vendors(of_vendor: np.ndarray, usual: np.ndarray, start: int, end: int) -> bool:
    """Whether most bills after the first of these are of several vendors, all others of which have
    a common term: some vendors are paid at the end of the month."""
    apart = np.delete(np.arange(len(usual)), np.s_[start:end])
    steady = set(of_vendor[apart].tolist()) - set(of_vendor[apart[~usual[apart]]].tolist())
    unlike = [vendor for vendor in of_vendor[start + 1 : end].tolist() if vendor in steady]
    return len(unlike) >= (end - start) / 2 and len(set(unlike)) > 1


def _common(terms: np.ndarray) -> np.ndarray:
    """Which terms are among the few that most bills have."""
    _, inverse, counts = np.unique(terms, return_inverse=True, return_counts=True)
    least = max(_FEWEST_COMMON, _SHARE * len(terms), int(np.sort(counts)[-_COMMON:][0]))
    return np.asarray(counts[inverse] >= least, dtype=bool)
