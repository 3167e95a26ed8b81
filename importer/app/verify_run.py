"""A run's bills read back from Light and compared, and the report of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from importer.app.company_check import check_company_of_run, report_company
from importer.app.connection import connect
from importer.app.destination import Destination, PaceOptions, destination_of_run
from importer.app.finished_run import FinishedRun, finished_run, report_of
from importer.app.interrupts import gently_first, signals
from importer.app.next_step import after_verify
from importer.cli.options import OutputOptions
from importer.cli.output import finish
from importer.cli.progress_bar import ProgressBar
from importer.cli.screen import tell
from importer.core.errors import StoppedEarly
from importer.core.safe_text import visible
from importer.loading.journal.journal import Journal
from importer.loading.verification import InLight, Outcomes, Verification, in_light
from importer.model.read_back import Comparison, ReadBack
from importer.report.phrases import count
from importer.report.result_path import result_path

_CODES = ("light.changed", "light.missing")


def run_verify(
    run: str,
    pace: PaceOptions,
    output: OutputOptions,
    *,
    journal: str | None,
    lines: bool,
    again: bool,
) -> int:
    """Read, compare and report; the exit code."""
    began = time.monotonic()
    told = finished_run(run, journal)
    target = destination_of_run(told.record, told.journal, pace)
    path = result_path(list(told.files), output.result, Path.cwd())
    with Journal(told.journal) as opened:
        outcomes = opened.outcomes(run)
        try:
            verification, requests = asyncio.run(
                _verify(told, target, opened, outcomes, output, pace, lines=lines, again=again)
            )
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise StoppedEarly(
                "Stopped at once. The same command goes on with what was not read."
            ) from None
        report, _ = report_of(told, opened, "verify", verification.read)
    differ = any(back.seen is not Comparison.SAME for back in verification.read.values())
    stopped = verification.stopped
    summary = replace(
        report.summary,
        exit_code=4 if stopped else int(differ),
        requests=requests,
        seconds=time.monotonic() - began,
        notes=(_told(report.summary.read_back, lines=lines),),
    )
    options = " --lines" if lines else ""
    step = after_verify(run, summary, stopped=stopped is not None, options=options)
    if stopped is not None:
        tell(visible(str(stopped)), "Stopped: ")
    findings = sorted(report.findings, key=lambda f: f.code not in _CODES)  # those first
    report = replace(report, summary=replace(summary, next_step=step), findings=findings)
    return finish(report, output, path).exit_code


async def _verify(
    told: FinishedRun,
    target: Destination,
    journal: Journal,
    outcomes: Outcomes,
    output: OutputOptions,
    pace: PaceOptions,
    *,
    lines: bool,
    again: bool,
) -> tuple[Verification, int]:
    """Read them; what was read, and the number of requests."""
    async with connect(target, pace, output) as (client, pacer, company):
        check_company_of_run(told.record, company)
        report_company(company, target, output)
        verification = Verification(journal, client, told.record.id, lines=lines)
        await read_back(verification, in_light(outcomes, told.units), outcomes, output, again=again)
        return verification, pacer.requests


async def read_back(
    verification: Verification,
    bills: Sequence[InLight],
    outcomes: Outcomes,
    output: OutputOptions,
    *,
    again: bool = False,
) -> dict[int, ReadBack]:
    """What was read, by bill index. Ctrl-C stops it, and what was read is kept; ``stopped`` of the
    verification says so."""
    todo = verification.left(bills, outcomes, again=again)
    if verification.before:
        output.say(
            f"Going on with a verification that did not come to its end: {verification.before:,} of"
            f" {count(len(bills), 'bill')} were read before."
        )
    words = ("Reading", "Read back", "different")
    with ProgressBar(len(todo), quiet=output.quiet, words=words) as progress:
        verification.advance = progress.advance
        with signals(gently_first(verification.stop)):
            await verification.verify(todo)
    return verification.read


def _told(seen: Mapping[str, int], *, lines: bool) -> str:
    """What was read back, in a sentence."""
    if not seen:
        return "The run has no bill that is in Light."
    total = count(sum(seen.values()), "bill")
    what = " and all their line items" if lines else ""
    words = [
        f"{seen[kind]:,} {word}"
        for kind, word in (
            (Comparison.SAME, "the same"),
            (Comparison.CHANGED, "changed in Light"),
            (Comparison.MISSING, "missing in Light"),
        )
        if seen.get(kind)
    ]
    return f"Read back from Light: {total}{what}; {', '.join(words)}."
