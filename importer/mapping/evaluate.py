"""Evaluate expressions over whole columns. Values stay text with their place.

Only what an expression itself must compare is parsed here (amounts of ``first_of``, dates without a
year); validation parses the rest, for each source column separately.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core import dates
from importer.core.money import Numbers, UnreadableAmount, currency_marked, read_decimal, tidy
from importer.core.text_column import arrow_texts
from importer.mapping.expressions import DateFrom, Expression, SignFrom, same_word
from importer.mapping.template_checks import start_of
from importer.mapping.text_cleanup import blank, tidied, zero
from importer.model.fields import FieldKind
from importer.model.tables import CellKind, changed_by_excel

NOWHERE = -1  # in ``at``: the value is in no column
# What may be wrong with a cell; reported as <sheet>.expression.<problem>.
PROBLEMS = (
    "not_mapped",
    "sign_unknown",
    "signed_twice",
    "two_amounts",
    "not_day",
    "not_year",
    "outside",
)


@dataclass
class Values:
    """One value for each item, with its place. Arrays of one length."""

    text: np.ndarray  # str, "" where blank
    kinds: np.ndarray  # CellKind
    at: np.ndarray  # index of the column in the item's table, NOWHERE for a constant
    rows: np.ndarray  # the value's row number
    sign: np.ndarray  # 1, or -1 where the amount read is to be negated
    marked: np.ndarray  # another column, or which column it is, says the sign: it must have none
    problem: np.ndarray  # one of PROBLEMS, "" for none; ``text`` and ``at`` are of the wrong cell
    note: np.ndarray  # a detail for the problem's sentence
    format_marks: np.ndarray  # a currency or % in the cell's number format

    @classmethod
    def of(cls, text: np.ndarray, kinds: np.ndarray, at: np.ndarray, rows: np.ndarray) -> Values:
        size = len(text)
        sign, marked = np.ones(size, np.int8), np.zeros(size, bool)
        problem, note, marks = (np.full(size, "", dtype=object) for _ in range(3))
        return cls(text, kinds, at, rows, sign, marked, problem, note, marks)

    @property
    def blank(self) -> np.ndarray:
        return np.asarray(blank(arrow_texts(self.text)) & (self.problem == ""), dtype=bool)

    def take(self, where: np.ndarray, other: Values) -> None:
        """Take the values of ``other`` where ``where`` holds."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[where] = getattr(other, name)[where]

    def take_cell(self, i: int, other: Values) -> None:
        """Take the text of one item and its place, not its sign or problem."""
        for name in ("text", "kinds", "at", "rows"):
            getattr(self, name)[i] = getattr(other, name)[i]

    def copy(self) -> Values:
        return Values(*(getattr(self, name).copy() for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Scope:
    """What an expression reads from. ``kind``: of the field it is for."""

    column: Callable[[Sequence[str]], Values]  # by accepted headers; blank without such a column
    parameter: Callable[[str], np.ndarray]  # by name, a value for each item
    rows: np.ndarray
    kind: FieldKind

    def constant(self, texts: np.ndarray) -> Values:
        kinds = np.zeros(len(self.rows), np.uint8)
        if self.kind in (FieldKind.CENTS, FieldKind.FACTOR):  # templates write plain numbers
            kinds[:] = CellKind.NUMBER
        return Values.of(texts, kinds, np.full(len(self.rows), NOWHERE), self.rows.copy())

    def repeated(self, text: str) -> Values:
        return self.constant(np.full(len(self.rows), text, dtype=object))


def evaluate(e: Expression, scope: Scope) -> Values:
    """The values of an expression, except products and sums of lines."""
    if e.column:
        values = scope.column(e.column)
    elif e.first_of:
        parts = [evaluate(part, scope) for part in e.first_of]
        if scope.kind is FieldKind.CENTS and e.has_debit_and_credit:
            for part in parts:
                part.marked |= ~part.blank & (part.at != NOWHERE)
        values = _first_of(parts, scope.kind)
    elif e.currency_of:
        values = _currencies(scope.column(e.currency_of))
    elif e.concat:
        values = _joined(e, [evaluate(part, scope) for part in e.concat], scope)
    elif e.date_from:
        values = _dated(e.date_from, scope)
    elif e.parameter is not None:
        values = scope.constant(scope.parameter(e.parameter))
    else:
        values = scope.repeated(e.value or "")
    if e.map:
        _apply_map(values, e.map)
    if e.sign_from:
        apply_marks(values, e.sign_from, scope)
    if e.negate:
        values.sign = -values.sign
    if e.default is not None:
        values.take(values.blank, scope.repeated(e.default))
    return values


def _currencies(amounts: Values) -> Values:
    """The currencies of amounts; errors and formulas without a result stay, to be reported."""
    readable = ~_is_broken(amounts)
    amounts.text[readable] = marked_currencies(amounts.text, amounts.format_marks)[readable]
    amounts.kinds[readable] = CellKind.TEXT
    amounts.format_marks[:] = ""
    return amounts


def _first_of(parts: Sequence[Values], kind: FieldKind) -> Values:
    """The first part that is not blank; of amounts, a zero gives way to a later amount.

    Ledgers with a debit and a credit column write 0.00 into the one that is not used.
    """
    out = parts[-1]
    for part in reversed(parts[:-1]):
        wanted = ~part.blank
        if kind is FieldKind.CENTS:
            is_zero = zero(arrow_texts(part.text)) & (part.problem == "")
            wanted &= ~(is_zero & ~zero(arrow_texts(out.text)) & ~out.blank)
        merged = part.copy()
        merged.take(~wanted, out)
        out = merged
    if kind is FieldKind.CENTS:
        _mark_two_amounts(parts, out)
    return out


def _mark_two_amounts(parts: Sequence[Values], out: Values) -> None:
    """Mark rows that have different amounts in several columns; none of them is taken."""
    is_amount = [
        ~part.blank & (part.problem == "") & (part.at != NOWHERE) & ~zero(arrow_texts(part.text))
        for part in parts
    ]
    counts = np.add.reduce([each.astype(int) for each in is_amount])
    for k in np.flatnonzero(counts > 1).tolist():
        first, *others = (p for p, has in zip(parts, is_amount, strict=True) if has[k])
        other = next((other for other in others if not _same_amount(first, other, k)), None)
        if other is not None:
            out.take_cell(k, other)
            out.problem[k], out.note[k] = "two_amounts", tidy(first.text[k])


def _same_amount(a: Values, b: Values, k: int) -> bool:
    """Whether two cells are one amount, with the signs that the template gives them."""
    if a.sign[k] == b.sign[k] and tidy(a.text[k]) == tidy(b.text[k]):
        return True
    for numbers in Numbers:
        one, two = read_decimal(a.text[k], numbers), read_decimal(b.text[k], numbers)
        if isinstance(one, UnreadableAmount) or isinstance(two, UnreadableAmount):
            continue
        if one * int(a.sign[k]) == two * int(b.sign[k]):
            return True
    return False


def _joined(e: Expression, parts: Sequence[Values], scope: Scope) -> Values:
    """The parts of each row joined; blank where all parts that come from the sheet are.

    A part that is an error, a formula without a result or, in a code, a number that Excel has
    changed replaces the whole, so that it is reported.
    """
    out = scope.repeated("")
    out.kinds[:] = CellKind.TEXT
    given = [~part.blank for part in parts]
    from_sheet = [i for i, part in enumerate(e.concat or ()) if not part.constant]
    decisive = from_sheet or range(len(parts))
    used = np.logical_or.reduce([given[i] for i in decisive])
    for i in reversed(decisive):
        out.at[given[i]], out.rows[given[i]] = parts[i].at[given[i]], parts[i].rows[given[i]]
    out.text[used] = _join_texts(parts, given, used, e.separator)
    for part, has_text in zip(reversed(parts), reversed(given), strict=True):
        bad = _is_broken(part) | (part.problem != "")
        if scope.kind is FieldKind.CODE:
            cells = zip(part.text, part.kinds, strict=True)
            changed = [changed_by_excel(text, CellKind(kind)) for text, kind in cells]
            bad |= np.asarray(changed, dtype=bool)
        out.take(bad & has_text, part)
    return out


def _is_broken(values: Values) -> np.ndarray:
    """Which cells are errors or formulas without a result; validation reports them."""
    broken = (values.kinds == CellKind.ERROR) | (values.kinds == CellKind.UNCALCULATED)
    return np.asarray(broken, dtype=bool)


def _join_texts(
    parts: Sequence[Values], given: Sequence[np.ndarray], used: np.ndarray, separator: str
) -> np.ndarray:
    """The texts of the rows in ``used`` joined. Arrow leaves rows out that have no text at all."""
    none = pa.scalar(None, type=pa.large_string())
    texts = [
        pc.if_else(pa.array(has_text[used]), tidied(arrow_texts(part.text[used])), none)
        for part, has_text in zip(parts, given, strict=True)
    ]
    between = pa.scalar(separator, type=pa.large_string())
    joined = pc.binary_join_element_wise(*texts, between, null_handling="skip")
    return np.asarray(joined.to_numpy(zero_copy_only=False), dtype=object)


def _apply_map(values: Values, table: dict[str, str]) -> None:
    """Replace texts by the table's; mark those it lacks. Blanks stay blank."""
    by_key = {same_word(tidy(old)): new for old, new in table.items()}
    todo = ~values.blank & (values.problem == "") & ~_is_broken(values)
    replacement = {text: by_key.get(same_word(tidy(text))) for text in set(values.text[todo])}
    for i in np.flatnonzero(todo).tolist():
        new = replacement[values.text[i]]
        if new is None:
            values.problem[i] = "not_mapped"
        else:
            values.text[i], values.kinds[i] = new, CellKind.TEXT


def apply_marks(values: Values, sign: SignFrom, scope: Scope) -> None:
    """Give amounts the sign that a column of debit and credit marks says."""
    marks = scope.column(sign.column)
    signs = {same_word(tidy(text)): 1 for text in sign.positive}
    signs |= {same_word(tidy(text)): -1 for text in sign.negative}
    sign_of = {text: signs.get(same_word(tidy(text)), 0) for text in set(marks.text)}
    mark_signs = np.asarray([sign_of[text] for text in marks.text], dtype=np.int8)
    given = ~values.blank
    bad = given & (values.problem == "") & (mark_signs == 0)
    values.take(bad, marks)
    values.problem[bad] = "sign_unknown"
    signed = given & ~bad
    values.sign[signed] *= mark_signs[signed]
    values.marked |= signed


@dataclass(frozen=True)
class _DateBound:
    """A bound of dates (or the start of their year) for each item, parsed."""

    values: Values
    by_text: dict[str, date | None]

    @classmethod
    def of(cls, e: Expression | None, scope: Scope, *, complete: bool) -> _DateBound:
        values = scope.repeated("") if e is None else evaluate(e, scope)
        parsed = {text: start_of(tidy(text), complete=complete) for text in set(values.text)}
        return cls(values, parsed)

    def at(self, i: int) -> date | None:
        return self.by_text[self.values.text[i]]

    def unreadable(self, i: int) -> bool:
        return self.at(i) is None and bool(tidy(self.values.text[i]))


def _dated(e: DateFrom, scope: Scope) -> Values:
    """ISO dates from a day and month and the year they fall in."""
    days = scope.column(e.column)
    pattern = dates.compile_format(e.format, year=False)
    starts = _DateBound.of(e.start, scope, complete=e.on_or_after is not None)
    earliest = _DateBound.of(e.not_before, scope, complete=True)
    latest = _DateBound.of(e.not_after, scope, complete=True)
    parsed: dict[tuple[str, str], date | None] = {}
    for i in np.flatnonzero(~days.blank & ~_is_broken(days)).tolist():
        start, low, high = starts.at(i), earliest.at(i), latest.at(i)
        wrong = [bounds for bounds in (earliest, latest) if bounds.unreadable(i)]
        if start is None or wrong:
            source = starts.values if start is None else wrong[0].values
            for name in ("text", "at", "rows"):
                getattr(days, name)[i] = getattr(source, name)[i]
            days.problem[i] = "not_year"
            continue
        if days.kinds[i] == CellKind.DATE:  # it has its year
            day = dates.reader([], None)(tidy(days.text[i])[:10])
            low = max(low or start, start)
            high = min(high or date.max, _year_later(start) - timedelta(days=1))
        else:
            key = (days.text[i], starts.values.text[i])
            if key not in parsed:
                parsed[key] = dates.day_within(tidy(key[0]), pattern, start)
            day = parsed[key]
        if day is None:
            days.problem[i] = "not_day"
        elif (low and day < low) or (high and day > high):
            days.problem[i] = "outside"
            days.note[i] = f"{day}, {f'before {low}' if low and day < low else f'after {high}'}"
        else:
            days.text[i], days.kinds[i] = day.isoformat(), CellKind.DATE
    return days


def _year_later(day: date) -> date:
    """The first day of the year after the one that begins with ``day``."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 3, 1)
    return day.replace(year=day.year + 1)


def marked_currencies(texts: np.ndarray, format_marks: np.ndarray) -> np.ndarray:
    """The code of each amount's currency; "" where it has no sign, or one of several currencies."""
    pairs = list(zip(texts.tolist(), format_marks.tolist(), strict=True))
    codes = {
        (text, mark): currency_marked(text) or currency_marked(mark) for text, mark in set(pairs)
    }
    return np.asarray([codes[pair] for pair in pairs], dtype=object)
