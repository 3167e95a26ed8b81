"""Measure time and peak memory of a command in a separate process."""

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
class Measurement:
    """Wall-clock and CPU seconds; peak resident memory in MB; standard output."""

    seconds: float
    cpu: float
    megabytes: float
    stdout: str = ""


def run_measured(
    command: list[str],
    folder: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    exit_codes: Collection[int] = (0,),
) -> Measurement:
    """Run a command once. Raises SystemExit unless its exit code is in ``exit_codes``.

    On Linux the peak of a child starts at that of its parent: keep the parent small.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
    ) as process:
        assert process.stdout is not None
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in exit_codes:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return Measurement(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, stdout)


def part(name: str, *args: object, times: int = 1) -> Measurement:
    """Run a part of ``parts.py``, which prints its seconds; the median of several runs.

    Run short parts several times, to even out noise.
    """
    runs = []
    for _ in range(times):
        measurement = run_measured([sys.executable, str(PARTS), name, *map(str, args)])
        seconds, cpu = map(float, measurement.stdout.split()[-2:])
        runs.append(replace(measurement, seconds=seconds, cpu=cpu))
    return median(runs)


def median(runs: list[Measurement]) -> Measurement:
    return sorted(runs, key=lambda measurement: measurement.seconds)[len(runs) // 2]


def print_time(work: Callable[[], object]) -> None:
    """Do the work and print its wall-clock and CPU seconds."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    print(time.perf_counter() - began, time.process_time() - cpu)
