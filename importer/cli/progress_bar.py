"""How far the load is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any

import click

from importer.cli.screen import raw, tell
from importer.core.safe_text import visible
from importer.model.journal_states import Status

_EVERY = 10.0  # seconds between plain lines


class ProgressBar:
    """Bills done, rate, time left, failures. A context manager; writes to stderr."""

    def __init__(
        self,
        total: int,
        *,
        quiet: bool = False,
        words: tuple[str, str, str] = ("Loading", "Loaded", "failed"),
        noun: str = "bill",
    ) -> None:
        self._doing, self._did, self._bad = words
        self._noun = noun
        self.total, self.done, self.failed = total, 0, 0
        self._quiet = quiet
        self._began = self._told = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        smart = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        if not self._quiet and self.total and smart:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self.total,
                unit=self._noun,
                desc=self._doing,
                file=raw(sys.stderr),
                dynamic_ncols=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif not self._quiet and self.total:
            self._line()

    def settled(self, status: Status) -> None:
        """One more bill is settled."""
        self.advance(status in (Status.REJECTED, Status.UNKNOWN))

    def stepped(self, *, failed: bool) -> None:
        """One more step after creation is taken, or will not be."""
        self.advance(failed)

    def advance(self, failed: bool) -> None:
        """One more bill is done."""
        self.done += 1
        self.failed += failed
        if self._bar is not None:
            self._bar.update(1)
            if self.failed:
                self._bar.set_postfix_str(f"{self.failed} {self._bad}", refresh=False)
        elif not self._quiet and time.monotonic() - self._told >= _EVERY:
            self._line()

    def _line(self) -> None:
        self._told = time.monotonic()
        rate = self.done / max(self._told - self._began, 0.001)
        left = (self.total - self.done) / rate if rate else 0
        text = f"{self._did} {self.done:,} of {self.total:,} {self._noun}s, {rate:.1f} a second"
        text += f", about {left:.0f} s left" if self.done < self.total else ""
        click.echo(text + f", {self.failed:,} {self._bad}", err=True)

    def say(self, text: str) -> None:
        """Something worth knowing, beside the bar."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.write(visible(text), file=raw(sys.stderr))
        else:
            tell(visible(text))
