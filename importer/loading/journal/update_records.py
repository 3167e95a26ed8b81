"""Updates of bills in the journal, and what they mean for the entries and the runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    change.
    """

    update: Update
    status: Status | None = None
    holds: SheetBill | None = None
    remote: LightBill | None = None


def save_updates(journal: Journal, records: Sequence[UpdateRecord]) -> None:
    """Write them in one durable commit."""
    if not records:
        return
    with journal.writing() as db:
        journal.write_rows(db, SAVE_UPDATE, [record.update.as_row() for record in records])
        for record in records:
            _save_entry(db, record)
            _save_status(journal, db, record)


def _save_entry(db: sa.Connection, record: UpdateRecord) -> None:
    values: dict[str, object] = {}
    if record.holds is not None:
        values = {
            **_new_identity(db, record.update.entry, record.holds.identity),
            "content": record.holds.content,
            "line_ids": to_json(record.holds.line_ids),
        }
    if record.remote is not None:
        values["light_state"] = record.remote.state
        if record.remote.amount is not None:
            values["light_amount"] = record.remote.amount
    if values:
        key = record.update.entry
        db.execute(sa.update(ENTRIES).where(ENTRIES.c.id == key).values(**values))
    if record.holds is not None:  # what was read before was of another content
        db.execute(sa.delete(READ_BACKS).where(READ_BACKS.c.entry == record.update.entry))


def _new_identity(db: sa.Connection, entry: int, identity: str) -> dict[str, object]:
    """The identity for the entry, unless another bill has it by now. An entry of a bill that was
    never sent gives way."""
    others = sa.and_(ENTRIES.c.identity == identity, ENTRIES.c.id != entry)
    free = sa.and_(ENTRIES.c.state.in_(NOT_SENT_STATES), ENTRIES.c.light_id.is_(None))
    for other in db.execute(sa.select(ENTRIES.c.id).where(others, free)).scalars().all():
        replaced = json.dumps([*json.loads(identity), "replaced", other])
        db.execute(sa.update(ENTRIES).where(ENTRIES.c.id == other).values(identity=replaced))
    taken = db.execute(sa.select(ENTRIES.c.id).where(others)).first()
    return {} if taken else {"identity": identity}


def _save_status(journal: Journal, db: sa.Connection, record: UpdateRecord) -> None:
    update, status = record.update, record.status
    if status is None:
        return
    runs = {update.run}
    if update.state in (UpdateState.DONE, UpdateState.RESTORED):
        # Those that began it, and whose part was taken over.
        earlier = db.execute(
            sa.select(UPDATES).where(
                UPDATES.c.entry == update.entry, UPDATES.c.state == UpdateState.CONTINUED
            )
        ).mappings()
        taken_over = [
            each for row in earlier if _same_start(each := Update.from_row(dict(row)), update)
        ]
        if update.state is UpdateState.RESTORED:
            rows = [replace(each, state=UpdateState.RESTORED).as_row() for each in taken_over]
            if rows:
                journal.write_rows(db, SAVE_UPDATE, rows)
        runs |= {each.run for each in taken_over}
    values = {"status": status, "message": update.message, "how": Discovery.UPDATE, "partial": ""}
    db.execute(
        sa.update(RUN_BILLS)
        .where(RUN_BILLS.c.run.in_(runs), RUN_BILLS.c.entry == update.entry)
        .values(**values)
    )


def _same_start(a: Update, b: Update) -> bool:
    return a.before == b.before


def continue_updates(journal: Journal, run: str, entries: Collection[int]) -> None:
    """This run takes over what others have left open of these entries."""
    if not entries:
        return
    with journal.writing() as db:
        db.execute(
            sa.update(UPDATES)
            .where(
                UPDATES.c.entry.in_(list(entries)),
                UPDATES.c.run != run,
                UPDATES.c.state.in_(OPEN_UPDATES),
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


def open_updates(journal: Journal, entries: Iterable[int]) -> dict[int, Update]:
    """The updates that were begun and are not known to have ended, by entry."""
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
    later = sa.and_(UPDATES.c.run > run, UPDATES.c.state != UpdateState.PLANNED)
    query = sa.select(UPDATES).where(among(UPDATES.c.entry), later)
    first = _by_entry(journal, query.order_by(UPDATES.c.run.desc()), some(outcomes))
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
