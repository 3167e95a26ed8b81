"""The files of the column ``document``: where they are, and whether they may be uploaded.

A path is relative to the folder of its sheet (or to ``--documents``) and must not lead out of
it by ``..``, an absolute path or a symbolic link: a sheet from elsewhere must not be able to send
any file of this computer to Light.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from importer.core.nearest_name import nearest_is
from importer.core.relative_path import leads_outside, stays_inside
from importer.model.bills import Document
from importer.model.fields import BILLS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.checked_bills import Checked

LARGEST = 20  # megabytes, the default; Light publishes no limit
MEGABYTE = 1_000_000  # bytes
_HEAD = 1024  # bytes read to detect the type of a file
_HEIF = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc"))


def _is_xml(head: bytes) -> bool:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8")):
        if head.startswith(mark):
            text = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
            return bool(re.match(r"<(\?xml|[A-Za-z_!])", text)) and not _HTML.match(text)
    return False


_HTML = re.compile(r"<(!doctype\s+html|html)", re.IGNORECASE)
# Content type, its name in messages, file name endings, test of the first bytes.
TYPES: tuple[tuple[str, str, tuple[str, ...], Callable[[bytes], bool]], ...] = (
    ("application/pdf", "a PDF", (".pdf",), lambda head: b"%PDF-" in head),
    ("image/png", "a PNG", (".png",), lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", "a JPEG", (".jpg", ".jpeg"), lambda head: head.startswith(b"\xff\xd8\xff")),
    (
        "image/tiff",
        "a TIFF",
        (".tif", ".tiff"),
        lambda head: head.startswith((b"II*\x00", b"MM\x00*")),
    ),
    ("image/gif", "a GIF", (".gif",), lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    (
        "image/webp",
        "a WebP",
        (".webp",),
        lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP",
    ),
    (
        "image/heic",
        "a HEIC",
        (".heic", ".heif"),
        lambda head: head[4:8] == b"ftyp" and head[8:12] in _HEIF,
    ),
    ("application/xml", "XML", (".xml",), _is_xml),
)
ENDINGS = tuple(ending for _, _, endings, _ in TYPES for ending in endings)


class DocumentProblem(Exception):
    """Why a file may not be uploaded: the ending of the finding's code, and its template args."""

    def __init__(self, ending: str, **words: object) -> None:
        super().__init__(ending)
        self.ending, self.words = ending, words


def inspect_document(folder: Path, text: str, most: int) -> Document:
    """The file that a cell names, in ``folder``; ``most`` is bytes. Raises DocumentProblem."""
    path, name = _inside(folder, text)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            is_folder = stat.S_ISDIR(status.st_mode)
            kind = "a folder, not a file" if is_folder else "not an ordinary file"
            raise DocumentProblem("not_a_file", kind_of_file=kind)
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError):
        raise DocumentProblem("not_found", folder=folder, nearest=_nearest(path)) from None
    except OSError as error:
        raise DocumentProblem("unreadable", reason=error.strerror or "an error") from None
    if not head:
        raise DocumentProblem("empty")
    if status.st_size > most:
        size = f"{status.st_size / MEGABYTE:,.1f}"
        raise DocumentProblem("too_large", size=size, limit=f"{most / MEGABYTE:,g}")
    return Document(text, folder, path, name, _type_of(name, head), status.st_size)


def _inside(folder: Path, text: str) -> tuple[Path, str]:
    """(the path with all links resolved, the file's name as written).

    Raises DocumentProblem where the path is not in the folder.
    """
    if Path(text).is_relative_to(folder):  # written in full
        text = str(Path(text).relative_to(folder))
    if leads_outside(text):
        raise DocumentProblem("outside", folder=folder)
    try:
        path = folder / text
        if "\\" in text and not path.exists():  # written on Windows
            path = folder / text.replace("\\", "/")
        inside = stays_inside(folder, path)
        real = path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name no system takes
        raise DocumentProblem("unreadable", reason="its path cannot be followed") from None
    if not inside:
        raise DocumentProblem("outside", folder=folder)
    return real, path.name


def _nearest(path: Path) -> str:
    try:
        return nearest_is(path.name, [p.name for p in path.parent.iterdir()])
    except OSError:
        return ""


def _type_of(name: str, head: bytes) -> str:
    """The content type; name and content must agree on it, else DocumentProblem."""
    is_really = next((words for _, words, _, is_it in TYPES if is_it(head)), "")
    for content_type, words, endings, is_it in TYPES:
        if Path(name).suffix.lower() in endings:
            if is_it(head):
                return content_type
            raise DocumentProblem("other_type", named=words, content=is_really or "something else")
    raise DocumentProblem("unknown_type", endings=", ".join(ENDINGS))


def check_documents(
    checked: Checked, folders: Callable[[int], Path], most: int, doubted: Mapping[str, str]
) -> None:
    """Inspect the file of each bill and add findings of what is wrong.

    ``folders`` gives the folder of a table, ``most`` is bytes. Each distinct file is read once.
    ``doubted`` are folders, by sheet, that an untrusted result workbook names.
    """
    column = checked.bills["document"]
    results: dict[tuple[Path, str], Document | DocumentProblem] = {}
    findings: list[Finding] = []
    words: dict[str, Any]
    for i in np.flatnonzero(column.ok).tolist():
        table = int(checked.mapped.bills.table[i])
        text, folder = str(column.values[i]), folders(table)
        folder_of_result = doubted.get(checked.mapped.tables[table].source.sheet or "")
        if (folder, text) not in results:
            try:
                results[folder, text] = inspect_document(folder, text, most)
            except DocumentProblem as problem:
                results[folder, text] = problem
        result = results[folder, text]
        cell = checked.mapped.cell(BILLS, "document", i)
        if isinstance(result, Document):
            checked.documents[i] = result
            if folder_of_result is None:
                continue
            ending, words = "beside", {"folder": folder}
        else:
            ending, words = result.ending, dict(result.words)
        if folder_of_result is not None and ending in ("beside", "not_found"):
            ending = "not_proven" if ending == "not_found" else ending
            words["named_folder"] = folder_of_result
        findings.append(finding(f"bills.document.{ending}", cell, text, bills=(i,), **words))
    checked.add_findings(findings)
