"""What a command shows: the events of a use case as they come, then its result."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from importer.app.consent_words import Fact, company_facts
from importer.app.events import Listener, Phase, Work
from importer.app.progress_words import PHASE_WORDS, WORK_WORDS
from importer.cli.end_of_command import EventLog, run_at_end
from importer.cli.progress_bar import ProgressBar
from importer.cli.screen import columns, print_line, print_painted
from importer.core.hold_back import AnnouncedWait
from importer.core.safe_text import visible

if TYPE_CHECKING:
    from importer.app.result import Result
    from importer.model.light_objects import Company

_DELAY = 2.0  # seconds that work may take without being shown


class Console(Listener):
    """Shows events on standard error; where ``quiet``, essential ones only."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        json: bool = False,
        log: EventLog | None = None,
        on_end: str | None = None,
    ) -> None:
        self._quiet, self._json, self._on_end = quiet, json, on_end
        self._log_event = log.write if log else _unlogged
        self._bar: ProgressBar | None = None

    def message(self, text: str, *, essential: bool = False) -> None:
        self._log_event("message", text=text)
        if essential or not self._quiet:
            self._show(text)

    def _show(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(visible(text))
        else:
            print_line(visible(text))

    def connected(self, company: Company, address: str) -> None:
        for line in fact_lines(company_facts(company, address)):
            self.message(line)

    def phase_started(self, phase: Phase, total: int, noun: str) -> None:
        self._log_event("phase_started", phase=phase.name.lower(), total=total, noun=noun)
        self._start_bar(total, *PHASE_WORDS[phase], noun)

    def advance(self, failed: bool) -> None:
        self._log_event("advanced", failed=failed)
        if self._bar is not None:
            self._bar.advance(failed)

    def time_left(self, seconds: float) -> None:
        self._log_event("time_left", seconds=round(seconds, 1))
        if self._bar is not None:
            self._bar.expect(seconds)

    def phase_ended(self) -> None:
        self._log_event("phase_ended")
        self._close_bar()

    def waiting(self, wait: AnnouncedWait) -> None:
        seconds = round(wait.seconds, 1)
        self._log_event("waiting", text=wait.text, seconds=seconds, of_limit=wait.of_limit)
        if self._bar is not None:
            self._bar.wait(wait.seconds, "for Light's limit" if wait.of_limit else "for Light")
        if self._bar is None or not (wait.of_limit and self._bar.counts_down):
            self._show(wait.text)

    def work_started(self, work: Work) -> None:
        self._log_event("work_started", work=work.name.lower())
        self._start_bar(0, WORK_WORDS[work], "", "", delay=_DELAY)

    def work_advanced(self, done: int, total: int) -> None:
        self._log_event("work_advanced", done=done, total=total)
        if self._bar is not None:
            self._bar.move(done, total)

    def work_ended(self) -> None:
        self._log_event("work_ended")
        self._close_bar()

    def _start_bar(self, total: int, *words: str, delay: float = 0.0) -> None:
        if not (self._quiet or self._json) and sys.stderr is not None and sys.stderr.isatty():
            self._bar = ProgressBar(total, *words, delay=delay)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    def stopping(self) -> None:
        self.message("Stopping: waiting for the last answers. Ctrl-C again stops at once.")

    def stopped(self, reason: str) -> None:
        self._log_event("stopped", reason=reason)
        print_line(visible(reason), "Stopped: ")

    def show_result(self, result: Result) -> int:
        """Print the summary, or its JSON; the exit code."""
        if not self._quiet:
            if self._json:  # for a person who looks on; without colour
                click.echo(result.text(columns()), err=True)
            else:
                print_painted(result.lines(columns()))
        if self._json:
            for piece in result.json():
                click.echo(piece, nl=False)
            click.echo()
        summary = result.summary
        self._log_event("ended", run=summary.run, exit_code=result.exit_code, bills=summary.bills)
        if self._on_end:
            run_at_end(self._on_end, "".join(result.json()))
        return result.exit_code


def _unlogged(event: str, **facts: object) -> None:
    """Without --log."""


def fact_lines(facts: Sequence[Fact]) -> list[str]:
    """Facts in a column beside their labels."""
    return [f"{f'{label}:' if label else '':<10}{text}" for label, text in facts]
