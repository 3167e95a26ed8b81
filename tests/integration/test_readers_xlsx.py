"""XLSX workbooks, made with openpyxl or XlsxWriter, or as XML where neither writes such a file."""

from __future__ import annotations

import time
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.core.errors import UnreadableFile
from importer.model.tables import CellKind, SourceTable
from importer.readers import read_file

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="3"><numFmt numFmtId="164" formatCode="00000"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd hh:mm"/>'
    '<numFmt numFmtId="166" formatCode="[h]:mm"/></numFmts><cellXfs count="5">'
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="166"/></cellXfs></styleSheet>'
)
DATE, ZEROS, MOMENT, DURATION = ' s="1"', ' s="2"', ' s="3"', ' s="4"'


def sheet_xml(rows: str, before: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>'


def write_xml(
    path: Path,
    sheet: str | bytes,
    *,
    strings: str = "",
    properties: str = "",
    calculation: str = "",
) -> Path:
    """A workbook of one sheet with just this XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/>'
            "</Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>'
            f'<sheet name="Bills" sheetId="1" r:id="r1"/></sheets>{calculation}</workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/>'
            f'<Relationship Id="r3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
            "</Relationships>",
        )
        archive.writestr("xl/styles.xml", STYLES)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def read_rows(tmp_path: Path, rows: str, **parts: str) -> SourceTable:
    (table,) = read_file(write_xml(tmp_path / "bills.xlsx", sheet_xml(rows), **parts))
    return table


def read_row(tmp_path: Path, *cells: str, **parts: str) -> list[tuple[str, CellKind]]:
    """The cells of a sheet with one row: each written as its attributes, ">" and its content."""
    letters = "ABCDEFGHIJ"
    row = "".join(f'<c r="{a}1"{cell}</c>' for a, cell in zip(letters, cells, strict=False))
    table = read_rows(tmp_path, f'<row r="1">{row}</row>', **parts)
    return [(c[0], table.kind(i, 0)) for i, c in enumerate(table.columns)]


def texts(table: SourceTable) -> list[tuple[str, ...]]:
    return [table.row_cells(i) for i in range(len(table.rows))]


# Whatever makes the reader take the careful way; the other cells must read the same both ways.
ALARM = ' t="e"><v>#REF!</v>'
BOTH_WAYS = pytest.mark.parametrize("alarm", ["", ALARM], ids=["quick", "careful"])


@pytest.mark.parametrize(
    "error",
    [
        *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"),
        *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#PYTHON!"),
    ],
)
def test_an_error_cell_never_reads_as_blank(tmp_path: Path, error: str) -> None:
    cells = read_row(tmp_path, "><v>1</v>", f' t="e"><v>{error}</v>', "><v>2</v>")
    assert cells == [
        ("1", CellKind.NUMBER),
        (error, CellKind.ERROR),
        ("2", CellKind.NUMBER),
    ]


def test_an_error_from_a_formula_is_an_error_cell(tmp_path: Path) -> None:
    assert read_row(tmp_path, ' t="e"><f>1/0</f><v>#DIV/0!</v>') == [("#DIV/0!", CellKind.ERROR)]


def test_text_that_looks_like_an_error_stays_text(tmp_path: Path) -> None:
    cell = ' t="inlineStr"><is><t>#REF!</t></is>'
    assert read_row(tmp_path, cell) == [("#REF!", CellKind.TEXT)]


def test_cells_in_opposite_corners_do_not_end_the_process(tmp_path: Path) -> None:
    table = read_rows(
        tmp_path,
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
    )
    assert list(table.rows) == [1, 1_048_576]
    assert len(table.columns) == 16_384
    assert table.columns[0][0] == "1"
    assert table.columns[-1][1] == "2"
    assert table.blank_rows == 1_048_574


def test_a_far_cell_costs_no_memory_in_the_rows_between(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>{i}</v></c></row>' for i in range(1, 3001))
    table = read_rows(tmp_path, rows + '<row r="3001"><c r="XFD3001"><v>7</v></c></row>')
    assert table.columns[16_383][3000] == "7"
    assert table.columns[5] is table.columns[6]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("100000", "100000"),
        ("100000.0", "100000"),
        ("19.990000000000002", "19.990000000000002"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("-0.5", "-0.5"),
        ("-0", "0"),
        ("1E3", "1000"),
        ("999999999999999", "999999999999999"),
        ("1234567890123456", "1234567890123456"),
        ("12345678901234567", "12345678901234567"),
        ("-98765432109876543210", "-98765432109876543210"),
        ("1.2345678901234568E+19", "1.2345678901234567e+19"),
    ],
)
@BOTH_WAYS
def test_a_number_keeps_all_its_digits(tmp_path: Path, written: str, text: str, alarm: str) -> None:
    cells = read_row(tmp_path, f"><v>{written}</v>", *([alarm] if alarm else []))
    assert cells[0] == (text, CellKind.NUMBER)


@pytest.mark.parametrize("result", ["", "<v></v>", "<v/>"])
def test_a_formula_never_calculated_shows_its_formula(tmp_path: Path, result: str) -> None:
    cells = read_row(tmp_path, "><v>1</v>", f"><f>SUM(A1:A9)</f>{result}")
    assert cells[1] == ("=SUM(A1:A9)", CellKind.UNCALCULATED)


def test_a_shared_formula_never_calculated_is_moved_to_its_cell(tmp_path: Path) -> None:
    table = read_rows(
        tmp_path,
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1+C$1</f></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/></c></row>',
    )
    assert table.columns[0] == ["=B1+C$1", "=B2+C$1"]


@BOTH_WAYS
def test_a_calculated_formula_gives_its_value(tmp_path: Path, alarm: str) -> None:
    cells = read_row(
        tmp_path,
        "><f>1+1</f><v>2</v>",
        ' t="str"><f>A1&amp;" x"</f><v> 2 x</v>',
        ' t="b"><f>TRUE()</f><v>1</v>',
        *([alarm] if alarm else []),
    )
    assert cells[:3] == [
        ("2", CellKind.NUMBER),
        (" 2 x", CellKind.TEXT),
        ("TRUE", CellKind.BOOLEAN),
    ]


@pytest.mark.parametrize("calculation", ["", '<calcPr fullCalcOnLoad="1"/>'])
def test_inline_text_of_a_formula_is_its_result(tmp_path: Path, calculation: str) -> None:
    cells = read_row(
        tmp_path,
        ' t="inlineStr"><f>CONCATENATE("a","b")</f><is><t>ab</t></is>',
        ' t="inlineStr"><f>B9</f>',
        ' t="inlineStr"><is><r><t>c</t></r><r><t>d</t></r></is><f>E1</f>',
        calculation=calculation,
    )
    assert cells == [
        ("ab", CellKind.TEXT),
        ("=B9", CellKind.UNCALCULATED),
        ("cd", CellKind.TEXT),
    ]


@pytest.mark.parametrize("written", ["NaN", "INF", "-INF", "Infinity", "1e999"])
@BOTH_WAYS
def test_what_is_no_finite_number_is_an_error_cell(
    tmp_path: Path, written: str, alarm: str
) -> None:
    cells = read_row(tmp_path, "><v>2.5</v>", f"><v>{written}</v>", *([alarm] if alarm else []))
    assert cells[0] == ("2.5", CellKind.NUMBER)
    assert cells[1][1] is CellKind.ERROR


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("PT0H11M0.000S", "00:11:00"),
        ("PT30H5M", "30:05:00"),
        ("-P1DT2H", "-26:00:00"),
        ("10:59:59.9999999999999984", "11:00:00"),
        ("10:59:59.9999999999999984Z", "11:00:00"),
        ("09:05", "09:05:00"),
        ("1899-12-30T09:05:00", "09:05:00"),
        ("1899-12-31T00:11:00.000", "00:11:00"),
        ("25:61:00", "25:61:00"),
        ("P", "P"),
        ("P1Y", "P1Y"),
    ],
)
def test_iso_times_and_durations_are_text_of_whole_seconds(
    tmp_path: Path, written: str, text: str
) -> None:
    assert read_row(tmp_path, f' t="d"><v>{written}</v>') == [(text, CellKind.TEXT)]


def test_fraction_of_a_second_before_midnight_is_the_next_day(tmp_path: Path) -> None:
    cells = read_row(tmp_path, ' t="d"><v>2025-05-31T23:59:59.99999999999</v>')
    assert cells == [("2025-06-01", CellKind.DATE)]


def test_a_formula_that_gives_empty_text_is_blank(tmp_path: Path) -> None:
    cells = read_row(tmp_path, ' t="str"><f>IF(B1=2,"","x")</f><v></v>', "><v>1</v>")
    assert cells == [("", CellKind.TEXT), ("1", CellKind.NUMBER)]


def test_placeholder_zero_of_a_formula_is_no_value(
    tmp_path: Path,
) -> None:
    path = tmp_path / "made.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Bills")
        sheet.write_row(0, 0, ["Total", "Zero"])
        sheet.write_formula(1, 0, "=SUM(C1:C9)")
        sheet.write_number(1, 1, 0)
        sheet.write_formula(2, 0, "=2+2", value=4)
    (table,) = read_file(path)
    assert texts(table)[1:] == [("=SUM(C1:C9)", "0"), ("4", "")]
    assert table.kind(0, 1) == CellKind.UNCALCULATED


def test_formulas_of_openpyxl_are_never_taken_for_blanks(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["Total", "=A2*2"])
    workbook.save(tmp_path / "made.xlsx")
    (table,) = read_file(tmp_path / "made.xlsx")
    assert texts(table) == [("Total", "=A2*2")]


@BOTH_WAYS
def test_a_number_shown_with_leading_zeros_keeps_them(tmp_path: Path, alarm: str) -> None:
    cells = read_row(tmp_path, f"{ZEROS}><v>123</v>", "><v>123</v>", *([alarm] if alarm else []))
    assert cells[:2] == [("00123", CellKind.NUMBER), ("123", CellKind.NUMBER)]


@BOTH_WAYS
def test_dates_are_iso_and_times_are_text(tmp_path: Path, alarm: str) -> None:
    cells = read_row(
        tmp_path,
        f"{DATE}><v>45747</v>",
        f"{MOMENT}><v>45747.586805555555</v>",
        f"{MOMENT}><v>45747</v>",
        f"{MOMENT}><v>0.25</v>",
        f"{DURATION}><v>1.25</v>",
        f"{DATE}><v>-1</v>",
        f"{DATE}><v>60</v>",
        *([alarm] if alarm else []),
    )
    assert cells[:7] == [
        ("2025-03-31", CellKind.DATE),
        ("2025-03-31T14:05:00", CellKind.DATE),
        ("2025-03-31", CellKind.DATE),
        ("06:00:00", CellKind.TEXT),
        ("30:00:00", CellKind.TEXT),
        ("-1", CellKind.NUMBER),
        ("1900-02-29", CellKind.DATE),
    ]


def test_a_date_too_early_for_excel_is_no_midnight(tmp_path: Path) -> None:
    assert read_row(tmp_path, f"{DATE}><v>-1</v>") == [("-1", CellKind.NUMBER)]
    assert read_row(tmp_path, f"{DATE}><v>60</v>") == [("1900-02-29", CellKind.DATE)]


def test_dates_stored_as_text_are_dates(tmp_path: Path) -> None:
    cells = read_row(
        tmp_path,
        ' t="d"><v>2025-03-31</v>',
        ' t="d"><v>2025-03-31T14:05:00Z</v>',
        ' t="d"><v>?</v>',
    )
    assert cells == [
        ("2025-03-31", CellKind.DATE),
        ("2025-03-31T14:05:00", CellKind.DATE),
        ("?", CellKind.TEXT),
    ]


@BOTH_WAYS
def test_the_date_system_of_1904_is_obeyed(tmp_path: Path, alarm: str) -> None:
    cells = read_row(
        tmp_path,
        f"{DATE}><v>44285</v>",
        *([alarm] if alarm else []),
        properties='<workbookPr date1904="1"/>',
    )
    assert cells[0] == ("2025-03-31", CellKind.DATE)


@BOTH_WAYS
def test_texts_are_whole_whatever_way_they_are_stored(tmp_path: Path, alarm: str) -> None:
    cells = read_row(
        tmp_path,
        ' t="s"><v>0</v>',
        ' t="s"><v>1</v>',
        ' t="s"><v>2</v>',
        ' t="inlineStr"><is><t xml:space="preserve"> in line </t></is>',
        ' t="s"><v>3</v>',
        *([alarm] if alarm else []),
        strings="<si><t>0000178619</t></si>"
        '<si><r><t>rich</t></r><r><t xml:space="preserve"> text</t></r>'
        '<rPh sb="0" eb="1"><t>reading aid</t></rPh></si>'
        '<si><t xml:space="preserve">  kept  </t></si>'
        "<si><t>A&amp;B_x000D_\nsecond _x005F_x000D_</t></si>",
    )
    assert [text for text, _ in cells[:5]] == [
        "0000178619",
        "rich text",
        "  kept  ",
        " in line ",
        "A&B\r\nsecond _x000D_",
    ]


@BOTH_WAYS
def test_rows_and_columns_keep_their_place(tmp_path: Path, alarm: str) -> None:
    more = f'<c r="D9"{alarm}</c>' if alarm else ""
    table = read_rows(
        tmp_path,
        '<row r="4"><c r="C4"><v>1</v></c></row><row r="5"><c r="B5" t="inlineStr"><is>'
        '<t xml:space="preserve"> </t></is></c></row>'
        f'<row r="9"><c r="C9"><v>2</v></c>{more}<c r="F9" s="1"/></row>',
    )
    assert list(table.rows) == [4, 9]
    assert table.blank_rows == 7
    assert len(table.columns) == (4 if alarm else 3)
    assert [list(column) for column in table.columns[:3]] == [["", ""], ["", ""], ["1", "2"]]


def test_hidden_rows_and_sheets_are_read_and_named(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for i in range(1, 6):
        sheet.cell(i, 1, f"row {i}")
    sheet.row_dimensions[2].hidden = True
    sheet.row_dimensions[4].hidden = True
    sheet.row_dimensions[9].hidden = True  # blank
    hidden = workbook.create_sheet("Old")
    hidden["A1"] = "x"
    hidden.sheet_state = "veryHidden"
    workbook.save(tmp_path / "bills.xlsx")
    shown, old = read_file(tmp_path / "bills.xlsx")
    assert shown.hidden_rows == (2, 4)
    assert len(shown.rows) == 5
    assert (shown.hidden, old.hidden) == (False, True)


@pytest.mark.parametrize("dimension", ["A1", "A1:B2", "A1:XFD1048576"])
@BOTH_WAYS
def test_a_wrong_dimension_loses_no_rows(tmp_path: Path, dimension: str, alarm: str) -> None:
    rows = "".join(f'<row r="{i}"><c r="C{i}"><v>{i}</v></c></row>' for i in range(1, 29))
    if alarm:
        rows += f'<row r="29"><c r="C29"{alarm}</c></row>'
    xml = sheet_xml(rows, before=f'<dimension ref="{dimension}"/>')
    (table,) = read_file(write_xml(tmp_path / "bills.xlsx", xml))
    assert table.columns[2][:28] == [str(i) for i in range(1, 29)]


def test_names_with_a_prefix_are_understood(tmp_path: Path) -> None:
    xml = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1" hidden="1">'
        '<x:c r="A1"><x:v>12345678901234567</x:v></x:c>'
        '<x:c r="B1" t="e"><x:v>#REF!</x:v></x:c>'
        '<x:c r="C1" t="inlineStr"><x:is><x:t>text</x:t></x:is></x:c>'
        "</x:row></x:sheetData></x:worksheet>"
    )
    (table,) = read_file(write_xml(tmp_path / "bills.xlsx", xml))
    assert texts(table) == [("12345678901234567", "#REF!", "text")]
    assert table.kind(1, 0) == CellKind.ERROR
    assert table.hidden_rows == (1,)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_the_encoding_of_the_xml_hides_no_error_cell(tmp_path: Path, encoding: str) -> None:
    declared = '<?xml version="1.0" encoding="UTF-16"?>' if encoding == "utf-16" else ""
    xml = declared + sheet_xml('<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>')
    (table,) = read_file(write_xml(tmp_path / "bills.xlsx", xml.encode(encoding)))
    assert table.kind(0, 0) == CellKind.ERROR


@pytest.mark.parametrize(
    "row",
    [
        "<row r='1'><c r='A1' t='e'><v>#N/A</v></c></row>",
        '<row><c t="e"><v>#N/A</v></c></row>',
        '<row\n r="1"\n><c\n r="A1"\n t="e"><v\n>#N/A</v></c></row>',
        '<row r="1"><!-- <c r="A1"><v>9</v></c> --><c t="e" r="A1"><v>#N<!-- -->/A</v></c></row>',
        '<row r="1"><c r="A1" t = "e"><v><![CDATA[#N/A]]></v></c></row>',
    ],
)
def test_unusual_xml_hides_no_error_cell(tmp_path: Path, row: str) -> None:
    table = read_rows(tmp_path, row)
    assert (table.columns[0][0], table.kind(0, 0)) == ("#N/A", CellKind.ERROR)


def test_unordered_rows_and_cells_are_placed(tmp_path: Path) -> None:
    table = read_rows(
        tmp_path,
        '<row r="3"><c r="B3"><v>1</v></c><c r="A3"><v>0</v></c></row>'
        '<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row><row><c/><c><v>5</v></c></row>',
    )
    assert list(table.rows) == [1, 2, 3]
    assert texts(table) == [("#N/A", ""), ("", "5"), ("0", "1")]


def test_formatting_far_below_the_data_is_quick(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>' + "".join(
        f'<row r="{i}"><c r="A{i}" s="1"/><c r="J{i}" s="1"/></row>' for i in range(2, 60_000)
    )
    started = time.process_time()
    table = read_rows(tmp_path, rows + '<row r="1048576"><c r="A1048576" s="1"/></row>')
    assert time.process_time() - started < 5
    assert texts(table) == [("1",)]
    assert table.blank_rows == 0


def test_error_cells_are_found_on_the_border_of_every_chunk(tmp_path: Path) -> None:
    """The guard reads a megabyte at a time; the error cell stands somewhere else each time."""
    comment = "x" * 900_000
    cell = '<c r="A1" t="inlineStr"><is><t>' + comment
    for shift in range(0, 120, 5):
        fill = "y" * (1_048_576 - len(sheet_xml("")) - len(cell) + shift - 40)
        table = read_rows(
            tmp_path,
            f'<row r="1">{cell}{fill}</t></is></c><c r="B1" t="e"><v>#REF!</v></c></row>',
        )
        assert table.columns[1][0] == "#REF!"


def test_only_worksheets_that_have_rows_are_given(tmp_path: Path) -> None:
    path = tmp_path / "bills.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Bills")
        sheet.write("A1", 5)
        workbook.add_worksheet("Empty")
        chart = workbook.add_chart({"type": "column"})
        chart.add_series({"values": "=Bills!$A$1:$A$1"})
        workbook.add_chartsheet("Picture").set_chart(chart)
        workbook.add_worksheet("Lines & more").write("B2", "x")
    tables = read_file(path)
    assert [table.sheet for table in tables] == ["Bills", "Lines & more"]
    assert {table.file for table in tables} == {str(path)}


def test_sheets_are_picked_by_name_with_wildcards(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for name in ("Bills 1", "Bills 2", "Notes"):
        workbook.create_sheet(name)["A1"] = name
    workbook.save(tmp_path / "bills.xlsx")
    tables = read_file(tmp_path / "bills.xlsx", sheets="bills*")
    assert [table.sheet for table in tables] == ["Bills 1", "Bills 2"]
    with pytest.raises(UnreadableFile, match=r"no sheet named 'Lines', only Sheet, Bills 1, Bill"):
        read_file(tmp_path / "bills.xlsx", sheets="Lines")


def test_a_workbook_without_rows_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "bills.xlsx")
    with pytest.raises(UnreadableFile, match=r"bills\.xlsx: The workbook has no rows"):
        read_file(tmp_path / "bills.xlsx")


def test_merged_cells_have_their_value_once(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet["A1"], sheet["C2"] = "Title", "end"
    sheet.merge_cells("A1:B2")
    workbook.save(tmp_path / "bills.xlsx")
    (table,) = read_file(tmp_path / "bills.xlsx")
    assert texts(table) == [("Title", "", ""), ("", "", "end")]


@pytest.mark.parametrize(
    "row",
    [
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="1"><c r="AAAAA1"><v>1</v></c></row>',
        '<row r="9999999999"><c r="A1" t="e"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></row>',
    ],
    ids=["no such string", "no such column", "no such row", "not well-formed"],
)
def test_a_damaged_sheet_is_an_unreadable_file(tmp_path: Path, row: str) -> None:
    with pytest.raises(UnreadableFile, match=r"bills\.xlsx: It cannot be read"):
        read_rows(tmp_path, row)


VALUES = st.one_of(
    st.none(),
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=8).filter(
        # openpyxl takes these for formulas, and does not escape Excel's escapes.
        lambda text: not text.startswith("=") and "_x" not in text and "\ufffe" not in text
    ),
    st.integers(-(10**15), 10**15),
    # openpyxl writes no more than 16 digits.
    st.floats(-1e300, 1e300).map(lambda x: float(f"{x:.15g}")),
    st.booleans(),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
    st.dates(date(1950, 1, 1), date(2150, 1, 1)),
    st.timedeltas(timedelta(seconds=1), timedelta(hours=90)).map(
        lambda length: timedelta(seconds=int(length.total_seconds()) or 1)
    ),
    st.sampled_from(["#REF!", "#N/A"]),
)


def expected(value: object) -> tuple[str, CellKind]:
    if value is None:
        return "", CellKind.TEXT
    if isinstance(value, bool):
        return str(value).upper(), CellKind.BOOLEAN
    if isinstance(value, int):
        return str(value), CellKind.NUMBER
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e16
        return (str(int(value)) if whole else repr(value)), CellKind.NUMBER
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return (value.date() if midnight else value).isoformat(), CellKind.DATE
    if isinstance(value, date):
        return value.isoformat(), CellKind.DATE
    if isinstance(value, timedelta):
        hours, seconds = divmod(int(value.total_seconds()), 3600)
        return f"{hours:02d}:{seconds // 60:02d}:{seconds % 60:02d}", CellKind.TEXT
    return str(value), CellKind.ERROR if value in ("#REF!", "#N/A") else CellKind.TEXT


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(VALUES, max_size=5), min_size=1, max_size=8))
def test_any_cells_written_by_openpyxl_read_back(tmp_path: Path, rows: list[list[object]]) -> None:
    rows = [["header"], *rows]
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for r, row in enumerate(rows, start=1):
        for c, value in enumerate(row, start=1):
            if value is not None and value != "":
                sheet.cell(r, c, value)
    workbook.save(tmp_path / "random.xlsx")
    (table,) = read_file(tmp_path / "random.xlsx")
    cells = {
        (number, c): (table.columns[c][i], table.kind(c, i))
        for i, number in enumerate(table.rows)
        for c in range(len(table.columns))
        if table.columns[c][i]
    }
    wanted = {
        (r, c): expected(value)
        for r, row in enumerate(rows, start=1)
        if any(expected(value)[0].strip() for value in row)
        for c, value in enumerate(row)
        if expected(value)[0]
    }
    assert cells == wanted
