"""The result as CSV: one row a row of the file, with the columns that the result adds.

Text that a spreadsheet would run as a formula gets an apostrophe before it, and so does text that
begins with an apostrophe: who takes one leading apostrophe away has the text as it was.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from importer.records import Report, TableKind
from importer.results.added import OURS, kept_columns
from importer.results.every_row import added, every_row
from importer.results.files import whole

FILE, SHEET = "source_file", "source_sheet"
_RISKY = re.compile(r"[\s\x00-\x1f]*['=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")
_HALVES = re.compile("[\ud800-\udfff]")


def write_csv(report: Report, path: Path) -> None:
    """UTF-8 with a byte order mark, commas; columns of the same header share one.

    Rows are written one by one: the memory does not grow with them.
    """
    columns: list[tuple[str, int]] = []  # header and which of that name
    for table in sorted(report.tables, key=lambda t: t.kind is not TableKind.BILLS):
        for key in _numbered([table.headers[c] for c in kept_columns(table.headers)]):
            if key not in columns:
                columns.append(key)
    at = {key: i for i, key in enumerate(columns)}
    ours = (*OURS, FILE, SHEET)
    with whole(path) as unfinished, unfinished.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(neutral(header) for header, _ in columns), *ours])
        last: list[str] | None = None
        places: list[int] = []
        for row in every_row(report):
            if row.headers is not last:
                last = row.headers
                places = [at[key] for key in _numbered(row.headers)]
            cells = [""] * len(columns)
            for place, text in zip(places, row.texts, strict=True):
                cells[place] = neutral(text)
            told = added(row) | {
                FILE: row.table.source.file,
                SHEET: row.table.source.sheet or "",
            }
            writer.writerow([*cells, *(neutral(told.get(name, "")) for name in ours)])


def _numbered(headers: list[str]) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    out = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        out.append((header, seen[header]))
    return out


def neutral(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; numbers stay as they are."""
    if _HALVES.search(text):
        text = _HALVES.sub(lambda half: f"\\u{ord(half.group()):04x}", text)
    if _RISKY.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def as_it_was(text: str) -> str:
    """What ``neutral`` was given, but for halves of characters, which no file can hold."""
    return text[1:] if text.startswith("'") else text
