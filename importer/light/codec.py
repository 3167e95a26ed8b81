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
from typing import Any, TypeVar

from importer.core.answers import ApiError
from importer.core.errors import WireProblem
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
from importer.model.bills import Bill, LineItem, Property, bill_values, line_values
from importer.model.fields import (
    SENT_BILL_FIELDS,
    SENT_LINE_FIELDS,
    Field,
    FieldKind,
    FieldUse,
)
from importer.model.light_objects import (
    Account,
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

# --- requests ---------------------------------------------------------------------------------


def bill_to_json(bill: Bill, *, with_lines: bool = True) -> Json:
    """The body of ``POST /v1/invoice-payables``; what is None is left out.

    The lines are inline, or all omitted. Raises ValueError where the vendor or a custom
    property has no id yet: names are never sent.
    """
    if bill.vendor_id is None:
        raise ValueError(f"the vendor of bill {bill.index} has no id yet")
    body = _present(SENT_BILL_FIELDS, bill_values(bill)) | {"processingMode": "DATA_ONLY"}
    if with_lines and bill.lines:
        body["lineItems"] = [
            line_to_json(line, include_tax=bill.include_tax) for line in bill.lines
        ]
    return body | _properties(bill.properties)


def line_to_json(line: LineItem, *, include_tax: bool) -> Json:
    """One line item: ``amount`` where the bill's lines include tax, else ``netAmount``; cents."""
    values = line_values(line, include_tax)
    if not line.tax_amount and not line.tax_code_id:
        values["taxAmount"] = None  # Light takes no tax amount without a tax code, not even zero
    return _present(SENT_LINE_FIELDS, values) | _properties(line.properties)


def payment_to_json(bill: Bill) -> Json:
    """The body of ``…/mark-as-paid``: all that is outstanding, with the bill's amount in cents.

    FULL, so that the same payment sent twice cannot be recorded twice.
    """
    if bill.paid_from_bank_account_id is None or bill.payment_at is None:
        raise ValueError(f"bill {bill.index} does not say when and from where it was paid")
    return {
        "amount": bill.amount,
        "bankAccountId": bill.paid_from_bank_account_id,
        "paymentAt": timestamp(bill.payment_at),
        "paymentOption": "FULL",
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z``; a time without a zone is UTC already."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _present(fields: Iterable[Field], values: Mapping[str, Any]) -> Json:
    return {
        field.name: _TO_JSON.get(field.kind, _unchanged)(values[field.name])
        for field in fields
        if values[field.name] is not None
    }


def _unchanged(value: object) -> object:
    return value


_TO_JSON: Mapping[FieldKind, Callable[[Any], object]] = {
    FieldKind.DATE: date.isoformat,
    FieldKind.DATE_TIME: timestamp,
    FieldKind.RATE: float,  # its repr gives the digits back, up to 15
}


def _properties(properties: Iterable[Property]) -> Json:
    groups: list[Json] = []
    for each in properties:
        if each.group_id is None:
            raise ValueError(f"the custom property {each.name!r} has no id yet")
        if each.value_ids:
            groups.append({"groupId": each.group_id, "valueIds": list(each.value_ids)})
        elif each.inline_values:
            groups.append({"groupId": each.group_id, "inlineValues": list(each.inline_values)})
    return {"customProperties": groups} if groups else {}


# --- answers ----------------------------------------------------------------------------------


def bill_from_json(obj: object, *, listed: bool) -> LightBill:
    """One bill. ``listed``: from the list, which nests the vendor and leaves out the lines.

    Raises WireProblem for a bill without an id and for values of the wrong type.
    """
    bill = object_of(obj, "bill")
    vendor = bill.get("vendor")
    nested = text_at(object_of(vendor, "vendor"), "vendorId") if vendor is not None else None
    lines = None if listed else bill.get("lineItems")
    values = _values_from_json(bill, SENT_BILL_FIELDS)
    values["vendor_id"] = values["vendor_id"] or nested
    return LightBill(
        id=required_at(bill, "id"),
        state=text_at(bill, "state") or "",
        failure_reason=text_at(bill, "failureReason"),
        created_at=moment_at(bill, "createdAt" if listed else "invoiceCreatedAt")
        or moment_at(bill, "invoiceCreatedAt" if listed else "createdAt"),
        lines=None
        if lines is None
        else tuple(line_from_json(x) for x in array_of(lines, "lineItems")),
        properties=_leniently(_light_properties, bill, "customProperties") or (),
        failures=errors_from_json(bill.get("failureContext")),
        outstanding=integer_at(bill, "outstandingBalance"),
        **values,
    )


def upload_target_from_json(obj: object) -> UploadTarget:
    answer = object_of(obj, "upload address")
    headers = answer.get("headers")
    fields = {} if headers is None else object_of(headers, "headers")
    return UploadTarget(
        required_at(answer, "uploadUrl"),
        tuple((name, required_at(fields, name)) for name in fields),
    )


def line_from_json(obj: object) -> LightLine:
    line = object_of(obj, "line item")
    return LightLine(
        id=required_at(line, "id"),
        properties=_leniently(_light_properties, line, "customProperties") or (),
        **_values_from_json(line, SENT_LINE_FIELDS),
    )


_FROM_JSON: Mapping[FieldKind, Callable[[Mapping[str, object], str], object]] = {
    FieldKind.CENTS: integer_at,
    FieldKind.DATE: date_at,
    FieldKind.DATE_TIME: moment_at,
    FieldKind.BOOLEAN: boolean_at,
    FieldKind.RATE: number_at,
}


def _values_from_json(obj: Mapping[str, object], fields: Iterable[Field]) -> dict[str, Any]:
    """By attribute. Raises WireProblem where a field that bills are matched by is unreadable."""
    values = {}
    for field in fields:
        read = _FROM_JSON.get(field.kind, text_at)
        strict = field.use is FieldUse.MATCHED
        answer = field.answer
        values[field.attribute] = read(obj, answer) if strict else _leniently(read, obj, answer)
    return values


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
    """Whether a custom property group may be set on bills; true unless Light states otherwise."""
    group = object_of(obj, "custom property")
    kinds, statuses = group.get("objectTypes"), group.get("objectTypeStatuses")
    if isinstance(statuses, dict) and statuses.get("BILL") == "DELETED":
        return False
    return not isinstance(kinds, list) or not kinds or "BILL" in kinds


def page_from_json(obj: object) -> tuple[list[object], str | None]:
    """The records of one page of a list, and the cursor of the next, None on the last page.

    Raises WireProblem where there is a next page but no cursor: a part must not pass for the list.
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
    """The errors of a refusal.

    Reads ``{name, type, errors: [{type, message, path}]}`` and the gateway's ``{type, message}``.
    Anything else gives an empty tuple. Never raises.
    """
    if not isinstance(body, dict):
        return ()
    errors: list[ApiError] = []
    listed = body.get("errors")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict):
            kind, message = _words(each.get("type")), _words(each.get("message"))
            if kind or message:
                errors.append(ApiError(message or kind, _path(each.get("path")), kind))
    if errors:
        return tuple(errors)
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
