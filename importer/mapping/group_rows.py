"""Group the rows of a flat layout to bills, by the columns that the template names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.core.cell_parsers import is_mangled
from importer.core.counted_nouns import count
from importer.core.name_key import name_keys, placeholders
from importer.mapping.canonical_columns import NUMBERS, ColumnReader
from importer.mapping.headers import accepted_headers
from importer.mapping.template_model import Template
from importer.mapping.text_cleanup import blank, tidied
from importer.model.fields import header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, changed_by_excel


@dataclass(frozen=True)
class _KeyColumn:
    """A column of ``group_by``: ``codes`` are each row's text, ``same`` each text as compared."""

    name: str
    columns: list[int | None]  # of each table
    texts: pa.LargeStringArray  # distinct
    codes: np.ndarray
    same: np.ndarray  # equal for texts that differ in case, spaces and invisible marks alone
    joins: np.ndarray  # of each distinct text: whether it tells bills apart

    @classmethod
    def of(cls, reader: ColumnReader, name: str, *, number: bool) -> _KeyColumn:
        columns = reader.columns(accepted_headers(reader.template, name))
        encoded = tidied(reader.arrow(columns)).dictionary_encode()
        texts, codes = encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)
        same = name_keys(texts).dictionary_encode().indices.to_numpy().astype(np.int64)
        joins = ~blank(texts)
        if number:
            joins &= ~placeholders(texts)
        return cls(name, columns, texts, codes, same, joins)

    @property
    def has_variants(self) -> bool:
        return int(self.same.max(initial=-1)) + 1 < len(self.texts)


@dataclass
class GroupedRows:
    """``line_bill`` is each row's bill, ``first_rows`` each bill's first row."""

    line_bill: np.ndarray
    first_rows: np.ndarray
    same_keys: np.ndarray  # of each row, blank or not: equal where all its key columns are
    alone: np.ndarray  # which rows are separate bills, as they lack part of the key
    keys: list[_KeyColumn] = field(default_factory=list)


def group_rows(reader: ColumnReader, apart: np.ndarray | None = None) -> GroupedRows:
    """The bill of each row, by the columns of the template; or each row by itself.

    Rows that have different numbers in ``apart`` are of different bills.

    A row that lacks part of the key, or has a placeholder for its number, is a separate bill:
    blanks join nothing. Nor are rows of different files or sheets joined: exports that overlap
    would double the bill. Keys that differ in case, spaces or invisible marks alone are one.
    """
    size, template = len(reader.row), reader.template
    key, alone = reader.table.astype(np.int64), np.full(size, template.group_by == "row")
    numbers = _number_columns(template)
    keys = [_KeyColumn.of(reader, name, number=name in numbers) for name in template.key_columns]
    for part in keys:
        alone |= ~part.joins[part.codes] if len(part.joins) else True
        both = key * (len(part.texts) + 1) + part.same[part.codes]
        key = pd.factorize(both)[0].astype(np.int64)  # numbers stay small
    same_keys = key.copy()
    key[alone] = -1 - np.flatnonzero(alone)
    key = _joined_by_bill_start(reader, key)
    if apart is not None and len(apart):
        key = key * (int(apart.max()) + 1) + apart
    line_bill, firsts = pd.factorize(key)
    first = np.full(len(firsts), size, dtype=np.int64)
    np.minimum.at(first, line_bill, np.arange(size))
    return GroupedRows(line_bill.astype(np.int64), first, same_keys, alone, keys)


def _number_columns(template: Template) -> set[str]:
    """The columns of ``group_by`` that hold the number of a bill.

    Those that invoice number or reference are mapped from; else those mapped to nothing.
    """

    def mapped(*fields: str) -> set[str]:
        expressions = (template.bills[name] for name in fields if name in template.bills)
        columns = (names for e in expressions for names, _ in e.columns())
        return {header_key(name) for names in columns for name in names}

    def among(keys: set[str]) -> set[str]:
        groups = template.key_columns
        return {n for n in groups if keys & set(map(header_key, accepted_headers(template, n)))}

    numbers = among(mapped(*NUMBERS))
    return numbers or set(template.key_columns) - among(mapped(*template.bills))


def _joined_by_bill_start(reader: ColumnReader, key: np.ndarray) -> np.ndarray:
    """The keys with one key for all rows of a bill.

    Rows that begin in one row are of one bill, whatever their keys; so are all rows of their keys.
    """
    starts = reader.bill_starts
    given = np.flatnonzero(starts != "")
    if not len(given):
        return key
    start = pd.factorize(starts[given])[0].astype(np.int64) * len(reader.tables)
    _, at, codes = np.unique(start + reader.table[given], return_index=True, return_inverse=True)
    key_of_start = key[given][at][codes]
    joins = np.unique(np.stack([key_of_start, key[given]]), axis=1)
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while (above := parent.get(node, node)) != node:
            node = above
        return node

    for first, other in joins[:, joins[0] != joins[1]].T.tolist():
        if (a := root(first)) != (b := root(other)):
            parent[b] = a
    if not parent:
        return key
    keys, codes = np.unique(key, return_inverse=True)
    return np.asarray([root(node) for node in keys.tolist()], dtype=np.int64)[codes]


# --- what is reported -------------------------------------------------------------------------


def key_findings(reader: ColumnReader, grouped: GroupedRows) -> Iterator[Finding]:
    """Keys of one bill written in several ways, and damaged keys that no field is mapped from."""
    for key in grouped.keys:
        if key.has_variants:
            yield from _variants(reader, grouped, key)
        yield from _damaged(reader, grouped, key)


def _cell(reader: ColumnReader, key: _KeyColumn, i: int) -> CellRef:
    at = [t.index for t in reader.tables].index(int(reader.table[i]))
    table, column = reader.tables[at], key.columns[at]
    source = table.table.source
    header = None if column is None else table.header.headers[column]
    return CellRef(source.file, source.sheet, int(reader.row[i]), header, table.index, column)


def _variants(reader: ColumnReader, grouped: GroupedRows, key: _KeyColumn) -> Iterator[Finding]:
    """A finding for each text that was taken for another in the same bill."""
    size = len(key.texts)
    first_of_row = grouped.first_rows[grouped.line_bill]
    base = key.codes[first_of_row]
    differs = (base != key.codes) & (key.same[base] == key.same[key.codes])
    pairs = np.where(differs, base * size + key.codes, -1)
    for pair in np.unique(pairs[differs]).tolist():
        rows = np.flatnonzero(pairs == pair)
        i, other = int(rows[0]), key.texts[pair // size].as_py()
        yield finding(
            "bills.key.variants",
            _cell(reader, key, i),
            key.texts[pair % size].as_py(),
            bills=tuple(np.unique(grouped.line_bill[rows]).tolist()),
            lines=tuple(rows.tolist()),
            other=other,
            first=int(reader.row[first_of_row[i]]),
            rows=count(len(rows), "row"),
        )


def _damaged(reader: ColumnReader, grouped: GroupedRows, key: _KeyColumn) -> Iterator[Finding]:
    """A finding for each value that Excel has changed in a key that no field is mapped from.

    The checks of the fields look at all other keys.
    """
    template = reader.template
    accepted = set(map(header_key, accepted_headers(template, key.name)))
    expressions = (*template.bills.values(), *template.line_items.values())
    if any(accepted & set(map(header_key, names)) for e in expressions for names, _ in e.columns()):
        return
    kinds = _kinds(reader, key)
    damaged = np.asarray([is_mangled(text) for text in key.texts.to_pylist()], dtype=bool)[
        key.codes
    ]
    if kinds is not None:
        for kind in set(np.unique(kinds).tolist()) - {int(CellKind.TEXT)}:
            at = np.flatnonzero(kinds == kind)
            texts = key.texts.take(pa.array(key.codes[at])).to_pylist()
            damaged[at] = [_is_damaged(text, CellKind(kind)) for text in texts]
    filled = key.joins[key.codes]
    damaged &= filled
    numeric = np.asarray(["+" in text for text in key.texts.to_pylist()], dtype=bool)[key.codes]
    if not (damaged & numeric).any() and damaged.sum() == filled.sum():
        return  # a column of days or months, or of yes and no
    for code in pd.unique(key.codes[damaged]).tolist():
        rows = np.flatnonzero(damaged & (key.codes == code))
        yield finding(
            "bills.key.mangled",
            _cell(reader, key, int(rows[0])),
            key.texts[code].as_py(),
            bills=tuple(np.unique(grouped.line_bill[rows]).tolist()),
            lines=tuple(rows.tolist()),
            rows=count(len(rows), "row"),
        )


def _is_damaged(text: str, kind: CellKind) -> bool:
    broken = kind in (CellKind.ERROR, CellKind.UNCALCULATED)
    return bool(text) and (broken or changed_by_excel(text, kind))


def _kinds(reader: ColumnReader, key: _KeyColumn) -> np.ndarray | None:
    """The CellKind of each row's key; None where all are TEXT."""
    kinds = [
        None if c is None else t.kinds(c) for t, c in zip(reader.tables, key.columns, strict=True)
    ]
    if all(of_table is None for of_table in kinds):
        return None
    parts = [
        np.zeros(len(t.positions), np.uint8) if of_table is None else of_table
        for t, of_table in zip(reader.tables, kinds, strict=True)
    ]
    return np.concatenate(parts)
