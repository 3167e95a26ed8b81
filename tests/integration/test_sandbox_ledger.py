"""What the sandbox books, and its list of the lines of the ledger, over real HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.sandbox import SandboxSettings, running
from importer.sandbox.company_file import load_reference
from importer.sandbox.faults import parse_script

REFERENCE = load_reference()
VENDOR = next(iter(REFERENCE.vendors))
UK, DE, _ = REFERENCE.entities
SOFTWARE, RENT = (
    next(row.id for row in REFERENCE.accounts.values() if row.code == code) for code in (7200, 7100)
)
UK20, UK5 = (
    next(row.id for row in REFERENCE.tax_codes.values() if row.code == code)
    for code in ("UK20", "UK5")
)
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
LINES, OTHER_SPELLING = "/v1/ledger-transaction-lines", "/v1/ledger-transactions/lines"
Item = tuple[str, int, str | None]  # account, net cents, tax code


def post_bill(client: httpx.Client, items: Sequence[Item], **changes: Any) -> dict[str, Any]:
    """A bill of such lines, posted."""
    sent = {
        "vendorId": VENDOR,
        "companyEntityId": UK,
        "currency": "GBP",
        "issuedDate": "2025-03-31",
        "lineItems": [
            {"netAmount": net, "accountId": account, "taxCodeId": tax}
            for account, net, tax in items
        ],
    }
    bill = client.post("/v1/invoice-payables", json=sent | changes).json()
    gross = sum(line["amount"] for line in bill["lineItems"])
    address = f"/v1/invoice-payables/{bill['id']}"
    assert client.patch(address, json={"amount": gross}).status_code == 200
    answer = client.post(f"{address}/post")
    assert answer.status_code == 200, answer.text
    booked: dict[str, Any] = answer.json()
    return booked


def lines_of(client: httpx.Client, query: str, path: str = LINES) -> list[dict[str, Any]]:
    answer = client.get(path, params={"filter": query, "cursor": "0", "limit": 200})
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def signed(line: dict[str, Any], name: str = "Transaction") -> int:
    cents: int = line["amounts"][f"signed{name}Amount"]
    return cents


def by_account(lines: list[dict[str, Any]]) -> dict[int, int]:
    assert len({line["accountCode"] for line in lines}) == len(lines)
    return {line["accountCode"]: signed(line) for line in lines}


def test_bill_debits_expense_and_tax_and_credits_payables(client: httpx.Client) -> None:
    bill = post_bill(client, [(SOFTWARE, 1_000, UK20), (RENT, 500, None)])
    lines = lines_of(client, f"accDocId:eq:{bill['id']}")
    figures = {
        (line["accountCode"], line["taxCode"], line["amounts"]["dcSign"], signed(line))
        for line in lines
    }
    assert figures == {
        (7200, "UK20", "D", 1_000),
        (1310, "UK20", "D", 200),
        (7100, None, "D", 500),
        (2100, None, "C", -1_700),
    }
    assert {line["documentType"] for line in lines} == {"AP"}
    types = {line["accountType"]: line["accountCode"] for line in lines}
    assert types["ACCOUNTS_PAYABLE"] == 2100
    assert lines_of(client, f"accDocId:eq:{bill['id']}", OTHER_SPELLING) == lines


def test_credit_note_is_booked_in_reverse(client: httpx.Client) -> None:
    for sign in "CD":
        line = {
            "grossTransactionAmount": {"amount": 1_200, "dcSign": sign},
            "ledgerAccountId": SOFTWARE,
            "ledgerTaxId": UK20,
        }
        sent = {
            "businessPartnerId": VENDOR,
            "companyEntityId": UK,
            "currency": "GBP",
            "documentDate": "2025-03-31",
            "documentNumber": f"CN-{sign}",
            "areLinesWithTax": True,
            "lines": [line],
        }
        note = client.post("/v1/credit-notes", json=sent).json()
        assert client.post(f"/v1/credit-notes/{note['id']}/post").json()["status"] == "POSTED"
        lines = lines_of(client, f"accDocId:eq:{note['id']}")
        assert by_account(lines) == {7200: -1_000, 1310: -200, 2100: 1_200}


def test_payment_is_a_document_of_its_own(client: httpx.Client) -> None:
    bill = post_bill(client, [(RENT, 900, None)], invoiceNumber="PAID-1")
    payment = {"amount": 400, "bankAccountId": BANK, "paymentOption": "PARTIAL"}
    paid = client.post(f"/v1/invoice-payables/{bill['id']}/mark-as-paid", json=payment)
    assert paid.json()["state"] == "PARTIALLY_PAID"
    assert len(lines_of(client, f"accDocId:eq:{bill['id']}")) == 2
    lines = lines_of(client, f"businessPartnerId:eq:{VENDOR},documentType:eq:BP")
    assert by_account(lines) == {1800: -400, 2100: 400}
    documents = client.get(
        "/v1/accounting-documents/accounting-documents",
        params={"filter": f"id:eq:{lines[0]['accountingDocumentId']}"},
    ).json()["records"]
    assert [(d["documentType"], d["totalTransactionAmount"]["amount"]) for d in documents] == [
        ("BP", 400)
    ]


def test_draft_is_not_in_the_ledger_and_an_approved_bill_is(client: httpx.Client) -> None:
    sent = {
        "vendorId": VENDOR,
        "companyEntityId": UK,
        "currency": "GBP",
        "issuedDate": "2025-03-31",
        "amount": 100,
        "lineItems": [{"netAmount": 100, "accountId": RENT}],
    }
    bill_id = client.post("/v1/invoice-payables", json=sent).json()["id"]
    address = f"/v1/invoice-payables/{bill_id}"
    client.post(f"{address}/submit-for-approval")
    assert [client.get(address).json()["state"] for _ in "12"][1] == "APPROVAL_PENDING"
    assert lines_of(client, f"accDocId:eq:{bill_id}") == []
    assert client.post(f"{address}/approve").json()["state"] == "UNPAID"
    assert by_account(lines_of(client, f"accDocId:eq:{bill_id}")) == {7100: 100, 2100: -100}


_items = st.tuples(
    st.sampled_from([SOFTWARE, RENT]),
    st.integers(-50_000, 90_000),
    st.sampled_from([None, UK20, UK5]),
)


@settings(max_examples=25)
@given(
    st.lists(_items, min_size=1, max_size=5),
    st.sampled_from(["GBP", "EUR", "USD", "JPY"]),
    st.sampled_from([UK, DE]),
    st.none() | st.floats(0.01, 9),
)
def test_every_document_balances_in_each_currency(
    client: httpx.Client, items: list[Item], currency: str, entity: str, rate: float | None
) -> None:
    changes = {"currency": currency, "companyEntityId": entity, "localCurrencyFxRateOverride": rate}
    bill = post_bill(client, items, **changes)
    lines = lines_of(client, f"accDocId:eq:{bill['id']}")
    for name in ("Transaction", "Local", "Group"):
        assert sum(signed(line, name) for line in lines) == 0
    net: Counter[str] = Counter()
    for account, cents, _ in items:
        net[account] += cents
    booked: Counter[str] = Counter()
    for line in lines:
        booked[line["accountId"]] += signed(line)
    assert {account: booked[account] for account in net} == net
    payables = [line for line in lines if line["accountType"] == "ACCOUNTS_PAYABLE"]
    assert [-signed(line) for line in payables] == [bill["amount"]]


@pytest.mark.parametrize("path", [LINES, OTHER_SPELLING])
def test_fields_and_operators_that_are_not_described_are_refused(
    client: httpx.Client, path: str
) -> None:
    for query in ("accountingDocumentId:eq:1", "accountCode:like:7", "accDocId:eq:7200"):
        assert client.get(path, params={"filter": query}).status_code == 400
    assert client.get(path, params={"sort": "signedTransactionAmount:asc"}).status_code == 400
    assert client.get(path, params={"documentType": "AP"}).status_code == 400


def test_pages_of_one_line_have_each_line_once(client: httpx.Client) -> None:
    bill = post_bill(client, [(SOFTWARE, 10, UK20), (RENT, 20, UK20)])
    query, cursor, ids = f"accDocId:eq:{bill['id']},accountCode:gt:0", "0", []
    while cursor is not None:
        params = {"filter": query, "sort": "accountCode:desc", "limit": 1, "cursor": cursor}
        page = client.get(LINES, params=params).json()
        ids += [line["id"] for line in page["records"]]
        cursor = page["nextCursor"]
    assert sorted(ids) == sorted(line["id"] for line in lines_of(client, query))


def test_key_without_the_right_and_lies_about_the_ledger() -> None:
    script = parse_script("ledger:1 line-altered\nledger:2 line-amount-null\nledger:3 500")
    with running(SandboxSettings(script=script)) as sandbox:
        headers = {"Authorization": f"Basic {sandbox.key}"}
        with httpx.Client(base_url=sandbox.base_url, headers=headers) as client:
            post_bill(client, [(RENT, 100, None)])
            assert sum(map(signed, lines_of(client, ""))) == 1
            assert lines_of(client, "")[0]["amounts"]["signedTransactionAmount"] is None
            assert client.get(LINES).status_code == 500
            assert sum(map(signed, lines_of(client, ""))) == 0
    with running(SandboxSettings(no_ledger=True)) as sandbox:
        headers = {"Authorization": f"Basic {sandbox.key}"}
        with httpx.Client(base_url=sandbox.base_url, headers=headers) as client:
            for path in (LINES, OTHER_SPELLING):
                answer = client.get(path)
                assert (answer.status_code, answer.json()["type"]) == (403, "FORBIDDEN")
