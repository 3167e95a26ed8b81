"""Creating a vendor: ``POST /v1/vendors``.

Source: ExternalCreateVendorRequestV1Model. Nothing says that a name, an identifier or a VAT id is
unique, and there is no idempotency key: the same request twice is two vendors.
"""

from __future__ import annotations

import uuid
from typing import Any

from pydantic import create_model
from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox import reference_answers
from importer.sandbox.company_file import VendorRow
from importer.sandbox.gate import json_answer
from importer.sandbox.http_request import json_body
from importer.sandbox.property_values import PropertyBody, read_properties
from importer.sandbox.refusals import Problem, refusal
from importer.sandbox.request_bodies import REFERENCE_IDS, read_body
from importer.sandbox.route_context import Context
from importer.sandbox.wire_types import Currency, FilledText, RequestBody, Text, Uuid

_TEXTS = """
    vatId businessRegistrationNumber identifier description avatarUrl email website country city
    address zipcode bankName bankCountry bankCity bankAddress bankZipcode bankAccountNumber
    bankAccountBic domesticBankAccountNumber domesticBankAccountCode swedishBankgiroNumber
    swedishPlusgiroNumber bankRecipientName
""".split()
_REFERENCES: dict[str, Any] = {
    "companyEntityId": (REFERENCE_IDS["companyEntityId"], ...),
    "accountId": (REFERENCE_IDS["accountId"] | None, None),
    "taxCodeId": (REFERENCE_IDS["taxCodeId"] | None, None),
    "costCenterId": (Uuid | None, None),
    "senderBankAccountId": (Uuid | None, None),
}
DefaultsBody = create_model("DefaultsBody", __base__=RequestBody, **_REFERENCES)


class PhoneBody(RequestBody):
    country_code: Text | None = None
    local_number: Text


_VALUES: dict[str, Any] = {
    "name": (FilledText, ...),
    "currency": (Currency | None, None),
    "companyEntityIds": (list.__class_getitem__(REFERENCE_IDS["companyEntityId"]), []),
    "defaultCompanyEntity": (DefaultsBody | None, None),
    "phoneNumber": (PhoneBody | None, None),
    "customProperties": (list.__class_getitem__(PropertyBody) | None, None),
    **dict.fromkeys(_TEXTS, (Text | None, None)),
}
NewVendorBody = create_model("NewVendorBody", __base__=RequestBody, **_VALUES)


async def create_vendor(context: Context, request: Request) -> Response:
    company, store = context.company, context.store
    values = read_body(NewVendorBody, await json_body(request), company)
    problems: list[Problem] = []
    stated_properties = values.pop("customProperties", None)
    properties = read_properties(stated_properties, "HEADER", company, (), problems, "VENDOR")
    if problems:
        raise refusal(problems)
    defaults = values.pop("defaultCompanyEntity", None) or {}
    stated = {name: values.get(name) for name in ("identifier", "vatId", "country")}
    row = VendorRow.model_validate(
        {
            **stated,
            "id": str(uuid.uuid4()),
            "name": values["name"],
            "currency": values.get("currency") or company.reference.company.base_currency,
            "status": "ACTIVE",
            "defaultTaxCodeId": defaults.get("taxCodeId"),
        }
    )
    now = store.now()
    shown = {name: values[name] for name in _TEXTS if values.get(name)}
    vendor = reference_answers.vendor_json(row, now, company) | shown
    vendor["customProperties"] = properties
    vendor["companyEntityIds"] = values.get("companyEntityIds", [])
    store.add_vendor(row, vendor)
    context.counters.vendors_created += 1
    return json_answer(vendor)
