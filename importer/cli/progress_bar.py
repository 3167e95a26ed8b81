"""How far a phase is: a bar on a terminal that can show one, lines on one that cannot."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import click

from importer.app.progress_words import counted, rounded, waits
from importer.cli.screen import columns, print_line, raw

_INTERVAL = 10.0  # seconds between lines
_REDRAWN = 0.5  # seconds between two drawings of a bar, which counts down meanwhile


class ProgressBar:
    """Items done, time left, what is waited for and failures, on standard error.

    ``doing`` is "Loading", ``noun`` what is counted, "" where only the steps move the bar. Nothing
    is shown in the first ``delay`` seconds.
    """

    def __init__(
        self, total: int, doing: str, failed: str, noun: str, *, delay: float = 0.0
    ) -> None:
        self.doing, self.failed_word, self.noun = doing, failed, noun
        self.total, self.done, self.failed = total, 0, 0
        now = time.monotonic()
        self._shown, self._from = now, now + delay
        self._began = now
        self._ends: float | None = None  # the moment at which all may be done
        self._waits = 0.0
        self._waits_for = ""
        self._bar: Any = None
        self._closed = threading.Event()
        self._lines = os.environ.get("TERM") == "dumb"
        if not self._lines:
            threading.Thread(target=self._redraw, daemon=True).start()

    @property
    def counts_down(self) -> bool:
        """Whether the person sees what is waited for."""
        return not self._lines and time.monotonic() >= self._from

    def expect(self, seconds: float) -> None:
        """The rest takes so long."""
        self._ends = time.monotonic() + seconds

    def wait(self, seconds: float, what: str) -> None:
        """Nothing moves for so long; ``what`` is waited for."""
        self._waits, self._waits_for = time.monotonic() + seconds, what

    def advance(self, failed: bool) -> None:
        """One more is done."""
        self.failed += failed
        self.move(self.done + 1, self.total)

    def move(self, done: int, total: int) -> None:
        """So many are done, of how many."""
        self.done, self.total = done, total
        if self._lines and time.monotonic() - max(self._shown, self._from) >= _INTERVAL:
            self._shown = time.monotonic()
            click.echo(self.text(), err=True)

    def close(self) -> None:
        self._closed.set()
        with _LOCK:
            if self._bar is not None:
                self._bar.close()

    def write(self, text: str) -> None:
        """A line above the bar."""
        with _LOCK:
            if self._bar is not None:
                self._bar.clear()
            print_line(text)

    def text(self) -> str:
        """ "Loading 312 of 1,000 bills, 2 failed, 2 min left, waiting 43 s for Light's limit"."""
        now = time.monotonic()
        parts = [
            counted(self.doing, self.done, self.total, self.noun, self.failed, self.failed_word)
        ]
        ends = self._ends if self.done < self.total else None
        if ends is None and not self.noun:
            parts.append(rounded(now - self._began))
        return ", ".join([*parts, *waits(now, ends, self._waits, self._waits_for)])

    def _redraw(self) -> None:
        while not self._closed.wait(_REDRAWN):
            if time.monotonic() >= self._from:
                with _LOCK:
                    if not self._closed.is_set():
                        self._draw()

    def _draw(self) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self.total or None,
                file=raw(sys.stderr),
                leave=False,
            )
        self._bar.bar_format = "{desc} |{bar}|" if self.total > 1 else "{desc}"
        self._bar.total, self._bar.n = self.total or None, self.done
        self._bar.ncols = columns() - 1
        self._bar.desc = self.text()
        self._bar.refresh()


_LOCK = threading.Lock()
