"""The figures of the tie-out, by currency and vendor: the sheet against Light. Money is cents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from importer.core.money import tidy
from importer.model.journal_states import Status
from importer.model.read_back import Comparison
from importer.model.report_model import BillResult, CurrencyTotal
from importer.report.phrases import NO_CURRENCY, some_documents

NO_VENDOR = "(no vendor)"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # at its start
_TYPED = 5  # ways to write a vendor, in a cell


@dataclass(slots=True)
class Sums:
    """The number of bills and credit notes, and their totals in cents: bills less credit notes.

    ``net`` and ``tax`` are None as soon as one bill lacks them: a part is no total.
    ``unreadable`` bills have no gross and are in no sum.
    """

    bills: int = 0
    notes: int = 0  # credit notes among these
    gross: int = 0
    net: int | None = 0
    tax: int | None = 0
    unreadable: int = 0

    def add(
        self, gross: int | None, net: int | None, tax: int | None, *, credit_note: bool
    ) -> None:
        self.bills += 1
        self.notes += credit_note
        self.unreadable += gross is None
        self.gross += gross or 0
        self.net = None if net is None or self.net is None else self.net + net
        self.tax = None if tax is None or self.tax is None else self.tax + tax


@dataclass(slots=True)
class TieOut:
    """``sheet``, what Light ``created`` or had by its own answers, and what was ``read`` back.

    ``verified`` bills were looked up in Light again; ``missing`` of them are gone, ``read`` has the
    others. ``differing`` bills are not in Light just as the sheet has them.

    ``light`` is the gross that Light has now, as far as is known: read back, else as answered.
    Net and tax of ``created`` are as they were sent.
    """

    name: str
    unit: int = 100
    sheet: Sums = field(default_factory=Sums)
    created: Sums = field(default_factory=Sums)
    read: Sums = field(default_factory=Sums)
    light: int = 0
    verified: int = 0
    missing: int = 0
    differing: int = 0
    invalid: int = 0  # gross of bills that need correction
    number: str = ""  # of a vendor in Light
    written: dict[str, None] = field(default_factory=dict)  # what was typed for it otherwise
    unstated: int = 0  # bills in Light whose amount nobody has read
    asked: bool = True

    @property
    def label(self) -> str:
        """The name with the number in Light."""
        return f"{self.name} ({self.number})" if self.number else self.name

    @property
    def typed(self) -> str:
        """What was typed, where that is not the name; of many the first."""
        some = list(self.written)[:_TYPED]
        return "; ".join([*some, "…"] if len(self.written) > _TYPED else some)

    @property
    def counted(self) -> str:
        """The header above their number."""
        if self.sheet.notes in (0, self.sheet.bills):
            return "Credit notes" if self.sheet.notes else "Bills"
        return "Documents"

    def documents(self, n: int) -> str:
        """So many of its bills and credit notes, in words."""
        return some_documents(n, self.sheet.bills, self.sheet.notes)

    @property
    def difference(self) -> int:
        return self.sheet.gross - self.light

    @property
    def has_light_amount(self) -> bool:
        """As in ``CurrencyTotal``."""
        return self.asked or self.created.bills > self.unstated

    @property
    def has_difference(self) -> bool:
        every_one = 0 < self.created.bills == self.sheet.bills and not self.unstated
        return self.asked or every_one

    @property
    def all_verified(self) -> bool:
        """Whether every bill that was in Light was read again."""
        return self.verified > 0 and self.verified == self.created.bills

    @property
    def not_in_light(self) -> int:
        """How many bills of the sheet Light does not have."""
        return self.sheet.bills - self.created.bills + self.missing

    def add(self, bill: BillResult) -> None:
        self.unit = bill.unit
        note = bill.result.credit_note
        self.sheet.add(bill.amount, bill.net, bill.tax, credit_note=note)
        if bill.result.in_light:
            self.created.add(bill.in_light, bill.net, bill.tax, credit_note=note)
            self.unstated += bill.in_light is None
        if (read := bill.read_back) is not None:
            self.verified += 1
            if read.comparison is Comparison.MISSING:
                self.missing += 1
            else:
                self.read.add(read.amount, read.net, read.tax, credit_note=note)
        self.differing += differs(bill)
        self.light += in_light_now(bill)
        if bill.result.status is Status.INVALID:
            self.invalid += bill.amount or 0


@dataclass
class CurrencyTieOut(TieOut):
    vendors: list[TieOut] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)  # bills
    note_statuses: Counter[str] = field(default_factory=Counter)  # credit notes
    # By month of issue (2025-03), "" without a date: bills, gross in the sheet, gross in Light.
    months: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def add(self, bill: BillResult) -> None:
        super().add(bill)
        statuses = self.note_statuses if bill.result.credit_note else self.statuses
        statuses[bill.result.status.value] += 1
        month = bill.issued[:7] if _DAY.match(bill.issued) else ""
        count, sheet, light = self.months.get(month, (0, 0, 0))
        self.months[month] = count + 1, sheet + (bill.amount or 0), light + in_light_now(bill)


def in_light_now(bill: BillResult) -> int:
    """What Light has of the bill, in cents."""
    read = bill.read_back
    if read is None or (read.comparison is not Comparison.MISSING and read.amount is None):
        return bill.in_light or 0
    return 0 if read.comparison is Comparison.MISSING else read.amount or 0


def differs(bill: BillResult) -> bool:
    """Whether Light has not just what the sheet says, in gross, net or tax; or not at all."""
    read = bill.read_back
    if bill.amount is None or bill.in_light is None or bill.amount != in_light_now(bill):
        return True
    if read is None:
        return False
    if read.comparison is Comparison.MISSING:
        return True
    pairs = ((bill.net, read.net), (bill.tax, read.tax))
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def compute_tie_out(
    bills: Iterable[BillResult], totals: Sequence[CurrencyTotal]
) -> list[CurrencyTieOut]:
    """One for each of the run's ``totals``; vendors by name."""
    out = {
        t.currency: CurrencyTieOut(t.currency, t.unit, differing=t.unmatched, asked=t.asked)
        for t in totals
    }
    by_vendor: dict[tuple[str, str, str], TieOut] = {}
    for bill in bills:
        # A currency that is no code has its total under another name.
        name = bill.currency if bill.currency in out else NO_CURRENCY
        currency = out[name]
        currency.add(bill)
        key, written = (name, *vendor_names(bill)), tidy(bill.vendor)
        if key not in by_vendor:
            by_vendor[key] = TieOut(key[1], asked=currency.asked, number=key[2])
            currency.vendors.append(by_vendor[key])
        if written not in ("", key[1]):
            by_vendor[key].written[written] = None
        by_vendor[key].add(bill)
    for currency in out.values():
        currency.vendors.sort(key=lambda each: (each.name == NO_VENDOR, each.name.casefold()))
    return list(out.values())


def vendor_names(bill: BillResult) -> tuple[str, str]:
    """The name and number of the vendor in Light, else what was typed."""
    vendor = bill.light_vendor
    if vendor is None:
        return tidy(bill.vendor) or NO_VENDOR, ""
    return tidy(vendor.name) or vendor.id, tidy(vendor.identifier or "")


def largest(
    currencies: Sequence[CurrencyTieOut], most: int
) -> tuple[CurrencyTieOut | None, list[TieOut]]:
    """The currency with the most bills, None without amounts, and its largest vendors."""
    with_amounts = [each for each in currencies if any(v.sheet.gross for v in each.vendors)]
    currency = max(with_amounts, key=lambda each: each.sheet.bills, default=None)
    vendors = sorted(currency.vendors if currency else [], key=lambda each: -each.sheet.gross)
    return currency, [each for each in vendors[:most] if each.sheet.gross > 0]
