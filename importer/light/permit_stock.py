"""Permits that are taken together: one look at the store for all who wait at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

FRESH = 1.0  # seconds for which one that waits to be handed on is as good as a new one


@dataclass(frozen=True, slots=True)
class Permit:
    """The permission for one request with the key at place ``key``. Times are unix seconds."""

    id: int
    started_at: float
    key: int = 0


@dataclass(slots=True)
class PermitStock:
    """Those that were taken for others who wait; never more than there are. ``waiting`` counts
    them: who takes any key."""

    waiting: int = 0
    _permits: deque[Permit] = field(default_factory=deque)
    _longest: float = 0.0  # seconds that a request with one of them may take

    def put(self, permits: Iterable[Permit], longest: float) -> None:
        self._permits.extend(permits)
        self._longest = longest

    def take(self, now: float, longest: float, usable: Callable[[Permit], bool]) -> Permit | None:
        """The first of them; None where that cannot be used any more, and has to be given back."""
        if not self._permits or longest > self._longest:
            return None
        permit = self._permits[0]
        if not (0 <= now - permit.started_at <= FRESH and usable(permit)):
            return None
        return self._permits.popleft()

    def surplus(self) -> list[Permit]:
        """Take out those that nobody waits for."""
        return [self._permits.pop() for _ in range(len(self._permits) - self.waiting)]

    def all(self) -> list[Permit]:
        """Take out all of them."""
        return [self._permits.pop() for _ in range(len(self._permits))]
