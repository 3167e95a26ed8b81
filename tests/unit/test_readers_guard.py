"""The quick look that decides whether calamine may read a sheet, and what number formats mean."""

from __future__ import annotations

import io

import pytest

from importer.readers.grid import number_text
from importer.readers.xlsx.xlsx_guard import slow_path_reason
from importer.readers.xlsx.xlsx_parts import format_meaning


def look(rows: str, *zero_formats: str, never_calculated: bool = False) -> str | None:
    xml = f'<worksheet xmlns="main"><sheetData>{rows}</sheetData></worksheet>'
    return slow_path_reason(
        io.BytesIO(xml.encode()), zero_formats, never_calculated=never_calculated
    )


ORDINARY = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="7"><v>19.990000000000002</v></c>'
    '<c r="C1"><f>B1*2</f><v>39.980000000000004</v></c><c r="D1"><f t="shared" si="0"/><v>1</v></c>'
    '<c r="E1" t="str"><f>A1</f><v>x</v></c><c r="F1" s="3"/></row>'
)


def test_an_ordinary_sheet_with_calculated_formulas_needs_no_care() -> None:
    assert look(ORDINARY * 5, "2") is None


def test_a_sheet_of_many_rows_without_gaps_needs_no_care() -> None:
    rows = (f'<row r="{i}"><c r="A{i}"><v>{i}</v></c></row>' for i in range(1, 100_001))
    assert look("".join(rows)) is None


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ('<row r="1"><c r="A1" s="1" t="e"><v>#REF!</v></c></row>', "error cells"),
        ('<row r="1"><c r="A1"><f>1+1</f></c></row>', "formulas never calculated"),
        ('<row r="1"><c r="A1"><f>1+1</f><v></v></c></row>', "formulas never calculated"),
        ('<row r="1"><c r="A1"><f>1+1</f><v/></c></row>', "formulas never calculated"),
        ('<row r="1"><c r="A1"><f t="shared" si="0"/></c></row>', "formulas never calculated"),
        ('<row r="1"><c r="A1" t="d"><v>2025-01-01</v></c></row>', "dates as text"),
        ('<row r="1"><c r="A1"><v>-1234567890123456</v></c></row>', "numbers of more than 15 dig"),
        ('<row r="1" hidden="1"><c r="A1"><v>1</v></c></row>', "hidden rows"),
        ('<row r="1"><c r="A1" s="2"><v>1</v></c></row>', "numbers with leading zeros"),
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="900000"><c r="AB900000"/></row>', "far"),
        ('<row r="900000"/><row r="2"><c r="A2"/></row>', "cells that are not in their row"),
        ('<row r="1048577"/><row r="1000000"><c r="A1000000"/></row>', "cells outside any sheet"),
        ('<row r="1"><c r="AAAA1"><v>1</v></c></row>', "cells outside any sheet"),
        ("<row r='1'><c r='A1'><v>1</v></c></row>", "XML written in an unusual way"),
        ('<row r="1"><c s="1" r="A1"><v>1</v></c></row>', "XML written in an unusual way"),
        ('<row><c r="A1"><v>1</v></c></row>', "XML written in an unusual way"),
        ('<row r="1"><c\nr="A1"><v>1</v></c></row>', "XML written in an unusual way"),
        ('<row r="1"><c r="A1"><v>1<!-- x --></v></c></row>', "XML written in an unusual way"),
    ],
)
def test_what_calamine_would_get_wrong_is_noticed(rows: str, reason: str) -> None:
    assert reason in str(look(rows, "2"))
    assert reason in str(look(ORDINARY * 10_000 + rows, "2"))


def test_uncalculated_formula_needs_the_slow_path() -> None:
    assert look(ORDINARY, never_calculated=True) == "formulas never calculated"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("General", (False, False, 0)),
        ("0", (False, False, 0)),
        ("00", (False, False, 2)),
        ("00000", (False, False, 5)),
        ("000000;-000000", (False, False, 6)),
        ("[$-409]00000_)", (False, False, 5)),
        ("0.00", (False, False, 0)),
        ('#,##0 "days"', (False, False, 0)),
        (r"#,##0\ \d", (False, False, 0)),
        ("[Red]0.00", (False, False, 0)),
        ("[$USD] #,##0.00", (False, False, 0)),
        ("yyyy-mm-dd", (True, False, 0)),
        ("[$-F800]dddd, mmmm dd", (True, False, 0)),
        ("DD/MM/YYYY;@", (True, False, 0)),
        ("h:mm AM/PM", (True, False, 0)),
        ("[h]:mm", (True, True, 0)),
        ("[MM]:ss", (True, True, 0)),
    ],
)
def test_number_formats_are_understood(code: str, meaning: tuple[bool, bool, int]) -> None:
    assert format_meaning(200, code) == meaning


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (100000.0, "100000"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000"),
        (1e16, "1e+16"),
        (1e-7, "1e-07"),
        (12345678901234567, "12345678901234567"),
    ],
)
def test_a_number_as_text_is_neither_rounded_nor_dressed_up(number: float, text: str) -> None:
    assert number_text(number) == text
