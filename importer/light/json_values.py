"""Single values of Light's JSON: of the type they should be, or WireProblem."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from importer.core.errors import NOT_UNDERSTOOD, WireProblem
from importer.core.object_ids import is_nil, normal_id

LONGEST_ID = 100  # characters; Light's are UUIDs


def wrong(name: str, value: object) -> WireProblem:
    if isinstance(value, dict | list):
        shown = "an object" if isinstance(value, dict) else "a list"
    else:
        shown = printable(jsonlib.dumps(value, ensure_ascii=False))[:80]
    return WireProblem(f"{NOT_UNDERSTOOD}{name} is {shown}.")


def object_of(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise wrong(name, value)
    return value


def array_of(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise wrong(name, value)
    return value


def text_at(obj: Mapping[str, object], name: str) -> str | None:
    value = obj.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(name, value)
    return printable(value)


def required_at(obj: Mapping[str, object], name: str) -> str:
    value = text_at(obj, name)
    if not value:
        raise WireProblem(f"{NOT_UNDERSTOOD}{name} is missing.")
    return value


def id_at(obj: Mapping[str, object], name: str) -> str | None:
    """An id in its normal form."""
    value = text_at(obj, name)
    return None if value is None else normal_id(value)


def required_id_at(obj: Mapping[str, object], name: str) -> str:
    """An id in its normal form. WireProblem where it is missing, the nil UUID, or no id by its
    length."""
    value = normal_id(required_at(obj, name))
    if len(value) > LONGEST_ID:
        raise wrong(name, f"{value[:50]} …")
    if is_nil(value):
        raise WireProblem(f"{NOT_UNDERSTOOD}{name} is {value}.")
    return value


def printable(text: str) -> str:
    # JSON can escape half a character (a lone surrogate), which no file or database takes.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def integer_at(obj: Mapping[str, object], name: str) -> int | None:
    value = obj.get(name)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise wrong(name, value)


def boolean_at(obj: Mapping[str, object], name: str) -> bool | None:
    value = obj.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise wrong(name, value)


def number_at(obj: Mapping[str, object], name: str) -> Decimal | None:
    value = obj.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    raise wrong(name, value)


def date_at(obj: Mapping[str, object], name: str) -> date | None:
    value = text_at(obj, name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise wrong(name, value) from None


_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)


def moment_at(obj: Mapping[str, object], name: str) -> datetime | None:
    """A time as UTC. RFC 3339: also with ``z``, with any number of decimals, which are cut to
    microseconds, and at a leap second, which is the first of the next minute. Without an offset it
    is UTC."""
    value = text_at(obj, name)
    if value is None:
        return None
    match = _MOMENT.fullmatch(value.strip())
    if match is None:
        raise wrong(name, value)
    day, hour, minute, second, decimals, sign, hours, minutes = match.groups()
    seconds = int(second or 0)
    try:
        moment = datetime.fromisoformat(f"{day}T{hour}:{minute}:{min(seconds, 59):02}+00:00")
        moment += timedelta(microseconds=int((decimals or "0")[:6].ljust(6, "0")))
        if seconds > 59:
            moment = moment.replace(microsecond=0) + timedelta(seconds=1)
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        if seconds > 60 or offset >= timedelta(days=1) or int(minutes or 0) > 59:
            raise wrong(name, value)
        return moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        raise wrong(name, value) from None
