"""Joins what the journal knows of a run to the rows of its files as they are read now.

A newer version may read a file otherwise. A row is joined by file, sheet and row number, and only
where it still holds the bill or line item that was loaded from it; the rest are findings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from importer.app.sheet_rows import SheetRows
from importer.core.money import money
from importer.loading.journal.journal_records import RunRecord
from importer.loading.row_identity import bill_row_identities, line_row_identity
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import BillOutcome, JournalEntry, Status, Step
from importer.model.read_back import ReadBack
from importer.model.run_rows import BillRows, RowIdentity
from importer.validation.checked_bills import Checked

T = TypeVar("T")


@dataclass
class RowMatches:
    """``bills``: bill index by entry. ``unmatched``: outcomes of bills that no row holds any more.

    ``line_positions`` are by entry, only where they are not those of the load: for each line sent,
    its position among the bill's lines now, or one behind all of them where no row holds it.
    """

    bills: dict[int, int] = field(default_factory=dict)
    unmatched: list[BillOutcome] = field(default_factory=list)
    line_positions: dict[int, list[int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def by_bill(self, by_entry: Mapping[int, T]) -> dict[int, T]:
        """Values by entry → by bill index, in the order of the sheet."""
        matched = ((self.bills[e], value) for e, value in by_entry.items() if e in self.bills)
        return dict(sorted(matched, key=lambda pair: pair[0]))

    def outcomes(self, by_entry: Mapping[int, BillOutcome]) -> dict[int, BillOutcome]:
        return self.by_bill({e: self._outcome(e, outcome) for e, outcome in by_entry.items()})

    def _outcome(self, entry_id: int, outcome: BillOutcome) -> BillOutcome:
        now = self.line_positions.get(entry_id)
        if now is None:
            return outcome
        entry = outcome.entry
        ids: list[str | None] = [None] * (max(now, default=-1) + 1)
        for position, light_id in zip(now, entry.line_ids, strict=False):
            ids[position] = light_id
        errors = tuple(replace(e, path=_moved(e.path, now)) for e in entry.errors)
        return replace(outcome, entry=replace(entry, line_ids=tuple(ids), errors=errors))

    def read_backs(self, by_entry: Mapping[int, ReadBack]) -> dict[int, ReadBack]:
        return self.by_bill({e: self._read_back(e, back) for e, back in by_entry.items()})

    def _read_back(self, entry_id: int, back: ReadBack) -> ReadBack:
        now = self.line_positions.get(entry_id)
        if now is None:
            return back
        moved = tuple(
            d if d.line is None or d.line >= len(now) else replace(d, line=now[d.line])
            for d in back.differences
        )
        return replace(back, differences=moved)

    def steps(self, by_entry: Mapping[int, tuple[Step, ...]]) -> dict[int, tuple[Step, ...]]:
        return self.by_bill({e: self._steps(e, steps) for e, steps in by_entry.items()})

    def _steps(self, entry_id: int, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        now = self.line_positions.get(entry_id)
        if now is None:
            return steps
        out = []
        for step in steps:
            detail = json.loads(step.detail or "{}")
            for error in detail.get("errors") or ():
                error["path"] = _moved(tuple(error["path"]), now)
            out.append(replace(step, detail=json.dumps(detail)))
        return tuple(out)


def _moved(path: tuple[str, ...], now: Sequence[int]) -> tuple[str, ...]:
    """A path of Light's API, as lineItems/0/accountId, with the line's position of now."""
    if len(path) > 1 and path[0] == "lineItems" and path[1].isdigit() and int(path[1]) < len(now):
        return (path[0], str(now[int(path[1])]), *path[2:])
    return path


def match_rows(
    checked: Checked,
    record: RunRecord,
    outcomes: Mapping[int, BillOutcome],
    rows: Mapping[int, BillRows],
) -> RowMatches:
    """``outcomes`` and ``rows`` are the run's, by entry."""
    return _Matching(checked, record, outcomes, rows).matches


class _Matching:
    def __init__(
        self,
        checked: Checked,
        record: RunRecord,
        outcomes: Mapping[int, BillOutcome],
        rows: Mapping[int, BillRows],
    ) -> None:
        self._checked, self._record = checked, record
        self._rows = SheetRows(checked.mapped)
        self.matches = RowMatches()
        for entry_id, outcome in outcomes.items():
            self._match(outcome, rows[entry_id])
        if outcomes:
            self._findings_of_new_bills()

    # --- bills --------------------------------------------------------------------------------

    def _match(self, outcome: BillOutcome, rows: BillRows) -> None:
        entry, bill = outcome.entry, rows.bill
        index = rows.position if bill is None else self._rows.bills.get(bill.place)
        if index is not None and index >= self._checked.bills.size:
            index = None
        if index is not None and (
            self._bill_identities[index] == bill.identity
            if bill is not None
            else self._is_bill_of(entry, index)
        ):
            self.matches.bills[entry.id] = index
            self._match_lines(outcome, rows, index)
        else:
            self.matches.unmatched.append(outcome)
            self._report_changed_bill(outcome, bill, index)

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        every = np.arange(self._checked.bills.size)
        names = ("vendor", "vendorId", "invoiceNumber", "issuedDate", "currency", "description")
        return {name: self._checked.bills[name].values_at(every) for name in names}

    @cached_property
    def _bill_identities(self) -> list[str]:
        return bill_row_identities(self._checked)

    def _is_bill_of(self, entry: JournalEntry, index: int) -> bool:
        """Whether a bill is that of an entry, of a run whose rows were not stored."""
        _, kind, vendor_id, *rest = json.loads(entry.identity)
        columns = {name: values[index] for name, values in self._columns.items()}
        if columns["vendorId"] and columns["vendorId"].lower() != str(vendor_id).lower():
            return False
        if kind == "number":
            return bool(columns["invoiceNumber"] == rest[0])
        issued = columns["issuedDate"] and columns["issuedDate"].isoformat()
        amount = self._checked.amounts.at(index)
        described = [issued, amount, columns["currency"], columns["description"] or ""]
        return not columns["invoiceNumber"] and described == rest[:4]

    def _report_changed_bill(
        self, outcome: BillOutcome, bill: RowIdentity | None, index: int | None
    ) -> None:
        mapped = self._checked.mapped
        if index is not None:
            cell = mapped.cell(BILLS, "invoiceNumber", index)
            name = self._columns["invoiceNumber"][index]
            now = f"is now read as {f'bill {name}' if name else 'another bill'}"
        elif bill is not None:
            cell = self._rows.cell(CellRef(*bill.place))
            now = "is no longer read as a bill"
        else:
            cell, now = (
                CellRef(self._rows.sheets[0][0]),
                "is missing: the file has fewer bills now",
            )
        bills = () if index is None else (index,)
        self._report("run.row.changed", cell, outcome, bills=bills, now=now)

    def _report(self, code: str, cell: CellRef, outcome: BillOutcome, **words: Any) -> None:
        self.matches.findings.append(
            finding(
                code,
                cell,
                run=self._record.id,
                bill=outcome.entry.name,
                outcome=self._facts(outcome),
                version=self._record.version or "that loaded the run",
                **words,
            )
        )

    def _facts(self, outcome: BillOutcome) -> str:
        """What the journal knows of a bill that has no row to show it on."""
        entry = outcome.entry
        parts = [outcome.status.value.replace("_", " ")]
        if entry.light_id is not None:
            parts += [f"Light id {entry.light_id}", f"state {entry.light_state}"]
        if entry.light_amount is not None:
            unit = unit_of(self._checked, entry)
            parts.append(f"{money(entry.light_amount, unit)} {currency_of(entry)}".rstrip())
        return ", ".join(parts)

    def _findings_of_new_bills(self) -> None:
        """Bills that the run neither loaded nor refused: it did not have them."""
        free = ~self._checked.invalid_bills()
        free[list(self.matches.bills.values())] = False
        reported = {i for f in self.matches.findings for i in f.bills}
        for i in np.flatnonzero(free).tolist():
            if i not in reported:
                cell = self._checked.mapped.cell(BILLS, "invoiceNumber", i)
                value = str(self._columns["invoiceNumber"][i] or "")
                run = self._record.id
                self.matches.findings.append(
                    finding("run.row.added", cell, value, bills=(i,), run=run, noun="bill")
                )

    # --- line items ---------------------------------------------------------------------------

    @cached_property
    def _lines_of(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self._checked.line_bill, kind="stable")
        starts = np.searchsorted(
            self._checked.line_bill, np.arange(self._checked.bills.size + 1), sorter=order
        )
        return order, starts

    @cached_property
    def _line_columns(self) -> dict[str, list[Any]]:
        every = np.arange(self._checked.lines.size)
        names = ("amount", "netAmount", "description")
        return {name: self._checked.lines[name].values_at(every) for name in names}

    def _line_identity(self, line: int, *, include_tax: bool) -> str:
        columns = self._line_columns
        amounts = columns["amount" if include_tax else "netAmount"]
        return line_row_identity(amounts[line], columns["description"][line])

    def _match_lines(self, outcome: BillOutcome, rows: BillRows, index: int) -> None:
        order, starts = self._lines_of
        now = order[starts[index] : starts[index + 1]].tolist()
        include_tax = bool(self._checked.include_tax[index])
        identities = [self._line_identity(line, include_tax=include_tax) for line in now]
        loaded = rows.lines if rows.bill else self._loaded_lines(outcome, now, identities)
        at = {
            (self._rows.place(self._checked.mapped.lines, line), identity): position
            for position, (line, identity) in enumerate(zip(now, identities, strict=True))
        }
        positions = [at.get((each.place, each.identity)) for each in loaded]
        if positions == list(range(len(now))):
            return
        behind = len(now) + len(loaded)
        self.matches.line_positions[outcome.entry.id] = [
            behind if position is None else position for position in positions
        ]
        lost: dict[int, int] = {}  # line item now -> number of the line that was loaded from it
        for k, (each, position) in enumerate(zip(loaded, positions, strict=True)):
            if position is None:
                line = self._rows.lines.get(each.place)
                if line is not None:
                    lost[line] = k
                self._report_changed_line(outcome, each, k, line)
        for position, line in enumerate(now):
            if position not in positions and line not in lost:
                cell = self._checked.mapped.cell(LINE_ITEMS, "amount", line)
                run = self._record.id
                self.matches.findings.append(
                    finding("run.row.added", cell, lines=(line,), run=run, noun="line item")
                )

    def _loaded_lines(
        self, outcome: BillOutcome, now: list[int], identities: list[str]
    ) -> tuple[RowIdentity, ...]:
        """The lines of a bill of a run whose rows were not stored, in the rows of now.

        What was sent is in the entry where this run created the bill; else nothing tells.
        """
        places = [self._rows.place(self._checked.mapped.lines, line) for line in now]
        content = outcome.entry.content
        if outcome.status is Status.CREATED and content:
            sent = json.loads(content)
            name = "amount" if sent["lineItemsIncludeTax"] else "netAmount"
            identities = [
                line_row_identity(each[name], each["description"]) for each in sent["lineItems"]
            ]
        last = places[-1] if places else ("", None, 0)
        places += [last] * (len(identities) - len(places))
        return tuple(RowIdentity(*p, i) for p, i in zip(places, identities, strict=False))

    def _report_changed_line(
        self, outcome: BillOutcome, row: RowIdentity, k: int, line: int | None
    ) -> None:
        lines = () if line is None else (line,)
        cell = self._rows.cell(CellRef(*row.place))
        ids = outcome.entry.line_ids
        light_id = (ids[k] if k < len(ids) else None) or "none"
        self._report("run.line.changed", cell, outcome, lines=lines, number=k + 1, id=light_id)


def currency_of(entry: JournalEntry) -> str:
    return str(json.loads(entry.content)["currency"]) if entry.content else ""


def unit_of(checked: Checked, entry: JournalEntry) -> int:
    """How many cents a unit of the currency of an entry's bill has."""
    return checked.mapped.template.formats.cents_per_unit.get(currency_of(entry), 100)
