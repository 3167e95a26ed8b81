"""The result workbook: what became of every row, as a file that can be corrected and run again."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from importer.errors import UsageProblem
from importer.records import InputTable, Report, RowResult, TableKind
from importer.results.added import BILL_ID, LINE_ID, kept_columns
from importer.results.cells import MOST_COLUMNS, MOST_ROWS
from importer.results.flat_bills import write_flat_bills
from importer.results.formats import make_formats
from importer.results.found import Found
from importer.results.output import Output, Written
from importer.results.page import set_up_page
from importer.results.problems import tab_colour, write_problems
from importer.results.rows import write_table
from importer.results.summary_sheet import write_summary
from importer.results.tie_out import write_tie_out
from importer.results.to_resolve import SHEET, write_to_resolve
from importer.results.wording import severities, visible

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_ADDED_COLUMNS = 7
_LONGEST_PROPERTY = 255
_LINE_KINDS = (TableKind.LINE_ITEMS, TableKind.FLAT)


def write_workbook(report: Report, path: Path) -> None:
    """Write the workbook to ``path``: whole, or not at all.

    It is written to a folder beside ``path`` that only this user can read, then moved into place;
    a file at ``path`` is replaced. Raises UsageProblem where there are more rows or columns than
    Excel can hold, or where the file cannot be written.
    """
    _check_size(report)
    try:
        with TemporaryDirectory(prefix=".light-import-", dir=path.parent) as private:
            unfinished = Path(private) / "result.xlsx"
            _write(report, unfinished, private)
            os.replace(unfinished, path)
    except (OSError, XlsxWriterException) as problem:
        raise UsageProblem(
            f"The result workbook {visible(str(path))} could not be written: "
            f"{visible(str(problem))}. If it is open in Excel, close it there"
        ) from problem


def _write(report: Report, path: Path, private: str) -> None:
    options = {
        "constant_memory": True,
        "tmpdir": private,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "use_zip64": True,
    }
    workbook = xlsxwriter.Workbook(str(path), options)
    try:
        _fill(workbook, report)
        workbook.close()
    finally:
        # After a failure its files would stay open, and on Windows could not be deleted.
        for sheet in workbook.worksheets():
            sheet.row_data_fh.close()


def _fill(workbook: Workbook, report: Report) -> None:
    summary = report.summary
    _describe(workbook, report)
    output = Output(make_formats(workbook), Found(report), Written(), report.links)
    # Sheets stand in the order in which they are added; Summary is written last, as it tells
    # what happened to the others.
    summary_sheet = workbook.add_worksheet("Summary")
    to_resolve = workbook.add_worksheet(SHEET) if report.unresolved else None
    bill_results = _by_table(bill.result for bill in report.bills)
    line_results = _by_table(report.line_items)
    names = _Names(workbook)
    for t, table in enumerate(report.tables):
        if table.kind is TableKind.BILLS:
            sheet = names.add("Bills")
            write_table(sheet, output, t, table, bill_results[t], BILL_ID)
    # Bills without a sheet of their own: from a flat file, or from a journal whose file is gone.
    shown = {t for t, table in enumerate(report.tables) if table.kind is TableKind.BILLS}
    flat = [(i, bill) for i, bill in enumerate(report.bills) if bill.result.table not in shown]
    if flat or any(table.kind is TableKind.FLAT for table in report.tables):
        write_flat_bills(names.add("Bills"), output, flat, len(flat))
    for t, table in enumerate(report.tables):
        if table.kind in _LINE_KINDS:
            sheet = names.add("Line items")
            write_table(sheet, output, t, table, line_results[t], LINE_ID)
    problems = workbook.add_worksheet("Problems")
    if colour := tab_colour(report.findings):
        problems.set_tab_color(colour)
    write_problems(problems, output, report.findings)
    if to_resolve is not None:
        to_resolve.set_tab_color("#4472C4")
        write_to_resolve(to_resolve, output, report.unresolved)
    write_tie_out(workbook.add_worksheet("Tie-out"), output.formats, summary)
    notes = [*summary.notes, *_notes_of(output.written)]
    write_summary(
        workbook, summary_sheet, output.formats, summary, notes, severities(report.findings)
    )
    for sheet in workbook.worksheets():
        run = visible(summary.run) if summary.run else None
        set_up_page(sheet, run, pages=1 if sheet is summary_sheet else 0)
        sheet.set_comments_author("light-import")


class _Names:
    """Sheets with names that count up: ``Bills``, ``Bills 2``."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._used: dict[str, int] = defaultdict(int)

    def add(self, name: str) -> Worksheet:
        self._used[name] += 1
        n = self._used[name]
        return self._workbook.add_worksheet(name if n == 1 else f"{name} {n}")


def _by_table(
    results: Iterator[RowResult] | Sequence[RowResult],
) -> dict[int, dict[int, RowResult]]:
    tables: dict[int, dict[int, RowResult]] = defaultdict(dict)
    for result in results:
        tables[result.table][result.row] = result
    return tables


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
    # For reading the workbook again: which sheets are input, and for what template and run.
    kinds = {table.kind for table in report.tables}
    layout = "flat" if TableKind.FLAT in kinds else "two_sheets"
    sheets: dict[str, int] = defaultdict(int)
    parameters = []
    for table in report.tables:
        sheet = "Bills" if table.kind is TableKind.BILLS else "Line items"
        sheets[sheet] += 1
        named = sheet if sheets[sheet] == 1 else f"{sheet} {sheets[sheet]}"
        parameters += [(f"{named}: {name}", text) for name, text in table.parameters.items()]
    for name, value in (
        *parameters,
        ("template", summary.template),
        ("template_file", summary.template_file),
        ("run", summary.run or ""),
        ("layout", layout),
        ("folder", summary.folder),
    ):
        # A path that is too long for a property is left out rather than cut.
        if value and len(visible(value)) <= _LONGEST_PROPERTY:
            workbook.set_custom_property(f"light_import_{name}", visible(value), "text")


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
                f"({MOST_ROWS:,}): split the file, so that the result fits into a workbook"
            )
        if len(kept_columns(table.headers)) + _ADDED_COLUMNS > MOST_COLUMNS:
            raise UsageProblem(
                f"{where} has more columns than the result can hold "
                f"({MOST_COLUMNS - _ADDED_COLUMNS:,}): delete those that are blank"
            )
    if len(report.bills) >= MOST_ROWS:
        raise UsageProblem(
            f"There are {len(report.bills):,} bills, more than a sheet of Excel can hold "
            f"({MOST_ROWS:,}): split the file, so that the result fits into a workbook"
        )


def _name(table: InputTable) -> str:
    sheet = f", sheet {visible(table.source.sheet)}," if table.source.sheet is not None else ""
    return f"{visible(table.source.file)}{sheet}"
