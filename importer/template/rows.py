"""Which rows below the header are data, and which the template says are not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from importer.amounts import tidy
from importer.canonical import header_key
from importer.findings import finding
from importer.records import CellKind, CellRef, Finding, Role, SourceTable
from importer.template.headers import Found, alternatives
from importer.template.model import RowTest, Template


def _matching(test: RowTest, found: Found, source: SourceTable, template: Template) -> set[int]:
    """The indexes, into ``source.rows``, of the rows that the test holds for."""
    at = found.index(alternatives(template, test.column))
    if at is None:
        return set()
    body = enumerate(source.columns[at][found.header + 1 :], start=found.header + 1)
    if test.matches is not None:
        pattern = re.compile(test.matches)
        return {i for i, text in body if pattern.search(tidy(text))}
    wanted = "" if test.blank else tidy(test.equals or "")
    return {i for i, text in body if tidy(text) == wanted}


def roles_of(
    source: SourceTable, found: Found, used: Sequence[int], template: Template, here: CellRef
) -> tuple[list[Role], list[Finding], list[tuple[str, CellKind, CellRef]]]:
    """Each row's role, what is to be said of rows, and the file's own totals (text, kind, cell).

    ``used`` are the columns that fields come from; ``here`` is the header row's place.
    """
    start, rules = found.header + 1, template.source
    roles = [Role.DATA] * (len(source.rows) - start)
    findings: list[Finding] = []
    totals: list[tuple[str, CellKind, CellRef]] = []

    if rules.stop_at:
        ends = _matching(rules.stop_at, found, source, template)
        if ends:
            end = min(ends)
            roles[end - start :] = [Role.IGNORED] * (len(roles) - (end - start))
            if after := len(source.rows) - end - 1:
                cell = replace(here, row=int(source.rows[end + 1]))
                findings.append(finding("sheet.row.after_end", cell, count=after))
        elif found.index(alternatives(template, rules.stop_at.column)) is not None:
            findings.append(finding("sheet.stop.missing", here, str(rules.stop_at)))
    for test in rules.ignore_rows:
        for i in _matching(test, found, source, template):
            roles[i - start] = Role.IGNORED

    # A second header row has at least two, and at least half, of the columns' own headers in it.
    same: Counter[int] = Counter()
    for at in used:
        texts, key = source.columns[at][start:], header_key(found.headers[at])
        alike = {
            text
            for text in set(texts)
            # its first letter alone rules out nearly all
            if text
            and (text[0].casefold()[0] == key[0] or not text[0].isalnum())
            and header_key(text) == key
        }
        if alike:
            same.update(i for i, text in enumerate(texts, start=start) if text in alike)
    for i in sorted(i for i, n in same.items() if n >= 2 and 2 * n >= len(used)):
        if roles[i - start] is Role.DATA:
            roles[i - start] = Role.REPEATED_HEADER
            cell = replace(here, row=int(source.rows[i]))
            findings.append(finding("sheet.row.repeated_header", cell))

    if rules.control_total:
        amount = found.index(alternatives(template, rules.control_total.amount))
        blanks = [found.index(alternatives(template, n)) for n in rules.control_total.blank]
        there = [at for at in blanks if at is not None]
        if amount is not None and there:
            last = max((k for k, role in enumerate(roles) if role is Role.DATA), default=-1)
            for k, role in enumerate(roles):
                i = start + k
                # Only the last row is a total; any other like it is a bill that lacks its cells.
                if (
                    k == last
                    and role is Role.DATA
                    and tidy(source.columns[amount][i])
                    and not any(tidy(source.columns[at][i]) for at in there)
                ):
                    roles[k] = Role.CONTROL_TOTAL
                    cell = replace(
                        here,
                        row=int(source.rows[i]),
                        column=found.headers[amount],
                        column_index=amount,
                    )
                    totals.append((source.columns[amount][i], source.kind(amount, i), cell))
    return roles, findings, totals
