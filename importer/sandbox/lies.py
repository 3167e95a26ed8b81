"""Lies of a gateway or of a replica: answers that are well formed and not true.

What Light answered is replaced, by the name of the lie. Nothing here knows HTTP; the simulation of
the tests uses it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from importer.sandbox.wire_types import JsonObject

Answered = tuple[int, Any]
"""Status and body: JSON, or ``bytes`` of a page."""
Change = Callable[[JsonObject], JsonObject]

NIL = "00000000-0000-0000-0000-000000000000"
PAGE = b"<html><head><title>Gateway</title></head><body>Gateway</body></html>\n"
NEW_STATE = "FROZEN_BY_AUDIT"
ANOTHER = "another-answer"  # that of the request before
DOUBLED = "doubled-answer"


def _errors(message: str, kind: str) -> JsonObject:
    listed = [{"type": kind, "message": message, "path": [], "context": {}}]
    return {"name": "Refused", "type": kind, "errors": listed}


def _with(**changes: object) -> Change:
    """Fields of a bill or credit note replaced, where it has them."""
    return lambda bill: {**bill, **{k: v for k, v in changes.items() if k in bill}}


def _with_number(change: Callable[[str], str]) -> Change:
    def changed(bill: JsonObject) -> JsonObject:
        numbers = ((name, bill.get(name)) for name in ("invoiceNumber", "documentNumber"))
        return {**bill, **{name: change(number) for name, number in numbers if number}}

    return changed


def _in_capitals(bill: JsonObject) -> JsonObject:
    return {**bill, "id": str(bill["id"]).upper()} if "id" in bill else bill


# In place of Light's answer. With "-before" Light never gets the request.
REPLACEMENTS: Mapping[str, tuple[str, Answered]] = {
    "202-before": ("202 with an empty object; nothing is kept.", (202, {})),
    "202-after": ("The bill is kept, then 202 with an empty object.", (202, {})),
    "207-after": (
        "The bill is kept, then 207 with results.",
        (207, {"results": [{"status": 200}]}),
    ),
    "errors-200-before": (
        "200 with a list of errors; nothing is kept.",
        (200, _errors("It could not be done.", "INTERNAL")),
    ),
    "errors-200-after": (
        "The bill is kept, then 200 with a list of errors.",
        (200, _errors("It could not be done.", "INTERNAL")),
    ),
    "foreign-200-before": ("200 of another service; nothing is kept.", (200, {"ok": True})),
    "409-after": (
        "The bill is kept, then 409: it exists already.",
        (409, _errors("An invoice with this number already exists.", "DUPLICATE_INVOICE")),
    ),
    "400-after": (
        "The bill is kept, then 400 as Light refuses.",
        (400, _errors("It is not valid.", "INVALID")),
    ),
    "422-after": (
        "The bill is kept, then 422 as Light refuses.",
        (422, _errors("It is not valid.", "INVALID")),
    ),
    "403-html-after": ("The bill is kept, then 403 with a page of HTML.", (403, PAGE)),
    "404-html-after": ("The bill is kept, then 404 with a page of HTML.", (404, PAGE)),
    "404-foreign-after": (
        "The bill is kept, then 404 of another service.",
        (404, {"detail": "Not Found"}),
    ),
    "404-after": (
        "The bill is kept, or is there; 404 as Light says it.",
        (404, _errors("There is no such invoice payable.", "NOT_FOUND")),
    ),
}
# Of the bill in Light's answer, or of each bill in its list.
BILL_LIES: Mapping[str, tuple[str, Change]] = {
    "nil-id": ("The bill is kept, its id in the answer is nil.", _with(id=NIL)),
    "new-state": (
        f"The answer shows the state {NEW_STATE}.",
        _with(state=NEW_STATE, status=NEW_STATE),
    ),
    "amount-null": ("The answer shows no amount.", _with(amount=None, totalTransactionAmount=None)),
    "number-null": (
        "The answer shows no invoice number.",
        _with(invoiceNumber=None, documentNumber=None),
    ),
    "number-cut": (
        "The answer shows half the number.",
        _with_number(lambda n: n[: len(n) // 2]),
    ),
    "number-recased": ("The answer shows the number in small letters.", _with_number(str.lower)),
    "id-in-capitals": ("The answer shows the id in capitals.", _in_capitals),
}
LIST_LIES: Mapping[str, str] = {
    "short-list": "A list has every other record only.",
    "empty-list": "A list is empty.",
}


def _amounts(change: Callable[[str, Any], Any]) -> Change:
    """The amounts of a line of the ledger, each changed by its name."""

    def changed(line: JsonObject) -> JsonObject:
        amounts = line.get("amounts")
        if not isinstance(amounts, dict):
            return line
        return {**line, "amounts": {name: change(name, v) for name, v in amounts.items()}}

    return changed


def _cent_more(name: str, value: Any) -> Any:
    signed = isinstance(value, int) and name.startswith("signed")
    return value + 1 if signed else value


# Of the first line of the ledger in Light's list.
LEDGER_LIES: Mapping[str, tuple[str, Change]] = {
    "line-altered": ("A line of the ledger has a cent more.", _amounts(_cent_more)),
    "line-amount-null": (
        "A line of the ledger shows no amounts.",
        _amounts(lambda name, value: None if "Amount" in name else value),
    ),
}
LIES: Mapping[str, str] = {
    ANOTHER: "The bill is kept, then answered as the request before it was.",
    DOUBLED: "The answer is written twice, so that the next one on the connection is not its own.",
    **{name: text for name, (text, _) in REPLACEMENTS.items()},
    **{name: text for name, (text, _) in BILL_LIES.items()},
    **LIST_LIES,
    **{name: text for name, (text, _) in LEDGER_LIES.items()},
}


def lied_answer(answered: Answered, lie: str) -> Answered:
    """The answer in place of Light's; one that the lie is not about stays as it is."""
    if lie in REPLACEMENTS:
        return REPLACEMENTS[lie][1]
    status, body = answered
    if not 200 <= status < 300 or not isinstance(body, dict):
        return answered
    records = body.get("records")
    if records is None:
        return status, BILL_LIES[lie][1](body) if lie in BILL_LIES else body
    if lie == "empty-list":
        return status, {"records": [], "hasMore": False, "nextCursor": None}
    if lie == "short-list":
        records = records[1::2]
    elif lie in LEDGER_LIES:
        records = [LEDGER_LIES[lie][1](each) for each in records[:1]] + records[1:]
    elif lie in BILL_LIES:
        records = [BILL_LIES[lie][1](record) for record in records]
    return status, {**body, "records": records}
