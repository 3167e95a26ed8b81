"""When to look what others do to the bills of a load, while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from importer.loading.operation import Decision, Operation


@dataclass(frozen=True)
class WatchResult:
    """``ended`` are operations that are not to be sent, or not now. ``crowded``: somebody else is
    at work on the same bills."""

    ended: Sequence[Decision] = ()
    crowded: bool = False


class Watch(Protocol):
    """What others do meanwhile to the bills of a load."""

    async def look(self, unsent: Sequence[Operation]) -> WatchResult: ...


class Lookout:
    """The looks of a ``Watch``, one at a time, ``every`` so many seconds; the first one early."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._every = self._next = 0.0
        self._task: asyncio.Task[WatchResult] | None = None
        self._crowded = False

    def begin(self, watch: Watch | None, every: float, now: float) -> None:
        self._watch, self._every, self._next = watch, every, now + every / 5

    @property
    def when(self) -> float | None:
        """When the next look is due; None while there is one, and without a watch."""
        return None if self._watch is None or self._task is not None else self._next

    def due(self, now: float) -> bool:
        return self.when is not None and self.when <= now

    def start(self, unsent: Sequence[Operation], now: float) -> None:
        assert self._watch is not None
        self._next = now + self._every
        self._task = asyncio.create_task(self._watch.look(unsent))

    @property
    def tasks(self) -> list[asyncio.Task[WatchResult]]:
        """The look that is under way."""
        return [] if self._task is None else [self._task]

    def take_done(self) -> asyncio.Task[WatchResult] | None:
        """The look that has come to its end, once."""
        done = self._task if self._task is not None and self._task.done() else None
        self._task = None if done else self._task
        return done

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def is_first_crowd(self) -> bool:
        first, self._crowded = not self._crowded, True
        return first
