"""The vendors of a load that Light does not have: each is created before its bills are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from importer.core.clock import utc_now
from importer.core.counted_nouns import count
from importer.core.name_key import name_key
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal
from importer.loading.journal.vendor_records import (
    VendorRecord,
    VendorState,
    vendor_records,
)
from importer.loading.operations.create_vendor import CreateVendor
from importer.loading.twins import LONG_AFTER
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.light_objects import NewVendor, Vendor
from importer.model.report_model import Suggestion
from importer.references.directory import Directory
from importer.references.lookup_tables import Pick
from importer.references.name_index import Named
from importer.references.new_vendors import VendorPlan, WantedVendors, plan_vendors
from importer.references.reference_column import ReferenceColumn
from importer.references.vendor_properties import property_differences, resolve_vendor_properties
from importer.validation.checked_bills import Checked

REQUESTS = 3  # a look before, the creation, a look after
IN_LIGHT = (VendorState.CREATED, VendorState.ADOPTED)


@dataclass
class VendorCreation:
    """The vendors of one load, by placeholder. ``former_ids`` are the ids that Light had before."""

    create: dict[str, NewVendor] = field(default_factory=dict)
    former_ids: frozenset[str] = frozenset()
    records: dict[str, VendorRecord] = field(default_factory=dict)  # how they came out
    settled: list[VendorRecord] = field(default_factory=list)  # of earlier runs; Light has them
    recent: list[VendorRecord] = field(default_factory=list)  # those of them sent not long ago
    shown: dict[str, Vendor] = field(default_factory=dict)  # as Light showed them afterwards

    @property
    def perhaps_twice(self) -> list[VendorRecord]:
        """Those that were sent not long ago: a lost request may have come in since."""
        return [*self.records.values(), *self.recent]


def created_vendors(records: Mapping[str, VendorRecord]) -> tuple[tuple[str, str], ...]:
    """The name and Light's id of each vendor that was created."""
    return tuple(
        (record.name, record.light_id)
        for record in records.values()
        if record.state is VendorState.CREATED and record.light_id is not None
    )


def vendor_lines(created: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What was created, for the summary."""
    if created:
        names = "; ".join(f"{name} ({light_id})" for name, light_id in created)
        noun = count(len(created), "vendor")
        yield f"Created in Light: {noun}: {names}. Undo does not remove vendors."


def prepare_vendors(
    checked: Checked,
    wanted: WantedVendors,
    directory: Directory,
    journal: Journal,
    *,
    permitted: bool,
) -> tuple[VendorCreation, Directory]:
    """Which vendors are to be created; the directory with them, under their placeholders.

    Those that Light has are used, and the others' bills get the reason why nothing is created.
    """
    creation = VendorCreation(former_ids=frozenset(vendor.id for vendor in directory.vendors))
    sent = vendor_records(journal, list(wanted.vendors.values()))
    before = of_earlier_runs(sent, directory)
    items = _items_of(checked, wanted.vendors)
    in_use = {id: vendor for id, vendor in wanted.vendors.items() if id in items}
    plan = plan_vendors(in_use, directory.vendors)
    _object_to_others(plan, sent)
    _resolve_properties(checked, wanted, plan, directory, permitted=permitted)
    column = ReferenceColumn(checked, "vendor")
    for id, vendor in plan.existing.items():
        column.set_id(items[id].tolist(), vendor.id)
        _set_pick(checked, in_use[id].name, Suggestion(vendor.id, vendor.name))
        if id in before:
            creation.settled.append(before[id])
            if (moment := sent[id].sent) is not None and moment > utc_now() - LONG_AFTER:
                creation.recent.append(before[id])
        else:
            column.add_findings("create_exists", items[id][:1], id=vendor.id)
    for id, (ending, words, near) in plan.objections.items():
        _object(column, items[id], in_use[id], ending, words, near)
    for id in plan.create:
        if not permitted:
            column.add_findings("create_option", items[id])
    if permitted:
        creation.create = plan.create
        checked.add_findings(_unused(column, wanted))
    pseudo = [Vendor(id, each.name) for id, each in in_use.items() if id not in plan.existing]
    return creation, replace(directory, vendors=[*directory.vendors, *pseudo])


def _resolve_properties(
    checked: Checked,
    wanted: WantedVendors,
    plan: VendorPlan,
    directory: Directory,
    *,
    permitted: bool,
) -> None:
    """Those of the vendors to create as Light wants them; what is wrong stops the vendor. Those
    that Light has keep theirs."""
    formats = checked.mapped.template.formats
    if permitted:
        resolved = resolve_vendor_properties(plan.create, wanted, directory, formats)
        checked.add_findings(resolved.findings)
        plan.create = {id: resolved.of(vendor) for id, vendor in plan.create.items()}
        for id, problems in resolved.problems.items():
            plan.objections[id] = ("create_property", {"reason": "; ".join(problems)}, [])
            del plan.create[id]
    existing = {id: wanted.vendors[id] for id in plan.existing}
    resolved = resolve_vendor_properties(existing, wanted, directory, formats)
    for id, light in plan.existing.items():
        checked.add_findings(property_differences(resolved.of(existing[id]), light, wanted))


def forget_placeholders(checked: Checked, wanted: WantedVendors, creation: VendorCreation) -> None:
    """Take the vendors that Light does not have out of what is offered for a pick, and those that
    are not to be created out of their bills."""
    ids, column = wanted.vendors.keys(), ReferenceColumn(checked, "vendor")
    for id, items in _items_of(checked, wanted.vendors).items():
        if id not in creation.create:
            column.clear_id(items.tolist())

    def real(some: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
        return tuple(each for each in some if each.id not in ids)

    checked.choices = {name: real(some) for name, some in checked.choices.items()}
    checked.unresolved = [
        replace(each, suggestions=real(each.suggestions)) for each in checked.unresolved
    ]


def _items_of(checked: Checked, ids: Mapping[str, object]) -> dict[str, np.ndarray]:
    """The bills of each placeholder that a bill has."""
    column = ReferenceColumn(checked, "vendor").ids
    different, code = column.dictionary()
    at = {str(value): k for k, value in enumerate(different) if str(value) in ids}
    items = {id: np.flatnonzero(column.ok & (code == k)) for id, k in at.items()}
    return {id: some for id, some in items.items() if len(some)}


def _object(
    column: ReferenceColumn,
    items: np.ndarray,
    vendor: NewVendor,
    ending: str,
    words: Mapping[str, object],
    near: Sequence[Named],
) -> None:
    """Put on the bills of a vendor why it is not created, and the name among those to resolve."""
    column.add_findings(ending, items, **words)
    checked, key = column.checked, name_key(vendor.name)
    text = str(column.names.at(int(items[0])) or vendor.name)
    checked.unresolved = [
        each
        for each in checked.unresolved
        if not (each.field == "vendor" and name_key(each.value) in (key, name_key(text)))
    ]
    offered = [Suggestion(thing.id, thing.label) for thing in near]
    column.add_unresolved(text, items.tolist(), "not created", offered)


def _unused(column: ReferenceColumn, wanted: WantedVendors) -> Iterator[Finding]:
    """Vendors of the sheet that no bill names."""
    texts = {name_key(str(text)) for text in column.names.dictionary()[0]}
    named = {entry.id for entry in wanted.entries if name_key(entry.value) in texts}
    for id, cell in wanted.cells.items():
        if id not in named:
            yield finding("vendors.unused", cell, wanted.vendors[id].name)


def _set_pick(checked: Checked, name: str, pick: Suggestion) -> None:
    checked.unresolved = [
        replace(each, pick=pick, suggestions=(*each.suggestions, pick))
        if each.field == "vendor" and name_key(each.value) == name_key(name)
        else each
        for each in checked.unresolved
    ]


# --- creation ---------------------------------------------------------------------------------


def operations(
    creation: VendorCreation, used: Mapping[str, NewVendor], journal: Journal, engine: Engine
) -> list[CreateVendor]:
    """The creation of each that no earlier run is known to have created."""
    before = vendor_records(journal, list(used.values()))
    out = []
    for id, vendor in used.items():
        record = before.get(id) or VendorRecord(id, vendor.name, VendorState.PLANNED)
        if (
            record.state in IN_LIGHT
            and record.light_id
            and record.light_id not in creation.former_ids
        ):
            creation.records[id] = record  # Light's list does not show it yet
            continue
        if record.state in IN_LIGHT:
            record = VendorRecord(id, vendor.name, VendorState.PLANNED)
        out.append(
            CreateVendor(
                vendor, record, engine.settings, engine.run, former_ids=creation.former_ids
            )
        )
    return out


def settle_vendors(
    checked: Checked, creation: VendorCreation, used: Mapping[str, NewVendor]
) -> bool:
    """Give the bills the ids of their vendors; those without get the reason. Whether all have
    theirs."""
    column, items = ReferenceColumn(checked, "vendor"), _items_of(checked, used)
    for id, vendor in used.items():
        record = creation.records.get(id)
        if record is not None and record.state in IN_LIGHT and record.light_id:
            column.set_id(items[id].tolist(), record.light_id)
            checked.vendors.pop(id, None)
            checked.vendors[record.light_id] = Vendor(record.light_id, vendor.name)
            _set_pick(checked, vendor.name, Suggestion(record.light_id, vendor.name))
            continue
        state = record.state if record is not None else VendorState.PLANNED
        reason = (record.message if record is not None else "") or "the load ended before"
        sure = state in (VendorState.REJECTED, VendorState.PLANNED)
        ending = "not_created" if sure else "create_unknown"
        column.add_findings(ending, items[id], reason=reason)
        column.clear_id(items[id].tolist())
    return all(id in creation.records and creation.records[id].state in IN_LIGHT for id in used)


def _object_to_others(plan: VendorPlan, sent: Mapping[str, VendorRecord]) -> None:
    """A vendor of the name is not taken where an earlier load created another one, which Light does
    not list now: its bills would be loaded again, as those of the other."""
    for id, vendor in [*plan.existing.items()]:
        created = sent[id].light_id if id in sent and sent[id].state in IN_LIGHT else None
        if created not in (None, vendor.id):
            reason = f"an earlier load created it as {created}, which Light does not list now"
            thing = Named(vendor.id, vendor.name, (vendor.name,))
            plan.objections[id] = ("create_differs", {"reason": reason}, [thing])
            del plan.existing[id]


def of_earlier_runs(
    sent: Mapping[str, VendorRecord], directory: Directory
) -> dict[str, VendorRecord]:
    """The vendors that earlier runs sent, and that Light shows now, by placeholder."""
    by_name = {name_key(vendor.name): vendor for vendor in directory.vendors}
    out = {}
    for id, record in sent.items():
        vendor = by_name.get(name_key(record.name))
        tried = record.state not in (VendorState.PLANNED, VendorState.REJECTED)
        if vendor is not None and tried and record.light_id in (None, vendor.id):
            out[id] = replace(record, state=VendorState.CREATED, light_id=vendor.id, message="")
    return out


def differences(creation: VendorCreation, wanted: WantedVendors) -> Iterator[Finding]:
    """What the created vendors have otherwise in Light than they were to have."""
    for id, light in creation.shown.items():
        yield from property_differences(creation.create[id], light, wanted)


def doubles(listed: Sequence[Vendor], creation: VendorCreation) -> Iterator[Finding]:
    """The created vendors that Light lists more than once, with all ids."""
    for record in creation.perhaps_twice:
        same = [v for v in listed if name_key(v.name) == name_key(record.name)]
        if record.state in IN_LIGHT and len(same) > 1:
            ids = " and ".join(sorted(vendor.id for vendor in same))
            yield finding("vendors.twice", CellRef("", None), record.name, ids=ids)


def created_picks(creation: VendorCreation) -> list[Pick]:
    """The created vendors as picks for the lookup tables."""
    return [
        Pick("vendor", record.name, str(record.light_id), record.name, f"vendor {record.name}")
        for record in creation.records.values()
        if record.state in IN_LIGHT and record.light_id
    ]
