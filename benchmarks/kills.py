"""Kill loads (kill -9) at random moments: the same command completes each, without duplicates.

    python benchmarks/kills.py [--rounds 50] [--line-mode separate] [--seed 1]

A round is a fresh sandbox and a sheet of bills with one to four lines, of which ten are posted and
have a credit note that clears a part of them. The command is killed, in
three rounds of four when a random number of bills is in Light, else at any time in the first five
seconds, and run again until all rows are settled. Every second round has faults: each of the
sandbox that neither ends a load, delays it nor lies, at 3 %, and a list that lags. None calls a
bill a duplicate: such a row is in doubt until a person has settled it in Light.

The exit code is 1 if a bill, credit note or line is missing, duplicated, different or surplus, a
credit note is not cleared, or a row is not settled.
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
from importer.sandbox.lies import LIES

BILLS, NOTES = 100, 10
LATENCY, LAG, SETTLE = 0.15, 0.5, 2.0  # seconds
MAX_RUNS = 20
FAULTS_OF_A_ROUND = tuple(
    Fault(name, 0.03)
    for name in FAULTS
    if name not in (*STOPS, *LIES, "duplicated") and not name.startswith("late")
)


@dataclass(frozen=True)
class Round:
    partial: bool  # killed when a part of the bills was in Light
    bills_at_kill: int
    runs: int
    unknown: int
    open: int  # rows not settled at the end
    compared: Compared


def kill_at_random(load: Load, light: Light, rng: random.Random) -> bool:
    """Kill the load at a random moment; False if it had ended before."""
    if rng.random() < 0.25:
        with suppress(subprocess.TimeoutExpired):
            load.process.wait(rng.random() * 5)
    else:
        bills = rng.randrange(1, BILLS - 10)
        while load.process.poll() is None and light.count() < bills:
            time.sleep(0.005)
        time.sleep(rng.random() * LATENCY)
    return load.kill()


def run_round(seed: int, faults: tuple[Fault, ...], line_mode: str) -> Round:
    rng = random.Random(seed)
    settings = SandboxSettings(
        requests_per_minute=10**6,
        latency=LATENCY,
        list_lag=LAG if faults else 0.0,
        faults=faults,
        fault_seed=seed,
    )
    with tempfile.TemporaryDirectory() as name, sandbox(settings) as light:
        folder = Path(name)
        sheet = write_sheet(folder, [1 + i % 4 for i in range(BILLS)], NOTES)
        options = ["--base-url", light.base_url, "--requests-per-minute", "100000"]
        options += ["--line-mode", line_mode, "--settle", str(SETTLE)]
        was_killed = kill_at_random(Load(folder, sheet.files, options), light, rng)
        every = BILLS + NOTES
        at, runs, unknown, open_ = light.count(), 1, 0, every
        while open_ and runs < MAX_RUNS:
            statuses, _ = Load(folder, sheet.files, options).bills()
            runs += 1
            unknown, open_ = statuses.get("unknown", 0), still_open(statuses, every)
        _, bills = light.ask("all")
        return Round(was_killed and 0 < at < BILLS, at, runs, unknown, open_, compare(sheet, bills))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--line-mode", choices=["inline", "separate"], default="inline")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rounds: dict[str, list[Round]] = {"without faults": [], "with faults": []}
    for i in range(args.rounds):
        name, faults = ("with faults", FAULTS_OF_A_ROUND) if i % 2 else ("without faults", ())
        result = run_round(args.seed * 1000 + i, faults, args.line_mode)
        rounds[name].append(result)
        print(
            f"{i + 1:>3}  {name:14}  killed at {result.bills_at_kill:>3} bills, {result.runs} runs",
            flush=True,
        )
    print(f"\n{args.line_mode}, {BILLS} bills a round")
    columns = "partial duplicates missing surplus wrong uncleared unknown open".split()
    print("rounds            " + "".join(f"{name:>11}" for name in columns))
    failed = False
    for name, results in rounds.items():
        total: Counter[str] = Counter()
        for r in results:
            total.update(vars(r.compared) | {"partial": r.partial, "unknown": r.unknown})
            total["open"] += r.open
            failed = failed or r.open > 0 or not r.compared.is_equal
        print(f"{len(results):>3} {name:14}" + "".join(f"{total[c]:>11}" for c in columns))
    sys.exit(failed)


if __name__ == "__main__":
    main()
