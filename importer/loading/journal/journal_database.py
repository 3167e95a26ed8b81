"""What differs between the databases that a journal can be in; one protocol, a module each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.loading.journal.journal_place import JournalPlace, TeamJournal
from importer.loading.journal.sqlite_file import SqliteFile
from importer.model.journal_states import Holder, JournalEntry

# A statement with ``:name`` or ``?``, and the values of each time; none: it is left out.
Batch = tuple[str, Sequence[Any]]


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

    def move_to(self, place: JournalPlace) -> bool:
        """Go on with another journal, only to read it; False where it needs a connection of its
        own."""
        ...

    def transaction(
        self, db: sa.Connection, *, at_first_write: bool = False
    ) -> AbstractContextManager[None]:
        """One durable transaction, one writer of a company at a time; ``at_first_write``: it may
        begin with its first statement."""
        ...

    def write(self, db: sa.Connection, batches: Sequence[Batch]) -> list[int]:
        """Carry out statements, each for many rows. How many rows each changed."""
        ...

    def of_holder(self, statement: str, *, claimed: bool) -> str:
        """A statement on entries with a condition at its end: only those that no other run has
        claimed, or only those that this run has."""

    def faults(self, db: sa.Connection) -> Iterator[str]:
        """What the database itself finds damaged."""

    def is_damage(self, error: BaseException) -> bool:
        """Whether an error says that the database is damaged."""

    def problem(self, error: BaseException) -> JournalProblem:
        """That it cannot be written, in words for people."""

    def lock(self) -> CompanyLock:
        """While it is held, no other process changes bills of the company."""

    def load_lock(self, run: str, person: str) -> CompanyLock:
        """As ``lock``; where claims keep loads apart, several loads have it at once."""

    def vendor_lock(self) -> CompanyLock:
        """While a load holds it, no other load creates vendors; held beside ``load_lock``."""

    def claim(self, db: sa.Connection, entries: Sequence[JournalEntry]) -> set[int]:
        """Claim entries for the run of ``load_lock``, as they were read; the ids of those it got.

        Entries that were not claimed must not be changed by a run.
        """

    def held_by_others(self, db: sa.Connection, entries: Collection[int]) -> dict[int, Holder]:
        """Which entries runs of other processes have claimed."""


def database_at(place: JournalPlace) -> JournalDatabase:
    if isinstance(place, TeamJournal):
        from importer.loading.journal.team_database import TeamDatabase

        return TeamDatabase(place)
    return SqliteFile(place)
