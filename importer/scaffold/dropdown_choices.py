"""What the dropdowns of a fill-in workbook offer: names that a load resolves to one thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.references.directory import Directory, names_of
from importer.references.name_index import NameIndex
from importer.scaffold.fill_in_workbook import Choice, Choices


def choices_of(company: str, directory: Directory) -> tuple[Choices, list[str]]:
    """The choices, and what had to be left out because no name of it is its own."""
    told: list[str] = []
    vendors = _named(
        names_of("vendor", directory),
        ((v.id, v.name, (v.name, v.identifier, v.vat_id)) for v in directory.vendors),
        "vendor", told,
    )  # fmt: skip
    entities = _named(
        names_of("companyEntity", directory),
        ((e.id, e.name, (e.code, e.name)) for e in directory.entities), "company entity", told,
    )  # fmt: skip
    accounts = _named(
        names_of("account", directory),
        ((a.id, a.label, (a.code,)) for a in directory.accounts), "ledger account", told,
    )  # fmt: skip
    return Choices(company, vendors, entities, accounts, directory.groups), told


def _named(
    names: NameIndex,
    things: Iterable[tuple[str, str, tuple[str | None, ...]]],
    noun: str,
    told: list[str],
) -> Sequence[Choice]:
    usable = {thing.id: thing.label for thing in names.things if not thing.ended}
    out, without = [], []
    for light_id, title, keys in things:
        if light_id not in usable:
            continue
        own = next((k for k in keys if k and [t.id for t in names.exact(k)] == [light_id]), None)
        if own is None:
            without.append(usable[light_id])
        else:
            out.append(Choice(own, usable[light_id] if own != title else _rest(title, keys)))
    if without:
        shown = "; ".join(without[:5]) + (" …" if len(without) > 5 else "")
        told.append(f"No {noun} of these has a name of its own, so that they are not offered"
                    f" ({len(without)}): {shown}. Give their ids instead.")  # fmt: skip
    return sorted(out, key=lambda choice: choice.value.casefold())


def _rest(title: str, keys: tuple[str | None, ...]) -> str:
    return ", ".join(key for key in keys if key and key != title)
