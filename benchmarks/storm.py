"""Load thousands of bills through every fault and kills: each is in Light exactly once.

    python benchmarks/storm.py [--bills 5000] [--line-mode separate] [--rate 0.05] [--seed 1]

A sandbox in a separate process, whose list shows a bill three seconds late, injects every fault of
``light-import sandbox --help``: at ``--rate`` into requests that create something, at
``--read-rate`` into those that read; each lie comes at ``--lie-rate``. The command loads the sheet;
it is killed (kill -9) at moments spread over the load, and run again until all rows are settled, or
two runs leave the same rows to a person. Two faults end a load by design, a 401 and a redirect to
another domain; they have ``--stop-rate``, as no load would get beyond its first hundred bills at
``--rate``.

Then the sandbox's bills are compared with the sheet, line by line. The exit code is 1 if a bill or
line is missing, duplicated, different or surplus, or a row is not settled.
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
from importer.sandbox.faults import lies_about
from importer.sandbox.lies import LIES

REFERENCE = Path(__file__).parent.parent / "importer" / "sandbox" / "reference"
LAG = 3.0  # seconds
STOPS = ("401", "redirect-outside")
READING = ("drop-before", "500-before", "502-html-before", "503-before", "429", "redirect-307")
MAX_RUNS = 200
Lines = list[tuple[str, int, str]]  # description, cents, account


# --- the sheet --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    files: list[str]
    lines: dict[str, Lines]  # by invoice number


def active_ids(name: str) -> list[str]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file) if row["status"] == "ACTIVE"]


def write_sheet(folder: Path, counts: Sequence[int], notes: int = 0) -> Sheet:
    """A bill for each number of lines; the first two lines of a bill are equal. The first bills are
    posted and have a credit note each, as far as there are ``notes``."""
    vendors, accounts = active_ids("vendors.csv"), active_ids("accounts.csv")
    paths, sheet = (folder / "bills.csv", folder / "lines.csv"), {}
    with paths[0].open("w", newline="") as b, paths[1].open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax type"
            " creditsBill status companyEntityId".split()
        )
        entity = active_ids("entities.csv")[0]
        line.writerow("billRef description netAmount accountId".split())
        for i, count in enumerate(counts):
            number, account = f"INV-{i:06}", accounts[i % len(accounts)]
            lines = [(f"Line {max(1, j)}", 10_000 + i, account) for j in range(count)]
            amount = sum(cents for _, cents, _ in lines)
            vendor = vendors[i % len(vendors)]
            same = ["2026-01-05", "GBP"]
            state = "posted" if i < notes else ""
            row = [i, vendor, number, *same, amount, "false", "bill", "", state, entity]
            bill.writerow(row)
            line.writerows([i, *values] for values in lines)
            sheet[number] = lines
            if i < notes:
                of_note = [("Returned", 100, account)]
                last = ["credit note", number, "posted", entity]
                bill.writerow([f"C{i}", vendor, f"CN-{i:06}", *same, 100, "false", *last])
                line.writerows([f"C{i}", *values] for values in of_note)
                sheet[f"CN-{i:06}"] = of_note
    return Sheet([str(path) for path in paths], sheet)


# --- the sandbox ------------------------------------------------------------------------------


def serve(settings: SandboxSettings, pipe: Connection) -> None:
    """Run a sandbox that answers in the pipe: its number of bills, or its counters and bills."""
    with running(settings) as light:
        pipe.send(light.base_url)
        while (question := pipe.recv()) != "end":
            if question == "count":
                pipe.send(light.counters.bills_created)
            else:
                pipe.send((light.counters, [*light.bills(), *map(as_bill, light.credit_notes())]))


def as_bill(note: Any) -> dict[str, Any]:
    """A credit note as ``compare`` looks at bills."""
    lines = [
        {
            "description": line["description"],
            "netAmount": line["netTransactionAmount"]["amount"],
            "accountId": line["ledgerAccountId"],
        }
        for line in note["lines"]
    ]
    number, cleared = note["documentNumber"], note["status"] == "CLEARED"
    return {"invoiceNumber": number, "lineItems": lines, "cleared": cleared}


class Light:
    """A sandbox in a separate process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.base_url: str = pipe.recv()

    def ask(self, question: str) -> Any:
        self._pipe.send(question)
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
    """``light-import load`` in a separate process."""

    def __init__(self, folder: Path, files: list[str], options: Sequence[str]) -> None:
        self._out, self._err = folder / "out.json", folder / "err.txt"
        options = [*files, "--yes", "--json", "--quiet", *options]
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "importer", "load", *options],
                env=os.environ
                | {"LIGHT_API_KEY": SandboxSettings.key, "LIGHT_IMPORT_HOME": str(folder / "home")},
                cwd=folder,
                stdout=out,
                stderr=err,
            )

    def kill(self) -> bool:
        """Send SIGKILL; False if the process had ended before."""
        self.process.kill()
        return self.process.wait() < 0

    def bills(self) -> tuple[dict[str, int], str]:
        """Wait for the end; the number of bills by status, and why it stopped early, if it did."""
        code = self.process.wait()
        if not self._out.stat().st_size:
            sys.exit(f"The load failed ({code}): {self._err.read_text()}")
        printed = json.loads(self._out.read_text())
        statuses = dict(Counter(printed["bills"]) + Counter(printed["credit_notes"]))
        return statuses, (printed["error"] or {}).get("message", "")


def still_open(statuses: Mapping[str, int], bills: int) -> int:
    """Bills that are not settled; all of them where a load ended before it had read the sheet."""
    settled = ("created", "already_loaded", "already_in_light")
    return bills - sum(statuses.get(status, 0) for status in settled)


# --- the comparison ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """Number of differences between the sandbox's bills and the sheet."""

    missing: int = 0
    duplicates: int = 0
    surplus: int = 0  # bills that are not in the sheet
    wrong: int = 0  # bills whose lines differ from the sheet's
    uncleared: int = 0  # credit notes that do not clear their bill

    @property
    def is_equal(self) -> bool:
        return self == Compared()


def compare(sheet: Sheet, bills: Sequence[Any]) -> Compared:
    remote = Counter(str(bill["invoiceNumber"]) for bill in bills)
    wrong = 0
    for bill in bills:
        lines = [(x["description"], x["netAmount"], x["accountId"]) for x in bill["lineItems"]]
        wrong += Counter(lines) != Counter(sheet.lines.get(str(bill["invoiceNumber"]), lines))
    return Compared(
        missing=sum(number not in remote for number in sheet.lines),
        duplicates=sum(count - 1 for count in remote.values()),
        surplus=sum(number not in sheet.lines for number in remote),
        wrong=wrong,
        uncleared=sum(not bill.get("cleared", True) for bill in bills),
    )


# --- the command line -------------------------------------------------------------------------


def every_fault(
    rate: float, read_rate: float, stop_rate: float, lie_rate: float
) -> tuple[Fault, ...]:
    faults = [
        Fault(name, lie_rate, target)
        for target, kind in (("bill", "bill"), ("line", "line"), ("list", "list"), ("read", "read"))
        for name in lies_about(kind)  # type: ignore[arg-type]
        if lie_rate
    ]
    for name in FAULTS:
        if name in LIES:
            continue
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
    parser.add_argument(
        "--stop-rate", type=float, default=0.0005, help="of each fault that ends a load"
    )
    parser.add_argument("--lie-rate", type=float, default=0.001, help="of each lie")
    parser.add_argument("--settle", type=float, default=15.0, help="seconds")
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds; more if all is slow")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    settings = SandboxSettings(
        requests_per_minute=10**6,
        requests_per_day=10**9,
        list_lag=LAG,
        late=args.timeout + 1,
        faults=every_fault(args.rate, args.read_rate, args.stop_rate, args.lie_rate),
        fault_seed=args.seed,
    )
    rng = random.Random(args.seed)
    kill_at = sorted(rng.sample(range(1, args.bills), args.kills))
    ends: Counter[str] = Counter()
    statuses: dict[str, int] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sandbox(settings) as light:
        folder = Path(name)
        sheet = write_sheet(folder, [args.lines] * args.bills)
        options = ["--base-url", light.base_url, "--requests-per-minute", "1000000"]
        options += ["--requests-per-day", str(10**9), "--line-mode", args.line_mode]
        options += ["--settle", str(args.settle), "--timeout", str(args.timeout)]
        open_ = args.bills
        before: dict[str, int] = {}
        while open_ and sum(ends.values()) < MAX_RUNS:
            load = Load(folder, sheet.files, options)
            while load.process.poll() is None and not (kill_at and light.count() >= kill_at[0]):
                time.sleep(0.05)
            if load.kill():
                kill_at.pop(0)
                ends["killed"] += 1
                print(f"run {sum(ends.values()):>3}  killed at {light.count():,} bills", flush=True)
                continue
            statuses, stopped = load.bills()
            open_ = still_open(statuses, args.bills)
            if not stopped and open_ == statuses.get("unknown") == before.get("unknown"):
                open_ = 0  # these are for a person
            before = {} if stopped else statuses
            ends[f"exit {load.process.returncode}"] += 1
            print(f"run {sum(ends.values()):>3}  {statuses} {stopped[:150]}", flush=True)
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
    print(f"surplus     {result.surplus}")
    print(f"wrong lines {result.wrong}")
    print(f"open rows   {open_} (and {statuses.get('unknown', 0)} for a person)")
    sys.exit(not result.is_equal or open_ != 0)


if __name__ == "__main__":
    main()
