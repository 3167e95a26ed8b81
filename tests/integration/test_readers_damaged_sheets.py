"""One damaged sheet of a workbook does not block the others, unless it is needed."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from bill_sheets import checked, template
from hostile_xls import EOF, XF, begin, number, records, text_cell
from hostile_xls import book as hostile_book
from test_merged_cells import MAPPING, bills
from test_readers_packages import rewritten

from importer.core.errors import UnreadableFile
from importer.model.tables import CellKind, MergedCells
from importer.readers import read_file
from importer.readers.grid import Grid
from importer.readers.xls_guard import safe_stream
from importer.readers.xls_second import second_reader

SAMPLE = Path(__file__).parent / "data" / "sheets_sample.xls"

ROWS = [["Supplier", "Number", "Date", "Net", "Text"], ["Acme", "A1", "2025-05-31", 10, "x"]]
LIBRARY_WORDS = ("Error", "assert", "xlrd", "calamine", "None", "expected", "index", "archive", "'")


def book(folder: Path) -> Path:
    workbook = openpyxl.Workbook()
    for name in ("Notes", "Bills"):
        sheet = workbook.active if name == "Notes" else workbook.create_sheet()
        assert sheet is not None
        sheet.title = name
        for row in ROWS:
            sheet.append(row)
    workbook.save(folder / "l.xlsx")
    return folder / "l.xlsx"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_text(data: bytes) -> bytes:
    return data.replace(b"<row r=", b'<row r="1"><c r="A1" t="s"><v>7</v></c></row><row r=', 1)


DAMAGES = pytest.mark.parametrize(
    "damage",
    [
        cut,
        without_text,
        lambda data: b"",
        lambda data: b"\0\1rubbish",
        lambda data: data.replace(b'r="A1"', b'r="AAAAA1"'),
        lambda data: None,
    ],
    ids=["cut", "no such text", "empty", "rubbish", "no such column", "missing"],
)


def damaged(path: Path, part: str, damage: Callable[[bytes], bytes | None]) -> Path:
    def change(name: str, data: bytes) -> tuple[str, bytes] | None:
        content = damage(data) if name.endswith(part) else data
        return None if content is None else (name, content)

    return rewritten(path, change)


@DAMAGES
def test_damaged_sheet_is_named_and_the_others_are_read(
    tmp_path: Path, damage: Callable[[bytes], bytes | None]
) -> None:
    path = damaged(book(tmp_path), "sheet1.xml", damage)
    (table,) = read_file(path)
    assert (table.sheet, table.unread_sheets) == ("Bills", ("Notes",))
    of = checked([path], template(tmp_path, MAPPING))
    assert bills(of) == {"A1": (1000, 1)}
    assert any("sheet Notes is not read: it is damaged" in note for note in of.mapped.notes)


@DAMAGES
def test_damaged_sheet_that_is_asked_for_is_refused_in_plain_words(
    tmp_path: Path, damage: Callable[[bytes], bytes | None]
) -> None:
    path = damaged(book(tmp_path), "sheet1.xml", damage)
    with pytest.raises(UnreadableFile, match="It cannot be read") as caught:
        read_file(path, sheets="Notes")
    words = str(caught.value).removeprefix(str(path))
    assert not [word for word in LIBRARY_WORDS if word in words]
    assert [table.sheet for table in read_file(path, sheets="Bills")] == ["Bills"]


def test_workbook_with_nothing_but_damaged_sheets_is_refused(tmp_path: Path) -> None:
    path = damaged(damaged(book(tmp_path), "sheet1.xml", cut), "sheet2.xml", cut)
    with pytest.raises(UnreadableFile, match="no proper XML or was cut off"):
        read_file(path)


def test_sheet_that_misleads_refuses_the_whole_workbook(tmp_path: Path) -> None:
    path = damaged(book(tmp_path), "sheet1.xml", lambda data: b"<!DOCTYPE x>" + data)
    with pytest.raises(UnreadableFile, match="defines a document type"):
        read_file(path)


# --- XLS ----------------------------------------------------------------------------------------


def two_sheets(first: bytes, second: bytes) -> bytes:
    def whole(at: int) -> bytes:
        places = (at, at + len(first))
        sheets = (
            (0x85, struct.pack("<IBBBB", place, 0, 0, 4, 0) + b"%04d" % i)
            for i, place in enumerate(places)
        )
        return records(begin(5), XF, *sheets, EOF)

    return whole(len(whole(0))) + first + second


GOOD = records(begin(0x10), text_cell(0, 0, "Net"), number(1, 0), EOF)


def test_damaged_sheet_of_an_old_workbook_does_not_block_the_other(tmp_path: Path) -> None:
    odd = records(begin(0x10), (0x0204, struct.pack("<HHHHB", 0, 0, 0, 900, 1)), EOF)
    path = tmp_path / "b.xls"
    path.write_bytes(two_sheets(b"\x01\x02\x03\x04" + odd[4:], GOOD))
    (table,) = read_file(path)
    assert (table.sheet, table.unread_sheets) == ("0001", ("0000",))
    with pytest.raises(UnreadableFile, match="It cannot be read") as caught:
        read_file(path, sheets="0000")
    words = str(caught.value).removeprefix(str(path))
    assert not [word for word in LIBRARY_WORDS if word in words]


def test_merged_cells_of_an_old_workbook_are_known(tmp_path: Path) -> None:
    merges = 0xE5, struct.pack("<H8H", 2, 0, 1, 0, 0, 1, 1, 2, 3)
    wrong = 0xE5, struct.pack("<H4H", 9, 0, 1, 0, 0)
    cells = (text_cell(0, 0, "Net"), number(1, 0), merges, wrong)
    path = tmp_path / "b.xls"
    path.write_bytes(two_sheets(records(begin(0x10), *cells, EOF), GOOD))
    first, second = read_file(path)
    assert first.merges == (MergedCells(1, 2, 0, 0), MergedCells(2, 2, 2, 3))
    assert second.merges == ()


FORMULA_WITHOUT_TEXT = (
    0x06,
    struct.pack("<HHH", 2, 0, 0) + b"\0\0\0\0\0\0\xff\xff" + struct.pack("<HIH", 0, 0, 0),
)
REF_ERROR = 0x205, struct.pack("<HHHBB", 3, 1, 0, 0x17, 1)
OF_BOOK = [(0x41E, b"\1"), (0xE0, b"\0" * 4)]  # a number format and a style, cut off
OF_SHEET = [FORMULA_WITHOUT_TEXT, (0xFD, struct.pack("<HHHI", 2, 0, 0, 7)), (0x208, b"\0\0")]


def old_book(folder: Path, stream: bytes) -> Path:
    (folder / "b.xls").write_bytes(stream)
    return folder / "b.xls"


@pytest.mark.parametrize("damage", OF_BOOK)
def test_an_old_workbook_that_one_reader_refuses_is_read_by_another(
    tmp_path: Path, damage: tuple[int, bytes]
) -> None:
    cells = [text_cell(0, 0, "Net"), number(1, 0), REF_ERROR]
    (table,) = read_file(old_book(tmp_path, hostile_book([damage], cells)))
    assert [[*column] for column in table.columns] == [["Net", "42", ""], ["", "", "#REF!"]]
    assert (table.rows[2], table.kind(1, 2)) == (4, CellKind.ERROR)
    assert table.formats_unread


@pytest.mark.parametrize("damage", OF_SHEET)
def test_what_is_damaged_in_an_old_sheet_is_never_blank(
    tmp_path: Path, damage: tuple[int, bytes]
) -> None:
    cells = [text_cell(0, 0, "Net"), number(1, 0), damage]
    (table,) = read_file(old_book(tmp_path, hostile_book([], cells)))
    damaged_cell = [] if damage[0] == 0x208 else ["#DAMAGED!"]
    assert [*table.columns[0]] == ["Net", "42", *damaged_cell]
    assert [*table.kinds[0]][2:] == [CellKind.ERROR] * len(damaged_cell)


def test_both_readers_of_old_workbooks_agree() -> None:
    usual = read_file(SAMPLE)
    reader = second_reader(safe_stream(SAMPLE.read_bytes()))
    assert reader is not None
    assert reader.names == [*(table.sheet for table in usual), "Empty"]
    for table in usual:
        sheet = reader.read(table.sheet or "")
        assert sheet is not None
        _, hidden, grid = sheet
        assert isinstance(grid, Grid)
        assert hidden == table.hidden
        assert [*grid.rows] == [*table.rows]
        pairs = zip(grid.columns, table.columns, strict=True)
        differing = {str(usually[0]) for other, usually in pairs if [*other] != [*usually]}
        assert differing <= {"zero"}  # zeros that only the number format shows


def test_far_cells_of_a_damaged_old_workbook_are_refused(tmp_path: Path) -> None:
    stream = hostile_book([], [text_cell(0, 0, "Net"), number(65_535, 255), FORMULA_WITHOUT_TEXT])
    with pytest.raises(UnreadableFile, match="so far apart"):
        read_file(old_book(tmp_path, stream))


@pytest.mark.parametrize(
    "cells",
    [[number(60_000, 40_000)], [(0x200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0))]],
    ids=["cell", "dimension"],
)
def test_a_damaged_old_workbook_that_claims_a_vast_sheet_does_not_end_the_process(
    tmp_path: Path, cells: list[tuple[int, bytes]]
) -> None:
    stream = hostile_book([], [text_cell(0, 0, "Net"), *cells, FORMULA_WITHOUT_TEXT])
    path = old_book(tmp_path, stream)
    read = "import sys; from pathlib import Path; from importer.readers import read_file"
    command = [sys.executable, "-c", f"{read}; read_file(Path(sys.argv[1]))", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, "so far apart" in ran.stderr) in ((0, False), (1, True))


def test_a_text_shared_by_each_cell_of_a_damaged_old_workbook_is_refused(tmp_path: Path) -> None:
    text = 0xFC, struct.pack("<IIHB", 1, 1, 8_000, 0) + b"x" * 8_000
    cells = [(0xFD, struct.pack("<HHHI", n // 50, n % 50, 0, 0)) for n in range(60_000)]
    with pytest.raises(UnreadableFile, match="text"):
        read_file(old_book(tmp_path, hostile_book([text], [*cells, FORMULA_WITHOUT_TEXT])))


def test_number_formats_that_were_lost_are_named(tmp_path: Path) -> None:
    rows = [text_cell(0, c, name) for c, name in enumerate(ROWS[0])]
    rows += [text_cell(1, c, str(value)) for c, value in enumerate(ROWS[1])]
    path = old_book(tmp_path, hostile_book([OF_BOOK[0]], rows))
    of = checked([path], template(tmp_path, MAPPING))
    assert bills(of) == {"A1": (1000, 1)}
    assert any("their number formats could not" in note for note in of.mapped.notes)
