"""Credit notes as Light's JSON, and Light's JSON as records.

In Light amounts of a credit note are positive, and each of a line says by ``dcSign`` on which side
of the ledger it is; here they are negative, as a ``Bill`` has them. Source: OpenAPI models
ExternalCreateCreditNoteRequestV1Model, ExternalCreditNoteV1Model,
ExternalAccountingDocumentWithAmountV1Model (a note of the list), and those of the links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from importer.core.errors import WireProblem
from importer.light.codec import Json, header_to_json, leniently, property_groups
from importer.light.json_values import (
    array_of,
    boolean_at,
    date_at,
    id_at,
    integer_at,
    moment_at,
    number_at,
    object_of,
    required_id_at,
    text_at,
    wrong,
)
from importer.model.bills import CREDIT, DEBIT, Bill, LineItem, line_values
from importer.model.light_objects import LightBill, LightLine, NoteLink

T = TypeVar("T")


def note_to_json(note: Bill) -> Json:
    """The body of ``POST /v1/credit-notes``, as ``bill_to_json``. Its amount is positive."""
    if note.vendor_id is None:
        raise ValueError(f"the vendor of credit note {note.index} has no id yet")
    values: Json = {
        "businessPartnerId": note.vendor_id,
        "companyEntityId": note.company_entity_id,
        "documentNumber": note.invoice_number,
        "documentDate": note.issued_date and note.issued_date.isoformat(),
        "currency": note.currency,
        "amount": -note.amount,
        "areLinesWithTax": note.include_tax,
        "description": note.description,
        "localCurrencyFxRateOverride": note.local_fx_rate and float(note.local_fx_rate),
        "groupCurrencyFxRateOverride": note.group_fx_rate and float(note.group_fx_rate),
    }
    if note.lines:
        values["lines"] = [note_line_to_json(note, line) for line in note.lines]
    return _filled(values) | property_groups(note.properties)


def note_line_to_json(note: Bill, line: LineItem) -> Json:
    """One line of a credit note: gross where its lines include tax, else net."""
    values = line_values(line, note.include_tax)
    return note_line_values_to_json(values, note.credit_sign) | property_groups(line.properties)


def note_line_values_to_json(values: Mapping[str, Any], credit_sign: str) -> Json:
    """A line by the names of its fields. A credit is on the side ``credit_sign``, what is charged
    on the other."""
    other = DEBIT if credit_sign == CREDIT else CREDIT

    def directed(name: str) -> Json | None:
        cents = values.get(name)
        if name == "taxAmount" and not cents and not values.get("taxCodeId"):
            return None
        sign = credit_sign if (cents or 0) <= 0 else other
        return None if cents is None else {"amount": abs(cents), "dcSign": sign}

    start, end = values.get("amortizationStartDate"), values.get("amortizationEndDate")
    body: Json = {wire: directed(name) for name, wire in NOTE_AMOUNTS.items()} | {
        "description": values.get("description"),
        "ledgerTaxId": values.get("taxCodeId"),
        "ledgerAccountId": values.get("accountId"),
        "accrualTemplateId": values.get("amortizationTemplateId"),
        "accrualStartDate": start and start.isoformat(),
        "accrualEndDate": end and end.isoformat(),
    }
    return _filled(body)


def note_header_to_json(values: Mapping[str, Any]) -> Json:
    """The body of ``PATCH /v1/credit-notes/{id}``: None clears, what is absent stays."""
    body = {_NOTE_NAMES.get(name, name): value for name, value in header_to_json(values).items()}
    if values.get("amount") is not None:
        body["amount"] = -values["amount"]
    return body


_NOTE_NAMES = {
    "vendorId": "businessPartnerId",
    "issuedDate": "documentDate",
    "lineItemsIncludeTax": "areLinesWithTax",
}


def _filled(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


NOTE_AMOUNTS = {
    "amount": "grossTransactionAmount",
    "netAmount": "netTransactionAmount",
    "taxAmount": "taxTransactionAmount",
}


# --- answers ----------------------------------------------------------------------------------


def note_from_json(obj: object) -> LightBill:
    """One credit note with its lines; its number is not in it. Raises WireProblem as
    ``bill_from_json``.

    Which side its lines are on follows from their sum, since the note as a whole is a credit.
    """
    note = object_of(obj, "credit note")
    amount = integer_at(note, "amount")
    lines = note.get("lines")
    items = None if lines is None else [object_of(x, "line") for x in array_of(lines, "lines")]
    side = _side_of([_directed_at(x, wire) for x in items or () for wire in _gross_or_net(x)])
    return LightBill(
        id=required_id_at(note, "id"),
        state=_status(note),
        amount=None if amount is None else -abs(amount),
        currency=text_at(note, "currency"),
        include_tax=boolean_at(note, "areLinesWithTax"),
        vendor_id=id_at(note, "businessPartnerId"),
        company_entity_id=id_at(note, "companyEntityId"),
        issued_date=date_at(note, "documentDate"),
        description=text_at(note, "description"),
        local_fx_rate=leniently(number_at, note, "localCurrencyFxRate"),
        group_fx_rate=leniently(number_at, note, "groupCurrencyFxRate"),
        created_at=leniently(moment_at, note, "createdAt"),
        lines=None if items is None else tuple(_note_line(x, side) for x in items),
        credit_note=True,
        credit_sign=side,
    )


def note_line_from_json(obj: object, credit_sign: str) -> LightLine:
    """One line by itself; ``credit_sign`` is that of its note. Raises as ``note_from_json``."""
    return _note_line(object_of(obj, "line"), credit_sign)


def note_document_from_json(obj: object) -> LightBill | None:
    """A credit note as the list of accounting documents has it, with its number and without lines;
    None for a document of another type."""
    return _document_from_json(obj, "CN")


def bill_document_from_json(obj: object) -> LightBill | None:
    """A bill as the list of accounting documents has it. Its id is that of the document, and Light
    does not say whether that is the id of the bill."""
    return _document_from_json(obj, "AP")


def _document_from_json(obj: object, kind: str) -> LightBill | None:
    document = object_of(obj, "accounting document")
    if text_at(document, "documentType") != kind:
        return None
    credit_note = kind == "CN"
    unreadable: list[str] = []

    def read(
        reader: Callable[[Mapping[str, object], str], T], name: str, attribute: str
    ) -> T | None:
        try:
            return reader(document, name)
        except WireProblem:
            unreadable.append(attribute)
            return None

    total = read(_directed_at, "totalTransactionAmount", "amount")
    return LightBill(
        id=required_id_at(document, "id"),
        state=_status(document),
        amount=None if total is None else abs(total[0]) * (-1 if credit_note else 1),
        currency=read(text_at, "currency", "currency"),
        vendor_id=read(id_at, "businessPartnerId", "vendor_id"),
        company_entity_id=read(id_at, "companyEntityId", "company_entity_id"),
        invoice_number=read(text_at, "documentNumber", "invoice_number"),
        issued_date=read(date_at, "documentDate", "issued_date"),
        description=read(text_at, "description", "description"),
        created_at=leniently(moment_at, document, "createdAt"),
        unreadable=tuple(unreadable),
        credit_note=credit_note,
    )


def note_link_from_json(obj: object) -> NoteLink:
    link = object_of(obj, "link of a credit note")
    note, bill = (object_of(link.get(name), name) for name in ("creditNote", "invoicePayable"))
    amount = integer_at(link, "amount")
    if amount is None:
        raise WireProblem("Light's link of a credit note has no amount.")
    return NoteLink(required_id_at(note, "id"), required_id_at(bill, "id"), amount)


def note_links_from_json(obj: object) -> tuple[NoteLink, ...]:
    return tuple(map(note_link_from_json, array_of(obj, "links of a credit note")))


def _status(obj: Mapping[str, object]) -> str:
    """Of a status that cannot be read as of none: nothing is concluded from it."""
    return leniently(text_at, obj, "status") or ""


def _gross_or_net(line: Mapping[str, object]) -> tuple[str, ...]:
    names = (NOTE_AMOUNTS["amount"], NOTE_AMOUNTS["netAmount"])
    return tuple(name for name in names if line.get(name) is not None)[:1]


def _directed_at(obj: Mapping[str, object], name: str) -> tuple[int, str] | None:
    """An amount in cents and its side, "" where it has none."""
    value = obj.get(name)
    if value is None:
        return None
    directed = object_of(value, name)
    amount = integer_at(directed, "amount")
    return None if amount is None else (amount, text_at(directed, "dcSign") or "")


def _side_of(amounts: Iterable[tuple[int, str] | None]) -> str:
    """The side on which more is; "" without sides."""
    sums = {CREDIT: 0, DEBIT: 0}
    for each in amounts:
        if each is not None and each[1] in sums:
            sums[each[1]] += each[0]
    if sums[CREDIT] == sums[DEBIT]:
        return ""
    return CREDIT if sums[CREDIT] > sums[DEBIT] else DEBIT


def _note_line(line: Mapping[str, object], side: str) -> LightLine:
    def cents(name: str) -> int | None:
        directed = _directed_at(line, NOTE_AMOUNTS[name])
        if directed is None:
            return None
        amount, sign = directed
        if amount and sign not in (CREDIT, DEBIT):
            raise wrong(f"{NOTE_AMOUNTS[name]}.dcSign", sign)
        return -amount if sign == (side or CREDIT) else amount

    return LightLine(
        id=required_id_at(line, "id"),
        bill_id=leniently(id_at, line, "creditNoteId"),
        amount=cents("amount"),
        net_amount=cents("netAmount"),
        tax_amount=cents("taxAmount"),
        description=text_at(line, "description"),
        tax_code_id=id_at(line, "ledgerTaxId"),
        account_id=id_at(line, "ledgerAccountId"),
        amortization_template_id=id_at(line, "accrualTemplateId"),
        amortization_start_date=leniently(date_at, line, "accrualStartDate"),
        amortization_end_date=leniently(date_at, line, "accrualEndDate"),
    )
