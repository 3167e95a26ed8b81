"""Find two tables that are bills and their line items, joined by a column of each."""

from __future__ import annotations

from collections.abc import Sequence

from importer.model.fields import LINE_ITEMS
from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.header_names import header_letters
from importer.scaffold.layout_inference import Table


def pair_of(tables: Sequence[Table]) -> tuple[Table, Table, ColumnProfile, ColumnProfile] | None:
    """(bills, line items, the bills' column, the lines' column), None where there is no such pair.

    Nearly every value of the lines' column is in the bills' column; validation reports the others.
    """
    candidates = []
    for bills in tables:
        for lines in tables:
            if bills is lines or not _heads(bills) or _complete(lines):
                continue
            for key in bills.columns:
                if not _unique(key):
                    continue
                values = set(key.filled)
                for line_key in lines.columns:
                    matches = sum(text in values for text in line_key.filled)
                    if line_key.filled and matches >= 0.9 * len(line_key.filled) and matches > 1:
                        same = header_letters(key.header) == header_letters(line_key.header)
                        of_lines = sum(t[0] == LINE_ITEMS for t in lines.fields)
                        candidates.append((same, of_lines, matches, bills, lines, key, line_key))
    if not candidates:
        return None
    best = max(candidates, key=lambda f: f[:3])
    return best[3], best[4], best[5], best[6]


def _heads(table: Table) -> bool:
    """Whether a table may be of bills: it has a date or a total, as a list of vendors has not."""
    return any(target in table.fields for target in (at.ISSUED, at.DUE, at.TOTAL))


def _complete(table: Table) -> bool:
    """Whether a table has all of a bill by itself: vendor, date and amounts of its lines."""
    heads = at.VENDOR in table.fields and at.ISSUED in table.fields
    return heads and any(t in table.fields for t in (at.NET, at.GROSS, at.EACH))


def _unique(column: ColumnProfile) -> bool:
    """Whether each row has another value, so that the column can identify a bill."""
    filled = [text for text in column.texts if text]
    return (
        len(filled) > 1
        and len(filled) >= 0.9 * len(column.texts)
        and len(column.filled) == len(filled)
        and not column.dates
        and not column.decimals
    )
