"""The AP ageing of a run: the open amounts of the sheet, and Light's balances of the same bills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from importer.core.counted_nouns import count
from importer.core.name_key import name_key
from importer.model.ageing import BUCKETS, AgeBucket, Ageing, AgeingRow, age_bucket
from importer.model.finding import Finding
from importer.model.journal_states import Status
from importer.model.read_back import Comparison
from importer.model.report_model import BillResult
from importer.report.old_ageing_tie_out import (
    old_ageing_findings,
    old_ageing_words,
    with_old_ageing,
)
from importer.report.outcomes import BillOutcomes
from importer.report.phrases import day_and_time
from importer.report.tie_out import vendor_names
from importer.validation.checked_bills import Checked
from importer.validation.open_items import open_items


@dataclass
class _Sums:
    unit: int = 100
    sheet: Counter[AgeBucket] = field(default_factory=Counter)
    light: Counter[AgeBucket] = field(default_factory=Counter)
    documents: int = 0
    unread: int = 0
    names: set[str] = field(default_factory=set)

    def add_names(self, bill: BillResult) -> None:
        vendor = bill.light_vendor
        texts = [bill.vendor]
        if vendor is not None:
            texts += [vendor.id, vendor.name, vendor.identifier or "", vendor.vat_id or ""]
        self.names.update(filter(None, map(name_key, texts)))

    def add_light(self, bill: BillResult, as_of: date) -> None:
        read = bill.read_back
        if read is not None and read.comparison is Comparison.MISSING:
            return  # Light has it no more: nothing is open
        if read is None and not bill.result.in_light and bill.result.status is not Status.UNKNOWN:
            return
        balance = None if read is None else read.balance
        if balance is None or balance.cents is None:
            self.unread += 1
        else:
            self.light[age_bucket(balance.due, as_of)] += balance.cents


def compute_ageing(checked: Checked, bills: Sequence[BillResult]) -> Ageing | None:
    """By currency and vendor; None where no day was given."""
    if checked.ageing is None:
        return None
    as_of, expected = checked.ageing
    items = {item.bill: item for item in open_items(checked)}
    sums: dict[tuple[str, str], _Sums] = {}
    asked, moments = False, set[datetime | None]()
    for i, bill in enumerate(bills):
        item = items.get(i)
        balance = bill.read_back.balance if bill.read_back else None
        if balance is not None:
            asked = True
            moments.add(balance.read_at)
        if item is None and (balance is None or not balance.cents):
            continue  # the sheet has it as paid, or without an amount
        name, number = vendor_names(bill)
        label = f"{name} ({number})" if number else name
        of_vendor = sums.setdefault((bill.currency, label), _Sums(bill.unit))
        of_vendor.documents += 1
        of_vendor.add_names(bill)
        if item is not None:
            of_vendor.sheet[age_bucket(item.due, as_of)] += item.cents
        of_vendor.add_light(bill, as_of)
    order = sorted(sums, key=lambda key: (key[0], key[1].casefold()))
    ageing = Ageing(
        as_of,
        tuple(
            AgeingRow(
                currency,
                vendor,
                each.unit,
                dict(each.sheet),
                dict(each.light) if asked else {},
                each.documents,
                each.unread if asked else each.documents,
                frozenset(each.names),
            )
            for currency, vendor in order
            for each in (sums[currency, vendor],)
        ),
        asked,
        expected,
        sum(item.by_issue_date for item in items.values()),
        int((~checked.amounts.valid).sum()),
        min((moment for moment in moments if moment is not None), default=None),
    )
    return with_old_ageing(ageing, checked.old_ageing)


def ageing_differences(checked: Checked) -> Iterator[Finding]:
    """What differs between the sheet and the old system's reports."""
    ageing = compute_ageing(checked, BillOutcomes(checked, {}, {}, {}, {}))
    if ageing is not None:
        for tie_out in ageing.old:
            yield from old_ageing_findings(tie_out, ageing.as_of)


def ageing_words(ageing: Ageing) -> Iterator[str]:
    """Sentences for the notes."""
    day = ageing.as_of.isoformat()
    if ageing.read_at is not None:
        yield f"Light's outstanding balances are those of {day_and_time(ageing.read_at)}."
    if not ageing.asked:
        yield (
            f"The AP ageing of {day} is the sheet's. Light's balances are read by: light-import"
            f" verify RUN --as-of {day}"
        )
    elif ageing.agrees:
        yield f"AP ageing on {day}: Light's outstanding balances are those of the sheet."
    elif unread := sum(row.unread for row in ageing.rows):
        yield (
            f"AP ageing on {day}: Light's balance of {count(unread, 'document')} could not be read;"
            " their vendors are not compared."
        )
    else:
        buckets = sum(bool(row.difference(bucket)) for row in ageing.totals() for bucket in BUCKETS)
        vendors = sum(any(row.difference(b) for b in BUCKETS) for row in ageing.rows)
        yield (
            f"AP ageing on {day}: Light's outstanding balances differ from the sheet for"
            f" {count(vendors, 'vendor')}, in {count(buckets, 'total')} by age."
        )
    if ageing.by_issue_date:
        verb = "has" if ageing.by_issue_date == 1 else "have"
        yield (
            f"{count(ageing.by_issue_date, 'document')} {verb} no due date: in the ageing the issue"
            " date counts."
        )
    yield from old_ageing_words(ageing)
