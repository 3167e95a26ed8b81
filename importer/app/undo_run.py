"""Cancel in Light what a run created, after asking, and report it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from importer.app.attempt_log import logged_attempt
from importer.app.bill_selection import BillSelection, selected_outcomes
from importer.app.company_check import address_of, check_company_of_run, locked
from importer.app.consent import (
    CONFIRM_ABOVE,
    Total,
    UndoConsent,
    UndoForecast,
    agreed,
    totals_by_currency,
)
from importer.app.create_vendors import vendor_lines
from importer.app.destination import DEFAULT_PACE, Destination, PaceOptions, destination_of_run
from importer.app.events import SILENT, Listener, Phase
from importer.app.finished_run import FinishedRun, finished_run, report_of
from importer.app.journal_places import journal_words
from importer.app.result import Result, ResultFile, write_file
from importer.app.run_index import find_run
from importer.app.stop import StopControl, run_to_end
from importer.app.time_left import time_left
from importer.app.undo_updates import (
    restoration_code,
    restoration_note,
    restorations,
    restore,
    selects_of,
)
from importer.core.errors import Declined, StoppedEarly, UsageProblem
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal, new_run_id
from importer.loading.journal.run_figures import created_before
from importer.loading.loaded_bills import LoadedBill, Outcomes, Units, bills_created
from importer.loading.operations.cancel_bill import SETTINGS, CancelOptions, cancel_bills
from importer.loading.operations.cancel_twin import TwinCancellation, twins_of_run
from importer.loading.operations.settle_doubt import doubtful_jobs, settle_doubts
from importer.loading.twins import BillInLight, look_for_twins, save_sweep
from importer.model.bill_updates import UpdateState
from importer.model.journal_states import JournalEntry, Status, StepState
from importer.model.light_objects import Company
from importer.model.report_model import RunError, RunSummary
from importer.report.build_report import Report
from importer.report.phrases import document_nouns, documents, documents_of
from importer.validation.finding_batch import Findings

_FACTS = ("sources", "template", "sandbox", "base_url", "company", "company_id")
_CODES = ("light.not_cancelled", "light.cancel_unknown")


@dataclass(frozen=True)
class UndoOptions:
    """``yes``: without asking for consent; ``force``: bills too that were changed in Light since;
    ``reason``: what Light is told; ``journal``: another than the company's own. ``twins``: only
    what Light has more than once, where the run's copy is the later of equal drafts. ``settle``:
    seconds until what Light does not show is asked for again. ``bills`` and ``vendor``: these
    alone, see ``BillSelection``."""

    run: str
    bills: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    journal: str | None = None
    dry_run: bool = False
    yes: bool = False
    force: bool = False
    reason: str | None = None
    twins: bool = False
    settle: float = 30.0
    pace: PaceOptions = DEFAULT_PACE
    confirm_above: float = CONFIRM_ABOVE

    @property
    def selection(self) -> BillSelection:
        return BillSelection(self.bills, self.vendor)


@dataclass
class _UndoContext:
    """What one undo works with."""

    options: UndoOptions
    run: FinishedRun
    destination: Destination
    journal: Journal
    consent: UndoConsent | None
    listener: Listener
    stop: StopControl


@dataclass(frozen=True)
class _Undone:
    """``ended`` is how each bill ended and why, by entry; ``stopped`` why it ended early;
    ``doubts`` were sent by the run without a known end; ``restored`` is how those ended that the
    run had changed."""

    bills: list[LoadedBill]
    ended: Mapping[int, tuple[StepState, str]]
    requests: int
    options: UndoOptions
    stopped: StoppedEarly | None
    doubts: Sequence[JournalEntry] = ()
    chosen: Outcomes | None = None  # the selected bills, as they were before; None: all
    restored: Mapping[int, tuple[UpdateState, str]] = field(default_factory=dict)
    restored_notes: int = 0  # credit notes among these

    @property
    def dry(self) -> bool:
        return self.options.dry_run


def undo(
    options: UndoOptions,
    *,
    result: ResultFile | None = None,
    consent: UndoConsent | None = None,
    listener: Listener = SILENT,
    stop: StopControl | None = None,
) -> Result:
    """Ask, cancel and report. ``consent`` is needed unless ``options.yes`` or ``options.dry_run``.

    Bills in doubt are looked up first. Exit code 1 where a bill was not
    cancelled, 3 where one is unknown or in Light more than once, 4 where it was stopped or an
    answer is unknown.
    Raises UsageProblem where there is no such run, Declined where the answer was no, StoppedEarly
    where it was stopped at once.
    """
    _, record = find_run(options.run, options.journal)  # what is wrong with it is reported first
    facts = {
        **{name: record.facts.get(name) for name in _FACTS},
        "run": record.id,
        "dry_run": options.dry_run,
        "journal": journal_words(options.journal),
    }
    with logged_attempt("undo", new_run_id(datetime.now(UTC)), **facts) as attempt:
        undone = _undo_run(options, result, consent, listener, stop or StopControl())
        attempt.end(undone.summary)
    return undone


def _undo_run(
    options: UndoOptions,
    result: ResultFile | None,
    consent: UndoConsent | None,
    listener: Listener,
    stop: StopControl,
) -> Result:
    began = time.monotonic()
    if consent is None and not (options.yes or options.dry_run):
        raise UsageProblem(
            "There is no terminal to ask for your consent: add --yes to cancel without being asked,"
            " or --dry-run to see what would be cancelled."
        )
    run = finished_run(options.run, options.journal, listener)
    destination = destination_of_run(run.record, run.journal, options.pace)
    path = result.free_path(run.files, run.record.id) if result else None
    with Journal(run.journal) as journal:
        context = _UndoContext(options, run, destination, journal, consent, listener, stop)
        undone = run_to_end(
            _undo(context), "Stopped at once. Run the same command to cancel the rest."
        )
        report = _report(run, journal, undone)
    summary = replace(report.summary, requests=undone.requests, seconds=time.monotonic() - began)
    if undone.stopped is not None:
        listener.stopped(str(undone.stopped))
    return write_file(replace(report, summary=summary), result, path, listener)


async def _undo(context: _UndoContext) -> _Undone:
    options, journal, record = context.options, context.journal, context.run.record
    listener, stop = context.listener, context.stop
    why = (
        options.reason or f"Undone with light-import: run {record.id} of {record.started:%Y-%m-%d}"
    )
    async with context.destination.connect(options.pace, listener) as (client, limiter):
        with stop.cancels_task():
            company = await client.company()
        async with locked(journal, listener, stop):
            check_company_of_run(record, company)
            settings = replace(SETTINGS, settle=options.settle)
            engine = Engine(journal, client, record.id, settings, listener)
            chosen = _chosen(context)
            doubts = await _settle_doubts(engine, context, chosen)
            outcomes = _of_chosen(journal.outcomes(record.id), chosen)
            units = context.run.units(outcomes)
            ended: Mapping[int, tuple[StepState, str]] = {}
            twins = TwinCancellation()
            if options.twins:
                with stop.cancels_task():
                    of_run = twins_of_run(outcomes, units)
                    await twins.choose(of_run, engine, dry=options.dry_run)
                bills, ended = twins.later, twins.left
            else:
                bills = await _bills_created(outcomes, units, engine, context)
            restores = [] if options.twins else restorations(journal, record.id, outcomes)
            if (bills or restores) and engine.stopped is None:
                await _ask(bills, len(restores), company, context)
            if bills and engine.stopped is None:
                phase = Phase.CANCELLATION_DRY_RUN if options.dry_run else Phase.CANCELLATION
                cancel = CancelOptions(why, force=options.force, dry=options.dry_run)
                noun = document_nouns(len(bills), sum(each.entry.credit_note for each in bills))
                left = time_left(limiter, len(bills), 1.0 if options.dry_run else 2.0)
                with (
                    listener.phase(phase, len(bills), noun, left) as engine.progress,
                    stop.stops(engine.stop),
                ):
                    if options.twins:
                        ended = await twins.cancel(engine, cancel)
                    else:
                        ended = await cancel_bills(engine, bills, cancel)
            restored = {}
            if restores and engine.stopped is None:
                with stop.cancels_task():
                    selects = await selects_of(restores, client)
                left = time_left(limiter, len(restores), 3.0)
                noun = document_nouns(len(restores), sum(each.credit_note for each in restores))
                with (
                    listener.phase(Phase.RESTORATION, len(restores), noun, left) as engine.progress,
                    stop.stops(engine.stop),
                ):
                    restored = await restore(engine, restores, selects, dry=options.dry_run)
        requests, stopped = limiter.requests, engine.stopped
        notes = sum(each.credit_note for each in restores if each.update.entry in restored)
        return _Undone(bills, ended, requests, options, stopped, doubts, chosen, restored, notes)


def _chosen(context: _UndoContext) -> Outcomes | None:
    """The bills that the options select; None where they select none."""
    selection, run, journal = context.options.selection, context.run, context.journal
    if not selection:
        return None
    return selected_outcomes(selection, run, journal, journal.outcomes(run.record.id))


def _of_chosen(outcomes: Outcomes, chosen: Outcomes | None) -> Outcomes:
    if chosen is None:
        return outcomes
    return {entry: outcome for entry, outcome in outcomes.items() if entry in chosen}


async def _bills_created(
    outcomes: Outcomes, units: Units, engine: Engine, context: _UndoContext
) -> list[LoadedBill]:
    """The bills to cancel. Of one that was sent again the lost attempt may have come in since."""
    bills = bills_created(outcomes, units)
    resent = [each for each in bills if each.entry.resent is not None]
    if not resent or context.options.dry_run:
        return bills
    in_light = [BillInLight(each.entry, each.sent) for each in resent]
    with context.stop.cancels_task():
        settle = context.options.settle
        sweep = await look_for_twins(in_light, engine.gateway, engine.journal, settle)
    save_sweep(engine.journal, engine.run, sweep)
    now = engine.journal.outcomes(engine.run)
    return bills_created({entry: now[entry] for entry in outcomes if entry in now}, units)


async def _settle_doubts(
    engine: Engine, context: _UndoContext, chosen: Outcomes | None
) -> list[JournalEntry]:
    """Look up what the run sent without a known end; what that is."""
    outcomes = _of_chosen(context.journal.outcomes(engine.run), chosen)
    jobs = doubtful_jobs(outcomes, context.run.units(outcomes))
    if jobs and not context.options.dry_run:
        words = documents_of(job.entry for job in jobs)
        text = f"Looking up {words} that Light may or may not have; this takes up to a minute."
        context.listener.message(text)
        with context.stop.stops(engine.stop):
            await settle_doubts(engine, jobs)
    return [job.entry for job in jobs]


async def _ask(
    bills: list[LoadedBill], restored: int, company: Company, context: _UndoContext
) -> None:
    """Raises Declined where the answer is no."""
    options, run, destination = context.options, context.run, context.destination
    if options.yes or options.dry_run or context.consent is None:
        context.listener.connected(company, address_of(destination))
        return
    # Credit notes by themselves: neither part hides the other.
    parts = [[b for b in bills if b.entry.credit_note is credit] for credit in (False, True)]
    forecast = UndoForecast(
        company=company,
        address=address_of(destination),
        run=run.record.id,
        started=run.record.started,
        files=tuple(run.files),
        bills=len(parts[0]),
        credit_notes=len(parts[1]),
        left=_left(bills, context),
        totals=tuple(total for part in parts for total in _totals(part)),
        restored=restored,
        requests=2 * len(bills) + 3 * restored,  # each bill is read first
        per_minute=destination.per_minute,
        confirm_above=options.confirm_above,
    )
    if not await agreed(context.consent(forecast)):
        again = f"light-import undo {run.record.id}{options.selection.words} (asks again)"
        raise Declined("Nothing was cancelled in Light.", again)


def _left(bills: Sequence[LoadedBill], context: _UndoContext) -> int:
    """How many bills that the run created are not selected."""
    if not context.options.selection:
        return 0
    outcomes = context.journal.outcomes(context.run.record.id)
    created = bills_created(outcomes, context.run.units(outcomes))
    return len({each.entry.id for each in created} - {each.entry.id for each in bills})


def _totals(bills: Sequence[LoadedBill]) -> tuple[Total, ...]:
    contents = ((json.loads(bill.entry.content), bill.unit) for bill in bills)
    return totals_by_currency((c["currency"], c["amount"], unit) for c, unit in contents)


def _report(run: FinishedRun, journal: Journal, undone: _Undone) -> Report:
    """The outcome of the run's bills, with the notes and the exit code of the undo."""
    report, _ = report_of(run, journal, "undo", ended=undone.ended)
    states = Counter(state for state, _ in undone.ended.values())
    code = max(int(states[StepState.REFUSED] > 0), restoration_code(undone.restored))
    if report.summary.documents.get(Status.UNKNOWN):
        code = 3
    if undone.stopped is not None:
        code = undone.stopped.exit_code
    elif states[StepState.UNKNOWN]:
        code = 4
    undone_before = bool(report.summary.documents.get(Status.UNDONE))
    summary = replace(
        report.summary,
        exit_code=code,
        error=RunError.of(undone.stopped) if undone.stopped else None,
        notes=(
            *_notes(undone, states, report.summary, created_before(journal, run.record.id)),
            *vendor_lines(report.summary.created_vendors),
        ),
        next_step=_next_step(
            run, code, report.findings.codes(), undone, undone_before=undone_before
        ),
    )
    findings = Findings(report.findings.parts, lead_codes=_CODES)
    return replace(report, summary=summary, findings=findings)


def _notes(
    undone: _Undone,
    states: Mapping[StepState, int],
    summary: RunSummary,
    earlier_runs: Mapping[str, tuple[int, int]],
) -> Iterator[str]:
    def of_status(*statuses: Status) -> tuple[int, int]:
        counts = summary.bills, summary.credit_notes
        bills, notes = (sum(each.get(status, 0) for status in statuses) for each in counts)
        return bills, notes

    of = documents_of(loaded.entry for loaded in undone.bills)
    if undone.dry and undone.doubts:
        yield (
            f"{documents_of(undone.doubts)} of this run may or may not be in Light: undo looks"
            " them up first."
        )
    if undone.chosen is not None:
        yield from _of_selection(undone, states, of_status(Status.CREATED))
        return
    undone_before = of_status(Status.UNDONE)
    if not undone.bills and not undone.restored and any(undone_before):
        is_ = "is" if sum(undone_before) == 1 else "are"
        yield f"Nothing to undo: {documents(*undone_before)} of this run {is_} already undone."
    elif not undone.bills and undone.options.twins:
        yield "Nothing to cancel: no copy of this run is the later of two equal drafts in Light."
    elif not undone.bills and not undone.restored:
        yield "Nothing to undo: Light has nothing that this run created."
    elif not undone.bills:
        pass
    elif undone.dry:
        would = states[StepState.PLANNED] + states[StepState.DONE]
        yield f"Dry run: nothing was cancelled. {would:,} of {of} would be."
    else:
        yield f"Cancelled in Light: {states[StepState.DONE]:,} of {of}."
    if note := restoration_note(undone.restored, undone.restored_notes, dry=undone.dry):
        yield note
    others = of_status(Status.ALREADY_IN_LIGHT, Status.ALREADY_LOADED)
    if any(others):
        was = "was" if sum(others) == 1 else "were"
        yield f"{documents(*others)} of the sheet {was} in Light before this run: unchanged."
    for earlier, n in earlier_runs.items():  # as of a load that was killed and run again
        yield f"{documents(*n)} of the sheet came from run {earlier}: light-import undo {earlier}"


def _of_selection(
    undone: _Undone, states: Mapping[StepState, int], left: tuple[int, int]
) -> Iterator[str]:
    """What was done to the selected bills, and how many of the run's stay in Light."""
    chosen, of = undone.chosen or {}, documents_of(loaded.entry for loaded in undone.bills)
    if undone.dry:
        would = states[StepState.PLANNED] + states[StepState.DONE]
        yield f"Dry run: nothing was cancelled. {would:,} of {of} would be."
    elif undone.bills:
        yield f"Cancelled in Light: {states[StepState.DONE]:,} of {of}."
    if note := restoration_note(undone.restored, undone.restored_notes, dry=undone.dry):
        yield note
    of_this_run = {*undone.restored, *(each.entry.id for each in undone.bills)}
    statuses: dict[Status, list[str]] = {}
    for entry, outcome in chosen.items():
        if entry not in of_this_run:
            statuses.setdefault(outcome.status, []).append(outcome.entry.name)
    for status, names in statuses.items():
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        words = status.value.replace("_", " ")
        yield f"Nothing to undo for {', '.join(names[:5])}{more}: {words}."
    if any(left):
        yield f"{documents(*left)} of this run {'is' if sum(left) == 1 else 'are'} still in Light."


def _next_step(
    run: FinishedRun, code: int, codes: Collection[str], undone: _Undone, *, undone_before: bool
) -> str:
    """The command to run next; "" where there is nothing to undo and nothing was undone."""
    options = undone.options
    command = f"light-import undo {run.record.id}{options.selection.words}"
    command += " --twins" if options.twins else ""
    idle = not (undone.bills or undone.restored or undone.doubts)
    if options.dry_run:
        return "" if idle else command
    if code == 4:
        return f"{command} (cancels the rest)"
    if "light.twice" in codes and not options.twins:
        return f"light-import undo {run.record.id} --twins (what Light has more than once)"
    if code == 3 and UpdateState.UNKNOWN in {state for state, _ in undone.restored.values()}:
        return f"{command} (reads the bills again, and changes back what is left)"
    if code == 3:
        return (
            "look at what is unknown in Light, then record the correct one: light-import"
            f" journal settle {run.record.id} BILL --light-id ID (or --absent)"
        )
    if code == 1:
        return "look at what was not cancelled, in Light and in the workbook"
    if undone.restored:
        return f"light-import load {run.words} --update (changes them again)"
    if idle and not undone_before:
        return ""
    return f"light-import load {run.words} (loads them again)"
