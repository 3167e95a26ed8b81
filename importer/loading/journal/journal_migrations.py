"""Upgrades of journals that older versions wrote."""

from __future__ import annotations

import re

import sqlalchemy as sa

from importer.loading.journal.journal_tables import ONE_OWNER, READ_BACKS, RUN_BILLS, TWICE
from importer.model.journal_states import ALWAYS, Discovery, bill_name

# Until format 5 a message began with these.
_DISCOVERIES = {
    "found in Light after its answer was lost": Discovery.AFTER_LOST_ANSWER,
    "Light has this bill already": Discovery.BEFORE_SENDING,
}
_PARTIAL = re.compile(r"(Light has the bill \S+ with \d+ of \d+ line items)(?:: (.*))?", re.S)


def migrate(db: sa.Connection, version: int) -> None:
    """Bring a journal of format ``version`` to the current one; missing tables were created.

    Format 8 is format 7 with the table ``updates``, format 9 has ``run_checks`` too.
    """
    if version < 4:  # first_sent was by the computer's clock, which may have been wrong by days
        db.exec_driver_sql(
            "UPDATE entries SET first_sent = :always"
            " WHERE first_sent IS NOT NULL AND state NOT IN ('created', 'found')",
            {"always": ALWAYS.isoformat()},
        )
    if version < 5:
        for table in ("entries", "run_bills"):
            _add_column(db, table, "how", "TEXT")
            _add_column(db, table, "partial", "TEXT NOT NULL DEFAULT ''")
            _split_messages(db, table)
        _add_column(db, "runs", "version", "TEXT NOT NULL DEFAULT ''")
        _key_by_entry(db)
    if version < 6:
        _add_column(db, "entries", "resent", "TEXT")
        _add_column(db, "entries", "twins", "TEXT")
        TWICE.create(db, checkfirst=True)
        _normalize_ids(db)
        _free_shared_ids(db)
        ONE_OWNER.create(db, checkfirst=True)
    if version < 7:
        _add_column(db, "entries", "request_key", "TEXT")
    if version < 8:
        _add_column(db, "read_backs", "line_items", "TEXT NOT NULL DEFAULT '[]'")


def _normalize_ids(db: sa.Connection) -> None:
    """UUIDs in lower case, as ``core.object_ids`` has them since format 6."""
    for table in ("entries", "undone"):
        db.exec_driver_sql(
            f"UPDATE OR REPLACE {table} SET light_id = lower(light_id)"
            " WHERE length(light_id) = 36 AND light_id <> lower(light_id)"
        )


def _free_shared_ids(db: sa.Connection) -> None:
    """Bills of one id in Light: it is not known whose it is, so that all of them are looked up by
    the next load. Until format 6 the answer to another request could be taken for a bill's own."""
    shared = db.exec_driver_sql(
        "SELECT light_id, id, identity FROM entries WHERE state <> 'found' AND light_id IN ("
        "SELECT light_id FROM entries WHERE light_id IS NOT NULL AND state <> 'found'"
        " GROUP BY light_id HAVING count(*) > 1) ORDER BY id"
    )
    by_id: dict[str, dict[int, str]] = {}
    for light_id, entry, identity in shared.all():
        by_id.setdefault(light_id, {})[entry] = bill_name(identity)
    for light_id, names in by_id.items():
        for entry, name in names.items():
            others = ", ".join(other for at, other in names.items() if at != entry)
            message = (
                f"an earlier version took Light's bill {light_id} for {name} and for {others};"
                " the next load looks which it is"
            )
            db.exec_driver_sql(
                "UPDATE entries SET state = 'unknown', light_id = NULL, light_state = NULL,"
                " light_amount = NULL, line_ids = NULL, settled = NULL, how = NULL, partial = '',"
                " message = ? WHERE id = ?",
                (message, entry),
            )
            db.exec_driver_sql(
                "UPDATE run_bills SET status = 'unknown', message = ?, how = NULL, partial = ''"
                " WHERE entry = ? AND (status IS NULL OR status IN ('created', 'already_loaded'))",
                (message, entry),
            )
            db.exec_driver_sql("DELETE FROM read_backs WHERE entry = ?", (entry,))


def _key_by_entry(db: sa.Connection) -> None:
    """Bills of a run and what was read of them: by entry, no longer by position in the files."""
    if "bill" in _columns(db, "read_backs"):
        db.exec_driver_sql("ALTER TABLE read_backs RENAME TO read_backs_4")
        READ_BACKS.create(db)
        older = _columns(db, "read_backs_4") - {"run", "entry", "bill"}
        names = ", ".join(c.name for c in READ_BACKS.c if c.name in older)
        db.exec_driver_sql(
            f"INSERT OR IGNORE INTO read_backs (run, entry, {names}) SELECT run, entry, {names}"
            " FROM (SELECT b.entry, r.* FROM read_backs_4 r JOIN run_bills b USING (run, bill))"
        )
        db.exec_driver_sql("DROP TABLE read_backs_4")
    if "bill" in _columns(db, "run_bills"):
        db.exec_driver_sql("ALTER TABLE run_bills RENAME TO run_bills_4")
        RUN_BILLS.create(db)
        names = "run, entry, status, message, how, partial"
        db.exec_driver_sql(
            f"INSERT OR IGNORE INTO run_bills ({names}, position) SELECT {names}, bill"
            " FROM run_bills_4"
        )
        db.exec_driver_sql("DROP TABLE run_bills_4")


def _columns(db: sa.Connection, table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(db).get_columns(table)}


def _add_column(db: sa.Connection, table: str, name: str, definition: str) -> None:
    if name not in _columns(db, table):
        db.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")


def _split_messages(db: sa.Connection, table: str) -> None:
    """Take out of the messages what columns of their own hold since format 5."""
    rows = db.exec_driver_sql(f"SELECT rowid, message FROM {table} WHERE message != ''")
    update = f"UPDATE {table} SET how = ?, partial = ?, message = ? WHERE rowid = ?"
    for rowid, message in rows.all():
        prefix = next((each for each in _DISCOVERIES if message.startswith(each)), "")
        match = _PARTIAL.fullmatch(message)
        if prefix:
            rest = message.removeprefix(prefix).lstrip("; ")
            db.exec_driver_sql(update, (_DISCOVERIES[prefix], "", rest, rowid))
        elif match:
            db.exec_driver_sql(update, (None, match[1], match[2] or "", rowid))
