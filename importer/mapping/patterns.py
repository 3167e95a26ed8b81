"""Regular expressions of templates, bounded in the processor time they may take.

Templates come by mail, too, and ``(a+)+$`` on a cell of forty characters takes years. Time is
counted on the thread's own clock: a busy machine is no fault of a pattern.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from importer.core.errors import TemplateProblem

if TYPE_CHECKING:
    import regex

LONGEST = 1_000  # characters of a pattern
_SLOW_SEARCH = 0.01  # seconds
_SLOW_SEARCHES_LIMIT = 0.5  # seconds for one cell, and for all slow cells together
TOTAL_LIMIT = 60.0  # seconds for all cells of a run


@dataclass
class Pattern:
    """A compiled pattern. Its methods raise TemplateProblem where it takes too long.

    ``total_limit``: seconds of processor time for all searches together.
    """

    text: str
    _compiled: Any = field(repr=False)
    total_limit: float = TOTAL_LIMIT
    _slow_seconds: float = 0.0
    _seconds: float = 0.0

    def search(self, text: str) -> regex.Match[str] | None:
        return self._timed(self._compiled.search, text)

    def fullmatch(self, text: str) -> regex.Match[str] | None:
        return self._timed(self._compiled.fullmatch, text)

    def _timed(self, method: Any, text: str) -> regex.Match[str] | None:
        start = time.thread_time()
        try:
            match: regex.Match[str] | None = method(text, timeout=_SLOW_SEARCHES_LIMIT)
        except TimeoutError:
            self._slow_seconds = 2 * _SLOW_SEARCHES_LIMIT
            match = None
        seconds = time.thread_time() - start
        self._seconds += seconds
        if seconds > _SLOW_SEARCH:
            self._slow_seconds += seconds
        if self._slow_seconds > _SLOW_SEARCHES_LIMIT or self._seconds > self.total_limit:
            raise TemplateProblem(
                f"The pattern '{self.text[:200]}' of the template takes too long, as on"
                f" '{text[:60]}'. Write it without repeats inside of repeats, as (a+)+."
            )
        return match


@cache
def pattern(text: str) -> Pattern:
    """The pattern; ValueError says what is wrong with it. The same text gives the same one."""
    import regex  # few templates have a pattern

    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text):,} characters; a pattern has at most {LONGEST:,}")
    try:
        return Pattern(text, regex.compile(text))
    except (regex.error, RecursionError, OverflowError, MemoryError, IndexError) as error:
        raise ValueError(f"'{text}' is not a regular expression: {error}") from None
