"""Columns that are a row off beside another: a cell was inserted or deleted in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from importer.mapping.map_tables import MappedTables
from importer.mapping.slip_finding import slipped
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import Finding
from importer.validation.column import ParsedSheets, ParsedTable
from importer.validation.row_runs import rows_of_tables

_SAMPLE, _FEWEST = 4000, 20  # rows that are looked at, and that show anything
_FEWER_PAIRS, _FEWEST_LESS, _FEWEST_VALUES = 0.75, 6, 4
_DIGIT = re.compile("[0-9]")


def slipped_columns(sheets: ParsedSheets) -> Iterator[Finding]:
    """A warning for each file of a flat layout in which two columns fit together when one of them
    is moved by a row: there are then clearly fewer different pairs of their values."""
    mapped, bills, lines, line_bill = sheets
    if mapped.line_bill is None or len(line_bill) < _FEWEST:
        return
    for rows, firsts in rows_of_tables(mapped, line_bill, _SAMPLE):
        slips = [slip for at in (rows, firsts) for slip in _slips(bills, lines, at, line_bill[at])]
        if slips:
            _, (one, other), counts = min(slips)
            yield _finding(mapped, one, other, int(rows[0]), int(line_bill[rows[0]]), counts)


_Field = tuple[str, str]  # sheet, name
_Counts = tuple[int, int]  # different pairs, as they are and moved by a row
_Slip = tuple[float, tuple[_Field, _Field], _Counts]  # smaller is worse


def _slips(
    bills: ParsedTable, lines: ParsedTable, at: np.ndarray, bill: np.ndarray
) -> Iterator[_Slip]:
    if len(at) < _FEWEST:
        return
    columns = _columns(bills, lines, at, bill)
    for (one, of_one), (other, of_other) in combinations(columns.items(), 2):
        as_is, *moved = (
            _fit(of_one[1:-1], of_other[by]) for by in (slice(1, -1), slice(2, None), slice(0, -2))
        )
        best = min(moved)
        pairs, least = as_is[0], best[0]
        if least <= min(_FEWER_PAIRS * pairs, pairs - _FEWEST_LESS) or (
            best[1] == 0
            and as_is[1] >= _FEWEST_LESS
            and pairs - least > 1
            and least >= _FEWEST_VALUES
        ):
            yield least / pairs, (one, other), (pairs, least)


def _fit(one: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """(how many different pairs of values there are; how many rows have not the usual one of the
    values of their own, by the column that tells the other's better)."""
    keys, sizes = np.unique(one.astype(np.int64) << 32 | other, return_counts=True)
    odd = len(one)
    for of in (keys >> 32, keys & 0xFFFFFFFF):
        usual = np.zeros(int(of.max()) + 1, dtype=np.int64)
        np.maximum.at(usual, of, sizes)
        odd = min(odd, len(one) - int(usual.sum()))
    return len(keys), odd


def _finding(
    mapped: MappedTables, one: _Field, other: _Field, line: int, bill: int, counts: _Counts
) -> Finding:
    places = [(*field, bill if field[0] == BILLS else line) for field in (one, other)]
    names = [mapped.header(*place) for place in places]
    return slipped(mapped.cell(*places[1]), *names, as_is=counts[0], moved=counts[1])


def _columns(
    bills: ParsedTable, lines: ParsedTable, at: np.ndarray, bill: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """The values of some columns of several values as codes, by row; of numbers how they look."""
    out = {}
    for sheet, name in (
        (BILLS, "vendor"),
        (BILLS, "vendorId"),
        (BILLS, "invoiceNumber"),
        (LINE_ITEMS, "account"),
        (LINE_ITEMS, "taxCode"),
        (LINE_ITEMS, "description"),
    ):
        column = (bills if sheet == BILLS else lines)[name]
        if column.blank.all():
            continue
        values = column.values_at(bill if sheet == BILLS else at)
        if name == "invoiceNumber":
            values = [value and _DIGIT.sub("9", value) for value in values]
        codes, distinct = pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=False)
        if 1 < len(distinct) <= len(at) / 2:
            out[sheet, name] = codes
    return out
