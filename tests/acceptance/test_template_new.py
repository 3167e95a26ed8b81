"""``template new --from``: what a draft gets right, and that the draft loads its export."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import TemplateProblem
from importer.mapping.map_tables import map_tables
from importer.mapping.parameters import with_settings
from importer.mapping.template_loader import find_template, load_template, shipped_templates
from importer.mapping.template_model import Template
from importer.model.tables import SourceTable
from importer.readers import read_file
from importer.scaffold.draft_template import draft_of, name_of
from importer.validation.validate import check

SAMPLES = Path(__file__).parents[2] / "samples"


def drafted(*files: Path) -> str:
    ledger = files[0].parent.name == "uk-spend"  # of which only a person knows the encoding
    tables = [t for f in files for t in read_file(f, encoding="cp1252" if ledger else None)]
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
def test_draft_maps_the_main_fields_of_each_sample(sample: str) -> None:
    text = drafted(SAMPLES / sample)
    bills, lines = fields(text, "bills"), fields(text, "line_items")
    vendor, number, issued, total, amount = MAIN[sample]
    of_bills = columns(text, "bills")
    assert (of_bills["vendor"], of_bills["invoiceNumber"]) == (vendor, number)
    assert issued in bills["issuedDate"]
    assert ("sum_of_lines: gross" if total == "sum" else total) in bills["amount"]
    assert amount in lines.get("netAmount", "") + lines.get("amount", "")


# What a person answers to the draft's TODOs: each a text of the draft, and what to write for it.
INCLUDED = ("lineItemsIncludeTax: {value: TODO}", "lineItemsIncludeTax: {value: true}")
ON_TOP = (
    ("lineItemsIncludeTax: {value: TODO}", "lineItemsIncludeTax: {value: false}"),
    ("  amount: {column: ", "  netAmount: {column: "),
)
ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "light-csv/bills.csv": (),
    "xero-bills/bills.csv": (),
    "xero-bills/older-bills.csv": (
        ON_TOP[0], ("# currency: {value: TODO}", "currency: {value: EUR}"),
    ),
    "quickbooks-bills/bills.csv": (),
    "quickbooks-bills/vendor-bills.csv": ON_TOP,
    "zoho-bills/bills.csv": (),
    "sage50-purchase-invoices/purchases.csv": (
        ("# currency: {value: TODO}", "currency: {value: GBP}"),
    ),
    "erpnext-purchase-invoices/purchase-invoices.csv": (),
    "odoo-bills/bills.csv": (INCLUDED,),
    "odoo-bills/import-file.csv": (
        *ON_TOP,
        ("# currency: {value: TODO}", "currency: {value: EUR}"),
        ("fill_down: TODO", "fill_down: [Partner, Reference]"),
    ),
    "datev-buchungsstapel/EXTF_Buchungsstapel.csv": (INCLUDED, ("year: TODO", "year: 2025")),
    "quickbooks-unpaid-bills/unpaid-bills.csv": (INCLUDED,),
    "quickbooks-transactions/transactions.csv": (
        INCLUDED, ("# currency: {value: TODO}", "currency: {value: GBP}"),
    ),
    "myob-bills/bills.txt": (
        ("\nline_items:\n", "\nignore_columns: [Freight Amount]\nextra_lines:\n"
         "  - {amount: {column: Inc-Tax Freight Amount},"
         " taxAmount: {column: Freight GST Amount}, taxCode: {column: Freight Tax Code}}\n"
         "\nline_items:\n"),
        ("  amount: {sum_of_lines: gross}", "  type: {column: Purchase Status, map: {B: bill},"
         " pass_over: [O, Q]}\n  amount: {sum_of_lines: gross}"),
    ),
    "business-central-vendor-ledger/vendor-ledger-entries.xlsx": (
        INCLUDED, ("# currency: {value: TODO}", "currency: {value: GBP}"),
        ("  amount: {sum_of_lines: gross}", "  state: {column: Open, take: [Yes],"
         " pass_over: [No]}\n  amount: {sum_of_lines: gross}"),
    ),
    "uk-spend/dh-spend-march.csv": (
        INCLUDED, ("# currency: {value: TODO}", "currency: {value: GBP}"),
        ("issuedDate: {column: Date}", "issuedDate: {column: Date, differing_rows: first}"),
        ("\nbills:\n", "\nzero_bills: load\nbills:\n"),
    ),
}  # fmt: skip
SETTINGS = {
    "xero-bills/older-bills.csv": "currency=EUR",
    "odoo-bills/import-file.csv": "currency=EUR",
    "quickbooks-transactions/transactions.csv": "currency=GBP",
    "business-central-vendor-ledger/vendor-ledger-entries.xlsx": "currency=GBP",
}


@pytest.mark.parametrize("sample", ANSWERS)
def test_draft_reads_the_same_bills_as_the_shipped_template(
    sample: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree((SAMPLES / sample).parent, tmp_path / "export"))
    export = str(folder / Path(sample).name)
    path = folder / "mine.yaml"
    done = command("template", "new", "--from", export, "-o", str(path))
    assert done.code == 0, done.err
    assert "comes with light-import" in done.err
    text = path.read_text(encoding="utf-8")
    assert text.count("TODO") >= len(ANSWERS[sample])
    for todo, answer in ANSWERS[sample]:
        assert todo in text
        text = text.replace(todo, answer)
    path.write_text(text, encoding="utf-8")
    checked = command("template", "check", str(path))
    assert checked.code == 0, checked.err
    assert "It sets no" not in checked.err
    settings = [word for text in [SETTINGS.get(sample)] if text for word in ("--set", text)]
    told = [
        command("validate", export, "--json", "--quiet", "--result", f"{i}.xlsx", *options)
        for i, options in enumerate((settings, ("--template", str(path))))
    ]
    shipped, mine = (done.json for done in told)
    assert (mine["bills"], mine["line_items"]) == (shipped["bills"], shipped["line_items"])
    assert mine["totals"] == shipped["totals"]
    assert told[0].code == told[1].code


def test_reads_as_it_is_only_where_every_bill_of_the_export_is_valid(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    text = (SAMPLES / "light-csv/bills.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))
    done = command("template", "new", "--from", str(written(tmp_path / "bills.csv", rows)))
    assert "reads this export as it is: 30 bills, all valid, GBP 122,000.94 in all." in done.err
    rows[1][4] = "soon"
    done = command("template", "new", "--from", str(written(tmp_path / "bills.csv", rows)))
    assert "reads this export as it is" not in done.err
    assert "30 bills, 29 of them valid" in done.err
    assert "First problem: " in done.err
    assert "row 2, column Invoice Date" in done.err


def test_draft_without_a_todo_is_tried_and_its_sum_told(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    export = written(tmp_path / "offene-posten.csv", OPEN_ITEMS)
    done = command("template", "new", "--from", str(export), "-o", "mine.yaml")
    assert "As it is, 2 bills, all valid, EUR 1,581.66 in all." in done.err


def test_every_shipped_template_has_a_sample_that_a_draft_is_compared_with() -> None:
    compared = {Path(sample).parts[0] for sample in ANSWERS} | {"light", "light-money"}
    assert compared == set(shipped_templates())


LOOKUPS = ("vendors", "accounts", "tax-codes", "company-entities")
EXPORTS = sorted(
    str(path.relative_to(SAMPLES))
    for name in shipped_templates()
    for path in (SAMPLES / name).iterdir()
    if path.suffix in (".csv", ".txt", ".xlsx") and path.stem not in LOOKUPS
)
Bill = tuple[str | None, str | None, date | None, str | None, int]


def bills_of(tables: Sequence[SourceTable], template: Template) -> set[Bill]:
    return {
        (bill.vendor or bill.vendor_id, bill.invoice_number, bill.issued_date, bill.currency,
         bill.amount)
        for bill in check(map_tables(tables, template)).valid_bills()
    }  # fmt: skip


@pytest.mark.parametrize("sample", EXPORTS)
def test_draft_of_every_sample_agrees_with_the_shipped_template_or_says_todo(
    sample: str, tmp_path: Path
) -> None:
    """As it is, nothing answered: a draft with no TODO but for tables of ids reads the bills that
    the shipped template reads, no other; one that reads others says TODO."""
    folder = (SAMPLES / sample).parent
    files = [SAMPLES / sample]
    if sample in ("light/bills.csv", "light/line-items.csv"):
        files = [folder / "bills.csv", folder / "line-items.csv"]
    encoding = "cp1252" if folder.name == "uk-spend" else None
    tables = [table for file in files for table in read_file(file, encoding=encoding)]
    setting = SETTINGS.get(sample, "").split("=")
    chosen = dict([setting]) if len(setting) == 2 else {}
    shipped = with_settings(find_template(folder.name).template, chosen)
    text = draft_of(tables, "mine").text()
    todos = [
        line
        for line in text.splitlines()
        if "TODO" in line and " needs: " not in line and not line.startswith("# Complete")
    ]
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    drafted_bills = None
    with suppress(TemplateProblem):
        drafted_bills = bills_of(tables, load_template(tmp_path / "mine.yaml").template)
    truth = bills_of(tables, shipped)
    assert todos or (truth and drafted_bills == truth)


# --- exports that no template is for ----------------------------------------------------------


def written(path: Path, rows: Sequence[Sequence[object]], encoding: str = "cp1252") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


OPEN_ITEMS = (
    ("Kestrel Handels GmbH, Hamburg",),
    ("Offene Posten Kreditoren zum 31.03.2025",),
    (),
    ("Kreditor", "Kred.-Nr.", "Rechnungs-Nr.", "Rechnungsdatum", "Fällig am", "Kostenart",
     "Text", "Betrag brutto (EUR)"),
    ("Crossbeam Logistics GmbH", "70001", "RE-88120", "14.03.2025", "13.04.2025", "6000", "Fracht",
     "1.428,00"),
    ("Crossbeam Logistics GmbH", "70001", "RE-88120", "14.03.2025", "13.04.2025", "6000", "Maut",
     "59,50"),
    ("Kaffeerösterei Lindner GmbH", "70003", "00099", "07.03.2025", "21.03.2025", "6110", "Kaffee",
     "94,16"),
    ("Summe", "", "", "", "", "", "", "1.581,66"),
)  # fmt: skip


def test_unseen_flat_export_loads_from_its_draft(
    command: Callable[..., Any], load: Callable[..., Any], sandbox: Any, tmp_path: Path
) -> None:
    export = written(tmp_path / "offene-posten.csv", OPEN_ITEMS)
    done = command("template", "new", "--from", str(export), "-o", "mine.yaml")
    assert done.code == 0, done.err
    assert "nothing to complete" in done.err
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert 'dates: [DD.MM.YYYY]  # proven by "14.03.2025"' in text
    assert "numbers: comma" in text
    assert "currency: {value: EUR}" in text
    total = '{amount: "Betrag brutto (EUR)", where: {column: Kreditor, equals: Summe}}'
    assert f"control_total: {total}" in text
    loaded = load(sandbox.base_url, str(export), "--template", "mine.yaml")
    assert loaded.code == 0, loaded.out
    assert loaded.json["totals"][0]["created"] == 158166
    assert loaded.json["totals"][0]["difference"] == 0
    assert sorted(len(b["lineItems"]) for b in sandbox.bills()) == [1, 2]


def purchases_book(path: Path) -> Path:
    book = openpyxl.Workbook()
    bills = book.active
    assert bills is not None
    bills.title = "Factures"
    for row in (
        ("N° pièce", "Fournisseur", "N° facture", "Date facture", "Échéance", "Devise",
         "Total TTC"),
        ("P-1", "Maison Duval SARL", "FA-7001", date(2025, 3, 4), date(2025, 4, 3), "EUR", 1320.5),
        ("P-2", "Quillon Analytics BV", "Q-77", date(2025, 3, 13), date(2025, 4, 12), "EUR", 2600),
    ):  # fmt: skip
        bills.append(row)
    lines = book.create_sheet("Lignes")
    for row in (
        ("N° pièce", "Désignation", "Compte", "Montant HT", "TVA"),
        ("P-1", "Verres", 5000, 1000.5, 0),
        ("P-1", "Port", 5100, 320, 0),
        ("P-2", "Atelier", 7020, 2600, 0),
    ):
        lines.append(row)
    book.save(path)
    return path


def test_two_sheet_export_loads_from_its_draft(
    command: Callable[..., Any], load: Callable[..., Any], sandbox: Any, tmp_path: Path
) -> None:
    export = purchases_book(tmp_path / "achats.xlsx")
    done = command("template", "new", "--from", str(export), "-o", "mine.yaml")
    assert done.code == 0, done.err
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert "layout: two_sheets" in text
    assert "in all 2 bills the sum of 'Montant HT' is 'Total TTC'" in text or (
        "in all 2 bills the sum of 'Montant HT' + 'TVA' is 'Total TTC'" in text
    )
    loaded = load(sandbox.base_url, str(export), "--template", "mine.yaml")
    assert loaded.code == 0, loaded.out
    assert loaded.json["bills"] == {"total": 2, "created": 2}
    assert loaded.json["totals"][0]["difference"] == 0


def test_two_row_header_is_recognised(command: Callable[..., Any], tmp_path: Path) -> None:
    export = written(
        tmp_path / "ledger.csv",
        [
            ("Supplier", "Transaction number", "Date", "Gross amount", ""),
            ("SUPPLIER", "TRANSACTION_NUMBER", "DATE", "DISTRIBUTION_AMOUNT", "CURRENCY"),
            ("Amberley Couriers Ltd", "1142", "19-Sep-11", "5,531.39 ", "GBP"),
            ("Amberley Couriers Ltd", "1143", "20-Sep-11", "12.50", "GBP"),
        ],
    )
    assert command("template", "new", "--from", str(export), "-o", "mine.yaml").code == 0
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert "rows: 2}  # the header has two rows" in text
    told = command("validate", str(export), "--template", "mine.yaml", "--json").json
    assert told["bills"] == {"total": 2, "valid": 2}
    assert told["totals"][0]["sheet"] == 554389


def test_grouped_report_is_explained(tmp_path: Path) -> None:
    text = drafted_rows(
        tmp_path, ("", "Date", "Num", "Amount"), ("Acme", "", "", ""),
        ("", "2025-03-14", "A1", "10.50"), ("Total for Acme", "", "", "10.50"),
        ("Bolt", "", "", ""), ("", "2025-03-15", "B1", "5.25"), ("Total for Bolt", "", "", "5.25"),
    )  # fmt: skip
    assert 'groups: {column: "$A", name: Vendor}' in text


# --- what a file does not prove is left to the person -----------------------------------------


def drafted_rows(path: Path, *rows: Sequence[object]) -> str:
    return drafted(written(path / "export.csv", rows, "utf-8"))


HEAD = ("Supplier", "Invoice No", "Date", "Currency", "Amount")


def test_unused_and_empty_columns_are_listed(tmp_path: Path) -> None:
    rows = (("Acme", "1", "2025-04-03", "GBP", "1.50", "blue", ""),)
    text = drafted_rows(tmp_path, [*HEAD, "Mood", "Approver"], *rows)
    assert "#   Mood: e.g. 'blue'" in text
    assert "#   Approver: empty" in text


def test_ambiguous_dates_are_a_todo(tmp_path: Path) -> None:
    text = drafted_rows(
        tmp_path, HEAD, ("Acme", "1", "03/04/2025", "GBP", "1.50"),
        ("Acme", "2", "05/06/2025", "GBP", "2.50"),
    )  # fmt: skip
    assert "dates: auto" in text
    assert "# TODO: the dates can be read either way (e.g. '03/04/2025', '05/06/2025')" in text


def test_integer_amounts_need_a_decision(
    tmp_path: Path,
) -> None:
    text = drafted_rows(tmp_path, HEAD, ("Acme", "1", "2025-04-03", "GBP", "150"))
    assert "amounts: TODO" in text
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TemplateProblem, match=r"'TODO' is not valid in formats\.amounts"):
        load_template(path)
    text = text.replace("amounts: TODO", "amounts: cents").replace("{value: TODO}", "{value: true}")
    path.write_text(text, encoding="utf-8")
    load_template(path)


def test_tax_basis_beside_a_tax_code_is_a_todo(tmp_path: Path) -> None:
    text = drafted_rows(
        tmp_path, (*HEAD, "Tax Code"), ("Acme", "1", "2025-04-03", "GBP", "1.50", "S20")
    )
    assert "lineItemsIncludeTax: {value: TODO}" in text
    assert "whether" in text or "write true where 'Amount' includes tax" in text


def test_inconsistent_totals_are_named_by_row(tmp_path: Path) -> None:
    text = drafted_rows(
        tmp_path, (*HEAD, "Invoice Total"),
        ("Acme", "1", "2025-04-03", "GBP", "1.50", "1.50"),
        ("Acme", "2", "2025-04-03", "GBP", "2.50", "2.60"),
    )  # fmt: skip
    assert "in 1 of 2 bills the sum of 'Amount' is 'Invoice Total' (first: row 3)" in text


def test_tax_and_labelled_total_are_mapped(
    tmp_path: Path,
) -> None:
    rows = [["Kreditor", "Rechnungs-Nr.", "Belegdatum", "Währung", "Netto", "MwSt", "Brutto"]]
    for i in range(1, 5):
        rows.append(["Dock & Sons", f"R-{i}", f"1{i}.02.2025", "EUR", "1.000,00", "190,00",
                     "1.190,00"])  # fmt: skip
    rows.append(["Summe", "", "", "", "4.000,00", "760,00", "4.760,00"])
    text = drafted_rows(tmp_path, *rows)
    assert columns(text, "line_items")["netAmount"] == "Netto"
    assert columns(text, "line_items")["taxAmount"] == "MwSt"
    assert "# TODO: taxCode was not recognised" in text
    assert "control_total: {amount: Brutto, where: {column: Kreditor, equals: Summe}}" in text
    assert "ignore_rows" not in text


def test_unnamed_columns_are_addressed_by_letter(tmp_path: Path) -> None:
    text = drafted_rows(
        tmp_path, ("Supplier", "Invoice No", "Date", "Amount", "Amount", ""),
        ("Acme", "1", "2025-04-03", "1.50", "0.30", "GBP"),
    )  # fmt: skip
    assert "currency: {column: $F}" in text or 'currency: {column: "$F"}' in text
    assert 'column: "Amount#1"' in text


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=6), min_size=1, max_size=6))
def test_any_table_gives_valid_yaml(rows: list[list[str]]) -> None:
    width = max(map(len, rows))
    cells = [[*row, *[""] * (width - len(row))] for row in rows]
    table = SourceTable("some.csv", None, tuple(zip(*cells, strict=True)), range(1, len(rows) + 1))
    text = draft_of([table], "some").text()
    found = yaml.safe_load(text)
    assert found["template"] == "some"
    assert found["layout"] == "flat"


def test_draft_overwrites_no_file(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine", encoding="utf-8")
    export = written(tmp_path / "offene-posten.csv", OPEN_ITEMS)
    done = command("template", "new", "--from", str(export), "-o", "mine.yaml")
    assert done.code == 2
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == "mine"
    assert command("template", "new").code == 2


def test_rate_is_no_tax_and_net_is_no_total(tmp_path: Path) -> None:
    rows = [f"Ace,INV-{i},2025-03-1{i},1{i}1.50,{20 * (i % 2)},UK20,1{i}9.25" for i in range(5)]
    for header, where in (("VAT %", "taxCode"), ("VAT (%)", "taxCode"), ("VAT", "taxAmount")):
        top = f"Supplier,Invoice No,Date,Net Amount,{header},Code,Note"
        (tmp_path / "spend.csv").write_text("\n".join([top, *rows]))
        text = drafted(tmp_path / "spend.csv")
        assert columns(text, "line_items")[where] == header
        assert ("percentages and no amounts" in text) == (header == "VAT")
    for others, less in (("Ref,Note", True), ("Ref,Amount incl. VAT", False)):
        top = f"Supplier,Invoice No,Date,Net Amount,Area,{others}"
        (tmp_path / "spend.csv").write_text("\n".join([top, *rows]))
        text = drafted(tmp_path / "spend.csv")
        assert ("less than the vendors' invoices" in text) == less
        field, header = ("netAmount", "Net Amount") if less else ("amount", "Amount incl. VAT")
        assert columns(text, "line_items")[field] == header


def test_template_without_a_required_field_is_reported(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "template: mine\nlayout: flat\ngroup_by: [Number]\n"
        "bills:\n  vendorId: {column: Vendor}\n  currency: {value: GBP}\n"
        "line_items:\n  description: {column: Text}\n",
        encoding="utf-8",
    )
    told = command("template", "check", str(tmp_path / "mine.yaml"))
    assert told.code == 0
    assert told.err.splitlines() == [
        "It sets no issuedDate of the bill, which Light requires.",
        "It sets no amount of the bill, which Light requires.",
        "It sets no amount or netAmount of the line item, which Light requires.",
    ]
