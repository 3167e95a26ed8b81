"""Whole columns of text → values, each distinct text read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
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


class Parsed:
    """A column read: ``values`` hold int, date, str, bool or Decimal, None where blank or wrong.

    ``problem`` is the ending of the finding's code, "" where there is none. Amounts and texts of a
    long column are kept as numpy and Arrow keep them until somebody asks for ``values``, which are
    then the column: they may be changed.
    """

    def __init__(
        self,
        size: int,
        blank: np.ndarray,
        values: np.ndarray | None = None,
        *,
        numbers: np.ndarray | None = None,
        texts: pa.LargeStringArray | None = None,
        problem: np.ndarray | None = None,
    ) -> None:
        self.size, self.blank = size, blank
        self.rules: np.ndarray | None = None  # how each date or number was read, for messages
        self._values, self._numbers, self._texts = values, numbers, texts
        self._problem = problem

    @classmethod
    def empty(cls, size: int) -> Parsed:
        return cls(size, np.ones(size, dtype=bool))

    @property
    def problem(self) -> np.ndarray:
        if self._problem is None:
            self._problem = np.full(self.size, "", dtype=object)
        return self._problem

    @property
    def faulty(self) -> np.ndarray:
        """Which cells have a problem."""
        if self._problem is None:
            return np.zeros(self.size, dtype=bool)
        return np.asarray(self._problem != "", dtype=bool)

    @property
    def problems(self) -> set[str]:
        return set() if self._problem is None else set(self._problem) - {""}

    @property
    def ok(self) -> np.ndarray:
        return np.asarray(~self.blank & ~self.faulty, dtype=bool)

    @property
    def values(self) -> np.ndarray:
        if self._values is None:
            out = np.full(self.size, None, dtype=object)
            if self._numbers is not None:
                known = self.ok
                out[known] = self._numbers[known]
            elif self._texts is not None:
                out = self._texts.to_numpy(zero_copy_only=False)
            self._values, self._numbers, self._texts = out, None, None
        return self._values

    def at(self, i: int) -> Any:
        """The value of one item; the rest of the column stays as it is."""
        if self._values is not None:
            return self._values[i]
        if self._numbers is not None:
            known = not self.blank[i] and (self._problem is None or self._problem[i] == "")
            return int(self._numbers[i]) if known else None
        return None if self._texts is None else self._texts[int(i)].as_py()

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

    def texts(self) -> pa.LargeStringArray:
        """The texts, null where there is none; not for amounts and dates."""
        if self._texts is not None:
            return self._texts
        if self._values is None:
            return pa.nulls(self.size, pa.large_string())
        return pa.array(self._values, type=pa.large_string())

    def forget(self, at: np.ndarray | list[int], problem: str | np.ndarray) -> None:
        """Nothing is to be made of these cells, for this reason."""
        if not len(at):
            return
        if self._numbers is None:
            self.values[at] = None
        self.problem[at], self.blank[at] = problem, False

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
        if self._numbers is not None:
            out, lacking = self._numbers[which].astype(object), self.blank[which]
            if self._problem is not None:
                lacking |= self._problem[which].astype(bool)
            out[lacking] = None
            numbers: list[Any] = out.tolist()
            return numbers
        if self._texts is not None:
            texts: list[Any] = self._texts.take(pa.array(which)).to_pylist()
            return texts
        return [self.at(i) for i in which.tolist()]


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


def read_texts(texts: pa.LargeStringArray, read: Read) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(values, problems, which are blank), each distinct text read once."""
    encoded = texts.dictionary_encode()
    codes, unique = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
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
    every = np.arange(size)
    if quick is None:
        out = Parsed(size, np.zeros(size, dtype=bool), np.full(size, None, dtype=object))
        _read_each(texts, readers(every), out.values, out.problem, out.blank)
        return out if out.problems else Parsed(size, out.blank, out.values)
    if words and _repeats(texts):
        return _spread(texts, readers, quick)
    known, numbers = quick(texts)
    left = np.flatnonzero(~known)
    if not len(left):
        kept = texts if numbers is None else None
        return Parsed(size, np.zeros(size, dtype=bool), numbers=numbers, texts=kept)
    values = np.full(size, None, dtype=object)
    problem = np.full(size, "", dtype=object)
    blank = np.zeros(size, dtype=bool)
    _read_each(texts, readers(left), values, problem, blank)
    given = left[[values[i] is not None for i in left]]
    if numbers is not None:
        numbers[given] = values[given].astype(np.int64)
        return Parsed(size, blank, numbers=numbers, problem=problem)
    own = pa.array(values[left].tolist(), type=pa.large_string())
    texts = pc.replace_with_mask(texts, pa.array(~known), own)
    return Parsed(size, blank, texts=texts, problem=problem)


def _spread(
    texts: pa.LargeStringArray, readers: Callable[[np.ndarray], list[Reader]], quick: Quick
) -> Parsed:
    """Each different text read once."""
    encoded = texts.dictionary_encode()
    each, codes = _read(encoded.dictionary, readers, quick), encoded.indices
    at = codes.to_numpy()
    problem = each.problem[at] if each.problems else None
    return Parsed(len(texts), each.blank[at], texts=each.texts().take(codes), problem=problem)


def _read_each(
    texts: pa.LargeStringArray,
    readers: list[Reader],
    values: np.ndarray,
    problem: np.ndarray,
    blank: np.ndarray,
) -> None:
    for at, read in readers:
        if len(at) == len(texts):
            values[:], problem[:], blank[:] = read_texts(texts, read)
        elif len(at):
            some = texts.take(pa.array(at))
            values[at], problem[at], blank[at] = read_texts(some, read)
