"""The pandera schemas: what the cells of one row must be. Gives findings, one a cell at most.

Cells stay text and are checked against the problems that reading them found; rules of a row come
as boolean columns. So one bad cell never hides another, and each failure has its row and column.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from importer import dates
from importer.amounts import (
    MINUS,
    Numbers,
    Unreadable,
    money,
    read_cents,
    read_decimal,
    read_plain,
    tidy,
    to_cents,
)
from importer.canonical import BILLS, Field, Kind
from importer.cells import _CONTROL, _CONTROL_IN_CODE
from importer.currencies import EXPONENTS
from importer.findings import CATALOGUE, finding, shown
from importer.records import Finding
from importer.template.checks import nearest
from importer.template.columns import CanonicalTable
from importer.template.evaluate import PROBLEMS
from importer.template.mapping import Mapped
from importer.validation.house import expression_words, first_of_value, tests_of
from importer.validation.parse import (
    COLUMN_PROBLEMS,
    Parsed,
    ParsedTable,
    code_of,
    field_of,
)
from importer.validation.row_rules import RowRule

_LIKE_A_DATE = re.compile(r"[0-9].*(?:[0-9]{4}|[./\-].*[0-9])")
_NUMERIC = re.compile(r"[0-9]{1,2}[./\-][0-9]{1,2}[./\-](?:[0-9]{2}){1,2}")
_RULE = "rule "  # a boolean column "rule 3" is the third row rule


@dataclass(frozen=True)
class HouseRule:
    """One test of a template's rule on a field; ``ok`` is by item."""

    name: str  # the ending of the code
    field: str
    bound: Callable[[int], str]  # of an item, as shown
    ok: np.ndarray


def _cell_check(parsed: Parsed, problem: str) -> pa.Check:
    ok = pd.Series(parsed.problem != problem)
    return pa.Check(lambda s: ok.loc[s.index], name=problem, error=problem)


def sheet_schema(
    items: CanonicalTable, parsed: ParsedTable, rules: Sequence[RowRule], house: Sequence[HouseRule]
) -> pa.DataFrameSchema:
    """The schema of one sheet: a text column a field, a boolean column a rule."""
    columns: dict[str, pa.Column] = {}
    for name in items.columns:
        prefix = code_of(items.sheet, name, "")
        problems = [code[len(prefix) :] for code in CATALOGUE if code.startswith(prefix)]
        occurring = parsed.columns[name].problems
        checks = [
            _cell_check(parsed.columns[name], p)
            for p in (*problems, *PROBLEMS)
            if p in occurring and p not in COLUMN_PROBLEMS
        ]
        columns[name] = pa.Column(str, checks=checks)
    for i in range(len(rules) + len(house)):
        columns[f"{_RULE}{i}"] = pa.Column(
            bool, checks=pa.Check(lambda s: s, name="kept", error="kept")
        )
    return pa.DataFrameSchema(columns, index=pa.Index(int))


def check_sheet(
    mapped: Mapped, items: CanonicalTable, parsed: ParsedTable, rules: Sequence[RowRule]
) -> list[Finding]:
    """All findings of the cells and rows of a sheet, in the order of its rows."""
    if not len(items):
        return []
    house = list(house_rules(mapped, items.sheet, parsed))
    schema = sheet_schema(items, parsed, rules, house)
    frame = {name: column.text for name, column in items.columns.items()}
    kept = [*(rule.ok for rule in rules), *(rule.ok for rule in house)]
    frame |= {f"{_RULE}{i}": pd.Series(ok) for i, ok in enumerate(kept)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            schema.validate(pd.DataFrame(frame), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "index"]]
        out = []
        for column, check, index in cases.itertuples(index=False):
            if not isinstance(index, int | np.integer):
                raise  # a failure of the schema itself, never of a cell
            if column.startswith(_RULE):
                out.append(
                    _row_finding(
                        mapped, items, parsed, rules, house, int(column[len(_RULE) :]), int(index)
                    )
                )
            else:
                out.append(_cell_finding(mapped, items, parsed, column, check, int(index)))
        return out
    return []


def _about(items: CanonicalTable, i: int) -> dict[str, Any]:
    return {"bills": (i,)} if items.sheet == BILLS else {"lines": (i,)}


def _row_finding(
    mapped: Mapped,
    items: CanonicalTable,
    parsed: ParsedTable,
    rules: Sequence[RowRule],
    house: Sequence[HouseRule],
    number: int,
    i: int,
) -> Finding:
    if number < len(rules):
        rule = rules[number]
        name, code, words = rule.field, rule.code, rule.words(i)
    else:
        mine = house[number - len(rules)]
        name, code = mine.field, f"{items.sheet}.rule.{mine.name}"
        words = {"bound": mine.bound(i), "field": name}
    column = items.columns.get(name)
    value = column.written(i) if column is not None else ""
    if column is None and isinstance(cents := parsed[name].at(i), int):
        value = parsed.money(i, cents)  # worked out, so that no cell has it
    return finding(code, mapped.cell(items.sheet, name, i), value, **_about(items, i), **words)


def _cell_finding(
    mapped: Mapped, items: CanonicalTable, parsed: ParsedTable, name: str, problem: str, i: int
) -> Finding:
    value = items.columns[name].written(i)
    words = _words(mapped, items.sheet, name, problem, value, parsed.columns[name], i)
    return finding(
        code_of(items.sheet, name, problem),
        mapped.cell(items.sheet, name, i),
        value,
        **_about(items, i),
        **words,
    )


_INSTEAD = {
    "vendorId": ", or give the vendor's name in a column 'vendor'",
    "companyEntityId": ", or give the entity's code in a column 'companyEntity'",
    "accountId": ", or give the ledger code in a column 'account'",
    "taxCodeId": "",
}


def _words(
    mapped: Mapped, sheet: str, name: str, problem: str, value: str, parsed: Parsed, i: int
) -> dict[str, Any]:
    """What the sentence of a cell's problem needs beside the value."""
    bare, field = tidy(value), field_of(sheet, name)
    rule = "" if parsed.rules is None else str(parsed.rules[i])
    if problem in PROBLEMS:
        note = mapped.items(sheet).columns[name].note
        told = expression_words(mapped.template, sheet, name, bare)
        return told | {"note": "" if note is None else note[i]}
    if problem in ("other_currency", "shown_as_money"):
        looks = mapped.items(sheet).columns[name].looks
        look = "" if looks is None else str(looks[i])
        return {"look": f", shown in {look}," if look and problem == "other_currency" else look}
    if problem == "not_uuid":
        return {"instead": _INSTEAD.get(name, "")}
    if problem in ("not_cents", "not_amount", "not_number"):
        return _amount_words(bare, problem, rule)
    if problem == "not_currency":
        near = nearest(bare.upper(), EXPONENTS) if len(bare) == 3 else ""
        return {"nearest": near}
    if problem == "not_date":
        return _date_words(bare, rule)
    if problem == "too_long":
        return {"length": len(bare), "limit": field.max_length}
    if problem == "control_characters":
        return {"character": _character(field, bare)}
    if problem == "not_one_of":
        return {
            "choices": ", ".join(field.choices),
            "nearest": nearest(bare.casefold(), field.choices),
        }
    return {}


_SPOKEN = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}


def _character(field: Field, bare: str) -> str:
    """What the reader took offence at, in words."""
    found = (_CONTROL if field.kind is Kind.TEXT else _CONTROL_IN_CODE).search(bare)
    code = ord(found[0]) if found else 0
    return _SPOKEN.get(chr(code), f"an unprintable character (U+{code:04X})")


@lru_cache(maxsize=4096)  # one wrong text often stands in many cells
def _amount_words(bare: str, problem: str, column: str) -> dict[str, Any]:
    """Why the amount is not taken, and what was probably meant."""
    if problem == "not_cents":
        reason = read_cents(bare)
        meant = "Write the amount in cents, as 100050 for 1,000.50."
        readings = {read_decimal(bare, n) for n in Numbers} - set(Unreadable)
        cents = {c for r in readings if not isinstance(c := to_cents(r), Unreadable)}
        if reason is Unreadable.EXPONENT:
            meant = (
                "Write the amount out in digits; format the column as a number without decimals."
            )
        elif reason is Unreadable.SEPARATORS:
            whole = int(re.sub("[^0-9-]", "", bare.translate(MINUS)))
            meant = f"If {whole} cents are meant, write {whole}; if {money(whole * 100)} is meant,"
            meant += f" write {whole * 100}."
        elif len(cents) == 1:
            only = cents.pop()
            meant = f"If {money(only)} is meant, write {only}."
        return {"reason": reason, "meant": meant}
    own = Numbers(column)
    other = Numbers.COMMA if own is Numbers.POINT else Numbers.POINT
    number = read_decimal(bare, own)
    if isinstance(number, Unreadable):  # it may be a number cell
        number = read_plain(bare)
    reason_ = number if isinstance(number, Unreadable) else to_cents(number)
    if isinstance(reason_, int):
        reason_ = Unreadable.NOT_A_NUMBER
    meant = f"Write digits, as {'1234,56' if own is Numbers.COMMA else '1234.56'}."
    if reason_ is Unreadable.TOO_PRECISE:
        meant = "Round it to whole cents, in Excel with =ROUND(…,2)."
    elif reason_ is Unreadable.EXPONENT:
        meant = "Write the amount out in digits."
    elif not isinstance(read_decimal(bare, other), Unreadable):
        meant = f"It looks like a number with a decimal {other}; the column has a decimal {own}."
    return {"reason": reason_, "meant": meant}


@lru_cache(maxsize=4096)
def _date_words(bare: str, rule: str) -> dict[str, Any]:
    bare = bare[:100]  # whatever is longer is no date
    serial = dates.serial_date(bare)
    expected = " that exists" if _LIKE_A_DATE.search(bare) and not serial else ""
    if rule in set(dates.Order):
        expected += f", read {rule}" if _NUMERIC.fullmatch(bare) else ""
    elif rule:
        expected += f" (expected: {rule})"
    meant = "Write it as YYYY-MM-DD."
    if serial:
        meant = f"It is Excel's day number of {serial}: format the column as a date."
    day = bare[:10]  # a date with a time of day
    if bare[10:11] in ("T", " ") and dates.reader([], None)(day) and dates.order_of([day]).order:
        meant = f"If {dates.reader([], None)(day)} is meant, write that, without the time."
    for order in dates.Order:
        found = dates.numeric_reading(bare, order)
        if found and order != rule:
            meant = f"If {found} is meant, write that."
    return {"expected": expected, "meant": meant}


def house_rules(mapped: Mapped, sheet: str, parsed: ParsedTable) -> Sequence[HouseRule]:
    """The template's rules of a sheet, tested on what could be read."""
    out = []
    decimal = mapped.template.formats.amounts == "decimal"
    for key, rule in mapped.template.rules.items():
        of, _, name = key.partition(".")
        if of != sheet:
            continue
        column = parsed[name]
        if rule.required:
            out.append(HouseRule("required", name, partial(_the_same, ""), ~column.blank))
        for test, bound, keep in tests_of(rule, field_of(sheet, name).kind, decimal=decimal):
            kept = [
                v is None or keep(v, unit)
                for v, unit in zip(column.values, parsed.units.tolist(), strict=True)
            ]
            ok = ~column.ok | np.asarray(kept, dtype=bool)
            out.append(HouseRule(test, name, partial(_the_same, shown(bound)), ok))
        if rule.unique:
            first = first_of_value(column.values)
            places = partial(_place_of_first, mapped, sheet, first)
            out.append(HouseRule("unique", name, places, first == np.arange(len(first))))
    return out


def _the_same(text: str, _: int) -> str:
    return text


def _place_of_first(mapped: Mapped, sheet: str, first: np.ndarray, i: int) -> str:
    return mapped.place(sheet, int(first[i]), i)
