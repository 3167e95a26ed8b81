"""A result workbook as input: its record of the run before, the template of that, its company, and
its rows against the plan of a load that continues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from importer.app.check_request import CheckRequest as CheckRequest
from importer.app.trust import proven
from importer.core.errors import UsageProblem
from importer.mapping.template_loader import LoadedTemplate, find_template
from importer.model.tables import SourceTable

if TYPE_CHECKING:
    from importer.app.checked_files import CheckedFiles
    from importer.app.destination import Destination
    from importer.loading.journal.journal import Journal
    from importer.loading.plan import LoadPlan
    from importer.model.finding import Finding
    from importer.model.light_objects import Company
    from importer.model.report_model import TableRow
    from importer.resume.provenance import ResultWorkbook


def refuse_unknown_result(tables: Sequence[SourceTable]) -> None:
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


def former_workbook(request: CheckRequest, copies: dict[str, Path]) -> ResultWorkbook | None:
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


def requested_template(
    request: CheckRequest, former: ResultWorkbook | None
) -> LoadedTemplate | None:
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


# --- a load that continues from it ------------------------------------------------------------


def refuse_another_company(prepared: CheckedFiles, company: Company, target: Destination) -> None:
    """UsageProblem where the result workbook is of another company, or of another Light.

    What was loaded into a sandbox is gone with it, so its result belongs to no company; and any
    result may be tried in a sandbox.
    """
    former = prepared.former
    if former is None or former.sandbox or target.sandbox or not former.company_id:
        return
    file = prepared.request.files[0]
    if former.company_id != company.id:
        raise UsageProblem(
            f"{file} is the result of a load into {former.company or former.company_id}, and the"
            f" key is of {company.name}. Nothing was sent. Use the key of that company, or load"
            " your own file."
        )
    if former.base_url and former.base_url != target.base_url:
        raise UsageProblem(
            f"{file} is the result of a load into {former.base_url}, and this one goes to"
            f" {target.base_url}. Nothing was sent. Use --base-url {former.base_url}, or load your"
            " own file."
        )


def compare_with_before(
    prepared: CheckedFiles, plan: LoadPlan, journal: Journal, *, sandbox: bool
) -> list[Finding]:
    """Take out of the plan what Light has under another identity. Findings about that, and about
    bills that were deleted from the workbook and stay in Light."""
    from importer.resume.guard import PreviousResult, still_in_light, withhold_changed

    run, changes = prepared.continues, prepared.changes
    if not run or changes is None or sandbox:
        return []
    mapped = prepared.checked.mapped
    unsettled, copies = (
        frozenset(prepared.by_table(dict.fromkeys(rows, "")))
        for rows in (changes.unsettled, changes.copies)
    )
    before = PreviousResult(run, former_ids(prepared), unsettled, copies)
    findings = withhold_changed(
        plan, before, journal, lambda i: mapped.cell("bills", "invoiceNumber", i)
    )
    remaining = still_in_light(plan, before, journal)
    if changes.deleted and not remaining and not journal.outcomes(run):
        # The run is another machine's: its journal cannot name the bills.
        rows = ", ".join(f"{sheet} {row:,}" for sheet, row in changes.deleted[:10])
        more = f" and {len(changes.deleted) - 10:,} more" if len(changes.deleted) > 10 else ""
        mapped.notes.append(
            f"Rows deleted from the workbook belong to bills that are still in Light: {rows}"
            f"{more} (sheet and source_row). Cancel them in Light if they are not wanted."
        )
    return findings + remaining


def former_ids(prepared: CheckedFiles) -> dict[TableRow, str]:
    """Light's ids of the bills of rows, as the result workbook has them from the run before."""
    if prepared.changes is None or not prepared.continues:
        return {}
    return prepared.by_table(prepared.changes.light_ids)
