"""Arrays of amounts in cents, and their sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from importer.core.money import INT64_MAX


class CentsArray(NamedTuple):
    """An amount in cents for each item, and the mask of those that have one.

    int64, or Python integers where one may be larger.
    """

    cents: np.ndarray
    valid: np.ndarray

    def at(self, i: int) -> int | None:
        return int(self.cents[i]) if self.valid[i] else None


def added(cents: np.ndarray, number: np.ndarray, size: int) -> np.ndarray:
    """Exact sums by number (0 ≤ number < ``size``), as Python integers where int64 may overflow."""
    if cents.dtype != object and len(cents):
        largest = max(abs(int(cents.min())), abs(int(cents.max())))
        most = int(np.bincount(number, minlength=1).max())
        if largest * most > INT64_MAX:
            cents = cents.astype(object)
    out = np.zeros(size, dtype=cents.dtype)
    np.add.at(out, number, cents)
    return out


def sums(lines: CentsArray, line_bill: np.ndarray, size: int) -> tuple[CentsArray, np.ndarray]:
    """(each bill's sum of its lines, valid where all of them are; how many it has)."""
    bill, cents, valid = line_bill, lines.cents, lines.valid
    joined = line_bill >= 0
    if not joined.all():
        bill, cents, valid = bill[joined], cents[joined], valid[joined]
    counts = np.bincount(bill, minlength=size)
    complete = counts > 0
    complete[bill[~valid]] = False
    summands = cents if valid.all() else np.where(valid, cents, 0)
    return CentsArray(added(summands, bill, size), complete), counts
