"""What the sheets of one workbook share while they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from importer.model.report_model import TableRow
from importer.report.finding_index import FindingIndex
from importer.report.xlsx.cell_styles import CellStyles
from importer.report.xlsx.page_setup import SheetPrint
from importer.report.xlsx.streaming_sheet import StreamingSheet, cell_link

_NAMED_CELLS = 20  # of those whose text was altered


@dataclass(frozen=True)
class WorkbookLimits:
    """How much a workbook has of what grows with the file."""

    problems: int = 50_000  # listed in the sheet Problems
    comments: int = 5_000
    links: int = 65_530  # in one sheet, Excel's limit


@dataclass
class WorkbookContext:
    """What the sheets look up, and what they note for the sheets that are written after them.

    ``links`` are the addresses of bills by their id in Light. Rows are those of the file.
    """

    styles: CellStyles
    findings: FindingIndex
    links: Mapping[str, str]
    limits: WorkbookLimits
    reference_columns: Mapping[int, int]  # by table: which of its columns says whose bill a row is
    linked_bills: frozenset[TableRow] = frozenset()  # rows that Tie-out will link to
    bill_cells: dict[TableRow, str] = field(default_factory=dict)  # their cells
    sheet_names: dict[int, str] = field(default_factory=dict)  # by table
    rows: dict[TableRow, int] = field(default_factory=dict)  # row of the sheet, if with findings
    columns: dict[int, dict[int, int]] = field(default_factory=dict)  # table → source → result
    prints: dict[str, SheetPrint] = field(default_factory=dict)  # by sheet
    comments: int = 0
    comments_omitted: int = 0
    links_omitted: Counter[str] = field(default_factory=Counter)  # by sheet
    rows_in_light: dict[int, list[int]] = field(default_factory=dict)  # by table
    rows_unsettled: dict[int, list[int]] = field(default_factory=dict)
    altered_cells: list[str] = field(default_factory=list)  # whose text does not fit into Excel
    altered_more: int = 0

    def note_bill(self, place: TableRow, sheet: StreamingSheet, row: int) -> None:
        """Remember the cell of a bill that Tie-out will link to."""
        if place in self.linked_bills:
            self.bill_cells[place] = cell_link(sheet.get_name(), row, 0)

    def note_altered(self, cell: str) -> None:
        if len(self.altered_cells) < _NAMED_CELLS:
            self.altered_cells.append(cell)
        else:
            self.altered_more += 1

    def link(self, sheet: StreamingSheet, row: int, column: int, target: str) -> bool:
        """Link a cell that is written by ``append``; False, and counted, beyond the limit."""
        if sheet.link_count >= self.limits.links:
            self.links_omitted[sheet.get_name()] += 1
            return False
        sheet.link(row, column, target)
        return True
