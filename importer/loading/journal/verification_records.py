"""What ``verify`` read back from Light, in the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import READ_BACKS, SAVE_READ_BACK
from importer.model.journal_states import decoding
from importer.model.read_back import Comparison, Difference, LineReadBack, ReadBack


def read_backs(journal: Journal, run: str) -> dict[int, ReadBack]:
    """What ``verify`` read of a run's bills, by entry."""
    with journal.reading(run) as db:
        rows = db.execute(sa.select(READ_BACKS).where(READ_BACKS.c.run == run)).mappings().all()
        return {row["entry"]: _from_row(row) for row in rows}


def save_read_backs(journal: Journal, run: str, read: Mapping[int, ReadBack]) -> None:
    """Write what was read of some bills, by entry; replaces what was read of them before."""
    if read:
        rows = [_as_row(run, entry, back) for entry, back in read.items()]
        with journal.writing() as db:
            journal.write_rows(db, SAVE_READ_BACK, rows)


def delete_read_backs(journal: Journal, run: str) -> None:
    with journal.writing() as db:
        db.execute(sa.delete(READ_BACKS).where(READ_BACKS.c.run == run))


def _from_row(row: Mapping[Any, Any]) -> ReadBack:
    with decoding(f"what was read back of entry {row['entry']}"):
        return ReadBack(
            comparison=Comparison(row["seen"]),
            moment=datetime.fromisoformat(row["moment"]),
            light_state=row["light_state"],
            amount=row["amount"],
            net=row["net"],
            tax=row["tax"],
            lines=bool(row["lines"]),
            differences=tuple(Difference(*each) for each in json.loads(row["differences"])),
            message=row["message"],
            line_items=tuple(map(_line_item, json.loads(row["line_items"]))),
        )


def _line_item(stored: Sequence[Any]) -> LineReadBack:
    *values, suggestions, created, updated = stored
    of_fields = tuple((name, tuple(some), why) for name, some, why in suggestions)
    moments = (each and datetime.fromisoformat(each) for each in (created, updated))
    rest: list[Any] = [of_fields, *moments]
    return LineReadBack(*values, *rest)


def _as_row(run: str, entry: int, back: ReadBack) -> dict[str, Any]:
    differences = [[d.field, d.line, d.sheet, d.light] for d in back.differences]
    return {
        "run": run,
        "entry": entry,
        "seen": back.comparison,
        "moment": back.moment.isoformat(),
        "light_state": back.light_state,
        "amount": back.amount,
        "net": back.net,
        "tax": back.tax,
        "lines": back.lines,
        "differences": json.dumps(differences, ensure_ascii=False),
        "line_items": json.dumps(
            [[*astuple(each)] for each in back.line_items], ensure_ascii=False, default=str
        ),
        "message": back.message,
    }
