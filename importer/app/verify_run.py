"""Read a run's bills back from Light and compare them with what was loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from importer.app.check_request import AgeingFile
from importer.app.company_check import address_of, check_company_of_run
from importer.app.destination import DEFAULT_PACE, Destination, PaceOptions, destination_of_run
from importer.app.events import SILENT, Listener, Phase, Work
from importer.app.finished_run import FinishedRun, finished_run, report_of
from importer.app.ledger_check import check_ledger
from importer.app.next_step import after_verify
from importer.app.old_ageing_files import PREFIX
from importer.app.result import Result, ResultFile, write_file
from importer.app.stop import StopControl, run_to_end
from importer.app.time_left import time_left
from importer.core.errors import StoppedEarly
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.loading.engine import Engine
from importer.loading.journal.check_records import save_ledger_check
from importer.loading.journal.journal import Journal
from importer.loading.loaded_bills import Outcomes, bills_in_light, bills_to_sweep
from importer.loading.operations.verify_bill import SETTINGS, Verification, plan_verification
from importer.loading.twins import (
    BillInLight,
    look_for_twins,
    save_sweep,
    unsettled_for,
    wait_for_sweep,
)
from importer.model.journal_states import Status
from importer.model.ledger import LedgerTieOut
from importer.model.read_back import Comparison, ReadBack
from importer.model.report_model import RunError
from importer.report.ageing_report import ageing_words
from importer.report.ledger_words import ledger_words
from importer.report.phrases import document_nouns, documents_of
from importer.validation.finding_batch import Findings

_OTHER_ROWS = frozenset(("run.row.changed", "run.line.changed", "run.row.added"))
_LEDGER = (
    "light.ledger_missing",
    "light.ledger_unbalanced",
    "light.ledger_differs",
    "light.ledger_unreadable",
)
_CODES = ("light.twice", "light.changed", "light.missing", *_LEDGER, *sorted(_OTHER_ROWS))


@dataclass(frozen=True)
class VerifyOptions:
    """``lines``: each line item is read by itself, too; ``ledger``: so are the ledger's lines of
    what is posted; ``as_of``: the day of the ageing (2025-03-31), ``ageing`` the reports of the old
    system on that day, if others than the load's; ``again``: also what a
    verification that was stopped has read; ``journal``: another than the company's own.
    ``settle``: seconds until what Light does not show is asked for again.
    """

    run: str
    journal: str | None = None
    lines: bool = False
    ledger: bool = False
    as_of: str | None = None
    ageing: tuple[AgeingFile, ...] = ()
    again: bool = False
    settle: float = 30.0
    pace: PaceOptions = DEFAULT_PACE


def verify(
    options: VerifyOptions,
    *,
    result: ResultFile | None = None,
    listener: Listener = SILENT,
    stop: StopControl | None = None,
) -> Result:
    """Read, compare and report. Nothing is changed in Light.

    Exit code 1 where a bill was changed in Light or is missing there, where Light rejected one or a
    row no longer is its bill, so that the totals differ, or the ledger does; 2 where the key may
    not read the ledger; 3 where a bill is unknown, or in Light more than once; 4 where it was
    stopped.
    Raises UsageProblem where there is no such run, StoppedEarly where it was stopped at once.
    """
    began = time.monotonic()
    run = finished_run(
        options.run, options.journal, listener, as_of=options.as_of, ageing=options.ageing
    )
    destination = destination_of_run(run.record, run.journal, options.pace)
    path = result.free_path(run.files, run.record.id) if result else None
    with Journal(run.journal) as journal:
        outcomes = journal.outcomes(run.record.id)
        read_backs, ledger, stopped, requests = run_to_end(
            _verify(run, destination, journal, outcomes, options, listener, stop or StopControl()),
            "Stopped at once. Run the same command to read the rest.",
        )
        report, _ = report_of(run, journal, "verify", read_backs, ledger=ledger)
    read = [outcomes[entry].entry for entry in read_backs if entry in outcomes]
    differ = any(back.comparison is not Comparison.SAME for back in read_backs.values())
    differ |= bool(_OTHER_ROWS & report.findings.codes())
    differ |= ledger is not None and bool(ledger.problems)
    differ |= any(code.startswith(PREFIX) for code in report.findings.codes())
    differ |= any(x.difference != x.net(Status.UNDONE) for x in report.summary.totals)
    person = "light.twice" in report.findings.codes() or Status.UNKNOWN in report.summary.documents
    summary = replace(
        report.summary,
        exit_code=stopped.exit_code if stopped else 3 if person else int(differ),
        error=RunError.of(stopped) if stopped else None,
        requests=requests,
        seconds=time.monotonic() - began,
        notes=(
            _note(report.summary.read_back, documents_of(read), lines=options.lines),
            *(() if ledger is None else ledger_words(ledger)),
            *(() if report.summary.ageing is None else ageing_words(report.summary.ageing)),
        ),
    )
    words = " --lines" * options.lines + " --ledger" * options.ledger
    words += f" --as-of {options.as_of}" if options.as_of else ""
    step = after_verify(run.id_words, summary, stopped=stopped is not None, options=words)
    if not step and summary.bills.get(Status.UNKNOWN) and run.record.finished is None:
        step = f"light-import load {run.words} (looks up the bills in doubt)"
    if stopped is not None:
        listener.stopped(str(stopped))
    findings = Findings(report.findings.parts, lead_codes=_CODES)
    report = replace(report, summary=replace(summary, next_step=step), findings=findings)
    return write_file(report, result, path, listener)


async def _verify(
    run: FinishedRun,
    destination: Destination,
    journal: Journal,
    outcomes: Outcomes,
    options: VerifyOptions,
    listener: Listener,
    stop: StopControl,
) -> tuple[dict[int, ReadBack], LedgerTieOut | None, StoppedEarly | None, int]:
    """What was read by entry, the ledger where it was asked for, why it ended early, and the number
    of requests."""
    async with destination.connect(options.pace, listener) as (client, limiter):
        with stop.cancels_task():
            company = await client.company()
        check_company_of_run(run.record, company)
        listener.connected(company, address_of(destination))
        loaded = bills_in_light(outcomes, run.units(outcomes))
        verification = plan_verification(
            journal,
            run.record.id,
            loaded,
            outcomes,
            lines=options.lines,
            balances=run.prepared.checked.ageing is not None,
            again=options.again,
        )
        settle = options.settle
        stopped = await read_back(verification, journal, client, limiter, listener, stop, settle)
        ledger = None
        if stopped is None:
            bills = bills_to_sweep(outcomes, run.units(outcomes))
            in_light = [BillInLight(each.entry, each.sent) for each in bills]
            wait = unsettled_for((each.entry for each in bills), settle)
            with stop.cancels_task(), listener.work(Work.LOOKING):
                await wait_for_sweep(wait, listener.message)
                sweep = await look_for_twins(in_light, client, journal, settle)
            save_sweep(journal, run.record.id, sweep)
            if options.ledger:
                with stop.cancels_task(), listener.work(Work.LEDGER):
                    ledger, stopped = await check_ledger(client, loaded, verification.read_backs)
                if not ledger.refused:
                    ids = {each.entry.id: each.light_id for each in loaded}
                    save_ledger_check(journal, run.record.id, ledger, ids)
        return verification.read_backs, ledger, stopped, limiter.requests


async def read_back(
    verification: Verification,
    journal: Journal,
    client: LightClient,
    limiter: RateLimiter,
    listener: Listener,
    stop: StopControl,
    settle: float,
) -> StoppedEarly | None:
    """Read the bills of the verification; why it ended early, if it did. What was read stays in
    the journal."""
    before, unread = len(verification.read_backs), len(verification.todo)
    noun = document_nouns(unread, sum(loaded.entry.credit_note for loaded in verification.todo))
    if before:
        rest = documents_of(loaded.entry for loaded in verification.todo)
        listener.message(
            f"Resuming a verification that did not finish: {before:,} were read before, {rest} are"
            " left."
        )
    each = 1.0
    if verification.lines and unread:  # each is read by itself too
        each += sum(max(len(bill.entry.line_ids), 1) for bill in verification.todo) / unread
    left = time_left(limiter, unread, each)
    with listener.phase(Phase.READ_BACK, unread, noun, left) as counter:
        settings = replace(SETTINGS, settle=settle)
        engine = Engine(journal, client, verification.run, settings, counter)
        with stop.stops(engine.stop):
            await verification.verify(engine)
    return engine.stopped


def _note(read: Mapping[str, int], total: str, *, lines: bool) -> str:
    """What was read back, in a sentence."""
    if not read:
        return "Light has nothing of this run."
    what = " and all their line items" if lines else ""
    words = [
        f"{read[comparison]:,} {word}"
        for comparison, word in (
            (Comparison.SAME, "the same"),
            (Comparison.CHANGED, "changed in Light"),
            (Comparison.MISSING, "missing in Light"),
        )
        if read.get(comparison)
    ]
    return f"Read back from Light: {total}{what}; {', '.join(words)}."
