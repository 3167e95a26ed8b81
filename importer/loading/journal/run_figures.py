"""Figures of runs from what the journal knows of their bills."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import MAY_BE_TWICE, status_where
from importer.loading.journal.journal_tables import ENTRIES, READ_BACKS, RUN_BILLS, RUNS
from importer.model.journal_states import State, Status, is_note_identity
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


@dataclass
class RunFigures:
    """Figures of a run beside its own summary. ``bills`` are those the journal knows, by status;
    ``read`` those read back, ``read_at`` the latest; ``damage`` why some cannot be counted."""

    bills: Counter[Status] = field(default_factory=Counter)
    read: Counter[Comparison] = field(default_factory=Counter)
    read_at: datetime | None = None
    with_lines: bool = False
    damage: str = ""


def run_figures(journal: Journal) -> dict[str, RunFigures]:
    """The figures of all runs, in two queries."""
    out: dict[str, RunFigures] = defaultdict(RunFigures)
    in_light = ENTRIES.c.light_id.is_not(None).label("in_light")
    may_be = sa.or_(RUN_BILLS.c.status.is_(None), RUN_BILLS.c.status.in_(MAY_BE_TWICE))
    twice = sa.and_(ENTRIES.c.twins.is_not(None), may_be)
    status_now = sa.case((twice, Status.UNKNOWN.value), else_=RUN_BILLS.c.status)
    counted = (
        sa.select(
            RUN_BILLS.c.run,
            status_now.label("status_now"),
            ENTRIES.c.state,
            in_light,
            sa.func.count(),
        )
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
