"""What unread columns mean for the bills: an error where money or meaning would be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from importer.core.counted_nouns import count
from importer.core.money import tidy
from importer.mapping.map_tables import MappedTables
from importer.mapping.stated_constants import currency_of, includes_tax, stated_currency
from importer.mapping.unread_columns import UnreadColumn, UnreadKind
from importer.model.fields import BILLS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedSheets, ParsedTable

_SHOWN_ROWS, _SHOWN_VALUES = 10, 8


def unread_findings(
    sheets: ParsedSheets, is_sum: np.ndarray, include_tax: np.ndarray
) -> Iterator[Finding]:
    """A finding for each unread column that matters. By bill: ``is_sum`` is whether its amount is
    worked out from its lines, so that nothing is compared with it; ``include_tax`` whether its line
    amounts are with tax."""
    mapped, bills, _, line_bill = sheets
    cents, valid = bills["amount"].cents()
    above_zero = valid & np.asarray(cents > 0, dtype=bool)
    if mapped.typed_notes is not None:
        above_zero &= ~mapped.typed_notes
    for sheet, column in mapped.unread:
        items = column.items
        of_bill = items if sheet == BILLS else line_bill[items]
        unproven = (of_bill >= 0) & is_sum[of_bill]
        with_tax = (of_bill >= 0) & include_tax[of_bill]
        if column.kind is UnreadKind.CURRENCY:
            yield from _currency(mapped, sheet, column, bills, of_bill)
        elif column.kind is UnreadKind.STATE:
            values = _distinct(column.texts)
            yield _finding(mapped, sheet, column, "unread_state", values=values)
        elif column.kind is UnreadKind.TYPE:
            values = _distinct(column.texts)
            yield _finding(mapped, sheet, column, "unread_type", values=values)
        elif column.kind is UnreadKind.PAID:
            values = _distinct(column.texts)
            yield _finding(mapped, sheet, column, "unread_paid", values=values)
        elif column.kind is UnreadKind.CREDIT:
            yield _finding(mapped, sheet, column, "unread_credit")
        elif column.kind is UnreadKind.RATE:
            if taken := stated_currency(mapped.template):
                values = _distinct(column.texts)
                yield _finding(mapped, sheet, column, "unread_rate", taken=taken, values=values)
        elif column.kind is UnreadKind.TAX_BASIS:
            inclusive = np.asarray(
                [includes_tax(text) is True for text in column.texts], dtype=bool
            )
            differs = (of_bill >= 0) & (inclusive != with_tax)
            taken = "without" if inclusive[differs].all() else "with"
            yield from _where(mapped, sheet, column, differs, "unread_basis", taken=taken)
        elif column.kind is UnreadKind.TAX:
            if "taxAmount" in mapped.lines.columns:
                continue
            yield from _where(mapped, sheet, column, unproven & ~with_tax, "unread_money")
            yield from _where(mapped, sheet, column, unproven & with_tax, "unread_tax")
        elif column.kind is UnreadKind.REMARK:
            owed = (of_bill >= 0) & above_zero[of_bill]
            yield from _where(mapped, sheet, column, owed, "unread_type")
        elif column.kind is UnreadKind.QUANTITY:
            yield from _where(mapped, sheet, column, unproven, "unread_quantity")
        elif column.kind is UnreadKind.DEDUCTION:
            yield from _where(mapped, sheet, column, unproven, "unread_deduction")
            yield from _where(mapped, sheet, column, ~unproven, "unread_payable")
        elif column.kind is UnreadKind.CHARGE or any(
            e.product for e in mapped.template.line_items.values()
        ):
            yield from _where(mapped, sheet, column, unproven, "unread_money")
        else:
            yield from _where(mapped, sheet, column, unproven, "unread_discount")


def _currency(
    mapped: MappedTables,
    sheet: str,
    column: UnreadColumn,
    bills: ParsedTable,
    of_bill: np.ndarray,
) -> Iterator[Finding]:
    """Rows whose unread currency is not that of their bill."""
    codes = {text: currency_of(text) for text in set(column.texts)}
    currency = bills["currency"]
    stated = [None if bill < 0 else currency.at(bill) for bill in of_bill.tolist()]
    differs = np.asarray(
        [
            other is not None and codes[text] != other
            for text, other in zip(column.texts, stated, strict=True)
        ],
        dtype=bool,
    )
    if differs.any():
        taken = str(stated[int(np.flatnonzero(differs)[0])])
        yield from _where(mapped, sheet, column, differs, "unread_currency", taken=taken)


def _where(
    mapped: MappedTables,
    sheet: str,
    column: UnreadColumn,
    which: np.ndarray,
    ending: str,
    **words: str,
) -> Iterator[Finding]:
    """The finding of the rows selected by the mask, if any."""
    at = np.flatnonzero(which)
    if len(at):
        texts = [column.texts[i] for i in at.tolist()]
        some = UnreadColumn(
            column.kind, column.table, column.column, column.header, column.items[at], texts
        )
        yield _finding(mapped, sheet, some, ending, values=_distinct(texts), **words)


def _finding(
    mapped: MappedTables, sheet: str, column: UnreadColumn, ending: str, **words: str
) -> Finding:
    rows = mapped.items(sheet).row[column.items]
    source = mapped.tables[column.table].source
    header = mapped.tables[column.table].headers[column.column]
    cell = CellRef(source.file, source.sheet, int(rows[0]), header, column.table, column.column)
    more = " …" if len(rows) > _SHOWN_ROWS else ""
    where = f"{count(len(rows), 'row')}: {', '.join(map(str, rows[:_SHOWN_ROWS].tolist()))}{more}"
    items = tuple(column.items.tolist())
    of_bills, of_lines = (items, ()) if sheet == BILLS else ((), items)
    return finding(
        f"sheet.column.{ending}",
        cell,
        tidy(column.texts[0]),
        bills=of_bills,
        lines=of_lines,
        header=column.header,
        rows=where,
        **words,
    )


def _distinct(texts: list[str]) -> str:
    counted = Counter(map(tidy, texts)).most_common()
    shown = ", ".join(f"'{text}'" for text, _ in counted[:_SHOWN_VALUES])
    more = len(counted) - _SHOWN_VALUES
    return f"{shown} and {more} more" if more > 0 else shown
