"""How the cells of a column are read, by the kind of its field."""

from __future__ import annotations

from functools import partial

from importer.core.cell_parsers import CellParser, unquoted
from importer.core.payment_references import compact
from importer.model.fields import FieldKind, field_parser
from importer.model.finding import Finding
from importer.validation import vector_parsers
from importer.validation.cells import Cells
from importer.validation.date_column import decide_dates
from importer.validation.number_column import decide_cents, decide_numbers
from importer.validation.sheet_column import SheetColumn


def decide_format(column: SheetColumn) -> list[Finding]:
    """Prepare the cells of a column to be read; the findings are about the whole column."""
    kind = column.field.kind
    if column.in_cents:
        decide_cents(column)
        return []
    if kind in (FieldKind.CENTS, FieldKind.FACTOR):
        return decide_numbers(column)
    if kind in (FieldKind.DATE, FieldKind.DATE_TIME):
        return decide_dates(column)
    if kind in (FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT, FieldKind.UUID):
        is_value = partial(vector_parsers.words, field=column.field)
        of_kind = field_parser(column.field) if kind is FieldKind.UUID else _text_parser(kind)
        if column.field.forms:
            column.parse = lambda texts: Cells(texts, lambda at: [(at, _read_reference)])
            return []
        if column.field.iban:  # each text is looked at
            column.parse = lambda texts: Cells(texts, lambda at: [(at, of_kind)])
            return []
        column.parse = lambda texts: Cells(
            texts,
            lambda at: [(at, of_kind)],
            lambda some: (is_value(some), None),
            by_text=True,
        )
    else:
        read = field_parser(column.field)
        column.parse = lambda texts: Cells(texts, lambda at: [(at, read)])
    return []


def _text_parser(kind: FieldKind) -> CellParser:
    """A parser that takes every text: what is wrong with it is for the checks."""
    return lambda text: (unquoted(text) if kind is FieldKind.CODE else text, "")


def _read_reference(text: str) -> tuple[str, str]:
    """A payment reference as it is sent; what is wrong with it is for the checks."""
    return compact(unquoted(text)), ""
