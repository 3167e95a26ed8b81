"""Bills in the sandbox over real HTTP: what is stored, what is refused and at which path."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import load_reference
from importer.sandbox.http_request import MAX_BODY
from importer.sandbox.line_tax import derived_tax
from importer.sandbox.property_values import PropertyBody
from importer.sandbox.request_bodies import LineBody, NewBillBody

REFERENCE = load_reference()
VENDOR = next(iter(REFERENCE.vendors))
ENTITY = next(iter(REFERENCE.entities))
ACCOUNTS = {row.code: row.id for row in REFERENCE.accounts.values()}
TAX = {row.code: row.id for row in REFERENCE.tax_codes.values()}
GROUPS = {row.internal_name: row for row in REFERENCE.groups.values()}
CLOSED = next(row.id for row in REFERENCE.accounts.values() if row.status == "DISABLED")
NOWHERE = "00000000-0000-4000-8000-000000000000"
PATH = "/v1/invoice-payables"


def line(**changes: Any) -> dict[str, Any]:
    return {"netAmount": 10_000, "accountId": ACCOUNTS[7200], "description": "Licences"} | changes


def bill(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "vendorId": VENDOR,
        "companyEntityId": ENTITY,
        "invoiceNumber": "INV-1",
        "currency": "GBP",
        "amount": 10_000,
        "processingMode": "DATA_ONLY",
        "issuedDate": "2025-03-31",
        "lineItemsIncludeTax": False,
        "lineItems": list(lines) or [line()],
    } | changes


def properties(name: str, **values: Any) -> dict[str, Any]:
    return {"customProperties": [{"groupId": GROUPS[name].id, **values}]}


def value_of(name: str, internal_name: str) -> str:
    values = GROUPS[name].values.values()
    return next(value.id for value in values if value.internal_name == internal_name)


def errors_of(answer: httpx.Response) -> set[tuple[str, ...]]:
    """The paths of a refusal; an error of the whole body has the empty path."""
    return {tuple(error["path"] or ()) for error in answer.json()["errors"]}


def test_created_bill_has_all_fields_and_its_lines_in_order(
    client: httpx.Client, shared_sandbox: Sandbox
) -> None:
    lines = [line(netAmount=number, description=f"line {number}") for number in range(1, 31)]
    sent = bill(*lines, amount=465, paymentAt="2025-04-01T09:30:00+02:00")
    sent |= {"localCurrencyFxRateOverride": 1.25}

    answer = client.post(PATH, json=sent)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    created = answer.json()
    assert created["state"] == "IN_DRAFT"
    assert created["companyId"] == client.get("/v1/companies/current").json()["id"]
    assert created["payeeIban"] is None
    assert created["paymentAt"] == "2025-04-01T07:30:00.000000Z"
    assert created["localCurrencyFxRate"] == 1.25
    assert len(created) == 56
    assert [item["description"] for item in created["lineItems"]] == [
        f"line {number}" for number in range(1, 31)
    ]
    assert client.get(f"{PATH}/{created['id']}").json() == created
    one = created["lineItems"][3]
    assert client.get(f"{PATH}/{created['id']}/line-items/{one['id']}").json() == one
    (stored,) = [each for each in shared_sandbox.bills() if each["id"] == created["id"]]
    assert [item["id"] for item in stored["lineItems"]] == [
        item["id"] for item in created["lineItems"]
    ]


def test_posting_a_bill_twice_creates_two(client: httpx.Client) -> None:
    ids = {client.post(PATH, json=bill()).json()["id"] for _ in range(2)}
    assert len(ids) == 2


def test_duplicate_state_marks_the_second_live_bill_of_a_number() -> None:
    options = SandboxSettings(duplicate_state=True)
    headers = {"Authorization": f"Bearer {options.key}"}
    with (
        running(options) as box,
        httpx.Client(base_url=box.base_url, headers=headers, timeout=60, verify=False) as client,
    ):
        first = client.post(PATH, json=bill()).json()
        second = client.post(PATH, json=bill()).json()
        other = client.post(PATH, json=bill(invoiceNumber="INV-2")).json()
        for each in (first, second):
            cancelled = client.post(f"{PATH}/{each['id']}/cancel", json={"reason": "twice"})
            assert cancelled.status_code == 200
        third = client.post(PATH, json=bill()).json()
        assert [each["state"] for each in (first, other, third)] == ["IN_DRAFT"] * 3
        assert (second["state"], second["failureReason"]) == ("DUPLICATED", "DUPLICATE_INVOICE")
        assert len(box.bills()) == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 100.0),
        ("amount", "100"),
        ("amount", True),
        ("amount", 2**63),
        ("vendorId", "not-a-uuid"),
        ("vendorId", ""),
        ("vendorId", 7),
        ("companyEntityId", "12345678123456781234567812345678"),
        ("issuedDate", "2025-02-30"),
        ("issuedDate", "31/03/2025"),
        ("issuedDate", "20250331"),
        ("dueDate", "2025-03-31T00:00:00Z"),
        ("paymentAt", "2025-03-31"),
        ("paymentAt", "2025-03-31T10:00:00"),
        ("paymentAt", "2025-03-31 10:00:00Z"),
        ("currency", "gbp"),
        ("currency", "ZZZ"),
        ("currency", "GBPX"),
        ("lineItemsIncludeTax", "false"),
        ("lineItemsIncludeTax", 0),
        ("processingMode", "FAST"),
        ("processingMode", None),
        ("invoiceNumber", 12),
        ("invoiceNumber", "\ud800"),
        ("lineItems", {}),
        ("localCurrencyFxRateOverride", "1.1"),
        ("shouldAmortize", True),
        ("lineitems", []),
    ],
)
def test_header_field_of_wrong_type_or_format_is_400(
    client: httpx.Client, shared_sandbox: Sandbox, field: str, value: object
) -> None:
    before = len(shared_sandbox.bills())
    body = json.dumps(bill(**{field: value}))
    answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "BAD_REQUEST"
    assert errors_of(answer) == {(field,)}
    assert len(shared_sandbox.bills()) == before


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"vendorId": NOWHERE}, ("vendorId",)),
        ({"companyEntityId": NOWHERE}, ("companyEntityId",)),
        ({"amount": 9_999}, ("amount",)),
        ({"groupCurrencyFxRateOverride": -1}, ("groupCurrencyFxRateOverride",)),
    ],
)
def test_inconsistent_header_is_422(
    client: httpx.Client, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    answer = client.post(PATH, json=bill(**changes))
    assert answer.status_code == 422
    assert answer.json()["type"] == "UNPROCESSABLE_CONTENT"
    assert errors_of(answer) == {path}


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"netAmount": 1.5}, 400, "netAmount"),
        ({"taxAmount": "5"}, 400, "taxAmount"),
        ({"quantity": 1}, 400, "quantity"),
        ({"accountId": "7200"}, 400, "accountId"),
        ({"amortizationStartDate": "2025-13-01"}, 400, "amortizationStartDate"),
        ({"accountId": NOWHERE}, 422, "accountId"),
        ({"accountId": CLOSED}, 422, "accountId"),
        ({"taxCodeId": NOWHERE}, 422, "taxCodeId"),
        ({"taxAmount": 2_000}, 422, "taxAmount"),
        ({"netAmount": None}, 422, "netAmount"),
        ({"amount": 9_999}, 422, "amount"),
        ({"netAmount": 2**63 - 1, "taxCodeId": TAX["UK20"]}, 422, "netAmount"),
        ({"amortizationStartDate": "2025-01-01"}, 422, "amortizationEndDate"),
        ({"amortizationEndDate": "2025-01-01"}, 422, "amortizationStartDate"),
        (
            {"amortizationStartDate": "2025-02-01", "amortizationEndDate": "2025-01-31"},
            422,
            "amortizationEndDate",
        ),
    ],
)
def test_invalid_line_is_refused_at_its_path(
    client: httpx.Client, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = client.post(PATH, json=bill(line(), line(**changes), amount=20_000))
    assert answer.status_code == status
    assert errors_of(answer) - {("amount",)} == {("lineItems", "1", field)}


def test_line_that_is_not_an_object_is_refused(client: httpx.Client) -> None:
    answer = client.post(PATH, json=bill() | {"lineItems": [line(), 5]})
    assert errors_of(answer) == {("lineItems", "1")}


def test_all_field_errors_are_reported_at_once_as_400(
    client: httpx.Client,
) -> None:
    lines = [line(accountId=CLOSED), line(netAmount="1"), line(taxCodeId=NOWHERE)]
    answer = client.post(PATH, json=bill(*lines, vendorId=NOWHERE, issuedDate="soon"))
    assert answer.status_code == 400
    assert errors_of(answer) == {
        ("vendorId",),
        ("issuedDate",),
        ("lineItems", "0", "accountId"),
        ("lineItems", "1", "netAmount"),
        ("lineItems", "2", "taxCodeId"),
    }
    first = answer.json()["errors"][0]
    assert set(first) == {"type", "message", "path", "context"}


@pytest.mark.parametrize(
    ("level", "name", "values", "path"),
    [
        ("HEADER", "cost_approver_note", {"valueIds": [NOWHERE]}, ("valueIds",)),
        ("HEADER", "region", {"inlineValues": ["North"]}, ("inlineValues",)),
        ("HEADER", "region", {"valueIds": [NOWHERE]}, ("valueIds", "0")),
        ("HEADER", "project", {"valueIds": []}, ("groupId",)),
        ("LINE", "region", {"valueIds": []}, ("groupId",)),
        ("LINE", "quantity", {"inlineValues": ["12,5"]}, ("inlineValues", "0")),
        ("LINE", "quantity", {"inlineValues": ["NaN"]}, ("inlineValues", "0")),
        ("LINE", "service_date", {"inlineValues": ["2025-02-29"]}, ("inlineValues", "0")),
        ("LINE", "billable", {"inlineValues": ["yes"]}, ("inlineValues", "0")),
        ("LINE", "billable", {"inlineValues": ["true", "true"]}, ("inlineValues",)),
        ("LINE", "tags", {"valueIds": [NOWHERE]}, ("valueIds", "0")),
    ],
)
def test_custom_property_of_wrong_level_type_or_value_is_422(
    client: httpx.Client, level: str, name: str, values: dict[str, Any], path: tuple[str, ...]
) -> None:
    changes = properties(name, **values)
    sent = bill(**changes) if level == "HEADER" else bill(line(**changes))
    answer = client.post(PATH, json=sent)
    start = () if level == "HEADER" else ("lineItems", "0")
    assert answer.status_code == 422
    assert errors_of(answer) == {(*start, "customProperties", "0", *path)}


def test_unknown_or_repeated_property_group_is_refused(client: httpx.Client) -> None:
    twice = [{"groupId": GROUPS["region"].id, "valueIds": [value_of("region", "north")]}] * 2
    answer = client.post(PATH, json=bill(customProperties=[{"groupId": NOWHERE}, *twice]))
    assert errors_of(answer) == {
        ("customProperties", "0", "groupId"),
        ("customProperties", "2", "groupId"),
    }


def test_custom_properties_are_returned_with_names_and_labels(client: httpx.Client) -> None:
    tags = [value_of("tags", "urgent"), value_of("tags", "capital")]
    sent = bill(
        line(**properties("tags", valueIds=tags)),
        **properties("cost_approver_note", inlineValues=["ask Siân"]),
    )
    created = client.post(PATH, json=sent).json()
    (note,) = created["customProperties"]
    assert note["groupInternalName"] == "cost_approver_note"
    assert [value["label"] for value in note["values"]] == ["ask Siân"]
    (tags_property,) = created["lineItems"][0]["customProperties"]
    assert [value["id"] for value in tags_property["values"]] == tags
    assert [value["label"] for value in tags_property["values"]] == ["Urgent", "Capital"]


@pytest.mark.parametrize(
    ("include_tax", "sent", "amounts"),
    [
        (False, {"netAmount": 10_000, "taxCodeId": "UK20"}, (10_000, 2_000, 12_000)),
        (False, {"netAmount": 50, "taxCodeId": "UK5"}, (50, 3, 53)),  # 2.5 is rounded up
        (False, {"netAmount": -50, "taxCodeId": "UK5"}, (-50, -3, -53)),
        (False, {"netAmount": 100, "taxCodeId": "UK20", "taxAmount": 19}, (100, 19, 119)),
        (False, {"netAmount": 100}, (100, None, 100)),
        (False, {"netAmount": 100, "amount": 120, "taxCodeId": "UK20"}, (100, 20, 120)),
        (True, {"amount": 12_000, "taxCodeId": "UK20"}, (10_000, 2_000, 12_000)),
        (True, {"amount": 11_901, "taxCodeId": "DE19"}, (10_001, 1_900, 11_901)),
        (True, {"amount": 100, "taxCodeId": "RC0"}, (100, 0, 100)),
        (True, {"amount": 0, "taxCodeId": "UK20"}, (0, 0, 0)),
    ],
)
def test_derived_tax_rounds_half_up(
    client: httpx.Client, include_tax: bool, sent: dict[str, Any], amounts: tuple[int | None, ...]
) -> None:
    codes = {"taxCodeId": TAX[sent["taxCodeId"]]} if "taxCodeId" in sent else {}
    one = {"accountId": ACCOUNTS[7200], **sent, **codes}
    header = {"amount": amounts[2], "lineItemsIncludeTax": include_tax}
    answer = client.post(PATH, json=bill(one, **header))
    assert answer.status_code == 200, answer.text
    (created,) = answer.json()["lineItems"]
    assert (created["netAmount"], created["taxAmount"], created["amount"]) == amounts


@given(st.integers(-(10**12), 10**12), st.sampled_from([0, 500, 700, 1900, 2000, 2500]))
def test_tax_within_gross_equals_tax_on_net(net: int, rate: int) -> None:
    tax = derived_tax(net, rate, include_tax=False)
    assert derived_tax(net + tax, rate, include_tax=True) == tax
    assert derived_tax(-net, rate, include_tax=False) == -tax


def test_tax_inclusive_bill_needs_gross_amounts(client: httpx.Client) -> None:
    answer = client.post(PATH, json=bill(line(), lineItemsIncludeTax=True))
    assert errors_of(answer) == {("lineItems", "0", "amount")}


def test_empty_bill_and_negative_amounts_are_accepted(
    client: httpx.Client,
) -> None:
    assert client.post(PATH, json={}).status_code == 200
    assert client.post(PATH, json=bill(line(netAmount=-5), amount=-5)).status_code == 200
    assert client.post(PATH, json=bill() | {"lineItems": []}).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"amount": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"\\ud800": 1}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json; charset=latin-1", 415),
        (b"{}", None, 415),
        (b'{"description": "' + b"x" * MAX_BODY + b'"}', "application/json", 413),
    ],
)
def test_body_that_is_not_json_or_too_large_is_refused(
    client: httpx.Client, content: bytes, kind: str | None, status: int
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = client.post(PATH, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["type"]


def test_patch_sets_values_clears_nulls_and_keeps_the_rest(
    client: httpx.Client,
) -> None:
    sent = bill(description="old", **properties("cost_approver_note", inlineValues=["a"]))
    created = client.post(PATH, json=sent).json()
    address = f"{PATH}/{created['id']}"
    region = properties("region", valueIds=[value_of("region", "south")])
    changed = client.patch(
        address, json={"invoiceNumber": "INV-9", "description": None, **region}
    ).json()
    assert (changed["invoiceNumber"], changed["description"]) == ("INV-9", None)
    assert changed["vendorId"] == VENDOR
    assert changed["lineItems"] == created["lineItems"]
    assert changed["updatedAt"] > created["updatedAt"]
    names = [item["groupInternalName"] for item in changed["customProperties"]]
    assert names == ["cost_approver_note", "region"]
    cleared = client.patch(address, json=properties("cost_approver_note", inlineValues=[])).json()
    assert [item["groupInternalName"] for item in cleared["customProperties"]] == ["region"]
    assert errors_of(client.patch(address, json={"lineItems": []})) == {("lineItems",)}
    assert errors_of(client.patch(address, json={"vendorId": NOWHERE})) == {("vendorId",)}
    assert client.get(address).json() == cleared


def test_lines_are_added_replaced_and_deleted(client: httpx.Client) -> None:
    created = client.post(PATH, json=bill() | {"lineItems": []}).json()
    address = f"{PATH}/{created['id']}/line-items"
    ids = [
        client.post(address, json=line(netAmount=n, taxCodeId=TAX["UK20"])).json()["id"]
        for n in (100, 200, 300)
    ]
    put = client.put(
        f"{address}/{ids[1]}", json={"netAmount": 7, "metadata": {"type": "VENDOR_INVOICE"}}
    )
    assert put.status_code == 200
    assert (put.json()["amount"], put.json()["taxCodeId"], put.json()["accountId"]) == (
        7,
        None,
        None,
    )
    deleted = client.delete(f"{address}/{ids[0]}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(f"{address}/{ids[0]}").status_code == 404
    stored = client.get(f"{PATH}/{created['id']}").json()
    assert stored["updatedAt"] > put.json()["updatedAt"]
    remaining = stored["lineItems"]
    assert [(item["id"], item["amount"]) for item in remaining] == [(ids[1], 7), (ids[2], 360)]
    assert errors_of(client.post(address, json=line(accountId=CLOSED))) == {("accountId",)}
    assert errors_of(client.put(f"{address}/{ids[1]}", json={"netAmount": 1.0})) == {("netAmount",)}


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", f"{PATH}/{NOWHERE}"),
        ("PATCH", f"{PATH}/{NOWHERE}"),
        ("POST", f"{PATH}/{NOWHERE}/line-items"),
        ("POST", f"{PATH}/{NOWHERE}/post"),
        ("GET", f"{PATH}/{NOWHERE}/line-items/{NOWHERE}"),
    ],
)
def test_unknown_bill_is_404(client: httpx.Client, method: str, address: str) -> None:
    answer = client.request(method, address, json=None if method == "GET" else {})
    assert answer.status_code == 404
    assert answer.json()["type"] == "NOT_FOUND"
    assert errors_of(answer) == {("invoicePayableId",)}


BILL_NAMES = [*NewBillBody.model_fields, "other"]
PROPERTY_NAMES = [str(field.alias) for field in PropertyBody.model_fields.values()]
NAMES = [*BILL_NAMES, *LineBody.model_fields, *PROPERTY_NAMES]
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(
            [VENDOR, ENTITY, NOWHERE, TAX["UK20"], ACCOUNTS[7200], "GBP", "2025-03-31"]
        ),
        st.sampled_from([group.id for group in GROUPS.values()]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(body=st.dictionaries(st.sampled_from(BILL_NAMES), JSON, max_size=6))
def test_no_body_crashes_the_sandbox(
    client: httpx.Client, shared_sandbox: Sandbox, body: dict[str, Any]
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post(PATH, content=json.dumps(body), headers=headers)
    assert answer.status_code in (200, 400, 422)
    assert answer.status_code == 200 or answer.json()["errors"]
    assert shared_sandbox.counters.failed == 0


def test_invalid_id_in_the_path_is_400(client: httpx.Client) -> None:
    answer = client.get(f"{PATH}/7")
    assert answer.status_code == 400
    assert errors_of(answer) == {("invoicePayableId",)}
