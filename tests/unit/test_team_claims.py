"""Several runs in one team's journal: a bill is one run's at a time, whatever is lost."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import filelock
import psycopg
import pytest
import sqlalchemy as sa
from postgres_server import team_journal

from importer.core.errors import JournalProblem
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace, TeamJournal
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.journal.twin_records import entries_of_light_ids
from importer.loading.journal.vendor_records import (
    VendorRecord,
    VendorState,
    save_vendors,
    vendor_records,
)
from importer.loading.operation import write_records
from importer.model.journal_states import Holder, State, Status
from importer.model.light_objects import NewVendor

BILLS = [("one", "{}"), ("two", "{}")]


@pytest.fixture
def place(postgres: str) -> TeamJournal:
    return team_journal(postgres)


@contextlib.contextmanager
def load(place: JournalPlace, run: str, person: str = "anna on laptop") -> Iterator[Journal]:
    with Journal(place) as journal:
        lock = journal.load_lock(run, person)
        lock.acquire(timeout=0)
        try:
            yield journal
        finally:
            lock.release()


def session_of(journal: Journal) -> int:
    with journal.reading() as db:
        return int(db.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def number(journal: Journal) -> int:
    with journal.reading() as db:
        return int(db.scalar(sa.text("SELECT 1")))


def kill(place: TeamJournal, session: int) -> None:
    with psycopg.connect(place.dsn, autocommit=True) as db:
        db.execute("SELECT pg_terminate_backend(%s, 5000)", (session,))


def test_a_bill_is_claimed_by_one_run_at_a_time(place: TeamJournal) -> None:
    with load(place, "r-1") as first, load(place, "r-2") as second:
        one, two = first.plan(BILLS).values()
        assert first.claim([one]) == {}
        assert second.claim([one, two]) == {one.id: Holder("r-1", "anna on laptop", "planned")}
        assert first.claim([two]) == {two.id: Holder("r-2", "anna on laptop", "planned")}
        with pytest.raises(JournalProblem, match="Another run has claimed"):
            second.step("r-2", [], [Intent(one.id, "{}")])
        second.step("r-2", [Change(one.id, State.FOUND, light_id="x")], [])
        assert first.plan(BILLS)["one"].state is State.PLANNED
    with load(place, "r-3") as third:
        assert third.claim([one, two]) == {}


def test_an_entry_that_changed_since_it_was_read_is_not_claimed(place: TeamJournal) -> None:
    with load(place, "r-2") as second:
        one = second.plan(BILLS)["one"]
        with load(place, "r-1") as first:
            first.claim([one])
            first.step("r-1", [Change(one.id, State.CREATED, light_id="x")], [])
        assert second.claim([one]) == {one.id: None}
        assert second.claim([second.plan(BILLS)["one"]]) == {}


def test_what_a_run_left_that_is_gone_may_be_claimed(place: TeamJournal) -> None:
    with load(place, "r-1") as first, load(place, "r-2") as second:
        one = first.plan(BILLS)["one"]
        first.claim([one])
        first.step("r-1", [], [Intent(one.id, "{}")])
        sent = second.plan(BILLS)["one"]
        assert list(second.claim([sent])) == [one.id]
        kill(place, session_of(first))
        assert second.claim([sent]) == {}
        assert sent.state is State.SENDING, "it is looked up"
        with pytest.raises(JournalProblem, match="Another run has claimed"):
            first.step("r-1", [], [Intent(one.id, "{}")])


def test_an_undo_waits_for_loads_and_loads_wait_for_it(place: TeamJournal) -> None:
    with Journal(place) as undo, Journal(place) as other:
        with load(place, "r-1"), pytest.raises(filelock.Timeout):
            undo.lock().acquire(timeout=0)
        lock = undo.lock()
        lock.acquire(timeout=0)
        with pytest.raises(filelock.Timeout):
            other.load_lock("r-2", "").acquire(timeout=0)
        lock.release()
        other.load_lock("r-2", "").acquire(timeout=0)


def test_one_load_at_a_time_creates_vendors(place: TeamJournal) -> None:
    vendor = NewVendor("key", {"name": "Marlow Glassworks"})
    sent = VendorRecord("key", "Marlow Glassworks", VendorState.SENDING, "r-1", 1)
    with load(place, "r-1") as first, load(place, "r-2") as second:
        lock = first.vendor_lock()
        lock.acquire(timeout=0)
        save_vendors(first, [sent])
        with pytest.raises(filelock.Timeout):
            second.vendor_lock().acquire(timeout=0)
        lock.release()
        second.vendor_lock().acquire(timeout=0)
        assert vendor_records(second, [vendor])["key"].state is VendorState.SENDING


def test_a_run_whose_session_is_killed_connects_again_and_keeps_its_claims(
    place: TeamJournal,
) -> None:
    with load(place, "r-1") as first, load(place, "r-2") as second:
        one = first.plan(BILLS)["one"]
        first.claim([one])
        kill(place, session_of(first))
        first.step("r-1", [], [Intent(one.id, "{}")])
        assert list(second.claim([second.plan(BILLS)["one"]])) == [one.id]


def test_records_are_written_once_when_the_session_dies_between(place: TeamJournal) -> None:
    with load(place, "r-1") as journal:
        one = journal.plan(BILLS)["one"]
        journal.claim([one])
        calls = []

        def write() -> None:
            journal.step("r-1", [], [Intent(one.id, "{}")])
            calls.append(1)
            if len(calls) == 1:
                kill(place, session_of(journal))
            journal.step("r-1", [Change(one.id, State.CREATED, light_id="x")], [])

        journal.in_one_commit(write)
        entry = journal.plan(BILLS)["one"]
    assert (len(calls), entry.attempts, entry.state) == (2, 1, State.CREATED)


def test_what_is_read_is_asked_again_when_the_session_is_gone(place: TeamJournal) -> None:
    """A session that has just answered is not asked whether it is still there."""
    with load(place, "r-1") as journal, psycopg.connect(place.dsn, autocommit=True) as killer:
        journal.start_run({}, "r-1")
        one = journal.plan(BILLS)["one"]
        journal.claim([one])
        journal.step("r-1", [Change(one.id, State.FOUND, light_id="x")], [])
        for read, expected in (
            (lambda: journal.owned(["x"]), {"x"}),
            (lambda: journal.undone(["x"]), set()),
            (lambda: journal.entries_of(BILLS)["one"].light_id, "x"),
            (lambda: [run.id for run in journal.runs()], ["r-1"]),
            (lambda: journal.steps([one.id]), {}),
            (lambda: entries_of_light_ids(journal, ["x"]), {"x": one.id}),
            (lambda: number(journal), 1),
        ):
            killer.execute("SELECT pg_terminate_backend(%s, 5000)", (session_of(journal),))
            assert read() == expected
        assert journal.claim([one]) == {one.id: None}, "the entry has changed, and is ours still"


class CommitCutter:
    """A proxy before the database that loses the answer to one COMMIT; ``before``: the COMMIT."""

    def __init__(self, folder: str, *, before: bool) -> None:
        self.before, self.armed, self.cut = before, False, 0
        self._folder = folder
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._folder}/.s.PGSQL.5432")
        back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
        back.start()
        while data := client.recv(65536):
            if self.armed and b"COMMIT" in data:
                self.armed, self.cut = False, self.cut + 1
                if not self.before:
                    client.shutdown(socket.SHUT_WR)  # its answer goes nowhere
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    back.join()
                break
            server.sendall(data)
        for each in (client, server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        back.join()
        client.close()
        server.close()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with contextlib.suppress(OSError):
                    target.sendall(data)

    def close(self) -> None:
        self._server.close()


@pytest.mark.parametrize("before", [True, False], ids=["commit lost", "answer lost"])
def test_a_commit_whose_answer_is_lost_is_not_repeated(place: TeamJournal, before: bool) -> None:
    folder = place.dsn.rpartition("host=")[2]
    cutter = CommitCutter(folder, before=before)
    try:
        address = f"postgresql://postgres@127.0.0.1:{cutter.port}/postgres"
        with load(team_journal(address, place.company), "r-1") as journal:
            one, two = journal.plan(BILLS).values()
            journal.claim([one, two])
            cutter.armed = True
            write_records(journal, "r-1", [Intent(one.id, "{}")])
            done = Change(one.id, State.CREATED, Status.CREATED, light_id="x")
            write_records(journal, "r-1", [done, Intent(two.id, "{}")])
            entries = journal.plan(BILLS)
    finally:
        cutter.close()
    assert cutter.cut == 1
    assert [entry.attempts for entry in entries.values()] == [1, 1]
    assert [entry.state for entry in entries.values()] == [State.CREATED, State.SENDING]
