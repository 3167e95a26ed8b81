"""Fill blank cells that mean "the same as above", before any rule tests a row.

Filled values stay in the result, together with a column that says in which row each bill begins: so
each row stands alone, and rows of a result may be sorted, deleted or added.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import tidy
from importer.core.text_column import TextColumn, arrow_texts
from importer.mapping.classified_rows import data_rows
from importer.mapping.headed_table import HeadedTable
from importer.mapping.text_cleanup import blank
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding, shown
from importer.model.tables import Role, SourceTable, TableKind

BILL_START = "bill_begins_in_row"  # the column added to a result


@dataclass(frozen=True)
class FilledTable:
    """A table with its blanks filled down. Rows ``k`` count from 0 below the header.

    ``origins``: column → for each row the row its value comes from, -1 for none. ``bill_starts``:
    for each row the number of the row in which its bill begins, "" where only ``group_by`` decides;
    None where nothing is filled down. ``first_rows``: for each row that continues a bill (all its
    group_by cells are blank) the row where it begins, else the row itself.
    """

    table: HeadedTable
    origins: Mapping[int, np.ndarray] = field(default_factory=dict)
    bill_starts: Sequence[str] | None = None
    first_rows: np.ndarray | None = None

    def first_row(self, k: int) -> int:
        """The row that begins the bill of row ``k``; ``k`` where it continues none."""
        return k if self.first_rows is None else int(self.first_rows[k])


def fill_down(table: HeadedTable, breaks: Collection[int]) -> FilledTable:
    """The table with the blanks in the template's ``fill_down`` columns filled.

    Nothing is carried over a row of ``breaks``, nor below a value of a column that the template
    names before. In a result nothing is filled again.
    """
    source, start, template = table.source, table.start, table.template
    if table.is_result:
        columns = table.header.columns_named(BILL_START)
        texts = source.columns[columns[0]][start:] if columns else ()
        return FilledTable(table, bill_starts=[tidy(t) for t in texts] if columns else None)
    named = (table.column(name) for name in template.source.fill_down)
    filled = [column for column in named if column is not None]
    if not filled:
        return FilledTable(table)
    given = {c: ~blank(arrow_texts(source.columns[c]).slice(start)) for c in filled}
    size = len(source.rows) - start
    is_break = np.zeros(size, dtype=bool)
    is_break[list(breaks)] = True
    origins = _origins(given, is_break)
    out = replace(table, source=_with_values_from(source, start, origins))
    if table.kind is not TableKind.FLAT:
        return FilledTable(out, origins)
    keys = [table.column(name) for name in template.key_columns]
    starts_bill = np.ones(size, dtype=bool)
    if keys and None not in keys and set(keys) <= set(filled):
        starts_bill = np.logical_or.reduce([is_break, *(given[c] for c in keys if c is not None)])
        starts_bill[:1] = True
    first_rows = _last_marked(starts_bill)
    numbers = _row_numbers(table)
    return FilledTable(out, origins, [numbers[k] for k in first_rows.tolist()], first_rows)


def _origins(given: Mapping[int, np.ndarray], is_break: np.ndarray) -> dict[int, np.ndarray]:
    """Column → the row that each value comes from, -1 for none; ``given`` are its filled cells."""
    origins: dict[int, np.ndarray] = {}
    stops = is_break.copy()
    for column, has_value in given.items():
        last = _last_marked(stops | has_value)
        origins[column] = np.where((last >= 0) & has_value[last], last, -1)
        stops |= has_value
    return origins


def _with_values_from(
    source: SourceTable, start: int, origins: Mapping[int, np.ndarray]
) -> SourceTable:
    """The table with each cell of the columns taken from the row of its origin."""
    columns = list(source.columns)
    kinds = None if source.kinds is None else list(source.kinds)
    above = np.arange(start)
    for column, rows in origins.items():
        none = np.concatenate([above < 0, rows < 0])
        taken = np.concatenate([above, rows + start])
        texts = arrow_texts(columns[column]).take(pa.array(taken, mask=none))
        columns[column] = TextColumn(pc.fill_null(texts, ""))
        if kinds is not None:
            codes = np.asarray(bytearray(kinds[column]), dtype=np.uint8)
            kinds[column] = np.where(none, 0, codes[taken]).astype(np.uint8).tobytes()
    numbers = source.rows
    marks = {
        column: {
            int(numbers[start + k]): mark
            for k, origin in enumerate(origins[column].tolist())
            if origin >= 0 and (mark := of_rows.get(int(numbers[start + origin])))
        }
        if column in origins
        else of_rows
        for column, of_rows in source.format_marks.items()
    }
    return replace(
        source,
        columns=tuple(columns),
        kinds=None if kinds is None else tuple(kinds),
        format_marks=marks,
    )


def _last_marked(marked: np.ndarray) -> np.ndarray:
    """For each row the last one marked, itself or above; -1 for none."""
    return np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))


def _row_numbers(table: HeadedTable) -> list[str]:
    return list(map(str, table.source.rows[table.start :]))


def finish_fill(filled: FilledTable, roles: Sequence[Role]) -> tuple[FilledTable, list[Finding]]:
    """The table once the roles of its rows are decided, with the column ``BILL_START``.

    A row that takes a value from an ignored row, or continues its bill, is an error that names
    both; the value is removed, so that the result does not make a bill of the row either.
    """
    table = filled.table
    source, start = table.source, table.start
    if filled.bill_starts is None and not filled.origins:
        return filled, []
    bill_starts, numbers = list(filled.bill_starts or ()), _row_numbers(table)
    not_data = {
        begin: k
        for k, (begin, role) in enumerate(zip(bill_starts, roles, strict=False))
        if begin and role is not Role.DATA and (table.is_result or begin == numbers[k])
    }
    data = data_rows(roles)
    lost = {
        column: data & (rows >= 0) & (rows != np.arange(len(rows))) & ~data[rows]
        for column, rows in filled.origins.items()
    }
    wrong = np.logical_or.reduce([np.zeros(len(roles), dtype=bool), *lost.values()])
    if not_data:
        wrong |= data & np.asarray([begin in not_data for begin in bill_starts], dtype=bool)
    columns, findings = list(source.columns), []
    for k in np.flatnonzero(wrong).tolist():
        column = next((column for column, rows in lost.items() if rows[k]), None)
        other = not_data[bill_starts[k]] if column is None else int(filled.origins[column][k])
        filled_value = ""
        if column is not None:
            filled_value = f" and would take '{shown(table.text(column, start + k))}' from it"
        cell, number = table.cell(start + k, column), table.number(start + other)
        code = "sheet.row.goes_on_with_passed_over"
        findings.append(finding(code, cell, other=number, filled_value=filled_value))
    for column, rows in lost.items():
        removed = pa.array(np.concatenate([np.zeros(start, dtype=bool), rows]))
        columns[column] = TextColumn(pc.if_else(removed, "", arrow_texts(columns[column])))
    table = replace(table, source=replace(source, columns=tuple(columns)))
    if not bill_starts or table.is_result:
        return replace(filled, table=table), findings
    # Of the rows that are not data only those that begin a bill are marked.
    marks = [
        begin if role is Role.DATA or begin == number else ""
        for begin, role, number in zip(bill_starts, roles, numbers, strict=True)
    ]
    table = table.with_column(BILL_START, marks)
    return replace(filled, table=table, bill_starts=bill_starts), findings
