"""The lists: which fields each may be filtered and sorted by, and one page of one of them.

Source of the fields: the parameter descriptions of ``GET /v1/bff/invoice-payables``,
``/v1/vendors``, ``/v1/ledger-accounts``, ``/v1/entities`` and ``/v1/custom-properties/groups``.
Fields that a sandbox has nothing for (approvers, users) are there and always blank.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from importer.sandbox import answers, list_filters
from importer.sandbox.answers import JsonObject
from importer.sandbox.company_file import INPUT_TYPES, LEVELS
from importer.sandbox.list_filters import Cursor, FilterField, FilterType, SortKey
from importer.sandbox.refusals import bad_request
from importer.sandbox.states import STATES
from importer.sandbox.store import ACCOUNTS, BILLS, ENTITIES, GROUPS, VENDORS, Store

MOST = 200
USUAL = 50
PAGING = ("sort", "filter", "limit", "offset", "cursor")
BLANK = sa.cast(sa.null(), sa.Text)


@dataclass(frozen=True)
class Listing:
    """One list. ``show`` makes a record of a row of ``columns``.

    ``flags`` are its other query parameters, with the values they may have; empty means any text.
    """

    name: str
    source: sa.FromClause
    columns: tuple[sa.ColumnElement[Any], ...]
    id: sa.ColumnElement[Any]
    created: sa.ColumnElement[Any]
    filters: Mapping[str, FilterField]
    sorts: Mapping[str, sa.ColumnElement[Any]]
    show: Callable[[Any], JsonObject]
    flags: Mapping[str, tuple[str, ...]]


def _body(row: Any) -> JsonObject:
    found: JsonObject = json.loads(row[0])
    return found


def _listed_bill(row: Any) -> JsonObject:
    bill, version, vendor, entity_name = row
    return answers.listed_json(
        json.loads(bill), version, json.loads(vendor) if vendor else None, entity_name
    )


BOOLEANS = ("true", "false")
BILL_LIST = Listing(
    name="invoice-payables",
    source=BILLS.outerjoin(VENDORS, VENDORS.c.id == BILLS.c.vendor_id).outerjoin(
        ENTITIES, ENTITIES.c.id == BILLS.c.company_entity_id
    ),
    columns=(BILLS.c.body, BILLS.c.version, VENDORS.c.body, ENTITIES.c.name),
    id=BILLS.c.id,
    created=BILLS.c.created_at,
    filters={
        "approverUserId": FilterField(BLANK, FilterType.UUID),
        "id": FilterField(BILLS.c.id, FilterType.UUID),
        "vendorId": FilterField(BILLS.c.vendor_id, FilterType.UUID),
        "userId": FilterField(BLANK, FilterType.UUID),
        "companyEntityId": FilterField(BILLS.c.company_entity_id, FilterType.UUID),
        "senderBankAccountId": FilterField(BILLS.c.sender_bank_account_id, FilterType.UUID),
        "amount": FilterField(BILLS.c.amount, FilterType.INTEGER),
        "description": FilterField(BILLS.c.description),
        "documentNumber": FilterField(BLANK),
        "dueDate": FilterField(BILLS.c.due_date, FilterType.DATE),
        "issuedDate": FilterField(BILLS.c.issued_date, FilterType.DATE),
        "paymentAt": FilterField(BILLS.c.payment_at, FilterType.MOMENT),
        "createdAt": FilterField(BILLS.c.created_at, FilterType.MOMENT),
        "updatedAt": FilterField(BILLS.c.updated_at, FilterType.MOMENT),
        "state": FilterField(BILLS.c.state, values=STATES),
        "vendorName": FilterField(VENDORS.c.name),
        "userFirstName": FilterField(BLANK),
        "userLastName": FilterField(BLANK),
        "type": FilterField(BILLS.c.type, values=("REIMBURSEMENT", "VENDOR_INVOICE")),
    },
    sorts={
        "amount": BILLS.c.amount,
        "canceledAt": BILLS.c.canceled_at,
        "companyEntityName": ENTITIES.c.name,
        "description": BILLS.c.description,
        "dueDate": BILLS.c.due_date,
        "fromAccountName": BLANK,
        "createdAt": BILLS.c.created_at,
        "invoiceNumber": BILLS.c.invoice_number,
        "issuedDate": BILLS.c.issued_date,
        "ocrCompletedAt": BLANK,
        "paymentAt": BILLS.c.payment_at,
        "senderEmail": BLANK,
        "state": BILLS.c.state,
        "vendorName": VENDORS.c.name,
        "businessPartnerName": VENDORS.c.name,
        "nextApproverName": BLANK,
    },
    show=_listed_bill,
    flags={"include": ("REIMBURSEMENT",)},
)
VENDOR_LIST = Listing(
    name="vendors",
    source=VENDORS,
    columns=(VENDORS.c.body,),
    id=VENDORS.c.id,
    created=VENDORS.c.created_at,
    filters={
        "id": FilterField(VENDORS.c.id, FilterType.UUID),
        "status": FilterField(
            VENDORS.c.status, values=("ONBOARDING", "IN_REVIEW", "ACTIVE", "FAILED")
        ),
        "type": FilterField(VENDORS.c.type, values=("EXTERNAL", "USER")),
        "ledgerAccountId": FilterField(BLANK, FilterType.UUID),
        "ledgerTaxId": FilterField(BLANK, FilterType.UUID),
        "spendLastMtd": FilterField(VENDORS.c.spend, FilterType.INTEGER),
        "createdAt": FilterField(VENDORS.c.created_at, FilterType.MOMENT),
        "updatedAt": FilterField(VENDORS.c.updated_at, FilterType.MOMENT),
    },
    sorts={
        "name": VENDORS.c.name,
        "spendLastMtd": VENDORS.c.spend,
        "createdAt": VENDORS.c.created_at,
        "updatedAt": VENDORS.c.updated_at,
    },
    show=_body,
    flags={"searchTerm": ()},
)
ACCOUNT_LIST = Listing(
    name="ledger-accounts",
    source=ACCOUNTS,
    columns=(ACCOUNTS.c.body,),
    id=ACCOUNTS.c.id,
    created=ACCOUNTS.c.created_at,
    filters={
        "id": FilterField(ACCOUNTS.c.id, FilterType.UUID),
        "companyEntityId": FilterField(ACCOUNTS.c.entity_ids, FilterType.MEMBERS),
        "code": FilterField(ACCOUNTS.c.code, FilterType.INTEGER),
        "sourceType": FilterField(BLANK),
        "status": FilterField(
            ACCOUNTS.c.status, values=("ACTIVE", "DISABLED_EXTERNALLY", "DISABLED")
        ),
        "type": FilterField(ACCOUNTS.c.type),
        "category": FilterField(ACCOUNTS.c.category),
        "createdAt": FilterField(ACCOUNTS.c.created_at, FilterType.MOMENT),
        "updatedAt": FilterField(ACCOUNTS.c.updated_at, FilterType.MOMENT),
    },
    sorts={
        "code": ACCOUNTS.c.code,
        "label": ACCOUNTS.c.label,
        "context": BLANK,
        "type": ACCOUNTS.c.type,
        "category": ACCOUNTS.c.category,
        "status": ACCOUNTS.c.status,
        "createdAt": ACCOUNTS.c.created_at,
        "updatedAt": ACCOUNTS.c.updated_at,
    },
    show=_body,
    flags={
        "ledgerFeature": (
            "ALL",
            "CARD_TRANSACTIONS",
            "INVOICE_PAYABLES",
            "INVOICE_RECEIVABLES",
            "JOURNAL_ENTRIES",
            "PURCHASE_ORDERS",
            "REIMBURSEMENTS",
        ),
        "includeCustomProperties": BOOLEANS,
    },
)
ENTITY_LIST = Listing(
    name="entities",
    source=ENTITIES,
    columns=(ENTITIES.c.body,),
    id=ENTITIES.c.id,
    created=ENTITIES.c.created_at,
    filters={
        "id": FilterField(ENTITIES.c.id, FilterType.UUID),
        "code": FilterField(ENTITIES.c.code),
        "name": FilterField(ENTITIES.c.name),
        "displayName": FilterField(ENTITIES.c.display_name),
        "country": FilterField(ENTITIES.c.country),
        "status": FilterField(ENTITIES.c.status, values=("ACTIVE", "HIDDEN", "INACTIVE")),
        "createdAt": FilterField(ENTITIES.c.created_at, FilterType.MOMENT),
        "updatedAt": FilterField(ENTITIES.c.updated_at, FilterType.MOMENT),
    },
    sorts={
        "code": ENTITIES.c.code,
        "createdAt": ENTITIES.c.created_at,
        "displayName": ENTITIES.c.display_name,
        "localCurrency": ENTITIES.c.local_currency,
        "name": ENTITIES.c.name,
        "sortPosition": ENTITIES.c.position,
        "status": ENTITIES.c.status,
        "vatNumber": ENTITIES.c.vat_number,
    },
    show=_body,
    flags={"includeCardCustomer": BOOLEANS},
)
GROUP_LIST = Listing(
    name="custom-properties/groups",
    source=GROUPS,
    columns=(GROUPS.c.body,),
    id=GROUPS.c.id,
    created=GROUPS.c.created_at,
    filters={
        "id": FilterField(GROUPS.c.id, FilterType.UUID),
        "internalName": FilterField(GROUPS.c.internal_name),
        "label": FilterField(GROUPS.c.label),
        "objectLevel": FilterField(GROUPS.c.level, values=LEVELS),
        "objectType": FilterField(GROUPS.c.object_types, FilterType.MEMBERS),
        "objectTypeStatus": FilterField(GROUPS.c.status, values=("ACTIVE", "DELETED")),
        "inputType": FilterField(GROUPS.c.input_type, values=INPUT_TYPES),
        "isRequired": FilterField(GROUPS.c.required, FilterType.BOOLEAN),
        "isDeleted": FilterField(GROUPS.c.deleted, FilterType.BOOLEAN),
        "createdAt": FilterField(GROUPS.c.created_at, FilterType.MOMENT),
        "updatedAt": FilterField(GROUPS.c.updated_at, FilterType.MOMENT),
    },
    sorts={"label": GROUPS.c.label, "createdAt": GROUPS.c.created_at},
    show=_body,
    flags={"includeValues": BOOLEANS},
)


def read_query(query: QueryParams, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The query parameters; unknown and repeated ones, and unknown values, are refused."""
    found: dict[str, str] = {}
    for name, value in query.multi_items():
        if name not in known:
            message = f"There is no query parameter '{name}' here; there are: {', '.join(known)}."
            raise bad_request("UNKNOWN_PARAMETER", message, name)
        if name in found:
            raise bad_request("INVALID_PARAMETER", f"'{name}' is given twice.", name)
        if known[name] and value not in known[name]:
            message = f"'{value}' is not one of {', '.join(known[name])}."
            raise bad_request("INVALID_PARAMETER", message, name)
        found[name] = value
    return found


def read_page(store: Store, listing: Listing, query: QueryParams) -> JsonObject:
    """One page as the API answers it: ``records``, ``hasMore``, ``total`` and the two cursors.

    Pages by cursor neither repeat nor skip a record while others come and go; ``total`` comes
    with pages by offset only, as documented.
    """
    given = read_query(query, {**dict.fromkeys(PAGING, ()), **listing.flags})
    limit = list_filters.whole_number("limit", given.get("limit", str(USUAL)), range(1, MOST + 1))
    clauses = list_filters.read_filter(given.get("filter", ""), listing.filters)
    if listing is BILL_LIST:
        clauses.append(BILLS.c.visible_at <= store.now())
    if term := given.get("searchTerm"):
        clauses.append(sa.func.instr(VENDORS.c.search, term.casefold()) > 0)
    by_time = [SortKey(listing.created, descending=False)]
    keys = list_filters.read_sort(given.get("sort", ""), listing.sorts, by_time)
    keys.append(SortKey(listing.id, descending=False))
    base = sa.select(*listing.columns, *(key.column for key in keys))
    base = base.select_from(listing.source).where(*clauses)
    if "cursor" not in given:
        return _page_by_offset(store, listing, base, keys, given.get("offset", "0"), limit)
    if "offset" in given:
        raise bad_request("INVALID_PARAMETER", "Give either a cursor or an offset.", "offset")
    question = json.dumps(
        [listing.name, *(given.get(n, "") for n in ("filter", "sort", "searchTerm"))]
    )
    return _page_by_cursor(store, listing, base, keys, question, given["cursor"], limit)


def _page_by_offset(
    store: Store, listing: Listing, base: sa.Select[Any], keys: list[SortKey], text: str, limit: int
) -> JsonObject:
    offset = list_filters.whole_number("offset", text, range(2**63))
    page = base.order_by(*list_filters.order_by(keys, backwards=False)).limit(limit).offset(offset)
    with store.transaction() as connection:
        rows = connection.execute(page).all()
        counted = base.with_only_columns(sa.func.count(), maintain_column_froms=True)
        total = connection.scalar(counted) or 0
    return {
        "records": [listing.show(row[: len(listing.columns)]) for row in rows],
        "hasMore": offset + len(rows) < total,
        "total": total,
        "nextCursor": None,
        "prevCursor": None,
    }


def _page_by_cursor(
    store: Store,
    listing: Listing,
    base: sa.Select[Any],
    keys: list[SortKey],
    question: str,
    text: str,
    limit: int,
) -> JsonObject:
    start = None if text == "0" else list_filters.read_cursor(text, question, len(keys))
    backwards = start is not None and start.backwards
    if start is not None:
        base = base.where(list_filters.beyond(keys, start))
    page = base.order_by(*list_filters.order_by(keys, backwards)).limit(limit + 1)
    with store.transaction() as connection:
        rows = list(connection.execute(page).all())
    further = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    width = len(listing.columns)

    def cursor_at(index: int, back: bool) -> str | None:
        if not rows:
            return None
        return list_filters.written_cursor(Cursor(back, tuple(rows[index][width:])), question)

    more_after = further if not backwards else bool(rows)
    more_before = further if backwards else start is not None
    return {
        "records": [listing.show(row[:width]) for row in rows],
        "hasMore": more_after,
        "total": None,
        "nextCursor": cursor_at(-1, back=False) if more_after else None,
        "prevCursor": cursor_at(0, back=True) if more_before else None,
    }
