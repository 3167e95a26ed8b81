"""Cancel in Light what a run created, after asking, and report it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from importer.app.attempt_log import logged_attempt
from importer.app.bill_selection import selected_outcomes
from importer.app.company_check import address_of, check_company_of_run, locked
from importer.app.consent import Total, UndoConsent, UndoForecast, agreed, totals_by_currency
from importer.app.destination import Destination, destination_of_run
from importer.app.events import SILENT, Listener, Phase
from importer.app.finished_run import FinishedRun, finished_run
from importer.app.journal_places import journal_words
from importer.app.result import Result, ResultFile, write_file
from importer.app.run_index import find_run
from importer.app.stop import StopControl, run_to_end
from importer.app.time_left import time_left
from importer.app.undo_options import UndoOptions
from importer.app.undo_report import Undone, undo_report
from importer.app.undo_updates import restorations, restore, selects_of
from importer.core.errors import Declined, UsageProblem
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal, new_run_id
from importer.loading.loaded_bills import LoadedBill, Outcomes, Units, bills_created
from importer.loading.operations.cancel_bill import SETTINGS, CancelOptions, cancel_bills
from importer.loading.operations.cancel_twin import TwinCancellation, twins_of_run
from importer.loading.operations.settle_doubt import doubtful_jobs, settle_doubts
from importer.loading.twins import BillInLight, look_for_twins, save_sweep
from importer.model.journal_states import JournalEntry, StepState
from importer.model.light_objects import Company
from importer.report.phrases import document_nouns, documents_of

_FACTS = ("sources", "template", "sandbox", "base_url", "company", "company_id")


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
        report = undo_report(run, journal, undone)
    summary = replace(report.summary, requests=undone.requests, seconds=time.monotonic() - began)
    if undone.stopped is not None:
        listener.stopped(str(undone.stopped))
    return write_file(replace(report, summary=summary), result, path, listener)


async def _undo(context: _UndoContext) -> Undone:
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
                left = time_left(limiter, len(bills), 1.0 if options.dry_run else 3.0)
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
        return Undone(bills, ended, requests, options, stopped, doubts, chosen, restored, notes)


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
        again = f"light-import undo {run.id_words}{options.selection.words} (asks again)"
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
