"""What creating a bill and adding its lines have in common: refusals, lost answers, doubts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from importer.core.answers import Outcome
from importer.loading.job import BillJob
from importer.loading.operation import Decision, EngineSettings, Finish, Look, Operation, Record
from importer.model.journal_states import Discovery, State, Status
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class JobOperation(Operation):
    """A request for the bill of a ``job``."""

    job: BillJob
    settings: EngineSettings

    right = "create bills"

    def __post_init__(self) -> None:
        self.conflict_key = self.job.conflict_key

    def intent(self, light_time: datetime | None) -> Record:
        return self.job.intent(light_time, alone=self.job.in_parts(self.settings))

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        """A no is final once Light was asked for the bill and does not show it: at the end of the
        load, with all that were refused; of what was sent before, or where the no may mean that
        Light has it, once it has settled; of a line item at once."""
        job = self.job
        doubtful = job.sent_before or outcome.duplicate
        if doubtful or job.light_id is not None:
            job.refusal = outcome
            after = self.settings.settle if doubtful else 0.0
            return Look(self, after, (self.in_doubt(outcome.reason),))
        job.refused = outcome
        return Finish(self, True, (job.unconfirmed_refusal(outcome),))

    def still_refused(self) -> Decision | None:
        """What a no comes to that was looked into, and is nothing in Light; None where the last
        answer was none."""
        outcome, self.job.refusal = self.job.refusal, None
        if outcome is None:
            return None
        if outcome.duplicate:
            reason = outcome.reason.rstrip(". ")
            return self.for_a_person(f"Light refused it ({reason}), and does not show it either")
        self.job.refused = outcome
        return Finish(self, True, (self.job.rejection(outcome),))

    def complete(self, remote: LightBill, how: Discovery | None = None) -> Decision:
        """Light has the bill with all its lines."""
        if why := self.job.objection(remote):
            return Finish(self, True, (self.job.unsettled(remote, why),))
        return Finish(self, False, (self.job.complete(remote, how),))

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        self.job.lost += counts
        self.job.unanswered = True
        self.job.last_reason = reason
        return Look(self, self.settings.settle, (self.in_doubt(reason),))

    def put_back(self, reason: str = "", *, attempted: bool = False) -> Record:
        # Of an attempt before this one it is known only that Light did not show it.
        state = State.UNKNOWN if self.job.resent else State.PLANNED
        return self.job.change(state, message=reason, unsent=not attempted)

    def in_doubt(self, reason: str) -> Record:
        return self.job.change(State.UNKNOWN, message=reason)

    def for_a_person(self, reason: str) -> Decision:
        """It cannot be settled here."""
        return Finish(self, True, (self.job.change(State.UNKNOWN, Status.UNKNOWN, reason),))
