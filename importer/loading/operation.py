"""One change to one bill in Light, as the engine sees it; and what it may decide comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from importer.core.answers import Answer, Mismatch, OnWire, Outcome
from importer.loading.gateway import LightGateway
from importer.loading.journal.cancellation_records import Cancelled, undo_entries
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.journal.twin_records import save_twins
from importer.loading.journal.update_records import UpdateRecord, save_updates
from importer.loading.journal.vendor_records import VendorRecord, save_vendors
from importer.loading.journal.verification_records import save_read_backs
from importer.model.journal_states import Step, Twin
from importer.model.read_back import ReadBack

ABSENT_LOOKS = 2  # one look that does not show a bill proves nothing
MOST_LOST = 5  # answers of one change in a row before a person has to look


class Progress(Protocol):
    """Hears of what the engine does; ``message`` is for the person."""

    def advance(self, failed: bool) -> None: ...

    def message(self, text: str) -> None: ...


@dataclass(frozen=True)
class EngineSettings:
    """Seconds, but for ``concurrency`` and ``separate``.

    ``settle``: after a lost answer, what Light does not show then is taken to be absent.
    ``patience``: how long Light may work on one bill. ``separate``: lines in requests of their own.
    """

    concurrency: int = 64
    settle: float = 30.0
    watch: float = 15.0  # between two looks at what others bring into Light; 0: none
    separate: bool = False
    give_up_after: float = 60.0  # without a connection
    patience: float = 120.0
    first_look: float = 0.3  # at what Light works on; then twice as long each time
    longest_look: float = 15.0


# --- what the journal is to keep --------------------------------------------------------------


@dataclass(frozen=True)
class StepRecord:
    """Where a step stands; ``light_state`` is of its bill now."""

    step: Step
    light_state: str | None = None


@dataclass(frozen=True)
class UndoneRecord:
    """``keep_id``: whether Light has, or had, a bill of this id, never to be adopted again."""

    cancelled: Cancelled
    keep_id: bool = True


@dataclass(frozen=True)
class TwinsRecord:
    """The other copies of a bill that Light has."""

    entry: int
    twins: tuple[Twin, ...] = ()


@dataclass(frozen=True)
class ReadBackRecord:
    entry: int
    read_back: ReadBack


Record = (
    Change
    | Intent
    | StepRecord
    | UndoneRecord
    | TwinsRecord
    | ReadBackRecord
    | VendorRecord
    | UpdateRecord
)


def write_records(journal: Journal, run: str, records: Sequence[Record]) -> None:
    """Write them in one durable commit. JournalProblem where that fails."""
    if not records:
        return

    def of(kind: type[Any]) -> list[Any]:
        return [record for record in records if isinstance(record, kind)]

    undone = of(UndoneRecord)
    steps = {(r.step.entry, r.step.kind): r for r in of(StepRecord)}  # the last of each step

    def write() -> None:
        journal.step(run, of(Change), of(Intent))
        for light_state in {record.light_state for record in steps.values()}:
            same = [r.step for r in steps.values() if r.light_state == light_state]
            journal.save_steps(same, light_state)
        free = [record.cancelled.entry for record in undone if not record.keep_id]
        undo_entries(journal, run, [record.cancelled for record in undone], free)
        save_vendors(journal, of(VendorRecord))
        save_twins(journal, {record.entry: record.twins for record in of(TwinsRecord)})
        save_updates(journal, of(UpdateRecord))
        save_read_backs(journal, run, {r.entry: r.read_back for r in of(ReadBackRecord)})

    journal.in_one_commit(write)


# --- what comes next --------------------------------------------------------------------------


@dataclass(frozen=True)
class Send:
    """It is to be sent; ``behind``: after those of the same conflict key that wait."""

    operation: Operation
    records: tuple[Record, ...] = ()
    behind: bool = False


@dataclass(frozen=True)
class Look:
    """Light is to be asked how the bill is, ``after`` so many seconds."""

    operation: Operation
    after: float = 0.0
    records: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Finish:
    """It has ended in this run; what follows it goes only where it has not ``failed``."""

    operation: Operation
    failed: bool = False
    records: tuple[Record, ...] = ()


Decision = Send | Look | Finish


class Operation:
    """One change to one bill, and how far it has come in this run.

    The engine asks for ``first``; then, for each request, ``intent``, which is durable before
    ``send``, and one of ``accepted``, ``rejected``, ``lost`` and ``put_back``; and ``look`` where a
    decision wants it. A change whose answer was lost is sent again only after a ``look``.
    """

    right: ClassVar[str]  # what the key must be allowed to do, as "create bills"
    noun: ClassVar[str] = "bill"  # what a yes of Light's comes with
    together: ClassVar[bool] = False  # looked up in one go with all of its kind that are due
    completes: ClassVar[bool] = False  # what Light has a part of: it goes first, and at a stop too
    conflict_key: str = ""  # of operations with the same key one is out at a time
    following: Operation | None = None
    unanswered_looks: int = 0

    @property
    def rights(self) -> set[str]:
        """What the key must be allowed to do for it and for what follows it."""
        return {self.right} | (self.following.rights if self.following else set())

    def first(self) -> Decision:
        return Send(self)

    def intent(self, light_time: datetime | None) -> Record:
        """That it is about to be sent."""
        raise NotImplementedError

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        raise NotImplementedError

    def foresee(self, answer: Answer) -> None:
        """An answer is read in a moment, as others that came with it: what has to be asked of the
        journal then may be asked for all of them at once."""

    def read(self, gateway: LightGateway, body: object) -> Any | Mismatch | None:
        """The content of a yes; None where it is none, a Mismatch where it is of another request.

        Every answer is matched to its request here, before it means anything.
        """
        raise NotImplementedError

    def accepted(self, content: Any) -> Decision:
        """Light accepted, with this content."""
        raise NotImplementedError

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        """Light refused."""
        raise NotImplementedError

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        """It may or may not have been done. ``counts``: as one of the ``MOST_LOST`` answers."""
        raise NotImplementedError

    def put_back(self, reason: str = "", *, attempted: bool = False) -> Record:
        """That nothing was done; unless ``attempted``, nothing was sent either."""
        raise NotImplementedError

    def in_doubt(self, reason: str) -> Record:
        raise NotImplementedError

    async def look(self, gateway: LightGateway) -> Decision:
        """How the bill is in Light, and so what comes next. Raises what ``fetch`` raises."""
        raise NotImplementedError

    @classmethod
    async def look_together(cls, some: Sequence[Any], gateway: LightGateway) -> list[Decision]:
        """As ``look`` for some operations at a time, where they are looked up ``together``."""
        raise NotImplementedError

    def unreadable(self, reason: str) -> Decision:
        """Light could not say how the bill is, time and again."""
        raise NotImplementedError
