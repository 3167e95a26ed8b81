"""Sequences whose items are made when somebody asks for them: a run may have millions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class LazySequence(Sequence[T_co]):
    """``_make`` gives the item of an index from 0 on; a slice is a list."""

    @abstractmethod
    def _make(self, i: int) -> T_co: ...

    @overload
    def __getitem__(self, i: int) -> T_co: ...
    @overload
    def __getitem__(self, i: slice) -> list[T_co]: ...
    def __getitem__(self, i: int | slice) -> T_co | list[T_co]:
        if isinstance(i, slice):
            return [self._make(k) for k in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        return self._make(i % len(self))

    def __iter__(self) -> Iterator[T_co]:
        return map(self._make, range(len(self)))
