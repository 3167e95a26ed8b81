"""Scan a sheet's XML for what calamine would lose, alter or crash on.

calamine reads error cells as blank, or fails on newer ones (``#SPILL!``); reads formulas that were
never calculated as blank; numbers of more than 15 digits as floats; hidden rows as visible; numbers
shown as 00123 by their format as 123; and it ends the whole process, uncatchably, on two cells in
opposite corners of a sheet. The scan works on bytes, not on elements: it may over-report (the
slow path is taken) and must not under-report.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.column_letters import column_index
from importer.readers.file_limits import LONG_TEXTS, TooLargeError, limits, too_large
from importer.readers.grid import MAX_COLUMNS, MAX_ROWS

_CHUNK = 1 << 20
_XML_PER_CHARACTER = 8  # of a text, at most: &quot; and the tags around it
_LONG = 1_000  # from here on it matters how often a text is shared

_TEXT = re.compile(rb"<si[ />]")
_STRIKES = (b"<strike", b":strike")
_LONGEST_MARK = 6  # what of one may be at the end of a piece
_SHARED = re.compile(rb't="s"[^<>]{0,40}><v>(\d{1,9})</v>')

_ROW = re.compile(rb'<row r="(\d+)"')
_DIGITS_OF_LAST = len(str(MAX_ROWS))  # a row beyond is not always at twice the number
_FAR_CELL = re.compile(rb'<c r="([A-Z]{2,})')
_LONG_NUMBER = re.compile(rb"<v>-?\d{16}")
# A formula that is not followed by a value.
_NO_RESULT = re.compile(rb"</f>(?!<v>[^<])|<f[^<>]*/>(?!<v>[^<])")
_BROKEN_TAG = re.compile(rb"<(?:c|v|f|row)[\n\r\t]")
# A cell's place that is none, by which calamine counts on to columns that no sheet has.
_ODD_PLACE = '<c r="(?:[^A-Z]|[A-Z]{4}|[A-Z]{1,3}(?:[^A-Z0-9]|[0-9]+[^0-9"]))'
_NO_PLACE = re.compile(_ODD_PLACE.encode())
_HIDDEN = re.compile(rb'<row [^<>]*hidden="(?:1|true)"')

# One RE2 pass over everything; details are searched only where it matches.
_ODD = (
    r't="[ed]"|<f[ >/]|<strike|hidden="| ="|= ?\'|= "|<!|<v |<c>|<row>|<v>-?[0-9]{16}'
    r"|<(?:c|v|f|row)[\n\r\t]"
    r'|<(?:c|row) (?:[^r]|r[^=]|r=[^"])'
    f"|{_ODD_PLACE}"
)
_WIDE = '<c r="[A-Z]{2}'
_MOST_STYLES = 50  # in that pass

# calamine keeps 24 bytes for every cell of the rectangle that the filled cells span: (from this
# many cells on, it must not be larger than this many times the cells that there are).
_RECTANGLES = ((2_000_000, 40), (50_000_000, 4))


class Stream(Protocol):
    """Bytes, a piece at a time."""

    def read(self, size: int = -1, /) -> bytes: ...


def text_lengths(strings: Stream) -> tuple[list[int], bool]:
    """Approximate length of each shared string, in bytes of its XML; whether some are struck.

    Raises TooLargeError for one longer than a cell may be.
    """
    out: list[int] = []
    struck, tail = False, b""
    most = limits().cell_length
    starts_at, at = -1, 0  # where the last text and the last piece begin
    rest = b""
    while chunk := strings.read(_CHUNK):
        struck = struck or any(mark in tail + chunk for mark in _STRIKES)
        tail = chunk[-_LONGEST_MARK:]
        for match in _TEXT.finditer(rest + chunk):
            place = at - len(rest) + match.start()
            if starts_at >= 0:
                out.append(place - starts_at)
            starts_at = place
        at, rest = at + len(chunk), chunk[-3:]  # no text begins within
        if at - max(starts_at, 0) > _XML_PER_CHARACTER * most + _CHUNK:
            raise too_large(f"Text {len(out) + 1:,} of it is too long", "cell_length", most)
    return ([*out, at - starts_at] if starts_at >= 0 else []), struck


def slow_path_reason(
    sheet: Stream,
    zero_formats: Collection[str],
    lengths: Sequence[int] = (),
    *,
    never_calculated: bool,
) -> str | None:
    """Why the sheet (its XML) must be read cell by cell; None if calamine reads it correctly.

    ``zero_formats``: style numbers whose number format consists of zeros. ``never_calculated``:
    the stored results of formulas are place-holders. ``lengths``: of the shared strings.
    Raises TooLargeError above the file limits.
    """
    longest = max(lengths, default=0)
    characters = shared = since_cell = 0
    permitted = limits()
    styles = [f's="{style}"' for style in zero_formats]
    rest = b""
    cells = last_row = last_column = 0
    first, after_rows = True, False
    while chunk := sheet.read(_CHUNK):
        data = rest + chunk
        if first and (odd := _unusual_start(data)):
            return odd
        first = False
        ends_rows = b"</sheetData>" in data
        # Cut before a cell, so that no pattern lies across the border. A text of many pieces is not
        # searched again with each.
        new = len(rest) - 3 if len(rest) > _CHUNK else 0
        border = max(data.rfind(b"<c ", new), 0) or max(data.rfind(b"<", new), 0)
        data, rest = data[:border], data[border:]
        last_row = max(last_row, _last_row(data))
        if last_row > MAX_ROWS:
            return "cells outside any sheet"
        odd = "|".join([_ODD, _far_down(last_row), *styles])
        exceeds_styles = len(styles) > _MOST_STYLES
        closed = data + b"<"  # so that a tag that was left open is found
        if exceeds_styles or matches(closed, f"{odd}|{_WIDE}"):
            reason = None
            if exceeds_styles or matches(closed, odd):
                reason = reason_in(data, styles, last_row, never_calculated)
            if reason:
                return reason
            for letters in set(_FAR_CELL.findall(data)):
                last_column = max(last_column, column_index(letters.decode()) + 1)
        cells_in_chunk = _count_cells(data)
        cells += cells_in_chunk
        since_cell = 0 if cells_in_chunk else since_cell + len(data)
        if max(since_cell, len(rest)) > _XML_PER_CHARACTER * permitted.cell_length + _CHUNK:
            what = f"A cell near row {last_row:,} is too long"
            if after_rows:
                what = "What follows its rows (conditional formats, say) is too long"
            raise too_large(what, "cell_length", permitted.cell_length)
        after_rows = after_rows or ends_rows
        if cells > permitted.cells:
            raise too_large("It has too many cells", "cells", permitted.cells)
        if longest > _LONG and (texts := data.count(b't="s"')):
            indexes = list(map(int, _SHARED.findall(data)))
            shared += texts
            characters += sum(lengths[i] for i in indexes if i < len(lengths))
            characters += longest * (texts - len(indexes))
            if characters > 10 * max(LONG_TEXTS, 100 * shared):
                raise TooLargeError(
                    "A long text is repeated in so many cells that they cannot be read. Delete"
                    " those that are not needed"
                )
            if characters > max(LONG_TEXTS, 100 * shared):
                return "long texts shared by many cells"
    if first:
        return "no XML"
    if reason := reason_in(rest, styles, last_row, never_calculated):
        return reason
    for letters in _FAR_CELL.findall(rest):
        last_column = max(last_column, column_index(letters.decode()) + 1)
    if last_column > MAX_COLUMNS:
        return "cells outside any sheet"
    area = last_row * max(last_column, 26)  # nobody looked at the columns up to Z
    if any(area > large and area > times * cells for large, times in _RECTANGLES):
        return "cells far apart"
    return None


def matches(data: bytes, pattern: str) -> bool:
    """Whether an RE2 pattern matches anywhere; takes a fraction of the time of ``re``."""
    ends = pa.py_buffer(struct.pack("<2q", 0, len(data)))
    # pa.array would import pandas
    one: Any = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)])
    match: bool = pc.match_substring_regex(one, pattern)[0].as_py()
    return match


def _count_cells(data: bytes) -> int:
    """Number of ``<c ``; a third of the time of ``bytes.count``, which stops at any ``<``."""
    at = np.frombuffer(data, dtype=np.uint8)
    starts = (at[:-2] == ord("<")) & (at[1:-1] == ord("c")) & (at[2:] == ord(" "))
    return int(np.count_nonzero(starts))


def _last_row(data: bytes) -> int:
    """The number of the last row in these bytes; ``_far_down`` catches rows out of order."""
    at = data.rfind(b'<row r="')
    last = _ROW.match(data, at) if at >= 0 else None
    if last and len(last[1]) < _DIGITS_OF_LAST:
        return int(last[1])
    return max(map(int, _ROW.findall(data)), default=0)


def _far_down(last_row: int) -> str:
    """Pattern of a row or cell numbered at least twice as high as the last row."""
    first, digits = int(str(last_row)[0]), len(str(last_row))
    more = f"|[{first + 1}-9][0-9]{{{digits - 1}}}" if first < 9 else ""
    return f'<(?:c r="[A-Z]+|row r=")(?:[0-9]{{{digits + 1},}}{more})"'


def _unusual_start(data: bytes) -> str | None:
    if not re.search(rb"<worksheet[\s>]", data[:8192]):
        return "names with a prefix, or not UTF-8"
    declared = re.match(
        rb"\s*<\?xml[^>]*encoding=[\"']([^\"']+)", data.removeprefix(b"\xef\xbb\xbf")
    )
    if declared and declared.group(1).lower() not in (b"utf-8", b"us-ascii"):
        return "not UTF-8"
    return None


def reason_in(
    data: bytes, styles: Collection[str], last_row: int, never_calculated: bool
) -> str | None:
    """Why these bytes need the slow path. Implied by a match of ``_ODD``, ``_far_down`` or a
    style: without one there is no reason."""
    if b't="e"' in data:
        return "error cells"
    has_formulas = b"<f>" in data or b"<f " in data or b"<f/" in data
    if has_formulas and (never_calculated or _NO_RESULT.search(data)):
        return "formulas never calculated"
    if b"<strike" in data:
        return "text that is struck through in part"
    if b't="d"' in data:
        return "dates as text"
    if _LONG_NUMBER.search(data):
        return "numbers of more than 15 digits"
    if b'hidden="' in data and _HIDDEN.search(data):
        return "hidden rows"
    if any(style.encode() in data for style in styles):
        return "numbers with leading zeros"
    # What the patterns above and below rely on.
    if (
        b"='" in data
        or b' ="' in data
        or b'= "' in data
        or b"<!" in data
        or b"<v " in data
        or b"<c>" in data
        or b"<row>" in data
        or data.count(b"<c ") != data.count(b'<c r="')
        or data.count(b"<row ") != data.count(b'<row r="')
        or ((b"\n" in data or b"\r" in data or b"\t" in data) and _BROKEN_TAG.search(data))
    ):
        return "XML written in an unusual way"
    if _NO_PLACE.search(data):
        return "cells outside any sheet"
    if re.search(_far_down(last_row).encode(), data):
        return "cells that are not in their row"
    return None
