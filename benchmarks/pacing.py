"""The rate that loads reach, as a part of the permitted rate, and the number of 429 answers.

    python benchmarks/pacing.py [--per-minute 6000] [--minutes 3] [--latency 50 300 1000]

For each latency: a serial httpx loop, then ``light-import load`` with lines inline and with
``--line-mode separate``. Each runs against a sandbox in a separate process with a sliding window,
the strictest kind of limit, which records the time of each admitted request.

The **ratio** is to the permitted rate. A limit of L a minute permits L requests at once and then
none for a minute: an ideal client sends request i + k·L exactly k minutes after request i. So that
bursts do not count, the ratio is k minutes divided by the median time between a request and the one
k·L before it. The maximum is 1, for any duration. For the serial loop, which is far from the limit,
it is its rate divided by L a minute.

k is ``--minutes`` for the lines inline at 300 ms and 1 for the others. The exit code is 1 if
the former is below 0.98, or any load got a 429.
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
TARGET = 0.98
TARGET_MS = 300


@dataclass(frozen=True)
class Traffic:
    """Unix seconds of the requests that a sandbox admitted, and its number of 429s."""

    times: list[float]
    throttled: int


class RecordingWindow:
    """A one-minute window that records when it admits requests."""

    def __init__(self, window: MinuteWindow) -> None:
        self.window = window
        self.times: list[float] = []

    def take(self, now: float) -> Allowance:
        allowance = self.window.take(now)
        if allowance.allowed:
            self.times.append(now)
        return allowance


def serve(per_minute: int, latency: float, pipe: Connection) -> None:
    """Run a sandbox until a message arrives in the pipe; answer with its Traffic."""
    settings = SandboxSettings(
        requests_per_minute=per_minute, requests_per_day=10**9, latency=latency
    )
    with running(settings) as light:
        minutes = light.context.limiter.minutes
        window = minutes[light.key] = RecordingWindow(minutes[light.key])
        pipe.send(light.base_url)
        pipe.recv()
        pipe.send(Traffic(window.times, light.counters.throttled))


class Light:
    """A sandbox in a separate process."""

    def __init__(self, base_url: str, pipe: Connection) -> None:
        self.base_url, self._pipe = base_url, pipe

    def stop(self) -> Traffic:
        """End the sandbox."""
        self._pipe.send("end")
        traffic: Traffic = self._pipe.recv()
        return traffic


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


def active_ids(name: str) -> list[str]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file) if row["status"] == "ACTIVE"]


def write_sheets(folder: Path, bills: int, lines_each: int) -> list[str]:
    vendors, accounts = active_ids("vendors.csv"), active_ids("accounts.csv")
    paths = folder / "bills.csv", folder / "lines.csv"
    with paths[0].open("w", newline="") as b, paths[1].open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax".split()
        )
        line.writerow("billRef description netAmount accountId".split())
        for i in range(bills):
            vendor, account = vendors[i % len(vendors)], accounts[i % len(accounts)]
            amount = (10_000 + i) * lines_each
            bill.writerow([i, vendor, f"INV-{i:06}", "2026-01-05", "GBP", amount, "false"])
            line.writerows([i, f"Line {j}", 10_000 + i, account] for j in range(lines_each))
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


def load(light: Light, bills: int, lines_each: int, per_minute: int, options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        limits = ["--requests-per-minute", str(per_minute), "--requests-per-day", str(10**9)]
        options = ["--yes", "--json", "--quiet", "--base-url", light.base_url, *limits, *options]
        files = write_sheets(folder, bills, lines_each)
        done = subprocess.run(
            [sys.executable, "-m", "importer", "load", *files, *options],
            env=os.environ
            | {"LIGHT_API_KEY": SandboxSettings.key, "LIGHT_IMPORT_HOME": str(folder / "home")},
            cwd=folder,
            capture_output=True,
            text=True,
        )
    if not done.stdout or json.loads(done.stdout)["bills"] != {"total": bills, "created": bills}:
        sys.exit(f"The load failed ({done.returncode}): {done.stdout[:500]}{done.stderr}")


def ratio(times: list[float], per_minute: int, minutes: int) -> float:
    """The part of the permitted rate that was reached; see above."""
    offset = per_minute * minutes
    gaps = [later - earlier for earlier, later in zip(times, times[offset:], strict=False)]
    return 60.0 * minutes / statistics.median(gaps)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-minute", type=int, default=6000)
    parser.add_argument("--minutes", type=int, default=3, help=f"inline at {TARGET_MS} ms")
    parser.add_argument("--latency", type=int, nargs="+", default=[50, 300, 1000], help="ms")
    parser.add_argument("--only", choices=["serial", "inline", "separate"])
    args = parser.parse_args()
    limit: int = args.per_minute
    vendors = active_ids("vendors.csv")
    failed = False

    def print_row(ms: int, mode: str, traffic: Traffic, reached: float) -> None:
        seconds = traffic.times[-1] - traffic.times[0]
        print(
            f"{ms:>7}  {mode:16} {len(traffic.times):>8,} {seconds:>8.1f} {reached:>7.3f}"
            f" {traffic.throttled:>5}",
            flush=True,
        )

    print(f"{limit:,} requests a minute permitted\n")
    print("latency  mode              requests  seconds   ratio  429s")
    for ms in args.latency:
        for mode, lines_each, options in (
            ("serial", 1, []),
            ("inline", 1, []),
            ("separate", 2, ["--line-mode", "separate"]),
        ):
            if args.only not in (None, mode):
                continue
            with sandbox(limit, ms / 1000) as light:
                if mode == "serial":
                    serial(light, vendors)
                    traffic = light.stop()
                    rate = (len(traffic.times) - 1) / (traffic.times[-1] - traffic.times[0])
                    print_row(ms, mode, traffic, rate * 60 / limit)
                    continue
                has_target = mode == "inline" and ms == TARGET_MS
                minutes = args.minutes if has_target else 1
                requests_per_bill = 1 if mode == "inline" else 1 + lines_each
                bills = math.ceil((limit * minutes + SPARE) / requests_per_bill)
                load(light, bills, lines_each, limit, options)
                traffic = light.stop()
            reached = ratio(traffic.times, limit, minutes)
            print_row(ms, mode, traffic, reached)
            failed = failed or traffic.throttled > 0 or (has_target and reached < TARGET)
    sys.exit(failed)


if __name__ == "__main__":
    main()
