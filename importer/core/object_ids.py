"""Ids of Light's objects in one normal form, so that equal ids are equal texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NIL = re.compile(r"[0-]*")


def normal_id(text: str) -> str:
    """A UUID in lower case, since case does not count in it; any other id as it is."""
    text = text.strip()
    return text.lower() if _UUID.fullmatch(text) else text


def same_id(a: str | None, b: str | None) -> bool:
    """Whether two ids are one, in whatever case they were written."""
    return a is not None and b is not None and normal_id(a) == normal_id(b)


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text with the names of things in place of their UUIDs; ``names`` are by ``normal_id``."""
    return _UUID.sub(lambda match: names.get(match[0].lower(), match[0]), text)


def is_nil(light_id: str) -> bool:
    """Whether an id names nothing: the nil UUID, or no text."""
    return _NIL.fullmatch(light_id.strip()) is not None
