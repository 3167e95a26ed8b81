"""Files that are there whole, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from importer.errors import UsageProblem
from importer.results.wording import visible


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what is to be at ``path``: in a folder beside it that only this user can read.

    At the end it is moved into place; a file at ``path`` is replaced. Raises UsageProblem where the
    file cannot be written.
    """
    try:
        with TemporaryDirectory(prefix=".light-import-", dir=path.parent) as private:
            unfinished = Path(private) / f"result{path.suffix}"
            yield unfinished
            os.replace(unfinished, path)
    except (OSError, _of_workbooks()) as problem:
        what = "workbook " if path.suffix.lower() == ".xlsx" else ""
        raise UsageProblem(
            f"The result {what}{visible(str(path))} could not be written: "
            f"{visible(str(problem))}. If it is open in Excel, close it there"
        ) from problem


def _of_workbooks() -> type[Exception]:
    from xlsxwriter.exceptions import XlsxWriterException

    found: type[Exception] = XlsxWriterException
    return found
