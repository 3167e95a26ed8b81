"""Clear a posted credit note against its bill, up to what is open of both.

Whether it was done is seen in the links of the note: one between the same two exists once. Light is
asked for them before each attempt and after each answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from importer.core.answers import Answer, Mismatch, OnWire, Outcome
from importer.core.money import money
from importer.core.object_ids import same_id
from importer.loading.bill_match import contradictions, words_of_contradictions
from importer.loading.bill_state import (
    NOTE_CLEARABLE,
    NOTE_CLEARED,
    is_cancelled,
    step_detail,
    unknown_state,
)
from importer.loading.gateway import LightGateway, fetch_bill, fetch_note_links
from importer.loading.operation import MOST_LOST, Decision, Look, Send
from importer.loading.operations.bill_step import JournaledStep
from importer.model.bills import DocumentRef
from importer.model.journal_states import StepKind, StepState
from importer.model.light_objects import LightBill, NoteLink


@dataclass(eq=False)
class ClearNote(JournaledStep):
    """``credited`` is Light's id of the bill; None where it is not to be cleared, with the reason
    in ``why_not``."""

    kind = StepKind.CLEAR
    right = "clear credit notes"
    noun = "link"

    credited: str | None = None
    why_not: str = ""
    _amount: int = 0  # cents that are to be cleared
    _doubtful: bool = field(init=False)  # the settling time is due before it is sent again
    _refusal: Outcome[Any] | None = None
    _accepted: bool = False  # Light accepted: it is never sent again
    _lost: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._doubtful = self._tried

    def first(self) -> Decision:
        if self.credited is None:
            state = StepState.UNKNOWN if self._tried else StepState.REFUSED
            return self.finish(state, self.why_not)
        return Look(self)

    @property
    def _bill_id(self) -> str:
        assert self.credited is not None
        return self.credited

    def detail(self) -> str:
        return step_detail(self.light_id, {"credits": self._bill_id, "amount": self._amount})

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.link_note(
            NoteLink(self.light_id, self._bill_id, self._amount), on_wire
        )

    def read(self, gateway: LightGateway, body: object) -> NoteLink | Mismatch | None:
        link = gateway.read_note_link(body)
        if not (same_id(link.note_id, self.light_id) and same_id(link.bill_id, self._bill_id)):
            return Mismatch(f"with a link of {link.note_id} and {link.bill_id}")
        if link.amount != self._amount:
            return Mismatch("with a link of another amount")
        return link

    # --- after an answer ----------------------------------------------------------------------

    def accepted(self, content: NoteLink) -> Decision:
        self._tried = self._doubtful = self._accepted = True
        return Look(
            self, records=(self.in_doubt("Light accepted it, and it was not checked since"),)
        )

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        # Perhaps because it was done already, or all the same: the links tell.
        self._refusal = outcome
        if outcome.forbidden and not self._tried:
            return self.finish(StepState.REFUSED, outcome.reason, errors=outcome.errors)
        return Look(self, self.settings.settle, (self.in_doubt(outcome.reason),))

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        self._tried = self._doubtful = True
        self._lost += counts
        return Look(self, min(self.settings.settle, 1.0), (self.in_doubt(reason),))

    # --- how it is in Light -------------------------------------------------------------------

    async def look(self, gateway: LightGateway) -> Decision:
        links = await fetch_note_links(gateway, self.light_id)
        if links.content is None:
            return self.unreadable(links.reason)
        note = await fetch_bill(gateway, self.ref)
        if note.content is None:
            return self.unreadable(note.reason)
        same = [x for x in links.content if same_id(x.bill_id, self._bill_id)]
        if len(same) > 1:
            unit = 100 if self.bill is None else self.bill.unit
            amounts = " and ".join(money(x.amount, unit) for x in same)
            words = f"Light shows it cleared {len(same)} times against this bill: {amounts}"
            return self.finish(StepState.UNKNOWN, words, remote=note.content)
        if same:
            return self.finish(StepState.DONE, self._cleared_words(same[0]), remote=note.content)
        if self._doubtful:  # it may still be on its way
            self._doubtful = False
            return Look(self, self.settings.settle)
        if self._accepted:
            words = "Light accepted it but does not show that it is cleared"
            return self.finish(StepState.UNKNOWN, words, remote=note.content)
        if note.content.state in NOTE_CLEARED and not links.content:
            words = f"Light shows it as {note.content.state}, and not against which bill"
            return self.finish(StepState.UNKNOWN, words, remote=note.content)
        if self._refusal is not None:
            refusal = self._refusal
            return self.finish(StepState.REFUSED, refusal.reason, errors=refusal.errors)
        if self._lost >= MOST_LOST:
            words = f"Light's answer was lost {self._lost} times, and it is not cleared"
            return self.finish(StepState.UNKNOWN, words, remote=note.content)
        bill = await fetch_bill(gateway, DocumentRef(self._bill_id), balance=True)
        if bill.content is None:
            return self.unreadable(bill.reason)
        return self._open(note.content, bill.content, sum(x.amount for x in links.content))

    def _open(self, note: LightBill, bill: LightBill, cleared: int) -> Decision:
        """It is not cleared: what can be is sent."""
        if reason := self._objection(note, bill):
            return self.finish(StepState.REFUSED, reason, remote=note)
        open_balance = bill.amount if bill.outstanding is None else bill.outstanding
        left = -(note.amount or 0) - cleared
        self._amount = min(left, open_balance or 0)
        if self._amount > 0:
            return Send(self)
        what = "the credit note" if left <= 0 else f"the bill {bill.id}"
        return self.finish(StepState.REFUSED, f"nothing of {what} is open in Light", remote=note)

    def _objection(self, note: LightBill, bill: LightBill) -> str:
        """Why nothing can be cleared; "" where it can."""
        if note.state not in NOTE_CLEARABLE:
            return unknown_state(note) or f"Light shows it as {note.state}"
        if why := unknown_state(bill):
            return f"of the bill {bill.id}, {why}"
        if is_cancelled(bill):
            return f"the bill {bill.id} is cancelled in Light"
        if self.bill is not None and (conflicts := contradictions(self.bill, note)):
            return words_of_contradictions(conflicts)
        for name, ours, theirs in (
            ("vendor", note.vendor_id, bill.vendor_id),
            ("company entity", note.company_entity_id, bill.company_entity_id),
            ("currency", note.currency, bill.currency),
        ):
            if ours and theirs and ours.lower() != theirs.lower():
                return f"the bill {bill.id} is of another {name}"
        return ""

    def _cleared_words(self, link: NoteLink) -> str:
        total = 0 if self.bill is None else -self.bill.amount
        if self.bill is None or link.amount == total:
            return ""
        unit = self.bill.unit
        return f"{money(link.amount, unit)} of {money(total, unit)} was cleared"

    def unreadable(self, reason: str) -> Decision:
        state = StepState.UNKNOWN if self._tried else StepState.REFUSED
        return self.finish(state, f"what is open in Light could not be read: {reason}")
