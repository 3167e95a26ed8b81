"""The tables of the sandbox's database, and a row of one from the JSON of the API's model."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic.alias_generators import to_camel

from importer.sandbox.wire_types import JsonObject

META = sa.MetaData()


def _table(name: str, texts: str, *columns: sa.Column[Any] | sa.Index) -> sa.Table:
    """A table by ``id`` with columns of text, which lists may be filtered and sorted by."""
    text_columns = [sa.Column(text, sa.Text) for text in texts.split()]
    return sa.Table(name, META, sa.Column("id", sa.Text, primary_key=True), *text_columns, *columns)


COMPANY = _table("company", "created_at")
BILLS = _table(
    "bills",
    """
    updated_at visible_at type currency description issued_date due_date payment_at canceled_at
    vendor_id company_entity_id sender_bank_account_id invoice_number body
    """,
    sa.Column("created_at", sa.Text, index=True),
    sa.Column("state", sa.Text, index=True),
    sa.Column("version", sa.Integer),
    sa.Column("amount", sa.BigInteger),
    sa.Index("bills_by_vendor", "vendor_id", "invoice_number"),
)
LINES = _table(
    "lines", "body", sa.Column("bill_id", sa.Text, index=True), sa.Column("position", sa.Integer)
)
NOTES = _table(
    "credit_notes",
    """
    updated_at visible_at status currency description document_number document_date
    company_entity_id business_partner_id business_partner_name body
    """,
    sa.Column("created_at", sa.Text, index=True),
    sa.Column("amount", sa.BigInteger),
    sa.Column("request_key", sa.Text, unique=True),
    sa.Column("request_digest", sa.Text),
    sa.Index("credit_notes_by_number", "document_number"),
)
NOTE_LINKS = sa.Table(  # what of a credit note clears what of a bill
    "credit_note_links",
    META,
    sa.Column("note_id", sa.Text, primary_key=True),
    sa.Column("bill_id", sa.Text, primary_key=True, index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
)
PAYMENTS = _table(  # of bills, as accounting documents
    "payments",
    """
    updated_at visible_at currency description document_number document_date company_entity_id
    business_partner_id body
    """,
    sa.Column("created_at", sa.Text, index=True),
    sa.Column("amount", sa.BigInteger),
)
LEDGER_LINES = _table(
    "ledger_lines",
    """
    account_id account_label account_type accounting_document_number business_partner_id
    business_partner_name company_entity_code company_entity_id created_at document_sequence_id
    document_type group_currency ledger_name ledger_transaction_id local_currency posting_date
    tax_tag_label transaction_currency transaction_sequence_id body
    """,
    sa.Column("accounting_document_id", sa.Text, index=True),
    sa.Column("position", sa.Integer, index=True),
    sa.Column("account_code", sa.Integer),
    sa.Column("local_amount", sa.BigInteger),
    sa.Column("group_amount", sa.BigInteger),
)
# The reference is written anew at each start: the files are the truth.
VENDORS = _table(
    "vendors",
    "name type status created_at updated_at search body",
    sa.Column("spend", sa.BigInteger),
)
ACCOUNTS = _table(
    "accounts",
    "label type category status entity_ids created_at updated_at body",
    sa.Column("code", sa.Integer),
)
ENTITIES = _table(
    "entities",
    """
    code name display_name country status local_currency vat_number created_at updated_at body
    """,
    sa.Column("position", sa.Integer),
)
GROUPS = _table(
    "groups",
    "internal_name label level input_type object_types status created_at updated_at body",
    sa.Column("required", sa.Boolean),
    sa.Column("deleted", sa.Boolean),
)
ORDERS = _table(
    "purchase_orders",
    """
    erp_number vendor_id vendor_name owner_id owner_name company_entity_id state closed_at
    cancelled_at created_at updated_at body
    """,
    sa.Column("total_amount", sa.BigInteger),
)
USERS = _table("users", "email first_name last_name status created_at updated_at body")
APPROVALS = _table("approvals", "body")  # by the id of their bill
NEW_VENDORS = _table("new_vendors", "row body created_at")  # those that were created here
REFERENCE_TABLES = (VENDORS, ACCOUNTS, ENTITIES, GROUPS, ORDERS, USERS)


def table_row(table: sa.Table, body: JsonObject, **values: object) -> JsonObject:
    """The columns of a table from the fields of the same names, ``values`` and the JSON."""
    row = {column: body[field] for column, field in _json_names(table).items() if field in body}
    return row | values | {"body": dumped(body)}


@cache
def _json_names(table: sa.Table) -> dict[str, str]:
    """The field of the JSON that each column would be filled from."""
    return {column.name: to_camel(column.name) for column in table.columns}


def dumped(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
