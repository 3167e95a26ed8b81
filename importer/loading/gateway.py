"""What loading asks of Light. ``importer.light.LightClient`` is one; nothing here knows HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from importer.model.bills import Bill
from importer.model.light_objects import Answer, ApiError, LightBill, LightLine, UploadTarget


class LightGateway(Protocol):
    @property
    def light_time(self) -> datetime | None:
        """Light's own time (UTC), or earlier; None where its answers do not tell."""

    async def create_bill(
        self, bill: Bill, on_wire: Callable[[], None], *, with_lines: bool
    ) -> Answer:
        """One attempt to create the bill, with its lines or without.

        ``on_wire`` is called when the request is about to leave; a caller that is cancelled before
        then can be sure that nothing was sent. Raises BudgetSpent before anything is sent.
        """

    async def create_line(
        self, bill_id: str, bill: Bill, line: int, on_wire: Callable[[], None]
    ) -> Answer:
        """One attempt to add one line, by its index, to a bill that Light has."""

    async def get_bill(self, bill_id: str) -> Answer: ...

    async def get_line_item(self, bill_id: str, line_id: str) -> Answer: ...

    async def cancel_bill(self, bill_id: str, reason: str, on_wire: Callable[[], None]) -> Answer:
        """One attempt to cancel a bill; ``on_wire`` as in ``create_bill``."""

    async def list_bills(
        self, vendor_ids: Sequence[str], created_since: datetime | None = None
    ) -> list[LightBill]:
        """All bills of these vendors, without lines; repeats itself until it has them all."""

    def read_bill(self, body: object) -> LightBill | None:
        """The bill in an answer; None where there is none that can be read."""

    def read_line(self, body: object) -> LightLine | None: ...

    def read_errors(self, body: object) -> tuple[ApiError, ...]: ...


class StepGateway(LightGateway, Protocol):
    """What the steps after creation ask of Light; each is one attempt."""

    async def get_bill(self, bill_id: str, *, balance: bool = False) -> Answer:
        """``balance``: with what is outstanding."""

    async def submit_bill(self, bill_id: str, on_wire: Callable[[], None]) -> Answer: ...

    async def post_bill(self, bill_id: str, on_wire: Callable[[], None]) -> Answer: ...

    async def pay_bill(self, bill_id: str, bill: Bill, on_wire: Callable[[], None]) -> Answer:
        """The bill's amount, in full, from its bank account on its day."""

    async def upload_url(
        self, bill_id: str, name: str, content_type: str, on_wire: Callable[[], None]
    ) -> Answer: ...

    async def put_document(self, target: UploadTarget, path: Path, size: int) -> Answer:
        """The file where Light wants it, without the key; counts against no limit."""

    def read_upload_target(self, body: object) -> UploadTarget | str | None:
        """The address in an answer, or why nothing is sent there; None where it has none."""
