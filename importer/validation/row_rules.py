"""The values of a row that the row rules of ``schema`` check, and the words of their sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np

from importer.core.currencies import EXPONENTS
from importer.mapping.map_tables import MappedTables
from importer.model.bills import TargetStatus
from importer.model.fields import AI_PARSE_AND_MERGE
from importer.validation.byte_scan import blocks
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedColumn, ParsedTable

UNKNOWN = -1
PAYMENT_FIELDS = ("paidFromBankAccountId", "paymentAt")  # what a payment needs


def _no_values() -> np.ndarray:
    return np.empty(0, dtype=np.int8)


@dataclass(frozen=True)
class Rows:
    """The rows of one sheet with facts that are not in their cells.

    Of bills: ``target`` is how far each should go, ``is_sum`` marks those whose amount is the sum
    of their lines, ``credit_notes`` those that are some, ``cancelled_out`` those that are loaded
    though their lines come to nothing, ``now`` is the time of the check. Of lines: ``include_tax``
    is their bill's: 1, 0, UNKNOWN.
    """

    mapped: MappedTables
    sheet: str
    table: ParsedTable
    target: np.ndarray = field(default_factory=_no_values)
    is_sum: np.ndarray = field(default_factory=_no_values)
    credit_notes: np.ndarray = field(default_factory=_no_values)
    cancelled_out: np.ndarray = field(default_factory=_no_values)
    include_tax: np.ndarray = field(default_factory=_no_values)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def money(self, i: int, cents: int) -> str:
        return self.table.money(i, cents)


RowValue: TypeAlias = Callable[[Rows], np.ndarray]
RowArgs: TypeAlias = Callable[[Rows, int], dict[str, Any]]


def truth(flag: ParsedColumn) -> np.ndarray:
    """1 for yes, 0 for no, UNKNOWN where blank or wrong; int8."""
    if flag.blank.all():  # as in a column that is not there
        return np.full(flag.size, UNKNOWN, dtype=np.int8)
    return flag.map_distinct(lambda value: UNKNOWN if value is None else int(value), np.int8)


def _count(*columns: ParsedColumn) -> np.ndarray:
    """How many of the columns have something in each row."""
    return np.asarray(np.sum([~column.blank for column in columns], axis=0, dtype=np.int8))


def given(*names: str) -> RowValue:
    """How many of these fields a row gives; 1 where the missing columns are a finding already."""

    def value(rows: Rows) -> np.ndarray:
        count = _count(*(rows.table[name] for name in names))
        return np.where(rows.mapped.column_reported_missing(rows.sheet, *names), np.int8(1), count)

    return value


def given_in_column(name: str) -> RowValue:
    """Whether a row gives the field; 1 where the sheet has no column for it."""

    def value(rows: Rows) -> np.ndarray:
        lacking = rows.mapped.lacks_column(rows.sheet, name)
        return np.where(lacking, np.int8(1), _count(rows.table[name]))

    return value


def days_between(first: str, last: str) -> RowValue:
    """The days from one date to the other, 0 where one of them is not known."""

    def value(rows: Rows) -> np.ndarray:
        start, end = rows.table[first], rows.table[last]
        both = start.ok & end.ok
        if not both.any():
            return np.zeros(both.size, dtype=np.int32)
        days = end.map_distinct(_day, np.int32) - start.map_distinct(_day, np.int32)
        return np.where(both, days, 0)

    return value


def _day(value: date | None) -> int:
    return 0 if value is None else value.toordinal()


def days_to_come(name: str) -> RowValue:
    """The days from now to a date, 0 where it is not known."""

    def value(rows: Rows) -> np.ndarray:
        today = rows.now.date().toordinal()
        days = rows.table[name].map_distinct(lambda day: _day(day) - today, np.int32)
        return np.where(rows.table[name].ok, days, 0)

    return value


def documents_if_read(rows: Rows) -> np.ndarray:
    """Whether a bill whose document Light is to read has one; 1 for all others."""
    mode = rows.table["processingMode"]
    is_read = mode.map_distinct(lambda text: text == AI_PARSE_AND_MERGE, bool)
    return np.where(is_read & rows.table["document"].blank, np.int8(0), np.int8(1))


def _is_paid(rows: Rows) -> np.ndarray:
    return np.asarray(rows.target == TargetStatus.PAID, dtype=bool)


def given_if_paid(name: str) -> RowValue:
    """Whether a bill that is to be marked as paid gives the field; 1 for all others."""

    def value(rows: Rows) -> np.ndarray:
        return np.where(_is_paid(rows), given_in_column(name)(rows), np.int8(1))

    return value


def accounts_of_unpaid(rows: Rows) -> np.ndarray:
    """1 where a bank account is given for a bill that is not to be marked as paid."""
    return np.asarray(rows.table["paidFromBankAccountId"].ok & ~_is_paid(rows), dtype=np.int8)


def payment_after_tomorrow(rows: Rows) -> np.ndarray:
    """The microseconds from tomorrow's time of day to the payment of a paid bill, 0 for others.

    A day is read as its midnight in UTC; the day may have begun already where the person is.
    """
    latest = rows.now + timedelta(days=1)

    def distance(moment: datetime | None) -> int:
        if moment is None:
            return 0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - latest) // timedelta(microseconds=1)

    payments = rows.table["paymentAt"].map_distinct(distance, np.int64)
    return np.where(_is_paid(rows), payments, 0)


def amount_or_sum(rows: Rows) -> np.ndarray:
    """1 where the bill's amount is given, or is the sum of its lines."""
    return np.where(rows.is_sum, np.int8(1), given("amount")(rows))


def amount_of_bill(rows: Rows) -> np.ndarray:
    """Cents as given, of a credit note without its sign; 1 where not known, or worked out from the
    lines."""
    cents, valid = rows.table["amount"].cents()
    cents = np.where(rows.credit_notes, np.abs(cents), cents)
    return np.where(valid & ~rows.is_sum, cents, 1)


def amount_to_pay(rows: Rows) -> np.ndarray:
    """As ``amount_of_bill``; 1 where a bill of zero is loaded."""
    return np.where(rows.cancelled_out, 1, amount_of_bill(rows))


def amount_if_loaded(rows: Rows) -> np.ndarray:
    """As ``amount_of_bill``, of bills whose lines cancel out and that are loaded; 1 for others."""
    return np.where(rows.cancelled_out, amount_of_bill(rows), 1)


def currency_decimals(rows: Rows) -> np.ndarray:
    """The decimals of the bill's currency; 2 where amounts are in cents or the template's unit."""
    formats = rows.mapped.template.formats
    if formats.amounts != "decimal":
        return np.full(rows.table.size, 2, dtype=np.int8)
    stated = formats.cents_per_unit
    return rows.table["currency"].map_distinct(
        lambda code: 2 if code is None or code in stated else EXPONENTS[code], np.int8
    )


def given_if_gross(rows: Rows) -> np.ndarray:
    """Whether a line gives its gross amount, if those of its bill include tax; 1 for others."""
    return np.where(rows.include_tax == 1, given("amount")(rows), np.int8(1))


def given_if_net(rows: Rows) -> np.ndarray:
    """Whether a line gives its net amount, if those of its bill do not include tax."""
    return np.where(rows.include_tax == 0, given("netAmount")(rows), np.int8(1))


def _without_code(table: ParsedTable) -> np.ndarray:
    return np.asarray(table["taxCodeId"].blank & table["taxCode"].blank)


def _plus(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(sums, which of them int64 cannot hold)."""
    out = left + right
    return out, ((left ^ out) & (right ^ out)) < 0


def gross_minus_net_and_tax(rows: Rows) -> np.ndarray:
    """Cents between a line's gross and its net plus tax; 0 where one of them is not known.

    Without tax and tax code, the net is the gross. Modulo 2^64: 0 is exact.
    """
    gross, net, tax = (rows.table[name] for name in ("amount", "netAmount", "taxAmount"))
    (gross_cents, gross_ok), (net_cents, net_ok), (tax_cents, tax_ok) = (
        column.cents() for column in (gross, net, tax)
    )
    both = gross_ok & net_ok
    with_tax, untaxed = both & tax_ok, both & tax.blank & _without_code(rows.table)
    out = np.zeros(rows.table.size, dtype=np.int64)
    for part in blocks(rows.table.size):
        total, too_large = _plus(net_cents[part], tax_cents[part])
        gap = np.where(too_large, 1, gross_cents[part] - total)
        no_tax = untaxed[part] * (gross_cents[part] - net_cents[part])
        out[part] = np.where(with_tax[part], gap, no_tax)
    return out


def sign_of_tax(rows: Rows) -> np.ndarray:
    """1 where tax and amount have the same sign, -1 where not, 0 where one is 0 or not known."""
    return _of_taxed_amounts(rows, lambda tax, base: np.sign(tax) * np.sign(base))


def tax_above_amount(rows: Rows) -> np.ndarray:
    """1 where the tax is more than its amount, whatever their signs, and that is not 0."""
    return _of_taxed_amounts(
        rows, lambda tax, base: (_negative(tax) < _negative(base)) & (base != 0)
    )


def _negative(cents: np.ndarray) -> np.ndarray:
    """Without regard to their signs, as negative numbers: of these int64 has one more."""
    return np.asarray(np.minimum(cents, -cents))


def _of_taxed_amounts(
    rows: Rows, compare: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """What ``compare`` says of tax and net amount, else gross, in cents; 0 where not both are
    known."""
    (gross, gross_ok), (net, net_ok), (tax, tax_ok) = (
        rows.table[name].cents() for name in ("amount", "netAmount", "taxAmount")
    )
    valid = tax_ok & (net_ok | gross_ok)
    out = np.zeros(rows.table.size, dtype=np.int8)
    for part in blocks(rows.table.size):
        base = np.where(net_ok[part], net[part], gross[part])
        out[part] = compare(tax[part], base) * valid[part]
    return out


def tax_without_code(rows: Rows) -> np.ndarray:
    """Cents of tax of a line that has no tax code, 0 for others."""
    cents, valid = rows.table["taxAmount"].cents()
    return np.where(valid & _without_code(rows.table), cents, 0)


def tax_left_to_light(rows: Rows) -> np.ndarray:
    """1 where a line has its net amount and a tax code, and no tax."""
    table = rows.table
    left = table["netAmount"].ok & table["taxAmount"].blank & ~_without_code(table)
    return np.asarray(left & (rows.include_tax == 0), dtype=np.int8)


def amortization_dates(rows: Rows) -> np.ndarray:
    """How many of the two dates a line gives."""
    return _count(rows.table["amortizationStartDate"], rows.table["amortizationEndDate"])


def _amortization_fields(rows: Rows) -> np.ndarray:
    """How many of the two dates and the template a line gives."""
    names = ("amortizationStartDate", "amortizationEndDate", "amortizationTemplateId")
    return _count(*(rows.table[name] for name in names))


def fields_if_amortized(rows: Rows) -> np.ndarray:
    """How many of dates and template a line gives that should be amortized; 3 for others."""
    should = truth(rows.table["shouldAmortize"]) == 1
    return np.where(should, _amortization_fields(rows), np.int8(3))


def fields_if_not_amortized(rows: Rows) -> np.ndarray:
    """How many of dates and template a line gives that should not be amortized; 0 for others."""
    should_not = truth(rows.table["shouldAmortize"]) == 0
    return np.where(should_not, _amortization_fields(rows), np.int8(0))


def value_of(name: str, parameter: str) -> RowArgs:
    """The value of another field of the row."""
    return lambda rows, i: {parameter: rows.table[name].at(i)}


def bill_money(rows: Rows, i: int) -> dict[str, Any]:
    return {"money": rows.money(i, rows.table["amount"].at(i))}


def exponent_args(rows: Rows, i: int) -> dict[str, Any]:
    return {"exponent": EXPONENTS[rows.table["currency"].at(i)]}


def sum_args(rows: Rows, i: int) -> dict[str, Any]:
    net, tax = rows.table["netAmount"].at(i), rows.table["taxAmount"].at(i) or 0
    amounts = {"net": net, "tax": tax, "sum": net + tax, "gross": rows.table["amount"].at(i)}
    return {name: rows.money(i, cents) for name, cents in amounts.items()}


def sign_args(rows: Rows, i: int) -> dict[str, Any]:
    net = rows.table["netAmount"].at(i)
    base = rows.table["amount"].at(i) if net is None else net
    return {"tax": rows.money(i, rows.table["taxAmount"].at(i)), "base": rows.money(i, base)}


def gross_of_lines(lines: ParsedTable, include_tax: np.ndarray) -> CentsArray:
    """Each line's gross, where it is known before Light works it out."""
    no_code = _without_code(lines)
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
