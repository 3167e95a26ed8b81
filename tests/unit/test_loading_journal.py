"""The journal: what it has taken stays, for every process that opens it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from conftest import calls
from postgres_server import team_journal

from importer.core.errors import JournalProblem
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace
from importer.loading.journal.journal_records import Change, Intent, rows_from_row
from importer.loading.journal.run_figures import created_before, figures_now
from importer.model.journal_states import BillOutcome, DamagedRecord, State, Status
from importer.model.run_rows import BillRows

BILLS = [("one", '{"amount": 1}'), ("two", '{"amount": 2}')]


def _open(place: JournalPlace, ready: threading.Barrier, problems: list[str]) -> None:
    ready.wait()
    try:
        with Journal(place) as journal:
            journal.runs()
    except JournalProblem as problem:
        problems.append(str(problem))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_new_journal_can_be_opened_by_many_at_once(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    of_team = engine == "postgresql"
    for attempt in range(1 if of_team else 5):
        problems: list[str] = []
        place: JournalPlace = tmp_path / f"{attempt}.sqlite"
        if of_team:
            place = team_journal(request.getfixturevalue("database"), "one company")
        told = (place, threading.Barrier(8), problems)
        threads = [threading.Thread(target=_open, args=told) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.sqlite"
    with Journal(path):
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    Journal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalProblem, match="newer version"):
        Journal(path)


def test_an_intent_is_durable_before_the_step_returns(place: JournalPlace) -> None:
    with Journal(place) as journal:
        entries = journal.plan(BILLS)
        run = journal.start_run({})
        journal.step(run, [], [Intent(entries["one"].id, "sent")])
        with Journal(place) as other:  # as another process sees it
            found = [
                (entry.state, entry.attempts, entry.content)
                for entry in other.entries_of(BILLS).values()
            ]
    assert found == [("sending", 1, "sent"), ("planned", 0, BILLS[1][1])]


def test_an_attempt_that_did_not_take_place_is_not_counted(place: JournalPlace) -> None:
    with Journal(place) as journal:
        entry = journal.plan(BILLS)["one"].id
        run = journal.start_run({})
        journal.assign(run, [(entry, BillRows(), None)])
        journal.step(run, [], [Intent(entry, "x")])
        journal.step(run, [Change(entry, State.PLANNED, unsent=True)], [])
        outcome = journal.outcomes(run)[entry]
        found = outcome.entry
    assert (outcome.status, found.attempts, found.state) == (Status.NOT_SENT, 0, State.PLANNED)


def test_one_bill_in_light_never_has_two_entries(place: JournalPlace) -> None:
    with Journal(place) as journal:
        one, two = (entry.id for entry in journal.plan(BILLS).values())
        run = journal.start_run({})
        journal.step(run, [Change(one, State.CREATED, light_id="b-1")], [])
        with pytest.raises(JournalProblem):
            journal.step(run, [Change(two, State.UNKNOWN, light_id="b-1")], [])
        journal.step(run, [Change(one, State.PLANNED)], [])
        journal.step(run, [Change(two, State.CREATED, light_id="b-1")], [])
        assert journal.owned(["b-1"]) == {"b-1"}


def test_a_refused_bill_is_planned_anew_and_a_created_one_stays(place: JournalPlace) -> None:
    with Journal(place) as journal:
        known = journal.plan(BILLS)
        one, two = known["one"].id, known["two"].id
        run = journal.start_run({})
        journal.assign(run, [(one, BillRows(), None), (two, BillRows(), None)])
        changes = [
            Change(one, State.REJECTED, Status.REJECTED, message="No."),
            Change(two, State.CREATED, Status.CREATED, light_id="b-2"),
        ]
        journal.step(run, changes, [])
        again = journal.plan([("one", "new"), ("two", "new")])
        assert (again["one"].state, again["one"].content) == (State.PLANNED, "new")
        assert again["one"].message == ""
        assert (again["two"].state, again["two"].content) == (State.CREATED, BILLS[1][1])
        # The run that was refused goes on saying so.
        outcome = journal.outcomes(run)[one]
        assert (outcome.status, outcome.message) == (Status.REJECTED, "No.")
        assert journal.owned(["b-1", "b-2"]) == {"b-2"}


def test_next_run_names_the_killed_run_that_created_a_bill(
    place: JournalPlace,
) -> None:
    with Journal(place) as journal:
        entries = [entry.id for entry in journal.plan([(n, "{}") for n in "abcd"]).values()]
        a, b, c, d = entries
        killed, again = journal.start_run({}, "1"), journal.start_run({}, "2")
        journal.assign(killed, [(entry, BillRows(), None) for entry in entries])
        done = [Change(e, State.CREATED, Status.CREATED, light_id=f"b-{e}") for e in (a, b)]
        journal.step(killed, done, [Intent(c, "{}")])
        before = journal.outcomes(killed)
        loaded = [(e, BillOutcome(Status.ALREADY_LOADED, before[e].entry)) for e in (a, b)]
        assigned = [(e, BillRows(), outcome) for e, outcome in [*loaded, (c, None), (d, None)]]
        journal.assign(again, assigned)
        done = [Change(e, State.CREATED, Status.CREATED, light_id=f"b-{e}") for e in (c, d)]
        journal.step(again, done, [])
        assert created_before(journal, again) == {killed: (2, 0)}
        assert created_before(journal, killed) == {}


def loaded(journal: Journal, n: int) -> str:
    """A run with so many bills of 0.50 and two lines each, all but the first created."""
    content = '{"currency": "GBP", "lineItems": [{}, {}]}'
    entries = [entry.id for entry in journal.plan([(f"{i}", content) for i in range(n)]).values()]
    run = journal.start_run({})
    journal.assign(run, [(entry, BillRows(), None) for entry in entries])
    states = State.CREATED, Status.CREATED
    created = [Change(e, *states, light_id=f"b-{e}", light_amount=50) for e in entries[1:]]
    journal.step(run, created, [])
    return run


def test_figures_of_a_run_are_those_of_its_bills(place: JournalPlace) -> None:
    with Journal(place) as journal:
        figures = figures_now(journal, loaded(journal, 3))
    assert figures == ({"created": 4, "not_sent": 2}, {"GBP": 100})


def test_figures_of_a_run_take_as_much_work_whatever_its_bills(tmp_path: Path) -> None:
    """The database adds them up: no content of a bill is read."""
    work = []
    for n in (4, 200):
        with Journal(tmp_path / f"{n}.sqlite") as journal:
            run = loaded(journal, n)
            for _ in range(2):  # SQLAlchemy compiles the statement once
                with calls() as count:
                    figures_now(journal, run)
            work.append(count[0])
    few, more = work
    assert more < 1.5 * few


def test_damaged_file_name_of_a_run_is_called_damaged() -> None:
    with pytest.raises(DamagedRecord, match="the rows of entry 1"):
        rows_from_row((1, b"\x00", None, 2, "i", "[]", None))


def test_texts_of_any_characters_are_written(place: JournalPlace) -> None:
    with Journal(place) as journal:
        entry = journal.plan(BILLS)["one"].id
        run = journal.start_run({"who": "Zoë 漢字 \0 %s :x ?"})
        change = Change(
            entry, State.REJECTED, Status.REJECTED, message="a\0b % :key ? 漢", light_amount=2**62
        )
        journal.assign(run, [(entry, BillRows(), None)])
        journal.step(run, [change], [])
        outcome = journal.outcomes(run)[entry]
        assert outcome.message.replace("\N{REPLACEMENT CHARACTER}", "\0") == change.message
        assert outcome.entry.light_amount == 2**62
        assert journal.runs()[0].facts == {"who": "Zoë 漢字 \0 %s :x ?"}
