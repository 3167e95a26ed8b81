"""Rows below the first row of a bill: its further lines, notes, and what may be another bill."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from importer.mapping.classified_rows import ClassifiedRows
from importer.mapping.control_total import had_role
from importer.mapping.fill_down import FilledTable
from importer.mapping.headed_table import HeadedTable
from importer.mapping.row_columns import RowColumns, keys_of_numbers
from importer.mapping.text_cleanup import blank
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role, TableKind

_FEW = 0.1  # of the rows that name vendor and number; so many may lack the vendor
NOTE = "a note: it has no amount and no account"


def _given(table: HeadedTable, columns: Iterable[int]) -> np.ndarray:
    """Which rows below the header have something in any of the columns."""
    out = np.zeros(len(table.source.rows) - table.start, dtype=bool)
    for column in columns:
        out |= ~blank(table.texts(column))
    return out


def mark_notes(table: HeadedTable, filled: FilledTable, rows: ClassifiedRows) -> None:
    """Pass over rows of text, or of a second child table, that have no amount and no account.

    Such a row lacks its own number, key or date; or it repeats the keys of the row above it, in
    a template that maps accounts.
    """
    columns = RowColumns.of(table)
    if table.kind is not TableKind.FLAT or not columns.amounts:
        return
    without_amount = ~_given(filled.table, columns.amounts)
    if not without_amount.any():
        return
    data = rows.data() & without_amount
    if (rule := table.template.source.control_total) and (
        total := table.column(rule.amount)
    ) is not None:
        data &= ~_given(table, [total])  # the file's own total may have no amount of a line
    empty = data & ~_given(table, {*columns.accounts, *columns.of_bill})
    if not empty.any():
        return
    down = {table.column(name) for name in table.template.source.fill_down}
    named = columns.identity - (columns.vendor - down)
    nameless = empty & ~_given(table, named)
    with_amount = rows.data() & ~empty
    for k in np.flatnonzero(empty).tolist():
        i = table.start + k
        again = bool(columns.accounts) and k > 0 and with_amount[k - 1] and all(
            table.text(c, i) == table.text(c, i - 1) for c in columns.keys
        )  # fmt: skip
        before = had_role(table, i, Role.IGNORED)
        if nameless[k] or again or before:
            with_amount[k] = with_amount[k - 1] if k else False
            rows.roles[k] = Role.IGNORED
            rows.reasons.setdefault(table.number(i), NOTE)


def without_vendor_and_number(
    table: HeadedTable, filled: FilledTable, rows: ClassifiedRows
) -> dict[int, Finding]:
    """Findings for rows that would take vendor or number from above and may be other bills."""
    if not filled.origins or table.kind is not TableKind.FLAT:
        return {}
    columns = RowColumns.of(table)
    data = rows.data()
    every = np.arange(len(data))
    numbers = keys_of_numbers(table)
    named = columns.vendor | numbers | columns.keys
    takes = np.zeros(len(data), dtype=bool)
    for column in named & filled.origins.keys():
        takes |= (filled.origins[column] >= 0) & (filled.origins[column] != every)
    out: dict[int, Finding] = {}
    dated = sorted(columns.of_bill - named)
    for k in np.flatnonzero(data & takes & ~_given(table, named) & _given(table, dated)).tolist():
        i = table.start + k
        column = next(c for c in dated if table.text(c, i))
        out[k] = finding("sheet.row.no_bill", table.cell(i, column), table.text(column, i))
    return out | _without_vendor(table, filled, columns, numbers, data)


def _without_vendor(
    table: HeadedTable,
    filled: FilledTable,
    columns: RowColumns,
    numbers: frozenset[int],
    data: np.ndarray,
) -> dict[int, Finding]:
    """Rows with a number and a filled-down vendor, where other rows repeat their vendor."""
    vendor, number = next(iter(columns.vendor), None), next(iter(numbers), None)
    if vendor not in filled.origins or vendor is None or number is None:
        return {}
    has_vendor, has_number = _given(table, [vendor]), _given(table, [number])
    lacking = data & has_number & ~has_vendor
    if not lacking.any():
        return {}
    texts = [table.texts(c) for c in (vendor, number)]
    of_vendor, of_number = (t.dictionary_encode().indices.to_numpy() for t in texts)
    both = data & has_vendor & has_number
    again = both[1:] & both[:-1] & (of_vendor[1:] == of_vendor[:-1])
    repeats = 1 + np.flatnonzero(again & (of_number[1:] != of_number[:-1]))
    repeated = "repeat the vendor of the row above"
    if not len(repeats) and lacking.sum() <= _FEW * both.sum():
        # a report by vendor names each vendor once
        named = np.flatnonzero(both)
        _, firsts = np.unique(of_vendor[named], return_index=True)
        repeats = np.delete(named, firsts)
        repeated = "name a vendor again that is named further above"
    if not len(repeats):
        return {}
    other = table.number(table.start + int(repeats[0]))
    return {
        k: finding(
            "sheet.row.no_vendor",
            table.cell(table.start + k, vendor),
            table.text(number, table.start + k),
            other=other,
            repeated=repeated,
        )
        for k in np.flatnonzero(lacking).tolist()
    }


def filled_note(table: HeadedTable, filled: FilledTable, rows: ClassifiedRows) -> str:
    """How many rows took values from above, for people; "" where none did."""
    if not filled.origins:
        return ""
    every = np.arange(len(rows.roles))
    data = rows.data()
    taken = np.zeros(len(data), dtype=bool)
    for origin in filled.origins.values():
        taken |= data & (origin >= 0) & (origin != every)
    at = np.flatnonzero(taken)
    if not len(at):
        return ""
    numbers = ", ".join(str(table.number(table.start + k)) for k in at[:10].tolist())
    more = " …" if len(at) > 10 else ""
    count = "1 row takes" if len(at) == 1 else f"{len(at):,} rows take"
    names = ", ".join(f"'{name}'" for name in table.template.source.fill_down)
    return f"{count} values of {names} from the rows above ({numbers}{more})"
