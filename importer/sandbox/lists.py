"""The lists: which fields each may be filtered and sorted by, and one page of one of them.

Source of the fields: the parameter descriptions of ``GET /v1/bff/invoice-payables``,
``/v1/vendors``, ``/v1/ledger-accounts``, ``/v1/entities``, ``/v1/purchase-orders`` and
``/v1/custom-properties/groups``.
Fields that a sandbox has nothing for (approvers, users) are always blank.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, get_args

import sqlalchemy as sa
from pydantic.alias_generators import to_snake
from starlette.datastructures import QueryParams

from importer.sandbox import answer_models, list_filters, note_answers
from importer.sandbox.company_file import (
    AccountStatus,
    EntityStatus,
    InputType,
    Level,
    OrderState,
    VendorStatus,
)
from importer.sandbox.list_filters import Cursor, FilterField, FilterType, SortKey
from importer.sandbox.note_store import DOCUMENTS
from importer.sandbox.refusals import bad_request
from importer.sandbox.states import STATES
from importer.sandbox.store import (
    ACCOUNTS,
    BILLS,
    ENTITIES,
    GROUPS,
    NOTES,
    ORDERS,
    USERS,
    VENDORS,
    Store,
)
from importer.sandbox.wire_types import JsonObject

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
PAGING = ("sort", "filter", "limit", "offset", "cursor")
BOOLEANS = ("true", "false")
BLANK: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text)


def _body(row: Sequence[Any]) -> JsonObject:
    body: JsonObject = json.loads(row[0])
    return body


def _listed_bill(row: Sequence[Any]) -> JsonObject:
    bill, version, vendor, entity_name = row
    return answer_models.listed_json(
        json.loads(bill), version, json.loads(vendor) if vendor else None, entity_name
    )


@dataclasses.dataclass(frozen=True)
class Listing:
    """One list of the rows of ``table``; ``record`` makes a record of the ``selected`` columns.

    ``flags`` are its other query parameters, with the values they may have; empty means any text.
    """

    name: str
    table: sa.Table | sa.Subquery
    filters: Mapping[str, FilterField]
    sorts: Mapping[str, sa.ColumnElement[Any]]
    flags: Mapping[str, tuple[str, ...]]
    source: sa.FromClause
    selected: tuple[sa.ColumnElement[Any], ...]
    record: Callable[[Sequence[Any]], JsonObject] = _body


def listing_of(
    name: str,
    table: sa.Table | sa.Subquery,
    *,
    filters: Mapping[FilterType, str],
    sorts: str,
    columns: Mapping[str, sa.ColumnElement[Any]] | None = None,
    values: Mapping[str, Collection[str]] | None = None,
    flags: Mapping[str, tuple[str, ...]],
) -> Listing:
    """A list with the names of its fields; ``columns`` are those not named like their field."""

    def column(field: str) -> sa.ColumnElement[Any]:
        return columns[field] if columns and field in columns else table.c[to_snake(field)]

    filter_fields = {
        field: FilterField(column(field), kind, (values or {}).get(field, ()))
        for kind, fields in filters.items()
        for field in fields.split()
    }
    sort_columns = {field: column(field) for field in sorts.split()}
    return Listing(name, table, filter_fields, sort_columns, flags, table, (table.c.body,))


BILL_LIST = dataclasses.replace(
    listing_of(
        "invoice-payables",
        BILLS,
        filters={
            FilterType.UUID: """
                approverUserId id vendorId userId companyEntityId senderBankAccountId
            """,
            FilterType.INTEGER: "amount",
            FilterType.TEXT: """
                description documentNumber state vendorName userFirstName userLastName type
            """,
            FilterType.DATE: "dueDate issuedDate",
            FilterType.MOMENT: "paymentAt createdAt updatedAt",
        },
        sorts="""
            amount canceledAt companyEntityName description dueDate fromAccountName createdAt
            invoiceNumber issuedDate ocrCompletedAt paymentAt senderEmail state vendorName
            businessPartnerName nextApproverName
        """,
        columns={
            "vendorName": VENDORS.c.name,
            "businessPartnerName": VENDORS.c.name,
            "companyEntityName": ENTITIES.c.name,
            **dict.fromkeys(
                """
                approverUserId userId userFirstName userLastName documentNumber fromAccountName
                ocrCompletedAt senderEmail nextApproverName
                """.split(),
                BLANK,
            ),
        },
        values={"state": STATES, "type": ("REIMBURSEMENT", "VENDOR_INVOICE")},
        flags={"include": ("REIMBURSEMENT",)},
    ),
    source=BILLS.outerjoin(VENDORS, VENDORS.c.id == BILLS.c.vendor_id).outerjoin(
        ENTITIES, ENTITIES.c.id == BILLS.c.company_entity_id
    ),
    selected=(BILLS.c.body, BILLS.c.version, VENDORS.c.body, ENTITIES.c.name),
    record=_listed_bill,
)
NOTE_STATUSES = tuple(
    "DRAFT APPROVAL_PENDING APPROVED POSTED PARTIALLY_CLEARED CLEARED ARCHIVED".split()
)


def _listed_note(row: Sequence[Any]) -> JsonObject:
    return note_answers.note_json(json.loads(row[0]))


NOTE_LIST = dataclasses.replace(
    listing_of(
        "credit-notes",
        NOTES,
        filters={
            FilterType.UUID: "businessPartnerId companyEntityId",
            FilterType.TEXT: "status toBeAdjustedAccDocType",
            FilterType.DATE: "documentDate",
            FilterType.MOMENT: "updatedAt",
        },
        sorts="amount businessPartnerName status documentDate",
        columns={"toBeAdjustedAccDocType": BLANK},
        values={"status": NOTE_STATUSES},
        flags={},
    ),
    record=_listed_note,
)
_OTHER_DOCUMENT_TEXTS = """
    documentSequenceId ledgerName apState arState ctStatus cnToBeAdjustedAccDocType accountCode
    accountLabel taxCode
"""
_OTHER_DOCUMENT_IDS = """
    createdBy intercompanyDocumentId apVendorId arContractId arCustomerId arInvoiceTemplateId
    arPayeeBankAccountId ctCardId ctCardBalanceAccountId intercompanyJournalEntryId
    ycAccountingYearId
"""
_OTHER_DOCUMENT_DATES = "postingDate valuationDate apDueDate arDueDate"
_OTHER_DOCUMENT_MOMENTS = "arOpenedAt ctPerformedAt"
_DOCUMENT_BLANKS = " ".join(
    (
        _OTHER_DOCUMENT_TEXTS,
        _OTHER_DOCUMENT_IDS,
        _OTHER_DOCUMENT_DATES,
        _OTHER_DOCUMENT_MOMENTS,
        "ctAmount ccAmount",
    )
).split()
DOCUMENT_LIST = dataclasses.replace(
    listing_of(
        "accounting-documents",
        DOCUMENTS,
        filters={
            FilterType.UUID: f"id companyEntityId businessPartnerId {_OTHER_DOCUMENT_IDS}",
            FilterType.TEXT: f"""
                documentNumber documentType businessPartnerName status currency
                {_OTHER_DOCUMENT_TEXTS}
            """,
            FilterType.DATE: f"documentDate {_OTHER_DOCUMENT_DATES}",
            FilterType.MOMENT: f"createdAt updatedAt {_OTHER_DOCUMENT_MOMENTS}",
        },
        sorts="""
            companyEntityId documentSequenceId postingDate valuationDate documentDate
            businessPartnerName status createdBy createdAt description documentNumber arDueDate
            arOpenedAt ctPerformedAt ctStatus ctAmount ccAmount
        """,
        columns=dict.fromkeys(_DOCUMENT_BLANKS, BLANK),
        values={"status": NOTE_STATUSES},
        flags={},
    ),
    selected=(
        DOCUMENTS.c.body,
        DOCUMENTS.c.document_type,
        DOCUMENTS.c.document_number,
        DOCUMENTS.c.document_date,
        DOCUMENTS.c.business_partner_id,
        DOCUMENTS.c.status,
    ),
    record=note_answers.document_json,
)


def _default_of_vendor(name: str) -> sa.ColumnElement[Any]:
    return sa.func.json_extract(VENDORS.c.body, f"$.defaultCompanyEntity.{name}")


VENDOR_LIST = listing_of(
    "vendors",
    VENDORS,
    filters={
        FilterType.UUID: "id ledgerAccountId ledgerTaxId",
        FilterType.TEXT: "status type",
        FilterType.INTEGER: "spendLastMtd",
        FilterType.MOMENT: "createdAt updatedAt",
    },
    sorts="name spendLastMtd createdAt updatedAt",
    columns={
        "ledgerAccountId": _default_of_vendor("accountId"),
        "ledgerTaxId": _default_of_vendor("taxCodeId"),
        "spendLastMtd": VENDORS.c.spend,
    },
    values={"status": get_args(VendorStatus), "type": ("EXTERNAL", "USER")},
    flags={"searchTerm": ()},
)
USER_LIST = listing_of(
    "users",
    USERS,
    filters={
        FilterType.UUID: "id userGroupId",
        FilterType.TEXT: "status email role assignedRole",
        FilterType.MOMENT: "createdAt updatedAt",
    },
    sorts="firstName lastName status createdAt updatedAt",
    columns=dict.fromkeys(("userGroupId", "role", "assignedRole"), BLANK),
    values={"status": ("ACTIVE", "DEACTIVATED")},
    flags=dict.fromkeys(("includeRoles", "includeGroups", "includeManagers"), BOOLEANS),
)
ACCOUNT_LIST = listing_of(
    "ledger-accounts",
    ACCOUNTS,
    filters={
        FilterType.UUID: "id",
        FilterType.MEMBERS: "companyEntityId",
        FilterType.INTEGER: "code",
        FilterType.TEXT: "sourceType status type category",
        FilterType.MOMENT: "createdAt updatedAt",
    },
    sorts="code label context type category status createdAt updatedAt",
    columns={
        "companyEntityId": ACCOUNTS.c.entity_ids,
        # Its values are not described, and no answer has them: these are for its filter only.
        "sourceType": sa.case((ACCOUNTS.c.category == "EXPENSE", "MANUAL"), else_=BLANK),
        "context": BLANK,
    },
    values={"status": get_args(AccountStatus)},
    flags={
        "ledgerFeature": tuple(
            """
            ALL CARD_TRANSACTIONS INVOICE_PAYABLES INVOICE_RECEIVABLES JOURNAL_ENTRIES
            PURCHASE_ORDERS REIMBURSEMENTS
            """.split()
        ),
        "includeCustomProperties": BOOLEANS,
    },
)
ENTITY_LIST = listing_of(
    "entities",
    ENTITIES,
    filters={
        FilterType.UUID: "id",
        FilterType.TEXT: "code name displayName country status",
        FilterType.MOMENT: "createdAt updatedAt",
    },
    sorts="code createdAt displayName localCurrency name sortPosition status vatNumber",
    columns={"sortPosition": ENTITIES.c.position},
    values={"status": get_args(EntityStatus)},
    flags={"includeCardCustomer": BOOLEANS},
)
GROUP_LIST = listing_of(
    "custom-properties/groups",
    GROUPS,
    filters={
        FilterType.UUID: "id",
        FilterType.TEXT: "internalName label objectLevel objectTypeStatus inputType",
        FilterType.MEMBERS: "objectType",
        FilterType.BOOLEAN: "isRequired isDeleted",
        FilterType.MOMENT: "createdAt updatedAt",
    },
    sorts="label createdAt",
    columns={
        "objectLevel": GROUPS.c.level,
        "objectTypeStatus": GROUPS.c.status,
        "objectType": GROUPS.c.object_types,
        "isRequired": GROUPS.c.required,
        "isDeleted": GROUPS.c.deleted,
    },
    values={
        "objectLevel": get_args(Level),
        "objectTypeStatus": ("ACTIVE", "DELETED"),
        "inputType": get_args(InputType),
    },
    flags={"includeValues": BOOLEANS},
)


ORDER_LIST = listing_of(
    "purchase-orders",
    ORDERS,
    filters={
        FilterType.UUID: "purchaseOrderId vendorId ownerId",
        FilterType.TEXT: "state erpNumber",
        FilterType.MOMENT: "updatedAt",
    },
    sorts="""
        purchaseOrderId erpNumber vendorName ownerName ownerId companyEntityId state closedAt
        cancelledAt createdAt totalAmount
    """,
    columns={"purchaseOrderId": ORDERS.c.id},
    values={"state": get_args(OrderState)},
    flags={},
)


def read_query(query: QueryParams, allowed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The query parameters; unknown and repeated ones, and unknown values, are refused."""
    values: dict[str, str] = {}
    for name, value in query.multi_items():
        if name not in allowed:
            message = f"There is no query parameter '{name}' here; there are: {', '.join(allowed)}."
            raise bad_request("UNKNOWN_PARAMETER", message, name)
        if name in values:
            raise bad_request("INVALID_PARAMETER", f"'{name}' is given twice.", name)
        if allowed[name] and value not in allowed[name]:
            message = f"'{value}' is not one of {', '.join(allowed[name])}."
            raise bad_request("INVALID_PARAMETER", message, name)
        values[name] = value
    return values


def read_page(store: Store, listing: Listing, query: QueryParams) -> JsonObject:
    """One page as the API answers it: ``records``, ``hasMore``, ``total`` and the two cursors.

    Pages by cursor neither repeat nor skip a record while others come and go; ``total`` comes
    with pages by offset only, as documented.
    """
    values = read_query(query, {**dict.fromkeys(PAGING, ()), **listing.flags})
    limit_text = values.get("limit", str(DEFAULT_LIMIT))
    limit = list_filters.whole_number("limit", limit_text, range(1, MAX_LIMIT + 1))
    clauses = list_filters.read_filter(values.get("filter", ""), listing.filters)
    if "visible_at" in listing.table.c:
        clauses.append(listing.table.c.visible_at <= store.now())
    if term := values.get("searchTerm"):
        clauses.append(sa.func.instr(VENDORS.c.search, term.casefold()) > 0)
    by_time = [SortKey(listing.table.c.created_at, descending=False)]
    keys = list_filters.read_sort(values.get("sort", ""), listing.sorts, by_time)
    keys.append(SortKey(listing.table.c.id, descending=False))
    base = sa.select(*listing.selected, *(key.column for key in keys))
    base = base.select_from(listing.source).where(*clauses)
    if "cursor" not in values:
        return _page_by_offset(store, listing, base, keys, values.get("offset", "0"), limit)
    if "offset" in values:
        raise bad_request("INVALID_PARAMETER", "Give either a cursor or an offset.", "offset")
    query_key = json.dumps(
        [listing.name, *(values.get(name, "") for name in ("filter", "sort", "searchTerm"))]
    )
    return _page_by_cursor(store, listing, base, keys, query_key, values["cursor"], limit)


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
        "records": [listing.record(row[: len(listing.selected)]) for row in rows],
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
    query_key: str,
    text: str,
    limit: int,
) -> JsonObject:
    start = None if text == "0" else list_filters.decode_cursor(text, query_key, len(keys))
    backwards = start is not None and start.backwards
    if start is not None:
        base = base.where(list_filters.after_cursor(keys, start))
    page = base.order_by(*list_filters.order_by(keys, backwards)).limit(limit + 1)
    with store.transaction() as connection:
        rows = list(connection.execute(page).all())
    further = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    width = len(listing.selected)

    def cursor_at(index: int, back: bool) -> str | None:
        if not rows:
            return None
        return list_filters.encode_cursor(Cursor(back, tuple(rows[index][width:])), query_key)

    more_after = further if not backwards else bool(rows)
    more_before = further if backwards else start is not None
    return {
        "records": [listing.record(row[:width]) for row in rows],
        "hasMore": more_after,
        "total": None,
        "nextCursor": cursor_at(-1, back=False) if more_after else None,
        "prevCursor": cursor_at(0, back=True) if more_before else None,
    }
