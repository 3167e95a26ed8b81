"""What a use case reports while it runs.

A use case calls its listener with each event as it happens, in its own thread and event loop. The
listener decides what to show; none of the events needs an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType

from importer.model.journal_states import Status
from importer.model.light_objects import Company


@dataclass(frozen=True)
class Message:
    """A sentence for the person. ``essential``: to be shown even where little is wanted."""

    text: str
    essential: bool = False


@dataclass(frozen=True)
class Connected:
    """The company of the key, and the address with what it is: "https://… (Light, production)"."""

    company: Company
    address: str


class Phase(Enum):
    """A stretch of work whose progress is counted."""

    CREATION = auto()
    STEPS = auto()  # after creation: documents, submitting, posting, payment
    READ_BACK = auto()
    CANCELLATION = auto()
    CANCELLATION_DRY_RUN = auto()


@dataclass(frozen=True)
class PhaseStarted:
    phase: Phase
    total: int  # bills, or steps


@dataclass(frozen=True)
class Advanced:
    """One more of the phase's total is done."""

    failed: bool


@dataclass(frozen=True)
class PhaseEnded:
    phase: Phase


@dataclass(frozen=True)
class Stopping:
    """A clean stop was asked for: nothing more is sent, the answers that are due are awaited."""


@dataclass(frozen=True)
class Stopped:
    """The use case ended early, for this reason."""

    reason: str


Event = Message | Connected | PhaseStarted | Advanced | PhaseEnded | Stopping | Stopped
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A listener that shows nothing."""


class Progress:
    """Reports one phase to a listener. A context manager; takes what the engine reports."""

    def __init__(self, listener: Listener, phase: Phase, total: int) -> None:
        self._listener, self._phase, self._total = listener, phase, total

    def __enter__(self) -> Progress:
        self._listener(PhaseStarted(self._phase, self._total))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener(PhaseEnded(self._phase))

    def settled(self, status: Status) -> None:
        self.advance(status in (Status.REJECTED, Status.UNKNOWN))

    def stepped(self, *, failed: bool) -> None:
        self.advance(failed)

    def advance(self, failed: bool) -> None:
        self._listener(Advanced(failed))

    def say(self, text: str) -> None:
        self._listener(Message(text))
