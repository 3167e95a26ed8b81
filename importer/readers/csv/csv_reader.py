"""CSV files: which encoding, which delimiter, and the cells exactly as they are written."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
from importer.readers.csv.encoding import Encoding, declared_encoding, decode
from importer.readers.csv.records import Records
from importer.readers.csv.runaway_quotes import find_runaway_quotes
from importer.readers.file_kind import unreadable
from importer.readers.file_limits import limits, too_large
from importer.readers.grid import MAX_COLUMNS

_BOM = "\ufeff"
_WIDE, _SHORT = 1_000, 4 << 20  # cells in a row; bytes
_SEP_LINE = re.compile(r'"?sep=([^\r\n"])"?[ \t,;]*(\r\n|\r|\n|$)', re.IGNORECASE)


def read_csv(path: Path, *, encoding: str | None, delimiter: str | None) -> SourceTable:
    """The table of a CSV file; rows are numbered by record, blank ones included.

    ``encoding`` and ``delimiter`` are detected where None. A first line ``sep=;`` sets the
    delimiter and has no row number, as in spreadsheets. Cells are neither trimmed nor converted.

    Raises ``UnreadableFile``, naming the row, for bytes that are not of the encoding, NUL bytes and
    misplaced quotation marks.
    """
    with no_size_limit():
        return _read_with_arrow(path, encoding, delimiter) or _read_with_csv_module(
            path, encoding, delimiter
        )


@dataclass(frozen=True)
class Dialect:
    """The delimiter ``mark``; ``skip``: characters of the ``sep=`` line."""

    mark: str
    skip: int

    @classmethod
    def of(cls, path: Path, head: str, delimiter: str | None) -> Dialect:
        """``head``: the beginning of the text, longer than ``HEAD`` where the text is."""
        sep_line = _SEP_LINE.match(head)
        skip, cut, head = len(sep_line[0]) if sep_line else 0, len(head) > HEAD, head[:HEAD]
        if delimiter is not None:
            return cls(given_delimiter(path, head, delimiter), skip)
        return cls(sep_line[1] if sep_line else find_delimiter(head, cut), skip)


def _read_with_arrow(path: Path, encoding: str | None, delimiter: str | None) -> SourceTable | None:
    """The table of a UTF-8 file, streamed through Arrow; None where the csv module must decide.

    Arrow's overhead is per column, so short files of many columns go to the csv module.
    """
    with path.open("rb") as file:
        head = file.read(4 * (HEAD + 2))
        try:
            detected = declared_encoding(path, head, encoding) or Encoding("utf-8", "UTF-8")
            if detected.codec not in ("utf-8", "utf-8-sig"):
                return None
            text, _ = codecs.utf_8_decode(head, "strict", False)  # a character may be cut
            marks = min(
                len(text) - len(text.lstrip(_BOM)), 2 if detected.codec == "utf-8-sig" else 1
            )
            text = text[marks:]
            if len(head) < 4 * (HEAD + 2):  # the file ends here
                text = text.removesuffix("\x1a")
            dialect = Dialect.of(path, text[: HEAD + 1], delimiter)
        except (UnreadableFile, UnicodeDecodeError):
            return None  # the csv module's reader reports the row, or finds another encoding
        if path.stat().st_size <= _SHORT and _is_wide(text, dialect.mark):
            return None
        from importer.readers.csv.arrow_reader import read_records

        file.seek(len((_BOM * marks + text[: dialect.skip]).encode()))
        records = read_records(file, dialect.mark)
    return None if records is None else _table(path, records, dialect, detected)


def _is_wide(text: str, mark: str) -> bool:
    return max((line.count(mark) for line in text.splitlines()), default=0) > _WIDE


def _read_with_csv_module(path: Path, encoding: str | None, delimiter: str | None) -> SourceTable:
    """The table of any file: Arrow on its decoded text if possible, else the csv module."""
    check_lines(path)
    data = path.read_bytes()
    detected, text = decode(path, data, encoding)
    if text.endswith("\x1a") and not detected.codec.startswith(("utf-16", "utf-32")):
        # the end mark of old DOS and mainframe exports is not a cell
        data, text = data[:-1], text[:-1]
    dialect = Dialect.of(path, text[: HEAD + 1], delimiter)
    if detected.codec not in ("utf-8", "utf-8-sig") or detected.errors != "strict":
        from importer.readers.csv.arrow_reader import read_records

        fast = read_records(io.BytesIO(text[dialect.skip :].encode("utf-8")), dialect.mark)
        if fast is not None:
            return _table(path, fast, dialect, detected)
    del text
    lines = io.TextIOWrapper(io.BytesIO(data), detected.codec, errors=detected.errors, newline="")
    if dialect.skip:
        lines.readline()
    return _table(path, _read_records(path, lines, dialect.mark), dialect, detected)


def _table(path: Path, records: Records, dialect: Dialect, encoding: Encoding) -> SourceTable:
    if not len(records.rows):
        raise unreadable(path, "It has no rows, only blank lines. Export it again")
    _check_width(path, records.lengths, records.rows)
    delimiter = NAMES.get(dialect.mark, repr(dialect.mark))
    return SourceTable(
        file=str(path),
        sheet=None,
        columns=records.columns,
        rows=records.rows,
        blank_rows=records.total - len(records.rows),
        notes=(f"CSV, {encoding.name}, {delimiter}-separated",),
        lengths=records.lengths,
        encoding_doubt=encoding.doubt,
        runaway_quotes=records.runaway_quotes,
    )


def _check_width(path: Path, lengths: Sequence[int], numbers: Sequence[int]) -> None:
    width = max(lengths, default=0)
    if width > MAX_COLUMNS:
        row = next(n for n, length in zip(numbers, lengths, strict=True) if length == width)
        raise unreadable(
            path,
            f"Row {row} has {width:,} cells; a sheet has at most {MAX_COLUMNS:,}. Check the "
            "quotation marks and the line ends before it",
        )


def _read_records(path: Path, lines: io.TextIOWrapper, mark: str) -> Records:
    """The records by the csv module; UnreadableFile names the row of a misplaced quotation mark."""
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
            what = "a quotation mark is inside a quoted cell, or closes it too early"
        raise unreadable(
            path,
            f'Row {row}: {what}. Double the mark inside a quoted cell ("") or delete it, '
            "or save the file as .xlsx",
        ) from error
    multiline = reader.line_num > len(records)
    cells = find_runaway_quotes(records, mark) if multiline else ()
    runaway_quotes = tuple((1 + i, c, count) for i, c, count in cells)
    rows: Sequence[int] = range(1, 1 + len(records))
    filled = [record for record in records if any(map(str.strip, record))]
    if len(filled) < len(records):
        pairs = zip(rows, records, strict=True)
        rows = [n for n, record in pairs if any(map(str.strip, record))]
    lengths = list(map(len, filled))
    _check_width(path, lengths, rows)
    width = max(lengths, default=0)
    for record in filled:
        record.extend([""] * (width - len(record)))
    columns = tuple(zip(*filled, strict=True))
    while columns and not any(columns[-1]):
        columns = columns[:-1]
    return Records(columns, rows, lengths, len(records), runaway_quotes)
