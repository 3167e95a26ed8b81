"""A company's journal from a file into a team's database, or back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import filelock

from importer.app import data_paths
from importer.app.check_journal import CheckedJournal
from importer.app.journal_places import (
    TeamAddress,
    chosen_journal,
    fetch_run_files,
    open_team,
    share_run_files,
)
from importer.core.errors import UsageProblem
from importer.core.name_key import name_key
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_check import check_journal
from importer.loading.journal.journal_copy import copy_rows
from importer.loading.journal.journal_place import JournalPlace, TeamJournal


def copy_journal(source: str, target: str, company: str | None = None) -> CheckedJournal:
    """Copy all of a journal, and check the copy. Each is a file or a team's database; ``company``,
    its name or id, says which journal of a database is meant.

    UsageProblem where that is not clear or a load is running, JournalProblem where the target is
    not empty or the copy would differ. The source stays as it is.
    """
    of = _source(source, company)
    with Journal(of) as old, _locked(old):
        with Journal(_target(target, of, old)) as new, _locked(new):
            copy_rows(old, new)
            for run in old.runs():
                if data_paths.run_folder(run.id).exists():
                    share_run_files(new.place, run.id)
                else:
                    fetch_run_files(old.place, run.id)
            return CheckedJournal(str(new.place), check_journal(new))


def _source(text: str, company: str | None) -> JournalPlace:
    chosen = chosen_journal(text)
    if isinstance(chosen, Path):
        if not chosen.is_file():
            raise UsageProblem(
                f"There is no journal {text}. 'light-import runs --json' says where each is."
            )
        return chosen
    assert isinstance(chosen, TeamAddress)
    from importer.loading.journal.team_store import team_journals

    names: dict[str, TeamJournal] = {}
    for place in team_journals(open_team(chosen).dsn):
        with Journal(place) as journal:
            companies = {str(run.facts.get("company") or "") for run in journal.runs()}
        if company is None or name_key(company) in map(name_key, (place.company, *companies)):
            names[f"{', '.join(sorted(companies))} ({place.company} of {place.base_url})"] = place
    if len(names) != 1:
        which = "; ".join(names) or "none"
        raise UsageProblem(f"Say with --company which journal to copy. These fit: {which}.")
    return next(iter(names.values()))


def _target(text: str, source: JournalPlace, journal: Journal) -> JournalPlace:
    chosen = chosen_journal(text)
    if isinstance(chosen, Path):
        if chosen.exists():
            raise UsageProblem(f"{text} exists already: name a file that does not.")
        return chosen
    assert isinstance(chosen, TeamAddress)
    if isinstance(source, TeamJournal):
        return open_team(chosen).journal(source.base_url, source.company)
    facts = [run.facts for run in journal.runs() if not run.damage]
    places = {(str(f.get("base_url")), str(f.get("company_id"))) for f in facts}
    if len(places) != 1:
        raise UsageProblem(f"The journal {source} has no runs of one company: nothing to copy.")
    return open_team(chosen).journal(*places.pop())


@contextlib.contextmanager
def _locked(journal: Journal) -> Iterator[None]:
    lock = journal.lock()
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise UsageProblem(
            f"A load with the journal {journal.place} is running. Copy it when that has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()
