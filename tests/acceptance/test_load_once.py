"""A bill is in Light once, whatever happens to the file, the journal or the command in between."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import (
    COMPANY,
    ENTITIES,
    LOAD,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    ended,
    http,
    numbers,
    proxied,
    refusal,
    start,
    write_bills,
)

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
TWINS = {"vendorId": VENDORS[0], "invoiceNumber": "", "amount": 500, "description": "Rent"}


def home() -> Path:
    return Path(os.environ["LIGHT_IMPORT_HOME"])


def statuses(told: Ended) -> dict[str, int]:
    return {name: n for name, n in told.json["bills"].items() if name != "total"}


def test_second_load_sends_nothing(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(10)])
    assert statuses(load(sandbox.base_url, *files)) == {"created": 10}
    again = load(sandbox.base_url, *files)
    assert statuses(again) == {"already_loaded": 10}
    assert again.code == 0
    assert sandbox.counters.bill_posts == 10


def test_reordered_bills_are_recognised(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [bill_row(i) for i in range(10)] + [bill_row(90 + i, **TWINS) for i in range(3)]
    load(sandbox.base_url, *write_bills(tmp_path, rows))
    moved = [bill_row(50), *reversed(rows), bill_row(51)]
    told = load(sandbox.base_url, *write_bills(tmp_path, moved))
    assert statuses(told) == {"created": 2, "already_loaded": 13}
    assert len(sandbox.bills()) == 15


def test_lost_journal_finds_the_bills_in_light(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(i) for i in range(5)] + [bill_row(90 + i, **TWINS) for i in range(3)]
    files = write_bills(tmp_path, rows)
    load(sandbox.base_url, *files)
    shutil.rmtree(home() / "journals")
    told = load(sandbox.base_url, *files)
    assert statuses(told) == {"already_in_light": 8}
    assert told.code == 0
    assert len(sandbox.bills()) == 8
    assert statuses(load(sandbox.base_url, *files)) == {"already_in_light": 8}


def test_bill_in_light_with_another_amount_is_reported(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1)]))
    shutil.rmtree(home() / "journals")
    told = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1, amount=77_700)]))
    assert statuses(told) == {"already_in_light": 1}
    assert len(sandbox.bills()) == 1


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["load", "dry run"])
def test_bill_changed_after_loading_is_a_finding(
    dry: tuple[str, ...], load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1), bill_row(2)]))
    changed = write_bills(tmp_path, [bill_row(1, amount=77_700), bill_row(2)])
    told = load(sandbox.base_url, *changed, *dry)
    assert statuses(told) == {"already_loaded": 2}
    assert told.code == 1
    (finding,) = told.json["findings"]
    assert finding["code"] == "bills.content.changed"
    assert "10.01" in finding["message"]
    assert "777.00" in finding["message"]
    assert (finding["row"], finding["column"]) == (2, "invoiceNumber")
    assert sandbox.counters.bill_posts == 2
    if dry:  # what it says of others is what the load does
        more = write_bills(tmp_path, [bill_row(1, amount=77_700), bill_row(2), bill_row(3)])
        told = load(sandbox.base_url, *more, *dry)
        assert statuses(told) == {"already_loaded": 2, "valid": 1}
        assert "--only-valid" not in told.out + told.err + told.json["next"]
        assert statuses(load(sandbox.base_url, *more)) == {"already_loaded": 2, "created": 1}


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "all answers lost"])
def test_identical_bills_without_number_are_all_created(
    lost: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i, **TWINS) for i in range(3)])

    def fault(request: Request) -> Fault:
        return Fault(True, None) if lost and request.creates else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files)
        assert statuses(told) == {"created": 3}
        assert statuses(load(proxy.url, *files)) == {"already_loaded": 3}
    ids = [bill["id"] for bill in sandbox.bills()]
    assert len(ids) == 3
    db = sqlite3.connect(next(home().glob("journals/*.sqlite")))
    owned = [row[0] for row in db.execute("SELECT light_id FROM entries")]
    db.close()
    assert sorted(owned) == sorted(ids)


def test_identical_bills_with_lost_answers_are_not_confused(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i, **TWINS) for i in range(9)])
    kinds = [Fault(True, None), PASS, Fault(False, None), Fault(True, http(502))]
    with proxied(sandbox.base_url, lambda r: kinds[r.number % 4] if r.creates else PASS) as proxy:
        told = load(proxy.url, *files, "--settle", "0.05")
    assert statuses(told) == {"created": 9}
    assert len(sandbox.bills()) == 9
    db = sqlite3.connect(next(home().glob("journals/*.sqlite")))
    assert db.execute("SELECT count(DISTINCT light_id) FROM entries").fetchone() == (9,)
    db.close()


@pytest.mark.parametrize("number", ["INV-1", ""], ids=["with number", "without"])
@pytest.mark.parametrize("given_first", [True, False])
def test_entity_missing_in_a_later_load_makes_no_duplicate(
    number: str, given_first: bool, load: Load, tmp_path: Path
) -> None:
    given, left_out = ENTITIES[0], ""
    first, then = (given, left_out) if given_first else (left_out, given)
    # The list lags, so that only the journal can know.
    with running(
        SandboxSettings(reference=COMPANY, requests_per_minute=100_000, list_lag=3600)
    ) as slow:
        for entity in (first, then, first):
            rows = [bill_row(i, **(TWINS | {"invoiceNumber": number})) for i in range(2)]
            rows = rows[:1] if number else rows
            told = load(
                slow.base_url,
                *write_bills(tmp_path, [row | {"companyEntityId": entity} for row in rows]),
            )
            # An entity that the sheet adds may be another than the one Light took: it is told.
            added = entity == given and not given_first
            codes = {f["code"] for f in told.json["findings"]} - {"bills.invoiceNumber.missing"}
            assert codes == ({"bills.content.changed"} if added else set())
            assert told.code == (1 if added else 0)
        assert len(slow.bills()) == len(rows)


def test_same_number_in_two_entities_makes_two_bills(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    same = {"vendorId": VENDORS[0], "invoiceNumber": "INV-1"}
    one, two = ({"companyEntityId": entity} for entity in ENTITIES[:2])
    first = write_bills(tmp_path, [bill_row(1, **same, **one)])
    assert statuses(load(sandbox.base_url, *first)) == {"created": 1}
    both = write_bills(tmp_path, [bill_row(1, **same, **one), bill_row(2, **same, **two)])
    assert statuses(load(sandbox.base_url, *both)) == {"already_loaded": 1, "created": 1}


def test_corrected_bill_is_created_after_rejection(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    refused = refusal(422, "Too much.", "amount")

    def fault(request: Request) -> Fault:
        return Fault(False, refused) if b"999999" in request.body else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *write_bills(tmp_path, [bill_row(1, amount=999999), bill_row(2)]))
        assert statuses(told) == {"created": 1, "rejected": 1}
        told = load(proxy.url, *write_bills(tmp_path, [bill_row(1, amount=500), bill_row(2)]))
        assert statuses(told) == {"created": 1, "already_loaded": 1}
        assert told.json["findings"] == []
        # What was sent at last is what the next load compares with.
        told = load(proxy.url, *write_bills(tmp_path, [bill_row(1, amount=500), bill_row(2)]))
    assert statuses(told) == {"already_loaded": 2}
    assert told.code == 0
    assert sorted(bill["amount"] for bill in sandbox.bills()) == [500, 1002]


def test_changed_bill_is_compared_with_the_last_attempt(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    with proxied(
        sandbox.base_url, lambda r: Fault(False, http(500)) if r.creates else PASS
    ) as proxy:
        told = load(proxy.url, *write_bills(tmp_path, [bill_row(1)]), "--settle", "0.05")
    assert statuses(told) == {"unknown": 1}
    (journal,) = home().glob("journals/*.sqlite")
    for expected in ("created", "already_loaded"):
        files = write_bills(tmp_path, [bill_row(1, amount=4242)])
        told = load(sandbox.base_url, *files, "--journal", str(journal))
        assert statuses(told) == {expected: 1}
        assert told.code == 0


def test_bill_that_was_corrected_while_its_answer_was_lost_is_settled_and_updated(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    def fault(request: Request) -> Fault:
        if not request.creates:
            return PASS
        process.kill()
        return Fault(True, None)

    with proxied(sandbox.base_url, fault) as proxy:
        files = write_bills(tmp_path, [bill_row(1)])
        process = start(*LOAD, "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        proxy.fault = lambda request: PASS
        corrected = write_bills(tmp_path, [bill_row(1, amount=4242)])
        told = load(proxy.url, *corrected)
        assert (told.code, statuses(told)) == (3, {"unknown": 1})
        told = load(proxy.url, *corrected)
        assert statuses(told) == {"already_loaded": 1}
        assert [f["code"] for f in told.json["findings"]] == ["bills.content.changed"]
        told = load(proxy.url, *corrected, "--update")
        assert (told.code, statuses(told)) == (0, {"updated": 1}), told.err
    assert [bill["amount"] for bill in sandbox.bills()] == [4242]


def test_dry_run_shows_a_lost_bill_as_unknown(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(1), bill_row(2)])

    def lost(request: Request) -> Fault:
        return Fault(False, http(500)) if b"INV-00001" in request.body else PASS

    with proxied(sandbox.base_url, lost) as proxy:
        assert load(proxy.url, *files, "--settle", "0.05").code == 3
        (journal,) = home().glob("journals/*.sqlite")
        before = journal.read_bytes()
        posts = sandbox.counters.bill_posts
        proxy.fault = lambda request: PASS
        told = load(proxy.url, *files, "--dry-run")
        assert statuses(told) == {"already_loaded": 1, "unknown": 1}
        assert told.code == 3
        assert sandbox.counters.bill_posts == posts
        assert journal.read_bytes() == before
        assert statuses(load(proxy.url, *files)) == {"already_loaded": 1, "created": 1}
    assert numbers(sandbox) == ["INV-00001", "INV-00002"]


def test_stopped_load_resumes_with_moved_rows(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [bill_row(i) for i in range(20)] + [bill_row(90 + i, **TWINS) for i in range(4)]
    stopped = load(sandbox.base_url, *write_bills(tmp_path, rows), "--requests-per-day", "14")
    assert stopped.code == 4
    made = len(sandbox.bills())
    assert 0 < made < 14
    moved = [bill_row(50), *rows[::-2], bill_row(51), *rows[::2]]
    told = load(sandbox.base_url, *write_bills(tmp_path, moved))
    assert statuses(told) == {"already_loaded": made, "created": 26 - made}
    assert told.code == 0
    assert len(sandbox.bills()) == 26
    assert len(set(numbers(sandbox))) == 23


def test_stopped_load_resumes_without_its_journal(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(i) for i in range(20)] + [bill_row(90 + i, **TWINS) for i in range(4)]
    files = write_bills(tmp_path, rows)
    assert load(sandbox.base_url, *files, "--requests-per-day", "14").code == 4
    made = len(sandbox.bills())
    shutil.rmtree(home() / "journals")
    told = load(sandbox.base_url, *files)
    assert statuses(told) == {"already_in_light": made, "created": 24 - made}
    assert len(sandbox.bills()) == 24
    assert len(set(numbers(sandbox))) == 21


def test_cancelled_bill_is_no_match(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(1)])
    load(sandbox.base_url, *files)
    (bill,) = sandbox.bills()
    httpx.post(
        f"{sandbox.base_url}/v1/invoice-payables/{bill['id']}/cancel",
        json={"reason": "wrong"},
        headers={"Authorization": "Basic sandbox"},
    ).raise_for_status()
    shutil.rmtree(home() / "journals")
    with proxied(
        sandbox.base_url,
        lambda r: Fault(False, http(502)) if r.creates and r.number == 0 else PASS,
    ) as proxy:
        told = load(proxy.url, *files)
    assert statuses(told) == {"created": 1}
    assert sorted(b["state"] == "CANCELLED" for b in sandbox.bills()) == [False, True]


@pytest.mark.parametrize("line_mode", ["inline", "separate"])
def test_duplicate_that_a_person_cancels_is_not_created_again(
    line_mode: str, load: Load, tmp_path: Path
) -> None:
    """A colleague types it at the moment it is sent, so that Light holds ours for a duplicate."""
    row = bill_row(1)
    files = write_bills(tmp_path, [row])
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, duplicate_state=True)
    typed = {name: row[name] for name in ("vendorId", "invoiceNumber", "currency")}
    dates = {name: row[name] or None for name in ("issuedDate", "dueDate")}
    with running(settings) as light:

        def colleague(request: Request) -> Fault:
            if request.creates and not light.bills():
                asked(light, "POST", "invoice-payables", typed | dates | {"amount": row["amount"]})
            return PASS

        with proxied(light.base_url, colleague) as proxy:
            words = (*files, "--line-mode", line_mode)
            assert load(proxy.url, *words).code == 3
            _, ours = light.bills()
            asked(light, "POST", f"invoice-payables/{ours['id']}/cancel", {"reason": "twice"})
            told = load(proxy.url, *words)
        assert [bill["state"] for bill in light.bills()] == ["IN_DRAFT", "CANCELLED"]
        assert (told.code, statuses(told)) == (0, {"already_in_light": 1}), told.err
        assert statuses(load(light.base_url, *words)) == {"already_in_light": 1}


def test_too_many_matches_in_light_are_unknown(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Somebody enters the same bill by hand while our answer is lost."""

    def fault(request: Request) -> Fault:
        if request.creates:
            httpx.post(
                sandbox.base_url + request.path,
                content=request.body,
                headers={"Authorization": "Basic sandbox", "Content-Type": "application/json"},
            ).raise_for_status()
            return Fault(True, None)
        return PASS

    files = write_bills(tmp_path, [bill_row(1)])
    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files)
    assert told.code == 3
    assert statuses(told) == {"unknown": 1}
    assert len(sandbox.bills()) == 2


def test_clock_days_ahead_makes_no_duplicate(load: Load, tmp_path: Path) -> None:
    """Answers are lost: one is looked for in the same load, one after it has stopped."""
    settings = SandboxSettings(
        reference=COMPANY, requests_per_minute=100_000, clock_offset=-3 * 86_400
    )
    stops = False

    def fault(request: Request) -> Fault:
        if request.creates:
            return Fault(True, None) if request.number < 2 else PASS
        sent = any(r.creates for r in proxy.requests[-2:])
        return Fault(False, refusal(403, "No.")) if stops and sent else PASS

    with running(settings) as light:
        with proxied(light.base_url, fault) as proxy:
            told = load(proxy.url, *write_bills(tmp_path, [bill_row(1)]))
            assert numbers(light) == ["INV-00001"]
            assert statuses(told) == {"created": 1}
            stops, files = True, write_bills(tmp_path, [bill_row(2)])
            assert statuses(load(proxy.url, *files)) == {"unknown": 1}
            stops = False
            assert statuses(load(proxy.url, *files)) == {"created": 1}
        assert numbers(light) == ["INV-00001", "INV-00002"]


def test_bills_that_light_dates_days_early_make_no_duplicate(load: Load, tmp_path: Path) -> None:
    """Light's answers have the right time and its bills another one: a list of what is new lacks
    them. One answer is lost, the other one names a bill of three days ago."""
    settings = SandboxSettings(
        reference=COMPANY, requests_per_minute=100_000, clock_offset=-3 * 86_400
    )

    def fault(request: Request) -> Fault:
        return Fault(True, None) if request.creates and request.number == 0 else PASS

    with running(settings) as light, proxied(light.base_url, fault) as proxy:
        light.context.limiter.clock = time.time  # of the headers
        told = load(proxy.url, *write_bills(tmp_path, [bill_row(1), bill_row(2)]))
        assert numbers(light) == ["INV-00001", "INV-00002"]
    assert statuses(told) == {"already_in_light": 1, "unknown": 1}


def test_old_journal_times_are_not_trusted(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    """Its times are by this computer's clock, which was three days ahead."""
    files = write_bills(tmp_path, [bill_row(1)])
    journal = tmp_path / "j.sqlite"
    with proxied(sandbox.base_url, lambda r: Fault(False, http(500)) if r.creates else PASS) as p:
        load(p.url, *files, "--journal", str(journal), "--settle", "0.05")
    db = sqlite3.connect(journal)
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    db.execute("UPDATE entries SET state = 'sending', first_sent = ?", (ahead,))
    db.execute("PRAGMA user_version = 3")
    db.commit()
    db.close()
    body = next(r.body for r in p.requests if r.creates)
    httpx.post(
        sandbox.base_url + "/v1/invoice-payables",
        content=body,
        headers={"Authorization": "Basic sandbox", "Content-Type": "application/json"},
    ).raise_for_status()
    told = load(sandbox.base_url, *files, "--journal", str(journal))
    assert statuses(told) == {"created": 1}
    assert numbers(sandbox) == ["INV-00001"]


@pytest.mark.parametrize("options", [(), ("--line-mode", "separate")], ids=["inline", "separate"])
def test_bill_of_our_own_answer_that_no_list_shows_is_not_sent_again(
    load: Load, sandbox: Sandbox, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Light dates what it creates days early, so that its list since then leaves it out."""
    created = False

    def early(shown: dict[str, Any]) -> dict[str, Any]:
        return shown | {"invoiceCreatedAt": "2026-01-01T00:00:00Z"} if "id" in shown else shown

    def fault(request: Request) -> Fault:
        nonlocal created
        created |= request.creates
        if created and request.path.endswith("/bff/invoice-payables"):
            return Fault(True, None, alter=lambda listed: listed | {"records": []})
        if request.path.startswith("/v1/invoice-payables"):
            return Fault(True, None, alter=early)
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        load(proxy.url, *write_bills(tmp_path, [bill_row(i) for i in range(2)]), *options)
    assert sandbox.counters.bill_posts == 2
    assert sorted(numbers(sandbox)) == ["INV-00000", "INV-00001"]
