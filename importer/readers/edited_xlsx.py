"""An XLSX workbook with some cells replaced; everything else in it stays as it is.

The sheet's XML is cut at the cells concerned, so that styles, widths, formulas and the sheets
nobody reads survive, and a sheet of 100,000 rows takes seconds.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape

from importer.core.column_letters import column_index, column_letters
from importer.core.errors import UsageProblem
from importer.model.tables import CellKind
from importer.readers.package import Package
from importer.readers.xlsx.xlsx_parts import read_book
from importer.readers.zip_guard import Part

_CALCULATION_CHAIN = "calcchain.xml"  # names cells with formulas; Excel makes it again
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)


@dataclass(frozen=True)
class NewCell:
    """The text of a cell as the reader gives it, and what kind of cell it is to be."""

    text: str
    kind: CellKind = CellKind.TEXT


SheetCells = Mapping[tuple[int, int], NewCell]  # (row in Excel, column from 0)


def edited_xlsx(source: Path, target: Path, sheets: Mapping[str, SheetCells]) -> None:
    """Write ``source`` to ``target`` with these cells, by sheet.

    UsageProblem for a cell that cannot be replaced by itself; errors of reading as they come.
    """
    with zipfile.ZipFile(source) as archive:
        package = Package(archive)
        book = read_book(package)
        parts = {each.part: sheets[each.name] for each in book.sheets if each.name in sheets}
        parts = {package.stored(part): cells for part, cells in parts.items()}
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as out:
            for info in archive.infolist():
                lower = info.filename.lower()
                if lower.endswith(_CALCULATION_CHAIN):
                    continue
                if info.filename in parts:
                    data = Part(archive, info.filename).read()
                    data = _SheetCutter(data, parts[info.filename], date1904=book.date1904).result()
                else:
                    data = archive.read(info)
                if lower.endswith((".rels", "[content_types].xml")):
                    data = re.sub(
                        rb"<(?:Override|Relationship)\b[^>]*calcChain\.xml[^>]*/>", b"", data
                    )
                out.writestr(info.filename, data)


@dataclass
class _SheetCutter:
    """Finds where cells begin and end in a sheet's XML, and puts others in their places."""

    data: bytes
    cells: SheetCells
    date1904: bool
    splices: list[tuple[int, int, bytes]] = field(default_factory=list)
    row: int = 0
    column: int = -1
    start: int = -1  # of the cell that is to be replaced
    style: str = ""
    prefix: str = ""
    todo: dict[int, NewCell] = field(default_factory=dict)  # of the current row, by column

    def result(self) -> bytes:
        self.by_row: dict[int, dict[int, NewCell]] = {}
        for (row, column), cell in self.cells.items():
            self.by_row.setdefault(row, {})[column] = cell
        if self.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UsageProblem(_BY_HAND)
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.Parse(self.data, True)
        pieces, at = [], 0
        for start, end, new in self.splices:
            pieces += [self.data[at:start], new]
            at = end
        return b"".join([*pieces, self.data[at:]])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        if local == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column, self.prefix = -1, f"{prefix}:" if prefix else ""
            self.todo = dict(sorted(self.by_row.get(self.row, {}).items()))
        elif not self.todo and self.start < 0:
            return
        elif local == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            self.column = column_index(letters) if letters else self.column + 1
            place = self.parser.CurrentByteIndex
            self._insert(place, self.column)
            if self.column in self.todo:
                self.start, self.style = place, attributes.get("s", "")
        elif local == "f" and self.start >= 0 and "ref" in attributes:  # of several cells
            raise UsageProblem(_BY_HAND)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "c" and self.start >= 0:
            end = self.data.index(b">", self.parser.CurrentByteIndex) + 1
            new = self._xml(self.column, self.todo.pop(self.column), self.style)
            self.splices.append((self.start, end, new))
            self.start = -1
        elif local == "row" and self.todo:
            place = self.parser.CurrentByteIndex
            if self.data[place : place + 2] != b"</":
                raise UsageProblem(_BY_HAND)  # a row without cells, which nobody can have edited
            self._insert(place, 1 << 20)

    def _insert(self, place: int, before: int) -> None:
        """Cells that the row does not have, before the column."""
        for column in [c for c in self.todo if c < before]:
            self.splices.append((place, place, self._xml(column, self.todo.pop(column), "")))

    def _xml(self, column: int, cell: NewCell, style: str) -> bytes:
        p, ref = self.prefix, f"{column_letters(column)}{self.row}"
        head = f'<{p}c r="{ref}"' + (f' s="{style}"' if style else "")
        if not cell.text:
            return f"{head}/>".encode()
        if cell.kind in (CellKind.NUMBER, CellKind.DATE):
            value = cell.text if cell.kind is CellKind.NUMBER else str(self._serial(cell.text))
            return f"{head}><{p}v>{value}</{p}v></{p}c>".encode()
        text = escape(_NOT_XML.sub("\ufffd", cell.text))
        t = f'<{p}t xml:space="preserve">{text}</{p}t>'
        return f'{head} t="inlineStr"><{p}is>{t}</{p}is></{p}c>'.encode()

    def _serial(self, text: str) -> int:
        epoch = _EPOCH_1904 if self.date1904 else _EPOCH
        return (date.fromisoformat(text) - epoch).days


_BY_HAND = (
    "This cell belongs to a formula of several cells, or to a sheet written in an unusual way."
    " Correct it in Excel, save the workbook, and drop it here again."
)
