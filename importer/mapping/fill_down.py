"""Blank cells that mean the same as above, filled in before any rule looks at a row.

What is filled in stays in the table, and so in its result: there every row stands by itself, and
says in a column of its own which bill it is of, so that rows may be sorted, deleted or added.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import tidy
from importer.core.text_column import TextColumn, arrow_texts
from importer.mapping.headers import HeaderMatch, alternatives, header_at, is_result
from importer.mapping.template_model import Template
from importer.mapping.text_cleanup import blank
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding, shown
from importer.model.tables import Role, SourceTable, TableKind

BEGINS = "bill_begins_in_row"  # the column that is added, for a result that is read again


@dataclass(frozen=True)
class FilledDown:
    """A table with its blanks filled down; rows are counted from the first below the header.

    ``origins`` has, for each column that is filled down, the row that each value comes from, -1 for
    none. ``begins`` says of each row in which one its bill begins, by its number, "" where nothing
    but the columns of ``group_by`` says so; None where nothing is filled down. ``first`` is where
    that row stands, of rows that are blank in all of group_by, and go on with a bill; else the row
    itself.
    """

    source: SourceTable
    found: HeaderMatch
    origins: dict[int, np.ndarray] = field(default_factory=dict)
    begins: Sequence[str] | None = None
    first: np.ndarray | None = None

    def begun_in(self, k: int) -> int:
        """The row in which the bill begins that row ``k`` goes on with; ``k`` if with none."""
        return k if self.first is None else int(self.first[k])


def fill_down(
    source: SourceTable,
    found: HeaderMatch,
    kind: TableKind,
    template: Template,
    breaks: Collection[int],
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
    given = {at: ~blank(arrow_texts(source.columns[at]).slice(start)) for at in filled}
    size = len(source.rows) - start
    anew = np.zeros(size, dtype=bool)
    anew[list(breaks)] = True
    origins: dict[int, np.ndarray] = {}
    broken = anew.copy()
    for at in filled:
        own_value = given[at]
        latest = _latest(broken | own_value)
        origins[at] = np.where((latest >= 0) & own_value[latest], latest, -1)
        broken |= own_value
    columns = list(source.columns)
    kinds = None if source.kinds is None else list(source.kinds)
    above = np.arange(start)
    for at, rows in origins.items():
        none = np.concatenate([above < 0, rows < 0])
        taken = np.concatenate([above, rows + start])
        texts = arrow_texts(columns[at]).take(pa.array(taken, mask=none))
        columns[at] = TextColumn(pc.fill_null(texts, ""))
        if kinds is not None:
            codes = np.asarray(bytearray(kinds[at]), dtype=np.uint8)
            kinds[at] = np.where(none, 0, codes[taken]).astype(np.uint8).tobytes()
    format_marks = {
        at: {
            int(source.rows[start + k]): format_mark
            for k, o in enumerate(origins[at].tolist())
            if o >= 0 and (format_mark := of.get(int(source.rows[start + o])))
        }
        if at in origins
        else of
        for at, of in source.format_marks.items()
    }
    kinds_now = None if kinds is None else tuple(kinds)
    out = replace(source, columns=tuple(columns), kinds=kinds_now, format_marks=format_marks)
    if kind is not TableKind.FLAT:
        return FilledDown(out, found, origins)
    keys = [found.index(alternatives(template, name)) for name in template.group_by]
    begin = np.ones(size, dtype=bool)
    if keys and None not in keys and set(keys) <= set(filled):
        begin = np.logical_or.reduce([anew, *(given[at] for at in keys if at is not None)])
        begin[:1] = True
    first = _latest(begin)
    numbers = _numbers(source, start)
    return FilledDown(out, found, origins, [numbers[k] for k in first.tolist()], first)


def _latest(marked: np.ndarray) -> np.ndarray:
    """Of each row the last one marked, itself or above; -1 for none."""
    return np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))


def _numbers(source: SourceTable, start: int) -> list[str]:
    return list(map(str, np.asarray(source.rows)[start:].tolist()))


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
    begins, numbers = list(down.begins or ()), _numbers(source, start)
    passed = {
        begin: k
        for k, (begin, role) in enumerate(zip(begins, roles, strict=False))
        if begin and role is not Role.DATA and (is_result(source) or begin == numbers[k])
    }
    data = np.asarray([role is Role.DATA for role in roles], dtype=bool)
    lost = {
        at: data & (of >= 0) & (of != np.arange(len(of))) & ~data[of]
        for at, of in down.origins.items()
    }
    told = np.zeros(len(roles), dtype=bool)
    if passed:
        told |= data & np.asarray([begin in passed for begin in begins], dtype=bool)
    for rows in lost.values():
        told |= rows
    columns, findings = list(source.columns), []
    for k in np.flatnonzero(told).tolist():
        at = next((at for at, rows in lost.items() if rows[k]), None)
        cell = replace(here, row=int(source.rows[start + k]))
        other = passed[begins[k]] if at is None else int(down.origins[at][k])
        value = ""
        if at is not None:
            cell = replace(cell, column=found.headers[at], column_index=at)
            value = f" and would take '{shown(tidy(columns[at][start + k]))}' from it"
        code, number = "sheet.row.goes_on_with_passed_over", int(source.rows[start + other])
        findings.append(finding(code, cell, other=number, what=value))
    for at, rows in lost.items():
        taken_back = pa.array(np.concatenate([np.zeros(start, dtype=bool), rows]))
        columns[at] = TextColumn(pc.if_else(taken_back, "", arrow_texts(columns[at])))
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
