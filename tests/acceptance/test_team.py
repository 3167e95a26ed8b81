"""One journal for a team in PostgreSQL: any computer loads, reports and undoes, each bill once."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl
import psycopg
import pytest
from conftest import COMPANY, Ended, bill_row, ended, start, write_bills
from postgres_server import crash_postgres, start_postgres, team_journal

from importer.app.seal import is_sealed, seal
from importer.loading.journal.journal import Journal
from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "6000")


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """From now on at the computer of that name."""

    def at(name: str) -> None:
        monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path / f"home-{name}"))

    return at


@pytest.fixture
def team(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The journal of everybody from now on."""
    monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", database)
    return database


def live(light: Sandbox) -> Counter[str]:
    bills = [bill for bill in light.bills() if bill["state"] != "CANCELLED"]
    return Counter(str(bill["invoiceNumber"]) for bill in bills)


def test_a_run_is_reported_verified_and_undone_from_another_computer(
    command: Load,
    load: Load,
    sandbox: Sandbox,
    at_home: Callable[[str], None],
    team: str,
    tmp_path: Path,
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    at_home("a")
    result = tmp_path / "a.xlsx"
    first = load(sandbox.base_url, *files, "--result", str(result))
    assert first.code == 0, first.err
    run = first.json["run"]
    at_home("b")
    [listed] = command("runs", "--json").json["runs"]
    assert (listed["run"], listed["bills"]["created"]) == (run, 3)
    assert listed["who"].endswith(f" on {socket.gethostname()}")
    assert (listed["journal"] or "").startswith("postgresql:///")
    for path in files:
        Path(path).unlink()  # this computer never had them
    report = command("report", run, "--json", "--result", str(tmp_path / "b.xlsx"))
    assert report.json["bills"]["created"] == 3, report.err
    assert command("verify", "latest", *FAST).code == 0
    again = load(sandbox.base_url, str(result))
    assert again.json["bills"] == {"total": 3, "already_loaded": 3}, again.err
    assert command("journal", "check").code == 0
    assert command("undo", run, "--yes", *FAST).json["bills"]["undone"] == 3
    at_home("a")
    assert command("runs", "--json").json["runs"][0]["bills"]["undone"] == 3
    assert sum(live(sandbox).values()) == 0


def test_validate_knows_what_the_team_has_loaded(
    command: Load,
    load: Load,
    sandbox: Sandbox,
    at_home: Callable[[str], None],
    team: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(2)])
    at_home("a")
    run = load(sandbox.base_url, *files).json["run"]
    at_home("b")
    check = ("validate", *files, "--base-url", sandbox.base_url, "--json", "--result")
    checked = command(*check, "checked.csv")
    assert checked.json["bills"] == {"total": 2, "already_loaded": 2}, checked.err
    assert f"Loaded before (run {run})" in (tmp_path / "checked.csv").read_text()
    monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", "postgresql://127.0.0.1:1/db")
    alone = command(*check, "alone.csv")
    assert (alone.code, alone.json["bills"]) == (0, {"total": 2, "valid": 2}), alone.err
    assert "loaded before was not looked up: The journal" in " ".join(alone.err.split())


def test_picks_of_one_computer_are_used_at_another(
    command: Load,
    load: Load,
    sandbox: Sandbox,
    at_home: Callable[[str], None],
    team: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def files(number: int) -> list[str]:
        row = bill_row(number, vendor="Birchwood Ofice Suplies", vendorId="")
        return write_bills(tmp_path, [row])

    at_home("a")
    asked = load(sandbox.base_url, *files(0), "--result", "a.xlsx")
    assert asked.code == 1
    book = openpyxl.load_workbook("a.xlsx")
    page = book["To resolve"]
    headers = [cell.value for cell in page[1]]
    page.cell(2, headers.index("pick") + 1).value = page.cell(
        2, headers.index("suggestion 1") + 1
    ).value
    book.save("picked.xlsx")
    save = ("--save-lookups", "team:acme")
    done = load(sandbox.base_url, "picked.xlsx", *save, "--result", "done.xlsx")
    assert done.json["bills"] == {"total": 1, "created": 1}, done.out
    at_home("b")
    known = load(sandbox.base_url, *files(1), "--lookups", "team:acme")
    assert known.json["bills"] == {"total": 1, "created": 1}, known.out
    # Its result workbook names the tables, and the other computer trusts it.
    at_home("a")
    again = load(sandbox.base_url, known.json["result"])
    assert again.json["bills"] == {"total": 1, "already_loaded": 1}, again.out
    for words, sentence in (("team:other", "Nobody has saved"), ("team:../x", "name the team's")):
        refused = command("validate", *files(2), "--lookups", words, "--json")
        assert (refused.code, sentence in refused.json["error"]["message"]) == (2, True)
    monkeypatch.delenv("LIGHT_IMPORT_JOURNAL")
    alone = command("validate", *files(2), "--lookups", "team:acme", "--json")
    assert (alone.code, "--journal" in alone.json["error"]["message"]) == (2, True)


def test_bills_changed_at_one_computer_are_changed_back_at_another(
    command: Load,
    load: Load,
    sandbox: Sandbox,
    at_home: Callable[[str], None],
    team: str,
    tmp_path: Path,
) -> None:
    at_home("a")
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    assert load(sandbox.base_url, *files).code == 0
    files = write_bills(tmp_path, [bill_row(i, amount=500 + i, dueDate="") for i in range(3)])
    at_home("b")
    done = load(sandbox.base_url, *files, "--update", "--amounts", "cents")
    assert done.json["bills"] == {"total": 3, "updated": 3}, done.out
    assert {bill["amount"] for bill in sandbox.bills()} == {500, 501, 502}
    at_home("a")
    undone = command("undo", done.json["run"], "--yes", *FAST[:2], "--settle", "0.1")
    assert (undone.code, undone.json["bills"]) == (0, {"total": 3, "undone": 3}), undone.out
    assert {bill["amount"] for bill in sandbox.bills()} == {1000, 1001, 1002}


def test_journal_is_copied_into_the_database_and_back(
    command: Load, load: Load, sandbox: Sandbox, home: Path, database: str, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(4)])
    run = load(sandbox.base_url, *files, "--verify").json["run"]
    [file] = home.glob("journals/*.sqlite")
    with Journal(team_journal(database)) as another:  # of another company
        another.plan([(identity, "{}") for identity in "abc"])
    other, back = str(tmp_path / "other.sqlite"), str(tmp_path / "back.sqlite")
    copied = command("journal", "copy", str(file), database, "--json")
    assert copied.code == 0, copied.err
    [journal] = copied.json["journals"]
    assert (journal["bills"], journal["runs"]) == (4, 1)
    shutil.rmtree(home / "runs")
    report = command("report", run, "--journal", database, "--json", "--result", "again.xlsx")
    assert report.json["bills"] == {"total": 4, "created": 4}, report.err
    assert (
        load(sandbox.base_url, *files, "--journal", database).json["bills"]["already_loaded"] == 4
    )
    assert command("journal", "copy", str(file), database).code == 4, "it is not empty"
    assert command("journal", "copy", database, other, "--company", "nobody").code == 2
    unclear = command("journal", "copy", database, other)
    assert unclear.code == 2
    assert "Say with --company" in unclear.err
    company = journal["journal"].partition("(company ")[2].partition(" ")[0]
    assert command("journal", "copy", database, back, "--company", company).code == 0
    with sqlite3.connect(file) as before, sqlite3.connect(back) as after:
        for query in (
            "SELECT identity, state, light_id, light_amount, content FROM entries ORDER BY id",
            "SELECT run, seen, amount, lines FROM read_backs ORDER BY entry",
            f"SELECT sheet, lines, status FROM run_bills WHERE run = '{run}' ORDER BY lines",
        ):
            assert after.execute(query).fetchall() == before.execute(query).fetchall()
    assert command("undo", run, "--yes", *FAST, "--journal", back).json["bills"]["undone"] == 4


def test_seal_of_a_workbook_is_the_teams(
    command: Load, at_home: Callable[[str], None], team: str
) -> None:
    seals = []
    for name in "ab":
        at_home(name)
        assert command("runs").code == 0
        seals.append(seal("places of a workbook"))
        assert all(is_sealed("places of a workbook", each) for each in seals)
    assert not is_sealed("other places", seals[0])
    at_home("of a stranger")
    assert not is_sealed("places of a workbook", seals[0])


def test_loads_at_once_of_overlapping_files_share_the_work(
    load: Load, at_home: Callable[[str], None], team: str, tmp_path: Path
) -> None:
    """One is killed in the middle; the other loads what that left."""
    rows = [bill_row(i) for i in range(40)]
    for name, some in (("a", rows[:30]), ("b", rows[10:])):
        (tmp_path / name).mkdir()
        write_bills(tmp_path / name, some)
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, latency=0.05)
    with running(settings) as light:
        processes = []
        for name in "ab":
            at_home(name)
            files = [str(path) for path in sorted((tmp_path / name).iterdir())]
            args = ["load", *files, "--yes", *FAST, "--settle", "1", "--base-url", light.base_url]
            result = str(tmp_path / f"{name}.xlsx")
            processes.append(start(*args, "--result", result))
            if name == "a":
                while len(light.bills()) < 5:
                    assert processes[0].poll() is None
                    time.sleep(0.01)
        processes[0].send_signal(signal.SIGKILL)
        processes[0].communicate()
        second = ended(processes[1])
        assert second.code == 0, second.err
        assert second.json["bills"]["total"] == 30
        at_home("a")
        files = [str(path) for path in sorted((tmp_path / "a").iterdir())]
        last = load(light.base_url, *files, "--settle", "1")
        assert last.code == 0, last.err
        assert live(light) == {str(row["invoiceNumber"]): 1 for row in rows}


def test_load_goes_on_when_its_sessions_are_killed(
    at_home: Callable[[str], None], team: str, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(40)])
    # Slow enough to be seen midway by a test that has to wait for a processor.
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, latency=0.1)
    with running(settings) as light, psycopg.connect(team, autocommit=True) as db:
        args = ["load", *files, "--yes", *FAST, "--settle", "1", "--base-url", light.base_url]
        process = start(*args, "--result", str(tmp_path / "result.xlsx"))
        kills = 0
        while process.poll() is None:
            if len(light.bills()) > 10 * kills + 5 and kills < 3:
                db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'light-import'"
                )
                kills += 1
            time.sleep(0.01)
        done = ended(process)
        assert kills, "there was nothing to kill"
        assert done.code == 0, done.err
        assert done.json["bills"] == {"total": 40, "created": 40}
        assert set(live(light).values()) == {1}


def test_load_survives_a_crash_of_the_database(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Or it stops, and the same command continues it."""
    files = write_bills(tmp_path, [bill_row(i) for i in range(40)])
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, latency=0.05)
    with tempfile.TemporaryDirectory(prefix="li-pg-") as folder:
        server = start_postgres(Path(folder) / "data")
        try:
            monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", server.get_uri())
            with running(settings) as light:
                words = ["load", *files, "--yes", *FAST, "--settle", "1"]
                words += ["--base-url", light.base_url, "--result", str(tmp_path / "r.xlsx")]
                process = start(*words)
                while len(light.bills()) < 5:
                    assert process.poll() is None, ended(process).err
                    time.sleep(0.01)
                crash_postgres(server)
                done = ended(process)
                assert done.code in (0, 4), done.err
                last = load(light.base_url, *files, "--settle", "1")
                assert last.code == 0, last.err
                assert Counter(live(light).values()) == {1: 40}
        finally:
            server.cleanup()


@pytest.mark.parametrize(
    ("journal", "sentence"),
    [
        ("mysql://host/db", "begins with postgresql://; mysql:// is neither"),
        ("postgresql://anna:s3cret@host/db", "PGPASSWORD, ~/.pgpass or a service file"),
        ("postgresql://127.0.0.1:1/db", "cannot be used: connection"),
    ],
)
def test_journal_that_cannot_be_used_is_refused_without_its_password(
    command: Load, tmp_path: Path, journal: str, sentence: str
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    for words in (("load", *files, "--yes"), ("runs",), ("report", "latest")):
        refused = command(*words, "--journal", journal, "--json")
        assert refused.code == 2, words
        assert sentence in refused.json["error"]["message"], words
        assert "s3cret" not in refused.out + refused.err
