"""Limits of text files, checked in pieces before the text is held in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from importer.readers.file_limits import check_area, limits, too_large

_CHUNK = 1 << 20
_LINES_PER_ROW = 4  # a quoted cell may have several lines
_CELLS_PER_LINE = 16  # as long as the longest cell
_BATCH = 10_000
_END = re.compile(rb"[\r\n]")


def longest_line() -> int:
    """The permitted characters of a line."""
    return limits().cell_length * _CELLS_PER_LINE


def most_lines() -> int:
    return limits().rows * _LINES_PER_ROW


def check_lines(path: Path) -> None:
    """Raise TooLargeError for too long a line, or too many lines."""
    permitted = limits()
    longest, most = longest_line(), most_lines()
    lines = since = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            first = _END.search(chunk)
            if first is None:
                since += len(chunk)
            else:
                since += first.start()
            row = lines + 1
            if first is not None and since <= longest:
                lines += max(chunk.count(b"\n"), chunk.count(b"\r"))
                row = lines + 1
                since = len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            if since > longest:
                what = f"Row {row:,} has more than {longest:,} characters"
                raise too_large(what, "cell_length", permitted.cell_length)
            if lines > most:
                raise too_large(f"It has more than {lines:,} rows", "rows", permitted.rows)


def add_records(records: list[list[str]], reader: Iterator[list[str]]) -> None:
    """Append all records of ``reader``; TooLargeError as soon as a limit is passed.

    Records before an error of the reader are appended, so that its row is known.
    """
    permitted = limits()
    cells = width = 0
    while True:
        before = len(records)
        records.extend(islice(reader, _BATCH))
        if len(records) == before:
            return
        added: Sequence[int] = list(map(len, islice(records, before, None)))
        cells, width = cells + sum(added), max(width, *added)
        if len(records) > permitted.rows:
            raise too_large(f"It has more than {permitted.rows:,} rows", "rows", permitted.rows)
        if width <= permitted.columns:  # else the reader's error says more
            check_area(len(records), width, cells)
