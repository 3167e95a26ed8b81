"""How long something takes, and how much memory, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

PARTS = Path(__file__).resolve().parent / "parts.py"


@dataclass(frozen=True)
class Took:
    """Seconds on the clock and of the processors; peak memory of the process and its own."""

    seconds: float
    cpu: float
    megabytes: float
    said: str = ""


def measured(
    command: list[str],
    folder: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    may_end: Collection[int] = (0,),
) -> Took:
    """One run of a command. SystemExit where it ends with none of the exit codes it may end with.

    Linux counts the peak of a process from that of the one that started it: keep that one small.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in may_end:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return Took(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def part(name: str, *args: object, times: int = 1) -> Took:
    """A part of ``parts.py``, which prints the seconds that count; of several runs the middle one.

    What takes a moment only is to be run a few times: chance shows in it.
    """
    runs = []
    for _ in range(times):
        took = measured([sys.executable, str(PARTS), name, *map(str, args)])
        seconds, cpu = map(float, took.said.split()[-2:])
        runs.append(replace(took, seconds=seconds, cpu=cpu))
    return middle(runs)


def middle(runs: list[Took]) -> Took:
    return sorted(runs, key=lambda took: took.seconds)[len(runs) // 2]


def timed(work: Callable[[], object]) -> None:
    """For a part: do the work and print how long it took."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    print(time.perf_counter() - began, time.process_time() - cpu)
