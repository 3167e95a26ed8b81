"""Updates of bills in the journal, and what they mean for the entries and the runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from importer.core.clock import utc_now
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import to_json
from importer.loading.journal.journal_tables import (
    ENTRIES,
    READ_BACKS,
    RUN_BILLS,
    SAVE_UPDATE,
    UPDATES,
    among,
    some,
)
from importer.model.bill_updates import OPEN_UPDATES, SheetBill, Update, UpdateState
from importer.model.journal_states import BillOutcome, Discovery, State, Status
from importer.model.light_objects import LightBill

NOT_SENT_STATES = (State.PLANNED, State.REJECTED)  # of an entry without a bill in Light


@dataclass(frozen=True)
class UpdateRecord:
    """Where an update stands. ``status`` is of the bill in the run, None: as it was.

    ``holds`` is what the entry holds from now on, and ``remote`` the bill in Light, where they
    change. ``again``: a line item is added again, as Light does not show it; it may come in twice.
    """

    update: Update
    status: Status | None = None
    holds: SheetBill | None = None
    remote: LightBill | None = None
    again: bool = False


def save_updates(journal: Journal, records: Sequence[UpdateRecord]) -> None:
    """Write them in one durable commit."""
    if not records:
        return
    with journal.writing() as db:
        journal.write_rows(db, SAVE_UPDATE, [record.update.as_row() for record in records])
        for record in records:
            _save_entry(db, record)
            _save_status(journal, db, record)


_HOLDS = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values(content=sa.bindparam("holds"), line_ids=sa.bindparam("lines"))
)
_IDENTITY, _LIGHT_STATE, _LIGHT_AMOUNT = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values({column: sa.bindparam("now")})
    for column in (ENTRIES.c.identity, ENTRIES.c.light_state, ENTRIES.c.light_amount)
)
_ADDED_AGAIN = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values(resent=sa.bindparam("moment"), alone=True)
)
_UNREAD = sa.delete(READ_BACKS).where(READ_BACKS.c.entry == sa.bindparam("of"))
_OTHERS = sa.select(ENTRIES.c.id, ENTRIES.c.state, ENTRIES.c.light_id).where(
    ENTRIES.c.identity == sa.bindparam("now"), ENTRIES.c.id != sa.bindparam("key")
)
_CONTINUED = sa.select(UPDATES).where(
    UPDATES.c.entry == sa.bindparam("of"), UPDATES.c.state == UpdateState.CONTINUED
)
_STATUS = (
    sa.update(RUN_BILLS)
    .where(RUN_BILLS.c.run == sa.bindparam("of_run"), RUN_BILLS.c.entry == sa.bindparam("of"))
    .values(
        status=sa.bindparam("now"),
        message=sa.bindparam("why"),
        how=Discovery.UPDATE,
        partial="",
    )
)


def _save_entry(db: sa.Connection, record: UpdateRecord) -> None:
    key, holds, remote = record.update.entry, record.holds, record.remote
    if record.again:
        db.execute(_ADDED_AGAIN, {"key": key, "moment": utc_now().isoformat()})
    if holds is not None:
        if _make_free(db, key, holds.identity):
            db.execute(_IDENTITY, {"key": key, "now": holds.identity})
        lines = to_json(holds.line_ids)
        db.execute(_HOLDS, {"key": key, "holds": holds.content, "lines": lines})
        db.execute(_UNREAD, {"of": key})  # what was read before was of another content
    if remote is not None:
        db.execute(_LIGHT_STATE, {"key": key, "now": remote.state})
        if remote.amount is not None:
            db.execute(_LIGHT_AMOUNT, {"key": key, "now": remote.amount})


def _make_free(db: sa.Connection, entry: int, identity: str) -> bool:
    """Whether the entry can have the identity: no other bill has it by now. An entry of a bill that
    was never sent gives way."""
    free = True
    for other, state, light_id in db.execute(_OTHERS, {"now": identity, "key": entry}).all():
        if state in NOT_SENT_STATES and light_id is None:
            replaced = json.dumps([*json.loads(identity), "replaced", other])
            db.execute(_IDENTITY, {"key": other, "now": replaced})
        else:
            free = False
    return free


def _save_status(journal: Journal, db: sa.Connection, record: UpdateRecord) -> None:
    update, status = record.update, record.status
    if status is None:
        return
    runs = {update.run}
    if update.state in (UpdateState.DONE, UpdateState.RESTORED):
        # Those that began it, and whose part was taken over.
        earlier = db.execute(_CONTINUED, {"of": update.entry}).mappings()
        taken_over = [
            each for row in earlier if _same_start(each := Update.from_row(dict(row)), update)
        ]
        if update.state is UpdateState.RESTORED:
            rows = [replace(each, state=UpdateState.RESTORED).as_row() for each in taken_over]
            if rows:
                journal.write_rows(db, SAVE_UPDATE, rows)
        runs |= {each.run for each in taken_over}
    same = {"of": update.entry, "now": status, "why": update.message}
    db.execute(_STATUS, [{"of_run": run, **same} for run in sorted(runs)])


def _same_start(a: Update, b: Update) -> bool:
    return a.before == b.before


def continue_updates(journal: Journal, run: str, entries: Collection[int]) -> None:
    """This run takes over what others have left open of these entries."""
    if not entries:
        return
    with journal.writing() as db:
        db.execute(_CONTINUE, [{"of": entry, "of_run": run} for entry in entries])


_CONTINUE = (
    sa.update(UPDATES)
    .where(
        UPDATES.c.entry == sa.bindparam("of"),
        UPDATES.c.run != sa.bindparam("of_run"),
        sa.or_(*(UPDATES.c.state == state for state in OPEN_UPDATES)),  # many rows take no in_
    )
    .values(state=UpdateState.CONTINUED)
)
_OPEN = (
    sa.select(UPDATES)
    .where(among(UPDATES.c.entry), UPDATES.c.state.in_(OPEN_UPDATES))
    .order_by(UPDATES.c.run)
)
_OF_RUN = sa.select(UPDATES).where(UPDATES.c.run == sa.bindparam("of"))
_LATEST = (
    sa.select(UPDATES)
    .where(among(UPDATES.c.entry), UPDATES.c.state != UpdateState.CONTINUED)
    .order_by(UPDATES.c.run)
)
_LATER = (
    sa.select(UPDATES)
    .where(
        among(UPDATES.c.entry),
        UPDATES.c.run > sa.bindparam("of_run"),
        UPDATES.c.state != UpdateState.PLANNED,
    )
    .order_by(UPDATES.c.run.desc())
)


def open_updates(journal: Journal, entries: Collection[int]) -> dict[int, Update]:
    """The updates that were begun and are not known to have ended, by entry."""
    if not entries:
        return {}
    return _by_entry(journal, _OPEN, some(entries))


def updates_of_run(journal: Journal, run: str) -> dict[int, Update]:
    """The updates of a run, by entry; what a later run took over is as that one has it."""
    of_run = _by_entry(journal, _OF_RUN, {"of": run})
    continued = [i for i, each in of_run.items() if each.state is UpdateState.CONTINUED]
    if continued:
        latest = _by_entry(journal, _LATEST, some(continued))
        of_run |= {i: each for i, each in latest.items() if _same_start(each, of_run[i])}
    return of_run


def with_lines_of_run(
    journal: Journal, run: str, outcomes: Mapping[int, BillOutcome]
) -> dict[int, BillOutcome]:
    """The outcomes of a run with the ids of the lines that its rows were: a later run may have
    changed the bill to other lines."""
    first = _by_entry(journal, _LATER, {**some(outcomes), "of_run": run})
    return {
        entry: replace(outcome, entry=replace(outcome.entry, line_ids=first[entry].old.line_ids))
        if entry in first
        else outcome
        for entry, outcome in outcomes.items()
    }


def _by_entry(
    journal: Journal, query: sa.Select[tuple[object, ...]], parameters: dict[str, str]
) -> dict[int, Update]:
    with journal.reading() as db:
        rows = db.execute(query, parameters).mappings()
        updates = [Update.from_row(dict(row)) for row in rows]
    return {update.entry: update for update in updates}


def sending(update: Update) -> Update:
    """It is about to be sent."""
    return replace(update, state=UpdateState.SENDING, attempts=update.attempts + 1, sent=utc_now())
