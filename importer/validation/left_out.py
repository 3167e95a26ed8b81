"""Documents that their type or state leaves out, counted and summed; the warning of credits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from importer.core.money import money
from importer.mapping.dispositions import Disposition
from importer.mapping.map_tables import LeftOutTables
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.report_model import LeftOut
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedColumn

_SHOWN_ROWS = 10


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
    for i, (table, code, reason) in enumerate(
        zip(bills.table.tolist(), tables.codes.tolist(), tables.reasons.tolist(), strict=True)
    ):
        reason = reason_of.setdefault(reason.casefold(), reason)
        groups[table, code == Disposition.CREDIT_NOTE, reason].append(i)
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
    documents: Iterable[LeftOut], currency: str, *, credit_notes: bool, table: int | None = None
) -> int:
    """The total in cents of a currency; of one table, or of all."""
    return sum(
        cents
        for each in documents
        if each.credit_notes is credit_notes and table in (None, each.cell.table)
        for name, cents, _ in each.totals
        if name == currency
    )


def credit_note_warnings(documents: Sequence[LeftOut]) -> Iterator[Finding]:
    """One warning a sheet that has credit notes."""
    of_table: dict[int | None, list[LeftOut]] = defaultdict(list)
    for each in documents:
        if each.credit_notes:
            of_table[each.cell.table].append(each)
    for group in of_table.values():
        rows = sorted(row for each in group for row in each.rows)
        sums: Counter[tuple[str, int]] = Counter()
        for each in group:
            sums.update({(name, unit): cents for name, cents, unit in each.totals})
        totals = " and ".join(f"{money(n, unit)} {name}" for (name, unit), n in sums.items())
        more = " …" if len(rows) > _SHOWN_ROWS else ""
        shown = f"row {', '.join(map(str, rows[:_SHOWN_ROWS]))}{more}"
        yield finding(
            "bills.type.credit_notes",
            min((each.cell for each in group), key=lambda cell: cell.row or 0),
            count=f"{len(rows):,}",
            totals=totals or "no readable amount",
            rows=shown,
        )
