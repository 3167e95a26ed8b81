"""``light-import report``: a run's workbook again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from importer.cli.options import RUN, output_of, output_options


@click.command(short_help="Write the result workbook of a run again.")
@click.argument("run", help=RUN)
@click.option("--journal", type=click.Path(), help="A journal other than the company's own.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["xlsx", "csv", "json", "html"]),
    help="What is written.  [default: as the name in --result ends, else xlsx]",
)
@output_options
def report(run: str, journal: str | None, kind: str | None, **options: Any) -> int:
    """Write the result of RUN again, as far as it came, even after a crash.

    As a workbook; as CSV, one row a row of the file; as JSON, the summary and the rows; or as HTML,
    one page that can be mailed. In CSV a text that a spreadsheet would take for a formula has an
    apostrophe before it.

    \b
    Examples:
      light-import report 20260131-093000-a1b2
      light-import report 20260131-093000-a1b2 --format html
      light-import report 20260131-093000-a1b2 --result march.csv
    """
    from dataclasses import replace

    from importer.app.finished_run import finished_run, report_of
    from importer.cli.output import exit_code, finish
    from importer.loading.journal.journal import Journal
    from importer.model.journal_states import Status
    from importer.report.result_path import result_path
    from importer.report.step_findings import unfinished

    output = output_of(options)
    before = finished_run(run, journal)
    record = before.record
    with Journal(before.journal) as opened:
        built, steps = report_of(before, opened, "report")
    path = result_path(list(before.files), output.result, Path.cwd(), kind)
    figures = dict(record.summary or {})
    left = built.summary.bills.get(Status.NOT_SENT) or built.summary.bills.get(Status.UNKNOWN)
    open_ended = bool(built.summary.bills.get(Status.NOT_SENT)) or bool(
        left and not record.finished
    )
    open_ended = open_ended or unfinished(steps)
    code = exit_code(built.summary, built.findings, stopped=open_ended)
    notes = ("The run did not come to its end.",) if open_ended else ()
    step = "run the load again: it goes on where it stopped" if code == 4 else ""
    summary = replace(
        built.summary,
        requests=figures.get("requests", 0),
        seconds=figures.get("seconds", 0.0),
        exit_code=code,
        next_step=step,
        notes=notes,
    )
    return finish(replace(built, summary=summary), output, path).exit_code
