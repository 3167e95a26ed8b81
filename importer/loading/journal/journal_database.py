"""What differs between the databases that a journal can be in; one protocol, a module each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.loading.journal.journal_place import JournalPlace, TeamJournal
from importer.loading.journal.sqlite_file import SqliteFile


class CompanyLock(Protocol):
    """Held while a process changes bills of a company; free again when the process dies."""

    def acquire(self, timeout: float) -> object:
        """Raises filelock.Timeout where another holds it, OSError where it cannot be had."""

    def release(self) -> None: ...


class JournalDatabase(Protocol):
    """``engine`` has one connection; ``place`` is for people."""

    engine: sa.Engine

    def prepare(self) -> None:
        """Create the tables or upgrade them; JournalProblem where they are of a newer version."""

    def transaction(self, db: sa.Connection) -> AbstractContextManager[None]:
        """One durable transaction, one writer of a company at a time."""

    def driver_sql(self, statement: str) -> str:
        """A statement with ``:name`` or ``?`` as the driver takes it."""

    def faults(self, db: sa.Connection) -> Iterator[str]:
        """What the database itself finds damaged."""

    def is_damage(self, error: BaseException) -> bool:
        """Whether an error says that the database is damaged."""

    def problem(self, error: BaseException) -> JournalProblem:
        """That it cannot be written, in words for people."""

    def lock(self) -> CompanyLock: ...


def database_at(place: JournalPlace) -> JournalDatabase:
    if isinstance(place, TeamJournal):
        from importer.loading.journal.team_database import TeamDatabase

        return TeamDatabase(place)
    return SqliteFile(place)
