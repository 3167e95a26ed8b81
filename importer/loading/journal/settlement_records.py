"""A person's word on a bill that could not be settled, in the journal."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from importer.core.clock import utc_now
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change, to_json
from importer.loading.journal.journal_tables import ENTRIES, RUN_BILLS, SETTLEMENTS
from importer.loading.journal.twin_records import save_twins
from importer.model.journal_states import IN_LIGHT, JournalEntry, State, Status


@dataclass(frozen=True)
class Settlement:
    """``light_id`` is the bill in Light, None where Light does not have it; ``others`` are ids of
    bills in Light that are not this one."""

    entry: int
    run: str
    who: str
    moment: datetime
    light_id: str | None
    others: tuple[str, ...] = ()


def save_settlement(
    journal: Journal,
    run: str,
    entry: JournalEntry,
    change: Change,
    *,
    who: str,
    others: Sequence[str] = (),
) -> None:
    """Record the person's decision and the entry's new state; in every run that did not know it."""
    before = {
        "state": entry.state,
        "light_id": entry.light_id,
        "twins": [twin.as_list() for twin in entry.twins],
        "message": entry.message,
    }
    with journal.one_commit(), journal.writing() as db:
        db.execute(
            sa.insert(SETTLEMENTS),
            {
                "entry": entry.id,
                "run": run,
                "moment": utc_now().isoformat(),
                "who": who,
                "light_id": change.light_id,
                "others": to_json(list(others)),
                "before": to_json(before),
            },
        )
        if others and change.light_id is None:
            db.execute(_OF_ANOTHER, {"of": entry.id})
        db.execute(_UNSETTLED if change.state is State.CREATED else _OTHERWISE, {"of": entry.id})
        journal.step(run, [change], [])
        save_twins(journal, {entry.id: ()})


def settlements(journal: Journal) -> list[Settlement]:
    """All of them, the oldest first."""
    columns = [SETTLEMENTS.c[name] for name in Settlement.__dataclass_fields__]
    with journal.reading() as db:
        rows = db.execute(sa.select(*columns).order_by(SETTLEMENTS.c.id)).all()
    return [
        Settlement(
            entry, run, who, datetime.fromisoformat(moment), light_id, tuple(json.loads(others))
        )
        for entry, run, who, moment, light_id, others in rows
    ]


def _without_statuses(statuses: Collection[Status]) -> sa.Update:
    """In the runs that have one of these the entry tells from now on what became of the bill."""
    return (
        sa.update(RUN_BILLS)
        .where(RUN_BILLS.c.entry == sa.bindparam("of"), RUN_BILLS.c.status.in_(statuses))
        .values(status=None, message="", how=None, partial="")
    )


# The key may have made one of the others, and would be answered with it.
_OF_ANOTHER = sa.update(ENTRIES).where(ENTRIES.c.id == sa.bindparam("of")).values(request_key=None)
_UNSETTLED = _without_statuses([Status.UNKNOWN])
_OTHERWISE = _without_statuses([Status.UNKNOWN, *sorted(IN_LIGHT)])
