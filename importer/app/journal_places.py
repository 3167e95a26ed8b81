"""Which journal a command works with: the company's own, another file, or a team's database."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from importer.app import data_paths
from importer.core.errors import ImporterError, UsageProblem
from importer.core.private_files import private_file_at, private_folder
from importer.loading.journal.journal_place import JournalPlace, TeamJournal

VARIABLE = "LIGHT_IMPORT_JOURNAL"
_POSTGRESQL = ("postgresql://", "postgres://")


@dataclass(frozen=True)
class TeamAddress:
    """A team's database; ``name`` is for people."""

    dsn: str
    name: str

    def journal(self, base_url: str, company_id: str) -> TeamJournal:
        return TeamJournal(self.dsn, self.name, base_url, company_id)


def chosen_journal(text: str | None) -> Path | TeamAddress | None:
    """What ``--journal`` names, else ``LIGHT_IMPORT_JOURNAL``; None: the company's own.
    UsageProblem where it can be neither."""
    text = text or os.environ.get(VARIABLE)
    if not text:
        return None
    if not is_address(text):
        return Path(text).absolute()
    if not text.startswith(_POSTGRESQL):
        kind = text.partition("://")[0]
        raise UsageProblem(
            f"A journal is a file, or an address that begins with postgresql://; {kind}:// is"
            " neither."
        )
    from importer.core.postgres_connection import database_words, has_password

    if has_password(text):
        raise UsageProblem(
            "The address of the journal has a password, which others on this computer could read."
            " Leave it out there, and put it into PGPASSWORD, ~/.pgpass or a service file."
        )
    return TeamAddress(text, database_words(text))


def is_address(text: str) -> bool:
    return "://" in text


def journal_words(text: str | None) -> str | None:
    """The journal as the list of attempts names it."""
    if text and is_address(text):
        return text
    return str(Path(text).absolute()) if text else None


def open_team(team: TeamAddress) -> TeamAddress:
    """The database with its tables, created or upgraded where they are not; and its key of seals
    on this computer."""
    from importer.app.seal import store_team_key
    from importer.loading.journal.team_store import prepare_team, team_seal_key

    prepare_team(team.dsn)
    with contextlib.suppress(ImporterError, OSError):  # seals are no reason to fail
        store_team_key(team.name, team_seal_key(team.dsn))
    return team


def exists(place: JournalPlace) -> bool:
    return isinstance(place, TeamJournal) or place.is_file()


def share_run_files(place: JournalPlace, run: str) -> bool:
    """Keep the files of a run for the team, where it has a database; False: they are too large."""
    if not isinstance(place, TeamJournal):
        return True
    from importer.loading.journal.team_store import save_run_files

    folder = data_paths.run_folder(run)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return save_run_files(place.dsn, run, files)


def fetch_run_files(place: JournalPlace, run: str) -> None:
    """The files of a run that another computer loaded, into this one's folder for them."""
    folder = data_paths.run_folder(run)
    if not isinstance(place, TeamJournal) or folder.exists():
        return
    from importer.loading.journal.team_store import run_files

    files = run_files(place.dsn, run)
    if files:
        private_folder(folder)
    for name in sorted(files, key=lambda name: name == "run.json"):  # that one says it is complete
        if Path(name).name == name:
            private_file_at(folder / name).write_bytes(files[name])


def team_of_environment() -> TeamAddress | None:
    """The team's database where ``LIGHT_IMPORT_JOURNAL`` names one, with its tables."""
    chosen = chosen_journal(None)
    return open_team(chosen) if isinstance(chosen, TeamAddress) else None
