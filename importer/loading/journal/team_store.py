"""What a team shares beside its journals: which there are, the files of runs, lookup tables, who
checked what, the key of seals."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from importer.core.errors import JournalProblem, UsageProblem
from importer.core.postgres_connection import connect, database_words, one_line
from importer.loading.journal.journal_place import TeamJournal
from importer.loading.journal.team_database import TeamDatabase
from importer.loading.journal.team_tables import SCHEMA

LARGEST = 64_000_000  # bytes of the files of a run
_SEAL, _CHECKS = "seal", "checked"
_LOOKUPS = 1_279_870_006  # the first number of an advisory lock; see ``team_database``


def prepare_team(dsn: str) -> None:
    """Create the tables or upgrade them. Raises JournalProblem, UsageProblem."""
    database = TeamDatabase(TeamJournal(dsn, database_words(dsn), "", ""))
    try:
        database.prepare_tables()
    except sa.exc.SQLAlchemyError as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise UsageProblem(
            f"The journal {database_words(dsn)} cannot be used: {one_line(cause or error)}."
        ) from None
    finally:
        database.engine.dispose()


def team_journals(dsn: str, run: str | None = None) -> list[TeamJournal]:
    """All journals, or the one that has a run, by its id; "latest": the newest of all."""
    query = "SELECT base_url, company FROM journals"
    values: tuple[str, ...] = ()
    if run == "latest":
        query += " WHERE id = (SELECT journal FROM all_runs ORDER BY started DESC LIMIT 1)"
    elif run is not None:
        query += " WHERE id = (SELECT journal FROM all_runs WHERE id = %s)"
        values = (run,)
    with _session(dsn) as db:
        rows = db.execute(f"{query} ORDER BY id", values).fetchall()
    return [TeamJournal(dsn, database_words(dsn), *row) for row in rows]


def save_run_files(dsn: str, run: str, files: Mapping[str, bytes]) -> bool:
    """Keep a run's files for the whole team; False where they are too large."""
    if sum(map(len, files.values())) > LARGEST:
        return False
    rows = [(run, name, content) for name, content in files.items()]
    with _session(dsn) as db, db.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO run_files (run, name, content) VALUES (%s, %s, %s)"
            " ON CONFLICT (run, name) DO UPDATE SET content = excluded.content",
            rows,
        )
    return True


def run_files(dsn: str, run: str) -> dict[str, bytes]:
    """A run's files by name; none where nobody kept them."""
    with _session(dsn) as db:
        rows = db.execute("SELECT name, content FROM run_files WHERE run = %s", (run,)).fetchall()
    return {name: bytes(content) for name, content in rows}


def team_lookups(dsn: str, name: str) -> dict[str, bytes]:
    """The lookup tables that the team keeps under that name, by the names of their files."""
    with _session(dsn) as db:
        return _lookups(db, name)


@contextlib.contextmanager
def changing_lookups(dsn: str, name: str) -> Iterator[dict[str, bytes]]:
    """The same to be changed: they are written at the end, and nobody else changes them before."""
    with _session(dsn) as db, db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOOKUPS, name))
        files = _lookups(db, name)
        before = dict(files)
        yield files
        for file, content in files.items():
            if before.get(file) != content:
                db.execute(
                    "INSERT INTO team_keys (name, content) VALUES (%s, %s)"
                    " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                    (f"lookups/{name}/{file}", content),
                )


def _lookups(db: Any, name: str) -> dict[str, bytes]:
    start = f"lookups/{name}/"
    query = "SELECT name, content FROM team_keys WHERE starts_with(name, %s)"
    return {row[0].removeprefix(start): bytes(row[1]) for row in db.execute(query, (start,))}


def team_seal_key(dsn: str) -> bytes:
    """The key of the team's seals; made where there is none."""
    query = "SELECT content FROM team_keys WHERE name = %s"
    with _session(dsn) as db:
        if (row := db.execute(query, (_SEAL,)).fetchone()) is None:
            new = "INSERT INTO team_keys (name, content) VALUES (%s, %s) ON CONFLICT DO NOTHING"
            db.execute(new, (_SEAL, secrets.token_bytes(32)))
            row = db.execute(query, (_SEAL,)).fetchone()
    return bytes(row[0])


def save_check(dsn: str, mark: str, person: str, record: bytes) -> None:
    """Note that a person has checked what has that mark; a later check of the same replaces it."""
    with _session(dsn) as db:
        db.execute(
            "INSERT INTO team_keys (name, content) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            (f"{_CHECKS}/{mark}/{person}", record),
        )


def saved_checks(dsn: str, mark: str) -> list[bytes]:
    """What was noted of those who checked what has that mark."""
    query = "SELECT content FROM team_keys WHERE starts_with(name, %s) ORDER BY name"
    with _session(dsn) as db:
        return [bytes(content) for (content,) in db.execute(query, (f"{_CHECKS}/{mark}/",))]


def database_role(dsn: str) -> str:
    """The role that the database knows the person by."""
    with _session(dsn) as db:
        return str(db.execute("SELECT session_user").fetchone()[0])


@contextlib.contextmanager
def _session(dsn: str) -> Iterator[Any]:
    import psycopg

    try:
        with contextlib.closing(connect(dsn)) as db:
            db.execute(f"SET search_path = {SCHEMA}")
            yield db
    except psycopg.Error as error:
        raise JournalProblem(
            f"The journal {database_words(dsn)} cannot be used: {one_line(error)}."
        ) from error
