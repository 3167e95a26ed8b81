"""The shipped templates: each export loads as it is, and what cannot be mapped safely is told."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import VENDORS, Ended

from importer.mapping.recognition import recognise
from importer.mapping.template_loader import load_template, shipped_templates
from importer.readers import read_file
from importer.sandbox import Sandbox

SAMPLES = Path(__file__).parents[2] / "samples"


def golden(name: str, of: str = "result") -> Any:
    return json.loads((SAMPLES / f"{name}.{of}.json").read_text(encoding="utf-8"))


LOADS = {
    "light-csv/bills.csv": 30,
    "xero-bills/bills.csv": 40,
    "xero-bills/older-bills.csv": 15,
    "quickbooks-bills/bills.csv": 36,
    "quickbooks-bills/vendor-bills.csv": 24,
    "zoho-bills/bills.csv": 34,
    "sage50-purchase-invoices/purchases.csv": 40,
    "erpnext-purchase-invoices/purchase-invoices.csv": 26,
    "odoo-bills/bills.csv": 30,
    "odoo-bills/import-file.csv": 18,
    "datev-buchungsstapel/EXTF_Buchungsstapel.csv": 28,
    "light-money/bills.xlsx": 26,
}

# Those of which a part is no bill: created, passed over, credit notes.
PARTLY = {
    "quickbooks-unpaid-bills/unpaid-bills.csv": (29, 0, 1),
    "quickbooks-unpaid-bills/open-balances": (29, 0, 1),
    "quickbooks-transactions/transactions.csv": (28, 15, 1),
    "myob-bills/bills.txt": (30, 2, 0),
    "business-central-vendor-ledger/vendor-ledger-entries.xlsx": (20, 10, 1),
}


@pytest.mark.parametrize("sample", LOADS)
def test_each_export_loads_completely_and_ties_out(sample: str) -> None:
    result = golden(sample)
    assert result["exit_code"] == 0
    assert result["template"] == sample.split("/")[0]
    assert result["bills"] == {"total": LOADS[sample], "created": LOADS[sample]}
    assert [total["difference"] for total in result["totals"]] == [0] * len(result["totals"])
    assert [f for f in result["findings"] if f["severity"] == "error"] == []


@pytest.mark.parametrize("sample", PARTLY)
def test_bills_of_a_ledger_load_and_its_other_entries_are_passed_over(sample: str) -> None:
    result = golden(sample)
    created, passed_over, credit_notes = PARTLY[sample]
    assert (result["exit_code"], result["template"]) == (0, sample.split("/")[0])
    counts = result["bills"]
    assert (counts["created"], counts.get("passed_over", 0)) == (created, passed_over)
    assert counts["total"] == created + passed_over
    assert result["credit_notes"]["total"] == credit_notes
    assert [total["difference"] for total in result["totals"]] == [0]
    assert [f for f in result["findings"] if f["severity"] == "error"] == []


def test_workbook_to_fill_in_loads_the_amounts_that_cents_are() -> None:
    money, cents = golden("light-money/bills.xlsx"), golden("light/bills.xlsx")
    assert money["totals"] == cents["totals"]
    assert money["line_items"] == cents["line_items"]


def test_parameter_chooses_what_an_unpaid_bill_comes_to() -> None:
    billed, still_open = (
        golden(f"quickbooks-unpaid-bills/{name}") for name in ("unpaid-bills.csv", "open-balances")
    )
    assert [t["created"] for t in billed["totals"]] == [13726297]
    assert [t["created"] for t in still_open["totals"]] == [10696320]
    for result in (billed, still_open):  # the report's own total is compared with what was chosen
        assert result["rows"]["control_total"] == 1
        assert result["rows"]["group_total"] == 22


@pytest.mark.parametrize(
    ("sample", "created", "codes"),
    [
        # two of the three adjusted totals; the third was whole pounds; the void bill is passed over
        ("zoho-bills/adjusted-bills.csv", 3, {"bills.amount.lines_differ": 2}),
        (
            "sage50-purchase-invoices/with-credits.csv",
            7,  # beside the credit notes
            {"bills.expression.not_mapped": 1},
        ),
        ("erpnext-purchase-invoices/taxed-invoices.csv", 2, {"bills.amount.lines_differ": 4}),
        (
            "datev-buchungsstapel/mixed-postings.csv",
            5,
            {
                "bills.vendor.not_in_table": 2,
                "line_items.account.not_in_table": 2,
            },
        ),
    ],
)
def test_unsafe_mappings_are_reported_and_not_sent(
    sample: str, created: int, codes: dict[str, int]
) -> None:
    result = golden(sample)
    assert result["exit_code"] == 1
    assert result["bills"]["created"] == created
    errors = Counter(f["code"] for f in result["findings"] if f["severity"] == "error")
    assert errors == codes


# The header rows as systems write them.
HEADERS = {
    "light-csv": "Invoice Id,Company Entity Code,Currency,Pay From Account,Invoice Date,"
    "Invoice Total,Vendor Name,Status,Ledger Account Code,Tax Code,Amount",
    "xero-bills": "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,"
    "POAddressLine4,POCity,PORegion,POPostalCode,POCountry,*InvoiceNumber,*InvoiceDate,*DueDate,"
    "Total,InventoryItemCode,Description,*Quantity,*UnitAmount,*AccountCode,*TaxType,TaxAmount,"
    "TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency",
    "quickbooks-bills": "*BillNo,*Supplier,*BillDate,*DueDate,Terms,Location,Memo,*Account,"
    "LineDescription,*LineAmount,*LineTaxCode,LineTaxAmount,Currency",
    "zoho-bills": "Bill Date,Bill ID,Bill Number,Branch ID,Branch Name,PurchaseOrder,Bill Status,"
    "Source of Supply,Destination of Supply,GST Treatment,GST Identification Number (GSTIN),"
    "Is Inclusive Tax,TDS TaxID,TDS Name,TDS Percentage,TDS Section Code,TDS Section,TDS Amount,"
    "Vendor Name,Due Date,Currency Code,Exchange Rate,Item Name,Product ID,Account,Account Code,"
    "Description,Quantity,Usage unit,Rate,Tax Name,Tax Amount,Item Total,Total,Adjustment",
    "sage50-purchase-invoices": "Type,Account Reference,Nominal A/C Ref,Department Code,Date,"
    "Reference,Details,Net Amount,Tax Code,Tax Amount,Exchange Rate,Extra Reference,User Name,"
    "Project Refn,Cost Code Refn",
    "erpnext-purchase-invoices": "ID,Series,Supplier,Date,Credit To,Grand Total,ID (Items),"
    "Accepted Qty (Items),Amount (Items),Item Name (Items),Rate (Items)",
    "odoo-bills": "Partner,Vendor ID,Reference,Invoice/Bill Date,Payment Reference,Due Date,"
    "Invoice lines/Label,Invoice lines/Account,Invoice lines/Analytic Distribution,"
    "Invoice lines/Unit Price,Invoice lines/Taxes",
    "datev-buchungsstapel": "Umsatz (ohne Soll/Haben-Kz),Soll/Haben-Kennzeichen,WKZ Umsatz,Kurs,"
    "Basis-Umsatz,WKZ Basis-Umsatz,Konto,Gegenkonto (ohne BU-Schlüssel),BU-Schlüssel,Belegdatum,"
    "Belegfeld 1,Belegfeld 2,Skonto,Buchungstext",
    "quickbooks-unpaid-bills": ",Date,Transaction type,Num,Due date,Past due,Amount,Open balance",
    "quickbooks-transactions": ",Date,Transaction type,Num,Posting,Memo/Description,"
    "Account full name,Split,Amount",
    "myob-bills": "Co./Last Name,First Name,Addr 1 - Line 1,Inclusive,Purchase #,Date,"
    "Supplier Invoice #,Description,Account #,Amount,Inc-Tax Amount,Job,Tax Code,Non-GST Amount,"
    "GST Amount,Freight Amount,Purchase Status,Currency Code,Exchange Rate,Amount Paid",
    "business-central-vendor-ledger": "Posting Date,Document Type,Document No.,"
    "External Document No.,Vendor No.,Description,Currency Code,Original Amount,Amount,"
    "Remaining Amount,Due Date,Open,Entry No.",
    "uk-spend": "Departmental Family,Entity,Date,Expense Type,Expense Area,Supplier,"
    "Transaction Number,Amount",
    "light": "billRef,vendor,invoiceNumber,issuedDate,currency,amount",
    "light-money": "billRef,vendor,invoiceNumber,issuedDate,currency,amount (money)",
}


@pytest.mark.parametrize("name", HEADERS)
def test_each_header_row_matches_one_template(name: str, tmp_path: Path) -> None:
    headers = next(csv.reader(io.StringIO(HEADERS[name])))
    for i, order in enumerate((headers, headers[::-1], sorted(headers))):
        path = tmp_path / f"{i}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([order, ["1"] * len(order)])
        assert recognise(read_file(path)).template.template == name


def test_every_shipped_template_has_headers_and_a_sample() -> None:
    shipped = set(shipped_templates())
    assert set(HEADERS) == shipped
    samples = {sample.split("/")[0] for sample in (*LOADS, *PARTLY)}
    assert samples | {"light", "uk-spend"} == shipped


def test_documentation_lists_every_shipped_template() -> None:
    page = (SAMPLES.parent / "docs" / "templates.md").read_text(encoding="utf-8")
    listed = page.partition("## Templates that come with")[2]
    for name in shipped_templates():
        assert f"| `{name}` |" in listed


def test_shipped_templates_have_distinct_descriptions() -> None:
    described = [load_template(path).template.description for path in shipped_templates().values()]
    assert all(described)
    assert len(set(described)) == len(described)


# --- what arrives -----------------------------------------------------------------------------


def test_odoo_bill_without_reference_has_no_number(
    load: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(SAMPLES / "odoo-bills", tmp_path / "odoo"))
    headers = HEADERS["odoo-bills"].split(",")
    rows = [
        ("Maison Duval SARL", "", "FA-1", "2025-12-01", "", "", "Verres", "500000 Goods for Resale",
         "", "10", ""),
        ("Maison Duval SARL", "", "", "2025-12-02", "", "", "Port", "510000 Freight In", "", "20",
         ""),
        ("", "", "", "", "", "", "Emballage", "502000 Packaging", "", "30.50", ""),
    ]  # fmt: skip
    with (folder / "bills.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headers, *rows])
    done = load(sandbox.base_url, str(folder / "bills.csv"), "--set", "currency=EUR")
    assert done.code == 0, done.out
    bills = sorted(sandbox.bills(), key=lambda bill: bill["amount"])
    assert [(b["invoiceNumber"], b["amount"], len(b["lineItems"])) for b in bills] == [
        ("FA-1", 1000, 1), (None, 5050, 2),
    ]  # fmt: skip


def test_datev_dates_are_in_the_financial_year(
    load: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(SAMPLES / "datev-buchungsstapel", tmp_path / "datev"))
    export = folder / "EXTF_Buchungsstapel.csv"
    text = export.read_bytes().decode("cp1252")
    # A year that does not begin in January; the period exported is later than the invoices' dates.
    changed = text.replace(";20250101;4;20250101;20250131;", ";20240701;4;20250201;20250228;")
    assert changed != text
    export.write_bytes(changed.encode("cp1252"))
    done = load(sandbox.base_url, str(export))
    assert done.code == 0, done.out
    bills = {bill["invoiceNumber"]: bill for bill in sandbox.bills()}
    first = bills["2025-01274"]
    assert (first["issuedDate"], first["currency"]) == ("2025-01-02", "EUR")
    assert [line["amount"] for line in first["lineItems"]] == [34781, 3415]
    assert {bill["issuedDate"][:7] for bill in bills.values()} == {"2025-01"}
    # A date after the last day that row 1 states is of the year before: nothing proves which.
    export.write_bytes(text.replace(";0201;2025-01274;", ";1512;2025-01274;").encode("cp1252"))
    done = load(sandbox.base_url, str(export))
    (told,) = {f["message"] for f in done.json["findings"]}
    assert (done.code, told.partition(", the limit")[0]) == (
        1, "'1512' would be 2025-12-15, after 2025-01-31"
    )  # fmt: skip


def test_xero_total_is_used_where_present_else_the_sum(
    load: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    headers = "*ContactName,*InvoiceNumber,*InvoiceDate,Total,*Quantity,*UnitAmount,*AccountCode"
    path = tmp_path / "bills.csv"
    path.write_text(
        f"{headers}\nMaison Duval SARL,A,2025-01-13,10.00,2,5,5000\n"
        "Maison Duval SARL,B,2025-01-14,,3,5,5000\nMaison Duval SARL,C,2025-01-15,9.99,2,5,5000\n"
        "Maison Duval SARL,D,2025-01-16,,2,five,5000\n",
        encoding="utf-8",
    )
    done = load(sandbox.base_url, str(path), "--set", "currency=EUR", "--only-valid")
    assert done.json["bills"] == {"total": 4, "invalid": 2, "created": 2}
    errors = [f for f in done.json["findings"] if f["severity"] == "error"]
    assert [(error["code"], error["row"]) for error in errors] == [
        ("bills.amount.lines_differ", 4), ("line_items.factor.not_number", 5),
    ]  # fmt: skip
    assert {b["invoiceNumber"]: b["amount"] for b in sandbox.bills()} == {"A": 1000, "B": 1500}


def test_missing_currency_is_reported_on_the_rows(command: Callable[..., Any]) -> None:
    sample = str(SAMPLES / "xero-bills" / "older-bills.csv")
    done = command("validate", sample, "--json", "--result", "r.xlsx")
    assert done.code == 1
    codes = Counter(f["code"] for f in done.json["findings"])
    assert codes["bills.currency.required"] == 15


@pytest.mark.parametrize(
    ("amounts", "row", "pounds"),
    [
        ("AP Amount (£)", "1200.00", 1200),
        ("Net Amount,VAT,Gross Amount", "1000.00,200.00,1200.00", 1200),
        ("Amount,Amount (£)", "1400.00,1200.00", 1200),
        ("Invoice Amount", "1200.00", 1200),
        ("Line Amount,Invoice Amount", "1200.00,1200.00", 1200),
        ("Line Amount,Invoice Amount", "1000.00,1200.00", "bills.amount.lines_differ"),
        ("Invoice Amount", "1200.00\nAce,7,31/03/2025,1200.00", "bills.amount.lines_differ"),
        ("Amount (Net)", "1000.00", "lacks"),
        ("Net Amount", "1000.00", "lacks"),
    ],
)
def test_spend_ledger_uses_the_gross_amount_in_pounds(
    command: Callable[..., Ended], tmp_path: Path, amounts: str, row: str, pounds: int | str
) -> None:
    (tmp_path / "vendors.csv").write_text(f"value,id\nAce,{VENDORS[0]}\n")
    row = row.replace("\nAce", "\nDfT,DVSA,Ace")
    text = (
        f"Departmental Family,Entity,Supplier,Transaction No,Payment Date,{amounts}\n"
        f"DfT,DVSA,Ace,7,31/03/2025,{row}\n"
    )
    (tmp_path / "spend.csv").write_text(text, encoding="utf-8")
    told = command("validate", "spend.csv", "--json", "--quiet")
    if pounds == "lacks":
        assert told.code == 2
        assert "uk-spend: has no column 'Gross Amount'" in told.err
    elif isinstance(pounds, str):
        codes = [f["code"] for f in told.json["findings"]]
        assert codes == [pounds, *["sheet.rows.repeated"] * ("Ace" in row)]
    else:
        assert told.json["totals"][0]["sheet"] == pounds * 100


def test_result_of_unpaid_bills_keeps_the_chosen_amount(
    command: Callable[..., Ended], tmp_path: Path
) -> None:
    sample = str(SAMPLES / "quickbooks-unpaid-bills" / "unpaid-bills.csv")
    first = command(
        "validate", sample, "--set", "amount=Open balance", "--json", "--result", "r.xlsx"
    )
    again = command("validate", "r.xlsx", "--json", "--result", "again.xlsx")
    for done in (first, again):
        assert done.code == 0, done.err
        assert [total["sheet"] for total in done.json["totals"]] == [10696320]
    wrong = command("validate", sample, "--set", "amount=Balance", "--json", "--quiet")
    assert wrong.code == 2
    assert "write Amount or Open balance" in wrong.json["error"]["message"]
