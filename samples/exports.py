"""Exports of bookkeeping programs, as ``samples/<template>/``, each with its own habits.

The header rows are those of real exports; what is in them is invented. Lookup tables (``value``,
``id``) stand beside the files where a system has names that Light does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import exports_erp
import exports_reports
from export_files import (
    ACCOUNT_NAMES,
    ACCOUNTS,
    TAX,
    lines_of,
    lookup_table,
    plain,
    text_file,
)
from purchases import BRITISH, FOREIGN, Bought, Purchase, money, purchases

FOLDERS = (
    "light-csv",
    "xero-bills",
    "quickbooks-bills",
    "zoho-bills",
    "sage50-purchase-invoices",
    "erpnext-purchase-invoices",
    "odoo-bills",
    "datev-buchungsstapel",
    "quickbooks-unpaid-bills",
    "quickbooks-transactions",
    "myob-bills",
    "business-central-vendor-ledger",
)


def write(folder: Path) -> None:
    """All exports, each into the folder of its template."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    _light_csv(folder / "light-csv")
    _xero(folder / "xero-bills")
    _quickbooks(folder / "quickbooks-bills")
    _zoho(folder / "zoho-bills")
    exports_erp.write(folder)
    exports_reports.write(folder)


# --- Light's own CSV bill import --------------------------------------------------------------


def _light_csv(folder: Path) -> None:
    headers = (
        "Invoice Id,Company Entity Code,Currency,Pay From Account,Invoice Date,Invoice Total,"
        "Vendor Name,Status,Ledger Account Code,Tax Code,Amount"
    ).split(",")
    codes = {20: "UK20", 5: "UK5", 0: "UK0"}
    rows = []
    for bill, _, line in lines_of(purchases(BRITISH, 30, date(2025, 4, 1), 0)):
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
    text_file(folder / "bills.csv", headers, rows)
    lookup_table(folder / "tax-codes.csv", {code: TAX[code] for code in codes.values()})


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
            for bill, k, line in lines_of(bills)
        ]

    text_file(folder / "bills.csv", _XERO, rows(purchases(BRITISH, 40, date(2025, 5, 1), 1)))
    # An older file: no Total, TaxAmount or Currency, and nothing that has tax.
    older = [h for h in _XERO if h not in ("Total", "TaxAmount", "Currency")]
    untaxed = [
        {key: value for key, value in row.items() if key in older} | {"*TaxType": ""}
        for row in rows(b for b in purchases(FOREIGN, 24, date(2019, 5, 1), 2))
        if row["Currency"] == "EUR"
    ]
    text_file(folder / "older-bills.csv", older, untaxed)
    uk = {20: "UK20", 5: "UK5", 0: "UK0", None: "UK0"}
    lookup_table(
        folder / "tax-codes.csv", {name: TAX[uk[rate]] for rate, name in _XERO_TAX.items()}
    )


# --- QuickBooks -------------------------------------------------------------------------------

_QUICKBOOKS = (
    "*BillNo,*Supplier,*BillDate,*DueDate,Terms,Location,Memo,*Account,LineDescription,*LineAmount,"
    "*LineTaxCode,LineTaxAmount,Currency"
).split(",")
_QUICKBOOKS_TAX = {20: "20.0% S", 5: "5.0% R", 0: "0.0% Z", None: "Exempt"}


def _quickbooks(folder: Path) -> None:
    rows = []
    for bill, _, line in lines_of(purchases(BRITISH, 36, date(2025, 6, 2), 2)):
        rows.append(
            {
                "*BillNo": bill.number,
                "*Supplier": bill.vendor,
                "*BillDate": f"{bill.issued:%d/%m/%Y}",
                "*DueDate": f"{bill.due:%d/%m/%Y}",
                "Terms": f"Net {(bill.due - bill.issued).days}",
                "Location": "Bristol",
                "*Account": ACCOUNT_NAMES[str(line.account)],
                "LineDescription": line.description,
                "*LineAmount": money(line.net),
                "*LineTaxCode": _QUICKBOOKS_TAX[line.percent],
                "LineTaxAmount": money(line.tax),
                "Currency": bill.currency,
            }
        )
    text_file(folder / "bills.csv", _QUICKBOOKS, rows)
    # The American edition: vendors, the month first, no tax on purchases.
    headers = [
        h.replace("Supplier", "Vendor")
        for h in _QUICKBOOKS
        if h not in ("*LineTaxCode", "LineTaxAmount")
    ]
    rows = []
    for bill, k, line in lines_of(purchases(FOREIGN, 24, date(2025, 6, 2), 3)):
        rows.append(
            {
                "*BillNo": bill.number,
                "*Vendor": bill.vendor,
                "*BillDate": f"{bill.issued:%m/%d/%Y}",
                "*DueDate": f"{bill.due:%m/%d/%Y}",
                "Memo": "" if k else "Imported from paper",
                "*Account": ACCOUNT_NAMES[str(line.account)],
                "LineDescription": line.description,
                "*LineAmount": f"{line.net / 100:,.2f}",
                "Currency": bill.currency,
            }
        )
    text_file(folder / "vendor-bills.csv", headers, rows)
    lookup_table(folder / "accounts.csv", {n: ACCOUNTS[c] for c, n in ACCOUNT_NAMES.items()})
    uk = {20: "UK20", 5: "UK5", 0: "UK0", None: "UK0"}
    lookup_table(
        folder / "tax-codes.csv", {name: TAX[uk[rate]] for rate, name in _QUICKBOOKS_TAX.items()}
    )


# --- Zoho Books -------------------------------------------------------------------------------

_ZOHO = (
    "Bill Date,Bill ID,Bill Number,Branch ID,Branch Name,PurchaseOrder,Bill Status,"
    "Source of Supply,Destination of Supply,GST Treatment,GST Identification Number (GSTIN),"
    "Is Inclusive Tax,TDS TaxID,TDS Name,TDS Percentage,TDS Section Code,TDS Section,"
    "TDS Amount,Vendor Name,Due Date,Currency Code,Exchange Rate,Item Name,Product ID,"
    "Account,Account Code,"
    "Description,Quantity,Usage unit,Rate,HSN/SAC,Tax ID,Tax Name,Tax Percentage,Tax Amount,"
    "Tax Type,Item Exemption Code,Item Type,Reverse Charge Tax Name,Reverse Charge Tax Rate,"
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
            "Account": ACCOUNT_NAMES[str(line.account)].split(":")[-1],
            "Account Code": line.account,
            "Quantity": f"{line.quantity:.2f}",
            "Rate": plain(line.price),
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
    text_file(folder / "bills.csv", _ZOHO, rows)
    # Totals rounded to whole pounds by an adjustment, as many organisations do, and a void bill.
    adjusted = purchases(BRITISH, 6, date(2025, 8, 4), 5)
    rows = [
        row(bill, 300 + i, line, (50 + bill.gross) // 100 * 100 - bill.gross if i < 3 else 0)
        | ({"Bill Status": "Void"} if i == 5 else {})
        for i, bill in enumerate(adjusted)
        for line in bill.lines
    ]
    text_file(folder / "adjusted-bills.csv", _ZOHO, rows)
    uk = {"Standard Rate": "UK20", "Reduced Rate": "UK5", "Zero Rate": "UK0"}
    lookup_table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})
