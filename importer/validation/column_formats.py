"""How the cells of a whole column are written, decided from all of it: numbers, dates, signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from importer.core import dates
from importer.core.cell_parsers import (
    CellParser,
    cents_parser,
    date_parser,
    date_time_parser,
    factor_parser,
)
from importer.core.currencies import EXPONENTS
from importer.core.money import Numbers, currencies_named, numbers_of, two_readings
from importer.mapping.canonical_columns import CanonicalColumn, CanonicalTable
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS, LINE_ITEMS, Field, FieldKind, field_of, field_parser
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, changed_by_excel
from importer.validation import vector_parsers
from importer.validation.byte_scan import Bytes, by_block
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.parse_columns import among, code_of, distinct, parse_column
from importer.validation.products import multiply


def _apply_signs(column: CanonicalColumn, parsed: ParsedColumn) -> None:
    """Amounts negated as the template says; a mark beside an amount with a minus says too much."""
    if column.marked is not None:
        marked = np.flatnonzero(column.marked & parsed.ok).tolist()
        at = [i for i in marked if parsed.at(i) < 0]
        parsed.mark_invalid(at, "signed_twice")
    if column.negative is not None:
        parsed.negate(column.negative)


def _mark_mangled(column: CanonicalColumn, parsed: ParsedColumn) -> None:
    """Codes that Excel has made something else of: a date, a boolean, a number that was cut."""
    if column.kinds is not None:
        ok, at = parsed.ok, list[int]()
        for kind in (CellKind.NUMBER, CellKind.DATE, CellKind.BOOLEAN):
            of_kind = np.flatnonzero((column.kinds == kind) & ok)
            texts = column.array.take(pa.array(of_kind)).to_pylist()
            pairs = zip(of_kind.tolist(), texts, strict=True)
            at += [i for i, text in pairs if changed_by_excel(text, kind)]
        parsed.mark_invalid(at, "mangled")


def _is_number(column: CanonicalColumn) -> np.ndarray:
    if column.kinds is None:
        return np.zeros(len(column.array), dtype=bool)
    return np.asarray(column.kinds == CellKind.NUMBER, dtype=bool)


@dataclass
class Reading:
    """Parsing under way: what is known of the formats, and what was found wrong with columns."""

    mapped: MappedTables
    findings: list[Finding] = field(default_factory=list)
    currency: ParsedColumn | None = None  # of each bill
    line_bill: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def _currencies(self, sheet: str, at: np.ndarray) -> list[Any]:
        """The currency of the bills of some items, None where it is not known."""
        if self.currency is None:
            return [None] * len(at)
        bills = at if sheet == BILLS else self.line_bill[at]
        return [None if bill < 0 else self.currency.at(bill) for bill in bills.tolist()]

    def table(self, items: CanonicalTable, units: np.ndarray) -> ParsedTable:
        """All columns of a table. ``units`` are the cents per unit of each item's currency."""
        parsed = ParsedTable(len(items), units)
        for name, column in items.columns.items():
            known = self.currency if (items.sheet, name) == (BILLS, "currency") else None
            parsed.columns[name] = known or self.column(items.sheet, name, column, units)
        return parsed

    def column(
        self, sheet: str, name: str, column: CanonicalColumn, units: np.ndarray
    ) -> ParsedColumn:
        kind = field_of(sheet, name).kind
        formats = self.mapped.template.formats
        if kind in (FieldKind.CENTS, FieldKind.FACTOR):
            if kind is FieldKind.CENTS and formats.amounts == "cents":
                read = cents_parser(False, Numbers.POINT, plain=False)
                parsed = parse_column(
                    column, lambda left: [(left, read)], lambda texts: vector_parsers.cents(texts)
                )
            else:
                parsed = self._numbers(sheet, name, column, kind, units)
            self._check_number_formats(sheet, column, kind, parsed)
            _apply_signs(column, parsed)
            return parsed
        if kind in (FieldKind.DATE, FieldKind.DATE_TIME):
            return self._dates(sheet, name, column, kind)
        field_, words = field_of(sheet, name), None
        if kind in (FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT, FieldKind.UUID):
            words = partial(_words, field_)
        read = field_parser(field_)
        parsed = parse_column(column, lambda left: [(left, read)], words, words=True)
        if kind is FieldKind.CODE:
            _mark_mangled(column, parsed)
        return parsed

    def _add_finding(
        self, sheet: str, name: str, problem: str, at: np.ndarray, **words: Any
    ) -> None:
        """One finding for the whole column, on the first of the rows ``at``."""
        items = tuple(int(i) for i in at)
        text = self._items(sheet).columns[name].text_at(items[0])
        marked: dict[str, Any] = {"bills": items} if sheet == BILLS else {"lines": items}
        self.findings.append(
            finding(
                code_of(sheet, name, problem),
                self.mapped.cell(sheet, name, items[0]),
                text,
                **marked,
                **words,
            )
        )

    def _items(self, sheet: str) -> CanonicalTable:
        return self.mapped.bills if sheet == BILLS else self.mapped.lines

    def _rows(self, sheet: str, name: str, at: np.ndarray) -> str:
        rows = [f"row {self.mapped.cell(sheet, name, int(i)).row}" for i in at[:3]]
        return ", ".join(rows) + (f" and {len(at) - 3} more" if len(at) > 3 else "")

    def _numbers(
        self, sheet: str, name: str, column: CanonicalColumn, kind: FieldKind, units: np.ndarray
    ) -> ParsedColumn:
        told = self.mapped.template.formats.numbers
        typed = _is_number(column)
        tidied = vector_parsers.tidied(column.array)
        rules = np.full(len(tidied), Numbers.POINT if told == "auto" else Numbers(told), object)
        undecided: list[tuple[np.ndarray, list[str], list[str]]] = []
        for group in self.mapped.groups(sheet, name) if told == "auto" else ():
            of_text = group[~typed[group]]
            decided, point, comma = _style_of(_at(tidied, of_text))
            rules[group] = decided or (Numbers.POINT if len(point) >= len(comma) else Numbers.COMMA)
            if decided is None:
                undecided.append((of_text, point, comma))

        def readers(left: np.ndarray) -> list[tuple[np.ndarray, CellParser]]:
            out: list[tuple[np.ndarray, CellParser]] = []
            for numbers in Numbers:
                for is_plain in (False, True):
                    part = left[(rules[left] == numbers) & (typed[left] == is_plain)]
                    if kind is FieldKind.FACTOR:
                        out.append((part, factor_parser(numbers, plain=is_plain)))
                        continue
                    out += [
                        (
                            part[units[part] == unit],
                            cents_parser(True, numbers, int(unit), plain=is_plain),
                        )
                        for unit in np.unique(units[part])
                    ]
            return out

        def quick(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
            known, cents = np.zeros(len(texts), dtype=bool), np.zeros(len(texts), dtype=np.int64)
            for numbers in Numbers:
                for is_plain in (False, True):
                    part = (rules == numbers) & (typed == is_plain) & (units == 100)
                    if part.any():
                        at = np.flatnonzero(part)
                        some = _at(texts, at)
                        known[at], cents[at] = vector_parsers.amounts(some, numbers, plain=is_plain)
            return known, cents

        parsed = parse_column(column, readers, quick if kind is FieldKind.CENTS else None)
        parsed.rules = rules
        self._check_currency(sheet, column.array, parsed, real=kind is FieldKind.FACTOR)
        for of_text, point, comma in undecided:
            problem = "mixed_numbers" if point else "ambiguous"
            some = _at(tidied, of_text)
            either = [t for t in distinct(some) if two_readings(t)]
            in_point, in_comma, in_either = (
                of_text[among(some, these)] for these in (point, comma, either)
            )
            at = np.sort(np.concatenate([in_point, in_comma, in_either]))
            parsed.mark_invalid(at, problem)
            self._add_finding(
                sheet,
                name,
                problem,
                at,
                point_rows=self._rows(sheet, name, in_point),
                comma_rows=self._rows(sheet, name, in_comma),
            )
        return parsed

    def _check_number_formats(
        self, sheet: str, column: CanonicalColumn, kind: FieldKind, parsed: ParsedColumn
    ) -> None:
        """Numbers of a workbook that its number formats show as what they are not taken for."""
        if column.format_marks is None:
            return
        cents = self.mapped.template.formats.amounts == "cents"
        shown = (column.format_marks != "") & _is_number(column) & parsed.ok
        for format_mark in set(column.format_marks[shown]):
            at = shown & (column.format_marks == format_mark)
            if format_mark == "%":
                problem = "percentage" if kind is FieldKind.CENTS else ""
            elif cents and kind is FieldKind.CENTS:
                problem = "shown_as_money"
                at &= parsed.cents()[0] != 0
            else:
                problem = "other_currency"
                named = currencies_named(format_mark) & set(EXPONENTS)
                if not named:
                    continue
                own = self._currencies(sheet, np.flatnonzero(at))
                at[at] = [c is not None and c not in named for c in own]
            if problem:
                parsed.mark_invalid(np.flatnonzero(at), problem)

    def _check_currency(
        self, sheet: str, texts: pa.LargeStringArray, parsed: ParsedColumn, *, real: bool
    ) -> None:
        """Amounts that name a currency which is not the bill's.

        ``real`` leaves letters that are no currency alone, as the PCS of a quantity.
        """
        if self.currency is None:
            return
        naming = np.flatnonzero(by_block(texts, lambda some: Bytes.of(some).outside(" ", "@")))
        ok, known = parsed.ok, dict[str, frozenset[str]]()
        other = []
        of_bill = self._currencies(sheet, naming)
        named_at = zip(naming.tolist(), _at(texts, naming).to_pylist(), of_bill, strict=True)
        for i, text, own in named_at:
            if text not in known:
                named = currencies_named(text)
                known[text] = frozenset() if real and named.isdisjoint(EXPONENTS) else named
            if known[text] and own is not None and ok[i] and own not in known[text]:
                other.append(i)
        parsed.mark_invalid(other, "other_currency")

    def _dates(
        self, sheet: str, name: str, column: CanonicalColumn, kind: FieldKind
    ) -> ParsedColumn:
        formats = list(self.mapped.template.formats.dates)
        tidied = vector_parsers.tidied(column.array)
        typed = np.zeros(len(tidied), dtype=bool)
        if column.kinds is not None:
            typed = np.asarray(column.kinds == CellKind.DATE, dtype=bool)
        groups = self.mapped.groups(sheet, name)
        orders = [
            dates.ColumnOrder(None) if formats else dates.order_of(distinct(_at(tidied, group)))
            for group in groups
        ]
        make = date_parser if kind is FieldKind.DATE else date_time_parser
        parsed = parse_column(
            column,
            lambda _: [
                (group, make(formats, order.likeliest))
                for group, order in zip(groups, orders, strict=True)
            ],
        )
        parsed.rules = np.full(len(tidied), ", ".join(formats), dtype=object)
        for group, order in zip(groups, orders, strict=True):
            if not formats:
                parsed.rules[group] = order.likeliest or ""
            if order.order is None and (order.either or order.day_first):
                self._check_date_order(sheet, name, parsed, group, tidied, order)
            self._check_typed_dates(sheet, name, parsed, group, tidied, typed)
        return parsed

    def _check_date_order(
        self,
        sheet: str,
        name: str,
        parsed: ParsedColumn,
        group: np.ndarray,
        tidied: pa.LargeStringArray,
        order: dates.ColumnOrder,
    ) -> None:
        """Dates of a column whose order is not known, or of both orders."""
        own = _at(tidied, group)
        in_day, in_month, either = (
            group[among(own, some)] for some in (order.day_first, order.month_first, order.either)
        )
        if order.day_first:
            minority = in_day if order.likeliest is dates.Order.MONTH_FIRST else in_month
            at, problem = np.sort(np.concatenate([minority, either])), "mixed_order"
        else:
            at, problem = either, "ambiguous"
        parsed.mark_invalid(at, problem)
        sample = tidied[int(at[0])].as_py()
        self._add_finding(
            sheet,
            name,
            problem,
            at,
            day_first=dates.numeric_reading(sample, dates.Order.DAY_FIRST),
            month_first=dates.numeric_reading(sample, dates.Order.MONTH_FIRST),
            day_rows=self._rows(sheet, name, in_day),
            month_rows=self._rows(sheet, name, in_month),
            either=f"; {len(either)} more could be either" if len(either) else "",
        )

    def _check_typed_dates(
        self,
        sheet: str,
        name: str,
        parsed: ParsedColumn,
        group: np.ndarray,
        tidied: pa.LargeStringArray,
        typed: np.ndarray,
    ) -> None:
        """Dates that Excel may have turned round while it left the impossible ones as text.

        Excel of one country that opens a list of another's takes 03/04/2025 for a date, day and
        month exchanged, and leaves 13/04/2025 as text.
        """
        of_text, of_date = group[~typed[group]], group[typed[group]]
        if not len(of_date):
            return
        found = dates.order_of(distinct(_at(tidied, of_text)))
        doubtful = [int(text[8:10]) <= 12 for text in distinct(_at(tidied, of_date))]
        if found.order is None or found.either or not doubtful or not all(doubtful):
            return
        if not (found.day_first or found.month_first):
            return
        parsed.mark_invalid(of_date, "mixed_typed")
        proof = of_text[among(_at(tidied, of_text), (*found.day_first, *found.month_first))]
        year, month, day = tidied[int(of_date[0])].as_py()[:10].split("-")
        self._add_finding(
            sheet,
            name,
            "mixed_typed",
            of_date,
            text=tidied[int(proof[0])].as_py(),
            text_rows=self._rows(sheet, name, proof),
            date_rows=self._rows(sheet, name, of_date),
            other=f"{year}-{day}-{month}",
        )


def _at(texts: pa.LargeStringArray, at: np.ndarray) -> pa.LargeStringArray:
    return texts if len(at) == len(texts) else texts.take(pa.array(at))


def _words(field: Field, texts: pa.LargeStringArray) -> tuple[np.ndarray, None]:
    return vector_parsers.words(texts, field), None


def _style_of(tidied: pa.LargeStringArray) -> tuple[Numbers | None, list[str], list[str]]:
    """``numbers_of`` a column; texts such as 12.50 prove the point one like another.

    So do 12.3456 and 12,50: only three digits after the mark may be a group of thousands.
    """
    left, some = vector_parsers.matching(tidied, "[.,]"), list[str]()
    for mark in r"\.", ",":
        usual = vector_parsers.matching(
            tidied, rf"\A-?[0-9]{{1,15}}{mark}(?:[0-9]{{1,2}}|[0-9]{{4,15}})\z"
        )
        some += tidied.take(pa.array(np.flatnonzero(usual)[:1])).to_pylist()
        left &= ~usual
    decided = numbers_of([*some, *distinct(tidied.filter(pa.array(left)))])
    return decided if decided[0] is not None else numbers_of(distinct(tidied))


def units_of(mapped: MappedTables, currency: ParsedColumn) -> np.ndarray:
    """Cents per unit of each bill's currency, 100 unless the template says otherwise."""
    known = mapped.template.formats.cents_per_unit
    return currency.map_distinct(lambda c: known.get(c, 100) if c else 100, np.int64)


def _hundreds(size: int) -> np.ndarray:
    """That many times 100, of no memory."""
    return np.broadcast_to(np.int64(100), size)


def parse_tables(
    mapped: MappedTables, line_bill: np.ndarray
) -> tuple[ParsedTable, ParsedTable, list[Finding]]:
    """Bills and line items read, and what is wrong with whole columns."""
    reading = Reading(mapped)
    ones, of_line = _hundreds(len(mapped.bills)), _hundreds(len(mapped.lines))
    units = ones
    if "currency" in mapped.bills.columns:
        currency = Reading(mapped).column(BILLS, "currency", mapped.bills.columns["currency"], ones)
        units = units_of(mapped, currency)
        reading.currency, reading.line_bill = currency, line_bill
    if (units != 100).any():
        of_line = np.append(units, 100)[line_bill]  # -1: of no bill
    bills, lines = reading.table(mapped.bills, units), reading.table(mapped.lines, of_line)
    in_cents = mapped.template.formats.amounts == "cents"
    reading.findings += multiply(mapped, lines, np.ones_like(of_line) if in_cents else of_line)
    assert mapped.lines.sheet == LINE_ITEMS
    return bills, lines, reading.findings
