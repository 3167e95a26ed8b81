"""Result workbooks that are edited and read again: no row changes its bill, no error is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import VENDORS, Ended
from ledger_mapping import MAPPING
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from importer.report.result_columns import FIRST_COLUMNS

Command = Callable[..., Ended]
Rows = list[list[Any]]

LEDGER = "template: ledger\nlayout: flat\nsource: {SOURCE}" + MAPPING
FILLED = "fill_down: [Supplier, Number], ignore_rows: [{column: Status, equals: Void}]"
ROWS = """\
Supplier,Number,Date,Status,Amount
Acme,A1,01/03/2025,,10.00
,,,,20.00
,A2,02/03/2025,,5.00
Bex,,03/03/2025,,7.00
,,,,8.00
Cy,C1,03/03/2025,,1.00
"""


def ledger(command: Command, folder: Path, text: str, source: str = FILLED) -> Ended:
    (folder / "ledger.yaml").write_text(LEDGER.replace("SOURCE", source), encoding="utf-8")
    (folder / "l.csv").write_text(text, encoding="utf-8", newline="")
    return command("validate", "l.csv", "--template", "ledger.yaml", "--json", "--quiet")


def again(command: Command, result: str, edit: Callable[[Rows], Rows], *args: str) -> Ended:
    """The result with the rows of its sheet edited, read again.

    Its first columns are moved to the right of the file's, where they were in earlier versions.
    """
    book = openpyxl.load_workbook(result)
    sheet = book["Line items"]
    n = sum(cell.value in FIRST_COLUMNS for cell in sheet[1])
    cells = ([cell.value for cell in row] for row in sheet.iter_rows())
    header, *rows = ([*row[n:], *row[:n]] for row in cells)
    sheet.delete_rows(1, sheet.max_row)
    for row in (header, *edit(rows)):
        sheet.append(row)
    book.save("edited.xlsx")
    return command("validate", "edited.xlsx", "--json", "--quiet", *args)


def bills(of: Ended) -> dict[tuple[Any, Any], tuple[Any, Any]]:
    """(vendor, number) of each bill → (money, lines)."""
    sheet = openpyxl.load_workbook(of.json["result"])["Bills"]
    return {(r[3], r[2]): (r[7], r[8]) for r in sheet.iter_rows(min_row=2, values_only=True)}


def codes(of: Ended) -> list[tuple[str, int]]:
    return [(f["code"], f["row"]) for f in of.json["findings"] if f["severity"] == "error"]


A1, BEX = ("Acme", "A1"), ("Bex", None)
WHOLE = {A1: (30, 2), ("Acme", "A2"): (5, 1), BEX: (15, 2), ("Cy", "C1"): (1, 1)}
NEW = ["Acme", "A1", None, None, "4.00"] + [None] * 8


@pytest.mark.parametrize(
    ("edit", "errors", "changed"),
    [
        (lambda rows: rows, [], {}),
        (lambda rows: rows[::-1], [], {}),
        (lambda rows: [rows[i] for i in (4, 0, 5, 2, 1, 3)], [], {}),
        (lambda rows: rows[:1] + rows[2:], [], {A1: (10, 1)}),
        (lambda rows: rows[:4] + rows[5:], [], {BEX: (7, 1)}),
        (lambda rows: [*rows, NEW], [], {A1: (34, 3)}),
        # Without their first row, lines have no date: told, and never another bill's.
        (lambda rows: rows[1:], [("bills.issuedDate.required", 2)],
         {A1: (20, 1)}),
        (lambda rows: rows[:3] + rows[4:],
         [("bills.lines.in_doubt", 4), ("bills.issuedDate.required", 5)], {BEX: (8, 1)}),
        # A number that is corrected on one row of its bill splits no bill.
        (lambda rows: [["Acme", "A9", *rows[0][2:]], *rows[1:]],
         [("bills.invoiceNumber.disagrees", 3)], {A1: None, ("Acme", "A9"): (30, 2)}),
    ],
)  # fmt: skip
def test_edited_result_rows_keep_their_bill(
    command: Command,
    tmp_path: Path,
    edit: Callable[[Rows], Rows],
    errors: list[tuple[str, int]],
    changed: dict[tuple[Any, Any], Any],
) -> None:
    first = ledger(command, tmp_path, ROWS)
    assert (first.code, bills(first)) == (0, WHOLE)
    done = again(command, first.json["result"], edit)
    assert codes(done) == errors
    assert bills(done) == {key: found for key, found in (WHOLE | changed).items() if found}


def test_void_row_keeps_its_bill_invalid_in_the_result(command: Command, tmp_path: Path) -> None:
    void = ROWS.replace("03/03/2025,,1.00", "03/03/2025,Void,1.00") + ",,04/03/2025,,2.00\n"
    first = ledger(command, tmp_path, void)
    assert codes(first) == [("sheet.row.no_bill", 8)]
    assert first.json["bills"] == {"total": 4, "valid": 2, "invalid": 2}
    done = again(command, first.json["result"], lambda rows: rows)
    assert [row for _, row in codes(done)] == [5, 8]
    assert done.json["bills"] == first.json["bills"]
    # Where the template says that a blank means Void, the whole bill is passed over.
    other = FILLED.replace("Number]", "Number, Status]")
    whole = ledger(command, tmp_path, void, other)
    assert (codes(whole), whole.json["bills"]["total"]) == ([], 3)


def test_rows_past_the_end_stay_out_of_a_sorted_result(command: Command, tmp_path: Path) -> None:
    text = ROWS + "END,,,,\nDee,D1,05/03/2025,,99.00\n"
    source = "stop_at: {column: Supplier, equals: END}, fill_down: [Supplier, Number]"
    first = ledger(command, tmp_path, text, source)
    assert bills(first) == WHOLE
    done = again(command, first.json["result"], lambda rows: rows[::-1])
    assert (codes(done), bills(done)) == ([], WHOLE)
    assert "sheet.row.after_end" in {f["code"] for f in done.json["findings"]}


def test_result_keeps_the_parameters_of_each_sheet(command: Command, tmp_path: Path) -> None:
    (tmp_path / "years.yaml").write_text(
        LEDGER.replace("source: {SOURCE}", "parameters: {year: {cell: A1}, entity: }").replace(
            "{column: Date}", "{date_from: {column: Date, format: DDMM, year: {parameter: year}}}\n"
            "  companyEntity: {parameter: entity}"
        ),
        encoding="utf-8",
    )  # fmt: skip
    for year in ("2024", "2025"):
        row = f"Supplier,Number,Date,Amount\nAcme,A{year},0103,1.00\n"
        (tmp_path / f"{year}.csv").write_text(f"{year},,,\n{row}")
    args = ("--template", "years.yaml", "--json", "--quiet")
    first = command("validate", "2024.csv", "2025.csv", *args, "--set", "entity=UK01")
    assert first.code == 0

    def dates(of: Ended) -> list[Any]:
        sheet = openpyxl.load_workbook(of.json["result"])["Bills"]
        return [r[4] for r in sheet.iter_rows(min_row=2, values_only=True)]

    assert dates(first) == ["2024-03-01", "2025-03-01"]
    done = again(command, first.json["result"], lambda rows: rows)
    assert (done.code, dates(done)) == (0, ["2024-03-01", "2025-03-01"])
    said = openpyxl.load_workbook(done.json["result"])["Summary"]
    words = " ".join(str(c.value) for row in said.iter_rows() for c in row if c.value)
    assert "parameters of the template: year = 2024, entity = UK01" in words
    other = again(command, first.json["result"], lambda rows: rows, "--set", "year=2023")
    assert dates(other) == ["2023-03-01", "2023-03-01"]


def test_result_repeats_format_and_quote_findings(command: Command, tmp_path: Path) -> None:
    text = ROWS.replace("02/03/2025,,5.00", '02/03/2025,"5 inch,5.00\nDee,D1,03/03/2025,9",7.00')
    first = ledger(command, tmp_path, text)
    assert codes(first) == [("sheet.row.swallowed", 4)]
    assert first.json["findings"][0]["message"].startswith(
        "The cell starts with a quotation mark that is closed only further down (lines: 1)"
    )
    (tmp_path / "edited.xlsx").write_bytes(Path(first.json["result"]).read_bytes())
    assert codes(command("validate", "edited.xlsx", "--json", "--quiet")) == codes(first)

    book = openpyxl.Workbook()
    for row in (line.split(",") for line in ROWS.splitlines()):
        book.active.append([cell or None for cell in row])
    for row, shown in ((2, "[$€-407] #,##0.00"), (3, "0.00%"), (4, '"$"0.00'), (7, "[$£-809]0")):
        book.active.cell(row, 5).value = 0.5
        book.active.cell(row, 5).number_format = shown
    book.save(tmp_path / "l.xlsx")
    first = command("validate", "l.xlsx", "--template", "ledger.yaml", "--json", "--quiet")
    other = "line_items.amount.other_currency"
    found = [(other, 2), ("line_items.amount.percentage", 3), (other, 4)]
    assert codes(first) == found
    assert "'0.5', shown in €, is in a different" in first.json["findings"][0]["message"]
    (tmp_path / "edited.xlsx").write_bytes(Path(first.json["result"]).read_bytes())
    assert codes(command("validate", "edited.xlsx", "--json", "--quiet")) == found


TABLED = LEDGER + "lookups: {vendor: {table: vendors.csv}}\n"


def test_result_uses_the_lookup_tables_of_its_sources(command: Command, tmp_path: Path) -> None:
    (tmp_path / "ledger.yaml").write_text(TABLED.replace("SOURCE", ""), encoding="utf-8")
    for place, vendor, number in (("uk", VENDORS[0], "U"), ("de", VENDORS[1], "D")):
        (tmp_path / place).mkdir()
        table = f"value,id\nAcme,{vendor}\n{place},{vendor}\n"
        (tmp_path / place / "vendors.csv").write_text(table)
        rows = f"Supplier,Number,Date,Status,Amount\n{place},{number},01/03/2025,,x\n"
        (tmp_path / place / "l.csv").write_text(rows)
    told = ("--template", "ledger.yaml", "--json", "--quiet")
    first = command("validate", "uk/l.csv", *told)
    # Beside the result is another table, in which the name is another vendor.
    (tmp_path / "vendors.csv").write_text(f"value,id\nuk,{VENDORS[5]}\n")

    def renamed(rows: Rows) -> Rows:
        return [["Acme", row[1], row[2], row[3], "7.00", *row[5:]] for row in rows]

    second = again(command, first.json["result"], renamed)
    assert second.json["bills"]["valid"] == 1  # only the table of its own file has 'Acme'
    # The tables of two files are used both, and refused where they disagree.
    both = command("validate", "uk/l.csv", "de/l.csv", *told)
    assert both.code == 2
    assert all(words in both.err for words in ("'Acme'", "uk/vendors.csv", "de/vendors.csv"))


def test_merged_header_is_recognised_in_the_result(command: Command, tmp_path: Path) -> None:
    template = LEDGER.replace("SOURCE", "header: {find: [Supplier, Due Tax], rows: 2}")
    template = template.replace("amount: {column: Amount}", "amount: {column: Due Gross}")
    template += "  taxAmount: {column: Due Tax}\n"
    (tmp_path / "two.yaml").write_text(template, encoding="utf-8")
    rows = ",,,Due,\nSupplier,Number,Date,Gross,Tax\nAcme,A1,01/03/2025,12.00,x\n"
    (tmp_path / "two.csv").write_text(rows)
    first = command("validate", "two.csv", "--template", "two.yaml", "--json", "--quiet")
    second = again(command, first.json["result"], lambda rows: [[*rows[0][:4], "0", *rows[0][5:]]])
    assert codes(second) == []
    assert bills(second)[A1] == (12, 1)


def test_1904_dates_survive_the_round_trip(command: Command, tmp_path: Path) -> None:
    template = LEDGER.replace("SOURCE", "").replace("DD/MM/YYYY", "serial")
    (tmp_path / "days.yaml").write_text(template, encoding="utf-8")
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in (["Supplier", "Number", "Date", "Amount"], ["Acme", "A1", 44285, 5]):
        book.worksheets[0].append(row)
    book.save("old.xlsx")
    first = command("validate", "old.xlsx", "--template", "days.yaml", "--json", "--quiet")
    second = again(command, first.json["result"], lambda rows: rows)
    for told in (first, second):
        sheet = openpyxl.load_workbook(told.json["result"])["Bills"]
        assert str(sheet.cell(2, 5).value)[:10] == "2025-03-31"


def test_missing_column_of_a_template_is_named(command: Command, tmp_path: Path) -> None:
    told = ledger(command, tmp_path, ROWS, "control_total: {amount: Amout, blank: [Supplier]}")
    (missing,) = (f for f in told.json["findings"] if f["code"] == "sheet.column.missing")
    assert "source.control_total" in missing["message"]
    assert "the nearest is 'Amount'." in missing["hint"]
    told = ledger(command, tmp_path, ROWS, "header: {find: [Supplyer]}")
    assert "found by: Supplyer" in told.err


def test_columns_of_the_file_named_as_ours_stay_its_own(command: Command, tmp_path: Path) -> None:
    text = ROWS.replace("Status", "import_status")
    first = ledger(command, tmp_path, text)
    (tmp_path / "edited.xlsx").write_bytes(Path(first.json["result"]).read_bytes())
    second = command("validate", "edited.xlsx", "--json", "--quiet")
    rows = [
        [
            [cell.value for cell in row][3:]
            for row in openpyxl.load_workbook(done.json["result"])["Line items"]
        ]
        for done in (first, second)
    ]
    assert rows[0] == rows[1]
    assert "import_status" in rows[0][0]
