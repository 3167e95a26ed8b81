"""The columns and rows of an export: the canonical sheets for bills and credit notes, a column a
field for all else. Amounts are integer cents; times are UTC."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from importer.core.name_key import name_key
from importer.model.bills import document_type
from importer.model.fields import (
    BILL_FIELDS,
    HEADER_FIELDS,
    LINE_FIELDS,
    PROPERTY,
    SENT_LINE_FIELDS,
    Field,
    FieldKind,
)
from importer.model.light_lists import RecordField, ValueType
from importer.model.light_objects import LightBill, LightLine, LightProperty, PropertyGroup

Value = str | int | bool | date | datetime | None
Row = Sequence[Value]
_TYPES = {
    FieldKind.CENTS: ValueType.INTEGER,
    FieldKind.INTEGER: ValueType.INTEGER,
    FieldKind.DATE: ValueType.DATE,
    FieldKind.DATE_TIME: ValueType.MOMENT,
    FieldKind.BOOLEAN: ValueType.BOOLEAN,
    FieldKind.UUID: ValueType.UUID,
}
_NOT_IN_LIGHT = frozenset(
    "status processingMode paidFromBankAccountId document creditsBill taxCode".split()
)
# What Light shows and does not take, as a sheet has it; of a bill and of a line item.
_SHOWN_OF_BILL: Mapping[str, ValueType] = {
    "state": ValueType.TEXT,
    "outstandingBalance": ValueType.INTEGER,
    "failureReason": ValueType.TEXT,
    "documentName": ValueType.TEXT,
    "createdAt": ValueType.MOMENT,
    "updatedAt": ValueType.MOMENT,
}
_SHOWN_OF_LINE: Mapping[str, ValueType] = {
    "lightLineItemId": ValueType.TEXT,
    "lightAmount": ValueType.INTEGER,
    "lightNetAmount": ValueType.INTEGER,
    "type": ValueType.TEXT,
    "metadata": ValueType.TEXT,
    "amortizationScheduleId": ValueType.TEXT,
    "costCenterId": ValueType.TEXT,
    "aiValueSuggestions": ValueType.TEXT,
    "createdAt": ValueType.MOMENT,
    "updatedAt": ValueType.MOMENT,
}


@dataclass(frozen=True)
class ExportColumn:
    """``shown_only``: Light shows it and does not take it, so a sheet has it in grey."""

    name: str
    type: ValueType
    shown_only: bool = False


@dataclass(frozen=True)
class ExportTable:
    """``documents`` are rows, each with the rows of its lines, and may be gone through again.
    ``lines_name`` is "" for a list without lines."""

    name: str
    columns: Sequence[ExportColumn]
    documents: Callable[[], Iterator[tuple[Row, Sequence[Row]]]]
    lines_name: str = ""
    line_columns: Sequence[ExportColumn] = ()


@dataclass(frozen=True)
class DocumentNames:
    """What Light calls the things that bills name by their ids; by id."""

    entities: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    bank_accounts: Mapping[str, str] = field(default_factory=dict)
    purchase_orders: Mapping[str, str] = field(default_factory=dict)
    groups: Sequence[PropertyGroup] = ()


@dataclass(frozen=True)
class ExportedDocument:
    """A bill or credit note with what its record has beside it."""

    bill: LightBill
    vendor: str = ""
    entity: str = ""
    document_name: str = ""
    updated_at: datetime | None = None


def list_table(
    name: str, columns: Mapping[str, RecordField], records: Callable[[], Iterator[Row]]
) -> ExportTable:
    """A sheet with a row a record."""
    return ExportTable(
        name,
        [ExportColumn(each.name, each.type) for each in columns.values()],
        lambda: ((row, ()) for row in records()),
    )


def document_table(
    documents: Callable[[], Iterable[ExportedDocument]], names: DocumentNames
) -> ExportTable:
    """The canonical sheets: ``Bills`` and ``Line items``."""
    of_bills = _property_names([g for g in names.groups if g.level == "HEADER"])
    of_lines = _property_names([g for g in names.groups if g.level == "LINE"])
    selects = {g.id: g for g in names.groups if g.input_type.endswith("SELECT")}

    def rows() -> Iterator[tuple[Row, Sequence[Row]]]:
        for document in documents():
            bill, sign = document.bill, -1 if document.bill.credit_note else 1
            row = [
                *_bill_values(document, names, sign),
                *_property_values(bill.properties, of_bills, selects),
                bill.state,
                bill.outstanding,
                bill.failure_reason,
                document.document_name,
                bill.created_at,
                document.updated_at,
            ]
            lines = [
                [
                    *_line_values(bill, number, line, names, sign),
                    *_property_values(line.properties, of_lines, selects),
                    *_shown_of_line(line, sign),
                ]
                for number, line in enumerate(bill.lines or (), start=1)
            ]
            yield row, lines

    return ExportTable(
        "Bills",
        [*_columns(_BILL_COLUMNS), *_text_columns(of_bills), *_shown(_SHOWN_OF_BILL)],
        rows,
        "Line items",
        [*_columns(_LINE_COLUMNS), *_text_columns(of_lines), *_shown(_SHOWN_OF_LINE)],
    )


_TYPE = Field("type", FieldKind.CODE, "")
_BILL_COLUMNS = [
    BILL_FIELDS[0],
    _TYPE,
    *(f for f in BILL_FIELDS[1:] if f.name not in _NOT_IN_LIGHT),
]
_LINE_COLUMNS = [
    f for f in LINE_FIELDS if f.name not in _NOT_IN_LIGHT and f.name != "invoiceNumber"
]


def _columns(fields: Iterable[Field]) -> list[ExportColumn]:
    return [
        ExportColumn(f.name, _TYPES.get(f.kind, ValueType.TEXT), f.name == "lightBillId")
        for f in fields
    ]


def _text_columns(names: Mapping[str, str]) -> list[ExportColumn]:
    return [ExportColumn(PROPERTY + name, ValueType.TEXT) for name in names.values()]


def _shown(types: Mapping[str, ValueType]) -> list[ExportColumn]:
    return [ExportColumn(name, kind, shown_only=True) for name, kind in types.items()]


def _property_names(groups: Sequence[PropertyGroup]) -> dict[str, str]:
    """By the id of a group, its label, or where several have that, what only it is called."""
    labels = Counter(key for g in groups for key in {name_key(g.label), name_key(g.internal_name)})
    return {
        g.id: next((n for n in (g.label, g.internal_name) if n and labels[name_key(n)] == 1), g.id)
        for g in groups
    }


def _property_values(
    properties: Iterable[LightProperty],
    names: Mapping[str, str],
    selects: Mapping[str, PropertyGroup],
) -> list[Value]:
    by_group = {each.group_id: each for each in properties}
    out: list[Value] = []
    for group_id in names:
        each, group = by_group.get(group_id), selects.get(group_id)
        if each is None:
            out.append(None)
        elif group is None:  # an inline value is its label
            out.append("; ".join(label or internal or i for i, label, internal in each.values))
        else:
            out.append("; ".join(_value_name(group, *value) for value in each.values))
    return out


def _value_name(group: PropertyGroup, light_id: str, label: str, internal: str) -> str:
    """The label of a value, or where it does not tell which it is, its id."""
    key = name_key(label)
    times = sum(key in (name_key(value[1]), name_key(value[2])) for value in group.values)
    return label if label and times == 1 and ";" not in label else light_id


def _bill_values(document: ExportedDocument, names: DocumentNames, sign: int) -> Iterator[Value]:
    bill = document.bill
    values: dict[str, Any] = {f.name: getattr(bill, f.attribute) for f in HEADER_FIELDS}
    values |= {
        "billRef": bill.id,
        "lightBillId": bill.id,
        "type": document_type(credit_note=bill.credit_note),
        "vendor": document.vendor or None,
        "companyEntity": names.entities.get(bill.company_entity_id or "") or document.entity,
        "amount": _signed(bill.amount, sign),
        "senderBankAccount": names.bank_accounts.get(bill.sender_bank_account_id or ""),
        "purchaseOrder": names.purchase_orders.get(bill.purchase_order_id or ""),
    }
    return (_value(values[f.name]) for f in _BILL_COLUMNS)


def _line_values(
    bill: LightBill, number: int, line: LightLine, names: DocumentNames, sign: int
) -> Iterator[Value]:
    values: dict[str, Any] = {f.name: getattr(line, f.attribute) for f in SENT_LINE_FIELDS}
    for name in ("amount", "netAmount", "taxAmount"):
        values[name] = _signed(values[name], sign)
    # Light works the other one out, and would contradict the one that somebody changes.
    values["netAmount" if bill.include_tax else "amount"] = None
    if not line.tax_amount and not line.tax_code_id:
        values["taxAmount"] = None  # Light takes no tax amount without a tax code, not even zero
    values |= {
        "billRef": bill.id,
        "lineNumber": number,
        "account": names.accounts.get(line.account_id or ""),
        "shouldAmortize": line.should_amortize,
    }
    return (_value(values[f.name]) for f in _LINE_COLUMNS)


def _shown_of_line(line: LightLine, sign: int) -> list[Value]:
    suggestions = [
        {"field": each.field, "fieldValues": each.values, "reasoning": each.reasoning}
        for each in line.suggestions
    ]
    return [
        line.id,
        _signed(line.amount, sign),
        _signed(line.net_amount, sign),
        line.type,
        line.metadata,
        line.amortization_schedule_id,
        line.cost_center_id,
        json.dumps(suggestions, ensure_ascii=False) if suggestions else None,
        line.created_at,
        line.updated_at,
    ]


def _signed(cents: int | None, sign: int) -> int | None:
    return None if cents is None else cents * sign


def _value(value: Any) -> Value:
    return f"{value:f}" if isinstance(value, Decimal) else value


def text_of(value: Value) -> str:
    """A value as text: yes and no as TRUE and FALSE, times in UTC with Z."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            moment = value.astimezone(UTC).replace(tzinfo=None)
            return (
                moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds") + "Z"
            )
        case date():
            return value.isoformat()
    return str(value)
