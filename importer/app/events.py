"""What a use case reports while it runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from importer.core.progress import listening

if TYPE_CHECKING:
    from importer.core.hold_back import AnnouncedWait
    from importer.model.light_objects import Company


class Phase(Enum):
    """A stretch of work whose progress is counted."""

    VENDORS = auto()  # created before the bills
    CREATION = auto()
    UPDATE = auto()  # of bills that Light has
    STEPS = auto()  # after creation: documents, submitting, posting, payment
    READ_BACK = auto()
    CANCELLATION = auto()
    CANCELLATION_DRY_RUN = auto()
    RESTORATION = auto()  # of bills that a run has changed
    EXPORT = auto()  # of bills, each read with its lines


class Work(Enum):
    """What takes a while beside the phases: on this computer, or lists that Light is asked for."""

    READING = auto()  # files
    CHECKING = auto()
    WRITING = auto()  # the result
    LISTS = auto()  # vendors, accounts …
    PAGES = auto()  # of a list that is exported
    LOOKING = auto()  # for bills in Light
    LEDGER = auto()  # its lines


class Listener:
    """Called with each event as it happens, in the use case's thread and event loop.

    Subclass it to show what is wanted; by itself it shows nothing.
    """

    def message(self, text: str, *, essential: bool = False) -> None:
        """A sentence for the person; ``essential``: even for one who wants to see little."""

    def connected(self, company: Company, address: str) -> None:
        """The company of the key, and where it is: "https://… (Light, production)"."""

    def phase_started(self, phase: Phase, total: int, noun: str) -> None:
        """``noun`` is what is counted: "bills", "credit note", "steps"."""

    def advance(self, failed: bool) -> None:
        """One more of the phase's total is done."""

    def phase_ended(self) -> None: ...

    def time_left(self, seconds: float) -> None:
        """How long the rest of the phase takes, by the permitted rate and the speed so far; about
        once a second, and more often while the first items are done."""

    def waiting(self, wait: AnnouncedWait) -> None:
        """Nothing may be sent for ``wait.seconds``; ``wait.text`` is a sentence for the person."""
        self.message(wait.text)

    def work_started(self, work: Work) -> None: ...

    def work_advanced(self, done: int, total: int) -> None:
        """So many steps of the work are done. Not all work counts its steps."""

    def work_ended(self) -> None: ...

    def stopping(self) -> None:
        """A clean stop was asked for: the answers that are due are awaited."""

    def stopped(self, reason: str) -> None:
        """The use case ended early."""

    @contextlib.contextmanager
    def phase(
        self, phase: Phase, total: int, noun: str, left: Callable[[int], float]
    ) -> Iterator[PhaseCounter]:
        """A phase that lasts as long as the block; yields what counts its progress.

        ``left`` are the seconds that the rest takes when so many are done.
        """
        self.phase_started(phase, total, noun)
        self.time_left(left(0))
        try:
            yield PhaseCounter(self, left)
        finally:
            self.phase_ended()

    @contextlib.contextmanager
    def work(self, work: Work) -> Iterator[None]:
        """Work that lasts as long as the block, and may count its steps (``core.progress``)."""
        self.work_started(work)
        try:
            with listening(self.work_advanced):
                yield
        finally:
            self.work_ended()


_GROWN = 1.25  # times what was done at the last estimate


@dataclass
class PhaseCounter:
    """Counts what is done of a phase, for its listener."""

    listener: Listener
    left: Callable[[int], float]
    done: int = 0
    estimated: float = field(default_factory=time.monotonic)
    estimated_at: int = 0  # what was done then

    def message(self, text: str) -> None:
        self.listener.message(text)

    def advance(self, failed: bool) -> None:
        self.done += 1
        self.listener.advance(failed)
        # Answers come in bursts. An estimate from the first of one, when all its requests were sent
        # and nearly nothing was done, would stand until the next, which may be a minute later.
        grown = self.done >= _GROWN * self.estimated_at
        if grown or time.monotonic() - self.estimated >= 1:
            self.estimated, self.estimated_at = time.monotonic(), self.done
            self.listener.time_left(self.left(self.done))


SILENT = Listener()
