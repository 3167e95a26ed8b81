"""Compare what the file says is still to be paid, or was paid, with what the bills come to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.map_tables import MappedTables
from importer.mapping.open_amounts import BillPart, part_of
from importer.mapping.stated_amounts import LOCAL, StatedColumn
from importer.mapping.stated_constants import stated_currency
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.validation.cents_array import CentsArray, sums
from importer.validation.column import ParsedTable
from importer.validation.compare_stated import net_of_lines


def compare_open(
    mapped: MappedTables,
    bills: ParsedTable,
    lines: ParsedTable,
    line_bill: np.ndarray,
    amounts: CentsArray,
    gross: CentsArray,
) -> Iterator[Finding]:
    """One warning a column whose amounts are not those of the bills: partly or fully paid ones, or
    all of what was billed where the template reads what is open.

    ``amounts`` is each bill's, ``gross`` each line's; signs do not count.
    """
    columns = [stated for stated in mapped.stated if stated.part is not None]
    if not columns:
        return
    net = net_of_lines(lines, gross)
    of_bills = (amounts, *(sums(each, line_bill, bills.size)[0] for each in (net, gross)))
    with_open = {stated.table for stated in columns if stated.part is BillPart.OPEN}
    for stated in columns:
        if stated.part is BillPart.PAID and stated.table in with_open:
            continue
        cents = _cents(mapped, stated, bills if stated.sheet == BILLS else lines)
        of_bill = np.arange(bills.size) if stated.sheet == BILLS else line_bill
        compared = {
            i: value
            for i, value in cents.items()
            if of_bill[i] >= 0 and _in_currency(mapped, stated, bills, int(of_bill[i]))
        }
        of_rows = () if _states_bills(compared, of_bill) else (net, gross)
        beside = {
            i: candidates
            for i in compared
            if (candidates := _candidates(i, int(of_bill[i]), of_rows, of_bills))
        }
        if differing := _differing(stated.part, compared, beside):
            i = differing[0]
            bill = int(of_bill[i])
            shown = bills.money(bill, compared[i]), bills.money(bill, beside[i][0])
            yield _finding(mapped, stated, differing, *shown)


def _cents(mapped: MappedTables, stated: StatedColumn, of: ParsedTable) -> dict[int, int]:
    """The amounts of the rows that have one, in cents without their sign."""
    in_cents = mapped.template.formats.amounts == "cents"
    return {
        i: abs(int(value * (1 if in_cents else int(of.units[i]))))
        for i, value in enumerate(stated.values)
        if value is not None
    }


def _in_currency(mapped: MappedTables, stated: StatedColumn, bills: ParsedTable, bill: int) -> bool:
    """Whether the column, by its name, is in the currency of the bill."""
    if stated.currency == LOCAL:
        return bool(stated_currency(mapped.template))
    return stated.currency in ("", bills["currency"].at(bill))


def _states_bills(cents: dict[int, int], of_bill: np.ndarray) -> bool:
    """Whether each bill of several rows has one amount, on all of them or on its first."""
    first: dict[int, int] = {}
    return all(first.setdefault(int(of_bill[i]), value) == value for i, value in cents.items())


def _candidates(
    i: int, bill: int, of_rows: tuple[CentsArray, ...], of_bills: tuple[CentsArray, ...]
) -> list[int]:
    """What the bill comes to, then its sums, then the row's amounts; without signs."""
    cents_of = [of.at(bill) for of in of_bills] + [of.at(i) for of in of_rows]
    return [abs(cents) for cents in cents_of if cents is not None]


def _differing(
    part: BillPart | None, cents: dict[int, int], beside: dict[int, list[int]]
) -> list[int]:
    """The rows to be named."""
    differing = [i for i, candidates in beside.items() if cents[i] not in candidates]
    if part is BillPart.PAID:
        if not differing or set(cents.values()) <= {0, 100}:  # a ledger of payments, or flags
            return []
        return [i for i, candidates in beside.items() if 0 < cents[i] <= candidates[0]]
    return [] if part is BillPart.OPEN and _runs(cents, beside) else differing


def _runs(cents: dict[int, int], beside: dict[int, list[int]]) -> bool:
    """Whether most amounts are the one before and the row's together: a balance of the account."""
    pairs = list(pairwise(beside))
    steps = [abs(abs(cents[b]) - abs(cents[a])) in beside[b] for a, b in pairs]
    return len(pairs) > 1 and 2 * sum(steps) > len(pairs)


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
