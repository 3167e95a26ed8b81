"""The routes of credit notes and of accounting documents.

Source: the published description. Two things make the same note twice impossible: a request with
an ``X-Idempotency-Key`` that was used is answered with the note it made, and so is one with the
``documentNumber`` of a note, whichever vendor's that is. An archived note gives its number back.
"""

from __future__ import annotations

import hashlib
import json
import uuid

from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox import note_answers, note_bodies, note_store
from importer.sandbox.gate import json_answer
from importer.sandbox.http_request import id_in_path, json_body
from importer.sandbox.ledger_store import book
from importer.sandbox.refusals import conflict, not_found, refusal, unprocessable
from importer.sandbox.request_bodies import read_body
from importer.sandbox.route_context import Context, requested_bill, requested_item
from importer.sandbox.wire_types import JsonObject

KEY_HEADER = "X-Idempotency-Key"
NOTES_PATH = "/v1/credit-notes"
DRAFT, CLEARABLE = "DRAFT", ("POSTED", "PARTIALLY_CLEARED")
_IN_LEDGER = ("UNPAID", "READY_FOR_PAYMENT_RELEASE", "PARTIALLY_PAID", "COMPLETED")


async def create_note(context: Context, request: Request) -> Response:
    """Create a draft, or answer with the note that the key or the number is of."""
    body = await json_body(request)
    store, company = context.store, context.company
    key = request.headers.get(KEY_HEADER)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    with store.lock:  # of two requests at once with one key or number, one creates
        if key and (before := note_store.note_of_request(store, key)) is not None:
            note, digest_before = before
            if digest_before != digest:
                message = "The key was used for another credit note."
                raise unprocessable("IDEMPOTENCY_KEY_REUSED", message, KEY_HEADER)
            return json_answer(note_answers.note_json(note))
        values = note_bodies.read_new_note(body, company)
        number = values.get("documentNumber")
        if number and (live := note_store.live_note_numbered(store, number)) is not None:
            return json_answer(note_answers.note_json(live))
        now, note_id = store.now(), str(uuid.uuid4())
        vendor = company.reference.vendors.get(values.get("businessPartnerId") or "")
        note = {
            "companyEntityId": None,
            "businessPartnerId": None,
            "currency": None,
            "documentDate": None,
            "description": None,
            "amount": None,
            **values,
            "id": note_id,
            "companyId": company.id,
            "documentNumber": number or f"CN-{note_store.count_notes(store) + 1:06}",
            "businessPartnerName": vendor and vendor.name,
            "status": DRAFT,
            "postingDate": values.get("documentDate"),
            "localCurrencyFxRate": values.get("localCurrencyFxRateOverride"),
            "groupCurrencyFxRate": values.get("groupCurrencyFxRateOverride"),
            "createdAt": now,
            "updatedAt": now,
        }
        note["lines"] = [_new_line(note, line, now) for line in values["lines"]]
        answer = json_answer(note_answers.note_json(note))
        note_store.add_note(store, note, key, digest)
        context.counters.notes_created += 1
        return answer


def _new_line(note: JsonObject, values: JsonObject, now: str) -> JsonObject:
    return {
        **dict.fromkeys(note_answers.NoteLineAnswer.model_fields),
        **values,
        "id": str(uuid.uuid4()),
        "companyId": note["companyId"],
        "creditNoteId": note["id"],
        "createdAt": now,
        "updatedAt": now,
    }


async def get_note(context: Context, request: Request) -> Response:
    return json_answer(note_answers.note_json(_requested_note(context, request)))


async def patch_note(context: Context, request: Request) -> Response:
    body = await json_body(request)
    note = _requested_note(context, request)
    changes = note_bodies.read_note_patch(body, context.company)
    _require_draft(note)
    if "businessPartnerId" in changes:
        vendor = context.company.reference.vendors.get(changes["businessPartnerId"] or "")
        changes["businessPartnerName"] = vendor and vendor.name
    for rate in ("localCurrencyFxRate", "groupCurrencyFxRate"):
        if f"{rate}Override" in changes:
            changes[rate] = changes.pop(f"{rate}Override")
    if number := changes.get("documentNumber"):
        other = note_store.live_note_numbered(context.store, number)
        if other is not None and other["id"] != note["id"]:
            raise conflict(f"Another credit note has the number {number}.", "documentNumber")
    changed = note_store.save_note(context.store, note | changes)
    return json_answer(note_answers.note_json(changed))


async def post_note(context: Context, request: Request) -> Response:
    """To the ledger. Only then it can clear a bill."""
    await json_body(request, optional=True)
    note = _requested_note(context, request)
    _require_draft(note)
    if problems := note_bodies.posting_problems(note):
        raise refusal(problems)
    posted = note_store.save_note(context.store, note | {"status": "POSTED"})
    book(context.store, context.company, "CN", posted)
    return json_answer(note_answers.note_json(posted))


async def archive_note(context: Context, request: Request) -> Response:
    await json_body(request, optional=True)
    note = _requested_note(context, request)
    if note["status"] == note_store.ARCHIVED:
        raise conflict("The credit note is archived already.")
    if note_store.links(context.store, note_id=note["id"]):
        raise conflict("The credit note is linked to a bill; unlink it first.")
    archived = note_store.save_note(context.store, note | {"status": note_store.ARCHIVED})
    return json_answer(note_answers.note_json(archived))


# --- lines ------------------------------------------------------------------------------------


async def create_note_line(context: Context, request: Request) -> Response:
    body = await json_body(request)
    note = _requested_note(context, request)
    values = note_bodies.read_note_line(body, note["areLinesWithTax"], context.company)
    _require_draft(note)
    line = _new_line(note, values, context.store.now())
    note_store.save_note(context.store, note | {"lines": [*note["lines"], line]})
    return json_answer(note_answers.note_line_json(line))


async def patch_note_line(context: Context, request: Request) -> Response:
    body = await json_body(request)
    note = _requested_note(context, request)
    old = requested_item(note["lines"], request, "credit note line", "lineId")
    values = note_bodies.read_note_line(body, note["areLinesWithTax"], context.company, old)
    _require_draft(note)
    line = old | values | {"updatedAt": context.store.now()}
    lines = [line if each is old else each for each in note["lines"]]
    note_store.save_note(context.store, note | {"lines": lines})
    return json_answer(note_answers.note_line_json(line))


async def delete_note_line(context: Context, request: Request) -> Response:
    note = _requested_note(context, request)
    line = requested_item(note["lines"], request, "credit note line", "lineId")
    _require_draft(note)
    lines = [each for each in note["lines"] if each is not line]
    note_store.save_note(context.store, note | {"lines": lines})
    return Response(status_code=204)


# --- links to bills -----------------------------------------------------------------------------


async def link_note(context: Context, request: Request) -> Response:
    """Clear a part of a bill; of a bill in draft, once that is posted."""
    amount = read_body(note_bodies.LinkBody, await json_body(request))["amount"]
    with context.store.lock:
        note, bill = _requested_note(context, request), requested_bill(context, request)
        if note_store.links(context.store, note_id=note["id"], bill_id=bill["id"]):
            raise conflict("The credit note is linked to this bill already.", "invoicePayableId")
        return _saved_link(context, note, bill, amount)


async def patch_link(context: Context, request: Request) -> Response:
    amount = read_body(note_bodies.LinkBody, await json_body(request))["amount"]
    with context.store.lock:
        note, bill = _requested_note(context, request), requested_bill(context, request)
        _require_link(context, note, bill)
        return _saved_link(context, note, bill, amount)


async def unlink_note(context: Context, request: Request) -> Response:
    with context.store.lock:
        note, bill = _requested_note(context, request), requested_bill(context, request)
        _require_link(context, note, bill)
        before = note_store.linked(context.store, bill_id=bill["id"])
        note_store.delete_link(context.store, note["id"], bill["id"])
        _refresh_balances(context, note, bill, before)
    return Response(status_code=204)


async def bills_of_note(context: Context, request: Request) -> Response:
    note = _requested_note(context, request)
    links = note_store.links(context.store, note_id=note["id"])
    return json_answer([_link_answer(context, note["id"], link.bill_id) for link in links])


async def notes_of_bill(context: Context, request: Request) -> Response:
    bill = requested_bill(context, request)
    links = note_store.links(context.store, bill_id=bill["id"])
    return json_answer([_link_answer(context, link.note_id, bill["id"]) for link in links])


def _saved_link(context: Context, note: JsonObject, bill: JsonObject, amount: int) -> Response:
    store = context.store
    if note["status"] not in (*CLEARABLE, "CLEARED"):
        raise conflict(f"A credit note in status {note['status']} clears nothing; post it first.")
    if bill["state"] in ("CANCELLED", "DECLINED"):
        raise conflict(f"The bill is {bill['state']}.")
    for field, name in (
        ("companyEntityId", "companyEntityId"),
        ("businessPartnerId", "vendorId"),
        ("currency", "currency"),
    ):
        if note[field] != bill[name]:
            message = f"{field} of the credit note and {name} of the bill differ."
            raise unprocessable("LINK_INVALID", message, field)
    if amount <= 0:
        raise unprocessable("OUT_OF_RANGE", "Must be greater than zero.", "amount")
    left = note["amount"] - note_store.linked(store, note_id=note["id"], but=bill["id"])
    if amount > left:
        raise unprocessable("AMOUNT_TOO_HIGH", f"{left} cents are left of the note.", "amount")
    before = note_store.linked(store, bill_id=bill["id"])
    of_this_note = before - note_store.linked(store, bill_id=bill["id"], but=note["id"])
    open_balance = bill_balance(context, bill) + of_this_note
    if amount > open_balance:
        message = f"Only {open_balance} cents of the bill are open."
        raise unprocessable("AMOUNT_TOO_HIGH", message, "amount")
    note_store.save_link(store, note["id"], bill["id"], amount)
    _refresh_balances(context, note, bill, before)
    return json_answer(_link_answer(context, note["id"], bill["id"]))


def bill_balance(context: Context, bill: JsonObject) -> int:
    """What of a bill is neither paid nor cleared, in cents; of a draft less its links too."""
    outstanding = int(bill["outstandingBalance"] or 0)
    if bill["state"] in _IN_LEDGER:
        return outstanding
    return outstanding - note_store.linked(context.store, bill_id=bill["id"])


def _refresh_balances(context: Context, note: JsonObject, bill: JsonObject, before: int) -> None:
    """The status of the note, and what is outstanding of a bill that is in the ledger; ``before``
    is what all its links came to."""
    store = context.store
    cleared = note_store.linked(store, note_id=note["id"])
    status = CLEARABLE[0] if not cleared else CLEARABLE[1]
    status = "CLEARED" if cleared == note["amount"] else status
    note_store.save_note(store, note | {"status": status})
    if bill["state"] in _IN_LEDGER:
        gross = (bill["outstandingBalance"] or 0) + before
        now = note_store.linked(store, bill_id=bill["id"])
        store.save_bill(bill | cleared_bill(bill, gross, now))


def cleared_bill(bill: JsonObject, outstanding: int, cleared: int) -> JsonObject:
    """The changes of a bill that goes to the ledger, or is there, of which credit notes clear so
    much of what would be outstanding."""
    left = outstanding - cleared
    state = "UNPAID" if bill["state"] in ("IN_DRAFT", "COMPLETED") else bill["state"]
    return {
        "outstandingBalance": left,
        "state": "COMPLETED" if cleared and not left else state,
    }


def _link_answer(context: Context, note_id: str, bill_id: str) -> JsonObject:
    note, bill = note_store.find_note(context.store, note_id), context.store.bill(bill_id)
    assert note is not None
    assert bill is not None
    [link] = note_store.links(context.store, note_id=note_id, bill_id=bill_id)
    return note_answers.link_json(link, note, bill, context.company.id)


# --- helpers ----------------------------------------------------------------------------------


def _requested_note(context: Context, request: Request) -> JsonObject:
    note_id = id_in_path(request, "creditNoteId")
    note = note_store.find_note(context.store, note_id)
    if note is None:
        raise not_found("credit note", "creditNoteId", note_id)
    return note


def _require_draft(note: JsonObject) -> None:
    if note["status"] != DRAFT:
        raise conflict(f"A credit note in status {note['status']} cannot be changed.")


def _require_link(context: Context, note: JsonObject, bill: JsonObject) -> None:
    if not note_store.links(context.store, note_id=note["id"], bill_id=bill["id"]):
        raise not_found("link to this bill", "invoicePayableId", bill["id"])


_NOTE = f"{NOTES_PATH}/{{creditNoteId}}"
_LINE = f"{_NOTE}/lines/{{lineId}}"
_LINK = f"{_NOTE}/invoice-payables/{{invoicePayableId}}"
NOTE_ROUTES = [
    ("POST", NOTES_PATH, create_note),
    ("GET", _NOTE, get_note),
    ("PATCH", _NOTE, patch_note),
    ("POST", f"{_NOTE}/post", post_note),
    ("POST", f"{_NOTE}/archive", archive_note),
    ("POST", f"{_NOTE}/lines", create_note_line),
    ("PATCH", _LINE, patch_note_line),
    ("DELETE", _LINE, delete_note_line),
    ("GET", f"{_NOTE}/invoice-payables", bills_of_note),
    ("POST", _LINK, link_note),
    ("PATCH", _LINK, patch_link),
    ("DELETE", _LINK, unlink_note),
    ("GET", "/v1/invoice-payables/{invoicePayableId}/credit-notes", notes_of_bill),
]
