"""Which bills are to be sent: not those loaded before, not those that Light has already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from importer.amounts import tidy
from importer.findings import finding
from importer.loading.gateway import LightGateway
from importer.loading.identity import (
    GONE,
    changes,
    compare,
    content,
    identities,
    kin,
    split_entity,
)
from importer.loading.journal import Change, Journal
from importer.loading.work import Work
from importer.records import (
    FOUND_BEFORE,
    Bill,
    CellRef,
    Finding,
    JournalEntry,
    LightBill,
    State,
    Status,
    Wanted,
)


@dataclass
class Plan:
    """``send`` and ``unsettled`` are what the loader has to do; the rest is settled already."""

    send: list[Work] = field(default_factory=list)
    unsettled: list[Work] = field(default_factory=list)
    settled: dict[int, tuple[Status, str]] = field(default_factory=dict)
    found: list[tuple[JournalEntry, LightBill, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    entries: dict[int, JournalEntry] = field(default_factory=dict)  # by bill index
    withheld: list[int] = field(default_factory=list)  # bills that are in Light by another name


def plan_from_journal(bills: Sequence[Bill], journal: Journal, *, dry: bool = False) -> Plan:
    """What the journal knows of the bills; ``dry`` writes nothing. Light is not asked yet."""
    texts = {bill.index: content(bill) for bill in bills}
    named = _by_content(_as_known(identities(bills), journal), texts, journal)
    contents = {identity: texts[bill.index] for bill, identity in named}
    known = (journal.known if dry else journal.plan)(list(contents.items()))
    plan = Plan()
    for bill, identity in named:
        entry, now = known[identity], contents[identity]
        plan.entries[bill.index] = entry
        if entry.state is State.CREATED or entry.state is State.FOUND:
            was_ours = entry.state is State.CREATED
            status = Status.ALREADY_LOADED if was_ours else Status.ALREADY_IN_LIGHT
            difference = changes(entry.content, now, bill.unit, paid=bill.wanted is Wanted.PAID)
            plan.settled[bill.index] = (status, entry.message if not was_ours else "")
            if difference:
                plan.settled[bill.index] = (
                    status,
                    f"loaded before, and different now: {difference}",
                )
                plan.findings.append(_changed(bill, difference))
        elif entry.state in (State.SENDING, State.UNKNOWN) or entry.light_id is not None:
            plan.unsettled.append(Work(entry, bill, now, light_id=entry.light_id))
            if entry.light_id is not None:
                difference = changes(entry.content, now, bill.unit, lines=False)
                if difference:
                    plan.findings.append(_changed(bill, difference))
        else:
            plan.send.append(Work(entry, bill, now))
    return plan


def _as_known(named: list[tuple[Bill, str]], journal: Journal) -> list[tuple[Bill, str]]:
    """The bills under the identities that the journal has for them.

    A bill that was loaded with its entity, and now stands in the sheet without, is the same bill;
    and the other way round.
    """
    known = journal.identities()
    here = {identity for _, identity in named}
    if not known or here <= set(known):
        return named
    others: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for identity in known:
        if identity not in here:
            entity, rest = split_entity(identity)
            others[rest].append((entity, identity))
    there = set(known)
    out = []
    for bill, identity in named:
        if identity not in there:
            entity, rest = split_entity(identity)
            same = [pair for pair in others[rest] if not (pair[0] and entity)]
            if same:
                others[rest].remove(same[0])
                identity = same[0][1]
        out.append((bill, identity))
    return out


def _by_content(
    named: list[tuple[Bill, str]], texts: dict[int, str], journal: Journal
) -> list[tuple[Bill, str]]:
    """Bills without a number that are alike, under the identities that were theirs.

    They differ in their lines at most; where their rows have moved, the lines tell which is which.
    ``texts`` are the contents by bill index.
    """
    alike: dict[tuple[str, str], list[tuple[Bill, str]]] = defaultdict(list)
    for bill, identity in named:
        if not bill.invoice_number:
            alike[kin(bill), split_entity(identity)[0]].append((bill, identity))
    groups = [g for g in alike.values() if len({texts[bill.index] for bill, _ in g}) > 1]
    known = journal.known([(identity, "") for group in groups for _, identity in group])
    theirs: dict[int, str] = {}
    for group in groups:
        by_text: dict[str, list[str]] = defaultdict(list)
        for _, identity in reversed(group):
            by_text[known[identity].content].append(identity)
        for bill, _ in group:
            if by_text[texts[bill.index]]:
                theirs[bill.index] = by_text[texts[bill.index]].pop()
        taken = {theirs[bill.index] for bill, _ in group if bill.index in theirs}
        free = [identity for _, identity in group if identity not in taken]
        others = [bill.index for bill, _ in group if bill.index not in theirs]
        theirs.update(zip(others, free, strict=True))
    return [(bill, theirs.get(bill.index, identity)) for bill, identity in named]


def _changed(bill: Bill, difference: str) -> Finding:
    return finding(
        "bills.content.changed",
        CellRef("", None, bill.row, None, bill.table),
        bill.invoice_number or "",
        bills=(bill.index,),
        difference=difference,
    )


async def look_in_light(
    plan: Plan, gateway: LightGateway, owned: set[str], undone: Collection[str] = ()
) -> None:
    """Move to ``plan.found`` what Light has already; batched, never a request a bill.

    ``owned`` are the bills in Light that entries of the journal own. A bill without an invoice
    number is looked for among those that nobody owns, each of which stands for one. Those
    ``undone`` are cancelled, whatever Light's list, which may lag behind, says of them.
    """
    unsettled = {kin(work.bill) for work in plan.unsettled}
    asked = [work for work in plan.send if kin(work.bill) not in unsettled]
    vendors = sorted({work.bill.vendor_id for work in asked if work.bill.vendor_id})
    if not vendors:
        return
    there: dict[str, list[LightBill]] = defaultdict(list)
    for light_bill in await gateway.list_bills(vendors):
        if light_bill.state not in GONE and light_bill.id not in undone:
            there[(light_bill.vendor_id or "").lower()].append(light_bill)
    numbered = {vendor: _by_number(light_bills) for vendor, light_bills in there.items()}
    taken: set[str] = set()
    still: list[Work] = []
    for work in plan.send:
        bill = work.bill
        vendor = (bill.vendor_id or "").lower()
        if kin(bill) in unsettled:
            near = []
        elif bill.invoice_number:
            near = numbered.get(vendor, {}).get(bill.invoice_number, [])
        else:
            near = [b for b in there[vendor] if b.id not in owned and b.id not in taken]
        matches = [(b, m) for b in near if (m := compare(bill, b)).same]
        if not matches:
            still.append(work)
            continue
        match = min(matches, key=lambda pair: (bool(pair[1].difference), pair[0].id))
        if not bill.invoice_number:
            taken.add(match[0].id)
        message = FOUND_BEFORE
        if match[1].difference:
            message += f"; {match[1].difference}"
        plan.found.append((work.entry, match[0], message))
        plan.settled[bill.index] = (Status.ALREADY_IN_LIGHT, message)
    plan.send = still


def _by_number(light_bills: Sequence[LightBill]) -> dict[str, list[LightBill]]:
    out: dict[str, list[LightBill]] = defaultdict(list)
    for light_bill in light_bills:
        out[tidy(light_bill.invoice_number or "")].append(light_bill)
    return out


def record(plan: Plan, journal: Journal, run: str) -> None:
    """The plan in the journal: the run's bills, and what was found in Light."""
    journal.assign(
        run,
        (
            (index, entry.id, *plan.settled.get(index, (None, "")))
            for index, entry in plan.entries.items()
        ),
    )
    journal.step(
        run,
        [
            Change(
                entry.id,
                State.FOUND,
                light_id=there.id,
                light_state=there.state,
                light_amount=there.amount,
                message=message,
            )
            for entry, there, message in plan.found
        ],
        [],
    )
