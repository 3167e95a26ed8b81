"""Names and codes → ids of Light by what Light itself lists.

Names match exactly after trimming, case folding and Unicode normalisation. Several candidates, or
none, is a finding; nothing is ever picked by likeness, and no vendor is ever created.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from importer.mapping.template_model import Template
from importer.model.finding_catalogue import finding
from importer.model.report_model import Suggestion, Unresolved
from importer.references.custom_properties import resolve_properties
from importer.references.directory import Directory, names_of
from importer.references.lookup_tables import Pick
from importer.references.name_index import Names
from importer.references.reference_cache import Cached
from importer.references.sheet_names import (
    ID_OF,
    NOUNS,
    about,
    decided_by_tables,
    groups,
    ids_of,
    in_order,
    lookup_of,
    named,
    note,
    set_id,
    tell,
    tell_duplicates,
    unresolved_names,
    with_id,
)
from importer.validation.cross_row_rules import same_name
from importer.validation.validate import Checked

_MOST_TAX_CODES = 12  # suggested
_LISTS = {"vendor": "vendors", "companyEntity": "entities", "account": "accounts"}


def needs(checked: Checked, picks: Sequence[Pick] = ()) -> set[str]:
    """Which lists of Light are needed: vendors, accounts, entities, groups, tax_codes.

    The groups always are: they say which custom properties Light asks for.
    """
    out = {"groups"} | {_LISTS[pick.field] for pick in picks if pick.field in _LISTS}
    if checked.bills.size:
        out.add("vendors")
    for name, listed in _LISTS.items():
        if not (named(checked, name).blank & ids_of(checked, name).blank).all():
            out.add(listed)
    if any(unresolved.field == "taxCode" for unresolved in checked.unresolved):
        out.add("tax_codes")  # to suggest some
    return out


def resolve_in_light(checked: Checked, directory: Directory, template: Template) -> None:
    """Fill ids from Light's own lists, and check the ids that were given.

    Findings, and names that a person has to resolve, are added to ``checked``.
    """
    checked.unresolved = [_suggested(each, directory) for each in checked.unresolved]
    for name in _LISTS:
        lookup = lookup_of(template, name)
        names = names_of(name, directory, lookup.light if lookup else None)
        if not decided_by_tables(lookup):
            _contradicted_by_light(checked, name, names)
            _by_name(checked, name, names)
        _check_ids(checked, name, names)
    checked.unresolved.sort(key=in_order)
    resolve_properties(checked, directory.groups)
    tell_duplicates(checked)


def _suggested(unresolved: Unresolved, directory: Directory) -> Unresolved:
    """What no table has, with what Light has for it; tax codes have no names: all are offered."""
    names = names_of(unresolved.field, directory)
    near = names.suggestions(unresolved.value)
    if unresolved.field == "taxCode":
        near = _tax_codes(unresolved.value, names)
    offered = {s.id: s for s in (*near, *unresolved.suggestions)}
    if unresolved.pick is not None:
        offered[unresolved.pick.id] = unresolved.pick
    return replace(unresolved, suggestions=tuple(offered.values()))


def _tax_codes(text: str, names: Names) -> tuple[Suggestion, ...]:
    """All tax codes that were seen; first those of a rate that the text has in it, as "VAT 20%"."""
    rates = set(re.findall(r"\d+(?:\.\d+)?", text.replace(",", ".")))
    by_rate = sorted(names.things, key=lambda thing: thing.label.partition(" ")[0] not in rates)
    return tuple(Suggestion(thing.id, thing.label) for thing in by_rate[:_MOST_TAX_CODES])


def _by_name(checked: Checked, name: str, names: Names) -> None:
    for text, items in list(unresolved_names(checked, name)):
        found = names.exact(text)
        if len(found) == 1:
            set_id(checked, name, items, found[0].id)
            if found[0].ended:
                reason = f"{found[0].status} in Light"
                note(checked, name, text, items, reason, names.suggestions(text))
        elif found:
            candidates = "; ".join(thing.told() for thing in found)
            tell(checked, name, "several", items, count=len(found), candidates=candidates)
            offered = [Suggestion(thing.id, thing.label) for thing in found if not thing.ended]
            note(checked, name, text, items, "several in Light", offered)
        else:
            tell(checked, name, "not_found", items, nearest=names.hint(text))
            note(checked, name, text, items, "not in Light", names.suggestions(text))


def _contradicted_by_light(checked: Checked, name: str, names: Names) -> None:
    """Ids beside names of something else: an error; beside names of nothing: a warning a pair."""
    ids = ids_of(checked, name).values
    by_id = {thing.id: thing for thing in names.things}
    for text, items in groups(checked, name, with_id(checked, name) & named(checked, name).ok):
        found = {thing.id: thing for thing in names.exact(text)}
        others: dict[str, list[int]] = defaultdict(list)
        for i in items:
            if ids[i] not in found and ids[i] in by_id:
                others[str(ids[i])].append(i)
        for light_id, some in others.items():
            of_id = by_id[light_id].label
            if found:
                of_name = " or ".join(thing.told() for thing in found.values())
                tell(checked, name, "contradicts_id", some, of_id=of_id, of_name=of_name)
            else:
                sheet, _ = ID_OF[name]
                cell = checked.mapped.cell(sheet, name, some[0])
                words: dict[str, Any] = {"noun": NOUNS[name], "of_id": of_id}
                code = f"{sheet}.{name}.other_than_id"
                checked.findings.append(finding(code, cell, text, **about(sheet, some), **words))


def _check_ids(checked: Checked, name: str, names: Names) -> None:
    """Ids that Light does not have, or has for what is not active."""
    sheet, id_name = ID_OF[name]
    by_id = {thing.id: thing for thing in names.things}
    ids, given, texts = ids_of(checked, name), with_id(checked, name), named(checked, name).values

    def tell_id(ending: str, items: list[int], value: str, **words: Any) -> None:
        """In the cell of the id, else of the name that became it."""
        cell = checked.mapped.cell(sheet, id_name if given[items[0]] else name, items[0])
        code = f"{sheet}.{id_name}.{ending}"
        checked.findings.append(finding(code, cell, value, **about(sheet, items), **words))

    doubtful: dict[str, list[int]] = defaultdict(list)
    different, code = ids.dictionary()
    things = (by_id.get(str(light_id)) for light_id in different)
    usual = np.asarray(
        [t is not None and not t.ended and not t.doubtful for t in things], dtype=bool
    )
    for i in np.flatnonzero(ids.ok & ~usual[code]).tolist():
        thing = by_id.get(str(ids.values[i]))
        if thing is not None and not thing.ended:
            doubtful[thing.id].append(i)
            continue
        place = None if given[i] else checked.looked_up.get((name, same_name(str(texts[i]))))
        if thing is not None:
            ending = "disabled" if name == "account" else "inactive"
            tell_id(ending, [i], thing.label, status=thing.status)
        elif place is not None:
            tell(checked, name, "table_id_unknown", [i], table=place, id=ids.values[i])
        else:
            tell_id("unknown", [i], str(ids.values[i]))
    for light_id, items in doubtful.items():
        thing = by_id[light_id]
        tell_id("doubtful_status", items, thing.label, status=thing.status)


# --- offline, by what was fetched earlier -----------------------------------------------------


def warn_by_cache(checked: Checked, cached: Cached, template: Template) -> None:
    """Warnings for the names that the company did not have when its lists were fetched.

    No id is filled in: what is fetched earlier may have changed since.
    """
    words: dict[str, Any] = {"company": cached.company.name, "age": cached.age(datetime.now(UTC))}
    checked.unresolved = [_suggested(each, cached.directory) for each in checked.unresolved]
    for name in _LISTS:
        lookup = lookup_of(template, name)
        if decided_by_tables(lookup):
            continue
        names = names_of(name, cached.directory, lookup.light if lookup else None)
        for text, items in unresolved_names(checked, name):
            if not names.exact(text):
                tell(checked, name, "not_in_cache", items, nearest=names.hint(text), **words)
                reason = "not known when it was fetched"
                note(checked, name, text, items, reason, names.suggestions(text))


def known_picks(picks: Sequence[Pick], directory: Directory) -> list[Pick]:
    """The picks that may be kept: Light has the id, and it is in use. Tax codes cannot be asked."""
    active: dict[str, Collection[str]] = {
        name: {thing.id for thing in names_of(name, directory).things if not thing.ended}
        for name in _LISTS
    }
    return [pick for pick in picks if pick.field not in active or pick.id in active[pick.field]]
