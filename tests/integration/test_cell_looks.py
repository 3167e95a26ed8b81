"""Rows that are struck through, comments, and what a sheet hides: reported, never in silence."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import hostile_xls
import openpyxl
import pytest
import xlsxwriter
from bill_sheets import checked, codes, template
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from test_merged_cells import MAPPING
from test_readers_other import (
    ods_number,
    ods_row,
    ods_text,
    record,
    wide,
    write_ods,
    write_xlsb,
    xlsb_cell,
    xlsb_row,
)

from importer.cli.main import run
from importer.model.tables import CellLook, SourceTable
from importer.readers import read_file
from importer.validation.checked_bills import Checked

DATA = Path(__file__).parent / "data"
HEADERS = ["Supplier", "Number", "Date", "Net", "Text"]
STRUCK, WHITE = Font(strike=True), Font(color="FFFFFFFF")
NAVY = PatternFill("solid", fgColor="FF000080")


def book(folder: Path, **looks: Any) -> Path:
    """A ledger of five bills of 10.00 to 14.00; ``looks`` are of cells: a font, a number format or
    a comment."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(HEADERS)
    for n in range(5):
        sheet.append(["Acme", f"A{n}", "2025-05-31", 10 + n, "x"])
    for cell in sheet[1]:
        cell.font, cell.fill = WHITE, NAVY
    for name, look in looks.items():
        if name == "hidden":
            sheet.column_dimensions[look].hidden = True
        elif name == "hidden_row":
            sheet.row_dimensions[look].hidden = True
        elif isinstance(look, Font):
            sheet[name].font = look
        elif isinstance(look, Comment):
            sheet[name].comment = look
        else:
            sheet[name].number_format = look
    path = folder / "l.xlsx"
    workbook.save(path)
    return path


def read(path: Path) -> Checked:
    return checked([path], template(path.parent, MAPPING))


def numbers(of: Checked) -> list[str | None]:
    return [bill.invoice_number for bill in of.valid_bills()]


def whole_row(row: int) -> dict[str, Font]:
    return {f"{letter}{row}": STRUCK for letter in "ABCDE"}


ALL = ["A0", "A1", "A2", "A3", "A4"]


@pytest.mark.parametrize("hidden", [{}, {"hidden_row": 6}])  # read by calamine, and cell by cell
def test_a_row_that_is_struck_through_is_refused(tmp_path: Path, hidden: dict[str, Any]) -> None:
    of = read(book(tmp_path, **whole_row(3), **hidden))
    (struck,) = (f for f in of.findings if f.code == "sheet.row.struck")
    assert (struck.cell.row, struck.message[:25]) == (3, "The row is struck through")
    assert numbers(of) == ["A0", "A2", "A3", "A4"]


def test_a_struck_amount_number_or_vendor_is_refused_and_a_struck_text_is_not(
    tmp_path: Path,
) -> None:
    of = read(book(tmp_path, A2=STRUCK, B3=STRUCK, D4=STRUCK, E5=STRUCK))
    assert codes(of) == ["sheet.row.struck"] * 3
    assert [f.cell.column for f in of.findings] == ["Supplier", "Number", "Net"]
    assert numbers(of) == ["A3", "A4"]


@pytest.mark.parametrize("shared", [True, False])
def test_a_number_of_which_a_part_is_struck_is_refused(tmp_path: Path, shared: bool) -> None:
    struck, usual = InlineFont(strike=True), InlineFont(strike=False, b=True)
    path = book(tmp_path)
    if shared:  # as Excel writes it
        write_rich(path)
    else:
        workbook = openpyxl.load_workbook(path)
        sheet = workbook.active
        sheet["B3"] = CellRichText(TextBlock(struck, "OLD-1 "), "A1")
        sheet["A4"] = CellRichText(TextBlock(struck, "Ac"), TextBlock(struck, "me"))
        sheet["E5"] = CellRichText(TextBlock(struck, "old "), "new")  # a text says nothing
        sheet["D6"] = CellRichText(TextBlock(usual, "1"), "4")
        workbook.save(path)
    of = read(path)
    assert codes(of) == ["sheet.row.struck"] * 2
    assert [f.cell.row for f in of.findings] == [3, 4]
    assert "Part of 'OLD-1 A1' (Number) is struck" in of.findings[0].message
    assert of.findings[1].message.startswith("'Acme' (Supplier) is struck")
    assert numbers(of) == ["A0", "A3", "A4"]


def write_rich(path: Path) -> None:
    """The ledger, its texts shared and some of them struck through."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet, struck = workbook.add_worksheet(), workbook.add_format({"font_strikeout": True})
        bold = workbook.add_format({"bold": True})
        sheet.write_row(0, 0, HEADERS)
        for n in range(5):
            sheet.write_row(n + 1, 0, ["Acme", f"A{n}", "2025-05-31", 10 + n, "x"])
        sheet.write_rich_string("B3", struck, "OLD-1 ", "A1")
        sheet.write_rich_string("A4", struck, "Ac", struck, "me")
        sheet.write_rich_string("E5", struck, "old ", "new")
        sheet.write_rich_string("D6", bold, "1", "4")


def test_values_that_cannot_be_seen_are_reported_once(tmp_path: Path) -> None:
    assert codes(read(book(tmp_path, D2='""'))) == ["sheet.cells.invisible"]
    of = read(book(tmp_path, D2=";;;", D3=WHITE, A4=WHITE, E5=WHITE, D6="#,##0;-#,##0;;"))
    (unseen,) = of.findings
    assert unseen.code == "sheet.cells.invisible"
    assert "row 2, 3, 4, 5 (4 in all)" in unseen.message
    assert numbers(of) == ALL


def test_amounts_that_are_displayed_without_their_decimals_are_reported_once(
    tmp_path: Path,
) -> None:
    path = book(tmp_path, D2="0", D3="#,##0 €", D4="0", D5="0.00")
    workbook = openpyxl.load_workbook(path)
    for row, amount in enumerate((10.25, -11.5, 12, 13.25, 14.25), start=2):
        workbook.active.cell(row, 4).value = amount
    workbook.save(path)
    of = read(path)
    (rounded,) = (f for f in of.findings if f.code == "sheet.column.without_decimals")
    assert (rounded.cell.row, rounded.cell.column) == (2, "Net")
    assert "2 amounts with some are read with them, as 10.25, which it displays as 10" in (
        rounded.message
    )
    rows = [HEADERS, ["Acme", "A0", "2025-05-31", "10.25", "x"]]
    cells = "".join(map(ods_text, rows[1][:3])) + ods_number("10.25", "10")
    write_ods(tmp_path / "l.ods", ods_row(*map(ods_text, HEADERS)) + ods_row(cells))
    web = "".join(f"<tr>{''.join(f'<td>{v}</td>' for v in row)}</tr>" for row in rows)
    page = web.replace("<td>10.25", '<td x:num="10.25">10')
    (tmp_path / "l.html").write_text(f"<table>{page}</table>")
    for name in ("l.ods", "l.html"):
        (found,) = read(tmp_path / name).findings
        assert found.code == "sheet.column.without_decimals"
        assert "1 amount with some is read with them" in found.message


@pytest.mark.parametrize("shown", ["10", ""])
def test_a_struck_amount_stays_struck_whatever_is_displayed(shown: str, tmp_path: Path) -> None:
    amount = ods_number("10.25").replace("-cell ", '-cell table:style-name="off" ', 1)
    amount = amount.replace("<text:p>10.25", f"<text:p>{shown}")
    row = ods_row("".join(map(ods_text, ["Acme", "A0", "2025-05-31"])) + amount + ods_text("x"))
    path = write_ods(tmp_path / "l.ods", ods_row(*map(ods_text, HEADERS)) + row)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    style = (
        '<office:automatic-styles><style:style style:name="off" style:family="table-cell">'
        '<style:text-properties style:text-line-through-style="solid"/></style:style>'
        "</office:automatic-styles><office:body>"
    )
    parts["content.xml"] = parts["content.xml"].replace("<office:body>", style)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert codes(read(path)) == ["sheet.row.struck"]


@pytest.mark.parametrize("number", [1.5e29, -1.5e300, 1.5e-7])
def test_numbers_without_cents_are_displayed_whole(tmp_path: Path, number: float) -> None:
    path = book(tmp_path, D2="0")
    workbook = openpyxl.load_workbook(path)
    workbook.active["D2"].value = number
    workbook.save(path)
    assert "sheet.column.without_decimals" not in codes(read(path))


def test_white_letters_on_a_colour_are_usual(tmp_path: Path) -> None:
    path = book(tmp_path)
    workbook = openpyxl.load_workbook(path)
    for cell in workbook.active[3]:
        cell.font, cell.fill = WHITE, NAVY
    workbook.save(path)
    assert codes(read(path)) == []


@pytest.mark.parametrize(
    ("letters", "fill", "unseen"),
    [
        ("FFFEFEFE", None, True),
        ("FFF5F5F5", None, True),
        ("FFFFFF00", "FFFFFF00", True),
        ("FF000000", "FF050505", True),
        ("FFFFFFFF", "FFF2F2F2", True),
        ("FFA6A6A6", None, False),
        ("FFFFFF00", "FF000080", False),
        ("FF000000", "FFFFFF00", False),
    ],
)
def test_letters_of_the_colour_behind_them_cannot_be_seen(
    tmp_path: Path, letters: str, fill: str | None, unseen: bool
) -> None:
    path = book(tmp_path)
    workbook = openpyxl.load_workbook(path)
    workbook.active["D3"].font = Font(color=letters)
    if fill:
        workbook.active["D3"].fill = PatternFill("solid", fgColor=fill)
    workbook.save(path)
    assert codes(read(path)) == ["sheet.cells.invisible"] * unseen


@pytest.mark.parametrize("struck", [True, False])
def test_a_conditional_format_that_strikes_through_is_reported(
    tmp_path: Path, struck: bool
) -> None:
    workbook = xlsxwriter.Workbook(tmp_path / "rules.xlsx")
    sheet = workbook.add_worksheet()
    for row, texts in enumerate([HEADERS, ["Acme", "A0", "2025-05-31", "10.00", "x"]]):
        sheet.write_row(row, 0, texts)
    look = workbook.add_format({"bold": True, "font_strikeout": struck})
    rule = {"type": "formula", "criteria": '=$E2="x"', "format": look}
    sheet.conditional_format("A2:E200", rule)
    workbook.close()
    found = read(tmp_path / "rules.xlsx").findings
    assert [f.code for f in found] == ["sheet.cells.struck_by_rules"] * struck
    assert not struck or "A2:E200" in found[0].message


def write_looks(path: Path) -> Path:
    """What ``data/looks.xls`` and ``looks.ods`` have, which LibreOffice made of it."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("Bills")

        def look(**properties: Any) -> Any:
            return workbook.add_format(properties)

        struck, bold, italic = look(font_strikeout=True), look(bold=True), look(italic=True)
        sheet.write_row(0, 0, HEADERS, look(bg_color="#000080", font_color="#FFFFFF"))
        for n in range(16):
            sheet.write_row(n + 1, 0, ["Acme", f"A{n}", "2025-05-31", 10 + n, "x"])
        sheet.write_row(1, 0, ["Acme", "A0", "2025-05-31", 10, "x"], struck)
        sheet.write("D3", 11, struck)
        sheet.write_rich_string("B4", struck, "OLD-1 ", bold, "A2")
        sheet.write_rich_string("B5", struck, "A", look(font_strikeout=True, bold=True), "3")
        sheet.write("D6", 14, look(font_color="#FFFFFF"))
        sheet.write("D7", 15, look(font_color="#F5F5F5"))
        sheet.write("D8", 16, look(font_color="#FFFF00", bg_color="#FFFF00"))
        sheet.write("D9", 17, look(font_color="#FFFFFF", bg_color="#F2F2F2"))
        sheet.write("D10", 18, look(font_color="#FFFFFF", bg_color="#000080"))
        sheet.write("D11", 19, look(num_format=";;;"))
        sheet.write_comment("D12", "do not pay\nAnn")
        sheet.write_comment("J12", "beside")
        sheet.write_rich_string("B13", bold, "A1", italic, "1", struck)  # the cell's own font
        sheet.write_rich_string("B14", "A1", struck, "2", struck)
        sheet.write_rich_string("B15", "A13 ", struck, "old")
        sheet.write("D16", 24, look(font_color="#A6A6A6"))
        sheet.set_row(16, None, None, {"hidden": True})
        sheet.set_column("E:E", None, None, {"hidden": True})
        rule = {"type": "formula", "criteria": '=$E2="void"', "format": struck}
        sheet.conditional_format("A2:E17", rule)
    return path


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_every_kind_of_workbook_gives_the_same_problems(tmp_path: Path, kind: str) -> None:
    other = tmp_path / f"looks.{kind}"
    other.write_bytes((DATA / other.name).read_bytes())
    expected, actual = (
        [(f.cell.row, f.cell.column, f.message) for f in read(path).findings]
        for path in (write_looks(tmp_path / "l.xlsx"), other)
    )
    assert actual == expected
    struck = [row for row, _, message in actual if "struck through, as" in message]
    assert struck == [2, 3, 4, 5, 14, 15]
    assert any("row 6, 7, 8, 9, 11 (5 in all)" in message for _, _, message in actual)


def test_a_hidden_column_that_is_read_is_reported(tmp_path: Path) -> None:
    assert codes(read(book(tmp_path, hidden="D"))) == ["sheet.columns.hidden"]


def test_comments_on_rows_are_reported_once_with_the_first(tmp_path: Path) -> None:
    notes = {f"D{row}": Comment(f"disputed, don't\npay {row}", "Ann") for row in range(2, 7)}
    of = read(book(tmp_path, A1=Comment("who sells", "Ann"), **notes))
    (comments,) = of.findings
    assert comments.code == "sheet.cells.comments"
    assert "5 comments" in comments.message
    assert "row 2, Net: 'disputed, don't pay 2'" in comments.message
    assert "and 2 more" in comments.message
    assert "who sells" not in comments.message
    assert numbers(of) == ALL
    (beside,) = read(book(tmp_path, J3=Comment("do not pay", "Ann"))).findings
    assert "1 comment on their cells: row 3, no header: 'do not pay'" in beside.message


def test_a_conversation_is_one_comment_in_its_words(tmp_path: Path) -> None:
    path = book(tmp_path, D2=Comment("[Threaded comment]\n\nYour version of Excel …", "Ann"))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    space = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
    parts["xl/threadedComments/threadedComment1.xml"] = (
        f'<ThreadedComments xmlns="{space}"><threadedComment ref="D2" id="{{1}}"><text>Is it paid?'
        '</text></threadedComment><threadedComment ref="D2" id="{2}" parentId="{1}"><text>Yes'
        "</text></threadedComment></ThreadedComments>"
    )
    relations = "xl/worksheets/_rels/sheet1.xml.rels"
    kind = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
    added = (
        f'<Relationship Id="rIdT" Type="{kind}" Target="../threadedComments/threadedComment1.xml"/>'
    )
    parts[relations] = parts[relations].replace("</Relationships>", f"{added}</Relationships>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    (comments,) = read(path).findings
    assert "1 comment on their cells: row 2, Net: 'Is it paid? / Yes'." in comments.message


def looks(table: SourceTable) -> dict[int, dict[int, CellLook]]:
    return {c: dict(rows) for c, rows in table.cell_looks.items()}


def test_looks_and_comments_of_ods_are_known(tmp_path: Path) -> None:
    style = '<style:style style:name="ce1" style:family="table-cell"><style:text-properties {}/>'
    struck = style.format('style:text-line-through-style="solid"') + "</style:style>"
    note = "<office:annotation><text:p>not owed</text:p></office:annotation><text:p>b</text:p>"
    rows = ods_row(
        ods_text("a", ' table:style-name="ce1"'), ods_text("b").replace("<text:p>b</text:p>", note)
    )
    part = '<text:p><text:span text:style-name="T1">old</text:span> c</text:p>'
    rows += ods_row(
        ods_number("5").replace(">5<", "><"), ods_text("c").replace("<text:p>c</text:p>", part)
    )
    rows += ods_row(*(ods_text("d", f' table:style-name="ce{n}"') for n in (2, 3)))
    path = write_ods(tmp_path / "bills.ods", rows)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    body = "<office:body>"
    for n, behind in ((2, "transparent"), (3, "#000080")):  # nearly white
        behind = f'<style:table-cell-properties fo:background-color="{behind}"/>'
        letters = style.format('fo:color="#f5f5f5"').replace("ce1", f"ce{n}")
        struck += f"{letters}{behind}</style:style>"
    run = '<style:style style:name="T1" style:family="text"><style:text-properties {}/>'
    struck += run.format('style:text-line-through-type="single"') + "</style:style>"
    styles = f"<office:automatic-styles>{struck}</office:automatic-styles>"
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/>'
    content = parts["content.xml"].replace(body, styles + body)
    parts["content.xml"] = content.replace("<table:table-row", columns + "<table:table-row", 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    (table,) = read_file(path)
    assert looks(table) == {
        0: {1: CellLook.STRUCK, 2: CellLook.INVISIBLE, 3: CellLook.INVISIBLE},
        1: {2: CellLook.PARTLY_STRUCK},
    }
    assert [tuple(c) for c in table.comments] == [(1, 1, "not owed")]
    assert table.hidden_columns == (1,)
    assert tuple(table.columns[1]) == ("b", "old c", "d")


def test_looks_of_ods_come_from_named_styles_and_spans(tmp_path: Path) -> None:
    through, not_through = (f'<style:text-properties style:text-line-through-type="{kind}"/>'
                            for kind in ("single", "none"))  # fmt: skip

    def style(name: str, inside: str, parent: str = "", family: str = "table-cell") -> str:
        return (
            f'<style:style style:name="{name}" style:family="{family}" '
            f'style:parent-style-name="{parent}">{inside}</style:style>'
        )

    named = style("Void", "", "Base") + style("Base", through, "Void")  # in a circle
    runs = style("T1", through, family="text") + style("T2", not_through, family="text")
    automatic = style("ce1", "", "Void") + style("ce2", not_through, "Void") + runs
    red = '<number:number-style style:name="N1"><style:text-properties fo:color="#ffffff"/>'
    automatic += style("ce3", "") + f"{red}</number:number-style>"

    def cell(style: str, *spans: tuple[str, str]) -> str:
        text = "".join(f'<text:span text:style-name="{name}">{t}</text:span>' for name, t in spans)
        return ods_text("x", f' table:style-name="{style}"').replace(">x<", f">{text}<")

    cells = [cell("Void", ("", "a")), cell("ce1", ("", "b")), cell("ce2", ("", "c"))]
    cells += [cell("", ("T1", "d"), ("T1", "e")), cell("", ("T1", "f"), ("T2", " "), ("", "g"))]
    cells += [
        cell("Void", ("T2", "h")),
        cell("ce1", ("T2", "i"), ("", "j")),
        cell("ce3", ("", "k")),
    ]
    path = write_ods(tmp_path / "bills.ods", ods_row(*cells))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    root = parts["content.xml"].partition("<office:body>")[0].replace("-content", "-styles")
    root = root.replace("xmlns:style=", 'xmlns:number="n" xmlns:fo="f" xmlns:style=')
    parts["styles.xml"] = f"{root}<office:styles>{named}</office:styles></office:document-styles>"
    styles = f"<office:automatic-styles>{automatic}</office:automatic-styles><office:body>"
    content = parts["content.xml"].replace("<office:body>", styles)
    parts["content.xml"] = content.replace(
        "xmlns:style=", 'xmlns:number="n" xmlns:fo="f" xmlns:style='
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    (table,) = read_file(path)
    found = {column: rows.get(1) for column, rows in looks(table).items()}
    struck, part = CellLook.STRUCK, CellLook.PARTLY_STRUCK
    assert found == {0: struck, 1: struck, 3: struck, 4: part, 6: part}


def test_looks_and_comments_of_xlsb_are_known(tmp_path: Path) -> None:
    styles = (
        record(611) + record(43, bytes(25)) + record(43, b"\0\0\x08\0" + bytes(21)) + record(612)
    )
    styles += record(617) + record(47, bytes(16))
    styles += record(47, struct.pack("<HHH", 0, 0, 1) + bytes(10)) + record(618)
    cells = xlsb_cell(6, 0, wide("a")), record(6, struct.pack("<II", 1, 1) + wide("b"))
    path = write_xlsb(tmp_path / "bills.xlsb", xlsb_row(2, *cells), styles=styles)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.bin"
    hidden = record(60, struct.pack("<4IH", 1, 1, 2340, 0, 1))
    parts[name] = parts[name].replace(record(145), hidden + record(145), 1)
    space = "http://schemas.openxmlformats.org"
    parts["xl/worksheets/_rels/sheet1.bin.rels"] = (
        f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="rId1" Type='
        f'"{space}/officeDocument/2006/relationships/comments" Target="../comments1.bin"/>'
        "</Relationships>"
    ).encode()
    comment = record(635, struct.pack("<5I", 0, 1, 1, 1, 1) + bytes(16))
    parts["xl/comments1.bin"] = comment + record(637, b"\0" + wide("not owed")) + record(636)
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    (table,) = read_file(path)
    assert looks(table) == {1: {2: CellLook.STRUCK}}
    assert [tuple(c) for c in table.comments] == [(2, 1, "not owed")]
    assert table.hidden_columns == (1,)


def test_letters_and_runs_of_xlsb_are_known(tmp_path: Path) -> None:
    def font(flags: int, colour: bytes) -> bytes:
        return record(43, struct.pack("<HH8x", 220, flags) + colour + bytes(5))

    def rich(text: str, *runs: tuple[int, int]) -> bytes:
        pairs = b"".join(struct.pack("<HH", *run) for run in runs)
        return b"\1" + wide(text) + struct.pack("<I", len(runs)) + pairs

    black, automatic = bytes.fromhex("0701000000000000"), bytes(8)
    white, nearly_white = bytes.fromhex("07000000ffffffff"), bytes.fromhex("05000000f5f5f5ff")
    fonts = [(0, black), (8, automatic), (0, white), (0, nearly_white)]
    styles = b"".join(font(*of) for of in fonts)
    navy = struct.pack("<I", 1) + bytes.fromhex("05000000000080ff") + bytes(8)
    styles += record(45, bytes(68)) + record(45, navy.ljust(68, b"\0")) + record(617)
    for of_font, fill in ((0, 0), (1, 0), (2, 0), (3, 0), (2, 1)):
        styles += record(47, struct.pack("<4H8x", 0, 0, of_font, fill))
    strings = [rich("old c", (0, 1), (3, 0)), rich("cold", (1, 1)), rich("one two", (0, 1), (4, 1))]
    strings += [rich("x", (0, 0)), b"\0" + wide("y")]

    def shared(column: int, style: int, text: int) -> bytes:
        return record(7, struct.pack("<3I", column, style, text))

    rows = [
        xlsb_row(1, *(record(5, struct.pack("<IId", c, c, 7.0)) for c in range(5))),
        xlsb_row(2, *(shared(c, 0, c) for c in range(5))),
        xlsb_row(3, *(shared(c, 1, text) for c, text in enumerate((1, 3, 4)))),
        xlsb_row(4, record(62, struct.pack("<II", 0, 0) + rich("ab c", (0, 0), (3, 1)))),
    ]
    path = write_xlsb(tmp_path / "bills.xlsb", *rows, styles=styles + record(618))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.bin", b"".join(record(19, text) for text in strings))
    (table,) = read_file(path)
    struck, part, unseen = CellLook.STRUCK, CellLook.PARTLY_STRUCK, CellLook.INVISIBLE
    assert looks(table) == {
        0: {2: part, 3: struck, 4: part},
        1: {1: struck, 2: part},
        2: {1: unseen, 2: struck, 3: struck},
        3: {1: unseen},
    }


def test_looks_of_xls_are_known(tmp_path: Path) -> None:
    def font(flags: int) -> tuple[int, bytes]:
        return 0x31, struct.pack("<5H4B", 200, flags, 8, 400, 0, 0, 0, 0, 0) + b"\5\0Arial"

    formats = [font(0), font(8), (0xE0, bytes(20)), (0xE0, struct.pack("<HH", 1, 0) + bytes(16))]
    label = struct.pack("<HHHHB", 1, 1, 2, 1, 0) + b"b"
    column = struct.pack("<5H", 1, 1, 2340, 0, 1) + b"\0\0"
    runs = struct.pack("<5H", 2, 0, 1, 3, 0)  # from 0 on the struck font, from 3 on the other
    rich = 0xD6, struct.pack("<HHHHB", 2, 1, 0, 5, 0) + b"old c" + runs
    cells = [(0x7D, column), hostile_xls.text_cell(1, 0, "a"), (0x204, label), rich]
    path = tmp_path / "bills.xls"
    path.write_bytes(hostile_xls.book(formats, cells))
    (table,) = read_file(path)
    assert looks(table) == {1: {2: CellLook.STRUCK, 3: CellLook.PARTLY_STRUCK}}
    assert table.hidden_columns == (1,)


def test_comments_of_older_xls_are_known(tmp_path: Path) -> None:
    note = struct.pack("<3H", 2, 1, 9) + "Zahlt".encode("cp1252")
    rest = struct.pack("<3H", 0xFFFF, 0, 4) + " nü!".encode("cp1252")
    label = 0x204, struct.pack("<4H", 2, 1, 0, 1) + b"a"
    stream = hostile_xls.book([], [label, (0x1C, note), (0x1C, rest), (0x1C, b"\0")])
    begins = [struct.pack("<HHH", 0x0809, 16, version) for version in (0x600, 0x500)]
    path = tmp_path / "bills.xls"
    path.write_bytes(stream.replace(*begins))
    (table,) = read_file(path)
    assert [tuple(c) for c in table.comments] == [(3, 1, "Zahlt nü!")]


def test_a_comment_of_xls_that_is_cut_off_is_no_damaged_sheet(tmp_path: Path) -> None:
    identity = 0x5D, struct.pack("<4H", 0x15, 18, 25, 7) + bytes(14)
    text = 0x1B6, struct.pack("<5xx3xHH4x", 0xFFFF, 8)
    notes = [(0x1C, struct.pack("<4H", row, 0, 0, 7 + row)) for row in range(2)]
    damaged = [(0x5D, b""), (0x1B6, b"\0"), (0x1C, b""), (0x1B0, b"\1"), (0x1B1, bytes(50))]
    cells = [hostile_xls.text_cell(0, 0, "a"), identity, text, (0x3C, b"\0owed"), *notes]
    path = tmp_path / "bills.xls"
    path.write_bytes(hostile_xls.book([], [*cells, *damaged]))
    (table,) = read_file(path)
    assert [tuple(c) for c in table.comments] == [(1, 0, "owed")]
    assert [list(column) for column in table.columns] == [["a"]]


def test_what_a_web_page_strikes_is_known(tmp_path: Path) -> None:
    path = tmp_path / "bills.xls"
    path.write_text(
        "<table><tr><td>a<td><s>b</s><td><del>1</del> 2<td>c <s>d</s></tr>"
        "<tr style='text-decoration: line-through'><td>e</tr></table>"
    )
    (table,) = read_file(path)
    assert looks(table) == {
        1: {1: CellLook.STRUCK},
        2: {1: CellLook.PARTLY_STRUCK},
        3: {1: CellLook.PARTLY_STRUCK},
        0: {2: CellLook.STRUCK},
    }


def test_a_web_page_of_a_spreadsheet_program_says_what_is_struck_hidden_and_commented_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bills.xls"
    path.write_text(
        "<style>.xl65 {color:red;}\n.xl66, td.Xl67\n{mso:0; text-decoration: line-through;}</style>"
        "<table><tr><td class=xl65>a<td class='xl67 n'>b<td><font class=xl66>c</font> d"
        '<td sdval="19" sdnum="1033;0;;;;"><font><br></font><td sdval="1234.5">1,235'
        "<td><a></a>\n<comment>do not pay\nAnn</comment><font>20</font></tr></table>"
    )
    (table,) = read_file(path)
    assert [column[0] for column in table.columns] == ["a", "b", "c d", "19", "1234.5", "20"]
    assert looks(table) == {
        1: {1: CellLook.STRUCK},
        2: {1: CellLook.PARTLY_STRUCK},
        3: {1: CellLook.INVISIBLE},
        4: {1: CellLook.UNITS_ONLY},
    }
    assert [tuple(c) for c in table.comments] == [(1, 5, "do not pay\nAnn")]


def test_the_result_of_a_struck_row_is_refused_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path / "home"))
    source, result = book(tmp_path, D3=STRUCK), tmp_path / "r.xlsx"
    mine = template(tmp_path, MAPPING).path
    found = []
    for file, to in ((source, result), (result, tmp_path / "again.xlsx")):
        options = ["--template", str(mine)] if file == source else []
        run(["validate", str(file), *options, "--json", "--quiet", "--result", str(to)])
        answer = json.loads(capsys.readouterr().out)
        found.append([(f["code"], f["row"], f["column"]) for f in answer["findings"]])
    assert found == [[("sheet.row.struck", 3, "Net")]] * 2
