"""The sheet ``Summary``: the whole run on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.journal_states import Status
from importer.model.report_model import CurrencyTotal, RunSummary
from importer.report.phrases import (
    ROW_WORDS,
    count,
    day_and_time,
    duration,
    in_order,
    status_words,
    tone,
    verdict,
)
from importer.report.tie_out import CurrencyTieOut, largest
from importer.report.xlsx.cell_styles import (
    BAR_COLOURS,
    HEADER,
    IN_LIGHT_BAR,
    NOT_THERE_BAR,
    OTHER_BAR,
    CellStyles,
)
from importer.report.xlsx.cell_values import write_money

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_MOST_CURRENCIES = 4  # as columns; the sheet Tie-out has them all
_FIRST, _LAST = 1, 8  # the columns of the page
_FACTS = 4  # the column where the facts of the run stand, beside the chart
_CHARACTERS = 112  # that fit into its width
_MOST_VENDORS = 8  # in the table and chart
_OF_NAME = 32  # characters of a vendor on one line
_CHART_TITLE = {"size": 11, "bold": True, "color": HEADER}
_TITLES = {
    "validate": "Check of bills",
    "load": "Import of bills",
    "report": "Import of bills",
    "verify": "Comparison with Light",
    "undo": "Import undone",
}


def write_summary(
    workbook: Workbook,
    sheet: Worksheet,
    formats: CellStyles,
    summary: RunSummary,
    notes: Sequence[str],
    found: tuple[int, int],
    currencies: Sequence[CurrencyTieOut],
) -> None:
    """The verdict, the statuses and the largest vendors with their charts, the rows accounted for,
    and what run this was.

    ``found`` is how many errors and warnings there are.
    """
    sheet.hide_gridlines(2)
    for c, width in enumerate((2, 38, 12, 12, 18, 18, 18, 18, 4)):
        sheet.set_column(c, c, width)
    sheet.set_row(0, 34)
    sheet.write_string(0, _FIRST, _TITLES.get(summary.command, "Import of bills"), formats.title)
    sheet.write_string(1, _FIRST, _what_when(summary), formats.subtitle)
    row = _band(sheet, 3, verdict(summary, *found), formats.verdict[tone(summary, *found)], 24)
    if summary.next_step:
        row = _band(sheet, row, f"Next: {visible(summary.next_step)}", formats.paragraph, 17)
    first, row = _statuses(sheet, formats, row + 1, summary)
    below_chart = _chart(workbook, sheet, row + 1, first, summary)
    below_facts = _run(sheet, formats, row + 1, summary)  # beside the chart
    row = max(below_chart, below_facts) + 1
    row = _vendors(workbook, sheet, formats, row, currencies, summary.command)
    row = _rows(sheet, formats, row, summary)
    if notes:
        row = _heading(sheet, formats, row + 1, "Notes")
        for note in notes:
            row = _band(sheet, row, visible(note), formats.paragraph, 16)


def _what_when(summary: RunSummary) -> str:
    where = f" for {visible(summary.company)}" if summary.company else ""
    return f"{', '.join(map(visible, summary.sources))}{where}, {day_and_time(summary.started_at)}"


def _band(sheet: Worksheet, row: int, text: str, look: Any, height: float) -> int:
    """A wrapped text over the width of the page; gives the next row.

    Spreadsheets do not fit the height of merged cells to their text, so it is reckoned here.
    """
    sheet.set_row(row, height * -(-max(len(text), 1) // _CHARACTERS))
    sheet.merge_range(row, _FIRST, row, _LAST, "", look)
    sheet.write_string(row, _FIRST, text, look)
    return row + 1


def _heading(sheet: Worksheet, formats: CellStyles, row: int, text: str) -> int:
    sheet.set_row(row, 24)
    sheet.write_string(row, _FIRST, text, formats.section)
    return row + 1


def _statuses(
    sheet: Worksheet, formats: CellStyles, row: int, summary: RunSummary
) -> tuple[int, int]:
    """Gives the row of the first status, and the first row below the table."""
    totals = sorted(summary.totals, key=lambda total: -total.bills)[:_MOST_CURRENCIES]
    totals = [total for total in summary.totals if total in totals]  # in the order of the run
    row = _heading(sheet, formats, row, "What became of the bills")
    sheet.set_row(row, 21)
    sheet.write_string(row, 1, "Status", formats.header_inset)
    headers = ["Bills", "Line items", *(_amount_in(total.currency) for total in totals)]
    for c, header in enumerate(headers, start=2):
        sheet.write_string(row, c, header, formats.header_right)
    first = row + 1
    statuses = in_order(summary.bills)
    for row, status in enumerate(statuses, start=first):
        sheet.set_row(row, 19)
        look = formats.status_row.get(status, formats.row_label)
        sheet.write_string(row, 1, status_words(status), look)
        sheet.write_number(row, 2, summary.bills.get(status, 0), formats.row_count)
        sheet.write_number(row, 3, summary.line_items.get(status, 0), formats.row_count)
        for c, total in enumerate(totals, start=4):
            look = formats.row_money[total.unit]
            write_money(sheet, row, c, total.by_status.get(status, 0), look, total.unit)
    row = first + len(statuses)
    sheet.set_row(row, 20)
    sheet.write_string(row, 1, "Total", formats.total_label)
    sheet.write_number(row, 2, summary.bills.get("total", 0), formats.total_count)
    sheet.write_number(row, 3, summary.line_items.get("total", 0), formats.total_count)
    for c, total in enumerate(totals, start=4):
        write_money(sheet, row, c, total.sheet, formats.total_money[total.unit], total.unit)
    return first, _more_currencies(sheet, formats, row + 1, summary.totals, len(totals))


def _amount_in(currency: str) -> str:
    """The header above the amounts of a currency, or of bills that have none; a column holds it."""
    return f"Amount {visible(currency)}" if len(currency) <= 3 else visible(currency).capitalize()


def _more_currencies(
    sheet: Worksheet, formats: CellStyles, row: int, totals: tuple[CurrencyTotal, ...], shown: int
) -> int:
    unreadable = sum(total.unreadable for total in totals)
    notes = []
    if len(totals) > shown:
        notes.append(f"{len(totals) - shown} more currencies: see the sheet Tie-out.")
    if unreadable:
        notes.append(f"{count(unreadable, 'bill')} without a readable amount: in no amount above.")
    for note in notes:
        sheet.write_string(row, 1, note, formats.fine_print)
        row += 1
    return row


def _chart(workbook: Workbook, sheet: Worksheet, row: int, first: int, summary: RunSummary) -> int:
    """A bar for each status of the table from ``first`` on, placed at ``row``.

    Gives the first row below it.
    """
    statuses = in_order(summary.bills)
    if not statuses:
        return row
    name, last = sheet.get_name(), first + len(statuses) - 1
    chart = workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Bills",
            "categories": [name, first, 1, last, 1],
            "values": [name, first, 2, last, 2],
            # For viewers that do not read the cells.
            "categories_data": [status_words(status) for status in statuses],
            "values_data": [summary.bills.get(status, 0) for status in statuses],
            "points": [{"fill": {"color": _bar(status)}} for status in statuses],
            "data_labels": {"value": True, "num_format": "#,##0", "font": {"size": 10}},
            "gap": 55,
        }
    )
    chart.set_title({"name": "Bills by status", "name_font": _CHART_TITLE})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "line": {"color": "#9AA3AD"}, "num_font": {"size": 10}})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_chartarea({"border": {"none": True}})
    height = 46 + 34 * len(statuses)
    chart.set_size({"width": 370, "height": height})
    sheet.insert_chart(row, 1, chart, {"object_position": 2})
    return row + -(-height // 20)


def _bar(status: str) -> str:
    return next((colour for name, colour in BAR_COLOURS.items() if name == status), OTHER_BAR)


def _vendors(
    workbook: Workbook,
    sheet: Worksheet,
    formats: CellStyles,
    row: int,
    currencies: Sequence[CurrencyTieOut],
    command: str,
) -> int:
    """The vendors with the largest amounts, as a table and a chart; gives the first row below."""
    found = largest(currencies, _MOST_VENDORS)
    if found is None or not found[1]:
        return row
    currency, vendors = found
    code, more = visible(currency.name), len(currency.vendors) - len(vendors)
    row = _heading(sheet, formats, row, f"Largest vendors, {code}")
    sheet.set_row(row, 21)
    sheet.write_string(row, 1, "Vendor", formats.header_inset)
    checked = command == "validate"  # then nothing can be in Light
    parts = ("Valid", "Needs correction") if checked else ("In Light", "Not in Light")
    for c, header in enumerate(("Bills", "" if checked else "Bills in Light", *parts), start=2):
        sheet.write_string(row, c, header, formats.header_right)
    first, look, unit = row + 1, formats.row_money[currency.unit], currency.unit
    figures = [(v.light, max(v.sheet.gross - v.light, 0)) for v in vendors]
    if checked:
        figures = [(v.sheet.gross - v.invalid, v.invalid) for v in vendors]
    for row, (vendor, (there, missing)) in enumerate(
        zip(vendors, figures, strict=True), start=first
    ):
        name = visible(vendor.name)[:200]
        sheet.set_row(row, max(18, 15 * -(-len(name) // _OF_NAME)))
        sheet.write_string(row, 1, name, formats.row_words)
        sheet.write_number(row, 2, vendor.sheet.bills, formats.row_count)
        if checked:
            sheet.write_blank(row, 3, None, formats.row_count)
        else:
            sheet.write_number(row, 3, vendor.created.bills - vendor.missing, formats.row_count)
        write_money(sheet, row, 4, there, look, unit)
        write_money(sheet, row, 5, missing, look, unit)
    last = first + len(vendors) - 1
    chart = workbook.add_chart({"type": "bar", "subtype": "stacked"})
    colours = (BAR_COLOURS[Status.VALID], BAR_COLOURS[Status.INVALID])
    colours = colours if checked else (IN_LIGHT_BAR, NOT_THERE_BAR)
    for c, label, colour in zip((4, 5), parts, colours, strict=True):
        chart.add_series(
            {
                "name": label,
                "categories": [sheet.get_name(), first, 1, last, 1],
                "values": [sheet.get_name(), first, c, last, c],
                "categories_data": [visible(v.name)[:200] for v in vendors],
                "values_data": [pair[c - 4] / unit for pair in figures],
                "fill": {"color": colour},
                "gap": 45,
            }
        )
    chart.set_title({"name": f"Amounts by vendor, {code}", "name_font": _CHART_TITLE})
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    axis = {"reverse": True, "line": {"color": "#9AA3AD"}, "num_font": {"size": 9}}
    chart.set_y_axis(axis | {"interval_unit": 1})  # else a program leaves out long names
    # The amounts stand beside it, in the table.
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_chartarea({"border": {"none": True}})
    row = last + 1
    if more > 0:
        note = f"and {count(more, 'vendor')} more: see the sheet Tie-out by vendor"
        sheet.write_string(row, 1, note, formats.fine_print)
        row += 1
    height = max(28 + 24 * len(vendors), 210)
    chart.set_size({"width": 420, "height": height})
    sheet.insert_chart(first - 1, 6, chart, {"object_position": 2, "x_offset": 8})
    return max(row, first - 1 + -(-height // 24)) + 1


def _rows(sheet: Worksheet, formats: CellStyles, row: int, summary: RunSummary) -> int:
    if not summary.rows:
        return row
    row = _heading(sheet, formats, row, "Rows of the file accounted for")
    for name, n in summary.rows.items():
        words = ROW_WORDS.get(name, visible(name).replace("_", " ").capitalize())
        sheet.write_string(row, 1, words, formats.row_label)
        sheet.write_number(row, 2, n, formats.row_count)
        row += 1
    return row


def _run(sheet: Worksheet, formats: CellStyles, row: int, summary: RunSummary) -> int:
    sheet.set_row(row, 24)
    sheet.write_string(row, _FACTS, "This run", formats.section)
    row += 1
    facts: list[tuple[str, str]] = [
        ("Command", summary.command),
        ("Company", summary.company or ""),
        ("Light", summary.base_url or ""),
        ("Template", summary.template),
        *(("File" if i == 0 else "", source) for i, source in enumerate(summary.sources)),
        ("Started", day_and_time(summary.started_at)),
        ("Duration", duration(summary.seconds)),
        ("Requests to Light", f"{summary.requests:,}"),
        ("Run", summary.run or ""),
        ("Continues run", summary.continues),
        ("Result workbook", summary.result or ""),
        *(
            (
                f"Total {total.currency}",
                f"{money(total.sheet, total.unit)} in {total.bills:,} bills",
            )
            for total in summary.totals[_MOST_CURRENCIES:]
        ),
    ]
    for label, value in facts:
        if value:
            sheet.write_string(row, _FACTS, visible(label), formats.label)
            sheet.write_string(row, _FACTS + 1, visible(value), formats.value)
            row += 1
    return row
