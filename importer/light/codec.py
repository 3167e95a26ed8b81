"""Bills as Light's JSON, and Light's JSON as records.

Reading is tolerant where Light may grow (unknown states, missing keys, further keys) and strict
where a wrong guess costs money: a value of the wrong type raises WireProblem.

Source: OpenAPI models ExternalCreateInvoicePayableRequestV1Model, ExternalInvoicePayableV1Model
(one bill), ExternalBffInvoicePayableV1Model (a bill of the list).
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from importer.core.errors import WireProblem
from importer.light.error_bodies import errors_from_json
from importer.light.json_values import (
    array_of,
    boolean_at,
    date_at,
    id_at,
    integer_at,
    moment_at,
    number_at,
    object_of,
    printable,
    required_at,
    required_id_at,
    text_at,
    wrong,
)
from importer.model.bill_image import LineImage, Properties
from importer.model.bills import (
    Bill,
    LineItem,
    Property,
    bill_values,
    line_values,
)
from importer.model.fields import (
    DATA_ONLY,
    HEADER_FIELDS,
    SENT_BILL_FIELDS,
    SENT_LINE_FIELDS,
    Field,
    FieldKind,
    FieldUse,
)
from importer.model.light_objects import (
    AiSuggestion,
    LightBill,
    LightLine,
    LightProperty,
    UploadTarget,
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
    body = _present(SENT_BILL_FIELDS, bill_values(bill))
    body["processingMode"] = bill.processing_mode or DATA_ONLY
    if with_lines and bill.lines:
        body["lineItems"] = [
            line_to_json(line, include_tax=bill.include_tax) for line in bill.lines
        ]
    return body | property_groups(bill.properties)


def line_to_json(line: LineItem, *, include_tax: bool) -> Json:
    """One line item: ``amount`` where the bill's lines include tax, else ``netAmount``; cents."""
    values = line_values(line, include_tax)
    if not line.tax_amount and not line.tax_code_id:
        values["taxAmount"] = None  # Light takes no tax amount without a tax code, not even zero
    return _present(SENT_LINE_FIELDS, values) | property_groups(line.properties)


def header_to_json(values: Mapping[str, Any], properties: Properties | None = None) -> Json:
    """The body of ``PATCH /v1/invoice-payables/{id}``: None clears, what is absent stays.

    Custom properties go all together: Light may replace those that are not in the request.
    """
    body: Json = {
        field.name: _json_value(field, values[field.name])
        for field in HEADER_FIELDS
        if field.name in values
    }
    if properties is not None:
        body["customProperties"] = _groups(properties)
    return body


def line_image_to_json(line: LineImage) -> Json:
    """The whole line: ``PUT`` blanks what is absent."""
    values = {field.name: line.values.get(field.name) for field in SENT_LINE_FIELDS}
    if not values["taxAmount"] and not values["taxCodeId"]:
        values["taxAmount"] = None  # as in ``line_to_json``
    body = _present(SENT_LINE_FIELDS, values)
    if any(each.values for each in line.properties.values()):
        body["customProperties"] = _groups(line.properties)
    return body


def _groups(properties: Properties) -> list[Json]:
    return [
        {"groupId": group, "valueIds" if select else "inlineValues": list(values)}
        for group, (select, values) in properties.items()
    ]


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
        field.name: _json_value(field, values[field.name])
        for field in fields
        if values[field.name] is not None
    }


def _json_value(field: Field, value: Any) -> object:
    return _TO_JSON[field.kind](value) if field.kind in _TO_JSON and value is not None else value


_TO_JSON: Mapping[FieldKind, Callable[[Any], object]] = {
    FieldKind.DATE: date.isoformat,
    FieldKind.DATE_TIME: timestamp,
    FieldKind.RATE: float,  # its repr gives the digits back, up to 15
}


def property_groups(properties: Iterable[Property]) -> Json:
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

    Raises WireProblem for a bill without an id, and for values of the wrong type; of a listed bill
    these are ``unreadable``, so that one old bill does not hide all others.
    """
    bill = object_of(obj, "bill")
    lines = None if listed else bill.get("lineItems")
    unreadable: list[str] | None = [] if listed else None
    values = _values_from_json(bill, _HEADER, unreadable)
    nested = _nested_vendor(bill, unreadable)
    values["vendor_id"] = values["vendor_id"] or nested
    state = leniently(text_at, bill, "state")
    return LightBill(
        id=required_id_at(bill, "id"),
        state=state or "",
        failure_reason=leniently(text_at, bill, "failureReason"),
        created_at=leniently(moment_at, bill, "createdAt" if listed else "invoiceCreatedAt")
        or leniently(moment_at, bill, "invoiceCreatedAt" if listed else "createdAt"),
        lines=None
        if lines is None
        else tuple(line_from_json(x) for x in array_of(lines, "lineItems")),
        properties=leniently(light_properties, bill, "customProperties") or (),
        failures=errors_from_json(bill.get("failureContext")),
        outstanding=leniently(integer_at, bill, "outstandingBalance"),
        unreadable=tuple(unreadable or ()),
        creator=leniently(_user_name, bill, "user") or "",
        document_name=leniently(text_at, bill, "documentName"),
        **values,
    )


def _nested_vendor(bill: Mapping[str, object], unreadable: list[str] | None) -> str | None:
    vendor = bill.get("vendor")
    try:
        return None if vendor is None else id_at(object_of(vendor, "vendor"), "vendorId")
    except WireProblem:
        if unreadable is None:
            raise
        unreadable.append("vendor_id")
        return None


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
        id=required_id_at(line, "id"),
        bill_id=leniently(id_at, line, "invoicePayableId"),
        properties=leniently(light_properties, line, "customProperties") or (),
        type=leniently(text_at, line, "type"),
        metadata=_metadata(line.get("metadata")),
        should_amortize=leniently(boolean_at, line, "shouldAmortize"),
        amortization_schedule_id=leniently(id_at, line, "amortizationScheduleId"),
        cost_center_id=leniently(id_at, line, "costCenterId"),
        created_at=leniently(moment_at, line, "createdAt"),
        updated_at=leniently(moment_at, line, "updatedAt"),
        suggestions=leniently(_suggestions, line, "aiValueSuggestions") or (),
        **_values_from_json(line, _LINE),
    )


def _suggestions(line: Mapping[str, object], name: str) -> tuple[AiSuggestion, ...]:
    """Those with a field and a value; a list of other things makes a WireProblem."""
    out = []
    for each in array_of(line.get(name) or [], name):
        stated = object_of(each, name)
        values = array_of(stated.get("fieldValues") or [], "fieldValues")
        texts = tuple(printable(value) for value in values if isinstance(value, str) and value)
        if (field := text_at(stated, "field")) and texts:
            out.append(AiSuggestion(field, texts, text_at(stated, "reasoning") or ""))
    return tuple(out)


def _metadata(value: object) -> str | None:
    """As JSON; of a long text its beginning, as a string."""
    if value is None:
        return None
    text = printable(jsonlib.dumps(value, ensure_ascii=False))
    return text if len(text) <= 500 else jsonlib.dumps(f"{text[:500]} …", ensure_ascii=False)


_FROM_JSON: Mapping[FieldKind, Callable[[Mapping[str, object], str], object]] = {
    FieldKind.UUID: id_at,
    FieldKind.CENTS: integer_at,
    FieldKind.DATE: date_at,
    FieldKind.DATE_TIME: moment_at,
    FieldKind.BOOLEAN: boolean_at,
    FieldKind.RATE: number_at,
}


_Reading = tuple[str, str, Callable[[Mapping[str, object], str], object], bool]


def _readings(fields: Iterable[Field]) -> tuple[_Reading, ...]:
    """By attribute: its name in the answer, how it is read, and whether bills are matched by it."""
    return tuple(
        (f.attribute, f.answer, _FROM_JSON.get(f.kind, text_at), f.use is FieldUse.MATCHED)
        for f in fields
    )


_HEADER, _LINE = _readings(HEADER_FIELDS), _readings(SENT_LINE_FIELDS)


def _values_from_json(
    obj: Mapping[str, object], readings: Iterable[_Reading], unreadable: list[str] | None = None
) -> dict[str, Any]:
    """By attribute. A field that bills are matched by and that cannot be read is added to
    ``unreadable``; without it WireProblem is raised."""
    values: dict[str, Any] = {}
    for attribute, name, read, matched in readings:
        try:
            values[attribute] = None if obj.get(name) is None else read(obj, name)
        except WireProblem:
            if matched and unreadable is None:
                raise
            if matched and unreadable is not None:
                unreadable.append(attribute)
            values[attribute] = None
    return values


def _user_name(obj: Mapping[str, object], name: str) -> str:
    user = object_of(obj.get(name) or {}, name)
    names = (text_at(user, "userFirstName"), text_at(user, "userLastName"))
    return " ".join(filter(None, names))


def leniently(
    read: Callable[[Mapping[str, object], str], T], obj: Mapping[str, object], name: str
) -> T | None:
    """A value that no creation depends on: None where it cannot be understood."""
    try:
        return None if obj.get(name) is None else read(obj, name)
    except WireProblem:
        return None


def light_properties(obj: Mapping[str, object], name: str) -> tuple[LightProperty, ...]:
    groups = [object_of(each, name) for each in array_of(obj.get(name) or [], name)]
    return tuple(
        LightProperty(
            required_id_at(group, "groupId"),
            text_at(group, "groupInternalName") or "",
            tuple(
                (
                    id_at(v, "id") or "",
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
