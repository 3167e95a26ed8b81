"""What loading asks of Light. ``importer.light.LightClient`` is one; nothing here knows HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from importer.core.answers import Answer, Mismatch, Outcome
from importer.core.fetch import fetch
from importer.core.object_ids import same_id
from importer.model.bills import Bill
from importer.model.light_objects import LightBill, LightLine, UploadTarget

OnWire = Callable[[], None]
"""Called when the request is about to leave: a caller that is cancelled before then can be sure
that nothing was sent."""


class LightGateway(Protocol):
    """Each method that returns an ``Answer`` makes exactly one attempt. All raise BudgetSpent
    before anything is sent."""

    @property
    def light_time(self) -> datetime | None:
        """Light's own time (UTC), or earlier; None where its answers do not state it."""

    async def create_bill(self, bill: Bill, on_wire: OnWire, *, with_lines: bool) -> Answer: ...

    async def create_line(self, bill_id: str, bill: Bill, line: int, on_wire: OnWire) -> Answer:
        """Add one line, by its index, to a bill that Light has."""

    async def get_bill(self, bill_id: str, *, balance: bool = False) -> Answer:
        """``balance``: with what is outstanding."""

    async def get_line_item(self, bill_id: str, line_id: str) -> Answer: ...

    async def submit_bill(self, bill_id: str, on_wire: OnWire) -> Answer: ...

    async def post_bill(self, bill_id: str, on_wire: OnWire) -> Answer: ...

    async def pay_bill(self, bill_id: str, bill: Bill, on_wire: OnWire) -> Answer:
        """The bill's amount, in full, from its bank account on its day."""

    async def cancel_bill(self, bill_id: str, reason: str, on_wire: OnWire) -> Answer: ...

    async def upload_url(
        self, bill_id: str, name: str, content_type: str, on_wire: OnWire
    ) -> Answer: ...

    async def put_document(self, target: UploadTarget, path: Path, size: int) -> Answer:
        """The file where Light wants it, without the key; counts against no limit."""

    async def list_bills(
        self, vendor_ids: Sequence[str] | None, created_since: datetime | None = None
    ) -> list[LightBill]:
        """All bills of these vendors, None for all, without lines; retries until it has them."""

    def read_bill(self, body: object) -> LightBill | None:
        """The bill in an answer; None where there is none that can be read."""

    def read_line(self, body: object) -> LightLine | None: ...

    def read_upload_target(self, body: object) -> UploadTarget | str | None:
        """The address in an answer, or why nothing is sent there; None where it has none."""


async def fetch_bill(
    gateway: LightGateway, bill_id: str, *, balance: bool = False
) -> Outcome[LightBill]:
    """The bill as it is in Light now; see ``fetch`` for the verdicts and what is raised."""

    def read(body: object) -> LightBill | Mismatch | None:
        bill = gateway.read_bill(body)
        if bill is not None and not same_id(bill.id, bill_id):
            return Mismatch(f"with another bill, {bill.id}")
        return bill

    return await fetch(
        lambda: gateway.get_bill(bill_id, balance=balance), read, what="read bills", noun="bill"
    )


async def fetch_line(gateway: LightGateway, bill_id: str, line_id: str) -> Outcome[LightLine]:
    """As ``fetch_bill``, one of its line items."""

    def read(body: object) -> LightLine | Mismatch | None:
        line = gateway.read_line(body)
        if line is not None and not same_id(line.id, line_id):
            return Mismatch(f"with another line item, {line.id}")
        if line is not None and line.bill_id and not same_id(line.bill_id, bill_id):
            return Mismatch(f"with a line item of another bill, {line.bill_id}")
        return line

    return await fetch(
        lambda: gateway.get_line_item(bill_id, line_id),
        read,
        what="read line items",
        noun="line item",
    )
