"""A table with the text of merged cells in all the rows that show it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from importer.core.money import tidy
from importer.model.tables import MergedCells, SourceTable


@dataclass(frozen=True)
class ShownCells:
    """A table with the text of merged cells in all their rows; rows are indexes into its own.

    ``filled`` are the rows that got texts, ``under`` those of the cells that are not shown, and
    ``apart`` the merged cells that were left as they are, each with its rows below the header.
    """

    source: SourceTable
    filled: frozenset[int]
    under: tuple[int, ...]
    apart: tuple[tuple[MergedCells, tuple[int, ...]], ...]


def shown_cells(source: SourceTable, start: int, apart: Collection[int] = ()) -> ShownCells:
    """The merged cells from row ``start`` on as the workbook shows them; not of columns ``apart``.

    Cells under merged ones are not shown, so that they are blanked.
    """
    columns = [list(column) for column in source.columns]
    kinds = None if source.kinds is None else [bytearray(codes) for codes in source.kinds]
    index = {number: i for i, number in enumerate(source.rows)}
    filled: set[int] = set()
    under: list[int] = []
    left: list[tuple[MergedCells, tuple[int, ...]]] = []
    for merge in source.merges:
        if merge.first_column >= len(columns) or merge.last_row <= source.rows[start - 1]:
            continue
        rows = [index[n] for n in range(merge.first_row, merge.last_row + 1) if n in index]
        top, first = index.get(merge.first_row), merge.first_column
        last = min(merge.last_column, len(columns) - 1)
        for i in rows:
            for column in range(first, last + 1):
                if (i, column) != (top, first) and tidy(columns[column][i]):
                    under.append(i)
                    columns[column][i] = ""
                    if kinds is not None:
                        kinds[column][i] = 0
        below = [i for i in rows if i >= start]
        if top is None or top < start or len(below) < 2 or not tidy(columns[first][top]):
            continue
        if first in apart:
            left.append((merge, tuple(below)))
            continue
        for i in below[1:]:
            columns[first][i] = columns[first][top]
            filled.add(i)
            if kinds is not None:
                kinds[first][i] = kinds[first][top]
    if filled or under:
        codes = None if kinds is None else tuple(map(bytes, kinds))
        source = replace(source, columns=tuple(columns), kinds=codes)
    return ShownCells(source, frozenset(filled), tuple(under), tuple(left))
