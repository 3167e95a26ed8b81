"""Where the result workbook goes. An existing file is never written over."""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path

from importer.errors import UsageProblem
from importer.results.wording import visible


def result_path(sources: list[str], wanted: str | None, folder: Path) -> Path:
    """The path of a workbook that does not exist yet, in a folder that can be written to.

    Without ``wanted`` it is ``<first source>-result.xlsx`` in ``folder``; a folder as ``wanted``
    takes the place of ``folder``. Where the name is taken, the next free one: ``…-2.xlsx``.
    The result of correcting a result stays in the same series: ``bills-result-2.xlsx``.
    Raises UsageProblem where the folder is missing or cannot be written to, or where ``wanted``
    is not the name of an .xlsx file.
    """
    if wanted is None:
        path = folder / _default_name(sources)
    elif not wanted.strip() or "\0" in wanted:
        raise UsageProblem("The name of the result workbook is empty: give a name such as out.xlsx")
    elif Path(wanted).is_dir():
        path = Path(wanted) / _default_name(sources)
    else:
        path = Path(wanted)
        if path.suffix == "":
            path = path.with_name(path.name + ".xlsx")
        elif path.suffix.lower() != ".xlsx":
            raise UsageProblem(
                f"The result is an Excel workbook, so {visible(path.name)} must end in .xlsx"
            )
    _check_folder(path.parent)
    return _first_free(path)


def _default_name(sources: list[str]) -> str:
    stem = Path(sources[0]).stem if sources else "light-import"
    stem = re.sub(r"-result(-\d+)?\Z", "", stem) or stem
    return f"{stem}-result.xlsx"


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise UsageProblem(
            f"The folder {visible(str(folder))} for the result workbook does not exist: "
            "create it, or name another with --result"
        )
    if not folder.is_dir():
        raise UsageProblem(
            f"{visible(str(folder))} is not a folder, so no result workbook can be written in it"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageProblem(
            f"You may not write in the folder {visible(str(folder))}: "
            "name another place for the result workbook with --result"
        )


def _first_free(path: Path) -> Path:
    # lexists: a link that leads nowhere is still somebody's file.
    if not os.path.lexists(path):
        return path
    numbered = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in count(2))
    return next(candidate for candidate in numbered if not os.path.lexists(candidate))
