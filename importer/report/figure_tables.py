"""The ledger and the ageing as small tables, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from importer.core.counted_nouns import count
from importer.core.money import money
from importer.model.ageing import BUCKET_WORDS, Ageing, AgeingRow, GroupCents, OldAgeingTieOut
from importer.model.ledger import AccountTotal, LedgerSide, LedgerTieOut
from importer.model.report_model import RunSummary

NOT_STATED, NOT_READ = "not stated", "not read"
SIDE_WORDS = {
    LedgerSide.ACCOUNT: "Net amounts",
    LedgerSide.TAX: "Tax",
    LedgerSide.PAYABLES: "Payables",
}
_MOST_DIFFERING = 10  # accounts


@dataclass(frozen=True)
class FigureTable:
    """``headers`` are those of the figures; a row is its label and a text a figure. ``more`` rows
    are in the workbook alone."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    more: int = 0


def figure_tables(summary: RunSummary) -> Iterator[FigureTable]:
    """Those that the run has figures for."""
    if summary.ledger is not None:
        yield from _of_ledger(summary.ledger)
    if summary.ageing is not None:
        yield from _of_ageing(summary.ageing)


def _of_ledger(ledger: LedgerTieOut) -> Iterator[FigureTable]:
    """Of each entity and currency the accounts and tax codes that differ, and the totals."""
    for entity, currency in dict.fromkeys((a.entity, a.currency) for a in ledger.accounts):
        totals = [a for a in ledger.accounts if (a.entity, a.currency) == (entity, currency)]
        differing = [each for each in totals if each.difference]
        rows = [
            _ledger_row(f"{SIDE_WORDS[a.side]}: {' '.join(filter(None, (a.code, a.label)))}", [a])
            for a in differing[:_MOST_DIFFERING]
            if a.side is not LedgerSide.PAYABLES
        ]
        for side in LedgerSide:
            of_side = [each for each in totals if each.side is side]
            if not of_side:
                continue
            words = SIDE_WORDS[side]
            if side is not LedgerSide.PAYABLES:
                noun = "account" if side is LedgerSide.ACCOUNT else "tax code"
                words += f", {count(len(of_side), noun)}"
            rows.append(_ledger_row(words, of_side))
        title = f"Ledger, {entity}, {currency}" if entity else f"Ledger, {currency}"
        headers = ("Sheet", "Ledger", "Difference")
        yield FigureTable(title, headers, tuple(rows), max(0, len(differing) - _MOST_DIFFERING))


def _ledger_row(label: str, totals: Sequence[AccountTotal]) -> tuple[str, tuple[str, ...]]:
    unit = totals[0].unit
    parts = ([a.sheet for a in totals], [a.ledger for a in totals], [a.difference for a in totals])
    return label, tuple(_text(_sum(part), unit, NOT_STATED) for part in parts)


def _of_ageing(ageing: Ageing) -> Iterator[FigureTable]:
    """Of each currency what is open by age, and beside the old system's reports."""
    day = ageing.as_of.isoformat()
    for total in ageing.totals():
        rows = [
            _bucket_row(
                BUCKET_WORDS[bucket],
                ageing,
                total,
                total.sheet.get(bucket, 0),
                total.light.get(bucket, 0),
            )
            for bucket in ageing.buckets
        ]
        sums = sum(total.sheet.values()), sum(total.light.values())
        rows.append(_bucket_row("Total", ageing, total, *sums))
        headers = ("Sheet", "In Light", "Difference") if ageing.asked else ("Sheet",)
        yield FigureTable(f"AP ageing on {day}, {total.currency}", headers, tuple(rows))
    for tie_out in ageing.old:
        yield from _of_old_system(tie_out, day, asked=ageing.asked)


def _bucket_row(
    label: str, ageing: Ageing, total: AgeingRow, sheet: int, light: int
) -> tuple[str, tuple[str, ...]]:
    stated = None if total.unread else light
    figures = [_text(sheet, total.unit)]
    if ageing.asked:
        difference = None if stated is None else sheet - stated
        figures += [_text(stated, total.unit), _text(difference, total.unit)]
    return label, tuple(figures)


def _of_old_system(tie_out: OldAgeingTieOut, day: str, *, asked: bool) -> Iterator[FigureTable]:
    headers = ("Old system", "Sheet", "Difference", *(["In Light"] if asked else []))
    for total in tie_out.totals():
        columns: list[GroupCents | None] = [total.old, total.sheet, total.differences]
        if asked:
            columns.append(total.light)
        labels = [*(group.words for group in tie_out.groups), "Total"]
        figures = zip(*(_group_texts(c, total.unit, len(labels) - 1) for c in columns), strict=True)
        rows = tuple(zip(labels, figures, strict=True))
        yield FigureTable(f"Old system on {day}, {total.currency}", headers, rows)


def _group_texts(cents: GroupCents | None, unit: int, size: int) -> list[str]:
    """Each group, and the total."""
    if cents is None:
        return [NOT_READ] * (size + 1)
    return [money(each, unit) for each in (*cents, sum(cents))]


def _sum(parts: Iterable[int | None]) -> int | None:
    every = [*parts]
    stated = [each for each in every if each is not None]
    return sum(stated) if len(stated) == len(every) else None


def _text(cents: int | None, unit: int, otherwise: str = NOT_READ) -> str:
    return otherwise if cents is None else money(cents, unit)
