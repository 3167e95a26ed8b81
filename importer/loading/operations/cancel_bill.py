"""Cancel in Light a bill that a run created, so that it may be loaded again.

The bill is read first. What somebody has changed in Light since, or what is in the ledger, is left
alone; a cancelled bill is done, whoever cancelled it. So the same command goes on after whatever
end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from importer.core.answers import Answer, ApiError, OnWire
from importer.loading.bill_diff import PATCHED, field_words, quoted
from importer.loading.bill_state import Transition, next_transition
from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway
from importer.loading.journal.cancellation_records import Cancelled, cancels
from importer.loading.loaded_bills import LoadedBill
from importer.loading.operation import (
    ABSENT_LOOKS,
    Decision,
    EngineSettings,
    Finish,
    Look,
    Send,
    UndoneRecord,
)
from importer.loading.operations.bill_step import BillStep
from importer.model.field_values import NOTHING
from importer.model.journal_states import State, Step, StepKind, StepState
from importer.model.light_objects import LightBill
from importer.model.read_back import Difference

CHANGED = "it was changed in Light since it was loaded: "  # begins the reason of such a refusal
_MOST_CHANGES = 4  # that are named

SETTINGS = EngineSettings(give_up_after=8.0, patience=15.0, first_look=0.25)


@dataclass(frozen=True)
class CancelOptions:
    """``force``: what was changed in Light is cancelled too, and what Light has no more is free to
    be loaded again. ``dry``: nothing is cancelled, nothing is written."""

    reason: str
    force: bool = False
    dry: bool = False


@dataclass(eq=False)
class CancelBill(BillStep):
    """``result`` is how it ended, or in a dry run what would be done."""

    kind = StepKind.CANCEL
    right = "cancel bills"
    repeatable = True
    already = ""

    loaded: LoadedBill = None  # type: ignore[assignment]
    options: CancelOptions = CancelOptions("")
    result: tuple[StepState, str] | None = None
    absent_looks: int = 0

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.cancel_bill(self.ref, self.options.reason, on_wire)

    def accepted(self, content: LightBill) -> Decision:
        """What is called undone is loaded again: the answer alone is not believed."""
        self._tried = self._accepted = True
        return Look(self, records=(self.in_doubt("Light said so, and was not asked since"),))

    def transition(self, remote: LightBill) -> tuple[Transition, str]:
        transition, reason = next_transition(self.kind, None, remote, tried=self._tried)
        if transition is not Transition.OPEN or self.options.force:
            return transition, reason
        changes = self._changes(remote)
        return (Transition.NEVER, CHANGED + changes) if changes else (Transition.OPEN, "")

    def absent(self, reason: str) -> Decision:
        self.absent_looks += 1
        if self.absent_looks < ABSENT_LOOKS:
            return Look(self, self.settings.settle)
        if self._tried or self._refusal is not None:
            return self.finish(StepState.DONE)
        if self.options.force:
            return self.finish(StepState.DONE, keep_id=False)
        return self.finish(
            StepState.REFUSED, f"Light has no {self.ref.noun} {self.light_id} any more"
        )

    def unreadable(self, reason: str) -> Decision:
        if self._tried:
            return self.finish(StepState.UNKNOWN, f"{self.ref.noun} {self.light_id}: {reason}")
        reason = f"it could not be read: {self.ref.noun} {self.light_id}: {reason}"
        self.result = StepState.UNKNOWN, reason
        return Finish(self, True)  # the journal stays as it is

    def lost_message(self, remote: LightBill) -> str:
        return self._last_reason or "no answer came"

    def waiting_message(self, remote: LightBill) -> str:
        return "Light has not finished cancelling it yet"

    def undetermined(self, reason: str, remote: LightBill) -> Decision:
        if self._tried:
            return self.finish(StepState.UNKNOWN, reason, remote=remote)
        self.result = StepState.UNKNOWN, f"{reason}, so nothing was done to it"
        return Finish(self, True)  # the journal stays as it is

    def finish(
        self,
        state: StepState,
        message: str = "",
        *,
        errors: Sequence[ApiError] = (),
        remote: LightBill | None = None,
        keep_id: bool = True,
    ) -> Finish:
        self.result = state, message
        if self.options.dry:
            return Finish(self, state is not StepState.DONE)
        finish = super().finish(state, message)
        if state is not StepState.DONE:
            return finish
        undone = UndoneRecord(Cancelled(self.entry.id, self.light_id), keep_id)
        return replace(finish, records=(*finish.records, undone))

    def _by_state(self, remote: LightBill) -> Decision:
        decision = super()._by_state(remote)
        if self.options.dry and isinstance(decision, Send):
            self.result = StepState.PLANNED, ""
            return Finish(self)
        return decision

    def _changes(self, remote: LightBill) -> str:
        # What it was not given yet is no change of anybody's.
        differences = [
            each
            for each in self.loaded.differences(remote, remote.lines)
            if not (each.field in PATCHED and each.light == NOTHING)
        ]
        if self.entry.state is not State.CREATED:  # lines that were not sent yet are no change
            differences = [each for each in differences if each.line is None]
        words = list(_words(differences))
        more = len(words) - _MOST_CHANGES
        return "; ".join(words[:_MOST_CHANGES]) + (f"; and {more} more" if more > 0 else "")


def _words(differences: Sequence[Difference]) -> Iterator[str]:
    for each in differences:
        line = "" if each.line is None else f"line {each.line + 1} "
        sheet, light = quoted(each)
        yield f"{line}{field_words(each)} is {light} in Light and was loaded as {sheet}"


async def cancel_bills(
    engine: Engine, bills: Sequence[LoadedBill], options: CancelOptions
) -> dict[int, tuple[StepState, str]]:
    """Cancel the bills, as far as it goes; how each ended and why, by entry."""
    steps = cancels(engine.journal, [loaded.entry.id for loaded in bills])

    def operation(loaded: LoadedBill) -> CancelBill:
        detail = json.dumps({"run": engine.run, "light_id": loaded.light_id})
        step = steps.get(loaded.entry.id) or Step(
            loaded.entry.id, StepKind.CANCEL, StepState.PLANNED
        )
        step = replace(step, detail=detail)
        return CancelBill(loaded.entry, step, engine.settings, loaded=loaded, options=options)

    operations = [operation(loaded) for loaded in bills]
    await engine.execute(operations)
    return {each.loaded.entry.id: each.result for each in operations if each.result is not None}
