"""The sheet ``Bills`` where the file has one row a line item: one row a bill.

It is made from the rows of ``Line items``, so what a person changes in it leads nowhere. The hidden
column ``check`` tells when it was changed, so that it can be said.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.journal_states import Status
from importer.model.report_model import BillResult
from importer.model.tables import TableKind
from importer.report.finding_index import ANOTHER_ROW, joined, with_place
from importer.report.xlsx.cell_styles import GENERAL, PLAIN, TEXT
from importer.report.xlsx.cell_values import cents_tail, fitting, money_tail
from importer.report.xlsx.page_setup import set_up_table
from importer.report.xlsx.result_columns import (
    MONEY,
    SOURCE_ROW,
    AddedColumns,
    added_headers,
    write_added_headers,
)
from importer.report.xlsx.row_xml import AT_ONCE, RowXmlBlock, number_tail
from importer.report.xlsx.workbook_context import WorkbookContext

if TYPE_CHECKING:
    from importer.report.xlsx.streaming_sheet import QuickSheet

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
_WHOLE = re.compile("[1-9][0-9]{0,19}")


def check_of(texts: Sequence[str], numbers: Sequence[str]) -> str:
    """A code of the cells of one row that differs where one of them was changed."""
    cells = [*map(_plain, texts), *map(_number, numbers)]
    return f"{zlib.crc32(chr(31).join(cells).encode(errors='replace')):08x}"


def _plain(text: str) -> str:
    bare = "".join(text.split())
    return (bare if bare.isprintable() else "".join(filter(str.isprintable, bare)))[:1000]


def _number(text: str) -> str:
    """1234.50 and 1234.5 are one."""
    bare = _plain(text)
    if _WHOLE.fullmatch(bare):  # nearly all
        return bare
    try:
        number = Decimal(bare.replace(",", ""))
    except InvalidOperation:
        return bare
    return f"{number.normalize():f}" if number.is_finite() else str(number)


def write_flat_bills(
    sheet: QuickSheet, output: WorkbookContext, bills: Sequence[BillResult], own: Sequence[int]
) -> None:
    """One row a bill, for those of ``bills`` (all of the report) whose positions are ``own``."""
    formats = output.formats
    widths = (34, 22, 13, 11, 16, 18, 9)
    for c, width in enumerate(widths):
        sheet.set_column(c, c, width, formats.source[TEXT if c < 4 else GENERAL])
    headers = [h for h in added_headers(TableKind.BILLS) if h not in MONEY]
    check = len(FLAT_HEADERS) + len(headers)
    set_up_table(sheet, check, len(own))
    for c, header in enumerate(FLAT_HEADERS):
        sheet.write_string(
            0, c, header, formats.header if c < 4 or c == 6 else formats.header_right
        )
    write_added_headers(sheet, formats, len(FLAT_HEADERS), tuple(headers))
    sheet.set_column(check, check, 10, None, {"hidden": True})
    sheet.write_string(0, check, CHECK, formats.our_header)
    added = AddedColumns(sheet, output, headers)
    for first in range(0, len(own), AT_ONCE):
        _write_block(sheet, output, added, first + 1, bills, own[first : first + AT_ONCE])
    output.written.widths[sheet.get_name()] = [*widths, *added.fit(len(FLAT_HEADERS))]


def _write_block(
    sheet: QuickSheet,
    output: WorkbookContext,
    added: AddedColumns,
    out: int,
    bills: Sequence[BillResult],
    own: Sequence[int],
) -> None:
    """Some bills, from row ``out`` of the sheet on."""
    formats, found = output.formats, output.found
    some = [bills[i] for i in own]
    block = RowXmlBlock(out, len(some))
    text = formats.cell[PLAIN, TEXT]._get_xf_index()
    texts = [(bill.vendor, bill.invoice_number, bill.issued, bill.currency) for bill in some]
    for c, column in enumerate(zip(*texts, strict=True)):
        fit = [fitting(value) for value in column]
        for bill, value, whole in zip(some, column, fit, strict=True):
            if value != whole:
                output.written.alter(f"{FLAT_HEADERS[c]}, row {bill.result.row}")
        block.add_texts(fit, text)
    block.add([cents_tail(b.amount, formats.whole) if b.amount is not None else "" for b in some])
    block.add(
        [
            money_tail(b.amount, formats.money_of(b.unit), b.unit) if b.amount is not None else ""
            for b in some
        ]
    )
    centred = formats.centred._get_xf_index()
    block.add([number_tail(bill.lines, centred) for bill in some])
    results = [bill.result for bill in some]
    messages, problems = [], []
    for k, (i, result) in enumerate(zip(own, results, strict=True)):
        here = (result.table, result.row)
        output.written.bill_at(here, sheet.get_name(), out + k)
        findings = found.of_bill.get(i) or found.at.get(here, [])
        message = visible(result.message) or joined(map(with_place, findings))
        if not message and result.status is Status.INVALID:
            message = ANOTHER_ROW
        messages.append(message)
        problems.append(found.problem(here) if message else None)
    statuses = [result.status.value for result in results]
    rows = [result.row for result in results]
    added.add(block, rows, statuses, results, messages, problems)
    block.add_plain(
        [_check_of_bill(*each) for each in zip(some, texts, strict=True)],
        formats.source[TEXT]._get_xf_index(),
    )
    sheet.append(block)


def _check_of_bill(bill: BillResult, texts: Sequence[str]) -> str:
    amount = ["", ""]
    if bill.amount is not None:
        amount = [str(bill.amount), money(bill.amount, bill.unit)]
    return check_of(texts, [*amount, str(bill.lines), str(bill.result.row)])


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
