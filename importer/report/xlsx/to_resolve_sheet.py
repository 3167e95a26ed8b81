"""The sheet ``To resolve``: names without an id in Light, each once, with a place for a pick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from importer.core.safe_text import visible
from importer.model.finding import CellRef
from importer.model.report_model import Unresolved
from importer.report.xlsx.cell_styles import PLAIN, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, width_of, write_text
from importer.report.xlsx.page_setup import set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SHEET = "To resolve"
FIELD, VALUE, PICK, SUGGESTION, ID = "field", "value", "pick", "suggestion", "id"
_COLUMNS = ((FIELD, 16), (VALUE, 36), (PICK, 40), ("why", 24), ("bills", 8), ("rows", 24))
_PICK = 2
_FIRST = len(_COLUMNS)  # column of the first suggestion
_ROWS_NAMED = 20
_PRINTED = 2  # suggestions


def write_to_resolve(
    sheet: Worksheet, output: WorkbookContext, unresolved: Sequence[Unresolved]
) -> None:
    """One row a name. The picks are chosen from the suggestions that stand to the right.

    The ids of the suggestions stand in hidden columns in the same order, so that a pick leads to
    its id; an id may be typed instead of a pick.
    """
    formats = output.formats
    shown = unresolved[: MOST_ROWS - 1]
    most = max((len(each.suggestions) for each in shown), default=0)
    for c, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width, formats.source[TEXT] if c == _PICK else None)
    if most:
        labels = [s.label for each in shown for s in each.suggestions]
        sheet.set_column(_FIRST, _FIRST + most - 1, width_of(SUGGESTION, max(map(len, labels))))
        sheet.set_column(_FIRST + most, _FIRST + 2 * most - 1, 38, None, {"hidden": True})
    set_up_table(sheet, _FIRST + 2 * most, len(shown))
    # On paper the first suggestions do; with all of them it would be too small to read.
    sheet.print_area(0, 0, len(shown), _FIRST + min(most, _PRINTED) - 1)
    numbered = [f"{name} {n}" for name in (SUGGESTION, ID) for n in range(1, most + 1)]
    for c, header in enumerate([*(name for name, _ in _COLUMNS), *numbered]):
        look = formats.our_header if c == _PICK else formats.header
        sheet.write_string(0, c, header, look)
    for out, each in enumerate(shown, start=1):
        _write_row(sheet, output, out, each, most)


def _write_row(
    sheet: Worksheet, output: WorkbookContext, out: int, each: Unresolved, most: int
) -> None:
    formats = output.formats
    text, plain = formats.cell[PLAIN, TEXT], formats.source[TEXT]
    sheet.write_string(out, 0, each.field, formats.top)
    write_text(sheet, out, 1, each.value, text, plain)
    if each.pick is not None:
        write_text(sheet, out, _PICK, each.pick.label, plain, plain)
    sheet.write_string(out, 3, visible(each.reason), formats.wrapped)
    sheet.write_number(out, 4, each.bills, formats.top_number)
    rows = rows_of(each.cells)
    if target := _target(output, each.cells[0]):
        sheet.write_url(out, 5, target, formats.link, rows)
    else:
        sheet.write_string(out, 5, rows, formats.top)
    for n, suggestion in enumerate(each.suggestions):
        write_text(sheet, out, _FIRST + n, suggestion.label, text, plain)
        sheet.write_string(out, _FIRST + most + n, suggestion.id, text)
    message = "Choose one of the suggestions, or paste the id from Light."
    if each.suggestions:
        from xlsxwriter.utility import xl_range_abs

        sheet.data_validation(
            out,
            _PICK,
            out,
            _PICK,
            {
                "validate": "list",
                # A list inside the rule may have 255 characters and no commas in its names.
                "source": "=" + xl_range_abs(out, _FIRST, out, _FIRST + len(each.suggestions) - 1),
                "input_message": message,
                "show_error": False,  # an id may be pasted
            },
        )


def rows_of(cells: Sequence[CellRef]) -> str:
    """ "2, 5, 9", of several sheets "Lines: 2, 5; Lines 2: 7", of many the first twenty."""
    places = {(cell.file, cell.sheet) for cell in cells}
    sheets = {cell.sheet for cell in cells}
    parts: dict[str, list[str]] = {}
    for cell in cells[:_ROWS_NAMED]:
        name = visible((cell.sheet if len(sheets) == len(places) else None) or cell.file)
        parts.setdefault(name if len(places) > 1 else "", []).append(str(cell.row))
    told = "; ".join(
        f"{name}: {', '.join(rows)}" if name else ", ".join(rows) for name, rows in parts.items()
    )
    return told + (f" … ({len(cells):,} rows)" if len(cells) > _ROWS_NAMED else "")


def _target(output: WorkbookContext, cell: CellRef) -> str | None:
    """Where the link leads: the first cell that has the name, in this workbook."""
    written = output.written
    if cell.table is None or cell.row is None or (cell.table, cell.row) not in written.rows:
        return None
    column = written.columns[cell.table].get(cell.column_index or 0, 0)
    from xlsxwriter.utility import xl_rowcol_to_cell

    at = xl_rowcol_to_cell(written.rows[cell.table, cell.row], column)
    return f"internal:'{written.sheets[cell.table]}'!{at}"
