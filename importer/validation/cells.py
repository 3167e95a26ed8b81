"""The parsed cells of one column: most by vectorised parsers, the others text by text.

Each distinct text of the others is parsed once, at the first check or the conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.cell_parsers import CellParser
from importer.core.money import tidy
from importer.core.text_column import take
from importer.validation.column import ParsedColumn

_SAMPLE = 5_000  # cells that decide whether a column is parsed by distinct text
Reader = tuple[np.ndarray, CellParser]
VectorParser = Callable[[pa.LargeStringArray], tuple[np.ndarray, np.ndarray | None]]


def distinct(texts: pa.LargeStringArray) -> list[str]:
    """The distinct texts, in the order in which they come."""
    unique: list[str] = texts.unique().to_pylist()
    return unique


def is_in(texts: pa.LargeStringArray, wanted: Collection[str]) -> np.ndarray:
    """Which of the texts are among these."""
    if not wanted:
        return np.zeros(len(texts), dtype=bool)
    values = pa.array(list(wanted), type=pa.large_string())
    return np.asarray(pc.is_in(texts, value_set=values).to_numpy(zero_copy_only=False))


def repeats(texts: pa.LargeStringArray) -> bool:
    """Whether a column has so few distinct texts that each is best read once."""
    first = texts.slice(0, _SAMPLE)
    return bool(2 * pc.count_distinct(first).as_py() < len(first))


@dataclass
class _Part:
    """Cells of one parser: their distinct texts, tidied, and the index of each cell's text."""

    cells: np.ndarray
    texts: list[str]
    at: np.ndarray
    read: CellParser

    @classmethod
    def of(cls, texts: pa.LargeStringArray, cells: np.ndarray, read: CellParser) -> _Part:
        encoded = take(texts, cells).dictionary_encode()
        tidied = [tidy(text) for text in encoded.dictionary.to_pylist()]
        return cls(cells, tidied, encoded.indices.to_numpy(), read)

    @cached_property
    def blank(self) -> np.ndarray:
        return np.asarray([not text for text in self.texts], dtype=bool)

    @cached_property
    def readings(self) -> tuple[np.ndarray, np.ndarray]:
        """(the value of each distinct text, None where blank or unreadable; its problem, or "")."""
        values = np.empty(len(self.texts), dtype=object)
        problems = np.full(len(self.texts), "", dtype=object)
        for i, text in enumerate(self.texts):
            if text:
                values[i], problems[i] = self.read(text)
        return values, problems


class Cells:
    """The texts of a column with what each is read as."""

    def __init__(
        self,
        texts: pa.LargeStringArray,
        readers: Callable[[np.ndarray], list[Reader]],
        vector_parser: VectorParser | None = None,
        *,
        by_text: bool = False,
    ) -> None:
        """``readers`` splits an array of indexes into parts with the parser of each.

        ``vector_parser`` gives the mask of the texts that it could parse, and their cents, or None
        where these texts are values unchanged. ``by_text``: equal texts have the same parser.
        """
        self.texts = texts
        self._at: np.ndarray | None = None
        self._unique = texts
        if by_text and repeats(texts):
            encoded = texts.dictionary_encode()
            self._unique, self._at = encoded.dictionary, encoded.indices.to_numpy()
        size = len(self._unique)
        self._all_one_by_one = vector_parser is None
        parsed, self._numbers = np.zeros(size, dtype=bool), None
        if vector_parser is not None:
            parsed, self._numbers = vector_parser(self._unique)
        doubtful = np.flatnonzero(~parsed)
        parts = readers(doubtful) if len(doubtful) else []
        self._parts = [_Part.of(self._unique, cells, read) for cells, read in parts if len(cells)]

    def matching(self, test: Callable[[str], bool]) -> np.ndarray:
        """Which cells pass a test of their tidied text; blank and vector-parsed cells do."""
        return self._passing(lambda part: [test(text) for text in part.texts])

    def readable(self, problem: str) -> np.ndarray:
        """Which cells are parsed without this problem."""
        return self._passing(lambda part: part.readings[1] != problem)

    def _passing(self, test: Callable[[_Part], Sequence[bool] | np.ndarray]) -> np.ndarray:
        out = None
        for part in self._parts:
            ok = part.blank | np.asarray(test(part), dtype=bool)
            if not ok.all():
                out = np.ones(len(self._unique), dtype=bool) if out is None else out
                out[part.cells] = ok[part.at]
        if out is None:
            return np.ones(len(self.texts), dtype=bool)
        return out if self._at is None else out[self._at]

    @cached_property
    def parsed(self) -> ParsedColumn:
        """The values; cells that cannot be parsed have the parser's problem."""
        out = self._converted()
        for part in self._parts:
            if part.blank.any():
                out.blank[part.cells] = part.blank[part.at]
            problems = part.readings[1]
            unreadable = np.flatnonzero((problems != "")[part.at])
            out.mark_invalid(part.cells[unreadable], problems[part.at[unreadable]])
        if self._at is None:
            return out
        unchanged = not self._all_one_by_one and out.texts() is self._unique
        return out.gather(self._at, self.texts if unchanged else None)

    def _converted(self) -> ParsedColumn:
        size = len(self._unique)
        blank = np.zeros(size, dtype=bool)
        if self._numbers is not None:
            for part in self._parts:
                cents = [value or 0 for value in part.readings[0]]
                self._numbers[part.cells] = np.asarray(cents, dtype=np.int64)[part.at]
            return ParsedColumn(size, blank, numbers=self._numbers)
        if self._all_one_by_one:
            values, start = [np.asarray([None], dtype=object)], 1
            at = np.zeros(size, dtype=np.int64)
            for part in self._parts:
                at[part.cells] = part.at + start
                values.append(part.readings[0])
                start += len(part.texts)
            return ParsedColumn(size, blank, dictionary=(np.concatenate(values), at))
        texts = self._unique
        for part in self._parts:
            values_of = pa.array(part.readings[0], type=pa.large_string()).take(pa.array(part.at))
            which = np.zeros(size, dtype=bool)
            which[part.cells] = True
            texts = pc.replace_with_mask(texts, pa.array(which), values_of)
        return ParsedColumn(size, blank, texts=texts)
