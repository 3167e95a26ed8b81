"""Amounts of many items at once, in cents, and their sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from importer.core.money import INT64_MAX


class CentsArray(NamedTuple):
    """An amount in cents for each item, and which of them are known.

    Of int64, or of exact Python numbers where one may be larger.
    """

    cents: np.ndarray
    known: np.ndarray

    def at(self, i: int) -> int | None:
        return int(self.cents[i]) if self.known[i] else None


def added(cents: np.ndarray, number: np.ndarray, size: int) -> np.ndarray:
    """The sums of what has the same number, which is below ``size``; exact, however large."""
    if cents.dtype != object and len(cents):
        largest = max(abs(int(cents.min())), abs(int(cents.max())))
        most = int(np.bincount(number, minlength=1).max())
        if largest * most > INT64_MAX:
            cents = cents.astype(object)
    out = np.zeros(size, dtype=cents.dtype)
    np.add.at(out, number, cents)
    return out


def sums(lines: CentsArray, line_bill: np.ndarray, size: int) -> tuple[CentsArray, np.ndarray]:
    """Each bill's sum of its lines, known where it has some and all of theirs are; their number."""
    bill, cents, known = line_bill, lines.cents, lines.known
    joined = line_bill >= 0
    if not joined.all():
        bill, cents, known = bill[joined], cents[joined], known[joined]
    counts = np.bincount(bill, minlength=size)
    whole = counts > 0
    whole[bill[~known]] = False
    own = cents if known.all() else np.where(known, cents, 0)
    return CentsArray(added(own, bill, size), whole), counts
