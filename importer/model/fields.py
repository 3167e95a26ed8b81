"""The fields of bills and line items: ONE table that everything else follows from.

Templates (which fields exist), validation (what a cell may hold), the records, Light's JSON, the
journal's content, the comparison with Light, the sandbox and the documentation all read it.
Source: the models of Light's ``/v1/invoice-payables``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

from importer.core import payment_references as references
from importer.core.cell_parsers import (
    CellParser,
    choice_parser,
    parse_boolean,
    parse_currency,
    parse_integer,
    parse_rate,
    parse_uuid,
    text_parser,
)

BILLS = "bills"
LINE_ITEMS = "line_items"
DATA_ONLY, AI_PARSE_AND_MERGE = "DATA_ONLY", "AI_PARSE_AND_MERGE"  # Light's processing modes
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


class FieldUse(IntEnum):
    """How a field is used after the sheet is read; each use includes those before it."""

    SHEET = 1  # joins and orders rows, or is checked only
    RECORD = 2  # in the record (``attribute``), but not in Light's header of a bill
    PATCHED = 3  # set once the bill is created; in the journal's content, compared when read back
    SENT = 4  # in the request that creates the bill, instead
    MATCHED = 5  # also tells whether a bill in Light is the sheet's, so it must be readable


# Light publishes no limits; these keep a pasted page out of a ledger.
_MAX_LENGTHS = {FieldKind.CODE: 255, FieldKind.NAME: 255, FieldKind.TEXT: 2000}


@dataclass(frozen=True)
class Field:
    """One field of a bill or line item.

    ``name`` is its header in the sheet and its name in Light's requests and in the journal; its
    type in JSON follows from ``kind``. Every field of a request may be null.
    """

    name: str
    kind: FieldKind
    description: str  # in the words of the trade
    use: FieldUse = FieldUse.SHEET
    attribute: str = ""  # of the records; by default the name in snake case
    answer: str = ""  # the name in Light's answers; by default the same
    nullable: bool = True  # in Light's answers
    max_length: int = 0  # characters, for CODE, NAME and TEXT
    choices: tuple[str, ...] = ()
    forms: tuple[references.ReferenceForm, ...] = ()  # one of which a payment reference has
    iban: bool = False  # what looks like an IBAN is one

    def __post_init__(self) -> None:
        snake_case = re.sub("(?=[A-Z])", "_", self.name).lower()
        defaults = {
            "attribute": snake_case,
            "answer": self.name,
            "max_length": _MAX_LENGTHS.get(self.kind, 0),
        }
        for parameter, default in defaults.items():
            object.__setattr__(self, parameter, getattr(self, parameter) or default)


_UUID, _CENTS, _DATE = FieldKind.UUID, FieldKind.CENTS, FieldKind.DATE
_CODE, _NAME, _TEXT = FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT
_SHEET, _RECORD, _PATCHED, _SENT, _MATCHED = FieldUse

# A new field is one line here, its typed attribute in ``BillFields`` or ``LineFields``, and its
# column in templates/light.yaml.
BILL_FIELDS = (
    Field("billRef", _CODE, "what joins line items to their bill", _SHEET),
    Field("vendorId", _UUID, "the vendor's id in Light", _MATCHED),
    Field("vendor", _NAME, "the vendor's name, identifier or VAT id", _RECORD),
    Field("companyEntityId", _UUID, "the company entity's id in Light", _MATCHED),
    Field("companyEntity", _NAME, "the company entity's code or name", _RECORD),
    Field("invoiceNumber", _CODE, "the number on the vendor's invoice", _MATCHED),
    Field("issuedDate", _DATE, "the date on the vendor's invoice", _MATCHED),
    Field("dueDate", _DATE, "the date payment is due", _MATCHED),
    Field("paymentAt", FieldKind.DATE_TIME, "when payment is scheduled or was made (UTC)", _SENT),
    Field(
        "currency",
        FieldKind.CURRENCY,
        "the ISO 4217 code of the bill's currency",
        _MATCHED,
        nullable=False,
    ),
    Field("amount", _CENTS, "the bill's gross total", _MATCHED),
    Field(
        "lineItemsIncludeTax",
        FieldKind.BOOLEAN,
        "whether line amounts include tax (blank: no)",
        _SENT,
        attribute="include_tax",
        nullable=False,
    ),
    Field("description", _TEXT, "a note on the bill", _MATCHED),
    Field("senderBankAccountId", _UUID, "the id of the bank account to pay from", _SENT),
    Field(
        "senderBankAccount",
        _NAME,
        "the bank account to pay from, by name, IBAN or id",
        _SHEET,
        iban=True,
    ),
    Field(
        "localCurrencyFxRateOverride",
        FieldKind.RATE,
        "rate to the entity's currency",
        _SENT,
        attribute="local_fx_rate",
        answer="localCurrencyFxRate",
    ),
    Field(
        "groupCurrencyFxRateOverride",
        FieldKind.RATE,
        "rate to the group's currency",
        _SENT,
        attribute="group_fx_rate",
        answer="groupCurrencyFxRate",
    ),
    Field(
        "status",
        FieldKind.CHOICE,
        "how far the bill should go",
        _RECORD,
        attribute="target_status",
        choices=("draft", "submitted", "approved", "posted", "paid"),
    ),
    Field(
        "processingMode",
        FieldKind.CHOICE,
        "whether Light takes the data as given or also reads the document (blank: as given)",
        _RECORD,
        choices=(DATA_ONLY, AI_PARSE_AND_MERGE),
    ),
    Field("paidFromBankAccountId", _UUID, "the id of the bank account it was paid from", _RECORD),
    Field("document", _TEXT, "the file of the invoice, relative to the sheet", _RECORD),
    Field("creditsBill", _CODE, "of a credit note: the number of the bill that it clears", _RECORD),
    Field(
        "fiNumber",
        _CODE,
        "the Finnish reference or Danish FI number to pay with",
        _PATCHED,
        forms=(references.FINNISH, references.DANISH_FI, references.CREDITOR_REFERENCE),
    ),
    Field(
        "norKidReference",
        _CODE,
        "the Norwegian KID to pay with",
        _PATCHED,
        forms=(references.KID,),
    ),
    Field(
        "swissPaymentReference",
        _CODE,
        "the Swiss QR reference or creditor reference to pay with",
        _PATCHED,
        forms=(references.QR_REFERENCE, references.CREDITOR_REFERENCE),
    ),
    Field("purchaseOrderId", _UUID, "the id of the bill's purchase order in Light", _PATCHED),
    Field("purchaseOrder", _NAME, "the bill's purchase order, by its number or id", _SHEET),
    Field("lightBillId", _UUID, "the id of the bill in Light that --update changes", _SHEET),
)

LINE_FIELDS = (
    Field("billRef", _CODE, "the bill that the line belongs to", _SHEET),
    Field(
        "invoiceNumber", _CODE, "the invoice number of the bill that the line belongs to", _SHEET
    ),
    Field("lineNumber", FieldKind.INTEGER, "the line's place in the bill", _SHEET),
    Field("description", _TEXT, "what was bought", _MATCHED),
    Field("amount", _CENTS, "the line's gross amount, with tax", _MATCHED),
    Field("netAmount", _CENTS, "the line's net amount, without tax", _MATCHED),
    Field("taxAmount", _CENTS, "the line's tax", _MATCHED),
    Field("taxCodeId", _UUID, "the tax code's id in Light", _MATCHED),
    Field("taxCode", _NAME, "the tax code, as the lookup table names it", _RECORD),
    Field("accountId", _UUID, "the ledger account's id in Light", _MATCHED),
    Field("account", _NAME, "the ledger account's code", _RECORD),
    Field("shouldAmortize", FieldKind.BOOLEAN, "whether the cost is spread over time", _SHEET),
    Field("amortizationStartDate", _DATE, "first day of the spreading", _SENT),
    Field("amortizationEndDate", _DATE, "last day of the spreading", _SENT),
    Field("amortizationTemplateId", _UUID, "the id of the amortization template in Light", _SENT),
)
# Not of a bill: it says what the row is.
TYPE_COLUMN = Field(
    "type",
    FieldKind.CHOICE,
    "what the row is: a bill (also if blank) or a credit note",
    choices=("bill", "credit note"),
)
CUSTOM_PROPERTY = Field("property", _TEXT, "a custom property")
FACTOR = Field("factor", FieldKind.FACTOR, "a quantity or price")  # of a product: "netAmount*0"

FIELDS = {
    BILLS: {field.name: field for field in BILL_FIELDS},
    LINE_ITEMS: {field.name: field for field in LINE_FIELDS},
}
SENT_BILL_FIELDS = tuple(field for field in BILL_FIELDS if field.use >= FieldUse.SENT)
PATCHED_BILL_FIELDS = tuple(field for field in BILL_FIELDS if field.use is FieldUse.PATCHED)
HEADER_FIELDS = (*SENT_BILL_FIELDS, *PATCHED_BILL_FIELDS)  # all that Light keeps of a bill's own
# Amounts come first: so are the lines in the content that journals keep.
SENT_LINE_FIELDS = tuple(
    field
    for amounts in (True, False)
    for field in LINE_FIELDS
    if field.use >= FieldUse.SENT and (field.kind is FieldKind.CENTS) is amounts
)


@dataclass(frozen=True)
class LookupField:
    """A field that names a thing of Light, whose id ``id_name`` is what is sent.

    ``names`` are what Light calls it and a sheet may: first ``usual``, those that count unless a
    template says otherwise. ``listed`` is its list in Light; Light lists no tax codes.
    """

    sheet: str
    id_name: str
    noun: str
    listed: str = ""
    usual: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


_PARTY = ("name", "identifier", "vatId")
LOOKUP_FIELDS = {
    "vendor": LookupField(BILLS, "vendorId", "vendor", "vendors", _PARTY, _PARTY),
    "companyEntity": LookupField(
        BILLS, "companyEntityId", "company entity", "entities", ("code", "name"), ("code", "name")
    ),
    "account": LookupField(
        LINE_ITEMS, "accountId", "ledger account", "accounts", ("code",), ("code", "label")
    ),
    "taxCode": LookupField(LINE_ITEMS, "taxCodeId", "tax code"),
    "senderBankAccount": LookupField(
        BILLS,
        "senderBankAccountId",
        "bank account",
        "bank_accounts",
        ("name", "iban", "id"),
        ("name", "iban", "id", "accountNumber"),
    ),
    "purchaseOrder": LookupField(
        BILLS,
        "purchaseOrderId",
        "purchase order",
        "purchase_orders",
        ("number", "id"),
        ("number", "id"),
    ),
}

# Light shows these but does not take them.
RESPONSE_ONLY = (
    "costCenterId",
    "amortizationScheduleId",
    "customPropertiesOld",
    "aiValueSuggestions",
    "outstandingBalance",
    "failureReason",
    "documentName",
    "state",
    "type",  # of a line item
    "metadata",
    "lightLineItemId",
    "lightAmount",
    "lightNetAmount",
    "createdAt",
    "updatedAt",
)

# Headers that only the sheets of an export have, as they are compared.
EXPORT_MARKS = frozenset(("lightbillid", "lightlineitemid"))

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


def property_name(header: str) -> str | None:
    """ "property:Project" for the header of a custom property, else None."""
    bare = undecorated(header)
    name = bare[len(PROPERTY) :].strip()
    return PROPERTY + name if name and bare.lower().startswith(PROPERTY) else None


def field_parser(field: Field) -> CellParser:
    """The parser of a field whose cells need no context, unlike amounts and dates."""
    kind = field.kind
    if kind is FieldKind.CHOICE:
        return choice_parser(field.choices)
    code, breaks = kind is FieldKind.CODE, kind is FieldKind.TEXT
    return _PARSERS.get(kind) or text_parser(field.max_length, code=code, breaks=breaks)


_PARSERS: dict[FieldKind, CellParser] = {
    FieldKind.UUID: parse_uuid,
    FieldKind.CURRENCY: parse_currency,
    FieldKind.BOOLEAN: parse_boolean,
    FieldKind.RATE: parse_rate,
    FieldKind.INTEGER: parse_integer,
}


def field_of(sheet: str, name: str) -> Field:
    """The field of a canonical column; all custom properties have one, and all factors."""
    return FACTOR if "*" in name else FIELDS[sheet].get(name, CUSTOM_PROPERTY)
