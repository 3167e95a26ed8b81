"""The API: one function a route.

Source: the published description of Light's API. The routes answer 200 with the described model;
``refusals`` says how they say no. Unknown query parameters are refused like unknown fields.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from importer.sandbox import answers, bills_page, field_checks, lists, request_bodies, states
from importer.sandbox.answers import JsonObject
from importer.sandbox.company_file import load_reference
from importer.sandbox.document_store import UPLOADS, Documents
from importer.sandbox.fault_injection import Injector
from importer.sandbox.gate import (
    COMPANY,
    FOREIGN,
    gate,
    json_answer,
    refused_answer,
    unknown_address,
)
from importer.sandbox.incoming import json_body
from importer.sandbox.oauth_server import Grants
from importer.sandbox.refusals import RefusalError, bad_request, gateway_refusal, not_found
from importer.sandbox.request_bodies import CompanyReference
from importer.sandbox.request_limits import Limiter
from importer.sandbox.settings import Counters, SandboxSettings
from importer.sandbox.store import Store

log = logging.getLogger(__name__)
BILLS_PATH = "/v1/invoice-payables"


@dataclass
class Context:
    """All that the routes work with. ``submitted`` are bills whose approval was looked at once."""

    settings: SandboxSettings
    company: CompanyReference
    store: Store
    limiter: Limiter
    counters: Counters
    submitted: set[str]
    documents: Documents
    grants: Grants

    def close(self) -> None:
        self.store.close()


Handler = Callable[[Context, Request], Awaitable[Response]]


def open_context(settings: SandboxSettings) -> Context:
    """Read the reference and open the database; ``UsageProblem`` where that fails."""
    reference = load_reference(settings.reference)
    store = Store(settings.database, reference, settings.list_lag, settings.clock_offset)
    limiter = Limiter(
        settings.requests_per_minute,
        settings.requests_per_day,
        settings.window,
        lambda: time.time() + settings.clock_offset,
        settings.requests_today,
    )
    company = CompanyReference(store.company_id, store.company_created, reference)
    documents = Documents(limiter.clock, settings.upload_seconds)
    grants = Grants(settings, limiter.clock)
    return Context(settings, company, store, limiter, Counters(), set(), documents, grants)


def build_app(context: Context) -> ASGIApp:
    """The ASGI application of one sandbox."""
    one_bill = f"{BILLS_PATH}/{{invoicePayableId}}"
    one_line = f"{one_bill}/line-items/{{lineItemId}}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/", show_page),
        ("POST", BILLS_PATH, create_bill),
        ("GET", one_bill, get_bill),
        ("PATCH", one_bill, patch_bill),
        ("POST", f"{one_bill}/line-items", create_line),
        ("GET", one_line, get_line),
        ("PUT", one_line, put_line),
        ("DELETE", one_line, delete_line),
        *(("POST", f"{one_bill}/{name}", act(name)) for name in ACTIONS),
        ("POST", f"{one_bill}/document/upload-url", announce_document),
        ("GET", f"{one_bill}/document", get_document),
        ("PUT", f"{UPLOADS}{{token}}", receive_document),
        ("GET", "/v1/bff/invoice-payables", list_bills),
        ("GET", "/v1/vendors", list_of(lists.VENDOR_LIST)),
        ("GET", "/v1/vendors/{vendorId}", get_vendor),
        ("GET", "/v1/ledger-accounts", list_of(lists.ACCOUNT_LIST)),
        ("GET", "/v1/entities", list_of(lists.ENTITY_LIST)),
        ("GET", "/v1/custom-properties/groups", list_groups),
        ("GET", COMPANY, get_company),
    ]
    by_path: dict[str, dict[str, Handler]] = {}
    for method, path, handler in table:
        by_path.setdefault(path, {})[method] = handler
    routes = [
        Route(path, _endpoint(context, path, handlers), methods=list(handlers))
        for path, handlers in by_path.items()
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: unknown_address})
    app.router.redirect_slashes = False
    settings, counters, limiter = context.settings, context.counters, context.limiter
    faulty = Injector(app, settings, counters, limiter.clock)
    return gate(faulty, settings, counters, limiter, context.grants)


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
            return refused_answer(refused)
        except ClientDisconnect:  # in the middle of its request; nobody reads the answer
            return Response(status_code=400)
        except Exception:
            log.exception("The sandbox failed on %s %s", method, request.url.path)
            return refused_answer(gateway_refusal(500, "The sandbox itself failed."))

    return endpoint


# --- bills ------------------------------------------------------------------------------------


async def create_bill(context: Context, request: Request) -> Response:
    """Keep a bill with its lines. The same bill twice is two bills: there is no idempotency."""
    counters, store, company = context.counters, context.store, context.company
    header, lines = request_bodies.read_new_bill(await json_body(request), company)
    bill_id, now = str(uuid.uuid4()), store.now()
    bill = answers.bill_json(bill_id, company.id, now, header)
    lines = [answers.line_json(str(uuid.uuid4()), bill_id, now, line) for line in lines]
    twin = context.settings.duplicate_state and store.has_live_twin(
        bill["vendorId"], bill["invoiceNumber"]
    )
    if twin or getattr(request.state, "duplicated", False):
        bill |= {"state": "DUPLICATED", "failureReason": "DUPLICATE_INVOICE"}
    # Up to here nothing is kept.
    store.add_bill(bill, lines)
    # From here on the bill is there, whether or not the answer arrives.
    counters.bills_created += 1
    return json_answer(_shown(bill | {"lineItems": lines}))


async def get_bill(context: Context, request: Request) -> Response:
    flags = {"includeOutstandingBalance": lists.BOOLEANS}
    query = lists.read_query(request.query_params, flags)
    bill = _known_bill(context, request)
    if bill["state"] == "APPROVAL_REQUESTED":
        bill = _looked_at(context, bill)
    return json_answer(_shown(bill, query.get("includeOutstandingBalance") == "true"))


async def patch_bill(context: Context, request: Request) -> Response:
    body = await json_body(request)
    bill = _known_bill(context, request)
    changes = request_bodies.read_bill_patch(body, bill, context.company)
    states.require_state(bill, states.EDITABLE, "changed")
    if "amount" in changes:
        changes["outstandingBalance"] = changes["amount"]
    return _saved(context, bill, changes)


async def list_bills(context: Context, request: Request) -> Response:
    for bill_id in context.store.ids_in_state("APPROVAL_REQUESTED"):
        bill = context.store.bill(bill_id)
        if bill is not None:
            _settle(context, bill)
    return await list_of(lists.BILL_LIST)(context, request)


# --- actions ----------------------------------------------------------------------------------


def _submit(context: Context, bill: JsonObject, body: object) -> JsonObject:
    return states.submit(bill, body)


def _approve(context: Context, bill: JsonObject, body: object) -> JsonObject:
    return states.approve(bill, body)


def _decline(context: Context, bill: JsonObject, body: object) -> JsonObject:
    return states.decline(bill, body)


def _post(context: Context, bill: JsonObject, body: object) -> JsonObject:
    return states.post(bill, _lines(bill), context.company.reference)


def _mark_as_paid(context: Context, bill: JsonObject, body: object) -> JsonObject:
    return states.mark_as_paid(bill, body, context.store.now())


def _cancel(context: Context, bill: JsonObject, body: object) -> JsonObject:
    return states.cancel(bill, body, context.store.now())


ACTIONS: Mapping[str, Callable[[Context, JsonObject, object], JsonObject]] = {
    "submit-for-approval": _submit,
    "approve": _approve,
    "decline": _decline,
    "post": _post,
    "mark-as-paid": _mark_as_paid,
    "cancel": _cancel,
}


def act(name: str) -> Handler:
    """The route of an action on a bill."""

    async def handler(context: Context, request: Request) -> Response:
        body = await json_body(request, optional=True)
        bill = _known_bill(context, request)
        return _saved(context, bill, ACTIONS[name](context, bill, body))

    return handler


def _looked_at(context: Context, bill: JsonObject) -> JsonObject:
    """A submitted bill is still being worked on at the first look, and settled at the next."""
    bill_id = str(bill["id"])
    if bill_id not in context.submitted:
        context.submitted.add(bill_id)
        return bill
    return _settle(context, bill)


def _settle(context: Context, bill: JsonObject) -> JsonObject:
    context.submitted.discard(str(bill["id"]))
    lines = _lines(bill)
    changes = states.settled(bill, lines, context.company.reference)
    return context.store.save_bill(bill | changes) | {"lineItems": lines}


# --- documents --------------------------------------------------------------------------------


async def announce_document(context: Context, request: Request) -> Response:
    body = await json_body(request)
    bill = _known_bill(context, request)
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return json_answer(context.documents.announce(str(bill["id"]), body, origin))


async def receive_document(context: Context, request: Request) -> Response:
    answer, announced = await context.documents.receive(request)
    if announced is not None:
        bill = context.store.bill(announced.bill_id)
        if bill is not None:
            context.store.save_bill(bill | {"documentName": announced.name})
    return answer


async def get_document(context: Context, request: Request) -> Response:
    bill = _known_bill(context, request)
    kept = context.documents.kept.get(str(bill["id"]))
    if kept is None:
        raise not_found("document", "invoicePayableId", str(bill["id"]))
    return Response(kept.content, media_type=kept.content_type)


# --- lines ------------------------------------------------------------------------------------


async def create_line(context: Context, request: Request) -> Response:
    body = await json_body(request)
    bill = _known_bill(context, request)
    values = request_bodies.read_line(body, bool(bill["lineItemsIncludeTax"]), context.company)
    states.require_state(bill, states.EDITABLE, "changed")
    now = context.store.now()
    line = answers.line_json(str(uuid.uuid4()), str(bill["id"]), now, values)
    context.store.add_line(line)
    context.store.save_bill(bill)
    return json_answer(line)


async def get_line(context: Context, request: Request) -> Response:
    return json_answer(_known_line(_known_bill(context, request), request))


async def put_line(context: Context, request: Request) -> Response:
    """Replace a line: what the body leaves out is blank afterwards."""
    body = await json_body(request)
    bill = _known_bill(context, request)
    line = _known_line(bill, request)
    include_tax = bool(bill["lineItemsIncludeTax"])
    values = request_bodies.read_line(body, include_tax, context.company, replace=True)
    states.require_state(bill, states.EDITABLE, "changed")
    made = answers.line_json(str(line["id"]), str(bill["id"]), context.store.now(), values)
    made["createdAt"] = line["createdAt"]
    context.store.save_line(made)
    context.store.save_bill(bill)
    return json_answer(made)


async def delete_line(context: Context, request: Request) -> Response:
    bill = _known_bill(context, request)
    line = _known_line(bill, request)
    states.require_state(bill, states.EDITABLE, "changed")
    context.store.delete_line(str(line["id"]))
    context.store.save_bill(bill)
    return Response(status_code=204)


# --- reference --------------------------------------------------------------------------------


def list_of(listing: lists.Listing) -> Handler:
    """The route of a list."""

    async def handler(context: Context, request: Request) -> Response:
        context.counters.lists += 1
        return json_answer(lists.read_page(context.store, listing, request.query_params))

    return handler


async def list_groups(context: Context, request: Request) -> Response:
    context.counters.lists += 1
    found = lists.read_page(context.store, lists.GROUP_LIST, request.query_params)
    records = found["records"]
    if request.query_params.get("includeValues") != "true" and isinstance(records, list):
        found["records"] = [record | {"values": None} for record in records]
    return json_answer(found)


async def get_vendor(context: Context, request: Request) -> Response:
    lists.read_query(request.query_params, {})
    vendor_id = _id_in_path(request, "vendorId")
    row = context.company.reference.vendors.get(vendor_id)
    if row is None:
        raise not_found("vendor", "vendorId", vendor_id)
    company = context.company
    return json_answer(
        answers.vendor_json(row, company.reference.company, company.id, company.created)
    )


async def get_company(context: Context, request: Request) -> Response:
    lists.read_query(request.query_params, {})
    company = context.company
    found = answers.company_json(company.reference.company, company.id, company.created)
    if getattr(request.state, FOREIGN):
        found |= {"id": str(uuid.uuid5(uuid.UUID(company.id), FOREIGN)), "name": "Another company"}
    return json_answer(found)


async def show_page(context: Context, request: Request) -> Response:
    """The bills for people."""
    wanted = request.query_params.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 1
    text = bills_page.render(
        context.store, context.company.reference, max(1, number), context.counters
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": bills_page.POLICY})


# --- helpers ----------------------------------------------------------------------------------


def _id_in_path(request: Request, name: str) -> str:
    try:
        return field_checks.uuid(request.path_params[name])
    except field_checks.CheckError as error:
        raise bad_request(error.type, str(error), name) from error


def _known_bill(context: Context, request: Request) -> JsonObject:
    bill_id = _id_in_path(request, "invoicePayableId")
    bill = context.store.bill(bill_id)
    if bill is None:
        raise not_found("invoice payable", "invoicePayableId", bill_id)
    return bill


def _known_line(bill: JsonObject, request: Request) -> JsonObject:
    line_id = _id_in_path(request, "lineItemId")
    for line in _lines(bill):
        if line["id"] == line_id:
            return line
    raise not_found("line item", "lineItemId", line_id)


def _lines(bill: JsonObject) -> list[JsonObject]:
    lines = bill["lineItems"]
    return lines if isinstance(lines, list) else []


def _saved(context: Context, bill: JsonObject, changes: JsonObject) -> Response:
    lines = _lines(bill)
    saved = context.store.save_bill(bill | changes)
    return json_answer(_shown(saved | {"lineItems": lines}))


def _shown(bill: JsonObject, balance: bool = False) -> JsonObject:
    """What is outstanding is told only to those who ask for it."""
    return bill if balance else bill | {"outstandingBalance": None}
