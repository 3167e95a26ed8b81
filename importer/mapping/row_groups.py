"""Reports in groups: a row with the group's name, its rows, and a row with its total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.arrow_strings import strings
from importer.core.money import tidy
from importer.core.name_key import name_key, name_keys
from importer.core.text_column import take
from importer.mapping.classified_rows import ClassifiedRows
from importer.mapping.column_sums import exact_sum, numbers_in
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import requested_columns
from importer.mapping.patterns import pattern
from importer.mapping.template_model import Groups
from importer.mapping.text_cleanup import blank, tidied
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role, TableKind

_ZERO = Decimal(0)


@dataclass
class _Group:
    """A group that has not ended, without the groups that are still open inside it."""

    name: str
    key: str
    sums: list[Decimal]  # of each column of amounts
    count: int = 0  # rows


@dataclass
class _OpenGroups:
    """The groups that have not ended, each inside the one before it."""

    stack: list[_Group] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)

    def push(self, group: _Group) -> None:
        self.stack.append(group)
        self.keys[group.key] += 1

    def pop(self) -> _Group:
        """End the innermost group; its rows count for the group around it, too."""
        group = self.stack.pop()
        self.keys[group.key] -= 1
        if self.stack:
            around = self.stack[-1]
            around.count += group.count
            around.sums = list(map(exact_sum, around.sums, group.sums))
        return group

    def pop_to(self, key: str) -> _Group:
        """End groups up to and including the innermost one of that key."""
        while (group := self.pop()).key != key:
            pass
        return group


def mark_groups(table: HeadedTable, amounts: Sequence[int], rows: ClassifiedRows) -> None:
    """Give each row the name of its group, and the rows of names and totals their role.

    A group ends at its total; one without a total ends at the next group. A group inside another
    lasts until the other's total. Totals of the ``amounts`` columns are compared with the rows.
    """
    rules, column = table.template.source.groups, table.group_column()
    rows.groups = [""] * len(rows.roles)
    if rules is None or column is None:
        return
    texts = tidied(table.texts(column))
    heads = [k for k in sorted(group_heads(table)) if rows.roles[k] is Role.DATA]
    names = _group_names(take(texts, np.asarray(heads, dtype=np.int64)), rules)
    keys = name_keys(names)
    ends = _group_totals(texts, keys, rules)
    totals_ahead = Counter(ends.values())
    begins = dict(zip(heads, zip(names.to_pylist(), keys.to_pylist(), strict=True), strict=True))
    read = ((c, numbers_in(table, c)) for c in amounts)
    columns = [(c, numbers) for c, numbers in read if numbers is not None]
    groups = _OpenGroups()
    for k, following in pairwise([*sorted({*heads, *ends}), len(rows.roles)]):
        first = k + 1
        if k in ends:
            totals_ahead[ends[k]] -= 1
        if k in ends and groups.keys[ends[k]]:
            rows.roles[k] = Role.GROUP_TOTAL
            rows.findings += _wrong_totals(table, groups.pop_to(ends[k]), k + table.start, columns)
        elif k in ends:
            first = k  # a row as others: no group of that name is open
        else:
            # A group whose total does not come any more has ended without one.
            while groups.stack and not totals_ahead[groups.stack[-1].key]:
                groups.pop()
            rows.roles[k] = Role.GROUP
            groups.push(_Group(*begins[k], [_ZERO] * len(columns)))
        if groups.stack:
            _add_rows(groups.stack[-1], range(first, following), table.start, columns, rows)
    rows.findings += _other_names(table, column, rules, texts, rows)


def _add_rows(
    group: _Group,
    between: range,
    start: int,
    columns: Sequence[tuple[int, dict[int, Decimal]]],
    rows: ClassifiedRows,
) -> None:
    """Give the rows the group's name, and add them and their amounts to it."""
    for k in between:
        role = rows.roles[k]
        if role is Role.DATA:
            rows.groups[k] = group.name
        elif role is not Role.IGNORED:
            continue
        group.count += 1
        for c, (_, numbers) in enumerate(columns):
            if k + start in numbers:
                group.sums[c] = exact_sum(group.sums[c], numbers[k + start])


def group_heads(table: HeadedTable) -> frozenset[int]:
    """The rows below the header that may begin a group."""
    rules, column = table.template.source.groups, table.group_column()
    if rules is None or column is None:
        return frozenset()
    added = table.header.columns_named(rules.name) if table.is_result else []
    others = [c for c in table.file_columns() if c != column and c not in added]
    names = table.texts(column)
    begins = ~blank(names)
    if rules.matches:
        texts = ((k, tidy(names[k].as_py())) for k in np.flatnonzero(begins).tolist())
        return frozenset(k for k, text in texts if pattern(rules.matches).search(text))
    for c in others:
        begins &= blank(table.texts(c))
    return frozenset(np.flatnonzero(begins).tolist())


def _group_names(texts: pa.LargeStringArray, rules: Groups) -> pa.LargeStringArray:
    """The names of groups in their cells."""
    if not rules.matches:
        return texts
    return strings([_group_name(text, rules.matches) for text in texts.to_pylist()])


def _group_name(text: str, matches: str) -> str:
    """What the pattern's bracket holds, else the whole cell."""
    match = pattern(matches).search(text)
    return tidy(match[1]) if match and match.re.groups and match[1] else text


def _group_totals(
    texts: pa.LargeStringArray,
    keys: pa.LargeStringArray,
    rules: Groups,
) -> dict[int, str]:
    """The rows labelled as a group's total, each with the key of the group."""
    distinct = keys.unique().to_pylist()
    groups: dict[str, str] = {}
    for label in rules.total:
        labels = tidied(strings([label.replace("{name}", key) for key in distinct]))
        groups |= zip(name_keys(labels).to_pylist(), distinct, strict=True)
    groups.pop("", None)
    of_row = name_keys(texts)
    at = np.flatnonzero(pc.is_in(of_row, strings(list(groups))))
    return {
        k: groups[label] for k, label in zip(at.tolist(), take(of_row, at).to_pylist(), strict=True)
    }


def _wrong_totals(
    table: HeadedTable,
    group: _Group,
    i: int,
    columns: Sequence[tuple[int, dict[int, Decimal]]],
) -> Iterator[Finding]:
    """A finding for each amount of a group's total that is not the sum of its rows."""
    for (column, numbers), rows_sum in zip(columns, group.sums, strict=True):
        if i in numbers and rows_sum != numbers[i]:
            yield finding(
                "sheet.group.total_differs",
                table.cell(i, column),
                table.text(column, i),
                difference=f"{numbers[i] - rows_sum:,}",
                name=group.name,
                count=group.count,
                sum=f"{rows_sum:,}",
            )


def _other_names(
    table: HeadedTable,
    column: int,
    rules: Groups,
    texts: pa.LargeStringArray,
    rows: ClassifiedRows,
) -> Iterator[Finding]:
    """Data rows that have another group's name in the column of the names."""
    used = [name for names in requested_columns(table.template, TableKind.FLAT) for name in names]
    if rules.matches or any(column in table.header.columns_named(name) for name in used):
        return  # the column holds other things than names of groups
    added = table.header.columns_named(rules.name) if table.is_result else []
    for k in np.flatnonzero(rows.data() & ~blank(texts)).tolist():
        text = texts[k].as_py()
        group = table.text(added[0], k + table.start) if added else rows.groups[k]
        if group and name_key(text) != name_key(group):
            cell = table.cell(k + table.start, column)
            yield finding("sheet.group.other_name", cell, text, name=group)
