"""Arrow-backed text columns: a million texts in one buffer, not a million objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_PLAIN = np.asarray([code < 128 and chr(code).isalnum() for code in range(256)])
_AT_ONCE = 65_536  # texts that become Python objects at a time


class TextColumn(Sequence[str]):
    """Texts without nulls, read like any sequence of str; ``array`` is of ``large_string``."""

    def __init__(self, array: pa.LargeStringArray) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[str]: ...
    def __getitem__(self, i: int | slice) -> str | Sequence[str]:
        if isinstance(i, slice):
            start, stop, step = i.indices(len(self.array))
            if step == 1:
                return TextColumn(self.array.slice(start, max(stop - start, 0)))
            return tuple(self.array[i].to_pylist())
        text: str = self.array[int(i)].as_py()
        return text

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self.array), _AT_ONCE):
            yield from self.array.slice(start, _AT_ONCE).to_pylist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.array.to_numpy(zero_copy_only=False), dtype=dtype)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TextColumn):
            return bool(self.array.equals(other.array))
        if isinstance(other, list | tuple):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TextColumn({self.array.slice(0, 10).to_pylist()!r}, {len(self)} texts)"


def arrow_texts(texts: Iterable[str]) -> pa.LargeStringArray:
    """Any column of texts as an Arrow array; without a copy where it is one already."""
    if isinstance(texts, TextColumn):
        return texts.array
    array: Any = pa.array(texts, type=pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


class TextColumnBuilder:
    """Builds a long column piece by piece in a preallocated buffer."""

    def __init__(self) -> None:
        self.share = 1.5  # how many times larger than its first piece it is expected to become
        self._length = self._size = 0
        self._offsets, self._data = np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint8)

    def add(self, piece: pa.LargeStringArray) -> int:
        """The bytes of the longest text of the piece."""
        offsets, end = offsets_of(piece), self._length + len(piece)
        data = np.frombuffer(piece.buffers()[2] or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
        self._offsets = _room(self._offsets, end + 1, self._length + 1, self.share)
        self._data = _room(self._data, self._size + len(data), self._size, self.share)
        np.add(offsets[1:], self._size - offsets[0], out=self._offsets[self._length + 1 : end + 1])
        self._data[self._size : self._size + len(data)] = data
        self._length, self._size = end, self._size + len(data)
        return int(np.diff(offsets).max(initial=0))

    def array(self) -> pa.LargeStringArray:
        offsets, data = self._offsets[: self._length + 1], self._data[: self._size]
        return pa.LargeStringArray.from_buffers(
            self._length, pa.py_buffer(offsets), pa.py_buffer(data)
        )


def _room(buffer: np.ndarray, size: int, used: int, share: float) -> np.ndarray:
    """The buffer, or a larger one with what is used of it."""
    if size <= len(buffer):
        return buffer
    larger = np.empty(int(size * (share if used <= 1 else 1.3)) + 64, dtype=buffer.dtype)
    larger[:used] = buffer[:used]
    return larger


def offsets_of(array: pa.LargeStringArray) -> np.ndarray:
    """Where each text begins in the bytes of all, and where the last ends."""
    if not len(array):
        return np.zeros(1, dtype=np.int64)
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)
    return offsets[array.offset : array.offset + len(array) + 1]


def byte_at(array: pa.LargeStringArray, k: int) -> np.ndarray:
    """The ``k``-th byte of each text, 0 where it is shorter."""
    offsets = offsets_of(array)
    shorter = offsets[1:] - offsets[:-1] <= k
    if shorter.all():
        return np.zeros(len(array), dtype=np.uint8)
    data = np.frombuffer(array.buffers()[2], dtype=np.uint8)
    out = data[np.minimum(offsets[:-1] + k, len(data) - 1)]
    out[shorter] = 0
    return np.asarray(out)


def byte_sums(array: pa.LargeStringArray, weights: np.ndarray | None = None) -> np.ndarray:
    """The sum of the bytes of each text, or of what ``weights`` has for them.

    Texts of the same bytes have the same sum, in whatever order they are.
    """
    offsets = offsets_of(array)
    data = np.frombuffer(array.buffers()[2] or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    sums = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum(data if weights is None else weights[data], out=sums[1:])
    return np.diff(sums[offsets - offsets[0]])


def take(texts: pa.LargeStringArray, at: np.ndarray) -> pa.LargeStringArray:
    """The texts at these indexes, which ascend; without a copy where that is all."""
    return texts if len(at) == len(texts) else texts.take(pa.array(at))


def check_distinct(array: pa.LargeStringArray, test: Callable[[str], bool]) -> np.ndarray:
    """Which texts pass the test, which is called once for each distinct text."""
    codes = array.dictionary_encode()
    passed = np.asarray([test(text) for text in codes.dictionary.to_pylist()], dtype=bool)
    return passed[codes.indices.to_numpy()] if len(passed) else np.zeros(len(array), dtype=bool)


def cells_starting(array: pa.LargeStringArray, allowed: Callable[[str], bool]) -> np.ndarray:
    """The indexes of the texts whose first characters ``allowed`` lets through.

    What it does not let through of the letters and digits of ASCII that a text begins with, it must
    not let through with more characters either.
    """
    at = _beginning(array, allowed)
    if not len(at):
        return at
    for length in (3, 8):  # few texts differ in three characters, and few are left for eight
        at = at[check_distinct(pc.utf8_slice_codeunits(take(array, at), 0, length), allowed)]
        if not len(at):
            break
    return at


def _beginning(array: pa.LargeStringArray, allowed: Callable[[str], bool]) -> np.ndarray:
    """The texts that are not settled by the one or two letters or digits that they begin with."""
    checked, passing = np.zeros(1 << 16, dtype=bool), np.zeros(1 << 16, dtype=bool)
    checked[0] = True  # of blanks
    indexes = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(array), _AT_ONCE):
        some = array.slice(start, _AT_ONCE)
        first, second = byte_at(some, 0), byte_at(some, 1)
        second[~(_PLAIN[first] & _PLAIN[second])] = 0
        codes = first.astype(np.uint16) << 8 | second
        for code in np.unique(codes[~checked[codes]]).tolist():
            text = chr(code >> 8) + (chr(code & 255) if code & 255 else "")
            passing[code] = not _PLAIN[code >> 8] or allowed(text)
            checked[code] = True
        indexes.append(np.flatnonzero(passing[codes]) + start)
    return np.concatenate(indexes)
