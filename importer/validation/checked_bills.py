"""The result of the checks, and the bills that may be sent.

Bills and line items are built from the columns on access: a run may have a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from importer.core.lazy_sequence import LazySequence
from importer.model.bills import Bill, Document, LineItem, Property
from importer.model.fields import (
    BILL_FIELDS,
    BILLS,
    LINE_FIELDS,
    LINE_ITEMS,
    PROPERTY,
    FieldUse,
)
from importer.model.finding import Finding, Severity

if TYPE_CHECKING:
    from importer.mapping.map_tables import MappedTables
    from importer.model.ageing import AgeBucket, OldAgeing
    from importer.model.light_objects import Vendor
    from importer.model.report_model import LeftOut, Suggestion, Unresolved
    from importer.validation.cents_array import CentsArray
    from importer.validation.column import ParsedTable
    from importer.validation.finding_batch import FindingBatch, Findings

_AT_ONCE = 256  # bills whose columns are read together
_BLOCKS = 4  # so many of which are at hand: a load has bills of two under way, or of three


@dataclass
class Checked:
    """What the validation knows. Arrays are by bill, or by line where so named.

    ``controls`` are the control totals by currency in cents. ``findings`` are in the order of the
    files; later stages add theirs with ``add_findings``. ``target`` is how far each bill should go;
    ``credit_notes`` says which are some, whose amounts are negative.
    """

    mapped: MappedTables
    bills: ParsedTable
    lines: ParsedTable
    line_bill: np.ndarray
    amounts: CentsArray
    counts: np.ndarray
    include_tax: np.ndarray
    controls: dict[str, int]
    findings: Findings
    target: np.ndarray
    properties: dict[tuple[str, str], dict[str, Property]] = field(default_factory=dict)
    """(sheet, field) → text → the custom property as Light wants it, once it is resolved."""
    property_groups: dict[tuple[str, str], str] = field(default_factory=dict)
    """(sheet, field) → the id of the custom property, once it is resolved."""
    looked_up: dict[tuple[str, str], str] = field(default_factory=dict)
    """(field, compared name) → the row of the lookup table that gave the id."""
    given_ids: set[str] = field(default_factory=set)
    """The fields, as vendor, of which names were given an id after the check."""
    unresolved: list[Unresolved] = field(default_factory=list)
    # All that Light has, by field, for those with unresolved names.
    choices: Mapping[str, Sequence[Suggestion]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """What people call Light's ids, as far as lists and lookup tables were read."""
    vendors: dict[str, Vendor] = field(default_factory=dict)
    """Light's vendors by id, as far as its list was read."""
    documents: dict[int, Document] = field(default_factory=dict)  # by bill
    left_out: tuple[LeftOut, ...] = ()
    ageing: tuple[date, Mapping[tuple[str, AgeBucket], int]] | None = None
    """The day of the ageing, and what it is to come to: cents by currency and bucket."""
    old_ageing: tuple[OldAgeing, ...] = ()  # of the old system on that day
    credit_notes: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        if not len(self.credit_notes):
            self.credit_notes = np.zeros(self.bills.size, dtype=bool)

    def invalid_bills(self) -> np.ndarray:
        """Which bills are invalid: those that an error is about, themselves or by a line."""
        return self.findings.invalid_bills(self.bills.size, self.line_bill)

    def add_findings(self, findings: Iterable[FindingBatch | Finding]) -> None:
        self.findings.extend(findings)

    @property
    def clean(self) -> bool:
        return not self.findings.count_of(Severity.ERROR)

    def valid_bills(self) -> Iterator[Bill]:
        """The bills without an error, with their lines in the sheet's order.

        The columns stay as they are from now on.
        """
        which = np.flatnonzero(~self.invalid_bills())
        source = _Source(self, which)
        for place in range(0, len(which), _AT_ONCE):
            yield from source.bills(place)


class BillLines(LazySequence[LineItem]):
    """The line items of one bill, in the sheet's order; equal to a tuple of the same."""

    __slots__ = ("_count", "_place", "_source")

    def __init__(self, source: _Source, place: int, count: int) -> None:
        self._source, self._place, self._count = source, place, count

    def __len__(self) -> int:
        return self._count

    def _item(self, i: int) -> LineItem:
        return self._source.lines(self._place)[i]

    def __iter__(self) -> Iterator[LineItem]:
        return iter(self._source.lines(self._place))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (BillLines, tuple)) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


class _Source:
    """Some bills by their place among them; the lines last asked for are at hand."""

    def __init__(self, checked: Checked, which: np.ndarray) -> None:
        self._checked, self._which = checked, which
        line_bill = checked.line_bill
        self._order = np.argsort(line_bill, kind="stable")
        self._starts = np.searchsorted(line_bill, which, sorter=self._order)
        self._ends = np.searchsorted(line_bill, which, side="right", sorter=self._order)
        self._blocks: dict[int, list[tuple[LineItem, ...]]] = {}  # the oldest first

    def bills(self, place: int) -> Iterator[Bill]:
        """The bills from this place on, as many as are read together."""
        checked, of = self._checked, self._checked.mapped.bills
        which = self._which[place : place + _AT_ONCE]
        assert checked.amounts.valid[which].all()  # else they are not valid
        amounts = checked.amounts.cents[which].tolist()
        columns = _columns(checked.bills, which, _BILL)
        properties = self._properties(BILLS, checked.bills, which)
        note = _NOTE | {"credit_sign": checked.mapped.template.credit_sign}
        for k, i in enumerate(which.tolist()):
            at = place + k
            yield Bill(
                index=i,
                table=int(of.table[i]),
                row=int(of.row[i]),
                amount=amounts[k],
                include_tax=bool(checked.include_tax[i]),
                unit=int(checked.bills.units[i]),
                target_status=checked.target[i],
                lines=BillLines(self, at, int(self._ends[at] - self._starts[at])),
                properties=properties[k] if properties else (),
                clears=self._clears(BILLS, i),
                **(
                    {attribute: values[k] for attribute, values in columns.items()}
                    | (note if checked.credit_notes[i] else {})
                ),
            )

    def lines(self, place: int) -> tuple[LineItem, ...]:
        """The line items of the bill at this place."""
        first = place - place % _AT_ONCE
        block = self._blocks.pop(first, None)
        if block is None:
            block = self._read(first)
            if len(self._blocks) == _BLOCKS:
                del self._blocks[next(iter(self._blocks))]
        self._blocks[first] = block
        return block[place - first]

    def _read(self, first: int) -> list[tuple[LineItem, ...]]:
        checked, of = self._checked, self._checked.mapped.lines
        starts = self._starts[first : first + _AT_ONCE].tolist()
        ends = self._ends[first : first + _AT_ONCE].tolist()
        pairs = list(zip(starts, ends, strict=True))
        which = np.concatenate([self._order[start:end] for start, end in pairs])
        columns = _columns(checked.lines, which, _LINE)
        properties = self._properties(LINE_ITEMS, checked.lines, which)
        table, row = of.table[which].tolist(), of.row[which].tolist()
        each = [
            LineItem(
                index=i,
                table=table[k],
                row=row[k],
                properties=properties[k] if properties else (),
                clears=self._clears(LINE_ITEMS, i),
                **{attribute: values[k] for attribute, values in columns.items()},
            )
            for k, i in enumerate(which.tolist())
        ]
        out, at = [], 0
        for start, end in pairs:
            out.append(tuple(each[at : at + end - start]))
            at += end - start
        return out

    def _clears(self, sheet: str, i: int) -> frozenset[str]:
        """Custom properties by the ids of their groups."""
        names = self._checked.mapped.clears.get(sheet, {}).get(i)
        if not names:
            return frozenset()
        groups = self._checked.property_groups
        return frozenset(groups.get((sheet, name), name) for name in names)

    def _properties(
        self, sheet: str, parsed: ParsedTable, which: np.ndarray
    ) -> list[tuple[Property, ...]]:
        """The custom properties of each; nothing at all where the sheet has none."""
        names = [name for name in parsed.columns if name.startswith(PROPERTY)]
        resolved = self._checked.properties
        texts = [parsed[name].values_at(which) for name in names]
        return [
            tuple(
                resolved.get((sheet, name), {}).get(str(text))
                or Property(name[len(PROPERTY) :], str(text))
                for name, text in zip(names, each, strict=True)
                if text
            )
            for each in zip(*texts, strict=True)
        ]


def _columns(
    parsed: ParsedTable, which: np.ndarray, fields: dict[str, str]
) -> dict[str, list[Any]]:
    """The values of each attribute that the sheet has a column for."""
    return {
        attribute: parsed.columns[name].values_at(which)
        for name, attribute in fields.items()
        if name in parsed.columns
    }


# The amount, the tax basis and the status of a bill are worked out, not read from one column.
_BILL = {
    field.name: field.attribute
    for field in BILL_FIELDS
    if field.use >= FieldUse.RECORD
    and field.attribute not in ("amount", "include_tax", "target_status")
}
# What a credit note is beside a bill, and what it does not have in Light.
_NOTE: dict[str, Any] = {
    "credit_note": True,
    "due_date": None,
    "payment_at": None,
    "sender_bank_account_id": None,
    "document": None,
}
_LINE = {field.name: field.attribute for field in LINE_FIELDS if field.use >= FieldUse.RECORD}
