"""Outcome of each bill and line item, computed lazily: a run may have millions."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa

from importer.core.arrow_strings import concatenate, integers, replace_at
from importer.core.lazy_sequence import LazySequence
from importer.model.journal_states import IN_LIGHT, BillOutcome, Discovery, Status, Step
from importer.model.report_model import Amounts, BillResult, RowResult, TableRow
from importer.report.row_messages import RowMessages
from importer.validation.cents_array import CentsArray, sums
from importer.validation.checked_bills import Checked

if TYPE_CHECKING:
    from importer.model.light_objects import Vendor
    from importer.model.read_back import ReadBack

STATUSES = tuple(Status)
_INVALID = STATUSES.index(Status.INVALID)
_NOT_SENT = frozenset({Status.VALID, Status.INVALID, Status.NOT_SENT})
_DISCOVERIES = {
    Discovery.AFTER_LOST_ANSWER: "found in Light after its answer was lost",
    Discovery.BEFORE_SENDING: "Light has this bill already",
    Discovery.OTHER_BILL: "",
    Discovery.UPDATE: "",
}
NO_ANSWER = "the run ended before Light's answer came"
_Record = TypeVar("_Record", BillResult, RowResult)


def outcome_words(outcome: BillOutcome) -> str:
    """What there is to say of a bill beside its status, without a full stop; "" for nothing."""
    if outcome.partial:
        return ": ".join(filter(None, (outcome.partial, outcome.message)))
    if outcome.status is Status.UNKNOWN and outcome.entry.is_refused:
        reason = outcome.message.rstrip(". ")
        return f"Light refused it ({reason}); whether it has it all the same was not checked"
    discovery = _DISCOVERIES[outcome.how] if outcome.how else ""
    return "; ".join(filter(None, (discovery, outcome.message)))


class RowOutcomes(LazySequence[_Record]):
    """The outcomes of bills or of line items, in the order of the sheet.

    Arrays by item: ``table`` and ``row`` are its place, ``codes`` indexes into ``STATUSES``,
    ``units`` the cents in a unit of its currency. ``amounts`` are gross, net and tax in cents.
    """

    def __init__(
        self,
        table: np.ndarray,
        row: np.ndarray,
        codes: np.ndarray,
        units: np.ndarray,
        amounts: tuple[CentsArray, CentsArray, CentsArray],
    ) -> None:
        self.table, self.row, self.codes, self.units = table, row, codes, units
        self.amounts = amounts

    def __len__(self) -> int:
        return len(self.table)

    def items_of_rows(self, table: int) -> np.ndarray:
        """The items of the rows of a table, in the order of the rows.

        A row's own line item stands for it, not the extra lines that its bill has there too.
        """
        items = np.flatnonzero(self.table == table)
        rows = self.row[items]
        if (np.diff(rows) > 0).all():
            return items
        return items[np.unique(rows, return_index=True)[1]]

    @abstractmethod
    def row_result(self, i: int, amounts: Amounts | None = None) -> RowResult:
        """The outcome of a row; without ``amounts``, which ``result`` adds."""

    def result(self, i: int) -> RowResult:
        gross, net, tax = (cents.at(i) for cents in self.amounts)
        amounts = Amounts(gross, net, tax, self._currency(i), int(self.units[i]))
        return self.row_result(i, amounts)

    @abstractmethod
    def _currency(self, i: int) -> str: ...

    @abstractmethod
    def only_checked(self) -> np.ndarray:
        """Which items have a status and a message, and nothing else: they were never sent."""

    @abstractmethod
    def messages(self, items: np.ndarray) -> pa.LargeStringArray:
        """The messages of items that were ``only_checked``; "" of -1, no item."""

    @property
    @abstractmethod
    def in_light(self) -> np.ndarray:
        """Which items are in Light, as far as is known."""

    def status(self, i: int) -> Status:
        status: Status = STATUSES[self.codes[i]]
        return status

    def _by_item(self, former_ids: Mapping[TableRow, str]) -> dict[int, str]:
        if not former_ids:
            return {}
        places = enumerate(zip(self.table.tolist(), self.row.tolist(), strict=True))
        return {i: former_ids[place] for i, place in places if place in former_ids}


class BillOutcomes(RowOutcomes[BillResult]):
    """The bills. ``outcomes`` are of those that the journal knows, by bill index, as are
    ``read_backs`` and ``steps``; the others are valid or invalid. ``former_ids`` are Light's ids of
    the bills of rows before this run, for where the run itself has none."""

    def __init__(
        self,
        checked: Checked,
        outcomes: Mapping[int, BillOutcome],
        read_backs: Mapping[int, ReadBack],
        steps: Mapping[int, tuple[Step, ...]],
        former_ids: Mapping[TableRow, str],
    ) -> None:
        codes = np.where(checked.invalid_bills(), _INVALID, STATUSES.index(Status.VALID))
        for i, outcome in outcomes.items():
            codes[i] = STATUSES.index(outcome.status)
        self.line_amounts = line_amounts(checked)
        net, tax = (
            sums(cents, checked.line_bill, checked.bills.size)[0] for cents in self.line_amounts[1:]
        )
        bills = checked.mapped.bills
        super().__init__(
            bills.table, bills.row, codes, checked.bills.units, (checked.amounts, net, tax)
        )
        self._checked, self.outcomes = checked, outcomes
        self._read_backs, self._steps = read_backs, steps
        self.row_messages = RowMessages.of(checked)
        ids = self._by_item(former_ids)
        self._former_ids = {i: ids[i] for i in ids if self.status(i) in _NOT_SENT}
        names = ("vendor", "vendorId", "invoiceNumber", "issuedDate", "currency")
        self._columns = {name: checked.bills[name] for name in names}

    def only_checked(self) -> np.ndarray:
        only = np.ones(len(self), dtype=bool)
        for indexes in (self.outcomes, self._read_backs, self._steps, self._former_ids):
            only[list(indexes)] = False
        return only

    def messages(self, items: np.ndarray) -> pa.LargeStringArray:
        return self.row_messages.bills.take(items)

    def row_result(self, i: int, amounts: Amounts | None = None) -> RowResult:
        table, row, status = int(self.table[i]), int(self.row[i]), self.status(i)
        message, light_id = self.row_messages.bills[i], self._former_ids.get(i)
        light_state, attempts, loaded_at = None, 0, None
        if i in self.outcomes:
            outcome, entry = self.outcomes[i], self.outcomes[i].entry
            attempts = entry.attempts
            words = outcome_words(outcome)
            if not words and status is Status.UNKNOWN:
                words = f"Light may or may not have the bill: {NO_ANSWER}"
            message = " ".join(filter(None, (_sentence(words), message)))
            if outcome.in_light:
                light_id, light_state = entry.light_id, entry.light_state
                loaded_at = entry.settled
        if i in self._read_backs:
            light_state = self._read_backs[i].light_state or light_state
        return RowResult(
            table,
            row,
            status,
            message,
            light_id,
            light_state,
            attempts,
            loaded_at,
            amounts=amounts,
            loaded_before=self._loaded(i),
            credit_note=bool(self._checked.credit_notes[i]),
        )

    def _in_light(self, i: int) -> int | None:
        """Gross in cents by Light's own amount; None where it is not in Light, and where Light did
        not state it: the sheet's amount is none that was read."""
        return self.outcomes[i].entry.light_amount if self._loaded(i) else None

    def _loaded(self, i: int) -> bool:
        return i in self.outcomes and self.outcomes[i].in_light

    @property
    def in_light(self) -> np.ndarray:
        which = np.zeros(len(self), dtype=bool)
        which[[i for i, outcome in self.outcomes.items() if outcome.in_light]] = True
        return which

    def _light_vendor(self, i: int) -> Vendor | None:
        """Light's vendor, by the id of the row, else by that of what was loaded from it."""
        vendor_id = self._columns["vendorId"].at(i)
        if not vendor_id and i in self.outcomes and self.outcomes[i].entry.identity:
            vendor_id = json.loads(self.outcomes[i].entry.identity)[2]
        return self._checked.vendors.get(str(vendor_id)) if vendor_id else None

    def _text(self, name: str, i: int) -> str:
        """A bill's value for people: as it was read, else as written."""
        if (value := self._columns[name].at(i)) is not None:
            return str(value)
        column = self._checked.mapped.bills.columns.get(name)
        return "" if column is None else column.text_at(i)

    def _currency(self, i: int) -> str:
        return self._text("currency", i)

    def _item(self, i: int) -> BillResult:
        result = self.result(i)
        amounts = result.amounts
        assert amounts is not None
        return BillResult(
            result,
            self._text("vendor", i) or self._text("vendorId", i),
            self._text("invoiceNumber", i),
            self._text("issuedDate", i),
            amounts.currency,
            amounts.gross,
            int(self._checked.counts[i]),
            amounts.unit,
            amounts.net,
            amounts.tax,
            self._read_backs.get(i),
            self._steps.get(i, ()),
            self._in_light(i),
            self._light_vendor(i),
        )


class LineOutcomes(RowOutcomes[RowResult]):
    """The line items; each has the status of its bill."""

    def __init__(
        self, checked: Checked, bills: BillOutcomes, former_ids: Mapping[TableRow, str]
    ) -> None:
        lines, self._line_bill = checked.mapped.lines, checked.line_bill
        # Of a line without a bill: the last, beside those of the bills.
        self._bill_or_last = np.where(self._line_bill < 0, len(bills), self._line_bill)
        codes = np.append(bills.codes, _INVALID)[self._bill_or_last]
        super().__init__(lines.table, lines.row, codes, checked.lines.units, bills.line_amounts)
        self._bills, self._messages = bills, bills.row_messages.lines
        self._currencies = checked.bills["currency"].values
        ids = self._by_item(former_ids)
        in_light = self.in_light
        self._former_ids = {i: ids[i] for i in ids if not in_light[i]}
        self._last: tuple[int, RowResult] | None = None  # the lines of a bill are often together

    @property
    def in_light(self) -> np.ndarray:
        return np.append(self._bills.in_light, False)[self._bill_or_last]

    def only_checked(self) -> np.ndarray:
        only = np.append(self._bills.only_checked(), True)[self._bill_or_last]
        only[list(self._former_ids)] = False
        return np.asarray(only)

    def messages(self, items: np.ndarray) -> pa.LargeStringArray:
        texts, of_bills = self._messages.take(items), self._bills.row_messages.bills
        bills = np.where(items < 0, -1, self._line_bill[items])
        rows = np.flatnonzero(~self._messages.has(items) & of_bills.has(bills))
        if not len(rows):
            return texts
        bills = bills[rows]
        sentences = ["bill in row ", integers(self._bills.row[bills]), ": ", of_bills.take(bills)]
        return replace_at(texts, rows, concatenate(sentences))

    def row_result(self, i: int, amounts: Amounts | None = None) -> RowResult:
        bill, message = int(self._line_bill[i]), self._messages[i]
        table, row, former_id = int(self.table[i]), int(self.row[i]), self._former_ids.get(i)
        if bill < 0:
            return RowResult(
                table, row, Status.INVALID, message, bill_id=former_id, amounts=amounts
            )
        last = self._last
        if last is None or last[0] != bill:  # several threads may ask
            last = self._last = bill, self._bills.row_result(bill)
        of_bill = last[1]
        if not message and of_bill.status not in IN_LIGHT and of_bill.message:
            message = f"bill in row {of_bill.row}: {of_bill.message}"
        light_id = None
        if bill in self._bills.outcomes:
            ids, k = self._bills.outcomes[bill].entry.line_ids, int(self._position[i])
            light_id = ids[k] if k < len(ids) else None
        return RowResult(
            table,
            row,
            of_bill.status,
            message,
            light_id,
            of_bill.light_state,
            of_bill.attempts,
            of_bill.loaded_at,
            of_bill.light_id if of_bill.in_light else former_id,
            amounts,
            of_bill.credit_note,
            of_bill.loaded_before,
        )

    @cached_property
    def _position(self) -> np.ndarray:
        """Each line's position among those of its bill."""
        order = np.argsort(self._line_bill, kind="stable")
        bills = self._line_bill[order]
        position = np.empty(len(bills), dtype=np.int64)
        position[order] = np.arange(len(bills)) - np.searchsorted(bills, bills)
        return position

    def _currency(self, i: int) -> str:
        bill = int(self._line_bill[i])
        return str(self._currencies[bill] or "") if bill >= 0 else ""

    def _item(self, i: int) -> RowResult:
        return self.result(i)


def _sentence(text: str) -> str:
    return text + "." if text and text[-1] not in ".!?" else text


# --- amounts ----------------------------------------------------------------------------------

_FITS = 2**61  # the sum of two such amounts fits into int64 with room


def line_amounts(checked: Checked) -> tuple[CentsArray, CentsArray, CentsArray]:
    """(gross, net, tax) of each line item; unknown where the sheet does not determine it."""
    columns = (checked.lines[name].cents() for name in ("amount", "netAmount", "taxAmount"))
    (g, has_g), (n, has_n), (t, has_t) = columns
    if any(np.abs(each.astype(np.float64)).max(initial=0) > _FITS for each in (g, n, t)):
        g, n, t = (each.astype(object) for each in (g, n, t))
    return (
        CentsArray(np.where(has_g, g, n + t), has_g | (has_n & has_t)),
        CentsArray(np.where(has_n, n, g - t), has_n | (has_g & has_t)),
        CentsArray(np.where(has_t, t, g - n), has_t | (has_g & has_n)),
    )
