"""Which rows below the header are data, and which the template says are not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pyarrow as pa

from importer.core.money import tidy
from importer.core.text_column import arrow_texts, cells_starting
from importer.mapping.column_sums import numbers_in, total
from importer.mapping.fill_down import FilledDown
from importer.mapping.headers import HeaderMatch, alternatives, wanted
from importer.mapping.patterns import pattern
from importer.mapping.row_groups import tell_groups
from importer.mapping.template_model import ControlTotalRule, RowTest, Template
from importer.model.fields import header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, Role, SourceTable, TableKind


def _matching(
    test: RowTest, found: HeaderMatch, source: SourceTable, template: Template
) -> set[int]:
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
class RowRoles:
    """What the rows below the header are.

    ``groups`` is the group of each row, "" for none. ``totals`` are the file's own totals (text,
    kind, cell). ``reasons`` says by row number which rule took a row out.
    """

    roles: list[Role]
    groups: list[str]
    findings: list[Finding] = field(default_factory=list)
    totals: list[tuple[str, CellKind, CellRef]] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def rows_of(
    source: SourceTable, down: FilledDown, kind: TableKind, template: Template, here: CellRef
) -> RowRoles:
    """Each row's role, and what is to be said of rows; ``here`` is the header row's place.

    Rules of the template see the cells as they are ``down``, filled in from above. What a row is by
    itself, a header again, a name or a total, is seen in ``source``, where blanks are blank.
    """
    found = down.found
    start = found.header + 1
    out = RowRoles([Role.DATA] * (len(source.rows) - start), [])
    _pass_over(down.source, found, template, here, out)
    for k in _by_fill(source, down, template):
        if not _of_a_bill(down, k, template):
            out.roles[k] = Role.DATA
            del out.reasons[int(source.rows[start + k])]
    _repeated_headers(source, found, _used(found, kind, template), here, out)
    amounts = _amounts(found, kind, template)
    out.groups, of_groups = tell_groups(source, found, out.roles, amounts, template, here)
    out.findings += of_groups
    telling = _Telling.of(found, template)
    groups = enumerate(out.roles) if template.source.groups else ()
    for k in [k for k, role in groups if role is Role.GROUP]:
        if not any(tidy(source.columns[c][start + k]) for c in amounts):
            continue
        for at in sorted((telling.number | telling.day) - {_group_column(found, template)}):
            if text := tidy(source.columns[at][start + k]):
                cell = replace(here, row=int(source.rows[start + k]), column=found.headers[at],
                               column_index=at)  # fmt: skip
                group = _group_column(found, template)
                name = "" if group is None else tidy(source.columns[group][start + k])
                out.findings.append(finding("sheet.group.with_data", cell, text, name=name))
                break
    _control_total(source, down, kind, template, here, out)
    return out


_SEPARATOR = re.compile(r"[ _\-]")


def _may_begin(keys: Collection[str], first: str) -> bool:
    """Whether a text that begins so may be a header of these keys; rules out nearly all."""
    bare = _SEPARATOR.sub("", first)
    if not first[:1].isalnum() or not (bare.isascii() and bare.isalnum()):
        return bool(first)  # a star, bracket or space that a key leaves out
    return any(key.startswith(bare.lower()) for key in keys)


def _used(found: HeaderMatch, kind: TableKind, template: Template) -> list[int]:
    """The columns that fields come from."""
    named = wanted(template, kind)
    return sorted({at for names in named if (at := found.index(names)) is not None})


def _amounts(found: HeaderMatch, kind: TableKind, template: Template) -> list[int]:
    """The columns of amounts of which a table's rows make a total."""
    fields = template.bills if kind is TableKind.BILLS else template.line_items
    mapped = (fields[name] for name in ("amount", "netAmount", "taxAmount") if name in fields)
    # Where a mark in another column gives the sign, the column itself adds up to nothing.
    there = (found.index(e.column) for e in mapped if e.column and not e.sign_from)
    return list(dict.fromkeys(at for at in there if at is not None))


def _pass_over(
    source: SourceTable, found: HeaderMatch, template: Template, here: CellRef, out: RowRoles
) -> None:
    start, rules = found.header + 1, template.source
    if rules.stop_at and source.previous_outcomes is not None:
        _past_the_end(source, start, template, here, out)
    elif rules.stop_at:
        ends = _matching(rules.stop_at, found, source, template)
        if ends:
            end = min(ends)
            out.roles[end - start :] = [Role.IGNORED] * (len(out.roles) - (end - start))
            why = f"the data ends where {rules.stop_at}"
            out.reasons |= dict.fromkeys(map(int, source.rows[end:]), why)
            out.findings += _end_like_a_bill(source, found, template, end, here)
            if after := len(source.rows) - end - 1:
                cell = replace(here, row=int(source.rows[end + 1]))
                out.findings.append(finding("sheet.row.after_end", cell, count=after))
        elif found.index(alternatives(template, rules.stop_at.column)) is not None:
            out.findings.append(finding("sheet.stop.missing", here, str(rules.stop_at)))
    for test in rules.ignore_rows:
        for i in _matching(test, found, source, template):
            out.roles[i - start] = Role.IGNORED
            out.reasons.setdefault(int(source.rows[i]), str(test))


def _end_like_a_bill(
    source: SourceTable, found: HeaderMatch, template: Template, i: int, here: CellRef
) -> Iterator[Finding]:
    """The row that ends the data, where it has a number and a date as bills have."""
    telling = _Telling.of(found, template)
    rule = template.source.stop_at
    its_own = found.index(alternatives(template, rule.column)) if rule else None
    cells = [
        next(((at, text) for at in sorted(of - {its_own}) if (text := tidy(source.columns[at][i]))),
             None)
        for of in (telling.number, telling.day)
    ]  # fmt: skip
    if all(cells) and cells[0]:
        at, text = cells[0]
        cell = replace(here, row=int(source.rows[i]), column=found.headers[at], column_index=at)
        yield finding("sheet.stop.doubtful", cell, text, rule=rule)


def _past_the_end(
    source: SourceTable, start: int, template: Template, here: CellRef, out: RowRoles
) -> None:
    """The rows of a result that were past the end: wherever they stand now, they still are."""
    assert source.previous_outcomes is not None
    why = f"the data ends where {template.source.stop_at}"
    others = tuple(map(str, template.source.ignore_rows))
    for k in range(len(out.roles)):
        if _formerly(source, start + k, Role.IGNORED) and not (
            others and source.previous_outcomes[start + k][1].startswith(others)
        ):
            out.roles[k] = Role.IGNORED
            out.reasons[int(source.rows[start + k])] = why
    if len(out.reasons) > 1:
        cell = replace(here, row=max(out.reasons))
        out.findings.append(finding("sheet.row.after_end", cell, count=len(out.reasons) - 1))


def _by_fill(source: SourceTable, down: FilledDown, template: Template) -> set[int]:
    """The rows that a rule passes over for nothing but a value from above."""
    start = down.found.header + 1
    own: set[int] = set()
    filled: set[int] = set()
    for test in template.source.ignore_rows if down.origins else ():
        own |= _matching(test, down.found, source, template)
        filled |= _matching(test, down.found, down.source, template)
    if template.source.stop_at and down.origins:
        ends = _matching(template.source.stop_at, down.found, down.source, template)
        own |= set(range(min(ends), len(source.rows))) if ends else set()
    return {i - start for i in filled - own}


def _of_a_bill(down: FilledDown, k: int, template: Template) -> bool:
    """Whether a row goes on with a bill that has all its keys: not with a subtotal, say."""
    first = down.begun_in(k)
    if first == k:
        return False
    keys = [down.found.index(alternatives(template, name)) for name in template.group_by]
    i = down.found.header + 1 + first
    return all(at is not None and tidy(down.source.columns[at][i]) for at in keys)


def _repeated_headers(
    source: SourceTable, found: HeaderMatch, used: Sequence[int], here: CellRef, out: RowRoles
) -> None:
    """A second header row has at least two, and at least half, of the columns' own headers."""
    start = found.header + 1
    same: Counter[int] = Counter()
    for at in used:
        keys = {header_key(t) for t in found.texts[at]} - {""}
        texts = arrow_texts(source.columns[at]).slice(start)
        near = cells_starting(texts, partial(_may_begin, keys))
        alike = zip(near.tolist(), texts.take(pa.array(near)).to_pylist(), strict=True)
        known: dict[str, bool] = {}
        for k, text in alike:
            if text not in known:
                known[text] = header_key(text) in keys
            if known[text]:
                same[start + k] += 1
    for i in sorted(i for i, n in same.items() if n >= 2 and 2 * n >= len(used)):
        if out.roles[i - start] is Role.DATA:
            out.roles[i - start] = Role.REPEATED_HEADER
            cell = replace(here, row=int(source.rows[i]))
            out.findings.append(finding("sheet.row.repeated_header", cell))


def _control_total(
    source: SourceTable,
    down: FilledDown,
    kind: TableKind,
    template: Template,
    here: CellRef,
    out: RowRoles,
) -> None:
    """The last row, where it is the file's own total, as the template says or its sum proves."""
    found = down.found
    start, rule = found.header + 1, template.source.control_total
    # Any other row like it is a bill that lacks its cells.
    backwards = range(len(out.roles) - 1, -1, -1)
    last = next((k for k in backwards if out.roles[k] is Role.DATA), -1)
    said = set[int]()
    if source.previous_outcomes is not None:
        rows = range(len(out.roles))
        said = {k for k in rows if _formerly(source, start + k, Role.CONTROL_TOTAL)}
    last = max((k for k in said if out.roles[k] is Role.DATA), default=last)
    if last < 0:
        return
    i = start + last
    amounts = _amounts(found, kind, template)
    amount: int | None
    if rule:
        amount = found.index(alternatives(template, rule.amount))
        if amount is None or not _fits(rule, source, i, found, template):
            out.notes.append(
                f"the last row is not the file's own total ({rule}), so that no total is compared"
            )
            return
        if why := _like_a_bill(source, down, i, template):
            cell = replace(here, row=int(source.rows[i]))
            out.findings.append(finding("sheet.total.doubtful", cell, rule=rule, why=why))
            return
        reason = f"the file's own total: {rule}"
    elif last in said:
        amount, reason = next(iter(amounts), None), "the file's own total, as in the run before"
    else:
        amount = proven_total(source, found, kind, template, out.roles, out.groups)
        reason = ""
        if amount is not None:
            name = found.headers[amount].strip()
            reason = (
                f"the file's own total: its '{name}' is the sum of all other rows, and it has no"
                " number, no date and no vendor"
            )
    if amount is None or not tidy(source.columns[amount][i]):
        return
    out.roles[last] = Role.CONTROL_TOTAL
    row = int(source.rows[i])
    out.reasons[row] = reason
    cell = replace(here, row=row, column=found.headers[amount], column_index=amount)
    out.totals.append((source.columns[amount][i], source.kind(amount, i), cell))


def _formerly(source: SourceTable, i: int, role: Role) -> bool:
    """Whether the row had this role in the result that is read again."""
    return (
        source.previous_outcomes is not None
        and source.previous_outcomes[i][0].strip() == role.value
    )


def _fits(
    rule: ControlTotalRule, source: SourceTable, i: int, found: HeaderMatch, template: Template
) -> bool:
    if rule.where:
        return i in _matching(rule.where, found, source, template)
    blanks = [found.index(alternatives(template, name)) for name in rule.blank]
    return None not in blanks and not any(
        tidy(source.columns[at][i]) for at in blanks if at is not None
    )


def _like_a_bill(source: SourceTable, down: FilledDown, i: int, template: Template) -> str:
    """What a row that fits ``control_total`` has of a bill, in words; "" for nothing."""
    found, rule = down.found, template.source.control_total
    assert rule is not None
    telling = _Telling.of(found, template)
    label = found.index(alternatives(template, rule.where.column)) if rule.where else None
    has = {
        at: text
        for at in sorted(telling.all)
        if (text := tidy(source.columns[at][i]))
        and not (at in telling.vendor and _TOTAL.fullmatch(text))
    }
    if rule.where and not (telling.day_may_lack or telling.day & has.keys()):
        return ""  # a bill has a date
    if rule.where and not (telling.vendor_may_lack or telling.vendor & has.keys()):
        return ""
    for at, text in has.items():
        if at != label:
            return f"it has '{text}' in '{found.headers[at].strip()}', as a bill has"
    if rule.where:
        return ""
    k = i - found.header - 1
    if down.begun_in(k) != k:
        return "it goes on with the bill above it, as blank cells are filled down"
    may_lack = telling.day_may_lack and telling.vendor_may_lack
    return "a bill of this file may have just as little" if may_lack else ""


def _group_column(found: HeaderMatch, template: Template) -> int | None:
    groups = template.source.groups
    return None if groups is None else found.index(alternatives(template, groups.column))


@dataclass(frozen=True)
class _Telling:
    """The columns that tell a bill from a total: its number, its date, its vendor.

    A bill may lack the cell of its date or vendor where the template has something for its place.
    """

    number: frozenset[int]
    day: frozenset[int]
    vendor: frozenset[int]
    all: frozenset[int]
    day_may_lack: bool
    vendor_may_lack: bool

    @classmethod
    def of(cls, found: HeaderMatch, template: Template) -> _Telling:
        def columns(*names: str) -> frozenset[int]:
            mapped = [template.bills[name] for name in names if name in template.bills]
            there = [found.index(headers) for e in mapped for headers, _ in e.columns()]
            return frozenset(at for at in there if at is not None)

        def may_lack(*names: str) -> bool:
            mapped = [template.bills[name] for name in names if name in template.bills]
            return any(e.has_constant for e in mapped)

        number, day = columns("invoiceNumber"), columns("issuedDate")
        vendor = columns("vendor", "vendorId")
        keys = (found.index(alternatives(template, name)) for name in template.group_by)
        every = {
            *number,
            *day,
            *vendor,
            *columns("billRef"),
            *(at for at in keys if at is not None),
        }
        lacks = may_lack("issuedDate"), may_lack("vendor", "vendorId")
        return cls(number, day, vendor, frozenset(every), *lacks)


_TOTAL = re.compile(
    r"(grand |sub ?|report |overall )?totals?( amount| payable| due)?:?|sum|summe|gesamt(summe)?"
    r"|total general|total général|totale|somme|suma",
    re.IGNORECASE,
)


def proven_total(
    source: SourceTable,
    found: HeaderMatch,
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
    amounts = _amounts(found, kind, template)
    if kind is TableKind.LINE_ITEMS or not amounts or roles.count(Role.DATA) < 3:
        return None
    last = next(k for k in range(len(roles) - 1, -1, -1) if roles[k] is Role.DATA)
    i = start + last
    telling = _Telling.of(found, template)
    filled = {found.index(alternatives(template, name)) for name in template.source.fill_down}
    if telling.day_may_lack and telling.vendor_may_lack:
        return None
    # A blank that is filled from above is a bill's further line.
    if not telling.number or not telling.day or telling.all & filled:
        return None
    told = {c: text for c in telling.all if (text := tidy(source.columns[c][i]))}
    if any(c not in telling.vendor or not _TOTAL.fullmatch(text) for c, text in told.items()):
        return None
    if groups[last]:  # the group is the vendor
        return None
    numbers = numbers_in(source, amounts[0], start, template)
    if not numbers or i not in numbers or not numbers[i]:
        return None
    rest = [start + k for k in range(last) if roles[k] is Role.DATA]
    unread = any(j not in numbers and tidy(source.columns[amounts[0]][j]) for j in rest)
    return amounts[0] if not unread and total(numbers, rest) == numbers[i] else None
