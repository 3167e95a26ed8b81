"""Row-number index over the outcomes of one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from importer.model.report_model import RowResult
from importer.report.outcomes import RowOutcomes


class RowIndex:
    """The results of the rows of one table, built on access."""

    def __init__(self, outcomes: RowOutcomes[Any], table: int) -> None:
        self._items = outcomes.items_of_rows(table)
        self._outcomes, self._rows = outcomes, outcomes.row[self._items]

    def results(self, rows: Sequence[int]) -> list[RowResult | None]:
        """The result of each of these rows; None for a row that is neither bill nor line item."""
        if not len(self._rows):
            return [None] * len(rows)
        wanted = np.asarray(rows, dtype=np.int64)
        last = np.searchsorted(self._rows, wanted, side="right") - 1
        matches = (last >= 0) & (self._rows[last] == wanted)
        return [
            self._outcomes.result(i) if i >= 0 else None
            for i in np.where(matches, self._items[last], -1).tolist()
        ]

    def has_amounts(self) -> tuple[bool, bool, bool]:
        """Whether any of the rows has a gross, net and tax amount."""
        gross, net, tax = (bool(c.valid[self._items].any()) for c in self._outcomes.amounts)
        return gross, net, tax
