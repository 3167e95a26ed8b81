"""Purchases of Kestrel Trading that the exports of other systems show, each in its own way.

Invented, and the same each time. The vendors and ledger accounts are those of the company that the
sandbox plays.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

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


BRITISH = (
    Seller(
        "Birchwood Office Supplies Ltd",
        "INV-{:05d}",
        30,
        (
            ("A4 paper, box of five reams", 7220, "17.99", 20),
            ("Toner, black", 7220, "64.75", 20),
            ("Lever arch files", 7220, "1.845", 20),
            ("Desk lamps", 7220, "23.10", 20),
        ),
    ),
    Seller(
        "Amberley Couriers Ltd",
        "AC {:05d}",
        30,
        (
            ("Parcels within the county", 6000, "4.375", 20),
            ("Pallet to Leeds", 6000, "51.50", 20),
            ("Saturday collection", 6000, "38.00", 20),
        ),
    ),
    Seller(
        "Ashdown Water Services",
        "{:010d}",
        14,
        (
            ("Water supplied, cubic metres", 7120, "1.9134", 0),
            ("Sewerage", 7120, "2.2286", 0),
            ("Standing charge", 7120, "31.20", 0),
        ),
    ),
    Seller(
        "Blackthorn Security Ltd",
        "BSL-{:04d}",
        30,
        (("Night guard, hours", 7130, "17.85", 20), ("Keyholding", 7130, "62.50", 20)),
    ),
    Seller(
        "Brightwater Cleaning Co",
        "{:06d}",
        14,
        (
            ("Office cleaning, hours", 7130, "14.90", 20),
            ("Window cleaning", 7130, "185.00", 20),
            ("Consumables", 7220, "43.17", 20),
        ),
    ),
    Seller(
        "Calder Valley Print Ltd",
        "CVP/{:05d}",
        30,
        (
            ("Catalogues, per hundred", 6100, "87.25", 0),
            ("Business cards, per 250", 6100, "31", 20),
            ("Design, hours", 6100, "48.00", 20),
        ),
    ),
    Seller(
        "Cobalt Cloud Hosting Ltd",
        "CCH-25-{:05d}",
        30,
        (
            ("Virtual servers, hours", 7200, "0.0832", 20),
            ("Storage, GB", 7200, "0.0195", 20),
            ("Support plan", 7200, "149.00", 20),
        ),
    ),
    Seller(
        "Copperfield Insurance Brokers",
        "P-{:06d}-25",
        14,
        (
            ("Premium, goods in transit", 7500, "412.60", None),
            ("Premium, employer's liability", 7500, "688.00", None),
        ),
    ),
    Seller(
        "Dunmore Plumbing & Heating",
        "DPH-{:04d}",
        14,
        (
            ("Call-out", 7130, "85.00", 20),
            ("Labour, hours", 7130, "46.00", 20),
            ("Parts", 7130, "27.38", 20),
        ),
    ),
    Seller(
        "Eastgate Properties Ltd",
        "{:07d}",
        14,
        (("Rent of Unit 4", 7100, "6250.00", 20), ("Service charge", 7100, "715.00", 20)),
    ),
    Seller(
        "Elmtree Catering Ltd",
        "{:d}",
        14,
        (
            ("Buffet, per head", 6110, "21.00", 20),
            ("Cold drinks", 6110, "1.58", 20),
            ("Staff, hours", 6110, "16.25", 20),
        ),
    ),
    Seller(
        "Greenfield Telecom Ltd",
        "GT{:08d}",
        14,
        (("Lines, rental", 7210, "18.95", 20), ("Calls, minutes", 7210, "0.0275", 20)),
    ),
    Seller(
        "Harrow Legal Services LLP",
        "HLS/2025/{:04d}",
        30,
        (
            ("Partner, hours", 7400, "350.00", 20),
            ("Trainee, hours", 7400, "140.00", 20),
            ("Search fees, as laid out", 7400, "43.00", None),
        ),
    ),
    Seller(
        "Ironbridge Tools Ltd",
        "IT-{:06d}",
        30,
        (("Pallet trucks, hire", 6010, "36.40", 20), ("Blades", 6010, "2.155", 20)),
    ),
    Seller(
        "Larkspur Training Ltd",
        "LT{:04d}",
        30,
        (("Forklift course, persons", 7020, "215.00", None), ("Manuals", 7020, "12.50", 0)),
    ),
    Seller(
        "Oakhurst Software Ltd",
        "OAK-2025-{:04d}",
        30,
        (("Licences, a month", 7200, "40.00", 20), ("Training, hours", 7020, "105.00", 20)),
    ),
    Seller(
        "Orchard Packaging Ltd",
        "{:05d}",
        30,
        (
            ("Cartons, double wall", 5020, "0.645", 20),
            ("Tape, rolls", 5020, "1.12", 20),
            ("Pallet wrap", 5020, "6.35", 20),
        ),
    ),
    Seller(
        "Pemberton Vehicle Hire Ltd",
        "PV-{:04d}",
        14,
        (("Van, days", 7300, "54.17", 20), ("Fuel", 7300, "73.42", 20)),
    ),
    Seller(
        "Riverside Waste Ltd",
        "RW{:06d}",
        30,
        (
            ("Skip, 8 yards", 7130, "240.00", 20),
            ("Paper recycling", 7130, "0.00", 20),
            ("Bin, emptied", 7130, "14.35", 20),
        ),
    ),
    Seller(
        "Tamarind Foods Ltd",
        "T{:05d}",
        30,
        (("Coffee for the canteen, kg", 6110, "11.90", 0), ("Biscuits, boxes", 6110, "8.42", 20)),
    ),
    Seller(
        "Total Gas & Power",
        "{:010d}",
        14,
        (
            ("Electricity, kWh", 7120, "0.2431", 20),
            ("Gas, kWh", 7120, "0.0674", 5),
            ("Standing charge, days", 7120, "0.5218", 20),
        ),
    ),
    Seller(
        "Yarrow Health & Safety Ltd",
        "YHS-{:03d}",
        30,
        (("First-aid course, persons", 7020, "95.00", 20), ("Fire drill", 7020, "450.00", 20)),
    ),
)

# Bought abroad: no tax on the invoice.
FOREIGN = (
    Seller(
        "Crossbeam Logistics GmbH",
        "RE-{:06d}",
        30,
        (
            ("Pallets Hamburg to Bristol", 5100, "184.00", None),
            ("Fuel surcharge", 5100, "12.37", None),
        ),
        "EUR",
    ),
    Seller(
        "Hofmann Werkzeuge GmbH",
        "2025-{:05d}",
        30,
        (("Schraubendreher, Satz", 5000, "18.45", None), ("Bohrer 8 mm", 5000, "2.315", None)),
        "EUR",
    ),
    Seller(
        "Maison Duval SARL",
        "FA-{:06d}",
        30,
        (("Verres, pièces", 5000, "8.15", None), ("Emballage et port", 5100, "276.50", None)),
        "EUR",
    ),
    Seller(
        "Quillon Analytics BV",
        "Q{:07d}",
        30,
        (("Workshop", 7020, "1300.00", None), ("Data model, days", 7420, "910.00", None)),
        "EUR",
    ),
    Seller(
        "Bergström Papper AB",
        "F{:06d}",
        30,
        (("Kopieringspapper, kartong", 7220, "389.00", None), ("Frakt", 5100, "1450.00", None)),
        "SEK",
    ),
    Seller(
        "Juniper Data Systems Inc",
        "JDS-{:07d}",
        30,
        (
            ("Maintenance contract, a month", 7200, "640.00", None),
            ("Spare disks", 1610, "214.99", None),
        ),
        "USD",
    ),
    Seller(
        "Møller & Sønner ApS",
        "{:05d}",
        14,
        (("Skilte", 6100, "412.50", None), ("Montering, timer", 7130, "585.00", None)),
        "DKK",
    ),
    Seller(
        "O'Hara Removals",
        "25-{:04d}",
        14,
        (("Removal, days", 7130, "615.00", None), ("Packing material", 5020, "61.20", None)),
        "EUR",
    ),
)

GERMAN = (
    Seller(
        "Crossbeam Logistics GmbH",
        "RE-{:06d}",
        30,
        (("Paletten Hamburg – Bremen", 6000, "84.23", 19), ("Maut", 6000, "17.60", 19)),
        "EUR",
    ),
    Seller(
        "Hofmann Werkzeuge GmbH",
        "2025-{:05d}",
        30,
        (("Akkuschrauber", 6010, "129.90", 19), ("Sägeblätter", 6010, "14.35", 19)),
        "EUR",
    ),
    Seller(
        "Kaffeerösterei Lindner GmbH",
        "L{:05d}",
        14,
        (
            ("Kaffee für die Küche, kg", 6110, "15.80", 7),
            ("Kaffeemaschine, Miete", 6110, "59.00", 19),
        ),
        "EUR",
    ),
    Seller(
        "Stadtwerke Neuenfelde GmbH",
        "{:010d}",
        14,
        (("Strom, kWh", 7120, "0.3127", 19), ("Wasser, m³", 7120, "2.04", 7)),
        "EUR",
    ),
)

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
