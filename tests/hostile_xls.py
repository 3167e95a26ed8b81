"""Old workbooks (.xls) by hand: records of BIFF8, bare or in a container of Office."""

from __future__ import annotations

import struct
from pathlib import Path

CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EOF = (0x0A, b"")
XF = (0xE0, struct.pack("<HHH14x", 0, 0, 0))
Records = list[tuple[int, bytes]]


def records(*items: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<HH", code, len(data)) + data for code, data in items)


def begin(kind: int) -> tuple[int, bytes]:
    """5: the records of the workbook; 0x10: of a sheet."""
    return 0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6)


def text_cell(row: int, column: int, text: str) -> tuple[int, bytes]:
    raw = text.encode("utf-16-le")
    return 0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + raw


def number(row: int, column: int) -> tuple[int, bytes]:
    return 0x027E, struct.pack("<HHHI", row, column, 0, 0x2A << 2 | 2)


def book(workbook_records: Records, cells: Records, sheets: int = 1) -> bytes:
    """A stream of one sheet that is listed ``sheets`` times."""

    def global_stream(at: int) -> bytes:
        sheet = ((0x85, struct.pack("<IBBBB", at, 0, 0, 4, 0) + b"%04d" % i) for i in range(sheets))
        return records(begin(5), XF, *workbook_records, *sheet, EOF)

    return global_stream(len(global_stream(0))) + records(begin(0x10), *cells, EOF)


def write(folder: Path, stream: bytes) -> list[str]:
    (folder / "bills.xls").write_bytes(stream)
    return [str(folder / "bills.xls")]


def names_that_double(folder: Path) -> list[str]:
    """The first name is a text of 200 letters, each other the one before, twice."""

    def name(number: int, formula: bytes) -> tuple[int, bytes]:
        words = b"%03d" % number
        head = struct.pack("<HBBHHH4x", 0, 0, len(words), len(formula), 0, 0)
        return 0x18, head + b"\0" + words + formula

    twice = [struct.pack("<BHH", 0x43, i, 0) * 2 + b"\x08" for i in range(1, 40)]
    first = b"\x17\xc8\0" + b"x" * 200
    workbook_records = [name(i, formula) for i, formula in enumerate([first, *twice])]
    return write(folder, book(workbook_records, [text_cell(0, 0, "Vendor ID")]))


def links_everywhere(folder: Path) -> list[str]:
    """Links of 40 bytes, each at every cell of the sheet."""
    link = struct.pack("<HHHH", 0, 65_535, 0, 255)
    link += bytes.fromhex("d0c9ea79f9bace118c8200aa004ba90b0200000008000000")
    link += struct.pack("<I", 2) + b"a\0\0\0"
    cells = [text_cell(0, 0, "Vendor ID"), *[(0x01B8, link)] * 20]
    return write(folder, book([], cells))


def sheets_in_one_place(folder: Path) -> list[str]:
    cells = [number(row, column) for row in range(400) for column in range(200)]
    return write(folder, book([], cells, sheets=400))


def many_formats(folder: Path) -> list[str]:
    return write(folder, book([XF] * 400_000, [text_cell(0, 0, "Vendor ID")]))


def last_cells(folder: Path) -> list[str]:
    """A cell at the end of every row: sixteen million places for it to be."""
    cells = [number(row, 255) for row in range(65_536)]
    return write(folder, book([], cells))


def shared_often(folder: Path) -> list[str]:
    text = struct.pack("<IIHB", 1, 1, 8_000, 0) + b"x" * 8_000
    cells = [(0xFD, struct.pack("<HHHI", n // 50, n % 50, 0, 0)) for n in range(60_000)]
    return write(folder, book([(0xFC, text)], cells))


def nothing_in_records(folder: Path) -> list[str]:
    stream = book([], [text_cell(0, 0, "Vendor ID"), *[(0x0FF0, b"")] * 3_000_000])
    return write(folder, stream)


def every_way_to_every_part(folder: Path) -> list[str]:
    """A list of parts in which each names the next one twice: two to the power of 60 ways."""
    names = ["Root Entry", "Workbook", *(f"P{i}" for i in range(60))]
    entries = []
    for i, name in enumerate(names):
        raw = name.encode("utf-16-le") + b"\0\0"
        following = i + 1 if 1 < i + 1 < len(names) else 0xFFFFFFFF
        kind, inside = (5, 1) if i == 0 else (2, 0xFFFFFFFF)
        around = (0xFFFFFFFF,) * 2 if i == 0 else (following,) * 2
        entries.append(
            raw.ljust(64, b"\0")
            + struct.pack("<HBB3I36xIII", len(raw), kind, 1, *around, inside, 0xFFFFFFFE, 0, 0)
        )
    directory = b"".join(entries)
    directory += b"\0" * (-len(directory) % 512)
    sectors = len(directory) // 512
    fat = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))
    head = CONTAINER + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return write(folder, head + struct.pack("<128I", *fat) + directory)
