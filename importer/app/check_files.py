"""The stages from files and options to checked bills: reading, mapping, validation, lookup tables.

A result workbook is read as its source files, plus the person's corrections.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.check_request import CheckRequest, team_name
from importer.app.checked_files import CheckedFiles, stamp
from importer.app.choose_template import choose_template, doubt
from importer.app.events import SILENT, Listener, Work
from importer.app.former_workbook import former_workbook, refuse_unknown_result, requested_template
from importer.app.run_options import continue_options
from importer.app.template_options import CANONICAL, expected_totals, with_options
from importer.app.trust import Doubted, doubts, settled_folders
from importer.core.errors import UnreadableFile, UsageProblem
from importer.core.object_ids import normal_id
from importer.core.progress import expect, step
from importer.mapping.template_loader import LoadedTemplate
from importer.mapping.template_model import Template
from importer.model.bills import TargetStatus
from importer.model.tables import VENDORS_SHEET, SourceTable

if TYPE_CHECKING:
    from importer.references.lookup_tables import Pick
    from importer.references.new_vendors import WantedVendors
    from importer.validation.checked_bills import Checked


def _digest(path: Path) -> str:
    """The SHA-256 of a file, which identifies it; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def check_files(
    request: CheckRequest,
    copies: dict[str, Path] | None = None,
    folders: dict[str, str] | None = None,
    listener: Listener = SILENT,
) -> CheckedFiles:
    """Read, map and validate, and resolve names by the lookup tables.

    ``copies`` are read in place of the files named, ``folders`` are where those were; with copies
    no names are resolved.

    Raises UnreadableFile, TemplateProblem or UsageProblem where that cannot be done at all.
    """
    if request.lookups and not team_name(request.lookups):
        from importer.references.lookup_tables import check_crosswalks

        check_crosswalks(Path(request.lookups))
    copies = {} if copies is None else copies
    former = former_workbook(request, copies)
    request, continued = continue_options(request, former)
    if any(map(team_name, request.lookup_names)) and not copies:
        from importer.app.team_lookups import fetch_lookups

        fetch_lookups(request)
    loaded = requested_template(request, former)
    stamps = {name: stamp(Path(name)) for name in request.files}
    paths = {name: copies.get(name, request.path_of(name)) for name in request.files}
    digests = {name: _digest(path) for name, path in paths.items()}
    folders = {name: str(_folder(name)) for name in request.files} | (folders or {})
    with listener.work(Work.READING):
        tables = _read(request, loaded if former is None else None, copies)

    from pyarrow import default_memory_pool

    from importer.app.ageing_totals import ageing_day, ageing_totals
    from importer.mapping.cleared_cells import take_clears
    from importer.mapping.map_tables import map_tables
    from importer.resume.result_workbook import read_picks
    from importer.resume.row_changes import as_written, row_changes
    from importer.validation.open_items import ageing_findings
    from importer.validation.validate import check

    release_unused = default_memory_pool().release_unused
    picks: Sequence[Pick] = (*request.picks, *(read_picks(tables) if former else ()))
    wanted: WantedVendors | None = None
    if request.create_vendors or picks:
        tables, picks, wanted = _new_vendors(tables, picks, sheets=request.create_vendors)
    if former is None:
        refuse_unknown_result(tables)
    recognised = loaded is None
    if loaded is None:
        loaded = choose_template(tables)
        if {loaded.template.source.encoding, loaded.template.source.delimiter} != {"auto"}:
            with listener.work(Work.READING):
                tables = _read(request, loaded, copies)  # as the template says
            tables = _new_vendors(tables, (), sheets=request.create_vendors)[0]
    expect = expected_totals(request, former, loaded.template.template)
    template = with_options(loaded.template, replace(request, expect=expect), former)
    loaded = replace(loaded, template=template)
    changes = None
    if former is not None:
        changes = row_changes(tables, former, template, dict(request.settings))
        tables, template = changes.tables, as_written(template, changes.tables)
    tables, doubted = settled_folders(tables, former, folders)
    with listener.work(Work.CHECKING):
        release_unused()  # what reading, then mapping, needed goes back to the system
        mapped = map_tables(tables, template, dict(request.table_kinds))
        release_unused()
        if not mapped.tables:
            raise UsageProblem(_no_header(tables, loaded))
        take_clears(mapped, update=request.update is not False)
        mapped.notes += [*(changes.notes if changes else []), *continued.notes, *doubts(doubted)]
        checked = check(
            mapped,
            TargetStatus(request.then or TargetStatus.DRAFT),
            incomplete=bool(request.incomplete_drafts),
        )
        if (day := ageing_day(request.as_of)) is not None:
            checked.ageing = day, ageing_totals(expect, template, request.as_of)
            checked.add_findings(ageing_findings(checked, *checked.ageing))
        if request.ageing:
            from importer.app.old_ageing_files import take_old_ageing

            take_old_ageing(request, checked)
        if wanted is not None:
            checked.add_findings(wanted.findings)
        if recognised:
            mapped.notes += doubt(checked, loaded, request.files[0])
    files = CheckedFiles(
        loaded,
        checked,
        request,
        stamps,
        tuple(picks),
        wanted,
        former,
        changes,
        expect,
        digests,
        only_valid=continued.only_valid,
    )
    if copies:
        return files
    if template.template == CANONICAL and template.formats.amounts == "cents":
        files = _doubted_amounts(files)
    return _resolve_by_tables(files, tables, template, doubted)


def _new_vendors(
    tables: list[SourceTable], picks: Sequence[Pick], *, sheets: bool
) -> tuple[list[SourceTable], Sequence[Pick], WantedVendors | None]:
    """The tables without the sheets ``Vendors``, where these are read; the picks that count; what
    is to be created."""
    from importer.references.new_vendors import is_vendor_sheet, wanted_vendors, without_refused

    of_vendors = [table for table in tables if sheets and is_vendor_sheet(table)]
    wanted = wanted_vendors(of_vendors, picks)
    rest = [table for table in tables if table not in of_vendors]
    picks = without_refused(picks, wanted)
    return rest, picks, wanted if wanted.vendors or wanted.findings else None


def _doubted_amounts(files: CheckedFiles) -> CheckedFiles:
    """The files with the doubt that their cents are money; none where an option settles that."""
    from importer.validation.cents_doubt import WHOLE, round_amounts, small_amounts

    checked = files.checked
    if files.request.amounts or os.environ.get("LIGHT_IMPORT_AMOUNTS") == "cents":
        return files
    if small := small_amounts(checked):
        checked.add_findings([small])
        return replace(files, doubt=small.message, small=True)
    return replace(files, doubt=WHOLE if round_amounts(checked) else "")


def _resolve_by_tables(
    files: CheckedFiles, tables: Sequence[SourceTable], template: Template, doubted: Doubted
) -> CheckedFiles:
    """Resolve names by the lookup tables and find the documents; the files with the picks' ids.

    The rows of a result are resolved as those of its files were: a table in the result's folder may
    be for other files.
    """
    from importer.references.lookup_tables import read_tables
    from importer.references.resolve_offline import resolve_by_tables
    from importer.references.suggested_values import line_of, take_suggestions
    from importer.validation.document_files import LARGEST, MEGABYTE, check_documents

    request, checked = files.request, files.checked
    file_folders = [*dict.fromkeys(map(_folder, request.files))]
    row_folders = [*dict.fromkeys(Path(table.folder) for table in tables)]
    first = row_folders if files.former else file_folders
    fallbacks = [*file_folders, files.loaded.path.absolute().parent]
    new_vendors = files.new_vendors.entries if files.new_vendors else ()
    if of_lines := [pick for pick in files.picks if line_of(pick)]:
        former = files.changes.line_ids if files.changes and files.continues else {}
        take_suggestions(checked, of_lines, files.by_table(former))
    names = [pick for pick in files.picks if not line_of(pick)]
    picked = [pick for pick in names if not pick.creates_vendor]
    folders = request.lookup_folders
    by_field = read_tables(files.loaded, first, folders, picked, fallbacks, new_vendors)
    searched = [str(path) for path in dict.fromkeys([*first, *fallbacks])]
    picks = resolve_by_tables(checked, template, by_field, searched, names)
    largest = request.largest_document or LARGEST
    document_folders = _document_folders(request, checked)
    remembered = {} if request.documents else doubted
    check_documents(checked, document_folders.__getitem__, round(largest * MEGABYTE), remembered)
    entries = by_field["taxCode"].entries.values() if "taxCode" in by_field else ()
    codes = {normal_id(entry.id): entry.value for entry in entries}
    return replace(files, picks=tuple(picks), tax_codes=codes)


def _folder(name: str) -> Path:
    return Path(name).absolute().parent


def _document_folders(request: CheckRequest, checked: Checked) -> dict[int, Path]:
    """The folder of each table's documents: as requested, else that of the file of its rows."""
    tables = enumerate(checked.mapped.tables)
    if request.documents is None:
        return {i: Path(table.source.folder) for i, table in tables}
    folder = Path(request.documents).absolute()
    if not folder.is_dir():
        raise UsageProblem(
            f"The folder {request.documents}, given with --documents, does not exist. Correct its"
            " name."
        )
    return {i: folder for i, _ in tables}


def _read(
    request: CheckRequest, loaded: LoadedTemplate | None, copies: dict[str, Path]
) -> list[SourceTable]:
    from importer.readers import read_file

    source = loaded.template.source if loaded else None
    encoding = None if source is None or source.encoding == "auto" else source.encoding
    encoding = request.encoding or encoding
    delimiter = None if source is None or source.delimiter == "auto" else source.delimiter
    sheets = None if source is None or source.sheet == "*" else source.sheet
    tables: list[SourceTable] = []
    expect(len(request.files))
    for name in request.files:
        path = copies.get(name, request.path_of(name))
        read = read_file(path, encoding=encoding, delimiter=delimiter, sheets=sheets)
        if request.create_vendors and sheets is not None:
            with contextlib.suppress(UnreadableFile):  # it has no such sheet
                read += read_file(path, sheets=VENDORS_SHEET)
        tables += [replace(table, file=name) for table in read]
        step()
    return tables


def _no_header(tables: Sequence[SourceTable], loaded: LoadedTemplate) -> str:
    from importer.mapping.headers import required_columns
    from importer.mapping.recognition import table_kinds

    template = loaded.template
    kinds = table_kinds(template)
    required = [names for kind in kinds for names in required_columns(template, kind)]
    wanted = [" or ".join(names) for names in required]
    header = template.source.header
    by = f" (found by: {', '.join(header.find)})" if header and header.find else ""
    first = tables[0]
    first_row = ", ".join(h.strip() for h in first.row_cells(0) if h.strip())
    return (
        f"{first.file}: found no header row for the template '{template.template}'{by}. It"
        f" needs: {', '.join(wanted)}. The first row has: {first_row}"
    )
