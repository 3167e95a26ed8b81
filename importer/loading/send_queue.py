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

    def single_operations(self) -> Iterator[Operation]:
        """Those that can go now and that no other one like them waits for."""
        for entry in self._entries:
            key = entry.operation.conflict_key
            if isinstance(entry, Send) and not self._blocked.get(key):
                yield entry.operation

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
        if not self._out[key] and self._blocked[key]:
            self.add(self._blocked[key].popleft())

    def requeue_behind(self, entry: Entry) -> None:
        """Again, behind those with its conflict key that wait."""
        self._blocked[entry.operation.conflict_key].append(entry)
        self.release(entry.operation)

    def withdraw(self, operation: Operation) -> bool:
        """Take out an operation that can go now, to be released; False where it is out, or has
        ended."""
        for entry in self._entries:
            if entry.operation is operation:
                self._entries.remove(entry)
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
