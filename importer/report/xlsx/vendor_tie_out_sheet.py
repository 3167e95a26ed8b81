"""The sheet ``Tie-out by vendor``: the tie-out of each vendor, to be filtered and sorted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.core.safe_text import visible
from importer.report.phrases import NO_CURRENCY
from importer.report.tie_out import CurrencyTieOut, Sums, TieOut
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT, CellStyles, decimals
from importer.report.xlsx.cell_values import MOST_CENTS, MOST_ROWS, fitting, money_xml
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.row_xml import (
    BLOCK_ROWS,
    RowXmlBlock,
    blank_xml,
    formula_xml,
    number_xml,
)
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number
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


def write_vendor_tie_out(
    sheet: StreamingSheet, context: WorkbookContext, table: VendorTable
) -> None:
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
    for first in range(0, len(table.rows), BLOCK_ROWS):
        sheet.append(_block(styles, table, first))


def _block(styles: CellStyles, table: VendorTable, first: int) -> RowXmlBlock:
    """Some vendors; ``first`` is how many are in the sheet before them."""
    rows = table.rows[first : first + BLOCK_ROWS]
    block = RowXmlBlock(first + 1, len(rows))
    text, counted = style_number(styles.cell[NO_SHADE, TEXT]), style_number(styles["whole"])
    block.add_texts([fitting(visible(currency.name)) for currency, _ in rows], text)
    block.add_texts([fitting(visible(vendor.label)) for _, vendor in rows], text)
    units = [currency.unit for currency, _ in rows]
    money = {unit: styles.money("cell", unit) for unit in set(units)}
    for part in table.parts:
        sums = [_sums(vendor, part) for _, vendor in rows]
        block.add_cells([number_xml(each.bills, counted) if each else "" for each in sums])
        for figure in FIGURES[1:]:
            cents = [getattr(each, figure) if each else None for each in sums]
            pairs = zip(cents, units, strict=True)
            block.add_cells([money_xml(each, money[unit], unit) for each, unit in pairs])
    numbered = enumerate(rows, start=first + 2)
    block.add_cells([_difference(styles, row, vendor, c.unit) for row, (c, vendor) in numbered])
    block.add_texts([_words(vendor) for _, vendor in rows], style_number(styles["words"]))
    block.add_texts([fitting(visible(vendor.typed)) for _, vendor in rows], text)
    return block


def _sums(vendor: TieOut, part: str) -> Sums | None:
    """None where no amount is known."""
    if part == "sheet":
        return vendor.sheet
    if not vendor.has_light_amount:
        return None
    return vendor.created if part == "in Light" else vendor.read


def _difference(styles: CellStyles, row: int, vendor: TieOut, unit: int) -> str:
    """The cell of the difference in the row of this number, a formula where that is exact."""
    differs = bool(vendor.differing) and vendor.has_difference
    style = styles.money("difference" if differs else "cell", unit)
    if not vendor.has_difference:
        return blank_xml(style_number(style))
    if not vendor.verified and max(abs(vendor.sheet.gross), abs(vendor.light)) < MOST_CENTS:
        formula = f"ROUND(D{row}-H{row},{decimals(unit)})"
        return formula_xml(formula, vendor.difference / unit, style_number(style))
    return money_xml(vendor.difference, style, unit)


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
