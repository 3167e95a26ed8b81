"""Reports in groups: a row with the group's name, its rows, and a row with its total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from importer.amounts import tidy
from importer.findings import finding
from importer.records import CellRef, Finding, Role, SourceTable, TableKind
from importer.template.headers import Found, alternatives, columns_of_file, is_result, wanted
from importer.template.model import Groups, Template
from importer.template.patterns import pattern
from importer.template.sums import numbers_in, total


@dataclass
class _Open:
    name: str
    row: int  # index of the row with its name
    rows: list[int]


def tell_groups(
    source: SourceTable,
    found: Found,
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
    stack: list[_Open] = []
    read = ((c, numbers_in(source, c, start, template)) for c in amounts)
    columns = [(c, numbers) for c, numbers in read if numbers is not None]
    for k, role in enumerate(roles):
        i = k + start
        if k in ends:
            name = ends[k]
            ahead[name] -= 1
            if any(_folded(g.name) == name for g in stack):
                roles[k] = Role.GROUP_TOTAL
                while _folded((group := stack.pop()).name) != name:
                    pass
                findings += _compared(source, found, group, i, columns, here)
                continue
        if k in heads and role is Role.DATA and k not in ends:
            # A group whose total does not come any more has ended without one.
            while stack and not ahead[_folded(stack[-1].name)]:
                stack.pop()
            roles[k] = Role.GROUP
            stack.append(_Open(_name(texts[k], rules), i, []))
            continue
        if role in (Role.DATA, Role.IGNORED):
            for group in stack:
                group.rows.append(i)
        if role is Role.DATA and stack:
            names[k] = stack[-1].name
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


def heads_of(source: SourceTable, found: Found, template: Template) -> frozenset[int]:
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
    found: Found,
    group: _Open,
    i: int,
    columns: Sequence[tuple[int, dict[int, Decimal]]],
    here: CellRef,
) -> list[Finding]:
    """A finding for each amount of a group's total that is not the sum of its rows."""
    out = []
    for column, numbers in columns:
        if i not in numbers:
            continue
        come_to = total(numbers, group.rows)
        if come_to != numbers[i]:
            row, header = int(source.rows[i]), found.headers[column]
            cell = replace(here, row=row, column=header, column_index=column)
            code, value = "sheet.group.total_differs", tidy(source.columns[column][i])
            words: dict[str, Any] = {
                "name": group.name,
                "count": len(group.rows),
                "sum": f"{come_to:,}",
            }
            difference = f"{numbers[i] - come_to:,}"
            out.append(finding(code, cell, value, difference=difference, **words))
    return out
