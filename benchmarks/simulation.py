"""Run a great many simulated schedules, each of its own seed, and check the promise in each.

    python benchmarks/simulation.py [--count 1000000] [--seed 0] [--jobs 2]
    python benchmarks/simulation.py --replay 4711
    python benchmarks/simulation.py --look 1000

See ``tests/simulation``. The first schedule that fails is made small and shown, and the exit code
is 1. ``--replay`` shows one schedule, event by event; ``--look`` says which is the first that
fails, as ``benchmarks/breaks.py`` asks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS / name) for name in ("simulation", "unit")]

from scenario import scenario  # noqa: E402
from simulate import place, search, simulate  # noqa: E402

BLOCK = 500  # schedules of one job at a time


def failure_in(first: int, end: int) -> str | None:
    with place() as where:
        failed = search(range(first, end), where)
    return failed and failed.trace


def first_failure(seed: int, count: int) -> str:
    """The first schedule that fails, and in what; "" for none."""
    with place() as where:
        for n in range(count):
            if violations := simulate(scenario(seed + n), where).violations:
                return f"schedule {n + 1}, {violations[0]}"
    return ""


def run_blocks(arguments: tuple[int, int]) -> tuple[int, str | None]:
    first, end = arguments
    return end - first, failure_in(first, end)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--replay", type=int, help="show the schedule of this seed")
    parser.add_argument("--look", type=int, help="say which of so many fails first")
    args = parser.parse_args()
    if args.look is not None:
        found = first_failure(args.seed, args.look)
        print(found or "")
        sys.exit(bool(found))
    if args.replay is not None:
        with place() as where:
            result = simulate(scenario(args.replay), where)
        print(result.trace)
        sys.exit(bool(result.violations))
    end = args.seed + args.count
    blocks = [(n, min(n + BLOCK, end)) for n in range(args.seed, end, BLOCK)]
    began, done = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for number, (count, trace) in enumerate(pool.imap_unordered(run_blocks, blocks), 1):
            if trace is not None:
                print(trace)
                sys.exit(1)
            done += count
            if number % 2 == 0:
                print(f"{done:>9,} schedules, {time.monotonic() - began:,.0f} s", flush=True)
    print(
        f"{done:,} schedules from seed {args.seed}, none fails; {time.monotonic() - began:,.0f} s"
    )


if __name__ == "__main__":
    main()
