"""A result workbook as input: what run and template it is of, and what was picked in it.

It is recognised by its hidden sheet; one of an older version by the document properties. What
was done to its rows is for ``row_changes``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from importer.core.cell_parsers import parse_uuid
from importer.core.errors import UnreadableFile, UsageProblem
from importer.core.name_key import name_key
from importer.model.finding import CellRef
from importer.model.report_model import Suggestion
from importer.model.tables import CHOICES_HEADER, SourceTable
from importer.readers import read_file
from importer.readers.zip_guard import DamagedError, Part, read_xml
from importer.references.lookup_tables import (
    CREATE,
    CREATE_ANOTHER,
    FIELDS,
    NOT_OFFERED,
    Pick,
    picked_suggestion,
)
from importer.report.xlsx.provenance_sheet import PROPERTY_PREFIX, PROVENANCE
from importer.report.xlsx.to_resolve_sheet import FIELD, ID, PICK, SUGGESTION, TO_RESOLVE, VALUE
from importer.resume.provenance import ResultWorkbook, read_provenance

_PROPERTIES = "docProps/custom.xml"
_SHEET_LISTS = ("xl/workbook.xml", "content.xml")  # the latter of OpenDocument
_MOST_PROPERTIES = 1_000_000  # bytes; ours are a few hundred
_DAMAGED = (OSError, EOFError, KeyError, ValueError, RuntimeError, BadZipFile, DamagedError)
_SHEET_NAME = re.compile(rb'name="' + PROVENANCE.encode() + rb'"')


def read_result_workbook(path: Path, name: str = "") -> ResultWorkbook | None:
    """None where the file is no result workbook.

    UsageProblem, with ``name`` as the file's, where it is one that can no longer be understood.
    """
    properties, has_sheet = _properties_and_sheet(path)
    if has_sheet:
        try:
            table = read_file(path, sheets=PROVENANCE)[0]
        except UnreadableFile:
            return None  # the reader of its rows reports it
        workbook = read_provenance(table.row_cells(i) for i in range(len(table.rows)))
        if workbook is None:
            raise UsageProblem(
                f"{name or path} is a result workbook whose hidden sheet '{PROVENANCE}' was"
                f" changed, so it is unclear what it is the result of. {_MAKE_AGAIN}"
            )
        return workbook
    if properties.get("format", "1") != "1":
        raise UsageProblem(
            f"{name or path} is a result workbook whose hidden sheet '{PROVENANCE}' is gone, so"
            f" it is unclear which rows were deleted or loaded. {_MAKE_AGAIN}"
        )
    if not properties.get("template"):
        return None
    names = ("template", "template_file", "layout", "run", "folder")
    return ResultWorkbook(**{name: properties.get(name, "") for name in names})  # type: ignore[arg-type]


_MAKE_AGAIN = (
    "Make it again (light-import validate, or light-import report RUN for what was loaded) and"
    " correct that."
)


def _properties_and_sheet(path: Path) -> tuple[dict[str, str], bool]:
    """The document properties that are ours, and whether there is our hidden sheet."""
    properties: dict[str, str] = {}
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            has_sheet = any(_has_sheet(archive, part) for part in _SHEET_LISTS if part in names)
            if _PROPERTIES in names and archive.getinfo(_PROPERTIES).file_size <= _MOST_PROPERTIES:
                properties = _properties(read_xml(archive, _PROPERTIES))
    # The reader of sheets reports a damaged or encrypted file.
    except _DAMAGED:
        return {}, False
    return properties, has_sheet


def _has_sheet(archive: ZipFile, name: str) -> bool:
    """Whether the part has the name of our hidden sheet; read in pieces, as it may be large."""
    part, end = Part(archive, name), b""
    while piece := part.read(1 << 20):
        if _SHEET_NAME.search(end + piece):
            return True
        end = piece[-40:]
    return False


def _properties(part: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(part)
    except ElementTree.ParseError:
        return {}
    named = [(str(each.get("name")), each) for each in root]
    return {
        name.removeprefix(PROPERTY_PREFIX): "".join(each.itertext()).strip()
        for name, each in named
        if name.startswith(PROPERTY_PREFIX)
    }


def read_picks(tables: Sequence[SourceTable]) -> list[Pick]:
    """What was picked in the sheet ``To resolve``; a blank pick is none.

    UsageProblem lists the picks that are neither a suggestion of their row nor an id of Light.
    """
    problems: list[str] = []
    picks: dict[tuple[str, str], Pick] = {}
    choices = _choices(tables)
    for table in tables:
        if table.sheet == TO_RESOLVE:
            for pick in _picks_of(table, choices, problems):
                first = picks.setdefault((pick.field, name_key(pick.value)), pick)
                if first.id != pick.id:
                    problems.append(
                        f"{pick.place}: '{pick.value}' is listed twice, with different picks."
                    )
    if problems:
        raise UsageProblem("\n".join(problems))
    return list(picks.values())


def _choices(tables: Sequence[SourceTable]) -> dict[str, list[Suggestion]]:
    """All that the dropdowns offer, by field."""
    out: dict[str, list[Suggestion]] = {}
    for table in tables:
        if not table.holds_choices:
            continue
        for c, header in enumerate(table.row_cells(0)[:-1]):
            name = header.removeprefix(CHOICES_HEADER)
            # A list of a row, further right, may begin with any text.
            if name in FIELDS and name != header and name not in out:
                pairs = zip(table.columns[c + 1][1:], table.columns[c][1:], strict=True)
                out[name] = [
                    Suggestion(light_id, label)
                    for text, label in pairs
                    if (light_id := parse_uuid(text.strip())[0])
                ]
    return out


def _picks_of(
    table: SourceTable, choices: Mapping[str, Sequence[Suggestion]], problems: list[str]
) -> Iterator[Pick]:
    headers = [header.strip().lower() for header in table.row_cells(0)]
    missing = [name for name in (FIELD, VALUE, PICK) if name not in headers]
    if missing:
        problems.append(
            f"{table.file}, sheet {TO_RESOLVE}: the column '{missing[0]}' is gone. Put it back, or"
            " make the result again."
        )
        return
    field_at, value_at, pick_at = (headers.index(name) for name in (FIELD, VALUE, PICK))
    suggestions = []
    for at, header in enumerate(headers):
        id_header = f"{ID} {header.removeprefix(SUGGESTION).strip()}"
        if header.startswith(f"{SUGGESTION} ") and id_header in headers:
            suggestions.append((at, headers.index(id_header)))
    from importer.references.new_vendors import placeholder_of

    for i in range(1, len(table.rows)):
        cells = table.row_cells(i)
        field, value, picked = cells[field_at].strip(), cells[value_at], cells[pick_at].strip()
        if not picked:
            continue
        place = f"{table.file}, sheet {TO_RESOLVE}, row {int(table.rows[i])}"
        if field not in FIELDS or not value.strip():
            problems.append(f"{place}: there is a pick but no field and value to go with it.")
            continue
        offered = tuple(
            Suggestion(light_id, cells[at].strip())
            for at, id_at in suggestions
            if (light_id := parse_uuid(cells[id_at].strip())[0]) and cells[at].strip()
        )
        if name_key(picked) in (CREATE, CREATE_ANOTHER):
            if field == "vendor":
                cell = CellRef(table.file, table.sheet, int(table.rows[i]), VALUE)
                offered = tuple(s for s in offered if s.label not in (CREATE, CREATE_ANOTHER))
                id, label = placeholder_of(value), name_key(picked)
                yield Pick(field, value.strip(), id, label, place, offered, cell)
            else:
                problems.append(f"{place}: '{picked}' is for vendors: choose a name from the list.")
            continue
        suggestion = picked_suggestion(picked, (*offered, *choices.get(field, ())))
        if suggestion is None:
            problems.append(f"{place}: {NOT_OFFERED.format(picked, value)}")
            continue
        cell = CellRef(table.file, table.sheet, int(table.rows[i]), VALUE)
        yield Pick(field, value.strip(), suggestion.id, suggestion.label, place, offered, cell)
