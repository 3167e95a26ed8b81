"""The sandbox takes a document as a storage with signed addresses does."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from test_sandbox_states import make

from importer.sandbox import Sandbox, SandboxSettings, running

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture(scope="module")
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(requests_per_minute=100_000)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(light: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Basic {light.key}"}
    with httpx.Client(base_url=light.base_url, headers=headers, timeout=60) as client:
        yield client


def announced(client: httpx.Client) -> tuple[str, str, dict[str, str]]:
    """A new bill's address, and where its document goes with which headers."""
    bill = make(client)
    names = {"documentName": "INV-1.pdf", "contentType": "application/pdf"}
    answer = client.post(f"{bill}/document/upload-url", json=names)
    assert answer.status_code == 200, answer.text
    return bill, answer.json()["uploadUrl"], answer.json()["headers"]


def test_uploaded_document_can_be_downloaded(client: httpx.Client) -> None:
    bill, url, headers = announced(client)
    assert client.get(f"{bill}/document").status_code == 404
    assert client.get(bill).json()["documentName"] is None
    assert httpx.put(url, headers=headers, content=PDF).status_code == 200
    assert client.get(bill).json()["documentName"] == "INV-1.pdf"
    document = client.get(f"{bill}/document")
    assert (document.content, document.headers["content-type"]) == (PDF, "application/pdf")


def test_upload_with_key_wrong_headers_or_address_is_refused(
    client: httpx.Client, light: Sandbox
) -> None:
    bill, url, headers = announced(client)
    with_key = headers | {"Authorization": f"Basic {light.key}"}
    other = headers | {"Content-Type": "image/png"}
    without = {"Content-Type": "application/pdf"}
    for sent, status, message in (
        (with_key, 400, "Only one way of access"),
        (other, 403, "content-type"),
        (without, 403, "x-document-of"),
    ):
        answer = httpx.put(url, headers=sent, content=PDF)
        assert (answer.status_code, message in answer.text) == (status, True), answer.text
    assert httpx.put(url, headers=headers, content=iter([PDF])).status_code == 411
    assert httpx.put(url, headers=headers, content=b"").status_code == 400
    assert httpx.put(f"{url}x", headers=headers, content=PDF).status_code == 403
    assert client.get(f"{bill}/document").status_code == 404
    light.context.documents.valid_seconds = -1
    try:
        _, late, headers = announced(client)
    finally:
        light.context.documents.valid_seconds = 300
    answer = httpx.put(late, headers=headers, content=PDF)
    assert (answer.status_code, "has expired" in answer.text) == (403, True)


def test_upload_request_needs_name_type_and_existing_bill(client: httpx.Client) -> None:
    bill = make(client)
    for body in ({}, {"documentName": "x.pdf"}, {"documentName": " ", "contentType": "a/b"}):
        assert client.post(f"{bill}/document/upload-url", json=body).status_code == 400
    nobody = "/v1/invoice-payables/00000000-0000-0000-0000-000000000000"
    names = {"documentName": "x.pdf", "contentType": "application/pdf"}
    assert client.post(f"{nobody}/document/upload-url", json=names).status_code == 404
