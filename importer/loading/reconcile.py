"""Bills of which it is not known whether Light has them: looked up together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from importer.core.errors import StoppedEarly
from importer.loading.gateway import LightGateway
from importer.loading.identity import GONE, compare, kin
from importer.loading.job import BillJob
from importer.model.journal_states import ALWAYS, Discovery
from importer.model.light_objects import LightBill

# How far the clocks of Light's computers may be apart, that which answers and that which notes when
# a bill was made. A bill that the list leaves out is sent again; a day too much costs a few pages.
SKEW = timedelta(days=1)


Owned = Callable[[Collection[str]], set[str]]  # see Journal.owned


@dataclass(frozen=True)
class Settled:
    """What the look-up says of one bill.

    With ``bill`` it is in Light; with a ``reason`` alone a person must look; with neither it is
    not in Light and may be sent again. ``later``: it could not be looked at now.
    """

    work: BillJob
    bill: LightBill | None = None
    reason: str = ""
    later: bool = False
    how: Discovery | None = None


def not_before(light_time: datetime | None) -> datetime:
    """A moment, by Light's clock, before which no bill was made that is sent from now on.

    Our own clock is not believed alone: one that is set days ahead would hide the bill. It counts
    where it is the earlier, as what stands between may have dated Light's answers.
    """
    return ALWAYS if light_time is None else min(light_time, datetime.now(UTC))


async def look_up(works: Sequence[BillJob], gateway: LightGateway, owned: Owned) -> list[Settled]:
    """Look the bills up by vendor and time, and compare each; those that Light has without all
    their lines are read, one request each.

    ``owned`` says which ids in Light are of other entries. Bills that are alike are settled
    together; the caller sees to it that none of their kind is in flight.
    """
    begun = [work for work in works if work.light_id is not None]
    works = [work for work in works if work.light_id is None]
    out = await _found(works, gateway, owned) if works else []
    async with asyncio.TaskGroup() as reading:
        tasks = [reading.create_task(_whole(settled, gateway)) for settled in out]
        tasks += [reading.create_task(_read(work, gateway)) for work in begun]
    return [task.result() for task in tasks]


async def find_twins(
    works: Sequence[BillJob], gateway: LightGateway, owned: Owned
) -> list[tuple[BillJob, str]]:
    """Those of the works, all created, that Light has more than once, or a line of them; in words.

    One list for all bills, and one request for each that got its lines separately.
    """
    there = await _unowned(works, gateway, owned)
    out = []
    for work in works:
        near = there[(work.bill.vendor_id or "").lower()]
        twins = [b.id for b in near if compare(work.bill, b).same]
        if twins:
            out.append((work, f"Light has this bill more than once, also as {', '.join(twins)}"))
        elif work.light_id is not None:
            settled = await _read(work, gateway)
            lines = () if settled.bill is None else settled.bill.lines or ()
            extra = [line.id for line in lines if line.id not in work.line_ids]
            if extra:
                message = f"Light's bill {work.light_id} has line items more than once, also as"
                out.append((work, f"{message} {', '.join(extra)}"))
    return out


async def _unowned(
    works: Sequence[BillJob], gateway: LightGateway, owned: Owned
) -> dict[str, list[LightBill]]:
    """The bills in Light since the works were first sent, that no entry owns, by vendor."""
    since = min(work.first_sent or work.entry.first_sent or ALWAYS for work in works)
    vendors = sorted({work.bill.vendor_id for work in works if work.bill.vendor_id})
    listed = await gateway.list_bills(vendors, since - SKEW if since > ALWAYS else None)
    ours = owned([light_bill.id for light_bill in listed])
    there: dict[str, list[LightBill]] = defaultdict(list)
    for light_bill in listed:
        if light_bill.id not in ours and light_bill.state not in GONE:
            there[(light_bill.vendor_id or "").lower()].append(light_bill)
    return there


async def _found(works: Sequence[BillJob], gateway: LightGateway, owned: Owned) -> list[Settled]:
    there = await _unowned(works, gateway, owned)
    groups: dict[tuple[str, str | None], list[BillJob]] = defaultdict(list)
    for work in works:
        groups[kin(work.bill), work.bill.company_entity_id].append(work)
    out: list[Settled] = []
    taken: set[str] = set()  # a bill without an entity could be one with
    near = {key: there[(group[0].bill.vendor_id or "").lower()] for key, group in groups.items()}
    for key in sorted(groups, key=lambda k: (not _exact(groups[k], near[k]), k[1] is None, k[0])):
        settled = _settle(groups[key], [bill for bill in near[key] if bill.id not in taken])
        taken.update(found.bill.id for found in settled if found.bill is not None)
        out += settled
    return out


def _exact(group: Sequence[BillJob], there: Sequence[LightBill]) -> list[LightBill]:
    """Those in Light that differ in nothing from the bills, which are alike."""
    matches = [(bill, compare(group[0].bill, bill)) for bill in there]
    return [bill for bill, match in matches if match.same and not match.difference]


def _settle(group: Sequence[BillJob], there: Sequence[LightBill]) -> list[Settled]:
    """Bills that are alike against the bills of their vendor that nobody owns."""
    matches = [(b, m.difference) for b in there if (m := compare(group[0].bill, b)).same]
    exact = _exact(group, there)
    found = exact if 0 < len(exact) <= len(group) else [b for b, _ in matches]
    if len(found) > len(group):
        links = ", ".join(b.id for b in found)
        reason = f"Light has {len(found)} bills that could be this one: {links}"
        return [Settled(work, reason=reason) for work in group]
    return [
        Settled(work, found[i], how=Discovery.AFTER_LOST_ANSWER)
        if i < len(found)
        else Settled(work)
        for i, work in enumerate(group)
    ]


async def _whole(settled: Settled, gateway: LightGateway) -> Settled:
    """With the lines of the bill, which the list leaves out, where they can be read now."""
    if settled.bill is None:
        return settled
    try:
        answer = await gateway.get_bill(settled.bill.id)
    except StoppedEarly:  # the day's budget: that the bill is there is what counts
        return settled
    bill = gateway.read_bill(answer.body) if answer.status in range(200, 300) else None
    if bill is not None and bill.id == settled.bill.id:
        return Settled(settled.work, bill, how=Discovery.AFTER_LOST_ANSWER)
    return settled


async def _read(work: BillJob, gateway: LightGateway) -> Settled:
    """A bill that Light has, with the lines it has of it now."""
    assert work.light_id is not None
    try:
        answer = await gateway.get_bill(work.light_id)
    except StoppedEarly:  # the day's budget: everything else stops too
        return Settled(work, later=True, reason="it could not be read")
    bill = gateway.read_bill(answer.body) if answer.status in range(200, 300) else None
    if bill is not None and bill.id == work.light_id and bill.lines is not None:
        return Settled(work, bill)
    if answer.status in (400, 403, 404, 410, 422):
        reason = f"Light does not show its bill {work.light_id}: {answer.reason}"
        return Settled(work, reason=reason)
    why = answer.reason or "what it answered is not the bill"
    return Settled(
        work, later=True, reason=f"Light's bill {work.light_id} could not be read: {why}"
    )
