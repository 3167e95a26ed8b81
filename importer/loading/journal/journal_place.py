"""Where a journal is: a file of this computer, or a part of a team's PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TeamJournal:
    """The journal of one company of one Light in a team's PostgreSQL.

    ``dsn`` may have a password; ``database`` names the same place for people, without it.
    """

    dsn: str
    database: str
    base_url: str
    company: str

    def __str__(self) -> str:
        return f"{self.database} (company {self.company} of {self.base_url})"

    def __repr__(self) -> str:  # the other field may be secret
        return f"TeamJournal({self})"


JournalPlace = Path | TeamJournal
