"""Names and codes → ids of Light by lookup tables; offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from importer.mapping.template_model import Template
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.report_model import Suggestion
from importer.references.lookup_tables import Pick, Tables
from importer.references.name_index import Named, Names
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


def resolve_by_tables(
    checked: Checked,
    template: Template,
    tables: Mapping[str, Tables],
    folders: Sequence[str] = (),
    picks: Sequence[Pick] = (),
) -> list[Pick]:
    """Fill ids from lookup tables; offline. Findings are added to ``checked``.

    Returns the picks for names that are in the sheets; the others are told.

    A field for which the template names a table, and no ``light``, is decided by tables alone; the
    others are left to Light where no table has the name. ``folders`` is where the template's
    tables were looked for, ``picks`` are those among the tables.
    """
    for name in ID_OF:
        of_field = tables.get(name)
        if of_field is not None:
            _contradicted_by_table(checked, name, of_field)
            _fill(checked, name, of_field)
        if name == "taxCode" or decided_by_tables(lookup_of(template, name)):
            _not_in_tables(checked, name, of_field, folders)
    used = _note_picks(checked, picks)
    checked.unresolved.sort(key=in_order)
    tell_duplicates(checked)
    return used


def _fill(checked: Checked, name: str, tables: Tables) -> None:
    for text, items in unresolved_names(checked, name):
        entry = tables.entries.get(same_name(text))
        if entry is not None:
            set_id(checked, name, items, entry.id)
            checked.looked_up[name, same_name(text)] = entry.place


def _contradicted_by_table(checked: Checked, name: str, tables: Tables) -> None:
    both = with_id(checked, name) & named(checked, name).ok
    if not both.any():
        return
    ids = ids_of(checked, name).values
    for text, items in groups(checked, name, both):
        entry = tables.entries.get(same_name(text))
        wrong = [i for i in items if entry is not None and ids[i] != entry.id]
        for i in wrong:
            assert entry is not None
            of_name = f"{entry.id} according to {entry.place}"
            of_id = f"the {NOUNS[name]} {ids[i]}"
            tell(checked, name, "contradicts_id", [i], of_id=of_id, of_name=of_name)


def _not_in_tables(
    checked: Checked, name: str, tables: Tables | None, folders: Sequence[str]
) -> None:
    """Names that no table has, in a field that nothing else can resolve."""
    sheet, _ = ID_OF[name]
    unresolved = list(unresolved_names(checked, name))
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
                value = str(named(checked, name).values[i])
                checked.findings.append(
                    finding("line_items.taxCode.no_table", cell, value, lines=(i,))
                )
        for text, some in unresolved:
            note(checked, name, text, some, reason)
        return
    files = " and ".join(tables.files)
    known = Names([Named(e.id, e.value, (e.value,)) for e in tables.entries.values()])
    for text, some in unresolved:
        nearest = known.hint(text)
        tell(checked, name, "not_in_table", some, table=files, nearest=nearest)
        note(checked, name, text, some, f"not in {files}", known.suggestions(text))


def _tell_missing(
    checked: Checked, name: str, table: str, items: Sequence[int], folders: Sequence[str]
) -> None:
    sheet, _ = ID_OF[name]
    file = checked.mapped.cell(sheet, name, items[0])
    where = CellRef(file.file, file.sheet, None, file.column, file.table)
    words: dict[str, Any] = {"field": NOUNS[name], "folders": " and ".join(folders)}
    checked.findings.append(
        finding("lookup.table.missing", where, table, **words, **about(sheet, items))
    )


def _note_picks(checked: Checked, picks: Sequence[Pick]) -> list[Pick]:
    """Picks stay in the next result workbook too: nothing has to be picked twice.

    Those for names that no row has, as of a value that was edited, are told and not returned.
    """
    used: set[tuple[str, str]] = set()
    for name in ID_OF:
        of_field = {same_name(pick.value): pick for pick in picks if pick.field == name}
        if not of_field:
            continue
        for text, items in groups(checked, name, named(checked, name).ok):
            pick = of_field.get(same_name(text))
            if pick is not None:
                used.add((name, pick.value))
                chosen = Suggestion(pick.id, pick.label)
                offered = tuple(dict.fromkeys((*pick.suggestions, chosen)))
                note(checked, name, text, items, "picked", offered, chosen)
    for pick in picks:
        if (pick.field, pick.value) not in used:
            where = pick.cell or CellRef(pick.place, None, None)
            words: dict[str, Any] = {"field": NOUNS[pick.field], "pick": pick.label}
            checked.findings.append(finding("lookup.pick.unused", where, pick.value, **words))
    return [pick for pick in picks if (pick.field, pick.value) in used]
