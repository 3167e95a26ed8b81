"""One damaged sheet of a workbook does not block the others, unless it is needed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from bill_sheets import checked, template
from hostile_xls import EOF, XF, begin, number, records, text_cell
from test_merged_cells import MAPPING, bills
from test_readers_packages import rewritten

from importer.core.errors import UnreadableFile
from importer.model.tables import MergedCells
from importer.readers import read_file

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
