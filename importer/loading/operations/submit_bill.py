"""Submit a bill for approval; whether it worked is seen only later, in the bill."""

from __future__ import annotations

from dataclasses import dataclass

from importer.core.answers import Answer, OnWire
from importer.loading.bill_state import Transition, draft_as_created
from importer.loading.gateway import LightGateway
from importer.loading.operation import Decision
from importer.loading.operations.bill_step import BillStep
from importer.model.journal_states import StepKind, StepState
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class SubmitBill(BillStep):
    kind = StepKind.SUBMIT
    right = "submit bills"

    def last_read(self) -> LightBill | None:
        return draft_as_created(self.entry)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.submit_bill(self.light_id, on_wire)

    def sent_back(self, transition: Transition, remote: LightBill) -> Decision | None:
        if transition is not Transition.OPEN:
            return None
        if not (remote.failures or remote.failure_reason):
            return (
                None  # a copy of Light's may lag behind; where it lasts, the next run looks again
            )
        failures = "; ".join(error.message.rstrip(". ") for error in remote.failures)
        reason = failures or remote.failure_reason or ""
        return self.finish(StepState.REFUSED, reason, errors=remote.failures, remote=remote)
