"""Hints: what was probably meant by an amount or a date that cannot be read."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from importer.core import dates
from importer.core.money import (
    MINUS,
    Numbers,
    UnreadableAmount,
    money,
    read_cents,
    read_decimal,
    read_number_cell,
    readings_of,
    to_cents,
)

_LONGEST_DATE = 100
_MOST_DIGITS = 15


@lru_cache(maxsize=4096)  # a wrong text is often repeated
def amount_hint(text: str, problem: str, decimal_mark: str) -> dict[str, Any]:
    """Why the amount is not taken (``reason``), and the probable ``correction``."""
    if problem == "not_cents":
        return _cents_hint(text)
    mark = Numbers(decimal_mark)
    other = Numbers.COMMA if mark is Numbers.POINT else Numbers.POINT
    number = read_decimal(text, mark)
    if isinstance(number, UnreadableAmount):  # it may be a number cell
        number = read_number_cell(text)
    reason = number if isinstance(number, UnreadableAmount) else to_cents(number)
    if isinstance(reason, int):
        reason = UnreadableAmount.NOT_A_NUMBER
    correction = f"Write digits, as {'1234,56' if mark is Numbers.COMMA else '1234.56'}."
    if reason is UnreadableAmount.TOO_PRECISE:
        correction = "Round it to whole cents, in Excel with =ROUND(…,2)."
    elif reason is UnreadableAmount.EXPONENT:
        correction = "Write the amount out in digits."
    elif not isinstance(read_decimal(text, other), UnreadableAmount):
        correction = (
            f"It looks like a number with a decimal {other}; the column has a decimal {mark}."
        )
    return {"reason": reason, "correction": correction}


def _cents_hint(text: str) -> dict[str, Any]:
    reason = read_cents(text)
    correction = "Write the amount in cents, as 100050 for 1,000.50."
    cents = {c for r in readings_of(text) if isinstance(c := to_cents(r), int)}
    if reason is UnreadableAmount.EXPONENT:
        correction = _written_out(text)
    elif reason is UnreadableAmount.SEPARATORS:
        correction = _cents_or_units(int(re.sub("[^0-9-]", "", text.translate(MINUS))))
    elif len(cents) == 1:
        only = cents.pop()
        correction = f"If {money(only)} is meant, write {only}."
        if only % 100 == 0:  # 100000.0 may be cents that went through a spreadsheet
            correction = _cents_or_units(only // 100)
    return {"reason": reason, "correction": correction}


def _written_out(text: str) -> str:
    """What to write for a number with an exponent."""
    format_it = "format the column as a number without decimals"
    number = Decimal(text.translate(MINUS).replace(",", "."))
    if number.adjusted() > _MOST_DIGITS or number != number.to_integral_value():
        return f"Write the amount out in digits; {format_it}."
    return f"{_cents_or_units(int(number))[:-1]}; {format_it}."


def _cents_or_units(number: int) -> str:
    """What to write for a whole number that may be cents or not."""
    return (
        f"If {number} cents are meant, write {number}; if {money(number * 100)} is meant,"
        f" write {number * 100}."
    )


@lru_cache(maxsize=4096)
def date_hint(text: str, how: str) -> dict[str, Any]:
    """Why a text is not taken for a date (``reason``), and the probable ``correction``.

    ``how`` the column is read: an order of day and month, or the template's formats.
    """
    text = text[:_LONGEST_DATE]
    order = dates.Order(how) if how in set(dates.Order) else None
    formats = how.split(", ") if how and order is None else []
    correction = "Write it as YYYY-MM-DD."
    if serial := dates.serial_date(text):
        correction = f"If {serial} is meant, write that, or format the column as a date."
    day = text[:10]  # a date with a time of a time zone
    if text[10:11] in ("T", " ") and dates.reader([], None)(day) and dates.order_of([day]).order:
        correction = f"If {dates.reader([], None)(day)} is meant, write that, without the time."
    for other in dates.Order:
        reading = dates.numeric_reading(text, other)
        if reading and other != order:
            correction = f"If {reading} is meant, write that."
    return {"reason": dates.unreadable_reason(text, formats, order), "correction": correction}
