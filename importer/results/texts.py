"""Texts of many rows at once, as Arrow keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.results.wording import visible

Cells: TypeAlias = pa.LargeStringArray | str  # a text for each row, or one for all of them

_UNSAFE = r"[\x00-\x1f\x7f-\x9f\x{2028}-\x{202e}\x{2066}-\x{2069}]"  # as ``visible`` has it


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


def all_visible(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Each text as ``visible`` gives it."""
    unsafe = np.flatnonzero(pc.match_substring_regex(texts, _UNSAFE))
    if not len(unsafe):
        return texts
    own = [visible(text) for text in texts.take(pa.array(unsafe)).to_pylist()]
    return replaced(texts, unsafe, texts_of(own))


class Texts:
    """Texts of some of many items, made visible; "" of the others, and of -1."""

    def __init__(self, some: Mapping[int, str], size: int) -> None:
        self._texts = all_visible(texts_of(["", *some.values()]))
        self._at = np.zeros(size + 1, dtype=np.int64)  # the last is that of -1
        self._at[list(some)] = np.arange(1, len(some) + 1)

    def of(self, items: np.ndarray) -> pa.LargeStringArray:
        return self._texts.take(pa.array(self._at[items]))

    def given(self, items: np.ndarray) -> np.ndarray:
        return np.asarray(self._at[items] > 0)
