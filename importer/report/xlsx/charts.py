"""The tables of the sheet ``Summary`` that have a chart beside them, and how charts look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.chart import Chart
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.ageing import BUCKET_WORDS, Ageing
from importer.model.journal_states import Status
from importer.report.colours import AXIS, HEADER, LINE, SHEET_BAR, bar_colour
from importer.report.result_columns import AGEING
from importer.report.tie_out import CurrencyTieOut, largest
from importer.report.xlsx.ageing_sheet import FIRST_AMOUNT, IN_LIGHT, SHEET, AgeingRows
from importer.report.xlsx.cell_styles import CellStyles
from importer.report.xlsx.cell_values import write_money

_FIRST = 1  # the column of the page
_MOST_MONTHS = 6  # by themselves
_HEIGHT = 190  # pixels
_PART_COLOURS = (SHEET_BAR, bar_colour(Status.CREATED))
_COLUMNS: dict[str, Any] = {"gap": 60, "overlap": -5}
_TITLE_FONT = {"size": 11, "bold": True, "color": HEADER}


@dataclass
class SummaryPage:
    """The sheet ``Summary``, written from the top down; ``row`` is the next one."""

    workbook: Workbook
    sheet: Worksheet
    styles: CellStyles
    row: int = 0

    def write_heading(self, text: str, column: int = _FIRST) -> None:
        self.sheet.set_row(self.row, 24)
        self.sheet.write_string(self.row, column, text, self.styles["section"])
        self.row += 1

    def write_headers(self, first: str, others: Sequence[str]) -> None:
        self.sheet.set_row(self.row, 34 if any(len(header) > 12 for header in others[:2]) else 21)
        self.sheet.write_string(self.row, 1, first, self.styles["header_inset"])
        for c, header in enumerate(others, start=2):
            self.sheet.write_string(self.row, c, header, self.styles["header_right"])
        self.row += 1


def bar_chart(
    workbook: Workbook, title: str, font: int, height: int, width: int, subtype: str = ""
) -> Chart:
    """Bars from the top down, without an axis of amounts: these are in the table beside it."""
    chart = workbook.add_chart({"type": "bar", "subtype": subtype} if subtype else {"type": "bar"})
    chart.set_title({"name": title, "name_font": _TITLE_FONT})
    chart.set_y_axis(
        {
            "reverse": True,
            "line": {"color": AXIS},
            "num_font": {"size": font},
            **({"interval_unit": 1} if subtype else {}),  # else a program leaves out long names
        }
    )
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_chartarea({"border": {"none": True}})
    chart.set_size({"width": width, "height": height})
    return chart


def chart_series(
    sheet: Worksheet, name: str, rows: tuple[int, int], column: int, labels: Any, values: Any
) -> dict[str, Any]:
    """The data of a chart, from the cells, and once more for viewers that do not read these."""
    first, last = rows
    return {
        "name": name,
        "categories": [sheet.get_name(), first, 1, last, 1],
        "values": [sheet.get_name(), first, column, last, column],
        "categories_data": labels,
        "values_data": values,
    }


def write_months(page: SummaryPage, currencies: Sequence[CurrencyTieOut]) -> None:
    """The months in which the bills of the main currency were issued, the sheet beside Light;
    nothing of one month alone."""
    sheet, styles = page.sheet, page.styles
    currency, _ = largest(currencies, 1)
    if currency is None or len(currency.months) < 2:
        return
    parts = ("Sheet", "In Light") if currency.has_light_amount else ("Sheet",)
    code, unit, lines = visible(currency.name), currency.unit, _latest(currency)
    page.write_heading(f"{currency.counted} by month of issue, {code}")
    page.write_headers("Month", [currency.counted, "", *parts])
    first = page.row
    for row, (name, figures) in enumerate(lines, start=first):
        sheet.set_row(row, 18)
        sheet.write_string(row, 1, name, styles["row_label"])
        sheet.write_number(row, 2, figures[0], styles["row_count"])
        sheet.write_blank(row, 3, None, styles["row_count"])
        for c, cents in enumerate(figures[1 : 1 + len(parts)], start=4):
            write_money(sheet, row, c, cents, styles.money("row", unit), unit)
    chart = _column_chart(page.workbook, f"Amounts by month, {code}")
    names = [name for name, _ in lines]
    for k, (part, colour) in enumerate(zip(parts, _PART_COLOURS, strict=False)):
        values = [figures[1 + k] / unit for _, figures in lines]
        cells = chart_series(sheet, part, (first, first + len(lines) - 1), 4 + k, names, values)
        chart.add_series({**cells, **_COLUMNS, "fill": {"color": colour}})
    sheet.insert_chart(first - 1, 6, chart, {"object_position": 2, "x_offset": 8})
    page.row = first - 1 + max(len(lines) + 1, -(-_HEIGHT // 20)) + 1


def _latest(currency: CurrencyTieOut) -> list[tuple[str, tuple[int, int, int]]]:
    """The last months by name, after the sum of those before them."""
    months = sorted(currency.months.items())
    before = [figures for _, figures in months[:-_MOST_MONTHS]]
    lines = [(month or "No date", figures) for month, figures in months[-_MOST_MONTHS:]]
    if before:
        bills, sheet, light = (sum(column) for column in zip(*before, strict=True))
        lines.insert(0, ("Earlier", (bills, sheet, light)))
    return lines


def add_ageing_chart(page: SummaryPage, row: int, ageing: Ageing, totals: AgeingRows) -> int:
    """The ageing of the currency with the most documents, both systems, from the cells of the
    sheet ``AP ageing``; returns the first row below."""
    total = max(ageing.totals(), key=lambda each: each.documents, default=None)
    if total is None:
        return row
    chart = _column_chart(page.workbook, f"AP ageing on {ageing.as_of}, {visible(total.currency)}")
    first, last = FIRST_AMOUNT, FIRST_AMOUNT + len(ageing.buckets) - 1
    sides = {SHEET: total.sheet} | ({} if total.unread else {IN_LIGHT: total.light})
    for (name, cents), colour in zip(sides.items(), _PART_COLOURS, strict=False):
        out = totals[total.currency, name]
        chart.add_series(
            {
                "name": name,
                "categories": [AGEING, 0, first, 0, last],
                "values": [AGEING, out, first, out, last],
                "categories_data": [BUCKET_WORDS[bucket] for bucket in ageing.buckets],
                "values_data": [cents.get(bucket, 0) / total.unit for bucket in ageing.buckets],
                "fill": {"color": colour},
                **_COLUMNS,
            }
        )
    page.sheet.insert_chart(row, 4, chart, {"object_position": 2})
    return row + -(-_HEIGHT // 20)


def _column_chart(workbook: Workbook, title: str) -> Chart:
    """Columns side by side, with an axis of amounts."""
    chart = workbook.add_chart({"type": "column"})
    chart.set_title({"name": title, "name_font": _TITLE_FONT})
    chart.set_x_axis({"line": {"color": AXIS}, "num_font": {"size": 9}, "label_position": "low"})
    lines = {"visible": True, "line": {"color": LINE}}
    axis = {"num_format": "#,##0", "num_font": {"size": 9}, "line": {"none": True}}
    chart.set_y_axis({**axis, "major_gridlines": lines})
    chart.set_chartarea({"border": {"none": True}})
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    chart.set_size({"width": 420, "height": _HEIGHT})
    return chart
