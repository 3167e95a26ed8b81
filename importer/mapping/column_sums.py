"""Exact sums of a column as the file shows it, to prove which rows are totals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_number_cell,
    tidy,
)
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
