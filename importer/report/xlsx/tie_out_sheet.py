"""The sheet ``Tie-out``: what the sheet holds, what Light holds, and the difference, by currency.

Sums are formulas over the sheet ``Tie-out by vendor``, so that they can be checked; their stored
values are worked out from cents. A spreadsheet's numbers are exact below 10^15 cents; where an
amount is beyond, there are no formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from importer.core.safe_text import visible
from importer.model.journal_states import IN_LIGHT, Status
from importer.model.report_model import BillResult, CurrencyTotal, Report
from importer.report.phrases import (
    LIGHT_SAYS,
    control_words,
    count,
    difference_words,
    in_order,
    status_words,
)
from importer.report.tie_out import CurrencyTieOut, Sums, in_light_now
from importer.report.xlsx.cell_styles import CellStyles, decimals
from importer.report.xlsx.cell_values import MOST_CENTS, write_money
from importer.report.xlsx.vendor_tie_out_sheet import VendorTable
from importer.report.xlsx.workbook_context import WorkbookContext

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_INTRODUCTION = (
    "Amounts in units of the currency, exact to the cent. Net and tax are the sums of the line"
    " items; they are blank where the sheet does not tell them for every bill."
)
MOST_NAMED = 1_000  # bills that make a difference


class _Looks(NamedTuple):
    label: Format
    count: Format
    money: dict[int, Format]
    words: Format


def write_tie_out(
    sheet: Worksheet,
    output: WorkbookContext,
    report: Report,
    currencies: Sequence[CurrencyTieOut],
    table: VendorTable,
    differing: Sequence[int],
) -> None:
    """One block a currency, from the total of the sheet down to the difference; then the bills
    that make it: those that are ``differing``, by position."""
    formats, summary = output.formats, report.summary
    sheet.hide_gridlines(2)
    for c, width in enumerate((2, 42, 10, 21, 21, 19, 62)):
        sheet.set_column(c, c, width)
    sheet.set_row(0, 32)
    sheet.write_string(0, 1, "Tie-out", formats.title)
    sheet.write_string(1, 1, _INTRODUCTION, formats.subtitle)
    row = 3
    by_name = {each.name: each for each in currencies}
    for total in summary.totals:
        block = _Block(sheet, formats, row, by_name[total.currency], table)
        row = block.write(total, summary.command) + 2
    if not summary.totals:
        sheet.write_string(row, 1, "There are no amounts to tie out.", formats.value)
        row += 2
    if was_sent(report):
        row = _differing(sheet, output, row, report, differing)
    _signatures(sheet, formats, row + 1)


def was_sent(report: Report) -> bool:
    """Whether there is a run that Light can differ from."""
    return report.summary.command != "validate" and report.summary.run is not None


class _Block:
    """The rows of one currency."""

    def __init__(
        self,
        sheet: Worksheet,
        formats: CellStyles,
        row: int,
        currency: CurrencyTieOut,
        table: VendorTable,
    ) -> None:
        self.sheet, self.formats, self.row = sheet, formats, row
        self.currency, self.table, self.unit = currency, table, currency.unit
        f = formats
        self.usual = _Looks(f.row_label, f.row_count, f.row_money, f.row_words)
        self.strong = _Looks(f.strong_label, f.strong_count, f.strong_money, f.strong_words)
        self.final = _Looks(f.total_label, f.total_count, f.total_money, f.total_words)
        sums = (currency.sheet, currency.created, currency.read)
        # Beyond this a sum of numbers would not be exact.
        self.exact = all(abs(each.gross) < MOST_CENTS for each in sums) and all(
            abs(vendor.sheet.gross) < MOST_CENTS for vendor in currency.vendors
        )

    def write(self, total: CurrencyTotal, command: str) -> int:
        """Gives the last row."""
        f, currency = self.formats, self.currency
        self.sheet.set_row(self.row, 22)
        heading = f"{visible(total.currency)}, {count(total.bills, 'bill')}"
        self.sheet.write_string(self.row, 1, heading, f.header_inset)
        for c, text in enumerate(("Bills", "Gross", "Net", "Tax"), start=2):
            self.sheet.write_string(self.row, c, text, f.header_right)
        self.sheet.write_blank(self.row, 6, None, f.header_inset)
        self._sums("In the sheet", "sheet", currency.sheet, self._of_sheet())
        in_sheet = self.row
        for status in in_order({**total.by_status, **currency.statuses}):
            words = "in Light" if status in IN_LIGHT else "not in Light"
            if status == Status.UNKNOWN:
                words = "cannot be told: look in Light"
            label, cents = f"   of which: {status_words(status)}", total.by_status.get(status, 0)
            self._line(label, cents, words, currency.statuses.get(status))
        said = LIGHT_SAYS if currency.created.bills else ""
        self._sums("In Light", "in Light", currency.created, said)
        in_light = self.row
        if currency.looked:
            words = f"{currency.looked:,} of {count(currency.created.bills, 'bill')} read"
            if currency.missing:
                words += f"; {currency.missing:,} not in Light any more"
            self._sums("Read back from Light", "read back", currency.read, words)
            if currency.all_read:
                in_light = self.row
        self._difference(total, command, in_sheet, in_light)
        if total.control is not None:
            self._line("Total stated by the file or the template", total.control)
            self._line(
                "Difference: stated less sheet", total.control - total.sheet, control_words(total)
            )
        return self.row

    def _of_sheet(self) -> str:
        sums = self.currency.sheet
        if sums.net is None or sums.tax is None:
            what = "net and tax" if sums.net is None and sums.tax is None else "tax"
            what = "net" if sums.tax is not None else what
            return f"The sheet does not tell {what} for every bill."
        return ""

    def _line(self, label: str, cents: int, words: str = "", bills: int | None = None) -> None:
        looks = self.usual
        self._start(label, words, looks)
        if bills is None:
            self.sheet.write_blank(self.row, 2, None, looks.count)
        else:
            self.sheet.write_number(self.row, 2, bills, looks.count)
        self._money(3, cents, looks)
        for c in (4, 5):
            self.sheet.write_blank(self.row, c, None, looks.money[self.unit])

    def _start(self, label: str, words: str, looks: _Looks) -> None:
        self.row += 1
        self.sheet.set_row(self.row, 19 if len(words) < 60 else 34)
        self.sheet.write_string(self.row, 1, label, looks.label)
        if words:
            self.sheet.write_string(self.row, 6, words, looks.words)
        else:
            self.sheet.write_blank(self.row, 6, None, looks.words)

    def _sums(self, label: str, part: str, sums: Sums, words: str = "") -> None:
        self._start(label, words, self.strong)
        figures = (("bills", sums.bills), ("gross", sums.gross), ("net", sums.net))
        for c, (figure, n) in enumerate((*figures, ("tax", sums.tax)), start=2):
            look = self.strong.count if c == 2 else self.strong.money[self.unit]
            formula = self.table.formula(part, figure, self.currency.name, self.unit)
            if n is None:
                self.sheet.write_blank(self.row, c, None, look)
            elif formula and self.exact:
                self.sheet.write_formula(self.row, c, formula, look, n if c == 2 else n / self.unit)
            elif c == 2:
                self.sheet.write_number(self.row, c, n, look)
            else:
                self._money(c, n, self.strong)

    def _money(self, column: int, cents: int, looks: _Looks) -> None:
        write_money(self.sheet, self.row, column, cents, looks.money[self.unit], self.unit)

    def _difference(self, total: CurrencyTotal, command: str, in_sheet: int, in_light: int) -> None:
        currency, looks = self.currency, self.final
        words = difference_words(
            currency.difference,
            total.currency,
            self.unit,
            total.unreadable,
            command,
            currency.differing,
            total.by_status.get(Status.UNDONE, 0),
        )
        self._start("Difference: sheet less Light", words, looks)
        missing, whole = currency.not_there, currency.all_read or not currency.looked
        if self.exact and whole and currency.light in (currency.created.gross, currency.read.gross):
            a, b = in_sheet + 1, in_light + 1
            self.sheet.write_formula(self.row, 2, f"=C{a}-C{b}", looks.count, missing)
            self.sheet.write_formula(
                self.row,
                3,
                f"=ROUND(D{a}-D{b},{decimals(self.unit)})",
                looks.money[self.unit],
                currency.difference / self.unit,
            )
        else:
            self.sheet.write_number(self.row, 2, missing, looks.count)
            self._money(3, currency.difference, looks)
        light = currency.read if currency.looked else currency.created
        pairs = ((currency.sheet.net, light.net), (currency.sheet.tax, light.tax))
        for c, (ours, theirs) in enumerate(pairs, start=4):
            if ours is None or theirs is None or not whole:
                self.sheet.write_blank(self.row, c, None, looks.money[self.unit])
            else:
                self._money(c, ours - theirs, looks)


def _differing(
    sheet: Worksheet, output: WorkbookContext, row: int, report: Report, bills: Sequence[int]
) -> int:
    """Names the bills that make the difference; gives the next free row."""
    formats = output.formats
    if not bills:
        sheet.write_string(
            row, 1, "Every bill of the sheet is in Light, to the cent.", formats.value
        )
        return row + 1
    sheet.set_row(row, 24)
    sheet.write_string(row, 1, "Bills that make the difference", formats.section)
    row += 1
    sheet.write_string(row, 1, "Vendor, invoice", formats.header_inset)
    for c, text in enumerate(("Row", "Sheet", "Light", "Difference"), start=2):
        sheet.write_string(row, c, text, formats.header_right)
    sheet.write_string(row, 6, "Why", formats.header_inset)
    for i in bills[:MOST_NAMED]:
        row += 1
        _differing_row(sheet, output, row, report.bills[i])
    if len(bills) > MOST_NAMED:
        row += 1
        more = f"and {len(bills) - MOST_NAMED:,} more: filter import_status in the sheet Bills"
        sheet.write_string(row, 1, more, formats.fine_print)
    return row + 1


def _differing_row(sheet: Worksheet, output: WorkbookContext, row: int, bill: BillResult) -> None:
    formats, result = output.formats, bill.result
    currency = visible(bill.currency)
    who = ", ".join(filter(None, (visible(bill.vendor), visible(bill.invoice_number), currency)))
    sheet.write_string(row, 1, who, formats.row_words)
    target = output.written.bill_cells.get((result.table, result.row))
    if target:
        sheet.write_url(row, 2, target, formats.row_link, str(result.row))
    sheet.write_number(row, 2, result.row, formats.row_link if target else formats.row_count)
    look, now = formats.row_money[bill.unit], in_light_now(bill)
    if bill.amount is None:
        sheet.write_string(row, 3, "unreadable", formats.row_count)
        sheet.write_blank(row, 5, None, look)
    else:
        write_money(sheet, row, 3, bill.amount, look, bill.unit)
        write_money(sheet, row, 5, bill.amount - now, look, bill.unit)
    write_money(sheet, row, 4, now, look, bill.unit)
    words = status_words(result.status)
    if result.message:
        words += f": {visible(result.message)}"
    sheet.set_row(row, 15 * min(1 + max(len(words) // 58, len(who) // 38), 5))
    sheet.write_string(row, 6, words[:1_000], formats.row_words)


def _signatures(sheet: Worksheet, formats: CellStyles, row: int) -> None:
    """Where the person who checked it signs."""
    for c, text in ((1, "Prepared by, date"), (3, "Checked by, date")):
        sheet.set_row(row + 1, 26)
        sheet.write_string(row + 2, c, text, formats.signature)
        if c == 3:
            sheet.write_blank(row + 2, 4, None, formats.signature)
