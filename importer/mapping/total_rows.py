"""Rows that are totals of the rows above them, known by their sum or by a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from importer.core.money import tidy
from importer.core.text_column import cells_starting, check_distinct, take
from importer.core.total_words import is_total, may_be_total_of, may_begin_total
from importer.mapping.classified_rows import ClassifiedRows
from importer.mapping.column_sums import scaled_numbers
from importer.mapping.fill_down import FilledTable
from importer.mapping.headed_table import HeadedTable
from importer.mapping.row_columns import RowColumns
from importer.mapping.text_cleanup import blank


@dataclass(frozen=True)
class TotalRow:
    """``k``: the row below the header; ``column``: where its amount is, or its word."""

    k: int
    column: int
    why: str  # in words: "its 'Net' is the sum of all rows above it"
    of_file: bool  # its amount is the sum of all rows above
    by_word: bool  # it is labelled as a total


def total_rows(table: HeadedTable, filled: FilledTable, rows: ClassifiedRows) -> list[TotalRow]:
    """The data rows that look like totals, in their order.

    A row with its own number or date is a bill, whatever its vendor is called; unless it
    repeats the keys of the rows above it, has the word in a text, and is their sum, or its amount
    proves it (see ``complete_totals``).
    """
    return [*_Detector(table, filled, rows).matches()]


_CENT = 100  # in ten-thousandths
_LEAST_TOTAL, _FEWEST_SUMMED = 1_000_000, 4  # a hundred; smaller sums are met by chance


@dataclass
class _Detector:
    table: HeadedTable
    filled: FilledTable
    rows: ClassifiedRows

    def __post_init__(self) -> None:
        self.columns = RowColumns.of(self.table)
        self.data = self.rows.data()
        self.ends = [0]  # the first row of each stretch between totals

    def matches(self) -> Iterator[TotalRow]:
        candidates = self._without_number_and_date()
        words = self._rows_with_word(candidates)
        bare = self._bare(candidates)
        labelled = self._labelled_lines(~candidates)
        yield from self._complete(~candidates)
        if not (words | labelled).any() and not self._any_sum(bare):
            return
        for k in np.flatnonzero(candidates & (bare | words) | labelled).tolist():
            row = self._judge(k, by_word=bool(words[k])) if candidates[k] else self._line(k)
            if row is not None:
                self.data[k] = False
                self.__dict__.pop("_sums", None)
                self.ends.append(k + 1)
                yield row

    def _complete(self, others: np.ndarray) -> Iterator[TotalRow]:
        """Rows that have all that a bill has, and are sums; last lines without text."""
        at = np.flatnonzero(others & self.data)
        position = np.cumsum(others & self.data) - 1
        products = (e.product or () for e in self.table.template.line_items.values())
        factors = {self.table.header.column_of(names) for each in products for names in each}
        for column, (values, ok) in self._numbers.items():
            if column in factors or not len(at) or not ok[at].all():
                continue
            name = self.table.header.headers[column].strip()
            starts = position[self._starts[at]]
            for i, what in (
                *complete_totals(values[at], starts, lambda i: self._texts(int(at[i]))),
                *self._last_lines(values[at], starts, at),
                *_almost_total(values[at]),
            ):
                k = int(at[i])
                if self.data[k]:
                    self.data[k] = False
                    self.__dict__.pop("_sums", None)
                    yield TotalRow(k, column, f"its '{name}' is the sum of {what}", False, False)

    def _last_lines(
        self, values: np.ndarray, starts: np.ndarray, at: np.ndarray
    ) -> Iterator[tuple[int, str]]:
        """The last lines of bills that are the sum of the lines above, and have no text of their
        own where those have one."""
        if not self.columns.texts | self.columns.accounts:
            return
        before = np.append(0, np.cumsum(values))[:-1]
        rows = np.arange(len(values))
        last = np.append(starts[1:] != starts[:-1], True)
        sums = last & (values != 0) & (rows - starts >= 2) & (before - before[starts] == values)
        for i in np.flatnonzero(sums).tolist():
            k = int(at[i])
            bare = not any(self._text(c, k) for c in self.columns.texts | self.columns.accounts)
            if bare and self._others_have_text(k):
                yield i, "the rows of its bill above it"

    def _texts(self, k: int) -> list[str]:
        columns = (c for c in self.table.file_columns() if c not in self.columns.amounts)
        return [self._text(c, k) for c in columns]

    @property
    def _identifies_bills(self) -> bool:
        """Whether more than its vendor tells a bill from others."""
        return bool(self.columns.identity - self.columns.vendor)

    # --- which rows are looked at -------------------------------------------------------------

    def _given(self, column: int) -> np.ndarray:
        return ~blank(self.table.texts(column))

    def _without_number_and_date(self) -> np.ndarray:
        """Data rows with an amount, but without their own number, key or date."""
        out = self.data.copy()
        for column in self.columns.identity - self.columns.vendor:
            if out.any():
                out &= ~self._given(column)
        if out.any():
            out &= np.logical_or.reduce(
                [np.zeros(len(out), dtype=bool), *map(self._given, self.columns.amounts)]
            )
        return out

    def _bare(self, candidates: np.ndarray) -> np.ndarray:
        """Candidates without text and account."""
        out = candidates.copy()
        for column in self.columns.texts | self.columns.accounts:
            if not out.any():
                break
            out &= ~self._given(column)
        return out

    def _rows_with_word(self, candidates: np.ndarray) -> np.ndarray:
        out = np.zeros(len(candidates), dtype=bool)
        at = np.flatnonzero(candidates)
        if not len(at):
            return out
        for column in self.table.file_columns():
            if column not in self.columns.amounts:
                out[at[self._words_in(column, at)]] = True
        return out

    def _words_in(self, column: int, at: np.ndarray) -> np.ndarray:
        texts = self.table.texts(column)
        some = take(texts, at)
        out = np.zeros(len(at), dtype=bool)
        beginning = cells_starting(some, may_begin_total)
        out[beginning] = check_distinct(take(some, beginning), is_total)
        return out

    def _labelled_lines(self, others: np.ndarray) -> np.ndarray:
        """Whole rows of a bill with the word as their text."""
        out = np.zeros(len(others), dtype=bool)
        at = np.flatnonzero(others & self.data)
        for column in self.columns.texts if len(at) else ():
            out[at[self._words_in(column, at)]] = True
        return out

    # --- what a row is ------------------------------------------------------------------------

    @cached_property
    def _numbers(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """(numbers, which cells are numbers) of the columns of amounts."""
        return {column: scaled_numbers(self.table, column) for column in self.columns.amounts}

    @cached_property
    def _sums(self) -> dict[int, np.ndarray]:
        """The sums of the data rows above each row, modulo 2^64."""
        return {
            column: np.append(0, np.cumsum(np.where(self.data & ok, values, 0)))
            for column, (values, ok) in self._numbers.items()
        }

    @cached_property
    def _starts(self) -> np.ndarray:
        """Of each row the first row of its bill: of equal keys that stand together, or filled."""
        if (
            self.filled.first_rows is not None
            and (self.filled.first_rows != np.arange(len(self.filled.first_rows))).any()
        ):
            return self.filled.first_rows
        changes = np.ones(len(self.data), dtype=bool)
        changes[1:] = False
        for column in self.columns.keys:
            texts = self.filled.table.texts(column)
            codes = texts.dictionary_encode().indices.to_numpy()
            changes[1:] |= codes[1:] != codes[:-1]
        return np.maximum.accumulate(np.where(changes, np.arange(len(changes)), 0))

    def _any_sum(self, bare: np.ndarray) -> bool:
        """Whether any of the rows without a word is the sum of rows above, all taken as data."""
        at = np.flatnonzero(bare)
        if not len(at):
            return False
        for column, (values, ok) in self._numbers.items():
            sums = self._sums[column]
            for start in (0, self._starts[at]):
                if (ok[at] & (values[at] != 0) & (sums[at] - sums[start] == values[at])).any():
                    return True
        return False

    def _sum_of(self, column: int, k: int) -> tuple[str, int] | None:
        """What the row's amount is the sum of, in words, and the rows it sums; None for nothing."""
        values, ok = self._numbers[column]
        if not ok[k] or not values[k]:
            return None
        stretches = {
            "all rows above it": 0,
            "the rows since the last total": self.ends[-1],
            "the rows of its bill above it": int(self._starts[k]),
        }
        for what, start in stretches.items():
            if start < k and self._sums[column][k] - self._sums[column][start] == values[k]:
                return what, int(self.data[start:k].sum())
        return None

    def _judge(self, k: int, *, by_word: bool) -> TotalRow | None:
        """A row without number and date."""
        vendors = [t for c in self.columns.vendor if (t := self._text(c, k))]
        for column in self.columns.amounts:
            match = self._sum_of(column, k)
            if match is None:
                continue
            what, count = match
            of_vendor = self._identifies_bills and self._is_vendor_above(k)
            has_word = by_word or any(map(may_be_total_of, vendors))
            if not count or (vendors and not (has_word or of_vendor)):
                continue
            of_bill = what == "the rows of its bill above it"
            if has_word or (count > 1 and not of_bill) or self._others_have_text(k):
                name = self.table.header.headers[column].strip()
                why = f"its '{name}' is the sum of {what}"
                return TotalRow(k, column, why, what == "all rows above it", by_word)
        if by_word and not any(self._text(c, k) for c in self.columns.accounts):
            column, text = self._word(k)
            return TotalRow(k, column, f"it says '{text}'", False, True)
        return None

    def _line(self, k: int) -> TotalRow | None:
        """A row that repeats the keys of its bill."""
        start = int(self._starts[k])
        for column in self.columns.amounts:
            values, ok = self._numbers[column]
            above = self._sums[column][k] - self._sums[column][start]
            if start < k and ok[k] and values[k] and above == values[k]:
                at, text = self._word(k)
                return TotalRow(k, at, f"it says '{text}' and is the sum of its bill", False, True)
        return None

    def _text(self, column: int, k: int) -> str:
        return self.table.text(column, self.table.start + k)

    def _word(self, k: int) -> tuple[int, str]:
        cells = ((c, self._text(c, k)) for c in self.table.file_columns())
        return next((c, text) for c, text in cells if is_total(text))

    def _is_vendor_above(self, k: int) -> bool:
        i = self.table.start + k
        return k > 0 and all(
            self.table.text(c, i) == self.filled.table.text(c, i - 1) for c in self.columns.vendor
        )

    def _others_have_text(self, k: int) -> bool:
        """Whether the rows of the bill have a text or account, which this row lacks."""
        start = int(self._starts[k])
        columns = self.columns.texts | self.columns.accounts
        return any(self._text(c, j) for c in columns for j in range(start, min(k, start + 50)))


def _almost_total(values: np.ndarray) -> Iterator[tuple[int, str]]:
    """The last row, where it is a cent off the sum of all rows above: a total that was rounded."""
    if len(values) > _FEWEST_SUMMED and (values[:-1] != 0).sum() >= _FEWEST_SUMMED:
        difference = abs(int(values[-1]) - int(values[:-1].sum()))
        if 0 < difference <= _CENT and abs(int(values[-1])) >= _LEAST_TOTAL:
            yield len(values) - 1, "all rows above it, but for 0.01"


def label_of(table: HeadedTable, i: int) -> str:
    """The word by which a row says that it is a total; "" for none."""
    cells = (tidy(table.source.columns[c][i]) for c in table.file_columns())
    return next((text for text in cells if text and is_total(text)), "")


# --- recognised by their sums alone -----------------------------------------------------------

_LEAST_CHAINED = 3  # totals that follow one another, and rows that one with a word is the sum of
_LEAST_SUMMED = 5  # rows above a last row that is their sum, where no word says so
_WINDOW = 5_000  # rows in which the next total is looked for
_WORD = re.compile(
    r"\b(?:sub-?|zwischen|gesamt|end)?(?:totals?|totale?s?|totaal|totalt|summen?|summa|somma|suma)\b",
    re.IGNORECASE,
)


def complete_totals(
    amounts: np.ndarray, starts: np.ndarray, texts_of: Callable[[int], list[str]]
) -> Iterator[tuple[int, str]]:
    """(row, what it is the sum of) of the rows that are totals by their amounts.

    They are all rows of a chain of totals that covers the file; the last row, or one with a word
    for a total, that is the sum of all above. ``starts`` are the first rows of each row's bill.
    """
    before = np.append(0, np.cumsum(amounts))[:-1]
    rows = np.arange(len(amounts))
    chain = _chain(amounts)
    yield from ((k, "the rows since the last total") for k in chain)
    if chain:
        return
    of_all = np.flatnonzero(
        (amounts == before) & (amounts != 0) & (rows >= _LEAST_CHAINED) & (starts > 0)
    )
    for k in of_all.tolist():
        is_last = k == len(amounts) - 1 and k >= _LEAST_SUMMED
        if is_last or any(map(_has_word, texts_of(k))):
            yield k, "all rows above it"


def _has_word(text: str) -> bool:
    return bool(_WORD.search(text)) or may_be_total_of(text)


def _chain(amounts: np.ndarray) -> list[int]:
    """The rows of which each is the sum of the rows since the one before, up to the last row."""
    out, start, longest, since = list[int](), 0, 0, 0
    for k, amount in enumerate(amounts.data):
        if amount == since and amount and k > start:
            out.append(k)
            longest = max(longest, k - start)
            start, since = k + 1, 0
        elif k - start >= _WINDOW:
            return []
        else:
            since += amount
    if start == len(amounts) - 1:  # a grand total, of the totals before it
        if int(amounts[start]) != int(amounts[out].sum()):
            return []
        out.append(start)
    elif start < len(amounts):
        return []
    return out if len(out) >= _LEAST_CHAINED and longest > 1 else []
