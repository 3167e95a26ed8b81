"""Blank cells that mean the same as above, filled in before any rule looks at a row.

What is filled in stays in the table, and so in its result: there every row stands by itself, and
says in a column of its own which bill it is of, so that rows may be sorted, deleted or added.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from importer.amounts import tidy
from importer.findings import finding, shown
from importer.records import CellRef, Finding, Role, SourceTable, TableKind
from importer.template.headers import Found, alternatives, header_at, is_result
from importer.template.model import Template

BEGINS = "bill_begins_in_row"  # the column that is added, for a result that is read again


@dataclass(frozen=True)
class FilledDown:
    """A table with its blanks filled down; rows are counted from the first below the header.

    ``origins`` has, for each column that is filled down, the row that each value comes from, -1 for
    none. ``begins`` says of each row in which one its bill begins, by its number, "" where nothing
    but the columns of ``group_by`` says so; None where nothing is filled down.
    """

    source: SourceTable
    found: Found
    origins: dict[int, list[int]] = field(default_factory=dict)
    begins: Sequence[str] | None = None
    goes_on: Collection[int] = ()  # rows that are blank in all of group_by, and go on with a bill


def fill_down(
    source: SourceTable, found: Found, kind: TableKind, template: Template, breaks: Collection[int]
) -> FilledDown:
    """The table with the blanks of the template's ``fill_down`` filled in.

    ``breaks`` are rows that begin anew: nothing is taken from above them. A value in a column
    begins anew for those named after it. In a former result nothing is filled down.
    """
    names = [alternatives(template, name) for name in template.source.fill_down]
    filled = [at for some in names if (at := found.index(some)) is not None]
    start = found.header + 1
    if is_result(source):
        own = found.named(BEGINS)
        begins = [tidy(text) for text in source.columns[own[0]][start:]] if own else None
        return FilledDown(source, found, begins=begins)
    if not filled:
        return FilledDown(source, found)
    blanks = {at: [not tidy(text) for text in source.columns[at][start:]] for at in filled}
    size = len(source.rows) - start
    origins: dict[int, list[int]] = {at: [] for at in filled}
    last = dict.fromkeys(filled, -1)
    for k in range(size):
        if k in breaks:
            last = dict.fromkeys(filled, -1)
        for i, at in enumerate(filled):
            if not blanks[at][k]:
                last |= dict.fromkeys(filled[i:], -1)
                last[at] = k
            origins[at].append(last[at])
    columns = list(source.columns)
    kinds = None if source.kinds is None else list(source.kinds)
    for at, rows in origins.items():
        texts = columns[at]
        columns[at] = [*texts[:start], *(texts[start + o] if o >= 0 else "" for o in rows)]
        if kinds is not None:
            codes = kinds[at]
            kinds[at] = bytes([*codes[:start], *(codes[start + o] if o >= 0 else 0 for o in rows)])
    looks = {
        at: {
            int(source.rows[start + k]): look
            for k, o in enumerate(origins[at])
            if o >= 0 and (look := of.get(int(source.rows[start + o])))
        }
        if at in origins
        else of
        for at, of in source.looks.items()
    }
    kinds_now = None if kinds is None else tuple(kinds)
    out = replace(source, columns=tuple(columns), kinds=kinds_now, looks=looks)
    if kind is not TableKind.FLAT:
        return FilledDown(out, found, origins)
    keys = [found.index(alternatives(template, name)) for name in template.group_by]
    goes_on: set[int] = set()
    if keys and None not in keys and set(keys) <= set(filled):
        goes_on = {
            k
            for k in range(1, size)
            if k not in breaks and all(blanks[at][k] for at in keys if at is not None)
        }
    begins = []
    for k in range(size):
        begins.append(begins[-1] if k in goes_on else str(source.rows[start + k]))
    return FilledDown(out, found, origins, begins, goes_on)


def settled(
    down: FilledDown, roles: Sequence[Role], here: CellRef
) -> tuple[FilledDown, list[Finding]]:
    """The table once it is known what each row is, with the column that says where bills begin.

    A row that takes a value from one that is passed over, or goes on with it, is an error that
    names both; the value is taken back, so that its result does not make a bill of it either.
    """
    source, found, start = down.source, down.found, down.found.header + 1
    if down.begins is None and not down.origins:
        return down, []
    begins = list(down.begins or ())
    numbers = [str(source.rows[start + k]) for k in range(len(roles))]
    passed = {
        begin: k
        for k, (begin, role) in enumerate(zip(begins, roles, strict=False))
        if begin and role is not Role.DATA and (is_result(source) or begin == numbers[k])
    }
    columns, findings = list(source.columns), []
    for k, role in enumerate(roles):
        if role is not Role.DATA:
            continue
        taken = [
            (at, of[k])
            for at, of in down.origins.items()
            if of[k] not in (-1, k) and roles[of[k]] is not Role.DATA
        ]
        if not taken and (not begins or begins[k] not in passed):
            continue
        cell = replace(here, row=int(source.rows[start + k]))
        other = taken[0][1] if taken else passed[begins[k]]
        value = ""
        if taken:
            at = taken[0][0]
            cell = replace(cell, column=found.headers[at], column_index=at)
            value = f" and would take '{shown(tidy(columns[at][start + k]))}' from it"
        code, number = "sheet.row.goes_on_with_passed_over", int(source.rows[start + other])
        findings.append(finding(code, cell, other=number, what=value))
        for at, _ in taken:
            columns[at] = [*columns[at][: start + k], "", *columns[at][start + k + 1 :]]
    source = replace(source, columns=tuple(columns))
    if not begins or is_result(source):
        return replace(down, source=source), findings
    # Of rows that are passed over only those that begin a bill need to say so.
    said = [
        begin if role is Role.DATA or begin == number else ""
        for begin, role, number in zip(begins, roles, numbers, strict=True)
    ]
    above = [""] * start
    above[start - found.rows] = BEGINS
    kinds = source.kinds and (*source.kinds, bytes(len(source.rows)))
    source = replace(source, columns=(*source.columns, (*above, *said)), kinds=kinds)
    found = header_at(source, start - found.rows, found.rows)
    return replace(down, source=source, found=found, begins=begins), findings
