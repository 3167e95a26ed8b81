"""Expressions applied to whole columns: what a field's cells say, still as text.

Nothing is read as money or a date here but what an expression itself must know; the validation
reads the text, knowing of each value the column it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core import dates
from importer.core.money import Numbers, UnreadableAmount, read_decimal, tidy
from importer.core.text_column import arrow_texts
from importer.mapping.expressions import DateFrom, Expression, SignFrom, same_word
from importer.mapping.template_checks import start_of
from importer.mapping.text_cleanup import blank, tidied, zero
from importer.model.fields import FieldKind
from importer.model.tables import CellKind, changed_by_excel

NOWHERE = -1  # in ``at``: the value stands in no column
# What an expression may find wrong with a cell; told as <sheet>.expression.<problem>.
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
    """A value an item, with where it stands and what is known of it. Arrays of one length."""

    text: np.ndarray  # str, "" where blank
    kinds: np.ndarray  # CellKind
    at: np.ndarray  # index of the column in the item's table, NOWHERE for the template's own
    rows: np.ndarray  # the value's row number
    sign: np.ndarray  # 1, or -1 where the amount read is to be negated
    marked: np.ndarray  # the sign comes from a mark, so that the amount must have none
    problem: np.ndarray  # one of PROBLEMS, "" for none; ``text`` and ``at`` are then the culprit's
    note: np.ndarray  # what a problem's sentence says beside
    format_marks: np.ndarray  # what the cell's number format shows beside the number

    @classmethod
    def of(cls, text: np.ndarray, kinds: np.ndarray, at: np.ndarray, rows: np.ndarray) -> Values:
        size = len(text)
        return cls(
            text, kinds, at, rows, np.ones(size, np.int8), np.zeros(size, bool),
            *(np.full(size, "", dtype=object) for _ in range(3)),
        )  # fmt: skip

    @property
    def blank(self) -> np.ndarray:
        return np.asarray(blank_texts(self.text) & (self.problem == ""), dtype=bool)

    def take(self, where: np.ndarray, other: Values) -> None:
        """The values of ``other`` where ``where`` holds."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[where] = getattr(other, name)[where]

    def at_items(self, items: np.ndarray) -> Values:
        return Values(*(getattr(self, name)[items] for name in self.__dataclass_fields__))


def blank_texts(texts: np.ndarray) -> np.ndarray:
    return blank(arrow_texts(texts))


@dataclass(frozen=True)
class Sheet:
    """What an expression reads from. ``kind`` is of the field it is for."""

    column: Callable[
        [Sequence[str]], Values
    ]  # by the names it may go by; blank where there is none
    parameter: Callable[[str], np.ndarray]  # of each item
    rows: np.ndarray
    kind: FieldKind

    def constant(self, texts: np.ndarray) -> Values:
        size = len(self.rows)
        kinds = np.zeros(size, np.uint8)
        if self.kind in (
            FieldKind.CENTS,
            FieldKind.FACTOR,
        ):  # the template's own numbers are plain ones
            kinds[:] = CellKind.NUMBER
        return Values.of(texts, kinds, np.full(size, NOWHERE), self.rows.copy())


def evaluate(e: Expression, sheet: Sheet) -> Values:
    """The values of an expression; a product or a sum of lines is not worked out here."""
    if e.column:
        found = sheet.column(e.column)
    elif e.first_of:
        found = _first_of([evaluate(part, sheet) for part in e.first_of], sheet.kind)
    elif e.concat:
        found = _joined(e, [evaluate(part, sheet) for part in e.concat], sheet)
    elif e.date_from:
        found = _dated(e.date_from, sheet)
    elif e.parameter is not None:
        found = sheet.constant(sheet.parameter(e.parameter))
    else:
        found = sheet.constant(np.full(len(sheet.rows), e.value or "", dtype=object))
    if e.map:
        _map(found, e.map)
    if e.sign_from:
        mark(found, e.sign_from, sheet)
    if e.negate:
        found.sign = -found.sign
    if e.default is not None:
        blank = found.blank
        found.take(blank, sheet.constant(np.full(len(blank), e.default, dtype=object)))
    return found


def _first_of(parts: Sequence[Values], kind: FieldKind) -> Values:
    """The first part that is not blank; of an amount, a zero gives way to a later amount.

    Ledgers with a debit and a credit column write 0.00 into the one that is not used.
    """
    out = parts[-1]
    for part in reversed(parts[:-1]):
        better = ~part.blank
        if kind is FieldKind.CENTS:
            later = ~zero(arrow_texts(out.text))
            own = zero(arrow_texts(part.text))
            better &= ~(own & (part.problem == "") & later & ~out.blank)
        merged = part.at_items(np.arange(len(part.text)))
        merged.take(~better, out)
        out = merged
    if kind is FieldKind.CENTS:
        _tell_two_amounts(parts, out)
    return out


def _tell_two_amounts(parts: Sequence[Values], out: Values) -> None:
    """Rows of which several columns have amounts, and not the same: none of them is taken."""
    there = [
        ~part.blank & (part.problem == "") & (part.at != NOWHERE) & ~zero(arrow_texts(part.text))
        for part in parts
    ]
    for k in np.flatnonzero(np.add.reduce([each.astype(int) for each in there]) > 1).tolist():
        first, *others = (p for p, own in zip(parts, there, strict=True) if own[k])
        for other in others:
            if not _same_amount(first, other, k):
                for name in ("text", "kinds", "at", "rows"):
                    getattr(out, name)[k] = getattr(other, name)[k]
                out.problem[k], out.note[k] = "two_amounts", tidy(first.text[k])
                break


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


def _joined(e: Expression, parts: Sequence[Values], sheet: Sheet) -> Values:
    """The parts of each row joined. Where all of the sheet's own are blank, so is the whole.

    A part that is an error, a formula without a result or, in a code, a number that Excel has
    changed becomes the whole, so that it is told.
    """
    out = sheet.constant(np.full(len(sheet.rows), "", dtype=object))
    out.kinds[:] = CellKind.TEXT
    given = [~part.blank for part in parts]
    own = [i for i, part in enumerate(e.concat or ()) if not part.constant] or range(len(parts))
    used = np.logical_or.reduce([given[i] for i in own])
    for i in reversed(own):
        out.at[given[i]], out.rows[given[i]] = parts[i].at[given[i]], parts[i].rows[given[i]]
    out.text[used] = _join_texts(parts, given, e.separator)[used]
    for part, there in zip(reversed(parts), reversed(given), strict=True):
        bad = (part.kinds == CellKind.ERROR) | (part.kinds == CellKind.UNCALCULATED)
        bad |= part.problem != ""
        if sheet.kind is FieldKind.CODE:
            cells = zip(part.text, part.kinds, strict=True)
            changed = [changed_by_excel(text, CellKind(kind)) for text, kind in cells]
            bad |= np.asarray(changed, dtype=bool)
        out.take(bad & there, part)
    return out


def _join_texts(parts: Sequence[Values], given: Sequence[np.ndarray], separator: str) -> np.ndarray:
    none = pa.scalar(None, type=pa.large_string())
    texts = [
        pc.if_else(pa.array(there), tidied(arrow_texts(part.text)), none)
        for part, there in zip(parts, given, strict=True)
    ]
    between = pa.scalar(separator, type=pa.large_string())
    joined = pc.binary_join_element_wise(*texts, between, null_handling="skip")
    return np.asarray(joined.to_numpy(zero_copy_only=False), dtype=object)


def _map(values: Values, table: dict[str, str]) -> None:
    """Texts replaced by what the table has for them; others are told, blanks stay blank."""
    known = {same_word(tidy(old)): new for old, new in table.items()}
    broken = (values.kinds == CellKind.ERROR) | (values.kinds == CellKind.UNCALCULATED)
    todo = ~values.blank & (values.problem == "") & ~broken
    found = {text: known.get(same_word(tidy(text))) for text in set(values.text[todo])}
    for i in np.flatnonzero(todo).tolist():
        new = found[values.text[i]]
        if new is None:
            values.problem[i] = "not_mapped"
        else:
            values.text[i], values.kinds[i] = new, CellKind.TEXT


def mark(values: Values, sign: SignFrom, sheet: Sheet) -> None:
    """Signs from the column that tells debit from credit."""
    marks = sheet.column(sign.column)
    signs = {same_word(tidy(text)): 1 for text in sign.positive}
    signs |= {same_word(tidy(text)): -1 for text in sign.negative}
    found = {text: signs.get(same_word(tidy(text)), 0) for text in set(marks.text)}
    own = np.asarray([found[text] for text in marks.text], dtype=np.int8)
    there = ~values.blank
    bad = there & (values.problem == "") & (own == 0)
    values.take(bad, marks)
    values.problem[bad] = "sign_unknown"
    signed = there & ~bad
    values.sign[signed] *= own[signed]
    values.marked |= signed


def _dated(e: DateFrom, sheet: Sheet) -> Values:
    """Dates in ISO from a day and month and the year they fall in."""
    days, starts = sheet.column(e.column), evaluate(e.start, sheet)
    pattern = dates.compile_format(e.format, year=False)
    whole = e.on_or_after is not None

    def read(texts: Values, *, whole: bool) -> dict[str, date | None]:
        return {text: start_of(tidy(text), whole=whole) for text in set(texts.text)}

    first = read(starts, whole=whole)
    limits = [
        evaluate(bound, sheet) if bound else sheet.constant(_none(sheet))
        for bound in (e.not_before, e.not_after)
    ]
    bounds = [(values, read(values, whole=True)) for values in limits]
    known: dict[tuple[str, str], date | None] = {}
    # a cell that is broken is told as that
    todo = ~days.blank & (days.kinds != CellKind.ERROR) & (days.kinds != CellKind.UNCALCULATED)
    for i in np.flatnonzero(todo).tolist():
        start = first[starts.text[i]]
        low, high = (ends[values.text[i]] for values, ends in bounds)
        unread = [v for v, ends in bounds if ends[v.text[i]] is None and tidy(v.text[i])]
        if start is None or unread:
            culprit = starts if start is None else unread[0]
            for name in ("text", "at", "rows"):
                getattr(days, name)[i] = getattr(culprit, name)[i]
            days.problem[i] = "not_year"
            continue
        if days.kinds[i] == CellKind.DATE:  # it has its year
            found = dates.reader([], None)(tidy(days.text[i])[:10])
            low = max(low or start, start)
            high = min(high or date.max, _year_later(start) - timedelta(days=1))
        else:
            key = (days.text[i], starts.text[i])
            if key not in known:
                known[key] = dates.day_within(tidy(key[0]), pattern, start)
            found = known[key]
        if found is None:
            days.problem[i] = "not_day"
        elif (low and found < low) or (high and found > high):
            days.problem[i] = "outside"
            days.note[i] = f"{found}, {f'before {low}' if low and found < low else f'after {high}'}"
        else:
            days.text[i], days.kinds[i] = found.isoformat(), CellKind.DATE
    return days


def _none(sheet: Sheet) -> np.ndarray:
    return np.full(len(sheet.rows), "", dtype=object)


def _year_later(day: date) -> date:
    """The first day of the year after the one that begins with ``day``."""
    return date(day.year + 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(
        year=day.year + 1
    )  # fmt: skip
