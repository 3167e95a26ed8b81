"""Source tables and a template → the canonical tables of bills and line items, still as text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.mapping.bind_table import BoundTable, ControlTotal, open_table
from importer.mapping.canonical_columns import CanonicalTable, Reader, canonical
from importer.mapping.evaluate import NOWHERE
from importer.mapping.headers import HeaderMatch, alternatives, find_header, is_result, kind_of
from importer.mapping.recognition import example_headers, kinds_of
from importer.mapping.template_model import Template, glob_matches
from importer.mapping.text_cleanup import tidied
from importer.mapping.unread_tax import unread_tax
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import InputTable, SourceTable, TableKind


@dataclass
class MappedTables:
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

    def column_reported_missing(self, sheet: str, *names: str) -> np.ndarray:
        """Which items stand in a table that was told, once, to lack the columns of these fields."""
        mapped = self.template.bills if sheet == BILLS else self.template.line_items
        wanted = {(sheet, name) for name in names if name in mapped} or {(sheet, n) for n in names}
        tables = [table for table, lacks in self.lacking.items() if wanted <= lacks]
        return _among(self.items(sheet).table, tables)

    def lacks_column(self, sheet: str, name: str) -> np.ndarray:
        """Which items stand in a table that has no column for the field."""
        column = self.items(sheet).columns.get(name)
        source = {} if column is None else column.source
        return ~_among(self.items(sheet).table, source)

    def items(self, sheet: str) -> CanonicalTable:
        return self.bills if sheet == BILLS else self.lines

    def place(self, sheet: str, i: int, relative_to: int) -> str:
        """The row of an item for a sentence, with its file and sheet where they are others."""
        items = self.items(sheet)
        own, other = (self.tables[int(items.table[k])].source for k in (i, relative_to))
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
        if column.at is not None and column.at[i] not in (NOWHERE, index):
            index = int(column.at[i])
            header = self.tables[table].headers[index]
        return CellRef(source.file, source.sheet, row, header, table, index)

    def groups(self, sheet: str, name: str) -> list[np.ndarray]:
        """The items of a field by the column of the file that their values come from.

        How dates and numbers are written is decided for each such column by itself.
        """
        items = self.items(sheet)
        column = items.columns[name]
        at = np.full(len(items), NOWHERE) if column.at is None else column.at
        code, groups = pd.factorize(items.table * (1 << 20) + at)
        return [np.flatnonzero(code == k) for k in range(len(groups))]


def _among(table: np.ndarray, some: Collection[int]) -> np.ndarray:
    out = np.zeros(len(table), dtype=bool)
    for one in some:
        out |= table == one
    return out


def map_tables(
    sources: Sequence[SourceTable],
    template: Template,
    told: dict[str, TableKind] | None = None,
) -> MappedTables:
    """The canonical tables. ``told`` says outright which file is of bills, which of lines.

    What is wrong with a sheet as a whole (a column missing or there twice, no rows) is a finding.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    totals: list[ControlTotal] = []
    opened: list[BoundTable] = []
    for source, found, kind in _recognised(sources, template, told or {}):
        if not _of_template(source, template):
            sheet = template.source.sheet
            notes.append(f"{_name(source)} is not read: the template reads the sheet '{sheet}'.")
            continue
        if kind is None or found is None:
            notes.append(f"{_name(source)} is not read: its headers are not those of the template.")
            continue
        opened.append(open_table(source, found, kind, template, len(opened), findings, totals))
        if used := opened[-1].table.parameters:
            said = ", ".join(f"{name} = {text}" for name, text in used.items())
            notes.append(f"{_name(source)}: parameters of the template: {said}.")
        notes += _passed_over(opened[-1].table)
        told_of = (*opened[-1].notes, *unread_tax(opened[-1], template))
        notes += [f"{_name(source)}: {note}." for note in told_of]
    tables = tuple(o.table for o in opened)
    if template.layout == "flat":
        reader = Reader(opened, template)
        lines = canonical(LINE_ITEMS, reader)
        line_bill, firsts = _grouped(reader, lines)
        reader.line_bill, reader.firsts = line_bill, firsts
        bills = canonical(BILLS, reader)
    else:
        line_bill = None
        of_bills = [o for o in opened if o.table.kind is TableKind.BILLS]
        of_lines = [o for o in opened if o.table.kind is TableKind.LINE_ITEMS]
        bills = canonical(BILLS, Reader(of_bills, template))
        lines = canonical(LINE_ITEMS, Reader(of_lines, template))
        for sheet, there, other in ((BILLS, of_bills, of_lines), (LINE_ITEMS, of_lines, of_bills)):
            if other and not there:
                where = CellRef(other[0].table.source.file)
                headers = example_headers(template, sheet)
                findings.append(finding(f"{sheet}.sheet.missing", where, headers=headers))
    lacking = {o.index: o.lacks for o in opened}
    mapped = MappedTables(
        template, tables, bills, lines, line_bill, totals, findings, notes, lacking
    )
    places = _items_at(mapped) if any(f.code in _OF_ROWS for f in findings) else {}
    mapped.findings = [_with_items(f, mapped, places) for f in findings]
    if line_bill is not None:
        mapped.findings += _disagreements(mapped, reader)
    return mapped


# What is wrong with a sheet as a whole, so that none of its rows can be trusted.
_SHEET_WIDE = frozenset(
    (
        "sheet.column.missing",
        "sheet.column.twice",
        "sheet.field.unmapped",
        "sheet.stop.missing",
        "sheet.header.holds_data",
        "sheet.parameter.missing",
    )
)
_OF_ROWS = frozenset(
    (
        "sheet.row.swallowed",
        "sheet.row.too_long",
        "sheet.total.doubtful",
        "sheet.row.goes_on_with_passed_over",
        "sheet.group.other_name",
    )
)
_NO_LINES = frozenset(("line_items.sheet.missing", "sheet.rows.none"))


Places = dict[tuple[int, int], tuple[list[int], list[int]]]


def _items_at(mapped: MappedTables) -> Places:
    """The bills and lines of each (table, row)."""
    out: Places = {}
    for which, items in enumerate((mapped.bills, mapped.lines)):
        there = zip(items.table.tolist(), items.row.tolist(), strict=True)
        for i, place in enumerate(there):
            out.setdefault(place, ([], []))[which].append(i)
    return out


def _with_items(f: Finding, mapped: MappedTables, places: Places) -> Finding:
    """The finding with the bills and lines it makes invalid."""
    if f.code in _SHEET_WIDE:
        bills, lines = (
            tuple(np.flatnonzero(items.table == f.cell.table).tolist())
            for items in (mapped.bills, mapped.lines)
        )
        return replace(f, bills=bills, lines=lines)
    if f.code in _OF_ROWS:
        at = (-1 if f.cell.table is None else f.cell.table, f.cell.row or 0)
        bills, lines = map(tuple, places.get(at, ([], [])))
        if f.code == "sheet.row.goes_on_with_passed_over":  # the bill before it may lack this row
            of = mapped.lines.table
            lines = tuple(n for i in lines for n in (i - 1, i) if n >= 0 and of[n] == of[i])
        return replace(f, lines=lines) if lines else replace(f, bills=bills)
    if f.code in _NO_LINES and not len(mapped.lines):
        return replace(f, bills=tuple(range(len(mapped.bills))))
    return f


def _passed_over(table: InputTable) -> Iterator[str]:
    """Which rows were left out, rule by rule."""
    by_rule: dict[str, list[int]] = {}
    for row, rule in sorted(table.reasons.items()):
        by_rule.setdefault(rule, []).append(row)
    for rule, rows in by_rule.items():
        shown = ", ".join(map(str, rows[:10])) + (" …" if len(rows) > 10 else "")
        word = "row" if len(rows) == 1 else "rows"
        yield f"{_name(table.source)}: {len(rows)} {word} passed over ({shown}): {rule}."


def _of_template(source: SourceTable, template: Template) -> bool:
    return source.sheet is None or glob_matches(template.source.sheet, source.sheet)


def _recognised(
    sources: Sequence[SourceTable], template: Template, told: dict[str, TableKind]
) -> list[tuple[SourceTable, HeaderMatch | None, TableKind | None]]:
    """Each table with its header row and kind.

    What was told of a file holds for the sheets that look like it, and for all that have a header
    row where none does.
    """
    out = []
    results = {source.file for source in sources if is_result(source)}
    for source in sources:
        # Of a former result only the sheets with the rows of the file are read.
        reads = source.file not in results or is_result(source)
        found = find_header(source, template, kinds_of(template)) if reads else None
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


def _grouped(reader: Reader, lines: CanonicalTable) -> tuple[np.ndarray, np.ndarray]:
    """Each line's bill in a flat layout, and each bill's first line.

    Bills are in order of their first row. A row that lacks any part of the key stands alone: rows
    are never joined by what is blank. Nor are rows of different files or sheets: exports that
    overlap would double the bill.
    """
    size = len(lines)
    key, alone = lines.table.astype(np.int64), np.zeros(size, dtype=bool)
    for name in reader.template.group_by:
        part = tidied(reader.arrow(reader.columns(alternatives(reader.template, name))))
        codes = part.dictionary_encode()
        alone |= np.asarray(pc.equal(part, "").to_numpy(zero_copy_only=False), dtype=bool)
        both = key * (len(codes.dictionary) + 1) + codes.indices.to_numpy().astype(np.int64)
        key = pd.factorize(both)[0].astype(np.int64)  # small again
    key[alone] = -1 - np.flatnonzero(alone)
    line_bill, firsts = pd.factorize(_with_those_that_go_on(reader, key))
    first = np.full(len(firsts), size, dtype=np.int64)
    np.minimum.at(first, line_bill, np.arange(size))
    return line_bill.astype(np.int64), first


def _with_those_that_go_on(reader: Reader, key: np.ndarray) -> np.ndarray:
    """The keys, one for all rows of a bill: rows that begin in one row are of one bill, whatever
    their keys are, and so are rows of one key."""
    begins = reader.begins
    there = np.flatnonzero(begins != "")
    if not len(there):
        return key
    tables = len(reader.opened)
    begin = pd.factorize(begins[there])[0].astype(np.int64) * tables + reader.table[there]
    _, at, codes = np.unique(begin, return_index=True, return_inverse=True)
    of_begin = key[there][at][codes]
    joins = np.unique(np.stack([of_begin, key[there]]), axis=1)
    joined: dict[int, int] = {}

    def whole(name: int) -> int:
        while (above := joined.get(name, name)) != name:
            name = above
        return name

    for first, other in joins[:, joins[0] != joins[1]].T.tolist():
        if (a := whole(first)) != (b := whole(other)):
            joined[b] = a
    if not joined:
        return key
    names, codes = np.unique(key, return_inverse=True)
    return np.asarray([whole(name) for name in names.tolist()], dtype=np.int64)[codes]


def _disagreements(mapped: MappedTables, reader: Reader) -> list[Finding]:
    """Columns of header fields that differ between the rows of one bill: one finding each."""
    out: list[Finding] = []
    for name in mapped.bills.columns:
        expression = mapped.template.bills.get(name)
        if expression is None:
            read = [[o.fields.get((BILLS, name)) for o in reader.opened]]
        else:
            read = [reader.columns(names) for names, _ in expression.columns()]
        for columns in read:
            out += _differing(mapped, reader, name, columns)
    return out


def _differing(
    mapped: MappedTables, reader: Reader, name: str, columns: Sequence[int | None]
) -> Iterator[Finding]:
    """One finding for each bill whose rows do not all have its own value, or none."""
    assert mapped.line_bill is not None
    text, own = tidied(reader.arrow(columns)), reader.first_filled(columns)
    of_bill = text.take(pa.array(own[mapped.line_bill]))
    differs = pc.and_(pc.not_equal(text, of_bill), pc.not_equal(text, ""))
    wrong = np.flatnonzero(differs.to_numpy(zero_copy_only=False))
    _, first = np.unique(mapped.line_bill[wrong], return_index=True)
    code = f"{BILLS}.{name if name in FIELDS[BILLS] else 'property'}.disagrees"
    for i in sorted(wrong[first].tolist()):
        number = int(mapped.line_bill[i])
        table = int(mapped.lines.table[i])
        index = columns[[o.index for o in reader.opened].index(table)]
        assert index is not None
        source = mapped.tables[table].source
        header = mapped.tables[table].headers[index]
        cell = CellRef(source.file, source.sheet, int(reader.row[i]), header, table, index)
        words = {"other": of_bill[i].as_py(), "first": int(reader.row[own[number]])}
        yield finding(code, cell, text[i].as_py(), bills=(number,), lines=(i,), **words)
