"""Differences of a bill: between Light and the journal, and between two contents of the journal.

The journal's content is all that was sent, with ids. Light may fill in or work out what it leaves
blank, so only what was sent is compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from importer.core.money import money, tidy
from importer.core.object_ids import normal_id
from importer.loading.bill_match import match_lines
from importer.model.bill_image import NOT_SHOWN_OF_NOTES
from importer.model.bills import (
    CREDIT,
    CREDIT_NOTE,
    Bill,
    LineItem,
    Property,
    bill_values,
    line_values,
)
from importer.model.field_values import (
    NOTHING,
    is_blank,
    same_property_value,
    same_value,
    shown,
    value_from_text,
)
from importer.model.fields import (
    HEADER_FIELDS,
    PATCHED_BILL_FIELDS,
    PROPERTY,
    SENT_LINE_FIELDS,
    Field,
    FieldKind,
)
from importer.model.journal_states import JournalEntry
from importer.model.light_objects import LightBill, LightLine, LightProperty
from importer.model.read_back import Difference

PAID = frozenset(("PAID", "PARTIALLY_PAID"))
PATCHED = frozenset(field.name for field in PATCHED_BILL_FIELDS)
LINE = "line"  # the field of a difference that is about a line item as a whole
_WORDS = {
    LINE: "line item",
    "shouldAmortize": "amortization",
    "fiNumber": "FI number",
    "norKidReference": "KID reference",
    "swissPaymentReference": "Swiss payment reference",
}


def loaded_bill(entry: JournalEntry, unit: int = 100) -> Bill:
    """The bill that the content of an entry describes. ``unit``: cents a unit of its currency."""
    content = json.loads(entry.content)
    return Bill(
        index=0,
        table=0,
        row=0,
        lines=tuple(
            LineItem(i, 0, 0, **_attributes(line, SENT_LINE_FIELDS))
            for i, line in enumerate(content["lineItems"])
        ),
        unit=unit,
        credit_note=content.get("type") == CREDIT_NOTE,
        credit_sign=content.get("creditSign", CREDIT),
        **_attributes(content, HEADER_FIELDS),
    )


def _attributes(content: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    values = {}
    for field in fields:
        value = content.get(field.name)  # a journal may be older than the field
        values[field.attribute] = value_from_text(field, value)
    values["properties"] = tuple(
        Property(group, ", ".join(texts), group, tuple(texts))
        for group, texts in content["properties"]
    )
    return values


def field_words(difference: Difference) -> str:
    """ "due date", "custom property Department", "line item"."""
    name = difference.field
    if name in _WORDS:
        return _WORDS[name]
    if name.startswith(PROPERTY):
        return f"custom property {name.removeprefix(PROPERTY)}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Id")).lower()


def quoted(difference: Difference) -> tuple[str, str]:
    """The values of the sheet and of Light as a sentence quotes them."""
    bare = difference.field == LINE or difference.field.lower().endswith("amount")
    sheet, light = (
        text if bare or text == NOTHING else f"'{text}'"
        for text in (difference.sheet, difference.light)
    )
    return sheet, light


# --- two contents -----------------------------------------------------------------------------


def describe_content_changes(
    before: str, after: str, unit: int = 100, *, lines: bool = True, paid: bool = False
) -> str:
    """How two contents differ, in words with both values; "" where they do not.

    ``unit`` is how many cents a unit of the currency has. ``paid``: the bill is to be marked as
    paid, which sends the date of payment again.
    """
    if before == after:
        return ""
    old, new = json.loads(before), json.loads(after)
    old_lines, new_lines = old.pop("lineItems", []), new.pop("lineItems", [])
    if not new.get("companyEntityId"):
        new.pop("companyEntityId", None)  # Light fills in what the sheet leaves out
    if paid:
        new.pop("paymentAt", None)
    out = _changed_fields("", old, new, unit)
    if lines and len(old_lines) != len(new_lines):
        out.append(f"{len(old_lines)} line items were loaded, the sheet has {len(new_lines)}")
    elif lines:
        for i, (old_line, new_line) in enumerate(zip(old_lines, new_lines, strict=True), start=1):
            out += _changed_fields(f"line {i} ", _as_sent(old_line), _as_sent(new_line), unit)
    return "; ".join(out[:6]) + (f"; and {len(out) - 6} more" if len(out) > 6 else "")


def _as_sent(line: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a line item as they are sent: no tax without a tax code, not even zero."""
    untaxed = not line.get("taxAmount") and not line.get("taxCodeId")
    return {**line, **({"taxAmount": None} if untaxed else {})}


def _changed_fields(
    prefix: str, old: Mapping[str, Any], new: Mapping[str, Any], unit: int
) -> list[str]:
    cleared = dict.fromkeys(name for name in PATCHED if name in old)  # blanks are left out of these
    return [
        f"{prefix}{name}: {_content_value(name, old.get(name), unit)} was loaded, the sheet has"
        f" {_content_value(name, value, unit)}"
        for name, value in (cleared | dict(new)).items()
        if old.get(name) != value
    ]


def _content_value(key: str, value: object, unit: int) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, int) and not isinstance(value, bool) and "mount" in key:
        return money(value, unit)
    return str(value)


# --- Light and the content --------------------------------------------------------------------


def bill_differences(bill: Bill, remote: LightBill) -> list[Difference]:
    """Differences of the bill itself, without its lines."""
    paid = remote.state in PAID  # Light then says when it was
    fields = [f for f in HEADER_FIELDS if not (paid and f.name == "paymentAt")]
    if bill.credit_note:
        fields = [f for f in fields if f.name not in NOT_SHOWN_OF_NOTES]
    fields.sort(key=lambda f: (f.kind is not FieldKind.CENTS, f.kind is FieldKind.BOOLEAN))
    out = list(_of_fields(None, fields, bill_values(bill), remote, bill.unit))
    if remote.credit_sign and remote.credit_sign != bill.credit_sign:
        out.append(Difference("dcSign", None, bill.credit_sign, remote.credit_sign))
    if bill.credit_note:
        return out
    return out + list(_of_properties(None, bill.properties, remote.properties))


def patched_differences(bill: Bill, remote: LightBill) -> list[Difference]:
    """Differences in what a bill is given after its creation."""
    return list(_of_fields(None, PATCHED_BILL_FIELDS, bill_values(bill), remote, bill.unit))


def line_differences(bill: Bill, index: int, remote: LightLine) -> list[Difference]:
    """Differences of one line.

    It is compared as it was sent: Light works out the other amounts, and tax that is left out.
    """
    line = bill.lines[index]
    values = line_values(line, bill.include_tax)
    if not values["taxAmount"] and not remote.tax_amount:
        values["taxAmount"] = None
    out = list(_of_fields(index, SENT_LINE_FIELDS, values, remote, bill.unit))
    if bill.credit_note:  # Light does not show their properties
        return out
    return out + list(_of_properties(index, line.properties, remote.properties))


def lines_differences(
    bill: Bill, lines: Sequence[LightLine], light_ids: Sequence[str | None]
) -> list[Difference]:
    """Differences of the lines, in whatever order Light has them."""
    matched, unmatched = pair_lines(bill, lines, light_ids)
    out = []
    for index, line in enumerate(matched):
        if line is None:
            out.append(Difference(LINE, index, _line_text(bill, index), NOTHING))
        else:
            out += line_differences(bill, index, line)
    for remote in unmatched:
        amount = money(remote.amount or remote.net_amount or 0, bill.unit)
        text = f"a line of {amount}: {remote.description or remote.id}"
        out.append(Difference(LINE, None, NOTHING, text))
    return out


def amortization_differences(
    bill: Bill, matched: Sequence[LightLine | None]
) -> Iterator[Difference]:
    """Lines that the sheet spreads over time and Light does not."""
    for index, (line, remote) in enumerate(zip(bill.lines, matched, strict=True)):
        spread = line.amortization_start_date or line.amortization_template_id
        if spread and remote is not None and remote.should_amortize is False:
            yield Difference("shouldAmortize", index, "yes", "no")


def pair_lines(
    bill: Bill,
    lines: Sequence[LightLine],
    light_ids: Sequence[str | None],
    *,
    by_description: bool = False,
) -> tuple[list[LightLine | None], list[LightLine]]:
    """For each line of the bill that of Light, None where it has none; and Light's other lines.

    ``light_ids`` are Light's ids of the bill's lines, None where unknown. Lines that agree are
    matched first, the others by their ids, the rest in their order. ``by_description``: those of
    one description before those of one id, which a line of another place may have now.
    """
    ids = {light_id: i for i, light_id in enumerate(light_ids) if light_id is not None}
    ids = {light_id: i for light_id, i in ids.items() if i < len(bill.lines)}
    matched, unmatched = match_lines(bill, lines, ids)
    missing = [i for i, line in enumerate(matched) if line is None]
    for i in list(missing) if by_description else ():
        text = tidy(bill.lines[i].description or "")
        named = (each for each in unmatched if text and tidy(each.description or "") == text)
        if (match := next(named, None)) is not None:
            matched[i] = match
            missing.remove(i)
            unmatched.remove(match)
    for remote in list(unmatched):
        index = ids.get(remote.id)
        if index in missing and index is not None:
            matched[index] = remote
            missing.remove(index)
            unmatched.remove(remote)
    for index, remote in zip(list(missing), list(unmatched), strict=False):
        matched[index] = remote
        missing.remove(index)
        unmatched.remove(remote)
    return matched, unmatched


def _line_text(bill: Bill, index: int) -> str:
    line = bill.lines[index]
    amount = line.amount if bill.include_tax else line.net_amount
    return f"a line of {money(amount or 0, bill.unit)}: {line.description or ''}".rstrip(": ")


def _of_fields(
    line: int | None,
    fields: Iterable[Field],
    values: Mapping[str, Any],
    remote: LightBill | LightLine,
    unit: int,
) -> Iterator[Difference]:
    """Differences in the fields that the sheet gives."""
    for field in fields:
        ours, theirs = values[field.name], getattr(remote, field.attribute)
        if not is_blank(ours) and not same_value(field, ours, theirs):
            sheet, light = (shown(value, unit) for value in (ours, theirs))
            yield Difference(field.name, line, sheet, light)


def _of_properties(
    line: int | None, ours: Sequence[Property], theirs: Sequence[LightProperty]
) -> Iterator[Difference]:
    groups = {normal_id(group.group_id): group for group in theirs}
    for each in ours:
        group = groups.get(normal_id(each.group_id or each.name))
        values = () if group is None else group.values
        others = list(values)
        for text in each.value_ids:
            match = next((v for v in others if any(same_property_value(text, x) for x in v)), None)
            if match is None:
                break
            others.remove(match)
        else:
            if not others:
                continue
        name = group.name if group is not None and group.name else each.name
        labels = ", ".join(label or internal or id_ for id_, label, internal in values)
        label_of = {normal_id(id_): label for id_, label, _ in values}
        sheet = ", ".join(label_of.get(normal_id(text)) or text for text in each.value_ids)
        yield Difference(f"{PROPERTY}{name}", line, sheet, labels or NOTHING)
