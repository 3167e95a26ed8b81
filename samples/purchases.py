"""Purchases of Kestrel Trading that the exports of other systems show, each in its own way.

Invented, and the same each time. The vendors and ledger accounts are those of the company that the
sandbox plays.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import yaml
from clean_bills import half_up

REFERENCE = Path(__file__).parent.parent / "importer" / "sandbox" / "reference"


@dataclass(frozen=True)
class Bought:
    """One line. ``percent`` is the rate of tax, None where the purchase is outside its scope."""

    description: str
    account: int
    quantity: Decimal
    price: Decimal  # for one, without tax
    percent: int | None

    @property
    def net(self) -> int:
        """Cents, rounded half up."""
        cents = self.quantity * self.price * 100
        return half_up(int(cents * 10**6), 10**6)

    @property
    def tax(self) -> int:
        return half_up(self.net * (self.percent or 0), 100)


@dataclass(frozen=True)
class Purchase:
    vendor: str
    number: str
    issued: date
    due: date
    currency: str
    lines: tuple[Bought, ...]

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def gross(self) -> int:
        return sum(line.net + line.tax for line in self.lines)


@dataclass(frozen=True)
class Seller:
    """``number`` is how its invoices are numbered; ``sells`` has (what, account, price, %)."""

    name: str
    number: str
    days: int
    sells: Sequence[tuple[str, int, str, int | None]]
    currency: str = "GBP"


def _sellers() -> Iterator[list[Seller]]:
    text = Path(__file__).with_name("sellers.yaml").read_text(encoding="utf-8")
    for group in yaml.safe_load(text).values():
        yield [Seller(**each["seller"], sells=each["sells"]) for each in group]


# FOREIGN sell abroad: no tax on the invoice.
BRITISH, FOREIGN, GERMAN = _sellers()

_QUANTITIES = ("1", "3", "2", "12", "1", "6", "40", "7.5", "1", "2.25", "18", "5")


def purchases(sellers: Sequence[Seller], count: int, start: date, seed: int) -> list[Purchase]:
    """``count`` purchases, two or three a working day, one to four lines each."""
    out = []
    for i in range(count):
        seller = sellers[(i * 7 + seed) % len(sellers)]
        issued = start + timedelta(days=(i * 2) // 3)
        lines = []
        for k in range(1 + (i * 5 + seed) % 4 % len(seller.sells)):
            what, account, price, percent = seller.sells[k]
            quantity = Decimal(_QUANTITIES[(i * 3 + k * 5 + seed) % len(_QUANTITIES)])
            each = Decimal(price)
            if each < Decimal("0.4"):  # kilowatt hours, minutes, gigabytes
                quantity = quantity * 137 + i * 11
            lines.append(Bought(what, account, quantity, each, percent))
        number = seller.number.format(3 * i + 137 * seed + 41)
        due = issued + timedelta(days=seller.days)
        out.append(Purchase(seller.name, number, issued, due, seller.currency, tuple(lines)))
    return [p for p in out if p.net]


def ids(file: str, key: str) -> dict[str, str]:
    """What the sandbox's company has: key → id, from one of its reference files."""
    with (REFERENCE / file).open(encoding="utf-8", newline="") as opened:
        return {row[key]: row["id"] for row in csv.DictReader(opened)}


def money(cents: int) -> str:
    """``1234.56``, as most systems export it."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{part:02d}"
