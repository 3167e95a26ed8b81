"""What a command shows: the events of a use case as they come, then its result."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

import click

from importer.app.events import (
    Advanced,
    Connected,
    Event,
    Message,
    Phase,
    PhaseEnded,
    PhaseStarted,
    Stopped,
    Stopping,
)
from importer.app.result import Result
from importer.cli.progress_bar import ProgressBar
from importer.cli.screen import tell
from importer.core.safe_text import visible
from importer.model.light_objects import Company

_PHASES = {  # doing, done, failed, of what
    Phase.CREATION: ("Loading", "Loaded", "failed", "bill"),
    Phase.STEPS: ("Afterwards", "Did", "failed", "step"),
    Phase.READ_BACK: ("Reading", "Read back", "different", "bill"),
    Phase.CANCELLATION: ("Undoing", "Went through", "not cancelled", "bill"),
    Phase.CANCELLATION_DRY_RUN: ("Undoing", "Looked at", "not cancelled", "bill"),
}


@dataclass
class Console:
    """A listener that shows events on standard error. ``quiet``: essential ones only."""

    quiet: bool = False
    json: bool = False
    _bar: ProgressBar | None = field(default=None, init=False)

    def __call__(self, event: Event) -> None:
        match event:
            case Message(text, essential):
                if essential or not self.quiet:
                    self._show(text)
            case Connected(company, address):
                for line in company_lines(company, address):
                    self(Message(line))
            case PhaseStarted(phase, total):
                self._bar = ProgressBar(total, *_PHASES[phase], quiet=self.quiet)
            case Advanced(failed) if self._bar is not None:
                self._bar.advance(failed)
            case PhaseEnded() if self._bar is not None:
                self._bar.close()
                self._bar = None
            case Stopping():
                text = "Stopping: waiting for the answers that are due. Ctrl-C again stops at once."
                self(Message(text))
            case Stopped(reason):
                tell(visible(reason), "Stopped: ")

    def _show(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(visible(text))
        else:
            tell(visible(text))

    def show_result(self, result: Result) -> int:
        """Print the summary, or its JSON; the exit code."""
        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        if not self.quiet:
            click.echo(result.text(width), err=self.json)
        if self.json:
            for piece in result.json():
                click.echo(piece, nl=False)
            click.echo()
        return result.exit_code


def company_lines(company: Company, address: str) -> list[str]:
    """The company and where it is, before anything is written to it."""
    return [f"Company:  {company.name}", f"Light:    {address}"]
