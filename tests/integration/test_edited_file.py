"""Corrected copies of files: the cells that were corrected differ, and nothing else."""

from __future__ import annotations

import shutil
import stat
import struct
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from test_readers_other import record, wide, write_xlsb, xlsb_cell, xlsb_row

from importer.core.errors import UsageProblem
from importer.model.tables import CellKind
from importer.readers import read_file
from importer.readers.edited_file import edited_suffix, write_edited

SAMPLES = Path(__file__).parents[2] / "samples"


def test_records_of_a_csv_file_that_are_not_corrected_keep_their_bytes(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    head, wrong, last = b"sep=;\r\nid;\xfcber;n\r\n", b'1;"a\nb";x\r\n', b'\'2\';"c""d";9'
    source.write_bytes(head + b"\r\n" + wrong + last)
    write_edited(source, target, {(None, 3, 2): 'y;"z"', (None, 3, 0): ""})
    assert target.read_bytes() == head + b"\r\n" + b';"a\nb";"y;""z"""\r\n' + last
    assert source.read_bytes() == head + b"\r\n" + wrong + last


def test_a_character_that_the_encoding_lacks_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes("Lieferant;Betrag\nMüller;1\nJäger;2\n".encode("cp1252"))
    with pytest.raises(UsageProblem, match="without the character '→'"):
        write_edited(source, tmp_path / "b.csv", {(None, 2, 0): "→"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Bills"
    sheet.append(["ref", "amount", "due", "note", "sum"])
    sheet.append(["B1", 1000, None, "<a & b>", "=B2*2"])
    sheet.append(["B2", 2000, None, None, "=B3*2"])
    sheet["C2"] = openpyxl.utils.datetime.from_excel(45_000)
    sheet["C3"] = openpyxl.utils.datetime.from_excel(45_001)
    sheet.column_dimensions["D"].width = 55
    book.create_sheet("Other").append(["kept"])
    book.save(path)


def test_cells_of_a_workbook_stay_of_their_kind(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    _workbook(source)
    cells = {
        ("Bills", 2, 1): "1050",
        ("Bills", 2, 2): "2023-04-01",
        ("Bills", 3, 3): " =1+1 <b>",
        ("Bills", 3, 1): "two thousand",
        ("Bills", 3, 6): "far",
        ("Bills", 2, 4): "1",
    }
    write_edited(source, target, cells)
    table = read_file(target)[0]
    texts = {(row, c): table.columns[c][i] for i, row in enumerate(table.rows) for c in range(7)}
    assert {(row, c): texts[row, c] for _, row, c in cells} == {
        (row, c): text for (_, row, c), text in cells.items()
    }
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (table.kind(1, 1), table.kind(2, 1)) == (CellKind.NUMBER, CellKind.DATE)
    assert (table.kind(1, 2), table.kind(3, 2)) == (CellKind.TEXT, CellKind.TEXT)
    book = openpyxl.load_workbook(target)
    assert book["Bills"].column_dimensions["D"].width == 55
    assert book["Bills"]["E3"].value == "=B3*2"
    assert book["Bills"]["D2"].value == "<a & b>"
    assert book["Other"]["A1"].value == "kept"


def test_the_cell_of_a_formula_of_several_cells_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    _workbook(source)
    book = openpyxl.load_workbook(source)
    book["Bills"]["E2"] = openpyxl.worksheet.formula.ArrayFormula("E2:E3", "=B2:B3*2")
    book.save(source)
    with pytest.raises(
        UsageProblem, match="Correct it in Excel, save the workbook, and drop it here again"
    ):
        write_edited(source, tmp_path / "b.xlsx", {("Bills", 2, 4): "1"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_a_workbook_with_a_damaged_part_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    _workbook(source)
    picture = "xl/media/image1.png"
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(picture, bytes(range(256)) * 40)
        start = archive.getinfo(picture).header_offset + 30 + len(picture)
    data = source.read_bytes()
    source.write_bytes(data[:start] + b"\xff" * 20 + data[start + 20 :])
    with pytest.raises(UsageProblem, match="cannot be corrected here"):
        write_edited(source, tmp_path / "b.xlsx", {("Bills", 2, 1): "1"})


def test_a_copy_that_would_be_read_otherwise_is_not_written(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("a,b\n1,2\n")
    with pytest.raises(UsageProblem, match="cannot be corrected here"):
        write_edited(source, target, {(None, 2, 0): "1\x00"})
    assert not target.exists()


def test_a_table_of_another_kind_of_file_becomes_a_workbook(tmp_path: Path) -> None:
    source = tmp_path / "a.html"
    source.write_text("<table><tr><td>a<td>b<tr><td>1<td>x</table>")
    assert edited_suffix(source) == ".xlsx"
    target = tmp_path / "b.xlsx"
    write_edited(source, target, {(None, 2, 1): "y"})
    (table,) = read_file(target)
    assert [table.row_cells(i) for i in range(2)] == [("a", "b"), ("1", "y")]
    assert zipfile.is_zipfile(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def _as_read(path: Path) -> list[tuple[object, ...]]:
    """All that is read of a file, but for its name and how it was read."""
    return [
        (
            table.sheet or "Table",
            [table.row_cells(i) for i in range(len(table.rows))],
            [*table.rows],
            {c: dict(marks) for c, marks in table.format_marks.items() if marks},
            {c: dict(looks) for c, looks in table.cell_looks.items() if looks},
            sorted(table.merges),
            sorted(table.comments),
            (table.hidden, table.hidden_rows, table.hidden_columns),
        )
        for table in read_file(path)
    ]


MERGED = """<table>
<tr><th colspan=2>Supplier ledger<th><th>
<tr><td>Vendor<td>No<td>Date<td>Amount
<tr><td rowspan=2>Acme<td>1<td>2025-03-01<td>1.50
<tr style="display:none"><td>2<td>2025-03-02<td>2.50
<tr><td><s>Bolt</s><td><s>3</s><td>2025-03-03<td>9.50
</table>"""


def test_merged_hidden_and_struck_cells_stay_so_in_the_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "a.html", tmp_path / "b.xlsx"
    source.write_text(MERGED)
    (before,) = _as_read(source)
    assert before[4]
    assert before[5]
    assert before[7] == (False, (4,), ())
    write_edited(source, target, {(None, 5, 3): "9.75"})
    (after,) = _as_read(target)
    before[1][4] = (*before[1][4][:3], "9.75")  # type: ignore[index]
    assert after == before


@pytest.mark.parametrize("kind", ["ods", "xls", "html"])
def test_number_formats_merges_and_hidden_rows_of_other_programs_survive(
    kind: str, tmp_path: Path
) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed (apt-get install libreoffice-calc)")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["Ledger"], ["No", "Amount", "Rate", "Date"], ["R-1", 12.5, 0.2, date(2025, 3, 1)]):
        sheet.append(row)
    sheet.append(["R-2", 80, 0.05, date(2025, 3, 2)])
    sheet.merge_cells("A1:D1")
    sheet["B3"].number_format = sheet["B4"].number_format = '#,##0.00 "EUR"'
    sheet["C3"].number_format = "0%"
    sheet.row_dimensions[4].hidden = True
    workbook.save(tmp_path / "a.xlsx")
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless",
         "--convert-to", kind, "--outdir", str(tmp_path), str(tmp_path / "a.xlsx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    source, target = tmp_path / f"a.{kind}", tmp_path / "corrected.xlsx"
    before, (table, *_) = _as_read(source), read_file(source)
    if kind != "html":
        assert before[0][3]
        assert before[0][7] == (False, (4,), ())
    last = int(table.rows[-1])
    write_edited(source, target, {(table.sheet, last, 0): "R-3"})
    after = _as_read(target)
    rows = before[0][1]
    assert isinstance(rows, list)
    rows[-1] = ("R-3", *rows[-1][1:])
    assert after == before


def test_xlsb_becomes_a_workbook_with_its_formats_and_hidden_rows(tmp_path: Path) -> None:
    """No free program writes XLSB: these are the records that Excel would write."""
    styles = record(615, struct.pack("<I", 1)) + record(
        44, struct.pack("<H", 164) + wide('0.00" Cr"')
    )
    styles += record(616) + record(617, struct.pack("<I", 2))
    styles += record(47, bytes(16)) + record(47, struct.pack("<HH", 0, 164) + bytes(12))
    credit = record(5, struct.pack("<IId", 1, 1, 1234.5))
    source = write_xlsb(
        tmp_path / "a.xlsb",
        xlsb_row(1, xlsb_cell(6, 0, wide("No")), xlsb_cell(6, 1, wide("Amount"))),
        xlsb_row(2, xlsb_cell(6, 0, wide("007")), credit),
        xlsb_row(4, xlsb_cell(6, 0, wide("R-2")), credit, hidden=True),
        styles=styles + record(618),
    )
    target = tmp_path / f"b{edited_suffix(source)}"
    assert target.suffix == ".xlsx"
    (before,) = _as_read(source)
    assert before[3] == {1: {2: '0.00" Cr"', 4: '0.00" Cr"'}}
    assert before[7] == (False, (4,), ())
    write_edited(source, target, {("Bills", 2, 0): "008", ("Bills", 4, 1): "99.5"})
    (after,) = _as_read(target)
    before[1][1] = ("008", "1234.5")  # type: ignore[index]
    before[1][2] = ("R-2", "99.5")  # type: ignore[index]
    assert after == before


def test_every_sample_can_be_corrected(tmp_path: Path) -> None:
    for source in [
        *SAMPLES.glob("*/*.xlsx"),
        *SAMPLES.glob("light*/*.csv"),
        *SAMPLES.glob("*/*.html"),
    ]:
        table = read_file(source)[0]
        last, first = (table.sheet, int(table.rows[-1]), 0), (table.sheet, int(table.rows[0]), 1)
        target = tmp_path / f"copy{edited_suffix(source)}"
        write_edited(source, target, {last: 'a "b", c', first: ""})
        copy = read_file(target)[0]
        assert copy.columns[0][-1] == 'a "b", c', source
