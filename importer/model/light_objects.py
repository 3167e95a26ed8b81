"""Objects of Light's API, decoded. Money is ``int`` cents; times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from importer.core.answers import ApiError
from importer.model.bills import BillFields, DocumentRef, LineFields, Property

# The kinds of objects that a custom property may be set on. Source: ``objectTypes`` in OpenAPI.
BILL_OBJECTS, VENDOR_OBJECTS = "BILL", "VENDOR"


@dataclass(frozen=True, slots=True)
class LightProperty:
    """A custom property as Light shows it. ``values`` are (id, label, internal name)."""

    group_id: str
    name: str  # the group's internal name
    values: tuple[tuple[str, str, str], ...] = ()


class AiSuggestion(NamedTuple):
    """What Light proposes for a field of a line item that it has read; ``values`` may be ids."""

    field: str
    values: tuple[str, ...]
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class LightLine(LineFields):
    """``bill_id`` is None where Light does not state whose line it is."""

    id: str
    bill_id: str | None = None
    properties: tuple[LightProperty, ...] = ()
    # What Light makes of a line by itself, as far as it says so. ``metadata`` is JSON.
    type: str | None = None
    metadata: str | None = None
    should_amortize: bool | None = None
    amortization_schedule_id: str | None = None
    cost_center_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    suggestions: tuple[AiSuggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class LightBill(BillFields):
    """A bill or credit note as Light shows it. ``lines`` is None where the list omits them. A
    credit note has negative amounts, like its ``Bill``; Light shows its number in lists only.

    Fields that are only compared are None where they cannot be read, too.
    """

    id: str
    state: str
    amount: int | None = None
    currency: str | None = None
    include_tax: bool | None = None
    failure_reason: str | None = None
    created_at: datetime | None = None
    lines: tuple[LightLine, ...] | None = None
    properties: tuple[LightProperty, ...] = ()
    failures: tuple[ApiError, ...] = ()  # why Light could not do what it was last asked for
    creator: str = ""  # the user's name, where the list states it
    outstanding: int | None = None  # cents left to pay; None where Light was not asked for it
    unreadable: tuple[str, ...] = ()  # attributes that are stated, in a form nobody can read
    credit_note: bool = False
    document_name: str | None = None
    credit_sign: str = ""  # the side that the lines of a credit note are on; "" where not stated

    @property
    def ref(self) -> DocumentRef:
        return DocumentRef(self.id, self.credit_note)


@dataclass(frozen=True, slots=True)
class NoteLink:
    """What of a credit note clears what of a bill; ``amount`` in cents, positive."""

    note_id: str
    bill_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class UserApproval:
    """What one user, or one of a group, has to say of a bill; see ``ApprovalStatus`` of Light."""

    status: str
    user_id: str | None = None
    group_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """``groups`` are (id, name)."""

    id: str
    name: str
    groups: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    id: str
    name: str
    identifier: str | None = None
    vat_id: str | None = None
    status: str | None = None
    tax_code_id: str | None = None  # what Light proposes for its bills
    properties: tuple[LightProperty, ...] = ()


@dataclass(frozen=True, slots=True)
class NewVendor:
    """A vendor to create. ``values`` by Light's names of the fields; ``id`` stands for Light's
    until it is created; ``another``: it is none of those with a similar name, says the person."""

    id: str
    values: Mapping[str, str]
    another: bool = False
    properties: tuple[Property, ...] = ()

    @property
    def name(self) -> str:
        return self.values["name"]


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    code: str
    label: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    id: str
    code: str
    name: str
    currency: str | None = None
    legal_name: str | None = None  # where it differs from the name that Light displays
    status: str | None = None


@dataclass(frozen=True, slots=True)
class BankAccount:
    id: str
    name: str
    iban: str | None = None
    account_number: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    id: str
    number: str | None = None
    vendor_id: str | None = None
    vendor_name: str | None = None
    description: str | None = None
    status: str | None = None  # Light's state


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code by where it was seen: Light lists none. ``percent`` is worked out from ``lines``
    of bills, None where they do not say."""

    id: str
    vendors: int = 0  # that have it as their default
    lines: int = 0
    percent: str | None = None
    example: str = ""  # one place where it was seen, for people


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A custom property. ``values`` are (id, label, internal name), empty for inline types."""

    id: str
    label: str
    internal_name: str
    input_type: str
    level: str  # HEADER or LINE
    required: bool
    values: tuple[tuple[str, str, str], ...] = ()
    object_types: tuple[str, ...] = (BILL_OBJECTS,)  # what it may be set on, by Light's names
    inactive_types: tuple[str, ...] = ()  # for which it is switched off


@dataclass(frozen=True, slots=True)
class Company:
    id: str
    name: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where Light wants a document, for a short time, and the headers to send with it."""

    url: str = field(repr=False)  # whoever has it may write there
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
