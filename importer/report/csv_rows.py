"""The result as CSV: one row a row of the file, with the columns that the result adds.

Text that a spreadsheet would run as a formula gets an apostrophe before it, and so does text that
begins with an apostrophe: who takes one leading apostrophe away has the text as it was.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO

from importer.core.atomic_write import atomic_write
from importer.model.report_model import Report
from importer.model.tables import TableKind
from importer.report.csv_cells import lines, written
from importer.report.csv_columns import SAFE, CsvRowBlock
from importer.report.outcomes import BillOutcomes, LineOutcomes
from importer.report.report_rows import added, every_row
from importer.report.xlsx.result_columns import OURS, kept_columns

FILE, SHEET = "source_file", "source_sheet"
_RISKY = re.compile(r"[\s\x00-\x1f]*['=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")
AT_ONCE = 16_384  # rows
_AT_A_TIME = 2  # parts that are made at once
_HALVES = re.compile("[\ud800-\udfff]")


def write_csv(report: Report, path: Path, at_once: int = AT_ONCE) -> None:
    """UTF-8 with a byte order mark, commas; columns of the same header share one.

    Rows are written ``at_once`` or one by one: the memory does not grow with them.
    """
    columns: list[tuple[str, int]] = []  # header and which of that name
    for table in sorted(report.tables, key=lambda t: t.kind is not TableKind.BILLS):
        for key in _numbered([table.headers[c] for c in kept_columns(table.headers)]):
            if key not in columns:
                columns.append(key)
    at = {key: i for i, key in enumerate(columns)}
    ours = (*OURS, FILE, SHEET)
    if _made_when_asked(report):
        with atomic_write(path) as unfinished, unfinished.open("wb") as out:
            _write_columns(report, columns, out, at_once)
        return
    with (
        atomic_write(path) as unfinished,
        unfinished.open("w", encoding="utf-8-sig", newline="") as file,
    ):
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


def _made_when_asked(report: Report) -> bool:
    return isinstance(report.bills, BillOutcomes) and isinstance(report.line_items, LineOutcomes)


def _write_columns(
    report: Report, columns: list[tuple[str, int]], out: IO[bytes], at_once: int
) -> None:
    head = io.StringIO(newline="")
    csv.writer(head).writerow([*(neutral(header) for header, _ in columns), *OURS, FILE, SHEET])
    out.write(head.getvalue().encode("utf-8-sig"))
    order = sorted(
        range(len(report.tables)), key=lambda t: report.tables[t].kind is not TableKind.BILLS
    )
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for t in order:
            rows = CsvRowBlock(report, t)
            make = partial(_part, rows, columns)
            parts = [slice(k, k + at_once) for k in range(0, len(rows), at_once)]
            for part in _in_turn(pool, make, parts):
                out.write(part)


def _part(rows: CsvRowBlock, columns: list[tuple[str, int]], which: slice) -> memoryview:
    """Some of a table's rows as they stand in the file."""
    cells, told = rows.part(which)
    table = rows.table
    keys = _numbered([table.headers[c] for c in kept_columns(table.headers)])
    own = dict(zip(keys, cells, strict=True))
    told |= {FILE: _whole(table.source.file), SHEET: table.source.sheet or ""}
    return lines(
        [
            *(written(own.get(key, ""), neutral) for key in columns),
            *(
                told.get(name, "") if name in SAFE else written(told.get(name, ""), neutral)
                for name in (*OURS, FILE, SHEET)
            ),
        ]
    )


def _in_turn(
    pool: ThreadPoolExecutor, make: Callable[[slice], memoryview], parts: Iterable[slice]
) -> Iterator[memoryview]:
    """What is made of each part, in their order; few are made ahead, so that memory stays flat."""
    ahead: deque[Future[memoryview]] = deque()
    for part in parts:
        ahead.append(pool.submit(make, part))
        if len(ahead) > _AT_A_TIME:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _numbered(headers: list[str]) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    out = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        out.append((header, seen[header]))
    return out


def neutral(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; numbers stay as they are."""
    text = _whole(text)
    if _RISKY.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def _whole(text: str) -> str:
    """Halves of characters written out; names of files may have them."""
    return _HALVES.sub(lambda half: f"\\u{ord(half.group()):04x}", text)


def as_it_was(text: str) -> str:
    """What ``neutral`` was given, but for halves of characters, which no file can hold."""
    return text[1:] if text.startswith("'") else text
