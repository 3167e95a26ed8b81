"""Lookup tables that a team keeps in its database: ``--lookups team:NAME``.

They are files, as in a folder: fetched into one of this computer before they are read. What is
added goes back under a lock, so that picks of two people are both kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.check_request import CheckRequest, folder_of_team, team_name
from importer.core.errors import UsageProblem
from importer.core.private_files import private_file_at, private_folder

if TYPE_CHECKING:
    from importer.app.journal_places import TeamAddress


def fetch_lookups(request: CheckRequest) -> None:
    """Write the tables that the request names into their folders here.

    UsageProblem where there is no team's journal, or nobody has saved tables that are to be read.
    """
    from importer.loading.journal.team_store import team_lookups

    for text in request.lookup_names:
        if (name := team_name(text)) is None:
            continue
        files = team_lookups(_team(request, text).dsn, name)
        if not files and text == request.lookups:
            raise UsageProblem(
                f"Nobody has saved lookup tables as {text} yet: --save-lookups {text} does."
            )
        _write(files, folder_of_team(name))


@contextlib.contextmanager
def saved_folder(request: CheckRequest) -> Iterator[Path]:
    """The folder that picks are added to; the team's database gets what was added."""
    text = request.save_lookups or ""
    if (name := team_name(text)) is None:
        yield Path(text)
        return
    from importer.loading.journal.team_store import changing_lookups

    with changing_lookups(_team(request, text).dsn, name) as files:
        folder = folder_of_team(name)
        _write(files, folder)
        yield folder
        files |= {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def _team(request: CheckRequest, text: str) -> TeamAddress:
    if request.team is None:
        raise UsageProblem(f"{text} is of a team's database: name that with --journal.")
    from importer.app.journal_places import open_team

    return open_team(request.team)


def _write(files: dict[str, bytes], folder: Path) -> None:
    private_folder(folder)
    for path in folder.glob("*.csv"):
        path.unlink()
    for name, content in files.items():
        if Path(name).name == name:
            private_file_at(folder / name).write_bytes(content)
