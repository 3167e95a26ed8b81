"""Old workbooks (.xls) in containers that other programs than Excel wrote."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hostile_xls import CONTAINER, book, number, text_cell

from importer.core.errors import UnreadableFile
from importer.readers import read_file

NONE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STREAM = book([], [text_cell(0, 0, "Net"), number(1, 0)])
LONG = STREAM + bytes(5000 - len(STREAM))


def entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return raw.ljust(64, b"\0") + struct.pack(
        "<HBB3I36xIQ", len(raw), kind, 1, NONE, right, child, start, size
    )


def ole(*streams: tuple[str, bytes], odd_fat: bool = False, inside: str = "") -> bytes:
    """A container: FAT in sector 0, directory in 1 and 2, small FAT in 3, then the streams.

    ``odd_fat``: the chains go on where the streams end, which Office does not mind. ``inside``: the
    streams are in a storage of this name.
    """
    fat = [FAT, 2, END, END]
    sectors = b""
    entries: list[bytes] = []
    small, small_fat = b"", list[int]()

    def put(data: bytes, size: int, table: list[int]) -> int:
        start, count = len(table), -(-len(data) // size)
        table.extend([*range(start + 1, start + count), END])
        return start

    offset = 2 if inside else 1
    for i, (name, data) in enumerate(streams):
        if len(data) >= 4096:
            start = put(data, 512, fat)
            sectors += data + bytes(-len(data) % 512)
        else:
            start = put(data, 64, small_fat)
            small += data + bytes(-len(data) % 64)
        following = offset + i + 1 if i + 1 < len(streams) else NONE
        entries.append(entry(name, 2, following, NONE, start, len(data)))
    start = put(small, 512, fat) if small else END
    sectors += small + bytes(-len(small) % 512)
    if odd_fat:
        fat.extend([END])
        fat[-2] = len(fat) - 1
        sectors += bytes(512)
    storage = [entry(inside, 1, NONE, 2, 0, 0)] if inside else []
    directory = entry("Root Entry", 5, NONE, 1, start, len(small)) + b"".join(storage + entries)
    header = CONTAINER + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, 3, 1, END, 0) + struct.pack("<I", 0)
    return (
        header.ljust(512, b"\xff")
        + struct.pack("<128I", *fat, *[NONE] * (128 - len(fat)))
        + directory.ljust(1024, b"\0")
        + struct.pack("<128I", *small_fat, *[NONE] * (128 - len(small_fat)))
        + sectors
    )


def cells(path: Path, data: bytes) -> list[tuple[str, ...]]:
    path.write_bytes(data)
    (table,) = read_file(path)
    return [table.row_cells(i) for i in range(len(table.rows))]


@pytest.mark.parametrize("stream", [STREAM, LONG], ids=["small", "long"])
@pytest.mark.parametrize("name", ["Workbook", "WORKBOOK", "workbook", "Book", "BOOK"])
def test_stream_of_the_workbook_has_its_name_in_any_case(
    tmp_path: Path, name: str, stream: bytes
) -> None:
    summary = ("\x05SummaryInformation", b"x" * 100)
    assert cells(tmp_path / "b.xls", ole(summary, (name, stream))) == [("Net",), ("42",)]


def test_sectors_behind_the_end_of_a_stream_do_not_matter(tmp_path: Path) -> None:
    data = ole(("Workbook", LONG), odd_fat=True)
    assert cells(tmp_path / "b.xls", data) == [("Net",), ("42",)]


def test_workbook_inside_of_a_word_document_is_no_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "b.xls"
    path.write_bytes(ole(("WordDocument", LONG)) + "Workbook\0".encode("utf-16-le"))
    with pytest.raises(UnreadableFile, match="a Word document"):
        read_file(path)
    path.write_bytes(ole(("Workbook", LONG), inside="ObjectPool"))
    with pytest.raises(UnreadableFile, match="without a workbook"):
        read_file(path)


@pytest.mark.parametrize("stream", [STREAM, LONG], ids=["small", "long"])
def test_stream_that_was_cut_off_is_refused_in_plain_words(tmp_path: Path, stream: bytes) -> None:
    path = tmp_path / "b.xls"
    path.write_bytes(ole(("Workbook", stream))[:-512])
    with pytest.raises(UnreadableFile, match="it was cut off on its way"):
        read_file(path)
