"""Write the result of a run again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from importer.app.check_request import AgeingFile
from importer.app.create_vendors import vendor_lines
from importer.app.events import SILENT, Listener
from importer.app.finished_run import finished_run, report_of
from importer.app.result import Result, ResultFile, write_file
from importer.loading.bill_state import is_in_ledger
from importer.loading.journal.journal import Journal
from importer.model.journal_states import Status
from importer.model.report_model import RunSummary
from importer.report.ageing_report import ageing_words
from importer.report.ledger_words import ledger_words
from importer.report.light_findings import unfinished


def _check_words(summary: RunSummary, *, posted: bool) -> Iterator[str]:
    """What the last verification found in the ledger and of the balances, or that none looked."""
    if summary.ledger is not None:
        yield from ledger_words(summary.ledger)
    elif posted:
        yield (
            "The ledger was not compared with this run. That is done by: light-import verify"
            f" {summary.run} --ledger"
        )
    if summary.ageing is not None:
        yield from ageing_words(summary.ageing)


@dataclass(frozen=True)
class ReportOptions:
    """``journal``: another than the company's own; ``as_of``: the day of the ageing; ``ageing``:
    the reports of the old system on that day, if others than the load's."""

    run: str
    journal: str | None = None
    as_of: str | None = None
    ageing: tuple[AgeingFile, ...] = ()


def report(
    options: ReportOptions, *, result: ResultFile | None = None, listener: Listener = SILENT
) -> Result:
    """The result of a run as far as it came, even after a crash; Light is not asked. The exit code
    is 0 where it was written, whatever became of the bills.

    Raises UsageProblem where there is no such run, or its files are gone.
    """
    run = finished_run(
        options.run, options.journal, listener, as_of=options.as_of, ageing=options.ageing
    )
    with Journal(run.journal) as journal:
        built, steps = report_of(run, journal, "report")
    path = result.free_path(run.files, run.record.id) if result else None
    figures = dict(run.record.summary or {})
    bills = built.summary.documents
    interrupted = bool(
        bills.get(Status.NOT_SENT)
        or (bills.get(Status.UNKNOWN) and not run.record.finished)
        or unfinished(steps)
    )
    resumable = interrupted and not built.summary.sandbox
    summary = replace(
        built.summary,
        requests=figures.get("requests", 0),
        seconds=figures.get("seconds", 0.0),
        next_step=f"light-import load {run.words} (resumes)" if resumable else "",
        notes=(
            *vendor_lines(built.summary.created_vendors),
            *(["The run did not finish."] if interrupted else []),
            *_check_words(
                built.summary,
                posted=any(is_in_ledger(bill.result.light_state or "") for bill in built.bills),
            ),
        ),
    )
    return write_file(replace(built, summary=summary), result, path, listener)
