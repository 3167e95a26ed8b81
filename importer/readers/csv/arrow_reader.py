"""Most CSV files, read by Arrow; whatever it does not certainly read as the csv module is left.

The csv module is the measure of what a file holds: each record, each cell, each unreadable. Arrow
reads the same many times faster, but takes a stray quotation mark for text and knows records of one
width only. So the marks are looked at first, records of another width are read by the csv module,
and all other oddities are left to it altogether.
"""

from __future__ import annotations

import csv
import os
import re
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from importer.core.text_column import TextColumn, TextColumnBuilder, byte_at
from importer.readers.csv.record_blocks import (
    BLOCK,
    NeedsCsvModule,
    has_multiline_cells,
    record_blocks,
)
from importer.readers.csv.runaway_quotes import runaway_quotes_in_columns
from importer.readers.file_limits import check_area, limits, too_large

_ODD_AT_MOST = 200_000  # records of another width; with more the csv module is as quick
_HEAD = 200  # records that tell the usual width
_WORKERS = 2  # more would wait for the one that puts the pieces together


@dataclass
class Records:
    """The records that are not blank: columns of one length, each record's number and width."""

    columns: tuple[TextColumn, ...]
    rows: Sequence[int]
    lengths: Sequence[int]
    total: int  # blank ones too
    runaway_quotes: tuple[tuple[int, int, int], ...] = ()


@dataclass
class _Piece:
    """A block read: columns of the usual width, and (number, text) of the records of another."""

    columns: list[pa.LargeStringArray]
    odd: list[tuple[int, str]]
    broken: bool

    @property
    def records(self) -> int:
        return len(self.columns[0]) + len(self.odd)


def read_records(file: BinaryIO, mark: str, block: int = BLOCK) -> Records | None:
    """The records of the rest of the file, which is UTF-8; None where the csv module has to.

    So many bytes are read at a time.
    """
    if len(mark) != 1 or not mark.isascii() or mark in ' \r\n"':
        return None
    try:
        return _read(file, mark, block)
    except (NeedsCsvModule, pa.ArrowInvalid, csv.Error):
        return None


def _read(file: BinaryIO, mark: str, block: int) -> Records | None:
    start, end = file.tell(), file.seek(0, os.SEEK_END)
    file.seek(start)
    blocks = record_blocks(file, block)
    first = next(blocks, b"")
    width = _usual_width(first, mark)
    if not 2 <= width <= limits().columns:
        return None
    most = limits().cell_length
    texts = [TextColumnBuilder() for _ in range(width)]
    odd: list[tuple[int, str]] = []
    total, broken = 0, False
    for piece in _pieces(first, blocks, mark, width):
        odd += [(total + number, text) for number, text in piece.odd]
        if len(odd) > _ODD_AT_MOST:
            return None
        if not total:
            for of in texts:
                of.share = 1.1 * (end - start) / len(first)
        for of, column in zip(texts, piece.columns, strict=True):
            if of.add(column) > most:
                return None  # the csv module knows the row
        total, broken = total + piece.records, broken or piece.broken
    return _with_odd([of.array() for of in texts], odd, mark, broken)


def _pieces(first: bytes, blocks: Iterator[bytes], mark: str, width: int) -> Iterator[_Piece]:
    """The blocks read, in their order; several at a time."""
    waiting: deque[Future[_Piece]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting.append(pool.submit(_piece, first, mark, width))
        for block in blocks:
            waiting.append(pool.submit(_piece, block, mark, width))
            if len(waiting) > _WORKERS + 1:
                yield waiting.popleft().result()
        for piece in waiting:
            yield piece.result()


def _piece(data: bytes, mark: str, width: int) -> _Piece:
    multiline = has_multiline_cells(data, ord(mark))
    odd: list[tuple[int, str]] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        odd.append((row.number, row.text))
        return "skip" if len(odd) <= _ODD_AT_MOST else "error"

    names = [str(i) for i in range(width)]
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        # Records of another width come with their number in one thread only.
        read_options=arrow_csv.ReadOptions(
            use_threads=False, column_names=names, block_size=len(data) + 1
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=mark,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    columns = [column.combine_chunks() for column in table.columns]
    return _Piece(columns, odd, multiline)


def _usual_width(data: bytes, mark: str) -> int:
    """The width that most of the first records have; the last of them may be cut."""
    head = data[: 1 << 18].decode("utf-8", "ignore")
    lines = re.split(r"(?<=\n)", head)
    widths: dict[int, int] = {}
    for count, record in enumerate(csv.reader(lines, delimiter=mark)):
        if count >= _HEAD:
            break
        widths[len(record)] = widths.get(len(record), 0) + 1
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _with_odd(
    columns: list[pa.LargeStringArray], odd: list[tuple[int, str]], mark: str, broken: bool
) -> Records | None:
    """The records in order, those of another width among them, without the blank ones."""
    width, total = len(columns), len(columns[0]) + len(odd)
    lengths: list[int] = [width] * total
    numbers = [number for number, _ in odd]
    records = [_record(text, mark) for _, text in odd]
    widest = max([width, *map(len, records)])
    permitted = limits()
    if total > permitted.rows:
        raise too_large(f"It has more than {permitted.rows:,} rows", "rows", permitted.rows)
    if widest > permitted.columns:
        return None  # the csv module knows the row
    # Before there are columns of that width: one wide record would make them of all.
    check_area(total, widest, width * len(columns[0]) + sum(map(len, records)))
    if odd:
        ends: list[list[str]] = [r + [""] * (widest - len(r)) for r in records]
        columns += [_blanks(total - len(odd))] * (widest - width)
        order = np.empty(total, dtype=np.int64)
        usual = np.ones(total, dtype=bool)
        at = np.asarray(numbers, dtype=np.int64) - 1
        usual[at] = False
        order[usual] = np.arange(total - len(odd))
        order[at] = np.arange(total - len(odd), total)
        for c, column in enumerate(columns):
            own = pa.array([end[c] for end in ends], type=pa.large_string())
            columns[c] = pa.concat_arrays([column, own]).take(pa.array(order))
        for number, record in zip(numbers, records, strict=True):
            lengths[number - 1] = len(record)
    # Rows that are blank have no part in this; the numbers are those of the records.
    held = runaway_quotes_in_columns(columns, lengths, mark) if broken else ()
    found = tuple((1 + i, c, count) for i, c, count in held)
    blank = _blank_rows(columns)
    rows: Sequence[int] = range(1, 1 + total)
    if len(blank):
        kept = np.ones(total, dtype=bool)
        kept[blank] = False
        mask, at = pa.array(kept), np.flatnonzero(kept)
        columns = [column.filter(mask) for column in columns]
        lengths = [lengths[i] for i in at.tolist()]
        rows = array("q", (at + 1).tobytes())
    while columns and not pc.sum(pc.binary_length(columns[-1])).as_py():
        columns.pop()
    return Records(tuple(map(TextColumn, columns)), rows, lengths, total, found)


def _record(text: str, mark: str) -> list[str]:
    """The one record of the text; none where it is blank."""
    records = list(csv.reader(text.splitlines(keepends=True), delimiter=mark, strict=True))
    if len(records) > 1:
        raise NeedsCsvModule
    return records[0] if records else []


def _blanks(size: int) -> pa.Array:
    return pa.array([""], type=pa.large_string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def _blank_rows(columns: Sequence[pa.LargeStringArray]) -> np.ndarray:
    """The rows whose cells are all blank, by any kind of space."""
    left = np.arange(len(columns[0]))
    for column in columns:
        if not len(left):
            break
        # A cell that begins with a letter, digit or sign is not blank: that settles nearly all.
        codes = byte_at(column, 0)[left]
        left = left[(codes <= 32) | (codes >= 127)]
        if len(left):
            texts = column.take(pa.array(left)).to_pylist()
            left = left[[not text.strip() for text in texts]]
    return left
