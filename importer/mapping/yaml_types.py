"""Values of a template's YAML, as pydantic types."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from importer.core.dates import SERIAL, compile_format
from importer.mapping.patterns import pattern


class StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _as_text(value: object) -> object:
    """YAML's true, 412 and 1.5 as the text of a cell."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int | float | Decimal) else value


def as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _regex(text: str) -> str:
    pattern(text)
    return text


def _date_format(text: str) -> str:
    if text != SERIAL:
        compile_format(text)
    return text


def _partial_format(text: str) -> str:
    compile_format(text, year=False)
    return text


# The published JSON Schema accepts more than the validated value holds.
Scalar = str | bool | int | float
Text = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=Scalar)]
Names = Annotated[
    list[Text],
    BeforeValidator(as_list, json_schema_input_type=Scalar | list[Scalar]),
    Field(min_length=1),
]
Regex = Annotated[str, AfterValidator(_regex)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
PartialFormat = Annotated[str, AfterValidator(_partial_format)]
