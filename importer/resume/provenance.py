"""The hidden sheet by which a result workbook is known again, whatever became of its properties.

It holds what run and template the workbook is of, and for each sheet of rows its headers and the
numbers of its rows, so that rows that were deleted or added can be told. Excel, LibreOffice,
Google Sheets and openpyxl keep it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from importer.core.safe_text import visible
from importer.model.report_model import Report
from importer.model.tables import InputTable, TableKind
from importer.readers.file_limits import limits
from importer.report.xlsx.result_columns import kept_columns

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from importer.report.xlsx.cell_styles import CellStyles
    from importer.report.xlsx.workbook_context import Written

ORIGIN = "light-import"
FORMAT = "2"  # workbooks of the first have no such sheet
_WARNING = "By this sheet light-import knows this workbook again. Please leave it as it is."
_FACTS = (
    "template",
    "template_file",
    "layout",
    "run",
    "continues",
    "folder",  # of the first file; workbooks of today say it of each sheet
    "company",
    "company_id",
    "base_url",
    "sandbox",
    "seal",
)
_CHUNK = 2_000  # ranges in a cell
_LONGEST_HEADER = 200
_TIMES_TOLD = 4  # two sheets of rows, each with those that are in Light


@dataclass(frozen=True)
class FormerSheet:
    """A sheet of rows as it was written. Rows are numbered as in the file it was made from.

    ``in_light`` and ``unsettled`` are those whose bill was in Light, or could not be settled.
    ``parameters`` are those of the template, as they were used; ``folder`` is where its file was.
    """

    name: str
    headers: tuple[str, ...]
    rows: frozenset[int]
    in_light: frozenset[int] = frozenset()
    unsettled: frozenset[int] = frozenset()
    parameters: tuple[tuple[str, str], ...] = ()
    folder: str = ""


@dataclass(frozen=True)
class Origin:
    """What the sheet says: facts by name, ``--expect``, and the sheets of rows."""

    facts: Mapping[str, str]
    expect: tuple[tuple[str, str], ...]
    sheets: tuple[FormerSheet, ...]
    flat_bills: int  # rows of the sheet Bills of a flat layout


def facts_of(report: Report) -> dict[str, str]:
    """What a result workbook says of itself; "" for what there is nothing to say of."""
    summary = report.summary
    kinds = {table.kind for table in report.tables}
    said = {
        "template": summary.template,
        "template_file": summary.template_file,
        "layout": "flat" if TableKind.FLAT in kinds else "two_sheets",
        "run": summary.run or "",
        "continues": summary.continues,
        "company": summary.company or "",
        "company_id": summary.company_id,
        "base_url": summary.base_url or "",
        "sandbox": "yes" if summary.sandbox else "",
    }
    return {name: visible(value) for name, value in said.items()}


def write_origin(
    sheet: Worksheet,
    formats: CellStyles,
    report: Report,
    written: Written,
    flat_bills: int,
) -> None:
    """``written`` says which sheets there are, and what became of their rows."""
    sheet.hide()
    sheet.set_column(0, 3, 30, formats.message)
    summary = report.summary
    rows: list[tuple[str, ...]] = [
        (name, value) for name, value in facts_of(report).items() if value
    ]
    rows += [("expect", *map(visible, pair)) for pair in summary.expect]
    rows.append(("flat_bills", str(flat_bills)))
    for t, name in written.sheets.items():
        standing = written.in_light.get(t, []), written.unsettled.get(t, [])
        rows += _sheet_rows(report.tables[t], name, *standing)
    if report.seal is not None:
        folders = {name: _folder_of(report.tables[t]) for t, name in written.sheets.items()}
        mark = report.seal(sealed_text(visible(summary.template_file).strip(), folders))
        rows += [("seal", mark)] if mark else []
    sheet.write_string(0, 0, _WARNING, formats.message)
    for out, row in enumerate([*rows, ("check", _check(rows))], start=1):
        for c, text in enumerate(row):
            sheet.write_string(out, c, text, formats.message)


def _sheet_rows(
    table: InputTable, name: str, in_light: list[int], unsettled: list[int]
) -> Iterator[tuple[str, ...]]:
    yield "sheet", name
    if folder := _folder_of(table):
        yield "folder", folder
    for parameter in table.parameters.items():
        if parameter[1].strip():
            yield "parameter", *map(visible, parameter)
    for column in kept_columns(table.headers):
        yield "header", visible(table.headers[column])[:_LONGEST_HEADER]
    every = [int(row) for row in islice(table.source.rows, table.header + 1, None)]
    for key, numbers in (("rows", every), ("in_light", in_light), ("unsettled", unsettled)):
        for text in _ranges(numbers):
            yield key, text


def _folder_of(table: InputTable) -> str:
    return visible(table.source.folder).strip()


def sealed_text(template_file: str, folders: Mapping[str, str]) -> str:
    """What a seal is for: the places on this computer that the workbook names, by sheet."""
    return json.dumps(["light-import result", template_file, sorted(folders.items())])


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    """``2-9,11`` of the numbers, in texts that fit into a cell."""
    parts: list[str] = []
    first = last = -2
    for number in sorted(numbers):
        if number == last + 1:
            last = number
            continue
        if last >= 0:
            parts.append(f"{first}-{last}")
        first = last = number
    if last >= 0:
        parts.append(f"{first}-{last}")
    for i in range(0, len(parts), _CHUNK):
        yield ",".join(parts[i : i + _CHUNK])


def _numbers(text: str, most: int) -> frozenset[int]:
    """The numbers of a text of ``_ranges``; ValueError before more than ``most`` take memory."""
    ranges = [tuple(map(int, part.split("-"))) for part in text.split(",")]
    if sum(max(0, last - first + 1) for first, last in ranges) > most:
        raise ValueError(text)
    return frozenset(number for first, last in ranges for number in range(first, last + 1))


def _check(rows: Iterable[Sequence[str]]) -> str:
    text = "\n".join("\t".join(" ".join(cell.split()) for cell in row if cell) for row in rows)
    return f"{zlib.crc32(text.encode(errors='replace')):08x}"


def read_origin(cells: Iterable[Sequence[str]]) -> Origin | None:
    """The sheet again from its rows of cells; None where it is not as it was written."""
    rows = [tuple(cell.strip() for cell in row if cell.strip()) for row in cells]
    rows = [row for row in rows if row]
    if len(rows) < 3 or rows[-1] != ("check", _check(rows[1:-1])):
        return None
    try:
        return _origin(rows[1:-1])
    except (ValueError, IndexError):  # somebody made the check right, and the rest not
        return None


def _origin(rows: Iterable[Sequence[str]]) -> Origin:
    """Raises ValueError or IndexError where a row is not as it was written."""
    facts = dict.fromkeys(_FACTS, "")
    expect: list[tuple[str, str]] = []
    sheets: list[FormerSheet] = []
    flat_bills, left = 0, _TIMES_TOLD * limits().rows
    for key, *values in rows:
        if key == "expect":
            expect.append((values[0], values[1]))
        elif key == "flat_bills":
            flat_bills = int(values[0])
        elif key == "sheet":
            sheets.append(FormerSheet(values[0], (), frozenset()))
        elif key == "parameter":
            known = (*sheets[-1].parameters, (values[0], values[1]))
            sheets[-1] = replace(sheets[-1], parameters=known)
        elif key == "header":
            if values:  # else the column had none
                sheets[-1] = replace(sheets[-1], headers=(*sheets[-1].headers, values[0]))
        elif key in ("rows", "in_light", "unsettled"):
            numbers = _numbers(values[0], left)
            left -= len(numbers)
            rows_known = getattr(sheets[-1], key) | numbers
            sheets[-1] = replace(sheets[-1], **{key: rows_known})
        elif key == "folder" and sheets:
            sheets[-1] = replace(sheets[-1], folder=values[0])
        elif key in facts:
            facts[key] = values[0]
    return Origin(facts, tuple(expect), tuple(sheets), flat_bills)
