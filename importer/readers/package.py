"""The parts of a workbook's zip, by the names, relations and content types that Office goes by."""

from __future__ import annotations

import posixpath
import re
from typing import Literal, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree
from zipfile import ZipFile

from importer.readers.zip_guard import DamagedError, Part, part_key, read_xml

Application = Literal["xlsx", "xlsb", "word", "powerpoint", ""]

_MAIN_TYPES: tuple[tuple[str, Application], ...] = (  # what the main part's content type contains
    ("sheet.binary", "xlsb"),
    ("spreadsheetml", "xlsx"),
    ("vnd.ms-excel.", "xlsx"),  # with macros, templates, add-ins
    ("wordprocessingml", "word"),
    ("vnd.ms-word.", "word"),
    ("presentationml", "powerpoint"),
    ("vnd.ms-powerpoint.", "powerpoint"),
)
_USUAL_PLACES: tuple[tuple[str, Application], ...] = (
    ("xl/workbook.bin", "xlsb"),
    ("xl/workbook.xml", "xlsx"),
    ("word/document.xml", "word"),
    ("ppt/presentation.xml", "powerpoint"),
)
_ROOT = re.compile(rb"<(?:\w+:)?(workbook|document|presentation)[\s>]")
_ROOTS: dict[bytes, Application] = {
    b"workbook": "xlsx",
    b"document": "word",
    b"presentation": "powerpoint",
}


class MissingPartError(DamagedError, LookupError):
    """A part that another refers to is not in the zip"""


class Relation(NamedTuple):
    kind: str  # the last word of its type: "worksheet"
    part: str  # as the zip spells it, or as the relation does where there is no such part
    target: str  # as written


class Package:
    """Finds parts as Office does: without regard to case, ``\\`` as ``/``.

    The readers and the guards take parts from here, by the spelling of the zip. What a library
    that reads the zip by itself would find may be another part: ``has_one_workbook`` and
    ``has_usual_place`` say where that cannot be.
    """

    def __init__(self, archive: ZipFile) -> None:
        self.archive = archive
        self._stored = {part_key(name): name for name in archive.namelist()}

    def find(self, name: str) -> str | None:
        """The part as the zip spells it; None where there is none."""
        return self._stored.get(part_key(name)) or self._stored.get(part_key(unquote(name)))

    def read(self, name: str) -> bytes:
        """A part that is XML; MissingPartError where it is missing."""
        return read_xml(self.archive, self.stored(name))

    def stored(self, name: str) -> str:
        """The part as the zip spells it; MissingPartError where there is none."""
        if stored := self.find(name):
            return stored
        what = f"its part {name[:100]}" if name else "the part of one of its sheets"
        raise MissingPartError(f"It cannot be read: {what} is missing. Export it again")

    def relations(self, part: str) -> dict[str, Relation]:
        """The relations of a part, or of the package if "", by their id; none if it has no list."""
        folder, name = posixpath.split(part.replace("\\", "/"))
        listed = self.find(posixpath.join(folder, "_rels", f"{name}.rels"))
        relations: dict[str, Relation] = {}
        for element in ElementTree.fromstring(self.read(listed)) if listed else ():
            kind = element.get("Type", "").rpartition("/")[2]
            target = element.get("Target", "")
            path = target.replace("\\", "/")
            full = path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path)
            full = posixpath.normpath(full)
            relations[element.get("Id", "")] = Relation(kind, self.find(full) or full, target)
        return relations

    def main_part(self) -> tuple[str, Application]:
        """(the part that the file opens with, its program); ("", "") where nothing says so.

        Raises ``ElementTree.ParseError`` for broken lists of relations or types.
        """
        types, usual_types = self._content_types()
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and self.find(relation.part):
                key = part_key(relation.part)
                kind = types.get(key) or usual_types.get(key.rpartition(".")[2], "")
                return relation.part, _program(kind) or self._program_by_root(relation.part)
        for key, kind in types.items():
            if ("main+xml" in kind or kind.endswith(".main")) and key in self._stored:
                return self._stored[key], _program(kind)
        for name, program in _USUAL_PLACES:
            if part := self.find(name):
                return part, program
        return "", ""

    def _program_by_root(self, part: str) -> Application:
        if part.lower().endswith(".bin"):
            return "xlsb"
        root = _ROOT.search(Part(self.archive, part).read(4096).replace(b"\0", b""))
        return _ROOTS[root[1]] if root else ""

    def _content_types(self) -> tuple[dict[str, str], dict[str, str]]:
        """(part → content type, ending → content type), all in small letters."""
        listed = self.find("[Content_Types].xml")
        types: dict[str, str] = {}
        defaults: dict[str, str] = {}
        for element in ElementTree.fromstring(self.read(listed)) if listed else ():
            kind = element.get("ContentType", "").lower()
            if part := element.get("PartName"):
                types[part_key(part)] = kind
            elif ending := element.get("Extension"):
                defaults[ending.lower()] = kind
        return types, defaults

    def has_one_workbook(self, name: str) -> bool:
        """Whether ``name``, spelt so, is the only part that any program takes for a workbook."""
        places = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
        return [self.find(place) for place in places if self.find(place)] == [name]

    def has_usual_place(self, part: str | None, place: str) -> bool:
        """Whether ``part`` is what is at ``place``, or neither is there."""
        return self.find(place) is None if part is None else part == place


def _program(kind: str) -> Application:
    return next((program for part, program in _MAIN_TYPES if part in kind), "")
