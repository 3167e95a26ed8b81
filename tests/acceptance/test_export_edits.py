"""Each column of an export that can be written: edited and loaded with ``--update`` it changes just
that, in one bill, by one request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from conftest import ACCOUNTS, ENTITIES, VENDORS, Ended, asked

from importer.model.fields import HEADER_FIELDS, SENT_LINE_FIELDS
from importer.sandbox import Sandbox

Load = Callable[..., Ended]
FAST = ("--requests-per-minute", "100000", "--json", "--quiet")
ORDER = "{order}"
EURO_ACCOUNT = "6cd902da-ee9d-513a-bd5b-5dba9c3e3661"
UK20 = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f"
DE19 = "fcd8188e-2bf8-5ced-b662-50b08dc452cf"
TEMPLATE = "3c3c3c3c-0000-4000-8000-000000000001"
# By column: the cells of the bill, of its first line, and what changes in Light.
BILL_EDITS: dict[str, dict[str, Any]] = {
    "vendorId": {"vendorId": VENDORS[1], "vendor": None},
    "companyEntityId": {"companyEntityId": ENTITIES[1], "companyEntity": None},
    "invoiceNumber": {"invoiceNumber": "NEW"},
    "issuedDate": {"issuedDate": date(2025, 3, 2)},
    "dueDate": {"dueDate": date(2025, 4, 30)},
    "paymentAt": {"paymentAt": datetime(2025, 4, 1, 9, 30)},  # noqa: DTZ001
    "currency": {"currency": "EUR"},
    "description": {"description": "Other"},
    "senderBankAccountId": {"senderBankAccountId": EURO_ACCOUNT, "senderBankAccount": None},
    "localCurrencyFxRateOverride": {"localCurrencyFxRateOverride": 1.25},
    "groupCurrencyFxRateOverride": {"groupCurrencyFxRateOverride": 0.75},
    "fiNumber": {"fiNumber": "RF18539007547034"},
    "norKidReference": {"norKidReference": "1234567897"},
    "swissPaymentReference": {"swissPaymentReference": "210000000003139471430009017"},
    "purchaseOrderId": {"purchaseOrderId": ORDER, "purchaseOrder": None},
    "property:Region": {"property:Region": "South"},
}
LINE_EDITS: dict[str, dict[str, Any]] = {
    "description": {"description": "Ink"},
    "netAmount": {"netAmount": 1_500},
    "taxAmount": {"taxAmount": 150},
    "taxCodeId": {"taxCodeId": DE19},
    "accountId": {"accountId": ACCOUNTS[5], "account": None},
    "amortizationStartDate": {"amortizationStartDate": date(2025, 2, 1)},
    "amortizationEndDate": {"amortizationEndDate": date(2025, 11, 30)},
    "amortizationTemplateId": {"amortizationTemplateId": TEMPLATE},
    "property:Project": {"property:Project": "Borealis"},
    "property:Billable": {"property:Billable": False},
}


@pytest.fixture
def export(command: Load, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
    return lambda *words: command("export", *words, *FAST)


def order_of(sandbox: Sandbox) -> dict[str, Any]:
    orders = asked(sandbox, "GET", "purchase-orders?limit=200")["records"]
    order: dict[str, Any] = next(each for each in orders if each["state"] == "OPEN")
    return order


def brought_in(sandbox: Sandbox, number: str, vendor: str) -> dict[str, Any]:
    """A bill with two lines that somebody else has brought into Light."""
    lines = [
        {
            "netAmount": 1_000,
            "taxAmount": 200,
            "taxCodeId": UK20,
            "description": "Paper",
            "accountId": ACCOUNTS[0],
            "amortizationStartDate": "2025-01-01",
            "amortizationEndDate": "2025-12-31",
        },
        {"netAmount": 2_000, "description": "Rent", "accountId": ACCOUNTS[1]},
    ]
    bill = {
        "vendorId": vendor,
        "companyEntityId": ENTITIES[0],
        "invoiceNumber": number,
        "currency": "GBP",
        "amount": 3_200,
        "issuedDate": "2025-03-01",
        "dueDate": "2025-03-31",
        "lineItems": lines,
    }
    created: dict[str, Any] = asked(sandbox, "POST", "invoice-payables", bill)
    return created


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Each value of JSON by where it is, without what Light itself keeps up."""
    if isinstance(value, dict):
        parts = [
            leaves(v, f"{path}.{k}") for k, v in value.items() if k not in ("updatedAt", "version")
        ]
    elif isinstance(value, list):
        parts = [leaves(v, f"{path}[{i}]") for i, v in enumerate(value)]
    else:
        return {path: value}
    return {place: leaf for part in parts for place, leaf in part.items()}


def changed_places(before: Any, after: Any) -> set[str]:
    """The fields that differ; of custom properties only that they do."""
    old, new = leaves(before), leaves(after)
    places = {p for p in old.keys() | new.keys() if old.get(p) != new.get(p)}
    return {place.partition(".customProperties")[0] + ".customProperties"
            if ".customProperties" in place else place for place in places}  # fmt: skip


def write_cells(page: Any, row: int, cells: dict[str, Any]) -> None:
    headers = [cell.value for cell in page[1]]
    for header, value in cells.items():
        if header not in headers:
            headers.append(header)
            page.cell(1, len(headers)).value = header
        page.cell(row, headers.index(header) + 1).value = value


def test_each_writable_column_changes_just_that(export: Load, load: Load, sandbox: Sandbox) -> None:
    order = order_of(sandbox)
    edits = [("Bills", name, cells) for name, cells in BILL_EDITS.items()]
    edits += [("Line items", name, cells) for name, cells in LINE_EDITS.items()]
    before = {}
    for i in range(len(edits)):
        bill = brought_in(sandbox, f"A-{i:02}", order["vendorId"])
        before[bill["id"]] = asked(sandbox, "GET", f"invoice-payables/{bill['id']}")
    assert export("bills", "--sort", "invoiceNumber:asc", "-o", "out.xlsx").code == 0
    book = openpyxl.load_workbook("out.xlsx")
    for i, (sheet, name, cells) in enumerate(edits):
        cells = {h: order["id"] if value == ORDER else value for h, value in cells.items()}
        write_cells(book[sheet], i + 2 if sheet == "Bills" else 2 * i + 2, cells)
        if name in TOTALS:
            write_cells(book["Bills"], i + 2, {"amount": TOTALS[name]})
    book.save("out.xlsx")
    written = dict(sandbox.counters.by_route)
    done = load(sandbox.base_url, "out.xlsx", "--update")
    assert done.code == 0, done.out
    assert done.json["bills"] == {"total": len(edits), "updated": len(edits)}, done.out
    codes = {f["code"] for f in done.json["findings"]}
    other_rate = "line_items.taxAmount.other_rate"  # of an amount or a tax that alone is changed
    assert codes == {
        "sheet.column.response_only", "bills.invoiceNumber.other_entity", other_rate
    }  # fmt: skip

    now = {light_id: asked(sandbox, "GET", f"invoice-payables/{light_id}") for light_id in before}
    wrong = {}
    for (sheet, name, _), (light_id, old) in zip(edits, before.items(), strict=True):
        places = changed_places(old, now[light_id])
        if places != EXPECTED.get((sheet, name), {PLACE[sheet] + name}):
            wrong[sheet, name] = sorted(places)
    assert wrong == {}
    routes = sandbox.counters.by_route
    bill = "/v1/invoice-payables/{invoicePayableId}"
    patches = routes[f"PATCH {bill}"] - written.get(f"PATCH {bill}", 0)
    puts = routes[f"PUT {bill}/line-items/{{lineItemId}}"]
    assert (patches, puts) == (len(BILL_EDITS) + len(TOTALS), len(LINE_EDITS))
    assert not [r for r in routes if r.startswith("DELETE")]
    assert len(sandbox.bills()) == len(edits)

    assert export("bills", "-o", "again.xlsx").code == 0
    unchanged = dict(sandbox.counters.by_route)
    again = load(sandbox.base_url, "again.xlsx", "--update")
    assert again.json["bills"] == {"total": len(edits), "already_in_light": len(edits)}
    sent = {r for r, n in sandbox.counters.by_route.items() if n != unchanged.get(r, 0)}
    assert [route for route in sent if not route.startswith("GET")] == []


PLACE = {"Bills": ".", "Line items": ".lineItems[0]."}
TOTALS = {"netAmount": 3_700, "taxAmount": 3_150}
# Where another field changes in Light, or more than one.
EXPECTED = {
    ("Bills", "localCurrencyFxRateOverride"): {".localCurrencyFxRate"},
    ("Bills", "groupCurrencyFxRateOverride"): {".groupCurrencyFxRate"},
    ("Bills", "property:Region"): {".customProperties"},
    ("Line items", "property:Project"): {".lineItems[0].customProperties"},
    ("Line items", "property:Billable"): {".lineItems[0].customProperties"},
    ("Line items", "netAmount"): {".amount"}
    | {f".lineItems[0].{n}" for n in ("amount", "netAmount")},
    ("Line items", "taxAmount"): {".amount"}
    | {f".lineItems[0].{n}" for n in ("amount", "taxAmount")},
}


def test_no_writable_column_is_left_out() -> None:
    of_bills = {field.name for field in HEADER_FIELDS} - {"amount", "lineItemsIncludeTax"}
    assert of_bills == {name for name in BILL_EDITS if not name.startswith("property:")}
    of_lines = {field.name for field in SENT_LINE_FIELDS} - {"amount"}
    assert of_lines == {name for name in LINE_EDITS if not name.startswith("property:")}
