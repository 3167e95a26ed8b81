"""The API: one function a route.

Source: the published description of Light's API. The routes answer 200 with the described model,
or one of the ``refusals``. Unknown query parameters are refused like unknown fields.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from importer.sandbox import (
    answer_models,
    approvals,
    lists,
    reference_answers,
    request_bodies,
    states,
)
from importer.sandbox.document_store import UPLOADS
from importer.sandbox.fault_injection import Injector
from importer.sandbox.gate import (
    COMPANY,
    FOREIGN,
    gate,
    json_answer,
    refusal_answer,
    unknown_address,
)
from importer.sandbox.http_request import id_in_path, json_body, read_query
from importer.sandbox.ledger_list import LEDGER_PATHS, list_ledger_lines
from importer.sandbox.ledger_store import book, book_payment
from importer.sandbox.note_routes import NOTE_ROUTES, NOTES_PATH, bill_balance, cleared_bill
from importer.sandbox.paging import read_page
from importer.sandbox.refusals import RefusalError, gateway_refusal, not_found
from importer.sandbox.route_context import Context, Handler, requested_bill, requested_item
from importer.sandbox.vendor_routes import create_vendor
from importer.sandbox.wire_types import JsonObject

log = logging.getLogger(__name__)
BILLS_PATH = "/v1/invoice-payables"


def _endpoint(
    context: Context, path: str, handlers: Mapping[str, Handler]
) -> Callable[[Request], Awaitable[Response]]:
    by_route = context.counters.by_route

    async def endpoint(request: Request) -> Response:
        # Starlette sends HEAD where GET is.
        method = "GET" if request.method == "HEAD" else request.method
        by_route[f"{method} {path}"] = by_route.get(f"{method} {path}", 0) + 1
        try:
            return await handlers[method](context, request)
        except RefusalError as refused:
            return refusal_answer(refused)
        except ClientDisconnect:  # in the middle of its request; the answer is not read
            return Response(status_code=400)
        except Exception:
            log.exception("The sandbox failed on %s %s", method, request.url.path)
            return refusal_answer(gateway_refusal(500, "The sandbox itself failed."))

    return endpoint


# --- bills ------------------------------------------------------------------------------------


async def create_bill(context: Context, request: Request) -> Response:
    """Create a bill with its lines. The same bill twice is two bills: there is no idempotency."""
    counters, store, company = context.counters, context.store, context.company
    header, items = request_bodies.read_new_bill(await json_body(request), company)
    bill_id, now = str(uuid.uuid4()), store.now()
    bill = answer_models.new_bill(bill_id, company.id, now, header)
    lines = [answer_models.line_json(str(uuid.uuid4()), bill_id, now, now, item) for item in items]
    duplicate = context.settings.duplicate_state and store.has_live_duplicate(
        bill["vendorId"], bill["invoiceNumber"]
    )
    if duplicate or getattr(request.state, "duplicated", False):
        bill |= {"state": "DUPLICATED", "failureReason": "DUPLICATE_INVOICE"}
    answer = _bill_answer(bill | {"lineItems": lines})
    # Up to here nothing is stored. From here on the bill exists, even if the answer is lost.
    store.add_bill(bill, lines)
    counters.bills_created += 1
    return answer


async def get_bill(context: Context, request: Request) -> Response:
    """The bill. A submitted one is still in progress when it is first read, settled after that."""
    flags = {"includeOutstandingBalance": lists.BOOLEANS}
    query = read_query(request.query_params, flags)
    bill = requested_bill(context, request)
    if bill["state"] == "APPROVAL_REQUESTED":
        if bill["id"] in context.submitted:
            bill = _settle(context, bill)
        else:
            context.submitted.add(bill["id"])
    return _bill_answer(bill, query.get("includeOutstandingBalance") == "true")


async def patch_bill(context: Context, request: Request) -> Response:
    body = await json_body(request)
    bill = requested_bill(context, request)
    changes = request_bodies.read_bill_patch(body, bill, context.company)
    states.require_state(bill, states.EDITABLE, "changed")
    if "amount" in changes:
        changes["outstandingBalance"] = changes["amount"]
    return _bill_answer(context.store.save_bill(bill | changes))


async def list_bills(context: Context, request: Request) -> Response:
    for bill_id in context.store.ids_in_state("APPROVAL_REQUESTED"):
        bill = context.store.bill(bill_id)
        if bill is not None:
            _settle(context, bill)
    return await list_of(lists.BILL_LIST)(context, request)


def act(name: str) -> Handler:
    """The route of an action on a bill."""

    async def handler(context: Context, request: Request) -> Response:
        body = await json_body(request, optional=True)
        bill = requested_bill(context, request)
        action, reference = states.ACTIONS[name], context.company.reference
        changes = action(bill, body, reference, context.store.now())
        if name == "approve":
            changes = approvals.approve_in_turn(context, bill, changes)
        if name == "post":
            changes |= cleared_bill(
                bill, bill["amount"], bill["amount"] - bill_balance(context, bill)
            )
        changed = context.store.save_bill(bill | changes)
        if bill["state"] not in states.IN_LEDGER and changed["state"] in states.IN_LEDGER:
            book(context.store, context.company, "AP", changed)
        if name == "mark-as-paid":
            paid = bill["outstandingBalance"] - changed["outstandingBalance"]
            book_payment(context.store, context.company, changed, paid)
        return _bill_answer(changed)

    return handler


def _settle(context: Context, bill: JsonObject) -> JsonObject:
    context.submitted.discard(bill["id"])
    changes = states.approval_outcome(bill, context.company.reference)
    if changes["state"] == "APPROVAL_PENDING":
        approvals.save_approval(context.store, approvals.approval_of(context, bill))
    return context.store.save_bill(bill | changes)


def _bill_answer(bill: JsonObject, with_balance: bool = False) -> Response:
    """The outstanding balance is shown only to those who ask for it."""
    values = bill if with_balance else bill | {"outstandingBalance": None}
    return json_answer(answer_models.BillAnswer.of(values))


# --- documents --------------------------------------------------------------------------------


async def announce_document(context: Context, request: Request) -> Response:
    body = await json_body(request)
    bill = requested_bill(context, request)
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return json_answer(context.documents.announce(bill["id"], body, origin))


async def receive_document(context: Context, request: Request) -> Response:
    answer, document = await context.documents.receive(request)
    bill = context.store.bill(document.bill_id) if document else None
    if bill and document:
        context.store.save_bill(bill | {"documentName": document.name})
    return answer


async def get_document(context: Context, request: Request) -> Response:
    bill = requested_bill(context, request)
    document = context.documents.by_bill.get(bill["id"])
    if document is None:
        raise not_found("document", "invoicePayableId", bill["id"])
    return Response(document.content, media_type=document.content_type)


# --- lines ------------------------------------------------------------------------------------


async def create_line(context: Context, request: Request) -> Response:
    body = await json_body(request)
    bill = requested_bill(context, request)
    values = request_bodies.read_line(body, bill["lineItemsIncludeTax"], context.company)
    states.require_state(bill, states.EDITABLE, "changed")
    now = context.store.now()
    line = answer_models.line_json(str(uuid.uuid4()), bill["id"], now, now, values)
    context.store.save_bill(bill | {"lineItems": [*bill["lineItems"], line]})
    return json_answer(line)


async def get_line(context: Context, request: Request) -> Response:
    bill = requested_bill(context, request)
    return json_answer(requested_item(bill["lineItems"], request, "line item", "lineItemId"))


async def put_line(context: Context, request: Request) -> Response:
    """Replace a line: what the body leaves out is blank afterwards."""
    body = await json_body(request)
    bill = requested_bill(context, request)
    old = requested_item(bill["lineItems"], request, "line item", "lineItemId")
    include_tax = bill["lineItemsIncludeTax"]
    values = request_bodies.read_line(body, include_tax, context.company, replace=True)
    states.require_state(bill, states.EDITABLE, "changed")
    now = context.store.now()
    line = answer_models.line_json(old["id"], bill["id"], old["createdAt"], now, values)
    lines = [line if each is old else each for each in bill["lineItems"]]
    context.store.save_bill(bill | {"lineItems": lines})
    return json_answer(line)


async def delete_line(context: Context, request: Request) -> Response:
    bill = requested_bill(context, request)
    line = requested_item(bill["lineItems"], request, "line item", "lineItemId")
    states.require_state(bill, states.EDITABLE, "changed")
    lines = [each for each in bill["lineItems"] if each is not line]
    context.store.save_bill(bill | {"lineItems": lines})
    return Response(status_code=204)


# --- reference --------------------------------------------------------------------------------


def list_of(listing: lists.Listing) -> Handler:
    """The route of a list."""

    async def handler(context: Context, request: Request) -> Response:
        context.counters.lists += 1
        return json_answer(read_page(context.store, listing, request.query_params))

    return handler


async def list_groups(context: Context, request: Request) -> Response:
    context.counters.lists += 1
    page = read_page(context.store, lists.GROUP_LIST, request.query_params)
    if request.query_params.get("includeValues") != "true":
        for record in page["records"]:
            del record["values"]
    return json_answer(page)


async def get_vendor(context: Context, request: Request) -> Response:
    read_query(request.query_params, {})
    vendor_id = id_in_path(request, "vendorId")
    vendor = context.store.vendor(vendor_id)
    if vendor is None:
        raise not_found("vendor", "vendorId", vendor_id)
    return json_answer(vendor)


async def list_bank_accounts(context: Context, request: Request) -> Response:
    """All of them: the list has no pages."""
    read_query(request.query_params, {})
    context.counters.lists += 1
    company = context.company
    rows = company.reference.bank_accounts.values()
    return json_answer(
        [reference_answers.bank_account_json(row, company.created, company) for row in rows]
    )


async def get_company(context: Context, request: Request) -> Response:
    read_query(request.query_params, {})
    company = reference_answers.company_json(context.company)
    if getattr(request.state, FOREIGN):
        foreign_id = uuid.uuid5(uuid.UUID(context.company.id), FOREIGN)
        company |= {"id": str(foreign_id), "name": "Another company"}
    return json_answer(company)


async def show_page(context: Context, request: Request) -> Response:
    """The bills for people."""
    from importer.sandbox import bills_page  # with jinja2: few look at it

    text = request.query_params.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
    page = bills_page.render(context.store, max(1, number), context.counters)
    return HTMLResponse(page, headers={"Content-Security-Policy": bills_page.POLICY})


# --- the application --------------------------------------------------------------------------

_BILL = f"{BILLS_PATH}/{{invoicePayableId}}"
_LINE = f"{_BILL}/line-items/{{lineItemId}}"
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/", show_page),
    ("POST", BILLS_PATH, create_bill),
    ("GET", _BILL, get_bill),
    ("PATCH", _BILL, patch_bill),
    ("POST", f"{_BILL}/line-items", create_line),
    ("GET", _LINE, get_line),
    ("PUT", _LINE, put_line),
    ("DELETE", _LINE, delete_line),
    *(("POST", f"{_BILL}/{name}", act(name)) for name in states.ACTIONS),
    ("POST", f"{_BILL}/document/upload-url", announce_document),
    ("GET", f"{_BILL}/document", get_document),
    ("PUT", f"{UPLOADS}{{token}}", receive_document),
    ("GET", "/v1/bff/invoice-payables", list_bills),
    *NOTE_ROUTES,
    ("GET", "/v1/invoice-approval", approvals.list_approvals),
    ("GET", "/v1/users", list_of(lists.USER_LIST)),
    ("GET", NOTES_PATH, list_of(lists.NOTE_LIST)),
    ("GET", "/v1/accounting-documents/accounting-documents", list_of(lists.DOCUMENT_LIST)),
    ("GET", "/v1/vendors", list_of(lists.VENDOR_LIST)),
    ("POST", "/v1/vendors", create_vendor),
    ("GET", "/v1/vendors/{vendorId}", get_vendor),
    ("GET", "/v1/ledger-accounts", list_of(lists.ACCOUNT_LIST)),
    *(("GET", path, list_ledger_lines) for path in LEDGER_PATHS),
    ("GET", "/v1/bank-accounts", list_bank_accounts),
    ("GET", "/v1/purchase-orders", list_of(lists.ORDER_LIST)),
    ("GET", "/v1/entities", list_of(lists.ENTITY_LIST)),
    ("GET", "/v1/custom-properties/groups", list_groups),
    ("GET", COMPANY, get_company),
]


def build_app(context: Context) -> ASGIApp:
    """The ASGI application of one sandbox."""
    by_path: dict[str, dict[str, Handler]] = {}
    for method, path, handler in ROUTES:
        by_path.setdefault(path, {})[method] = handler
    routes = [
        Route(path, _endpoint(context, path, handlers), methods=list(handlers))
        for path, handlers in by_path.items()
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: unknown_address})
    app.router.redirect_slashes = False
    settings, counters, limiter = context.settings, context.counters, context.limiter
    faulty = Injector(app, settings, context.faults, counters, limiter.clock)
    return gate(faulty, settings, counters, limiter, context.grants)
