"""The bills that credit notes clear: rows of the same load, or bills that Light has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.core.money import money, tidy
from importer.core.object_ids import normal_id
from importer.loading.bill_finding import bill_finding
from importer.loading.bill_state import is_cancelled
from importer.loading.gateway import LightGateway
from importer.loading.listed_bills import contradicts
from importer.model.bills import Bill
from importer.model.finding import Finding
from importer.model.journal_states import IN_LIGHT, BillOutcome, Status
from importer.model.light_objects import LightBill


@dataclass
class CreditedBills:
    """By the index of a credit note, the bill that it clears: its index in this load, or its id in
    Light. ``findings`` are of notes that credit nothing, or too much."""

    of_load: dict[int, int] = field(default_factory=dict)
    in_light: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def light_id(self, note: Bill, outcomes: Mapping[int, BillOutcome]) -> str | None:
        """Light's id of the bill that a note clears; ``outcomes`` are by bill index."""
        if note.index in self.in_light:
            return self.in_light[note.index]
        outcome = outcomes.get(self.of_load.get(note.index, -1))
        if outcome is None or outcome.status not in IN_LIGHT:
            return None
        return outcome.entry.light_id

    def why_not(self, note: Bill, outcomes: Mapping[int, BillOutcome]) -> str:
        """Why there is no ``light_id``, for people."""
        outcome = outcomes.get(self.of_load.get(note.index, -1))
        if outcome is not None and outcome.status is Status.UNKNOWN:
            return f"the bill {note.credits_bill} has to be settled first"
        return "Light does not have the bill that it credits"


async def find_credited_bills(bills: Sequence[Bill], gateway: LightGateway) -> CreditedBills:
    """Find them all: in the load first, then in Light's list of the vendors' bills."""
    out = CreditedBills()
    notes = [bill for bill in bills if bill.credit_note and bill.credits_bill]
    if not notes:
        return out
    rows: dict[tuple[str, str], list[Bill]] = defaultdict(list)
    for bill in bills:
        if not bill.credit_note and bill.invoice_number:
            rows[_key(bill.vendor_id, bill.invoice_number)].append(bill)
    elsewhere = []
    for note in notes:
        of_load = _fitting(note, rows[_key(note.vendor_id, note.credits_bill)])
        if of_load is None:
            elsewhere.append(note)
        else:
            out.of_load[note.index] = of_load.index
    if elsewhere:
        vendors = sorted({note.vendor_id for note in elsewhere if note.vendor_id})
        listed: dict[tuple[str, str], list[LightBill]] = defaultdict(list)
        for remote in await gateway.list_bills(vendors):
            if not is_cancelled(remote):
                listed[_key(remote.vendor_id, remote.invoice_number)].append(remote)
        for note in elsewhere:
            _in_light(note, listed[_key(note.vendor_id, note.credits_bill)], out)
    return out


def _key(vendor: str | None, number: str | None) -> tuple[str, str]:
    return normal_id(vendor or ""), tidy(number or "").casefold()


def _fitting(note: Bill, bills: Iterable[Bill]) -> Bill | None:
    """The bill of the note's entity; of those that leave it out, the only one."""
    fitting = [b for b in bills if not contradicts(b.company_entity_id, note.company_entity_id)]
    return fitting[0] if len(fitting) == 1 else None


def _in_light(note: Bill, bills: Sequence[LightBill], out: CreditedBills) -> None:
    fitting = [b for b in bills if not contradicts(b.company_entity_id, note.company_entity_id)]
    if len(fitting) != 1:
        code = "unknown" if not fitting else "several"
        ids = ", ".join(each.id for each in fitting)
        out.findings.append(_finding(note, code, ids=ids))
        return
    [bill] = fitting
    if bill.currency and bill.currency.upper() != note.currency:
        out.findings.append(_finding(note, "other_currency", currency=bill.currency))
    elif bill.amount is not None and -note.amount > bill.amount:
        amounts = {"bill": money(bill.amount, note.unit), "note": money(-note.amount, note.unit)}
        out.findings.append(_finding(note, "too_much", **amounts))
    else:
        out.in_light[note.index] = bill.id


def _finding(credit: Bill, code: str, /, **words: Any) -> Finding:
    return bill_finding(f"bills.creditsBill.{code}", credit, credit.credits_bill or "", **words)
