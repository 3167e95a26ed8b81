"""A parsed column, stored as amounts, as texts, or as distinct values with an index a cell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import money
from importer.mapping.map_tables import MappedTables
from importer.validation.cents_array import CentsArray


def _without(texts: pa.LargeStringArray, which: np.ndarray) -> pa.LargeStringArray:
    return pc.if_else(pa.array(which), pa.scalar(None, pa.large_string()), texts)


class ParsedColumn:
    """The values of a column: int, date, str, bool or Decimal, None where blank or invalid.

    A cell's problem is the ending of the finding's code. The storage is amounts, texts or a
    dictionary of distinct values until ``values`` are asked for, which replace it and may be
    changed.
    """

    def __init__(
        self,
        size: int,
        blank: np.ndarray,
        values: np.ndarray | None = None,
        *,
        numbers: np.ndarray | None = None,
        texts: pa.LargeStringArray | None = None,
        dictionary: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """``dictionary``: (the values, the index of each cell's value)."""
        self.size, self.blank = size, blank
        self._values, self._numbers, self._texts = values, numbers, texts
        self._different = dictionary
        self._names: list[str] = [""]
        self._problem: np.ndarray | None = None  # an index of _names for each cell

    @classmethod
    def empty(cls, size: int) -> ParsedColumn:
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

    def with_problem(self, problem: str) -> np.ndarray:
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
            out = np.empty(self.size, dtype=object)
            out[:] = self.values_at(np.arange(self.size))
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

    def map_distinct(self, of: Callable[[Any], Any], kind: Any) -> np.ndarray:
        """A function of each value (None too), called once a distinct value; ``kind``: a dtype."""
        values, at = self.dictionary()
        results = np.empty(len(values) + 1, dtype=object)
        results[:] = [*map(of, values), of(None)]
        none = self.faulty
        return results.astype(kind)[np.where(none, len(values), at) if none.any() else at]

    def dictionary(self) -> tuple[np.ndarray, np.ndarray]:
        """(distinct values, the index of each cell's: arbitrary for invalid cells)."""
        if self._different is not None:
            return self._different
        if self._numbers is not None:
            at, numbers = pd.factorize(self._numbers)
            return np.asarray([*numbers.tolist(), None], dtype=object), np.where(
                self.blank, len(numbers), at
            )
        if self._values is None and self._texts is None:
            return np.asarray([None], dtype=object), np.zeros(self.size, dtype=np.int8)
        if self._values is None:
            encoded = self.texts().dictionary_encode(null_encoding="encode")
            values = encoded.dictionary.to_numpy(zero_copy_only=False)
            self._different = values, encoded.indices.to_numpy()
            return self._different
        at, values = pd.factorize(self._values)
        return np.asarray([*values, None], dtype=object), np.where(at < 0, len(values), at)

    def gather(self, at: np.ndarray, texts: pa.LargeStringArray | None) -> ParsedColumn:
        """The column of the cells ``at`` of this one; ``texts`` are its values where at hand."""
        different = self.values, at
        out = ParsedColumn(len(at), self.blank[at], texts=texts, dictionary=different)
        if self._problem is not None:
            out._problem, out._names = self._problem[at], self._names
        return out

    def cents(self) -> CentsArray:
        """The amounts, of int64; not to be changed."""
        if self._values is None:
            if self._numbers is None:
                zeros = np.zeros(self.size, dtype=np.int64)
                return CentsArray(zeros, np.zeros(self.size, dtype=bool))
            return CentsArray(self._numbers, self.ok)
        valid = np.asarray([v is not None for v in self._values], dtype=bool)
        out = np.zeros(self.size, dtype=np.int64)
        out[valid] = self._values[valid].astype(np.int64)
        return CentsArray(out, valid)

    def filled(self, at: np.ndarray, cents: np.ndarray) -> ParsedColumn:
        """A copy of a column of amounts with its blank cells ``at`` filled in."""
        numbers, blank = self.cents()[0].copy(), self.blank.copy()
        numbers[at], blank[at] = cents, False
        out = ParsedColumn(self.size, blank, numbers=numbers)
        out._names = list(self._names)
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

    def mark_invalid(self, at: np.ndarray | list[int], problem: str | np.ndarray) -> None:
        """Mark cells invalid, with one problem code or one for each."""
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
            code, names = pd.factorize(problem)
            self._problem[at] = np.asarray([*map(self._code, names), 0], dtype=np.uint8)[code]
        self.blank[at] = False

    def _code(self, problem: str) -> int:
        if problem not in self._names:
            self._names.append(problem)
        return self._names.index(problem)

    def negate(self, which: np.ndarray) -> None:
        """Change the sign of numbers."""
        at = np.flatnonzero(which & self.ok)
        if self._numbers is None:
            for i in at:
                self.values[i] = -self.values[i]
        else:
            self._numbers[at] = -self._numbers[at]

    def with_sign_changed(self, which: np.ndarray) -> ParsedColumn:
        """The column with other signs; this one stays as it is."""
        out = copy.copy(self)
        if self._numbers is not None:
            out._numbers = self._numbers.copy()
        elif self._values is not None:
            out._values = self._values.copy()
        out.negate(which)
        return out

    def values_at(self, which: np.ndarray) -> list[Any]:
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
    columns: dict[str, ParsedColumn] = field(default_factory=dict)

    def money(self, i: int | np.signedinteger[Any], cents: int) -> str:
        """An amount of the ``i``-th item for a sentence, in units of its currency."""
        return money(cents, int(self.units[i]))

    def __getitem__(self, name: str) -> ParsedColumn:
        return self.columns.get(name) or ParsedColumn.empty(self.size)


class ParsedSheets(NamedTuple):
    """The bills and line items as mapping has them, and their cells as they were parsed.

    ``line_bill`` is the bill of each line item, -1 of one without.
    """

    mapped: MappedTables
    bills: ParsedTable
    lines: ParsedTable
    line_bill: np.ndarray
