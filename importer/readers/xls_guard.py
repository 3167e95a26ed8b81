"""Hide from xlrd all records of an old workbook except those of cells, and limit these.

xlrd would evaluate names, which may be formulas that double a text forty times, and store a link at
each of the sixteen million cells that it claims to cover.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import NamedTuple

from xlrd import biffh

from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.ole_container import SIGNATURE, OleContainer
from importer.readers.xls_comments import BESIDE_CELLS, Records
from importer.readers.zip_guard import DamagedError


def _codes(names: str) -> frozenset[int]:
    return frozenset(getattr(biffh, f"XL_{name}") for name in names.split())


_CELLS = frozenset(biffh.XL_FORMULA_OPCODES) | _codes(
    "NUMBER NUMBER_B2 INTEGER RK LABEL LABEL_B2 LABELSST RSTRING BOOLERR BOOLERR_B2"
)
_FORMATS = _codes("FONT FONT_B3B4 FORMAT FORMAT2 STYLE XF XF2 XF3 XF4")
_OTHERS = _codes(
    "MULRK ROW ROW_B2 STRING STRING_B2 ARRAY ARRAY2 SHRFMLA TABLEOP TABLEOP2 TABLEOP_B2 SST"
    " CONTINUE DIMENSION DIMENSION2 BOUNDSHEET SHEETHDR SHEETSOFFSET CODEPAGE DATEMODE"
    " BUILTINFMTCOUNT IXFE FILEPASS EOF MERGEDCELLS COLINFO PALETTE"
)
_PASSED = _CELLS | _FORMATS | _OTHERS | frozenset(biffh.bofcodes)
_HEAD = struct.Struct("<HH")  # of a record: its code, its length
UNKNOWN = 0x0FFF  # no record of any version
_LAST_COLUMN = 256
_MOST_COLOURS = 56  # of a palette
_MOST_FORMATS = 65_536  # a cell names its format by two bytes
_MOST_OTHERS = 1_000_000  # other records
_MOST_SHARED = 32 << 20  # bytes read again for sheets that share their place, as odd writers do


class SafeStream(NamedTuple):
    """A workbook's stream, and the records of what its sheets have beside cells, by where a sheet
    begins."""

    data: bytes
    beside: dict[int, Records]


def safe_stream(data: bytes) -> SafeStream:
    """The workbook's stream, records that do not matter to a table replaced by unknown ones.

    Raises TooLargeError, DamagedError, and what xlrd raises where there is no workbook.
    """
    stream = bytearray(_stream(data))
    most = limits().cells
    cells, others, formats = 0, 0, Counter[int]()
    depth, top_level, sheet_starts = 0, list[int](), list[int]()
    beside: dict[int, Records] = {}
    palettes = 0
    at, end, read = 0, len(stream) - 3, _HEAD.unpack_from
    while at < end:
        code, length = read(stream, at)
        if code in _CELLS:
            cells += 1
        elif code == biffh.XL_MULRK:
            cells += length // 6
        elif code not in _PASSED or (
            (code == biffh.XL_MERGEDCELLS and not _is_merge_list(stream, at + 4, length))
            or (code == biffh.XL_COLINFO and not _is_column_info(stream, at + 4, length))
            or (code == biffh.XL_PALETTE and (palettes or not _is_palette(stream, at + 4, length)))
        ):
            if code in BESIDE_CELLS and depth == 1:
                beside.setdefault(top_level[-1], []).append((code, at))
            stream[at : at + 2] = UNKNOWN.to_bytes(2, "little")
            others += 1
        elif code in biffh.bofcodes:
            if not depth:
                top_level.append(at)
            depth += 1
        elif code == biffh.XL_EOF:
            depth = max(0, depth - 1)
        else:
            others += length // 8 + 1 if code == biffh.XL_MERGEDCELLS else 1
            if code == biffh.XL_COLINFO:  # xlrd notes each of its columns
                first, last = read(stream, at + 4)
                others += max(last - first, 0) // 8
            elif code == biffh.XL_BOUNDSHEET:
                sheet_starts.append(int.from_bytes(stream[at + 4 : at + 8], "little"))
            elif code == biffh.XL_PALETTE:
                palettes += 1
            elif code in _FORMATS:
                formats[code] += 1
                if formats[code] > _MOST_FORMATS:
                    raise TooLargeError("It has more formats of cells than any program writes")
        if cells > most:
            raise too_large("It has too many cells", "cells", most)
        if others > _MOST_OTHERS + cells:
            raise DamagedError("It has more than a million records that are no cells")
        at += 4 + length
    sheets = limits().sheets
    if len(sheet_starts) > sheets:
        raise too_large(f"It has {len(sheet_starts):,} sheets", "sheets", sheets)
    shared = len(set(sheet_starts)) < len(sheet_starts) or not set(top_level).issuperset(
        sheet_starts
    )
    if shared and len(sheet_starts) * len(stream) > _MOST_SHARED:
        raise DamagedError("It has sheets that share the same place in the file")
    return SafeStream(bytes(stream), beside)


def _is_merge_list(stream: bytearray, at: int, length: int) -> bool:
    """Whether it is as long as its count of ranges says; xlrd gives up where it is not."""
    return length >= 2 and length == 2 + 8 * int.from_bytes(stream[at : at + 2], "little")


def _is_palette(stream: bytearray, at: int, length: int) -> bool:
    """Whether it has as many colours as it says; xlrd gives up where it has not."""
    colours = int.from_bytes(stream[at : at + 2], "little")
    return colours <= _MOST_COLOURS and length == 2 + 4 * colours


def _is_column_info(stream: bytearray, at: int, length: int) -> bool:
    return length >= 10 and int.from_bytes(stream[at + 2 : at + 4], "little") <= _LAST_COLUMN


def _stream(data: bytes) -> bytes:
    if not data.startswith(SIGNATURE):
        return data
    container = OleContainer(data)
    for name in ("Workbook", "Book"):
        if stream := container.stream(name):
            return stream
    raise DamagedError("It cannot be read: the part with its workbook is empty. Export it again")
