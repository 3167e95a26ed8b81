"""Identity and content of a bill: what makes it the same bill, and whether it has changed.

Journals keep both texts, so they must never change for the same bill.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from importer.model.bills import CREDIT, CREDIT_NOTE, Bill, LineItem, bill_values, line_values
from importer.model.journal_states import BY_CONTENT, BY_NUMBER, NOTE_BY_CONTENT, NOTE_BY_NUMBER


def identities(bills: Iterable[Bill]) -> list[tuple[Bill, str]]:
    """Each bill with its identity: entity, vendor and invoice number.

    Without a number it is vendor, date, amount, currency, description and the occurrence number.
    """
    occurrences: Counter[str] = Counter()
    out = []
    for bill in bills:
        parts = [bill.company_entity_id or "", *_conflict_parts(bill)]
        if not bill.invoice_number:
            without_occurrence = json.dumps(parts)
            occurrences[without_occurrence] += 1
            parts.append(occurrences[without_occurrence])
        out.append((bill, json.dumps(parts)))
    return out


def conflict_key(bill: Bill) -> str:
    """Equal for bills that Light may show alike: they must not be in flight together.

    It leaves out the entity, which Light may fill in, and the occurrence number.
    """
    return json.dumps(_conflict_parts(bill))


def _conflict_parts(bill: Bill) -> list[object]:
    # A credit note may have the number of the bill that it is about.
    note = bill.credit_note
    if bill.invoice_number:
        kind = NOTE_BY_NUMBER if note else BY_NUMBER
        return [kind, bill.vendor_id, bill.invoice_number]
    issued = bill.issued_date and bill.issued_date.isoformat()
    parts = [issued, bill.amount, bill.currency, bill.description or ""]
    return [NOTE_BY_CONTENT if note else BY_CONTENT, bill.vendor_id, *parts]


class ConflictIndex:
    """Bills that Light may show alike: of equal conflict keys, where no entity tells them apart."""

    def __init__(self, bills: Iterable[Bill]) -> None:
        self._entities: dict[str, set[str]] = defaultdict(set)
        for bill in bills:
            self._entities[conflict_key(bill)].add((bill.company_entity_id or "").lower())

    def has_like(self, bill: Bill) -> bool:
        """Whether one of them may be shown as this bill is."""
        entities = self._entities.get(conflict_key(bill), set())
        entity = (bill.company_entity_id or "").lower()
        return bool(entities) and (not entity or bool(entities & {"", entity}))


def split_entity(identity: str) -> tuple[str, str]:
    """An identity as (entity, rest); the entity is "" where the sheet had none."""
    entity, *rest = json.loads(identity)
    return entity, json.dumps(rest)


def with_entity(entity: str, rest: str) -> str:
    """The identity that ``split_entity`` took apart."""
    return json.dumps([entity, *json.loads(rest)])


def after_entity(entity: str) -> str:
    """A text that sorts after all identities of an entity, and before those of the next."""
    return json.dumps([entity])[:-1] + ", #"


def same_lines(before: str, after: str) -> bool:
    """Whether two contents have the same lines in the same order."""
    return bool(json.loads(before)["lineItems"] == json.loads(after)["lineItems"])


def with_lines_of(before: str, after: str) -> str:
    """A content that is the first one but for its lines, which are those of the second."""
    return _CANONICAL.encode(json.loads(before) | {"lineItems": json.loads(after)["lineItems"]})


def content(bill: Bill) -> str:
    """All that is sent, as canonical JSON: equal for bills of the same content."""
    values = _written(bill_values(bill)) | {
        "properties": _properties(bill),
        "lineItems": [
            _written(line_values(line, bill.include_tax)) | {"properties": _properties(line)}
            for line in bill.lines
        ],
    }
    if bill.credit_note:
        values["type"] = CREDIT_NOTE
        if bill.credit_sign != CREDIT:
            values["creditSign"] = bill.credit_sign
    return _CANONICAL.encode(values)


# Written even where blank, as the first version did. Fields that came later are written where they
# have a value: so the text of a bill without them is the one in older journals.
_WRITTEN_BLANK = frozenset(
    "vendorId companyEntityId invoiceNumber issuedDate dueDate paymentAt currency amount"
    " lineItemsIncludeTax description senderBankAccountId localCurrencyFxRateOverride"
    " groupCurrencyFxRateOverride netAmount taxAmount taxCodeId accountId amortizationStartDate"
    " amortizationEndDate amortizationTemplateId".split()
)


def _written(values: Mapping[str, object]) -> dict[str, object]:
    return {k: v for k, v in values.items() if v is not None or k in _WRITTEN_BLANK}


_CANONICAL = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":"))


def _properties(item: Bill | LineItem) -> list[list[object]]:
    return sorted([p.group_id or p.name, p.value_ids or p.inline_values] for p in item.properties)
