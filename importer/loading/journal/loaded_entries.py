"""Bills that earlier runs loaded, found by what their rows held or by Light's ids."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from importer.loading.journal.journal import ENTRY_WITHOUT_CONTENT, Journal
from importer.loading.journal.journal_tables import ENTRIES, RUN_BILLS, among, some
from importer.model.journal_states import JournalEntry, State, Status

_MAY_BE = (State.CREATED, State.FOUND, State.SENDING, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class LoadedEntry:
    """An entry of a bill that Light has or may have; of the last ``run`` that created it, else of
    the last that had it. ``place`` is the file, sheet and row of the bill in that run."""

    entry: JournalEntry
    run: str
    place: tuple[str | None, str | None, int | None]
    row_identity: str


def entries_of_rows(journal: Journal, identities: Collection[str]) -> list[LoadedEntry]:
    """The entries whose rows held these bills; see ``row_identity.bill_row_identity``."""
    return _loaded(journal, RUN_BILLS.c.identity, identities)


def entries_of_identities(journal: Journal, identities: Collection[str]) -> list[LoadedEntry]:
    """The entries of these identities; see ``loading.identity``."""
    return _loaded(journal, ENTRIES.c.identity, identities)


def entries_of_bills(journal: Journal, light_ids: Collection[str]) -> list[LoadedEntry]:
    """The entries of these bills in Light."""
    return _loaded(journal, ENTRIES.c.light_id, light_ids)


def _loaded(journal: Journal, column: sa.Column[Any], values: Collection[str]) -> list[LoadedEntry]:
    c = RUN_BILLS.c
    query = (
        sa.select(c.run, c.file, c.sheet, c.row, c.identity, c.status, *ENTRY_WITHOUT_CONTENT)
        .join(ENTRIES, ENTRIES.c.id == c.entry)
        .where(among(column), sa.or_(ENTRIES.c.state.in_(_MAY_BE), ENTRIES.c.light_id.is_not(None)))
        .order_by(c.run)
    )
    out: dict[int, LoadedEntry] = {}
    creators: set[int] = set()
    with journal.reading() as db:
        for status, loaded in _decoded(db.execute(query, some(values))):
            key, created = loaded.entry.id, status in (None, Status.CREATED)
            if created or key not in creators:
                out[key] = loaded
            if created:
                creators.add(key)
    return list(out.values())


def _decoded(rows: Any) -> Iterator[tuple[str | None, LoadedEntry]]:
    for run, file, sheet, row, identity, status, *of_entry in rows:
        entry = JournalEntry.from_row(of_entry)
        yield status, LoadedEntry(entry, run, (file, sheet, row), identity or "")
