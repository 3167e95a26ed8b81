"""``template new --from``: what a draft gets right, and that the draft loads its export."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.drafting.draft import draft_of, name_of
from importer.sheets import read_file

SAMPLES = Path(__file__).parents[2] / "samples"


def drafted(*files: Path) -> str:
    tables = [table for file in files for table in read_file(file)]
    return draft_of(tables, name_of(files[0])).text()


def fields(text: str, section: str) -> dict[str, str]:
    """The lines ``field: expression`` of a section, without their comments."""
    body = text.split(f"\n{section}:\n")[1].split("\n\n")[0]
    pairs = (line.split("  # ")[0].strip().split(": ", 1) for line in body.splitlines())
    return {key: value for key, value in (p for p in pairs if len(p) == 2) if key[0] != "#"}


def columns(text: str, section: str) -> dict[str, str]:
    """Field → the column it is taken from, of those that are one column."""
    return {
        name: value.removeprefix("{column: ").split("}")[0].split(", sign_from")[0].strip('"*')
        for name, value in fields(text, section).items()
        if value.startswith("{column: ")
    }


# What the shipped templates say of the main fields, found again from the file alone.
MAIN = {
    "light-csv/bills.csv": ("Vendor Name", "Invoice Id", "Invoice Date", "Invoice Total", "Amount"),
    "xero-bills/bills.csv": ("ContactName", "InvoiceNumber", "InvoiceDate", "Total", "product"),
    "xero-bills/older-bills.csv": ("ContactName", "InvoiceNumber", "InvoiceDate", "sum", "product"),
    "quickbooks-bills/bills.csv": ("Supplier", "BillNo", "BillDate", "sum", "LineAmount"),
    "quickbooks-bills/vendor-bills.csv": ("Vendor", "BillNo", "BillDate", "sum", "LineAmount"),
    "zoho-bills/bills.csv": ("Vendor Name", "Bill Number", "Bill Date", "Total", "Item Total"),
    "sage50-purchase-invoices/purchases.csv": (
        "Account Reference", "Reference", "Date", "sum", "Net Amount",
    ),
    "erpnext-purchase-invoices/purchase-invoices.csv": (
        "Supplier", "Supplier Invoice No", "Date", "Grand Total", "Amount (Items)",
    ),
    "odoo-bills/bills.csv": (
        "Partner", "Reference", "Invoice/Bill Date", "Total", "Invoice lines/Total",
    ),
    "odoo-bills/import-file.csv": (
        "Partner", "Reference", "Invoice/Bill Date", "sum", "Invoice lines/Unit Price",
    ),
    "datev-buchungsstapel/EXTF_Buchungsstapel.csv": (
        "Gegenkonto (ohne BU-Schlüssel)", "Belegfeld 1", "date_from", "sum",
        "Umsatz (ohne Soll/Haben-Kz)",
    ),
    "uk-spend/dh-spend-march.csv": ("Supplier", "Transaction Number", "Date", "sum", "Amount"),
}  # fmt: skip


@pytest.mark.parametrize("sample", MAIN)
def test_a_draft_gets_the_main_fields_of_each_sample_right(sample: str) -> None:
    text = drafted(SAMPLES / sample)
    bills, lines = fields(text, "bills"), fields(text, "line_items")
    vendor, number, issued, total, amount = MAIN[sample]
    of_bills = columns(text, "bills")
    assert (of_bills["vendor"], of_bills["invoiceNumber"]) == (vendor, number)
    assert issued in bills["issuedDate"]
    assert bills["amount"] == "{sum_of_lines: gross}" if total == "sum" else total in bills["amount"]
    assert amount in lines.get("netAmount", "") + lines.get("amount", "")
