"""What a run created is cancelled in Light, after asking; and the report of it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from importer.app.company_check import check_company_of_run, company_lines, locked, report_company
from importer.app.connection import connect
from importer.app.destination import Destination, PaceOptions, destination_of_run
from importer.app.finished_run import FinishedRun, finished_run, report_of
from importer.app.interrupts import confirm, gently_first, signals
from importer.app.run_index import find_run
from importer.cli.options import OutputOptions
from importer.cli.output import finish
from importer.cli.progress_bar import ProgressBar
from importer.cli.screen import tell
from importer.core.errors import StoppedEarly, UsageProblem
from importer.core.money import money
from importer.core.safe_text import visible
from importer.loading.cancellation import Undo, own
from importer.loading.journal.after_creation import created_before
from importer.loading.journal.journal import Journal
from importer.loading.verification import InLight
from importer.model.journal_states import Status, StepState
from importer.model.light_objects import Company
from importer.model.report_model import Report
from importer.report.phrases import count
from importer.report.result_path import result_path

_CODES = ("light.not_cancelled", "light.cancel_unknown")


@dataclass(frozen=True)
class UndoOptions:
    dry_run: bool
    yes: bool
    force: bool
    reason: str | None


@dataclass(frozen=True)
class _Undone:
    """An undo, the bills it was about, and the number of requests."""

    undo: Undo
    bills: list[InLight]
    requests: int


def run_undo(
    run: str, pace: PaceOptions, output: OutputOptions, journal: str | None, options: UndoOptions
) -> int:
    """Ask, cancel and report; the exit code."""
    began = time.monotonic()
    find_run(run, journal)  # what is wrong with the run is told first
    if not (options.yes or options.dry_run or sys.stdin.isatty()):
        raise UsageProblem(
            "There is no terminal to ask for your consent: add --yes to cancel without being asked,"
            " or --dry-run to see what would be cancelled."
        )
    told = finished_run(run, journal)
    target = destination_of_run(told.record, told.journal, pace)
    path = result_path(list(told.files), output.result, Path.cwd())
    with Journal(told.journal) as opened:
        try:
            undone = asyncio.run(_undo(told, target, opened, output, pace, options))
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise StoppedEarly(
                "Stopped at once. The same command goes on and cancels what is left."
            ) from None
        except click.Abort:
            tell("Nothing was cancelled in Light.", "Stopped: ")
            tell(f"light-import undo {run} (asks again)", "Next: ")
            return StoppedEarly.exit_code
        report = _report(told, opened, undone)
    summary = replace(report.summary, requests=undone.requests, seconds=time.monotonic() - began)
    if undone.undo.stopped is not None:
        tell(visible(str(undone.undo.stopped)), "Stopped: ")
    return finish(replace(report, summary=summary), output, path).exit_code


async def _undo(
    told: FinishedRun,
    target: Destination,
    journal: Journal,
    output: OutputOptions,
    pace: PaceOptions,
    options: UndoOptions,
) -> _Undone:
    run, started = told.record.id, told.record.started
    why = options.reason or f"Undone with light-import: run {run} of {started:%Y-%m-%d}"
    async with connect(target, pace, output) as (client, pacer, company), locked(journal, output):
        check_company_of_run(told.record, company)
        bills = own(journal.outcomes(run), told.units)
        undo = Undo(journal, client, run, why, force=options.force, dry=options.dry_run)
        if bills:
            await _consent(told, target, company, bills, options, output)
            words = ("Undoing", "Looked at" if undo.dry else "Went through", "not cancelled")
            with ProgressBar(len(bills), quiet=output.quiet, words=words) as progress:
                undo.advance = progress.advance
                with signals(gently_first(undo.stop)):
                    await undo.undo(bills)
        return _Undone(undo, bills, pacer.requests)


async def _consent(
    told: FinishedRun,
    target: Destination,
    company: Company,
    bills: list[InLight],
    options: UndoOptions,
    output: OutputOptions,
) -> None:
    """Ask before anything is cancelled. Raises click.Abort where the answer is no."""
    if options.yes or options.dry_run:
        report_company(company, target, output)
        return
    totals: Counter[tuple[str, int]] = Counter()
    for bill in bills:
        content = json.loads(bill.entry.content)
        totals[content["currency"], bill.unit] += content["amount"]
    requests = 2 * len(bills)  # each bill is read first
    minutes = max(0, requests - target.per_minute) / target.per_minute
    files = ", ".join(visible(Path(name).name) for name in told.files)
    lines = [
        *company_lines(company, target),
        f"Run:      {told.record.id}, {told.record.started:%Y-%m-%d %H:%M} UTC, {files}",
        f"Bills:    {len(bills):,} to cancel",
        *(
            f"Total:    {money(cents, unit)} {name}"
            for (name, unit), cents in sorted(totals.items())
        ),
        f"Requests: {requests:,}, at most {target.per_minute:,} a minute: "
        + (f"about {minutes:.0f} minutes" if minutes >= 1.5 else "about a minute or less"),
    ]
    click.echo("\n".join(lines), err=True)
    await confirm("Cancel these bills in Light?")


def _report(told: FinishedRun, journal: Journal, undone: _Undone) -> Report:
    """What became of the run's bills."""
    undo = undone.undo
    report, _ = report_of(told, journal, "undo", ended=undo.ended)
    states = Counter(state for state, _ in undo.ended.values())
    code = int(states[StepState.REFUSED] > 0)
    if undo.stopped is not None or states[StepState.UNKNOWN]:
        code = 4
    summary = replace(
        report.summary,
        exit_code=code,
        notes=tuple(
            _notes(undone, states, report.summary.bills, created_before(journal, told.record.id))
        ),
        next_step=_next(told, code, dry=undo.dry),
    )
    findings = sorted(report.findings, key=lambda f: f.code not in _CODES)  # those first
    return replace(report, summary=summary, findings=findings)


def _notes(
    undone: _Undone,
    states: Mapping[StepState, int],
    counts: Mapping[str, int],
    before_it: Mapping[str, int],
) -> Iterator[str]:
    of = count(len(undone.bills), "bill")
    before = counts.get(Status.UNDONE, 0)
    if not undone.bills and before:
        is_ = "is" if before == 1 else "are"
        yield f"Nothing to undo: {count(before, 'bill')} of this run {is_} undone already."
    elif not undone.bills:
        yield "Nothing to undo: Light has no bill that this run created."
    elif undone.undo.dry:
        would = states[StepState.PLANNED] + states[StepState.DONE]
        yield f"Dry run: nothing was cancelled. {would:,} of {of} would be."
    else:
        yield f"Cancelled in Light: {states[StepState.DONE]:,} of {of}."
    others = counts.get(Status.ALREADY_IN_LIGHT, 0) + counts.get(Status.ALREADY_LOADED, 0)
    if others:
        was = "was" if others == 1 else "were"
        yield f"{count(others, 'bill')} of the sheet {was} there before this run, and left alone."
    for run, n in before_it.items():  # as of a load that was killed and run again
        yield f"{count(n, 'bill')} of the sheet came from run {run}: light-import undo {run}"


def _next(told: FinishedRun, code: int, *, dry: bool) -> str:
    if dry:
        return f"light-import undo {told.record.id}"
    if code == 4:
        return f"light-import undo {told.record.id} (goes on; what is cancelled stays so)"
    if code == 1:
        return "look at the bills that were not cancelled, in Light and in the workbook"
    return f"light-import load {told.words} (loads the bills again)"
