"""The sheet ``To resolve``: names without an id in Light, each once, with a place for a pick."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from xlsxwriter.utility import xl_range_abs

from importer.core.safe_text import visible
from importer.model.finding import CellRef
from importer.model.report_model import Unresolved
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, fitting, width_of
from importer.report.xlsx.choice_lists import ChoiceLists
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.problems_sheet import link_to
from importer.report.xlsx.row_xml import BLOCK_ROWS, RowXmlBlock, number_xml, text_xml
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number
from importer.report.xlsx.workbook_context import WorkbookContext

TO_RESOLVE = "To resolve"
FIELD, VALUE, PICK, SUGGESTION, ID = "field", "value", "pick", "suggestion", "id"
_COLUMNS = ((FIELD, 16), (VALUE, 36), (PICK, 40), ("why", 36), ("bills", 8), ("rows", 24))
_PICK = 2
_FIRST = len(_COLUMNS)  # column of the first suggestion
_ROWS_NAMED = 20
_PRINTED = 2  # suggestions


def write_to_resolve(
    sheet: StreamingSheet,
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
    for first in range(0, len(shown), BLOCK_ROWS):
        sheet.append(_block(sheet, context, first, shown[first : first + BLOCK_ROWS], most))
    choices = (lists.range_of(each) or _in_row(out, each) for out, each in enumerate(shown, 1))
    out = 1
    for source, same in groupby(choices):
        last = out + sum(1 for _ in same) - 1
        if source is not None:
            _offer_picks(sheet, out, last, source)
        out = last + 1


def _block(
    sheet: StreamingSheet,
    context: WorkbookContext,
    first: int,
    names: Sequence[Unresolved],
    most: int,
) -> RowXmlBlock:
    """Some names; ``first`` is how many are in the sheet before them."""
    styles = context.styles
    text, picked = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    block = RowXmlBlock(first + 1, len(names))
    block.add_texts([each.field for each in names], style_number(styles["top"]))
    block.add_texts([fitting(each.value) for each in names], style_number(text))
    picks = [fitting(each.pick.label) if each.pick else "" for each in names]
    block.add_texts(picks, style_number(picked))
    block.add_texts([visible(each.reason) for each in names], style_number(styles["wrapped"]))
    number = style_number(styles["top_number"])
    block.add_cells([number_xml(each.bills, number) for each in names])
    unlinked, linked = style_number(styles["top"]), style_number(styles["link"])
    rows = []
    for k, each in enumerate(names):
        target = link_to(context, each.cells[0])
        has_link = target is not None and context.link(sheet, first + 1 + k, block.width, target)
        rows.append(text_xml(rows_of(each.cells), linked if has_link else unlinked))
    block.add_cells(rows)
    suggestions = [each.suggestions for each in names]
    for n in range(most):
        labels = [fitting(some[n].label) if n < len(some) else "" for some in suggestions]
        block.add_texts(labels, style_number(styles["wrapped_text"]))
    for n in range(most):
        ids = [some[n].id if n < len(some) else "" for some in suggestions]
        block.add_texts(ids, style_number(text))
    return block


def _in_row(out: int, each: Unresolved) -> str | None:
    """The suggestions in the row, as a formula names them; None for none.

    A list inside the rule may have 255 characters and no commas in its names.
    """
    last = _FIRST + len(each.suggestions) - 1
    return "=" + xl_range_abs(out, _FIRST, out, last) if each.suggestions else None


def _offer_picks(sheet: StreamingSheet, first: int, last: int, choices: str) -> None:
    """A dropdown of the ``choices`` in these rows."""
    options = {
        "validate": "list",
        "source": choices,
        "input_message": "Choose from the list, or paste the id from Light.",
        "show_error": False,  # an id may be pasted
    }
    sheet.data_validation(first, _PICK, last, _PICK, options)


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
