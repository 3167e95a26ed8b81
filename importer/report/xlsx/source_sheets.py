"""The sheets ``Bills`` and ``Line items``: every row of the file, with its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from importer.core.cell_parsers import parse_uuid
from importer.core.progress import step
from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.journal_states import Status
from importer.model.report_model import RowResult, TableRow
from importer.model.tables import CellKind, InputTable, Role, TableKind
from importer.readers.number_formats import format_for_mark
from importer.report.result_columns import (
    FIRST_COLUMNS,
    has_then,
    last_columns,
    source_columns,
    status_of,
)
from importer.report.row_index import RowIndex
from importer.report.row_messages import finding_list, row_message
from importer.report.xlsx.cell_styles import GENERAL, NO_SHADE, QUIET, STRUCK, TEXT
from importer.report.xlsx.cell_values import (
    HEADER_LINES,
    LONGEST,
    LONGEST_AS_TEXT,
    as_number,
    fits_shrunk,
    fitting,
    number_format,
    width_of,
    write_text,
)
from importer.report.xlsx.page_setup import set_up_table
from importer.report.xlsx.result_cells import ID_WIDTH, ResultCells
from importer.report.xlsx.row_xml import (
    BLOCK_ROWS,
    RowXmlBlock,
    blank_xml,
    need_no_escape,
    number_xml,
    text_xml,
)
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number
from importer.report.xlsx.workbook_context import WorkbookContext

_LONGEST_COMMENT = 8_000
_LOOKED_AT = 20  # cells of a column, for one that is an id
_HEADER_HEIGHT, _ROW_HEIGHT = 47, 15  # points


class SheetWriter:
    """One table on its way to its sheet: every row below the header of ``source``; ``results`` are
    those of this table."""

    def __init__(
        self,
        sheet: StreamingSheet,
        context: WorkbookContext,
        table: int,
        source: InputTable,
        results: RowIndex,
    ) -> None:
        self.sheet, self.context, self.table, self.source = sheet, context, table, source
        self.results = results
        self.columns = source_columns(source)
        # The column that says which bill a row is of; where it is the first, it needs no copy.
        self.reference = context.reference_columns.get(table)
        needs_copy = self.reference is not None and self.reference != self.columns[0]
        self.first = FIRST_COLUMNS if needs_copy else FIRST_COLUMNS[:2]
        last = last_columns(source.kind, results.has_amounts(), then=has_then(source))
        at = len(self.first) + len(self.columns)
        self.result_cells = ResultCells(sheet, context, self.first, last, at)
        self.width = at + len(last)
        self.height = float(_HEADER_HEIGHT)
        self.longest = [0] * len(self.columns)
        self.altered: dict[int, list[str]] = {}  # by row of the block: texts that do not fit

    def write(self) -> None:
        source, context = self.source, self.context
        start, end = source.header + 1, len(source.source.rows)
        sizes = {len(column) for column in source.source.columns}
        sizes |= {len(column) for column in source.source.kinds or ()}
        if sizes - {end} or len(source.roles) != max(end - start, 0):
            # A table whose parts differ in length must not lose rows silently.
            raise ValueError("a part of a table is shorter than another")
        context.sheet_names[self.table] = self.sheet.get_name()
        offset = len(self.first)
        context.columns[self.table] = {column: offset + c for c, column in enumerate(self.columns)}
        # With the column of the bill, which is the first of the file or the copy of another.
        frozen = 3 if self.columns and self.reference is not None else 2
        rows = len(source.roles)
        set_up_table(self.sheet, self.width, rows, frozen=frozen, height=_HEADER_HEIGHT)
        self.result_cells.write_headers()
        self._write_headers()
        self.formats = [_column_format(source, column) for column in self.columns]
        for first in range(start, end, BLOCK_ROWS):
            self._write_block(first, min(first + BLOCK_ROWS, end))
            step(min(BLOCK_ROWS, end - first))
        widths = []
        for c, column in enumerate(self.columns):
            width = width_of(source.headers[column], self.longest[c], lines=HEADER_LINES)
            if self.longest[c] == 36 and self._holds_ids(column):
                width = ID_WIDTH
            # The format of the whole column also covers blank cells, which somebody will fill in.
            name = "text_column" if self.formats[c] == TEXT else "general_column"
            self.sheet.set_column(offset + c, offset + c, width, context.styles[name])
            widths.append(width)
        self.result_cells.fit(widths, rows, self.height)
        self.result_cells.offer_then(rows)

    def _holds_ids(self, column: int) -> bool:
        cells = islice(self.source.source.columns[column], self.source.header + 1, None)
        some = islice(filter(None, cells), _LOOKED_AT)
        return any(len(text) == 36 and not parse_uuid(text)[1] for text in some)

    def _write_headers(self) -> None:
        source, styles = self.source, self.context.styles
        header_row = source.source.rows[source.header] if source.source.rows else 0
        marks: Mapping[int, Severity] = {}
        if self.context.findings.at(place := (self.table, int(header_row))):
            self.context.rows[place] = 0
            marks = self._mark(0, place)
        for c, column in enumerate(self.columns):
            usual = "header_word" if fits_shrunk(source.headers[column]) else "header"
            style = styles.cell[marks[c].value, TEXT] if c in marks else styles[usual]
            at = len(self.first) + c
            if write_text(self.sheet, 0, at, source.headers[column], style, styles["top"]):
                self.context.note_altered(f"the header of column {at + 1}")

    def _write_block(self, first: int, last: int) -> None:
        """The rows from ``first`` to before ``last`` of the source."""
        source, context = self.source, self.context
        out = first - source.header  # the row in the sheet
        block = RowXmlBlock(out, last - first)
        rows = [int(row) for row in source.source.rows[first:last]]
        places = [(self.table, row) for row in rows]
        roles = source.roles[first - source.header - 1 : last - source.header - 1]
        self.altered = {}
        self.result_cells.reserve(block)
        columns = [self._add_column(block, c, first, last) for c in range(len(self.columns))]
        for k, place in enumerate(places):
            marked = bool(context.findings.at(place))
            if marked:
                context.rows[place] = out + k
            if marked or roles[k] is not Role.DATA:
                marks = self._mark(out + k, place) if marked else {}
                self._shade(block, k, columns, marks, first + k, quiet=roles[k] is not Role.DATA)
            if source.kind is TableKind.BILLS:
                context.note_bill(place, self.sheet, out + k)
        items = self.results.items_at(rows)
        results = self.results.results(items, amounts=False)
        self._note_in_light(results)
        messages = [
            self._message(k, *each)
            for k, each in enumerate(zip(places, roles, results, strict=True))
        ]
        problems = [
            context.findings.problem_cell(place) if message else None
            for place, message in zip(places, messages, strict=True)
        ]
        statuses = [status_of(*each) for each in zip(roles, results, strict=True)]
        references: Sequence[str] = ()
        if self.reference is not None and len(self.first) == len(FIRST_COLUMNS):
            references = columns[self.columns.index(self.reference)]
        then = source.source.columns[-1][first:last] if source.source.ends_in_then else ()
        heights = self.result_cells.add(
            block,
            rows,
            statuses,
            results,
            messages,
            problems,
            references,
            then,
            self.results.amounts(items),
        )
        self.height += sum(height or _ROW_HEIGHT for height in heights)
        self.sheet.append(block, heights if any(heights) else None)

    def _add_column(self, block: RowXmlBlock, c: int, first: int, last: int) -> Sequence[str]:
        """One column of the file, as if all its rows were data without problems; its texts."""
        column = self.columns[c]
        texts = list(self.source.source.columns[column][first:last])
        longest = max(map(len, texts))
        self.longest[c] = max(self.longest[c], longest)
        kinds = self.source.source.kinds
        has_numbers = kinds is not None and CellKind.NUMBER in kinds[column][first:last]
        is_text = not has_numbers and column not in self.source.source.cell_looks
        if is_text and longest <= LONGEST_AS_TEXT and need_no_escape(texts):
            block.add_unescaped(texts, style_number(self.context.styles.cell[NO_SHADE, TEXT]))
            return texts
        for k, text in enumerate(texts):
            if text and (fit := fitting(text)) != text:
                name = visible(self.source.headers[column])
                cell = f"{name}, row {self.source.source.rows[first + k]}"
                self.altered.setdefault(k, []).append(cell)
                texts[k] = fit
        block.add_cells(
            [
                self._cell_xml(c, text, first + k, NO_SHADE) if text else ""
                for k, text in enumerate(texts)
            ]
        )
        return texts

    def _cell_xml(self, c: int, text: str, i: int, shade: str) -> str:
        """One cell of the file: ``i`` is its row of the source."""
        source, column, styles = self.source.source, self.columns[c], self.context.styles
        kind = CellKind.TEXT if source.kinds is None else source.kinds[column][i]
        looks = source.cell_looks.get(column)
        look = looks.get(int(source.rows[i])) if looks else None
        if look is not None and look.is_struck:
            shade += STRUCK  # so that the result is refused as well
        number = as_number(text) if kind == CellKind.NUMBER else None
        shown = number_format(text, kind, number)
        if number is None:
            return text_xml(text, style_number(styles.cell[shade, shown]))
        # What the file shows of a currency must be seen, and found wrong, in the result as well.
        marks = source.format_marks.get(column, {})
        if mark := marks.get(int(source.rows[i])):
            shown = format_for_mark(mark)
        return number_xml(number, style_number(styles.figure[shade, shown]))

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
                block.replace_cell(k, len(self.first) + c, self._cell_xml(c, text, i, shade))
            elif c in marks:
                style = self.context.styles.cell[shade, self.formats[c]]
                block.replace_cell(k, len(self.first) + c, blank_xml(style_number(style)))

    def _message(self, k: int, place: TableRow, role: Role, result: RowResult | None) -> str:
        reason = self.source.reasons.get(place[1], "")
        message = row_message(role, result, lambda: self.context.findings.message(place), reason)
        for cell in self.altered.get(k, ()):
            self.context.note_altered(cell)
        if k in self.altered:
            first = [message] if message else []
            message = finding_list([*first, *map(_altered_sentence, self.altered[k])])
        return message

    def _note_in_light(self, results: Sequence[RowResult | None]) -> None:
        context = self.context
        for result in results:
            if result is not None and result.in_light:
                context.rows_in_light.setdefault(self.table, []).append(result.row)
            elif result is not None and result.status is Status.UNKNOWN:
                context.rows_unsettled.setdefault(self.table, []).append(result.row)

    def _mark(self, out: int, place: TableRow) -> dict[int, Severity]:
        """Comments for the findings of one row; which of the file's columns to colour, and how."""
        context = self.context
        cells: dict[int, list[int]] = {}
        findings = context.findings
        for number in findings.at(place):
            c = context.columns[self.table].get(findings.column(number))
            if c is not None:
                cells.setdefault(c, []).append(number)
        for c, numbers in cells.items():
            if context.comments < context.limits.comments:
                context.comments += 1
                _write_comment(self.sheet, out, c, list(map(findings.finding, numbers)))
            else:
                context.comments_omitted += 1
        return {c - len(self.first): findings.worst(numbers) for c, numbers in cells.items()}


def _column_format(source: InputTable, column: int) -> str:
    if source.source.kinds is None:
        return TEXT
    kinds = set(islice(source.source.kinds[column], source.header + 1, None))
    return GENERAL if CellKind.NUMBER in kinds else TEXT


def _write_comment(
    sheet: StreamingSheet, row: int, column: int, findings: Sequence[Finding]
) -> None:
    """Each message with what to do about it."""
    text = "\n\n".join(
        visible(finding.message) + (f"\n→ {visible(finding.hint)}" if finding.hint else "")
        for finding in findings
    )[:_LONGEST_COMMENT]
    lines = sum(1 + len(line) // 44 for line in text.split("\n"))
    height = min(16 + 15 * lines, 320)
    options = {"width": 280, "height": height, "font_size": 9, "color": "#FFFFFF"}
    sheet.write_comment(row, column, text, options)


def _altered_sentence(cell: str) -> str:
    return (
        f"{cell}: an Excel cell cannot hold this text as it is (at most {LONGEST:,} characters); "
        "the file itself has all of it"
    )
