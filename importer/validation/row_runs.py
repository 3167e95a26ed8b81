"""The rows of the bills of a flat layout: runs of them, and what all their columns say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from importer.core.text_column import arrow_texts
from importer.mapping.map_tables import MappedTables
from importer.model.tables import InputTable


def row_runs(mapped: MappedTables, line_bill: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a line of each row in the order of the rows, where in it a run of one bill's rows starts).

    A row may have several lines: those of ``extra_lines`` are behind all others.
    """
    table, row = mapped.lines.table, mapped.lines.row
    order = np.lexsort((row, table))
    new = (np.diff(table[order], prepend=-1) != 0) | (np.diff(row[order], prepend=-1) != 0)
    lines = order[new]
    return lines, np.flatnonzero(np.diff(line_bill[lines], prepend=-2) != 0)


def rows_of_tables(
    mapped: MappedTables, line_bill: np.ndarray, most: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each table (a line of each row that belongs to a bill, in the order of the rows, or of so
    many of the first; the first of these for each run of one bill's rows)."""
    in_order, _ = row_runs(mapped, line_bill)
    in_order = in_order[line_bill[in_order] >= 0]
    for t in range(len(mapped.tables)):
        rows = in_order[mapped.lines.table[in_order] == t][:most]
        yield rows, rows[np.flatnonzero(np.diff(line_bill[rows], prepend=-1) != 0)]


class LineColumn(NamedTuple):
    """A column of a file, read or not, at the rows of line items that belong to bills."""

    table: InputTable
    header: str
    lines: np.ndarray  # the line items with these rows
    column: pa.LargeStringArray  # with all rows of the file
    places: pa.Array  # the rows of ``lines`` in it

    def texts(self, most: int | None = None) -> pa.LargeStringArray:
        """The text of each of the lines, or of so many of the first."""
        return self.column.take(self.places.slice(0, most))

    def texts_at(self, which: np.ndarray) -> pa.LargeStringArray:
        """The text of some of the lines."""
        return self.column.take(self.places.take(pa.array(which)))


def line_columns(mapped: MappedTables, line_bill: np.ndarray) -> Iterator[LineColumn]:
    """All columns of all files, with the lines of ``line_bill`` that belong to a bill."""
    for index, table in enumerate(mapped.tables):
        lines = np.flatnonzero((mapped.lines.table == index) & (line_bill >= 0))
        if not len(lines):
            continue
        rows = np.asarray(table.source.rows)
        places = pa.array(np.searchsorted(rows, mapped.lines.row[lines]))
        for column, header in zip(table.source.columns, table.headers, strict=False):
            yield LineColumn(table, header.strip(), lines, arrow_texts(column), places)
