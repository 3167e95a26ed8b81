"""The sheet ``Tie-out by account``: what the ledger has of the posted documents, and the sheet."""

from __future__ import annotations

from collections.abc import Mapping

from xlsxwriter.worksheet import Worksheet

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.ledger import AccountTotal, LedgerTieOut
from importer.report.figure_tables import SIDE_WORDS
from importer.report.ledger_words import ledger_words
from importer.report.result_columns import ACCOUNT_TIE_OUT
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import write_money, write_text
from importer.report.xlsx.page_setup import SheetPrint, set_up_table
from importer.report.xlsx.workbook_context import WorkbookContext

_HEADERS = (
    "Entity",
    "Currency",
    "What",
    "Code",
    "Name",
    "Documents",
    "Sheet",
    "Ledger",
    "Difference",
    "What differs",
    "Ledger, in the entity's currency",
)
_WIDTHS = (24, 10, 11, 12, 30, 11, 18, 18, 16, 34, 26)
_FIRST_FIGURE, _DIFFERENCE = 5, 8


def write_account_tie_out(sheet: Worksheet, context: WorkbookContext, ledger: LedgerTieOut) -> None:
    """One row an account, tax code and payables of each entity and currency. Debit is above zero,
    credit below: with the payables, the rows of a currency come to nothing."""
    styles = context.styles
    notes = [*ledger_words(ledger)]
    context.prints[ACCOUNT_TIE_OUT] = SheetPrint(
        _WIDTHS, 34 + 15 * (len(ledger.accounts) + len(notes) + 1)
    )
    for c, width in enumerate(_WIDTHS):
        sheet.set_column(c, c, width)
    set_up_table(sheet, len(_HEADERS), len(ledger.accounts), frozen=2, height=34)
    for c, header in enumerate(_HEADERS):
        style = "header_figure" if _FIRST_FIGURE <= c <= _DIFFERENCE else "header_words"
        sheet.write_string(0, c, header, styles[style if c >= _FIRST_FIGURE else "header_top"])
    row = 1
    units = {total.currency: total.unit for total in ledger.accounts}
    for row, total in enumerate(ledger.accounts, start=1):
        _write_total(sheet, context, row, total, units)
    for n, note in enumerate(notes, start=row + 2):
        sheet.write_string(n, 0, note, styles["words"])


def _write_total(
    sheet: Worksheet,
    context: WorkbookContext,
    row: int,
    total: AccountTotal,
    units: Mapping[str, int],
) -> None:
    styles, unit = context.styles, total.unit
    text, column = styles.cell[NO_SHADE, TEXT], styles["text_column"]
    for c, value in enumerate(
        (total.entity, total.currency, SIDE_WORDS[total.side], total.code, total.label)
    ):
        write_text(sheet, row, c, visible(value), text, column)
    sheet.write_number(row, _FIRST_FIGURE, total.documents, styles["whole"])
    style = styles.money("cell", unit)
    for c, cents in enumerate((total.sheet, total.ledger), start=_FIRST_FIGURE + 1):
        write_money(sheet, row, c, cents, style, unit)
    style = styles.money("cell" if total.difference == 0 else "difference", unit)
    write_money(sheet, row, _DIFFERENCE, total.difference, style, unit)
    if words := _words(total):
        sheet.write_string(row, _DIFFERENCE + 1, words, styles["words"])
    others = [
        f"{currency} {money(cents, units.get(currency, 100))}"
        for currency, cents in sorted(total.local.items())
        if currency != total.currency
    ]
    if others:
        sheet.write_string(row, _DIFFERENCE + 2, visible("; ".join(others)), styles["words"])


def _words(total: AccountTotal) -> str:
    if total.ledger is None:
        return "The ledger does not show each amount"
    if total.sheet is None:
        return "The sheet leaves amounts to Light"
    return "The ledger and the sheet differ" if total.difference else ""
