"""The request counts of all computers of a team, in its PostgreSQL and by its clock.

The same tables as in the file of ``rate_limit_store``, in a schema of their own that the journal's
set-up creates (``loading.journal.team_tables``). ``synchronous_commit`` is off: a crash of the
server loses the permits of its last moments.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.core.postgres_connection import PATIENCE, connect, database_words, one_line
from importer.light.store_errors import StoreError, StoreLost

_SCHEMA = "light_import_pace"
_LOCK = 1_279_870_005  # the first of the two numbers of its advisory lock
_MEASURED_FOR = 60.0  # seconds for which a look at the database's clock holds
_LOOKS = 3
_PARAMETER = re.compile(r"(?<!:):(\w+)|\?")


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
        self._offset, self._measured = 0.0, float("-inf")
        self._connect(0.0)

    def close(self) -> None:
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
        """A transaction; those for one Light go one after the other."""
        if self._session is None or self._session.closed:
            self._connect(PATIENCE)
        self.execute("BEGIN")
        self.execute("SELECT pg_advisory_xact_lock(?, ?)", (_LOCK, self._lock))

    def execute(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """A cursor. Raises StoreError."""
        import psycopg

        sql = _PARAMETER.sub(lambda m: f"%({m[1]})s" if m[1] else "%s", statement)
        try:
            return self._session.execute(sql, parameters or None)
        except psycopg.Error as error:
            kind = StoreLost if self._session.closed else StoreError
            raise kind(one_line(error)) from error

    def _connect(self, patience: float) -> None:
        import psycopg

        try:
            self._session = connect(self._place.dsn, patience=patience)
        except psycopg.Error as error:
            raise StoreError(one_line(error)) from error
        self.execute(f"SET search_path = {_SCHEMA}")
        self.execute("SET synchronous_commit = off")
        self._look_at_clock()
