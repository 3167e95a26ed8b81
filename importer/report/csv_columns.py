"""The rows of a CSV result made a column at a time, for the very large.

Row by row they are the same as ``every_row`` and ``added`` give them; only rows of which there is
more to say than their status and a message are asked for one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.arrow_strings import Cells, one, replaced, spread, texts_of, whole_numbers
from importer.core.safe_text import visible
from importer.core.text_column import arrow_texts
from importer.model.finding import Finding
from importer.model.journal_states import Status
from importer.model.report_model import Report
from importer.model.tables import InputTable, Role, TableKind
from importer.report.csv_cells import amounts
from importer.report.finding_index import ANOTHER_ROW, joined
from importer.report.outcomes import STATUSES, BillOutcomes, LineOutcomes
from importer.report.report_rows import Row, added
from importer.report.xlsx.result_columns import (
    ATTEMPTS,
    GROSS,
    MESSAGE,
    NET,
    SOURCE_ROW,
    STATUS,
    TAX,
    kept_columns,
)
from importer.validation.finding_batch import Findings

_STATUSES = texts_of([status.value for status in STATUSES])
_INVALID = STATUSES.index(Status.INVALID)
SAFE = frozenset((STATUS, ATTEMPTS, SOURCE_ROW, GROSS, NET, TAX))  # words and numbers of our own


class CsvRowBlock:
    """The rows of one table, from which parts may be made by several threads at once."""

    def __init__(self, report: Report, t: int) -> None:
        self.table = table = report.tables[t]
        results = report.bills if table.kind is TableKind.BILLS else report.line_items
        assert isinstance(results, BillOutcomes | LineOutcomes)
        self._results = results
        start = table.header + 1
        self._columns = [
            arrow_texts(table.source.columns[c]).slice(start) for c in kept_columns(table.headers)
        ]
        self._rows = np.asarray(table.source.rows[start:], dtype=np.int64)
        self._items = np.full(len(self._rows), -1, dtype=np.int64)
        self._items[_data_rows(table)] = np.flatnonzero(results.table == t)
        self._plain = results.plain()
        findings = report.findings
        self._findings = findings if isinstance(findings, Findings) else Findings(findings)
        self._told_rows, self._first_told = _told_rows(self._findings, t)

    def __len__(self) -> int:
        return len(self._rows)

    def part(self, which: slice) -> tuple[list[pa.LargeStringArray], dict[str, Cells]]:
        """The cells of the kept columns, and the columns that are added, for some of the rows.

        Texts are as they are in the file; an added column that is not there is blank.
        """
        items, rows = self._items[which], self._rows[which]
        none, results = items < 0, self._results
        odd = none | np.isin(rows, self._told_rows)
        told: dict[str, Cells] = {ATTEMPTS: "0", SOURCE_ROW: whole_numbers(rows), MESSAGE: ""}
        if not none.all():
            odd[~none] |= ~self._plain[items[~none]]
            known = np.where(none, items.max(), items)  # of the others nothing is kept
            gross, net, tax = results.told
            told |= {name: amounts(each, known, results.units)
                     for name, each in ((GROSS, gross), (NET, net), (TAX, tax))}  # fmt: skip
            codes = results.codes[known]
            alike = (codes == codes[0]).all()
            told[STATUS] = STATUSES[codes[0]].value if alike else _STATUSES.take(pa.array(codes))
            told[MESSAGE] = _one_for_all(codes == _INVALID, ANOTHER_ROW)
            if results.only_checked and odd.any():
                odd &= ~self._say_messages(told, items)
        self._say(told, np.flatnonzero(odd), items, rows, self.table.roles[which])
        return [column[which] for column in self._columns], told

    def _say_messages(self, told: dict[str, Cells], items: np.ndarray) -> np.ndarray:
        """The messages of rows of which there is nothing else to say; which have one."""
        messages = self._results.messages(items)
        has = np.asarray(pc.binary_length(messages)) > 0
        if has.any():
            base = spread(told[MESSAGE], len(items))
            told[MESSAGE] = pc.if_else(pa.array(has), messages, base)
        return has

    def _say(
        self,
        told: dict[str, Cells],
        odd: np.ndarray,
        items: np.ndarray,
        rows: np.ndarray,
        roles: Sequence[Role],
    ) -> None:
        """What is added to the rows ``odd``, put in its place."""
        if not len(odd):
            return
        each: list[dict[str, str]] = []
        for k in odd.tolist():
            row, role, item = int(rows[k]), roles[k], int(items[k])
            result = self._results.bare(item) if item >= 0 else None
            message = visible(result.message) if result is not None else ""
            message = message or joined(visible(f.message) for f in self._findings_at(row))
            if not message and result is not None and result.status is Status.INVALID:
                message = ANOTHER_ROW
            message = message or self.table.reasons.get(row, "")
            each.append(added(Row(self.table, [], (), role, row, result, message)))
        without = items[odd] < 0
        for name in set(told).union(*each):
            base = spread(told.get(name, ""), len(items))
            own = texts_of([of_row.get(name, "") for of_row in each])
            if name in (GROSS, NET, TAX):  # as for any row; but a row that is no item has none
                own = pc.if_else(pa.array(without), one(""), base.take(pa.array(odd)))
            told[name] = replaced(base, odd, own)

    def _findings_at(self, row: int) -> Sequence[Finding]:
        first, end = np.searchsorted(self._told_rows, [row, row + 1]) + self._first_told
        return self._findings[first:end]


def _told_rows(findings: Findings, t: int) -> tuple[np.ndarray, int]:
    """The rows of a table's findings, and which is the first: they stand in the order of rows."""
    table, row = findings.where()
    first, end = np.searchsorted(table, [t, t + 1])
    own = row[first:end]
    of_rows = int(np.searchsorted(own, 0))  # those before are of the whole table
    return own[of_rows:], int(first) + of_rows


def _one_for_all(which: np.ndarray, text: str) -> Cells:
    if not which.any():
        return ""
    return text if which.all() else texts_of(["", text]).take(pa.array(which.astype(np.int8)))


def _data_rows(table: InputTable) -> np.ndarray:
    roles = list(table.roles)
    if roles.count(Role.DATA) == len(roles):
        return np.arange(len(roles))
    return np.flatnonzero([role is Role.DATA for role in roles])
