"""Which bills the journal has entries of, found by the index of identities."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from importer.loading.identity import after_entity, split_entity
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import ENTRIES, among, some


def ids_of(journal: Journal, identities: Collection[str]) -> dict[str, int]:
    """The ids of the entries of these identities, where there is one."""
    if not identities:
        return {}
    with journal.reading() as db:
        rows = db.execute(_OF_IDENTITIES, some(identities))
        return {row[0]: row[1] for row in rows}


def identities_of_light_ids(journal: Journal, light_ids: Iterable[str]) -> dict[str, str]:
    """The identities of the bills of these ids in Light that the journal has, by id."""
    with journal.reading() as db:
        rows = db.execute(_OF_LIGHT_IDS, some(light_ids))
        return {row.light_id: row.identity for row in rows}


def entities(journal: Journal) -> list[str]:
    """The company entities in the identities of all entries, "" for those that have none."""
    out: list[str] = []
    with journal.reading() as db:  # from each entity to the next, not from bill to bill
        last = ""
        while identity := db.scalar(_FOLLOWING, {"last": last}):
            out.append(split_entity(identity)[0])
            last = after_entity(out[-1])
    return out


_OF_IDENTITIES = sa.select(ENTRIES.c.identity, ENTRIES.c.id).where(among(ENTRIES.c.identity))
_OF_LIGHT_IDS = sa.select(ENTRIES.c.light_id, ENTRIES.c.identity).where(among(ENTRIES.c.light_id))
_FOLLOWING = sa.select(sa.func.min(ENTRIES.c.identity)).where(
    ENTRIES.c.identity > sa.bindparam("last")
)
