"""The merged cells of a sheet of an XLSX file."""

from __future__ import annotations

import re

from importer.core.column_letters import column_index
from importer.model.tables import MergedCells
from importer.readers.number_formats import ByteStream

_MERGE = re.compile(
    rb"<(?:[\w.-]+:)?mergeCell\s[^<>]*?\bref\s*=\s*[\"']\s*"
    rb"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})\s*:\s*\$?([A-Za-z]{1,3})\$?([0-9]{1,7})\s*[\"']"
)
_LONGEST = 200  # bytes of one such element
_MOST = 200_000  # more are of no spreadsheet that a person made


class MergeScanner:
    """Passes a sheet's XML through and collects its merged cells."""

    def __init__(self, sheet: ByteStream) -> None:
        self.merges: list[MergedCells] = []
        self._sheet, self._rest = sheet, b""
        self._is_wide: bool | None = None

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._sheet.read(size)
        if self._is_wide is None:
            self._is_wide = b"\0" in chunk[:4]  # UTF-16 has a NUL beside each of these letters
        data = self._rest + (chunk.replace(b"\0", b"") if self._is_wide else chunk)
        end = 0
        if b"mergeCell" in data and len(self.merges) < _MOST:
            for match in _MERGE.finditer(data):
                columns = sorted(column_index(match[i].decode().upper()) for i in (1, 3))
                self.merges.append(MergedCells(*sorted((int(match[2]), int(match[4]))), *columns))
                end = match.end()
        self._rest = data[max(end, len(data) - _LONGEST) :]
        return chunk


def merges_of(sheet: ByteStream) -> list[MergedCells]:
    """The merged cells of a whole sheet."""
    scanner = MergeScanner(sheet)
    while scanner.read(1 << 20):
        pass
    return scanner.merges
