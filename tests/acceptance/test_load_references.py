"""Payment references, purchase orders and bank accounts: checked and looked up before anything is
sent; references are set once the bill is created, before any other step."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import (
    ENTITIES,
    LOAD,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    ended,
    http,
    proxied,
    refusal,
    start,
    write_bills,
)

from importer.sandbox import Sandbox
from importer.sandbox.company_file import load_reference

Load = Callable[..., Ended]
ORDERS = {order.erp_number: order.id for order in load_reference().purchase_orders.values()}
ORDER = ORDERS["PO-7001"]
GIVEN = {
    "fiNumber": "+71< 000000000000018 +12345678",
    "norKidReference": "2345676",
    "swissPaymentReference": "21 00000 00003 13947 14300 09017",
    "purchaseOrderId": ORDER,
}
IN_LIGHT = {name: value.replace(" ", "") for name, value in GIVEN.items()}


def row(i: int = 0, status: str = "posted", **cells: str) -> dict[str, object]:
    given: dict[str, object] = {"vendorId": VENDORS[0], **GIVEN, **cells}
    return bill_row(i, companyEntityId=ENTITIES[0], status=status, **given)


def references(bill: Any) -> dict[str, object]:
    return {name: bill[name] for name in GIVEN}


def patches(light: Sandbox) -> int:
    """How many times a bill was changed in Light."""
    routes = light.counters.by_route.items()
    return sum(n for route, n in routes if route.startswith("PATCH"))


def errors(told: Ended) -> list[tuple[str, str]]:
    found = told.json["findings"]
    return [(f["code"], f["column"]) for f in found if f["severity"] == "error"]


def test_references_are_set_before_the_bill_is_posted(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(), row(1, **dict.fromkeys(GIVEN, ""))])
    told = load(sandbox.base_url, *files)
    assert told.code == 0, told.err + told.out
    assert told.json["steps"] == {"referenced": 1, "posted": 2}
    both = {bill["invoiceNumber"]: references(bill) for bill in sandbox.bills()}
    assert both == {"INV-00000": IN_LIGHT, "INV-00001": dict.fromkeys(GIVEN)}
    assert [bill["state"] for bill in sandbox.bills()] == ["UNPAID", "UNPAID"]
    again = load(sandbox.base_url, *files)
    assert again.json["bills"] == {"total": 2, "already_loaded": 2}
    assert patches(sandbox) == 1
    run = told.json["run"]
    verified = command("verify", run, "--json")
    assert verified.code == 0, verified.out


def test_reference_changed_in_light_is_reported_by_verify(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    told = load(sandbox.base_url, *write_bills(tmp_path, [row(status="")]))
    [bill] = sandbox.bills()
    asked(sandbox, "PATCH", f"invoice-payables/{bill['id']}", {"norKidReference": "18"})
    verified = command("verify", told.json["run"], "--json")
    assert (verified.code, errors(verified)) == (1, [("light.changed", "norKidReference")])


FAULTS = {
    "the connection breaks before": (Fault(False, None), 1),
    "the connection breaks after": (Fault(True, None), 1),
    "502 in HTML after": (Fault(True, http(502, b"<html>", Content_Type="text/html")), 1),
    "429 once": (Fault(False, http(429, {"message": "slow down"}, Retry_After=1)), 1),
}


@pytest.mark.parametrize(("fault", "arrived"), FAULTS.values(), ids=FAULTS)
def test_lost_answer_is_looked_up(
    fault: Fault, arrived: int, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row()])

    def once(request: Request) -> Fault:
        return fault if request.method == "PATCH" and request.number == 0 else PASS

    with proxied(sandbox.base_url, once) as proxy:
        told = load(proxy.url, *files)
    assert (told.code, told.json["steps"]) == (0, {"referenced": 1, "posted": 1}), told.out
    assert [references(bill) for bill in sandbox.bills()] == [IN_LIGHT]
    assert patches(sandbox) == arrived


@pytest.mark.parametrize("arrives", [False, True])
def test_killed_load_is_completed(
    arrives: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row()])

    def kill(request: Request) -> Fault:
        if request.method != "PATCH":
            return PASS
        os.kill(process.pid, signal.SIGKILL)
        return Fault(arrives, None)

    with proxied(sandbox.base_url, kill) as proxy:
        process = start(*LOAD, "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        assert [bill["state"] for bill in sandbox.bills()] == ["IN_DRAFT"]
        proxy.fault = lambda request: PASS
        told = load(proxy.url, *files)
    assert (told.code, told.json["steps"]) == (0, {"referenced": 1, "posted": 1}), told.out
    assert [references(bill) for bill in sandbox.bills()] == [IN_LIGHT]
    assert patches(sandbox) == 1


@pytest.mark.parametrize(
    ("by_hand", "state"),
    [({"norKidReference": "18"}, "IN_DRAFT"), (None, "UNPAID")],
    ids=["another reference", "posted"],
)
def test_work_of_others_is_left_alone(
    by_hand: Any, state: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row()])

    def meanwhile(request: Request) -> Fault:
        if request.method == "GET" and "/invoice-payables/" in request.path and not request.number:
            path = request.path.removeprefix("/v1/")
            asked(sandbox, *(("PATCH", path, by_hand) if by_hand else ("POST", f"{path}/post")))
        return PASS

    with proxied(sandbox.base_url, meanwhile) as proxy:
        told = load(proxy.url, *files)
    assert (told.code, errors(told)) == (1, [("light.step_refused", "fiNumber")]), told.out
    [bill] = sandbox.bills()
    assert (bill["state"], bill["fiNumber"]) == (state, None)
    assert patches(sandbox) == (1 if by_hand else 0)


def test_refused_reference_keeps_the_bill_a_draft_that_undo_cancels(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row()])
    no = Fault(False, refusal(422, "There is no such order.", "purchaseOrderId"))
    with proxied(sandbox.base_url, lambda r: no if r.method == "PATCH" else PASS) as proxy:
        told = load(proxy.url, *files)
        assert (told.code, errors(told)) == (1, [("light.step_refused", "purchaseOrderId")])
        assert [bill["state"] for bill in sandbox.bills()] == ["IN_DRAFT"]
        undone = command("undo", told.json["run"], "--yes", "--json")
    assert undone.code == 0, undone.out
    assert [bill["state"] for bill in sandbox.bills()] == ["CANCELLED"]


BAD = [
    ("norKidReference", "451", "wrong_reference", "5 (modulus 10) or 0 (modulus 11)"),
    ("norKidReference", "1.23E+15", "mangled", "Excel"),
    ("norKidReference", "K234", "wrong_reference", "other characters than digits"),
    ("swissPaymentReference", "210000000003139471430009018", "wrong_reference", "would be 7"),
    ("swissPaymentReference", "13947143000901", "wrong_reference", "zeros at its front"),
    ("swissPaymentReference", "RF19539007547034", "wrong_reference", "check digits are wrong"),
    ("fiNumber", "1235", "wrong_reference", "Finnish reference, its last digit would be 2"),
    ("fiNumber", "+71<000000000000019+12345678", "wrong_reference", "would be 8"),
    ("purchaseOrderId", "PO-1", "not_uuid", "not a Light id"),
]


def test_bad_references_are_named_before_anything_is_sent(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [row(i, **{name: text}) for i, (name, text, _, _) in enumerate(BAD)]
    told = load(sandbox.base_url, *write_bills(tmp_path, rows))
    found = {f["row"]: f for f in told.json["findings"] if f["severity"] == "error"}
    assert sandbox.bills() == []
    assert len(found) == len(BAD)
    for i, (name, text, problem, words) in enumerate(BAD):
        finding = found[i + 2]
        assert (finding["code"], finding["value"]) == (f"bills.{name}.{problem}", text)
        assert words in finding["message"]


def test_credit_note_takes_no_references(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    note = {**row(1, ""), "type": "credit note", "amount": -500}
    told = load(sandbox.base_url, *write_bills(tmp_path, [{**row(), "type": "bill"}, note]))
    assert told.code == 0, told.out
    assert told.json["steps"] == {"referenced": 1, "posted": 1}
    warned = {f["column"]: f["code"] for f in told.json["findings"] if f["row"] == 3}
    assert warned == {name: f"bills.{name}.not_for_credit_note" for name in GIVEN}


# --- purchase orders and bank accounts by name ----------------------------------------------------

EURO = "DE89 3704 0044 0532 0130 00"


def named(i: int = 0, **cells: str) -> dict[str, object]:
    cells = {"purchaseOrder": "", "senderBankAccount": "", **cells}
    return bill_row(i, companyEntityId=ENTITIES[0], **cells)


def test_orders_and_bank_accounts_are_found_by_name(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [
        named(0, purchaseOrder="po-7001", senderBankAccount="operating ACCOUNT"),
        named(1, purchaseOrder=ORDERS["PO-7002"], senderBankAccount=EURO),
        named(2),
    ]
    told = load(sandbox.base_url, *write_bills(tmp_path, rows))
    assert told.code == 0, told.out
    accounts = {
        account["name"]: account["id"] for account in asked(sandbox, "GET", "bank-accounts")
    }
    got = {
        bill["invoiceNumber"]: (bill["purchaseOrderId"], bill["senderBankAccountId"])
        for bill in sandbox.bills()
    }
    assert got == {
        "INV-00000": (ORDERS["PO-7001"], accounts["Operating account"]),
        "INV-00001": (ORDERS["PO-7002"], accounts["Euro account"]),
        "INV-00002": (None, None),
    }
    assert command("verify", told.json["run"], "--json").code == 0
    counted = sandbox.counters.by_route
    assert counted["GET /v1/bank-accounts"] - 1 == counted["GET /v1/purchase-orders"] == 1


WRONG_NAMES = [
    ({"purchaseOrder": "PO-7011"}, "bills.purchaseOrder.not_found", "PO-7001"),
    ({"purchaseOrder": "PO-7005"}, "bills.purchaseOrder.several", "Courier contract, second half"),
    ({"purchaseOrder": "PO-7003"}, "bills.purchaseOrderId.inactive", "CLOSED"),
    ({"purchaseOrder": "PO-7004"}, "bills.purchaseOrderId.doubtful_status", "IN_DRAFT"),
    ({"purchaseOrder": "PO-7002"}, "bills.purchaseOrderId.other_vendor", "Alder & Finch LLP"),
    ({"purchaseOrderId": ENTITIES[0]}, "bills.purchaseOrderId.unknown", ENTITIES[0]),
    ({"senderBankAccount": "Reserve account"}, "bills.senderBankAccount.several", "55779911"),
    ({"senderBankAccount": "Current acount"}, "bills.senderBankAccount.not_found", "Light has no"),
    ({"senderBankAccountId": ENTITIES[0]}, "bills.senderBankAccountId.unknown", ENTITIES[0]),
    ({"vendorId": "", "vendor": "GB 792 5337 15"}, "bills.vendor.wrong_vat_id", "check digits"),
    ({"vendorId": "", "vendor": "GB 980 7806 84"}, "bills.vendor.not_found", "Light has no"),
]


def test_wrong_orders_and_bank_accounts_are_named_before_anything_is_sent(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    every = dict.fromkeys((name for cells, _, _ in WRONG_NAMES for name in cells), "")
    rows: list[dict[str, object]] = []
    for cells, _, _ in WRONG_NAMES:
        row = bill_row(len(rows), companyEntityId=ENTITIES[0], vendorId=VENDORS[0])
        rows.append({**every, **row, **cells})
    told = load(sandbox.base_url, *write_bills(tmp_path, rows))
    assert (told.code, sandbox.bills()) == (1, [])
    found = [
        (f["row"], f["code"], f["message"] + f["hint"])
        for f in told.json["findings"]
        if f["row"] and f["row"] > 1
    ]
    assert [(row, code) for row, code, _ in found] == [
        (i, code) for i, (_, code, _) in enumerate(WRONG_NAMES, start=2)
    ]
    for (_, _, words), (_, _, text) in zip(WRONG_NAMES, found, strict=True):
        assert words in text
    to_resolve = openpyxl.load_workbook(told.json["result"])["To resolve"]
    kinds = {row[0].value for row in to_resolve.iter_rows(min_row=2)}
    assert {"purchaseOrder", "senderBankAccount"} <= kinds


def test_wrong_iban_is_named_offline(command: Load, tmp_path: Path) -> None:
    rows = [named(0, senderBankAccount="DE88 3704 0044 0532 0130 00"),
            named(1, senderBankAccount=EURO), named(2, senderBankAccount="BANK 12")]  # fmt: skip
    told = command("validate", "--json", *write_bills(tmp_path, rows))
    assert errors(told) == [("bills.senderBankAccount.wrong_iban", "senderBankAccount")]


def test_picked_order_is_sent(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    """A number of two orders is picked in the result workbook, and kept in the lookup tables."""
    sheet = write_bills(tmp_path, [named(2, purchaseOrder="PO-7005", vendorId=VENDORS[2])])
    told = load(sandbox.base_url, *sheet)
    assert told.code == 1
    book = openpyxl.load_workbook(told.json["result"])
    page = book["To resolve"]
    header = [cell.value for cell in page[1]]
    choice = "PO-7005 (Amberley Couriers Ltd, Courier contract, second half)"
    page.cell(2, header.index("pick") + 1).value = choice
    book.save(told.json["result"])
    again = load(sandbox.base_url, told.json["result"], "--save-lookups", "tables")
    assert again.code == 0, again.out
    [bill] = sandbox.bills()
    [second] = [
        o
        for o in asked(sandbox, "GET", "purchase-orders")["records"]
        if o["description"].endswith("half")
    ]
    assert bill["purchaseOrderId"] == second["id"]
    assert "PO-7005" in Path("tables/purchaseOrder.csv").read_text(encoding="utf-8")
