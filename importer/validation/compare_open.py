"""Compare what the file says is still to be paid, or was paid, with what the bills come to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.map_tables import MappedTables
from importer.mapping.open_amounts import BillPart, part_of
from importer.mapping.stated_amounts import FOREIGN, LOCAL, StatedColumn
from importer.mapping.stated_constants import stated_currency
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.validation.cents_array import CentsArray, sums
from importer.validation.column import ParsedSheets, ParsedTable
from importer.validation.compare_stated import net_of_lines, stated_cents

_FAR = 10  # a tenth, as of discounts and other corrections


def compare_open(sheets: ParsedSheets, amounts: CentsArray, gross: CentsArray) -> Iterator[Finding]:
    """One warning a column whose amounts are not those of the bills: partly or fully paid ones, or
    all of what was billed where the template reads what is open.

    ``amounts`` is each bill's, ``gross`` each line's; signs do not count.
    """
    mapped, bills, lines, line_bill = sheets
    columns = [stated for stated in mapped.stated if stated.part is not None]
    if not columns:
        return
    net = net_of_lines(lines, gross)
    of_bills = (amounts, *(sums(each, line_bill, bills.size)[0] for each in (net, gross)))
    with_open = {stated.table for stated in columns if stated.part is BillPart.OPEN}
    for stated in columns:
        if stated.part is BillPart.PAID and stated.table in with_open:
            continue
        at, cents = stated_cents(mapped, stated, bills if stated.sheet == BILLS else lines)
        cents = np.abs(cents)
        bill = at if stated.sheet == BILLS else line_bill[at]
        compared = (bill >= 0) & _in_currency(mapped, stated, bills, bill)
        at, cents, bill = at[compared], cents[compared], bill[compared]
        totals = [CentsArray(of.cents[bill], of.valid[bill]) for of in of_bills]
        if not _states_bills(cents, bill):
            totals += [CentsArray(of.cents[at], of.valid[at]) for of in (net, gross)]
        if stated.part is BillPart.CHOICE:
            differing = _contrary(_read(mapped, stated, at), stated.header, cents, totals)
        else:
            differing = _differing(stated.part, cents, totals)
        if len(differing):
            k = differing[0]
            shown = (bills.money(bill[k], each) for each in (cents[k], _first(totals)[k]))
            yield _finding(mapped, stated, at[differing].tolist(), *shown)


def _in_currency(
    mapped: MappedTables, stated: StatedColumn, bills: ParsedTable, bill: np.ndarray
) -> np.ndarray | bool:
    """Whether the column, by its name, is in the currency of each of the bills."""
    if stated.currency == LOCAL:
        return bool(stated_currency(mapped.template))
    if stated.currency == FOREIGN:
        return not stated_currency(mapped.template)
    if not stated.currency:
        return True
    return np.asarray([code == stated.currency for code in bills["currency"].values_at(bill)])


def _states_bills(cents: np.ndarray, bill: np.ndarray) -> bool:
    """Whether each bill of several rows has one amount, on all of them or on its first."""
    order = np.argsort(bill, kind="stable")
    bill, cents = bill[order], cents[order]
    return not ((bill[1:] == bill[:-1]) & (cents[1:] != cents[:-1])).any()


def _first(totals: list[CentsArray]) -> np.ndarray:
    """What each bill comes to, else the first of the other totals there is; without signs."""
    out = totals[-1].cents
    for total in reversed(totals):
        out = np.where(total.valid, total.cents, out)
    return np.asarray(np.abs(out))


def _among(cents: np.ndarray, totals: list[CentsArray]) -> np.ndarray:
    """Which amounts are one of the totals of their row, without signs."""
    out = np.zeros(len(cents), dtype=bool)
    for total in totals:
        out |= total.valid & np.asarray(np.abs(total.cents) == cents, dtype=bool)
    return out


def _differing(part: BillPart | None, cents: np.ndarray, totals: list[CentsArray]) -> np.ndarray:
    """The rows to be named, by their place in ``cents``."""
    valid = np.logical_or.reduce([total.valid for total in totals])
    differing = valid & ~_among(cents, totals)
    if part is BillPart.PAID:
        if not differing.any() or set(cents) <= {0, 100}:  # a ledger of payments, or flags
            return np.flatnonzero([])
        return np.flatnonzero(valid & (cents > 0) & (cents <= _first(totals)))
    if part is BillPart.OPEN and differing.any() and _runs(cents, valid, totals):
        return np.flatnonzero([])
    return np.flatnonzero(differing)


def _read(mapped: MappedTables, stated: StatedColumn, at: np.ndarray) -> str:
    """The header of the column that the amounts come from."""
    names = [name for name in ("amount", "netAmount") if name in mapped.items(stated.sheet).columns]
    return mapped.header(stated.sheet, names[0], int(at[0])) if names and len(at) else ""


def _contrary(read: str, other: str, cents: np.ndarray, totals: list[CentsArray]) -> np.ndarray:
    """The rows in which more is open than was billed, or two amounts of what was billed are far
    from each other."""
    is_open, reads_open = (part_of(header) is BillPart.OPEN for header in (other, read))
    apart = np.logical_or.reduce([total.valid for total in totals])
    for total in totals:  # of the bill, and of its line where a bill's rows have several amounts
        taken = np.where(total.valid, np.abs(total.cents), cents)
        if is_open == reads_open:
            unlike = np.abs(cents - taken) * _FAR > np.maximum(cents, taken)
        else:
            unlike = cents > taken if is_open else cents < taken
        apart &= ~total.valid | np.asarray(unlike, dtype=bool)
    return np.flatnonzero(apart)


def _runs(cents: np.ndarray, valid: np.ndarray, totals: list[CentsArray]) -> bool:
    """Whether most amounts are the one before and the row's together: a balance of the account."""
    at = np.flatnonzero(valid)
    if not np.any(cents[at] > _first(totals)[at]):
        return False  # an open amount is never more than the bill
    after = [CentsArray(of.cents[at[1:]], of.valid[at[1:]]) for of in totals]
    steps = _among(np.abs(np.diff(cents[at])), after)
    return len(steps) > 1 and 2 * int(np.count_nonzero(steps)) > len(steps)


def _finding(
    mapped: MappedTables, stated: StatedColumn, differing: list[int], value: str, calculated: str
) -> Finding:
    i, items = differing[0], mapped.items(stated.sheet)
    table, of_lines = mapped.tables[stated.table], stated.sheet == LINE_ITEMS
    cell = CellRef(
        table.source.file,
        table.source.sheet,
        int(items.row[i]),
        stated.header,
        stated.table,
        stated.column,
    )
    if stated.part is BillPart.CHOICE:
        read = _read(mapped, stated, np.asarray(differing))
    else:
        read = next((h.strip() for h in table.headers if part_of(h) is BillPart.OPEN), "")
    return finding(
        f"sheet.column.{'differing' if stated.part is BillPart.OTHER else stated.part}_amount",
        cell,
        value,
        bills=() if of_lines else tuple(differing),
        lines=tuple(differing) if of_lines else (),
        column=stated.header,
        read=read,
        calculated=calculated,
        rows=count(len(differing), "row"),
    )
