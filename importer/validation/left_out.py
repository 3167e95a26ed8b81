"""Documents that their type or state leaves out, counted and summed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from importer.mapping.map_tables import LeftOutTables
from importer.model.finding import CellRef
from importer.model.report_model import LeftOut
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedColumn


def left_out(
    tables: LeftOutTables,
    currency: ParsedColumn,
    amounts: CentsArray,
    counts: np.ndarray,
    units: np.ndarray,
) -> tuple[LeftOut, ...]:
    """The documents by sheet, kind and reason, in the order of the file.

    By document: its currency, amount, number of line items and cents in a unit.
    """
    bills = tables.mapped.bills
    groups: dict[tuple[int, bool, str], list[int]] = defaultdict(list)
    reason_of: dict[str, str] = {}  # as it is written first: Void and void are one
    for i, (table, credit, reason) in enumerate(
        zip(
            bills.table.tolist(), tables.credit_notes.tolist(), tables.reasons.tolist(), strict=True
        )
    ):
        reason = reason_of.setdefault(reason.casefold(), reason)
        groups[table, credit, reason].append(i)
    out = []
    for (table, credit, reason), documents in groups.items():
        sums: Counter[tuple[str, int]] = Counter()
        unreadable = 0
        for i in documents:
            code = currency.at(i)
            if not amounts.valid[i] or code is None:
                unreadable += 1
                continue
            cents = int(amounts.cents[i])
            sums[str(code), int(units[i])] += abs(cents) if credit else cents
        source = tables.mapped.tables[table].source
        rows = tuple(bills.row[documents].tolist())
        cell = CellRef(source.file, source.sheet, rows[0], None, table)
        totals = tuple((name, cents, unit) for (name, unit), cents in sums.items())
        lines = int(counts[documents].sum())
        out.append(LeftOut(credit, reason, cell, rows, lines, totals, unreadable))
    return tuple(out)


def sums_of(
    documents: Iterable[LeftOut],
    currency: str,
    *,
    credit_notes: bool | None = None,
    table: int | None = None,
) -> int:
    """The total in cents of a currency; of one table, or of all; of bills, credit notes or both."""
    return sum(
        cents
        for each in documents
        if credit_notes in (None, each.credit_notes) and table in (None, each.cell.table)
        for name, cents, _ in each.totals
        if name == currency
    )
