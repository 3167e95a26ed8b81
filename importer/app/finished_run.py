"""A finished run: its record in the journal, its files, and its report again."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from importer.app.check_files import check_files
from importer.app.check_request import AgeingFile, CheckRequest
from importer.app.checked_files import CheckedFiles
from importer.app.create_vendors import created_vendors
from importer.app.data_paths import reference_path
from importer.app.earlier_loads import earlier_loads
from importer.app.events import SILENT, Listener
from importer.app.former_workbook import former_ids
from importer.app.journal_places import fetch_run_files
from importer.app.match_rows import currency_of, match_rows, unit_of
from importer.app.next_step import command_words, place_words, run_words
from importer.app.old_ageing_files import PREFIX, compare_old_ageing, without_old_ageing
from importer.app.run_index import find_run
from importer.app.run_options import run_options
from importer.app.run_snapshot import load_snapshot
from importer.core.errors import ImporterError
from importer.core.object_ids import normal_id
from importer.light.credentials import DEFAULT_BASE_URL
from importer.loading.journal.check_records import last_balances, ledger_check
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace
from importer.loading.journal.journal_records import RunRecord
from importer.loading.journal.update_records import updates_of_run, with_lines_of_run
from importer.loading.journal.vendor_records import vendors_of_run
from importer.loading.loaded_bills import refused_cancels, valid_read_backs
from importer.loading.step_plan import steps_by_bill
from importer.model.ageing import OpenBalance
from importer.model.journal_states import BillOutcome, Step, StepState
from importer.model.ledger import LedgerTieOut
from importer.model.read_back import ReadBack
from importer.model.report_model import CurrencyTotal, EarlierCheck, RunSummary
from importer.references.directory import labels_by_id
from importer.references.reference_cache import read_cache
from importer.references.resolve_online import all_choices
from importer.references.suggested_values import reads_documents
from importer.report.build_report import Report, build_report
from importer.report.light_findings import (
    cancel_findings,
    ledger_findings,
    read_back_findings,
    step_findings,
    update_findings,
)
from importer.validation.checked_bills import Checked


@dataclass(frozen=True)
class FinishedRun:
    """A run with its files. ``journal`` is where its journal is, ``chosen_journal`` what --journal
    says of it."""

    journal: JournalPlace
    record: RunRecord
    prepared: CheckedFiles
    request: CheckRequest
    template_file: str
    chosen_journal: str | None

    @property
    def files(self) -> tuple[str, ...]:
        return self.request.files

    def units(self, outcomes: Mapping[int, BillOutcome]) -> dict[int, int]:
        """How many cents a unit of its currency has, by entry."""
        checked = self.prepared.checked
        return {id: unit_of(checked, outcome.entry) for id, outcome in outcomes.items()}

    @property
    def words(self) -> str:
        """What the run's command has after ``light-import load``."""
        template = self.template_file or str(self.record.facts.get("template"))
        words = command_words(replace(self.request, template=template))
        words += " --only-valid" if self.record.facts.get("only_valid") else ""
        facts = self.record.facts
        base_url = None if facts.get("sandbox") else facts.get("base_url")
        base_url = None if base_url == DEFAULT_BASE_URL else base_url
        return words + place_words(self.request, base_url, self.chosen_journal)

    @property
    def id_words(self) -> str:
        """As ``run_words``."""
        return run_words(self.record.id, self.request, self.chosen_journal)

    def summary(self, command: str) -> RunSummary:
        """A summary to be filled: what the run's record says of it."""
        facts = self.record.facts
        return RunSummary(
            command=command,
            run=self.record.id,
            company=facts.get("company"),
            base_url=facts.get("base_url"),
            template=str(facts.get("template")),
            sources=self.request.files,
            started_at=self.record.started,
            template_file=self.template_file,
            continues=str(facts.get("continues") or ""),
            company_id=str(facts.get("company_id") or ""),
            sandbox=bool(facts.get("sandbox")),
            expect=self.prepared.expect,
            by=str(facts.get("who") or ""),
            checked_by=EarlierCheck.of(facts.get("checked_by")),
            version=self.record.version,
            digests=self.prepared.digests,
            options=run_options(self.request, only_valid=bool(facts.get("only_valid"))),
            corrections=self.request.corrections,
        )


def finished_run(
    run: str,
    journal: str | None,
    listener: Listener = SILENT,
    *,
    as_of: str | None = None,
    ageing: tuple[AgeingFile, ...] = (),
) -> FinishedRun:
    """The run with its files, checked again. UsageProblem where it or they are gone. ``as_of`` and
    ``ageing``: the day of the ageing and the old system's reports, if others than the load's."""
    path, record = find_run(run, journal)
    fetch_run_files(path, record.id)
    snapshot = load_snapshot(record.id)
    request = snapshot.request
    request = replace(request, as_of=as_of or request.as_of, ageing=ageing or request.ageing)
    prepared = check_files(request, snapshot.copies, snapshot.folders, listener)
    checked, read = prepared.checked, prepared.checked.findings
    snapshot.restore(checked)
    if as_of or ageing:
        checked.findings = without_old_ageing(checked.findings)
        checked.add_findings(part for part in read.parts if part.code.startswith(PREFIX))
        compare_old_ageing(checked)
    return FinishedRun(path, record, prepared, snapshot.request, snapshot.template_file, journal)


def report_of(
    before: FinishedRun,
    journal: Journal,
    command: str,
    read_backs: Mapping[int, ReadBack] | None = None,
    ended: Mapping[int, tuple[StepState, str]] | None = None,
    ledger: LedgerTieOut | None = None,
) -> tuple[Report, dict[int, tuple[Step, ...]]]:
    """The report of the run, and the steps of its bills after creation, by entry.

    It has all that the journal knows, whichever command asks. ``read_backs`` take the place of
    those of the journal, ``ended`` (how cancelling ended) is added; both by entry. ``ledger`` is
    what a verification read; ``report`` has what the last one read, and the balances.
    """
    run, checked = before.record.id, before.prepared.checked
    outcomes = with_lines_of_run(journal, run, journal.outcomes(run))
    if read_backs is None:
        read_backs = valid_read_backs(journal, run, outcomes)
    if command == "report":
        ids = {i: o.entry.light_id for i, o in outcomes.items() if o.entry.light_id is not None}
        ledger = ledger_check(journal, run, ids)
        read_backs = _with_balances(read_backs, ids, last_balances(journal, run))
    steps = steps_by_bill(journal, outcomes)
    cancels = refused_cancels(journal, run, outcomes) | dict(ended or {})
    matches = match_rows(checked, before.record, outcomes, journal.rows(run))
    of_bills, backs = matches.steps(steps), matches.read_backs(read_backs)
    checked.add_findings(matches.findings)
    checked.add_findings(read_back_findings(checked, backs))
    if ledger is not None:
        checked.add_findings(ledger_findings(checked, matches.by_bill(ledger.problems)))
    checked.add_findings(cancel_findings(checked, matches.by_bill(cancels)))
    checked.add_findings(step_findings(checked, of_bills, backs))
    _take_saved_names(before)
    checked.add_findings(update_findings(checked, matches.by_bill(updates_of_run(journal, run))))
    summary, former = before.summary(command), former_ids(before.prepared)
    of_run = matches.outcomes(outcomes)
    if not summary.sandbox:
        loads = earlier_loads(
            before.prepared, journal=before.journal, without=of_run, taken=outcomes
        )
        of_run |= loads.outcomes
    report = build_report(checked, of_run, summary, backs, of_bills, former)
    summary = replace(
        report.summary,
        totals=_with_unmatched(report.summary.totals, matches.unmatched, checked),
        read_back=Counter(back.comparison.value for back in read_backs.values()),
        created_vendors=created_vendors(vendors_of_run(journal, run)),
        ledger=ledger,
    )
    return replace(report, summary=summary), steps


def _with_balances(
    read_backs: Mapping[int, ReadBack], ids: Mapping[int, str], balances: Mapping[str, OpenBalance]
) -> dict[int, ReadBack]:
    return {
        i: replace(back, balance=balances.get(normal_id(ids.get(i, ""))))
        for i, back in read_backs.items()
    }


def _take_saved_names(run: FinishedRun) -> None:
    """What the dropdowns offer for names to resolve, and what people call Light's ids, from the
    company's saved lists."""
    facts, checked = run.record.facts, run.prepared.checked
    path = reference_path(str(facts.get("base_url") or ""), str(facts.get("company_id") or ""))
    if not (checked.unresolved or reads_documents(checked)) or not path.exists():
        return
    with contextlib.suppress(ImporterError):  # damaged lists do not keep the report back
        directory = read_cache(path).directory
        checked.choices = all_choices(checked, directory)
        checked.names = labels_by_id(directory)


def _with_unmatched(
    totals: tuple[CurrencyTotal, ...], unmatched: Sequence[BillOutcome], checked: Checked
) -> tuple[CurrencyTotal, ...]:
    """The tie-out with the number of bills of the run that no row holds any more."""
    if not unmatched:
        return totals
    by_currency = {total.currency: total for total in totals}
    for outcome in unmatched:
        name, unit = currency_of(outcome.entry), unit_of(checked, outcome.entry)
        total = by_currency.get(name) or CurrencyTotal(name, 0, 0, {}, 0, unit=unit)
        by_currency[name] = replace(
            total, unmatched=total.unmatched + 1, differing=total.differing + 1
        )
    return tuple(by_currency.values())
