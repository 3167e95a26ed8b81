"""Mark a posted bill as paid, in full. What is outstanding is always asked first."""

from __future__ import annotations

from dataclasses import dataclass

from importer.core.answers import Answer, OnWire
from importer.loading.bill_state import Transition, step_detail
from importer.loading.gateway import LightGateway
from importer.loading.operations.bill_step import BillStep
from importer.model.bills import Bill
from importer.model.journal_states import StepKind
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class PayBill(BillStep):
    kind = StepKind.PAY
    right = "mark bills as paid"
    balance = True

    why_not: str = ""  # it is not to be paid now

    def detail(self) -> str:
        bill = self._sheet_bill
        paid = {
            "amount": bill.amount,
            "bank": bill.paid_from_bank_account_id,
            "paid_at": str(bill.payment_at),
        }
        return step_detail(self.light_id, paid)

    @property
    def _sheet_bill(self) -> Bill:
        assert self.bill is not None
        return self.bill

    def transition(self, remote: LightBill) -> tuple[Transition, str]:
        transition, reason = super().transition(remote)
        if transition is Transition.OPEN and self.why_not and not self._doubtful:
            return Transition.NEVER, self.why_not
        return transition, reason

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.pay_bill(self.light_id, self._sheet_bill, on_wire)
