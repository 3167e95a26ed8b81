"""A CSV file that an export wrote, with its text as Light has it.

``report.csv_cells`` puts an apostrophe before text that a spreadsheet would run as a formula.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow.compute as pc

from importer.core.text_column import TextColumn, arrow_texts
from importer.model.fields import EXPORT_MARKS, header_key
from importer.model.tables import SourceTable

_ESCAPED = "(?s)\\A'((?:[\\s\\x00-\\x1f]*['=+\\-@＝＋－＠]|[\\t\\r\\n]).*)\\z"


def without_escapes(table: SourceTable) -> SourceTable:
    """The table, or where it is of an export, its texts without the apostrophe."""
    if not len(table.rows) or EXPORT_MARKS.isdisjoint(map(header_key, table.row_cells(0))):
        return table
    arrays = [arrow_texts(column) for column in table.columns]
    texts = [pc.replace_substring_regex(array, _ESCAPED, r"\1") for array in arrays]
    return replace(table, columns=tuple(map(TextColumn, texts)))
