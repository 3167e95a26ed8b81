"""The sheet ``Bills`` where the file has one row a line item: one row a bill.

It is made from the rows of ``Line items``, so what a person changes in it leads nowhere. The hidden
column ``check`` tells when it was changed, so that it can be said.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from importer.amounts import money
from importer.records import BillResult, Role, Status, TableKind
from importer.results.added import (
    MONEY,
    SOURCE_ROW,
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

FLAT_HEADERS = (
    "vendor",
    "invoice_number",
    "issued_date",
    "currency",
    "amount_cents",
    "amount_money",
    "lines",
)
CHECK = "check"


def check_of(texts: Sequence[str], numbers: Sequence[str]) -> str:
    """A code of the cells of one row that differs where one of them was changed."""
    cells = [*map(_plain, texts), *map(_number, numbers)]
    return f"{zlib.crc32(chr(31).join(cells).encode(errors='replace')):08x}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and not c.isspace())[:1000]


def _number(text: str) -> str:
    """1234.50 and 1234.5 are one."""
    try:
        number = Decimal(_plain(text).replace(",", ""))
    except InvalidOperation:
        return _plain(text)
    return f"{number.normalize():f}" if number.is_finite() else str(number)


def write_flat_bills(
    sheet: Worksheet, output: Output, bills: Sequence[tuple[int, BillResult]]
) -> None:
    """One row a bill; each with its position in ``Report.bills``."""
    formats = output.formats
    widths = (34, 22, 13, 11, 16, 18, 9)
    for c, width in enumerate(widths):
        sheet.set_column(c, c, width, formats.source[TEXT if c < 4 else GENERAL])
    headers = [h for h in added_headers(TableKind.BILLS) if h not in MONEY]
    at = {header: len(FLAT_HEADERS) + c for c, header in enumerate(headers)}
    check = len(FLAT_HEADERS) + len(headers)
    set_up_table(sheet, check, len(bills))
    for c, header in enumerate(FLAT_HEADERS):
        sheet.write_string(
            0, c, header, formats.header if c < 4 or c == 6 else formats.header_right
        )
    write_added_headers(sheet, formats, len(FLAT_HEADERS), tuple(headers))
    sheet.set_column(check, check, 10, None, {"hidden": True})
    sheet.write_string(0, check, CHECK, formats.our_header)
    text, plain = formats.cell[PLAIN, TEXT], formats.source[TEXT]
    links = longest = 0
    loaded = False
    for out, (i, bill) in enumerate(bills, start=1):
        result = bill.result
        cells = [bill.vendor, bill.invoice_number, bill.issued, bill.currency]
        for c, value in enumerate(cells):
            if value and write_text(sheet, out, c, value, text, plain):
                output.written.alter(f"{FLAT_HEADERS[c]}, row {result.row}")
        if bill.amount is not None:
            write_cents(sheet, out, 4, bill.amount, formats.whole)
            write_money(sheet, out, 5, bill.amount, formats.money_of(bill.unit), bill.unit)
        sheet.write_number(out, 6, bill.lines, formats.centred)
        amount = ["", ""]
        if bill.amount is not None:
            amount = [str(bill.amount), money(bill.amount, bill.unit)]
        code = check_of(cells, [*amount, str(bill.lines), str(result.row)])
        sheet.write_string(out, check, code, plain)
        here = (result.table, result.row)
        output.written.bill_at(here, sheet.get_name(), out)
        findings = output.found.of_bill.get(i) or output.found.at.get(here, [])
        message = visible(result.message) or joined(map(with_place, findings))
        if not message and result.status is Status.INVALID:
            message = ANOTHER_ROW
        links += write_added(
            sheet,
            output,
            out,
            at,
            Role.DATA,
            result,
            message,
            result.row,
            links=MOST_LINKS - links,
            problem=output.found.problem(here) if message else None,
        )
        longest = max(longest, len(message))
        loaded = loaded or bool(result.light_id)
    width = fit_added(sheet, at, longest, loaded=loaded)
    output.written.widths[sheet.get_name()] = sum(widths) + width


def changed_rows(headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> list[int]:
    """The rows of such a sheet, read again, that are not as they were written.

    KeyError where a column is gone.
    """
    at = {header: i for i, header in enumerate(headers)}
    wanted = [at[name] for name in (*FLAT_HEADERS, SOURCE_ROW, CHECK)]
    out = []
    for row, cells in rows:
        *own, code = (cells[c] for c in wanted)
        if check_of(own[:4], own[4:]) != code.strip():
            out.append(row)
    return out
