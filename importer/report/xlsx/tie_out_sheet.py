"""The sheet ``Tie-out``: what the sheet holds, what Light holds, and the difference, by currency.

Sums are formulas over the sheet ``Tie-out by vendor``, so that they can be checked; their stored
values are computed from cents. A spreadsheet's numbers are exact below 10^15 cents; where an
amount is beyond, there are no formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.model.journal_states import IN_LIGHT, Status
from importer.model.report_model import BillResult, CurrencyTotal, RunSummary
from importer.report import phrases
from importer.report.build_report import Report
from importer.report.tie_out import CurrencyTieOut, Sums, in_light_now
from importer.report.tie_out_words import condition_words, control_words, tie_out_words
from importer.report.xlsx.cell_styles import CellStyles, decimals
from importer.report.xlsx.cell_values import MOST_CENTS, write_money
from importer.report.xlsx.page_setup import SheetPrint, fits_one_page, lines_of
from importer.report.xlsx.vendor_tie_out_sheet import FIGURES, VendorTable
from importer.report.xlsx.workbook_context import WorkbookContext

_INTRODUCTION = (
    "Amounts in units of the currency, exact to the cent. Net and tax are the sums of the line"
    " items; they are blank if the sheet does not state them for every bill."
)
MOST_NAMED = 1_000  # bills that make a difference
_WIDTHS = (2, 42, 13, 21, 21, 19, 62)
_ROW_HEIGHT = 20  # points, about
_NO_FORMULAS = _NO_FIGURES = (None, None, None, None)
# What a status means for the tie-out: where Light was asked, and where it was not.
_WHERE: Mapping[str, str] = {
    **dict.fromkeys(IN_LIGHT, "in Light"),
    Status.UNKNOWN: "unclear: check in Light",
}
_WHERE_BEFORE: Mapping[str, str] = {
    **dict.fromkeys(IN_LIGHT, "loaded before"),
    Status.UNKNOWN: "unclear: check in Light",
}


def write_tie_out(
    sheet: Worksheet,
    context: WorkbookContext,
    report: Report,
    currencies: Sequence[CurrencyTieOut],
    table: VendorTable,
    differing: Sequence[int],
) -> None:
    """One block a currency, from the total of the sheet down to the difference; then the bills
    that make it: those with the indexes ``differing``."""
    styles, summary = context.styles, report.summary
    sheet.hide_gridlines(2)
    for c, width in enumerate(_WIDTHS):
        sheet.set_column(c, c, width)
    sheet.set_row(0, 32)
    sheet.write_string(0, 1, "Tie-out", styles["title"])
    sheet.write_string(1, 1, _INTRODUCTION, styles["subtitle"])
    sheet.write_string(2, 1, _run_words(summary), styles["subtitle"])
    sheet.set_row(2, 26)
    row = 3
    by_name = {each.name: each for each in currencies}
    for total in summary.totals:
        block = _CurrencyBlock(sheet, styles, row, by_name[total.currency], table)
        row = block.write(total) + 2
    if not summary.totals:
        sheet.write_string(row, 1, "There are no amounts to tie out.", styles["value"])
        row += 2
    row = _write_signatures(sheet, styles, row)
    signed = row * _ROW_HEIGHT
    last, height = row, 0
    if was_sent(report):
        row = _write_differing(sheet, context, row + 1, report, differing)
        if fits_one_page(_WIDTHS, signed):
            last, height = row, signed + (row - last) * 2 * _ROW_HEIGHT  # of two lines each
    # What is signed stays on one page: where it fills more, it is shrunk, and printed alone.
    sheet.print_area(0, 0, last - 1, len(_WIDTHS) - 1)
    context.prints[sheet.get_name()] = SheetPrint(_WIDTHS, height, estimated=True)


def _run_words(summary: RunSummary) -> str:
    """Which run is signed for: its files, company, number, who ran it and with what."""
    parts = [
        ", ".join(Path(source).name for source in summary.sources),
        summary.company or "",
        f"run {summary.run}" if summary.run else "",
        phrases.day_and_time(summary.started_at),
        f"checked by {summary.checked_by.words}" if summary.checked_by else "",
        f"run by {summary.by}" if summary.by else "",
        f"light-import {summary.version}" if summary.version else "",
    ]
    return "; ".join(visible(part) for part in parts if part)


def was_sent(report: Report) -> bool:
    """Whether there is a run that Light can differ from."""
    return report.summary.command != "validate" and report.summary.run is not None


class _CurrencyBlock:
    """The rows of one currency: a label, bills, gross, net, tax and words in each."""

    def __init__(
        self,
        sheet: Worksheet,
        styles: CellStyles,
        row: int,
        currency: CurrencyTieOut,
        table: VendorTable,
    ) -> None:
        self.sheet, self.styles, self.row = sheet, styles, row
        self.currency, self.table, self.unit = currency, table, currency.unit
        sums = (currency.sheet, currency.created, currency.read)
        # Beyond this a sum of numbers would not be exact.
        self.exact = all(abs(each.gross) < MOST_CENTS for each in sums) and all(
            abs(vendor.sheet.gross) < MOST_CENTS for vendor in currency.vendors
        )

    def write(self, total: CurrencyTotal) -> int:
        """Returns the last row."""
        styles, currency = self.styles, self.currency
        self.sheet.set_row(self.row, 22)
        heading = f"{visible(total.currency)}, {phrases.documents(total.bills, total.notes)}"
        self.sheet.write_string(self.row, 1, heading, styles["header_inset"])
        for c, text in enumerate((self.currency.counted, "Gross", "Net", "Tax"), start=2):
            self.sheet.write_string(self.row, c, text, styles["header_right"])
        self.sheet.write_blank(self.row, 6, None, styles["header_inset"])
        self._write_sums("In the sheet", "sheet", currency.sheet, self._missing_figures())
        in_sheet = self.row
        statuses = phrases.in_order({**total.by_status, **currency.statuses})
        for status in statuses:
            if status == Status.PASSED_OVER:  # beside what is to be in Light
                continue
            label = f"   of which: {phrases.status_words(status)}"
            figures = (currency.statuses.get(status), total.by_status.get(status, 0), None, None)
            self._write_line("row", label, figures, _where(total, status))
        for status in phrases.in_order(currency.note_statuses):
            label = f"   less credit notes: {phrases.status_words(status)}"
            cents = -total.credit_notes.get(status, 0)
            figures = (currency.note_statuses[status], cents, None, None)
            self._write_line("row", label, figures, _where(total, status))
        self._write_in_light()
        in_light = self.row
        if currency.verified:
            words = f"{currency.verified:,} of {currency.documents(currency.created.bills)} read"
            if currency.missing:
                words += f"; {currency.missing:,} no longer in Light"
            self._write_sums("Read back from Light", "read back", currency.read, words)
            if currency.all_verified:
                in_light = self.row
        self._write_difference(total, in_sheet + 1, in_light + 1)
        if total.passed_over:
            figures = (None, total.passed_over, None, None)
            self._write_line("row", "Passed over: not in the sheet's total", figures)
        if total.notes_passed_over:
            label = "Credit notes passed over: not in the sheet's total"
            self._write_line("row", label, (None, total.notes_passed_over, None, None))
        if total.control is not None:
            label = "Total stated by the file or the template"
            self._write_line("row", label, (None, total.control, None, None))
            label, over = "Difference: stated less sheet", total.control - total.sheet
            self._write_line("row", label, (None, over, None, None), control_words(total))
        return self.row

    def _write_in_light(self) -> None:
        """What Light has; blank where nobody asked, and no earlier run knows."""
        currency = self.currency
        if not currency.has_light_amount:
            self._write_line("strong", "In Light", _NO_FIGURES, "Light was not asked")
        elif currency.asked:
            words = phrases.LIGHT_AMOUNTS if currency.created.bills else ""
            self._write_sums("In Light", "in Light", currency.created, words)
        else:
            words = "by earlier runs; Light was not asked"
            if currency.unstated:
                words += (
                    f"; the amounts of {currency.documents(currency.unstated)} are not known here"
                )
            self._write_sums("Loaded before", "in Light", currency.created, words)

    def _missing_figures(self) -> str:
        sums = self.currency.sheet
        pairs = (("net", sums.net), ("tax", sums.tax))
        names = " and ".join(name for name, cents in pairs if cents is None)
        noun = self.currency.documents(1).removeprefix("1 ")
        return f"The sheet does not state {names} for every {noun}." if names else ""

    def _write_line(
        self,
        style: str,
        label: str,
        figures: Sequence[int | None],
        words: str = "",
        formulas: Sequence[str | None] = _NO_FORMULAS,
    ) -> None:
        """The next row. ``figures`` are bills, and gross, net and tax in cents; None for blank."""
        sheet, styles = self.sheet, self.styles
        self.row += 1
        sheet.set_row(self.row, 4 + 15 * lines_of(words, _WIDTHS[6]))
        sheet.write_string(self.row, 1, label, styles[f"{style}_label"])
        for c, (n, formula) in enumerate(zip(figures, formulas, strict=True), start=2):
            unit = 1 if c == 2 else self.unit
            figure = styles[f"{style}_count"] if c == 2 else styles.money(style, unit)
            if n is None:
                sheet.write_blank(self.row, c, None, figure)
            elif formula and self.exact:
                sheet.write_formula(self.row, c, formula, figure, n if c == 2 else n / unit)
            else:
                write_money(sheet, self.row, c, n, figure, unit)
        if words:
            sheet.write_string(self.row, 6, words, styles[f"{style}_words"])
        else:
            sheet.write_blank(self.row, 6, None, styles[f"{style}_words"])

    def _write_sums(self, label: str, part: str, sums: Sums, words: str = "") -> None:
        formulas = [
            self.table.formula(part, figure, self.currency.name, self.unit) for figure in FIGURES
        ]
        figures = (sums.bills, sums.gross, sums.net, sums.tax)
        self._write_line("strong", label, figures, words, formulas)

    def _write_difference(self, total: CurrencyTotal, sheet: int, light: int) -> None:
        """``sheet`` and ``light`` are the rows of the sums, as a formula names them."""
        currency = self.currency
        words, label = tie_out_words(total), "Difference: sheet less Light"
        if not currency.has_difference:
            self._write_line("total", label, _NO_FIGURES, words)
            return
        complete = currency.all_verified or not currency.verified
        in_light = currency.read if currency.verified else currency.created
        pairs = ((currency.sheet.net, in_light.net), (currency.sheet.tax, in_light.tax))
        net, tax = (None if a is None or b is None or not complete else a - b for a, b in pairs)
        formulas: Sequence[str | None] = _NO_FORMULAS
        if complete and currency.light in (currency.created.gross, currency.read.gross):
            gross = f"=ROUND(D{sheet}-D{light},{decimals(self.unit)})"
            formulas = (f"=C{sheet}-C{light}", gross, None, None)
        figures = (currency.not_in_light, currency.difference, net, tax)
        self._write_line("total", label, figures, words, formulas)


def _write_differing(
    sheet: Worksheet, context: WorkbookContext, row: int, report: Report, bills: Sequence[int]
) -> int:
    """Names the bills that make the difference; returns the next free row."""
    styles, summary = context.styles, report.summary
    nouns = phrases.document_kinds(
        summary.bills.get("total", 0), summary.credit_notes.get("total", 0)
    )
    if not bills:
        place = "the sandbox" if summary.sandbox else "Light"
        words = f"All {nouns} of the sheet are in {place}, to the cent."
        sheet.write_string(row, 1, words, styles["value"])
        return row + 1
    sheet.set_row(row, 24)
    sheet.write_string(row, 1, f"{nouns.capitalize()} that make the difference", styles["section"])
    row += 1
    sheet.repeat_rows(row)  # on the pages that follow
    sheet.write_string(row, 1, "Vendor, invoice", styles["header_inset"])
    for c, text in enumerate(("Row", "Sheet", "Light", "Difference"), start=2):
        sheet.write_string(row, c, text, styles["header_right"])
    sheet.write_string(row, 6, "Why", styles["header_inset"])
    for i in bills[:MOST_NAMED]:
        row += 1
        _write_differing_bill(sheet, context, row, report.bills[i])
    if len(bills) > MOST_NAMED:
        row += 1
        more = f"and {len(bills) - MOST_NAMED:,} more: filter import_status in the sheet Bills"
        sheet.write_string(row, 1, more, styles["fine_print"])
    return row + 1


def _write_differing_bill(
    sheet: Worksheet, context: WorkbookContext, row: int, bill: BillResult
) -> None:
    styles, result, unit = context.styles, bill.result, bill.unit
    who = ", ".join(filter(None, map(visible, (bill.vendor, bill.invoice_number, bill.currency))))
    sheet.write_string(row, 1, who, styles["row_words"])
    target = context.bill_cells.get((result.table, result.row))
    if target:
        sheet.write_url(row, 2, target, styles["row_link"], str(result.row))
    sheet.write_number(row, 2, result.row, styles["row_link" if target else "row_count"])
    money, in_light = styles.money("row", unit), in_light_now(bill)
    if bill.amount is None:
        sheet.write_string(row, 3, "unreadable", styles["row_count"])
        sheet.write_blank(row, 5, None, money)
    else:
        write_money(sheet, row, 3, bill.amount, money, unit)
        write_money(sheet, row, 5, bill.amount - in_light, money, unit)
    write_money(sheet, row, 4, in_light, money, unit)
    words = phrases.status_words(result.status)
    if result.message:
        words += f": {visible(result.message)}"
    sheet.set_row(row, 15 * min(1 + max(len(words) // 58, len(who) // 38), 5))
    sheet.write_string(row, 6, words[:1_000], styles["row_words"])


def _write_signatures(sheet: Worksheet, styles: CellStyles, row: int) -> int:
    """Where those who prepared and checked it sign; returns the next free row."""
    for role in ("Prepared by", "Checked by"):
        sheet.set_row(row, 36)  # room to write on the line below
        row += 1
        sheet.write_string(row, 1, f"{role} (name, signature)", styles["signature"])
        sheet.write_string(row, 3, "Date", styles["signature"])
        row += 1
    return row


def _where(total: CurrencyTotal, status: str) -> str:
    """Whether Light has what is of a status, as far as is known."""
    if status == Status.VALID:
        return f"would be created{condition_words(total)}"
    return _WHERE.get(status, "not in Light") if total.asked else _WHERE_BEFORE.get(status, "")
