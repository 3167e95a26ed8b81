"""The sheet ``AP ageing, old system``: its ageing report beside the sheet and Light's balances."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.ageing import Ageing, GroupCents, OldAgeingRow
from importer.report.old_ageing_tie_out import old_ageing_words
from importer.report.result_columns import OLD_AGEING
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, write_money, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

_FIRST_AMOUNT = 3
_HEIGHT = 34


def write_old_ageing(sheet: Worksheet, context: WorkbookContext, ageing: Ageing) -> None:
    """A block a report: for each vendor the old system, the sheet, their difference, and Light's
    balances with theirs; then the totals. Its columns are the ages that can be compared."""
    styles = context.styles
    most = max(len(tie_out.groups) for tie_out in ageing.old)
    widths = [10, 32, 22, *([18] * (most + 1))]
    for c, width in enumerate(widths):
        sheet.set_column(c, c, width)
    first = ageing.old[0]
    rows = sum(len(tie_out.rows) for tie_out in ageing.old)
    set_up_table(sheet, _FIRST_AMOUNT + len(first.groups) + 1, 0, frozen=2, height=_HEIGHT)
    out = 0
    for tie_out in ageing.old:
        headers = ["Currency", "Vendor", "What"]
        headers += [
            group.words if len(group.buckets) == 1 else f"{group.words}: {', '.join(group.headers)}"
            for group in tie_out.groups
        ]
        sheet.set_row(out, _HEIGHT)
        for c, header in enumerate([*headers, "Total"]):
            style = "header_top" if c < _FIRST_AMOUNT else "header_figure"
            write_text(sheet, out, c, visible(header), styles[style], styles[style])
        out += 1
        for row in (*tie_out.rows, *tie_out.totals()):
            name = row.vendor or f"Total {row.currency}"
            for what, cents in _lines(row, asked=ageing.asked):
                if out >= MOST_ROWS - 50:
                    sheet.write_string(out, 0, "More rows are in the JSON result.", styles["words"])
                    break
                _write_line(sheet, context, out, row, name, what, cents)
                name = ""
                out += 1
        out += 1
    for note in old_ageing_words(ageing):
        sheet.write_string(out, 0, visible(note), styles["words"])
        out += 1
    context.prints[OLD_AGEING] = SheetPrint(widths, _HEIGHT + 15 * (out + rows))


def _lines(row: OldAgeingRow, *, asked: bool) -> Iterator[tuple[str, GroupCents | str]]:
    """What each line is, and its cents, or why it has none."""
    yield "Old system", "not in the report" if row.old is None else row.old
    if row.sheet is None:
        yield "Sheet", f"may be: {row.doubt}" if row.doubt else "not in the sheet"
    else:
        yield "Sheet", row.sheet
    yield "Old system less sheet", row.differences
    if asked and row.sheet is not None:
        yield "In Light", "not read" if row.light is None else row.light
        if row.light is not None:
            old = row.old or (0,) * len(row.light)
            difference = tuple(a - b for a, b in zip(old, row.light, strict=True))
            yield "Old system less Light", difference


def _write_line(
    sheet: Worksheet,
    context: WorkbookContext,
    out: int,
    row: OldAgeingRow,
    name: str,
    what: str,
    cents: GroupCents | str,
) -> None:
    styles = context.styles
    text, column = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    for c, value in enumerate((row.currency, name, what)):
        write_text(sheet, out, c, visible(value), text, column)
    if isinstance(cents, str):
        write_text(sheet, out, _FIRST_AMOUNT, visible(cents), styles["words"], styles["words"])
        return
    base = "strong" if not row.vendor else "cell"
    for c, each in enumerate((*cents, sum(cents)), start=_FIRST_AMOUNT):
        differs = " less " in what and each != 0
        style = styles.money("difference" if differs else base, row.unit)
        write_money(sheet, out, c, each, style, row.unit)
