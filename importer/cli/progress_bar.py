"""How far a phase is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from importer.cli.screen import print_line, raw

_INTERVAL = 10.0  # seconds between plain lines


class ProgressBar:
    """Items done, rate, time left, failures, on standard error.

    The words: "Loading" for the bar, "Loaded" for the lines, "failed", and the singular noun.
    """

    def __init__(
        self, total: int, doing: str, done: str, failed: str, noun: str, *, quiet: bool
    ) -> None:
        self._done_word, self._failed_word, self._noun = done, failed, noun
        self.total, self.done, self.failed = total, 0, 0
        self._silent = quiet or not total
        self._began = self._shown = time.monotonic()
        self._bar: Any = None
        if not self._silent and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, unit=noun, desc=doing, file=raw(sys.stderr), dynamic_ncols=True
            )

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        elif not self._silent:
            self._line()

    def advance(self, failed: bool) -> None:
        """One more is done."""
        self.done += 1
        self.failed += failed
        if self._bar is not None:
            self._bar.update(1)
            if self.failed:
                text = f"{self.failed} {self._failed_word}"
                self._bar.set_postfix_str(text, refresh=False)
        elif not self._silent and time.monotonic() - self._shown >= _INTERVAL:
            self._line()

    def _line(self) -> None:
        self._shown = time.monotonic()
        rate = self.done / max(self._shown - self._began, 0.001)
        seconds = (self.total - self.done) / rate if rate else 0
        text = f"{self._done_word} {self.done:,} of {self.total:,} {self._noun}s"
        text += f", {rate:.1f} a second"
        text += f", about {seconds:.0f} s left" if self.done < self.total else ""
        click.echo(text + f", {self.failed:,} {self._failed_word}", err=True)

    def write(self, text: str) -> None:
        """A line above the bar."""
        if self._bar is not None:
            self._bar.write(text, file=raw(sys.stderr))
        else:
            print_line(text)
