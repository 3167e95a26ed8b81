"""Every row of the file with what became of it, one at a time, for CSV and JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from importer.model.report_model import Report, RowResult
from importer.model.tables import InputTable, Role, TableKind
from importer.report.finding_index import FindingIndex
from importer.report.phrases import utc
from importer.report.xlsx.result_columns import (
    ATTEMPTS,
    BILL_ID,
    GROSS,
    LINE_ID,
    LOADED_AT,
    MESSAGE,
    NET,
    SOURCE_ROW,
    STATE,
    STATUS,
    TAX,
    kept_columns,
)
from importer.report.xlsx.source_sheets import row_message, rows_below


@dataclass(frozen=True)
class Row:
    """One row: ``texts`` are its cells under ``headers``, ``result`` what became of it."""

    table: InputTable
    headers: list[str]
    texts: tuple[str, ...]
    role: Role
    row: int
    result: RowResult | None
    message: str


def by_table(results: Iterable[RowResult]) -> dict[int, dict[int, RowResult]]:
    """Results by table, then row."""
    tables: dict[int, dict[int, RowResult]] = defaultdict(dict)
    for result in results:
        tables[result.table][result.row] = result
    return tables


def every_row(report: Report) -> Iterator[Row]:
    """In the order of the file, the bills before the line items."""
    found = cache(partial(FindingIndex, report))  # only where a row has no message of its own
    bills = by_table(bill.result for bill in report.bills)
    lines = by_table(report.line_items)
    order = sorted(
        range(len(report.tables)), key=lambda t: report.tables[t].kind is not TableKind.BILLS
    )
    for t in order:
        table = report.tables[t]
        kept = kept_columns(table.headers)
        headers = [table.headers[c] for c in kept]
        results = (bills if table.kind is TableKind.BILLS else lines)[t]
        for row, role, texts, _ in rows_below(table, kept):
            result = results.get(row)
            message = row_message(found, (t, row), role, result) or table.reasons.get(row, "")
            yield Row(table, headers, texts, role, row, result, message)


def added(row: Row) -> dict[str, str]:
    """The columns that the result adds, as text: amounts as 1234.56, moments in UTC."""
    result, bills = row.result, row.table.kind is TableKind.BILLS
    out = {STATUS: row.role.value, MESSAGE: row.message, SOURCE_ROW: str(row.row)}
    if row.role is Role.DATA:
        out[STATUS] = result.status.value if result else ""
    if result is None:
        return out
    out[BILL_ID] = (result.light_id if bills else result.bill_id) or ""
    out[LINE_ID] = "" if bills else result.light_id or ""
    out[STATE] = result.light_state or ""
    out[ATTEMPTS] = str(result.attempts)
    out[LOADED_AT] = utc(result.loaded_at) if result.loaded_at else ""
    if (amounts := result.amounts) is not None:
        for name, cents in ((GROSS, amounts.gross), (NET, amounts.net), (TAX, amounts.tax)):
            out[name] = "" if cents is None else plain_money(cents, amounts.unit)
    return out


def plain_money(cents: int, unit: int) -> str:
    """``-1234.56``, for programs."""
    whole, part = divmod(abs(cents), unit)
    digits = len(str(unit)) - 1
    return f"{'-' if cents < 0 else ''}{whole}" + (f".{part:0{digits}d}" if digits else "")
