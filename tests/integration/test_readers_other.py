"""XLS, XLSB and ODS workbooks.

``data/sheets_sample.xls`` was made with LibreOffice from a workbook of openpyxl; nothing writes XLS
in Python. ODS and XLSB files are made here, record by record.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from importer.core.errors import UnreadableFile
from importer.core.number_look import look_of
from importer.model.tables import CellKind, MergedCells, SourceTable
from importer.readers import read_file

SAMPLE = Path(__file__).parent / "data" / "sheets_sample.xls"


def cell(table: SourceTable, row: int, column: int) -> tuple[str, CellKind]:
    """The cell by the row number that Excel shows, and the column from 0."""
    i = list(table.rows).index(row)
    return table.columns[column][i], table.kind(column, i)


# --- XLS --------------------------------------------------------------------------------------


def test_xls_cells_are_read_with_their_kinds() -> None:
    bills, hidden = read_file(SAMPLE)
    assert [cell(bills, 2, c) for c in range(11)] == [
        (" a ", CellKind.TEXT),
        ("1.5", CellKind.NUMBER),
        ("2025-03-31", CellKind.DATE),
        ("2025-03-31T14:05:00", CellKind.DATE),
        ("14:05:00", CellKind.TEXT),
        ("TRUE", CellKind.BOOLEAN),
        ("#DIV/0!", CellKind.ERROR),
        ("#N/A", CellKind.ERROR),
        ("1.234567890123457e+16", CellKind.NUMBER),
        ("3", CellKind.NUMBER),
        ("00123", CellKind.NUMBER),
    ]
    assert cell(bills, 3, 0) == ("l1\nl2", CellKind.TEXT)
    assert cell(bills, 3, 1) == ("100000", CellKind.NUMBER)
    assert cell(bills, 3, 4) == ("30:00:00", CellKind.TEXT)
    assert (bills.sheet, bills.hidden, hidden.sheet, hidden.hidden) == ("Bills", False, "Hid", True)
    assert cell(hidden, 2, 1) == ("x", CellKind.TEXT)


def test_an_error_cell_of_xls_never_reads_as_blank() -> None:
    bills = read_file(SAMPLE)[0]
    assert cell(bills, 8, 6) == ("#REF!", CellKind.ERROR)


def test_rows_of_xls_keep_their_numbers_and_hidden_ones_are_named() -> None:
    bills = read_file(SAMPLE, sheets="Bills")[0]
    assert list(bills.rows) == [1, 2, 3, 6, 8]
    assert bills.blank_rows == 3
    assert bills.hidden_rows == (6,)


def test_an_xls_whose_sectors_run_in_a_circle_is_refused_at_once(tmp_path: Path) -> None:
    data = bytearray(SAMPLE.read_bytes())
    (fat_sector,) = struct.unpack_from("<I", data, 76)
    fat = (fat_sector + 1) * 512
    chained = next(
        n for n in range(128) if struct.unpack_from("<I", data, fat + 4 * n)[0] < 0xFFFFFFFA
    )
    struct.pack_into("<I", data, fat + 4 * chained, chained)
    path = tmp_path / "bills.xls"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="in a circle"):
        read_file(path)


def test_damaged_xls_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = SAMPLE.read_bytes()
    path = tmp_path / "bills.xls"
    refused = 0
    for size in (600, 1500, 3000, len(data) - 1000):
        path.write_bytes(data[:size])
        try:
            read_file(path)
        except UnreadableFile:
            refused += 1
    assert refused >= 3
    assert capfd.readouterr() == ("", "")


# --- ODS --------------------------------------------------------------------------------------


def write_ods(path: Path, rows: str, name: str = "Bills") -> Path:
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "table", "text", "style")
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content {spaces} xmlns:calcext="urn:org:documentfoundation:names:'
            'experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="{name}">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


@pytest.mark.parametrize("usual", [True, False])
def test_an_ods_file_may_name_its_namespaces_as_it_likes(tmp_path: Path, usual: bool) -> None:
    rows = f"<table:table-row>{ods_text('Net')}{ods_text('Text')}</table:table-row>"
    rows += f"<table:table-row>{ods_number('12.5')}{ods_text('x')}</table:table-row>"
    path = write_ods(tmp_path / "b.ods", rows)
    if not usual:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        content = parts["content.xml"].replace(b"table:", b"t:").replace(b":table=", b":t=")
        parts["content.xml"] = content.replace(b"text:p", b"x:p").replace(b":text=", b":x=")
        parts["content.xml"] = parts["content.xml"].replace(b"xmlns:t:1.0", b"xmlns:table:1.0")
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
    (table,) = read_file(path)
    assert [list(column) for column in table.columns] == [["Net", "12.5"], ["Text", "x"]]


def ods_text(text: str, attributes: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="string"{attributes}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def ods_number(value: str, shown: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}">'
        f"<text:p>{shown or value}</text:p></table:table-cell>"
    )


ODS_ERROR = ods_text("#REF!", ' office:string-value="" calcext:value-type="error"')


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row{attributes}>{''.join(cells)}</table:table-row>"


def test_an_error_cell_of_ods_never_reads_as_blank(tmp_path: Path) -> None:
    rows = ods_row(ods_text("a"), ods_text("b")) + ods_row(ods_number("1"), ODS_ERROR)
    (table,) = read_file(write_ods(tmp_path / "bills.ods", rows))
    assert cell(table, 2, 1) == ("#REF!", CellKind.ERROR)
    assert cell(table, 2, 0) == ("1", CellKind.NUMBER)


def test_an_error_cell_of_ods_keeps_its_place_among_repeated_cells(tmp_path: Path) -> None:
    blank = '<table:table-cell table:number-columns-repeated="3"/>'
    twice = '<table:table-cell table:number-columns-repeated="2"'
    rows = (
        ods_row(blank, attributes=' table:number-rows-repeated="4"')
        + ods_row(blank, ODS_ERROR)
        + ods_row(
            '<table:table-cell><office:annotation table:name="x"><text:p>note</text:p>'
            "</office:annotation></table:table-cell>",
            ODS_ERROR.replace("<table:table-cell", twice),
            attributes=' table:number-rows-repeated="2" table:visibility="collapse"',
        )
        + ods_row(blank, attributes=' table:number-rows-repeated="1048000"')
    )
    (table,) = read_file(write_ods(tmp_path / "bills.ods", rows))
    assert [table.row_cells(i) for i in range(len(table.rows))] == [
        ("", "", "", "#REF!"),
        ("", "#REF!", "#REF!", ""),
        ("", "#REF!", "#REF!", ""),
    ]
    assert list(table.rows) == [5, 6, 7]
    assert table.hidden_rows == (6, 7)


def test_an_error_that_ods_only_displays_is_an_error_cell(tmp_path: Path) -> None:
    displayed = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0">'
        "<text:p>#DIV/0!</text:p></table:table-cell>"
    )
    (table,) = read_file(write_ods(tmp_path / "bills.ods", ods_row(displayed, ods_text("#N/A"))))
    assert cell(table, 1, 0) == ("#DIV/0!", CellKind.ERROR)
    assert cell(table, 1, 1) == ("#N/A", CellKind.TEXT)


def test_a_formula_of_ods_never_calculated_shows_its_formula(tmp_path: Path) -> None:
    formula = '<table:table-cell table:formula="of:=SUM([.A1:.A9])"/>'
    (table,) = read_file(write_ods(tmp_path / "bills.ods", ods_row(ods_text("a"), formula)))
    assert cell(table, 1, 1) == ("=SUM([.A1:.A9])", CellKind.UNCALCULATED)


def test_a_number_of_ods_shown_as_a_truth_value_is_one(tmp_path: Path) -> None:
    cells = ods_number("1", "TRUE"), ods_number("0", "FALSE"), ods_number("1")
    (table,) = read_file(write_ods(tmp_path / "bills.ods", ods_row(*cells)))
    assert [cell(table, 1, column) for column in range(3)] == [
        ("TRUE", CellKind.BOOLEAN),
        ("FALSE", CellKind.BOOLEAN),
        ("1", CellKind.NUMBER),
    ]


def test_numbers_and_durations_of_ods_are_exact(tmp_path: Path) -> None:
    duration = (
        '<table:table-cell office:value-type="time" office:time-value="PT30H05M00S">'
        "<text:p>30:05</text:p></table:table-cell>"
    )
    long = "12345678901234567"
    rows = ods_row(ods_number(long), ods_number("123", "00123"), duration, ods_number("19.99"))
    (table,) = read_file(write_ods(tmp_path / "bills.ods", rows))
    assert table.row_cells(0) == (long, "00123", "30:05:00", "19.99")
    assert table.kinds is not None
    assert [kind[0] for kind in table.kinds] == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1250", "1.250"),
        ("1250", "1,250.00"),
        ("1234.5", "1\u2019234.50"),
        ("1234567", "12,34,567"),
        ("1234567.89", "1\u202f234\u202f567,89"),
        ("0.5", ".50"),
        ("12.5", "13"),
        ("-12.5", "-12.50"),
        ("0", "0.00"),
    ],
)
def test_a_number_of_ods_shown_with_its_digits_has_no_mark(
    tmp_path: Path, value: str, shown: str
) -> None:
    (table,) = read_file(write_ods(tmp_path / "b.ods", ods_row(ods_number(value, shown))))
    assert not any(table.format_marks.values())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("5000", "5"),
        ("2500000", "2.5"),
        ("2500000", "2.5M"),
        ("5000", "£5"),
        ("125", "1.25"),
        ("1250", "1.25E+03"),
        ("12.5", "12 1/2"),
        ("42", "00-042"),
        ("-5000", "5"),
    ],
)
def test_a_number_of_ods_shown_with_other_digits_is_kept_as_shown(
    tmp_path: Path, value: str, shown: str
) -> None:
    (table,) = read_file(write_ods(tmp_path / "b.ods", ods_row(ods_number(value, shown))))
    look = look_of(table.format_marks[0][1], value)
    assert (look.shown, look.changes_value) == (shown, True)


def test_cells_of_ods_too_far_apart_do_not_end_the_process(tmp_path: Path) -> None:
    rows = (
        ods_row(ods_text("a"))
        + ods_row(attributes=' table:number-rows-repeated="1048574"')
        + ods_row('<table:table-cell table:number-columns-repeated="16383"/>', ods_text("z"))
    )
    with pytest.raises(UnreadableFile, match=r"far apart.*Ctrl\+End"):
        read_file(write_ods(tmp_path / "bills.ods", rows))


# --- XLSB -------------------------------------------------------------------------------------


def record(kind: int, data: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = bytearray()
    rest = len(data)
    while rest > 127:
        length.append(rest & 0x7F | 0x80)
        rest >>= 7
    return number + bytes(length) + bytes([rest]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    header = struct.pack("<IIHBBBI", number - 1, 0, 300, 0, 0x10 if hidden else 0, 0, 0)
    return record(0, header) + b"".join(cells)


def xlsb_cell(kind: int, column: int, value: bytes) -> bytes:
    return record(kind, struct.pack("<II", column, 0) + value)


def write_xlsb(path: Path, *rows: bytes, styles: bytes = b"") -> Path:
    main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    sheet = (
        record(129)
        + record(148, struct.pack("<IIII", 0, 9, 0, 9))
        + record(145)
        + b"".join(rows)
        + record(146)
        + record(130)
    )
    bundle = struct.pack("<II", 0, 1) + wide("rId1") + wide("Bills")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "xl/workbook.bin",
            record(131) + record(143) + record(156, bundle) + record(144) + record(132),
        )
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="rId1" '
            f'Type="{main}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
        if styles:
            archive.writestr("xl/styles.bin", styles)
    return path


def test_number_formats_of_xlsb_are_kept_as_marks(tmp_path: Path) -> None:
    codes = {164: '0.00" Cr"', 165: "[$€-2] 0.00", 166: "dd/mm/yyyy"}
    styles = record(615, struct.pack("<I", 3)) + b"".join(
        record(44, struct.pack("<H", n) + wide(code)) for n, code in codes.items()
    )
    one, five = struct.pack("<I", 1), struct.pack("<I", 5)
    styles += record(616) + record(626, one)
    styles += record(47, struct.pack("<HH", 0, 165) + bytes(12)) + record(627)
    styles += record(617, five) + b"".join(
        record(47, struct.pack("<HH", 0, n) + bytes(12)) for n in (0, 164, 165, 166, 9)
    )
    cells = [record(5, struct.pack("<IId", c, c, 45000.0)) for c in range(5)]
    path = write_xlsb(tmp_path / "bills.xlsb", xlsb_row(3, *cells), styles=styles + record(618))
    (table,) = read_file(path)
    assert table.format_marks == {1: {3: '0.00" Cr"'}, 2: {3: "€"}, 4: {3: "%"}}


def test_merged_cells_of_xlsb_are_known(tmp_path: Path) -> None:
    path = write_xlsb(tmp_path / "bills.xlsb", xlsb_row(1, xlsb_cell(6, 0, wide("a"))))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    merged = record(176, struct.pack("<4I", 1, 2, 0, 3))
    end = record(146)
    sheet = parts["xl/worksheets/sheet1.bin"]
    parts["xl/worksheets/sheet1.bin"] = sheet.replace(end, end + record(177) + merged + record(178))
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    (table,) = read_file(path)
    assert table.merges == (MergedCells(2, 3, 0, 3),)


def test_an_error_cell_of_xlsb_never_reads_as_blank(tmp_path: Path) -> None:
    formula = struct.pack("<HI", 0, 0) + struct.pack("<I", 0)
    path = write_xlsb(
        tmp_path / "bills.xlsb",
        xlsb_row(1, xlsb_cell(6, 0, wide("x" * 200)), xlsb_cell(5, 1, struct.pack("<d", 1.5))),
        xlsb_row(3, xlsb_cell(3, 1, b"\x17"), xlsb_cell(6, 2, wide("c"))),
        xlsb_row(4, xlsb_cell(11, 4, b"\x2a" + formula), hidden=True),
        xlsb_row(6, xlsb_cell(4, 0, b"\x01")),
    )
    (table,) = read_file(path)
    assert list(table.rows) == [1, 3, 4, 6]
    assert cell(table, 1, 0) == ("x" * 200, CellKind.TEXT)
    assert cell(table, 1, 1) == ("1.5", CellKind.NUMBER)
    assert cell(table, 3, 1) == ("#REF!", CellKind.ERROR)
    assert cell(table, 3, 2) == ("c", CellKind.TEXT)
    assert cell(table, 4, 4) == ("#N/A", CellKind.ERROR)
    assert cell(table, 6, 0) == ("TRUE", CellKind.BOOLEAN)
    assert table.hidden_rows == (4,)
    assert table.notes == ("Excel binary workbook",)


def test_cells_of_xlsb_too_far_apart_do_not_end_the_process(tmp_path: Path) -> None:
    path = write_xlsb(
        tmp_path / "bills.xlsb",
        xlsb_row(1, xlsb_cell(6, 0, wide("a"))),
        xlsb_row(1_048_576, xlsb_cell(6, 16_383, wide("z"))),
    )
    with pytest.raises(UnreadableFile, match="far apart"):
        read_file(path)
