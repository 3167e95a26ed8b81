"""A load once its names are resolved: plan, ask for consent, record what is intended, send."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from importer.app.change_bills import (
    carried_ids,
    column_ids,
    create_nothing,
    settle_unfinished,
    update_note,
    withhold_carried,
)
from importer.app.company_check import held
from importer.app.concurrent_loads import wait_for_holders
from importer.app.create_vendors import (
    created_picks,
    differences,
    doubles,
    operations,
    settle_vendors,
)
from importer.app.earlier_loads import entity_names
from importer.app.events import Phase, Work
from importer.app.former_workbook import compare_with_before
from importer.app.journal_places import exists, share_run_files
from importer.app.load_context import LoadContext
from importer.app.load_question import ask, totals_of
from importer.app.run_snapshot import save_snapshot
from importer.app.time_left import time_left
from importer.app.user_name import host_name, user_name
from importer.app.verify_run import read_back
from importer.core.errors import StoppedEarly, UsageProblem
from importer.core.object_ids import with_names
from importer.loading import step_plan
from importer.loading.bill_state import wanted_steps
from importer.loading.engine import Engine
from importer.loading.journal.cancellation_records import unfinished_undo
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace
from importer.loading.journal.update_records import updates_of_run
from importer.loading.journal.vendor_records import save_vendors
from importer.loading.loaded_bills import bills_in_light
from importer.loading.operation import EngineSettings
from importer.loading.operations import create_bill
from importer.loading.operations.verify_bill import plan_verification
from importer.loading.plan import (
    LoadPlan,
    expected_outcomes,
    look_for_credited,
    look_in_light,
    plan_from_journal,
    record,
)
from importer.loading.row_identity import rows_of
from importer.loading.update_plan import plan_updates, record_updates, update_bills
from importer.model.bills import Bill
from importer.model.finding import CellRef, Finding
from importer.model.journal_states import BillOutcome, Status
from importer.model.run_rows import BillRows
from importer.references.lookup_tables import save_picks
from importer.report.phrases import document_nouns

T = TypeVar("T")
_MOST_LOOKS = 2  # after the question; the first may take so long that it is out of date


@contextlib.contextmanager
def journal_for_reading(place: JournalPlace) -> Iterator[Journal]:
    """The journal if there is one, else an empty one that leaves nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(place if exists(place) else Path(folder) / "journal.sqlite")
        with journal:
            yield journal


async def rehearse(bills: list[Bill], context: LoadContext) -> None:
    """What a load would find; nothing is written, neither to Light nor to the journal."""
    bills = [bill for bill in bills if bill.vendor_id not in context.vendors.create]
    unclean = not context.files.checked.clean
    plan = await _plan(bills, context, dry=True)
    blocked = unclean or bool(plan.withheld)
    context.progress.blocked = blocked and not context.options.only_valid
    why = "an earlier run does not know whether Light has it"
    progress = context.progress
    progress.outcomes = expected_outcomes(plan) | {
        job.bill.index: BillOutcome(Status.UNKNOWN, job.entry, why) for job in plan.unsettled
    }
    progress.forecast = step_plan.forecast_steps(
        bills, plan, context.journal, context.credits
    ).words()
    _add_findings(context.updates.would_update(), context)
    progress.update_note = update_note(context.updates, dry=True)


async def _plan(bills: list[Bill], context: LoadContext, *, dry: bool) -> LoadPlan:
    """Which bills are to be sent; what is found on the way is added to the findings."""
    options, files = context.options, context.files
    carried = carried_ids(files, bills) if options.update else {}
    plan = plan_from_journal(bills, context.journal, dry=dry, light_ids=carried)
    with context.stop.cancels_task(), context.listener.work(Work.LOOKING):
        await look_in_light(plan, context.client, context.journal, settle=context.settle)
        await look_for_credited(plan, bills, context.client)
        if options.update:
            client, force = context.client, options.force
            context.updates = await plan_updates(
                bills, plan, client, context.journal, carried, files.checked.names, force=force
            )
    withhold_carried(plan, column_ids(files, bills))
    if options.update_only:
        create_nothing(plan)
    settle_unfinished(bills, plan, context.updates, context.journal)
    context.progress.asked = True
    if undoing := unfinished_undo(context.journal, [entry.id for entry in plan.entries.values()]):
        raise UsageProblem(
            f"The undo of run {undoing} did not finish, so it is unclear which of its bills Light"
            f" still has. Run first: light-import undo {undoing}"
        )
    plan.findings = [
        replace(f, message=with_names(f.message, files.checked.names)) for f in plan.findings
    ]
    compared = context.updates.compared
    untouchable = step_plan.untouchable_bills(plan)
    plan.untouched = set(untouchable)
    findings = [*plan.findings, *step_plan.held_back_findings(bills, untouchable, compared)]
    _add_findings(findings, context)
    files.checked.add_findings(
        compare_with_before(files, plan, context.journal, sandbox=context.destination.sandbox)
    )
    return plan


async def create(bills: list[Bill], context: LoadContext) -> None:
    """Ask, record the run, send, take the steps after creation, and read back where wanted."""
    progress, options = context.progress, context.options
    consented = bool(context.vendors.create)
    if consented and options.update_only:
        raise UsageProblem(
            "--update-only creates nothing, and vendors are to be created. Use --update, or leave"
            " out the new vendors."
        )
    if consented:
        bills = await _with_vendors(bills, context)
        if not bills:
            return
    plan = await _plan(bills, context, dry=False)
    if plan.withheld and not options.only_valid:
        return
    to_create = [job.bill for job in (*plan.send, *plan.unsettled)]
    steps = step_plan.forecast_steps(bills, plan, context.journal, context.credits)
    needs_consent = bool(to_create or steps.counts) and not consented
    if needs_consent or context.updates.updates:
        asked = await ask(bills, to_create, plan, steps, context)
        if asked and plan.send:
            await _look_again(plan, context)
    save_snapshot(context.run, context.files)
    if not share_run_files(context.journal.place, context.run):
        context.listener.message(
            "The files of this run are larger than 64 MB together: only this computer keeps them,"
            " and only on it 'report', 'verify' and 'undo' work for the run."
        )
    progress.run = context.journal.start_run(_facts(bills, context), context.run)
    sheets = [(t.source.file, t.source.sheet) for t in context.files.checked.mapped.tables]
    rows = {bill.index: rows_of(bill, sheets) for bill in bills}
    record(plan, context.journal, progress.run, rows)
    _record_updates(plan, context)
    try:
        await _send(plan, context)
        while plan.held and progress.stopped is None:
            await _load_what_others_held(plan, bills, rows, context)
        if progress.stopped is None and context.updates.updates:
            await _update(context)
        if progress.stopped is None and any(wanted_steps(bill) for bill in bills):
            await _take_steps(bills, plan, context)
    finally:
        by_entry = context.journal.outcomes(progress.run, contents=options.verify)
        progress.outcomes = _by_index(by_entry, plan)
        progress.steps = step_plan.steps_by_bill(context.journal, progress.outcomes)
        progress.updates = _by_index(updates_of_run(context.journal, progress.run), plan)
    if (names := [each.name for each in context.vendors.perhaps_twice]) and not progress.stopped:
        listed = await context.client.find_vendors(names)
        context.files.checked.add_findings(doubles(listed, context.vendors))
    if options.verify and progress.stopped is None:
        progress.verifying = True
        unit_of = {bill.index: bill.unit for bill in bills}
        units = {entry.id: unit_of[i] for i, entry in plan.entries.items()}
        loaded = bills_in_light(by_entry, units)
        verification = plan_verification(
            context.journal,
            progress.run,
            loaded,
            by_entry,
            lines=True,
            balances=context.files.checked.ageing is not None,
        )
        progress.stopped = await read_back(
            verification,
            context.journal,
            context.client,
            context.limiter,
            context.listener,
            context.stop,
            context.settle,
        )
        progress.read_backs = _by_index(verification.read_backs, plan)


def _record_updates(plan: LoadPlan, context: LoadContext) -> None:
    _add_findings(record_updates(context.updates, plan, context.journal, context.run), context)


async def _load_what_others_held(
    plan: LoadPlan,
    bills: list[Bill],
    rows: Mapping[int, BillRows],
    context: LoadContext,
) -> None:
    """One round: wait for other runs, then load what they have not loaded."""
    try:
        free = await wait_for_holders(plan, bills, context.journal, context.listener, context.stop)
    except StoppedEarly as stopped:
        context.progress.stopped = stopped
        return
    updates = context.updates
    again = await _plan(free, context, dry=False)
    record(again, context.journal, context.run, rows)
    _record_updates(again, context)
    context.updates.absorb(updates)
    plan.absorb(again)
    await _send(again, context)


async def _with_vendors(bills: list[Bill], context: LoadContext) -> list[Bill]:
    """Ask, create the vendors that Light does not have, and give their bills the ids. The bills
    that may be sent then."""
    creation, checked = context.vendors, context.files.checked
    waiting = [bill for bill in bills if bill.vendor_id in creation.create]
    others = [bill for bill in bills if bill.vendor_id not in creation.create]
    used = {id: creation.create[id] for id in {str(bill.vendor_id) for bill in waiting}}
    plan = plan_from_journal(others, context.journal, dry=True)
    with context.stop.cancels_task(), context.listener.work(Work.LOOKING):
        await look_in_light(plan, context.client, context.journal, settle=context.settle)
    steps = step_plan.forecast_steps(others, plan, context.journal, context.credits)
    for bill in waiting:
        steps.add(bill, wanted_steps(bill))
    to_create = [*(job.bill for job in (*plan.send, *plan.unsettled)), *waiting]
    await ask(bills, to_create, plan, steps, context, list(used.values()))
    save_vendors(context.journal, creation.settled)
    settings = EngineSettings(settle=context.settle)
    async with held(context.journal.vendor_lock(), context.journal, context.listener, context.stop):
        with _engine(Phase.VENDORS, len(used), "vendors", settings, context) as engine:
            each = operations(creation, used, context.journal, engine)
            await engine.execute(each)
    creation.records |= {op.vendor.id: op.record for op in each}
    creation.shown |= {op.vendor.id: op.shown for op in each if op.shown is not None}
    if context.files.new_vendors is not None:
        checked.add_findings(differences(creation, context.files.new_vendors))
    complete = settle_vendors(checked, creation, used)
    if folder := context.files.request.save_lookups:
        save_picks(Path(folder), created_picks(creation))
    if context.progress.stopped is not None or not (complete or context.options.only_valid):
        return []
    return list(checked.valid_bills())


async def _look_again(plan: LoadPlan, context: LoadContext) -> None:
    """What somebody else has loaded while the question waited is not sent."""
    before, clock = len(plan.findings), asyncio.get_running_loop().time
    with context.stop.cancels_task(), context.listener.work(Work.LOOKING):
        for _ in range(_MOST_LOOKS):
            began = clock()
            await look_in_light(
                plan, context.client, context.journal, settle=context.settle, again=True
            )
            if clock() - began <= context.watch:
                break
    _add_findings(plan.findings[before:], context)


def _facts(bills: list[Bill], context: LoadContext) -> dict[str, object]:
    """What the journal records of the run."""
    files, earlier = context.files, context.progress.checked_by
    return {
        "who": user_name(),
        "host": host_name(),
        "checked_by": earlier and {"who": earlier.who, "at": earlier.at},
        "totals": [
            {"currency": total.currency, "sheet": total.cents, "unit": total.unit}
            for total in totals_of(bills)
        ],
        "company": context.company.name,
        "company_id": context.company.id,
        "base_url": context.destination.base_url,
        "template": files.loaded.template.template,
        "sources": [str(Path(name).absolute()) for name in files.request.files],
        "sandbox": context.destination.sandbox,
        "only_valid": context.options.only_valid,
        "update": context.options.update,
        "entities": entity_names(files.checked),
        "continues": files.continues,
    }


async def _send(plan: LoadPlan, context: LoadContext) -> None:
    jobs = [*plan.unsettled, *plan.send]
    settings = EngineSettings(settle=context.settle, watch=context.watch, separate=context.separate)
    noun = document_nouns(len(jobs), sum(job.bill.credit_note for job in jobs))
    with _engine(Phase.CREATION, len(jobs), noun, settings, context) as engine:
        await create_bill.create_bills(engine, jobs, plan.in_light)


async def _update(context: LoadContext) -> None:
    """Change the bills that Light has."""
    settings = EngineSettings(settle=context.settle)
    n = len(context.updates.updates)
    noun = document_nouns(n, context.updates.credit_notes)
    with _engine(Phase.UPDATE, n, noun, settings, context) as engine:
        await update_bills(engine, context.updates)


async def _take_steps(bills: list[Bill], plan: LoadPlan, context: LoadContext) -> None:
    """The steps after creation."""
    checked = context.files.checked
    outcomes = _by_index(context.journal.outcomes(str(context.progress.run), contents=False), plan)
    others = step_plan.others_bills(outcomes)  # also what came into Light during the load
    why = {index: words for index, words in others.items() if index not in plan.untouched}
    held_back = step_plan.held_back_findings(bills, why, context.updates.compared)
    _add_findings(held_back, context)
    before = step_plan.steps_by_bill(context.journal, outcomes)
    changed = await asyncio.to_thread(step_plan.changed_documents, before, checked.documents)
    _add_findings(changed, context, "document")
    tasks = step_plan.step_tasks(
        bills, outcomes, context.journal, plan, checked.documents, context.credits
    )
    total = sum(len(task.kinds) for task in tasks)
    settings = EngineSettings(settle=context.settle)
    with _engine(Phase.STEPS, total, "steps", settings, context) as engine:
        await step_plan.take_steps(engine, tasks)


@contextlib.contextmanager
def _engine(
    phase: Phase,
    total: int,
    noun: str,
    settings: EngineSettings,
    context: LoadContext,
) -> Iterator[Engine]:
    """An engine for one phase, which a stop ends cleanly."""
    listener, progress = context.listener, context.progress
    engine = Engine(context.journal, context.client, context.run, settings, listener)

    def stop(reason: StoppedEarly) -> None:
        listener.stopping()
        engine.stop(reason, finish=True)

    with listener.phase(phase, total, noun, time_left(context.limiter, total)) as engine.progress:
        with context.stop.stops(stop):
            yield engine
        progress.stopped = engine.stopped


def _by_index(by_entry: Mapping[int, T], plan: LoadPlan) -> dict[int, T]:
    """What the journal has by entry, by the index of its bill."""
    return {
        index: by_entry[entry.id]
        for index, entry in sorted(plan.entries.items())
        if entry.id in by_entry
    }


def _add_findings(
    findings: Iterable[Finding], context: LoadContext, field: str = "invoiceNumber"
) -> None:
    """Add findings of the plan, which knows bills and no cells, with their cells: of the field that
    they are of, where they quote it, else of ``field``."""
    checked = context.files.checked
    bills, mapped = checked.bills, checked.mapped

    def cell(finding: Finding) -> CellRef:
        i, name = finding.bills[0], finding.code.split(".")[1]
        quoted = name in bills.columns and str(bills[name].at(i)) == finding.value
        return mapped.cell("bills", name if quoted else field, i)

    checked.add_findings([replace(f, cell=cell(f)) for f in findings])
