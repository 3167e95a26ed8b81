"""Look up bills whose fate in Light is unknown, all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from importer.loading.bill_match import match_bill
from importer.loading.gateway import LightGateway, list_documents
from importer.loading.identity import conflict_key
from importer.loading.job import BillJob
from importer.loading.listed_bills import (
    Candidate,
    Likeness,
    ListedBills,
    confirmed,
    read_by_id,
    twin_of,
)
from importer.loading.note_numbers import refused_numbers
from importer.model.journal_states import ALWAYS, Discovery, Twin
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

    With ``bill`` it is in Light; with ``twins`` it is there more than once; with a ``reason`` alone
    a person must look; with none of them Light does not show it.
    """

    job: BillJob
    bill: LightBill | None = None
    reason: str = ""
    how: Discovery | None = None
    twins: tuple[Twin, ...] = field(default=())
    taken: bool = False  # the ``reason``: another credit note has its number


async def look_up(
    jobs: Sequence[BillJob], gateway: LightGateway, journal: Ownership, settle: float
) -> list[Settled]:
    """Look the bills up by vendor and time, and match each.

    ``journal`` says which ids in Light are of other entries; one that an undo has cancelled counts
    where Light shows, by its id, that it lives. What the list does not tell is read by its id, and
    so is each match. Bills that are alike are settled together; the caller sees to it that none of
    their kind is in flight.
    """
    listed, undone = await _unowned(jobs, gateway, journal)
    groups: dict[tuple[str, str | None], list[BillJob]] = defaultdict(list)
    for job in jobs:
        groups[conflict_key(job.bill), job.bill.company_entity_id].append(job)
    near = {key: listed.candidates(group[0].bill) for key, group in groups.items()}
    read = await read_by_id((c.bill.ref for some in near.values() for c in some), gateway, settle)
    candidates = {
        key: confirmed(group[0].bill, near[key], read, undone) for key, group in groups.items()
    }
    settled: list[Settled] = []
    taken: set[str] = set()  # a bill without an entity could be one with
    for key in sorted(
        groups, key=lambda k: (not _exact(groups[k], candidates[k]), k[1] is None, k[0])
    ):
        free = [each for each in candidates[key] if each.bill.id not in taken]
        matched = _settle(groups[key], free)
        taken.update(each.bill.id for each in matched if each.bill is not None)
        settled += matched
    missing = [each.job for each in settled if each.bill is None and not each.reason]
    refused = await refused_numbers(missing, gateway)
    return [
        Settled(each.job, reason=refused[each.job.bill.index], taken=True)
        if each.bill is None and each.job.bill.index in refused
        else each
        for each in settled
    ]


async def _unowned(
    jobs: Sequence[BillJob], gateway: LightGateway, journal: Ownership
) -> tuple[ListedBills, set[str]]:
    """The bills in Light since the jobs were first sent that no entry owns, and which of them an
    undo has cancelled."""
    since = min(job.first_sent or job.entry.first_sent or ALWAYS for job in jobs)
    begin = since - SKEW if since > ALWAYS else None
    listed = await list_documents(gateway, (job.bill for job in jobs), begin)
    ids = [bill.id for bill in listed]
    undone = journal.undone(ids)
    ours = journal.owned(ids) - undone
    return ListedBills(bill for bill in listed if bill.id not in ours), undone


def _exact(group: Sequence[BillJob], candidates: Sequence[Candidate]) -> list[LightBill]:
    """Those in Light that differ in nothing from the bills, which are alike."""
    same = [c.bill for c in candidates if c.likeness is Likeness.SAME]
    return [bill for bill in same if not match_bill(group[0].bill, bill).difference]


def _settle(group: Sequence[BillJob], candidates: Sequence[Candidate]) -> list[Settled]:
    """Bills that are alike against the bills of their vendor that nobody owns."""
    exact = _exact(group, candidates)
    matches = exact
    if not 0 < len(exact) <= len(group):
        matches = [c.bill for c in candidates if c.likeness is Likeness.SAME]
    if len(matches) > len(group):
        ids = ", ".join(bill.id for bill in matches)
        reason = f"Light has {len(matches)} {group[0].noun}s that could be this one: {ids}"
        numbered = len(group) == 1 and group[0].bill.invoice_number
        twins = tuple(map(twin_of, matches)) if numbered else ()
        return [Settled(job, reason=reason, twins=twins) for job in group]
    doubtful = [c.bill.id for c in candidates if c.likeness is not Likeness.SAME]
    one = f"Light has a {group[0].noun} that could be this one"
    reason = f"{one}: {', '.join(doubtful)}" if doubtful else ""
    return [
        Settled(job, matches[i], how=Discovery.AFTER_LOST_ANSWER)
        if i < len(matches)
        else Settled(job, reason=reason)
        for i, job in enumerate(group)
    ]
