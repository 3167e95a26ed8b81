"""The objects of the answers, with every field of the described model, null where empty.

Source: ``ExternalInvoicePayableV1Model``, ``ExternalBffInvoicePayableV1Model`` and the models of
vendors, accounts, entities, groups and the company in the API description. Amounts in cents.
"""

from __future__ import annotations

from collections.abc import Mapping

from importer.sandbox.company_file import (
    SELECTS,
    AccountRow,
    CompanyFile,
    EntityRow,
    PropertyGroupRow,
    VendorRow,
)
from importer.sandbox.property_values import value_json

JsonObject = dict[str, object]


def _names(text: str) -> list[str]:
    return text.split()


BILL_FIELDS = _names("""
    id type metadata invoicePayableId companyId state failureReason failureContext warningContext
    approvalNote cancellationReason payeeName payeeIban payeeBban payeeBic payeeBankCode
    payeeSwedishBankgiroNumber payeeSwedishPlusgiroNumber payeeCountry payeeAddress payeeZipcode
    payeeBankName payeeBankCountry payeeBankAddress payeeBankZipcode payeeCity payeeBankCity
    vendorId vendorDetailsOcr companyEntityId invoiceNumber amount outstandingBalance currency
    description senderBankAccountId fiNumber norKidReference swissPaymentReference paymentAt
    ocrCompletedAt canceledAt issuedDate dueDate invoiceCreatedAt updatedAt purchaseOrderId
    lineItemsIncludeTax localCurrencyFxRate groupCurrencyFxRate lineItems customProperties
    paymentPausedBy paymentPausedAt senderEmail documentName
""")
LINE_FIELDS = _names("""
    id invoicePayableId type metadata amount netAmount description taxCodeId taxAmount accountId
    costCenterId amortizationStartDate amortizationEndDate amortizationTemplateId
    customPropertiesOld aiValueSuggestions customProperties createdAt updatedAt
""")
LISTED_FIELDS = _names("""
    id type metadata documentKey documentName senderEmail companyId failureReason failureContext
    state version approvalNote payeeName payeeIban payeeBban payeeBic payeeBankCode payeeCountry
    payeeAddress payeeZipcode payeeBankName payeeBankCountry payeeBankAddress payeeBankZipcode
    payeeCity payeeBankCity fiNumber invoiceNumber companyEntityId companyEntityName amount currency
    issuedDate dueDate paymentAt ocrCompletedAt canceledAt description senderBankAccountId
    cancellationReason vendor user nextApprover reimbursement createdAt updatedAt paymentPausedBy
    paymentPausedAt
""")
VENDOR_FIELDS = _names("""
    type vendorId companyId companyEntityIds defaultCompanyEntity vatId businessRegistrationNumber
    identifier name description avatarUrl email phoneNumber website country city address zipcode
    bankName bankCountry bankCity bankAddress bankZipcode bankAccountNumber bankAccountBic
    domesticBankAccountNumber domesticBankAccountCode swedishBankgiroNumber swedishPlusgiroNumber
    bankRecipientName vendorCreatedAt approvers notes currency contractValue createdBy status
    failureContext version updatedAt customProperties lastMtdSpendInGroupCurrency groupCurrency
""")
VENDOR_PARTS = _names("""
    identifier name avatarUrl email website country city address zipcode currency contractValue
    createdBy
""")


def filled(names: list[str], values: Mapping[str, object]) -> JsonObject:
    """Every field of a model, in its order; what ``values`` does not have is null."""
    return {name: values.get(name) for name in names}


def bill_json(bill_id: str, company_id: str, now: str, values: Mapping[str, object]) -> JsonObject:
    """A new bill, without its lines."""
    made = {
        "id": bill_id,
        "invoicePayableId": bill_id,
        "companyId": company_id,
        "type": "VENDOR_INVOICE",
        "metadata": {"type": "VENDOR_INVOICE_METADATA"},
        "state": "IN_DRAFT",
        "outstandingBalance": values.get("amount"),
        "lineItems": [],
        "invoiceCreatedAt": now,
        "updatedAt": now,
    }
    return filled(BILL_FIELDS, {**values, **made})


def line_json(line_id: str, bill_id: str, now: str, values: Mapping[str, object]) -> JsonObject:
    made = {
        "id": line_id,
        "invoicePayableId": bill_id,
        "type": "VENDOR_INVOICE",
        "metadata": {"type": "VENDOR_INVOICE"},
        "createdAt": now,
        "updatedAt": now,
    }
    return filled(LINE_FIELDS, {**values, **made})


def listed_json(
    bill: Mapping[str, object],
    version: int,
    vendor: Mapping[str, object] | None,
    entity_name: str | None,
) -> JsonObject:
    """A bill as the list shows it: the vendor nested, no lines."""
    nested = {
        "vendorId": bill["vendorId"],
        "vatId": None,
        "vendorAccountId": None,
        "vendorTaxCodeId": None,
        "vendorCostCenterId": None,
        "vendorSenderBankAccountId": None,
        **{f"vendor{name[0].upper()}{name[1:]}": (vendor or {}).get(name) for name in VENDOR_PARTS},
    }
    nested["vatId"] = (vendor or {}).get("vatId")
    defaults = (vendor or {}).get("defaultCompanyEntity")
    nested["vendorTaxCodeId"] = defaults["taxCodeId"] if isinstance(defaults, dict) else None
    user = dict.fromkeys(("userId", "userFirstName", "userLastName", "userAvatarUrl"))
    made = {
        "version": version,
        "companyEntityName": entity_name,
        "vendor": nested,
        "user": user,
        "createdAt": bill["invoiceCreatedAt"],
    }
    return filled(LISTED_FIELDS, {**bill, **made})


def company_json(company: CompanyFile, company_id: str, created: str) -> JsonObject:
    return {
        "id": company_id,
        "name": company.name,
        "invoiceEmail": company.invoice_email,
        "receiptEmail": None,
        "contractEmail": None,
        "logoUrl": None,
        "baseCurrency": company.base_currency,
        "createdAt": created,
        "updatedAt": created,
    }


def vendor_json(row: VendorRow, company: CompanyFile, company_id: str, created: str) -> JsonObject:
    values: JsonObject = {
        "type": "EXTERNAL",
        "vendorId": row.id,
        "companyId": company_id,
        "companyEntityIds": [],
        "vatId": row.vat_id,
        "identifier": row.identifier,
        "name": row.name,
        "country": row.country,
        "vendorCreatedAt": created,
        "defaultCompanyEntity": _defaults(row, created),
        "approvers": [],
        "notes": [],
        "currency": row.currency,
        "status": row.status,
        "version": 1,
        "updatedAt": created,
        "customProperties": [],
        "lastMtdSpendInGroupCurrency": 0,
        "groupCurrency": company.base_currency,
    }
    return filled(VENDOR_FIELDS, values)


def _defaults(row: VendorRow, created: str) -> JsonObject | None:
    """What is proposed for the vendor's bills, null where nothing is."""
    if row.tax_code_id is None:
        return None
    empty = dict.fromkeys(("companyEntityId", "accountId", "costCenterId", "senderBankAccountId"))
    made = {"id": row.id, "vendorId": row.id, "createdAt": created, "updatedAt": created}
    return {**empty, **made, "taxCodeId": row.tax_code_id}


def entity_json(row: EntityRow, company_id: str, created: str) -> JsonObject:
    address = {
        "country": row.country or None,
        "city": row.city or None,
        "state": None,
        "zipcode": None,
        "street": None,
        "street2": None,
    }
    return {
        "id": row.id,
        "companyId": company_id,
        "code": row.code,
        "parentCompanyEntityId": None,
        "localCurrency": row.currency,
        "displayName": row.display_name,
        "vatNumber": row.vat_number or None,
        "name": row.name,
        "address": address,
        "status": row.status,
        "seedInvoiceNumber": 1,
        "createdAt": created,
        "updatedAt": created,
    }


def account_json(
    row: AccountRow, entities: list[JsonObject], company_id: str, created: str
) -> JsonObject:
    return {
        "id": row.id,
        "companyId": company_id,
        "bankAccountId": None,
        "cardAccountId": None,
        "cashAndEquivalentsAccountId": None,
        "code": row.code,
        "label": row.label,
        "type": row.type,
        "status": row.status,
        "context": None,
        "revaluateFxBalance": False,
        "companyEntities": entities,
        "customProperties": None,
        "createdAt": created,
        "updatedAt": created,
    }


def group_json(row: PropertyGroupRow, company_id: str, created: str) -> JsonObject:
    """A custom property group with its values; inline groups have none."""
    values = [
        value_json(row, value.id, value.internal_name, value.label, company_id, created)
        for value in row.values.values()
    ]
    return {
        "id": row.id,
        "companyId": company_id,
        "label": row.label,
        "internalName": row.internal_name,
        "inputType": row.input_type,
        "objectLevel": row.level,
        "objectTypes": ["BILL"],
        "objectTypeStatuses": {"BILL": "ACTIVE"},
        "context": None,
        "values": values if row.input_type in SELECTS else [],
        "createdAt": created,
        "updatedAt": created,
        "required": row.required,
    }
