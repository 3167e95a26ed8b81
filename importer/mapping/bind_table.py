"""Bind one source table to a template: the column of each field, the role of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.dates import SERIAL, serial_date
from importer.core.number_look import is_code, look_of
from importer.core.text_column import arrow_texts
from importer.mapping.cell_looks import look_findings
from importer.mapping.classified_rows import ClassifiedRows, ControlTotal
from importer.mapping.continued_rows import filled_note
from importer.mapping.fill_down import BILL_START, FilledTable, fill_down, finish_fill
from importer.mapping.headed_table import HeadedTable
from importer.mapping.header_findings import (
    ambiguous_headers,
    data_in_header,
    missing_columns,
    missing_parameters,
    unknown_columns,
)
from importer.mapping.headers import (
    HeaderMatch,
    accepted_headers,
    expressions,
    property_columns,
)
from importer.mapping.merged_cells import with_merged_cells
from importer.mapping.parameters import values_of
from importer.mapping.row_groups import group_heads
from importer.mapping.row_roles import classify_rows
from importer.mapping.shifted_rows import shifted_rows
from importer.model.fields import (
    BILLS,
    FIELDS,
    LINE_ITEMS,
    FieldKind,
    field_of,
)
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, InputTable, Role, TableKind
from importer.readers.csv.runaway_quotes import find_runaway_quotes

_NO_HEADER = "(no header)"  # in a result, of a column beyond the header's last cell
_DATES = (FieldKind.DATE, FieldKind.DATE_TIME)
_TEXTS = (FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT)


@dataclass
class BoundTable:
    """A table with its header row, its data rows and the columns of its fields."""

    table: InputTable
    header: HeaderMatch
    index: int
    positions: np.ndarray  # indexes into source.rows of the DATA rows
    fields: dict[tuple[str, str], int]  # (sheet, field) → column index
    missing_fields: frozenset[tuple[str, str]]  # reported as without a column
    bill_starts: np.ndarray | None = None  # of the DATA rows: number of the row of their bill
    notes: tuple[str, ...] = ()  # for people, without the name of the table

    def arrow(self, column: int) -> pa.LargeStringArray:
        """The texts of the DATA rows."""
        texts, at = arrow_texts(self.table.source.columns[column]), self.positions
        if len(at) and at[-1] - at[0] + 1 == len(at):  # no row between them is left out
            return texts.slice(int(at[0]), len(at))
        return texts.take(pa.array(at))

    def cell(self, k: int, column: int) -> CellRef:
        """The place of a cell of the DATA row ``k``."""
        source, header = self.table.source, self.table.headers[column]
        row = int(source.rows[int(self.positions[k])])
        return CellRef(source.file, source.sheet, row, header, self.index, column)

    def texts(self, column: int) -> np.ndarray:
        return np.asarray(self.arrow(column).to_numpy(zero_copy_only=False), dtype=object)

    def kinds(self, column: int) -> np.ndarray | None:
        """The CellKind codes of the DATA rows; None where all are TEXT."""
        kinds = self.table.source.kinds
        if kinds is None:
            return None
        # numpy would take bytes, as the reader gives them, for one text
        codes: np.ndarray = np.asarray(bytearray(kinds[column]), dtype=np.uint8)
        return np.asarray(codes[self.positions])


def bind_table(
    table: HeadedTable, findings: list[Finding], totals: list[ControlTotal]
) -> BoundTable:
    """The table with the columns of its fields and its data rows; appends findings and totals."""
    beyond = _columns_beyond_header(table)
    table = _with_shown_codes(_with_1904_dates(table))
    table, merged_findings, merged_note = with_merged_cells(table)
    heads = group_heads(table)
    filled = fill_down(table, heads)
    rows = classify_rows(table, filled)
    if rows.doubtful and filled.origins:
        filled = fill_down(table, heads | rows.doubtful.keys())
    rows.findings += [*rows.doubtful.values(), *merged_findings]
    if merged_note:
        rows.notes.append(merged_note)
    if note := filled_note(table, filled, rows):
        rows.notes.append(note)
    filled, fill_findings = finish_fill(filled, rows.roles)
    table = _with_group_names(filled.table, rows)
    fields = _field_columns(table)
    missing, column_findings = missing_columns(table)
    findings += column_findings
    findings += ambiguous_headers(table)
    if table.template.unknown_columns == "warn":
        findings += unknown_columns(table, set(fields.values()))
    findings += data_in_header(table, set(fields.values()))
    if table.source.encoding_doubt:
        doubt = table.source.encoding_doubt
        findings.append(finding("sheet.encoding.doubtful", table.cell(), doubt))
    findings += missing_parameters(table)
    findings += _runaway_quotes(table)
    findings += _cells_beyond_header(table, beyond, rows.roles)
    if shifted := dict(shifted_rows(table, rows.roles)):
        findings += shifted.values()
        # so that the result, which has no lengths of rows, is refused as well
        marks = ["moved" if k in shifted else "" for k in range(len(rows.roles))]
        table = table.with_column(_NO_HEADER, marks)
    findings += [*rows.findings, *fill_findings]
    totals += rows.totals
    findings += _row_warnings(table, rows)
    money = {
        column
        for (sheet, name), column in fields.items()
        if field_of(sheet, name.partition("*")[0]).kind is FieldKind.CENTS
    }
    findings += look_findings(table, rows.roles, set(fields.values()), money)
    return _bound(table, filled, rows, fields, missing, beyond)


def _bound(
    table: HeadedTable,
    filled: FilledTable,
    rows: ClassifiedRows,
    fields: dict[tuple[str, str], int],
    missing: frozenset[tuple[str, str]],
    beyond: Sequence[int],
) -> BoundTable:
    source, header = table.source, table.header
    headers = tuple(_NO_HEADER if c in beyond else h for c, h in enumerate(header.headers))
    values = values_of(source, header.last_row, table.template)
    input_table = InputTable(
        source,
        table.kind,
        header.last_row,
        headers,
        rows.roles,
        header.row_count,
        rows.reasons,
        {name: text for name, text in values.items() if text},
    )
    positions = table.start + np.flatnonzero(rows.data())
    bill_starts = None
    if filled.bill_starts is not None:
        bill_starts = np.asarray(filled.bill_starts, dtype=object)[positions - table.start]
    return BoundTable(
        input_table,
        header,
        table.index,
        positions,
        fields,
        missing,
        bill_starts,
        tuple(rows.notes),
    )


# --- columns ----------------------------------------------------------------------------------


def _with_1904_dates(table: HeadedTable) -> HeadedTable:
    """Day numbers of a workbook that counts from 1904 as dates: its result counts from 1900."""
    source, template = table.source, table.template
    if not source.date1904 or source.kinds is None or SERIAL not in template.formats.dates:
        return table
    columns, kinds = list(source.columns), list(source.kinds)
    dated = {
        column
        for sheet, name, expression in expressions(template, table.kind)
        if name in FIELDS[sheet] and FIELDS[sheet][name].kind in _DATES
        for names, _ in expression.columns()
        if (column := table.header.column_of(names)) is not None
    }
    for column in dated:
        texts, codes = list(columns[column]), bytearray(kinds[column])
        for i in range(table.start, len(texts)):
            day = serial_date(texts[i], date1904=True)
            if codes[i] == CellKind.NUMBER and day is not None:
                texts[i], codes[i] = day.isoformat(), CellKind.DATE
        columns[column], kinds[column] = texts, bytes(codes)
    return replace(table, source=replace(source, columns=tuple(columns), kinds=tuple(kinds)))


def _with_shown_codes(table: HeadedTable) -> HeadedTable:
    """Codes and texts as their number format shows them: INV-0042, where the cell has 42."""
    source, template = table.source, table.template
    if source.kinds is None or not any(source.format_marks.values()):
        return table
    named = [
        names
        for sheet, name, expression in expressions(template, table.kind)
        if field_of(sheet, name).kind in _TEXTS
        for names, _ in expression.columns()
    ]
    named += [accepted_headers(template, name) for name in template.group_by]
    shown = {c for names in named if (c := table.header.column_of(names)) is not None}
    columns, kinds, marks = list(source.columns), list(source.kinds), dict(source.format_marks)
    for column in shown & marks.keys():
        of_rows = {row: mark for row, mark in marks[column].items() if is_code(mark)}
        texts, codes = list(columns[column]), bytearray(kinds[column])
        for i in range(table.start, len(texts)) if of_rows else ():
            mark = of_rows.get(int(source.rows[i]))
            if mark and codes[i] == CellKind.NUMBER and (look := look_of(mark, texts[i])).shown:
                texts[i], codes[i] = look.shown, CellKind.TEXT
        columns[column], kinds[column] = texts, bytes(codes)
    return replace(table, source=replace(source, columns=tuple(columns), kinds=tuple(kinds)))


def _with_group_names(table: HeadedTable, rows: ClassifiedRows) -> HeadedTable:
    """The table with the groups' names as a column at its end.

    A result has that column already; what a person corrected there counts.
    """
    groups = table.template.source.groups
    if not groups or (table.is_result and table.header.columns_named(groups.name)):
        return table
    return table.with_column(groups.name, rows.groups)


def _field_columns(table: HeadedTable) -> dict[tuple[str, str], int]:
    fields: dict[tuple[str, str], int] = {}
    for sheet, name, expression in expressions(table.template, table.kind):
        for i, (names, _) in enumerate(expression.columns()):
            column = table.header.column_of(names)
            if column is not None:
                fields[sheet, f"{name}*{i}" if i or not expression.column else name] = column
    sheet = BILLS if table.kind is TableKind.BILLS else LINE_ITEMS
    return fields | {(sheet, name): column for column, name in property_columns(table.header)}


# --- rows -------------------------------------------------------------------------------------


def _columns_beyond_header(table: HeadedTable) -> list[int]:
    """The columns of a CSV file, or its result, to the right of the header's last cell."""
    source, headers = table.source, table.header.headers
    if source.lengths is None:
        return [c for c, text in enumerate(headers) if table.is_result and text == _NO_HEADER]
    width = max(source.lengths[table.start - table.header.row_count : table.start])
    return list(range(width, len(source.columns)))


def _runaway_quotes(table: HeadedTable) -> Iterator[Finding]:
    """Findings for cells that hold rows of the file; a result is searched again."""
    source = table.source
    cells = source.runaway_quotes
    if source.previous_outcomes is not None:
        headers = table.header.headers[:-1] if source.ends_in_then else table.header.headers
        columns = [c for c, header in enumerate(headers) if header != BILL_START]
        records = [[source.columns[c][i] for c in columns] for i in range(len(source.rows))]
        cells = tuple(
            (table.number(i), columns[c], count)
            for delimiter in ",;\t|"
            for i, c, count in find_runaway_quotes(records, delimiter)
        )
    index = {row: i for i, row in enumerate(source.rows)} if cells else {}
    for row, column, count in cells:
        cell, text = table.cell(index[row], column), source.columns[column][index[row]]
        yield finding("sheet.row.swallowed", cell, text, count=count)


def _cells_beyond_header(
    table: HeadedTable, beyond: Sequence[int], roles: Sequence[Role]
) -> Iterator[Finding]:
    """Findings for rows with values beyond the header's last cell: their cells may have moved."""
    filled: set[int] = set()
    of_file = set(table.file_columns())
    left = sum(c not in of_file for c in range(beyond[0])) if beyond else 0  # that a result adds
    for column in beyond:
        texts = table.texts(column)
        filled.update(np.flatnonzero(pc.greater(pc.binary_length(texts), 0)).tolist())
    for k in sorted(filled):
        i = table.start + k
        extra = {c: text for c in beyond if (text := table.text(c, i))}
        if roles[k] is Role.DATA and extra:
            code, text, cells = (
                "sheet.row.too_long",
                next(iter(extra.values())),
                max(extra) + 1 - left,
            )
            yield finding(code, table.cell(i), text, headers=beyond[0] - left, cells=cells)


def _row_warnings(table: HeadedTable, rows: ClassifiedRows) -> Iterator[Finding]:
    """Findings for a sheet without data rows, and for hidden sheets and rows."""
    source = table.source
    if Role.DATA not in rows.roles:
        yield finding("sheet.rows.none", table.header_cell())
    if source.hidden:
        yield finding("sheet.hidden", table.cell())
    if hidden := [r for r in source.hidden_rows if r > table.number(table.header.last_row)]:
        first = ", ".join(map(str, hidden[:10]))
        cell = replace(table.cell(), row=hidden[0])
        yield finding("sheet.rows.hidden", cell, count=len(hidden), rows=first)
