"""Old workbooks: only the records of a table are left for xlrd to read, counted before it does.

xlrd would work out names, which may be formulas that double a text forty times, and enter a link
of a few bytes at each of the sixteen million cells that it says it covers.
"""

from __future__ import annotations

import io
import struct
from collections import Counter

import xlrd
from xlrd import biffh, compdoc

from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.zip_guard import DamagedError

_OF_ONE_CELL = frozenset(
    (
        biffh.XL_NUMBER,
        biffh.XL_NUMBER_B2,
        biffh.XL_INTEGER,
        biffh.XL_RK,
        biffh.XL_LABEL,
        biffh.XL_LABEL_B2,
        biffh.XL_LABELSST,
        biffh.XL_RSTRING,
        biffh.XL_BOOLERR,
        biffh.XL_BOOLERR_B2,
        *biffh.XL_FORMULA_OPCODES,
    )
)
_OF_FORMATS = frozenset(
    (
        biffh.XL_FONT,
        biffh.XL_FONT_B3B4,
        biffh.XL_FORMAT,
        biffh.XL_FORMAT2,
        biffh.XL_STYLE,
        biffh.XL_XF,
        biffh.XL_XF2,
        biffh.XL_XF3,
        biffh.XL_XF4,
    )
)
_KEPT = (
    _OF_ONE_CELL
    | _OF_FORMATS
    | frozenset(
        (
            biffh.XL_MULRK,
            biffh.XL_ROW,
            biffh.XL_ROW_B2,
            biffh.XL_STRING,
            biffh.XL_STRING_B2,
            biffh.XL_ARRAY,
            biffh.XL_ARRAY2,
            biffh.XL_SHRFMLA,
            biffh.XL_TABLEOP,
            biffh.XL_TABLEOP2,
            biffh.XL_TABLEOP_B2,
            biffh.XL_SST,
            biffh.XL_CONTINUE,
            biffh.XL_DIMENSION,
            biffh.XL_DIMENSION2,
            biffh.XL_BOUNDSHEET,
            biffh.XL_SHEETHDR,
            biffh.XL_SHEETSOFFSET,
            biffh.XL_CODEPAGE,
            biffh.XL_DATEMODE,
            biffh.XL_BUILTINFMTCOUNT,
            biffh.XL_IXFE,
            biffh.XL_FILEPASS,
            biffh.XL_EOF,
            *biffh.bofcodes,
        )
    )
)
_HEAD = struct.Struct("<HH")  # of each record: what it is, how long
_UNKNOWN = 0x0FFF  # no record of any version
_MOST_FORMATS = 65_536  # a cell names its format by two bytes
_MOST_OTHERS = 1_000_000  # records that are no cells
_READ_TWICE = 32 << 20  # bytes that may be read because sheets share them, as odd writers do


def safe_stream(data: bytes) -> bytes:
    """The workbook's records, those that tell nothing of a table made unknown to xlrd.

    Raises TooLargeError, DamagedError, and what xlrd raises where there is no workbook.
    """
    stream = bytearray(_stream(data))
    most = limits().cells
    cells, others, formats = 0, 0, Counter[int]()
    depth, tops, named = 0, set[int](), list[int]()
    at, end, read = 0, len(stream) - 3, _HEAD.unpack_from
    while at < end:
        code, length = read(stream, at)
        if code in _OF_ONE_CELL:
            cells += 1
        elif code == biffh.XL_MULRK:
            cells += length // 6
        elif code not in _KEPT:
            stream[at : at + 2] = _UNKNOWN.to_bytes(2, "little")
            others += 1
        elif code in biffh.bofcodes:
            if not depth:
                tops.add(at)
            depth += 1
        elif code == biffh.XL_EOF:
            depth = max(0, depth - 1)
        else:
            others += 1
            if code == biffh.XL_BOUNDSHEET:
                named.append(int.from_bytes(stream[at + 4 : at + 8], "little"))
            elif code in _OF_FORMATS:
                formats[code] += 1
                if formats[code] > _MOST_FORMATS:
                    raise TooLargeError("It has more formats of cells than any program writes")
        if cells > most:
            raise too_large("It has too many cells", "cells", most)
        if others > _MOST_OTHERS + cells:
            raise DamagedError("It has more than a million records that are no cells")
        at += 4 + length
    sheets = limits().sheets
    if len(named) > sheets:
        raise too_large(f"It has {len(named):,} sheets", "sheets", sheets)
    shared = len(set(named)) < len(named) or not tops.issuperset(named)
    if shared and len(named) * len(stream) > _READ_TWICE:
        raise DamagedError("It has sheets that share the same place in the file")
    return bytes(stream)


def _stream(data: bytes) -> bytes:
    if not data.startswith(compdoc.SIGNATURE):
        return data
    container = compdoc.CompDoc(data, logfile=io.StringIO())
    for name in ("Workbook", "Book"):
        found = container.get_named_stream(name)
        if found:
            return bytes(found)
    raise xlrd.XLRDError("Can't find workbook in OLE2 compound document")
