"""Run a great many simulated schedules, each of its own seed, and check the promise in each.

    python benchmarks/simulation.py [--count 1000000] [--seed 0] [--jobs 2] [--minutes 30]
    python benchmarks/simulation.py --replay 4711 [--small]
    python benchmarks/simulation.py --look 1000

See ``tests/simulation``. It can be run in pieces: what was run is in a small text file
(``--record``), a line for each block of seeds with the mark of the code that ran it, and the seeds
that failed; the next run goes on with the blocks that it lacks, whatever the code was. The exit
code is 1 where a schedule fails. ``--replay`` shows one, event by event, with ``--small`` made as
small as it still fails; ``--look`` says which is the first that fails, as ``benchmarks/breaks.py``
asks.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("simulation", "unit")]

from scenario import scenario  # noqa: E402
from simulate import place, shrink, simulate  # noqa: E402

BLOCK = 1000  # schedules of one job at a time


def failures_in(block: range) -> tuple[range, list[str]]:
    """The seeds of a block that fail, each with what is violated first."""
    failures = []
    with place() as where:
        for seed in block:
            if violations := simulate(scenario(seed), where).violations:
                failures.append(f"{seed} {violations[0]}")
    return block, failures


def first_failure(seed: int, count: int) -> str:
    """The first schedule that fails, and in what; "" for none."""
    with place() as where:
        for n in range(count):
            if violations := simulate(scenario(seed + n), where).violations:
                return f"schedule {n + 1}, {violations[0]}"
    return ""


def mark_of_code() -> str:
    """What tells the code of one run from that of another."""
    files = [*(ROOT / "importer").rglob("*.py"), *(ROOT / "tests" / "simulation").glob("*.py")]
    content = b"".join(path.read_bytes() for path in sorted(files))
    return hashlib.sha256(content).hexdigest()[:8]


def recorded(record: Path) -> set[int]:
    """The first seeds of the blocks that were run."""
    lines = record.read_text().splitlines() if record.exists() else []
    return {int(line.split("-")[0]) for line in lines if line[:1].isdigit()}


def blocks_to_run(seed: int, count: int, record: Path) -> Iterator[range]:
    done, end = recorded(record), seed + count
    for first in range(seed, end, BLOCK):
        if first not in done:
            yield range(first, min(first + BLOCK, end))


def run(seed: int, count: int, jobs: int, minutes: float, record: Path) -> bool:
    """Whether none failed of those that there was time for."""
    mark, began, good, done = mark_of_code(), time.monotonic(), True, 0
    blocks = blocks_to_run(seed, count, record)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool, record.open("a") as file:
        waiting = [pool.apply_async(failures_in, (b,)) for b in islice(blocks, jobs)]
        while waiting:
            block, failures = waiting.pop(0).get()
            said = f"{len(failures)} fail" if failures else "none fails"
            lines = [f"{block.start}-{block.stop - 1} at {mark}: {said}", *failures]
            print("\n    ".join(lines), file=file, flush=True)
            done, good = done + len(block), good and not failures
            print(lines[0], *failures, sep="\n    ", flush=True)
            late = time.monotonic() - began > minutes * 60
            if not late and (following := next(blocks, None)) is not None:
                waiting.append(pool.apply_async(failures_in, (following,)))
    print(
        f"{done:,} schedules in {time.monotonic() - began:,.0f} s; {record} has all that were run"
    )
    return good


def replay(seed: int, *, small: bool) -> bool:
    """Show a schedule; whether it keeps the promise."""
    with place() as where:
        result = simulate(scenario(seed), where)
        if small and result.violations:
            result = shrink(result, where)
    print(result.trace)
    return not result.violations


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60 * 24, help="no new block after these")
    parser.add_argument("--record", type=Path, default=Path("simulation-seeds.txt"))
    parser.add_argument("--replay", type=int, help="show the schedule of this seed")
    parser.add_argument("--small", action="store_true", help="made as small as it still fails")
    parser.add_argument("--look", type=int, help="say which of so many fails first")
    args = parser.parse_args()
    if args.look is not None:
        found = first_failure(args.seed, args.look)
        print(found or "")
        sys.exit(bool(found))
    if args.replay is not None:
        sys.exit(not replay(args.replay, small=args.small))
    sys.exit(not run(args.seed, args.count, args.jobs, args.minutes, args.record))


if __name__ == "__main__":
    main()
