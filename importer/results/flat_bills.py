"""The sheet ``Bills`` where the file has one row a line item: one row a bill."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from importer.records import BillResult, Role, Status
from importer.results.added import (
    BILL_ID,
    added_headers,
    fit_added,
    write_added,
    write_added_headers,
)
from importer.results.cells import MOST_LINKS, write_cents, write_money, write_text
from importer.results.formats import GENERAL, PLAIN, TEXT
from importer.results.found import ANOTHER_ROW, joined, with_place
from importer.results.output import Output
from importer.results.page import set_up_table
from importer.results.wording import visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_FLAT_HEADERS = (
    "vendor",
    "invoice_number",
    "issued_date",
    "currency",
    "amount_cents",
    "amount_money",
    "lines",
)


def write_flat_bills(
    sheet: Worksheet, output: Output, bills: Iterable[tuple[int, BillResult]], count: int
) -> None:
    """One row a bill; each with its position in ``Report.bills``."""
    formats = output.formats
    for c, width in enumerate((34, 22, 13, 11, 16, 18, 9)):
        sheet.set_column(c, c, width, formats.source[TEXT if c < 4 else GENERAL])
    headers = added_headers(BILL_ID)
    set_up_table(sheet, len(_FLAT_HEADERS) + len(headers), count)
    for c, header in enumerate(_FLAT_HEADERS):
        sheet.write_string(
            0, c, header, formats.header if c < 4 or c == 6 else formats.header_right
        )
    write_added_headers(sheet, formats, len(_FLAT_HEADERS), headers)
    text, plain = formats.cell[PLAIN, TEXT], formats.source[TEXT]
    links = longest = 0
    loaded = False
    for out, (i, bill) in enumerate(bills, start=1):
        result = bill.result
        for c, value in enumerate((bill.vendor, bill.invoice_number, bill.issued, bill.currency)):
            if value and write_text(sheet, out, c, value, text, plain):
                output.written.alter(f"{_FLAT_HEADERS[c]}, row {result.row}")
        if bill.amount is not None:
            write_cents(sheet, out, 4, bill.amount, formats.whole)
            write_money(sheet, out, 5, bill.amount, formats.money, bill.unit)
        sheet.write_number(out, 6, bill.lines, formats.centred)
        here = (result.table, result.row)
        findings = output.found.of_bill.get(i) or output.found.at.get(here, [])
        message = visible(result.message) or joined(map(with_place, findings))
        if not message and result.status is Status.INVALID:
            message = ANOTHER_ROW
        links += write_added(
            sheet,
            output,
            out,
            len(_FLAT_HEADERS),
            Role.DATA,
            result,
            message,
            result.row,
            link=links < MOST_LINKS,
        )
        longest = max(longest, len(message))
        loaded = loaded or bool(result.light_id)
    fit_added(sheet, len(_FLAT_HEADERS), longest, loaded=loaded)
