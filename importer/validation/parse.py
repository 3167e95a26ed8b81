"""Whole columns of text → values, each distinct text read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from importer.amounts import money, tidy
from importer.canonical import FIELDS, Field, Kind
from importer.cells import ERRORS, Read
from importer.records import CellKind
from importer.template.columns import Column
from importer.template.evaluate import PROBLEMS

PROPERTY_FIELD = Field("property", Kind.TEXT, "a custom property", 2000)
# A problem of the whole column, told once; the cells it touches are marked with it.
COLUMN_PROBLEMS = frozenset(("ambiguous", "mixed_order", "mixed_numbers", "mixed_typed"))
_LIBRE_ERROR = re.compile(r"Err:[0-9]{3}|#{3,}")  # ##### is a column too narrow for its value


@dataclass
class Parsed:
    """A column read: ``values`` hold int, date, str, bool or Decimal, None where blank or wrong.

    ``problem`` is the ending of the finding's code, "" where there is none.
    """

    values: np.ndarray
    problem: np.ndarray
    blank: np.ndarray
    rules: np.ndarray | None = None  # how each date or number was read, for messages

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


def distinct(texts: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(codes, distinct texts) with ``texts == distinct[codes]``."""
    codes, unique = pd.factorize(texts)
    return codes, [str(text) for text in unique]


def among(texts: np.ndarray, some: Collection[str]) -> np.ndarray:
    """Which of the texts are some of these."""
    return pd.Series(texts, dtype=object).isin(list(some)).to_numpy()


def read_texts(texts: np.ndarray, read: Read) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def parse_column(
    column: Column, readers: Callable[[np.ndarray], list[tuple[np.ndarray, Read]]]
) -> Parsed:
    """``readers`` gives, for an array of all indexes, parts of it with the reader for each."""
    texts = column.text.to_numpy(dtype=object)
    out = Parsed.empty(len(texts))
    for at, read in readers(np.arange(len(texts))):
        out.values[at], out.problem[at], out.blank[at] = read_texts(texts[at], read)
    if column.kinds is not None:
        for kind, problem in (
            (CellKind.ERROR, "error_cell"),
            (CellKind.UNCALCULATED, "not_calculated"),
        ):
            at = np.flatnonzero(column.kinds == kind)
            out.values[at], out.problem[at], out.blank[at] = None, problem, False
    if column.problem is not None:
        at = np.flatnonzero(column.problem != "")
        out.values[at], out.problem[at], out.blank[at] = None, column.problem[at], False
    return out
