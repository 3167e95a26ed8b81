"""Reports in groups: a row with the group's name, its rows, and a row with its total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from importer.core.money import tidy
from importer.mapping.column_sums import exactly, numbers_in
from importer.mapping.headers import HeaderMatch, alternatives, columns_of_file, is_result, wanted
from importer.mapping.patterns import pattern
from importer.mapping.template_model import Groups, Template
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role, SourceTable, TableKind


@dataclass
class _Open:
    """A group under way. What ended inside it is counted when it has ended, not row by row."""

    name: str
    key: str
    sums: list[Decimal]  # of each column of amounts, so far
    count: int = 0  # rows


@dataclass
class _Stack:
    """The groups that have not ended, each inside the one before it."""

    groups: list[_Open] = field(default_factory=list)
    there: Counter[str] = field(default_factory=Counter)

    def push(self, group: _Open) -> None:
        self.groups.append(group)
        self.there[group.key] += 1

    def pop(self) -> _Open:
        """The innermost group ends; its rows are those of the group around it, too."""
        group = self.groups.pop()
        self.there[group.key] -= 1
        self.add(group.count, group.sums)
        return group

    def add(self, count: int, amounts: Sequence[Decimal]) -> None:
        """So many rows of the innermost group, with what they come to."""
        if self.groups:
            inner = self.groups[-1]
            inner.count += count
            inner.sums = [exactly(a, b) for a, b in zip(inner.sums, amounts, strict=True)]


def tell_groups(
    source: SourceTable,
    found: HeaderMatch,
    roles: list[Role],
    amounts: Sequence[int],
    template: Template,
    here: CellRef,
) -> tuple[list[str], list[Finding]]:
    """The group of each row below the header, "" for none; ``roles`` are changed.

    A group ends at its total; where it has none, at the next group. A group inside another goes on
    to the other's total. The totals of the ``amounts`` columns are compared with the rows.
    """
    rules = template.source.groups
    at = None if rules is None else found.index(alternatives(template, rules.column))
    names = [""] * len(roles)
    if rules is None or at is None:
        return names, []
    start = found.header + 1
    texts = [tidy(text) for text in source.columns[at][start:]]
    heads = {k for k in heads_of(source, found, template) if roles[k] is Role.DATA}
    labels = {
        _folded(label.replace("{name}", name)): _folded(name)
        for name in {_name(texts[k], rules) for k in heads}
        for label in rules.total
    }
    ends = {k: labels[_folded(text)] for k, text in enumerate(texts) if _folded(text) in labels}
    ahead = Counter(ends.values())
    findings: list[Finding] = []
    stack = _Stack()
    read = ((c, numbers_in(source, c, start, template)) for c in amounts)
    columns = [(c, numbers) for c, numbers in read if numbers is not None]
    for k, role in enumerate(roles):
        i = k + start
        if k in ends:
            name = ends[k]
            ahead[name] -= 1
            if stack.there[name]:
                roles[k] = Role.GROUP_TOTAL
                while (group := stack.pop()).key != name:
                    pass
                findings += _compared(source, found, group, i, columns, here)
                continue
        if k in heads and role is Role.DATA and k not in ends:
            # A group whose total does not come any more has ended without one.
            while stack.groups and not ahead[stack.groups[-1].key]:
                stack.pop()
            roles[k] = Role.GROUP
            name = _name(texts[k], rules)
            stack.push(_Open(name, _folded(name), [Decimal(0)] * len(columns)))
            continue
        if role in (Role.DATA, Role.IGNORED):
            stack.add(1, [numbers.get(i, Decimal(0)) for _, numbers in columns])
        if role is Role.DATA and stack.groups:
            names[k] = stack.groups[-1].name
    if rules.matches or any(
        at in found.named(name) for of in wanted(template, TableKind.FLAT) for name in of
    ):
        return names, findings  # what else stands in the column is not the name of a group
    made = found.named(rules.name) if is_result(source) else []
    for k, name in enumerate(names):
        own = tidy(source.columns[made[0]][k + start]) if made else name
        if roles[k] is Role.DATA and texts[k] and own and _folded(texts[k]) != _folded(own):
            row = int(source.rows[k + start])
            cell = replace(here, row=row, column=found.headers[at], column_index=at)
            findings.append(finding("sheet.group.other_name", cell, texts[k], name=own))
    return names, findings


def heads_of(source: SourceTable, found: HeaderMatch, template: Template) -> frozenset[int]:
    """The rows below the header that look like the beginning of a group."""
    rules = template.source.groups
    at = None if rules is None else found.index(alternatives(template, rules.column))
    if rules is None or at is None:
        return frozenset()
    start = found.header + 1
    made = found.named(rules.name) if is_result(source) else []
    beside = [c for c in columns_of_file(source, found) if c != at and c not in made]
    texts = enumerate(map(tidy, source.columns[at][start:]))
    return frozenset(k for k, t in texts if t and _heads(source, beside, k + start, t, rules))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _name(text: str, rules: Groups) -> str:
    """The group's name in its cell: what the pattern's bracket holds, else the whole cell."""
    match = pattern(rules.matches).search(text) if rules.matches else None
    return tidy(match[1]) if match and match.re.groups and match[1] else text


def _heads(source: SourceTable, beside: Sequence[int], i: int, text: str, rules: Groups) -> bool:
    if rules.matches:
        return pattern(rules.matches).search(text) is not None
    return not any(tidy(source.columns[c][i]) for c in beside)


def _compared(
    source: SourceTable,
    found: HeaderMatch,
    group: _Open,
    i: int,
    columns: Sequence[tuple[int, dict[int, Decimal]]],
    here: CellRef,
) -> list[Finding]:
    """A finding for each amount of a group's total that is not the sum of its rows."""
    out = []
    for (column, numbers), come_to in zip(columns, group.sums, strict=True):
        if i not in numbers:
            continue
        if come_to != numbers[i]:
            row, header = int(source.rows[i]), found.headers[column]
            cell = replace(here, row=row, column=header, column_index=column)
            code, value = "sheet.group.total_differs", tidy(source.columns[column][i])
            words: dict[str, Any] = {
                "name": group.name,
                "count": group.count,
                "sum": f"{come_to:,}",
            }
            difference = f"{numbers[i] - come_to:,}"
            out.append(finding(code, cell, value, difference=difference, **words))
    return out
