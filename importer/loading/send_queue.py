"""Which bills wait to be sent, and which goes next."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from importer.loading.identity import kin
from importer.loading.job import BillJob


@dataclass
class SendQueue:
    """Bills that wait for their turn.

    Of bills that are alike only one is out at a time. Otherwise a look-up for one would find, and
    take, what the other has just created. Bills that Light has without all their lines come first.
    """

    bills: deque[BillJob] = field(default_factory=deque)
    begun: deque[BillJob] = field(default_factory=deque)  # Light has them; their lines are to go
    _out: Counter[str] = field(default_factory=Counter)  # not settled, by kin
    _alike: dict[str, deque[BillJob]] = field(default_factory=lambda: defaultdict(deque))

    def __bool__(self) -> bool:
        return bool(self.bills or self.begun)

    def are_out(self, works: Iterable[BillJob]) -> None:
        """These were sent before and are not settled."""
        self._out.update(kin(work.bill) for work in works)

    def add(self, work: BillJob) -> None:
        """To be sent, after those that are like it."""
        key = kin(work.bill)
        if self._out[key]:
            self._alike[key].append(work)
        else:
            self._out[key] = 1
            self.bills.append(work)

    def came_back(self, work: BillJob) -> None:
        """It is out no more: the next one of its kind may go."""
        key = kin(work.bill)
        self._out[key] -= 1
        if not self._out[key] and self._alike[key]:
            self.add(self._alike[key].popleft())

    def again(self, work: BillJob) -> None:
        """It is certainly not in Light; it goes again, behind those of its kind that wait."""
        self._alike[kin(work.bill)].append(work)
        self.came_back(work)

    def at_once(self, work: BillJob) -> None:
        """It, or its next line, goes again before all others."""
        (self.bills if work.light_id is None else self.begun).appendleft(work)

    def take(self, most: int, *, begun_only: bool = False) -> list[BillJob]:
        """Those that go now."""
        going: list[BillJob] = []
        for queue in (self.begun,) if begun_only else (self.begun, self.bills):
            while queue and len(going) < most:
                going.append(queue.popleft())
        return going
