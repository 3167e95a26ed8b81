"""Text of an answer that is not JSON, as the page of a proxy: its words on one line."""

from __future__ import annotations

import html
import re

_LONGEST = 300  # characters
_MOST_READ = 20_000  # bytes
_UNSEEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)|<!--.*?(-->|\Z)", re.S | re.I)
_TAG = re.compile(r"<[^>]*>?")


def text_of_page(content: bytes, beside: str = "") -> str:
    """The words, at most 300 characters of them, without those of ``beside``; "" for what is not
    text."""
    text = content[:_MOST_READ].decode("utf-8", "replace")
    text = html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", text)))
    if "\0" in text or "\ufffd" in text:
        return ""
    words = "".join(c if c.isprintable() else " " for c in text).split()
    line = " ".join(words)
    if beside:
        line = " ".join(line.replace(beside, " ").split())
    return line[:_LONGEST]
