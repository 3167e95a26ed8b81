"""Bills and line items, ready to be created in Light. Money is ``int`` cents; times are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Property:
    """A custom property of a bill or line: as written, and, once resolved, as Light wants it."""

    name: str  # label or internal name, from the header
    value: str  # as written
    group_id: str | None = None
    value_ids: tuple[str, ...] = ()
    inline_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a bill. Amounts in cents; exactly what Light is told, in the sheet's order."""

    index: int  # among all line items of the run
    table: int
    row: int
    amount: int | None = None  # gross
    net_amount: int | None = None
    tax_amount: int | None = None
    description: str | None = None
    tax_code_id: str | None = None
    tax_code: str | None = None
    account_id: str | None = None
    account: str | None = None
    amortization_start: date | None = None
    amortization_end: date | None = None
    amortization_template_id: str | None = None
    properties: tuple[Property, ...] = ()


class TargetStatus(StrEnum):
    """How far a bill should go in Light."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    POSTED = "posted"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill to be created. ``vendor`` is the name as written until ``vendor_id`` is known."""

    index: int  # among all bills of the run
    table: int
    row: int
    currency: str
    amount: int  # gross, cents
    include_tax: bool
    lines: Sequence[LineItem]
    vendor_id: str | None = None
    vendor: str | None = None
    company_entity_id: str | None = None
    company_entity: str | None = None
    invoice_number: str | None = None
    issued: date | None = None
    due: date | None = None
    payment_at: datetime | None = None
    description: str | None = None
    sender_bank_account_id: str | None = None
    local_fx_rate: Decimal | None = None
    group_fx_rate: Decimal | None = None
    properties: tuple[Property, ...] = ()
    unit: int = 100  # how many cents a unit of the currency has, to show amounts to people
    wanted: TargetStatus = TargetStatus.DRAFT
    paid_from: str | None = None  # the id of the bank account
    document: str | None = None  # as written


@dataclass(frozen=True, slots=True)
class Document:
    """The file of a bill, as it was looked at before anything was sent."""

    written: str  # in the sheet
    folder: Path  # that it must be in
    path: Path  # with all links followed
    name: str
    content_type: str
    size: int  # bytes
