"""Rules that compare the cells of one row, as boolean columns for pandera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from importer.amounts import money
from importer.canonical import BILLS, LINE_ITEMS
from importer.currencies import EXPONENTS
from importer.findings import CATALOGUE
from importer.records import Wanted
from importer.template.mapping import Mapped
from importer.validation.parse import ParsedTable

Words = Callable[[int], dict[str, Any]]


def _no_words(_: int) -> dict[str, Any]:
    return {}


@dataclass
class RowRule:
    """``ok[i]`` tells whether item ``i`` keeps the rule; ``field`` is where a breach is shown."""

    code: str
    field: str
    ok: np.ndarray
    words: Words = _no_words

    def __post_init__(self) -> None:
        assert self.code in CATALOGUE, self.code


def _compare(
    left: np.ndarray, right: np.ndarray, where: np.ndarray, keep: Callable[[Any, Any], bool]
) -> np.ndarray:
    """True but where ``where`` holds and ``keep(left, right)`` does not."""
    ok = np.ones(len(where), dtype=bool)
    for i in np.flatnonzero(where):
        ok[i] = keep(left[i], right[i])
    return ok


def bill_rules(
    mapped: Mapped, bills: ParsedTable, derived: np.ndarray, wanted: np.ndarray, now: datetime
) -> list[RowRule]:
    """The rules of one bill row.

    ``derived``: whose amount is worked out from the lines. ``wanted``: how far each should go.
    """
    vendor_id, vendor = bills["vendorId"], bills["vendor"]
    issued, due, amount, currency = (
        bills[name] for name in ("issuedDate", "dueDate", "amount", "currency")
    )
    number = bills["invoiceNumber"]
    formats = mapped.template.formats
    rules = [
        RowRule("bills.vendorId.required", "vendor" if "vendor" in bills.columns else "vendorId",
                ~(vendor_id.blank & vendor.blank)
                | mapped.told_missing(BILLS, "vendorId", "vendor")),
        RowRule("bills.issuedDate.required", "issuedDate",
                ~issued.blank | mapped.told_missing(BILLS, "issuedDate")),
        RowRule("bills.currency.required", "currency",
                ~currency.blank | mapped.told_missing(BILLS, "currency")),
        RowRule("bills.invoiceNumber.missing", "invoiceNumber",
                ~number.blank | mapped.without_column(BILLS, "invoiceNumber")),
        RowRule("bills.dueDate.before_issued", "dueDate",
                _compare(due.values, issued.values, due.ok & issued.ok, lambda d, i: d >= i),
                lambda i: {"issued": issued.values[i]}),
    ]  # fmt: skip
    rules += payment_rules(mapped, bills, wanted, now)
    known = ~amount.blank | derived | mapped.told_missing(BILLS, "amount")
    rules.append(RowRule("bills.amount.required", "amount", known))
    given = amount.values.copy()
    given[derived] = None
    rules += amount_rules(given, bills.units)
    if formats.amounts == "decimal":
        units = formats.cents_per_unit
        ok = [c is None or EXPONENTS[c] == 2 or c in units for c in currency.values]
        rules.append(
            RowRule("bills.currency.not_in_cents", "currency", np.asarray(ok, dtype=bool),
                    lambda i: {"exponent": EXPONENTS[currency.values[i]]})
        )  # fmt: skip
    return rules


PAYMENT_FIELDS = ("paidFromBankAccountId", "paymentAt")  # what a payment needs


def payment_rules(
    mapped: Mapped, bills: ParsedTable, wanted: np.ndarray, now: datetime
) -> list[RowRule]:
    """A bill that is to be marked as paid says from where and when; no other one is paid."""
    paid = np.asarray([w is Wanted.PAID for w in wanted], dtype=bool)
    bank, moment = bills["paidFromBankAccountId"], bills["paymentAt"]
    # A day is told as its midnight in UTC; the day may have begun already where the person is.
    latest = now + timedelta(days=1)
    return [
        RowRule("bills.paidFromBankAccountId.required", "paidFromBankAccountId",
                ~(paid & bank.blank & ~mapped.without_column(BILLS, "paidFromBankAccountId"))),
        RowRule("bills.paidFromBankAccountId.not_used", "paidFromBankAccountId",
                ~(~paid & bank.ok)),
        RowRule("bills.paymentAt.required", "paymentAt",
                ~(paid & moment.blank & ~mapped.without_column(BILLS, "paymentAt"))),
        RowRule("bills.paymentAt.in_future", "paymentAt",
                _compare(moment.values, moment.values, paid & moment.ok,
                         lambda at, _: _utc(at) <= latest)),
    ]  # fmt: skip


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def amount_rules(amounts: np.ndarray, units: np.ndarray) -> list[RowRule]:
    """A bill is of more than nothing. Amounts in cents, None where not known; cents per unit."""
    return [
        RowRule("bills.amount.zero", "amount",
                np.asarray([a is None or a != 0 for a in amounts], dtype=bool)),
        RowRule("bills.amount.negative", "amount",
                np.asarray([a is None or a >= 0 for a in amounts], dtype=bool),
                lambda i: {"money": money(amounts[i], int(units[i]))}),
    ]  # fmt: skip


def _sign(cents: int) -> int:
    return (cents > 0) - (cents < 0)


def line_rules(mapped: Mapped, lines: ParsedTable, include_tax: np.ndarray) -> list[RowRule]:
    """The rules of one line row. ``include_tax`` is of its bill: True, False, None not known."""
    gross, net, tax = lines["amount"], lines["netAmount"], lines["taxAmount"]
    no_code = lines["taxCodeId"].blank & lines["taxCode"].blank
    start, end = lines["amortizationStartDate"], lines["amortizationEndDate"]
    should = lines["shouldAmortize"]
    inclusive = np.asarray([flag is True for flag in include_tax], dtype=bool)
    exclusive = np.asarray([flag is False for flag in include_tax], dtype=bool)
    adds_up = np.ones(lines.size, dtype=bool)
    all_three = gross.ok & net.ok & tax.ok
    adds_up[all_three] = net.values[all_three] + tax.values[all_three] == gross.values[all_three]
    untaxed = gross.ok & net.ok & tax.blank & no_code
    adds_up[untaxed] = net.values[untaxed] == gross.values[untaxed]
    base = np.where(net.ok, net.values, gross.values)
    truly = np.asarray([flag is True for flag in should.values], dtype=bool)
    never = np.asarray([flag is False for flag in should.values], dtype=bool)
    return [
        RowRule("line_items.amount.required", "amount",
                ~(inclusive & gross.blank) | mapped.told_missing(LINE_ITEMS, "amount")),
        RowRule("line_items.netAmount.required", "netAmount",
                ~(exclusive & net.blank) | mapped.told_missing(LINE_ITEMS, "netAmount")),
        RowRule("line_items.amount.not_net_plus_tax", "amount", adds_up,
                lambda i: {"net": lines.money(i, net.values[i]),
                           "tax": lines.money(i, tax.values[i] or 0),
                           "sum": lines.money(i, net.values[i] + (tax.values[i] or 0)),
                           "gross": lines.money(i, gross.values[i])}),
        RowRule("line_items.taxAmount.sign", "taxAmount",
                _compare(tax.values, base, tax.ok & (net.ok | gross.ok),
                         lambda t, b: t == 0 or b == 0 or _sign(t) == _sign(b)),
                lambda i: {"tax": lines.money(i, tax.values[i] or 0),
                           "base": lines.money(i, base[i])}),
        RowRule("line_items.taxAmount.without_code", "taxAmount",
                ~(tax.ok & no_code & np.asarray([bool(t) for t in tax.values], dtype=bool))),
        RowRule("line_items.taxAmount.worked_out_by_light", "taxAmount",
                ~(exclusive & net.ok & tax.blank & ~no_code)),
        RowRule("line_items.amortizationStartDate.incomplete", "amortizationStartDate",
                start.blank == end.blank),
        RowRule("line_items.amortizationEndDate.before_start", "amortizationEndDate",
                _compare(end.values, start.values, end.ok & start.ok, lambda e, s: e >= s),
                lambda i: {"start": start.values[i]}),
        RowRule("line_items.shouldAmortize.without_dates", "shouldAmortize",
                ~(truly & start.blank & end.blank)),
        RowRule("line_items.shouldAmortize.contradicts_dates", "shouldAmortize",
                ~(never & (~start.blank | ~end.blank))),
    ]  # fmt: skip


def gross_of_lines(lines: ParsedTable, include_tax: np.ndarray) -> np.ndarray:
    """Each line's gross in cents, None where it cannot be known before Light works it out."""
    gross, net, tax = lines["amount"], lines["netAmount"], lines["taxAmount"]
    no_code = lines["taxCodeId"].blank & lines["taxCode"].blank
    inclusive = np.asarray([flag is True for flag in include_tax], dtype=bool)
    out = np.full(lines.size, None, dtype=object)
    at = inclusive & gross.ok
    out[at] = gross.values[at]
    at = ~inclusive & net.ok & tax.ok
    out[at] = net.values[at] + tax.values[at]
    at = ~inclusive & net.ok & tax.blank & no_code
    out[at] = net.values[at]
    at = ~inclusive & net.ok & tax.blank & ~no_code & gross.ok  # Light works out the tax
    out[at] = gross.values[at]
    return out
