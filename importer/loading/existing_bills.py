"""Which bills of a sheet Light has already, by its list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from importer.core.money import money
from importer.core.object_ids import normal_id
from importer.loading.bill_finding import bill_finding
from importer.loading.bill_match import match_bill
from importer.loading.bill_state import complaint, unknown_state
from importer.loading.gateway import LightGateway, list_documents
from importer.loading.job import BillJob
from importer.loading.journal.journal_records import Change
from importer.loading.listed_bills import (
    Candidate,
    Likeness,
    ListedBills,
    confirmed,
    contradicts,
    is_another,
    read_by_id,
    twin_of,
    vendor_of,
)
from importer.loading.operation import Record, TwinsRecord
from importer.loading.reconcile import Ownership
from importer.loading.sent_bill import is_older, lacks_lines_only
from importer.model.bills import Bill, DocumentRef
from importer.model.finding import Finding
from importer.model.journal_states import (
    BillOutcome,
    Discovery,
    JournalEntry,
    State,
    Status,
    Twin,
)
from importer.model.light_objects import LightBill


@dataclass
class ExistingBills:
    """``matches`` are in Light; ``settled`` has their outcomes and those of bills that are not to
    be sent, and their ``twins``, by bill index. ``begun`` were sent without their line items, and
    are in Light although it refused them."""

    matches: list[tuple[JournalEntry, LightBill, str]] = field(default_factory=list)
    settled: dict[int, BillOutcome] = field(default_factory=dict)
    twins: dict[int, tuple[Twin, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    begun: list[BillJob] = field(default_factory=list)


async def find_existing(
    jobs: Sequence[BillJob],
    listed: Iterable[LightBill],
    gateway: LightGateway,
    journal: Ownership,
    settle: float,
    taken: Collection[str] = (),
) -> ExistingBills:
    """Look for bills that were not sent among those that Light lists of their vendors, but for the
    ids that are ``taken`` already."""
    index = ListedBills(listed)
    ids = [bill.id for bill in index.bills]
    undone = journal.undone(ids)
    vendors = {vendor_of(job.bill) for job in jobs if not job.bill.invoice_number}
    unnumbered = [bill.id for bill in index.bills if vendor_of(bill) in vendors]
    owned = journal.owned(unnumbered) - undone
    near = []
    for job in jobs:
        candidates = index.candidates(job.bill)
        if not job.bill.invoice_number:
            candidates = [c for c in candidates if c.bill.id not in owned]
        near.append(candidates)
    doubtful = [
        each
        for job, candidates in zip(jobs, near, strict=True)
        for each in _doubtful(job, candidates, undone)
    ]
    read = await read_by_id(doubtful, gateway, settle)
    out = ExistingBills()
    taken = set(taken)
    same: dict[int, list[LightBill]] = {}  # of bills without a number that Light has
    with_candidates = [
        (job, confirmed(job.bill, candidates, read, undone))
        for job, candidates in zip(jobs, near, strict=True)
    ]
    # Of bills that are alike, those that Light has as they are come first.
    for job, candidates in sorted(with_candidates, key=lambda each: not _has_exactly(*each)):
        free = [c for c in candidates if c.bill.id not in taken]
        if (remote := _settle(job, free, out)) is not None:
            taken.add(remote.id)
            if not job.bill.invoice_number:
                same[job.bill.index] = [c.bill for c in candidates if c.likeness is Likeness.SAME]
    for index_in_sheet, remotes in same.items():  # a copy too many is of none in particular
        if surplus := [each for each in remotes if each.id not in taken]:
            out.twins[index_in_sheet] = tuple(map(twin_of, surplus))
            taken |= {each.id for each in surplus}
    _warn(jobs, index, out)
    return out


def _doubtful(job: BillJob, candidates: Sequence[Candidate], undone: set[str]) -> list[DocumentRef]:
    """Those that the list is not enough for: what it shows twice may be two bills with
    cut numbers, what it shows without a number may have one, and what was sent without its line
    items may lack them."""
    several = sum(c.likeness is Likeness.SAME for c in candidates) > 1
    every = several or not job.bill.invoice_number or _went_alone(job.entry)
    unclear = Likeness.UNCLEAR
    return [c.bill.ref for c in candidates if every or c.likeness is unclear or c.bill.id in undone]


def _went_alone(entry: JournalEntry) -> bool:
    """Whether an earlier run sent it without its line items, and Light refused it."""
    return entry.alone and entry.attempts > 0 and entry.light_id is None


def _begun(job: BillJob, remote: LightBill) -> BillJob | None:
    """The job as one in doubt, which adds the missing line items to its own bill in Light; None
    where that is another, or has them all."""
    begun = replace(job, entry=replace(job.entry, state=State.UNKNOWN))
    mine = _went_alone(job.entry) and not is_older(begun, remote)
    return begun if mine and lacks_lines_only(job.bill, remote) else None


def _settle(job: BillJob, candidates: Sequence[Candidate], out: ExistingBills) -> LightBill | None:
    """The bill in Light that this one is; None where it is none."""
    bill, entry = job.bill, job.entry
    same = [c.bill for c in candidates if c.likeness is Likeness.SAME]
    these = [remote for remote in same if not is_another(bill, remote)]
    unclear = [c.bill.id for c in candidates if c.likeness is Likeness.UNCLEAR]
    if these:
        remote, *others = sorted(
            these, key=lambda each: (_doubt(each), _difference(bill, each) != "", each.id)
        )
        if doubt := _doubt(remote):
            ids = "".join(f", and {each.id}" for each in others)
            out.settled[bill.index] = BillOutcome(Status.UNKNOWN, entry, doubt + ids)
            return remote
        if _went_alone(entry) and remote.lines is None:
            words = f"Light lists {remote.id}, and could not show whether it has its line items"
            out.settled[bill.index] = BillOutcome(Status.UNKNOWN, entry, words)
            return remote
        if begun := _begun(job, remote):
            out.begun.append(begun)
            return remote
        difference = _difference(bill, remote)
        out.matches.append((entry, remote, difference))
        how = Discovery.BEFORE_SENDING
        shown = replace(
            entry, light_id=remote.id, light_state=remote.state, light_amount=remote.amount
        )
        out.settled[bill.index] = BillOutcome(Status.ALREADY_IN_LIGHT, shown, difference, how)
        if others and bill.invoice_number:
            out.twins[bill.index] = tuple(map(twin_of, others))
        return remote
    if same:
        words = other_bill_words(bill, same[0])
        outcome = BillOutcome(Status.NOT_SENT, entry, words, Discovery.OTHER_BILL)
        out.settled[bill.index] = outcome
    elif unclear:
        words = f"Light lists {', '.join(unclear)}, which may be this bill; it does not show enough"
        out.settled[bill.index] = BillOutcome(Status.UNKNOWN, entry, words)
    return None


def _has_exactly(job: BillJob, candidates: Sequence[Candidate]) -> bool:
    same = (c.bill for c in candidates if c.likeness is Likeness.SAME)
    return any(not _difference(job.bill, each) for each in same)


def _difference(bill: Bill, remote: LightBill) -> str:
    return match_bill(bill, remote).difference


def _doubt(remote: LightBill) -> str:
    """Why a bill that Light lists cannot be judged, in words; "" where it can."""
    why = unknown_state(remote) or complaint(remote)
    return why and f"Light lists {remote.id}, but {why}"


def other_bill_words(bill: Bill, remote: LightBill) -> str:
    """That Light has another bill of this number: which, its date and amount."""
    amount = "no amount" if remote.amount is None else money(remote.amount, bill.unit)
    return (
        f"Light has another bill of this vendor with this number: {remote.id} of"
        f" {remote.issued_date}, {amount} {remote.currency or ''}".rstrip()
    )


def match_change(job: BillJob, remote: LightBill) -> Change:
    """What the journal keeps of a bill that somebody else brought into Light."""
    if is_another(job.bill, remote):
        words, how = other_bill_words(job.bill, remote), Discovery.OTHER_BILL
        return Change(job.entry.id, State.PLANNED, Status.NOT_SENT, message=words, how=how)
    if doubt := _doubt(remote):
        return Change(job.entry.id, State.PLANNED, Status.UNKNOWN, message=doubt)
    return job.already_in_light(remote, _difference(job.bill, remote))


async def look_for_others(
    jobs: Sequence[BillJob], gateway: LightGateway, journal: Ownership, settle: float
) -> dict[int, list[Record]]:
    """By entry, what the journal keeps of bills that were cancelled in Light, where it has them
    otherwise: perhaps those were the copies of which a person kept the other."""
    listed = await list_documents(gateway, (job.bill for job in jobs))
    existing = await find_existing(jobs, listed, gateway, journal, settle)
    remotes = {entry.id: remote for entry, remote, _ in existing.matches}
    out: dict[int, list[Record]] = {}
    for job in jobs:
        index, entry = job.bill.index, job.entry.id
        outcome, twins = existing.settled.get(index), existing.twins.get(index)
        if entry in remotes:
            remote = remotes[entry]
            # The copy of before is the bill itself now; others stay until Light was asked for them.
            copies = {twin.id: twin for twin in (*job.entry.twins, *(twins or ()))}
            twins = tuple(t for t in copies.values() if normal_id(t.id) != normal_id(remote.id))
            out[entry] = [match_change(job, remote), TwinsRecord(entry, twins)]
        elif outcome is not None:
            words, how = outcome.message, outcome.how
            out[entry] = [Change(entry, State.PLANNED, outcome.status, message=words, how=how)]
            if twins:
                out[entry].append(TwinsRecord(entry, twins))
    return out


def _warn(jobs: Sequence[BillJob], index: ListedBills, out: ExistingBills) -> None:
    """Numbers that Light has typed in another way, or under another entity."""
    sheet = {(vendor_of(job.bill), job.bill.invoice_number) for job in jobs}
    for job in jobs:
        bill = job.bill
        if not bill.invoice_number or bill.index in out.settled:
            continue
        for remote in index.near(bill)[:1]:
            other_entity = contradicts(remote.company_entity_id, bill.company_entity_id)
            if not other_entity and (vendor_of(remote), remote.invoice_number) in sheet:
                continue  # of another row, which is warned about in the file
            code = "other_entity" if other_entity else "near_in_light"
            out.findings.append(
                bill_finding(
                    f"bills.invoiceNumber.{code}",
                    bill,
                    other=remote.invoice_number or "",
                    id=remote.id,
                    date=remote.issued_date or "no date",
                    money="no amount" if remote.amount is None else money(remote.amount, bill.unit),
                )
            )
