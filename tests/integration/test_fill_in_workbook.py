"""The workbook to fill in: its data validations follow the checks of the schema."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, TYPE_COLUMN
from importer.scaffold.fill_in_workbook import (
    HEADER_ROW,
    MONEY_MARK,
    Choice,
    Choices,
    write_fill_in,
)

TYPES = {
    "cents": "decimal",
    "integer": "whole",
    "date": "date",
    "date_time": "date",
    "rate": "decimal",
    "boolean": "list",
    "choice": "list",
    "currency": "list",
}


@pytest.mark.parametrize(("sheet", "title"), [(BILLS, "Bills"), (LINE_ITEMS, "Line items")])
def test_data_validations_follow_the_kinds_of_the_fields(
    tmp_path: Path, sheet: str, title: str
) -> None:
    write_fill_in(tmp_path / "mine.xlsx", None)
    page = openpyxl.load_workbook(tmp_path / "mine.xlsx")[title]
    types = {}
    for validation in page.data_validations.dataValidation:
        for cells in validation.sqref.ranges:
            header = page.cell(HEADER_ROW, cells.min_col).value
            types[header.removesuffix(MONEY_MARK)] = validation.type
    fields = FIELDS[sheet] | ({TYPE_COLUMN.name: TYPE_COLUMN} if sheet == BILLS else {})
    kinds = {name: TYPES.get(str(field.kind)) for name, field in fields.items()}
    assert types == {name: kind for name, kind in kinds.items() if kind}


def test_properties_of_fonts_are_in_the_order_of_the_office_schema(tmp_path: Path) -> None:
    write_fill_in(tmp_path / "mine.xlsx", None)
    styles = zipfile.ZipFile(tmp_path / "mine.xlsx").read("xl/styles.xml").decode()
    order = ["b", "sz", "color", "name", "family", "scheme"]
    fonts = [re.findall("<([a-z]+) ", font) for font in re.findall("<font>(.*?)</font>", styles)]
    assert fonts
    assert fonts == [sorted(font, key=order.index) for font in fonts]


def test_lists_of_a_company_are_no_part_of_the_print(tmp_path: Path) -> None:
    vendors = [Choice(f"Vendor {n}") for n in range(5)]
    write_fill_in(tmp_path / "mine.xlsx", Choices("Kestrel", {"vendor": vendors}))
    book = openpyxl.load_workbook(tmp_path / "mine.xlsx")
    sheet = book["Lists"]
    assert sheet.sheet_state == "visible"
    cell = sheet[sheet.print_area.split("!")[1]]
    assert "Lists is not printed" in str(cell.value)
    assert book["Bills"].print_title_rows == f"${HEADER_ROW}:${HEADER_ROW}"
    assert (book["Bills"].page_setup.fitToWidth, book["Bills"].print_title_cols) == (3, "$A:$A")
