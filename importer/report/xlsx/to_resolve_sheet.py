"""The sheet ``To resolve``: names without an id in Light, each once, with a place for a pick."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.finding import CellRef
from importer.model.report_model import Unresolved
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, width_of, write_text
from importer.report.xlsx.choice_lists import ChoiceLists
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.problems_sheet import link_to
from importer.report.xlsx.workbook_context import WorkbookContext

TO_RESOLVE = "To resolve"
FIELD, VALUE, PICK, SUGGESTION, ID = "field", "value", "pick", "suggestion", "id"
_COLUMNS = ((FIELD, 16), (VALUE, 36), (PICK, 40), ("why", 36), ("bills", 8), ("rows", 24))
_PICK = 2
_FIRST = len(_COLUMNS)  # column of the first suggestion
_ROWS_NAMED = 20
_PRINTED = 2  # suggestions


def write_to_resolve(
    sheet: Worksheet,
    context: WorkbookContext,
    unresolved: Sequence[Unresolved],
    lists: ChoiceLists,
) -> None:
    """One row a name. The picks are chosen from the suggestions to the right, or from all that
    Light has, where that is known.

    The ids of the suggestions are in hidden columns in the same order, so that a pick leads to its
    id; an id may be typed instead of a pick.
    """
    styles = context.styles
    shown = unresolved[: MOST_ROWS - 1]
    most = max((len(each.suggestions) for each in shown), default=0)
    for c, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(c, c, width, styles["text_column"] if c == _PICK else None)
    longest = max((len(s.label) for each in shown for s in each.suggestions), default=0)
    suggestion = width_of(SUGGESTION, longest)
    if most:
        sheet.set_column(_FIRST, _FIRST + most - 1, suggestion)
        sheet.set_column(_FIRST + most, _FIRST + 2 * most - 1, 38, None, {"hidden": True})
    set_up_table(sheet, _FIRST + 2 * most, len(shown))
    # On paper the first suggestions do; with all of them it would be too small to read.
    printed = [*(width for _, width in _COLUMNS), *[suggestion] * min(most, _PRINTED)]
    sheet.print_area(0, 0, len(shown), len(printed) - 1)
    context.prints[sheet.get_name()] = SheetPrint(printed, 15 * (len(shown) + 1))
    numbered = [f"{name} {n}" for name in (SUGGESTION, ID) for n in range(1, most + 1)]
    for c, header in enumerate([*(name for name, _ in _COLUMNS), *numbered]):
        style = styles["result_header" if c == _PICK else "header"]
        sheet.write_string(0, c, header, style)
    for out, each in enumerate(shown, start=1):
        _write_row(sheet, context, out, each, most)
        _offer_picks(sheet, out, each, lists.range_of(each))


def _write_row(
    sheet: Worksheet, context: WorkbookContext, out: int, each: Unresolved, most: int
) -> None:
    styles = context.styles
    text, column_style = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    sheet.write_string(out, 0, each.field, styles["top"])
    write_text(sheet, out, 1, each.value, text, column_style)
    if each.pick is not None:
        write_text(sheet, out, _PICK, each.pick.label, column_style, column_style)
    sheet.write_string(out, 3, visible(each.reason), styles["wrapped"])
    sheet.write_number(out, 4, each.bills, styles["top_number"])
    rows = rows_of(each.cells)
    if target := link_to(context, each.cells[0]):
        sheet.write_url(out, 5, target, styles["link"], rows)
    else:
        sheet.write_string(out, 5, rows, styles["top"])
    for n, suggestion in enumerate(each.suggestions):
        write_text(sheet, out, _FIRST + n, suggestion.label, text, column_style)
        sheet.write_string(out, _FIRST + most + n, suggestion.id, text)


def _offer_picks(sheet: Worksheet, out: int, each: Unresolved, choices: str | None) -> None:
    """A dropdown of the ``choices``, else of the suggestions in the row."""
    if choices is None and each.suggestions:
        # A list inside the rule may have 255 characters and no commas in its names.
        last = _FIRST + len(each.suggestions) - 1
        choices = "=" + xl_range_abs(out, _FIRST, out, last)
    if choices is not None:
        options = {
            "validate": "list",
            "source": choices,
            "input_message": "Choose from the list, or paste the id from Light.",
            "show_error": False,  # an id may be pasted
        }
        sheet.data_validation(out, _PICK, out, _PICK, options)


def rows_of(cells: Sequence[CellRef]) -> str:
    """ "2, 5, 9", of several sheets "Lines: 2, 5; Lines 2: 7", of many the first twenty."""
    places = {(cell.file, cell.sheet) for cell in cells}
    sheets = {cell.sheet for cell in cells}
    parts: dict[str, list[str]] = {}
    for cell in cells[:_ROWS_NAMED]:
        name = visible((cell.sheet if len(sheets) == len(places) else None) or cell.file)
        parts.setdefault(name if len(places) > 1 else "", []).append(str(cell.row))
    text = "; ".join(
        f"{name}: {', '.join(rows)}" if name else ", ".join(rows) for name, rows in parts.items()
    )
    return text + (f" … ({len(cells):,} rows)" if len(cells) > _ROWS_NAMED else "")
