"""Fuzz files, templates, amounts, dates and answers with random damage.

    python benchmarks/fuzz.py [TARGET …] --minutes 30 [--jobs N] [--seed N] [--findings FOLDER]

Each target runs in a separate process for ``--minutes`` of wall-clock time, ``--jobs`` of them at a
time. CPU minutes are printed too, since a busy machine gives fewer of them. A finding is an
exception other than ImporterError, a crash of the process, more than ten CPU seconds for one input,
or a minute without CPU use. Its input is written to FOLDER; ``--replay FILE`` runs it again, with
its traceback. The exit code is 1 after a finding. The targets are in fuzz_targets.py.
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

MAX_CPU_SECONDS = 10  # for one input
STANDSTILL = 60  # seconds without CPU use
MEMORY = 2 << 30


class SlowError(BaseException):
    """One input took more than ``MAX_CPU_SECONDS``."""


class StandstillError(BaseException):
    """The process waited for ``STANDSTILL`` seconds without CPU use."""


def _slow(number: int, frame: object) -> None:
    raise SlowError


class _StandstillTimer:
    """A signal handler that raises after a minute without CPU use."""

    def __init__(self) -> None:
        self.cpu = -1.0

    def __call__(self, number: int, frame: object) -> None:
        before, self.cpu = self.cpu, time.process_time()
        if before >= 0 and self.cpu - before < 0.01:
            raise StandstillError


@contextlib.contextmanager
def _limited(standstill: _StandstillTimer) -> Iterator[None]:
    """Stop an input that uses too much CPU or waits; the system's limit stops C code."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 3 * MAX_CPU_SECONDS, hard)
    )
    standstill.cpu = -1.0
    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, STANDSTILL, STANDSTILL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


@dataclass
class Counts:
    """Progress of one target, shared by its processes."""

    inputs: Any = field(default_factory=lambda: multiprocessing.Value("q", 0))
    accepted: Any = field(default_factory=lambda: multiprocessing.Value("q", 0))
    cpu: Any = field(default_factory=lambda: multiprocessing.Value("d", 0.0))  # seconds


def _save(target: str, error: BaseException, data: bytes, findings: Path) -> None:
    """Write one input for each line that raises."""
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{Path(where.tb_frame.f_code.co_filename).stem}-{where.tb_lineno}" if where else ""
    name = f"{target}-{type(error).__name__}-{place}"
    if not list(findings.glob(f"{name}-*")):
        path = findings / f"{name}-{zlib.crc32(data):08x}"
        path.write_bytes(data)
        print(f"{target}: {type(error).__name__}: {str(error)[:200]}  ({path})", flush=True)


def child(target: str, seed: int, until: float, findings: Path, counts: Counts) -> None:
    """Run inputs until the time is up, and write those that break."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    standstill = _StandstillTimer()
    signal.signal(signal.SIGPROF, _slow)
    signal.signal(signal.SIGALRM, standstill)
    rng = random.Random(seed)
    seeds, change, run = TARGETS[target]
    inputs = seeds()
    last = findings / f"{target}.last"
    with tempfile.TemporaryDirectory() as name:
        while time.time() < until:
            began = time.process_time()
            data = change(rng.choice(inputs), rng)
            last.write_bytes(data)
            try:
                with _limited(standstill):
                    run(Path(name), data)
                counts.accepted.value += 1
                if len(inputs) < 200 and rng.random() < 0.02:
                    inputs.append(data)  # what can be read is a good seed
            except ImporterError:
                pass
            except BaseException as error:
                _save(target, error, data, findings)
            counts.inputs.value += 1
            counts.cpu.value += time.process_time() - began


@dataclass
class Run:
    """A running target: one process after another until its time is up."""

    target: str
    minutes: float
    seed: int
    findings: Path
    counts: Counts = field(default_factory=Counts)
    began: float = field(default_factory=time.time)
    starts: int = 0

    def start(self) -> multiprocessing.Process:
        until = self.began + self.minutes * 60
        args = (self.target, self.seed + self.starts, until, self.findings, self.counts)
        process = multiprocessing.Process(target=child, args=args)
        process.start()
        self.starts += 1
        return process

    def record_exit(self, code: int | None) -> bool:
        """Save the input that crashed the process; True if the target is done."""
        last = self.findings / f"{self.target}.last"
        if code:
            last.rename(last.with_name(f"{self.target}-ended{code}-{self.seed + self.starts}"))
            print(f"{self.target}: the process ended with {code}", flush=True)
        if time.time() < self.began + self.minutes * 60:
            return False
        last.unlink(missing_ok=True)
        return True

    def summary(self) -> str:
        findings = len(list(self.findings.glob(f"{self.target}-*")))
        inputs, accepted = self.counts.inputs.value, self.counts.accepted.value
        clock, cpu = (time.time() - self.began) / 60, self.counts.cpu.value / 60
        return (
            f"{self.target}: {inputs:,} inputs, {accepted:,} of them accepted; {clock:.2f} minutes,"
            f" {cpu:.2f} CPU minutes; {findings} findings; seed {self.seed}"
        )


def fuzz(targets: list[str], minutes: float, jobs: int, seed: int, findings: Path) -> None:
    waiting = list(targets)
    running: dict[int, tuple[Run, multiprocessing.Process]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            run = Run(waiting.pop(0), minutes, seed, findings)
            process = run.start()
            running[process.sentinel] = run, process
        for sentinel in connection.wait(list(running)):
            run, process = running.pop(sentinel)  # type: ignore[call-overload]
            process.join()
            if run.record_exit(process.exitcode):
                print(run.summary(), flush=True)
            else:
                process = run.start()
                running[process.sentinel] = run, process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=30, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--replay", metavar="FILE", type=Path)
    options = parser.parse_args()
    if options.replay:
        target = options.replay.name.partition("-")[0].partition(".")[0]
        with tempfile.TemporaryDirectory() as name:
            TARGETS[target][2](Path(name), options.replay.read_bytes())
        return
    options.findings.mkdir(exist_ok=True)
    fuzz(
        options.targets or list(TARGETS),
        options.minutes,
        options.jobs,
        options.seed,
        options.findings,
    )
    sys.exit(1 if list(options.findings.iterdir()) else 0)


if __name__ == "__main__":
    main()
