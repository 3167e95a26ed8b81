"""House rules of a template: tests on values that were read; and what its expressions told."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from importer.mapping.patterns import pattern
from importer.mapping.template_checks import bound, bounds
from importer.mapping.template_model import Rule, Template
from importer.model.fields import BILLS, Field, FieldKind, field_parser
from importer.validation.column import ParsedColumn

Keeps = Callable[
    [ParsedColumn, np.ndarray], np.ndarray
]  # of a column and each item's cents per unit
Test = tuple[str, str, Keeps]


def _as_day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def tests_of(rule: Rule, kind: FieldKind, *, decimal: bool) -> Iterator[Test]:
    """(ending of the code, bound as shown, which items of a column keep it; those without a value).

    Bounds of money are written as the template's amounts are: in major units where ``decimal``.
    """
    if rule.one_of is not None:
        read = field_parser(Field("", kind, ""))
        words = {*rule.one_of, *(_text(read(text)[0]) for text in rule.one_of if text)}
        yield "one_of", ", ".join(rule.one_of), _each(lambda value: _text(value) in words)
    if rule.matches is not None:
        fullmatch = pattern(rule.matches).fullmatch
        yield "matches", rule.matches, _each(lambda value: bool(fullmatch(_text(value))))
    if rule.max_length is not None:
        limit = rule.max_length
        yield "max_length", str(limit), _each(lambda value: len(_text(value)) <= limit)
    for name, text in bounds(rule).items():
        edge, least = bound(name, text, kind), name in ("min", "not_before")
        if kind is FieldKind.CENTS:
            yield name, text, _of_money(edge, decimal=decimal, least=least)
        else:
            yield name, text, _each(partial(_compared, edge, operator.ge if least else operator.le))


def _compared(edge: Any, keep: Callable[[Any, Any], bool], value: Any) -> bool:
    return keep(_as_day(value), edge)


def _each(test: Callable[[Any], bool]) -> Keeps:
    return lambda column, _: column.map_distinct(lambda value: value is None or test(value), bool)


def _of_money(edge: Any, *, decimal: bool, least: bool) -> Keeps:
    """Amounts of at least, or at most, so much."""

    def keeps(column: ParsedColumn, units: np.ndarray) -> np.ndarray:
        cents, known = column.cents()
        out = ~known
        for unit in np.unique(units[known]).tolist():
            limit = edge * unit if decimal else edge
            own = known & (units == unit)
            out |= own & ((cents >= math.ceil(limit)) if least else (cents <= math.floor(limit)))
        return out

    return keeps


def first_of_value(column: ParsedColumn) -> np.ndarray:
    """For each item the index of the first that has its value; its own where it has none."""
    values, at = column.dictionary()
    known: dict[Any, int] = {}
    code = np.asarray([known.setdefault(value, len(known)) for value in values])  # some are equal
    first, items = np.empty(len(known), dtype=np.int64), np.flatnonzero(column.ok)
    first[code[at[items]][::-1]] = items[::-1]  # the first is written last
    out = np.arange(column.size)
    out[items] = first[code[at[items]]]
    return out


def _text(value: Any) -> str:
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else str(value)


def expression_words(template: Template, sheet: str, name: str, bare: str) -> dict[str, str]:
    """What the sentence of an expression's problem needs beside the value."""
    field = name.partition("*")[0]
    fields = template.bills if sheet == BILLS else template.line_items
    words = {"field": field, "mark": f"'{bare}'" if bare else "The empty cell"}
    for _, e in fields[field].walk():
        if e.map:
            words["known"] = ", ".join(e.map)
        if e.sign_from:
            for key in ("positive", "negative"):
                marks = getattr(e.sign_from, key)
                words[key] = " or ".join(f"'{mark}'" for mark in marks)
        if e.date_from:
            words["format"] = e.date_from.format
    return words
