"""Give a draft what its creation does not take: payment references and its purchase order.

The bill is always read first. What somebody else has set there is never replaced, and what it has
already is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from importer.core.answers import Answer, OnWire
from importer.loading.bill_diff import field_words, patched_differences, quoted
from importer.loading.bill_state import Transition, step_detail
from importer.loading.gateway import LightGateway
from importer.loading.operations.bill_step import BillStep
from importer.model.bills import Bill, patched_values
from importer.model.field_values import NOTHING
from importer.model.journal_states import StepKind
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class SetReferences(BillStep):
    kind = StepKind.REFERENCES
    right = "change bills"

    def detail(self) -> str:
        return step_detail(self.light_id, patched_values(self._sheet_bill))

    @property
    def _sheet_bill(self) -> Bill:
        assert self.bill is not None
        return self.bill

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        values = patched_values(self._sheet_bill)  # without blanks: null would clear
        return await gateway.patch_bill(self.light_id, values, on_wire)

    def transition(self, remote: LightBill) -> tuple[Transition, str]:
        differences = patched_differences(self._sheet_bill, remote)
        if not differences:
            return Transition.DONE, ""
        others = [each for each in differences if each.light != NOTHING]
        if others:
            words = ((field_words(each), *quoted(each)) for each in others)
            return Transition.NEVER, "; ".join(
                f"the {name} is {light} in Light and {sheet} in the sheet"
                for name, sheet, light in words
            )
        return super().transition(remote)
