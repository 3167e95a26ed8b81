"""Bills and line items, ready to be created in Light. Money is ``int`` cents; times are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from importer.model.fields import (
    HEADER_FIELDS,
    PATCHED_BILL_FIELDS,
    SENT_LINE_FIELDS,
    TYPE_COLUMN,
)


@dataclass(frozen=True, slots=True)
class Property:
    """A custom property of a bill or line: as written, and, once resolved, as Light wants it."""

    name: str  # label or internal name, from the header
    value: str  # as written
    group_id: str | None = None
    value_ids: tuple[str, ...] = ()
    inline_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """What a line item has in the sheet and in Light. Amounts in cents."""

    amount: int | None = None  # gross
    net_amount: int | None = None
    tax_amount: int | None = None
    description: str | None = None
    tax_code_id: str | None = None
    account_id: str | None = None
    amortization_start_date: date | None = None
    amortization_end_date: date | None = None
    amortization_template_id: str | None = None


@dataclass(frozen=True, slots=True)
class LineItem(LineFields):
    """One line of a bill, in the sheet's order."""

    index: int  # among all line items of the run
    table: int
    row: int
    tax_code: str | None = None
    account: str | None = None
    properties: tuple[Property, ...] = ()
    clears: frozenset[str] = frozenset()  # names of fields that an update is to blank


# Which side of the ledger a line of a credit note takes: it gives expense back. Light does not
# document it; a template can say otherwise.
CREDIT, DEBIT = "C", "D"
BILL, CREDIT_NOTE = DOCUMENT_TYPES = TYPE_COLUMN.choices


class DocumentRef(NamedTuple):
    """By what a bill or credit note is read."""

    id: str
    credit_note: bool = False

    @property
    def noun(self) -> str:
        return document_type(credit_note=self.credit_note)


class TargetStatus(StrEnum):
    """How far a bill should go in Light."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    POSTED = "posted"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFields:
    """What a bill has in the sheet and in Light, beside its amount, currency and tax basis."""

    vendor_id: str | None = None
    company_entity_id: str | None = None
    invoice_number: str | None = None
    issued_date: date | None = None
    due_date: date | None = None
    payment_at: datetime | None = None
    description: str | None = None
    sender_bank_account_id: str | None = None
    local_fx_rate: Decimal | None = None
    group_fx_rate: Decimal | None = None
    fi_number: str | None = None
    nor_kid_reference: str | None = None
    swiss_payment_reference: str | None = None
    purchase_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Bill(BillFields):
    """One bill or credit note to be created. ``vendor`` is the name as written until ``vendor_id``
    is known.

    A credit note is a bill of a negative amount: so the amounts of both can be added, and so the
    lines of a credit note are negative too.
    """

    index: int  # among all bills of the run
    table: int
    row: int
    currency: str
    amount: int  # gross, cents
    include_tax: bool
    lines: Sequence[LineItem]
    vendor: str | None = None
    company_entity: str | None = None
    properties: tuple[Property, ...] = ()
    unit: int = 100  # how many cents a unit of the currency has, to show amounts to people
    target_status: TargetStatus = TargetStatus.DRAFT
    processing_mode: str | None = None
    paid_from_bank_account_id: str | None = None
    document: str | None = None  # as written
    credit_note: bool = False
    credit_sign: str = CREDIT  # how Light writes the side of a line that is credited
    credits_bill: str | None = None  # the number of the bill that a credit note clears
    clears: frozenset[str] = frozenset()  # names of fields that an update is to blank


def document_type(*, credit_note: bool) -> str:
    """What a document is called: "bill" or "credit note"."""
    return CREDIT_NOTE if credit_note else BILL


def document_noun(bill: Bill) -> str:
    """What a bill is called: "bill" or "credit note"."""
    return document_type(credit_note=bill.credit_note)


def bill_values(bill: Bill) -> dict[str, Any]:
    """What Light is to have of a bill itself, by the names of the fields."""
    return {field.name: getattr(bill, field.attribute) for field in HEADER_FIELDS}


def patched_values(bill: BillFields) -> dict[str, Any]:
    """What a bill is given after its creation, by the names of the fields; without blanks."""
    values = {field.name: getattr(bill, field.attribute) for field in PATCHED_BILL_FIELDS}
    return {name: value for name, value in values.items() if value}


def line_values(line: LineItem, include_tax: bool) -> dict[str, Any]:
    """What is sent of a line item: its gross or its net amount is None, by the tax basis."""
    values = {field.name: getattr(line, field.attribute) for field in SENT_LINE_FIELDS}
    values["netAmount" if include_tax else "amount"] = None
    return values


@dataclass(frozen=True, slots=True)
class Document:
    """The file of a bill, as it was read before anything was sent."""

    written: str  # in the sheet
    folder: Path  # that it must be in
    path: Path  # with all links followed
    name: str
    content_type: str
    size: int  # bytes
