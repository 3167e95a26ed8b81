"""Choices of a fill-in workbook's dropdowns: names that a load resolves to exactly one id."""

from __future__ import annotations

from collections.abc import Sequence

from importer.model.fields import LOOKUP_FIELDS
from importer.references.directory import Directory, names_of
from importer.references.name_index import NameIndex
from importer.scaffold.fill_in_workbook import Choice, Choices


def choices_of(company: str, directory: Directory) -> tuple[Choices, list[str]]:
    """The choices, and a sentence for each kind of thing that has no unambiguous name."""
    notes: list[str] = []
    names = {
        field: _named(names_of(field, directory), lookup.noun, notes)
        for field, lookup in LOOKUP_FIELDS.items()
        if lookup.listed
    }
    return Choices(company, names, directory.groups), notes


def _named(names: NameIndex, noun: str, notes: list[str]) -> Sequence[Choice]:
    out, unnamed = [], []
    for thing in names.things:
        if not thing.usable:
            continue
        unambiguous = (key for key in thing.keys if [t.id for t in names.exact(key)] == [thing.id])
        key = next(unambiguous, None)
        if key is None:
            unnamed.append(thing.label)
        else:
            others = ", ".join(k for k in thing.keys if k not in thing.also and k != thing.id)
            out.append(Choice(key, others if key in thing.also else thing.label))
    if unnamed:
        shown = "; ".join(unnamed[:5]) + (" …" if len(unnamed) > 5 else "")
        notes.append(
            f"None of these {noun}s has its own name, so they are not offered"
            f" ({len(unnamed)}): {shown}. Give their ids instead."
        )
    return sorted(out, key=lambda choice: choice.value.casefold())
