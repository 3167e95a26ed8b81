"""Text in columns of a terminal, where a wide character takes two and an accent none."""

from __future__ import annotations

import unicodedata


def columns_of(text: str) -> int:
    """How many columns a terminal gives the text."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def left_aligned(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def right_aligned(text: str, width: int) -> str:
    return " " * (width - columns_of(text)) + text


def wrapped(
    text: str, width: int, indent: int = 0, first: int = 0, *, keep_words: bool = False
) -> list[str]:
    """The text in lines of at most ``width`` columns, broken at blanks where possible.

    The first line is indented by ``first``, all others by ``indent``. A word that is longer than a
    line is broken too, or where ``keep_words`` sticks out.
    """
    lines: list[str] = []
    line, used = " " * first, first
    blank = True  # nothing but the indent on this line so far
    for word in text.split(" "):
        gap = 0 if blank else 1
        size = columns_of(word)
        if used + gap + size > width and not blank:
            lines.append(line.rstrip())
            line, used, gap = " " * indent, indent, 0
        while used + gap + size > width and not keep_words:
            head = _prefix(word, width - used)
            lines.append(line + head)
            word = word[len(head) :]
            line, used, size = " " * indent, indent, columns_of(word)
        line += " " * gap + word
        used += gap + size
        blank = False
    return [*lines, line.rstrip()]


def _prefix(word: str, room: int) -> str:
    used = 0
    for i, character in enumerate(word):
        used += _columns(character)
        if used > room:
            return word[:i]
    return word
