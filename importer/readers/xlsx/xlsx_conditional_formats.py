"""Conditional formats of a sheet of an XLSX file: which cells their rules may strike through."""

from __future__ import annotations

import re
from collections.abc import Collection

from importer.readers.number_formats import ByteStream

_CHUNK = 1 << 20
_MOST = 16 << 20  # bytes that are looked at, from the end of the rows on
_FORMATS = re.compile(
    rb"<(?:[\w.-]+:)?conditionalFormatting\s([^<>]*)>(.*?)</(?:[\w.-]+:)?conditionalFormatting>",
    re.DOTALL,
)
_CELLS = re.compile(rb"\bsqref\s*=\s*[\"']\s*([^\"']*?)\s*[\"']")
_LOOK = re.compile(rb"\bdxfId\s*=\s*[\"']\s*(\d+)\s*[\"']")


def struck_by_rules(sheet: ByteStream, looks: Collection[int]) -> list[str]:
    """The cells (``A2:F200``) that have a rule with one of these looks (dxf elements)."""
    after = b""
    ended = False
    while len(after) < _MOST and (chunk := sheet.read(_CHUNK)):
        after += chunk.replace(b"\0", b"")  # of UTF-16
        if not ended:
            _, end, rest = after.partition(b"sheetData>")
            ended, after = bool(end), rest if end else after[-len(b"sheetData>") :]
    return [
        cells[1].decode("ascii", "replace")
        for formats in _FORMATS.finditer(after)
        if (cells := _CELLS.search(formats[1]))
        and any(int(look) in looks for look in _LOOK.findall(formats[2]))
    ]
