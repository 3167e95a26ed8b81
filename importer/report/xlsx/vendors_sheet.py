"""The sheet ``Vendors``: the vendors to create as the files have them, to be loaded again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.tables import VENDORS_SHEET, SourceTable
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

_WIDTH = 20


def write_vendors(
    sheet: Worksheet, context: WorkbookContext, tables: Sequence[SourceTable]
) -> None:
    """All their rows, below the headers of all; a header that one sheet has twice comes twice."""
    styles = context.styles
    text, column_style = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    columns: dict[tuple[str, int], int] = {}
    places = [_places(table, columns) for table in tables]
    for (header, _), c in columns.items():
        sheet.set_column(c, c, _WIDTH, column_style)
        write_text(sheet, 0, c, visible(header), styles["header"], column_style)
    rows = [(at, table.row_cells(i)) for at, table in zip(places, tables, strict=True)
            for i in range(1, len(table.rows))][: MOST_ROWS - 1]  # fmt: skip
    for out, (at, values) in enumerate(rows, start=1):
        for c, value in sorted(zip(at, values, strict=True)):
            if value:
                write_text(sheet, out, c, visible(value), text, column_style)
    set_up_table(sheet, len(columns), len(rows))
    context.prints[VENDORS_SHEET] = SheetPrint([_WIDTH] * len(columns), 15 * (len(rows) + 1))


def _places(table: SourceTable, columns: dict[tuple[str, int], int]) -> list[int]:
    """Where its columns go, by their headers; new ones are added."""
    times: Counter[str] = Counter()
    places = []
    for header in map(str.strip, table.row_cells(0)):
        times[header] += 1
        places.append(columns.setdefault((header, times[header]), len(columns)))
    return places
