"""Read CSV with Arrow wherever it certainly gives the same cells as the csv module.

The csv module defines what a file holds. Arrow is many times faster, but takes a stray quotation
mark for text and accepts records of one width only. So quotation marks are checked first, records
of another width are read by the csv module, and any other oddity leaves the whole file to it.
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
from importer.readers.csv.records import Records
from importer.readers.csv.runaway_quotes import runaway_quotes_in_columns
from importer.readers.file_limits import check_area, limits, too_large

_MOST_ODD = 200_000  # records of another width; with more the csv module is as fast
_HEAD = 200  # records that decide the usual width
_WORKERS = 2  # more would wait for the thread that collects the blocks


@dataclass
class _Block:
    """A parsed block: columns of the usual width; ``odd``: (number, text) of other records."""

    columns: list[pa.LargeStringArray]
    odd: list[tuple[int, str]]
    multiline: bool

    @property
    def records(self) -> int:
        return len(self.columns[0]) + len(self.odd)


def read_records(file: BinaryIO, delimiter: str, block: int = BLOCK) -> Records | None:
    """The records from the file's position on, which is UTF-8; None where the csv module must read.

    ``block``: bytes read at a time.
    """
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in ' \r\n"':
        return None
    try:
        return _read(file, delimiter, block)
    except (NeedsCsvModule, pa.ArrowInvalid, csv.Error):
        return None


def _read(file: BinaryIO, delimiter: str, block: int) -> Records | None:
    start, end = file.tell(), file.seek(0, os.SEEK_END)
    file.seek(start)
    blocks = record_blocks(file, block)
    first = next(blocks, b"")
    width = _usual_width(first, delimiter)
    if not 2 <= width <= limits().columns:
        return None
    most = limits().cell_length
    texts = [TextColumnBuilder() for _ in range(width)]
    odd: list[tuple[int, str]] = []
    total, multiline = 0, False
    for part in _blocks(first, blocks, delimiter, width):
        odd += [(total + number, text) for number, text in part.odd]
        if len(odd) > _MOST_ODD:
            return None
        if not total:
            for builder in texts:
                builder.share = 1.1 * (end - start) / len(first)
        for builder, column in zip(texts, part.columns, strict=True):
            if builder.add(column) > most:
                return None  # the csv module names the row
        total, multiline = total + part.records, multiline or part.multiline
    return _merged([builder.array() for builder in texts], odd, delimiter, multiline)


def _blocks(first: bytes, blocks: Iterator[bytes], delimiter: str, width: int) -> Iterator[_Block]:
    """The blocks in order, parsed in threads."""
    waiting: deque[Future[_Block]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting.append(pool.submit(_parsed, first, delimiter, width))
        for block in blocks:
            waiting.append(pool.submit(_parsed, block, delimiter, width))
            if len(waiting) > _WORKERS + 1:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()


def _parsed(data: bytes, delimiter: str, width: int) -> _Block:
    multiline = has_multiline_cells(data, ord(delimiter))
    odd: list[tuple[int, str]] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        odd.append((row.number, row.text))
        return "skip" if len(odd) <= _MOST_ODD else "error"

    names = [str(i) for i in range(width)]
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        # invalid_row_handler gets the row's number only without threads
        read_options=arrow_csv.ReadOptions(
            use_threads=False, column_names=names, block_size=len(data) + 1
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter,
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
    return _Block(columns, odd, multiline)


def _usual_width(data: bytes, delimiter: str) -> int:
    """The width of most of the first records; the last may be cut."""
    head = data[: 1 << 18].decode("utf-8", "ignore")
    lines = re.split(r"(?<=\n)", head)
    widths: dict[int, int] = {}
    for count, record in enumerate(csv.reader(lines, delimiter=delimiter)):
        if count >= _HEAD:
            break
        widths[len(record)] = widths.get(len(record), 0) + 1
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _merged(
    columns: list[pa.LargeStringArray], odd: list[tuple[int, str]], delimiter: str, multiline: bool
) -> Records | None:
    """The records in order, those of another width merged in, without the blank ones."""
    width, total = len(columns), len(columns[0]) + len(odd)
    lengths: list[int] = [width] * total
    numbers = [number for number, _ in odd]
    records = [_record(text, delimiter) for _, text in odd]
    widest = max([width, *map(len, records)])
    permitted = limits()
    if total > permitted.rows:
        raise too_large(f"It has more than {permitted.rows:,} rows", "rows", permitted.rows)
    if widest > permitted.columns:
        return None  # the csv module names the row
    # before one wide record widens all
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
            texts_of_odd = pa.array([end[c] for end in ends], type=pa.large_string())
            columns[c] = pa.concat_arrays([column, texts_of_odd]).take(pa.array(order))
        for number, record in zip(numbers, records, strict=True):
            lengths[number - 1] = len(record)
    cells = runaway_quotes_in_columns(columns, lengths, delimiter) if multiline else ()
    runaway_quotes = tuple((1 + i, c, count) for i, c, count in cells)
    blank = _blank_rows(columns)
    rows: Sequence[int] = range(1, 1 + total)
    if len(blank):
        is_filled = np.ones(total, dtype=bool)
        is_filled[blank] = False
        mask, at = pa.array(is_filled), np.flatnonzero(is_filled)
        columns = [column.filter(mask) for column in columns]
        lengths = [lengths[i] for i in at.tolist()]
        rows = array("q", (at + 1).tobytes())
    while columns and not pc.sum(pc.binary_length(columns[-1])).as_py():
        columns.pop()
    return Records(tuple(map(TextColumn, columns)), rows, lengths, total, runaway_quotes)


def _record(text: str, delimiter: str) -> list[str]:
    """The one record of the text; none where it is blank."""
    records = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    if len(records) > 1:
        raise NeedsCsvModule
    return records[0] if records else []


def _blanks(size: int) -> pa.Array:
    return pa.array([""], type=pa.large_string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def _blank_rows(columns: Sequence[pa.LargeStringArray]) -> np.ndarray:
    """The rows whose cells are all blank or white space."""
    rows = np.arange(len(columns[0]))
    for column in columns:
        if not len(rows):
            break
        # Decides nearly all: a cell that begins with a visible ASCII character is not blank.
        codes = byte_at(column, 0)[rows]
        rows = rows[(codes <= 32) | (codes >= 127)]
        if len(rows):
            texts = column.take(pa.array(rows)).to_pylist()
            rows = rows[[not text.strip() for text in texts]]
    return rows
