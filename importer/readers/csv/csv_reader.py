"""CSV files: which encoding, which delimiter, and the cells exactly as they are written."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.core.errors import UnreadableFile
from importer.model.tables import SourceTable
from importer.readers.csv.csv_guard import add_records, check_lines
from importer.readers.csv.delimiter import (
    HEAD,
    NAMES,
    find_delimiter,
    given_delimiter,
    no_size_limit,
)
from importer.readers.csv.encoding import Encoding, decode, stated
from importer.readers.csv.runaway_quotes import find_swallowed
from importer.readers.file_kind import refusal
from importer.readers.file_limits import limits, too_large
from importer.readers.grid import MAX_COLUMNS

if TYPE_CHECKING:
    from importer.readers.csv.arrow_reader import Records

_BOM = "\ufeff"
_WIDE, _SHORT = 1_000, 4 << 20  # cells in a row; bytes
_NO_ROWS = "It has no rows, only blank lines. Export it again"
_SEP_LINE = re.compile(r'"?sep=([^\r\n"])"?[ \t,;]*(\r\n|\r|\n|$)', re.IGNORECASE)


def read_csv(path: Path, *, encoding: str | None, delimiter: str | None) -> SourceTable:
    """The one table of a CSV file; row numbers are those of its records, blank ones counted.

    ``encoding`` and ``delimiter`` are found out where None. A first line ``sep=;`` is obeyed and
    left out; spreadsheets do not show it, so it has no row number.
    Cells are neither trimmed nor converted.

    Raises ``UnreadableFile``, naming the row, where the text does not fit the encoding, has a NUL
    byte, or has a quotation mark that is not closed where its cell ends.
    """
    with no_size_limit():
        return _at_once(path, encoding, delimiter) or _at_length(path, encoding, delimiter)


@dataclass(frozen=True)
class _Way:
    """How the cells are separated; ``skip`` are the characters of the ``sep=`` line."""

    mark: str
    skip: int

    @classmethod
    def of(cls, path: Path, head: str, delimiter: str | None) -> _Way:
        """``head`` is the beginning of the text, a character longer where it is cut."""
        sep_line = _SEP_LINE.match(head)
        skip, cut, head = len(sep_line[0]) if sep_line else 0, len(head) > HEAD, head[:HEAD]
        if delimiter is not None:
            return cls(given_delimiter(path, head, delimiter), skip)
        return cls(sep_line[1] if sep_line else find_delimiter(head, cut), skip)

    def notes(self, found: Encoding) -> tuple[str, ...]:
        return (f"CSV, {found.name}, {NAMES.get(self.mark, repr(self.mark))}-separated",)


def _at_once(path: Path, encoding: str | None, delimiter: str | None) -> SourceTable | None:
    """The table of a file in UTF-8, read by Arrow; None where more has to be looked at.

    The file is not read into memory as a whole. Arrow's price is one of each column, so a short
    file of many columns is left to the csv module.
    """
    with path.open("rb") as file:
        head = file.read(4 * (HEAD + 2))
        try:
            found = stated(path, head, encoding) or Encoding("utf-8", "UTF-8")
            if found.codec not in ("utf-8", "utf-8-sig"):
                return None
            text, _ = codecs.utf_8_decode(head, "strict", False)  # a character may be cut
            marks = min(len(text) - len(text.lstrip(_BOM)), 2 if found.codec == "utf-8-sig" else 1)
            text = text[marks:]
            whole = len(head) < 4 * (HEAD + 2)
            text = text.removesuffix("\x1a") if whole else text
            way = _Way.of(path, text[: HEAD + 1], delimiter)
        except (UnreadableFile, UnicodeDecodeError):
            return None  # to be told with its row, or read in another encoding
        if path.stat().st_size <= _SHORT and _is_wide(text, way.mark):
            return None
        from importer.readers.csv.arrow_reader import read_records

        file.seek(len((_BOM * marks + text[: way.skip]).encode()))
        records = read_records(file, way.mark)
    return None if records is None else _arrow_table(path, records, way.notes(found), found.doubt)


def _is_wide(text: str, mark: str) -> bool:
    return max((line.count(mark) for line in text.splitlines()), default=0) > _WIDE


def _at_length(path: Path, encoding: str | None, delimiter: str | None) -> SourceTable:
    """The table of any file, by the csv module where Arrow cannot read its text either."""
    check_lines(path)
    data = path.read_bytes()
    found, text = decode(path, data, encoding)
    if text.endswith("\x1a") and not found.codec.startswith(("utf-16", "utf-32")):
        # the end mark of old DOS and mainframe exports is not a cell
        data, text = data[:-1], text[:-1]
    way = _Way.of(path, text[: HEAD + 1], delimiter)
    if found.codec not in ("utf-8", "utf-8-sig"):
        from importer.readers.csv.arrow_reader import read_records

        quick = read_records(io.BytesIO(text[way.skip :].encode("utf-8")), way.mark)
        if quick is not None:
            return _arrow_table(path, quick, way.notes(found), found.doubt)
    del text
    lines = io.TextIOWrapper(io.BytesIO(data), found.codec, newline="")
    if way.skip:
        lines.readline()
    records, broken = _records(path, lines, way.mark)
    # Rows that are blank have no part in this; the numbers are those of the records.
    held = find_swallowed(records, way.mark) if broken else ()
    swallowed = tuple((1 + i, c, count) for i, c, count in held)
    return replace(_table(path, records, way.notes(found), found.doubt), swallowed=swallowed)


def _arrow_table(path: Path, records: Records, notes: tuple[str, ...], doubt: str) -> SourceTable:
    if not len(records.rows):
        raise refusal(path, _NO_ROWS)
    _check_width(path, records.lengths, records.rows)
    return SourceTable(
        file=str(path),
        sheet=None,
        columns=records.columns,
        rows=records.rows,
        blank_rows=records.total - len(records.rows),
        notes=notes,
        lengths=records.lengths,
        doubt=doubt,
        swallowed=records.swallowed,
    )


def _check_width(path: Path, lengths: Sequence[int], numbers: Sequence[int]) -> None:
    width = max(lengths)
    if width > MAX_COLUMNS:
        row = next(n for n, length in zip(numbers, lengths, strict=True) if length == width)
        raise refusal(
            path,
            f"Row {row} has {width:,} cells; a sheet has at most {MAX_COLUMNS:,}. Check the "
            "quotation marks and the line ends before it",
        )


def _records(path: Path, lines: io.TextIOWrapper, mark: str) -> tuple[list[list[str]], bool]:
    """The records, and whether one of them has several lines."""
    records: list[list[str]] = []
    reader = csv.reader(lines, delimiter=mark, strict=True)
    try:
        # extend keeps what was read before the error, and so the row of the error.
        add_records(records, reader)
    except csv.Error as error:
        row = 1 + len(records)
        if "field larger than field limit" in str(error):
            most = limits().cell_length
            what = f"Row {row} has a cell of more than {most:,} characters"
            raise too_large(what, "cell_length", most) from error
        if "unexpected end of data" in str(error):
            what = "a cell begins with a quotation mark that is never closed"
        else:
            what = "a quotation mark stands inside a quoted cell, or closes it too early"
        raise refusal(
            path,
            f'Row {row}: {what}. Double the mark inside a quoted cell ("") or delete it, '
            "or save the file as .xlsx",
        ) from error
    return records, reader.line_num > len(records)


def _table(path: Path, records: list[list[str]], notes: tuple[str, ...], doubt: str) -> SourceTable:
    numbers: Sequence[int] = range(1, 1 + len(records))
    kept = [record for record in records if any(map(str.strip, record))]
    if not kept:
        raise refusal(path, _NO_ROWS)
    blank_rows = len(records) - len(kept)
    if blank_rows:
        numbers = [
            n for n, record in zip(numbers, records, strict=True) if any(map(str.strip, record))
        ]
    lengths = list(map(len, kept))
    _check_width(path, lengths, numbers)
    width = max(lengths)
    for record in kept:
        if len(record) < width:
            record.extend([""] * (width - len(record)))
    columns = tuple(zip(*kept, strict=True))
    while not any(columns[-1]):
        columns = columns[:-1]
    return SourceTable(
        file=str(path),
        sheet=None,
        columns=columns,
        rows=numbers,
        blank_rows=blank_rows,
        notes=notes,
        lengths=lengths,
        doubt=doubt,
    )
