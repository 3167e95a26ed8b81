"""Which findings belong to which row and cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.report_model import Report
from importer.report.phrases import count
from importer.report.row_index import Items, places
from importer.report.xlsx.cell_values import MOST_ROWS
from importer.validation.finding_batch import Findings

Place = tuple[int, int]  # table, row as Excel numbers it
ANOTHER_ROW = "Another row of this bill has a problem: see the sheet Problems."
MOST_LISTED = MOST_ROWS - 6  # in the sheet Problems: below them there are notes
_MOST_MESSAGES = 8


class FindingIndex:
    """The findings of a report, looked up by table and row.

    ``Finding.bills`` and ``Finding.lines`` are taken as positions in ``Report.bills`` and
    ``Report.line_items``. ``listed`` are those that the sheet Problems has, at most ``most``.
    """

    def __init__(self, report: Report, most: int = MOST_LISTED) -> None:
        self.at: dict[Place, list[Finding]] = defaultdict(list)
        self.of_bill: dict[int, list[Finding]] = defaultdict(list)
        self._elsewhere: dict[Place, list[Finding]] = defaultdict(list)
        self._first: dict[Place, int] = {}
        self.listed: list[Finding] = []
        bills, lines = (_Places(each) for each in (report.bills, report.line_items))
        room = _room(report.findings, min(most, MOST_LISTED))
        for finding in report.findings:
            n = None
            if room[finding.severity]:
                room[finding.severity] -= 1
                n = len(self.listed)
                self.listed.append(finding)
            here = place(finding)
            if here is not None:
                self.at[here].append(finding)
                self._number(here, n)
            for i in finding.bills:
                if (there := bills.at(i)) is not None:
                    self.of_bill[i].append(finding)
                    self._mention(there, here, finding, n)
            for i in finding.lines:
                if (there := lines.at(i)) is not None:
                    self._mention(there, here, finding, n)
        self.left_out = len(report.findings) - len(self.listed)

    def _number(self, there: Place, n: int | None) -> None:
        if n is not None:
            self._first.setdefault(there, n)

    def _mention(self, there: Place, here: Place | None, finding: Finding, n: int | None) -> None:
        self._number(there, n)
        told = self._elsewhere[there] if there != here else None
        if told is not None and not (told and told[-1] is finding):  # of a bill and of its line
            told.append(finding)

    def message(self, there: Place) -> str:
        """What is wrong with the row, and what is wrong elsewhere that concerns it."""
        if there not in self.at and there not in self._elsewhere:
            return ""
        own = [visible(finding.message) for finding in self.at.get(there, ())]
        return joined([*own, *map(with_place, self._elsewhere.get(there, ()))])

    def problem(self, there: Place) -> str | None:
        """Where the first of the row's problems stands in the workbook, as the target of a link."""
        n = self._first.get(there)
        return None if n is None else f"internal:'Problems'!G{n + 2}"


class _Places:
    """Where each bill or line item stands; looked for when the first is asked for."""

    def __init__(self, items: Items) -> None:
        self._items, self._known = items, False

    def at(self, i: int) -> Place | None:
        if not 0 <= i < len(self._items):
            return None
        if not self._known:
            self._tables, self._rows = places(self._items)
            self._known = True
        return int(self._tables[i]), int(self._rows[i])


def _room(findings: Sequence[Finding], most: int) -> dict[Severity, int]:
    """How many of each severity are listed, where ``most`` are: errors before warnings."""
    if isinstance(findings, Findings):
        errors = findings.count_of(Severity.ERROR)
    else:
        errors = sum(finding.severity is Severity.ERROR for finding in findings)
    return {Severity.ERROR: min(errors, most), Severity.WARNING: max(most - errors, 0)}


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
