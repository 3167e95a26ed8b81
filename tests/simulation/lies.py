"""What a lying gateway makes of an answer of Light's: by name, from (status, body) to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Answered = tuple[int, Any]
Json = dict[str, Any]
NIL = "00000000-0000-0000-0000-000000000000"
PAGE = b"<html><h1>Gateway</h1></html>"
NEW_STATE = "FROZEN_BY_AUDIT"


def _errors(message: str, kind: str) -> Json:
    listed = [{"type": kind, "message": message, "path": [], "context": {}}]
    return {"name": "Refused", "type": kind, "errors": listed}


def _with(**changes: object) -> Callable[[Json], Json]:
    """Fields of a bill replaced, where it has them."""
    return lambda bill: {**bill, **{k: v for k, v in changes.items() if k in bill}}


def _number(change: Callable[[str], str]) -> Callable[[Json], Json]:
    def changed(bill: Json) -> Json:
        number = bill.get("invoiceNumber")
        return {**bill, "invoiceNumber": change(number)} if number else bill

    return changed


def _upper_case(bill: Json) -> Json:
    return {**bill, "id": str(bill["id"]).upper()} if "id" in bill else bill


# Of a bill, or of each bill in a list.
BILL_LIES: Mapping[str, Callable[[Json], Json]] = {
    "new state": _with(state=NEW_STATE),
    "amount null": _with(amount=None),
    "number null": _with(invoiceNumber=None),
    "number cut": _number(lambda number: number[:2]),
    "number re-cased": _number(str.lower),
    "id in capitals": _upper_case,
}

# In place of Light's answer.
REPLACEMENTS: Mapping[str, Answered] = {
    "202": (202, {}),
    "207": (207, {"results": [{"status": 200}]}),
    "errors in a 200": (200, _errors("It could not be done.", "INTERNAL")),
    "200 of another service": (200, {"ok": True}),
    "409": (409, _errors("An invoice with this number already exists.", "DUPLICATE")),
    "400": (400, _errors("It is not valid.", "INVALID")),
    "422 lied": (422, _errors("It is not valid.", "INVALID")),
    "403 page": (403, PAGE),
    "404 page": (404, PAGE),
    "404 of another service": (404, {"detail": "Not Found"}),
    "404": (404, _errors("There is no such invoice payable.", "NOT_FOUND")),
}


def told(answered: Answered, lie: str) -> Answered:
    """The answer that is told instead, by the name of the lie."""
    if lie in REPLACEMENTS:
        return REPLACEMENTS[lie]
    status, body = answered
    if not 200 <= status < 300 or not isinstance(body, dict):
        return answered
    if lie == "nil id":
        return status, {**body, "id": NIL}
    if lie in BILL_LIES and "records" not in body:
        return status, BILL_LIES[lie](body)
    records = body.get("records", [])
    if lie in BILL_LIES:
        records = [BILL_LIES[lie](record) for record in records]
    elif lie == "short list":
        records = records[1::2]
    elif lie == "empty list":
        return status, {"records": [], "hasMore": False, "nextCursor": None}
    return status, {**body, "records": records}
