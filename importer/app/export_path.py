"""Where an export is written. An existing file is replaced only where that is asked for."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from importer.core.errors import UsageProblem
from importer.core.safe_text import visible
from importer.report.export_files import has_two_files, lines_path
from importer.report.result_path import free_path

FORMATS = (".xlsx", ".csv", ".json", ".parquet")


def export_path(wanted: str | None, default: str, *, overwrite: bool, lines: bool) -> Path:
    """The file to write, in a folder that can be written to; see ``lines_path`` for the second of
    an export with ``lines``.

    Without ``wanted`` it is ``default`` as a workbook in the current folder, with the time (UTC)
    appended where that is taken. Raises UsageProblem as ``result_path``.
    """
    if wanted is None:
        mark = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        return free_path(Path.cwd() / f"{default}{FORMATS[0]}", mark)
    path = Path(wanted)
    if not wanted.strip() or "\0" in wanted or path.suffix.lower() not in FORMATS:
        raise UsageProblem(
            f"-o {visible(wanted)}: give a name that ends in .xlsx (a workbook), .csv, .json or"
            " .parquet"
        )
    if not path.parent.is_dir():
        raise UsageProblem(
            f"The folder {visible(str(path.parent))} does not exist: create it first."
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageProblem(
            f"You may not write in the folder {visible(str(path.parent))}:"
            " name another place with -o."
        )
    check_free(path, overwrite=overwrite, lines=lines)
    return path


def check_free(path: Path, *, overwrite: bool, lines: bool) -> None:
    """UsageProblem where a file of the export exists and is not to be replaced."""
    for each in [path, lines_path(path)] if lines and has_two_files(path) else [path]:
        # lexists: a link that leads nowhere is still somebody's file.
        if os.path.lexists(each) and (not overwrite or each.is_dir()):
            raise UsageProblem(
                f"{visible(str(each))} already exists: name another with -o, or add --overwrite"
            )
