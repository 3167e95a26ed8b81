"""The objects of the answers as strict pydantic models, and how they are filled.

Enumerations are open and so are text; amounts are in cents. Source: the models of bills and line
items in the API description; those of the company's records are in ``reference_answers``. It leaves
out ``shouldAmortize`` and ``amortizationScheduleId``, which Light's documentation has in a line
item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from importer.model import fields
from importer.sandbox.wire_types import JSON_TYPES, Cents, Day, JsonObject, Moment, Text, Uuid


class AnswerModel(BaseModel):
    """A blank field is null where the description allows null, else it is left out."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: JsonObject) -> JsonObject:
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def of(cls, values: Mapping[str, object], /, **more: object) -> JsonObject:
        """The values as JSON; ``ValidationError`` where they are not of the described types."""
        return cls.model_validate({**values, **more}).model_dump()


def answer_model(
    name: str, types: Mapping[Any, str], table: Iterable[fields.Field] = ()
) -> type[AnswerModel]:
    """A model of the names by type, and of the fields of bills or line items in ``table``.

    ``name`` is always there, ``name?`` null where blank, ``name~`` left out where blank, and
    ``name[]`` a list.
    """
    definitions: dict[str, Any] = {}
    for wire_type, names in types.items():
        for each in names.split():
            is_list = "[]" in each
            each_type = list.__class_getitem__(wire_type) if is_list else wire_type
            definitions[each.rstrip("[]?~")] = _definition(each_type, each[-1])
    for field in table:
        definitions[field.answer] = _definition(JSON_TYPES[field.kind], "~?"[field.nullable])
    return create_model(name, __base__=AnswerModel, **definitions)


def _definition(wire_type: Any, mark: str) -> tuple[Any, Any]:
    if mark == "?":
        return wire_type | None, None
    if mark == "~":
        return wire_type, Field(None, exclude_if=lambda value: value is None)
    return wire_type, ...


ErrorAnswer = answer_model(
    "ErrorAnswer", {Text: "type message", str: "path[]?", JsonObject: "context?"}
)
ExceptionAnswer = answer_model("ExceptionAnswer", {Text: "name type", ErrorAnswer: "errors[]"})
ValueAnswer = answer_model(
    "ValueAnswer",
    {
        Uuid: "id groupId companyId",
        Text: "groupInternalName internalName label context?",
        Moment: "createdAt updatedAt",
    },
)
PropertyAnswer = answer_model(
    "PropertyAnswer", {Uuid: "groupId", Text: "groupInternalName", ValueAnswer: "values[]"}
)
LineAnswer = answer_model(
    "LineAnswer",
    {
        Uuid: "id invoicePayableId costCenterId? amortizationScheduleId?",
        Text: "type",
        bool: "shouldAmortize",
        dict[str, str]: "metadata",
        JsonObject: "customPropertiesOld? aiValueSuggestions[]?",
        PropertyAnswer: "customProperties[]?",
        Moment: "createdAt updatedAt",
    },
    fields.SENT_LINE_FIELDS,
)
_BILL_TEXTS = """
    type state failureReason? approvalNote? cancellationReason? fiNumber? senderEmail? documentName?
    payeeName? payeeIban? payeeBban? payeeBic? payeeCountry? payeeCity? payeeAddress? payeeZipcode?
    payeeBankCode? payeeBankName? payeeBankCountry? payeeBankCity? payeeBankAddress?
    payeeBankZipcode?
"""
BillAnswer = answer_model(
    "BillAnswer",
    {
        Uuid: "id invoicePayableId companyId paymentPausedBy?",
        Text: f"""{_BILL_TEXTS}
            payeeSwedishBankgiroNumber? payeeSwedishPlusgiroNumber?""",
        Cents: "outstandingBalance?",
        dict[str, str]: "metadata",
        JsonObject: "vendorDetailsOcr?",
        ExceptionAnswer: "failureContext? warningContext?",
        LineAnswer: "lineItems[]?",
        PropertyAnswer: "customProperties[]?",
        Moment: "invoiceCreatedAt updatedAt ocrCompletedAt? canceledAt? paymentPausedAt?",
    },
    fields.HEADER_FIELDS,
)
ListedVendorAnswer = answer_model(
    "ListedVendorAnswer",
    {
        Uuid: """vendorId? vendorAccountId? vendorTaxCodeId? vendorCostCenterId? vendorCreatedBy?
            vendorSenderBankAccountId?""",
        Text: """vatId? vendorIdentifier? vendorName? vendorAvatarUrl? vendorEmail? vendorWebsite?
            vendorCountry? vendorCity? vendorAddress? vendorZipcode? vendorCurrency?""",
        Cents: "vendorContractValue?",
    },
)
ListedUserAnswer = answer_model(
    "ListedUserAnswer", {Uuid: "userId?", Text: "userFirstName? userLastName? userAvatarUrl?"}
)
ListedBillAnswer = answer_model(
    "ListedBillAnswer",
    {
        Uuid: "id companyId companyEntityId? senderBankAccountId? paymentPausedBy?",
        Text: f"""{_BILL_TEXTS} documentKey? invoiceNumber? companyEntityName? currency?
            description?""",
        Cents: "amount?",
        int: "version",
        dict[str, str]: "metadata",
        ListedVendorAnswer: "vendor",
        ListedUserAnswer: "user",
        JsonObject: "nextApprover~ reimbursement~",
        ExceptionAnswer: "failureContext?",
        Day: "issuedDate? dueDate?",
        Moment: "createdAt updatedAt paymentAt? ocrCompletedAt? canceledAt? paymentPausedAt?",
    },
)


def new_bill(bill_id: str, company_id: str, now: str, values: Mapping[str, object]) -> JsonObject:
    """Every field of a new bill, None where blank; without its lines."""
    return {
        **dict.fromkeys(BillAnswer.model_fields),
        **values,
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


def line_json(
    line_id: str, bill_id: str, created: str, now: str, values: Mapping[str, object]
) -> JsonObject:
    return LineAnswer.of(
        values,
        id=line_id,
        invoicePayableId=bill_id,
        type="VENDOR_INVOICE",
        metadata={"type": "VENDOR_INVOICE"},
        shouldAmortize=is_amortized(values),
        createdAt=created,
        updatedAt=now,
    )


def is_amortized(line: Mapping[str, object]) -> bool:
    return any(value for name, value in line.items() if name.startswith("amortization"))


def listed_json(
    bill: JsonObject, version: int, vendor: JsonObject, entity_name: str | None
) -> JsonObject:
    """A bill as the list shows it: the vendor nested ({} where it has none), no lines."""
    nested = {f"vendor{name[0].upper()}{name[1:]}": value for name, value in vendor.items()}
    nested = {name: nested.get(name) for name in ListedVendorAnswer.model_fields} | {
        "vendorId": bill["vendorId"],
        "vatId": vendor.get("vatId"),
        "vendorTaxCodeId": (vendor.get("defaultCompanyEntity") or {}).get("taxCodeId"),
    }
    return ListedBillAnswer.of(
        {name: bill[name] for name in ListedBillAnswer.model_fields if name in bill},
        version=version,
        companyEntityName=entity_name,
        vendor=nested,
        user={},
        createdAt=bill["invoiceCreatedAt"],
    )
