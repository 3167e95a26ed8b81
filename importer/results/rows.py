"""The sheets ``Bills`` and ``Line items``: every row of the file, with what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import TYPE_CHECKING

from importer.records import (
    CellKind,
    Finding,
    InputTable,
    Role,
    RowResult,
    Severity,
    Status,
    TableKind,
)
from importer.results.added import (
    added_headers,
    fit_added,
    kept_columns,
    write_added,
    write_added_headers,
)
from importer.results.cells import (
    LONGEST,
    MOST_LINKS,
    as_number,
    below,
    number_format,
    width_of,
    write_text,
)
from importer.results.formats import GENERAL, PLAIN, QUIET, TEXT
from importer.results.found import ANOTHER_ROW, Found, comment, joined, worst
from importer.results.output import MOST_COMMENTS, Output
from importer.results.page import set_up_table
from importer.results.wording import visible
from importer.sheets.looks import format_of

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_NO_RESULT = "Nothing is known about this row."


def write_table(
    sheet: Worksheet,
    output: Output,
    table: int,
    source: InputTable,
    results: Mapping[int, RowResult],
) -> None:
    """Every row below the header of ``source``; ``results`` are those of this table, by row."""
    formats, written = output.formats, output.written
    cells = source.source.columns
    kept = kept_columns(source.headers)
    written.sheets[table] = sheet.get_name()
    written.columns[table] = {column: c for c, column in enumerate(kept)}
    column_formats = [_column_format(source, column) for column in kept]
    width = 0
    for c, column in enumerate(kept):
        of_column = width_of(source.headers[column], below(cells[column], source.header))
        # The format of the whole column also covers blank cells, which somebody will fill in.
        sheet.set_column(c, c, of_column, formats.source[column_formats[c]])
        width += of_column
    added = added_headers(source.kind, results.values())
    at = {header: len(kept) + c for c, header in enumerate(added)}
    set_up_table(sheet, len(kept) + len(added), len(source.roles))

    rows_found = output.found.rows_of(table)
    header_row = source.source.rows[source.header] if source.source.rows else 0
    header_marks: Mapping[int, Severity] = {}
    if header_row in rows_found:
        written.rows[table, header_row] = 0
        header_marks = _mark(sheet, output, 0, (table, header_row))
    for c, column in enumerate(kept):
        look = formats.header
        if c in header_marks:
            look = formats.cell[header_marks[c].value, TEXT]
        if write_text(sheet, 0, c, source.headers[column], look, formats.top):
            written.alter(f"the header of column {c + 1}")
    write_added_headers(sheet, formats, len(kept), added)

    plain, looks = formats.source[TEXT], formats.cell
    marked = source.source.looks
    links = longest = 0
    loaded = False
    of_bills = source.kind is TableKind.BILLS
    for out, (row, role, texts, kinds) in enumerate(rows_below(source, kept), start=1):
        marks: Mapping[int, Severity] = {}
        if row in rows_found:
            written.rows[table, row] = out
            marks = _mark(sheet, output, out, (table, row))
            for c, severity in marks.items():
                if not texts[c]:
                    look = formats.cell[severity.value, column_formats[c]]
                    sheet.write_blank(out, c, None, look)
        if of_bills:
            written.bill_at((table, row), sheet.get_name(), out)
        shade = PLAIN if role is Role.DATA else QUIET
        altered = []
        for c, text in enumerate(texts):
            if not text:
                continue
            kind = CellKind.TEXT if kinds is None else kinds[c]
            number = as_number(text) if kind == CellKind.NUMBER else None
            shown = number_format(text, kind, number)
            # what the file shows of a currency must be seen, and found wrong, in the result as well
            if number is not None and (mark := marked.get(kept[c], {}).get(row)):
                shown = format_of(mark)
            if number is not None:
                look = formats.figure[marks.get(c, shade), shown]
                sheet.write_number(out, c, number, look)
                continue
            look = looks[marks.get(c, shade), shown]
            if write_text(sheet, out, c, text, look, plain):
                altered.append(f"{visible(source.headers[kept[c]])}, row {row}")
        result = results.get(row)
        message = row_message(output.found, (table, row), role, result) or source.reasons.get(
            row, ""
        )
        if altered:
            message = joined([*([message] if message else []), *map(_altered_words, altered)])
            for place in altered:
                written.alter(place)
        links += write_added(
            sheet,
            output,
            out,
            at,
            role,
            result,
            message,
            row,
            links=MOST_LINKS - links,
            problem=output.found.problem((table, row)) if message else None,
        )
        longest = max(longest, len(message))
        loaded = loaded or (result is not None and bool(result.light_id))
    width += fit_added(sheet, at, longest, loaded=loaded)
    output.written.widths[sheet.get_name()] = width


def _column_format(source: InputTable, column: int) -> str:
    if source.source.kinds is None:
        return TEXT
    kinds = set(below(source.source.kinds[column], source.header))
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
        texts = zip(*(below(table.columns[column], header) for column in kept), strict=True)
        if table.kinds is not None:
            kinds = zip(*(below(table.kinds[column], header) for column in kept), strict=True)
    # strict: a table whose parts differ in length must not lose rows without a word.
    return zip(rows, source.roles, texts, kinds, strict=True)


def _mark(
    sheet: Worksheet, output: Output, out: int, there: tuple[int, int]
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


def _write_comment(sheet: Worksheet, row: int, column: int, text: str) -> None:
    lines = sum(1 + len(line) // 44 for line in text.split("\n"))
    look = {"width": 280, "height": min(16 + 15 * lines, 320), "font_size": 9, "color": "#FFFFFF"}
    sheet.write_comment(row, column, text, look)


def row_message(found: Found, there: tuple[int, int], role: Role, result: RowResult | None) -> str:
    if result is not None and result.message:
        return visible(result.message)
    message = found.message(there)
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
