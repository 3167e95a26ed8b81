"""The sheet ``Summary``: the whole run on one page."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.journal_states import Status
from importer.model.report_model import RunSummary
from importer.report.colours import NOT_IN_LIGHT_BAR, bar_colour
from importer.report.phrases import (
    ROW_WORDS,
    constant_words,
    day_and_time,
    documents,
    duration,
    in_order,
    note_status_words,
    some_documents,
    status_words,
)
from importer.report.tie_out import CurrencyTieOut, largest
from importer.report.verdict import tone, verdict
from importer.report.xlsx.ageing_sheet import AgeingRows
from importer.report.xlsx.cell_styles import STATUS_STYLES, CellStyles
from importer.report.xlsx.cell_values import write_money
from importer.report.xlsx.charts import (
    add_ageing_chart,
    bar_chart,
    chart_series,
    write_headers,
    write_heading,
    write_months,
)

_MOST_CURRENCIES = 4  # as columns; the sheet Tie-out has them all
_FIRST, _LAST = 1, 8  # the columns of the page
_FACTS = 4  # the column of the facts of the run, beside the chart
_CHARACTERS = 112  # that fit into its width
_LONGEST_BAND = 22 * _CHARACTERS  # a row is at most 409 points high
_MOST_VENDORS = 8  # in the table and chart
_LONGEST_NAME, _NAME_WIDTH = 200, 32  # characters of a vendor; on one line
_TITLES = {
    "validate": "Check of bills",
    "verify": "Comparison with Light",
    "undo": "Import undone",
}


def write_summary(
    workbook: Workbook,
    sheet: Worksheet,
    styles: CellStyles,
    summary: RunSummary,
    notes: Sequence[str],
    severities: tuple[int, int],
    currencies: Sequence[CurrencyTieOut],
    ageing_rows: AgeingRows,
) -> None:
    """The verdict, the statuses, the largest vendors, the months and the ageing with their charts,
    the rows accounted for, and what run this was.

    ``severities`` is how many errors and warnings there are.
    """
    sheet.hide_gridlines(2)
    for c, width in enumerate((2, 38, 12, 12, 18, 18, 18, 18, 4)):
        sheet.set_column(c, c, width)
    sheet.set_row(0, 34)
    sheet.write_string(0, _FIRST, _TITLES.get(summary.command, "Import of bills"), styles["title"])
    sheet.write_string(1, _FIRST, _subtitle(summary), styles["subtitle"])
    style = styles.verdict[tone(summary, *severities)]
    row = _write_band(sheet, 3, verdict(summary, *severities), style, 24)
    if summary.next_step:
        text = f"Next: {visible(summary.next_step)}"
        row = _write_band(sheet, row, text, styles["paragraph"], 17)
    first, row = _write_statuses(sheet, styles, row + 1, summary)
    below_chart = _add_status_chart(workbook, sheet, row + 1, first, summary)
    below_facts = _write_facts(sheet, styles, row + 1, summary)  # beside the chart
    row = max(below_chart, below_facts) + 1
    row = _write_vendors(workbook, sheet, styles, row, currencies)
    row = write_months(workbook, sheet, styles, row, currencies)
    beside, row = row, _write_rows(sheet, styles, row, summary)
    if summary.ageing is not None:
        row = max(row, add_ageing_chart(workbook, sheet, beside + 1, summary.ageing, ageing_rows))
    if notes:
        row = write_heading(sheet, styles, row + 1, "Notes")
        for part in (part for note in notes for part in wrap(visible(note), _LONGEST_BAND)):
            row = _write_band(sheet, row, part, styles["paragraph"], 16)


def _subtitle(summary: RunSummary) -> str:
    where = f" for {visible(summary.company)}" if summary.company else ""
    return f"{', '.join(map(visible, summary.sources))}{where}, {day_and_time(summary.started_at)}"


def _write_band(sheet: Worksheet, row: int, text: str, style: Format, height: float) -> int:
    """A wrapped text over the width of the page; returns the next row.

    Spreadsheets do not fit the height of merged cells to their text, so it is computed here.
    """
    sheet.set_row(row, height * -(-max(len(text), 1) // _CHARACTERS))
    sheet.merge_range(row, _FIRST, row, _LAST, "", style)
    sheet.write_string(row, _FIRST, text, style)
    return row + 1


def _write_statuses(
    sheet: Worksheet, styles: CellStyles, row: int, summary: RunSummary
) -> tuple[int, int]:
    """Returns the row of the first status, and the first row below the table."""
    totals = sorted(summary.totals, key=lambda total: -total.bills)[:_MOST_CURRENCIES]
    totals = [total for total in summary.totals if total in totals]  # in the order of the run
    heading = "Result of each bill" + (
        " and credit note" if summary.credit_notes.get("total") else ""
    )
    row = write_heading(sheet, styles, row, heading)
    amounts = [_amount_header(total.currency) for total in totals]
    first = write_headers(sheet, styles, row, "Status", ["Bills", "Line items", *amounts])
    statuses = in_order(summary.bills)
    for row, status in enumerate([*statuses, "total"], start=first):
        last = status == "total"
        name = "total" if last else "row"
        label = styles.status_row[status] if status in STATUS_STYLES else styles[f"{name}_label"]
        sheet.set_row(row, 20 if last else 19)
        sheet.write_string(row, 1, status_words(status), label)
        for c, n in ((2, summary.bills.get(status, 0)), (3, summary.bill_line_items(status))):
            sheet.write_number(row, c, n, styles[f"{name}_count"])
        for c, total in enumerate(totals, start=4):
            cents = total.every_bill if last else total.by_status.get(status, 0)
            write_money(sheet, row, c, cents, styles.money(name, total.unit), total.unit)
    below = first + len(statuses) + 1
    for status in in_order(summary.credit_notes):
        label = note_status_words(status)
        sheet.set_row(below, 19)
        sheet.write_string(below, 1, label, styles["row_label"])
        for c, counts in ((2, summary.credit_notes), (3, summary.note_line_items)):
            sheet.write_number(below, c, counts.get(status, 0), styles["row_count"])
        for c, total in enumerate(totals, start=4):
            cents = -total.credit_notes.get(status, 0)
            write_money(sheet, below, c, cents, styles.money("row", total.unit), total.unit)
        below += 1
    notes = []
    if len(summary.totals) > len(totals):
        more = len(summary.totals) - len(totals)
        notes.append(f"{more} more currencies: see the sheet Tie-out.")
    if unreadable := sum(total.unreadable for total in summary.totals):
        n, of_notes = summary.documents["total"], summary.credit_notes.get("total", 0)
        words = some_documents(unreadable, n, of_notes)
        notes.append(f"{words} without a readable amount: in no amount above.")
    for row, note in enumerate(notes, start=below):
        sheet.write_string(row, 1, note, styles["fine_print"])
    return first, below + len(notes)


def _amount_header(currency: str) -> str:
    """The header above the amounts of a currency, or of bills that have none; a column holds it."""
    return f"Amount {visible(currency)}" if len(currency) <= 3 else visible(currency).capitalize()


def _add_status_chart(
    workbook: Workbook, sheet: Worksheet, row: int, first: int, summary: RunSummary
) -> int:
    """A bar for each status of the table from ``first`` on, placed at ``row``.

    Returns the first row below it.
    """
    statuses = in_order(summary.bills)
    if not statuses:
        return row
    height = 46 + 34 * len(statuses)
    chart = bar_chart(workbook, "Bills by status", 10, height, 370)
    rows = (first, first + len(statuses) - 1)
    values = [summary.bills.get(status, 0) for status in statuses]
    series = chart_series(sheet, "Bills", rows, 2, list(map(status_words, statuses)), values)
    chart.add_series(
        {
            **series,
            "points": [{"fill": {"color": bar_colour(status)}} for status in statuses],
            "data_labels": {"value": True, "num_format": "#,##0", "font": {"size": 10}},
            "gap": 55,
        }
    )
    chart.set_legend({"none": True})
    sheet.insert_chart(row, 1, chart, {"object_position": 2})
    return row + -(-height // 20)


def _write_vendors(
    workbook: Workbook,
    sheet: Worksheet,
    styles: CellStyles,
    row: int,
    currencies: Sequence[CurrencyTieOut],
) -> int:
    """The vendors with the largest amounts, as a table and a chart; returns the first row below."""
    currency, vendors = largest(currencies, _MOST_VENDORS)
    if currency is None or not vendors:
        return row
    code, unit = visible(currency.name), currency.unit
    offline = not currency.asked
    if offline:
        parts, colours = ("Valid", "Needs correction"), (Status.VALID, Status.INVALID)
        bars = tuple(map(bar_colour, colours))
        figures = [(v.sheet.gross - v.invalid, v.invalid) for v in vendors]
    else:
        parts, bars = ("In Light", "Not in Light"), (bar_colour(Status.CREATED), NOT_IN_LIGHT_BAR)
        figures = [(v.light, max(v.sheet.gross - v.light, 0)) for v in vendors]
    row = write_heading(sheet, styles, row, f"Largest vendors, {code}")
    counted = currency.counted
    headers = (counted, "" if offline else f"{counted} in Light", *parts)
    first = write_headers(sheet, styles, row, "Vendor", headers)
    names = [visible(vendor.label)[:_LONGEST_NAME] for vendor in vendors]
    for row, (name, vendor, amounts) in enumerate(
        zip(names, vendors, figures, strict=True), start=first
    ):
        sheet.set_row(row, max(18, 15 * -(-len(name) // _NAME_WIDTH)))
        sheet.write_string(row, 1, name, styles["row_words"])
        sheet.write_number(row, 2, vendor.sheet.bills, styles["row_count"])
        if offline:
            sheet.write_blank(row, 3, None, styles["row_count"])
        else:
            in_light = vendor.created.bills - vendor.missing
            sheet.write_number(row, 3, in_light, styles["row_count"])
        for c, cents in enumerate(amounts, start=4):
            write_money(sheet, row, c, cents, styles.money("row", unit), unit)
    below = first + len(vendors)
    if more := len(currency.vendors) - len(vendors):
        note = f"and {count(more, 'vendor')} more: see the sheet Tie-out by vendor"
        sheet.write_string(below, 1, note, styles["fine_print"])
    height = max(28 + 24 * len(vendors), 210)
    chart = bar_chart(workbook, f"Amounts by vendor, {code}", 9, height, 420, "stacked")
    for k, (label, colour) in enumerate(zip(parts, bars, strict=True)):
        values = [amounts[k] / unit for amounts in figures]
        series = chart_series(sheet, label, (first, below - 1), 4 + k, names, values)
        chart.add_series({**series, "fill": {"color": colour}, "gap": 45})
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    sheet.insert_chart(first - 1, 6, chart, {"object_position": 2, "x_offset": 8})
    return max(below + bool(more), first - 1 + -(-height // 24)) + 1


def _write_rows(sheet: Worksheet, styles: CellStyles, row: int, summary: RunSummary) -> int:
    if not summary.rows:
        return row
    row = write_heading(sheet, styles, row, "Rows of the file accounted for")
    for name, n in summary.rows.items():
        words = ROW_WORDS.get(name, visible(name).replace("_", " ").capitalize())
        sheet.write_string(row, 1, words, styles["row_label"])
        sheet.write_number(row, 2, n, styles["row_count"])
        row += 1
    return row


def _file_facts(summary: RunSummary, source: str) -> list[tuple[str, str]]:
    """A file and its SHA-256, by which it is known to be the one that was checked."""
    return [("File", source), ("   SHA-256", summary.digests.get(source, ""))]


def _write_facts(sheet: Worksheet, styles: CellStyles, row: int, summary: RunSummary) -> int:
    row = write_heading(sheet, styles, row, "This run", _FACTS)
    facts = [
        ("Command", summary.command),
        ("Company", summary.company or ""),
        ("Light", summary.base_url or ""),
        ("Template", summary.template),
        ("States", constant_words(summary.constants)),
        *(fact for source in summary.sources for fact in _file_facts(summary, source)),
        ("Started", day_and_time(summary.started_at)),
        ("Duration", duration(summary.seconds)),
        ("Requests to Light", f"{summary.requests:,}"),
        ("Run", summary.run or ""),
        ("Checked by", summary.checked_by.words if summary.checked_by else ""),
        ("Loaded by" if summary.checked_by else "Run by", summary.by),
        ("Version", f"light-import {summary.version}" if summary.version else ""),
        ("Continues run", summary.continues),
        ("Result workbook", summary.result or ""),
    ]
    for total in summary.totals[_MOST_CURRENCIES:]:
        amount = money(total.sheet, total.unit)
        facts.append(
            (f"Total {total.currency}", f"{amount} in {documents(total.bills, total.notes)}")
        )
    for label, value in facts:
        if value:
            sheet.write_string(row, _FACTS, visible(label), styles["label"])
            sheet.write_string(row, _FACTS + 1, visible(value), styles["value"])
            row += 1
    return row
