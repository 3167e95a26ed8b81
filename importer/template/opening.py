"""One source table opened: its header row, the columns of its fields, its rows told apart."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from importer.amounts import tidy
from importer.canonical import BILLS, FIELDS, LINE_ITEMS, RESPONSE_ONLY, header_key
from importer.findings import finding
from importer.records import CellKind, CellRef, Finding, InputTable, Role, SourceTable, TableKind
from importer.template.checks import nearest
from importer.template.headers import (
    Found,
    alternatives,
    expressions,
    needed,
    property_columns,
)
from importer.template.model import Template
from importer.template.rows import roles_of


@dataclass
class ControlTotal:
    """The file's own total, as written, and where."""

    text: str
    kind: CellKind
    cell: CellRef


@dataclass
class Opened:
    """A table under way: its header row, its data rows and the columns of its fields."""

    table: InputTable
    found: Found
    index: int
    positions: np.ndarray  # indexes into source.rows of the DATA rows
    fields: dict[tuple[str, str], int]  # (sheet, field) → column index
    lacks: frozenset[tuple[str, str]]

    def texts(self, column: int) -> np.ndarray:
        texts: np.ndarray = np.asarray(self.table.source.columns[column], dtype=object)
        return np.asarray(texts[self.positions], dtype=object)

    def kinds(self, column: int) -> np.ndarray | None:
        kinds = self.table.source.kinds
        if kinds is None:
            return None
        # bytes, as the reader gives them, would be taken for one text
        codes: np.ndarray = np.asarray(bytearray(kinds[column]), dtype=np.uint8)
        return np.asarray(codes[self.positions])


def open_table(
    source: SourceTable,
    found: Found,
    kind: TableKind,
    template: Template,
    index: int,
    findings: list[Finding],
    totals: list[ControlTotal],
) -> Opened:
    """One table, its columns found and its rows told apart; findings and totals are added to."""
    here = CellRef(source.file, source.sheet, int(source.rows[found.header]), None, index)
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
                "nearest": nearest(names[0], [h.strip() for h in found.headers if h.strip()]),
                "asked": f", which the template asks for ({asked})" if asked else "",
            }
            findings.append(finding("sheet.column.missing", here, shown, **lacking))
    findings += _twins(found, here, fields, template)
    if template.unknown_columns == "warn":
        findings += _unknown_columns(source, found, here, set(fields.values()), kind, template)

    used = sorted(set(fields.values()))
    roles, row_findings, row_totals = roles_of(source, found, used, template, here)
    findings += row_findings
    totals += [ControlTotal(text, kind_, cell) for text, kind_, cell in row_totals]
    if Role.DATA not in roles:
        findings.append(finding("sheet.rows.none", here))
    if source.hidden:
        findings.append(finding("sheet.hidden", replace(here, row=None)))
    if hidden := [r for r in source.hidden_rows if r > source.rows[found.header]]:
        words: dict[str, Any] = {"count": len(hidden), "rows": ", ".join(map(str, hidden[:10]))}
        findings.append(finding("sheet.rows.hidden", replace(here, row=hidden[0]), **words))
    table = InputTable(source, kind, found.header, found.headers, roles)
    data = [found.header + 1 + k for k, role in enumerate(roles) if role is Role.DATA]
    positions = np.asarray(data, dtype=np.int64)
    return Opened(table, found, index, positions, fields, frozenset(lacks))


def _twins(
    found: Found, here: CellRef, fields: dict[tuple[str, str], int], template: Template
) -> list[Finding]:
    """Columns of the same header, one finding a header."""
    names = {at: name for (_, name), at in reversed(fields.items()) if "*" not in name}
    keys = [found.index(alternatives(template, name)) for name in template.group_by]
    out = []
    used = {header_key(found.headers[at]) for at in (*fields.values(), *keys) if at is not None}
    for key in sorted(used, key=lambda key: found.columns[key][0]):
        if len(twins := found.columns[key]) > 1:
            a, b = (found.headers[i] for i in twins[:2])
            cell = replace(here, column=b, column_index=twins[1])
            what = names.get(twins[0], a.strip())
            other = b.strip()
            out.append(finding("sheet.column.twice", cell, a.strip(), other=other, field=what))
    return out


def _unknown_columns(
    source: SourceTable,
    found: Found,
    here: CellRef,
    used: set[int],
    kind: TableKind,
    template: Template,
) -> list[Finding]:
    sheet = BILLS if kind is TableKind.BILLS else LINE_ITEMS
    response_only = set(map(header_key, RESPONSE_ONLY))
    out = []
    for index, header in enumerate(found.headers):
        key = header_key(header)
        cell = replace(here, column=header, column_index=index)
        if not key and any(map(tidy, source.columns[index][found.header + 1 :])):
            out.append(finding("sheet.column.unnamed", cell, _letters(index)))
        if not key or index in used or found.columns[key][0] in used:
            continue
        if key in response_only:
            out.append(finding("sheet.column.response_only", cell, header))
        else:
            columns = [n[0] for _, _, e in expressions(template, kind) for n, _ in e.columns()]
            known = {header_key(name): name for name in columns or FIELDS[sheet]}
            found_near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            near = f"; did you mean '{known[found_near[0]]}'?" if found_near else ""
            out.append(finding("sheet.column.unknown", cell, header, nearest=near))
    return out


def _letters(index: int) -> str:
    """A column as Excel names it: A for 0, AA for 26."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters, index = chr(ord("A") + rest) + letters, index - 1
    return letters
