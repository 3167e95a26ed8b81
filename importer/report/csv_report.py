"""The result as CSV: one row a row of the file, with the result columns; built by column."""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.arrow_strings import Texts, broadcast, integers, replace_at, scalar, strings
from importer.core.atomic_write import atomic_write
from importer.core.safe_text import visible, without_surrogates
from importer.core.text_column import arrow_texts
from importer.mapping.canonical_columns import row_numbers
from importer.mapping.classified_rows import data_rows
from importer.model.finding import Finding
from importer.model.journal_states import Status
from importer.model.tables import InputTable, Role, TableKind
from importer.report.build_report import Report
from importer.report.csv_cells import csv_cells, csv_lines, decimal_amounts, escape_formula
from importer.report.outcomes import STATUSES, RowOutcomes
from importer.report.result_columns import (
    ATTEMPTS,
    MESSAGE,
    MONEY,
    RESULT_COLUMNS,
    SOURCE_ROW,
    STATUS,
    cell_texts,
    source_columns,
)
from importer.report.row_messages import ANOTHER_ROW, finding_list, row_message
from importer.validation.finding_batch import Findings

FILE, SHEET = "source_file", "source_sheet"
BLOCK_ROWS = 16_384
_THREADS = 2
_STATUSES = strings([status.value for status in STATUSES])
_INVALID = STATUSES.index(Status.INVALID)
# Words and numbers of our replacement, which need no escape.
_UNESCAPED = frozenset((STATUS, ATTEMPTS, SOURCE_ROW, *MONEY))

_Column = tuple[str, int]  # header, and the how-manieth of that name


def write_csv(report: Report, path: Path, block_rows: int = BLOCK_ROWS) -> None:
    """UTF-8 with a byte order mark, commas; columns of the same header share one.

    Rows are written ``block_rows`` at a time: the memory does not grow with them.
    """
    tables = sorted(enumerate(report.tables), key=lambda t: t[1].kind is not TableKind.BILLS)
    columns = list(dict.fromkeys(column for _, table in tables for column in _columns(table)))
    with atomic_write(path) as unfinished, unfinished.open("wb") as out:
        header = io.StringIO(newline="")
        names = [escape_formula(name) for name, _ in columns]
        csv.writer(header).writerow([*names, *RESULT_COLUMNS, FILE, SHEET])
        out.write(header.getvalue().encode("utf-8-sig"))
        with ThreadPoolExecutor(_THREADS) as pool:
            for t, _ in tables:
                rows = _TableRows(report, t)
                blocks = [slice(k, k + block_rows) for k in range(0, len(rows), block_rows)]
                out.writelines(_in_order(pool, partial(rows.lines, columns), blocks))


def _columns(table: InputTable) -> list[_Column]:
    """The columns of the file itself, those of one header numbered."""
    used: Counter[str] = Counter()
    out = []
    for c in source_columns(table):
        used[table.headers[c]] += 1
        out.append((table.headers[c], used[table.headers[c]]))
    return out


def _in_order(
    pool: ThreadPoolExecutor, build: Callable[[slice], memoryview], blocks: Iterable[slice]
) -> Iterator[memoryview]:
    """Each block as ``build`` gives it; few are built ahead, so that memory stays flat."""
    ahead: deque[Future[memoryview]] = deque()
    for block in blocks:
        ahead.append(pool.submit(build, block))
        if len(ahead) > _THREADS:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


class _TableRows:
    """The rows of one table, from which blocks may be built by several threads at once."""

    def __init__(self, report: Report, t: int) -> None:
        self._table = table = report.tables[t]
        self._outcomes: RowOutcomes[Any] = report.line_items
        if table.kind is TableKind.BILLS:
            self._outcomes = report.bills
        start = table.header + 1
        texts = [arrow_texts(table.source.columns[c]).slice(start) for c in source_columns(table)]
        self._texts = dict(zip(_columns(table), texts, strict=True))
        self._rows = row_numbers(table.source)[start:]
        self._items = np.full(len(self._rows), -1, dtype=np.int64)  # -1: neither bill nor line
        data = np.flatnonzero(data_rows(table.roles))
        self._items[data] = self._outcomes.items_of_rows(t)
        self._only_checked = self._outcomes.only_checked()
        self._findings = report.findings.in_file_order()
        self._finding_rows, self._first_finding = _rows_with_findings(self._findings, t)

    def __len__(self) -> int:
        return len(self._rows)

    def lines(self, columns: Sequence[_Column], block: slice) -> memoryview:
        """Some of the rows as lines of the file; ``columns`` are those of all tables."""
        texts = {column: cells[block] for column, cells in self._texts.items()}
        source, added = self._table.source, self._result_columns(block)
        return csv_lines(
            [
                *(csv_cells(texts.get(column, "")) for column in columns),
                *(
                    added.get(name, "") if name in _UNESCAPED else csv_cells(added.get(name, ""))
                    for name in RESULT_COLUMNS
                ),
                csv_cells(without_surrogates(source.file)),
                csv_cells(source.sheet or ""),
            ]
        )

    def _result_columns(self, block: slice) -> dict[str, Texts]:
        """The result columns of a block; a missing column is blank."""
        items, rows, outcomes = self._items[block], self._rows[block], self._outcomes
        out: dict[str, Texts] = {ATTEMPTS: "0", SOURCE_ROW: integers(rows), MESSAGE: ""}
        no_item, has_finding = items < 0, np.isin(rows, self._finding_rows)
        replaced = no_item.copy()
        if not no_item.all():
            some = np.where(no_item, items.max(), items)  # no_item rows are overwritten below
            for name, cents in zip(MONEY, outcomes.amounts, strict=True):
                out[name] = decimal_amounts(cents, some, outcomes.units)
            codes = outcomes.codes[some]
            equal = (codes == codes[0]).all()
            out[STATUS] = STATUSES[codes[0]].value if equal else _STATUSES.take(pa.array(codes))
            only_checked = ~no_item & self._only_checked[some]
            messages = outcomes.messages(np.where(only_checked, items, -1))
            has_message = np.asarray(pc.binary_length(messages)) > 0
            default = strings(["", ANOTHER_ROW]).take(pa.array((codes == _INVALID).astype(np.int8)))
            out[MESSAGE] = pc.if_else(pa.array(has_message), messages, default)
            replaced |= ~only_checked | (has_finding & ~has_message)
        self._replace(out, np.flatnonzero(replaced), has_finding, block)
        return out

    def _replace(
        self, out: dict[str, Texts], at: np.ndarray, has_finding: np.ndarray, block: slice
    ) -> None:
        """Replace the result columns of the rows ``at`` of a block.

        One by one, but for rows without a result and findings, by role and reason.
        """
        if not len(at):
            return
        items, rows, table = self._items[block], self._rows[block], self._table
        roles = table.roles[block]

        def texts_of(role: Role, reason: str, row: int = -1, item: int = -1) -> dict[str, str]:
            result = self._outcomes.row_result(item) if item >= 0 else None
            message = row_message(role, result, partial(self._finding_list, row), reason)
            return cell_texts(table.kind, row, role, result, message)

        texts_by_role, by_role = cache(texts_of), (items < 0) & ~has_finding
        each: list[dict[str, str]] = []
        for k in at.tolist():
            row, role = int(rows[k]), roles[k]
            reason = table.reasons.get(row, "")
            if by_role[k]:
                each.append(texts_by_role(role, reason))
            else:
                each.append(texts_of(role, reason, row, int(items[k])))
        no_item = pa.array(items[at] < 0)
        for name in set(out).union(*each) - {SOURCE_ROW}:
            texts = broadcast(out.get(name, ""), len(items))
            if name in MONEY:  # as of any row; a row that is no item has none
                replacement = pc.if_else(no_item, scalar(""), texts.take(pa.array(at)))
            else:
                replacement = strings([columns.get(name, "") for columns in each])
            out[name] = replace_at(texts, at, replacement)

    def _finding_list(self, row: int) -> str:
        return finding_list(visible(finding.message) for finding in self._findings_at(row))

    def _findings_at(self, row: int) -> Sequence[Finding]:
        first, end = np.searchsorted(self._finding_rows, [row, row + 1]) + self._first_finding
        return self._findings[first:end]


def _rows_with_findings(findings: Findings, t: int) -> tuple[np.ndarray, int]:
    """The rows of a table's findings, in order, and the index of the first finding."""
    table, row, _ = findings.where()
    first, end = np.searchsorted(table, [t, t + 1])
    rows = row[first:end]
    start = int(np.searchsorted(rows, 0))  # those before are of the whole table
    return rows[start:], int(first) + start
