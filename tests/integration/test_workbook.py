from __future__ import annotations

import gc
import re
import zipfile
from collections.abc import Sequence
from configparser import ConfigParser
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import calls
from listed_outcomes import ListedOutcomes
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from python_calamine import CalamineWorkbook

from importer.core.errors import UsageProblem
from importer.model.finding import CellRef, Finding, Severity
from importer.model.journal_states import Status
from importer.model.read_back import Comparison, ReadBack
from importer.model.report_model import (
    BillResult,
    CurrencyTotal,
    RowResult,
    RunSummary,
    Suggestion,
    Unresolved,
)
from importer.model.tables import CellKind, InputTable, Role, SourceTable, TableKind
from importer.report.build_report import Report
from importer.report.finding_index import FindingIndex
from importer.report.xlsx.cell_values import MOST_COLUMNS
from importer.report.xlsx.choice_lists import ChoiceLists
from importer.report.xlsx.streaming_sheet import check_version
from importer.report.xlsx.workbook import write_workbook
from importer.report.xlsx.workbook_context import WorkbookLimits
from importer.validation.finding_batch import Findings

SUMMARY = RunSummary(
    command="load",
    run="r1",
    company="Northwind & Sons",
    base_url="https://api.example.com",
    template="light",
    sources=("bills.csv",),
    started_at=datetime(2025, 3, 31, 14, 5, tzinfo=UTC),
    bills={"total": 2, "created": 1, "invalid": 1},
    line_items={"total": 0},
    rows={"read": 2, "data": 2},
    totals=(CurrencyTotal("GBP", 123456, 100000, {"created": 100000, "invalid": 23456}, 2),),
    requests=4,
    seconds=3.2,
    next_step="Correct the cells in red, then run it again",
)
CHECKED = replace(SUMMARY, command="validate", run=None, bills={"total": 1, "valid": 1})
LAST = ["Tie-out", "Tie-out by vendor", "light-import"]
FIRST = ["import_status", "import_message"]
LAST_COLUMNS = [
    "light_document",
    "light_bill_id",
    "light_state",
    "attempts",
    "loaded_at",
    "source_row",
    "then",
]


def table(
    cells: Sequence[Sequence[str]],
    *,
    kind: TableKind = TableKind.BILLS,
    header: int = 0,
    roles: Sequence[Role] | None = None,
    numbers: Sequence[int] | None = None,
    kinds: Sequence[Sequence[int]] | None = None,
) -> InputTable:
    source = SourceTable(
        "bills.csv",
        None,
        tuple(zip(*cells, strict=True)),
        numbers or range(1, len(cells) + 1),
        None if kinds is None else tuple(zip(*kinds, strict=True)),
    )
    data = roles or [Role.DATA] * (len(cells) - header - 1)
    return InputTable(source, kind, header, tuple(cells[header]), data)


def bill(row: int, status: Status, table: int = 0, **result: Any) -> BillResult:
    return BillResult(
        RowResult(table, row, status, **result), "Müller", "00123", "2025-03-01", "GBP", 123456, 2
    )


def finding(
    row: int | None, column: int | None = None, table: int | None = 0, **other: Any
) -> Finding:
    header = None if column is None else f"column {column}"
    cell = CellRef("bills.csv", None, row, header, table, column)
    severity = other.pop("severity", Severity.ERROR)
    message = other.pop("message", "This is wrong")
    return Finding("bills.x", severity, cell, "value", message, "Put it right", **other)


def report(
    *tables: InputTable,
    summary: RunSummary = SUMMARY,
    bills: Sequence[BillResult] = (),
    line_items: Sequence[RowResult] = (),
    findings: Sequence[Finding] = (),
    **other: Any,
) -> Report:
    outcomes = ListedOutcomes(bills), ListedOutcomes(line_items)
    return Report(summary, tables, *outcomes, Findings(findings), **other)


def written(report: Report, folder: Path, limits: WorkbookLimits | None = None) -> Any:
    write_workbook(report, folder / "result.xlsx", limits or WorkbookLimits())
    assert [path.name for path in folder.iterdir()] == ["result.xlsx"]
    return load_workbook(folder / "result.xlsx")


def values(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def parts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


# --- rows and cells ---------------------------------------------------------------------------


def test_rows_are_written_in_order_with_their_outcomes(tmp_path: Path) -> None:
    source = table(
        [
            ["A title", ""],
            ["Invoice No ", "amount"],
            ["00123", "100000"],
            ["", "5"],
            ["Invoice No ", "amount"],
            ["Total", "100005"],
            ["note", ""],
        ],
        header=1,
        numbers=[1, 3, 4, 6, 7, 8, 9],
        roles=[Role.DATA, Role.DATA, Role.REPEATED_HEADER, Role.CONTROL_TOTAL, Role.IGNORED],
    )
    loaded = datetime(2025, 3, 31, 14, 5, tzinfo=UTC)
    created = bill(
        4, Status.CREATED, light_id="id-1", light_state="DRAFT", attempts=2, loaded_at=loaded
    )
    rejected = bill(6, Status.REJECTED, message="Light said no", attempts=1)
    book = written(report(source, bills=[created, rejected]), tmp_path)
    assert book.sheetnames == ["Summary", "Bills", "Problems", *LAST]
    none = [None] * 5
    assert values(book["Bills"]) == [
        [*FIRST, "Invoice No ", "amount", *LAST_COLUMNS],
        [
            "created",
            None,
            "00123",
            "100000",
            "bill",
            "id-1",
            "DRAFT",
            2,
            "2025-03-31T14:05:00Z",
            4,
            None,
        ],
        ["rejected", "Light said no", None, "5", "bill", None, None, 1, None, 6, None],
        ["repeated_header", None, "Invoice No ", "amount", *none, 7, None],
        ["control_total", None, "Total", "100005", *none, 8, None],
        ["ignored", None, "note", None, *none, 9, None],
    ]


AWKWARD = [
    "=1+1",
    "+44 20",
    "-5",
    "@SUM(A1)",
    "\tleading tab",
    "\rleading return",
    "00012",
    "1e5",
    " spaces ",
    "two\nlines",
    "two\r\nlines",
    "null \x00 bell \x07 escape \x1b unit \x1f",
    "_x0041_",
    "<r>x</r>",
    "<r><t>&amp;</t></r>",
    "</t></is></c><c><f>1+1</f></c>",
    "大塚 😀",
    "http://example.com/",
    "internal:Bills!A1",
    "TRUE",
    "#REF!",
    "x" * 300,
    "y" * 32767,
    "1234567890123456789",
    "{=1+1}",
]


def test_awkward_text_is_read_back_exactly_as_text(tmp_path: Path) -> None:
    source = table([["text"], *([text] for text in AWKWARD)])
    written(report(source), tmp_path)
    path = tmp_path / "result.xlsx"
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Bills")
    assert [row[2] for row in sheet.to_python(skip_empty_area=False)] == ["text", *AWKWARD]
    xml = parts(path)["xl/worksheets/sheet2.xml"]
    assert "<f>" not in xml
    assert "<hyperlink" not in xml


def test_escapes_that_overlap_survive(tmp_path: Path) -> None:
    book = written(report(table([["text"], ["_x005F_x000D_"]])), tmp_path)
    # Each piece is decoded by itself, as Excel does: _x005F_ stands for an underscore.
    raw = book["Bills"]["C2"].value
    assert re.sub("_x005F_", "_", raw) == "_x005F_x000D_"


def test_original_header_is_kept(tmp_path: Path) -> None:
    book = written(report(table([["=A1", "* Vendor (required)"], ["a", "b"]])), tmp_path)
    assert [cell.value for cell in book["Bills"][1][2:4]] == ["=A1", "* Vendor (required)"]
    assert [cell.data_type for cell in book["Bills"][1][2:4]] == ["s", "s"]


def test_text_too_long_for_a_cell_is_cut_and_reported(tmp_path: Path) -> None:
    book = written(report(table([["memo"], ["😀" * 20000], ["\ud83d half"]])), tmp_path)
    cut, half = book["Bills"]["C2"].value, book["Bills"]["C3"].value
    assert cut.endswith("… (cut)")
    assert 32760 <= len(cut.encode("utf-16-le")) // 2 <= 32767
    assert half == "\\ud83d half"
    assert "memo, row 2: an Excel cell cannot hold this text" in book["Bills"]["B2"].value
    assert any("2 texts" in str(row[1]) for row in values(book["Summary"]))


def test_only_numbers_that_keep_their_text_are_numbers(tmp_path: Path) -> None:
    number, text, date = CellKind.NUMBER, CellKind.TEXT, CellKind.DATE
    cells = [
        ("100000", number, 100000),
        ("-12", number, -12),
        ("0.1", number, 0.1),
        ("123456789012345", number, 123456789012345),
        ("1234567890123456", number, "1234567890123456"),
        ("19.990000000000002", number, "19.990000000000002"),
        ("007", number, "007"),
        ("-0", number, "-0"),
        ("nan", number, "nan"),
        ("1_0", number, "1_0"),
        ("1.50", number, "1.50"),
        ("100000", text, "100000"),
        ("2025-03-31", date, "2025-03-31"),
        ("TRUE", CellKind.BOOLEAN, "TRUE"),
        ("=A1+B1", CellKind.UNCALCULATED, "=A1+B1"),
    ]
    source = table(
        [["x"], *([text] for text, _, _ in cells)],
        kinds=[[text], *([kind] for _, kind, _ in cells)],
    )
    book = written(report(source), tmp_path)
    assert [row[2] for row in values(book["Bills"])[1:]] == [value for _, _, value in cells]
    assert book["Bills"]["C5"].number_format == "0"  # not 1.23457E+14
    assert book["Bills"]["C13"].number_format == "@"  # stays text when somebody edits it


def test_blank_cells_of_a_text_column_have_text_format(tmp_path: Path) -> None:
    write_workbook(report(table([["a"], [""]])), tmp_path / "result.xlsx")
    xml = parts(tmp_path / "result.xlsx")["xl/worksheets/sheet2.xml"]
    style = re.search(r'<col min="3" max="3" [^>]*style="(\d+)"', xml)
    assert style is not None
    book = load_workbook(tmp_path / "result.xlsx")
    assert book._cell_styles[int(style.group(1))].numFmtId == 49  # "@"


def test_several_tables_of_a_kind_get_a_sheet_each(tmp_path: Path) -> None:
    lines = table([["b"], ["2"]], kind=TableKind.LINE_ITEMS)
    results = [RowResult(2, 2, Status.CREATED, light_id="line-1")]
    book = written(
        report(table([["a"], ["1"]]), table([["a"], ["x"]]), lines, lines, line_items=results),
        tmp_path,
    )
    assert book.sheetnames[1:5] == ["Bills", "Bills 2", "Line items", "Line items 2"]
    assert [c.value for c in book["Line items"][1]][4] == "light_line_item_id"
    assert [c.value for c in book["Line items"][2]][:5] == ["created", None, "2", "bill", "line-1"]


def test_columns_of_an_earlier_result_are_replaced(tmp_path: Path) -> None:
    header = ["vendor", *FIRST, *LAST_COLUMNS[:-1], "mine"]
    row = ["Acme", "invalid", "old", "bill", "old-id", "", "0", "", "9", "kept"]
    book = written(
        report(table([header, row]), bills=[bill(2, Status.VALID)], findings=[finding(2, 9)]),
        tmp_path,
    )
    assert values(book["Bills"]) == [
        [*FIRST, "vendor", "mine", *LAST_COLUMNS],
        ["valid", "This is wrong", "Acme", "kept", "bill", None, None, 0, None, 2, None],
    ]
    assert book["Problems"]["D2"].hyperlink.location == "'Bills'!D2"


def test_flat_file_gets_the_sheets_bills_and_line_items(tmp_path: Path) -> None:
    source = table([["No", "net"], ["00123", "1"], ["00123", "x"]], kind=TableKind.FLAT)
    rows = [RowResult(0, 2, Status.INVALID), RowResult(0, 3, Status.INVALID)]
    wrong = finding(3, 1, bills=(0,), lines=(1,))
    book = written(
        report(source, bills=[bill(2, Status.INVALID)], line_items=rows, findings=[wrong]),
        tmp_path,
    )
    assert book.sheetnames == ["Summary", "Bills", "Line items", "Problems", *LAST]
    assert values(book["Bills"])[0][2:9] == [
        "invoice_number",
        "vendor",
        "issued_date",
        "currency",
        "amount_cents",
        "amount_money",
        "lines",
    ]
    assert values(book["Bills"])[1][:9] == [
        "invalid",
        "row 3: This is wrong",
        "00123",
        "Müller",
        "2025-03-01",
        "GBP",
        123456,
        1234.56,
        2,
    ]
    assert book["Bills"]["H2"].number_format == "#,##0.00"
    lines = values(book["Line items"])
    assert [row[:2] for row in lines[1:]] == [
        ["invalid", "row 3: This is wrong"],
        ["invalid", "This is wrong"],
    ]
    assert book["Problems"]["D2"].hyperlink.location == "'Line items'!D3"


def test_bills_of_a_missing_file_are_still_listed(tmp_path: Path) -> None:
    book = written(report(bills=[bill(2, Status.CREATED, light_id="id-1")]), tmp_path)
    assert book.sheetnames == ["Summary", "Bills", "Problems", *LAST]
    assert [c.value for c in book["Bills"][2]][:2] == ["created", None]
    assert book["Bills"]["K2"].value == "id-1"


def test_amounts_too_large_for_a_float_are_written_as_text(tmp_path: Path) -> None:
    source = table([["No"], ["1"]], kind=TableKind.FLAT)
    huge = replace(bill(2, Status.VALID), amount=2**63 - 1)
    unreadable = replace(bill(2, Status.INVALID), amount=None)
    book = written(report(source, bills=[huge, unreadable]), tmp_path)
    assert [c.value for c in book["Bills"][2][6:8]] == [
        "9223372036854775807",
        "92,233,720,368,547,758.07",
    ]
    assert [c.value for c in book["Bills"][3][6:8]] == [None, None]


# --- findings ---------------------------------------------------------------------------------


def test_offending_cells_are_coloured_and_commented(tmp_path: Path) -> None:
    source = table([["a", "b"], ["1", ""], ["2", "x"]], numbers=[1, 5, 9])
    findings = [
        finding(5, 1, message="Missing"),
        finding(9, 0, severity=Severity.WARNING, message="Odd \x1b"),
        finding(9, 0, severity=Severity.WARNING, message="Also odd"),
    ]
    sheet = written(report(source, bills=[bill(5, Status.INVALID)], findings=findings), tmp_path)[
        "Bills"
    ]
    assert sheet["D2"].fill.fgColor.rgb == "FFF8DAD7"
    assert sheet["D2"].value is None
    assert sheet["D2"].comment.text == "Missing\n→ Put it right"
    assert sheet["D2"].comment.author == "light-import"
    assert sheet["C3"].fill.fgColor.rgb == "FFFFF0C8"
    assert sheet["C3"].comment.text == ("Odd \\x1b\n→ Put it right\n\nAlso odd\n→ Put it right")
    assert sheet["C2"].fill.fill_type is None
    assert [sheet["B2"].value, sheet["B3"].value] == ["Missing", "Odd \\x1b; Also odd"]


def test_bill_message_includes_problems_of_its_lines(tmp_path: Path) -> None:
    lines = table([["b"], ["2"]], kind=TableKind.LINE_ITEMS)
    wrong = finding(2, 0, table=1, bills=(0,), lines=(0,))
    many = [replace(wrong, message=f"Wrong {i}") for i in range(20)]
    book = written(
        report(
            table([["a"], ["1"], ["2"]]),
            lines,
            bills=[bill(2, Status.INVALID), bill(3, Status.INVALID)],
            line_items=[RowResult(1, 2, Status.INVALID)],
            findings=many,
        ),
        tmp_path,
    )
    message = book["Bills"]["B2"].value
    assert message.startswith("row 2: Wrong 0; row 2: Wrong 1;")
    assert message.endswith("and 12 others, see the sheet Problems")
    assert book["Bills"]["B3"].value.startswith("Another row of this bill has a problem")


def test_problems_are_linked_to_their_cells(tmp_path: Path) -> None:
    source = table(
        [["title", ""], ["a", "b"], ["1", "2"], ["3", "4"]], header=1, numbers=[1, 4, 6, 9]
    )
    findings = [
        finding(9, 1),
        finding(6),
        finding(4, 0),
        finding(None, None, table=None),
        finding(1, 0),
        finding(77, 0),
    ]
    sheet = written(report(source, findings=findings), tmp_path)["Problems"]
    assert values(sheet)[0] == [
        "Severity",
        "File",
        "Sheet",
        "Row",
        "Column",
        "Value",
        "Problem",
        "Fix",
        "Code",
    ]
    assert [row[3] for row in values(sheet)[1:]] == [None, 1, 4, 6, 9, 77]
    links = [sheet.cell(row, 4).hyperlink for row in range(2, 8)]
    targets = [link.location if link else None for link in links]
    assert targets == [None, None, "'Bills'!C1", "'Bills'!A2", "'Bills'!D3", None]
    assert values(sheet)[1][5:] == ["value", "This is wrong", "Put it right", "bills.x"]


def test_problems_sheet_without_problems(tmp_path: Path) -> None:
    sheet = written(report(), tmp_path)["Problems"]
    assert sheet["A2"].value == "No problems found."
    assert sheet.sheet_state == "hidden"  # it would be a page of the print


def test_note_counts_cells_beyond_the_comment_limit(tmp_path: Path) -> None:
    source = table([["a"], ["1"], ["2"], ["3"]])
    whole = report(source, findings=[finding(row, 0) for row in (2, 3, 4)])
    book = written(whole, tmp_path, WorkbookLimits(comments=2))
    cells = [book["Bills"].cell(row, 3) for row in (2, 3, 4)]
    assert [cell.comment is not None for cell in cells] == [True, True, False]
    assert cells[2].fill.fgColor.rgb == "FFF8DAD7"
    assert "1 more are coloured without one" in book["Problems"]["A5"].value


def test_problem_limit_lists_errors_before_warnings(
    tmp_path: Path,
) -> None:
    source = table([["a"], ["1"], ["2"], ["3"], ["4"]])
    warning = {"severity": Severity.WARNING}
    findings = [finding(2, 0, **warning), finding(3, 0, **warning), finding(4, 0), finding(5, 0)]
    bills = [bill(row, Status.INVALID, message="no") for row in (2, 3, 4, 5)]
    whole = report(source, findings=findings, bills=bills)
    book = written(whole, tmp_path, WorkbookLimits(problems=3))
    problems, sheet = book["Problems"], book["Bills"]
    assert [problems.cell(row, 4).value for row in range(2, 6)] == [2, 4, 5, None]
    told = problems["A5"].value
    assert told.startswith("The first 3 of 4 problems are listed")
    assert "--max-problems" in told
    assert told in [cell.value for row in book["Summary"] for cell in row]
    targets = [sheet.cell(row, 1).hyperlink for row in range(2, 6)]
    assert [link and link.location for link in targets] == [
        "'Problems'!G2",
        None,
        "'Problems'!G3",
        "'Problems'!G4",
    ]
    assert all(sheet.cell(row, 3).comment is not None for row in range(2, 6))


def test_note_counts_links_beyond_the_limit(tmp_path: Path) -> None:
    source = table([["a"], ["1"], ["2"], ["3"]])
    bills = [bill(row, Status.INVALID, message=f"no {row}") for row in (2, 3, 4)]
    findings = [finding(row, 0) for row in (2, 3, 4)]
    whole = report(source, findings=findings, bills=bills)
    book = written(whole, tmp_path, WorkbookLimits(links=2))
    for name, column in (("Bills", 1), ("Problems", 4)):
        cells = [book[name].cell(row, column) for row in (2, 3, 4)]
        assert [cell.hyperlink is not None for cell in cells] == [True, True, False]
        assert cells[2].value in ("invalid", 4)
    notes = [cell.value for row in book["Summary"] for cell in row if cell.value]
    assert any("1 of Bills, 1 of Problems" in str(note) for note in notes)


def test_a_long_note_is_whole_in_rows_that_can_be_seen(tmp_path: Path) -> None:
    names = [f"Vendor {n}" for n in range(5000)]  # more than a cell can have
    whole = report(table([["a"], ["1"]]), bills=[bill(2, Status.VALID)])
    whole = replace(whole, summary=replace(whole.summary, notes=("; ".join(names),)))
    sheet = written(whole, tmp_path)["Summary"]
    notes = [cell for row in sheet for cell in row if "Vendor " in str(cell.value)]
    assert " ".join(cell.value for cell in notes) == "; ".join(names)
    assert all(sheet.row_dimensions[cell.row].height <= 409 for cell in notes)


def test_bill_is_linked_to_light_only_by_a_web_address(tmp_path: Path) -> None:
    bills = [bill(2, Status.CREATED, light_id="a"), bill(3, Status.CREATED, light_id="b")]
    links = {"a": "https://app.example.com/bills/a", "b": "file:///etc/passwd"}
    book = written(report(table([["x"], ["1"], ["2"]]), bills=bills, links=links), tmp_path)
    cells = [book["Bills"].cell(row, 5) for row in (2, 3)]
    assert [cell.value for cell in cells] == ["a", "b"]
    assert cells[0].hyperlink.target == "https://app.example.com/bills/a"
    assert cells[1].hyperlink is None


def test_each_status_has_its_label_and_colour(tmp_path: Path) -> None:
    bills = [bill(i + 2, status) for i, status in enumerate(Status)]
    source = table([["x"], *(["1"] for _ in Status)])
    sheet = written(report(source, bills=bills), tmp_path)["Bills"]
    cells = [sheet.cell(i + 2, 1) for i in range(len(Status))]
    assert [cell.value for cell in cells] == [status.value for status in Status]
    assert all(cell.fill.fill_type == "solid" for cell in cells)


# --- summary, tie-out, the file ----------------------------------------------------------------


def text_of(sheet: Any) -> str:
    return "\n".join(str(value) for row in values(sheet) for value in row if value is not None)


def test_summary_has_the_facts_of_the_run(tmp_path: Path) -> None:
    total = replace(SUMMARY.totals[0], unreadable=1)
    other = [CurrencyTotal(f"X{i}", 1, 1, {"created": 1}, 1) for i in range(5)]
    summary = replace(SUMMARY, totals=(total, *other), notes=("Dates are DD/MM.",), exit_code=1)
    book = written(report(summary=summary), tmp_path)
    text = text_of(book["Summary"])
    for words in (
        "1 of 2 bills is in Light; 1 needs correction; GBP differs by 234.56.",
        "Next: Correct the cells in red, then run it again",
        "Created in Light",
        "Northwind & Sons",
        "https://api.example.com",
        "2025-03-31 14:05 UTC",
        "3.2 s",
        "Rows of data",
        "Dates are DD/MM.",
        "2 more currencies: see the sheet Tie-out.",
        "1 bill without a readable amount",
    ):
        assert words in text
    assert len(book["Summary"]._charts) == 1
    assert book["Summary"].sheet_view.showGridLines is False
    assert book.active.title == "Summary"


def test_vendor_chart_names_each_vendor(tmp_path: Path) -> None:
    bills = [replace(bill(2, Status.CREATED), amount=100000, in_light=100000)]
    write_workbook(report(bills=bills), tmp_path / "result.xlsx")
    with zipfile.ZipFile(tmp_path / "result.xlsx") as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if "charts/chart" in name]
    (of_vendors,) = [chart for chart in charts if "Amounts by vendor" in chart]
    assert '<c:tickLblSkip val="1"/>' in of_vendors


def test_amounts_without_a_currency_have_a_header_that_fits(tmp_path: Path) -> None:
    totals = (*SUMMARY.totals, CurrencyTotal("no currency", 1, 0, {"invalid": 1}, 1))
    book = written(report(summary=replace(SUMMARY, totals=totals)), tmp_path)
    headers = [cell.value for row in book["Summary"] for cell in row]
    assert "Amount GBP" in headers
    assert "No currency" in headers


def test_tie_out_is_exact_and_has_words(tmp_path: Path) -> None:
    huge = 10**18 + 1
    totals = (
        replace(SUMMARY.totals[0], control=123456),
        CurrencyTotal("EUR", huge, huge, {"created": huge}, 1),
    )
    bills = [
        replace(bill(2, Status.CREATED), amount=100000, in_light=100000, net=80000, tax=20000),
        replace(bill(3, Status.INVALID), amount=23456, net=20000),
        replace(bill(4, Status.CREATED), amount=huge, in_light=huge, currency="EUR"),
    ]
    whole = report(bills=bills, summary=replace(SUMMARY, totals=totals))
    write_workbook(whole, tmp_path / "result.xlsx")
    book = load_workbook(tmp_path / "result.xlsx", data_only=True)
    rows = [row[1:7] for row in values(book["Tie-out"]) if row[1]]
    assert rows[3:16] == [
        ["GBP, 2 bills", "Bills", "Gross", "Net", "Tax", None],
        ["In the sheet", 2, 1234.56, 1000, None, "The sheet does not state tax for every bill."],
        ["   of which: Needs correction", 1, 234.56, None, None, "not in Light"],
        ["   of which: Created in Light", 1, 1000, None, None, "in Light"],
        ["In Light", 1, 1000, 800, 200, "gross as Light answered; net and tax as sent"],
        [
            "Difference: sheet less Light",
            1,
            234.56,
            200,
            None,
            "234.56 GBP of the file is not known to be in Light.",
        ],
        ["Total stated by the file or the template", None, 1234.56, None, None, None],
        ["Difference: stated less sheet", None, 0, None, None, "Agrees with the bills."],
        ["EUR, 1 bill", "Bills", "Gross", "Net", "Tax", None],
        [
            "In the sheet",
            1,
            "10,000,000,000,000,000.01",
            None,
            None,
            "The sheet does not state net and tax for every bill.",
        ],
        [
            "   of which: Created in Light",
            1,
            "10,000,000,000,000,000.01",
            None,
            None,
            "in Light",
        ],
        ["In Light", 1, "10,000,000,000,000,000.01", None, None, rows[7][5]],
        ["Difference: sheet less Light", 0, 0, None, None, "Ties out."],
    ]
    named = rows[19:21]
    assert named[0] == ["Vendor, invoice", "Row", "Sheet", "Light", "Difference", "Why"]
    assert named[1][:5] == ["Müller, 00123, GBP", 3, 234.56, 0, 234.56]


def test_tie_out_sums_are_formulas_with_exact_stored_values(tmp_path: Path) -> None:
    bills = [
        replace(
            bill(i + 2, Status.CREATED),
            vendor=f"V{i % 7}",
            amount=amount,
            in_light=amount,
            net=amount - 3,
            tax=3,
        )
        for i, amount in enumerate(range(10, 70_000, 333))
    ]
    total = sum(b.amount or 0 for b in bills)
    totals = (CurrencyTotal("GBP", total, total, {"created": total}, len(bills)),)
    whole = report(bills=bills, summary=replace(SUMMARY, totals=totals))
    write_workbook(whole, tmp_path / "result.xlsx")
    formulas = load_workbook(tmp_path / "result.xlsx")
    stored = load_workbook(tmp_path / "result.xlsx", data_only=True)
    by_vendor = stored["Tie-out by vendor"]
    assert [c.value for c in by_vendor["B"]][1:] == [f"V{i}" for i in range(7)]
    found = 0
    for row in formulas["Tie-out"].iter_rows():
        for c in row:
            if isinstance(c.value, str) and (of := re.search(r"!\$([A-Z])\$2:", c.value)):
                parts = [round(100 * (cell.value or 0)) for cell in by_vendor[of[1]][1:]]
                value = stored["Tie-out"][c.coordinate].value
                assert sum(parts) == round(100 * value)
                found += 1
    assert found == 8
    assert stored["Tie-out"]["D5"].value == total / 100
    differences = [c.value for c in formulas["Tie-out by vendor"]["K"]][1:]
    assert differences == [f"=ROUND(D{r}-H{r},2)" for r in range(2, 9)]


def test_tie_out_uses_read_backs_and_names_differing_bills(
    tmp_path: Path,
) -> None:
    moment = datetime(2025, 4, 1, tzinfo=UTC)
    same = ReadBack(Comparison.SAME, moment, "POSTED", 100000, 80000, 20000)
    changed = ReadBack(Comparison.CHANGED, moment, "DRAFT", 99999, 79999, 20000)
    created = replace(bill(2, Status.CREATED), amount=100000, in_light=100000, net=80000, tax=20000)
    bills = [
        replace(created, read_back=same),
        replace(created, read_back=changed, invoice_number="7"),
        replace(created, read_back=ReadBack(Comparison.MISSING, moment), invoice_number="8"),
    ]
    totals = (CurrencyTotal("GBP", 300000, 300000, {"created": 300000}, 3),)
    whole = report(bills=bills, summary=replace(SUMMARY, totals=totals))
    write_workbook(whole, tmp_path / "result.xlsx")
    book = load_workbook(tmp_path / "result.xlsx", data_only=True)
    rows = {str(row[1]): row[2:6] for row in values(book["Tie-out"]) if row[1]}
    assert rows["Read back from Light"] == [2, 1999.99, 1599.99, 400]
    assert rows["Difference: sheet less Light"][1] == 1000.01
    assert rows["Müller, 7, GBP"][1:] == [1000, 999.99, 0.01]
    assert rows["Müller, 8, GBP"][1:] == [1000, 0, 1000]
    assert "Müller, 00123, GBP" not in rows


def test_control_characters_in_names_do_not_break_the_file(tmp_path: Path) -> None:
    nasty = 'a\x00\x1b\ud800&"<>\u202e' + "n" * 300
    summary = replace(
        SUMMARY,
        company=nasty,
        base_url=nasty,
        template=nasty,
        run=nasty,
        sources=(nasty,),
        next_step=nasty,
        notes=(nasty,),
        totals=(CurrencyTotal(nasty, 1, 1, {"created": 1}, 1),),
    )
    cell = CellRef(nasty, nasty, 2, nasty, 0, 0)
    wrong = Finding(nasty, Severity.ERROR, cell, nasty, nasty, nasty)
    result = RowResult(0, 2, Status.REJECTED, nasty, nasty, nasty)
    bills = [BillResult(result, nasty, nasty, nasty, nasty, 1, 1)]
    flat = table([[nasty], [nasty]], kind=TableKind.FLAT)
    links = {nasty: "https://x/"}
    whole = report(
        flat, summary=summary, bills=bills, line_items=[result], findings=[wrong], links=links
    )
    book = written(whole, tmp_path)
    assert book["Bills"]["C2"].value.startswith("a")


def test_document_properties_have_template_and_run(tmp_path: Path) -> None:
    book = written(report(table([["a"], ["1"]], kind=TableKind.FLAT)), tmp_path)
    names = {item.name: item.value for item in book.custom_doc_props.props}
    assert names == {
        "light_import_template": "light",
        "light_import_run": "r1",
        "light_import_layout": "flat",
        "light_import_company": "Northwind & Sons",
        "light_import_base_url": "https://api.example.com",
        "light_import_format": "3",
    }
    assert book["light-import"].sheet_state == "hidden"
    assert book.properties.creator == "light-import"


def test_headers_are_frozen_and_printed_on_each_page(tmp_path: Path) -> None:
    sheet = written(report(table([["a"], ["1"]])), tmp_path)["Bills"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:J2"
    assert sheet.print_area == "'Bills'!$A$1:$F$2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, None)  # one by one
    headers = ["amortizationEndDate", "companyEntityId", "End date"]
    words = written(report(table([headers, ["1", "", ""]])), tmp_path)
    breaks = {
        cell.value: (cell.alignment.wrap_text, cell.alignment.shrink_to_fit)
        for cell in words["Bills"][1]
    }
    # One word is shrunk a little, and its column wide enough; only between words is a line broken.
    for word in ("companyEntityId", "amortizationEndDate", "light_document"):
        assert breaks[word] == (None, True)
    assert breaks["End date"] == (True, None)
    assert words["Bills"].column_dimensions["C"].width * 1.25 >= len("amortizationEndDate")


@pytest.mark.parametrize(("rows", "pages"), [(67, 2), (80, 0)])
def test_last_page_with_a_few_rows_is_spared(rows: int, pages: int, tmp_path: Path) -> None:
    sheet = written(report(table([["a"], *([str(i)] for i in range(rows))])), tmp_path)["Bills"]
    assert sheet.page_setup.fitToHeight == pages


@pytest.mark.parametrize(
    ("reference", "frozen", "printed", "third"),
    [
        (0, "D2", "G", "column 0"),
        (5, "D2", "G", "bill_reference"),
        (None, "C2", "G", "column 0"),
    ],
    ids=["the first column says which bill", "another does", "none does"],
)
def test_wide_sheets_print_what_is_readable_beside_the_status_and_bill(
    reference: int | None, frozen: str, printed: str, third: str, tmp_path: Path
) -> None:
    header = [f"column {i}" for i in range(9)]
    columns = {} if reference is None else {0: reference}
    source = table([header, *([f"{i} {'x' * 50}" for i in range(9)] for _ in range(100))])
    sheet = written(report(source, reference_columns=columns), tmp_path)["Bills"]
    assert sheet.freeze_panes == frozen
    assert sheet["C1"].value == third
    assert str(sheet["C2"].value).startswith(str(reference or 0))
    assert sheet.print_area == f"'Bills'!$A$1:${printed}$101"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
    assert f"columns A to {printed}" in str(sheet.oddFooter.center.text)


def test_many_problems_are_printed_on_several_pages(tmp_path: Path) -> None:
    findings = [finding(2, 0) for _ in range(200)]
    sheet = written(report(table([["a"], ["1"]]), findings=findings), tmp_path)["Problems"]
    assert sheet.print_area == "'Problems'!$A$1:$H$201"  # without the code
    assert sheet.page_setup.fitToHeight == 0


def test_long_names_can_be_read_in_full(tmp_path: Path) -> None:
    name = "Müller und Söhne Werkzeugmaschinen- und Anlagenbau Gesellschaft mbH & Co. KG"
    sent = replace(bill(2, Status.CREATED), vendor=name, amount=100000, in_light=0)
    header = "localCurrencyFxRateOverride"
    cell = CellRef("bills.csv", None, 2, header, 0, 0)
    wrong = Finding("bills.x", Severity.ERROR, cell, "", "This is wrong", "")
    book = written(report(bills=[sent], findings=[wrong]), tmp_path)
    for title in ("Summary", "Tie-out"):
        (found,) = [c for c in book[title]["B"] if str(c.value).startswith(name)]
        assert found.alignment.wrap_text
        assert book[title].row_dimensions[found.row].height >= 45
    assert book["Problems"].column_dimensions["E"].width > len(header)


def test_check_says_only_that_nothing_was_sent(tmp_path: Path) -> None:
    totals = tuple(replace(total, asked=False) for total in CHECKED.totals)
    summary = replace(CHECKED, totals=totals, asked=False)
    checked = report(bills=[bill(2, Status.VALID)], summary=summary)
    text = text_of(written(checked, tmp_path)["Tie-out"])
    assert "Light was not asked." in text
    assert "as Light answered" not in text


def test_words_are_indented_from_the_difference(tmp_path: Path) -> None:
    sheet = written(report(bills=[bill(2, Status.INVALID)]), tmp_path)["Tie-out by vendor"]
    for cell in sheet["L"]:
        assert (cell.alignment.horizontal, cell.alignment.indent) == ("left", 1)
    assert [cell.value for cell in sheet["L"]] == ["What differs", "1 bill not in Light"]


class Broken(Sequence[str]):
    """A column that cannot be read to its end."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: Any) -> Any:
        if i == 3 or isinstance(i, slice):
            raise RuntimeError("the disk is gone")
        return "text"


def test_interrupted_write_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "result.xlsx"
    path.write_text("the former result")
    whole = table([["text"]] * 4)
    broken = replace(whole, source=replace(whole.source, columns=(Broken(),)))
    with pytest.raises(RuntimeError, match="the disk is gone"):
        write_workbook(report(broken), path)
    gc.collect()  # files left open would warn here
    assert [p.name for p in tmp_path.iterdir()] == ["result.xlsx"]
    assert path.read_text() == "the former result"


@pytest.mark.parametrize("version", ["3.2.9", "3.4.0", "4.0", "3"])
def test_another_minor_version_of_xlsxwriter_is_refused(version: str) -> None:
    with pytest.raises(UsageProblem, match=rf"needs XlsxWriter 3\.3, and {version} is installed"):
        check_version(version)


def test_supported_xlsxwriter_versions_match_setup_cfg() -> None:
    check_version("3.3.17")
    setup = ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg", encoding="utf-8")
    assert "XlsxWriter>=3.3,<3.4" in setup["options"]["install_requires"].split()


def test_full_disk_leaves_the_earlier_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "result.xlsx"
    path.write_text("the former result")
    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(UsageProblem, match="No space left on device"):
        write_workbook(report(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["result.xlsx"]
    assert path.read_text() == "the former result"


def test_table_with_parts_of_unequal_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write_workbook(report(table([["a"], ["1"], ["2"]], roles=[Role.DATA])), tmp_path / "r.xlsx")


def test_missing_folder_is_a_usage_problem(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="could not be written"):
        write_workbook(report(), tmp_path / "missing" / "result.xlsx")


def test_too_many_rows_are_refused_before_writing(tmp_path: Path) -> None:
    n = 1_048_576
    column = ["a"] + [""] * n
    long = InputTable(
        SourceTable("big.csv", None, (column,), range(1, n + 2)),
        TableKind.BILLS,
        0,
        ("a",),
        [Role.DATA] * n,
    )
    with pytest.raises(UsageProblem, match=r"big\.csv has 1,048,576 rows.*--result out\.csv"):
        write_workbook(report(long), tmp_path / "result.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_finding_index_is_linear_in_the_findings_of_a_row() -> None:
    work = []
    for many in (100, 400):
        source = table([["No"], *([str(i)] for i in range(many))])
        bills = [bill(row, Status.INVALID) for row in range(2, many + 2)]
        findings = [finding(i + 2, bills=(0, i)) for i in range(1, many)]
        with calls() as count:
            FindingIndex(report(source, bills=bills, findings=findings))
        work.append(count[0])
    assert work[1] <= 4.4 * work[0]


def test_tie_out_says_which_run_is_signed_and_fits_a_page(tmp_path: Path) -> None:
    ran = replace(SUMMARY, by="Ada", version="1.2", digests={"bills.csv": "ab" * 32})
    unsent = [bill(i, Status.INVALID) for i in range(2, 300)]
    one, many = (
        written(report(bills=bills, summary=ran), folder)
        for bills, folder in ((unsent[:2], tmp_path / "one"), (unsent, tmp_path / "many"))
        if not folder.mkdir()
    )
    words = text_of(one["Tie-out"])
    for each in ("run by Ada", "light-import 1.2", "Prepared by", "Checked by", "Date"):
        assert each in words
    assert "ab" * 32 in text_of(one["Summary"])
    assert one["Tie-out"].sheet_properties.pageSetUpPr.fitToPage
    # What is signed comes first; the bills that differ follow on further pages.
    assert many["Tie-out"].page_setup.fitToHeight == 0
    assert many["Tie-out"].print_area == f"'Tie-out'!$A$1:$G${many['Tie-out'].max_row}"
    (header,) = [c.row for c in many["Tie-out"]["B"] if c.value == "Vendor, invoice"]
    assert many["Tie-out"].print_title_rows == f"${header}:${header}"


def test_dropdowns_offer_no_more_lists_than_a_sheet_has_columns() -> None:
    choices = {"account": (Suggestion("a1", "6010 Paper"), Suggestion("a2", "6020 Ink"))}
    lists = ChoiceLists(choices)
    name = Unresolved("account", "Papr", "not in Light", 1, (), choices["account"][:1])
    offered = [str(lists.range_of(name)) for _ in range(MOST_COLUMNS)]
    ends = [range_boundaries(each.partition("!")[2].replace("$", ""))[2] for each in offered]
    assert max(ends) == MOST_COLUMNS
    assert offered[-1] == "='Lists'!$A$2:$A$3"


def test_names_with_the_same_choices_share_a_dropdown(tmp_path: Path) -> None:
    choices = {"account": (Suggestion("a1", "6010 Paper"),)}
    place = (CellRef("bills.csv", None, 2, "account", 0, 0),)
    names = [Unresolved("account", f"{i} & <co>", "not in Light", 1, place) for i in range(3)]
    suggested = [
        replace(names[0], value="Papr", suggestions=choices["account"]),
        replace(names[0], field="vendor", value=" Bolt"),
    ]
    of = report(unresolved=[*names, *suggested], choices=choices)
    sheet = written(of, tmp_path)["To resolve"]
    assert [row[1] for row in values(sheet)[1:]] == [
        *(f"{i} & <co>" for i in range(3)),
        "Papr",
        " Bolt",
    ]
    rules = {str(r.sqref): r.formula1 for r in sheet.data_validations.dataValidation}
    assert rules == {"C2:C4": "'Lists'!$A$2", "C5": "'Lists'!$C$2"}
