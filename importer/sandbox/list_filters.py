"""The query language of lists: ``filter``, ``sort`` and pages, as SQL expressions.

``filter=field:op:value,field:op:value`` (comma is and), ``op`` one of eq, ne, in, not_in, gt, gte,
lt, lte; ``|`` separates the values of in and not_in; the value ``null`` goes with eq and ne.
``sort=field:asc,field:desc``. Fields are those documented for each list; all else is refused.
Source: the parameter descriptions of the API. Not documented, chosen here: a blank field is
different from every value (``ne`` and ``not_in`` find it), text compares exactly, and there is no
way to write a comma within a value.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from importer.sandbox.refusals import RefusalError, bad_request
from importer.sandbox.wire_types import (
    DAY_VALUE,
    INT64,
    MOMENT_VALUE,
    UUID_VALUE,
    problems_of,
    shortened,
)

Clause = sa.ColumnElement[bool]


class FilterType(Enum):
    TEXT = auto()
    UUID = auto()
    INTEGER = auto()
    BOOLEAN = auto()
    DATE = auto()
    MOMENT = auto()
    MEMBERS = auto()  # a set of texts, kept as ";one;two;"


@dataclass(frozen=True)
class FilterField:
    """A field that a list may be filtered or sorted by. ``values`` are those of an enum."""

    column: sa.ColumnElement[Any]
    kind: FilterType = FilterType.TEXT
    values: Collection[str] = ()


@dataclass(frozen=True)
class SortKey:
    column: sa.ColumnElement[Any]
    descending: bool


@dataclass(frozen=True)
class Cursor:
    """A place between two records: the sort values of the one, and which way to go from it."""

    backwards: bool
    values: tuple[Any, ...]


COMPARE: Mapping[str, Callable[[sa.ColumnElement[Any], Any], Clause]] = {
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
}
ADAPTERS = {
    FilterType.UUID: UUID_VALUE,
    FilterType.DATE: DAY_VALUE,
    FilterType.MOMENT: MOMENT_VALUE,
}
OPERATORS = ("eq", "ne", "in", "not_in", *COMPARE)


def read_filter(text: str, fields: Mapping[str, FilterField]) -> list[Clause]:
    """The conditions of a ``filter``; all must hold."""
    clauses = []
    for term in text.split(",") if text else ():
        # Values may hold colons, as times do: only the first two separate.
        parts = term.split(":", 2)
        if len(parts) != 3:
            raise _refusal("filter", f"'{shortened(term)}' is not field:operator:value.")
        name, operator, value = parts
        field = fields.get(name)
        if field is None:
            message = f"Cannot filter by '{shortened(name)}'; there are: {', '.join(fields)}."
            raise _refusal("filter", message)
        if operator not in OPERATORS:
            message = f"Unknown operator '{operator}'; there are: {', '.join(OPERATORS)}."
            raise _refusal("filter", message)
        clauses.append(_clause(name, field, operator, value))
    return clauses


def _clause(name: str, field: FilterField, operator: str, value: str) -> Clause:
    if operator in ("in", "not_in"):
        match = _any_of(field, [_value(name, field, item) for item in value.split("|")])
        return match if operator == "in" else sa.not_(sa.func.coalesce(match, sa.false()))
    if operator in ("eq", "ne"):
        if value == "null":
            blank = field.column.is_(None)
            return blank if operator == "eq" else sa.not_(blank)
        match = _any_of(field, [_value(name, field, value)])
        return match if operator == "eq" else sa.not_(sa.func.coalesce(match, sa.false()))
    if field.kind in (FilterType.MEMBERS, FilterType.BOOLEAN) or value == "null":
        raise _refusal("filter", f"'{operator}' cannot be used with '{name}' and '{value}'.")
    return COMPARE[operator](field.column, _value(name, field, value))


def _any_of(field: FilterField, values: Sequence[Any]) -> Clause:
    if field.kind is FilterType.MEMBERS:
        return sa.or_(*(sa.func.instr(field.column, f";{value};") > 0 for value in values))
    return field.column.in_(values)


def _value(name: str, field: FilterField, text: str) -> Any:
    if field.kind in ADAPTERS:
        try:
            return ADAPTERS[field.kind].validate_python(text)
        except ValidationError as error:
            raise _refusal("filter", f"{name}: {problems_of(error)[0].message}") from error
    if field.kind is FilterType.INTEGER:
        return whole_number("filter", text, INT64)
    if field.kind is FilterType.BOOLEAN:
        if text not in ("true", "false"):
            raise _refusal("filter", f"{name}: '{shortened(text)}' is not true or false.")
        return text == "true"
    if field.values and text not in field.values:
        message = f"{name}: '{shortened(text)}' is not one of {', '.join(field.values)}."
        raise _refusal("filter", message)
    return text


def read_sort(
    text: str, fields: Mapping[str, sa.ColumnElement[Any]], default: Sequence[SortKey]
) -> list[SortKey]:
    """The columns to sort by, without the id that breaks ties."""
    keys = []
    for term in text.split(",") if text else ():
        name, _, direction = term.partition(":")
        if name not in fields:
            message = f"Cannot sort by '{shortened(name)}'; there are: {', '.join(fields)}."
            raise _refusal("sort", message)
        if direction not in ("asc", "desc"):
            raise _refusal("sort", f"'{shortened(term)}' is not field:asc or field:desc.")
        keys.append(SortKey(fields[name], direction == "desc"))
    return keys or list(default)


def order_by(keys: Sequence[SortKey], backwards: bool) -> list[sa.ColumnElement[Any]]:
    return [key.column.desc() if key.descending != backwards else key.column.asc() for key in keys]


def after_cursor(keys: Sequence[SortKey], cursor: Cursor) -> Clause:
    """The records after the cursor, or before it where it goes backwards.

    SQLite sorts blanks first, or last when descending.
    """
    alternatives: list[Clause] = []
    same: list[Clause] = []
    for key, value in zip(keys, cursor.values, strict=True):
        column = key.column
        if key.descending != cursor.backwards:
            later = sa.false() if value is None else sa.or_(column < value, column.is_(None))
        else:
            later = column.is_not(None) if value is None else column > value
        alternatives.append(sa.and_(*same, later))
        same.append(column.is_(None) if value is None else column == value)
    return sa.or_(*alternatives)


# --- cursors ----------------------------------------------------------------------------------


def encode_cursor(cursor: Cursor, query_key: str) -> str:
    """A cursor as text; ``query_key`` names the list, filter and sort that it belongs to."""
    parts = [_digest(query_key), int(cursor.backwards), list(cursor.values)]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(text: str, query_key: str, width: int) -> Cursor:
    """The reverse; a cursor of another list, filter or sort is refused."""
    try:
        padded = text + "=" * (-len(text) % 4)
        digest, backwards, values = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
        good = digest == _digest(query_key) and len(values) == width
        if good and all(value is None or isinstance(value, (str, int)) for value in values):
            return Cursor(bool(backwards), tuple(values))
    except (ValueError, TypeError):
        pass
    raise _refusal("cursor", "The cursor does not belong to this list, filter and sort.")


def _digest(query_key: str) -> str:
    return hashlib.sha256(query_key.encode()).hexdigest()[:12]


def whole_number(name: str, text: str, allowed: range) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 20 and int(text) in allowed:
        return int(text)
    limits = f"{allowed.start} to {allowed.stop - 1}"
    raise _refusal(name, f"'{shortened(text)}' is not a whole number from {limits}.")


def _refusal(name: str, message: str) -> RefusalError:
    return bad_request("INVALID_PARAMETER", message, name)
