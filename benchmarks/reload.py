"""Time and memory of a ``light-import load`` whose bills are all in Light already.

    python benchmarks/reload.py [--bills 100000] [--new-journal]

The journal is filled as by an earlier run that created every bill. With ``--new-journal`` it is
empty, so that the whole list of Light is read. The sandbox has practically no rate limit, and its
database is filled without requests.
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

from measure import Measurement, run_measured

from importer.model.bills import Bill
from importer.sandbox.company_file import Reference, load_reference

LINES_PER_BILL = 5
NO_LIMIT = "10000000"
BILLS = "billRef,vendorId,invoiceNumber,issuedDate,dueDate,currency,amount,lineItemsIncludeTax"
LINES = "billRef,lineNumber,description,netAmount,taxAmount,taxCodeId,accountId"


def write_sheets(folder: Path, bills: int, reference: Reference) -> list[str]:
    """Two files of the sandbox's company, five lines to a bill; the options that name them."""
    rng = random.Random(bills)
    vendors = [v.id for v in reference.vendors.values() if v.status == "ACTIVE"][:400]
    accounts = [a.id for a in reference.accounts.values() if a.status == "ACTIVE"]
    tax_code = next(t.id for t in reference.tax_codes.values() if t.basis_points == 2000)
    with (
        (folder / "bills.csv").open("w", newline="") as bill_file,
        (folder / "lines.csv").open("w", newline="") as line_file,
    ):
        rows, lines = csv.writer(bill_file), csv.writer(line_file)
        rows.writerow(BILLS.split(","))
        lines.writerow(LINES.split(","))
        for i in range(bills):
            total = 0
            for k in range(LINES_PER_BILL):
                net = rng.randrange(20, 200_000) * 5
                total += net + net // 5
                account = accounts[(i + k) % len(accounts)]
                lines.writerow([f"B{i}", k + 1, f"item {i} {k}", net, net // 5, tax_code, account])
            day = f"{1 + i % 28:02d}"
            rows.writerow(
                [
                    f"B{i}",
                    vendors[i % len(vendors)],
                    f"INV-{i:07d}",
                    f"2025-03-{day}",
                    f"2025-04-{day}",
                    "GBP",
                    total,
                    "false",
                ]
            )
    return ["--bills", str(folder / "bills.csv"), "--lines", str(folder / "lines.csv")]


def checked_bills(folder: Path) -> Iterator[Bill]:
    """The valid bills of the two sheets, as ``load`` reads them."""
    from importer.mapping.map_tables import map_tables
    from importer.mapping.template_loader import find_template
    from importer.readers import read_file
    from importer.validation.validate import check

    tables = [t for name in ("bills", "lines") for t in read_file(folder / f"{name}.csv")]
    yield from check(map_tables(tables, find_template("light").template, {})).valid_bills()


def fill_journal(folder: Path, company: str, ids: Mapping[int, str]) -> None:
    """Journal a run that created all bills. ``ids`` are Light's, by bill index."""
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
            batch = plan.send[k : k + 1000]
            journal.step(run, [], [Intent(job.entry.id, content(job.bill)) for job in batch])
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
                    for job in batch
                ],
                [],
            )


def fill_sandbox(path: Path, folder: Path, reference: Reference) -> tuple[str, dict[int, str]]:
    """Write a sandbox database with the bills, without lines, which no list shows.

    Returns the company's id, and the ids of the bills by index.
    """
    from importer.light.codec import bill_to_json
    from importer.sandbox import answer_models, request_bodies
    from importer.sandbox.store import INSERT_BILL, Store, bill_row

    store = Store(path, reference)
    rng = random.Random(1)
    ids = {}
    rows = []
    for bill in checked_bills(folder):
        header, _ = request_bodies.read_new_bill(bill_to_json(bill), store.company)
        bill_id = ids[bill.index] = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        now = store.now()
        row = bill_row(answer_models.new_bill(bill_id, store.company.id, now, header))
        rows.append(row | {"created_at": now, "visible_at": now, "version": 1})
    with store.transaction() as connection:
        connection.execute(INSERT_BILL, rows)
    store.close()
    return store.company.id, ids


@contextmanager
def sandbox(database: Path) -> Iterator[str]:
    """Run a sandbox in a separate process; yields its base URL."""
    command = [
        sys.executable,
        "-m",
        "importer",
        "sandbox",
        "--port",
        "0",
        "--database",
        str(database),
        "--requests-per-minute",
        NO_LIMIT,
        "--requests-per-day",
        NO_LIMIT,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" listens on ")[1].split()[0]
        finally:
            process.terminate()


def load(folder: Path, files: list[str], base_url: str) -> Measurement:
    """Run ``light-import load`` once."""
    command = [
        sys.executable,
        "-m",
        "importer",
        "load",
        *files,
        "--yes",
        "--base-url",
        base_url,
        "--journal",
        str(folder / "journal.sqlite"),
        "--requests-per-minute",
        NO_LIMIT,
        "--requests-per-day",
        NO_LIMIT,
        "--result",
        str(folder / "out.csv"),
    ]
    environment = {**os.environ, "LIGHT_API_KEY": "sandbox", "LIGHT_IMPORT_HOME": str(folder)}
    (folder / "out.csv").unlink(missing_ok=True)
    return run_measured(command, environment=environment)


def reload(bills: int, *, in_journal: bool = True, folder: Path | None = None) -> Measurement:
    """Load bills that are all in Light, and in the journal if ``in_journal``."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or Path(temporary)
        # In a separate process: the peak of a child starts at that of its parent.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            files = pool.submit(_fill, folder, bills, in_journal=in_journal).result()
        with sandbox(folder / "sandbox.sqlite") as base_url:
            return load(folder, files, base_url)


def _fill(folder: Path, bills: int, *, in_journal: bool) -> list[str]:
    reference = load_reference()
    files = write_sheets(folder, bills, reference)
    company, ids = fill_sandbox(folder / "sandbox.sqlite", folder, reference)
    if in_journal:
        fill_journal(folder, company, ids)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bills", type=int, default=100_000)
    parser.add_argument("--new-journal", action="store_true", help="in Light, not in the journal")
    options = parser.parse_args()
    m = reload(options.bills, in_journal=not options.new_journal)
    print(m.stdout)
    print(f"{m.seconds:.1f} s, {m.cpu:.1f} s of CPU, {m.megabytes:,.0f} MB")


if __name__ == "__main__":
    main()
