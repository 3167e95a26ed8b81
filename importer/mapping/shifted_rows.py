"""Rows of a CSV file whose cells have moved to the right: a number had a comma without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow.compute as pc

from importer.core.money import tidy
from importer.core.text_column import arrow_texts
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import expressions
from importer.model.fields import FIELDS, FieldKind
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role

_UNITS = re.compile(r"[^0-9]{0,4}[0-9]+")
_REST = re.compile(r"[0-9]{2}|[0-9]{3}(?:\.[0-9]+)?")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]{1,2}")
_NUMBERS = (FieldKind.CENTS, FieldKind.FACTOR)


def shifted_rows(table: HeadedTable, roles: Sequence[Role]) -> Iterator[tuple[int, Finding]]:
    """(row below the header, finding) of each data row that looks so.

    Either it has more cells than the header, blank ones, and a number of which the next cell has
    the decimals; or it has a whole number after a blank, ``Rack, 19``, and an amount in the next
    cell, where other rows have none.
    """
    source = table.source
    if source.lengths is None or not any("comma-separated" in note for note in source.notes):
        return
    width = source.lengths[table.header.last_row]
    longer_rows = np.asarray(source.lengths) > width
    columns = sorted(c for c in _number_columns(table) if c + 1 < len(source.columns))
    for column in columns:
        texts, following = source.columns[column], source.columns[column + 1]
        after_blank = pc.starts_with(arrow_texts(texts), " ").to_numpy(zero_copy_only=False)
        candidates = np.flatnonzero(
            (longer_rows | after_blank)[table.start :][: len(roles)]
        ).tolist()
        if not candidates:
            continue
        usual = [tidy(text) for text in following[table.start :]]
        decimals = sum(bool(_DECIMAL.fullmatch(text)) for text in usual)
        for k in candidates:
            i = k + table.start
            units, rest = texts[i], following[i]
            if roles[k] is not Role.DATA or not _UNITS.fullmatch(tidy(units)):
                continue
            longer = bool(longer_rows[i]) and bool(_REST.fullmatch(tidy(rest)))
            moved = (
                units[:1] == " "
                and bool(_DECIMAL.fullmatch(tidy(rest)))
                and 2 * decimals <= len(usual)
            )
            if longer or moved:
                what = f"{tidy(units)},{tidy(rest)}"
                yield k, finding("sheet.row.shifted", table.cell(i, column), what)


def _number_columns(table: HeadedTable) -> set[int]:
    return {
        column
        for sheet, name, expression in expressions(table.template, table.kind)
        if name in FIELDS[sheet] and FIELDS[sheet][name].kind in _NUMBERS
        for names, _ in expression.columns()
        if (column := table.header.column_of(names)) is not None
    }
