"""Exact sums of a column as the file shows it, to prove which rows are totals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_number_cell,
    tidy,
)
from importer.core.text_column import arrow_texts
from importer.mapping.headed_table import HeadedTable
from importer.model.tables import CellKind

_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?", re.ASCII)
_EXACT = Context(prec=200)


def numbers_in(table: HeadedTable, column: int) -> dict[int, Decimal] | None:
    """The numbers of a column below the header, by row index; other cells are left out.

    None where the decimal mark is ambiguous.
    """
    source, formats = table.source, table.template.formats
    cells = source.columns[column]
    texts = {i: text for i in range(table.start, len(source.rows)) if (text := tidy(cells[i]))}
    number_cells = {i for i in texts if source.kind(column, i) is CellKind.NUMBER}
    if formats.numbers == "auto":
        style, _, _ = numbers_of(text for i, text in texts.items() if i not in number_cells)
    else:
        style = Numbers(formats.numbers)
    if style is None:
        return None

    def read(i: int, text: str) -> Decimal | UnreadableAmount:
        if i in number_cells:
            return read_number_cell(text)
        if style is Numbers.POINT and _PLAIN.fullmatch(text):  # most cells; faster
            return Decimal(text)
        return read_decimal(text, style)

    numbers = ((i, read(i, text)) for i, text in texts.items())
    return {i: number for i, number in numbers if not isinstance(number, UnreadableAmount)}


def total(numbers: dict[int, Decimal], rows: Iterable[int]) -> Decimal:
    """The exact sum of the rows that have a number."""
    with localcontext(_EXACT):
        return sum((numbers[i] for i in rows if i in numbers), Decimal(0))


def exact_sum(a: Decimal, b: Decimal) -> Decimal:
    return _EXACT.add(a, b)


_SCALE = 4  # decimals that are kept
_SIMPLE = r"\A-?[0-9]{1,13}(?:\.[0-9]{1,4})?\z"


def scaled_numbers(table: HeadedTable, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of a column below the header in ten-thousandths, and which cells are numbers.

    Numbers with more decimals, or too large for it, count as none.
    """
    texts = arrow_texts(table.source.columns[column]).slice(table.start)
    values, ok = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=bool)
    simple = pc.match_substring_regex(texts, _SIMPLE)
    comma = table.template.formats.numbers == "comma"
    if pc.all(pc.or_(simple, pc.equal(texts, ""))).as_py() and not comma:
        at = np.flatnonzero(simple.to_numpy(zero_copy_only=False))
        exact = pc.cast(texts.take(pa.array(at)), pa.decimal128(38, _SCALE))
        if len(at):
            low = np.frombuffer(exact.buffers()[1], dtype=np.int64)[::2]
            values[at], ok[at] = low[exact.offset : exact.offset + len(at)], True
        return values, ok
    for i, number in (numbers_in(table, column) or {}).items():
        scaled = number.scaleb(_SCALE, _EXACT)
        if scaled == scaled.to_integral_value() and abs(scaled) < 1 << 60:
            values[i - table.start], ok[i - table.start] = int(scaled), True
    return values, ok
