"""Rules across rows: duplicates, sums, control totals."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
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
from importer.mapping.classified_rows import ControlTotal
from importer.mapping.map_tables import MappedTables
from importer.mapping.text_cleanup import tidied
from importer.model.fields import BILLS, header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind
from importer.validation.cents_array import CentsArray, added
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.finding_batch import FindingBatch, cell_findings

_NOT_ALNUM = re.compile(r"[\W_]+")


def same_name(name: str) -> str:
    """A name as it is compared: trimmed, one space between words, case and Unicode form aside."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _loose(number: str) -> str:
    return _NOT_ALNUM.sub("", unicodedata.normalize("NFKC", number)).casefold()


def _all_loose(numbers: pa.LargeStringArray) -> pa.LargeStringArray:
    """Each as ``_loose`` leaves it; what is plain ASCII all at once."""
    out = pc.replace_substring(numbers, "-", "")  # mostly the only one, and soon replaced
    odd = pc.match_substring_regex(out, "[^0-9A-Za-z]")
    own = pc.replace_substring_regex(out.filter(odd), "[^0-9A-Za-z]+", "")
    out = pc.ascii_lower(pc.replace_with_mask(out, odd, own))
    others = pc.invert(pc.string_is_ascii(numbers))
    own = [_loose(text) for text in numbers.filter(others).to_pylist()]
    return pc.replace_with_mask(out, others, pa.array(own, type=pa.large_string()))


def _party(ids: ParsedColumn, names: ParsedColumn) -> np.ndarray:
    """A number for each party, by its id, else by its name; 0 for none."""
    known: dict[str, int] = {"": 0}

    def codes(column: ParsedColumn, alike: Callable[[str], str]) -> np.ndarray:
        if not column.ok.any():
            return np.zeros(column.size, dtype=np.int64)
        return column.map_distinct(
            lambda text: 0 if text is None else known.setdefault(alike(str(text)), len(known)),
            np.int64,
        )

    by_id = codes(ids, str)
    return np.where(by_id > 0, by_id, codes(names, same_name))


def duplicates(mapped: MappedTables, bills: ParsedTable) -> list[FindingBatch]:
    """The same (entity, vendor, invoice number) twice: an error; nearly the same: a warning."""
    number = bills["invoiceNumber"]
    at = np.flatnonzero(number.ok)
    loose = _all_loose(number.texts().take(pa.array(at))).dictionary_encode()
    code = loose.indices.to_numpy()
    shared = np.bincount(code, minlength=1)[code] > 1
    if not shared.any():
        return []
    vendor = _party(bills["vendorId"], bills["vendor"])
    entity = _party(bills["companyEntityId"], bills["companyEntity"])
    at, alike = at[shared], code[shared]
    alike = alike[vendor[at] > 0]
    at = at[vendor[at] > 0]
    exact_number, _ = pd.factorize(number.texts().take(pa.array(at)).to_numpy(zero_copy_only=False))
    some_left = np.asarray(pc.binary_length(loose.dictionary))[alike] > 0
    vendor, entity = vendor[at], entity[at]
    # Light fills in an entity that is left out, so a blank one may be any.
    of_vendor, _ = _pairs(vendor, exact_number)
    open_to_all = np.unique(of_vendor[entity == 0])
    party, _ = _pairs(vendor, np.where(np.isin(of_vendor, open_to_all), 0, entity))

    exact, first_exact = _pairs(party, exact_number)
    _, first = _pairs(party, alike)
    every = np.arange(len(at))
    # an exact duplicate is no near one too
    near = (first != every) & (first_exact == every) & some_left & (exact != exact[first])
    of_first = np.arange(bills.size)  # each bill's first exact duplicate, or nearly one
    of_first[at] = at[np.where(near, first, first_exact)]
    twice, nearly = at[first_exact != every], at[near]

    def words(i: int) -> dict[str, Any]:
        return {"first": mapped.place(BILLS, int(of_first[i]), i)}

    def of_near(i: int) -> dict[str, Any]:
        return words(i) | {"other": number.at(int(of_first[i]))}

    return [
        cell_findings(
            mapped,
            BILLS,
            "invoiceNumber",
            f"bills.invoiceNumber.{ending}",
            which,
            value=partial(_text, number),
            template_args=args,
            related_bills=related,
        )
        for ending, which, args, related in (
            ("duplicate", twice, words, of_first[twice]),
            ("near_duplicate", nearly, of_near, None),
        )
    ]


def _text(column: ParsedColumn, i: int) -> str:
    return str(column.at(i))


def _pairs(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a number for each pair of small numbers, the index of the first that is the same)."""
    codes, unique = pd.factorize(left * (int(right.max(initial=0)) + 1) + right)
    first = np.full(len(unique), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return codes, np.asarray(first[codes])


def without_lines(
    mapped: MappedTables, line_bill: np.ndarray, ambiguous: np.ndarray
) -> list[FindingBatch]:
    """Bills that no line item belongs to, but for those whose reference has an error."""
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


def sums_agree(
    mapped: MappedTables,
    bills: ParsedTable,
    amounts: CentsArray,
    totals: CentsArray,
    counts: np.ndarray,
    ambiguous: np.ndarray,
) -> list[FindingBatch]:
    """The sum of a bill's lines is its amount, wherever both are known and belong together."""

    def words(i: int) -> dict[str, Any]:
        amount, total = int(amounts.cents[i]), int(totals.cents[i])
        return {
            "bill": bills.money(i, amount),
            "sum": bills.money(i, total),
            "count": int(counts[i]),
            "difference": bills.money(i, amount - total),
        }

    value = None if "amount" in mapped.bills.columns else lambda i: str(amounts.at(i))
    to_compare = amounts.known & totals.known & ~ambiguous
    at = np.flatnonzero(to_compare & (totals.cents != amounts.cents))
    return [
        cell_findings(
            mapped,
            BILLS,
            "amount",
            "bills.amount.lines_differ",
            at,
            value=value,
            template_args=words,
        )
    ]


def _control_cents(
    mapped: MappedTables, total: ControlTotal, unit: int, own: int
) -> int | UnreadableAmount:
    """The file's total in cents, with the sign that the template gives to its column's amounts."""
    sign = -1 if _negated(mapped, total.cell.column or "") else 1
    cents = _cents_of(mapped, total, unit, sign * own)
    return cents if isinstance(cents, UnreadableAmount) else sign * cents


def _negated(mapped: MappedTables, header: str) -> bool:
    """Whether the template turns round the amounts of a column."""
    lines = mapped.template.line_items
    fields = (mapped.template.bills.get("amount"), lines.get("amount"), lines.get("netAmount"))
    return any(
        part.negate and header_key(header) in map(header_key, part.column)
        for e in fields
        if e is not None
        for _, part in e.walk()
        if part.column
    )


def _cents_of(
    mapped: MappedTables, total: ControlTotal, unit: int, own: int
) -> int | UnreadableAmount:
    """The file's total as written; of two readings the one that the bills come to, if either."""
    formats = mapped.template.formats
    if formats.amounts == "cents":
        return read_cents(total.text)
    if total.kind is CellKind.NUMBER:
        return to_cents(read_number_cell(total.text), unit)
    possible = Numbers if formats.numbers == "auto" else (Numbers(formats.numbers),)
    readings = [to_cents(read_decimal(total.text, numbers), unit) for numbers in possible]
    known = [cents for cents in readings if not isinstance(cents, UnreadableAmount)]
    if own in known:
        return own
    return known[0] if known else readings[0]


def control_totals(
    mapped: MappedTables, currencies: ParsedColumn, amounts: CentsArray
) -> tuple[dict[str, int], list[Finding]]:
    """The control total of each currency in cents, and the findings where it differs.

    Totals come from the file's own total rows (the last one of each table) and from the template's
    ``expect``. Compared with all bills, valid or not, whose amount can be read.
    """
    out: list[Finding] = []
    sheet: Counter[str] = Counter()
    by_table: dict[int, Counter[str]] = defaultdict(Counter)
    distinct, code = currencies.dictionary()
    known = amounts.known & currencies.ok
    both, keys = pd.factorize(mapped.bills.table[known] * len(distinct) + code[known])
    totals = added(amounts.cents[known], both, len(keys))
    for key, cents in zip(keys.tolist(), totals, strict=True):
        table, name = key // len(distinct), str(distinct[key % len(distinct)])
        by_table[table][name] = int(cents)
        sheet[name] += int(cents)
    unreadable = int((~known).sum())
    one = "1 bill has" if unreadable == 1 else f"{unreadable} bills have"
    missing = f" ({one} no readable amount)" if unreadable else ""
    units = mapped.template.formats.cents_per_unit
    controls: dict[str, int] = {}

    def compare(cell: CellRef, text: str, currency: str, control: int, own: int, of: str) -> None:
        if control != own:
            unit = units.get(currency, 100)
            words: dict[str, Any] = {
                "control": money(control, unit),
                "currency": currency,
                "sheet": money(own, unit) + missing,
                "where": of,
                "difference": money(control - own, unit),
            }
            out.append(finding("control.gross.differs", cell, text, **words))

    for total in {t.cell.table: t for t in mapped.control_totals}.values():
        own = by_table[total.cell.table or 0]
        if len(own) != 1:
            names = ", ".join(sorted(own)) or "none"
            out.append(
                finding("control.gross.currencies", total.cell, total.text, currencies=names)
            )
            continue
        currency = next(iter(own))
        control = _control_cents(mapped, total, units.get(currency, 100), own[currency])
        if isinstance(control, UnreadableAmount):
            out.append(finding("control.gross.unreadable", total.cell, total.text, reason=control))
            continue
        controls[currency] = controls.get(currency, 0) + control
        compare(
            total.cell,
            total.text,
            currency,
            control,
            own[currency],
            f"of the file, in row {total.cell.row}, ",
        )
    if len({t.cell.table for t in mapped.control_totals}) < len(by_table):
        controls.clear()  # a total of some of the files says nothing of all of them
    out += _expected(mapped, sheet, controls, compare)
    return controls, out


def _expected(
    mapped: MappedTables,
    sheet: Counter[str],
    controls: dict[str, int],
    compare: Callable[[CellRef, str, str, int, int, str], None],
) -> list[Finding]:
    """The template's ``expect`` against the sheet."""
    expect = mapped.template.expect
    file = mapped.tables[0].source.file if mapped.tables else ""
    out = []
    for currency, text in expect.gross.items():
        unit = mapped.template.formats.cents_per_unit.get(currency, 100)
        control = to_cents(read_decimal(text, Numbers.POINT), unit)
        if isinstance(control, UnreadableAmount):
            out.append(finding("control.gross.unreadable", CellRef(file), text, reason=control))
            continue
        controls[currency] = control
        compare(CellRef(file), text, currency, control, sheet[currency], "expected ")
    for name, expected, own in (
        ("bills", expect.bills, len(mapped.bills)),
        ("lines", expect.lines, len(mapped.lines)),
    ):
        if expected is not None and expected != own:
            words: dict[str, Any] = {"expected": expected, "difference": expected - own}
            out.append(finding(f"control.{name}.differs", CellRef(file), str(own), **words))
    return out
