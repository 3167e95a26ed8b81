"""The journal in a team's PostgreSQL; see ``journal_database.JournalDatabase``.

One session for a journal: its advisory locks say that its process lives, and end with it. One
transaction of a company at a time writes, as with SQLite. A connection that is lost is made anew,
and the database is asked whether a commit took place whose answer was lost.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.core.postgres_connection import PATIENCE, as_psycopg, connect, one_line
from importer.loading.journal.journal_place import JournalPlace, TeamJournal
from importer.loading.journal.journal_tables import VERSION
from importer.loading.journal.team_claims import (
    FREE_LEFT,
    HELD,
    HOLDERS,
    NOT_HELD_BY_OTHERS,
    claim,
    held_by_others,
    new_holder,
    release_all,
)
from importer.loading.journal.team_tables import (
    HOLDER_SETTING,
    JOURNAL_SETTING,
    SCHEMA,
    create_or_upgrade,
    team_version,
)
from importer.model.journal_states import Holder, JournalEntry

# The first of the two numbers of our advisory locks.
_UPGRADES, _WRITERS, _LOADS = 1_279_870_001, 1_279_870_002, 1_279_870_003
_VENDORS = 1_279_870_005  # 1_279_870_004: see ``team_claims``
_DISK_FULL = "53100"  # of PostgreSQL's codes of errors
_TRUSTED_FOR = 0.25  # seconds; what is lost within them is noticed by what is asked next


class TeamDatabase:
    """One journal of the database."""

    def __init__(self, place: TeamJournal) -> None:
        self.place = place
        self._journal: int | None = None
        self._holder: int | None = None
        self._locks: list[str] = []  # suffixes and arguments of pg_try_advisory_lock
        self._connected = False
        self._last_answer = float("-inf")
        self._unbegun = False  # in a transaction that begins with its first statement
        self._transaction = ""  # its number in the database
        self.engine = sa.create_engine(
            "postgresql+psycopg://", creator=self._connect, poolclass=sa.pool.StaticPool
        )
        sa.event.listen(self.engine, "checkout", self._answers)
        sa.event.listen(self.engine, "checkin", self._answered)
        sa.event.listen(self.engine, "before_cursor_execute", self._begin)

    def _connect(self) -> Any:
        """A session with its settings and locks. A database that went away is waited for."""
        import psycopg

        until = time.monotonic() + PATIENCE
        while True:
            connection = connect(self.place.dsn, patience=PATIENCE if self._connected else 0.0)
            try:
                self._prepare_session(connection)
            except psycopg.OperationalError:
                if not (self._connected and connection.closed) or time.monotonic() > until:
                    raise
                continue  # lost again, before it could be used
            self._connected = True
            return connection  # each statement is a transaction, unless ``transaction`` began one

    def _prepare_session(self, connection: Any) -> None:
        connection.execute(f"SET search_path = {SCHEMA}")
        if self._journal is not None:
            self._select_journal(connection.execute)
        self._select_holder(connection.execute)
        for lock in self._locks:
            self._take_again(connection, lock)

    def _answered(self, *_: object) -> None:
        self._last_answer = time.monotonic()

    def _answers(self, connection: Any, *_: object) -> None:
        """Ask whether the session is still there, unless it has just answered."""
        import psycopg

        try:
            if time.monotonic() - self._last_answer > _TRUSTED_FOR:
                connection.execute("SELECT 1")
        except psycopg.Error:
            connection.close()
        if connection.closed:
            raise sa.exc.DisconnectionError  # a new one is made

    def _take_again(self, connection: Any, lock: str) -> None:
        """A session that was lost keeps its locks until the server notices."""
        until = time.monotonic() + PATIENCE
        while not connection.execute(f"SELECT pg_try_advisory_lock{lock}").fetchone()[0]:
            if time.monotonic() > until:
                connection.close()
                raise JournalProblem(
                    f"The connection to the journal {self.place} was lost, and meanwhile another"
                    " command took the company over; nothing more is sent."
                )
            time.sleep(0.1)

    def _select_journal(self, execute: Callable[..., Any]) -> None:
        execute("SELECT set_config(%s, %s, false)", (JOURNAL_SETTING, str(self._journal)))

    def prepare(self) -> None:
        self.prepare_tables()
        self._choose()

    def move_to(self, place: JournalPlace) -> bool:
        """The journal of another company with the same session, which holds nothing."""
        if not isinstance(place, TeamJournal) or place.dsn != self.place.dsn:
            return False
        self.place = place
        self._choose()
        return True

    def _choose(self) -> None:
        with self.engine.connect() as db:
            self._journal = self._number(db)
            db.commit()
            self._select_journal(db.exec_driver_sql)
            db.commit()

    def prepare_tables(self) -> None:
        """Create the tables or upgrade them, for all journals."""
        with self.engine.connect() as db:
            version = team_version(db)
            if version < VERSION:
                db.exec_driver_sql("BEGIN")
                db.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, 0)", (_UPGRADES,))
                version = team_version(db)  # another may have been faster
                if version < VERSION:
                    create_or_upgrade(db)
            if version > VERSION:
                raise JournalProblem(
                    f"The journal {self.place} was written by a newer version (format {version});"
                    " use that version of light-import."
                )
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
    def transaction(self, db: sa.Connection, *, at_first_write: bool = False) -> Iterator[None]:
        db.begin()
        self._unbegun = True
        try:
            if not at_first_write:
                self._begin_patiently(db)
            yield
        finally:
            begun, self._unbegun = not self._unbegun, False
        try:
            db.commit()
        except sa.exc.DBAPIError as error:
            lost = error.connection_invalidated and begun
            if not lost or not self._was_committed(self._transaction):
                raise

    def _begin_patiently(self, db: sa.Connection) -> None:
        try:
            self._begin(db)
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            db.rollback()
            db.begin()
            self._unbegun = True
            self._begin(db)  # on a new connection: nothing is written yet

    def write(self, db: sa.Connection, batches: Sequence[tuple[str, Sequence[Any]]]) -> list[int]:
        """All of them go to the server together, with the beginning of the transaction: it may be
        far away."""
        if not any(rows for _, rows in batches):
            return [0] * len(batches)
        with self._driver(db) as session:
            sent = [(session.cursor(), *batch) for batch in batches]
            with self._beginning(session):
                for cursor, statement, rows in sent:
                    if rows:
                        cursor.executemany(as_psycopg(statement), rows)
            return [cursor.rowcount if rows else 0 for cursor, _, rows in sent]

    @contextlib.contextmanager
    def _driver(self, db: sa.Connection) -> Iterator[Any]:
        """The session without SQLAlchemy, its errors as those of SQLAlchemy."""
        import psycopg

        session: Any = db.connection.driver_connection
        try:
            yield session
        except psycopg.Error as error:
            if lost := bool(session.closed):
                db.invalidate(error)
            raise sa.exc.DBAPIError(None, None, error, connection_invalidated=lost) from error

    def _begin(self, db: sa.Connection, *_: object) -> None:
        """Begin the transaction, where that is not done yet."""
        if self._unbegun:
            with self._driver(db) as session, self._beginning(session):
                pass

    @contextlib.contextmanager
    def _beginning(self, session: Any) -> Iterator[None]:
        """What is executed in the block goes to the server together; before it, the beginning of
        the transaction, unless there is one already."""
        begins, self._unbegun = self._unbegun, False
        with session.pipeline():
            if begins:
                session.execute("BEGIN")
                answers = session.execute(
                    "SELECT pg_current_xact_id()::text, pg_advisory_xact_lock(%s, %s)",
                    (_WRITERS, self._journal),
                )
            yield
        if begins:
            self._transaction = str(answers.fetchone()[0])

    def _was_committed(self, number: str) -> bool:
        """Whether the transaction took place whose answer was lost."""
        until = time.monotonic() + PATIENCE
        with contextlib.closing(connect(self.place.dsn, patience=PATIENCE)) as session:
            while True:
                status = session.execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchone()
                if status != ("in progress",) or time.monotonic() > until:
                    return bool(status == ("committed",))
                time.sleep(0.05)

    def faults(self, db: sa.Connection) -> Iterator[str]:
        yield from ()  # its pages are the server's affair

    def is_damage(self, error: BaseException) -> bool:
        return getattr(error, "sqlstate", None) in ("XX001", "XX002")

    def problem(self, error: BaseException) -> JournalProblem:
        cause, remedy = one_line(error), "When the database answers again"
        if getattr(error, "sqlstate", None) == _DISK_FULL:
            remedy = "When there is space on the disk of its server"
        return JournalProblem(
            f"The journal {self.place} cannot be written ({cause}), so nothing more is sent."
            f" {remedy}, run the same command again."
        )

    def of_holder(self, statement: str, *, claimed: bool) -> str:
        return statement.rstrip() + (HELD if claimed else NOT_HELD_BY_OTHERS)

    # --- locks and claims ---------------------------------------------------------------------

    def lock(self) -> TeamLock:
        return TeamLock(self)

    def load_lock(self, run: str, person: str) -> TeamLoadLock:
        return TeamLoadLock(self, run, person)

    def vendor_lock(self) -> TeamVendorLock:
        return TeamVendorLock(self)

    def claim(self, db: sa.Connection, entries: Sequence[JournalEntry]) -> set[int]:
        return claim(db, entries)

    def held_by_others(self, db: sa.Connection, entries: Collection[int]) -> dict[int, Holder]:
        return held_by_others(db, entries)

    @contextlib.contextmanager
    def session(self) -> Iterator[sa.Connection]:
        """What is done for the session alone. Raises JournalProblem."""
        try:
            with self.engine.connect() as db:
                yield db
                db.commit()
        except sa.exc.SQLAlchemyError as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise self.problem(cause or error) from error

    def take(self, *locks: str) -> bool:
        """Take advisory locks, now and in each later session: all of them or none."""
        with self.session() as db:
            for n, lock in enumerate(locks):
                if not db.exec_driver_sql(f"SELECT pg_try_advisory_lock{lock}").scalar():
                    _unlock(db, locks[:n])
                    return False
        self._locks += locks
        return True

    def free_left_claims(self) -> None:
        """Free what runs claimed that ended without giving it up."""
        with self.session() as db, self.transaction(db):
            db.exec_driver_sql(FREE_LEFT)

    def hold(self, run: str, person: str) -> None:
        """Be the holder of what is claimed from now on."""
        with self.session() as db:
            self._holder = new_holder(db, run, person)
            self._select_holder(db.exec_driver_sql)
        self.take(f"({HOLDERS}, {self._holder})")

    def _select_holder(self, execute: Callable[..., Any]) -> None:
        number = "" if self._holder is None else str(self._holder)
        execute("SELECT set_config(%s, %s, false)", (HOLDER_SETTING, number))

    def free(self) -> None:
        """Give up claims and locks; a session that is lost has none."""
        with contextlib.suppress(JournalProblem), self.session() as db:
            if self._holder is not None:
                release_all(db)
                self._holder = None
                self._select_holder(db.exec_driver_sql)
                db.commit()
            _unlock(db, self._locks)
        self._locks, self._holder = [], None

    def give_up(self, lock: str) -> None:
        """Free one of the locks; a session that is lost has none."""
        with contextlib.suppress(JournalProblem), self.session() as db:
            _unlock(db, [lock])
        self._locks.remove(lock)

    @property
    def company_lock(self) -> str:
        """The arguments of its functions."""
        return f"({_LOADS}, {self._journal})"

    @property
    def lock_of_vendors(self) -> str:
        return f"({_VENDORS}, {self._journal})"


def _unlock(db: sa.Connection, locks: Sequence[str]) -> None:
    for lock in locks:
        suffix, arguments = ("_shared", lock[7:]) if lock.startswith("_shared") else ("", lock)
        db.exec_driver_sql(f"SELECT pg_advisory_unlock{suffix}{arguments}")


class TeamLock:
    """Nobody else loads into the company; see ``journal_database.CompanyLock``."""

    def __init__(self, database: TeamDatabase) -> None:
        self._database = database

    def acquire(self, timeout: float) -> object:
        self._take(self._database.company_lock)
        self._database.free_left_claims()
        return self

    def _take(self, *locks: str) -> None:
        import filelock

        if not self._database.take(*locks):
            raise filelock.Timeout(str(self._database.place))

    def release(self) -> None:
        self._database.free()


class TeamLoadLock(TeamLock):
    """Others may load into the company too; what a run claims is its alone."""

    def __init__(self, database: TeamDatabase, run: str, person: str) -> None:
        super().__init__(database)
        self._run, self._person = run, person

    def acquire(self, timeout: float) -> object:
        self._take(f"_shared{self._database.company_lock}")
        self._database.free_left_claims()
        self._database.hold(self._run, self._person)
        return self


class TeamVendorLock(TeamLock):
    """No other load creates vendors; the lock of the load stays as it is."""

    def acquire(self, timeout: float) -> object:
        self._take(self._database.lock_of_vendors)
        return self

    def release(self) -> None:
        self._database.give_up(self._database.lock_of_vendors)
