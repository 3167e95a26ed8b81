"""The connection to a journal: what is written is durable, what is read is asked for again.

JournalProblem where the database does not answer; what it says is in the words of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.loading.journal.journal_database import database_at
from importer.loading.journal.journal_place import JournalPlace
from importer.model.journal_states import DamagedRecord

T = TypeVar("T")

_MOST_ATTEMPTS = 3  # each waits for the database to come back


class JournalLost(JournalProblem):
    """The connection to the journal was lost, and what was to be written is not in it."""


class _ReadingConnection(sa.Connection):
    """What is read may be asked several times, and changes nothing."""

    def execute(self, *statement: Any, **options: Any) -> sa.CursorResult[Any]:
        return self._again(super().execute, *statement, **options)

    def scalar(self, *statement: Any, **options: Any) -> Any:
        return self._again(super().scalar, *statement, **options)

    def _again(self, ask: Callable[..., T], *statement: Any, **options: Any) -> T:
        for _ in range(_MOST_ATTEMPTS - 1):
            try:
                return ask(*statement, **options)
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self.rollback()
        return ask(*statement, **options)


class JournalConnection:
    """One company's part of a database, in transactions."""

    def __init__(self, place: JournalPlace) -> None:
        self.place = place
        self._transaction: sa.Connection | None = None
        self._database = database_at(place)
        self._engine = self._database.engine
        try:
            self._database.prepare()
        except (OSError, sa.exc.SQLAlchemyError) as error:
            self.close()
            raise self._problem(error) from error
        except BaseException:
            self.close()
            raise

    def move_to(self, place: JournalPlace) -> Self:
        """The journal of another company, with the same connection where it is one of the same
        database. Only for reading."""
        try:
            if self._database.move_to(place):
                self.place = place
                return self
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise self._problem(error) from error
        self.close()
        return type(self)(place)

    def __enter__(self) -> Self:
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

    def _problem(self, error: Exception) -> JournalProblem:
        if not isinstance(error, sa.exc.DBAPIError):
            return self._database.problem(error)
        problem = self._database.problem(error.orig or error)
        return JournalLost(str(problem)) if error.connection_invalidated else problem

    def in_one_commit(self, write: Callable[[], None]) -> None:
        """As ``one_commit``; where the connection is lost before that is durable, ``write`` is
        called again on a new one."""
        for attempt in range(_MOST_ATTEMPTS):
            try:
                with self.one_commit(at_first_write=True):
                    write()
                return
            except JournalLost:
                if attempt == _MOST_ATTEMPTS - 1:
                    raise

    @contextmanager
    def one_commit(self, *, at_first_write: bool = False) -> Iterator[None]:
        """What is written in the block becomes durable together, or not at all.

        ``at_first_write``: the transaction begins with its first statement.
        """
        with self.writing(at_first_write=at_first_write) as db:
            self._transaction = db
            try:
                yield
            finally:
                self._transaction = None

    @contextmanager
    def writing(self, *, at_first_write: bool = False) -> Iterator[sa.Connection]:
        """One durable transaction, or a part of ``one_commit``."""
        if self._transaction is not None:
            yield self._transaction
            return
        try:
            with (
                self._engine.connect() as db,
                self._database.transaction(db, at_first_write=at_first_write),
            ):
                yield db
        except sa.exc.SQLAlchemyError as error:
            raise self._problem(error) from error
        except DamagedRecord as error:
            raise self.damaged(str(error)) from error

    @contextmanager
    def reading(self, run: str = "") -> Iterator[sa.Connection]:
        """Each statement is asked again, on a new connection, where the one it had is lost.

        ``run`` is named where a value turns out to be damaged.
        """
        try:
            with _ReadingConnection(self._engine) as db:
                yield db
        except sa.exc.SQLAlchemyError as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise JournalProblem(f"The journal {self.place} cannot be read ({cause}).") from error
        except DamagedRecord as error:
            raise self.damaged(str(error), run) from error

    def damaged(self, what: str, run: str = "") -> JournalProblem:
        """That a value of the journal cannot be read; other runs are as good as before."""
        where = f"run {run}, {what}" if run else what
        return JournalProblem(
            f"The journal {self.place} is damaged: {where}. Its other runs can still be reported."
            " Restore a copy of the journal to resume this one."
        )

    def write_rows(self, db: sa.Connection, statement: str, rows: Sequence[Any]) -> int:
        """One of the statements of ``journal_tables`` that are for many rows at a time.

        How many rows it changed.
        """
        return self._database.write(db, [(statement, rows)])[0]
