"""kill -9 at random moments of a load, many times over: the same command completes it, once each.

    python benchmarks/kills.py [--rounds 50] [--line-mode separate] [--seed 1]

A round is a fresh sandbox and a sheet of bills with one to four lines. The real command is killed:
in three rounds of four when a random share of the bills is in Light, else at any moment of its
life. It is run again until it says that all is done. Every second round the way to Light is bad:
each fault of the sandbox that neither ends a load nor takes its time, at 3 %, and a list that lags.

The exit code is 1 where a bill or line is missing, doubled, different or one too many, or a row is
not settled.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storm import STOPS, Compared, Light, Load, compare, sandbox, still_open, write_sheet

from importer.sandbox import FAULTS, Fault, SandboxSettings

BILLS = 100
LATENCY, LAG, SETTLE = 0.15, 0.5, 2.0  # seconds
MOST_RUNS = 20
BAD = tuple(
    Fault(name, 0.03, "bill" if name == "duplicated" else "post")
    for name in FAULTS
    if name not in STOPS and not name.startswith("late")
)


@dataclass(frozen=True)
class Round:
    midway: bool  # some bills were in Light, and not all
    at: int  # bills in Light when it was killed
    runs: int
    unknown: int
    open: int  # rows not settled in the end
    compared: Compared


def killed(load: Load, light: Light, chance: random.Random) -> bool:
    """Kill it at some moment; False where it had ended before."""
    if chance.random() < 0.25:
        with suppress(subprocess.TimeoutExpired):
            load.process.wait(chance.random() * 5)
    else:
        share = chance.randrange(1, BILLS - 10)
        while load.process.poll() is None and light.count() < share:
            time.sleep(0.005)
        time.sleep(chance.random() * LATENCY)
    return load.kill()


def one(seed: int, faults: tuple[Fault, ...], line_mode: str) -> Round:
    chance = random.Random(seed)
    settings = SandboxSettings(
        requests_per_minute=10**6,
        latency=LATENCY,
        list_lag=LAG if faults else 0.0,
        faults=faults,
        fault_seed=seed,
    )
    with tempfile.TemporaryDirectory() as name, sandbox(settings) as light:
        folder = Path(name)
        sheet = write_sheet(folder, [1 + i % 4 for i in range(BILLS)])
        words = ["--base-url", light.base_url, "--requests-per-minute", "100000"]
        words += ["--line-mode", line_mode, "--settle", str(SETTLE)]
        hit = killed(Load(folder, sheet.files, words), light, chance)
        at, runs, unknown, open_ = light.count(), 1, 0, BILLS
        while open_ and runs < MOST_RUNS:
            told = Load(folder, sheet.files, words).bills()
            runs += 1
            unknown, open_ = told.get("unknown", 0), still_open(told)
        _, bills = light.ask("all")
        return Round(hit and 0 < at < BILLS, at, runs, unknown, open_, compare(sheet, bills))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--line-mode", choices=["inline", "separate"], default="inline")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rounds: dict[str, list[Round]] = {"without faults": [], "with faults": []}
    for i in range(args.rounds):
        name, faults = ("with faults", BAD) if i % 2 else ("without faults", ())
        done = one(args.seed * 1000 + i, faults, args.line_mode)
        rounds[name].append(done)
        print(f"{i + 1:>3}  {name:14}  killed at {done.at:>3} bills, {done.runs} runs", flush=True)
    print(f"\n{args.line_mode}, {BILLS} bills a round")
    columns = ("midway", "duplicates", "missing", "strangers", "wrong", "unknown", "open")
    print("rounds            " + "".join(f"{name:>11}" for name in columns))
    failed = False
    for name, some in rounds.items():
        total: Counter[str] = Counter()
        for r in some:
            total.update(vars(r.compared) | {"midway": r.midway, "unknown": r.unknown})
            total["open"] += r.open
            failed = failed or r.open > 0 or not r.compared.kept
        print(f"{len(some):>3} {name:14}" + "".join(f"{total[c]:>11}" for c in columns))
    sys.exit(failed)


if __name__ == "__main__":
    main()
