"""A run of the past: its record in the journal, its files, and its report again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from importer.app.next_step import command_words
from importer.app.pipeline import CheckedFiles, CheckRequest, check_files
from importer.app.resume_checks import former_ids
from importer.app.run_index import find_run
from importer.app.run_snapshot import kept
from importer.loading.journal.journal import Journal, RunRecord
from importer.loading.loaded_bills import refused_cancels, valid_read_backs
from importer.loading.step_plan import steps_by_bill
from importer.model.journal_states import Step, StepState
from importer.model.read_back import ReadBack
from importer.model.report_model import RunSummary
from importer.report.build_report import Report, build_report
from importer.report.light_findings import cancel_findings, read_back_findings, step_findings
from importer.validation.finding_batch import Findings


@dataclass(frozen=True)
class FinishedRun:
    """A run with its files. ``journal`` is the path of its journal."""

    journal: Path
    record: RunRecord
    prepared: CheckedFiles
    request: CheckRequest
    template_file: str

    @property
    def files(self) -> tuple[str, ...]:
        return self.request.files

    @property
    def units(self) -> Any:
        """How many cents a unit of its currency has, by bill index."""
        return self.prepared.checked.bills.units

    @property
    def words(self) -> str:
        """The files and the template, as they are typed."""
        template = self.template_file or str(self.record.facts.get("template"))
        return command_words(replace(self.request, template=template))

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
        )


def finished_run(run: str, told: str | None) -> FinishedRun:
    """The run with its files, checked again. UsageProblem where it or they are gone."""
    path, record = find_run(run, told)
    archive = kept(run)
    prepared = check_files(archive.request, archive.copies, archive.folders)
    prepared.checked.findings = Findings(archive.findings)
    prepared.checked.unresolved = archive.unresolved
    return FinishedRun(path, record, prepared, archive.request, archive.template_file)


def report_of(
    before: FinishedRun,
    journal: Journal,
    command: str,
    read_backs: Mapping[int, ReadBack] | None = None,
    ended: Mapping[int, tuple[StepState, str]] | None = None,
) -> tuple[Report, dict[int, tuple[Step, ...]]]:
    """What became of the run's bills, and their steps after creation, by bill index.

    All that the journal knows is told, whichever command asks; ``read_backs`` are told in place of
    those of the journal, ``ended`` (what an undo came to) beside what it knows.
    """
    run, checked = before.record.id, before.prepared.checked
    outcomes = journal.outcomes(run)
    if read_backs is None:
        read_backs = valid_read_backs(journal, run, outcomes)
    steps = steps_by_bill(journal, outcomes)
    cancels = refused_cancels(journal, run, outcomes) | dict(ended or {})
    checked.findings += read_back_findings(checked, read_backs)
    checked.findings += cancel_findings(checked, cancels)
    checked.findings += step_findings(checked, steps)
    summary, ids = before.summary(command), former_ids(before.prepared)
    return build_report(checked, outcomes, summary, read_backs, steps, ids), steps
