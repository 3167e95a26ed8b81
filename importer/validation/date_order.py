"""Whether the dates of a column are more likely in the other order of day and month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from importer.core.dates import Order, numeric_reading

_FEWEST, _SAMPLE = 5, 20_000  # dates of two readings that show an order; dates that are looked at
_STEP = 45  # days between neighbours of a list in the order of its dates, at most
_JUMPS, _FEW_JUMPS = 0.25, 0.05  # shares of the steps that are longer
_SPREAD, _TOGETHER = 5, 2  # months that the dates are of in one order, and in the other


@dataclass(frozen=True)
class OtherOrder:
    """That the other order is the likelier one: ``why``, and the first date of two readings."""

    at: int
    reading: date
    other: date
    other_order: Order
    why: str


def other_order(tidied: pa.LargeStringArray, order: Order) -> OtherOrder | None:
    """What the sequence of the dates says against ``order``, in which they are read; None where
    nothing. Dates of one reading only keep it."""
    encoded = tidied.slice(0, _SAMPLE).dictionary_encode()
    contrary = next(each for each in Order if each is not order)
    readings: list[tuple[date, date] | None] = []
    for text in encoded.dictionary.to_pylist():
        read, other = (numeric_reading(text, each) for each in (order, contrary))
        readings.append((read, other or read) if read else None)
    codes = encoded.indices.to_numpy()
    readable = np.asarray([each is not None for each in readings], dtype=bool)
    both = [each for each in readings if each is not None]
    turned = {each for each in both if each[0] != each[1]}
    if len(turned) < _FEWEST or {read.day for read, _ in turned} == {1}:
        return None  # bills of the first of each month
    of = np.zeros((2, len(readings)), dtype=np.int64)
    of[:, readable] = [[each[k].toordinal() for each in both] for k in (0, 1)]
    days = of[:, codes[readable[codes]]]
    if not (why := _why(days, both)):
        return None
    at = next(
        i for i, code in enumerate(codes.tolist())
        if (pair := readings[code]) is not None and pair in turned
    )  # fmt: skip
    reading, other = readings[codes[at]] or both[0]
    return OtherOrder(at, reading, other, contrary, why)


def _why(days: np.ndarray, both: list[tuple[date, date]]) -> str:
    """What is odd in the one order and not in the other: how many months the dates are of, or how
    far those of neighbouring rows are apart."""
    months = [{12 * each[k].year + each[k].month - 1 for each in both} for k in (0, 1)]
    if len(months[0]) >= _SPREAD and max(months[1]) - min(months[1]) < _TOGETHER:
        which = " and ".join(f"{m // 12}-{m % 12 + 1:02d}" for m in sorted(months[1]))
        return f"all are of {which}, where now they are of {len(months[0])} months"
    steps = np.abs(np.diff(days, axis=1)) > _STEP
    jumps, of_other = steps.sum(axis=1)
    if jumps >= max(_FEWEST - 1, _JUMPS * steps.shape[1]) and of_other <= min(
        _FEW_JUMPS * steps.shape[1], jumps / 5
    ):
        return (
            f"the dates of neighbouring rows are within {_STEP} days of each other; as they are"
            f" read, {jumps:,} pairs are not"
        )
    return ""
