"""Most CSV files, read by Arrow; whatever it does not certainly read as the csv module is left.

The csv module is the measure of what a file holds: each record, each cell, each refusal. Arrow
reads the same many times faster, but takes a stray quotation mark for text and knows records of one
width only. So the marks are looked at first, records of another width are read by the csv module,
and all other oddities are left to it altogether.
"""

from __future__ import annotations

import codecs
import csv
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from importer.sheets.limits import limits
from importer.sheets.text_column import TextColumn

_BLOCK = 1 << 24  # bytes; a record must fit into one, and few are quickly put together again
_ODD_AT_MOST = 200_000  # records of another width; with more the csv module is as quick
_HEAD = 200  # records that tell the usual width
_QUOTE = ord('"')


@dataclass
class Records:
    """The records that are not blank: columns of one length, each record's number and width."""

    columns: tuple[TextColumn, ...]
    rows: Sequence[int]
    lengths: Sequence[int]
    total: int  # blank ones too


def read_records(data: bytes, mark: str) -> Records | None:
    """The records of UTF-8 ``data``; None where the csv module has to read them."""
    if len(mark) != 1 or not mark.isascii() or mark in ' \r\n"' or not data:
        return None
    if data.startswith(codecs.BOM_UTF8):  # Arrow leaves a second one out too
        return None
    if data.count(b"\r") != data.count(b"\r\n") or not _well_quoted(data, ord(mark)):
        return None
    width = _usual_width(data, mark)
    if not 2 <= width <= limits().columns:
        return None
    odd: list[tuple[int, str]] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        if len(odd) >= _ODD_AT_MOST:
            return "error"
        odd.append((row.number, row.text))
        return "skip"

    try:
        table = _table(data, mark, width, None)
        # Records of another width come with their number in one thread only.
        table = _table(data, mark, width, skip) if table is None else table
    except pa.ArrowInvalid:
        return None
    if table is None:
        return None
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if lines > table.num_rows + len(odd):  # cells with line breaks: they may have swallowed rows
        return None
    columns = [_whole(column) for column in table.columns]
    del table
    most = limits().cell_length
    if any((pc.max(pc.binary_length(column)).as_py() or 0) > most for column in columns):
        return None  # the csv module knows the row
    return _with_odd(columns, odd, mark)


def _table(
    data: bytes, mark: str, width: int, skip: Callable[[arrow_csv.InvalidRow], str] | None
) -> pa.Table | None:
    """The records of the usual width; None where there are others, and no ``skip``."""
    others = False

    def stop(_: arrow_csv.InvalidRow) -> str:
        nonlocal others
        others = True
        return "error"

    names = [str(i) for i in range(width)]
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                use_threads=skip is None, column_names=names, block_size=_BLOCK
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=mark,
                newlines_in_values=b'"' in data,
                ignore_empty_lines=False,
                invalid_row_handler=skip or stop,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        if others:
            return None
        raise


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _well_quoted(data: bytes, mark: int) -> bool:
    """Whether each quotation mark begins a cell, ends one, or is doubled inside one."""
    if b'"' not in data:
        return True
    # The beginning and the end of the file border a cell too.
    codes = np.frombuffer(b"\n" + data + b"\n", dtype=np.uint8)
    at = np.flatnonzero(codes == _QUOTE)
    if len(at) % 2:
        return False
    border = np.zeros(256, dtype=bool)
    border[[mark, *b"\r\n"]] = True
    opening, closing = at[0::2], at[1::2]
    again = np.zeros(len(opening), dtype=bool)  # the second mark of a doubled one
    again[1:] = opening[1:] == closing[:-1] + 1
    doubled = np.zeros(len(closing), dtype=bool)
    doubled[:-1] = again[1:]
    return bool(
        (border[codes[opening - 1]] | again).all() and (border[codes[closing + 1]] | doubled).all()
    )


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


def _with_odd(columns: list[pa.Array], odd: list[tuple[int, str]], mark: str) -> Records | None:
    """The records in order, those of another width among them, without the blank ones."""
    width, total = len(columns), len(columns[0]) + len(odd)
    lengths: list[int] = [width] * total
    if odd:
        numbers = [number for number, _ in odd]
        if None in numbers:
            return None
        records = [next(csv.reader([text], delimiter=mark, strict=True), []) for _, text in odd]
        widest = max(width, *map(len, records))
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
    blank = _blank_rows(columns)
    rows: Sequence[int] = range(1, 1 + total)
    if len(blank):
        kept = np.ones(total, dtype=bool)
        kept[blank] = False
        mask, at = pa.array(kept), np.flatnonzero(kept)
        columns = [column.filter(mask) for column in columns]
        lengths = [lengths[i] for i in at.tolist()]
        rows = array("q", (at + 1).tobytes())
    while columns and not pc.any(pc.greater(pc.binary_length(columns[-1]), 0)).as_py():
        columns.pop()
    return Records(tuple(map(TextColumn, columns)), rows, lengths, total)


def _blanks(size: int) -> pa.Array:
    return pa.array([""], type=pa.large_string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def _blank_rows(columns: Sequence[pa.Array]) -> np.ndarray:
    """The rows whose cells are all blank, by any kind of space."""
    left = np.arange(len(columns[0]))
    for column in columns:
        if not len(left):
            break
        some = column if len(left) == len(column) else column.take(pa.array(left))
        # A cell that begins with a letter, digit or sign is not blank: that settles nearly all.
        plain = pc.match_substring_regex(some, r"\A[!-~]")
        left = left[~plain.to_numpy(zero_copy_only=False)]
        if len(left):
            texts = column.take(pa.array(left)).to_pylist()
            left = left[[not text.strip() for text in texts]]
    return left
