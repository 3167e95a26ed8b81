"""Which findings belong to which row and cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from importer.core.safe_text import visible
from importer.model.finding import CellRef, Finding, Severity
from importer.model.report_model import TableRow
from importer.report.build_report import Report
from importer.report.outcomes import RowOutcomes
from importer.report.row_messages import finding_list, with_place
from importer.validation.finding_batch import Findings


class FindingIndex:
    """The findings of a report, looked up by table and row.

    ``Finding.bills`` and ``Finding.lines`` are indexes into ``Report.bills`` and
    ``Report.line_items``. ``listed`` are those that the sheet Problems has: at most ``most``,
    errors before warnings. ``omitted`` is the number of the others.
    """

    def __init__(self, report: Report, most: int = 0) -> None:
        self._at: dict[TableRow, list[Finding]] = defaultdict(list)
        self._of_bill: dict[int, list[Finding]] = defaultdict(list)
        self._elsewhere: dict[TableRow, list[Finding]] = defaultdict(list)
        self._first: dict[TableRow, int] = {}  # index into ``listed``
        self.listed: list[Finding] = []
        room = _room(report.findings, most)
        for finding in report.findings:
            n = None
            if room[finding.severity]:
                room[finding.severity] -= 1
                n = len(self.listed)
                self.listed.append(finding)
            place = place_of(finding.cell)
            concerned = [_place(report.bills, i) for i in finding.bills]
            concerned += [_place(report.line_items, i) for i in finding.lines]
            if n is not None:
                for each in ([place] if place else []) + concerned:
                    self._first.setdefault(each, n)
            if place is not None:
                self._at[place].append(finding)
            for i in finding.bills:
                self._of_bill[i].append(finding)
            for each in dict.fromkeys(concerned):
                if each != place:
                    self._elsewhere[each].append(finding)
        self.omitted = len(report.findings) - len(self.listed)

    def at(self, place: TableRow) -> Sequence[Finding]:
        """The findings in a row."""
        return self._at.get(place, ())

    def message(self, place: TableRow) -> str:
        """What is wrong with the row, and what is wrong elsewhere that concerns it."""
        if place not in self._at and place not in self._elsewhere:
            return ""
        in_row = [visible(finding.message) for finding in self.at(place)]
        return finding_list([*in_row, *map(with_place, self._elsewhere.get(place, ()))])

    def bill_message(self, i: int, place: TableRow) -> str:
        """What is wrong with a bill, for a row of its own."""
        return finding_list(map(with_place, self._of_bill.get(i) or self.at(place)))

    def problem_cell(self, place: TableRow) -> str | None:
        """The link to the first of the row's problems in the sheet Problems."""
        n = self._first.get(place)
        return None if n is None else f"internal:'Problems'!G{n + 2}"


def _room(findings: Findings, most: int) -> dict[Severity, int]:
    """How many of each severity are listed."""
    errors = min(findings.count_of(Severity.ERROR), most)
    return {Severity.ERROR: errors, Severity.WARNING: most - errors}


def _place(outcomes: RowOutcomes[Any], i: int) -> TableRow:
    return int(outcomes.table[i]), int(outcomes.row[i])


def place_of(cell: CellRef) -> TableRow | None:
    return None if cell.table is None or cell.row is None else (cell.table, cell.row)
