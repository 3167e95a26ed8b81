"""Which result belongs to which row, without holding all of them: a run may have millions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from importer.model.report_model import Amounts, BillResult, RowResult
from importer.report.outcomes import BillOutcomes, LineOutcomes

Items = Sequence[BillResult] | Sequence[RowResult]


def places(items: Items) -> tuple[np.ndarray, np.ndarray]:
    """The table and the row of each bill or line item."""
    if isinstance(items, BillOutcomes | LineOutcomes):
        return items.table, items.row
    each = [(result.table, result.row) for result in map(_result, items)]
    both = np.asarray(each, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _result(item: BillResult | RowResult) -> RowResult:
    return item.result if isinstance(item, BillResult) else item


class RowIndex:
    """The results of the rows of one table, made when they are asked for."""

    def __init__(self, items: Items, table: int) -> None:
        tables, rows = places(items)
        own = np.flatnonzero(tables == table)
        own = own[np.argsort(rows[own], kind="stable")]
        self._items, self._own, self._rows = items, own, rows[own]

    def at(self, rows: Sequence[int]) -> list[RowResult | None]:
        """What became of each of these rows; None where nothing is known."""
        wanted = np.asarray(rows, dtype=np.int64)
        if not len(self._rows):
            return [None] * len(wanted)
        place = np.searchsorted(self._rows, wanted, side="right") - 1
        known = (place >= 0) & (self._rows[place] == wanted)
        items = np.where(known, self._own[place], -1).tolist()
        return [_result(self._items[i]) if i >= 0 else None for i in items]

    def told(self) -> tuple[bool, bool, bool]:
        """Whether any of the rows tells gross, net and tax."""
        if isinstance(self._items, BillOutcomes | LineOutcomes):
            gross, net, tax = (bool(each.known[self._own].any()) for each in self._items.told)
            return gross, net, tax
        amounts = [_result(self._items[i]).amounts or _NOTHING for i in self._own.tolist()]
        return (
            any(each.gross is not None for each in amounts),
            any(each.net is not None for each in amounts),
            any(each.tax is not None for each in amounts),
        )


_NOTHING = Amounts(None, None, None, "")
