"""Credit notes under lost and untrue answers, and kills: each created, posted and cleared once."""

from __future__ import annotations

import csv
import itertools
import re
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import (
    COMPANY,
    KEEP,
    LOAD,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    document,
    ended,
    http,
    proxied,
    refusal,
    start,
)
from test_credit_notes import BILL, NOTE, numbered, sheets

from importer import app
from importer.app import CheckRequest, LoadOptions, PaceOptions, UndoOptions
from importer.app.consent import LoadForecast, UndoForecast
from importer.app.events import Listener, Phase
from importer.core.errors import Declined
from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.faults import parse_script
from importer.sandbox.note_store import save_note

Load = Callable[..., Ended]
LINK = re.compile(r"/v1/credit-notes/[^/]+/invoice-payables/[^/]+")
OF_NOTE = re.compile(r"/v1/credit-notes/[^/]+/invoice-payables")
POSTED = {"status": "posted"}
INV = BILL | POSTED | {"invoiceNumber": "INV-1", "amount": 1_000}
CN_1 = NOTE | POSTED | {"invoiceNumber": "CN-1", "amount": 800, "creditsBill": "INV-1"}
CN_2 = NOTE | POSTED | {"invoiceNumber": "CN-2", "amount": 500, "creditsBill": "INV-1"}
DONE = ({"CN-1": (800, "CLEARED")}, ("UNPAID", 200))
FAST = ("--settle", "0.1")


def act(request: Request) -> str:
    """What a request does to a credit note; "" for any other."""
    if request.method != "POST" or not request.path.startswith("/v1/credit-notes"):
        return ""
    if request.path == "/v1/credit-notes":
        return "create"
    return "clear" if LINK.fullmatch(request.path) else request.path.rpartition("/")[2]


def light_has(sandbox: Sandbox) -> tuple[dict[str, tuple[int, str]], tuple[str, int]]:
    [bill] = sandbox.bills()
    return numbered(sandbox), (bill["state"], bill["outstandingBalance"])


def first(name: str, fault: Fault) -> Callable[[Request], Fault]:
    """``fault`` at the first request of an act."""
    counts: Counter[str] = Counter()

    def choose(request: Request) -> Fault:
        counts[act(request)] += 1
        return fault if act(request) == name and counts[name] == 1 else PASS

    return choose


FAULTS = {
    "lost before": Fault(False, None),
    "lost after": Fault(True, None),
    "500 after": Fault(True, http(500, {"message": "sorry"})),
    "409 after": Fault(True, refusal(409, "A conflict.")),
    "422 after": Fault(True, refusal(422, "It cannot be.")),
    "another's answer": Fault(True, http(200, {"id": "00000000-0000-4000-8000-000000000001"})),
}


@pytest.mark.parametrize("name", ["create", "post", "clear"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_credit_note_is_created_posted_and_cleared_once(
    fault: Fault, name: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = sheets(tmp_path, INV, CN_1)
    with proxied(sandbox.base_url, first(name, fault)) as proxy:
        done = load(proxy.url, *files, *FAST)
        sent = Counter(map(act, proxy.requests))
    assert (done.code, light_has(sandbox)) == (0, DONE), done.err
    assert done.json["credit_notes"] == {"total": 1, "created": 1}
    assert done.json["steps"] == {"posted": 2, "cleared": 1}
    document(done)
    again = {name: 2} if not fault.forward else {}
    assert {k: n for k, n in sent.items() if k} == {"create": 1, "post": 1, "clear": 1} | again


def test_what_is_left_of_a_bill_is_cleared_once_and_by_no_more(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Of the second note only a part can be cleared: its rest is still open afterwards."""
    assert load(sandbox.base_url, *sheets(tmp_path, INV, CN_1)).code == 0
    files = sheets(tmp_path, CN_2)
    with proxied(sandbox.base_url, first("clear", Fault(True, None))) as proxy:
        done = load(proxy.url, *files, *FAST)
        assert (done.code, done.json["steps"]) == (0, {"posted": 1, "cleared": 1}), done.err
        # The bill is open again, and the note has a rest: both were settled all the same.
        note = next(n for n in sandbox.credit_notes() if n["documentNumber"] == "CN-1")
        [bill] = sandbox.bills()
        asked(sandbox, "PATCH", f"credit-notes/{note['id']}/invoice-payables/{bill['id']}",
              {"amount": 100})  # fmt: skip
        assert load(proxy.url, *files, *FAST).code == 0
        assert sum(act(r) == "clear" for r in proxy.requests) == 1
    assert numbered(sandbox)["CN-2"] == (500, "PARTIALLY_CLEARED")
    assert light_has(sandbox)[1] == ("UNPAID", 700)


def emptied(request: Request) -> bool:
    return request.method == "GET" and bool(OF_NOTE.fullmatch(request.path))


NO_LINKS = Fault(True, KEEP, alter=lambda links: [])


def test_a_clearing_that_light_accepts_and_does_not_show_is_unknown_and_never_sent_again(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = sheets(tmp_path, INV, CN_2)
    with proxied(sandbox.base_url, lambda r: NO_LINKS if emptied(r) else PASS) as proxy:
        done = load(proxy.url, *files, *FAST)
        assert (done.code, done.json["steps"]) == (3, {"posted": 2, "cleared": 0}), done.err
        assert load(proxy.url, *files, *FAST).code == 3
        assert sum(act(r) == "clear" for r in proxy.requests) == 1
        proxy.fault = lambda request: PASS
        again = load(proxy.url, *files, *FAST)
        assert (again.code, sum(act(r) == "clear" for r in proxy.requests)) == (0, 1), again.err


def test_credit_note_of_a_bill_that_light_calls_a_duplicate_waits_until_a_person_has_settled_it(
    load: Load, tmp_path: Path
) -> None:
    files = sheets(tmp_path, INV, CN_1)
    script = parse_script("1 duplicated")
    with running(
        SandboxSettings(reference=COMPANY, requests_per_minute=100_000, script=script)
    ) as light:
        for _ in range(2):
            done = load(light.base_url, *files, *FAST)
            assert (done.code, done.json["steps"]) == (3, {"posted": 1, "cleared": 0}), done.err
            words = {f["code"]: f["message"] for f in done.json["findings"]}
            assert "it says DUPLICATE_INVOICE (state DUPLICATED)" in words["light.altered"]
            assert "the bill INV-1 has to be settled first" in words["light.step_refused"]
        [bill] = light.bills()
        keeps = {"state": "IN_DRAFT", "failureReason": None}  # it is no duplicate, a person says
        light.context.store.save_bill(bill | keeps)
        done = load(light.base_url, *files, *FAST)
        assert (done.code, light_has(light)) == (0, DONE), done.err


PAID = INV | {"status": "paid", "paidFromBankAccountId": "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11",
              "paymentAt": "2025-04-01"}  # fmt: skip
REFUSE = Fault(False, refusal(422, "It cannot be."))
LOSE = Fault(False, None)
WAITS = "light.payment_waits"


@pytest.mark.parametrize(
    ("change", "act_lost", "fault", "code"),
    [
        ({}, "clear", LOSE, 3),
        ({}, "create", LOSE, 3),
        ({}, "create", REFUSE, 1),
        ({"amount": "?"}, "", PASS, 1),
        ({"vendorId": VENDORS[1]}, "", PASS, 1),
        ({"status": "draft"}, "", PASS, 1),
    ],
)
def test_a_bill_is_not_paid_in_full_while_a_credit_note_of_it_is_not_cleared(
    change: dict[str, str],
    act_lost: str,
    fault: Fault,
    code: int,
    load: Load,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    """The note is invalid, refused, in doubt or a draft. Once it has gone from the sheet, the bill
    is paid."""
    files = sheets(tmp_path, PAID, CN_1 | change)

    def choose(request: Request) -> Fault:
        return fault if act_lost and act(request) == act_lost else PASS

    with proxied(sandbox.base_url, choose) as proxy:
        for _ in range(2):
            done = load(proxy.url, *files, "--only-valid", *FAST)
            assert (done.code, light_has(sandbox)[1]) == (code, ("UNPAID", 1_000)), done.err
        [why] = [f for f in done.json["findings"] if "not marked as paid" in f["message"]]
        assert "credit note CN-1 in row 3 is not cleared" in why["message"]
        assert (why["code"], "Correct the credit note" in why["hint"]) == (WAITS, True)
        done = load(proxy.url, *sheets(tmp_path, PAID), *FAST)
    assert (done.code, light_has(sandbox)[1]) == (0, ("PAID", 0)), done.err


def test_question_progress_and_undo_count_credit_notes_as_such(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bill that a row credits is not announced as paid: Light is asked to pay it later."""
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    paths = [Path(p) for p in sheets(tmp_path, PAID, PAID | {"invoiceNumber": "INV-2"}, CN_1)[1::2]]
    asked_of: list[LoadForecast] = []
    phases: list[tuple[int, str]] = []

    class Recorder(Listener):
        def phase_started(self, phase: Phase, total: int, noun: str) -> None:
            phases.append((total, noun))

    pace = PaceOptions(requests_per_minute=6000)
    loaded = app.load(
        CheckRequest(tuple(map(str, paths))),
        LoadOptions(base_url=sandbox.base_url, pace=pace, settle=0.3),
        consent=lambda forecast: asked_of.append(forecast) or True,
        listener=Recorder(),
    )
    [forecast] = asked_of
    assert forecast.steps == (
        "post 2 bills and 1 credit note, mark 1 bill as paid, clear 1 credit note"
    )
    assert [(paid.total.cents, paid.bills) for paid in forecast.payments] == [(1_000, 1)]
    assert phases == [(3, "bills and credit notes"), (6, "steps")]
    run = str(loaded.summary.run)
    undoing: list[UndoForecast] = []
    with pytest.raises(Declined):
        app.undo(UndoOptions(run), consent=lambda forecast: undoing.append(forecast) is not None)
    assert [(each.bills, each.credit_notes, each.changed) for each in undoing] == [(2, 1, 3)]
    undone = command("undo", run, "--dry-run")
    assert "of 2 bills and 1 credit note would be" in undone.out, undone.out
    assert "2 bills and 1 credit note; 3 the same" in command("verify", run).out
    none = command("journal", "settle", run, "CN-9", "--absent")
    assert "no bill or credit note 'CN-9'" in none.err


def test_only_the_bill_that_a_rejected_note_credits_waits_for_it(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Another vendor's of the same number is paid, and so is what a note credits elsewhere."""
    theirs, other = PAID | {"vendorId": VENDORS[1]}, PAID | {"invoiceNumber": "INV-2"}
    files = sheets(tmp_path, PAID, theirs, other, CN_1)
    with proxied(sandbox.base_url, lambda r: REFUSE if act(r) == "create" else PASS) as proxy:
        assert load(proxy.url, *files, *FAST).code == 1
    unpaid = [b for b in sandbox.bills() if b["state"] != "PAID"]
    assert [(b["vendorId"], b["outstandingBalance"]) for b in unpaid] == [(VENDORS[0], 1_000)]


CHANGES = {"a cent more": {"amount": 801}, "another vendor": {"businessPartnerId": VENDORS[1]}}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_credit_note_that_light_changed_is_never_loaded_under_another_number(
    change: dict[str, object], load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A person who is told that the number is taken would credit the vendor twice."""
    files = sheets(tmp_path, NOTE | {"invoiceNumber": "CN-1", "amount": 800})
    fault = Fault(True, None, alter=lambda note: save_note(sandbox.context.store, note | change))
    with proxied(sandbox.base_url, lambda r: fault if act(r) == "create" else PASS) as proxy:
        for _ in range(2):
            done = load(proxy.url, *files, *FAST)
            assert (done.code, done.json["credit_notes"]) == (3, {"total": 1, "unknown": 1})
            assert "another number" not in done.out
    [note] = sandbox.credit_notes()
    assert note["id"] in done.out


@pytest.mark.parametrize("number", ["CN-1", ""])
def test_a_key_that_light_has_forgotten_creates_no_second_credit_note(
    number: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It is killed once Light has the note; then nobody but us remembers the key."""
    files = sheets(tmp_path, NOTE | {"invoiceNumber": number, "amount": 800})

    def fault(request: Request) -> Fault:
        if act(request) != "create":
            return PASS
        process.kill()
        return Fault(True, None)

    with proxied(sandbox.base_url, fault) as proxy:
        process = start(*LOAD, *FAST, "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        with sandbox.context.store.transaction() as connection:
            connection.exec_driver_sql("UPDATE credit_notes SET request_key = NULL")
        again = load(proxy.url, *files, *FAST)
        assert (again.code, again.json["credit_notes"]) == (0, {"total": 1, "created": 1})
        assert sum(act(r) == "create" for r in proxy.requests) == 1
    assert len(sandbox.credit_notes()) == 1


# The n-th POST of a bill, a posting, a credit note, its posting or its clearing.
@pytest.mark.parametrize(("at", "arrives"), [(n, a) for n in range(2, 6) for a in (True, False)])
def test_a_load_that_is_killed_at_a_request_is_completed_once(
    at: int, arrives: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = sheets(tmp_path, INV, CN_1)
    counted = itertools.count(1)

    def fault(request: Request) -> Fault:
        if request.method != "POST" or next(counted) != at:
            return PASS
        process.kill()
        return Fault(arrives, None)

    with proxied(sandbox.base_url, fault) as proxy:
        process = start(*LOAD, *FAST, "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        done = load(proxy.url, *files, *FAST)
        assert (done.code, light_has(sandbox)) == (0, DONE), done.err
        acts = Counter(filter(None, map(act, proxy.requests)))
    assert sum(acts.values()) <= 4
    if arrives:
        assert set(acts.values()) == {1}


SAMPLES = Path(__file__).parents[2] / "samples" / "uk-spend"


def test_a_ledger_with_credits_loads_whole_verifies_and_is_undone(
    load: Load, command: Load, shipped_sandbox: Sandbox, tmp_path: Path
) -> None:
    for name in ("with-credits.csv", "vendors.csv"):
        shutil.copy(SAMPLES / name, tmp_path)
    rows = csv.DictReader((tmp_path / "with-credits.csv").read_text("utf-8").splitlines())
    amounts = [row["Amount"] for row in rows if row["Transaction Number"]]  # without the total
    cents = sum(int(amount.replace(",", "").replace(".", "")) for amount in amounts)
    done = load(shipped_sandbox.base_url, str(tmp_path / "with-credits.csv"), *FAST)
    assert done.code == 0, done.out
    bills, notes = shipped_sandbox.bills(), shipped_sandbox.credit_notes()
    assert bills
    assert notes
    assert sum(b["amount"] for b in bills) - sum(n["amount"] for n in notes) == cents
    [total] = done.json["totals"]
    assert (total["sheet"], total["created"], total["difference"]) == (cents, cents, 0)
    read = command("verify", done.json["run"], "--json", *FAST)
    assert (read.code, read.json["read_back"]) == (0, {"same": len(bills) + len(notes)}), read.out
    undone = command("undo", done.json["run"], "--yes", "--json", *FAST)
    assert undone.json["credit_notes"] == {"total": len(notes), "undone": len(notes)}
    told = command("report", done.json["run"], "--json")
    for each in (done, read, undone, told):
        document(each)
        assert each.json["credit_notes"]["total"] == len(notes)
    assert {n["status"] for n in shipped_sandbox.credit_notes()} == {"ARCHIVED"}
    assert {b["state"] for b in shipped_sandbox.bills()} == {"CANCELLED"}
