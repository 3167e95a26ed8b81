"""Bills approved after creation, once, and who else has to approve them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import (
    COMPANY,
    LOAD,
    PASS,
    Ended,
    Fault,
    Request,
    document,
    ended,
    http,
    in_turn,
    proxied,
    start,
    write_bills,
)
from conftest import asked as act_in_light
from test_load_command import Terminal
from test_load_steps import acts, asked, codes, journaled, row, states
from test_note_faults import FAULTS

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.approvals import approval_of, decide_in_turn
from importer.sandbox.user_records import user_id

Load = Callable[..., Ended]
ADA = "Ada Lovelace"
WAITING = "light.awaits_approval"


@pytest.fixture
def chain() -> Iterator[Sandbox]:
    """A company in which somebody else has to approve after the user of the key."""
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, approvers=(ADA,))
    with running(settings) as started:
        yield started


def given(light: Sandbox) -> list[tuple[str, str | None]]:
    """Status and note of each approval of the one bill, in turn."""
    [bill] = light.bills()
    turns = approval_of(light.context, bill)["userApprovals"]
    return [(each["status"], each["note"]) for each in turns]


def waiting(told: Ended) -> list[str]:
    return [f["message"] for f in told.json["findings"] if f["code"] == WAITING]


def test_bills_are_submitted_and_approved_with_a_note(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(i, "approved") for i in range(3)])
    told = load(sandbox.base_url, *files)
    assert told.code == 0, told.out
    assert told.json["steps"] == {"submitted": 3, "approved": 3}
    document(told)
    assert set(states(sandbox).values()) == {"UNPAID"}
    notes = {bill["approvalNote"] for bill in sandbox.bills()}
    assert notes == {f"Approved with light-import: run {told.json['run']}"}
    assert waiting(told) == []
    counted = asked(sandbox)
    assert load(sandbox.base_url, *files, "--then", "approved").code == 0
    assert asked(sandbox) == counted
    read = command("verify", told.json["run"], "--json")
    assert (read.code, read.json["steps"]) == (0, told.json["steps"])
    undone = command("undo", told.json["run"], "--yes", "--json")
    assert (undone.code, undone.json["bills"]) == (1, {"total": 3, "created": 3})


def test_who_else_has_to_approve_is_said_until_they_have(
    load: Load, command: Load, chain: Sandbox, tmp_path: Path
) -> None:
    told = load(chain.base_url, *write_bills(tmp_path, [row(0)]), "--then", "approved")
    assert (told.code, told.json["steps"]) == (0, {"submitted": 1, "approved": 1}), told.out
    [message] = waiting(told)
    assert f"Light still waited for {ADA} to approve this bill" in message
    files = write_bills(tmp_path, [row(0, "approved")])
    again = command("load", *files, "--yes", "--base-url", chain.base_url)
    assert "Still to approve in Light: Ada Lovelace (1 bill)." in again.out
    assert [status for status, _ in given(chain)] == ["APPROVED", "IN_REVIEW"]
    assert states(chain) == {"INV-00000": "APPROVAL_PENDING"}
    assert ADA in command("report", told.json["run"], "--json").out
    [bill] = chain.bills()
    ada = user_id(chain.context.company.id, ADA)
    changes = decide_in_turn(chain.context, bill, ada, {"state": "UNPAID", "approvalNote": "ok"})
    chain.context.store.save_bill(bill | changes)
    read = command("verify", told.json["run"], "--json")
    assert (read.code, waiting(read)) == (0, [])


@pytest.mark.parametrize(("name", "further"), in_turn([*FAULTS], [(), (ADA,)]))
def test_an_approval_is_given_once(
    name: str, further: tuple[str, ...], load: Load, tmp_path: Path
) -> None:
    fault = FAULTS[name]
    files = write_bills(tmp_path, [row(0, "approved")])
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, approvers=further)
    with running(settings) as light:

        def once(request: Request) -> Fault:
            return fault if acts(request, "approve") and not request.number else PASS

        with proxied(light.base_url, once) as proxy:
            told = load(proxy.url, *files, "--settle", "0.1")
        assert told.code == 0, told.out
        assert (told.json["steps"]["approved"], len(waiting(told))) == (1, len(further))
        own, *others = given(light)
        assert own == ("APPROVED", f"Approved with light-import: run {told.json['run']}")
        assert [status for status, _ in others] == ["IN_REVIEW"] * len(further)
        assert asked(light)["approve"] == 1
    assert journaled() == {"approve done": 1, "submit done": 1}


@pytest.mark.parametrize("arrives", [True, False])
def test_a_load_killed_at_the_approval_is_completed_once(
    arrives: bool, load: Load, chain: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "approved")])

    def fault(request: Request) -> Fault:
        if not acts(request, "approve") or request.number:
            return PASS
        process.kill()
        return Fault(arrives, None)

    with proxied(chain.base_url, fault) as proxy:
        process = start(*LOAD, "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        told = load(proxy.url, *files)
    assert (told.code, told.json["steps"]) == (0, {"submitted": 1, "approved": 1}), told.out
    assert [status for status, _ in given(chain)] == ["APPROVED", "IN_REVIEW"]
    assert asked(chain)["approve"] == 1


def without_notes(approvals: list[dict[str, object]]) -> object:
    for approval in approvals:
        for each in approval["userApprovals"]:  # type: ignore[attr-defined]
            each["note"] = None
    return approvals


@pytest.mark.parametrize("lost", [True, False])
def test_an_approval_that_cannot_be_told_from_another_is_not_sent_again(
    lost: bool, load: Load, chain: Sandbox, tmp_path: Path
) -> None:
    """Light does not show the notes: its yes is enough, a lost answer stays in doubt."""
    files = write_bills(tmp_path, [row(0, "approved")])

    def fault(request: Request) -> Fault:
        if request.path == "/v1/invoice-approval":
            return Fault(True, PASS.answer, alter=without_notes)
        return Fault(True, None) if lost and acts(request, "approve") else PASS

    with proxied(chain.base_url, fault) as proxy:
        told = load(proxy.url, *files, "--settle", "0.1")
        assert (told.code, codes(told)) == ((3, ["light.step_unknown"]) if lost else (0, []))
        assert load(proxy.url, *files, "--settle", "0.1").code == told.code
    assert asked(chain)["approve"] == 1


def test_a_key_that_may_not_approve_is_told_its_role_and_who_may(
    load: Load, chain: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "approved")])
    forbidden = Fault(False, http(403, {"type": "FORBIDDEN", "message": "Not your role."}))
    with proxied(chain.base_url, lambda r: forbidden if acts(r, "approve") else PASS) as proxy:
        told = load(proxy.url, *files)
        [finding] = [f for f in told.json["findings"] if f["code"] == "light.step_forbidden"]
        assert told.code == 2
        assert "this key may not have it approved: Not your role" in finding["message"]
        assert "Settings > API Keys" in finding["hint"]
        assert f"Sandbox User and {ADA}" in waiting(told)[0]
        three = write_bills(tmp_path, [row(i, "approved") for i in range(1, 5)])
        told = load(proxy.url, *three)
    assert told.code == 2
    assert "may not approve bills: Not your role" in told.json["error"]["message"]
    assert "Settings > API Keys" in told.json["error"]["message"]
    assert load(chain.base_url, *files).code == 0  # once the role is another


def test_a_bill_approved_or_declined_by_hand_is_left(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    for action, code in (("approve", 0), ("decline", 1)):
        for bill in sandbox.bills():
            sandbox.context.store.save_bill(bill | {"state": "CANCELLED", "invoiceNumber": "old"})
        n = ["approve", "decline"].index(action)
        assert load(sandbox.base_url, *write_bills(tmp_path, [row(n, "submitted")])).code == 0
        bill = sandbox.bills()[-1]
        path = f"invoice-payables/{bill['id']}/{action}"
        act_in_light(sandbox, "POST", path, {"note": "by hand"})
        told = load(sandbox.base_url, *write_bills(tmp_path, [row(n, "approved")]))
        assert told.code == code, told.out
        assert sandbox.bills()[-1]["approvalNote"] == "by hand"
    assert asked(sandbox)["approve"] == 1
    assert "DECLINED" in told.json["findings"][0]["message"]


def test_the_question_names_the_approvals_and_their_requests(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(i) for i in range(4)])
    args = ("load", *files, "--base-url", sandbox.base_url, "--then", "approved")
    with Terminal(*args, cwd=tmp_path) as terminal:
        question = terminal.until("Create these bills?")
        assert "Then:     submit 4 bills, approve 4 bills as the key's user" in question
        assert "Requests: 24 (up to 33 if others have to approve)," in question
        terminal.type("y\n")
        assert terminal.end() == 0
    assert asked(sandbox)["approve"] == 4
