"""Which bills are to be sent: not those loaded before, not those that Light has already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from importer.core.clock import utc_now
from importer.loading.bill_diff import describe_content_changes
from importer.loading.bill_finding import bill_finding
from importer.loading.bill_state import wanted_steps
from importer.loading.credited_bills import CreditedBills, find_credited_bills
from importer.loading.existing_bills import find_existing
from importer.loading.gateway import LightGateway, list_documents
from importer.loading.identity import (
    ConflictIndex,
    conflict_key,
    content,
    identities,
    split_entity,
    with_entity,
)
from importer.loading.job import CHANGED_SINCE, BillJob
from importer.loading.journal.entry_lookup import (
    entities,
    identities_of_light_ids,
    ids_of,
)
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change, overruled
from importer.loading.journal.twin_records import clear_resent, save_twins
from importer.loading.note_numbers import taken_numbers
from importer.loading.reconcile import SKEW
from importer.loading.twins import BillInLight, look_for_twins
from importer.model.bills import Bill, TargetStatus
from importer.model.finding import Finding
from importer.model.journal_states import (
    BillOutcome,
    Discovery,
    Holder,
    JournalEntry,
    State,
    Status,
    Twin,
)
from importer.model.light_objects import LightBill
from importer.model.run_rows import BillRows

CONTENT_CHANGED, NOTE_CHANGED = "bills.content.changed", "bills.content.note_changed"
_CHUNK = 1000  # bills whose contents are at hand at a time


@dataclass
class LoadPlan:
    """``send`` and ``unsettled`` are the jobs of the engine; the rest is settled already."""

    send: list[BillJob] = field(default_factory=list)
    unsettled: list[BillJob] = field(default_factory=list)
    settled: dict[int, BillOutcome] = field(default_factory=dict)
    existing: list[tuple[JournalEntry, LightBill, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    entries: dict[int, JournalEntry] = field(default_factory=dict)
    """By bill index, without their contents."""
    in_light: list[BillJob] = field(default_factory=list)  # settled, and Light has them
    twins: dict[int, tuple[Twin, ...]] = field(default_factory=dict)  # by bill index
    moved: list[Change] = field(default_factory=list)  # see twins.Sweep
    looked_for: list[int] = field(default_factory=list)  # entries; see twins.Sweep
    looked_at: datetime | None = None  # by Light's clock: when the last look at it began
    withheld: list[int] = field(default_factory=list)  # bills with an error that Light tells
    credited: CreditedBills = field(default_factory=CreditedBills)
    held: dict[int, Holder | None] = field(default_factory=dict)
    """By bill index, what another run has claimed; None where an entry changed meanwhile."""
    untouched: set[int] = field(default_factory=set)
    """Bills, by index, that are left as they are in Light, of which there are findings."""

    def withhold(self, bills: Collection[int]) -> None:
        """Do not send these, by index, for reasons that are findings."""
        self.send = [job for job in self.send if job.bill.index not in bills]
        for index in bills:
            del self.entries[index]
        self.withheld += bills

    def hold(self, refused: Mapping[int, Holder | None]) -> None:
        """Leave entries alone that could not be claimed."""
        held = {i: refused[e.id] for i, e in self.entries.items() if e.id in refused}
        self.held |= held
        self.send = [job for job in self.send if job.bill.index not in held]
        self.unsettled = [job for job in self.unsettled if job.bill.index not in held]
        self.in_light = [job for job in self.in_light if job.bill.index not in held]
        self.existing = [each for each in self.existing if each[0].id not in refused]
        for index, holder in held.items():
            why = f"{holder} is loading it" if holder else "another run has just loaded it"
            self.settled[index] = BillOutcome(Status.NOT_SENT, self.entries[index], why)
            self.twins.pop(index, None)

    def absorb(self, later: LoadPlan) -> None:
        """Add the plan of bills that were held."""
        for index in later.entries:
            self.held.pop(index, None)
            self.settled.pop(index, None)
        self.entries |= later.entries
        self.settled |= later.settled
        self.twins |= later.twins
        self.held |= later.held
        self.in_light += later.in_light
        self.untouched |= later.untouched


def plan_from_journal(
    bills: Sequence[Bill],
    journal: Journal,
    *,
    dry: bool = False,
    light_ids: Mapping[int, str] | None = None,
) -> LoadPlan:
    """What the journal knows of the bills; ``dry`` writes nothing. Light is not asked yet.

    ``light_ids``, by bill index, are of rows that are to change these bills, whatever their numbers
    and vendors are now.
    """
    pairs = _match_by_content(_journal_identities(identities(bills), journal), journal)
    plan = LoadPlan()
    if light_ids:
        by_id = identities_of_light_ids(journal, light_ids.values())
        pairs = [(b, by_id.get(light_ids.get(b.index, ""), identity)) for b, identity in pairs]
        pairs = _without_twice(pairs, light_ids, plan)
    for k in range(0, len(pairs), _CHUNK):
        contents = [(identity, content(bill)) for bill, identity in pairs[k : k + _CHUNK]]
        entries = (journal.entries_of if dry else journal.plan)(contents)
        for (bill, _), (identity, now) in zip(pairs[k : k + _CHUNK], contents, strict=True):
            _add(plan, bill, entries[identity], now)
    return plan


def _without_twice(
    pairs: list[tuple[Bill, str]], light_ids: Mapping[int, str], plan: LoadPlan
) -> list[tuple[Bill, str]]:
    """Without the rows that are to change one bill in Light, which are findings."""
    keys = Counter(key for bill, identity in pairs for key in _keys(bill, identity, light_ids))
    out = []
    for bill, identity in pairs:
        if all(keys[k] == 1 for k in _keys(bill, identity, light_ids)):
            out.append((bill, identity))
            continue
        id = light_ids.get(bill.index, "")
        plan.findings.append(bill_finding("bills.update.twice", bill, id=id))
        plan.withheld.append(bill.index)
    return out


def _keys(bill: Bill, identity: str, light_ids: Mapping[int, str]) -> list[str]:
    return [identity, *([light_ids[bill.index]] if bill.index in light_ids else [])]


def _add(plan: LoadPlan, bill: Bill, entry: JournalEntry, now: str) -> None:
    """What is to be done with a bill that has this entry, and is of this content now."""
    short = plan.entries[bill.index] = replace(entry, content="")
    if entry.state is State.CREATED or entry.state is State.FOUND:
        was_ours = entry.state is State.CREATED
        status = Status.ALREADY_LOADED if was_ours else Status.ALREADY_IN_LIGHT
        outcome = BillOutcome(status, short)
        if not was_ours:
            outcome = replace(outcome, message=entry.message, how=entry.how)
        difference = describe_content_changes(
            entry.content, now, bill.unit, paid=bill.target_status is TargetStatus.PAID
        )
        if difference:
            message = f"{CHANGED_SINCE}: {difference}"
            outcome = BillOutcome(status, short, message)
            plan.findings.append(_changed(bill, difference))
        plan.settled[bill.index] = outcome
        if entry.light_id is not None:
            plan.in_light.append(BillJob(short, bill, light_id=entry.light_id))
    elif entry.state in (State.SENDING, State.UNKNOWN) or entry.light_id is not None:
        plan.unsettled.append(BillJob(entry, bill, light_id=entry.light_id))
        if entry.light_id is not None:
            difference = describe_content_changes(entry.content, now, bill.unit, lines=False)
            if difference:
                plan.findings.append(_changed(bill, difference))
    else:
        plan.send.append(BillJob(short, bill))


def _changed(bill: Bill, difference: str) -> Finding:
    code = NOTE_CHANGED if bill.credit_note else CONTENT_CHANGED
    return bill_finding(code, bill, difference=difference)


def _journal_identities(pairs: list[tuple[Bill, str]], journal: Journal) -> list[tuple[Bill, str]]:
    """The bills under the identities that the journal has for them.

    A bill that was loaded with its entity, and is in the sheet without it now, is the same bill;
    and the other way round.
    """
    current = {identity for _, identity in pairs}
    new = current - ids_of(journal, current).keys()
    journal_entities = entities(journal) if new else []
    variants: dict[str, list[str]] = {}  # of an identity, with the other entity
    for identity in new if journal_entities else ():
        entity, rest = split_entity(identity)
        others = [other for other in journal_entities if not (other and entity)]
        variants[identity] = [with_entity(other, rest) for other in others]
    entry_ids = ids_of(journal, {each for some in variants.values() for each in some} - current)
    out = []
    for bill, identity in pairs:
        if same := [each for each in variants.get(identity, ()) if each in entry_ids]:
            identity = min(same, key=lambda each: entry_ids[each])  # the oldest
            del entry_ids[identity]
        out.append((bill, identity))
    return out


def _match_by_content(pairs: list[tuple[Bill, str]], journal: Journal) -> list[tuple[Bill, str]]:
    """Bills without a number that are alike, under the identities that were theirs.

    They differ in their lines at most; where their rows have moved, the lines tell which is which.
    """
    by_conflict_key: dict[tuple[str, str], list[tuple[Bill, str]]] = defaultdict(list)
    for bill, identity in pairs:
        if not bill.invoice_number:
            by_conflict_key[conflict_key(bill), split_entity(identity)[0]].append((bill, identity))
    groups = [group for group in by_conflict_key.values() if len(group) > 1]
    texts = {bill.index: content(bill) for group in groups for bill, _ in group}
    groups = [g for g in groups if len({texts[bill.index] for bill, _ in g}) > 1]
    entries = journal.entries_of([(identity, "") for group in groups for _, identity in group])
    matched: dict[int, str] = {}  # identities by bill index
    for group in groups:
        by_text: dict[str, list[str]] = defaultdict(list)
        for _, identity in reversed(group):
            by_text[entries[identity].content].append(identity)
        for bill, _ in group:
            if by_text[texts[bill.index]]:
                matched[bill.index] = by_text[texts[bill.index]].pop()
        taken = {matched[bill.index] for bill, _ in group if bill.index in matched}
        free = [identity for _, identity in group if identity not in taken]
        others = [bill.index for bill, _ in group if bill.index not in matched]
        matched.update(zip(others, free, strict=True))
    return [(bill, matched.get(bill.index, identity)) for bill, identity in pairs]


async def look_in_light(
    plan: LoadPlan,
    gateway: LightGateway,
    journal: Journal,
    *,
    settle: float = 30.0,
    again: bool = False,
) -> None:
    """Move to ``plan.existing`` what Light has already, and to ``plan.twins`` what it has more than
    once; batched, never a request a bill.

    What the list does not tell is read by its id. A bill without an invoice number is looked for
    among those that no entry of the journal owns, each of which stands for one. ``again``: what
    is new since the last look.
    """
    since = plan.looked_at - SKEW if again and plan.looked_at else None
    plan.looked_at = gateway.light_time or utc_now()
    # What Light has of a bill that was sent may be of another one that is alike.
    unsettled = ConflictIndex(job.bill for job in plan.unsettled)
    wanted = [job for job in plan.send if not unsettled.has_like(job.bill)]
    listed = await list_documents(gateway, (job.bill for job in wanted), since)
    taken = [remote.id for _, remote, _ in plan.existing]
    existing = await find_existing(wanted, listed, gateway, journal, settle, taken)
    warned = {(each.code, each.bills) for each in plan.findings}
    plan.findings += [f for f in existing.findings if (f.code, f.bills) not in warned]
    plan.existing += existing.matches
    plan.settled |= existing.settled
    plan.unsettled += existing.begun
    in_light = existing.settled.keys() | {job.bill.index for job in existing.begun}
    others = [job for job in plan.send if job.bill.index not in in_light]
    refused = await taken_numbers(others, gateway)
    plan.settled |= {
        job.bill.index: BillOutcome(Status.REJECTED, job.entry, refused[job.bill.index])
        for job in others
        if job.bill.index in refused
    }
    plan.twins |= existing.twins
    plan.send = [job for job in others if job.bill.index not in refused]
    if not again and plan.in_light:
        # A second copy could be of another bill that is alike, and of which no id is known yet.
        unsettled = ConflictIndex(
            job.bill for job in (*plan.unsettled, *wanted) if job.entry.light_id is None
        )
        loaded = [
            BillInLight(job.entry, job.bill)
            for job in plan.in_light
            if not unsettled.has_like(job.bill)
        ]
        sweep = await look_for_twins(loaded, gateway, journal, settle)
        index_of = {job.entry.id: job.bill.index for job in plan.in_light}
        plan.twins |= {index_of[entry]: twins for entry, twins in sweep.twins.items()}
        plan.moved += sweep.moved
        plan.looked_for += sweep.looked_for


async def look_for_credited(plan: LoadPlan, bills: Sequence[Bill], gateway: LightGateway) -> None:
    """Find the bills that the credit notes clear; a new note that credits none is withheld."""
    plan.credited = await find_credited_bills(bills, gateway)
    new = {job.bill.index for job in plan.send}
    findings = [each for each in plan.credited.findings if each.bills[0] in new]
    plan.findings += findings
    plan.withhold({each.bills[0] for each in findings})


def _name_loaders(plan: LoadPlan, journal: Journal) -> None:
    """Say of what another run has just loaded which run that is, and whose."""
    loaded = {
        outcome.entry.id: index
        for index, outcome in plan.settled.items()
        if outcome.status is Status.ALREADY_LOADED and not outcome.message
    }
    for entry, holder in journal.held_by_others(loaded).items():
        index = loaded[entry]
        plan.settled[index] = replace(plan.settled[index], message=f"loaded by {holder}")


def expected_outcomes(plan: LoadPlan) -> dict[int, BillOutcome]:
    """The outcomes of the bills that are settled already, with what Light has more than once."""
    out = {}
    for index, outcome in plan.settled.items():
        entry = outcome.entry
        entry = replace(entry, twins=plan.twins.get(index, entry.twins))
        out[index] = overruled(replace(outcome, entry=entry))
    return out


def record(plan: LoadPlan, journal: Journal, run: str, rows: Mapping[int, BillRows]) -> None:
    """The plan in the journal: the run's bills, its claims, and what was found in Light.

    ``rows`` has the rows of each bill of the plan, by bill index.
    """
    with journal.one_commit():
        stepped = [job.entry for job in plan.in_light if wanted_steps(job.bill)]
        open_entries = [e for i, e in plan.entries.items() if i not in plan.settled]
        open_entries += [entry for entry, _, _ in plan.existing]
        plan.hold(journal.claim([*open_entries, *stepped]))
        _name_loaders(plan, journal)
        of_entry = {i: entry.id for i, entry in plan.entries.items() if i in plan.twins}
        save_twins(journal, {entry: plan.twins[i] for i, entry in of_entry.items()})
        clear_resent(journal, plan.looked_for)
        journal.assign(
            run,
            (
                (entry.id, rows[index], plan.settled.get(index))
                for index, entry in plan.entries.items()
            ),
        )
        journal.step(
            run,
            plan.moved
            + [
                Change(
                    entry.id,
                    State.FOUND,
                    message=message,
                    how=Discovery.BEFORE_SENDING,
                ).with_copy(remote)
                for entry, remote, message in plan.existing
            ],
            [],
        )
