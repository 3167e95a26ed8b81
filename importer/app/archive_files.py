"""Move the files whose bills are all in Light out of the way."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from importer.app.check_request import CheckRequest
from importer.app.events import Listener
from importer.app.sources import STDIN
from importer.core.errors import UsageProblem
from importer.core.safe_text import visible
from importer.model.finding import Severity
from importer.report.build_report import Report


def check_archive(folder: str, request: CheckRequest) -> Path:
    """The folder to move to; UsageProblem where it is none, or is where a file already is."""
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise UsageProblem(
            f"{visible(folder)} is not a folder, so nothing can be moved to it."
            " Name a folder with --archive."
        )
    for name in request.files:
        if name != STDIN and path.resolve() == Path(name).resolve().parent:
            raise UsageProblem(f"{visible(name)} is already in {visible(folder)}: name another.")
    return path


def archive_loaded(
    report: Report, request: CheckRequest, folder: Path, run: str, listener: Listener
) -> list[str]:
    """Move the files of which every row is in Light, with no error; the names of the moved.

    A name that is taken in ``folder`` gets the run's id. What cannot be moved stays, and a message
    says so.
    """
    partly = {
        report.tables[table].source.file
        for rows in (report.bills, report.line_items)
        for table in np.unique(rows.table[~rows.in_light]).tolist()
    }
    partly |= {f.cell.file for f in report.findings if f.severity is Severity.ERROR}
    moved = []
    for name in request.files:
        if name in partly or name == STDIN:
            continue
        source = Path(name)
        target = folder / source.name
        if target.exists():
            target = folder / f"{source.stem}-{run}{source.suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
        except OSError as error:
            why = error.strerror or str(error)
            listener.message(
                f"{visible(name)} could not be moved to {visible(str(folder))}: {why}.",
                essential=True,
            )
            continue
        moved.append(name)
        listener.message(f"Moved {visible(name)} to {visible(str(target))}")
    return moved
