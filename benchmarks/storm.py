"""Every bill exactly once, whatever happens: faults of all kinds at once, and ``kill -9``.

    python benchmarks/storm.py                              5,000 bills, five kills, faults of 5 %
    python benchmarks/storm.py --line-mode separate --bills 1000
    python benchmarks/storm.py --rounds 50 --bills 200 --kills 1 --rate 0

Each round takes a new sheet. ``light-import load`` is started, killed at random times (by the share
of the bills that are there), and started again until it is done, as a person would. Then each bill
of the sheet, with its lines, must be in the sandbox once, and nothing else; the exit code is 1
where it is not. ``--rate`` is that of each kind of fault, so that 0.05 spoils about half of all
POSTs.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pacing import ids

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.faults import Fault

TEXTS = ("Hours", "Hours", "Travel")
MOST_RUNS = 40


def write_sheets(folder: Path, mark: str, bills: int) -> list[str]:
    """Bills of three lines, two of which are equal."""
    vendors, accounts = ids("vendors.csv"), ids("accounts.csv")
    paths = folder / f"{mark}-bills.csv", folder / f"{mark}-lines.csv"
    with paths[0].open("w", newline="") as b, paths[1].open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax".split()
        )
        line.writerow("billRef description netAmount accountId".split())
        for i in range(bills):
            vendor = vendors[i % len(vendors)]
            amount = (1000 + i) * len(TEXTS)
            bill.writerow([i, vendor, f"{mark}-{i}", "2026-01-05", "GBP", amount, "false"])
            line.writerows([i, text, 1000 + i, accounts[0]] for text in TEXTS)
    return [str(path) for path in paths]


def load(
    light: Sandbox, files: list[str], args: argparse.Namespace, kill_at: int | None
) -> tuple[int, dict[str, int]]:
    """One load: its exit code and bills by status. Killed once ``kill_at`` bills are in Light."""
    words = (
        f"load --yes --json --quiet --base-url {light.base_url} --requests-per-minute 1000000"
        f" --requests-per-day 100000000 --line-mode {args.line_mode} --settle {args.settle}"
        f" --timeout {args.timeout}"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "importer", *words.split(), *files],
        env=os.environ | {"LIGHT_API_KEY": light.key},
        cwd=Path(files[0]).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    while kill_at is not None and process.poll() is None:
        if light.counters.bills_created >= kill_at:
            process.kill()
        time.sleep(0.002)
    out, _ = process.communicate()
    told = {}
    with contextlib.suppress(ValueError):  # a killed load says nothing
        told = json.loads(out)["bills"]
    return process.returncode, told


def wrong(light: Sandbox, mark: str, bills: int) -> tuple[int, int, int]:
    """How many bills of the sheet are there more than once, are missing, or have other lines."""
    mine = [bill for bill in light.bills() if str(bill["invoiceNumber"]).startswith(f"{mark}-")]
    count = Counter(int(str(bill["invoiceNumber"]).split("-")[1]) for bill in mine)
    others = 0
    for bill in mine:
        cents = 1000 + int(str(bill["invoiceNumber"]).split("-")[1])
        lines = Counter((line["description"], line["netAmount"]) for line in bill["lineItems"])
        others += lines != Counter((text, cents) for text in TEXTS)
    return sum(n - 1 for n in count.values()), bills - len(count), others


def round_of(light: Sandbox, folder: Path, number: int, args: argparse.Namespace) -> bool:
    """One sheet until it is loaded; whether all is as it must be."""
    mark = f"R{number}"
    files = write_sheets(folder, mark, args.bills)
    before = light.counters.bills_created
    kills = sorted(random.randrange(args.bills) for _ in range(args.kills))
    began, runs, killed, unknown = time.monotonic(), 0, 0, 0
    code = 1
    while code != 0 and runs < MOST_RUNS:
        code, told = load(light, files, args, before + 1 + kills.pop(0) if kills else None)
        runs += 1
        killed += code < 0
        unknown = told.get("unknown", 0)
        if code >= 0 and told and told["total"] != sum(told.values()) - told["total"]:
            print("the statuses do not sum to the bills:", told)
            return False
    double, missing, lines = wrong(light, mark, args.bills)
    print(
        f"round {number:3}: {args.bills:,} bills, {killed} kills, {runs} runs, exit {code},"
        f" {time.monotonic() - began:.0f} s: {double} twice, {missing} missing,"
        f" {lines} with other lines, {unknown} unknown",
        flush=True,
    )
    return not (double or missing or lines or unknown or code)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bills", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=5, help="in each round")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.05, help="of each kind of fault")
    parser.add_argument("--list-lag", type=float, default=3.0, help="seconds")
    parser.add_argument("--late", type=float, default=5.0, help="seconds of late answers")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds")
    parser.add_argument("--settle", type=float, default=8.0, help="seconds")
    parser.add_argument("--line-mode", choices=["inline", "separate"], default="inline")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    args = parser.parse_args()
    random.seed(args.seed)
    faults = tuple(Fault(name, args.rate) for name in ("all", "duplicated")) if args.rate else ()
    settings = SandboxSettings(
        requests_per_minute=10**6,
        requests_per_day=10**9,
        faults=faults,
        fault_seed=args.seed,
        list_lag=args.list_lag,
        late=args.late,
    )
    print(f"seed {args.seed}, {args.line_mode}, each fault {args.rate:.0%}, lag {args.list_lag} s")
    with tempfile.TemporaryDirectory() as name, running(settings) as light:
        os.environ["LIGHT_IMPORT_HOME"] = str(Path(name) / "home")
        rounds = [round_of(light, Path(name), number, args) for number in range(args.rounds)]
        posts = light.counters.bill_posts + light.counters.line_posts
        done = ", ".join(f"{n} {name}" for name, n in sorted(light.counters.faults.items()))
        print(f"{posts:,} POSTs; faults: {done or 'none'}")
    print(f"{sum(rounds)} of {len(rounds)} rounds as they must be")
    sys.exit(0 if all(rounds) else 1)


if __name__ == "__main__":
    main()
