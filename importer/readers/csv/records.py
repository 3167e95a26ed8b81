"""The records of a CSV file, before they become a ``SourceTable``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Records:
    """The records that are not blank. ``columns`` have one length; none at the end is blank.

    ``rows`` and ``lengths``: number and width of each record. ``total`` counts blank records too.
    ``runaway_quotes``: (row number, column, rows) of cells that hold rows.
    """

    columns: tuple[Sequence[str], ...]
    rows: Sequence[int]
    lengths: Sequence[int]
    total: int
    runaway_quotes: tuple[tuple[int, int, int], ...] = ()
