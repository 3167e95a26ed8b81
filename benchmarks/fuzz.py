"""Random damage to files, templates, amounts, dates and answers: what breaks is kept.

    python benchmarks/fuzz.py [TARGET …] --minutes 30 [--jobs N] [--seed N] [--keep FOLDER]

Each target runs in a process of its own, for so many minutes of the clock, ``--jobs N`` of them at
a time. The minutes of the processor are told too, since a busy machine gives fewer of them. A
finding is an exception that is not one of ours, an end of the process, more than ten seconds of the
processor for one input, or a minute in which it only waits. The input is kept in FOLDER;
``--again FILE`` runs it once more, with its traceback. The exit code is 1 after a finding.
The targets are in fuzz_targets.py.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from typing import Any

from fuzz_targets import TARGETS

from importer.core.errors import ImporterError

SLOWEST = 10  # seconds of the processor for one input
STANDSTILL = 60  # seconds of the clock without any of the processor
MEMORY = 2 << 30


class SlowError(BaseException):
    """One input took more than ``SLOWEST`` seconds of the processor."""


class StandstillError(BaseException):
    """One input made the process wait for something that does not come."""


def _slow(number: int, frame: object) -> None:
    raise SlowError


class _Standstill:
    """Raises where a whole minute of the clock has used nothing of the processor."""

    def __init__(self) -> None:
        self.used = -1.0

    def __call__(self, number: int, frame: object) -> None:
        before, self.used = self.used, time.process_time()
        if before >= 0 and self.used - before < 0.01:
            raise StandstillError


@contextlib.contextmanager
def _watched(standstill: _Standstill) -> Iterator[None]:
    """Ends an input that takes too much of the processor, or waits; C by the system's limit."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 3 * SLOWEST, hard)
    )
    standstill.used = -1.0
    signal.setitimer(signal.ITIMER_PROF, SLOWEST)
    signal.setitimer(signal.ITIMER_REAL, STANDSTILL, STANDSTILL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


@dataclass
class Counts:
    """What one target has done so far, shared by its processes."""

    inputs: Any = field(default_factory=lambda: multiprocessing.Value("q", 0))
    taken: Any = field(default_factory=lambda: multiprocessing.Value("q", 0))  # not refused
    cpu: Any = field(default_factory=lambda: multiprocessing.Value("d", 0.0))  # seconds


def _keep(target: str, error: BaseException, data: bytes, keep: Path) -> None:
    """One input for each place that breaks."""
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{Path(where.tb_frame.f_code.co_filename).stem}-{where.tb_lineno}" if where else ""
    name = f"{target}-{type(error).__name__}-{place}"
    if not list(keep.glob(f"{name}-*")):
        path = keep / f"{name}-{zlib.crc32(data):08x}"
        path.write_bytes(data)
        print(f"{target}: {type(error).__name__}: {str(error)[:200]}  ({path})", flush=True)


def child(target: str, seed: int, until: float, keep: Path, counts: Counts) -> None:
    """Runs inputs until the time is up; what breaks is kept."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    standstill = _Standstill()
    signal.signal(signal.SIGPROF, _slow)
    signal.signal(signal.SIGALRM, standstill)
    chance = random.Random(seed)
    seeds, change, run = TARGETS[target]
    inputs = seeds()
    last = keep / f"{target}.last"
    with tempfile.TemporaryDirectory() as name:
        while time.time() < until:
            began = time.process_time()
            data = change(chance.choice(inputs), chance)
            last.write_bytes(data)
            try:
                with _watched(standstill):
                    run(Path(name), data)
                counts.taken.value += 1
                if len(inputs) < 200 and chance.random() < 0.02:
                    inputs.append(data)  # what can be read is a good start for more damage
            except ImporterError:
                pass
            except BaseException as error:
                _keep(target, error, data, keep)
            counts.inputs.value += 1
            counts.cpu.value += time.process_time() - began


@dataclass
class Run:
    """A target on its way: a process after another until its time is up."""

    target: str
    minutes: float
    seed: int
    keep: Path
    counts: Counts = field(default_factory=Counts)
    began: float = field(default_factory=time.time)
    starts: int = 0

    def start(self) -> multiprocessing.Process:
        until = self.began + self.minutes * 60
        told = (self.target, self.seed + self.starts, until, self.keep, self.counts)
        process = multiprocessing.Process(target=child, args=told)
        process.start()
        self.starts += 1
        return process

    def ended(self, code: int | None) -> bool:
        """Keeps the input that ended the process; whether the target is done."""
        last = self.keep / f"{self.target}.last"
        if code:
            last.rename(last.with_name(f"{self.target}-ended{code}-{self.seed + self.starts}"))
            print(f"{self.target}: the process ended with {code}", flush=True)
        if time.time() < self.began + self.minutes * 60:
            return False
        last.unlink(missing_ok=True)
        return True

    def told(self) -> str:
        found = len(list(self.keep.glob(f"{self.target}-*")))
        inputs, taken = self.counts.inputs.value, self.counts.taken.value
        clock, cpu = (time.time() - self.began) / 60, self.counts.cpu.value / 60
        return (
            f"{self.target}: {inputs:,} inputs, {taken:,} of them read; {clock:.2f} minutes by the"
            f" clock, {cpu:.2f} of the processor; {found} findings; seed {self.seed}"
        )


def fuzz(targets: list[str], minutes: float, jobs: int, seed: int, keep: Path) -> None:
    waiting = list(targets)
    running: dict[int, tuple[Run, multiprocessing.Process]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            run = Run(waiting.pop(0), minutes, seed, keep)
            process = run.start()
            running[process.sentinel] = run, process
        for sentinel in connection.wait(list(running)):
            run, process = running.pop(sentinel)  # type: ignore[call-overload]
            process.join()
            if run.ended(process.exitcode):
                print(run.told(), flush=True)
            else:
                process = run.start()
                running[process.sentinel] = run, process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=30, help="by the clock, for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--again", metavar="FILE", type=Path)
    told = parser.parse_args()
    if told.again:
        target = told.again.name.partition("-")[0].partition(".")[0]
        with tempfile.TemporaryDirectory() as name:
            TARGETS[target][2](Path(name), told.again.read_bytes())
        return
    told.keep.mkdir(exist_ok=True)
    fuzz(told.targets or list(TARGETS), told.minutes, told.jobs, told.seed, told.keep)
    sys.exit(1 if list(told.keep.iterdir()) else 0)


if __name__ == "__main__":
    main()
