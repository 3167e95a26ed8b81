"""Invoice numbers as they are compared for having been typed in another way."""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\W_]+")
_LEADING_ZEROS = re.compile(r"^[\W_]*0+(?=\w)|(?<![0-9])0+(?=[0-9])")


def number_key(number: str) -> str:
    """Equal for numbers that differ in case, spaces, dashes and leading zeros alone."""
    text = unicodedata.normalize("NFKC", number)
    return _SEPARATORS.sub("", _LEADING_ZEROS.sub("", text)).casefold()
