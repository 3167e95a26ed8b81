"""Names and codes → ids of Light: from lookup tables, or from what Light itself lists.

Names match exactly after trimming, case folding and Unicode normalisation. Several candidates, or
none, is a finding; nothing is ever picked by likeness, and no vendor is ever created.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from importer.canonical import BILLS, LINE_ITEMS
from importer.findings import finding
from importer.records import CellRef, Suggestion, Unresolved
from importer.references.cache import Cached
from importer.references.directory import Directory, names_of
from importer.references.lookups import Pick, Tables
from importer.references.names import Named, Names
from importer.references.properties import resolve_properties
from importer.template.model import Lookup, Template
from importer.validation.across import duplicates, same_name
from importer.validation.check import Checked
from importer.validation.parse import Parsed, ParsedTable

ID_OF = {
    "vendor": (BILLS, "vendorId"),
    "companyEntity": (BILLS, "companyEntityId"),
    "account": (LINE_ITEMS, "accountId"),
    "taxCode": (LINE_ITEMS, "taxCodeId"),
}
NOUNS = {
    "vendor": "vendor",
    "companyEntity": "company entity",
    "account": "ledger account",
    "taxCode": "tax code",
}
_MOST_TAX_CODES = 12  # suggested
_LISTS = {"vendor": "vendors", "companyEntity": "entities", "account": "accounts"}


def _parsed(checked: Checked, sheet: str) -> ParsedTable:
    return checked.bills if sheet == BILLS else checked.lines


def _ids(checked: Checked, name: str) -> Parsed:
    """The column of ids, made where the sheet lacks it."""
    sheet, id_name = ID_OF[name]
    table = _parsed(checked, sheet)
    if id_name not in table.columns:
        table.columns[id_name] = Parsed.empty(table.size)
    return table.columns[id_name]


def _named(checked: Checked, name: str) -> Parsed:
    return _parsed(checked, ID_OF[name][0])[name]


def _about(sheet: str, items: Iterable[int]) -> dict[str, tuple[int, ...]]:
    return {"bills" if sheet == BILLS else "lines": tuple(int(i) for i in items)}


def _groups(checked: Checked, name: str, which: np.ndarray) -> Iterator[tuple[str, list[int]]]:
    """Each name that the items have, once however it is written, with those that have it."""
    values = _named(checked, name).values
    by_name: dict[str, list[int]] = defaultdict(list)
    compared: dict[str, str] = {}
    for i in np.flatnonzero(which).tolist():
        text = str(values[i])
        key = compared.get(text)
        if key is None:
            key = compared[text] = same_name(text)
        by_name[key].append(i)
    for items in by_name.values():
        yield str(values[items[0]]), items


def _unresolved(checked: Checked, name: str) -> Iterator[tuple[str, list[int]]]:
    return _groups(checked, name, _named(checked, name).ok & _ids(checked, name).blank)


def _with_id(checked: Checked, name: str) -> np.ndarray:
    """Which items have an id of their own in the sheet, not one that a table gave."""
    sheet, id_name = ID_OF[name]
    column = checked.mapped.items(sheet).columns.get(id_name)
    if column is None:
        return np.zeros(_parsed(checked, sheet).size, dtype=bool)
    given = np.asarray([bool(text.strip()) for text in column.text], dtype=bool)
    return np.asarray(given & _ids(checked, name).ok)


def _set(checked: Checked, name: str, items: list[int], light_id: str) -> None:
    ids = _ids(checked, name)
    ids.values[items], ids.blank[items] = light_id, False


def _tell(checked: Checked, name: str, ending: str, items: Iterable[int], **words: Any) -> None:
    """One finding for each of the items, in the cell of its name."""
    sheet, _ = ID_OF[name]
    values = _named(checked, name).values
    for i in items:
        cell = checked.mapped.cell(sheet, name, i)
        words = {"noun": NOUNS[name]} | words
        code = f"{sheet}.{name}.{ending}"
        checked.findings.append(finding(code, cell, str(values[i]), **_about(sheet, [i]), **words))


def _note(
    checked: Checked,
    name: str,
    text: str,
    items: Sequence[int],
    reason: str,
    suggestions: Sequence[Suggestion] = (),
    pick: Suggestion | None = None,
) -> None:
    """Put the name among those that a person has to resolve."""
    sheet, _ = ID_OF[name]
    bills = set(items) if sheet == BILLS else {int(checked.line_bill[i]) for i in items} - {-1}
    cells = tuple(checked.mapped.cell(sheet, name, i) for i in items)
    checked.unresolved.append(
        Unresolved(name, text, reason, len(bills), cells, tuple(suggestions), pick)
    )


# --- by tables --------------------------------------------------------------------------------


def resolve_by_tables(
    checked: Checked,
    template: Template,
    tables: Mapping[str, Tables],
    folders: Sequence[str] = (),
    picks: Sequence[Pick] = (),
) -> None:
    """Fill ids from lookup tables; offline. Findings are added to ``checked``.

    A field for which the template names a table, and no ``light``, is decided by tables alone; the
    others are left to Light where no table has the name. ``folders`` is where the template's
    tables were looked for, ``picks`` are those among the tables.
    """
    for name in ID_OF:
        of_field = tables.get(name)
        if of_field is not None:
            _contradicted_by_table(checked, name, of_field)
            _fill(checked, name, of_field)
        if name == "taxCode" or decided_by_tables(_lookup(template, name)):
            _not_in_tables(checked, name, of_field, folders)
    _note_picks(checked, picks)
    checked.unresolved.sort(key=_in_order)
    _duplicates_by_id(checked)


def decided_by_tables(lookup: Lookup | None) -> bool:
    return lookup is not None and lookup.light is None


def _lookup(template: Template, name: str) -> Lookup | None:
    return next((lookup for field, lookup in template.lookups.items() if field == name), None)


def _fill(checked: Checked, name: str, tables: Tables) -> None:
    for text, items in _unresolved(checked, name):
        entry = tables.entries.get(same_name(text))
        if entry is not None:
            _set(checked, name, items, entry.id)
            checked.looked_up[name, same_name(text)] = entry.place


def _contradicted_by_table(checked: Checked, name: str, tables: Tables) -> None:
    ids = _ids(checked, name).values
    both = _with_id(checked, name) & _named(checked, name).ok
    for text, items in _groups(checked, name, both):
        entry = tables.entries.get(same_name(text))
        wrong = [i for i in items if entry is not None and ids[i] != entry.id]
        for i in wrong:
            assert entry is not None
            of_name = f"{entry.id} according to {entry.place}"
            of_id = f"the {NOUNS[name]} {ids[i]}"
            _tell(checked, name, "contradicts_id", [i], of_id=of_id, of_name=of_name)


def _not_in_tables(
    checked: Checked, name: str, tables: Tables | None, folders: Sequence[str]
) -> None:
    """Names that no table has, in a field that nothing else can resolve."""
    sheet, _ = ID_OF[name]
    unresolved = list(_unresolved(checked, name))
    items = [i for _, some in unresolved for i in some]
    if not items:
        return
    if tables is None or not tables.files:
        reason = "no lookup table"
        if tables is not None and tables.missing:
            reason = f"no lookup table {tables.missing}"
            _tell_missing(checked, name, tables.missing, items, folders)
        else:  # only tax codes need no table in the template
            for i in items:
                cell = checked.mapped.cell(sheet, name, i)
                value = str(_named(checked, name).values[i])
                checked.findings.append(
                    finding("line_items.taxCode.no_table", cell, value, lines=(i,))
                )
        for text, some in unresolved:
            _note(checked, name, text, some, reason)
        return
    files = " and ".join(tables.files)
    known = Names([Named(e.id, e.value, (e.value,)) for e in tables.entries.values()])
    for text, some in unresolved:
        nearest = known.hint(text)
        _tell(checked, name, "not_in_table", some, table=files, nearest=nearest)
        _note(checked, name, text, some, f"not in {files}", known.suggestions(text))


def _tell_missing(
    checked: Checked, name: str, table: str, items: Sequence[int], folders: Sequence[str]
) -> None:
    sheet, _ = ID_OF[name]
    file = checked.mapped.cell(sheet, name, items[0])
    where = CellRef(file.file, file.sheet, None, file.column, file.table)
    words: dict[str, Any] = {"field": NOUNS[name], "folders": " and ".join(folders)}
    checked.findings.append(
        finding("lookup.table.missing", where, table, **words, **_about(sheet, items))
    )


def _note_picks(checked: Checked, picks: Sequence[Pick]) -> None:
    """Picks stay in the next result workbook too: nothing has to be picked twice."""
    for name in ID_OF:
        of_field = {same_name(pick.value): pick for pick in picks if pick.field == name}
        if not of_field:
            continue
        for text, items in _groups(checked, name, _named(checked, name).ok):
            pick = of_field.get(same_name(text))
            if pick is not None:
                chosen = Suggestion(pick.id, pick.label)
                offered = tuple(dict.fromkeys((*pick.suggestions, chosen)))
                _note(checked, name, text, items, "picked", offered, chosen)


# --- by what Light lists ----------------------------------------------------------------------


def needs(checked: Checked, picks: Sequence[Pick] = ()) -> set[str]:
    """Which lists of Light are needed: vendors, accounts, entities, groups, tax_codes.

    The groups always are: they say which custom properties Light asks for.
    """
    out = {"groups"} | {_LISTS[pick.field] for pick in picks if pick.field in _LISTS}
    if checked.bills.size:
        out.add("vendors")
    for name, listed in _LISTS.items():
        if not (_named(checked, name).blank & _ids(checked, name).blank).all():
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
        lookup = _lookup(template, name)
        names = names_of(name, directory, lookup.light if lookup else None)
        if not decided_by_tables(lookup):
            _contradicted_by_light(checked, name, names)
            _by_name(checked, name, names)
        _check_ids(checked, name, names)
    checked.unresolved.sort(key=_in_order)
    resolve_properties(checked, directory.groups)
    _duplicates_by_id(checked)


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


def _in_order(unresolved: Unresolved) -> tuple[bool, int]:
    """What is still to be picked comes first, then by field."""
    return unresolved.pick is not None, list(ID_OF).index(unresolved.field)


def _by_name(checked: Checked, name: str, names: Names) -> None:
    for text, items in list(_unresolved(checked, name)):
        found = names.exact(text)
        if len(found) == 1:
            _set(checked, name, items, found[0].id)
            if found[0].ended:
                reason = f"{found[0].status} in Light"
                _note(checked, name, text, items, reason, names.suggestions(text))
        elif found:
            candidates = "; ".join(thing.told() for thing in found)
            _tell(checked, name, "several", items, count=len(found), candidates=candidates)
            offered = [Suggestion(thing.id, thing.label) for thing in found if not thing.ended]
            _note(checked, name, text, items, "several in Light", offered)
        else:
            _tell(checked, name, "not_found", items, nearest=names.hint(text))
            _note(checked, name, text, items, "not in Light", names.suggestions(text))


def _contradicted_by_light(checked: Checked, name: str, names: Names) -> None:
    """Ids beside names of something else: an error; beside names of nothing: a warning a pair."""
    ids = _ids(checked, name).values
    by_id = {thing.id: thing for thing in names.things}
    for text, items in _groups(checked, name, _with_id(checked, name) & _named(checked, name).ok):
        found = {thing.id: thing for thing in names.exact(text)}
        others: dict[str, list[int]] = defaultdict(list)
        for i in items:
            if ids[i] not in found and ids[i] in by_id:
                others[str(ids[i])].append(i)
        for light_id, some in others.items():
            of_id = by_id[light_id].label
            if found:
                of_name = " or ".join(thing.told() for thing in found.values())
                _tell(checked, name, "contradicts_id", some, of_id=of_id, of_name=of_name)
            else:
                sheet, _ = ID_OF[name]
                cell = checked.mapped.cell(sheet, name, some[0])
                words: dict[str, Any] = {"noun": NOUNS[name], "of_id": of_id}
                code = f"{sheet}.{name}.other_than_id"
                checked.findings.append(finding(code, cell, text, **_about(sheet, some), **words))


def _check_ids(checked: Checked, name: str, names: Names) -> None:
    """Ids that Light does not have, or has for what is not active."""
    sheet, id_name = ID_OF[name]
    by_id = {thing.id: thing for thing in names.things}
    ids, given, texts = _ids(checked, name), _with_id(checked, name), _named(checked, name).values

    def tell(ending: str, items: list[int], value: str, **words: Any) -> None:
        """In the cell of the id, else of the name that became it."""
        cell = checked.mapped.cell(sheet, id_name if given[items[0]] else name, items[0])
        code = f"{sheet}.{id_name}.{ending}"
        checked.findings.append(finding(code, cell, value, **_about(sheet, items), **words))

    doubtful: dict[str, list[int]] = defaultdict(list)
    for i in np.flatnonzero(ids.ok).tolist():
        thing = by_id.get(str(ids.values[i]))
        if thing is not None and not thing.ended:
            if thing.doubtful:
                doubtful[thing.id].append(i)
            continue
        place = None if given[i] else checked.looked_up.get((name, same_name(str(texts[i]))))
        if thing is not None:
            ending = "disabled" if name == "account" else "inactive"
            tell(ending, [i], thing.label, status=thing.status)
        elif place is not None:
            _tell(checked, name, "table_id_unknown", [i], table=place, id=ids.values[i])
        else:
            tell("unknown", [i], str(ids.values[i]))
    for light_id, items in doubtful.items():
        thing = by_id[light_id]
        tell("doubtful_status", items, thing.label, status=thing.status)


def _duplicates_by_id(checked: Checked) -> None:
    """Two names may turn out to be one vendor: the same bill twice is found again by id."""
    told = {(f.code, f.cell) for f in checked.findings}
    for f in duplicates(checked.mapped, checked.bills):
        if (f.code, f.cell) not in told:
            checked.findings.append(f)


# --- offline, by what was fetched earlier -----------------------------------------------------


def warn_by_cache(checked: Checked, cached: Cached, template: Template) -> None:
    """Warnings for the names that the company did not have when its lists were fetched.

    No id is filled in: what is fetched earlier may have changed since.
    """
    words: dict[str, Any] = {"company": cached.company.name, "age": cached.age(datetime.now(UTC))}
    checked.unresolved = [_suggested(each, cached.directory) for each in checked.unresolved]
    for name in _LISTS:
        lookup = _lookup(template, name)
        if decided_by_tables(lookup):
            continue
        names = names_of(name, cached.directory, lookup.light if lookup else None)
        for text, items in _unresolved(checked, name):
            if not names.exact(text):
                _tell(checked, name, "not_in_cache", items, nearest=names.hint(text), **words)
                reason = "not known when it was fetched"
                _note(checked, name, text, items, reason, names.suggestions(text))


def known_picks(picks: Sequence[Pick], directory: Directory) -> list[Pick]:
    """The picks that may be kept: Light has the id, and it is in use. Tax codes cannot be asked."""
    active: dict[str, Collection[str]] = {
        name: {thing.id for thing in names_of(name, directory).things if not thing.ended}
        for name in _LISTS
    }
    return [pick for pick in picks if pick.field not in active or pick.id in active[pick.field]]
