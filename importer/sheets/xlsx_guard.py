"""A quick look at a sheet's XML for what calamine would lose, alter or die of.

calamine reads error cells as blank, or fails on newer ones (``#SPILL!``); reads formulas that were
never calculated as blank; numbers of more than 15 digits as floats; hidden rows as visible; numbers
shown as 00123 by their format as 123; and it ends the whole process, uncatchably, on two cells in
opposite corners of a sheet. This looks at bytes, not at elements: it may raise a false alarm, which
costs time only, and must never miss.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import IO

from importer.sheets.cells import MAX_COLUMNS, MAX_ROWS

_CHUNK = 1 << 20

_ROW = re.compile(rb'<row r="(\d+)"')
_FAR_CELL = re.compile(rb'<c r="([A-Z]{2,})')
_LONG_NUMBER = re.compile(rb"<v>-?\d{16}")
# A formula that is not followed by a value.
_NO_RESULT = re.compile(rb"</f>(?!<v>[^<])|<f[^>]*/>(?!<v>[^<])")
_BROKEN_TAG = re.compile(rb"<(?:c|v|f|row)[\n\r\t]")
_HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')

# calamine keeps 24 bytes for every cell of the rectangle that the filled cells span: (from this
# many cells on, it must not be larger than this many times the cells that there are).
_RECTANGLES = ((2_000_000, 40), (50_000_000, 4))


def reason_for_care(
    sheet: IO[bytes], zero_formats: Collection[str], *, never_calculated: bool
) -> str | None:
    """Why the sheet (its XML) must be read cell by cell; None where calamine reads it rightly.

    ``zero_formats`` are the style numbers whose number format is made of zeros only.
    ``never_calculated`` says that the stored results of formulas are place-holders.
    """
    styles = [b's="%s"' % style.encode() for style in zero_formats]
    rest = b""
    cells = last_row = last_column = 0
    first = True
    while chunk := sheet.read(_CHUNK):
        data = rest + chunk
        if first and (odd := _unusual_start(data)):
            return odd
        first = False
        # Cut before a cell, so that no pattern lies across the border.
        border = max(data.rfind(b"<c "), 0) or max(data.rfind(b"<"), 0)
        data, rest = data[:border], data[border:]
        if reason := _reason(data, styles, never_calculated):
            return reason
        cells += data.count(b"<c ")
        last_row = max(last_row, *map(int, _ROW.findall(data)), 0)
        for letters in set(_FAR_CELL.findall(data)):
            last_column = max(last_column, column_number(letters.decode()))
    if first:
        return "no XML"
    if reason := _reason(rest, styles, never_calculated):
        return reason
    for letters in _FAR_CELL.findall(rest):
        last_column = max(last_column, column_number(letters.decode()))
    if last_column > MAX_COLUMNS or last_row > MAX_ROWS:
        return "cells outside any sheet"
    area = last_row * max(last_column, 26)  # nobody looked at the columns up to Z
    if any(area > large and area > times * cells for large, times in _RECTANGLES):
        return "cells far apart"
    return None


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


def _reason(data: bytes, styles: list[bytes], never_calculated: bool) -> str | None:
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
    if any(style in data for style in styles):
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
    return None
