"""What programs get of a command: a log of its events, and the summary at the end."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
from datetime import UTC, datetime
from typing import Any

from importer.cli.screen import print_line
from importer.core.errors import UsageProblem
from importer.core.safe_text import visible


class EventLog:
    """A file with one JSON object a line: ``time`` (UTC), ``event``, and what the event says.

    It is private to the user where it is new. A log that cannot be written later stops nothing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._append("")
        except OSError as error:
            raise UsageProblem(
                f"The log {visible(path)} cannot be written: {error.strerror}. Name another."
            ) from None

    def write(self, event: str, **facts: Any) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": time, "event": event, **facts}, ensure_ascii=False)
        with contextlib.suppress(OSError):
            self._append(line + "\n")

    def _append(self, text: str) -> None:
        with open(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))


def run_at_end(command: str, summary: str) -> None:
    """Run ``command`` with the summary as JSON on its standard input.

    Its own output is shown; that it fails is said, and changes nothing.
    """
    try:
        ended = subprocess.run(
            shlex.split(command), input=summary.encode(errors="backslashreplace"), check=False
        )
    except (OSError, ValueError) as error:
        print_line(f"The command of --on-end could not be run: {error}")
        return
    if ended.returncode:
        print_line(f"The command of --on-end ended with exit code {ended.returncode}.")
