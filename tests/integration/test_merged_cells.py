"""Merged cells of workbooks and web pages, read as what they show."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile_xls
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


# --- any layout, in any kind of file --------------------------------------------------------------

Span = tuple[int, int, int]  # first row, last row, column; from 0
LANGUAGES = {
    "de": ("Lieferant", "Rechnungsnr.", "Datum", "Brutto", "Text", "Netto"),
    "fr": ("Fournisseur", "N° facture", "Date", "Total TTC", "Libellé", "Montant HT"),
    "da": ("Leverandør", "Fakturanr.", "Dato", "I alt", "Tekst", "Beløb"),
    "es": ("Proveedor", "Nº factura", "Fecha", "Total", "Concepto", "Importe"),
}


def as_xlsx(path: Path, rows: list[list[Any]], spans: list[Span]) -> None:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for first, last, column in spans:
        workbook.active.merge_cells(
            start_row=first + 1, end_row=last + 1, start_column=column + 1, end_column=column + 1
        )
    workbook.save(path)


def as_xls(path: Path, rows: list[list[Any]], spans: list[Span]) -> None:
    cells = [
        hostile_xls.text_cell(i, c, cell)
        if isinstance(cell, str)
        else (0x0203, struct.pack("<HHHd", i, c, 0, cell))
        for i, row in enumerate(rows)
        for c, cell in enumerate(row)
        if cell is not None
    ]
    ranges = b"".join(struct.pack("<HHHH", a, b, c, c) for a, b, c in spans)
    merged = [(0xE5, struct.pack("<H", len(spans)) + ranges)] if spans else []
    path.write_bytes(hostile_xls.book([], [*cells, *merged]))


def as_html(path: Path, rows: list[list[Any]], spans: list[Span]) -> None:
    path.write_text("<table>" + "".join(spanned(rows, spans, html_cell)) + "</table>", "utf-8")


def html_cell(cell: object, span: int) -> str:
    return f"<td rowspan={span}>{'' if cell is None else cell}</td>"


def as_ods(path: Path, rows: list[list[Any]], spans: list[Span]) -> None:
    write_ods(path, "".join(spanned(rows, spans, ods_cell)))


def ods_cell(cell: object, span: int) -> str:
    attributes = f' table:number-rows-spanned="{span}"' if span > 1 else ""
    if span == 0:
        return "<table:covered-table-cell/>"
    if isinstance(cell, float):
        return ods_number(str(cell)).replace("<table:table-cell", f"<table:table-cell{attributes}")
    return ods_text(cell, attributes) if isinstance(cell, str) else "<table:table-cell/>"


def spanned(
    rows: list[list[Any]], spans: list[Span], cell_text: Callable[[object, int], str]
) -> Iterator[str]:
    """The rows as elements; a cell under a span has none in HTML, a covered one in ODS."""
    tops = {(first, column): last - first + 1 for first, last, column in spans}
    covered = {(i, c) for first, last, c in spans for i in range(first + 1, last + 1)}
    ods = cell_text is ods_cell
    for i, row in enumerate(rows):
        cells = "".join(
            cell_text(cell, 0 if (i, c) in covered else tops.get((i, c), 1))
            for c, cell in enumerate(row)
            if ods or (i, c) not in covered
        )
        yield ods_row(cells) if ods else f"<tr>{cells}</tr>"


WRITERS = {"xlsx": as_xlsx, "xls": as_xls, "html": as_html, "ods": as_ods}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("seed", range(3))
def test_money_is_right_however_cells_are_merged(
    tmp_path: Path, kind: str, language: str, seed: int
) -> None:
    """Bills of several lines, some of whose heads, totals or texts are merged over their rows."""
    chance = random.Random(f"{kind}{language}{seed}")
    order = [0, 1, 2, 3, 4, 5]
    chance.shuffle(order)
    names = LANGUAGES[language]
    rows: list[list[Any]] = [["Mai", *[None] * 5]] * chance.choice((0, 2)) + [list(names)]
    spans: list[Span] = []
    truth: dict[str, int] = {}
    for k in range(6):
        cents = [chance.randrange(1, 10**6) for _ in range(chance.randrange(1, 4))]
        truth[f"N-{k}a"] = sum(cents)
        merged = [c for c in range(4) if chance.random() < 0.7]
        first = len(rows)
        for n, each in enumerate(cents):
            head = [f"V{k % 2}", f"N-{k}a", DAY, sum(cents) / 100]
            head = [None if n and c in merged else head[c] for c in range(4)]
            rows.append([*head, f"text {n}", each / 100])
        if len(cents) > 1:
            spans += [(first, first + len(cents) - 1, order.index(c)) for c in merged]
            if chance.random() < 0.3:
                for row in rows[first + 1 :]:
                    row[4] = None
                spans.append((first, first + len(cents) - 1, order.index(4)))
    path = tmp_path / f"l.{kind}"
    WRITERS[kind](path, [[row[c] for c in order] for row in rows], spans)
    vendor, number, day, total, text, net = (f'"{name}"' for name in names)
    mapping = f"""
template: mine
layout: flat
source: {{header: {{find: [{vendor}, {number}]}}}}
formats: {{dates: [YYYY-MM-DD], numbers: point, amounts: decimal}}
group_by: [{vendor}, {number}]
bills: {{vendor: {{column: {vendor}}}, invoiceNumber: {{column: {number}}},
        issuedDate: {{column: {day}}}, currency: {{value: EUR}}, amount: {{column: {total}}}}}
line_items: {{netAmount: {{column: {net}}}, description: {{column: {text}}}}}
"""
    of = checked([path], template(tmp_path, mapping))
    assert codes(of) == []
    assert {b.invoice_number: b.amount for b in of.valid_bills()} == truth
    vendors = {f"N-{k}a": f"V{k % 2}" for k in range(6)}
    assert {b.invoice_number: b.vendor for b in of.valid_bills()} == vendors
