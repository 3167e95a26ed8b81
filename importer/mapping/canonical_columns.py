"""The columns of canonical tables, from the columns of the source tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.mapping.bind_table import BoundTable
from importer.mapping.evaluate import NOWHERE, Sheet, Values, evaluate, mark
from importer.mapping.expressions import Expression
from importer.mapping.parameters import values_of
from importer.mapping.template_model import Template
from importer.mapping.text_cleanup import blank
from importer.model.fields import BILLS, PROPERTY, FieldKind, field_of
from importer.model.tables import CellKind, SourceTable


@dataclass
class CanonicalColumn:
    """One field of a canonical table, a value an item, with where each value stands.

    ``source``: index into ``MappedTables.tables`` → (column index, header as written), the column
    of all values of that table unless ``at`` has another index for a value. ``rows``: the values'
    row numbers where they differ from the item's row.

    ``negative`` are the amounts to be negated once they are read, ``marked`` those whose sign
    stands in another column. ``problem`` is what an expression found wrong, "" for nothing.
    """

    text: pd.Series  # str, "" where blank
    source: dict[int, tuple[int, str]]
    kinds: np.ndarray | None = None  # CellKind; None: all TEXT
    rows: np.ndarray | None = None
    at: np.ndarray | None = None
    negative: np.ndarray | None = None
    marked: np.ndarray | None = None
    problem: np.ndarray | None = None
    note: np.ndarray | None = None  # what a problem's sentence says beside
    format_marks: np.ndarray | None = None  # what the cell's number format shows beside the number

    @cached_property
    def array(self) -> pa.LargeStringArray:
        """``text`` as Arrow keeps it; nothing is copied."""
        return pa.array(self.text.array)

    def text_at(self, i: int) -> str:
        """The text of one item."""
        text: str = self.array[i].as_py()
        return text


_TEXTS = pd.StringDtype(storage="pyarrow", na_value=np.nan)  # what pandas calls "str"


def blanks(size: int) -> pa.LargeStringArray:
    one = pa.array([""], type=pa.large_string())
    return one.take(pa.array(np.zeros(size, dtype=np.int64)))


def numbers_of_rows(source: SourceTable) -> np.ndarray:
    rows = source.rows
    if isinstance(rows, range):  # numpy would ask it for one number after the other
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
class Reader:
    """Columns of tables, end to end; once rows are grouped to bills, a value a bill."""

    opened: Sequence[BoundTable]
    template: Template
    line_bill: np.ndarray | None = None
    firsts: np.ndarray | None = None  # each bill's first row

    @cached_property
    def table(self) -> np.ndarray:
        own = [np.full(len(o.positions), o.index, dtype=np.int64) for o in self.opened]
        return own[0] if len(own) == 1 else np.concatenate([*own, np.empty(0, np.int64)])

    @cached_property
    def row(self) -> np.ndarray:
        rows = [numbers_of_rows(o.table.source)[o.positions] for o in self.opened]
        return np.concatenate(rows) if rows else np.empty(0, np.int64)

    @cached_property
    def begins(self) -> np.ndarray:
        """What says in which row the bill of each row begins, "" where nothing does."""
        parts = [np.full(len(o.positions), "") if o.begins is None else o.begins
                 for o in self.opened]  # fmt: skip
        return np.concatenate([np.asarray(part, dtype=object) for part in [*parts, []]])

    def arrow(self, columns: Sequence[int | None]) -> pa.LargeStringArray:
        """The texts of one column of each table, None for blanks."""
        parts = [
            blanks(len(o.positions)) if at is None else o.arrow(at)
            for o, at in zip(self.opened, columns, strict=True)
        ]
        return parts[0] if len(parts) == 1 else pa.concat_arrays([*parts, blanks(0)])

    def of_rows(self, columns: Sequence[int | None], rows: np.ndarray | None = None) -> Values:
        """One column of each table, None for blanks; of all rows, or of some."""
        if rows is None:
            rows = np.arange(len(self.row))
        texts = self.arrow(columns).take(pa.array(rows))
        kinds, at = [np.empty(0, np.uint8)], [np.empty(0, np.int64)]
        for o, column in zip(self.opened, columns, strict=True):
            size = len(o.positions)
            own = None if column is None else o.kinds(column)
            kinds.append(np.zeros(size, dtype=np.uint8) if own is None else own)
            at.append(np.full(size, NOWHERE if column is None else column))
        text = np.asarray(texts.to_numpy(zero_copy_only=False), dtype=object)
        values = Values.of(
            text, np.concatenate(kinds)[rows], np.concatenate(at)[rows], self.row[rows]
        )
        table = self.table[rows]
        for o, column in zip(self.opened, columns, strict=True):
            if column is not None and (format_marks := o.table.source.format_marks.get(column)):
                there = np.flatnonzero(table == o.index)
                values.format_marks[there] = [
                    format_marks.get(row, "") for row in values.rows[there].tolist()
                ]
        return values

    def as_they_are(self, columns: Sequence[int | None]) -> CanonicalColumn | None:
        """One column of each table where nothing is to be done to its cells; None where it is."""
        if self.firsts is not None or not self.opened:
            return None
        texts, kinds, source = [], [], {}
        for o, at in zip(self.opened, columns, strict=True):
            if at is None or o.table.source.format_marks.get(at):
                return None
            texts.append(o.arrow(at))
            kinds.append(o.kinds(at))
            source[o.index] = (at, o.found.headers[at])
        whole = texts[0] if len(texts) == 1 else pa.concat_arrays(texts)
        kind = None
        if any(own is not None for own in kinds):
            kind = np.concatenate(
                [
                    np.zeros(len(o.positions), np.uint8) if own is None else own
                    for o, own in zip(self.opened, kinds, strict=True)
                ]
            )
        return CanonicalColumn(
            series_of(whole), source, kind if kind is not None and kind.any() else None
        )

    def of_items(self, columns: Sequence[int | None]) -> Values:
        """One column of each table; of a bill, its first value that is not blank."""
        if self.line_bill is None or self.firsts is None:
            return self.of_rows(columns)
        return self.of_rows(columns, self.first_filled(columns))

    def first_filled(self, columns: Sequence[int | None]) -> np.ndarray:
        """Of each bill the first row whose cell is not blank, or else its first row."""
        assert self.line_bill is not None
        assert self.firsts is not None
        size = len(self.line_bill)
        filled = np.flatnonzero(~blank(self.arrow(columns)))
        found = np.full(len(self.firsts), size, dtype=np.int64)
        np.minimum.at(found, self.line_bill[filled], filled)
        return np.where(found < size, found, self.firsts)

    def columns(self, names: Iterable[str]) -> list[int | None]:
        return [o.found.index(names) for o in self.opened]

    def parameter(self, name: str, table: np.ndarray) -> np.ndarray:
        known = {
            o.index: values_of(o.table.source, o.found.header, self.template)[name]
            for o in self.opened
        }
        return np.asarray([known[t] for t in table.tolist()], dtype=object)


def canonical(sheet: str, reader: Reader) -> CanonicalTable:
    """One item a data row, or a bill, with the columns that there are."""
    table, row = reader.table, reader.row
    if reader.firsts is not None:
        table, row = table[reader.firsts], row[reader.firsts]
    items = CanonicalTable(sheet, table, row)

    def sheet_of(kind: FieldKind) -> Sheet:
        return Sheet(
            lambda names: reader.of_items(reader.columns(names)),
            lambda name: reader.parameter(name, table),
            row,
            kind,
        )

    def add(name: str, values: Values, columns: Iterable[Sequence[int | None]]) -> None:
        source: dict[int, tuple[int, str]] = {}
        for of_tables in columns:
            for o, at in zip(reader.opened, of_tables, strict=True):
                if at is not None:
                    source.setdefault(o.index, (at, o.found.headers[at]))
        items.columns[name] = CanonicalColumn(
            pd.Series(values.text, dtype="str"),
            source,
            values.kinds if values.kinds.any() else None,
            values.rows if reader.firsts is not None else None,
            values.at,
            values.sign < 0 if (values.sign < 0).any() else None,
            values.marked if values.marked.any() else None,
            values.problem if (values.problem != "").any() else None,
            values.note if (values.note != "").any() else None,
            values.format_marks if (values.format_marks != "").any() else None,
        )

    for name, e in expressions_of(reader.template, sheet).items():
        there = [reader.columns(names) for names, _ in e.columns()]
        there = [columns for columns in there if any(at is not None for at in columns)]
        if e.product:
            for i, names in enumerate(e.product):
                columns = reader.columns(names)
                may_lack = e.optional and i == 1
                if all(at is None for at in columns) and not may_lack:
                    continue
                values = reader.of_items(columns)
                if may_lack:  # without such a column, one of each
                    lacking = [o.index for o, at in zip(reader.opened, columns, strict=True)
                               if at is None]  # fmt: skip
                    one = np.isin(table, lacking)
                    values.text[one], values.kinds[one] = "1", CellKind.NUMBER
                if i == 0 and e.sign_from:
                    mark(values, e.sign_from, sheet_of(FieldKind.FACTOR))
                if i == 0 and e.negate:
                    values.sign = -values.sign
                add(f"{name}*{i}", values, [columns])
        elif e.column and not e.is_changed and there and (
            plain := reader.as_they_are(there[0])
        ):  # fmt: skip
            items.columns[name] = plain
        elif not e.sum_of_lines and (there or e.has_constant):
            add(name, evaluate(e, sheet_of(field_of(sheet, name).kind)), there)
    properties = {n: None for o in reader.opened for of, n in o.fields if of == sheet}
    for name in properties:
        if name.startswith(PROPERTY) and name not in items.columns:
            columns = [o.fields.get((sheet, name)) for o in reader.opened]
            plain = reader.as_they_are(columns)
            if plain is None:
                add(name, reader.of_items(columns), [columns])
            else:
                items.columns[name] = plain
    return items


def expressions_of(template: Template, sheet: str) -> dict[str, Expression]:
    return template.bills if sheet == BILLS else template.line_items
