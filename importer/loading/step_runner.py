"""The steps after creation: each exactly once, many bills at a time, each bill's in order.

Before a step is sent its intent is durable in the journal. Where the answer is lost, or a crash
left a step ``sending``, Light is asked how the bill stands, and that settles it; it is sent again
only where the bill is as if nothing had been sent, and the settling time has passed. A step that
Light refuses, or that cannot be settled, keeps the bill's later steps back.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from importer.core.errors import AccessRefused, LightUnreachable, StoppedEarly
from importer.loading.bill_state import DOING, StepTask, detail, with_errors
from importer.loading.classify import classify
from importer.loading.gateway import StepGateway
from importer.loading.journal.journal import Journal
from importer.loading.step_actions import UnreadableAnswer, act
from importer.loading.upload_step import upload
from importer.model.journal_states import Outcome, Step, StepKind, StepState, Verdict
from importer.model.light_objects import Answer, ApiError, LightBill

_TRIES = 5  # to read a bill
_FORBIDDEN = 3  # refusals for lack of rights, and no success, before the key is held to have none
Call = Callable[[Callable[[], None]], Awaitable[Answer]]


@dataclass(frozen=True)
class StepSettings:
    """Seconds. ``patience``: how long Light may work on one bill before that is told."""

    concurrency: int = 64
    settle: float = 30.0  # after a lost answer, before it is sent again
    patience: float = 120.0
    give_up_after: float = 60.0  # without a connection
    first_look: float = 0.3  # then twice as long each time
    longest_look: float = 15.0


class StepProgress(Protocol):
    def stepped(self, *, failed: bool) -> None: ...

    def say(self, text: str) -> None: ...


class Halt(Exception):
    """The run is stopped; the step stays as it is in the journal."""


@dataclass
class StepRunner:
    journal: Journal
    gateway: StepGateway
    settings: StepSettings
    progress: StepProgress
    clock: Callable[[], float] = time.monotonic
    stopped: StoppedEarly | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _lost_since: float | None = None
    _said: float = float("-inf")
    _forbidden: Counter[StepKind] = field(default_factory=Counter)
    _worked: set[StepKind] = field(default_factory=set)
    _waiting: set[asyncio.Future[Answer]] = field(default_factory=set)  # for their turn

    def stop(self, reason: StoppedEarly, *, finish: bool = False) -> None:
        """Send nothing more; what is on its way is waited for."""
        if self.stopped is None:
            self.stopped = reason
        self._stop.set()
        for request in list(self._waiting):
            request.cancel()

    async def run(self, errands: Sequence[StepTask]) -> None:
        """Do all that is left, as far as it goes. ``stopped`` says why it ended early, if it did.

        Raises JournalProblem where the journal cannot be written.
        """
        for errand in errands:
            for kind in errand.kinds:
                if kind not in errand.steps:
                    blank = Step(errand.entry.id, kind, StepState.PLANNED)
                    errand.steps[kind] = replace(blank, detail=detail(errand.light_id))
        self.journal.save_steps([e.steps[kind] for e in errands for kind in e.kinds])
        queue = deque(errands)

        async def work() -> None:
            while queue and self.stopped is None:
                try:
                    await self._errand(queue.popleft())
                except Halt:
                    return

        size = min(self.settings.concurrency, len(errands))
        workers = [asyncio.create_task(work()) for _ in range(size)]
        if not workers:
            return
        try:
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                if error := task.exception():
                    stopped = isinstance(error, StoppedEarly)
                    self.stop(error if stopped else StoppedEarly(str(error)))  # type: ignore[arg-type]
                    await asyncio.wait(workers)
                    raise error
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _errand(self, errand: StepTask) -> None:
        for kind in errand.kinds:
            self._may_go_on()
            take = upload if kind is StepKind.DOCUMENT else act
            done = await take(self, errand, kind)
            self.progress.stepped(failed=not done)
            if not done:
                return

    # --- for each attempt ---------------------------------------------------------------------

    async def attempt(self, errand: StepTask, kind: StepKind, call: Call) -> tuple[Outcome, object]:
        """One request, its intent durable before, what is known of it after; and what Light said.

        The verdict is CREATED for any yes, REJECTED, UNKNOWN, or RETRY where nothing has happened.
        Raises Halt, all journaled, where the run has to stop.
        """
        self._may_go_on()
        step = replace(
            errand.steps[kind],
            state=StepState.SENDING,
            attempts=errand.steps[kind].attempts + 1,
            sent=datetime.now(UTC),
            settled=None,
            message="",
        )
        self._save(errand, step)
        answer = await self._sent(errand, step, call)
        if answer is None:
            return Outcome(Verdict.RETRY), None
        outcome = classify(answer, self.gateway)
        verdict = outcome.verdict
        if kind is StepKind.DOCUMENT and answer.status in range(200, 300):
            self._worked.add(kind)
            return Outcome(Verdict.CREATED), answer.body  # and there the work begins
        if verdict is Verdict.WAIT or (verdict is Verdict.STOP and outcome.forbidden):
            self._save(errand, replace(step, state=StepState.PLANNED, message=outcome.reason))
            outcome = replace(outcome, verdict=Verdict.RETRY)
        elif verdict is not Verdict.REJECTED:
            why = outcome.reason or "Light was still working on it"
            self._save(errand, replace(step, state=StepState.UNKNOWN, message=why))
        if verdict is Verdict.STOP:
            self.stop(AccessRefused(f"Light refused access: {outcome.reason}"))
            raise Halt
        if verdict is Verdict.CREATED:
            self._worked.add(kind)
        if verdict is Verdict.REJECTED and outcome.forbidden:
            self._forbid(errand, step, outcome.reason)
        return outcome, answer.body

    async def _sent(self, errand: StepTask, step: Step, call: Call) -> Answer | None:
        """The answer; None where Light was not reached, after a while of waiting."""
        left = False
        request: asyncio.Future[Answer]

        def leave() -> None:
            nonlocal left
            left = True
            self._waiting.discard(request)

        request = asyncio.ensure_future(call(leave))
        self._waiting.add(request)
        unsent = replace(step, state=StepState.PLANNED, attempts=step.attempts - 1)
        try:
            answer = await request
        except StoppedEarly as error:
            if left:
                raise
            self._save(errand, unsent)
            self.stop(error)
            raise Halt from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if left or (task is not None and task.cancelling()):
                raise
            self._save(errand, unsent)
            raise Halt from None
        finally:
            self._waiting.discard(request)
        if answer.status is None and not answer.sent:
            self._save(errand, unsent)
            await self.unreachable(answer.reason)
            return None
        self._lost_since = None
        return answer

    async def unreachable(self, reason: str) -> None:
        """Hold back for a while, longer each time; give up when it lasts."""
        now = self.clock()
        if self._lost_since is None:
            self._lost_since = now
        lost = now - self._lost_since
        if lost >= self.settings.give_up_after:
            self.stop(LightUnreachable(f"Light cannot be reached: {reason}"))
            raise Halt
        if now - self._said >= 5.0:
            self._said = now
            self.progress.say(f"Light cannot be reached ({reason}); trying again.")
        await self.pause(min(max(lost, 0.5), 15.0))

    def _forbid(self, errand: StepTask, step: Step, reason: str) -> None:
        """Light says no for lack of rights. Raises Halt where the key seems to have none at all."""
        self._forbidden[step.kind] += 1
        if step.kind not in self._worked and self._forbidden[step.kind] >= _FORBIDDEN:
            self._save(errand, replace(step, state=StepState.PLANNED, message=reason))
            verb, noun, _ = DOING[step.kind]
            self.stop(AccessRefused(f"The key may not {verb} {noun}s: {reason}"))
            raise Halt

    async def look(self, errand: StepTask, *, balance: bool = False) -> LightBill:
        """The bill as it is in Light now. Raises Unreadable where Light does not show it."""
        reason = ""
        for attempt in range(_TRIES):
            self._may_go_on()
            try:
                answer = await self.gateway.get_bill(errand.light_id, balance=balance)
            except StoppedEarly as error:
                self.stop(error)
                raise Halt from None
            if answer.status is None and not answer.sent:
                await self.unreachable(answer.reason)
                continue
            self._lost_since = None
            if answer.status in range(200, 300):
                bill = self.gateway.read_bill(answer.body)
                if bill is not None and bill.id == errand.light_id:
                    errand.there = bill
                    return bill
            elif answer.status == 401 or answer.status in range(300, 400):
                self.stop(AccessRefused(f"Light refused access: {answer.reason}"))
                raise Halt
            elif answer.status in (400, 403, 404, 410, 422):
                raise UnreadableAnswer(
                    f"Light does not show its bill {errand.light_id}: {answer.reason}"
                )
            reason = answer.reason or "what it answered is not the bill"
            if answer.status != 429:  # the pacer holds back the next one
                await self.pause(min(0.5 * 2**attempt, 15.0))
        raise UnreadableAnswer(f"Light's bill {errand.light_id} could not be read: {reason}")

    async def pause(self, seconds: float) -> None:
        """Wait; raises Halt as soon as the run is stopped."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
        raise Halt

    def _may_go_on(self) -> None:
        if self.stopped is not None:
            raise Halt

    # --- what is known ------------------------------------------------------------------------

    def _save(self, errand: StepTask, step: Step) -> None:
        self.journal.save_steps([step])
        errand.steps[step.kind] = step

    def settle(
        self,
        errand: StepTask,
        kind: StepKind,
        state: StepState,
        message: str = "",
        *,
        errors: Sequence[ApiError] = (),
        there: LightBill | None = None,
    ) -> bool:
        """The end of a step in this run; whether it is done."""
        step = replace(
            errand.steps[kind],
            state=state,
            message=message.rstrip(". "),
            settled=datetime.now(UTC) if state in (StepState.DONE, StepState.REFUSED) else None,
        )
        step = replace(step, detail=with_errors(step.detail, errors))
        self.journal.save_steps([step], there.state if there is not None else None)
        errand.steps[kind] = step
        return state is StepState.DONE
