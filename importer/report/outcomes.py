"""What became of each bill and line item, made when it is asked for: a run may have millions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from importer.core.arrow_strings import join, replaced, whole_numbers
from importer.core.lazy_sequence import LazySequence
from importer.model.journal_states import IN_LIGHT, BillOutcome, Discovery, Status, Step
from importer.model.read_back import ReadBack
from importer.model.report_model import Amounts, BillResult, RowResult
from importer.report.line_amounts import LineAmounts, net_and_tax
from importer.report.row_messages import RowMessages
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedColumn
from importer.validation.validate import Checked

STATUSES = tuple(Status)
_INVALID = STATUSES.index(Status.INVALID)


_DISCOVERIES = {
    Discovery.AFTER_LOST_ANSWER: "found in Light after its answer was lost",
    Discovery.BEFORE_SENDING: "Light has this bill already",
}


def outcome_words(outcome: BillOutcome) -> str:
    """What there is to say of a bill beside its status, without a full stop; "" for nothing."""
    if outcome.partial:
        return ": ".join(filter(None, (outcome.partial, outcome.message)))
    discovery = _DISCOVERIES[outcome.how] if outcome.how else ""
    return "; ".join(filter(None, (discovery, outcome.message)))


def text_of(parsed: ParsedColumn, checked: Checked, name: str, i: int) -> str:
    """A bill's value for people: as it was read, else as written."""
    if (value := parsed.at(i)) is not None:
        return str(value)
    column = checked.mapped.bills.columns.get(name)
    return "" if column is None else column.text_at(i)


class BillOutcomes(LazySequence[BillResult]):
    """The bills in the sheet's order. ``codes`` has an index into ``STATUSES`` for each."""

    def __init__(
        self,
        checked: Checked,
        outcomes: Mapping[int, BillOutcome],
        amounts: LineAmounts,
        read_backs: Mapping[int, ReadBack],
        steps: Mapping[int, tuple[Step, ...]],
    ) -> None:
        self._checked, self._outcomes = checked, outcomes
        self._read_backs, self._steps = read_backs, steps
        self.said = RowMessages.of(checked)
        self._net, self._tax = net_and_tax(checked, amounts)
        self._table, self._row = checked.mapped.bills.table, checked.mapped.bills.row
        names = ("vendor", "vendorId", "invoiceNumber", "issuedDate", "currency")
        self._read = {name: checked.bills[name] for name in names}
        self.codes = np.where(checked.invalid_bills(), _INVALID, STATUSES.index(Status.VALID))
        for i, outcome in outcomes.items():
            self.codes[i] = STATUSES.index(outcome.status)

    def __len__(self) -> int:
        return self._checked.bills.size

    @property
    def table(self) -> np.ndarray:
        return self._table

    @property
    def row(self) -> np.ndarray:
        return self._row

    @property
    def units(self) -> np.ndarray:
        return self._checked.bills.units

    def plain(self) -> np.ndarray:
        """The bills of which there is nothing to say but their status."""
        out = np.ones(len(self), dtype=bool)
        out[self.said.bills.some] = False
        for some in (self._outcomes, self._read_backs, self._steps):
            out[list(some)] = False
        return out

    @property
    def told(self) -> tuple[CentsArray, CentsArray, CentsArray]:
        """Gross, net and tax."""
        return self._checked.amounts, self._net, self._tax

    @property
    def only_checked(self) -> bool:
        """Whether nothing was sent, so that there is nothing but statuses and messages."""
        return not (self._outcomes or self._read_backs or self._steps)

    def messages(self, items: np.ndarray) -> pa.LargeStringArray:
        """What is said of each of these bills; "" of -1, no bill."""
        return self.said.bills.of(items)

    def bare(self, i: int) -> RowResult:
        return self.result(i)

    def status(self, i: int) -> Status:
        status: Status = STATUSES[self.codes[i]]
        return status

    def in_light(self, i: int) -> int | None:
        """Gross in cents by Light's own amount; None where it is not in Light."""
        if self.status(i) not in IN_LIGHT:
            return None
        amount = self._outcomes[i].entry.light_amount
        return (self._checked.amounts.at(i) or 0) if amount is None else amount

    def result(self, i: int) -> RowResult:
        """What became of the bill, without its amounts."""
        table, row, status = int(self._table[i]), int(self._row[i]), self.status(i)
        said = self.said.bills[i]
        if i not in self._outcomes:
            result = RowResult(table, row, status, said)
        else:
            outcome = self._outcomes[i]
            entry = outcome.entry
            there = status in IN_LIGHT
            result = RowResult(
                table,
                row,
                status,
                " ".join(filter(None, (_sentence(outcome_words(outcome)), said))),
                entry.light_id if there else None,
                entry.light_state if there else None,
                entry.attempts,
                entry.settled if there else None,
            )
        if i in self._read_backs:
            return _afterwards(result, self._read_backs.get(i))
        return result

    def _item(self, i: int) -> BillResult:
        checked = self._checked

        def text(name: str) -> str:
            return text_of(self._read[name], checked, name, i)

        gross, net, tax = (each.at(i) for each in self.told)
        currency, unit = text("currency"), int(checked.bills.units[i])
        return BillResult(
            replace(self.result(i), amounts=Amounts(gross, net, tax, currency, unit)),
            text("vendor") or text("vendorId"),
            text("invoiceNumber"),
            text("issuedDate"),
            currency,
            gross,
            int(checked.counts[i]),
            unit,
            net,
            tax,
            self._read_backs.get(i),
            self._steps.get(i, ()),
            in_light=self.in_light(i),
        )


class LineOutcomes(LazySequence[RowResult]):
    """The line items in the sheet's order; each has the status of its bill."""

    def __init__(
        self,
        checked: Checked,
        bills: BillOutcomes,
        outcomes: Mapping[int, BillOutcome],
        amounts: LineAmounts,
    ) -> None:
        self._checked, self._bills, self._outcomes = checked, bills, outcomes
        self._amounts = amounts
        self._table, self._row = checked.mapped.lines.table, checked.mapped.lines.row
        self._own = bills.said.lines
        self._last: tuple[int, RowResult] | None = None  # lines of one bill stand together

    def __len__(self) -> int:
        return self._checked.lines.size

    @property
    def table(self) -> np.ndarray:
        return self._table

    @property
    def row(self) -> np.ndarray:
        return self._row

    @property
    def units(self) -> np.ndarray:
        return self._checked.lines.units

    def plain(self) -> np.ndarray:
        """The line items of which there is nothing to say but their status."""
        of = self._checked.line_bill
        out = np.append(self._bills.plain(), True)[np.where(of < 0, len(self._bills), of)]
        out[self._own.some] = False
        return np.asarray(out)

    @property
    def told(self) -> tuple[CentsArray, CentsArray, CentsArray]:
        """Gross, net and tax."""
        return self._amounts.gross, self._amounts.net, self._amounts.tax

    @property
    def only_checked(self) -> bool:
        """Whether nothing was sent, so that there is nothing but statuses and messages."""
        return self._bills.only_checked

    def messages(self, items: np.ndarray) -> pa.LargeStringArray:
        """What is said of each of these line items where nothing was sent: of its own, else of its
        bill; "" of -1, no line item."""
        own, of_bills = self._own.of(items), self._bills.said.bills
        bills = np.where(items < 0, -1, self._checked.line_bill[items])
        at = np.flatnonzero(~self._own.given(items) & of_bills.given(bills))
        if not len(at):
            return own
        rows = whole_numbers(self._bills.row[bills[at]])
        return replaced(own, at, join(["bill in row ", rows, ": ", of_bills.of(bills[at])]))

    def bare(self, i: int) -> RowResult:
        """The result without its amounts."""
        return self._item(i, amounts=False)

    @cached_property
    def codes(self) -> np.ndarray:
        of = self._checked.line_bill
        return np.append(self._bills.codes, _INVALID)[np.where(of < 0, len(self._bills), of)]

    @cached_property
    def _place(self) -> np.ndarray:
        """Each line's place among those of its bill."""
        line_bill = self._checked.line_bill
        order = np.argsort(line_bill, kind="stable")
        of = line_bill[order]
        place = np.empty(len(of), dtype=np.int64)
        place[order] = np.arange(len(of)) - np.searchsorted(of, of)
        return place

    def _item(self, i: int, *, amounts: bool = True) -> RowResult:
        own = self._amounts[i] if amounts else None
        table, row, bill = int(self._table[i]), int(self._row[i]), int(self._checked.line_bill[i])
        message = self._own[i]
        if bill < 0:
            return RowResult(table, row, Status.INVALID, message, amounts=own)
        last = self._last
        if last is None or last[0] != bill:  # several threads may ask
            last = self._last = bill, self._bills.result(bill)
        of_bill = last[1]
        light_id = None
        if bill in self._outcomes:
            ids, place = self._outcomes[bill].entry.line_ids, int(self._place[i])
            light_id = ids[place] if place < len(ids) else None
        if not message and of_bill.status not in IN_LIGHT and of_bill.message:
            message = f"bill in row {of_bill.row}: {of_bill.message}"
        return RowResult(
            table,
            row,
            of_bill.status,
            message,
            light_id,
            of_bill.light_state,
            of_bill.attempts,
            of_bill.loaded_at,
            bill_id=of_bill.light_id,
            amounts=own,
        )


def _afterwards(result: RowResult, read: ReadBack | None) -> RowResult:
    """With what came after its creation; what is not well there is among the findings."""
    return replace(result, light_state=(read.light_state if read else "") or result.light_state)


def _sentence(text: str) -> str:
    return text + "." if text and text[-1] not in ".!?" else text
