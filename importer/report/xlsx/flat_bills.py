"""The sheet ``Bills`` where the file has one row a line item: one row a bill.

It is derived from the rows of ``Line items``: an edit in it has no effect. The hidden column
``check`` shows that a row was edited, so that this can be reported.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial

from importer.core.money import money
from importer.model.report_model import BillResult
from importer.model.tables import Role, TableKind
from importer.report.outcomes import RowOutcomes
from importer.report.result_columns import FIRST_COLUMNS, SOURCE_ROW, last_columns
from importer.report.row_messages import row_message
from importer.report.xlsx.cell_styles import NO_SHADE, TEXT
from importer.report.xlsx.cell_values import cents_xml, fitting, money_xml
from importer.report.xlsx.page_setup import set_up_table
from importer.report.xlsx.result_cells import ResultCells
from importer.report.xlsx.row_xml import BLOCK_ROWS, RowXmlBlock, number_xml
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number
from importer.report.xlsx.workbook_context import WorkbookContext

FLAT_HEADERS = (
    "vendor",
    "invoice_number",
    "issued_date",
    "currency",
    "amount_cents",
    "amount_money",
    "lines",
)
# As they are shown: what says which bill it is beside the status, in the columns that are frozen.
_SHOWN = (1, 0, 2, 3, 4, 5, 6)
_WIDTHS = (22, 34, 13, 11, 14, 15, 8)
_FIRST = FIRST_COLUMNS[:2]
CHECK = "check"
_INTEGER = re.compile("[1-9][0-9]{0,19}")


def check_of(texts: Sequence[str], numbers: Sequence[str]) -> str:
    """A checksum of the cells of one row."""
    cells = [*map(_printable, texts), *map(_number, numbers)]
    return f"{zlib.crc32(chr(31).join(cells).encode(errors='replace')):08x}"


def _printable(text: str) -> str:
    bare = "".join(text.split())
    return (bare if bare.isprintable() else "".join(filter(str.isprintable, bare)))[:1000]


def _number(text: str) -> str:
    """1234.50 and 1234.5 are one."""
    bare = _printable(text)
    if _INTEGER.fullmatch(bare):  # nearly all
        return bare
    try:
        number = Decimal(bare.replace(",", ""))
    except InvalidOperation:
        return bare
    return f"{number.normalize():f}" if number.is_finite() else str(number)


def write_flat_bills(
    sheet: StreamingSheet,
    context: WorkbookContext,
    bills: RowOutcomes[BillResult],
    shown: Sequence[int],
) -> None:
    """One row a bill, for those of ``bills`` (all of the report) whose indexes are ``shown``."""
    styles = context.styles
    for c, width in enumerate(_WIDTHS):
        at = len(_FIRST) + c
        sheet.set_column(at, at, width, styles["text_column" if c < 4 else "general_column"])
    headers = last_columns(TableKind.BILLS, (False, False, False))
    last = len(_FIRST) + len(FLAT_HEADERS)
    check = last + len(headers)
    set_up_table(sheet, check, len(shown), frozen=3)
    result_cells = ResultCells(sheet, context, _FIRST, headers, last)
    result_cells.write_headers()
    for c, name in enumerate(_SHOWN):
        style = "header" if c < 4 or c == 6 else "header_right"
        sheet.write_string(0, len(_FIRST) + c, FLAT_HEADERS[name], styles[style])
    sheet.set_column(check, check, 10, None, {"hidden": True})
    sheet.write_string(0, check, CHECK, styles["result_header"])
    height = 22.0
    for first in range(0, len(shown), BLOCK_ROWS):
        indexes = shown[first : first + BLOCK_ROWS]
        height += _write_block(
            sheet, context, result_cells, first + 1, indexes, [bills[i] for i in indexes]
        )
    result_cells.fit(_WIDTHS, len(shown), height)


def _write_block(
    sheet: StreamingSheet,
    context: WorkbookContext,
    result_cells: ResultCells,
    first: int,
    indexes: Sequence[int],
    bills: Sequence[BillResult],
) -> float:
    """Some bills, from row ``first`` of the sheet on; gives the height of their rows in points."""
    styles, findings = context.styles, context.findings
    block = RowXmlBlock(first, len(bills))
    result_cells.reserve(block)
    text = style_number(styles.cell[NO_SHADE, TEXT])
    texts = [(bill.vendor, bill.invoice_number, bill.issued, bill.currency) for bill in bills]
    columns = [*zip(*texts, strict=True)]
    for name in _SHOWN[: len(columns)]:
        header, column = FLAT_HEADERS[name], columns[name]
        fit = [fitting(value) for value in column]
        for bill, value, fitted in zip(bills, column, fit, strict=True):
            if value != fitted:
                context.note_altered(f"{header}, row {bill.result.row}")
        block.add_texts(fit, text)
    block.add_cells([cents_xml(bill.amount, styles["whole"]) for bill in bills])
    block.add_cells(
        [money_xml(bill.amount, styles.money("cell", bill.unit), bill.unit) for bill in bills]
    )
    centred = style_number(styles["centred"])
    block.add_cells([number_xml(bill.lines, centred) for bill in bills])
    results = [bill.result for bill in bills]
    messages, problems = [], []
    for k, (i, result) in enumerate(zip(indexes, results, strict=True)):
        place = (result.table, result.row)
        context.note_bill(place, sheet, first + k)
        message = row_message(Role.DATA, result, partial(findings.bill_message, i, place))
        messages.append(message)
        problems.append(findings.problem_cell(place) if message else None)
    statuses = [result.status.value for result in results]
    rows = [result.row for result in results]
    heights = result_cells.add(block, rows, statuses, results, messages, problems)
    block.add_unescaped(
        [_check_of_bill(*each) for each in zip(bills, texts, strict=True)],
        style_number(styles["text_column"]),
    )
    sheet.append(block, heights if any(heights) else None)
    return sum(height or 15 for height in heights)


def _check_of_bill(bill: BillResult, texts: Sequence[str]) -> str:
    amount = ["", ""]
    if bill.amount is not None:
        amount = [str(bill.amount), money(bill.amount, bill.unit)]
    return check_of(texts, [*amount, str(bill.lines), str(bill.result.row)])


def changed_rows(headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> list[int]:
    """The rows of such a sheet, read again, that were edited. KeyError if a column is missing."""
    at = {header: i for i, header in enumerate(headers)}
    wanted = [at[name] for name in (*FLAT_HEADERS, SOURCE_ROW, CHECK)]
    out = []
    for row, cells in rows:
        *values, code = (cells[c] for c in wanted)
        if check_of(values[:4], values[4:]) != code.strip():
            out.append(row)
    return out
