"""Past runs and attempts, from all journals on this computer; their files are not read."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from importer.app.attempt_log import attempts
from importer.app.company_check import environment
from importer.app.data_paths import data_folder
from importer.app.journal_places import (
    TeamAddress,
    chosen_journal,
    journal_words,
    open_team,
)
from importer.core.errors import JournalProblem, RunMissing, UsageProblem
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace, TeamJournal
from importer.loading.journal.journal_records import RunRecord
from importer.loading.journal.run_figures import RunFigures, figures_now, run_figures
from importer.model.journal_states import Status
from importer.model.read_back import Comparison
from importer.model.report_model import EarlierCheck
from importer.report.run_history import History, Totals

LATEST = "latest"  # in place of a run's id


def journals(path: str | None, run: str | None = None) -> Sequence[JournalPlace]:
    """The journal of that path, or all there are on this machine; those of a team's database, or
    the one there that has ``run``."""
    chosen = chosen_journal(path)
    if isinstance(chosen, TeamAddress):
        from importer.loading.journal.team_store import team_journals

        return team_journals(open_team(chosen).dsn, run)
    if chosen is not None:
        if not chosen.is_file():
            raise UsageProblem(
                f"There is no journal {path or chosen}. Correct its name, or leave out --journal."
            )
        return [chosen]
    home = data_folder()
    return [*home.glob("journals/*.sqlite"), *home.glob("runs/*/journal.sqlite")]


def find_run(run: str, path: str | None) -> tuple[JournalPlace, RunRecord]:
    """The run of that id, or the newest for ``latest``, and its journal.

    RunMissing where there is none, JournalProblem where it is damaged or a journal that may have
    it cannot be read.
    """
    candidates, problems = [], []
    for each in journals(path, run):
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
            raise RunMissing(
                "Nothing has been loaded yet."
                + (" 'light-import runs' lists what was tried." if attempts() else "")
            )
        sent_nothing = next((a for a in attempts() if a["id"] == run and not a.get("sent")), None)
        if sent_nothing is not None:
            raise RunMissing(
                f"Attempt {run} sent nothing to Light, so it has no bills to read, report or undo."
                " 'light-import runs' shows its result."
            )
        raise RunMissing(f"There is no run {shlex.quote(run)}. 'light-import runs' lists them.")
    _, journal_path, record = max(candidates, key=lambda each: each[0])
    if record.damage:
        with Journal(journal_path) as journal:
            raise journal.damaged(record.damage, record.id)
    return journal_path, record


def runs(path: str | None = None) -> tuple[list[History], list[JournalProblem]]:
    """All runs with their figures of now, and the attempts that sent nothing or undid a run, the
    newest first; and a problem for each damaged run. With ``path`` those of that journal."""
    histories: list[History] = []
    problems: list[JournalProblem] = []
    every = {facts["id"]: facts for facts in attempts()}
    damaged = set()

    def error_of(run: str) -> Mapping[str, str]:
        return every.get(run, {}).get("error") or {}

    journal: Journal | None = None
    for each in journals(path):
        try:
            journal = journal.move_to(each) if journal else Journal(each)
            figures = run_figures(journal)
            for record in journal.runs():
                of_run = figures.get(record.id, RunFigures())
                if damage := record.damage or of_run.damage:
                    problems.append(journal.damaged(damage, record.id))
                    damaged.add(record.id)
                else:
                    history = _history(each, record, of_run, journal, error_of(record.id))
                    histories.append(history)
        except JournalProblem as problem:
            problems.append(problem)
    if journal:
        journal.close()
    listed = damaged.union(run.run for run in histories)
    wanted = journal_words(path)
    for name, facts in every.items():
        of_journal = wanted is None or facts.get("journal") == wanted
        if name not in listed and of_journal:
            histories.append(_attempt(facts))
    return sorted(histories, key=lambda run: run.started, reverse=True), problems


def _attempt(facts: Mapping[str, Any]) -> History:
    """An attempt that is in no journal that was read."""
    finished = facts.get("finished")
    return History(
        run=facts["id"],
        started=datetime.fromisoformat(facts["started"]),
        finished=finished and datetime.fromisoformat(finished),
        **_destination(facts),
        who=str(facts.get("who") or ""),
        continues="",
        journal=str(facts.get("journal") or ""),
        bills=facts.get("bills") or {},
        line_items=facts.get("line_items") or {},
        totals=[Totals(**each) for each in facts.get("totals") or ()],
        figures=facts,
        command=facts["command"],
        dry_run=bool(facts.get("dry_run")),
        sent=bool(facts.get("sent")),
        undone_run=str(facts.get("run") or ""),
        note=str(facts.get("note") or ""),
        error=facts.get("error") or {},
    )


def _history(
    path: JournalPlace,
    run: RunRecord,
    of_run: RunFigures,
    journal: Journal,
    error: Mapping[str, str],
) -> History:
    facts, figures = run.facts, run.summary or {}
    bills, line_items = dict(figures.get("bills") or {}), figures.get("line_items") or {}
    totals = [Totals(**each) for each in figures.get("totals") or facts.get("totals") or ()]
    differ = any(n for read, n in of_run.read.items() if read is not Comparison.SAME)
    if not bills or of_run.bills[Status.UNDONE] or differ:  # the figures are of before
        unsent = (Status.INVALID, Status.VALID, Status.PASSED_OVER)
        bills = {s: n for s, n in bills.items() if s in unsent}
        bills |= {status.value: n for status, n in of_run.bills.items()}
        bills = {"total": sum(bills.values()), **bills} if bills else {}
        of_lines, in_light = figures_now(journal, run.id)
        line_items = {s: n for s, n in line_items.items() if s in unsent} | of_lines
        line_items = {"total": sum(line_items.values()), **line_items} if line_items else {}
        totals = [replace(total, created=in_light[total.currency]) for total in totals]
    return History(
        run=run.id,
        started=run.started,
        finished=run.finished,
        **_destination(facts),
        who=_who(facts, path),
        checked_by=EarlierCheck.of(facts.get("checked_by")),
        continues=str(facts.get("continues") or ""),
        journal=str(path),
        bills=bills,
        line_items=line_items,
        totals=totals,
        read={comparison.value: n for comparison, n in of_run.read.items()},
        read_at=of_run.read_at,
        read_lines=of_run.with_lines,
        figures=figures,
        error=error,
    )


def _destination(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What was loaded, and where to."""
    base_url, sandbox = str(facts.get("base_url") or ""), bool(facts.get("sandbox"))
    return {
        "company": str(facts.get("company") or ""),
        "company_id": str(facts.get("company_id") or ""),
        "base_url": base_url,
        "environment": environment(base_url, sandbox=sandbox),
        "template": str(facts.get("template") or ""),
        "sources": tuple(facts.get("sources") or ()),
        "sandbox": sandbox,
    }


def _who(facts: Mapping[str, Any], path: JournalPlace) -> str:
    """Who loaded; in a team's journal also where."""
    host = facts.get("host") if isinstance(path, TeamJournal) else None
    return " on ".join(str(each) for each in (facts.get("who"), host) if each)
