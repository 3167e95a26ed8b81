"""Rows that repeat rows above them cell by cell: a file pasted twice, or exports that overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.text_column import byte_sums
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.fill_down import BILL_START
from importer.mapping.group_rows import GroupedRows
from importer.mapping.headers import RESULT_COLUMNS
from importer.mapping.text_cleanup import tidied
from importer.model.fields import LINE_ITEMS

_SHORTEST_PERIODIC = 4  # rows of a bill that may be the same rows twice
_COUNTED = 50  # rows that show whether a column counts the rows


@dataclass(frozen=True)
class RepeatedRows:
    """Consecutive rows, as indexes of line items; ``firsts`` are the rows that they repeat."""

    lines: np.ndarray
    firsts: np.ndarray


def repeated_rows(reader: ColumnReader, grouped: GroupedRows) -> list[RepeatedRows]:
    """The repeated rows of a flat layout, a block each.

    Equal rows that stand together are lines of one bill, unless they are all that the file has.
    Apart from each other, they are repeated; but where the rows of most bills are scattered, single
    ones say nothing. Case, separators of thousands and decimals of nought count for nothing.
    """
    keys = grouped.same_keys
    starts = np.flatnonzero(np.append(True, np.diff(keys) != 0)) if len(keys) else keys
    lengths = np.diff(np.append(starts, len(keys)))
    apart = np.bincount(keys[starts])[keys[starts]] > 1  # the key has several runs
    # the file is one bill
    only_bill = len(starts) == 1 and len(reader.tables) == 1 and not grouped.alone.any()
    candidates = np.repeat(apart | (lengths >= _SHORTEST_PERIODIC) | only_bill, lengths)
    if not candidates.any():
        return []
    classes = _classes(reader, keys, np.flatnonzero(candidates))
    at = np.flatnonzero(classes >= 0)
    if not len(at):
        return []
    runs = np.cumsum(np.append(False, np.diff(grouped.same_keys) != 0))
    firsts = np.arange(len(classes))
    _, first, inverse = np.unique(classes[at], return_index=True, return_inverse=True)
    firsts[at] = at[first][inverse]
    repeated = runs[firsts] != runs
    repeated &= _proven(grouped, classes, runs, firsts, repeated)
    repeated |= _periodic(grouped.same_keys, classes, runs)
    if only_bill and len(classes) > 1 and classes[0] >= 0 and (classes == classes[0]).all():
        repeated[1:] = True  # one row, pasted again
    rows = np.flatnonzero(repeated)
    if not len(rows):
        return []
    same_table = reader.table[rows[1:]] == reader.table[rows[:-1]]
    breaks = np.flatnonzero((np.diff(rows) != 1) | ~same_table) + 1
    return [RepeatedRows(block, firsts[block]) for block in np.split(rows, breaks)]


# --- which rows are equal ---------------------------------------------------------------------


def _classes(reader: ColumnReader, keys: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A number for each row that equals another of its table in all cells, -1 for all others.

    ``at`` are the rows that are looked at.
    """
    amounts = tidied(reader.arrow([*map(_amount_column, reader.tables)]).take(pa.array(at)))
    some = _several(_pairs(keys[at], _digits(amounts)))  # few rows, whose amounts are read exactly
    at = at[some]
    pair = _pairs(keys[at], _codes(amounts.take(pa.array(some))))
    at, pair = at[several := _several(pair)], pair[several]
    code = np.zeros(len(keys), dtype=np.int64)
    code[at] = pair
    out = np.full(len(keys), -1, dtype=np.int64)
    start = 0
    for table in reader.tables:
        end = start + len(table.positions)
        rows = at[(at >= start) & (at < end)]
        of_rows = code[rows]
        for column in _file_columns(table):
            if not len(rows):
                break
            some = tidied(table.arrow(column).take(pa.array(rows - start)))
            of_cells = _codes(some)
            of_rows = _pairs(of_rows, of_cells)
            several = _several(of_rows)
            rows, of_rows = rows[several], of_rows[several]
        out[rows] = of_rows + start
        start = end
    return out


def _pairs(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Equal numbers, from 0, for equal pairs."""
    return np.asarray(pd.factorize(ones * (others.max(initial=0) + 1) + others)[0], dtype=np.int64)


def _several(codes: np.ndarray) -> np.ndarray:
    """The indexes of those that are not the only one of their number."""
    return np.flatnonzero(np.bincount(codes, minlength=1)[codes] > 1)


def _digits(texts: pa.LargeStringArray) -> np.ndarray:
    """Equal numbers for cells that ``_comparable`` makes equal, and for some others."""
    return np.asarray(pd.factorize(byte_sums(texts, _WEIGHTS))[0], dtype=np.int64)


# Of the digits but nought, so large that few amounts of other digits have the same sum.
_WEIGHTS = np.zeros(256, dtype=np.int64)
_WEIGHTS[ord("1") : ord("9") + 1] = 1_000_003 ** np.arange(1, 10) % (1 << 40)
_NUMBER = re.compile(r"[£€$(+-]*(\d[\d.,' \u00a0\u202f]*)([-)]?)")
_DECIMALS = re.compile(r"[.,](\d{1,2})$")


def _codes(texts: pa.LargeStringArray) -> np.ndarray:
    """Equal numbers for cells that say the same, whatever their case and separators."""
    cells = texts.dictionary_encode()
    of_distinct = pd.factorize(np.asarray([*map(_comparable, cells.dictionary.to_pylist())]))[0]
    return np.asarray(of_distinct[cells.indices.to_numpy()], dtype=np.int64)


def _comparable(text: str) -> str:
    number = _NUMBER.fullmatch(text)
    if not number:
        return text.casefold()
    decimals = _DECIMALS.search(number[1])
    units = number[1][: decimals.start()] if decimals else number[1]
    part = decimals[1].ljust(2, "0") if decimals else "00"
    return ("-" if "-" in text or "(" in text else "") + re.sub(r"\D", "", units) + "." + part


def _amount_column(table: BoundTable) -> int | None:
    names = ("amount", "netAmount", "netAmount*1", "amount*1")
    columns = (table.fields.get((LINE_ITEMS, name)) for name in names)
    return next((column for column in columns if column is not None), None)


def _file_columns(table: BoundTable) -> Iterator[int]:
    """The columns of the file itself, without one that counts its rows."""
    added = {*RESULT_COLUMNS, BILL_START}
    for column, header in enumerate(table.header.headers):
        if header not in added and not _counts_rows(table.arrow(column).slice(0, _COUNTED)):
            yield column


def _counts_rows(texts: pa.LargeStringArray) -> bool:
    if len(texts) < 2 or not pc.all(pc.match_substring_regex(texts, r"\A[0-9]{1,9}\z")).as_py():
        return False
    return bool((np.diff(pc.cast(texts, pa.int64()).to_numpy()) == 1).all())


# --- which equal rows are repeated ------------------------------------------------------------


def _proven(
    grouped: GroupedRows,
    classes: np.ndarray,
    runs: np.ndarray,
    firsts: np.ndarray,
    repeated: np.ndarray,
) -> np.ndarray:
    """Which of the rows, repeated from another run of rows, say that something was pasted twice.

    All rows of a bill that is there twice do; of other bills, where their rows are seldom apart.
    Of bills without a number, of which each row is one: rows that repeat others side by side.
    """
    bill = grouped.line_bill
    sizes = np.bincount(bill)
    by_number = ~grouped.alone
    unique_rows = np.bincount(bill, weights=classes < 0).astype(np.int64)
    complete = (unique_rows == 0)[bill] & by_number
    later = runs != runs[grouped.first_rows[bill]]
    fresh = np.bincount(bill, weights=later & ~repeated, minlength=len(sizes)) > 0
    has_repeated = np.bincount(bill, weights=repeated, minlength=len(sizes)) > 0
    partly = has_repeated & (unique_rows > 0)
    scattered = fresh & ~has_repeated
    out = complete | (by_number & (scattered.sum() <= partly.sum()))
    offset = np.arange(len(firsts)) - firsts
    beside = repeated[1:] & repeated[:-1] & (offset[1:] == offset[:-1])
    in_block = np.append(beside, False) | np.append(False, beside)
    return np.asarray(out | (grouped.alone & in_block), dtype=bool)


def _periodic(keys: np.ndarray, classes: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """The rows of bills whose rows stand together and are several times the same few rows."""
    out = np.zeros(len(keys), dtype=bool)
    starts = np.flatnonzero(np.append(True, np.diff(runs) != 0))
    sizes = np.diff(np.append(starts, len(runs)))
    equal = np.add.reduceat(classes >= 0, starts) == sizes
    for start, size in zip(
        starts[equal & (sizes >= _SHORTEST_PERIODIC)],
        sizes[equal & (sizes >= _SHORTEST_PERIODIC)],
        strict=True,
    ):
        rows = classes[start : start + size]
        if (rows == rows[0]).all():
            continue
        for period in range(2, int(size) // 2 + 1):
            if size % period == 0 and (rows[period:] == rows[:-period]).all():
                out[start + period : start + size] = True
                break
    return out
