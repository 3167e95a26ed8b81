"""What is still to be paid, by how long it is overdue. Money is ``int`` cents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class AgeBucket(StrEnum):
    """How long an amount is overdue, in days; as ``--expect ageing.31-60.GBP=…`` names it."""

    NOT_DUE = "not-due"
    UP_TO_30 = "1-30"
    UP_TO_60 = "31-60"
    UP_TO_90 = "61-90"
    OVER_90 = "over-90"
    NO_DATE = "no-date"  # neither a due date nor an issue date


BUCKETS = tuple(AgeBucket)
BUCKET_WORDS: Mapping[AgeBucket, str] = {
    AgeBucket.NOT_DUE: "Not due",
    AgeBucket.UP_TO_30: "1–30 days",
    AgeBucket.UP_TO_60: "31–60 days",
    AgeBucket.UP_TO_90: "61–90 days",
    AgeBucket.OVER_90: "Over 90 days",
    AgeBucket.NO_DATE: "No date",
}
_ENDS = {
    AgeBucket.NOT_DUE: 0,
    AgeBucket.UP_TO_30: 30,
    AgeBucket.UP_TO_60: 60,
    AgeBucket.UP_TO_90: 90,
}  # days
Cents = Mapping[AgeBucket, int]


def age_bucket(due: date | None, as_of: date) -> AgeBucket:
    """What is due on the day itself is not overdue."""
    if due is None:
        return AgeBucket.NO_DATE
    days = (as_of - due).days
    return next((bucket for bucket, end in _ENDS.items() if days <= end), AgeBucket.OVER_90)


@dataclass(frozen=True, slots=True)
class OpenBalance:
    """What Light says is still to be paid of a bill, below zero of a credit note, and since when;
    ``cents`` None where Light does not state it."""

    cents: int | None
    due: date | None


@dataclass(frozen=True)
class AgeingRow:
    """The open amounts of one vendor in one currency. ``light`` is what was read of Light's
    balances, ``unread`` the number of documents in the sheet whose balance was not."""

    currency: str
    vendor: str
    unit: int
    sheet: Cents
    light: Cents
    documents: int
    unread: int

    def difference(self, bucket: AgeBucket) -> int | None:
        """None where not all of Light's balances were read: that is not equal."""
        if self.unread:
            return None
        return self.sheet.get(bucket, 0) - self.light.get(bucket, 0)


@dataclass(frozen=True)
class Ageing:
    """By vendor. ``asked``: whether Light's balances were read. ``expected`` are control totals by
    currency and bucket. ``by_issue_date`` documents have no due date: their issue date counts."""

    as_of: date
    rows: Sequence[AgeingRow] = ()
    asked: bool = False
    expected: Mapping[tuple[str, AgeBucket], int] = field(default_factory=dict)
    by_issue_date: int = 0
    unreadable: int = 0  # bills without a readable amount: in no sum

    @property
    def buckets(self) -> list[AgeBucket]:
        """Those to show; without a date only where there is such an amount."""
        undated = any(AgeBucket.NO_DATE in {*row.sheet, *row.light} for row in self.rows)
        return [bucket for bucket in BUCKETS if bucket is not AgeBucket.NO_DATE or undated]

    def totals(self) -> list[AgeingRow]:
        """One row a currency, in the order of the rows."""
        out = []
        for currency in dict.fromkeys(row.currency for row in self.rows):
            rows = [row for row in self.rows if row.currency == currency]
            out.append(
                AgeingRow(
                    currency,
                    "",
                    rows[0].unit,
                    _sum([row.sheet for row in rows]),
                    _sum([row.light for row in rows]),
                    sum(row.documents for row in rows),
                    sum(row.unread for row in rows),
                )
            )
        return out

    @property
    def agrees(self) -> bool:
        """Whether Light's balances were all read, and are those of the sheet."""
        return self.asked and all(
            row.difference(bucket) == 0 for row in self.rows for bucket in BUCKETS
        )


def _sum(parts: Sequence[Cents]) -> Cents:
    names = [bucket for bucket in BUCKETS if any(bucket in part for part in parts)]
    return {bucket: sum(part.get(bucket, 0) for part in parts) for bucket in names}
