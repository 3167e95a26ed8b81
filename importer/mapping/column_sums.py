"""Exact sums of a column as the file shows it, to prove which rows are totals."""

from __future__ import annotations

from collections.abc import Container, Iterable
from decimal import Context, Decimal, localcontext
from functools import cache

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
from importer.core.text_column import take
from importer.mapping.headed_table import HeadedTable
from importer.mapping.text_cleanup import blank, tidied
from importer.model.tables import CellKind

_EXACT = Context(prec=200)


def numbers_in(table: HeadedTable, column: int) -> dict[int, Decimal] | None:
    """The numbers of a column below the header, by row index; other cells are left out.

    None where the decimal mark is ambiguous.
    """
    source, formats = table.source, table.template.formats
    cells = tidied(table.texts(column)).to_pylist()
    texts = {i: text for i, text in enumerate(cells, table.start) if text}
    number_cells = {i for i in texts if source.kind(column, i) is CellKind.NUMBER}
    if formats.numbers == "auto":
        written = {text for i, text in texts.items() if i not in number_cells}
        style, _, _ = numbers_of(written)
    else:
        style = Numbers(formats.numbers)
    return None if style is None else _read_numbers(texts, number_cells, style)


def _read_numbers(
    texts: dict[int, str], number_cells: Container[int], style: Numbers
) -> dict[int, Decimal]:
    """The numbers by row index; each distinct text is read once."""

    @cache
    def read(text: str, number_cell: bool) -> Decimal | UnreadableAmount:
        return read_number_cell(text) if number_cell else read_decimal(text, style)

    numbers = ((i, read(text, i in number_cells)) for i, text in texts.items())
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

    Numbers with more decimals, or too large for it, count as none. Where the mark is a point, cells
    of digits are read together; only the others, few in most files, become Decimals.
    """
    texts = table.texts(column)
    values, ok = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=bool)
    simple = pc.match_substring_regex(texts, _SIMPLE).to_numpy(zero_copy_only=False)
    rest = np.flatnonzero(~simple & ~blank(texts))
    rest_texts = map(tidy, take(texts, rest).to_pylist())
    others = dict(zip((rest + table.start).tolist(), rest_texts, strict=True))
    number_cells = {i for i in others if table.source.kind(column, i) is CellKind.NUMBER}
    written = [text for i, text in others.items() if i not in number_cells]
    at = np.flatnonzero(simple)
    digits = take(texts, at)
    if _has_point(table, digits, written):
        exact = pc.cast(digits, pa.decimal128(38, _SCALE))
        if len(at):
            low = np.frombuffer(exact.buffers()[1], dtype=np.int64)[::2]
            values[at], ok[at] = low[exact.offset : exact.offset + len(at)], True
        numbers = _read_numbers(others, number_cells, Numbers.POINT)
    else:
        numbers = numbers_in(table, column) or {}
    for i, number in numbers.items():
        scaled = number.scaleb(_SCALE, _EXACT)
        if scaled == scaled.to_integral_value() and abs(scaled) < 1 << 60:
            values[i - table.start], ok[i - table.start] = int(scaled), True
    return values, ok


def _has_point(table: HeadedTable, digits: pa.LargeStringArray, written: list[str]) -> bool:
    """Whether a column's mark is a point, by its cells of ``digits`` and its ``written`` texts.

    Number cells have a point whatever the mark, so that the digits of a workbook prove nothing.
    """
    if table.template.formats.numbers != "auto" or not written:
        return table.template.formats.numbers != "comma"
    style, point, comma = numbers_of(dict.fromkeys(written))
    if point or comma or table.source.kinds is not None:
        return style is Numbers.POINT and (bool(point) or table.source.kinds is None)
    if pc.any(pc.match_substring_regex(digits, r"\.[0-9]{1,2}\z")).as_py():
        return True
    return style is Numbers.POINT and not pc.any(pc.match_substring(digits, ".")).as_py()
