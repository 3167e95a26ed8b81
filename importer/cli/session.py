"""One load from end to end: the composition of the stages."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import archive, paths
from importer.cli.company import locked, same_company, tell_company
from importer.cli.consent import ask, totals
from importer.cli.continued import (
    compare_with_before,
    continues,
    refuse_another_company,
    with_former_ids,
)
from importer.cli.directory import fetch_directory
from importer.cli.finish import exit_code, finish
from importer.cli.interrupts import signals, this_task
from importer.cli.next_step import after_load, after_verify
from importer.cli.options import Output
from importer.cli.prepare import Prepared, Request, prepare
from importer.cli.progress import Progress
from importer.cli.target import LoadOptions, Target, target_of
from importer.cli.verifying import read_back
from importer.errors import ImporterError, StoppedEarly, UsageProblem
from importer.light.client import LightClient
from importer.light.pacing import Pacer
from importer.loading import errands
from importer.loading.afterwards import unfinished_undo
from importer.loading.journal import Journal, new_run_id
from importer.loading.lifecycle import StepRunner, StepSettings
from importer.loading.loader import Loader, LoadSettings
from importer.loading.plan import Plan, look_in_light, plan_from_journal, record
from importer.loading.steps import wanted_steps
from importer.loading.verify import Verification, in_light
from importer.records import Bill, Company, Finding, ReadBack, RunSummary, Status, Step
from importer.references.lookups import save_picks
from importer.references.resolve import known_picks, needs, resolve_in_light
from importer.results.afterwards import read_back_findings
from importer.results.build import Became, build_report
from importer.results.names import result_path
from importer.results.step_findings import step_findings, step_words

if TYPE_CHECKING:
    from importer.references.directory import Directory


@dataclass
class Told:
    """What a load came to, told piece by piece so that a failure in the middle loses nothing."""

    company: Company | None = None
    run: str | None = None
    became: Became = field(default_factory=dict)
    steps: dict[int, tuple[Step, ...]] = field(default_factory=dict)  # by bill index
    ahead: str = ""  # in a dry run: what would be done after creation
    stopped: ImporterError | None = None
    requests: int = 0
    verifying: bool = False  # the load itself was done
    read_backs: dict[int, ReadBack] = field(default_factory=dict)  # by bill index


@dataclass
class _Session:
    """What one load works with."""

    prepared: Prepared
    target: Target
    options: LoadOptions
    output: Output
    pacer: Pacer
    client: LightClient
    told: Told


def run_load(request: Request, output: Output, options: LoadOptions) -> int:
    """Load and report; returns the exit code."""
    began, started = time.monotonic(), datetime.now(UTC)
    asked = options.yes or options.dry_run
    if not asked and not sys.stdin.isatty():
        raise UsageProblem(
            "There is no terminal to ask for your consent: add --yes to load without being asked,"
            " or --dry-run to stop before anything is written."
        )
    path = result_path(list(request.files), output.result, Path.cwd())
    with target_of(options, new_run_id(started)) as target:
        output.say(f"Checking {', '.join(request.files)} …")
        prepared = prepare(request)
        told = Told()
        try:
            asyncio.run(_load(prepared, target, options, output, told))
        except StoppedEarly as error:  # what was checked is told all the same
            told.stopped = error
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise StoppedEarly(_stopped_at_once(told)) from None
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
        folder=prepared.folder,
        requests=told.requests,
        notes=tuple(_notes(prepared, options, told, target)),
        continues=continues(prepared),
        company_id=told.company.id if told.company else "",
        sandbox=target.sandbox,
        expect=prepared.expect,
    )
    checked.findings += read_back_findings(checked, told.read_backs)
    checked.findings += step_findings(checked, told.steps)
    report = build_report(checked, told.became, summary, told.read_backs, told.steps)
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
        click.echo(f"Stopped: {told.stopped}", err=True)
    summary = finish(replace(report, summary=summary), output, path)
    if told.run is not None:
        _remember(target, told, summary)
    return summary.exit_code


def _stopped_at_once(told: Told) -> str:
    if told.run is None:
        return "Stopped; nothing was sent."
    return (
        "Stopped at once. The same command goes on and sends nothing twice; what is known so far:"
        f" light-import report {told.run}"
    )


def _remember(target: Target, told: Told, summary: RunSummary) -> None:
    """The run's figures in its history. A journal that cannot be written now loses only that."""
    if target.journal is None or told.run is None:
        return
    facts = {
        "bills": summary.bills,
        "line_items": summary.line_items,
        "totals": [_total(t.currency, t.sheet, t.unit, created=t.created) for t in summary.totals],
        "exit_code": summary.exit_code,
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
        "result": summary.result,
    }
    with contextlib.suppress(ImporterError), Journal(target.journal) as journal:
        journal.finish_run(told.run, facts)


def _notes(prepared: Prepared, options: LoadOptions, told: Told, target: Target) -> Iterator[str]:
    yield from prepared.checked.mapped.notes
    if target.sandbox:
        yield "This was the built-in sandbox; nothing was sent to Light."
    if options.dry_run:
        yield "Dry run: nothing was written to Light."
        if told.ahead:
            yield f"After creation it would {told.ahead}."
    elif told.run is None and not prepared.checked.clean:
        yield "Nothing was sent, because some bills are invalid."
    if words := step_words(told.steps):
        yield f"After creation: {words}."
    if told.stopped is not None:
        yield f"The run stopped early: {told.stopped}"


async def _load(
    prepared: Prepared, target: Target, options: LoadOptions, output: Output, told: Told
) -> None:
    """Resolve, plan, confirm, load. ``told`` is filled as it goes."""
    checked = prepared.checked
    pacer = Pacer(
        target.pace,
        keys=[key.mark for key in target.credentials.keys],
        per_minute=target.per_key,
        per_day=target.per_day,
        on_wait=output.say if options.wait else None,
    )
    client = LightClient(target.base_url, target.credentials, pacer, timeout=options.timeout)
    session = _Session(prepared, target, options, output, pacer, client, told)
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
                target.journal = paths.journal_path(target.base_url, company.id)
            if options.dry_run:
                with _existing(target.journal) as journal:
                    same_company(journal, company, target)
                    await _rehearse(bills, journal, session)
            elif bills:
                with Journal(target.journal) as journal:
                    async with locked(journal, output):
                        same_company(journal, company, target)
                        await _create(bills, company, journal, session)
    finally:
        told.requests = pacer.requests
        pacer.close()


@contextlib.contextmanager
def _told_when_slow(output: Output) -> Iterator[None]:
    """Say what is waited for, should the block take long."""
    text = "Waiting for Light, or for its permitted number of requests a minute …"
    timer = asyncio.get_running_loop().call_later(5.0, output.say, text)
    try:
        yield
    finally:
        timer.cancel()


def _save_picks(session: _Session, directory: Directory) -> None:
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


@contextlib.contextmanager
def _existing(path: Path) -> Iterator[Journal]:
    """The journal if there is one, else an empty one that leaves nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(path if path.exists() else Path(folder) / "journal.sqlite")
        with journal:
            yield journal


async def _rehearse(bills: list[Bill], journal: Journal, session: _Session) -> None:
    """What a load would find: nothing is written, neither to Light nor to the journal."""
    plan = await _planned(bills, journal, session, dry=True)
    lost = (Status.UNKNOWN, "an earlier run does not know whether Light has it")
    settled = plan.settled | {work.bill.index: lost for work in plan.unsettled}
    session.told.became = {index: (*told, plan.entries[index]) for index, told in settled.items()}
    session.told.ahead = errands.outlook(bills, plan, journal).words()


async def _planned(bills: list[Bill], journal: Journal, session: _Session, *, dry: bool) -> Plan:
    """Which bills are to be sent; what is found on the way is added to the findings."""
    plan = plan_from_journal(bills, journal, dry=dry)
    with signals(this_task().cancel):
        await look_in_light(plan, session.client, journal)
    if undoing := unfinished_undo(journal, [entry.id for entry in plan.entries.values()]):
        raise UsageProblem(
            f"The undo of run {undoing} did not come to its end, so it is not certain which of its"
            f" bills Light still has. Run first: light-import undo {undoing}"
        )
    found = [*plan.findings, *errands.held_back(bills, plan)]
    session.prepared.checked.findings += _placed(found, session.prepared)
    session.prepared.checked.findings += compare_with_before(
        session.prepared, plan, journal, sandbox=session.target.sandbox
    )
    return plan


async def _create(bills: list[Bill], company: Company, journal: Journal, session: _Session) -> None:
    """Ask, write down what is meant, and send."""
    prepared, target, told = session.prepared, session.target, session.told
    plan = await _planned(bills, journal, session, dry=False)
    if plan.withheld and not session.options.only_valid:
        return
    work = [w.bill for w in (*plan.send, *plan.unsettled)]
    ahead = errands.outlook(bills, plan, journal)
    if (work or ahead.counts) and not session.options.yes:
        requests = len(work) + ahead.requests
        if session.options.line_mode == "separate":
            requests += sum(len(bill.lines) for bill in work)
        if session.options.verify:
            requests += sum(1 + len(bill.lines) for bill in bills)
        await ask(work, company, target, len(plan.settled), requests, ahead)
    elif work or ahead.counts:
        tell_company(company, target, session.output)
    archive.keep(target.run, prepared)
    facts = {
        "who": _who(),
        "totals": [_total(name, *rest) for name, *rest in totals(bills)],
        "company": company.name,
        "company_id": company.id,
        "base_url": target.base_url,
        "template": prepared.loaded.template.template,
        "sources": [str(Path(name).absolute()) for name in prepared.request.files],
        "sandbox": target.sandbox,
        "only_valid": session.options.only_valid,
        "continues": continues(prepared),
    }
    told.run = journal.start_run(facts, target.run)
    record(plan, journal, told.run)
    settings = LoadSettings(
        settle=session.options.settle, separate=session.options.line_mode == "separate"
    )
    try:
        with Progress(len(work), quiet=session.output.quiet) as progress:
            if session.options.wait:
                session.pacer.on_wait = progress.say
            loader = Loader(journal, session.client, told.run, settings, progress)
            with signals(_stopping(loader, progress)):
                await loader.load(plan.send, plan.unsettled)
            told.stopped = loader.stopped
        if told.stopped is None and any(wanted_steps(bill) for bill in bills):
            await _go_on(bills, plan, journal, session)
    finally:
        told.became = journal.results(told.run, contents=session.options.verify)
        told.steps = errands.steps_of(journal, told.became)
    if session.options.verify and told.stopped is None:
        told.verifying = True
        verification = Verification(journal, session.client, told.run, lines=True)
        bills_there = in_light(told.became, prepared.checked.bills.units)
        told.read_backs = await read_back(verification, bills_there, told.became, session.output)
        told.stopped = verification.stopped


async def _go_on(bills: list[Bill], plan: Plan, journal: Journal, session: _Session) -> None:
    """The steps after creation."""
    told, checked = session.told, session.prepared.checked
    became = journal.results(str(told.run), contents=False)
    before = errands.steps_of(journal, became)
    changed = await asyncio.to_thread(errands.changed_documents, became, before, checked.documents)
    checked.findings += _placed(changed, session.prepared, "document")
    todo = errands.errands(bills, became, journal, plan, checked.documents)
    settings = StepSettings(settle=session.options.settle)
    total = sum(len(errand.kinds) for errand in todo)
    words = ("Afterwards", "Did", "failed")
    with Progress(total, quiet=session.output.quiet, words=words, noun="step") as progress:
        if session.options.wait:
            session.pacer.on_wait = progress.say
        runner = StepRunner(journal, session.client, settings, progress)
        with signals(_stopping(runner, progress)):
            await runner.run(todo)
        told.stopped = runner.stopped


def _placed(
    findings: list[Finding], prepared: Prepared, field: str = "invoiceNumber"
) -> list[Finding]:
    """Findings of the plan, which knows bills and no cells, with their cells."""
    mapped = prepared.checked.mapped
    return [replace(f, cell=mapped.cell("bills", field, f.bills[0])) for f in findings]


def _total(currency: str, sheet: int, unit: int, **more: int) -> dict[str, object]:
    return {"currency": currency, "sheet": sheet, "unit": unit, **more}


def _who() -> str:
    """The name of the person at the computer, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a computer without names
        return ""


def _stopping(loader: Loader | StepRunner, progress: Progress) -> Callable[[], None]:
    """Stops the loader cleanly the first time, at once the second."""
    task = this_task()
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            task.cancel()
            return
        asked = True
        progress.say("Stopping: waiting for the answers that are due. Ctrl-C again stops at once.")
        loader.stop(StoppedEarly("It was interrupted."), finish=True)

    return stop
