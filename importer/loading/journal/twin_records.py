"""Doubts about bills in the journal: other copies in Light, and bills that were sent again.

They belong to the bill, not to a run: they stay until they are settled.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from importer.core.object_ids import normal_id
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import to_json
from importer.loading.journal.journal_tables import ENTRIES, SETTLEMENTS, among, some
from importer.model.journal_states import Twin

Twins = Mapping[int, Sequence[Twin]]  # by entry


def save_twins(journal: Journal, twins: Twins) -> None:
    """The other copies of some bills in Light; none where there is no doubt any more."""
    rows = [
        {"key": entry, "text": to_json([twin.as_list() for twin in copies]) if copies else None}
        for entry, copies in twins.items()
    ]
    if rows:
        with journal.writing() as db:
            db.execute(_SAVE, rows)


def clear_resent(journal: Journal, entries: Collection[int]) -> None:
    """These bills were looked for long after they were sent again: Light has each once."""
    if entries:
        with journal.writing() as db:
            db.execute(_LOOKED_FOR, [{"key": entry} for entry in entries])


def light_ids_of_others(journal: Journal, entries: Collection[int]) -> dict[int, set[str]]:
    """By entry, the ids in Light of bills that are not this one, as a person decided."""
    out: dict[int, set[str]] = {}
    if not entries:
        return out
    with journal.reading() as db:
        for entry, others in db.execute(_OTHERS, some(entries)):
            out.setdefault(entry, set()).update(json.loads(others))
    return out


def entries_of_light_ids(journal: Journal, light_ids: Collection[str]) -> dict[str, int]:
    """Which entries these bills in Light belong to, by id in its normal form."""
    if not light_ids:
        return {}
    with journal.reading() as db:
        rows = db.execute(_OF_LIGHT_IDS, some(light_ids))
        return {normal_id(light_id): entry for light_id, entry in rows}


_OTHERS = sa.select(SETTLEMENTS.c.entry, SETTLEMENTS.c.others).where(among(SETTLEMENTS.c.entry))
_OF_LIGHT_IDS = sa.select(ENTRIES.c.light_id, ENTRIES.c.id).where(among(ENTRIES.c.light_id))
_SAVE = (
    sa.update(ENTRIES).where(ENTRIES.c.id == sa.bindparam("key")).values(twins=sa.bindparam("text"))
)
_LOOKED_FOR = sa.update(ENTRIES).where(ENTRIES.c.id == sa.bindparam("key")).values(resent=None)
