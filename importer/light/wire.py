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

from importer.light.problems import WireProblem
from importer.records import (
    Account,
    ApiError,
    Bill,
    Company,
    Entity,
    LightBill,
    LightLine,
    LightProperty,
    LineItem,
    Property,
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
    bill = _object(obj, "bill")
    vendor = bill.get("vendor")
    nested = _text(_object(vendor, "vendor"), "vendorId") if vendor is not None else None
    lines = None if listed else bill.get("lineItems")
    return LightBill(
        id=_required(bill, "id"),
        vendor_id=_text(bill, "vendorId") or nested,
        company_entity_id=_text(bill, "companyEntityId"),
        invoice_number=_text(bill, "invoiceNumber"),
        amount=_integer(bill, "amount"),
        currency=_text(bill, "currency"),
        issued=_date(bill, "issuedDate"),
        due=_date(bill, "dueDate"),
        description=_text(bill, "description"),
        state=_text(bill, "state") or "",
        failure_reason=_text(bill, "failureReason"),
        created_at=_moment(bill, "createdAt" if listed else "invoiceCreatedAt")
        or _moment(bill, "invoiceCreatedAt" if listed else "createdAt"),
        lines=None
        if lines is None
        else tuple(line_from_json(x) for x in _array(lines, "lineItems")),
        payment_at=_leniently(_moment, bill, "paymentAt"),
        include_tax=_leniently(_boolean, bill, "lineItemsIncludeTax"),
        sender_bank_account_id=_leniently(_text, bill, "senderBankAccountId"),
        local_fx_rate=_leniently(_number, bill, "localCurrencyFxRate"),
        group_fx_rate=_leniently(_number, bill, "groupCurrencyFxRate"),
        properties=_leniently(_light_properties, bill, "customProperties") or (),
        failures=errors_from_json(bill.get("failureContext")),
        outstanding=_integer(bill, "outstandingBalance"),
    )


def upload_target_from_json(obj: object) -> UploadTarget:
    answer = _object(obj, "upload address")
    headers = answer.get("headers")
    told = {} if headers is None else _object(headers, "headers")
    return UploadTarget(
        _required(answer, "uploadUrl"),
        tuple((name, _required(told, name)) for name in told),
    )


def line_from_json(obj: object) -> LightLine:
    line = _object(obj, "line item")
    return LightLine(
        id=_required(line, "id"),
        amount=_integer(line, "amount"),
        net_amount=_integer(line, "netAmount"),
        tax_amount=_integer(line, "taxAmount"),
        description=_text(line, "description"),
        tax_code_id=_text(line, "taxCodeId"),
        account_id=_text(line, "accountId"),
        amortization_start=_leniently(_date, line, "amortizationStartDate"),
        amortization_end=_leniently(_date, line, "amortizationEndDate"),
        amortization_template_id=_leniently(_text, line, "amortizationTemplateId"),
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
    groups = [_object(each, name) for each in _array(obj.get(name) or [], name)]
    return tuple(
        LightProperty(
            _required(group, "groupId"),
            _text(group, "groupInternalName") or "",
            tuple(
                (_text(v, "id") or "", _text(v, "label") or "", _text(v, "internalName") or "")
                for v in (_object(x, "values") for x in _array(group.get("values") or [], "values"))
            ),
        )
        for group in groups
    )


def vendor_from_json(obj: object) -> Vendor:
    vendor = _object(obj, "vendor")
    default = vendor.get("defaultCompanyEntity")
    return Vendor(
        id=_required(vendor, "vendorId"),
        name=_text(vendor, "name") or "",
        identifier=_text(vendor, "identifier"),
        vat_id=_text(vendor, "vatId"),
        status=_text(vendor, "status"),
        tax_code_id=None
        if default is None
        else _text(_object(default, "defaultCompanyEntity"), "taxCodeId"),
    )


def account_from_json(obj: object) -> Account:
    """A ledger account; its integer ``code`` becomes text."""
    account = _object(obj, "ledger account")
    code = account.get("code")
    if isinstance(code, str):
        number: int | str | None = code
    else:
        number = _integer(account, "code")
    return Account(
        id=_required(account, "id"),
        code="" if number is None else str(number),
        label=_text(account, "label") or "",
        status=_text(account, "status"),
    )


def entity_from_json(obj: object) -> Entity:
    entity = _object(obj, "entity")
    return Entity(
        id=_required(entity, "id"),
        code=_text(entity, "code") or "",
        name=_text(entity, "displayName") or _text(entity, "name") or "",
        currency=_text(entity, "localCurrency"),
        legal_name=_text(entity, "name"),
        status=_text(entity, "status"),
    )


def company_from_json(obj: object) -> Company:
    company = _object(obj, "company")
    return Company(
        id=_required(company, "id"),
        name=_text(company, "name") or "",
        currency=_text(company, "baseCurrency"),
    )


def property_group_from_json(obj: object) -> PropertyGroup:
    group = _object(obj, "custom property")
    values = [_object(v, "value") for v in _array(group.get("values") or [], "values")]
    return PropertyGroup(
        id=_required(group, "id"),
        label=_text(group, "label") or "",
        internal_name=_text(group, "internalName") or "",
        input_type=_text(group, "inputType") or "",
        level=_text(group, "objectLevel") or "",
        required=group.get("required") is True,
        values=tuple(
            (_required(v, "id"), _text(v, "label") or "", _text(v, "internalName") or "")
            for v in values
        ),
    )


def is_for_bills(obj: object) -> bool:
    """Whether a custom property group may be set on bills; so it is where Light does not say."""
    group = _object(obj, "custom property")
    kinds, statuses = group.get("objectTypes"), group.get("objectTypeStatuses")
    if isinstance(statuses, dict) and statuses.get("BILL") == "DELETED":
        return False
    return not isinstance(kinds, list) or not kinds or "BILL" in kinds


def page_from_json(obj: object) -> tuple[list[object], str | None]:
    """The records of one page of a list, and the cursor of the next, None on the last page.

    Raises WireProblem where there is more but no way to get it: half a list must not pass for one.
    """
    page = _object(obj, "list")
    records = _array(page.get("records"), "records")
    cursor = page.get("nextCursor")
    if isinstance(cursor, int) and not isinstance(cursor, bool):
        cursor = str(cursor)
    if cursor is not None and not isinstance(cursor, str):
        raise _wrong("nextCursor", cursor)
    more = page.get("hasMore")
    if more is None:
        more = bool(cursor)
    if not isinstance(more, bool):
        raise _wrong("hasMore", more)
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
    return _printable(value).strip() if isinstance(value, str) else ""


def _path(value: object) -> tuple[str, ...]:
    """``["lineItems", 0, "accountId"]`` and ``"lineItems[0].accountId"`` are the same path."""
    parts = value if isinstance(value, list) else [value]
    texts = [_printable(str(p)) for p in parts if isinstance(p, str | int)]
    return tuple(token for text in texts for token in re.split(r"[.\[\]]+", text) if token)


# --- single values ----------------------------------------------------------------------------


def _wrong(name: str, value: object) -> WireProblem:
    return WireProblem(
        f"Light's answer cannot be understood: {name} is {type(value).__name__} {value!r:.80}."
    )


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong(name, value)
    return value


def _array(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise _wrong(name, value)
    return value


def _text(obj: Mapping[str, object], name: str) -> str | None:
    value = obj.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(name, value)
    return _printable(value)


def _required(obj: Mapping[str, object], name: str) -> str:
    value = _text(obj, name)
    if not value:
        raise WireProblem(f"Light's answer cannot be understood: {name} is missing.")
    return value


def _printable(text: str) -> str:
    # JSON can escape half a character (a lone surrogate), which no file or database takes.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _integer(obj: Mapping[str, object], name: str) -> int | None:
    value = obj.get(name)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _wrong(name, value)


def _boolean(obj: Mapping[str, object], name: str) -> bool | None:
    value = obj.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(name, value)


def _number(obj: Mapping[str, object], name: str) -> Decimal | None:
    value = obj.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    raise _wrong(name, value)


def _date(obj: Mapping[str, object], name: str) -> date | None:
    value = _text(obj, name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise _wrong(name, value) from None


def _moment(obj: Mapping[str, object], name: str) -> datetime | None:
    """A time as UTC."""
    value = _text(obj, name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(name, value) from None
