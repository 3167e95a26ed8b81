"""Check a template beyond its structure: values that fit their fields, rules that can hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from importer.core import dates
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    read_cents,
    read_decimal,
    read_number_cell,
    to_cents,
)
from importer.core.nearest_name import did_you_mean
from importer.mapping.expressions import Expression, same_word
from importer.mapping.template_model import (
    DISPOSING,
    TYPE,
    Rule,
    Template,
    TemplateFormats,
    rule_target,
)
from importer.model.bills import DOCUMENT_TYPES
from importer.model.fields import (
    BILLS,
    FIELDS,
    LINE_ITEMS,
    PROPERTY,
    FieldKind,
    field_of,
    field_parser,
)
from importer.model.finding_catalogue import CATALOGUE

Problem = tuple[tuple[str | int, ...], str]
"""The path in the YAML, and a sentence."""

_NUMERIC = frozenset((FieldKind.CENTS, FieldKind.RATE, FieldKind.INTEGER))
_DATED = frozenset((FieldKind.DATE, FieldKind.DATE_TIME))
_WORDS = frozenset((FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT))
_SUMMED = {"gross": ("amount", "netAmount"), "net": ("netAmount",), "tax": ("taxAmount",)}


def problems(template: Template) -> Iterator[Problem]:
    """Everything that cannot work."""
    for sheet, fields in ((BILLS, template.bills), (LINE_ITEMS, template.line_items)):
        for name, expression in fields.items():
            if sheet == BILLS and name in DISPOSING:
                yield from _of_disposing(template, name, expression)
            elif name in FIELDS[sheet] or name.startswith(PROPERTY):
                yield from _of_field(template, sheet, name, expression)
    for key, rule in template.rules.items():
        if target := rule_target(key):
            yield from _of_rule(template, key, *target, rule)
    for currency, text in template.expect.gross.items():
        if problem := total_problem(template, currency, text):
            yield ("expect", "gross", currency), f"expect.gross.{currency}: {problem}."


def total_problem(template: Template, currency: str, text: str) -> str:
    """Why the text cannot be a total in the currency's major units; "" where it can."""
    unit = template.formats.cents_per_unit.get(currency, 100)
    cents = to_cents(read_decimal(text, Numbers.POINT), unit)
    return f"'{text}' is not an amount: {cents}" if isinstance(cents, UnreadableAmount) else ""


def _of_field(
    template: Template, sheet: str, name: str, expression: Expression
) -> Iterator[Problem]:
    kind = field_of(sheet, name).kind
    field, dated = f"{sheet}.{name}", set[tuple[str | int, ...]]()
    for path, e in expression.walk():
        at = (sheet, name, *path)
        inner = bool(path)
        for key in ("take", "pass_over"):
            if getattr(e, key) is not None:
                yield (*at, key), f"{key} goes with bills.type and bills.state only."
        if e.differing_rows != "refuse" and (inner or sheet != BILLS or template.layout != "flat"):
            yield (
                (*at, "differing_rows"),
                "differing_rows goes with a whole field of bills, in a flat layout.",
            )
        elif e.differing_rows != "refuse" and kind not in _DATED and name != "description":
            yield (
                (*at, "differing_rows"),
                f"differing_rows is for dates and the description: rows that disagree in {field}"
                " are no one bill.",
            )
        if e.date_from:
            for key in ("year", "on_or_after", "not_before", "not_after"):
                dated.add((*at, "date_from", key))
            if kind not in _DATED:
                yield (*at, "date_from"), f"date_from is for dates, not for {field}."
        if at in dated:
            yield from _of_start(at, e)
        if e.parameter is not None and e.parameter not in template.parameters:
            near = did_you_mean(e.parameter, template.parameters)
            yield (
                (*at, "parameter"),
                f"there is no parameter '{e.parameter}'{near}"
                + ("" if near else "; state it under parameters."),
            )
        if e.column_parameter is not None:
            yield from _of_column_parameter(template, at, e.column_parameter)
        if at in dated:
            continue
        if e.currency_of and field != "bills.currency":
            yield (*at, "currency_of"), f"currency_of is for bills.currency, not for {field}."
        if e.sum_of_lines:
            last = path == ("first_of", len(expression.first_of or ()) - 1)
            yield from _of_sum(template, at, field, e.sum_of_lines, inner and not last)
        if e.product and (inner or sheet != LINE_ITEMS or kind is not FieldKind.CENTS):
            yield (*at, "product"), f"product is for amounts of line items, not for {field}."
        for key in ("negate", "sign_from"):
            if getattr(e, key) and kind is not FieldKind.CENTS:
                yield (*at, key), f"{key} is for amounts, not for {field}."
        if e.concat and kind not in _WORDS:
            yield (*at, "concat"), f"concat is for texts, not for {field}."
        if e.map and kind in (FieldKind.CENTS, *_DATED):
            yield (*at, "map"), f"map is for names, codes and texts, not for {field}."
            continue
        constants: list[tuple[tuple[str, ...], str | None]] = [
            (("map", old), text) for old, text in (e.map or {}).items()
        ]
        if "concat" not in path:  # a part of a concat need not be a whole value
            constants = [(("value",), e.value), (("default",), e.default), *constants]
        for inside, text in constants:
            if text and (why := constant_problem(sheet, name, text, template.formats)):
                yield (*at, *inside), f"'{text}' cannot be {field}: {why}."


def _of_column_parameter(
    template: Template, at: tuple[str | int, ...], name: str
) -> Iterator[Problem]:
    spec = template.parameters.get(name)
    if spec is None:
        near = did_you_mean(name, template.parameters) or "; state it under parameters."
        yield (*at, "column_parameter"), f"there is no parameter '{name}'{near}"
    elif spec.cell or not spec.one_of:
        yield (
            (*at, "column_parameter"),
            f"the parameter '{name}' names a column: state the headers it may be, as"
            " {value: Amount, one_of: [Amount, Open balance]}.",
        )


_DISPOSING_KEYS = frozenset("column first_of concat separator optional default".split())


def _of_disposing(template: Template, name: str, expression: Expression) -> Iterator[Problem]:
    """What cannot work in ``bills.type`` and ``bills.state``."""
    field, lists = (
        f"{BILLS}.{name}",
        ("map", "pass_over") if name == TYPE else ("take", "pass_over"),
    )
    for path, e in expression.walk():
        allowed = _DISPOSING_KEYS | {"value", "parameter"} if path else {*_DISPOSING_KEYS, *lists}
        for key in sorted(e.model_fields_set - allowed):
            yield (
                (BILLS, name, *path, key),
                f"{key} does not go with {field}; it takes a column with {' and '.join(lists)}.",
            )
        if e.parameter is not None and e.parameter not in template.parameters:
            near = did_you_mean(e.parameter, template.parameters)
            yield (BILLS, name, *path, "parameter"), f"there is no parameter '{e.parameter}'{near}."
    for old, new in (expression.map or {}).items():
        if same_word(new) not in DOCUMENT_TYPES:
            yield (
                (BILLS, name, "map", old),
                f"'{new}' cannot be a type; write {' or '.join(DOCUMENT_TYPES)}, or put '{old}'"
                " under pass_over.",
            )
    loaded = {same_word(text) for text in (*(expression.map or ()), *(expression.take or ()))}
    for i, text in enumerate(expression.pass_over or ()):
        if same_word(text) in loaded:
            yield (
                (BILLS, name, "pass_over", i),
                f"'{text}' is under both {lists[0]} and pass_over.",
            )


def _of_start(at: tuple[str | int, ...], e: Expression) -> Iterator[Problem]:
    if not (e.value or e.parameter or e.column):
        yield at, f"{at[-1]} is a value, a column or a parameter."
    elif e.value is not None and start_of(e.value, complete=at[-1] != "year") is None:
        example = "2025" if at[-1] == "year" else "2024-07-01"
        yield at, f"'{e.value}' cannot be {at[-1]}; write for example {example}."


def start_of(text: str, *, complete: bool) -> date | None:
    """The first day of the year that a text states: ``2025``, or a date where ``whole``."""
    bare = text.strip()
    if complete:
        return dates.reader(["YYYY-MM-DD", "YYYYMMDD"], None)(bare)
    if not (len(bare) == 4 and bare.isascii() and bare.isdigit()):
        return None
    return date(int(bare), 1, 1) if dates.FIRST_YEAR <= int(bare) <= dates.LAST_YEAR else None


def _of_sum(
    template: Template, at: tuple[str | int, ...], field: str, what: str, inner: bool
) -> Iterator[Problem]:
    if inner or field != f"{BILLS}.amount":
        of = "bills.amount, alone or as the last of first_of"
        yield (*at, "sum_of_lines"), f"sum_of_lines is for {of}, not for {field}."
    elif not any(name in template.line_items for name in _SUMMED[what]):
        names = " or ".join(f"line_items.{name}" for name in _SUMMED[what])
        yield (*at, "sum_of_lines"), f"{field}: the sum of {what} needs {names}, not mapped here."


def constant_problem(sheet: str, name: str, text: str, formats: TemplateFormats) -> str:
    """Why a field can never have a value that the template states; "" where it can."""
    field = field_of(sheet, name)
    kind = field.kind
    if kind is FieldKind.CENTS:
        if formats.amounts == "cents":
            cents = read_cents(text)
            return f"{cents}; write whole cents" if isinstance(cents, UnreadableAmount) else ""
        number = read_number_cell(text)
        return f"{number}; write for example 12.50" if isinstance(number, UnreadableAmount) else ""
    if kind in _DATED:
        read = dates.reader(formats.dates or ["YYYY-MM-DD"], None)
        value: Any = read(text) if kind is FieldKind.DATE else dates.read_date_time(text, read)
        return "" if value else "not a date; write it as 2025-03-31"
    _, problem = field_parser(field)(text)
    if not problem:
        return ""
    return CATALOGUE[f"{sheet}.{field.name}.{problem}"].title.rpartition(": ")[2]


# --- house rules ------------------------------------------------------------------------------


def bound(test: str, text: str, kind: FieldKind) -> Decimal | date:
    """The bound of a rule's test as a value; ValueError where it does not suit the field."""
    if test in ("min", "max"):
        if kind not in _NUMERIC:
            raise ValueError(f"{test} is for amounts and numbers only")
        number = read_decimal(text, Numbers.POINT)
        if isinstance(number, UnreadableAmount):
            raise ValueError(f"'{text}' is not a number")
        return number
    if kind not in _DATED:
        raise ValueError(f"{test} is for dates only")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a date; write it as 2025-03-31") from None


def bounds(rule: Rule) -> dict[str, str]:
    """The tests of a rule that compare, with their bounds as written."""
    tests = {name: getattr(rule, name) for name in ("min", "max", "not_before", "not_after")}
    return {name: text for name, text in tests.items() if text is not None}


def _of_rule(template: Template, key: str, sheet: str, name: str, rule: Rule) -> Iterator[Problem]:
    kind = field_of(sheet, name).kind
    where = ("rules", key)
    fields = template.bills if sheet == BILLS else template.line_items
    if name in FIELDS[sheet] and name not in fields:
        yield (*where, "[key]"), f"{key} is not mapped, so that a rule has nothing to test."
    edges: dict[str, Any] = {}
    for test, text in bounds(rule).items():
        try:
            edges[test] = bound(test, text, kind)
        except ValueError as error:
            yield (*where, test), f"rules.{key}.{test}: {error}."
    for low, high in (("min", "max"), ("not_before", "not_after")):
        if low in edges and high in edges and edges[low] > edges[high]:
            yield (
                (*where, low),
                f"rules.{key}: no value is both {low} {getattr(rule, low)} and"
                f" {high} {getattr(rule, high)}.",
            )
    for test in ("one_of", "matches", "max_length"):
        if getattr(rule, test) is not None and kind in _NUMERIC | _DATED:
            other = "min and max" if kind in _NUMERIC else "not_before and not_after"
            yield (*where, test), f"rules.{key}.{test}: that is for texts; write {other}."
    if kind not in _NUMERIC | _DATED:
        for i, text in enumerate(rule.one_of or ()):
            if text and (why := constant_problem(sheet, name, text, template.formats)):
                yield (*where, "one_of", i), f"rules.{key}.one_of: '{text}' cannot be {key}: {why}."
