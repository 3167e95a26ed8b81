"""One source table opened: its header row, the columns of its fields, its rows told apart."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.dates import SERIAL, serial_date
from importer.core.money import Numbers, UnreadableAmount, read_decimal, tidy
from importer.core.nearest_name import did_you_mean
from importer.core.text_column import arrow_texts
from importer.mapping.fill_down import BEGINS, fill_down, settled
from importer.mapping.headers import (
    HeaderMatch,
    alternatives,
    column_letters,
    columns_of_file,
    expressions,
    header_at,
    is_result,
    needed,
    property_columns,
    unmapped,
)
from importer.mapping.parameters import values_of
from importer.mapping.row_groups import heads_of
from importer.mapping.row_roles import rows_of
from importer.mapping.template_model import Template
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, RESPONSE_ONLY, FieldKind, header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, InputTable, Role, SourceTable, TableKind
from importer.readers.csv.runaway_quotes import find_runaway_quotes

_NO_HEADER = "(no header)"  # of a column beyond the header, in a result


@dataclass
class ControlTotal:
    """The file's own total, as written, and where."""

    text: str
    kind: CellKind
    cell: CellRef


@dataclass
class BoundTable:
    """A table under way: its header row, its data rows and the columns of its fields."""

    table: InputTable
    found: HeaderMatch
    index: int
    positions: np.ndarray  # indexes into source.rows of the DATA rows
    fields: dict[tuple[str, str], int]  # (sheet, field) → column index
    lacks: frozenset[tuple[str, str]]
    begins: np.ndarray | None = None  # of the data rows, in which row their bill begins
    notes: tuple[str, ...] = ()  # for people, without the name of the table

    def arrow(self, column: int) -> pa.LargeStringArray:
        """The texts of the DATA rows."""
        texts, at = arrow_texts(self.table.source.columns[column]), self.positions
        if len(at) and at[-1] - at[0] + 1 == len(at):  # no row between them is left out
            return texts.slice(int(at[0]), len(at))
        return texts.take(pa.array(at))

    def texts(self, column: int) -> np.ndarray:
        return np.asarray(self.arrow(column).to_numpy(zero_copy_only=False), dtype=object)

    def kinds(self, column: int) -> np.ndarray | None:
        kinds = self.table.source.kinds
        if kinds is None:
            return None
        # bytes, as the reader gives them, would be taken for one text
        codes: np.ndarray = np.asarray(bytearray(kinds[column]), dtype=np.uint8)
        return np.asarray(codes[self.positions])


def open_table(
    source: SourceTable,
    found: HeaderMatch,
    kind: TableKind,
    template: Template,
    index: int,
    findings: list[Finding],
    totals: list[ControlTotal],
) -> BoundTable:
    """One table, its columns found and its rows told apart; findings and totals are added to."""
    here = CellRef(source.file, source.sheet, int(source.rows[found.header]), None, index)
    beyond = _beyond(source, found)
    source = _since_1904(source, found, kind, template)
    down = fill_down(source, found, kind, template, heads_of(source, found, template))
    rows = rows_of(source, down, kind, template, here)
    down, told = settled(down, rows.roles, here)
    source, found = down.source, down.found
    if template.source.groups:
        source, found = _with_groups(source, found, rows.groups, template.source.groups.name)
    fields: dict[tuple[str, str], int] = {}
    for sheet, name, expression in expressions(template, kind):
        for i, (names, _) in enumerate(expression.columns()):
            at = found.index(names)
            if at is not None:
                fields[sheet, f"{name}*{i}" if i or not expression.column else name] = at
    sheet = BILLS if kind is TableKind.BILLS else LINE_ITEMS
    fields |= {(sheet, name): at for at, name in property_columns(found)}

    lacks: set[tuple[str, str]] = set()
    for names in needed(template, kind):
        if found.index(names) is None:
            lacks |= {
                (of, field_name)
                for of, field_name, e in expressions(template, kind)
                if any(set(some) <= set(names) for some, _ in e.columns())
            }
            shown = " or ".join(f"'{name}'" for name in names)
            there = ", ".join(h.strip() for h in found.headers if h.strip())
            asked = template.where(names)
            lacking: dict[str, Any] = {
                "headers": there,
                "nearest": did_you_mean(names[0], [h.strip() for h in found.headers if h.strip()]),
                "asked": f", which the template asks for ({asked})" if asked else "",
            }
            findings.append(finding("sheet.column.missing", here, shown, **lacking))
    for of, names in unmapped(template, kind):
        lacks |= {(of, field_name) for field_name in names}
        whole, either = replace(here, row=None), " or ".join(names)
        findings.append(finding("sheet.field.unmapped", whole, either, section=of, field=names[0]))
    findings += _twins(found, here, kind, template)
    if template.unknown_columns == "warn":
        findings += _unknown_columns(source, found, here, set(fields.values()), kind, template)

    findings += _of_header(source, found, here, set(fields.values()))
    findings += _of_file(source, here)
    findings += _of_parameters(source, found, here, template)
    findings += _swallowed(source, found, here)
    findings += _too_long(source, found, beyond, rows.roles, here)
    roles = rows.roles
    findings += [*rows.findings, *told]
    totals += [ControlTotal(text, kind_, cell) for text, kind_, cell in rows.totals]
    if Role.DATA not in roles:
        findings.append(finding("sheet.rows.none", here))
    if source.hidden:
        findings.append(finding("sheet.hidden", replace(here, row=None)))
    if hidden := [r for r in source.hidden_rows if r > source.rows[found.header]]:
        words: dict[str, Any] = {"count": len(hidden), "rows": ", ".join(map(str, hidden[:10]))}
        findings.append(finding("sheet.rows.hidden", replace(here, row=hidden[0]), **words))
    headers = tuple(_NO_HEADER if c in beyond else h for c, h in enumerate(found.headers))
    used = {name: text for name, text in values_of(source, found.header, template).items() if text}
    table = InputTable(source, kind, found.header, headers, roles, found.rows, rows.reasons, used)
    positions = np.arange(found.header + 1, len(source.rows), dtype=np.int64)
    if roles.count(Role.DATA) < len(roles):
        positions = positions[[role is Role.DATA for role in roles]]
    begins = None
    if down.begins is not None:
        begins = np.asarray(down.begins, dtype=object)[positions - (found.header + 1)]
    return BoundTable(
        table, found, index, positions, fields, frozenset(lacks), begins, tuple(rows.notes)
    )


def _since_1904(
    source: SourceTable, found: HeaderMatch, kind: TableKind, template: Template
) -> SourceTable:
    """Day numbers of a workbook that counts from 1904 as dates: its result counts from 1900."""
    if not source.date1904 or source.kinds is None or SERIAL not in template.formats.dates:
        return source
    columns, kinds = list(source.columns), list(source.kinds)
    for sheet, name, expression in expressions(template, kind):
        if name not in FIELDS[sheet] or FIELDS[sheet][name].kind not in (
            FieldKind.DATE,
            FieldKind.DATE_TIME,
        ):
            continue
        for names, _ in expression.columns():
            if (at := found.index(names)) is None:
                continue
            texts, codes = list(columns[at]), bytearray(kinds[at])
            for i in range(found.header + 1, len(texts)):
                day = serial_date(texts[i], date1904=True)
                if codes[i] == CellKind.NUMBER and day is not None:
                    texts[i], codes[i] = day.isoformat(), CellKind.DATE
            columns[at], kinds[at] = texts, bytes(codes)
    return replace(source, columns=tuple(columns), kinds=tuple(kinds))


def _with_groups(
    source: SourceTable, found: HeaderMatch, groups: Sequence[str], name: str
) -> tuple[SourceTable, HeaderMatch]:
    """The table with the groups' names as a column of its own, at its end.

    A former result has that column already; what a person corrected there holds.
    """
    if is_result(source) and found.named(name):
        return source, found
    above = [""] * (found.header + 1)
    above[found.header + 1 - found.rows] = name
    kinds = source.kinds and (*source.kinds, bytes(len(source.rows)))
    source = replace(source, columns=(*source.columns, (*above, *groups)), kinds=kinds)
    return source, header_at(source, found.header + 1 - found.rows, found.rows)


def _of_header(
    source: SourceTable, found: HeaderMatch, here: CellRef, used: set[int]
) -> Iterator[Finding]:
    """Numbers in a header of several rows: it has swallowed a row of data."""
    if found.rows == 1:
        return
    for at in sorted(used):
        text = found.texts[at][-1] if found.texts[at] else ""
        if len(found.texts[at]) > 1 and any(
            not isinstance(read_decimal(text, numbers), UnreadableAmount) for numbers in Numbers
        ):
            header = found.headers[at]
            cell = replace(here, column=header, column_index=at)
            yield finding("sheet.header.holds_data", cell, text, rows=found.rows)
            return


def _of_file(source: SourceTable, here: CellRef) -> Iterator[Finding]:
    if source.encoding_doubt:
        yield finding("sheet.encoding.doubtful", replace(here, row=None), source.encoding_doubt)


def _of_parameters(
    source: SourceTable, found: HeaderMatch, here: CellRef, template: Template
) -> Iterator[Finding]:
    """Parameters whose cell has nothing to offer."""
    for name, value in values_of(source, found.header, template).items():
        spec = template.parameters[name]
        if spec.cell and not value and not spec.optional:
            what = f" that matches '{spec.matches}'" if spec.matches else ""
            cell = replace(here, row=None)
            yield finding("sheet.parameter.missing", cell, spec.cell, name=name, what=what)


def _beyond(source: SourceTable, found: HeaderMatch) -> list[int]:
    """The columns of a CSV file to the right of the header's last cell, or of a result of it."""
    if source.lengths is None:
        there = range(len(found.headers)) if is_result(source) else ()
        return [c for c in there if found.headers[c] == _NO_HEADER]
    headed = max(source.lengths[found.header + 1 - found.rows : found.header + 1])
    return list(range(headed, len(source.columns)))


def _swallowed(source: SourceTable, found: HeaderMatch, here: CellRef) -> Iterator[Finding]:
    """Cells that hold rows of the file; in a result they are looked for again."""
    told = source.runaway_quotes
    if source.previous_outcomes is not None:
        own = [c for c, header in enumerate(found.headers) if header != BEGINS]
        records = [[source.columns[c][i] for c in own] for i in range(len(source.rows))]
        told = tuple(
            (int(source.rows[i]), own[c], count)
            for mark in ",;\t|"
            for i, c, count in find_runaway_quotes(records, mark)
        )
    index = {row: i for i, row in enumerate(source.rows)} if told else {}
    for row, at, count in told:
        header = found.headers[at] if at < len(found.headers) else None
        cell = replace(here, row=row, column=header, column_index=at)
        yield finding("sheet.row.swallowed", cell, source.columns[at][index[row]], count=count)


def _too_long(
    source: SourceTable,
    found: HeaderMatch,
    beyond: Sequence[int],
    roles: Sequence[Role],
    here: CellRef,
) -> Iterator[Finding]:
    """Rows with values beyond the header's last cell: their cells may have moved."""
    start = found.header + 1
    filled: set[int] = set()
    for c in beyond:
        texts = arrow_texts(source.columns[c]).slice(start)
        filled.update(np.flatnonzero(pc.greater(pc.binary_length(texts), 0)).tolist())
    for k in sorted(filled):
        extra = [tidy(source.columns[c][start + k]) for c in beyond]
        if roles[k] is Role.DATA and any(extra):
            cell = replace(here, row=int(source.rows[start + k]))
            last = max(c for c, text in zip(beyond, extra, strict=True) if text)
            words: dict[str, Any] = {"headers": beyond[0], "cells": last + 1}
            yield finding("sheet.row.too_long", cell, next(filter(None, extra)), **words)


def _twins(found: HeaderMatch, here: CellRef, kind: TableKind, template: Template) -> list[Finding]:
    """Columns of the same header, one finding a header."""
    asked = [
        (name, names) for _, name, e in expressions(template, kind) for names, _ in e.columns()
    ]
    asked += [(name, alternatives(template, name)) for name in template.group_by]
    asked += [(name, [found.headers[at]]) for at, name in property_columns(found)]
    out: dict[int, Finding] = {}
    for what, names in asked:
        twins = found.chosen(names)
        if len(twins) > 1 and twins[0] not in out:
            a, b = (found.headers[i] for i in twins[:2])
            cell = replace(here, column=b, column_index=twins[1])
            words: dict[str, Any] = {"other": b.strip(), "field": what, "name": a.strip()}
            out[twins[0]] = finding("sheet.column.twice", cell, a.strip(), **words)
    return [out[at] for at in sorted(out)]


_MOST_UNKNOWN = 200  # told one by one; who has more has not mistyped them


def _unknown_columns(
    source: SourceTable,
    found: HeaderMatch,
    here: CellRef,
    used: set[int],
    kind: TableKind,
    template: Template,
) -> list[Finding]:
    sheet = BILLS if kind is TableKind.BILLS else LINE_ITEMS
    response_only = set(map(header_key, RESPONSE_ONLY))
    columns = [n[0] for _, _, e in expressions(template, kind) for n, _ in e.columns()]
    known = {header_key(name): name for name in columns or FIELDS[sheet]}
    out: list[Finding] = []
    more: list[CellRef] = []
    for index in columns_of_file(source, found):
        header = found.headers[index]
        key = header_key(header)
        cell = replace(here, column=header, column_index=index)
        unread = not key and index not in used
        if unread and any(map(tidy, source.columns[index][found.header + 1 :])):
            out.append(finding("sheet.column.unnamed", cell, column_letters(index)))
        if not key or index in used or not used.isdisjoint(found.named(header)):
            continue
        if key in response_only:
            out.append(finding("sheet.column.response_only", cell, header))
        elif len(out) < _MOST_UNKNOWN:
            found_near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            near = f"; did you mean '{known[found_near[0]]}'?" if found_near else ""
            out.append(finding("sheet.column.unknown", cell, header, nearest=near))
        else:
            more.append(cell)
    if more:
        others = (
            f". {len(more) - 1:,} columns after it cannot be imported either" if more[1:] else ""
        )
        header = more[0].column or ""
        out.append(finding("sheet.column.unknown", more[0], header, nearest=others))
    return out
