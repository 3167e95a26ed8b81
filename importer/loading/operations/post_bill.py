"""Post a draft bill or credit note straight to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from importer.core.answers import Answer, OnWire
from importer.loading.bill_state import draft_as_created
from importer.loading.gateway import LightGateway
from importer.loading.operations.bill_step import BillStep
from importer.model.journal_states import StepKind
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class PostBill(BillStep):
    kind = StepKind.POST
    right = "post bills"

    def last_read(self) -> LightBill | None:
        return draft_as_created(self.entry)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.post_bill(self.ref, on_wire)
