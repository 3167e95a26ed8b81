"""Thousands of bills through every fault at once, with kills: each is in Light exactly once.

    python benchmarks/storm.py [--bills 5000] [--line-mode separate] [--rate 0.05] [--seed 1]

A sandbox in a process of its own, whose list shows a bill three seconds late, does every fault of
``light-import sandbox --help`` at ``--rate`` to the requests that create something, and each that
reading can have at ``--read-rate`` to the others. The real command loads the sheet; it is killed
(kill -9) at moments spread over the load, and run again until it says that nothing is left to do,
as a person would. Two faults end a load by design, a 401 and a redirect to another domain: at
``--rate`` no load would get beyond its first hundred bills, so these come at ``--stop-rate``.

Then the sandbox's bills are compared with the sheet, line by line. The exit code is 1 where a bill
or line is missing, doubled, different or one too many, or a row is not settled.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from importer.sandbox import FAULTS, Fault, SandboxSettings, running

REFERENCE = Path(__file__).parent.parent / "importer" / "sandbox" / "reference"
LAG, LATE, TIMEOUT = 3.0, 3.0, 2.0  # seconds
STOPS = ("401", "redirect-outside")
READING = ("drop-before", "500-before", "502-html-before", "503-before", "429", "redirect-307")
MOST_RUNS = 200
Lines = list[tuple[str, int, str]]  # description, cents, account


# --- the sheet --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    files: list[str]
    lines: dict[str, Lines]  # by invoice number


def ids(name: str) -> list[str]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file) if row["status"] == "ACTIVE"]


def write_sheet(folder: Path, counts: Sequence[int]) -> Sheet:
    """A bill for each number of lines; the first two of each are equal, as happens in life."""
    vendors, accounts = ids("vendors.csv"), ids("accounts.csv")
    paths, sheet = (folder / "bills.csv", folder / "lines.csv"), {}
    with paths[0].open("w", newline="") as b, paths[1].open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax".split()
        )
        line.writerow("billRef description netAmount accountId".split())
        for i, count in enumerate(counts):
            number, account = f"INV-{i:06}", accounts[i % len(accounts)]
            lines = [(f"Line {max(1, j)}", 1000 + i, account) for j in range(count)]
            amount = sum(cents for _, cents, _ in lines)
            vendor = vendors[i % len(vendors)]
            bill.writerow([i, vendor, number, "2026-01-05", "GBP", amount, "false"])
            line.writerows([i, *of_line] for of_line in lines)
            sheet[number] = lines
    return Sheet([str(path) for path in paths], sheet)


# --- the sandbox ------------------------------------------------------------------------------


def serve(settings: SandboxSettings, pipe: Connection) -> None:
    """A sandbox that answers, through the pipe, how many bills it has, or all it knows."""
    with running(settings) as light:
        pipe.send(light.base_url)
        while (asked := pipe.recv()) != "end":
            if asked == "count":
                pipe.send(light.counters.bills_created)
            else:
                pipe.send((light.counters, light.bills()))


class Light:
    """The sandbox in its process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.base_url: str = pipe.recv()

    def ask(self, what: str) -> Any:
        self._pipe.send(what)
        return self._pipe.recv()

    def count(self) -> int:
        """Bills created so far."""
        return int(self.ask("count"))


@contextmanager
def sandbox(settings: SandboxSettings) -> Iterator[Light]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(settings, theirs), daemon=True)
    process.start()
    try:
        yield Light(ours)
    finally:
        process.terminate()
        process.join()


# --- the command ------------------------------------------------------------------------------


class Load:
    """The command in a process of its own."""

    def __init__(self, folder: Path, files: list[str], words: Sequence[str]) -> None:
        self._out, self._err = folder / "out.json", folder / "err.txt"
        words = [*files, "--yes", "--json", "--quiet", *words]
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "importer", "load", *words],
                env=os.environ
                | {"LIGHT_API_KEY": SandboxSettings.key, "LIGHT_IMPORT_HOME": str(folder / "home")},
                cwd=folder,
                stdout=out,
                stderr=err,
            )

    def kill(self) -> bool:
        """kill -9; False where it had ended by itself."""
        self.process.kill()
        return self.process.wait() < 0

    def bills(self) -> dict[str, int]:
        """By status, what it says of the bills when it has ended by itself."""
        code = self.process.wait()
        if not self._out.stat().st_size:
            sys.exit(f"The load failed ({code}): {self._err.read_text()}")
        told: dict[str, int] = json.loads(self._out.read_text())["bills"]
        return told


def still_open(told: Mapping[str, int]) -> int:
    """Bills that are not settled."""
    return told["total"] - told.get("created", 0) - told.get("already_loaded", 0)


# --- the promise ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """How the sandbox's bills differ from the sheet's; all 0 is the promise kept."""

    missing: int = 0
    duplicates: int = 0
    strangers: int = 0  # bills that the sheet lacks
    wrong: int = 0  # bills with other lines than the sheet's, however many

    @property
    def kept(self) -> bool:
        return self == Compared()


def compare(sheet: Sheet, bills: Sequence[Any]) -> Compared:
    found = Counter(str(bill["invoiceNumber"]) for bill in bills)
    wrong = 0
    for bill in bills:
        lines = [(x["description"], x["netAmount"], x["accountId"]) for x in bill["lineItems"]]
        wrong += Counter(lines) != Counter(sheet.lines.get(str(bill["invoiceNumber"]), lines))
    return Compared(
        missing=sum(number not in found for number in sheet.lines),
        duplicates=sum(count - 1 for count in found.values()),
        strangers=sum(number not in sheet.lines for number in found),
        wrong=wrong,
    )


# --- the storm --------------------------------------------------------------------------------


def every_fault(rate: float, read_rate: float, stop_rate: float) -> tuple[Fault, ...]:
    faults = []
    for name in FAULTS:
        target = "bill" if name == "duplicated" else "post"
        faults.append(Fault(name, stop_rate if name in STOPS else rate, target))
    return (*faults, *(Fault(name, read_rate, "get") for name in READING))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bills", type=int, default=5000)
    parser.add_argument("--lines", type=int, default=3, help="of each bill")
    parser.add_argument("--line-mode", choices=["inline", "separate"], default="inline")
    parser.add_argument("--rate", type=float, default=0.05, help="of each fault")
    parser.add_argument("--read-rate", type=float, default=0.01, help="of each fault in reading")
    parser.add_argument("--stop-rate", type=float, default=0.0005, help="of what ends a load")
    parser.add_argument("--settle", type=float, default=15.0, help="seconds")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    settings = SandboxSettings(
        requests_per_minute=10**6,
        requests_per_day=10**9,
        list_lag=LAG,
        late=LATE,
        faults=every_fault(args.rate, args.read_rate, args.stop_rate),
        fault_seed=args.seed,
    )
    chance = random.Random(args.seed)
    kill_at = sorted(chance.sample(range(1, args.bills), args.kills))
    ends: Counter[str] = Counter()
    told: dict[str, int] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sandbox(settings) as light:
        folder = Path(name)
        sheet = write_sheet(folder, [args.lines] * args.bills)
        words = ["--base-url", light.base_url, "--requests-per-minute", "1000000"]
        words += ["--requests-per-day", str(10**9), "--line-mode", args.line_mode]
        words += ["--settle", str(args.settle), "--timeout", str(TIMEOUT)]
        open_ = args.bills
        while open_ and sum(ends.values()) < MOST_RUNS:
            load = Load(folder, sheet.files, words)
            while load.process.poll() is None and not (kill_at and light.count() >= kill_at[0]):
                time.sleep(0.05)
            if load.kill():
                kill_at.pop(0)
                ends["killed"] += 1
                print(f"run {sum(ends.values()):>3}  killed at {light.count():,} bills", flush=True)
                continue
            told = load.bills()
            open_ = still_open(told)
            ends[f"exit {load.process.returncode}"] += 1
            print(f"run {sum(ends.values()):>3}  {told}", flush=True)
        counters, bills = light.ask("all")
    result = compare(sheet, bills)
    print()
    print(f"bills       {args.bills:,} of {args.lines} lines, {args.line_mode}")
    print(f"runs        {sum(ends.values())}: {dict(ends)}, {time.monotonic() - began:.0f} s")
    print(f"requests    {counters.received:,}; {sum(counters.faults.values()):,} faults:")
    print("            " + ", ".join(f"{n} {k}" for k, n in sorted(counters.faults.items())))
    print(f"in Light    {len(bills):,} bills, {sum(len(b['lineItems']) for b in bills):,} lines")
    print(f"duplicates  {result.duplicates}")
    print(f"missing     {result.missing}")
    print(f"strangers   {result.strangers}")
    print(f"wrong lines {result.wrong}")
    print(f"open rows   {open_} (unknown {told.get('unknown', 0)})")
    sys.exit(not result.kept or open_ != 0)


if __name__ == "__main__":
    main()
