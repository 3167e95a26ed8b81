"""Rules across rows: duplicates, sums, control totals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import (
    Numbers,
    UnreadableAmount,
    money,
    read_cents,
    read_decimal,
    read_number_cell,
    to_cents,
)
from importer.core.name_key import name_key
from importer.core.number_key import number_key
from importer.mapping.classified_rows import ControlTotal
from importer.mapping.map_tables import MappedTables
from importer.mapping.text_cleanup import tidied
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS, header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.report_model import LeftOut, agreeing_totals
from importer.model.tables import CellKind
from importer.validation.cents_array import CentsArray, added
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.finding_batch import FindingBatch, cell_findings
from importer.validation.left_out import sums_of


def _normalized(numbers: pa.LargeStringArray) -> pa.LargeStringArray:
    """``number_key`` of each number; ASCII vectorised."""
    zero = pc.match_substring_regex(numbers, "(^|[^0-9])0")  # most have no leading zeros
    bare = pc.replace_substring_regex(numbers.filter(zero), "^[^0-9A-Za-z]*0+([0-9A-Za-z_])", r"\1")
    bare = pc.replace_substring_regex(bare, "([^0-9])0+([0-9])", r"\1\2")
    out = pc.replace_with_mask(numbers, zero, bare)
    out = pc.replace_substring(out, "-", "")  # the usual separator; faster than a pattern
    separated = pc.match_substring_regex(out, "[^0-9A-Za-z]")
    bare = pc.replace_substring_regex(out.filter(separated), "[^0-9A-Za-z]+", "")
    out = pc.ascii_lower(pc.replace_with_mask(out, separated, bare))
    others = pc.invert(pc.string_is_ascii(numbers))
    texts = [number_key(text) for text in numbers.filter(others).to_pylist()]
    return pc.replace_with_mask(out, others, pa.array(texts, type=pa.large_string()))


def party_numbers(ids: ParsedColumn, names: ParsedColumn) -> np.ndarray:
    """A number for each party, by its id, else by its name; 0 for none."""
    numbers: dict[str, int] = {"": 0}

    def codes(column: ParsedColumn, normalize: Callable[[str], str]) -> np.ndarray:
        if not column.ok.any():
            return np.zeros(column.size, dtype=np.int64)
        return column.map_distinct(
            lambda text: 0 if text is None else numbers.setdefault(normalize(text), len(numbers)),
            np.int64,
        )

    by_id = codes(ids, str)
    return np.where(by_id > 0, by_id, codes(names, name_key))


def duplicates(
    mapped: MappedTables, bills: ParsedTable, credit_notes: np.ndarray
) -> list[FindingBatch]:
    """The same (entity, vendor, invoice number) twice: an error; nearly the same, or
    the same under a sister entity: a warning."""
    number = bills["invoiceNumber"]
    at = np.flatnonzero(number.ok)
    texts = number.texts().take(pa.array(at))
    normalized = _normalized(texts).dictionary_encode()
    code = normalized.indices.to_numpy()
    shared = np.bincount(code, minlength=1)[code] > 1
    if not shared.any():
        return []
    vendor = party_numbers(bills["vendorId"], bills["vendor"])
    vendor = np.where(vendor > 0, vendor * 2 + credit_notes, 0)  # a bill is no copy of its credit
    entity = party_numbers(bills["companyEntityId"], bills["companyEntity"])
    shared &= vendor[at] > 0
    at, code = at[shared], code[shared]
    exact_number, _ = pd.factorize(texts.filter(pa.array(shared)).to_numpy(zero_copy_only=False))
    has_characters = np.asarray(pc.binary_length(normalized.dictionary))[code] > 0
    vendor, entity = vendor[at], entity[at]
    # Light fills in an entity that is left out, so a blank one may be any.
    vendor_number, _ = _pairs(vendor, exact_number)
    any_entity = np.isin(vendor_number, np.unique(vendor_number[entity == 0]))
    party, _ = _pairs(vendor, np.where(any_entity, 0, entity))

    exact, first_exact = _pairs(party, exact_number)
    _, first = _pairs(party, code)
    every = np.arange(len(at))
    # An exact duplicate is not reported as a near one too.
    near = (first != every) & (first_exact == every) & has_characters & (exact != exact[first])
    earlier = np.arange(bills.size)  # each bill's first exact or near duplicate
    earlier[at] = at[np.where(near, first, first_exact)]
    exact_at, near_at = at[first_exact != every], at[near]
    # Of the same number under several entities each but the first is named beside that.
    _, first_of_number = _pairs(vendor, exact_number)
    sister = (first_exact == every) & (first_of_number != every) & ~any_entity
    sister_of = np.zeros(bills.size, dtype=np.int64)
    sister_of[at] = at[first_of_number]

    def place_args(i: int) -> dict[str, Any]:
        return {"first": mapped.place(BILLS, int(earlier[i]), i)}

    def sister_args(i: int) -> dict[str, Any]:
        return {"first": mapped.place(BILLS, int(sister_of[i]), i)}

    def near_args(i: int) -> dict[str, Any]:
        return place_args(i) | {"other": number.at(int(earlier[i]))}

    return [
        cell_findings(
            mapped,
            BILLS,
            "invoiceNumber",
            f"bills.invoiceNumber.{ending}",
            items,
            value=lambda i: str(number.at(i)),
            template_args=args,
            related_bills=related,
        )
        for ending, items, args, related in (
            ("duplicate", exact_at, place_args, earlier[exact_at]),
            ("near_duplicate", near_at, near_args, None),
            ("sister_entity", at[sister], sister_args, None),
        )
    ]


def placeholder_numbers(mapped: MappedTables) -> list[FindingBatch]:
    """Bills whose number is a placeholder, as ``N/A``."""
    column = mapped.bills.columns.get("invoiceNumber")
    if column is None or column.placeholder is None:
        return []
    texts, code = column.placeholder, "bills.invoiceNumber.placeholder"
    at = np.flatnonzero(texts != "")
    value = pa.array(texts.tolist(), type=pa.large_string())
    return [cell_findings(mapped, BILLS, "invoiceNumber", code, at, value)]


def _pairs(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a number for each pair of small numbers, the index of the first equal pair)."""
    codes, unique = pd.factorize(high * (int(low.max(initial=0)) + 1) + low)
    first = np.full(len(unique), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return codes, np.asarray(first[codes])


def without_lines(
    mapped: MappedTables, line_bill: np.ndarray, ambiguous: np.ndarray
) -> list[FindingBatch]:
    """Bills without line items, except those whose reference has an error."""
    if not len(mapped.lines):
        return []  # one finding, as a missing or empty sheet
    has = np.zeros(len(mapped.bills), dtype=bool)
    has[line_bill[line_bill >= 0]] = True
    reference = "billRef" if "billRef" in mapped.bills.columns else "invoiceNumber"
    column = mapped.bills.columns.get(reference)
    value = "" if column is None else tidied(column.array)
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


def posted_without_account(
    mapped: MappedTables, lines: ParsedTable, line_bill: np.ndarray, target: np.ndarray
) -> FindingBatch:
    """Bills that are to be posted, and have line items without a ledger account."""
    blank = lines["accountId"].blank & lines["account"].blank & (line_bill >= 0)
    lacking = np.zeros(len(mapped.bills), dtype=bool)
    lacking[line_bill[blank]] = True
    posted = (target == TargetStatus.POSTED) | (target == TargetStatus.PAID)
    code = "bills.status.lines_without_account"
    return cell_findings(mapped, BILLS, "status", code, np.flatnonzero(lacking & posted))


def sums_agree(
    mapped: MappedTables,
    bills: ParsedTable,
    amounts: CentsArray,
    totals: CentsArray,
    counts: np.ndarray,
    ambiguous: np.ndarray,
) -> list[FindingBatch]:
    """The sum of a bill's lines is its amount, where both are known and unambiguous."""

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
