"""The bills of ``samples/light``: a quarter of Kestrel Trading's purchases, all of them right.

The ids are those of the company that the sandbox plays. Amounts are integer cents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

Cell = str | int | bool | date | None

# A tax code of Light's: id and percent.
UK20 = ("7514cbaa-e6e3-58bc-be5b-b65ffc29f39f", 20)
UK5 = ("926a945a-de82-54c3-be05-5385c5e064c0", 5)
UK0 = ("d7a3a368-7387-5d09-b1a0-b2769b1c1b06", 0)
DE19 = ("fcd8188e-2bf8-5ced-b662-50b08dc452cf", 19)
DE7 = ("5325e553-3136-51fa-9102-5be2f071e308", 7)
DK25 = ("e37090b8-883e-59a3-9ed6-1117873cd895", 25)
RC0 = ("d714fcab-9cd7-51a7-bf80-2315837cbca3", 0)
NONE = ("", 0)

# Ledger accounts that the sheet gives by id; the others are given by code.
BY_ID = {
    7110: "fe7bca1a-63ae-5bbc-b431-1e51bbb169f6",
    7500: "1148b6e7-5f7c-5e8a-bbbf-76e42a89bc28",
    1610: "cf5a8aec-447f-51a7-b893-db41bf200864",
}

BILL_COLUMNS = (
    "billRef",
    "vendorId",
    "vendor",
    "companyEntity",
    "invoiceNumber",
    "issuedDate",
    "dueDate",
    "paymentAt",
    "currency",
    "amount",
    "lineItemsIncludeTax",
    "description",
    "localCurrencyFxRateOverride",
    "property:Region",
    "property:Approver note",
)
LINE_COLUMNS = (
    "billRef",
    "lineNumber",
    "description",
    "amount",
    "netAmount",
    "taxAmount",
    "taxCodeId",
    "accountId",
    "account",
    "shouldAmortize",
    "amortizationStartDate",
    "amortizationEndDate",
    "property:Project",
    "property:Tags",
    "property:Quantity",
    "property:Service date",
    "property:Billable",
)


@dataclass(frozen=True)
class Line:
    """``base`` is the net amount in cents, or the gross one where the bill's lines include tax.

    ``charged`` is the tax on the invoice where the vendor has rounded it otherwise.
    """

    description: str
    base: int
    tax: tuple[str, int]
    account: int
    spread: tuple[date, date] | None = None
    more: Mapping[str, Cell] = field(default_factory=dict)
    charged: int | None = None


@dataclass(frozen=True)
class Bill:
    """``vendor`` is a name, an identifier, a VAT id or an id of Light."""

    vendor: str
    entity: str
    number: str
    issued: date
    due: date
    currency: str
    description: str
    lines: Sequence[Line]
    include_tax: bool = False
    more: Mapping[str, Cell] = field(default_factory=dict)


def _year(start: date) -> tuple[date, date]:
    """Twelve months from a first of a month."""
    return start, date.fromordinal(start.replace(year=start.year + 1).toordinal() - 1)


BILLS = (
    Bill(
        "Birchwood Office Supplies Ltd",
        "UK01",
        "INV-20418",
        date(2025, 1, 6),
        date(2025, 2, 5),
        "GBP",
        "Paper and toner for the Bristol office",
        (
            Line("A4 paper, 40 boxes", 71960, UK20, 7220, more={"property:Quantity": 40}),
            Line("Toner cartridges", 38850, UK20, 7220, more={"property:Quantity": 6}),
            Line("Discount for paying early", -5541, UK20, 7220),
        ),
        more={"property:Region": "South"},
    ),
    Bill(
        "V-1016",
        "UK01",
        "0004417",
        date(2025, 1, 2),
        date(2025, 1, 16),
        "GBP",
        "Rent of Unit 4, first quarter of 2025",
        (
            Line(
                "Rent, January to March", 1875000, UK20, 7100, (date(2025, 1, 1), date(2025, 3, 31))
            ),
            Line("Service charge", 214500, UK20, 7100, (date(2025, 1, 1), date(2025, 3, 31))),
            Line("Share of business rates", 322075, UK0, 7110),
        ),
        more={"property:Region": "South", "property:Approver note": "Lease of 14 March 2022"},
    ),
    Bill(
        "9110ebc0-9532-5f3d-b4b1-32f2a185f9fe",
        "UK01",
        "CCH-25-00091",
        date(2025, 1, 10),
        date(2025, 2, 9),
        "GBP",
        "Hosting for 2025",
        (
            Line(
                "Managed servers, a year",
                2640000,
                UK20,
                7200,
                _year(date(2025, 1, 1)),
                more={"property:Project": "Apollo", "property:Tags": "Capital;Urgent"},
            ),
            Line(
                "Backup storage, a year",
                432000,
                UK20,
                7200,
                _year(date(2025, 1, 1)),
                more={"property:Project": "Apollo"},
            ),
            Line("Moving the archive", 95000, UK20, 7420, more={"property:Billable": True}),
        ),
    ),
    Bill(
        "GB879254655",
        "UK01",
        "HLS/2025/0033",
        date(2025, 1, 14),
        date(2025, 2, 13),
        "GBP",
        "Advice on the supply contract with Fairweather",
        (
            Line(
                "Partner, 6.5 hours",
                227500,
                UK20,
                7400,
                more={"property:Quantity": "6.5", "property:Service date": date(2025, 1, 8)},
            ),
            Line(
                "Trainee, 11 hours",
                154000,
                UK20,
                7400,
                more={"property:Quantity": 11, "property:Service date": date(2025, 1, 9)},
            ),
            Line("Search fees, as laid out", 4300, UK0, 7400),
        ),
    ),
    Bill(
        "Copperfield Insurance Brokers",
        "UK01",
        "P-118240-25",
        date(2025, 1, 20),
        date(2025, 1, 31),
        "GBP",
        "Insurance of buildings and stock",
        (
            Line("Premium for buildings", 684000, NONE, 7500, _year(date(2025, 2, 1))),
            Line("Premium for stock in transit", 251550, NONE, 7500, _year(date(2025, 2, 1))),
        ),
    ),
    Bill(
        "Kingfisher Travel Ltd",
        "UK01",
        "KT-77120",
        date(2025, 1, 21),
        date(2025, 2, 4),
        "GBP",
        "Travel to the Hamburg trade fair",
        (
            Line(
                "Flights Bristol to Hamburg, three persons",
                71400,
                UK0,
                7300,
                more={"property:Project": "Borealis"},
            ),
            Line("Hotel, six nights", 98280, UK20, 7310, more={"property:Project": "Borealis"}),
            Line("Train tickets", 12930, UK0, 7300, more={"property:Project": "Borealis"}),
        ),
        include_tax=True,
        more={"property:Region": "Overseas"},
    ),
    Bill(
        "V-1003",
        "UK01",
        "AC 55210",
        date(2025, 1, 24),
        date(2025, 2, 23),
        "GBP",
        "Deliveries in January",
        (
            Line("Parcels within the county", 48125, UK20, 6000),
            Line("Pallets to Leeds", 61800, UK20, 6000),
            Line("Pallet lost on 11 January, credited", -15450, UK20, 6000),
        ),
        more={"property:Region": "North"},
    ),
    Bill(
        "Total Gas & Power",
        "UK01",
        "0000881273",
        date(2025, 1, 28),
        date(2025, 2, 11),
        "GBP",
        "Gas and electricity, December 2024",
        (
            Line("Electricity, 18,420 kWh", 460500, UK20, 7120),
            Line("Gas, 9,310 kWh", 65170, UK20, 7120),
            Line("Climate change levy", 14254, UK20, 7120, charged=2850),
        ),
    ),
    Bill(
        "Beacon Hill Recruitment Ltd",
        "UK01",
        "BHR-3390",
        date(2025, 1, 31),
        date(2025, 3, 2),
        "GBP",
        "Two warehouse assistants, January",
        (
            Line(
                "Temporary staff, 176 hours",
                286000,
                UK20,
                7010,
                more={"property:Quantity": 176, "property:Tags": "To be recharged"},
            ),
            Line("Agency fee", 42900, UK20, 7030),
        ),
    ),
    Bill(
        "Hofmann Werkzeuge GmbH",
        "DE01",
        "RE-2025-1184",
        date(2025, 2, 3),
        date(2025, 3, 5),
        "EUR",
        "Werkzeug für die Montagehalle",
        (
            Line(
                "Drehmomentschlüssel, 12 Stück", 238800, DE19, 1600, more={"property:Quantity": 12}
            ),
            Line("Bohrersätze", 57420, DE19, 6010),
            Line("Skonto 2 %", -5924, DE19, 6010),
        ),
    ),
    Bill(
        "V-1051",
        "DE01",
        "2025-0078-31",
        date(2025, 2, 5),
        date(2025, 2, 19),
        "EUR",
        "Strom und Fernwärme, Januar",
        (
            Line("Strom", 184210, DE19, 7120),
            Line("Fernwärme", 96540, DE7, 7120),
        ),
    ),
    Bill(
        "Kaffeerösterei Lindner GmbH",
        "DE01",
        "L-4471",
        date(2025, 2, 6),
        date(2025, 2, 20),
        "EUR",
        "Kaffee für die Küche in Hamburg",
        (
            Line("Espresso, 24 kg", 45144, DE7, 7310),
            Line("Entkalker und Filter", 8211, DE19, 7310),
        ),
        include_tax=True,
    ),
    Bill(
        "DE323034146",
        "DE01",
        "CBL 900231",
        date(2025, 2, 7),
        date(2025, 3, 9),
        "EUR",
        "Fracht Hamburg – Aarhus",
        (
            Line("Fracht, 14 Paletten", 319200, DE19, 5100, more={"property:Quantity": 14}),
            Line("Maut", 28450, DE19, 5100),
            Line("Gutschrift für Verspätung", -31920, DE19, 5100),
        ),
    ),
    Bill(
        "Møller & Sønner ApS",
        "DK01",
        "10023",
        date(2025, 2, 10),
        date(2025, 3, 10),
        "DKK",
        "Reoler og skruer til lageret i Aarhus",
        (
            Line(
                "Reoler, 20 stk.",
                2980000,
                DK25,
                1600,
                more={"property:Quantity": 20, "property:Project": "Smørrebrød"},
            ),
            Line("Skruer og beslag", 146350, DK25, 6010),
        ),
    ),
    Bill(
        "DK69163479",
        "DK01",
        "NE-2025-02-4410",
        date(2025, 2, 12),
        date(2025, 2, 26),
        "DKK",
        "Strøm, januar",
        (
            Line("Elektricitet", 871240, DK25, 7120),
            Line("Elafgift", 210380, DK25, 7120),
        ),
    ),
    Bill(
        "Quillon Analytics BV",
        "UK01",
        "QA-25/017",
        date(2025, 2, 13),
        date(2025, 3, 15),
        "EUR",
        "Forecasting model, first stage",
        (
            Line(
                "Data model",
                840000,
                RC0,
                7420,
                more={"property:Project": "Citadel", "property:Service date": date(2025, 2, 7)},
            ),
            Line("Two workshops", 260000, RC0, 7020, more={"property:Project": "Citadel"}),
        ),
        more={"localCurrencyFxRateOverride": "0.8342", "property:Region": "Overseas"},
    ),
    Bill(
        "Maison Duval SARL",
        "UK01",
        "FA-000912",
        date(2025, 2, 14),
        date(2025, 3, 16),
        "EUR",
        "Échantillons de verrerie — collection d’été",
        (
            Line("Verres, 480 pièces", 391200, RC0, 5000, more={"property:Quantity": 480}),
            Line("Emballage et port", 27650, RC0, 5100),
            Line("Remise de 3 %", -11736, RC0, 5000),
        ),
        more={"localCurrencyFxRateOverride": "0.8329", "property:Region": "Overseas"},
    ),
    Bill(
        "V-1021",
        "UK01",
        "GCE1882",
        date(2025, 2, 17),
        date(2025, 3, 19),
        "GBP",
        "",
        (
            Line("Overhaul of the packing line", 564000, UK20, 7130),
            Line("Bearings and belts", 118345, UK20, 7130),
        ),
    ),
    Bill(
        "Oakhurst Software Ltd",
        "UK01",
        "OAK-2025-0207",
        date(2025, 2, 18),
        date(2025, 3, 20),
        "GBP",
        "Licences for the accounts team",
        (
            Line(
                "Eight licences, a year",
                384000,
                UK20,
                7200,
                _year(date(2025, 3, 1)),
                more={"property:Quantity": 8},
            ),
            Line("Reduction for eight or more", -38400, UK20, 7200, _year(date(2025, 3, 1))),
            Line(
                "Half a day of training",
                42000,
                UK20,
                7020,
                more={"property:Service date": date(2025, 2, 27)},
            ),
        ),
    ),
    Bill(
        "V-1032",
        "UK01",
        "MF-66310",
        date(2025, 2, 19),
        date(2025, 3, 21),
        "GBP",
        "Sea freight from Porto",
        (
            Line("One container of 20 feet", 218000, UK0, 5100),
            Line("Port handling", 31500, UK20, 5100),
            Line("Import duty, as laid out", 47212, NONE, 5110),
        ),
        more={"property:Region": "Overseas"},
    ),
    Bill(
        "Elmtree Catering Ltd",
        "UK01",
        "1094",
        date(2025, 2, 21),
        date(2025, 3, 7),
        "GBP",
        "Lunch at the supplier day",
        (
            Line("Buffet for 60", 126000, UK20, 6110, more={"property:Quantity": 60}),
            Line("Cold drinks", 18960, UK20, 6110),
        ),
        include_tax=True,
    ),
    Bill(
        "28d35356-0283-53ea-8e27-458ec20af3af",
        "UK01",
        "QS/0225/18",
        date(2025, 2, 24),
        date(2025, 3, 26),
        "GBP",
        "Storage in February",
        (
            Line("120 pallet places", 156000, UK20, 6010, more={"property:Quantity": 120}),
            Line("Out-of-hours access", 8500, UK20, 6010),
        ),
        more={"property:Region": "North"},
    ),
    Bill(
        "O'Hara Removals",
        "UK01",
        "25-0311",
        date(2025, 2, 26),
        date(2025, 3, 12),
        "EUR",
        "Moving the Dublin showroom",
        (
            Line("Removal, two days", 184500, RC0, 7130, more={"property:Billable": False}),
            Line("Packing material", 12240, RC0, 5020),
        ),
        more={"localCurrencyFxRateOverride": "0.8275"},
    ),
    Bill(
        "Juniper Data Systems Inc",
        "UK01",
        "JDS-0025519",
        date(2025, 2, 28),
        date(2025, 3, 30),
        "GBP",
        "Two servers for the Bristol office",
        (
            Line(
                "Servers",
                1148000,
                UK20,
                1610,
                more={"property:Tags": "Capital", "property:Quantity": 2},
            ),
            Line("Installation on site", 86000, UK20, 1610, more={"property:Tags": "Capital"}),
            Line("Old servers taken back", -64000, UK20, 1610),
        ),
        more={"paymentAt": date(2025, 3, 28), "property:Approver note": "Board, 20 January 2025"},
    ),
    Bill(
        "Nordhavn Energi A/S",
        "DK01",
        "NE-2025-02-5120",
        date(2025, 2, 28),
        date(2025, 3, 14),
        "DKK",
        "Fjernvarme, februar",
        (Line("Fjernvarme", 1236085, DK25, 7120),),
    ),
    Bill(
        "Amberley Couriers Ltd",
        "UK01",
        "AC 55388",
        date(2025, 2, 28),
        date(2025, 3, 30),
        "GBP",
        "Deliveries in February",
        (
            Line("Parcels within the county", 39990, UK20, 6000),
            Line("Parcels within the county", 39990, UK20, 6000),
            Line("Import of samples, reduced rate", 7385, UK5, 6000),
        ),
        more={"property:Region": "North"},
    ),
)


def half_up(numerator: int, denominator: int) -> int:
    """To the nearest whole cent, half away from zero."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient


def tax_of(base: int, percent: int, *, included: bool) -> int:
    """The tax on a net amount, or the tax within a gross one, in cents."""
    if included:
        return base - half_up(base * 100, 100 + percent)
    return half_up(base * percent, 100)


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


def rows() -> tuple[list[dict[str, Cell]], list[dict[str, Cell]]]:
    """The rows of the sheets Bills and Line items, by header."""
    bills: list[dict[str, Cell]] = []
    lines: list[dict[str, Cell]] = []
    for place, bill in enumerate(BILLS, start=1):
        ref, total = f"B-{place:03d}", 0
        for number, line in enumerate(bill.lines, start=1):
            code, percent = line.tax
            tax = tax_of(line.base, percent, included=bill.include_tax) if code else 0
            tax = tax if line.charged is None else line.charged
            net = line.base - tax if bill.include_tax else line.base
            total += net + tax
            lines.append(
                {
                    "billRef": ref,
                    "lineNumber": number,
                    "description": line.description,
                    "amount": net + tax,
                    "netAmount": net,
                    "taxAmount": tax if code else None,
                    "taxCodeId": code,
                    "accountId": BY_ID.get(line.account, ""),
                    "account": "" if line.account in BY_ID else str(line.account),
                    "shouldAmortize": True if line.spread else None,
                    "amortizationStartDate": line.spread[0] if line.spread else None,
                    "amortizationEndDate": line.spread[1] if line.spread else None,
                    **line.more,
                }
            )
        bills.append(
            {
                "billRef": ref,
                "vendorId" if _is_id(bill.vendor) else "vendor": bill.vendor,
                "companyEntity": bill.entity,
                "invoiceNumber": bill.number,
                "issuedDate": bill.issued,
                "dueDate": bill.due,
                "currency": bill.currency,
                "amount": total,
                "lineItemsIncludeTax": bill.include_tax,
                "description": bill.description,
                **bill.more,
            }
        )
    return bills, lines
