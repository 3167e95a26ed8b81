"""The records of the parts of XLSB files (MS-XLSB 2.1.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(type, start of its bytes, length) of each record."""
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = kind & 0x7F | (data[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, at, length
        at += length


def wide_text(data: bytes, at: int) -> tuple[str, int]:
    """(text, where it ends): a count of UTF-16 units in four bytes, then the units."""
    (count,) = struct.unpack_from("<I", data, at)
    end = at + 4 + 2 * count
    return data[at + 4 : end].decode("utf-16-le", "replace"), end
