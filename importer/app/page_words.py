"""Words of the reports that the page needs beside a whole report."""

from __future__ import annotations

from importer.app.result import Result
from importer.core.column_letters import column_letters
from importer.core.html_templates import html_environment as html_environment
from importer.core.safe_text import visible
from importer.report.phrases import day_and_time, severities, status_words
from importer.report.run_history import History as History
from importer.report.run_history import history_cells as history_cells
from importer.report.run_history import history_marks as history_marks
from importer.report.verdict import tone, verdict
from importer.report.write_report import html_part, html_style

HEADER_ROW = "Header"  # in place of the status of a row


def status_name(status: str) -> str:
    """ "Needs correction" """
    return status_words(status)


def shown_text(text: str) -> str:
    """The text with its control characters written out."""
    return visible(text)


def column_name(index: int) -> str:
    """The letters of a column: A for 0."""
    return column_letters(index)


def verdict_of(result: Result) -> tuple[str, str]:
    """The verdict on a result in a sentence, and its tone: good, attention, bad."""
    counts = severities(result.findings)
    return verdict(result.summary, *counts), tone(result.summary, *counts).value


def report_body(result: Result, *, figures_only: bool = False) -> str:
    """The report as HTML, to be a part of the page; every text in it is escaped."""
    return html_part(result.report, figures_only=figures_only)


def report_style() -> str:
    """The style sheet of the report."""
    return html_style()


def moment(text: str) -> str:
    """ "2026-01-31 10:30 UTC" for a time in ISO form."""
    from datetime import datetime

    return day_and_time(datetime.fromisoformat(text))
