"""Comments and hidden columns of the sheets of an XLSX file."""

from __future__ import annotations

import re

from importer.core.column_letters import column_index
from importer.model.tables import CellComment
from importer.readers.number_formats import ByteStream
from importer.readers.package import Package
from importer.readers.xlsx.xlsx_cells import elements, text_of, unescape
from importer.readers.zip_guard import Part

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_MOST, _LONGEST = 10_000, 500  # comments of a sheet, and characters of one
_BEFORE_ROWS = 1 << 20  # bytes of a sheet, before its rows
_COLUMN = re.compile(rb"<(?:[\w.-]+:)?col\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb"\b(min|max|hidden)\s*=\s*[\"']\s*(\w+)\s*[\"']")


def comments_of(package: Package, sheet: str) -> list[CellComment]:
    """The comments on the cells of a sheet (its part), in the order of their rows; a conversation
    is one comment. Raises what zipfile and ElementTree raise where they are damaged."""
    texts: dict[tuple[int, int], list[str]] = {}
    threads: dict[tuple[int, int], list[str]] = {}
    for kind, part, _ in package.relations(sheet).values():
        if kind not in ("comments", "threadedComment") or not (stored := package.find(part)):
            continue
        threaded = kind == "threadedComment"
        for element in elements(
            Part(package.archive, stored), "threadedComment" if threaded else "comment"
        ):
            match = _REFERENCE.fullmatch(element.get("ref", ""))
            if match and len(texts) + len(threads) < _MOST:
                place = int(match[2]), column_index(match[1].upper())
                text = next(
                    (
                        unescape(child.text or "") if threaded else text_of(child)
                        for child in element
                        if child.tag.rpartition("}")[2] == "text"
                    ),
                    "",
                )
                (threads if threaded else texts).setdefault(place, []).append(text[:_LONGEST])
            element.clear()
    for place in [p for p, some in texts.items() if p in threads or not any(map(str.strip, some))]:
        del texts[place]
    return [
        CellComment(*place, " / ".join(some))
        for place, some in sorted({**texts, **threads}.items())
    ]


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
