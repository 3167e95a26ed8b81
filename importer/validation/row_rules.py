"""Rules that compare the cells of one row, as boolean columns for pandera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from importer.core.currencies import EXPONENTS
from importer.core.money import money
from importer.mapping.map_tables import MappedTables
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding_catalogue import CATALOGUE
from importer.validation.byte_scan import blocks
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedColumn, ParsedTable

Words = Callable[[int], dict[str, Any]]


def _no_words(_: int) -> dict[str, Any]:
    return {}


@dataclass
class RowRule:
    """``ok[i]`` tells whether item ``i`` keeps the rule; ``field`` is where a breach is shown."""

    code: str
    field: str
    ok: np.ndarray
    template_args: Words = _no_words

    def __post_init__(self) -> None:
        assert self.code in CATALOGUE, self.code


_NO_DAY = 0  # the days of the calendar are counted from 1


def _day(value: date | None) -> int:
    return _NO_DAY if value is None else value.toordinal()


def _not_before(later: ParsedColumn, earlier: ParsedColumn) -> np.ndarray:
    """Which dates are not before those of the other column, wherever both are known."""
    if not (later.ok.any() and earlier.ok.any()):
        return np.ones(later.size, dtype=bool)
    days, others = later.map_distinct(_day, np.int32), earlier.map_distinct(_day, np.int32)
    return np.asarray((days >= others) | (days == _NO_DAY) | (others == _NO_DAY), dtype=bool)


UNKNOWN = -1


def truth(flag: ParsedColumn) -> np.ndarray:
    """1 for yes, 0 for no, UNKNOWN where blank or wrong; int8."""
    if flag.blank.all():  # as in a column that is not there
        return np.full(flag.size, UNKNOWN, dtype=np.int8)
    return flag.map_distinct(lambda value: UNKNOWN if value is None else int(value), np.int8)


def bill_rules(
    mapped: MappedTables, bills: ParsedTable, derived: np.ndarray, wanted: np.ndarray, now: datetime
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
                | mapped.column_reported_missing(BILLS, "vendorId", "vendor")),
        RowRule("bills.issuedDate.required", "issuedDate",
                ~issued.blank | mapped.column_reported_missing(BILLS, "issuedDate")),
        RowRule("bills.currency.required", "currency",
                ~currency.blank | mapped.column_reported_missing(BILLS, "currency")),
        RowRule("bills.invoiceNumber.missing", "invoiceNumber",
                ~number.blank | mapped.lacks_column(BILLS, "invoiceNumber")),
        RowRule("bills.dueDate.before_issued", "dueDate",
                _not_before(due, issued),
                lambda i: {"issued": issued.at(i)}),
    ]  # fmt: skip
    rules += payment_rules(mapped, bills, wanted, now)
    known = ~amount.blank | derived | mapped.column_reported_missing(BILLS, "amount")
    rules.append(RowRule("bills.amount.required", "amount", known))
    rules += amount_rules(amount, bills.units, ~derived)
    if formats.amounts == "decimal":
        units = formats.cents_per_unit
        ok = currency.map_distinct(lambda c: c is None or EXPONENTS[c] == 2 or c in units, bool)
        rules.append(
            RowRule("bills.currency.not_in_cents", "currency", ok,
                    lambda i: {"exponent": EXPONENTS[currency.at(i)]})
        )  # fmt: skip
    return rules


PAYMENT_FIELDS = ("paidFromBankAccountId", "paymentAt")  # what a payment needs


def payment_rules(
    mapped: MappedTables, bills: ParsedTable, wanted: np.ndarray, now: datetime
) -> list[RowRule]:
    """A bill that is to be marked as paid says from where and when; no other one is paid."""
    paid = wanted == TargetStatus.PAID
    bank, moment = bills["paidFromBankAccountId"], bills["paymentAt"]
    # A day is told as its midnight in UTC; the day may have begun already where the person is.
    latest = now + timedelta(days=1)
    return [
        RowRule("bills.paidFromBankAccountId.required", "paidFromBankAccountId",
                ~(paid & bank.blank & ~mapped.lacks_column(BILLS, "paidFromBankAccountId"))),
        RowRule("bills.paidFromBankAccountId.not_used", "paidFromBankAccountId",
                ~(~paid & bank.ok)),
        RowRule("bills.paymentAt.required", "paymentAt",
                ~(paid & moment.blank & ~mapped.lacks_column(BILLS, "paymentAt"))),
        RowRule("bills.paymentAt.in_future", "paymentAt",
                ~(paid & _after(moment, latest))),
    ]  # fmt: skip


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _after(moments: ParsedColumn, latest: datetime) -> np.ndarray:
    return moments.map_distinct(lambda moment: moment is not None and _utc(moment) > latest, bool)


def amount_rules(amount: ParsedColumn, units: np.ndarray, which: np.ndarray) -> list[RowRule]:
    """A bill is of more than nothing. ``which`` are the bills to look at; cents per unit."""
    cents, known = amount.cents()
    known = known & which
    return [
        RowRule("bills.amount.zero", "amount", ~(known & (cents == 0))),
        RowRule("bills.amount.negative", "amount", ~(known & (cents < 0)),
                lambda i: {"money": money(amount.at(i), int(units[i]))}),
    ]  # fmt: skip


def _plus(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(sums, which of them int64 cannot hold)."""
    out = left + right
    return out, ((left ^ out) & (right ^ out)) < 0


def line_rules(mapped: MappedTables, lines: ParsedTable, include_tax: np.ndarray) -> list[RowRule]:
    """The rules of one line row. ``include_tax`` is of its bill: 1, 0, UNKNOWN."""
    gross, net, tax = lines["amount"], lines["netAmount"], lines["taxAmount"]
    no_code = lines["taxCodeId"].blank & lines["taxCode"].blank
    start, end = lines["amortizationStartDate"], lines["amortizationEndDate"]
    should = lines["shouldAmortize"]
    inclusive, exclusive = include_tax == 1, include_tax == 0
    (gross_cents, gross_ok), (net_cents, net_ok), (tax_cents, tax_ok) = (
        column.cents() for column in (gross, net, tax)
    )
    all_three = gross_ok & net_ok & tax_ok
    untaxed = gross_ok & net_ok & tax.blank & no_code
    adds_up, other_sign = ~all_three, tax_ok & (net_ok | gross_ok)
    for part in blocks(lines.size):
        own_gross, own_net, own_tax = gross_cents[part], net_cents[part], tax_cents[part]
        total, too_large = _plus(own_net, own_tax)
        adds_up[part] |= (total == own_gross) & ~too_large
        adds_up[part] &= ~untaxed[part] | (own_net == own_gross)
        base = np.where(net_ok[part], own_net, own_gross)
        other_sign[part] &= ((own_tax ^ base) < 0) & (own_tax != 0) & (base != 0)
    amortized = truth(should)
    truly, never = amortized == 1, amortized == 0

    def of_sum(i: int) -> dict[str, Any]:
        own_net, own_tax = net.at(i), tax.at(i) or 0
        of = {"net": own_net, "tax": own_tax, "sum": own_net + own_tax, "gross": gross.at(i)}
        return {name: lines.money(i, cents) for name, cents in of.items()}

    return [
        RowRule("line_items.amount.required", "amount",
                ~(inclusive & gross.blank) | mapped.column_reported_missing(LINE_ITEMS, "amount")),
        RowRule("line_items.netAmount.required", "netAmount",
                ~(exclusive & net.blank) | mapped.column_reported_missing(LINE_ITEMS, "netAmount")),
        RowRule("line_items.amount.not_net_plus_tax", "amount", adds_up,
                of_sum),
        RowRule("line_items.taxAmount.sign", "taxAmount", ~other_sign,
                lambda i: {"tax": lines.money(i, int(tax_cents[i])),
                           "base": lines.money(i, (net if net_ok[i] else gross).at(i))}),
        RowRule("line_items.taxAmount.without_code", "taxAmount",
                ~(tax_ok & no_code & (tax_cents != 0))),
        RowRule("line_items.taxAmount.worked_out_by_light", "taxAmount",
                ~(exclusive & net_ok & tax.blank & ~no_code)),
        RowRule("line_items.amortizationStartDate.incomplete", "amortizationStartDate",
                start.blank == end.blank),
        RowRule("line_items.amortizationEndDate.before_start", "amortizationEndDate",
                _not_before(end, start),
                lambda i: {"start": start.at(i)}),
        RowRule("line_items.shouldAmortize.without_dates", "shouldAmortize",
                ~(truly & start.blank & end.blank)),
        RowRule("line_items.shouldAmortize.contradicts_dates", "shouldAmortize",
                ~(never & (~start.blank | ~end.blank))),
    ]  # fmt: skip


def gross_of_lines(lines: ParsedTable, include_tax: np.ndarray) -> CentsArray:
    """Each line's gross, where it is known before Light works it out."""
    no_code = lines["taxCodeId"].blank & lines["taxCode"].blank
    tax_blank = lines["taxAmount"].blank
    (gross, gross_ok), (net, net_ok), (tax, tax_ok) = (
        lines[name].cents() for name in ("amount", "netAmount", "taxAmount")
    )
    inclusive = include_tax == 1
    with_tax = ~inclusive & net_ok & tax_ok
    untaxed = ~inclusive & net_ok & tax_blank & no_code
    # in the last case Light works out the tax
    as_given = gross_ok & (inclusive | (net_ok & tax_blank & ~no_code))
    out = np.empty(lines.size, dtype=np.int64)
    any_too_large = False
    for part in blocks(lines.size):
        total, too_large = _plus(net[part], tax[part])
        any_too_large |= bool((too_large & with_tax[part]).any())
        out[part] = np.where(with_tax[part], total, np.where(untaxed[part], net[part], gross[part]))
    if any_too_large:
        out = out.astype(object)
        out[with_tax] = net.astype(object)[with_tax] + tax.astype(object)[with_tax]
    return CentsArray(out, with_tax | untaxed | as_given)
