"""Read a bill of a run back from Light and compare it with what was loaded.

Nothing is written to Light. What was read is in the journal as it comes, so that a verification
that was interrupted resumes with what was not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from importer.core.answers import Verdict
from importer.core.clock import utc_now
from importer.core.errors import StoppedEarly
from importer.core.fetch import fetch_all
from importer.loading.bill_diff import amortization_differences, pair_lines
from importer.loading.bill_state import is_cancelled
from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway, fetch_bill, fetch_line, fetch_note_links
from importer.loading.journal.check_records import save_balances
from importer.loading.journal.journal import Journal
from importer.loading.journal.verification_records import delete_read_backs
from importer.loading.loaded_bills import LoadedBill, Outcomes, valid_read_backs
from importer.loading.operation import (
    ABSENT_LOOKS,
    Decision,
    EngineSettings,
    Finish,
    Look,
    Operation,
    ReadBackRecord,
)
from importer.model.ageing import OpenBalance
from importer.model.light_objects import LightBill, LightLine
from importer.model.read_back import Comparison, LineReadBack, ReadBack

SETTINGS = EngineSettings(give_up_after=0.0)  # each reading is tried for a while as it is


@dataclass(eq=False)
class VerifyBill(Operation):
    """``lines``: each line is read by itself too, ``balances``: so is what is still to be paid.
    ``read_back`` is what was read, or ``reason``
    why it could not be. ``settle``: seconds until a bill that Light does not show is asked for
    again: one 404 proves nothing."""

    loaded: LoadedBill
    lines: bool = False
    balances: bool = False
    settle: float = 0.0
    absent_looks: int = 0
    read_back: ReadBack | None = None
    reason: str = ""

    right = "read bills"

    def first(self) -> Decision:
        return Look(self)

    async def look(self, gateway: LightGateway) -> Decision:
        light_id = self.loaded.light_id
        outcome = await fetch_bill(gateway, self.loaded.ref, balance=self.balances)
        remote = outcome.content
        if outcome.verdict is Verdict.ABSENT:
            self.absent_looks += 1
            if self.absent_looks < ABSENT_LOOKS:
                return Look(self, self.settle)
            return self._missing(f"Light has no {self.loaded.ref.noun} {light_id} any more")
        if remote is None:
            return self.unreadable(f"{self.loaded.ref.noun} {light_id}: {outcome.reason}")
        if is_cancelled(remote):
            reason = f"Light's {remote.ref.noun} {remote.id} was cancelled (state {remote.state})"
            return self._missing(reason, remote.state)
        lines: Sequence[LightLine] | None = remote.lines
        if self.lines and not remote.credit_note:  # their lines Light shows with the note only
            each = await self._lines_one_by_one(gateway, remote)
            if isinstance(each, str):
                return self.unreadable(each)
            lines = each
        differences = self.loaded.differences(remote, lines)
        line_items: tuple[LineReadBack, ...] = ()
        if self.lines and lines is not None:
            bill = self.loaded.sent
            matched, others = pair_lines(bill, lines, self.loaded.entry.line_ids)
            differences += amortization_differences(bill, matched)
            line_items = tuple(_line_items(matched, others))
        balance = await self._balance(gateway, remote) if self.balances else None
        net, tax = _sums(lines)
        return self._finish(
            ReadBack(
                Comparison.CHANGED if differences else Comparison.SAME,
                utc_now(),
                remote.state,
                remote.amount,
                net,
                tax,
                self.lines,
                tuple(differences),
                line_items=line_items,
                balance=balance,
            )
        )

    async def _balance(self, gateway: LightGateway, remote: LightBill) -> OpenBalance:
        """What is still to be paid; of a credit note, what of it clears no bill yet."""
        due = remote.due_date or remote.issued_date
        if not remote.credit_note:
            return OpenBalance(remote.outstanding, due)
        links = await fetch_note_links(gateway, remote.id)
        if links.content is None or remote.amount is None:
            return OpenBalance(None, due)
        return OpenBalance(remote.amount + sum(link.amount for link in links.content), due)

    async def _lines_one_by_one(
        self, gateway: LightGateway, remote: LightBill
    ) -> list[LightLine] | str:
        """Without those that Light has no more; a reason where one cannot be read."""
        ids = [line.id for line in remote.lines or ()]
        if remote.lines is None:
            ids = [line_id for line_id in self.loaded.entry.line_ids if line_id is not None]
        outcomes = await fetch_all(fetch_line(gateway, remote.id, line_id) for line_id in ids)
        for line_id, outcome in zip(ids, outcomes, strict=True):
            if outcome.verdict not in (Verdict.ACCEPTED, Verdict.ABSENT):
                return f"line item {line_id}: {outcome.reason}"
        return [outcome.content for outcome in outcomes if outcome.content is not None]

    def unreadable(self, reason: str) -> Decision:
        self.reason = reason
        return Finish(self, True)

    def _missing(self, reason: str, state: str = "") -> Decision:
        return self._finish(
            ReadBack(Comparison.MISSING, utc_now(), state, lines=self.lines, message=reason)
        )

    def _finish(self, read_back: ReadBack) -> Decision:
        self.read_back = read_back
        failed = read_back.comparison is not Comparison.SAME
        return Finish(self, failed, (ReadBackRecord(self.loaded.entry.id, read_back),))


def _line_items(
    matched: Sequence[LightLine | None], others: Sequence[LightLine]
) -> Iterator[LineReadBack]:
    pairs: list[tuple[int | None, LightLine | None]] = [*enumerate(matched)]
    pairs += [(None, line) for line in others]
    for index, line in pairs:
        if line is not None:
            yield LineReadBack(
                index,
                line.id,
                line.type,
                line.metadata,
                line.should_amortize,
                line.amortization_schedule_id,
                line.cost_center_id,
                line.suggestions,
                line.created_at,
                line.updated_at,
            )


def _sums(lines: Sequence[LightLine] | None) -> tuple[int | None, int | None]:
    """Net and tax of the lines, in cents; None where they do not state it."""
    net = tax = 0
    for line in lines or ():
        if line.net_amount is None:
            return None, None
        line_tax = line.tax_amount
        if line_tax is None:
            line_tax = 0 if line.amount is None else line.amount - line.net_amount
        net, tax = net + line.net_amount, tax + line_tax
    return (net, tax) if lines else (None, None)


@dataclass
class Verification:
    """Which bills of a run are still to be read, and what was read, by entry."""

    run: str
    todo: list[LoadedBill]
    read_backs: dict[int, ReadBack] = field(default_factory=dict)
    lines: bool = False
    balances: bool = False

    async def verify(self, engine: Engine) -> None:
        """Read them all; ``engine.stopped`` says why it ended early, if it did."""
        settle = engine.settings.settle
        operations = [VerifyBill(loaded, self.lines, self.balances, settle) for loaded in self.todo]
        await engine.execute(operations)
        for each in operations:
            if each.read_back is not None:
                self.read_backs[each.loaded.entry.id] = each.read_back
        unread = [each.reason for each in operations if each.reason]
        if self.balances and engine.stopped is None and not unread:
            balances = {
                each.loaded.light_id: each.read_back.balance
                for each in operations
                if each.read_back is not None and each.read_back.balance is not None
            }
            save_balances(engine.journal, self.run, balances)
        if unread and engine.stopped is None:
            of = f"{len(unread):,} of {len(self.todo):,}"
            engine.stopped = StoppedEarly(f"{of} could not be read from Light: {unread[0]}")


def plan_verification(
    journal: Journal,
    run: str,
    bills: Sequence[LoadedBill],
    outcomes: Outcomes,
    *,
    lines: bool = False,
    balances: bool = False,
    again: bool = False,
) -> Verification:
    """What a verification before this one did not come to; all of it where it was complete, or with
    ``again``, or with ``balances``, which are kept once all are read."""
    read_before = {} if again or balances else valid_read_backs(journal, run, outcomes)
    read_before = {i: back for i, back in read_before.items() if back.lines or not lines}
    todo = [loaded for loaded in bills if loaded.entry.id not in read_before]
    if not todo or not read_before:
        delete_read_backs(journal, run)
        return Verification(run, list(bills), {}, lines, balances)
    return Verification(run, todo, read_before, lines)
