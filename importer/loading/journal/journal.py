"""The journal: what was meant, tried and achieved, on disk before anything is sent.

What a method has returned from survives a crash and a power cut. One journal for each Light (base
URL) and company, so that running again from anywhere is safe: a SQLite file, or a part of a team's
PostgreSQL (see ``journal_database``).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from importer import __version__
from importer.core.clock import utc_now
from importer.core.errors import JournalProblem
from importer.loading.journal.journal_connection import JournalConnection
from importer.loading.journal.journal_database import CompanyLock
from importer.loading.journal.journal_records import (
    Change,
    Intent,
    RunRecord,
    change_row,
    intent_row,
    outcome_from_row,
    rows_as_row,
    rows_from_row,
    to_json,
)
from importer.loading.journal.journal_tables import (
    ASSIGN,
    CHANGE,
    ENTRIES,
    NEW,
    NO_STEPS,
    RENEW,
    RUN_BILLS,
    RUNS,
    SAVE_STEP,
    SEND,
    SETTLE,
    STEPS,
    UNDONE,
    among,
    some,
)
from importer.model.journal_states import (
    BillOutcome,
    Holder,
    JournalEntry,
    State,
    Step,
    StepKind,
)
from importer.model.run_rows import BillRows


class Journal(JournalConnection):
    """One company's journal. JournalProblem where it cannot be opened or written."""

    def lock(self) -> CompanyLock:
        """Held while a process changes bills of the company; freed when the process dies."""
        return self._database.lock()

    def load_lock(self, run: str, person: str) -> CompanyLock:
        """The lock of a load. With a file, loads into a company go one after the other; in a
        team's database at once, and each claims the bills that it sends. ``person`` is who loads
        and where."""
        return self._database.load_lock(run, person)

    def vendor_lock(self) -> CompanyLock:
        """Held while a load creates vendors, beside its own lock; by one load at a time."""
        return self._database.vendor_lock()

    def claim(self, entries: Sequence[JournalEntry]) -> dict[int, Holder | None]:
        """Claim entries for this run, as they were read. What it cannot have, by entry: the other
        run that holds it, or None where the entry has changed since.

        Belongs to the commit that makes it durable that they will be sent.
        """
        if not entries:
            return {}
        with self.writing() as db:
            mine = self._database.claim(db, entries)
            refused = [entry.id for entry in entries if entry.id not in mine]
            holders = self._database.held_by_others(db, refused) if refused else {}
            return {entry: holders.get(entry) for entry in refused}

    def held_by_others(self, entries: Collection[int]) -> dict[int, Holder]:
        """Which of these entries other runs hold that go on."""
        if not entries:
            return {}
        if self._transaction is not None:
            return self._database.held_by_others(self._transaction, entries)
        with self.reading() as db:
            return self._database.held_by_others(db, entries)

    def faults(self) -> list[str]:
        """What the database itself finds damaged."""
        with self.reading() as db:
            return list(self._database.faults(db))

    # --- runs ---------------------------------------------------------------------------------

    def start_run(self, facts: Mapping[str, Any], run: str | None = None) -> str:
        """A new run; its id is the time (UTC) with a few random letters."""
        started = utc_now()
        run = run or new_run_id(started)
        with self.writing() as db:
            db.execute(
                _START_RUN,
                {
                    "id": run,
                    "started": started.isoformat(),
                    "facts": to_json(facts),
                    "version": __version__,
                },
            )
        return run

    def finish_run(self, run: str, summary: Mapping[str, Any]) -> None:
        with self.writing() as db:
            db.execute(
                sa.update(RUNS)
                .where(RUNS.c.id == run)
                .values(finished=utc_now().isoformat(), summary=to_json(summary))
            )

    def runs(self) -> list[RunRecord]:
        """All runs, the newest first; a damaged one has no more than its id."""
        with self.reading() as db:
            rows = db.execute(sa.select(RUNS).order_by(RUNS.c.started.desc())).mappings().all()
        return [RunRecord.from_row(row) for row in rows]

    # --- planning -----------------------------------------------------------------------------

    def plan(self, identities: Sequence[tuple[str, str]]) -> dict[str, JournalEntry]:
        """The entries of these (identity, content), in their order, new ones PLANNED, by identity.

        What certainly is not in Light, nor a part of it, is PLANNED anew, with the content of now.
        """
        with self.writing() as db:
            existing = _by_identity(db, [identity for identity, _ in identities])
            new = [{"identity": i, "content": c} for i, c in identities if i not in existing]
            renewed = {
                i: {"key": existing[i].id, "content": c}
                for i, c in identities
                if i in existing
                and existing[i].state in (State.PLANNED, State.REJECTED)
                and existing[i].light_id is None
            }
            if new:
                self.write_rows(db, NEW, new)
            if renewed:
                renew = self._database.of_holder(RENEW, claimed=False)
                self.write_rows(db, renew, [*renewed.values()])
                self.write_rows(db, NO_STEPS, [{"key": of["key"]} for of in renewed.values()])
            entries = existing | _by_identity(db, [*(each["identity"] for each in new), *renewed])
        return {i: entries[i] for i, _ in identities}

    def entries_of(self, identities: Sequence[tuple[str, str]]) -> dict[str, JournalEntry]:
        """As ``plan``, but nothing is written; what is new has the id 0."""
        with self.reading() as db:
            existing = _by_identity(db, [identity for identity, _ in identities])
        return {i: existing.get(i) or JournalEntry(0, i, c, State.PLANNED) for i, c in identities}

    def owned(self, light_ids: Collection[str]) -> set[str]:
        """Which of these bills in Light belong to an entry, or did until they were undone."""
        return self._ids(_OWNED_EVER, light_ids)

    def undone(self, light_ids: Collection[str]) -> set[str]:
        """Which of these bills in Light were cancelled by an undo."""
        return self._ids(_UNDONE, light_ids)

    def _ids(
        self, query: sa.Select[Any] | sa.CompoundSelect[Any], some_of: Collection[str]
    ) -> set[str]:
        if not some_of:
            return set()
        with self.reading() as db:
            return set(db.execute(query, some(some_of)).scalars())

    def assign(self, run: str, bills: Iterable[tuple[int, BillRows, BillOutcome | None]]) -> None:
        """The run's bills as (entry, rows, outcome where it is settled already)."""
        rows = [
            (run, entry, *rows_as_row(of), o and o.status, o.message if o else "", o and o.how)
            for entry, of, o in bills
        ]
        if rows:
            with self.writing() as db:
                self.write_rows(db, ASSIGN, rows)

    # --- sending ------------------------------------------------------------------------------

    def step(self, run: str, changes: Sequence[Change], sending: Sequence[Intent]) -> None:
        """Write new states of entries and what is about to be sent, in one durable commit."""
        if not changes and not sending:
            return
        moment = utc_now().isoformat()
        settled = [
            (c.status, c.message, c.how, c.partial, run, c.entry)
            for c in changes
            if c.status is not None
        ]
        intents = [intent_row(intent, moment) for intent in sending]
        of_holder = self._database.of_holder
        batches: list[tuple[str, Sequence[Any]]] = [
            (of_holder(CHANGE, claimed=False), [change_row(c, moment) for c in changes]),
            (SETTLE, settled),
            (of_holder(SEND, claimed=True), intents),
        ]
        with self.writing() as db:
            *_, sent = self._database.write(db, batches)
            if sent < len(intents):
                raise JournalProblem(
                    f"Another run has claimed bills of run {run} in the journal {self.place},"
                    " because this run was not connected to it; nothing more is sent."
                )

    # --- steps after creation -----------------------------------------------------------------

    def save_steps(self, steps: Sequence[Step], light_state: str | None = None) -> None:
        """Where these steps stand, in one durable commit; ``light_state`` is of their bills now."""
        if not steps:
            return
        with self.writing() as db:
            self.write_rows(db, SAVE_STEP, [step.as_row() for step in steps])
            if light_state:
                db.execute(
                    _LIGHT_STATE,
                    [{"of": entry, "now": light_state} for entry in {s.entry for s in steps}],
                )

    def steps(self, entries: Collection[int]) -> dict[int, dict[StepKind, Step]]:
        """The steps of these entries, by entry and kind."""
        out: dict[int, dict[StepKind, Step]] = {}
        if not entries:
            return out
        with self.reading() as db:
            for row in db.execute(_STEPS, some(entries)).mappings():
                step = Step.from_row(dict(row))
                out.setdefault(step.entry, {})[step.kind] = step
        return out

    # --- reporting ----------------------------------------------------------------------------

    def outcomes(self, run: str, *, contents: bool = True) -> dict[int, BillOutcome]:
        """The outcome of each bill of a run, by entry.

        Without ``contents`` the entries have none, which saves much memory in a large run.
        """
        query = _OUTCOMES if contents else _OUTCOMES_WITHOUT_CONTENT
        with self.reading(run) as db:
            rows = db.execute(query, {"of": run})
            return {row[0]: outcome_from_row(row[1:5], row[5:]) for row in rows}

    def rows(self, run: str) -> dict[int, BillRows]:
        """The rows of each bill of a run, by entry."""
        with self.reading(run) as db:
            return {row[0]: rows_from_row(row) for row in db.execute(_ROWS, {"of": run})}


# The columns of an entry in the order of the fields of its record.
_ENTRY = tuple(ENTRIES.c[name] for name in JournalEntry.__dataclass_fields__)
ENTRY_WITHOUT_CONTENT = tuple(sa.literal_column("''") if c.name == "content" else c for c in _ENTRY)


def _outcomes(columns: Iterable[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    c = RUN_BILLS.c
    query = sa.select(c.entry, c.status, c.message, c.how, c.partial, *columns)
    return query.join(ENTRIES, ENTRIES.c.id == c.entry).where(c.run == sa.bindparam("of"))


_START_RUN = sa.insert(RUNS)
_LIGHT_STATE = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("of"))
    .values(light_state=sa.bindparam("now"))
)
_ENTRIES = sa.select(*_ENTRY).where(among(ENTRIES.c.identity))
_OWNED = sa.select(ENTRIES.c.light_id).where(among(ENTRIES.c.light_id))
_UNDONE = sa.select(UNDONE.c.light_id).where(among(UNDONE.c.light_id))
_OWNED_EVER = sa.union_all(_OWNED, _UNDONE)
_STEPS = sa.select(STEPS).where(among(STEPS.c.entry))
_OUTCOMES, _OUTCOMES_WITHOUT_CONTENT = _outcomes(_ENTRY), _outcomes(ENTRY_WITHOUT_CONTENT)
_BILL_ROWS = ("entry", "file", "sheet", "row", "identity", "lines", "position")
_ROWS = sa.select(*(RUN_BILLS.c[name] for name in _BILL_ROWS)).where(
    RUN_BILLS.c.run == sa.bindparam("of")
)


def _by_identity(db: sa.Connection, wanted: Sequence[str]) -> dict[str, JournalEntry]:
    if not wanted:
        return {}
    rows = db.execute(_ENTRIES, some(wanted))
    return {entry.identity: entry for entry in map(JournalEntry.from_row, rows)}


def new_run_id(started: datetime) -> str:
    return f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
