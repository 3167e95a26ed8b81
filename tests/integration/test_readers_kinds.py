"""What a file is, is decided by its content; what cannot be read is refused in one sentence."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from importer.core.errors import UnreadableFile
from importer.readers import read_file

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FODS = (
    b'<?xml version="1.0"?>\n<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:'
    b'office:1.0" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
    b"</office:document>"
)
PASSWORD = "protected with a password.*File > Info > Protect Workbook"


def zipped(**parts: str | bytes) -> bytes:
    """A zip; "__" in a name stands for "/", "_DOT_" for "."."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return data.getvalue()


def workbook_bytes() -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "x"
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def ole(*streams: str) -> bytes:
    return OLE + b"\xff" * 1024 + b"".join(s.encode("utf-16-le") + bytes(64) for s in streams)


def encrypted_xls() -> bytes:
    """The first records of an XLS file with a password: BOF, FILEPASS, EOF."""
    start = struct.pack("<HHHHHHLL", 0x0809, 16, 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    return start + struct.pack("<HH", 0x002F, 6) + bytes(6) + struct.pack("<HH", 0x000A, 0)


@pytest.mark.parametrize("name", ["bills.csv", "bills.xls", "bills", "bills.txt"])
def test_a_workbook_is_known_by_its_content_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(workbook_bytes())
    (table,) = read_file(path)
    assert table.sheet == "Sheet"


def test_text_named_xlsx_is_read_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "bills.xlsx"
    path.write_text("a,b\n1,2\n")
    (table,) = read_file(path)
    assert table.notes == ("CSV, UTF-8, comma-separated",)


@pytest.mark.parametrize(
    "text", ["PK,name\n1,2\n", "ID;PO;x\n1;2;3\n", "ID;PO\nC;12\n", "BM,x\n1,2\n", "[a],{b}\n1,2\n"]
)
def test_headers_that_begin_like_another_kind_of_file_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bills.csv"
    path.write_text(text)
    (table,) = read_file(path)
    assert len(table.rows) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"It is empty \(0 bytes\)"),
        (b"%PDF-1.7\n1 0 obj", "a PDF document.*Export the data as Excel"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "a picture"),
        (b"II*\0" + bytes(50), "a picture"),
        (b"II+\0" + bytes(50), "a picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "a picture"),
        (b"%!PS-Adobe-3.0\n", "a PostScript document"),
        (b"BM" + bytes(12) + b"\x28" + bytes(50), "a picture"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50), "a picture"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "a picture"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<svg width="1">', "a picture"),
        (b'ID;PANY;N;E\r\nP;PGeneral\r\nB;Y2;X2\r\nC;Y1;X1;K"Net"\r\nE\r\n', "a SYLK file"),
        (b'ID;P\nC;X1;Y1;K"Net"\nE\n', "a SYLK file"),
        (FODS, r"a flat OpenDocument spreadsheet \(\.fods\).*save it as \.ods"),
        (FODS.partition(b"?>")[2].strip(), r"a flat OpenDocument spreadsheet \(\.fods\)"),
        (FODS.replace(b".spreadsheet", b".text"), "a flat OpenDocument document"),
        (b"\x1f\x8b\x08" + bytes(50), "gzip.*Unpack it"),
        (b"{\\rtf1 x}", "RTF"),
        (b"PAR1" + bytes(50), "Parquet"),
        (b"\x7fELF" + bytes(range(256)) * 9, "neither a spreadsheet nor text"),
        (bytes(5000), "neither a spreadsheet nor text"),
        (b"<html><body><p>Your session has expired", "web page .HTML. without a table"),
        (b"<table><tr><td> &nbsp; </td></tr></table>", "web page .HTML. without a table"),
        (b"\xef\xbb\xbf \r\n<!DOCTYPE html><p>", "web page"),
        (b"<meta charset=utf-8><table>", "web page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "XML Spread"),
        (b'<?xml version="1.0"?><bills/>', "an XML file"),
        (b'[\n  {"vendor": "x"}]', "a JSON file"),
        (b'{"bills": []}', "a JSON file"),
        (zipped(word__document_DOT_xml="<w/>"), "a text document"),
        (zipped(ppt__presentation_DOT_xml="<p/>"), "a presentation"),
        (zipped(Index__Document_DOT_iwa=b"x"), "an Apple Numbers document.*Export To > Excel"),
        (zipped(bills_DOT_csv="a,b"), "a zip archive with bills.csv in it.*Unpack"),
        (zipped(), "a zip archive, not a spreadsheet"),
        (workbook_bytes()[:3000], "damaged or was cut off"),
        (b"PK\x03\x04", "damaged or was cut off"),
        (ole("EncryptionInfo", "EncryptedPackage"), PASSWORD),
        (ole("WordDocument"), "a Word document"),
        (ole("nothing known"), "damaged or was cut off"),
        (ole("Workbook"), "damaged or was cut off"),
        (encrypted_xls(), PASSWORD),
        (b"\x09\x08\x10\x00rubbish", "cannot be read"),
        (zipped(xl__workbook_DOT_xml="<workbook/>"), "The workbook has no rows"),
        (zipped(xl__workbook_DOT_bin=b"x"), "cannot be read"),
        (
            zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
            "cannot be read",
        ),
        (
            zipped(
                mimetype="application/vnd.oasis.opendocument.spreadsheet",
                **{"META-INF__manifest_DOT_xml": "<m><encryption-data/></m>"},
            ),
            PASSWORD,
        ),
    ],
)
def test_what_is_no_spreadsheet_is_refused_by_its_real_name(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "bills.xlsx"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=message) as caught:
        read_file(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert said.endswith(".")
    assert "\n" not in said


def test_a_file_that_is_not_there_is_refused_with_its_neighbour(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"bill\.csv: There is no such file\. Check the name"):
        read_file(tmp_path / "bill.csv")
    (tmp_path / "bills.csv").write_text("a,b\n")
    with pytest.raises(UnreadableFile, match=r"Did you mean bills\.csv"):
        read_file(tmp_path / "bill.csv")
    with pytest.raises(UnreadableFile, match="There is no such file"):
        read_file(tmp_path / "bills.csv" / "x.csv")
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        read_file(tmp_path / ("x" * 300))


def test_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="This is a folder"):
        read_file(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UnreadableFile, match="not an ordinary file"):
        read_file(tmp_path / "pipe.csv")


def test_the_lock_file_of_excel_is_refused_with_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "~$bills.xlsx").write_bytes(b"\x05Jane" + bytes(100))
    with pytest.raises(UnreadableFile, match=r"Name bills\.xlsx instead"):
        read_file(tmp_path / "~$bills.xlsx")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("a,b\n")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)  # root may read everything
    try:
        with pytest.raises(UnreadableFile, match="You may not read this file"):
            read_file(path)
    finally:
        os.seteuid(user)


def test_damaged_workbook_is_unreadable_or_read(tmp_path: Path) -> None:
    good = workbook_bytes()
    path = tmp_path / "bills.xlsx"
    for at in range(0, len(good), 37):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        with contextlib.suppress(UnreadableFile):
            read_file(path)
