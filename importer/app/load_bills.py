"""One load from end to end: the composition of the stages."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.app import data_paths
from importer.app.company_check import check_company_of_journal, locked
from importer.app.create_bills import LoadContext, LoadProgress, create, existing, rehearse, stated
from importer.app.destination import Destination, LoadOptions, destination_of
from importer.app.fetch_directory import fetch_directory
from importer.app.interrupts import signals, this_task
from importer.app.next_step import after_load, after_verify, command_words
from importer.app.pipeline import CheckedFiles, CheckRequest, check_files
from importer.app.resume_checks import continues, refuse_another_company, with_former_ids
from importer.cli.options import OutputOptions
from importer.cli.output import exit_code, finish
from importer.cli.screen import tell
from importer.core.errors import ImporterError, StoppedEarly, UsageProblem
from importer.core.safe_text import visible
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.loading.journal.journal import Journal, new_run_id
from importer.model.report_model import RunSummary
from importer.references.lookup_tables import save_picks
from importer.references.resolve_online import known_picks, needs, resolve_in_light
from importer.report.build_report import build_report
from importer.report.result_path import result_path
from importer.report.step_findings import step_findings, step_words
from importer.report.verification_findings import read_back_findings

if TYPE_CHECKING:
    from importer.references.directory import Directory


def run_load(request: CheckRequest, output: OutputOptions, options: LoadOptions) -> int:
    """Load and report; returns the exit code."""
    began, started = time.monotonic(), datetime.now(UTC)
    asked = options.yes or options.dry_run
    if not asked and not sys.stdin.isatty():
        raise UsageProblem(
            "There is no terminal to ask for your consent: add --yes to load without being asked,"
            " or --dry-run to stop before anything is written."
        )
    path = result_path(list(request.files), output.result, Path.cwd())
    with destination_of(options, new_run_id(started)) as target:
        output.say(f"Checking {', '.join(request.files)} …")
        prepared = check_files(request)
        told = LoadProgress()
        try:
            asyncio.run(_load(prepared, target, options, output, told))
        except StoppedEarly as error:  # what was checked is told all the same
            told.stopped = error
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise StoppedEarly(_stopped_at_once(told)) from None
        except click.Abort:
            tell("Nothing was sent to Light.", "Stopped: ")
            again = f"light-import load {command_words(request)}{options.again()}"
            tell(visible(f"{again} (asks again)"), "Next: ")
            return StoppedEarly.exit_code
    checked = prepared.checked
    summary = RunSummary(
        command="load",
        run=told.run,
        company=told.company.name if told.company else None,
        base_url=target.base_url,
        template=prepared.loaded.template.template,
        sources=request.files,
        started_at=started,
        bills={},
        line_items={},
        rows={},
        totals=(),
        template_file=prepared.template_file,
        requests=told.requests,
        notes=tuple(_notes(prepared, options, told, target)),
        continues=continues(prepared),
        company_id=told.company.id if told.company else "",
        sandbox=target.sandbox,
        expect=prepared.expect,
    )
    checked.findings += read_back_findings(checked, told.read_backs)
    checked.findings += step_findings(checked, told.steps)
    report = build_report(checked, told.outcomes, summary, told.read_backs, told.steps)
    report = with_former_ids(report, prepared)
    code = exit_code(report.summary, report.findings, stopped=told.stopped is not None)
    summary = replace(
        report.summary,
        exit_code=code,
        seconds=time.monotonic() - began,
        next_step=after_load(
            request,
            options.again(),
            told.run,
            code,
            dict(report.summary.bills),
            target.sandbox,
            path
            if path.suffix.lower() == ".xlsx"
            and any(each.pick is None for each in report.unresolved)
            else None,
        ),
    )
    if told.verifying and code and not target.sandbox:
        step = after_verify(told.run, summary, stopped=told.stopped is not None, options=" --lines")
        summary = replace(summary, next_step=step or summary.next_step)
    if told.stopped is not None:
        tell(visible(str(told.stopped)), "Stopped: ")
    summary = finish(replace(report, summary=summary), output, path)
    if told.run is not None:
        _remember(target, told, summary)
    return summary.exit_code


def _stopped_at_once(told: LoadProgress) -> str:
    if told.run is None:
        return "Stopped; nothing was sent."
    return (
        "Stopped at once. The same command goes on and sends nothing twice; what is known so far:"
        f" light-import report {told.run}"
    )


def _remember(target: Destination, told: LoadProgress, summary: RunSummary) -> None:
    """The run's figures in its history. A journal that cannot be written now loses only that."""
    if target.journal is None or told.run is None:
        return
    facts = {
        "bills": summary.bills,
        "line_items": summary.line_items,
        "totals": [stated(t.currency, t.sheet, t.unit, created=t.created) for t in summary.totals],
        "exit_code": summary.exit_code,
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
        "result": summary.result,
    }
    with contextlib.suppress(ImporterError), Journal(target.journal) as journal:
        journal.finish_run(told.run, facts)


def _notes(
    prepared: CheckedFiles, options: LoadOptions, told: LoadProgress, target: Destination
) -> Iterator[str]:
    yield from prepared.checked.mapped.notes
    if target.sandbox:
        yield "This was the built-in sandbox; nothing was sent to Light."
    if options.dry_run:
        yield "Dry run: nothing was written to Light."
        if told.ahead:
            yield f"After creation it would {told.ahead}."
    elif told.run is None and told.stopped is None and not prepared.checked.clean:
        why = "no bill is valid" if options.only_valid else "some bills are invalid"
        yield f"Nothing was sent, because {why}."
    if words := step_words(told.steps):
        yield f"After creation: {words}."
    if told.stopped is not None:
        yield f"The run stopped early: {told.stopped}"


async def _load(
    prepared: CheckedFiles,
    target: Destination,
    options: LoadOptions,
    output: OutputOptions,
    told: LoadProgress,
) -> None:
    """Resolve, plan, confirm, load. ``told`` is filled as it goes."""
    checked = prepared.checked
    pacer = RateLimiter(
        target.pace,
        keys=[key.mark for key in target.credentials.keys],
        per_minute=target.per_key,
        per_day=target.per_day,
        on_wait=output.say if options.wait else None,
    )
    client = LightClient(target.base_url, target.credentials, pacer, timeout=options.timeout)
    session = LoadContext(prepared, target, options, output, pacer, client, told)
    try:
        async with client:
            with signals(this_task().cancel), _told_when_slow(output):
                company = told.company = await client.company()
                refuse_another_company(prepared, company, target)
                directory = await fetch_directory(client, needs(checked, prepared.picks))
            resolve_in_light(checked, directory, prepared.loaded.template)
            _save_picks(session, directory)
            if not checked.clean and not options.only_valid and not options.dry_run:
                return
            bills = list(checked.valid_bills())
            if target.journal is None:
                target.journal = data_paths.journal_path(target.base_url, company.id)
            if options.dry_run:
                with existing(target.journal) as journal:
                    check_company_of_journal(journal, company, target)
                    await rehearse(bills, journal, session)
            elif bills:
                with Journal(target.journal) as journal:
                    async with locked(journal, output):
                        check_company_of_journal(journal, company, target)
                        await create(bills, company, journal, session)
    finally:
        told.requests = pacer.requests
        pacer.close()


@contextlib.contextmanager
def _told_when_slow(output: OutputOptions) -> Iterator[None]:
    """Say what is waited for, should the block take long."""
    text = "Waiting for Light, or for its permitted number of requests a minute …"
    timer = asyncio.get_running_loop().call_later(5.0, output.say, text)
    try:
        yield
    finally:
        timer.cancel()


def _save_picks(session: LoadContext, directory: Directory) -> None:
    """Add the picks that Light knows to the lookup tables; not in a dry run."""
    request, output = session.prepared.request, session.output
    if request.save_lookups is None:
        return
    if session.options.dry_run:
        output.say("Dry run: the picks were not saved.")
        return
    known = known_picks(session.prepared.picks, directory)
    for path, added in save_picks(Path(request.save_lookups), known).items():
        output.say(f"Saved {added:,} {'pick' if added == 1 else 'picks'} in {path}")
