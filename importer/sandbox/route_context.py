"""What the routes of a sandbox share."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox.company_file import CompanyReference, load_reference
from importer.sandbox.document_store import Documents
from importer.sandbox.faults import FaultPlan
from importer.sandbox.http_request import id_in_path
from importer.sandbox.oauth_server import Grants
from importer.sandbox.refusals import not_found
from importer.sandbox.request_limits import Limiter
from importer.sandbox.settings import Counters, SandboxSettings
from importer.sandbox.store import Store
from importer.sandbox.user_records import write_users
from importer.sandbox.wire_types import JsonObject


@dataclass
class Context:
    """State shared by the routes. ``submitted`` are bills read once since they were submitted."""

    settings: SandboxSettings
    company: CompanyReference
    store: Store
    limiter: Limiter
    counters: Counters
    submitted: set[str]
    documents: Documents
    grants: Grants
    faults: FaultPlan

    def close(self) -> None:
        self.store.close()


Handler = Callable[[Context, Request], Awaitable[Response]]


def requested_bill(context: Context, request: Request) -> JsonObject:
    """The bill whose id is in the path; ``RefusalError`` where there is none."""
    bill_id = id_in_path(request, "invoicePayableId")
    bill = context.store.bill(bill_id)
    if bill is None:
        raise not_found("invoice payable", "invoicePayableId", bill_id)
    return bill


def requested_item(
    items: Sequence[JsonObject], request: Request, noun: str, parameter: str
) -> JsonObject:
    """The line whose id is in the path; ``RefusalError`` where the document has none."""
    item_id = id_in_path(request, parameter)
    for item in items:
        if item["id"] == item_id:
            return item
    raise not_found(noun, parameter, item_id)


def open_context(settings: SandboxSettings) -> Context:
    """Read the reference and open the database; ``UsageProblem`` where that fails."""
    reference = load_reference(settings.reference)
    store = Store(settings.database, reference, settings.list_lag, settings.clock_offset)
    write_users(store, settings.approvers)
    limiter = Limiter(
        settings.requests_per_minute,
        settings.requests_per_day,
        settings.window,
        lambda: time.time() + settings.clock_offset,
        settings.requests_today,
    )
    documents = Documents(limiter.clock, settings.upload_seconds)
    grants = Grants(settings, limiter.clock)
    faults = FaultPlan(settings.faults, settings.script, settings.fault_seed)
    return Context(
        settings, store.company, store, limiter, Counters(), set(), documents, grants, faults
    )
