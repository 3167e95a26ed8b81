"""Which rows below the header are data, and which the template says are not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from importer.amounts import tidy
from importer.canonical import header_key
from importer.findings import finding
from importer.records import CellKind, CellRef, Finding, Role, SourceTable, TableKind
from importer.template.groups import tell_groups
from importer.template.headers import Found, alternatives, wanted
from importer.template.model import RowTest, Template
from importer.template.patterns import pattern
from importer.template.sums import numbers_in, total


def _matching(test: RowTest, found: Found, source: SourceTable, template: Template) -> set[int]:
    """The indexes, into ``source.rows``, of the rows that the test holds for."""
    at = found.index(alternatives(template, test.column))
    if at is None:
        return set()
    body = enumerate(source.columns[at][found.header + 1 :], start=found.header + 1)
    if test.matches is not None:
        search = pattern(test.matches).search
        return {i for i, text in body if search(tidy(text))}
    wanted = "" if test.blank else tidy(test.equals or "")
    return {i for i, text in body if tidy(text) == wanted}


@dataclass
class Rows:
    """What the rows below the header are.

    ``groups`` is the group of each row, "" for none. ``totals`` are the file's own totals (text,
    kind, cell). ``reasons`` says by row number which rule took a row out.
    """

    roles: list[Role]
    groups: list[str]
    findings: list[Finding] = field(default_factory=list)
    totals: list[tuple[str, CellKind, CellRef]] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)


def rows_of(
    source: SourceTable, found: Found, kind: TableKind, template: Template, here: CellRef
) -> Rows:
    """Each row's role, and what is to be said of rows; ``here`` is the header row's place."""
    start = found.header + 1
    out = Rows([Role.DATA] * (len(source.rows) - start), [])
    _pass_over(source, found, template, here, out)
    _repeated_headers(source, found, _used(found, kind, template), here, out)
    amounts = _amounts(found, kind, template)
    out.groups, of_groups = tell_groups(source, found, out.roles, amounts, template, here)
    out.findings += of_groups
    _control_total(source, found, kind, template, here, out)
    return out


def _used(found: Found, kind: TableKind, template: Template) -> list[int]:
    """The columns that fields come from."""
    named = wanted(template, kind)
    return sorted({at for names in named if (at := found.index(names)) is not None})


def _amounts(found: Found, kind: TableKind, template: Template) -> list[int]:
    """The columns of amounts of which a table's rows make a total."""
    fields = template.bills if kind is TableKind.BILLS else template.line_items
    mapped = (fields[name] for name in ("amount", "netAmount", "taxAmount") if name in fields)
    # Where a mark in another column gives the sign, the column itself adds up to nothing.
    there = (found.index(e.column) for e in mapped if e.column and not e.sign_from)
    return list(dict.fromkeys(at for at in there if at is not None))


def _pass_over(
    source: SourceTable, found: Found, template: Template, here: CellRef, out: Rows
) -> None:
    start, rules = found.header + 1, template.source
    if rules.stop_at:
        ends = _matching(rules.stop_at, found, source, template)
        if ends:
            end = min(ends)
            out.roles[end - start :] = [Role.IGNORED] * (len(out.roles) - (end - start))
            why = f"the data ends where {rules.stop_at}"
            out.reasons |= dict.fromkeys(map(int, source.rows[end:]), why)
            if after := len(source.rows) - end - 1:
                cell = replace(here, row=int(source.rows[end + 1]))
                out.findings.append(finding("sheet.row.after_end", cell, count=after))
        elif found.index(alternatives(template, rules.stop_at.column)) is not None:
            out.findings.append(finding("sheet.stop.missing", here, str(rules.stop_at)))
    for test in rules.ignore_rows:
        for i in _matching(test, found, source, template):
            out.roles[i - start] = Role.IGNORED
            out.reasons.setdefault(int(source.rows[i]), str(test))


def _repeated_headers(
    source: SourceTable, found: Found, used: Sequence[int], here: CellRef, out: Rows
) -> None:
    """A second header row has at least two, and at least half, of the columns' own headers."""
    start = found.header + 1
    same: Counter[int] = Counter()
    for at in used:
        texts, keys = source.columns[at][start:], {header_key(t) for t in found.texts[at]} - {""}
        firsts = {key[0] for key in keys}
        alike = {
            text
            for text in set(texts)
            # its first letter alone rules out nearly all
            if text
            and (not text[0].isalnum() or text[0].casefold()[0] in firsts)
            and header_key(text) in keys
        }
        if alike:
            same.update(i for i, text in enumerate(texts, start=start) if text in alike)
    for i in sorted(i for i, n in same.items() if n >= 2 and 2 * n >= len(used)):
        if out.roles[i - start] is Role.DATA:
            out.roles[i - start] = Role.REPEATED_HEADER
            cell = replace(here, row=int(source.rows[i]))
            out.findings.append(finding("sheet.row.repeated_header", cell))


def _control_total(
    source: SourceTable,
    found: Found,
    kind: TableKind,
    template: Template,
    here: CellRef,
    out: Rows,
) -> None:
    """The last row, where it is the file's own total, as the template says or its sum proves."""
    start, rules = found.header + 1, template.source
    # Any other row like it is a bill that lacks its cells.
    last = max((k for k, role in enumerate(out.roles) if role is Role.DATA), default=-1)
    if last < 0:
        return
    i = start + last
    amount: int | None = None
    if rules.control_total:
        amount = found.index(alternatives(template, rules.control_total.amount))
        blanks = [found.index(alternatives(template, n)) for n in rules.control_total.blank]
        there = [at for at in blanks if at is not None]
        is_total = bool(there) and not any(tidy(source.columns[at][i]) for at in there)
        if where := rules.control_total.where:
            is_total = i in _matching(where, found, source, template)
        why = f"the file's own total: {where or 'the last row, with nothing else in it'}"
        amount = amount if is_total else None
    else:
        amount = proven_total(source, found, kind, template, out.roles, out.groups)
        why = "it is the sum of all other rows, and names no bill"
    if amount is None or not tidy(source.columns[amount][i]):
        return
    out.roles[last] = Role.CONTROL_TOTAL
    row = int(source.rows[i])
    out.reasons[row] = why
    cell = replace(here, row=row, column=found.headers[amount], column_index=amount)
    out.totals.append((source.columns[amount][i], source.kind(amount, i), cell))


_TOTAL = re.compile(
    r"(grand |sub ?|report |overall )?totals?( amount| payable| due)?:?|sum|summe|gesamt(summe)?"
    r"|total general|total général|totale|somme|suma",
    re.IGNORECASE,
)


def proven_total(
    source: SourceTable,
    found: Found,
    kind: TableKind,
    template: Template,
    roles: Sequence[Role],
    groups: Sequence[str],
) -> int | None:
    """The amount column of which the last data row is the sum of all others; None for no such.

    The row must be no bill besides: it has no number and no date, and no vendor but perhaps the
    word "Total". A row of which any of this is not so is never taken for a total.
    """
    start = found.header + 1
    data = [k for k, role in enumerate(roles) if role is Role.DATA]
    amounts = _amounts(found, kind, template)
    if kind is TableKind.LINE_ITEMS or len(data) < 3 or not amounts:
        return None
    i = start + data[-1]

    def columns(*names: str) -> list[int]:
        mapped = [template.bills[name] for name in names if name in template.bills]
        there = [found.index(headers) for e in mapped for headers, _ in e.columns()]
        return [at for at in there if at is not None]

    def named(names: Sequence[str]) -> set[int]:
        there = (found.index(alternatives(template, name)) for name in names)
        return {at for at in there if at is not None}

    number, day, vendor = columns("invoiceNumber"), columns("issuedDate"), columns("vendor")
    telling = {*number, *day, *vendor, *columns("vendorId", "billRef"), *named(template.group_by)}
    # A blank that is filled from above is a bill's further line.
    if not number or not day or telling & named(template.source.fill_down):
        return None
    told = {c: text for c in telling if (text := tidy(source.columns[c][i]))}
    if any(c not in vendor or not _TOTAL.fullmatch(text) for c, text in told.items()):
        return None
    if groups[data[-1]]:  # the group is the vendor
        return None
    numbers = numbers_in(source, amounts[0], start, template)
    if not numbers or i not in numbers or not numbers[i]:
        return None
    rest = [start + k for k in data[:-1]]
    return amounts[0] if total(numbers, rest) == numbers[i] else None
