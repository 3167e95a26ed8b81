"""Demanding workbooks and other files, for ``linearity.py``."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import files
from layouts import CELLS, FIXED_ROWS, HEADERS, RESULT, TEMPLATE, Write, flat, numbered, write_csv


def _many_sheets(folder: Path, rows: int) -> list[str]:
    """A workbook of up to 400 sheets."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(folder / "layout.xlsx"))
    (folder / "layout.yaml").write_text(
        TEMPLATE.format(source="{}", amount="{column: Amount}", more="")
    )
    for k in range(min(rows // 50, 400) or 1):
        sheet = book.add_worksheet(f"Sheet {k}")
        sheet.write_row(0, 0, HEADERS)
        for i in range(50):
            row = CELLS | {"Number": f"N{k}-{i}"}
            sheet.write_row(i + 1, 0, [row.get(name, "") for name in HEADERS])
    book.close()
    return ["validate", "layout.xlsx", "--template", "layout.yaml", *RESULT]


def _workbook(folder: Path, rows: int, *, result: str = "result.xlsx") -> list[str]:
    files.workbook(folder / "layout.xlsx", rows or FIXED_ROWS)
    return ["validate", "layout.xlsx", "--result", result]


def _odd_workbook(folder: Path, rows: int) -> list[str]:
    """Errors, formulas, merged cells and comments in every row."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(folder / "layout.xlsx"))
    sheets = book.add_worksheet("Bills"), book.add_worksheet("Line items")
    for sheet, headers in zip(sheets, (files.BILLS, files.LINES), strict=True):
        sheet.write_row(0, 0, headers.split(","))
    for i, (bill, lines) in enumerate(files.bills_and_lines((rows or FIXED_ROWS) * 5, 0.0), 1):
        sheets[0].write_row(i, 0, bill)
        sheets[0].merge_range(i, 3, i, 4, bill[3])
        sheets[0].write_comment(i, 0, f"comment {i}")
        sheets[1].write_row(i, 0, lines[0])
        sheets[1].write_formula(i, 3, "=1/0", value="#DIV/0!")
        sheets[1].write_formula(i, 4, f"=SUM(A{i})", value="")
    book.close()
    return ["validate", "layout.xlsx", *RESULT]


def _html_page(folder: Path, rows: int) -> list[str]:
    """An HTML table in a file named .xls, as some systems export it."""
    flat(numbered, folder, rows)
    with (folder / "layout.csv").open() as file:
        cells = ["".join(f"<td>{text}</td>" for text in row) for row in csv.reader(file)]
    (folder / "layout.xls").write_text(f"<html><table><tr>{'</tr><tr>'.join(cells)}</table></html>")
    return ["validate", "layout.xls", "--template", "layout.yaml", *RESULT]


ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="A">{}</table:table></office:spreadsheet></office:body>
</office:document-content>"""
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = f"""<?xml version="1.0"?><m:manifest
 xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="/"
 m:media-type="{ODS_TYPE}"/></m:manifest>"""


def _ods(folder: Path, rows: int) -> list[str]:
    flat(numbered, folder, rows)
    cell = (
        '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'.format
    )
    with (folder / "layout.csv").open() as file:
        rows_xml = ["".join(map(cell, row)) for row in csv.reader(file)]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows_xml)
    with zipfile.ZipFile(folder / "layout.ods", "w", zipfile.ZIP_STORED) as out:
        out.writestr("mimetype", ODS_TYPE)
        out.writestr("META-INF/manifest.xml", MANIFEST)
        out.writestr("content.xml", ODS.format(body))
    return ["validate", "layout.ods", "--template", "layout.yaml", *RESULT]


def _text_file(row_text: Callable[[int], str], folder: Path, rows: int) -> list[str]:
    flat(numbered, folder, 1)
    text = "\n".join(row_text(i) for i in range(rows or FIXED_ROWS))
    (folder / "layout.csv").write_text(",".join(HEADERS) + "\n" + text + "\n")
    return ["validate", "layout.csv", "--template", "layout.yaml", *RESULT]


def _many_columns(folder: Path, rows: int) -> list[str]:
    """A few rows with very many columns."""
    columns = (rows or FIXED_ROWS) // 10
    more = [f"c{k}" for k in range(columns)]
    flat(numbered, folder, 1)
    row = [CELLS.get(name, "N1") for name in HEADERS]
    write_csv(folder / "layout.csv", [[*HEADERS, *more], *([[*row, *more]] * 10)])
    return ["validate", "layout.csv", "--template", "layout.yaml", *RESULT]


LINE = "Calder Print,,N{0},2025-01-05,EUR,12.50,4000,{1},,1,2".format
FILES: dict[str, Write] = {
    "a workbook with many sheets": _many_sheets,
    "a workbook": _workbook,
    "errors, formulas, merged cells, comments": _odd_workbook,
    "an HTML page": _html_page,
    "an OpenDocument sheet": _ods,
    "rows of all lengths": partial(_text_file, lambda i: ",".join("x" * (i % 14))),
    "an unclosed quotation mark": partial(
        _text_file, lambda i: LINE(i, '"open' if i == 5 else "shut")
    ),
    "an unclosed quotation mark in every row": partial(_text_file, lambda i: LINE(i, '"open')),
    "cells that contain a row": partial(
        _text_file, lambda i: LINE(i, f'"open,,1,2\n{LINE(i, "shut").removesuffix(",,1,2")}"')
    ),
    "one long cell": partial(_text_file, lambda i: LINE(i, "x" * 100 if i else "y" * 30_000)),
    "many columns": _many_columns,
}
