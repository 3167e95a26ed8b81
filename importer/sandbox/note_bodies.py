"""Request bodies of credit notes and of their lines.

Source: ``ExternalCreateCreditNoteRequestV1Model`` and its kin in the API description. An amount of
a line is positive and says by ``dcSign`` which way it goes; the lines must come to the note's
amount, whichever way that is written. What is not described is as strict as for bills.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import create_model

from importer.sandbox.company_file import CompanyReference
from importer.sandbox.line_tax import line_money
from importer.sandbox.property_values import PropertyBody, read_properties
from importer.sandbox.refusals import Path, Problem, refusal
from importer.sandbox.request_bodies import REFERENCE_IDS, read_body
from importer.sandbox.wire_types import (
    Cents,
    Currency,
    Day,
    JsonObject,
    Rate,
    RequestBody,
    Text,
    Uuid,
)

Vendor, CompanyEntity = REFERENCE_IDS["vendorId"], REFERENCE_IDS["companyEntityId"]
TaxCode, LedgerAccount = REFERENCE_IDS["taxCodeId"], REFERENCE_IDS["accountId"]
# The amounts of a line by the names that those of a bill have.
AMOUNTS = {
    "amount": "grossTransactionAmount",
    "netAmount": "netTransactionAmount",
    "taxAmount": "taxTransactionAmount",
}
_SIGNS = {"C": 1, "D": -1}


class DirectedAmount(RequestBody):
    amount: Cents
    dc_sign: Literal["D", "C"]


class NoteLineBody(RequestBody):
    net_transaction_amount: DirectedAmount | None = None
    gross_transaction_amount: DirectedAmount | None = None
    tax_transaction_amount: DirectedAmount | None = None
    description: Text | None = None
    ledger_tax_id: TaxCode | None = None  # type: ignore[valid-type]
    ledger_account_id: LedgerAccount | None = None  # type: ignore[valid-type]
    custom_properties: list[PropertyBody] | None = None
    accrual_template_id: Uuid | None = None
    accrual_start_date: Day | None = None
    accrual_end_date: Day | None = None


_NOTE_TYPES: dict[str, Any] = {
    "companyEntityId": CompanyEntity,
    "businessPartnerId": Vendor,
    "description": Text,
    "amount": Cents,
    "documentNumber": Text,
    "customProperties": list[PropertyBody],
    "localCurrencyFxRateOverride": Rate,
    "groupCurrencyFxRateOverride": Rate,
}
# What a new note may leave out, but not give as null.
_BASIS_TYPES: dict[str, Any] = {"currency": Currency, "documentDate": Day, "areLinesWithTax": bool}
_NULLABLE: dict[str, Any] = {name: (each | None, None) for name, each in _NOTE_TYPES.items()}
_NEW_BASIS: dict[str, Any] = {name: (each, None) for name, each in _BASIS_TYPES.items()}
_CHANGED_BASIS: dict[str, Any] = {name: (each | None, None) for name, each in _BASIS_TYPES.items()}
NewNoteBody = create_model(
    "NewNoteBody",
    __base__=RequestBody,
    **_NULLABLE,
    **_NEW_BASIS,
    lines=(list[NoteLineBody], []),
)
PatchedNoteBody = create_model(
    "PatchedNoteBody",
    __base__=RequestBody,
    **_NULLABLE,
    **_CHANGED_BASIS,
)


class LinkBody(RequestBody):
    amount: Cents


def read_new_note(body: object, company: CompanyReference) -> JsonObject:
    """The note as it is kept, with its ``lines`` complete; its amount is what these come to where
    it states none."""
    note = read_body(NewNoteBody, body, company)
    with_tax = note.setdefault("areLinesWithTax", False)
    problems = _amount_problems(note)
    note["customProperties"] = read_properties(
        note.get("customProperties"), "HEADER", company, (), problems
    )
    lines = [
        _complete_line(line, with_tax, company, ("lines", str(i)), problems)
        for i, line in enumerate(note.get("lines") or [])
    ]
    if lines and not problems:
        problems += total_problems(note.get("amount"), lines)
    if problems:
        raise refusal(problems)
    if note.get("amount") is None and lines:
        note["amount"] = total_of(lines)
    return note | {"lines": lines}


def read_note_patch(body: object, company: CompanyReference) -> JsonObject:
    """What a PATCH changes: null clears, what is absent stays."""
    changes = read_body(PatchedNoteBody, body, company)
    problems = _amount_problems(changes)
    if "customProperties" in changes:
        changes["customProperties"] = read_properties(
            changes["customProperties"], "HEADER", company, (), problems
        )
    if problems:
        raise refusal(problems)
    return changes


def read_note_line(
    body: object, with_tax: bool, company: CompanyReference, old: JsonObject | None = None
) -> JsonObject:
    """A line by itself; of a PATCH the ``old`` one with what the body changes."""
    values = read_body(NoteLineBody, body, company)
    if old is not None:
        shown = set(values) & set(AMOUNTS.values())
        stored = {name: value for name, value in old.items() if name in _LINE_FIELDS}
        if shown:  # the others follow from those that are given
            stored = {name: value for name, value in stored.items() if name not in AMOUNTS.values()}
        properties = old.get("customProperties")
        values = stored | values
    problems: list[Problem] = []
    line = _complete_line(values, with_tax, company, (), problems)
    if problems:
        raise refusal(problems)
    if old is not None and "customProperties" not in values:
        line["customProperties"] = properties
    return line


_LINE_FIELDS = frozenset(str(field.alias) for field in NoteLineBody.model_fields.values()) - {
    "customProperties"
}


def total_of(lines: list[JsonObject]) -> int:
    """What the lines of a note come to, in cents."""
    return abs(sum(_signed(line, "amount") or 0 for line in lines))


def total_problems(amount: int | None, lines: list[JsonObject]) -> list[Problem]:
    total = total_of(lines)
    if amount is None or total == amount:
        return []
    message = f"The lines come to {total}, the credit note's amount is {amount} (cents)."
    return [Problem("TOTAL_MISMATCH", message, ("amount",), 422)]


def posting_problems(note: Mapping[str, Any]) -> list[Problem]:
    """What a note lacks before it can go to the ledger."""
    names = ("companyEntityId", "businessPartnerId", "currency", "documentDate")
    problems = [
        Problem("REQUIRED", f"{name} is needed.", (name,), 422) for name in names if not note[name]
    ]
    if not note["lines"]:
        problems.append(Problem("REQUIRED", "There are no lines.", ("lines",), 422))
    for i, line in enumerate(note["lines"]):
        if line["ledgerAccountId"] is None:
            path = ("lines", str(i), "ledgerAccountId")
            problems.append(Problem("REQUIRED", "The line has no ledger account.", path, 422))
    return problems + (total_problems(note["amount"], note["lines"]) if note["lines"] else [])


def _amount_problems(note: JsonObject) -> list[Problem]:
    if (note.get("amount") or 0) >= 0:
        return []
    message = "The amount of a credit note is not negative."
    return [Problem("OUT_OF_RANGE", message, ("amount",), 422)]


def _signed(line: Mapping[str, Any], name: str) -> int | None:
    directed = line.get(AMOUNTS[name])
    return None if directed is None else _SIGNS[directed["dcSign"]] * directed["amount"]


def _complete_line(
    values: JsonObject,
    with_tax: bool,
    company: CompanyReference,
    path: Path,
    problems: list[Problem],
) -> JsonObject:
    """The line with all its amounts, and its properties as answers show them."""
    properties = read_properties(values.get("customProperties"), "LINE", company, path, problems)
    line_problems: list[Problem] = []
    for wire in AMOUNTS.values():
        directed = values.get(wire)
        if directed is not None and directed["amount"] < 0:
            message = "dcSign says which way an amount goes; it is not negative."
            line_problems.append(Problem("OUT_OF_RANGE", message, (*path, wire, "amount"), 422))
    start, end = values.get("accrualStartDate"), values.get("accrualEndDate")
    if (start is None) != (end is None) or (start and end and start > end):
        message = "An accrual needs a start and an end date, in this order."
        line_problems.append(Problem("ACCRUAL_INVALID", message, (*path, "accrualEndDate"), 422))
    tax_code = company.reference.tax_codes.get(values.get("ledgerTaxId") or "")
    points = None if tax_code is None else tax_code.basis_points
    signed = {name: _signed(values, name) for name in AMOUNTS}
    money_problems: list[Problem] = []
    amounts = line_money(signed, with_tax, points, path, money_problems)
    line_problems += [
        Problem(p.type, p.message, (*path, AMOUNTS[p.path[-1]]), p.status) for p in money_problems
    ]
    problems += line_problems
    directed_amounts = {AMOUNTS[name]: _directed(cents) for name, cents in amounts.items()}
    return {**values, **directed_amounts, "customProperties": properties}


def _directed(cents: int | None) -> JsonObject | None:
    return None if cents is None else {"amount": abs(cents), "dcSign": "D" if cents < 0 else "C"}
