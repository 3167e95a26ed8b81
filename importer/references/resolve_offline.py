"""Names and codes → ids of Light by lookup tables; offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from importer.core.name_key import name_key
from importer.mapping.template_model import Template
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.report_model import Suggestion
from importer.references.lookup_tables import Pick, Tables
from importer.references.name_index import Named, NameIndex
from importer.references.reference_column import (
    NAME_FIELDS,
    ReferenceColumn,
    decided_by_tables,
    finish,
    noun_of,
)
from importer.validation.checked_bills import Checked


def resolve_by_tables(
    checked: Checked,
    template: Template,
    tables: Mapping[str, Tables],
    folders: Sequence[str] = (),
    picks: Sequence[Pick] = (),
) -> list[Pick]:
    """Fill ids from lookup tables; offline. Findings are added to ``checked``.

    Returns the picks for names that are in the sheets; the others become findings.

    A field for which the template names a table, and no ``light``, is decided by tables alone; the
    others are left to Light where no table has the name. ``folders`` is where the template's
    tables were looked for, ``picks`` are those among the tables.
    """
    for name in NAME_FIELDS:
        column, of_field = ReferenceColumn(checked, name), tables.get(name)
        if of_field is not None:
            _find_contradictions(column, of_field)
            _fill(column, of_field)
        if name == "taxCode" or decided_by_tables(template, name):
            _find_missing(column, of_field, folders)
    used = _apply_picks(checked, picks)
    finish(checked)
    return used


def _fill(column: ReferenceColumn, tables: Tables) -> None:
    for text, items in column.named_without_id():
        entry = tables.entries.get(name_key(text))
        if entry is not None:
            column.set_id(items, entry.id)
            column.checked.looked_up[column.name, name_key(text)] = entry.place


def _find_contradictions(column: ReferenceColumn, tables: Tables) -> None:
    ids = column.ids.values
    for text, items in column.named_with_sheet_id():
        entry = tables.entries.get(name_key(text))
        for i in items:
            if entry is not None and ids[i] != entry.id:
                of_name = f"{entry.id} according to {entry.place}"
                of_id = f"the {column.noun} {ids[i]}"
                column.add_findings("contradicts_id", [i], of_id=of_id, of_name=of_name)


def _find_missing(column: ReferenceColumn, tables: Tables | None, folders: Sequence[str]) -> None:
    """Names that no table has, in a field that nothing else can resolve."""
    unresolved = list(column.named_without_id())
    items = [i for _, some in unresolved for i in some]
    if not items:
        return
    if tables is None or not tables.files:
        reason = "no lookup table"
        if tables is not None and tables.missing:
            reason = f"no lookup table {tables.missing}"
            of_file = column.cell(items[0])
            where = CellRef(of_file.file, of_file.sheet, None, of_file.column, of_file.table)
            words = {"field": column.noun, "folders": " and ".join(folders)}
            column.add_finding("lookup.table.missing", where, tables.missing, items, **words)
        else:  # only tax codes need no table in the template
            for i in items:
                text = str(column.names.values[i])
                column.add_finding("line_items.taxCode.no_table", column.cell(i), text, [i])
        for text, some in unresolved:
            column.add_unresolved(text, some, reason)
        return
    files = " and ".join(tables.files)
    index = NameIndex([Named(e.id, e.value, (e.value,)) for e in tables.entries.values()])
    missing: dict[int, dict[str, str]] = {}
    for text, some in unresolved:
        words = {"table": files, "nearest": index.hint(text)}
        missing |= dict.fromkeys(some, words)
        column.add_unresolved(text, some, f"not in {files}", index.suggestions(text))
    if missing:
        column.add_findings_by_item("not_in_table", missing)


def _apply_picks(checked: Checked, picks: Sequence[Pick]) -> list[Pick]:
    """Picks stay in the next result workbook too: nothing has to be picked twice.

    Those for names that no row has, as of a value that was edited, become findings and are not
    returned.
    """
    used: set[tuple[str, str]] = set()
    for name in NAME_FIELDS:
        of_field = {name_key(pick.value): pick for pick in picks if pick.field == name}
        if not of_field:
            continue
        column = ReferenceColumn(checked, name)
        for text, items in column.named():
            pick = of_field.get(name_key(text))
            if pick is not None:
                used.add((name, pick.value))
                chosen = Suggestion(pick.id, pick.label)
                offered = tuple(dict.fromkeys((*pick.suggestions, chosen)))
                column.add_unresolved(text, items, "picked", offered, chosen)
    for pick in picks:
        if (pick.field, pick.value) not in used:
            where = pick.cell or CellRef(pick.place, None, None)
            unused = finding(
                "lookup.pick.unused", where, pick.value, field=noun_of(pick.field), pick=pick.label
            )
            checked.findings.append(unused)
    return [pick for pick in picks if (pick.field, pick.value) in used]
