"""Figures of runs from what the journal knows of their bills."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import MAY_BE_TWICE, status_where
from importer.loading.journal.journal_tables import ENTRIES, READ_BACKS, RUN_BILLS, RUNS
from importer.model.journal_states import IN_LIGHT, State, Status, is_note_identity
from importer.model.read_back import Comparison


def created_before(journal: Journal, run: str) -> dict[str, tuple[int, int]]:
    """How many of the bills and credit notes that a run found loaded are of which other run, the
    oldest first."""
    other = RUN_BILLS.alias()
    query = (
        sa.select(RUNS.c.id, ENTRIES.c.identity)
        .select_from(RUN_BILLS)
        .join(RUNS, RUNS.c.id != run)
        .join(other, sa.and_(other.c.run == RUNS.c.id, other.c.entry == RUN_BILLS.c.entry))
        .join(ENTRIES, ENTRIES.c.id == RUN_BILLS.c.entry)
        .where(
            RUN_BILLS.c.run == run,
            RUN_BILLS.c.status == Status.ALREADY_LOADED,
            sa.or_(
                other.c.status == Status.CREATED,
                sa.and_(other.c.status.is_(None), ENTRIES.c.state == State.CREATED),
            ),
        )
        .order_by(RUNS.c.started)
    )
    out: dict[str, tuple[int, int]] = {}
    with journal.reading() as db:
        for run_id, identity in db.execute(query):
            bills, notes = out.get(run_id, (0, 0))
            note = is_note_identity(identity)
            out[run_id] = bills + (not note), notes + note
    return out


_IN_LIGHT = ENTRIES.c.light_id.is_not(None).label("in_light")
_WITHOUT_LINES = sa.and_(RUN_BILLS.c.status == Status.REJECTED, ENTRIES.c.light_id.is_not(None))
_MAY_BE = sa.or_(RUN_BILLS.c.status.is_(None), RUN_BILLS.c.status.in_(MAY_BE_TWICE), _WITHOUT_LINES)
_TWICE = sa.and_(ENTRIES.c.twins.is_not(None), _MAY_BE)
_STATUS_NOW = sa.case((_TWICE, Status.UNKNOWN.value), else_=RUN_BILLS.c.status).label("status_now")


@dataclass
class RunFigures:
    """Figures of a run beside its own summary. ``bills`` are those the journal knows, by status;
    ``read`` those read back, ``read_at`` the latest; ``damage`` why some cannot be counted."""

    bills: Counter[Status] = field(default_factory=Counter)
    read: Counter[Comparison] = field(default_factory=Counter)
    read_at: datetime | None = None
    with_lines: bool = False
    damage: str = ""


_FROM_CONTENT = {  # what the figures need of a bill's content, by SQL dialect
    "sqlite": (
        "json_extract(entries.content, '$.currency')",
        "json_array_length(entries.content, '$.lineItems')",
    ),
    "postgresql": (
        "(entries.content::json ->> 'currency')",
        "json_array_length(entries.content::json -> 'lineItems')",
    ),
}


def figures_now(journal: Journal, run: str) -> tuple[dict[str, int], Counter[str]]:
    """Line items of a run by status, and the cents that Light has of it now by currency; added up
    by the database, whose contents are not read here."""
    backs = sa.and_(  # not what was read before the bill was undone and loaded again
        READ_BACKS.c.run == RUN_BILLS.c.run,
        READ_BACKS.c.entry == RUN_BILLS.c.entry,
        sa.or_(ENTRIES.c.settled.is_(None), ENTRIES.c.settled <= READ_BACKS.c.moment),
    )
    cents = sa.func.coalesce(READ_BACKS.c.amount, ENTRIES.c.light_amount, 0)
    lines: Counter[str] = Counter()
    in_light: Counter[str] = Counter()
    with journal.reading(run) as db:
        currency, n_lines = _FROM_CONTENT[db.dialect.name]
        query = (
            sa.select(
                _STATUS_NOW,
                ENTRIES.c.state,
                _IN_LIGHT,
                sa.literal_column(currency).label("currency"),
                READ_BACKS.c.seen,
                sa.func.sum(sa.literal_column(n_lines)),
                sa.func.sum(cents),
            )
            .select_from(RUN_BILLS)
            .join(ENTRIES, ENTRIES.c.id == RUN_BILLS.c.entry)
            .outerjoin(READ_BACKS, backs)
            .where(RUN_BILLS.c.run == run)
            .group_by(*map(sa.text, ("status_now", "state", "in_light", "currency", "seen")))
        )
        for status, state, has_id, code, read, n, amount in db.execute(query):
            of = Status(status) if status else status_where(State(state), partial=has_id)
            lines[of.value] += int(n)
            if of in IN_LIGHT and read != Comparison.MISSING:
                in_light[code] += int(amount)
    return dict(lines), in_light


def run_figures(journal: Journal) -> dict[str, RunFigures]:
    """The figures of all runs, in two queries."""
    out: dict[str, RunFigures] = defaultdict(RunFigures)
    counted = (
        sa.select(RUN_BILLS.c.run, _STATUS_NOW, ENTRIES.c.state, _IN_LIGHT, sa.func.count())
        .join(ENTRIES, ENTRIES.c.id == RUN_BILLS.c.entry)
        .group_by(RUN_BILLS.c.run, sa.text("status_now"), ENTRIES.c.state, sa.text("in_light"))
    )
    compared = sa.select(
        READ_BACKS.c.run,
        READ_BACKS.c.seen,
        sa.func.count(),
        sa.func.max(READ_BACKS.c.moment),
        sa.func.min(sa.cast(READ_BACKS.c.lines, sa.Integer)),
    ).group_by(READ_BACKS.c.run, READ_BACKS.c.seen)
    with journal.reading() as db:
        for run, status, state, has_id, n in db.execute(counted):
            try:
                of = Status(status) if status else status_where(State(state), partial=has_id)
            except ValueError as error:
                out[run].damage = str(error)
            else:
                out[run].bills[of] += n
        for run, comparison, n, moment, lines in db.execute(compared):
            figures = out[run]
            try:
                figures.read[Comparison(comparison)] = n
                read_at = datetime.fromisoformat(moment)
            except ValueError as error:
                figures.damage = str(error)
            else:
                figures.with_lines = bool(lines) and (figures.with_lines or len(figures.read) == 1)
                figures.read_at = max(figures.read_at or read_at, read_at)
    return out
