"""Detect the kind of a file by its content, never by its extension."""

from __future__ import annotations

import difflib
import os
import re
import stat
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from importer.core.errors import UnreadableFile
from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.ole_container import SIGNATURE, OleContainer
from importer.readers.package import Application, Package
from importer.readers.zip_guard import DamagedError, Part, check_zip

FileKind = Literal["xlsx", "xlsb", "ods", "xls", "html", "csv"]

_HEAD = 65_536  # bytes looked at

_RESAVE = "Open it in Excel and save it as an Excel workbook (.xlsx)"
_EXPORT = "Export the data as Excel (.xlsx) or CSV instead"
PASSWORD = (
    "It is protected with a password. Open it in Excel, remove the password with File > Info > "
    "Protect Workbook > Encrypt with Password, and save it"
)
_COPY_TABLE = "Copy its table to Excel and save it as .xlsx"
_SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".csv", ".xls", ".ods")
_DAMAGED = "It is damaged or was cut off on its way. Download or export it again"

# First bytes → what it is, what to do.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", _EXPORT),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"GIF8", "a picture (GIF)", _EXPORT),
    (b"{\\rtf", "a text document (RTF)", _EXPORT),
    (b"\x1f\x8b", "a compressed file (gzip)", "Unpack it first"),
    (b"BZh91AY", "a compressed file (bzip2)", "Unpack it first"),
    (b"\xfd7zXZ", "a compressed file (xz)", "Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd)", "Unpack it first"),
    (b"7z\xbc\xaf", "a compressed archive (7z)", "Unpack it first"),
    (b"Rar!", "a compressed archive (RAR)", "Unpack it first"),
    (b"SQLite format 3", "a database (SQLite)", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"ID;PWXL", "a SYLK file", _RESAVE),
    (b"ID;PSCALC", "a SYLK file", _RESAVE),
    (b"II*\0", "a picture (TIFF)", _EXPORT),
    (b"MM\0*", "a picture (TIFF)", _EXPORT),
    (b"II+\0", "a picture (TIFF)", _EXPORT),
    (b"\0\0\0\x0cjP  ", "a picture (JPEG 2000)", _EXPORT),
    (b"%!PS", "a PostScript document", _EXPORT),
    (b"8BPS", "a picture (Photoshop)", _EXPORT),
    (b"\xd7\xcd\xc6\x9a", "a picture (WMF)", _EXPORT),
    (b"\0\0\1\0", "a picture (icon)", _EXPORT),
    (b"MIME-Version:", "a saved web page", _RESAVE),
)
# What the first bytes alone do not decide.
_PATTERNS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "a picture (WebP)", _EXPORT),
    (re.compile(rb"BM....\0\0\0\0..\0\0[\x0c-\x7c]\0\0\0", re.DOTALL), "a picture (BMP)", _EXPORT),
    (
        re.compile(rb"....ftyp(?:hei|hev|mif1|msf1|avi)", re.DOTALL),
        "a picture (HEIC or AVIF)",
        _EXPORT,
    ),
    (re.compile(rb"....ftyp", re.DOTALL), "a film", _EXPORT),
    (re.compile(rb"\x01\0\0\0.{36} EMF", re.DOTALL), "a picture (EMF)", _EXPORT),
    (
        re.compile(
            rb"ID(?:;[^\r\n]*)?[\r\n]+(?:(?:NN|NU|NE|NL|[BCEFOPW])(?:;[^\r\n]*)?[\r\n]+)*?"
            rb"[CF];(?:[^\r\n]*;)?[XY]\d+(?:[;\r\n]|$)"
        ),
        "a SYLK file",
        _RESAVE,
    ),
)
_BARE_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")


def unreadable(path: Path, what: str) -> UnreadableFile:
    """The error for a file that cannot be read: the file, then ``what`` as a sentence."""
    return UnreadableFile(f"{path}: {what.rstrip('.')}.")


def detect_kind(path: Path) -> FileKind:
    """Which reader the file needs.

    Raises ``UnreadableFile`` for a missing, unreadable or empty file, and for one that is neither a
    spreadsheet nor CSV; the message says what to do.
    """
    try:
        return _kind_of(path)
    except (TooLargeError, DamagedError) as error:
        raise unreadable(path, str(error)) from error


def _kind_of(path: Path) -> FileKind:
    head = _head(path)
    if not head:
        raise unreadable(path, "It is empty (0 bytes). Export it again")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_kind(path)
    if head.startswith(SIGNATURE):
        return _ole_kind(path)
    if head.startswith(_BARE_BIFF):
        return "xls"
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise unreadable(path, f"This is {what}, not a spreadsheet. {remedy}")
    for pattern, what, remedy in _PATTERNS:
        if pattern.match(head):
            raise unreadable(path, f"This is {what}, not a spreadsheet. {remedy}")
    if _is_web_page(path, head):
        return "html"
    return "csv"


def _head(path: Path) -> bytes:
    if path.name.startswith("~$"):
        name = path.name[2:]
        raise unreadable(
            path, f"Excel keeps this file only while {name} is open. Name {name} instead"
        )
    try:
        status = path.stat()
        mode = status.st_mode
        if stat.S_ISDIR(mode):
            raise unreadable(path, "This is a folder. Name a file in it")
        # opening a pipe or a terminal would block
        if not stat.S_ISREG(mode):
            raise unreadable(path, "This is not an ordinary file. Save the data as a file first")
        most = limits().file_mb
        if status.st_size > most << 20:
            raise too_large(f"It has {status.st_size >> 20:,} MB", "file_mb", most)
        with path.open("rb") as file:
            return file.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError):
        raise unreadable(path, f"There is no such file. {_nearest(path)}") from None
    except PermissionError:
        raise unreadable(
            path, "You may not read this file. Close it in Excel, or ask its owner for access"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise unreadable(
            path, f"It cannot be opened ({reason}). Copy it to this computer"
        ) from error


def _nearest(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return "Check the name and the folder"
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return f"Did you mean {near[0]}?" if near else "Check the name and the folder"


def _zip_kind(path: Path) -> FileKind:
    try:
        check_zip(path)
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            what, remedy = "", ""
            if package.find("[Content_Types].xml") or package.find("_rels/.rels"):
                what, remedy = "an Office document of another kind", _EXPORT
            program = _program_of(package)
            if program == "word":
                what, remedy = "a text document (Word)", _COPY_TABLE
            elif program == "powerpoint":
                what, remedy = "a presentation (PowerPoint)", _EXPORT
            elif program:
                return program
            elif document := open_document_kind(package):
                if is_encrypted(package):
                    raise unreadable(path, PASSWORD)
                if document == "spreadsheet":
                    return "ods"
                what, remedy = f"a document of OpenDocument ({document})", _EXPORT
                if document == "text":
                    what, remedy = "a text document (OpenDocument)", _COPY_TABLE
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise unreadable(path, _DAMAGED) from error
    except RuntimeError as error:  # zipfile needs a password
        raise unreadable(path, "This is a zip archive with a password. Unpack it first") from error
    if any(name.endswith(".iwa") or name == "Index.zip" for name in names):
        what, remedy = "an Apple Numbers document", "In Numbers choose File > Export To > Excel"
    elif not what:
        inside = sorted(n for n in names if n.lower().endswith(_SPREADSHEETS))
        what = f"a zip archive with {inside[0]} in it" if inside else "a zip archive"
        remedy = "Unpack it and name the spreadsheet in it"
    raise unreadable(path, f"This is {what}, not a spreadsheet. {remedy}")


def _program_of(package: Package) -> Application:
    try:
        return package.main_part()[1]
    except ElementTree.ParseError as error:
        raise zipfile.BadZipFile(str(error)) from error


def _ole_kind(path: Path) -> FileKind:
    """Old Office files are one container; the names of its streams tell them apart."""
    data = path.read_bytes()
    damage: DamagedError | None = None
    names: Collection[str] = ()
    try:
        names = OleContainer(data).streams
    except DamagedError as error:
        damage = error

    def has(name: str) -> bool:
        # A directory that was cut off has no names.
        return name.lower() in names or name.encode("utf-16-le") + b"\0\0" in data

    if has("EncryptedPackage"):
        raise unreadable(path, PASSWORD)
    if "workbook" in names or "book" in names:
        return "xls"
    if has("WordDocument"):
        what = "a Word document"
    elif has("PowerPoint Document"):
        what = "a PowerPoint presentation"
    elif has("__properties_version1.0"):
        what = "an Outlook message"
    else:
        if damage:
            raise damage
        raise unreadable(path, f"{_DAMAGED}; it looks like an old Office file without a workbook")
    raise unreadable(path, f"This is {what}, not a spreadsheet. {_EXPORT}")


def _is_web_page(path: Path, head: bytes) -> bool:
    """Whether it is a web page, as many systems save as .xls; refuses XML and JSON."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if re.match(rb"<(!doctype html|html|head|body|table|style|meta|div)\b", text) or (
        text.startswith((b"<?xml", b"<!--")) and re.search(rb"<(html|table)[\s>]", text)
    ):
        return True
    if re.match(rb"(?:<\?xml.*?)?<svg[\s>]", text, re.DOTALL):
        raise unreadable(path, f"This is a picture (SVG), not a spreadsheet. {_EXPORT}")
    if re.match(rb"<office:document[\s>]", text):
        text = b"<?xml" + text
    if text.startswith(b"<?xml"):
        if b"<office:document" in text:
            if b"opendocument.spreadsheet" in text:
                what = "This is a flat OpenDocument spreadsheet (.fods)"
                raise unreadable(path, f"{what}. Open it in LibreOffice and save it as .ods")
            raise unreadable(
                path, f"This is a flat OpenDocument document, not a spreadsheet. {_EXPORT}"
            )
        if b"urn:schemas-microsoft-com:office:spreadsheet" in text or b"excel.sheet" in text:
            raise unreadable(path, f"This is an XML Spreadsheet 2003. {_RESAVE}")
        raise unreadable(path, f"This is an XML file, not a spreadsheet. {_EXPORT}")
    if re.match(rb'(\{\s*"[^"]*"\s*:|\[\s*[\[{])', text):
        raise unreadable(path, f"This is a JSON file, not a spreadsheet. {_EXPORT}")
    return False


# --- OpenDocument -----------------------------------------------------------------------------

_TYPE = re.compile(rb"application/vnd\.oasis\.opendocument\.([a-z]{1,20})")
_NAMESPACE = b"urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_BODY = re.compile(
    rb"<(?:[\w.-]{1,99}:)?body\s*>(?:\s|<!--[^<>]{0,999}-->)*"
    rb"<(?:[\w.-]{1,99}:)?(spreadsheet|text|presentation|drawing)[\s/>]"
)
_LONGEST_BODY_TAG = 1024


def open_document_kind(package: Package) -> str:
    """ "spreadsheet", "text", "presentation" and so on; "" where it is no OpenDocument."""
    for name in ("mimetype", "META-INF/manifest.xml"):
        if (stored := package.find(name)) and (match := _TYPE.search(package.read(stored))):
            return match[1].decode()
    return _kind_by_content(package)


def is_encrypted(package: Package) -> bool:
    """Whether a password is needed; the manifest says so."""
    manifest = package.find("META-INF/manifest.xml")
    return manifest is not None and b"encryption-data" in package.read(manifest)


def _kind_by_content(package: Package) -> str:
    stored = package.find("content.xml")
    if stored is None:
        return ""
    content, rest = Part(package.archive, stored), b""
    while chunk := content.read(1 << 20):
        rest += chunk
        if match := _BODY.search(rest):
            return match[1].decode()
        if len(rest) <= 1 << 20 and _NAMESPACE not in rest[:16_384]:
            return ""
        rest = rest[-_LONGEST_BODY_TAG:]
    return ""
