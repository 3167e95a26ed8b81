"""How near loads come to the rate that Light permits, and how often Light says 429.

    python benchmarks/pacing.py [--per-minute 6000] [--minutes 3] [--latency 50 300 1000]

For each latency a plain httpx loop that sends one bill after the other, then the whole command,
``light-import load``, with lines inline and with ``--line-mode separate``, against a sandbox in a
process of its own that counts in a sliding window, the strictest there is. The sandbox notes the
moment of each request that it lets through.

The **ratio** is that of the permitted rate. A limit of L a minute permits L requests at once and
then nothing for a minute: whoever sends as early as possible sends request i + k·L exactly k
minutes after request i. So the bursts are neither held for nor against a load: each request is
measured against the one k·L before it, and the ratio is k minutes divided by the median of what
lies between the two. 1 is the most that is possible, for any length of time. For the serial loop,
which is far from any limit, it is its rate divided by L a minute.

k is ``--minutes`` for the lines inline at 300 ms and 1 for the others. The exit code is 1 where the
former stays below 0.98 of the permitted rate, or any load saw a 429.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from importer.sandbox import SandboxSettings, running
from importer.sandbox.request_limits import Allowance, MinuteWindow

REFERENCE = Path(__file__).parent.parent / "importer" / "sandbox" / "reference"
SPARE = 200  # requests past the last full minute
SERIAL_SECONDS = 10.0
GOAL = 0.98
GOAL_MS = 300


@dataclass(frozen=True)
class Seen:
    """What a sandbox saw: unix seconds of the requests it let through, and its 429s."""

    times: list[float]
    throttled: int


class Noting:
    """A minute's window that notes what it lets through."""

    def __init__(self, window: MinuteWindow) -> None:
        self.window = window
        self.times: list[float] = []

    def take(self, now: float) -> Allowance:
        allowance = self.window.take(now)
        if allowance.allowed:
            self.times.append(now)
        return allowance


def serve(per_minute: int, latency: float, pipe: Connection) -> None:
    """A sandbox until something comes through the pipe, which then gets what it saw."""
    settings = SandboxSettings(
        requests_per_minute=per_minute, requests_per_day=10**9, latency=latency
    )
    with running(settings) as light:
        minutes = light.context.limiter.minutes
        noting = minutes[light.key] = Noting(minutes[light.key])
        pipe.send(light.base_url)
        pipe.recv()
        pipe.send(Seen(noting.times, light.counters.throttled))


class Light:
    """The sandbox in its process."""

    def __init__(self, base_url: str, pipe: Connection) -> None:
        self.base_url, self._pipe = base_url, pipe

    def seen(self) -> Seen:
        """Ends the sandbox."""
        self._pipe.send("end")
        seen: Seen = self._pipe.recv()
        return seen


@contextmanager
def sandbox(per_minute: int, latency: float) -> Iterator[Light]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(per_minute, latency, theirs), daemon=True)
    process.start()
    try:
        yield Light(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def ids(name: str) -> list[str]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file) if row["status"] == "ACTIVE"]


def write_sheets(folder: Path, bills: int, lines_each: int) -> list[str]:
    vendors, accounts = ids("vendors.csv"), ids("accounts.csv")
    paths = folder / "bills.csv", folder / "lines.csv"
    with paths[0].open("w", newline="") as b, paths[1].open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax".split()
        )
        line.writerow("billRef description netAmount accountId".split())
        for i in range(bills):
            vendor, account = vendors[i % len(vendors)], accounts[i % len(accounts)]
            amount = (1000 + i) * lines_each
            bill.writerow([i, vendor, f"INV-{i:06}", "2026-01-05", "GBP", amount, "false"])
            line.writerows([i, f"Line {j}", 1000 + i, account] for j in range(lines_each))
    return [str(path) for path in paths]


def serial(light: Light, vendors: list[str]) -> None:
    headers = {"Authorization": f"Basic {SandboxSettings.key}"}
    end = time.monotonic() + SERIAL_SECONDS
    with httpx.Client(base_url=light.base_url, headers=headers, timeout=60) as client:
        i = 0
        while time.monotonic() < end:
            amount = 1000 + i
            body = {
                "vendorId": vendors[i % len(vendors)],
                "invoiceNumber": f"S-{i}",
                "amount": amount,
                "currency": "GBP",
                "lineItemsIncludeTax": False,
                "lineItems": [{"description": "Line", "netAmount": amount}],
            }
            client.post("/v1/invoice-payables", json=body).raise_for_status()
            i += 1


def load(light: Light, bills: int, lines_each: int, per_minute: int, words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        limits = ["--requests-per-minute", str(per_minute), "--requests-per-day", str(10**9)]
        words = ["--yes", "--json", "--quiet", "--base-url", light.base_url, *limits, *words]
        files = write_sheets(folder, bills, lines_each)
        done = subprocess.run(
            [sys.executable, "-m", "importer", "load", *files, *words],
            env=os.environ
            | {"LIGHT_API_KEY": SandboxSettings.key, "LIGHT_IMPORT_HOME": str(folder / "home")},
            cwd=folder,
            capture_output=True,
            text=True,
        )
    if not done.stdout or json.loads(done.stdout)["bills"] != {"total": bills, "created": bills}:
        sys.exit(f"The load failed ({done.returncode}): {done.stdout[:500]}{done.stderr}")


def ratio(times: list[float], per_minute: int, minutes: int) -> float:
    """Of the permitted rate; see above."""
    behind = per_minute * minutes
    gaps = [later - earlier for earlier, later in zip(times, times[behind:], strict=False)]
    return 60.0 * minutes / statistics.median(gaps)


def knows_separate() -> bool:
    told = subprocess.run(
        [sys.executable, "-m", "importer", "load", "--help"], capture_output=True, text=True
    )
    return "--line-mode" in told.stdout


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-minute", type=int, default=6000)
    parser.add_argument("--minutes", type=int, default=3, help=f"inline at {GOAL_MS} ms")
    parser.add_argument("--latency", type=int, nargs="+", default=[50, 300, 1000], help="ms")
    parser.add_argument("--only", choices=["serial", "inline", "separate"])
    args = parser.parse_args()
    limit: int = args.per_minute
    vendors = ids("vendors.csv")
    failed = False

    def told(ms: int, way: str, seen: Seen, reached: float) -> None:
        seconds = seen.times[-1] - seen.times[0]
        print(f"{ms:>7}  {way:16} {len(seen.times):>8,} {seconds:>8.1f} {reached:>7.3f}"
              f" {seen.throttled:>5}", flush=True)  # fmt: skip

    print(f"{limit:,} requests a minute permitted\n")
    print("latency  way              requests  seconds   ratio  429s")
    for ms in args.latency:
        for way, lines_each, words in (
            ("serial", 1, []),
            ("inline", 1, []),
            ("separate", 2, ["--line-mode", "separate"]),
        ):
            if args.only not in (None, way):
                continue
            if way == "separate" and not knows_separate():
                print(f"{ms:>7}  {way:16} this command has no --line-mode")
                continue
            with sandbox(limit, ms / 1000) as light:
                if way == "serial":
                    serial(light, vendors)
                    seen = light.seen()
                    rate = (len(seen.times) - 1) / (seen.times[-1] - seen.times[0])
                    told(ms, way, seen, rate * 60 / limit)
                    continue
                goal = way == "inline" and ms == GOAL_MS
                minutes = args.minutes if goal else 1
                each = 1 if way == "inline" else 1 + lines_each
                bills = math.ceil((limit * minutes + SPARE) / each)
                load(light, bills, lines_each, limit, words)
                seen = light.seen()
            reached = ratio(seen.times, limit, minutes)
            told(ms, way, seen, reached)
            failed = failed or seen.throttled > 0 or (goal and reached < GOAL)
    sys.exit(failed)


if __name__ == "__main__":
    main()
