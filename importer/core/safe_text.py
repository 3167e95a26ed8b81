"""Text for a terminal or a cell: control characters and lone surrogates are written out."""

from __future__ import annotations

import re

# C0, DEL and C1; the marks that turn the direction of text, with which one value can pose as
# another; line separators; lone surrogates, which no encoding can write.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """The text on one line, with every character that could steer a terminal written out.

    An escape character becomes the four characters ``\\x1b``; a line break ``\\x0a``.
    """
    return text if text.isprintable() else _UNSAFE.sub(_escape, text)


def without_surrogates(text: str) -> str:
    """The text as UTF-8 can hold it: a lone surrogate becomes the six characters ``\\ud83d``."""
    return text if text.isprintable() else _SURROGATE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
