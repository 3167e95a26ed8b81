"""Credit notes, their lines and links, and accounting documents, as the API answers them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from importer.sandbox.answer_models import answer_model
from importer.sandbox.wire_types import Cents, Day, JsonObject, Moment, Text, Uuid

DirectedAnswer = answer_model("DirectedAnswer", {Cents: "amount", Text: "dcSign"})
NoteLineAnswer = answer_model(
    "NoteLineAnswer",
    {
        Uuid: """id companyId creditNoteId ledgerTaxId? ledgerAccountId? costCenterId?
            accrualTemplateId?""",
        Text: "description?",
        DirectedAnswer: "grossTransactionAmount netTransactionAmount taxTransactionAmount~",
        Day: "accrualStartDate? accrualEndDate?",
        int: "accrualDefaultDuration?",
        Moment: "createdAt updatedAt",
    },
)
NoteAnswer = answer_model(
    "NoteAnswer",
    {
        Uuid: "id companyId companyEntityId? businessPartnerId? updatedBy?",
        Cents: "amount?",
        Text: """businessPartnerName? status description? currency~ senderEmail? documentName?""",
        Day: "postingDate? documentDate? valuationDate?",
        bool: "areLinesWithTax",
        float: "localCurrencyFxRate? groupCurrencyFxRate?",
        NoteLineAnswer: "lines[]",
        Moment: "createdAt updatedAt",
    },
)
RelatedAnswer = answer_model(
    "RelatedAnswer",
    {
        Uuid: "id",
        Text: "documentNumber? status currency~",
        Day: "documentDate?",
        Cents: "amount?",
    },
)
LinkAnswer = answer_model(
    "LinkAnswer",
    {
        Uuid: "companyId",
        RelatedAnswer: "creditNote invoicePayable",
        Cents: "amount",
        Text: "currency",
        Moment: "createdAt updatedAt",
    },
)
DocumentAnswer = answer_model(
    "DocumentAnswer",
    {
        Uuid: "id companyId companyEntityId? businessPartnerId?",
        Text: """documentSequenceId? documentNumber? documentType status description?
            businessPartnerName? currency?""",
        Day: "documentDate?",
        bool: "areLinesWithTax",
        DirectedAnswer: "totalTransactionAmount~",
        float: "totalTransactionAmountInMajors?",
        Moment: "createdAt updatedAt",
    },
)


def note_json(note: Mapping[str, Any]) -> JsonObject:
    """The note with its lines; like Light's it does not show its number."""
    values = {name: note.get(name) for name in NoteAnswer.model_fields}
    return NoteAnswer.of(values | {"lines": [_line(line) for line in note["lines"]]})


def note_line_json(line: Mapping[str, Any]) -> JsonObject:
    return NoteLineAnswer.of(_line(line))


def _line(line: Mapping[str, Any]) -> JsonObject:
    return {name: line.get(name) for name in NoteLineAnswer.model_fields}


def link_json(
    link: Any, note: Mapping[str, Any], bill: Mapping[str, Any], company_id: str
) -> JsonObject:
    of_bill = {
        "documentNumber": bill["invoiceNumber"],
        "documentDate": bill["issuedDate"],
        "status": "POSTED",
    }
    return LinkAnswer.of(
        {
            "companyId": company_id,
            "creditNote": _related(note),
            "invoicePayable": _related({**bill, **of_bill}),
            "amount": link.amount,
            "currency": note["currency"],
            "createdAt": link.created_at,
            "updatedAt": link.updated_at,
        }
    )


def _related(document: Mapping[str, Any]) -> JsonObject:
    return {name: document[name] for name in RelatedAnswer.model_fields}


def document_json(row: Sequence[Any]) -> JsonObject:
    """A record of the list of accounting documents, of a note, a bill or a payment."""
    body = json.loads(row[0])
    document_type, number, day, partner, status = row[1:6]
    is_note = document_type == "CN"
    total = None
    if body["amount"] is not None:
        total = {"amount": abs(body["amount"]), "dcSign": "C" if document_type == "AP" else "D"}
    shown = {name: body[name] for name in DocumentAnswer.model_fields if name in body}
    return DocumentAnswer.of(
        shown,
        documentNumber=number,
        documentType=document_type,
        status=status,
        documentDate=day,
        areLinesWithTax=body["areLinesWithTax" if is_note else "lineItemsIncludeTax"],
        businessPartnerId=partner,
        createdAt=body["invoiceCreatedAt" if document_type == "AP" else "createdAt"],
        totalTransactionAmount=total,
        totalTransactionAmountInMajors=None if total is None else total["amount"] / 100,
    )
