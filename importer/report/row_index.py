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

    def items_at(self, rows: Sequence[int]) -> np.ndarray:
        """The bill or line item of each of these rows, -1 where it is neither."""
        if not len(self._rows):
            return np.full(len(rows), -1)
        wanted = np.asarray(rows, dtype=np.int64)
        last = np.searchsorted(self._rows, wanted, side="right") - 1
        matches = (last >= 0) & (self._rows[last] == wanted)
        return np.where(matches, self._items[last], -1)

    def results(self, items: np.ndarray, *, amounts: bool = True) -> list[RowResult | None]:
        """The result of each item, with or without its amounts; None of -1."""
        result = self._outcomes.result if amounts else self._outcomes.row_result
        return [result(i) if i >= 0 else None for i in items.tolist()]

    def amounts(self, items: np.ndarray) -> tuple[list[list[int | None]], list[int]]:
        """Gross, net and tax of the items in cents, and how many a unit of their currency has;
        None where an item has no such amount, and of -1."""
        if not len(self._rows):
            return [[None] * len(items)] * 3, [100] * len(items)
        columns: list[list[int | None]] = []
        for cents, valid in self._outcomes.amounts:
            has_amount = (valid[items] & (items >= 0)).tolist()
            pairs = zip(cents[items].tolist(), has_amount, strict=True)
            columns.append([amount if given else None for amount, given in pairs])
        return columns, self._outcomes.units[items].tolist()

    def has_amounts(self) -> tuple[bool, bool, bool]:
        """Whether any of the rows has a gross, net and tax amount."""
        gross, net, tax = (bool(c.valid[self._items].any()) for c in self._outcomes.amounts)
        return gross, net, tax
