"""No query of the journal looks through all bills to find some."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importer.loading.journal.cancellation_records import unfinished_undo
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace, TeamJournal
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.journal.verification_records import read_backs
from importer.loading.plan import plan_from_journal, record
from importer.model.bills import Bill, LineItem
from importer.model.journal_states import State, Status, Step, StepKind, StepState
from importer.model.run_rows import BillRows

Said = list[tuple[str, Any]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    """All statements that are sent to any database, with their first parameters."""
    import psycopg

    out: Said = []
    executemany = psycopg.Cursor.executemany

    def note_many(self: Any, statement: str, rows: Any, **how: Any) -> None:
        out.append((statement, rows[0]))
        executemany(self, statement, rows, **how)

    # What goes to PostgreSQL together goes past SQLAlchemy.
    monkeypatch.setattr(psycopg.Cursor, "executemany", note_many)

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        out.append((statement, parameters[0] if many else parameters))

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    yield out
    sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


def bill(i: int, *, entity: str | None = "entity") -> Bill:
    """Every third bill has no number; some of these are alike but for their lines."""
    line = LineItem(i, 0, 2 + i, net_amount=100, description=f"line {i}")
    number = f"INV-{i}" if i % 3 else None
    given = {"vendor_id": "vendor", "company_entity_id": entity, "invoice_number": number}
    return Bill(i, 0, 2 + i, "EUR", 100, False, (line,), **given)


def looked_through(said: Said, place: JournalPlace) -> tuple[set[str], set[str]]:
    """The statements there were, and those of them that look through a whole table."""
    some = [each for each in said if each[0].split()[0] in ("SELECT", "UPDATE", "INSERT", "DELETE")]
    if isinstance(place, TeamJournal):
        plans = {(step, statement) for statement, step in postgresql_plans(some, place)}
        scans = {at for at in plans if WHOLE.search(at[0])}
    else:
        with sqlite3.connect(place) as db:
            plans = {
                (step[3], statement)
                for statement, parameters in some
                for step in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            }
        # json_each is the list that was asked for
        scans = {at for at in plans if at[0].startswith("SCAN") and "VIRTUAL TABLE" not in at[0]}
    return {statement for _, statement in plans}, {statement for _, statement in scans}


# All rows of all companies, or all rows of one.
WHOLE = re.compile(
    r"Seq Scan on all_|Index Cond: \(journal = \(current_setting\([^)]*\)\)::bigint\)$"
)


def postgresql_plans(some: Said, place: TeamJournal) -> Iterator[tuple[str, str]]:
    """Each statement and step, in a company of 20,000 other bills."""
    import psycopg

    with psycopg.connect(place.dsn, cursor_factory=psycopg.ClientCursor) as db:
        db.execute("SET search_path = light_import")
        of_company = "SELECT id FROM journals WHERE company = %s"
        (number,) = db.execute(of_company, (place.company,)).fetchone() or (None,)
        db.execute("SELECT set_config('light_import.journal', %s, true)", (str(number),))
        db.execute(
            "INSERT INTO entries (identity, content, state, light_id)"
            " SELECT 'other' || n, '', 'created', 'other' || n FROM generate_series(1, 20000) n"
        )
        db.execute(
            "INSERT INTO run_bills (run, entry) SELECT 'another', id FROM entries"
            " WHERE content = ''"
        )
        db.execute(
            "INSERT INTO steps (entry, kind, state) SELECT id, 'post', 'done' FROM entries"
            " WHERE content = ''"
        )
        db.execute("ANALYZE all_entries, all_run_bills, all_steps")
        for statement, parameters in some:
            if "FROM pg_tables" in statement or "journals" in statement:
                continue
            for (step,) in db.execute(f"EXPLAIN {statement}", parameters or None):
                yield statement, step
        db.rollback()


def test_journal_queries_use_indexes(place: JournalPlace, said: Said) -> None:
    with Journal(place) as journal:
        run = journal.start_run({})
        said.clear()
        plan = plan_from_journal([bill(i) for i in range(100)], journal)
        entries = [work.entry for work in plan.send]
        assert len(entries) == 100
        record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
        assert journal.held_by_others([e.id for e in entries]) == {}
        journal.step(run, [], [Intent(e.id, "{}") for e in entries])
        ids = [f"light-{e.id}" for e in entries]
        done = [
            Change(e.id, State.CREATED, Status.CREATED, light_id=light_id)
            for e, light_id in zip(entries, ids, strict=True)
        ]
        journal.step(run, done, [])
        step = Step(entries[0].id, StepKind.POST, StepState.DONE)
        journal.save_steps([step], "UNPAID")
        # Of these ten are new, and the others' entity is left out now.
        again = [bill(i, entity=None) for i in range(110)]
        plan = plan_from_journal(again, journal)
        assert (len(plan.settled), len(plan.send)) == (100, 10)
        assert journal.owned([*ids, "another"]) == set(ids)
        assert journal.undone(ids) == set()
        assert unfinished_undo(journal, [e.id for e in entries]) is None
        assert list(journal.steps(e.id for e in entries)) == [entries[0].id]
        plan_from_journal(again, journal, dry=True)
        read_backs(journal, run)
        assert len(journal.outcomes(run, contents=False)) == len(journal.outcomes(run)) == 100
        journal.finish_run(run, {})
        statements, scans = looked_through(said, place)
    assert len(statements) >= 15, "they are looked at"
    assert scans == set()


def test_what_became_of_a_bill_is_found_by_run_and_entry(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:
        entry = journal.plan([("identity", "{}")])["identity"].id
        journal.step("run", [Change(entry, State.CREATED, Status.CREATED, light_id="x")], [])
        [(statement, parameters)] = [each for each in said if "UPDATE run_bills" in each[0]]
        with sqlite3.connect(path) as db:
            plans = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert all("run=? AND entry=?" in plan for plan in plans), "one bill, not all of the run"
    assert plans
