"""The journal in PostgreSQL: its versions, its companies, its connections."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import uuid
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from postgres_server import counted_exchanges, team_journal

from importer.app import runs
from importer.core.errors import JournalProblem, UsageProblem
from importer.core.postgres_connection import database_words
from importer.light.rate_limiter import RateLimiter
from importer.light.team_pace import TeamPace
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_check import check_journal
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.journal.journal_tables import VERSION
from importer.loading.journal.run_figures import run_figures
from importer.loading.journal.team_store import run_files, save_run_files, team_seal_key
from importer.loading.operation import write_records
from importer.model.journal_states import State, Status
from importer.model.run_rows import BillRows


def test_its_version_is_recorded_and_a_newer_one_is_left_alone(database: str) -> None:
    place = team_journal(database)
    Journal(place).close()
    with psycopg.connect(database, autocommit=True) as db:
        recorded = db.execute("SELECT version, who FROM light_import.migrations").fetchall()
        assert recorded == [(VERSION, "postgres")]
        db.execute("INSERT INTO light_import.migrations (version, program) VALUES (99, '9.0')")
    with pytest.raises(JournalProblem, match="newer version"):
        Journal(place)


def test_tables_of_an_older_version_get_what_is_new(database: str) -> None:
    """A column, a table and an index are missing; what is written stays."""
    place = team_journal(database)
    with Journal(place) as journal:
        journal.plan([("one", "{}")])
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("SET search_path = light_import")
        db.execute("ALTER TABLE all_entries DROP COLUMN request_key CASCADE")
        db.execute("DROP TABLE all_settlements CASCADE")
        db.execute("UPDATE migrations SET version = %s", (VERSION - 1,))
    with Journal(place) as journal:
        [entry] = journal.plan([("one", "{}")]).values()
        assert (entry.content, entry.request_key) == ("{}", None)
        assert check_journal(journal).problems == []


def test_no_statement_reaches_another_company(postgres: str) -> None:
    with Journal(team_journal(postgres)) as one, Journal(team_journal(postgres)) as other:
        entry = one.plan([("same", "{}")])["same"].id
        run = one.start_run({})
        one.assign(run, [(entry, BillRows(), None)])
        assert other.plan([("same", "{}")])["same"].id != entry
        assert (other.runs(), other.outcomes(run), dict(run_figures(other))) == ([], {}, {})
        assert (check_journal(other).entries, check_journal(one).runs) == (1, 1)


def test_runs_of_all_companies_are_listed(database: str) -> None:
    """Each with the bills of its own company."""
    wanted = {}
    for bills in range(1, 4):
        with Journal(team_journal(database)) as journal:
            content = '{"lineItems": [], "currency": "GBP"}'
            entries = journal.plan([(str(i), content) for i in range(bills)])
            run = journal.start_run({})
            journal.assign(run, [(entry.id, BillRows(), None) for entry in entries.values()])
            wanted[run] = {"total": bills, "not_sent": bills}
    histories, problems = runs(database)
    assert ({run.run: run.bills for run in histories}, problems) == (wanted, [])


def test_role_that_may_only_read_reports_and_writes_nothing(database: str) -> None:
    place = team_journal(database)
    with Journal(place) as journal:
        journal.start_run({"company": "Kestrel"})
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("DROP ROLE IF EXISTS auditor")
        db.execute("CREATE ROLE auditor LOGIN")
        db.execute("GRANT USAGE ON SCHEMA light_import TO auditor")
        db.execute("GRANT SELECT ON ALL TABLES IN SCHEMA light_import TO auditor")
    address = database.replace("postgres:@", "auditor@")
    with Journal(team_journal(address, place.company)) as journal:
        assert [run.facts["company"] for run in journal.runs()] == ["Kestrel"]
        with pytest.raises(JournalProblem, match=r"permission denied.*nothing more is sent"):
            journal.plan([("one", "{}")])


def test_role_of_the_documented_rights_loads_and_changes_no_table(database: str) -> None:
    place = team_journal(database)
    Journal(place).close()
    page = (Path(__file__).parents[2] / "docs" / "team.md").read_text(encoding="utf-8")
    _, rights = re.findall(r"```sql\n(.*?)```", page, re.S)
    name = f"r{uuid.uuid4().hex[:12]}"
    for role in ("light_import_owner", "light_import_team", "anna"):
        rights = rights.replace(f" {role}", f" {'postgres' if 'owner' in role else name + role}")
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(rights.replace("PASSWORD '…' ", ""))
    try:
        address = database.replace("postgres:@", f"{name}anna@")
        with Journal(team_journal(address)) as journal:
            lock = journal.load_lock("r-1", "anna on laptop")
            lock.acquire(timeout=0)
            entry = journal.plan([("one", "{}")])["one"]
            run = journal.start_run({}, f"run of {name}")
            journal.assign(run, [(entry.id, BillRows(), None)])
            assert journal.claim([entry]) == {}
            journal.step(run, [], [Intent(entry.id, "{}")])
            lock.release()
        assert save_run_files(address, run, {"a": b"1"})
        assert run_files(address, run) == {"a": b"1"}
        assert len(team_seal_key(address)) == 32
        with RateLimiter(TeamPace(address, "https://light.example")) as limiter:
            asyncio.run(limiter.acquire())
        with psycopg.connect(address) as db, pytest.raises(psycopg.Error):
            db.execute("ALTER TABLE light_import.all_entries ADD COLUMN x text")
    finally:
        with psycopg.connect(database, autocommit=True) as db:
            for role in ("anna", "light_import_team"):
                db.execute(f"DROP OWNED BY {name}{role}")
                db.execute(f"DROP ROLE {name}{role}")


def test_password_is_in_no_message() -> None:
    place = team_journal("postgresql://anna:s3cret@127.0.0.1:1/x?password=s3cret")
    with pytest.raises(JournalProblem) as caught:
        Journal(place)
    assert "postgresql://127.0.0.1:1/x" in str(caught.value)
    assert "s3cret" not in f"{caught.value} {place} {place!r}"
    with pytest.raises(UsageProblem) as refused:
        database_words("postgresql://anna:s3cret@host/x?nonsense=1")
    assert "s3cret" not in str(refused.value)


def test_connection_outside_this_computer_is_encrypted() -> None:
    """A server that has no TLS: the connection ends before anything is said."""
    code = """if True:
    import socket, threading
    from importer.core import postgres_connection as module
    module._is_loopback = lambda host: False
    server = socket.create_server(("127.0.0.1", 0))
    heard = []
    def serve():
        client, _ = server.accept()
        heard.append(client.recv(100))
        client.sendall(b"N")  # no TLS here
        heard.append(client.recv(100))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        module.connect(f"postgresql://anna:s3cret@127.0.0.1:{server.getsockname()[1]}/x")
    except Exception as error:
        print(error)
    thread.join()
    print(heard[1:])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "does not support SSL" in done.stdout
    assert done.stdout.endswith("[b'']\n")


def test_turn_of_a_load_takes_two_exchanges_with_the_database(
    database: str,
) -> None:
    """It may be far away."""
    with (
        counted_exchanges(database) as exchanges,
        Journal(team_journal(exchanges.address)) as journal,
    ):
        run = journal.start_run({})
        journal.load_lock(run, "anna").acquire(1.0)
        entries = list(journal.plan([(str(i), "{}") for i in range(30)]).values())
        journal.claim(entries)
        before = exchanges.number
        for last, entry in pairwise(entries):
            done = Change(last.id, State.CREATED, Status.CREATED, light_id=str(last.id))
            write_records(journal, run, [done, Intent(entry.id, "{}")])
            assert journal.owned([str(last.id)]) == {str(last.id)}
        assert exchanges.number - before <= 3 * len(entries) + 5
