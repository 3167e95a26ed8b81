"""The hidden sheet that identifies a result workbook when it is loaded again.

It holds the run and the template of the workbook, and for each source sheet its headers and the
numbers of its rows, so that rows that were deleted or added can be recognised. Excel, LibreOffice,
Google Sheets and openpyxl keep it. ``importer.resume.provenance`` reads it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.report_model import RunSummary
from importer.model.tables import InputTable, TableKind
from importer.report.build_report import Report
from importer.report.result_columns import source_columns
from importer.report.xlsx.workbook_context import WorkbookContext

PROVENANCE = "light-import"
# Workbooks of the first have no such sheet, those of the second the result columns at the right.
FORMAT = "3"
PROPERTY_PREFIX = "light_import_"
LONGEST_HEADER = 200
_WARNING = "light-import uses this sheet to recognise the workbook. Please do not change it."
_CELL_RANGES = 2_000  # ranges in a cell
_LONGEST_PROPERTY = 255


def describe(workbook: Workbook, report: Report) -> None:
    """The document properties: what a person sees of the file, and the provenance once more."""
    summary = report.summary
    workbook.set_properties(
        {
            "title": "light-import result",
            "subject": visible(", ".join(summary.sources))[:255],
            "author": "light-import",
            "company": visible(summary.company or ""),
        }
    )
    for name, value in {**_facts(summary, report.tables), "format": FORMAT}.items():
        # A path that is too long for a property is left out rather than cut.
        if value and len(value) <= _LONGEST_PROPERTY:
            workbook.set_custom_property(f"{PROPERTY_PREFIX}{name}", value, "text")


def _facts(summary: RunSummary, tables: Sequence[InputTable]) -> dict[str, str]:
    """The provenance of the workbook as a whole; "" where there is none."""
    facts = {
        "template": summary.template,
        "template_file": summary.template_file,
        "layout": "flat" if any(t.kind is TableKind.FLAT for t in tables) else "two_sheets",
        "run": summary.run or "",
        "continues": summary.continues,
        "company": summary.company or "",
        "company_id": summary.company_id,
        "base_url": summary.base_url or "",
        "sandbox": "yes" if summary.sandbox else "",
    }
    return {name: visible(value) for name, value in facts.items()}


def write_provenance(
    sheet: Worksheet, context: WorkbookContext, report: Report, flat_bills: int
) -> None:
    """``flat_bills`` is the number of rows of the sheet Bills of a flat layout."""
    style, summary = context.styles["message"], report.summary
    sheet.hide()
    sheet.set_column(0, 3, 30, style)
    facts = _facts(summary, report.tables)
    rows: list[tuple[str, ...]] = [("format", FORMAT)]
    rows += [(name, value) for name, value in facts.items() if value]
    rows += [("expect", *map(visible, pair)) for pair in summary.expect]
    options = [(name, visible(text).strip()) for name, text in summary.options]
    rows += [("option", *pair) for pair in options]
    rows.append(("flat_bills", str(flat_bills)))
    for t, name in context.sheet_names.items():
        of_run = bool(summary.run or summary.continues)
        rows += _sheet_rows(context, t, report.tables[t], name, of_run=of_run)
    if report.seal is not None:
        folders = {name: _folder(report.tables[t]) for t, name in context.sheet_names.items()}
        template_file = visible(summary.template_file).strip()
        seal = report.seal(sealed_text(template_file, folders, options))
        rows += [("seal", seal)] if seal else []
    sheet.write_string(0, 0, _WARNING, style)
    for out, row in enumerate([*rows, ("check", checksum(rows))], start=1):
        for c, text in enumerate(row):
            sheet.write_string(out, c, text, style)


def _sheet_rows(
    context: WorkbookContext, t: int, table: InputTable, name: str, *, of_run: bool
) -> Iterator[tuple[str, ...]]:
    yield "sheet", name
    if folder := _folder(table):
        yield "folder", folder
    for parameter in table.parameters.items():
        if parameter[1].strip():
            yield "parameter", *map(visible, parameter)
    for column in source_columns(table):
        yield "header", visible(table.headers[column])[:LONGEST_HEADER]
    rows = [int(row) for row in islice(table.source.rows, table.header + 1, None)]
    in_light, unsettled = context.rows_in_light.get(t, []), context.rows_unsettled.get(t, [])
    if not of_run:  # what is in Light is so by other runs: the workbook continues none of them
        in_light = unsettled = []
    for key, numbers in (("rows", rows), ("in_light", in_light), ("unsettled", unsettled)):
        for text in _ranges(numbers):
            yield key, text


def _folder(table: InputTable) -> str:
    return visible(table.source.folder).strip()


def sealed_text(
    template_file: str, folders: Mapping[str, str], options: Sequence[tuple[str, str]]
) -> str:
    """What a seal covers: the places on this computer that the workbook names, by sheet, and the
    options of its run; workbooks of older versions have none."""
    parts: list[Any] = ["light-import result", template_file, sorted(folders.items())]
    return json.dumps([*parts, [*map(list, options)]] if options else parts)


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    """``2-9,11-11`` of the numbers, in texts that fit into a cell."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    for i in range(0, len(ranges), _CELL_RANGES):
        yield ",".join(f"{first}-{last}" for first, last in ranges[i : i + _CELL_RANGES])


def checksum(rows: Iterable[Sequence[str]]) -> str:
    """Of the rows of the sheet, whatever a spreadsheet makes of their white space."""
    text = "\n".join("\t".join(" ".join(cell.split()) for cell in row if cell) for row in rows)
    return f"{zlib.crc32(text.encode(errors='replace')):08x}"
