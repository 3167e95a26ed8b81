"""Where the result goes. An existing file is replaced only where that is asked for."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from importer.core.errors import UsageProblem
from importer.core.safe_text import visible

FORMATS = ("xlsx", "csv", "json", "html")
_LONGEST_STEM = 255 - len(
    "-result-20260131-093000-a1b2-20260131-093000-1000.xlsx"
)  # bytes, of the 255 that a name may have


def result_path(
    sources: list[str],
    wanted: str | None,
    folder: Path,
    kind: str | None = None,
    *,
    mark: str = "",
    overwrite: bool = False,
) -> Path:
    """The path of a result, in a folder that can be written to.

    Without ``wanted`` it is ``<first source>-result.xlsx`` in ``folder``; a folder as ``wanted``
    takes the place of ``folder``. ``kind`` is one of FORMATS; left out, the name says it, else it
    is a workbook. A default name that is taken gets ``mark``, the run or the time, appended:
    ``bills-result-20260131-093000-a1b2.xlsx``; see ``free_path``. The result of correcting a result
    stays in the same series.

    Raises UsageProblem where the folder is missing or cannot be written to, where ``wanted`` does
    not end as the format does, where it exists and is not to be overwritten, or is a source.
    """
    stated = False
    if wanted is None:
        path = folder / _default_name(sources, kind)
    elif not wanted.strip() or "\0" in wanted:
        raise UsageProblem("The name of the result workbook is empty: give a name such as out.xlsx")
    elif Path(wanted).is_dir():
        path = Path(wanted) / _default_name(sources, kind)
    else:
        path, stated = Path(wanted), True
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
    if not stated:
        return free_path(path, mark)
    # lexists: a link that leads nowhere is still somebody's file.
    if os.path.lexists(path):
        name = visible(str(path))
        if not overwrite:
            raise UsageProblem(
                f"{name} already exists: name another with --result, or add --overwrite"
            )
        if path.is_dir() or any(_same_file(path, source) for source in sources):
            raise UsageProblem(f"{name} is what is read: name another result with --result")
    return path


def _same_file(path: Path, source: str) -> bool:
    try:
        return path.samefile(source)
    except OSError:
        return False


def _default_name(sources: list[str], kind: str | None) -> str:
    stem = Path(sources[0]).stem if sources else "light-import"
    stem = "stdin" if stem == "-" else stem
    stem = re.sub(r"-result(-\d{8}-\d{6}(-\w+)?)*(-\d+)?\Z", "", stem) or stem
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
            f"{visible(str(folder))} is not a folder, so no result workbook can be written in it:"
            " name another place with --result"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageProblem(
            f"You may not write in the folder {visible(str(folder))}: "
            "name another place for the result workbook with --result"
        )


def free_path(path: Path, mark: str) -> Path:
    """``path``, or where it is taken the same with ``mark``, then with the time (UTC).

    A number follows only where two results are written in one second.
    """
    marked = f"{path.stem}-{mark}" if mark else path.stem
    timed = f"{path.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    names = chain(dict.fromkeys((path.stem, marked, timed)), (f"{timed}-{n}" for n in count(2)))
    paths = (path.with_name(name + path.suffix) for name in names)
    return next(candidate for candidate in paths if not os.path.lexists(candidate))
