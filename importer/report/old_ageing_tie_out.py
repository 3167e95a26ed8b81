"""An ageing report of the old system against the sheet and Light's balances, vendor by vendor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from importer.core.cell_parsers import parse_uuid
from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.name_key import name_key
from importer.model.ageing import (
    BUCKET_DAYS,
    BUCKET_WORDS,
    BUCKETS,
    EVER,
    AgeBucket,
    AgeColumn,
    AgeGroup,
    Ageing,
    AgeingRow,
    Cents,
    GroupCents,
    OldAgeing,
    OldAgeingRow,
    OldAgeingTieOut,
    OldBalance,
)
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding


def age_groups(columns: Sequence[AgeColumn]) -> tuple[tuple[AgeGroup, ...], tuple[AgeBucket, ...]]:
    """The columns and our buckets in the smallest groups that have the same days; and the buckets
    whose days no column has.

    A column whose days are not known has some of those that the others leave.
    """
    spans = [each.days for each in columns if each.days is not None]
    unstated = {c for c, each in enumerate(columns) if each.days is None}
    touching: list[set[AgeBucket | int]] = []
    for bucket, days in BUCKET_DAYS.items():
        group: set[AgeBucket | int] = {bucket}
        group |= {c for c, each in enumerate(columns) if each.days and _overlap(each.days, days)}
        if not _covered(days, spans):
            group |= unstated
        touching.append(group)
    if unstated and not any(unstated & group for group in touching):
        for group in touching:  # the others have all days: it may have any
            group |= unstated
    merged: list[set[AgeBucket | int]] = []
    for group in touching:
        apart = [each for each in merged if not each & group]
        merged = [*apart, group.union(*(each for each in merged if each & group))]
    groups: list[AgeGroup] = []
    unlisted: list[AgeBucket] = []
    for members in merged:
        at = sorted(each for each in members if not isinstance(each, AgeBucket))
        buckets = tuple(bucket for bucket in BUCKETS if bucket in members)
        if at:
            headers = tuple(columns[c].header for c in at)
            groups.append(AgeGroup(headers, tuple(at), buckets))
        else:
            unlisted += buckets
    groups.sort(key=lambda group: BUCKETS.index(group.buckets[0]))
    return tuple(groups), tuple(unlisted)


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _covered(days: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether the spans have all of these days together."""
    first = days[0]
    for start, end in sorted(spans):
        if start <= first <= end:
            first = end + 1
    return first > min(days[1], EVER)


def compute_old_ageing(
    report: OldAgeing, rows: Sequence[AgeingRow], *, asked: bool
) -> OldAgeingTieOut:
    """The report against the vendors of the sheet: by a name or number that means one of them. A
    vendor that only one of the two has is in the table too, where it has an amount."""
    groups, unlisted = age_groups(report.columns)
    currencies = dict.fromkeys(each.currency for each in report.vendors)
    if any(AgeBucket.NO_DATE in row.sheet for row in rows if row.currency in currencies):
        unlisted = (*unlisted, AgeBucket.NO_DATE)
    units = {row.currency: row.unit for row in rows}
    called: dict[tuple[str, str], set[int]] = defaultdict(set)
    for n, row in enumerate(rows):
        for name in row.names:
            called[row.currency, name].add(n)
    matched: dict[int, list[OldBalance]] = {}
    out: list[OldAgeingRow] = []
    doubtful: set[int] = set()
    for balance in report.vendors:
        wanted = {name_key(text) for text in (balance.name, balance.number) if text}
        at = sorted(set[int]().union(*(called[balance.currency, name] for name in wanted)))
        if len(at) == 1:
            matched.setdefault(at[0], []).append(balance)
            continue
        old = _by_group(balance.cents, groups)
        doubtful.update(at)
        if any(old):
            vendors = "; ".join(rows[n].vendor for n in at)
            unit = units.get(balance.currency, 100)
            names = balance.currency, balance.name, unit
            out.append(OldAgeingRow(*names, old, None, None, balance.row, vendors))
    for n, row in enumerate(rows):
        if row.currency not in currencies:
            continue
        sheet, light = _by_bucket(row.sheet, groups), _by_bucket(row.light, groups)
        balances = matched.get(n, [])
        if not balances and not any(sheet):
            continue
        old = _total([_by_group(each.cents, groups) for each in balances], len(groups))
        out.append(
            OldAgeingRow(
                row.currency,
                row.vendor,
                row.unit,
                old if balances else None,
                sheet,
                light if asked and not row.unread else None,
                balances[0].row if balances else None,
                row.vendor if n in doubtful and not balances else "",
            )
        )
    out.sort(key=lambda row: (row.currency, row.vendor.casefold()))
    unmapped = tuple(each.header for each in report.columns if each.days is None)
    return OldAgeingTieOut(report, groups, tuple(out), unmapped, unlisted)


def with_old_ageing(ageing: Ageing, reports: Sequence[OldAgeing]) -> Ageing:
    tie_outs = (compute_old_ageing(each, ageing.rows, asked=ageing.asked) for each in reports)
    return replace(ageing, old=tuple(tie_outs))


def _by_group(cents: Sequence[int], groups: Sequence[AgeGroup]) -> GroupCents:
    return tuple(sum(cents[c] for c in group.columns) for group in groups)


def _by_bucket(cents: Cents, groups: Sequence[AgeGroup]) -> GroupCents:
    return tuple(sum(cents.get(bucket, 0) for bucket in group.buckets) for group in groups)


def _total(parts: Iterable[GroupCents], size: int) -> GroupCents:
    every = [*parts]
    return tuple(sum(part[k] for part in every) for k in range(size))


def old_ageing_findings(tie_out: OldAgeingTieOut, as_of: date) -> Iterator[Finding]:
    """What differs, a vendor each; vendors that only one side has."""
    report, day = tie_out.report, as_of.isoformat()
    # Of ids nobody knows the name: the report cannot have them.
    nameless = {row.currency for row in tie_out.rows if row.old is None and _is_id(row.vendor)}
    for currency in sorted(nameless):
        rows = [row for row in tie_out.rows if row.currency == currency]
        ids = sum(row.old is None and _is_id(row.vendor) for row in rows)
        yield finding(
            "control.old_ageing.nameless", CellRef(report.file, report.sheet), str(ids), day=day
        )
    for row in tie_out.rows:
        words: dict[str, Any] = {"currency": row.currency, "day": day}
        cell = CellRef(report.file, report.sheet, row.row)
        if row.old is not None and row.sheet is not None:
            if any(row.differences):
                text = "; ".join(_differences(row, tie_out.groups))
                code = "control.old_ageing.differs"
                yield finding(code, cell, row.vendor, differences=text, **words)
        elif row.currency in nameless and not row.doubt:
            continue
        elif row.sheet is None:
            words["amount"] = money(sum(row.old or ()), row.unit)
            code = "ambiguous" if row.doubt else "not_in_sheet"
            yield finding(
                f"control.old_ageing.{code}", cell, row.vendor, vendors=row.doubt, **words
            )
        elif not row.doubt:  # else the row of the report that may be it is reported
            words["amount"] = money(sum(row.sheet), row.unit)
            yield finding("control.old_ageing.not_in_report", cell, row.vendor, **words)


def _is_id(vendor: str) -> bool:
    return not parse_uuid(vendor)[1]


def _differences(row: OldAgeingRow, groups: Sequence[AgeGroup]) -> Iterator[str]:
    sheet = row.sheet or ()
    for group, old, of_sheet in zip(groups, row.old or (), sheet, strict=True):
        if old != of_sheet:
            yield (
                f"{group.words.lower()}: {money(old, row.unit)} in the old system,"
                f" {money(of_sheet, row.unit)} in the sheet"
            )


def old_ageing_words(ageing: Ageing) -> Iterator[str]:
    """Sentences for the notes."""
    for tie_out in ageing.old:
        yield from _words_of(tie_out, ageing)
    covered = {row.currency for tie_out in ageing.old for row in tie_out.rows}
    others = sorted({row.currency for row in ageing.rows} - covered)
    if ageing.old and others:
        yield f"Not compared with the old system: {', '.join(others)}, in no ageing report."


def _words_of(tie_out: OldAgeingTieOut, ageing: Ageing) -> Iterator[str]:
    name, rows = Path(tie_out.report.file).name, tie_out.rows
    if tie_out.agrees:
        yield (
            f"{name}: each vendor has in the sheet what the old system has, in each age that can be"
            " compared."
        )
    else:
        differing = sum(any(row.differences) for row in rows)
        verb = "differs" if differing == 1 else "differ"
        yield (
            f"{name}: {count(differing, 'vendor')} of {len(rows):,} {verb} from the sheet; see the"
            " sheet 'AP ageing, old system'."
        )
    if ageing.asked:
        lights = [row for row in rows if row.sheet is not None or row.old is not None]
        unread = sum(row.light is None and row.sheet is not None for row in lights)
        differing = sum(
            (row.light or (0,) * len(tie_out.groups)) != (row.old or (0,) * len(tie_out.groups))
            for row in lights
            if row.light is not None or row.sheet is None
        )
        if unread:
            yield f"{name}: Light's balances of {count(unread, 'vendor')} could not be read."
        if differing:
            yield f"{name}: Light's balances differ from it for {count(differing, 'vendor')}."
        elif not unread:
            yield f"{name}: Light's balances are those of the old system."
    for group in tie_out.groups:
        vague = [header for header in group.headers if header in tie_out.unmapped]
        if vague:
            verb = "does" if len(vague) == 1 else "do"
            yield (
                f"{name}: {', '.join(vague)} {verb} not say how many days overdue an amount is, and"
                f" can only be compared with {group.words.lower()} as a whole."
            )
        elif len(group.buckets) > 1:
            yield (
                f"{name}: {', '.join(group.headers)} can only be compared with"
                f" {group.words.lower()} as a whole."
            )
    if tie_out.unlisted:
        buckets = ", ".join(BUCKET_WORDS[bucket].lower() for bucket in tie_out.unlisted)
        yield f"{name} has no column for {buckets}: not compared."
