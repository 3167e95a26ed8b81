"""The sheets ``Bills`` and ``Line items``: every row of the file, with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import TYPE_CHECKING

from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.journal_states import IN_LIGHT, Status
from importer.model.report_model import RowResult
from importer.model.tables import CellKind, InputTable, Role, TableKind
from importer.readers.number_formats import format_for_mark
from importer.report.finding_index import ANOTHER_ROW, FindingIndex, comment, joined, worst
from importer.report.row_index import RowIndex
from importer.report.xlsx.cell_styles import GENERAL, PLAIN, QUIET, TEXT
from importer.report.xlsx.cell_values import (
    LONGEST,
    LONGEST_AS_TEXT,
    as_number,
    fitting,
    number_format,
    width_of,
    write_text,
)
from importer.report.xlsx.page_setup import set_up_table
from importer.report.xlsx.result_columns import (
    AddedColumns,
    added_headers,
    kept_columns,
    status_of,
    write_added_headers,
)
from importer.report.xlsx.row_xml import (
    AT_ONCE,
    RowXmlBlock,
    all_plain,
    blank_tail,
    number_tail,
    text_tail,
)
from importer.report.xlsx.workbook_context import MOST_COMMENTS, WorkbookContext

if TYPE_CHECKING:
    from importer.report.xlsx.streaming_sheet import QuickSheet

_NO_RESULT = "Nothing is known about this row."


def write_table(
    sheet: QuickSheet, output: WorkbookContext, table: int, source: InputTable, results: RowIndex
) -> None:
    """Every row below the header of ``source``; ``results`` are those of this table."""
    kept = kept_columns(source.headers)
    output.written.sheets[table] = sheet.get_name()
    output.written.columns[table] = {column: c for c, column in enumerate(kept)}
    added = added_headers(source.kind, results.told())
    set_up_table(sheet, len(kept) + len(added), len(source.roles))
    _write_headers(sheet, output, table, source, added)
    _Rows(sheet, output, table, source, results, added).write()


def _write_headers(
    sheet: QuickSheet,
    output: WorkbookContext,
    table: int,
    source: InputTable,
    added: tuple[str, ...],
) -> None:
    formats, written = output.formats, output.written
    kept = kept_columns(source.headers)
    header_row = source.source.rows[source.header] if source.source.rows else 0
    marks: Mapping[int, Severity] = {}
    if (table, header_row) in output.found.at:
        written.rows[table, header_row] = 0
        marks = _mark(sheet, output, 0, (table, header_row))
    for c, column in enumerate(kept):
        look = formats.cell[marks[c].value, TEXT] if c in marks else formats.header
        if write_text(sheet, 0, c, source.headers[column], look, formats.top):
            written.alter(f"the header of column {c + 1}")
    write_added_headers(sheet, formats, len(kept), added)


class _Rows:
    """The rows of one table on their way to their sheet."""

    def __init__(
        self,
        sheet: QuickSheet,
        output: WorkbookContext,
        table: int,
        source: InputTable,
        results: RowIndex,
        added: tuple[str, ...],
    ) -> None:
        self.sheet, self.output, self.table, self.source = sheet, output, table, source
        self.results, self.added = results, AddedColumns(sheet, output, added)
        self.kept = kept_columns(source.headers)
        self.formats = [_column_format(source, column) for column in self.kept]
        self.longest = [0] * len(self.kept)
        self.altered: dict[int, list[str]] = {}  # by row of the block: texts that do not fit

    def write(self) -> None:
        source, written = self.source, self.output.written
        start, end = source.header + 1, len(source.source.rows)
        sizes = {len(column) for column in source.source.columns}
        sizes |= {len(column) for column in source.source.kinds or ()}
        if sizes - {end} or len(source.roles) != max(end - start, 0):
            # A table whose parts differ in length must not lose rows without a word.
            raise ValueError("a part of a table is shorter than another")
        for first in range(start, end, AT_ONCE):
            self._block(first, min(first + AT_ONCE, end))
        widths = []
        for c, column in enumerate(self.kept):
            of_column = width_of(source.headers[column], self.longest[c])
            # The format of the whole column also covers blank cells, which somebody will fill in.
            self.sheet.set_column(c, c, of_column, self.output.formats.source[self.formats[c]])
            widths.append(of_column)
        written.widths[self.sheet.get_name()] = widths + self.added.fit(len(self.kept))

    def _block(self, first: int, last: int) -> None:
        """The rows from ``first`` to before ``last`` of the source."""
        source, found, there = self.source, self.output.found, self.table
        out = first - source.header  # the row in the sheet
        block = RowXmlBlock(out, last - first)
        rows = [int(row) for row in source.source.rows[first:last]]
        roles = source.roles[first - source.header - 1 : last - source.header - 1]
        self.altered = {}
        columns = [
            self._column(block, c, source.source.columns[column][first:last], first, last)
            for c, column in enumerate(self.kept)
        ]
        for k, row in enumerate(rows):
            quiet = roles[k] is not Role.DATA
            marked = (there, row) in found.at
            if marked:
                self.output.written.rows[there, row] = out + k
            if quiet or marked:
                marks = _mark(self.sheet, self.output, out + k, (there, row)) if marked else {}
                self._shade(block, k, columns, marks, first + k, quiet=quiet)
            if source.kind is TableKind.BILLS:
                self.output.written.bill_at((there, row), self.sheet.get_name(), out + k)
        results = self.results.at(rows)
        self._remember(results)
        messages = [
            self._message(k, row, role, result)
            for k, (row, role, result) in enumerate(zip(rows, roles, results, strict=True))
        ]
        problems = [
            found.problem((there, row)) if message else None
            for row, message in zip(rows, messages, strict=True)
        ]
        statuses = [status_of(*each) for each in zip(roles, results, strict=True)]
        self.added.add(block, rows, statuses, results, messages, problems)
        self.sheet.append(block)

    def _column(
        self, block: RowXmlBlock, c: int, some: Sequence[str], first: int, last: int
    ) -> Sequence[str]:
        """One column of the file, as if all its rows were data without problems; its texts."""
        texts = list(some)
        longest = max(map(len, texts))
        self.longest[c] = max(self.longest[c], longest)
        kinds, column = self.source.source.kinds, self.kept[c]
        has_numbers = kinds is not None and CellKind.NUMBER in kinds[column][first:last]
        if not has_numbers and longest <= LONGEST_AS_TEXT and all_plain(texts):
            block.add_plain(texts, self.output.formats.cell[PLAIN, TEXT]._get_xf_index())
            return texts
        for k, text in enumerate(texts):
            if text and (whole := fitting(text)) != text:
                name = visible(self.source.headers[column])
                self.altered.setdefault(k, []).append(
                    f"{name}, row {self.source.source.rows[first + k]}"
                )
                texts[k] = whole
        block.add(
            [self._tail(c, text, first + k, PLAIN) if text else "" for k, text in enumerate(texts)]
        )
        return texts

    def _tail(self, c: int, text: str, i: int, shade: str) -> str:
        """One cell of the file: ``i`` is its row of the source."""
        source, column, formats = self.source.source, self.kept[c], self.output.formats
        kind = CellKind.TEXT if source.kinds is None else source.kinds[column][i]
        number = as_number(text) if kind == CellKind.NUMBER else None
        shown = number_format(text, kind, number)
        if number is None:
            return text_tail(text, formats.cell[shade, shown]._get_xf_index())
        # what the file shows of a currency must be seen, and found wrong, in the result as well
        if column in source.format_marks and (
            mark := source.format_marks[column].get(int(source.rows[i]))
        ):
            shown = format_for_mark(mark)
        return number_tail(number, formats.figure[shade, shown]._get_xf_index())

    def _shade(
        self,
        block: RowXmlBlock,
        k: int,
        columns: Sequence[Sequence[str]],
        marks: Mapping[int, Severity],
        i: int,
        *,
        quiet: bool,
    ) -> None:
        """Row ``k`` of the block in the colours of its problems, or as a row that is not data."""
        for c in range(len(columns)) if quiet else marks:
            shade = marks[c].value if c in marks else QUIET
            if text := columns[c][k]:
                block.put(k, c, self._tail(c, text, i, shade))
            elif c in marks:
                look = self.output.formats.cell[shade, self.formats[c]]
                block.put(k, c, blank_tail(look._get_xf_index()))

    def _message(self, k: int, row: int, role: Role, result: RowResult | None) -> str:
        message = row_message(lambda: self.output.found, (self.table, row), role, result)
        message = message or self.source.reasons.get(row, "")
        if k in self.altered:
            for place in self.altered[k]:
                self.output.written.alter(place)
            own = [message] if message else []
            message = joined([*own, *map(_altered_words, self.altered[k])])
        return message

    def _remember(self, results: Sequence[RowResult | None]) -> None:
        written = self.output.written
        for result in results:
            if result is not None and result.status in IN_LIGHT:
                written.in_light.setdefault(self.table, []).append(result.row)
            elif result is not None and result.status is Status.UNKNOWN:
                written.unsettled.setdefault(self.table, []).append(result.row)


def _column_format(source: InputTable, column: int) -> str:
    if source.source.kinds is None:
        return TEXT
    kinds = set(islice(source.source.kinds[column], source.header + 1, None))
    return GENERAL if CellKind.NUMBER in kinds else TEXT


def rows_below(
    source: InputTable, kept: list[int]
) -> Iterator[tuple[int, Role, tuple[str, ...], tuple[int, ...] | None]]:
    """Row number, role, kept cells and their kinds, for each row below the header."""
    table, header = source.source, source.header
    rows = [table.rows[i] for i in range(header + 1, len(table.rows))]
    texts: Iterable[tuple[str, ...]] = [()] * len(rows)
    kinds: Iterable[tuple[int, ...] | None] = repeat(None, len(rows))
    if kept:
        below = header + 1, None
        texts = zip(*(islice(table.columns[column], *below) for column in kept), strict=True)
        if table.kinds is not None:
            kinds = zip(*(islice(table.kinds[column], *below) for column in kept), strict=True)
    # strict: a table whose parts differ in length must not lose rows without a word.
    return zip(rows, source.roles, texts, kinds, strict=True)


def _mark(
    sheet: QuickSheet, output: WorkbookContext, out: int, there: tuple[int, int]
) -> dict[int, Severity]:
    """Comments for the findings of one row; which of its columns are to be coloured, and how."""
    cells: dict[int, list[Finding]] = {}
    for finding in output.found.at[there]:
        column = finding.cell.column_index
        result_column = None if column is None else output.written.columns[there[0]].get(column)
        if result_column is not None:
            cells.setdefault(result_column, []).append(finding)
    for c, findings in cells.items():
        if output.written.comments < MOST_COMMENTS:
            output.written.comments += 1
            _write_comment(sheet, out, c, comment(findings))
        else:
            output.written.comments_left_out += 1
    return {c: worst(findings) for c, findings in cells.items()}


def _write_comment(sheet: QuickSheet, row: int, column: int, text: str) -> None:
    lines = sum(1 + len(line) // 44 for line in text.split("\n"))
    look = {"width": 280, "height": min(16 + 15 * lines, 320), "font_size": 9, "color": "#FFFFFF"}
    sheet.write_comment(row, column, text, look)


def row_message(
    found: Callable[[], FindingIndex], there: tuple[int, int], role: Role, result: RowResult | None
) -> str:
    """What is said of a row; ``found`` is asked only where its result says nothing."""
    if result is not None and result.message:
        return visible(result.message)
    message = found().message(there)
    if message or role is not Role.DATA:
        return message
    if result is None:
        return _NO_RESULT
    return ANOTHER_ROW if result.status is Status.INVALID else ""


def _altered_words(place: str) -> str:
    return (
        f"{place}: an Excel cell cannot hold this text as it is (at most {LONGEST:,} characters); "
        "the file itself has all of it"
    )
