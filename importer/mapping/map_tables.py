"""Map source tables by a template to the canonical tables of bills and line items, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate

import numpy as np
import pandas as pd

from importer.core.counted_nouns import count
from importer.core.name_key import name_key
from importer.mapping.bind_table import BoundTable, bind_table
from importer.mapping.canonical_columns import CanonicalTable, ColumnReader, canonical_table
from importer.mapping.classified_rows import ControlTotal
from importer.mapping.contrary_states import contrary_states
from importer.mapping.disagreements import disagreements
from importer.mapping.dispositions import dispositions
from importer.mapping.evaluate import NOWHERE
from importer.mapping.extra_lines import with_extra_lines, with_lines_of_bills
from importer.mapping.finding_items import findings_with_items
from importer.mapping.group_rows import GroupedRows, group_rows, key_findings
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import (
    HeaderMatch,
    find_header,
    is_result_sheet,
    table_kind,
)
from importer.mapping.paired_columns import paired_columns
from importer.mapping.recognition import example_headers, table_kinds
from importer.mapping.repeated_rows import RepeatedRows, repeated_rows
from importer.mapping.split_tables import lines_left_out, split_bills, split_tables
from importer.mapping.stated_amounts import StatedColumn, stated_columns
from importer.mapping.template_model import Template
from importer.mapping.unread_columns import UnreadColumn, unread_columns
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import VENDORS_SHEET, InputTable, SourceTable, TableKind


@dataclass
class MappedTables:
    """The canonical tables, with the input tables and what was found while mapping them.

    ``line_bill``: in a flat layout each line's bill; None where lines are joined by reference.
    ``missing_fields``: table index → the (sheet, field)s reported to have no column.
    """

    template: Template
    tables: tuple[InputTable, ...]
    bills: CanonicalTable
    lines: CanonicalTable
    line_bill: np.ndarray | None
    control_totals: list[ControlTotal]
    findings: list[Finding]
    notes: list[str]
    missing_fields: dict[int, frozenset[tuple[str, str]]] = field(default_factory=dict)
    repeated: list[RepeatedRows] = field(default_factory=list)  # unless the template allows them
    stated: list[StatedColumn] = field(default_factory=list)  # amounts beside those worked out
    left_out: LeftOutTables | None = None
    typed_notes: np.ndarray | None = None  # which bills are credit notes by their type
    unread: list[tuple[str, UnreadColumn]] = field(default_factory=list)  # with their sheet
    clears: dict[str, dict[int, frozenset[str]]] = field(default_factory=dict)
    """By sheet and item, the fields that an update is to blank."""

    def column_reported_missing(self, sheet: str, *names: str) -> np.ndarray:
        """Which items are in a table already reported to lack the columns of these fields."""
        mapped = self.template.bills if sheet == BILLS else self.template.line_items
        fields = {(sheet, name) for name in names if name in mapped} or {(sheet, n) for n in names}
        tables = [table for table, missing in self.missing_fields.items() if fields <= missing]
        return np.isin(self.items(sheet).table, tables)

    def lacks_column(self, sheet: str, name: str) -> np.ndarray:
        """Which items are in a table that has no column for the field."""
        column = self.items(sheet).columns.get(name)
        source = () if column is None else tuple(column.source)
        return ~np.isin(self.items(sheet).table, source)

    def items(self, sheet: str) -> CanonicalTable:
        return self.bills if sheet == BILLS else self.lines

    def place(self, sheet: str, i: int, relative_to: int) -> str:
        """The row of an item in words, with its file and sheet where the other item's differ."""
        items = self.items(sheet)
        source, other = (self.tables[int(items.table[k])].source for k in (i, relative_to))
        row = str(items.row[i])
        if source.file != other.file:
            return f"{row} of {source.name}"
        return row if source.sheet == other.sheet else f"{row} of sheet {source.sheet}"

    def cell(self, sheet: str, name: str, i: int) -> CellRef:
        """The place of a field's value of the ``i``-th bill or line item."""
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

    def header(self, sheet: str, name: str, i: int) -> str:
        """The header of that value's column, or the name of the field where it is in none."""
        return (self.cell(sheet, name, i).column or name).strip()

    def groups(self, sheet: str, name: str) -> list[np.ndarray]:
        """The items of a field, grouped by the column of the file their values come from.

        The format of dates and numbers is decided for each such column.
        """
        items = self.items(sheet)
        column = items.columns[name]
        at = np.full(len(items), NOWHERE) if column.at is None else column.at
        code, groups = pd.factorize(items.table * (1 << 20) + at)
        return [np.flatnonzero(code == k) for k in range(len(groups))]


@dataclass(frozen=True)
class LeftOutTables:
    """The documents that their type or state leaves out, as bills. By bill: ``credit_notes`` says
    which are some, ``reasons`` are in words."""

    mapped: MappedTables
    credit_notes: np.ndarray
    reasons: np.ndarray


def map_tables(
    sources: Sequence[SourceTable],
    template: Template,
    stated_kinds: dict[str, TableKind] | None = None,
) -> MappedTables:
    """The canonical tables. ``stated_kinds``: file → whether it is of bills or of line items.

    What is wrong with a sheet as a whole (a column missing or ambiguous, no rows) is a finding.
    """
    findings: list[Finding] = []
    notes: list[str] = []
    totals: list[ControlTotal] = []
    bound: list[BoundTable] = []
    for source, header, kind in _recognised(sources, template, stated_kinds or {}):
        notes += [
            f"{source.file}, sheet {sheet} is not read: it is damaged. If there are bills in it,"
            " save the workbook again in Excel."
            for sheet in source.unread_sheets
        ]
        if source.formats_unread:
            notes.append(
                f"{source.name} is damaged: its cells could be read, their number formats could"
                " not. Compare it with Excel where a format shows a currency, a sign or zeros."
            )
        if source.holds_choices:
            continue
        if not _is_selected(source, template):
            sheet = template.source.sheet
            notes.append(f"{source.name} is not read: the template reads the sheet '{sheet}'.")
            continue
        if kind is None or header is None:
            vendors = name_key(source.sheet or "") == name_key(VENDORS_SHEET)
            why = "its headers are not those of the template"
            why = "that needs --create-vendors" if vendors else why
            notes.append(f"{source.name} is not read: {why}.")
            continue
        headed = HeadedTable(source, header, kind, template, len(bound))
        bound.append(bind_table(headed, findings, totals))
        notes += _notes(bound[-1], template)
    if template.layout == "flat":
        mapped, of_rows, differing = _map_flat(bound, template)
    else:
        findings += _sheets_missing(bound, template)
        mapped, of_rows = _map_two_sheets(bound, template)
        differing = []
    mapped.notes, mapped.control_totals = notes, totals
    fills_down = bool(template.source.fill_down)
    of_items = findings_with_items(findings, mapped.bills, mapped.lines, fills_down)
    mapped.findings = [*of_items, *of_rows, *differing]
    return mapped


def _map_flat(
    bound: Sequence[BoundTable], template: Template
) -> tuple[MappedTables, list[Finding], list[Finding]]:
    """The mapped tables, the findings of types and states, and those of rows that disagree."""
    reader = ColumnReader(bound, template)
    grouped = group_rows(reader)
    rows = dispositions(reader, grouped.line_bill)
    of_rows: list[Finding] = [*contrary_states(reader)]
    left_out = typed_notes = None
    unpaired_before: list[Finding] = []
    if rows is not None:
        mask = rows.passed_over
        numbers = np.cumsum(~mask) - 1
        of_rows += split_bills(reader, grouped.line_bill, rows)
        of_rows += [replace(f, lines=tuple(numbers[at].tolist())) for f, at in rows.findings]
        if mask.any():
            # Payments say as well which vendor a number belongs to.
            reader.line_bill = grouped.line_bill
            for f in paired_columns(reader):
                remaining = [i for i in f.lines if not mask[i]]
                if remaining or not f.lines:
                    unpaired_before.append(replace(f, lines=tuple(numbers[remaining].tolist())))
            bound, others = split_tables(reader, mask, rows.reasons)
            _, kinds = np.unique(rows.reasons[mask].astype(str), return_inverse=True)
            of_others = ColumnReader(others, template)
            passed = group_rows(of_others, kinds * 2 + rows.credit_notes[mask])
            mapped = _flat_tables(of_others, passed)
            notes, reasons = (
                each[mask][passed.first_rows] for each in (rows.credit_notes, rows.reasons)
            )
            left_out = LeftOutTables(mapped, notes, reasons)
            reader = ColumnReader(bound, template)
        # A credit note may have the number of the bill that it is about.
        notes = rows.credit_notes[~mask]
        if mask.any() or notes.any():
            grouped = group_rows(reader, notes.astype(np.int64) if notes.any() else None)
        typed_notes = notes[grouped.first_rows]
    of_rows += key_findings(reader, grouped)
    mapped = _flat_tables(reader, grouped)
    mapped.left_out, mapped.typed_notes = left_out, typed_notes
    mapped.unread = [(LINE_ITEMS, column) for column in unread_columns(reader)]
    if template.source.repeated_lines == "refuse":
        mapped.repeated = repeated_rows(reader, grouped)
    mapped.stated = list(stated_columns(reader))
    of_rows += list(paired_columns(reader)) or unpaired_before
    return (
        mapped,
        of_rows,
        disagreements(reader, mapped.bills.columns, [key.columns for key in grouped.keys]),
    )


def _flat_tables(reader: ColumnReader, grouped: GroupedRows) -> MappedTables:
    """The canonical tables, the bills in the order of their rows."""
    lines = canonical_table(LINE_ITEMS, reader)
    lines, line_bill = with_extra_lines(reader, grouped, lines)
    reader.line_bill, reader.first_rows = grouped.line_bill, grouped.first_rows
    bills = canonical_table(BILLS, reader)
    return _mapped(reader.tables, reader.template, bills, lines, line_bill)


def _map_two_sheets(
    bound: Sequence[BoundTable], template: Template
) -> tuple[MappedTables, list[Finding]]:
    """The mapped tables, and the findings of types and states."""
    readers = [
        ColumnReader([t for t in bound if t.table.kind is kind], template)
        for kind in (TableKind.BILLS, TableKind.LINE_ITEMS)
    ]
    of_bills, of_lines = readers
    bills, lines = canonical_table(BILLS, of_bills), canonical_table(LINE_ITEMS, of_lines)
    rows = dispositions(of_bills, np.arange(len(bills)))
    if rows is None:
        lines = with_lines_of_bills(of_bills, bills, lines)
        return _mapped(bound, template, bills, lines, None), []
    mask = rows.passed_over
    numbers = np.cumsum(~mask) - 1
    findings = [replace(f, bills=tuple(numbers[at].tolist())) for f, at in rows.findings]
    if not mask.any():
        lines = with_lines_of_bills(of_bills, bills, lines)
        mapped = _mapped(bound, template, bills, lines, None)
        mapped.typed_notes = rows.credit_notes
        return mapped, findings
    at, owners, shared = lines_left_out(bills, mask, lines)
    line_mask, line_reasons = np.zeros(len(lines), dtype=bool), np.full(len(lines), "", object)
    line_mask[at], line_reasons[at] = True, rows.reasons[owners]
    split = [
        split_tables(of_bills, mask, rows.reasons),
        split_tables(of_lines, line_mask, line_reasons),
    ]

    def tables(which: int) -> MappedTables:
        parts = [each[which] for each in split]
        both = sorted([*parts[0], *parts[1]], key=lambda t: t.index)
        of_bills, of_lines = (ColumnReader(part, template) for part in parts)
        bills, lines = canonical_table(BILLS, of_bills), canonical_table(LINE_ITEMS, of_lines)
        lines = with_lines_of_bills(of_bills, bills, lines)
        return _mapped(both, template, bills, lines, None)

    mapped, others = tables(0), tables(1)
    mapped.left_out = LeftOutTables(others, rows.credit_notes[mask], rows.reasons[mask])
    mapped.typed_notes = rows.credit_notes[~mask]
    for i in shared.tolist():
        cell = mapped.cell(BILLS, "billRef", int(numbers[i]))
        findings.append(finding("bills.billRef.left_out_too", cell, bills=(int(numbers[i]),)))
    return mapped, findings


def _sheets_missing(bound: Sequence[BoundTable], template: Template) -> Iterator[Finding]:
    sheets = {TableKind.BILLS: BILLS, TableKind.LINE_ITEMS: LINE_ITEMS}
    kinds = {t.table.kind for t in bound}
    for kind in sheets.keys() - kinds if bound else ():
        cell = CellRef(bound[0].table.source.file)
        headers = example_headers(template, sheets[kind])
        yield finding(f"{sheets[kind]}.sheet.missing", cell, headers=headers)


def _mapped(
    bound: Sequence[BoundTable],
    template: Template,
    bills: CanonicalTable,
    lines: CanonicalTable,
    line_bill: np.ndarray | None,
) -> MappedTables:
    tables = tuple(t.table for t in bound)
    missing = {t.index: t.missing_fields for t in bound}
    mapped = MappedTables(template, tables, bills, lines, line_bill, [], [], [], missing)
    if line_bill is None:
        for sheet, kind in ((BILLS, TableKind.BILLS), (LINE_ITEMS, TableKind.LINE_ITEMS)):
            reader = ColumnReader([t for t in bound if t.table.kind is kind], template)
            mapped.unread += [(sheet, column) for column in unread_columns(reader)]
            if template.unknown_columns == "ignore":
                mapped.stated += stated_columns(reader, sheet)
    return mapped


def _notes(bound: BoundTable, template: Template) -> Iterator[str]:
    """What to tell people about a table: its parameters, its ignored rows by rule."""
    table = bound.table
    name = table.source.name
    if table.parameters:
        values = ", ".join(f"{name} = {text}" for name, text in table.parameters.items())
        yield f"{name}: parameters of the template: {values}."
    by_rule: dict[str, list[int]] = {}
    for row, rule in sorted(table.reasons.items()):
        by_rule.setdefault(rule, []).append(row)
    for rule, rows in by_rule.items():
        shown = ", ".join(map(str, rows[:10])) + (" …" if len(rows) > 10 else "")
        yield f"{name}: {count(len(rows), 'row')} passed over ({shown}): {rule}."
    for note in bound.notes:
        yield f"{name}: {note}."


def _is_selected(source: SourceTable, template: Template) -> bool:
    pattern = translate(template.source.sheet.casefold())
    return source.sheet is None or re.match(pattern, source.sheet.casefold()) is not None


def _recognised(
    sources: Sequence[SourceTable], template: Template, stated_kinds: dict[str, TableKind]
) -> list[tuple[SourceTable, HeaderMatch | None, TableKind | None]]:
    """Each table with its header row and kind.

    The stated kind of a file applies to the sheets that look like it, or, where none does, to all
    that have a header row.
    """
    out = []
    results = {source.file for source in sources if is_result_sheet(source)}
    for source in sources:
        # Of a result only the sheets with the rows of the file are read.
        is_input = source.file not in results or is_result_sheet(source)
        header = find_header(source, template, table_kinds(template)) if is_input else None
        out.append((source, header, table_kind(source, header, template)))
    confirmed = {s.file for s, _, kind in out if kind and stated_kinds.get(s.file) is kind}

    def decided(source: SourceTable, kind: TableKind | None) -> TableKind | None:
        stated = stated_kinds.get(source.file)
        if stated is None or kind is stated:
            return kind
        return None if source.file in confirmed else stated

    return [(source, header, decided(source, kind)) for source, header, kind in out]
