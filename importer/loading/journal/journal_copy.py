"""A journal into another database: all its rows, checked by counts and sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from importer.core.errors import JournalProblem
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import ENTRIES, META

_CHUNK = 5_000  # rows at a time


def copy_rows(source: Journal, target: Journal) -> None:
    """All in one commit of ``target``, which is empty. Entries get new ids there.

    Raises JournalProblem, with nothing written, where it is not empty, or differs afterwards.
    """
    with source.reading() as old, target.writing() as new:
        if any(figures[0] for figures in _figures(new).values()):
            raise JournalProblem(f"The journal {target.place} is not empty: nothing was copied.")
        ids: dict[int, int] = {}
        for table in sorted(META.sorted_tables, key=lambda table: table is not ENTRIES):
            for rows in _rows(old, table):
                if table is ENTRIES:
                    new.execute(sa.insert(table), [_without_id(row) for row in rows])
                else:
                    new.execute(sa.insert(table), [_moved(row, ids) for row in rows])
            if table is ENTRIES:
                ids = _new_ids(old, new)
        before, after = _figures(old), _figures(new)
        for name, figures in before.items():
            if after[name] != figures:
                raise JournalProblem(
                    f"The copy in {target.place} would differ from {source.place} in the table"
                    f" {name} ({after[name]}, not {figures}): nothing was copied."
                )


def _rows(db: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).order_by(*table.primary_key)
    for rows in db.execute(query).mappings().partitions(_CHUNK):
        yield [dict(row) for row in rows]


def _without_id(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def _moved(row: Mapping[str, Any], ids: Mapping[int, int]) -> dict[str, Any]:
    """The row with the new id of its entry; the id of a run is the same everywhere."""
    if "entry" not in row:
        return dict(row)
    return {**_without_id(row), "entry": ids[row["entry"]]}


def _new_ids(old: sa.Connection, new: sa.Connection) -> dict[int, int]:
    """The ids of the entries in the copy, by those that they had."""
    query = sa.select(ENTRIES.c.identity, ENTRIES.c.id)
    now = {row.identity: row.id for row in new.execute(query)}
    return {row.id: now[row.identity] for row in old.execute(query)}


def _figures(db: sa.Connection) -> dict[str, tuple[Any, ...]]:
    """By table, the number of rows, and the sums of what is a number or how long a text is."""
    out = {}
    for table in META.sorted_tables:
        sums = [
            sa.func.coalesce(sa.func.sum(_size(column)), 0)
            for column in table.columns
            if column.name not in ("id", "entry")
        ]
        row = db.execute(sa.select(sa.func.count(), *sums).select_from(table)).one()
        out[table.name] = tuple(int(value) for value in row)
    return out


def _size(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    if isinstance(column.type, sa.Text):
        return sa.func.length(column)
    return sa.cast(column, sa.Integer) if isinstance(column.type, sa.Boolean) else column
