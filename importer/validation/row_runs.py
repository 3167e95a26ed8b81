"""Runs of rows of one bill, in the order of the file."""

from __future__ import annotations

import numpy as np

from importer.mapping.map_tables import MappedTables


def row_runs(mapped: MappedTables, line_bill: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a line of each row in the order of the rows, where in it a run of one bill's rows starts).

    A row may have several lines: those of ``extra_lines`` are behind all others.
    """
    table, row = mapped.lines.table, mapped.lines.row
    order = np.lexsort((row, table))
    new = (np.diff(table[order], prepend=-1) != 0) | (np.diff(row[order], prepend=-1) != 0)
    lines = order[new]
    return lines, np.flatnonzero(np.diff(line_bill[lines], prepend=-2) != 0)
