"""A file is recognised by what only its system writes, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from bill_sheets import bill, book, csv_file, grid, line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.app.check_files import check_files
from importer.app.check_request import CheckRequest
from importer.core.errors import TemplateProblem
from importer.mapping.recognition import recognise
from importer.mapping.template_loader import load_template, shipped_templates
from importer.readers import read_file

SPEND = ("Departmental Family", "Entity", "Date", "Supplier", "Transaction Number", "Amount")


def refusal(path: Path) -> str:
    with pytest.raises(TemplateProblem) as raised:
        recognise(read_file(path))
    return str(raised.value)


def ledger(folder: Path, header: Sequence[str], *rows: Sequence[object]) -> Path:
    return csv_file(folder / "ledger.csv", [header, *rows])


@pytest.mark.parametrize(
    "family", ["Departmental Family", "Department family", "DEPARTMENT_FAMILY"]
)
def test_a_ledger_of_central_government_is_recognised(tmp_path: Path, family: str) -> None:
    path = ledger(tmp_path, (family, *SPEND[1:]), ["DfT", "DVSA", "01/03/2025", "A", "1", "5.00"])
    assert recognise(read_file(path)).template.template == "uk-spend"


@pytest.mark.parametrize(
    "header",
    [
        ("Supplier", "Transaction Number", "Date", "Amount"),
        ("Vendor Name", "Document No", "Invoice Date", "Line Amount"),
        ("Payee", "Voucher Number", "Payment Date", "Amount Paid"),
        ("Creditor Name", "Reference", "Date Paid", "Amount (£)"),
        ("Date", "Supplier", "Description", "Amount", "Account"),
        ("Vendor", "Invoice Number", "Invoice Date", "Due Date", "Currency", "Amount", "Tax"),
        ("Vendor", "Invoice Number", "Issued", "Currency", "Amount", "Description", "Status"),
        ("Entity", "Supplier", "Transaction Number", "Date", "Amount"),
    ],
)
def test_a_ledger_of_any_other_is_not(tmp_path: Path, header: Sequence[str]) -> None:
    message = refusal(ledger(tmp_path, header, ["x"] * len(header)))
    assert "no shipped template fits" in message
    assert "template new --from" in message
    named = [name for name in shipped_templates() if f"\n  {name}: " in message]
    assert len(named) <= 2


def test_advice_names_the_one_thing_that_the_nearest_templates_lack(tmp_path: Path) -> None:
    header = ("Supplier", "Transaction Number", "Date", "Amount")
    message = refusal(ledger(tmp_path, header, ["A", "1", "31/05/2025", "10.00"]))
    assert "\n  uk-spend: only its own files have 'Departmental Family'" in message
    xero = ("ContactName", "InvoiceNumber", "InvoiceDate", "Quantity", "UnitAmount", "TaxType")
    message = refusal(ledger(tmp_path, xero, ["A", "1", "31/05/2025", "1", "5", "T"]))
    assert "\n  xero-bills: has no column 'AccountCode'" in message


def test_advice_names_the_currency_that_contradicts_a_template(tmp_path: Path) -> None:
    header = ("Supplier", "Transaction Number", "Date", "Amount", "Currency")
    rows = (["A", "1", "31/05/2025", "10.00", "GBP"], ["B", "2", "31/05/2025", "10.00", "EUR"])
    message = refusal(ledger(tmp_path, header, *rows))
    assert "states the currency GBP, and row 3 has 'EUR' in the column 'Currency'" in message


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        ("Currency", ["GBP", "EUR"],
         "states the currency GBP, and row 3 has 'EUR' in the column 'Currency'"),
        ("Tax inclusive", ["", "No"],
         "states amounts with tax, and row 3 has 'No' in the column 'Tax inclusive'"),
        ("Invoice Date", ["03/04/2025", "05/13/2025"],
         "states dates as DD/MM/YYYY, and row 3 has '05/13/2025' in the column 'Invoice Date'"),
    ],
)  # fmt: skip
def test_a_constant_that_a_column_contradicts_refuses_the_template(
    tmp_path: Path, header: str, cells: Sequence[str], words: str
) -> None:
    rows = [["DfT", "DVSA", "01/03/2025", "A", str(i), "5.00", c] for i, c in enumerate(cells)]
    message = refusal(ledger(tmp_path, (*SPEND, header), *rows))
    assert f"\n  uk-spend: {words}" in message


def test_amounts_in_thousands_refuse_a_template(tmp_path: Path) -> None:
    row = ["DfT", "DVSA", "01/03/2025", "A", "1", "5.00"]
    path = csv_file(tmp_path / "l.csv", [["Amounts in £000"], list(SPEND), row])
    assert "takes amounts in full, and row 1 says 'Amounts in £000'" in refusal(path)


@pytest.mark.parametrize(
    ("header", "row", "still_open"),
    [
        (
            ("Vendor", "Invoice No", "Date", "Amount"),
            ["A", "1", "03/04/2025", "$10.00"],
            "its currency, whether amounts include tax and whether its dates have the day or the"
            " month first",
        ),
        (("Vendor", "Invoice No", "Date", "Amount"), ["A", "1", "2025-04-13", "€10.00"],
         "whether amounts include tax"),
        (("Vendor", "Invoice No", "Date", "Gross"), ["A", "F-20251", "13/04/2025", "10.00"],
         "its currency"),
        (("Vendor", "Invoice No", "Date", "Net EUR", "VAT"), ["A", "1", "13/04/2025", "10", "2"],
         ""),
    ],
)  # fmt: skip
def test_advice_says_what_the_file_leaves_open(
    tmp_path: Path, header: Sequence[str], row: Sequence[str], still_open: str
) -> None:
    message = refusal(ledger(tmp_path, header, row))
    assert (f"The file does not state {still_open}: a template must." in message) == bool(
        still_open
    )
    assert ("does not state" in message) == bool(still_open)


def test_a_canonical_sheet_that_lacks_a_column_is_still_one(tmp_path: Path) -> None:
    lacking = {k: v for k, v in bill().items() if k != "currency"}
    path = csv_file(tmp_path / "l.csv", grid([lacking]))
    assert recognise(read_file(path)).template.template == "light"
    names = {"vendor": "A Ltd", "invoiceNumber": "1", "issuedDate": "2025-03-01",
             "currency": "GBP", "amount": "100"}  # fmt: skip
    sheets = {"Bills": grid([names]), "Line items": grid([line()])}
    assert recognise(read_file(book(tmp_path / "b.xlsx", sheets))).template.template == "light"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            "Supplier,Vendor,Vendor Name,Payee,Date,Invoice Date,Payment Date,Number,Invoice No,"
            "Reference,Document No,Amount,Net,VAT,Gross,Total,Description,Account,Currency,Status,"
            "Type,Due Date,Cost Centre,Entity,Memo,Tax Code,Quantity,Price".split(",")
        ),
        min_size=2,
        max_size=10,
        unique=True,
    )
)
def test_common_headers_alone_are_never_recognised(tmp_path: Path, headers: list[str]) -> None:
    refusal(ledger(tmp_path, headers, ["1"] * len(headers)))


def test_a_recognised_template_that_most_bills_contradict_is_doubted(tmp_path: Path) -> None:
    header = ("ContactName", "InvoiceNumber", "InvoiceDate", "Quantity", "UnitAmount",
              "AccountCode", "Currency")  # fmt: skip
    rows = [["A", "1", "soon", "1", "5", "7", "GBP"], ["A", "2", "later", "1", "5", "7", "GBP"],
            ["A", "3", "2025-03-01", "1", "5", "7", "GBP"]]  # fmt: skip
    path = str(ledger(tmp_path, header, *rows))
    notes = check_files(CheckRequest((path,))).checked.mapped.notes
    assert any("xero-bills was recognised by its headers, and 2 of 3 bills" in n for n in notes)
    assert any("The nearest other templates: " in n for n in notes)
    stated = check_files(CheckRequest((path,), template="xero-bills")).checked.mapped.notes
    assert not any("recognised" in n for n in stated)
    good = str(ledger(tmp_path, header, *rows[2:]))
    assert not any(
        "recognised" in n for n in check_files(CheckRequest((good,))).checked.mapped.notes
    )


def test_marks_of_a_template_are_columns_it_could_not_have_by_chance() -> None:
    marks = {
        path.stem: load_template(path).template.recognised_by
        for path in shipped_templates().values()
    }
    assert {name for name, of in marks.items() if of} == {"light", "light-money", "uk-spend"}
