"""What is still to be paid, by how long it is overdue. Money is ``int`` cents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
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
EVER = 1_000_000  # days: longer than anything is overdue
BUCKET_DAYS: Mapping[AgeBucket, tuple[int, int]] = {  # the first and the last
    AgeBucket.NOT_DUE: (-EVER, 0),
    AgeBucket.UP_TO_30: (1, 30),
    AgeBucket.UP_TO_60: (31, 60),
    AgeBucket.UP_TO_90: (61, 90),
    AgeBucket.OVER_90: (91, EVER),
}
Cents = Mapping[AgeBucket, int]


def age_bucket(due: date | None, as_of: date) -> AgeBucket:
    """What is due on the day itself is not overdue."""
    if due is None:
        return AgeBucket.NO_DATE
    days = (as_of - due).days
    return next(bucket for bucket, (_, last) in BUCKET_DAYS.items() if days <= last)


@dataclass(frozen=True, slots=True)
class OpenBalance:
    """What Light says is still to be paid of a bill, below zero of a credit note, and since when;
    ``cents`` None where Light does not state it. ``read_at``: when an earlier command read it."""

    cents: int | None
    due: date | None
    read_at: datetime | None = None


@dataclass(frozen=True)
class AgeingRow:
    """The open amounts of one vendor in one currency. ``light`` is what was read of Light's
    balances, ``unread`` the number of documents in the sheet whose balance was not. ``names`` are
    all that the vendor is called, as ``core.name_key`` compares them."""

    currency: str
    vendor: str
    unit: int
    sheet: Cents
    light: Cents
    documents: int
    unread: int
    names: frozenset[str] = frozenset()

    def difference(self, bucket: AgeBucket) -> int | None:
        """None where not all of Light's balances were read: that is not equal."""
        if self.unread:
            return None
        return self.sheet.get(bucket, 0) - self.light.get(bucket, 0)


@dataclass(frozen=True, slots=True)
class AgeColumn:
    """A column of an ageing report of another system: the first and the last of the days overdue
    that it has; None where its header does not say them."""

    header: str
    days: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class OldBalance:
    """The open amounts of a vendor in an ageing report of another system, by its columns."""

    name: str
    number: str
    currency: str
    cents: tuple[int, ...]
    row: int  # as Excel numbers it


@dataclass(frozen=True)
class OldAgeing:
    """An ageing report of another system as it was read; ``columns`` are those with amounts."""

    file: str
    sheet: str | None
    columns: tuple[AgeColumn, ...]
    vendors: tuple[OldBalance, ...]


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """Columns of such a report that together have the same days as some of our buckets."""

    headers: tuple[str, ...]
    columns: tuple[int, ...]
    buckets: tuple[AgeBucket, ...]

    @property
    def words(self) -> str:
        """ "31–60 days", or the first and the last of several buckets."""
        first, last = BUCKET_WORDS[self.buckets[0]], BUCKET_WORDS[self.buckets[-1]]
        return first if first == last else f"{first} to {last[:1].lower()}{last[1:]}"


GroupCents = tuple[int, ...]  # by group


@dataclass(frozen=True)
class OldAgeingRow:
    """A vendor in the report of the old system beside the sheet and Light, by group of ages.

    ``old`` is None for a vendor that the report does not have, ``sheet`` for one that the sheet
    does not have, ``light`` where not all balances were read. ``row`` is that of the report;
    ``doubt`` says why its vendor could not be matched.
    """

    currency: str
    vendor: str
    unit: int
    old: GroupCents | None
    sheet: GroupCents | None
    light: GroupCents | None
    row: int | None = None
    doubt: str = ""

    @property
    def differences(self) -> GroupCents:
        """The old system less the sheet; what one of them does not have counts as nothing."""
        size = len(self.old or self.sheet or ())
        old, sheet = self.old or (0,) * size, self.sheet or (0,) * size
        return tuple(a - b for a, b in zip(old, sheet, strict=True))


@dataclass(frozen=True)
class OldAgeingTieOut:
    """An ageing report of the old system against the sheet and Light. ``unmapped`` columns do not
    say their days; ``unlisted`` buckets are in no column of the report, and not compared."""

    report: OldAgeing
    groups: tuple[AgeGroup, ...]
    rows: tuple[OldAgeingRow, ...]
    unmapped: tuple[str, ...] = ()
    unlisted: tuple[AgeBucket, ...] = ()

    def totals(self) -> list[OldAgeingRow]:
        """One row a currency."""
        out = []
        for currency in dict.fromkeys(row.currency for row in self.rows):
            rows = [row for row in self.rows if row.currency == currency]
            lights = [row.light for row in rows if row.sheet is not None]
            light = None if None in lights else self._sum(lights)
            old, sheet = self._sum(row.old for row in rows), self._sum(row.sheet for row in rows)
            out.append(OldAgeingRow(currency, "", rows[0].unit, old, sheet, light))
        return out

    def _sum(self, parts: Iterable[GroupCents | None]) -> GroupCents:
        amounts = [part for part in parts if part is not None]
        return tuple(sum(part[i] for part in amounts) for i in range(len(self.groups)))

    @property
    def agrees(self) -> bool:
        """Whether each vendor has in the sheet what it has in the report."""
        return not any(any(row.differences) for row in self.rows)


@dataclass(frozen=True)
class Ageing:
    """By vendor. ``asked``: whether Light's balances were read, ``read_at`` when by an earlier
    command (UTC). ``expected`` are control totals by currency and bucket. ``by_issue_date``
    documents have no due date: their issue date counts."""

    as_of: date
    rows: Sequence[AgeingRow] = ()
    asked: bool = False
    expected: Mapping[tuple[str, AgeBucket], int] = field(default_factory=dict)
    by_issue_date: int = 0
    unreadable: int = 0  # bills without a readable amount: in no sum
    read_at: datetime | None = None
    old: tuple[OldAgeingTieOut, ...] = ()  # the reports of the old system that were given

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
