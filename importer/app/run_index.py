"""Past runs, from all journals on this computer; their files are not read."""

from __future__ import annotations

import shlex
from pathlib import Path

from importer.app.company_check import environment
from importer.app.data_paths import data_folder
from importer.core.errors import JournalProblem, UsageProblem
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import RunRecord
from importer.loading.journal.run_figures import RunFigures, run_figures
from importer.model.journal_states import Status
from importer.report.run_history import History, Totals

LATEST = "latest"  # in place of a run's id


def journals(path: str | None) -> list[Path]:
    """The journal of that path, or all there are on this machine."""
    if path:
        if not Path(path).is_file():
            raise UsageProblem(f"There is no journal {path}.")
        return [Path(path)]
    home = data_folder()
    return [*home.glob("journals/*.sqlite"), *home.glob("runs/*/journal.sqlite")]


def find_run(run: str, path: str | None) -> tuple[Path, RunRecord]:
    """The run of that id, or the newest for ``latest``, and its journal.

    UsageProblem where there is none, JournalProblem where it is damaged or a journal that may have
    it cannot be read.
    """
    candidates, problems = [], []
    for each in journals(path):
        try:
            with Journal(each) as journal:
                for record in journal.runs():
                    if run in (record.id, LATEST):
                        candidates.append((record.started, each, record))
        except JournalProblem as problem:
            problems.append(problem)
    if problems and (run == LATEST or not candidates):
        raise problems[0]
    if not candidates:
        if run == LATEST:
            raise UsageProblem("Nothing has been loaded from this machine yet.")
        raise UsageProblem(f"There is no run {shlex.quote(run)}. 'light-import runs' lists them.")
    _, journal_path, record = max(candidates, key=lambda each: each[0])
    if record.damage:
        with Journal(journal_path) as journal:
            raise journal.damaged(record.damage, record.id)
    return journal_path, record


def runs(path: str | None = None) -> tuple[list[History], list[JournalProblem]]:
    """All runs with their figures, the newest first; and a problem for each damaged one."""
    histories: list[History] = []
    problems: list[JournalProblem] = []
    for each in journals(path):
        try:
            with Journal(each) as journal:
                figures = run_figures(journal)
                for record in journal.runs():
                    of_run = figures.get(record.id, RunFigures())
                    if damage := record.damage or of_run.damage:
                        problems.append(journal.damaged(damage, record.id))
                    else:
                        histories.append(_history(each, record, of_run))
        except JournalProblem as problem:
            problems.append(problem)
    return sorted(histories, key=lambda run: run.started, reverse=True), problems


def _history(path: Path, run: RunRecord, of_run: RunFigures) -> History:
    facts, figures = run.facts, run.summary or {}
    sandbox = bool(facts.get("sandbox"))
    base_url = str(facts.get("base_url") or "")
    bills = dict(figures.get("bills") or {})
    if not bills or of_run.bills[Status.UNDONE]:  # the figures are of before
        unsent = (Status.INVALID, Status.VALID, Status.PASSED_OVER)
        bills = {s: n for s, n in bills.items() if s in unsent}
        bills |= {status.value: n for status, n in of_run.bills.items()}
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
        read={comparison.value: n for comparison, n in of_run.read.items()},
        read_at=of_run.read_at,
        read_lines=of_run.with_lines,
        figures=figures,
    )
