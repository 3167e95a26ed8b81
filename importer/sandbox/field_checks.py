"""One value at a time: is it of the JSON type and format that the API description asks for?

A check takes a parsed JSON value and returns it clean (ids in lower case, times in UTC), or raises
``CheckError``. No conversions: ``"100"`` and ``100.0`` are not integers. ``read_fields`` applies
the checks to an object and collects every problem.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime

from importer.core.currencies import EXPONENTS
from importer.sandbox.refusals import Path, Problem

Check = Callable[[object], object]

INT64 = range(-(2**63), 2**63)
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class CheckError(Exception):
    """The value is not acceptable; ``type`` is the error's code, the message says what is."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.type = kind


def text(value: object) -> str:
    if not isinstance(value, str):
        raise CheckError("INVALID_TYPE", f"Expected a string, got {json_type(value)}.")
    try:
        value.encode()  # JSON can spell half a character (\ud800), which no text can hold
    except UnicodeEncodeError:
        raise CheckError("INVALID_FORMAT", "The text is not valid Unicode.") from None
    return value


def filled_text(value: object) -> str:
    found = text(value)
    if not found.strip():
        raise CheckError("REQUIRED", "Must not be blank.")
    return found


def uuid(value: object) -> str:
    found = text(value)
    if not UUID.fullmatch(found):
        raise CheckError("INVALID_FORMAT", f"'{shortened(found)}' is not a UUID.")
    return found.lower()


def cents(value: object) -> int:
    """An int64. JSON's ``100.0`` is a float here, as it is to a strict reader."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise CheckError("INVALID_TYPE", f"Expected an integer (int64), got {json_type(value)}.")
    if value not in INT64:
        raise CheckError("OUT_OF_RANGE", "The integer does not fit into 64 bits.")
    return value


def rate(value: object) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CheckError("INVALID_TYPE", f"Expected a number, got {json_type(value)}.")
    if not -1e15 < value < 1e15 or not math.isfinite(value):
        raise CheckError("OUT_OF_RANGE", "The number is out of range.")
    return value


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise CheckError("INVALID_TYPE", f"Expected true or false, got {json_type(value)}.")
    return value


def day(value: object) -> str:
    """A date that exists, as ``2025-03-31``."""
    found = text(value)
    try:
        if DAY.fullmatch(found):
            return date.fromisoformat(found).isoformat()
    except ValueError:
        pass
    raise CheckError("INVALID_FORMAT", f"'{shortened(found)}' is not a date (YYYY-MM-DD).")


def moment(value: object) -> str:
    """An RFC 3339 date-time, as ``2025-03-31T14:05:00.000000Z``: fixed width, so text sorts."""
    found = text(value)
    try:
        if MOMENT.fullmatch(found):
            return wire_time(datetime.fromisoformat(found))
    except (ValueError, OverflowError):
        pass
    raise CheckError("INVALID_FORMAT", f"'{shortened(found)}' is not a date-time (RFC 3339).")


def currency(value: object) -> str:
    found = text(value)
    if found not in EXPONENTS:
        raise CheckError("INVALID_FORMAT", f"'{shortened(found)}' is not an ISO 4217 code.")
    return found


def one_of(allowed: Collection[str]) -> Check:
    def check(value: object) -> str:
        found = text(value)
        if found not in allowed:
            wanted = ", ".join(allowed)
            raise CheckError("INVALID_VALUE", f"'{shortened(found)}' is not one of {wanted}.")
        return found

    return check


def array(value: object) -> list[object]:
    if not isinstance(value, list):
        raise CheckError("INVALID_TYPE", f"Expected an array, got {json_type(value)}.")
    return value


def read_fields(
    value: object,
    checks: Mapping[str, Check],
    path: Path,
    problems: list[Problem],
    required: Collection[str] = (),
    not_null: Collection[str] = (),
) -> dict[str, object]:
    """The object's fields, clean; unusable ones are left out and told in ``problems``.

    ``required`` fields must be there and not null; ``not_null`` may only be left out.
    """
    if not isinstance(value, dict):
        problems.append(
            Problem("INVALID_TYPE", f"Expected an object, got {json_type(value)}.", path)
        )
        return {}
    found: dict[str, object] = {}
    for name, given in value.items():
        here = (*path, name)
        check = checks.get(name)
        if check is None:
            problems.append(Problem("UNKNOWN_FIELD", f"There is no field '{name}' here.", here))
        elif given is None:
            if name in not_null:
                problems.append(Problem("REQUIRED", "Must not be null.", here))
            elif name not in required:
                found[name] = None
        else:
            try:
                found[name] = check(given)
            except CheckError as error:
                problems.append(Problem(error.type, str(error), here))
    for name in required:
        if value.get(name) is None:
            problems.append(Problem("REQUIRED", "This field is required.", (*path, name)))
    return found


def wire_time(value: datetime) -> str:
    """An aware time as the API writes it, in UTC."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def json_type(value: object) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a decimal number", str: "a string"}
    names |= {list: "an array", dict: "an object"}
    return "null" if value is None else names[type(value)]


def shortened(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "…"
