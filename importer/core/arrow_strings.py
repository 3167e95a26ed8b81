"""Texts of many rows at once, as Arrow keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Cells: TypeAlias = pa.LargeStringArray | str  # a text for each row, or one for all of them


def texts_of(values: Sequence[str]) -> pa.LargeStringArray:
    return pa.array(values, type=pa.large_string())


def one(text: str) -> pa.LargeStringScalar:
    return pa.scalar(text, type=pa.large_string())


def spread(cells: Cells, size: int) -> pa.LargeStringArray:
    """A text for each row."""
    if not isinstance(cells, str):
        return cells
    return texts_of([cells]).take(pa.array(np.zeros(size, dtype=np.int64)))


def join(pieces: Sequence[Cells], between: str = "") -> pa.LargeStringArray:
    """The pieces of each row in one text; one of them has a text a row."""
    each = [one(piece) if isinstance(piece, str) else piece for piece in pieces]
    return pc.binary_join_element_wise(*each, one(between))


def replaced(
    texts: pa.LargeStringArray, at: np.ndarray, own: pa.LargeStringArray
) -> pa.LargeStringArray:
    """The texts with ``own`` in their places ``at``, which ascend."""
    mask = np.zeros(len(texts), dtype=bool)
    mask[at] = True
    return pc.replace_with_mask(texts, pa.array(mask), own)


def whole_numbers(numbers: np.ndarray) -> pa.LargeStringArray:
    return pa.array(numbers).cast(pa.string()).cast(pa.large_string())


class ArrowStrings:
    """Texts of ``some`` of many items, ascending; "" of the others, and of -1."""

    def __init__(self, some: np.ndarray, texts: pa.LargeStringArray, size: int) -> None:
        self.some = some
        self._texts = pa.concat_arrays([texts_of([""]), texts])
        self._at = np.zeros(size + 1, dtype=np.int32)  # the last is that of -1
        self._at[some] = np.arange(1, len(some) + 1)

    def __getitem__(self, item: int) -> str:
        at = int(self._at[item])
        return str(self._texts[at].as_py()) if at else ""

    def of(self, items: np.ndarray) -> pa.LargeStringArray:
        return self._texts.take(pa.array(self._at[items]))

    def given(self, items: np.ndarray) -> np.ndarray:
        return np.asarray(self._at[items] > 0)
