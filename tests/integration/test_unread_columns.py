"""A column that nobody reads is never silent where its name or values say that it matters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from bill_sheets import bill, book, checked, csv_file, grid, line, template
from conftest import in_turn
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from importer.mapping.template_loader import LoadedTemplate
from importer.validation.checked_bills import Checked

FLAT = """
template: mine
layout: flat
group_by: [Supplier, Number]
formats: {numbers: point, amounts: decimal}
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: false}
line_items:
  netAmount: {column: Net}
"""
HEADER = ("Supplier", "Number", "Date", "Net")


def flat(folder: Path, *changes: tuple[str, str]) -> LoadedTemplate:
    text = FLAT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return template(folder, text)


def ledger(
    folder: Path, header: str, values: Sequence[str], *changes: tuple[str, str]
) -> list[tuple[str, str, int]]:
    """What is found in a file with one more column, as (ending of the code, severity, bills)."""
    rows = [("A Ltd", str(i), "2025-03-01", "10.00", v) for i, v in enumerate(values, start=1)]
    file = csv_file(folder / "ledger.csv", [(*HEADER, header), *rows])
    return found(checked([file], flat(folder, *changes)))


def found(of: Checked) -> list[tuple[str, str, int]]:
    return [
        (f.code.removeprefix("sheet.column."), f.severity.value, len(f.lines or f.bills))
        for f in of.findings
    ]


@pytest.mark.parametrize("header", ["Currency", "Currency Code", "CCY", "Txn curr.", "Waluta"])
def test_another_currency_is_an_error_in_its_rows(tmp_path: Path, header: str) -> None:
    values = ["GBP", "EUR", "gbp", "", "Euro", "£"]
    assert ledger(tmp_path, header, values) == [("unread_currency", "error", 2)]
    assert ledger(tmp_path, header, ["GBP", "GBP", "Pounds Sterling", ""]) == []


@pytest.mark.parametrize(
    ("header", "values", "rows"),
    [
        ("Status", ["Paid", "Void", "void", "Open"], 2),
        ("Bill state", ["VOIDED", "", "Deleted", "cancelled"], 3),
        ("Document Type", ["Invoice", "Credit Note", "Invoice", "credit memo"], 2),
        ("Type", ["Bill", "Bill", "Reversal", "Bill"], 1),
        ("Belegart", ["Rechnung", "Gutschrift", "Storno", "Rechnung"], 2),
        ("Statut", ["Brouillon", "Annulée", "", ""], 2),
        ("Dokumenttype", ["Faktura", "Kreditnota", "", ""], 1),
        ("Doc", ["CM", "", "", ""], 1),
        ("Void", ["", "Yes", "No", "1"], 2),
        ("Is Return (Debit Note)", ["0", "1", "0", "TRUE"], 2),
        ("Cancelled?", ["N", "Y", "N", "N"], 1),
        ("Posted", ["Yes", "No", "Yes", "no"], 2),
        ("Approved?", ["Y", "Y", "N", ""], 1),
        ("Stornobeleg", ["", "1900004711", "0000000000", ""], 1),
        ("Reversed with", ["", "1900004711", "", ""], 1),
        ("Reversal doc.", ["0", "19000047", "", "00.00.0000"], 1),
        ("Storno-Kz", ["", "X", "", ""], 1),
        ("isCancelled", ["false", "true", "false", ""], 1),
        ("Approval", ["A Smith", "Rejected", "B Jones", ""], 1),
        ("Freigabe", ["", "abgelehnt", "", ""], 1),
        ("Stav", ["", "Zrušeno", "", ""], 1),
        ("Ty", ["KR", "KG", "RE", "KZ"], 2),
        ("INVOICE_TYPE_LOOKUP_CODE", ["STANDARD", "CREDIT", "STANDARD", ""], 1),
        ("Kredit", ["Nej", "Ja", "Nej", ""], 1),
    ],
)
def test_a_void_bill_or_credit_note_is_an_error_in_its_rows(
    tmp_path: Path, header: str, values: list[str], rows: int
) -> None:
    assert ("unread_state", "error", rows) in ledger(tmp_path, header, values)


@pytest.mark.parametrize(
    "values", [["No", "No"], ["2025-03-01", ""], ["Yes", "Yes"], ["J Smith", ""]]
)
def test_approvals_that_tell_no_bills_apart_are_no_finding(
    tmp_path: Path, values: list[str]
) -> None:
    assert ledger(tmp_path, "Approved", values) == []


@pytest.mark.parametrize(
    "header",
    ["Status", "Type", "Document status", "Transaction Type", "Purchase Status", "Bill state",
     "Voucher type", "Rechnung Status"],
)  # fmt: skip
def test_unusual_types_and_states_are_a_warning(tmp_path: Path, header: str) -> None:
    assert ledger(tmp_path, header, ["Frozen", "Paid", "ZP"]) == [("unread_type", "warning", 2)]
    assert ledger(tmp_path, header, ["Paid", "Open", "Invoice"]) == []


@pytest.mark.parametrize(
    "header",
    ["VAT", "VAT Amount", "Tax", "GST", "MwSt", "TaxAmount", "TVA",
     "USt 19%", "VAT @ 20 %", "Impuesto", "CGST"],
)  # fmt: skip
def test_a_tax_that_nobody_adds_is_an_error(tmp_path: Path, header: str) -> None:
    values = ["2.00", "0.00", "", "£1.50"]
    assert ledger(tmp_path, header, values) == [("unread_money", "error", 2)]
    with_tax = ("netAmount: {column: Net}", "amount: {column: Net}")
    included = ("{value: false}", "{value: true}")
    of = ledger(tmp_path, header, values, with_tax, included)
    assert of == [("unread_tax", "warning", 2)]


@pytest.mark.parametrize(
    "header", ["Freight", "Shipping charge", "Rounding", "Adjustment", "Fracht"]
)
def test_a_charge_that_no_line_has_is_an_error(tmp_path: Path, header: str) -> None:
    assert ledger(tmp_path, header, ["", "5.00", "-0.01"]) == [("unread_money", "error", 2)]


@pytest.mark.parametrize(
    "header",
    ["Retention", "CIS deduction", "Withholding Tax", "TDS Amount", "Deposit paid",
     "retentionAmount", "Sicherheitseinbehalt", "Anzahlung", "Retenue de garantie", "Acompte versé",
     "Retención IRPF", "Ritenuta d'acconto", "Inhouding", "Depositum", "Kildeskat", "Förskott"],
)  # fmt: skip
def test_what_lowers_the_amount_due_is_refused_or_reported(tmp_path: Path, header: str) -> None:
    values = ["", "5.00", "0.00"]
    assert ledger(tmp_path, header, values) == [("unread_deduction", "error", 1)]
    rows = [(*HEADER, "Total", header), ("A Ltd", "1", "2025-03-01", "10.00", "10.00", "5.00")]
    compared = flat(tmp_path, ("{sum_of_lines: gross}", "{column: Total}"))
    of = checked([csv_file(tmp_path / "c.csv", rows)], compared)
    assert (found(of), len([*of.valid_bills()])) == ([("unread_payable", "warning", 1)], 1)


@pytest.mark.parametrize("header", ["Delivery", "P&P", "Customs duty", "Zinsen", "Gratuity"])
def test_names_that_may_be_other_things_are_charges_where_they_have_money(
    tmp_path: Path, header: str
) -> None:
    assert ledger(tmp_path, header, ["2.00", ""]) == [("unread_money", "error", 1)]
    assert ledger(tmp_path, header, ["80012345", "Week 12"]) == []


@pytest.mark.parametrize(
    "header", ["Frais de port", "Handling fee", "Bollo", "Öresavrundning", "Pfand", "Recargo"]
)
def test_charges_are_known_in_the_languages_of_ledgers(tmp_path: Path, header: str) -> None:
    assert ledger(tmp_path, header, ["2.00", ""]) == [("unread_money", "error", 1)]


def test_a_discount_is_an_error_where_amounts_are_worked_out(tmp_path: Path) -> None:
    assert ledger(tmp_path, "Discount", ["", "5"]) == [("unread_discount", "warning", 1)]
    product = ("{column: Net}", "{product: [Net, Net], round: half_up}")
    assert ledger(tmp_path, "Discount %", ["", "25%"], product) == [("unread_money", "error", 1)]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Credit", ["", "10.00"]),
        ("Haben", ["", "10.00"]),
        ("Dr/Cr", ["Dr", "Cr"]),
        ("S/H", ["", "H"]),
        ("Debit/credit indicator", ["", "H"]),
        ("Vorzeichen", ["", "-"]),
        ("Sign", ["", "\N{MINUS SIGN}"]),
        ("Posting key", ["31", "21"]),
    ],
)
def test_an_unread_credit_is_an_error(tmp_path: Path, header: str, values: list[str]) -> None:
    assert ledger(tmp_path, header, values) == [("unread_credit", "error", 1)]


@pytest.mark.parametrize(
    ("header", "of_values"),
    in_turn(
        ["", "Sign", "+/-", "Indicator", "Kind of entry", "X1"],
        [
            (["DR", "CR", "DR", "CR"], 2, "unread_credit"),
            (["", "CR", "", "Cr."], 2, "unread_credit"),
            (["D", "C", "D", "D"], 1, "unread_credit"),
            (["+", "-", "+", "−"], 2, "unread_credit"),
            (["S", "H", "S", "S"], 1, "unread_credit"),
            (["INV", "CN", "INV", "INV"], 1, "unread_state"),
            (["Invoice", "Credit Note", "Invoice", ""], 1, "unread_state"),
            (["Gutschrift", "", "", ""], 1, "unread_state"),
            (["", "Nota de crédito", "x", "y"], 1, "unread_state"),
            (["EUR", "", "EUR", "USD"], 3, "unread_currency"),
        ],
    ),
)
def test_marks_and_types_are_known_by_their_values(
    tmp_path: Path, header: str, of_values: tuple[list[str], int, str]
) -> None:
    values, rows, ending = of_values
    assert ledger(tmp_path, header, values) == [(ending, "error", rows)]


@pytest.mark.parametrize(
    ("values"),
    [["C", "C"], ["-", "-"], ["+", ""], ["CN", "GB"], ["CN", ""], ["A", "D"]],
)
def test_values_that_may_be_anything_are_left_alone(tmp_path: Path, values: list[str]) -> None:
    assert ledger(tmp_path, "Mark", values) == []


@pytest.mark.parametrize("header", ["Void Date", "Reversed By", "Cancelled on", "Storno by"])
def test_the_date_of_a_void_says_that_it_is_void(tmp_path: Path, header: str) -> None:
    assert ledger(tmp_path, header, ["", "2025-04-01"]) == [("unread_state", "error", 1)]


@pytest.mark.parametrize(
    ("header", "values"),
    [("LineAmountTypes", ["Exclusive", "Inclusive"]), ("Is Inclusive Tax", ["false", "true"])],
)
def test_an_unread_tax_basis_is_an_error_where_it_differs(
    tmp_path: Path, header: str, values: list[str]
) -> None:
    assert ledger(tmp_path, header, values) == [("unread_basis", "error", 1)]


def test_an_unread_exchange_rate_is_an_error(tmp_path: Path) -> None:
    assert ledger(tmp_path, "Exchange Rate", ["1.25", "1", "1.0000", ""]) == [
        ("unread_rate", "error", 1)
    ]


def test_a_total_that_is_compared_proves_the_amounts(tmp_path: Path) -> None:
    stated = ("{sum_of_lines: gross}", "{column: Total}")
    rows = [("A Ltd", "1", "2025-03-01", "10.00", "10.00", "2.00", "5.00")]
    file = csv_file(tmp_path / "l.csv", [(*HEADER, "Total", "Discount", "Freight"), *rows])
    assert found(checked([file], flat(tmp_path, stated))) == []


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Expense Type", "Refunds"),
        ("Supplier Type", "VOID"),
        ("VAT Registration Number", "123456"),
        ("Tax Code", "20"),
        ("VAT Rate", "20"),
        ("Tax %", "20"),
        ("Base currency rate", "EUR-1"),
        ("Discount Date", "2025"),
        ("Settlement discount", "2.50"),
        ("Freight Account", "5100"),
        ("Document", "PO-1001"),
        ("Doc", "10017"),
        ("Voucher", "V-1"),
        ("Amount Paid", "10.00"),
        ("Withholding Tax Code", "1.00"),
        ("Retention %", "5.00"),
        ("CIS Labour", "100.00"),
        ("Taux TVA", "20"),
        ("MwSt-Satz", "19,00"),
        ("Reverse charge", "Yes"),
        ("Cancellation fee", "Yes"),
        ("Posting key", "31"),
    ],
)
def test_columns_of_other_things_are_left_alone(tmp_path: Path, header: str, value: str) -> None:
    assert ledger(tmp_path, header, [value, ""]) == []


def test_a_template_may_say_that_nobody_needs_a_column(tmp_path: Path) -> None:
    ignored = ("group_by:", "ignore_columns: [VAT, Status]\ngroup_by:")
    assert ledger(tmp_path, "VAT", ["2.00"], ignored) == []
    assert ledger(tmp_path, "Status", ["Void"], ignored) == []
    assert ledger(tmp_path, "Currency", ["EUR"], ignored) == [("unread_currency", "error", 1)]


def test_sheets_of_bills_and_lines_are_looked_at_too(tmp_path: Path) -> None:
    text = """
template: two
layout: two_sheets
bills:
  billRef: {column: Ref}
  vendorId: {column: Vendor}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  billRef: {column: Ref}
  amount: {column: Amount}
"""
    vendor = bill()["vendorId"]
    bills = [("Ref", "Vendor", "Date", "Status"), ("1", vendor, "2025-03-01", "Void")]
    lines = [("Ref", "Amount", "Rounding"), ("1", 100, 0.01)]
    path = book(tmp_path / "b.xlsx", {"Bills": bills, "Line items": lines})
    of = found(checked([path], template(tmp_path, text)))
    assert ("unread_state", "error", 1) in of
    assert ("unread_money", "error", 1) in of
    canonical = [bill(Status="Void", Freight="5")]
    sheets = {"Bills": grid(canonical), "Line items": grid([line()])}
    codes = [f.code for f in checked([book(tmp_path / "c.xlsx", sheets)]).findings]
    assert "sheet.column.unread_money" not in codes  # reported as an unknown column


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["Paid", "Open", "Void", "Draft ", "CANCELLED", ""]), max_size=6))
def test_no_void_bill_is_loaded_for_want_of_a_mapping(tmp_path: Path, states: list[str]) -> None:
    rows = [("A Ltd", str(i), "2025-03-01", "10.00", s) for i, s in enumerate(states)]
    file = csv_file(tmp_path / "l.csv", [(*HEADER, "Status"), *rows])
    of = checked([file], flat(tmp_path))
    assume(not states or any(state != "Draft " for state in states))
    live = [str(i) for i, state in enumerate(states) if state in ("Paid", "Open", "")]
    assert [b.invoice_number for b in of.valid_bills()] == live


def test_one_cause_is_one_finding(tmp_path: Path) -> None:
    rows = [("A Ltd", "1", "2025-03-01", "10.00", "2.00", "12.00")]
    file = csv_file(tmp_path / "l.csv", [(*HEADER, "VAT", "Gross"), *rows])
    assert found(checked([file], flat(tmp_path))) == [("unread_money", "error", 1)]


def test_a_file_of_nothing_but_drafts_is_a_warning(tmp_path: Path) -> None:
    assert ledger(tmp_path, "Status", ["draft", "Draft"]) == [("unread_type", "warning", 2)]
    assert ledger(tmp_path, "Status", ["draft", "Paid"]) == [("unread_state", "error", 1)]


@pytest.mark.parametrize(
    ("header", "price"),
    in_turn(
        ["Qty", "Quantity", "Menge", "Quantité", "Hours", "Antal"],
        ["Unit Price", "UnitAmount", "Einzelpreis", "Prix unitaire"],
    ),
)
def test_an_unread_quantity_beside_a_price_is_an_error(
    tmp_path: Path, header: str, price: str
) -> None:
    rows = [("Supplier", "Number", "Date", price, header)]
    rows += [("A Ltd", str(i), "2025-03-01", "10.00", q) for i, q in enumerate(("1", "3", "", "2"))]
    loaded = flat(tmp_path, ("{column: Net}", f'{{column: "{price}"}}'))
    of = checked([csv_file(tmp_path / "ledger.csv", rows)], loaded)
    assert found(of) == [("unread_quantity", "error", 2)]
    once = [row for row in rows if row[4] not in ("3", "2")]
    assert found(checked([csv_file(tmp_path / "ledger.csv", once)], loaded)) == []


@pytest.mark.parametrize(
    ("header", "values", "rows"),
    [
        ("Duplicate?", ["Yes", "", "No"], 1),
        ("On hold", ["Y", "Y", "N"], 2),
        ("Do not pay", ["x", "", ""], 1),
        ("Payment block", ["A", "", ""], 1),
        ("Pmnt Blk", ["", "R", ""], 1),
        ("Zahlungssperre", ["A", "", ""], 1),
        ("Hold reason", ["", "Price", ""], 1),
        ("In dispute", ["Yes", "No", ""], 1),
        ("Duplicate of", ["", "17", ""], 1),
        ("Pro-forma", ["", "Y", ""], 0),
        ("Proforma?", ["", "Y", ""], 1),
        ("Inactive", ["", "Y", "N"], 1),
        ("Active", ["Y", "N", "Y"], 1),
        ("Block", ["A", "B", "C"], 0),
        ("Test date", ["2025-01-01", "", ""], 0),
        ("Holding", ["Acme", "", ""], 0),
        ("Source", ["PINV", "JNL", "PINV"], 1),
        ("Jrnl", ["Invoice", "Payment", "Cheque"], 2),
        ("Quelle", ["RE", "ZA", "RE"], 1),
        ("Source", ["Portal", "Email", "Post"], 0),
        ("Method", ["Cheque", "Transfer", ""], 0),
    ],
)
def test_rows_that_may_be_no_bills_to_load_are_a_warning(
    tmp_path: Path, header: str, values: list[str], rows: int
) -> None:
    expected = [("unread_type", "warning", rows)] if rows else []
    assert ledger(tmp_path, header, values) == expected


def test_a_quantity_beside_an_amount_says_nothing(tmp_path: Path) -> None:
    assert ledger(tmp_path, "Qty", ["1", "3", "2"]) == []


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Prices include VAT", ["No", "Yes"]),
        ("Tax basis", ["Net", "Gross"]),
        ("Brutto/Netto", ["netto", "Brutto"]),
        ("TTC/HT", ["HT", "TTC"]),
        ("inkl. MwSt", ["nein", "ja"]),
    ],
)
def test_a_tax_basis_by_row_is_an_error_where_it_differs(
    tmp_path: Path, header: str, values: list[str]
) -> None:
    assert ledger(tmp_path, header, values) == [("unread_basis", "error", 1)]


def test_other_types_are_reported_beside_credit_notes(tmp_path: Path) -> None:
    types = ["STANDARD", "CREDIT", "PREPAYMENT", "MIXED"]
    assert ledger(tmp_path, "INVOICE_TYPE_LOOKUP_CODE", types) == [
        ("unread_state", "error", 1),
        ("unread_type", "warning", 2),
    ]


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Transaction Type", "Bill Payment", "unread_type"),
        ("Kind", "Prepayment", "unread_type"),
        ("Kind", "Stationery", ""),
        ("Payment", "Y", "unread_paid"),
        ("Payment", "BACS", ""),
        ("Payment", "0.50", "paid_amount"),
    ],
)
def test_payments_are_reported_beside_a_type_that_is_read(
    tmp_path: Path, header: str, value: str, code: str
) -> None:
    of_type = ("issuedDate:", "type: {column: Type, map: {Invoice: bill}}\n  issuedDate:")
    rows = [(*HEADER, "Type", header)]
    rows += [("A", f"N{i}", "2025-03-01", "1.00", "Invoice", v) for i, v in enumerate(("", value))]
    of = checked([csv_file(tmp_path / "l.csv", rows)], flat(tmp_path, of_type))
    assert found(of) == ([(code, "warning", 1)] if code else [])


def test_a_type_is_reported_where_only_the_state_is_read(tmp_path: Path) -> None:
    state = ("issuedDate:", "state: {column: Status}\n  issuedDate:")
    rows = [(*HEADER, "Status", "Type")]
    rows += [("A", str(i), "2025-03-01", "1.00", "Open", t) for i, t in enumerate(("Bill", "ZZ"))]
    of = checked([csv_file(tmp_path / "l.csv", rows)], flat(tmp_path, state))
    assert found(of) == [("unread_type", "warning", 1)]


@pytest.mark.parametrize(
    ("header", "word"),
    in_turn(["Notes", "Remarks", "X", "Bemerkung"], ["cancelled", "VOID", "Storniert", "annulée"]),
)
def test_a_remark_that_a_bill_is_void_is_a_warning(tmp_path: Path, header: str, word: str) -> None:
    assert ledger(tmp_path, header, ["", word, ""]) == [("unread_type", "warning", 1)]
    assert ledger(tmp_path, header, ["", "Paid search, May", "holding company"]) == []


@pytest.mark.parametrize("header", ["Amount", "Value", "Betrag", "Importe", "Payment amount"])
def test_an_amount_beside_the_one_that_is_read_is_a_warning(tmp_path: Path, header: str) -> None:
    assert ledger(tmp_path, header, ["12.00", "10.00", ""]) == [("differing_amount", "warning", 1)]
    assert ledger(tmp_path, header, ["10.00", "10.00", "-10.00"]) == []


@pytest.mark.parametrize(
    ("header", "text"),
    in_turn(
        ["Description", "Buchungstext", "Memo"],
        [
            "Credit note for chairs",
            "CREDIT NOTE",
            "Gutschrift März",
            "Storno 12",
            "Void - dup",
            "PAID",
            "Bezahlt am 3.5.",
            "paid by cheque 12",
            "on hold",
            "Reversal of INV-7",
        ],
    ),
)
def test_an_unread_text_that_says_credit_note_is_a_warning(
    tmp_path: Path, header: str, text: str
) -> None:
    texts = [f"Paper {i}" for i in range(20)]
    assert ledger(tmp_path, header, [*texts, text]) == [("unread_type", "warning", 1)]
    assert ledger(tmp_path, header, [*texts, f"Invoice instead of {text}"]) == []


@pytest.mark.parametrize("text", ["Query - do not process", "Possible duplicate invoice"])
@pytest.mark.parametrize("header", ["Note", "Kommentar", "Opmerkingen"])
def test_an_unread_text_that_says_do_not_process_is_a_warning(
    tmp_path: Path, header: str, text: str
) -> None:
    assert ledger(tmp_path, header, ["Paper", "Ink", text]) == [("unread_type", "warning", 1)]


@pytest.mark.parametrize(
    ("header", "values", "paid"),
    [
        ("Paid?", ["Yes", "No", "", "n/a"], 1),
        ("Is paid", ["1", "0", "0", "1"], 2),
        ("Settled", ["TRUE", "FALSE", "FALSE", "FALSE"], 1),
        ("Cleared", ["Cleared", "", "X", "-"], 2),
        ("Open", ["No", "Yes", "", "Yes"], 1),
        ("Date paid", ["2025-05-20", "", "", "01/06/2025"], 2),
        ("Zahlungsdatum", ["01.06.2025", "", "offen", ""], 1),
        ("Payé le", ["", "01/06/2025", "", ""], 1),
        ("Clearing Document", ["1500000012", "", "", ""], 1),
        ("Payment status", ["Paid", "Unpaid", "Part paid", ""], 2),
        ("Stage", ["Bezahlt", "Offen", "Offen", ""], 1),
        ("Open", ["Open", "Closed", "not paid", "Open"], 1),
        ("Unpaid", ["unpaid", "paid", "unpaid", "unpaid"], 1),
        ("Paid", ["approved and paid", "unpaid - dispute", "—", "nil"], 1),
        ("Pmt date", ["2025-05-20", "", "", ""], 1),
    ],
)
def test_that_bills_are_paid_is_reported(
    tmp_path: Path, header: str, values: list[str], paid: int
) -> None:
    assert ledger(tmp_path, header, values) == [("unread_paid", "warning", paid)]
    file = tmp_path / "ledger.csv"
    mapped = flat(
        tmp_path,
        ("issuedDate:", "status: {column: Date, map: {'2025-03-01': draft}}\n  issuedDate:"),
    )
    assert "sheet.column.unread_paid" not in [f.code for f in checked([file], mapped).findings]
    ignored = flat(tmp_path, ("group_by:", f"ignore_columns: ['{header}']\ngroup_by:"))
    assert found(checked([file], ignored)) == []


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Paid?", ["No", "no", "", "n"]),
        ("Open", ["Yes", "", "Yes", "yes"]),
        ("Payment date", ["2025-05-20", "2025-05-20", "2025-05-21", "2025-05-22"]),  # of spending
        ("Date paid", ["", "-", "n/a", "0"]),
        ("Paid", ["—", "No - query", "not paid yet", "EUR 0.00"]),
        ("Paid", ["0,00 €", "N.A.", "zero", "awaiting approval"]),
        ("Payment terms", ["30 days", "Paid in advance", "", ""]),
        ("Status", ["Open", "Approved", "Overdue", ""]),
        ("Payment method", ["BACS", "Cheque", "Cash", ""]),
        ("Planned payment date", ["2025-05-20", "", "", ""]),
    ],
)
def test_other_columns_about_payments_say_nothing(
    tmp_path: Path, header: str, values: list[str]
) -> None:
    assert ledger(tmp_path, header, values) == []


@pytest.mark.parametrize("header", ["Open amount", "Amount open", "Open amount (LCY)"])
@pytest.mark.parametrize("values", [["10.00", "0.00", "10.00", "10.00"], ["0.00", "10.00"] * 2])
def test_open_amounts_of_equal_bills_are_no_running_balance(
    tmp_path: Path, header: str, values: list[str]
) -> None:
    paid = values.count("0.00")
    assert ledger(tmp_path, header, values) == [("open_amount", "warning", paid)]
    assert ledger(tmp_path, header, ["10.00", "20.00", "30.00", "40.00"]) == []
