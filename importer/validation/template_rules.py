"""A template's rules on single fields, as row rules of the schema."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from importer.mapping.patterns import pattern
from importer.mapping.template_checks import bound, bounds
from importer.mapping.template_model import Rule
from importer.model.fields import Field, FieldKind, field_of, field_parser
from importer.model.finding_catalogue import shown
from importer.validation.column import ParsedColumn
from importer.validation.row_rules import Rows
from importer.validation.schema import RowRule, compare, named_check

_LOWER_BOUNDS = ("min", "not_before")


def template_rules(rows: Rows) -> Iterator[RowRule]:
    """The template's rules of a sheet. They hold for values that could be read."""
    for key, rule in rows.mapped.template.rules.items():
        sheet, _, name = key.partition(".")
        if sheet == rows.sheet:
            yield from _rules_of_field(rows, name, rule)


def _rules_of_field(rows: Rows, name: str, rule: Rule) -> Iterator[RowRule]:
    column, kind = rows.table[name], field_of(rows.sheet, name).kind

    def row_rule(ending: str, value: np.ndarray, check: pa.Check, limit: str = "") -> RowRule:
        args = {"bound": shown(limit), "field": name}
        code = f"{rows.sheet}.rule.{ending}"
        return RowRule(code, lambda _: value, check, lambda *_: args, name, same_args=True)

    if rule.required:
        given = (~column.blank).astype(np.int8)
        yield row_rule("required", given, compare("required", pa.Check.ge, 1))
    for ending, limit, test in _value_tests(rule, kind):
        values, at = column.dictionary()
        codes = np.where(column.ok, at, len(values))
        yield row_rule(ending, codes, _check_of_values(ending, values, test), limit)
    if kind is FieldKind.CENTS:
        cents, valid = column.cents()
        for ending, limit in bounds(rule).items():
            edge, units = bound(ending, limit, kind), np.unique(rows.table.units).tolist()
            in_major = rows.mapped.template.formats.amounts == "decimal"
            edges = {unit: edge * unit if in_major else edge for unit in units}
            check = _check_of_amounts(ending, edges, rows.table.units, valid)
            yield row_rule(ending, cents, check, limit)
    if rule.unique:
        first = first_of_value(column)

        def place_args(rows: Rows, i: int) -> dict[str, Any]:
            return {"bound": rows.mapped.place(rows.sheet, int(first[i]), i), "field": name}

        distance = np.arange(column.size) - first
        check = compare("unique", pa.Check.eq, 0)
        yield RowRule(f"{rows.sheet}.rule.unique", lambda _: distance, check, place_args, name)


def _value_tests(rule: Rule, kind: FieldKind) -> Iterator[tuple[str, str, Callable[[Any], bool]]]:
    """(ending of the code, bound as shown, what a value must be)."""
    if rule.one_of is not None:
        read = field_parser(Field("", kind, ""))
        words = {*rule.one_of, *(_text(read(text)[0]) for text in rule.one_of if text)}
        yield "one_of", ", ".join(rule.one_of), lambda value: _text(value) in words
    if rule.matches is not None:
        fullmatch = pattern(rule.matches).fullmatch
        yield "matches", rule.matches, lambda value: bool(fullmatch(_text(value)))
    if rule.max_length is not None:
        most = rule.max_length
        yield "max_length", str(most), lambda value: len(_text(value)) <= most
    if kind is not FieldKind.CENTS:
        for ending, limit in bounds(rule).items():
            keeps = operator.ge if ending in _LOWER_BOUNDS else operator.le
            yield ending, limit, partial(_compared, keeps, bound(ending, limit, kind))


def _compared(keeps: Callable[[Any, Any], bool], edge: Any, value: Any) -> bool:
    return keeps(value.date() if isinstance(value, datetime) else value, edge)


def _check_of_values(name: str, values: np.ndarray, test: Callable[[Any], bool]) -> pa.Check:
    """A check of the indexes of values, each distinct one tested once; a blank passes."""

    def passing(codes: pd.Series) -> np.ndarray:
        ok = [value is None or test(value) for value in values]
        return np.asarray(np.append(ok, True)[codes.to_numpy()], dtype=bool)

    return named_check(name, passing)


def _check_of_amounts(
    name: str, edges: dict[int, Any], units: np.ndarray, valid: np.ndarray
) -> pa.Check:
    """A check of cents against the bound of their currency's unit; what has no value passes."""
    lower = name in _LOWER_BOUNDS

    def passing(amounts: pd.Series) -> np.ndarray:
        cents, out = amounts.to_numpy(), ~valid
        for unit, edge in edges.items():
            within = cents >= math.ceil(edge) if lower else cents <= math.floor(edge)
            out |= (units == unit) & within
        return np.asarray(out)

    return named_check(name, passing)


def first_of_value(column: ParsedColumn) -> np.ndarray:
    """For each item the index of the first that has its value; its own where it has none."""
    values, at = column.dictionary()
    codes: dict[Any, int] = {}
    code = np.asarray([codes.setdefault(value, len(codes)) for value in values])  # some are equal
    first, items = np.empty(len(codes), dtype=np.int64), np.flatnonzero(column.ok)
    first[code[at[items]][::-1]] = items[::-1]  # the first is written last
    out = np.arange(column.size)
    out[items] = first[code[at[items]]]
    return out


def _text(value: Any) -> str:
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else str(value)
