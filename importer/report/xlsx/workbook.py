"""The result workbook: the outcome of every row, as a file that can be corrected and run again."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from xlsxwriter.workbook import Workbook

from importer.core.atomic_write import FailsOnce, atomic_write
from importer.core.errors import UsageProblem
from importer.core.progress import expect
from importer.core.safe_text import visible
from importer.model.tables import CHOICES_SHEET, VENDORS_SHEET, InputTable, TableKind
from importer.report.build_report import Report
from importer.report.colours import TO_DO_TAB
from importer.report.finding_index import FindingIndex
from importer.report.phrases import severities
from importer.report.result_columns import (
    ACCOUNT_TIE_OUT,
    AGEING,
    OLD_AGEING,
    SHEET_COLUMNS,
    source_columns,
)
from importer.report.row_index import RowIndex
from importer.report.tie_out import compute_tie_out, differs
from importer.report.xlsx.ageing_sheet import AgeingRows, write_ageing
from importer.report.xlsx.cell_styles import CellStyles
from importer.report.xlsx.cell_values import MOST_COLUMNS, MOST_ROWS
from importer.report.xlsx.choice_lists import ChoiceLists
from importer.report.xlsx.corrections_sheet import CORRECTIONS, write_corrections
from importer.report.xlsx.flat_bills import write_flat_bills
from importer.report.xlsx.lines_in_light_sheet import LINES_IN_LIGHT, write_lines_in_light
from importer.report.xlsx.old_ageing_sheet import write_old_ageing
from importer.report.xlsx.page_setup import ONE_PAGE, set_up_page
from importer.report.xlsx.problems_sheet import MOST_LISTED, problem_notes, write_problems
from importer.report.xlsx.provenance_sheet import PROVENANCE, describe, write_provenance
from importer.report.xlsx.source_sheets import SheetWriter
from importer.report.xlsx.streaming_sheet import (
    StreamingSheet,
    check_version,
    close_temporary_files,
    new_workbook,
)
from importer.report.xlsx.summary_sheet import write_summary
from importer.report.xlsx.tie_out_sheet import MOST_NAMED, was_sent, write_tie_out
from importer.report.xlsx.to_resolve_sheet import TO_RESOLVE, write_to_resolve
from importer.report.xlsx.vendor_tie_out_sheet import (
    VENDOR_TIE_OUT,
    VendorTable,
    write_vendor_tie_out,
)
from importer.report.xlsx.vendors_sheet import write_vendors
from importer.report.xlsx.workbook_context import WorkbookContext, WorkbookLimits

_REMEDY = "ask for a CSV result, which has no such limit: --result out.csv"
_LIMITS = WorkbookLimits()


def write_workbook(report: Report, path: Path, limits: WorkbookLimits = _LIMITS) -> None:
    """Write the workbook to ``path``: whole, or not at all.

    It is written to a folder beside ``path`` that only this user can read, then moved into place;
    a file at ``path`` is replaced. Raises UsageProblem where there are more rows or columns than
    Excel can hold, or where the file cannot be written.
    """
    check_version()
    _check_size(report)
    with atomic_write(path) as unfinished:
        file = FailsOnce(unfinished)
        workbook = new_workbook(file, unfinished.parent)
        try:
            _fill(workbook, report, limits)
            workbook.close()
        finally:
            close_temporary_files(workbook)
            file.close()


def _fill(workbook: Workbook, report: Report, limits: WorkbookLimits) -> None:
    summary, bills = report.summary, report.bills
    release = pa.default_memory_pool().release_unused  # what is free goes back to the system
    release()
    describe(workbook, report)
    currencies = compute_tie_out(bills, summary.totals)
    differ = [i for i, bill in enumerate(bills) if differs(bill)] if was_sent(report) else []
    context = WorkbookContext(
        CellStyles(workbook),
        FindingIndex(report, min(limits.problems, MOST_LISTED)),
        report.links,
        limits,
        report.reference_columns,
        frozenset((int(bills.table[i]), int(bills.row[i])) for i in differ[:MOST_NAMED]),
    )
    # Sheets are in the order in which they are added. Summary is written last, as it says what
    # happened to the others.
    summary_sheet = workbook.add_worksheet("Summary")
    to_resolve = workbook.add_worksheet(TO_RESOLVE) if report.unresolved else None
    names = _SheetNames(workbook)
    kinds = [table.kind for table in report.tables]
    expect(sum(len(table.roles) for table in report.tables))
    for t, kind in enumerate(kinds):
        if kind is TableKind.BILLS:
            results = RowIndex(bills, t)
            SheetWriter(names.add("Bills"), context, t, report.tables[t], results).write()
    # Bills without a sheet of their own: from a flat file, or from a journal whose file is gone.
    in_sheets = [t for t, kind in enumerate(kinds) if kind is TableKind.BILLS]
    flat = np.flatnonzero(~np.isin(bills.table, in_sheets)).tolist()
    if flat or TableKind.FLAT in kinds:
        write_flat_bills(names.add("Bills"), context, bills, flat)
    for t, kind in enumerate(kinds):
        if kind is not TableKind.BILLS:
            sheet, results = names.add("Line items"), RowIndex(report.line_items, t)
            SheetWriter(sheet, context, t, report.tables[t], results).write()
    release()
    write_problems(workbook.add_worksheet("Problems"), context)
    if to_resolve is not None:
        to_resolve.set_tab_color(TO_DO_TAB)
        lists = ChoiceLists(report.choices)
        write_to_resolve(to_resolve, context, report.unresolved, lists)
        if report.choices:
            lists.write(workbook.add_worksheet(CHOICES_SHEET), context.styles["message"])
    if report.vendor_sheets:
        write_vendors(workbook.add_worksheet(VENDORS_SHEET), context, report.vendor_sheets)
    if summary.corrections:
        sheet = workbook.add_worksheet(CORRECTIONS)
        write_corrections(sheet, context, summary.corrections)
    if report.lines_in_light:
        write_lines_in_light(workbook.add_worksheet(LINES_IN_LIGHT), context, report.lines_in_light)
    vendors = VendorTable(currencies)
    tie_out = workbook.add_worksheet("Tie-out")
    write_tie_out(tie_out, context, report, currencies, vendors, differ)
    by_vendor = workbook.add_worksheet(VENDOR_TIE_OUT)
    write_vendor_tie_out(by_vendor, context, vendors)
    if summary.ledger is not None:
        from importer.report.xlsx.account_tie_out_sheet import write_account_tie_out

        by_account = workbook.add_worksheet(ACCOUNT_TIE_OUT)
        write_account_tie_out(by_account, context, summary.ledger)
    ageing_rows: AgeingRows = {}
    if summary.ageing is not None:
        ageing_rows = write_ageing(workbook.add_worksheet(AGEING), context, summary.ageing)
        if summary.ageing.old:
            sheet = workbook.add_worksheet(OLD_AGEING)
            write_old_ageing(sheet, context, summary.ageing)
    write_provenance(workbook.add_worksheet(PROVENANCE), context, report, len(flat))
    notes = [*summary.notes, *_altered_note(context), *problem_notes(context)]
    counts = severities(report.findings)
    write_summary(
        workbook,
        summary_sheet,
        context.styles,
        summary,
        notes,
        counts,
        currencies,
        ageing_rows,
    )
    run = visible(summary.run) if summary.run else None
    for sheet in workbook.worksheets():
        printed = context.prints.get(sheet.get_name(), ONE_PAGE)
        set_up_page(sheet, run, printed)
        sheet.set_comments_author("light-import")


class _SheetNames:
    """Adds sheets with names that count up: ``Bills``, ``Bills 2``."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._used: dict[str, int] = defaultdict(int)

    def add(self, name: str) -> StreamingSheet:
        self._used[name] += 1
        n = self._used[name]
        sheet: StreamingSheet = self._workbook.add_worksheet(name if n == 1 else f"{name} {n}")
        return sheet


def _altered_note(context: WorkbookContext) -> list[str]:
    if not context.altered_cells:
        return []
    n = len(context.altered_cells) + context.altered_more
    places = "; ".join(context.altered_cells) + (" …" if context.altered_more else "")
    return [
        f"{n:,} texts do not fit into an Excel cell as they are and were cut or written out. "
        f"Do not run this workbook again for those rows; correct the file itself. {places}"
    ]


def _check_size(report: Report) -> None:
    """UsageProblem where a table has more rows or columns than a sheet."""
    for table in report.tables:
        where = _table_name(table)
        if len(table.roles) >= MOST_ROWS:
            raise UsageProblem(
                f"{where} has {len(table.roles):,} rows, more than a sheet of Excel can hold "
                f"({MOST_ROWS:,}): {_REMEDY}"
            )
        most = MOST_COLUMNS - len(SHEET_COLUMNS)
        if len(source_columns(table)) > most:
            raise UsageProblem(
                f"{where} has more columns than the result can hold "
                f"({most:,}): delete those that are blank, or {_REMEDY}"
            )
    if len(report.bills) >= MOST_ROWS:
        raise UsageProblem(
            f"There are {len(report.bills):,} bills, more than a sheet of Excel can hold "
            f"({MOST_ROWS:,}): {_REMEDY}"
        )


def _table_name(table: InputTable) -> str:
    sheet = f", sheet {visible(table.source.sheet)}," if table.source.sheet is not None else ""
    return f"{visible(table.source.file)}{sheet}"
