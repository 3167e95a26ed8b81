"""Line items from columns of the whole bill: freight, rounding, an adjustment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.text_column import arrow_texts
from importer.mapping.canonical_columns import (
    CanonicalColumn,
    CanonicalTable,
    ColumnReader,
    canonical_table,
    series_of,
)
from importer.mapping.evaluate import NOWHERE
from importer.mapping.group_rows import GroupedRows
from importer.mapping.text_cleanup import blank, zero
from importer.model.fields import LINE_ITEMS
from importer.model.tables import CellKind

_AMOUNTS = ("amount", "netAmount")


def with_extra_lines(
    reader: ColumnReader, grouped: GroupedRows, lines: CanonicalTable
) -> tuple[CanonicalTable, np.ndarray]:
    """The line items with those of the template's ``extra_lines`` behind them, and all bills.

    Each is in the first row of its bill that has the amount; blank and zero amounts make none.
    """
    line_bill = grouped.line_bill
    for more, at in _extra_lines(reader, grouped.line_bill, grouped.first_rows):
        lines = _joined(lines, _taken(more, at))
        line_bill = np.concatenate([line_bill, at])
    return lines, line_bill


def with_lines_of_bills(
    of_bills: ColumnReader, bills: CanonicalTable, lines: CanonicalTable
) -> CanonicalTable:
    """The same for a sheet of bills: each extra line has the reference that joins it to its."""
    each = np.arange(len(bills))
    joining = _joining(bills, lines)
    for more, at in _extra_lines(of_bills, each, each):
        lines = _joined(lines, _taken(replace(more, columns=more.columns | joining), at))
    return lines


def _joining(bills: CanonicalTable, lines: CanonicalTable) -> dict[str, CanonicalColumn]:
    """The field that joins the lines of the sheet to their bills, for lines made of bills."""
    refs, numbers = (bills.columns.get(name) for name in ("billRef", "invoiceNumber"))
    by_ref = _is_given(lines.columns.get("billRef"))
    if by_ref and refs is not None and _is_given(refs):
        if numbers is None:
            return {"billRef": refs}
        texts = arrow_texts(refs.array)
        either = pc.if_else(pa.array(blank(texts)), arrow_texts(numbers.array), texts)
        return {"billRef": replace(refs, text=series_of(either))}
    name = (
        "billRef"
        if by_ref and not _is_given(lines.columns.get("invoiceNumber"))
        else ("invoiceNumber")
    )
    return {} if numbers is None else {name: numbers}


def _is_given(column: CanonicalColumn | None) -> bool:
    return column is not None and not blank(arrow_texts(column.array)).all()


def _extra_lines(
    reader: ColumnReader, line_bill: np.ndarray, first_rows: np.ndarray
) -> Iterator[tuple[CanonicalTable, np.ndarray]]:
    """For each of the template's ``extra_lines``: one line a bill, and the bills that have one."""
    for fields in reader.template.extra_lines:
        template = reader.template.model_copy(update={"line_items": fields, "bills": {}})
        more = canonical_table(
            LINE_ITEMS, ColumnReader(reader.tables, template, line_bill, first_rows)
        )
        more.columns = {name: column for name, column in more.columns.items() if name in fields}
        given = np.zeros(len(more), dtype=bool)
        for name in _AMOUNTS:
            if name in more.columns:
                texts = arrow_texts(more.columns[name].array)
                given |= ~blank(texts) & ~zero(texts)
        at = np.flatnonzero(given)
        if len(at):
            yield more, at


def _taken(table: CanonicalTable, at: np.ndarray) -> CanonicalTable:
    """Some of the items."""
    columns = {}
    for name, column in table.columns.items():
        arrays = {key: value[at] for key, value in _arrays(column).items()}
        texts = series_of(column.array.take(pa.array(at)))
        columns[name] = CanonicalColumn(texts, column.source, **arrays)
    amounts = [columns[name] for name in _AMOUNTS if name in columns]
    rows = table.row[at]
    if amounts and amounts[0].rows is not None:
        rows = amounts[0].rows
    return CanonicalTable(table.sheet, table.table[at], rows, columns)


def _arrays(column: CanonicalColumn) -> dict[str, np.ndarray]:
    names = (n for n in column.__dataclass_fields__ if n not in ("text", "source"))
    return {name: value for name in names if (value := getattr(column, name)) is not None}


def _joined(one: CanonicalTable, other: CanonicalTable) -> CanonicalTable:
    """The items of both; a field that one lacks is blank there."""
    sizes = (len(one), len(other))
    out = replace(
        one,
        table=np.concatenate([one.table, other.table]),
        row=np.concatenate([one.row, other.row]),
        columns={},
    )
    for name in dict.fromkeys([*one.columns, *other.columns]):
        parts = [each.columns.get(name) for each in (one, other)]
        texts = [
            pa.array([""] * size, type=pa.large_string()) if part is None else part.array
            for part, size in zip(parts, sizes, strict=True)
        ]
        source: dict[int, tuple[int, str]] = {}
        for part in parts:
            source = ({} if part is None else part.source) | source
        column = CanonicalColumn(series_of(pa.concat_arrays(texts)), source)
        arrays = [{} if part is None else _arrays(part) for part in parts]
        needed = {key for each in arrays for key in each} | {"at", "rows"}
        for key in needed:
            both = [
                each[key] if key in each else _default(key, table, part)
                for each, part, table in zip(arrays, parts, (one, other), strict=True)
            ]
            setattr(column, key, np.concatenate(both))
        out.columns[name] = column
    return out


def _default(key: str, table: CanonicalTable, column: CanonicalColumn | None) -> np.ndarray:
    """What an array of a column would hold that has none."""
    size = len(table)
    if key == "rows":
        return table.row
    if key == "at":
        out = np.full(size, NOWHERE, dtype=np.int64)
        for number, (index, _) in ({} if column is None else column.source).items():
            out[table.table == number] = index
        return out
    if key in ("note", "problem", "format_marks", "placeholder"):
        return np.full(size, "", dtype=object)
    kind = np.uint8(CellKind.TEXT) if key == "kinds" else False
    return np.full(size, kind)
