"""No query of the journal looks through all bills to find some."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importer.loading.journal import Change, Intent, Journal
from importer.records import State, Status

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


def test_bills_are_planned_claimed_and_finished_without_a_scan(tmp_path: Path, said: Said) -> None:
    named = [(f"identity {i}", "{}") for i in range(300)]
    with Journal(tmp_path / "journal.sqlite") as journal:
        run = journal.start_run({})
        said.clear()
        entries = list(journal.plan(named).values())
        journal.known(named)
        journal.assign(run, ((i, e.id, None, "") for i, e in enumerate(entries)))
        journal.step(run, [], [Intent(e.id, e.content) for e in entries])
        journal.step(
            run, [Change(e.id, State.CREATED, Status.CREATED, light_id="x") for e in entries], []
        )
        journal.results(run)
        journal.finish_run(run, {})
        plans = set()
        with sqlite3.connect(journal.path) as db:
            for statement, parameters in said:
                if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
                    for step in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                        plans.add((step[3], statement))
    assert len({statement for _, statement in plans}) >= 6, "they are looked at"
    assert not [plan for plan in plans if plan[0].startswith("SCAN")]
    settled = [plan for plan, statement in plans if statement.startswith("UPDATE run_bills")]
    assert settled
    assert all("run=? AND entry=?" in plan for plan in settled), "one bill, not all of the run"
