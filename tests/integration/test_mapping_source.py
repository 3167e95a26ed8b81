"""Exports as people have them: where the header is, what a column is called, what a row is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bill_sheets import book, checked, codes, csv_file, finding_cells, template, valid
from ledger_mapping import MAPPING

from importer.core.errors import TemplateProblem
from importer.mapping.parameters import with_settings
from importer.mapping.template_loader import load_template
from importer.mapping.template_model import Groups, Header, RowTest, Source
from importer.model.report_model import RunSummary
from importer.model.tables import Role
from importer.report.build_report import build_report
from importer.report.xlsx.workbook import write_workbook
from importer.validation.checked_bills import Checked

HEADER = ["Supplier", "Number", "Date", "Amount"]
ROWS = [
    ["Acme", "A1", "01/03/2025", "10.00"],
    ["Acme", "A1", "01/03/2025", "20.50"],
    ["Total Gas & Power", "T9", "02/03/2025", "30.50"],
]


def read(
    folder: Path, rows: Sequence[Sequence[Any]], source: str = "{}", **changes: str
) -> Checked:
    """The rows of a CSV file, checked with a template of the given source."""
    mapping = MAPPING
    for old, new in changes.items():
        assert f"column: {old}}}" in mapping
        mapping = mapping.replace(f"column: {old}}}", f"column: {new}}}")
    if "Supplier" in changes:
        mapping = mapping.replace("[Supplier,", f"[{changes['Supplier']},")
    text = f"template: mine\nlayout: flat\nsource: {source}\n{mapping}"
    return checked([csv_file(folder / "bills.csv", rows)], template(folder, text))


def bills(of: Checked) -> list[tuple[int, str | None, str | None, int]]:
    return [(b.row, b.vendor, b.invoice_number, b.amount) for b in of.valid_bills()]


def counts(of: Checked) -> dict[str, int]:
    return Counter(role.value for table in of.mapped.tables for role in table.roles)


def reasons(of: Checked) -> dict[int, str]:
    return dict(of.mapped.tables[0].reasons)


GOOD = [(2, "Acme", "A1", 3050), (4, "Total Gas & Power", "T9", 3050)]


def test_every_key_of_source_has_its_section_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    of_source = page.partition("\n## Source\n")[2].partition("\n## ")[0]
    assert [key for key in Source.model_fields if f"\n### {key}\n" not in of_source] == []
    keys = [*Header.model_fields, *Groups.model_fields, *RowTest.model_fields]
    assert [key for key in keys if f"`{key}" not in of_source] == []


# --- where the header is ----------------------------------------------------------------------


def test_a_header_below_titles_is_found_by_its_columns_or_its_row(tmp_path: Path) -> None:
    titles = [["Supplier report"], ["for", "Supplier", "Number"], []]
    for source in ("{}", "{header: {find: [supplier, AMOUNT]}}", "{header: {row: 4}}"):
        of = read(tmp_path, [*titles, HEADER, *ROWS], source)
        assert finding_cells(of) == []
        assert [row for row, *_ in bills(of)] == [5, 7]
    assert of.mapped.tables[0].header == 2


@pytest.mark.parametrize("find", ["row: 1", "find: [Number, Amount]", ""])
def test_a_header_in_two_rows_is_one(tmp_path: Path, find: str) -> None:
    header = "{header: {" + ", ".join(filter(None, (find, "rows: 2"))) + "}}"
    rows = [["Supplier", "Number", "Invoice", "Amount"], ["", "", "Date", "GBP"], *ROWS]
    of = read(tmp_path, rows, header, Date="Invoice Date")
    assert finding_cells(of) == []
    assert bills(of) == [(row + 1, *rest) for row, *rest in GOOD]
    (table,) = of.mapped.tables
    assert table.headers == ("Supplier", "Number", "Invoice | Date", "Amount | GBP")
    assert (table.header, table.header_rows, len(table.roles)) == (1, 2, 3)


@pytest.mark.parametrize(
    ("name", "bill"),
    [("Paid Gross", 1000), ("Due Gross", 100), ("Due Net", 80), ("Gross#2", 100), ("$F", 80)],
)
def test_a_cell_that_stands_over_several_columns_names_them_all(
    tmp_path: Path, name: str, bill: int
) -> None:
    rows = [
        ["Supplier", "Number", "Date", "Paid", "Due", ""],
        ["SUPPLIER", "Number", "DATE", "Gross", "Gross", "Net"],
        ["Acme", "A1", "01/03/2025", "10.00", "1.00", "0.80"],
    ]
    of = read(tmp_path, rows, "{header: {row: 1, rows: 2}}", Amount=f"'{name}'")
    assert finding_cells(of) == []
    assert bills(of) == [(3, "Acme", "A1", bill)]
    # The same word over two columns picks neither.
    of = read(tmp_path, rows, "{header: {row: 1, rows: 2}}", Amount="Gross")
    assert finding_cells(of) == [("sheet.column.twice", 2, "Due | Gross")]
    assert valid(of) == []


def test_a_header_row_that_is_missing_swallows_no_data(tmp_path: Path) -> None:
    of = read(tmp_path, [HEADER, *ROWS], "{header: {find: [Number], rows: 2}}")
    assert ("sheet.header.holds_data", 2, "Amount | 10.00") in finding_cells(of)
    assert valid(of) == []
    # A blank second row is a row of the header, and the first row of data is none.
    of = read(tmp_path, [HEADER, [], *ROWS], "{header: {row: 1, rows: 2}}")
    assert finding_cells(of) == []
    assert [row for row, *_ in bills(of)] == [3, 5]


# --- what a column is called ------------------------------------------------------------------


def test_repeated_columns_are_reported_unless_addressed(tmp_path: Path) -> None:
    rows = [[*HEADER, "Amount "], *([*row, "1.00"] for row in ROWS)]
    of = read(tmp_path, rows)
    assert finding_cells(of) == [("sheet.column.twice", 1, "Amount ")]
    assert "'Amount#2' is the second" in of.findings[0].hint
    assert valid(of) == []
    assert bills(read(tmp_path, rows, Amount="Amount#1")) == GOOD
    assert [b[3] for b in bills(read(tmp_path, rows, Amount="'amount # 2'"))] == [200, 100]
    of = read(tmp_path, rows, Amount="Amount#3")
    assert codes(of) == ["sheet.column.missing"]


def test_a_column_without_a_header_is_known_by_its_letter(tmp_path: Path) -> None:
    rows = [["", *HEADER[1:]], *ROWS]
    assert bills(read(tmp_path, rows, Supplier="$A")) == GOOD
    assert bills(read(tmp_path, rows, Supplier="$a")) == GOOD
    assert finding_cells(read(tmp_path, rows, Supplier="$E")) == [("sheet.column.missing", 1, None)]


def test_header_that_looks_like_a_column_letter_is_a_name(
    tmp_path: Path,
) -> None:
    rows = [["x", "Number", "Date", "Amount#2", "$A"], *([r[0], *r[1:], "Beta"] for r in ROWS)]
    of = read(tmp_path, rows, Supplier="$A", Amount="Amount#2")
    assert {vendor for _, vendor, *_ in bills(of)} == {"Beta"}


def test_padded_headers_and_cells_and_wide_spaces_do_not_matter(tmp_path: Path) -> None:
    rows = [[f"\u00a0 {h}\u2007 " for h in HEADER], *([f" {c}\u00a0" for c in r] for r in ROWS)]
    of = read(tmp_path, rows)
    assert finding_cells(of) == []
    assert bills(of) == GOOD


# --- ragged rows ------------------------------------------------------------------------------


def test_row_longer_than_the_header_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text(
        "Supplier,Number,Date,Amount\n"
        "Acme,A1,01/03/2025,10.00,,\n"  # nothing in it has moved
        "Smith, Jones & Co,S1,01/03/2025,20.00\n"
        "Beta,B1,02/03/2025,30.00\n"
        "Short,S2\n"
    )
    of = checked([path], template(tmp_path, f"template: mine\nlayout: flat{MAPPING}"))
    moved = [f for f in of.findings if f.cell.row == 3]
    assert ("sheet.row.too_long", "20.00") in [(f.code, f.value) for f in moved]
    assert {f.cell.row for f in of.findings} == {3, 5}
    assert valid(of) == [2, 4]
    assert any("5 cells but the header has 4" in f.message for f in moved)


# --- totals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["", "Total", "GRAND TOTAL", "Totals:", "Summe"])
def test_total_row_is_recognised_by_its_sum(tmp_path: Path, label: str) -> None:
    of = read(tmp_path, [HEADER, *ROWS, [label, "", "", "61.00"]])
    assert finding_cells(of) == []
    assert bills(of) == GOOD
    assert counts(of) == {"data": 3, "control_total": 1}
    why = "its 'Amount' is the sum of all other rows, and it has no number, no date and no vendor"
    assert reasons(of) == {5: f"the file's own total: {why}"}
    assert of.controls == {"GBP": 6100}


@pytest.mark.parametrize(
    "row",
    [
        ["", "", "", "61.01"],  # not the sum
        ["Total Gas & Power", "", "", "61.00"],  # a supplier
        ["Total", "N7", "", "61.00"],  # it has a number
        ["", "", "03/03/2025", "61.00"],  # it has a date
    ],
)
def test_no_row_is_taken_for_a_total_by_guess(tmp_path: Path, row: list[str]) -> None:
    of = read(tmp_path, [HEADER, *ROWS, row])
    assert counts(of) == {"data": 4}
    assert 5 not in valid(of)
    assert codes(of)
    assert {f.cell.row for f in of.findings} == {5}


def test_a_further_line_that_is_the_sum_is_asked_about(tmp_path: Path) -> None:
    rows = [HEADER, ROWS[0], ["Beta", "B1", "01/03/2025", "5.00"], ["", "", "", "15.00"]]
    of = read(tmp_path, rows, "{fill_down: [Supplier, Number, Date]}")
    assert finding_cells(of) == [("sheet.row.total", 4, "Amount")]
    assert bills(of) == [(2, "Acme", "A1", 1000)]
    of = read(tmp_path, rows)
    assert counts(of) == {"data": 2, "control_total": 1}
    # Nor where another column says to which bill the row belongs.
    path = csv_file(tmp_path / "b.csv", [[*row, i and f"D{i // 3}"] for i, row in enumerate(rows)])
    path.write_text(path.read_text().replace("Amount,0", "Amount,Doc"))
    text = f"template: mine\nlayout: flat{MAPPING}".replace("[Supplier, Number]", "[Doc]")
    of = checked([path], template(tmp_path, text))
    assert counts(of) == {"data": 3}


def test_one_bill_and_its_like_are_no_proof(tmp_path: Path) -> None:
    of = read(tmp_path, [HEADER, ROWS[0], ["", "", "", "10.00"]])
    assert counts(of) == {"data": 2}
    assert valid(of) == [2]


def test_a_supplier_called_total_is_asked_about_if_it_is_the_sum(tmp_path: Path) -> None:
    of = read(tmp_path, [HEADER, *ROWS, ["Total", "T1", "03/03/2025", "61.00"]])
    assert finding_cells(of) == [("sheet.row.total", 5, "Amount")]
    assert bills(of) == GOOD
    of = read(tmp_path, [HEADER, *ROWS, ["Total", "T1", "03/03/2025", "61.10"]])
    assert bills(of) == [*GOOD, (5, "Total", "T1", 6110)]


def test_labelled_total_is_compared(tmp_path: Path) -> None:
    source = "{control_total: {amount: Amount, where: {column: Supplier, matches: ^Total}}}"
    of = read(tmp_path, [HEADER, *ROWS, ["Total GBP", "3 lines", "", "61.00"]], source)
    assert finding_cells(of) == []
    assert bills(of) == GOOD
    assert "'Supplier' matches '^Total'" in reasons(of)[5]
    of = read(tmp_path, [HEADER, *ROWS, ["Total GBP", "3 lines", "", "61.10"]], source)
    assert finding_cells(of) == [("control.gross.differs", 5, "Amount")]
    # Only the last row can be the file's total; the supplier above it is none.
    of = read(tmp_path, [HEADER, *ROWS[::-1]], source)
    assert counts(of) == {"data": 3}


def test_rows_that_the_template_passes_over_say_by_which_rule(tmp_path: Path) -> None:
    source = (
        "{ignore_rows: [{column: Number, equals: VOID}, {column: Supplier, matches: ^Total$}],"
        " stop_at: {column: Supplier, equals: END}}"
    )
    extra = [["Acme", "VOID", "", "1"], ["Total", "", "", "61.00"], ["END"]]
    of = read(tmp_path, [HEADER, *ROWS, *extra], source)
    assert bills(of) == GOOD
    assert reasons(of) == {
        5: "'Number' is 'VOID'",
        6: "'Supplier' matches '^Total$'",
        7: "the data ends where 'Supplier' is 'END'",
    }


# --- groups -----------------------------------------------------------------------------------

REPORT = [
    ["Acme Books Ltd"],
    ["Unpaid Bills by Vendor"],
    [],
    ["", "Date", "Number", "Amount"],
    ["Acme"],
    ["", "01/03/2025", "A1", "10.00"],
    ["", "02/03/2025", "A2", "20.50"],
    ["Total for Acme", "", "", "$30.50"],
    ["Total Gas & Power"],
    ["", "02/03/2025", "T9", "30.50"],
    ["Total for Total Gas & Power", "", "", "30.50"],
    ["TOTAL", "", "", "61.00"],
]
GROUPS = "{header: {find: [Date, Number]}, groups: {column: $A, name: Supplier}}"
REPORTED = [
    (6, "Acme", "A1", 1000),
    (7, "Acme", "A2", 2050),
    (10, "Total Gas & Power", "T9", 3050),
]


def test_a_report_in_groups_gives_each_bill_its_vendor(tmp_path: Path) -> None:
    of = read(tmp_path, REPORT, GROUPS)
    assert finding_cells(of) == []
    assert bills(of) == REPORTED
    assert counts(of) == {"group": 2, "data": 3, "group_total": 2, "control_total": 1}
    (table,) = of.mapped.tables
    assert table.headers == ("", "Date", "Number", "Amount", "Supplier")
    assert table.roles[0] is Role.GROUP


def test_a_workbook_in_groups_is_read_the_same(tmp_path: Path) -> None:
    rows = [[float(c.strip("$")) if "." in c else c for c in r] for r in REPORT[3:]]
    text = f"template: mine\nlayout: flat\nsource: {GROUPS}\n{MAPPING}"
    path = book(tmp_path / "r.xlsx", {"Report": rows})
    of = checked([path], template(tmp_path, text))
    assert [b[1:] for b in bills(of)] == [b[1:] for b in REPORTED]
    assert finding_cells(of) == []


def test_differing_group_total_is_reported(tmp_path: Path) -> None:
    rows = [list(row) for row in REPORT]
    rows[6][3] = "20.05"
    of = read(tmp_path, rows, GROUPS)
    assert finding_cells(of)[0] == ("sheet.group.total_differs", 8, "Amount")
    message = of.findings[0].message
    assert "The total of 'Acme' is $30.50, but its rows (2) total 30.05" in message
    assert "a difference of 0.45" in message
    # The grand total is then no sum of the rows either: a row that is no bill, and is told.
    assert {f.cell.row for f in of.findings} == {8, 12}


def test_groups_without_totals_and_groups_inside_groups(tmp_path: Path) -> None:
    rows = [
        ["", "Date", "Number", "Amount"],
        ["Acme"],
        ["", "01/03/2025", "A1", "10.00"],
        ["Beta"],
        ["", "01/03/2025", "B1", "1.00"],
        ["Beta North"],
        ["", "01/03/2025", "N1", "2.00"],
        ["Total for beta  NORTH", "", "", "2.00"],
        ["", "01/03/2025", "B2", "4.00"],
        ["Total for Beta", "", "", "7.00"],
        ["", "01/03/2025", "X1", "5.00"],
    ]
    of = read(tmp_path, rows, GROUPS)
    assert [(vendor, number) for _, vendor, number, _ in bills(of)] == [
        ("Acme", "A1"), ("Beta", "B1"), ("Beta North", "N1"), ("Beta", "B2")
    ]  # fmt: skip
    # A row outside all groups has no vendor, and never that of the group before it.
    assert finding_cells(of) == [("bills.vendorId.required", 11, "Supplier")]


def test_group_without_total_ends_at_the_next_group(tmp_path: Path) -> None:
    rows = [
        ["", "Date", "Number", "Amount"],
        ["Acme"],
        ["", "01/03/2025", "A1", "10.00"],
        ["Total for Acme", "", "", "10.00"],
        ["Acme"],
        ["", "01/03/2025", "A2", "1.00"],
        ["Beta"],
        ["", "01/03/2025", "B1", "2.00"],
        ["Total for Beta", "", "", "2.00"],
        ["", "01/03/2025", "X1", "5.00"],
    ]
    of = read(tmp_path, rows, GROUPS)
    assert [(vendor, number) for _, vendor, number, _ in bills(of)] == [
        ("Acme", "A1"), ("Acme", "A2"), ("Beta", "B1")
    ]  # fmt: skip
    assert finding_cells(of) == [("bills.vendorId.required", 10, "Supplier")]


def test_group_pattern_without_parentheses_takes_the_cell(tmp_path: Path) -> None:
    rows = [["Date", "Number", "Amount"], ["= Acme", "GBP"], ["01/03/2025", "A1", "10.00"]]
    of = read(tmp_path, rows, "{groups: {column: Date, name: Supplier, matches: '^='}}")
    assert [b[1:] for b in bills(of)] == [("= Acme", "A1", 1000)]


def test_groups_by_a_pattern_with_dates_in_the_same_column(tmp_path: Path) -> None:
    rows = [
        ["Date", "Number", "Amount"],
        ["Supplier: Acme (A01)", "GBP"],
        ["01/03/2025", "A1", "10.00"],
        ["Sum Acme", "", "10.00"],
        ["Supplier: Beta (B02)", "GBP"],
        ["02/03/2025", "B1", "1.00"],
        ["Sum of Beta", "", "1.50"],
    ]
    of = read(
        tmp_path, rows,
        "{groups: {column: Date, name: Supplier, matches: '^Supplier: (.*) [(]', "
        "total: ['Sum {name}', 'Sum of {name}']}}",
    )  # fmt: skip
    assert [b[1:] for b in bills(of)] == [("Acme", "A1", 1000), ("Beta", "B1", 100)]
    assert finding_cells(of) == [("sheet.group.total_differs", 7, "Amount")]


def test_rows_passed_over_count_in_the_total_that_the_report_shows(tmp_path: Path) -> None:
    rows = [list(row) for row in REPORT[:11]]
    rows.insert(7, ["", "03/03/2025", "PAYMENT", "-5.00"])
    rows[8][3] = "25.50"
    source = GROUPS[:-1] + ", ignore_rows: [{column: Number, equals: PAYMENT}]}"
    of = read(tmp_path, rows, source)
    assert finding_cells(of) == []
    assert len(bills(of)) == 3


def test_column_with_the_group_name_is_reported(tmp_path: Path) -> None:
    rows = [[*row, *([""] * (4 - len(row))), "x"] if row else row for row in REPORT]
    rows[3][4] = "Supplier"
    of = read(tmp_path, [[*r[:4], ""] if r and r[1:2] == [""] else r for r in rows], GROUPS)
    assert "sheet.column.twice" in codes(of)
    assert valid(of) == []


# --- results, read again ----------------------------------------------------------------------


def result_of(of: Checked, path: Path) -> Path:
    summary = RunSummary(
        command="validate", run=None, company=None, base_url=None, template="mine", sources=(),
        started_at=datetime(2025, 4, 1, tzinfo=UTC), bills={}, line_items={}, rows={}, totals=(),
    )  # fmt: skip
    write_workbook(build_report(of, {}, summary), path)
    return path


@pytest.mark.parametrize(
    ("source", "rows", "changes"),
    [
        (GROUPS, [*REPORT[:6], ["", "01/03/2025", "A2, A3", "1.00", "more"], *REPORT[6:]], {}),
        (
            "{header: {row: 3, rows: 2}}",
            [["Bills"], [], HEADER, ["", "", "paid", "GBP"], *ROWS, ["Beta", "B1", "x", "1"]],
            {"Date": "paid", "Amount": "GBP"},
        ),
        ("{header: {row: 2}}", [["Bills of March"], HEADER, *ROWS, ["Total", "", "", "61.00"]], {}),
    ],
)
def test_a_result_is_read_like_the_file_it_is_of(
    tmp_path: Path, source: str, rows: list[list[str]], changes: dict[str, str]
) -> None:
    of = read(tmp_path, rows, source, **changes)
    found = [(f.code, f.value, f.message) for f in of.findings]
    path = result_of(of, tmp_path / "result.xlsx")
    again = checked([path], load_template(tmp_path / "mine.yaml"))
    assert [(f.code, f.value, f.message) for f in again.findings] == found
    assert [b[1:] for b in bills(again)] == [b[1:] for b in bills(of)]
    assert counts(again) == counts(of)


def test_vendor_corrected_in_a_grouped_result_is_used(tmp_path: Path) -> None:
    path = result_of(read(tmp_path, REPORT, GROUPS), tmp_path / "result.xlsx")
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Line items"]
    column = next(c.column for c in sheet[1] if c.value == "Supplier")
    sheet.cell(3, column).value = "Acme Holdings"
    workbook.save(path)
    again = checked([path], load_template(tmp_path / "mine.yaml"))
    assert [vendor for _, vendor, *_ in bills(again)] == [
        "Acme Holdings", "Acme", "Total Gas & Power"
    ]  # fmt: skip


# --- the encoding -----------------------------------------------------------------------------


def test_likely_encoding_is_a_warning_with_words(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_bytes(
        "Supplier,Number,Date,Amount\rMüller & Söhne,M1,01/03/2025,1.00\r".encode("mac_roman")
    )
    text = f"template: mine\nlayout: flat{MAPPING}"
    of = checked([path], template(tmp_path, text))
    assert finding_cells(of) == [("sheet.encoding.doubtful", None, None)]
    assert "read as Mac Roman: 'Müller', 'Söhne'." in of.findings[0].message
    assert bills(of) == [(2, "Müller & Söhne", "M1", 100)]


# --- a ledger as a ministry publishes it ------------------------------------------------------

MINISTRY = """
template: ministry-spend
layout: flat
source:
  header: {find: [SUPPLIER, INV_NUM], rows: 2}
formats: {dates: [D-MMM-YY], numbers: point, amounts: decimal}
group_by: [SUPPLIER, TRANSACTION_NUMBER, INV_NUM]
bills:
  vendor: {column: SUPPLIER}
  invoiceNumber: {column: INV_NUM}
  issuedDate: {column: DATE}
  currency: {value: GBP}
  amount: {column: TOTAL_INVOICE_VALUE}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: DISTRIBUTION_AMOUNT}
  description: {column: DESCRIPTION}
"""
LEDGER = """\
Entity,Date,Supplier,Transaction number,Amount,Description,,,
ENTITY,DATE,SUPPLIER,TRANSACTION_NUMBER,DISTRIBUTION_AMOUNT,DESCRIPTION,INV_NUM,TOTAL_INVOICE_VALUE,TYPE
Courts,19-Sep-11,TAX OFFICE,1142,"$5,531,458.39 ",,WW59,"$9,949,418.20 ",
Courts,9-Sep-11,GARTSIDE LTD,1738998,"$1,849,317.50 ",Rent - £1,19061,"$2,219,181.00 "
Courts,19-Sep-11,TAX OFFICE,1142,"$4,417,959.81 ",,WW59,"$9,949,418.20 ",STANDARD
HQ,1-Sep-11,ATOS,1056530,$37.38 ,"Pad
two lines",ERS-84,"$37.37 "
HQ,1-Sep-11,ATOS,1056530,($0.01),,ERS-84,$37.37 ,
HQ,1-Sep-11,SHREDDERS,1056531,$5.00 ,,1.8E+13,$5.00 ,
"""


def test_ledger_with_two_headers_names_inconsistent_bills(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(LEDGER.replace("\n", "\r\n").encode("cp1252"))
    of = checked([path], template(tmp_path, MINISTRY))
    assert finding_cells(of) == [
        ("sheet.column.dollars", 2, "Amount | DISTRIBUTION_AMOUNT"),
        ("sheet.column.dollars", 2, "TOTAL_INVOICE_VALUE"),
        ("bills.amount.lines_differ", 4, "TOTAL_INVOICE_VALUE"),
        ("bills.invoiceNumber.mangled", 8, "INV_NUM"),
    ]
    assert "line items (1) total 1,849,317.50: a difference of 369,863.50" in str(of.findings[2])
    assert [(b.row, b.amount, len(b.lines)) for b in of.valid_bills()] == [
        (3, 994941820, 2),
        (6, 3737, 2),
    ]
    (table,) = of.mapped.tables
    assert (table.header_rows, counts(of)) == (2, {"data": 6})


@pytest.mark.parametrize("code", ["4.71565E+21", "20-Dec-11", "Dec-11", "1.8E+13"])
def test_mangled_number_is_reported(tmp_path: Path, code: str) -> None:
    of = read(tmp_path, [HEADER, ["Acme", code, "01/03/2025", "1.00"], ROWS[2]])
    assert finding_cells(of) == [("bills.invoiceNumber.mangled", 2, "Number")]
    assert valid(of) == [3]


# --- cells above the header -------------------------------------------------------------------

DATEV = """
template: datev
layout: flat
source: {header: {find: [Konto, Belegdatum]}, encoding: cp1252, delimiter: ";"}
parameters: {year: {cell: M1, matches: "^([0-9]{4})"}}
formats: {numbers: comma, amounts: decimal}
group_by: [Konto, Belegfeld 1]
bills:
  vendor: {column: Konto}
  invoiceNumber: {column: Belegfeld 1}
  issuedDate: {date_from: {column: Belegdatum, format: DDMM, year: {parameter: year}}}
  currency: {value: EUR}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Umsatz}
  description: {column: Buchungstext}
"""
EXTF = (
    '"EXTF";700;21;"Buchungsstapel";13;20250131140440439;;"RE";"";"";29098;55003;{start};4\r\n'
    "Umsatz;Soll/Haben-Kennzeichen;Konto;Belegdatum;Belegfeld 1;Buchungstext\r\n"
    "100,18;S;70001;3112;R-1;Bürobedarf\r\n"
)


def test_the_year_stands_in_a_cell_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "EXTF.csv"
    path.write_bytes(EXTF.format(start="20240101").encode("cp1252"))
    of = checked([path], template(tmp_path, DATEV))
    assert finding_cells(of) == []
    (bill,) = of.valid_bills()
    assert (bill.issued_date, bill.amount, bill.row) == (date(2024, 12, 31), 10018, 3)


@pytest.mark.parametrize("start", ["", "Jan"])
def test_a_cell_above_the_header_that_is_missing_is_one_finding(tmp_path: Path, start: str) -> None:
    path = tmp_path / "EXTF.csv"
    path.write_bytes(EXTF.format(start=start).encode("cp1252"))
    of = checked([path], template(tmp_path, DATEV))
    assert finding_cells(of) == [("sheet.parameter.missing", None, None)]
    assert valid(of) == []
    assert "'year' from cell M1" in of.findings[0].message
    assert "--set year=" in of.findings[0].hint
    below = template(tmp_path, DATEV.replace("M1", "C3"))
    assert "sheet.parameter.missing" in codes(checked([path], below))
    # What is said outright needs no cell.
    loaded = template(tmp_path, DATEV)
    told_year = replace(loaded, template=with_settings(loaded.template, {"year": "2023"}))
    (bill,) = checked([path], told_year).valid_bills()
    assert bill.issued_date == date(2023, 12, 31)


def test_unread_tax_column_is_reported(tmp_path: Path) -> None:
    with_tax = [[*row, tax, "GB1"] for row, tax in zip(ROWS, ("2.00", "-", "6.10"), strict=True)]
    of = read(tmp_path, [[*HEADER, "VAT Amount", "VAT Reg No"], *with_tax])
    (unread,) = [f for f in of.findings if f.code == "sheet.column.unread_tax"]
    assert (unread.cell.column, unread.lines) == ("VAT Amount", (0, 2))
    without = [[*row, "0.00", "GB1"] for row in ROWS]
    of = read(tmp_path, [[*HEADER, "VAT Amount", "VAT Reg No"], *without])
    assert not [f for f in of.findings if "unread" in f.code]


# --- each row a bill --------------------------------------------------------------------------


def test_each_row_is_a_bill_where_the_template_says_so(tmp_path: Path) -> None:
    text = """
template: mine
layout: flat
formats: {dates: auto, amounts: decimal}
group_by: row
bills:
  vendor: {column: Supplier}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items: {amount: {column: Amount}}
"""
    cells = [["Supplier", "Date", "Amount"], *[["Acme", "2025-01-31", "1.50"]] * 2,
             ["Acme", "2025-01-31", "2.50"]]  # fmt: skip
    found = checked([csv_file(tmp_path / "l.csv", cells)], template(tmp_path, text))
    assert [(b.amount, len(b.lines)) for b in found.valid_bills()] == [(150, 1), (150, 1), (250, 1)]


def test_group_by_is_row_or_a_list_of_columns(tmp_path: Path) -> None:
    text = "template: mine\nlayout: flat\ngroup_by: Number\nbills: {}\nline_items: {}\n"
    with pytest.raises(TemplateProblem) as error:
        template(tmp_path, text)
    assert "line 3: group_by: write row, or a list of columns, as [Supplier, Number]" in str(
        error.value
    )
