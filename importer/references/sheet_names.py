"""The names of a checked sheet that stand for things of Light, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from importer.mapping.template_model import Lookup, Template
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.report_model import Suggestion, Unresolved
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.cross_row_rules import duplicates, same_name
from importer.validation.finding_batch import FindingBatch, cell_findings
from importer.validation.validate import Checked
from importer.validation.vector_parsers import blank

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


def parsed_of(checked: Checked, sheet: str) -> ParsedTable:
    return checked.bills if sheet == BILLS else checked.lines


def ids_of(checked: Checked, name: str) -> ParsedColumn:
    """The column of ids, made where the sheet lacks it."""
    sheet, id_name = ID_OF[name]
    table = parsed_of(checked, sheet)
    if id_name not in table.columns:
        table.columns[id_name] = ParsedColumn.empty(table.size)
    return table.columns[id_name]


def named(checked: Checked, name: str) -> ParsedColumn:
    return parsed_of(checked, ID_OF[name][0])[name]


def about(sheet: str, items: Iterable[int]) -> dict[str, tuple[int, ...]]:
    return {"bills" if sheet == BILLS else "lines": tuple(int(i) for i in items)}


def groups(checked: Checked, name: str, which: np.ndarray) -> Iterator[tuple[str, list[int]]]:
    """Each name that the items have, once however it is written, with those that have it."""
    at = np.flatnonzero(which)
    if not len(at):
        return
    values, code = named(checked, name).dictionary()
    numbers: dict[str, int] = {}
    number = [numbers.setdefault(same_name(str(value)), len(numbers)) for value in values]
    own = np.asarray(number, dtype=np.int64)[code[at]]
    order = np.argsort(own, kind="stable")
    some = np.split(at[order], np.flatnonzero(np.diff(own[order])) + 1)
    for items in sorted(some, key=lambda items: int(items[0])):
        yield str(values[code[items[0]]]), items.tolist()


def unresolved_names(checked: Checked, name: str) -> Iterator[tuple[str, list[int]]]:
    return groups(checked, name, named(checked, name).ok & ids_of(checked, name).blank)


def with_id(checked: Checked, name: str) -> np.ndarray:
    """Which items have an id of their own in the sheet, not one that a table gave."""
    sheet, id_name = ID_OF[name]
    column = checked.mapped.items(sheet).columns.get(id_name)
    if column is None:
        return np.zeros(parsed_of(checked, sheet).size, dtype=bool)
    given = ~blank(column.array)
    return np.asarray(given & ids_of(checked, name).ok)


def set_id(checked: Checked, name: str, items: list[int], light_id: str) -> None:
    ids = ids_of(checked, name)
    ids.values[items], ids.blank[items] = light_id, False
    checked.given_ids.add(name)


def tell(checked: Checked, name: str, ending: str, items: Iterable[int], **words: Any) -> None:
    """One finding for each of the items, in the cell of its name."""
    sheet, _ = ID_OF[name]
    values, words = named(checked, name), {"noun": NOUNS[name]} | words
    checked.findings.append(
        cell_findings(
            checked.mapped,
            sheet,
            name,
            f"{sheet}.{name}.{ending}",
            np.asarray(list(items), dtype=np.int64),
            value=lambda i: str(values.at(i)),
            template_args=lambda _: words,
        )
    )


def note(
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


def in_order(unresolved: Unresolved) -> tuple[bool, int]:
    """What is still to be picked comes first, then by field."""
    return unresolved.pick is not None, list(ID_OF).index(unresolved.field)


def tell_duplicates(checked: Checked) -> None:
    """Two names may turn out to be one vendor: the same bill twice is found again by id."""
    if checked.given_ids.isdisjoint(("vendor", "companyEntity")):
        return  # they have been looked for
    for found in duplicates(checked.mapped, checked.bills):
        told = [p.at for p in checked.findings.parts
                if p.code == found.code and isinstance(p, FindingBatch)]  # fmt: skip
        checked.findings.append(found.subset(~np.isin(found.at, np.concatenate([*told, []]))))


def lookup_of(template: Template, name: str) -> Lookup | None:
    return next((lookup for field, lookup in template.lookups.items() if field == name), None)


def decided_by_tables(lookup: Lookup | None) -> bool:
    return lookup is not None and lookup.light is None
