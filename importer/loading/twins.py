"""Look for bills that Light has more than once: by us, by a colleague, by an attempt that came in
late.

One list for all bills, at most one request for 50 vendors and a page; what it shows of a bill a
second time is read by its id before it is called a twin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from importer.core.async_tasks import announced_wait
from importer.core.clock import utc_now
from importer.core.object_ids import normal_id
from importer.loading.bill_match import describe_differences
from importer.loading.bill_state import is_cancelled
from importer.loading.gateway import LightGateway, list_documents
from importer.loading.identity import conflict_key, split_entity
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change
from importer.loading.journal.twin_records import (
    clear_resent,
    entries_of_light_ids,
    light_ids_of_others,
    save_twins,
)
from importer.loading.listed_bills import (
    Candidate,
    Likeness,
    ListedBills,
    ReadBills,
    confirmed,
    is_another,
    is_no_longer,
    read_by_id,
    twin_of,
)
from importer.loading.reconcile import SKEW
from importer.loading.sent_bill import lacks_lines_only
from importer.model.bills import Bill, DocumentRef, document_noun
from importer.model.journal_states import ALWAYS, JournalEntry, State, Status, Twin
from importer.model.light_objects import LightBill

LONG_AFTER = timedelta(hours=1)  # a lost attempt that has not come in by then never will


@dataclass(frozen=True)
class BillInLight:
    """A bill of a run that Light has, with its entry of now."""

    entry: JournalEntry
    bill: Bill

    @property
    def light_id(self) -> str:
        assert self.entry.light_id is not None
        return self.entry.light_id

    @property
    def has_just_got_lines(self) -> bool:
        """Whether its line items went one by one, not long ago: another loader that took the bill
        for its own may have added them, too."""
        entry = self.entry
        recent = entry.settled is None or entry.settled > utc_now() - LONG_AFTER
        return entry.has_got_lines and recent

    @property
    def since(self) -> datetime | None:
        """When to begin to look for twins, by Light's clock; None: at all times."""
        sent = self.entry.first_sent
        return None if sent is None or sent <= ALWAYS else sent - SKEW


@dataclass
class Sweep:
    """What a look at Light's list says of bills that are in Light.

    ``twins`` are by entry, of bills whose doubt has changed; ``moved`` are bills whose copy was
    cancelled in Light while another one stays, or that have line items too many; ``looked_for``
    were sent again, long ago.
    """

    twins: dict[int, tuple[Twin, ...]] = field(default_factory=dict)
    moved: list[Change] = field(default_factory=list)
    looked_for: list[int] = field(default_factory=list)

    @property
    def entries(self) -> set[int]:
        """The entries of which it says something new."""
        return {*self.twins, *(change.entry for change in self.moved)}

    def add(self, later: Sweep) -> None:
        """A later look at some of the bills of which this one found nothing."""
        self.twins |= later.twins
        self.moved += later.moved


async def look_for_twins(
    bills: Sequence[BillInLight], gateway: LightGateway, journal: Journal, settle: float
) -> Sweep:
    """Look for them all, and for line items that are there twice; nothing is written. Raises what
    ``list_bills`` raises."""
    listed = await _listed(bills, gateway)
    if unlisted := _unlisted(bills, listed):
        # A list that lacks what Light has does not tell what Light lacks.
        why = "Light's list does not show a bill that Light has."
        await announced_wait(
            settle, gateway.announce, lambda wait: f"{why} Asking once more in {wait}."
        )
        listed = [*{bill.id: bill for bill in [*listed, *await _listed(bills, gateway)]}.values()]
        unlisted = _unlisted(bills, listed)
    ids = [bill.id for bill in listed]
    suspected = [twin.id for each in bills for twin in each.entry.twins]
    owners, undone = entries_of_light_ids(journal, [*ids, *suspected]), journal.undone(ids)
    index = ListedBills(bill for bill in listed if normal_id(bill.id) not in owners)
    others = light_ids_of_others(journal, [each.entry.id for each in bills])
    suspects = []
    for each in _one_of_each_kind(bills):
        excused = others.get(each.entry.id, set()) | {each.light_id}
        near = [c for c in index.candidates(each.bill) if c.bill.id not in excused]
        earlier = [twin for twin in each.entry.twins if normal_id(twin.id) not in owners]
        if near or each.entry.twins:
            suspects.append((each, near, earlier))
    lined = [each for each in bills if each.entry.has_lines_in_doubt or each.has_just_got_lines]
    refs = list(_refs(suspects))
    refs += [DocumentRef(x.light_id, x.bill.credit_note) for x in (*lined, *unlisted)]
    read = await read_by_id(refs, gateway, settle)
    sweep = Sweep()
    for each, near, earlier in suspects:
        _judge(each, confirmed(each.bill, near, read, undone), earlier, read, sweep)
    for each in lined:
        if remote := read.get(each.light_id):
            sweep.moved += _surplus_lines(each.entry, remote)
    sweep.moved += [
        _not_listed(each)
        for each in unlisted
        if each.entry.id not in sweep.entries and not each.entry.twins
        if not ((ours := read.get(each.light_id)) and is_cancelled(ours))
    ]
    long_ago = utc_now() - LONG_AFTER
    sweep.looked_for = [
        each.entry.id
        for each in bills
        if each.entry.resent is not None
        and each.entry.resent <= long_ago
        and each not in unlisted
        and not sweep.twins.get(each.entry.id, each.entry.twins)
    ]
    return sweep


async def candidates_in_light(
    bill: Bill, entry: JournalEntry, gateway: LightGateway, journal: Journal, settle: float
) -> list[Candidate]:
    """What Light shows that is, or may be, a bill that was sent."""
    listed = await list_documents(gateway, [bill], BillInLight(entry, bill).since)
    ids = [each.id for each in listed]
    owners, undone = entries_of_light_ids(journal, ids), journal.undone(ids)
    index = ListedBills(each for each in listed if normal_id(each.id) not in owners)
    near = index.candidates(bill)
    read = await read_by_id([c.bill.ref for c in near], gateway, settle)
    return confirmed(bill, near, read, undone)


def save_sweep(journal: Journal, run: str, sweep: Sweep) -> None:
    """Write what was found, in one durable commit."""
    with journal.one_commit():
        journal.step(run, sweep.moved, [])
        save_twins(journal, sweep.twins)
        clear_resent(journal, sweep.looked_for)


async def _listed(bills: Sequence[BillInLight], gateway: LightGateway) -> list[LightBill]:
    """All bills that could be a twin, of some vendors from the first attempt on."""
    always = {each.bill.vendor_id for each in bills if each.since is None}
    sent = [each for each in bills if each.bill.vendor_id not in always]
    listed = await list_documents(
        gateway, (each.bill for each in bills if each.bill.vendor_id in always)
    )
    if sent:
        since = min(each.since for each in sent if each.since is not None)
        listed += await list_documents(gateway, (each.bill for each in sent), since)
    return listed


def _unlisted(bills: Sequence[BillInLight], listed: Sequence[LightBill]) -> list[BillInLight]:
    """Those sent again that are in Light, and not in its list."""
    resent = [each for each in bills if each.entry.resent is not None]
    shown = {normal_id(bill.id) for bill in listed} if resent else set()
    return [each for each in resent if normal_id(each.light_id) not in shown]


def _not_listed(each: BillInLight) -> Change:
    entry, noun = each.entry, document_noun(each.bill)
    return Change(
        entry.id,
        State.UNKNOWN,
        Status.UNKNOWN,
        light_id=entry.light_id,
        light_state=entry.light_state,
        light_amount=entry.light_amount,
        line_ids=entry.line_ids,
        partial=entry.partial,
        message=f"it was sent twice, and Light's list does not show the {noun} {entry.light_id}, so"
        " that it is not known whether Light has it twice",
    )


def _one_of_each_kind(bills: Iterable[BillInLight]) -> list[BillInLight]:
    """Of bills without a number that are alike, one: a copy too many is of none in particular."""
    first: dict[tuple[str, str], BillInLight] = {}
    for each in sorted(bills, key=lambda each: not each.entry.twins):  # the one that has a copy
        entity = each.bill.company_entity_id or ""
        if each.bill.invoice_number:
            entity = split_entity(each.entry.identity)[0] or entity
        first.setdefault((conflict_key(each.bill), entity), each)
    return list(first.values())


_Suspect = tuple[BillInLight, list[Candidate], list[Twin]]


def _refs(suspects: Iterable[_Suspect]) -> Iterable[DocumentRef]:
    for each, near, earlier in suspects:
        ids = (each.light_id, *(c.bill.id for c in near), *(twin.id for twin in earlier))
        yield from (DocumentRef(light_id, each.bill.credit_note) for light_id in ids)


def _judge(
    each: BillInLight,
    near: Sequence[Candidate],
    earlier: Sequence[Twin],
    read: ReadBills,
    sweep: Sweep,
) -> None:
    """What is left of the suspicion against one bill."""
    bill, entry = each.bill, each.entry
    twins = {
        c.bill.id: twin_of(c.bill)
        for c in near
        if c.likeness is Likeness.SAME and not is_another(bill, c.bill)
    }
    judged = {normal_id(c.bill.id) for c in near}
    for twin in earlier:  # that Light does not list it, or cuts its number, proves nothing
        remote = read.get(twin.id)
        if normal_id(twin.id) in judged:
            continue
        if remote is None or not is_no_longer(bill, remote):
            twins[twin.id] = twin
    ours = read.get(each.light_id)
    if ours is not None and is_cancelled(ours) and len(twins) == 1:
        [left] = twins
        remote = read.get(left) or next((c.bill for c in near if c.bill.id == left), None)
        if remote is not None:
            sweep.moved.append(_moved(each, remote))
            twins = {}
    unseen = {i for i in (each.light_id, *twins) if read.get(i) is None}
    for light_id, twin in twins.items():
        pair = tuple(i for i in (each.light_id, light_id) if i in unseen)
        twins[light_id] = replace(twin, unseen=pair)
    if _written(twins.values()) != _written(entry.twins):
        sweep.twins[entry.id] = tuple(twins.values())


def _written(twins: Iterable[Twin]) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(twin.id, twin.state, twin.unseen) for twin in twins}


def _moved(each: BillInLight, remote: LightBill) -> Change:
    """The bill is the copy that is left. What that lacks of line items the next run adds; where it
    is otherwise not what was sent, a person has to see to it, and nothing is done to it."""
    entry, difference = each.entry, describe_differences(each.bill, remote)
    message = f"its copy {entry.light_id} was cancelled in Light, which keeps {remote.id}"
    if difference:
        message += f", and {difference}"
    return Change(
        entry.id,
        State.UNKNOWN if lacks_lines_only(each.bill, remote) else State.FOUND,
        Status.UNKNOWN if difference else None,
        message=message,
    ).with_copy(remote)


# --- line items -----------------------------------------------------------------------------------


def _surplus_lines(entry: JournalEntry, remote: LightBill) -> Iterator[Change]:
    """That the bill has line items that are not of the journal: perhaps those that were lost."""
    journaled = {normal_id(each) for each in filter(None, entry.line_ids)}
    extra = [line.id for line in remote.lines or () if normal_id(line.id) not in journaled]
    if extra and not is_cancelled(remote):
        yield Change(
            entry.id,
            State.UNKNOWN,
            Status.UNKNOWN,
            line_ids=entry.line_ids,
            message=f"Light's {remote.ref.noun} {remote.id} has line items more than once, also as"
            f" {', '.join(extra)}",
            again=True,
        ).with_copy(remote)


# --- the settling time ----------------------------------------------------------------------------


def unsettled_for(entries: Iterable[JournalEntry], settle: float) -> float:
    """Seconds until Light has settled since the last of these bills was created."""
    last = max((entry.settled for entry in entries if entry.settled), default=None)
    if last is None:
        return 0.0
    return min(settle, settle - (utc_now() - last).total_seconds())


async def wait_for_sweep(seconds: float, message: Callable[[str], object]) -> None:
    if seconds > 0:
        after = "then checking for bills that are in Light more than once."
        await announced_wait(seconds, message, lambda wait: f"Waiting {wait}, {after}")
