"""Exports of other systems, as ``samples/<template>/``: the same company, each system's own habits.

The header rows are those of real exports; what is in them is invented. Lookup tables (``value``,
``id``) stand beside the files where a system has names that Light does not know.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from purchases import BRITISH, FOREIGN, GERMAN, Bought, Purchase, ids, money, purchases

FOLDERS = (
    "light-csv",
    "xero-bills",
    "quickbooks-bills",
    "zoho-bills",
    "sage50-purchase-invoices",
    "erpnext-purchase-invoices",
    "odoo-bills",
    "datev-buchungsstapel",
)

Row = Mapping[str, object]


def write(folder: Path) -> None:
    """All exports, each into the folder of its template."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    _light_csv(folder / "light-csv")
    _xero(folder / "xero-bills")
    _quickbooks(folder / "quickbooks-bills")
    _zoho(folder / "zoho-bills")
    _sage(folder / "sage50-purchase-invoices")
    _erpnext(folder / "erpnext-purchase-invoices")
    _odoo(folder / "odoo-bills")
    _datev(folder / "datev-buchungsstapel")


def _text(
    path: Path,
    headers: Sequence[str],
    rows: Iterable[Row],
    *,
    before: Sequence[Sequence[str]] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    quote_all: bool = False,
) -> None:
    """A CSV file with the line ends of Windows; ``before`` are rows above the headers."""
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)
    writer.writerows(before)
    writer.writerow(headers)
    for row in rows:
        assert set(row) <= set(headers), set(row) - set(headers)
        writer.writerow([row.get(header, "") for header in headers])
    path.write_bytes(out.getvalue().encode(encoding))


def _table(path: Path, pairs: Mapping[str, str]) -> None:
    """A lookup table."""
    _text(path, ("value", "id"), [{"value": value, "id": id_} for value, id_ in pairs.items()])


def _plain(number: object) -> str:
    """A quantity or price without zeros that say nothing."""
    text = str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _numbered(rows: Iterable[Purchase]) -> Iterable[tuple[Purchase, int, Bought]]:
    for bill in rows:
        for k, line in enumerate(bill.lines):
            yield bill, k, line


TAX = ids("tax_codes.csv", "code")
ACCOUNTS = ids("accounts.csv", "code")
VENDORS = ids("vendors.csv", "name")


# --- Light's own CSV bill import --------------------------------------------------------------


def _light_csv(folder: Path) -> None:
    headers = (
        "Invoice Id,Company Entity Code,Currency,Pay From Account,Invoice Date,Invoice Total,"
        "Vendor Name,Status,Ledger Account Code,Tax Code,Amount"
    ).split(",")
    codes = {20: "UK20", 5: "UK5", 0: "UK0"}
    rows = []
    for bill, _, line in _numbered(purchases(BRITISH, 30, date(2025, 4, 1), 0)):
        rows.append(
            {
                "Invoice Id": bill.number,
                "Company Entity Code": "UK01",
                "Currency": bill.currency,
                "Invoice Date": f"{bill.issued:%d/%m/%Y}",
                "Invoice Total": f"{bill.gross / 100:,.2f}",
                "Vendor Name": bill.vendor,
                "Status": "draft",
                "Ledger Account Code": line.account,
                "Tax Code": "" if line.percent is None else codes[line.percent],
                "Amount": f"{(line.net + line.tax) / 100:,.2f}",
            }
        )
    _text(folder / "bills.csv", headers, rows)
    _table(folder / "tax-codes.csv", {code: TAX[code] for code in codes.values()})


# --- Xero -------------------------------------------------------------------------------------

_XERO = (
    "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,"
    "PORegion,POPostalCode,POCountry,*InvoiceNumber,*InvoiceDate,*DueDate,Total,InventoryItemCode,"
    "Description,*Quantity,*UnitAmount,*AccountCode,*TaxType,TaxAmount,TrackingName1,"
    "TrackingOption1,TrackingName2,TrackingOption2,Currency"
).split(",")
_XERO_TAX = {
    20: "20% (VAT on Expenses)",
    5: "5% (VAT on Expenses)",
    0: "Zero Rated Expenses",
    None: "Exempt Expenses",
}


def _xero(folder: Path) -> None:
    def rows(bills: Iterable[Purchase]) -> list[dict[str, object]]:
        return [
            {
                "*ContactName": bill.vendor,
                "EmailAddress": "accounts@" + bill.vendor.split()[0].lower() + ".example",
                "POCity": "Bristol" if k == 0 else "",
                "POCountry": "United Kingdom" if k == 0 else "",
                "*InvoiceNumber": bill.number,
                "*InvoiceDate": f"{bill.issued:%d/%m/%Y}",
                "*DueDate": f"{bill.due:%d/%m/%Y}",
                "Total": money(bill.gross),
                "Description": line.description,
                "*Quantity": f"{line.quantity:.4f}",
                "*UnitAmount": f"{line.price:.4f}",
                "*AccountCode": line.account,
                "*TaxType": _XERO_TAX[line.percent],
                "TaxAmount": money(line.tax),
                "TrackingName1": "Site",
                "TrackingOption1": ("Bristol", "Leeds")[k % 2],
                "Currency": bill.currency,
            }
            for bill, k, line in _numbered(bills)
        ]

    _text(folder / "bills.csv", _XERO, rows(purchases(BRITISH, 40, date(2025, 5, 1), 1)))
    # An older file: no Total, TaxAmount or Currency, and nothing that has tax.
    older = [h for h in _XERO if h not in ("Total", "TaxAmount", "Currency")]
    untaxed = [
        {key: value for key, value in row.items() if key in older} | {"*TaxType": ""}
        for row in rows(b for b in purchases(FOREIGN, 24, date(2019, 5, 1), 2))
        if row["Currency"] == "EUR"
    ]
    _text(folder / "older-bills.csv", older, untaxed)
    uk = {20: "UK20", 5: "UK5", 0: "UK0", None: "UK0"}
    _table(folder / "tax-codes.csv", {name: TAX[uk[rate]] for rate, name in _XERO_TAX.items()})


# --- QuickBooks -------------------------------------------------------------------------------

_QUICKBOOKS = (
    "*BillNo,*Supplier,*BillDate,*DueDate,Terms,Location,Memo,*Account,LineDescription,*LineAmount,"
    "*LineTaxCode,LineTaxAmount,Currency"
).split(",")
_QUICKBOOKS_ACCOUNTS = {
    "1610": "Computer Equipment",
    "5000": "Cost of Goods Sold:Goods for Resale",
    "5020": "Cost of Goods Sold:Packaging",
    "5100": "Cost of Goods Sold:Freight In",
    "6000": "Distribution:Carriage",
    "6010": "Distribution:Warehouse",
    "6100": "Marketing:Advertising",
    "6110": "Marketing:Events",
    "7020": "Staff Costs:Training",
    "7100": "Premises:Rent",
    "7120": "Premises:Utilities",
    "7130": "Premises:Repairs & Cleaning",
    "7200": "IT:Software",
    "7210": "IT:Telephone",
    "7220": "Office Supplies",
    "7300": "Travel",
    "7400": "Professional Fees:Legal",
    "7420": "Professional Fees:Consultants",
    "7500": "Insurance",
}
_QUICKBOOKS_TAX = {20: "20.0% S", 5: "5.0% R", 0: "0.0% Z", None: "Exempt"}


def _quickbooks(folder: Path) -> None:
    rows = []
    for bill, _, line in _numbered(purchases(BRITISH, 36, date(2025, 6, 2), 2)):
        rows.append(
            {
                "*BillNo": bill.number,
                "*Supplier": bill.vendor,
                "*BillDate": f"{bill.issued:%d/%m/%Y}",
                "*DueDate": f"{bill.due:%d/%m/%Y}",
                "Terms": f"Net {(bill.due - bill.issued).days}",
                "Location": "Bristol",
                "*Account": _QUICKBOOKS_ACCOUNTS[str(line.account)],
                "LineDescription": line.description,
                "*LineAmount": money(line.net),
                "*LineTaxCode": _QUICKBOOKS_TAX[line.percent],
                "LineTaxAmount": money(line.tax),
                "Currency": bill.currency,
            }
        )
    _text(folder / "bills.csv", _QUICKBOOKS, rows)
    # The American edition: vendors, the month first, no tax on purchases.
    headers = [
        h.replace("Supplier", "Vendor")
        for h in _QUICKBOOKS
        if h not in ("*LineTaxCode", "LineTaxAmount")
    ]
    rows = []
    for bill, k, line in _numbered(purchases(FOREIGN, 24, date(2025, 6, 2), 3)):
        rows.append(
            {
                "*BillNo": bill.number,
                "*Vendor": bill.vendor,
                "*BillDate": f"{bill.issued:%m/%d/%Y}",
                "*DueDate": f"{bill.due:%m/%d/%Y}",
                "Memo": "" if k else "Imported from paper",
                "*Account": _QUICKBOOKS_ACCOUNTS[str(line.account)],
                "LineDescription": line.description,
                "*LineAmount": f"{line.net / 100:,.2f}",
                "Currency": bill.currency,
            }
        )
    _text(folder / "vendor-bills.csv", headers, rows)
    _table(folder / "accounts.csv", {n: ACCOUNTS[c] for c, n in _QUICKBOOKS_ACCOUNTS.items()})
    uk = {20: "UK20", 5: "UK5", 0: "UK0", None: "UK0"}
    _table(
        folder / "tax-codes.csv", {name: TAX[uk[rate]] for rate, name in _QUICKBOOKS_TAX.items()}
    )


# --- Zoho Books -------------------------------------------------------------------------------

_ZOHO = (
    "Bill Date,Bill ID,Bill Number,Branch ID,Branch Name,PurchaseOrder,Bill Status,Source of Supply,"
    "Destination of Supply,GST Treatment,GST Identification Number (GSTIN),Is Inclusive Tax,"
    "TDS TaxID,TDS Name,TDS Percentage,TDS Section Code,TDS Section,TDS Amount,Vendor Name,Due Date,"
    "Currency Code,Exchange Rate,Item Name,Product ID,Account,Account Code,Description,Quantity,"
    "Usage unit,Rate,HSN/SAC,Tax ID,Tax Name,Tax Percentage,Tax Amount,Tax Type,"
    "Item Exemption Code,Item Type,Reverse Charge Tax Name,Reverse Charge Tax Rate,"
    "Reverse Charge Tax Type,Item Total,ITC Eligibility,SubTotal,Is Discount Before Tax,"
    "Entity Discount Percent,Entity Discount Amount,Discount Account,Total,Balance,Adjustment,"
    "Adjustment Description,Vendor Notes,Terms & Conditions,Payment Terms,Payment Terms Label,"
    "Is Billable,Is Landed Cost,Customer Name,Project Name"
).split(",")
_ZOHO_TAX = {20: "Standard Rate", 5: "Reduced Rate", 0: "Zero Rate", None: ""}


def _zoho(folder: Path) -> None:
    def row(bill: Purchase, number: int, line: Bought, adjustment: int) -> dict[str, object]:
        days = (bill.due - bill.issued).days
        return {
            "Bill Date": bill.issued.isoformat(),
            "Bill ID": f"27350000000{number:05d}",
            "Bill Number": bill.number,
            "Branch Name": "Head Office",
            "Bill Status": ("Paid", "Open", "Overdue")[number % 3],
            "Is Inclusive Tax": "false",
            "TDS Amount": "0.00",
            "Vendor Name": bill.vendor,
            "Due Date": bill.due.isoformat(),
            "Currency Code": bill.currency,
            "Exchange Rate": "1.000000",
            "Item Name": line.description,
            "Account": _QUICKBOOKS_ACCOUNTS[str(line.account)].split(":")[-1],
            "Account Code": line.account,
            "Quantity": f"{line.quantity:.2f}",
            "Rate": _plain(line.price),
            "Tax Name": _ZOHO_TAX[line.percent],
            "Tax Percentage": "" if line.percent is None else line.percent,
            "Tax Amount": money(line.tax) if line.percent is not None else "",
            "Tax Type": "" if line.percent is None else "ItemAmount",
            "Item Total": money(line.net),
            "SubTotal": money(bill.net),
            "Is Discount Before Tax": "true",
            "Entity Discount Percent": "0.00",
            "Entity Discount Amount": "0.00",
            "Total": money(bill.gross + adjustment),
            "Balance": "0.00" if number % 3 == 0 else money(bill.gross + adjustment),
            "Adjustment": money(adjustment),
            "Adjustment Description": "Adjustment",
            "Payment Terms": days,
            "Payment Terms Label": f"Net {days}",
            "Is Billable": "false",
            "Is Landed Cost": "false",
        }

    bills = purchases(BRITISH, 34, date(2025, 7, 1), 3)
    rows = [row(bill, 100 + i, line, 0) for i, bill in enumerate(bills) for line in bill.lines]
    _text(folder / "bills.csv", _ZOHO, rows)
    # Totals rounded to whole pounds by an adjustment, as many organisations do, and a void bill.
    adjusted = purchases(BRITISH, 6, date(2025, 8, 4), 5)
    rows = [
        row(bill, 300 + i, line, (50 + bill.gross) // 100 * 100 - bill.gross if i < 3 else 0)
        | ({"Bill Status": "Void"} if i == 5 else {})
        for i, bill in enumerate(adjusted)
        for line in bill.lines
    ]
    _text(folder / "adjusted-bills.csv", _ZOHO, rows)
    uk = {"Standard Rate": "UK20", "Reduced Rate": "UK5", "Zero Rate": "UK0"}
    _table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})


# --- Sage 50 ----------------------------------------------------------------------------------

_SAGE = (
    "Type,Account Reference,Nominal A/C Ref,Department Code,Date,Reference,Details,Net Amount,"
    "Tax Code,Tax Amount,Exchange Rate,Extra Reference,User Name,Project Refn,Cost Code Refn"
).split(",")
_SAGE_TAX = {20: "T1", 5: "T5", 0: "T0", None: "T2"}


def _reference(vendor: str) -> str:
    """A supplier's account in Sage: eight letters of its name."""
    return "".join(c for c in vendor.upper() if "A" <= c <= "Z")[:8]


def _sage(folder: Path) -> None:
    def row(bill: Purchase, k: int, line: Bought, kind: str = "PI") -> dict[str, object]:
        padded = " " if k % 2 else ""
        return {
            "Type": kind,
            "Account Reference": f"{_reference(bill.vendor):<8}",
            "Nominal A/C Ref": f"{line.account}{padded}",
            "Department Code": (k * 3) % 4,
            "Date": f"{bill.issued:%d/%m/%Y}",
            "Reference": f"{bill.number}{padded * 3}",
            "Details": f"{padded}{line.description}",
            "Net Amount": f"{money(line.net):>10}",
            "Tax Code": _SAGE_TAX[line.percent],
            "Tax Amount": f"{money(line.tax):>9}",
            "Exchange Rate": "1.000000" if k % 3 else "",
            "User Name": "MANAGER",
        }

    bills = purchases(BRITISH, 40, date(2025, 9, 1), 4)
    rows = [row(bill, k, line) for bill, k, line in _numbered(bills)]
    _text(folder / "purchases.csv", _SAGE, rows)
    # With the columns in another order, two credit notes, and a bill in a foreign currency.
    few = purchases(BRITISH, 8, date(2025, 10, 10), 6)
    rows = [row(bill, k, line) for bill, k, line in _numbered(few)]
    # One credit note has a number of its own, one that of the invoice it is for.
    rows.append(row(few[0], 0, few[0].lines[0], "PC") | {"Reference": "CN-00118"})
    rows.append(row(few[1], 0, few[1].lines[0], "PC"))
    rows[-3]["Exchange Rate"] = "1.185400"
    order = [_SAGE[i] for i in (0, 1, 4, 5, 6, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14)]
    _text(folder / "with-credits.csv", order, rows)
    sellers = {_reference(seller.name): VENDORS[seller.name] for seller in BRITISH}
    assert len(sellers) == len(BRITISH)
    _table(folder / "vendors.csv", sellers)
    uk = {"T1": "UK20", "T5": "UK5", "T0": "UK0", "T2": "UK0"}
    _table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})


# --- ERPNext ----------------------------------------------------------------------------------

_ERPNEXT = (
    "ID,Series,Supplier,Date,Credit To,Grand Total,Currency,Due Date,Supplier Invoice No,"
    "Supplier Invoice Date,ID (Items),Accepted Qty (Items),Accepted Qty in Stock UOM (Items),"
    "Amount (Items),Amount (Company Currency) (Items),Expense Head (Items),Item Name (Items),"
    "Rate (Items),Rate (Company Currency) (Items),UOM (Items),UOM Conversion Factor (Items)"
).split(",")


def _expense_head(account: int) -> str:
    name = _QUICKBOOKS_ACCOUNTS[str(account)].split(":")[-1]
    return f"{account} - {name} - KT"


def _erpnext(folder: Path) -> None:
    def rows(bills: Sequence[Purchase], first: int, taxed: bool) -> list[dict[str, object]]:
        out = []
        for i, bill in enumerate(bills):
            total = bill.gross if taxed else bill.net
            for k, line in enumerate(bill.lines):
                head = {
                    "ID": f"ACC-PINV-2025-{first + i:05d}",
                    "Series": "ACC-PINV-.YYYY.-",
                    "Supplier": bill.vendor,
                    "Date": (bill.issued + timedelta(days=i % 4)).isoformat(),
                    "Credit To": "Creditors - KT",
                    "Grand Total": _plain(money(total)),
                    "Currency": bill.currency,
                    "Due Date": bill.due.isoformat(),
                    # an invoice whose own date nobody has typed in has the date of the booking
                    "Supplier Invoice No": bill.number,
                    "Supplier Invoice Date": bill.issued.isoformat() if i % 4 == 0 else "",
                }
                out.append(
                    {
                        **(head if k == 0 else {}),
                        "ID (Items)": f"{(first + i) * 7919 + k * 101:010x}",
                        "Accepted Qty (Items)": _plain(line.quantity),
                        "Accepted Qty in Stock UOM (Items)": _plain(line.quantity),
                        "Amount (Items)": _plain(money(line.net)),
                        "Amount (Company Currency) (Items)": "",
                        "Expense Head (Items)": _expense_head(line.account),
                        "Item Name (Items)": line.description,
                        "Rate (Items)": _plain(line.price),
                        "UOM (Items)": "Nos",
                        "UOM Conversion Factor (Items)": "1",
                    }
                )
        return out

    bills = purchases(FOREIGN, 26, date(2025, 10, 1), 0)
    _text(folder / "purchase-invoices.csv", _ERPNEXT, rows(bills, 120, False), quote_all=True)
    # Taxes are a table of their own in ERPNext: these lines do not come to the grand total.
    taxed = purchases(BRITISH, 6, date(2025, 11, 3), 7)
    _text(folder / "taxed-invoices.csv", _ERPNEXT, rows(taxed, 160, True), quote_all=True)
    _table(
        folder / "accounts.csv",
        {_expense_head(int(c)): ACCOUNTS[c] for c in _QUICKBOOKS_ACCOUNTS},
    )


# --- Odoo -------------------------------------------------------------------------------------

_ODOO = (
    "Partner,Vendor ID,Reference,Invoice/Bill Date,Payment Reference,Due Date,Invoice lines/Label,"
    "Invoice lines/Account,Invoice lines/Analytic Distribution,Invoice lines/Unit Price,"
    "Invoice lines/Taxes"
).split(",")
_ODOO_TAX = {20: "20% S", 5: "5% R", 0: "0% Z", None: ""}


def _odoo_account(account: int) -> str:
    return f"{account}00 {_QUICKBOOKS_ACCOUNTS[str(account)].split(':')[-1]}"


def _odoo(folder: Path) -> None:
    def rows(bills: Iterable[Purchase], full: bool) -> list[dict[str, object]]:
        out: list[dict[str, object]] = []
        for bill, k, line in _numbered(bills):
            head: dict[str, object] = {
                "Partner": bill.vendor,
                "Vendor ID": f"SUP/{1000 + len(bill.vendor):05d}",
                "Reference": bill.number,
                "Invoice/Bill Date": bill.issued.isoformat(),
                "Payment Reference": bill.number,
                "Due Date": bill.due.isoformat(),
            }
            of_line: dict[str, object] = {
                "Invoice lines/Label": line.description,
                "Invoice lines/Account": _odoo_account(line.account),
                "Invoice lines/Unit Price": money(line.net),
                "Invoice lines/Taxes": _ODOO_TAX[line.percent],
            }
            if full:
                head |= {"Currency": bill.currency, "Total": money(bill.gross)}
                of_line |= {
                    "Invoice lines/Quantity": _plain(line.quantity),
                    "Invoice lines/Unit Price": _plain(line.price),
                    "Invoice lines/Subtotal": money(line.net),
                    "Invoice lines/Total": money(line.net + line.tax),
                }
            out.append({**(head if k == 0 else {}), **of_line})
        return out

    lines = [f"Invoice lines/{name}" for name in ("Quantity", "Subtotal", "Total")]
    bills = purchases(BRITISH, 30, date(2025, 11, 3), 8)
    _text(folder / "bills.csv", [*_ODOO, *lines, "Currency", "Total"], rows(bills, True))
    # The columns of Odoo's own import file: neither currency nor total, one unit a line.
    bare = [b for b in purchases(FOREIGN, 30, date(2025, 12, 1), 1) if b.currency == "EUR"]
    _text(folder / "import-file.csv", _ODOO, rows(bare, False))
    _table(
        folder / "accounts.csv", {_odoo_account(int(c)): ACCOUNTS[c] for c in _QUICKBOOKS_ACCOUNTS}
    )
    uk = {"20% S": "UK20", "5% R": "UK5", "0% Z": "UK0"}
    _table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})


# --- DATEV ------------------------------------------------------------------------------------

_DATEV = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;"
    "WKZ Basis-Umsatz;Konto;Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;"
    "Belegfeld 2;Skonto;Buchungstext;Postensperre;Diverse Adressnummer;Geschäftspartnerbank;"
    "Sachverhalt;Zinssperre;Beleglink;KOST1 - Kostenstelle;KOST2 - Kostenstelle"
).split(";")
_SKR03 = {6000: "4730", 6010: "4985", 6110: "4650", 7120: "4240"}


def _creditor(vendor: str) -> str:
    return str(70001 + [seller.name for seller in GERMAN].index(vendor))


def _datev(folder: Path) -> None:
    def meta(start: date, end: date) -> list[str]:
        row = ["EXTF", "700", "21", "Buchungsstapel", "13", f"{end:%Y%m%d}093000000", "", "RE", "",
               "", "29098", "55003", f"{start:%Y}0101", "4", f"{start:%Y%m%d}", f"{end:%Y%m%d}",
               "Eingangsrechnungen", "WD", "1", "0", "0", "EUR", "", "", "", "", "03", "", "", "",
               ""]  # fmt: skip
        return row

    def row(bill: Purchase, line: Bought, side: str = "S") -> dict[str, object]:
        return {
            _DATEV[0]: money(line.net + line.tax).replace(".", ","),
            _DATEV[1]: side,
            _DATEV[2]: bill.currency,
            "Konto": _SKR03[line.account],
            _DATEV[7]: _creditor(bill.vendor),
            _DATEV[8]: {19: "9", 7: "8"}.get(line.percent or 0, ""),
            "Belegdatum": f"{bill.issued:%d%m}",
            "Belegfeld 1": bill.number,
            "Belegfeld 2": f"{bill.due:%d%m%y}",
            "Buchungstext": f"{bill.vendor.split()[0]}, {line.description}"[:60],
        }

    start, end = date(2025, 1, 2), date(2025, 1, 31)
    bills = purchases(GERMAN, 28, start, 9)
    rows = [row(bill, line) for bill, _, line in _numbered(bills)]
    _text(folder / "EXTF_Buchungsstapel.csv", _DATEV, rows, before=[meta(start.replace(day=1), end)],
          delimiter=";", encoding="cp1252")  # fmt: skip
    # A credit note, a payment, and a bill that was posted the other way round.
    few = purchases(GERMAN, 5, date(2025, 2, 3), 2)
    rows = [row(bill, line) for bill, _, line in _numbered(few)]
    rows.append(row(few[0], few[0].lines[0], "H") | {"Belegfeld 1": "GS-2025-0007"})
    rows.append(row(few[1], few[1].lines[0]) | {"Konto": "70002", _DATEV[7]: "1200", _DATEV[8]: ""})
    rows.append(
        row(few[2], few[2].lines[0], "H")
        | {"Konto": "70003", _DATEV[7]: "4650", "Belegfeld 1": "L09917"}
    )
    _text(folder / "mixed-postings.csv", _DATEV, rows,
          before=[meta(date(2025, 2, 1), date(2025, 2, 28))],
          delimiter=";", encoding="cp1252")  # fmt: skip
    accounts = {skr: ACCOUNTS[str(code)] for code, skr in _SKR03.items()}
    _table(folder / "accounts.csv", accounts)
    _table(folder / "vendors.csv", {_creditor(s.name): VENDORS[s.name] for s in GERMAN})
    _table(folder / "tax-codes.csv", {"9": TAX["DE19"], "8": TAX["DE7"]})
