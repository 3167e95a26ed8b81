"""What a template may say (design: templates), as pydantic models.

A template says where things are, how they are written and what must hold; it holds no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fnmatch import translate
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from importer.amounts import Numbers, Unreadable, read_decimal
from importer.canonical import (
    BILLS,
    FIELDS,
    LINE_ITEMS,
    LOOKUP_NAMES,
    PROPERTY,
    Kind,
    field_kind,
)
from importer.dates import compile_format


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_text(value: object) -> object:
    """YAML's true, 412 and 1.5 stand for the text a cell would hold."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int | float | Decimal) else value


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is not a regular expression: {error}") from None
    return text


def _date_format(text: str) -> str:
    compile_format(text)
    return text


# What an editor is told may be written, by the published JSON Schema, is wider than what is kept.
_Scalar = str | bool | int | float
Text = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=_Scalar)]
Names = Annotated[
    list[Text],
    BeforeValidator(_as_list, json_schema_input_type=_Scalar | list[_Scalar]),
    Field(min_length=1),
]
Regex = Annotated[str, AfterValidator(_regex)]
DateFormat = Annotated[str, AfterValidator(_date_format)]


def _auto_dates(value: object) -> object:
    return [] if value == "auto" else value


def _amount(text: str) -> str:
    if isinstance(read_decimal(text, Numbers.POINT), Unreadable):
        raise ValueError(f"'{text}' is not an amount; write for example 1284220.10")
    return text


Amount = Annotated[Text, AfterValidator(_amount)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
DateFormats = Annotated[
    list[DateFormat],
    BeforeValidator(_auto_dates, json_schema_input_type=Literal["auto"] | list[str]),
]


class Expression(_Strict):
    """Where a field's value comes from: exactly one of column, value, sum_of_lines, product."""

    column: Annotated[
        Names | None, Field(description="header; several: the first the sheet has")
    ] = None
    default: Text | None = Field(None, description="used where the column's cell is blank")
    optional: bool = Field(False, description="the sheet may lack the column")
    value: Text | None = Field(None, description="the same for every row")
    sum_of_lines: Literal["gross", "net", "tax"] | None = None
    product: Annotated[list[Text], Field(min_length=2, max_length=2)] | None = Field(
        None, description="two columns multiplied, as quantity and unit price"
    )
    round: Literal["half_up", "half_even", "down"] = "half_up"

    @model_validator(mode="after")
    def _one_source(self) -> Expression:
        given = [
            key
            for key in ("column", "value", "sum_of_lines", "product")
            if getattr(self, key) is not None
        ]
        if len(given) != 1:
            raise ValueError(
                "write exactly one of column, value, sum_of_lines, product"
                + (f"; here are {' and '.join(given)}" if given else "")
            )
        if not self.column and (self.default is not None or self.optional):
            raise ValueError("default and optional go with column only")
        if not self.product and "round" in self.model_fields_set:
            raise ValueError("round goes with product only")
        return self


class Header(_Strict):
    """How the header row is found: by columns it has, or by its row number."""

    find: list[Text] | None = None
    row: int | None = Field(None, ge=1, le=1_048_576)

    @model_validator(mode="after")
    def _one_way(self) -> Header:
        if (self.find is None) == (self.row is None):
            raise ValueError("write either find or row")
        return self


class RowTest(_Strict):
    """A test of one cell of a row: it matches a regular expression, equals a text, or is blank."""

    column: Text
    matches: Regex | None = None
    equals: Text | None = None
    blank: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> RowTest:
        if sum(v is not None for v in (self.matches, self.equals, self.blank)) != 1:
            raise ValueError("write exactly one of matches, equals, blank")
        return self

    def __str__(self) -> str:
        if self.blank:
            return f"'{self.column}' is blank"
        what = f"matches '{self.matches}'" if self.matches else f"is '{self.equals}'"
        return f"'{self.column}' {what}"


class ControlTotal(_Strict):
    """A row that is the file's own total: ``amount`` has a value, all of ``blank`` are blank."""

    amount: Text
    blank: Annotated[list[Text], Field(min_length=1)]


class Source(_Strict):
    """Where the rows are."""

    sheet: str = "*"
    header: Header | None = None
    encoding: str = "auto"
    delimiter: str = "auto"
    fill_down: list[Text] = []
    ignore_rows: list[RowTest] = []
    stop_at: RowTest | None = None
    control_total: ControlTotal | None = None


class Formats(_Strict):
    """How values are written."""

    dates: DateFormats = Field(default=[], description="auto, or the formats that may occur")
    numbers: Literal["auto", "point", "comma"] = "auto"
    amounts: Literal["decimal", "cents"] = "cents"
    cents_per_unit: dict[Currency, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default={}, description="for currencies whose minor unit is not a hundredth: JPY: 100"
    )


Attribute = Literal["name", "identifier", "vatId", "code", "label"]


class Lookup(_Strict):
    """How names become ids: by a table, by the names that Light has, or by both, the table first.

    The table is a CSV or XLSX with the columns value and id, beside the sheet or the template.
    """

    table: str | None = Field(None, min_length=1)
    light: (
        Annotated[
            list[Attribute],
            BeforeValidator(_as_list, json_schema_input_type=Attribute | list[Attribute]),
            Field(min_length=1),
        ]
        | None
    ) = Field(None, description="which of the names in Light count")

    @model_validator(mode="after")
    def _some_way(self) -> Lookup:
        if self.table is None and self.light is None:
            raise ValueError("write table, light or both")
        return self


class Rule(_Strict):
    """A house rule on one field, beside the built-in ones."""

    required: bool = False
    one_of: Annotated[list[Text], Field(min_length=1)] | None = None
    matches: Regex | None = None
    max_length: int | None = Field(None, ge=1)
    min: Text | None = None
    max: Text | None = None
    not_before: Text | None = None
    not_after: Text | None = None


class Expect(_Strict):
    """Control totals that the person knows from elsewhere."""

    bills: int | None = Field(None, ge=0)
    gross: dict[Currency, Amount] = {}


class Template(_Strict):
    """One template. ``bills`` and ``line_items`` say where each canonical field comes from."""

    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
    version: int = 1
    description: str = ""
    layout: Literal["flat", "two_sheets"]
    source: Source = Source()
    formats: Formats = Formats()
    group_by: list[Text] = []
    bills: dict[str, Expression]
    line_items: dict[str, Expression]
    lookups: dict[Literal["vendor", "companyEntity", "account", "taxCode"], Lookup] = {}
    rules: dict[str, Rule] = {}
    expect: Expect = Expect(bills=None)
    unknown_columns: Literal["ignore", "warn"] = "ignore"

    @model_validator(mode="after")
    def _consistent(self) -> Template:
        if self.layout == "flat" and not self.group_by:
            raise ValueError("a flat layout needs group_by: the columns that make one bill")
        if self.layout == "two_sheets" and self.group_by:
            raise ValueError("group_by goes with layout: flat only")
        for name, expression in self.line_items.items():
            if expression.sum_of_lines:
                raise ValueError(f"sum_of_lines is for bills, not for line_items.{name}")
        for name, expression in self.bills.items():
            if expression.product:
                raise ValueError(f"product is for line items, not for bills.{name}")
            if expression.sum_of_lines and name != "amount":
                raise ValueError(f"sum_of_lines is for bills.amount, not for bills.{name}")
        return self


_NUMERIC = frozenset((Kind.CENTS, Kind.RATE, Kind.INTEGER))
_DATED = frozenset((Kind.DATE, Kind.DATE_TIME))


def bound(test: str, text: str, kind: Kind) -> Decimal | date:
    """The bound of a rule's test as a value; ValueError where it does not suit the field."""
    if test in ("min", "max"):
        if kind not in _NUMERIC:
            raise ValueError(f"{test} is for amounts and numbers only")
        number = read_decimal(text, Numbers.POINT)
        if isinstance(number, Unreadable):
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


def unsuitable_bounds(template: Template) -> Iterator[tuple[tuple[str, str, str], str]]:
    """(where, what is wrong) of the bounds that do not suit their fields."""
    for key, rule in template.rules.items():
        target = rule_target(key)
        if target is None:
            continue
        for test, text in bounds(rule).items():
            try:
                bound(test, text, field_kind(*target))
            except ValueError as error:
                yield ("rules", key, test), f"rules.{key}.{test}: {error}."


def unsuitable_lookups(template: Template) -> Iterator[tuple[tuple[str, str, str], str]]:
    """(where, what is wrong) of the lookups by names that the field does not have in Light."""
    for field, lookup in template.lookups.items():
        _, there = LOOKUP_NAMES[field]
        wrong = [name for name in lookup.light or () if name not in there]
        if wrong and there:
            names = ", ".join(there)
            yield (
                ("lookups", field, "light"),
                f"'{wrong[0]}' is no name of Light's for lookups.{field}; write any of {names}.",
            )
        elif wrong:
            yield (
                ("lookups", field, "light"),
                f"Light lists no tax codes, so lookups.{field} needs a table, not light.",
            )


def known_field(sheet: str, name: str) -> bool:
    return name in FIELDS[sheet] or (name.startswith(PROPERTY) and len(name) > len(PROPERTY))


def rule_target(key: str) -> tuple[str, str] | None:
    """``bills.currency`` as (sheet, field); None where there is no such field."""
    sheet, _, name = key.partition(".")
    return (sheet, name) if sheet in (BILLS, LINE_ITEMS) and known_field(sheet, name) else None


def glob_matches(pattern: str, name: str) -> bool:
    return re.match(translate(pattern.casefold()), name.casefold()) is not None
