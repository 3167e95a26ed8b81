"""The company, its vendors, accounts, entities and other records, as the API answers them."""

from __future__ import annotations

from importer.sandbox.answer_models import (
    AnswerModel,
    ExceptionAnswer,
    PropertyAnswer,
    ValueAnswer,
    answer_model,
)
from importer.sandbox.company_file import (
    SELECTS,
    AccountRow,
    BankAccountRow,
    CompanyReference,
    EntityRow,
    PropertyGroupRow,
    PurchaseOrderRow,
    ReferenceRow,
    VendorRow,
)
from importer.sandbox.property_values import value_json
from importer.sandbox.wire_types import Cents, Day, JsonObject, Moment, Text, Uuid

DefaultsAnswer = answer_model(
    "DefaultsAnswer",
    {
        Uuid: """id vendorId companyEntityId? accountId? taxCodeId? costCenterId?
            senderBankAccountId?""",
        Moment: "createdAt updatedAt",
    },
)
VendorAnswer = answer_model(
    "VendorAnswer",
    {
        Uuid: "vendorId companyId createdBy?",
        Text: """type name currency status groupCurrency vatId? businessRegistrationNumber?
            identifier? description? avatarUrl? email? website? country? city? address? zipcode?
            bankName? bankCountry? bankCity? bankAddress? bankZipcode? bankRecipientName?
            bankAccountNumber? bankAccountBic? domesticBankAccountNumber?
            domesticBankAccountCode? swedishBankgiroNumber? swedishPlusgiroNumber?""",
        Cents: "contractValue? lastMtdSpendInGroupCurrency?",
        int: "version",
        DefaultsAnswer: "defaultCompanyEntity?",
        ExceptionAnswer: "failureContext?",
        str: "companyEntityIds[]",
        JsonObject: "phoneNumber? approvers[] notes[]",
        PropertyAnswer: "customProperties[]?",
        Moment: "vendorCreatedAt updatedAt",
    },
)
AddressAnswer = answer_model(
    "AddressAnswer", {Text: "country~ city~ state~ zipcode~ street~ street2~"}
)
EntityAnswer = answer_model(
    "EntityAnswer",
    {
        Uuid: "id companyId parentCompanyEntityId~",
        Text: "code localCurrency displayName name status vatNumber~",
        int: "seedInvoiceNumber",
        AddressAnswer: "address",
        Moment: "createdAt updatedAt",
    },
)
AccountAnswer = answer_model(
    "AccountAnswer",
    {
        Uuid: "id companyId bankAccountId? cardAccountId? cashAndEquivalentsAccountId?",
        Text: "label type status context?",
        int: "code",
        bool: "revaluateFxBalance",
        EntityAnswer: "companyEntities[]",
        PropertyAnswer: "customProperties[]?",
        Moment: "createdAt updatedAt",
    },
)
GroupAnswer = answer_model(
    "GroupAnswer",
    {
        Uuid: "id companyId",
        Text: "label internalName inputType objectLevel context~",
        bool: "required",
        str: "objectTypes[]",
        dict[str, str]: "objectTypeStatuses",
        ValueAnswer: "values[]~",
        Moment: "createdAt updatedAt",
    },
)
BankAccountAnswer = answer_model(
    "BankAccountAnswer",
    {
        Uuid: "id companyId companyEntityId",
        Text: """name type bankProvider paymentSchedulingEligibility iban? bic?
            domesticBankAccountNumber? domesticBankCode? currency bankCountry bankCity?
            bankAddress? bankZipcode? bankName bankState?""",
        int: "ledgerAccountCode",
        Moment: "createdAt",
    },
)
PurchaseOrderAnswer = answer_model(
    "PurchaseOrderAnswer",
    {
        Uuid: "id companyId createdBy? companyEntityId? purchaseRequestId? ownerId? vendorId?",
        Text: """state erpNumber? description? currency? ownerName? vendorEmail? vendorName?
            vendorAvatarUrl? documentKey? deliveryAddress?""",
        Cents: "totalAmount totalNetAmount totalTaxAmount totalMatchedAmount",
        ExceptionAnswer: "failureContext?",
        Day: "purchaseOrderDate? deliveryDate?",
        Moment: "erpSyncedAt? lockedAt? closedAt? cancelledAt? createdAt updatedAt",
        JsonObject: "lines[]",
    },
)
CompanyAnswer = answer_model(
    "CompanyAnswer",
    {
        Uuid: "id",
        Text: "name invoiceEmail baseCurrency receiptEmail? contractEmail? logoUrl?",
        Moment: "createdAt updatedAt",
    },
)


def _record(
    model: type[AnswerModel],
    row: ReferenceRow,
    created: str,
    company: CompanyReference,
    **more: object,
) -> JsonObject:
    """What the model has of the row, of the company and of the time, and ``more``."""
    stamps = {"companyId": company.id, "createdAt": created, "updatedAt": created}
    values = row.model_dump(by_alias=True) | stamps
    return model.of({k: v for k, v in values.items() if k in model.model_fields}, **more)


def company_json(company: CompanyReference) -> JsonObject:
    return CompanyAnswer.of(
        company.reference.company.model_dump(by_alias=True),
        id=company.id,
        createdAt=company.created,
        updatedAt=company.created,
    )


def vendor_json(row: VendorRow, created: str, company: CompanyReference) -> JsonObject:
    tax_code_id = row.default_tax_code_id
    defaults = {"vendorId": row.id, "taxCodeId": tax_code_id}
    return _record(
        VendorAnswer,
        row,
        created,
        company,
        type="EXTERNAL",
        vendorId=row.id,
        companyEntityIds=[],
        vendorCreatedAt=created,
        defaultCompanyEntity=_record(DefaultsAnswer, row, created, company, **defaults)
        if tax_code_id
        else None,
        approvers=[],
        notes=[],
        version=1,
        customProperties=[],
        lastMtdSpendInGroupCurrency=0,
        groupCurrency=company.reference.company.base_currency,
    )


def entity_json(row: EntityRow, created: str, company: CompanyReference) -> JsonObject:
    address = {"country": row.country, "city": row.city}
    return _record(EntityAnswer, row, created, company, address=address, seedInvoiceNumber=1)


def account_json(
    row: AccountRow, created: str, entities: list[JsonObject], company: CompanyReference
) -> JsonObject:
    return _record(
        AccountAnswer, row, created, company, revaluateFxBalance=False, companyEntities=entities
    )


def bank_account_json(row: BankAccountRow, created: str, company: CompanyReference) -> JsonObject:
    return _record(
        BankAccountAnswer,
        row,
        created,
        company,
        bankProvider="MANUAL",
        paymentSchedulingEligibility="INTERNAL",
        ledgerAccountCode=1800,
    )


def purchase_order_json(
    row: PurchaseOrderRow, created: str, vendor: VendorRow | None, company: CompanyReference
) -> JsonObject:
    """An order without lines; all of its amount is net."""
    return _record(
        PurchaseOrderAnswer,
        row,
        created,
        company,
        vendorName=vendor and vendor.name,
        totalNetAmount=row.total_amount,
        totalTaxAmount=0,
        totalMatchedAmount=0,
        closedAt=created if row.state == "CLOSED" else None,
        lines=[],
    )


def group_json(row: PropertyGroupRow, created: str, company: CompanyReference) -> JsonObject:
    """A custom property group with its values; inline groups have none."""
    values = row.values.values() if row.input_type in SELECTS else ()
    return _record(
        GroupAnswer,
        row,
        created,
        company,
        objectTypes=list(row.object_types),
        objectTypeStatuses=row.statuses,
        values=[
            value_json(row, value.id, value.internal_name, value.label, company.id, created)
            for value in values
        ],
    )
