"""The canonical sheets: their fields, how a header names them, what each may hold.

One declarative table serves the templates (which fields exist), the validation (what a cell may
hold) and the documentation. Source of the fields: the request model of Light's
``POST /v1/invoice-payables`` and the columns finance teams keep beside it. Standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

BILLS = "bills"
LINE_ITEMS = "line_items"
PROPERTY = "property:"  # a header "property:Project" is the custom property "Project"


class FieldKind(StrEnum):
    """What a cell of a field may hold."""

    UUID = "uuid"
    CENTS = "cents"  # integer cents, or decimal major units where the template says so
    FACTOR = "factor"  # a quantity or unit price: any decimal
    CURRENCY = "currency"
    DATE = "date"
    DATE_TIME = "date_time"
    BOOLEAN = "boolean"
    RATE = "rate"
    INTEGER = "integer"
    CODE = "code"  # invoice numbers and references, which Excel likes to mangle
    NAME = "name"  # of a vendor, entity, account or tax code
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    name: str
    kind: FieldKind
    what: str  # in the words of the trade
    max_length: int = 0  # characters, for CODE, NAME and TEXT
    choices: tuple[str, ...] = ()


NUMBER_LENGTH = 255  # Light publishes no limits; these keep a pasted page out of a ledger
TEXT_LENGTH = 2000


def _code(name: str, what: str) -> Field:
    return Field(name, FieldKind.CODE, what, NUMBER_LENGTH)


def _name(name: str, what: str) -> Field:
    return Field(name, FieldKind.NAME, what, NUMBER_LENGTH)


def _text(name: str, what: str) -> Field:
    return Field(name, FieldKind.TEXT, what, TEXT_LENGTH)


BILL_FIELDS = (
    _code("billRef", "what joins line items to their bill"),
    Field("vendorId", FieldKind.UUID, "the vendor's id in Light"),
    _name("vendor", "the vendor's name, identifier or VAT id"),
    Field("companyEntityId", FieldKind.UUID, "the company entity's id in Light"),
    _name("companyEntity", "the company entity's code or name"),
    _code("invoiceNumber", "the number on the vendor's invoice"),
    Field("issuedDate", FieldKind.DATE, "the date on the vendor's invoice"),
    Field("dueDate", FieldKind.DATE, "the date payment is due"),
    Field("paymentAt", FieldKind.DATE_TIME, "when payment is scheduled or was made (UTC)"),
    Field("currency", FieldKind.CURRENCY, "the ISO 4217 code of the bill's currency"),
    Field("amount", FieldKind.CENTS, "the bill's gross total"),
    Field("lineItemsIncludeTax", FieldKind.BOOLEAN, "whether line amounts include tax (blank: no)"),
    _text("description", "a note on the bill"),
    Field("senderBankAccountId", FieldKind.UUID, "the id of the bank account to pay from"),
    Field("localCurrencyFxRateOverride", FieldKind.RATE, "rate to the entity's currency"),
    Field("groupCurrencyFxRateOverride", FieldKind.RATE, "rate to the group's currency"),
    Field(
        "status",
        FieldKind.CHOICE,
        "how far the bill should go",
        choices=("draft", "submitted", "posted", "paid"),
    ),
    Field("paidFromBankAccountId", FieldKind.UUID, "the id of the bank account it was paid from"),
    _text("document", "the file of the invoice, relative to the sheet"),
)

LINE_FIELDS = (
    _code("billRef", "the bill that the line belongs to"),
    _code("invoiceNumber", "the invoice number of the bill that the line belongs to"),
    Field("lineNumber", FieldKind.INTEGER, "the line's place in the bill"),
    _text("description", "what was bought"),
    Field("amount", FieldKind.CENTS, "the line's gross amount, with tax"),
    Field("netAmount", FieldKind.CENTS, "the line's net amount, without tax"),
    Field("taxAmount", FieldKind.CENTS, "the line's tax"),
    Field("taxCodeId", FieldKind.UUID, "the tax code's id in Light"),
    _name("taxCode", "the tax code, as the lookup table names it"),
    Field("accountId", FieldKind.UUID, "the ledger account's id in Light"),
    _name("account", "the ledger account's code"),
    Field("shouldAmortize", FieldKind.BOOLEAN, "whether the cost is spread over time"),
    Field("amortizationStartDate", FieldKind.DATE, "first day of the spreading"),
    Field("amortizationEndDate", FieldKind.DATE, "last day of the spreading"),
    Field("amortizationTemplateId", FieldKind.UUID, "the id of the amortization template in Light"),
)

FIELDS = {
    BILLS: {field.name: field for field in BILL_FIELDS},
    LINE_ITEMS: {field.name: field for field in LINE_FIELDS},
}

# By which of its names in Light a field may be given: (those that count unless told, all).
# Light lists no tax codes, so that these have no names.
LOOKUP_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "vendor": (("name", "identifier", "vatId"), ("name", "identifier", "vatId")),
    "companyEntity": (("code", "name"), ("code", "name")),
    "account": (("code",), ("code", "label")),
    "taxCode": ((), ()),
}

# Light shows these but does not take them.
RESPONSE_ONLY = (
    "costCenterId",
    "amortizationScheduleId",
    "customPropertiesOld",
    "aiValueSuggestions",
)

_LONGEST = 500  # characters of a header that are looked at; no known one has a tenth of it
_DECORATION = re.compile(r"^\s*\*+|\((?:required|optional|custom)\)\s*$|\*+\s*$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_\-\u00a0\u2007\u202f]+")


def header_key(header: str) -> str:
    """The header as it is compared: case, spaces, underscores and hyphens do not count.

    A leading ``*`` and a trailing ``(required)``, ``(custom)`` or ``*`` are left out too, so that
    ``*Vendor ID``, ``vendor_id`` and ``vendorId (required)`` all name one column.
    """
    return _header_key(header[:_LONGEST])


@lru_cache(50_000)  # each template asks again, and a file may have 16,384 columns
def _header_key(header: str) -> str:
    return _SEPARATORS.sub("", undecorated(header)).casefold()


def undecorated(header: str) -> str:
    """The header without a leading ``*`` and a trailing ``(required)``, ``(custom)`` or ``*``."""
    if len(header) > _LONGEST:
        return header
    bare, before = header.strip("\ufeff \t"), ""
    while bare != before:
        before, bare = bare, _DECORATION.sub("", bare).strip()
    return bare


def field_kind(sheet: str, name: str) -> FieldKind:
    """The kind of a field; custom properties are text."""
    return FieldKind.TEXT if name.startswith(PROPERTY) else FIELDS[sheet][name].kind
