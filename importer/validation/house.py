"""House rules of a template: tests on values that were read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from importer.canonical import Kind
from importer.template.model import Rule, bound, bounds

Test = tuple[str, str, Callable[[Any], bool]]


def _as_day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def tests_of(rule: Rule, kind: Kind, scale: int) -> Iterator[Test]:
    """(ending of the code, bound as shown, test) of a rule.

    Bounds of money are written as the template's amounts are: ``scale`` is 100 for major units.
    """
    if rule.required:
        yield "required", "", lambda value: value is not None
    if rule.one_of is not None:
        allowed = set(rule.one_of)
        yield "one_of", ", ".join(rule.one_of), lambda value: _text(value) in allowed
    if rule.matches is not None:
        pattern = re.compile(rule.matches)
        yield "matches", rule.matches, lambda value: pattern.fullmatch(_text(value)) is not None
    if rule.max_length is not None:
        limit = rule.max_length
        yield "max_length", str(limit), lambda value: len(_text(value)) <= limit
    for name, text in bounds(rule).items():
        edge = bound(name, text, kind)
        if isinstance(edge, Decimal) and kind is Kind.CENTS:
            edge *= scale
        yield name, text, _at_least(edge) if name in ("min", "not_before") else _at_most(edge)


def _text(value: Any) -> str:
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else str(value)


def _at_least(edge: Any) -> Callable[[Any], bool]:
    return lambda value: bool(_as_day(value) >= edge)


def _at_most(edge: Any) -> Callable[[Any], bool]:
    return lambda value: bool(_as_day(value) <= edge)
