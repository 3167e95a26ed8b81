"""The columns of a checked sheet that name things of Light, each beside the column of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from importer.core.name_key import name_key
from importer.mapping.template_model import Lookup, Template
from importer.mapping.text_cleanup import blank
from importer.model.fields import BILLS, LOOKUP_FIELDS
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.report_model import Suggestion, Unresolved
from importer.validation.checked_bills import Checked
from importer.validation.column import ParsedColumn
from importer.validation.duplicate_bills import duplicates
from importer.validation.finding_batch import FindingBatch, cell_findings

NAME_FIELDS = tuple(LOOKUP_FIELDS)
LISTED = {name: lookup.listed for name, lookup in LOOKUP_FIELDS.items() if lookup.listed}


def has_names(checked: Checked) -> bool:
    """Whether a cell names a thing that Light lists, whose id the sheet and its tables lack."""
    columns = (ReferenceColumn(checked, name) for name in LISTED)
    return any(bool((column.names.ok & column.ids.blank).any()) for column in columns)


def noun_of(name: str) -> str:
    return LOOKUP_FIELDS[name].noun


class ReferenceColumn:
    """The column ``name`` of a checked sheet, one of ``NAME_FIELDS``."""

    def __init__(self, checked: Checked, name: str) -> None:
        self.checked, self.name = checked, name
        lookup = LOOKUP_FIELDS[name]
        self.sheet, self.id_name, self.noun = lookup.sheet, lookup.id_name, lookup.noun
        self._table = checked.bills if self.sheet == BILLS else checked.lines

    @property
    def names(self) -> ParsedColumn:
        return self._table[self.name]

    @property
    def ids(self) -> ParsedColumn:
        """The column of ids; the table gains it where the sheet lacks it."""
        if self.id_name not in self._table.columns:
            self._table.columns[self.id_name] = ParsedColumn.empty(self._table.size)
        return self._table.columns[self.id_name]

    @property
    def has_sheet_id(self) -> np.ndarray:
        """Which items have an id in the sheet itself, not one that a table gave."""
        column = self.checked.mapped.items(self.sheet).columns.get(self.id_name)
        if column is None:
            return np.zeros(self._table.size, dtype=bool)
        return np.asarray(~blank(column.array) & self.ids.ok)

    def groups(self, which: np.ndarray) -> Iterator[tuple[str, list[int]]]:
        """Each name of these items once, however it is written, with the items that have it."""
        at = np.flatnonzero(which)
        if not len(at):
            return
        values, code = self.names.dictionary()
        numbers: dict[str, int] = {}
        number = [numbers.setdefault(name_key(str(value)), len(numbers)) for value in values]
        number_of_item = np.asarray(number, dtype=np.int64)[code[at]]
        order = np.argsort(number_of_item, kind="stable")
        some = np.split(at[order], np.flatnonzero(np.diff(number_of_item[order])) + 1)
        for items in sorted(some, key=lambda items: int(items[0])):
            yield str(values[code[items[0]]]), items.tolist()

    def named(self) -> Iterator[tuple[str, list[int]]]:
        return self.groups(self.names.ok)

    def named_without_id(self) -> Iterator[tuple[str, list[int]]]:
        return self.groups(self.names.ok & self.ids.blank)

    def named_with_sheet_id(self) -> Iterator[tuple[str, list[int]]]:
        return self.groups(self.names.ok & self.has_sheet_id)

    def set_id(self, items: list[int], light_id: str) -> None:
        ids = self.ids
        ids.values[items], ids.blank[items] = light_id, False
        self.checked.given_ids.add(self.name)

    def clear_id(self, items: Sequence[int]) -> None:
        self.ids.values[items], self.ids.blank[items] = None, True

    def cell(self, item: int, *, of_id: bool = False) -> CellRef:
        return self.checked.mapped.cell(self.sheet, self.id_name if of_id else self.name, item)

    def add_findings(self, ending: str, items: Iterable[int], **words: Any) -> None:
        """One finding for each of the items, in the cell of its name."""
        self.add_findings_by_item(ending, dict.fromkeys(items, words))

    def add_findings_by_item(self, ending: str, words: Mapping[int, Mapping[str, Any]]) -> None:
        """As ``add_findings``, with the words of each item; items of one name have the same."""
        noun = {"noun": self.noun}
        self.checked.findings.append(
            cell_findings(
                self.checked.mapped,
                self.sheet,
                self.name,
                f"{self.sheet}.{self.name}.{ending}",
                np.asarray(sorted(words), dtype=np.int64),
                template_args=lambda i: {**noun, **words[i]},
                constant_by=(),
            )
        )

    def add_unknown_ids(self, items: Sequence[int], *, of_id: bool) -> None:
        """One finding for each of the items, in the cell of its id, else of its name."""
        self.checked.findings.append(
            cell_findings(
                self.checked.mapped,
                self.sheet,
                self.id_name if of_id else self.name,
                f"{self.sheet}.{self.id_name}.unknown",
                np.asarray(items, dtype=np.int64),
                self.ids.texts(),
                constant_by=(),
            )
        )

    def add_finding(
        self, code: str, cell: CellRef, value: str, items: Iterable[int], **words: Any
    ) -> None:
        """One finding for all of the items together."""
        about: dict[str, Any] = {"bills" if self.sheet == BILLS else "lines": tuple(items)}
        self.checked.findings.append(finding(code, cell, value, **about, **words))

    def add_unresolved(
        self,
        text: str,
        items: Sequence[int],
        reason: str,
        suggestions: Sequence[Suggestion] = (),
        pick: Suggestion | None = None,
    ) -> None:
        """Put the name among those that a person has to resolve."""
        bills = set(items)
        if self.sheet != BILLS:
            bills = {int(self.checked.line_bill[i]) for i in items} - {-1}
        cells = tuple(map(self.cell, items))
        self.checked.unresolved.append(
            Unresolved(self.name, text, reason, len(bills), cells, tuple(suggestions), pick)
        )


def finish(checked: Checked) -> None:
    """Sort what is unresolved, and look again for the same bill twice, now by id.

    What is still to be picked comes first, then by field. Two names may turn out to be one vendor.
    """
    checked.unresolved.sort(key=lambda u: (u.pick is not None, NAME_FIELDS.index(u.field)))
    if checked.given_ids.isdisjoint(("vendor", "companyEntity")):
        return  # validation has looked for duplicates already
    for batch in duplicates(checked.mapped, checked.bills, checked.credit_notes):
        reported = [
            part.at
            for part in checked.findings.parts
            if part.code == batch.code and isinstance(part, FindingBatch)
        ]
        again = np.isin(batch.at, np.concatenate([*reported, []]))
        checked.findings.append(batch.subset(~again))


def lookup_of(template: Template, name: str) -> Lookup | None:
    return next((lookup for field, lookup in template.lookups.items() if field == name), None)


def decided_by_tables(template: Template, name: str) -> bool:
    lookup = lookup_of(template, name)
    return lookup is not None and lookup.light is None
