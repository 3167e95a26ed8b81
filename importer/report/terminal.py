"""The run for the terminal, as plain text. Colour is the caller's business."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.finding import Finding
from importer.model.report_model import RunSummary
from importer.report.phrases import (
    control_words,
    count,
    in_currency,
    in_order,
    severities,
    status_words,
    tie_out_words,
    verdict,
)

if TYPE_CHECKING:
    from importer.validation.finding_batch import Findings

NARROWEST = 40  # columns; a table of money does not fit into less

# A command in a sentence, up to where the sentence goes on. What is in quotes is one word.
_COMMAND = re.compile(
    r"light-import (?:auth|load|reference|report|runs|sandbox|template|undo|validate|verify)\b"
    r"(?:'[^'\n]*'|'(?![^'\n]*')|[^'\n])*?(?= \(|[.,:;'](?: |$)| again\b|$|\n)"
)


def summary_text(
    summary: RunSummary, findings: Findings, *, width: int = 80, limit: int = 20
) -> str:
    """The verdict, the table of statuses, the tie-out, the first findings, and what to do next.

    At most ``width`` columns wide (40 at least), counted as a terminal does, but for what is there
    to be copied: paths and commands stay on one line. At most ``limit`` findings are shown, errors
    first. No control character of the data gets through.
    """
    width = max(width, NARROWEST)
    errors, warnings = severities(findings)
    blocks = [
        _wrapped(verdict(summary, errors, warnings), width),
        _table(summary, width) if summary.bills.get("total", 0) else [],
        [line for text in _tie_out(summary) for line in _wrapped(text, width, indent=2)],
        _found(findings, width, limit, workbook=summary.result is not None),
        [line for note in summary.notes for line in paragraph(visible(note), width, "Note: ")],
        [f"Continues run {visible(summary.continues)}."] if summary.continues else [],
        [f"{_result_word(summary.result)}: {visible(summary.result)}"] if summary.result else [],
        paragraph(visible(summary.next_step), width, "Next: ") if summary.next_step else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def paragraph(text: str, width: int, label: str = "", indent: int | None = None) -> list[str]:
    """The text after its label, in lines broken at blanks only: words and commands stay whole.

    All lines but the first are indented, by the label's length if nothing else is said.
    """
    joined = _COMMAND.sub(lambda command: command[0].replace(" ", "\0"), text)
    indent = len(label) if indent is None else indent
    first, *more = _wrapped(joined, width, indent, len(label), whole=True)
    lines = [label + first[len(label) :], *more]
    return [line.replace("\0", " ") for line in lines]


def _result_word(path: str) -> str:
    return "Workbook" if path.lower().endswith(".xlsx") else "Result"


def _table(summary: RunSummary, width: int) -> list[str]:
    rows = [("", "Bills", "Line items", "Amount")]
    for status in in_order(summary.bills):
        amounts = [
            in_currency(total.by_status[status], total.unit, total.currency)
            for total in summary.totals
            if status in total.by_status
        ]
        rows += _table_rows(
            status_words(status),
            summary.bills.get(status, 0),
            summary.line_items.get(status, 0),
            amounts,
        )
    rows += _table_rows(
        "Total",
        summary.bills.get("total", 0),
        summary.line_items.get("total", 0),
        [in_currency(total.sheet, total.unit, total.currency) for total in summary.totals],
    )
    sizes = [max(columns_of(row[c]) for row in rows) for c in range(4)]
    if sum(sizes) + 6 > width:
        return _as_list(rows, width)
    return [
        "  ".join(
            [
                _padded(label, sizes[0]),
                *(_right(cell, size) for cell, size in zip(rest, sizes[1:], strict=True)),
            ]
        ).rstrip()
        for label, *rest in rows
    ]


def _table_rows(
    label: str, bills: int, lines: int, amounts: list[str]
) -> list[tuple[str, str, str, str]]:
    first = (label, f"{bills:,}", f"{lines:,}", amounts[0] if amounts else "")
    return [first, *(("", "", "", amount) for amount in amounts[1:])]


def _as_list(rows: list[tuple[str, str, str, str]], width: int) -> list[str]:
    lines: list[str] = []
    for label, bills, line_items, amount in rows[1:]:
        if label:
            lines += _wrapped(f"{label}: bills {bills}, line items {line_items}", width, 2)
        if amount:
            lines += _wrapped(f"  {amount}", width, 2)
    return lines


def _tie_out(summary: RunSummary) -> Iterator[str]:
    for total in summary.totals:
        currency, unit = visible(total.currency), total.unit
        if summary.command == "validate":
            words = f"{currency}  file {money(total.sheet, unit)}."
            if total.unreadable:
                words += f" {count(total.unreadable, 'bill')} without a readable amount."
        else:
            words = (
                f"{currency}  file {money(total.sheet, unit)},"
                f" in Light {money(total.created, unit)},"
                f" difference {money(total.difference, unit)}. "
            )
            words += tie_out_words(total, summary.command)
        if total.control is not None:
            own = money(total.control, unit)
            words += f" Control total {own}: {control_words(total)}"
        yield words


def _found(findings: Findings, width: int, limit: int, *, workbook: bool) -> list[str]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings.worst_first(max(limit, 0)):
        groups.setdefault(_place(finding), []).append(finding)
    lines: list[str] = []
    for place, members in groups.items():
        lines += _wrapped(place, width)
        for finding in members:
            lines += _wrapped(_sentence(finding), width, indent=11, first=2)
    more = len(findings) - max(limit, 0)
    if more > 0:
        lines.append(f"… and {more:,} more" + (" in the workbook" if workbook else ""))
    return lines


def _place(finding: Finding) -> str:
    sheet = finding.cell.sheet
    return visible(finding.cell.file) + (f", sheet {visible(sheet)}" if sheet is not None else "")


def _sentence(finding: Finding) -> str:
    where = [
        *([f"row {finding.cell.row}"] if finding.cell.row is not None else []),
        *([f"column {visible(finding.cell.column)}"] if finding.cell.column is not None else []),
    ]
    text = f"{finding.severity.value:<7}  {', '.join(where)}{': ' if where else ''}"
    text += visible(finding.message)
    return f"{text} ({visible(finding.hint)})" if finding.hint else text


# --- columns of a terminal --------------------------------------------------------------------


def columns_of(text: str) -> int:
    """How many columns a terminal gives the text: two for a wide character, none for an accent."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _padded(text: str, size: int) -> str:
    return text + " " * (size - columns_of(text))


def _right(text: str, size: int) -> str:
    return " " * (size - columns_of(text)) + text


def _wrapped(
    text: str, width: int, indent: int = 0, first: int = 0, *, whole: bool = False
) -> list[str]:
    """The text in lines of at most ``width`` columns, broken at blanks where possible.

    The first line is indented by ``first``, all others by ``indent``. A word that is longer than a
    line is broken too, or where ``whole`` sticks out.
    """
    lines: list[str] = []
    line, used = " " * first, first
    blank = True  # nothing but the indent on this line so far
    for word in text.split(" "):
        gap = 0 if blank else 1
        size = columns_of(word)
        if used + gap + size > width and not blank:
            lines.append(line.rstrip())
            line, used, gap = " " * indent, indent, 0
        while used + gap + size > width and not whole:
            head = _fitting(word, width - used)
            lines.append(line + head)
            word = word[len(head) :]
            line, used, size = " " * indent, indent, columns_of(word)
        line += " " * gap + word
        used += gap + size
        blank = False
    return [*lines, line.rstrip()]


def _fitting(word: str, room: int) -> str:
    used = 0
    for i, character in enumerate(word):
        used += _columns(character)
        if used > room:
            return word[:i]
    return word
