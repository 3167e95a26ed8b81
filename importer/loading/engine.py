"""The engine: makes each change in Light exactly once, many bills at a time.

One loop, one turn after the other: collect the answers that came, write what they mean and which
requests go next in one durable commit, let those go, wait. A change whose answer was lost waits for
Light to settle and is then looked up, while the others go on. What a change is, and what its answer
means for its bill, is decided by its ``Operation``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.core.answers import Outcome, Verdict
from importer.core.async_tasks import cancelled, unless_set
from importer.core.errors import (
    HeldBack,
    ImporterError,
    JournalProblem,
    LightUnreachable,
    StoppedEarly,
)
from importer.core.fetch import refusal
from importer.core.hold_back import MOST_REFUSALS
from importer.loading.backoff import Backoff
from importer.loading.gateway import LightGateway
from importer.loading.in_flight import InFlight, Looking, OutgoingRequest, Sending
from importer.loading.journal.journal import Journal
from importer.loading.key_rights import KeyRights
from importer.loading.later_looks import LaterLooks
from importer.loading.lookout import Lookout, Watch, WatchResult
from importer.loading.operation import (
    MOST_LOST,
    Decision,
    EngineSettings,
    Finish,
    Look,
    Operation,
    Progress,
    Record,
    Send,
    write_records,
)
from importer.loading.send_queue import SendQueue
from importer.loading.wait_messages import WaitMessages

_SHORTEST_WAIT = 0.001  # seconds; a timer may fire a hair early
# After an answer the others are waited for, at most so many times as long as the last turn took, to
# be committed together: what is durable costs the disk as much for one bill as for many.
_GATHERING, _LONGEST_GATHERING = 10, 0.05  # the latter in seconds
Sweep = Callable[[], Coroutine[Any, Any, Sequence[Record]]]


@dataclass
class Engine:
    """``stopped`` says why a run ended early, if it did."""

    journal: Journal
    gateway: LightGateway
    run: str
    settings: EngineSettings
    progress: Progress
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    stopped: StoppedEarly | None = None
    _finishing: bool = False  # stopped, but what Light has a part of is completed
    _queue: SendQueue = field(default_factory=SendQueue)
    _later: LaterLooks = field(default_factory=LaterLooks)
    _in_flight: InFlight = field(init=False)
    _records: list[Record] = field(default_factory=list)
    _backoff: Backoff = field(default_factory=Backoff)
    _held_back: bool = False  # Light takes no changes for now; the gateway waits
    _refused_probes: int = 0  # in a row
    _messages: WaitMessages = field(init=False)
    _rights: KeyRights = field(default_factory=KeyRights)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _lookout: Lookout = field(default_factory=Lookout)
    _superfluous: dict[Operation, Decision] = field(default_factory=dict)
    _turn_seconds: float = 0.0  # of the last one

    def __post_init__(self) -> None:
        self._in_flight = InFlight(self.gateway)
        self._messages = WaitMessages(lambda text: self.progress.message(text))

    def stop(self, reason: ImporterError, *, finish: bool = False, drop_looks: bool = True) -> None:
        """Send nothing more; what is on its way is waited for, look-ups are only with
        ``drop_looks=False``.

        ``finish``: bills that Light has without all their lines get these first.
        """
        reachable = self.clock() >= self._backoff.held_until and not self._held_back
        self._finishing = finish and reachable and (self.stopped is None or self._finishing)
        early = reason if isinstance(reason, StoppedEarly) else StoppedEarly(str(reason))
        self.stopped = self.stopped or early
        self._stop.set()
        for looking in self._in_flight.looks if drop_looks else ():
            looking.cancel()
        self._lookout.cancel()
        for task, operation in self._in_flight.unsent():
            if not (self._finishing and operation.completes):
                task.cancel()

    async def execute(
        self,
        operations: Iterable[Operation],
        sweep: Sweep | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Carry them all out, as far as it goes; then ``sweep``, unless it was stopped.

        While operations wait, ``watch`` looks now and then which of them others have done.

        Raises JournalProblem, with everything waited for or certainly unsent, where the journal
        cannot be written.
        """
        for operation in operations:
            self._begin(operation)
        self._lookout.begin(watch, self.settings.watch, self.clock())
        bell = asyncio.ensure_future(self._stop.wait())
        try:
            while True:
                began = self.clock()
                self._turn()
                self._turn_seconds = self.clock() - began
                if not (self._in_flight or self._more()):
                    break
                await self._wait(bell)
                self._collect()
        except ImporterError as error:
            self.stop(error)
            if tasks := self._tasks():
                await asyncio.wait(tasks)
            with contextlib.suppress(ImporterError):  # the answers, if the disk takes them now
                self._collect()
                self._commit([])
            raise
        except BaseException:
            await cancelled(self._tasks())
            raise
        finally:
            bell.cancel()
        await cancelled(self._lookout.tasks)
        if self.stopped is None and sweep is not None:
            await self._sweep(sweep)

    async def _sweep(self, sweep: Sweep) -> None:
        """A stop ends it; where Light cannot be asked, the run has not come to its end."""
        try:
            if (records := await unless_set(self._stop, sweep())) is not None:
                self._records += records
                self._commit([])
        except JournalProblem:
            raise
        except ImporterError as error:
            self.stop(StoppedEarly(f"Could not check for bills that are in Light twice: {error}"))

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return [*self._in_flight.tasks(), *self._lookout.tasks]

    def _more(self) -> bool:
        if self.stopped is None:
            return bool(self._queue or self._later)
        return self._finishing and self._queue.completing

    # --- a turn -------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Commit what is known and what goes next, then let it go."""
        due: list[Operation] = []
        if self.stopped is None:
            due = self._later.take_due(self.clock(), together=not self._in_flight.looks_together)
        entries = self._queue.take(self._room(), completing_only=self._finishing)
        sending = [entry.operation for entry in entries if isinstance(entry, Send)]
        self._commit(sending)
        for operation in sending:
            self._in_flight.send(operation)
        self._in_flight.look_up([*due, *(e.operation for e in entries if isinstance(e, Look))])
        if self._queue.waits and self.stopped is None and self._lookout.due(self.clock()):
            unsent = (operation for _, operation in self._in_flight.unsent())
            self._lookout.start([*unsent, *self._queue.waiting_to_send()], self.clock())

    def _room(self) -> int:
        """How many more operations may go now."""
        ended = self.stopped is not None and not self._finishing
        if ended or self.clock() < self._backoff.held_until:
            return 0
        most = self._rights.room(self.settings.concurrency)
        if self._backoff.lost_since is not None or self._held_back:
            most = 1  # enough to see whether Light can be reached again
        return max(0, most - len(self._in_flight))

    def _look_later(self, operation: Operation, seconds: float) -> None:
        self._later.add(operation, self.clock() + seconds)

    def _commit(self, sending: Sequence[Operation]) -> None:
        light_time = self.gateway.light_clock or self.gateway.light_time
        intents = [operation.intent(light_time) for operation in sending]
        write_records(self.journal, self.run, [*self._records, *intents])
        self._records = []

    async def _wait(self, bell: asyncio.Future[Any]) -> None:
        """Until an answer comes, something falls due, or the run is stopped, when it rings."""
        tasks, timeout = set[asyncio.Future[Any]](self._tasks()), None
        if self.stopped is None:
            now = self.clock()
            look_due = self._later.next_due(together=not self._in_flight.looks_together)
            times = [] if look_due is None else [look_due]
            if self._queue and self._backoff.held_until > now:
                times.append(self._backoff.held_until)
            if self._queue.waits and self._lookout.when is not None:
                times.append(self._lookout.when)
            timeout = max(_SHORTEST_WAIT, min(times) - now) if times else None
            if timeout is not None and not tasks:
                self._messages.waiting(timeout, self.clock(), len(self._later))
            tasks.add(bell)
        _, others = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if self._turn_seconds and (outstanding := others - {bell}):
            gathering = min(self._turn_seconds * _GATHERING, _LONGEST_GATHERING)
            await asyncio.wait(outstanding, timeout=gathering)

    # --- what came back -----------------------------------------------------------------------

    def _collect(self) -> None:
        for request, task in self._in_flight.take_answers():
            self._answered(request, task)
        for some, looking in self._in_flight.take_looks():
            self._looked(some, looking)
        if (watching := self._lookout.take_done()) is not None:
            self._watched(watching)
        if self._rights.forbidden and not self._in_flight:
            self._judge_key()

    def _watched(self, watching: asyncio.Task[WatchResult]) -> None:
        error = None if watching.cancelled() else watching.exception()
        if isinstance(error, LightUnreachable):
            return  # what is sent next tells whether that lasts; the sweep looks once more
        if watching.cancelled() or self._stopped_by(error):
            return
        ended = {decision.operation: decision for decision in watching.result().ended}
        for task, operation in self._in_flight.unsent():
            if operation in ended:
                self._superfluous[operation] = ended[operation]
                task.cancel()
        for operation, decision in ended.items():
            looked_up = isinstance(decision, Look) and self._queue.look_first(decision)
            if not looked_up and self._queue.withdraw(operation):
                self._apply(decision)
        if watching.result().crowded and self._lookout.is_first_crowd():
            # Two loaders that go through one file in step would send each bill at the same time.
            self._queue.rotate(random.Random(self.run).random())

    def _answered(self, request: OutgoingRequest, task: Sending) -> None:
        operation = request.operation
        superfluous = self._superfluous.pop(operation, None)
        if task.cancelled():
            self._put_back(operation)
            if superfluous is not None and self._queue.withdraw(operation):
                self._apply(superfluous)
            return
        error = task.exception()
        if isinstance(error, StoppedEarly) and not request.on_wire:
            self._put_back(operation)
            self.stop(error)
            return
        if error is not None:  # a fault of ours in the middle: what was sent must be looked up
            raise error
        outcome = self._in_flight.read(request, task.result())
        if outcome.verdict is Verdict.RETRY:
            self._put_back(operation)
            self._hold_back(LightUnreachable(f"Light cannot be reached: {outcome.reason}"))
            return
        self._backoff.reset()
        if outcome.holds_back:
            self._hold_back_changes(operation, outcome)
            return
        self._held_back, self._refused_probes = False, 0
        if outcome.verdict is Verdict.STOP:
            if outcome.forbidden and outcome.from_light:
                self._put_back(operation, outcome.reason, attempted=True)
            else:
                self._records.append(operation.in_doubt(outcome.reason))
            self.stop(refusal(outcome, operation.right))
        elif self._rights.is_open(outcome, operation.right):
            self._rights.forbidden.append((operation, outcome))
        else:
            self._decided(operation, outcome)

    def _decided(self, operation: Operation, outcome: Outcome[Any]) -> None:
        if outcome.verdict is Verdict.UNKNOWN:
            return self._lost(operation, outcome.reason)
        self._admit(operation.right)
        if outcome.verdict is Verdict.ACCEPTED:
            self._apply(operation.accepted(outcome.content))
        else:
            self._apply(operation.rejected(outcome))

    def _put_back(self, operation: Operation, reason: str = "", *, attempted: bool = False) -> None:
        self._apply(Send(operation, (operation.put_back(reason, attempted=attempted),)))

    def _begin(self, operation: Operation) -> None:
        decision = operation.first()
        if isinstance(decision, Finish):
            self._apply(decision)
        elif isinstance(decision, Look) and operation.conflict_key:
            self._queue.mark_out(operation)  # it was sent before
            self._look_later(operation, decision.after)
        else:
            self._queue.add(decision)

    def _apply(self, decision: Decision) -> None:
        self._records += decision.records
        operation = decision.operation
        if isinstance(decision, Finish):
            self.progress.advance(decision.failed)
            self._queue.release(operation)
            if operation.following and not decision.failed:
                self._apply(operation.following.first())
        elif isinstance(decision, Look):
            self._look_later(operation, decision.after)
        elif decision.behind:
            self._queue.requeue_behind(decision)
        else:
            self._queue.put_first(decision)

    def _looked(self, some: Sequence[Operation], looking: Looking) -> None:
        error = None if looking.cancelled() else looking.exception()
        if isinstance(error, LightUnreachable) and self.stopped is None:
            self._hold_back(error)
            for operation in some:
                operation.unanswered_looks += 1
                if operation.unanswered_looks >= MOST_LOST:
                    self._apply(operation.unreadable(str(error)))
                else:
                    self._look_later(operation, self._backoff.held_until - self.clock())
        elif not looking.cancelled() and not self._stopped_by(error):
            self._backoff.reset()
            for decision in looking.result():
                self._apply(decision)

    def _stopped_by(self, error: BaseException | None) -> bool:
        """Whether a look ended with an error, which ends the run."""
        if isinstance(error, ImporterError):
            self.stop(error, drop_looks=False)
        elif error is not None:
            raise error
        return error is not None

    def _hold_back(self, problem: LightUnreachable) -> None:
        """Wait for a while, longer each time; give up when it lasts."""
        if self.stopped is not None and not self._finishing:
            return
        now = self.clock()
        self._finishing = False
        if self._backoff.lost(now) >= self.settings.give_up_after:
            self.stop(problem)
        elif self._backoff.hold(now):
            self._messages.announced_until = self._backoff.held_until
            self.progress.message(f"{problem}; trying again.")

    def _hold_back_changes(self, operation: Operation, outcome: Outcome[Any]) -> None:
        """Light takes nothing for now: from now on one change at a time, to see when it does again.

        How long to wait, and until when, is the gateway's to say; a gateway that never ends is left
        in the end.
        """
        self._held_back = True
        if outcome.verdict is Verdict.WAIT:
            self._put_back(operation, attempted=True)
        else:  # perhaps it was done, and then the answer failed
            self._lost(operation, outcome.reason, counts=False)
        if not self._in_flight.requests:  # those that were refused together are one refusal
            self._refused_probes += 1
            if self._refused_probes >= MOST_REFUSALS:
                self.stop(HeldBack(f"Light takes nothing for now: {outcome.reason}"))

    def _lost(self, operation: Operation, reason: str, *, counts: bool = True) -> None:
        self._apply(operation.lost(reason, counts=counts))
        if operation.together and not (self._in_flight.requests or self._queue):
            self._messages.answer_lost(self.settings.settle, self.clock(), len(self._later))

    # --- whether the key may do it ------------------------------------------------------------

    def _admit(self, right: str) -> None:
        for operation, outcome in self._rights.admit(right):
            self._apply(operation.rejected(outcome))

    def _judge_key(self) -> None:
        """Every answer about this right so far was 403."""
        waiting = (*self._queue.operations(), *self._later.operations())
        lacks = self._rights.lacks({right for operation in waiting for right in operation.rights})
        right = self._rights.forbidden[0][0].right
        if lacks is False:
            self._admit(right)
        elif lacks:
            for operation, outcome in self._rights.take():
                self._records.append(operation.put_back(outcome.reason, attempted=True))
            self.stop(refusal(outcome, right))
