"""Consent to what is about to be written to Light: the facts, and the answer.

``consent`` is a function of these facts that returns whether to go ahead, or an awaitable of that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from importer.model.light_objects import Company


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


@dataclass(frozen=True)
class LoadForecast:
    """What a load is about to write to Light. ``per_minute`` is the permitted request rate."""

    company: Company
    address: str  # as in ``Connected``
    template: str
    bills: int  # to create
    already_in_light: int
    totals: tuple[Total, ...]
    steps: str  # after creation, in words; "" for none
    payments: tuple[Payment, ...]
    requests: int
    per_minute: int

    @property
    def seconds(self) -> float:
        """How long it takes at least."""
        return _seconds(self.requests, self.per_minute)


@dataclass(frozen=True)
class UndoForecast:
    """What an undo is about to cancel in Light. ``per_minute`` is the permitted request rate."""

    company: Company
    address: str  # as in ``Connected``
    run: str
    started: datetime
    files: tuple[str, ...]
    bills: int
    totals: tuple[Total, ...]
    requests: int
    per_minute: int

    @property
    def seconds(self) -> float:
        """How long it takes at least."""
        return _seconds(self.requests, self.per_minute)


def _seconds(requests: int, per_minute: int) -> float:
    # The first minute's requests go at once.
    return max(0, requests - per_minute) * 60 / per_minute


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
