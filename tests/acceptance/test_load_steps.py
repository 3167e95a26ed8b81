"""After creation: bills submitted, posted and paid, each step once, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    ACCOUNTS,
    COMPANY,
    ENTITIES,
    KEEP,
    LOAD,
    PASS,
    Ended,
    Fault,
    Request,
    bill_row,
    ended,
    http,
    proxied,
    start,
    write_bills,
)
from test_kill import signalled, wait_for
from test_load_command import Terminal

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
ACTIONS = {"submitted": "submit-for-approval", "posted": "post", "paid": "mark-as-paid"}
REACHED = {"submitted": "APPROVAL_PENDING", "posted": "UNPAID", "paid": "PAID"}


def row(i: int, status: str = "", **cells: object) -> dict[str, object]:
    """A bill that can go all the way."""
    paid = {"paidFromBankAccountId": BANK, "paymentAt": "2026-02-01"}
    return bill_row(
        i,
        companyEntityId=ENTITIES[0],
        status=status,
        **({"paidFromBankAccountId": "", "paymentAt": ""} | (paid if status == "paid" else {})),
        **cells,
    )


def states(light: Sandbox) -> dict[str, str]:
    """The state of each bill in Light by its number."""
    found = {str(bill["invoiceNumber"]): str(bill["state"]) for bill in light.bills()}
    return dict(sorted(found.items()))


def asked(light: Sandbox) -> Counter[str]:
    """How many requests of each action got to Light."""
    found: Counter[str] = Counter()
    for route, n in light.counters.by_route.items():
        found[route.rpartition("/")[2]] += n if route.startswith("POST") else 0
    return found


def codes(told: Ended) -> list[str]:
    return [f["code"] for f in told.json["findings"] if f["severity"] == "error"]


def journaled(column: str = "state") -> dict[str, int]:
    (path,) = Path(os.environ["LIGHT_IMPORT_HOME"]).glob("journals/*.sqlite")
    db = sqlite3.connect(path)
    try:
        query = f"SELECT kind || ' ' || {column}, count(*) FROM steps GROUP BY 1"
        return dict(db.execute(query).fetchall())
    finally:
        db.close()


def acts(request: Request, name: str) -> bool:
    return request.method == "POST" and request.path.endswith(f"/{name}")


def test_status_column_wins_over_then_option(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    wanted = ["draft", "submitted", "posted", "paid", "", ""]
    files = write_bills(tmp_path, [row(i, status) for i, status in enumerate(wanted)])
    told = load(sandbox.base_url, *files, "--then", "posted")
    assert told.code == 0, told.err + told.out
    assert told.json["bills"] == {"total": 6, "created": 6}
    reached = ["IN_DRAFT", "APPROVAL_PENDING", "UNPAID", "PAID", "UNPAID", "UNPAID"]
    assert list(states(sandbox).values()) == reached
    counted = asked(sandbox)
    assert (counted["submit-for-approval"], counted["post"], counted["mark-as-paid"]) == (1, 4, 1)
    (paid,) = [bill for bill in sandbox.bills() if bill["state"] == "PAID"]
    assert str(paid["paymentAt"]).startswith("2026-02-01T00:00:00")
    # The same command has nothing left to do.
    again = load(sandbox.base_url, *files, "--then", "posted")
    assert again.json["bills"] == {"total": 6, "already_loaded": 6}
    assert (again.code, asked(sandbox)) == (0, counted)


def test_later_load_takes_only_the_missing_steps(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    for status in ("draft", "posted", "paid", "paid"):
        files = write_bills(tmp_path, [row(0, status)])
        told = load(sandbox.base_url, *files)
        assert told.code == 0, told.out
        assert list(states(sandbox).values()) == [REACHED.get(status, "IN_DRAFT")]
    assert (asked(sandbox)["post"], asked(sandbox)["mark-as-paid"]) == (1, 1)
    assert len(sandbox.bills()) == 1


FAULTS = {
    "the connection breaks before": Fault(False, None),
    "the connection breaks after": Fault(True, None),
    "500 before": Fault(False, http(500, {"message": "sorry"})),
    "502 in HTML after": Fault(True, http(502, b"<html>", Content_Type="text/html")),
    "half an answer after": Fault(True, b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id'),
    "an answer without a bill": Fault(True, http(200, {"ok": True})),
    "429 once": Fault(False, http(429, {"message": "slow down"}, Retry_After=1)),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_no_step_is_taken_twice_despite(
    fault: Fault, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    wanted = ["submitted", "posted", "paid"]
    files = write_bills(tmp_path, [row(i, status) for i, status in enumerate(wanted)])
    first = dict.fromkeys(ACTIONS.values(), 0)

    def once(request: Request) -> Fault:
        for name in first:
            if acts(request, name) and not first[name]:
                first[name] = 1
                return fault
        return PASS

    with proxied(sandbox.base_url, once) as proxy:
        told = load(proxy.url, *files)
    assert told.code == 0, told.out
    assert list(states(sandbox).values()) == list(REACHED.values())
    assert all(first.values())
    done = asked(sandbox)
    assert (done["submit-for-approval"], done["post"], done["mark-as-paid"]) == (1, 2, 1)
    assert journaled() == {"pay done": 1, "post done": 2, "submit done": 1}


@pytest.mark.parametrize("gets_there", [True, False], ids=["Light did it", "Light never got it"])
@pytest.mark.parametrize("status", ACTIONS)
def test_kill_during_a_step_is_completed_once(
    status: str, gets_there: bool, load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, status)])
    name = ACTIONS[status]
    held = Fault(gets_there, KEEP if gets_there else None, after=600)
    with proxied(sandbox.base_url, lambda r: held if acts(r, name) else PASS) as proxy:
        killed = start(*LOAD, "--base-url", proxy.url, *files, cwd=tmp_path)
        wait_for(lambda: any(acts(r, name) for r in proxy.requests))
        wait_for(lambda: asked(sandbox)[name] == int(gets_there))
        killed.kill()
        assert ended(killed).code == -signal.SIGKILL
        proxy.idle()
        kind = {"submitted": "submit", "posted": "post", "paid": "pay"}[status]
        assert journaled()[f"{kind} sending"] == 1

        (run,) = command("runs", "--json").json["runs"]
        report = command("report", run["run"], "--json", "--quiet")
        assert (report.code, codes(report)) == (0, ["light.step_unknown"])

        proxy.fault = lambda request: PASS
        told = load(proxy.url, *files)
    assert told.code == 0, told.out
    assert told.json["bills"] == {"total": 1, "already_loaded": 1}
    assert list(states(sandbox).values()) == [REACHED[status]]
    assert asked(sandbox)[name] == 1
    assert set(journaled()) <= {f"{kind} done", "post done"}


def test_bill_sent_back_stays_created_with_the_reason(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    bill = row(0, "submitted") | {"companyEntityId": ""}
    files = write_bills(tmp_path, [bill, row(1, "submitted")])
    told = load(sandbox.base_url, *files)
    assert told.code == 1
    assert told.json["bills"] == {"total": 2, "created": 2}
    (finding,) = told.json["findings"]
    assert finding["code"] == "light.step_refused"
    assert "not submitted for approval: companyEntityId is needed" in finding["message"]
    assert (finding["row"], finding["column"]) == (2, "companyEntityId")
    assert list(states(sandbox).values()) == ["IN_DRAFT", "APPROVAL_PENDING"]
    # The same command tries what was refused again, and only that.
    assert load(sandbox.base_url, *files).code == 1
    assert asked(sandbox)["submit-for-approval"] == 3


def test_refused_posting_holds_back_the_payment(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "paid"), row(1, "paid")])
    body = {"errors": [{"type": "x", "message": "The period is closed.", "path": ["issuedDate"]}]}
    refused = Fault(False, http(422, body))

    def fault(request: Request) -> Fault:
        mine = acts(request, "post") and request.number == 0
        return refused if mine and _of(sandbox, request) == "INV-00000" else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files)
        assert (told.code, codes(told)) == (1, ["light.step_refused"])
        (finding,) = told.json["findings"]
        assert finding["column"] == "issuedDate"
        assert "not posted: The period is closed" in finding["message"]
        assert states(sandbox) == {"INV-00000": "IN_DRAFT", "INV-00001": "PAID"}
        again = load(proxy.url, *files)
    assert again.code == 0, again.out
    assert set(states(sandbox).values()) == {"PAID"}
    assert (asked(sandbox)["post"], asked(sandbox)["mark-as-paid"]) == (2, 2)


def _of(light: Sandbox, request: Request) -> str:
    """The number of the bill that a request is about."""
    of_bill = request.path.split("/")[3]
    return next(str(b["invoiceNumber"]) for b in light.bills() if b["id"] == of_bill)


def act_behind_our_back(light: Sandbox, action: str, **body: Any) -> None:
    import httpx

    (bill,) = light.bills()
    path = f"{light.base_url}/v1/invoice-payables/{bill['id']}/{action}"
    answer = httpx.post(path, json=body, headers={"Authorization": f"Basic {light.key}"})
    assert answer.status_code == 200, answer.text


def test_step_done_by_another_user_is_not_repeated(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [row(0, "draft")]))
    act_behind_our_back(sandbox, "post")
    act_behind_our_back(
        sandbox, "mark-as-paid", amount=1000, bankAccountId=BANK, paymentOption="FULL"
    )
    told = load(sandbox.base_url, *write_bills(tmp_path, [row(0, "paid")]))
    assert told.code == 0, told.out
    assert asked(sandbox)["mark-as-paid"] == 1


def test_partly_paid_bill_is_not_paid_again(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [row(0, "posted")]))
    act_behind_our_back(
        sandbox, "mark-as-paid", amount=400, bankAccountId=BANK, paymentOption="PARTIAL"
    )
    told = load(sandbox.base_url, *write_bills(tmp_path, [row(0, "paid")]))
    assert (told.code, codes(told)) == (1, ["light.step_refused"])
    assert (
        "a part of it is paid in Light already, 6.00 is left" in told.json["findings"][0]["message"]
    )
    assert asked(sandbox)["mark-as-paid"] == 1


def test_cancelled_or_different_bill_takes_no_step(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [row(0, "draft")]))
    act_behind_our_back(sandbox, "cancel", reason="twice")
    told = load(sandbox.base_url, *write_bills(tmp_path, [row(0, "posted")]))
    assert (told.code, codes(told)) == (1, ["light.step_refused"])
    assert "CANCELLED" in told.json["findings"][0]["message"]
    assert asked(sandbox)["post"] == 0


def test_draft_that_somebody_changed_in_light_since_is_not_posted(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [row(0, "draft")]))
    bill = sandbox.bills()[0]
    sandbox.context.store.save_bill(bill | {"amount": 77})
    told = load(sandbox.base_url, *write_bills(tmp_path, [row(0, "posted")]))
    assert (told.code, codes(told)) == (1, ["light.step_refused"])
    assert "the amount is 0.77 in Light" in told.json["findings"][0]["message"]
    assert asked(sandbox)["post"] == 0
    assert list(states(sandbox).values()) == ["IN_DRAFT"]


def test_duplicate_is_reported_and_never_posted(load: Load, tmp_path: Path) -> None:
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, duplicate_state=True)
    files = write_bills(tmp_path, [row(0, "paid")])
    with running(settings) as light:
        # Another entity's bill of the same number: Light holds ours for its double.
        other = write_bills(tmp_path, [row(0) | {"companyEntityId": ENTITIES[1]}])
        assert load(light.base_url, *other).code == 0
        files = write_bills(tmp_path, [row(0, "paid")])
        told = load(light.base_url, *files)
        assert told.code == 3
        assert told.json["bills"] == {"total": 1, "unknown": 1}
        (message,) = [f["message"] for f in told.json["findings"] if f["code"] == "light.altered"]
        assert "it says DUPLICATE_INVOICE (state DUPLICATED)" in message
        again = load(light.base_url, *files)
        assert (again.code, again.json["bills"]) == (3, {"total": 1, "unknown": 1})
        assert asked(light)["post"] == 0
        assert [bill["state"] for bill in light.bills()] == ["IN_DRAFT", "DUPLICATED"]


def test_bill_that_was_in_light_before_takes_no_step(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "paid")])
    load(sandbox.base_url, *files, "--then", "draft", "--journal", str(tmp_path / "other.sqlite"))
    before = asked(sandbox)
    sandbox.context.store.save_bill(sandbox.bills()[0] | {"state": "IN_DRAFT"})
    told = load(sandbox.base_url, *files)
    assert told.json["bills"] == {"total": 1, "already_in_light": 1}
    (finding,) = [f for f in told.json["findings"] if f["code"] == "light.not_ours"]
    assert "posted, marked as paid" in finding["message"]
    assert asked(sandbox) == before
    assert told.code == 0


def test_unknown_state_is_reported_and_nothing_done(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [row(0, "draft")]))
    sandbox.context.store.save_bill(sandbox.bills()[0] | {"state": "ON_THE_MOON"})
    told = load(sandbox.base_url, *write_bills(tmp_path, [row(0, "paid")]))
    assert (told.code, codes(told)) == (3, ["light.step_unknown"])
    assert "light-import does not know its state ON_THE_MOON" in told.json["findings"][0]["message"]


def test_step_with_lost_answers_is_unknown_until_settled(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "posted")])
    lost = Fault(False, http(500, {"message": "sorry"}))
    with proxied(sandbox.base_url, lambda r: lost if acts(r, "post") else PASS) as proxy:
        told = load(proxy.url, *files, "--settle", "0.01")
        assert (told.code, codes(told)) == (3, ["light.step_unknown"])
        assert told.json["bills"] == {"total": 1, "created": 1}
        proxy.fault = lambda request: PASS
        again = load(proxy.url, *files)
    assert again.code == 0, again.out
    assert list(states(sandbox).values()) == ["UNPAID"]


@pytest.mark.parametrize("status", [401, 403])
def test_key_without_posting_right_stops_the_load(
    status: int, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(i, "posted") for i in range(4)])
    refused = Fault(False, http(status, {"type": "T", "message": "Your role may not."}))
    with proxied(sandbox.base_url, lambda r: refused if acts(r, "post") else PASS) as proxy:
        told = load(proxy.url, *files)
        assert told.code == 2
        assert "Your role may not." in told.err
        assert told.json["bills"] == {"total": 4, "created": 4}
        proxy.fault = lambda request: PASS
        assert load(proxy.url, *files).code == 0
    assert set(states(sandbox).values()) == {"UNPAID"}
    assert asked(sandbox)["post"] == 4


def test_day_budget_spent_during_steps_is_resumable(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(i, "posted") for i in range(6)])
    told = load(sandbox.base_url, *files, "--requests-per-day", "16")
    assert told.code == 4
    posted = asked(sandbox)["post"]
    assert 0 < posted < 6
    assert load(sandbox.base_url, *files).code == 0
    assert set(states(sandbox).values()) == {"UNPAID"}
    assert asked(sandbox)["post"] == 6


def test_step_requirements_are_checked_before_sending(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    soon = datetime.now(UTC).date() + timedelta(days=9)
    rows = [
        row(0, "paid") | {"paidFromBankAccountId": ""},
        row(1, "paid") | {"paymentAt": ""},
        row(2, "paid") | {"paymentAt": str(soon)},
        row(3, "payed"),
        row(4, "posted") | {"paidFromBankAccountId": BANK},
    ]
    files = write_bills(tmp_path, rows)
    told = load(sandbox.base_url, *files)
    assert told.code == 1
    assert [(f["code"], f["row"]) for f in told.json["findings"]] == [
        ("bills.paidFromBankAccountId.required", 2),
        ("bills.paymentAt.required", 3),
        ("bills.paymentAt.in_future", 4),
        ("bills.status.not_one_of", 5),
        ("bills.paidFromBankAccountId.not_used", 6),
    ]
    assert "the nearest is 'paid'." in told.json["findings"][3]["hint"]
    assert sandbox.counters.bill_posts == 0
    # --then asks for the same of the rows that say nothing.
    files = write_bills(tmp_path, [row(0), row(1)])
    told = command("validate", *files, "--then", "paid", "--json", "--quiet")
    both = ["bills.paidFromBankAccountId.required", "bills.paymentAt.required"]
    assert sorted(codes(told)) == [both[0]] * 2 + [both[1]] * 2
    # A sheet without the columns is told once.
    files = write_bills(tmp_path, [bill_row(0), bill_row(1)])
    told = command("validate", *files, "--then", "paid", "--json", "--quiet")
    assert (codes(told), told.json["bills"]["invalid"]) == (both, 2)
    assert {f["row"] for f in told.json["findings"]} == {None}  # it is about all rows
    files = write_bills(tmp_path, [bill_row(0) | {"status": ""}, bill_row(1) | {"status": "paid"}])
    told = command("validate", *files, "--json", "--quiet")
    assert (codes(told), {f["row"] for f in told.json["findings"]}) == (both, {3})


def test_dry_run_lists_the_steps(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    files = write_bills(tmp_path, [row(0, "paid"), row(1, "posted"), row(2, "submitted")])
    lines = Path(files[1])
    lines.write_text(lines.read_text().replace(ACCOUNTS[0], ""))
    told = command(
        "load", *files, "--dry-run", "--base-url", sandbox.base_url, "--result", "r.json"
    )
    assert told.code == 0
    findings = json.loads(Path("r.json").read_text())["findings"]
    warned = [(f["row"], f["column"]) for f in findings if f["severity"] == "warning"]
    assert warned == [(2, "status"), (3, "status")]  # not of the one that is submitted
    assert "After creation it would submit 1 bill, post 2 bills, mark 1 bill as paid." in told.out
    assert sandbox.bills() == []


def test_signal_during_steps_is_resumable(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [row(i, "posted") for i in range(30)])
    with signalled(signal.SIGINT, lambda: asked(sandbox)["post"] >= 2):
        told = load(sandbox.base_url, *files, "--requests-per-minute", "42")
    posted = asked(sandbox)["post"]
    assert told.code == 4
    assert told.json["bills"] == {"total": 30, "created": 30}
    assert 2 <= posted < 30
    assert list(states(sandbox).values()).count("UNPAID") == posted
    # What only waited for its turn was not an attempt.
    assert journaled() == {"post done": posted, "post planned": 30 - posted}
    assert load(sandbox.base_url, *files).code == 0
    assert asked(sandbox)["post"] == 30


def test_consent_question_names_steps_and_bank_account(sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [row(0, "paid"), row(1, "paid", currency="EUR"), row(2)])
    args = ("load", *files, "--base-url", sandbox.base_url, "--then", "posted")
    lines, whole = Path(files[1]), Path(files[1]).read_text()
    lines.write_text(whole.replace(ACCOUNTS[0], "", 1))
    with Terminal(*args, cwd=tmp_path) as terminal:
        said = " ".join(terminal.until("Create these bills?").split())
        lacking = "Of those to be posted, 1 has line items without a ledger account"
        assert f"Warning: {lacking}: Light may refuse to post them." in said
        terminal.type("n\n")
        assert terminal.end() == 4
    lines.write_text(whole)
    with Terminal(*args, cwd=tmp_path) as terminal:
        said = terminal.until("Create these bills?")
        assert "Then:     post 3 bills, mark 2 bills as paid" in said
        assert f"Payment:  10.01 EUR from bank account {BANK} (1 bill)" in said
        assert f"Payment:  10.00 GBP from bank account {BANK} (1 bill)" in said
        assert "Requests: 10," in said
        terminal.type("y\n")
        assert terminal.end() == 0
        assert "After creation: 3 of 3 bills posted, 2 of 2 bills marked as paid." in terminal.said
    assert list(states(sandbox).values()) == ["PAID", "PAID", "UNPAID"]
    files = write_bills(tmp_path, [row(0, "paid"), row(1, "paid", currency="EUR"), row(2, "paid")])
    args = ("load", *files, "--base-url", sandbox.base_url, "--verify")
    with Terminal(*args, cwd=tmp_path) as terminal:
        said = terminal.until("Do this to bills that are in Light already?")
        assert "Requests: 8," in said  # two to pay, and three bills and three lines to read back
        terminal.type("n\n")
        assert terminal.end() == 4
    assert asked(sandbox)["mark-as-paid"] == 2


def test_late_step_is_awaited_and_not_repeated(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "posted")])
    looked = threading.Event()

    def fault(request: Request) -> Fault:
        if acts(request, "post"):
            return Fault(False, None)
        if request.method == "GET" and request.path.startswith("/v1/invoice-payables/"):
            looked.set()  # and saw a draft; what was lost arrives after that
        return PASS

    def arrive() -> None:
        looked.wait(120)
        act_behind_our_back(sandbox, "post")

    with proxied(sandbox.base_url, fault) as proxy:
        late = threading.Thread(target=arrive)
        late.start()
        try:
            told = load(proxy.url, *files, "--settle", "4")
        finally:
            looked.set()
            late.join()
        assert sum(acts(request, "post") for request in proxy.requests) == 1
    assert told.code == 0, told.out
    assert (asked(sandbox)["post"], states(sandbox)) == (1, {"INV-00000": "UNPAID"})


def test_submitted_bill_that_is_read_late_is_waited_for(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A copy of Light's that lags behind shows the draft for a while."""
    late = 0
    draft: dict[str, Any] = {}

    def fault(request: Request) -> Fault:
        nonlocal late
        if acts(request, "submit-for-approval"):
            return Fault(True, http(200, draft))
        if draft and request.method == "GET" and request.path.endswith(draft["id"]) and late < 2:
            late += asked(sandbox)["submit-for-approval"]
            return Fault(False, http(200, draft))
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        assert load(proxy.url, *write_bills(tmp_path, [row(0, "draft")])).code == 0
        draft.update(sandbox.bills()[0])
        told = load(proxy.url, *write_bills(tmp_path, [row(0, "submitted")]))
    assert late == 2
    assert (told.code, codes(told)) == (0, [])
    assert asked(sandbox)["submit-for-approval"] == 1
