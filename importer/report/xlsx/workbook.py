"""The result workbook: what became of every row, as a file that can be corrected and run again."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xlsxwriter

from importer.core.atomic_write import FailsOnce, atomic_write
from importer.core.errors import UsageProblem
from importer.core.safe_text import visible
from importer.model.report_model import Report
from importer.model.tables import InputTable, TableKind
from importer.report.finding_index import FindingIndex
from importer.report.phrases import severities
from importer.report.row_index import RowIndex, places
from importer.report.tie_out import compute_tie_out, differing
from importer.report.xlsx.cell_styles import TO_DO, make_cell_styles
from importer.report.xlsx.cell_values import MOST_COLUMNS, MOST_ROWS
from importer.report.xlsx.flat_bills import write_flat_bills
from importer.report.xlsx.page_setup import set_up_page
from importer.report.xlsx.problems_sheet import problem_notes, tab_colour, write_problems
from importer.report.xlsx.result_columns import OURS, kept_columns
from importer.report.xlsx.source_sheets import write_table
from importer.report.xlsx.streaming_sheet import QuickSheet
from importer.report.xlsx.summary_sheet import write_summary
from importer.report.xlsx.tie_out_sheet import MOST_NAMED, was_sent, write_tie_out
from importer.report.xlsx.to_resolve_sheet import SHEET, write_to_resolve
from importer.report.xlsx.vendor_tie_out_sheet import BY_VENDOR, VendorTable, write_by_vendor
from importer.report.xlsx.workbook_context import WorkbookContext, Written
from importer.resume.provenance import FORMAT, ORIGIN, facts_of, write_origin

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_LONGEST_PROPERTY = 255
MOST_PROBLEMS = 50_000  # listed in the sheet Problems, unless another number is asked for
_REMEDY = "ask for a CSV result, which has no such limit: --result out.csv"
_LINE_KINDS = (TableKind.LINE_ITEMS, TableKind.FLAT)


def write_workbook(report: Report, path: Path, most_problems: int = MOST_PROBLEMS) -> None:
    """Write the workbook to ``path``: whole, or not at all. At most so many problems are listed.

    It is written to a folder beside ``path`` that only this user can read, then moved into place;
    a file at ``path`` is replaced. Raises UsageProblem where there are more rows or columns than
    Excel can hold, or where the file cannot be written.
    """
    _check_size(report)
    with atomic_write(path) as unfinished:
        _write(report, unfinished, str(unfinished.parent), most_problems)


def _write(report: Report, path: Path, private: str, most_problems: int) -> None:
    options = {
        "constant_memory": True,
        "tmpdir": private,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "use_zip64": True,
    }
    file = FailsOnce(path)
    workbook = xlsxwriter.Workbook(file, options)
    workbook.worksheet_class = QuickSheet
    try:
        _fill(workbook, report, most_problems)
        workbook.close()
    finally:
        # After a failure its files would stay open, and on Windows could not be deleted.
        for sheet in workbook.worksheets():
            with contextlib.suppress(OSError):
                sheet.row_data_fh.close()
        file.close()


def _fill(workbook: Workbook, report: Report, most_problems: int) -> None:
    summary = report.summary
    _describe(workbook, report)
    currencies = compute_tie_out(report)
    differ = differing(report) if was_sent(report) else []
    named = [report.bills[i].result for i in differ[:MOST_NAMED]]
    wanted = frozenset((result.table, result.row) for result in named)
    found = FindingIndex(report, most_problems)
    output = WorkbookContext(
        make_cell_styles(workbook), found, Written(wanted=wanted), report.links
    )
    # Sheets stand in the order in which they are added; Summary is written last, as it tells
    # what happened to the others.
    summary_sheet = workbook.add_worksheet("Summary")
    to_resolve = workbook.add_worksheet(SHEET) if report.unresolved else None
    names = _Names(workbook)
    for t, table in enumerate(report.tables):
        if table.kind is TableKind.BILLS:
            write_table(names.add("Bills"), output, t, table, RowIndex(report.bills, t))
    # Bills without a sheet of their own: from a flat file, or from a journal whose file is gone.
    shown = [t for t, table in enumerate(report.tables) if table.kind is TableKind.BILLS]
    flat = np.flatnonzero(~np.isin(places(report.bills)[0], shown)).tolist()
    if flat or any(table.kind is TableKind.FLAT for table in report.tables):
        write_flat_bills(names.add("Bills"), output, report.bills, flat)
    for t, table in enumerate(report.tables):
        if table.kind in _LINE_KINDS:
            results = RowIndex(report.line_items, t)
            write_table(names.add("Line items"), output, t, table, results)
    problems = workbook.add_worksheet("Problems")
    if colour := tab_colour(report.findings):
        problems.set_tab_color(colour)
    write_problems(problems, output)
    if to_resolve is not None:
        to_resolve.set_tab_color(TO_DO)
        write_to_resolve(to_resolve, output, report.unresolved)
    table_of = VendorTable(currencies)
    tie_out = workbook.add_worksheet("Tie-out")
    write_tie_out(tie_out, output, report, currencies, table_of, differ)
    by_vendor = workbook.add_worksheet(BY_VENDOR)
    output.written.widths[BY_VENDOR] = write_by_vendor(
        by_vendor, output.formats, table_of, summary.command
    )
    origin = workbook.add_worksheet(ORIGIN)
    write_origin(origin, output.formats, report, output.written, len(flat))
    notes = [*summary.notes, *_notes_of(output.written), *problem_notes(output)]
    write_summary(
        workbook,
        summary_sheet,
        output.formats,
        summary,
        notes,
        severities(report.findings),
        currencies,
    )
    for sheet in workbook.worksheets():
        run = visible(summary.run) if summary.run else None
        widths = output.written.widths.get(sheet.get_name(), ())
        set_up_page(sheet, run, widths=widths, pages=1 if sheet is summary_sheet else 0)
        sheet.set_comments_author("light-import")


class _Names:
    """Sheets with names that count up: ``Bills``, ``Bills 2``."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._used: dict[str, int] = defaultdict(int)

    def add(self, name: str) -> QuickSheet:
        self._used[name] += 1
        n = self._used[name]
        sheet: QuickSheet = self._workbook.add_worksheet(name if n == 1 else f"{name} {n}")
        return sheet


def _describe(workbook: Workbook, report: Report) -> None:
    summary = report.summary
    workbook.set_properties(
        {
            "title": "light-import result",
            "subject": visible(", ".join(summary.sources))[:255],
            "author": "light-import",
            "company": visible(summary.company or ""),
        }
    )
    # For reading the workbook again, beside its hidden sheet; see former.py.
    for name, value in {**facts_of(report), "format": FORMAT}.items():
        # A path that is too long for a property is left out rather than cut.
        if value and len(value) <= _LONGEST_PROPERTY:
            workbook.set_custom_property(f"light_import_{name}", value, "text")


def _notes_of(written: Written) -> list[str]:
    if not written.altered:
        return []
    n = len(written.altered) + written.more_altered
    places = "; ".join(written.altered) + (" …" if written.more_altered else "")
    return [
        f"{n:,} texts that a cell of Excel cannot hold as they are were cut or written out. "
        f"Do not run this workbook again for those rows; correct the file itself. {places}"
    ]


def _check_size(report: Report) -> None:
    for table in report.tables:
        where = _name(table)
        if len(table.roles) >= MOST_ROWS:
            raise UsageProblem(
                f"{where} has {len(table.roles):,} rows, more than a sheet of Excel can hold "
                f"({MOST_ROWS:,}): {_REMEDY}"
            )
        if len(kept_columns(table.headers)) + len(OURS) > MOST_COLUMNS:
            raise UsageProblem(
                f"{where} has more columns than the result can hold "
                f"({MOST_COLUMNS - len(OURS):,}): delete those that are blank, or {_REMEDY}"
            )
    if len(report.bills) >= MOST_ROWS:
        raise UsageProblem(
            f"There are {len(report.bills):,} bills, more than a sheet of Excel can hold "
            f"({MOST_ROWS:,}): {_REMEDY}"
        )


def _name(table: InputTable) -> str:
    sheet = f", sheet {visible(table.source.sheet)}," if table.source.sheet is not None else ""
    return f"{visible(table.source.file)}{sheet}"
