"""The warning for a column that is a row off beside another."""

from __future__ import annotations

from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding


def slipped(
    cell: CellRef, one: str, other: str, *, as_is: int, moved: int, of: str = "pairs"
) -> Finding:
    """``one`` and ``other`` are headers; ``as_is`` and ``moved`` how many different pairs (or what
    ``of`` names) there are, as it is and with one of them moved by a row."""
    counts = f"{as_is:,} different {of}; moved by a row, in {moved:,}"
    return finding("sheet.columns.slipped", cell, one=one, other=other, counts=counts)
