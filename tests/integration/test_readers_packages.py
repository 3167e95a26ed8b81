"""Workbooks whose parts have other names and places than Excel gives them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from test_readers_other import (
    ods_number,
    ods_row,
    ods_text,
    wide,
    write_ods,
    write_xlsb,
    xlsb_cell,
    xlsb_row,
)

from importer.core.errors import UnreadableFile
from importer.readers import read_file

CELLS = [("Supplier", "Net"), ("Acme", "12.5")]


def book(path: Path) -> Path:
    workbook = openpyxl.Workbook()
    for row in (["Supplier", "Net"], ["Acme", 12.5]):
        workbook.active.append(row)
    workbook.save(path)
    return path


def rewritten(path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The zip with each part's name and content changed, or without it."""
    with zipfile.ZipFile(path) as archive:
        parts = [change(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            if part is not None:
                archive.writestr(*part)
    return path


def cells(path: Path) -> list[tuple[str, ...]]:
    (table,) = read_file(path)
    return [table.row_cells(i) for i in range(len(table.rows))]


def moved(folder: str) -> Callable[[str, bytes], tuple[str, bytes]]:
    """What stands in ``xl/`` is in ``folder``."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name.endswith((".rels", "[Content_Types].xml")):
            data = data.replace(b"/xl/", b"/" + folder.encode())
            data = data.replace(b'"xl/', b'"' + folder.encode())
        return name.replace("xl/", folder, 1) if name.startswith("xl/") else name, data

    return change


@pytest.mark.parametrize("folder", ["", "data/", "a/b/c/", "xl/xl/", "Books of 2025/"])
def test_workbook_is_read_from_any_folder(tmp_path: Path, folder: str) -> None:
    assert cells(rewritten(book(tmp_path / "b.xlsx"), moved(folder))) == CELLS


@pytest.mark.parametrize(
    "spelling",
    [
        lambda name: name.replace("/", "\\"),
        str.upper,
        str.lower,
        lambda name: "/" + name,
        lambda name: name.upper().replace("/", "\\"),
    ],
)
def test_parts_are_found_whatever_their_case_and_slashes(
    tmp_path: Path, spelling: Callable[[str], str]
) -> None:
    path = rewritten(book(tmp_path / "b.xlsx"), lambda name, data: (spelling(name), data))
    assert cells(path) == CELLS


def test_workbook_without_content_types_or_package_relations_is_read(tmp_path: Path) -> None:
    for missing in ("[Content_Types].xml", "_rels/.rels"):
        path = rewritten(
            book(tmp_path / "b.xlsx"), lambda n, d, m=missing: None if n == m else (n, d)
        )
        assert cells(path) == CELLS


def test_name_of_the_workbook_part_does_not_matter(tmp_path: Path) -> None:
    def renamed(name: str, data: bytes) -> tuple[str, bytes]:
        if name.endswith((".rels", "[Content_Types].xml")):
            data = data.replace(b"xl/workbook.xml", b"xl/book7.xml")
        return name.replace("xl/workbook.xml", "xl/book7.xml").replace(
            "xl/_rels/workbook.xml", "xl/_rels/book7.xml"
        ), data

    assert cells(rewritten(book(tmp_path / "b.xlsx"), renamed)) == CELLS


def with_decoy(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_second_workbook_where_libraries_look_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(book(tmp_path / "other.xlsx")) as archive:
        decoys = {
            name: archive.read(name).replace(b"12.5", b"99.5").replace(b"Acme", b"Evil")
            for name in archive.namelist()
            if name.startswith("xl/")
        }
    path = rewritten(book(tmp_path / "b.xlsx"), moved("real/"))
    assert cells(with_decoy(path, decoys)) == CELLS


def with_texts(path: Path, target: str, place: str, text: str) -> Path:
    """The supplier of row 2 is a shared text, in a part of its own."""
    head = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = f'<Relationship Id="t1" Type="{head}/sharedStrings" Target="{target}"/>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name.endswith("workbook.xml.rels"):
            data = data.replace(b"</Relationships>", f"{relation}</Relationships>".encode())
        inline = b't="inlineStr"><is><t>Acme</t></is>'
        return name, data.replace(inline, b't="s"><v>0</v>')

    texts = f'<sst xmlns="{main}"><si><t>{text}</t></si></sst>'.encode()
    return with_decoy(rewritten(path, change), {place: texts})


@pytest.mark.parametrize("target", ["sharedStrings.xml", "/texts.xml", "texts.xml", "../t.xml"])
def test_decoy_texts_where_libraries_look_are_not_read(tmp_path: Path, target: str) -> None:
    place = {"/texts.xml": "texts.xml", "../t.xml": "t.xml"}.get(target, f"xl/{target}")
    path = with_texts(book(tmp_path / "b.xlsx"), target, place, "Acme")
    if place != "xl/sharedStrings.xml":
        with_decoy(path, {"xl/sharedStrings.xml": b"<sst><si><t>Evil</t></si></sst>"})
    assert cells(path) == CELLS


@pytest.mark.parametrize(
    ("target", "place"),
    [("/worksheets/", "worksheets/"), ("xl/worksheets/", "xl/xl/worksheets/"), ("./s/", "xl/s/")],
)
def test_decoy_sheet_where_libraries_look_is_not_read(
    tmp_path: Path, target: str, place: str
) -> None:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name == "xl/_rels/workbook.xml.rels":
            data = data.replace(b"/xl/worksheets/", target.encode())
        return name.replace("xl/worksheets/", place), data

    path = rewritten(book(tmp_path / "b.xlsx"), change)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read(f"{place}sheet1.xml").replace(b"12.5", b"99.5")
    assert cells(with_decoy(path, {"xl/worksheets/sheet1.xml": sheet})) == CELLS


@pytest.mark.parametrize("name", ["b.xlsb", "b.xlsx", "b.ods", "b.dat"])
def test_decoy_workbook_of_another_kind_is_not_read(tmp_path: Path, name: str) -> None:
    row = xlsb_row(1, xlsb_cell(6, 0, wide("Net")))
    path = write_xlsb(tmp_path / name, row)
    with zipfile.ZipFile(book(tmp_path / "other.xlsx")) as archive:
        decoys = {
            name: archive.read(name).replace(b"xl/workbook.xml", b"xl/workbook.bin")
            for name in archive.namelist()
            if name != "[Content_Types].xml"
        }
    decoys["xl/workbook.xml"] = decoys["xl/workbook.xml"].replace(b'"Sheet"', b'"Bills"')
    assert cells(with_decoy(path, decoys)) == [("Net",)]


def test_spreadsheet_that_is_excel_and_open_document_at_once_is_read_as_one(tmp_path: Path) -> None:
    ods = write_ods(tmp_path / "b.ods", ods_row(ods_text("Evil")))
    with zipfile.ZipFile(ods) as archive:
        decoys = {name: archive.read(name) for name in archive.namelist()}
    assert cells(with_decoy(book(tmp_path / "b.xlsx"), decoys)) == CELLS
    assert cells(with_decoy(book(tmp_path / "x.ods"), decoys)) == CELLS


def test_two_parts_that_differ_in_slashes_are_refused(tmp_path: Path) -> None:
    path = with_decoy(book(tmp_path / "b.xlsx"), {"xl\\worksheets\\sheet1.xml": b"<worksheet/>"})
    with pytest.raises(UnreadableFile, match="the same part twice"):
        read_file(path)


def test_sheet_whose_part_is_missing_is_never_passed_over(tmp_path: Path) -> None:
    without = rewritten(
        book(tmp_path / "b.xlsx"), lambda n, d: None if n.endswith("sheet1.xml") else (n, d)
    )
    with pytest.raises(UnreadableFile, match=r"sheet1\.xml is missing"):
        read_file(without)
    without = rewritten(
        book(tmp_path / "b.xlsx"),
        lambda n, d: None if n.endswith("workbook.xml.rels") else (n, d),
    )
    with pytest.raises(UnreadableFile, match="the part of one of its sheets is missing"):
        read_file(without)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (b"wordprocessingml.document.main+xml", r"a text document \(Word\)"),
        (b"presentationml.slideshow.main+xml", "a presentation"),
    ],
)
def test_content_type_decides_what_a_zip_is(tmp_path: Path, kind: bytes, message: str) -> None:
    path = rewritten(
        book(tmp_path / "b.xlsx"),
        lambda n, d: (n, d.replace(b"spreadsheetml.sheet.main+xml", kind)),
    )
    with pytest.raises(UnreadableFile, match=message):
        read_file(path)


@pytest.mark.parametrize(
    "kind",
    [
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        b"application/vnd.ms-excel.template.macroEnabled.main+xml",
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    ],
)
def test_templates_and_workbooks_with_macros_are_workbooks(tmp_path: Path, kind: bytes) -> None:
    usual = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    path = rewritten(book(tmp_path / "b.xlsm"), lambda n, d: (n, d.replace(usual, kind)))
    assert cells(path) == CELLS


# --- XLSB ---------------------------------------------------------------------------------------

XLSB_ROWS = (
    xlsb_row(1, xlsb_cell(6, 0, wide("Net")), xlsb_cell(62, 1, b"\0" + wide("Rich"))),
    xlsb_row(
        3,
        xlsb_cell(5, 0, b"\0\0\0\0\0\0\x29\x40"),
        xlsb_cell(2, 1, (1250 << 2 | 3).to_bytes(4, "little")),
        xlsb_cell(4, 2, b"\1"),
        xlsb_cell(3, 3, b"\x17"),
    ),
)


@pytest.mark.parametrize("place", ["data/", "xl\\", "XL/", "xl/"])
def test_xlsb_is_read_alike_wherever_its_parts_are(tmp_path: Path, place: str) -> None:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        return name.replace("xl/", place), data

    path = rewritten(write_xlsb(tmp_path / "b.xlsb", *XLSB_ROWS), change)
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    target = f"{place}workbook.bin"
    relation = f'<Relationship Id="r1" Type="{kind}" Target="{target}"/>'
    rels = f'<Relationships xmlns="{package}">{relation}</Relationships>'.encode()
    (table,) = read_file(with_decoy(path, {"_rels/.rels": rels}))
    assert [table.row_cells(i) for i in range(2)] == [
        ("Net", "Rich", "", ""),
        ("12.5", "12.5", "TRUE", "#REF!"),
    ]
    assert [list(kind) for kind in table.kinds or ()] == [[0, 1], [0, 1], [0, 3], [0, 4]]
    assert list(table.rows) == [1, 3]


# --- OpenDocument -------------------------------------------------------------------------------


def without(*missing: str) -> Callable[[str, bytes], tuple[str, bytes] | None]:
    return lambda name, data: None if name in missing else (name, data)


@pytest.mark.parametrize(
    "missing",
    [("mimetype",), ("META-INF/manifest.xml",), ("mimetype", "META-INF/manifest.xml")],
)
def test_open_document_is_known_without_its_type(tmp_path: Path, missing: tuple[str, ...]) -> None:
    rows = ods_row(ods_text("Supplier"), ods_text("Net"))
    rows += ods_row(ods_text("Acme"), ods_number("12.5"))
    path = rewritten(write_ods(tmp_path / "b.ods", rows), without(*missing))
    assert cells(path) == CELLS


def test_open_document_without_its_type_may_name_its_namespaces_as_it_likes(
    tmp_path: Path,
) -> None:
    rows = ods_row(ods_text("Supplier"), ods_text("Net"))
    rows += ods_row(ods_text("Acme"), ods_number("12.5"))

    def rename(name: str, data: bytes) -> tuple[str, bytes] | None:
        if name != "content.xml":
            return None
        for old, new in ((b"<office:", b"<o:"), (b"</office:", b"</o:"), (b" office:", b" o:")):
            data = data.replace(old, new)
        data = data.replace(b"xmlns:office", b"xmlns:o")
        return name, data.replace(b"<o:body>", b"<o:body> <!-- the bills -->\n")

    assert cells(rewritten(write_ods(tmp_path / "b.ods", rows), rename)) == CELLS


ODS_CELLS = (
    ods_text("a  b"),
    '<table:table-cell office:value-type="string"><text:p>x<text:s text:c="2"/>y<text:tab/>z'
    "</text:p><text:p>second <text:span>line</text:span></text:p></table:table-cell>",
    ods_number("12.5"),
    '<table:table-cell office:value-type="date" office:date-value="2025-05-31"><text:p>x</text:p>'
    "</table:table-cell>",
    '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>TRUE'
    "</text:p></table:table-cell>",
    '<table:table-cell office:value-type="time" office:time-value="PT0H11M0.000S"><text:p>0:11'
    "</text:p></table:table-cell>",
    '<table:table-cell office:value-type="percentage" office:value="0.2"><text:p>20%</text:p>'
    "</table:table-cell>",
    '<table:table-cell office:value-type="float" office:value="NaN"><text:p>x</text:p>'
    "</table:table-cell>",
    '<table:table-cell table:number-columns-repeated="2"/>',
    ods_text("end"),
)


def test_indented_open_document_is_read_as_what_it_shows(tmp_path: Path) -> None:
    blank = ods_row(attributes=' table:number-rows-repeated="3"')
    hidden = ods_row(ods_text("h"), attributes=' table:visibility="collapse"')
    path = write_ods(tmp_path / "b.ods", blank + ods_row(*ODS_CELLS) + hidden)

    def indent(name: str, data: bytes) -> tuple[str, bytes]:
        for tag in (b"<table:table", b"<text:p>", b"</text:p>", b"</table:table"):
            data = data.replace(tag, b"\n      " + tag)
        return name, data

    (table,) = read_file(rewritten(path, indent))
    assert list(table.rows) == [4, 5]
    assert table.hidden_rows == (5,)
    assert table.row_cells(0) == (
        "a b",
        "x  y\tz\nsecond line",
        "12.5",
        "2025-05-31",
        "TRUE",
        "00:11:00",
        "0.2",
        "NaN",
        "",
        "",
        "end",
    )
    assert [kind[0] for kind in table.kinds or ()] == [0, 0, 1, 2, 3, 0, 1, 4, 0, 0, 0]
    assert table.format_marks == {6: {4: "%"}}


def test_tables_under_other_names_are_never_taken_for_none(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "b.ods", ods_row(ods_text("a")))
    path = rewritten(
        path, lambda n, d: (n, d.replace(b"table:", b"t:").replace(b":table=", b":t="))
    )
    with pytest.raises(UnreadableFile, match="save it as an Excel workbook"):
        read_file(path)


def test_repeated_cells_of_an_indented_open_document_are_limited(tmp_path: Path) -> None:
    again = ' table:number-columns-repeated="1000"'
    cell = ods_number("1").replace(" office:value-type", again + " office:value-type")

    def repeated(times: int) -> Path:
        row = ods_row(f"\n{cell}\n", attributes=f' table:number-rows-repeated="{times}"')
        return write_ods(tmp_path / "b.ods", f"\n{row}\n")

    (table,) = read_file(repeated(3))
    assert (len(table.rows), len(table.columns)) == (3, 1000)
    with pytest.raises(UnreadableFile, match="repeated so often"):
        read_file(repeated(1500))


def test_cells_of_an_indented_open_document_are_limited_as_those_of_others(tmp_path: Path) -> None:
    far = ods_row('<table:table-cell table:number-columns-repeated="16383"/>', ods_text("z"))
    rows = ods_row(ods_text("a")) + ods_row(attributes=' table:number-rows-repeated="1048574"')
    path = write_ods(tmp_path / "b.ods", "\n" + rows + "\n" + far)
    with pytest.raises(UnreadableFile, match="far apart"):
        read_file(path)
