"""``light-import report``: a run's workbook again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from importer.cli import options as shared

if TYPE_CHECKING:
    from importer.app.check_request import AgeingFile


@click.command(short_help="Write the result workbook of a run again.")
@shared.run_argument
@shared.journal_option
@click.option(
    "--format",
    type=click.Choice(["xlsx", "csv", "json", "html"]),
    help="What is written.  [default: as the name in --result ends, else xlsx]",
)
@shared.as_of_option
@shared.ageing_option
@shared.output_options
def report(
    run: str,
    journal: str | None,
    as_of: str | None,
    ageing: tuple[AgeingFile, ...],
    **options: Any,
) -> int:
    """Write the result of RUN again, even after a crash.

    As a workbook; as CSV, one row a row of the file; as JSON, the summary and the rows; or as HTML,
    one page that can be mailed. In CSV, text that a spreadsheet would read as a formula gets an
    apostrophe.

    \b
    Examples:
      light-import report 20260131-093000-a1b2
      light-import report 20260131-093000-a1b2 --format html
      light-import report 20260131-093000-a1b2 --result march.csv
    """
    from importer.app import ReportOptions
    from importer.app import report as report_run

    result, console = shared.output_of(options)
    choice = ReportOptions(run, journal, as_of, ageing)
    written = report_run(choice, result=result, listener=console)
    return console.show_result(written)
