"""A result workbook that is read again: what run and template it is of, and what was picked in it.

It is known by its hidden sheet (``origin.py``); one of an older version by the document properties.
What became of its rows is for ``again.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from importer.core.cell_parsers import parse_uuid
from importer.core.errors import UnreadableFile, UsageProblem
from importer.model.finding import CellRef
from importer.model.report_model import Suggestion
from importer.model.tables import SourceTable
from importer.readers import read_file
from importer.readers.zip_guard import DamagedError, Part, read_xml
from importer.references.lookup_tables import FIELDS, Pick
from importer.report.xlsx.to_resolve_sheet import FIELD, ID, PICK, SHEET, SUGGESTION, VALUE
from importer.resume.provenance import FORMAT, ORIGIN, FormerSheet, read_origin, sealed_text
from importer.validation.cross_row_rules import same_name

PROPERTIES = "light_import_"
_PART = "docProps/custom.xml"
_LARGEST = 1_000_000  # bytes of properties; ours are a few hundred
_DAMAGED = (OSError, EOFError, KeyError, ValueError, RuntimeError, BadZipFile, DamagedError)
_NAMED = re.compile(rb'name="' + ORIGIN.encode() + rb'"')


@dataclass(frozen=True)
class Former:
    """What a result workbook says of itself; "" for what it does not say.

    ``template_file`` is where a template is that did not come with the product; ``folder`` where
    the first file was, in a workbook of a version that did not say it of each sheet. Anybody can
    have written both: whether this user did tells ``seal``, of ``sealed``. ``run`` is the run that
    it reports, ``""`` for a check; ``continues`` the run before. ``sandbox``: what it says of Light
    is gone with the sandbox. ``sheets`` is None for a workbook of an older version, which does not
    tell.
    """

    template: str
    template_file: str
    layout: str
    run: str
    folder: str
    continues: str = ""
    company: str = ""
    company_id: str = ""
    base_url: str = ""
    sandbox: bool = False
    expect: tuple[tuple[str, str], ...] = ()
    sheets: tuple[FormerSheet, ...] | None = None
    flat_bills: int = 0
    seal: str = ""

    @property
    def sealed(self) -> str:
        """The text that was sealed, if any was."""
        folders = {sheet.name: sheet.folder for sheet in self.sheets or ()}
        return sealed_text(self.template_file, folders)

    @property
    def parameters(self) -> set[str]:
        """The names of the template's parameters that the sheets bring with them."""
        return {name for sheet in self.sheets or () for name, _ in sheet.parameters}

    @property
    def of_run(self) -> str:
        """The last run that sent anything."""
        return self.run or self.continues


def read_former(path: Path, name: str = "") -> Former | None:
    """None where the file is no result workbook.

    UsageProblem, with ``name`` as the file's, where it is one that can no longer be understood.
    """
    said, hidden = _said(path)
    if hidden:
        try:
            tables = read_file(path, sheets=ORIGIN)
        except UnreadableFile:
            return None  # for the reader of its rows to tell of
        table = tables[0]
        origin = read_origin(table.row_cells(i) for i in range(len(table.rows)))
        if origin is None or not origin.facts["template"]:
            raise UsageProblem(
                f"{name or path} is a result workbook whose hidden sheet '{ORIGIN}' was changed, so"
                f" that it cannot be told what it is the result of. {_MAKE_AGAIN}"
            )
        facts = origin.facts
        return Former(
            facts["template"],
            facts["template_file"],
            facts["layout"],
            facts["run"],
            facts["folder"],
            facts["continues"],
            facts["company"],
            facts["company_id"],
            facts["base_url"],
            facts["sandbox"] == "yes",
            origin.expect,
            origin.sheets,
            origin.flat_bills,
            facts["seal"],
        )
    if said.get("format", "1") >= FORMAT:
        raise UsageProblem(
            f"{name or path} is a result workbook whose hidden sheet '{ORIGIN}' is gone, so that it"
            f" cannot be told which rows were deleted or loaded. {_MAKE_AGAIN}"
        )
    if not said.get("template"):
        return None
    names = ("template", "template_file", "layout", "run", "folder")
    template, file, layout, run, folder = (said.get(name, "") for name in names)
    return Former(template, file, layout, run, folder)


_MAKE_AGAIN = (
    "Make it again (light-import validate, or light-import report RUN for what was loaded) and"
    " correct that."
)


def _said(path: Path) -> tuple[dict[str, str], bool]:
    """The document properties that are ours, and whether there is our hidden sheet."""
    said: dict[str, str] = {}
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            hidden = any(_holds(archive, part) for part in _PARTS if part in names)
            if _PART in names and archive.getinfo(_PART).file_size <= _LARGEST:
                said = _properties(read_xml(archive, _PART))
    # A damaged or encrypted file is for the reader of sheets to tell of.
    except _DAMAGED:
        return {}, False
    return said, hidden


_PARTS = ("xl/workbook.xml", "content.xml")  # the latter of OpenDocument


def _holds(archive: ZipFile, name: str) -> bool:
    """Whether the part has the name of our hidden sheet; read in pieces, as it may be large."""
    part, end = Part(archive, name), b""
    while piece := part.read(1 << 20):
        if _NAMED.search(end + piece):
            return True
        end = piece[-40:]
    return False


def _properties(part: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(part)
    except ElementTree.ParseError:
        return {}
    return {
        str(each.get("name")).removeprefix(PROPERTIES): "".join(each.itertext()).strip()
        for each in root
        if str(each.get("name")).startswith(PROPERTIES)
    }


def read_picks(tables: Sequence[SourceTable]) -> list[Pick]:
    """What was picked in the sheet ``To resolve``; a blank pick is none.

    UsageProblem lists the picks that are neither a suggestion of their row nor an id of Light.
    """
    problems: list[str] = []
    picks: dict[tuple[str, str], Pick] = {}
    for table in tables:
        if table.sheet == SHEET:
            for pick in _picks_of(table, problems):
                known = picks.setdefault((pick.field, same_name(pick.value)), pick)
                if known.id != pick.id:
                    problems.append(
                        f"{pick.place}: '{pick.value}' is there twice, picked differently."
                    )
    if problems:
        raise UsageProblem("\n".join(problems))
    return list(picks.values())


def _picks_of(table: SourceTable, problems: list[str]) -> Iterator[Pick]:
    headers = [header.strip().lower() for header in table.row_cells(0)]
    missing = [name for name in (FIELD, VALUE, PICK) if name not in headers]
    if missing:
        problems.append(
            f"{table.file}, sheet {SHEET}: the column '{missing[0]}' is gone. Put it back, or make"
            " the result again."
        )
        return
    field_at, value_at, pick_at = (headers.index(name) for name in (FIELD, VALUE, PICK))
    numbered = [
        (at, headers.index(f"{ID} {header.removeprefix(SUGGESTION).strip()}"))
        for at, header in enumerate(headers)
        if header.startswith(f"{SUGGESTION} ")
        and f"{ID} {header.removeprefix(SUGGESTION).strip()}" in headers
    ]
    for i in range(1, len(table.rows)):
        cells = table.row_cells(i)
        field, value, picked = cells[field_at].strip(), cells[value_at], cells[pick_at].strip()
        if not picked:
            continue
        place = f"{table.file}, sheet {SHEET}, row {int(table.rows[i])}"
        if field not in FIELDS or not value.strip():
            problems.append(f"{place}: there is a pick but no field and value to go with it.")
            continue
        offered = tuple(
            Suggestion(found, cells[at].strip())
            for at, id_at in numbered
            if (found := parse_uuid(cells[id_at].strip())[0]) and cells[at].strip()
        )
        found = _picked(picked, offered)
        if found is None:
            problems.append(
                f"{place}: '{picked}' is neither one of the suggestions for '{value}' nor an id of"
                " Light. Choose from the list, or paste the id."
            )
            continue
        cell = CellRef(table.file, table.sheet, int(table.rows[i]), VALUE)
        yield Pick(field, value.strip(), found.id, found.label, place, offered, cell)


def _picked(text: str, offered: Sequence[Suggestion]) -> Suggestion | None:
    same = {s.id: s for s in offered if same_name(s.label) == same_name(text)}
    if len(same) == 1:
        return next(iter(same.values()))
    light_id, problem = parse_uuid(text)
    if problem or same:
        return None
    return next((s for s in offered if s.id == light_id), Suggestion(light_id, light_id))
