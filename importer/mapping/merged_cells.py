"""Merged cells, read as what the workbook shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from importer.core.counted_nouns import count
from importer.core.money import tidy
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import expressions
from importer.mapping.row_columns import RowColumns
from importer.mapping.shown_cells import shown_cells
from importer.model.fields import LINE_ITEMS, FieldKind, field_of
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import SourceTable

_SHOWN = 10


def with_merged_cells(table: HeadedTable) -> tuple[HeadedTable, list[Finding], str]:
    """The table with the text of merged cells in all their rows; its findings, and a note.

    An amount of a line that is merged over several rows cannot be told apart: an error. What stands
    under merged cells is not shown, so that it is not read.
    """
    if not table.source.merges or table.is_result:
        return table, [], ""
    shown = shown_cells(table.source, table.start, _line_amounts(table))
    under, filled = shown.under, shown.filled
    findings = [
        finding(
            "sheet.cell.merged_amount",
            table.cell(i, merge.first_column),
            table.text(merge.first_column, rows[0]),
            first=merge.first_row,
            last=merge.last_row,
        )
        for merge, rows in shown.apart
        for i in rows
    ]
    if under:
        numbers = sorted({table.number(i) for i in under})
        findings.append(
            finding(
                "sheet.cells.under_merged",
                table.cell(min(under)),
                count=len(under),
                rows=", ".join(map(str, numbers[:_SHOWN])),
            )
        )
    if not (filled or under):
        return table, findings, ""
    source = _without_blank_rows(shown.source, set(under) - filled)
    numbers = sorted(table.number(i) for i in filled)
    texts = ", ".join(map(str, numbers[:_SHOWN])) + (" …" if len(numbers) > _SHOWN else "")
    note = (
        f"{count(len(numbers), 'row')} read with the text of merged cells ({texts})"
        if filled
        else ""
    )
    return replace(table, source=source), findings, note


def _line_amounts(table: HeadedTable) -> set[int]:
    """The columns of amounts, quantities and prices of lines."""
    columns = set(RowColumns.of(table).amounts)
    for sheet, name, e in expressions(table.template, table.kind):
        if sheet == LINE_ITEMS and (e.product or field_of(sheet, name).kind is FieldKind.CENTS):
            mapped = (table.header.column_of(names) for names, _ in e.columns())
            columns |= {column for column in mapped if column is not None}
    return columns


def _without_blank_rows(source: SourceTable, rows: set[int]) -> SourceTable:
    """The table without those of the rows that have nothing any more."""
    empty = [i for i in sorted(rows) if not any(tidy(column[i]) for column in source.columns)]
    if not empty:
        return source
    keep = np.ones(len(source.rows), dtype=bool)
    keep[empty] = False
    at = np.flatnonzero(keep).tolist()
    kinds = source.kinds
    return replace(
        source,
        columns=tuple([column[i] for i in at] for column in source.columns),
        kinds=None if kinds is None else tuple(bytes(codes[i] for i in at) for codes in kinds),
        rows=[source.rows[i] for i in at],
        blank_rows=source.blank_rows + len(empty),
    )
