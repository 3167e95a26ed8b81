"""Which bills and line items a finding about a sheet or a row makes invalid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from importer.mapping.canonical_columns import CanonicalTable
from importer.model.finding import Finding

# Findings that make all rows of their sheet invalid, and those that make one row invalid.
_SHEET_WIDE = frozenset(
    (
        "sheet.column.missing",
        "sheet.column.twice",
        "sheet.field.unmapped",
        "sheet.stop.missing",
        "sheet.header.holds_data",
        "sheet.parameter.missing",
    )
)
_OF_ROWS = frozenset(
    (
        "sheet.row.swallowed",
        "sheet.row.too_long",
        "sheet.row.shifted",
        "sheet.total.doubtful",
        "sheet.row.goes_on_with_passed_over",
        "sheet.row.total",
        "sheet.cell.merged_amount",
        "sheet.row.no_bill",
        "sheet.row.no_vendor",
        "sheet.row.struck",
        "sheet.group.other_name",
    )
)
# Of these the bill above may lack the row, where blank cells are filled down.
_OF_BILL_ABOVE = frozenset(
    ("sheet.row.goes_on_with_passed_over", "sheet.row.total", "sheet.row.no_bill")
)
_NO_LINES = frozenset(("line_items.sheet.missing", "sheet.rows.none"))


def findings_with_items(
    findings: Sequence[Finding], bills: CanonicalTable, lines: CanonicalTable, fills_down: bool
) -> list[Finding]:
    """The findings with the bills and lines they make invalid."""
    places: dict[tuple[int, int], tuple[list[int], list[int]]] = {}  # by table and row
    if any(f.code in _OF_ROWS for f in findings):
        for which, items in enumerate((bills, lines)):
            rows = zip(items.table.tolist(), items.row.tolist(), strict=True)
            for i, place in enumerate(rows):
                places.setdefault(place, ([], []))[which].append(i)
    out = []
    for f in findings:
        if f.code in _SHEET_WIDE:
            of_bills, of_lines = (
                tuple(np.flatnonzero(items.table == f.cell.table).tolist())
                for items in (bills, lines)
            )
            f = replace(f, bills=of_bills, lines=of_lines)
        elif f.code in _OF_ROWS:
            at = (-1 if f.cell.table is None else f.cell.table, f.cell.row or 0)
            of_bills, of_lines = map(tuple, places.get(at, ([], [])))
            if f.code in _OF_BILL_ABOVE and fills_down:
                table = lines.table
                both = (n for i in of_lines for n in (i - 1, i) if n >= 0 and table[n] == table[i])
                of_lines = tuple(both)
            f = replace(f, lines=of_lines) if of_lines else replace(f, bills=of_bills)
        elif f.code in _NO_LINES and not len(lines):
            f = replace(f, bills=tuple(range(len(bills))))
        out.append(f)
    return out
