"""A result workbook that is read again: its rows, its template, and what was picked in it.

It is known by the document properties that ``workbook.py`` gives it, which Excel, LibreOffice and
openpyxl keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from importer.cells import read_uuid
from importer.errors import UsageProblem
from importer.records import SourceTable, Suggestion
from importer.references.lookups import FIELDS, Pick
from importer.results.added import BILL_ID, LINE_ID, MESSAGE, STATUS, added_headers
from importer.results.to_resolve import FIELD, ID, PICK, SHEET, SUGGESTION, VALUE
from importer.sheets.zip_guard import DamagedError, read_xml
from importer.template.model import Header, Template
from importer.validation.across import same_name

PROPERTIES = "light_import_"
_PART = "docProps/custom.xml"
_LARGEST = 1_000_000  # bytes of properties; ours are a few hundred
_OURS = {*added_headers(BILL_ID), *added_headers(LINE_ID)}
_BILLS = re.compile(r"Bills( \d+)?\Z")
_LINES = re.compile(r"Line items( \d+)?\Z")


@dataclass(frozen=True)
class Former:
    """What a result workbook says of itself; "" for what it does not say.

    ``template_file`` is where a template is that did not come with the product, ``folder`` where
    the first file was: lookup tables may stand there.
    """

    template: str
    template_file: str
    layout: str
    run: str
    folder: str


def read_former(path: Path) -> Former | None:
    """None where the file is no result workbook."""
    try:
        with ZipFile(path) as archive:
            if archive.getinfo(_PART).file_size > _LARGEST:
                return None
            root = ElementTree.fromstring(read_xml(archive, _PART))
    # A damaged or encrypted file is for the reader of sheets to tell of.
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, BadZipFile, DamagedError):
        return None
    except ElementTree.ParseError:
        return None
    said = {
        str(each.get("name")).removeprefix(PROPERTIES): "".join(each.itertext()).strip()
        for each in root
        if str(each.get("name")).startswith(PROPERTIES)
    }
    if not said.get("template"):
        return None
    names = ("template", "template_file", "layout", "run", "folder")
    return Former(**{name: said.get(name, "") for name in names})


def rows_again(tables: Sequence[SourceTable], former: Former) -> list[SourceTable]:
    """The sheets that hold the rows of the file, without the columns that the result added.

    The sheet ``Bills`` of a flat layout was made from the rows, and is not read.
    """
    flat = former.layout == "flat"
    return [
        _without_ours(table)
        for table in tables
        if _LINES.match(table.sheet or "") or (not flat and _BILLS.match(table.sheet or ""))
    ]


def _without_ours(table: SourceTable) -> SourceTable:
    headers = table.row_cells(0)
    if STATUS not in headers or MESSAGE not in headers:
        return table
    first = len(headers) - 1 - headers[::-1].index(STATUS)  # ours are right of the file's own
    kept = [c for c in range(len(headers)) if c < first or headers[c] not in _OURS]
    return replace(
        table,
        columns=tuple(table.columns[c] for c in kept),
        kinds=None if table.kinds is None else tuple(table.kinds[c] for c in kept),
    )


def as_written(template: Template) -> Template:
    """The template for reading its rows in a result: header in row 1, sheets named by us."""
    header = Header(find=None, row=1, rows=1)
    source = template.source.model_copy(update={"sheet": "*", "header": header})
    return template.model_copy(update={"source": source})


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
            if (found := read_uuid(cells[id_at].strip())[0]) and cells[at].strip()
        )
        found = _picked(picked, offered)
        if found is None:
            problems.append(
                f"{place}: '{picked}' is neither one of the suggestions for '{value}' nor an id of"
                " Light. Choose from the list, or paste the id."
            )
            continue
        yield Pick(field, value.strip(), found.id, found.label, place, offered)


def _picked(text: str, offered: Sequence[Suggestion]) -> Suggestion | None:
    same = {s.id: s for s in offered if same_name(s.label) == same_name(text)}
    if len(same) == 1:
        return next(iter(same.values()))
    light_id, problem = read_uuid(text)
    if problem or same:
        return None
    return next((s for s in offered if s.id == light_id), Suggestion(light_id, light_id))
