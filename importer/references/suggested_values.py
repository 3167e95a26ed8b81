"""Accounts and tax codes that Light suggests for line items without one: rows of ``To resolve``.

Each such row is of one line item, whose id in Light is a part of its text. A pick sets the id of
that line; nothing of it goes into the lookup tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from importer.core.object_ids import normal_id
from importer.model.fields import AI_PARSE_AND_MERGE
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.report_model import LineInLight, Suggestion, Unresolved
from importer.references.lookup_tables import Pick
from importer.references.reference_column import ReferenceColumn, noun_of
from importer.validation.checked_bills import Checked

FIELDS = {"account": "account", "taxCode": "tax"}  # with the word in Light's name for it
_LINE = re.compile(r"\[line ([0-9a-fA-F-]{36})\]\Z")


def reads_documents(checked: Checked) -> bool:
    """Whether Light is to read a bill's document, and may suggest something."""
    return AI_PARSE_AND_MERGE in checked.bills["processingMode"].dictionary()[0]


def suggestions_of(checked: Checked, lines: Iterable[LineInLight]) -> list[Unresolved]:
    """What Light suggests for lines that have no value in the sheet."""
    return [
        Unresolved(
            name,
            f"{line.bill or f'row {line.cell.row}'}:"
            f" {checked.lines['description'].at(item) or ''} [line {line.read.light_id}]",
            "suggested by Light",
            1,
            (line.cell,),
            tuple(Suggestion(id, checked.names.get(normal_id(id), id)) for id in ids),
            optional=True,
        )
        for name, word in FIELDS.items()
        for line in lines
        if (item := line.item) is not None
        and (ids := line.read.suggested(word))
        and _is_blank(ReferenceColumn(checked, name), item)
    ]


def _is_blank(column: ReferenceColumn, item: int) -> bool:
    return bool(column.names.blank[item] and column.ids.blank[item])


def line_of(pick: Pick) -> str | None:
    """Light's id of the line item whose value was picked; None where a name was."""
    match = _LINE.search(pick.value)
    return normal_id(match[1]) if match else None


def take_suggestions(
    checked: Checked, picks: Iterable[Pick], line_ids: Mapping[tuple[int, int], str]
) -> None:
    """Set what was picked for line items; ``line_ids`` are Light's, by table and row.

    A pick for a line that is gone or has a value becomes a finding.
    """
    places = zip(
        checked.mapped.lines.table.tolist(), checked.mapped.lines.row.tolist(), strict=True
    )
    items = {normal_id(line_ids[at]): i for i, at in enumerate(places) if at in line_ids}
    for pick in picks:
        column, item = ReferenceColumn(checked, pick.field), items.get(line_of(pick) or "")
        if pick.field not in FIELDS or item is None or not _is_blank(column, item):
            where = pick.cell or CellRef(pick.place, None, None)
            field = noun_of(pick.field)
            unused = finding("lookup.pick.unused", where, pick.value, field=field, pick=pick.label)
            checked.findings.append(unused)
            continue
        column.set_id([item], pick.id)
        chosen = Suggestion(pick.id, pick.label)
        offered = tuple(dict.fromkeys((*pick.suggestions, chosen)))
        column.add_unresolved(pick.value, [item], "picked", offered, chosen)
