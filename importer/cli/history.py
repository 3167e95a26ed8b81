"""``light-import report``: a run's workbook again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from importer.cli.options import output_of, output_options


@click.command(short_help="Write the result workbook of a run again.")
@click.argument("run")
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

    from importer.cli.continued import with_former_ids
    from importer.cli.finish import exit_code, finish
    from importer.cli.past import past
    from importer.loading.errands import steps_of
    from importer.loading.journal import Journal
    from importer.loading.undo import refused_cancels
    from importer.loading.verify import valid_read_backs
    from importer.records import Status
    from importer.results.afterwards import cancel_findings, read_back_findings
    from importer.results.build import build_report
    from importer.results.names import result_path
    from importer.results.step_findings import step_findings, unfinished

    output = output_of(options)
    before = past(run, journal)
    checked, record = before.prepared.checked, before.record
    with Journal(before.journal) as opened:
        became = opened.results(run)
        read_backs = valid_read_backs(opened, run, became)
        not_cancelled = refused_cancels(opened, run, became)
        steps = steps_of(opened, became)
    checked.findings += read_back_findings(checked, read_backs)
    checked.findings += cancel_findings(checked, not_cancelled)
    checked.findings += step_findings(checked, steps)
    path = result_path(list(before.files), output.result, Path.cwd(), kind)
    figures = dict(record.summary or {})
    summary = replace(
        before.summary("report"),
        requests=figures.get("requests", 0),
        seconds=figures.get("seconds", 0.0),
    )
    built = build_report(checked, became, summary, read_backs, steps)
    built = with_former_ids(built, before.prepared)
    left = built.summary.bills.get(Status.NOT_SENT) or built.summary.bills.get(Status.UNKNOWN)
    open_ended = bool(built.summary.bills.get(Status.NOT_SENT)) or bool(
        left and not record.finished
    )
    open_ended = open_ended or unfinished(steps)
    code = exit_code(built.summary, built.findings, stopped=open_ended)
    notes = ("The run did not come to its end.",) if open_ended else ()
    step = "run the load again: it goes on where it stopped" if code == 4 else ""
    summary = replace(built.summary, exit_code=code, next_step=step, notes=notes)
    return finish(replace(built, summary=summary), output, path).exit_code
