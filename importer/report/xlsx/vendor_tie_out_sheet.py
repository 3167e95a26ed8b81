"""The sheet ``Tie-out by vendor``: the tie-out of each vendor, to be filtered and sorted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from importer.core.safe_text import visible
from importer.report.phrases import NO_CURRENCY
from importer.report.tie_out import CurrencyTieOut, Sums, TieOut
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT, CellStyles, decimals
from importer.report.xlsx.cell_values import MOST_CENTS, MOST_ROWS, write_money, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

VENDOR_TIE_OUT = "Tie-out by vendor"
FIGURES = ("bills", "gross", "net", "tax")
_SAFE_NAME = re.compile(f"[A-Z]{{3}}|{NO_CURRENCY}")
_MOST_VENDORS = MOST_ROWS - 2


class VendorTable:
    """Where the figures are, for the formulas of the sheet ``Tie-out``."""

    def __init__(self, currencies: Sequence[CurrencyTieOut]) -> None:
        rows = [(each, vendor) for each in currencies for vendor in each.vendors]
        self.rows, self.complete = rows[:_MOST_VENDORS], len(rows) <= _MOST_VENDORS
        self.parts = ["sheet", "in Light"]
        if any(each.verified for each in currencies):
            self.parts.append("read back")

    def column(self, part: str, figure: str) -> int:
        return 2 + 4 * self.parts.index(part) + FIGURES.index(figure)

    @property
    def difference(self) -> int:
        return 2 + 4 * len(self.parts)

    def formula(self, part: str, figure: str, currency: str, unit: int) -> str | None:
        """The sum of a currency's vendors; None where a spreadsheet could not be exact."""
        if not self.complete or not _SAFE_NAME.fullmatch(currency) or not self.rows:
            return None
        letter = chr(ord("A") + self.column(part, figure))
        last = len(self.rows) + 1
        total = (
            f"SUMIFS('{VENDOR_TIE_OUT}'!${letter}$2:${letter}${last},"
            f"'{VENDOR_TIE_OUT}'!$A$2:$A${last},\"{currency}\")"
        )
        return f"={total}" if figure == "bills" else f"=ROUND({total},{decimals(unit)})"


def write_vendor_tie_out(sheet: Worksheet, context: WorkbookContext, table: VendorTable) -> None:
    """One row a currency and vendor."""
    styles = context.styles
    counted = "documents" if any(vendor.sheet.notes for _, vendor in table.rows) else "bills"
    figures = (counted, *FIGURES[1:])
    headers = ["Currency", "Vendor"]
    headers += [
        f"{part[0].upper()}{part[1:]}: {figure}" for part in table.parts for figure in figures
    ]
    headers += ["Difference", "What differs", "As typed"]
    widths = [10, 34, *([11, 17, 17, 15] * len(table.parts)), 16, 40, 34]
    context.prints[VENDOR_TIE_OUT] = SheetPrint(widths, 34 + 15 * len(table.rows))
    for c, width in enumerate(widths):
        sheet.set_column(c, c, width)
    set_up_table(sheet, len(headers), len(table.rows), frozen=2, height=34)
    for c, header in enumerate(headers):
        style = "header_figure" if 2 <= c <= table.difference else "header_top"
        style = style if c <= table.difference else "header_words"
        sheet.write_string(0, c, header, styles[style])
    text, column_style = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    for out, (currency, vendor) in enumerate(table.rows, start=1):
        write_text(sheet, out, 0, visible(currency.name), text, column_style)
        write_text(sheet, out, 1, visible(vendor.label), text, column_style)
        for part, sums in zip(
            table.parts, (vendor.sheet, vendor.created, vendor.read), strict=False
        ):
            if part == "sheet" or vendor.has_light_amount:
                _write_sums(sheet, styles, out, table.column(part, "bills"), sums, currency.unit)
        differs = bool(vendor.differing) and vendor.has_difference
        style = styles.money("difference" if differs else "cell", currency.unit)
        c = table.difference
        if not vendor.has_difference:
            sheet.write_blank(out, c, None, style)
        elif not vendor.verified and max(abs(vendor.sheet.gross), abs(vendor.light)) < MOST_CENTS:
            formula = f"=ROUND(D{out + 1}-H{out + 1},{decimals(currency.unit)})"
            sheet.write_formula(out, c, formula, style, vendor.difference / currency.unit)
        else:
            write_money(sheet, out, c, vendor.difference, style, currency.unit)
        if words := _words(vendor):
            sheet.write_string(out, c + 1, words, styles["words"])
        if vendor.typed:
            write_text(sheet, out, c + 2, visible(vendor.typed), text, column_style)


def _write_sums(
    sheet: Worksheet, styles: CellStyles, row: int, first: int, sums: Sums, unit: int
) -> None:
    style = styles.money("cell", unit)
    sheet.write_number(row, first, sums.bills, styles["whole"])
    for c, cents in enumerate((sums.gross, sums.net, sums.tax), start=first + 1):
        if cents is not None:
            write_money(sheet, row, c, cents, style, unit)


def _words(vendor: TieOut) -> str:
    parts = [] if vendor.asked else ["Light was not asked"]
    if vendor.asked or vendor.has_difference:
        changed = vendor.differing - vendor.not_in_light
        if vendor.not_in_light:
            parts.append(f"{vendor.documents(vendor.not_in_light)} not in Light")
        if changed:
            parts.append(f"{vendor.documents(changed)} {'differs' if changed == 1 else 'differ'}")
    if vendor.sheet.unreadable:
        parts.append(f"{vendor.documents(vendor.sheet.unreadable)} without a readable amount")
    return "; ".join(parts)
