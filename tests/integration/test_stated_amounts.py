"""Discounts of products, and amounts that the file states beside those that are worked out."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import checked, codes, csv_file, finding_cells, template, valid

from importer.validation.checked_bills import Checked

MAPPING = """
template: mine
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: [Number]
bills:
  vendor: {value: Acme}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-05-31}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: %s
"""
PRODUCT = "{product: [Quantity, Price], percent_off: Discount, round: half_up}"
DIFFERS = "line_items.amount.stated_differs"


def read(folder: Path, rows: list[list[str]], net: str = PRODUCT) -> Checked:
    return checked([csv_file(folder / "l.csv", rows)], template(folder, MAPPING % net))


def amounts(of: Checked) -> list[int]:
    return [b.amount for b in of.valid_bills()]


def test_discount_in_percent_is_taken_off(tmp_path: Path) -> None:
    header = ["Number", "Quantity", "Price", "Discount"]
    off = ["25", "", "0", "12.5", "100"]
    rows = [[f"A{i}", "10", "10.00", percent] for i, percent in enumerate(off)]
    of = read(tmp_path, [header, *rows])
    assert amounts(of) == [7500, 10000, 10000, 8750]
    assert codes(of) == ["bills.amount.zero"]
    plain = read(tmp_path, [header[:3], *[row[:3] for row in rows]])
    assert amounts(plain) == [10000] * 5


@pytest.mark.parametrize(
    ("text", "code"), [("-5", "not_percent"), ("150", "not_percent"), ("some", "not_number")]
)
def test_discount_that_is_no_percentage_is_refused(tmp_path: Path, text: str, code: str) -> None:
    rows = [["Number", "Quantity", "Price", "Discount"], ["A1", "10", "10.00", text]]
    of = read(tmp_path, rows)
    assert finding_cells(of) == [(f"line_items.factor.{code}", 2, "Discount")]
    assert valid(of) == []


@pytest.mark.parametrize(
    ("header", "stated", "agrees"),
    [
        ("Subtotal", ["100.00", "60.00"], True),  # of the line
        ("Subtotal", ["160.00", "160.00"], True),  # of the bill
        ("Invoice lines/Subtotal", ["75.00", "60.00"], False),
        ("Gross (£)", ["120.00", "72.00"], False),  # there is a tax that nobody reads
        ("Net Amount", ["100.00", ""], True),
        ("Line Total", ["100.00", "60.00"], True),
        ("Gross weight", ["7.00", "8.00"], True),
        ("Total", ["120.00", "72.00"], False),
        ("Rechnungsbetrag", ["120.00", "72.00"], False),
        ("Invoice total", ["160.00", "160.00"], True),
        ("Bruttobeløb", ["125.00", "75.00"], False),
        ("Subtotal", ["n/a", "various"], True),
    ],
)
def test_stated_amount_is_compared(
    tmp_path: Path, header: str, stated: list[str], agrees: bool
) -> None:
    rows = [["Number", "Quantity", "Price", header], ["A1", "10", "10.00", stated[0]],
            ["A1", "6", "10.00", stated[1]]]  # fmt: skip
    of = read(tmp_path, rows)
    assert codes(of) == ([] if agrees else [DIFFERS])
    assert amounts(of) == ([16000] if agrees else [])


def test_one_row_that_differs_is_named(tmp_path: Path) -> None:
    rows = [[f"A{i}", "2.00", "2.00" if i != 3 else "3.00"] for i in range(6)]
    of = read(tmp_path, [["Number", "Amount", "Gross"], *rows], "{column: Amount}")
    assert finding_cells(of) == [(DIFFERS, 5, "Gross")]
    assert (
        "'Gross' states 3.00, but the template's calculation for the row gives 2.00"
        in of.findings[0].message
    )
    assert len(valid(of)) == 5


def test_column_that_differs_is_one_finding(tmp_path: Path) -> None:
    rows = [[f"A{i}", "10.00", "12.00"] for i in range(300)]
    of = read(tmp_path, [["Number", "Amount", "Gross"], *rows], "{column: Amount}")
    assert finding_cells(of) == [(DIFFERS, 2, "Gross")]
    assert "(300 rows)" in of.findings[0].message
    assert valid(of) == []


IN_CURRENCY = MAPPING.replace("currency: {value: GBP}", "currency: {column: Ccy, default: GBP}")
OTHER, SAME = "sheet.column.other_amount", "sheet.column.same_amount"


@pytest.mark.parametrize(
    ("header", "currency", "values", "code"),
    [
        ("Amount GBP", "GBP", ["117.00", "70.20"], OTHER),
        ("amount_gbp", "GBP", ["117.00", "70.20"], OTHER),
        ("AmountGBP", "GBP", ["117.00", ""], OTHER),
        ("GBP", "GBP", ["117.00", "70.20"], OTHER),
        ("Total (£)", "GBP", ["117.00", "70.20"], OTHER),
        ("Betrag in GBP", "GBP", ["117.00", "70.20"], OTHER),
        ("Amount GBP", "GBP", ["100.00", "60.00"], ""),
        ("Amount GBP", "GBP", ["160.00", "160.00"], ""),
        ("Amount GBP", "EUR", ["117.00", "70.20"], ""),  # what the bill is in the books
        ("Amount GBP", "EUR", ["100.00", "60.00"], SAME),
        ("Net EUR", "EUR", ["117.00", "70.20"], DIFFERS),
        ("Budget GBP", "GBP", ["117.00", "70.20"], ""),
        ("Amount (LCY)", "EUR", ["117.00", "70.20"], ""),
        ("Amount in LC", "EUR", ["117.00", "70.20"], ""),
        ("Amount in DC", "EUR", ["100.00", "60.00"], ""),
        ("Amount (FCY)", "GBP", ["100.00", "0.00"], ""),
    ],
)
def test_amounts_in_a_named_currency_are_compared(
    tmp_path: Path, header: str, currency: str, values: list[str], code: str
) -> None:
    rows = [["Number", "Net", "Ccy", header]]
    rows += [["A1", net, currency, v] for net, v in zip(["100.00", "60.00"], values, strict=True)]
    path = csv_file(tmp_path / "l.csv", rows)
    of = checked([path], template(tmp_path, IN_CURRENCY % "{column: Net}"))
    assert codes(of) == [code] * bool(code)
    assert amounts(of) == ([] if code else [16000])


def test_amounts_of_the_books_are_compared_where_one_currency_is_stated(tmp_path: Path) -> None:
    for header in ("Amount in loc.curr.2", "Amount in LC", "Amount (LCY)"):
        rows = [["Number", "Net", header], ["A1", "100.00", "117.00"]]
        assert codes(read(tmp_path, rows, "{column: Net}")) == [OTHER]
    ignored = MAPPING % "{column: Net}" + "ignore_columns: [Amount (LCY)]\n"
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, ignored))
    assert (codes(of), amounts(of)) == ([], [10000])


def test_amounts_of_two_sheets_are_compared(tmp_path: Path) -> None:
    text = """
template: two
layout: two_sheets
bills: {billRef: {column: Ref}, invoiceNumber: {column: Ref}, vendor: {column: Vendor},
        issuedDate: {value: 2025-05-31}, currency: {value: GBP}, amount: {sum_of_lines: gross}}
formats: {numbers: point, amounts: decimal}
line_items: {billRef: {column: Ref}, netAmount: {column: Net}}
"""
    lines = [["Ref", "Net", "Amount GBP"], ["1", "100.00", "117.00"], ["2", "5.00", "5.00"]]
    bills = [["Ref", "Vendor", "Amount GBP"], ["1", "A", "100.00"], ["2", "A", "6.00"]]
    files = [csv_file(tmp_path / "bills.csv", bills), csv_file(tmp_path / "lines.csv", lines)]
    of = checked(files, template(tmp_path, text))
    assert finding_cells(of) == [(OTHER, 3, "Amount GBP"), (OTHER, 2, "Amount GBP")]
    assert amounts(of) == []


@pytest.mark.parametrize(
    ("header", "values", "reported"),
    [
        ("Net EUR", ["12.00", "25.00"], True),
        ("Amount (USD)", ["12.00", ""], True),
        ("Amount in foreign currency", ["12.00", "20.00"], True),
        ("Amount in DC", ["10.00", "20.00"], False),
        ("Gross EUR", ["0.00", "0.00"], False),
        ("Rate EUR", ["1.20", "1.25"], False),
    ],
)
def test_amounts_in_another_currency_beside_those_that_are_read_are_reported(
    tmp_path: Path, header: str, values: list[str], reported: bool
) -> None:
    rows = [["A1", "10.00", values[0]], ["A2", "20.00", values[1]]]
    of = read(tmp_path, [["Number", "Amount", header], *rows], "{column: Amount}")
    assert codes(of) == ["sheet.column.foreign_amount"] * reported
    assert valid(of) == [2, 3]
    path = csv_file(tmp_path / "c.csv", [["Number", "Amount", header, "Ccy"],
                                         *([*row, "GBP"] for row in rows)])  # fmt: skip
    by_row = MAPPING.replace("{value: GBP}", "{column: Ccy}") % "{column: Amount}"
    foreign = ["sheet.column.foreign_amount"] * (reported and "foreign" in header)
    assert codes(checked([path], template(tmp_path, by_row))) == foreign


def test_amounts_of_the_books_under_the_currency_of_the_document_are_an_error(
    tmp_path: Path,
) -> None:
    head = ["Number", "Amount in LC", "Amount in doc. curr.", "Ccy"]
    rows = [["A1", "100.00", "117.00", "EUR"], ["A2", "20.00", "20.00", "GBP"]]
    by_row = MAPPING.replace("{value: GBP}", "{column: Ccy}") % "{column: Amount in LC}"
    of = checked([csv_file(tmp_path / "l.csv", [head, *rows])], template(tmp_path, by_row))
    assert finding_cells(of) == [(OTHER, 2, "Amount in doc. curr.")]


OF_ODOO = """
template: odoo
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
source: {fill_down: [Number]}
group_by: [Number]
bills:
  vendor: {value: Acme}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-05-31}
  currency: {value: GBP}
  amount: {column: Total}
line_items:
  netAmount: {column: Lines/Price}
  taxCode: {column: Lines/Taxes}
  account: {value: "5000"}
"""


@pytest.mark.parametrize(
    ("row", "column", "text", "told"),
    [
        (1, "Total", "61.00", True),  # which a usual tax makes, too
        (3, "Lines/Total", "7.20", True),
        (1, "Total", "60.01", False),  # rounded for the whole bill
        (0, "", "", False),
    ],
)
def test_a_bill_is_the_sum_of_its_lines_with_their_tax(
    tmp_path: Path, row: int, column: str, text: str, told: bool
) -> None:
    header = ["Number", "Total", "Lines/Price", "Lines/Taxes", "Lines/Total"]
    rows = [header]
    for i in range(6):
        rows.append([f"A{i}", f"{60 + 12 * i}.00", f"{10 * i}.00", "20% S", f"{12 * i}.00"])
        rows.append(["", "", "50.00", "20% S", "60.00"])
    if column:
        rows[row][header.index(column)] = text
    of = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, OF_ODOO))
    of_sum = [f for f in of.findings if f.code == "bills.amount.line_totals_differ"]
    assert [f.cell.column for f in of_sum] == ["Total"] * told
    assert len(list(of.valid_bills())) == 6 - told
    assert all("'Lines/Total'" in f.message and "5 bills" in f.message for f in of_sum)


@pytest.mark.parametrize(
    ("amounts", "unit", "line", "wrong"),
    [("cents", 100, None, 1), ("decimal", 1, "999999999999999999999.00", 2)],
)
def test_sums_of_lines_are_compared_in_cents_of_any_size(
    tmp_path: Path, amounts: str, unit: int, line: str | None, wrong: int
) -> None:
    rows = [["Number", "Total", "Lines/Price", "Lines/Taxes", "Lines/Total"]]
    for i in range(6):
        rows.append([f"A{i}", str(60 * unit), str(50 * unit), "20% S", str(60 * unit)])
    rows[1][1] = str(61 * unit)
    if line is not None:
        rows[3][4] = line
    mapping = template(tmp_path, OF_ODOO.replace("amounts: decimal", f"amounts: {amounts}"))
    of = checked([csv_file(tmp_path / "l.csv", rows)], mapping)
    assert [f.code for f in of.findings].count("bills.amount.line_totals_differ") == wrong
