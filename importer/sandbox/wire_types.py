"""The JSON types of Light's API as strict pydantic types, and their errors as ``Problem``s.

No conversions: ``"100"`` and ``100.0`` are not integers. Ids come back in lower case, times in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from importer.core.currencies import EXPONENTS
from importer.model.fields import FieldKind
from importer.sandbox.refusals import Path, Problem

JsonObject = dict[str, Any]
INT64 = range(-(2**63), 2**63)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class RequestBody(BaseModel):
    """An object of a request; fields that it does not name are refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, defer_build=True
    )


def field_error(kind: str, message: str, status: int = 400) -> PydanticCustomError:
    """What a validator raises; ``problems_of`` gives it back as a ``Problem``."""
    return PydanticCustomError(kind, "{message}", {"message": message, "status": status})


# --- types ------------------------------------------------------------------------------------


def _unicode(text: str) -> str:
    try:
        text.encode()  # JSON can spell a lone surrogate (\ud800), which no text can hold
    except UnicodeEncodeError:
        raise field_error("INVALID_FORMAT", "The text is not valid Unicode.") from None
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise field_error("REQUIRED", "Must not be blank.")
    return text


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise field_error("INVALID_FORMAT", f"'{shortened(text)}' is not a UUID.")
    return text.lower()


def _cents(value: int) -> int:
    if value not in INT64:
        raise field_error("OUT_OF_RANGE", "The integer does not fit into 64 bits.")
    return value


def _rate(value: float) -> float:
    if not -1e15 < value < 1e15:
        raise field_error("OUT_OF_RANGE", "The number is out of range.")
    if value <= 0:
        raise field_error("OUT_OF_RANGE", "An exchange rate must be greater than zero.", 422)
    return value


def _day(text: str) -> str:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise field_error("INVALID_FORMAT", f"'{shortened(text)}' is not a date (YYYY-MM-DD).")


def _moment(text: str) -> str:
    try:
        if _MOMENT.fullmatch(text):
            return wire_time(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    raise field_error("INVALID_FORMAT", f"'{shortened(text)}' is not a date-time (RFC 3339).")


def _currency(text: str) -> str:
    if text not in EXPONENTS:
        raise field_error("INVALID_FORMAT", f"'{shortened(text)}' is not an ISO 4217 code.")
    return text


Text = Annotated[str, AfterValidator(_unicode)]
FilledText = Annotated[Text, AfterValidator(_not_blank)]
Uuid = Annotated[Text, AfterValidator(_uuid)]
Cents = Annotated[int, AfterValidator(_cents)]  # int64
Rate = Annotated[float, AfterValidator(_rate)]
Day = Annotated[Text, AfterValidator(_day)]  # 2025-03-31
Moment = Annotated[Text, AfterValidator(_moment)]  # 2025-03-31T14:05:00.000000Z: text sorts
Currency = Annotated[Text, AfterValidator(_currency)]

JSON_TYPES: dict[FieldKind, Any] = {
    FieldKind.UUID: Uuid,
    FieldKind.CENTS: Cents,
    FieldKind.CURRENCY: Currency,
    FieldKind.DATE: Day,
    FieldKind.DATE_TIME: Moment,
    FieldKind.BOOLEAN: bool,
    FieldKind.RATE: Rate,
    FieldKind.CODE: Text,
    FieldKind.TEXT: Text,
}

UUID_VALUE = TypeAdapter[str](Uuid)
DAY_VALUE = TypeAdapter[str](Day)
MOMENT_VALUE = TypeAdapter[str](Moment)


def wire_time(value: datetime) -> str:
    """An aware time as the API writes it, in UTC."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


# --- errors -----------------------------------------------------------------------------------

_KINDS = {
    "extra_forbidden": "UNKNOWN_FIELD",
    "missing": "REQUIRED",
    "literal_error": "INVALID_VALUE",
}


def problems_of(error: ValidationError, path: Path = ()) -> list[Problem]:
    """The errors of a body as problems; ``path`` leads to the body."""
    problems = []
    for details in error.errors(include_url=False):
        context = details.get("ctx", {})
        kind = details["type"] if "status" in context else _KINDS.get(details["type"])
        field_path = (*path, *map(str, details["loc"]))
        problems.append(
            Problem(kind or "INVALID_TYPE", details["msg"], field_path, context.get("status", 400))
        )
    return problems


def shortened(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "…"
