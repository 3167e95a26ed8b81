"""Files → ``SourceTable``: the cells of a spreadsheet or CSV file as text, rows with their number.

The rows are stamped here once with the number that Excel shows; nobody counts them again.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from importer.core.errors import UnreadableFile
from importer.model.tables import SourceTable
from importer.readers.file_kind import Kind, kind_of, refusal
from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.gc_pause import no_collecting
from importer.readers.grid import Grid
from importer.readers.zip_guard import DamagedError

__all__ = ["check_file", "read_file"]

_NAMES = {
    "xlsx": "Excel workbook",
    "xlsb": "Excel binary workbook",
    "xls": "Excel 97-2003 workbook",
    "ods": "OpenDocument spreadsheet",
}


def check_file(path: Path) -> None:
    """UnreadableFile where the file is no spreadsheet, or larger than permitted; reads little."""
    kind_of(path)


def read_file(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheets: str | None = None,
) -> list[SourceTable]:
    """The sheets of a workbook that are not empty, hidden ones included, or the one of a CSV file.

    The content decides what kind of file it is, not its name: a web page saved as .xls gives its
    tables. ``encoding`` and ``delimiter`` are for text files, and found out where None. ``sheets``
    picks sheets of a workbook by name, with ``*`` and ``?`` as wildcards, whatever the case.
    Column 0 is always column A.

    Raises ``UnreadableFile``, whose message names the file and what to do, and nothing else.
    """
    try:
        kind = kind_of(path)
        if kind == "csv":
            from importer.readers.csv.csv_reader import read_csv

            return [read_csv(path, encoding=encoding, delimiter=delimiter)]
        if kind == "html":
            from importer.readers.html_tables import read_html

            return _picked(path, read_html(path, encoding=encoding), sheets)
        return _read_workbook(path, kind, sheets)
    except (UnreadableFile, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        raise refusal(
            path, "It is too large for the memory of this computer. Split it into several files"
        ) from error
    # A panic inside calamine comes as a BaseException.
    except BaseException as error:
        raise _unreadable(path, error) from error


def _wanted(path: Path, names: list[str], pattern: str | None) -> list[str]:
    most = limits().sheets
    if len(names) > most:
        raise too_large(f"It has {len(names):,} sheets", "sheets", most)
    if pattern is None:
        return names
    picked = [name for name in names if fnmatchcase(name.lower(), pattern.lower())]
    if not picked:
        raise refusal(path, f"It has no sheet named '{pattern}', only {', '.join(names)}")
    return picked


def _picked(path: Path, tables: list[SourceTable], pattern: str | None) -> list[SourceTable]:
    """The tables of a web page whose name fits; the only one has no name, as in a CSV file."""
    if len(tables) == 1:
        return tables
    wanted = _wanted(path, [table.sheet or "" for table in tables], pattern)
    return [table for table in tables if table.sheet in wanted]


@contextlib.contextmanager
def _libraries_silent() -> Iterator[None]:
    """What calamine writes to the screen when it fails is for programmers, and goes nowhere."""
    sys.stderr.flush()
    try:
        screen = os.dup(2)
    except OSError:
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)


def _read_workbook(path: Path, kind: Kind, pattern: str | None) -> list[SourceTable]:
    def wanted(names: list[str]) -> list[str]:
        return _wanted(path, names, pattern)

    if kind == "xlsx":
        from importer.readers.xlsx.xlsx_reader import read_xlsx as read
    elif kind == "xlsb":
        from importer.readers.xlsb import read_xlsb as read
    elif kind == "ods":
        from importer.readers.ods import read_ods as read
    else:
        from importer.readers.xls import read_xls as read

    with _libraries_silent(), no_collecting():
        found = read(path, wanted)
    tables = [
        _table(path, kind, name, hidden, grid) for name, hidden, grid in found if len(grid.rows)
    ]
    if not tables:
        what = "The workbook has no rows" if pattern is None else f"Sheet '{pattern}' has no rows"
        raise refusal(path, f"{what}. Export it again")
    return tables


def _table(path: Path, kind: Kind, name: str, hidden: bool, grid: Grid) -> SourceTable:
    return SourceTable(
        file=str(path),
        sheet=name,
        columns=grid.columns,
        rows=grid.rows,
        kinds=grid.kinds,
        blank_rows=grid.blank_rows,
        hidden=hidden,
        hidden_rows=tuple(sorted(grid.hidden_rows.intersection(grid.rows))),
        notes=(_NAMES[kind],),
        looks=grid.looks,
        date1904=grid.date1904,
    )


def _unreadable(path: Path, error: BaseException) -> UnreadableFile:
    """What a library's error means to the person."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "password" in reason.lower() or "encrypted" in reason.lower():
        what = (
            "It is protected with a password. Open it in Excel, remove the password with "
            "File > Info > Protect Workbook > Encrypt with Password, and save it"
        )
    elif isinstance(error, TooLargeError | DamagedError):
        what = str(error)
    else:
        what = (
            f"It cannot be read; it is damaged or written in an unusual way ({reason}). "
            "Open it in Excel and save it as an Excel workbook (.xlsx)"
        )
    return refusal(path, what)
