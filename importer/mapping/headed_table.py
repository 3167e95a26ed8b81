"""A source table with its header row found, and the template that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from importer.core.money import tidy
from importer.core.text_column import arrow_texts
from importer.mapping.headers import (
    HeaderMatch,
    accepted_headers,
    header_from_row,
    is_result_sheet,
)
from importer.mapping.patterns import pattern
from importer.mapping.template_model import RowTest, Template
from importer.model.finding import CellRef
from importer.model.tables import SourceTable, TableKind


@dataclass(frozen=True)
class HeadedTable:
    """``index`` is the table's number in the run. Rows ``i`` are indexes into ``source.rows``."""

    source: SourceTable
    header: HeaderMatch
    kind: TableKind
    template: Template
    index: int

    @property
    def start(self) -> int:
        """The first row below the header."""
        return self.header.last_row + 1

    @property
    def is_result(self) -> bool:
        return is_result_sheet(self.source)

    def column(self, name: str) -> int | None:
        """The column that the template names so, by any header it accepts for it."""
        return self.header.column_of(accepted_headers(self.template, name))

    def group_column(self) -> int | None:
        """The column of the names of groups; None where the template has no groups."""
        groups = self.template.source.groups
        return None if groups is None else self.column(groups.column)

    def file_columns(self) -> list[int]:
        """The columns of the file itself, without those that a result adds."""
        return list(self.header.file_columns)

    def text(self, column: int, i: int) -> str:
        """A cell, tidied."""
        return tidy(self.source.columns[column][i])

    def texts(self, column: int) -> pa.LargeStringArray:
        """The cells below the header, as they are."""
        return arrow_texts(self.source.columns[column]).slice(self.start)

    def number(self, i: int) -> int:
        """The row's number in Excel."""
        return int(self.source.rows[i])

    def cell(self, i: int | None = None, column: int | None = None) -> CellRef:
        """The place of a cell, of a row, or of the whole sheet."""
        row = None if i is None else self.number(i)
        header = None if column is None else self.header.headers[column]
        return CellRef(self.source.file, self.source.sheet, row, header, self.index, column)

    def header_cell(self, column: int | None = None) -> CellRef:
        return self.cell(self.header.last_row, column)

    def matching_rows(self, test: RowTest) -> set[int]:
        """The rows below the header that the test holds for."""
        column = self.column(test.column)
        if column is None:
            return set()
        body = enumerate(self.source.columns[column][self.start :], start=self.start)
        if test.matches is not None:
            search = pattern(test.matches).search
            return {i for i, text in body if search(tidy(text))}
        wanted = "" if test.blank else tidy(test.equals or "")
        return {i for i, text in body if tidy(text) == wanted}

    def with_column(self, name: str, texts: Sequence[str]) -> HeadedTable:
        """The table with another text column at its end; ``texts`` stand below the header."""
        top = self.start - self.header.row_count
        above = [""] * self.start
        above[top] = name
        kinds = self.source.kinds and (*self.source.kinds, bytes(len(self.source.rows)))
        source = replace(self.source, columns=(*self.source.columns, (*above, *texts)), kinds=kinds)
        return replace(
            self, source=source, header=header_from_row(source, top, self.header.row_count)
        )
