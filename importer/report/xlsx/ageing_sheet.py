"""The sheet ``AP ageing``: open amounts by vendor and by how long they are overdue."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.ageing import BUCKET_WORDS, AgeBucket, Ageing, AgeingRow
from importer.report.ageing_report import ageing_words
from importer.report.result_columns import AGEING
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import MOST_ROWS, write_money, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

SHEET, IN_LIGHT, DIFFERENCE, CONTROL = "Sheet", "In Light", "Difference", "Control total"
FIRST_AMOUNT = 3
AgeingRows = dict[tuple[str, str], int]  # the rows of the totals, by currency and what they are
_Line = tuple[str, dict[AgeBucket, int | None]]  # what it is, and its cents


def write_ageing(sheet: Worksheet, context: WorkbookContext, ageing: Ageing) -> AgeingRows:
    """Up to three rows a vendor: the sheet's open amounts, Light's balances, and the difference,
    which has no amounts where Light's were not all read; then the totals.

    Returns where the totals are.
    """
    styles, buckets = context.styles, ageing.buckets
    headers = ["Currency", "Vendor", "What", *(BUCKET_WORDS[b] for b in buckets), "Total"]
    widths = [10, 32, 14, *([17] * (len(buckets) + 1))]
    lines = [(row, line) for row in ageing.rows for line in _lines(ageing, row)]
    totals = [(row, line) for row in ageing.totals() for line in _lines(ageing, row)]
    notes = [*ageing_words(ageing)]
    most = MOST_ROWS - len(totals) - len(notes) - 4
    if len(lines) > most:
        notes.append(f"Only the first {most:,} of {len(lines):,} rows are here.")
        lines = lines[:most]
    for c, width in enumerate(widths):
        sheet.set_column(c, c, width)
    set_up_table(sheet, len(headers), len(lines), frozen=2)
    for c, header in enumerate(headers):
        style = "header_top" if c < FIRST_AMOUNT else "header_figure"
        sheet.write_string(0, c, header, styles[style])
    for out, (row, line) in enumerate(lines, start=1):
        _write_line(sheet, context, out, row, row.vendor, line, buckets, "cell")
    places: AgeingRows = {}
    below = len(lines) + 2
    for out, (row, line) in enumerate(totals, start=below):
        places[row.currency, line[0]] = out
        name = f"Total {row.currency}" if line[0] == SHEET else ""
        _write_line(sheet, context, out, row, name, line, buckets, "strong")
    below += len(totals) + 1
    for out, note in enumerate(notes, start=below):
        sheet.write_string(out, 0, note, styles["words"])
    context.prints[AGEING] = SheetPrint(widths, 22 + 15 * (below + len(notes)))
    return places


def _lines(ageing: Ageing, row: AgeingRow) -> Iterator[_Line]:
    yield SHEET, dict(row.sheet)
    if ageing.asked:
        yield IN_LIGHT, dict.fromkeys(AgeBucket) if row.unread else dict(row.light)
        yield DIFFERENCE, {bucket: row.difference(bucket) for bucket in AgeBucket}
    controls: dict[AgeBucket, int | None] = {
        bucket: control
        for (currency, bucket), control in ageing.expected.items()
        if currency == row.currency
    }
    if controls and not row.vendor:
        yield CONTROL, {bucket: controls.get(bucket) for bucket in AgeBucket}


def _write_line(
    sheet: Worksheet,
    context: WorkbookContext,
    out: int,
    row: AgeingRow,
    vendor: str,
    line: _Line,
    buckets: list[AgeBucket],
    name: str,
) -> None:
    styles, (what, cents) = context.styles, line
    text, column = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    for c, value in enumerate((row.currency, vendor, what)):
        write_text(sheet, out, c, visible(value), text, column)
    amounts = [cents.get(bucket, 0) for bucket in buckets]
    stated = [each for each in amounts if each is not None]
    amounts.append(sum(stated) if len(stated) == len(amounts) else None)
    for c, each in enumerate(amounts, start=FIRST_AMOUNT):
        differs = what == DIFFERENCE and each != 0
        style = styles.money("difference" if differs else name, row.unit)
        write_money(sheet, out, c, each, style, row.unit)
