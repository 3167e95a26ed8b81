"""Tests of single cells behind the checks of ``schema``, and the args of their messages.

A test takes the texts of a column as pandera hands them over, and the settings decided for the
column, and returns the mask of the texts that pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.core.account_numbers import is_wrong_iban
from importer.core.cell_parsers import (
    DESTROYED,
    MANGLED_NAME,
    is_error,
    is_mangled,
    unprintable_in,
    unquoted,
)
from importer.core.currencies import EXPONENTS
from importer.core.money import DOLLARS, INT64_MIN, currencies_named
from importer.core.nearest_name import nearest_is
from importer.core.number_look import currencies_shown, is_code, look_of
from importer.core.payment_references import compact, reference_problem
from importer.model.fields import BILLS, FieldKind
from importer.model.tables import CellKind, changed_by_excel
from importer.validation import vector_parsers
from importer.validation.byte_scan import Bytes, by_block
from importer.validation.cells import Cells
from importer.validation.correction_hints import amount_hint, date_hint
from importer.validation.sheet_column import SheetColumn

CellTest = Callable[[pd.Series, SheetColumn], np.ndarray]
MANGLED = re.compile(MANGLED_NAME)
CellArgs = Callable[[SheetColumn, int], dict[str, Any]]


def _all(values: pd.Series) -> np.ndarray:
    return np.ones(len(values), dtype=bool)


def no_args(_: SheetColumn, __: int) -> dict[str, Any]:
    return {}


def readable(problem: str) -> CellTest:
    """The text is a value of the column's kind; ``problem`` is what its parser gives otherwise."""
    return lambda values, column: column.cells_of(values).readable(problem)


def no_expression_problem(problem: str) -> CellTest:
    """The template's expression gave the cell without this problem."""

    def test(values: pd.Series, column: SheetColumn) -> np.ndarray:
        problems = column.canonical.problem
        return _all(values) if problems is None else np.asarray(problems != problem, dtype=bool)

    return test


def is_calculated(_: pd.Series, column: SheetColumn) -> np.ndarray:
    return ~column.of_kind(CellKind.UNCALCULATED)


def no_spreadsheet_error(values: pd.Series, column: SheetColumn) -> np.ndarray:
    texts = column.cells_of(values).matching(lambda text: not is_error(text))
    return np.asarray(texts & ~column.of_kind(CellKind.ERROR))


def not_mangled(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """A code that Excel has not turned into a date, boolean, power of ten or shorter number."""
    cells = column.cells_of(values)
    out = cells.matching(lambda text: not is_mangled(unquoted(text)))
    # Excel keeps 15 digits of a number, and zeros for the rest: told where all long ones are so
    long = vector_parsers.matching(cells.texts, r"\A[1-9][0-9]{15,}\z")
    if long.any():
        cut = vector_parsers.matching(cells.texts, r"\A[1-9][0-9]{14}0+\z")
        if (cut == long).all() and vector_parsers.matching(cells.texts, r"\A[0-9]{15,}00\z").any():
            out &= ~cut
    for kind in (CellKind.NUMBER, CellKind.DATE, CellKind.BOOLEAN):
        at = np.flatnonzero(column.of_kind(kind) & cells.parsed.ok)
        if len(at):
            texts = cells.texts.take(pa.array(at)).to_pylist()
            out[at] &= [not changed_by_excel(text, kind) for text in texts]
    return out


def name_not_mangled(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """A name or an account code that no program has turned into a decimal or a date."""
    return column.cells_of(values).matching(lambda text: not MANGLED.fullmatch(text))


def no_destroyed_letters(values: pd.Series, column: SheetColumn) -> np.ndarray:
    return column.cells_of(values).matching(lambda text: DESTROYED not in text)


def _value(column: SheetColumn, text: str) -> str:
    return unquoted(text) if column.field.kind is FieldKind.CODE else text


def not_too_long(values: pd.Series, column: SheetColumn) -> np.ndarray:
    limit = column.field.max_length
    return column.cells_of(values).matching(lambda text: len(_value(column, text)) <= limit)


def no_control_characters(values: pd.Series, column: SheetColumn) -> np.ndarray:
    breaks = column.field.kind is FieldKind.TEXT
    return column.cells_of(values).matching(
        lambda text: not unprintable_in(_value(column, text), breaks=breaks)
    )


def has_reference_form(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """A payment reference has one of the forms of its field, and the right check digits."""
    forms = column.field.forms
    return column.cells_of(values).matching(
        lambda text: not reference_problem(forms, compact(unquoted(text)))
    )


def reference_args(column: SheetColumn, i: int) -> dict[str, Any]:
    *others, last = (form.name for form in column.field.forms)
    reason = reference_problem(column.field.forms, compact(unquoted(column.text(i))))
    return {"forms": f"{', '.join(others)} or {last}" if others else last, "reason": reason}


def no_wrong_iban(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """What looks like an IBAN has the right check digits; it may also be a name."""
    return column.cells_of(values).matching(lambda text: not is_wrong_iban(text))


def fits_int64(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """The amount fits into int64, which Light's amounts are, also with the template's sign."""
    cells, negative = column.cells_of(values), column.canonical.negative
    out = cells.readable("out_of_range")
    if negative is None or not out.any():
        return out
    cents, valid = cells.parsed.cents()
    return np.asarray(out & ~(valid & negative & (cents == INT64_MIN)))


def in_currency_of_bill(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """The amount names no other currency than its bill's: in its text or its number format."""
    out = _all(values)
    if column.in_cents:
        return out
    cells, marks = column.cells_of(values), column.canonical.format_marks
    currencies = EXPONENTS.keys() if column.field.kind is FieldKind.FACTOR else None

    def named_in(text: str) -> frozenset[str]:
        named = currencies_named(text)
        if currencies is not None and named.isdisjoint(currencies):
            return frozenset()  # as the PCS of a quantity
        return named

    with_letters = by_block(cells.texts, lambda some: Bytes.of(some).outside(" ", "@"))
    naming = np.flatnonzero(with_letters)
    texts = cells.texts.take(pa.array(naming)).to_pylist()
    _rule_out_others(column, out, naming, texts, named_in)
    if marks is not None:
        at = np.flatnonzero(_marked_numbers(cells, column) & (marks != "%"))
        _rule_out_others(
            column,
            out,
            at,
            marks[at].tolist(),
            currencies_shown,
        )
    dollars = vector_parsers.with_dollars(cells.texts, marks)
    # Some exports put $ before all amounts: see ``header_rules``.
    if dollars.any() and not vector_parsers.habitual(dollars, ~dollars & cells.parsed.ok):
        at = np.flatnonzero(dollars)
        _rule_out_others(column, out, at, ["$"] * len(at), lambda _: DOLLARS)
    return out


def _rule_out_others(
    column: SheetColumn,
    out: np.ndarray,
    at: np.ndarray,
    texts: list[str],
    named_in: Callable[[str], frozenset[str]],
) -> None:
    named = {text: named_in(text) for text in set(texts)}
    for i, text, currency in zip(at.tolist(), texts, column.currencies(at), strict=True):
        if named[text] and currency is not None and currency not in named[text]:
            out[i] = False


def _marked_numbers(cells: Cells, column: SheetColumn) -> np.ndarray:
    """Number cells whose number format shows more than the number."""
    marks = column.canonical.format_marks
    if marks is None:
        return np.zeros(len(cells.texts), dtype=bool)
    return np.asarray((marks != "") & column.is_number & cells.parsed.ok, dtype=bool)


def no_percentage(values: pd.Series, column: SheetColumn) -> np.ndarray:
    marked = _marked_numbers(column.cells_of(values), column)
    return ~(marked & (column.canonical.format_marks == "%"))


def shown_as_it_is(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """The number format shows no other number: of another sign, scaled, in debit or credit.

    Beside amounts it shows nothing but the currency, while quantities may have a unit.
    """
    out, marks = _all(values), column.canonical.format_marks
    cells = column.cells_of(values)
    at = np.flatnonzero(_marked_numbers(cells, column))
    if marks is None or not len(at):
        return out
    pairs = list(zip(marks[at].tolist(), cells.texts.take(pa.array(at)).to_pylist(), strict=True))
    looks = {pair: look_of(*pair) for pair in set(pairs) if is_code(pair[0])}
    is_factor = column.field.kind is FieldKind.FACTOR
    for i, pair in zip(at.tolist(), pairs, strict=True):
        if look := looks.get(pair):
            out[i] = not look.changes_value if is_factor else look.unadorned
    return out


def not_shown_as_money(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """Whole cents that the workbook does not show as an amount in major units; 0 is 0 in both."""
    if not column.in_cents or column.canonical.format_marks is None:
        return _all(values)
    cells = column.cells_of(values)
    money = _marked_numbers(cells, column) & (column.canonical.format_marks != "%")
    return np.asarray(~(money & (cells.parsed.cents().cents != 0)))


def has_one_sign(values: pd.Series, column: SheetColumn) -> np.ndarray:
    """No minus in an amount, or a factor of one, whose sign is in another column."""
    product, _, factor = column.name.partition("*")
    columns = column.mapped.items(column.sheet).columns
    signed = columns.get(f"{product}*0") if factor else column.canonical
    marked, out = None if signed is None else signed.marked, _all(values)
    if marked is None:
        return out
    parsed = column.cells_of(values).parsed
    at = np.flatnonzero(marked & parsed.ok)
    out[at] = [value >= 0 for value in parsed.values_at(at)]
    return out


def expression_args(column: SheetColumn, i: int) -> dict[str, Any]:
    template, note = column.mapped.template, column.canonical.note
    text, name = column.text(i), column.name.partition("*")[0]
    fields = template.bills if column.sheet == BILLS else template.line_items
    args = {"field": name, "mark": f"'{text}'" if text else "The empty cell"}
    args |= {"mark_of_sign": "a mark beside it", "setting": "sign_from"}
    for _, expression in fields[name].walk():
        if expression.has_debit_and_credit:
            columns = [f"'{e.column[0]}'" for e in expression.first_of or () if e.column]
            args["mark_of_sign"] = f"the column it is in ({' or '.join(columns)})"
            args["setting"] = "negate"
        if expression.map:
            args["mapped_values"] = ", ".join(expression.map)
        if expression.sign_from:
            for sign in ("positive", "negative"):
                marks = getattr(expression.sign_from, sign)
                args[sign] = " or ".join(f"'{mark}'" for mark in marks)
        if expression.date_from:
            args["format"] = expression.date_from.format
    return args | {"note": "" if note is None else note[i]}


def uuid_args(column: SheetColumn, _: int) -> dict[str, Any]:
    instead = {
        "vendorId": ", or give the vendor's name in a column 'vendor'",
        "companyEntityId": ", or give the entity's code in a column 'companyEntity'",
        "accountId": ", or give the ledger code in a column 'account'",
    }
    return {"alternative": instead.get(column.name, "")}


def amount_args(problem: str) -> CellArgs:
    return lambda column, i: amount_hint(column.text(i), problem, column.format_of(i))


def date_args(column: SheetColumn, i: int) -> dict[str, Any]:
    return date_hint(column.text(i), column.format_of(i))


def currency_args(column: SheetColumn, i: int) -> dict[str, Any]:
    text = column.text(i)
    return {"nearest": nearest_is(text.upper(), EXPONENTS) if len(text) == 3 else ""}


def number_format_args(column: SheetColumn, i: int) -> dict[str, Any]:
    marks = column.canonical.format_marks
    return {"number_format": "" if marks is None else str(marks[i])}


def look_args(column: SheetColumn, i: int) -> dict[str, Any]:
    mark = number_format_args(column, i)["number_format"]
    look = look_of(mark, column.text(i)) if mark else None
    return {"shown": f"as '{look.shown}'" if look and look.shown else "differently"}


def other_currency_args(column: SheetColumn, i: int) -> dict[str, Any]:
    marks = number_format_args(column, i)["number_format"]
    return {"shown_as": f", shown in {marks}," if marks else ""}


def length_args(column: SheetColumn, i: int) -> dict[str, Any]:
    return {"length": len(column.text(i)), "limit": column.field.max_length}


def choice_args(column: SheetColumn, i: int) -> dict[str, Any]:
    choices = column.field.choices
    near = nearest_is(column.text(i).casefold(), choices)
    return {"choices": ", ".join(choices), "nearest": near}


def character_args(column: SheetColumn, i: int) -> dict[str, Any]:
    names = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
    character = unprintable_in(column.text(i), breaks=column.field.kind is FieldKind.TEXT) or "\0"
    return {"character": names.get(character, f"an unprintable character (U+{ord(character):04X})")}
