"""The files that a command names: a folder or a pattern stands for the spreadsheets in it."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from importer.core.errors import UsageProblem
from importer.core.safe_text import visible

STDIN = "-"
SUFFIXES = frozenset(".csv .tsv .txt .xlsx .xlsm .xls .xlsb .ods .html .htm".split())
_RESULT = re.compile(r"-result(-[\w-]+)?\Z")
_MOST_STDIN = 2 << 30  # bytes
_CHUNK = 1 << 20


def expand_sources(names: Iterable[str]) -> tuple[str, ...]:
    """The files, in the order of the names; those of a folder or a pattern by name.

    Of a folder these are its spreadsheets, without results, hidden files and what Excel keeps open
    beside them. UsageProblem where a folder or a pattern has none.
    """
    files: list[str] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(str(each) for each in path.iterdir() if _is_source(each))
            if not inside:
                kinds = ", ".join(sorted(SUFFIXES))
                raise UsageProblem(
                    f"The folder {visible(name)} has no file to load; files must end in one"
                    f" of {kinds}."
                )
            files += inside
        elif glob.has_magic(name) and not path.exists():
            matches = sorted(each for each in glob.glob(name) if _is_source(Path(each)))
            if not matches:
                raise UsageProblem(
                    f"No file matches {visible(name)}. Correct the pattern or the folder."
                )
            files += matches
        else:
            files.append(name)
    return tuple(files)


def _is_source(path: Path) -> bool:
    return (
        path.suffix.lower() in SUFFIXES
        and not path.name.startswith((".", "~$"))
        and not _RESULT.search(path.stem)
        and path.is_file()
    )


def save_stdin(stream: BinaryIO, folder: Path) -> Path:
    """What comes on standard input, as a file in ``folder``. UsageProblem where nothing comes."""
    path, size = folder / "stdin", 0
    with path.open("xb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > _MOST_STDIN:
                raise UsageProblem("Standard input is larger than 2 GB: give a file instead.")
            file.write(chunk)
    if not size:
        raise UsageProblem("Standard input ('-') was empty: the command before it wrote nothing.")
    return path
