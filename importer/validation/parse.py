"""Whole columns of text → values, each distinct text read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.amounts import INT64_MAX, INT64_MIN, money, tidy
from importer.canonical import FIELDS, Field, Kind
from importer.cells import ERRORS, Read
from importer.records import CellKind
from importer.template.columns import Column
from importer.template.evaluate import PROBLEMS

PROPERTY_FIELD = Field("property", Kind.TEXT, "a custom property", 2000)
# A problem of the whole column, told once; the cells it touches are marked with it.
COLUMN_PROBLEMS = frozenset(("ambiguous", "mixed_order", "mixed_numbers", "mixed_typed"))
_LIBRE_ERROR = re.compile(r"Err:[0-9]{3}|#{3,}")  # ##### is a column too narrow for its value


def _without(texts: pa.LargeStringArray, which: np.ndarray) -> pa.LargeStringArray:
    return pc.if_else(pa.array(which), pa.scalar(None, pa.large_string()), texts)


class Parsed:
    """A column read: ``values`` hold int, date, str, bool or Decimal, None where blank or wrong.

    A cell's problem is the ending of the finding's code. A long column is kept as amounts, as texts
    or as ``different`` values and which of them each cell has, until somebody asks for ``values``,
    which are then the column: they may be changed.
    """

    def __init__(
        self,
        size: int,
        blank: np.ndarray,
        values: np.ndarray | None = None,
        *,
        numbers: np.ndarray | None = None,
        texts: pa.LargeStringArray | None = None,
        different: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """``different``: (the values, the index of each cell's value)."""
        self.size, self.blank = size, blank
        self.rules: np.ndarray | None = None  # how each date or number was read, for messages
        self._values, self._numbers, self._texts = values, numbers, texts
        self._different = different
        self._names: list[str] = [""]
        self._problem: np.ndarray | None = None  # an index of _names for each cell

    @classmethod
    def empty(cls, size: int) -> Parsed:
        return cls(size, np.ones(size, dtype=bool))

    @property
    def faulty(self) -> np.ndarray:
        """Which cells have a problem."""
        if self._problem is None:
            return np.zeros(self.size, dtype=bool)
        return np.asarray(self._problem != 0, dtype=bool)

    @property
    def problems(self) -> set[str]:
        if self._problem is None:
            return set()
        codes = range(1, len(self._names))
        return {self._names[code] for code in codes if (self._problem == code).any()}

    def having(self, problem: str) -> np.ndarray:
        """Which cells have this problem."""
        if self._problem is None or problem not in self._names:
            return np.zeros(self.size, dtype=bool)
        return np.asarray(self._problem == self._names.index(problem), dtype=bool)

    @property
    def ok(self) -> np.ndarray:
        return ~self.blank if self._problem is None else ~self.blank & (self._problem == 0)

    @property
    def values(self) -> np.ndarray:
        if self._values is None:
            out = np.full(self.size, None, dtype=object)
            if self._numbers is not None:
                known = self.ok
                out[known] = self._numbers[known]
            elif self._texts is not None:
                out = self._texts.to_numpy(zero_copy_only=False)
            elif self._different is not None:
                out = self._different[0][self._different[1]]
                out[self.faulty] = None
            self._values, self._numbers, self._texts, self._different = out, None, None, None
        return self._values

    def at(self, i: int) -> Any:
        """The value of one item; the rest of the column stays as it is."""
        if self._values is not None:
            return self._values[i]
        if self.blank[i] or (self._problem is not None and self._problem[i]):
            return None
        if self._numbers is not None:
            return int(self._numbers[i])
        if self._different is not None:
            return self._different[0][self._different[1][i]]
        return None if self._texts is None else self._texts[int(i)].as_py()

    def each(self, of: Callable[[Any], Any], kind: Any) -> np.ndarray:
        """What a function makes of every value, None included, asked once for each different one.

        ``kind`` is numpy's for the result.
        """
        values, at = self.different()
        made = np.empty(len(values) + 1, dtype=object)
        made[:] = [*map(of, values), of(None)]
        none = self.faulty
        return made.astype(kind)[np.where(none, len(values), at) if none.any() else at]

    def different(self) -> tuple[np.ndarray, np.ndarray]:
        """(values that differ, the index of each cell's one); not for amounts.

        Cells of a problem have any index.
        """
        if self._different is not None:
            return self._different
        if self._values is None and self._texts is None:
            return np.asarray([None], dtype=object), np.zeros(self.size, dtype=np.int8)
        if self._values is None:
            encoded = self.texts().dictionary_encode(null_encoding="encode")
            values = encoded.dictionary.to_numpy(zero_copy_only=False)
            self._different = values, encoded.indices.to_numpy()
            return self._different
        at, values = pd.factorize(self._values)
        return np.asarray([*values, None], dtype=object), np.where(at < 0, len(values), at)

    def spread(self, at: np.ndarray, texts: pa.LargeStringArray | None) -> Parsed:
        """A column of which this has the different cells, ``at`` which of them each cell is.

        ``texts`` are the values of its cells, where they are known.
        """
        different = self.values, at
        out = Parsed(len(at), self.blank[at], texts=texts, different=different)
        if self._problem is not None:
            out._problem, out._names = self._problem[at], self._names
        return out

    def cents(self) -> tuple[np.ndarray, np.ndarray]:
        """(int64 amounts, which of them are known); not to be changed."""
        if self._values is None:
            if self._numbers is None:
                return np.zeros(self.size, dtype=np.int64), np.zeros(self.size, dtype=bool)
            return self._numbers, self.ok
        known = np.asarray([v is not None for v in self._values], dtype=bool)
        out = np.zeros(self.size, dtype=np.int64)
        out[known] = self._values[known].astype(np.int64)
        return out, known

    def filled(self, at: np.ndarray, cents: np.ndarray) -> Parsed:
        """A column of amounts with those of the cells ``at``, which are blank in this one."""
        numbers, blank = self.cents()[0].copy(), self.blank.copy()
        numbers[at], blank[at] = cents, False
        out = Parsed(self.size, blank, numbers=numbers)
        out.rules, out._names = self.rules, list(self._names)
        out._problem = None if self._problem is None else self._problem.copy()
        return out

    def texts(self) -> pa.LargeStringArray:
        """The texts, null where there is none; not for amounts and dates."""
        if self._texts is not None:
            return self._texts
        if self._values is None and self._different is not None:
            values, at = self._different
            out = pa.array(values, type=pa.large_string()).take(pa.array(at))
            return out if self._problem is None else _without(out, self.faulty)
        if self._values is None:
            return pa.nulls(self.size, pa.large_string())
        return pa.array(self._values, type=pa.large_string())

    def forget(self, at: np.ndarray | list[int], problem: str | np.ndarray) -> None:
        """Nothing is to be made of these cells, for this reason, or each for its own."""
        if not len(at):
            return
        if self._values is not None:
            self._values[at] = None
        elif self._texts is not None:
            which = np.zeros(self.size, dtype=bool)
            which[at] = True
            self._texts, self._different = _without(self._texts, which), None
        if self._problem is None:
            self._problem = np.zeros(self.size, dtype=np.uint8)
        if isinstance(problem, str):
            self._problem[at] = self._code(problem)
        else:
            own, names = pd.factorize(problem)
            self._problem[at] = np.asarray([*map(self._code, names), 0], dtype=np.uint8)[own]
        self.blank[at] = False

    def _code(self, problem: str) -> int:
        if problem not in self._names:
            self._names.append(problem)
        return self._names.index(problem)

    def negate(self, which: np.ndarray) -> None:
        """The amounts with the other sign."""
        if self._numbers is None:
            for i in np.flatnonzero(which & self.ok):
                self.values[i] = value = -self.values[i]
                if isinstance(value, int) and value > INT64_MAX:
                    self.forget([int(i)], "out_of_range")
            return
        which = which & self.ok
        self.forget(np.flatnonzero(which & (self._numbers == INT64_MIN)), "out_of_range")
        self._numbers[which] = -self._numbers[which]

    def some(self, which: np.ndarray) -> list[Any]:
        """The values of some items; the rest of the column stays as it is."""
        if self._values is not None:
            values: list[Any] = self._values[which].tolist()
            return values
        if self._texts is not None:
            texts: list[Any] = self._texts.take(pa.array(which)).to_pylist()
            return texts
        if self._numbers is not None:
            out = self._numbers[which].astype(object)
        elif self._different is not None:
            out = self._different[0][self._different[1][which]]
        else:
            return [None] * len(which)
        lacking = self.blank[which]
        if self._problem is not None:
            lacking |= self._problem[which] != 0
        out[lacking] = None
        some: list[Any] = out.tolist()
        return some


@dataclass
class ParsedTable:
    """Bills or line items read; a field that the sheet lacks is all blank."""

    size: int
    units: np.ndarray  # cents per unit of each item's currency
    columns: dict[str, Parsed] = field(default_factory=dict)

    def money(self, i: int | np.signedinteger[Any], cents: int) -> str:
        """An amount of the ``i``-th item for a sentence, in units of its currency."""
        return money(cents, int(self.units[i]))

    def __getitem__(self, name: str) -> Parsed:
        return self.columns.get(name) or Parsed.empty(self.size)


def field_of(sheet: str, name: str) -> Field:
    """The field a canonical column belongs to; custom properties and factors have one each."""
    if "*" in name:
        return Field("factor", Kind.FACTOR, "a quantity or price")
    return FIELDS[sheet].get(name, PROPERTY_FIELD)


def code_of(sheet: str, name: str, problem: str) -> str:
    if problem in PROBLEMS:
        return f"{sheet}.expression.{problem}"
    return f"{sheet}.{field_of(sheet, name).name}.{problem}"


def distinct(texts: pa.LargeStringArray) -> list[str]:
    """The different texts, in the order in which they come."""
    found: list[str] = texts.unique().to_pylist()
    return found


def among(texts: pa.LargeStringArray, some: Collection[str]) -> np.ndarray:
    """Which of the texts are some of these."""
    wanted = pa.array(list(some), type=pa.large_string())
    return np.asarray(pc.is_in(texts, value_set=wanted).to_numpy(zero_copy_only=False))


_FIRST_LOOK = 5_000  # cells that tell whether a column repeats itself
Reader = tuple[np.ndarray, Read]
Quick = Callable[[pa.LargeStringArray], tuple[np.ndarray, np.ndarray | None]]


@dataclass
class _Reading:
    """What a reader makes of different texts, and which of them each cell has."""

    values: np.ndarray  # of Python's objects, None where blank or wrong
    problems: np.ndarray  # "" for none
    blank: np.ndarray
    at: np.ndarray

    def mark(self, out: Parsed, cells: np.ndarray) -> None:
        """Put what is blank and what is wrong on these cells of the column."""
        if self.blank.any():
            out.blank[cells] = self.blank[self.at]
        wrong = self.problems != ""
        if wrong.any():
            own = np.flatnonzero(wrong[self.at])
            out.forget(cells[own], self.problems[self.at[own]])


def read_texts(texts: pa.LargeStringArray, read: Read) -> _Reading:
    """Each distinct text read once."""
    encoded = texts.dictionary_encode()
    unique = encoded.dictionary.to_pylist()
    values = np.empty(len(unique), dtype=object)
    problems = np.full(len(unique), "", dtype=object)
    blank = np.zeros(len(unique), dtype=bool)
    for i, text in enumerate(unique):
        bare = tidy(text)
        if not bare:
            blank[i] = True
        elif bare in ERRORS or _LIBRE_ERROR.fullmatch(bare):
            problems[i] = "error_cell"
        else:
            values[i], problems[i] = read(bare)
    return _Reading(values, problems, blank, encoded.indices.to_numpy())


def _repeats(texts: pa.LargeStringArray) -> bool:
    """Whether a column has so few different texts that each is best read once."""
    first = texts.slice(0, _FIRST_LOOK)
    return bool(2 * pc.count_distinct(first).as_py() < len(first))


def parse_column(
    column: Column,
    readers: Callable[[np.ndarray], list[Reader]],
    quick: Quick | None = None,
    *,
    words: bool = False,
) -> Parsed:
    """``readers`` gives, for an array of indexes, parts of it with the reader for each.

    ``quick`` tells which texts are plainly written, with their amounts in cents, or None where
    they are values as they stand: ``words``, each of which has one reader wherever it stands.
    """
    out = _read(column.array, readers, quick, words=words)
    if column.kinds is not None:
        for kind, problem in (
            (CellKind.ERROR, "error_cell"),
            (CellKind.UNCALCULATED, "not_calculated"),
        ):
            out.forget(np.flatnonzero(column.kinds == kind), problem)
    if column.problem is not None:
        at = np.flatnonzero(column.problem != "")
        out.forget(at, column.problem[at])
    return out


def _read(
    texts: pa.LargeStringArray,
    readers: Callable[[np.ndarray], list[Reader]],
    quick: Quick | None,
    *,
    words: bool = False,
) -> Parsed:
    size = len(texts)
    if quick is None:
        return _read_each(texts, readers(np.arange(size)))
    if words and _repeats(texts):
        return _spread(texts, readers, quick)
    known, numbers = quick(texts)
    blank, left = np.zeros(size, dtype=bool), np.flatnonzero(~known)
    parts = [(cells, read_texts(_some(texts, cells), read)) for cells, read in readers(left)
             if len(cells)] if len(left) else []  # fmt: skip
    if numbers is not None:
        out = Parsed(size, blank, numbers=numbers)
        for cells, part in parts:
            own = np.asarray([value or 0 for value in part.values], dtype=np.int64)
            numbers[cells] = own[part.at]
    else:
        for cells, part in parts:
            own = pa.array(part.values, type=pa.large_string()).take(pa.array(part.at))
            which = np.zeros(size, dtype=bool)
            which[cells] = True
            texts = pc.replace_with_mask(texts, pa.array(which), own)
        out = Parsed(size, blank, texts=texts)
    for cells, part in parts:
        part.mark(out, cells)
    return out


def _some(texts: pa.LargeStringArray, at: np.ndarray) -> pa.LargeStringArray:
    return texts if len(at) == len(texts) else texts.take(pa.array(at))


def _spread(
    texts: pa.LargeStringArray, readers: Callable[[np.ndarray], list[Reader]], quick: Quick
) -> Parsed:
    """Each different text read once."""
    encoded = texts.dictionary_encode()
    each, at = _read(encoded.dictionary, readers, quick), encoded.indices.to_numpy()
    unchanged = each.texts() is encoded.dictionary  # values as they stand, all of them
    return each.spread(at, texts if unchanged else None)


def _read_each(texts: pa.LargeStringArray, readers: list[Reader]) -> Parsed:
    values, start = [np.asarray([None], dtype=object)], 1
    at = np.zeros(len(texts), dtype=np.int64)
    parts = []
    for cells, read in readers:
        if len(cells):
            part = read_texts(_some(texts, cells), read)
            at[cells] = part.at + start
            values.append(part.values)
            start += len(part.values)
            parts.append((cells, part))
    out = Parsed(
        len(texts), np.zeros(len(texts), dtype=bool), different=(np.concatenate(values), at)
    )
    for cells, part in parts:
        part.mark(out, cells)
    return out
