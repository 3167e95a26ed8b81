"""Whole request bodies: bills, line items, and the actions on a bill.

Each reader returns clean values, or raises one ``RefusalError`` with every problem of the request.
Source of the fields: the request models of the API description. Bank accounts, amortization
templates and purchase orders are not part of a sandbox: any UUID is taken for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from importer.sandbox import field_checks
from importer.sandbox.answers import JsonObject
from importer.sandbox.company_file import Reference
from importer.sandbox.line_tax import line_money
from importer.sandbox.property_values import read_properties, shown_properties
from importer.sandbox.refusals import Path, Problem, refusal

HEADER: Mapping[str, field_checks.Check] = {
    "vendorId": field_checks.uuid,
    "companyEntityId": field_checks.uuid,
    "invoiceNumber": field_checks.text,
    "amount": field_checks.cents,
    "currency": field_checks.currency,
    "description": field_checks.text,
    "issuedDate": field_checks.day,
    "dueDate": field_checks.day,
    "paymentAt": field_checks.moment,
    "senderBankAccountId": field_checks.uuid,
    "lineItemsIncludeTax": field_checks.boolean,
    "customProperties": field_checks.array,
    "localCurrencyFxRateOverride": field_checks.rate,
    "groupCurrencyFxRateOverride": field_checks.rate,
}
CREATE: Mapping[str, field_checks.Check] = {
    **HEADER,
    "processingMode": field_checks.one_of(("DATA_ONLY", "AI_PARSE_AND_MERGE")),
    "lineItems": field_checks.array,
}
PATCH: Mapping[str, field_checks.Check] = {
    **HEADER,
    "fiNumber": field_checks.text,
    "norKidReference": field_checks.text,
    "swissPaymentReference": field_checks.text,
    "approvalNote": field_checks.text,
    "purchaseOrderId": field_checks.uuid,
}
LINE: Mapping[str, field_checks.Check] = {
    "amount": field_checks.cents,
    "netAmount": field_checks.cents,
    "taxAmount": field_checks.cents,
    "description": field_checks.text,
    "taxCodeId": field_checks.uuid,
    "accountId": field_checks.uuid,
    "amortizationStartDate": field_checks.day,
    "amortizationEndDate": field_checks.day,
    "amortizationTemplateId": field_checks.uuid,
    "customProperties": field_checks.array,
}
MONEY = frozenset({"amount", "netAmount", "taxAmount", "taxCodeId"})
METADATA: Mapping[str, field_checks.Check] = {
    "type": field_checks.one_of(("REIMBURSEMENT", "VENDOR_INVOICE"))
}
_HEADER_PATH: Path = ()
FX_RATES = {
    "localCurrencyFxRateOverride": "localCurrencyFxRate",
    "groupCurrencyFxRateOverride": "groupCurrencyFxRate",
}


@dataclass(frozen=True)
class CompanyReference:
    """What bodies are checked against and shown with."""

    id: str
    created: str
    reference: Reference


def read_new_bill(body: object, company: CompanyReference) -> tuple[JsonObject, list[JsonObject]]:
    """The header and the lines of a bill to be created."""
    problems: list[Problem] = []
    fields = field_checks.read_fields(body, CREATE, (), problems, not_null=("processingMode",))
    header = _header(fields, company, problems)
    header["lineItemsIncludeTax"] = include_tax = bool(fields.get("lineItemsIncludeTax"))
    listed = fields.get("lineItems")
    lines = [
        _line(item, LINE, include_tax, company, ("lineItems", str(index)), problems)
        for index, item in enumerate(listed if isinstance(listed, list) else ())
    ]
    if lines and all(lines):
        _check_total(fields.get("amount"), lines, problems)
    if problems:
        raise refusal(problems)
    return header, lines


def read_bill_patch(
    body: object, bill: Mapping[str, object], company: CompanyReference
) -> dict[str, object]:
    """The fields of a bill that a PATCH changes: null clears, what is absent stays."""
    problems: list[Problem] = []
    fields = field_checks.read_fields(body, PATCH, (), problems)
    header = _header(fields, company, problems)
    if problems:
        raise refusal(problems)
    changes = {FX_RATES.get(name, name): value for name, value in fields.items()}
    if "lineItemsIncludeTax" in changes:
        changes["lineItemsIncludeTax"] = bool(changes["lineItemsIncludeTax"])
    asked = fields.get("customProperties")
    if isinstance(asked, list):
        # Each group in the request replaces its old values; the others stay.
        named = {str(item["groupId"]).lower() for item in asked}
        old = bill["customProperties"]
        stay = (
            [item for item in old if item["groupId"] not in named] if isinstance(old, list) else []
        )
        new = header["customProperties"]
        changes["customProperties"] = stay + (new if isinstance(new, list) else [])
    elif "customProperties" in fields:
        changes["customProperties"] = []
    return changes


def read_line(
    body: object, include_tax: bool, company: CompanyReference, replace: bool = False
) -> JsonObject:
    """One line item sent by itself; ``replace`` for PUT, whose model has ``metadata`` as well."""
    problems: list[Problem] = []
    known = {**LINE, "metadata": _metadata} if replace else LINE
    line = _line(body, known, include_tax, company, (), problems)
    if problems:
        raise refusal(problems)
    return line


def _metadata(value: object) -> object:
    problems: list[Problem] = []
    field_checks.read_fields(value, METADATA, (), problems)
    if problems:
        raise field_checks.CheckError(problems[0].type, problems[0].message)
    return value


def read_action(
    body: object, known: Mapping[str, field_checks.Check], required: Path = ()
) -> JsonObject:
    """The body of an action on a bill, such as ``{note}`` or ``{reason}``."""
    problems: list[Problem] = []
    fields = field_checks.read_fields(body, known, (), problems, required=required)
    if problems:
        raise refusal(problems)
    return fields


def _header(
    fields: Mapping[str, object], company: CompanyReference, problems: list[Problem]
) -> JsonObject:
    reference = company.reference
    _check_known(fields, "vendorId", reference.vendors, "vendor", (), problems)
    _check_known(fields, "companyEntityId", reference.entities, "company entity", (), problems)
    header = {name: fields.get(name) for name in HEADER}
    for sent, shown in FX_RATES.items():
        given = header.pop(sent)
        header[shown] = given
        if isinstance(given, (int, float)) and given <= 0:
            message = "An exchange rate must be greater than zero."
            problems.append(Problem("OUT_OF_RANGE", message, (sent,), 422))
    kept = read_properties(fields.get("customProperties"), "HEADER", reference.groups, (), problems)
    header["customProperties"] = (
        [] if problems else shown_properties(kept, reference.groups, company.id, company.created)
    )
    return header


def _line(
    body: object,
    known: Mapping[str, field_checks.Check],
    include_tax: bool,
    company: CompanyReference,
    path: Path,
    problems: list[Problem],
) -> JsonObject:
    reference = company.reference
    before = len(problems)
    fields = field_checks.read_fields(body, known, path, problems)
    depth = len(path)
    if any(len(problem.path) == depth for problem in problems[before:]):
        return {}  # not an object at all
    unreadable = {problem.path[depth] for problem in problems[before:]}
    _check_known(fields, "taxCodeId", reference.tax_codes, "tax code", path, problems)
    _check_known(fields, "accountId", reference.accounts, "ledger account", path, problems)
    account = reference.accounts.get(str(fields.get("accountId")))
    if account is not None and account.status != "ACTIVE":
        message = f"Ledger account {account.code} is disabled."
        problems.append(Problem("ACCOUNT_DISABLED", message, (*path, "accountId"), 422))
    code_id = fields.get("taxCodeId")
    if fields.get("taxAmount") is not None and code_id is None and "taxCodeId" not in unreadable:
        message = "A tax amount needs a tax code."
        problems.append(Problem("TAX_CODE_MISSING", message, (*path, "taxAmount"), 422))
    _check_amortization(fields, path, unreadable, problems)
    kept = read_properties(fields.get("customProperties"), "LINE", reference.groups, path, problems)
    shown = (
        [] if problems else shown_properties(kept, reference.groups, company.id, company.created)
    )
    tax_code = reference.tax_codes.get(str(code_id))
    if unreadable & MONEY or (code_id is not None and tax_code is None):
        return {}  # the amounts cannot be worked out: no guesses on top of the real problem
    points = None if tax_code is None else tax_code.basis_points
    money = line_money(fields, include_tax, points, path, problems)
    if money is None:
        return {}
    amounts = {"amount": money.gross, "netAmount": money.net, "taxAmount": money.tax}
    return {**fields, **amounts, "customProperties": shown}


def _check_known(
    fields: Mapping[str, object],
    name: str,
    known: Mapping[str, object],
    what: str,
    path: Path,
    problems: list[Problem],
) -> None:
    found = fields.get(name)
    if isinstance(found, str) and found not in known:
        message = f"There is no {what} with the id {found}."
        problems.append(Problem("NOT_FOUND", message, (*path, name), 422))


def _check_amortization(
    fields: Mapping[str, object], path: Path, unreadable: Set[str], problems: list[Problem]
) -> None:
    start, end = fields.get("amortizationStartDate"), fields.get("amortizationEndDate")
    if isinstance(start, str) and isinstance(end, str):
        if start > end:
            message = "Amortization ends before it starts."
            where = (*path, "amortizationEndDate")
            problems.append(Problem("AMORTIZATION_INVALID", message, where, 422))
    elif (start is None) != (end is None):
        message = "Amortization needs both a start and an end date."
        missing = "amortizationStartDate" if start is None else "amortizationEndDate"
        if missing in unreadable:
            return
        problems.append(Problem("AMORTIZATION_INVALID", message, (*path, missing), 422))


def _check_total(amount: object, lines: list[JsonObject], problems: list[Problem]) -> None:
    if isinstance(amount, int):
        gross = line_total(lines)
        if gross != amount:
            message = f"The line items come to {gross}, the bill's amount is {amount} (cents)."
            problems.append(Problem("TOTAL_MISMATCH", message, ("amount",), 422))


def line_total(lines: list[JsonObject]) -> int:
    """The gross of all lines, in cents."""
    return sum(value for line in lines if isinstance(value := line["amount"], int))


def missing_for_posting(
    bill: Mapping[str, object], lines: list[JsonObject], reference: Reference
) -> list[Problem]:
    """What a bill still lacks before it can go to approval or to the ledger."""
    problems = [
        Problem("REQUIRED", f"{name} is needed.", (name,), 422)
        for name in ("vendorId", "companyEntityId", "amount", "currency", "issuedDate")
        if bill[name] is None
    ]
    if not lines:
        problems.append(Problem("REQUIRED", "There are no line items.", ("lineItems",), 422))
    for index, line in enumerate(lines):
        if line["accountId"] is None:
            path = ("lineItems", str(index), "accountId")
            problems.append(Problem("REQUIRED", "The line has no ledger account.", path, 422))
    for group in reference.groups.values():
        holders = [(_HEADER_PATH, bill)] if group.level == "HEADER" else _with_paths(lines)
        for where, holder in holders if group.required else ():
            set_here = holder["customProperties"]
            if not any(item["groupId"] == group.id for item in _objects(set_here)):
                message = f"'{group.label}' is required."
                problems.append(Problem("REQUIRED", message, (*where, "customProperties"), 422))
    if lines:
        _check_total(bill["amount"], lines, problems)
    return problems


def _with_paths(lines: list[JsonObject]) -> list[tuple[Path, Mapping[str, object]]]:
    return [(("lineItems", str(index)), line) for index, line in enumerate(lines)]


def _objects(value: object) -> list[JsonObject]:
    return value if isinstance(value, list) else []
