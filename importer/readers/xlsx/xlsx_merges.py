"""The merged cells of a sheet of an XLSX file."""

from __future__ import annotations

import re

from importer.core.column_letters import column_index
from importer.model.tables import MergedCells
from importer.readers.number_formats import ByteStream

_MERGE = re.compile(
    rb"<(?:\w+:)?mergeCell [^<>]*?ref=\"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})\""
)
_LONGEST = 200  # bytes of one such element
_MOST = 200_000  # more are of no spreadsheet that a person made


class MergeScanner:
    """Passes a sheet's XML through and collects its merged cells."""

    def __init__(self, sheet: ByteStream) -> None:
        self.merges: list[MergedCells] = []
        self._sheet, self._rest = sheet, b""

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._sheet.read(size)
        data = self._rest + chunk
        end = 0
        if b"mergeCell " in data and len(self.merges) < _MOST:
            for match in _MERGE.finditer(data):
                left, top, right, bottom = match.groups()
                self.merges.append(
                    MergedCells(
                        int(top), int(bottom), column_index(left.decode()),
                        column_index(right.decode()),
                    )
                )  # fmt: skip
                end = match.end()
        self._rest = data[max(end, len(data) - _LONGEST) :]
        return chunk


def merges_of(sheet: ByteStream) -> list[MergedCells]:
    """The merged cells of a whole sheet."""
    scanner = MergeScanner(sheet)
    while scanner.read(1 << 20):
        pass
    return scanner.merges
