"""Look up bills whose fate in Light is unknown, all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from importer.core.object_ids import normal_id
from importer.loading.gateway import LightGateway, list_documents
from importer.loading.identity import conflict_key
from importer.loading.job import BillJob
from importer.loading.listed_bills import (
    Candidate,
    Likeness,
    ListedBills,
    ReadBills,
    confirmed,
    is_another,
    is_no_longer,
    likeness_by_id,
    read_by_id,
    twin_of,
)
from importer.loading.note_numbers import answered_notes, other_note
from importer.loading.sent_bill import Origin, is_older, origin, words_of_other
from importer.model.bills import DocumentRef
from importer.model.journal_states import ALWAYS, Twin
from importer.model.light_objects import LightBill

# How far the clocks of Light's computers may be apart, that which answers and that which notes when
# a bill was made. A bill that the list leaves out is sent again; a day more costs a few pages.
SKEW = timedelta(days=1)


class Ownership(Protocol):
    """Which bills in Light the journal knows; ``Journal`` is one."""

    def owned(self, light_ids: Collection[str]) -> set[str]: ...

    def undone(self, light_ids: Collection[str]) -> set[str]: ...


@dataclass(frozen=True)
class Settled:
    """What the look-up says of one bill.

    ``bill`` is the one of the job: ours, or somebody else's that is the same, and then ours may
    still come. With a ``reason`` a person must look, unless ours is found later: what Light has may
    be the bill, or has its number. With neither Light does not show it. ``twins`` are what Light
    has besides.
    """

    job: BillJob
    bill: LightBill | None = None
    reason: str = ""
    is_ours: bool = False
    twins: tuple[Twin, ...] = field(default=())
    taken: bool = False  # the ``reason``: another credit note has its number
    crowded: bool = False  # the ``reason``: there are more than were sent
    others_only: bool = False  # the ``reason``: what Light has was there before ours was sent
    shown: tuple[Twin, ...] = field(default=())  # what may be the bill, or has its number
    copies_cancelled: bool = False  # the copies of before are no longer in Light


async def look_up(
    jobs: Sequence[BillJob], gateway: LightGateway, journal: Ownership, settle: float
) -> list[Settled]:
    """Look the bills up by vendor and time, and match each.

    ``journal`` says which ids in Light are of other entries; one that an undo has cancelled counts
    where Light shows, by its id, that it lives. What the list does not tell is read by its id, and
    so is each match. Bills that are alike are settled together; the caller sees to it that none of
    their kind is in flight.
    """
    listed, undone, ours = await _unowned(jobs, gateway, journal)
    copies = {job.entry.id: [twin for twin in job.copies if twin.id not in ours] for job in jobs}
    groups: dict[tuple[str, str | None], list[BillJob]] = defaultdict(list)
    for job in jobs:
        groups[conflict_key(job.bill), job.bill.company_entity_id].append(job)
    near = {key: listed.candidates(group[0].bill) for key, group in groups.items()}
    refs = [c.bill.ref for some in near.values() for c in some]
    refs += [DocumentRef(x.id, job.bill.credit_note) for job in jobs for x in copies[job.entry.id]]
    reasons: dict[str, str] = {}
    read = await read_by_id(refs, gateway, settle, reasons)
    candidates = {
        key: _with_unlisted(group, confirmed(group[0].bill, near[key], read, undone), copies, read)
        for key, group in groups.items()
    }
    settled: list[Settled] = []
    taken: set[str] = set()  # a bill without an entity could be one with
    for key in sorted(
        groups, key=lambda k: (not _has_ours(groups[k], candidates[k]), k[1] is None, k[0])
    ):
        free = [each for each in candidates[key] if each.bill.id not in taken]
        matched = _settle(groups[key], free)
        taken.update(each.bill.id for each in matched if each.bill is not None)
        settled += [_with_reasons(each, reasons) for each in matched]
    missing = [each.job for each in settled if each.bill is None and not each.reason]
    answered = await answered_notes(missing, gateway)
    owned = journal.owned([remote.id for remote, _ in answered.values()])

    def copies_cancelled(job: BillJob) -> bool:
        remotes = [read.get(x.id) for x in copies[job.entry.id] if x.id not in taken]
        return all(each is not None and is_no_longer(job.bill, each) for each in remotes)

    return [
        _by_answer(each.job, *answered[each.job.bill.index], owned)
        if each.bill is None and each.job.bill.index in answered
        else replace(each, copies_cancelled=copies_cancelled(each.job))
        for each in settled
    ]


def _with_reasons(settled: Settled, reasons: Mapping[str, str]) -> Settled:
    """With the words why Light could not show by its id what may be the bill."""
    why = "; ".join(dict.fromkeys(reasons[x.id] for x in settled.shown if x.id in reasons))
    return (
        replace(settled, reason=f"{settled.reason} ({why})") if settled.reason and why else settled
    )


def _by_answer(job: BillJob, remote: LightBill, reason: str, owned: Collection[str]) -> Settled:
    """A credit note that Light does not show, and answered with this one, which has its number."""
    if remote.id in owned or is_older(job, remote):
        return Settled(job, reason=reason, taken=True)
    words = f"Light answered with the credit note {words_of_other(job, remote)}"
    return Settled(job, reason=f"{words}; it may be this one, as Light changed it")


async def _unowned(
    jobs: Sequence[BillJob], gateway: LightGateway, journal: Ownership
) -> tuple[ListedBills, set[str], set[str]]:
    """The bills in Light since the jobs were first sent that no entry owns; of these and of the
    jobs' copies, which an undo has cancelled, and which an entry owns."""
    since = min(job.listed_since for job in jobs)
    begin = since - SKEW if since > ALWAYS else None
    listed = await list_documents(gateway, (job.bill for job in jobs), begin)
    # What an earlier look showed of a bill may have turned out to be another one that is alike.
    ids = [bill.id for bill in listed] + [twin.id for job in jobs for twin in job.copies]
    undone = journal.undone(ids)
    ours = journal.owned(ids) - undone
    return ListedBills(bill for bill in listed if bill.id not in ours), undone, ours


def _with_unlisted(
    group: Sequence[BillJob],
    candidates: Sequence[Candidate],
    copies: Mapping[int, Sequence[Twin]],
    read: ReadBills,
) -> list[Candidate]:
    """The candidates, and what was one before and is there, though the list does not show it."""
    out = {normal_id(each.bill.id): each for each in candidates}
    for job in group:
        for twin in copies[job.entry.id]:
            remote = read.get(twin.id)
            if remote is not None and not is_no_longer(job.bill, remote):
                how = likeness_by_id(job.bill, remote)
                how = Likeness.UNCLEAR if how is Likeness.OTHER else how
                out.setdefault(normal_id(twin.id), Candidate(remote, how))
    return list(out.values())


def _has_ours(group: Sequence[BillJob], candidates: Sequence[Candidate]) -> bool:
    same = [c.bill for c in candidates if c.likeness is Likeness.SAME]
    return any(origin(job, each) is Origin.OURS for job in group for each in same)


def _settle(group: Sequence[BillJob], candidates: Sequence[Candidate]) -> list[Settled]:
    """Bills that are alike against the bills of their vendor that nobody owns."""
    same = [c.bill for c in candidates if c.likeness is Likeness.SAME]
    whose = {(job.entry.id, each.id): origin(job, each) for job in group for each in same}

    def of(origin: Origin, job: BillJob, some: Sequence[LightBill]) -> list[LightBill]:
        return [each for each in some if whose[job.entry.id, each.id] is origin]

    ours = [each for each in same if any(of(Origin.OURS, job, [each]) for job in group)]
    numbered = len(group) == 1 and bool(group[0].bill.invoice_number)
    if len(ours) > len(group):
        ids = ", ".join(bill.id for bill in ours)
        reason = f"Light has {len(ours)} {group[0].noun}s that could be this one: {ids}"
        if others := [bill.id for bill in same if bill not in ours]:
            reason += f"; and it has others like it: {', '.join(others)}"
        twins = tuple(map(twin_of, same)) if numbered else ()
        return [Settled(job, reason=reason, twins=twins, crowded=True) for job in group]
    settled: dict[int, Settled] = {}
    free = list(same)
    for wanted in (Origin.OURS, Origin.EQUAL):
        for job in group:
            matching = of(wanted, job, free)
            if job.entry.id not in settled and matching:
                free.remove(matching[0])
                settled[job.entry.id] = Settled(job, matching[0], is_ours=wanted is Origin.OURS)
    unclear = [c.bill for c in candidates if c.likeness is not Likeness.SAME]
    shown = tuple(twin_of(c.bill) for c in candidates)
    return [
        replace(
            _with_others(settled[job.entry.id], free)
            if job.entry.id in settled
            else _unsettled(job, free, unclear),
            shown=shown,
        )
        for job in group
    ]


def _with_others(settled: Settled, others: Sequence[LightBill]) -> Settled:
    """A bill that Light has, and others of its number."""
    bill = settled.job.bill
    twins = [each for each in others if bill.invoice_number and not is_another(bill, each)]
    return replace(settled, twins=tuple(map(twin_of, twins)))


def _unsettled(job: BillJob, others: Sequence[LightBill], unclear: Sequence[LightBill]) -> Settled:
    """What is said of a bill that Light does not show, where it shows these."""
    twins = tuple(twin_of(each) for each in others if job.bill.invoice_number)
    unread = [*unclear, *(each for each in others if origin(job, each) is Origin.UNREAD)]
    if unread:
        ids = ", ".join(each.id for each in unread)
        return Settled(job, reason=f"Light has a {job.noun} that could be this one: {ids}")
    if not others:
        return Settled(job)
    # Light has each number once; one that was made since may be ours, as Light changed it.
    is_taken = job.bill.credit_note and job.bill.invoice_number and is_older(job, others[0])
    if is_taken and (reason := other_note(job.bill, others[0])):
        return Settled(job, reason=reason, taken=True)
    words = "; ".join(words_of_other(job, each) for each in others)
    reason = f"Light has the {job.noun} {words}; whether it has ours, too, is not known"
    before = all(is_older(job, each) for each in others)
    return Settled(job, reason=reason, twins=twins, others_only=before)
