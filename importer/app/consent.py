"""Consent to what is about to be written to Light: the facts, and the answer.

``consent`` is a function of these facts that returns whether to go ahead, or an awaitable of that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.model.light_objects import Company

# An amount in any currency, above which the number of bills is the consent.
CONFIRM_ABOVE = 1_000_000.0


@dataclass(frozen=True)
class Total:
    """An amount in cents; ``unit`` is how many cents a unit of the currency has."""

    currency: str
    cents: int
    unit: int


@dataclass(frozen=True)
class Payment:
    """What is marked as paid from one bank account."""

    total: Total
    bank_account: str
    bills: int


@dataclass(frozen=True, kw_only=True)
class _Forecast:
    """``address`` says what it is: "https://… (Light, production)"; ``per_minute`` is the permitted
    request rate."""

    company: Company
    address: str
    bills: int  # to create, or to cancel
    totals: tuple[Total, ...]
    requests: int
    per_minute: int
    further_requests: int = 0  # where others have to approve too
    confirm_above: float = CONFIRM_ABOVE  # in units of any currency

    @property
    def count_to_type(self) -> int | None:
        """The number of bills, which the person types in place of yes where an amount is large."""
        large = any(abs(each.cents) > self.confirm_above * each.unit for each in self.amounts)
        return self.changed if large else None

    @property
    def amounts(self) -> tuple[Total, ...]:
        return self.totals

    @property
    def changed(self) -> int:
        """How many bills it is about."""
        return self.bills

    @property
    def counted(self) -> tuple[int, int]:
        """The bills and the credit notes among those."""
        return self.bills, 0

    @property
    def seconds(self) -> float:
        """How long it takes at least: the first minute's requests go at once."""
        return max(0, self.requests - self.per_minute) * 60 / self.per_minute


@dataclass(frozen=True, kw_only=True)
class LoadForecast(_Forecast):
    """What a load is about to write to Light. ``steps`` after creation are in words."""

    template: str
    constants: str  # what it states and no column says, in words
    left_out: tuple[str, ...]  # for its type or state, or for what is wrong with it, in words
    already_in_light: int
    steps: str
    payments: tuple[Payment, ...]
    warning: str = ""  # what may go wrong with the steps
    vendors: tuple[str, ...] = ()  # the names of those to create before the bills
    credit_notes: int = 0  # to create, beside the bills
    credit_totals: tuple[Total, ...] = ()  # without their sign
    updates: tuple[str, ...] = ()  # bills that Light has: which, and what is to change
    updated_notes: int = 0  # credit notes among these
    update_counts: str = ""  # how many values by field, in words
    update_totals: tuple[Total, ...] = ()  # as they will be
    doubt: str = ""  # why the amounts may be money and not cents: to be asked first

    @property
    def amounts(self) -> tuple[Total, ...]:
        credits, updates = self.credit_totals, self.update_totals
        return (*self.totals, *credits, *updates, *(paid.total for paid in self.payments))

    @property
    def changed(self) -> int:
        paid = sum(each.bills for each in self.payments)
        return (self.bills + len(self.updates)) or self.credit_notes or paid

    @property
    def counted(self) -> tuple[int, int]:
        if self.bills or self.updates:
            return self.bills + len(self.updates) - self.updated_notes, self.updated_notes
        return 0, self.credit_notes


@dataclass(frozen=True, kw_only=True)
class UndoForecast(_Forecast):
    """What an undo is about to cancel in Light."""

    run: str
    started: datetime
    files: tuple[str, ...]
    left: int = 0  # bills that the run created too, and that were not selected
    credit_notes: int = 0  # to cancel, beside the bills
    restored: int = 0  # bills that the run has changed, to be made what they were

    @property
    def changed(self) -> int:
        return self.bills + self.credit_notes + self.restored

    @property
    def counted(self) -> tuple[int, int]:
        return self.bills + self.restored, self.credit_notes


LoadConsent = Callable[[LoadForecast], bool | Awaitable[bool]]
UndoConsent = Callable[[UndoForecast], bool | Awaitable[bool]]


async def agreed(answer: bool | Awaitable[bool]) -> bool:
    return await answer if isinstance(answer, Awaitable) else answer


def totals_by_currency(amounts: Iterable[tuple[str, int, int]]) -> tuple[Total, ...]:
    """Sums of (currency, cents, unit), sorted by currency."""
    sums: dict[tuple[str, int], int] = {}
    for currency, cents, unit in amounts:
        sums[currency, unit] = sums.get((currency, unit), 0) + cents
    return tuple(Total(currency, cents, unit) for (currency, unit), cents in sorted(sums.items()))
