"""The journal of a simulated computer: the real one over a SQLite in memory, whose commits are
numbered, so that a session can end at each of them.

SQLAlchemy's statements are compiled once for all schedules, and run by sqlite3: that takes a fifth
of the time.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import META

_DIALECT = sqlite.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


class PowerCut(BaseException):
    """The computer stopped here."""


@dataclass
class Disk:
    """Counts the commits of a session; ``cut_at`` ends it at one of them."""

    cut_at: int = 0
    durable: bool = False  # whether that one still reaches the disk
    commits: int = 0
    off: bool = False
    on_commit: Callable[[int], None] = lambda number: None

    def before(self) -> None:
        if self.off:
            raise PowerCut
        self.commits += 1
        if self.commits == self.cut_at and not self.durable:
            self.off = True
            raise PowerCut

    def after(self) -> None:
        self.on_commit(self.commits)
        if self.commits == self.cut_at:
            self.off = True
            raise PowerCut


class Found(list[Any]):
    def all(self) -> list[Any]:
        return self


class Rows:
    """The result of a statement, as far as the journal asks SQLAlchemy's for it."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def __iter__(self) -> Iterator[Any]:
        return self._cursor

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def scalars(self) -> Found:
        return Found(row[0] for row in self._cursor)

    def all(self) -> list[Any]:
        return self._cursor.fetchall()

    def first(self) -> Any:
        return self._cursor.fetchone()

    def mappings(self) -> Found:
        names = [column[0] for column in self._cursor.description]
        return Found(dict(zip(names, row, strict=True)) for row in self._cursor)


# By identity: the statement, its text, and the values in it. Its parameters are always the same.
Statements = dict[int, tuple[sa.Executable, str, dict[str, Any]]]


class CompiledConnection:
    """Runs statements as SQLAlchemy's connection does; see above."""

    def __init__(self, db: sqlite3.Connection, statements: Statements) -> None:
        self.db, self.statements = db, statements
        self.exec_driver_sql = self._run

    def execute(
        self, statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()
    ) -> Rows:
        several = isinstance(values, list)
        key = id(statement)
        if key not in self.statements:
            names = list((values[0] if several else values) or ())
            self.statements[key] = statement, *_compiled(statement, names)
            assert len(self.statements) < 200, "statements are to be built once, not at each use"
        _, text, fixed = self.statements[key]
        if several:
            return Rows(self.db.executemany(text, [{**fixed, **each} for each in values]))
        return Rows(self.db.execute(text, {**fixed, **values} if values else fixed))

    def scalar(self, statement: sa.Executable, values: Mapping[str, Any]) -> Any:
        return next(iter(self.execute(statement, values).scalars()), None)

    def _run(self, text: str, values: Any = ()) -> Rows:
        run = self.db.executemany if isinstance(values, list) else self.db.execute
        return Rows(run(text, values))


def _compiled(statement: sa.Executable, names: list[str]) -> tuple[str, dict[str, Any]]:
    """Its text, and the values that are in it."""
    compiled: Any = statement.compile(  # type: ignore[attr-defined]
        dialect=_DIALECT, column_keys=names or None
    )
    state = compiled.construct_expanded_state(dict.fromkeys(names))
    fixed = dict(state.parameters)
    for column in getattr(compiled, "insert_prefetch", ()):
        fixed[column.key] = column.default.arg
    return str(state.statement), fixed


class NumberedJournal(Journal):
    """A journal in one session, whose commits a ``Disk`` counts."""

    def __init__(self, whole: Journal, db: CompiledConnection, disk: Disk) -> None:
        self.place, self._database, self._transaction = whole.place, whole._database, None
        self.connection, self.disk = db, disk

    def of_session(self, disk: Disk) -> NumberedJournal:
        return NumberedJournal(self, self.connection, disk)

    def close(self) -> None:
        """The connection stays."""

    @contextlib.contextmanager
    def reading(self, run: str = "") -> Iterator[Any]:
        yield self.connection

    @contextlib.contextmanager
    def writing(self, *, at_first_write: bool = False) -> Iterator[Any]:
        if self._transaction is not None:
            yield self._transaction
            return
        db = self.connection.db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.disk.before()
        except sqlite3.Error as error:
            db.execute("ROLLBACK")
            raise self._problem(error) from error
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        self.disk.after()


class Stores:
    """What the computers of a schedule write to, empty at its start: opening it anew would take
    longer than most schedules."""

    def __init__(self, folder: Path) -> None:
        self._whole = Journal(folder / "empty.sqlite")
        self._empty = sqlite3.connect(folder / "empty.sqlite")
        self._statements: Statements = {}
        self._by_name: dict[str, NumberedJournal] = {}

    def empty(self, name: str) -> NumberedJournal:
        """The journal of a computer."""
        if name not in self._by_name:
            db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=500)
            self._empty.backup(db)
            connection = CompiledConnection(db, self._statements)
            self._by_name[name] = NumberedJournal(self._whole, connection, Disk())
        journal = self._by_name[name]
        for table in META.tables:
            journal.connection.db.execute(f"DELETE FROM {table}")
        return journal

    def close(self) -> None:
        for journal in self._by_name.values():
            journal.connection.db.close()
        self._empty.close()
        self._whole.close()
