"""The journal: what was meant, tried and achieved, on disk before anything is sent.

SQLite, WAL, ``synchronous=FULL``: what a method has returned from survives a crash and a power
cut. One file for each Light (base URL) and company, so that running again from anywhere is safe.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock
import sqlalchemy as sa

from importer import __version__
from importer.core.answers import ApiError
from importer.core.errors import JournalProblem
from importer.loading.journal.journal_migrations import migrate
from importer.loading.journal.journal_tables import (
    ASSIGN,
    CHANGE,
    ENTRIES,
    META,
    NEW,
    NO_STEPS,
    OPEN_STEPS,
    RENEW,
    RUN_BILLS,
    RUNS,
    SAVE_STEP,
    SEND,
    SETTLE,
    STEPS,
    UNDONE,
    among,
)
from importer.model.journal_states import (
    ALWAYS,
    BillOutcome,
    DamagedRecord,
    Discovery,
    JournalEntry,
    State,
    Status,
    Step,
    StepKind,
    decoding,
)
from importer.model.run_rows import BillRows, RowIdentity

VERSION = 5


@dataclass(frozen=True)
class Change:
    """What became of an entry in one step. Written in one commit with others."""

    entry: int
    state: State
    status: Status | None = None  # of the bill in this run, where it is settled
    light_id: str | None = None
    light_state: str | None = None
    light_amount: int | None = None
    line_ids: tuple[str | None, ...] = ()
    message: str = ""
    errors: tuple[ApiError, ...] = ()
    how: Discovery | None = None
    partial: str = ""
    unsent: bool = False  # the attempt that was noted did not take place


@dataclass(frozen=True)
class Intent:
    """What is about to be sent: a bill, or the next line item of a bill that Light has."""

    entry: int
    content: str
    partial: str = ""
    line: bool = False
    alone: bool = False  # without lines, which follow
    first_sent: datetime = ALWAYS  # as JournalEntry's; counts at the first attempt only


@dataclass(frozen=True)
class RunRecord:
    id: str
    started: datetime
    finished: datetime | None
    facts: Mapping[str, Any]
    summary: Mapping[str, Any] | None
    version: str = ""  # of light-import; "" before journals of format 5
    damage: str = ""  # why it cannot be read; then only ``id`` holds

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> RunRecord:
        try:
            facts, summary = json.loads(row["facts"]), json.loads(row["summary"] or "null")
            if not isinstance(facts, dict) or not isinstance(summary, dict | None):
                raise ValueError("its facts or figures are not those of a run")
            return cls(
                row["id"],
                datetime.fromisoformat(row["started"]),
                row["finished"] and datetime.fromisoformat(row["finished"]),
                facts,
                summary,
                row["version"],
            )
        except (ValueError, TypeError) as error:
            return cls(str(row["id"]), ALWAYS, None, {}, None, damage=str(error))


def now() -> datetime:
    return datetime.now(UTC)


_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class Journal:
    """One company's journal. JournalProblem where it cannot be opened or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._transaction: sa.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                path.touch(mode=0o600)
            self._engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.StaticPool)
            sa.event.listen(self._engine, "connect", _durable)
            with self._engine.connect() as db:
                db.exec_driver_sql("BEGIN IMMEDIATE")  # another process may be making it too
                version = int(db.exec_driver_sql("PRAGMA user_version").scalar() or 0)
                if version < VERSION:
                    META.create_all(db)  # those that are missing
                    OPEN_STEPS.create(db, checkfirst=True)
                    if version:  # else it is new
                        migrate(db, version)
                    db.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
                db.commit()
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise self._problem(error) from error
        if version > VERSION:
            raise JournalProblem(
                f"The journal {path} was written by a newer version (format {version}); use that"
                " version of light-import."
            )

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    def lock(self) -> filelock.FileLock:
        """Held while a process loads into the company; the system frees it when the process dies.

        Loads into one company go one after the other: they share one rate limit anyway, and two at
        a time could both find a bill absent.
        """
        return filelock.FileLock(f"{self.path}.lock")

    def _problem(self, error: Exception) -> JournalProblem:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        if getattr(cause, "sqlite_errorcode", None) in _DAMAGED:
            return JournalProblem(
                f"The journal {self.path} is damaged, or is another file ({cause}), so nothing more"
                " is sent. Name the right one with --journal, or put a copy of it back."
            )
        return JournalProblem(
            f"The journal {self.path} cannot be written ({cause}), so nothing more is sent. Free"
            " some space or make the folder writable, and run the same command again."
        )

    @contextmanager
    def one_commit(self) -> Iterator[None]:
        """What is written in the block becomes durable together, or not at all."""
        with self.writing() as db:
            self._transaction = db
            try:
                yield
            finally:
                self._transaction = None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One durable transaction, or a part of ``one_commit``."""
        if self._transaction is not None:
            yield self._transaction
            return
        try:
            with self._engine.connect() as db:
                db.exec_driver_sql("BEGIN IMMEDIATE")
                yield db
                db.commit()
        except sa.exc.SQLAlchemyError as error:
            raise self._problem(error) from error
        except DamagedRecord as error:
            raise self.damaged(str(error)) from error

    @contextmanager
    def reading(self, run: str = "") -> Iterator[sa.Connection]:
        """``run`` is named where a value turns out to be damaged."""
        try:
            with self._engine.connect() as db:
                yield db
        except sa.exc.SQLAlchemyError as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise JournalProblem(f"The journal {self.path} cannot be read ({cause}).") from error
        except DamagedRecord as error:
            raise self.damaged(str(error), run) from error

    def damaged(self, what: str, run: str = "") -> JournalProblem:
        """That a value of the journal cannot be read; other runs are as good as before."""
        where = f"run {run}, {what}" if run else what
        return JournalProblem(
            f"The journal {self.path} is damaged: {where}. Its other runs can still be reported."
            " Put a copy of the journal back to go on with this one."
        )

    # --- runs ---------------------------------------------------------------------------------

    def start_run(self, facts: Mapping[str, Any], run: str | None = None) -> str:
        """A new run; its id is the time (UTC) with a few random letters."""
        started = now()
        run = run or new_run_id(started)
        with self.writing() as db:
            db.execute(
                sa.insert(RUNS),
                {
                    "id": run,
                    "started": started.isoformat(),
                    "facts": _json(facts),
                    "version": __version__,
                },
            )
        return run

    def finish_run(self, run: str, summary: Mapping[str, Any]) -> None:
        with self.writing() as db:
            db.execute(
                sa.update(RUNS)
                .where(RUNS.c.id == run)
                .values(finished=now().isoformat(), summary=_json(summary))
            )

    def runs(self) -> list[RunRecord]:
        """All runs, the newest first; a damaged one has no more than its id."""
        with self.reading() as db:
            rows = db.execute(sa.select(RUNS).order_by(RUNS.c.started.desc())).mappings().all()
        return [RunRecord.from_row(row) for row in rows]

    # --- planning -----------------------------------------------------------------------------

    def plan(self, identities: Sequence[tuple[str, str]]) -> dict[str, JournalEntry]:
        """The entries of these (identity, content), new ones PLANNED, by identity.

        What certainly is not in Light, nor a part of it, is PLANNED anew, with the content of now.
        """
        with self.writing() as db:
            known = _by_identity(db, [identity for identity, _ in identities])
            new = [{"identity": i, "content": c} for i, c in identities if i not in known]
            renewed = {
                i: {"key": known[i].id, "content": c}
                for i, c in identities
                if i in known
                and known[i].state in (State.PLANNED, State.REJECTED)
                and known[i].light_id is None
            }
            if new:
                db.exec_driver_sql(NEW, new)
            if renewed:
                db.exec_driver_sql(RENEW, [*renewed.values()])
                db.exec_driver_sql(NO_STEPS, [{"key": of["key"]} for of in renewed.values()])
            return known | _by_identity(db, [*(each["identity"] for each in new), *renewed])

    def known(self, identities: Sequence[tuple[str, str]]) -> dict[str, JournalEntry]:
        """As ``plan``, but nothing is written; what is new has the id 0."""
        with self.reading() as db:
            known = _by_identity(db, [identity for identity, _ in identities])
        return {i: known.get(i) or JournalEntry(0, i, c, State.PLANNED) for i, c in identities}

    def owned(self, light_ids: Collection[str]) -> set[str]:
        """Which of these bills in Light belong to an entry, or did until they were undone."""
        ours = sa.select(ENTRIES.c.light_id).where(among(ENTRIES.c.light_id, light_ids))
        with self.reading() as db:
            return set(db.execute(ours).scalars()) | self._undone(db, light_ids)

    def undone(self, light_ids: Collection[str]) -> set[str]:
        """Which of these bills in Light were cancelled by an undo."""
        with self.reading() as db:
            return self._undone(db, light_ids)

    def _undone(self, db: sa.Connection, light_ids: Collection[str]) -> set[str]:
        query = sa.select(UNDONE.c.light_id).where(among(UNDONE.c.light_id, light_ids))
        return set(db.execute(query).scalars())

    def assign(self, run: str, bills: Iterable[tuple[int, BillRows, BillOutcome | None]]) -> None:
        """The run's bills as (entry, rows, outcome where it is settled already)."""
        rows = [
            (run, entry, *_rows_as_row(of), o and o.status, o.message if o else "", o and o.how)
            for entry, of, o in bills
        ]
        if rows:
            with self.writing() as db:
                db.exec_driver_sql(ASSIGN, rows)

    # --- sending ------------------------------------------------------------------------------

    def step(self, run: str, changes: Sequence[Change], sending: Sequence[Intent]) -> None:
        """What became of some entries, and what is about to be sent: one durable commit."""
        if not changes and not sending:
            return
        moment = now().isoformat()
        with self.writing() as db:
            if changes:
                db.exec_driver_sql(CHANGE, [_change_row(c, moment) for c in changes])
                settled = [
                    (c.status, c.message, c.how, c.partial, run, c.entry)
                    for c in changes
                    if c.status is not None
                ]
                if settled:
                    db.exec_driver_sql(SETTLE, settled)
            if sending:
                db.exec_driver_sql(SEND, [_intent_row(intent, moment) for intent in sending])

    # --- steps after creation -----------------------------------------------------------------

    def save_steps(self, steps: Sequence[Step], light_state: str | None = None) -> None:
        """Where these steps stand, in one durable commit; ``light_state`` is of their bills now."""
        if not steps:
            return
        with self.writing() as db:
            db.execute(SAVE_STEP, [step.as_row() for step in steps])
            if light_state:
                of = {step.entry for step in steps}
                db.execute(
                    sa.update(ENTRIES).where(ENTRIES.c.id.in_(of)).values(light_state=light_state)
                )

    def steps(self, entries: Iterable[int]) -> dict[int, dict[StepKind, Step]]:
        """The steps of these entries, by entry and kind."""
        query = sa.select(STEPS).where(among(STEPS.c.entry, list(entries)))
        out: dict[int, dict[StepKind, Step]] = {}
        with self.reading() as db:
            for row in db.execute(query).mappings():
                step = Step.from_row(dict(row))
                out.setdefault(step.entry, {})[step.kind] = step
        return out

    # --- reporting ----------------------------------------------------------------------------

    def outcomes(self, run: str, *, contents: bool = True) -> dict[int, BillOutcome]:
        """The outcome of each bill of a run, by entry.

        Without ``contents`` the entries have none, which saves much memory in a large run.
        """
        c = RUN_BILLS.c
        columns = sa.select(c.entry, c.status, c.message, c.how, c.partial)
        columns = columns.add_columns(*(_ENTRY if contents else _WITHOUT_CONTENT))
        query = columns.join(ENTRIES, ENTRIES.c.id == c.entry).where(c.run == run)
        with self.reading(run) as db:
            return {row[0]: _outcome(row[1:5], row[5:]) for row in db.execute(query)}

    def rows(self, run: str) -> dict[int, BillRows]:
        """The rows of each bill of a run, by entry."""
        c = RUN_BILLS.c
        query = sa.select(c.entry, c.file, c.sheet, c.row, c.identity, c.lines, c.position)
        with self.reading(run) as db:
            return {row[0]: _rows_from_row(row) for row in db.execute(query.where(c.run == run))}


# The columns of an entry in the order of the fields of its record.
_ENTRY = tuple(ENTRIES.c[name] for name in JournalEntry.__dataclass_fields__)
_WITHOUT_CONTENT = tuple(sa.literal_column("''") if c.name == "content" else c for c in _ENTRY)


def _by_identity(db: sa.Connection, wanted: Sequence[str]) -> dict[str, JournalEntry]:
    if not wanted:
        return {}
    found = db.execute(sa.select(*_ENTRY).where(among(ENTRIES.c.identity, wanted)))
    return {entry.identity: entry for entry in map(JournalEntry.from_row, found)}


def _outcome(of_run: Sequence[Any], of_entry: Sequence[Any]) -> BillOutcome:
    status, message, how, partial = of_run
    entry = JournalEntry.from_row(of_entry)
    if not (message or how or partial):
        message, how, partial = entry.message, entry.how, entry.partial
    with decoding(entry.name):
        status = Status(status) if status else status_of(entry)
        return BillOutcome(status, entry, message, Discovery(how) if how else None, partial)


def _rows_as_row(rows: BillRows) -> tuple[Any, ...]:
    bill = rows.bill
    if bill is None:
        return None, None, None, None, None
    lines = [
        [line.row, line.identity]
        if (line.file, line.sheet) == (bill.file, bill.sheet)
        else [line.row, line.identity, line.file, line.sheet]
        for line in rows.lines
    ]
    return bill.file, bill.sheet, bill.row, bill.identity, _json(lines)


def _rows_from_row(row: Sequence[Any]) -> BillRows:
    entry, file, sheet, number, identity, lines, position = row
    if file is None:
        return BillRows(position=position)

    def line(of_line: Sequence[Any]) -> RowIdentity:
        line_row, line_identity, *elsewhere = of_line
        line_file, line_sheet = elsewhere or (file, sheet)
        return RowIdentity(line_file, line_sheet, line_row, line_identity)

    with decoding(f"the rows of entry {entry}"):
        bill = RowIdentity(file, sheet, number, identity)
        return BillRows(bill, tuple(map(line, json.loads(lines))))


def status_of(entry: JournalEntry) -> Status:
    """What an entry's state means for its bill, where the run has not settled it."""
    return status_where(entry.state, partial=entry.light_id is not None)


def status_where(state: State, *, partial: bool) -> Status:
    """As ``status_of``; ``partial`` where Light has the bill."""
    if state is State.PLANNED and partial:
        return Status.UNKNOWN  # Light has it, but not all its line items
    return _STATUS_OF[state]


_STATUS_OF = {
    State.PLANNED: Status.NOT_SENT,
    State.SENDING: Status.UNKNOWN,
    State.UNKNOWN: Status.UNKNOWN,
    State.CREATED: Status.CREATED,
    State.FOUND: Status.ALREADY_IN_LIGHT,
    State.REJECTED: Status.REJECTED,
}


def _intent_row(intent: Intent, moment: str) -> dict[str, Any]:
    return {
        "key": intent.entry,
        "content": intent.content,
        "moment": moment,
        "since": intent.first_sent.isoformat(),
        "partial": intent.partial,
        "counts": int(not intent.line),
        "alone": int(intent.alone or intent.line),
    }


def _change_row(change: Change, moment: str) -> dict[str, Any]:
    done = change.state in (State.CREATED, State.FOUND, State.REJECTED)
    return {
        "key": change.entry,
        "state": change.state,
        "unsent": int(change.unsent),
        "settled": moment if done else None,
        "light_id": change.light_id,
        "light_state": change.light_state,
        "light_amount": change.light_amount,
        "line_ids": _json(change.line_ids),
        "message": change.message,
        "errors": _json([asdict(e) for e in change.errors]),
        "how": change.how,
        "partial": change.partial,
    }


# Escaped, since SQLite takes no halves of characters, which names of files may have.
_ENCODER = json.JSONEncoder(default=str)


def _json(value: object) -> str:
    return _ENCODER.encode(value)


def _durable(connection: Any, _: object) -> None:
    connection.isolation_level = None  # BEGIN is ours
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA synchronous = FULL")
    for attempt in range(100):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Of two processes that make the file at once; this switch does not wait by itself.
            if "locked" not in str(error) or attempt == 99:
                raise
            time.sleep(0.05)


def new_run_id(started: datetime) -> str:
    return f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
