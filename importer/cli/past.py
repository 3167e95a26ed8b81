"""A run of the past: its record in the journal, its files, and its report again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from importer.cli.archive import kept
from importer.cli.company import environment
from importer.cli.continued import with_former_ids
from importer.cli.next_step import words_of
from importer.cli.paths import data_folder
from importer.cli.prepare import Prepared, Request, prepare
from importer.errors import UsageProblem
from importer.loading.afterwards import Marks, marks
from importer.loading.errands import steps_of
from importer.loading.journal import Journal, RunRecord
from importer.loading.undo import refused_cancels
from importer.loading.verify import valid_read_backs
from importer.records import ReadBack, Report, RunSummary, Status, Step, StepState
from importer.results.afterwards import cancel_findings, read_back_findings
from importer.results.build import build_report
from importer.results.history import History, Totals
from importer.results.step_findings import step_findings


@dataclass(frozen=True)
class Past:
    """A run with its files. ``journal`` is the path of its journal."""

    journal: Path
    record: RunRecord
    prepared: Prepared
    request: Request
    template_file: str
    folder: str

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
        return words_of(replace(self.request, template=template))

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
            bills={},
            line_items={},
            rows={},
            totals=(),
            template_file=self.template_file,
            folder=self.folder,
            continues=str(facts.get("continues") or ""),
            company_id=str(facts.get("company_id") or ""),
            sandbox=bool(facts.get("sandbox")),
            expect=self.prepared.expect,
        )


def journals(told: str | None) -> list[Path]:
    """The journal told, or all there are on this machine."""
    if told:
        if not Path(told).is_file():
            raise UsageProblem(f"There is no journal {told}.")
        return [Path(told)]
    home = data_folder()
    return [*home.glob("journals/*.sqlite"), *home.glob("runs/*/journal.sqlite")]


def all_runs(told: str | None) -> Iterator[tuple[Path, RunRecord]]:
    """All runs with their journals, the newest first."""
    found = []
    for path in journals(told):
        with Journal(path) as journal:
            found += [(path, run) for run in journal.runs()]
    yield from sorted(found, key=lambda pair: pair[1].started, reverse=True)


def find_run(run: str, told: str | None) -> tuple[Path, RunRecord]:
    """The run of that id, and its journal. UsageProblem where there is none."""
    for path, record in all_runs(told):
        if record.id == run:
            return path, record
    raise UsageProblem(f"There is no run {run}. 'light-import runs' lists those there are.")


def histories(told: str | None) -> Iterator[History]:
    """All runs of this computer, the newest first, with what became of them since."""
    found = []
    for path in journals(told):
        with Journal(path) as journal:
            known = marks(journal)
            found += [_history(path, run, known.get(run.id, Marks())) for run in journal.runs()]
    yield from sorted(found, key=lambda run: run.started, reverse=True)


def _history(path: Path, run: RunRecord, mark: Marks) -> History:
    facts, figures = run.facts, run.summary or {}
    sandbox = bool(facts.get("sandbox"))
    base_url = str(facts.get("base_url") or "")
    bills = dict(figures.get("bills") or {})
    if not bills or mark.bills[Status.UNDONE]:  # the figures are of before
        bills = {s: n for s, n in bills.items() if s in (Status.INVALID, Status.VALID)}
        bills |= {status.value: n for status, n in mark.bills.items()}
        bills = {"total": sum(bills.values()), **bills} if bills else {}
    return History(
        run=run.id,
        started=run.started,
        finished=run.finished,
        company=str(facts.get("company") or ""),
        company_id=str(facts.get("company_id") or ""),
        base_url=base_url,
        environment=environment(base_url, sandbox=sandbox),
        template=str(facts.get("template") or ""),
        sources=tuple(facts.get("sources") or ()),
        who=str(facts.get("who") or ""),
        continues=str(facts.get("continues") or ""),
        sandbox=sandbox,
        journal=str(path),
        bills=bills,
        line_items=figures.get("line_items") or {},
        totals=[Totals(**each) for each in figures.get("totals") or facts.get("totals") or ()],
        read={seen.value: n for seen, n in mark.read.items()},
        read_at=mark.read_at,
        read_lines=mark.with_lines,
        figures=figures,
    )


def past(run: str, told: str | None) -> Past:
    """The run with its files, checked again. UsageProblem where it or they are gone."""
    path, record = find_run(run, told)
    archive = kept(run)
    prepared = prepare(archive.request, archive.copies)
    prepared.checked.findings = archive.findings
    prepared.checked.unresolved = archive.unresolved
    return Past(path, record, prepared, archive.request, archive.template_file, archive.folder)


def report_of(
    before: Past,
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
    became = journal.results(run)
    if read_backs is None:
        read_backs = valid_read_backs(journal, run, became)
    steps = steps_of(journal, became)
    cancels = refused_cancels(journal, run, became) | dict(ended or {})
    checked.findings += read_back_findings(checked, read_backs)
    checked.findings += cancel_findings(checked, cancels)
    checked.findings += step_findings(checked, steps)
    report = build_report(checked, became, before.summary(command), read_backs, steps)
    return with_former_ids(report, before.prepared), steps
