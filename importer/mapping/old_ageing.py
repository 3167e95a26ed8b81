"""An ageing report of the old system, read as it was exported: one row a vendor, one column an age.

QuickBooks, Xero, Sage, DATEV and others call the columns differently (``age_headers``), have titles
above and totals below. Nothing of it is guessed: what cannot be read becomes a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from importer.core.currencies import EXPONENTS
from importer.core.dates import Order, reader
from importer.core.errors import UsageProblem
from importer.core.money import (
    DOLLARS,
    Numbers,
    UnreadableAmount,
    currencies_named,
    money,
    numbers_of,
    read_decimal,
    read_number_cell,
    tidy,
    to_cents,
)
from importer.core.name_key import name_key
from importer.core.number_look import PERCENT, currencies_shown, is_code, look_of
from importer.mapping.age_headers import NOT_DUE, TOTAL_ROWS, AgeingLayout, layout_of, side_of
from importer.model.ageing import AgeColumn, OldAgeing, OldBalance
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, SourceTable

_MOST_TITLE_ROWS = 40
_BY_ISSUE = re.compile(
    r"(?:invoice|bill|transaction|document|issue|posting|billing) date|(?:rechnungs|beleg)datum"
    r"|date de (?:la )?facture",
    re.IGNORECASE,
)
_BY_DUE = re.compile(r"due date|fälligkeit|date d'échéance", re.IGNORECASE)
_CODE = re.compile(r"(?:\(|\b[Ii]n |\b[Cc]urrency:? ?|\bWährung:? ?)([A-Z]{3})\b")
_HEADING = re.compile(r"(?:(?:[Cc]urrency|Währung):? ?)?([A-Z]{3})(?: ?[-–] ?.*)?")
_DATES = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2}\.? [A-Za-z]{3,9}\.? \d{4}"
    r"|[A-Za-z]{3,9}\.? \d{1,2}, \d{4}"
)
_WHY = {
    CellKind.DATE: "it is a date",
    CellKind.ERROR: "it is an error of the spreadsheet",
    CellKind.UNCALCULATED: "it is a formula that was never calculated",
}
_SIDE = re.compile(r"(.*\d) ?(S|H|Soll|Haben|[DdCc][Rr])\.?")
_READERS = tuple(reader((), order) for order in Order)


@dataclass
class OldAgeingRead:
    """What was read of a file; ``findings`` are about its cells: with ``gaps`` not all of it was
    understood, so that nothing can be compared."""

    report: OldAgeing
    findings: list[Finding] = field(default_factory=list)

    @property
    def gaps(self) -> bool:
        return any(each.code != "control.old_ageing.other_day" for each in self.findings)


def read_old_ageing(
    tables: Sequence[SourceTable],
    as_of: date,
    currency: str,
    currencies: Sequence[str],
    units: Mapping[str, int],
) -> OldAgeingRead:
    """The report in the tables of a file. ``currency`` is "" where the person does not say it;
    ``currencies`` are those of the sheet, ``units`` the cents in a unit where they are not 100.

    Raises UsageProblem where there is no such report, or its currency is not clear.
    """
    layouts = [(table, layout) for table in tables if (layout := _layout(table)) is not None]
    if not layouts:
        raise UsageProblem(
            f"{tables[0].file}: found no ageing report: a row of headers such as Vendor, Current,"
            " 1 - 30, 31 - 60, 61 - 90, Over 90 and Total, and below it one row a vendor."
        )
    if len(layouts) > 1:
        names = ", ".join(str(table.sheet) for table, _ in layouts)
        raise UsageProblem(
            f"{tables[0].file} has several ageing reports, in the sheets {names}. Save the one to"
            " compare as a file."
        )
    table, layout = layouts[0]
    return _Reader(table, layout, as_of, currency, tuple(currencies), units).read()


def _layout(table: SourceTable) -> AgeingLayout | None:
    """That of the first row that has headers of ages."""
    for i in range(min(len(table.rows), _MOST_TITLE_ROWS)):
        headers = table.row_cells(i)
        if sum(map(bool, headers)) < 3:
            continue
        with_text = [any(column[i + 1 :]) for column in table.columns]
        if (layout := layout_of(i, headers, with_text)) is not None:
            return layout
    return None


@dataclass
class _Reader:
    table: SourceTable
    layout: AgeingLayout
    as_of: date
    currency: str
    currencies: tuple[str, ...]
    units: Mapping[str, int]
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        layout = self.layout
        self.places = [*layout.ages, *([] if layout.total is None else [layout.total])]
        self.columns = [*self.places, *layout.debits.values()]
        self.headers = self.table.row_cells(layout.row)
        texts = (self.table.columns[c][layout.row + 1 :] for c in self.columns)
        self.style = numbers_of(_without_side(t)[0] for column in texts for t in column)[0]

    def read(self) -> OldAgeingRead:
        titles = [
            tidy(cell)
            for i in range(self.layout.row)
            for cell in self.table.row_cells(i)
            if tidy(cell)
        ]
        self._check_day(titles)
        columns = self._columns(titles)
        currency = self._currency(titles)
        vendors = tuple(self._vendors(currency))
        if not (vendors or self.findings):
            raise UsageProblem(f"{self.table.file}: the ageing report has no vendors.")
        report = OldAgeing(self.table.file, self.table.sheet, columns, vendors)
        return OldAgeingRead(report, self.findings)

    def _columns(self, titles: Iterable[str]) -> tuple[AgeColumn, ...]:
        """The columns; their days count where they are days after the due date."""
        columns, title = tuple(self.layout.ages.values()), " ".join(titles)
        if _BY_DUE.search(title):
            return columns
        if _BY_ISSUE.search(title):
            return tuple(AgeColumn(each.header, None) for each in columns)
        if any(each.days is None for each in columns):
            # Beside months or periods, Current may be the first of these.
            return tuple(
                AgeColumn(each.header, None) if each.days == NOT_DUE else each for each in columns
            )
        return columns

    def _check_day(self, titles: Iterable[str]) -> None:
        """Whether the titles state another day than that of the ageing."""
        texts = [text for title in titles for text in _DATES.findall(title)]
        days_of = {text: {read(text) for read in _READERS} - {None} for text in texts}
        stated = [(text, days) for text, days in days_of.items() if days]
        if stated and not any(self.as_of in days for _, days in stated):
            place = CellRef(self.table.file, self.table.sheet)
            day = self.as_of.isoformat()
            self._add("control.old_ageing.other_day", place, stated[0][0], day=day)

    def _currency(self, titles: Iterable[str]) -> str:
        """That of the rows without their own."""
        if self.currency:
            return self.currency
        codes: set[str] = {c for title in titles for c in _CODE.findall(title) if c in EXPONENTS}
        if len(codes) == 1:
            [code] = codes
            return code
        if self.layout.currency is not None:
            return ""
        if len(self.currencies) == 1:
            return self.currencies[0]
        raise UsageProblem(
            f"{self.table.file} does not say its currency, and the bills are in"
            f" {', '.join(self.currencies) or 'none'}: write --ageing"
            f" {(self.currencies or ('GBP',))[0]}={self.table.file}"
        )

    def _vendors(self, currency: str) -> Iterator[OldBalance]:
        """The rows of vendors; totals are compared with the sums of the rows above them."""
        layout, size = self.layout, len(self.layout.ages)
        since: list[tuple[int, ...]] = []  # rows after the last total
        every: list[tuple[int, ...]] = []
        for i in range(layout.row + 1, len(self.table.rows)):
            name, number = self._text(i, layout.name), self._text(i, layout.number)
            if not any(self._text(i, c) for c in self.columns):
                currency = _currency_heading(name or number) or currency
                continue
            if any(self._is_share(i, c) for c in self.places):
                continue  # of the total
            of_row = self._text(i, layout.currency).upper() or currency
            amounts = [self._balance(i, c, of_row) for c in self.places]
            stated = [cents for cents in amounts if cents is not None]
            if len(stated) < len(amounts):
                continue  # reported
            cents, key = tuple(stated[:size]), name_key(name or number)
            is_sum = cents in (_sums(since, size), _sums(every, size))
            # A vendor may be named Total; a row that is the sum of those above it is none.
            named_total = key.startswith(("total ", "summe ", "gesamt ")) and is_sum
            if every and (not key or key in TOTAL_ROWS or named_total):
                if not is_sum:
                    self._total_differs(i, cents, _sums(every, size), of_row)
                since = []
                continue
            self._check_row(i, cents, stated[size:], of_row)
            since.append(cents)
            every.append(cents)
            if of_row not in EXPONENTS:
                self._add("control.old_ageing.no_currency", self._cell(i, layout.currency), of_row)
            yield OldBalance(name or number, number, of_row, cents, self.table.rows[i])

    def _is_share(self, i: int, column: int) -> bool:
        mark = self.table.format_marks.get(column, {}).get(self.table.rows[i], "")
        return mark == PERCENT or self._text(i, column).endswith("%")

    def _check_row(self, i: int, cents: Sequence[int], total: Sequence[int], currency: str) -> None:
        """Whether the ages come to the row's total: else a column was not understood."""
        if total and sum(cents) != total[0]:
            unit = self.units.get(currency, 100)
            self._add(
                "control.old_ageing.row_total",
                self._cell(i, self.layout.total),
                money(total[0], unit),
                sum=money(sum(cents), unit),
                columns=", ".join(each.header for each in self.layout.ages.values()),
            )

    def _total_differs(
        self, i: int, cents: Sequence[int], sums: Sequence[int], currency: str
    ) -> None:
        if any(each.code == "control.old_ageing.unreadable" for each in self.findings):
            return  # a row is not in the sum
        unit = self.units.get(currency, 100)
        place = next(k for k in range(len(cents)) if cents[k] != sums[k])
        self._add(
            "control.old_ageing.total",
            self._cell(i, self.places[place]),
            money(cents[place], unit),
            sum=money(sums[place], unit),
        )

    def _balance(self, i: int, column: int, currency: str) -> int | None:
        """What is owed by a column: credits less debits. None with a finding where unreadable."""
        cents, layout = self._cents(i, column, currency), self.layout
        if cents is not None and (debit := layout.debits.get(column)) is not None:
            off = self._cents(i, debit, currency)
            return None if off is None else cents - off
        if not cents or (place := layout.sides.get(column)) is None:
            return cents
        mark, text = self._text(i, place), self._text(i, column)
        side = side_of(mark)
        if side is None or cents < 0 or _without_side(text)[1]:
            why = f"it is {text}, and its side is '{mark}'" if mark else "it is of neither side"
            self._unreadable(i, column, text, f"{why}, not S or H")
            return None
        return cents * side

    def _unreadable(self, i: int, column: int, text: str, reason: str) -> None:
        self._add("control.old_ageing.unreadable", self._cell(i, column), text, reason=reason)

    def _cents(self, i: int, column: int, currency: str) -> int | None:
        """The amount of a cell, zero where it is blank; None with a finding where unreadable."""
        table, (text, side) = self.table, _without_side(self._text(i, column))
        if not text:
            return 0
        kind = table.kind(column, i)
        why = _WHY.get(kind, "")
        mark = table.format_marks.get(column, {}).get(table.rows[i], "")
        shown = currencies_shown(mark) if mark else frozenset()
        value: Decimal | UnreadableAmount = UnreadableAmount.NOT_A_NUMBER
        if kind is CellKind.NUMBER:
            value = read_number_cell(text)
            if is_code(mark) and look_of(mark, text).changes_value:
                value, why = UnreadableAmount.NOT_A_NUMBER, "Excel shows it as something else"
        elif kind is CellKind.TEXT:
            shown = currencies_named(text) if "$" not in text or text[0].isalpha() else DOLLARS
            if self.style is None:
                readings = {read_decimal(text, numbers) for numbers in Numbers}
                value = readings.pop() if len(readings) == 1 else value
                why = "it is not clear whether the point or the comma is the decimal sign"
            else:
                value = read_decimal(text, self.style)
        cents = to_cents(value, self.units.get(currency, 100))
        if shown and currency and currency not in shown:
            cents, why = UnreadableAmount.CURRENCY_SIGN, f"it is not in {currency}"
        if not isinstance(cents, UnreadableAmount) and side and cents < 0:
            cents, why = UnreadableAmount.NOT_A_NUMBER, "it has both a sign and a side"
        if isinstance(cents, UnreadableAmount):
            self._unreadable(i, column, self._text(i, column), why or str(cents))
            return None
        return cents * (side or 1)

    def _text(self, i: int, column: int | None) -> str:
        return "" if column is None else tidy(str(self.table.columns[column][i]))

    def _cell(self, i: int, column: int | None) -> CellRef:
        header = None if column is None else self.headers[column]
        return CellRef(self.table.file, self.table.sheet, self.table.rows[i], header)

    def _add(self, code: str, cell: CellRef, value: str, **words: Any) -> None:
        self.findings.append(finding(code, cell, value, **words))


def _sums(rows: Sequence[Sequence[int]], size: int) -> tuple[int, ...]:
    return tuple(sum(row[k] for row in rows) for k in range(size))


def _without_side(text: str) -> tuple[str, int | None]:
    """The amount, and the side behind it as ``side_of`` says; None where there is none."""
    text = tidy(text)
    match = _SIDE.fullmatch(text)
    return (match[1], side_of(match[2])) if match else (text, None)


def _currency_heading(text: str) -> str:
    """The currency that the heading of a block of rows names."""
    match = _HEADING.fullmatch(text)
    return str(match[1]) if match and match[1] in EXPONENTS else ""
