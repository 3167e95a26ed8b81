"""What a row is taken for: never one bill's line for another's, never a bill for a total."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from bill_sheets import (
    bill,
    book,
    checked,
    codes,
    csv_file,
    finding_cells,
    grid,
    line,
    template,
    valid,
)
from test_mapping_source import GROUPS, HEADER, MAPPING, ROWS, bills, counts, read

from importer.mapping.template_loader import find_template
from importer.validation.checked_bills import Checked

TOTAL = ["Total Gas & Power", "T3", "03/03/2025", "61.00"]


def test_rules_see_what_is_filled_in_from_above(tmp_path: Path) -> None:
    rows = [HEADER, *ROWS, ["Void Ltd", "V1", "02/03/2025", "1.00"], ["", "", "", "2.00"],
            ["Beta", "B1", "02/03/2025", "3.00"], ["", "", "", "4.00"]]  # fmt: skip
    down = "fill_down: [Supplier, Number, Date]"
    of = read(tmp_path, rows, f"{{{down}, ignore_rows: [{{column: Supplier, matches: ^Void}}]}}")
    assert finding_cells(of) == []
    assert [b[0] for b in bills(of)] == [2, 4, 7]
    assert bills(of)[2] == (7, "Beta", "B1", 700)
    assert counts(of) == {"data": 5, "ignored": 2}
    # A blank cell that is filled down is not blank.
    of = read(tmp_path, rows, f"{{{down}, ignore_rows: [{{column: Number, blank: true}}]}}")
    assert counts(of) == {"data": 7}


def test_only_some_of_the_columns_that_make_a_bill_are_filled_down(tmp_path: Path) -> None:
    rows = [HEADER, ROWS[0], ["", *ROWS[0][1:]], ["", "A2", *ROWS[0][2:]], ["", "", "", "1.00"]]
    of = read(tmp_path, rows, "{fill_down: [Supplier]}")
    assert bills(of) == [(2, "Acme", "A1", 2000), (4, "Acme", "A2", 1000)]
    assert {f.cell.row for f in of.findings} == {5}


def test_what_a_number_format_shows_is_filled_down_with_its_number(tmp_path: Path) -> None:
    """A price shows euros, and so does the blank below it, which means the same."""
    cells = [[*HEADER, "Price"]] + [
        ["Acme", f"A{i}", "01/03/2025", "", price]
        for i, price in enumerate([1, None, 3, None, 5, None])
    ]
    path = book(tmp_path / "l.xlsx", {"L": cells})
    workbook = openpyxl.load_workbook(path)
    workbook["L"]["E4"].number_format = "[$€-407] #,##0.00"
    workbook.save(path)
    text = f"template: mine\nlayout: flat\nsource: {{fill_down: [Price]}}\n{MAPPING}".replace(
        "{column: Amount}", "{column: Price}"
    )
    of = checked([path], template(tmp_path, text))
    assert [f.cell.row for f in of.findings] == [4, 5]
    assert [amount for *_, amount in bills(of)] == [100, 100, 500, 500]


def test_filled_down_sheets_of_bills_and_lines_have_no_column_more(tmp_path: Path) -> None:
    path = find_template("light").path
    assert path is not None
    text = path.read_text(encoding="utf-8") + "\nsource: {fill_down: [currency]}\n"
    rows = [bill(), bill(billRef="B2", invoiceNumber="2", currency="")]
    sheets = {"Bills": grid(rows), "Line items": grid([line(), line(billRef="B2")])}
    of = checked([book(tmp_path / "b.xlsx", sheets)], template(tmp_path, text))
    assert [b.currency for b in of.valid_bills()] == ["GBP", "GBP"]
    assert [list(table.headers) for table in of.mapped.tables] == [list(bill()), list(line())]


@pytest.mark.parametrize(
    ("after", "sound"),
    [
        (["", "A2", "02/03/2025", "2.00"], [5]),  # a bill of its own, whose vendor is a subtotal's
        (["", "", "", "2.00"], [5]),  # a line of the bill before the subtotal, or of none
    ],
)
def test_row_below_a_subtotal_is_reported(
    tmp_path: Path, after: list[str], sound: list[int]
) -> None:
    rows = [HEADER, ["Acme", "A1", "01/03/2025", "1.00"], ["Subtotal", "", "", "1.00"], after,
            ["Beta", "B1", "02/03/2025", "3.00"]]  # fmt: skip
    rule = "ignore_rows: [{column: Supplier, equals: Subtotal}]"
    of = read(tmp_path, rows, f"{{fill_down: [Supplier, Number, Date], {rule}}}")
    assert finding_cells(of) == [("sheet.row.goes_on_with_passed_over", 4, "Supplier")]
    assert "would take 'Subtotal' from it; row 3 is passed over" in of.findings[0].message
    assert valid(of) == sound


def test_nothing_is_filled_down_into_another_group(tmp_path: Path) -> None:
    rows = [["", "Date", "Number", "Amount"], ["Acme"], ["", "01/03/2025", "A1", "1.00"],
            ["Beta"], ["", "", "", "2.00"]]  # fmt: skip
    source = GROUPS[:-1] + ", fill_down: [Date, Number]}"
    of = read(tmp_path, rows, source)
    assert valid(of) == [3]
    assert ("bills.issuedDate.required", 5, "Date") in finding_cells(of)


# --- totals -----------------------------------------------------------------------------------

WHERE = "{control_total: {amount: Amount, where: {column: Supplier, matches: ^Total}}}"
BLANK = "{control_total: {amount: Amount, blank: [Supplier]}}"


@pytest.mark.parametrize(
    ("source", "last", "why"),
    [
        (WHERE, TOTAL, "'T3' in 'Number'"),
        (WHERE, [*TOTAL[:1], "", *TOTAL[2:]], "'03/03/2025' in 'Date'"),
        (BLANK, ["", *TOTAL[1:]], "'T3' in 'Number'"),
        (BLANK, ["", "", *TOTAL[2:]], "'03/03/2025' in 'Date'"),
        (
            BLANK[:-1] + ", fill_down: [Supplier, Number]}",
            ["", "", "", "60.00"],
            "continues the bill",
        ),
    ],
)
def test_bill_matching_control_total_is_reported(
    tmp_path: Path, source: str, last: list[str], why: str
) -> None:
    of = read(tmp_path, [HEADER, *ROWS, last], source)
    (found,) = [f for f in of.findings if f.code == "sheet.total.doubtful"]
    assert why in found.message
    assert (counts(of), 5 in valid(of)) == ({"data": 4}, False)
    assert len(valid(of)) == (1 if "fill_down" in source else 2)


def test_bill_without_date_and_vendor_is_no_total(tmp_path: Path) -> None:
    last = ["", "", "", "61.00"]
    assert counts(read(tmp_path, [HEADER, *ROWS, last])) == {"data": 3, "control_total": 1}
    loose = MAPPING.replace("Supplier}", "Supplier, default: A}").replace(
        "Date}", "Date, default: 2025-03-31}"
    )
    for source, code in (("{}", "sheet.row.total"), (BLANK, "sheet.total.doubtful")):
        text = f"template: mine\nlayout: flat\nsource: {source}\n{loose}"
        path = csv_file(tmp_path / "bills.csv", [HEADER, *ROWS, last])
        of = checked([path], template(tmp_path, text))
        assert counts(of) == {"data": 4}
        assert [c for c in codes(of) if c.startswith("sheet")] == [code]
    unread = [HEADER, *ROWS[:2], [*ROWS[2][:3], "thirty"], ["", "", "", "30.50"]]
    assert counts(read(tmp_path, unread)) == {"data": 4}


def test_bill_matching_stop_at_is_reported(tmp_path: Path) -> None:
    source = "{stop_at: {column: Supplier, matches: ^End}}"
    rows = [HEADER, *ROWS, ["End Ltd", "E1", "03/03/2025", "1.00"]]
    assert finding_cells(read(tmp_path, rows, source)) == [("sheet.stop.doubtful", 5, "Number")]
    rows[-1][1:] = ["", "03/03/2025", "61.00"]
    assert finding_cells(read(tmp_path, rows, source)) == []


def test_that_the_last_row_is_no_total_is_noted(tmp_path: Path) -> None:
    (note,) = read(tmp_path, [HEADER, *ROWS[::-1]], WHERE).mapped.notes
    what = "the last row is not the file's own total ('Supplier' matches '^Total')"
    assert note.endswith(f"bills.csv: {what}, so that no total is compared.")


# --- groups -----------------------------------------------------------------------------------


def test_a_name_in_a_bills_own_row_must_be_that_of_its_group(tmp_path: Path) -> None:
    rows = [["", "Date", "Number", "Amount"], ["Acme"], ["acme ", "01/03/2025", "A1", "1.00"],
            ["Beta", "01/03/2025", "A2", "2.00"]]  # fmt: skip
    of = read(tmp_path, rows, GROUPS)
    assert [f.code for f in of.findings] == ["sheet.group.other_name"]
    assert valid(of) == [3]
    of = read(tmp_path, rows, GROUPS, Number="$A")  # it is the number here, not a name
    assert "sheet.group.other_name" not in codes(of)


def test_bill_in_a_group_heading_is_reported(tmp_path: Path) -> None:
    source = "{groups: {column: Name, name: Supplier, matches: '^V: (.*)'}}"
    rows = [["Name", "Date", "Number", "Amount"], ["V: Acme", "", "GBP", ""],
            ["", "01/03/2025", "A1", "1.00"], ["V: Beta", "", "B1", "2.00"]]  # fmt: skip
    assert finding_cells(read(tmp_path, rows, source)) == [("sheet.group.with_data", 4, "Number")]
    rows[3][2] = ""  # a total beside the name
    assert finding_cells(read(tmp_path, rows, source)) == []


# --- quotation marks --------------------------------------------------------------------------


def of_text(folder: Path, lines: str) -> Checked:
    path = folder / "b.csv"
    path.write_text("Supplier,Number,Date,Amount,Text\n" + lines, encoding="utf-8", newline="")
    text = "template: mine\nlayout: flat\n" + MAPPING
    return checked([path], template(folder, text))


BILL = "{0},{0}1,01/03/2025,1.00,{1}\n"


@pytest.mark.parametrize(
    "text",
    [
        '"one\nline, more\n"',
        '"Flat 2, High Street, London, N1\nback door"',
        '"a, b, c, d, e\nf, g, h, i, j\nk"',
        '"she said ""five, six""\n\nand left"',
    ],
)
def test_line_breaks_inside_a_quoted_cell_are_fine(tmp_path: Path, text: str) -> None:
    of = of_text(tmp_path, BILL.format("A", text) + BILL.format("B", "x") + BILL.format("C", text))
    assert (finding_cells(of), len(valid(of))) == ([], 3)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_runaway_quote_is_reported(tmp_path: Path, rows: int) -> None:
    between = "".join(BILL.format(letter, "x") for letter in "FGHIJ"[: rows - 1])
    of = of_text(
        tmp_path,
        BILL.format("A", "x") + BILL.format("B", '"5 inch') + between + BILL.format("C", '6"')
        + BILL.format("D", "x"),
    )  # fmt: skip
    assert finding_cells(of) == [("sheet.row.swallowed", 3, "Text")]
    assert f"closed only further down (lines: {rows})" in of.findings[0].message
    assert valid(of) == [2, 4]
