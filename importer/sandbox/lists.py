"""The lists: which fields each may be filtered and sorted by.

Source of the fields: the parameter descriptions of ``GET /v1/bff/invoice-payables``,
``/v1/vendors``, ``/v1/ledger-accounts``, ``/v1/entities``, ``/v1/purchase-orders`` and
``/v1/custom-properties/groups``.
Fields that a sandbox has nothing for (approvers, users) are always blank.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import sqlalchemy as sa
from pydantic.alias_generators import to_snake

from importer.sandbox import answer_models, note_answers
from importer.sandbox.company_file import (
    AccountStatus,
    EntityStatus,
    InputType,
    Level,
    OrderState,
    VendorStatus,
)
from importer.sandbox.list_filters import FilterField, FilterType
from importer.sandbox.note_store import DOCUMENTS
from importer.sandbox.states import STATES
from importer.sandbox.store_tables import (
    ACCOUNTS,
    BILLS,
    ENTITIES,
    GROUPS,
    NOTES,
    ORDERS,
    USERS,
    VENDORS,
)
from importer.sandbox.wire_types import JsonObject

BOOLEANS = ("true", "false")
BLANK: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text)


def _body(row: Sequence[Any]) -> JsonObject:
    body: JsonObject = json.loads(row[0])
    return body


def _listed_bill(row: Sequence[Any]) -> JsonObject:
    bill, version, vendor, entity_name = row
    nested = json.loads(vendor) if vendor else {}
    return answer_models.listed_json(json.loads(bill), version, nested, entity_name)


@dataclass(frozen=True)
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
    record: Callable[[Sequence[Any]], JsonObject]


def listing_of(
    name: str,
    table: sa.Table | sa.Subquery,
    *,
    filters: Mapping[FilterType, str],
    sorts: str,
    columns: Mapping[str, sa.ColumnElement[Any]] | None = None,
    values: Mapping[str, Collection[str]] | None = None,
    flags: Mapping[str, tuple[str, ...]] | None = None,
    source: sa.FromClause | None = None,
    selected: tuple[sa.ColumnElement[Any], ...] | None = None,
    record: Callable[[Sequence[Any]], JsonObject] = _body,
) -> Listing:
    """A list with the names of its fields; ``columns`` are those not named like their field.

    Where nothing else is said, its records are the bodies in ``table``.
    """

    def column(field: str) -> sa.ColumnElement[Any]:
        return columns[field] if columns and field in columns else table.c[to_snake(field)]

    filter_fields = {
        field: FilterField(column(field), kind, (values or {}).get(field, ()))
        for kind, fields in filters.items()
        for field in fields.split()
    }
    return Listing(
        name=name,
        table=table,
        filters=filter_fields,
        sorts={field: column(field) for field in sorts.split()},
        flags=flags or {},
        source=table if source is None else source,
        selected=selected or (table.c.body,),
        record=record,
    )


BILL_LIST = listing_of(
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


NOTE_LIST = listing_of(
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
    record=_listed_note,
)
_OTHER_DOCUMENT_FIELDS = {
    FilterType.TEXT: """
        documentSequenceId ledgerName apState arState ctStatus cnToBeAdjustedAccDocType accountCode
        accountLabel taxCode
    """,
    FilterType.UUID: """
        createdBy intercompanyDocumentId apVendorId arContractId arCustomerId arInvoiceTemplateId
        arPayeeBankAccountId ctCardId ctCardBalanceAccountId intercompanyJournalEntryId
        ycAccountingYearId
    """,
    FilterType.DATE: "postingDate valuationDate apDueDate arDueDate",
    FilterType.MOMENT: "arOpenedAt ctPerformedAt",
}
_DOCUMENT_FIELDS = {
    FilterType.UUID: "id companyEntityId businessPartnerId",
    FilterType.TEXT: "documentNumber documentType businessPartnerName status currency",
    FilterType.DATE: "documentDate",
    FilterType.MOMENT: "createdAt updatedAt",
}
DOCUMENT_LIST = listing_of(
    "accounting-documents",
    DOCUMENTS,
    filters={
        kind: f"{names} {_OTHER_DOCUMENT_FIELDS[kind]}" for kind, names in _DOCUMENT_FIELDS.items()
    },
    sorts="""
        companyEntityId documentSequenceId postingDate valuationDate documentDate
        businessPartnerName status createdBy createdAt description documentNumber arDueDate
        arOpenedAt ctPerformedAt ctStatus ctAmount ccAmount
    """,
    columns=dict.fromkeys(
        " ".join((*_OTHER_DOCUMENT_FIELDS.values(), "ctAmount ccAmount")).split(), BLANK
    ),
    values={"status": NOTE_STATUSES},
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
)
