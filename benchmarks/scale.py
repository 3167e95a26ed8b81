"""What the statements of a load cost in one PostgreSQL of many companies with many bills.

    python benchmarks/scale.py [--companies 1000] [--bills 5000]

Makes a database of so many companies with so many bills each, of two line items, as loads leave
them, and prints its size and how long the statements of a load and the command ``runs`` take.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from team import postgres

from importer.core.postgres_connection import database_words
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import TeamJournal
from importer.loading.journal.journal_records import Intent
from importer.loading.journal.team_store import prepare_team

BASE_URL = "https://api.light.inc"
CONTENT = (
    '{"vendorId":"%s","companyEntityId":"%s","invoiceNumber":"INV-%s","issuedDate":"2026-01-05",'
    '"dueDate":"2026-02-04","currency":"GBP","amount":12000,"description":"Office supplies",'
    '"properties":[],"lineItems":[{"netAmount":4000,"description":"Paper","accountId":"%s",'
    '"properties":[]},{"netAmount":6000,"description":"Toner","accountId":"%s","properties":[]}]}'
)
UUID = "md5({} || i || j)::uuid::text"
FILL = f"""
    INSERT INTO light_import.all_runs (journal, id, started, finished, facts, summary, version)
    SELECT j, 'run-' || j, '2026-01-05T10:00:00+00:00', '2026-01-05T10:05:00+00:00',
        '{{"company": "Company ' || j || '", "who": "anna", "host": "laptop"}}',
        '{{"bills": {{"total": %(bills)s, "created": %(bills)s}}}}', '1'
    FROM generate_series(%(first)s::int, %(last)s) AS j;
    INSERT INTO light_import.all_entries (journal, identity, content, state, attempts, first_sent,
        last_sent, settled, light_id, light_state, light_amount, line_ids, alone, message)
    SELECT j, '["{BASE_URL}","' || {UUID.format("'e'")} || '","INV-' || i || '"]',
        format(%(content)s, {UUID.format("'v'")}, {UUID.format("'e'")}, i, {UUID.format("'a'")},
            {UUID.format("'b'")}),
        'created', 1, '2026-01-05T10:00:00+00:00', '2026-01-05T10:00:00+00:00',
        '2026-01-05T10:00:01+00:00', {UUID.format("'l'")}, 'IN_DRAFT', 12000,
        '["' || {UUID.format("'x'")} || '","' || {UUID.format("'y'")} || '"]', false, ''
    FROM generate_series(%(first)s::int, %(last)s) AS j, generate_series(1, %(bills)s::int) AS i;
    INSERT INTO light_import.all_run_bills (journal, run, entry, file, sheet, row, identity, lines,
        position, status, message, partial)
    SELECT journal, 'run-' || journal, id, 'bills.csv', NULL, id %% %(bills)s, md5(id::text),
        '[[2,"' || md5('p' || id) || '"],[3,"' || md5('q' || id) || '"]]', id %% %(bills)s,
        NULL, '', ''
    FROM light_import.all_entries WHERE journal BETWEEN %(first)s AND %(last)s
"""
CHUNK = 20  # companies


def fill(address: str, companies: int, bills: int) -> None:
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("ALTER SYSTEM SET fsync = off")
        db.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        db.execute("SELECT pg_reload_conf()")
        db.execute(
            "INSERT INTO light_import.journals (id, base_url, company)"
            " SELECT j, %s, 'company-' || j FROM generate_series(1, %s::int) AS j",
            (BASE_URL, companies),
        )
    with psycopg.ClientCursor(psycopg.connect(address, autocommit=True)) as cursor:
        for first in range(1, companies + 1, CHUNK):
            last = min(first + CHUNK - 1, companies)
            values = {"first": first, "last": last, "bills": bills, "content": CONTENT}
            cursor.execute(FILL, values)
        cursor.execute("VACUUM ANALYZE")


def sizes(address: str, total: int) -> None:
    with psycopg.connect(address) as db:
        for table in ("all_entries", "all_run_bills"):
            query = f"SELECT pg_total_relation_size('light_import.{table}')"
            row = db.execute(query).fetchone()
            size = row[0] if row else 0
            print(f"{table}: {size / 1e9:.2f} GB, {size / total / 1e3:.2f} kB a bill")


def timed(name: str, act: Callable[[], object]) -> None:
    began = time.monotonic()
    act()
    print(f"{name}: {time.monotonic() - began:.3f} s", flush=True)


def statements(address: str, companies: int, bills: int) -> None:
    place = TeamJournal(address, database_words(address), BASE_URL, f"company-{companies // 2}")
    timed("open a journal", lambda: Journal(place).close())
    with Journal(place) as journal:
        new = [(f'["new","{i}"]', "{}") for i in range(1_000)]
        timed("look up and plan 1,000 new bills", lambda: journal.plan(new))
        entries = [*journal.plan(new).values()]
        with psycopg.connect(address) as db:
            query = "SELECT light_id FROM light_import.all_entries WHERE journal = %s LIMIT 1000"
            ids = [row[0] for row in db.execute(query, (companies // 2,))]
        timed("whose are 1,000 ids of Light", lambda: journal.owned(ids))
        run = journal.start_run({"company": "x"})
        lock = journal.load_lock(run, "anna")
        lock.acquire(timeout=10)
        timed("claim 1,000 bills", lambda: journal.claim(entries))
        seconds = []
        for entry in entries[:200]:
            began = time.monotonic()
            journal.step(run, (), [Intent(entry.id, CONTENT)])
            seconds.append(time.monotonic() - began)
        lock.release()
    low, high = statistics.median(seconds), sorted(seconds)[-3]
    print(f"an intent: {low * 1000:.1f} ms (median), {high * 1000:.1f} ms (99 of 100)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--companies", type=int, default=1_000)
    parser.add_argument("--bills", type=int, default=5_000, help="of each company")
    options = parser.parse_args()
    companies, bills = options.companies, options.bills
    with tempfile.TemporaryDirectory(prefix="li-scale-") as name:
        server = postgres(Path(name) / "data")
        try:
            address = server.get_uri()
            prepare_team(address)
            timed(f"made {companies * bills:,} bills", lambda: fill(address, companies, bills))
            sizes(address, companies * bills)
            statements(address, companies, bills)
            words = [sys.executable, "-m", "importer", "runs", "--journal", address]
            home = os.environ | {"LIGHT_IMPORT_HOME": name}
            timed(
                f"runs with {companies:,} companies",
                lambda: subprocess.run(words, env=home, check=True, stdout=subprocess.DEVNULL),
            )
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
