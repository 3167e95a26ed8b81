"""Submit a bill for approval; whether it worked is seen only later, in the bill."""

from __future__ import annotations

from dataclasses import dataclass

from importer.core.answers import Answer
from importer.loading.bill_state import Transition, draft_as_created
from importer.loading.gateway import LightGateway, OnWire
from importer.loading.operation import Decision
from importer.loading.operations.bill_step import BillStep
from importer.model.journal_states import StepKind, StepState
from importer.model.light_objects import LightBill

_LOOKS = 3  # at a bill that is a draft again without a reason: a copy of Light's may lag behind


@dataclass(eq=False)
class SubmitBill(BillStep):
    kind = StepKind.SUBMIT
    right = "submit bills"
    _returned: int = 0

    def last_read(self) -> LightBill | None:
        return draft_as_created(self.entry)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.submit_bill(self.light_id, on_wire)

    def sent_back(self, transition: Transition, remote: LightBill) -> Decision | None:
        if transition is not Transition.OPEN:
            return None
        self._returned += 1
        if not (remote.failures or remote.failure_reason or self._returned > _LOOKS):
            return None
        failures = "; ".join(error.message.rstrip(". ") for error in remote.failures)
        reason = failures or remote.failure_reason or "Light made it a draft again without a reason"
        return self.finish(StepState.REFUSED, reason, errors=remote.failures, remote=remote)
