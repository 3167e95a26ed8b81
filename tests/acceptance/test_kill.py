"""A load that is killed, interrupted or started twice: the same command completes it, once each."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import pytest
from conftest import (
    COMPANY,
    KEEP,
    LOAD,
    PASS,
    Ended,
    Fault,
    Proxy,
    Request,
    bill_row,
    ended,
    numbers,
    proxied,
    start,
    write_bills,
)

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
BILLS = 100
ALL = [f"INV-{i:05}" for i in range(BILLS)]
ARGS = [*LOAD, "--settle", "0.5", "--base-url"]


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A sandbox as far away as Light is."""
    with running(
        SandboxSettings(reference=COMPANY, requests_per_minute=100_000, latency=0.15)
    ) as started:
        yield started


@contextlib.contextmanager
def silent_from(light: Sandbox, first: int) -> Iterator[Proxy]:
    """From the ``first`` bill on no answer comes, and each second bill does not even arrive.

    So a load does not end before it is ended, however busy this computer is.
    """

    def fault(request: Request) -> Fault:
        if not request.creates or request.number < first:
            return PASS
        return Fault(True, KEEP, after=600) if request.number % 2 else Fault(False, None, after=600)

    with proxied(light.base_url, fault) as proxy:
        yield proxy


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def journal_states() -> dict[str, int]:
    (path,) = Path(os.environ["LIGHT_IMPORT_HOME"]).glob("journals/*.sqlite")
    db = sqlite3.connect(path)
    try:
        return dict(db.execute("SELECT state, count(*) FROM entries GROUP BY state").fetchall())
    finally:
        db.close()


@pytest.mark.parametrize("seed", range(3))  # benchmarks/kills.py does it by the hundred
def test_killed_load_is_completed_from_another_folder(
    seed: int,
    slow: Sandbox,
    tmp_path: Path,
    load: Load,
    command: Load,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    chance = random.Random(seed)
    stop_at = chance.randrange(1, BILLS - 20)
    with silent_from(slow, stop_at + 10) as proxy:
        first = start(*ARGS, proxy.url, *files, cwd=tmp_path)
        wait_for(lambda: slow.counters.bill_posts >= stop_at)
        time.sleep(chance.random() * 0.15)
        first.kill()
        assert ended(first).code == -signal.SIGKILL
        proxy.idle()
        there = len(slow.bills())
        assert there < BILLS

        (run,) = command("runs", "--json").json["runs"]
        told = command("report", run["run"], "--json", "--quiet")
        assert told.code == 0
        counts = told.json["bills"]
        assert counts["total"] == BILLS == sum(n for s, n in counts.items() if s != "total")
        assert counts.get("created", 0) <= there <= counts.get("created", 0) + counts["unknown"]

        proxy.fault = lambda request: PASS
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        again = load(proxy.url, *files)
    assert numbers(slow) == ALL
    assert again.code == 0, again.err
    assert journal_states() == {"created": BILLS}
    whole = again.json["bills"]
    assert whole["created"] + whole.get("already_loaded", 0) == BILLS

    # The first run's report tells the truth of now.
    told = command("report", run["run"], "--json", "--quiet")
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}


@pytest.mark.parametrize("arrives", [(True, True), (False, True)])
def test_identical_bills_without_number_survive_kills(
    arrives: tuple[bool, bool], slow: Sandbox, tmp_path: Path, load: Load
) -> None:
    """They differ in their line items alone. The request of each killed load gets no answer; where
    the first one's did not arrive, the second sends another of them before it sends that again."""
    same = {"vendorId": bill_row(0)["vendorId"], "invoiceNumber": "", "amount": 500}
    rows = [bill_row(i, **same, description="Rent") for i in range(3)]
    files = write_bills(tmp_path, rows)
    with proxied(slow.base_url) as proxy:
        for forward in arrives:
            seen = len([r for r in proxy.requests if r.creates])
            fate = Fault(forward, KEEP, after=600)
            proxy.fault = lambda request, fate=fate: fate if request.creates else PASS
            killed = start(*ARGS, proxy.url, *files, cwd=tmp_path)
            there = len(slow.bills())
            wait_for(lambda seen=seen: len([r for r in proxy.requests if r.creates]) > seen)
            wait_for(lambda there=there, forward=forward: len(slow.bills()) >= there + forward)
            killed.kill()
            ended(killed)
        proxy.fault = lambda request: PASS
        told = load(proxy.url, *files)
    assert told.code == 0, told.out
    assert len(slow.bills()) == 3
    assert journal_states() == {"created": 3}


def test_report_of_a_killed_load_says_so_until_completed(
    slow: Sandbox, tmp_path: Path, load: Load, command: Load
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    with silent_from(slow, 0) as proxy:
        killed = start(*ARGS, proxy.url, *files, cwd=tmp_path)
        wait_for(lambda: sum(r.creates for r in proxy.requests) == 3)
        killed.kill()
        ended(killed)
        proxy.idle()
        (run,) = command("runs", "--json").json["runs"]
        told = command("report", run["run"], "--json", "--quiet")
        assert told.json["bills"] == {"total": 3, "unknown": 3}
        assert told.code == told.json["exit_code"] == 0
        text = command("report", run["run"])
        assert text.code == 0
        assert "The run did not finish." in text.out
        assert "Next: light-import load " in text.out
        proxy.fault = lambda request: PASS
        assert load(proxy.url, *files).code == 0
    whole = command("report", run["run"])
    assert "did not finish" not in whole.out
    assert len(slow.bills()) == 3


def test_concurrent_loads_create_each_bill_once(slow: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    both = [start(*ARGS, slow.base_url, *files, cwd=tmp_path) for _ in range(2)]
    told = [ended(process) for process in both]
    assert numbers(slow) == ALL
    assert [t.code for t in told] == [0, 0]
    assert sorted(tuple(t.json["bills"]) for t in told) == [
        ("total", "already_loaded"),
        ("total", "created"),
    ]
    assert len({t.json["result"] for t in told}) == 2


@contextlib.contextmanager
def signalled(name: signal.Signals, when: Callable[[], bool], after: float = 0.0) -> Iterator[None]:
    """Sends a real signal to this process, in which the load runs, as soon as ``when`` holds.

    The load must be one that would take minutes by itself.
    """
    moments: list[float] = []
    over = threading.Event()
    turn = threading.Lock()

    def send() -> None:
        wait_for(lambda: when() or over.is_set())
        over.wait(after)
        with turn:
            if not over.is_set():
                moments.append(time.monotonic())
                os.kill(os.getpid(), name)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        with turn:
            over.set()
        thread.join()
    assert moments, "the load ended by itself"
    assert time.monotonic() - moments[0] < 30, "it took too long to stop"


SLOWLY = ("--requests-per-minute", "40")  # a hundred bills take two minutes


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_finishes_requests_in_flight(
    name: signal.Signals, slow: Sandbox, tmp_path: Path, load: Load
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    with signalled(name, lambda: slow.counters.bill_posts >= 10):
        told = load(slow.base_url, *files, *SLOWLY)
    assert told.code == 4
    counts = told.json["bills"]
    made = len(slow.bills())
    assert 0 < made < BILLS
    assert counts == {"total": BILLS, "created": made, "not_sent": BILLS - made}
    assert "It was interrupted." in told.err
    assert Path(told.json["result"]).is_file()
    again = load(slow.base_url, *files)
    assert again.json["bills"] == {
        "total": BILLS,
        "created": BILLS - made,
        "already_loaded": made,
    }
    assert numbers(slow) == ALL


def test_second_signal_stops_at_once(slow: Sandbox, tmp_path: Path, load: Load) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(5)])
    late = Fault(True, KEEP, after=600)
    talking = [arg for arg in ARGS if arg != "--quiet"]
    with proxied(slow.base_url, lambda r: late if r.creates and r.number < 5 else PASS) as proxy:
        process = start(*talking, proxy.url, *files, "--timeout", "600", cwd=tmp_path)
        wait_for(lambda: len(slow.bills()) == 5)
        process.send_signal(signal.SIGINT)
        while "Stopping: waiting for the last answers" not in (line := process.stderr.readline()):
            assert line, "it ended at the first signal"
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = ended(process)
        assert told.code == 4
        assert told.json["error"]["kind"] == "stopped"
        assert "Stopped at once. Run the same command to resume; nothing is sent twice" in told.err
        assert "Traceback" not in told.err
        again = load(proxy.url, *files)
    assert again.json["bills"] == {"total": 5, "created": 5}
    assert len(slow.bills()) == 5


def test_signal_interrupts_the_rate_limiter(slow: Sandbox, tmp_path: Path, load: Load) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    with signalled(signal.SIGINT, lambda: slow.counters.received >= 12, after=0.5):
        told = load(slow.base_url, *files, "--requests-per-minute", "12")
    assert told.code == 4
    made = len(slow.bills())
    assert told.json["bills"] == {"total": BILLS, "created": made, "not_sent": BILLS - made}
    # What only waited for its turn was not an attempt.
    assert journal_states() == {"created": made, "planned": BILLS - made}


def test_signal_interrupts_the_settling_time(slow: Sandbox, tmp_path: Path, load: Load) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(5)])
    with proxied(slow.base_url, lambda r: Fault(True, None) if r.creates else PASS) as proxy:
        with signalled(signal.SIGINT, lambda: len(slow.bills()) == 5, after=0.5):
            told = load(proxy.url, *files, "--settle", "600")
        assert told.code == 4
        assert told.json["bills"] == {"total": 5, "unknown": 5}
        again = load(proxy.url, *files)
    assert again.json["bills"] == {"total": 5, "created": 5}
    assert len(slow.bills()) == 5


def test_signal_interrupts_a_queued_lookup(slow: Sandbox, tmp_path: Path, load: Load) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(5)])
    first = load(slow.base_url, *files, "--dry-run")
    with proxied(slow.base_url, lambda r: Fault(True, None) if r.creates else PASS) as proxy:
        with signalled(signal.SIGINT, lambda: len(slow.bills()) == 5, after=1.0):
            # Enough for the start and five bills, and none left for the look-up.
            told = load(proxy.url, *files, "--requests-per-minute", str(first.json["requests"] + 5))
    assert told.code == 4
    assert told.json["bills"] == {"total": 5, "unknown": 5}


def test_signal_before_the_first_request_stops_the_load(
    slow: Sandbox, tmp_path: Path, load: Load
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(5)])
    late = Fault(True, KEEP, after=600)
    with proxied(slow.base_url, lambda r: late if "bff" in r.path else PASS) as proxy:
        with signalled(signal.SIGTERM, lambda: any("bff" in r.path for r in proxy.requests)):
            told = load(proxy.url, *files, "--timeout", "600")
    assert told.code == 4
    assert "nothing was sent" in told.err
    assert slow.bills() == []


def test_load_waiting_for_the_lock_can_be_stopped(
    slow: Sandbox, tmp_path: Path, load: Load
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    journal = tmp_path / "journal.sqlite"
    with filelock.FileLock(f"{journal}.lock"):
        with signalled(signal.SIGINT, lambda: slow.counters.received >= 2, after=1.0):
            told = load(slow.base_url, *files, "--journal", str(journal))
    assert told.code == 4
    assert "nothing was sent" in told.err
    assert slow.bills() == []
