"""Patterns of templates: regular expressions that may not take for ever.

Templates come by mail, too, and ``(a+)+$`` on a cell of forty characters takes years.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import regex

from importer.core.errors import TemplateProblem

LONGEST = 1_000  # characters of a pattern
_AT_MOST = 0.5  # seconds for one cell, and for all that are slow
_SLOW = 0.01  # seconds


@dataclass
class Pattern:
    """A compiled pattern. Its methods raise TemplateProblem where a search takes too long."""

    text: str
    _compiled: Any = field(repr=False)
    _spent: float = 0.0

    def search(self, text: str) -> regex.Match[str] | None:
        return self._timed(self._compiled.search, text)

    def fullmatch(self, text: str) -> regex.Match[str] | None:
        return self._timed(self._compiled.fullmatch, text)

    def _timed(self, look: Any, text: str) -> regex.Match[str] | None:
        began = time.perf_counter()
        try:
            found: regex.Match[str] | None = look(text, timeout=_AT_MOST)
        except TimeoutError:
            self._spent = 2 * _AT_MOST
            found = None
        took = time.perf_counter() - began
        if took > _SLOW:
            self._spent += took
            if self._spent > _AT_MOST:
                raise TemplateProblem(
                    f"The pattern '{self.text[:200]}' of the template takes too long, as on"
                    f" '{text[:60]}'. Write it without repeats inside of repeats, as (a+)+."
                )
        return found


@cache
def pattern(text: str) -> Pattern:
    """The pattern; ValueError says what is wrong with it. The same text gives the same one."""
    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text):,} characters; a pattern has at most {LONGEST:,}")
    try:
        return Pattern(text, regex.compile(text))
    except (regex.error, RecursionError, OverflowError, MemoryError, IndexError) as error:
        raise ValueError(f"'{text}' is not a regular expression: {error}") from None
