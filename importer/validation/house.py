"""House rules of a template: tests on values that were read; and what its expressions told."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np

from importer.canonical import BILLS, NUMBER_LENGTH, Field, Kind
from importer.cells import simple_reader
from importer.template.checks import bound, bounds
from importer.template.model import Rule, Template
from importer.template.patterns import pattern

Test = tuple[str, str, Callable[[Any, int], bool]]


def _as_day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def tests_of(rule: Rule, kind: Kind, *, decimal: bool) -> Iterator[Test]:
    """(ending of the code, bound as shown, test of a value and the cents of its currency's unit).

    Bounds of money are written as the template's amounts are: in major units where ``decimal``.
    """
    if rule.one_of is not None:
        read = simple_reader(Field("", kind, "", NUMBER_LENGTH))
        words = {*rule.one_of, *(_text(read(text)[0]) for text in rule.one_of if text)}
        yield "one_of", ", ".join(rule.one_of), lambda value, _: _text(value) in words
    if rule.matches is not None:
        fullmatch = pattern(rule.matches).fullmatch
        yield "matches", rule.matches, lambda value, _: bool(fullmatch(_text(value)))
    if rule.max_length is not None:
        limit = rule.max_length
        yield "max_length", str(limit), lambda value, _: len(_text(value)) <= limit
    for name, text in bounds(rule).items():
        money = kind is Kind.CENTS and decimal
        yield name, text, _compared(name, bound(name, text, kind), money=money)


def _compared(name: str, edge: Any, *, money: bool) -> Callable[[Any, int], bool]:
    keep = operator.ge if name in ("min", "not_before") else operator.le
    return lambda value, unit: bool(keep(_as_day(value), edge * unit if money else edge))


def first_of_value(values: np.ndarray) -> np.ndarray:
    """For each value the index of the first item that has it; its own for blanks."""
    first: dict[Any, int] = {}
    return np.asarray(
        [i if v is None else first.setdefault(v, i) for i, v in enumerate(values)], dtype=np.int64
    )


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
