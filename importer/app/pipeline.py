"""The stages from files and options to checked bills: reading, mapping, validation, lookup tables.

A result workbook is read as its source files, plus the person's corrections.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from importer import __version__
from importer.app.check_request import CheckRequest as CheckRequest
from importer.app.check_request import Pairs, team_name
from importer.app.choose_template import choose_template, doubt
from importer.app.events import SILENT, Listener, Work
from importer.app.run_options import continue_options, run_options
from importer.app.trust import Doubted, doubts, proven, settled_folders
from importer.app.user_name import user_name
from importer.core.errors import UnreadableFile, UsageProblem
from importer.core.object_ids import normal_id
from importer.core.progress import expect, step
from importer.mapping.template_loader import LoadedTemplate, find_template, shipped_folder
from importer.mapping.template_model import Template
from importer.model.bills import TargetStatus
from importer.model.report_model import RunSummary, TableRow
from importer.model.tables import SourceTable

if TYPE_CHECKING:
    from importer.references.lookup_tables import Pick
    from importer.references.new_vendors import WantedVendors
    from importer.resume.provenance import ResultWorkbook
    from importer.resume.row_changes import RowChanges
    from importer.validation.checked_bills import Checked

CANONICAL = "light"  # the template of the canonical sheets


@dataclass(frozen=True)
class CheckedFiles:
    """Files that were read, mapped and validated. ``stamps`` are the file versions, by name."""

    loaded: LoadedTemplate
    checked: Checked
    request: CheckRequest
    stamps: dict[str, tuple[int, int]]
    picks: tuple[Pick, ...] = ()
    new_vendors: WantedVendors | None = None  # to create in Light
    former: ResultWorkbook | None = None  # where the file is a result workbook
    changes: RowChanges | None = None  # and what was done to its rows
    expect: Pairs = ()  # control totals of the request and of the result workbook
    digests: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of each file, by its name
    doubt: str = ""  # why the amounts may not be cents, for people; "" where nothing speaks for it
    small: bool = False  # so much so that nothing is sent before a person or an option says so
    tax_codes: Mapping[str, str] = field(default_factory=dict)  # names by id, of lookup tables
    only_valid: bool = False  # the result workbook's run left out what was invalid

    @property
    def template_file(self) -> str:
        """The path of the template, "" for a shipped one."""
        path = self.loaded.path.absolute()
        return "" if path.parent == shipped_folder("templates").absolute() else str(path)

    @property
    def updates(self) -> bool:
        """Whether the sheet is to change bills that Light has."""
        return bool(self.request.update or any(self.checked.mapped.clears.values()))

    @property
    def continues(self) -> str:
        """The run that the result workbook is of, "" for none."""
        former = self.former
        return former.last_run if former is not None and not former.sandbox else ""

    def summary(self, command: str, started: datetime) -> RunSummary:
        """The summary of a run of these files, its figures still to be filled in."""
        return RunSummary(
            command=command,
            run=None,
            company=None,
            base_url=None,
            template=self.loaded.template.template,
            sources=self.request.files,
            started_at=started,
            template_file=self.template_file,
            continues=self.continues,
            expect=self.expect,
            by=user_name(),
            version=__version__,
            digests=self.digests,
            options=run_options(self.request),
            corrections=self.request.corrections,
        )


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file's last change; zeros where it does not exist."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


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
    former = _former(request, copies)
    request, continued = continue_options(request, former)
    if any(map(team_name, request.lookup_names)) and not copies:
        from importer.app.team_lookups import fetch_lookups

        fetch_lookups(request)
    loaded = _template(request, former)
    stamps = {name: stamp(Path(name)) for name in request.files}
    paths = {name: copies.get(name, request.path_of(name)) for name in request.files}
    digests = {name: _digest(path) for name, path in paths.items()}
    folders = {name: str(_folder(name)) for name in request.files} | (folders or {})
    with listener.work(Work.READING):
        tables = _read(request, loaded if former is None else None, copies)

    from importer.app.ageing_totals import ageing_day, ageing_totals
    from importer.mapping.cleared_cells import take_clears
    from importer.mapping.map_tables import map_tables
    from importer.resume.result_workbook import read_picks
    from importer.resume.row_changes import as_written, row_changes
    from importer.validation.open_items import ageing_findings
    from importer.validation.validate import check

    picks: Sequence[Pick] = (*request.picks, *(read_picks(tables) if former else ()))
    wanted: WantedVendors | None = None
    if request.create_vendors or picks:
        tables, picks, wanted = _new_vendors(tables, picks, sheets=request.create_vendors)
    if former is None:
        _refuse_unknown_result(tables)
    recognised = loaded is None
    if loaded is None:
        loaded = choose_template(tables)
        if {loaded.template.source.encoding, loaded.template.source.delimiter} != {"auto"}:
            with listener.work(Work.READING):
                tables = _read(request, loaded, copies)  # as the template says
            tables = _new_vendors(tables, (), sheets=request.create_vendors)[0]
    expect = _expected(request, former, loaded.template.template)
    template = _with_options(loaded.template, replace(request, expect=expect), former)
    loaded = replace(loaded, template=template)
    changes = None
    if former is not None:
        changes = row_changes(tables, former, template, dict(request.settings))
        tables, template = changes.tables, as_written(template, changes.tables)
    tables, doubted = settled_folders(tables, former, folders)
    with listener.work(Work.CHECKING):
        mapped = map_tables(tables, template, dict(request.table_kinds))
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
    take_suggestions(checked, filter(line_of, files.picks), _former_lines(files))
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


def _former_lines(files: CheckedFiles) -> dict[TableRow, str]:
    """Light's ids of line items, as the result workbook has them from the run before."""
    at = {table.source.sheet or "": t for t, table in enumerate(files.checked.mapped.tables)}
    ids = files.changes.line_ids if files.changes and files.continues else {}
    return {(at[sheet], row): light_id for (sheet, row), light_id in ids.items() if sheet in at}


def _expected(request: CheckRequest, former: ResultWorkbook | None, template: str) -> Pairs:
    """The control totals of the request, above those of the result workbook."""
    if former is None or former.template != template:
        return request.expect
    return tuple({**dict(former.expect), **dict(request.expect)}.items())


def _refuse_unknown_result(tables: Sequence[SourceTable]) -> None:
    """UsageProblem for a result workbook whose record of its run is gone."""
    from importer.resume.row_changes import looks_like_result

    for table in tables:
        if not looks_like_result([table]):
            continue
        if table.sheet is None:
            raise UsageProblem(
                f"{table.file} is a CSV result, which is only for reading. Correct your own file"
                " or the result workbook (.xlsx), and load that."
            )
        raise UsageProblem(
            f"{table.file}, sheet {table.sheet}: it has the columns of a result workbook but no"
            " longer names its template and run. Write the workbook again (light-import"
            " validate, or light-import report RUN), or load your own file."
        )


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
            f"The folder {request.documents}, given with --documents, does not exist."
        )
    return {i: folder for i, _ in tables}


def _former(request: CheckRequest, copies: dict[str, Path]) -> ResultWorkbook | None:
    """The record in the result workbook, where the file is one."""
    from importer.readers import check_file

    paths = {name: copies.get(name, request.path_of(name)) for name in request.files}
    for path in paths.values():
        check_file(path)
    if not any(map(is_zipfile, paths.values())):
        return None  # without the imports that reading one takes
    from importer.resume.result_workbook import read_result_workbook

    records = [(name, read_result_workbook(path, name)) for name, path in paths.items()]
    formers = [(name, former) for name, former in records if former is not None]
    if formers and len(records) > 1:
        raise UsageProblem(
            f"{formers[0][0]} is a result workbook: it has all the rows of its files. Load it"
            " alone."
        )
    return formers[0][1] if formers else None


def _template(request: CheckRequest, former: ResultWorkbook | None) -> LoadedTemplate | None:
    """The template requested, else that of the result workbook; None: to be recognised."""
    if request.template:
        return find_template(request.template)
    if former is None:
        return None
    file = former.template_file
    if not file:
        return find_template(former.template)
    if not proven(former):
        raise UsageProblem(
            f"{request.files[0]} names the template {file}, but nothing shows that you made the"
            " workbook on this computer, so that template is not used. Name it with --template."
        )
    if not Path(file).is_file():
        raise UsageProblem(
            f"{request.files[0]} was made with the template {file}, which no longer exists."
            " Name it with --template."
        )
    return find_template(file)


def _with_options(
    template: Template, request: CheckRequest, former: ResultWorkbook | None
) -> Template:
    """The template with the parameters and control totals of the request."""
    from importer.app.ageing_totals import PREFIX, ageing_totals
    from importer.core.currencies import EXPONENTS
    from importer.core.nearest_name import did_you_mean
    from importer.mapping.parameters import with_settings
    from importer.mapping.template_checks import total_problem

    template = with_settings(template, dict(request.settings), former.parameters if former else {})
    counts: dict[str, int] = {}
    gross: dict[str, str] = {}
    for name, text in request.expect:
        if name in ("bills", "lines"):
            if not (text.isascii() and text.isdigit()):
                raise UsageProblem(f"--expect {name}={text}: write a whole number, as {name}=412.")
            counts[name] = int(text)
        elif name.upper() in EXPONENTS:
            if problem := total_problem(template, name.upper(), text):
                raise UsageProblem(
                    f"--expect {name}={text}: {problem}. Write it as {name.upper()}=1284220.10."
                )
            gross[name.upper()] = text
        elif name.startswith(PREFIX):
            ageing_totals(((name, text),), template, request.as_of)
        else:
            near = did_you_mean(name, ("bills", "lines", *EXPONENTS))
            raise UsageProblem(
                f"--expect {name}={text}: '{name}' is neither bills, lines, a currency nor an"
                f" ageing{near}"
            )
    if request.amounts and template.template == CANONICAL:
        amounts = "decimal" if request.amounts == "money" else "cents"
        formats = template.formats.model_copy(update={"amounts": amounts})
        template = template.model_copy(update={"formats": formats})
    date = template.bills.get("issuedDate")
    if request.incomplete_drafts and date is not None and date.column:
        optional = date.model_copy(update={"optional": True})
        template = template.model_copy(update={"bills": {**template.bills, "issuedDate": optional}})
    expect = template.expect.model_copy(
        update={**counts, "gross": {**template.expect.gross, **gross}}
    )
    return template.model_copy(update={"expect": expect})


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
        read = read_file(
            copies.get(name, request.path_of(name)),
            encoding=encoding,
            delimiter=delimiter,
            sheets=sheets,
        )
        if request.create_vendors and sheets is not None:
            with contextlib.suppress(UnreadableFile):  # it has no such sheet
                read += read_file(request.path_of(name), sheets="Vendors")
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
