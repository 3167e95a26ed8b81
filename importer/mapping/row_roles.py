"""Which rows below the header are data, and which are not, by the template or by themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from importer.core.text_column import arrow_texts, cells_starting, check_distinct, take
from importer.mapping.classified_rows import ClassifiedRows
from importer.mapping.continued_rows import mark_notes, without_vendor_and_number
from importer.mapping.control_total import (
    IdentifyingColumns,
    amount_columns,
    had_role,
    mark_control_total,
    take_control_total,
)
from importer.mapping.fill_down import FilledTable
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import requested_columns
from importer.mapping.row_groups import mark_groups
from importer.mapping.text_cleanup import blank
from importer.mapping.total_rows import total_rows
from importer.mapping.unit_rows import UNITS, is_unit_row
from importer.model.fields import header_key
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role


def classify_rows(table: HeadedTable, filled: FilledTable) -> ClassifiedRows:
    """The role of each row below the header.

    ``table`` has its blanks, as in the file; ``filled`` is the same table filled down. Rules of the
    template test the filled cells; a repeated header, a group or a total shows in the file's own.
    """
    rows = ClassifiedRows([Role.DATA] * (len(table.source.rows) - table.start))
    _apply_rules(filled.table, rows)
    for k in _ignored_for_filled_cells(table, filled):
        if not _continues_bill(filled, k):
            rows.roles[k] = Role.DATA
            del rows.reasons[table.number(table.start + k)]
    _mark_repeated_headers(table, rows)
    if rows.roles and rows.roles[0] is Role.DATA and is_unit_row(table, table.start):
        rows.roles[0] = Role.IGNORED
        rows.reasons[table.number(table.start)] = UNITS
    amounts = amount_columns(table)
    mark_groups(table, amounts, rows)
    rows.findings += _groups_with_data(table, amounts, rows)
    mark_notes(table, filled, rows)
    mark_control_total(table, filled, rows)
    rows.doubtful |= _total_rows(table, filled, rows)
    rows.doubtful |= without_vendor_and_number(table, filled, rows)
    return rows


def _total_rows(
    table: HeadedTable, filled: FilledTable, rows: ClassifiedRows
) -> dict[int, Finding]:
    """Mark a labelled total at the end of the file; findings for all others, by row."""
    out: dict[int, Finding] = {}
    last = int(np.flatnonzero(rows.data()).max(initial=-1))
    asked = {f.cell.row for f in rows.findings if f.code == "sheet.total.doubtful"}
    for row in total_rows(table, filled, rows):
        if row.k == last and row.of_file and row.by_word:
            take_control_total(table, rows, row.k, row.column, f"the file's own total: {row.why}")
            continue
        i = table.start + row.k
        if table.number(i) in asked:
            continue
        text = table.text(row.column, i)
        out[row.k] = finding("sheet.row.total", table.cell(i, row.column), text, why=row.why)
    return out


# --- rules of the template --------------------------------------------------------------------


def _apply_rules(table: HeadedTable, rows: ClassifiedRows) -> None:
    """Mark the rows that ``stop_at`` and ``ignore_rows`` take out."""
    start, rules = table.start, table.template.source
    if rules.stop_at and table.source.previous_outcomes is not None:
        _mark_previously_ended(table, table.source.previous_outcomes, rows)
    elif rules.stop_at:
        ends = table.matching_rows(rules.stop_at)
        if ends:
            end = min(ends)
            rows.roles[end - start :] = [Role.IGNORED] * (len(rows.roles) - (end - start))
            why = f"the data ends where {rules.stop_at}"
            rows.reasons |= dict.fromkeys(map(int, table.source.rows[end:]), why)
            rows.findings += _end_like_a_bill(table, end)
            if after := len(table.source.rows) - end - 1:
                cell = table.cell(end + 1)
                rows.findings.append(finding("sheet.row.after_end", cell, count=after))
        elif table.column(rules.stop_at.column) is not None:
            cell = table.header_cell()
            rows.findings.append(finding("sheet.stop.missing", cell, str(rules.stop_at)))
    for test in rules.ignore_rows:
        for i in table.matching_rows(test):
            rows.roles[i - start] = Role.IGNORED
            rows.reasons.setdefault(table.number(i), str(test))


def _end_like_a_bill(table: HeadedTable, i: int) -> Iterator[Finding]:
    """A finding where the row that ends the data has a number and a date, as bills have."""
    columns, rule = IdentifyingColumns.of(table), table.template.source.stop_at
    tested = table.column(rule.column) if rule else None
    numbers = [c for c in sorted(columns.number - {tested}) if table.text(c, i)]
    dates = [c for c in columns.date - {tested} if table.text(c, i)]
    if numbers and dates:
        cell, text = table.cell(i, numbers[0]), table.text(numbers[0], i)
        yield finding("sheet.stop.doubtful", cell, text, rule=rule)


def _mark_previously_ended(
    table: HeadedTable, outcomes: Sequence[tuple[str, str]], rows: ClassifiedRows
) -> None:
    """Mark the rows of a result that were past the end in its run, wherever they are now."""
    why = f"the data ends where {table.template.source.stop_at}"
    others = tuple(map(str, table.template.source.ignore_rows))
    for k in range(len(rows.roles)):
        i = table.start + k
        by_other_rule = bool(others) and outcomes[i][1].startswith(others)
        if had_role(table, i, Role.IGNORED) and not by_other_rule:
            rows.roles[k] = Role.IGNORED
            rows.reasons[table.number(i)] = why
    if len(rows.reasons) > 1:
        cell = replace(table.header_cell(), row=max(rows.reasons))
        rows.findings.append(finding("sheet.row.after_end", cell, count=len(rows.reasons) - 1))


def _ignored_for_filled_cells(table: HeadedTable, filled: FilledTable) -> set[int]:
    """The rows that a rule ignores only for a value filled in from above."""
    rules = table.template.source
    if not filled.origins:
        return set()
    by_same_row: set[int] = set()
    by_any_cells: set[int] = set()
    for test in rules.ignore_rows:
        by_same_row |= table.matching_rows(test)
        by_any_cells |= filled.table.matching_rows(test)
    if rules.stop_at and (ends := filled.table.matching_rows(rules.stop_at)):
        by_same_row |= set(range(min(ends), len(table.source.rows)))
    return {i - table.start for i in by_any_cells - by_same_row}


def _continues_bill(filled: FilledTable, k: int) -> bool:
    """Whether a row continues a bill that has all its keys; a subtotal, say, has not."""
    first, table = filled.first_row(k), filled.table
    if first == k:
        return False
    keys = [table.column(name) for name in table.template.key_columns]
    return all(c is not None and table.text(c, table.start + first) for c in keys)


# --- what a row is by itself ------------------------------------------------------------------

_SEPARATOR = re.compile(r"[ _\-]")


def _may_be_header(keys: Collection[str], first: str) -> bool:
    """Whether a text that begins so may be a header of these keys; rules out nearly all."""
    bare = _SEPARATOR.sub("", first)
    if not first[:1].isalnum() or not (bare.isascii() and bare.isalnum()):
        return bool(first)  # a star, bracket or space that a key leaves out
    return any(key.startswith(bare.lower()) for key in keys)


def _is_header(keys: Collection[str], text: str) -> bool:
    return header_key(text) in keys


def _mark_repeated_headers(table: HeadedTable, rows: ClassifiedRows) -> None:
    """A repeated header row has at least two, and at least half, of the mapped headers."""
    header, start = table.header, table.start
    requested = requested_columns(table.template, table.kind)
    mapped = sorted({c for names in requested if (c := header.column_of(names)) is not None})
    least = max(2, -(-len(mapped) // 2))
    matches = np.zeros(len(rows.roles), dtype=np.int64)
    for left, column in zip(range(len(mapped), 0, -1), mapped, strict=True):
        at = np.flatnonzero(matches + left >= least)
        if not len(at):
            return
        keys = {header_key(text) for text in header.texts[column]} - {""}
        texts = take(arrow_texts(table.source.columns[column]).slice(start), at)
        candidates = cells_starting(texts, partial(_may_be_header, keys))
        matches[at[candidates]] += check_distinct(
            take(texts, candidates), partial(_is_header, keys)
        )
    for k in np.flatnonzero(matches >= least).tolist():
        if rows.roles[k] is Role.DATA:
            rows.roles[k] = Role.REPEATED_HEADER
            rows.findings.append(finding("sheet.row.repeated_header", table.cell(start + k)))


def _groups_with_data(
    table: HeadedTable, amounts: Sequence[int], rows: ClassifiedRows
) -> Iterator[Finding]:
    """Rows of a group's name that have an amount and a number or date, as bills have."""
    group = table.group_column()
    if not table.template.source.groups:
        return
    columns = IdentifyingColumns.of(table)
    with_amount = np.zeros(len(rows.roles), dtype=bool)
    for c in amounts:
        with_amount |= ~blank(table.texts(c))
    for k, role in enumerate(rows.roles):
        if role is not Role.GROUP or not with_amount[k]:
            continue
        i = table.start + k
        given = (c for c in sorted((columns.number | columns.date) - {group}) if table.text(c, i))
        for column in list(given)[:1]:
            name = "" if group is None else table.text(group, i)
            cell, text = table.cell(i, column), table.text(column, i)
            yield finding("sheet.group.with_data", cell, text, name=name)
