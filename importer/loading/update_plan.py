"""Which bills of a load are changed in Light, in what, and which are left as they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.core.answers import Outcome
from importer.core.fetch import fetch_all
from importer.core.object_ids import normal_id, with_names
from importer.loading.bill_diff import PATCHED, field_words, loaded_bill
from importer.loading.bill_finding import bill_finding
from importer.loading.bill_state import is_updatable, unknown_state
from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway, fetch_bill
from importer.loading.identity import content, identities
from importer.loading.image_changes import (
    FieldChange,
    field_changes,
    missing_changes,
    target_of,
    unexplained,
)
from importer.loading.journal.journal import Journal
from importer.loading.journal.update_records import (
    NOT_SENT_STATES,
    UpdateRecord,
    continue_updates,
    open_updates,
    save_updates,
)
from importer.loading.loaded_bills import remote_differences
from importer.loading.operations.update_bill import UpdateBill
from importer.loading.plan import CONTENT_CHANGED, NOTE_CHANGED, LoadPlan
from importer.loading.update_words import changes_words
from importer.model.bill_image import NOT_SHOWN_OF_NOTES, image_of
from importer.model.bill_updates import SheetBill, Update, UpdateState
from importer.model.bills import Bill, DocumentRef, document_noun
from importer.model.field_values import NOTHING
from importer.model.finding import Finding
from importer.model.journal_states import BillOutcome, Discovery, JournalEntry, State, Status
from importer.model.light_objects import LightBill

_CHANGED = (CONTENT_CHANGED, NOTE_CHANGED)
_IN_LIGHT = (Status.ALREADY_LOADED, Status.ALREADY_IN_LIGHT)


@dataclass(frozen=True)
class PlannedUpdate:
    bill: Bill
    update: Update
    light_id: str
    was: Status
    changes: Sequence[FieldChange]

    @property
    def requests(self) -> int:
        """How many it takes: the changes, after a look and before one."""
        changes, _ = missing_changes(self.update.before, self.update.after, self.update.line_ids)
        return 2 + len(changes)

    def operation(self, engine: Engine, selects: Collection[str]) -> UpdateBill:
        return UpdateBill(self.update, self.light_id, self.was, engine.settings, selects)


@dataclass
class UpdatePlan:
    """``updates`` by bill index. ``selects``: the ids of custom properties to select from.
    ``compared`` bills are in Light as the sheet has them, or will be once they are updated."""

    updates: dict[int, PlannedUpdate] = field(default_factory=dict)
    compared: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    selects: frozenset[str] = frozenset()

    @property
    def changes(self) -> list[FieldChange]:
        return [change for each in self.updates.values() for change in each.changes]

    @property
    def credit_notes(self) -> int:
        """How many of the updates are of credit notes."""
        return sum(each.bill.credit_note for each in self.updates.values())

    def absorb(self, other: UpdatePlan) -> None:
        """Add the updates of another plan of the same load."""
        self.updates = other.updates | self.updates
        self.compared |= other.compared
        self.selects |= other.selects

    def words(self) -> Iterator[str]:
        """A line a bill: its number, and what changes."""
        for each in self.updates.values():
            name = each.bill.invoice_number or f"row {each.bill.row}"
            yield f"{name}: {each.update.words}"

    def would_update(self) -> list[Finding]:
        """A finding a bill with its changes."""
        return [
            bill_finding("light.would_update", each.bill, changes=each.update.words)
            for each in self.updates.values()
        ]


async def plan_updates(
    bills: Sequence[Bill],
    plan: LoadPlan,
    gateway: LightGateway,
    journal: Journal,
    light_ids: Mapping[int, str],
    names: Mapping[str, str],
    *,
    force: bool,
) -> UpdatePlan:
    """Read the bills that may differ, and settle what becomes of each.

    Of what this journal created these are the ones whose sheet differs from what was loaded; of
    others, whose content it does not know, all. ``light_ids``, by bill index, are those that the
    rows carry. ``names`` are those of the ids in the changes. ``force``: what somebody else has
    changed in Light since is overwritten.
    """
    out = UpdatePlan()
    await _adopt(plan, gateway, light_ids, out)
    by_index = {bill.index: bill for bill in bills}
    twins = {i for i, outcome in plan.settled.items() if plan.twins.get(i, outcome.entry.twins)}
    entries = {
        i: outcome.entry
        for i, outcome in plan.settled.items()
        if _may_differ(outcome) and i in by_index and i not in twins
    }
    settled = set[int]()
    for i, entry in list(entries.items()):
        if normal_id(light_ids.get(i) or "") not in ("", normal_id(entry.light_id or "")):
            reason = (
                f"the row carries the id {light_ids[i]}, and Light's bill with its number is"
                f" {entry.light_id}"
            )
            out.findings.append(bill_finding("light.not_updated", by_index[i], reason=reason))
            del entries[i]
            settled.add(i)
    unfinished = open_updates(journal, [entry.id for entry in entries.values()])
    differing = {i for f in plan.findings if f.code in _CHANGED for i in f.bills}
    wanted = [
        by_index[i]
        for i, entry in entries.items()
        if i in differing
        or entry.state is not State.CREATED
        or entry.id in unfinished
        or _has_clears(by_index[i])
    ]
    full = journal.entries_of([(entries[bill.index].identity, "") for bill in wanted])
    contents = {bill.index: full[entries[bill.index].identity].content for bill in wanted}
    # One whose change Light would not show keeps its finding.
    wanted = [b for b in wanted if not b.credit_note or _may_change(contents[b.index], b)]
    ids = Counter(str(outcome.entry.light_id) for outcome in plan.settled.values())
    id_of = {bill.index: str(entries[bill.index].light_id) for bill in wanted}
    out.findings += [
        bill_finding("bills.update.twice", bill, id=id_of[bill.index])
        for bill in wanted
        if ids[id_of[bill.index]] > 1
    ]
    wanted = [bill for bill in wanted if ids[id_of[bill.index]] == 1]
    refs = [DocumentRef(id_of[bill.index], bill.credit_note) for bill in wanted]
    remotes = await fetch_all(fetch_bill(gateway, ref) for ref in refs)
    if any(_has_properties(each.content) for each in remotes):
        out.selects = await property_selects(gateway)
    out.selects |= _selected(wanted)
    by_identity = dict(_by_index(identities(bills)))
    for bill, remote in zip(wanted, remotes, strict=True):
        entry = replace(entries[bill.index], content=contents[bill.index])
        identity = by_identity[bill.index] if bill.index in light_ids else entry.identity
        begun = unfinished.get(entry.id)
        _plan_one(bill, entry, remote, identity, begun, plan, out, names, force=force)
    _refuse_shared_identities(journal, out)
    settled |= {bill.index for bill in wanted}
    plan.findings = [
        f for f in plan.findings if f.code not in _CHANGED or not settled & set(f.bills)
    ]
    plan.findings += out.findings
    return out


def _selected(bills: Iterable[Bill]) -> frozenset[str]:
    """The ids of the custom properties that the sheet gives values with ids: Light's bills may have
    none yet."""
    return frozenset(
        normal_id(each.group_id)
        for bill in bills
        for properties in (bill.properties, *(line.properties for line in bill.lines))
        for each in properties
        if each.group_id is not None and each.value_ids
    )


async def property_selects(gateway: LightGateway) -> frozenset[str]:
    """The ids of the custom properties whose values have ids."""
    groups = await gateway.property_groups()
    return frozenset(group.id for group in groups if group.input_type.endswith("SELECT"))


def _may_change(before: str, note: Bill) -> bool:
    """Whether all that the sheet changes of a credit note of this content is what Light shows of
    it. Lines that change are made anew, so that those with custom properties would lose them."""
    if not before:  # nobody here created it
        return False
    then, now = json.loads(before), json.loads(content(note))
    hidden = (*NOT_SHOWN_OF_NOTES, "properties", "creditSign")
    if any(then.get(name) != now.get(name) for name in hidden):
        return False
    with_properties = any(x["properties"] for each in (then, now) for x in each["lineItems"])
    return then["lineItems"] == now["lineItems"] or not with_properties


def _may_differ(outcome: BillOutcome) -> bool:
    return outcome.status in _IN_LIGHT and outcome.entry.light_id is not None


def _has_clears(bill: Bill) -> bool:
    return bool(bill.clears) or any(line.clears for line in bill.lines)


def _has_properties(remote: LightBill | None) -> bool:
    return remote is not None and bool(
        remote.properties or any(line.properties for line in remote.lines or ())
    )


def _by_index(pairs: Iterable[tuple[Bill, str]]) -> Iterator[tuple[int, str]]:
    return ((bill.index, identity) for bill, identity in pairs)


async def _adopt(
    plan: LoadPlan,
    gateway: LightGateway,
    light_ids: Mapping[int, str],
    out: UpdatePlan,
) -> None:
    """A row that carries an id is of that bill, also where the journal does not know it."""
    jobs = [j for j in plan.send if j.bill.index in light_ids and not j.bill.credit_note]
    refs = [DocumentRef(light_ids[job.bill.index]) for job in jobs]
    remotes = await fetch_all(fetch_bill(gateway, ref) for ref in refs)
    for job, ref, remote in zip(jobs, refs, remotes, strict=True):
        if remote.content is None:
            reason = f"Light does not show the bill {ref.id} that the row carries"
            out.findings.append(bill_finding("light.not_updated", job.bill, reason=reason))
            continue
        shown = remote.content
        entry = replace(
            job.entry, light_id=shown.id, light_state=shown.state, light_amount=shown.amount
        )
        plan.existing.append((entry, shown, ""))
        plan.settled[job.bill.index] = BillOutcome(
            Status.ALREADY_IN_LIGHT, entry, how=Discovery.BEFORE_SENDING
        )
    settled = plan.settled.keys()
    plan.withhold({job.bill.index for job in jobs} - settled)
    plan.send = [job for job in plan.send if job.bill.index not in settled]


def _plan_one(
    bill: Bill,
    entry: JournalEntry,
    remote: Outcome[LightBill],
    identity: str,
    begun: Update | None,
    plan: LoadPlan,
    out: UpdatePlan,
    names: Mapping[str, str],
    *,
    force: bool,
) -> None:
    outcome = plan.settled[bill.index]
    plan.settled[bill.index] = replace(outcome, message="")
    shown = remote.content
    if shown is None or shown.lines is None:
        noun = document_noun(bill)
        reason = f"Light does not show its {noun} {entry.light_id}: {remote.reason}"
        out.findings.append(bill_finding("light.not_updated", bill, reason=reason))
        return
    now = image_of(shown, out.selects)
    after = target_of(bill, shown, entry.line_ids, out.selects)
    changes = field_changes(now, after)
    if not changes and begun is None:
        out.compared.add(bill.index)
        return
    words = with_names(changes_words(changes, bill.unit), names)
    if changes and not is_updatable(shown):
        reason = unknown_state(shown) or f"only a draft can be changed (state {shown.state})"
        out.findings.append(bill_finding("light.not_updated", bill, reason=f"{reason}. {words}"))
        return
    others = unexplained(now, begun.images) if begun else _changed_since(bill, entry, shown)
    if others and not force:
        out.findings.append(bill_finding("light.changed_since", bill, fields=", ".join(others)))
        return
    old = SheetBill(entry.identity, entry.content, entry.line_ids)
    update = Update(
        run="",
        entry=entry.id,
        state=UpdateState.PLANNED,
        before=now,
        after=after,
        old=old,
        new=SheetBill(identity, content(bill)),
        words=words,
    )
    if begun is not None and not others:
        tried = (begun.after, *begun.tried)
        update = replace(
            update, state=UpdateState.UNKNOWN, before=begun.before, old=begun.old, tried=tried
        )
    out.updates[bill.index] = PlannedUpdate(bill, update, shown.id, outcome.status, changes)
    out.compared.add(bill.index)


def _changed_since(bill: Bill, entry: JournalEntry, remote: LightBill) -> list[str]:
    """What Light shows otherwise than the journal has loaded it; of a bill that it did not load,
    nothing is known."""
    was_sent = entry.state is State.CREATED or entry.attempts  # else it is as somebody else made it
    if not was_sent or not entry.content:
        return []
    loaded = loaded_bill(entry, bill.unit)
    differences = remote_differences(loaded, remote, remote.lines, entry.line_ids)
    # What it was not given yet is no change of anybody's.
    differences = [d for d in differences if not (d.field in PATCHED and d.light == NOTHING)]
    lines = ("" if d.line is None else f"line {d.line + 1} " for d in differences)
    names = (line + field_words(d) for line, d in zip(lines, differences, strict=True))
    return list(dict.fromkeys(names))


def _refuse_shared_identities(journal: Journal, out: UpdatePlan) -> None:
    """A bill cannot become one that the journal has already under its number."""
    moved = {
        each.update.new.identity: i
        for i, each in out.updates.items()
        if each.update.new.identity != each.update.old.identity
    }
    others = journal.entries_of([(identity, "") for identity in moved])
    for identity, entry in others.items():
        if entry.id and not (entry.state in NOT_SENT_STATES and entry.light_id is None):
            each = out.updates.pop(moved[identity])
            reason = "another bill of this journal has its new number"
            out.findings.append(bill_finding("light.not_updated", each.bill, reason=reason))


def record_updates(out: UpdatePlan, plan: LoadPlan, journal: Journal, run: str) -> list[Finding]:
    """The updates of a run in the journal; what was left unfinished is taken over. What another run
    has claimed is a finding instead."""
    for index in plan.held:
        out.updates.pop(index, None)
    claimed = {entry.id for entry, _, _ in plan.existing}
    wanted = [plan.entries[i] for i in out.updates if plan.entries[i].id not in claimed]
    for i, each in out.updates.items():
        out.updates[i] = replace(each, update=replace(each.update, run=run))
    others: list[int] = []

    def write() -> None:
        refused = journal.claim(wanted)
        others[:] = [i for i, each in out.updates.items() if each.update.entry in refused]
        updates = [each.update for i, each in out.updates.items() if i not in others]
        continue_updates(journal, run, [update.entry for update in updates])
        statuses = (Status.UNKNOWN if update.tried else None for update in updates)
        save_updates(journal, list(map(UpdateRecord, updates, statuses)))

    journal.in_one_commit(write)
    reason = "another load is at work on it"
    bills = [out.updates.pop(i).bill for i in others]
    return [bill_finding("light.not_updated", bill, reason=reason) for bill in bills]


async def update_bills(engine: Engine, out: UpdatePlan) -> None:
    """Make the changes; see ``Engine.execute``."""
    await engine.execute([each.operation(engine, out.selects) for each in out.updates.values()])
