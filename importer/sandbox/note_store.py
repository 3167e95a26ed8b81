"""Credit notes and their links to bills in the sandbox's database.

A note's JSON is kept with its lines. What of it is left to clear follows from its links.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from importer.sandbox.store import Store
from importer.sandbox.store_tables import BILLS, NOTE_LINKS, NOTES, PAYMENTS, table_row
from importer.sandbox.wire_types import JsonObject, wire_time

ARCHIVED = "ARCHIVED"


def add_note(store: Store, note: JsonObject, request_key: str | None, digest: str) -> None:
    created = str(note["createdAt"])
    visible = wire_time(datetime.fromisoformat(created) + store.list_lag)
    row = table_row(NOTES, note, visible_at=visible, request_key=request_key, request_digest=digest)
    with store.transaction() as connection:
        connection.execute(sa.insert(NOTES), row)


def save_note(store: Store, note: JsonObject) -> JsonObject:
    """Keep a note after a change, at a new time of change."""
    note = note | {"updatedAt": store.now()}
    with store.transaction() as connection:
        values = table_row(NOTES, note)
        connection.execute(sa.update(NOTES).where(NOTES.c.id == note["id"]).values(values))
    return note


def find_note(store: Store, note_id: str) -> JsonObject | None:
    return _one(store, NOTES.c.id == note_id)


def live_note_numbered(store: Store, number: str) -> JsonObject | None:
    """The note of this number, whichever vendor's; none that is archived."""
    return _one(store, NOTES.c.document_number == number, NOTES.c.status != ARCHIVED)


def note_of_request(store: Store, key: str) -> tuple[JsonObject, str] | None:
    """The note that a request with this idempotency key made, and what that request was."""
    query = sa.select(NOTES.c.body, NOTES.c.request_digest).where(NOTES.c.request_key == key)
    with store.transaction() as connection:
        row = connection.execute(query).first()
    return None if row is None else (json.loads(row.body), row.request_digest)


def all_notes(store: Store) -> list[JsonObject]:
    """Every note, in order of creation."""
    query = sa.select(NOTES.c.body).order_by(NOTES.c.created_at)
    with store.transaction() as connection:
        return [json.loads(body) for body in connection.scalars(query)]


def count_notes(store: Store) -> int:
    with store.transaction() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(NOTES)) or 0


def _one(store: Store, *clauses: sa.ColumnElement[bool]) -> JsonObject | None:
    query = sa.select(NOTES.c.body).where(*clauses).order_by(NOTES.c.created_at).limit(1)
    with store.transaction() as connection:
        body = connection.scalar(query)
    return json.loads(body) if body else None


# --- links ------------------------------------------------------------------------------------


def links(
    store: Store, *, note_id: str | None = None, bill_id: str | None = None
) -> list[sa.Row[Any]]:
    """The links of a note, of a bill, or between the two, the oldest first."""
    pairs = ((NOTE_LINKS.c.note_id, note_id), (NOTE_LINKS.c.bill_id, bill_id))
    clauses = [column == wanted for column, wanted in pairs if wanted is not None]
    query = sa.select(NOTE_LINKS).where(*clauses).order_by(NOTE_LINKS.c.created_at)
    with store.transaction() as connection:
        return list(connection.execute(query))


def linked(
    store: Store, *, note_id: str | None = None, bill_id: str | None = None, but: str = ""
) -> int:
    """The cents of the links of a note or a bill, without those of the other one ``but``."""
    all_links = links(store, note_id=note_id, bill_id=bill_id)
    return sum(link.amount for link in all_links if but not in (link.note_id, link.bill_id))


def save_link(store: Store, note_id: str, bill_id: str, amount: int) -> None:
    now = store.now()
    changes = {"amount": amount, "updated_at": now}
    link = insert(NOTE_LINKS).values(note_id=note_id, bill_id=bill_id, created_at=now, **changes)
    with store.transaction() as connection:
        connection.execute(link.on_conflict_do_update(["note_id", "bill_id"], set_=changes))


def delete_link(store: Store, note_id: str, bill_id: str) -> None:
    with store.transaction() as connection:
        connection.execute(
            sa.delete(NOTE_LINKS).where(
                NOTE_LINKS.c.note_id == note_id, NOTE_LINKS.c.bill_id == bill_id
            )
        )


# --- accounting documents -----------------------------------------------------------------------

_BILL_STATUS = sa.case(
    (BILLS.c.state.in_(("CANCELLED", "DECLINED")), ARCHIVED),
    (BILLS.c.state.in_(("UNPAID", "READY_FOR_PAYMENT_RELEASE")), "POSTED"),
    (BILLS.c.state == "PARTIALLY_PAID", "PARTIALLY_CLEARED"),
    (BILLS.c.state.in_(("PAID", "COMPLETED")), "CLEARED"),
    (BILLS.c.state == "APPROVAL_PENDING", "APPROVAL_PENDING"),
    else_="DRAFT",
)
_SHARED = """
    id description currency amount company_entity_id created_at updated_at visible_at body
""".split()
# Bills, credit notes and payments alike, as the list of accounting documents has them.
DOCUMENTS = sa.union_all(
    sa.select(
        *(NOTES.c[name] for name in _SHARED),
        sa.literal("CN").label("document_type"),
        NOTES.c.document_number,
        NOTES.c.document_date,
        NOTES.c.business_partner_id,
        NOTES.c.business_partner_name,
        NOTES.c.status,
    ),
    sa.select(
        *(BILLS.c[name] for name in _SHARED),
        sa.literal("AP").label("document_type"),
        BILLS.c.invoice_number.label("document_number"),
        BILLS.c.issued_date.label("document_date"),
        BILLS.c.vendor_id.label("business_partner_id"),
        sa.cast(sa.null(), sa.Text).label("business_partner_name"),
        _BILL_STATUS.label("status"),
    ),
    sa.select(
        *(PAYMENTS.c[name] for name in _SHARED),
        sa.literal("BP").label("document_type"),
        PAYMENTS.c.document_number,
        PAYMENTS.c.document_date,
        PAYMENTS.c.business_partner_id,
        sa.cast(sa.null(), sa.Text).label("business_partner_name"),
        sa.literal("CLEARED").label("status"),
    ),
).subquery("accounting_documents")
