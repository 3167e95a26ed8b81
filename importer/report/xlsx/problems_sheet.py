"""The sheet ``Problems``: one row a finding, linked to its cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.report.finding_index import place
from importer.report.xlsx.cell_values import MOST_LINKS, fitting
from importer.report.xlsx.page_setup import set_up_table
from importer.report.xlsx.row_xml import AT_ONCE, RowXmlBlock, number_tail
from importer.report.xlsx.workbook_context import MOST_COMMENTS, WorkbookContext

if TYPE_CHECKING:
    from importer.report.xlsx.streaming_sheet import QuickSheet

_COLUMNS = (
    ("severity", 10),
    ("file", 20),
    ("sheet", 12),
    ("row", 8),
    ("column", 30),
    ("value", 22),
    ("message", 50),
    ("hint", 44),
    ("code", 28),
)


def write_problems(sheet: QuickSheet, output: WorkbookContext) -> None:
    """One row a finding, in their order; the row number leads to the cell in this workbook."""
    formats, findings = output.formats, output.found.listed
    for c, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width)
    set_up_table(sheet, len(_COLUMNS), len(findings))
    for c, (header, _) in enumerate(_COLUMNS):
        sheet.write_string(0, c, header, formats.header)
    if not findings:
        sheet.write_string(1, 0, "No problems found.", formats.top)
        return
    links = 0
    for first in range(0, len(findings), AT_ONCE):
        links += _write_block(sheet, output, first, findings[first : first + AT_ONCE], links)
    for i, note in enumerate(problem_notes(output)):
        sheet.write_string(len(findings) + 1 + i, 0, note, formats.fine_print)


def _write_block(
    sheet: QuickSheet, output: WorkbookContext, first: int, findings: Sequence[Finding], links: int
) -> int:
    """Some findings, the ``first``-th of the sheet before them; gives how many links were made."""
    formats = output.formats
    wrapped, top, code = (
        each._get_xf_index() for each in (formats.wrapped, formats.top, formats.code)
    )
    as_text = formats.wrapped_text._get_xf_index()
    block = RowXmlBlock(first + 1, len(findings))
    cells = [finding.cell for finding in findings]
    severities = {each.value: look._get_xf_index() for each, look in formats.severity.items()}
    block.add_words([finding.severity.value for finding in findings], severities)
    files = {file: visible(Path(file).name) for file in {cell.file for cell in cells}}
    block.add_texts([fitting(files[cell.file]) for cell in cells], wrapped)
    block.add_texts([fitting(visible(cell.sheet or "")) for cell in cells], top)
    plain, linked = (each._get_xf_index() for each in (formats.top_number, formats.link_number))
    made = 0
    numbers = []
    for k, finding in enumerate(findings):
        row = finding.cell.row
        target = _target(output, finding) if row is not None else None
        if target is not None and links + made < MOST_LINKS:
            sheet.link(block.first + k, block.width, target)
            made += 1
        elif target is not None:
            output.written.links_left_out[sheet.get_name()] += 1
            target = None
        numbers.append(number_tail(row, linked if target else plain) if row is not None else "")
    block.add(numbers)
    block.add_texts([fitting(visible(cell.column or "")) for cell in cells], as_text)
    block.add_texts([fitting(finding.value) for finding in findings], as_text)
    block.add_texts([fitting(visible(finding.message)) for finding in findings], wrapped)
    block.add_texts([fitting(visible(finding.hint)) for finding in findings], wrapped)
    block.add_texts([visible(finding.code) for finding in findings], code)
    sheet.append(block, [_height(finding) for finding in findings])
    return made


def _height(finding: Finding) -> int:
    # Not every spreadsheet fits the height of a row to wrapped text when it opens a file.
    wrapped = ((finding.value, 22), (finding.message, 50), (finding.hint, 44))
    lines = max(1 + max(len(text) - 1, 0) // (width - 2) for text, width in wrapped)
    return 15 * min(lines, 8) if lines > 1 else 0


def _target(output: WorkbookContext, finding: Finding) -> str | None:
    """Where the link of a finding leads: its cell, else the first cell of its row."""
    written, there = output.written, place(finding)
    if there is None or there not in written.rows:
        return None
    column = 0
    if finding.cell.column_index is not None:
        column = written.columns[there[0]].get(finding.cell.column_index, 0)
    return f"internal:'{written.sheets[there[0]]}'!{xl_rowcol_to_cell(written.rows[there], column)}"


def problem_notes(output: WorkbookContext) -> list[str]:
    """What of the problems the workbook does not show, and where it is shown."""
    found, written = output.found, output.written
    notes = []
    if found.left_out:
        total = len(found.listed) + found.left_out
        notes.append(
            f"The first {len(found.listed):,} of {total:,} problems are listed, errors before"
            " warnings; counts, statuses and colours are of all. For more, run it with"
            " --max-problems, or with --result out.json, which has all of them."
        )
    if written.comments_left_out:
        notes.append(
            f"Only the first {MOST_COMMENTS:,} cells have a comment; "
            f"{written.comments_left_out:,} more are coloured without one."
        )
    if sum(written.links_left_out.values()):
        each = ", ".join(f"{n:,} of {name}" for name, n in written.links_left_out.items() if n)
        notes.append(
            f"Excel allows {MOST_LINKS:,} links in a sheet; these have none, though their text is"
            f" there: {each}."
        )
    return notes


def tab_colour(findings: Sequence[Finding]) -> str | None:
    if any(finding.severity is Severity.ERROR for finding in findings):
        return "#C0504D"
    return "#D9B44A" if findings else None
