"""Patterns of templates: what a search may cost, counted in the thread's own time."""

from __future__ import annotations

import threading
import time

import pytest
import regex

from importer.core.errors import TemplateProblem
from importer.mapping.patterns import Pattern, pattern

CATASTROPHIC = "(a|aa)+$"


def test_endless_search_is_refused() -> None:
    assert pattern(CATASTROPHIC).search("aaa")
    with pytest.raises(TemplateProblem, match=regex.escape(CATASTROPHIC)):
        pattern(CATASTROPHIC).search("a" * 80 + "!")


def test_total_search_time_is_bounded() -> None:
    cheap = Pattern("b", regex.compile("b"), total_limit=0.01)
    with pytest.raises(TemplateProblem, match="takes too long"):
        all(cheap.search("aaa") is None for _ in range(1_000_000))


def test_busy_machine_does_not_fail_a_pattern() -> None:
    """Other threads take the processor in the middle of searches that are quick themselves."""
    correct = pattern(r"(?i)\btotal\b|carried forward")
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            pass

    threads = [threading.Thread(target=busy) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        # Until a clock on the wall would have refused the pattern.
        waited, end = 0.0, time.monotonic() + 30
        while waited < 1.0 and time.monotonic() < end:
            before = time.perf_counter()
            correct.search("Office supplies, carried over")
            seconds = time.perf_counter() - before
            waited += seconds if seconds > 0.01 else 0.0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert waited >= 1.0
