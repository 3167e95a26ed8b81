"""From draft to paid in the sandbox, over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from importer.sandbox.company_file import load_reference

REFERENCE = load_reference()
ACCOUNT = next(row.id for row in REFERENCE.accounts.values() if row.code == 7200)
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
PATH = "/v1/invoice-payables"


def make(client: httpx.Client, account: str | None = ACCOUNT, **changes: Any) -> str:
    """The address of a new bill of 1,000 cents."""
    sent = {
        "vendorId": next(iter(REFERENCE.vendors)),
        "companyEntityId": next(iter(REFERENCE.entities)),
        "currency": "GBP",
        "amount": 1_000,
        "issuedDate": "2025-03-31",
        "lineItems": [{"netAmount": 1_000, "accountId": account}],
    }
    answer = client.post(PATH, json=sent | changes)
    assert answer.status_code == 200, answer.text
    return f"{PATH}/{answer.json()['id']}"


def state(client: httpx.Client, address: str) -> str:
    value: str = client.get(address).json()["state"]
    return value


def pending(client: httpx.Client, **changes: Any) -> str:
    address = make(client, **changes)
    client.post(f"{address}/submit-for-approval")
    assert [state(client, address) for _ in range(2)] == ["APPROVAL_REQUESTED", "APPROVAL_PENDING"]
    return address


def pay(client: httpx.Client, address: str, amount: object, option: str) -> httpx.Response:
    body = {"amount": amount, "bankAccountId": BANK, "paymentOption": option}
    return client.post(f"{address}/mark-as-paid", json=body)


def test_submitted_bill_is_pending_from_the_second_read(
    client: httpx.Client,
) -> None:
    address = make(client)
    submitted = client.post(f"{address}/submit-for-approval", json={"closePurchaseOrder": None})
    assert submitted.json()["state"] == "APPROVAL_REQUESTED"
    states = [state(client, address) for _ in range(3)]
    assert states == ["APPROVAL_REQUESTED", "APPROVAL_PENDING", "APPROVAL_PENDING"]


def test_list_settles_submitted_bills(client: httpx.Client) -> None:
    address = make(client)
    client.post(f"{address}/submit-for-approval")
    query = {"filter": f"id:eq:{address.rsplit('/', 1)[1]}"}
    (record,) = client.get("/v1/bff/invoice-payables", params=query).json()["records"]
    assert record["state"] == "APPROVAL_PENDING"


def test_incomplete_submitted_bill_is_a_draft_again_with_reasons(
    client: httpx.Client,
) -> None:
    address = make(client, account=None, issuedDate=None)
    client.post(f"{address}/submit-for-approval")
    client.get(address)
    bill = client.get(address).json()
    assert bill["state"] == "IN_DRAFT"
    assert bill["failureReason"] == "USER_INPUT_VALIDATION_FAILED"
    context = bill["failureContext"]
    assert context["name"] == "APPROVAL_SUBMISSION_FAILED"
    paths = [error["path"] for error in context["errors"]]
    assert paths == [["issuedDate"], ["lineItems", "0", "accountId"]]


def test_approved_bill_state_depends_on_the_bank_account(client: httpx.Client) -> None:
    without_bank, with_bank = pending(client), pending(client, senderBankAccountId=BANK)
    approved = client.post(f"{without_bank}/approve", json={"note": "fine"}).json()
    assert (approved["state"], approved["approvalNote"]) == ("UNPAID", "fine")
    assert client.post(f"{with_bank}/approve").json()["state"] == "READY_FOR_PAYMENT_RELEASE"


def test_declined_bill_can_be_changed_and_cancelled(client: httpx.Client) -> None:
    address = pending(client)
    assert client.patch(address, json={"description": "x"}).status_code == 409
    assert client.post(f"{address}/decline", json={"note": "no"}).json()["state"] == "DECLINED"
    assert client.patch(address, json={"description": "x"}).status_code == 200
    cancelled = client.post(f"{address}/cancel", json={"reason": "twice"}).json()
    assert (cancelled["state"], cancelled["cancellationReason"]) == ("CANCELLED", "twice")
    assert cancelled["canceledAt"]


def test_posted_bill_is_paid_in_parts_then_in_full(client: httpx.Client) -> None:
    address = make(client)
    assert client.post(f"{address}/post").json()["state"] == "UNPAID"
    assert pay(client, address, 400, "PARTIAL").json()["state"] == "PARTIALLY_PAID"
    query = {"includeOutstandingBalance": "true"}
    assert client.get(address, params=query).json()["outstandingBalance"] == 600
    assert client.get(address).json()["outstandingBalance"] is None
    too_much = pay(client, address, 601, "PARTIAL")
    assert (too_much.status_code, too_much.json()["errors"][0]["path"]) == (422, ["amount"])
    assert pay(client, address, 600, "PARTIAL").json()["state"] == "PAID"
    assert pay(client, address, 1, "FULL").status_code == 409


def test_full_payment_clears_the_balance(client: httpx.Client) -> None:
    address = make(client)
    client.post(f"{address}/post")
    paid = pay(client, address, 1, "FULL").json()
    assert paid["state"] == "PAID"
    assert paid["paymentAt"]


@pytest.mark.parametrize("amount", [0, -1, 1.0, "5", None])
def test_payment_amount_must_be_positive(client: httpx.Client, amount: object) -> None:
    address = make(client)
    client.post(f"{address}/post")
    answer = pay(client, address, amount, "FULL")
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [["amount"]]


def test_incomplete_bill_is_not_posted(client: httpx.Client) -> None:
    address = make(client, account=None)
    answer = client.post(f"{address}/post")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == ["lineItems", "0", "accountId"]
    lines = make(client, lineItems=[])
    client.post(f"{lines}/line-items", json={"netAmount": 999, "accountId": ACCOUNT})
    assert client.post(f"{lines}/post").json()["errors"][0]["path"] == ["amount"]
    client.post(f"{lines}/line-items", json={"netAmount": 1, "accountId": ACCOUNT})
    assert client.post(f"{lines}/post").json()["state"] == "UNPAID"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("approve", {}),
        ("decline", {}),
        ("mark-as-paid", {"amount": 1, "bankAccountId": BANK, "paymentOption": "FULL"}),
    ],
)
def test_action_not_allowed_in_draft_is_409(
    client: httpx.Client, action: str, body: dict[str, Any]
) -> None:
    answer = client.post(f"{make(client)}/{action}", json=body)
    assert answer.status_code == 409
    assert answer.json()["type"] == "CONFLICT"


def test_posted_bill_cannot_be_changed_cancelled_or_posted(client: httpx.Client) -> None:
    address = make(client)
    client.post(f"{address}/post")
    line_id = client.get(address).json()["lineItems"][0]["id"]
    line = {"netAmount": 1}
    answers = [
        client.post(f"{address}/cancel", json={"reason": "no"}),
        client.post(f"{address}/post"),
        client.post(f"{address}/submit-for-approval"),
        client.patch(address, json={"amount": 5}),
        client.post(f"{address}/line-items", json=line),
        client.put(f"{address}/line-items/{line_id}", json=line),
        client.delete(f"{address}/line-items/{line_id}"),
    ]
    assert [answer.status_code for answer in answers] == [409] * 7


@pytest.mark.parametrize("body", [{}, {"reason": None}, {"reason": " "}, {"reason": 3}])
def test_cancel_needs_a_reason(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post(f"{make(client)}/cancel", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == ["reason"]


def test_action_with_unknown_field_is_refused(client: httpx.Client) -> None:
    answer = client.post(f"{pending(client)}/approve", json={"comment": "x"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == ["comment"]
