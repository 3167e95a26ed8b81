"""The rows of a checked file, as the grid asks for them: some at a time, with what is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from importer.app.correction_log import CellEdit
from importer.app.page_words import HEADER_ROW, column_name, shown_text, status_name
from importer.app.result import Result
from importer.app.workspace import Workspace
from importer.model.finding import Finding, Severity
from importer.model.tables import InputTable

MOST_CAUSES = 200
MOST_ROWS = 400  # in one answer
_WIDE = 1 << 32
ALL, PROBLEMS, EDITED = "all", "problems", "edited"


class SheetView:
    """The tables of a result, with the corrections made since it was checked."""

    def __init__(self, result: Result, workspace: Workspace, version: int) -> None:
        self.result, self.version = result, version
        # Of this very check: the numbers of its causes mean nothing in another.
        self.mark = secrets.token_hex(8)
        self.tables: Sequence[InputTable] = result.report.tables
        self._folder = str(workspace.files)
        self.files = [workspace.original_of(table.source.file) for table in self.tables]
        tables, rows, _ = (np.asarray(each, dtype=np.int64) for each in result.findings.where())
        rows = rows.copy()
        for n in np.flatnonzero(rows < 0).tolist():
            rows[n] = self._row_of_header(result.findings[n])
        keys = tables * _WIDE + rows
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        self.causes = result.findings.by_cause(MOST_CAUSES)
        self._positions: dict[tuple[int, str], np.ndarray] = {}
        self._statuses: dict[int, dict[int, str]] = {}
        self._indexes: dict[int, dict[int, int]] = {}
        self._edited: dict[str, dict[tuple[str | None, int, int], str]] = {}
        self.refresh(workspace)

    def words(self, text: str) -> str:
        """A sentence without the folder in which the server keeps the files: nobody put them
        there."""
        return text.replace(self._folder, "the folder of these files")

    def refresh(self, workspace: Workspace) -> None:
        """Take over the corrections that stand now."""
        self._edited = workspace.edited()
        self._positions = {key: at for key, at in self._positions.items() if key[1] != EDITED}

    def describe(self, t: int) -> dict[str, Any]:
        """A table for the page: its name, its columns, how many rows."""
        table = self.tables[t]
        name = Path(self.files[t]).name + (f", {table.source.sheet}" if table.source.sheet else "")
        headers = [shown_text(header) or column_name(c) for c, header in enumerate(table.headers)]
        return {
            "name": shown_text(name),
            "headers": headers,
            "letters": [column_name(c) for c in range(len(headers))],
            "rows": len(self.positions(t, ALL)),
        }

    def _of_result(self, t: int) -> bool:
        """Whether the table is of a result workbook, whose headers have to stay as they are."""
        return bool(self.tables[t].source.file_columns)

    def _file_column(self, t: int, column: int) -> int:
        """Where a column is in the file: a result workbook has its own columns beside it."""
        columns = self.tables[t].source.file_columns
        return columns[column] if columns else column

    def positions(self, t: int, chosen: str) -> np.ndarray:
        """Which rows of the table are shown: indexes into those of its source."""
        if (t, chosen) not in self._positions:
            table = self.tables[t]
            every = np.arange(self._first(t), len(table.source.rows))
            if chosen != ALL:
                numbers = np.asarray(table.source.rows, dtype=np.int64)[every]
                every = every[np.isin(numbers, sorted(self._chosen_rows(t, chosen)))]
            self._positions[t, chosen] = every
        return self._positions[t, chosen]

    def _row_of_header(self, finding: Finding) -> int:
        """The row of the header that a finding about a whole column is about; -1 for none."""
        cell = finding.cell
        if cell.table is None or cell.column_index is None or self._of_result(cell.table):
            return -1
        table = self.tables[cell.table]
        return int(table.source.rows[table.header])

    def rows_of(self, n: int) -> set[int]:
        """The rows of the sheet that the cause of that number is about."""
        cause = self.causes[n]
        return set(cause.rows) or {row for row in [self._row_of_header(cause.first)] if row >= 0}

    def _first(self, t: int) -> int:
        """The first row that can be corrected: the header, except of a result workbook."""
        return self.tables[t].header + self._of_result(t)

    def _chosen_rows(self, t: int, chosen: str) -> set[int]:
        table = self.tables[t]
        if chosen == EDITED:
            cells = self._edited.get(self.files[t], {})
            return {row for sheet, row, _ in cells if sheet == table.source.sheet}
        if chosen == PROBLEMS:
            low, high = np.searchsorted(self._keys, [t * _WIDE, (t + 1) * _WIDE])
            return set((self._keys[low:high] - t * _WIDE).tolist())
        n = int(chosen)
        return self.rows_of(n) if self.causes[n].first.cell.table == t else set()

    def page(self, t: int, chosen: str, start: int, count: int) -> dict[str, Any]:
        """Some of the shown rows."""
        positions = self.positions(t, chosen)
        some = positions[max(start, 0) : max(start, 0) + min(count, MOST_ROWS)]
        return {"total": len(positions), "rows": [self._row(t, int(i)) for i in some]}

    def place_of(self, t: int, chosen: str, row: int) -> int:
        """Where a row of Excel is among those shown, 0 where it is not."""
        numbers = np.asarray(self.tables[t].source.rows, dtype=np.int64)
        at = np.flatnonzero(numbers[self.positions(t, chosen)] == row)
        return int(at[0]) if len(at) else 0

    def _row(self, t: int, i: int) -> dict[str, Any]:
        table = self.tables[t]
        row = int(table.source.rows[i])
        bad: dict[int, list[str]] = {}
        notes = []
        for finding in self._findings(t, row):
            words = [str(finding.severity), self.words(finding.message), finding.hint]
            column = finding.cell.column_index
            if column is None:
                notes.append(" ".join(filter(None, words[1:])))
            elif column not in bad or finding.severity is Severity.ERROR:
                bad[column] = words
        cells = self._edited.get(self.files[t], {})
        sheet = table.source.sheet
        return {
            "row": row,
            "header": i == table.header,
            "cells": [self.text(t, i, c) for c in range(len(table.headers))],
            "bad": bad,
            "notes": notes,
            "edited": [
                c
                for c in range(len(table.headers))
                if (sheet, row, self._file_column(t, c)) in cells
            ],
            "status": HEADER_ROW if i == table.header else self._status(t, row),
        }

    def _findings(self, t: int, row: int) -> list[Finding]:
        low, high = np.searchsorted(self._keys, [t * _WIDE + row, t * _WIDE + row + 1])
        return [self.result.findings[int(n)] for n in sorted(self._order[low:high].tolist())]

    def _status(self, t: int, row: int) -> str:
        if t not in self._statuses:
            statuses: dict[int, str] = {}
            for outcomes in (self.result.report.line_items, self.result.report.bills):
                for item in outcomes.items_of_rows(t).tolist():
                    statuses[int(outcomes.row[item])] = status_name(outcomes.status(item))
            self._statuses[t] = statuses
        return self._statuses[t].get(row, "")

    # --- cells --------------------------------------------------------------------------------

    def text(self, t: int, i: int, column: int) -> str:
        """The text of a cell now."""
        source = self.tables[t].source
        place = (source.sheet, int(source.rows[i]), self._file_column(t, column))
        edited = self._edited.get(self.files[t], {})
        if place in edited:
            return edited[place]
        return source.columns[column][i] if column < len(source.columns) else ""

    def edit(self, t: int, row: int, column: int, text: str) -> CellEdit:
        """The edit that makes a cell this text; KeyError or IndexError where the table has no such
        cell."""
        table = self.tables[t]
        if t not in self._indexes:
            rows = enumerate(np.asarray(table.source.rows).tolist())
            self._indexes[t] = {int(n): i for i, n in rows if i >= self._first(t)}
        i = self._indexes[t][row]
        header = table.headers[column].strip() or column_name(column)
        before = self.text(t, i, column)
        place = table.source.sheet, row, self._file_column(t, column)
        return CellEdit(self.files[t], *place, header, before, text)

    def edits_like(
        self, t: int, chosen: str, column: int, new: Callable[[str], str]
    ) -> list[CellEdit]:
        """One correction of all shown cells of a column; ``new`` makes the text."""
        table, edits = self.tables[t], []
        for i in self.positions(t, chosen).tolist():
            if i == table.header:
                continue
            text = self.text(t, i, column)
            if (corrected := new(text)) != text:
                edits.append(self.edit(t, int(table.source.rows[i]), column, corrected))
        return edits
