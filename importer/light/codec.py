"""Bills as Light's JSON, and Light's JSON as records.

Reading is tolerant where Light may grow (unknown states, missing keys, further keys) and strict
where a wrong guess costs money: a value of the wrong type raises WireProblem.

Source: OpenAPI models ExternalCreateInvoicePayableRequestV1Model, ExternalInvoicePayableV1Model
(one bill), ExternalBffInvoicePayableV1Model (a bill of the list), ExternalUiClientExceptionV1Model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from importer.light.json_values import (
    array_of,
    boolean_at,
    date_at,
    integer_at,
    moment_at,
    number_at,
    object_of,
    printable,
    required_at,
    text_at,
    wrong,
)
from importer.light.light_errors import WireProblem
from importer.model.bills import Bill, LineItem, Property
from importer.model.light_objects import (
    Account,
    ApiError,
    Company,
    Entity,
    LightBill,
    LightLine,
    LightProperty,
    PropertyGroup,
    UploadTarget,
    Vendor,
)

Json = dict[str, object]
T = TypeVar("T")

# --- what we send -----------------------------------------------------------------------------


def bill_to_json(bill: Bill, *, with_lines: bool = True) -> Json:
    """The body of ``POST /v1/invoice-payables``; what is None is left out.

    The lines are inline, or none of them is there. Raises ValueError where the vendor or a custom
    property has no id yet: names are never sent.
    """
    if bill.vendor_id is None:
        raise ValueError(f"the vendor of bill {bill.index} has no id yet")
    lines = [line_to_json(line, include_tax=bill.include_tax) for line in bill.lines]
    return _present(
        vendorId=bill.vendor_id,
        companyEntityId=bill.company_entity_id,
        invoiceNumber=bill.invoice_number,
        amount=bill.amount,
        currency=bill.currency,
        processingMode="DATA_ONLY",
        description=bill.description,
        issuedDate=_iso(bill.issued),
        dueDate=_iso(bill.due),
        paymentAt=None if bill.payment_at is None else timestamp(bill.payment_at),
        senderBankAccountId=bill.sender_bank_account_id,
        localCurrencyFxRateOverride=_rate(bill.local_fx_rate),
        groupCurrencyFxRateOverride=_rate(bill.group_fx_rate),
        lineItemsIncludeTax=bill.include_tax,
        lineItems=(lines or None) if with_lines else None,
        customProperties=_properties(bill.properties),
    )


def line_to_json(line: LineItem, *, include_tax: bool) -> Json:
    """One line item: ``amount`` where the bill's lines include tax, else ``netAmount``; cents."""
    return _present(
        amount=line.amount if include_tax else None,
        netAmount=None if include_tax else line.net_amount,
        # Light takes no tax amount without a tax code; nothing is what a zero says.
        taxAmount=line.tax_amount if line.tax_amount or line.tax_code_id else None,
        description=line.description,
        taxCodeId=line.tax_code_id,
        accountId=line.account_id,
        amortizationStartDate=_iso(line.amortization_start),
        amortizationEndDate=_iso(line.amortization_end),
        amortizationTemplateId=line.amortization_template_id,
        customProperties=_properties(line.properties),
    )


def payment_to_json(bill: Bill) -> Json:
    """The body of ``…/mark-as-paid``: all that is outstanding, with the bill's amount in cents.

    FULL, so that the same payment sent twice cannot be recorded twice.
    """
    if bill.paid_from is None or bill.payment_at is None:
        raise ValueError(f"bill {bill.index} does not say when and from where it was paid")
    return {
        "amount": bill.amount,
        "bankAccountId": bill.paid_from,
        "paymentAt": timestamp(bill.payment_at),
        "paymentOption": "FULL",
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z``; a time without a zone is UTC already."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _present(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _rate(rate: Decimal | None) -> float | None:
    return None if rate is None else float(rate)  # its repr gives the digits back, up to 15


def _properties(properties: Iterable[Property]) -> list[Json] | None:
    found: list[Json] = []
    for each in properties:
        if each.group_id is None:
            raise ValueError(f"the custom property {each.name!r} has no id yet")
        if each.value_ids:
            found.append({"groupId": each.group_id, "valueIds": list(each.value_ids)})
        elif each.inline_values:
            found.append({"groupId": each.group_id, "inlineValues": list(each.inline_values)})
    return found or None


# --- what we read -----------------------------------------------------------------------------


def bill_from_json(obj: object, *, listed: bool) -> LightBill:
    """One bill. ``listed``: from the list, which nests the vendor and leaves out the lines.

    Raises WireProblem for a bill without an id and for values of the wrong type.
    """
    bill = object_of(obj, "bill")
    vendor = bill.get("vendor")
    nested = text_at(object_of(vendor, "vendor"), "vendorId") if vendor is not None else None
    lines = None if listed else bill.get("lineItems")
    return LightBill(
        id=required_at(bill, "id"),
        vendor_id=text_at(bill, "vendorId") or nested,
        company_entity_id=text_at(bill, "companyEntityId"),
        invoice_number=text_at(bill, "invoiceNumber"),
        amount=integer_at(bill, "amount"),
        currency=text_at(bill, "currency"),
        issued=date_at(bill, "issuedDate"),
        due=date_at(bill, "dueDate"),
        description=text_at(bill, "description"),
        state=text_at(bill, "state") or "",
        failure_reason=text_at(bill, "failureReason"),
        created_at=moment_at(bill, "createdAt" if listed else "invoiceCreatedAt")
        or moment_at(bill, "invoiceCreatedAt" if listed else "createdAt"),
        lines=None
        if lines is None
        else tuple(line_from_json(x) for x in array_of(lines, "lineItems")),
        payment_at=_leniently(moment_at, bill, "paymentAt"),
        include_tax=_leniently(boolean_at, bill, "lineItemsIncludeTax"),
        sender_bank_account_id=_leniently(text_at, bill, "senderBankAccountId"),
        local_fx_rate=_leniently(number_at, bill, "localCurrencyFxRate"),
        group_fx_rate=_leniently(number_at, bill, "groupCurrencyFxRate"),
        properties=_leniently(_light_properties, bill, "customProperties") or (),
        failures=errors_from_json(bill.get("failureContext")),
        outstanding=integer_at(bill, "outstandingBalance"),
    )


def upload_target_from_json(obj: object) -> UploadTarget:
    answer = object_of(obj, "upload address")
    headers = answer.get("headers")
    told = {} if headers is None else object_of(headers, "headers")
    return UploadTarget(
        required_at(answer, "uploadUrl"),
        tuple((name, required_at(told, name)) for name in told),
    )


def line_from_json(obj: object) -> LightLine:
    line = object_of(obj, "line item")
    return LightLine(
        id=required_at(line, "id"),
        amount=integer_at(line, "amount"),
        net_amount=integer_at(line, "netAmount"),
        tax_amount=integer_at(line, "taxAmount"),
        description=text_at(line, "description"),
        tax_code_id=text_at(line, "taxCodeId"),
        account_id=text_at(line, "accountId"),
        amortization_start=_leniently(date_at, line, "amortizationStartDate"),
        amortization_end=_leniently(date_at, line, "amortizationEndDate"),
        amortization_template_id=_leniently(text_at, line, "amortizationTemplateId"),
        properties=_leniently(_light_properties, line, "customProperties") or (),
    )


def _leniently(
    read: Callable[[Mapping[str, object], str], T], obj: Mapping[str, object], name: str
) -> T | None:
    """A value that no creation depends on: None where it cannot be understood."""
    try:
        return read(obj, name)
    except WireProblem:
        return None


def _light_properties(obj: Mapping[str, object], name: str) -> tuple[LightProperty, ...]:
    groups = [object_of(each, name) for each in array_of(obj.get(name) or [], name)]
    return tuple(
        LightProperty(
            required_at(group, "groupId"),
            text_at(group, "groupInternalName") or "",
            tuple(
                (
                    text_at(v, "id") or "",
                    text_at(v, "label") or "",
                    text_at(v, "internalName") or "",
                )
                for v in (
                    object_of(x, "values") for x in array_of(group.get("values") or [], "values")
                )
            ),
        )
        for group in groups
    )


def vendor_from_json(obj: object) -> Vendor:
    vendor = object_of(obj, "vendor")
    default = vendor.get("defaultCompanyEntity")
    return Vendor(
        id=required_at(vendor, "vendorId"),
        name=text_at(vendor, "name") or "",
        identifier=text_at(vendor, "identifier"),
        vat_id=text_at(vendor, "vatId"),
        status=text_at(vendor, "status"),
        tax_code_id=None
        if default is None
        else text_at(object_of(default, "defaultCompanyEntity"), "taxCodeId"),
    )


def account_from_json(obj: object) -> Account:
    """A ledger account; its integer ``code`` becomes text."""
    account = object_of(obj, "ledger account")
    code = account.get("code")
    if isinstance(code, str):
        number: int | str | None = code
    else:
        number = integer_at(account, "code")
    return Account(
        id=required_at(account, "id"),
        code="" if number is None else str(number),
        label=text_at(account, "label") or "",
        status=text_at(account, "status"),
    )


def entity_from_json(obj: object) -> Entity:
    entity = object_of(obj, "entity")
    return Entity(
        id=required_at(entity, "id"),
        code=text_at(entity, "code") or "",
        name=text_at(entity, "displayName") or text_at(entity, "name") or "",
        currency=text_at(entity, "localCurrency"),
        legal_name=text_at(entity, "name"),
        status=text_at(entity, "status"),
    )


def company_from_json(obj: object) -> Company:
    company = object_of(obj, "company")
    return Company(
        id=required_at(company, "id"),
        name=text_at(company, "name") or "",
        currency=text_at(company, "baseCurrency"),
    )


def property_group_from_json(obj: object) -> PropertyGroup:
    group = object_of(obj, "custom property")
    values = [object_of(v, "value") for v in array_of(group.get("values") or [], "values")]
    return PropertyGroup(
        id=required_at(group, "id"),
        label=text_at(group, "label") or "",
        internal_name=text_at(group, "internalName") or "",
        input_type=text_at(group, "inputType") or "",
        level=text_at(group, "objectLevel") or "",
        required=group.get("required") is True,
        values=tuple(
            (required_at(v, "id"), text_at(v, "label") or "", text_at(v, "internalName") or "")
            for v in values
        ),
    )


def is_for_bills(obj: object) -> bool:
    """Whether a custom property group may be set on bills; so it is where Light does not say."""
    group = object_of(obj, "custom property")
    kinds, statuses = group.get("objectTypes"), group.get("objectTypeStatuses")
    if isinstance(statuses, dict) and statuses.get("BILL") == "DELETED":
        return False
    return not isinstance(kinds, list) or not kinds or "BILL" in kinds


def page_from_json(obj: object) -> tuple[list[object], str | None]:
    """The records of one page of a list, and the cursor of the next, None on the last page.

    Raises WireProblem where there is more but no way to get it: half a list must not pass for one.
    """
    page = object_of(obj, "list")
    records = array_of(page.get("records"), "records")
    cursor = page.get("nextCursor")
    if isinstance(cursor, int) and not isinstance(cursor, bool):
        cursor = str(cursor)
    if cursor is not None and not isinstance(cursor, str):
        raise wrong("nextCursor", cursor)
    more = page.get("hasMore")
    if more is None:
        more = bool(cursor)
    if not isinstance(more, bool):
        raise wrong("hasMore", more)
    if more and not cursor:
        raise WireProblem("Light's list says that there is more, but not how to get it.")
    return records, cursor if more else None


def errors_from_json(body: object) -> tuple[ApiError, ...]:
    """What a refusal says.

    Reads ``{name, type, errors: [{type, message, path}]}`` and the gateway's ``{type, message}``.
    Anything else gives an empty tuple. Never raises.
    """
    if not isinstance(body, dict):
        return ()
    found: list[ApiError] = []
    listed = body.get("errors")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict):
            kind, message = _words(each.get("type")), _words(each.get("message"))
            if kind or message:
                found.append(ApiError(message or kind, _path(each.get("path")), kind))
    if found:
        return tuple(found)
    kind = _words(body.get("type"))
    message = _words(body.get("message")) or _words(body.get("name"))
    return (ApiError(message or kind, (), kind),) if message or kind else ()


def _words(value: object) -> str:
    return printable(value).strip() if isinstance(value, str) else ""


def _path(value: object) -> tuple[str, ...]:
    """``["lineItems", 0, "accountId"]`` and ``"lineItems[0].accountId"`` are the same path."""
    parts = value if isinstance(value, list) else [value]
    texts = [printable(str(p)) for p in parts if isinstance(p, str | int)]
    return tuple(token for text in texts for token in re.split(r"[.\[\]]+", text) if token)
