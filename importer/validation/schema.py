"""The pandera schemas: what the cells of one row must be. Gives findings, one a cell at most.

Cells stay text and are checked against the problems that reading them found; rules of a row come
as boolean columns. So one bad cell never hides another, and each failure has its row and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from importer.core import dates
from importer.core.cell_parsers import unprintable_in
from importer.core.currencies import EXPONENTS
from importer.core.money import (
    MINUS,
    Numbers,
    UnreadableAmount,
    money,
    read_cents,
    read_decimal,
    read_plain,
    tidy,
    to_cents,
)
from importer.core.nearest_name import did_you_mean
from importer.mapping.canonical_columns import CanonicalTable
from importer.mapping.evaluate import PROBLEMS
from importer.mapping.map_tables import MappedTables
from importer.model.fields import Field, FieldKind, field_of
from importer.model.finding_catalogue import CATALOGUE, shown
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.finding_batch import FindingBatch, cell_findings
from importer.validation.parse_columns import COLUMN_PROBLEMS, code_of
from importer.validation.row_rules import RowRule
from importer.validation.template_rules import expression_words, first_of_value, tests_of

_LIKE_A_DATE = re.compile(r"[0-9].*(?:[0-9]{4}|[./\-].*[0-9])")
_NUMERIC = re.compile(r"[0-9]{1,2}[./\-][0-9]{1,2}[./\-](?:[0-9]{2}){1,2}")
# A good part of pandera is loaded when it is first used; that belongs to the start, not to a check.
pa.DataFrameSchema.register_default_backends(pd.DataFrame)


@dataclass(frozen=True)
class HouseRule:
    """One test of a template's rule on a field; ``ok`` is by item."""

    name: str  # the ending of the code
    field: str
    bound: Callable[[int], str]  # of an item, as shown
    ok: np.ndarray


@dataclass(frozen=True)
class CheckColumn:
    """Which items keep a rule; ``tell`` makes the findings of those that do not."""

    ok: np.ndarray
    tell: Callable[[np.ndarray], FindingBatch]


def sheet_schema(names: Iterable[str]) -> pa.DataFrameSchema:
    """The schema of one sheet: of each rule a column that says of each item whether it keeps it.

    Only the first failure of each is worded: which items fail, the check's output says.
    """
    kept = pa.Check(lambda s: s, name="kept", error="kept", n_failure_cases=1)
    return pa.DataFrameSchema({name: pa.Column(checks=kept) for name in names}, strict=True)


def _column(number: int) -> str:
    return f"rule {number}"


def check_sheet(
    mapped: MappedTables, items: CanonicalTable, parsed: ParsedTable, row_rules: Sequence[RowRule]
) -> list[FindingBatch]:
    """All findings of the cells and rows of a sheet, by column and rule."""
    if not len(items):
        return []
    rules = [
        *_of_cells(mapped, items, parsed),
        *(_of_row(mapped, items, parsed, rule) for rule in row_rules),
        *(_of_house(mapped, items, parsed, rule)
          for rule in house_rules(mapped, items.sheet, parsed)),
    ]  # fmt: skip
    # Of a million rows pandera is given those in which something is wrong, with the rules broken.
    broken = {_column(n): rule.ok for n, rule in enumerate(rules) if not rule.ok.all()}
    if not broken:
        return []
    rows = np.flatnonzero(~np.logical_and.reduce(list(broken.values())))
    frame = pd.DataFrame({name: ok[rows] for name, ok in broken.items()}, index=rows, copy=False)
    # pandera's validate would word each failure, and gather them in tables, which nobody reads.
    failing = {}
    for name, column in sheet_schema(broken).columns.items():
        (check,) = column.checks
        kept = check(frame[name]).check_output
        failing[name] = kept.index[~kept.to_numpy(dtype=bool)].to_numpy()
    told = ((rule, failing.get(_column(n))) for n, rule in enumerate(rules))
    return [rule.tell(at) for rule, at in told if at is not None]


def _of_cells(
    mapped: MappedTables, items: CanonicalTable, parsed: ParsedTable
) -> Iterator[CheckColumn]:
    """What was wrong with the cells as they were read; not what is told of the whole column."""
    for name, column in items.columns.items():
        own = parsed.columns[name]
        prefix = code_of(items.sheet, name, "")
        problems = [code[len(prefix) :] for code in CATALOGUE if code.startswith(prefix)]
        for problem in (*problems, *PROBLEMS) if (there := own.problems - COLUMN_PROBLEMS) else ():
            if problem in there:
                code = code_of(items.sheet, name, problem)
                words = partial(_template_args, mapped, items.sheet, name, problem, own)
                decided = (own.rules, column.note, column.format_marks)
                alike = tuple(each for each in decided if each is not None)
                tell = partial(
                    cell_findings,
                    mapped,
                    items.sheet,
                    name,
                    code,
                    template_args=words,
                    constant_by=alike,
                )
                yield CheckColumn(~own.with_problem(problem), tell)


def _of_row(
    mapped: MappedTables, items: CanonicalTable, parsed: ParsedTable, rule: RowRule
) -> CheckColumn:
    value = None
    if rule.field not in items.columns:
        value = partial(_worked_out, parsed, rule.field)
    tell = partial(
        cell_findings,
        mapped,
        items.sheet,
        rule.field,
        rule.code,
        value=value,
        template_args=rule.template_args,
    )
    return CheckColumn(rule.ok, tell)


def _worked_out(parsed: ParsedTable, name: str, i: int) -> str:
    """An amount that no cell has."""
    cents = parsed[name].at(i)
    return parsed.money(i, cents) if isinstance(cents, int) else ""


def _of_house(
    mapped: MappedTables, items: CanonicalTable, parsed: ParsedTable, rule: HouseRule
) -> CheckColumn:
    value = None
    if rule.field not in items.columns:
        value = partial(_worked_out, parsed, rule.field)
    code = f"{items.sheet}.rule.{rule.name}"

    def words(i: int) -> dict[str, Any]:
        return {"bound": rule.bound(i), "field": rule.field}

    alike = None if rule.name == "unique" else ()
    tell = partial(cell_findings, mapped, items.sheet, rule.field, code,
                   value=value, template_args=words, constant_by=alike)  # fmt: skip
    return CheckColumn(rule.ok, tell)


_INSTEAD = {
    "vendorId": ", or give the vendor's name in a column 'vendor'",
    "companyEntityId": ", or give the entity's code in a column 'companyEntity'",
    "accountId": ", or give the ledger code in a column 'account'",
    "taxCodeId": "",
}


def _template_args(
    mapped: MappedTables, sheet: str, name: str, problem: str, parsed: ParsedColumn, i: int
) -> dict[str, Any]:
    """What the sentence of a cell's problem needs beside the value."""
    bare, field = tidy(mapped.items(sheet).columns[name].text_at(i)), field_of(sheet, name)
    rule = "" if parsed.rules is None else str(parsed.rules[i])
    if problem in PROBLEMS:
        note = mapped.items(sheet).columns[name].note
        told = expression_words(mapped.template, sheet, name, bare)
        return told | {"note": "" if note is None else note[i]}
    if problem in ("other_currency", "shown_as_money"):
        format_marks = mapped.items(sheet).columns[name].format_marks
        format_mark = "" if format_marks is None else str(format_marks[i])
        shown = f", shown in {format_mark}," if format_mark else ""
        return {"look": shown if problem == "other_currency" else format_mark}
    if problem == "not_uuid":
        return {"instead": _INSTEAD.get(name, "")}
    if problem in ("not_cents", "not_amount", "not_number"):
        return _amount_words(bare, problem, rule)
    if problem == "not_currency":
        near = did_you_mean(bare.upper(), EXPONENTS) if len(bare) == 3 else ""
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
            "nearest": did_you_mean(bare.casefold(), field.choices),
        }
    return {}


_SPOKEN = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}


def _character(field: Field, bare: str) -> str:
    """What the reader took offence at, in words."""
    found = unprintable_in(bare, breaks=field.kind is FieldKind.TEXT) or "\0"
    return _SPOKEN.get(found, f"an unprintable character (U+{ord(found):04X})")


@lru_cache(maxsize=4096)  # one wrong text often stands in many cells
def _amount_words(bare: str, problem: str, column: str) -> dict[str, Any]:
    """Why the amount is not taken, and what was probably meant."""
    if problem == "not_cents":
        reason = read_cents(bare)
        meant = "Write the amount in cents, as 100050 for 1,000.50."
        readings = {read_decimal(bare, n) for n in Numbers} - set(UnreadableAmount)
        cents = {c for r in readings if not isinstance(c := to_cents(r), UnreadableAmount)}
        if reason is UnreadableAmount.EXPONENT:
            meant = (
                "Write the amount out in digits; format the column as a number without decimals."
            )
        elif reason is UnreadableAmount.SEPARATORS:
            meant = _either_way(int(re.sub("[^0-9-]", "", bare.translate(MINUS))))
        elif len(cents) == 1:
            only = cents.pop()
            meant = f"If {money(only)} is meant, write {only}."
            if only % 100 == 0:  # 100000.0 may be cents that went through a spreadsheet
                meant = _either_way(only // 100)
        return {"reason": reason, "meant": meant}
    own = Numbers(column)
    other = Numbers.COMMA if own is Numbers.POINT else Numbers.POINT
    number = read_decimal(bare, own)
    if isinstance(number, UnreadableAmount):  # it may be a number cell
        number = read_plain(bare)
    reason_ = number if isinstance(number, UnreadableAmount) else to_cents(number)
    if isinstance(reason_, int):
        reason_ = UnreadableAmount.NOT_A_NUMBER
    meant = f"Write digits, as {'1234,56' if own is Numbers.COMMA else '1234.56'}."
    if reason_ is UnreadableAmount.TOO_PRECISE:
        meant = "Round it to whole cents, in Excel with =ROUND(…,2)."
    elif reason_ is UnreadableAmount.EXPONENT:
        meant = "Write the amount out in digits."
    elif not isinstance(read_decimal(bare, other), UnreadableAmount):
        meant = f"It looks like a number with a decimal {other}; the column has a decimal {own}."
    return {"reason": reason_, "meant": meant}


def _either_way(whole: int) -> str:
    """What to write for a whole number that may be cents or not."""
    return (
        f"If {whole} cents are meant, write {whole}; if {money(whole * 100)} is meant,"
        f" write {whole * 100}."
    )


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


def house_rules(mapped: MappedTables, sheet: str, parsed: ParsedTable) -> Sequence[HouseRule]:
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
        for test, bound, keeps in tests_of(rule, field_of(sheet, name).kind, decimal=decimal):
            ok = ~column.ok | keeps(column, parsed.units)
            out.append(HouseRule(test, name, partial(_the_same, shown(bound)), ok))
        if rule.unique:
            first = first_of_value(column)
            places = partial(_place_of_first, mapped, sheet, first)
            out.append(HouseRule("unique", name, places, first == np.arange(len(first))))
    return out


def _the_same(text: str, _: int) -> str:
    return text


def _place_of_first(mapped: MappedTables, sheet: str, first: np.ndarray, i: int) -> str:
    return mapped.place(sheet, int(first[i]), i)
