"""Values of fields as journals keep them, and whether two are the same to Light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from importer.core.money import money, tidy
from importer.core.payment_references import compact
from importer.model.fields import Field, FieldKind

NOTHING = "nothing"


def is_blank(value: object) -> bool:
    return value is None or value == ""


def value_from_text(field: Field, value: object) -> object:
    """A value as the journal's JSON has it, in the type of its field."""
    read = _FROM_TEXT.get(field.kind)
    return read(value) if read is not None and isinstance(value, str) else value


_FROM_TEXT: Mapping[FieldKind, Callable[[str], object]] = {
    FieldKind.DATE: date.fromisoformat,
    FieldKind.DATE_TIME: datetime.fromisoformat,
    FieldKind.RATE: Decimal,
}


def same_value(field: Field, ours: object, theirs: object) -> bool:
    """Whether a value of ours is what Light shows as ``theirs``."""
    same = _same_reference if field.forms else _SAME.get(field.kind, _same)
    return same(ours, theirs)


def same_property_value(ours: str, theirs: str) -> bool:
    """Whether two values of a custom property are equal as ids, texts, numbers or dates."""
    if tidy(ours).lower() == tidy(theirs).lower():
        return True
    try:
        return Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return len(ours) == 10 and ours.count("-") == 2 and theirs.startswith(f"{ours}T")


def shown(value: object, unit: int) -> str:
    """A value for people. ``unit``: how many cents a unit of the currency has."""
    if is_blank(value):
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return money(value, unit) if isinstance(value, int) else str(value)


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str):
        return tidy(ours) == tidy(theirs)
    return ours == theirs


def _same_reference(ours: object, theirs: object) -> bool:
    """Spaces only group the digits of a payment reference."""
    return compact(str(ours)) == compact(str(theirs or ""))


def _same_text(ours: object, theirs: object) -> bool:
    return str(ours).lower() == str(theirs).lower()


def _same_number(ours: object, theirs: object) -> bool:
    # What is sent is a number of JSON, of 15 digits or so.
    return (
        isinstance(ours, Decimal) and isinstance(theirs, Decimal) and float(ours) == float(theirs)
    )


def _same_moment(ours: object, theirs: object) -> bool:
    if not isinstance(ours, datetime) or not isinstance(theirs, datetime):
        return False
    a, b = (m.replace(tzinfo=m.tzinfo or UTC) for m in (ours, theirs))
    return abs((a - b).total_seconds()) < 0.001  # milliseconds are what is sent


def _same_truth(ours: object, theirs: object) -> bool:
    return theirs is None or ours is theirs


_SAME: Mapping[FieldKind, Callable[[object, object], bool]] = {
    FieldKind.UUID: _same_text,
    FieldKind.CURRENCY: _same_text,
    FieldKind.DATE_TIME: _same_moment,
    FieldKind.RATE: _same_number,
    FieldKind.BOOLEAN: _same_truth,
}
