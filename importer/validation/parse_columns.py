"""Whole columns of text → values, each distinct text read once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.cell_parsers import CellParser, is_error
from importer.core.money import tidy
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.evaluate import PROBLEMS
from importer.model.fields import field_of
from importer.model.tables import CellKind
from importer.validation.column import ParsedColumn

# A problem of the whole column, told once; the cells it touches are marked with it.
COLUMN_PROBLEMS = frozenset(("ambiguous", "mixed_order", "mixed_numbers", "mixed_typed"))


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
Reader = tuple[np.ndarray, CellParser]
Quick = Callable[[pa.LargeStringArray], tuple[np.ndarray, np.ndarray | None]]


@dataclass
class _Reading:
    """What a reader makes of different texts, and which of them each cell has."""

    values: np.ndarray  # of Python's objects, None where blank or wrong
    problems: np.ndarray  # "" for none
    blank: np.ndarray
    at: np.ndarray

    def mark(self, out: ParsedColumn, cells: np.ndarray) -> None:
        """Put what is blank and what is wrong on these cells of the column."""
        if self.blank.any():
            out.blank[cells] = self.blank[self.at]
        wrong = self.problems != ""
        if wrong.any():
            own = np.flatnonzero(wrong[self.at])
            out.mark_invalid(cells[own], self.problems[self.at[own]])


def read_texts(texts: pa.LargeStringArray, read: CellParser) -> _Reading:
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
        elif is_error(bare):
            problems[i] = "error_cell"
        else:
            values[i], problems[i] = read(bare)
    return _Reading(values, problems, blank, encoded.indices.to_numpy())


def _repeats(texts: pa.LargeStringArray) -> bool:
    """Whether a column has so few different texts that each is best read once."""
    first = texts.slice(0, _FIRST_LOOK)
    return bool(2 * pc.count_distinct(first).as_py() < len(first))


def parse_column(
    column: CanonicalColumn,
    readers: Callable[[np.ndarray], list[Reader]],
    quick: Quick | None = None,
    *,
    words: bool = False,
) -> ParsedColumn:
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
            out.mark_invalid(np.flatnonzero(column.kinds == kind), problem)
    if column.problem is not None:
        at = np.flatnonzero(column.problem != "")
        out.mark_invalid(at, column.problem[at])
    return out


def _read(
    texts: pa.LargeStringArray,
    readers: Callable[[np.ndarray], list[Reader]],
    quick: Quick | None,
    *,
    words: bool = False,
) -> ParsedColumn:
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
        out = ParsedColumn(size, blank, numbers=numbers)
        for cells, part in parts:
            own = np.asarray([value or 0 for value in part.values], dtype=np.int64)
            numbers[cells] = own[part.at]
    else:
        for cells, part in parts:
            own = pa.array(part.values, type=pa.large_string()).take(pa.array(part.at))
            which = np.zeros(size, dtype=bool)
            which[cells] = True
            texts = pc.replace_with_mask(texts, pa.array(which), own)
        out = ParsedColumn(size, blank, texts=texts)
    for cells, part in parts:
        part.mark(out, cells)
    return out


def _some(texts: pa.LargeStringArray, at: np.ndarray) -> pa.LargeStringArray:
    return texts if len(at) == len(texts) else texts.take(pa.array(at))


def _spread(
    texts: pa.LargeStringArray, readers: Callable[[np.ndarray], list[Reader]], quick: Quick
) -> ParsedColumn:
    """Each different text read once."""
    encoded = texts.dictionary_encode()
    each, at = _read(encoded.dictionary, readers, quick), encoded.indices.to_numpy()
    unchanged = each.texts() is encoded.dictionary  # values as they stand, all of them
    return each.gather(at, texts if unchanged else None)


def _read_each(texts: pa.LargeStringArray, readers: list[Reader]) -> ParsedColumn:
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
    out = ParsedColumn(
        len(texts), np.zeros(len(texts), dtype=bool), dictionary=(np.concatenate(values), at)
    )
    for cells, part in parts:
        part.mark(out, cells)
    return out
