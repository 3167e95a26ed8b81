"""Build the columns of canonical tables from the columns of the source tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.core.name_key import placeholders
from importer.core.text_column import arrow_texts
from importer.mapping.bind_table import BoundTable
from importer.mapping.evaluate import NOWHERE, Scope, Values, apply_marks, evaluate
from importer.mapping.expressions import Expression
from importer.mapping.parameters import values_of
from importer.mapping.template_model import DISPOSING, Template
from importer.mapping.text_cleanup import blank
from importer.model.fields import BILLS, PROPERTY, FieldKind, field_of
from importer.model.tables import CellKind, SourceTable


@dataclass
class CanonicalColumn:
    """One field of a canonical table, a value an item, with where each value stands.

    ``source``: index into ``MappedTables.tables`` → (column index, header as written), the column
    of all values of that table unless ``at`` has another index for a value. ``rows``: the values'
    row numbers where they differ from the item's row.

    ``negative``: amounts to be negated once they are parsed. ``marked``: amounts whose sign stands
    in another column. ``problem``: one of ``evaluate.PROBLEMS``, "" for none.
    """

    text: pd.Series  # str, "" where blank
    source: dict[int, tuple[int, str]]
    kinds: np.ndarray | None = None  # CellKind; None: all TEXT
    rows: np.ndarray | None = None
    at: np.ndarray | None = None
    negative: np.ndarray | None = None
    marked: np.ndarray | None = None
    problem: np.ndarray | None = None
    note: np.ndarray | None = None  # a detail for the problem's sentence
    format_marks: np.ndarray | None = None  # a currency or % in the cell's number format
    placeholder: np.ndarray | None = None  # the text that stands for no number, "" for none

    @cached_property
    def array(self) -> pa.LargeStringArray:
        """``text`` without a copy."""
        return pa.array(self.text.array)

    def text_at(self, i: int) -> str:
        text: str = self.array[i].as_py()
        return text


NUMBERS = ("invoiceNumber", "billRef")  # what a placeholder may replace

_TEXTS = pd.StringDtype(storage="pyarrow", na_value=np.nan)  # what pandas calls "str"


def blanks(size: int) -> pa.LargeStringArray:
    one = pa.array([""], type=pa.large_string())
    return one.take(pa.array(np.zeros(size, dtype=np.int64)))


def row_numbers(source: SourceTable) -> np.ndarray:
    rows = source.rows
    if isinstance(rows, range):  # numpy would iterate over it
        return np.arange(rows.start, rows.stop, rows.step, dtype=np.int64)
    return np.asarray(rows, np.int64)


def series_of(texts: pa.LargeStringArray) -> pd.Series:
    return pd.Series(_TEXTS.__from_arrow__(texts))  # type: ignore[attr-defined]


@dataclass
class CanonicalTable:
    """Bills or line items, by field; ``table`` and ``row`` say where each item stands."""

    sheet: str
    table: np.ndarray
    row: np.ndarray
    columns: dict[str, CanonicalColumn] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)


@dataclass
class ColumnReader:
    """Columns of tables, end to end; once rows are grouped to bills, one value for each bill."""

    tables: Sequence[BoundTable]
    template: Template
    line_bill: np.ndarray | None = None  # each row's bill
    first_rows: np.ndarray | None = None  # each bill's first row

    @cached_property
    def table(self) -> np.ndarray:
        """Each row's table."""
        parts = [np.full(len(t.positions), t.index, dtype=np.int64) for t in self.tables]
        return parts[0] if len(parts) == 1 else np.concatenate([*parts, np.empty(0, np.int64)])

    @cached_property
    def row(self) -> np.ndarray:
        rows = [row_numbers(t.table.source)[t.positions] for t in self.tables]
        return np.concatenate(rows) if rows else np.empty(0, np.int64)

    @cached_property
    def bill_starts(self) -> np.ndarray:
        """Each row's number of the row in which its bill begins, "" where unknown."""
        parts = [
            np.full(len(t.positions), "") if t.bill_starts is None else t.bill_starts
            for t in self.tables
        ]
        return np.concatenate([np.asarray(part, dtype=object) for part in [*parts, []]])

    def arrow(self, columns: Sequence[int | None]) -> pa.LargeStringArray:
        """The texts of one column of each table, None for blanks."""
        parts = [
            blanks(len(t.positions)) if column is None else t.arrow(column)
            for t, column in zip(self.tables, columns, strict=True)
        ]
        return parts[0] if len(parts) == 1 else pa.concat_arrays([*parts, blanks(0)])

    def _kinds(self, columns: Sequence[int | None]) -> np.ndarray:
        parts = [np.empty(0, np.uint8)]
        for t, column in zip(self.tables, columns, strict=True):
            kinds = None if column is None else t.kinds(column)
            parts.append(np.zeros(len(t.positions), dtype=np.uint8) if kinds is None else kinds)
        return np.concatenate(parts)

    def of_rows(self, columns: Sequence[int | None], rows: np.ndarray | None = None) -> Values:
        """One column of each table, None for blanks; of all rows, or of some."""
        if rows is None:
            rows = np.arange(len(self.row))
        texts = self.arrow(columns).take(pa.array(rows))
        at = [np.empty(0, np.int64)]
        for t, column in zip(self.tables, columns, strict=True):
            at.append(np.full(len(t.positions), NOWHERE if column is None else column))
        text = np.asarray(texts.to_numpy(zero_copy_only=False), dtype=object)
        values = Values.of(
            text, self._kinds(columns)[rows], np.concatenate(at)[rows], self.row[rows]
        )
        table = self.table[rows]
        for t, column in zip(self.tables, columns, strict=True):
            if column is not None and (marks := t.table.source.format_marks.get(column)):
                items = np.flatnonzero(table == t.index)
                values.format_marks[items] = [marks.get(r, "") for r in values.rows[items].tolist()]
        return values

    def unchanged(self, columns: Sequence[int | None]) -> CanonicalColumn | None:
        """One column of each table, whole and without a copy; None where that cannot be done."""
        if self.first_rows is not None or not self.tables:
            return None
        texts, source = [], {}
        for t, column in zip(self.tables, columns, strict=True):
            if column is None or t.table.source.format_marks.get(column):
                return None
            texts.append(t.arrow(column))
            source[t.index] = (column, t.header.headers[column])
        text = texts[0] if len(texts) == 1 else pa.concat_arrays(texts)
        typed = any(t.table.source.kinds is not None for t in self.tables)
        kinds = _unless_blank(self._kinds(columns)) if typed else None
        return CanonicalColumn(series_of(text), source, kinds)

    def of_items(self, columns: Sequence[int | None]) -> Values:
        """One column of each table; of a bill, its first value that is not blank."""
        if self.first_rows is None:
            return self.of_rows(columns)
        return self.of_rows(columns, self.first_filled(columns))

    def first_filled(self, columns: Sequence[int | None]) -> np.ndarray:
        """Of each bill the first row whose cell is not blank, or else its first row."""
        assert self.line_bill is not None
        assert self.first_rows is not None
        size = len(self.line_bill)
        filled = np.flatnonzero(~blank(self.arrow(columns)))
        first = np.full(len(self.first_rows), size, dtype=np.int64)
        np.minimum.at(first, self.line_bill[filled], filled)
        return np.where(first < size, first, self.first_rows)

    def columns(self, names: Iterable[str]) -> list[int | None]:
        """The column of each table by its accepted headers."""
        return [t.header.column_of(names) for t in self.tables]

    def parameter(self, name: str, table: np.ndarray) -> np.ndarray:
        values = {
            t.index: values_of(t.table.source, t.header.last_row, self.template)[name]
            for t in self.tables
        }
        return np.asarray([values[t] for t in table.tolist()], dtype=object)


def canonical_table(sheet: str, reader: ColumnReader) -> CanonicalTable:
    """One item for each data row, or for each bill, with the columns that the tables have."""
    table, row = reader.table, reader.row
    if reader.first_rows is not None:
        table, row = table[reader.first_rows], row[reader.first_rows]
    items = CanonicalTable(sheet, table, row)
    template = reader.template
    for name, e in (template.bills if sheet == BILLS else template.line_items).items():
        if sheet == BILLS and name in DISPOSING:
            continue  # they say which rows are bills, and are no values of one
        sources = [reader.columns(names) for names, _ in e.columns()]
        sources = [columns for columns in sources if any(c is not None for c in columns)]
        if e.product:
            items.columns |= _factors(name, e, reader, items)
            continue
        unchanged = (
            reader.unchanged(sources[0]) if e.column and not e.is_changed and sources else None
        )
        if unchanged is not None and not (name in NUMBERS and placeholders(unchanged.array).any()):
            items.columns[name] = unchanged
        elif not e.sum_of_lines and (sources or e.has_constant):
            scope = _scope(reader, items, field_of(sheet, name).kind)
            if name in NUMBERS:
                items.columns[name] = _numbers(reader, e, scope, sources)
            else:
                items.columns[name] = _column(reader, evaluate(e, scope), sources)
    properties = dict.fromkeys(n for t in reader.tables for of, n in t.fields if of == sheet)
    for name in properties:
        if name.startswith(PROPERTY) and name not in items.columns:
            columns = [t.fields.get((sheet, name)) for t in reader.tables]
            items.columns[name] = reader.unchanged(columns) or _column(
                reader, reader.of_items(columns), [columns]
            )
    return items


def _numbers(
    reader: ColumnReader, e: Expression, scope: Scope, sources: Sequence[Sequence[int | None]]
) -> CanonicalColumn:
    """The column of a number or reference, in which a placeholder as ``N/A`` is blank."""
    of_rows = np.full(len(scope.rows), "", dtype=object)

    def column(names: Sequence[str]) -> Values:
        values = scope.column(names)
        is_none = placeholders(arrow_texts(values.text))
        of_rows[is_none] = values.text[is_none]
        values.text[is_none] = ""
        return values

    values = evaluate(e, replace(scope, column=column))
    of_rows[~values.blank] = ""
    return replace(_column(reader, values, sources), placeholder=_unless_blank(of_rows))


def _scope(reader: ColumnReader, items: CanonicalTable, kind: FieldKind) -> Scope:
    return Scope(
        lambda names: reader.of_items(reader.columns(names)),
        lambda name: reader.parameter(name, items.table),
        items.row,
        kind,
    )


def _factors(
    name: str, e: Expression, reader: ColumnReader, items: CanonicalTable
) -> dict[str, CanonicalColumn]:
    """The columns ``name*0`` and ``name*1`` of a product, ``name*2`` of its discount in percent.

    Without the optional second one, ones.
    """
    out: dict[str, CanonicalColumn] = {}
    factors = [*(e.product or ()), *([e.percent_off] if e.percent_off else [])]
    for i, names in enumerate(factors):
        columns = reader.columns(names)
        may_lack = e.optional and i == 1
        if all(c is None for c in columns) and not may_lack:
            continue
        values = reader.of_items(columns)
        if may_lack:
            lacking = [t.index for t, c in zip(reader.tables, columns, strict=True) if c is None]
            one = np.isin(items.table, lacking)
            values.text[one], values.kinds[one] = "1", CellKind.NUMBER
        if i == 0 and e.sign_from:
            apply_marks(values, e.sign_from, _scope(reader, items, FieldKind.FACTOR))
        if i == 0 and e.negate:
            values.sign = -values.sign
        out[f"{name}*{i}"] = _column(reader, values, [columns])
    return out


def _column(
    reader: ColumnReader, values: Values, columns: Iterable[Sequence[int | None]]
) -> CanonicalColumn:
    """The column of evaluated values; ``columns`` are all that they may come from."""
    source: dict[int, tuple[int, str]] = {}
    for of_tables in columns:
        for t, column in zip(reader.tables, of_tables, strict=True):
            if column is not None:
                source.setdefault(t.index, (column, t.header.headers[column]))
    return CanonicalColumn(
        pd.Series(values.text, dtype="str"),
        source,
        _unless_blank(values.kinds),
        values.rows if reader.first_rows is not None else None,
        values.at,
        _unless_blank(values.sign < 0),
        _unless_blank(values.marked),
        _unless_blank(values.problem),
        _unless_blank(values.note),
        _unless_blank(values.format_marks),
    )


def _unless_blank(array: np.ndarray) -> np.ndarray | None:
    """The array; None where it holds nothing but zeros, False or blanks."""
    blank_value = "" if array.dtype == object else 0
    return array if (array != blank_value).any() else None
