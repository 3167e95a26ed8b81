"""The sheet ``Corrections``: cells that a person corrected on the page, before the check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.report_model import Correction
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

CORRECTIONS = "Corrections"
_COLUMNS = (
    ("File", 24),
    ("Sheet", 14),
    ("Row", 8),
    ("Column", 18),
    ("Before", 30),
    ("After", 30),
    ("Who", 16),
    ("When (UTC)", 21),
)
_ROW = 2


def write_corrections(
    sheet: Worksheet, context: WorkbookContext, corrections: Sequence[Correction]
) -> None:
    """One row a cell, in the order in which they were corrected."""
    styles, shown = context.styles, corrections[: MOST_ROWS - 1]
    for c, (header, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, header, styles["header"])
    set_up_table(sheet, len(_COLUMNS), len(shown))
    text, column_style = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    for out, each in enumerate(shown, start=1):
        texts = (Path(each.file).name, each.sheet or "", "", each.column)
        for c, value in enumerate((*texts, each.before, each.after, each.by, each.at)):
            if value:
                write_text(sheet, out, c, visible(value), text, column_style)
        sheet.write_number(out, _ROW, each.row, styles["top_number"])
    widths = [width for _, width in _COLUMNS]
    context.prints[CORRECTIONS] = SheetPrint(widths, 15 * (len(shown) + 1))
