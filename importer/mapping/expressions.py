"""Where a field's value comes from, as a template writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from importer.mapping.yaml_types import Names, PartialFormat, Scalar, StrictModel, Text


def same_word(text: str) -> str:
    """The key by which marks and values of a map are compared."""
    return text.strip().casefold()


def _as_column(value: object) -> object:
    """A bare name among several expressions is a column."""
    return {"column": value} if isinstance(value, str | bool | int | float) else value


def _as_value(value: object) -> object:
    return {"value": value} if isinstance(value, str | bool | int | float) else value


class SignFrom(StrictModel):
    """The column that says whether an amount adds or takes away, as Soll and Haben do."""

    column: Names
    positive: Annotated[list[Text], Field(min_length=1, description='"" means a blank cell')]
    negative: Annotated[list[Text], Field(min_length=1)]

    @model_validator(mode="after")
    def _either_columns(self) -> SignFrom:
        both = {same_word(text) for text in self.positive} & set(map(same_word, self.negative))
        if both:
            raise ValueError(f"'{sorted(both)[0]}' is under both positive and negative")
        return self


class DateFrom(StrictModel):
    """A date whose year stands elsewhere: in another column, in a parameter, or here."""

    column: Names
    format: PartialFormat
    year: Start | None = Field(None, description="the year, or on_or_after")
    on_or_after: Start | None = Field(
        None, description="the first day of the year that the dates fall in, as 2024-07-01"
    )

    not_before: Start | None = Field(
        None, description="an earlier or later date is reported; blank for no limit"
    )
    not_after: Start | None = Field(
        None, description="an earlier or later date is reported; blank for no limit"
    )

    @model_validator(mode="after")
    def _one_start(self) -> DateFrom:
        if (self.year is None) == (self.on_or_after is None):
            raise ValueError("write either year or on_or_after")
        return self

    @property
    def start(self) -> Expression:
        start = self.year or self.on_or_after
        assert start is not None
        return start


_SOURCES = (
    "column value parameter first_of concat date_from product sum_of_lines column_parameter"
    " currency_of"
).split()
# Changes to a value, with the sources that permit them.
_CHANGES = {
    "default": ("column", "first_of", "concat", "date_from", "currency_of"),
    "optional": ("column", "product"),
    "separator": ("concat",),
    "map": ("column", "first_of", "concat", "parameter"),
    "negate": ("column", "first_of", "product"),
    "sign_from": ("column", "product"),
    "round": ("product",),
    "percent_off": ("product",),
    "take": ("column", "first_of", "concat"),
    "pass_over": ("column", "first_of", "concat"),
    "differing_rows": ("column", "first_of", "concat", "date_from"),
}


class Expression(StrictModel):
    """Where a field's value comes from, and what is done to it before it is read.

    Exactly one source: column, value, parameter, first_of, concat, date_from, product,
    sum_of_lines, column_parameter or currency_of.
    """

    column: Annotated[
        Names | None, Field(description="header; several: the first the sheet has")
    ] = None
    column_parameter: Text | None = Field(
        None, description="a parameter whose value is the header of the column"
    )
    value: Text | None = Field(None, description="the same for every row")
    parameter: Text | None = Field(None, description="a parameter of the template")
    first_of: Parts | None = Field(None, description="the first of these that is not blank")
    concat: Parts | None = Field(None, description="these joined; blanks are left out")
    date_from: DateFrom | None = Field(None, description="a date whose year is elsewhere")
    product: Annotated[list[Names], Field(min_length=2, max_length=2)] | None = Field(
        None, description="two columns multiplied, as quantity and unit price"
    )
    percent_off: Names | None = Field(
        None, description="the column of the discount of a product, in percent; it may be missing"
    )
    sum_of_lines: Literal["gross", "net", "tax"] | None = None
    currency_of: Annotated[
        Names | None,
        Field(description="the currency whose sign or code is in the amounts of a column"),
    ] = None
    default: Text | None = Field(None, description="used where it would be blank")
    optional: bool = Field(
        False, description="the sheet may lack the column; of a product the second one, for 1"
    )
    separator: str = Field(" ", description="the text between the parts of concat")
    map: Annotated[dict[Text, Text], Field(min_length=1)] | None = Field(
        None, description="value in the sheet: value to take"
    )
    negate: bool = Field(False, description="the amount with the other sign")
    sign_from: SignFrom | None = None
    round: Literal["half_up", "half_even", "down"] | None = Field(
        None, description="how a product is brought to whole cents; left out: it must be whole"
    )
    take: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="of bills.state: the states of bills to load; * for all others"
    )
    pass_over: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="of bills.type and bills.state: the values of rows to leave out"
    )
    differing_rows: Literal["refuse", "first"] = Field(
        "refuse",
        description="of a date or the description of bills in a flat layout, where rows of one bill"
        " disagree. first: the value of the first row is taken, with a warning; refuse: an error",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Expression:
        given = [key for key in _SOURCES if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"write exactly one of {', '.join(_SOURCES)}"
                + (f"; here are {' and '.join(given)}" if given else "")
            )
        source = "column" if given == ["column_parameter"] else given[0]
        for change, sources in _CHANGES.items():
            if change in self.model_fields_set and source not in sources:
                raise ValueError(f"{change} goes with {' or '.join(sources)} only")
        return self

    @property
    def constant(self) -> bool:
        """Whether it does not depend on the sheet."""
        parts = self.first_of or self.concat or ()
        all_constant = bool(parts) and all(part.constant for part in parts)
        return self.value is not None or self.parameter is not None or all_constant

    @property
    def has_constant(self) -> bool:
        """Whether it may have a value though the sheet has none of its columns."""
        parts = self.first_of or self.concat or ()
        if self.default is not None or self.constant:
            return True
        return not self.concat and any(part.has_constant for part in parts)

    @property
    def has_debit_and_credit(self) -> bool:
        """Whether the column that has the amount says its sign, as debit and credit do."""
        columns = [p for p in self.first_of or () if p.column and not p.sign_from]
        return len({part.negate for part in columns}) > 1

    @property
    def is_changed(self) -> bool:
        """Whether the column's value is changed."""
        return bool(self.map or self.sign_from or self.negate) or self.default is not None

    @property
    def summed(self) -> str | None:
        """What is summed over the lines: always, or where the parts before it are blank."""
        return self.sum_of_lines or (self.first_of[-1].sum_of_lines if self.first_of else None)

    def walk(self) -> Iterator[tuple[tuple[str | int, ...], Expression]]:
        """The expression and all inside it, each with its place in the YAML."""
        yield (), self
        for key in ("first_of", "concat"):
            for i, part in enumerate(getattr(self, key) or ()):
                for path, inner in part.walk():
                    yield (key, i, *path), inner
        if self.date_from:
            for key in ("year", "on_or_after", "not_before", "not_after"):
                if start := getattr(self.date_from, key):
                    yield ("date_from", key), start

    def with_column(self, headers: Mapping[str, str]) -> Expression:
        """The expression with the column that a parameter names, by parameter."""
        changes: dict[str, object] = {}
        if self.column_parameter is not None and (header := headers.get(self.column_parameter)):
            changes["column"] = [header]
        for key in ("first_of", "concat"):
            if parts := getattr(self, key):
                changes[key] = [part.with_column(headers) for part in parts]
        return self.model_copy(update=changes) if changes else self

    def columns(self) -> Iterator[tuple[list[str], bool]]:
        """Every column it reads: its accepted headers, and whether the sheet may lack it."""
        for _, e in self.walk():
            if e.column:
                yield e.column, e.optional
            if e.currency_of:
                yield e.currency_of, False
            if e.date_from:
                yield e.date_from.column, False
            for i, factor in enumerate(e.product or ()):
                yield factor, e.optional and i == 1
            if e.percent_off:
                yield e.percent_off, True
            if e.sign_from:
                yield e.sign_from.column, False


Parts = Annotated[
    list[
        Annotated[
            Expression, BeforeValidator(_as_column, json_schema_input_type=Scalar | Expression)
        ]
    ],
    Field(min_length=2),
]
Start = Annotated[
    Expression, BeforeValidator(_as_value, json_schema_input_type=Scalar | Expression)
]
