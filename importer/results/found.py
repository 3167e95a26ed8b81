"""Which findings belong to which row and cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from importer.records import Finding, Report, RowResult, Severity
from importer.results.cells import MOST_ROWS
from importer.results.wording import count, visible

Place = tuple[int, int]  # table, row as Excel numbers it
ANOTHER_ROW = "Another row of this bill has a problem: see the sheet Problems."
_MOST_MESSAGES = 8


class Found:
    """The findings of a report, looked up by table and row.

    ``Finding.bills`` and ``Finding.lines`` are taken as positions in ``Report.bills`` and
    ``Report.line_items``.
    """

    def __init__(self, report: Report) -> None:
        self.at: dict[Place, list[Finding]] = defaultdict(list)
        self.of_bill: dict[int, list[Finding]] = defaultdict(list)
        self._elsewhere: dict[Place, list[Finding]] = defaultdict(list)
        self._first: dict[Place, int] = {}
        for n, finding in enumerate(report.findings):
            here = place(finding)
            if here is not None:
                self.at[here].append(finding)
                self._first.setdefault(here, n)
            for i in finding.bills:
                if 0 <= i < len(report.bills):
                    self.of_bill[i].append(finding)
                    self._mention(report.bills[i].result, here, finding, n)
            for i in finding.lines:
                if 0 <= i < len(report.line_items):
                    self._mention(report.line_items[i], here, finding, n)

    def _mention(self, result: RowResult, here: Place | None, finding: Finding, n: int) -> None:
        there = (result.table, result.row)
        self._first.setdefault(there, n)
        if there != here and finding not in self._elsewhere.get(there, ()):
            self._elsewhere[there].append(finding)

    def message(self, there: Place) -> str:
        """What is wrong with the row, and what is wrong elsewhere that concerns it."""
        if there not in self.at and there not in self._elsewhere:
            return ""
        own = [visible(finding.message) for finding in self.at.get(there, ())]
        return joined([*own, *map(with_place, self._elsewhere.get(there, ()))])

    def problem(self, there: Place) -> str | None:
        """Where the first of the row's problems stands in the workbook, as the target of a link."""
        n = self._first.get(there)
        return None if n is None or n >= MOST_ROWS - 3 else f"internal:'Problems'!G{n + 2}"

    def rows_of(self, table: int) -> set[int]:
        return {row for owner, row in self.at if owner == table}


def place(finding: Finding) -> Place | None:
    cell = finding.cell
    return None if cell.table is None or cell.row is None else (cell.table, cell.row)


def with_place(finding: Finding) -> str:
    """The message, led by the row it is about: "Lines, row 7: …"."""
    cell = finding.cell
    if cell.row is None:
        return visible(finding.message)
    sheet = f"{visible(cell.sheet)}, " if cell.sheet is not None else ""
    return f"{sheet}row {cell.row}: {visible(finding.message)}"


def joined(messages: Iterable[str]) -> str:
    """The messages, each once, in one line; many are counted instead."""
    each = list(dict.fromkeys(messages))
    more = len(each) - _MOST_MESSAGES
    if more > 1:
        each = [*each[:_MOST_MESSAGES], f"and {count(more, 'other')}, see the sheet Problems"]
    return "; ".join(each)


def worst(findings: Sequence[Finding]) -> Severity:
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    return Severity.ERROR if errors else Severity.WARNING


def comment(findings: Sequence[Finding]) -> str:
    """What the comment of a cell says: each message with what to do about it."""
    return "\n\n".join(
        visible(finding.message) + (f"\n→ {visible(finding.hint)}" if finding.hint else "")
        for finding in findings
    )[:8000]
