"""The sheet ``Tie-out``: what the file holds, what Light holds, and the difference, by currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.records import IN_LIGHT, CurrencyTotal, RunSummary, Status
from importer.results.cells import write_cents, write_money
from importer.results.formats import Formats
from importer.results.wording import (
    control_words,
    count,
    in_order,
    status_words,
    tie_out_words,
    visible,
)

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_INTRODUCTION = (
    "Gross amounts. Exact: the column Cents holds whole cents, the column Amount the same "
    "in units of the currency."
)


def write_tie_out(sheet: Worksheet, formats: Formats, summary: RunSummary) -> None:
    """One block a currency, from the total of the file down to the difference."""
    sheet.hide_gridlines(2)
    for c, width in enumerate((2, 46, 22, 24, 64)):
        sheet.set_column(c, c, width)
    sheet.set_row(0, 32)
    sheet.write_string(0, 1, "Tie-out", formats.title)
    sheet.write_string(1, 1, _INTRODUCTION, formats.subtitle)
    row = 3
    for total in summary.totals:
        row = _block(sheet, formats, row, total, summary.command) + 2
    if not summary.totals:
        sheet.write_string(row, 1, "There are no amounts to tie out.", formats.value)


def _block(sheet: Worksheet, formats: Formats, row: int, total: CurrencyTotal, command: str) -> int:
    """Writes the block from ``row`` on and gives its last row."""
    sheet.set_row(row, 22)
    heading = f"{visible(total.currency)}, {count(total.bills, 'bill')}"
    sheet.write_string(row, 1, heading, formats.header_inset)
    for c, text in ((2, "Amount"), (3, "Cents")):
        sheet.write_string(row, c, text, formats.header_right)
    sheet.write_blank(row, 4, None, formats.header)

    f = formats
    usual = (f.row_label, f.row_money, f.row_cents, f.row_words)
    strong = (f.strong_label, f.strong_money, f.strong_cents, f.strong_words)
    final = (f.total_label, f.total_money, f.total_cents, f.total_words)

    def line(label: str, cents: int, words: str = "", looks: tuple[Format, ...] = usual) -> None:
        nonlocal row
        row += 1
        sheet.set_row(row, 19 if len(words) < 60 else 34)
        sheet.write_string(row, 1, label, looks[0])
        write_money(sheet, row, 2, cents, looks[1], total.unit)
        write_cents(sheet, row, 3, cents, looks[2])
        if words:
            sheet.write_string(row, 4, words, looks[3])
        else:
            sheet.write_blank(row, 4, None, looks[3])

    statuses = in_order(total.by_status)
    line("Bills in the file", total.sheet, looks=strong)
    for status in statuses:
        words = "in Light" if status in IN_LIGHT else "not in Light"
        if status == Status.UNKNOWN:
            words = "cannot be told: look in Light"
        line(f"   of which: {status_words(status)}", total.by_status[status], words)
    line("In Light", total.created, looks=strong)
    words = tie_out_words(total, command)
    line("Difference: file less Light", total.difference, words, looks=final)
    if total.control is not None:
        line("Total stated by the file or the template", total.control)
        line("Difference: stated less file", total.control - total.sheet, control_words(total))
    return row
