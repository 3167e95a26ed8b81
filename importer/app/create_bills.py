"""What a load does once its bills are resolved: plan, ask, write down what is meant, send."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from importer.app import run_snapshot
from importer.app.company_check import report_company
from importer.app.destination import Destination, LoadOptions
from importer.app.interrupts import gently_first, signals, this_task
from importer.app.pipeline import CheckedFiles
from importer.app.resume_checks import compare_with_before, continues
from importer.app.verify_run import read_back
from importer.cli.options import OutputOptions
from importer.cli.progress_bar import ProgressBar
from importer.cli.prompts import ask, totals
from importer.core.errors import ImporterError, StoppedEarly, UsageProblem
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.loading import step_plan
from importer.loading.bill_state import wanted_steps
from importer.loading.engine import Loader, LoadSettings
from importer.loading.journal.after_creation import unfinished_undo
from importer.loading.journal.journal import Journal
from importer.loading.plan import LoadPlan, look_in_light, plan_from_journal, record
from importer.loading.step_runner import StepRunner, StepSettings
from importer.loading.verification import Verification, in_light
from importer.model.bills import Bill
from importer.model.finding import Finding
from importer.model.journal_states import BillOutcome, Status, Step
from importer.model.light_objects import Company
from importer.model.read_back import ReadBack


@dataclass
class LoadProgress:
    """What a load came to, told piece by piece so that a failure in the middle loses nothing."""

    company: Company | None = None
    run: str | None = None
    outcomes: dict[int, BillOutcome] = field(default_factory=dict)  # by bill index
    steps: dict[int, tuple[Step, ...]] = field(default_factory=dict)  # by bill index
    ahead: str = ""  # in a dry run: what would be done after creation
    stopped: ImporterError | None = None
    requests: int = 0
    verifying: bool = False  # the load itself was done
    read_backs: dict[int, ReadBack] = field(default_factory=dict)  # by bill index


@dataclass
class LoadContext:
    """What one load works with."""

    prepared: CheckedFiles
    target: Destination
    options: LoadOptions
    output: OutputOptions
    pacer: RateLimiter
    client: LightClient
    told: LoadProgress


@contextlib.contextmanager
def existing(path: Path) -> Iterator[Journal]:
    """The journal if there is one, else an empty one that leaves nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(path if path.exists() else Path(folder) / "journal.sqlite")
        with journal:
            yield journal


async def rehearse(bills: list[Bill], journal: Journal, session: LoadContext) -> None:
    """What a load would find: nothing is written, neither to Light nor to the journal."""
    plan = await _planned(bills, journal, session, dry=True)
    lost = "an earlier run does not know whether Light has it"
    session.told.outcomes = plan.settled | {
        work.bill.index: BillOutcome(Status.UNKNOWN, work.entry, lost) for work in plan.unsettled
    }
    session.told.ahead = step_plan.outlook(bills, plan, journal).words()


async def _planned(
    bills: list[Bill], journal: Journal, session: LoadContext, *, dry: bool
) -> LoadPlan:
    """Which bills are to be sent; what is found on the way is added to the findings."""
    plan = plan_from_journal(bills, journal, dry=dry)
    with signals(this_task().cancel):
        await look_in_light(plan, session.client, journal)
    if undoing := unfinished_undo(journal, [entry.id for entry in plan.entries.values()]):
        raise UsageProblem(
            f"The undo of run {undoing} did not come to its end, so it is not certain which of its"
            f" bills Light still has. Run first: light-import undo {undoing}"
        )
    found = [*plan.findings, *step_plan.held_back(bills, plan)]
    session.prepared.checked.findings += _placed(found, session.prepared)
    session.prepared.checked.findings += compare_with_before(
        session.prepared, plan, journal, sandbox=session.target.sandbox
    )
    return plan


async def create(
    bills: list[Bill], company: Company, journal: Journal, session: LoadContext
) -> None:
    """Ask, write down what is meant, and send."""
    prepared, target, told = session.prepared, session.target, session.told
    plan = await _planned(bills, journal, session, dry=False)
    if plan.withheld and not session.options.only_valid:
        return
    work = [w.bill for w in (*plan.send, *plan.unsettled)]
    ahead = step_plan.outlook(bills, plan, journal)
    if (work or ahead.counts) and not session.options.yes:
        requests = len(work) + ahead.requests
        if session.options.line_mode == "separate":
            requests += sum(len(bill.lines) for bill in work)
        if session.options.verify:
            requests += sum(1 + len(bill.lines) for bill in bills)
        await ask(work, company, target, len(plan.settled), requests, ahead)
    elif work or ahead.counts:
        report_company(company, target, session.output)
    run_snapshot.keep(target.run, prepared)
    facts = {
        "who": _who(),
        "totals": [stated(name, *rest) for name, *rest in totals(bills)],
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
        with ProgressBar(len(work), quiet=session.output.quiet) as progress:
            if session.options.wait:
                session.pacer.on_wait = progress.say
            loader = Loader(journal, session.client, told.run, settings, progress)
            with signals(gently_first(partial(_stop, loader, progress))):
                await loader.load(plan.send, plan.unsettled)
            told.stopped = loader.stopped
        if told.stopped is None and any(wanted_steps(bill) for bill in bills):
            await _go_on(bills, plan, journal, session)
    finally:
        told.outcomes = journal.outcomes(told.run, contents=session.options.verify)
        told.steps = step_plan.steps_of(journal, told.outcomes)
    if session.options.verify and told.stopped is None:
        told.verifying = True
        verification = Verification(journal, session.client, told.run, lines=True)
        bills_there = in_light(told.outcomes, prepared.checked.bills.units)
        told.read_backs = await read_back(verification, bills_there, told.outcomes, session.output)
        told.stopped = verification.stopped


async def _go_on(bills: list[Bill], plan: LoadPlan, journal: Journal, session: LoadContext) -> None:
    """The steps after creation."""
    told, checked = session.told, session.prepared.checked
    outcomes = journal.outcomes(str(told.run), contents=False)
    before = step_plan.steps_of(journal, outcomes)
    changed = await asyncio.to_thread(
        step_plan.changed_documents, outcomes, before, checked.documents
    )
    checked.findings += _placed(changed, session.prepared, "document")
    todo = step_plan.errands(bills, outcomes, journal, plan, checked.documents)
    settings = StepSettings(settle=session.options.settle)
    total = sum(len(errand.kinds) for errand in todo)
    words = ("Afterwards", "Did", "failed")
    with ProgressBar(total, quiet=session.output.quiet, words=words, noun="step") as progress:
        if session.options.wait:
            session.pacer.on_wait = progress.say
        runner = StepRunner(journal, session.client, settings, progress)
        with signals(gently_first(partial(_stop, runner, progress))):
            await runner.run(todo)
        told.stopped = runner.stopped


def _placed(
    findings: list[Finding], prepared: CheckedFiles, field: str = "invoiceNumber"
) -> list[Finding]:
    """Findings of the plan, which knows bills and no cells, with their cells."""
    mapped = prepared.checked.mapped
    return [replace(f, cell=mapped.cell("bills", field, f.bills[0])) for f in findings]


def stated(currency: str, sheet: int, unit: int, **more: int) -> dict[str, object]:
    return {"currency": currency, "sheet": sheet, "unit": unit, **more}


def _who() -> str:
    """The name of the person at the computer, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a computer without names
        return ""


def _stop(work: Loader | StepRunner, progress: ProgressBar, why: StoppedEarly) -> None:
    progress.say("Stopping: waiting for the answers that are due. Ctrl-C again stops at once.")
    work.stop(why, finish=True)
