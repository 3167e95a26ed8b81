"""Light, or what stands before it, lies over real HTTP: each bill and credit note is in Light once,
or its row says what is not known; no step is taken that was not asked for; what is called undone is
not live.

The sandbox's own store is the truth that every claim is checked against. For more examples, and
others each time: LYING_SERVER=500 pytest tests/integration/test_lying_server.py
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ACCOUNTS, COMPANY, ENTITIES, VENDORS, asked, bill_row, write_bills
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from importer.app import (
    CheckRequest,
    LoadOptions,
    PaceOptions,
    Result,
    UndoOptions,
    load,
    runs,
    undo,
)
from importer.core.errors import ImporterError
from importer.model.journal_states import IN_LIGHT, Status
from importer.sandbox import Fault, Sandbox, SandboxSettings, Scripted, running
from importer.sandbox.faults import TARGETS, lies_about
from importer.sandbox.lies import ANOTHER
from importer.sandbox.note_store import ARCHIVED
from importer.sandbox.store import DEAD_STATES

MANY = int(os.environ.get("LYING_SERVER", "0"))
SETTLE = 0.1  # seconds, longer than the list lags
LAG = 0.06
PACE = PaceOptions(requests_per_minute=60_000, timeout=20)
LIED_ABOUT = ("bill", "list", "read", "change")
# In which states a bill or credit note may be, by what was asked for; and which requests take it
# there.
COURSE = {
    "draft": {"IN_DRAFT", "DRAFT"},
    "submitted": {"IN_DRAFT", "APPROVAL_REQUESTED", "APPROVAL_PENDING"},
    "approved": {"IN_DRAFT", "APPROVAL_REQUESTED", "APPROVAL_PENDING", "UNPAID"},
    "posted": {"IN_DRAFT", "UNPAID", "DRAFT", "POSTED", "CLEARED"},
}
ACTS = {
    "submitted": {"submit-for-approval"},
    "approved": {"submit-for-approval", "approve"},
    "posted": {"post"},
}
ALL_ACTS = {"submit-for-approval", "post", "mark-as-paid", "approve", "cancel"}
Row = Mapping[str, Any]


@dataclass
class Company:
    """A sandbox that may lie, a sheet, and the home of who loads it."""

    sandbox: Sandbox
    rows: Sequence[Row]
    then: str
    files: CheckRequest
    strangers: list[Any]
    before: Sequence[Row] = ()  # as the rows were before they were edited

    def edit(self) -> None:
        """Somebody corrects the amounts of the bills; later loads ``update`` them."""
        self.before = self.rows
        self.rows = [
            row | ({"amount": int(row["amount"]) + 7} if row.get("type") != "credit note" else {})
            for row in self.rows
        ]
        write_bills(Path(self.files.sources[0]).parent, self.rows)

    def load(self) -> Result | None:
        """None where it ended before it said anything of a bill."""
        options = LoadOptions(
            base_url=self.sandbox.base_url,
            yes=True,
            pace=PACE,
            settle=SETTLE,
            only_valid=True,
            update=bool(self.before),
        )
        try:
            return load(self.files, options)
        except ImporterError:
            return None

    def undo(self) -> Result | None:
        histories, _ = runs()
        if not histories:
            return None
        options = UndoOptions(histories[0].run, yes=True, settle=SETTLE, pace=PACE)
        try:
            return undo(options)
        except ImporterError:
            return None

    def live(self) -> dict[str, list[dict[str, Any]]]:
        """The bills of the sheet that Light has and did not cancel, by number."""
        found: dict[str, list[dict[str, Any]]] = {
            str(row["invoiceNumber"]): [] for row in self.rows
        }
        for bill in self.documents():
            if bill["state"] not in (*DEAD_STATES, ARCHIVED) and bill not in self.strangers:
                found[bill["invoiceNumber"]].append(bill)
        return found

    def documents(self) -> list[dict[str, Any]]:
        """All bills, and the credit notes as if they were bills of a negative amount."""
        notes = [
            {
                "id": note["id"],
                "invoiceNumber": note["documentNumber"],
                "state": note["status"],
                "amount": -note["amount"],
            }
            for note in self.sandbox.credit_notes()
        ]
        return [*self.sandbox.bills(), *notes]

    def typed_by_others(self) -> None:
        """Somebody else types the bills of the sheet; this is not lied about."""
        self.sandbox.context.faults.active = False
        for row in self.rows:
            asked(self.sandbox, "POST", "invoice-payables", typed(row))
        self.sandbox.context.faults.active = True

    @property
    def acts(self) -> Counter[str]:
        routes = self.sandbox.counters.by_route
        return Counter({route.rpartition("/")[2]: n for route, n in routes.items()})


@contextlib.contextmanager
def company(
    then: str = "draft",
    bills: int = 2,
    *,
    rates: Sequence[tuple[str, str, float]] = (),
    script: Sequence[tuple[str, str, int]] = (),
    seed: int = 0,
    lag: float = 0.0,
    notes: int = 0,
) -> Iterator[Company]:
    """``rates`` are (target, fault, rate), where a fault may be ``lies``: then all of them together
    have the rate; ``script`` is (target, fault, at which request). The first bills of the sheet
    have a credit note each, as far as there are ``notes``. Light has bills of others, of the
    sheet's vendors."""
    faults = []
    for target, name, rate in rates:
        (kind,) = TARGETS[target] if len(TARGETS[target]) == 1 else ("change",)
        share = max(len(lies_about(kind)), 1) if name == "lies" else 1
        faults.append(Fault(name, rate / share, target))
    scripted = tuple(Scripted(name, at, at, target) for target, name, at in script)
    how = SandboxSettings(
        reference=COMPANY,
        requests_per_minute=1_000_000,
        list_lag=lag,
        faults=tuple(faults),
        script=scripted,
        fault_seed=seed,
    )
    same = {"companyEntityId": ENTITIES[0], "norKidReference": "18"}
    rows = [bill_row(i, vendorId=VENDORS[i % 2], **same) for i in range(bills)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(how) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("LIGHT_API_KEY", how.key)
        patch.setenv("LIGHT_IMPORT_HOME", str(Path(folder) / "home"))
        plan = sandbox.context.faults
        plan.active = False
        for row in rows:  # differs by its number alone
            other = {"invoiceNumber": f"{row['invoiceNumber']}-OTHER"}
            asked(sandbox, "POST", "invoice-payables", typed(row) | other)
        strangers = sandbox.bills()
        plan.active = True
        if notes:
            rows = [row | {"type": "bill", "creditsBill": ""} for row in rows]
            rows += [row | credit_note(row) for row in rows[:notes]]
        files = CheckRequest(tuple(write_bills(Path(folder), rows)), "light", then=then)
        yield Company(sandbox, rows, then, files, strangers)


def credit_note(row: Row) -> dict[str, object]:
    """What the row of a credit note that clears a bill has otherwise than that bill's."""
    number = row["invoiceNumber"]
    values = {"billRef": f"{row['billRef']}-C", "type": "credit note", "creditsBill": number}
    return values | {"invoiceNumber": f"CN-{number}", "amount": 100, "norKidReference": ""}


SAME = "vendorId companyEntityId invoiceNumber currency amount issuedDate dueDate description"


def typed(row: Row) -> dict[str, object]:
    """The bill of the row, as somebody else sends it."""
    line = {"netAmount": row["amount"], "description": f"Line of {row['billRef']}"}
    lines = [line | {"accountId": ACCOUNTS[0]}]
    return {name: row[name] for name in SAME.split()} | {
        "lineItemsIncludeTax": False,
        "lineItems": lines,
    }


# --- what must hold ---------------------------------------------------------------------------


def hold(at: Company, result: Result | None) -> None:
    """What is true at any time, whatever Light has said."""
    live, store = at.live(), {bill["id"]: bill for bill in at.documents()}
    assert [store[bill["id"]] for bill in at.strangers] == at.strangers, "a bill of others changed"
    states = {bill["state"] for bills in live.values() for bill in bills}
    assert states <= COURSE[at.then]
    amounts = {str(row["invoiceNumber"]): {cents(row)} for row in at.rows}
    for row in at.before:
        amounts[str(row["invoiceNumber"])].add(cents(row))
    for number, bills in live.items():
        for bill in bills:
            assert bill["amount"] in amounts[number]
            assert bill["state"] == "IN_DRAFT" or _whole(bill), "a part of a change went on"
    assert not set(at.acts) & (ALL_ACTS - ACTS.get(at.then, set()) - {"cancel"})
    if result is None:
        return
    named = [row.result.light_id.lower() for row in result.report.bills if row.result.light_id]
    assert len(set(named)) == len(named), "one bill for two rows"
    for row in result.report.bills:
        outcome, bills = row.result, live[row.invoice_number]
        if outcome.status in IN_LIGHT:
            assert outcome.light_id is not None
            here = [bill for bill in bills if bill["id"] == outcome.light_id.lower()]
            assert here, f"{row.invoice_number} is {outcome.status}, and Light has it not"
            assert row.in_light in (None, here[0]["amount"])
        if outcome.status in (Status.NOT_SENT, Status.INVALID):
            assert not bills, f"{row.invoice_number} is {outcome.status}, and Light has it"
        if outcome.status is Status.UNDONE:
            assert outcome.light_id is None or outcome.light_id.lower() not in {
                bill["id"] for bill in bills
            }, f"{row.invoice_number} is called undone"
    if result.exit_code == 0 and result.summary.command == "load":
        loaded(at, result)


def _whole(bill: Mapping[str, Any]) -> bool:
    """Whether its lines add up to it; those of credit notes are not at hand."""
    lines = bill.get("lineItems")
    return lines is None or sum(line["netAmount"] for line in lines) == bill["amount"]


def loaded(at: Company, result: Result) -> None:
    """Exit code 0: all is done that was asked for, and the totals are Light's."""
    live = at.live()
    for row in result.report.bills:
        assert row.result.status in IN_LIGHT
        if row.result.status is Status.UPDATED:
            here = [b for b in live[row.invoice_number] if b["id"] == row.result.light_id]
            assert _whole(here[0])
        assert all(bill["state"] in COURSE[at.then] for bill in live[row.invoice_number])
        if at.then != "draft":
            named = {bill["id"]: bill["state"] for bill in live[row.invoice_number]}
            assert row.result.light_id is not None
            state = named[row.result.light_id.lower()]
            assert state not in ("IN_DRAFT", "DRAFT", "POSTED"), "the step was not taken"
    (total,) = result.summary.totals
    assert total.created == sum(bill["amount"] for bills in live.values() for bill in bills[:1])


def settled(at: Company, result: Result | None) -> None:
    """After a load without faults: each bill is there once, or a person is told."""
    assert result is not None
    live = at.live()
    told = [finding.message for finding in result.findings]
    told += [f"{row.result.message} {row.result.light_id}" for row in result.report.bills]
    there = []
    for row in result.report.bills:
        bills = live[row.invoice_number]
        assert row.result.status in {*IN_LIGHT, Status.UNKNOWN}, row.result
        for bill in bills if len(bills) > 1 else ():
            assert any(bill["id"] in text.lower() for text in told), "twice, and not named"
        if len(bills) > 1:
            assert result.exit_code == 3
        if row.result.status in IN_LIGHT:
            there += [bill for bill in bills if bill["id"] == (row.result.light_id or "").lower()]
    (total,) = result.summary.totals
    assert total.created == sum(bill["amount"] for bill in there)
    assert total.difference == sum(map(cents, at.rows)) - total.created
    for note in at.sandbox.credit_notes():
        assert note["status"] != "PARTIALLY_CLEARED"


def cents(row: Row) -> int:
    return -int(row["amount"]) if row.get("type") == "credit note" else int(row["amount"])


# --- the tests --------------------------------------------------------------------------------

rates = st.tuples(
    st.sampled_from([0.05, 0.1, 0.2, 0.3]),
    st.sampled_from([0.0, 0.0, 0.1]),  # of connections that close, and of 500 after the act
)


@settings(
    max_examples=MANY or 9,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not MANY,
)
@given(
    then=st.sampled_from(list(COURSE)),
    bills=st.integers(3, 5),
    share=rates,
    lag=st.sampled_from([0.0, LAG]),
    undone=st.booleans(),
    notes=st.integers(0, 2),
    edited=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_each_bill_is_in_light_once_whatever_light_says(
    then: str,
    bills: int,
    share: tuple[float, float],
    lag: float,
    undone: bool,
    notes: int,
    edited: bool,
    seed: int,
) -> None:
    lies, losses = share
    if then in ("submitted", "approved"):  # Light knows no approval of a credit note
        notes = 0
    faults = [(target, "lies", lies) for target in LIED_ABOUT]
    faults += [("bill", name, losses) for name in ("drop-after", "500-after") if losses]
    with company(then, bills, rates=faults, seed=seed, lag=lag, notes=notes) as at:
        hold(at, at.load())
        if undone:
            hold(at, at.undo())
        if edited:
            at.edit()
            hold(at, at.load())
        at.sandbox.context.faults.active = False
        result = at.load()
        hold(at, result)
        if result is None or result.exit_code != 0:
            result = at.load()
            hold(at, result)
        settled(at, result)


def test_each_lie_about_a_creation_and_a_posting() -> None:
    """None is believed nor repeated: each bill is created and posted once."""
    lies = [lie for lie in lies_about("bill") if lie != "new-state"]
    script = [(to, lie, n) for n, lie in enumerate(lies, start=1) for to in ("bill", "posting")]
    with company("posted", len(lies) + 1, script=script) as at:
        result = at.load()
        assert result is not None
        hold(at, result)
        assert at.sandbox.counters.faults == dict.fromkeys(lies, 2)
        again = sum(lie.endswith("-before") for lie in lies)
        assert at.sandbox.counters.bill_posts == len(at.strangers) + len(at.rows) + again
        assert result.exit_code == 0, result.text()
        assert {row.result.status for row in result.report.bills} == {Status.CREATED}
        states = [[bill["state"] for bill in bills] for bills in at.live().values()]
        assert states == [["UNPAID"]] * len(at.rows)


def test_nothing_more_is_done_to_a_bill_in_an_unknown_state() -> None:
    with company("posted", script=[("bill", "new-state", 1)]) as at:
        result = at.load()
        assert result is not None
        hold(at, result)
        first, second = (row.result for row in result.report.bills)
        assert (result.exit_code, first.status, second.status) == (
            3,
            Status.UNKNOWN,
            Status.CREATED,
        )
        assert "light-import does not know its state FROZEN_BY_AUDIT" in first.message
        states = [bill["state"] for bills in at.live().values() for bill in bills]
        assert states == ["IN_DRAFT", "UNPAID"]


@pytest.mark.parametrize("lie", ["400-after", "404-after", "409-after", "422-after"])
def test_submission_refused_after_it_was_done_is_seen_in_the_bill(lie: str) -> None:
    with company("submitted", 1, script=[("submit", lie, 1)]) as at:
        result = at.load()
        assert result is not None
        hold(at, result)
        assert result.exit_code == 0, result.text()
        assert at.acts["submit-for-approval"] == 1


@pytest.mark.parametrize("lie", lies_about("list"))
def test_one_lie_about_the_list_of_what_is_there(lie: str) -> None:
    """What somebody else brought into Light is not sent, or each double is named."""
    with company(script=[("list", lie, 1)]) as at:
        at.typed_by_others()
        posts = at.sandbox.counters.bill_posts
        result = at.load()
        assert result is not None
        hold(at, result)
        sent = at.sandbox.counters.bill_posts - posts
        assert sent == {"short-list": 1, "empty-list": 2}.get(lie, 0)
        if lie in (ANOTHER, "new-state"):
            assert {row.result.status for row in result.report.bills} == {Status.UNKNOWN}
            assert result.exit_code == 3
        elif lie == "amount-null":
            assert result.exit_code == 3
            assert result.summary.totals[0].created == 0
            return
        elif not sent:
            assert result.exit_code == 0
        settled(at, result)


def test_each_lie_about_an_undo() -> None:
    lies = lies_about("change")
    script = [("change", lie, n) for n, lie in enumerate(lies, start=1)]
    with company(bills=len(lies) + 1, script=script) as at:
        hold(at, at.load())
        undone = at.undo()
        assert undone is not None
        hold(at, undone)
        assert at.sandbox.counters.faults == dict.fromkeys(lies, 1)
        assert not any(at.live().values())
        assert {row.result.status for row in undone.report.bills} == {Status.UNDONE}
