"""What makes a bill the same bill, and whether its content is the same."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from importer.core.money import money, tidy
from importer.model.bills import Bill, LineItem, bill_values, line_values
from importer.model.light_objects import LightBill, LightLine

GONE = frozenset(("CANCELLED",))  # a cancelled bill does not stand in the way of a new one


def identities(bills: Iterable[Bill]) -> list[tuple[Bill, str]]:
    """Each bill with its identity: entity, vendor and invoice number.

    Without a number it is what else tells bills apart, and the bill's place among those alike.
    """
    seen: Counter[str] = Counter()
    out = []
    for bill in bills:
        parts = [bill.company_entity_id or "", *_kin(bill)]
        if not bill.invoice_number:
            alike = json.dumps(parts)
            seen[alike] += 1
            parts.append(seen[alike])
        out.append((bill, json.dumps(parts)))
    return out


def kin(bill: Bill) -> str:
    """Equal for bills that could be taken for one another in Light, where the entity may be left
    out, and those without a number differ in nothing else."""
    return json.dumps(_kin(bill))


def _kin(bill: Bill) -> list[object]:
    if bill.invoice_number:
        return ["number", bill.vendor_id, bill.invoice_number]
    issued = bill.issued_date and bill.issued_date.isoformat()
    what = [issued, bill.amount, bill.currency, bill.description or ""]
    return ["content", bill.vendor_id, *what]


def split_entity(identity: str) -> tuple[str, str]:
    """An identity as (entity, the rest); the entity is "" where the sheet had none."""
    entity, *rest = json.loads(identity)
    return entity, json.dumps(rest)


def with_entity(entity: str, rest: str) -> str:
    """The identity that ``split_entity`` took apart."""
    return json.dumps([entity, *json.loads(rest)])


def after_entity(entity: str) -> str:
    """A text that comes after all identities of an entity, and before those of the next."""
    return json.dumps([entity])[:-1] + ", #"


def same_lines(before: str, after: str) -> bool:
    """Whether two contents have the same lines in the same order."""
    return bool(json.loads(before)["lineItems"] == json.loads(after)["lineItems"])


def content(bill: Bill) -> str:
    """All that is sent, as canonical JSON: two bills of the same content are equal here."""

    whole = bill_values(bill) | {
        "properties": _properties(bill),
        "lineItems": [
            line_values(line, bill.include_tax) | {"properties": _properties(line)}
            for line in bill.lines
        ],
    }
    return _CANONICAL.encode(whole)


_CANONICAL = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":"))


def _properties(item: Bill | LineItem) -> list[list[object]]:
    return sorted([p.group_id or p.name, p.value_ids or p.inline_values] for p in item.properties)


def changes(
    before: str, after: str, unit: int = 100, *, lines: bool = True, paid: bool = False
) -> str:
    """How two contents differ, in words with both values; "" where they do not.

    ``unit`` is how many cents a unit of the currency has. ``paid``: the bill is marked as paid,
    which tells Light the date of payment once more.
    """
    if before == after:
        return ""
    old, new = json.loads(before), json.loads(after)
    out = []
    for key in new:
        if key == "lineItems":
            if not lines:
                continue
            a, b = old.get(key, []), new[key]
            if len(a) != len(b):
                out.append(f"{len(a)} line items were loaded, the sheet has {len(b)}")
            else:
                for i, (x, y) in enumerate(zip(a, b, strict=True), start=1):
                    out += [
                        f"line {i} {k}: {_shown(k, x.get(k), unit)} was loaded, the sheet has"
                        f" {_shown(k, y[k], unit)}"
                        for k in y
                        if x.get(k) != y[k]
                    ]
        elif key == "companyEntityId" and not new[key]:
            continue  # Light fills in what the sheet leaves out
        elif key == "paymentAt" and paid:
            continue
        elif old.get(key) != new[key]:
            out.append(
                f"{key}: {_shown(key, old.get(key), unit)} was loaded, the sheet has"
                f" {_shown(key, new[key], unit)}"
            )
    return "; ".join(out[:6]) + (f"; and {len(out) - 6} more" if len(out) > 6 else "")


def _shown(key: str, value: object, unit: int) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, int) and not isinstance(value, bool) and "mount" in key:
        return money(value, unit)
    return str(value)


@dataclass(frozen=True)
class Match:
    """How a bill in Light compares with one of the sheet."""

    same: bool  # it is the same bill
    difference: str  # what differs in it all the same, in words


def compare(bill: Bill, there: LightBill) -> Match:
    """Whether Light's bill is this one: vendor, entity and number, or, without, content."""
    if not _same_id(there.vendor_id, bill.vendor_id):
        return Match(False, "")
    if not _same_id(there.company_entity_id, bill.company_entity_id):
        return Match(False, "")
    number = tidy(there.invoice_number or "")
    difference = differences(bill, there)
    if bill.invoice_number:
        return Match(number == bill.invoice_number, difference)
    alike = not number and not difference and (there.description or "") == (bill.description or "")
    return Match(alike, "")


def _same_id(a: str | None, b: str | None) -> bool:
    """Whether two ids are one; an id that is not told contradicts none."""
    return not a or not b or a.lower() == b.lower()


def differences(bill: Bill, there: LightBill) -> str:
    """What Light shows otherwise than the sheet: amount, currency, dates, lines. "" for nothing."""
    out = []
    if there.amount != bill.amount:
        shown = "no amount" if there.amount is None else money(there.amount, bill.unit)
        own = money(bill.amount, bill.unit)
        out.append(f"the amount is {shown} in Light and {own} in the sheet")
    if there.currency is not None and there.currency.upper() != bill.currency:
        out.append(f"the currency is {there.currency} in Light and {bill.currency} in the sheet")
    for name, theirs, ours in (
        ("issue date", there.issued_date, bill.issued_date),
        ("due date", there.due_date, bill.due_date),
    ):
        if ours is not None and theirs != ours:
            out.append(f"the {name} is {theirs or 'empty'} in Light and {ours} in the sheet")
    if there.lines is not None and len(there.lines) != len(bill.lines):
        out.append(f"Light has {len(there.lines)} line items and the sheet {len(bill.lines)}")
    elif there.lines is not None and None in line_ids(bill, there.lines):
        out.append("Light's line items are not those of the sheet")
    return "; ".join(out)


def line_ids(bill: Bill, lines: Sequence[LightLine]) -> tuple[str | None, ...]:
    """Light's id of each line of the bill, None where Light has no such line."""
    return tuple(there.id if there else None for there in match_lines(bill, lines, {})[0])


def match_lines(
    bill: Bill, lines: Sequence[LightLine], before: Mapping[str, int]
) -> tuple[list[LightLine | None], list[LightLine]]:
    """Light's line for each of the bill's, None where there is none; and those that are left over.

    ``before`` has the indices of those whose id is known. The others are compared as multisets:
    equal lines occur in life, and Light need not keep their order. A line that agrees in everything
    the sheet tells comes first; then one that differs in what Light may fill in or work out.
    """
    found: list[LightLine | None] = [None] * len(bill.lines)
    left: list[LightLine] = []
    for there in lines:
        index = before.get(there.id)
        if index is None or not _same_amount(bill, bill.lines[index], there):
            left.append(there)
        else:
            found[index] = there
    for strictly in (True, False):
        free: dict[tuple[object, ...], list[LightLine]] = defaultdict(list)
        for there in reversed(left):
            free[_light_key(bill, there, strictly)].append(there)
        for i, item in enumerate(bill.lines):
            same = free.get(_sheet_key(bill, item, strictly)) if found[i] is None else None
            if same:
                found[i] = same.pop()
        taken = {there.id for there in found if there is not None}
        left = [there for there in left if there.id not in taken]
    for i, item in enumerate(bill.lines):  # what the sheet leaves blank Light may fill in
        if found[i] is None and left:
            near = [x for x in left if _agrees(bill, item, x)]
            if near:
                found[i] = near[0]
                left.remove(near[0])
    return found, left


def _sheet_key(bill: Bill, item: LineItem, strictly: bool) -> tuple[object, ...]:
    amount = item.amount if bill.include_tax else item.net_amount
    key = (amount, tidy(item.description or ""), item.account_id and item.account_id.lower())
    return (*key, item.tax_code_id and item.tax_code_id.lower()) if strictly else key


def _light_key(bill: Bill, line: LightLine, strictly: bool) -> tuple[object, ...]:
    amount = line.amount if bill.include_tax else line.net_amount
    key = (amount, tidy(line.description or ""), line.account_id and line.account_id.lower())
    return (*key, line.tax_code_id and line.tax_code_id.lower()) if strictly else key


def _same_amount(bill: Bill, item: LineItem, there: LightLine) -> bool:
    return _sheet_key(bill, item, False)[0] == _light_key(bill, there, False)[0]


def _agrees(bill: Bill, item: LineItem, there: LightLine) -> bool:
    """Whether they have one amount, and what else the sheet tells."""
    ours, theirs = _sheet_key(bill, item, False), _light_key(bill, there, False)
    return _same_amount(bill, item, there) and all(
        not a or a == b for a, b in zip(ours[1:], theirs[1:], strict=True)
    )
