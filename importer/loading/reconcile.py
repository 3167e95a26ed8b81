"""Look up bills whose fate in Light is unknown, all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from importer.core.answers import Verdict
from importer.core.errors import AccessRefused, StoppedEarly
from importer.core.fetch import fetch_all
from importer.loading.bill_match import match_bill
from importer.loading.bill_state import CANCELLED_STATES
from importer.loading.gateway import LightGateway, fetch_bill
from importer.loading.identity import conflict_key
from importer.loading.job import BillJob
from importer.loading.light_id_claims import Owned
from importer.model.journal_states import ALWAYS, Discovery
from importer.model.light_objects import LightBill

# How far the clocks of Light's computers may be apart, that which answers and that which notes when
# a bill was made. A bill that the list leaves out is sent again; a day more costs a few pages.
SKEW = timedelta(days=1)


@dataclass(frozen=True)
class Settled:
    """What the look-up says of one bill.

    With ``bill`` it is in Light; with a ``reason`` alone a person must look; with neither it is
    not in Light and may be sent again.
    """

    job: BillJob
    bill: LightBill | None = None
    reason: str = ""
    how: Discovery | None = None


async def look_up(jobs: Sequence[BillJob], gateway: LightGateway, owned: Owned) -> list[Settled]:
    """Look the bills up by vendor and time, and match_bill each.

    ``owned`` says which ids in Light are of other entries. Bills that are alike are settled
    together; the caller sees to it that none of their kind is in flight.
    """
    near = await _unowned(jobs, gateway, owned)
    groups: dict[tuple[str, str | None], list[BillJob]] = defaultdict(list)
    for job in jobs:
        groups[conflict_key(job.bill), job.bill.company_entity_id].append(job)
    candidates = {key: near[_vendor(group[0])] for key, group in groups.items()}
    settled: list[Settled] = []
    taken: set[str] = set()  # a bill without an entity could be one with
    for key in sorted(
        groups, key=lambda k: (not _exact(groups[k], candidates[k]), k[1] is None, k[0])
    ):
        free = [bill for bill in candidates[key] if bill.id not in taken]
        matched = _settle(groups[key], free)
        taken.update(each.bill.id for each in matched if each.bill is not None)
        settled += matched
    return await fetch_all(_with_lines(each, gateway) for each in settled)


async def find_twins(
    jobs: Sequence[BillJob], gateway: LightGateway, owned: Owned
) -> list[tuple[BillJob, str]]:
    """Those of the jobs, all created, that Light has more than once, or a line of them; in words.

    One list for all bills, and one request for each that got its lines separately.
    """
    near = await _unowned(jobs, gateway, owned)
    out = []
    for job in jobs:
        twins = [bill.id for bill in near[_vendor(job)] if match_bill(job.bill, bill).same]
        if twins:
            out.append((job, f"Light has this bill more than once, also as {', '.join(twins)}"))
        elif job.light_id is not None:
            remote = (await fetch_bill(gateway, job.light_id)).content
            lines = () if remote is None else remote.lines or ()
            extra = [line.id for line in lines if line.id not in job.line_ids]
            if extra:
                message = f"Light's bill {job.light_id} has line items more than once, also as"
                out.append((job, f"{message} {', '.join(extra)}"))
    return out


async def _unowned(
    jobs: Sequence[BillJob], gateway: LightGateway, owned: Owned
) -> dict[str, list[LightBill]]:
    """The bills in Light since the jobs were first sent, that no entry owns, by vendor."""
    since = min(job.first_sent or job.entry.first_sent or ALWAYS for job in jobs)
    vendors = sorted({job.bill.vendor_id for job in jobs if job.bill.vendor_id})
    listed = await gateway.list_bills(vendors, since - SKEW if since > ALWAYS else None)
    ours = owned([bill.id for bill in listed])
    by_vendor: dict[str, list[LightBill]] = defaultdict(list)
    for bill in listed:
        if bill.id not in ours and bill.state not in CANCELLED_STATES:
            by_vendor[(bill.vendor_id or "").lower()].append(bill)
    return by_vendor


def _vendor(job: BillJob) -> str:
    return (job.bill.vendor_id or "").lower()


def _exact(group: Sequence[BillJob], candidates: Sequence[LightBill]) -> list[LightBill]:
    """Those in Light that differ in nothing from the bills, which are alike."""
    matches = [(bill, match_bill(group[0].bill, bill)) for bill in candidates]
    return [bill for bill, match in matches if match.same and not match.difference]


def _settle(group: Sequence[BillJob], candidates: Sequence[LightBill]) -> list[Settled]:
    """Bills that are alike against the bills of their vendor that nobody owns."""
    exact = _exact(group, candidates)
    matches = exact
    if not 0 < len(exact) <= len(group):
        matches = [bill for bill in candidates if match_bill(group[0].bill, bill).same]
    if len(matches) > len(group):
        ids = ", ".join(bill.id for bill in matches)
        reason = f"Light has {len(matches)} bills that could be this one: {ids}"
        return [Settled(job, reason=reason) for job in group]
    return [
        Settled(job, matches[i], how=Discovery.AFTER_LOST_ANSWER)
        if i < len(matches)
        else Settled(job)
        for i, job in enumerate(group)
    ]


async def _with_lines(settled: Settled, gateway: LightGateway) -> Settled:
    """With the lines of the bill, which the list leaves out, where they can be read now."""
    if settled.bill is None:
        return settled
    try:
        outcome = await fetch_bill(gateway, settled.bill.id)
    except AccessRefused:
        raise
    except StoppedEarly:  # as the day's budget: that the bill is there is what counts
        return settled
    if outcome.verdict is Verdict.ACCEPTED:
        return replace(settled, bill=outcome.content)
    return settled
