"""Names and codes → ids of Light by what Light itself lists.

Names match exactly after trimming, case folding and Unicode normalisation. Several candidates, or
none, is a finding; nothing is ever picked by likeness.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import numpy as np

from importer.core.account_numbers import is_wrong_vat_id
from importer.core.name_key import name_key
from importer.mapping.template_model import Template
from importer.model.light_objects import PurchaseOrder
from importer.model.report_model import Suggestion, Unresolved
from importer.references.custom_properties import resolve_properties
from importer.references.directory import Directory, names_of
from importer.references.lookup_tables import Pick
from importer.references.name_index import NameIndex
from importer.references.reference_cache import Cached
from importer.references.reference_column import (
    LISTED,
    ReferenceColumn,
    decided_by_tables,
    finish,
    lookup_of,
)
from importer.references.suggested_values import reads_documents
from importer.validation.checked_bills import Checked

_MOST_TAX_CODES = 12  # suggested


def needs(checked: Checked, picks: Sequence[Pick] = ()) -> set[str]:
    """Which lists of Light are needed, as ``Directory`` names them.

    The groups always are, for the custom properties that Light requires.
    """
    out = {"groups"} | {LISTED[pick.field] for pick in picks if pick.field in LISTED}
    if checked.bills.size:
        out.add("vendors")
    for name, listed in LISTED.items():
        column = ReferenceColumn(checked, name)
        cleared = checked.mapped.clears.get(column.sheet, {}).values()
        given = not (column.names.blank & column.ids.blank).all()
        if given or any(column.id_name in names for names in cleared):
            out.add(listed)
    if reads_documents(checked):
        out.add("accounts")  # to name those that Light suggests
    if any(unresolved.field == "taxCode" for unresolved in checked.unresolved):
        out.add("tax_codes")  # to suggest some
    return out


def resolve_in_light(checked: Checked, directory: Directory, template: Template) -> None:
    """Fill ids from Light's own lists, and check the ids that were given.

    Findings, and names that a person has to resolve, are added to ``checked``.
    """
    _add_suggestions(checked, directory)
    checked.vendors = {vendor.id: vendor for vendor in directory.vendors}
    for name in LISTED:
        column = ReferenceColumn(checked, name)
        if not (column.names.ok.any() or column.ids.ok.any()):
            continue
        index = _index(name, directory, template)
        if not decided_by_tables(template, name):
            _find_contradictions(column, index)
            _fill(column, index)
        _check_ids(column, index)
    _check_orders(checked, directory.purchase_orders)
    resolve_properties(checked, directory.groups)
    finish(checked)
    checked.choices = all_choices(checked, directory)


def all_choices(checked: Checked, directory: Directory) -> dict[str, tuple[Suggestion, ...]]:
    """All that Light has, by label, for each field with a name that a person has to resolve, or
    that Light may suggest something for."""
    return {
        name: tuple(
            sorted(
                (Suggestion(t.id, t.label) for t in names_of(name, directory).things if t.usable),
                key=lambda choice: choice.label.casefold(),
            )
        )
        for name in {unresolved.field for unresolved in checked.unresolved}
        | ({"account"} if reads_documents(checked) else set())
    }


def _index(name: str, directory: Directory, template: Template) -> NameIndex:
    """The names of Light that count for a field, by the template."""
    lookup = lookup_of(template, name)
    return names_of(name, directory, lookup.light if lookup else None)


def _add_suggestions(checked: Checked, directory: Directory) -> None:
    """Of Light's things, to the names that nothing has resolved so far."""
    index_of = cache(partial(names_of, directory=directory))
    checked.unresolved = [_suggested(each, index_of(each.field)) for each in checked.unresolved]


def _suggested(unresolved: Unresolved, index: NameIndex) -> Unresolved:
    """An unresolved name with suggestions from Light; of tax codes, which have no names, all."""
    near = index.suggestions(unresolved.value)
    if unresolved.field == "taxCode":
        near = _tax_codes(unresolved.value, index)
    offered = {s.id: s for s in (*near, *unresolved.suggestions)}
    if unresolved.pick is not None:
        offered[unresolved.pick.id] = unresolved.pick
    return replace(unresolved, suggestions=tuple(offered.values()))


def _tax_codes(text: str, index: NameIndex) -> tuple[Suggestion, ...]:
    """All tax codes in use; first those of a rate that the text contains, as "VAT 20%"."""
    rates = set(re.findall(r"\d+(?:\.\d+)?", text.replace(",", ".")))
    by_rate = sorted(index.things, key=lambda thing: thing.label.partition(" ")[0] not in rates)
    return tuple(Suggestion(thing.id, thing.label) for thing in by_rate[:_MOST_TAX_CODES])


def _fill(column: ReferenceColumn, index: NameIndex) -> None:
    missing: dict[str, dict[int, dict[str, str]]] = defaultdict(dict)  # words by code and item
    words_of = cache(lambda nearest: {"nearest": nearest})  # one for the many with none
    for text, items in list(column.named_without_id()):
        things = index.exact(text)
        if len(things) == 1:
            column.set_id(items, things[0].id)
            if not things[0].usable:
                reason = f"{(things[0].status or '').lower().replace('_', ' ')} in Light"
                column.add_unresolved(text, items, reason, index.suggestions(text))
        elif things:
            candidates = "; ".join(thing.label_with_status for thing in things)
            column.add_findings("several", items, count=len(things), candidates=candidates)
            offered = [Suggestion(thing.id, thing.label) for thing in things if thing.usable]
            column.add_unresolved(text, items, "several in Light", offered)
        else:
            wrong = column.name == "vendor" and is_wrong_vat_id(text)
            ending = "wrong_vat_id" if wrong else "not_found"
            missing[ending] |= dict.fromkeys(items, words_of(index.hint(text)))
            column.add_unresolved(text, items, "not in Light", index.suggestions(text))
    for ending, words in missing.items():
        column.add_findings_by_item(ending, words)


def _find_contradictions(column: ReferenceColumn, index: NameIndex) -> None:
    """Ids beside names of something else: an error; beside names of nothing: a warning a pair."""
    ids = column.ids
    by_id = {thing.id: thing for thing in index.things}
    for text, items in column.named_with_sheet_id():
        things = {thing.id: thing for thing in index.exact(text)}
        others: dict[str, list[int]] = defaultdict(list)
        for i in items:
            light_id = ids.at(i)
            if light_id not in things and light_id in by_id:
                others[str(light_id)].append(i)
        for light_id, some in others.items():
            of_id = by_id[light_id].label
            if things:
                of_name = " or ".join(thing.label_with_status for thing in things.values())
                column.add_findings("contradicts_id", some, of_id=of_id, of_name=of_name)
            else:
                words = {"noun": column.noun, "of_id": of_id}
                code = f"{column.sheet}.{column.name}.other_than_id"
                column.add_finding(code, column.cell(some[0]), text, some, **words)


def _check_orders(checked: Checked, orders: Sequence[PurchaseOrder]) -> None:
    """Bills with the purchase order of another vendor."""
    column, vendors = ReferenceColumn(checked, "purchaseOrder"), checked.bills["vendorId"]
    by_id = {order.id: order for order in orders if order.vendor_id}
    for i in np.flatnonzero(column.ids.ok & vendors.ok).tolist():
        order = by_id.get(str(column.ids.values[i]))
        vendor_id = str(vendors.values[i])
        if order is None or order.vendor_id == vendor_id:
            continue
        named = checked.vendors.get(vendor_id)
        cell = column.cell(i, of_id=bool(column.has_sheet_id[i]))
        words = {
            "of_order": order.vendor_name or order.vendor_id,
            "of_bill": named.name if named else vendor_id,
        }
        code, number = "bills.purchaseOrderId.other_vendor", order.number or order.id
        column.add_finding(code, cell, number, [i], **words)


def _check_ids(column: ReferenceColumn, index: NameIndex) -> None:
    """Ids that Light does not have, or has for what is not active."""
    by_id = {thing.id: thing for thing in index.things}
    ids, has_sheet_id, texts = column.ids, column.has_sheet_id, column.names

    def add_finding(ending: str, items: list[int], value: str, **words: Any) -> None:
        """In the cell of the id, else of the name that stands for it."""
        cell = column.cell(items[0], of_id=bool(has_sheet_id[items[0]]))
        column.add_finding(f"{column.sheet}.{column.id_name}.{ending}", cell, value, items, **words)

    doubtful: dict[str, list[int]] = defaultdict(list)
    unknown: dict[bool, list[int]] = defaultdict(list)  # by whether the sheet has the id itself
    different, code = ids.dictionary()
    things = (by_id.get(str(light_id)) for light_id in different)
    usual = np.asarray([t is not None and t.active for t in things], dtype=bool)
    for i in np.flatnonzero(ids.ok & ~usual[code]).tolist():
        thing = by_id.get(str(ids.at(i)))
        if thing is not None and thing.doubtful:
            doubtful[thing.id].append(i)
            continue
        place = None
        if not has_sheet_id[i]:
            place = column.checked.looked_up.get((column.name, name_key(str(texts.at(i)))))
        if thing is not None:
            ending = "disabled" if column.name == "account" else "inactive"
            ending = "unknown_status" if thing.unknown_status else ending
            add_finding(ending, [i], thing.label, status=thing.status)
        elif place is not None:
            column.add_findings("table_id_unknown", [i], table=place, id=ids.at(i))
        else:
            unknown[bool(has_sheet_id[i])].append(i)
    for of_id, items in unknown.items():
        column.add_unknown_ids(items, of_id=of_id)
    for light_id, items in doubtful.items():
        thing = by_id[light_id]
        add_finding("doubtful_status", items, thing.label, status=thing.status)


# --- offline, by what was fetched earlier -----------------------------------------------------


def warn_by_cache(checked: Checked, cached: Cached, template: Template) -> None:
    """Warnings for the names that the company did not have when its lists were fetched.

    No id is filled in: the lists may have changed since.
    """
    words: dict[str, Any] = {"company": cached.company.name, "age": cached.age(datetime.now(UTC))}
    _add_suggestions(checked, cached.directory)
    checked.vendors = {vendor.id: vendor for vendor in cached.directory.vendors}
    for name in LISTED:
        if decided_by_tables(template, name):
            continue
        column, index = ReferenceColumn(checked, name), _index(name, cached.directory, template)
        missing: dict[int, dict[str, Any]] = {}
        for text, items in column.named_without_id():
            if not index.exact(text):
                hint = {**words, "nearest": index.hint(text)}
                missing |= dict.fromkeys(items, hint)
                reason = "missing when the lists were fetched"
                column.add_unresolved(text, items, reason, index.suggestions(text))
        if missing:
            column.add_findings_by_item("not_in_cache", missing)
    checked.choices = all_choices(checked, cached.directory)


def picks_in_light(picks: Sequence[Pick], directory: Directory) -> list[Pick]:
    """The picks whose ids are in use in Light, and all of tax codes, which Light does not list."""
    active: dict[str, Collection[str]] = {
        name: {thing.id for thing in names_of(name, directory).things if thing.usable}
        for name in LISTED
    }
    return [pick for pick in picks if pick.field not in active or pick.id in active[pick.field]]
