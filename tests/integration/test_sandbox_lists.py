"""The lists of the sandbox: filters, sorting and pages, over real HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from conftest import asked

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import load_reference
from importer.sandbox.lists import BILL_LIST

REFERENCE = load_reference()
VENDORS = list(REFERENCE.vendors)
ENTITIES = list(REFERENCE.entities)
PATH = "/v1/invoice-payables"
LIST = "/v1/bff/invoice-payables"
COUNT = 23


@pytest.fixture(scope="module")
def bills(client: httpx.Client) -> list[dict[str, Any]]:
    """Bills B-0 to B-22: three vendors in turn, amounts 0 to 22, every fourth without due date."""
    created = []
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
        created.append(answer.json())
    client.post(f"{PATH}/{created[5]['id']}/cancel", json={"reason": "test"})
    return created


def numbers(client: httpx.Client, **query: Any) -> list[int]:
    """The numbers of the listed bills."""
    answer = client.get(LIST, params={"limit": 200} | query)
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
def test_filter_finds_exactly_the_matching_bills(
    client: httpx.Client, bills: list[dict[str, Any]], text: str, expected: list[int]
) -> None:
    assert numbers(client, filter=text) == expected


def test_filter_by_vendor_name_and_creation_time(
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
def test_undocumented_filter_is_refused(client: httpx.Client, text: str) -> None:
    answer = client.get(LIST, params={"filter": text})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == ["filter"]


@pytest.mark.parametrize(
    ("query", "path"),
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
def test_undocumented_query_is_refused(
    client: httpx.Client, query: dict[str, Any], path: str
) -> None:
    answer = client.get(LIST, params=query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == [path]


def test_every_documented_field_sorts_both_ways(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    for field in BILL_LIST.sorts:
        for direction in ("asc", "desc"):
            assert sorted(numbers(client, sort=f"{field}:{direction}")) == every(0)
    assert numbers(client) == every(0)
    assert numbers(client, sort="amount:desc", limit=3) == [22, 21, 20]
    assert numbers(client, sort="vendorName:desc,amount:desc", limit=3) == [20, 17, 14]


def walk(client: httpx.Client, back: bool = False, **query: Any) -> list[int]:
    """All pages by cursor; ``back`` walks to the end and then all the way back."""
    pages, cursor, params_base = [], "0", query | {"limit": 4}
    while True:
        page = client.get(LIST, params=params_base | {"cursor": cursor}).json()
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
            params = params_base | {"cursor": pages[0]["prevCursor"]}
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
def test_cursor_pages_list_every_bill_once_in_both_directions(
    client: httpx.Client, bills: list[dict[str, Any]], sort: str
) -> None:
    query = {"sort": sort} if sort else {}
    numbers_listed = walk(client, back=True, **query)
    assert numbers_listed == numbers(client, **query)
    assert sorted(numbers_listed) == every(0)


def test_cursor_is_bound_to_its_filter_and_sort(
    client: httpx.Client, bills: list[dict[str, Any]]
) -> None:
    query = {"cursor": "0", "limit": 2, "filter": "amount:gt:3"}
    cursor = client.get(LIST, params=query).json()["nextCursor"]
    assert client.get(LIST, params=query | {"cursor": cursor}).status_code == 200
    for other in ({"filter": "amount:gt:4"}, {"sort": "amount:asc"}):
        assert client.get(LIST, params=query | {"cursor": cursor} | other).status_code == 400


def test_offset_pages_have_a_total(client: httpx.Client, bills: list[dict[str, Any]]) -> None:
    page = client.get(LIST, params={"limit": 20, "offset": 20, "filter": "amount:ne:0"}).json()
    assert [record["amount"] for record in page["records"]] == [21, 22]
    assert (page["total"], page["hasMore"], page["nextCursor"]) == (22, False, None)


def test_cursor_pages_are_stable_while_bills_are_created() -> None:
    settings = SandboxSettings(requests_per_minute=1_000)
    headers = {"Authorization": f"Basic {settings.key}"}
    with (
        running(settings) as box,
        httpx.Client(base_url=box.base_url, headers=headers, timeout=60, verify=False) as client,
    ):
        ids, cursor = [], "0"
        for _ in range(5):
            client.post(PATH, json={})
        for _ in range(9):
            page = client.get(LIST, params={"limit": 2, "cursor": cursor}).json()
            ids += [record["id"] for record in page["records"]]
            if len(ids) < 8:
                client.post(PATH, json={})
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert ids == [bill["id"] for bill in box.bills()]


def test_listed_bill_nests_the_vendor_and_has_no_lines(
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


def test_list_lag_hides_new_bills_from_the_list_only() -> None:
    headers = {"Authorization": f"Basic {SandboxSettings.key}"}
    for lag in (3600, 0.3):
        with running(SandboxSettings(list_lag=lag)) as box:
            with httpx.Client(
                base_url=box.base_url, headers=headers, timeout=60, verify=False
            ) as client:
                created = client.post(PATH, json={}).json()
                if lag == 0.3:
                    shown_at = datetime.fromisoformat(created["invoiceCreatedAt"])
                    shown_at += timedelta(seconds=lag)
                    time.sleep(max(0.0, (shown_at - datetime.now(UTC)).total_seconds()) + 0.01)
                listed = [record["id"] for record in client.get(LIST).json()["records"]]
                assert listed == ([created["id"]] if lag == 0.3 else [])
                assert client.get(f"{PATH}/{created['id']}").status_code == 200


# --- reference --------------------------------------------------------------------------------


def get(client: httpx.Client, address: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(address, params={"limit": 200} | query)
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def test_vendor_search_ignores_case_in_name_identifier_and_vat_id(
    client: httpx.Client,
) -> None:
    def names(term: str) -> list[str]:
        return [record["name"] for record in get(client, "/v1/vendors", searchTerm=term)]

    assert names("total gas") == ["Total Gas & Power"]
    assert names("NA systems") == ["NA Systems"]
    assert names("MØLLER & sø") == ["Møller & Sønner ApS"]
    assert names("meridian") == ["Meridian Freight Ltd"] * 2
    vendor = next(row for row in REFERENCE.vendors.values() if row.vat_id)
    assert vendor.identifier is not None
    assert names(vendor.identifier.lower()) == [vendor.name]
    assert names(str(vendor.vat_id).lower()) == [vendor.name]
    assert names("100%") == []


def test_vendors_by_cursor_and_by_id(shipped_sandbox: Sandbox) -> None:
    ids: list[str] = []
    cursor = "0"
    while cursor:
        page = asked(shipped_sandbox, "GET", f"vendors?limit=200&cursor={cursor}")
        ids += [record["vendorId"] for record in page["records"]]
        cursor = page["nextCursor"]
    assert ids == VENDORS
    one = asked(shipped_sandbox, "GET", f"vendors/{VENDORS[7]}")
    assert (one["vendorId"], one["status"]) == (VENDORS[7], "ACTIVE")
    with pytest.raises(httpx.HTTPStatusError) as refused:
        asked(shipped_sandbox, "GET", "vendors/00000000-0000-4000-8000-000000000000")
    assert refused.value.response.status_code == 404


def test_account_entity_and_group_filters(
    client: httpx.Client,
) -> None:
    def codes(text: str) -> list[int]:
        accounts = get(client, "/v1/ledger-accounts", filter=text, sort="code:desc")
        return [record["code"] for record in accounts]

    assert codes("status:eq:DISABLED") == [7999]
    assert codes("code:gte:7700,status:eq:ACTIVE") == [7710, 7700]
    assert len(codes(f"companyEntityId:eq:{ENTITIES[0]}")) == len(REFERENCE.accounts)
    assert codes(f"companyEntityId:in:{VENDORS[0]}") == []
    assert client.get("/v1/ledger-accounts", params={"filter": "label:eq:Rent"}).status_code == 400

    entities = get(client, "/v1/entities", filter="country:in:DE|DK", sort="code:asc")
    assert [record["code"] for record in entities] == ["DE01", "DK01"]
    assert client.get("/v1/entities", params={"filter": "localCurrency:eq:EUR"}).status_code == 400

    address = "/v1/custom-properties/groups"
    query = {"filter": "objectType:eq:BILL,isRequired:eq:false,objectLevel:eq:HEADER"}
    headers = get(client, address, includeValues="true", sort="label:asc", **query)
    assert [record["label"] for record in headers] == ["Approver note", "Region"]
    assert [value["label"] for value in headers[1]["values"]] == ["North", "South", "Overseas"]
    assert not any("values" in record for record in get(client, address))
    assert get(client, address, filter="isDeleted:eq:true") == []
    assert client.get(address, params={"filter": "isRequired:eq:0"}).status_code == 400
    assert client.get(address, params={"includeValues": "1"}).status_code == 400
