"""Operations that are to be looked up later, once Light has settled."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from importer.loading.operation import Operation


@dataclass
class LaterLooks:
    """Times are of the engine's clock, in seconds."""

    _heap: list[tuple[float, int, Operation]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    def __len__(self) -> int:
        return len(self._heap)

    def operations(self) -> Iterator[Operation]:
        return (operation for _, _, operation in self._heap)

    def add(self, operation: Operation, due: float) -> None:
        heapq.heappush(self._heap, (due, next(self._order), operation))

    def take_due(self, now: float, *, together: bool) -> list[Operation]:
        """Those whose time has come. Without ``together`` those that are looked up together wait,
        as while a look of theirs is under way."""
        due: list[Operation] = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        if not together:
            for operation in [operation for operation in due if operation.together]:
                due.remove(operation)
                self.add(operation, now)
        return due

    def next_due(self, *, together: bool) -> float | None:
        """When the next one is due; without ``together``, of those that are looked up alone."""
        if together:
            return self._heap[0][0] if self._heap else None
        return min((when for when, _, each in self._heap if not each.together), default=None)
