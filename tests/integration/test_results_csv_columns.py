"""A CSV result made a column at a time is the one made row by row, byte for byte."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sheets_of_bills import bill, book, checked, csv_file, grid, line, template

from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.journal_states import BillOutcome, JournalEntry, State, Status
from importer.model.report_model import Report, RunSummary
from importer.report.build_report import build_report
from importer.report.csv_rows import write_csv
from importer.validation.validate import Checked

TEXT = st.sampled_from(
    [
        "Paper",
        "=1+1",
        "-5",
        "+x",
        "'a",
        'say "so"',
        "a,b",
        "é",
        "",
        "#N/A",
        "@x",
        "é,=",
        "-1,5",
        '="a",b',
        "two\nlines",
        " =1",
        "\u00a0=1",
        "＝1",
        "١",
        "-1.5.",
        "~",
        '"',
        "\u2066a\x07",
        " ",
    ]
)
LEAST = "-9223372036854775808"  # the least amount, of which there is no positive one
AMOUNT = st.sampled_from(
    ["10000", "-5", "0", "12,x", "", "9223372036854775807", LEAST, "7", "-100"]
)
REF = st.sampled_from(["B1", "B2", "X9", ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


MOMENT = datetime(2025, 1, 1, tzinfo=UTC)


def report_of(of: Checked, outcomes: Mapping[int, BillOutcome]) -> Report:
    summary = RunSummary("validate", None, None, None, "light", (), MOMENT, {}, {}, {}, ())
    return build_report(of, outcomes, summary)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bills=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=8),
    lines=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=12),
)
@example(bills=[("B1", "", LEAST)], lines=[("B1", "", LEAST)])
def test_the_columns_are_the_rows_byte_for_byte(
    folder: Path, bills: list[tuple[str, str, str]], lines: list[tuple[str, str, str]]
) -> None:
    of_bills = [bill(billRef=r, description=t, amount=a) for r, t, a in bills]
    of_lines = [line(billRef=r, description=t, netAmount=a) for r, t, a in lines]
    of = checked(
        [
            csv_file(folder / "bills.csv", grid(of_bills)),
            csv_file(folder / "lines.csv", grid(of_lines)),
        ]
    )
    report = report_of(of, {})
    by_column, by_row = folder / "columns.csv", folder / "rows.csv"
    write_csv(report, by_column, at_once=2)
    listed = replace(report, bills=list(report.bills), line_items=list(report.line_items))
    write_csv(listed, by_row)
    assert by_column.read_bytes() == by_row.read_bytes()
    assert [b.result.message for b in listed.bills] == _said_of_bills(of)
    assert [said for said in _said_of_lines(of) if said] == [
        r.message for r, own in zip(listed.line_items, _said_of_lines(of), strict=True) if own
    ]


GROUPED = """
template: mine
layout: flat
source:
  header: {find: [Date, Number]}
  groups: {column: $A, name: Supplier}
  ignore_rows: [{column: Number, equals: void}]
formats: {dates: [DD/MM/YYYY], numbers: point, amounts: decimal}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Amount}
"""
REPORT = [
    ["Unpaid bills"], [], ["", "Date", "Number", "Amount"], ["Acme"],
    ["", "01/03/2025", "void", "5.00"], ["", "01/03/2025", "A1", "10.00"],
    ["", "02/03/2025", "A2", "-20.50"], ["Total for Acme", "", "", "30.50"], ["Beta"],
    ["", "02/03/2025", "B1", "30,50"], ["", "03/03/2025", "B2", "7.00"],
    ["Total for Beta", "", "", "8.00"], ["TOTAL", "", "", "61.00"],
]  # fmt: skip
CREATED = JournalEntry(1, "i", "c", State.CREATED, 2, None, None, MOMENT, "L1", "DRAFT", 1000,
                       ("l1",))  # fmt: skip


@pytest.mark.parametrize(
    "outcomes", [{}, {1: BillOutcome(Status.CREATED, CREATED)}], ids=["checked", "one is in Light"]
)
def test_rows_that_are_no_bill_say_what_they_say_row_by_row(
    folder: Path, outcomes: Mapping[int, BillOutcome]
) -> None:
    """Totals that differ, one after the other, a row that is left out, and bills between them."""
    first = csv_file(folder / "report.csv", [["", "Date", "Number", "Amount"], ["C", "x"]])
    second = book(folder / "report.xlsx", {"March": REPORT})
    of = checked([first, second], template(folder, GROUPED))
    assert {8, 12, 13} <= {f.cell.row for f in of.findings}
    report = report_of(of, outcomes)
    write_csv(replace(report, bills=list(report.bills), line_items=list(report.line_items)),
              folder / "rows.csv")  # fmt: skip
    for at_once in (1, 3, 100):
        write_csv(report, folder / "columns.csv", at_once)
        assert (folder / "columns.csv").read_bytes() == (folder / "rows.csv").read_bytes()
    with (folder / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {int(row["source_row"]): row for row in csv.DictReader(file) if row["source_sheet"]}
    in_light = [("L1", "l1")] if outcomes else [("", "")]
    assert [(rows[n]["light_bill_id"], rows[n]["light_line_item_id"]) for n in (6, 7, 8)] == [
        *in_light, ("", ""), ("", "")
    ]  # fmt: skip
    assert "void" in rows[5]["import_message"]
    for n, name in ((8, "Acme"), (12, "Beta")):
        told = rows[n]["import_message"]
        assert told.startswith(f"The total of '{name}' is")
        assert told.count(". ") == 0, "what is said of the next row is not said here"


def test_what_is_said_of_an_amount_that_no_column_has_begins_with_itself(folder: Path) -> None:
    text = GROUPED.replace("{column: Amount}", "{product: [Number, Amount]}")
    rows = [["", "Date", "Number", "Amount"], ["Acme"], ["", "01/03/2025", "3", "-1.00"]]
    of = checked([csv_file(folder / "product.csv", rows)], template(folder, text))
    assert [f.cell.column for f in of.findings] == [None]
    [result] = report_of(of, {}).bills
    assert [result.result.message] == _said_of_bills(of) == [of.findings[0].message]


def test_the_bills_come_before_the_line_items_whatever_file_is_named_first(folder: Path) -> None:
    of = checked([csv_file(folder / "l.csv", grid([line()])),
                  csv_file(folder / "b.csv", grid([bill(), bill(billRef="")]))])  # fmt: skip
    report = report_of(of, {})
    write_csv(report, folder / "columns.csv")
    write_csv(replace(report, bills=list(report.bills)), folder / "rows.csv")
    assert (folder / "columns.csv").read_bytes() == (folder / "rows.csv").read_bytes()
    with (folder / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:2] == ["billRef", "vendorId"]
    assert [Path(row["source_file"]).name for row in rows] == ["b.csv", "b.csv", "l.csv"]


def _said_of_bills(of: Checked) -> list[str]:
    """Finding by finding, as plainly as can be."""
    out: list[list[str]] = [[] for _ in range(of.bills.size)]
    for f in of.findings:
        for i in f.bills:
            own = f.cell.row is None or (of.mapped.bills.table[i], of.mapped.bills.row[i]) == (
                f.cell.table,
                f.cell.row,
            )
            out[i].append(_said(f, "" if own else f"row {f.cell.row}"))
        if f.severity is Severity.ERROR:
            for i in {int(of.line_bill[line]) for line in f.lines} - {-1} - set(f.bills):
                out[i].append(_said(f, f"line item in row {f.cell.row}" if f.cell.row else ""))
    return [_together(each) for each in out]


def _said_of_lines(of: Checked) -> list[str]:
    own = [[_said(f, "") for f in of.findings if i in f.lines] for i in range(of.lines.size)]
    return [_together(each) for each in own]


def _said(f: Finding, place: str) -> str:
    where = ", ".join(filter(None, (place, (f.cell.column or "").strip())))
    return visible(f"{where}: {f.message}" if where else f.message)


def _together(each: list[str]) -> str:
    return " ".join(each[:5]) + (f" And {len(each) - 5} more." if len(each) > 5 else "")
