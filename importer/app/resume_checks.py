"""A load that continues from a result workbook: its company, and its rows against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.core.errors import UsageProblem

if TYPE_CHECKING:
    from importer.app.checked_files import CheckedFiles
    from importer.app.destination import Destination
    from importer.loading.journal.journal import Journal
    from importer.loading.plan import LoadPlan
    from importer.model.finding import Finding
    from importer.model.light_objects import Company
    from importer.model.report_model import TableRow


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
