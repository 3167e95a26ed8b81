"""Sums of a column as the file shows it, to prove which rows are totals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_plain,
    tidy,
)
from importer.mapping.template_model import Template
from importer.model.tables import CellKind, SourceTable

_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?", re.ASCII)
_EXACT = Context(prec=200)
_NEVER = re.compile(r"(?!)")


def numbers_in(
    source: SourceTable, column: int, start: int, template: Template
) -> dict[int, Decimal] | None:
    """The numbers of a column from row index ``start`` on, by row index; blank cells are left out.

    None where it cannot be known how they are written.
    """
    texts = {
        i: text for i in range(start, len(source.rows)) if (text := tidy(source.columns[column][i]))
    }
    plain = {i for i in texts if source.kind(column, i) is CellKind.NUMBER}
    if template.formats.numbers == "auto":
        style, _, _ = numbers_of(text for i, text in texts.items() if i not in plain)
    else:
        style = Numbers(template.formats.numbers)
    if style is None:
        return None
    # What is plainly written needs no second look: most of a long column.
    quick = _PLAIN if style is Numbers.POINT else _NEVER
    read = {
        i: read_plain(text)
        if i in plain
        else Decimal(text)
        if quick.fullmatch(text)
        else read_decimal(text, style)
        for i, text in texts.items()
    }
    return {i: number for i, number in read.items() if not isinstance(number, UnreadableAmount)}


def total(numbers: dict[int, Decimal], rows: Iterable[int]) -> Decimal:
    """The exact sum of the rows that have a number."""
    with localcontext(_EXACT):
        return sum((numbers[i] for i in rows if i in numbers), Decimal(0))


def exactly(a: Decimal, b: Decimal) -> Decimal:
    """Two numbers together; nothing is rounded, however large they are."""
    return _EXACT.add(a, b)
