"""Findings stored as arrays by code and column; a ``Finding`` is built on access.

A million rows may have hundreds of thousands of findings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.core.lazy_sequence import LazySequence
from importer.mapping.canonical_columns import CanonicalColumn, CanonicalTable
from importer.mapping.evaluate import NOWHERE
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS
from importer.model.finding import CellRef, Finding, Severity
from importer.model.finding_catalogue import CATALOGUE, finding

NO_COLUMN = 10**9  # sorts after all columns of the row
_REMEMBERED = 32_768  # findings built of one batch


@dataclass(frozen=True, eq=False)
class Places:
    """Locations of findings: -1 for no table or row, ``NO_COLUMN`` for no column."""

    table: np.ndarray
    row: np.ndarray
    column: np.ndarray

    def subset(self, which: np.ndarray) -> Places:
        return Places(self.table[which], self.row[which], self.column[which])


TemplateArgs: TypeAlias = Callable[[int], dict[str, Any]]
Value: TypeAlias = str | pa.LargeStringArray | Callable[[int], str]


def no_args(_: int) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, eq=False)
class FindingBatch(LazySequence[Finding]):
    """The findings of one code in one column: one for each item of ``at``.

    ``value`` is the cell's text: one for all, an Arrow array by item, or a function of an item.
    ``template_args`` fill the message. ``constant_by`` are the arrays, by item, that with the value
    determine them; None where each item may differ. ``related_bills`` are further bills, one each.
    """

    code: str
    sheet: str
    at: np.ndarray
    places: Places
    cell: Callable[[int], CellRef]
    value: Value
    template_args: TemplateArgs = no_args
    constant_by: tuple[np.ndarray, ...] | None = None
    related_bills: np.ndarray | None = None
    _built: dict[tuple[Any, ...], Finding] = field(default_factory=dict, repr=False)

    @property
    def severity(self) -> Severity:
        return CATALOGUE[self.code].severity

    @property
    def bills(self) -> np.ndarray:
        """The bills that the findings are about."""
        if self.sheet != BILLS:
            return np.empty(0, dtype=np.int64)
        return (
            self.at if self.related_bills is None else np.concatenate([self.related_bills, self.at])
        )

    @property
    def lines(self) -> np.ndarray:
        """The line items that the findings are about."""
        return np.empty(0, dtype=np.int64) if self.sheet == BILLS else self.at

    def subset(self, which: np.ndarray) -> FindingBatch:
        """The findings selected by the mask ``which``."""
        related = None if self.related_bills is None else self.related_bills[which]
        places = self.places.subset(which)
        return replace(self, at=self.at[which], places=places, related_bills=related)

    def __len__(self) -> int:
        return len(self.at)

    def _item(self, k: int) -> Finding:
        i = int(self.at[k])
        value = self.text(i)
        if self.constant_by is None:
            return self._build(k, i, value)
        key = (value, *(each[i] for each in self.constant_by))
        first = self._built.get(key)
        if first is None:
            first = self._build(k, i, value)
            if len(self._built) < _REMEMBERED:
                self._built[key] = first
            return first
        bills, lines = self._items(k, i)
        return Finding(
            first.code, first.severity, self.cell(i), value, first.message, first.hint, bills, lines
        )

    def text(self, i: int) -> str:
        if isinstance(self.value, str):
            return self.value
        return str(self.value(i) if callable(self.value) else self.value[i].as_py())

    def _build(self, k: int, i: int, value: str) -> Finding:
        bills, lines = self._items(k, i)
        cell, words = self.cell(i), self.template_args(i)
        return finding(self.code, cell, value, bills=bills, lines=lines, **words)

    def _items(self, k: int, i: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if self.sheet != BILLS:
            return (), (i,)
        return ((i,) if self.related_bills is None else (int(self.related_bills[k]), i)), ()

    def variants(self) -> tuple[np.ndarray, list[int]]:
        """(group number of each finding, first finding of each group).

        Findings of a group differ in their row alone: value, column, message, hint are equal.
        """
        if self.constant_by is None or callable(self.value):
            return np.arange(len(self)), list(range(len(self)))
        if len(self) == 1:
            return np.zeros(1, dtype=np.int64), [0]
        parts = [
            self.places.table,
            self.places.column,
            *(each[self.at] for each in self.constant_by),
        ]
        code = np.zeros(len(self), dtype=np.int64)
        if not isinstance(self.value, str):
            encoded = self.value.take(pa.array(self.at)).dictionary_encode()
            code += encoded.indices.to_numpy()
        for part in parts:
            part_code, distinct = pd.factorize(part)
            code, _ = pd.factorize(code * max(len(distinct), 1) + part_code)
        _, first = np.unique(code, return_index=True)
        return code, first.tolist()


_SEVERAL = 3  # texts of one cause that are listed one by one


@dataclass(frozen=True)
class Cause:
    """Findings that one correction may mend: ``count`` of them, in these rows of one sheet.

    ``one_text``: all say what the first says.
    """

    first: Finding
    count: int
    rows: tuple[int, ...]
    one_text: bool


class Findings(LazySequence[Finding]):
    """All findings ordered by table, row and column, then as added; ``parts`` are as added."""

    def __init__(
        self, parts: Iterable[FindingBatch | Finding] = (), lead_codes: Iterable[str] = ()
    ) -> None:
        self.parts: list[FindingBatch | Finding] = []
        self._lead_codes = frozenset(lead_codes)  # their findings come first
        self._size = 0
        self._order: tuple[np.ndarray, np.ndarray] | None = None
        self._where: tuple[np.ndarray, np.ndarray, np.ndarray]
        self.extend(parts)

    def append(self, part: FindingBatch | Finding) -> None:
        self.extend((part,))

    def extend(self, parts: Iterable[FindingBatch | Finding]) -> None:
        if isinstance(parts, Findings):
            parts = parts.parts
        more = [p for p in parts if finding_count(p)]
        self.parts += more
        self._size += sum(map(finding_count, more))
        self._order = None

    def __iadd__(self, parts: Iterable[FindingBatch | Finding]) -> Findings:
        self.extend(parts)
        return self

    def __len__(self) -> int:
        return self._size  # every index access asks for it

    def count_of(self, severity: Severity) -> int:
        return sum(finding_count(p) for p in self.parts if p.severity is severity)

    def worst_first(self, most: int) -> list[Finding]:
        """The first findings, errors before warnings."""
        turns = np.argsort(~self.errors(), kind="stable")
        return [self._item(n) for n in turns[:most].tolist()]

    def by_cause(self, most: int) -> list[Cause]:
        """The first causes, errors before warnings.

        Findings of one code in one column are one cause, unless their texts differ and are few.
        """
        if not self.parts or most <= 0:
            return []
        frame = self._frame()
        place = ["late", "code", "table", "column"]
        texts = frame.groupby(place, sort=False)["text"].transform("nunique")
        frame["variant"] = frame["text"].where(texts <= _SEVERAL, -1)
        order = ["warning", "late", "table", "row", "column"]
        causes = frame.sort_values(order, kind="stable").groupby([*place, "variant"], sort=False)
        listed = []
        for _, of_cause in itertools.islice(causes, most):
            rows = np.unique(of_cause["row"])
            first = self._at(int(of_cause["part"].iloc[0]), int(of_cause["at"].iloc[0]))
            rows_of_sheet = tuple(rows[rows >= 0].tolist())
            listed.append(
                Cause(first, len(of_cause), rows_of_sheet, of_cause["text"].nunique() == 1)
            )
        return listed

    def _frame(self) -> pd.DataFrame:
        """Of each finding its part, place and code, and a number for what it says."""
        sizes, (table, row, column) = self._sizes(), self._places()
        starts = np.cumsum(sizes) - sizes
        numbers: dict[object, int] = {}
        text = np.empty(self._size, dtype=np.int64)
        for n, (p, start) in enumerate(zip(self.parts, starts.tolist(), strict=True)):
            if isinstance(p, Finding):
                text[start] = numbers.setdefault((p.message, p.hint), len(numbers))
            else:
                variant, firsts = p.variants()
                some = [numbers.setdefault((n, k), len(numbers)) for k in range(len(firsts))]
                text[start : start + len(p)] = np.asarray(some, dtype=np.int64)[variant]
        of_parts = {
            "part": np.arange(len(sizes)),
            "code": pd.factorize(np.asarray([p.code for p in self.parts], dtype=object))[0],
            "late": np.asarray([p.code not in self._lead_codes for p in self.parts], dtype=bool),
            "warning": np.asarray([p.severity is not Severity.ERROR for p in self.parts]),
        }
        return pd.DataFrame(
            {name: np.repeat(values, sizes) for name, values in of_parts.items()}
            | {"table": table, "row": row, "column": column, "text": text}
            | {"at": np.arange(self._size) - np.repeat(starts, sizes)}
        )

    def _sizes(self) -> np.ndarray:
        """How many findings each part has."""
        return np.asarray([finding_count(p) for p in self.parts], dtype=np.int64)

    def _places(self) -> np.ndarray:
        """Table, row and column of each finding, as added."""
        out = np.empty((3, self._size), dtype=np.int64)
        end = 0
        for p in self.parts:
            start, end = end, end + finding_count(p)
            if isinstance(p, Finding):
                out[:, start] = sort_key(p)
            else:
                out[:, start:end] = p.places.table, p.places.row, p.places.column
        return out

    def codes(self) -> set[str]:
        return {p.code for p in self.parts}

    def items_of(self, *codes: str) -> tuple[np.ndarray, np.ndarray]:
        """(the bills, the line items) that findings of these codes are about."""
        parts = [p for p in self.parts if p.code in codes]
        return _items(parts, "bills"), _items(parts, "lines")

    def invalid_bills(self, bills: int, line_bill: np.ndarray) -> np.ndarray:
        """Which of the bills an error is about, themselves or by a line."""
        bad = np.zeros(bills, dtype=bool)
        errors = [p for p in self.parts if p.severity is Severity.ERROR]
        bad[_items(errors, "bills")] = True
        of_lines = line_bill[_items(errors, "lines")]
        bad[of_lines[of_lines >= 0]] = True
        return bad

    def order(self) -> tuple[np.ndarray, np.ndarray]:
        """For each finding in order: (index of its part, index within the part)."""
        if self._order is None:
            sizes, (table, row, column) = self._sizes(), self._places()
            starts = np.cumsum(sizes) - sizes
            late = [p.code not in self._lead_codes for p in self.parts]
            order = np.lexsort((column, row, table, np.repeat(np.asarray(late, dtype=bool), sizes)))
            part = np.repeat(np.arange(len(sizes)), sizes)[order]
            self._order = part, order - starts[part]
            self._where = table[order], row[order], column[order]
        return self._order

    def in_file_order(self) -> Findings:
        """The same findings without leading codes."""
        if not self._lead_codes:
            return self
        return Findings(sorted(self.parts, key=lambda p: p.code not in self._lead_codes))

    def where(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(tables, rows, columns) of the findings in their order: -1 or ``NO_COLUMN`` for none."""
        self.order()
        return self._where

    def errors(self) -> np.ndarray:
        """Which findings are errors, in their order."""
        error = np.asarray([p.severity is Severity.ERROR for p in self.parts], dtype=bool)
        return np.asarray(error[self.order()[0]])

    def _at(self, part: int, k: int) -> Finding:
        p = self.parts[part]
        return p if isinstance(p, Finding) else p[k]

    def _item(self, n: int) -> Finding:
        parts, within = self.order()
        return self._at(int(parts[n]), int(within[n]))

    def __iter__(self) -> Iterator[Finding]:
        return map(self._at, *(each.tolist() for each in self.order()))


def finding_count(part: FindingBatch | Finding) -> int:
    """How many findings a part is."""
    return 1 if isinstance(part, Finding) else len(part)


def _items(parts: Sequence[FindingBatch | Finding], name: str) -> np.ndarray:
    """The bills, or the line items, that any of the parts are about."""
    groups = [getattr(p, name) for p in parts if not isinstance(p, Finding)]
    single = [i for p in parts if isinstance(p, Finding) for i in getattr(p, name)]
    return np.concatenate([np.asarray(single, dtype=np.int64), *groups])


def sort_key(f: Finding) -> tuple[int, int, int]:
    """The order of findings: by file and sheet, row and column."""
    cell = f.cell
    return (
        -1 if cell.table is None else cell.table,
        -1 if cell.row is None else cell.row,
        NO_COLUMN if cell.column_index is None else cell.column_index,
    )


def cell_findings(
    mapped: MappedTables,
    sheet: str,
    name: str,
    code: str,
    at: np.ndarray,
    value: Value | None = None,
    template_args: TemplateArgs | None = None,
    constant_by: tuple[np.ndarray, ...] | None = None,
    related_bills: np.ndarray | None = None,
) -> FindingBatch:
    """Findings in the cells of one field; by default the value is the text of the cell."""
    assert code in CATALOGUE, code
    items = mapped.items(sheet)
    column = items.columns.get(name)
    if value is None:
        value = "" if column is None else column.array
    if template_args is None and not callable(value):
        constant_by = ()
    return FindingBatch(
        code,
        sheet,
        at,
        places(items, column, at),
        partial(mapped.cell, sheet, name),
        value,
        template_args or no_args,
        constant_by,
        related_bills,
    )


def places(items: CanonicalTable, column: CanonicalColumn | None, at: np.ndarray) -> Places:
    """The locations of a field's cells of the items ``at``, as ``MappedTables.cell`` gives them."""
    table, row = items.table[at], items.row[at]
    index = np.full(len(at), NO_COLUMN, dtype=np.int64)
    if column is None:
        return Places(table, row, index)
    for number, (of_table, _) in column.source.items():
        in_table = table == number
        if column.rows is not None:
            row = np.where(in_table, column.rows[at], row)
        index[in_table] = of_table
        if column.at is not None:
            stated = column.at[at]
            index = np.where(in_table & (stated != NOWHERE), stated, index)
    return Places(table, row, index)
