"""Split bound tables into the rows that are loaded and those that type or state leave out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from importer.core.money import tidy
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import CanonicalTable, ColumnReader, row_numbers
from importer.mapping.dispositions import RowDispositions
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role


def split_tables(
    reader: ColumnReader, left_out: np.ndarray, reasons: np.ndarray
) -> tuple[list[BoundTable], list[BoundTable]]:
    """The tables with the rows to load, and with those left out; both have all rows' roles."""
    loaded, others = [], []
    for t in reader.tables:
        of_table = reader.table == t.index
        mask = left_out[of_table]
        table = t.table
        if mask.any():
            rows = row_numbers(table.source)[t.positions[mask]].tolist()
            roles = list(table.roles)
            for position in t.positions[mask].tolist():
                roles[position - table.header - 1] = Role.PASSED_OVER
            of_rows = dict(zip(rows, reasons[of_table][mask].tolist(), strict=True))
            table = replace(table, roles=roles, reasons={**table.reasons, **of_rows})
        marked = replace(t, table=table)
        loaded.append(_with_rows(marked, ~mask))
        others.append(_with_rows(marked, mask))
    return loaded, others


def _with_rows(t: BoundTable, mask: np.ndarray) -> BoundTable:
    starts = None if t.bill_starts is None else t.bill_starts[mask]
    return replace(t, positions=t.positions[mask], bill_starts=starts)


def split_bills(reader: ColumnReader, keys: np.ndarray, rows: RowDispositions) -> list[Finding]:
    """A warning for each bill of which some rows are loaded and others passed over."""
    passed = rows.passed_over
    both = np.intersect1d(keys[passed], keys[~passed & ~rows.credit_notes])
    out = []
    for key in both.tolist():
        of_key = np.flatnonzero(keys == key)
        loaded, others = of_key[~passed[of_key]], of_key[passed[of_key]]
        table = next(t for t in reader.tables if t.index == int(reader.table[others[0]]))
        source = table.table.source
        cell = CellRef(source.file, source.sheet, int(reader.row[others[0]]), None, table.index)
        words = {
            "count": len(others),
            "loaded": _row_list(reader, loaded),
            "passed": _row_list(reader, others),
            "reason": rows.reasons[others[0]],
        }
        out.append(finding("bills.state.differs", cell, **words))
    return out


def _row_list(reader: ColumnReader, rows: np.ndarray) -> str:
    return ", ".join(map(str, reader.row[rows[:5]].tolist())) + (" …" if len(rows) > 5 else "")


# --- two sheets -------------------------------------------------------------------------------


def lines_left_out(
    bills: CanonicalTable, left_out: np.ndarray, lines: CanonicalTable
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(which lines belong to the bills left out, the bill of each of these; the bills to load whose
    reference a bill left out has too, so that their lines cannot be told apart)."""
    bill_refs, bill_numbers = _texts(bills, "billRef"), _texts(bills, "invoiceNumber")
    line_refs, line_numbers = _texts(lines, "billRef"), _texts(lines, "invoiceNumber")
    if not any(line_numbers):
        line_numbers = line_refs  # the lines call the invoice number billRef
    by_ref = any(bill_refs) and any(line_refs)
    both = zip(bill_refs, bill_numbers, strict=True)
    references = [ref or number for ref, number in both] if by_ref else bill_numbers
    left_out_refs = {text: i for i, text in enumerate(references) if left_out[i] and text}
    shared = [i for i, text in enumerate(references) if not left_out[i] and text in left_out_refs]
    for i in shared:
        left_out_refs.pop(references[i], None)
    numbers = {text: i for i, text in enumerate(bill_numbers) if left_out[i] and text}
    for i in np.flatnonzero(~left_out).tolist():
        numbers.pop(bill_numbers[i], None)
    owner = np.full(len(lines), -1, dtype=np.int64)
    for k, (ref, number) in enumerate(zip(line_refs, line_numbers, strict=True)):
        owner[k] = left_out_refs.get(ref, -1) if by_ref and ref else numbers.get(number, -1)
    at = np.flatnonzero(owner >= 0)
    return at, owner[at], np.asarray(shared, dtype=np.int64)


def _texts(items: CanonicalTable, name: str) -> list[str]:
    column = items.columns.get(name)
    return [""] * len(items) if column is None else [tidy(t) for t in column.array.to_pylist()]
