"""The runs of the past, from all journals of this computer; nothing of their files is read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from importer.app.company_check import environment
from importer.app.data_paths import data_folder
from importer.core.errors import UsageProblem
from importer.loading.journal.after_creation import Marks, marks
from importer.loading.journal.journal import Journal, RunRecord
from importer.model.journal_states import Status
from importer.report.run_history import History, Totals


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
    raise UsageProblem(
        f"There is no run {shlex.quote(run)}. 'light-import runs' lists those there are."
    )


def runs(told: str | None = None) -> Iterator[History]:
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
