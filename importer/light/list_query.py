"""Filters and sort keys of a list, as Light is asked for them and as they are applied here.

``field:operator:value``; a comma is and, ``|`` separates the values of in and not_in, and ``null``
goes with eq and ne. A blank is different from every value: ne and not_in find it, and it is neither
greater nor less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cmp_to_key
from typing import Any

from importer.core.cell_parsers import parse_uuid
from importer.core.errors import UsageProblem, WireProblem
from importer.core.nearest_name import nearest_name
from importer.core.object_ids import normal_id
from importer.core.safe_text import visible
from importer.light.codec import timestamp
from importer.light.json_values import date_at, moment_at
from importer.model.light_lists import LightList, RecordField, ValueType

Json = Mapping[str, object]
OPERATORS = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
_DIGITS = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_TERM = re.compile(r"\s*([A-Za-z_][\w.]*)\s*:\s*(\w+)\s*:(.*)", re.DOTALL)


@dataclass(frozen=True)
class FilterTerm:
    """One condition. ``values`` are those of its field's type; (None,) is ``null``."""

    field: RecordField
    operator: str
    text: str  # the value as it was typed
    values: tuple[Any, ...]

    @property
    def words(self) -> str:
        return f"{self.field.name}:{self.operator}:{self.text}"

    def matches(self, record: Json) -> bool:
        stated = [each for each in values_at(record, self.field) if each is not None]
        if self.operator in _ORDER:
            return any(_ORDER[self.operator](value, self.values[0]) for value in stated)
        if self.values == (None,):
            matches = not stated
        else:
            matches = any(value in self.values for value in stated)
        return matches == (self.operator in ("in", "eq"))


@dataclass(frozen=True)
class SortTerm:
    field: RecordField
    descending: bool

    @property
    def words(self) -> str:
        return f"{self.field.name}:{'desc' if self.descending else 'asc'}"


@dataclass(frozen=True)
class ListQuery:
    """Light applies the filters ``asked``; ``local`` ones, for which it cannot be asked, are
    applied to its records by ``matches``. ``local_sort``: so is the order, by ``order``."""

    asked: tuple[FilterTerm, ...] = ()
    local: tuple[FilterTerm, ...] = ()
    sort: tuple[SortTerm, ...] = ()
    local_sort: bool = False

    def params(self) -> dict[str, str]:
        terms = {"filter": ",".join(term.words for term in self.asked)}
        if not self.local_sort:
            terms["sort"] = ",".join(key.words for key in self.sort)
        return {name: text for name, text in terms.items() if text}

    def matches(self, record: Json) -> bool:
        return all(term.matches(record) for term in self.local)

    def all_local(self) -> ListQuery:
        """The same, with nothing left for Light to do."""
        return replace(self, asked=(), local=(*self.local, *self.asked), local_sort=True)

    def hidden(self, light_list: LightList, *, sort_only: bool = False) -> list[str]:
        """The fields of the query that the records do not have."""
        fields = [key.field.name for key in self.sort]
        if not sort_only:
            fields += [term.field.name for term in (*self.asked, *self.local)]
        return [name for name in dict.fromkeys(fields) if name in light_list.hidden]

    def with_changes_since(self, light_list: LightList, moment: datetime) -> ListQuery:
        """Of those records the ones that changed since, in the order of Light."""
        text = timestamp(moment.replace(microsecond=0))
        term = FilterTerm(light_list.filters[light_list.changed], "gte", text, (moment,))
        return replace(self, asked=(*self.asked, term), sort=())

    def order(self, records: Iterable[tuple[int, Json]]) -> list[int]:
        """The numbers of the records in the order of the sort keys, blanks first, or last where
        they descend; alike ones as they come."""
        values = self._sort_values(records)
        numbers = list(values)
        for i, key in reversed([*enumerate(self.sort)]):
            ranks = {n: (each[i] is not None, each[i]) for n, each in values.items()}
            numbers.sort(key=ranks.__getitem__, reverse=key.descending)
        return numbers

    def merged(self, records: Iterable[tuple[int, Json]], others: Set[int]) -> list[int]:
        """The numbers of records that are in Light's order, but for those of ``others``: each of
        these goes before the first that belongs after it."""
        values = self._sort_values(records)

        def compare(a: int, b: int) -> int:
            for key, one, other in zip(self.sort, values[a], values[b], strict=True):
                left, right = (one is not None, one), (other is not None, other)
                if left != right:
                    return -1 if (left < right) != key.descending else 1
            return 0

        waiting = sorted((n for n in values if n in others), key=cmp_to_key(compare))
        out: list[int] = []
        at = 0
        for n in values:
            if n not in others:
                while at < len(waiting) and compare(waiting[at], n) < 0:
                    out.append(waiting[at])
                    at += 1
                out.append(n)
        return [*out, *waiting[at:]]

    def _sort_values(self, records: Iterable[tuple[int, Json]]) -> dict[int, list[Any]]:
        return {
            n: [next(iter(values_at(record, key.field)), None) for key in self.sort]
            for n, record in records
        }


def read_query(light_list: LightList, filters: Sequence[str], sorts: Sequence[str]) -> ListQuery:
    """Raises UsageProblem for what is not permitted, with what is."""
    terms = [_term(light_list, text) for text in _split(filters)]
    # Light's language has no way to write a comma in a value.
    local = tuple(term for term in terms if "," in term.text)
    for term in local:
        if term.field.name in light_list.hidden:
            raise UsageProblem(
                f"--filter {visible(term.words)[:200]}: Light cannot be asked for a value with a"
                f" comma, and its {light_list.plural} do not show {term.field.name}."
            )
    asked = tuple(term for term in terms if "," not in term.text)
    words = [word for text in sorts for word in text.split(",") if word.strip()]
    return ListQuery(asked, local, tuple(_sort_key(light_list, word) for word in words))


def permitted(light_list: LightList) -> str:
    """What the list may be filtered and sorted by, in two sentences."""
    return (
        f"Light filters {light_list.plural} by {', '.join(light_list.filters)}, with"
        f" {', '.join(OPERATORS)}. It sorts them by {', '.join(light_list.sorts)}."
    )


def _split(filters: Sequence[str]) -> Iterator[str]:
    """The conditions; what follows a comma and is none belongs to the value before it."""
    for text in filters:
        current = ""
        for piece in text.split(","):
            if current and _TERM.match(piece) is None:
                current += f",{piece}"
                continue
            if current:
                yield current
            current = piece
        if current.strip():
            yield current


def _term(light_list: LightList, text: str) -> FilterTerm:
    shown = visible(text.strip())[:200]
    match = _TERM.fullmatch(text)
    if match is None:
        raise UsageProblem(
            f"--filter {shown}: write field:operator:value, as in"
            f" {next(iter(light_list.filters))}:eq:… {permitted(light_list)}"
        )
    name, operator, value = match.groups()
    record_field = light_list.filters.get(name)
    if record_field is None:
        near = nearest_name(name, light_list.filters, cutoff=60)
        meant = f" Did you mean {near}?" if near else ""
        raise UsageProblem(
            f"--filter {shown}: Light does not filter {light_list.plural} by {name}.{meant}"
            f" {permitted(light_list)}"
        )
    if operator not in OPERATORS:
        raise UsageProblem(
            f"--filter {shown}: there is no operator '{operator}'. There are:"
            f" {', '.join(OPERATORS)}."
        )
    if value == "null":
        if operator not in ("eq", "ne"):
            raise UsageProblem(f"--filter {shown}: null goes with eq and ne only.")
        return FilterTerm(record_field, operator, value, (None,))
    several = operator in ("in", "not_in")
    if record_field.type is ValueType.BOOLEAN and operator in _ORDER:
        raise UsageProblem(f"--filter {shown}: true and false go with eq, ne, in and not_in only.")
    texts = value.split("|") if several else [value]
    if record_field.type is not ValueType.TEXT:
        texts = [text.strip() for text in texts]
    values = tuple(_value(record_field, each, shown) for each in texts)
    if record_field.type is ValueType.UUID:
        texts = list(values)  # in lower case, should Light compare them as text
    return FilterTerm(record_field, operator, "|".join(texts), values)


def _value(record_field: RecordField, text: str, shown: str) -> Any:
    """The value of a condition; UsageProblem says what the field wants."""
    value: Any = None
    wanted = ""
    match record_field.type:
        case ValueType.UUID:
            parsed, problem = parse_uuid(text)
            value, wanted = (None if problem else normal_id(str(parsed))), "an id (a UUID)"
        case ValueType.INTEGER:
            wanted = "a whole number; amounts are in cents"
            value = int(text) if _DIGITS.fullmatch(text) else None
        case ValueType.BOOLEAN:
            value, wanted = {"true": True, "false": False}.get(text), "true or false"
        case ValueType.DATE:
            day = re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)
            value, wanted = (_or_none(date_at, text) if day else None), "a date: 2025-03-31"
        case ValueType.MOMENT:
            wanted = "a time: 2025-03-31T00:00:00Z"
            value = _or_none(moment_at, text)
        case ValueType.TEXT:
            value, wanted = text or None, "a value; what is blank is null"
    if value is None:
        raise UsageProblem(f"--filter {shown}: {record_field.name} needs {wanted}.")
    return value


def _or_none(read: Callable[[Json, str], Any], text: str) -> Any:
    try:
        return read({"value": text}, "value")
    except WireProblem:
        return None


def _sort_key(light_list: LightList, text: str) -> SortTerm:
    name, _, direction = text.strip().partition(":")
    if name not in light_list.sorts:
        raise UsageProblem(
            f"--sort {visible(text.strip())}: Light does not sort {light_list.plural} by"
            f" {visible(name)}. It sorts them by {', '.join(light_list.sorts)}."
        )
    if direction not in ("", "asc", "desc"):
        raise UsageProblem(f"--sort {visible(text.strip())}: write {name}:asc or {name}:desc.")
    record_field = light_list.filters.get(name) or light_list.columns.get(name)
    record_field = record_field or RecordField(name, ValueType.TEXT, name)
    return SortTerm(record_field, direction == "desc")


# --- records ----------------------------------------------------------------------------------


def values_at(record: Json, record_field: RecordField) -> list[Any]:
    """The values of a field in a record; several where its path leads through a list. What cannot
    be read as its type is None."""
    return [_typed(record_field.type, node) for node in _nodes(record, record_field)]


def is_unread(record: Json, record_field: RecordField) -> bool:
    """Whether a record states a value of a field that cannot be read as its type."""
    stated = [node for node in _nodes(record, record_field) if node not in (None, "")]
    return any(_typed(record_field.type, node) is None for node in stated)


def _nodes(record: Json, record_field: RecordField) -> list[object]:
    nodes: list[object] = [record]
    for name in record_field.path.split("."):
        nodes = [node.get(name) for node in nodes if isinstance(node, Mapping)]
        nodes = [item for node in nodes for item in (node if isinstance(node, list) else [node])]
    return nodes


def _typed(kind: ValueType, value: object) -> Any:
    match kind, value:
        case ValueType.INTEGER, int() if not isinstance(value, bool):
            return value
        case ValueType.INTEGER, float() if value.is_integer():
            return int(value)
        case ValueType.INTEGER, str() if _DIGITS.fullmatch(value):
            return int(value)
        case ValueType.BOOLEAN, bool():
            return value
        case ValueType.UUID, str():
            return normal_id(value)
        case ValueType.DATE, str():
            return _or_none(date_at, value)
        case ValueType.MOMENT, str():
            return _or_none(moment_at, value)
        case ValueType.TEXT, str():
            return value
        case ValueType.TEXT, int() | float():
            return json.dumps(value)
    return None
