"""Files → ``SourceTable``: the cells of a spreadsheet or CSV file as text, with row numbers.

Rows get their number here, once, as Excel shows it; no later stage counts rows.
"""

from __future__ import annotations

import contextlib
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from importer.core.errors import UnreadableFile
from importer.model.tables import SourceTable
from importer.readers.file_kind import PASSWORD, FileKind, detect_kind, unreadable
from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.gc_pause import gc_paused
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
    """Raise UnreadableFile for what is no spreadsheet or too large; reads the beginning only."""
    detect_kind(path)


def read_file(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheets: str | None = None,
) -> list[SourceTable]:
    """The non-empty sheets of a workbook, hidden ones included, or the one table of a CSV file.

    The content decides the kind of file, not its name: a web page saved as .xls gives its tables.
    ``encoding`` and ``delimiter`` of text files are detected where None. ``sheets`` selects sheets
    by name, case-insensitive, with ``*`` and ``?`` as wildcards. Column 0 is always column A.

    Raises ``UnreadableFile`` only; its message names the file and the remedy.
    """
    try:
        kind = detect_kind(path)
        if kind == "csv":
            from importer.readers.csv.csv_reader import read_csv
            from importer.readers.csv.export_escapes import without_escapes

            return [without_escapes(read_csv(path, encoding=encoding, delimiter=delimiter))]
        if kind == "html":
            from importer.readers.html_tables import read_html

            return _matching_tables(path, read_html(path, encoding=encoding), sheets)
        return _read_workbook(path, kind, sheets)
    except (UnreadableFile, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        raise unreadable(
            path, "It is too large for the memory of this computer. Split it into several files"
        ) from error
    # A panic inside calamine comes as a BaseException.
    except BaseException as error:
        raise _from_library_error(path, error) from error


def _matching_names(path: Path, names: list[str], pattern: str | None) -> list[str]:
    most = limits().sheets
    if len(names) > most:
        raise too_large(f"It has {len(names):,} sheets", "sheets", most)
    if pattern is None:
        return names
    picked = [name for name in names if fnmatchcase(name.lower(), pattern.lower())]
    if not picked:
        raise unreadable(path, f"It has no sheet named '{pattern}', only {', '.join(names)}")
    return picked


def _matching_tables(
    path: Path, tables: list[SourceTable], pattern: str | None
) -> list[SourceTable]:
    """The tables whose name matches; a single table has no name, as in a CSV file."""
    if len(tables) == 1:
        return tables
    names = _matching_names(path, [table.sheet or "" for table in tables], pattern)
    return [table for table in tables if table.sheet in names]


@contextlib.contextmanager
def _library_stderr_silenced() -> Iterator[None]:
    """Discard what calamine writes to the screen when it panics."""
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


def _read_workbook(path: Path, kind: FileKind, pattern: str | None) -> list[SourceTable]:
    def wanted(names: list[str]) -> list[str]:
        return _matching_names(path, names, pattern)

    if kind == "xlsx":
        from importer.readers.xlsx.xlsx_reader import read_xlsx as read
    elif kind == "xlsb":
        from importer.readers.xlsb import read_xlsb as read
    elif kind == "ods":
        from importer.readers.ods import read_ods as read
    else:
        from importer.readers.xls import read_xls as read

    with _library_stderr_silenced(), gc_paused():
        sheets = read(path, wanted)
    unread = {name: grid for name, _, grid in sheets if isinstance(grid, Exception)}
    tables = [
        _table(path, kind, name, hidden, grid)
        for name, hidden, grid in sheets
        if isinstance(grid, Grid) and len(grid.rows)
    ]
    for error in unread.values():
        if pattern is not None or not tables:
            raise error
        tables[0] = replace(tables[0], unread_sheets=tuple(unread))
    if not tables:
        what = "The workbook has no rows" if pattern is None else f"Sheet '{pattern}' has no rows"
        raise unreadable(path, f"{what}. Export it again")
    return tables


def _table(path: Path, kind: FileKind, name: str, hidden: bool, grid: Grid) -> SourceTable:
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
        format_marks=grid.format_marks,
        date1904=grid.date1904,
        formats_unread=grid.formats_unread,
        merges=tuple(grid.merges),
        cell_looks=grid.cell_looks,
        comments=tuple(grid.comments),
        struck_by_rules=tuple(grid.struck_by_rules),
        hidden_columns=tuple(sorted(grid.hidden_columns.intersection(range(len(grid.columns))))),
    )


def _from_library_error(path: Path, error: BaseException) -> UnreadableFile:
    """The error for the person in place of a library's, whose words mean nothing to them."""
    if isinstance(error, TooLargeError | DamagedError):
        return unreadable(path, str(error))
    reason = str(error).lower()
    if "password" in reason or "encrypted" in reason:
        return unreadable(path, PASSWORD)
    what = "is damaged or written in an unusual way"
    if isinstance(error, ElementTree.ParseError | expat.ExpatError):
        what = "is damaged: one of its parts is no proper XML or was cut off"
    elif isinstance(error, zipfile.BadZipFile | zlib.error | EOFError):
        what = "is damaged: one of its parts cannot be unpacked"
    return unreadable(
        path,
        f"It cannot be read; it {what}. Open it in Excel and save it as an Excel workbook (.xlsx)",
    )
