"""What loading asks of Light. ``importer.light.LightClient`` is one; nothing here knows HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from importer.records import Answer, ApiError, Bill, LightBill, LightLine


class LightGateway(Protocol):
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
