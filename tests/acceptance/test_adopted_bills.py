"""A bill that is found in Light after its answer was lost is taken for ours only where it is what
was sent: header, line items, and not made before."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    ACCOUNTS,
    ENTITIES,
    KEEP,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    http,
    proxied,
    refusal,
    write_bills,
)

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
POSTED = bill_row(1, vendorId=VENDORS[0], companyEntityId=ENTITIES[0], status="posted")
LOST, LOST_BEFORE = Fault(True, None), Fault(False, None)
NOTE = {
    "billRef": "C1",
    "type": "credit note",
    "invoiceNumber": "CN-7",
    "vendorId": VENDORS[0],
    "companyEntityId": ENTITIES[0],
    "status": "posted",
}


def typed(request: Request, **changes: Any) -> dict[str, Any]:
    """What was to be created, as a colleague types it: with other line items."""
    body: dict[str, Any] = json.loads(request.body)
    name = "lines" if "lines" in body else "lineItems"
    first = body[name][0]
    return body | {name: [first | {"accountId": ACCOUNTS[1]}]} | changes


def by_hand(
    light: Sandbox, answer: Fault, content: Callable[[Request], dict[str, Any]] = typed
) -> Callable[[Request], Fault]:
    """A colleague creates it while the answer to the first creation is lost."""

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 0:
            asked(light, "POST", request.path.removeprefix("/v1/"), content(request))
            return answer
        return PASS

    return fault


def states(light: Sandbox) -> list[str]:
    return [bill["state"] for bill in light.bills()]


def cancel(light: Sandbox, bill: str) -> None:
    asked(light, "POST", f"invoice-payables/{bill}/cancel", {"reason": "Typed twice."})


def told_of(result: Ended) -> tuple[int, dict[str, int], str]:
    counts = {name: n for name, n in result.json["bills"].items() if name != "total"}
    return result.code, counts, " ".join(f["message"] for f in result.json["findings"])


@pytest.mark.parametrize("mode", ["inline", "separate"])
def test_bill_typed_while_the_answer_was_lost_is_not_ours(
    mode: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nothing is done to it, and ours is not sent again beside it; until a person has decided."""
    files = [*write_bills(tmp_path, [POSTED]), "--line-mode", mode]

    def content(request: Request) -> dict[str, Any]:
        return typed(request) if mode == "inline" else typed_lines(json.loads(request.body))

    with proxied(sandbox.base_url, by_hand(sandbox, LOST_BEFORE, content)) as proxy:
        result = load(proxy.url, *files)
        again = load(proxy.url, *files)
        (theirs,) = sandbox.bills()
        for each in (result, again):
            code, counts, words = told_of(each)
            assert (code, counts) == (3, {"unknown": 1})
            assert theirs["id"] in words
            assert "it is not what was sent" in words
        assert states(sandbox) == ["IN_DRAFT"]
        cancel(sandbox, theirs["id"])
        assert told_of(load(proxy.url, *files))[:2] == (0, {"created": 1})
    assert states(sandbox) == ["CANCELLED", "UNPAID"]


def typed_lines(body: dict[str, Any]) -> dict[str, Any]:
    line = {"netAmount": body["amount"], "description": "Typed", "accountId": ACCOUNTS[1]}
    return body | {"lineItems": [line]}


def test_ours_is_found_beside_one_that_was_typed(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [POSTED])
    with proxied(sandbox.base_url, by_hand(sandbox, LOST)) as proxy:
        code, counts, words = told_of(load(proxy.url, *files))
        assert (code, counts) == (3, {"unknown": 1})
        theirs, ours = (bill["id"] for bill in sandbox.bills())
        assert f"{ours} (of this journal" in words
        assert f"also as {theirs}" in words
        assert states(sandbox) == ["IN_DRAFT", "IN_DRAFT"]
        cancel(sandbox, theirs)
        assert told_of(load(proxy.url, *files))[:2] == (0, {"already_loaded": 1})
    assert states(sandbox) == ["CANCELLED", "UNPAID"]


def test_word_of_a_person_makes_it_the_bill_and_nothing_is_done_to_it(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [POSTED])
    with proxied(sandbox.base_url, by_hand(sandbox, LOST_BEFORE)) as proxy:
        run = load(proxy.url, *files).json["run"]
        (theirs,) = sandbox.bills()
        number = str(POSTED["invoiceNumber"])
        settled = command("journal", "settle", run, number, "--light-id", theirs["id"], "--json")
        assert settled.code == 0, settled.err
        assert "the account of line 1 is" in settled.json["difference"]
        assert told_of(load(proxy.url, *files))[1] == {"already_in_light": 1}
    assert states(sandbox) == ["IN_DRAFT"]


def test_credit_note_with_other_lines_is_not_ours(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(1) | {"type": "bill", "status": ""}, bill_row(2) | NOTE]
    files = write_bills(tmp_path, rows)

    def content(request: Request) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(request.body)
        line = {**body["lines"][0], "ledgerAccountId": ACCOUNTS[1]}
        return body | {"lines": [line], "documentNumber": "CN-7"}

    def fault(request: Request) -> Fault:
        note = request.path.endswith("/credit-notes")
        return by_hand(sandbox, LOST_BEFORE, content)(request) if note else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        code, counts, words = told_of(load(proxy.url, *files))
    (note,) = sandbox.credit_notes()
    assert (code, counts) == (3, {"created": 1})
    assert f"{note['id']} " in words
    assert "it is not what was sent: the account of line 1" in words
    assert note["status"] == "DRAFT"


def moved(body: Any, apart: timedelta) -> Any:
    """With all bills made at other times."""
    for each in body.get("records", [body]):
        for name in ("createdAt", "invoiceCreatedAt"):
            if isinstance(each.get(name), str):
                each[name] = (datetime.fromisoformat(each[name]) + apart).isoformat()
    return body


def test_equal_bill_that_was_made_before_is_somebody_elses(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It is in Light, and this load did not create it: nothing is done to it."""
    files = write_bills(tmp_path, [POSTED])
    made = by_hand(sandbox, LOST_BEFORE, lambda request: json.loads(request.body))

    def fault(request: Request) -> Fault:
        if request.method == "GET" and "invoice-payables" in request.path:
            return Fault(True, None, alter=lambda body: moved(body, -timedelta(minutes=5)))
        return made(request)

    with proxied(sandbox.base_url, fault) as proxy:
        for _ in range(2):
            _, counts, words = told_of(load(proxy.url, *files))
            assert counts == {"already_in_light": 1}
            assert "was left unchanged (posted)" in words
    assert states(sandbox) == ["IN_DRAFT"]


def test_bill_of_our_own_answer_that_light_dates_hours_early_is_in_doubt(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It may be ours, and Light's clocks are apart, or a colleague's: a person decides, once."""
    files = write_bills(tmp_path, [POSTED])

    def fault(request: Request) -> Fault:
        early = "invoice-payables" in request.path
        return (
            Fault(True, KEEP, alter=lambda body: moved(body, -timedelta(hours=5)))
            if early
            else PASS
        )

    with proxied(sandbox.base_url, fault) as proxy:
        for _ in range(2):
            told = load(proxy.url, *files)
            code, counts, words = told_of(told)
            assert (code, counts) == (3, {"unknown": 1})
            assert "whether a load made it all the same is not known" in words
            assert sandbox.bills()[0]["id"] in words
        word = (told.json["run"], "INV-00001", "--light-id", str(sandbox.bills()[0]["id"]))
        assert command("journal", "settle", *word).code == 0
        assert load(proxy.url, *files).code == 0
    assert states(sandbox) == ["IN_DRAFT"]


def normalized(body: Any) -> Any:
    """Bills as Light may keep what it was sent, by a clock that is half a minute behind."""
    for each in moved(body, -timedelta(seconds=30)).get("records", [body]):
        for item in (each, *(each.get("lineItems") or ())):
            if text := item.get("description"):
                item["description"] = " ".join(text.split())[:255]
            for name in ("vendorId", "accountId", "taxCodeId"):
                if item.get(name):
                    item[name] = item[name].upper()
            if item.get("taxAmount"):
                item["taxAmount"] += 1
        if each.get("paymentAt"):
            each["paymentAt"] = each["paymentAt"][:10] + "T02:00:00+02:00"
        if each.get("localCurrencyFxRate"):
            each["localCurrencyFxRate"] = round(each["localCurrencyFxRate"], 4)
        if "currency" in each:
            each["currency"] = each["currency"].lower()
    return body


@pytest.mark.parametrize("what", ["older", "another account", "more line items"])
def test_answer_that_names_what_a_colleague_typed_is_not_believed(
    what: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its vendor, number and amount are right, and still it is not what the request created."""
    files = write_bills(tmp_path, [POSTED])

    def content(request: Request) -> dict[str, Any]:
        if what == "another account":
            return typed(request)
        body: dict[str, Any] = json.loads(request.body)
        (line,) = body["lineItems"]
        halves = [line | {"netAmount": cents} for cents in (1, line["netAmount"] - 1)]
        return body if what == "older" else body | {"lineItems": halves}

    def minutes_before(body: Any) -> Any:
        return moved(body, -timedelta(minutes=5)) if what == "older" else body

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 0:
            asked(sandbox, "POST", "invoice-payables", content(request))
            return Fault(False, http(200, minutes_before(sandbox.bills()[0])))
        is_read = request.method == "GET" and "invoice-payables" in request.path
        return Fault(True, None, alter=minutes_before) if is_read else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        _, counts, words = told_of(load(proxy.url, *files))
    (theirs,) = sandbox.bills()
    assert counts == {"unknown": 1}
    assert theirs["state"] == "IN_DRAFT"
    assert theirs["id"] in words


@pytest.mark.parametrize("number", ["INV-1", ""])
@pytest.mark.parametrize("answer", ["lost", "given"])
def test_what_light_normalizes_is_ours_all_the_same(
    answer: str, number: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    text = "Chairs,  and \u2013 tables" + (" for us" * 50 if number else "")
    more = {"paymentAt": "2026-02-03T10:11:12Z", "localCurrencyFxRateOverride": "1.23456789"}
    files = write_bills(tmp_path, [POSTED | more | {"invoiceNumber": number, "description": text}])
    lines = Path(files[1])
    lines.write_text(lines.read_text().replace("Line of B1", "Line  of B1" + " for us" * 50))

    def fault(request: Request) -> Fault:
        if request.creates and answer == "lost":
            return LOST if request.number == 0 else PASS
        return Fault(True, KEEP, alter=normalized) if "invoice-payables" in request.path else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        code, counts, words = told_of(load(proxy.url, *files))
    assert (code, counts) == (0, {"created": 1})
    assert "line items" not in words
    assert states(sandbox) == ["UNPAID"]


def test_bill_without_a_number_whose_text_light_cut_is_not_sent_again(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nor taken for ours: another row may begin with the same words."""
    text = "Chairs and tables" + " for us" * 50
    files = write_bills(tmp_path, [POSTED | {"invoiceNumber": "", "description": text}])

    def fault(request: Request) -> Fault:
        if request.creates:
            return LOST
        return Fault(True, KEEP, alter=normalized) if "invoice-payables" in request.path else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        assert told_of(load(proxy.url, *files))[:2] == (3, {"unknown": 1})
    assert states(sandbox) == ["IN_DRAFT"]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, None) for name in ("dueDate", "issuedDate", "description", "amount")]
    + [("dueDate", "2026-06-06")],
)
def test_bill_without_a_number_that_light_shows_with_less_or_another_due_date_is_not_sent_again(
    name: str, value: str | None, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It may be ours: that is for a person."""
    row = {"invoiceNumber": "", "description": "Rent", "dueDate": "2026-05-05"}
    files = write_bills(tmp_path, [POSTED | row])

    def altered(body: Any) -> Any:
        for each in body.get("records", [body]):
            each[name] = value
        return body

    def fault(request: Request) -> Fault:
        if request.creates:
            return LOST
        return Fault(True, KEEP, alter=altered) if "invoice-payables" in request.path else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        code, counts, words = told_of(load(proxy.url, *files))
    (ours,) = sandbox.bills()
    assert (code, counts) == (3, {"unknown": 1})
    assert ours["id"] in words
    assert ours["state"] == "IN_DRAFT"


def test_bills_without_a_number_that_differ_in_due_dates_find_each_its_own(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A colleague has loaded the second instalment, and somebody else moves its due date then."""
    other = ["--journal", str(tmp_path / "other.sqlite")]
    common = POSTED | {"invoiceNumber": "", "description": "Rent", "status": ""}
    rows = [common | {"billRef": f"B{month}", "dueDate": f"2026-0{month}-05"} for month in (5, 6)]
    second = tmp_path / "second"
    second.mkdir()
    assert load(sandbox.base_url, *write_bills(second, rows[1:]), *other).code == 0
    files = write_bills(tmp_path, rows)
    assert told_of(load(sandbox.base_url, *files))[1] == {"created": 1, "already_in_light": 1}
    assert sorted(bill["dueDate"] for bill in sandbox.bills()) == ["2026-05-05", "2026-06-05"]
    sandbox.context.store.save_bill(sandbox.bills()[0] | {"dueDate": "2026-07-05"})
    third = [*files, "--journal", str(tmp_path / "third.sqlite")]
    _, counts, words = told_of(load(sandbox.base_url, *third))
    assert counts == {"already_in_light": 2}
    assert "the due date is 2026-07-05 in Light and 2026-06-05 in the sheet" in words


def test_bill_that_light_refuses_because_another_load_made_it_is_not_ours(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [POSTED])

    def seconds_before(body: Any) -> Any:
        return moved(body, -timedelta(seconds=3))

    def fault(request: Request) -> Fault:
        if request.creates:
            if request.number == 0:
                asked(sandbox, "POST", "invoice-payables", json.loads(request.body))
            return Fault(False, refusal(409, "An invoice with this number already exists."))
        is_read = request.method == "GET" and "invoice-payables" in request.path
        return Fault(True, KEEP, alter=seconds_before) if is_read else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        assert told_of(load(proxy.url, *files))[1] == {"already_in_light": 1}
    assert states(sandbox) == ["IN_DRAFT"]
