"""The numbers of credit notes: Light keeps each once, whichever vendor's the note is.

A request to create a note whose number is taken is answered with the note that has it. Nothing was
created then, and nothing ever will be under that number: a person has to choose another one. Not so
where the note was made since the first request: it may be ours, as Light changed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from importer.core.money import money
from importer.loading.bill_match import contradictions, words_of_contradictions
from importer.loading.bill_state import is_cancelled
from importer.loading.gateway import LightGateway
from importer.loading.job import BillJob
from importer.loading.listed_bills import Likeness, likeness
from importer.model.bills import Bill
from importer.model.light_objects import LightBill

_FACTS = frozenset(("amount", "currency", "issuedDate"))
_REMEDY = "Light keeps each number once: give this credit note another number and load it again"


def other_note(bill: Bill, remote: LightBill) -> str:
    """Why the note of the vendor and number that Light has is another one than the sheet's, with
    the remedy; "" where it is this one."""
    conflicts = contradictions(bill, remote, just_created=True)
    facts = [each for each in conflicts if each.field in _FACTS]
    if not facts:
        return ""
    words = words_of_contradictions(facts)
    return f"Light has another credit note with this number, {remote.id}: {words}. {_REMEDY}"


async def taken_numbers(jobs: Iterable[BillJob], gateway: LightGateway) -> dict[int, str]:
    """By bill index, why a credit note cannot be created: a live note of another vendor, or of
    another entity, has its number. One request for some numbers at a time."""
    wanted = [job.bill for job in jobs if job.bill.credit_note and job.bill.invoice_number]
    if not wanted:
        return {}
    by_number = _by_number(
        await gateway.credit_notes_numbered(b.invoice_number or "" for b in wanted)
    )
    out = {}
    for bill in wanted:
        others = by_number.get(bill.invoice_number or "", ())
        live = [each for each in others if not is_cancelled(each)]
        if live and all(likeness(bill, each) is Likeness.OTHER for each in live):
            out[bill.index] = _taken_words(bill, live[0])
    return out


async def answered_notes(
    jobs: Sequence[BillJob], gateway: LightGateway
) -> dict[int, tuple[LightBill, str]]:
    """By bill index, the note that Light answered with in place of this one, and why this one is
    not created: as ``taken_numbers``, but that may be an archived one too."""
    answered = [job for job in jobs if job.other_note and job.bill.invoice_number]
    if not answered:
        return {}
    numbers = (job.bill.invoice_number or "" for job in answered)
    by_number = _by_number(await gateway.credit_notes_numbered(numbers))
    return {
        job.bill.index: (each, _taken_words(job.bill, each))
        for job in answered
        for each in by_number.get(job.bill.invoice_number or "", ())
        if each.id == job.other_note
    }


def _by_number(notes: Iterable[LightBill]) -> Mapping[str, list[LightBill]]:
    out: dict[str, list[LightBill]] = {}
    for note in notes:
        out.setdefault(note.invoice_number or "", []).append(note)
    return out


def _taken_words(bill: Bill, remote: LightBill) -> str:
    amount = "no amount" if remote.amount is None else money(-remote.amount, bill.unit)
    whose = "of another vendor" if remote.vendor_id != bill.vendor_id else "of this vendor"
    archived = ", archived" if is_cancelled(remote) else ""
    shown = f"{remote.id} {whose}, {amount} {remote.currency or ''}".rstrip()
    return f"Light has another credit note with this number: {shown}{archived}. {_REMEDY}"
