"""A second reader of XLS files, calamine, for those on which xlrd gives up.

It gets the records that ``xls_guard`` lets through, in a container of their own, and is bounded as
the first reader is. calamine knows no error cells, which are read here, and no number formats; a
cell that it leaves blank because it is damaged is an error cell.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from importer.model.tables import CellKind
from importer.readers.calamine import CalamineSheets
from importer.readers.file_limits import check_area, check_repeated_text
from importer.readers.grid import Cell, grid_of_values
from importer.readers.ole_container import ole_file
from importer.readers.sheet_errors import ReadSheet
from importer.readers.xls_comments import add_beside_cells
from importer.readers.xls_guard import UNKNOWN, SafeStream
from importer.readers.xlsb import overwrite_cells

_BOF, _EOF, _BOUNDSHEET, _SST, _CONTINUE = 0x809, 0x0A, 0x85, 0xFC, 0x3C
_NUMBER, _LABEL, _BOOLERR, _RK, _FORMULA, _LABELSST = 0x203, 0x204, 0x205, 0x27E, 0x06, 0xFD
_MULRK, _RSTRING, _STRING, _DATEMODE, _DIMENSION = 0xBD, 0xD6, 0x207, 0x22, 0x200
_BEFORE_STRING = frozenset((0x4BC, 0x221, 0x236))  # parts of a formula
_CELLS = frozenset((_NUMBER, _LABEL, _BOOLERR, _RK, _FORMULA, _LABELSST, _MULRK, _RSTRING))
_HEAD = struct.Struct("<HH")
_TOKENS = 20  # where a formula says how long it is
_DAMAGED = "#DAMAGED!"


@dataclass
class _Extent:
    """What a sheet has: its last row and column, counted from 1, its cells, its shared texts."""

    rows: int = 0
    columns: int = 0
    cells: int = 0
    shared: list[int] = field(default_factory=list)
    numbers: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], Cell] = field(default_factory=dict)


class SecondReader:
    """The worksheets of a workbook's stream as calamine reads them."""

    def __init__(self, safe: SafeStream) -> None:
        self._safe = safe
        self._stream = bytearray(safe.data)
        self._starts, self._hidden, texts, self._date1904 = _workbook(safe.data)
        self._lengths = _text_lengths(texts)
        self._extents = [self._extent(start) for start in self._starts]  # takes formulas away
        # calamine makes room for all sheets when it opens them, and without it ends the process.
        for extent in self._extents:
            check_area(extent.rows, extent.columns, extent.cells)
        self._sheets = CalamineSheets(ole_file("Workbook", bytes(self._stream)))
        self.names = self._sheets.names()
        if len(self.names) != len(self._starts):
            self.names = []

    def read(self, name: str) -> ReadSheet | None:
        """A sheet, None where calamine gives up on it, too. Raises ``TooLargeError``."""
        if self.names.count(name) != 1:
            return None
        index = self.names.index(name)
        extent = self._extents[index]
        lengths = (self._lengths[i] for i in extent.shared if i < len(self._lengths))
        check_repeated_text(sum(lengths), extent.cells)
        values = self._sheets.values(name)
        if values is None or any(
            row >= len(values) or values[row][column] == "" for row, column in extent.numbers
        ):
            return None
        overwrite_cells(values, extent.errors)
        grid = grid_of_values(values)
        grid.formats_unread, grid.date1904 = True, self._date1904
        start, (data, beside) = self._starts[index], self._safe
        add_beside_cells(grid, data, start, beside.get(start, []), None)
        return name, self._hidden[index], grid

    def _extent(self, start: int) -> _Extent:
        out = _Extent()
        awaited: tuple[int, int] | None = None  # the formula whose text must follow
        for code, at, length in _records(self._stream, start):
            if awaited is not None and code not in _BEFORE_STRING:
                if code != _STRING:
                    out.errors[awaited] = _DAMAGED, CellKind.ERROR
                awaited = None
            if code == _DIMENSION:  # calamine makes room for as much as it says
                self._stream[at - 4 : at - 2] = UNKNOWN.to_bytes(2, "little")
            if code not in _CELLS or length < 6:
                continue
            row, column = struct.unpack_from("<HH", self._stream, at)
            last, error = column, ""
            if code == _MULRK:
                last = int.from_bytes(self._stream[at + length - 2 : at + length], "little")
            elif code == _LABELSST and length >= 10:
                out.shared.append(int.from_bytes(self._stream[at + 6 : at + 10], "little"))
                error = "" if out.shared[-1] < len(self._lengths) else _DAMAGED
            elif code == _BOOLERR and length >= 8 and self._stream[at + 7]:
                error = _error_text(self._stream[at + 6])
            elif code == _FORMULA and length >= _TOKENS + 2:
                result = self._stream[at + 6 : at + 14]
                if result[6:] == b"\xff\xff":
                    awaited = (row, column) if result[0] == 0 else None
                    error = _error_text(result[2]) if result[0] == 2 else ""
                self._stream[at + _TOKENS : at + _TOKENS + 2] = b"\0\0"
            if error:
                out.errors[row, column] = error, CellKind.ERROR
            elif code in (_NUMBER, _RK, _MULRK):
                out.numbers += [(row, c) for c in range(column, last + 1)]
            out.rows, out.columns = max(out.rows, row + 1), max(out.columns, last + 1)
            out.cells += last - column + 1
        if awaited is not None:
            out.errors[awaited] = _DAMAGED, CellKind.ERROR
        return out


def _error_text(code: int) -> str:
    from xlrd import error_text_from_code

    return str(error_text_from_code.get(code, f"#ERROR {code}!"))


def second_reader(safe: SafeStream) -> SecondReader | None:
    """None where calamine cannot open the workbook."""
    reader = SecondReader(safe)
    return reader if reader.names else None


def _records(stream: bytes | bytearray, at: int) -> Iterator[tuple[int, int, int]]:
    """(code, place of its bytes, their number) of each record of a part, to its end."""
    depth = 0
    while at + 4 <= len(stream):
        code, length = _HEAD.unpack_from(stream, at)
        at += 4
        if code == _EOF:
            depth -= 1
            if depth <= 0:
                return
        depth += code == _BOF
        yield code, at, length
        at += length


def _workbook(stream: bytes) -> tuple[list[int], list[bool], list[bytes], bool]:
    """(where each sheet begins, whether it is hidden, the records of shared texts, whether days
    are counted from 1904)."""
    starts: list[int] = []
    hidden: list[bool] = []
    texts: list[bytes] = []
    before, date1904 = 0, False
    for code, at, length in _records(stream, 0):
        if code == _BOUNDSHEET and length >= 6:
            starts.append(int.from_bytes(stream[at : at + 4], "little"))
            hidden.append(bool(stream[at + 4] & 3))
        elif code == _SST or (code == _CONTINUE and before in (_SST, _CONTINUE) and texts):
            texts.append(stream[at : at + length])
        elif code == _DATEMODE:
            date1904 = stream[at : at + 1] == b"\1"
        before = code
    return starts, hidden, texts, date1904


def _text_lengths(texts: list[bytes]) -> list[int]:
    """The length of each shared text. Raises what xlrd raises where they are damaged."""
    from xlrd.book import unpack_SST_table

    if not texts:
        return []
    count = int.from_bytes(texts[0][4:8], "little")
    return [len(text) for text in unpack_SST_table(texts, count)[0]]
