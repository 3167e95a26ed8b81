"""Comments and hidden columns of the sheets of an XLSX file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from importer.core.column_letters import column_index
from importer.model.tables import CellComment
from importer.readers.comments import Note, cell_comments
from importer.readers.number_formats import ByteStream
from importer.readers.package import Package
from importer.readers.xlsx.xlsx_cells import elements, text_of, unescape
from importer.readers.zip_guard import Part

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_BEFORE_ROWS = 1 << 20  # bytes of a sheet, before its rows
_COLUMN = re.compile(rb"<(?:[\w.-]+:)?col\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb"\b(min|max|hidden)\s*=\s*[\"']\s*(\w+)\s*[\"']")


def comments_of(package: Package, sheet: str) -> list[CellComment]:
    """The comments on the cells of a sheet (its part); a conversation is one comment.

    Raises what zipfile and ElementTree raise where they are damaged.
    """
    return cell_comments(_notes(package, sheet, "comment"), threads_of(package, sheet))


def threads_of(package: Package, sheet: str) -> Iterator[Note]:
    """The entries of the conversations on the cells of a sheet."""
    return _notes(package, sheet, "threadedComment")


def _notes(package: Package, sheet: str, name: str) -> Iterator[Note]:
    for kind, part, _ in package.relations(sheet).values():
        stored = package.find(part) if kind in (name, f"{name}s") else None
        for element in elements(Part(package.archive, stored), name) if stored else ():
            if match := _REFERENCE.fullmatch(element.get("ref", "")):
                texts = (text for text in element if text.tag.rpartition("}")[2] == "text")
                text = "".join(text_of(t) if len(t) else unescape(t.text or "") for t in texts)
                yield int(match[2]), column_index(match[1].upper()), text
            element.clear()


def hidden_columns_of(sheet: ByteStream) -> set[int]:
    """The hidden columns of a sheet, from 0."""
    data = b""
    while b"<sheetData" not in data and len(data) < _BEFORE_ROWS and (chunk := sheet.read(1 << 16)):
        data += chunk.replace(b"\0", b"")  # of UTF-16
    columns: set[int] = set()
    for match in _COLUMN.finditer(data.partition(b"sheetData")[0]):
        values = dict(_ATTRIBUTE.findall(match[1]))
        first, last = (values.get(name, b"") for name in (b"min", b"max"))
        if values.get(b"hidden") in (b"1", b"true") and first.isdigit() and last.isdigit():
            columns.update(range(int(first) - 1, min(int(last), 16_384)))
    return columns
