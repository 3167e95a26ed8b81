"""Match bills and lines of Light with those of the sheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from importer.core.money import money, tidy
from importer.core.object_ids import normal_id, same_id
from importer.model.bills import Bill, LineFields, LineItem
from importer.model.light_objects import LightBill, LightLine

CUT_MARKS = ".… "  # at the end of a text that is cut
_LEAST_OF_TEXT = 50  # characters to which a text may be cut and still be told


@dataclass(frozen=True)
class BillMatch:
    """Whether a bill in Light is the one of the sheet."""

    same: bool
    difference: str  # of the same bill, in words


def match_bill(bill: Bill, remote: LightBill) -> BillMatch:
    """Matched by vendor, entity and number; without a number by date, amount, currency and
    description, as its identity is."""
    if remote.credit_note != bill.credit_note:
        return BillMatch(False, "")
    if not _agrees_on_id(remote.vendor_id, bill.vendor_id):
        return BillMatch(False, "")
    if not _agrees_on_id(remote.company_entity_id, bill.company_entity_id):
        return BillMatch(False, "")
    number = tidy(remote.invoice_number or "")
    difference = describe_differences(bill, remote)
    if bill.invoice_number:
        return BillMatch(number == bill.invoice_number, difference)
    # Light gives a number to a credit note that has none.
    unnumbered = not number or remote.credit_note
    same_facts = not _amount_and_date_differences(bill, remote)
    same = unnumbered and same_facts and same_words(bill.description, remote.description)
    return BillMatch(same, difference)


def same_words(ours: str | None, theirs: str | None) -> bool:
    """Whether two texts are the same but for spaces."""
    return _words(ours) == _words(theirs)


def may_be_text(ours: str | None, theirs: str | None) -> bool:
    """Whether Light may show the text of ours so: with other spaces, or cut."""
    sent, shown = _words(ours), _words(theirs)
    begins = shown.rstrip(CUT_MARKS)
    return sent == shown or (len(begins) >= _LEAST_OF_TEXT and sent.startswith(begins))


def _words(text: str | None) -> str:
    return " ".join(tidy(text or "").split())


def _agrees_on_id(a: str | None, b: str | None) -> bool:
    """Whether two ids are one; a missing id contradicts none."""
    return not a or not b or same_id(a, b)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A field that Light states otherwise than the sheet; ``words`` are for people."""

    field: str  # its name in Light's requests
    words: str


def contradictions(
    bill: Bill, remote: LightBill, *, just_created: bool = False
) -> list[Contradiction]:
    """What Light states otherwise of the vendor, entity, number, amount and currency of a bill.

    What it does not state contradicts nothing. ``just_created``: nobody has edited it since it was
    sent, so that a bill has a number in Light where one was sent, and none where none was; then it
    has the date and description that were sent.
    """
    out = [
        Contradiction(field, f"the {name} is {theirs} in Light and {ours} in the sheet")
        for field, name, theirs, ours in (
            ("vendorId", "vendor", remote.vendor_id, bill.vendor_id),
            (
                "companyEntityId",
                "company entity",
                remote.company_entity_id,
                bill.company_entity_id,
            ),
        )
        if not _agrees_on_id(theirs, ours)
    ]
    ours, theirs = bill.invoice_number or "", tidy(remote.invoice_number or "")
    of_a_vendor = theirs or remote.vendor_id  # else it is an answer that states next to nothing
    if bill.credit_note and not (theirs and ours):
        theirs = ours  # Light shows the number of a credit note in lists only
    if theirs != ours and ((theirs and ours) or (just_created and of_a_vendor)):
        shown, written = theirs or "blank", ours or "blank"
        words = f"the invoice number is {shown} in Light and {written} in the sheet"
        out.append(Contradiction("invoiceNumber", words))
    if remote.amount is not None and remote.amount != bill.amount:
        shown, written = money(remote.amount, bill.unit), money(bill.amount, bill.unit)
        words = f"the amount is {shown} in Light and {written} in the sheet"
        out.append(Contradiction("amount", words))
    if remote.currency is not None and remote.currency.upper() != bill.currency:
        words = f"the currency is {remote.currency} in Light and {bill.currency} in the sheet"
        out.append(Contradiction("currency", words))
    if remote.credit_sign and remote.credit_sign != bill.credit_sign:
        words = f"its lines are {remote.credit_sign} in Light and were sent as {bill.credit_sign}"
        out.append(Contradiction("dcSign", words))
    if just_created and (not ours or bill.credit_note):
        pairs = (
            ("issuedDate", "issue date", remote.issued_date, bill.issued_date),
            ("description", "description", tidy(remote.description or ""), bill.description),
        )
        out += [
            Contradiction(field, f"the {name} is {theirs} in Light and {written} in the sheet")
            for field, name, theirs, written in pairs
            if theirs and written and not may_be_text(str(written), str(theirs))
        ]
    return out


def line_contradictions(bill: Bill, line: LineItem, remote: LightLine) -> str:
    """What Light states otherwise of a line's amount, tax code and account, in words."""
    sent = "amount" if bill.include_tax else "net_amount"
    theirs, ours = getattr(remote, sent), getattr(line, sent)
    out = []
    if theirs is not None and ours is not None and theirs != ours:
        shown, written = money(theirs, bill.unit), money(ours, bill.unit)
        out.append(f"the amount is {shown} in Light and {written} in the sheet")
    for name, their_id, our_id in (
        ("tax code", remote.tax_code_id, line.tax_code_id),
        ("account", remote.account_id, line.account_id),
    ):
        if not _agrees_on_id(their_id, our_id):
            out.append(f"the {name} is {their_id} in Light and {our_id} in the sheet")
    return "; ".join(out)


def words_of_contradictions(conflicts: Sequence[Contradiction]) -> str:
    return "; ".join(each.words for each in conflicts)


def describe_differences(bill: Bill, remote: LightBill) -> str:
    """Differences in amount, currency, dates and lines, in words; "" for none."""
    out = _amount_and_date_differences(bill, remote)
    out += _date_difference("due date", remote.due_date, bill.due_date)
    if remote.lines is not None and len(remote.lines) != len(bill.lines):
        out.append(f"Light has {len(remote.lines)} line items and the sheet {len(bill.lines)}")
    elif remote.lines is not None and None in line_ids(bill, remote.lines):
        out.append("Light's line items are not those of the sheet")
    return "; ".join(out)


def _amount_and_date_differences(bill: Bill, remote: LightBill) -> list[str]:
    """Differences in what identifies a bill without a number, but for its description."""
    money_fields = ("amount", "currency")
    out = [c.words for c in contradictions(bill, remote) if c.field in money_fields]
    if remote.amount is None:
        out.append("Light does not state the amount")
    return out + _date_difference("issue date", remote.issued_date, bill.issued_date)


def _date_difference(name: str, theirs: date | None, ours: date | None) -> list[str]:
    if ours is None or theirs == ours:
        return []
    return [f"the {name} is {theirs or 'empty'} in Light and {ours} in the sheet"]


def line_ids(bill: Bill, lines: Sequence[LightLine]) -> tuple[str | None, ...]:
    """Light's id of each line of the bill, None where Light has no such line."""
    return tuple(line.id if line else None for line in match_lines(bill, lines, {})[0])


def match_lines(
    bill: Bill, lines: Sequence[LightLine], before: Mapping[str, int]
) -> tuple[list[LightLine | None], list[LightLine]]:
    """Light's line for each of the bill's, None where remote is none; and the unmatched ones.

    ``before`` has the indices of lines by their known ids. The others are compared as multisets:
    lines may be equal, and Light need not keep their order. A line that agrees in everything the
    sheet gives comes first; then one that differs in what Light may fill in or work out.
    """
    matched: list[LightLine | None] = [None] * len(bill.lines)
    unmatched: list[LightLine] = []
    for remote in lines:
        index = before.get(remote.id)
        if index is None or not _same_amount(bill, bill.lines[index], remote):
            unmatched.append(remote)
        else:
            matched[index] = remote
    for strictly in (True, False):
        by_key: dict[tuple[object, ...], list[LightLine]] = defaultdict(list)
        for remote in reversed(unmatched):
            by_key[_line_key(bill, remote, strictly)].append(remote)
        for i, line in enumerate(bill.lines):
            same = by_key.get(_line_key(bill, line, strictly)) if matched[i] is None else None
            if same:
                matched[i] = same.pop()
        matched_ids = {line.id for line in matched if line is not None}
        unmatched = [line for line in unmatched if line.id not in matched_ids]
    for i, line in enumerate(bill.lines):  # what the sheet leaves blank Light may fill in
        if matched[i] is None:
            near = next((x for x in unmatched if _agrees(bill, line, x)), None)
            if near is not None:
                matched[i] = near
                unmatched.remove(near)
    return matched, unmatched


def _line_key(bill: Bill, line: LineFields, strictly: bool) -> tuple[object, ...]:
    amount = line.amount if bill.include_tax else line.net_amount
    key = (amount, _words(line.description), _id_key(line.account_id))
    return (*key, _id_key(line.tax_code_id)) if strictly else key


def _id_key(light_id: str | None) -> str | None:
    return light_id and normal_id(light_id)


def _same_amount(bill: Bill, line: LineItem, remote: LightLine) -> bool:
    return _line_key(bill, line, False)[0] == _line_key(bill, remote, False)[0]


def _agrees(bill: Bill, line: LineItem, remote: LightLine) -> bool:
    """Whether they have one amount, and agree in what else the sheet gives."""
    if line.description and not may_be_text(line.description, remote.description):
        return False
    if line.account_id and _id_key(line.account_id) != _id_key(remote.account_id):
        return False
    return _same_amount(bill, line, remote)
