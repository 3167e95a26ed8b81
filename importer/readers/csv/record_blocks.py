"""Split a CSV file into blocks of whole records, each checked before Arrow reads it.

Checked are: UTF-8 without NUL bytes, quotation marks where the csv module accepts them, and the
length of lines.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from importer.readers.csv.csv_guard import longest_line, most_lines

BLOCK = 1 << 20  # bytes; fits the processor's cache
_WIDEST = 1 << 24  # bytes of a record; a longer one is for the csv module
_QUOTE, _LF, _CR = b'"\n\r'


class NeedsCsvModule(Exception):
    """The file has something that Arrow may read differently, or that is to be refused."""


def record_blocks(file: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """The rest of the file in blocks that end where a record ends.

    Leaves out the end mark of old DOS and mainframe exports. Raises NeedsCsvModule above a limit.
    """
    longest, most = longest_line(), most_lines()
    lines, rest = 0, b""
    while piece := file.read(size):
        rest += piece
        end = _end_of_records(rest)
        if not end and len(rest) > _WIDEST:
            raise NeedsCsvModule
        if end:
            block, rest = rest[:end], rest[end:]
            lines += block.count(b"\n")
            if lines > most or (end > longest and _longest_line(block) > longest):
                raise NeedsCsvModule
            yield block
    if len(rest) > longest:
        raise NeedsCsvModule
    if rest := rest.removesuffix(b"\x1a"):
        yield rest


def _end_of_records(data: bytes) -> int:
    """The end of the last record that is certainly whole; 0 where none is."""
    end = data.rfind(b"\n") + 1
    if data.count(b'"', 0, end) % 2 == 0:
        return end
    codes = np.frombuffer(data, dtype=np.uint8)[:end]
    ends = np.flatnonzero(codes == _LF)
    outside = ends[~_inside(ends, np.flatnonzero(codes == _QUOTE))]
    return int(outside[-1]) + 1 if len(outside) else 0


def _longest_line(data: bytes) -> int:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _LF)
    return int(np.diff(ends, prepend=-1).max())


def _inside(at: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Which positions are inside quoted cells."""
    return np.asarray(np.searchsorted(marks, at) % 2 == 1, dtype=bool)


def has_multiline_cells(data: bytes, delimiter: int) -> bool:
    """Whether a cell of the block has a line break; ``delimiter`` is its byte.

    Raises NeedsCsvModule for anything that Arrow might read otherwise than the csv module.
    """
    # Arrow drops a byte order mark at the beginning of any block.
    if b"\0" in data or data.startswith(BOM_UTF8):
        raise NeedsCsvModule
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise NeedsCsvModule from None
    codes = np.frombuffer(data, dtype=np.uint8)
    quotes = np.empty(0, dtype=np.int64)
    multiline = False
    if b'"' in data:
        quotes = np.flatnonzero(codes == _QUOTE)
        if not _well_quoted(codes, quotes, delimiter):
            raise NeedsCsvModule
        multiline = bool(_inside(np.flatnonzero(codes == _LF), quotes).any())
    if b"\r" in data:
        returns = np.flatnonzero(codes == _CR)
        without_lf = np.ones(len(returns), dtype=bool)
        before = returns < len(codes) - 1
        without_lf[before] = codes[returns[before] + 1] != _LF
        if without_lf.any():  # the end of a record, as old Macs write it, but in a quoted cell
            if not _inside(returns[without_lf], quotes).all():
                raise NeedsCsvModule
            multiline = True
    return multiline


def _well_quoted(codes: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether each quotation mark begins a cell, ends one, or is doubled inside one."""
    if len(quotes) % 2:
        return False
    border = np.zeros(256, dtype=bool)
    border[[delimiter, _LF, _CR]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    again = np.zeros(len(opening), dtype=bool)  # the second mark of a doubled one
    again[1:] = opening[1:] == closing[:-1] + 1
    doubled = np.zeros(len(closing), dtype=bool)
    doubled[:-1] = again[1:]
    # The beginning and the end of the block border a cell too.
    first, last = opening == 0, closing == len(codes) - 1
    begins = border[codes[np.where(first, 0, opening - 1)]] | first | again
    ends = border[codes[np.where(last, 0, closing + 1)]] | last | doubled
    return bool(begins.all() and ends.all())
