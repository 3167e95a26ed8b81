"""Where the result goes. An existing file is never written over."""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path

from importer.core.errors import UsageProblem
from importer.core.safe_text import visible

FORMATS = ("xlsx", "csv", "json", "html")
_LONGEST_STEM = 255 - len("-result-1000.xlsx")  # bytes, of the 255 that a name may have


def result_path(
    sources: list[str], wanted: str | None, folder: Path, kind: str | None = None
) -> Path:
    """The path of a result that does not exist yet, in a folder that can be written to.

    Without ``wanted`` it is ``<first source>-result.xlsx`` in ``folder``; a folder as ``wanted``
    takes the place of ``folder``. ``kind`` is one of FORMATS; left out, the name says it, else it
    is a workbook. Where the name is taken, the next free one: ``…-2.xlsx``. The result of
    correcting a result stays in the same series: ``bills-result-2.xlsx``.
    Raises UsageProblem where the folder is missing or cannot be written to, or where ``wanted``
    does not end as the format does.
    """
    if wanted is None:
        path = folder / _default_name(sources, kind)
    elif not wanted.strip() or "\0" in wanted:
        raise UsageProblem("The name of the result workbook is empty: give a name such as out.xlsx")
    elif Path(wanted).is_dir():
        path = Path(wanted) / _default_name(sources, kind)
    else:
        path = Path(wanted)
        ending = path.suffix.lower().removeprefix(".")
        if path.suffix == "":
            path = path.with_name(f"{path.name}.{kind or FORMATS[0]}")
        elif ending not in FORMATS:
            raise UsageProblem(
                f"{visible(path.name)} must end in .xlsx (a workbook), .csv, .json or .html"
            )
        elif kind is not None and ending != kind:
            raise UsageProblem(
                f"{visible(path.name)} does not end in .{kind}, which --format asks for"
            )
    _check_folder(path.parent)
    return _first_free(path)


def _default_name(sources: list[str], kind: str | None) -> str:
    stem = Path(sources[0]).stem if sources else "light-import"
    stem = re.sub(r"-result(-\d+)?\Z", "", stem) or stem
    while len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[:-1]
    return f"{stem}-result.{kind or FORMATS[0]}"


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
