"""The corrections that a person makes on the page: a line of a file each, durably."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.app.user_name import user_name
from importer.core.private_files import private_file_at


@dataclass(frozen=True)
class CellEdit:
    """A cell of a file: ``row`` as in Excel, ``column`` from 0; its text before and after."""

    file: str
    sheet: str | None
    row: int
    column: int
    header: str
    before: str
    after: str

    @property
    def place(self) -> tuple[str | None, int, int]:
        return self.sheet, self.row, self.column


@dataclass(frozen=True)
class CorrectionStep:
    """What a person did at once: an edit, a paste, a correction of many cells."""

    what: str
    by: str
    at: str  # UTC
    cells: tuple[CellEdit, ...]


class CorrectionLog:
    """Each correction in order, and which of them were undone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = (0, 0), list[CorrectionStep]()  # length and time of the file, and its steps

    def append(self, facts: Mapping[str, Any]) -> None:
        """Write a line: a correction, or that the last one is undone. Raises OSError."""
        line = json.dumps({**facts, "by": user_name(), "at": iso_now()}) + "\n"
        with private_file_at(self._path).open("r+b") as file:
            file.truncate(_complete(file.read()))  # what a power cut left of a line
            file.seek(0, os.SEEK_END)
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def length(self) -> int:
        """The bytes of the file, which each correction adds to."""
        return self._path.stat().st_size if self._path.exists() else 0

    def steps(self) -> list[CorrectionStep]:
        """The corrections that stand, in order."""
        mark = self.length(), self._path.stat().st_mtime_ns if self._path.exists() else 0
        if mark != self._read[0]:
            self._read = mark, self._steps()
        return self._read[1]

    def _steps(self) -> list[CorrectionStep]:
        steps: list[CorrectionStep] = []
        data = self._path.read_bytes()
        for line in data[: _complete(data)].splitlines():
            facts = json.loads(line)
            if facts.get("undo"):
                steps = steps[:-1]
            else:
                cells = tuple(CellEdit(**cell) for cell in facts["cells"])
                steps.append(CorrectionStep(facts["what"], facts["by"], facts["at"], cells))
        return steps


def iso_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _complete(data: bytes) -> int:
    """The length of the lines that were written whole."""
    return data.rfind(b"\n") + 1
