"""A bill on its way to Light: what is known of it in this run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from importer.loading.identity import content, match_lines, same_lines
from importer.loading.journal.journal import Intent
from importer.model.bills import Bill
from importer.model.journal_states import ALWAYS, JournalEntry
from importer.model.light_objects import LightBill, LightLine


@dataclass
class BillJob:
    """One bill to be sent, or sent and not settled.

    With a ``light_id`` Light has the bill, but not all its line items, which go one after the
    other: so their order is kept, and never more than one of them is in doubt.
    """

    entry: JournalEntry
    bill: Bill
    rounds: int = 0  # answers lost in a row in this run
    first_sent: datetime | None = None  # as JournalEntry.first_sent, of all attempts
    resent: bool = False  # after Light did not show it
    light_id: str | None = None
    there: LightBill | None = None  # as Light last showed it
    lines: list[LightLine | None] = field(default_factory=list)  # in the order of the sheet

    @property
    def content(self) -> str:
        """Of the bill, as it is sent now; made when it is asked for."""
        return content(self.bill)

    @property
    def line_ids(self) -> tuple[str | None, ...]:
        """Light's ids of the lines that are there, in the order of the sheet."""
        if self.light_id is not None and not self.lines:  # not looked at in this run
            return self.entry.line_ids
        return tuple(line.id if line else None for line in self.lines)

    @property
    def next_line(self) -> int:
        """The index of the first line that is missing; the number of lines where none is."""
        return next((i for i, x in enumerate(self.lines) if x is None), len(self.lines))

    @property
    def partial(self) -> str:
        """What Light has of the bill, for people; "" unless it lacks line items."""
        if self.light_id is None:
            return ""
        there = sum(x is not None for x in self.line_ids)
        return (
            f"Light has the bill {self.light_id} with {there} of {len(self.bill.lines)} line items"
        )

    def begun(self, there: LightBill) -> None:
        """Light has the bill, without its lines."""
        self.light_id, self.there = there.id, there
        self.lines = [None] * len(self.bill.lines)

    def looked_at(self, there: LightBill, lines: Sequence[LightLine]) -> str:
        """Light has the bill with these lines; says what is in the way of adding the others."""
        ids: tuple[str | None, ...] = self.line_ids
        if ids and not self.lines and not same_lines(self.entry.content, self.content):
            ids = ()  # the sheet's lines are others now
        before = {known: i for i, known in enumerate(ids) if known is not None}
        known, strangers = match_lines(self.bill, lines, before)
        if strangers:
            theirs = ", ".join(line.id for line in strangers)
            return f"Light's bill {there.id} has line items that are not the sheet's: {theirs}"
        self.light_id, self.there, self.lines = there.id, there, known
        return ""

    def intent(self, *, alone: bool) -> Intent:
        """That it, or its next line, is about to be sent; ``alone`` is without its lines."""
        begun = self.light_id is not None
        since = self.first_sent or ALWAYS
        return Intent(self.entry.id, self.content, self.partial, begun, alone, since)

    def whole(self) -> LightBill:
        """The bill as Light has it when all its lines are there."""
        assert self.there is not None
        return replace(self.there, lines=tuple(x for x in self.lines if x is not None))

    def gone(self) -> None:
        """Light's bill was cancelled: it is to be created anew."""
        self.light_id, self.there, self.lines = None, None, []


@dataclass
class InFlight:
    """One request for a bill, which may have left or not."""

    work: BillJob
    line: int | None = None  # the index of the line item it carries; None: the bill
    on_wire: bool = False

    def leave(self) -> None:
        self.on_wire = True
