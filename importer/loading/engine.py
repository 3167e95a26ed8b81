"""The loader: every bill exactly once, many at a time.

One loop, one turn after the other: collect the answers that came, write what they mean and which
bills go next in one durable commit, let those go, wait. Bills whose answer was lost wait for
Light to settle and are then looked up together, while the others keep flowing.

A bill goes with its lines, one request a bill; or, in the separate line mode, alone, and then its
lines one after the other, each with the same guarantee.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from importer.core.errors import AccessRefused, ImporterError, LightUnreachable, StoppedEarly
from importer.loading.backoff import Backoff
from importer.loading.classify import classify, creation, remarks, with_line
from importer.loading.gateway import LightGateway
from importer.loading.identity import GONE
from importer.loading.job import BillJob, InFlight
from importer.loading.journal.journal import Change, Journal
from importer.loading.reconcile import Settled, find_twins, look_up, not_before
from importer.loading.send_queue import SendQueue
from importer.model.journal_states import Discovery, Outcome, State, Status, Verdict
from importer.model.light_objects import LightBill, LightLine

_MOST_ROUNDS = 5  # lost answers of one bill before a person has to look


@dataclass(frozen=True)
class LoadSettings:
    """``settle``: seconds after which a bill that Light does not show is held to be absent."""

    concurrency: int = 64
    settle: float = 30.0
    separate: bool = False  # lines in requests of their own
    give_up_after: float = 60.0  # seconds without a connection


class LoadListener(Protocol):
    def settled(self, status: Status) -> None: ...

    def say(self, text: str) -> None: ...


@dataclass
class Loader:
    journal: Journal
    gateway: LightGateway
    run: str
    settings: LoadSettings
    progress: LoadListener
    clock: Callable[[], float] = time.monotonic
    stopped: StoppedEarly | None = None
    _waiting: SendQueue = field(default_factory=SendQueue)
    _resent: list[BillJob] = field(default_factory=list)  # and created
    _finishing: bool = False  # stopped, but what was begun gets its lines
    _flights: dict[asyncio.Task[Any], InFlight] = field(default_factory=dict)
    _unsettled: list[tuple[float, BillJob]] = field(default_factory=list)  # (when to look, work)
    _looking: asyncio.Task[list[Settled]] | None = None
    _changes: list[Change] = field(default_factory=list)
    _reach: Backoff = field(default_factory=Backoff)
    _forbidden: list[tuple[BillJob, Outcome]] = field(default_factory=list)
    _admitted: bool = False  # Light has taken a bill from this key, or refused it for what it is
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, reason: StoppedEarly, *, finish: bool = False) -> None:
        """Send nothing more; what is on its way is waited for, look-ups are not.

        ``finish``: bills that Light has without all their lines get these first.
        """
        can = self.clock() >= self._reach.held_until and (self.stopped is None or self._finishing)
        self._finishing = finish and can
        if self.stopped is None:
            self.stopped = reason
        self._stop.set()
        if self._looking:
            self._looking.cancel()
        for task, flight in self._flights.items():
            if not flight.on_wire and not (self._finishing and flight.line is not None):
                task.cancel()

    async def load(self, send: Sequence[BillJob], unsettled: Sequence[BillJob]) -> None:
        """Send all of ``send`` and settle all of ``unsettled``, as far as it goes.

        ``stopped`` says why it ended early, if it did. Raises JournalProblem, with everything
        waited for or certainly unsent, where the journal cannot be written.
        """
        # When they left is not known: a request may have waited for its turn after it was noted.
        now = self.clock()
        due = now + self.settings.settle
        for work in unsettled:
            lost = work.entry.state in (State.SENDING, State.UNKNOWN)
            self._unsettled.append((due if lost else now, work))
        self._waiting.are_out(unsettled)
        for work in send:
            self._waiting.add(work)
        try:
            while True:
                self._turn()
                if not (self._flights or self._looking or self._more()):
                    break
                await self._wait()
                self._collect()
        except ImporterError as error:
            self.stop(error if isinstance(error, StoppedEarly) else StoppedEarly(str(error)))
            if self._tasks():
                await asyncio.wait(self._tasks())
            with contextlib.suppress(ImporterError):  # the answers, if the disk takes them now
                self._collect()
                self._commit([])
            raise
        except BaseException:
            for task in self._tasks():
                task.cancel()
            raise
        if self.stopped is None:
            await self._look_for_twins()

    async def _look_for_twins(self) -> None:
        """Whether a bill or line that was sent again came in from the lost attempt after all.

        That is possible only where Light takes longer than the settling time; then a person is
        told, with the ids.
        """
        if not self._resent:
            return
        try:
            twins = await find_twins(self._resent, self.gateway, self.journal.owned)
        except ImporterError as error:
            self.progress.say(f"It could not be seen whether a bill is in Light twice: {error}")
            return
        for work, message in twins:
            assert work.there is not None
            self._changes.append(creation(work, work.there, message, Status.UNKNOWN))
        self._commit([])

    def _more(self) -> bool:
        if self.stopped is not None:
            return self._finishing and bool(self._waiting.begun)
        return bool(self._waiting or self._unsettled)

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return [*self._flights, *([self._looking] if self._looking else [])]

    # --- a turn -------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Commit what is known and what goes next, then let it go."""
        going = self._waiting.take(self._room(), begun_only=self._finishing)
        since = not_before(self.gateway.light_time)
        for work in going:
            work.first_sent = work.first_sent or work.entry.first_sent or since
        self._commit(going)
        for work in going:
            flight = InFlight(work, None if work.light_id is None else work.next_line)
            task = asyncio.create_task(self._send(flight))
            self._flights[task] = flight
        self._start_looking()

    def _room(self) -> int:
        """How many more bills may go now."""
        if self.stopped is not None and not self._finishing:
            return 0
        if self._forbidden or self.clock() < self._reach.held_until:
            return 0
        # One is enough to see whether Light can be reached again.
        most = self.settings.concurrency if self._reach.lost_since is None else 1
        return max(0, most - len(self._flights))

    def _commit(self, going: Sequence[BillJob]) -> None:
        intents = [work.intent(alone=self.settings.separate) for work in going]
        self.journal.step(self.run, self._changes, intents)
        self._changes = []

    async def _send(self, flight: InFlight) -> Outcome:
        work, line = flight.work, flight.line
        if line is None or work.light_id is None:
            answer = await self.gateway.create_bill(
                work.bill, flight.leave, with_lines=not self.settings.separate
            )
            return classify(answer, self.gateway)
        answer = await self.gateway.create_line(work.light_id, work.bill, line, flight.leave)
        return classify(answer, self.gateway, line=True)

    def _start_looking(self) -> None:
        if self._looking or self.stopped:
            return
        now = self.clock()
        due = [work for when, work in self._unsettled if when <= now]
        if due:
            self._unsettled = [(when, work) for when, work in self._unsettled if when > now]
            self._looking = asyncio.create_task(look_up(due, self.gateway, self.journal.owned))

    async def _wait(self) -> None:
        """Until an answer comes, something falls due, or the person stops the run."""
        times = [when for when, _ in self._unsettled] if not self._looking else []
        if self._waiting and self._reach.held_until > self.clock():
            times.append(self._reach.held_until)
        timeout = None
        if self.stopped is None and times:
            timeout = max(0.0, min(times) - self.clock())
        waiting: set[asyncio.Task[Any]] = set(self._tasks())
        bell = asyncio.create_task(self._stop.wait()) if self.stopped is None else None
        if bell:
            waiting.add(bell)
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if bell:
            bell.cancel()

    # --- what came back -----------------------------------------------------------------------

    def _collect(self) -> None:
        for task in [t for t in self._flights if t.done()]:
            self._landed(self._flights.pop(task), task)
        if self._looking and self._looking.done():
            looking, self._looking = self._looking, None
            self._looked(looking)
        if self._forbidden and not self._flights:
            self._key_refused()

    def _landed(self, flight: InFlight, task: asyncio.Task[Outcome]) -> None:
        work = flight.work
        if task.cancelled():
            self._unsent(work)
            return
        error = task.exception()
        if isinstance(error, StoppedEarly) and not flight.on_wire:
            self._unsent(work)
            self.stop(error)
            return
        if error is not None:  # a fault of ours in the middle: what was sent must be looked up
            raise error
        outcome = task.result()
        if outcome.verdict is Verdict.RETRY:
            self._unsent(work)
            self._unreachable(outcome.reason)
            return
        self._reach.reached()
        if outcome.verdict is Verdict.WAIT:  # the pacer holds everybody back
            self._change(work, State.PLANNED)
            self._waiting.at_once(work)
        elif outcome.verdict is Verdict.CREATED and outcome.line and flight.line is not None:
            self._line_there(work, flight.line, outcome.line)
        elif outcome.verdict is Verdict.CREATED and outcome.bill and self.settings.separate:
            self._admit()
            work.begun(outcome.bill)
            self._lines_next(work)
        elif outcome.verdict is Verdict.CREATED and outcome.bill:
            self._created(work, outcome.bill)
        elif outcome.verdict is Verdict.REJECTED:
            self._rejected(work, with_line(outcome, flight.line))
        elif outcome.verdict is Verdict.STOP:
            state = State.PLANNED if outcome.forbidden else State.UNKNOWN
            self._change(work, state, message=outcome.reason)
            self.stop(AccessRefused(f"Light refused access: {outcome.reason}"))
        else:
            self._lost(work, outcome.reason)

    def _change(
        self, work: BillJob, state: State, status: Status | None = None, **rest: Any
    ) -> None:
        if work.light_id is not None:
            rest |= {"light_id": work.light_id, "line_ids": work.line_ids, "partial": work.partial}
        self._settle(work, Change(work.entry.id, state, status, **rest))

    def _settle(self, work: BillJob, change: Change) -> None:
        self._changes.append(change)
        if change.status is not None:
            self.progress.settled(change.status)
            self._waiting.came_back(work)

    def _unsent(self, work: BillJob) -> None:
        self._change(work, State.PLANNED, unsent=work.light_id is None)
        self._waiting.at_once(work)

    def _line_there(self, work: BillJob, index: int, line: LightLine) -> None:
        self._admit()
        work.lines[index] = line
        work.rounds = 0
        self._lines_next(work)

    def _lines_next(self, work: BillJob, how: Discovery | None = None) -> None:
        """Light has the bill; its next line goes, unless that was the last."""
        if work.next_line < len(work.bill.lines):
            self._change(work, State.PLANNED)
            self._waiting.begun.append(work)
        else:
            self._created(work, work.whole(), how)

    def _unreachable(self, reason: str) -> None:
        """Hold back for a while, longer each time; give up when it lasts."""
        now = self.clock()
        self._finishing = False
        if self._reach.lost(now) >= self.settings.give_up_after:
            self.stop(LightUnreachable(f"Light cannot be reached: {reason}"))
        elif self._reach.hold(now):
            self.progress.say(f"Light cannot be reached ({reason}); trying again.")

    def _created(self, work: BillJob, there: LightBill, how: Discovery | None = None) -> None:
        self._admit()
        work.there = there
        if work.resent:
            self._resent.append(work)
        message = remarks(work.bill, there)
        self._settle(work, creation(work, there, message, Status.CREATED, how))

    def _rejected(self, work: BillJob, outcome: Outcome) -> None:
        if outcome.forbidden and not self._admitted:
            # Either this bill is forbidden, or the key may do nothing: the others in flight tell.
            self._forbidden.append((work, outcome))
            return
        self._admit()
        why = outcome.reason
        self._change(work, State.REJECTED, Status.REJECTED, message=why, errors=outcome.errors)

    def _admit(self) -> None:
        """The key may create bills, so whatever was forbidden was that bill alone."""
        self._admitted = True
        held, self._forbidden = self._forbidden, []
        for work, outcome in held:
            self._rejected(work, outcome)

    def _key_refused(self) -> None:
        """All that Light has said so far is 403."""
        if len(self._forbidden) == 1 and not self._waiting and not self._unsettled:
            self._admit()  # there is one bill: it cannot be told from the key, and is refused
            return
        held, self._forbidden = self._forbidden, []
        for work, outcome in held:
            self._change(work, State.PLANNED, message=outcome.reason)
        self.stop(AccessRefused(f"The key may not create bills: {held[-1][1].reason}"))

    def _lost(self, work: BillJob, reason: str) -> None:
        work.rounds += 1
        self._change(work, State.UNKNOWN, message=reason)
        self._unsettled.append((self.clock() + self.settings.settle, work))
        if not self._flights and not self._waiting:
            n, settle = len(self._unsettled), self.settings.settle
            which = ("one bill", "it") if n == 1 else (f"{n:,} bills", "them")
            self.progress.say(
                f"The answer for {which[0]} was lost; looking {which[1]} up in Light in"
                f" {settle:g} second{'' if settle == 1 else 's'}."
            )

    def _looked(self, task: asyncio.Task[list[Settled]]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, ImporterError):
            self.stop(error if isinstance(error, StoppedEarly) else StoppedEarly(str(error)))
            return
        if error is not None:
            raise error
        for settled in task.result():
            work, there = settled.work, settled.bill
            if settled.later:
                work.rounds += 1
            if there is not None:
                self._there(work, there, settled.how)
            elif settled.later and work.rounds < _MOST_ROUNDS:
                self._unsettled.append((self.clock() + self.settings.settle, work))
            elif settled.reason:
                self._change(work, State.UNKNOWN, Status.UNKNOWN, message=settled.reason)
            elif work.rounds >= _MOST_ROUNDS:
                reason = (
                    f"Light's answer was lost {work.rounds} times, and it does not show the bill"
                )
                self._change(work, State.UNKNOWN, Status.UNKNOWN, message=reason)
            else:
                work.resent = True
                self._change(work, State.PLANNED)
                self._waiting.again(work)

    def _there(self, work: BillJob, there: LightBill, how: Discovery | None) -> None:
        """Light has the bill. All its lines too, unless they go, or went, separately."""
        alone = self.settings.separate or work.entry.alone
        if work.light_id is None and not alone:
            self._created(work, there, how)
        elif there.state in GONE:  # by a person; a cancelled bill does not stand in the way
            work.gone()
            self._change(work, State.PLANNED)
            self._waiting.again(work)
        elif there.lines is None:  # from the list, which leaves them out
            work.begun(there)
            self._change(work, State.UNKNOWN, message="its line items could not be read")
            self._unsettled.append((self.clock() + self.settings.settle, work))
        else:
            line = work.next_line
            stranger = work.looked_at(there, there.lines)
            if stranger:
                self._change(work, State.UNKNOWN, Status.UNKNOWN, message=stranger)
            elif work.next_line == line and work.rounds >= _MOST_ROUNDS:
                reason = f"Light's answer to the next one was lost {work.rounds} times"
                self._change(work, State.UNKNOWN, Status.UNKNOWN, message=reason)
            else:
                if work.next_line == line:
                    work.resent = work.resent or work.rounds > 0
                else:
                    work.rounds = 0
                self._lines_next(work, how)
