"""Any sequence of loads, undos, faults, kills and changes to the sheet: each bill is in Light once,
and each step after its creation was taken once.

Real sandbox, real journal, real processes. A few sequences in the suite, always the same; for more,
and others each time, set the number for each line mode:

    ONCE_MACHINE=50 pytest tests/integration/test_once_machine.py
"""

from __future__ import annotations

import contextlib
import csv
import functools
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import (
    ACCOUNTS,
    COMPANY,
    ENTITIES,
    KEEP,
    PASS,
    VENDORS,
    Fault,
    Request,
    bill_row,
    http,
    proxied,
    refusal,
)
from forked import AtCommit, Logged, logged
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from stdnum import luhn

from importer import sandbox as light

LINE_MODES = ("inline", "separate")
MANY = int(os.environ.get("ONCE_MACHINE", "0"))
LAG = 0.2  # seconds after which Light's list shows a new bill
LOAD = ("load", "--yes", "--json", "--only-valid", "--settle", "0.4", "--timeout", "60")
LOAD += ("--amounts", "cents")
PACE = ("--requests-per-minute", "60000")
Lines = list[tuple[str, int]]
New = list[tuple[str, list[int], str, bool]]

# What the sheet's rows may say of a bill that is there, and of one that is not.
THERE = {"created", "already_loaded", "already_in_light"}
WRONG = {"invalid", "rejected"}
ABSENT = {"not_sent", "invalid", "rejected", "undone"}
UNDONE = ("undo", "--yes", "--json", "--settle", "0.4", "--timeout", "60")
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
# Where a bill may be on its way to what the sheet wants, and where it is in the end.
COURSE = {
    "": ["IN_DRAFT"],
    "submitted": ["IN_DRAFT", "APPROVAL_REQUESTED", "APPROVAL_PENDING"],
    "approved": ["IN_DRAFT", "APPROVAL_REQUESTED", "APPROVAL_PENDING", "UNPAID"],
    "posted": ["IN_DRAFT", "UNPAID"],
    "paid": ["IN_DRAFT", "UNPAID", "PAID"],
}

REFUSED = refusal(422, "No.", "description")
FAULTS = {
    "dropped before": Fault(False, None),
    "dropped after": Fault(True, None),
    "500 before": Fault(False, http(500, {"message": "Internal error."})),
    "500 after": Fault(True, http(500, {"message": "Internal error."})),
    "502 before": Fault(False, http(502, b"<html>Bad Gateway</html>")),
    "502 after": Fault(True, http(502, b"<html>Bad Gateway</html>")),
    "503 after": Fault(True, http(503, Retry_After=0.05)),
    "half a 200": Fault(True, b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"id": "aa'),
    "a 200 that is no JSON": Fault(True, http(200, b"<html>Welcome</html>")),
    "an empty 200": Fault(True, http(200)),
    "closed after its answer": Fault(True, KEEP, close=True),
    "429": Fault(False, http(429, {"message": "Slowly."}, Retry_After=0.05)),
    "401": Fault(False, http(401, {"type": "T", "message": "The key was withdrawn."})),
    "403": Fault(False, http(403, {"type": "T", "message": "Not this one."})),
    "redirected outside": Fault(False, http(307, Location="https://elsewhere.example/v1/x")),
}
faults = st.lists(st.sampled_from(["none", *FAULTS]), max_size=14)


@dataclass(frozen=True)
class Kill:
    """Ends a load: at a commit to its journal, or when a request of it reaches the proxy."""

    commit: AtCommit | None = None
    request: int = 0  # the n-th POST or PATCH, from 1
    arrives: bool = False  # whether that request reaches Light all the same


kills = st.one_of(
    st.builds(
        lambda n, side: Kill(AtCommit(n, side)),
        st.integers(2, 12),
        st.sampled_from(["before", "after"]),
    ),
    st.builds(lambda n, arrives: Kill(None, n, arrives), st.integers(1, 12), st.booleans()),
)


@dataclass(frozen=True)
class Wanted:
    """A bill as the sheet has it."""

    ref: str
    number: str  # bills without one are all alike
    vendor: str
    entity: str
    text: str
    lines: tuple[tuple[str, int], ...]
    off: int = 0  # cents by which its amount is wrong
    target: str = ""  # the column status
    document: str = ""
    reference: str = ""  # a KID

    @property
    def known_by(self) -> str:
        """What tells it apart in Light."""
        return self.number or "alike"

    def corrected(self) -> Wanted:
        lines = tuple((text.replace("Refuse", "Right"), cents) for text, cents in self.lines)
        return replace(self, text=self.text.replace("Refuse", "Right"), lines=lines, off=0)


new_bills = st.lists(
    st.tuples(
        st.sampled_from(["numbered", "numbered", "numbered", "alike", "refused", "invalid"]),
        st.lists(st.sampled_from([100, 100, 250]), min_size=1, max_size=4),
        st.sampled_from(["", "", "submitted", "approved", "posted", "paid"]),
        st.booleans(),  # whether it has a document
    ),
    min_size=1,
    max_size=4,
)


class Once(RuleBasedStateMachine):
    def __init__(self, line_mode: str) -> None:
        super().__init__()
        self.line_mode = line_mode
        self.open = contextlib.ExitStack()
        self.folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        self.home = self.folder / "home"
        (self.folder / "scan.pdf").write_bytes(b"%PDF-1.7 one page")
        self.counted = itertools.count(1)
        self.sheet: list[Wanted] = []
        self.told: dict[str, str] = {}  # by ref: what the last load said of it
        # Where lines go by themselves, Light may have a bill of which it rejects a line.
        self.open_statuses = {"unknown", "not told"} | (
            {"rejected"} if line_mode == "separate" else set()
        )
        self.added = 0

    # --- Light, and the way to it -------------------------------------------------------------

    @initialize(
        new=new_bills,
        lag=st.booleans(),
        duplicated=st.booleans(),
        ahead=st.sampled_from([0, 600, -600]),
    )
    def open_light(self, new: New, lag: bool, duplicated: bool, ahead: int) -> None:
        how = light.SandboxSettings(
            reference=COMPANY,
            requests_per_minute=1_000_000,
            list_lag=LAG if lag else 0.0,
            clock_offset=ahead,
            faults=(light.Fault("duplicated", 0.2, "bill"),) if duplicated else (),
        )
        self.lag = how.list_lag
        self.sandbox = self.open.enter_context(light.running(how))
        self.proxy = self.open.enter_context(proxied(self.sandbox.base_url))
        self.add_rows(new)

    def start(self, names: list[str], kill: Kill | None, undo: str | None = None) -> Logged:
        """A load of the sheet (or the undo of a run), whose n-th change has the n-th fault, and
        which is killed."""
        number = next(self.counted)
        folder = self.folder / f"load-{number}"
        coming, posts = iter(names), itertools.count(1)
        started: Future[Logged] = Future()

        def fault(request: Request) -> Fault:
            if request.method not in ("POST", "PATCH"):
                return PASS
            if kill and next(posts) == kill.request:
                started.result().forked.kill()
                return Fault(kill.arrives and b"Refuse" not in request.body, None)
            if b"Refuse" in request.body:
                return Fault(False, REFUSED)
            return FAULTS.get(next(coming, "none"), PASS)

        self.proxy.fault = fault
        result = self.folder / f"result-{number}.xlsx"
        files = [self.folder / "bills.csv", self.folder / "lines.csv"]
        args = [*LOAD, "--line-mode", self.line_mode, "--base-url", self.proxy.url]
        args = [*UNDONE, undo] if undo else [*args, *map(str, files)]
        load = logged(
            [*args, *PACE, "--result", str(result)],
            folder,
            self.env(),
            kill.commit if kill else None,
        )
        self.open.callback(load.forked.close)
        started.set_result(load)
        return load

    def env(self) -> Mapping[str, str]:
        key = {"LIGHT_API_KEY": light.SandboxSettings.key, "LIGHT_IMPORT_HOME": str(self.home)}
        return os.environ | key

    # --- rules --------------------------------------------------------------------------------
    # Which rules there are may not hang on what a load came to: with real processes that is never
    # quite the same, and hypothesis wants to be able to repeat itself.

    @rule(new=new_bills)
    def add_rows(self, new: New) -> None:
        for kind, cents, target, with_document in new:
            self.added += 1
            i = self.added
            lines = [("Hours", c) for c in cents]  # equal ones among them
            if kind == "refused":
                lines[-1] = ("Refuse", lines[-1][1])
            bill = Wanted(
                f"B{i}",
                f"INV-{i:03}",
                VENDORS[i % 3],
                ENTITIES[0] if i % 2 or target else "",
                f"Bill {i}",
                tuple(lines),
                off=int(kind == "invalid"),
                target=target,
                document="scan.pdf" if with_document else "",
                reference=f"{i}{luhn.calc_check_digit(str(i))}" if i % 3 else "",
            )
            if kind == "alike":
                alike = (("Rent", 300), ("Rent", 300))
                bill = Wanted(f"B{i}", "", VENDORS[0], ENTITIES[0], "Rent", alike)
            self.sheet.insert(i * 7 % (len(self.sheet) + 1), bill)
        self.write()

    @rule(seed=st.integers(0, 99))
    def move_rows(self, seed: int) -> None:
        random.Random(seed).shuffle(self.sheet)
        self.write()

    @rule()
    def correct_what_was_refused(self) -> None:
        self.sheet = [b.corrected() if self.told.get(b.ref) in WRONG else b for b in self.sheet]
        self.write()

    @rule(names=faults)
    def load_with_faults(self, names: list[str]) -> None:
        self.finished(self.start(names, None))

    @rule(names=faults, kill=kills)
    def kill_a_load(self, names: list[str], kill: Kill) -> None:
        before = self.runs()
        load = self.start(names, kill)
        if load.ended() != -signal.SIGKILL:
            self.finished(load)  # it was done before
            return
        self.proxy.idle()
        begun = [run for run in self.runs() if run not in before]
        if begun:  # else nothing was sent
            self.reported(begun[0])
        else:
            self.holds()

    @rule(names=faults, kill=st.none() | kills)
    def load_twice_at_once(self, names: list[str], kill: Kill | None) -> None:
        first = self.start(names, kill)
        fault = self.proxy.fault
        second = self.start([], None)
        self.proxy.fault = fault
        first.ended()
        self.finished(second)

    @rule(names=faults, kill=st.none() | kills)
    def undo_the_last_load(self, names: list[str], kill: Kill | None) -> None:
        """With faults, or killed; then without, so that it comes to its end."""
        if not (runs := self.runs()):
            return
        undo = self.start(names, kill, runs[0])
        if undo.ended() != -signal.SIGKILL:
            self.undone(undo)
        self.proxy.idle()
        undo = self.start([], None, runs[0])
        assert undo.ended() in (0, 1), undo.err
        self.undone(undo)
        self.holds()

    @rule()
    def delete_the_journal(self) -> None:
        """Where nothing is open: what a journal alone knows is lost with it."""
        settled = set(self.told.values()) <= (THERE | ABSENT) - self.open_statuses
        if self.told and settled:
            time.sleep(self.lag)  # what Light does not show nobody can find
            shutil.rmtree(self.home, ignore_errors=True)

    # --- what must hold -----------------------------------------------------------------------

    def write(self) -> None:
        """The sheet as files."""
        bills, lines = [], []
        for i, bill in enumerate(self.sheet):
            bills.append(
                bill_row(
                    i,
                    billRef=bill.ref,
                    vendorId=bill.vendor,
                    companyEntityId=bill.entity,
                    invoiceNumber=bill.number,
                    amount=sum(cents for _, cents in bill.lines) + bill.off,
                    description=bill.text,
                    status=bill.target,
                    document=bill.document,
                    norKidReference=bill.reference,
                    paidFromBankAccountId=BANK if bill.target == "paid" else "",
                    paymentAt="2026-02-01" if bill.target == "paid" else "",
                )
            )
            for text, cents in bill.lines:
                line = {"billRef": bill.ref, "description": text, "netAmount": cents}
                lines.append(line | {"accountId": ACCOUNTS[0]})
        for name, rows in (("bills.csv", bills), ("lines.csv", lines)):
            with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

    def runs(self) -> list[str]:
        """The runs in the journal, the newest first."""
        found = []
        for path in self.home.glob("journals/*.sqlite"):
            with (
                contextlib.closing(sqlite3.connect(path)) as db,
                contextlib.suppress(
                    sqlite3.OperationalError  # killed before the journal had its tables
                ),
            ):
                found += db.execute("SELECT started, id FROM runs").fetchall()
        return [run for _, run in sorted(found, reverse=True)]

    def reported(self, run: str) -> None:
        """What a killed load says of itself afterwards."""
        number = next(self.counted)
        result = self.folder / f"report-{number}.xlsx"
        args = ["report", run, "--json", "--result", str(result)]
        report = logged(args, self.folder / f"report-{number}", self.env())
        self.finished(report)

    def finished(self, command: Logged) -> None:
        """A load or a report came to its end: what it says, and that it is true."""
        code = command.ended()
        assert code in (0, 1, 2, 3, 4), command.err
        assert "Traceback" not in command.err
        self.proxy.idle()
        told = json.loads(command.out)
        counts = dict(told["bills"])
        assert counts.pop("total") == len(self.sheet) == sum(counts.values())
        if told["run"] is None and code in (2, 4):
            self.told = {}  # it stopped before the first bill
            self.holds()
            return
        self.told = rows_of(Path(told["result"]))
        assert Counter(self.told.values()) == counts
        assert set(self.told) == {bill.ref for bill in self.sheet}
        self.holds()

    def undone(self, undo: Logged) -> None:
        """What an undo says of the rows of its run. Those that were added since keep theirs."""
        assert undo.ended() in (0, 1, 4), undo.err
        assert "Traceback" not in undo.err
        result = json.loads(undo.out)["result"]
        refs = {bill.ref for bill in self.sheet}
        rows = rows_of(Path(result)) if result else {}
        self.told |= {ref: status for ref, status in rows.items() if ref in refs}

    def live(self) -> list[dict[str, Any]]:
        """The bills in Light that are not cancelled."""
        return [bill for bill in self.sandbox.bills() if bill["state"] != "CANCELLED"]

    def in_light(self) -> dict[str, list[Lines]]:
        """The lines of each bill, by what it is known by."""
        found: dict[str, list[Lines]] = {}
        for bill in self.live():
            lines = sorted((line["description"], line["netAmount"]) for line in bill["lineItems"])
            found.setdefault(str(bill["invoiceNumber"] or "alike"), []).append(lines)
        return found

    def holds(self) -> None:
        """The promise."""
        self.took_no_other_step()
        there = self.in_light()
        sheet: dict[str, list[Wanted]] = {}
        for bill in self.sheet:
            sheet.setdefault(bill.known_by, []).append(bill)
        assert set(there) <= set(sheet), "Light has a bill that the sheet lacks"
        for known_by, bills in sheet.items():
            made = there.get(known_by, [])
            assert len(made) <= len(bills), f"{known_by} is in Light {len(made)} times"
            statuses = Counter(self.told.get(bill.ref, "not told") for bill in bills)
            sure = sum(statuses[status] for status in THERE)
            open_ = sum(statuses[status] for status in self.open_statuses)
            assert sure <= len(made) <= sure + open_, f"{known_by} is told as {dict(statuses)}"
            if open_ == 0:  # all of them are whole
                whole = sorted(bills[0].lines)
                assert all(lines == whole for lines in made), f"{known_by} has the lines {made}"

    def took_no_other_step(self) -> None:
        """No bill has gone further than the sheet wants; none is paid but in full, none has the
        reference of another."""
        wanted = {bill.number: bill.target for bill in self.sheet}
        references = {bill.number: bill.reference for bill in self.sheet}
        for bill in self.live():
            course = COURSE[wanted.get(str(bill["invoiceNumber"] or ""), "")]
            assert bill["state"] in [*course, "DUPLICATED"], bill["invoiceNumber"]
            reference = references.get(str(bill["invoiceNumber"] or ""), "")
            assert bill["norKidReference"] in (None, reference), bill["invoiceNumber"]
            if bill["state"] not in ("IN_DRAFT", "DUPLICATED"):
                assert (bill["norKidReference"] or "") == reference, bill["invoiceNumber"]

    def took_all_steps(self) -> None:
        """Each bill that this journal created is where the sheet wants it, with its document
        and its reference."""
        created = {"created", "already_loaded"}
        wanted = {b.number: b for b in self.sheet if b.number and self.told[b.ref] in created}
        for bill in self.live():
            row = wanted.get(str(bill["invoiceNumber"] or ""))
            if row is not None and bill["state"] != "DUPLICATED":
                assert bill["state"] == COURSE[row.target][-1], row
                assert (bill["documentName"] or "") == row.document, row
                assert (bill["norKidReference"] or "") == row.reference, row

    def teardown(self) -> None:
        with self.open:
            if not self.sheet:
                return
            self.sheet = [bill.corrected() for bill in self.sheet]
            self.write()
            self.finished(self.start([], None))
            assert set(self.told.values()) <= THERE, "a load without faults leaves nothing open"
            there = self.in_light()
            assert {name: len(bills) for name, bills in there.items()} == Counter(
                bill.known_by for bill in self.sheet
            )
            self.took_all_steps()
            for bill in self.sheet:
                assert all(lines == sorted(bill.lines) for lines in there[bill.known_by])


def rows_of(result: Path) -> dict[str, str]:
    """The status of each bill in a result workbook, by its ref."""
    book = openpyxl.load_workbook(result, read_only=True)
    rows = iter(book["Bills"].iter_rows(values_only=True))
    headers = list(next(rows))
    ref, status = headers.index("billRef"), headers.index("import_status")
    found = {str(row[ref]): str(row[status]) for row in rows}
    book.close()
    return found


@pytest.mark.parametrize("line_mode", LINE_MODES)
def test_each_bill_and_step_happens_once(line_mode: str) -> None:
    machine: Callable[[], RuleBasedStateMachine] = functools.partial(Once, line_mode)
    how = settings(
        max_examples=MANY or 3,
        stateful_step_count=12 if MANY else 8,
        derandomize=not MANY,
        deadline=None,
        phases=(Phase.generate,),  # as they are: making them smaller takes very long
        suppress_health_check=list(HealthCheck),
    )
    run_machine(machine, settings=how)
