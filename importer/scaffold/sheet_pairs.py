"""Which two tables are bills and their line items: a column of one joins it to the other."""

from __future__ import annotations

from collections.abc import Sequence

from importer.model.fields import LINE_ITEMS
from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.header_names import plain
from importer.scaffold.layout_inference import Table


def pair_of(tables: Sequence[Table]) -> tuple[Table, Table, ColumnProfile, ColumnProfile] | None:
    """(bills, line items, the bills' column, the lines' column), None where there is no such pair.

    Every value of the lines' column stands once in the bills' column, nearly: an orphan or two are
    mistakes for the validation to tell.
    """
    found = []
    for bills in tables:
        for lines in tables:
            if bills is lines or not _heads(bills):
                continue
            for key in bills.columns:
                if not _unique(key):
                    continue
                known = set(key.filled)
                for own in lines.columns:
                    there = sum(text in known for text in own.filled)
                    if own.filled and there >= 0.9 * len(own.filled) and there > 1:
                        same = plain(key.header) == plain(own.header)
                        of_lines = sum(t[0] == LINE_ITEMS for t in lines.fields)
                        found.append((same, of_lines, there, bills, lines, key, own))
    if not found:
        return None
    best = max(found, key=lambda f: f[:3])
    return best[3], best[4], best[5], best[6]


def _heads(table: Table) -> bool:
    """Whether a table may be of bills: it knows a vendor or a date of them."""
    targets = (at.VENDOR, (at.VENDOR[0], "vendorId"), at.ISSUED)
    return any(target in table.fields for target in targets)


def _unique(column: ColumnProfile) -> bool:
    """Whether each row has a value of its own, so that the column can name a bill."""
    filled = [text for text in column.texts if text]
    return (
        len(filled) > 1
        and len(filled) >= 0.9 * len(column.texts)
        and len(column.filled) == len(filled)
        and not column.dates
        and not column.decimals
    )
