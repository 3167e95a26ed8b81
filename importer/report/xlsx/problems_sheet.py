"""The sheet ``Problems``: one row a finding, linked to its cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from importer.core.safe_text import visible
from importer.model.finding import CellRef, Finding, Severity
from importer.report.colours import ERROR_TAB, SEVERITY_COLOURS, WARNING_TAB
from importer.report.finding_index import place_of
from importer.report.xlsx.cell_values import MOST_ROWS, fitting
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.row_xml import BLOCK_ROWS, RowXmlBlock, number_xml
from importer.report.xlsx.streaming_sheet import StreamingSheet, cell_link, style_number
from importer.report.xlsx.workbook_context import WorkbookContext

MOST_LISTED = MOST_ROWS - 6  # below them there are notes
_VALUE, _MESSAGE, _HINT = 22, 50, 44  # widths in characters
_COLUMNS = (
    ("Severity", 10),
    ("File", 20),
    ("Sheet", 12),
    ("Row", 8),
    ("Column", 30),
    ("Value", _VALUE),
    ("Problem", _MESSAGE),
    ("Fix", _HINT),
    ("Code", 28),
)


def write_problems(sheet: StreamingSheet, context: WorkbookContext) -> None:
    """One row a finding, in their order; the row number leads to the cell in this workbook."""
    styles, findings = context.styles, context.findings.listed
    if findings:
        errors = any(finding.severity is Severity.ERROR for finding in findings)
        sheet.set_tab_color(ERROR_TAB if errors else WARNING_TAB)
    for c, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width)
    set_up_table(sheet, len(_COLUMNS), len(findings))
    for c, (header, _) in enumerate(_COLUMNS):
        sheet.write_string(0, c, header, styles["header"])
    if not findings:
        sheet.write_string(1, 0, "No problems found.", styles["top"])
        sheet.hide()  # it would take a page of the print
        return
    height = 0
    for first in range(0, len(findings), BLOCK_ROWS):
        height += _write_block(sheet, context, first, findings[first : first + BLOCK_ROWS])
    printed = [width for _, width in _COLUMNS[:-1]]  # the code only helps a program
    sheet.print_area(0, 0, len(findings), len(printed) - 1)
    context.prints[sheet.get_name()] = SheetPrint(printed, height)
    for i, note in enumerate(problem_notes(context), start=len(findings) + 1):
        sheet.write_string(i, 0, note, styles["fine_print"])


def _write_block(
    sheet: StreamingSheet, context: WorkbookContext, first: int, findings: Sequence[Finding]
) -> int:
    """Some findings; ``first`` is how many are in the sheet before them. Gives the height of
    their rows in points."""
    styles = context.styles
    wrapped, top, code, text = (
        style_number(styles[name]) for name in ("wrapped", "top", "code", "wrapped_text")
    )
    block = RowXmlBlock(first + 1, len(findings))
    cells = [finding.cell for finding in findings]
    severities = {
        each.value: style_number(styles.severity[each.value]) for each in SEVERITY_COLOURS
    }
    block.add_words([finding.severity.value for finding in findings], severities)
    files = {file: visible(Path(file).name) for file in {cell.file for cell in cells}}
    block.add_texts([fitting(files[cell.file]) for cell in cells], wrapped)
    block.add_texts([fitting(visible(cell.sheet or "")) for cell in cells], top)
    unlinked, linked = (style_number(styles[name]) for name in ("top_number", "link_number"))
    numbers = []
    for k, cell in enumerate(cells):
        target = link_to(context, cell)
        has_link = target is not None and context.link(sheet, block.first + k, block.width, target)
        style = linked if has_link else unlinked
        numbers.append("" if cell.row is None else number_xml(cell.row, style))
    block.add_cells(numbers)
    block.add_texts([fitting(visible(cell.column or "")) for cell in cells], text)
    block.add_texts([fitting(finding.value) for finding in findings], text)
    block.add_texts([fitting(visible(finding.message)) for finding in findings], wrapped)
    block.add_texts([fitting(visible(finding.hint)) for finding in findings], wrapped)
    block.add_texts([visible(finding.code) for finding in findings], code)
    heights = [_height(finding) for finding in findings]
    sheet.append(block, heights)
    return sum(height or 15 for height in heights)


def _height(finding: Finding) -> int:
    # Not every spreadsheet fits the height of a row to wrapped text when it opens a file.
    wrapped = ((finding.value, _VALUE), (finding.message, _MESSAGE), (finding.hint, _HINT))
    lines = max(1 + max(len(text) - 1, 0) // (width - 2) for text, width in wrapped)
    return 15 * min(lines, 8) if lines > 1 else 0


def link_to(context: WorkbookContext, cell: CellRef) -> str | None:
    """The link to a cell of the file in this workbook, or to the first cell of its row."""
    place = place_of(cell)
    if place is None or place not in context.rows:
        return None
    column = 0
    if cell.column_index is not None:
        column = context.columns[place[0]].get(cell.column_index, 0)
    return cell_link(context.sheet_names[place[0]], context.rows[place], column)


def problem_notes(context: WorkbookContext) -> list[str]:
    """What of the problems the workbook does not show, and where it is shown."""
    findings, notes = context.findings, []
    if findings.omitted:
        listed = len(findings.listed)
        notes.append(
            f"The first {listed:,} of {listed + findings.omitted:,} problems are listed, errors"
            " before warnings; counts, statuses and colours are of all. For more, run it with"
            " --max-problems, or with --result out.json, which has all of them."
        )
    if context.comments_omitted:
        notes.append(
            f"Only the first {context.limits.comments:,} cells have a comment; "
            f"{context.comments_omitted:,} more are coloured without one."
        )
    if context.links_omitted:
        each = ", ".join(f"{n:,} of {name}" for name, n in context.links_omitted.items())
        notes.append(
            f"Excel allows {context.limits.links:,} links in a sheet; these have none, though their"
            f" text is there: {each}."
        )
    return notes
