"""What a run takes from its template, since no column of the files says it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from importer.core.money import tidy
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.evaluate import NOWHERE
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS, LINE_ITEMS

_MOST_VALUES = 5  # of one field, as parameters of several files


def constants_of(mapped: MappedTables) -> tuple[tuple[str, str], ...]:
    """(name, value) of each constant that is used: fields as ``currency``, then ``dates`` and
    ``numbers`` where the template states how they are written."""
    return (*_fields(mapped), *_formats(mapped))


def _fields(mapped: MappedTables) -> Iterator[tuple[str, str]]:
    for sheet in (BILLS, LINE_ITEMS):
        for name, column in mapped.items(sheet).columns.items():
            values = _constant_values(column)
            if values:
                field = name if sheet == BILLS else f"{LINE_ITEMS}.{name}"
                yield field, ", ".join(values[:_MOST_VALUES])


def _constant_values(column: CanonicalColumn) -> list[str]:
    """The distinct values of the column that are in no cell."""
    if column.at is None:
        return []
    stated = np.flatnonzero(column.at == NOWHERE)
    if not len(stated):
        return []
    return [text for text in map(tidy, pc.unique(column.array.take(stated)).to_pylist()) if text]


def _formats(mapped: MappedTables) -> Iterator[tuple[str, str]]:
    formats = mapped.template.formats
    if formats.dates:
        yield "dates", ", ".join(formats.dates)
    if formats.numbers != "auto":
        yield "numbers", formats.numbers
