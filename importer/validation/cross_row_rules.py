"""Rules across rows: sums, repeated lines, control totals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.core.money import (
    Numbers,
    UnreadableAmount,
    money,
    read_cents,
    read_decimal,
    read_number_cell,
    to_cents,
)
from importer.mapping.classified_rows import ControlTotal
from importer.mapping.map_tables import MappedTables
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS, header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.report_model import LeftOut, agreeing_totals
from importer.model.tables import CellKind
from importer.validation.cents_array import CentsArray, added, sums
from importer.validation.column import ParsedColumn, ParsedSheets
from importer.validation.finding_batch import FindingBatch, cell_findings
from importer.validation.join_lines import typed_reference
from importer.validation.left_out import sums_of

_MOST_TAX = 3  # tenths of a line's net amount, more than any rate of VAT
_ROUNDING = 5  # cents a line, with those of the tenths


def placeholder_numbers(mapped: MappedTables) -> list[FindingBatch]:
    """Bills whose number is a placeholder, as ``N/A``."""
    column = mapped.bills.columns.get("invoiceNumber")
    if column is None or column.placeholder is None:
        return []
    texts, code = column.placeholder, "bills.invoiceNumber.placeholder"
    at = np.flatnonzero(texts != "")
    value = pa.array(texts.tolist(), type=pa.large_string())
    return [cell_findings(mapped, BILLS, "invoiceNumber", code, at, value)]


def without_lines(
    mapped: MappedTables, line_bill: np.ndarray, ambiguous: np.ndarray
) -> list[FindingBatch]:
    """Bills without line items, except those whose reference has an error."""
    if not len(mapped.lines):
        return []  # one finding, as a missing or empty sheet
    has = np.zeros(len(mapped.bills), dtype=bool)
    has[line_bill[line_bill >= 0]] = True
    reference = "billRef" if "billRef" in mapped.bills.columns else "invoiceNumber"
    value = typed_reference(mapped.bills, reference)
    return [
        cell_findings(
            mapped,
            BILLS,
            reference,
            "bills.lines.missing",
            np.flatnonzero(~has & ~ambiguous),
            value=value,
            template_args=lambda _: {"reference": reference},
            constant_by=(),
        )
    ]


def posted_without_account(sheets: ParsedSheets, target: np.ndarray) -> FindingBatch:
    """Bills that are to be posted, and have line items without a ledger account."""
    mapped, _, lines, line_bill = sheets
    blank = lines["accountId"].blank & lines["account"].blank & (line_bill >= 0)
    lacking = np.zeros(len(mapped.bills), dtype=bool)
    lacking[line_bill[blank]] = True
    posted = (target == TargetStatus.POSTED) | (target == TargetStatus.PAID)
    code = "bills.status.lines_without_account"
    return cell_findings(mapped, BILLS, "status", code, np.flatnonzero(lacking & posted))


def sums_agree(
    sheets: ParsedSheets,
    amounts: CentsArray,
    totals: CentsArray,
    counts: np.ndarray,
    ambiguous: np.ndarray,
) -> list[FindingBatch]:
    """The sum of a bill's lines is its amount, where both are known and unambiguous."""
    mapped, bills = sheets.mapped, sheets.bills

    def words(i: int) -> dict[str, Any]:
        amount, total = int(amounts.cents[i]), int(totals.cents[i])
        return {
            "bill": bills.money(i, amount),
            "sum": bills.money(i, total),
            "count": int(counts[i]),
            "difference": bills.money(i, amount - total),
        }

    value = None if "amount" in mapped.bills.columns else lambda i: str(amounts.at(i))
    comparable = amounts.valid & totals.valid & ~ambiguous
    at = np.flatnonzero(comparable & (totals.cents != amounts.cents))
    code = "bills.amount.lines_differ"
    return [cell_findings(mapped, BILLS, "amount", code, at, value=value, template_args=words)]


def tax_is_possible(
    sheets: ParsedSheets, amounts: CentsArray, gross: CentsArray, left_to_light: np.ndarray
) -> list[FindingBatch]:
    """A bill's amount is that of its lines with a tax that there is, where Light works out theirs.

    ``gross`` is each line's. ``left_to_light`` are the lines whose tax Light works out.
    """
    mapped, bills, lines, line_bill = sheets
    net = lines["netAmount"].cents()
    computable = gross.valid | (left_to_light & net.valid)
    base = np.where(gross.valid, gross.cents, net.cents)
    tax = np.where(gross.valid, 0, base // 10 * _MOST_TAX)
    least, counts = sums(CentsArray(base + np.minimum(tax, 0), computable), line_bill, bills.size)
    most, _ = sums(CentsArray(base + np.maximum(tax, 0), computable), line_bill, bills.size)
    by_light = np.zeros(bills.size, dtype=bool)
    by_light[line_bill[left_to_light & (line_bill >= 0)]] = True
    rounding = _ROUNDING * counts
    possible = (amounts.cents >= least.cents - rounding) & (amounts.cents <= most.cents + rounding)
    at = np.flatnonzero(by_light & least.valid & amounts.valid & ~possible)
    of_net, _ = sums(CentsArray(base, computable), line_bill, bills.size)

    def words(i: int) -> dict[str, Any]:
        return {
            "bill": bills.money(i, int(amounts.cents[i])),
            "sum": bills.money(i, int(of_net.cents[i])),
            "count": int(counts[i]),
        }

    code = "bills.amount.doubtful_tax"
    return [cell_findings(mapped, BILLS, "amount", code, at, template_args=words)]


def repeated_lines(
    mapped: MappedTables, line_bill: np.ndarray, proven: np.ndarray
) -> list[Finding]:
    """A finding for each block of rows that repeats rows above it.

    ``proven``: bills whose stated amount is what their lines come to, so that all are meant.
    """
    out = []
    for block in mapped.repeated:
        meant = proven[line_bill[block.lines]]
        lines, firsts = block.lines[~meant], block.firsts[~meant]
        if not len(lines):
            continue
        bills = np.unique(np.concatenate([line_bill[lines], line_bill[firsts]]))
        i = int(lines[0])
        table = mapped.tables[int(mapped.lines.table[i])].source
        row = mapped.lines.row
        cell = CellRef(table.file, table.sheet, int(row[i]), None, int(mapped.lines.table[i]))
        words = {
            "rows": _rows(row[lines]),
            "verb": "repeats" if len(lines) == 1 else "repeat",
            "firsts": _rows(row[firsts], capital=False),
        }
        out.append(
            finding(
                "sheet.rows.repeated",
                cell,
                bills=tuple(bills.tolist()),
                lines=tuple(lines.tolist()),
                **words,
            )
        )
    return out


def _rows(numbers: np.ndarray, *, capital: bool = True) -> str:
    """``Row 3`` or ``Rows 3 to 17 (12 rows)``."""
    word, some = ("R" if capital else "r") + "ow", np.unique(numbers)
    if len(some) == 1:
        return f"{word} {some[0]}"
    return f"{word}s {some[0]} to {some[-1]} ({len(some):,} rows)"


def meets_expectations(
    mapped: MappedTables,
    currencies: ParsedColumn,
    amounts: CentsArray,
    of_totals: Sequence[Finding],
) -> bool:
    """Whether the template or the command states the gross of all currencies, and it is met."""
    stated = mapped.template.expect.gross
    codes = {code for code in currencies.dictionary()[0] if code}
    complete = bool(stated) and codes <= stated.keys() and bool((amounts.valid).all())
    return complete and not any(f.code.startswith("control.gross.") for f in of_totals)


def _negated(mapped: MappedTables, header: str) -> bool:
    """Whether the template changes the sign of the amounts of a column."""
    lines = mapped.template.line_items
    fields = (mapped.template.bills.get("amount"), lines.get("amount"), lines.get("netAmount"))
    return any(
        part.negate and header_key(header) in map(header_key, part.column)
        for expression in fields
        if expression is not None
        for _, part in expression.walk()
        if part.column
    )


def _control_cents(
    mapped: MappedTables,
    total: ControlTotal,
    unit: int,
    of_bills: int,
    possible: frozenset[int],
) -> int | UnreadableAmount:
    """The file's total in cents, with the sign that the template gives to its column's amounts.

    Where it can be read in two ways, the one that equals the total ``of_bills``, if either does.
    """
    sign = -1 if _negated(mapped, total.cell.column or "") else 1
    formats = mapped.template.formats
    if formats.amounts == "cents":
        readings = [read_cents(total.text)]
    elif total.kind is CellKind.NUMBER:
        readings = [to_cents(read_number_cell(total.text), unit)]
    else:
        ways = Numbers if formats.numbers == "auto" else (Numbers(formats.numbers),)
        readings = [to_cents(read_decimal(total.text, numbers), unit) for numbers in ways]
    signed = [sign * cents for cents in readings if not isinstance(cents, UnreadableAmount)]
    if not signed:
        return readings[0]
    if of_bills in signed:
        return of_bills
    return next((cents for cents in signed if cents in possible), signed[0])


def control_totals(
    mapped: MappedTables,
    currencies: ParsedColumn,
    amounts: CentsArray,
    credit_notes: np.ndarray,
    documents: Sequence[LeftOut] = (),
) -> tuple[dict[str, int], list[Finding]]:
    """The control total of each currency in cents, and the findings where it differs.

    Totals come from the file's own total rows (the last one of each table) and from the template's
    ``expect``. Compared with all bills, valid or not, whose amount can be read; they may count the
    ``documents`` that are left out, or not.
    """
    out: list[Finding] = []
    totals: Counter[str] = Counter()
    by_table: dict[int, Counter[str]] = defaultdict(Counter)
    codes, code = currencies.dictionary()
    readable = amounts.valid & currencies.ok
    notes_of: Counter[tuple[int, str]] = Counter()  # cents, by table and currency
    for i in np.flatnonzero(readable & credit_notes).tolist():
        notes_of[int(mapped.bills.table[i]), str(currencies.at(i))] -= int(amounts.cents[i])
    pair, keys = pd.factorize(mapped.bills.table[readable] * len(codes) + code[readable])
    for key, cents in zip(
        keys.tolist(), added(amounts.cents[readable], pair, len(keys)), strict=True
    ):
        table, currency = key // len(codes), str(codes[key % len(codes)])
        by_table[table][currency] = int(cents)
        totals[currency] += int(cents)
    unreadable = int((~readable).sum())
    one = "1 bill has" if unreadable == 1 else f"{unreadable} bills have"
    missing = f" ({one} no readable amount)" if unreadable else ""
    units = mapped.template.formats.cents_per_unit
    controls: dict[str, int] = {}

    def totals_of(currency: str, of_bills: int, table: int | None) -> frozenset[int]:
        passed = sums_of(documents, currency, table=table)
        notes = sum(n for (t, c), n in notes_of.items() if c == currency and table in (None, t))
        return agreeing_totals(of_bills, passed, notes)

    def compare(
        cell: CellRef, text: str, currency: str, control: int, of_bills: int, where: str
    ) -> None:
        possible = totals_of(currency, of_bills, cell.table)
        if control not in possible:
            unit = units.get(currency, 100)
            others = " without what is left out" if len(possible) > 1 else ""
            args: dict[str, Any] = {
                "control": money(control, unit),
                "currency": currency,
                "sheet": money(of_bills, unit) + others + missing,
                "where": where,
                "difference": money(control - of_bills, unit),
            }
            out.append(finding("control.gross.differs", cell, text, **args))

    last_totals = {total.cell.table: total for total in mapped.control_totals}
    for total in last_totals.values():
        cell, of_table = total.cell, by_table[total.cell.table or 0]
        if len(of_table) != 1:
            names = ", ".join(sorted(of_table)) or "none"
            out.append(finding("control.gross.currencies", cell, total.text, currencies=names))
            continue
        ((currency, of_bills),) = of_table.items()
        possible = totals_of(currency, of_bills, cell.table)
        control = _control_cents(mapped, total, units.get(currency, 100), of_bills, possible)
        if isinstance(control, UnreadableAmount):
            out.append(finding("control.gross.unreadable", cell, total.text, reason=control))
            continue
        controls[currency] = controls.get(currency, 0) + control
        where = f"of the file, in row {cell.row}, "
        compare(cell, total.text, currency, control, of_bills, where)
    if len(last_totals) < len(by_table):
        controls.clear()  # a total of some of the files is none of all
    expect = mapped.template.expect
    cell = CellRef(mapped.tables[0].source.file if mapped.tables else "")
    for currency, text in expect.gross.items():
        control = to_cents(read_decimal(text, Numbers.POINT), units.get(currency, 100))
        if isinstance(control, UnreadableAmount):
            out.append(finding("control.gross.unreadable", cell, text, reason=control))
            continue
        controls[currency] = control
        compare(cell, text, currency, control, totals[currency], "expected ")
    bills_left_out = [len(each.rows) for each in documents]
    for name, expected, count, others in (
        ("bills", expect.bills, len(mapped.bills), sum(bills_left_out)),
        ("lines", expect.lines, len(mapped.lines), sum(d.line_items for d in documents)),
    ):
        if expected is not None and expected not in (count, count + others):
            some = int(credit_notes.sum()) if name == "bills" else 0
            out.append(
                finding(
                    f"control.{name}.differs",
                    cell,
                    str(count),
                    expected=expected,
                    difference=expected - count,
                    notes=f", {some:,} of them credit notes" if some else "",
                )
            )
    return controls, out
