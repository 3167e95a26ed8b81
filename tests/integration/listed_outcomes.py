"""Outcomes that a test lists one by one, for what only Light or a crash would bring about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from importer.core.arrow_strings import strings
from importer.model.report_model import Amounts, BillResult, RowResult
from importer.report.outcomes import STATUSES, RowOutcomes
from importer.validation.cents_array import CentsArray

_Record = TypeVar("_Record", BillResult, RowResult)


class ListedOutcomes(RowOutcomes[_Record]):
    def __init__(self, records: Sequence[_Record]) -> None:
        self._records = list(records)
        self._results = [r.result if isinstance(r, BillResult) else r for r in records]
        amounts = [r.amounts or Amounts(None, None, None, "") for r in self._results]
        super().__init__(
            _integers([r.table for r in self._results]),
            _integers([r.row for r in self._results]),
            _integers([STATUSES.index(r.status) for r in self._results]),
            _integers([a.unit for a in amounts]),
            (
                _cents([a.gross for a in amounts]),
                _cents([a.net for a in amounts]),
                _cents([a.tax for a in amounts]),
            ),
        )

    def row_result(self, i: int, amounts: Amounts | None = None) -> RowResult:
        return self._results[i]

    @property
    def in_light(self) -> np.ndarray:
        return np.asarray([r.in_light for r in self._results], dtype=bool)

    def only_checked(self) -> np.ndarray:
        return np.zeros(len(self), dtype=bool)

    def messages(self, items: np.ndarray) -> pa.LargeStringArray:
        return strings([""] * len(items))

    def _currency(self, i: int) -> str:
        amounts = self._results[i].amounts
        return amounts.currency if amounts else ""

    def _item(self, i: int) -> _Record:
        return self._records[i]


def _integers(values: Sequence[int]) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


def _cents(values: Sequence[int | None]) -> CentsArray:
    known = np.asarray([value is not None for value in values], dtype=bool)
    return CentsArray(np.asarray([value or 0 for value in values], dtype=object), known)
