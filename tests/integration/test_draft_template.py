"""Drafts of templates: what a file proves is written, every guess is a TODO with its rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import TemplateProblem
from importer.mapping.map_tables import map_tables
from importer.mapping.template_loader import load_template
from importer.model.tables import SourceTable
from importer.readers import read_file
from importer.scaffold.draft_template import draft_of
from importer.validation.checked_bills import Checked
from importer.validation.validate import check

Rows = Sequence[Sequence[object]]
HEAD = ("Supplier", "Invoice No", "Date", "Currency")


def written(folder: Path, rows: Rows) -> Path:
    path = folder / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def book(folder: Path, sheets: dict[str, Rows]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    workbook.save(folder / "export.xlsx")
    return folder / "export.xlsx"


def drafted(path: Path) -> str:
    return draft_of(read_file(path), "mine").text()


def todos(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("# TODO: ")]


def checked(path: Path, text: str, *answers: tuple[str, str]) -> Checked:
    """The export checked by its draft, once its TODOs are answered."""
    for todo, answer in answers:
        assert todo in text
        text = text.replace(todo, answer)
    template = path.with_suffix(".yaml")
    template.write_text(text, encoding="utf-8")
    return check(map_tables(read_file(path), load_template(template).template))


def amounts(result: Checked) -> list[tuple[str, int]]:
    return [(bill.vendor or "", bill.amount) for bill in result.valid_bills()]


INCLUDED = ("lineItemsIncludeTax: {value: TODO}", "lineItemsIncludeTax: {value: true}")


# --- rows that belong together ----------------------------------------------------------------

REDACTED = (
    ("Supplier Name", "Payment Date", "Effective Date", "Transaction Number", "Gross Amount"),
    ("OPTIMUM", "2014-06-05", "2014-06-30", "101", "100.00"),
    ("THE ESSEX GROUP", "2014-06-06", "2014-06-30", "102", "200.00"),
    ("", "2014-04-15", "2014-06-30", "", "50000.00"),
    ("", "2014-04-15", "2014-06-30", "", "7000.00"),
    ("OPTIMUM", "2014-06-09", "2014-06-30", "103", "300.00"),
)


def test_rows_without_a_vendor_but_with_a_date_of_their_own_speak_against_fill_down(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, REDACTED)
    text = drafted(path)
    [question] = [line for line in todos(text) if "fill_down" in line]
    assert "rows 4 and 5" in question
    assert "Against it: a date or another cell of a bill in rows 4 and 5" in question
    assert "\n  # fill_down: [Supplier Name, Transaction Number]\n" in text
    result = checked(
        path, text, ("# issuedDate: {column: TODO}", "issuedDate: {column: Payment Date}"),
        ("# currency: {value: TODO}", "currency: {value: GBP}"),
    )  # fmt: skip
    assert amounts(result) == [("OPTIMUM", 10000), ("THE ESSEX GROUP", 20000), ("OPTIMUM", 30000)]


CONTINUED = (
    (*HEAD, "Text", "Gross"),
    ("Acme", "1", "2025-04-03", "GBP", "pens", "1.50"),
    ("", "", "", "", "ink", "2.00"),
    ("Bolt", "2", "2025-04-04", "GBP", "nuts", "4.00"),
)


def test_rows_with_nothing_but_a_lines_cells_speak_for_fill_down(tmp_path: Path) -> None:
    path = written(tmp_path, CONTINUED)
    text = drafted(path)
    [question] = [line for line in todos(text) if "fill_down" in line]
    assert "For fill_down: nothing but a line's cells in row 3" in question
    assert "Against" not in question
    # without an answer it is no template, so that no bill is loaded without its further lines
    with pytest.raises(TemplateProblem, match="fill_down"):
        checked(path, text)
    answer = ("fill_down: TODO", "fill_down: [Supplier, Invoice No]")
    assert amounts(checked(path, text, answer)) == [("Acme", 350), ("Bolt", 400)]


def test_fill_down_is_written_where_the_totals_of_the_bills_prove_it(tmp_path: Path) -> None:
    totals = ("Invoice Total", "3.50", "", "4.00")
    rows = [(*row, total) for row, total in zip(CONTINUED, totals, strict=True)]
    path = written(tmp_path, rows)
    text = drafted(path)
    assert "\n  fill_down: [Supplier, Invoice No]  # " in text
    assert "in all 2 bills the sum of 'Gross' is 'Invoice Total'" in text
    assert amounts(checked(path, text)) == [("Acme", 350), ("Bolt", 400)]


def test_grouping_without_clashes_wins_over_one_with_hundreds(tmp_path: Path) -> None:
    rows = [("Supplier", "Ref", "Document ID", "Date", "Gross")]
    for i in range(90):
        rows.append(
            ("Acme", f"{i // 2 % 3}", f"D{i // 2}", f"2025-04-{i // 2 % 28 + 1:02}", "1.50")
        )
    text = drafted(written(tmp_path, rows))
    assert "group_by: [Supplier, Document ID]  # 90 rows are 45 bills" in text
    assert "# by 'Supplier' + 'Ref': 3 bills, 3 of them doubtful" in text


def test_clashing_bills_are_counted_with_their_first_rows(tmp_path: Path) -> None:
    text = drafted(
        written(
            tmp_path, ((*HEAD, "Gross"), ("Acme", "1", "2025-04-03", "GBP", "1.50"),
            ("Acme", "1", "2025-04-04", "GBP", "1.50"), ("Acme", "2", "2025-04-04", "GBP", "1.5")),
        )
    )  # fmt: skip
    assert (
        "1 of the bills has rows that disagree in 'Date' (first: rows 2 and 3 have '2025-04-03' and"
        " '2025-04-04')" in text
    )


# --- amounts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "field"),
    [("amt", "amount"), ("Invoice Net Amt", "netAmount"), ("INV_GROSS_AMT", "amount"),
     ("Sum of money", "amount"), ("Wert 1", "amount")],
)  # fmt: skip
def test_amounts_are_recognised_by_short_words_or_as_the_only_numbers(
    header: str, field: str, tmp_path: Path
) -> None:
    rows = [(*HEAD, header), *(("Acme", f"A{i}", "2025-04-03", "GBP", f"{i}.50") for i in (7, 9))]
    text = drafted(written(tmp_path, rows))
    assert f"\n  {field}: {{column: {header}}}" in text
    guessed = f"'{header}' is taken for the line's amount: it is the only column of numbers" in text
    assert guessed == (header in ("Sum of money", "Wert 1"))


def test_columns_with_names_of_no_meaning_are_proven_by_their_sums(tmp_path: Path) -> None:
    rows = [(*HEAD, "A1", "A2", "A3")]
    for i in range(1, 6):
        rows += [("Acme", f"N{i}", "2025-04-03", "GBP", f"{i}.10", "0.37", f"{2 * i}.94")] * 2
    path = written(tmp_path, rows)
    text = drafted(path)
    assert "in all 5 bills the sum of 'A1' + 'A2' is 'A3'" in text
    assert "amount: {column: A3}" in text
    assert "lineItemsIncludeTax: {value: false}" in text
    assert "netAmount: {column: A1}" in text
    assert "taxAmount: {column: A2}" in text


@pytest.mark.parametrize(
    "header",
    ["Net (£000)", "Net £000s", "Net £'000", "Net (£k)", "Netto TEUR", "Net in thousands",
     "Net (k€)", "Net £m", "Netto Mio. EUR"],
)  # fmt: skip
def test_amounts_in_thousands_are_a_todo(header: str, tmp_path: Path) -> None:
    text = drafted(
        written(tmp_path, ((*HEAD, header), ("Acme", "1", "2025-04-03", "GBP", "10.50")))
    )
    assert "\n  amounts: TODO\n" in text
    assert [line for line in todos(text) if "thousands or millions" in line]


@pytest.mark.parametrize(
    ("head", "rows", "todo"),
    [
        ("Vendor,Bilagsnr,Date,Amount", ["Acme,2001,2025-05-31,10.00"], "'Bilagsnr' is taken for"),
        ("Vendor,Invoice No,Date,Amount", ["Acme,2001,2025-05-31,10.00"], ""),
        (
            "Belegnummer,Datum,Sollkonto,Habenkonto,Betrag",
            ["R1,2025-05-31,4930,70001,119.00", "R2,2025-05-31,4600,70002,9.00"],
            "no field reads 'Sollkonto'",
        ),
        ("Vendor,Invoice No,Date,Currency Code,Amount", ["Acme,1,2025-05-31,,1.00"],
         "'Currency Code' is blank in all rows"),
    ],
)  # fmt: skip
def test_what_a_column_may_mean_besides_is_a_todo(
    head: str, rows: list[str], todo: str, tmp_path: Path
) -> None:
    text = drafted(written(tmp_path, [line.split(",") for line in (head, *rows)]))
    found = [line for line in todos(text) if todo and todo in line]
    assert len(found) == (1 if todo else 0)
    assert "no column, sign or title states it" not in text or "Currency Code" not in head
    assert bool(todo) or not any("Invoice No" in line for line in todos(text))


def test_payments_are_no_reason_against_the_bills_of_a_draft(tmp_path: Path) -> None:
    rows = [
        "Vendor,Invoice No,Date,Type,Amount,Remaining Amount",
        "Acme,A1,2025-05-31,Invoice,10.00,10.00",
        "Acme,A2,2025-05-31,Invoice,20.00,20.00",
        "Acme,,2025-05-31,Payment,5.00,0.00",
    ]
    text = "\n".join(todos(drafted(written(tmp_path, [line.split(",") for line in rows]))))
    assert "left out (row 4)" in text
    assert "is blank in" not in text
    assert "differs from" not in text


@pytest.mark.parametrize(("unit", "todo"), [("£000", True), ("GBP", False)])
@pytest.mark.parametrize("day", ["", "yyyy-mm-dd"])
def test_a_row_of_units_is_no_bill_of_the_draft(
    unit: str, todo: bool, day: str, tmp_path: Path
) -> None:
    rows = [["Supplier", "Number", "Date", "Net"], ["", "", day, unit]]
    rows += [["Acme", f"A{i}", "2025-05-31", f"{i}0.00"] for i in range(1, 4)]
    text = drafted(written(tmp_path, rows))
    assert ("thousands or millions" in text) == todo
    assert "currency: {value: GBP}  # the header says so" in text
    assert "3 rows are 3 bills" in text
    assert "fill_down" not in text


@pytest.mark.parametrize(
    ("title", "in_thousands"),
    [("Amounts in thousands of pounds", True), ("All figures (£000)", True),
     ("Payments over £25,000", False), ("Spend over £500 in 2000", False),
     ("Over £1 million", False)],
)  # fmt: skip
def test_title_may_say_that_amounts_are_thousands(
    title: str, in_thousands: bool, tmp_path: Path
) -> None:
    rows = ((title,), (*HEAD, "Gross"), ("Acme", "1", "2025-04-03", "GBP", "10.50"))
    assert ("amounts: TODO" in drafted(written(tmp_path, rows))) == in_thousands


@pytest.mark.parametrize(
    ("titles", "header", "basis"),
    [
        ((), "Amount", None),
        ((), "Value", None),
        ((), "Amount incl. VAT", True),
        ((), "Amount (ex VAT)", False),
        ((), "Betrag netto", False),
        ((), "Montant TTC", True),
        (("All amounts exclude VAT",), "Amount", None),
        (("Amounts excluding VAT",), "Amount", False),
        (("Amounts inc VAT",), "Amount", True),
        (("Internet spend",), "Amount", None),
    ],
)
def test_tax_basis_is_a_todo_unless_a_column_or_title_says_it(
    titles: Sequence[str], header: str, basis: bool | None, tmp_path: Path
) -> None:
    rows = [(title,) for title in titles]
    rows += [(*HEAD, header), ("Acme", "1", "2025-04-03", "GBP", "10.50")]  # type: ignore[list-item]
    text = drafted(written(tmp_path, rows))
    value = "TODO" if basis is None else str(basis).lower()
    assert f"lineItemsIncludeTax: {{value: {value}}}" in text
    assert ("nothing says whether" in text) == (basis is None)


@pytest.mark.parametrize(("within", "basis"), [(False, "false"), (True, "true")])
def test_rate_of_the_tax_shows_the_basis(within: bool, basis: str, tmp_path: Path) -> None:
    rows = [(*HEAD, "Amount", "VAT", "Code")]
    for i, rate in enumerate((5, 20, 5, 20), start=1):
        net = 1000 * i
        amount = net * (100 + rate) // 100 if within else net
        rows.append(("Acme", f"N{i}", "2025-04-03", "GBP", f"{amount}.00",
                     f"{net * rate // 100}.00", "S"))  # fmt: skip
    assert f"lineItemsIncludeTax: {{value: {basis}}}" in drafted(written(tmp_path, rows))


@pytest.mark.parametrize(
    ("title", "header", "cell", "currency"),
    [
        ("", "Gross", "£10.50", "GBP"),
        ("", "Gross", "10.50 €", "EUR"),
        ("", "Gross (GBP)", "10.50", "GBP"),
        ("", "Gross £", "10.50", "GBP"),
        ("Amounts in EUR", "Gross", "10.50", "EUR"),
        ("Spend in euros", "Gross", "10.50", "EUR"),
        ("Ledger (DKK)", "Gross", "10.50", "DKK"),
        ("", "Gross", "$10.50", "TODO"),
        ("", "Gross", "10.50 kr", "TODO"),
        ("THE END OF ALL", "Gross", "10.50", "TODO"),
    ],
)
def test_currency_is_told_by_sign_title_or_header(
    title: str, header: str, cell: str, currency: str, tmp_path: Path
) -> None:
    rows = [(title,)] if title else []
    rows += [(*HEAD[:3], header), ("Acme", "1", "2025-04-03", cell)]  # type: ignore[list-item]
    text = drafted(written(tmp_path, rows))
    assert f"currency: {{value: {currency}}}" in text
    assert ("currency was not recognised" in text) == (currency == "TODO")


def test_blank_currencies_get_a_default_to_be_checked(tmp_path: Path) -> None:
    rows = [(*HEAD, "Gross"), ("Acme", "1", "2025-04-03", "EUR", "1.50"),
            ("Bolt", "2", "2025-04-03", "", "2.50")]  # fmt: skip
    text = drafted(written(tmp_path, rows))
    assert "currency: {column: Currency, default: EUR}" in text
    assert [line for line in todos(text) if "'Currency' is blank in row 3" in line]
    rows.append(("Cole", "3", "2025-04-03", "USD", "2.50"))
    assert "currency: {column: Currency, default: TODO}" in drafted(written(tmp_path, rows))


def test_part_paid_bills_are_asked_about(tmp_path: Path) -> None:
    rows = ((*HEAD, "Gross", "Open balance"),
            ("Acme", "1", "2025-04-03", "GBP", "340.50", "140.50"),
            ("Bolt", "2", "2025-04-03", "GBP", "2.50", "2.50"))  # fmt: skip
    text = drafted(written(tmp_path, rows))
    assert "'Open balance' differs from 'Gross' in row 2 (first: 140.50 of 340.50)" in text


# --- cells that do not suit -------------------------------------------------------------------


@given(
    st.integers(0, 19),
    st.sampled_from(["n/a", "see note", "31/02/2025", "TBC"]),
    st.sampled_from(["Date", "Currency", "Gross"]),
)
@settings(max_examples=25, deadline=None)
def test_one_odd_cell_does_not_make_a_column_unknown(row: int, odd: str, header: str) -> None:
    headers = [*HEAD, "Gross"]
    rows = [["Acme", f"N{i}", f"2025-04-{i + 1:02}", "GBP", f"{i}.50"] for i in range(20)]
    rows[row][headers.index(header)] = odd
    columns = tuple(zip(headers, *rows, strict=True))
    text = draft_of([SourceTable("export.csv", None, columns, range(1, 22))], "mine").text()
    field = {"Date": "issuedDate", "Currency": "currency", "Gross": "amount"}[header]
    assert f"\n  {field}: {{column: {header}}}" in text
    question = f"'{header}' is called that, but row {row + 2} has '{odd}', which is no"
    assert [line for line in todos(text) if question in line]


def test_dates_without_a_name_are_offered(tmp_path: Path) -> None:
    text = drafted(written(tmp_path, REDACTED))
    [question] = [line for line in todos(text) if "issuedDate was not recognised" in line]
    assert "'Payment Date' e.g. '2014-06-05'" in question
    assert "'Effective Date' e.g. '2014-06-30'" in question


# --- sheets -----------------------------------------------------------------------------------


def ledger(*months: int) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [(*HEAD, "Gross")]
    rows += [
        ("Acme", f"N{m}-{i}", date(2025, m, i), "GBP", i + 0.5) for m in months for i in (1, 2)
    ]
    return rows


def test_sheets_with_equal_headers_are_all_read(tmp_path: Path) -> None:
    summary = [("Month", "Sum"), ("Jan", 4.0), ("Feb", 4.0), ("Mar", 4.0), ("Apr", 1.0)]
    path = book(
        tmp_path, {"Summary": summary, "Jan": ledger(1), "Feb": ledger(2), "Mar": ledger(3)}
    )
    text = drafted(path)
    assert "all are read: Jan, Feb, Mar. not read: 'Summary' (5 rows)" in text
    assert "\n  sheet:" not in text
    assert "6 rows are 6 bills" in text
    assert sum(amount for _, amount in amounts(checked(path, text))) == 3 * (150 + 250)


def test_largest_ledger_sheet_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    wide = [("Supplier", "Invoice No", "Date", "Currency", "Gross", "Account", "Tax Code"),
            ("Acme", "1", date(2025, 1, 1), "GBP", 1.0, "100", "S")]  # fmt: skip
    notes = [("Read me", ""), ("This is", "a note"), *[("more", "text")] * 40]
    path = book(tmp_path, {"Sample": wide, "Notes": notes, "Ledger": ledger(1, 2, 3)})
    text = drafted(path)
    assert "sheet: Ledger  # the largest ledger; not read: 'Sample' (2 rows), 'Notes'" in text
    assert len(amounts(checked(path, text))) == 6


# --- reports ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "label", ["Total for {}", "Total {}", "{} Total", "Summe {}", "Subtotal: {}"]
)
def test_report_in_groups_is_drafted_as_groups(label: str, tmp_path: Path) -> None:
    rows = (
        ("Vendor balance detail",), ("", "Date", "Num", "Amount incl VAT"),
        ("Acme",), ("", "2025-03-14", "A1", "£10.50"), ("", "2025-03-15", "A2", "£1.50"),
        (label.format("Acme"), "", "", "£12.00"),
        ("Bolt & Co",), ("", "2025-03-15", "B1", "£5.25"),
        (label.format("Bolt & Co"), "", "", "£5.25"),
        ("TOTAL", "", "", "£17.25"), ("Friday, 5 June 2026, accrual basis",),
    )  # fmt: skip
    path = written(tmp_path, rows)
    text = drafted(path)
    assert not todos(text), text
    assert 'groups: {column: "$A", name: Vendor' in text
    result = checked(path, text)
    assert result.clean
    assert amounts(result) == [("Acme", 1050), ("Acme", 150), ("Bolt & Co", 525)]


def test_report_in_groups_without_totals_is_drafted_as_groups(tmp_path: Path) -> None:
    rows = (
        ("", "Date", "Num", "Amount incl VAT"), ("Acme",), ("", "2025-03-14", "A1", "£10.50"),
        ("Bolt",), ("", "2025-03-15", "B1", "£5.25"), ("", "2025-03-16", "B2", "£5.25"),
    )  # fmt: skip
    path = written(tmp_path, rows)
    text = drafted(path)
    assert [line for line in todos(text) if "the names of the groups ('Acme', 'Bolt')" in line]
    assert amounts(checked(path, text)) == [("Acme", 1050), ("Bolt", 525), ("Bolt", 525)]


def test_notes_below_the_total_are_passed_over(tmp_path: Path) -> None:
    rows = ((*HEAD, "Gross"), ("Acme", "1", "2025-04-03", "GBP", "1.50"),
            ("Bolt", "2", "2025-04-03", "GBP", "2.50"), ("Total", "", "", "", "4.00"),
            ("© Crown copyright 2025",))  # fmt: skip
    path = written(tmp_path, rows)
    text = drafted(path)
    assert 'ignore_rows: [{column: Supplier, equals: "© Crown copyright 2025"}]' in text
    assert "control_total: {amount: Gross, where: {column: Supplier, equals: Total}}" in text
    result = checked(path, text)
    assert result.clean
    assert result.controls == {"GBP": 400}


# --- what a row is ----------------------------------------------------------------------------


def kinds_of(folder: Path, header: str, *values: str) -> tuple[Path, str]:
    rows = [(*HEAD, header, "Gross")]
    rows += [("Acme", f"N{i}", "2025-04-03", "GBP", v, f"{i}.50") for i, v in enumerate(values)]
    path = written(folder, rows)
    return path, drafted(path)


def test_types_that_are_known_are_mapped_and_the_others_are_named(tmp_path: Path) -> None:
    path, text = kinds_of(
        tmp_path, "Document Type", "Invoice", "Invoice", "Credit Note", "Payment", "Zebra"
    )
    assert (
        "type: {column: Document Type, map: {Invoice: bill, Credit Note: credit note},"
        " pass_over: [Payment]}" in text
    )
    assert [line for line in todos(text) if "'Payment' are taken for no bills" in line]
    assert [
        line
        for line in todos(text)
        if "the meaning of 'Zebra' in 'Document Type' is unclear" in line
    ]
    result = checked(path, text)  # the unknown one is an error, and is no bill
    assert amounts(result) == [("Acme", 50), ("Acme", 150), ("Acme", -250)]  # a credit note


def test_states_of_bills_that_are_owed_are_taken(tmp_path: Path) -> None:
    path, text = kinds_of(tmp_path, "Status", "Open", "Paid", "Void", "Draft")
    assert "state: {column: Status, take: [Open, Paid], pass_over: [Void, Draft]}" in text
    assert amounts(checked(path, text)) == [("Acme", 50), ("Acme", 150)]


@pytest.mark.parametrize(
    ("header", "value"), [("Status", "draft"), ("Type", "X"), ("Open", "Yes"), ("Reversed", "No")]
)
def test_kinds_that_say_nothing_are_asked_about(header: str, value: str, tmp_path: Path) -> None:
    path, text = kinds_of(tmp_path, header, value, value)
    assert [line for line in todos(text) if f"'{header}' has '{value}'" in line]
    assert len(amounts(checked(path, text))) == 2


def test_amounts_below_zero_are_turned_round_as_a_question(tmp_path: Path) -> None:
    rows = [(*HEAD, "Gross")]
    rows += [("Acme", f"N{i}", "2025-04-03", "GBP", f"-{i}.50") for i in range(1, 4)]
    path = written(tmp_path, rows)
    text = drafted(path)
    assert "amount: {column: Gross, negate: true}" in text
    assert [line for line in todos(text) if "'Gross' is below zero in 3 of 3 rows" in line]
    assert [amount for _, amount in amounts(checked(path, text))] == [150, 250, 350]


def test_side_of_most_rows_is_the_side_of_the_bills(tmp_path: Path) -> None:
    rows = [("Kreditor", "Rechnungsnr", "Datum", "Währung", "Umsatz", "S/H")]
    rows += [("Acme", f"N{i}", "2025-04-03", "EUR", f"{i}.50", "SHH"[i - 1]) for i in (1, 2, 3)]
    path = written(tmp_path, rows)
    text = drafted(path)
    assert "sign_from: {column: S/H, positive: [H], negative: [S]}" in text
    assert [line for line in todos(text) if "H, as in 2 of 3 rows, is taken to add" in line]
    assert [amount for _, amount in amounts(checked(path, text, INCLUDED))] == [250, 350]


def test_norwegian_ledger_is_drafted_like_a_danish_one(tmp_path: Path) -> None:
    head = ("Leverandørnavn", "Fakturanr", "Fakturadato", "Valuta")
    for amount, tax in (("Beløp", "MVA"), ("Beløb", "Moms")):
        rows = [(*head, amount, tax)]
        rows += [("Ås", f"{i}", "2025-04-03", "NOK", f"{i}25,00", f"{i}5,00") for i in (1, 2, 4)]
        text = drafted(written(tmp_path, rows))
        assert f'amount: {{column: "{amount}"}}' in text


def test_columns_of_zeros_prove_no_sums(tmp_path: Path) -> None:
    rows = [(*HEAD, "Duty", "Levy", "Worth")]
    rows += [("Acme", f"N{i}", "2025-04-03", "GBP", "0.00", "0.00", f"{i}.50") for i in (1, 2)]
    text = drafted(written(tmp_path, rows))
    assert "is 'Levy'" not in text
    assert "is 'Duty'" not in text


@pytest.mark.parametrize(
    ("header", "remedy"),
    [("Freight", "extra_lines"), ("Rounding", "extra_lines"), ("Discount amount", "taken off"),
     ("Sales tax", "taxAmount")],
)  # fmt: skip
def test_money_that_no_field_reads_is_asked_about(header: str, remedy: str, tmp_path: Path) -> None:
    rows = [(*HEAD, "Gross", "Region", header)]
    rows += [("Acme", f"N{i}", "2025-04-03", "GBP", f"{i}.50", "N", f"{i % 2}.25") for i in (1, 2)]
    text = drafted(written(tmp_path, rows))
    told = [line for line in todos(text) if f"'{header}'" in line]
    assert told, text
    if header != "Sales tax":  # which the draft maps, and asks for its code
        assert remedy in told[0]
        assert "in rows 2 and 3 (first: 1.25)" in told[0]


# --- any ledger -------------------------------------------------------------------------------

NAMES = ["Acme Ltd", "Bolt & Co", "Total Gas & Power", "Cole GmbH", "D'Arcy, Inc", "Éclair SARL"]
HEADERS = {
    "vendor": ["Supplier", "Vendor Name", "Payee", "Lieferant", "Fournisseur", "SUPPLIER_NAME"],
    "number": ["Invoice No", "Bill #", "Num", "Rechnungsnummer", "N° facture", "Reference"],
    "date": ["Date", "Invoice Date", "Rechnungsdatum", "Date facture", "Transaction date"],
    "text": ["Description", "Memo", "Buchungstext", "Details"],
    "gross": ["Gross amount", "Amount", "amt", "Betrag", "Line total", "Montant TTC", "Worth"],
    "total": ["Invoice Total", "Bill total", "Gesamtbetrag", "Total"],
}
Truth = list[tuple[str, str, list[int]]]


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[Truth, list[list[str]]]:
    """Bills (vendor, number, cents of each line), and a sheet that shows them."""
    cents = st.integers(1, 10**7)
    truth: Truth = [
        (
            draw(st.sampled_from(NAMES)),
            f"A-{100 + i}",
            draw(st.lists(cents, min_size=1, max_size=3)),
        )
        for i in range(draw(st.integers(2, 7)))
    ]
    layout = draw(st.sampled_from(["repeated", "continued", "groups"]))
    grouped = layout == "groups"
    has_total = draw(st.booleans()) and not grouped
    if grouped:  # a row a bill
        truth = [(vendor, number, lines[:1]) for vendor, number, lines in truth]
        truth.sort(key=lambda bill: bill[0])
    names = {field: draw(st.sampled_from(some)) for field, some in HEADERS.items()}
    order = draw(st.permutations(["vendor", "number", "date", "text", "gross"]))
    order = [*(["total"] if has_total else []), *order]
    sign = draw(st.sampled_from(["", "£"]))

    def money(amount: int) -> str:
        return f"{sign}{amount / 100:,.2f}"

    columns = [field for field in order if not (grouped and field == "vendor")]
    rows = [["" if grouped else None, *(names[field] for field in columns)]]
    group = ""
    for i, (vendor, number, lines) in enumerate(truth):
        if grouped and vendor != group:
            rows.append([vendor, *[""] * len(columns)])
            group = vendor
        for k, amount in enumerate(lines):
            head = {
                "vendor": vendor, "number": number, "date": f"2025-03-{i + 10}",
                "total": money(sum(lines)),
            }  # fmt: skip
            if k and layout == "continued":
                head = {}
            row = {**head, "text": f"thing {i}", "gross": money(amount)}
            rows.append(["", *(row.get(field, "") for field in columns)])
        last = i + 1 == len(truth) or truth[i + 1][0] != vendor
        if grouped and last:
            whole = sum(sum(lines) for name, _, lines in truth if name == vendor)
            shown = {"gross": money(whole)}
            rows.append([f"Total for {vendor}", *(shown.get(field, "") for field in columns)])
    if draw(st.booleans()):
        rows.insert(0, ["A title", *[""] * len(columns)])
    cells = [[str(cell or "") for cell in row] for row in rows]
    return truth, cells if grouped else [row[1:] for row in cells]


def answered(text: str) -> str:
    """The draft with the answers of somebody who knows the ledger."""
    text = re.sub(r"fill_down: TODO  # (\[.*?\]),.*", r"fill_down: \1", text)
    text = re.sub(r"# fill_down: (\[.*?\])", "", text)
    text = text.replace("# currency: {value: TODO}", "currency: {value: GBP}")
    return text.replace(*INCLUDED)


@given(ledgers())
@settings(max_examples=15, deadline=None)
def test_answered_draft_reads_the_bills_of_any_ledger_or_refuses_them(
    made: tuple[Truth, list[list[str]]],
) -> None:
    truth, rows = made
    columns = tuple(zip(*rows, strict=True))
    source = SourceTable("export.csv", None, columns, range(1, len(rows) + 1))
    text = answered(draft_of([source], "mine").text())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        result = check(map_tables([source], load_template(path).template))
    read = sorted((b.vendor, b.invoice_number, b.amount) for b in result.valid_bills())
    bills = sorted((vendor, number, sum(lines)) for vendor, number, lines in truth)
    assert set(read) <= set(bills), text  # never another amount or vendor
    assert read == bills or "is the same on all rows of each bill" in text, text


MERGED = (
    ("Supplier", "Invoice No", "Date", "Currency", "Net", "Tax amount", "Total"),
    ("Acme", "A1", "2025-05-31", "GBP", 10.5, 0, 15.75),
    (None, None, None, None, 5.25, 0, None),
    ("Beta", "B1", "2025-05-31", "GBP", 7.5, 0, 7.5),
    ("Beta", "B2", "2025-05-31", "GBP", 1.5, 0, 4.75),
    (None, None, None, None, 3.25, 0, None),
)


@pytest.mark.parametrize("columns", ["ABCDG", "ABCG", "AB"])
@pytest.mark.parametrize("title", [False, True])
def test_merged_cells_need_no_fill_down(columns: str, title: bool, tmp_path: Path) -> None:
    rows = (("Bills of May",), *MERGED) if title else MERGED
    path = book(tmp_path, {"Bills": rows})
    workbook = openpyxl.load_workbook(path)
    first = 3 if title else 2
    for column in columns:
        for at in (first, first + 3):
            workbook["Bills"].merge_cells(f"{column}{at}:{column}{at + 1}")
    workbook.save(path)
    text = drafted(path)
    assert "fill_down" not in text
    expected = [("Acme", 1575), ("Beta", 750), ("Beta", 475)]
    assert amounts(checked(path, text)) == expected


def test_rowspans_of_a_web_page_need_no_fill_down(tmp_path: Path) -> None:
    of_bills = "".join(
        f"<tr><td rowspan=2>Acme</td><td rowspan=2>A{k}</td><td rowspan=2>2025-05-31</td>"
        f"<td rowspan=2>GBP</td><td>{k}.50</td><td>x</td></tr><tr><td>2.25</td><td>y</td></tr>"
        for k in range(1, 5)
    )
    header = "".join(f"<th>{name}</th>" for name in (*HEAD, "Net", "Description"))
    path = tmp_path / "export.html"
    path.write_text(f"<table><tr>{header}</tr>{of_bills}</table>", encoding="utf-8")
    text = drafted(path)
    assert "fill_down" not in text
    assert "8 rows are 4 bills" in text


def test_merged_cells_of_several_sheets_are_those_of_each(tmp_path: Path) -> None:
    path = book(tmp_path, {"May": MERGED, "June": [MERGED[0], *MERGED[3:], *MERGED[1:3]]})
    workbook = openpyxl.load_workbook(path)
    for sheet, at in (("May", 2), ("May", 5), ("June", 3), ("June", 5)):
        for column in "ABCDG":
            workbook[sheet].merge_cells(f"{column}{at}:{column}{at + 1}")
    workbook.save(path)
    text = drafted(path)
    assert "fill_down" not in text
    assert "10 rows are 6 bills" in text


@pytest.mark.parametrize(
    ("header", "rates", "asked"),
    [
        ("Exchange Rate", ["", "1.1725", "1"], "row 3 (first: 1.1725)"),
        ("Wechselkurs", ["1,0000", "1,17", "1,18"], "rows 3 and 4 (first: 1,17)"),
        ("FX rate", ["1", "1.0000", ""], ""),
    ],
)
def test_a_rate_without_a_currency_is_asked_about(
    header: str, rates: Sequence[str], asked: str, tmp_path: Path
) -> None:
    head = ("Supplier", "Invoice No", "Date", "Gross (GBP)", header)
    rows = [("Acme", f"A{i}", "2025-05-31", f"{i}0.50", rate) for i, rate in enumerate(rates, 1)]
    found = [todo for todo in todos(drafted(written(tmp_path, (head, *rows)))) if header in todo]
    assert len(found) == bool(asked)
    assert all(asked in todo for todo in found)
    head = ("Supplier", "Invoice No", "Date", "Gross", "Currency", header)
    rows = [(*row[:4], "EUR", row[4]) for row in rows]
    assert [t for t in todos(drafted(written(tmp_path, (head, *rows)))) if header in t] == []


# --- what says that rows are no bills ---------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("INVOICE_TYPE_LOOKUP_CODE", ("STANDARD", "CREDIT", "PREPAYMENT")),
        ("Ty", ("KR", "KG", "KZ")),
        ("Makulerad", ("Nej", "Ja", "Nej")),
        ("Reversed with", ("", "1900004711", "")),
        ("Payment block", ("", "A", "")),
        ("Clearing doc.", ("", "2000000044", "")),
        ("Approval Status", ("Approved", "Denied", "Approved")),
    ],
)
def test_a_column_that_separates_bills_from_others_is_a_question(
    tmp_path: Path, header: str, values: tuple[str, ...]
) -> None:
    rows = [(*HEAD, "Gross", header)]
    rows += [("A", f"N{i}", f"2025-03-1{i}", "GBP", f"1{i}.50", v) for i, v in enumerate(values)]
    question = f"# TODO: '{header}' has "
    assert [q for q in todos(drafted(written(tmp_path, rows))) if q.startswith(question)]
    usual = [(*row[:5], "12" if i else header) for i, row in enumerate(rows)]
    usual[0] = (*usual[0][:5], "Department")
    assert not [q for q in todos(drafted(written(tmp_path, usual))) if "Department" in q]


@pytest.mark.parametrize(
    ("header", "values"),
    [("Payment Date", ("", "2025-04-10", "")), ("Paid", ("No", "Yes", "")),
     ("Cleared on", ("", "2025-04-10", "2025-04-11"))],
)  # fmt: skip
def test_a_column_of_paid_bills_is_a_question_about_paying_them_again(
    tmp_path: Path, header: str, values: tuple[str, ...]
) -> None:
    rows = [(*HEAD, "Gross", header)]
    rows += [("A", f"N{i}", f"2025-03-1{i}", "GBP", f"1{i}.50", v) for i, v in enumerate(values)]
    (question,) = (q for q in todos(drafted(written(tmp_path, rows))) if f"'{header}'" in q)
    assert "as of bills that are paid: where these are not to be paid again" in question
    assert "(rows 3 and 4)" in question or "(row 3)" in question
    assert "no bills" not in question
    assert "void" not in question


def test_rows_with_cells_struck_through_are_a_question(tmp_path: Path) -> None:
    rows = [(*HEAD, "Gross"), *(("A", f"N{i}", f"2025-03-1{i}", "GBP", 12.5) for i in range(3))]
    path = book(tmp_path, {"L": rows})
    assert "struck" not in drafted(path)
    workbook = openpyxl.load_workbook(path)
    workbook.active["B3"].font = openpyxl.styles.Font(strike=True)
    workbook.save(path)
    (question,) = (q for q in todos(drafted(path)) if "struck" in q)
    assert "cells are struck through in row 3:" in question


OPEN_ITEMS = (
    "Konto",
    "Belegnummer",
    "Belegdatum",
    "Betrag in Hauswährung",
    "Hauswährung",
    "Referenz",
)
ITEM_LIST = ("Account", "Document Number", "Document Date", "Amount", "Currency", "Reference")


@pytest.mark.parametrize("header", [OPEN_ITEMS, ITEM_LIST])
def test_accounts_and_numbers_of_a_list_of_open_items_are_questions(
    header: Sequence[str], tmp_path: Path
) -> None:
    rows = [
        (f"7000{k % 3}", 1900000100 + k, f"{k + 1:02d}.03.2026", "120,50", "EUR", f"RE-{881 + k}")
        for k in range(12)
    ]
    text = drafted(written(tmp_path, [header, *rows]))
    vendor, number, account = (
        next(line for line in todos(text) if what in line)
        for what in ("vendor was", "for the invoice number", "account was")
    )
    assert f"'{header[0]}' (e.g. '70000', '70001', '70002') may be that" in vendor
    assert f"'{header[5]}' (e.g. 'RE-881', 'RE-882', 'RE-883')" in number
    assert f"'{header[0]}'" in account
    assert f"account: {{column: {header[0]}}}" not in text


@pytest.mark.parametrize("header", ["Sachkonto", "G/L account no"])
def test_ledger_accounts_and_numbers_of_invoices_are_no_questions(
    header: str, tmp_path: Path
) -> None:
    rows = [
        (f"Vendor {k % 3}", f"RE-{k}", f"{k + 1:02d}.03.2026", "120,50", "EUR", "4400", f"PO-{k}")
        for k in range(12)
    ]
    head = ("Vendor", "Invoice number", "Date", "Amount", "Currency", header, "Reference")
    text = drafted(written(tmp_path, [head, *rows]))
    assert "account: {column: " in text
    assert not [line for line in todos(text) if "invoice number" in line or "account was" in line]


def test_an_account_that_differs_within_a_bill_is_the_ledgers(tmp_path: Path) -> None:
    rows = [
        (f"{7000 + k}", 1900 + k // 2, f"{k // 2 + 1:02d}.03.2026", "120,50", "EUR")
        for k in range(12)
    ]
    text = drafted(written(tmp_path, [OPEN_ITEMS[:5], *rows]))
    assert "account: {column: Konto}" in text


def test_an_account_that_all_bills_have_is_no_vendor(tmp_path: Path) -> None:
    rows = [
        (
            "2000 Accounts Payable",
            f"F-{k}",
            f"{k + 1:02d}.03.2026",
            "120,50",
            "EUR",
            f"Name {k % 3}",
        )
        for k in range(12)
    ]
    head = ("Account", "Document Number", "Date", "Amount", "Currency", "Name")
    text = drafted(written(tmp_path, [head, *rows]))
    vendor = next(line for line in todos(text) if "vendor was" in line)
    assert "Payable" not in vendor
    assert "'Name'" in vendor
    assert any("account was" in line for line in todos(text))
