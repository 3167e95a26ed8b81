"""What stops a load stops it before money is at stake, is said in a sentence, and can go on."""

from __future__ import annotations

import re
import resource
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from conftest import COMPANY, LOAD, Ended, bill_row, ended, numbers, start, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
BILLS = 60
MANY = 300
ALL = [f"INV-{i:05}" for i in range(BILLS)]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])


def test_journal_that_cannot_be_created_stops_the_load(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    told = load(sandbox.base_url, *files, "--journal", f"{files[0]}/journal.sqlite")
    assert told.code == 4
    assert "cannot be written" in told.err
    assert "nothing more is sent" in told.err
    assert "Traceback" not in told.err
    assert sandbox.bills() == []


def test_file_that_is_no_journal_is_not_overwritten(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    before = Path(files[0]).read_bytes()
    told = load(sandbox.base_url, *files, "--journal", files[0])
    assert told.code == 4
    assert "file is not a database" in told.err
    assert "Name the correct one with --journal" in told.err
    assert Path(files[0]).read_bytes() == before
    assert sandbox.bills() == []


def test_full_disk_midway_stops_the_load(
    load: Load, sandbox: Sandbox, files: list[str], tmp_path: Path
) -> None:
    """A trigger in the journal says what SQLite says when the disk is full."""
    journal = tmp_path / "journal.sqlite"
    first = write_bills(tmp_path, [bill_row(900)])
    assert load(sandbox.base_url, *first, "--journal", str(journal)).code == 0
    db = sqlite3.connect(journal)
    db.execute(
        "CREATE TRIGGER full AFTER UPDATE OF state ON entries WHEN new.state = 'created'"
        " AND (SELECT count(*) FROM entries WHERE state = 'created') > 15"
        " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    db.commit()
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    told = load(sandbox.base_url, *files, "--journal", str(journal))
    assert told.code == 4
    assert "database or disk is full" in told.err
    assert "nothing more is sent" in told.err
    counts = told.json["bills"]
    assert counts["total"] == BILLS == sum(n for s, n in counts.items() if s != "total")
    assert len(sandbox.bills()) - 1 <= counts.get("created", 0) + counts["unknown"]

    db.execute("DROP TRIGGER full")
    db.commit()
    db.close()
    again = load(sandbox.base_url, *files, "--journal", str(journal))
    assert again.code == 0
    assert numbers(sandbox) == sorted([*ALL, "INV-00900"])


@pytest.mark.parametrize(
    "why", ["database or disk is full", "attempt to write a readonly database"]
)
def test_nothing_is_sent_without_a_durable_intent(
    why: str, load: Load, sandbox: Sandbox, files: list[str], tmp_path: Path
) -> None:
    """A trigger in the journal says what SQLite says."""
    journal = tmp_path / "journal.sqlite"
    first = write_bills(tmp_path, [bill_row(900)])
    assert load(sandbox.base_url, *first, "--journal", str(journal)).code == 0
    db = sqlite3.connect(journal)
    db.execute(
        "CREATE TRIGGER full BEFORE UPDATE OF state ON entries WHEN new.state = 'sending'"
        f" BEGIN SELECT RAISE(ABORT, '{why}'); END"
    )
    db.commit()
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    told = load(sandbox.base_url, *files, "--journal", str(journal))
    assert told.code == 4
    assert why in told.err
    assert told.json["bills"] == {"total": BILLS, "not_sent": BILLS}
    assert sandbox.counters.bill_posts == 1

    db.execute("DROP TRIGGER full")
    db.commit()
    db.close()
    assert load(sandbox.base_url, *files, "--journal", str(journal)).code == 0
    assert numbers(sandbox) == sorted([*ALL, "INV-00900"])


@pytest.mark.parametrize("room", [0, 900_000], ids=["at the start", "midway"])
def test_load_completes_after_a_really_full_disk(
    room: int, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The system lets no file grow beyond ``room`` bytes."""
    files = write_bills(tmp_path, [bill_row(i) for i in range(MANY)])
    no_more = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    args = (*LOAD, "--base-url", sandbox.base_url, *files)
    stopped = ended(start(*args, cwd=tmp_path, before=no_more))
    assert stopped.code == 4
    assert "disk I/O error" in stopped.err
    assert re.search("nothing (more )?is sent", stopped.err)  # journal or pace, which is full first
    assert "Traceback" not in stopped.err
    made = len(sandbox.bills())
    assert (0 < made < MANY) if room else made == 0
    again = load(sandbox.base_url, *files)
    assert again.code == 0
    assert len(numbers(sandbox)) == len(set(numbers(sandbox))) == MANY


def test_higher_day_budget_resumes_the_load(load: Load, sandbox: Sandbox, files: list[str]) -> None:
    told = load(sandbox.base_url, *files, "--requests-per-day", "30")
    assert told.code == 4
    made = len(sandbox.bills())
    assert 0 < made < 30
    assert told.json["bills"] == {"total": BILLS, "created": made, "not_sent": BILLS - made}
    assert "The 30 requests permitted for" in told.err
    assert "Continue after" in told.err
    assert sandbox.counters.received == 30

    spent = load(sandbox.base_url, *files, "--requests-per-day", "30")
    assert spent.code == 4
    assert sandbox.counters.received == 30

    again = load(sandbox.base_url, *files, "--requests-per-day", "1000")
    assert again.code == 0
    assert numbers(sandbox) == ALL


def test_journal_of_another_company_is_refused(
    load: Load, sandbox: Sandbox, files: list[str], tmp_path: Path
) -> None:
    from importer.sandbox import SandboxSettings, running

    journal = str(tmp_path / "journal.sqlite")
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=100_000)) as other:
        assert load(other.base_url, *files, "--journal", journal).code == 0
    told = load(sandbox.base_url, *files, "--journal", journal)
    assert told.code == 2
    assert "belongs to the company" in told.err
    assert sandbox.bills() == []


def test_vanished_result_folder_still_reports_the_run(
    load: Load, sandbox: Sandbox, files: list[str], tmp_path: Path
) -> None:
    from conftest import PASS, Fault, Request, proxied

    folder = tmp_path / "results"
    folder.mkdir()

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 0:
            folder.rmdir()
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, "--result", str(folder / "out.xlsx"))
    assert told.code == 2
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert told.json["result"] is None
    assert "could not be written" in told.err
    assert "light-import report" in told.err
