"""Texts of many rows as Arrow strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Texts: TypeAlias = pa.LargeStringArray | str  # a text for each row, or one for all of them


def strings(values: Sequence[str]) -> pa.LargeStringArray:
    return pa.array(values, type=pa.large_string())


def scalar(text: str) -> pa.LargeStringScalar:
    return pa.scalar(text, type=pa.large_string())


def broadcast(texts: Texts, size: int) -> pa.LargeStringArray:
    """A text for each of ``size`` rows."""
    if not isinstance(texts, str):
        return texts
    return strings([texts]).take(pa.array(np.zeros(size, dtype=np.int64)))


def concatenate(pieces: Sequence[Texts], separator: str = "") -> pa.LargeStringArray:
    """The pieces of each row in one text; at least one piece has a text for each row."""
    each = [scalar(piece) if isinstance(piece, str) else piece for piece in pieces]
    return pc.binary_join_element_wise(*each, scalar(separator))


def replace_at(
    texts: pa.LargeStringArray, rows: np.ndarray, replacement: pa.LargeStringArray
) -> pa.LargeStringArray:
    """The texts with ``replacement`` at ``rows``, which ascend."""
    mask = np.zeros(len(texts), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), replacement)


def integers(numbers: np.ndarray) -> pa.LargeStringArray:
    """Whole numbers as text."""
    return pa.array(numbers).cast(pa.string()).cast(pa.large_string())


class SparseStrings:
    """Texts of some of ``size`` items, whose indexes ascend; "" of the others, and of -1."""

    def __init__(self, indexes: np.ndarray, texts: pa.LargeStringArray, size: int) -> None:
        self._texts = pa.concat_arrays([strings([""]), texts])
        self._at = np.zeros(size + 1, dtype=np.int32)  # the last is that of -1
        self._at[indexes] = np.arange(1, len(indexes) + 1)

    def __getitem__(self, item: int) -> str:
        at = int(self._at[item])
        return str(self._texts[at].as_py()) if at else ""

    def take(self, items: np.ndarray) -> pa.LargeStringArray:
        return self._texts.take(pa.array(self._at[items]))

    def has(self, items: np.ndarray) -> np.ndarray:
        """Which of the items have a text."""
        return np.asarray(self._at[items] > 0)
