"""What Light's list of bills says of a bill of the sheet.

A list may lag behind, and may leave out, cut or re-case what it shows: then it does not tell, and
the bill is read by its id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from importer.core.answers import Outcome, Verdict
from importer.core.async_tasks import announced_wait
from importer.core.errors import AccessRefused, StoppedEarly
from importer.core.fetch import fetch_all
from importer.core.money import tidy
from importer.core.name_key import number_key
from importer.core.object_ids import normal_id, same_id
from importer.loading.bill_match import CUT_MARKS, describe_differences, match_bill, may_be_text
from importer.loading.bill_state import is_cancelled
from importer.loading.gateway import LightGateway, fetch_bill
from importer.model.bills import Bill, DocumentRef
from importer.model.journal_states import Twin
from importer.model.light_objects import LightBill


class Likeness(StrEnum):
    """Whether a bill of Light is the one of the sheet."""

    SAME = "same"
    UNCLEAR = "unclear"  # the list does not tell
    RETYPED = "retyped"  # by its id its number differs in case alone
    OTHER = "other"


@dataclass(frozen=True)
class Candidate:
    """A bill of Light that is, or may be, the one of the sheet."""

    bill: LightBill
    likeness: Likeness


class ListedBills:
    """Bills of Light that are not cancelled, found by vendor and number."""

    def __init__(self, listed: Iterable[LightBill]) -> None:
        self.bills = [bill for bill in listed if not is_cancelled(bill)]
        self._by_number: dict[tuple[str, str], list[LightBill]] = defaultdict(list)
        self._by_case: dict[tuple[str, str], list[LightBill]] = defaultdict(list)
        self._by_key: dict[tuple[str, str], list[LightBill]] = defaultdict(list)
        self._vendors = set(map(vendor_of, self.bills))
        for bill in self.bills:
            vendor, number = vendor_of(bill), tidy(bill.invoice_number or "")
            self._by_number[vendor, number.rstrip(CUT_MARKS)].append(bill)
            self._by_case[vendor, number.casefold()].append(bill)
            self._by_key[vendor, number_key(number)].append(bill)

    def candidates(self, bill: Bill) -> list[Candidate]:
        """Those that are or may be the bill, oldest first as the list has them."""
        candidates = {}
        for each in self._possible(bill):
            if (how := likeness(bill, each)) is not Likeness.OTHER:
                candidates[each.id] = Candidate(each, how)
        return list(candidates.values())

    def _possible(self, bill: Bill) -> Iterator[LightBill]:
        number = bill.invoice_number or ""
        if bill.credit_note and not number:  # Light gives it one
            yield from (each for each in self.bills if each.credit_note)
        for vendor in dict.fromkeys((vendor_of(bill), "")):
            if vendor not in self._vendors:  # most: a load looks for all its bills in a short list
                continue
            yield from self._by_case.get((vendor, number.casefold()), ())
            for length in range(len(number) + 1):  # 0: without a number
                yield from self._by_number.get((vendor, number[:length]), ())

    def near(self, bill: Bill) -> list[LightBill]:
        """Bills of the vendor whose number is the same but for how it is typed, or whose entity is
        another; not those that are the bill."""
        number = bill.invoice_number or ""
        key = number_key(number)
        near = self._by_key.get((vendor_of(bill), key), ()) if key else ()
        near = [each for each in near if each.credit_note == bill.credit_note]
        return [each for each in near if likeness(bill, each) is not Likeness.SAME]


def vendor_of(bill: Bill | LightBill) -> str:
    return normal_id(bill.vendor_id or "")


def likeness(bill: Bill, remote: LightBill) -> Likeness:
    """What the list says of two bills."""
    if remote.credit_note != bill.credit_note:
        return Likeness.OTHER
    if match_bill(bill, remote).same:
        return Likeness.UNCLEAR if not remote.vendor_id else Likeness.SAME
    if contradicts(remote.vendor_id, bill.vendor_id):
        return Likeness.OTHER
    if contradicts(remote.company_entity_id, bill.company_entity_id):
        return Likeness.OTHER
    ours, theirs = bill.invoice_number or "", tidy(remote.invoice_number or "")
    if bill.credit_note and not ours:
        theirs = ""  # whatever number Light gave it
    if ours and theirs.casefold() == ours.casefold():
        return Likeness.UNCLEAR
    if not ours.startswith(theirs.rstrip(CUT_MARKS)) or not _facts_agree(bill, remote):
        return Likeness.OTHER
    if not ours and remote.description and not may_be_text(bill.description, remote.description):
        return Likeness.OTHER
    return Likeness.UNCLEAR


def contradicts(a: str | None, b: str | None) -> bool:
    """Whether two ids are stated and differ."""
    return bool(a and b) and not same_id(a, b)


def _facts_agree(bill: Bill, remote: LightBill) -> bool:
    """Whether nothing that the list states contradicts what identifies the bill."""
    pairs = (
        (remote.amount, bill.amount),
        (remote.currency and remote.currency.upper(), bill.currency),
        (remote.issued_date, bill.issued_date),
    )
    return all(a is None or b is None or a == b for a, b in pairs)


def is_another(bill: Bill, remote: LightBill) -> bool:
    """Whether a bill of the same number is another bill: its date and its money both differ."""
    dates = (remote.issued_date, bill.issued_date)
    money = remote.amount is not None and remote.amount != bill.amount
    currency = remote.currency is not None and remote.currency.upper() != bill.currency
    return None not in dates and dates[0] != dates[1] and (money or currency)


def twin_of(remote: LightBill) -> Twin:
    return Twin(remote.id, remote.created_at, remote.state, remote.creator)


# --- by id ----------------------------------------------------------------------------------------


ReadBills = Mapping[str, LightBill | None]  # by id; None for what Light does not show


async def read_by_id(
    refs: Iterable[DocumentRef],
    gateway: LightGateway,
    settle: float,
    reasons: dict[str, str] | None = None,
) -> dict[str, LightBill | None]:
    """Some bills and credit notes as they are, by id; None for what Light cannot show.

    What it does not show is asked for again after the settling time: one 404 proves nothing.
    ``reasons``, by id, is given why it cannot.
    """
    wanted = list(dict.fromkeys(refs))
    outcomes = await _read(wanted, gateway)
    if absent := [ref for ref in wanted if outcomes[ref.id].content is None]:
        which = absent[0].id if len(absent) == 1 else f"{len(absent)} bills"
        why = f"Light could not show {which}: {outcomes[absent[0].id].reason.rstrip('. ')}."
        await announced_wait(
            settle, gateway.announce, lambda wait: f"{why} Asking once more in {wait}."
        )
        outcomes |= await _read(absent, gateway)
    if reasons is not None:
        unread = {key: each.reason for key, each in outcomes.items() if each.content is None}
        reasons |= {key: reason.rstrip(". ") for key, reason in unread.items()}
    return {light_id: outcome.content for light_id, outcome in outcomes.items()}


async def _read(
    refs: Sequence[DocumentRef], gateway: LightGateway
) -> dict[str, Outcome[LightBill]]:
    outcomes = await fetch_all(_fetched(ref, gateway) for ref in refs)
    return {ref.id: outcome for ref, outcome in zip(refs, outcomes, strict=True)}


async def _fetched(ref: DocumentRef, gateway: LightGateway) -> Outcome[LightBill]:
    try:
        return await fetch_bill(gateway, ref)
    except AccessRefused:
        raise
    except StoppedEarly as error:  # as the day's budget: the list has it all the same
        return Outcome(Verdict.UNKNOWN, str(error))


def confirmed(
    bill: Bill,
    candidates: Sequence[Candidate],
    read: ReadBills,
    undone: Collection[str] = (),
) -> list[Candidate]:
    """The candidates as their ids say, as far as they were ``read``.

    Those that turn out to be cancelled or other bills are left out. What Light lists and does not
    show by its id stays as the list has it; of the ``undone``, which a list that lags behind may
    still have, it is unclear then.
    """
    out = []
    for candidate in candidates:
        listed, remote = candidate.bill, read.get(candidate.bill.id)
        if remote is None:
            unclear = listed.id in undone
            out.append(Candidate(listed, Likeness.UNCLEAR) if unclear else candidate)
            continue
        remote = _completed(bill, remote, listed)
        if (how := likeness_by_id(bill, remote)) is not Likeness.OTHER:
            created_at = remote.created_at or listed.created_at
            remote = replace(remote, creator=listed.creator, created_at=created_at)
            out.append(Candidate(remote, how))
    return out


def is_no_longer(bill: Bill, remote: LightBill) -> bool:
    """Whether a bill that was the one of the sheet, read by its id, certainly is not any more."""
    if remote.credit_note and not remote.invoice_number:  # Light shows it in lists only
        remote = replace(remote, invoice_number=bill.invoice_number)
    states_another = likeness(bill, replace(remote, lines=None)) is Likeness.OTHER
    return is_cancelled(remote) or states_another


def _completed(bill: Bill, remote: LightBill, listed: LightBill) -> LightBill:
    """A bill that was read by its id, with what that answer leaves out, cuts or re-cases and the
    list has."""
    number, full = tidy(remote.invoice_number or ""), tidy(listed.invoice_number or "")
    cut = full.startswith(number.rstrip(CUT_MARKS)) and len(full) > len(number)
    if cut or (full == bill.invoice_number and full.casefold() == number.casefold()):
        remote = replace(remote, invoice_number=listed.invoice_number)
    return remote if remote.amount is not None else replace(remote, amount=listed.amount)


def likeness_by_id(bill: Bill, remote: LightBill) -> Likeness:
    """What a bill that was read by its id is: there no number is left out or cut. Of one without a
    number it is unclear where Light leaves out what identifies it: it may have lost it."""
    if is_cancelled(remote):
        return Likeness.OTHER
    # Its lines may follow, or may have been changed since: they do not make it another bill.
    remote = replace(remote, lines=None)
    if remote.credit_note and not remote.invoice_number:  # read without the list
        remote = replace(remote, invoice_number=bill.invoice_number)
        difference = describe_differences(bill, remote)
        return Likeness.OTHER if difference else Likeness.SAME
    if match_bill(bill, remote).same:
        return Likeness.SAME
    ours, theirs = bill.invoice_number or "", tidy(remote.invoice_number or "")
    retyped = ours and ours.casefold() == theirs.casefold()
    if retyped and likeness(bill, remote) is Likeness.UNCLEAR:
        return Likeness.RETYPED
    return Likeness.OTHER if ours else likeness(bill, remote)
