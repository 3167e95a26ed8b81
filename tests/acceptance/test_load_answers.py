"""An answer is believed only if it is about its request, and a no only if Light itself says it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    ENTITIES,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    bill_row,
    http,
    numbers,
    proxied,
    refusal,
    write_bills,
)

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
Bill = dict[str, Any]
FAST = ("--settle", "0.05")
POSTED = {"companyEntityId": ENTITIES[0], "status": "posted"}
NIL = "00000000-0000-0000-0000-000000000000"


def codes(told: Ended) -> list[str]:
    return [f["code"] for f in told.json["findings"]]


def posts(requests: Sequence[Request]) -> int:
    return sum(request.creates for request in requests)


def ids_in_journal(home: Path) -> dict[str, str]:
    """Light's id of each bill, by invoice number."""
    (path,) = home.glob("journals/*.sqlite")
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT json_extract(identity, '$[3]'), light_id FROM entries")
        return dict(rows.fetchall())


def is_right(sandbox: Sandbox, home: Path) -> bool:
    """Whether the journal has each bill of Light under its own id, and no other."""
    bills = sandbox.bills()
    assert len({bill["id"] for bill in bills}) == len(bills)
    return ids_in_journal(home) == {bill["invoiceNumber"]: bill["id"] for bill in bills}


def lies_of(sandbox: Sandbox) -> list[Fault]:
    """Answers to a creation that are not about it, or say yes and no; kept by Light, and not."""

    def of_another(bill: Bill) -> Bill:
        """The answer to the first creation."""
        return min(sandbox.bills(), key=lambda each: each["createdAt"] + each["id"])

    def with_values(**values: Any) -> Callable[[Bill], Bill]:
        return lambda bill: {**bill, **values}

    no = [{"type": "x", "message": "The period is closed.", "path": []}]
    out = [
        Fault(True, None, alter=of_another),
        Fault(True, None, alter=with_values(id=NIL)),
        Fault(True, None, alter=with_values(id="")),
        Fault(True, None, alter=with_values(id="b" * 1000)),
        Fault(True, None, alter=lambda bill: {**bill, "id": bill["vendorId"]}),
        Fault(True, None, alter=lambda bill: {**bill, "id": bill["lineItems"][0]["id"]}),
        Fault(True, None, alter=lambda bill: {**bill, "amount": str(bill["amount"])}),
        Fault(True, None, alter=lambda bill: {**bill, "amount": bill["amount"] + 0.5}),
        Fault(True, None, alter=with_values(invoiceNumber="INV-99999")),
        Fault(True, None, alter=with_values(invoiceNumber=None)),
        Fault(True, None, alter=with_values(errors=no)),
        Fault(True, None, alter=with_values(error={"message": "Half of it failed."})),
        Fault(True, None, alter=lambda bill: [bill]),
        Fault(True, None, alter=lambda bill: {"data": bill}),
        Fault(True, http(202, {"message": "It is in the queue."})),
        Fault(True, http(207, {"errors": no})),
        Fault(True, http(204)),
        Fault(True, http(200, b'{"id": "7d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11", "amount": 10')),
        Fault(True, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
        Fault(True, b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"),
        Fault(True, b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + http(200, {})),
        Fault(True, http(200, b"<title>Log in</title>", Content_Type="text/html")),
        Fault(False, http(202, {"message": "It is in the queue."})),
        Fault(False, http(200, {"id": "7d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"})),
    ]
    return out


def test_foreign_answers_are_looked_up_and_each_bill_is_created_once(
    load: Load, sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    lies = lies_of(sandbox)
    files = write_bills(tmp_path, [bill_row(i) for i in range(len(lies) + 2)])

    def fault(request: Request) -> Fault:
        lie = request.creates and 1 <= request.number <= len(lies)
        return lies[request.number - 1] if lie else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
        assert told.json["bills"] == {"total": len(lies) + 2, "created": len(lies) + 2}, told.out
        assert told.code == 0
        kept_not = sum(not lie.forward for lie in lies)
        assert posts(proxy.requests) == len(lies) + 2 + kept_not
    assert numbers(sandbox) == [f"INV-{i:05}" for i in range(len(lies) + 2)]
    assert is_right(sandbox, home)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_answer_to_a_bill_alike_is_no_answer_to_this_one(
    kept: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Two bills without a number differ in nothing: only the id tells whose answer it is."""
    alike = bill_row(0) | {"invoiceNumber": ""}
    files = write_bills(tmp_path, [alike, alike | {"billRef": "B1"}])
    first: list[Bill] = []

    def fault(request: Request) -> Fault:
        if not request.creates:
            return PASS
        if request.number == 0:
            return Fault(True, None, alter=lambda bill: first.append(bill) or bill)
        if request.number > 1:
            return PASS
        return (
            Fault(True, None, alter=lambda bill: first[0])
            if kept
            else Fault(False, http(200, first[0]))
        )

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
    assert told.json["bills"] == {"total": 2, "created": 2}
    assert len({bill["id"] for bill in sandbox.bills()}) == 2


def test_words_of_a_foreign_answer_are_on_the_row_until_it_is_settled(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    queue = Fault(False, http(202, {"message": "It is in the queue."}))
    with proxied(sandbox.base_url, lambda r: queue if r.creates else PASS) as proxy:
        told = load(proxy.url, *files, "--settle", "0.01")
        assert (told.code, told.json["bills"]) == (3, {"total": 1, "unknown": 1})
        assert "It is in the queue" in told.json["findings"][0]["message"]
        proxy.fault = lambda request: PASS
        assert load(proxy.url, *files, *FAST).json["bills"] == {"total": 1, "created": 1}


def altered(sandbox: Sandbox, **values: Any) -> Fault:
    """Light keeps a bill with other values than were sent, and says so."""

    def alter(bill: Bill) -> Bill:
        stored = next(each for each in sandbox.bills() if each["id"] == bill["id"])
        sandbox.context.store.save_bill(stored | values)
        return bill | values

    return Fault(True, None, alter=alter)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": 999}, "the amount is 9.99 in Light and 10.01 in the sheet"),
        ({"currency": "USD"}, "the currency is USD in Light and GBP in the sheet"),
        ({"companyEntityId": ENTITIES[1]}, f"the company entity is {ENTITIES[1]} in Light"),
        ({"state": "FROZEN_BY_AUDIT"}, "light-import does not know its state FROZEN_BY_AUDIT"),
        ({"invoiceNumber": "1"}, "the invoice number is 1 in Light and INV-00001 in the sheet"),
        ({"vendorId": VENDORS[9]}, f"the vendor is {VENDORS[9]} in Light"),
    ],
    ids=["amount", "currency", "entity", "state", "number", "vendor"],
)
def test_bill_that_light_changed_needs_a_person_and_is_not_sent_again(
    values: Bill, words: str, load: Load, sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    rows = [bill_row(i) | POSTED for i in range(3)]
    files = write_bills(tmp_path, rows)
    change = altered(sandbox, **values)

    def fault(request: Request) -> Fault:
        return change if request.creates and b"INV-00001" in request.body else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
        bill = next(b for b in sandbox.bills() if b["description"] == "Bill 1")
        assert (told.code, told.json["bills"]) == (3, {"total": 3, "created": 2, "unknown": 1})
        (finding,) = told.json["findings"]
        assert (finding["code"], finding["row"]) == ("light.altered", 3)
        assert words in finding["message"]
        assert bill["id"] in finding["message"]
        assert told.json["totals"][0]["difference"] == bill_row(1)["amount"]
        again = load(proxy.url, *files, *FAST)
        assert (again.code, codes(again)) == (3, ["light.altered"])
        assert posts(proxy.requests) == 3
        acts = Counter(r.path.rsplit("/", 1)[-1] for r in proxy.requests if r.method == "POST")
        assert acts["post"] == 2, "nothing more is done to the one that Light changed"
        right = {"amount": 1001, "currency": "GBP", "companyEntityId": ENTITIES[0]}
        right |= {"invoiceNumber": "INV-00001", "vendorId": VENDORS[1]}
        corrected = next(b for b in sandbox.bills() if b["id"] == bill["id"])
        sandbox.context.store.save_bill(corrected | right | {"state": "IN_DRAFT"})
        mended = load(proxy.url, *files, *FAST)
        assert posts(proxy.requests) == 3
    assert mended.json["bills"] == {"total": 3, "created": 1, "already_loaded": 2}
    assert mended.code == 0
    assert {b["state"] for b in sandbox.bills()} == {"UNPAID"}


def without_amounts(page: Bill) -> Bill:
    return page | {"records": [record | {"amount": None} for record in page["records"]]}


@pytest.mark.parametrize("in_list", [False, True], ids=["in no answer", "in the list"])
def test_amount_that_is_not_stated_does_not_tie_out_until_it_is_read(
    in_list: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(2)])
    silent = Fault(True, None, alter=lambda bill: bill | {"amount": None})
    short = Fault(True, None, alter=without_amounts)

    def fault(request: Request) -> Fault:
        if lists_bills(request) and not in_list:
            return short
        return silent if request.creates and b"INV-00001" in request.body else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
        (total,) = told.json["totals"]
        if in_list:
            assert (told.code, total["difference"], codes(told)) == (0, 0, [])
            return
        assert (total["created"], total["difference"]) == (1000, 1001)
        (finding,) = told.json["findings"]
        assert "Light does not state the amount" in finding["message"]
        read = load(proxy.url, *files, *FAST, "--verify")
    assert read.json["totals"][0]["difference"] == 0


# --- lists -------------------------------------------------------------------------------------


def lists_bills(request: Request) -> bool:
    return request.path == "/v1/bff/invoice-payables"


def test_old_bill_that_cannot_be_read_stops_no_load(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    row = bill_row(0)
    old = {
        "id": "7D0F6C7E-3F0E-4C44-9A3F-0D1A5C2B7E11",
        "state": "PAID",
        "vendor": {"vendorId": str(row["vendorId"]).upper(), "vendorName": "Acme"},
        "invoiceNumber": "1999-12",
        "amount": "12.5",
        "issuedDate": "31/12/1999",
        "dueDate": 20000131,
        "createdAt": "1998-12-31t23:59:60z",
        "currency": None,
    }
    with_old = Fault(True, None, alter=lambda page: page | {"records": [old, *page["records"]]})
    files = write_bills(tmp_path, [row])
    with proxied(sandbox.base_url, lambda r: with_old if lists_bills(r) else PASS) as proxy:
        told = load(proxy.url, *files, *FAST)
        assert (told.code, told.json["bills"]) == (0, {"total": 1, "created": 1}), told.out
        again = load(proxy.url, *files, *FAST)
    assert (again.code, again.json["bills"]) == (0, {"total": 1, "already_loaded": 1})


def test_list_of_another_request_is_asked_for_again(
    load: Load, sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    """The vendors' list, and the bills of others, in place of what is already in Light."""
    with proxied(sandbox.base_url, lambda r: PASS) as proxy:
        load(proxy.url, *write_bills(tmp_path, [bill_row(0), bill_row(1)]), *FAST)
    bills = [dict(bill) for bill in sandbox.bills()]
    others = [b | {"vendor": {"vendorId": b["vendorId"]}} for b in bills]
    others = [b for b in others if b["invoiceNumber"] == "INV-00001"]
    pages: list[Any] = [
        {"records": others, "hasMore": False, "nextCursor": None},
        {"records": [{"vendorId": NIL, "name": "Acme"}], "hasMore": False, "nextCursor": None},
        {"id": NIL, "state": "IN_DRAFT"},
    ]

    def fault(request: Request) -> Fault:
        if lists_bills(request) and pages:
            return Fault(False, http(200, pages.pop()))
        return PASS

    for path in home.glob("journals/*"):
        path.unlink()  # another computer, which knows nothing
    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *write_bills(tmp_path, [bill_row(0)]), *FAST)
        assert posts(proxy.requests) == 0
    assert told.json["bills"] == {"total": 1, "already_in_light": 1}
    assert pages == []


# --- a no --------------------------------------------------------------------------------------

HTML = b"<html><title>Blocked</title><p>Your request was blocked.</p></html>"
COMMITTED = {
    "a page": http(403, HTML, Content_Type="text/html"),
    "JSON of a gateway": http(400, {"message": "Malformed Request"}),
    "409": refusal(409, "The resource is in conflict."),
    "422 as a duplicate": refusal(422, "An invoice with this number already exists."),
    "400 as a duplicate": refusal(400, "No.", type="DUPLICATE_INVOICE"),
    "404 without a word": http(404),
    "413": refusal(413, "Too large."),
}


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_no_that_is_not_definite_is_looked_up(
    kept: bool, load: Load, sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    answers = [*COMMITTED.values()]
    files = write_bills(tmp_path, [bill_row(i) for i in range(len(answers))])

    def fault(request: Request) -> Fault:
        first = request.creates and request.number < len(answers)
        return Fault(kept, answers[request.number]) if first else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
    bills = told.json["bills"]
    if kept:
        assert bills == {"total": len(answers), "created": len(answers)}
        assert told.code == 0
    else:
        # What Light calls a duplicate and does not show is for a person; the others go again.
        assert bills == {"total": len(answers), "created": len(answers) - 3, "unknown": 3}
        assert told.code == 3
        assert set(codes(told)) == {"light.unknown"}
        messages = " ".join(f["message"] for f in told.json["findings"])
        assert "already exists" in messages
        assert "Correct it" not in " ".join(f["hint"] for f in told.json["findings"])
    assert len(numbers(sandbox)) == len(set(numbers(sandbox))) == bills["created"]


def test_refusal_of_lights_that_was_carried_out_is_found_at_the_end(
    load: Load, sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) | POSTED for i in range(4)])
    answers = [refusal(422, "Not valid."), refusal(400, "No."), refusal(404, "No such vendor.")]

    def fault(request: Request) -> Fault:
        if request.creates and request.number < 4:
            kept = request.number < 3
            return Fault(kept, answers[request.number % 3])
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
        assert posts(proxy.requests) == 4
    assert told.json["bills"] == {"total": 4, "created": 3, "rejected": 1}
    assert told.code == 1
    assert {bill["state"] for bill in sandbox.bills()} == {"UNPAID"}


def test_no_to_a_bill_that_was_sent_before_is_looked_up(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The first attempt comes late: when Light is asked for it, it is not there yet."""
    files = write_bills(tmp_path, [bill_row(0)])
    bodies: list[bytes] = []

    def fault(request: Request) -> Fault:
        if not request.creates:
            return PASS
        if request.number == 0:
            bodies.append(request.body)
            return Fault(False, None)
        # What was lost arrives now, and the second attempt is refused.
        return Fault(True, refusal(422, "The period was closed a moment ago."))

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
    assert (told.code, told.json["bills"]) == (0, {"total": 1, "created": 1})
    assert numbers(sandbox) == ["INV-00000"]


# --- the steps ---------------------------------------------------------------------------------


def test_step_answered_for_another_bill_is_looked_up(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) | POSTED for i in range(4)])

    def of_another(bill: Bill) -> Bill:
        return next(each for each in sandbox.bills() if each["id"] != bill["id"]) | {
            "state": "UNPAID"
        }

    fates = [
        Fault(True, None, alter=of_another),
        Fault(True, None, alter=lambda bill: {**bill, "id": NIL}),
        Fault(True, None, alter=lambda bill: {**bill, "amount": 5}),
        Fault(True, refusal(409, "A bill in state UNPAID cannot be posted.")),
    ]
    coming = iter(fates)

    def fault(request: Request) -> Fault:
        if request.method == "POST" and request.path.endswith("/post"):
            return next(coming, Fault(False, refusal(422, "Twice.")))
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, *FAST)
    assert (told.code, told.json["bills"]) == (0, {"total": 4, "created": 4}), told.out
    assert [bill["state"] for bill in sandbox.bills()] == ["UNPAID"] * 4


def test_new_state_after_a_yes_makes_no_claim(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0) | POSTED])
    new = altered(sandbox, state="FROZEN_BY_AUDIT")
    with proxied(
        sandbox.base_url, lambda r: new if r.path.endswith("/post") and r.number == 0 else PASS
    ) as proxy:
        told = load(proxy.url, *files, *FAST)
        assert (told.code, codes(told)) == (3, ["light.step_unknown"])
        words = "Light accepted it; light-import does not know its state FROZEN_BY_AUDIT"
        assert words in told.json["findings"][0]["message"]
        assert not any(r.path.endswith("/mark-as-paid") for r in proxy.requests)
