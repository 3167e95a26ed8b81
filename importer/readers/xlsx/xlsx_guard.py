"""A quick look at a sheet's XML for what calamine would lose, alter or die of.

calamine reads error cells as blank, or fails on newer ones (``#SPILL!``); reads formulas that were
never calculated as blank; numbers of more than 15 digits as floats; hidden rows as visible; numbers
shown as 00123 by their format as 123; and it ends the whole process, uncatchably, on two cells in
opposite corners of a sheet. This looks at bytes, not at elements: it may raise a false alarm, which
costs time only, and must never miss.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.readers.file_limits import LONG_TEXTS, TooLargeError, limits, too_large
from importer.readers.grid import MAX_COLUMNS, MAX_ROWS

_CHUNK = 1 << 20
_XML_PER_CHARACTER = 8  # of a text, at most: &quot; and the tags around it
_LONG = 1_000  # from here on it matters how often a text is shared

_TEXT = re.compile(rb"<si[ />]")
_SHARED = re.compile(rb't="s"[^<>]{0,40}><v>(\d{1,9})</v>')

_ROW = re.compile(rb'<row r="(\d+)"')
_DIGITS_OF_LAST = len(str(MAX_ROWS))  # a row beyond is not always at twice the number
_FAR_CELL = re.compile(rb'<c r="([A-Z]{2,})')
_LONG_NUMBER = re.compile(rb"<v>-?\d{16}")
# A formula that is not followed by a value.
_NO_RESULT = re.compile(rb"</f>(?!<v>[^<])|<f[^<>]*/>(?!<v>[^<])")
_BROKEN_TAG = re.compile(rb"<(?:c|v|f|row)[\n\r\t]")
_HIDDEN = re.compile(rb'<row [^<>]*hidden="(?:1|true)"')

# All that is looked for in detail where any of it is found: RE2 looks for everything at once.
_ODD = (
    r't="[ed]"|<f[ >/]|hidden="| ="|= ?\'|= "|<!|<v |<c>|<row>|<v>-?[0-9]{16}'
    r"|<(?:c|v|f|row)[\n\r\t]"
    r'|<(?:c|row) (?:[^r]|r[^=]|r=[^"])'
)
_WIDE = '<c r="[A-Z]{2}'
_MOST_STYLES = 50  # that are looked for so

# calamine keeps 24 bytes for every cell of the rectangle that the filled cells span: (from this
# many cells on, it must not be larger than this many times the cells that there are).
_RECTANGLES = ((2_000_000, 40), (50_000_000, 4))


class Stream(Protocol):
    """Bytes, a piece at a time."""

    def read(self, size: int = -1, /) -> bytes: ...


def text_lengths(strings: Stream) -> list[int]:
    """About how long each shared text is, in bytes of its XML, from the part that has them.

    TooLargeError where one is longer than a cell may be.
    """
    out: list[int] = []
    most = limits().cell_length
    starts_at, at = -1, 0  # where the last text and the last piece begin
    rest = b""
    while chunk := strings.read(_CHUNK):
        for match in _TEXT.finditer(rest + chunk):
            place = at - len(rest) + match.start()
            if starts_at >= 0:
                out.append(place - starts_at)
            starts_at = place
        at, rest = at + len(chunk), chunk[-3:]
        if at - max(starts_at, 0) > _XML_PER_CHARACTER * most + _CHUNK:
            raise too_large(f"Text {len(out) + 1:,} of it is too long", "cell_length", most)
    return [*out, at - starts_at] if starts_at >= 0 else []


def reason_for_care(
    sheet: Stream,
    zero_formats: Collection[str],
    lengths: Sequence[int] = (),
    *,
    never_calculated: bool,
) -> str | None:
    """Why the sheet (its XML) must be read cell by cell; None where calamine reads it rightly.

    ``zero_formats`` are the style numbers whose number format is made of zeros only.
    ``never_calculated`` says that the stored results of formulas are place-holders. ``lengths`` are
    those of the shared texts. TooLargeError where there is more than may be read at all.
    """
    longest = max(lengths, default=0)
    characters = shared = since_cell = 0
    permitted = limits()
    styles = [f's="{style}"' for style in zero_formats]
    rest = b""
    cells = last_row = last_column = 0
    first = True
    while chunk := sheet.read(_CHUNK):
        data = rest + chunk
        if first and (odd := _unusual_start(data)):
            return odd
        first = False
        # Cut before a cell, so that no pattern lies across the border. A text of many pieces is not
        # searched again with each.
        new = len(rest) - 3 if len(rest) > _CHUNK else 0
        border = max(data.rfind(b"<c ", new), 0) or max(data.rfind(b"<", new), 0)
        data, rest = data[:border], data[border:]
        last_row = max(last_row, _last_row(data))
        if last_row > MAX_ROWS:
            return "cells outside any sheet"
        odd = "|".join([_ODD, _far_down(last_row), *styles])
        many = len(styles) > _MOST_STYLES
        whole = data + b"<"  # what follows tells of a tag that was left open
        if many or found_in(whole, f"{odd}|{_WIDE}"):
            reason = None
            if many or found_in(whole, odd):
                reason = _reason(data, styles, last_row, never_calculated)
            if reason:
                return reason
            for letters in set(_FAR_CELL.findall(data)):
                last_column = max(last_column, column_number(letters.decode()))
        here = _cells(data)
        cells += here
        since_cell = 0 if here else since_cell + len(data)
        if max(since_cell, len(rest)) > _XML_PER_CHARACTER * permitted.cell_length + _CHUNK:
            raise too_large(
                f"A cell near row {last_row:,} is too long", "cell_length", permitted.cell_length
            )
        if cells > permitted.cells:
            raise too_large("It has too many cells", "cells", permitted.cells)
        if longest > _LONG and (texts := data.count(b't="s"')):
            found = list(map(int, _SHARED.findall(data)))
            shared += texts
            characters += sum(lengths[i] for i in found if i < len(lengths))
            characters += longest * (texts - len(found))
            if characters > 10 * max(LONG_TEXTS, 100 * shared):
                raise TooLargeError(
                    "A long text is repeated in so many cells that they cannot be read. Delete"
                    " those that are not needed"
                )
            if characters > max(LONG_TEXTS, 100 * shared):
                return "long texts shared by many cells"
    if first:
        return "no XML"
    if reason := _reason(rest, styles, last_row, never_calculated):
        return reason
    for letters in _FAR_CELL.findall(rest):
        last_column = max(last_column, column_number(letters.decode()))
    if last_column > MAX_COLUMNS:
        return "cells outside any sheet"
    area = last_row * max(last_column, 26)  # nobody looked at the columns up to Z
    if any(area > large and area > times * cells for large, times in _RECTANGLES):
        return "cells far apart"
    return None


def found_in(data: bytes, pattern: str) -> bool:
    """Whether a pattern, in the language of RE2, is found; in a fraction of the time of ``re``."""
    ends = pa.py_buffer(struct.pack("<2q", 0, len(data)))
    # pa.array would import pandas
    one: Any = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)])
    found: bool = pc.match_substring_regex(one, pattern)[0].as_py()
    return found


def _cells(data: bytes) -> int:
    """How often ``<c `` is there; a third of the time of ``count``, which stops at any ``<``."""
    at = np.frombuffer(data, dtype=np.uint8)
    starts = (at[:-2] == ord("<")) & (at[1:-1] == ord("c")) & (at[2:] == ord(" "))
    return int(np.count_nonzero(starts))


def _last_row(data: bytes) -> int:
    """The number of the last row of these bytes; of rows in no order, ``_far_down`` tells."""
    at = data.rfind(b'<row r="')
    last = _ROW.match(data, at) if at >= 0 else None
    if last and len(last[1]) < _DIGITS_OF_LAST:
        return int(last[1])
    return max(map(int, _ROW.findall(data)), default=0)


def _far_down(last_row: int) -> str:
    """A row or cell that says that it is far below the last row, at twice its number or more."""
    first, digits = int(str(last_row)[0]), len(str(last_row))
    more = f"|[{first + 1}-9][0-9]{{{digits - 1}}}" if first < 9 else ""
    return f'<(?:c r="[A-Z]+|row r=")(?:[0-9]{{{digits + 1},}}{more})"'


def column_number(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _unusual_start(data: bytes) -> str | None:
    if not re.search(rb"<worksheet[\s>]", data[:8192]):
        return "names with a prefix, or not UTF-8"
    declared = re.match(
        rb"\s*<\?xml[^>]*encoding=[\"']([^\"']+)", data.removeprefix(b"\xef\xbb\xbf")
    )
    if declared and declared.group(1).lower() not in (b"utf-8", b"us-ascii"):
        return "not UTF-8"
    return None


def _reason(
    data: bytes, styles: Collection[str], last_row: int, never_calculated: bool
) -> str | None:
    """Why these bytes need care. Nothing is found in bytes in which ``_ODD``, ``_far_down`` and the
    styles are not found either."""
    if b't="e"' in data:
        return "error cells"
    has_formulas = b"<f>" in data or b"<f " in data or b"<f/" in data
    if has_formulas and (never_calculated or _NO_RESULT.search(data)):
        return "formulas never calculated"
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
    if re.search(_far_down(last_row).encode(), data):
        return "cells that are not in their row"
    return None
