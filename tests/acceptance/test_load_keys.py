"""Loads with several keys of one company, and loads that wait for a new day."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import LOAD, Ended, bill_row, ended, numbers, start, write_bills

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
ONE, TWO, FOREIGN = "key-one-4711", "key-two-0815", "key-of-others-9"
BILLS = 60
ALL = [f"INV-{i:05}" for i in range(BILLS)]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])


@pytest.fixture
def light() -> Iterator[Sandbox]:
    settings = SandboxSettings(
        key=ONE, more_keys=(TWO,), foreign_key=FOREIGN, requests_per_minute=45
    )
    with running(settings) as started:
        yield started


@pytest.fixture
def with_keys(command: Load, monkeypatch: pytest.MonkeyPatch, light: Sandbox) -> Load:
    """Loads with the keys given first."""

    def run(keys: str, *args: str) -> Ended:
        monkeypatch.setenv("LIGHT_API_KEYS", keys)
        return command(*LOAD, "--requests-per-minute", "45", "--base-url", light.base_url, *args)

    return run


def everything_in(*folders: Path) -> bytes:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return b"".join(path.read_bytes() for path in files)


def test_two_keys_double_the_rate_and_appear_nowhere(
    with_keys: Load, light: Sandbox, files: list[str], tmp_path: Path, home: Path
) -> None:
    told = with_keys(f" {ONE}, ,{TWO},{ONE},", *files, "--verbose")
    assert told.code == 0
    assert numbers(light) == ALL
    counters = light.counters
    assert counters.throttled == 0
    assert counters.by_route["GET /v1/companies/current"] == 2
    assert min(counters.by_key[ONE], counters.by_key[TWO]) >= 20
    assert counters.received == sum(counters.by_key.values()) == told.json["requests"]
    kept = everything_in(tmp_path, home)
    for key in (ONE, TWO):
        assert key not in told.out + told.err
        assert key.encode() not in kept


def test_keys_of_two_companies_are_refused(
    with_keys: Load, light: Sandbox, files: list[str]
) -> None:
    told = with_keys(f"{ONE},{FOREIGN}", *files)
    assert told.code == 2
    assert "the 2nd key of LIGHT_API_KEYS is of Another company" in told.err
    assert FOREIGN not in told.err
    assert light.counters.bill_posts == 0
    assert light.counters.received == 2


def test_revoked_key_is_named_by_its_position(
    with_keys: Load, light: Sandbox, files: list[str]
) -> None:
    told = with_keys(f"{ONE},{TWO},key-withdrawn", *files)
    assert told.code == 2
    assert "(This was the 3rd key of LIGHT_API_KEYS.)" in told.err
    assert "withdrawn" not in told.err
    assert light.counters.bill_posts == 0


def test_keys_and_single_key_together_are_refused(
    with_keys: Load, light: Sandbox, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", ONE)
    told = with_keys(f"{ONE},{TWO}", *files)
    assert told.code == 2
    assert "Both LIGHT_API_KEY and LIGHT_API_KEYS are set" in told.err
    assert light.counters.received == 0


def test_day_budget_counts_all_keys_and_earlier_loads(
    with_keys: Load, light: Sandbox, files: list[str]
) -> None:
    first = with_keys(ONE, *files, "--requests-per-day", "20")
    assert first.code == 4
    assert light.counters.by_key == {ONE: 20}
    second = with_keys(f"{TWO},{ONE}", *files, "--requests-per-day", "35")
    assert second.code == 4
    assert light.counters.received == 35
    assert "35 were sent" in second.err
    third = with_keys(TWO, *files, "--requests-per-day", "35")
    assert third.code == 4
    assert light.counters.received == 35
    last = with_keys(f"{ONE},{TWO}", *files)
    assert last.code == 0
    assert numbers(light) == ALL
    assert light.counters.throttled == 0


# --- --wait -----------------------------------------------------------------------------------


def noon() -> float:
    """The offset of a clock on which it is noon: midnight is hours away."""
    return 43_200 - time.time() % 86_400


def interrupted(folder: Path, *args: str) -> Ended:
    """A load in a process of its own that was interrupted once it had said that it waits."""
    process = start("load", "--yes", "--json", "--wait", *args, cwd=folder)
    said = ""
    while "Waiting until" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    told = ended(process)
    return Ended(told.code, told.out, said + told.err)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupt_while_waiting_for_a_new_day_is_clean(
    load: Load, files: list[str], tmp_path: Path
) -> None:
    journal, database = tmp_path / "journal.sqlite", tmp_path / "light.db"
    kept = ["--journal", str(journal), "--requests-per-minute", "6000"]
    days = SandboxSettings(
        requests_per_minute=6_000, requests_per_day=30, clock_offset=noon(), database=database
    )
    with running(days) as light:
        args = [*kept, "--base-url", light.base_url, *files]
        told = interrupted(tmp_path, *args)
        made = len(light.bills())
        refused = light.counters.throttled
    assert told.code == 4, told.err
    assert told.err.count("Waiting until") == 1
    assert "UTC; Ctrl-C stops." in told.err
    assert "Traceback" not in told.err
    assert told.json["bills"] == {"total": BILLS, "created": made, "not_sent": BILLS - made}
    assert 0 < made < 30
    assert refused > 0
    db = sqlite3.connect(journal)
    states = dict(db.execute("SELECT state, count(*) FROM entries GROUP BY state").fetchall())
    db.close()
    assert states == {"created": made, "planned": BILLS - made}
    assert " --wait" in " ".join(told.err.split("Next:")[1].split())

    # The next day: the same company, and a limit that is enough.
    tomorrow = SandboxSettings(requests_per_minute=6_000, database=database)
    with running(tomorrow) as light:
        told_then = load(light.base_url, *files, "--journal", str(journal), "--wait")
        assert told_then.code == 0
        assert numbers(light) == ALL


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupt_while_waiting_before_the_first_bill(files: list[str], tmp_path: Path) -> None:
    spent = SandboxSettings(requests_per_day=30, requests_today=30, clock_offset=noon())
    with running(spent) as light:
        told = interrupted(tmp_path, "--base-url", light.base_url, *files)
        assert light.counters.bill_posts == 0
    assert told.code == 4
    assert "nothing was sent" in told.err


def test_spent_day_stops_the_load_without_wait(load: Load, files: list[str]) -> None:
    with running(SandboxSettings(requests_per_day=30, clock_offset=noon())) as light:
        told = load(light.base_url, *files)
        made = len(light.bills())
    assert told.code == 4
    assert told.json["bills"] == {"total": BILLS, "created": made, "not_sent": BILLS - made}
    assert "Continue after" in told.err
