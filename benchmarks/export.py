"""Export bills while the export is killed twice: each is in the file once, with few requests more.

    python benchmarks/export.py [--bills 20000] [--rate 6000]

A sandbox with so many bills answers at most ``--rate`` requests a minute, after ``--latency``
seconds. ``light-import export bills`` is killed (kill -9) when a third and two thirds of the bills
were read, and run again. Needed are a request for each page of the list and one for each bill,
whose lines the list leaves out; allowed are 1.02 times as many. The rest are the company and names
at each start, what was in flight when it was killed, and the last look at what has changed: some
seventy, however many bills there are, so that fewer than 4,000 bills may take more. The exit code
is 1 if there were more, or a 429, or a bill is missing or there twice.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from importer.sandbox import Sandbox, SandboxSettings, answer_models, request_bodies, running
from importer.sandbox.wire_types import wire_time

PAGE, ALLOWED = 200, 1.02
READ = "GET /v1/invoice-payables/{invoicePayableId}"


def fill(light: Sandbox, bills: int) -> None:
    """Bills of one line each, of yesterday, without a request."""
    context = light.context
    reference = context.company.reference
    vendors, accounts = list(reference.vendors), list(reference.accounts)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for i in range(bills):
        line = {"netAmount": 10_000 + i, "description": f"Line {i}", "accountId": accounts[0]}
        body = {
            "vendorId": vendors[i % len(vendors)],
            "invoiceNumber": f"INV-{i:06}",
            "issuedDate": "2026-01-05",
            "currency": "GBP",
            "amount": 10_000 + i,
            "lineItems": [line],
        }
        header, items = request_bodies.read_new_bill(body, context.company)
        bill_id, now = str(uuid.uuid4()), wire_time(yesterday + timedelta(microseconds=i))
        bill = answer_models.new_bill(bill_id, context.company.id, now, header)
        lines = [
            answer_models.line_json(str(uuid.uuid4()), bill_id, now, now, item) for item in items
        ]
        context.store.add_bill(bill, lines)


def start(folder: Path, light: Sandbox, rate: int, *words: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "LIGHT_IMPORT_HOME": str(folder / "home"),
        "LIGHT_API_KEY": light.key,
        "LIGHT_BASE_URL": light.base_url,
    }
    command = [sys.executable, "-m", "importer", *words, "--quiet"]
    command += ["--requests-per-minute", str(rate), "--requests-per-day", "1000000"]
    return subprocess.Popen(command, cwd=folder, env=environment)


def export_killed(folder: Path, light: Sandbox, bills: int, rate: int) -> None:
    """Export, killed twice."""
    for share in (1 / 3, 2 / 3, None):
        process = start(folder, light, rate, "export", "bills", "-o", "out.json")
        while share is not None and process.poll() is None:
            if light.counters.by_route.get(READ, 0) >= bills * share:
                process.kill()
            time.sleep(0.005)
        code = process.wait()
        print(
            f"  ended with {code} after {light.counters.by_route.get(READ, 0):,} reads", flush=True
        )
        if share is None and code:
            sys.exit(f"the export ended with {code}")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bills", type=int, default=20_000)
    options.add_argument("--rate", type=int, default=6_000, help="requests a minute")
    options.add_argument("--latency", type=float, default=0.1, help="seconds")
    args = options.parse_args()
    settings = SandboxSettings(
        requests_per_minute=args.rate, requests_per_day=10**7, latency=args.latency
    )
    with tempfile.TemporaryDirectory() as name, running(settings) as light:
        folder = Path(name)
        fill(light, args.bills)
        print(f"{args.bills:,} bills in the sandbox", flush=True)
        began = time.monotonic()
        export_killed(folder, light, args.bills, args.rate)
        minutes = (time.monotonic() - began) / 60
        needed = -(-args.bills // PAGE) + args.bills
        made, throttled = light.counters.authenticated, light.counters.throttled
        exported = json.loads((folder / "out.json").read_text(encoding="utf-8"))
        times = Counter(bill["billRef"] for bill in exported)
        wanted = {bill["id"] for bill in light.bills()}
        without_line = sum(len(bill["lineItems"]) != 1 for bill in exported)
        print(
            f"{made:,} requests where {needed:,} are needed: {made / needed:.4f} times"
            f" (allowed: {ALLOWED}); {throttled} answers of 429;"
            f" {made / minutes / args.rate:.1%} of the permitted rate, with two starts more"
        )
        print(
            f"{len(wanted - times.keys()):,} bills missing,"
            f" {sum(n > 1 for n in times.values()):,} there twice, {without_line:,} without a line"
        )
        good = wanted == times.keys() and max(times.values()) == 1 and not without_line
        return 0 if good and made <= ALLOWED * needed and not throttled else 1


if __name__ == "__main__":
    sys.exit(main())
