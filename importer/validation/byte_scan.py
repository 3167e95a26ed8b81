"""Vectorised tests of the UTF-8 bytes of a column of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

_BLOCK = 1 << 16  # texts


def blocks(size: int) -> Iterator[slice]:
    """Slices of a long column that fit into the processor's cache."""
    return (slice(start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK))


@dataclass(frozen=True)
class Bytes:
    """Concatenated UTF-8 texts: the ``i``-th is ``data[starts[i]:ends[i]]``."""

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, texts: pa.LargeStringArray) -> Bytes:
        """Nothing is copied. No text may be null."""
        assert texts.null_count == 0
        _, offsets, data = texts.buffers()
        if not len(texts):
            none = np.empty(0, dtype=np.int64)
            return cls(np.empty(0, dtype=np.uint8), none, none)
        of = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
        every = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        return cls(every, of[:-1], of[1:])

    @property
    def lengths(self) -> np.ndarray:
        """In bytes."""
        return np.asarray(self.ends - self.starts)

    def at(self, where: np.ndarray) -> np.ndarray:
        """A byte of each text; an arbitrary one where the index is outside of the data."""
        if not len(self.data):
            return np.zeros(len(where), dtype=np.uint8)
        return np.asarray(self.data.take(where, mode="clip"))

    def outside(self, low: str, high: str) -> np.ndarray:
        """Which texts have a byte outside of this range of ASCII characters."""
        out = np.zeros(len(self.starts), dtype=bool)
        if len(out):
            first = int(self.starts[0])
            span = self.data[first : int(self.ends[-1])]
            odd = np.flatnonzero((span - np.uint8(ord(low))) > np.uint8(ord(high) - ord(low)))
            if len(odd):
                out[np.searchsorted(self.ends, odd + first, side="right")] = True
        return out


def between(some: np.ndarray, low: str, high: str) -> np.ndarray:
    """Which bytes are in this range of ASCII characters."""
    return np.asarray((some - np.uint8(ord(low))) <= np.uint8(ord(high) - ord(low)), dtype=bool)


def by_block(
    texts: pa.LargeStringArray, test: Callable[[pa.LargeStringArray], np.ndarray]
) -> np.ndarray:
    """The mask of a test that is run block by block."""
    out = np.empty(len(texts), dtype=bool)
    for part in blocks(len(texts)):
        out[part] = test(texts.slice(part.start, part.stop - part.start))
    return out
