"""The run for the terminal, as plain text. Colour is the caller's business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.finding import Finding
from importer.model.report_model import CurrencyTotal, RunSummary
from importer.report.phrases import (
    control_words,
    count,
    in_currency,
    in_order,
    severities,
    status_words,
    template_words,
    tie_out_words,
    verdict,
)
from importer.report.text_layout import columns_of, left_aligned, right_aligned, wrapped

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

    At most ``width`` columns wide (40 at least), except for what people copy: paths and commands
    stay on one line. At most ``limit`` findings are shown, errors first. No control character of
    the data gets through.
    """
    width = max(width, NARROWEST)
    errors, warnings = severities(findings)
    blocks = [
        wrapped(verdict(summary, errors, warnings), width),
        _table(summary, width) if summary.bills.get("total", 0) else [],
        [line for text in _tie_out(summary) for line in wrapped(text, width, indent=2)],
        paragraph(template_words(summary.template, summary.constants), width, "Template: ")
        if summary.template
        else [],
        _findings(findings, width, limit, workbook=summary.result is not None),
        [line for note in summary.notes for line in paragraph(visible(note), width, "Note: ")],
        [f"Continues run {visible(summary.continues)}."] if summary.continues else [],
        _result(summary.result) if summary.result else [],
        paragraph(visible(summary.next_step), width, "Next: ") if summary.next_step else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def paragraph(text: str, width: int, label: str = "", indent: int | None = None) -> list[str]:
    """The text after its label, in lines broken at blanks only: words and commands stay whole.

    All lines but the first are indented, by the label's length unless ``indent`` is given.
    """
    joined = _COMMAND.sub(lambda command: command[0].replace(" ", "\0"), text)
    indent = len(label) if indent is None else indent
    first, *more = wrapped(joined, width, indent, len(label), keep_words=True)
    lines = [label + first[len(label) :], *more]
    return [line.replace("\0", " ") for line in lines]


def _result(path: str) -> list[str]:
    kind = "Workbook" if path.lower().endswith(".xlsx") else "Result"
    return [f"{kind}: {visible(path)}"]


def _table(summary: RunSummary, width: int) -> list[str]:
    """Bills, line items and amounts by status; an amount a line where there are several."""
    rows = [("", "Bills", "Line items", "Amount")]
    for status in [*in_order(summary.bills), "total"]:
        amounts = [
            in_currency(cents, total.unit, total.currency)
            for total in summary.totals
            if (cents := _amount(total, status)) is not None
        ]
        bills, lines = summary.bills.get(status, 0), summary.line_items.get(status, 0)
        first, *more = amounts or [""]
        rows.append((status_words(status), f"{bills:,}", f"{lines:,}", first))
        rows += [("", "", "", amount) for amount in more]
    for status in in_order(summary.credit_notes):
        amounts = [
            in_currency(cents, total.unit, total.currency)
            for total in summary.totals
            if (cents := total.credit_notes.get(status)) is not None
        ]
        first, *more = amounts or [""]
        label = f"Credit notes: {status_words(status).lower()}"
        rows.append((label, f"{summary.credit_notes[status]:,}", "", first))
        rows += [("", "", "", amount) for amount in more]
    sizes = [max(columns_of(row[c]) for row in rows) for c in range(4)]
    if sum(sizes) + 6 > width:
        return _list(rows, width)
    return [
        "  ".join([left_aligned(label, sizes[0]), *map(right_aligned, figures, sizes[1:])]).rstrip()
        for label, *figures in rows
    ]


def _amount(total: CurrencyTotal, status: str) -> int | None:
    return total.every_bill if status == "total" else total.by_status.get(status)


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
        if summary.command == "validate":
            words += "."
            if total.unreadable:
                words += f" {count(total.unreadable, 'bill')} without a readable amount."
        else:
            words += (
                f", in Light {money(total.created, unit)},"
                f" difference {money(total.difference, unit)}. "
                f"{tie_out_words(total, summary.command)}"
            )
        if total.control is not None:
            words += f" Control total {money(total.control, unit)}: {control_words(total)}"
        yield words


def _findings(findings: Findings, width: int, limit: int, *, workbook: bool) -> list[str]:
    by_sheet: dict[str, list[tuple[Finding, int]]] = {}
    by_cause = findings.by_cause(max(limit, 0))
    for finding, number in by_cause:
        by_sheet.setdefault(_sheet(finding), []).append((finding, number))
    lines: list[str] = []
    for sheet, of_sheet in by_sheet.items():
        lines += wrapped(sheet, width)
        for finding, number in of_sheet:
            lines += wrapped(_sentence(finding, number), width, indent=11, first=2)
    more = len(findings) - sum(number for _, number in by_cause)
    if more > 0:
        lines.append(f"… and {more:,} more" + (" in the workbook" if workbook else ""))
    return lines


def _sheet(finding: Finding) -> str:
    sheet = finding.cell.sheet
    return visible(finding.cell.file) + (f", sheet {visible(sheet)}" if sheet is not None else "")


def _sentence(finding: Finding, number: int = 1) -> str:
    """``number``: the findings of this cause, of which this is the first."""
    cell = finding.cell
    where = [
        "" if cell.row is None else f"row {cell.row}",
        "" if number == 1 else f"and {number - 1:,} more rows",
        "" if cell.column is None else f"column {visible(cell.column)}",
    ]
    place = ", ".join(filter(None, where))
    text = f"{finding.severity.value:<7}  {place}{': ' if place else ''}{visible(finding.message)}"
    return f"{text} ({visible(finding.hint)})" if finding.hint else text
