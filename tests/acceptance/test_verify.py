"""What was loaded is read back from Light; what differs is told with field and both values."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import (
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

from importer.sandbox import Sandbox, SandboxSettings, running

ROOT = Path(__file__).parents[2]
Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")
WRONG = {"reason": "Wrong."}
ONE_BILL = "GET /v1/invoice-payables/{invoicePayableId}"
LIST = "GET /v1/bff/invoice-payables"
ONE_LINE = ONE_BILL + "/line-items/{lineItemId}"


def by_number(light: Sandbox) -> dict[str, Any]:
    return {str(bill["invoiceNumber"]): bill for bill in light.bills()}


def test_real_ledger_verifies_and_an_altered_bill_is_found(
    load: Load, command: Load, shipped_sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = ROOT / "samples" / "uk-spend"
    whole = (folder / "dh-spend-march.csv").read_bytes().splitlines(keepends=True)
    ledger = tmp_path / "ledger.csv"
    ledger.write_bytes(b"".join(whole[:160]))
    shutil.copy(folder / "vendors.csv", tmp_path)
    args = ("--template", "uk-spend", "--only-valid")
    run = load(shipped_sandbox.base_url, str(ledger), *args).json["run"]
    bills, lines = (
        len(shipped_sandbox.bills()),
        sum(len(b["lineItems"]) for b in shipped_sandbox.bills()),
    )
    assert bills > 50
    assert lines > bills

    told = command("verify", run, "--lines", *FAST)
    assert told.code == 0
    assert told.json["read_back"] == {"same": bills}
    assert shipped_sandbox.counters.by_route[ONE_BILL] == bills
    assert shipped_sandbox.counters.by_route[ONE_LINE] == lines
    assert told.json["command"] == "verify"
    assert not [f for f in told.json["findings"] if f["code"].startswith("light.")]

    bill = max(shipped_sandbox.bills(), key=lambda b: len(b["lineItems"]))
    line = bill["lineItems"][1]
    base = "amount" if bill["lineItemsIncludeTax"] else "netAmount"
    body = {base: line[base] + 1, "description": line["description"]}
    asked(shipped_sandbox, "PUT", f"invoice-payables/{bill['id']}/line-items/{line['id']}", body)
    asked(
        shipped_sandbox, "PATCH", f"invoice-payables/{bill['id']}", {"amount": bill["amount"] + 100}
    )
    told = command("verify", run, "--lines", *FAST)
    assert told.code == 1
    assert told.json["read_back"] == {"same": bills - 1, "changed": 1}
    found = [f for f in told.json["findings"] if f["code"] == "light.changed"]
    assert len(found) == 2
    own, theirs = f"{bill['amount'] / 100:,.2f}", f"{bill['amount'] / 100 + 1:,.2f}"
    words = {f["message"] for f in found}
    assert f"Light has {theirs} where the sheet has {own} (amount)." in words
    own, theirs = (f"{(line[base] + more) / 100:,.2f}" for more in (0, 1))
    there = f"Light has {theirs} where the sheet has {own}"
    (of_line,) = [f for f in found if there in f["message"]]
    assert of_line["column"] == "Amount"
    assert of_line["value"] in ledger.read_text("cp1252")
    (total,) = told.json["totals"]
    before = sum(b["amount"] for b in shipped_sandbox.bills()) - 100
    assert total["created"] == before + 100  # the tie-out has what was read back
    workbook = openpyxl.load_workbook(told.json["result"], read_only=True)
    assert any(of_line["message"] in map(str, row) for row in workbook["Problems"].values)


def test_totals_that_do_not_tie_for_a_rejected_bill_are_no_success(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])

    def fault(r: Request) -> Fault:
        refused = r.creates and b"INV-00001" in r.body
        return Fault(False, refusal(422, "The vendor is blocked.")) if refused else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        told = command("verify", run, *FAST)
        assert told.json["read_back"] == {"same": 2}
        (total,) = told.json["totals"]
        assert total["difference"] == 1001
        assert told.code == told.json["exit_code"] == 1


def test_cancelled_bill_is_missing_in_later_reports(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    gone = ""

    def fault(r: Request) -> Fault:
        lost = http(404, {"type": "NOT_FOUND", "message": "No such bill."})
        return Fault(False, lost) if gone and r.path.endswith(gone) else PASS

    files = write_bills(tmp_path, [bill_row(i) for i in range(4)])
    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        there = by_number(sandbox)
        asked(sandbox, "POST", f"invoice-payables/{there['INV-00001']['id']}/cancel", WRONG)
        gone = str(there["INV-00002"]["id"])
        told = command("verify", run, *FAST)
    assert told.code == 1
    assert told.json["read_back"] == {"same": 2, "missing": 2}
    missing = [f for f in told.json["findings"] if f["code"] == "light.missing"]
    assert [(f["value"], f["row"]) for f in missing] == [("INV-00001", 3), ("INV-00002", 4)]
    assert "was cancelled (state CANCELLED)" in missing[0]["message"]
    assert f"Light has no bill {gone} any more" in missing[1]["message"]
    (total,) = told.json["totals"]
    assert (total["sheet"], total["created"]) == (4006, 2003)
    again = command("report", run, "--json", "--quiet")
    assert again.code == 0
    for name in ("findings", "totals", "read_back", "bills"):
        assert sorted(map(str, again.json[name])) == sorted(map(str, told.json[name]))


def test_cancelling_differences_show_in_the_tie_out(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)] + [bill_row(3, currency="EUR")])
    run = load(sandbox.base_url, *files).json["run"]
    there = by_number(sandbox)
    for number, more in (("INV-00000", 100), ("INV-00001", -100)):
        bill = there[number]
        asked(sandbox, "PATCH", f"invoice-payables/{bill['id']}", {"amount": bill["amount"] + more})
    asked(sandbox, "POST", f"invoice-payables/{there['INV-00003']['id']}/cancel", WRONG)
    told = command("verify", run, *FAST[:1], *FAST[2:])
    assert told.code == 1
    assert told.err.count("3 of 4 bills are in Light; 2 were changed there; 1 is missing there.")
    words = " ".join(told.err.split())
    assert "difference 0.00. The totals agree, but 2 bills differ." in words
    assert "Ties out" not in told.err
    sheet = openpyxl.load_workbook(told.json["result"])["Tie-out"]
    rows = [[cell.value for cell in row[1:7]] for row in sheet.iter_rows()]
    texts = [str(row[0]) for row in rows]
    assert rows[texts.index("EUR, 1 bill") + 4][5] == "1 of 1 bill read; 1 no longer in Light"
    cached = openpyxl.load_workbook(told.json["result"], data_only=True)["Tie-out"]
    ends = [
        [cell.value for cell in row[2:7]]
        for row in cached.iter_rows()
        if row[1].value == "Difference: sheet less Light"
    ]
    assert ends == [
        [0, 0, 0, None, "The totals agree, but 2 bills differ."],
        [1, 10.03, 10.03, None, "10.03 EUR of the file is not known to be in Light."],
    ]
    named = {text.split(", ")[1] for text in texts if text.count("INV-")}
    assert named == {"INV-00000", "INV-00001", "INV-00003"}


def test_verify_and_undo_repeat_step_refusals(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0, status="submitted"), bill_row(1)])
    first = load(sandbox.base_url, *files)
    codes = ["light.step_refused"]
    assert [f["code"] for f in first.json["findings"]] == codes  # it has no entity
    told = command("verify", first.json["run"], *FAST)
    assert (told.code, [f["code"] for f in told.json["findings"]]) == (0, codes)
    bill = by_number(sandbox)["INV-00001"]
    asked(sandbox, "PATCH", f"invoice-payables/{bill['id']}", {"amount": bill["amount"] + 7})
    assert command("verify", first.json["run"], *FAST).code == 1
    told = command("undo", first.json["run"], "--yes", *FAST)
    assert told.code == 1
    found = {f["code"] for f in told.json["findings"]}
    assert found == {"light.not_cancelled", "light.changed"}
    (total,) = told.json["totals"]
    assert total["created"] == bill["amount"] + 7  # as it was read, not as it was sent


def test_stopped_verification_resumes(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(40)])
    run = load(sandbox.base_url, *files).json["run"]
    spent = sandbox.counters.authenticated
    told = command("verify", run, *FAST, "--requests-per-day", str(spent + 25))
    assert told.code == 4
    assert "requests" in told.err
    first = sandbox.counters.by_route[ONE_BILL]
    assert 0 < first < 40
    assert told.json["read_back"] == {"same": first}
    assert "light-import verify" in told.json["next"]
    assert command("verify", run, *FAST).json["read_back"] == {"same": 40}
    assert sandbox.counters.by_route[ONE_BILL] == 40
    assert command("verify", run, *FAST, "--lines").code == 0  # the lines were not read yet
    assert sandbox.counters.by_route[ONE_BILL] == 80
    assert sandbox.counters.by_route[ONE_LINE] == 40
    assert command("verify", run, *FAST).code == 0
    assert sandbox.counters.by_route[ONE_BILL] == 120


def test_killed_verification_keeps_its_read_backs(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(100)])
    run = load(sandbox.base_url, *files).json["run"]
    reads = 0

    def fault(r: Request) -> Fault:
        nonlocal reads
        if r.method != "GET" or not re.search(r"invoice-payables/", r.path):
            return PASS
        reads += 1
        return PASS if reads <= 40 else Fault(False, None, after=600)

    with proxied(sandbox.base_url, fault) as proxy:
        other = Path(os.environ["LIGHT_IMPORT_HOME"]) / "journals"
        (journal,) = other.glob("*.sqlite")
        _moved(journal, sandbox.base_url, proxy.url)
        process = start("verify", run, *FAST, cwd=tmp_path)
        while reads < 100:  # 60 hang, after 40 that came back
            assert process.poll() is None, ended(process)
            time.sleep(0.01)
        process.kill()
        assert ended(process).code == -9
        _moved(journal, proxy.url, sandbox.base_url)
    before = sandbox.counters.by_route[ONE_BILL]
    assert command("verify", run, *FAST).json["read_back"] == {"same": 100}
    read = sandbox.counters.by_route[ONE_BILL] - before
    assert 60 <= read < 100


def _moved(journal: Path, old: str, new: str) -> None:
    """The journal's runs as if they had been loaded through another address."""
    db = sqlite3.connect(journal)
    db.execute("UPDATE runs SET facts = replace(facts, ?, ?)", (old, new))
    db.commit()
    db.close()


def test_lost_reads_are_retried(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    faults = [Fault(False, None), Fault(False, http(500)), Fault(True, http(200, b"{"))]
    files = write_bills(tmp_path, [bill_row(i) for i in range(6)])

    def fault(r: Request) -> Fault:
        read = r.method == "GET" and r.path.count("/") > 2 and "bff" not in r.path
        return faults.pop() if read and faults else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        told = command("verify", run, *FAST, "--lines")
        assert told.code == 0
        assert told.json["read_back"] == {"same": 6}


def test_verify_waits_until_light_has_settled_before_it_looks_for_copies(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Since the last bill of the load: a copy that came with it may not be listed before."""
    load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1)]))
    before = sandbox.counters.by_route[LIST]
    process = start("verify", "latest", "--settle", "60", cwd=tmp_path)
    # The line comes before the wait; without one, the process would end without it.
    assert any("then checking for bills that are in Light more" in line for line in process.stderr)
    assert sandbox.counters.by_route[LIST] == before


def test_load_verify_reads_back_every_bill(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(2)]))
    files = write_bills(tmp_path, [bill_row(i) for i in range(5)])
    told = load(sandbox.base_url, *files, "--verify")
    assert told.code == 0
    assert told.json["read_back"] == {"same": 5}
    assert sandbox.counters.by_route[ONE_LINE] == 5
    altered = []

    def fault(r: Request) -> Fault:
        if r.method == "GET" and "/line-items/" in r.path and not altered:
            altered.append(r.path.split("/")[3])
            asked(sandbox, "PATCH", f"invoice-payables/{altered[0]}", {"dueDate": "2027-01-01"})
        return Fault(True, KEEP)

    with proxied(sandbox.base_url, fault) as proxy:
        files = write_bills(tmp_path, [bill_row(i) for i in range(10, 13)])
        assert load(proxy.url, *files, "--verify").code == 0  # it was read before it was altered
        run = load(proxy.url, *files, "--verify")
    assert run.code == 1
    assert run.json["read_back"] == {"same": 2, "changed": 1}
    (found,) = [f for f in run.json["findings"] if f["code"] == "light.changed"]
    assert found["column"] == "dueDate"
    assert found["message"] == (
        "Light has '2027-01-01' where the sheet has '2026-02-04' (due date)."
    )


@pytest.mark.parametrize("name", ["verify", "undo"])
def test_key_of_another_company_is_refused(
    name: str, load: Load, command: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ("--yes",) if name == "undo" else ()
    with running(SandboxSettings(foreign_key="foreign")) as light:
        run = load(light.base_url, *write_bills(tmp_path, [bill_row(1)])).json["run"]
        monkeypatch.setenv("LIGHT_API_KEY", "foreign")
        told = command(name, run, *FAST, *more)
        assert told.code == 2
        assert f"The run {run} was loaded into the company Kestrel Trading Ltd" in told.err
        assert "the key belongs to Another company" in told.err
        assert [b["state"] for b in light.bills()] == ["IN_DRAFT"]
        monkeypatch.setenv("LIGHT_BASE_URL", "https://api.light.inc")
        told = command(name, run, *FAST, *more)  # the key may be for there
        assert told.code == 2
        assert "LIGHT_BASE_URL says https://api.light.inc" in told.err


@pytest.mark.parametrize("name", ["verify", "undo"])
def test_throw_away_sandbox_cannot_be_verified(name: str, command: Load, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(1)])
    run = command("load", *files, "--sandbox", "--yes", *FAST).json["run"]
    told = command(name, run, *FAST, *(("--yes",) if name == "undo" else ()))
    assert told.code == 2
    assert "temporary sandbox" in told.err
    assert (
        "There is no run 1." in command(name, "1", "--dry-run" if name == "undo" else "--again").err
    )
