"""What the bytes of a column of texts say of them, for tests that need no pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

_BLOCK = 1 << 16  # texts whose arrays fit into the processor's cache, and take no new memory


def blocks(size: int) -> Iterator[slice]:
    """The parts of a long column that are best worked on one after the other."""
    return (slice(start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK))


@dataclass(frozen=True)
class Bytes:
    """Texts in UTF-8, one behind the other: the ``i``-th is ``data[starts[i]:ends[i]]``."""

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
        """In bytes: at least as many as characters."""
        return np.asarray(self.ends - self.starts)

    def at(self, where: np.ndarray) -> np.ndarray:
        """A byte of each text, of whatever text where it has none there."""
        if not len(self.data):
            return np.zeros(len(where), dtype=np.uint8)
        return np.asarray(self.data.take(where, mode="clip"))

    def outside(self, low: str, high: str) -> np.ndarray:
        """Which texts have a byte outside of these two ASCII characters and those between them."""
        out = np.zeros(len(self.starts), dtype=bool)
        if len(out):
            first = int(self.starts[0])
            own = self.data[first : int(self.ends[-1])]
            odd = np.flatnonzero((own - np.uint8(ord(low))) > np.uint8(ord(high) - ord(low)))
            if len(odd):
                out[np.searchsorted(self.ends, odd + first, side="right")] = True
        return out


def between(some: np.ndarray, low: str, high: str) -> np.ndarray:
    """Which bytes are these two ASCII characters or between them."""
    return np.asarray((some - np.uint8(ord(low))) <= np.uint8(ord(high) - ord(low)), dtype=bool)


def by_block(
    texts: pa.LargeStringArray, test: Callable[[pa.LargeStringArray], np.ndarray]
) -> np.ndarray:
    """A test of texts, made of some after the other."""
    out = np.empty(len(texts), dtype=bool)
    for part in blocks(len(texts)):
        out[part] = test(texts.slice(part.start, part.stop - part.start))
    return out
