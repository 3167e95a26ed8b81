"""``light-import report``: a run's workbook again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from importer.cli.options import output_of, output_options


@click.command(short_help="Write the result workbook of a run again.")
@click.argument("run")
@click.option("--journal", type=click.Path(), help="A journal other than the company's own.")
@output_options
def report(run: str, journal: str | None, **options: Any) -> int:
    """Write the result workbook of RUN again, as far as it came, even after a crash.

    \b
    Example:
      light-import report 20260131-093000-a1b2
    """
    from dataclasses import replace

    from importer.cli.archive import kept
    from importer.cli.finish import exit_code, finish
    from importer.cli.past import find_run
    from importer.cli.prepare import prepare
    from importer.loading.errands import steps_of
    from importer.loading.journal import Journal
    from importer.loading.undo import refused_cancels
    from importer.loading.verify import valid_read_backs
    from importer.records import RunSummary, Status
    from importer.results.afterwards import cancel_findings, read_back_findings
    from importer.results.build import build_report
    from importer.results.names import result_path
    from importer.results.step_findings import step_findings, unfinished

    output = output_of(options)
    path_of_journal, record = find_run(run, journal)
    archive = kept(run)
    prepared = prepare(archive.request, archive.copies)
    prepared.checked.findings = archive.findings
    prepared.checked.unresolved = archive.unresolved
    with Journal(path_of_journal) as opened:
        became = opened.results(run)
        read_backs = valid_read_backs(opened, run, became)
        not_cancelled = refused_cancels(opened, run, became)
        steps = steps_of(opened, became)
    prepared.checked.findings += read_back_findings(prepared.checked, read_backs)
    prepared.checked.findings += cancel_findings(prepared.checked, not_cancelled)
    prepared.checked.findings += step_findings(prepared.checked, steps)
    path = result_path(list(archive.request.files), output.result, Path.cwd())
    figures = dict(record.summary or {})
    summary = RunSummary(
        command="report",
        run=run,
        company=record.facts.get("company"),
        base_url=record.facts.get("base_url"),
        template=str(record.facts.get("template")),
        sources=archive.request.files,
        started_at=record.started,
        bills={},
        line_items={},
        rows={},
        totals=(),
        template_file=archive.template_file,
        folder=archive.folder,
        requests=figures.get("requests", 0),
        seconds=figures.get("seconds", 0.0),
    )
    built = build_report(prepared.checked, became, summary, read_backs, steps)
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
