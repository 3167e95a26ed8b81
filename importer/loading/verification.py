"""Read every bill of a run back from Light and compare it with what was loaded.

Nothing is written to Light. What was read is in the journal as it comes, so that a verification
that was interrupted goes on with what was not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.core.errors import StoppedEarly
from importer.loading.bill_diff import (
    LINE,
    NOTHING,
    bill_differences,
    lines_differences,
    loaded_bill,
)
from importer.loading.concurrency import fetch, map_concurrently
from importer.loading.gateway import LightGateway
from importer.loading.identity import GONE
from importer.loading.journal.after_creation import forget_read_backs, keep_read_backs, read_backs
from importer.loading.journal.journal import Journal, now
from importer.model.bills import Bill
from importer.model.journal_states import IN_LIGHT, BillOutcome, JournalEntry
from importer.model.light_objects import LightBill, LightLine
from importer.model.read_back import Comparison, Difference, ReadBack

Units = Any  # an array by bill index: how many cents a unit of the bill's currency has
Outcomes = Mapping[int, BillOutcome]  # by bill index


@dataclass(frozen=True)
class InLight:
    """A bill of a run that is in Light. ``unit``: how many cents a unit of its currency has."""

    index: int
    entry: JournalEntry
    unit: int = 100

    @property
    def light_id(self) -> str:
        assert self.entry.light_id is not None
        return self.entry.light_id


def in_light(outcomes: Outcomes, units: Units) -> list[InLight]:
    """The bills of a run that are in Light."""
    return [
        InLight(index, outcome.entry, int(units[index]))
        for index, outcome in sorted(outcomes.items())
        if outcome.status in IN_LIGHT and outcome.entry.light_id is not None
    ]


def valid_read_backs(journal: Journal, run: str, outcomes: Outcomes) -> dict[int, ReadBack]:
    """What was read of the run's bills that are in Light; not of a bill from before it was undone
    and loaded again."""
    return {
        index: back
        for index, back in read_backs(journal, run).items()
        if (outcome := outcomes.get(index)) is not None
        and outcome.status in IN_LIGHT
        and not (outcome.entry.settled and outcome.entry.settled > back.moment)
    }


@dataclass
class Verification:
    """``lines``: each line is read by itself too. ``read`` has what is known, by bill index;
    ``unread`` why a bill could not be read; ``before`` how many an earlier verification read."""

    journal: Journal
    gateway: LightGateway
    run: str
    lines: bool = False
    advance: Callable[[bool], None] = lambda failed: None
    read: dict[int, ReadBack] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)
    before: int = 0
    stopped: StoppedEarly | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def left(self, bills: Sequence[InLight], outcomes: Outcomes, *, again: bool) -> list[InLight]:
        """The bills that are to be read: those that a verification before this one did not come to,
        or all of them where it was complete, or with ``again``."""
        known = {} if again else valid_read_backs(self.journal, self.run, outcomes)
        known = {i: back for i, back in known.items() if back.lines or not self.lines}
        todo = [bill for bill in bills if bill.index not in known]
        if not todo or not known:
            forget_read_backs(self.journal, self.run)
            return list(bills)
        self.read, self.before = known, len(known)
        return todo

    def stop(self, reason: StoppedEarly) -> None:
        """Read nothing more; what was read is kept."""
        self.stopped = self.stopped or reason
        self._stop.set()

    async def verify(self, bills: Sequence[InLight]) -> None:
        """Read them all. ``stopped`` says why it ended early, if it did."""
        try:
            await map_concurrently(bills, self._read, self._keep, self._stop)
        except StoppedEarly as error:
            self.stop(error)
        if self.unread and self.stopped is None:
            n = len(self.unread)
            what = "1 bill" if n == 1 else f"{n:,} bills"
            self.stopped = StoppedEarly(
                f"{what} could not be read from Light: {next(iter(self.unread.values()))}"
            )

    def _keep(self, ready: list[tuple[InLight, ReadBack | str]]) -> None:
        found = {bill.index: back for bill, back in ready if isinstance(back, ReadBack)}
        keep_read_backs(self.journal, self.run, found)
        self.read |= found
        self.unread |= {bill.index: back for bill, back in ready if isinstance(back, str)}
        for _, back in ready:
            self.advance(isinstance(back, str) or back.seen is not Comparison.SAME)

    async def _read(self, known: InLight) -> ReadBack | str:
        there = await read_bill(self.gateway, known.light_id)
        if there is None:
            why = f"Light has no bill {known.light_id} any more"
            return ReadBack(Comparison.MISSING, now(), lines=self.lines, message=why)
        if isinstance(there, str):
            return there
        if there.state in GONE:
            why = f"Light's bill {there.id} was cancelled (state {there.state})"
            return ReadBack(Comparison.MISSING, now(), there.state, lines=self.lines, message=why)
        lines: Sequence[LightLine] | None = there.lines
        if self.lines:
            each = await self._lines_of(known, there)
            if isinstance(each, str):
                return each
            lines = each
        bill = loaded_bill(known.entry, known.index, known.unit)
        found = differences(bill, there, lines, known.entry.line_ids)
        net, tax = _sums(lines)
        return ReadBack(
            Comparison.CHANGED if found else Comparison.SAME,
            now(),
            there.state,
            there.amount,
            net,
            tax,
            self.lines,
            tuple(found),
        )

    async def _lines_of(self, known: InLight, there: LightBill) -> list[LightLine] | str:
        """Each line by itself; those that Light has no more are left out."""
        ids = [line.id for line in there.lines or ()]
        if there.lines is None:
            ids = [light_id for light_id in known.entry.line_ids if light_id is not None]
        tasks = [asyncio.ensure_future(self._line(there.id, light_id)) for light_id in ids]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        unread = [line for line in found if isinstance(line, str)]
        return unread[0] if unread else [line for line in found if isinstance(line, LightLine)]

    async def _line(self, bill_id: str, line_id: str) -> LightLine | str | None:
        answer = await fetch(
            lambda: self.gateway.get_line_item(bill_id, line_id), "read line items"
        )
        if answer.status in (404, 410):
            return None
        line = self.gateway.read_line(answer.body) if answer.status in range(200, 300) else None
        if line is not None and line.id == line_id:
            return line
        return f"line item {line_id}: {answer.reason or 'what Light answered is not the line item'}"


async def read_bill(gateway: LightGateway, bill_id: str) -> LightBill | str | None:
    """A bill as Light has it now; None where it has no such bill, a reason where it cannot be
    read. Raises StoppedEarly where nothing can be."""
    answer = await fetch(lambda: gateway.get_bill(bill_id), "read bills")
    if answer.status in (404, 410):
        return None
    bill = gateway.read_bill(answer.body) if answer.status in range(200, 300) else None
    if bill is not None and bill.id.lower() == bill_id.lower():
        return bill
    return f"bill {bill_id}: {answer.reason or 'what Light answered is not the bill'}"


def differences(
    bill: Bill,
    there: LightBill,
    lines: Sequence[LightLine] | None,
    known: Sequence[str | None],
) -> list[Difference]:
    """All that Light shows otherwise; ``lines`` are Light's, None where it tells none."""
    out = bill_differences(bill, there)
    if lines is not None:
        return out + lines_differences(bill, lines, known)
    n = len(bill.lines)
    return [*out, Difference(LINE, None, f"{n} line items" if n != 1 else "a line item", NOTHING)]


def _sums(lines: Sequence[LightLine] | None) -> tuple[int | None, int | None]:
    """Net and tax of the lines, in cents; None where they do not tell."""
    net = tax = 0
    for line in lines or ():
        if line.net_amount is None:
            return None, None
        own = line.tax_amount
        if own is None:
            own = 0 if line.amount is None else line.amount - line.net_amount
        net, tax = net + line.net_amount, tax + own
    return (net, tax) if lines else (None, None)
