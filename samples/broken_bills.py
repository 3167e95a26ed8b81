"""The files of ``samples/light-broken``: what goes wrong in real sheets, each thing at least once.

``write`` makes the inputs; the templates and lookup tables beside them are kept by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from clean_bills import BILL_COLUMNS, LINE_COLUMNS, UK20, tax_of
from workbooks import Formula, Sheet, Shown, csv_file, workbook
from xlsxwriter.utility import xl_col_to_name

BILLS = (
    *BILL_COLUMNS[:3],
    "companyEntityId",
    *BILL_COLUMNS[3:13],
    "groupCurrencyFxRateOverride",
    "senderBankAccountId",
    "status",
    "paidFromBankAccountId",
    "document",
    "creditsBill",
    *BILL_COLUMNS[13:],
)
LINES = (
    "billRef",
    "invoiceNumber",
    *LINE_COLUMNS[1:7],
    "taxCode",
    *LINE_COLUMNS[7:12],
    "amortizationTemplateId",
    *LINE_COLUMNS[12:],
)
REFERENCES = ("fiNumber", "norKidReference", "swissPaymentReference", "purchaseOrderId")
BANK = "0d6e4c2a-91b7-5f3e-8c58-6a1f2b9d7e40"  # bank accounts are taken as they come


class Sheets:
    """Two sheets under way; a bill is right unless it is told otherwise."""

    def __init__(self) -> None:
        self.bills: list[dict[str, object]] = []
        self.lines: list[dict[str, object]] = []

    def bill(
        self,
        number: str,
        vendor: str,
        issued: date,
        what: str,
        *lines: dict[str, object],
        **told: object,
    ) -> None:
        """``told`` replaces cells of the bill; ``None`` empties one."""
        ref = told.pop("ref", number)
        for place, line in enumerate(lines, start=1):
            self.lines.append({"billRef": ref, "lineNumber": place} | line)
        self.bills.append(
            {
                "billRef": ref,
                "vendor": vendor,
                "companyEntity": "UK01",
                "invoiceNumber": number,
                "issuedDate": issued,
                "dueDate": date.fromordinal(issued.toordinal() + 30),
                "currency": "GBP",
                "amount": sum(a for line in lines if isinstance(a := line.get("amount"), int)),
                "lineItemsIncludeTax": False,
                "description": what,
            }
            | {_header(name): value for name, value in told.items()}
        )

    def sheets(self, bills: tuple[str, ...] = BILLS, lines: tuple[str, ...] = LINES) -> list[Sheet]:
        return [Sheet("Bills", bills, self.bills), Sheet("Line items", lines, self.lines)]


_PROPERTIES = {
    "region": "property:Region",
    "note": "property:Approver note",
    "project": "property:Project",
    "tags": "property:Tags",
    "cost_centre": "property:Cost centre",
    "quantity": "property:Quantity",
    "service_date": "property:Service date",
    "billable": "property:Billable",
    "buyer": "Buyer",
    "site": "property:Site",
}


def _header(name: str) -> str:
    return _PROPERTIES.get(name, name)


def line(what: str, net: int, account: str = "7220", **told: object) -> dict[str, object]:
    """A line at the UK standard rate; ``told`` replaces cells."""
    tax = tax_of(net, UK20[1], included=False)
    return {
        "description": what,
        "amount": net + tax,
        "netAmount": net,
        "taxAmount": tax,
        "taxCodeId": UK20[0],
        "account": account,
    } | {_header(name): value for name, value in told.items()}


def march(day: int) -> date:
    return date(2025, 3, day)


# fmt: off
def _main(path: Path) -> None:
    """A sheet as it comes from a colleague in a hurry, with a few bills that are right."""
    s = Sheets()
    s.bill("INV-20611", "Birchwood Office Supplies Ltd", march(3), "Stationery for March",
           line("Paper", 35980), line("Envelopes", 8450))
    # --- the bill itself
    s.bill("PV-8830", "", march(3), "Hire of two vans", line("Vans, 5 days", 62500, "7300"))
    s.bill("CVP-1192", "", march(3), "Printed catalogues", line("Catalogues", 184000, "6100"),
           vendorId="V-1011")
    s.bill("WRW-77", "", march(3), "Rope for the loading bay", line("Rope, 200 m", 41000, "6010"),
           vendorId="5a0c1d77-3e6b-54a9-9d0e-77c1b2f4a613")
    s.bill("SEL-4031", "Silverdale Electrics Ltd", march(4), "Rewiring of the canteen",
           line("Labour", 96000, "7130"), line("Cable and sockets", 21340, "7130"))
    s.bill("MF-67002", "Meridian Freight Ltd", march(4), "Road freight to Lyon",
           line("Two pallets", 58200, "5100"))
    s.bill("BSL-0309", "Blackthorn Security Ltd", march(4), "Night guard in February",
           line("Guard, 20 nights", 240000, "7130"), companyEntity="UK02")
    s.bill("YHS-541", "Yarrow Health & Safety Ltd", march(5), "First-aid course",
           line("Course for 8", 76000, "7020"), companyEntity=None, companyEntityId="UK01")
    s.bill("YHS-542", "Yarrow Health & Safety Ltd", march(5), "Fire drill",
           line("Drill and report", 45000, "7020"), companyEntity=None,
           companyEntityId="7be0f2d4-6c1a-5d83-a5e2-0f4c99d1b830")
    s.bill("", "Ashdown Water Services", march(5), "Water, December to February",
           line("Water and sewerage", 31870, "7120", taxCodeId="", taxAmount=None, amount=31870),
           ref="B-WATER")
    s.bill("4.50017E+11", "IBM UK LTD", march(5), "Maintenance of the order system",
           line("Maintenance, March", 412500, "7200"), ref="B-IBM")
    s.bill("DPH-2201", "Dunmore Plumbing & Heating", march(6), "Boiler service",
           line("Service", 18500, "7130"))
    s.bill("DPH-2201", "Dunmore Plumbing & Heating", march(6), "Boiler service (scan 2)",
           line("Service", 18500, "7130"), ref="DPH-2201b")
    s.bill("DPH 2202", "Dunmore Plumbing & Heating", march(7), "New radiator",
           line("Radiator", 33000, "7130"))
    s.bill("DPH-2202", "Dunmore Plumbing & Heating", march(7), "New radiator, fitting",
           line("Fitting", 12000, "7130"))
    s.bill("FM-99310", "Fairweather Marine plc", march(7), "Mooring fees",
           line("Mooring, February", 87500, "6010"), issuedDate=None, dueDate=None)
    s.bill("GT-50021", "Greenfield Telecom Ltd", march(7), "Telephone, February",
           line("Lines and calls", 66400, "7210"), issuedDate="31/02/2025", dueDate=None)
    s.bill("GT-50022", "Greenfield Telecom Ltd", march(7), "Mobile telephones, February",
           line("Eleven contracts", 27500, "7210"), dueDate="within 14 days")
    s.bill("LT-3107", "Larkspur Training Ltd", march(10), "Excel for beginners",
           line("Course, two days", 140000, "7020"), dueDate=date(2025, 2, 10))
    s.bill("LT-3108", "Larkspur Training Ltd", march(10), "Excel for the curious",
           line("Course, one day", 70000, "7020"), paymentAt="next run")
    s.bill("QA-25/031", "Quillon Analytics BV", march(10), "Forecasting model, second stage",
           line("Data model", 900000, "7420"), currency="Euro",
           localCurrencyFxRateOverride="0,8342", groupCurrencyFxRateOverride="about 0.83")
    s.bill("OP-7714", "Orchard Packaging Ltd", march(10), "Cartons",
           line("Cartons, 4,000", 118000, "5020"), currency=None)
    s.bill("OP-7715", "Orchard Packaging Ltd", march(11), "Tape and labels",
           line("Tape", 24150, "5020"), line("Labels", 9900, "5020"), amount=None)
    s.bill("PFS-611", "Pinewood Fire Safety Ltd", march(11), "Extinguishers, and those returned",
           line("Extinguishers", 36000, "1600"), line("Extinguishers returned", -36000, "1600"))
    s.bill("RW-CN-118", "Riverside Waste Ltd", march(11), "Skip not collected",
           line("Skip, credited", -22000, "7130"))
    s.bill("RS-9057", "Redcliffe Scaffolding Ltd", march(12), "Scaffold at Unit 4",
           line("Scaffold, 3 weeks", 312050, "7130"), amount="£3,744.60")
    s.bill("SC-66120", "Saltmarsh Chemicals Ltd", march(12), "Cleaning agents",
           line("Degreaser, 200 l", 53820, "5010"), amount="10000000000000000000")
    s.bill("TG-20391", "Thornbury Glass Ltd", march(12), "Two panes for the showroom",
           line("Panes", 91500, "7130"), line("Delivery", 4500, "6000"), amount=109800)
    s.bill("UO-118", "Underhill Optics Ltd", march(12), "Safety glasses",
           line("Glasses, 30", 57000, "6010"), lineItemsIncludeTax="gross")
    s.bill("VM-40877", "Verdigris Metals Ltd", march(13), "Brass rods",
           line("Rods", 226000, "5010"), senderBankAccountId="Barclays current")
    s.bill("WD-1183", "Wexford Dairy Ltd", march(13), "Milk for the canteen",
           line("Milk", 6240, "7310"), status="authorised")
    s.bill("WD-1184", "Wexford Dairy Ltd", march(13), "Butter for the canteen",
           line("Butter", 4410, "7310"), status="paid", paidFromBankAccountId=BANK,
           document="scans/WD-1184.pdf")
    s.bill("RHS-305", "Rowan, Hart and Sons", march(13), "Shelves",
           line("Shelves", 83000, "1600"), paidFromBankAccountId="1000 8841")
    s.bill("", "Stonegate Consulting Ltd", march(14), "Review of the warehouse",
           line("Review", 450000, "7420", billRef=None), ref=None)
    s.bill("SCL-0092", "Stonegate Consulting Ltd", march(14), "Workshop",
           line("Workshop", 180000, "7420"), ref="MARCH-7")
    s.bill("SCL-0093", "Stonegate Consulting Ltd", march(14), "Travel to the workshop",
           line("Train", 11240, "7300"), ref="MARCH-7")
    s.bill("TF-5512", "Tamarind Foods Ltd", march(14), "Hampers for customers",
           amount=24000)
    s.bill("ITL-2290", "Ironbridge Tools Ltd", march(14), "Hand tools",
           line("Hammers and chisels", 38500, "6010"), ref="1.00231E+11")
    s.bill("SA-88213", "Sandpiper Airlines plc", march(17), "Flights in March",
           line("Bristol to Faro", 41800, "7300"), region="West", note="Sales meeting")
    s.bill("SA-88214", "Sandpiper Airlines plc", march(17), "Flights in April",
           line("Bristol to Bergen", 52600, "7300"), region="North;Overseas")
    # --- its line items
    s.bill("EG-0417", "Eastgate Properties Ltd", march(17), "Repairs to the roof",
           line("Roof tiles", 145000, "7130", lineNumber="first"),
           line("Roofer, 3 days", 99000, "7130", amount="118.800"), amount=292800)
    s.bill("EG-0418", "Eastgate Properties Ltd", march(17), "Parking, second quarter",
           line("Twelve spaces", 180000, "7100", amount=None, netAmount=None, taxAmount=36000),
           amount=216000)
    s.bill("KT-78002", "Kingfisher Travel Ltd", march(17), "Rail cards",
           line("Rail cards, 5", 37500, "7300", amount=None), amount=45000,
           lineItemsIncludeTax=True)
    s.bill("AF-1029", "Alder & Finch LLP", march(18), "Trade mark renewal",
           line("Fees", 64000, "7400", netAmount="640.00", taxAmount="128.00"), amount=76800)
    s.bill("AF-1030", "Alder & Finch LLP", march(18), "Trade mark opposition",
           line("Fees", 205000, "7400", amount=255000), amount=246000)
    s.bill("AF-1031", "Alder & Finch LLP", march(18), "Licence agreement",
           line("Fees", 88000, "7400", amount="99999999999999999999",
                netAmount="88000000000000000000", taxAmount="17600000000000000000"),
           amount=105600)
    s.bill("MA-7031", "Millstone Accountants LLP", march(18), "Year-end audit, first part",
           line("Audit", 950000, "7410", taxAmount=-190000, amount=760000), amount=760000)
    s.bill("MA-7032", "Millstone Accountants LLP", march(18), "Payroll, February",
           line("Payroll for 84", 50400, "7410", taxCodeId=None))
    s.bill("MA-7033", "Millstone Accountants LLP", march(18), "Payroll, March",
           line("Payroll for 86", 51600, "7410", taxAmount=None, amount=None), amount=61920)
    s.bill("LTM-2207", "Linden Timber Merchants", march(19), "Oak boards",
           line("Oak, 2 m3", 276000, "5010", taxCodeId="UK20"))
    s.bill("LTM-2208", "Linden Timber Merchants", march(19), "Pine boards",
           line("Pine, 4 m3", 198000, "5010", taxCodeId=None, taxCode="UK VAT 20%"))
    s.bill("LTM-2209", "Linden Timber Merchants", march(19), "Ash boards",
           line("Ash, 1 m3", 121000, "5010", taxCodeId="2f9d6a60-4b3c-5e21-9a77-d0b1c4e5f682"))
    s.bill("BH-3412", "Beacon Hill Recruitment Ltd", march(19), "Warehouse assistant",
           line("Temporary staff", 143000, None, accountId="7010"),
           line("Agency fee", 21450, None, accountId="c41d9e0b-7f62-5a18-b3d5-2e8a90f1c764"))
    s.bill("BH-3413", "Beacon Hill Recruitment Ltd", march(19), "Forklift driver",
           line("Temporary staff", 158400, "7011"), line("Agency fee", 23760, "7999"))
    s.bill("OAK-2025-0311", "Oakhurst Software Ltd", march(20), "Licences and support",
           line("Support, a year", 240000, "7200", shouldAmortize="monthly"),
           line("Licences", 96000, "7200", shouldAmortize=True),
           line("Set-up", 30000, "7200", shouldAmortize=False,
                amortizationStartDate=date(2025, 4, 1), amortizationEndDate=date(2026, 3, 31)),
           line("Hosting, a year", 120000, "7200", shouldAmortize=True,
                amortizationStartDate=date(2025, 4, 1)),
           line("Storage, a year", 60000, "7200", shouldAmortize=True,
                amortizationStartDate=date(2025, 4, 1), amortizationEndDate=date(2024, 3, 31)),
           line("Updates, a year", 42000, "7200", shouldAmortize=True,
                amortizationStartDate="April", amortizationEndDate="31 June 2026"),
           line("Training", 50000, "7020", amortizationTemplateId="12 months"))
    s.bill("CCH-25-00160", "Cobalt Cloud Hosting Ltd", march(20), "Hosting, more servers",
           line("Servers", 310000, "7200", project="Zephyr"),
           line("Storage", 54000, "7200", project="Apollo;Borealis", tags="Urgent;Capital"),
           line("Migration", 80000, "7420", quantity="a few"),
           line("On call", 26000, "7420", cost_centre="IT"),
           site="Bristol")
    s.bill("AC 55702", "Amberley Couriers Ltd", march(21), "Deliveries in March",
           line("Parcels", 40220, "6000"))
    s.lines += [
        line("Pallets to York", 30900, "6000", billRef="AC 55720", lineNumber=1),
        line("Parcel to Hull", 1800, "6000", billRef="1.00232E+11", lineNumber=1),
        line("Parcel to Ely", 1650, "6000", invoiceNumber="5.5702E+11", lineNumber=1),
    ]
    s.bill("QS/0325/20", "Quayside Storage Ltd", march(24), "Storage in February",
           line("112 pallet places", 145600, "6010"), fiNumber="1234 5", norKidReference="0012346",
           swissPaymentReference="21 00000 00003 13947 14300 0901", purchaseOrderId="PO-7709")
    s.bill("QS/0325/21", "Quayside Storage Ltd", march(24), "Storage in March",
           line("118 pallet places", 153400, "6010"), buyer="R. Okafor")
    s.bills[1] |= {"costCenterId": "OPS"}
    bills = (*BILLS, "property:Site", "costCenterId", "Buyer", *REFERENCES)
    sheets = s.sheets(bills, (*LINES, "property:Cost centre"))
    last = len(s.bills) + 1
    hidden = Sheet("Bills", sheets[0].headers, s.bills, hidden_rows=(last - 1,))
    old = Sheet("Lines of February", ("Bill Ref", "Net Amount", "Account"),
                [{"Bill Ref": "AC 55388", "Net Amount": 39990, "Account": "6000"}], hidden=True)
    workbook(path, [hidden, sheets[1], old])
# fmt: on


def _formulas(path: Path, result: str | None) -> None:
    """A sheet that fetches everything from another one, which is gone or was never calculated."""
    bills = [name for name in BILLS if name != "property:Approver note"] + list(REFERENCES)
    lines = [name for name in LINES if not name.startswith("property:")] + ["property:Project"]
    sheets = []
    for name, headers in (("Bills", bills), ("Line items", lines)):
        source = "#REF!" if result else f"'Export {name}'!"
        cells = {
            header: Formula(f"={source}{xl_col_to_name(i)}7", result)
            for i, header in enumerate(headers)
        }
        sheets.append(Sheet(name, headers, [cells]))
    workbook(path, sheets)


# fmt: off
def _pasted(path: Path) -> None:
    """Text that was pasted: whole paragraphs, line breaks, apostrophes of another encoding."""
    s = Sheets()
    many = ", ".join(f"DN-{number}" for number in range(40100, 40140))
    words = "As agreed on the telephone with Mrs Ellery, the second delivery follows in April. "
    s.bill("PVH-3391", "Pemberton Vehicle Hire Ltd\nUnit 9", march(3), "Driver\x92s fines",
           line("Van", 12500, "7300\n(travel)", taxCodeId=None, taxCode="UK\t20"),
           companyEntity="UK01\tBristol", document="scans/driver\x92s.pdf", note="Ask\x92n Ellery",
           creditsBill="PVH\x92", **_referring("1232\x92"))
    s.bill("PVH-\n3392", "Pemberton Vehicle Hire Ltd", march(3), "Second van",
           line("Van for\x92March", 12500, "7300", project="Apollo\x92"),
           line("Fuel", 4000, "7300", invoiceNumber="PVH\n3392"), ref="PVH\n3392")
    s.bill(many, "Granite City Engineering Ltd, " + words * 4, march(4), words * 26,
           line(words * 26, 88000, "7130 " + words * 4, taxCodeId=None,
                taxCode="Standard rate. " + words * 4, project=words * 26, invoiceNumber=many),
           ref="Deliveries " + many, companyEntity="UK01 " + words * 4,
           document="scans/" + words * 26, note=words * 26, creditsBill=many, **_referring(many))
    s.bill("PVH-\ufffd1", "Gr\ufffdne Wiese", march(5), "Gr\ufffdn",
           line("Gr\ufffdn", 12500, "7300\ufffd", taxCodeId=None, taxCode="UK\ufffd20",
                project="Apoll\ufffd", invoiceNumber="PVH-\ufffd1"),
           ref="PVH-\ufffd1", companyEntity="UK01\ufffd", document="scans/\ufffd.pdf",
           note="Gr\ufffdn", creditsBill="\ufffd", **_referring("1232\ufffd"))
    s.bill("2253.0", "2253.0", march(6), "Third van",
           line("Van", 12500, "7300.0", taxCodeId=None, taxCode="20.0"), companyEntity="1.0",
           creditsBill="1.23E+15", **_referring("2.1E+26"))
    workbook(path, s.sheets((*BILLS, *REFERENCES)))
# fmt: on


def _referring(text: str) -> dict[str, str]:
    """The same text as each reference to pay with."""
    return dict.fromkeys(REFERENCES[:3], text)


# fmt: off
def _flyers(first: int, *days: tuple[object, object, object]) -> Sheets:
    """``days`` are, of a bill each, when it is issued, when it is due, and paymentAt."""
    s = Sheets()
    for place, (issued, due, paid) in enumerate(days):
        cells = {"amortizationStartDate": issued, "amortizationEndDate": due}
        s.bill(f"V-{first + place}", "Calder Valley Print Ltd", march(3), "Flyers",
               line("Flyers", 24001 + place, "6100", **cells),
               issuedDate=issued, dueDate=due, paymentAt=paid)
    return s
# fmt: on


def _csv_files(folder: Path, name: str, sheets: Sequence[Sheet]) -> None:
    for part, sheet in zip(("bills", "lines"), sheets, strict=True):
        csv_file(folder / f"{name}-{part}.csv", sheet)


_LEDGER = ("billRef", "vendor", "invoiceNumber", "issuedDate", "currency", "amount", "gross tax")
_LEDGER_LINES = ("billRef", "description", "amount", "netAmount", "taxAmount", "taxCode", "account")


def _ledger_sheets(
    rows: Sequence[tuple[object, object, object, object]], paid: Sequence[str] = ()
) -> tuple[Sheet, Sheet]:
    """A ledger in pounds: (gross of the bill, gross, net and tax of its line), as written."""
    bills: list[dict[str, object]] = []
    lines: list[dict[str, object]] = []
    for number, (total, gross, net, tax) in enumerate(rows, start=1):
        ref = f"L-{number}"
        bills.append(
            {
                "billRef": ref,
                "vendor": "V-1008",
                "invoiceNumber": f"INV-21{number:03d}",
                "issuedDate": march(number),
                "currency": "GBP",
                "amount": total,
                "gross tax": "no",
            }
            | ({"paid": paid[number - 1]} if paid else {})
        )
        lines.append(
            {
                "billRef": ref,
                "description": "Stationery",
                "amount": gross,
                "netAmount": net,
                "taxAmount": tax,
                "taxCode": "UK20",
                "account": "7220",
            }
        )
    headers = (*_LEDGER, "paid") if paid else _LEDGER
    return Sheet("Bills", headers, bills), Sheet("Line items", _LEDGER_LINES, lines)


def _ledger(
    folder: Path, name: str, rows: list[tuple[str, str, str, str]], paid: Sequence[str] = ()
) -> None:
    _csv_files(folder, name, _ledger_sheets(rows, paid))


def _house_rules(folder: Path) -> None:
    """Bills that Light would take and the template's own rules do not."""
    bills = [
        ("BSL-0310", "Blackthorn Security Ltd", march(4), "GBP", "12.00", "", ""),
        ("7715", "Orchard Packaging Ltd", date(2023, 3, 11), "NOK", "48000.00", "Tape", "IT"),
        (
            "BSL-0311",
            "Blackthorn Security Ltd",
            date(2026, 3, 4),
            "GBP",
            "60.00",
            "Guard of the car park on bank holidays and the two Sundays before",
            "OPS",
        ),
    ]
    lines = [
        ("BSL-0310", "Guard", "12.00", "7130", None, None),
        ("7715", "tape", "47990.00", "9999", date(2023, 1, 1), date(2023, 12, 31)),
        ("7715", "Labels for the cartons of the spring catalogue", "10.00", "", None, None),
        ("BSL-0311", "Guard", "60.00", "7130", date(2025, 1, 1), date(2031, 12, 31)),
    ]
    headers = ("Number", "Supplier", "Date", "Currency", "Amount", "Text", "Department")
    csv_file(folder / "house-rules-bills.csv", Sheet("Bills", headers, bills))
    headers = ("Number", "Item", "Net", "Account", "From", "Until")
    csv_file(folder / "house-rules-lines.csv", Sheet("Lines", headers, lines))


def _disagreeing(folder: Path) -> None:
    """One row a line, the bill's own cells repeated, and not twice the same."""
    headers = (
        "Document",
        "Supplier",
        "Supplier id",
        "Entity",
        "Entity id",
        "Reference",
        "Number",
        "Date",
        "Due",
        "Paid on",
        "Currency",
        "Total",
        "With tax",
        "Text",
        "Bank",
        "Rate",
        "Group rate",
        "Status",
        "Paid from",
        "Scan",
        "Region",
        *REFERENCES,
        "Line text",
        "Net",
        "Deposit",
    )
    first = (
        "5000127",
        "Abbott Lane Stationers Ltd",
        "b769c047-ce09-554c-9ca8-ecadc1d55fcf",
        "UK01",
        "de11bfd7-6e35-50d3-8248-0f4fd2c1206d",
        "A-1",
        "ALS-771",
        march(3),
        date(2025, 4, 2),
        march(28),
        "GBP",
        "30.00",
        "no",
        "Pens",
        BANK,
        "1",
        "1",
        "draft",
        BANK,
        "771.pdf",
        "North",
        "1232",
        "182",
        "RF18539007547034",
        "3f1c7a52-0b8e-5d64-9a3d-7c5e2f1b8a90",
        "Pens",
        "10.00",
        None,
    )
    second = (
        "5000127",
        "Abbot Lane Stationers",
        "4e5c602a-7979-5ac1-835f-b3022aadab12",
        "DE01",
        "caa0f6bd-a717-5a70-a7b2-37830e79fa51",
        "A-2",
        "ALS-772",
        march(4),
        date(2025, 4, 3),
        march(29),
        "EUR",
        "20.00",
        "yes",
        "Pencils",
        BANK.replace("0d6e", "1d6e"),
        "0.83",
        "0.84",
        "paid",
        BANK.replace("0d6e", "2d6e"),
        "772.pdf",
        "South",
        "12344",
        "190",
        "210000000003139471430009017",
        "4f1c7a52-0b8e-5d64-9a3d-7c5e2f1b8a90",
        "Pencils",
        "20.00",
        None,
    )
    third = (
        "5000128",
        "Adler and Finch",
        None,
        "UK01",
        None,
        "A-3",
        "AF-1040",
        march(5),
        date(2025, 4, 4),
        None,
        "GBP",
        "64.00",
        "no",
        "Searches",
        None,
        None,
        None,
        "draft",
        None,
        None,
        "North",
        *(None for _ in REFERENCES),
        "Searches",
        "64.00",
        "16.00",
    )
    rows = [first, second, third]
    csv_file(folder / "supplier-ledger.csv", Sheet("Ledger", headers, rows), encoding="cp1252")


_HOURS = (
    "Supplier",
    "Invoice",
    "Date",
    "Entity",
    "Currency",
    "Account",
    "Tax code",
    "Tax",
    "Work",
    "Hours",
    "Rate",
    "Total",
)


def _timesheets(path: Path) -> None:
    """Hours times rates, with names of the agency's own, a total, and notes below the end."""
    day = march(7)
    rows: list[tuple[object, ...]] = [
        (
            "Beacon Hill",
            "BHR-3501",
            day,
            "Bristol",
            "GBP",
            "Staff",
            "Standard",
            "57.20",
            "Assistant",
            22,
            13,
        ),
        (
            "Beacon Hill",
            "BHR-3501",
            day,
            "Bristol",
            "GBP",
            "Staff",
            "Standard",
            "20.15",
            "Driver",
            7.75,
            13,
        ),
        (
            "Beacon Hill",
            "BHR-3502",
            day,
            "Bristol",
            "GBP",
            "Staff",
            "Standard",
            None,
            "Assistant, tax to follow",
            8,
            13,
        ),
        (
            "Larkspur",
            "LT-3201",
            day,
            "Bristol",
            "GBP",
            "Training",
            "Standard",
            "28.00",
            "Trainer",
            "one day",
            140,
        ),
        (
            "Larkspur",
            "LT-3202",
            day,
            "Bristol",
            "GBP",
            "Training",
            "Standard",
            "28.00",
            "Trainer",
            8,
            None,
        ),
        (
            "Larkspur",
            "LT-3203",
            day,
            "Bristol",
            "GBP",
            "Training",
            "Standard",
            "28.00",
            "Trainer",
            Formula("=B9/C9", "#DIV/0!"),
            Formula("=Rates!B4"),
        ),
        _HOURS,
        (
            "Larkspur",
            "LT-3204",
            day,
            "Bristol",
            "GBP",
            "Training",
            "Standard",
            "28.00",
            "Trainer",
            "9999999999999",
            "99999999999",
        ),
        (
            "Redcliffe",
            "RS-9101",
            day,
            "Leeds",
            "GBP",
            "Repairs",
            "Reduced",
            "5.00",
            "Scaffolder",
            8,
            25,
        ),
        (
            "Tokyo Fair Office",
            "TFO-22",
            day,
            "Bristol",
            "JPY",
            "Staff",
            "Standard",
            "0",
            "Interpreter",
            8,
            4500,
        ),
        (None, None, None, None, None, None, None, None, None, None, None, "12,480.15"),
        ("END OF REPORT",),
        (
            "Beacon Hill",
            "BHR-3504",
            day,
            "Bristol",
            "GBP",
            "Staff",
            "Standard",
            "2.60",
            "Left over from February",
            1,
            13,
        ),
    ]
    full = [(*row, *[None] * (len(_HOURS) - len(row))) for row in rows]
    workbook(path, [Sheet("Timesheets", _HOURS, full)])


def _hours(path: Path, *hours: tuple[object, object], total: str | None = None) -> None:
    rows: list[tuple[object, ...]] = [
        (
            "Beacon Hill",
            f"BHR-36{n:02d}",
            march(14),
            "Bristol",
            "GBP",
            "Staff",
            "Standard",
            "2.60",
            "Assistant",
            amount,
            rate,
            None,
        )
        for n, (amount, rate) in enumerate(hours, start=1)
    ]
    if total:
        rows.append((*[None] * (len(_HOURS) - 1), total))
    sheet = Sheet("Timesheets", _HOURS, rows)
    if path.suffix == ".xlsx":
        workbook(path, [sheet])
    else:
        csv_file(path, sheet)


_JOURNAL = (
    "Book",
    "Voucher",
    "Account name",
    "Day",
    "Year",
    "Money",
    "Side",
    "Total",
    "Text",
    "Line side",
    "Net",
    "Quantity",
    "Tax each",
    "Tax",
    "From",
    "To",
    "Year starts",
)


def _journal(path: Path) -> None:
    """Bills of which the template must put together dates and signs."""

    def bill(number: str, text: str, **told: str) -> dict[str, str]:
        row = {
            "Book": "P7",
            "Voucher": number,
            "Account name": "V-1008",
            "Day": "0703",
            "Year": "2025",
            "Money": "pounds",
            "Side": "C",
            "Total": "1.200,00",
            "Text": text,
            "Line side": "D",
            "Net": "1.000,00",
            "Quantity": "2",
            "Tax each": "100,00",
            "Tax": "full",
            "Year starts": "2024-07-01",
        }
        return row | {name.replace("_", " "): value for name, value in told.items()}

    rows = [
        bill("J-1", "Paper", From="0107", To="3006"),
        bill("J-2", "Toner", Money="dollars", Tax="most", Side="X", Line_side=""),
        bill("J-3", "Ink", Total="-1.200,00", Net="-1.000,00"),
        bill("J-4", "Pens", Day="3113", From="3002", To="3006"),
        bill("J-5", "Ring binders", Year="this", From="0107", To="3006", Year_starts="2024"),
        bill("J-6", "Paper", Quantity="1,5", Tax_each="133,333"),
        bill("J-7", "Staples"),
        {**bill("", "Clips"), "Voucher": " J-7"},
        {**bill("", "Stamps"), "Voucher": "J7 "},
    ]
    csv_file(path, Sheet("Journal", _JOURNAL, rows))


def _shown(path: Path, number_format: str, *amounts: float) -> None:
    """Amounts that their number format shows as something else: bill, line, net and tax."""
    bill, gross, net, tax = (Shown(amount, number_format) for amount in amounts)
    s = Sheets()
    cells = {"amount": gross, "netAmount": net, "taxAmount": tax, "taxCodeId": UK20}
    s.bill(
        "W-211",
        "Calder Valley Print Ltd",
        march(3),
        "Flyers",
        line("Flyers", 24000, "6100") | cells,
        amount=bill,
    )
    workbook(path, s.sheets())


# fmt: off
def _after_creation(folder: Path) -> None:
    """Bills that cannot go on after creation as they should, and files that cannot be uploaded."""
    scans = folder / "scans"
    scans.mkdir(exist_ok=True)
    (scans / "HG-501.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    (scans / "HG-502.pdf").write_bytes(b"\x89PNG\r\n\x1a\n")
    (scans / "HG-503.docx").write_bytes(b"PK\x03\x04")
    (scans / "HG-504.pdf").write_bytes(b"")
    s = Sheets()
    for number, document, told in (
        (501, "scans/HG-501.pdf", {"status": "posted"}),
        (502, "scans/HG-502.pdf", {}),
        (503, "scans/HG-503.docx", {}),
        (504, "scans/HG-504.pdf", {}),
        (505, "scans", {}),
        (506, "/home/jo/HG-506.pdf", {}),
        (507, None, {"status": "paid", "paymentAt": date(2025, 3, 28)}),
        (508, None, {"status": "paid", "paymentAt": date(2099, 3, 28),
                     "paidFromBankAccountId": BANK}),
        (509, None, {"status": "submitted", "companyEntity": None}),
    ):
        s.bill(f"HG-{number}", "Copperfield Insurance Brokers", march(number - 500), "Insurance",
               line("Premium", number * 100, "7500"), document=document, **told)
    bills, lines = s.sheets()
    csv_file(folder / "after-creation-bills.csv", bills)
    csv_file(folder / "after-creation-lines.csv", lines)
# fmt: on


def write(folder: Path) -> None:
    """All input files of ``light-broken``, into ``folder``."""
    _main(folder / "bills.xlsx")
    _formulas(folder / "lost-links.xlsx", "#REF!")
    _formulas(folder / "not-calculated.xlsx", None)
    _pasted(folder / "pasted-text.xlsx")
    days = [("03/04/2025", "03/04/2025"), ("05/04/2025", "")]
    _csv_files(folder, "dates-either-way", _flyers(301, *((d, d, p) for d, p in days)).sheets())
    days = [("25/03/2025", "28/03/2025"), ("03/26/2025", "03/29/2025")]
    days += [("04/05/2025", ""), ("2025-04-01", "")]
    _csv_files(folder, "dates-both-ways", _flyers(301, *((d, d, p) for d, p in days)).sheets())
    _ledger(
        folder,
        "amounts-either-way",
        [("7.200", "7.200", "6.000", "1.200"), ("8.400", "8.400", "7.000", "1.400")],
    )
    _ledger(
        folder,
        "amounts-both-ways",
        [("1,200.00", "1,200.00", "1,000.00", "200.00"), ("60,00", "60,00", "50,00", "10,00")],
    )
    # one column has the day first, the others of its file the month
    turned = ("25/03/2025", "04/05/2025"), ("04/05/2025", "03/26/2025")
    _csv_files(folder, "dates-contradict", _flyers(321, *((d, m, m) for d, m in turned)).sheets())
    _ledger(
        folder,
        "amounts-contradict",
        [("1,200.00", "1,200.00", "1.000,00", "200,00"), ("1,200", "1,200", "1.000", "1.200")],
        paid=("120,00", "600,00"),
    )
    misread = _ledger_sheets([(1200, 1200, 1000, 200), *[("12,00", "12,00", "10,00", "2,00")]])
    workbook(folder / "misread-amounts.xlsx", misread)
    _hours(folder / "hours-contradict.csv", ("7.75", "1.250"), ("1,130", "13,10"))
    _hours(folder / "misread-hours.xlsx", (1500, 13), ("0.75", 13))
    _ledger(
        folder,
        "amounts-unreadable",
        [
            ("12.005", "12.0.5", "ten", "2.005"),
            ("24.00", "24.00", "20.00", "4.00"),
            ("€36.00", "EUR 36.00", "€30.00", "€6.00"),
        ],
    )
    _house_rules(folder)
    _after_creation(folder)
    _disagreeing(folder)
    _journal(folder / "journal.csv")
    # dates that Excel has taken month first, beside those that it could not
    mixed = (date(2025, 4, 3), "25/03/2025", date(2025, 12, 3))
    workbook(folder / "turned-dates.xlsx", _flyers(311, *((d, d, d) for d in mixed)).sheets())
    _shown(folder / "shown-as-percent.xlsx", "0.00%", 0.24, 0.24, 0.2, 0.04)
    _shown(folder / "shown-as-money.xlsx", "[$£-809]#,##0.00", 240, 240, 200, 40)
    _shown(folder / "shown-as-euros.xlsx", "#,##0.00 [$€-407]", 240, 240, 200, 40)
    _shown(folder / "shown-as-credit.xlsx", '0.00" Cr"', 240, 240, 200, 40)
    _hours(folder / "shown-in-thousands.xlsx", (Shown(8000, "#,##0,"), 13))
    _hours(folder / "hours-shifted.csv", ("7.75", "13.10"), ("8,50", "13.10"))
    shifted = folder / "hours-shifted.csv"
    shifted.write_bytes(shifted.read_bytes().replace(b'"8,50"', b"8,50"))
    _timesheets(folder / "timesheets.xlsx")
    _hours(folder / "hours-rounded.csv", ("1.255", "13.10"), ("2.50", "13.10"))
    _hours(folder / "hours-either-way.csv", ("1.250", "1.130"))
    _hours(folder / "hours-both-ways.csv", ("7.75", "13.10"), ("7,5", "13,10"))
    _hours(folder / "hours-total.csv", ("7.75", "13.10"), total="104.13 approx.")
    s = Sheets()
    s.bill(
        "CH-118",
        "Copperfield Insurance Brokers",
        march(3),
        "Insurance of the vans",
        line("Premium", 88000, "7500"),
    )
    bills, lines = s.sheets()
    without = [*(name for name in bills.headers if name != "currency"), "Due Date", ""]
    rows = [
        {k: v for k, v in row.items() if k in without}
        | {"Due Date": date(2025, 4, 14), "": "see Jo"}
        for row in s.bills
    ]
    csv_file(folder / "only-bills.csv", Sheet("Bills", without, rows))
    csv_file(folder / "only-lines.csv", lines)
    csv_file(folder / "empty-bills.csv", Sheet("Bills", BILLS, []))
