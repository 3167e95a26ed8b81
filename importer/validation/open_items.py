"""What of the sheet is still to be paid, and since when; and its control totals by age."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from importer.core.money import money
from importer.core.name_key import name_key
from importer.model.ageing import BUCKET_WORDS, AgeBucket, age_bucket
from importer.model.bills import TargetStatus
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.validation.checked_bills import Checked

AgeingTotals = Mapping[tuple[str, AgeBucket], int]  # cents by currency and bucket


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A bill by its index, or a credit note, whose cents are below zero. ``due`` is the date that
    counts, ``by_issue_date`` whether that is the issue date for want of another."""

    bill: int
    currency: str
    cents: int
    due: date | None
    by_issue_date: bool


def open_items(checked: Checked) -> Iterator[OpenItem]:
    """All bills and credit notes with a readable amount and currency, but those that the sheet has
    as paid. A credit note counts by the due date of the bill that it clears, else by its date."""
    every = np.arange(checked.bills.size)

    def values(name: str) -> list[Any]:
        return checked.bills[name].values_at(every)

    due, issued, currency = values("dueDate"), values("issuedDate"), values("currency")
    numbers, cleared = values("invoiceNumber"), values("creditsBill")
    vendors = [a or b for a, b in zip(values("vendorId"), values("vendor"), strict=True)]
    due_of = {
        (name_key(str(vendors[i])), number): due[i] or issued[i]
        for i, number in enumerate(numbers)
        if number and not checked.credit_notes[i]
    }
    for i in np.flatnonzero(checked.amounts.valid).tolist():
        if checked.target[i] == TargetStatus.PAID or not currency[i]:
            continue
        day = due[i]
        if checked.credit_notes[i]:
            day = due_of.get((name_key(str(vendors[i])), cleared[i]))
        cents = checked.amounts.at(i)
        assert cents is not None
        by_issue_date = day is None and issued[i] is not None
        yield OpenItem(i, str(currency[i]), cents, day or issued[i], by_issue_date)


def ageing_findings(checked: Checked, as_of: date, expected: AgeingTotals) -> Iterator[Finding]:
    """Where the open amounts of the sheet are not the totals expected of them."""
    sums = Counter[tuple[str, AgeBucket]]()
    for item in open_items(checked) if expected else ():
        sums[item.currency, age_bucket(item.due, as_of)] += item.cents
    units = checked.mapped.template.formats.cents_per_unit
    file = checked.mapped.tables[0].source.file
    for (currency, bucket), control in expected.items():
        unit, cents = units.get(currency, 100), sums[currency, bucket]
        if cents != control:
            yield finding(
                "control.ageing.differs",
                CellRef(file, None, None, None),
                money(control, unit),
                bucket=BUCKET_WORDS[bucket].lower(),
                currency=currency,
                day=as_of.isoformat(),
                sheet=money(cents, unit),
                difference=money(control - cents, unit),
            )
