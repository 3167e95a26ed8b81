"""Merged cells of workbooks and web pages, read as what they show."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bill_sheets import checked, codes, finding_cells, template, valid
from test_readers_other import ods_number, ods_row, ods_text, write_ods

from importer.validation.checked_bills import Checked

MAPPING = """
template: mine
layout: flat
formats: {dates: [YYYY-MM-DD], numbers: point, amounts: decimal}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
  description: {column: Text}
"""
DAY = "2025-05-31"
ROWS: list[list[Any]] = [
    ["Supplier", "Number", "Date", "Net", "Text"],
    ["Acme", "A1", DAY, 10, "x"],
    [None, None, None, 5, "y"],
    ["Beta", "B1", DAY, 7, "z"],
]


def book(folder: Path, rows: list[list[Any]], merges: list[str]) -> Path:
    """A workbook whose cells keep what stands under the merges, as programs leave it."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    path = folder / "l.xlsx"
    workbook.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    cells = "".join(f'<mergeCell ref="{cells}"/>' for cells in merges)
    end = f"</sheetData><mergeCells>{cells}</mergeCells>".encode()
    parts[name] = parts[name].replace(b"</sheetData>", end)
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return path


def read(path: Path) -> Checked:
    return checked([path], template(path.parent, MAPPING))


def bills(of: Checked) -> dict[str | None, tuple[int, int]]:
    return {b.invoice_number: (b.amount, len(b.lines)) for b in of.valid_bills()}


EXPECTED = {"A1": (1500, 2), "B1": (700, 1)}


def test_merged_header_cells_hold_for_all_rows(tmp_path: Path) -> None:
    of = read(book(tmp_path, ROWS, ["A2:A3", "B2:B3", "C2:C3"]))
    assert (codes(of), bills(of)) == ([], EXPECTED)
    (note,) = of.mapped.notes
    assert note.endswith("1 row read with the text of merged cells (3).")


def test_merged_number_holds_for_all_rows(tmp_path: Path) -> None:
    rows = [ROWS[0], ROWS[1], ["Acme", None, DAY, 5, "y"], ROWS[3]]
    assert bills(read(book(tmp_path, rows, ["B2:B3"]))) == EXPECTED


def test_amount_merged_over_rows_is_refused_with_all_rows(tmp_path: Path) -> None:
    rows = [ROWS[0], ROWS[1], ["Acme", "A1", DAY, None, "y"], ROWS[3]]
    of = read(book(tmp_path, rows, ["D2:D3"]))
    code = "sheet.cell.merged_amount"
    assert [f for f in finding_cells(of) if f[0] == code] == [(code, 2, "Net"), (code, 3, "Net")]
    assert bills(of) == {"B1": (700, 1)}


def test_title_above_the_header_may_be_merged(tmp_path: Path) -> None:
    rows = [["Bills of May", None, None, None, None], *ROWS[:2], ROWS[3]]
    of = read(book(tmp_path, rows, ["A1:E1"]))
    assert (codes(of), valid(of)) == ([], [3, 4])


def test_what_stands_under_merged_cells_is_not_read(tmp_path: Path) -> None:
    rows = [*ROWS, ["Beta", "B1", DAY, 999, "q"]]
    merges = ["A2:A3", "B2:B3", "C2:C3", "A4:A5", "B4:B5", "C4:C5", "D4:D5", "E4:E5"]
    of = read(book(tmp_path, rows, merges))
    assert ("sheet.cells.under_merged", 5, None) in finding_cells(of)
    assert bills(of) == {"A1": (1500, 2)}  # how the 7.00 is divided is not said
    of = read(book(tmp_path, [*ROWS[:2], ["Acme", "A2", DAY, 5, "y"]], ["B2:B3"]))
    assert finding_cells(of) == [("sheet.cells.under_merged", 3, None)]
    assert bills(of) == {"A1": (1500, 2)}


@pytest.mark.parametrize(
    "merged",
    [
        "<mergeCell ref='A3:E3'/>",
        '<mergeCell  ref = "$A$3:$E$3" />',
        '<mergeCell uid="x" ref="E3:A3"></mergeCell>',
        '<x:mergeCell xmlns:x="u"\n ref="a3:e3"/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_merged_cells_are_known_in_any_spelling(tmp_path: Path, merged: str, encoding: str) -> None:
    path = book(tmp_path, [*ROWS[:2], ["Acme", "A2", DAY, 999, "y"]], ["A9:B9"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    sheet = parts[name].decode().replace('<mergeCell ref="A9:B9"/>', merged)
    sheet = sheet.partition("?>")[2] if sheet.startswith("<?") else sheet
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    parts[name] = (declared + sheet).encode(encoding)
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    of = read(path)
    assert finding_cells(of) == [("sheet.cells.under_merged", 3, None)]
    assert bills(of) == {"A1": (1000, 1)}


@pytest.mark.parametrize("name", ["l.html", "l.xls"])
def test_row_spans_of_a_web_page_are_merged_cells(tmp_path: Path, name: str) -> None:
    head = "".join(f"<th>{text}</th>" for text in ROWS[0])
    spans = "".join(f"<td rowspan=2>{text}</td>" for text in ("Acme", "A1", DAY))
    last = "".join(f"<td>{text}</td>" for text in ROWS[3])
    page = (
        f"<table><tr>{head}</tr><tr>{spans}<td>10</td><td>x</td></tr>"
        f"<tr><td>5</td><td>y</td></tr><tr>{last}</tr></table>"
    )
    (tmp_path / name).write_text(f"<html><body>{page}</body></html>", encoding="utf-8")
    assert bills(read(tmp_path / name)) == EXPECTED


def test_spans_of_an_ods_sheet_are_merged_cells(tmp_path: Path) -> None:
    spans = [ods_text(text, ' table:number-rows-spanned="2"') for text in ("Acme", "A1", DAY)]
    covered = "<table:covered-table-cell/>" * 3
    rows = [
        ods_row(*map(ods_text, ROWS[0])),
        ods_row(*spans, ods_number("10"), ods_text("x")),
        ods_row(covered, ods_number("5"), ods_text("y")),
        ods_row(*map(ods_text, ROWS[3][:3]), ods_number("7"), ods_text("z")),
    ]
    of = read(write_ods(tmp_path / "l.ods", "".join(rows)))
    assert (codes(of), bills(of)) == ([], EXPECTED)
