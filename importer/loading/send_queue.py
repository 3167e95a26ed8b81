"""Send queue; operations with the same conflict key are serialised."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from importer.loading.operation import Look, Operation, Send

Entry = Send | Look


@dataclass
class SendQueue:
    """Operations that wait for their turn, first in first out; those that complete what Light has
    a part of come before all others.

    Of those with the same conflict key only one is out at a time. Otherwise a look-up for one bill
    would find, and adopt, what another one like it has just created.
    """

    _entries: deque[Entry] = field(default_factory=deque)
    _completing: deque[Entry] = field(default_factory=deque)
    _out: Counter[str] = field(default_factory=Counter)  # not finished, by conflict key
    _blocked: dict[str, deque[Entry]] = field(default_factory=lambda: defaultdict(deque))

    def __bool__(self) -> bool:
        return bool(self._entries or self._completing)

    @property
    def completing(self) -> bool:
        return bool(self._completing)

    def operations(self) -> Iterator[Operation]:
        """Those that can go now."""
        for entry in (*self._completing, *self._entries):
            yield entry.operation

    @property
    def waits(self) -> bool:
        """Whether something waits, be it for another one like it."""
        return bool(self or self._blocked)

    def waiting_to_send(self) -> Iterator[Operation]:
        """Those that nothing of is in Light yet, also where they wait for another one like them."""
        for entries in (self._entries, *self._blocked.values()):
            yield from (entry.operation for entry in entries if isinstance(entry, Send))

    def mark_out(self, operation: Operation) -> None:
        """It was sent before, and is not finished."""
        self._out[operation.conflict_key] += 1

    def add(self, entry: Entry) -> None:
        """At the end, behind those of the same conflict key."""
        key = entry.operation.conflict_key
        if key and self._out[key]:
            self._blocked[key].append(entry)
        else:
            self._out[key] += 1
            self._entries.append(entry)

    def release(self, operation: Operation) -> None:
        """It is finished: the next one with its conflict key may go."""
        key = operation.conflict_key
        self._out[key] -= 1
        if not self._out[key] and key in self._blocked:
            entry = self._blocked[key].popleft()
            self._forget_empty(key)
            self.add(entry)

    def requeue_behind(self, entry: Entry) -> None:
        """Again, behind those with its conflict key that wait."""
        self._blocked[entry.operation.conflict_key].append(entry)
        self.release(entry.operation)

    def withdraw(self, operation: Operation) -> bool:
        """Take out an operation that waits, to be released; False where it is out, or has ended."""
        key = operation.conflict_key
        for entries in filter(None, (self._entries, self._blocked.get(key))):
            for entry in entries:
                if entry.operation is operation:
                    entries.remove(entry)
                    if entries is not self._entries:
                        self._out[key] += 1
                        self._forget_empty(key)
                    return True
        return False

    def _forget_empty(self, key: str) -> None:
        if not self._blocked[key]:
            del self._blocked[key]

    def look_first(self, look: Look) -> bool:
        """Look an operation up in its turn, where it waits for another one like it."""
        blocked = self._blocked.get(look.operation.conflict_key, deque())
        for i, entry in enumerate(blocked):
            if entry.operation is look.operation:
                blocked[i] = look
                return True
        return False

    def rotate(self, part: float) -> None:
        """Begin at another place: after this part of those that wait."""
        self._entries.rotate(-int(len(self._entries) * part))

    def put_first(self, entry: Entry) -> None:
        """Again, before all others."""
        (self._completing if entry.operation.completes else self._entries).appendleft(entry)

    def take(self, most: int, *, completing_only: bool = False) -> list[Entry]:
        """Those that go now."""
        taken: list[Entry] = []
        for queue in (self._completing,) if completing_only else (self._completing, self._entries):
            while queue and len(taken) < most:
                taken.append(queue.popleft())
        return taken
