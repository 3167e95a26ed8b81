"""The sheet ``Problems``: one row a finding, linked to its cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from importer.records import Finding, Severity
from importer.results.cells import MOST_LINKS, MOST_ROWS, write_text
from importer.results.formats import TEXT
from importer.results.found import place
from importer.results.output import MOST_COMMENTS, Output
from importer.results.page import set_up_table
from importer.results.wording import visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_COLUMNS = (
    ("severity", 10),
    ("file", 20),
    ("sheet", 12),
    ("row", 8),
    ("column", 18),
    ("value", 22),
    ("message", 50),
    ("hint", 44),
    ("code", 28),
)
_MOST_NOTES = 2


def write_problems(sheet: Worksheet, output: Output, findings: Sequence[Finding]) -> None:
    """One row a finding, in their order; the row number leads to the cell in this workbook."""
    formats = output.formats
    shown = min(len(findings), MOST_ROWS - 1 - _MOST_NOTES)
    for c, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width)
    set_up_table(sheet, len(_COLUMNS), shown)
    for c, (header, _) in enumerate(_COLUMNS):
        sheet.write_string(0, c, header, formats.header)
    if not findings:
        sheet.write_string(1, 0, "No problems found.", formats.top)
        return
    links = 0
    for out in range(1, shown + 1):
        finding = findings[out - 1]
        target = _target(output, finding) if links < MOST_LINKS else None
        links += target is not None
        _write_finding(sheet, output, out, finding, target)
    for i, note in enumerate(_notes(output, len(findings) - shown, links)):
        sheet.write_string(shown + 1 + i, 0, note, formats.fine_print)


def _write_finding(
    sheet: Worksheet, output: Output, out: int, finding: Finding, target: str | None
) -> None:
    formats, cell = output.formats, finding.cell
    # Not every spreadsheet fits the height of a row to wrapped text when it opens a file.
    wrapped = ((finding.value, 22), (finding.message, 50), (finding.hint, 44))
    lines = max(1 + max(len(text) - 1, 0) // (width - 2) for text, width in wrapped)
    if lines > 1:
        sheet.set_row(out, 15 * min(lines, 8))
    sheet.write_string(out, 0, finding.severity.value, formats.severity[finding.severity])
    sheet.write_string(out, 1, visible(Path(cell.file).name), formats.wrapped)
    if cell.sheet is not None:
        sheet.write_string(out, 2, visible(cell.sheet), formats.top)
    if cell.row is not None:
        if target is not None:
            sheet.write_url(out, 3, target, formats.link_number, str(cell.row))
            # Over the text of the link: the row number is a number, so that it sorts as one.
            sheet.write_number(out, 3, cell.row, formats.link_number)
        else:
            sheet.write_number(out, 3, cell.row, formats.top_number)
    if cell.column is not None:
        sheet.write_string(out, 4, visible(cell.column), formats.wrapped_text)
    if finding.value:
        write_text(sheet, out, 5, finding.value, formats.wrapped_text, formats.source[TEXT])
    sheet.write_string(out, 6, visible(finding.message), formats.wrapped)
    sheet.write_string(out, 7, visible(finding.hint), formats.wrapped)
    sheet.write_string(out, 8, visible(finding.code), formats.code)


def _target(output: Output, finding: Finding) -> str | None:
    """Where the link of a finding leads: its cell, else the first cell of its row."""
    written, there = output.written, place(finding)
    if there is None or there not in written.rows:
        return None
    column = 0
    if finding.cell.column_index is not None:
        column = written.columns[there[0]].get(finding.cell.column_index, 0)
    return f"internal:'{written.sheets[there[0]]}'!{xl_rowcol_to_cell(written.rows[there], column)}"


def _notes(output: Output, left_out: int, links: int) -> list[str]:
    notes = []
    if output.written.comments_left_out:
        notes.append(
            f"Only the first {MOST_COMMENTS:,} cells have a comment; "
            f"{output.written.comments_left_out:,} more are coloured without one."
        )
    if left_out:
        notes.append(f"{left_out:,} more problems do not fit into this sheet.")
    elif links == MOST_LINKS:
        notes.append(f"Only the first {MOST_LINKS:,} problems are linked; Excel allows no more.")
    return notes[:_MOST_NOTES]


def tab_colour(findings: Sequence[Finding]) -> str | None:
    if any(finding.severity is Severity.ERROR for finding in findings):
        return "#C0504D"
    return "#D9B44A" if findings else None
