"""Which findings belong to which row and cell."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from importer.core.lazy_sequence import LazySequence
from importer.core.safe_text import visible
from importer.model.finding import CellRef, Finding, Severity
from importer.model.report_model import TableRow
from importer.report.build_report import Report
from importer.report.row_messages import finding_list, with_place
from importer.validation.finding_batch import FindingBatch, Findings, finding_count


class FindingIndex:
    """The findings of a report, looked up by table and row; built on access.

    ``Finding.bills`` and ``Finding.lines`` are indexes into ``Report.bills`` and
    ``Report.line_items``. ``listed`` are those that the sheet Problems has: at most ``most``,
    errors before warnings. ``omitted`` is the number of the others.
    """

    def __init__(self, report: Report, most: int = 0) -> None:
        findings, bills, lines = report.findings, report.bills, report.line_items
        self._findings = findings
        tables, rows, self._columns = findings.where()
        self._errors = findings.errors()
        keys, every = _keys(tables, rows), np.arange(len(findings))
        bill, of_bill, line, of_line = _items(findings)
        concerned = np.concatenate(
            [_keys(bills.table[bill], bills.row[bill]), _keys(lines.table[line], lines.row[line])]
        )
        numbers = np.concatenate([of_bill, of_line])
        placed, elsewhere = (tables >= 0) & (rows >= 0), concerned != keys[numbers]
        self._at = _NumbersByKey(keys[placed], every[placed])
        self._elsewhere = _NumbersByKey(concerned[elsewhere], numbers[elsewhere])
        self._of_bill = _NumbersByKey(bill, of_bill)
        listed = _listed(self._errors, most)
        self.listed: Sequence[Finding] = _Selected(findings, listed)
        in_list = np.full(len(findings), -1)
        in_list[listed] = np.arange(len(listed))
        keys, turns = np.append(keys[placed], concerned), in_list[np.append(every[placed], numbers)]
        self._turns = _NumbersByKey(keys[turns >= 0], turns[turns >= 0])
        self.omitted = len(findings) - len(listed)

    def at(self, place: TableRow) -> list[int]:
        """The numbers of the findings in a row."""
        return self._at.numbers(_key(place))

    def finding(self, number: int) -> Finding:
        return self._findings[number]

    def column(self, number: int) -> int:
        """The column of the file that a finding is in; of none more than any file has."""
        return int(self._columns[number])

    def worst(self, numbers: Sequence[int]) -> Severity:
        return Severity.ERROR if self._errors[numbers].any() else Severity.WARNING

    def message(self, place: TableRow) -> str:
        """What is wrong with the row, and what is wrong elsewhere that concerns it."""
        in_row, elsewhere = self.at(place), self._elsewhere.numbers(_key(place))
        if not in_row and not elsewhere:  # as most rows
            return ""
        messages = [visible(self.finding(n).message) for n in in_row]
        return finding_list([*messages, *map(with_place, map(self.finding, elsewhere))])

    def bill_message(self, i: int, place: TableRow) -> str:
        """What is wrong with a bill, for a row of its own."""
        numbers = self._of_bill.numbers(i) or self.at(place)
        return finding_list(map(with_place, map(self.finding, numbers)))

    def problem_cell(self, place: TableRow) -> str | None:
        """The link to the first of the row's problems in the sheet Problems."""
        turns = self._turns.numbers(_key(place))
        return f"internal:'Problems'!G{turns[0] + 2}" if turns else None


class _NumbersByKey:
    """The numbers of each key, ascending."""

    def __init__(self, keys: np.ndarray, numbers: np.ndarray) -> None:
        order = np.lexsort((numbers, keys))
        self._keys, self._numbers = array("q", keys[order].tolist()), numbers[order]

    def numbers(self, key: int) -> list[int]:
        start = bisect_left(self._keys, key)
        if start == len(self._keys) or self._keys[start] != key:
            return []
        numbers: list[int] = self._numbers[start : bisect_right(self._keys, key, start)].tolist()
        return numbers


class _Selected(LazySequence[Finding]):
    def __init__(self, findings: Findings, numbers: np.ndarray) -> None:
        self._findings, self._numbers = findings, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def _item(self, i: int) -> Finding:
        return self._findings[int(self._numbers[i])]


def _items(findings: Findings) -> list[np.ndarray]:
    """Bills, the numbers of the findings that are about them, and the same of line items."""
    parts, within = findings.order()
    starts = np.cumsum([0, *map(finding_count, findings.parts)])
    number = np.empty(len(findings), dtype=np.int64)  # of each as added
    number[starts[parts] + within] = np.arange(len(findings))
    placed = list(zip(findings.parts, starts.tolist(), strict=False))
    out = []
    for name in ("bills", "lines"):
        single = [(i, s) for p, s in placed if isinstance(p, Finding) for i in getattr(p, name)]
        pairs = [np.asarray(single, dtype=np.int64).reshape(-1, 2)]
        for p, start in placed:
            if isinstance(p, FindingBatch) and len(items := getattr(p, name)):
                # Some batches have two bills to a finding.
                pairs.append(np.column_stack([items, start + np.arange(len(items)) % len(p)]))
        item, added = np.concatenate(pairs).T
        out += [item, number[added]]
    return out


def _listed(errors: np.ndarray, most: int) -> np.ndarray:
    """The numbers of the findings that are listed: ``most``, and errors before warnings."""
    some = np.flatnonzero(errors)[:most]
    return np.sort(np.append(some, np.flatnonzero(~errors)[: most - len(some)]))


def _keys(tables: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray((tables.astype(np.int64) << 32) + rows)


def _key(place: TableRow) -> int:
    return (place[0] << 32) + place[1]


def place_of(cell: CellRef) -> TableRow | None:
    return None if cell.table is None or cell.row is None else (cell.table, cell.row)
