"""The ledger in the sandbox's database: a row a line, written when a document is posted or paid."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from importer.sandbox.company_file import CompanyReference
from importer.sandbox.ledger_booking import (
    BookedDocument,
    bill_lines,
    note_lines,
    payment_lines,
)
from importer.sandbox.store import Store
from importer.sandbox.store_tables import LEDGER_LINES, PAYMENTS, table_row
from importer.sandbox.wire_types import JsonObject

# By the kind of a document: what its fields are called, and its lines in the ledger.
_KINDS: Mapping[str, tuple[str, str, str, Callable[..., list[JsonObject]]]] = {
    "AP": ("vendorId", "issuedDate", "invoiceNumber", bill_lines),
    "CN": ("businessPartnerId", "documentDate", "documentNumber", note_lines),
}


def book(store: Store, company: CompanyReference, kind: str, body: JsonObject) -> None:
    """Book a bill (AP) or credit note (CN) that goes to the ledger; once, whatever happens to it
    later."""
    partner, day, number, lines_of = _KINDS[kind]
    with store.lock:
        document = BookedDocument(
            id=body["id"],
            kind=kind,
            partner_id=body[partner],
            day=body[day],
            document_number=body[number],
            rates=(body["localCurrencyFxRate"], body["groupCurrencyFxRate"]),
            **_shared(store, company, body),
        )
        _insert(store, lines_of(document, body))


def book_payment(store: Store, company: CompanyReference, bill: JsonObject, cents: int) -> None:
    """Book what was paid of a bill, as a document (BP) of its own."""
    with store.lock:
        payment_id, shared = str(uuid.uuid4()), _shared(store, company, bill)
        day = bill["paymentAt"][:10]
        payment = {
            "id": payment_id,
            "description": bill["description"],
            "currency": bill["currency"],
            "amount": cents,
            "companyEntityId": bill["companyEntityId"],
            "businessPartnerId": bill["vendorId"],
            "documentDate": day,
            "documentNumber": None,
            "createdAt": shared["created"],
            "updatedAt": shared["created"],
            "visibleAt": shared["created"],
            "companyId": company.id,
            "lineItemsIncludeTax": True,
        }
        with store.transaction() as connection:
            connection.execute(sa.insert(PAYMENTS), table_row(PAYMENTS, payment))
        document = BookedDocument(
            id=payment_id,
            kind="BP",
            partner_id=bill["vendorId"],
            day=day,
            document_number=None,
            **shared,
        )
        _insert(store, payment_lines(document, cents))


def ledger_lines(store: Store) -> list[JsonObject]:
    """Every line, in the order of booking."""
    query = sa.select(LEDGER_LINES.c.body).order_by(LEDGER_LINES.c.position)
    with store.transaction() as connection:
        return [json.loads(body) for body in connection.scalars(query)]


def alter_line(store: Store, line: JsonObject) -> None:
    """Write a line as it is now in place of the one with its id: the ledger need not balance."""
    with store.transaction() as connection:
        same = LEDGER_LINES.c.id == line["id"]
        connection.execute(sa.update(LEDGER_LINES).where(same).values(_row(line)))


def _shared(store: Store, company: CompanyReference, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": _last_position(store) + 1,
        "company": company,
        "entity_id": document["companyEntityId"],
        "currency": document["currency"],
        "description": document["description"],
        "created": store.now(),
    }


def _insert(store: Store, lines: Sequence[JsonObject]) -> None:
    rows = [
        {**_row(line), "position": position}
        for position, line in enumerate(lines, start=_last_position(store) + 1)
    ]
    with store.transaction() as connection:
        connection.execute(sa.insert(LEDGER_LINES), rows)


def _last_position(store: Store) -> int:
    with store.transaction() as connection:
        return connection.scalar(sa.select(sa.func.max(LEDGER_LINES.c.position))) or 0


def _row(line: JsonObject) -> JsonObject:
    amounts = line["amounts"]
    return table_row(
        LEDGER_LINES,
        line,
        local_amount=amounts["signedLocalAmount"],
        group_amount=amounts["signedGroupAmount"],
        transaction_currency=amounts["transactionCurrency"],
        local_currency=amounts["localCurrency"],
        group_currency=amounts["groupCurrency"],
    )
