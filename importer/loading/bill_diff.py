"""A bill as Light shows it against what was loaded, field by field.

What was loaded is the journal's content: all that was sent, with ids. What it leaves blank Light
may fill in or work out, so only what was sent is compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from importer.core.money import money, tidy
from importer.loading.identity import match_lines
from importer.model.bills import Bill, LineItem, Property
from importer.model.fields import PROPERTY
from importer.model.journal_states import JournalEntry
from importer.model.light_objects import LightBill, LightLine, LightProperty
from importer.model.read_back import Difference

NOTHING = "nothing"
PAID = frozenset(("PAID", "PARTIALLY_PAID"))
LINE = "line"  # the field of a difference that is about a line item as a whole


def loaded_bill(entry: JournalEntry, index: int, unit: int = 100) -> Bill:
    """The bill that the content of an entry describes. ``unit``: cents a unit of its currency."""
    told = json.loads(entry.content)
    return Bill(
        index=index,
        table=0,
        row=0,
        currency=told["currency"],
        amount=told["amount"],
        include_tax=told["lineItemsIncludeTax"],
        lines=tuple(_line_item(i, line) for i, line in enumerate(told["lineItems"])),
        vendor_id=told["vendorId"],
        company_entity_id=told["companyEntityId"],
        invoice_number=told["invoiceNumber"],
        issued=_day(told["issuedDate"]),
        due=_day(told["dueDate"]),
        payment_at=told["paymentAt"] and datetime.fromisoformat(told["paymentAt"]),
        description=told["description"],
        sender_bank_account_id=told["senderBankAccountId"],
        local_fx_rate=_decimal(told["localCurrencyFxRateOverride"]),
        group_fx_rate=_decimal(told["groupCurrencyFxRateOverride"]),
        properties=_properties(told),
        unit=unit,
    )


def _line_item(index: int, told: Mapping[str, Any]) -> LineItem:
    return LineItem(
        index=index,
        table=0,
        row=0,
        amount=told["amount"],
        net_amount=told["netAmount"],
        tax_amount=told["taxAmount"],
        description=told["description"],
        tax_code_id=told["taxCodeId"],
        account_id=told["accountId"],
        amortization_start=_day(told["amortizationStartDate"]),
        amortization_end=_day(told["amortizationEndDate"]),
        amortization_template_id=told["amortizationTemplateId"],
        properties=_properties(told),
    )


def _properties(told: Mapping[str, Any]) -> tuple[Property, ...]:
    return tuple(
        Property(group, ", ".join(values), group, tuple(values))
        for group, values in told["properties"]
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def field_words(difference: Difference) -> str:
    """ "due date", "custom property Department", "line item"."""
    name = difference.field
    if name == LINE:
        return "line item"
    if name.startswith(PROPERTY):
        return f"custom property {name.removeprefix(PROPERTY)}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Id")).lower()


def quoted(difference: Difference) -> tuple[str, str]:
    """What the sheet and what Light has, as they stand in a sentence."""
    bare = difference.field == LINE or difference.field.lower().endswith("amount")
    sheet, light = (
        text if bare or text == NOTHING else f"'{text}'"
        for text in (difference.sheet, difference.light)
    )
    return sheet, light


_Compared = tuple[str, object, object, Callable[[object, object], bool]]  # the sheet's, Light's


# --- the comparison ---------------------------------------------------------------------------


def bill_differences(bill: Bill, there: LightBill) -> list[Difference]:
    """What Light shows otherwise in the bill itself; its lines are not looked at."""
    fields = (
        ("vendorId", bill.vendor_id, there.vendor_id, _same_text),
        ("companyEntityId", bill.company_entity_id, there.company_entity_id, _same_text),
        ("invoiceNumber", bill.invoice_number, there.invoice_number, _same),
        ("issuedDate", bill.issued, there.issued, _same),
        ("dueDate", bill.due, there.due, _same),
        ("paymentAt", bill.payment_at, there.payment_at, _same_moment),
        ("currency", bill.currency, there.currency, _same_text),
        ("description", bill.description, there.description, _same),
        (
            "senderBankAccountId",
            bill.sender_bank_account_id,
            there.sender_bank_account_id,
            _same_text,
        ),
        ("localCurrencyFxRateOverride", bill.local_fx_rate, there.local_fx_rate, _same_number),
        ("groupCurrencyFxRateOverride", bill.group_fx_rate, there.group_fx_rate, _same_number),
    )
    out = [] if there.amount == bill.amount else [_amount(bill, there)]
    paid = there.state in PAID  # Light then says when it was
    out += [d for d in _of_fields(None, fields) if not (paid and d.field == "paymentAt")]
    if there.include_tax is not None and there.include_tax is not bill.include_tax:
        own, theirs = _shown(bill.include_tax), _shown(there.include_tax)
        out.append(Difference("lineItemsIncludeTax", None, own, theirs))
    return out + list(_of_properties(None, bill.properties, there.properties))


def line_differences(bill: Bill, index: int, there: LightLine) -> list[Difference]:
    """What Light shows otherwise in one line."""
    line, out = bill.lines[index], []
    # As it was sent: Light works out the other amounts, and the tax that is left out.
    amounts = (
        ("amount", line.amount if bill.include_tax else None, there.amount),
        ("netAmount", None if bill.include_tax else line.net_amount, there.net_amount),
        ("taxAmount", line.tax_amount, there.tax_amount),
    )
    for name, ours, theirs in amounts:
        nothing = name == "taxAmount" and not ours and not theirs
        if ours is not None and ours != theirs and not nothing:
            shown = NOTHING if theirs is None else money(theirs, bill.unit)
            out.append(Difference(name, index, money(ours, bill.unit), shown))
    fields = (
        ("description", line.description, there.description, _same),
        ("taxCodeId", line.tax_code_id, there.tax_code_id, _same_text),
        ("accountId", line.account_id, there.account_id, _same_text),
        ("amortizationStartDate", line.amortization_start, there.amortization_start, _same),
        ("amortizationEndDate", line.amortization_end, there.amortization_end, _same),
        (
            "amortizationTemplateId",
            line.amortization_template_id,
            there.amortization_template_id,
            _same_text,
        ),
    )
    out += _of_fields(index, fields)
    return out + list(_of_properties(index, line.properties, there.properties))


def lines_differences(
    bill: Bill, lines: Sequence[LightLine], known: Sequence[str | None]
) -> list[Difference]:
    """What differs in the lines, in whatever order Light has them.

    ``known`` are Light's ids of the bill's lines, as far as they were told. Lines that agree are
    found first; what is left over is the same line by its id, else in its order.
    """
    ids = {light_id: i for i, light_id in enumerate(known) if light_id is not None}
    ids = {light_id: i for light_id, i in ids.items() if i < len(bill.lines)}
    found, left = match_lines(bill, lines, ids)
    missing = [i for i, line in enumerate(found) if line is None]
    for there in list(left):
        index = ids.get(there.id)
        if index in missing and index is not None:
            found[index] = there
            missing.remove(index)
            left.remove(there)
    for index, there in zip(list(missing), list(left), strict=False):
        found[index] = there
        missing.remove(index)
        left.remove(there)
    out = []
    for index, line in enumerate(found):
        if line is None:
            out.append(Difference(LINE, index, _whole_line(bill, index), NOTHING))
        else:
            out += line_differences(bill, index, line)
    for there in left:
        shown = money(there.amount or there.net_amount or 0, bill.unit)
        out.append(
            Difference(LINE, None, NOTHING, f"a line of {shown}: {there.description or there.id}")
        )
    return out


def _whole_line(bill: Bill, index: int) -> str:
    line = bill.lines[index]
    amount = line.amount if bill.include_tax else line.net_amount
    return f"a line of {money(amount or 0, bill.unit)}: {line.description or ''}".rstrip(": ")


def _amount(bill: Bill, there: LightBill) -> Difference:
    theirs = NOTHING if there.amount is None else money(there.amount, bill.unit)
    return Difference("amount", None, money(bill.amount, bill.unit), theirs)


def _of_fields(line: int | None, fields: Iterable[_Compared]) -> Iterator[Difference]:
    """What the sheet tells, and Light shows otherwise."""
    for name, ours, theirs, same in fields:
        if ours is not None and ours != "" and not same(ours, theirs):
            yield Difference(name, line, _shown(ours), _shown(theirs))


def _of_properties(
    line: int | None, ours: Sequence[Property], theirs: Sequence[LightProperty]
) -> Iterator[Difference]:
    shown = {group.group_id.lower(): group for group in theirs}
    for each in ours:
        group = shown.get((each.group_id or each.name).lower())
        values = () if group is None else group.values
        left = list(values)
        for text in each.value_ids:
            match = next((v for v in left if any(_same_value(text, known) for known in v)), None)
            if match is None:
                break
            left.remove(match)
        else:
            if not left:
                continue
        name = group.name if group is not None and group.name else each.name
        labels = ", ".join(label or internal or id_ for id_, label, internal in values)
        own = {id_.lower(): label for id_, label, _ in values}
        said = ", ".join(own.get(text.lower()) or text for text in each.value_ids)
        yield Difference(f"{PROPERTY}{name}", line, said, labels or NOTHING)


def _same_value(ours: str, theirs: str) -> bool:
    """Whether two values of a property are one: ids, texts, numbers and dates as they are told."""
    if tidy(ours).lower() == tidy(theirs).lower():
        return True
    try:
        return Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return len(ours) == 10 and ours.count("-") == 2 and theirs.startswith(f"{ours}T")


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str):
        return tidy(ours) == tidy(theirs)
    return ours == theirs


def _same_text(ours: object, theirs: object) -> bool:
    return str(ours).lower() == str(theirs).lower()


def _same_number(ours: object, theirs: object) -> bool:
    # What is sent is a number of JSON, of 15 digits or so.
    return (
        isinstance(ours, Decimal) and isinstance(theirs, Decimal) and float(ours) == float(theirs)
    )


def _same_moment(ours: object, theirs: object) -> bool:
    if not isinstance(ours, datetime) or not isinstance(theirs, datetime):
        return False
    a, b = (m.replace(tzinfo=m.tzinfo or UTC) for m in (ours, theirs))
    return abs((a - b).total_seconds()) < 0.001  # milliseconds are what is sent


def _shown(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return str(value)
