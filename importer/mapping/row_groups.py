"""Reports in groups: a row with the group's name, its rows, and a row with its total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from importer.core.money import tidy
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
        self.add(group.count, group.sums)
        return group

    def pop_to(self, key: str) -> _Group:
        """End groups up to and including the innermost one of that key."""
        while (group := self.pop()).key != key:
            pass
        return group

    def add(self, count: int, amounts: Sequence[Decimal]) -> None:
        """Add rows and their amounts to the innermost group."""
        if self.stack:
            inner = self.stack[-1]
            inner.count += count
            inner.sums = [exact_sum(a, b) for a, b in zip(inner.sums, amounts, strict=True)]


def mark_groups(table: HeadedTable, amounts: Sequence[int], rows: ClassifiedRows) -> None:
    """Give each row the name of its group, and the rows of names and totals their role.

    A group ends at its total; one without a total ends at the next group. A group inside another
    lasts until the other's total. Totals of the ``amounts`` columns are compared with the rows.
    """
    rules, column = table.template.source.groups, table.group_column()
    rows.groups = [""] * len(rows.roles)
    if rules is None or column is None:
        return
    texts = tidied(table.texts(column)).to_pylist()
    heads = {k for k in group_heads(table) if rows.roles[k] is Role.DATA}
    ends = _group_totals(texts, heads, rules)
    totals_ahead = Counter(ends.values())
    read = ((c, numbers_in(table, c)) for c in amounts)
    columns = [(c, numbers) for c, numbers in read if numbers is not None]
    groups = _OpenGroups()
    for k, role in enumerate(rows.roles):
        i = k + table.start
        if k in ends:
            totals_ahead[ends[k]] -= 1
            if groups.keys[ends[k]]:
                rows.roles[k] = Role.GROUP_TOTAL
                rows.findings += _wrong_totals(table, groups.pop_to(ends[k]), i, columns)
                continue
        if k in heads and role is Role.DATA and k not in ends:
            # A group whose total does not come any more has ended without one.
            while groups.stack and not totals_ahead[groups.stack[-1].key]:
                groups.pop()
            rows.roles[k] = Role.GROUP
            name = _group_name(texts[k], rules)
            groups.push(_Group(name, _folded(name), [_ZERO] * len(columns)))
            continue
        if role in (Role.DATA, Role.IGNORED):
            groups.add(1, [numbers.get(i, _ZERO) for _, numbers in columns])
        if role is Role.DATA and groups.stack:
            rows.groups[k] = groups.stack[-1].name
    rows.findings += _other_names(table, column, rules, texts, rows)


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


def _group_totals(texts: Sequence[str], heads: set[int], rules: Groups) -> dict[int, str]:
    """The rows labelled as a group's total, each with the key of the group."""
    names = {_group_name(texts[k], rules) for k in heads}
    labels = {
        _folded(label.replace("{name}", name)): _folded(name)
        for name in names
        for label in rules.total
    }
    folded = ((k, _folded(text)) for k, text in enumerate(texts) if text)
    return {k: labels[label] for k, label in folded if label in labels}


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _group_name(text: str, rules: Groups) -> str:
    """The group's name in its cell: what the pattern's bracket holds, else the whole cell."""
    match = pattern(rules.matches).search(text) if rules.matches else None
    return tidy(match[1]) if match and match.re.groups and match[1] else text


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
    table: HeadedTable, column: int, rules: Groups, texts: Sequence[str], rows: ClassifiedRows
) -> Iterator[Finding]:
    """Data rows that have another group's name in the column of the names."""
    used = [name for names in requested_columns(table.template, TableKind.FLAT) for name in names]
    if rules.matches or any(column in table.header.columns_named(name) for name in used):
        return  # the column holds other things than names of groups
    added = table.header.columns_named(rules.name) if table.is_result else []
    for k, name in enumerate(rows.groups):
        group = table.text(added[0], k + table.start) if added else name
        if (
            rows.roles[k] is Role.DATA
            and texts[k]
            and group
            and _folded(texts[k]) != _folded(group)
        ):
            cell = table.cell(k + table.start, column)
            yield finding("sheet.group.other_name", cell, texts[k], name=group)
