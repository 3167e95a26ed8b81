"""No query of the journal looks through all bills to find some."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importer.loading.journal.cancellation_records import unfinished_undo
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.journal.verification_records import read_backs
from importer.loading.plan import plan_from_journal, record
from importer.model.bills import Bill, LineItem
from importer.model.journal_states import State, Status, Step, StepKind, StepState
from importer.model.run_rows import BillRows

Said = list[tuple[str, Any]]


@pytest.fixture
def said() -> Iterator[Said]:
    """All statements that are sent to any database, with their first parameters."""
    out: Said = []

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


def looked_through(said: Said, path: Path) -> tuple[set[str], set[str]]:
    """The statements there were, and those of them that look through a whole table."""
    plans = set()
    with sqlite3.connect(path) as db:
        for statement, parameters in said:
            if statement.split()[0] in ("SELECT", "UPDATE", "INSERT", "DELETE"):
                for step in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                    plans.add((step[3], statement))
    # json_each is the list that was asked for
    scans = {at for at in plans if at[0].startswith("SCAN") and "VIRTUAL TABLE" not in at[0]}
    return {statement for _, statement in plans}, {statement for _, statement in scans}


def test_journal_queries_use_indexes(tmp_path: Path, said: Said) -> None:
    with Journal(tmp_path / "journal.sqlite") as journal:
        run = journal.start_run({})
        said.clear()
        plan = plan_from_journal([bill(i) for i in range(100)], journal)
        entries = [work.entry for work in plan.send]
        assert len(entries) == 100
        record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
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
        statements, scans = looked_through(said, journal.path)
    assert len(statements) >= 15, "they are looked at"
    assert scans == set()


def test_what_became_of_a_bill_is_found_by_run_and_entry(tmp_path: Path, said: Said) -> None:
    with Journal(tmp_path / "journal.sqlite") as journal:
        entry = journal.plan([("identity", "{}")])["identity"].id
        journal.step("run", [Change(entry, State.CREATED, Status.CREATED, light_id="x")], [])
        [(statement, parameters)] = [each for each in said if "UPDATE run_bills" in each[0]]
        with sqlite3.connect(journal.path) as db:
            plans = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert all("run=? AND entry=?" in plan for plan in plans), "one bill, not all of the run"
    assert plans
