"""Words of the reports that the page needs beside a whole report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from importer.app.result import Result
from importer.core.column_letters import column_letters
from importer.core.html_templates import html_environment as html_environment
from importer.core.safe_text import visible
from importer.model.report_model import RunSummary
from importer.report.phrases import day_and_time, severities, status_words
from importer.report.run_history import History as History
from importer.report.run_history import history_cells as history_cells
from importer.report.run_history import history_marks as history_marks
from importer.report.verdict import tone, verdict
from importer.report.write_report import html_part, html_style

HEADER_ROW = "Header"  # in place of the status of a row
_COMPARE = "look at the bills that differ, in Light and in the result"
_AFTER: Mapping[str, Mapping[int, str]] = {  # by command and exit code
    "load": {
        1: "correct the rest on the page and load again; what is in Light is not sent again",
        2: "correct the key or its role, then load again on the page; nothing is sent twice",
        3: "look at the unknown bills in Light, then load again on the page: only bills that Light"
        " certainly lacks are sent",
        4: "load again on the page: it resumes, and nothing is sent twice",
    },
    "verify": {1: _COMPARE, 3: _COMPARE, 4: "verify the run on the page again"},
    "undo": {
        1: "look at what was not cancelled, in Light and in the result",
        3: "look at what is unknown, in Light",
        4: "undo the run on the page again: it cancels the rest",
    },
}


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


def for_download(result: Result) -> Result:
    """The result with what to do next on the page, in place of a command: who has the page need
    not have a terminal, and its files are in a folder of its own."""
    summary = replace(result.summary, next_step=_next_step(result.summary))
    return replace(result, report=replace(result.report, summary=summary))


def _next_step(summary: RunSummary) -> str:
    if summary.command == "validate":
        if summary.exit_code == 0:
            return "load the files on the page"
        if not summary.documents.get("total"):
            return "correct the files and drop them on the page again"
        return "correct the cells on the page, pick names under 'To resolve' there, and check again"
    steps = _AFTER.get(summary.command, {})
    return steps.get(summary.exit_code, "")


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
