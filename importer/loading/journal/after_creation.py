"""What the journal keeps of a run after its bills were created: what was read back and undone.

Everything is one durable commit, as in ``journal``.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from importer.loading.journal.journal import Journal, now, status_where
from importer.loading.journal.journal_tables import (
    ENTRIES,
    READ_BACKS,
    RUN_BILLS,
    RUNS,
    STEPS,
    UNDONE,
)
from importer.model.journal_states import State, Status, Step, StepKind, StepState
from importer.model.read_back import Comparison, Difference, ReadBack

# --- read back --------------------------------------------------------------------------------


def read_backs(journal: Journal, run: str) -> dict[int, ReadBack]:
    """What ``verify`` read of a run's bills, by bill index."""
    with journal._reading() as db:
        rows = db.execute(sa.select(READ_BACKS).where(READ_BACKS.c.run == run)).mappings().all()
    return {row["bill"]: _read_back_of(row) for row in rows}


def keep_read_backs(journal: Journal, run: str, read: Mapping[int, ReadBack]) -> None:
    """Write what was read of some bills; what was known of them before is replaced."""
    if read:
        rows = [_read_back_row(run, bill, back) for bill, back in read.items()]
        with journal._writing() as db:
            db.execute(sa.insert(READ_BACKS).prefix_with("OR REPLACE"), rows)


def forget_read_backs(journal: Journal, run: str) -> None:
    with journal._writing() as db:
        db.execute(sa.delete(READ_BACKS).where(READ_BACKS.c.run == run))


def _read_back_of(row: Mapping[Any, Any]) -> ReadBack:
    return ReadBack(
        seen=Comparison(row["seen"]),
        moment=datetime.fromisoformat(row["moment"]),
        light_state=row["light_state"],
        amount=row["amount"],
        net=row["net"],
        tax=row["tax"],
        lines=bool(row["lines"]),
        differences=tuple(Difference(*each) for each in json.loads(row["differences"])),
        message=row["message"],
    )


def _read_back_row(run: str, bill: int, back: ReadBack) -> dict[str, Any]:
    differences = [[d.field, d.line, d.sheet, d.light] for d in back.differences]
    return {
        "run": run,
        "bill": bill,
        "seen": back.seen,
        "moment": back.moment.isoformat(),
        "light_state": back.light_state,
        "amount": back.amount,
        "net": back.net,
        "tax": back.tax,
        "lines": back.lines,
        "differences": json.dumps(differences, ensure_ascii=False),
        "message": back.message,
    }


# --- undone -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cancelled:
    """A bill that was cancelled in Light. ``light_id`` is never taken for a bill again."""

    entry: int
    light_id: str


def cancels(journal: Journal, entries: Collection[int]) -> dict[int, Step]:
    """The steps CANCEL of these entries, by entry."""
    known = journal.steps(entries).items()
    return {entry: steps[StepKind.CANCEL] for entry, steps in known if StepKind.CANCEL in steps}


def unfinished_undo(journal: Journal, entries: Collection[int]) -> str | None:
    """The run whose undo ended midway, with one of these entries about to be cancelled."""
    query = sa.select(STEPS.c.entry, STEPS.c.detail).where(
        STEPS.c.kind == StepKind.CANCEL,
        STEPS.c.state.in_([StepState.SENDING, StepState.UNKNOWN]),
    )
    wanted = set(entries)
    with journal._reading() as db:
        for entry, detail in db.execute(query):
            if entry in wanted:
                return str(json.loads(detail)["run"])
    return None


def created_before(journal: Journal, run: str) -> dict[str, int]:
    """How many of the bills that a run found loaded are of which other run, the oldest first."""
    other = RUN_BILLS.alias()
    query = (
        sa.select(RUNS.c.id, sa.func.count())
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
        .group_by(RUNS.c.id)
        .order_by(RUNS.c.started)
    )
    with journal._reading() as db:
        return {row[0]: row[1] for row in db.execute(query)}


def undo_entries(
    journal: Journal, run: str, cancelled: Sequence[Cancelled], free: Collection[int] = ()
) -> None:
    """These bills were cancelled: they are undone in every run that had them in Light, and may be
    loaded again.

    Entries in ``free`` have no id to remember: should Light show their bill again, it is theirs.
    """
    if not cancelled:
        return
    moment = now()
    rows = [
        {**asdict(bill), "run": run, "moment": moment.isoformat()}
        for bill in cancelled
        if bill.entry not in free
    ]
    why = f"cancelled in Light by undo on {moment:%Y-%m-%d %H:%M} UTC"
    with journal._writing() as db:
        if rows:
            db.execute(sa.insert(UNDONE).prefix_with("OR IGNORE"), rows)
        db.execute(_FREE, [{"key": bill.entry} for bill in cancelled])
        db.execute(_UNREAD, [{"of": bill.entry} for bill in cancelled])
        db.execute(_UNDO, [{"of": bill.entry, "why": why, "of_run": run} for bill in cancelled])


_FREE = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values(
        state=State.PLANNED,
        attempts=0,
        first_sent=None,
        last_sent=None,
        settled=None,
        light_id=None,
        light_state=None,
        light_amount=None,
        line_ids=None,
        alone=False,
        message="",
        errors=None,
        how=None,
        partial="",
    )
)
_UNDO = (
    sa.update(RUN_BILLS)
    .where(
        RUN_BILLS.c.entry == sa.bindparam("of"),
        sa.or_(
            RUN_BILLS.c.run == sa.bindparam("of_run"),
            RUN_BILLS.c.status.is_(None),
            RUN_BILLS.c.status == Status.CREATED,
            RUN_BILLS.c.status == Status.ALREADY_LOADED,
        ),
    )
    .values(status=Status.UNDONE, message=sa.bindparam("why"), how=None, partial="")
)


_UNREAD = sa.delete(READ_BACKS).where(
    sa.tuple_(READ_BACKS.c.run, READ_BACKS.c.bill).in_(
        sa.select(RUN_BILLS.c.run, RUN_BILLS.c.bill).where(RUN_BILLS.c.entry == sa.bindparam("of"))
    )
)


# --- history ----------------------------------------------------------------------------------


@dataclass
class Marks:
    """What the history tells of a run beside its own summary. ``bills`` are those the journal
    knows, by status; ``read`` those read back, by how they were seen, ``read_at`` the latest."""

    bills: Counter[Status] = field(default_factory=Counter)
    read: Counter[Comparison] = field(default_factory=Counter)
    read_at: datetime | None = None
    with_lines: bool = False


def marks(journal: Journal) -> dict[str, Marks]:
    """The marks of all runs: three queries, however many there are."""
    out: dict[str, Marks] = defaultdict(Marks)
    partly = ENTRIES.c.light_id.is_not(None).label("partly")
    counted = (
        sa.select(RUN_BILLS.c.run, RUN_BILLS.c.status, ENTRIES.c.state, partly, sa.func.count())
        .join(ENTRIES, ENTRIES.c.id == RUN_BILLS.c.entry)
        .group_by(RUN_BILLS.c.run, RUN_BILLS.c.status, ENTRIES.c.state, partly)
    )
    seen = sa.select(
        READ_BACKS.c.run,
        READ_BACKS.c.seen,
        sa.func.count(),
        sa.func.max(READ_BACKS.c.moment),
        sa.func.min(READ_BACKS.c.lines),
    ).group_by(READ_BACKS.c.run, READ_BACKS.c.seen)
    with journal._reading() as db:
        for run, status, state, begun, n in db.execute(counted):
            out[run].bills[
                Status(status) if status else status_where(State(state), begun=begun)
            ] += n
        for run, how, n, moment, lines in db.execute(seen):
            mark, read_at = out[run], datetime.fromisoformat(moment)
            mark.with_lines = bool(lines) and (mark.with_lines or not mark.read)
            mark.read[Comparison(how)] = n
            mark.read_at = max(mark.read_at or read_at, read_at)
    return out
