"""A load that goes on from a result workbook: its company, and its rows against the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from importer.core.errors import UsageProblem
from importer.model.finding import Finding
from importer.model.journal_states import IN_LIGHT, Status
from importer.model.light_objects import Company
from importer.model.report_model import Report

if TYPE_CHECKING:
    from importer.app.destination import Destination
    from importer.app.pipeline import CheckedFiles
    from importer.loading.journal.journal import Journal
    from importer.loading.plan import LoadPlan
    from importer.resume.guard import PreviousResult


def refuse_another_company(prepared: CheckedFiles, company: Company, target: Destination) -> None:
    """UsageProblem where the result workbook is of another company, or of another Light.

    What was loaded into a sandbox is gone with it, so its result belongs to no company; and a
    sandbox of one's own is for trying anything.
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
    """Take out of the plan what Light has under another name; what is to be said of it, and of
    bills that were deleted from the workbook and stay in Light."""
    from importer.resume.guard import left_in_light, withhold_changed

    run = prepared.continues
    if not run or sandbox:
        return []
    before, mapped = _before(prepared, run), prepared.checked.mapped
    findings = withhold_changed(
        plan, before, journal, lambda i: mapped.cell("bills", "invoiceNumber", i)
    )
    left = left_in_light(plan, before, journal)
    again = prepared.again
    if again is not None and again.deleted and not left and not journal.outcomes(run):
        # The run is another machine's: its journal cannot name the bills.
        rows = ", ".join(f"{sheet} {row:,}" for sheet, row in again.deleted[:10])
        more = f" and {len(again.deleted) - 10:,} more" if len(again.deleted) > 10 else ""
        mapped.notes.append(
            f"Rows that were deleted from the workbook belong to bills that stay in Light: {rows}"
            f"{more} (sheet and source_row). Cancel them in Light if they should not be there."
        )
    return findings + left


def _before(prepared: CheckedFiles, run: str) -> PreviousResult:
    from importer.resume.guard import PreviousResult

    again, tables = prepared.again, prepared.checked.mapped.tables
    assert again is not None
    at = {table.source.sheet or "": t for t, table in enumerate(tables)}

    def places(rows: set[tuple[str, int]]) -> frozenset[tuple[int, int]]:
        return frozenset((at[sheet], row) for sheet, row in rows if sheet in at)

    ids = {(at[sheet], row): i for (sheet, row), i in again.light_ids.items() if sheet in at}
    return PreviousResult(run, ids, places(again.unsettled), places(again.copies))


def with_former_ids(report: Report, prepared: CheckedFiles) -> Report:
    """The report with the ids that rows had in Light before, where this run has none to tell.

    So the next workbook still knows them, and a bill is not sent under another name later.
    """
    again = prepared.again
    if again is None or not again.light_ids or not prepared.continues:
        return report
    tables = report.tables
    ids = again.light_ids

    def of(table: int, row: int) -> str | None:
        return ids.get((tables[table].source.sheet or "", row))

    kept = (Status.VALID, Status.INVALID, Status.NOT_SENT)
    bills = [
        replace(bill, result=replace(r, light_id=of(r.table, r.row)))
        if (r := bill.result).status in kept and of(r.table, r.row)
        else bill
        for bill in report.bills
    ]
    lines = [
        replace(r, bill_id=of(r.table, r.row))
        if r.status not in IN_LIGHT and not r.bill_id and of(r.table, r.row)
        else r
        for r in report.line_items
    ]
    return replace(report, bills=bills, line_items=lines)
