"""Claims: which run may change which entries, where several load into one company at once.

The row of an entry is unique, and names its holder. A holder is a run; while it goes on, its
session has an advisory lock of that number, which ends with the process, whatever ends it. What a
holder that is gone has left may be claimed; a bill that was on its way is looked up as after any
crash.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from importer.loading.journal.team_tables import ME
from importer.model.journal_states import Holder, JournalEntry

HOLDERS = 1_279_870_004  # the first of the two numbers of their locks

_ALIVE = f"""(SELECT objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND classid = {HOLDERS} AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
_CLAIM = f"""
    UPDATE entries SET holder = {ME}
    FROM json_to_recordset(%s::json) AS wanted (id bigint, state text, attempts bigint)
    WHERE entries.id = ANY (%s) AND entries.id = wanted.id AND entries.state = wanted.state
        AND entries.attempts = wanted.attempts
        AND (entries.holder IS NULL OR entries.holder = {ME} OR entries.holder NOT IN {_ALIVE})
    RETURNING entries.id
"""
_HELD = f"""
    SELECT entries.id, entries.state, holders.run, holders.person
    FROM entries JOIN holders ON holders.id = entries.holder
    WHERE entries.id = ANY (%s) AND entries.holder IS DISTINCT FROM {ME}
        AND entries.holder IN {_ALIVE}
"""
_RELEASE = f"UPDATE entries SET holder = NULL WHERE holder = {ME}"
FREE_LEFT = f"""
    UPDATE entries SET holder = NULL WHERE holder IS NOT NULL AND holder NOT IN {_ALIVE}
"""
HELD = f" AND holder IS NOT DISTINCT FROM {ME}"
NOT_HELD_BY_OTHERS = f" AND (holder IS NULL OR holder = {ME})"


def new_holder(db: sa.Connection, run: str, person: str) -> int:
    """The number of a new holder."""
    new = "INSERT INTO holders (run, person) VALUES (%s, %s) RETURNING id"
    return int(db.exec_driver_sql(new, (run, person)).scalar_one())


def claim(db: sa.Connection, entries: Sequence[JournalEntry]) -> set[int]:
    """Claim entries that are as they were read, and that no other run holds; their ids."""
    wanted = [{"id": e.id, "state": e.state, "attempts": e.attempts} for e in entries]
    ids = [entry.id for entry in entries]  # so that they are found by the index, however few
    return set(db.exec_driver_sql(_CLAIM, (json.dumps(wanted), ids)).scalars())


def held_by_others(db: sa.Connection, entries: Collection[int]) -> dict[int, Holder]:
    """Which of these entries other runs hold that go on."""
    rows: Any = db.exec_driver_sql(_HELD, (list(entries),))
    return {row.id: Holder(row.run, row.person, row.state) for row in rows}


def release_all(db: sa.Connection) -> None:
    db.exec_driver_sql(_RELEASE)
