"""The lists of the sandbox: filters, sorting and pages, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from importer.sandbox import SandboxSettings, running
from importer.sandbox.company_file import load_reference
from importer.sandbox.lists import BILL_LIST

REFERENCE = load_reference()
VENDORS = list(REFERENCE.vendors)
ENTITIES = list(REFERENCE.entities)
PATH = "/v1/invoice-payables"
LIST = "/v1/bff/invoice-payables"
COUNT = 23


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    settings = SandboxSettings(requests_per_minute=100_000)
    headers = {"Authorization": f"Basic {settings.key}"}
    with (
        running(settings) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def bills(client: httpx.Client) -> list[dict[str, Any]]:
    """Bills B-0 to B-22: three vendors in turn, amounts 0 to 22, every fourth without due date."""
    made = []
    for index in range(COUNT):
        sent = {
            "vendorId": VENDORS[index % 3],
            "companyEntityId": ENTITIES[index % 2],
            "invoiceNumber": f"B-{index}",
            "amount": index,
            "currency": "EUR",
            "description": "odd" if index % 2 else None,
            "issuedDate": f"2025-03-{index + 1:02d}",
            "dueDate": f"2025-04-{index + 1:02d}" if index % 4 else None,
            "paymentAt": f"2025-05-01T{index:02d}:00:00+01:00",
        }
        answer = client.post(PATH, json=sent)
        assert answer.status_code == 200, answer.text
        made.append(answer.json())
    client.post(f"{PATH}/{made[5]['id']}/cancel", json={"reason": "test"})
    return made


def numbers(client: httpx.Client, **asked: Any) -> list[int]:
    """The bills found, by number."""
    answer = client.get(LIST, params={"limit": 200} | asked)
    assert answer.status_code == 200, answer.text
    return [int(record["invoiceNumber"].split("-")[1]) for record in answer.json()["records"]]


def every(start: int, step: int = 1) -> list[int]:
    return list(range(start, COUNT, step))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"vendorId:eq:{VENDORS[0]}", every(0, 3)),
        (f"vendorId:eq:{VENDORS[0].upper()}", every(0, 3)),
        (f"vendorId:in:{VENDORS[0]}|{VENDORS[2]}", sorted(every(0, 3) + every(2, 3))),
        (f"vendorId:not_in:{VENDORS[0]}|{VENDORS[2]}", every(1, 3)),
        (f"vendorId:ne:{VENDORS[1]}", sorted(every(0, 3) + every(2, 3))),
        (f"vendorId:eq:{VENDORS[0]},amount:gt:10", [12, 15, 18, 21]),
        ("amount:gte:21", [21, 22]),
        ("amount:lt:2", [0, 1]),
        ("amount:lte:-1", []),
        ("amount:in:3|5|99", [3, 5]),
        ("state:eq:CANCELLED", [5]),
        ("state:ne:CANCELLED,amount:lt:7", [0, 1, 2, 3, 4, 6]),
        ("issuedDate:gte:2025-03-22", [21, 22]),
        ("dueDate:eq:null", every(0, 4)),
        ("dueDate:ne:null,amount:lt:4", [1, 2, 3]),
        ("dueDate:ne:2025-04-02,amount:lt:4", [0, 2, 3]),
        ("dueDate:lt:2025-04-04", [1, 2]),
        ("description:eq:odd,amount:lt:4", [1, 3]),
        ("description:not_in:odd,amount:lt:4", [0, 2]),
        ("paymentAt:gte:2025-05-01T20:00:00Z", [21, 22]),
        ("paymentAt:gte:2025-05-01T22:00:00+01:00", [22]),
        ("paymentAt:eq:2025-05-01T04:00:00+01:00", [4]),
        (f"companyEntityId:eq:{ENTITIES[1]},amount:lt:6", [1, 3, 5]),
        ("type:eq:VENDOR_INVOICE,amount:eq:8", [8]),
        ("userId:eq:null,amount:eq:8", [8]),
        ("approverUserId:in:" + VENDORS[0], []),
        ("createdAt:gt:2020-01-01T00:00:00.123Z,amount:eq:8", [8]),
    ],
)
def test_a_filter_finds_exactly_its_bills(
    client: httpx.Client, bills: list[dict[str, Any]], text: str, expected: list[int]
) -> None:
    assert numbers(client, filter=text) == expected


def test_bills_can_be_found_by_vendor_name_and_by_time_of_creation(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    name = REFERENCE.vendors[VENDORS[1]].name
    assert numbers(client, filter=f"vendorName:eq:{name}") == every(1, 3)
    since = bills[20]["invoiceCreatedAt"]
    assert numbers(client, filter=f"createdAt:gte:{since}") == [20, 21, 22]
    assert numbers(client, filter=f"createdAt:lt:{since},amount:gt:18") == [19]
    changed = bills[-1]["updatedAt"]
    assert numbers(client, filter=f"updatedAt:gt:{changed}") == [5]


@pytest.mark.parametrize(
    "text",
    [
        "invoiceNumber:eq:B-1",
        "currency:eq:EUR",
        "vendor.vendorId:eq:null",
        "amount",
        "amount:eq",
        "amount:like:5",
        "amount:eq:5.0",
        "amount:eq:",
        "amount:gt:null",
        "amount:eq:99999999999999999999",
        "vendorId:eq:7",
        "vendorId:in:7|8",
        "vendorId:in:",
        "issuedDate:eq:2025-02-30",
        "issuedDate:gte:2025-03-01T00:00:00Z",
        "createdAt:gte:2025-03-01",
        "createdAt:gte:2025-03-01T00:00:00",
        "state:eq:DRAFT",
        "amount:eq:5,",
    ],
)
def test_what_is_not_documented_cannot_be_filtered_by(client: httpx.Client, text: str) -> None:
    answer = client.get(LIST, params={"filter": text})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == ["filter"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"sort": "id:asc"}, "sort"),
        ({"sort": "amount"}, "sort"),
        ({"sort": "amount:up"}, "sort"),
        ({"limit": 201}, "limit"),
        ({"limit": 0}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"offset": -1}, "offset"),
        ({"cursor": "0", "offset": 1}, "offset"),
        ({"cursor": "1"}, "cursor"),
        ({"cursor": "nonsense!"}, "cursor"),
        ({"include": "EVERYTHING"}, "include"),
        ({"vendorId": VENDORS[0]}, "vendorId"),
        ({"limit": ["5", "6"]}, "limit"),
    ],
)
def test_a_query_that_is_not_documented_is_refused(
    client: httpx.Client, asked: dict[str, Any], path: str
) -> None:
    answer = client.get(LIST, params=asked)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == [path]


def test_every_documented_field_can_be_sorted_by_both_ways(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    for field in BILL_LIST.sorts:
        for direction in ("asc", "desc"):
            assert sorted(numbers(client, sort=f"{field}:{direction}")) == every(0)
    assert numbers(client) == every(0)
    assert numbers(client, sort="amount:desc", limit=3) == [22, 21, 20]
    assert numbers(client, sort="vendorName:desc,amount:desc", limit=3) == [20, 17, 14]


def walk(client: httpx.Client, back: bool = False, **asked: Any) -> list[int]:
    """All pages by cursor; ``back`` walks to the end and then all the way back."""
    pages, cursor, here = [], "0", asked | {"limit": 4}
    while True:
        page = client.get(LIST, params=here | {"cursor": cursor}).json()
        assert page["total"] is None
        assert page["hasMore"] == (page["nextCursor"] is not None)
        pages.append(page)
        if not page["hasMore"]:
            break
        cursor = page["nextCursor"]
    assert pages[0]["prevCursor"] is None
    if back:
        forth, pages = pages, pages[-1:]
        while pages[0]["prevCursor"]:
            params = here | {"cursor": pages[0]["prevCursor"]}
            pages.insert(0, client.get(LIST, params=params).json())
        assert [p["records"] for p in pages] == [p["records"] for p in forth]
    return [int(r["invoiceNumber"].split("-")[1]) for page in pages for r in page["records"]]


@pytest.mark.parametrize(
    "sort",
    [
        "",
        "createdAt:desc",
        "dueDate:asc",
        "dueDate:desc",
        "description:desc,amount:asc",
        "companyEntityName:asc,dueDate:desc",
        "fromAccountName:desc",
    ],
)
def test_cursor_pages_give_every_bill_once_in_order_and_lead_back_again(
    client: httpx.Client, bills: list[dict[str, Any]], sort: str
) -> None:
    asked = {"sort": sort} if sort else {}
    found = walk(client, back=True, **asked)
    assert found == numbers(client, **asked)
    assert sorted(found) == every(0)


def test_a_cursor_belongs_to_its_filter_and_sort(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    asked = {"cursor": "0", "limit": 2, "filter": "amount:gt:3"}
    cursor = client.get(LIST, params=asked).json()["nextCursor"]
    assert client.get(LIST, params=asked | {"cursor": cursor}).status_code == 200
    for other in ({"filter": "amount:gt:4"}, {"sort": "amount:asc"}):
        assert client.get(LIST, params=asked | {"cursor": cursor} | other).status_code == 400


def test_pages_by_offset_still_work_and_tell_the_total(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    page = client.get(LIST, params={"limit": 20, "offset": 20, "filter": "amount:ne:0"}).json()
    assert [record["amount"] for record in page["records"]] == [21, 22]
    assert (page["total"], page["hasMore"], page["nextCursor"]) == (22, False, None)


def test_pages_by_cursor_neither_skip_nor_repeat_while_bills_come_in() -> None:
    settings = SandboxSettings(requests_per_minute=1_000)
    headers = {"Authorization": f"Basic {settings.key}"}
    with (
        running(settings) as box,
        httpx.Client(base_url=box.base_url, headers=headers, timeout=60) as client,
    ):
        seen, cursor = [], "0"
        for _ in range(5):
            client.post(PATH, json={})
        for _ in range(9):
            page = client.get(LIST, params={"limit": 2, "cursor": cursor}).json()
            seen += [record["id"] for record in page["records"]]
            if len(seen) < 8:
                client.post(PATH, json={})
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert seen == [bill["id"] for bill in box.bills()]


def test_a_listed_bill_has_its_vendor_nested_and_no_lines(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    (record,) = client.get(LIST, params={"limit": 1}).json()["records"]
    vendor = REFERENCE.vendors[VENDORS[0]]
    assert "lineItems" not in record
    assert "vendorId" not in record
    assert record["vendor"]["vendorId"] == vendor.id
    assert record["vendor"]["vendorName"] == vendor.name
    assert record["vendor"]["vendorIdentifier"] == vendor.identifier
    assert record["vendor"]["vatId"] == vendor.vat_id
    assert record["createdAt"] == bills[0]["invoiceCreatedAt"]
    assert record["companyEntityName"] == REFERENCE.entities[ENTITIES[0]].name


def test_with_a_lag_a_new_bill_is_there_by_id_before_the_list_shows_it() -> None:
    headers = {"Authorization": f"Basic {SandboxSettings.key}"}
    for lag in (3600, 0.3):
        with running(SandboxSettings(list_lag=lag)) as box:
            with httpx.Client(base_url=box.base_url, headers=headers, timeout=60) as client:
                made = client.post(PATH, json={}).json()
                if lag == 0.3:
                    shown_at = datetime.fromisoformat(made["invoiceCreatedAt"])
                    shown_at += timedelta(seconds=lag)
                    time.sleep(max(0.0, (shown_at - datetime.now(UTC)).total_seconds()) + 0.01)
                shown = [record["id"] for record in client.get(LIST).json()["records"]]
                assert shown == ([made["id"]] if lag == 0.3 else [])
                assert client.get(f"{PATH}/{made['id']}").status_code == 200


# --- reference --------------------------------------------------------------------------------


def get(client: httpx.Client, address: str, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(address, params={"limit": 200} | asked)
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def test_vendors_are_searched_by_name_identifier_and_vat_id_in_any_case(
    client: httpx.Client,
) -> None:
    def found(term: str) -> list[str]:
        return [record["name"] for record in get(client, "/v1/vendors", searchTerm=term)]

    assert found("total gas") == ["Total Gas & Power"]
    assert found("NA systems") == ["NA Systems"]
    assert found("MØLLER & sø") == ["Møller & Sønner ApS"]
    assert found("meridian") == ["Meridian Freight Ltd"] * 2
    vendor = next(row for row in REFERENCE.vendors.values() if row.vat_id)
    assert vendor.identifier is not None
    assert found(vendor.identifier.lower()) == [vendor.name]
    assert found(str(vendor.vat_id).lower()) == [vendor.name]
    assert found("100%") == []


def test_all_vendors_come_by_cursor_and_one_by_id(client: httpx.Client) -> None:
    seen: list[str] = []
    cursor = "0"
    while cursor:
        page = client.get("/v1/vendors", params={"limit": 200, "cursor": cursor}).json()
        seen += [record["vendorId"] for record in page["records"]]
        cursor = page["nextCursor"]
    assert seen == VENDORS
    one = client.get(f"/v1/vendors/{VENDORS[7]}").json()
    assert (one["vendorId"], one["status"]) == (VENDORS[7], "ACTIVE")
    assert client.get("/v1/vendors/00000000-0000-4000-8000-000000000000").status_code == 404


def test_accounts_entities_and_groups_filter_by_their_documented_fields(
    client: httpx.Client,
) -> None:
    def codes(text: str) -> list[int]:
        found = get(client, "/v1/ledger-accounts", filter=text, sort="code:desc")
        return [record["code"] for record in found]

    assert codes("status:eq:DISABLED") == [7999]
    assert codes("code:gte:7700,status:eq:ACTIVE") == [7710, 7700]
    assert len(codes(f"companyEntityId:eq:{ENTITIES[0]}")) == len(REFERENCE.accounts)
    assert codes(f"companyEntityId:in:{VENDORS[0]}") == []
    assert client.get("/v1/ledger-accounts", params={"filter": "label:eq:Rent"}).status_code == 400

    entities = get(client, "/v1/entities", filter="country:in:DE|DK", sort="code:asc")
    assert [record["code"] for record in entities] == ["DE01", "DK01"]
    assert client.get("/v1/entities", params={"filter": "localCurrency:eq:EUR"}).status_code == 400

    address = "/v1/custom-properties/groups"
    asked = {"filter": "objectType:eq:BILL,isRequired:eq:false,objectLevel:eq:HEADER"}
    headers = get(client, address, includeValues="true", sort="label:asc", **asked)
    assert [record["label"] for record in headers] == ["Approver note", "Region"]
    assert [value["label"] for value in headers[1]["values"]] == ["North", "South", "Overseas"]
    assert {record["values"] for record in get(client, address)} == {None}
    assert get(client, address, filter="isDeleted:eq:true") == []
    assert client.get(address, params={"filter": "isRequired:eq:0"}).status_code == 400
    assert client.get(address, params={"includeValues": "1"}).status_code == 400
