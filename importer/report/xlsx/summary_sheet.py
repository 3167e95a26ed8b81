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
from importer.report import phrases
from importer.report.colours import NOT_IN_LIGHT_BAR, bar_colour
from importer.report.tie_out import CurrencyTieOut, largest
from importer.report.verdict import tone, verdict
from importer.report.xlsx.ageing_sheet import AgeingRows
from importer.report.xlsx.cell_styles import STATUS_STYLES, CellStyles
from importer.report.xlsx.cell_values import write_money
from importer.report.xlsx.charts import (
    SummaryPage,
    add_ageing_chart,
    bar_chart,
    chart_series,
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
    page = SummaryPage(workbook, sheet, styles, 3)
    style = styles.verdict[tone(summary, *severities)]
    _write_band(page, verdict(summary, *severities), style, 24)
    if summary.next_step:
        _write_band(page, f"Next: {visible(summary.next_step)}", styles["paragraph"], 17)
    page.row += 1
    first = _write_statuses(page, summary)
    page.row += 1
    below_chart = _add_status_chart(page, first, summary)
    _write_facts(page, summary)  # beside the chart
    page.row = max(below_chart, page.row) + 1
    _write_vendors(page, currencies)
    write_months(page, currencies)
    beside = page.row
    _write_rows(page, summary)
    if summary.ageing is not None:
        below = add_ageing_chart(page, beside + 1, summary.ageing, ageing_rows)
        page.row = max(page.row, below)
    if notes:
        page.row += 1
        page.write_heading("Notes")
        for part in (part for note in notes for part in wrap(visible(note), _LONGEST_BAND)):
            _write_band(page, part, styles["paragraph"], 16)


def _subtitle(summary: RunSummary) -> str:
    where = f" for {visible(summary.company)}" if summary.company else ""
    files, moment = ", ".join(map(visible, summary.sources)), summary.started_at
    return f"{files}{where}, {phrases.day_and_time(moment)}"


def _write_band(page: SummaryPage, text: str, style: Format, height: float) -> None:
    """A wrapped text over the width of the page.

    Spreadsheets do not fit the height of merged cells to their text, so it is computed here.
    """
    sheet, row = page.sheet, page.row
    sheet.set_row(row, height * -(-max(len(text), 1) // _CHARACTERS))
    sheet.merge_range(row, _FIRST, row, _LAST, "", style)
    sheet.write_string(row, _FIRST, text, style)
    page.row += 1


def _write_statuses(page: SummaryPage, summary: RunSummary) -> int:
    """Returns the row of the first status."""
    sheet, styles = page.sheet, page.styles
    totals = sorted(summary.totals, key=lambda total: -total.bills)[:_MOST_CURRENCIES]
    totals = [total for total in summary.totals if total in totals]  # in the order of the run
    heading = "Result of each bill" + (
        " and credit note" if summary.credit_notes.get("total") else ""
    )
    page.write_heading(heading)
    amounts = [_amount_header(total.currency) for total in totals]
    page.write_headers("Status", ["Bills", "Line items", *amounts])
    first = page.row
    statuses = phrases.in_order(summary.bills)
    for row, status in enumerate([*statuses, "total"], start=first):
        last = status == "total"
        name = "total" if last else "row"
        label = styles.status_row[status] if status in STATUS_STYLES else styles[f"{name}_label"]
        sheet.set_row(row, 20 if last else 19)
        sheet.write_string(row, 1, phrases.status_words(status), label)
        for c, n in ((2, summary.bills.get(status, 0)), (3, summary.bill_line_items(status))):
            sheet.write_number(row, c, n, styles[f"{name}_count"])
        for c, total in enumerate(totals, start=4):
            cents = total.every_bill if last else total.by_status.get(status, 0)
            write_money(sheet, row, c, cents, styles.money(name, total.unit), total.unit)
    below = first + len(statuses) + 1
    for status in phrases.in_order(summary.credit_notes):
        label = phrases.note_status_words(status)
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
        words = phrases.some_documents(unreadable, n, of_notes)
        notes.append(f"{words} without a readable amount: in no amount above.")
    for row, note in enumerate(notes, start=below):
        sheet.write_string(row, 1, note, styles["fine_print"])
    page.row = below + len(notes)
    return first


def _amount_header(currency: str) -> str:
    """The header above the amounts of a currency, or of bills that have none; a column holds it."""
    return f"Amount {visible(currency)}" if len(currency) <= 3 else visible(currency).capitalize()


def _add_status_chart(page: SummaryPage, first: int, summary: RunSummary) -> int:
    """A bar for each status of the table from ``first`` on; returns the first row below it."""
    statuses = phrases.in_order(summary.bills)
    if not statuses:
        return page.row
    height = 46 + 34 * len(statuses)
    chart = bar_chart(page.workbook, "Bills by status", 10, height, 370)
    rows = (first, first + len(statuses) - 1)
    values = [summary.bills.get(status, 0) for status in statuses]
    series = chart_series(
        page.sheet, "Bills", rows, 2, list(map(phrases.status_words, statuses)), values
    )
    chart.add_series(
        {
            **series,
            "points": [{"fill": {"color": bar_colour(status)}} for status in statuses],
            "data_labels": {"value": True, "num_format": "#,##0", "font": {"size": 10}},
            "gap": 55,
        }
    )
    chart.set_legend({"none": True})
    page.sheet.insert_chart(page.row, 1, chart, {"object_position": 2})
    return page.row + -(-height // 20)


def _write_vendors(page: SummaryPage, currencies: Sequence[CurrencyTieOut]) -> None:
    """The vendors with the largest amounts, as a table and a chart."""
    sheet, styles = page.sheet, page.styles
    currency, vendors = largest(currencies, _MOST_VENDORS)
    if currency is None or not vendors:
        return
    code, unit = visible(currency.name), currency.unit
    offline = not currency.asked
    if offline:
        parts, colours = ("Valid", "Needs correction"), (Status.VALID, Status.INVALID)
        bars = tuple(map(bar_colour, colours))
        figures = [(v.sheet.gross - v.invalid, v.invalid) for v in vendors]
    else:
        parts, bars = ("In Light", "Not in Light"), (bar_colour(Status.CREATED), NOT_IN_LIGHT_BAR)
        figures = [(v.light, max(v.sheet.gross - v.light, 0)) for v in vendors]
    page.write_heading(f"Largest vendors, {code}")
    counted = currency.counted
    headers = (counted, "" if offline else f"{counted} in Light", *parts)
    page.write_headers("Vendor", headers)
    first = page.row
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
    chart = bar_chart(page.workbook, f"Amounts by vendor, {code}", 9, height, 420, "stacked")
    for k, (label, colour) in enumerate(zip(parts, bars, strict=True)):
        values = [amounts[k] / unit for amounts in figures]
        series = chart_series(sheet, label, (first, below - 1), 4 + k, names, values)
        chart.add_series({**series, "fill": {"color": colour}, "gap": 45})
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    sheet.insert_chart(first - 1, 6, chart, {"object_position": 2, "x_offset": 8})
    page.row = max(below + bool(more), first - 1 + -(-height // 24)) + 1


def _write_rows(page: SummaryPage, summary: RunSummary) -> None:
    if summary.rows:
        page.write_heading("Rows of the file accounted for")
    for name, n in summary.rows.items():
        words = phrases.ROW_WORDS.get(name, visible(name).replace("_", " ").capitalize())
        page.sheet.write_string(page.row, 1, words, page.styles["row_label"])
        page.sheet.write_number(page.row, 2, n, page.styles["row_count"])
        page.row += 1


def _write_facts(page: SummaryPage, summary: RunSummary) -> None:
    page.write_heading("This run", _FACTS)
    facts = [
        ("Command", summary.command),
        ("Company", summary.company or ""),
        ("Light", summary.base_url or ""),
        ("Template", summary.template),
        ("States", phrases.constant_words(summary.constants)),
        *(
            fact
            for source in summary.sources  # and by what it is known to be the one that was checked
            for fact in (("File", source), ("   SHA-256", summary.digests.get(source, "")))
        ),
        ("Started", phrases.day_and_time(summary.started_at)),
        ("Duration", phrases.duration(summary.seconds)),
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
            (
                f"Total {total.currency}",
                f"{amount} in {phrases.documents(total.bills, total.notes)}",
            )
        )
    for label, value in facts:
        if value:
            page.sheet.write_string(page.row, _FACTS, visible(label), page.styles["label"])
            page.sheet.write_string(page.row, _FACTS + 1, visible(value), page.styles["value"])
            page.row += 1
