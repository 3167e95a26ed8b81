"""Credit notes in the sandbox, over real HTTP."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import load_reference
from importer.sandbox.faults import parse_script

REFERENCE = load_reference()
VENDOR, OTHER_VENDOR, *_ = REFERENCE.vendors
ENTITY, OTHER_ENTITY, *_ = REFERENCE.entities
ACCOUNT = next(row.id for row in REFERENCE.accounts.values() if row.code == 7200)
TAX = next(row.id for row in REFERENCE.tax_codes.values() if row.basis_points == 2000)
NOTES, BILLS = "/v1/credit-notes", "/v1/invoice-payables"
DOCUMENTS = "/v1/accounting-documents/accounting-documents"
_numbers = itertools.count(1)


def credit(cents: int) -> dict[str, object]:
    return {"amount": cents, "dcSign": "C"}


def body(**changes: Any) -> dict[str, Any]:
    sent = {
        "businessPartnerId": VENDOR,
        "companyEntityId": ENTITY,
        "currency": "GBP",
        "documentDate": "2025-03-31",
        "documentNumber": f"CN-{next(_numbers)}",
        "amount": 1_000,
        "areLinesWithTax": True,
        "lines": [{"grossTransactionAmount": credit(1_000), "ledgerAccountId": ACCOUNT}],
    }
    return {name: value for name, value in (sent | changes).items() if value != "absent"}


def made(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = client.post(NOTES, json=body(**changes))
    assert answer.status_code == 200, answer.text
    note: dict[str, Any] = answer.json()
    return note


def posted(client: httpx.Client, **changes: Any) -> str:
    address = f"{NOTES}/{made(client, **changes)['id']}"
    assert client.post(f"{address}/post").json()["status"] == "POSTED"
    return address


def bill(client: httpx.Client, *, post: bool = True, **changes: Any) -> str:
    sent = {
        "vendorId": VENDOR,
        "companyEntityId": ENTITY,
        "currency": "GBP",
        "amount": 3_000,
        "issuedDate": "2025-03-01",
        "lineItems": [{"netAmount": 3_000, "accountId": ACCOUNT}],
    }
    bill_id = str(client.post(BILLS, json=sent | changes).json()["id"])
    if post:
        assert client.post(f"{BILLS}/{bill_id}/post").status_code == 200
    return bill_id


def balance(client: httpx.Client, bill_id: str) -> tuple[str, int]:
    query = {"includeOutstandingBalance": True}
    shown = client.get(f"{BILLS}/{bill_id}", params=query).json()
    return shown["state"], shown["outstandingBalance"]


def status(client: httpx.Client, address: str) -> str:
    return str(client.get(address).json()["status"])


def test_a_new_note_is_a_draft_whose_answer_hides_its_number(client: httpx.Client) -> None:
    line = {"netTransactionAmount": credit(500), "ledgerTaxId": TAX, "description": "Returned"}
    note = made(client, amount=600, areLinesWithTax=False, lines=[line])
    assert (note["status"], note["amount"], note["postingDate"]) == ("DRAFT", 600, "2025-03-31")
    assert "documentNumber" not in note
    [shown] = note["lines"]
    assert shown["grossTransactionAmount"] == credit(600)
    assert shown["taxTransactionAmount"] == credit(100)
    assert client.get(f"{NOTES}/{note['id']}").json() == note


def test_a_number_in_use_answers_with_that_note_even_of_another_vendor(
    client: httpx.Client, shared_sandbox: Sandbox
) -> None:
    note = made(client, documentNumber="SAME")
    before = shared_sandbox.counters.notes_created
    assert made(client, documentNumber="SAME", amount=1_000)["id"] == note["id"]
    foreign = made(client, documentNumber="SAME", businessPartnerId=OTHER_VENDOR)
    assert (foreign["id"], foreign["businessPartnerId"]) == (note["id"], VENDOR)
    assert shared_sandbox.counters.notes_created == before
    assert client.post(f"{NOTES}/{note['id']}/archive").json()["status"] == "ARCHIVED"
    assert made(client, documentNumber="SAME")["id"] != note["id"]


def test_an_idempotency_key_makes_one_note(client: httpx.Client) -> None:
    headers = {"X-Idempotency-Key": "one"}
    sent = body(documentNumber="absent")
    first = client.post(NOTES, json=sent, headers=headers).json()
    assert client.post(NOTES, json=sent, headers=headers).json() == first
    other = client.post(NOTES, json=sent | {"description": "else"}, headers=headers)
    assert other.status_code == 422
    assert client.post(NOTES, json=sent).json()["id"] != first["id"]


def test_accounting_documents_show_the_numbers(client: httpx.Client) -> None:
    note = made(client, documentNumber="LISTED")
    made(client, documentNumber="LISTED-2", businessPartnerId=OTHER_VENDOR)
    bill(client, invoiceNumber="LISTED", post=False)
    query = {"filter": f"documentType:eq:CN,businessPartnerId:in:{VENDOR}", "limit": 200}
    records = client.get(DOCUMENTS, params=query | {"cursor": "0"}).json()["records"]
    [shown] = [each for each in records if each["documentNumber"] == "LISTED"]
    assert shown["id"] == note["id"]
    assert shown["totalTransactionAmount"]["amount"] == 1_000
    assert {each["businessPartnerId"] for each in records} == {VENDOR}
    by_number = client.get(DOCUMENTS, params={"filter": "documentNumber:in:LISTED|LISTED-2"})
    types = sorted(each["documentType"] for each in by_number.json()["records"])
    assert types == ["AP", "CN", "CN"]
    listed = client.get(NOTES, params={"filter": f"businessPartnerId:eq:{OTHER_VENDOR}"}).json()
    assert {each["businessPartnerId"] for each in listed["records"]} == {OTHER_VENDOR}
    assert client.get(NOTES, params={"filter": "documentNumber:eq:LISTED"}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        ({"currency": None}, 400, "currency"),
        ({"amount": "10"}, 400, "amount"),
        ({"vendorId": VENDOR}, 400, "vendorId"),
        ({"amount": -1_000}, 422, "amount"),
        ({"amount": 999}, 422, "amount"),
        ({"businessPartnerId": ACCOUNT}, 422, "businessPartnerId"),
        ({"lines": [{"description": "no amount"}]}, 422, "lines.0.grossTransactionAmount"),
        (
            {"lines": [{"grossTransactionAmount": {"amount": 1_000}}]},
            400,
            "lines.0.grossTransactionAmount.dcSign",
        ),
        (
            {"lines": [{"grossTransactionAmount": credit(-1_000)}]},
            422,
            "lines.0.grossTransactionAmount.amount",
        ),
    ],
)
def test_a_wrong_note_is_refused(
    client: httpx.Client, changes: dict[str, Any], expected: int, field: str
) -> None:
    answer = client.post(NOTES, json=body(**changes))
    assert answer.status_code == expected, answer.text
    assert field in [".".join(error["path"] or ()) for error in answer.json()["errors"]]


def test_a_draft_can_be_changed_and_a_posted_note_cannot(client: httpx.Client) -> None:
    address = f"{NOTES}/{made(client, amount='absent', lines=[])['id']}"
    assert client.post(f"{address}/post").status_code == 422
    line = {"grossTransactionAmount": credit(700), "ledgerAccountId": ACCOUNT}
    first = client.post(f"{address}/lines", json=line).json()
    second = client.post(f"{address}/lines", json=line).json()
    changed = {"grossTransactionAmount": credit(300)}
    answer = client.patch(f"{address}/lines/{second['id']}", json=changed).json()
    assert answer["netTransactionAmount"] == credit(300)
    assert client.delete(f"{address}/lines/{first['id']}").status_code == 204
    note = client.patch(address, json={"amount": 300, "description": "One line"}).json()
    assert (note["amount"], len(note["lines"])) == (300, 1)
    assert client.post(f"{address}/post").json()["status"] == "POSTED"
    for method, path, sent in (
        ("PATCH", address, {"amount": 1}),
        ("POST", f"{address}/lines", line),
        ("PATCH", f"{address}/lines/{second['id']}", changed),
        ("DELETE", f"{address}/lines/{second['id']}", None),
        ("POST", f"{address}/post", None),
    ):
        assert client.request(method, path, json=sent).status_code == 409, (method, path)


def test_clearing_takes_from_both_balances(client: httpx.Client) -> None:
    note, bill_id = posted(client), bill(client)
    link = f"{note}/invoice-payables/{bill_id}"
    assert client.post(link, json={"amount": 400}).json()["amount"] == 400
    assert (status(client, note), balance(client, bill_id)) == (
        "PARTIALLY_CLEARED",
        ("UNPAID", 2_600),
    )
    assert client.post(link, json={"amount": 100}).status_code == 409
    assert client.patch(link, json={"amount": 1_000}).json()["amount"] == 1_000
    assert (status(client, note), balance(client, bill_id)) == ("CLEARED", ("UNPAID", 2_000))
    [shown] = client.get(f"{BILLS}/{bill_id}/credit-notes").json()
    assert shown == client.get(f"{note}/invoice-payables").json()[0]
    assert client.post(f"{note}/archive").status_code == 409
    assert client.delete(link).status_code == 204
    assert (status(client, note), balance(client, bill_id)) == ("POSTED", ("UNPAID", 3_000))
    assert client.post(f"{note}/archive").status_code == 200


def test_a_link_to_a_draft_clears_the_bill_when_it_is_posted(client: httpx.Client) -> None:
    note, bill_id = (
        posted(client),
        bill(
            client, post=False, amount=1_000, lineItems=[{"netAmount": 1_000, "accountId": ACCOUNT}]
        ),
    )
    assert client.post(f"{note}/invoice-payables/{bill_id}", json={"amount": 1_000}).is_success
    assert client.post(f"{BILLS}/{bill_id}/post").json()["state"] == "COMPLETED"
    assert balance(client, bill_id) == ("COMPLETED", 0)


def test_a_link_that_does_not_fit_is_refused(client: httpx.Client) -> None:
    note, draft = posted(client), f"{NOTES}/{made(client)['id']}"
    for address, bill_id, amount, expected in (
        (draft, bill(client), 100, 409),
        (note, bill(client, vendorId=OTHER_VENDOR), 100, 422),
        (note, bill(client, companyEntityId=OTHER_ENTITY), 100, 422),
        (note, bill(client, currency="EUR"), 100, 422),
        (note, bill(client), 1_001, 422),
        (note, bill(client), 0, 422),
        (
            posted(
                client,
                amount=5_000,
                lines=[{"grossTransactionAmount": credit(5_000), "ledgerAccountId": ACCOUNT}],
            ),
            bill(client),
            3_001,
            422,
        ),
        (note, ACCOUNT, 100, 404),
    ):
        answer = client.post(f"{address}/invoice-payables/{bill_id}", json={"amount": amount})
        assert answer.status_code == expected, answer.text


def test_faults_and_lies_strike_credit_notes_too() -> None:
    script = parse_script("1 drop-after\n2 500-before\n3 nil-id\nlist:1 number-null")
    with running(SandboxSettings(script=script)) as sandbox:
        headers = {"Authorization": f"Basic {sandbox.key}"}
        with httpx.Client(base_url=sandbox.base_url, headers=headers) as client:
            with pytest.raises(httpx.TransportError):
                client.post(NOTES, json=body())
            assert client.post(NOTES, json=body()).status_code == 500
            assert made(client)["id"] == "00000000-0000-0000-0000-000000000000"
            records = client.get(DOCUMENTS).json()["records"]
            assert [each["documentNumber"] for each in records] == [None, None]
        assert sandbox.counters.notes_created == 2
