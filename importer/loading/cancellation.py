"""Cancel in Light what a run created, so that it may be loaded again.

Each bill is read first. What somebody has changed in Light since, or what is in the ledger, is left
alone. That a bill is about to be cancelled is in the journal before the request leaves; where an
answer is lost the bill is read again, and a cancelled bill is done, whoever cancelled it. So the
same command goes on after whatever end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importer.core.errors import AccessRefused, LightUnreachable, StoppedEarly
from importer.loading.bill_diff import field_words, loaded_bill, quoted
from importer.loading.bill_state import CANCELLING, LEDGER
from importer.loading.concurrency import map_concurrently
from importer.loading.gateway import LightGateway
from importer.loading.identity import GONE
from importer.loading.journal.after_creation import (
    Cancelled,
    cancel_ended,
    cancel_intended,
    cancels,
)
from importer.loading.journal.journal import Journal
from importer.loading.verification import InLight, Units, differences, read_bill
from importer.model.journal_states import BillOutcome, State, Status, StepState
from importer.model.light_objects import LightBill
from importer.model.read_back import Difference

CHANGED = "it was changed in Light since it was loaded: "  # begins the reason of such a refusal
_CHUNK = 128  # bills read before they are cancelled
_ROUNDS = 5
_LOOKS = 6


@dataclass(frozen=True)
class _Ended:
    """What became of a bill. ``free``: Light has no such bill, so that there is no id to keep;
    ``unread``: it could not be read, so that the journal stays as it is."""

    state: StepState
    reason: str = ""
    free: bool = False
    unread: bool = False


def own(outcomes: Mapping[int, BillOutcome], units: Units) -> list[InLight]:
    """The bills that a run created and that are there still, begun ones too: with a part of their
    line items."""
    return [
        InLight(index, entry, int(units[index]))
        for index, outcome in sorted(outcomes.items())
        if (entry := outcome.entry).light_id is not None
        and (
            (outcome.status is Status.CREATED and entry.state is State.CREATED)
            or (
                outcome.status in (Status.UNKNOWN, Status.REJECTED)
                and entry.state not in (State.CREATED, State.FOUND)
            )
        )
    ]


def refused_cancels(
    journal: Journal, run: str, outcomes: Mapping[int, BillOutcome]
) -> dict[int, tuple[StepState, str]]:
    """The bills of a run that an undo of it did not cancel, and why; by bill index."""
    steps = cancels(journal, [outcome.entry.id for outcome in outcomes.values()])
    out = {}
    for index, outcome in outcomes.items():
        step = steps.get(outcome.entry.id)
        created = outcome.status is Status.CREATED
        if step is not None and created and json.loads(step.detail)["run"] == run:
            out[index] = step.state, step.message
    return out


@dataclass
class Undo:
    """``force``: what was changed in Light is cancelled too, and what Light has no more is free to
    be loaded again. ``dry``: nothing is cancelled, nothing is written; ``ended`` has what would be.
    """

    journal: Journal
    gateway: LightGateway
    run: str
    reason: str
    force: bool = False
    dry: bool = False
    advance: Callable[[bool], None] = lambda failed: None
    ended: dict[int, tuple[StepState, str]] = field(default_factory=dict)  # by bill index
    stopped: StoppedEarly | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _on_wire: set[int] = field(default_factory=set)
    _admitted: bool = False  # the key has cancelled a bill
    _forbidden: list[str] = field(default_factory=list)

    def stop(self, reason: StoppedEarly) -> None:
        """Cancel nothing more; what is on its way is waited for."""
        self.stopped = self.stopped or reason
        self._stop.set()

    async def undo(self, bills: Sequence[InLight]) -> None:
        """Cancel them all, as far as it goes. ``stopped`` says why it ended early, if it did."""
        try:
            for i in range(0, len(bills), _CHUNK):
                await self._some(bills[i : i + _CHUNK])
                if self.stopped is not None:
                    return
        except StoppedEarly as error:
            self.stop(error)

    async def _some(self, bills: Sequence[InLight]) -> None:
        ready: list[InLight] = []

        def keep(looked: list[tuple[InLight, _Ended | None]]) -> None:
            ready.extend(bill for bill, ended in looked if ended is None)
            self._keep([(bill, ended) for bill, ended in looked if ended is not None])

        await map_concurrently(bills, self._look, keep, self._stop)
        if self.stopped is not None:
            return
        if self.dry:
            self._keep([(bill, _Ended(StepState.PLANNED)) for bill in ready])
            return
        cancel_intended(self.journal, self.run, [_cancelled(bill) for bill in ready])
        left = {bill.index: bill for bill in ready}

        def done(ended: list[tuple[InLight, _Ended]]) -> None:
            self._keep(ended)
            for bill, _ in ended:
                del left[bill.index]

        try:
            await map_concurrently(
                ready, self._cancel, done, self._stop, left=lambda b: b.index in self._on_wire
            )
        finally:
            unsent = [b for b in left.values() if b.index not in self._on_wire]
            cancel_ended(
                self.journal, self.run, [], [(_cancelled(b), StepState.PLANNED, "") for b in unsent]
            )
        if len(self._forbidden) > 1 and not self._admitted:
            self.stop(AccessRefused(f"The key may not cancel bills: {self._forbidden[0]}"))

    def _keep(self, ended: Sequence[tuple[InLight, _Ended]]) -> None:
        done = [(bill, each) for bill, each in ended if each.state is StepState.DONE]
        others = [(b, e) for b, e in ended if e.state is not StepState.DONE and not e.unread]
        if not self.dry:
            cancel_ended(
                self.journal,
                self.run,
                [_cancelled(bill) for bill, _ in done],
                [(_cancelled(bill), each.state, each.reason) for bill, each in others],
                free=[bill.entry.id for bill, each in done if each.free],
            )
        for bill, each in ended:
            self.ended[bill.index] = each.state, each.reason
            self.advance(each.state not in (StepState.DONE, StepState.PLANNED))

    # --- one bill -----------------------------------------------------------------------------

    async def _look(self, bill: InLight) -> _Ended | None:
        """None where it is to be cancelled."""
        there = await read_bill(self.gateway, bill.light_id)
        if there is None:
            if self.force:
                return _Ended(StepState.DONE, free=True)
            return _Ended(StepState.REFUSED, f"Light has no bill {bill.light_id} any more")
        if isinstance(there, str):
            return _Ended(StepState.UNKNOWN, f"it could not be read: {there}", unread=True)
        if there.state in GONE:
            return _Ended(StepState.DONE)
        if there.state == CANCELLING:
            return await self._settled(bill, "")
        if there.state in LEDGER:
            return _Ended(StepState.REFUSED, _in_ledger(there))
        if not self.force and (changed := self._changed(bill, there)):
            return _Ended(StepState.REFUSED, CHANGED + changed)
        return None

    def _changed(self, bill: InLight, there: LightBill) -> str:
        loaded = loaded_bill(bill.entry, bill.index, bill.unit)
        found = differences(loaded, there, there.lines, bill.entry.line_ids)
        if bill.entry.state is not State.CREATED:  # lines that were not sent yet are no change
            found = [d for d in found if d.line is None]
        told = [*_words(found)]
        return "; ".join(told[:4]) + (f"; and {len(told) - 4} more" if len(told) > 4 else "")

    async def _cancel(self, bill: InLight) -> _Ended:
        why = "no answer came"
        lost = 0
        while lost < _ROUNDS:
            doubtful = bill.index in self._on_wire  # an earlier attempt may still be carried out
            answer = await self.gateway.cancel_bill(
                bill.light_id, self.reason, lambda: self._on_wire.add(bill.index)
            )
            status = answer.status
            if not doubtful and (not answer.sent or status in (401, 429)):
                self._on_wire.discard(bill.index)
            if status is None and not answer.sent:
                lost += 1
                if lost == _ROUNDS:
                    raise LightUnreachable(f"Light cannot be reached: {answer.reason}")
                await asyncio.sleep(0.25 * 2**lost)
                continue
            if status == 429:  # the pacer holds back the next attempt
                continue
            if status == 401:
                raise AccessRefused(f"Light does not accept the key: {answer.reason}")
            if status == 403:
                self._forbidden.append(answer.reason)
            why = answer.reason or why
            there = self.gateway.read_bill(answer.body) if status in range(200, 300) else None
            if there is not None and there.state in GONE:
                self._admitted = True
                return _Ended(StepState.DONE)
            refused = status is not None and 400 <= status < 500 and status != 408
            accepted = status is not None and 200 <= status < 300
            ended = await self._settled(bill, why, refused=refused, patient=accepted)
            if ended is not None:
                self._admitted = self._admitted or ended.state is StepState.DONE
                return ended
            lost += 1
        return _Ended(StepState.UNKNOWN, why)

    async def _settled(
        self, bill: InLight, why: str, *, refused: bool = False, patient: bool = False
    ) -> _Ended | None:
        """How the bill stands after an answer that does not say; None: it is to be tried again.

        ``patient``: Light said yes, so it is given time.
        """
        for look in range(_LOOKS):
            there = await read_bill(self.gateway, bill.light_id)
            if there is None or (isinstance(there, LightBill) and there.state in GONE):
                return _Ended(StepState.DONE)
            if isinstance(there, str):
                return _Ended(StepState.UNKNOWN, there)
            if there.state != CANCELLING and refused:
                return _Ended(StepState.REFUSED, why)
            if there.state != CANCELLING and not patient:
                return None
            await asyncio.sleep(0.25 * 2**look)
        return _Ended(StepState.UNKNOWN, "Light has not finished cancelling it yet")


def _cancelled(bill: InLight) -> Cancelled:
    return Cancelled(bill.entry.id, bill.light_id)


def _in_ledger(there: LightBill) -> str:
    return f"it is in the ledger already (state {there.state})"


def _words(found: Sequence[Difference]) -> Iterator[str]:
    for each in found:
        line = "" if each.line is None else f"line {each.line + 1} "
        sheet, light = quoted(each)
        yield f"{line}{field_words(each)} is {light} in Light and was loaded as {sheet}"
