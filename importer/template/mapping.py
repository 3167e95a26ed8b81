"""Source tables and a template → the canonical tables of bills and line items, still as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from importer.amounts import Unreadable, read_plain, tidy
from importer.canonical import BILLS, FIELDS, LINE_ITEMS
from importer.findings import finding
from importer.records import CellKind, CellRef, Finding, InputTable, SourceTable, TableKind
from importer.template.headers import (
    Found,
    alternatives,
    find_header,
    kind_of,
)
from importer.template.model import Expression, Template, glob_matches
from importer.template.opening import ControlTotal, Opened, open_table
from importer.template.recognise import example_headers, kinds_of


@dataclass
class Column:
    """One field of a canonical table, a value an item, with where each value stands.

    ``source`` maps an index of ``Mapped.tables`` to (column index, header as written). ``rows``
    are the values' row numbers where they differ from the item's own row.
    """

    text: pd.Series  # str, "" where blank
    source: dict[int, tuple[int, str]]
    kinds: np.ndarray | None = None  # CellKind; None: all TEXT
    rows: np.ndarray | None = None


@dataclass
class CanonicalTable:
    """Bills or line items, by field; ``table`` and ``row`` say where each item stands."""

    sheet: str
    table: np.ndarray
    row: np.ndarray
    columns: dict[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)


@dataclass
class Mapped:
    """What the template stage hands on."""

    template: Template
    tables: tuple[InputTable, ...]
    bills: CanonicalTable
    lines: CanonicalTable
    line_bill: np.ndarray | None  # in a flat layout, each line's bill; else joined by reference
    control_totals: list[ControlTotal]
    findings: list[Finding]
    notes: list[str]
    lacking: dict[int, frozenset[tuple[str, str]]] = field(default_factory=dict)
    """Index of a table → the (sheet, field)s it was told to lack a column for."""

    def told_missing(self, sheet: str, *names: str) -> np.ndarray:
        """Which items stand in a table that was told, once, to lack the columns of these fields."""
        wanted = {(sheet, name) for name in names}
        tables = [table for table, fields in self.lacking.items() if wanted <= fields]
        return np.isin(self.items(sheet).table, tables)

    def without_column(self, sheet: str, name: str) -> np.ndarray:
        """Which items stand in a table that has no column for the field."""
        column = self.items(sheet).columns.get(name)
        source = {} if column is None else column.source
        return ~np.isin(self.items(sheet).table, list(source))

    def items(self, sheet: str) -> CanonicalTable:
        return self.bills if sheet == BILLS else self.lines

    def place(self, sheet: str, i: int, seen_from: int) -> str:
        """The row of an item for a sentence, with its file and sheet where they are others."""
        items = self.items(sheet)
        own, other = (self.tables[int(items.table[k])].source for k in (i, seen_from))
        row = str(items.row[i])
        if own.file != other.file:
            return f"{row} of {_name(own)}"
        return row if own.sheet == other.sheet else f"{row} of sheet {own.sheet}"

    def cell(self, sheet: str, name: str, i: int) -> CellRef:
        """Where the value of a field of the ``i``-th bill or line item stands."""
        items = self.items(sheet)
        table, row = int(items.table[i]), int(items.row[i])
        column = items.columns.get(name)
        source = self.tables[table].source
        if column is None or table not in column.source:
            return CellRef(source.file, source.sheet, row, None, table)
        if column.rows is not None:
            row = int(column.rows[i])
        index, header = column.source[table]
        return CellRef(source.file, source.sheet, row, header, table, index)


def map_tables(
    sources: Sequence[SourceTable],
    template: Template,
    told: dict[str, TableKind] | None = None,
) -> Mapped:
    """The canonical tables. ``told`` says outright which file is of bills, which of lines.

    What is wrong with a sheet as a whole (a column missing or there twice, no rows) is a finding.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    totals: list[ControlTotal] = []
    opened: list[Opened] = []
    for source, found, kind in _recognised(sources, template, told or {}):
        if not _of_template(source, template):
            sheet = template.source.sheet
            notes.append(f"{_name(source)} is not read: the template reads the sheet '{sheet}'.")
            continue
        if kind is None or found is None:
            notes.append(f"{_name(source)} is not read: its headers are not those of the template.")
            continue
        opened.append(open_table(source, found, kind, template, len(opened), findings, totals))
    tables = tuple(o.table for o in opened)
    if template.layout == "flat":
        lines = _canonical(LINE_ITEMS, opened, template)
        bills, line_bill = _grouped(opened, template, lines)
    else:
        line_bill = None
        of_bills = [o for o in opened if o.table.kind is TableKind.BILLS]
        of_lines = [o for o in opened if o.table.kind is TableKind.LINE_ITEMS]
        bills = _canonical(BILLS, of_bills, template)
        lines = _canonical(LINE_ITEMS, of_lines, template)
        for sheet, there, other in ((BILLS, of_bills, of_lines), (LINE_ITEMS, of_lines, of_bills)):
            if other and not there:
                where = CellRef(other[0].table.source.file)
                headers = example_headers(template, sheet)
                findings.append(finding(f"{sheet}.sheet.missing", where, headers=headers))
    lacking = {o.index: o.lacks for o in opened}
    mapped = Mapped(template, tables, bills, lines, line_bill, totals, findings, notes, lacking)
    mapped.findings = [_with_items(f, mapped) for f in findings]
    if line_bill is not None:
        mapped.findings += _disagreements(mapped, opened)
    return mapped


# What is wrong with a sheet as a whole, so that none of its rows can be trusted.
_SHEET_WIDE = frozenset(("sheet.column.missing", "sheet.column.twice", "sheet.stop.missing"))
_NO_LINES = frozenset(("line_items.sheet.missing", "sheet.rows.none"))


def _with_items(f: Finding, mapped: Mapped) -> Finding:
    """The finding with the bills and lines it makes invalid."""
    if f.code in _SHEET_WIDE:
        bills, lines = (
            tuple(np.flatnonzero(items.table == f.cell.table).tolist())
            for items in (mapped.bills, mapped.lines)
        )
        return replace(f, bills=bills, lines=lines)
    if f.code in _NO_LINES and not len(mapped.lines):
        return replace(f, bills=tuple(range(len(mapped.bills))))
    return f


def _of_template(source: SourceTable, template: Template) -> bool:
    return source.sheet is None or glob_matches(template.source.sheet, source.sheet)


def _recognised(
    sources: Sequence[SourceTable], template: Template, told: dict[str, TableKind]
) -> list[tuple[SourceTable, Found | None, TableKind | None]]:
    """Each table with its header row and kind.

    What was told of a file holds for the sheets that look like it, and for all that have a header
    row where none does.
    """
    out = []
    for source in sources:
        found = find_header(source, template, kinds_of(template))
        out.append((source, found, kind_of(source, found, template)))
    alike = {source.file for source, _, kind in out if kind and told.get(source.file) is kind}
    return [
        (source, found, kind)
        if (want := told.get(source.file)) is None
        else (source, found, want if source.file not in alike or kind is want else None)
        for source, found, kind in out
    ]


def _name(source: SourceTable) -> str:
    return source.file if source.sheet is None else f"{source.file}, sheet {source.sheet}"


def _blank(texts: np.ndarray) -> np.ndarray:
    return np.asarray([not text or not tidy(text) for text in texts], dtype=bool)


def _filled_down(
    opened: Opened, column: int, template: Template
) -> tuple[np.ndarray, np.ndarray | None]:
    """Texts and kinds of a column; where it is filled down, a blank has those of the row above."""
    texts, kinds = opened.texts(column), opened.kinds(column)
    names = [opened.found.index(alternatives(template, name)) for name in template.source.fill_down]
    if column not in names or not len(texts):
        return texts, kinds
    last = np.maximum.accumulate(np.where(_blank(texts), -1, np.arange(len(texts))))
    above = np.maximum(last, 0)  # a blank above all values stays what it is
    return np.where(last >= 0, texts[above], ""), None if kinds is None else kinds[above]


def _canonical(
    sheet: str, opened: Sequence[Opened], template: Template, *, as_written: bool = False
) -> CanonicalTable:
    """All data rows of the tables, one item a row; ``as_written`` leaves blanks blank."""
    sizes = [len(o.positions) for o in opened]
    table = np.repeat(np.asarray([o.index for o in opened], dtype=np.int64), sizes)
    rows = [np.asarray(o.table.source.rows, dtype=np.int64)[o.positions] for o in opened]
    items = CanonicalTable(sheet, table, np.concatenate(rows) if rows else np.empty(0, np.int64))
    names = dict.fromkeys(name for o in opened for of, name in o.fields if of == sheet)
    for name, expression in _expressions(template, sheet).items():
        if expression.value is not None or expression.default is not None:
            names.setdefault(name, None)
    for name in names:
        items.columns[name] = column = _column(sheet, name, opened, template)
        if not as_written:
            _fill_blanks(column, _expressions(template, sheet).get(name))
    return items


def _expressions(template: Template, sheet: str) -> dict[str, Expression]:
    return template.bills if sheet == BILLS else template.line_items


def _fill_blanks(column: Column, expression: Expression | None) -> None:
    """The template's own value where the sheet has none; a number there is a plain one."""
    if expression is None:
        return
    fallback = expression.value if expression.value is not None else expression.default
    text = column.text.to_numpy(dtype=object)
    if fallback is None or not len(text):
        return
    blank = _blank(text)
    column.text = pd.Series(np.where(blank, fallback, text), dtype="str")
    if not isinstance(read_plain(fallback), Unreadable):
        kinds = np.zeros(len(text), np.uint8) if column.kinds is None else column.kinds
        column.kinds = np.where(blank, np.uint8(CellKind.NUMBER), kinds)


def _column(sheet: str, name: str, opened: Sequence[Opened], template: Template) -> Column:
    texts, kinds, source = [], [], {}
    any_kinds = any(o.table.source.kinds is not None for o in opened)
    for o in opened:
        at = o.fields.get((sheet, name))
        if at is None:
            texts.append(np.full(len(o.positions), "", dtype=object))
            kinds.append(np.zeros(len(o.positions), dtype=np.uint8))
            continue
        own_texts, own = _filled_down(o, at, template)
        texts.append(own_texts)
        kinds.append(np.zeros(len(o.positions), dtype=np.uint8) if own is None else own)
        source[o.index] = (at, o.found.headers[at])
    text = np.concatenate(texts) if texts else np.empty(0, dtype=object)
    return Column(
        pd.Series(text, dtype="str"),
        source,
        np.concatenate(kinds) if any_kinds and kinds else None,
    )


def _grouped(
    opened: Sequence[Opened], template: Template, lines: CanonicalTable
) -> tuple[CanonicalTable, np.ndarray]:
    """The bills of a flat layout, in order of their first row, and each line's bill.

    A row that lacks any part of the key stands alone: rows are never joined by what is blank. Nor
    are rows of different files or sheets: exports that overlap would double the bill.
    """
    size = len(lines)
    key = lines.table.astype(str).astype(object) + "\x1f"
    alone = np.zeros(size, dtype=bool)
    for name in template.group_by:
        parts = []
        for o in opened:
            at = o.found.index(alternatives(template, name))
            blank = np.full(len(o.positions), "", dtype=object)
            parts.append(blank if at is None else _filled_down(o, at, template)[0])
        part = pd.Series(np.concatenate(parts) if parts else np.empty(0, object), dtype="str")
        stripped = part.map(tidy) if size else part
        alone |= (stripped == "").to_numpy(dtype=bool)
        key = key + stripped.to_numpy(dtype=object) + "\x1f"
    key = np.where(alone, [f"\x1e{i}" for i in range(size)], key) if size else key
    line_bill, firsts = pd.factorize(key)
    first = np.full(len(firsts), size, dtype=np.int64)
    np.minimum.at(first, line_bill, np.arange(size))
    bills = CanonicalTable(BILLS, lines.table[first], lines.row[first])
    per_line = _canonical(BILLS, opened, template, as_written=True)
    for name, column in per_line.columns.items():
        bills.columns[name] = _first_of_each(column, line_bill, first, lines.row)
        _fill_blanks(bills.columns[name], template.bills.get(name))
    return bills, line_bill.astype(np.int64)


def _first_of_each(
    column: Column, line_bill: np.ndarray, first: np.ndarray, rows: np.ndarray
) -> Column:
    """A header field of each bill: its first value that is not blank."""
    filled = np.flatnonzero(~_blank(column.text.to_numpy(dtype=object)))
    at = first.copy()
    found = np.full(len(first), len(line_bill), dtype=np.int64)
    np.minimum.at(found, line_bill[filled], filled)
    at = np.where(found < len(line_bill), found, at)
    return Column(
        column.text.iloc[at].reset_index(drop=True),
        column.source,
        None if column.kinds is None else column.kinds[at],
        rows[at],
    )


def _disagreements(mapped: Mapped, opened: Sequence[Opened]) -> list[Finding]:
    """Header fields of one bill that differ between its rows: one finding a bill and field."""
    assert mapped.line_bill is not None
    per_line = _canonical(BILLS, opened, mapped.template, as_written=True)
    out = []
    for name, column in per_line.columns.items():
        text = column.text.map(tidy).to_numpy(dtype=object)
        own = mapped.bills.columns[name]
        of_bill = own.text.map(tidy).to_numpy(dtype=object)[mapped.line_bill]
        wrong = np.flatnonzero((text != of_bill) & (text != ""))
        _, first = np.unique(mapped.line_bill[wrong], return_index=True)
        assert own.rows is not None
        for i in sorted(wrong[first]):
            bill = int(mapped.line_bill[i])
            table, row = int(mapped.lines.table[i]), int(mapped.lines.row[i])
            source = mapped.tables[table].source
            index, header = column.source.get(table, (None, None))
            cell = CellRef(source.file, source.sheet, row, header, table, index)
            words = {"other": of_bill[i], "first": int(own.rows[bill])}
            code = f"{BILLS}.{name if name in FIELDS[BILLS] else 'property'}.disagrees"
            out.append(finding(code, cell, str(text[i]), bills=(bill,), lines=(int(i),), **words))
    return out
