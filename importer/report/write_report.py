"""A report in the format that the name of its file asks for."""

from __future__ import annotations

from pathlib import Path

from importer.report.build_report import Report


def write_report(report: Report, path: Path, most_problems: int | None = None) -> None:
    """Write a workbook, CSV, JSON or HTML; UsageProblem where that cannot be done.

    ``most_problems`` is how many a workbook lists; None for the usual number.
    """
    kind = path.suffix.lower()
    if kind == ".csv":
        from importer.report.csv_report import write_csv

        write_csv(report, path)
    elif kind == ".json":
        from importer.report.json_report import write_json

        write_json(report, path)
    elif kind == ".html":
        from importer.report.html_report import write_html

        write_html(report, path)
    else:
        from importer.report.xlsx.workbook import write_workbook
        from importer.report.xlsx.workbook_context import WorkbookLimits

        limits = WorkbookLimits(most_problems) if most_problems else WorkbookLimits()
        write_workbook(report, path, limits)


def html_part(report: Report, *, figures_only: bool) -> str:
    """The HTML report to be shown inside another page; see ``html_body``."""
    from importer.report.html_report import html_body

    return html_body(report, figures_only=figures_only)


def html_style() -> str:
    """The style sheet of the HTML report."""
    from importer.report import html_report

    return html_report.html_style()
