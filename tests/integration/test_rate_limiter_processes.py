"""One pace for all processes that share the file, even if they are killed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

GRAB = """
import asyncio, sys, time
from importer.light.rate_limiter import RateLimiter

async def main():
    limiter = RateLimiter(sys.argv[1], per_minute=int(sys.argv[2]), keys=sys.argv[4])
    print("ready", flush=True)
    while True:
        slot = await limiter.acquire()
        if sys.argv[3] == "finish":
            limiter.finish(slot)
        print(time.time(), flush=True)

asyncio.run(main())
"""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that takes all the slots it gets; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def grabber(file: Path, limit: int, how: str, keys: str = "a") -> subprocess.Popen[str]:
        command = [sys.executable, "-c", GRAB, str(file), str(limit), how, keys]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield grabber
    for process in started:
        with process:
            process.kill()


def granted(processes: list[subprocess.Popen[str]]) -> int:
    """Kill the processes, as a power button would; how many slots did they report?"""
    ended = [process.poll() for process in processes]
    for process in processes:
        process.kill()
    said = [process.communicate()[0].split() for process in processes]
    assert ended == [None] * len(processes), "a process failed by itself"
    return sum(word != "ready" for words in said for word in words)


def rows(file: Path, question: str) -> int:
    database = sqlite3.connect(file)
    try:
        (count,) = database.execute(question).fetchone()
    finally:
        database.close()
    assert isinstance(count, int)
    return count


def wait_for(file: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if rows(file, "SELECT count(*) FROM slot") >= count:
                return
        except sqlite3.OperationalError:
            pass  # not made yet
        time.sleep(0.02)
    pytest.fail("the processes took no slots")


@pytest.mark.parametrize("how", ["finish", "hold"])
def test_processes_share_one_limit_even_when_killed(tmp_path, start, how):
    file = tmp_path / "new folder" / "pace.sqlite"
    first = [start(file, 200, how) for _ in range(3)]
    wait_for(file, 200)
    time.sleep(0.2)
    assert granted(first) in range(197, 201)  # a killed process may not have printed its last one
    assert rows(file, "SELECT count(*) FROM slot") == 200

    second = [start(file, 200, how)]
    assert second[0].stdout is not None
    assert second[0].stdout.readline() == "ready\n"
    time.sleep(0.2)
    assert granted(second) == 0
    assert rows(file, "SELECT sum(requests) FROM day") == 200


def test_processes_with_different_keys_share_the_limit_of_each_key(tmp_path, start):
    file = tmp_path / "pace.sqlite"
    processes = [start(file, 100, "finish", keys) for keys in ("a", "ab", "cb")]
    wait_for(file, 300)
    time.sleep(0.2)
    assert granted(processes) in range(297, 301)
    for key in "abc":
        assert rows(file, f"SELECT count(*) FROM slot WHERE key = '{key}'") == 100
    assert rows(file, "SELECT sum(requests) FROM day") == 300


def test_processes_killed_while_acquiring_leave_a_usable_file(tmp_path, start):
    file = tmp_path / "pace.sqlite"
    for _ in range(3):
        processes = [start(file, 100_000, "finish") for _ in range(2)]
        before = rows(file, "SELECT count(*) FROM slot") if file.exists() else 0
        wait_for(file, before + 50)
        granted(processes)
    slots = rows(file, "SELECT count(*) FROM slot")
    assert slots == rows(file, "SELECT sum(requests) FROM day")
