"""Columns that state what the template works out, to be compared: a subtotal beside a product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_number_cell,
    tidy,
)
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.template_model import Template
from importer.model.fields import header_key
from importer.model.tables import CellKind

NET, GROSS = "net", "gross"
_NET = frozenset(
    """
    net netamount netvalue netprice netto nettobetrag subtotal linesubtotal linenet linenetamount
    nettotal nettotalamount amountexvat amountexclvat amountexcltax totalexvat totalexclvat
    totalexcltax montantht totalht imponibile baseimponible
    """.split()
)
_GROSS = frozenset(
    """
    gross grossamount grossvalue grosstotal linegross linegrossamount brutto bruttobetrag
    amountincvat amountinclvat amountincltax totalincvat totalinclvat totalincltax montantttc
    totalttc
    """.split()
)
_EITHER = frozenset(("linetotal", "lineamount", "linetotalamount"))
_UNIT = re.compile(r"[\s(\[]*(?:£|€|\$|GBP|EUR|USD)[\s)\]]*$")


@dataclass(frozen=True)
class StatedColumn:
    """A column's amounts for all lines, None for none; ``kinds`` are NET, GROSS or both."""

    header: str
    table: int
    column: int
    kinds: tuple[str, ...]
    values: list[Decimal | None]


def stated_columns(reader: ColumnReader) -> Iterator[StatedColumn]:
    """The columns beside those that the template reads which state an amount of line or bill."""
    parameters = reader.template.parameters.values()
    choices = {header_key(text) for p in parameters for text in p.one_of or ()}
    start = 0
    for table in reader.tables:
        end = start + len(table.positions)
        used = set(table.fields.values())
        for column, header in enumerate(table.header.headers):
            kinds = _kinds(header)
            if column in used or not kinds or header_key(header) in choices:
                continue
            values: list[Decimal | None] = [None] * len(reader.row)
            values[start:end] = _amounts(table, column, reader.template)
            yield StatedColumn(header.strip(), table.index, column, kinds, values)
        start = end


def _kinds(header: str) -> tuple[str, ...]:
    key = header_key(_UNIT.sub("", header.rpartition("/")[2])).replace(".", "")
    if key in _EITHER:
        return (NET, GROSS)
    return (NET,) * (key in _NET) + (GROSS,) * (key in _GROSS)


def _amounts(table: BoundTable, column: int, template: Template) -> list[Decimal | None]:
    texts = [tidy(text) for text in table.arrow(column).to_pylist()]
    kinds = table.kinds(column)
    typed = np.zeros(len(texts), dtype=bool) if kinds is None else kinds == CellKind.NUMBER
    written = [text for text, number in zip(texts, typed.tolist(), strict=True) if not number]
    style: Numbers | None = None
    if template.formats.numbers == "auto":
        style, _, _ = numbers_of(written)
    else:
        style = Numbers(template.formats.numbers)

    def read(text: str, number: bool) -> Decimal | None:
        if not text or (style is None and not number):
            return None
        value = read_number_cell(text) if number else read_decimal(text, style or Numbers.POINT)
        return None if isinstance(value, UnreadableAmount) else value

    by_text: dict[tuple[str, bool], Decimal | None] = {}
    pairs = list(zip(texts, typed.tolist(), strict=True))
    for pair in set(pairs):
        by_text[pair] = read(*pair)
    return [by_text[pair] for pair in pairs]
