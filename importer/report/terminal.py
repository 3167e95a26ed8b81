"""The run for the terminal, as lines; what may be painted in them is marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.report_model import CurrencyTotal, RunSummary
from importer.report import phrases
from importer.report.figure_tables import FigureTable, figure_tables
from importer.report.text_layout import columns_of, left_aligned, right_aligned, wrapped
from importer.report.tie_out_words import control_words, light_words, tie_out_words
from importer.report.verdict import Tone, tone, verdict

if TYPE_CHECKING:
    from importer.validation.finding_batch import Cause, Findings

NARROWEST = 40  # columns; a table of money does not fit into less
_NARROWEST_LABEL = 16  # of a table of figures
_LONGEST_NOTE = 600  # characters, of one that is a list
_SHOWN_RANGES = 6  # of row numbers

# A command in a sentence, up to where the sentence goes on. What is in quotes is one word.
_COMMAND = re.compile(
    r"light-import (?:auth|load|reference|report|runs|sandbox|template|undo|validate|verify)\b"
    r"(?:'[^'\n]*'|'(?![^'\n]*')|[^'\n])*?(?= \(|[.,:;'](?: |$)| again\b|$|\n)"
)


class Style(StrEnum):
    """What is painted where the terminal wants colour; the words say it too."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    LABEL = "label"


class ScreenLine(NamedTuple):
    """A line of which the first ``painted`` characters have a style."""

    text: str
    style: Style | None = None
    painted: int = 0


_STYLES = {Tone.GOOD: Style.GOOD, Tone.ATTENTION: Style.DOUBTFUL, Tone.BAD: Style.BAD}


def unpainted(lines: Iterable[str]) -> list[ScreenLine]:
    return [ScreenLine(text) for text in lines]


def summary_lines(
    summary: RunSummary, findings: Findings, *, width: int = 80, limit: int = 20
) -> list[ScreenLine]:
    """The first findings, the table of statuses, the tie-out, what to do next, and the verdict.

    At most ``width`` columns wide (40 at least), except for what people copy: paths and commands
    stay on one line. At most ``limit`` causes are shown, errors first. No control character of
    the data gets through.
    """
    width = max(width, NARROWEST)
    where = "" if summary.result is None else f" in the {_kind_of(summary.result).lower()}"
    errors, warnings = phrases.severities(findings)
    style = _STYLES[tone(summary, errors, warnings)]
    blocks = [
        _findings(findings, width, limit, where),
        unpainted(_table(summary, width) if summary.documents.get("total", 0) else []),
        unpainted(line for text in _tie_out(summary) for line in wrapped(text, width, indent=2)),
        *(unpainted(_figures(table, width)) for table in figure_tables(summary)),
        unpainted(
            paragraph(
                phrases.template_words(summary.template, summary.constants), width, "Template: "
            )
            if summary.template
            else []
        ),
        unpainted(
            line
            for note in summary.notes
            for line in _labelled("Note: ", _shown_note(note, summary), width)
        ),
        unpainted(_run_words(summary)),
        unpainted([f"Continues run {visible(summary.continues)}."] if summary.continues else []),
        unpainted([f"{_kind_of(path)}: {visible(path)}"] if (path := summary.result) else []),
        _painted_label("Next: ", _labelled("Next: ", summary.next_step, width)),
        [
            ScreenLine(text, style, len(text))
            for text in wrapped(verdict(summary, errors, warnings), width)
        ],
    ]
    lines: list[ScreenLine] = []
    for block in filter(None, blocks):
        lines += [*([ScreenLine("")] if lines else []), *block]
    return lines


def _run_words(summary: RunSummary) -> list[str]:
    """Which run the command is about; a load says so itself."""
    if summary.run is None or summary.command == "load":
        return []
    return [f"Run: {visible(summary.run)} of {phrases.day_and_time(summary.started_at)}"]


def _shown_note(note: str, summary: RunSummary) -> str:
    """The note, with the first part of a long list alone where the workbook has all of it."""
    is_workbook = (summary.result or "").endswith(".xlsx")
    if len(note) <= _LONGEST_NOTE or "; " not in note or not is_workbook:
        return note
    items = note[:_LONGEST_NOTE].rpartition("; ")[0]
    more = note.count("; ") - items.count("; ")
    return f"{items}; and {more:,} more, which are in the sheet Summary."


def _labelled(label: str, text: str, width: int) -> list[str]:
    return paragraph(visible(text), width, label) if text else []


def _painted_label(label: str, lines: list[str]) -> list[ScreenLine]:
    return [
        ScreenLine(text, None if n else Style.LABEL, 0 if n else len(label))
        for n, text in enumerate(lines)
    ]


def paragraph(text: str, width: int, label: str = "", indent: int | None = None) -> list[str]:
    """The text after its label, in lines broken at blanks only: words and commands stay whole.

    All lines but the first are indented, by the label's length unless ``indent`` is given.
    """
    joined = _COMMAND.sub(lambda command: command[0].replace(" ", "\0"), text)
    indent = len(label) if indent is None else indent
    first, *more = wrapped(joined, width, indent, len(label), keep_words=True)
    lines = [label + first[len(label) :], *more]
    return [line.replace("\0", " ") for line in lines]


def _kind_of(path: str) -> str:
    return "Workbook" if path.lower().endswith(".xlsx") else "Result"


def _table(summary: RunSummary, width: int) -> list[str]:
    """Bills, line items and amounts by status; an amount a line where there are several."""
    rows = [("", "Bills", "Line items", "Amount")]
    for status in [*phrases.in_order(summary.bills), "total"]:
        amounts = [
            phrases.in_currency(cents, total.unit, total.currency)
            for total in summary.totals
            if (cents := _amount(total, status)) is not None
        ]
        bills, lines = summary.bills.get(status, 0), summary.bill_line_items(status)
        first, *more = amounts or [""]
        rows.append((phrases.status_words(status), f"{bills:,}", f"{lines:,}", first))
        rows += [("", "", "", amount) for amount in more]
    for status in phrases.in_order(summary.credit_notes):
        amounts = [
            phrases.in_currency(cents, total.unit, total.currency)
            for total in summary.totals
            if (cents := -total.credit_notes.get(status, 0)) or status in total.credit_notes
        ]
        first, *more = amounts or [""]
        label, lines = phrases.note_status_words(status), summary.note_line_items.get(status, 0)
        rows.append((label, f"{summary.credit_notes[status]:,}", f"{lines:,}", first))
        rows += [("", "", "", amount) for amount in more]
    sizes = [max(columns_of(row[c]) for row in rows) for c in range(4)]
    if sum(sizes) + 6 > width:
        return _list(rows, width)
    return [
        "  ".join([left_aligned(label, sizes[0]), *map(right_aligned, figures, sizes[1:])]).rstrip()
        for label, *figures in rows
    ]


def _amount(total: CurrencyTotal, status: str) -> int | None:
    if status == "total":
        return total.every_bill if total.bills or total.by_status else None
    return total.by_status.get(status)


def _list(rows: list[tuple[str, str, str, str]], width: int) -> list[str]:
    """The table for a terminal that is too narrow for it."""
    lines: list[str] = []
    for label, bills, line_items, amount in rows[1:]:
        if label:
            lines += wrapped(f"{label}: bills {bills}, line items {line_items}", width, 2)
        if amount:
            lines += wrapped(f"  {amount}", width, 2)
    return lines


def _tie_out(summary: RunSummary) -> Iterator[str]:
    for total in summary.totals:
        currency, unit = visible(total.currency), total.unit
        words = f"{currency}  file {money(total.sheet, unit)}"
        if total.passed_over:
            words += f" without {money(total.passed_over, unit)} passed over"
        words += f"{light_words(total)}. {tie_out_words(total)}"
        if total.control is not None:
            words += f" Control total {money(total.control, unit)}: {control_words(total)}"
        yield words


def _figures(table: FigureTable, width: int) -> list[str]:
    """A table of figures under its title; where it is too wide, a line a figure."""
    title = wrapped(visible(table.title), width)
    labels = [visible(label) for label, _ in table.rows]
    columns = [
        [header, *(figures[c] for _, figures in table.rows)]
        for c, header in enumerate(table.headers)
    ]
    sizes = [max(map(columns_of, column)) for column in columns]
    size = max(map(columns_of, labels), default=0)
    more = [f"  … and {table.more:,} more in the workbook"] if table.more else []
    room = width - 2 - sum(2 + each for each in sizes)
    if room < min(size, _NARROWEST_LABEL):
        lists = (
            wrapped(f"  {label}: {header} {figure}", width, 4)
            for label, (_, figures) in zip(labels, table.rows, strict=True)
            for header, figure in zip(table.headers, figures, strict=True)
        )
        return [*title, *(line for lines in lists for line in lines), *more]
    size = min(size, room)
    lines = []
    for label, figures in zip(["", *labels], zip(*columns, strict=True), strict=True):
        *above, last = wrapped(label, size) or [""]
        cells = "  ".join(map(right_aligned, figures, sizes))
        lines += [f"  {each}" for each in above]
        lines.append(f"  {left_aligned(last, size)}  {cells}")
    return [*title, *lines, *more]


def _findings(findings: Findings, width: int, limit: int, where: str) -> list[ScreenLine]:
    """``where`` says where those are that are not shown."""
    by_sheet: dict[str, list[Cause]] = {}
    causes = findings.by_cause(limit)
    for cause in causes:
        by_sheet.setdefault(_sheet(cause.first), []).append(cause)
    lines: list[ScreenLine] = []
    for sheet, of_sheet in by_sheet.items():
        lines += unpainted(wrapped(sheet, width))
        for cause in of_sheet:
            severity = cause.first.severity
            first, *more = wrapped(_sentence(cause), width, indent=11, first=2)
            style = Style.BAD if severity is Severity.ERROR else Style.DOUBTFUL
            lines += [ScreenLine(first, style, 2 + len(severity.value)), *unpainted(more)]
    more_problems = len(findings) - sum(cause.count for cause in causes)
    if more_problems > 0:
        lines.append(ScreenLine(f"… and {more_problems:,} more{where}"))
    return lines


def _sheet(finding: Finding) -> str:
    sheet = finding.cell.sheet
    return visible(finding.cell.file) + (f", sheet {visible(sheet)}" if sheet is not None else "")


def _sentence(cause: Cause) -> str:
    finding, cell = cause.first, cause.first.cell
    column = [] if cell.column is None else [f"column {visible(cell.column)}"]
    if len(cause.rows) > 1:
        place = ", ".join([_row_words(cause.rows), *column])
        place += "" if cause.one_text else f"; row {cell.row}"
    else:
        row = [] if cell.row is None else [f"row {cell.row}"]
        place = ", ".join([*row, *column])
    text = f"{finding.severity.value:<7}  {place}{': ' if place else ''}{visible(finding.message)}"
    return f"{text} ({visible(finding.hint)})" if finding.hint else text


def _row_words(rows: Sequence[int]) -> str:
    """ "4 rows: 2–5", "12 rows: 2, 4–6, 9 …"; ``rows`` are sorted."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        elif len(ranges) == _SHOWN_RANGES:
            break
        else:
            ranges.append([row, row])
    words = ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in ranges)
    return f"{len(rows):,} rows: {words}{' …' if ranges[-1][1] < rows[-1] else ''}"
