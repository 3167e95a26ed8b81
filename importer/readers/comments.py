"""Comments on the cells of a sheet, whatever the format of its file."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from importer.model.tables import CellComment

LONGEST = 500  # characters of one
_MOST = 10_000  # of a sheet

Note = tuple[int, int, str]
"""Row as in Excel, column from 0, text."""


def cell_comments(notes: Iterable[Note], threads: Iterable[Note] = ()) -> list[CellComment]:
    """The comments that say something, in the order of their rows.

    ``threads``: the entries of conversations, which are one comment each, and replace the note that
    older programs show in their place.
    """
    texts: dict[tuple[int, int], list[str]] = {}
    for several in (notes, threads):
        by_cell: dict[tuple[int, int], list[str]] = {}
        for row, column, text in islice(several, _MOST):
            if shown := text.strip()[:LONGEST]:
                by_cell.setdefault((row, column), []).append(shown)
        texts |= by_cell
    return [CellComment(*place, " / ".join(texts[place])) for place in sorted(texts)[:_MOST]]
