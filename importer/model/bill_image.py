"""A bill with its lines as Light has it, or as it should become: values by the names of fields.

Unlike a ``Bill``, whose blanks say nothing, a blank here is a blank in Light. A field that an image
does not have is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from importer.model.bills import CREDIT
from importer.model.field_values import value_from_text
from importer.model.fields import HEADER_FIELDS, PATCHED_BILL_FIELDS, SENT_LINE_FIELDS, Field
from importer.model.light_objects import LightBill, LightLine, LightProperty

# Light shows the rate that it took, also where nobody gave one.
RATES = frozenset(("localCurrencyFxRateOverride", "groupCurrencyFxRateOverride"))
# What a credit note has, and Light does not show of one that is read by its id.
NOT_SHOWN_OF_NOTES = frozenset(("invoiceNumber", "dueDate", "paymentAt", "senderBankAccountId")) | {
    field.name for field in PATCHED_BILL_FIELDS
}
INCLUDE_TAX, AMOUNT, NET_AMOUNT = "lineItemsIncludeTax", "amount", "netAmount"


class PropertyValues(NamedTuple):
    """The values of one custom property: ids where it is one to select from, else texts."""

    select: bool
    values: tuple[str, ...]


Properties = Mapping[str, PropertyValues]  # by the id of the group


@dataclass(frozen=True)
class LineImage:
    """``id`` is None where Light does not have the line yet. Amounts in cents."""

    id: str | None
    values: Mapping[str, Any]
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class BillImage:
    values: Mapping[str, Any]
    properties: Properties = field(default_factory=dict)
    lines: tuple[LineImage, ...] = ()
    credit_sign: str = ""  # of a credit note, how Light writes the side that it credits

    @property
    def include_tax(self) -> bool:
        return bool(self.values.get(INCLUDE_TAX))

    @property
    def line_ids(self) -> tuple[str | None, ...]:
        return tuple(line.id for line in self.lines)


def image_of(remote: LightBill, selects: Collection[str] = ()) -> BillImage:
    """The bill as Light shows it. ``selects``: the ids of custom properties to select from."""
    hidden = NOT_SHOWN_OF_NOTES if remote.credit_note else frozenset()
    return BillImage(
        _values(remote, (field for field in HEADER_FIELDS if field.name not in hidden)),
        _properties(remote.properties, selects),
        tuple(line_image_of(line, selects) for line in remote.lines or ()),
        (remote.credit_sign or CREDIT) if remote.credit_note else "",
    )


def line_image_of(line: LightLine, selects: Collection[str] = ()) -> LineImage:
    properties = _properties(line.properties, selects)
    return LineImage(line.id, _values(line, SENT_LINE_FIELDS), properties)


def _values(record: LightBill | LightLine, fields: Iterable[Field]) -> dict[str, Any]:
    return {each.name: getattr(record, each.attribute) for each in fields}


def _properties(groups: Iterable[LightProperty], selects: Collection[str]) -> Properties:
    out = {}
    for group in groups:
        select = group.group_id in selects
        values = tuple(id if select else label or name for id, label, name in group.values)
        out[group.group_id] = PropertyValues(select, values)
    return out


# --- in the journal ---------------------------------------------------------------------------


def image_to_json(image: BillImage) -> dict[str, Any]:
    """As JSON, where dates and rates are texts."""
    return {
        "values": _texts(image.values),
        "properties": {group: list(each) for group, each in image.properties.items()},
        "lines": [
            {"id": line.id, "values": _texts(line.values), "properties": dict(line.properties)}
            for line in image.lines
        ],
        "creditSign": image.credit_sign,
    }


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return written


def image_from_json(content: Mapping[str, Any]) -> BillImage:
    """Raises KeyError, TypeError or ValueError for what is no image."""
    return BillImage(
        _typed(content["values"], HEADER_FIELDS),
        _read_properties(content["properties"]),
        tuple(
            LineImage(
                line["id"],
                _typed(line["values"], SENT_LINE_FIELDS),
                _read_properties(line["properties"]),
            )
            for line in content["lines"]
        ),
        content.get("creditSign", ""),
    )


def _typed(values: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    by_name = {each.name: each for each in fields}
    return {name: value_from_text(by_name[name], value) for name, value in values.items()}


def _read_properties(properties: Mapping[str, Any]) -> Properties:
    pairs = properties.items()
    return {group: PropertyValues(bool(s), tuple(values)) for group, (s, values) in pairs}
