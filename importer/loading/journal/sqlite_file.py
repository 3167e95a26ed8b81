"""The journal in a SQLite file: WAL, ``synchronous=FULL``.

What was committed survives a crash and a power cut.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.core.private_files import private_file_at, private_lock
from importer.loading.journal.journal_migrations import migrate
from importer.loading.journal.journal_place import JournalPlace
from importer.loading.journal.journal_tables import META, OPEN_STEPS, VERSION
from importer.model.journal_states import Holder, JournalEntry

if TYPE_CHECKING:
    import filelock

_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class NoLock:
    def acquire(self, timeout: float) -> object:
        return self

    def release(self) -> None:
        pass


class SqliteFile:
    """One file; see ``journal_database.JournalDatabase``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.StaticPool)
        sa.event.listen(self.engine, "connect", _durable)

    def move_to(self, place: JournalPlace) -> bool:
        return False  # each is a file of its own

    def prepare(self) -> None:
        private_file_at(self.path)  # SQLite gives the files beside it the same mode
        with self.engine.connect() as db, self.transaction(db):  # another may be making it too
            version = int(db.exec_driver_sql("PRAGMA user_version").scalar() or 0)
            if version < VERSION:
                META.create_all(db)  # those that are missing
                OPEN_STEPS.create(db, checkfirst=True)
                if version:  # else it is new
                    migrate(db, version)
                db.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
        if version > VERSION:
            raise JournalProblem(
                f"The journal {self.path} was written by a newer version (format {version}); use"
                " that version of light-import."
            )

    @contextlib.contextmanager
    def transaction(self, db: sa.Connection, *, at_first_write: bool = False) -> Iterator[None]:
        db.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        db.commit()

    def write(self, db: sa.Connection, batches: Sequence[tuple[str, Sequence[Any]]]) -> list[int]:
        return [
            db.exec_driver_sql(statement, list(rows)).rowcount if rows else 0
            for statement, rows in batches
        ]

    def of_holder(self, statement: str, *, claimed: bool) -> str:
        return statement

    def faults(self, db: sa.Connection) -> Iterator[str]:
        texts = db.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        yield from (f"the file is damaged: {text}" for text in texts if text != "ok")

    def is_damage(self, error: BaseException) -> bool:
        return getattr(error, "sqlite_errorcode", None) in _DAMAGED

    def problem(self, error: BaseException) -> JournalProblem:
        if self.is_damage(error):
            return JournalProblem(
                f"The journal {self.path} is damaged, or is another file ({error}), so nothing more"
                " is sent. Name the correct one with --journal, or restore a copy of it."
            )
        return JournalProblem(
            f"The journal {self.path} cannot be written ({error}), so nothing more is sent. Free"
            " some space or make the folder writable, and run the same command again."
        )

    def lock(self) -> filelock.FileLock:
        return private_lock(Path(f"{self.path}.lock"))

    def load_lock(self, run: str, person: str) -> filelock.FileLock:
        return self.lock()

    def vendor_lock(self) -> NoLock:
        return NoLock()  # a load holds its lock alone

    def claim(self, db: sa.Connection, entries: Sequence[JournalEntry]) -> set[int]:
        return {entry.id for entry in entries}  # nobody else has the lock

    def held_by_others(self, db: sa.Connection, entries: Collection[int]) -> dict[int, Holder]:
        return {}


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
