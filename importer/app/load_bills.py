"""Load bills: check the files, then create in Light what they say, each bill exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from importer.app.archive_files import archive_loaded, check_archive
from importer.app.attempt_log import figures_of, logged_attempt
from importer.app.check_files import check_files
from importer.app.check_request import CheckRequest, team_name
from importer.app.company_check import check_company_of_journal, check_expected_company, locked
from importer.app.consent import LoadConsent
from importer.app.create_bills import create, journal_for_reading, rehearse
from importer.app.create_vendors import (
    created_vendors,
    forget_placeholders,
    prepare_vendors,
    vendor_lines,
)
from importer.app.destination import LoadOptions, destination_of
from importer.app.earlier_loads import EarlierLoads, earlier_loads
from importer.app.events import SILENT, Listener, Work
from importer.app.fetch_directory import fetch_directory
from importer.app.former_workbook import former_ids, refuse_another_company
from importer.app.four_eyes import checked_by_another, content_mark, demands_four_eyes
from importer.app.journal_places import TeamAddress, chosen_journal, journal_words
from importer.app.load_context import LoadContext, LoadProgress
from importer.app.next_step import after_load, after_verify, run_words
from importer.app.old_ageing_files import compare_old_ageing
from importer.app.result import Result, ResultFile, exit_code, write_file
from importer.app.run_options import run_options
from importer.app.stop import StopControl
from importer.app.team_lookups import saved_folder
from importer.core.counted_nouns import count
from importer.core.errors import Declined, ImporterError, StoppedEarly, UsageProblem
from importer.light.credentials import DEFAULT_BASE_URL
from importer.loading.journal.journal import Journal, new_run_id
from importer.loading.journal.journal_place import JournalPlace
from importer.model.journal_states import Status
from importer.model.light_objects import Company
from importer.model.report_model import RunError, RunSummary
from importer.references.directory import Directory, labels_by_id
from importer.references.lookup_tables import save_picks
from importer.references.resolve_online import needs, picks_in_light, resolve_in_light
from importer.report.build_report import Report, build_report
from importer.report.light_findings import (
    read_back_findings,
    step_findings,
    step_words,
    update_findings,
    waiting_words,
)


def load(
    request: CheckRequest,
    options: LoadOptions,
    *,
    result: ResultFile | None = None,
    consent: LoadConsent | None = None,
    listener: Listener = SILENT,
    stop: StopControl | None = None,
) -> Result:
    """Check the files, ask for consent, create the bills, report.

    Nothing is sent while a bill is invalid, unless ``options.only_valid``. ``consent`` is needed
    unless ``options.yes`` or ``options.dry_run``. Without ``result`` no file is written. The result
    of a load that stopped early has exit code 4; the same call continues it.

    Raises ImporterError where nothing could be checked or sent, Declined where the answer was no,
    StoppedEarly where it was stopped at once.
    """
    started = datetime.now(UTC)
    run = new_run_id(started)
    facts = {
        "sources": [str(Path(name).absolute()) for name in request.files],
        "template": request.template,
        "dry_run": options.dry_run,
        "sandbox": options.sandbox,
        "base_url": options.base_url or DEFAULT_BASE_URL,
        "journal": journal_words(options.journal),
    }
    with logged_attempt("load", run, **facts) as attempt:
        control = stop or StopControl()
        loaded = _load_files(request, options, result, consent, listener, control, run, started)
        attempt.end(loaded.summary)
    return loaded


def _load_files(
    request: CheckRequest,
    options: LoadOptions,
    result: ResultFile | None,
    consent: LoadConsent | None,
    listener: Listener,
    stop: StopControl,
    run: str,
    started: datetime,
) -> Result:
    """The load as the run of that id."""
    began = time.monotonic()
    request, options = _updating(request, options)
    chosen = chosen_journal(options.journal)
    request = replace(request, team=chosen if isinstance(chosen, TeamAddress) else None)
    if consent is None and not (options.yes or options.dry_run):
        raise UsageProblem(
            "There is no terminal to ask for your consent: add --yes to load without being asked,"
            " or --dry-run to stop before anything is written."
        )
    archive = check_archive(options.archive, request) if options.archive else None
    path = result.free_path(request.files, run) if result else None
    with destination_of(options, run) as destination:
        listener.message(f"Checking {', '.join(request.files)} …")
        files = check_files(request, listener=listener)
        options = replace(options, only_valid=options.only_valid or files.only_valid)
        unattended = (options.yes or consent is None) and not options.dry_run
        if files.small and unattended and (files.checked.clean or options.only_valid):
            raise UsageProblem(
                f"{files.doubt} Nothing was sent. If money was typed, add --amounts money; if the"
                " amounts are in cents, --amounts cents."
            )
        progress = LoadProgress()
        context = LoadContext(files, run, destination, options, consent, listener, stop, progress)
        try:
            asyncio.run(_load(context))
        except Declined:
            raise
        except StoppedEarly as error:  # the report says how far it came
            progress.stopped = error
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise StoppedEarly(_stopped_at_once(progress)) from None
    report = _report(context, started)
    code = exit_code(report.summary, report.findings, stopped=progress.stopped)
    why = RunError.of(progress.stopped) if progress.stopped else None
    seconds = time.monotonic() - began
    summary = replace(report.summary, exit_code=code, error=why, seconds=seconds)
    summary = replace(summary, next_step=_next_step(context, report, summary, path))
    if progress.stopped is not None:
        listener.stopped(str(progress.stopped))
    loaded = write_file(replace(report, summary=summary), result, path, listener)
    _record_summary(context, loaded.summary)
    written = not options.dry_run and not options.sandbox
    if archive is not None and written and code in (0, 1):
        archive_loaded(report, request, archive, run, listener)
    elif archive is not None and options.sandbox:
        listener.message("No file was moved: what is loaded into --sandbox is not in Light.")
    return loaded


def _updating(request: CheckRequest, options: LoadOptions) -> tuple[CheckRequest, LoadOptions]:
    """Both say so where bills in Light are to be changed."""
    update = options.update or options.update_only
    if options.force and not update:
        raise UsageProblem("--force is for --update: it replaces what was changed in Light.")
    return replace(request, update=update), replace(options, update=update)


async def _load(context: LoadContext) -> None:
    """Resolve, plan, ask, send. ``context.progress`` has how far it came, whatever happens."""
    files, destination, options = context.files, context.destination, context.options
    checked, progress = files.checked, context.progress
    async with destination.connect(options.pace, context.listener) as (client, limiter):
        context.client, context.limiter = client, limiter
        try:
            with context.stop.cancels_task():
                company = progress.company = await client.company()
                if not destination.sandbox:
                    check_expected_company(options.company, company)
                refuse_another_company(files, company, destination)
                if _needs_four_eyes(context, company):
                    place = options.journal, destination.base_url, options.company
                    mark = await asyncio.to_thread(content_mark, files)
                    check = await asyncio.to_thread(checked_by_another, *place, mark)
                    progress.checked_by = check
                with context.listener.work(Work.LISTS):
                    directory = await fetch_directory(client, needs(checked, files.picks))
            destination.journal = destination.journal_of(company.id)
            checked.names = dict(files.tax_codes) | labels_by_id(directory)
            with_new = _with_new_vendors(context, directory, destination.journal)
            resolve_in_light(checked, with_new, files.loaded.template)
            if files.new_vendors is not None:
                forget_placeholders(checked, files.new_vendors, context.vendors)
            _save_picks(context, directory)
            compare_old_ageing(checked)
            if not checked.clean and not options.only_valid and not options.dry_run:
                return
            bills = list(checked.valid_bills())
            if options.dry_run:
                with journal_for_reading(destination.journal) as context.journal:
                    check_company_of_journal(context.journal, company, destination)
                    await rehearse(bills, context)
            elif bills:
                with Journal(destination.journal) as journal:
                    context.journal = journal
                    async with locked(journal, context.listener, context.stop, load=context.run):
                        check_company_of_journal(journal, company, destination)
                        await create(bills, context)
        finally:
            progress.requests = limiter.requests


def _needs_four_eyes(context: LoadContext, company: Company) -> bool:
    """Whether somebody else must have checked before this is sent."""
    if context.destination.sandbox or context.options.dry_run:
        return False
    return context.options.four_eyes or demands_four_eyes(company)


def _with_new_vendors(context: LoadContext, directory: Directory, place: JournalPlace) -> Directory:
    """The directory with the vendors that are to be created, under their placeholders."""
    wanted, permitted = context.files.new_vendors, context.files.request.create_vendors
    if wanted is None:
        return directory
    with journal_for_reading(place) as journal:
        context.vendors, directory = prepare_vendors(
            context.files.checked, wanted, directory, journal, permitted=permitted
        )
    return directory


def _save_picks(context: LoadContext, directory: Directory) -> None:
    """Add the picks that Light knows to the lookup tables; not in a dry run."""
    folder = context.files.request.save_lookups
    if folder is None:
        return
    if context.options.dry_run:
        context.listener.message("Dry run: the picks were not saved.")
        return
    picks = picks_in_light(context.files.picks, directory)
    with saved_folder(context.files.request) as place:
        saved = save_picks(place, picks)
    for path, added in saved.items():
        where = f"{folder} ({path.name})" if team_name(folder) else path
        context.listener.message(f"Saved {count(added, 'pick')} in {where}")


def _stopped_at_once(progress: LoadProgress) -> str:
    if progress.run is None:
        return "Stopped; nothing was sent."
    return (
        "Stopped at once. Run the same command to resume; nothing is sent twice. The result so far:"
        f" light-import report {progress.run}"
    )


def _report(context: LoadContext, started: datetime) -> Report:
    files, progress, destination = context.files, context.progress, context.destination
    company, checked = progress.company, files.checked
    loads = EarlierLoads()
    if not destination.sandbox:
        loads = earlier_loads(
            files,
            journal=destination.journal,
            team=destination.team,
            base_url=destination.base_url,
            company=context.options.company,
            without=progress.outcomes,
        )
    summary = replace(
        files.summary("load", started),
        run=progress.run,
        company=company.name if company else None,
        company_id=company.id if company else "",
        base_url=destination.base_url,
        requests=progress.requests,
        notes=(*_notes(context), *([loads.note] if loads.note else [])),
        sandbox=destination.sandbox,
        options=run_options(files.request, only_valid=context.options.only_valid),
        asked=progress.asked,
        dry_run=context.options.dry_run,
        blocked=progress.blocked,
        created_vendors=created_vendors(context.vendors.records),
        checked_by=progress.checked_by,
    )
    checked.add_findings(read_back_findings(checked, progress.read_backs))
    checked.add_findings(step_findings(checked, progress.steps, progress.read_backs))
    checked.add_findings(update_findings(checked, progress.updates))
    report = build_report(
        checked,
        {**progress.outcomes, **loads.outcomes},
        summary,
        progress.read_backs,
        progress.steps,
        former_ids(files),
    )
    return replace(report, vendor_sheets=files.vendor_sheets)


def _notes(context: LoadContext) -> Iterator[str]:
    checked, options, progress = context.files.checked, context.options, context.progress
    yield from checked.mapped.notes
    if context.destination.sandbox:
        yield "This was the built-in sandbox; nothing was sent to Light."
    if options.dry_run:
        yield "Dry run: nothing was written to Light."
        if progress.update_note:
            yield progress.update_note
        if progress.forecast:
            yield f"After creation it would {progress.forecast}."
        if context.vendors.create:
            names = "; ".join(vendor.name for vendor in context.vendors.create.values())
            vendors = count(len(context.vendors.create), "vendor")
            yield f"Before that it would create {vendors}: {names}."
    elif progress.run is None and progress.stopped is None and not checked.clean:
        why = "no bill is valid" if options.only_valid else "some bills need correction"
        if not checked.invalid_bills().any():
            why = "the files have problems"  # as a control total that is not met
        created = created_vendors(context.vendors.records)
        yield f"{'No bill' if created else 'Nothing'} was sent, because {why}."
    if words := step_words(progress.steps, checked.credit_notes):
        yield f"After creation: {words}."
    if names := waiting_words(progress.steps):
        yield f"Still to approve in Light: {names}."
    yield from vendor_lines(created_vendors(context.vendors.records))
    if progress.stopped is not None:
        yield f"The run stopped early: {progress.stopped}"


def _next_step(context: LoadContext, report: Report, summary: RunSummary, path: Path | None) -> str:
    progress, code = context.progress, summary.exit_code
    if progress.verifying and code and not summary.sandbox:
        stopped = progress.stopped is not None
        run = run_words(progress.run, context.files.request, context.options.journal)
        step = after_verify(run, summary, stopped=stopped, options=" --lines")
        if step:
            return step
    unresolved = any(each.pick is None and not each.optional for each in report.unresolved)
    to_resolve = path if path and path.suffix.lower() == ".xlsx" and unresolved else None
    would = summary.documents.get(Status.VALID) or progress.forecast or progress.update_note
    if context.options.dry_run and code == 0 and not would:
        return ""
    return after_load(context.files.request, context.options, summary, code, to_resolve)


def _record_summary(context: LoadContext, summary: RunSummary) -> None:
    """The run's figures in its history. A journal that cannot be written now loses only that."""
    run, journal_path = context.progress.run, context.destination.journal
    if journal_path is None or run is None:
        return
    facts = figures_of(summary) | {"bills": dict(summary.documents)}
    with contextlib.suppress(ImporterError), Journal(journal_path) as journal:
        journal.finish_run(run, facts)
