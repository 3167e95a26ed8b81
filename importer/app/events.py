"""What a use case reports while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.model.light_objects import Company


class Phase(Enum):
    """A stretch of work whose progress is counted."""

    CREATION = auto()
    STEPS = auto()  # after creation: documents, submitting, posting, payment
    READ_BACK = auto()
    CANCELLATION = auto()
    CANCELLATION_DRY_RUN = auto()


class Listener:
    """Called with each event as it happens, in the use case's thread and event loop.

    Subclass it to show what is wanted; by itself it shows nothing.
    """

    def message(self, text: str, *, essential: bool = False) -> None:
        """A sentence for the person; ``essential``: even for one who wants to see little."""

    def connected(self, company: Company, address: str) -> None:
        """The company of the key, and where it is: "https://… (Light, production)"."""

    def phase_started(self, phase: Phase, total: int) -> None:
        """``total`` is the number of bills, or of steps."""

    def advance(self, failed: bool) -> None:
        """One more of the phase's total is done."""

    def phase_ended(self) -> None: ...

    def stopping(self) -> None:
        """A clean stop was asked for: the answers that are due are awaited."""

    def stopped(self, reason: str) -> None:
        """The use case ended early."""

    @contextlib.contextmanager
    def phase(self, phase: Phase, total: int) -> Iterator[Callable[[bool], None]]:
        """A phase that lasts as long as the block; yields what counts its progress."""
        self.phase_started(phase, total)
        try:
            yield self.advance
        finally:
            self.phase_ended()


SILENT = Listener()
