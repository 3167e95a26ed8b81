"""Names and codes → ids of Light: from lookup tables, or from what Light itself lists.

Names match exactly after trimming, case folding and Unicode normalisation. Several candidates, or
none, is a finding; nothing is ever picked by likeness, and no vendor is ever created.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from importer.canonical import BILLS, LINE_ITEMS, PROPERTY
from importer.findings import finding
from importer.records import (
    Account,
    CellRef,
    Entity,
    Property,
    PropertyGroup,
    Vendor,
)
from importer.references.lookups import find_table, load_table
from importer.template.loader import LoadedTemplate
from importer.validation.across import duplicates, same_name
from importer.validation.check import Checked
from importer.validation.likeness import Likeness
from importer.validation.parse import Parsed, ParsedTable

ID_OF = {
    "vendor": (BILLS, "vendorId"),
    "companyEntity": (BILLS, "companyEntityId"),
    "account": (LINE_ITEMS, "accountId"),
    "taxCode": (LINE_ITEMS, "taxCodeId"),
}


@dataclass(frozen=True)
class Directory:
    """What Light lists of a company."""

    vendors: Sequence[Vendor]
    accounts: Sequence[Account]
    entities: Sequence[Entity]
    groups: Sequence[PropertyGroup]


def _ids(table: ParsedTable, name: str) -> Parsed:
    """The column of ids, made where the sheet lacks it."""
    if name not in table.columns:
        table.columns[name] = Parsed.empty(table.size)
    return table.columns[name]


def _parsed(checked: Checked, sheet: str) -> ParsedTable:
    return checked.bills if sheet == BILLS else checked.lines


def _about(sheet: str, items: Iterable[int]) -> dict[str, tuple[int, ...]]:
    return {"bills" if sheet == BILLS else "lines": tuple(int(i) for i in items)}


def _unresolved(checked: Checked, name: str) -> Iterator[tuple[str, list[int]]]:
    """Each distinct name without an id, with the items that have it."""
    sheet, id_name = ID_OF[name]
    table = _parsed(checked, sheet)
    names, ids = table[name], _ids(table, id_name)
    by_name: dict[str, list[int]] = defaultdict(list)
    for i in np.flatnonzero(names.ok & ids.blank):
        by_name[str(names.values[i])].append(int(i))
    yield from by_name.items()


def _set(checked: Checked, name: str, items: list[int], light_id: str) -> None:
    sheet, id_name = ID_OF[name]
    ids = _ids(_parsed(checked, sheet), id_name)
    ids.values[items], ids.blank[items] = light_id, False


def _likeness(names: Iterable[str]) -> Likeness:
    return Likeness(names, cutoff=0.75, key=same_name)


def resolve_by_tables(checked: Checked, loaded: LoadedTemplate, folders: Sequence[Path]) -> None:
    """Fill ids from the template's lookup tables; offline. Findings are added to ``checked``.

    A field with a table is decided by the table alone. TemplateProblem for a table that is wrong.
    """
    everywhere = [*dict.fromkeys([*folders, loaded.path.parent])]
    for name, lookup in loaded.template.lookups.items():
        sheet, _ = ID_OF[name]
        noun = {"companyEntity": "company entity", "account": "ledger account"}.get(name, name)
        noun = "tax code" if name == "taxCode" else noun
        path = find_table(lookup.table, everywhere)
        unresolved = list(_unresolved(checked, name))
        if path is None:
            items = [i for _, some in unresolved for i in some]
            if items:
                where = " and ".join(str(folder.absolute()) for folder in everywhere)
                file = checked.mapped.cell(sheet, name, items[0])
                checked.findings.append(
                    finding(
                        "lookup.table.missing",
                        CellRef(file.file, file.sheet, None, file.column, file.table),
                        lookup.table,
                        field=noun,
                        folders=where,
                        **_about(sheet, items),
                    )
                )
            continue
        table = load_table(path)
        likeness = _likeness(table)
        for text, items in unresolved:
            found = table.get(same_name(text))
            if found:
                _set(checked, name, items, found)
                continue
            near = likeness.hint(text)
            for i in items:
                cell = checked.mapped.cell(sheet, name, i)
                words: dict[str, Any] = {"table": lookup.table, "noun": noun, "nearest": near}
                checked.findings.append(
                    finding(
                        f"{sheet}.{name}.not_in_table", cell, text, **_about(sheet, [i]), **words
                    )
                )
    if "taxCode" not in loaded.template.lookups:
        for text, items in _unresolved(checked, "taxCode"):
            for i in items:
                cell = checked.mapped.cell(LINE_ITEMS, "taxCode", i)
                checked.findings.append(
                    finding("line_items.taxCode.no_table", cell, text, lines=(i,))
                )
    _duplicates_by_id(checked)


def needs(checked: Checked) -> set[str]:
    """Which lists of Light are needed: vendors, accounts, entities, groups."""
    out = set()
    bills, lines = checked.bills, checked.lines
    if bills.size:
        out.add("vendors")
    if not (bills["companyEntity"].blank & bills["companyEntityId"].blank).all():
        out.add("entities")
    if not (lines["account"].blank & lines["accountId"].blank).all():
        out.add("accounts")
    if any(name.startswith(PROPERTY) for name in (*bills.columns, *lines.columns)):
        out.add("groups")
    return out


def resolve_in_light(checked: Checked, directory: Directory, tables: Iterable[str]) -> None:
    """Fill ids from Light's own lists, and check the ids that were given.

    ``tables`` names the fields that lookup tables decide. Findings are added to ``checked``.
    """
    vendors: dict[str, dict[str, str]] = defaultdict(dict)
    for v in directory.vendors:
        for key in filter(None, (v.name, v.identifier, v.vat_id)):
            vendors[same_name(key)][v.id] = f"{v.name} ({v.identifier or v.vat_id or v.id})"
    entities: dict[str, dict[str, str]] = defaultdict(dict)
    for e in directory.entities:
        for key in filter(None, (e.code, e.name)):
            entities[same_name(key)][e.id] = f"{e.name} ({e.code})"
    accounts: dict[str, dict[str, str]] = defaultdict(dict)
    for a in directory.accounts:
        accounts[_account_key(a.code)][a.id] = f"{a.code} {a.label}"

    named: tuple[tuple[str, str, dict[str, dict[str, str]], Callable[[str], str]], ...] = (
        ("vendor", "vendor", vendors, same_name),
        ("companyEntity", "company entity", entities, same_name),
        ("account", "ledger account", accounts, _account_key),
    )
    for name, noun, known, key_of in named:
        if name not in tables:
            _by_name(checked, name, noun, known, key_of)
    _known_ids(checked, BILLS, "vendorId", {v.id for v in directory.vendors})
    _known_ids(checked, BILLS, "companyEntityId", {e.id for e in directory.entities})
    _known_ids(checked, LINE_ITEMS, "accountId", {a.id for a in directory.accounts})
    _disabled_accounts(checked, directory.accounts)
    for sheet in (BILLS, LINE_ITEMS):
        _properties(checked, sheet, directory.groups)
    _duplicates_by_id(checked)


def _account_key(code: str) -> str:
    """Ledger codes are whole numbers in Light; 0400 and 400 are the same one."""
    bare = code.strip()
    return (
        str(int(bare)) if bare.isascii() and bare.isdigit() and len(bare) < 19 else same_name(bare)
    )


def _by_name(
    checked: Checked,
    name: str,
    noun: str,
    known: Mapping[str, Mapping[str, str]],
    key_of: Callable[[str], str],
) -> None:
    sheet, _ = ID_OF[name]
    labels = [label for found in known.values() for label in found.values()]
    likeness = _likeness([*known, *labels])
    for text, items in _unresolved(checked, name):
        found = known.get(key_of(text), {})
        if len(found) == 1:
            _set(checked, name, items, next(iter(found)))
            continue
        words: dict[str, Any] = {"noun": noun}
        if found:
            ending = "several"
            words |= {"count": len(found), "candidates": "; ".join(sorted(found.values()))}
        else:
            ending = "not_found"
            words["nearest"] = likeness.hint(text)
        for i in items:
            cell = checked.mapped.cell(sheet, name, i)
            code = f"{sheet}.{name}.{ending}"
            checked.findings.append(finding(code, cell, text, **_about(sheet, [i]), **words))


def _known_ids(checked: Checked, sheet: str, name: str, known: set[str]) -> None:
    ids = _parsed(checked, sheet)[name]
    for i in np.flatnonzero(ids.ok).tolist():
        if ids.values[i] not in known:
            cell = _cell_of_id(checked, sheet, name, int(i))
            code = f"{sheet}.{name}.unknown"
            checked.findings.append(finding(code, cell, str(ids.values[i]), **_about(sheet, [i])))


def _cell_of_id(checked: Checked, sheet: str, name: str, i: int) -> CellRef:
    """The cell of an id, or of the name that a lookup table turned into it."""
    items = checked.mapped.bills if sheet == BILLS else checked.mapped.lines
    column = items.columns.get(name)
    if column is None or not str(column.text.iloc[i]).strip():
        name = next(n for n, (_, id_name) in ID_OF.items() if id_name == name)
    return checked.mapped.cell(sheet, name, i)


def _disabled_accounts(checked: Checked, accounts: Sequence[Account]) -> None:
    disabled = {a.id: a for a in accounts if (a.status or "ACTIVE").startswith("DISABLED")}
    ids = checked.lines["accountId"]
    for i in np.flatnonzero(ids.ok).tolist():
        account = disabled.get(ids.values[i])
        if account:
            cell = _cell_of_id(checked, LINE_ITEMS, "accountId", int(i))
            value = f"{account.code} {account.label}"
            checked.findings.append(
                finding("line_items.accountId.disabled", cell, value, lines=(int(i),))
            )


def _properties(checked: Checked, sheet: str, groups: Sequence[PropertyGroup]) -> None:
    """Custom properties by label or internal name, their values by label, internal name or id."""
    level = "HEADER" if sheet == BILLS else "LINE"
    mine = [group for group in groups if group.level == level]
    by_label: dict[str, list[PropertyGroup]] = defaultdict(list)
    for group in mine:
        by_label[same_name(group.label)].append(group)
    by_internal = {same_name(group.internal_name): group for group in mine}
    likeness = _likeness([group.label for group in mine])
    table = _parsed(checked, sheet)
    items = checked.mapped.bills if sheet == BILLS else checked.mapped.lines
    for name in [n for n in items.columns if n.startswith(PROPERTY)]:
        parsed, bare = table[name], name[len(PROPERTY) :]
        labelled = by_label.get(same_name(bare), [])
        found_group = by_internal.get(same_name(bare))
        if found_group is None and len(labelled) == 1:
            found_group = labelled[0]
        words: dict[str, Any]
        given = np.flatnonzero(parsed.ok).tolist()
        if found_group is None:
            if len(given):
                cell = checked.mapped.cell(sheet, name, int(given[0]))
                where = CellRef(cell.file, cell.sheet, None, cell.column, cell.table)
                words = {
                    "name": bare,
                    "level": "bills" if sheet == BILLS else "line items",
                    "nearest": "; write the internal name of the one that is meant: "
                    + ", ".join(g.internal_name for g in labelled)
                    if labelled
                    else likeness.hint(bare),
                }
                code = f"{sheet}.property.unknown_property"
                checked.findings.append(finding(code, where, bare, **_about(sheet, given), **words))
            continue
        resolved = checked.properties.setdefault((sheet, name), {})
        for i in given:
            text = str(parsed.values[i])
            found = resolved.get(text) or _property(found_group, bare, text)
            if isinstance(found, Property):
                resolved[text] = found
                continue
            cell = checked.mapped.cell(sheet, name, int(i))
            code = f"{sheet}.property.{found[0]}"
            words = {"name": bare, "nearest": found[1]}
            checked.findings.append(finding(code, cell, text, **_about(sheet, [i]), **words))


def _property(group: PropertyGroup, name: str, text: str) -> Property | tuple[str, str]:
    """The property as Light wants it, or (ending of the code, what to use instead)."""
    if not group.input_type.endswith("_SELECT"):
        value = _inline(group.input_type, text)
        if value is None:
            wanted = {"NUMERIC": "a number", "DATE": "a date, as 2025-03-31"}
            return "not_a_value", wanted.get(group.input_type, "TRUE or FALSE")
        return Property(name, text, group.id, inline_values=(value,))
    labels = Counter(same_name(label) for _, label, _ in group.values)
    by_name = {same_name(v): i for i, v, _ in group.values if labels[same_name(v)] == 1}
    by_name |= {same_name(key): i for i, _, internal in group.values for key in (internal, i)}
    parts = [part for part in text.split(";") if part.strip()]
    ids = [by_name.get(same_name(part)) for part in parts]
    if None in ids or not ids:
        return "not_a_value", "one of " + ", ".join(label for _, label, _ in group.values[:12])
    if len(ids) > 1 and group.input_type == "SINGLE_SELECT":
        return "several_values", ""
    return Property(name, text, group.id, value_ids=tuple(dict.fromkeys(i for i in ids if i)))


def _inline(input_type: str, text: str) -> str | None:
    """An inline value as Light takes it; None where it does not suit the input type."""
    from importer import dates
    from importer.amounts import Unreadable, read_plain

    if input_type == "NUMERIC":
        return None if isinstance(read_plain(text), Unreadable) else text.strip()
    if input_type == "DATE":
        day = dates.reader([], None)(text) if dates.order_of([text]).order else None
        return day.isoformat() if day else None
    if input_type == "BOOLEAN":
        words = {"true": "true", "yes": "true", "false": "false", "no": "false"}
        return words.get(text.strip().casefold())
    return text


def _duplicates_by_id(checked: Checked) -> None:
    """Two names may turn out to be one vendor: the same bill twice is found again by id."""
    told = {(f.code, f.cell) for f in checked.findings}
    for f in duplicates(checked.mapped, checked.bills):
        if (f.code, f.cell) not in told:
            checked.findings.append(f)
