"""Request bodies: bills, line items, and the actions on a bill.

Pydantic models check every field by itself, and the ids against the company; what needs more than
one field is checked where all of them are right. Either way one ``RefusalError`` has every problem.
Source of the fields: the request models of the API description. Bank accounts, amortization
templates and purchase orders are not part of a sandbox: any UUID is taken for them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ValidationError, ValidationInfo, create_model

from importer.model import fields
from importer.sandbox.company_file import AccountRow, CompanyReference, Reference
from importer.sandbox.line_tax import line_money
from importer.sandbox.property_values import PropertyBody, read_properties
from importer.sandbox.refusals import Path, Problem, refusal
from importer.sandbox.wire_types import (
    JSON_TYPES,
    Cents,
    FilledText,
    JsonObject,
    Moment,
    RequestBody,
    Text,
    Uuid,
    field_error,
    problems_of,
)


def _reference_id(table: str, noun: str) -> Any:
    """The id of one of the company's records."""

    def check(record_id: str, info: ValidationInfo[CompanyReference]) -> str:
        record = getattr(info.context.reference, table).get(record_id)
        if record is None:
            raise field_error("NOT_FOUND", f"There is no {noun} with the id {record_id}.", 422)
        if isinstance(record, AccountRow) and record.status != "ACTIVE":
            message = f"Ledger account {record.code} is disabled."
            raise field_error("ACCOUNT_DISABLED", message, 422)
        return record_id

    return Annotated[Uuid, AfterValidator(check)]


REFERENCE_IDS = {
    "vendorId": _reference_id("vendors", "vendor"),
    "companyEntityId": _reference_id("entities", "company entity"),
    "taxCodeId": _reference_id("tax_codes", "tax code"),
    "accountId": _reference_id("accounts", "ledger account"),
}


def _nullable(table: Iterable[fields.Field]) -> dict[str, Any]:
    types = {each.name: REFERENCE_IDS.get(each.name, JSON_TYPES[each.kind]) for each in table}
    types["customProperties"] = list[PropertyBody]
    return {name: (wire_type | None, None) for name, wire_type in types.items()}


LineMetadata = create_model(
    "LineMetadata", __base__=RequestBody, type=Literal["REIMBURSEMENT", "VENDOR_INVOICE"]
)
LineBody = create_model("LineBody", __base__=RequestBody, **_nullable(fields.SENT_LINE_FIELDS))
ReplacedLineBody = create_model(
    "ReplacedLineBody", __base__=LineBody, metadata=(LineMetadata, None)
)
HeaderBody = create_model("HeaderBody", __base__=RequestBody, **_nullable(fields.SENT_BILL_FIELDS))
_ONLY_NEW: dict[str, Any] = {
    "processingMode": (Literal["DATA_ONLY", "AI_PARSE_AND_MERGE"], "DATA_ONLY"),
    "lineItems": (list.__class_getitem__(LineBody) | None, None),
}
NewBillBody = create_model("NewBillBody", __base__=HeaderBody, **_ONLY_NEW)
_ONLY_PATCHED: dict[str, Any] = {
    each.name: (JSON_TYPES[each.kind] | None, None) for each in fields.PATCHED_BILL_FIELDS
}
PatchedBillBody = create_model(
    "PatchedBillBody", __base__=HeaderBody, approvalNote=(Text | None, None), **_ONLY_PATCHED
)


class SubmitBody(RequestBody):
    close_purchase_order: bool | None = None


class NoteBody(RequestBody):
    note: Text | None = None


class CancelBody(RequestBody):
    reason: FilledText


class PaymentBody(RequestBody):
    amount: Cents
    bank_account_id: Uuid
    payment_at: Moment | None = None
    comment: Text | None = None
    payment_option: Literal["FULL", "PARTIAL"]


class DocumentBody(RequestBody):
    document_name: FilledText
    content_type: FilledText


def read_body(
    model: type[BaseModel], body: object, company: CompanyReference | None = None
) -> JsonObject:
    """The fields that the body has, clean, by their names in the API."""
    try:
        return model.model_validate(body, context=company).model_dump(
            by_alias=True, exclude_unset=True
        )
    except ValidationError as error:
        raise refusal(problems_of(error)) from None


# --- bills and line items -----------------------------------------------------------------------


def read_new_bill(body: object, company: CompanyReference) -> tuple[JsonObject, list[JsonObject]]:
    """The header and the lines of a bill to be created, as answers show them."""
    header = read_body(NewBillBody, body, company)
    items = header.pop("lineItems", None) or []
    header["lineItemsIncludeTax"] = include_tax = bool(header.get("lineItemsIncludeTax"))
    problems: list[Problem] = []
    header["customProperties"] = read_properties(
        header.get("customProperties"), "HEADER", company, (), problems
    )
    lines = [
        _complete_line(item, include_tax, company, ("lineItems", str(index)), problems)
        for index, item in enumerate(items)
    ]
    if lines and not problems:
        problems += _total_problems(header.get("amount"), lines)
    if header.get("processingMode") == "AI_PARSE_AND_MERGE":
        lines = [line | {"aiValueSuggestions": _suggestions(line, company)} for line in lines]
    if problems:
        raise refusal(problems)
    return _answer_names(header), lines


def _suggestions(line: JsonObject, company: CompanyReference) -> list[JsonObject]:
    """What a sandbox proposes for a line that lacks an account or a tax code: of each the same for
    the same description."""
    reference, out = company.reference, []
    accounts = [id for id, row in reference.accounts.items() if row.status == "ACTIVE"]
    for field, ids in (("accountId", accounts), ("taxCodeId", [*reference.tax_codes])):
        if line.get(field) is None and ids:
            words = str(line.get("description") or "")
            light_id = ids[zlib.crc32(words.encode()) % len(ids)]
            why = f"Lines such as '{words}' had it before."
            out.append({"field": field, "fieldValues": [light_id], "reasoning": why})
    return out


def read_bill_patch(
    body: object, bill: Mapping[str, Any], company: CompanyReference
) -> dict[str, object]:
    """The fields of a bill that a PATCH changes: null clears, what is absent stays."""
    changes = read_body(PatchedBillBody, body, company)
    if "lineItemsIncludeTax" in changes:
        changes["lineItemsIncludeTax"] = bool(changes["lineItemsIncludeTax"])
    if "customProperties" in changes:
        problems: list[Problem] = []
        items = changes["customProperties"] or []
        new = read_properties(items, "HEADER", company, (), problems)
        if problems:
            raise refusal(problems)
        # Each group in the request replaces its old values; the others stay. Null clears all.
        replaced = {item["groupId"] for item in items}
        old = bill["customProperties"] if items else []
        changes["customProperties"] = [p for p in old if p["groupId"] not in replaced] + new
    return _answer_names(changes)


def read_line(
    body: object, include_tax: bool, company: CompanyReference, replace: bool = False
) -> JsonObject:
    """One line item sent by itself; ``replace`` for PUT, whose model has ``metadata`` as well."""
    values = read_body(ReplacedLineBody if replace else LineBody, body, company)
    values.pop("metadata", None)
    problems: list[Problem] = []
    line = _complete_line(values, include_tax, company, (), problems)
    if problems:
        raise refusal(problems)
    return line


def _answer_names(values: JsonObject) -> JsonObject:
    """The fields by their names in answers, without those that no answer has."""
    names = {field.name: field.answer for field in fields.SENT_BILL_FIELDS}
    values.pop("processingMode", None)
    return {names.get(name, name): value for name, value in values.items()}


def _complete_line(
    values: JsonObject,
    include_tax: bool,
    company: CompanyReference,
    path: Path,
    problems: list[Problem],
) -> JsonObject:
    """The line with all its amounts and its properties as answers show them."""
    problems += _amortization_problems(values, path)
    properties = read_properties(values.get("customProperties"), "LINE", company, path, problems)
    tax_code = company.reference.tax_codes.get(values.get("taxCodeId") or "")
    points = None if tax_code is None else tax_code.basis_points
    amounts = line_money(values, include_tax, points, path, problems)
    return {**values, **amounts, "customProperties": properties}


def _amortization_problems(line: JsonObject, path: Path) -> list[Problem]:
    start, end = line.get("amortizationStartDate"), line.get("amortizationEndDate")
    if start and end and start > end:
        name, message = "amortizationEndDate", "Amortization ends before it starts."
    elif (start is None) != (end is None):
        name = "amortizationStartDate" if start is None else "amortizationEndDate"
        message = "Amortization needs both a start and an end date."
    else:
        return []
    return [Problem("AMORTIZATION_INVALID", message, (*path, name), 422)]


def _total_problems(amount: int | None, lines: list[JsonObject]) -> list[Problem]:
    gross = sum(line["amount"] for line in lines)
    if amount is None or gross == amount:
        return []
    message = f"The line items come to {gross}, the bill's amount is {amount} (cents)."
    return [Problem("TOTAL_MISMATCH", message, ("amount",), 422)]


def posting_problems(
    bill: Mapping[str, Any], lines: list[JsonObject], reference: Reference
) -> list[Problem]:
    """What a bill still lacks before it can go to approval or to the ledger."""
    problems = [
        Problem("REQUIRED", f"{name} is needed.", (name,), 422)
        for name in ("vendorId", "companyEntityId", "amount", "currency", "issuedDate")
        if bill[name] is None
    ]
    if not lines:
        problems.append(Problem("REQUIRED", "There are no line items.", ("lineItems",), 422))
    paths: list[Path] = [("lineItems", str(index)) for index in range(len(lines))]
    for path, line in zip(paths, lines, strict=True):
        if line["accountId"] is None:
            message = "The line has no ledger account."
            problems.append(Problem("REQUIRED", message, (*path, "accountId"), 422))
    of_bills = (g for g in reference.groups.values() if g.statuses.get("BILL") == "ACTIVE")
    for group in of_bills:
        owners: list[tuple[Path, Any]] = [((), bill)]
        if group.level == "LINE":
            owners = [*zip(paths, lines, strict=True)]
        for path, owner in owners if group.required else ():
            if not any(item["groupId"] == group.id for item in owner["customProperties"] or ()):
                message = f"'{group.label}' is required."
                problems.append(Problem("REQUIRED", message, (*path, "customProperties"), 422))
    return problems + (_total_problems(bill["amount"], lines) if lines else [])
