"""Every attempt to load or undo on this computer, also those that sent nothing.

The journal knows what was sent. What was refused, rehearsed or found wrong before that stands here:
a file with one JSON object a line, one when an attempt starts and one when it ends.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.app.data_paths import data_folder
from importer.app.user_name import user_name
from importer.core.errors import ImporterError
from importer.core.private_files import private_file_at
from importer.model.report_model import RunError, RunSummary

LARGEST = 4_000_000  # bytes; then a new file is started; one older file stays


@dataclass
class LoggedAttempt:
    """An attempt that is under way. ``end`` notes what it came to."""

    facts: dict[str, Any]

    def end(self, summary: RunSummary) -> None:
        self.facts |= {
            "company": summary.company,
            "company_id": summary.company_id,
            "base_url": summary.base_url,
            "template": summary.template,
            "sent": summary.command == "load" and summary.run is not None,
            "note": " ".join(summary.notes) if summary.command == "undo" else "",
            **figures_of(summary),
            "error": summary.error and asdict(summary.error),
        }


def figures_of(summary: RunSummary) -> dict[str, Any]:
    """What a run came to, for the history."""
    return {
        "bills": dict(summary.bills),
        "line_items": dict(summary.line_items),
        "totals": [
            {"currency": t.currency, "sheet": t.sheet, "unit": t.unit, "created": t.created}
            for t in summary.totals
        ],
        "exit_code": summary.exit_code,
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
        "result": summary.result,
    }


@contextlib.contextmanager
def logged_attempt(command: str, name: str, **facts: Any) -> Iterator[LoggedAttempt]:
    """The attempt of that id, from the start of the block to its end.

    A log that cannot be written stops nothing.
    """
    started = {"id": name, "command": command, "who": user_name(), "started": _now()}
    _append(started | facts)
    attempt = LoggedAttempt({"id": name})
    try:
        yield attempt
    except ImporterError as error:
        attempt.facts |= {"error": asdict(RunError.of(error)), "exit_code": error.exit_code}
        raise
    finally:
        _append(attempt.facts | {"finished": _now()})


def attempts() -> list[dict[str, Any]]:
    """The facts of each attempt, the oldest first. Lines that cannot be read are left out."""
    by_id: dict[str, dict[str, Any]] = {}
    for path in (_older(), _path()):
        with contextlib.suppress(OSError):
            for line in path.read_bytes().splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    facts = json.loads(line)
                    by_id.setdefault(facts["id"], {}).update(facts)
    return [facts for facts in by_id.values() if {"command", "started"} <= facts.keys()]


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _path() -> Path:
    return data_folder() / "attempts.jsonl"


def _older() -> Path:
    return data_folder() / "attempts-older.jsonl"


def _append(facts: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        path = private_file_at(_path())
        if path.stat().st_size > LARGEST:
            path.replace(_older())
            private_file_at(path)
        with open(os.open(path, os.O_WRONLY | os.O_APPEND), "ab") as file:
            file.write(json.dumps(facts, default=str).encode() + b"\n")
