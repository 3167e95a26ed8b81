"""Choices of a fill-in workbook's dropdowns: names that a load resolves to exactly one id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.references.directory import Directory, names_of
from importer.references.name_index import NameIndex
from importer.scaffold.fill_in_workbook import Choice, Choices


def choices_of(company: str, directory: Directory) -> tuple[Choices, list[str]]:
    """The choices, and a sentence for each kind of thing that has no unambiguous name."""
    notes: list[str] = []
    vendors = _named(
        names_of("vendor", directory),
        ((v.id, v.name, (v.name, v.identifier, v.vat_id)) for v in directory.vendors),
        "vendor",
        notes,
    )
    entities = _named(
        names_of("companyEntity", directory),
        ((e.id, e.name, (e.code, e.name)) for e in directory.entities),
        "company entity",
        notes,
    )
    accounts = _named(
        names_of("account", directory),
        ((a.id, a.label, (a.code,)) for a in directory.accounts),
        "ledger account",
        notes,
    )
    return Choices(company, vendors, entities, accounts, directory.groups), notes


def _named(
    names: NameIndex,
    things: Iterable[tuple[str, str, tuple[str | None, ...]]],
    noun: str,
    notes: list[str],
) -> Sequence[Choice]:
    usable = {thing.id: thing.label for thing in names.things if thing.usable}
    out, unnamed = [], []
    for light_id, title, keys in things:
        if light_id not in usable:
            continue
        key = next((k for k in keys if k and [t.id for t in names.exact(k)] == [light_id]), None)
        if key is None:
            unnamed.append(usable[light_id])
        else:
            out.append(Choice(key, usable[light_id] if key != title else _other_keys(title, keys)))
    if unnamed:
        shown = "; ".join(unnamed[:5]) + (" …" if len(unnamed) > 5 else "")
        notes.append(
            f"None of these {noun}s has its own name, so they are not offered"
            f" ({len(unnamed)}): {shown}. Give their ids instead."
        )
    return sorted(out, key=lambda choice: choice.value.casefold())


def _other_keys(title: str, keys: tuple[str | None, ...]) -> str:
    return ", ".join(key for key in keys if key and key != title)
