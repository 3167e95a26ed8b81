"""What a run created is cancelled, once, whatever happens; and can be loaded again, once each."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest
from conftest import (
    ENTITIES,
    KEEP,
    PASS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    ended,
    http,
    proxied,
    refusal,
    start,
    write_bills,
)
from test_load_command import Terminal

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")
YES = (*FAST, "--yes")
CANCEL = "POST /v1/invoice-payables/{invoicePayableId}/cancel"


def live(light: Sandbox) -> list[str]:
    """What the live bills of Light say: number, else description; doubled bills are there twice."""
    bills = [b for b in light.bills() if b["state"] != "CANCELLED"]
    return sorted(str(b["invoiceNumber"] or b["description"]) for b in bills)


def rows(n: int) -> list[dict[str, object]]:
    """Each third bill has no number."""
    return [bill_row(i, **({"invoiceNumber": ""} if i % 3 == 0 else {})) for i in range(n)]


def test_undone_run_can_be_loaded_again(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Though Light's list still shows the cancelled bills as they were."""
    stale: dict[str, bytes] = {}

    def fault(r: Request) -> Fault:
        if stale and r.path.endswith("/bff/invoice-payables"):
            return Fault(True, http(200, stale["list"]))
        return PASS

    files = write_bills(tmp_path, rows(24))
    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        all_of_it = live(sandbox)
        listed = asked(sandbox, "GET", "bff/invoice-payables?limit=200&cursor=0")
        told = command("undo", run, *YES)
        assert told.code == 0
        assert told.json["command"] == "undo"
        assert told.json["bills"] == {"total": 24, "undone": 24}
        assert told.json["totals"][0]["created"] == 0
        assert live(sandbox) == []

        again = command("undo", run, *YES)
        assert again.code == 0
        assert again.json["bills"] == {"total": 24, "undone": 24}
        assert sandbox.counters.by_route[CANCEL] == 24
        text = command("undo", run, "--yes", "--requests-per-minute", "100000").out
        assert "Nothing to undo: 24 bills of this run are already undone." in text
        assert command("report", run, "--json", "--quiet").json["bills"] == told.json["bills"]

        stale["list"] = json.dumps(listed).encode()
        second = load(proxy.url, *files)
        assert second.code == 0
        assert second.json["bills"] == {"total": 24, "created": 24}
        assert live(sandbox) == all_of_it
        assert load(proxy.url, *files).json["bills"] == {"total": 24, "already_loaded": 24}
        stale.clear()
        assert command("undo", run, *YES).json["bills"] == {"total": 24, "undone": 24}
        assert live(sandbox) == all_of_it  # they are of another run now
        told = command("undo", second.json["run"], *YES)
        assert told.json["bills"] == {"total": 24, "undone": 24}
        assert live(sandbox) == []
        assert load(proxy.url, *files).json["bills"] == {"total": 24, "created": 24}


def test_only_created_bills_are_cancelled_after_consent(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    body = {
        "processingMode": "DATA_ONLY",
        "vendorId": bill_row(0)["vendorId"],
        "invoiceNumber": "INV-00000",
        "amount": 1000,
        "currency": "GBP",
    }
    asked(sandbox, "POST", "invoice-payables", body)
    earlier = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1)])).json["run"]
    told = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(4)]))
    counts = {"total": 4, "created": 2, "already_in_light": 1, "already_loaded": 1}
    assert told.json["bills"] == counts
    run = told.json["run"]

    unasked = command("undo", run)
    assert unasked.code == 2
    assert "add --yes to cancel without being asked" in unasked.err
    for unknown in ("", "20200101-000000-ffff"):  # that comes before any question
        assert f"There is no run {unknown or repr(unknown)}." in command("undo", unknown).err
    with Terminal("undo", run, cwd=tmp_path) as terminal:
        terminal.until("Cancel these bills in Light?")
        terminal.type("n\n")
        assert terminal.end() == 4
    assert terminal.said.splitlines()[-2:] == [
        "Stopped: Nothing was cancelled in Light.",
        f"Next: light-import undo {run} (asks again)",
    ]
    with Terminal("undo", run, "--confirm-above", "20", cwd=tmp_path) as terminal:
        terminal.until("type the number of bills, or n: ")
        terminal.type("y\n")
        terminal.until("that is not the number of bills")
        terminal.type("n\n")
        assert terminal.end() == 4
    dry = command("undo", run, *FAST, "--dry-run")
    assert (dry.code, dry.json["bills"]) == (0, counts)
    assert len(live(sandbox)) == 4

    text = command("undo", run, "--yes", "--requests-per-minute", "100000")
    assert "Company:  Kestrel Trading Ltd (sandbox)" in text.err
    assert "2 bills of the sheet were in Light before this run: unchanged." in text.out
    own = f"1 bill of the sheet came from run {earlier}: light-import undo {earlier}"
    assert own in " ".join(text.out.split())
    assert live(sandbox) == ["INV-00000", "INV-00001"]


def test_posted_or_changed_bills_are_left_and_listed(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i, companyEntityId=ENTITIES[0]) for i in range(6)])
    run = load(sandbox.base_url, *files).json["run"]
    at = {str(b["invoiceNumber"]): f"invoice-payables/{b['id']}" for b in sandbox.bills()}
    asked(sandbox, "POST", f"{at['INV-00001']}/post")
    asked(sandbox, "PATCH", at["INV-00002"], {"dueDate": "2027-01-01"})
    asked(sandbox, "POST", f"{at['INV-00003']}/cancel", {"reason": "By hand."})
    no = refusal(409, "The period is closed.")

    def fault(r: Request) -> Fault:
        return Fault(False, no) if r.path == f"/v1/{at['INV-00004']}/cancel" else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        _moved(sandbox.base_url, proxy.url)
        told = command("undo", run, *YES)
        _moved(proxy.url, sandbox.base_url)
    assert told.code == 1
    assert told.json["bills"] == {"total": 6, "created": 3, "undone": 3}
    assert live(sandbox) == ["INV-00001", "INV-00002", "INV-00004"]
    findings = [f for f in told.json["findings"] if f["code"] == "light.not_cancelled"]
    assert [f["value"] for f in findings] == live(sandbox)
    for words, f in zip(
        (
            "it is in the ledger already (state UNPAID)",
            "due date is '2027-01-01' in Light and was loaded as '2026-02-04'",
            "The period is closed",
        ),
        findings,
        strict=True,
    ):
        assert words in f["message"]
    report = command("report", run, "--json", "--quiet")
    assert report.json["findings"] == told.json["findings"]

    told = command("undo", run, *YES, "--force", "--reason", "Wrong month.")
    assert told.code == 1
    assert told.json["bills"] == {"total": 6, "created": 1, "undone": 5}
    assert live(sandbox) == ["INV-00001"]
    reasons = Counter(str(b["cancellationReason"]) for b in sandbox.bills() if "cancel" in str(b))
    assert reasons["Wrong month."] == 2
    assert load(sandbox.base_url, *files).json["bills"] == {
        "total": 6,
        "created": 5,
        "already_loaded": 1,
    }


def _moved(old: str, new: str) -> None:
    """The journal's runs as if they had been loaded through another address."""
    for journal in (Path(os.environ["LIGHT_IMPORT_HOME"]) / "journals").glob("*.sqlite"):
        db = sqlite3.connect(journal)
        db.execute("UPDATE runs SET facts = replace(facts, ?, ?)", (old, new))
        db.commit()
        db.close()


def test_lost_answer_is_settled_by_reading_the_bill(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    faults = [
        Fault(True, None),
        Fault(False, None),
        Fault(True, http(500)),
        Fault(False, http(503)),
        Fault(True, http(200, b"{")),
        Fault(
            True,
            refusal(409, "It is cancelled already."),
        ),
        Fault(False, http(429, b"", Retry_After=0)),
    ]
    files = write_bills(tmp_path, [bill_row(i) for i in range(12)])
    with proxied(
        sandbox.base_url, lambda r: faults.pop() if r.path.endswith("/cancel") and faults else PASS
    ) as proxy:
        run = load(proxy.url, *files).json["run"]
        told = command("undo", run, *YES)
        assert not faults
        assert (told.code, told.json["bills"]) == (0, {"total": 12, "undone": 12})
        assert live(sandbox) == []
        assert load(proxy.url, *files).json["bills"] == {"total": 12, "created": 12}


def test_killed_undo_is_completed_before_any_load(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    cancels = 0

    def fault(r: Request) -> Fault:
        nonlocal cancels
        if not r.path.endswith("/cancel"):
            return PASS
        cancels += 1
        if cancels <= 8:
            return PASS
        return Fault(True, KEEP, after=600) if cancels % 2 else Fault(False, None, after=600)

    files = write_bills(tmp_path, [bill_row(i) for i in range(30)])
    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        process = start("undo", run, *YES, cwd=tmp_path)
        while cancels < 30:
            assert process.poll() is None, ended(process)
            time.sleep(0.01)
        process.kill()
        assert ended(process).code == -9
        proxy.idle()
        proxy.fault = lambda r: PASS
        assert 0 < len(live(sandbox)) <= 22
        between = load(proxy.url, *files)
        assert between.code == 2
        assert f"Run first: light-import undo {run}" in between.err
        assert len(live(sandbox)) <= 22

        told = command("undo", run, *YES)
        assert (told.code, told.json["bills"]) == (0, {"total": 30, "undone": 30})
        assert live(sandbox) == []
        assert load(proxy.url, *files).json["bills"] == {"total": 30, "created": 30}
        assert live(sandbox) == [f"INV-{i:05}" for i in range(30)]


def test_undo_waits_for_a_running_load(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    run = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1)])).json["run"]
    (journal,) = (Path(os.environ["LIGHT_IMPORT_HOME"]) / "journals").glob("*.sqlite")
    with filelock.FileLock(f"{journal}.lock"):
        process = start("undo", run, "--yes", "--requests-per-minute", "100000", cwd=tmp_path)
        assert "Another load into this company is running" in process.stderr.readline()
        assert live(sandbox) == ["INV-00001"]
    assert ended(process).code == 0
    assert live(sandbox) == []


def test_key_without_cancel_right_stops_the_undo(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(5)])
    no = http(403, {"type": "FORBIDDEN", "message": "Not with this key."})
    with proxied(
        sandbox.base_url, lambda r: Fault(False, no) if r.path.endswith("/cancel") else PASS
    ) as proxy:
        run = load(proxy.url, *files).json["run"]
        told = command("undo", run, *YES)
        assert told.code == 2
        assert "The key may not cancel bills: Not with this key." in told.err
        assert told.json["bills"] == {"total": 5, "created": 5}
        assert load(proxy.url, *files).json["bills"] == {"total": 5, "already_loaded": 5}
    assert len(live(sandbox)) == 5


def test_bill_without_all_lines_is_undone(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(4)])
    no = refusal(422, "Not this line.")

    def fault(r: Request) -> Fault:
        return Fault(False, no) if r.path.endswith("/line-items") and b"B2" in r.body else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, "--line-mode", "separate")
        assert told.json["bills"] == {"total": 4, "created": 3, "rejected": 1}
        told = command("undo", told.json["run"], *YES)
        assert told.json["bills"] == {"total": 4, "undone": 4}
        assert live(sandbox) == []
        assert load(proxy.url, *files).json["bills"] == {"total": 4, "created": 4}
    assert live(sandbox) == [f"INV-{i:05}" for i in range(4)]


@pytest.mark.parametrize("note", [False, True], ids=["bill", "credit note"])
def test_one_answer_that_it_is_cancelled_is_not_believed(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, note: bool
) -> None:
    """Neither by verify nor by undo."""
    row = bill_row(0, companyEntityId=ENTITIES[0]) | {"type": "credit note" if note else "bill"}
    kind, path = ("credit_notes", "credit-notes") if note else ("bills", "invoice-payables")
    cancelled = {"status": "ARCHIVED"} if note else {"state": "CANCELLED"}
    lies: list[Request] = []

    def fault(request: Request) -> Fault:
        if request.method != "GET" or not request.path.startswith(f"/v1/{path}/") or lies:
            return PASS
        lies.append(request)
        return Fault(True, None, alter=lambda shown: shown | cancelled)

    with proxied(sandbox.base_url) as proxy:
        run = load(proxy.url, *write_bills(tmp_path, [row])).json["run"]
        proxy.fault = fault
        verify = command("verify", run, *FAST)
        assert (verify.code, verify.json["read_back"], len(lies)) == (0, {"same": 1}, 1)
        lies.clear()
        undone = command("undo", run, *YES)
    assert (undone.code, len(lies)) == (0, 1)
    assert undone.json[kind] == {"total": 1, "undone": 1}
    [left] = sandbox.credit_notes() if note else sandbox.bills()
    assert cancelled.items() <= left.items()
