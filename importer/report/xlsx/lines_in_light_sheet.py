"""The sheet ``Lines in Light``: what Light made of each line, as ``verify --lines`` read it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.report_model import LineInLight
from importer.report.phrases import utc
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.problems_sheet import link_to
from importer.report.xlsx.workbook_context import WorkbookContext

LINES_IN_LIGHT = "Lines in Light"
_MOST_LISTED = MOST_ROWS - 2
_COLUMNS = (
    ("File", 20),
    ("Sheet", 12),
    ("Row", 8),
    ("Invoice number", 18),
    ("Line", 6),
    ("light_line_item_id", 16),
    ("type", 18),
    ("metadata", 28),
    ("shouldAmortize", 14),
    ("amortizationScheduleId", 18),
    ("costCenterId", 13),
    ("suggested accountId", 14),
    ("suggested taxCodeId", 14),
    ("reasoning", 34),
    ("createdAt", 21),
    ("updatedAt", 21),
)


def write_lines_in_light(
    sheet: Worksheet, context: WorkbookContext, lines: Sequence[LineInLight]
) -> None:
    """One row a line item; what Light does not say is blank, a line without a row is Light's
    alone."""
    styles, shown = context.styles, lines[:_MOST_LISTED]
    for c, (header, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, header, styles["header" if " " in header else "header_word"])
    set_up_table(sheet, len(_COLUMNS), len(shown), height=34)
    text, column_style = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    for out, line in enumerate(shown, start=1):
        read, cell = line.read, line.cell
        texts = {
            0: Path(cell.file).name,
            1: cell.sheet,
            3: line.bill,
            5: read.light_id,
            6: read.type,
            7: read.metadata,
            8: None if read.should_amortize is None else ("no", "yes")[read.should_amortize],
            9: read.amortization_schedule_id,
            10: read.cost_center_id,
            11: ", ".join(read.suggested("account")),
            12: ", ".join(read.suggested("tax")),
            13: "; ".join(f"{field}: {why}" for field, _, why in read.suggestions if why),
            14: read.created_at and utc(read.created_at),
            15: read.updated_at and utc(read.updated_at),
        }
        for c, value in texts.items():
            if value:
                write_text(sheet, out, c, visible(value), text, column_style)
        if cell.row is not None:
            target = link_to(context, cell)
            if target is None or not context.link(sheet, out, 2, target):
                sheet.write_number(out, 2, cell.row, styles["top_number"])
            else:
                sheet.write_number(out, 2, cell.row, styles["link_number"])
        if read.line is not None:
            sheet.write_number(out, 4, read.line + 1, styles["top_number"])
    widths = [width for _, width in _COLUMNS]
    context.prints[LINES_IN_LIGHT] = SheetPrint(widths, 34 + 15 * len(shown))
