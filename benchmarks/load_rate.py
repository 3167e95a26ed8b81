"""How near a load comes to the rate that Light permits.

    python benchmarks/load_rate.py [--bills 2000] [--per-minute 6000] [--latency 0.3]

The whole way through the command line, against a sandbox in a process of its own. Permitted is
what the limit lets through: at most so many requests in any 60 seconds. Within the first minute's
allowance the even rate (the limit divided by 60) is taken instead, so a ratio above 1 means that
the load was done sooner than an even stream would be. For comparison, some bills are sent one
after the other by a plain client.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

REFERENCE = Path(__file__).parent.parent / "importer" / "sandbox" / "reference"
KEY = "sandbox"
SERIAL = 30  # bills sent by the plain client


def ids(name: str) -> list[str]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file) if row["status"] == "ACTIVE"]


def write_sheets(folder: Path, count: int) -> list[str]:
    vendors, accounts = ids("vendors.csv"), ids("accounts.csv")
    bills, lines = folder / "bills.csv", folder / "lines.csv"
    with bills.open("w", newline="") as b, lines.open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax".split()
        )
        line.writerow("billRef description netAmount accountId".split())
        for i in range(count):
            vendor, account = vendors[i % len(vendors)], accounts[i % len(accounts)]
            bill.writerow([i, vendor, f"INV-{i:06}", "2026-01-05", "GBP", 1000 + i, "false"])
            line.writerow([i, f"Line {i}", 1000 + i, account])
    return [str(bills), str(lines)]


@contextmanager
def sandbox(per_minute: int, latency: float) -> Iterator[str]:
    words = f"sandbox --port 0 --requests-per-minute {per_minute} --latency {latency}".split()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "importer", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield found.group()
    finally:
        process.terminate()
        process.wait()


def serial(base_url: str) -> float:
    """Bills a second of a plain client that sends one after the other."""
    began = time.monotonic()
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Basic {KEY}"}) as client:
        for i in range(SERIAL):
            body = {"invoiceNumber": f"S-{i}", "amount": 100, "currency": "GBP"}
            client.post("/v1/invoice-payables", json=body).raise_for_status()
    return SERIAL / (time.monotonic() - began)


def permitted_seconds(requests: int, per_minute: int) -> float:
    """The least time for so many requests."""
    windows = (requests - 1) // per_minute
    return 60.0 * windows if windows else requests * 60 / per_minute


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bills", type=int, default=2000)
    parser.add_argument("--per-minute", type=int, default=6000)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sandbox(args.per_minute, args.latency) as base_url:
        folder = Path(name)
        files = write_sheets(folder, args.bills)
        words = f"load --yes --json --base-url {base_url} --requests-per-minute {args.per_minute}"
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "importer", *words.split(), *files],
            env=os.environ | {"LIGHT_API_KEY": KEY, "LIGHT_IMPORT_HOME": str(folder / "home")},
            cwd=folder,
            capture_output=True,
            text=True,
        )
        whole = time.monotonic() - began
        if not done.stdout:
            sys.exit(done.stderr)
        told = json.loads(done.stdout)
        sent = re.findall(r"Loaded ([\d,]+) of .*?, ([\d.]+) a second", done.stderr)
        rate = float(sent[-1][1])
        seconds = args.bills / rate
        least = permitted_seconds(told["requests"], args.per_minute)
        print(f"bills      {told['bills']}, {told['requests']:,} requests, exit {done.returncode}")
        print(f"loading    {seconds:.1f} s, {rate:.1f} bills a second")
        print(f"permitted  {least:.1f} s for as many requests")
        print(f"ratio      {least / seconds:.3f}")
        print(f"command    {whole:.1f} s with reading, checking and the workbook")
        if args.per_minute - (told["requests"] % args.per_minute) > SERIAL:
            print(f"serial     {serial(base_url):.1f} bills a second, one after the other")


if __name__ == "__main__":
    main()
