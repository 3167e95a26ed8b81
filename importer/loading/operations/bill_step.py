"""One step of a bill's life after its creation: what is sent when, by how the bill is in Light.

Before a step is sent its intent is durable in the journal. Where the answer is lost, or a crash
left it ``sending``, Light is asked how the bill is, and that settles it; it is sent again only
where the bill is as if nothing had been sent, and the settling time has passed. A step that Light
refuses, or that cannot be settled, keeps the bill's later steps back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

from importer.core.answers import ApiError, Mismatch, Outcome, Verdict
from importer.core.clock import utc_now
from importer.core.object_ids import same_id
from importer.loading.bill_match import contradictions, words_of_contradictions
from importer.loading.bill_state import (
    WORKING,
    Transition,
    next_transition,
    under_way,
    unknown_state,
    with_errors,
)
from importer.loading.gateway import LightGateway, fetch_bill
from importer.loading.operation import (
    MOST_LOST,
    Decision,
    EngineSettings,
    Finish,
    Look,
    Operation,
    Record,
    Send,
    StepRecord,
)
from importer.model.bills import Bill, DocumentRef
from importer.model.journal_states import JournalEntry, Step, StepKind, StepState
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class JournaledStep(Operation):
    """An operation whose progress is a ``Step`` in the journal."""

    kind: ClassVar[StepKind]

    entry: JournalEntry
    step: Step
    settings: EngineSettings
    bill: Bill | None = None  # as the sheet has it
    _tried: bool = field(init=False)  # sent, now or before, without a definite no

    def __post_init__(self) -> None:
        self._tried = self.may_have_been_sent

    @property
    def light_id(self) -> str:
        assert self.entry.light_id is not None
        return self.entry.light_id

    @property
    def ref(self) -> DocumentRef:
        return DocumentRef(self.light_id, self.entry.credit_note)

    @property
    def may_have_been_sent(self) -> bool:
        """Whether an attempt before this run's may have reached Light."""
        in_doubt = self.step.state in (StepState.SENDING, StepState.UNKNOWN)
        return in_doubt and self.step.attempts > 0

    def detail(self) -> str:
        """What the journal keeps of the step while it is sent, as JSON."""
        return self.step.detail

    def intent(self, light_time: datetime | None) -> Record:
        return self._record(
            StepState.SENDING,
            attempts=self.step.attempts + 1,
            sent=utc_now(),
            detail=self.detail(),
        )

    def put_back(self, reason: str = "", *, attempted: bool = False) -> Record:
        attempts = self.step.attempts - (not attempted)
        state = StepState.UNKNOWN if self._tried else StepState.PLANNED
        return self._record(state, message=reason, attempts=attempts)

    def in_doubt(self, reason: str) -> Record:
        return self._record(StepState.UNKNOWN, message=reason)

    def finish(
        self,
        state: StepState,
        message: str = "",
        *,
        errors: Sequence[ApiError] = (),
        remote: LightBill | None = None,
    ) -> Finish:
        """The end of the step in this run."""
        final = state in (StepState.DONE, StepState.REFUSED)
        record = self._record(
            state,
            message=message.rstrip(". "),
            settled=utc_now() if final else None,
            detail=with_errors(self.step.detail, errors),
        )
        records = (replace(record, light_state=remote.state if remote else None),)
        return Finish(self, state is not StepState.DONE, records)

    def _record(self, state: StepState, **changes: Any) -> StepRecord:
        changes = {"message": "", "settled": None} | changes
        self.step = replace(self.step, state=state, **changes)
        return StepRecord(self.step)


@dataclass(eq=False)
class BillStep(JournaledStep):
    """A step whose effect is seen in the state of the bill: submit, post, pay, cancel."""

    repeatable: ClassVar[bool] = False  # sending it twice does no more than sending it once
    balance: ClassVar[bool] = False  # what is outstanding matters
    already: ClassVar[str] = "it was already done in Light (state {state})"

    _doubtful: bool = field(init=False)  # the settling time is due before it is sent again
    _accepted: bool = False  # Light accepted
    _refusal: Outcome[Any] | None = None  # Light refused
    _confirmed: bool = True  # and the bill is not what an attempt of ours may yet make of it
    _lost: int = 0  # answers
    _last_reason: str = ""
    _delay: float = 0.0
    _waited: float = 0.0  # seconds that Light has been given to do it

    def __post_init__(self) -> None:
        super().__post_init__()
        self._doubtful = self._tried and not self.repeatable

    def first(self) -> Decision:
        remote = None if self._tried else self.last_read()
        return Look(self) if remote is None else self._by_state(remote)

    def last_read(self) -> LightBill | None:
        """The bill as it was last seen, where that is enough to begin; None: ask Light first."""
        return None

    def read(self, gateway: LightGateway, body: object) -> LightBill | Mismatch | None:
        """The bill, if it is the one that was asked for."""
        remote = gateway.read_bill(body, credit_note=self.ref.credit_note)
        if remote is None:
            return None
        if not same_id(remote.id, self.light_id):
            return Mismatch(f"with another {self.ref.noun}, {remote.id}")
        if self.bill and (conflicts := contradictions(self.bill, remote)):
            return Mismatch(f"with a {self.ref.noun} of which {words_of_contradictions(conflicts)}")
        return remote

    def transition(self, remote: LightBill) -> tuple[Transition, str]:
        """What the bill's state means for the step, and why it can never be taken."""
        return next_transition(self.kind, self.bill, remote, tried=self._tried)

    # --- after an answer ----------------------------------------------------------------------

    def accepted(self, content: LightBill) -> Decision:
        self._tried = self._accepted = True
        record = self.in_doubt("Light was still working on it")
        decision = self._by_state(content)
        return replace(decision, records=(record, *decision.records))

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        # Perhaps because it was done already, by an attempt before or by somebody else: the bill's
        # state tells.
        doubtful = self._tried or outcome.duplicate
        if outcome.forbidden and not doubtful:
            return self.finish(StepState.REFUSED, outcome.reason, errors=outcome.errors)
        self._refusal, self._confirmed = outcome, not doubtful
        return Look(self, records=(self.in_doubt(outcome.reason),))

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        self._tried = True
        self._last_reason = reason
        self._lost += counts
        self._doubtful = not self.repeatable
        # At once only where nothing is in doubt: what was sent gets its time.
        return Look(self, min(self.settings.settle, 1.0), (self.in_doubt(reason),))

    # --- how the bill is ----------------------------------------------------------------------

    async def look(self, gateway: LightGateway) -> Decision:
        cancelled = self.kind is StepKind.CANCEL and self._accepted
        outcome = await fetch_bill(gateway, self.ref, balance=self.balance, cancelled=cancelled)
        if outcome.content is not None:
            await self.look_further(gateway, outcome.content)
            return self._by_state(outcome.content)
        if outcome.verdict is Verdict.ABSENT:
            return self.absent(outcome.reason)
        return self.unreadable(outcome.reason)

    async def look_further(self, gateway: LightGateway, remote: LightBill) -> None:
        """Read what the bill itself does not tell of the step."""

    def absent(self, reason: str) -> Decision:
        return self._unseen(f"Light does not show its {self.ref.noun} {self.light_id}: {reason}")

    def unreadable(self, reason: str) -> Decision:
        return self._unseen(f"Light's {self.ref.noun} {self.light_id} could not be read: {reason}")

    def _unseen(self, reason: str) -> Decision:
        if self._refusal is not None and self._confirmed:
            return self._refused(self._refusal, None)
        in_doubt = self._tried or self._refusal is not None
        return self.finish(StepState.UNKNOWN if in_doubt else StepState.REFUSED, reason)

    def _by_state(self, remote: LightBill) -> Decision:
        transition, reason = self.transition(remote)
        if unknown_state(remote):
            return self._wait(remote)
        if self._refusal is not None and not under_way(self.kind, remote):
            if transition in (Transition.OPEN, Transition.WORKING) and not self._confirmed:
                self._confirmed = True  # what was sent gets its time
                return Look(self, self.settings.settle)
            return self._refused(self._refusal, remote)
        if transition is Transition.DONE:
            message = "" if self._tried else self.already.format(state=remote.state)
            return self.finish(StepState.DONE, message, remote=remote)
        if transition is Transition.NEVER:
            return self.finish(StepState.REFUSED, reason, remote=remote)
        if self._accepted and (returned := self.sent_back(transition, remote)):
            return returned
        if transition is Transition.WORKING or self._accepted:
            return self._wait(remote)
        if self._doubtful:  # it may still be on its way
            self._doubtful = False
            return Look(self, self.settings.settle)
        if self._lost >= MOST_LOST:
            return self.finish(StepState.UNKNOWN, self.lost_message(remote), remote=remote)
        return Send(self)

    def sent_back(self, transition: Transition, remote: LightBill) -> Decision | None:
        """What to do where Light accepted and then reversed it."""
        return None

    def lost_message(self, remote: LightBill) -> str:
        return f"Light's answer was lost {self._lost} times, and it is still {remote.state}"

    def waiting_message(self, remote: LightBill) -> str:
        return f"Light still shows it as {remote.state or 'nothing'}"

    def undetermined(self, reason: str, remote: LightBill) -> Decision:
        """Nothing can be concluded from the bill's state."""
        return self.finish(StepState.UNKNOWN, reason, remote=remote)

    def _refused(self, refusal: Outcome[Any], remote: LightBill | None) -> Decision:
        if remote is not None:
            self._tried = True  # by somebody else
            if self.transition(remote)[0] is Transition.DONE:
                message = self.already.format(state=remote.state)
                return self.finish(StepState.DONE, message, remote=remote)
        return self.finish(StepState.REFUSED, refusal.reason, errors=refusal.errors, remote=remote)

    def _wait(self, remote: LightBill) -> Decision:
        """Look again later, longer each time, until it has taken too long."""
        settings = self.settings
        unknown = unknown_state(remote)
        is_working = not unknown and (remote.state in WORKING or self._accepted)
        if self._waited >= (settings.patience if is_working else settings.first_look * 7):
            if unknown:
                answer = "Light accepted it; " if self._accepted else ""
                return self.undetermined(f"{answer}{unknown}", remote)
            in_doubt = self._tried or under_way(self.kind, remote)
            state = StepState.UNKNOWN if in_doubt else StepState.REFUSED
            return self.finish(state, self.waiting_message(remote), remote=remote)
        self._delay = min(self._delay * 2 or settings.first_look, settings.longest_look)
        self._waited += self._delay
        return Look(self, self._delay)
