"""Vendors in the journal: what was sent, and what became of it. Never deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import NEW_VENDORS, among, some
from importer.model.light_objects import NewVendor


class VendorState(StrEnum):
    """SENDING, found at start, is a crash; UNKNOWN: the answer was lost, or Light has it twice."""

    PLANNED = "planned"
    SENDING = "sending"
    CREATED = "created"
    ADOPTED = "adopted"  # somebody else created it meanwhile
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class VendorRecord:
    """Where a new vendor stands; ``key`` is its placeholder. Times are UTC."""

    key: str
    name: str
    state: VendorState
    run: str = ""
    attempts: int = 0
    sent: datetime | None = None
    light_id: str | None = None
    values: Mapping[str, str] | None = None  # as they were sent
    message: str = ""


def vendor_records(journal: Journal, vendors: Collection[NewVendor]) -> dict[str, VendorRecord]:
    """Those of these vendors that earlier runs sent, by placeholder."""
    return _read(journal, _OF_KEYS, some(each.id for each in vendors))


def vendors_of_run(journal: Journal, run: str) -> dict[str, VendorRecord]:
    """Those that the run sent, by placeholder."""
    return _read(journal, _OF_RUN, {"of": run})


_OF_KEYS, _OF_RUN = (
    sa.select(NEW_VENDORS).where(which).order_by(NEW_VENDORS.c.name)
    for which in (among(NEW_VENDORS.c.key), NEW_VENDORS.c.run == sa.bindparam("of"))
)
_DELETE = sa.delete(NEW_VENDORS).where(NEW_VENDORS.c.key == sa.bindparam("of"))
_INSERT = sa.insert(NEW_VENDORS)


def _read(
    journal: Journal, query: sa.Select[tuple[object, ...]], parameters: dict[str, str]
) -> dict[str, VendorRecord]:
    with journal.reading() as db:
        rows = db.execute(query, parameters).mappings().all()
    return {
        row["key"]: VendorRecord(
            key=row["key"],
            name=row["name"],
            state=VendorState(row["state"]),
            run=row["run"],
            attempts=row["attempts"],
            sent=row["sent"] and datetime.fromisoformat(row["sent"]),
            light_id=row["light_id"],
            values=json.loads(row["content"]),
            message=row["message"],
        )
        for row in rows
    }


def save_vendors(journal: Journal, records: Collection[VendorRecord]) -> None:
    if not records:
        return
    rows = [
        {
            "key": each.key,
            "name": each.name,
            "state": each.state.value,
            "run": each.run,
            "attempts": each.attempts,
            "sent": each.sent and each.sent.isoformat(),
            "light_id": each.light_id,
            "content": json.dumps(dict(each.values or {}), ensure_ascii=False),
            "message": each.message,
        }
        for each in {each.key: each for each in records}.values()
    ]
    with journal.writing() as db:
        db.execute(_DELETE, [{"of": row["key"]} for row in rows])
        db.execute(_INSERT, rows)
