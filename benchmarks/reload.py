"""A load whose bills are all there already: how long ``light-import load`` takes, and its memory.

    python benchmarks/reload.py [--bills 100000] [--found]

The journal is filled by its own functions as an earlier run would have left it: everything created.
With ``--found`` the journal is empty and Light has the bills, so that all of its list is read. The
sandbox has no limit that would be felt, and its database is filled without requests.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from measure import Took, measured

from importer.model.bills import Bill
from importer.sandbox.company_file import Reference, load_reference

LINES_OF_A_BILL = 5
NO_LIMIT = "10000000"
BILLS = "billRef,vendorId,invoiceNumber,issuedDate,dueDate,currency,amount,lineItemsIncludeTax"
LINES = "billRef,lineNumber,description,netAmount,taxAmount,taxCodeId,accountId"


def write_sheets(folder: Path, bills: int, reference: Reference) -> list[str]:
    """Two files of the sandbox's company, five lines to a bill; the options that name them."""
    chance = random.Random(bills)
    vendors = [v.id for v in reference.vendors.values() if v.status == "ACTIVE"][:400]
    accounts = [a.id for a in reference.accounts.values() if a.status == "ACTIVE"]
    tax_code = next(t.id for t in reference.tax_codes.values() if t.basis_points == 2000)
    with (
        (folder / "bills.csv").open("w", newline="") as of_bills,
        (folder / "lines.csv").open("w", newline="") as of_lines,
    ):
        rows, lines = csv.writer(of_bills), csv.writer(of_lines)
        rows.writerow(BILLS.split(","))
        lines.writerow(LINES.split(","))
        for i in range(bills):
            total = 0
            for k in range(LINES_OF_A_BILL):
                net = chance.randrange(20, 200_000) * 5
                total += net + net // 5
                account = accounts[(i + k) % len(accounts)]
                lines.writerow([f"B{i}", k + 1, f"item {i} {k}", net, net // 5, tax_code, account])
            day = f"{1 + i % 28:02d}"
            rows.writerow(
                [f"B{i}", vendors[i % len(vendors)], f"INV-{i:07d}", f"2025-03-{day}",
                 f"2025-04-{day}", "GBP", total, "false"]
            )  # fmt: skip
    return ["--bills", str(folder / "bills.csv"), "--lines", str(folder / "lines.csv")]


def checked_bills(folder: Path) -> Iterator[Bill]:
    """The bills as a load makes them."""
    from importer.mapping.map_tables import map_tables
    from importer.mapping.template_loader import find_template
    from importer.readers import read_file
    from importer.validation.validate import check

    tables = [t for name in ("bills", "lines") for t in read_file(folder / f"{name}.csv")]
    yield from check(map_tables(tables, find_template("light").template, {})).valid_bills()


def fill_journal(folder: Path, company: str, ids: Mapping[int, str]) -> None:
    """As a run leaves it that created all of the bills. ``ids`` are Light's, by bill index."""
    from importer.loading.identity import content
    from importer.loading.journal.journal import Journal
    from importer.loading.journal.journal_records import Change, Intent
    from importer.loading.plan import plan_from_journal, record
    from importer.model.journal_states import State, Status
    from importer.model.run_rows import BillRows

    with Journal(folder / "journal.sqlite") as journal:
        plan = plan_from_journal(list(checked_bills(folder)), journal)
        run = journal.start_run({"company_id": company})
        record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
        for k in range(0, len(plan.send), 1000):
            some = plan.send[k : k + 1000]
            journal.step(run, [], [Intent(job.entry.id, content(job.bill)) for job in some])
            journal.step(
                run,
                [
                    Change(
                        job.entry.id,
                        State.CREATED,
                        Status.CREATED,
                        light_id=ids[job.bill.index],
                        light_state="IN_DRAFT",
                        light_amount=job.bill.amount,
                        line_ids=tuple(f"{ids[job.bill.index][:-1]}{n}" for n in range(5)),
                    )
                    for job in some
                ],
                [],
            )


def fill_sandbox(path: Path, folder: Path, reference: Reference) -> tuple[str, dict[int, str]]:
    """A sandbox's database with the bills in it, without their lines, which no list shows.

    The company's id, and the ids of the bills by index.
    """
    from importer.light.codec import bill_to_json
    from importer.sandbox import answer_models, request_bodies
    from importer.sandbox.store import INSERT_BILL, Store, bill_row

    store = Store(path, reference)
    chance = random.Random(1)
    ids = {}
    rows = []
    for bill in checked_bills(folder):
        header, _ = request_bodies.read_new_bill(bill_to_json(bill), store.company)
        bill_id = ids[bill.index] = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        now = store.now()
        row = bill_row(answer_models.new_bill(bill_id, store.company.id, now, header))
        rows.append(row | {"created_at": now, "visible_at": now, "version": 1})
    with store.transaction() as connection:
        connection.execute(INSERT_BILL, rows)
    store.close()
    return store.company.id, ids


@contextmanager
def sandbox(database: Path) -> Iterator[str]:
    """A sandbox in a process of its own, for as long as the block lasts; its address."""
    command = [sys.executable, "-m", "importer", "sandbox", "--port", "0", "--database",
               str(database),
               "--requests-per-minute", NO_LIMIT, "--requests-per-day", NO_LIMIT]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" listens on ")[1].split()[0]
        finally:
            process.terminate()


def load(folder: Path, files: list[str], base_url: str) -> Took:
    """One load, as it is typed."""
    command = [sys.executable, "-m", "importer", "load", *files, "--yes",
               "--base-url", base_url, "--journal", str(folder / "journal.sqlite"),
               "--requests-per-minute", NO_LIMIT, "--requests-per-day", NO_LIMIT,
               "--result", str(folder / "out.csv")]  # fmt: skip
    environment = {**os.environ, "LIGHT_API_KEY": "sandbox", "LIGHT_IMPORT_HOME": str(folder)}
    (folder / "out.csv").unlink(missing_ok=True)
    return measured(command, environment=environment)


def resumed(bills: int, *, found: bool = False, folder: Path | None = None) -> Took:
    """A load of so many bills that are all in the journal; ``found``: in Light only."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or Path(temporary)
        # In a process of its own: the peak of one that is started begins with that of its parent.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            files = pool.submit(_fill, folder, bills, found=found).result()
        with sandbox(folder / "sandbox.sqlite") as base_url:
            return load(folder, files, base_url)


def _fill(folder: Path, bills: int, *, found: bool) -> list[str]:
    reference = load_reference()
    files = write_sheets(folder, bills, reference)
    company, ids = fill_sandbox(folder / "sandbox.sqlite", folder, reference)
    if not found:
        fill_journal(folder, company, ids)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bills", type=int, default=100_000)
    parser.add_argument("--found", action="store_true", help="in Light, and not in the journal")
    options = parser.parse_args()
    took = resumed(options.bills, found=options.found)
    print(took.said)
    print(f"{took.seconds:.1f} s, {took.cpu:.1f} s of CPU, {took.megabytes:,.0f} MB")


if __name__ == "__main__":
    main()
