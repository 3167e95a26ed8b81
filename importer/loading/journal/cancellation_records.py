"""Cancellations in the journal: the steps CANCEL, and what an undo means for every run."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from importer.core.clock import utc_now
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import (
    ENTRIES,
    READ_BACKS,
    RUN_BILLS,
    SAVE_UNDONE,
    STEPS,
    UPDATES,
)
from importer.model.bill_updates import UpdateState
from importer.model.journal_states import State, Status, Step, StepKind, StepState


@dataclass(frozen=True)
class Cancelled:
    """A bill that was cancelled in Light. ``light_id`` is never taken for a bill again."""

    entry: int
    light_id: str


def cancels(journal: Journal, entries: Collection[int]) -> dict[int, Step]:
    """The steps CANCEL of these entries, by entry."""
    by_entry = journal.steps(entries).items()
    return {entry: steps[StepKind.CANCEL] for entry, steps in by_entry if StepKind.CANCEL in steps}


def unfinished_undo(journal: Journal, entries: Collection[int]) -> str | None:
    """The run whose undo ended midway, with one of these entries about to be cancelled."""
    wanted = set(entries)
    return next((run for entry, run in unfinished_cancels(journal) if entry in wanted), None)


def unfinished_cancels(journal: Journal) -> list[tuple[int, str]]:
    """The entries that are about to be cancelled, each with the run that is being undone."""
    with journal.reading() as db:
        rows = db.execute(_UNFINISHED)
        return [(entry, str(json.loads(detail)["run"])) for entry, detail in rows]


def undo_entries(
    journal: Journal, run: str, cancelled: Sequence[Cancelled], free: Collection[int] = ()
) -> None:
    """These bills were cancelled: they are undone in every run that had them in Light, and may be
    loaded again.

    Entries in ``free`` have no id to remember: should Light show their bill again, it is theirs.
    """
    if not cancelled:
        return
    moment = utc_now()
    rows = [
        {**asdict(bill), "run": run, "moment": moment.isoformat()}
        for bill in cancelled
        if bill.entry not in free
    ]
    why = f"cancelled in Light by undo on {moment:%Y-%m-%d %H:%M} UTC"
    with journal.writing() as db:
        if rows:
            journal.write_rows(db, SAVE_UNDONE, rows)
        db.execute(_FREE, [{"key": bill.entry} for bill in cancelled])
        db.execute(_NO_UPDATES, [{"of": bill.entry} for bill in cancelled])
        db.execute(_UNREAD, [{"of": bill.entry} for bill in cancelled])
        db.execute(_UNDO, [{"of": bill.entry, "why": why, "of_run": run} for bill in cancelled])


_UNFINISHED = sa.select(STEPS.c.entry, STEPS.c.detail).where(
    STEPS.c.kind == StepKind.CANCEL,
    STEPS.c.state.in_([StepState.SENDING, StepState.UNKNOWN]),
)
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
        twins=None,
        request_key=None,
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
            RUN_BILLS.c.status == Status.UPDATED,
            RUN_BILLS.c.status == Status.ALREADY_LOADED,
        ),
    )
    .values(status=Status.UNDONE, message=sa.bindparam("why"), how=None, partial="")
)


_NO_UPDATES = (  # of a bill that Light has no more
    sa.update(UPDATES)
    .where(UPDATES.c.entry == sa.bindparam("of"))
    .values(state=UpdateState.RESTORED)
)
_UNREAD = sa.delete(READ_BACKS).where(READ_BACKS.c.entry == sa.bindparam("of"))
