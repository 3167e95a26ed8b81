"""``light-import runs`` and ``report``: what was loaded, and its workbook again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli.options import output_of, output_options

if TYPE_CHECKING:
    from importer.loading.journal import RunRecord


def _journals(told: str | None) -> list[Path]:
    """The journal told, or all there are on this machine."""
    from importer.cli.paths import data_folder
    from importer.errors import UsageProblem

    if told:
        if not Path(told).is_file():
            raise UsageProblem(f"There is no journal {told}.")
        return [Path(told)]
    home = data_folder()
    return [*home.glob("journals/*.sqlite"), *home.glob("runs/*/journal.sqlite")]


def _all_runs(told: str | None) -> Iterator[tuple[Path, RunRecord]]:
    """All runs with their journals, the newest first."""
    from importer.loading.journal import Journal

    found = []
    for path in _journals(told):
        with Journal(path) as journal:
            found += [(path, run) for run in journal.runs()]
    yield from sorted(found, key=lambda pair: pair[1].started, reverse=True)


def _as_json(run: RunRecord) -> dict[str, Any]:
    figures = run.summary or {}
    return {
        "run": run.id,
        "started": run.started.isoformat(timespec="seconds"),
        **{name: run.facts.get(name) for name in ("company", "base_url", "template", "sources")},
        "continues": run.facts.get("continues") or None,
        **{name: figures.get(name) for name in ("bills", "line_items", "exit_code", "result")},
    }


@click.command(short_help="List the loads of the past.")
@click.option("--journal", type=click.Path(), help="A journal other than the company's own.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def runs(journal: str | None, as_json: bool) -> int:
    """List the loads of the past, the newest first.

    \b
    Example:
      light-import runs
    """
    from importer.results.wording import visible

    found = [run for _, run in _all_runs(journal)]
    if as_json:
        click.echo(json.dumps([_as_json(run) for run in found], ensure_ascii=False, indent=2))
    elif not found:
        click.echo("Nothing has been loaded from this machine yet.")
    for run in [] if as_json else found:
        names = ", ".join(Path(name).name for name in run.facts.get("sources", []))
        counts = dict((run.summary or {}).get("bills", {}))
        what = ", ".join(f"{n:,} {status}" for status, n in counts.items() if status != "total")
        click.echo(f"{run.id}  {run.started:%Y-%m-%d %H:%M} UTC")
        click.echo(visible(f"  {run.facts.get('company')}: {names} ({run.facts.get('template')})"))
        if before := run.facts.get("continues"):
            click.echo(f"  continues run {before}")
        click.echo(
            f"  {what.replace('_', ' ')}" if what else f"  unfinished: light-import report {run.id}"
        )
    return 0


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

    from importer.cli.archive import kept
    from importer.cli.continued import with_former_ids
    from importer.cli.finish import exit_code, finish
    from importer.cli.prepare import prepare
    from importer.errors import UsageProblem
    from importer.loading.journal import Journal
    from importer.records import RunSummary, Status
    from importer.results.build import build_report
    from importer.results.names import result_path

    output = output_of(options)
    found = [(path, r) for path, r in _all_runs(journal) if r.id == run]
    if not found:
        raise UsageProblem(f"There is no run {run}. 'light-import runs' lists those there are.")
    path_of_journal, record = found[0]
    archive = kept(run)
    prepared = prepare(archive.request, archive.copies)
    prepared.checked.findings = archive.findings
    prepared.checked.unresolved = archive.unresolved
    with Journal(path_of_journal) as opened:
        became = opened.results(run)
    path = result_path(list(archive.request.files), output.result, Path.cwd(), kind)
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
        continues=record.facts.get("continues", ""),
        company_id=record.facts.get("company_id", ""),
        sandbox=bool(record.facts.get("sandbox")),
        settings=prepared.settings,
        expect=prepared.expect,
    )
    built = with_former_ids(build_report(prepared.checked, became, summary), prepared)
    left = built.summary.bills.get(Status.NOT_SENT) or built.summary.bills.get(Status.UNKNOWN)
    open_ended = bool(built.summary.bills.get(Status.NOT_SENT)) or bool(
        left and not record.finished
    )
    code = exit_code(built.summary, built.findings, stopped=open_ended)
    notes = ("The run did not come to its end.",) if open_ended else ()
    step = "run the load again: it goes on where it stopped" if code == 4 else ""
    summary = replace(built.summary, exit_code=code, next_step=step, notes=notes)
    return finish(replace(built, summary=summary), output, path).exit_code
