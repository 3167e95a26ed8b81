"""Kill updates (kill -9) at each of their requests: every bill as the sheet, or as before.

    python benchmarks/updates.py [--rounds 200] [--bills 4] [--seed 1]

A sandbox has some bills. In each round their sheet is edited at random: headers, amounts, lines
that are changed, added and removed. ``load --update`` is killed when its n-th request that changes
something is on its way, which arrives or does not. Then the same command completes it; in every
fourth round the killed run is undone first. The bills are compared with the sheet, line by line.
The exit code is 1 if one is otherwise, or a row is not settled.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from storm import active_ids

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.faults import Scripted

FORKS = multiprocessing.get_context("forkserver")
PRELOADED = "importer.app.load_bills importer.app.undo_run importer.validation.validate filelock"
SETTLE = 0.5  # seconds
VENDORS, ACCOUNTS = active_ids("vendors.csv"), active_ids("accounts.csv")
Bill = dict[str, Any]  # the cells of a row, and its "lines"
LINE = ("netAmount", "description", "accountId")
HEADER = ("vendorId", "invoiceNumber", "issuedDate", "dueDate", "currency", "description")


def new_line(chance: random.Random) -> dict[str, Any]:
    return {
        "netAmount": chance.randrange(100, 90_000),
        "description": f"Line {chance.randrange(6)}",  # some are alike
        "accountId": chance.choice(ACCOUNTS),
    }


def new_bill(k: int, chance: random.Random) -> Bill:
    return {
        "vendorId": VENDORS[k % len(VENDORS)],
        "invoiceNumber": f"INV-{k}",
        "issuedDate": "2026-01-05",
        "dueDate": "2026-02-04",
        "currency": "GBP",
        "description": f"Bill {k}",
        "lines": [new_line(chance) for _ in range(chance.randrange(1, 4))],
    }


def edited(bill: Bill, chance: random.Random) -> Bill:
    bill = copy.deepcopy(bill)
    lines = bill["lines"]
    if chance.random() < 0.7:
        bill["dueDate"] = f"2026-{chance.randrange(2, 12):02}-{chance.randrange(1, 28):02}"
    if chance.random() < 0.3:
        bill["description"] = f"Corrected {chance.randrange(1000)}"
    for line in lines:
        if chance.random() < 0.4:
            line["netAmount"] = chance.randrange(100, 90_000)
    if chance.random() < 0.5 and len(lines) > 1:
        lines.remove(chance.choice(lines))
    for _ in range(chance.randrange(0, 3)):
        lines.insert(chance.randrange(len(lines) + 1), new_line(chance))
    return bill


def write_sheet(folder: Path, bills: Sequence[Bill]) -> None:
    rows = [
        {name: bill[name] for name in HEADER}
        | {"billRef": f"R{i}", "amount": sum(line["netAmount"] for line in bill["lines"])}
        for i, bill in enumerate(bills)
    ]
    lines = [{"billRef": f"R{i}", **line} for i, b in enumerate(bills) for line in b["lines"]]
    for name, table in (("bills.csv", rows), ("lines.csv", lines)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)


def in_light(light: Sandbox) -> list[Bill]:
    """The bills of the sandbox in the form of the sheet's, their lines in any order."""
    bills = [
        {name: bill[name] for name in HEADER}
        | {"lines": [{name: line[name] for name in LINE} for line in bill["lineItems"]]}
        for bill in light.bills()
    ]
    return comparable(bills)


def comparable(bills: Sequence[Bill]) -> list[Bill]:
    ordered = [{**bill, "lines": sorted(bill["lines"], key=str)} for bill in bills]
    return sorted(ordered, key=lambda bill: str(bill["invoiceNumber"]))


def load(folder: str, base_url: str) -> dict[str, int]:
    """Load the sheet; the number of bills by status."""
    from importer.app import CheckRequest, LoadOptions, PaceOptions
    from importer.app import load as load_bills
    from importer.model.tables import TableKind

    tables = {"bills.csv": TableKind.BILLS, "lines.csv": TableKind.LINE_ITEMS}
    kinds = tuple((f"{folder}/{name}", kind) for name, kind in tables.items())
    request = CheckRequest((), template="light", table_kinds=kinds, amounts="cents")
    pace = PaceOptions(requests_per_minute=100_000)
    options = LoadOptions(base_url=base_url, yes=True, settle=SETTLE, update=True, pace=pace)
    return dict(load_bills(request, options).summary.bills)


def undo(folder: str, base_url: str) -> dict[str, int]:
    """Undo the newest run."""
    from importer.app import UndoOptions
    from importer.app import undo as undo_run
    from importer.loading.journal.journal import Journal

    [path] = Path(folder).glob("home/journals/*.sqlite")
    with Journal(path) as journal:
        run = journal.runs()[0].id
    options = UndoOptions(run, yes=True, settle=SETTLE)
    return dict(undo_run(options).summary.bills)


def in_process(act: str, folder: str, base_url: str) -> None:
    os.environ |= {"LIGHT_API_KEY": SandboxSettings.key, "LIGHT_IMPORT_HOME": f"{folder}/home"}
    counts = {"load": load, "undo": undo}[act](folder, base_url)
    Path(folder, "counts.json").write_text(json.dumps(counts))


def started(act: str, folder: Path, light: Sandbox) -> BaseProcess:
    process = FORKS.Process(target=in_process, args=(act, str(folder), light.base_url))
    process.start()
    return process


def ended(act: str, folder: Path, light: Sandbox) -> dict[str, int]:
    """The number of bills by status."""
    (folder / "counts.json").unlink(missing_ok=True)
    started(act, folder, light).join()
    counts: dict[str, int] = json.loads((folder / "counts.json").read_text())
    return counts


def killed_at(light: Sandbox, fault: Scripted, folder: Path) -> bool:
    """Whether the command was killed once the fault had come; else it had ended before."""
    plan = light.context.faults
    plan.script, before = (fault,), sum(light.counters.faults.values())
    plan.counts.update(dict.fromkeys(plan.counts, 0))
    process = started("load", folder, light)
    while process.is_alive() and sum(light.counters.faults.values()) == before:
        time.sleep(0.002)
    process.kill()
    process.join()
    plan.script = ()
    return bool(process.exitcode and process.exitcode < 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--bills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    FORKS.set_forkserver_preload(PRELOADED.split())
    chance = random.Random(args.seed)
    bills = [new_bill(k, chance) for k in range(args.bills)]
    counts: Counter[str] = Counter()
    settings = SandboxSettings(requests_per_minute=10**6)
    with tempfile.TemporaryDirectory() as name, running(settings) as light:
        folder = Path(name)
        write_sheet(folder, bills)
        ended("load", folder, light)
        for n in range(1, args.rounds + 1):
            before, bills = bills, [edited(bill, chance) for bill in bills]
            write_sheet(folder, bills)
            target = chance.choice(["change", "change", "line"])
            at = chance.randrange(1, args.bills + (args.bills if target == "change" else 1))
            fault = Scripted(chance.choice(["drop-before", "drop-after"]), at, at, target)
            killed = killed_at(light, fault, folder)
            counts["killed"] += killed
            if killed and n % 4 == 0:
                ended("undo", folder, light)
                as_before = in_light(light) == comparable(before)
                counts["undone"] += 1
                counts["wrong after undo"] += not as_before
                print(f"{n:>4}  undone{'' if as_before else '  WRONG'}", flush=True)
            statuses = ended("load", folder, light)
            settled = statuses.get("updated", 0) + statuses.get("already_loaded", 0)
            counts["open"] += args.bills - settled
            wrong = in_light(light) != comparable(bills)
            counts["wrong"] += wrong
            counts["updated"] += statuses.get("updated", 0)
            words = f"killed at {target} {at} ({fault.name})" if killed else "not killed"
            print(f"{n:>4}  {words:40} {statuses}{'  WRONG' if wrong else ''}", flush=True)
    names = ("killed", "undone", "updated", "open", "wrong", "wrong after undo")
    print("  ".join(f"{name} {counts[name]}" for name in names))
    sys.exit(any(counts[name] for name in ("open", "wrong", "wrong after undo")))


if __name__ == "__main__":
    main()
