"""Templates as pydantic models: where values are, how they are written, what rules they obey."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from importer.core.currencies import EXPONENTS
from importer.core.money import Numbers, UnreadableAmount, read_decimal
from importer.core.relative_path import leads_outside
from importer.mapping.expressions import Expression
from importer.mapping.yaml_types import DateFormat, Names, Regex, Scalar, StrictModel, Text, as_list
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, PROPERTY

# The published JSON Schema shows the docstrings of these models.


def _amount(text: str) -> str:
    if isinstance(read_decimal(text, Numbers.POINT), UnreadableAmount):
        raise ValueError(f"'{text}' is not an amount; write for example 1284220.10")
    return text


Amount = Annotated[Text, AfterValidator(_amount)]


def _currency(text: str) -> str:
    if text not in EXPONENTS:
        raise ValueError(f"'{text}' is not an ISO 4217 currency code, as GBP")
    return text


def _unit(number: int) -> int:
    if number not in (1, 10, 100, 1000, 10_000):
        raise ValueError(f"{number} is none of 1, 10, 100, 1000, 10000")
    return number


Currency = Annotated[str, AfterValidator(_currency)]
DateFormats = Annotated[
    list[DateFormat],
    BeforeValidator(
        lambda value: [] if value == "auto" else value,
        json_schema_input_type=Literal["auto"] | list[str],
    ),
]


def _row_or_columns(value: object) -> object:
    if not isinstance(value, list) and value != "row":
        raise ValueError("write row, or a list of columns, as [Supplier, Number]")
    return value


GroupBy = Annotated[
    Literal["row"] | list[Text],
    BeforeValidator(
        _row_or_columns, json_schema_input_type=Literal["row"] | list[str | bool | int | float]
    ),
]


class Header(StrictModel):
    """How the header is found: by its columns or its row number; ``rows`` where it is split."""

    find: list[Text] | None = Field(None, min_length=1)
    row: int | None = Field(None, ge=1, le=1_048_576, description="of several, the first")
    rows: int = Field(1, ge=1, le=3, description="the rows that make up the header")

    @model_validator(mode="after")
    def _one_way(self) -> Header:
        given = (self.find is not None) + (self.row is not None)
        if given == 2 or (given == 0 and self.rows == 1):
            raise ValueError("write either find or row")
        return self


class RowTest(StrictModel):
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


class ControlTotalRule(StrictModel):
    """The file's own total, its last row: known by its blank cells, or by a label (where)."""

    amount: Text
    blank: list[Text] = Field(default=[])
    where: RowTest | None = None
    optional: Annotated[bool, Field(description="the file may have none: it is not noted")] = False

    @model_validator(mode="after")
    def _one_way(self) -> ControlTotalRule:
        if bool(self.blank) == bool(self.where):
            raise ValueError("write either blank or where")
        return self

    def __str__(self) -> str:
        if self.where:
            return str(self.where)
        names = [f"'{name}'" for name in self.blank]
        *first, last = names
        return f"{', '.join(first)} and {last} are blank" if first else f"{last} is blank"


class Groups(StrictModel):
    """A report in groups: a row with the group's name, its rows, a row with its total.

    ``column`` is where the names stand. ``name`` is the column made of them, for the mapping.
    """

    column: Text
    name: Text = Field("group", min_length=1, description="the column that gets the groups' names")
    matches: Regex | None = Field(
        None, description="what a name looks like; left out: a row with nothing beside it"
    )
    total: Names = Field(
        default=["Total for {name}"], description="how a group's total is labelled"
    )

    @model_validator(mode="after")
    def _with_name(self) -> Groups:
        for label in self.total:
            if "{name}" not in label:
                raise ValueError(f"total: '{label}' lacks {{name}}, as in 'Total for {{name}}'")
        return self


class Source(StrictModel):
    """Where the rows are."""

    sheet: str = "*"
    header: Header | None = None
    encoding: str = "auto"
    delimiter: str = "auto"
    fill_down: list[Text] = Field(default=[])
    ignore_rows: list[RowTest] = Field(default=[])
    stop_at: RowTest | None = None
    groups: Groups | None = None
    control_total: ControlTotalRule | None = None
    repeated_lines: Annotated[
        Literal["refuse", "allow"], Field(description="rows that repeat rows above them")
    ] = "refuse"


class TemplateFormats(StrictModel):
    """How values are written."""

    dates: DateFormats = Field(default=[], description="auto, or the formats that may occur")
    numbers: Literal["auto", "point", "comma"] = "auto"
    amounts: Literal["decimal", "cents"] = "cents"
    cents_per_unit: dict[Currency, Annotated[int, AfterValidator(_unit)]] = Field(
        default={}, description="for currencies whose minor unit is not a hundredth: JPY: 100"
    )


LookupName = Literal[
    "vendor", "companyEntity", "account", "taxCode", "senderBankAccount", "purchaseOrder"
]
Attribute = Literal[
    "name", "identifier", "vatId", "code", "label", "iban", "accountNumber", "number", "id"
]


class Lookup(StrictModel):
    """How names become ids: by a table, by the names that Light has, or by both, the table first.

    The table is a CSV or XLSX with the columns value and id, beside the sheet or the template.
    """

    table: str | None = Field(None, min_length=1)
    light: (
        Annotated[
            list[Attribute],
            BeforeValidator(as_list, json_schema_input_type=Attribute | list[Attribute]),
            Field(min_length=1),
        ]
        | None
    ) = Field(None, description="which of the names in Light count")

    @field_validator("table")
    @classmethod
    def _beside(cls, table: str | None) -> str | None:
        if table is not None and leads_outside(table):
            raise ValueError(
                "a table is beside the template or the sheet: write its name, as vendors.csv; "
                "--lookups names another folder"
            )
        return table

    @model_validator(mode="after")
    def _some_way(self) -> Lookup:
        if self.table is None and self.light is None:
            raise ValueError("write table, light or both")
        return self


class Rule(StrictModel):
    """A house rule on one field, beside the built-in ones."""

    required: bool = False
    one_of: Annotated[list[Text], Field(min_length=1)] | None = None
    matches: Regex | None = None
    max_length: int | None = Field(None, ge=1)
    min: Text | None = None
    max: Text | None = None
    not_before: Text | None = None
    not_after: Text | None = None
    unique: bool = False


class Expect(StrictModel):
    """Control totals that the person knows from elsewhere."""

    bills: int | None = Field(None, ge=0)
    lines: int | None = Field(None, ge=0)
    gross: dict[Currency, Amount] = Field(default={})


class ParameterSpec(StrictModel):
    """What changes from file to file, as the year of an export; --set NAME=VALUE overrides it."""

    value: Text | None = Field(None, description="without it and cell: it must be given with --set")
    cell: Annotated[str, Field(pattern=r"^[A-Za-z]{1,3}[1-9][0-9]{0,6}$")] | None = Field(
        None, description="a cell above the header that holds it, as M1"
    )
    matches: Regex | None = Field(
        None, description="what is taken of the cell: the first bracket, else all that matches"
    )
    optional: bool = Field(False, description="it may have no value")
    one_of: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="the values that it may have"
    )

    @model_validator(mode="after")
    def _one_place(self) -> ParameterSpec:
        if self.cell is not None and self.value is not None:
            raise ValueError("write either value or cell")
        if self.matches and self.cell is None:
            raise ValueError("matches goes with cell only")
        if self.one_of and self.value not in (None, *self.one_of):
            raise ValueError(f"'{self.value}' is none of {', '.join(self.one_of)}")
        return self


Parameter = Annotated[
    ParameterSpec,
    BeforeValidator(
        lambda value: value if isinstance(value, dict) else {"value": value},
        json_schema_input_type=Scalar | ParameterSpec | None,
    ),
]


class Template(StrictModel):
    """One template. ``bills`` and ``line_items`` say where each canonical field comes from."""

    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
    version: int = 1
    description: str = ""
    layout: Literal["flat", "two_sheets"]
    source: Source = Source()
    formats: TemplateFormats = TemplateFormats()
    group_by: GroupBy = Field(
        default=[], description="the columns that make one bill; row: each row is a bill"
    )
    bills: dict[str, Expression]
    line_items: dict[str, Expression]
    extra_lines: list[dict[str, Expression]] = Field(
        default=[], description="lines from columns of the whole bill"
    )
    lookups: dict[LookupName, Lookup] = Field(default={})
    rules: dict[str, Rule] = Field(default={})
    credit_notes: Literal["negative", "none"] = Field(
        default="none",
        description="negative: a bill whose total is negative is a credit note; none: it is an"
        " error. Either way bills.type says which documents are credit notes",
    )
    zero_bills: Literal["refuse", "load"] = Field(
        default="refuse",
        description="load: a bill whose lines cancel out, so that it comes to 0, is loaded, with a"
        " warning; refuse: it is an error",
    )
    credit_sign: Literal["C", "D"] = Field(
        default="C", description="the side of the ledger that lines of credit notes are sent with"
    )
    parameters: dict[str, Parameter] = Field(default={})
    expect: Expect = Expect(bills=None, lines=None)
    unknown_columns: Literal["ignore", "warn"] = "ignore"
    ignore_columns: list[Text] = Field(
        default=[], description="columns whose names matter but that need not be read"
    )
    recognised_by: list[Names] = Field(
        default=[],
        description="headers that only this system writes, each list all together; a file is"
        " recognised by any of them. Left out: by all columns that the template needs",
    )
    _places: dict[str, str] = PrivateAttr(default_factory=dict)

    def with_places(self, places: dict[str, str]) -> Template:
        """The template, with the place of each text of its YAML: ``line 7, bills.vendor``."""
        self._places.update(places)
        return self

    @property
    def key_columns(self) -> list[str]:
        """The columns whose values make one bill; none where each row is a bill."""
        return [] if self.group_by == "row" else self.group_by

    def with_chosen_columns(self) -> Template:
        """The template with the columns that its parameters name (``column_parameter``)."""
        headers = {name: spec.value for name, spec in self.parameters.items() if spec.value}
        changes = {
            sheet: {name: e.with_column(headers) for name, e in fields.items()}
            for sheet, fields in (("bills", self.bills), ("line_items", self.line_items))
            if any(part.column_parameter for e in fields.values() for _, part in e.walk())
        }
        return self.model_copy(update=changes) if changes else self

    def where(self, names: Iterable[str]) -> str:
        """The place of the first of the names it has; "" for a shipped template."""
        return next((self._places[name] for name in names if name in self._places), "")

    @model_validator(mode="after")
    def _consistent(self) -> Template:
        if self.layout == "flat" and not self.group_by:
            raise ValueError(
                "a flat layout needs group_by: the columns that make one bill, or row where each"
                " row is one"
            )
        if self.layout == "two_sheets" and self.source.groups:
            raise ValueError("source.groups goes with layout: flat only")
        for fields in self.extra_lines:
            if not {"amount", "netAmount"} & fields.keys():
                raise ValueError("each of extra_lines needs netAmount, or amount")
            for name, e in fields.items():
                if not is_field(LINE_ITEMS, name):
                    raise ValueError(f"extra_lines: there is no field line_items.{name}")
                if e.product or e.sum_of_lines:
                    raise ValueError("extra_lines take columns of the bill, no products or sums")
        if self.layout == "two_sheets" and self.group_by:
            raise ValueError("group_by goes with layout: flat only")
        return self


# What a bill's row is, beside its fields: neither is sent to Light.
TYPE, STATE = DISPOSING = ("type", "state")


def is_field(sheet: str, name: str) -> bool:
    if sheet == BILLS and name in DISPOSING:
        return True
    return name in FIELDS[sheet] or (name.startswith(PROPERTY) and len(name) > len(PROPERTY))


def rule_target(key: str) -> tuple[str, str] | None:
    """``bills.currency`` as (sheet, field); None where there is no such field."""
    sheet, _, name = key.partition(".")
    if sheet not in (BILLS, LINE_ITEMS) or name in DISPOSING:
        return None
    return (sheet, name) if is_field(sheet, name) else None
