"""Light's enums are open: a new value is never acted on, and nothing false is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ENTITIES, PASS, Ended, Fault, Request, bill_row, proxied, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
NEW = "VALUE_OF_NEXT_YEAR"
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
PAID = {
    "companyEntityId": ENTITIES[0],
    "status": "paid",
    "paidFromBankAccountId": BANK,
    "paymentAt": "2026-02-01",
}


def with_new_value(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """JSON in which each of these fields has a new value, wherever it stands."""

    def alter(value: Any) -> Any:
        if isinstance(value, list):
            return [alter(each) for each in value]
        if not isinstance(value, dict):
            return value
        out = {name: alter(each) for name, each in value.items()}
        for name in names:
            if isinstance(out.get(name), str):
                out[name] = NEW
            elif isinstance(out.get(name), dict):
                out[name] = dict.fromkeys(out[name], NEW)
            elif isinstance(out.get(name), list):
                out[name] = [NEW for _ in out[name]]
        return out

    return alter


def codes(told: Ended) -> set[str]:
    return {f["code"] for f in told.json["findings"]}


def sends(request: Request) -> bool:
    return request.method != "GET"


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("/v1/vendors", ("status",), "bills.vendorId.unknown_status"),
        ("/v1/entities", ("status",), "bills.companyEntityId.unknown_status"),
        ("/v1/ledger-accounts", ("status",), "line_items.accountId.unknown_status"),
        ("/v1/custom-properties/groups", ("objectLevel",), "bills.property.unknown_property"),
        ("/v1/custom-properties/groups", ("inputType",), "bills.property.unknown_type"),
        ("/v1/custom-properties/groups", ("objectTypes",), "bills.property.unknown_property"),
        (
            "/v1/custom-properties/groups",
            ("objectTypeStatuses",),
            "bills.property.unknown_property",
        ),
    ],
)
def test_nothing_is_sent_for_what_has_a_new_status(
    path: str, fields: tuple[str, ...], code: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0) | PAID | {"property:Approver note": "Ask Eve"}])
    new = Fault(True, None, alter=with_new_value(fields))
    with proxied(sandbox.base_url, lambda r: new if r.path == path else PASS) as proxy:
        told = load(proxy.url, *files)
        assert not any(sends(r) for r in proxy.requests)
    assert told.code == 1, told.out
    assert code in codes(told)
    assert sandbox.bills() == []


@pytest.mark.parametrize("field", ["state", "failureReason", "type"])
@pytest.mark.parametrize("where", ["creation", "reading", "list"])
def test_new_value_of_a_bill_is_not_acted_on(
    field: str, where: str, load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Whichever answer has it: the creation's, the one to a reading by id, or the list."""
    files = write_bills(tmp_path, [bill_row(0) | PAID])
    new = Fault(True, None, alter=with_new_value((field,)))

    def fault(request: Request) -> Fault:
        listed = request.path == "/v1/bff/invoice-payables"
        one = request.path.startswith("/v1/invoice-payables/")
        at = {
            "creation": request.creates,
            "reading": request.method == "GET" and one,
            "list": listed,
        }
        return new if at[where] else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, "--settle", "0.05")
        acts = [r.path.rsplit("/", 1)[-1] for r in proxy.requests if sends(r)]
        again = load(proxy.url, *files, "--settle", "0.05")
        creations = sum(r.creates for r in proxy.requests)
    (bill,) = sandbox.bills()
    assert creations == 1
    if field == "state" and where == "creation":
        assert (told.code, codes(told)) == (3, {"light.altered"})
        assert acts == ["invoice-payables"]
        assert again.code == 0, "read again, with a state that is known"
    elif field == "state" and where == "reading":
        assert (told.code, codes(told)) == (3, {"light.step_unknown"})
        assert "mark-as-paid" not in acts
        assert bill["state"] == "UNPAID"
    else:
        assert bill["state"] == "PAID"
    for each in (told, again):
        if each.code == 0:
            assert each.json["bills"]["total"] == 1
            assert bill["state"] == "PAID"


def test_undo_leaves_a_bill_in_a_new_state_alone(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(2)])
    new = Fault(True, None, alter=with_new_value(("state",)))
    (first, *_) = [f"INV-{i:05}" for i in range(2)]

    def fault(request: Request) -> Fault:
        ids = [b["id"] for b in sandbox.bills() if b["invoiceNumber"] == first]
        return new if request.method == "GET" and request.path.split("/")[-1] in ids else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        undone = command("undo", run, "--yes", "--json")
        assert undone.code in (3, 4)
        assert undone.json["bills"] == {"total": 2, "created": 1, "undone": 1}
        assert f"light-import does not know its state {NEW}" in undone.out
        cancels = [r.path for r in proxy.requests if r.path.endswith("/cancel")]
        assert len(cancels) == 1
        again = load(proxy.url, *files)
        assert again.code == 0, "the undo left nothing half done"
    states = {b["invoiceNumber"]: b["state"] for b in sandbox.bills() if b["state"] == "IN_DRAFT"}
    assert set(states) == {"INV-00000", "INV-00001"}
