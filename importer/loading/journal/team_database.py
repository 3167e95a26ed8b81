"""The journal in a team's PostgreSQL; see ``journal_database.JournalDatabase``.

One session for a journal: its advisory locks say that its process lives, and end with it. One
transaction of a company at a time writes, as with SQLite. A connection that is lost is made anew,
and the database is asked whether a commit took place whose answer was lost.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.core.postgres_connection import PATIENCE, connect, one_line
from importer.loading.journal.journal_place import TeamJournal
from importer.loading.journal.journal_tables import VERSION
from importer.loading.journal.team_tables import (
    JOURNAL_SETTING,
    SCHEMA,
    create_or_upgrade,
    team_version,
)

# The first of the two numbers of our advisory locks.
_UPGRADES, _WRITERS, _LOADS = 1_279_870_001, 1_279_870_002, 1_279_870_003
_PARAMETER = re.compile(r":(\w+)|\?")


class TeamDatabase:
    """One journal of the database."""

    def __init__(self, place: TeamJournal) -> None:
        self.place = place
        self._journal: int | None = None
        self._locks: list[str] = []  # statements that take them again
        self._connected = False
        self.engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            poolclass=sa.pool.StaticPool,
            pool_pre_ping=True,
        )

    def _connect(self) -> Any:
        """A session with its settings and locks. A database that went away is waited for."""
        connection = connect(self.place.dsn, patience=PATIENCE if self._connected else 0.0)
        connection.autocommit = True
        connection.execute(f"SET search_path = {SCHEMA}")
        if self._journal is not None:
            self._select_journal(connection.execute)
        for statement in self._locks:
            if connection.execute(statement).fetchone() != (True,):
                connection.close()
                raise JournalProblem(
                    f"The connection to the journal {self.place} was lost, and meanwhile another"
                    " command took the company over; nothing more is sent."
                )
        connection.autocommit = False
        self._connected = True
        return connection

    def _select_journal(self, execute: Callable[..., Any]) -> None:
        execute("SELECT set_config(%s, %s, false)", (JOURNAL_SETTING, str(self._journal)))

    def prepare(self) -> None:
        with self.engine.connect() as db:
            version = team_version(db)
            if version < VERSION:
                db.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, 0)", (_UPGRADES,))
                version = team_version(db)  # another may have been faster
                if version < VERSION:
                    create_or_upgrade(db)
            if version > VERSION:
                raise JournalProblem(
                    f"The journal {self.place} was written by a newer version (format {version});"
                    " use that version of light-import."
                )
            self._journal = self._number(db)
            db.commit()
            self._select_journal(db.exec_driver_sql)
            db.commit()

    def _number(self, db: sa.Connection) -> int:
        names = (self.place.base_url, self.place.company)
        number = "SELECT id FROM journals WHERE base_url = %s AND company = %s"
        if (existing := db.exec_driver_sql(number, names).scalar()) is not None:
            return int(existing)
        new = "INSERT INTO journals (base_url, company) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        db.exec_driver_sql(new, names)
        return int(db.exec_driver_sql(number, names).scalar_one())

    @contextlib.contextmanager
    def transaction(self, db: sa.Connection) -> Iterator[None]:
        first = "SELECT pg_current_xact_id()::text, pg_advisory_xact_lock(%s, %s)"
        number = db.exec_driver_sql(first, (_WRITERS, self._journal)).scalar_one()
        yield
        try:
            db.commit()
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated or not self._was_committed(number):
                raise

    def _was_committed(self, number: str) -> bool:
        """Whether the transaction took place whose answer was lost."""
        until = time.monotonic() + PATIENCE
        with contextlib.closing(connect(self.place.dsn, patience=PATIENCE)) as session:
            while True:
                query = "SELECT pg_xact_status(%s::xid8)"
                status = session.execute(query, (number,)).fetchone()
                if status != ("in progress",) or time.monotonic() > until:
                    return bool(status == ("committed",))
                time.sleep(0.05)

    def driver_sql(self, statement: str) -> str:
        return _PARAMETER.sub(lambda m: f"%({m[1]})s" if m[1] else "%s", statement)

    def faults(self, db: sa.Connection) -> Iterator[str]:
        yield from ()  # its pages are the server's affair

    def is_damage(self, error: BaseException) -> bool:
        return getattr(error, "sqlstate", None) in ("XX001", "XX002")

    def problem(self, error: BaseException) -> JournalProblem:
        cause = one_line(error)
        return JournalProblem(
            f"The journal {self.place} cannot be written ({cause}), so nothing more is sent. When"
            " the database answers again, run the same command again."
        )

    def lock(self) -> TeamLock:
        return TeamLock(self, "pg_try_advisory_lock", "pg_advisory_unlock")

    def try_lock(self, function: str) -> bool:
        """Take the lock of the company's loads, now and in each later session."""
        statement = f"SELECT {function}({_LOADS}, {self._journal})"
        with self.engine.connect() as db:
            taken = bool(db.exec_driver_sql(statement).scalar())
            db.commit()
        if taken:
            self._locks.append(statement)
        return taken

    def free(self, function: str) -> None:
        """Free it; where the session is lost, so is its lock."""
        self._locks.clear()
        with contextlib.suppress(sa.exc.SQLAlchemyError), self.engine.connect() as db:
            db.exec_driver_sql(f"SELECT {function}({_LOADS}, {self._journal})")
            db.commit()


class TeamLock:
    """An advisory lock of the session; see ``journal_database.CompanyLock``."""

    def __init__(self, database: TeamDatabase, take: str, free: str) -> None:
        self._database, self._take, self._free = database, take, free

    def acquire(self, timeout: float) -> object:
        import filelock

        if not self._database.try_lock(self._take):
            raise filelock.Timeout(str(self._database.place))
        return self

    def release(self) -> None:
        self._database.free(self._free)
