"""The request counts of all computers of a team, in its PostgreSQL and by its clock.

The same tables as in the file of ``rate_limit_store``, in a schema of their own that the journal's
set-up creates (``loading.journal.team_tables``). ``synchronous_commit`` is off: a crash of the
server loses the permits of its last moments.

The database may be far away, and while one computer counts the others wait. So statements go
together, and are waited for where their answer is needed (libpq's pipeline mode).
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.core.postgres_connection import (
    PATIENCE,
    as_psycopg,
    connect,
    database_words,
    one_line,
)
from importer.light.later_statements import LaterStatements
from importer.light.store_errors import StoreError, StoreLost

_SCHEMA = "light_import_pace"
_LOCK = 1_279_870_005  # the first of the two numbers of its advisory lock
_MEASURED_FOR = 60.0  # seconds for which a look at the database's clock holds
_LOOKS = 3


@dataclass(frozen=True)
class TeamPace:
    """The counts for one Light in a database; ``dsn`` may be secret."""

    dsn: str
    base_url: str

    def __str__(self) -> str:
        return database_words(self.dsn)

    def __repr__(self) -> str:
        return f"TeamPace({self})"

    @property
    def mark(self) -> str:
        """What stands before each key and company: the database is for several Lights."""
        return f"{hashlib.sha256(self.base_url.encode()).hexdigest()[:12]} "


class TeamPaceStore:
    """A session, as far as the rate limiter uses a connection to SQLite."""

    def __init__(self, place: TeamPace) -> None:
        self._place = place
        self._lock = int.from_bytes(hashlib.sha256(place.mark.encode()).digest()[:3])
        self._session: Any = None
        self._together = contextlib.ExitStack()  # the pipeline of a transaction
        self._later = LaterStatements(self._write_later)
        self._offset, self._measured = 0.0, float("-inf")
        self._connect(0.0)

    def close(self) -> None:
        self._write_later()
        if self._session is not None:
            self._session.close()

    def clock(self) -> float:
        """Unix seconds by the database's clock, also where this computer's is wrong."""
        if time.monotonic() - self._measured > _MEASURED_FOR:
            with contextlib.suppress(StoreError):
                self._look_at_clock()
        return time.monotonic() + self._offset

    def _look_at_clock(self) -> None:
        """The offset of the look that took the shortest: it is wrong by half of that at most."""
        looks = []
        for _ in range(_LOOKS):
            start = time.monotonic()
            row = self.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
            end = time.monotonic()
            looks.append((end - start, row[0] - (start + end) / 2))
        self._offset, self._measured = min(looks)[1], time.monotonic()

    def begin(self) -> None:
        """A transaction; those for one Light go one after the other. What is executed in it goes
        to the database with the next answer that is fetched, or at its end."""
        if self._session is None or self._session.closed:
            self._connect(PATIENCE)
        self.clock()  # it may look at the database's, which in a transaction takes too long
        later = self._later.take()
        self._together.enter_context(self._session.pipeline())
        for statement, parameters in later:
            self.execute(statement, parameters)
        self.execute("BEGIN")
        self.execute("SELECT pg_advisory_xact_lock(?, ?)", (_LOCK, self._lock))

    def commit(self) -> None:
        self.execute("COMMIT")
        self._end_together()

    def rollback(self) -> None:
        with contextlib.suppress(StoreError):  # of what failed before
            self._end_together()
        self.execute("ROLLBACK")

    def _end_together(self) -> None:
        with self._store_errors():
            self._together.close()

    def execute(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> _Answers:
        """As a cursor. Raises StoreError."""
        with self._store_errors():
            cursor = self._session.execute(as_psycopg(statement), parameters or None)
        return _Answers(self, cursor)

    def execute_later(self, statement: str, parameters: Sequence[Any]) -> None:
        """Before the next transaction, or in a moment; not where the session is lost."""
        self._later.add(statement, parameters)

    def _write_later(self) -> None:
        import psycopg

        with contextlib.suppress(StoreError, psycopg.Error):
            if (later := self._later.take()) and not self._session.closed:
                with self._session.pipeline():
                    for statement, parameters in later:
                        self.execute(statement, parameters)

    @contextlib.contextmanager
    def _store_errors(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            kind = StoreLost if self._session.closed else StoreError
            raise kind(one_line(error)) from error

    def _connect(self, patience: float) -> None:
        import psycopg

        with contextlib.suppress(psycopg.Error):
            self._together.close()  # of a session that was lost
        try:
            self._session = connect(self._place.dsn, patience=patience)
        except psycopg.Error as error:
            raise StoreError(one_line(error)) from error
        self.execute(f"SET search_path = {_SCHEMA}")
        self.execute("SET synchronous_commit = off")
        # Each statement is about few of the permits; what is known of the table is of before.
        self.execute("SET enable_seqscan = off")
        self._look_at_clock()


@dataclass(frozen=True)
class _Answers:
    """The rows of a statement; fetching them raises StoreError."""

    store: TeamPaceStore
    cursor: Any

    def fetchone(self) -> Any:
        with self.store._store_errors():
            return self.cursor.fetchone()

    def fetchall(self) -> Any:
        with self.store._store_errors():
            return self.cursor.fetchall()
