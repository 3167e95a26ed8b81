"""Whole columns of text → values, each distinct text read once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from importer import dates
from importer.amounts import Numbers, currency_named, numbers_of, tidy, two_readings
from importer.canonical import BILLS, FIELDS, LINE_ITEMS, Field, Kind
from importer.findings import finding
from importer.records import CellKind, Finding
from importer.template.mapping import CanonicalTable, Column, Mapped
from importer.validation.cells import (
    ERRORS,
    Read,
    cents_reader,
    date_reader,
    date_time_reader,
    factor_reader,
    simple_reader,
)

PROPERTY_FIELD = Field("property", Kind.TEXT, "a custom property", 2000)
# A problem of the whole column, told once; the cells it touches are marked with it.
COLUMN_PROBLEMS = frozenset(("ambiguous", "mixed_order", "mixed_numbers"))
_LIBRE_ERROR = re.compile(r"Err:[0-9]{3}|#{3,}")  # ##### is a column too narrow for its value


@dataclass
class Parsed:
    """A column read: ``values`` hold int, date, str, bool or Decimal, None where blank or wrong.

    ``problem`` is the ending of the finding's code, "" where there is none.
    """

    values: np.ndarray
    problem: np.ndarray
    blank: np.ndarray
    rule: str = ""  # how dates or numbers were read, for messages

    @property
    def ok(self) -> np.ndarray:
        return np.asarray(~self.blank & (self.problem == ""), dtype=bool)

    @classmethod
    def empty(cls, size: int) -> Parsed:
        return cls(np.full(size, None), np.full(size, "", dtype=object), np.ones(size, dtype=bool))


@dataclass
class ParsedTable:
    """Bills or line items read; a field that the sheet lacks is all blank."""

    size: int
    columns: dict[str, Parsed] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Parsed:
        return self.columns.get(name) or Parsed.empty(self.size)


def field_of(sheet: str, name: str) -> Field:
    """The field a canonical column belongs to; custom properties and factors have one each."""
    if "*" in name:
        return Field("factor", Kind.FACTOR, "a quantity or price")
    return FIELDS[sheet].get(name, PROPERTY_FIELD)


def code_of(sheet: str, name: str, problem: str) -> str:
    return f"{sheet}.{field_of(sheet, name).name}.{problem}"


def distinct(texts: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(codes, distinct texts) with ``texts == distinct[codes]``."""
    codes, unique = pd.factorize(texts)
    return codes, [str(text) for text in unique]


def _read_texts(texts: np.ndarray, read: Read) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    codes, unique = distinct(texts)
    values = np.empty(len(unique), dtype=object)
    problems = np.empty(len(unique), dtype=object)
    blank = np.empty(len(unique), dtype=bool)
    for i, text in enumerate(unique):
        bare = tidy(text)
        blank[i] = not bare
        if not bare:
            values[i], problems[i] = None, ""
        elif bare in ERRORS or _LIBRE_ERROR.fullmatch(bare):
            values[i], problems[i] = None, "error_cell"
        else:
            values[i], problems[i] = read(bare)
    return values[codes], problems[codes], blank[codes]


def _parse(
    column: Column, readers: Callable[[np.ndarray], list[tuple[np.ndarray, Read]]]
) -> Parsed:
    """``readers`` gives, for an array of all indexes, parts of it with the reader for each."""
    texts = column.text.to_numpy(dtype=object)
    out = Parsed.empty(len(texts))
    for at, read in readers(np.arange(len(texts))):
        out.values[at], out.problem[at], out.blank[at] = _read_texts(texts[at], read)
    if column.kinds is not None:
        for kind, problem in (
            (CellKind.ERROR, "error_cell"),
            (CellKind.UNCALCULATED, "not_calculated"),
        ):
            at = np.flatnonzero(column.kinds == kind)
            out.values[at], out.problem[at], out.blank[at] = None, problem, False
    return out


def _mark_mangled(column: Column, parsed: Parsed) -> None:
    """Codes that Excel has made something else of: a date, a boolean, a number that was cut.

    A number cell keeps 15 digits, and no zeros behind the point.
    """
    if column.kinds is not None:
        long = column.text.str.len().to_numpy() > 15
        part = column.text.str.contains(".", regex=False).to_numpy()
        other = (column.kinds == CellKind.DATE) | (column.kinds == CellKind.BOOLEAN)
        changed = (_is_number(column) & (long | part)) | other
        at = np.flatnonzero(changed & (parsed.problem == "") & ~parsed.blank)
        parsed.values[at], parsed.problem[at] = None, "mangled"


def _is_number(column: Column) -> np.ndarray:
    if column.kinds is None:
        return np.zeros(len(column.text), dtype=bool)
    return np.asarray(column.kinds == CellKind.NUMBER, dtype=bool)


@dataclass
class Reading:
    """Parsing under way: what is known of the formats, and what was found wrong with columns."""

    mapped: Mapped
    findings: list[Finding] = field(default_factory=list)
    currencies: dict[str, np.ndarray] = field(default_factory=dict)  # of each item, by sheet

    def table(self, items: CanonicalTable, units: np.ndarray) -> ParsedTable:
        """All columns of a table. ``units`` are the cents per unit of each item's currency."""
        parsed = ParsedTable(len(items))
        for name, column in items.columns.items():
            parsed.columns[name] = self.column(items.sheet, name, column, units)
        return parsed

    def column(self, sheet: str, name: str, column: Column, units: np.ndarray) -> Parsed:
        kind = field_of(sheet, name).kind
        formats = self.mapped.template.formats
        if kind in (Kind.CENTS, Kind.FACTOR):
            if kind is Kind.CENTS and formats.amounts == "cents":
                read = cents_reader(False, Numbers.POINT, plain=False)
                return _parse(column, lambda every: [(every, read)])
            return self._numbers(sheet, name, column, kind, units)
        if kind in (Kind.DATE, Kind.DATE_TIME):
            return self._dates(sheet, name, column, kind)
        read = simple_reader(field_of(sheet, name))
        parsed = _parse(column, lambda every: [(every, read)])
        if kind is Kind.CODE:
            _mark_mangled(column, parsed)
        return parsed

    def _tell(self, sheet: str, name: str, problem: str, at: np.ndarray, **words: Any) -> None:
        """One finding for the whole column, on the first of the rows ``at``."""
        items = tuple(int(i) for i in at)
        text = self._items(sheet).columns[name].text.iloc[items[0]]
        marked: dict[str, Any] = {"bills": items} if sheet == BILLS else {"lines": items}
        self.findings.append(
            finding(
                code_of(sheet, name, problem),
                self.mapped.cell(sheet, name, items[0]),
                str(text),
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
        self, sheet: str, name: str, column: Column, kind: Kind, units: np.ndarray
    ) -> Parsed:
        told = self.mapped.template.formats.numbers
        typed = _is_number(column)
        texts = column.text.to_numpy(dtype=object)
        numbers, point, comma = Numbers.POINT, list[str](), list[str]()
        if told == "auto":
            _, unique = distinct(texts[~typed])
            decided, point, comma = numbers_of(map(tidy, unique))
            numbers = decided or (Numbers.POINT if len(point) >= len(comma) else Numbers.COMMA)
            undecided = decided is None
        else:
            numbers, undecided = Numbers(told), False

        def readers(every: np.ndarray) -> list[tuple[np.ndarray, Read]]:
            if kind is Kind.FACTOR:
                return [
                    (every[typed], factor_reader(numbers, plain=True)),
                    (every[~typed], factor_reader(numbers, plain=False)),
                ]
            return [
                (every[(units == unit) & (typed == plain)],
                 cents_reader(True, numbers, int(unit), plain=plain))
                for unit in np.unique(units)
                for plain in (False, True)
            ]  # fmt: skip

        parsed = _parse(column, readers)
        parsed.rule = numbers
        if kind is Kind.CENTS:
            self._mark_other_currency(sheet, texts, parsed)
        if undecided:
            tidied = np.asarray([tidy(t) for t in texts], dtype=object)
            problem = "mixed_numbers" if point else "ambiguous"
            either = {t for t in set(tidied[~typed]) if two_readings(t)}
            in_point, in_comma, in_either = (
                np.flatnonzero(pd.Series(tidied).isin(some).to_numpy() & ~typed)
                for some in (point, comma, either)
            )
            at = np.sort(np.concatenate([in_point, in_comma, in_either]))
            parsed.problem[at], parsed.values[at] = problem, None
            self._tell(
                sheet,
                name,
                problem,
                at,
                point_rows=self._rows(sheet, name, in_point),
                comma_rows=self._rows(sheet, name, in_comma),
            )
        return parsed

    def _mark_other_currency(self, sheet: str, texts: np.ndarray, parsed: Parsed) -> None:
        """Amounts that name a currency which is not the bill's."""
        of_bill = self.currencies.get(sheet)
        if of_bill is None:
            return
        codes, unique = distinct(texts)
        named = np.asarray([currency_named(text) for text in unique], dtype=object)[codes]
        known = np.asarray([c is not None for c in of_bill], dtype=bool)
        other = (named != "") & known & (named != of_bill) & (parsed.problem == "")
        parsed.values[other], parsed.problem[other] = None, "other_currency"

    def _dates(self, sheet: str, name: str, column: Column, kind: Kind) -> Parsed:
        formats = list(self.mapped.template.formats.dates)
        texts = column.text.to_numpy(dtype=object)
        order = dates.ColumnOrder(None)
        if not formats:
            _, unique = distinct(texts)
            order = dates.order_of(map(tidy, unique))
        chosen = order.order
        if chosen is None and len(order.month_first) > len(order.day_first):
            chosen = dates.Order.MONTH_FIRST
        make = date_reader if kind is Kind.DATE else date_time_reader
        read = make(formats, chosen)
        parsed = _parse(column, lambda every: [(every, read)])
        parsed.rule = ", ".join(formats) or (chosen or "")
        if order.order is None and (order.either or order.day_first):
            tidied = pd.Series([tidy(t) for t in texts], dtype=object)
            in_day, in_month, either = (
                np.flatnonzero(tidied.isin(some).to_numpy())
                for some in (order.day_first, order.month_first, order.either)
            )
            if order.day_first:
                minority = in_day if chosen is dates.Order.MONTH_FIRST else in_month
                at, problem = np.sort(np.concatenate([minority, either])), "mixed_order"
            else:
                at, problem = either, "ambiguous"
            parsed.problem[at], parsed.values[at] = problem, None
            sample = str(tidied[at[0]])
            self._tell(
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
        return parsed


def units_of(mapped: Mapped, currency: Parsed) -> np.ndarray:
    """Cents per unit of each bill's currency, 100 unless the template says otherwise."""
    known = mapped.template.formats.cents_per_unit
    return np.asarray([known.get(c, 100) if c else 100 for c in currency.values], dtype=np.int64)


def parse_tables(
    mapped: Mapped, line_bill: np.ndarray
) -> tuple[ParsedTable, ParsedTable, list[Finding]]:
    """Bills and line items read, and what is wrong with whole columns."""
    reading = Reading(mapped)
    ones = np.full(len(mapped.bills), 100, dtype=np.int64)
    units = ones
    of_line = np.full(len(mapped.lines), 100, dtype=np.int64)
    joined = line_bill >= 0
    if "currency" in mapped.bills.columns:
        currency = Reading(mapped).column(BILLS, "currency", mapped.bills.columns["currency"], ones)
        units = units_of(mapped, currency)
        of_lines = np.full(len(mapped.lines), None, dtype=object)
        of_lines[joined] = currency.values[line_bill[joined]]
        reading.currencies = {BILLS: currency.values, LINE_ITEMS: of_lines}
    bills = reading.table(mapped.bills, units)
    of_line[joined] = units[line_bill[joined]]
    lines = reading.table(mapped.lines, of_line)
    in_cents = mapped.template.formats.amounts == "cents"
    _multiply(mapped, lines, np.ones_like(of_line) if in_cents else of_line)
    assert mapped.lines.sheet == LINE_ITEMS
    return bills, lines, reading.findings


def _multiply(mapped: Mapped, lines: ParsedTable, units: np.ndarray) -> None:
    """Fields that are a product of two columns, rounded to whole cents as the template says.

    ``units`` are the cents per unit of what the product is in; 1 where prices are in cents.
    """
    from importer.amounts import Unreadable, product_cents

    for name, expression in mapped.template.line_items.items():
        if not expression.product:
            continue
        left, right = lines[f"{name}*0"], lines[f"{name}*1"]
        out = Parsed.empty(lines.size)
        out.blank = left.blank & right.blank
        both = np.flatnonzero(left.ok & right.ok)
        for i in both:
            cents = product_cents(left.values[i], right.values[i], expression.round, int(units[i]))
            if isinstance(cents, Unreadable):
                out.problem[i] = "out_of_range"
            else:
                out.values[i] = cents
        # the factor's own finding tells what is wrong; a blank factor is told here
        bad = ~out.blank & ~(left.ok & right.ok)
        out.problem[bad] = "factor"
        half = bad & (left.blank | right.blank)
        out.problem[half] = "factor_blank"
        lines.columns[name] = out
