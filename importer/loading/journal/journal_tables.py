"""The journal's tables, and the statements that change them many rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

VERSION = 9  # of the tables

META = sa.MetaData()
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # cents are of 64 bits
ENTRIES = sa.Table(
    "entries",
    META,
    sa.Column("id", INTEGER, primary_key=True),
    sa.Column("identity", sa.Text, nullable=False, unique=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", INTEGER, nullable=False, default=0),
    sa.Column("first_sent", sa.Text),  # see records.JournalEntry
    sa.Column("last_sent", sa.Text),
    sa.Column("settled", sa.Text),
    sa.Column("light_id", sa.Text, index=True),
    sa.Column("light_state", sa.Text),
    sa.Column("light_amount", INTEGER),  # cents, as Light has it
    sa.Column("line_ids", sa.Text),
    sa.Column("alone", sa.Boolean, nullable=False, default=False),  # last sent without its lines
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("errors", sa.Text),
    sa.Column("how", sa.Text),
    sa.Column("partial", sa.Text, nullable=False, server_default=""),
    sa.Column("resent", sa.Text),
    sa.Column("twins", sa.Text),  # JSON: see journal_states.Twin
    sa.Column("request_key", sa.Text),  # of a credit note; since version 7
)
RUNS = sa.Table(
    "runs",
    META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("started", sa.Text, nullable=False),
    sa.Column("finished", sa.Text),
    sa.Column("facts", sa.Text, nullable=False),  # company, base URL, template, sources …
    sa.Column("summary", sa.Text),  # figures at the end, JSON
    sa.Column("version", sa.Text, nullable=False, server_default=""),  # of light-import
)
RUN_BILLS = sa.Table(
    "run_bills",
    META,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("entry", INTEGER, primary_key=True),
    sa.Column("file", sa.Text),  # see run_rows.BillRows
    sa.Column("sheet", sa.Text),
    sa.Column("row", INTEGER),
    sa.Column("identity", sa.Text),
    sa.Column("lines", sa.Text),  # JSON: [row, identity], and file and sheet where not the bill's
    sa.Column("position", INTEGER),
    sa.Column("status", sa.Text),  # NULL while it is the entry's state that tells
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("how", sa.Text),
    sa.Column("partial", sa.Text, nullable=False, server_default=""),
    sa.Index("run_bills_of_entry", "entry"),
)
STEPS = sa.Table(  # see records.Step
    "steps",
    META,
    sa.Column("entry", INTEGER, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", INTEGER, nullable=False, default=0),
    sa.Column("sent", sa.Text),
    sa.Column("settled", sa.Text),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("detail", sa.Text, nullable=False, default=""),
)
TWICE = sa.Index("entries_twice", ENTRIES.c.id, sqlite_where=ENTRIES.c.twins.is_not(None))
# Since version 6: a bill in Light belongs to one entry. One that was found there may stand for rows
# that leave the entity out, too.
ONE_OWNER = sa.Index(
    "entries_one_owner",
    ENTRIES.c.light_id,
    unique=True,
    sqlite_where=sa.and_(ENTRIES.c.light_id.is_not(None), ENTRIES.c.state != "found"),
)
OPEN_STEPS = sa.Index("steps_open", STEPS.c.kind, STEPS.c.state)  # since version 3
READ_BACKS = sa.Table(  # see records.ReadBack
    "read_backs",
    META,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("entry", INTEGER, primary_key=True),
    sa.Column("seen", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("light_state", sa.Text, nullable=False, default=""),
    sa.Column("amount", INTEGER),  # cents
    sa.Column("net", INTEGER),
    sa.Column("tax", INTEGER),
    sa.Column("lines", sa.Boolean, nullable=False, default=False),
    sa.Column("differences", sa.Text, nullable=False, default="[]"),
    sa.Column("line_items", sa.Text, nullable=False, server_default="[]"),  # since version 8
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Index("read_backs_of_entry", "entry"),
)
UNDONE = sa.Table(  # bills in Light that were cancelled by undo: never taken for a bill again
    "undone",
    META,
    sa.Column("light_id", sa.Text, primary_key=True),
    sa.Column("entry", INTEGER, nullable=False, index=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
)
SETTLEMENTS = sa.Table(  # a person's word on a bill that could not be settled; since version 6
    "settlements",
    META,
    sa.Column("id", INTEGER, primary_key=True),
    sa.Column("entry", INTEGER, nullable=False, index=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("light_id", sa.Text),  # NULL: Light does not have the bill
    sa.Column("others", sa.Text, nullable=False),  # JSON: ids of bills that are not this one
    sa.Column("before", sa.Text, nullable=False),  # JSON: the entry as it was
)
UPDATES = sa.Table(  # of bills by runs: see bill_updates.Update; since version 8
    "updates",
    META,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("entry", INTEGER, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", INTEGER, nullable=False),
    sa.Column("sent", sa.Text),
    sa.Column("settled", sa.Text),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("restoring", sa.Boolean, nullable=False),  # an undo was begun
    sa.Column("detail", sa.Text, nullable=False),  # JSON: the bill before and after
    sa.Index("updates_of_entry", "entry"),
)

NEW_VENDORS = sa.Table(  # see vendor_records.VendorRecord; since version 8
    "new_vendors",
    META,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("sent", sa.Text),
    sa.Column("light_id", sa.Text),
    sa.Column("content", sa.Text, nullable=False),  # JSON: the fields that were sent
    sa.Column("message", sa.Text, nullable=False),
)
RUN_CHECKS = sa.Table(  # what a verification found beside each bill; since version 9
    "run_checks",
    META,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),  # JSON, by Light's ids: see check_records
)


class _Among(FunctionElement[Any]):
    """``column`` is one of a JSON list; each is found by the index."""

    name = "among"
    inherit_cache = True  # no type: SQLite would compare a truth value with 1, without the index


@compiles(_Among, "sqlite")
def _among_in_sqlite(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(each, **how) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(_Among, "postgresql")
def _among_in_postgresql(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(each, **how) for each in element.clauses)
    kind = "bigint" if isinstance(next(iter(element.clauses)).type, sa.Integer) else "text"
    each = f"SELECT value::{kind} FROM json_array_elements_text(({values})::json)"
    return f"{column} = ANY (ARRAY({each}))"


def among(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of the values of ``some``, however many.

    Statements with it are built once: that takes longer than running them.
    """
    return _Among(column, sa.bindparam("some", type_=sa.Text))


def some(values: Iterable[Any]) -> dict[str, str]:
    """The parameter of a statement with ``among``."""
    return {"some": json.dumps(list(values))}


# --- statements that are for many rows at a time: without SQLAlchemy's work on each of them -----

NEW = (
    "INSERT INTO entries (identity, content, state, attempts, alone, message, partial)"
    " VALUES (:identity, :content, 'planned', 0, FALSE, '', '')"
)
RENEW = """
    UPDATE entries SET state = 'planned', content = :content, settled = NULL, message = '',
        errors = NULL, how = NULL, partial = '',
        request_key = CASE WHEN state = 'planned' AND content = :content THEN request_key END
    WHERE id = :key
"""
NO_STEPS = "DELETE FROM steps WHERE entry = :key"  # of a bill that is not in Light
ASSIGN = """
    INSERT INTO run_bills
        (run, entry, file, sheet, "row", identity, lines, status, message, how, partial)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
    ON CONFLICT (run, entry) DO UPDATE SET
        status = excluded.status, message = excluded.message, how = excluded.how
"""
CHANGE = """
    UPDATE entries SET state = :state, attempts = attempts - :unsent, settled = :settled,
        light_id = :light_id, light_state = :light_state, light_amount = :light_amount,
        line_ids = :line_ids, message = :message, errors = :errors,
        how = :how, partial = :partial,
        resent = CASE WHEN :again THEN :moment ELSE resent END
    WHERE id = :key
"""
SETTLE = """
    UPDATE run_bills SET status = ?, message = ?, how = ?, partial = ? WHERE run = ? AND entry = ?
"""
SEND = """
    UPDATE entries SET state = 'sending', content = :content, attempts = attempts + :counts,
        resent = CASE WHEN :again THEN :moment ELSE resent END,
        alone = :alone, first_sent = coalesce(first_sent, :since), last_sent = :moment,
        message = '', how = NULL, partial = :partial,
        request_key = coalesce(request_key, :request_key)
    WHERE id = :key
"""


def replacing(table: sa.Table) -> str:
    """A statement that inserts a row, or replaces the row of the same primary key."""
    key = [column.name for column in table.primary_key]
    columns = [column.name for column in table.columns]
    values = ", ".join(f":{name}" for name in columns)
    new = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({values})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {new}"
    )


SAVE_STEP, SAVE_READ_BACK = replacing(STEPS), replacing(READ_BACKS)
SAVE_UPDATE, SAVE_CHECK = replacing(UPDATES), replacing(RUN_CHECKS)
SAVE_UNDONE = (  # what was undone before stays
    "INSERT INTO undone (light_id, entry, run, moment) VALUES (:light_id, :entry, :run, :moment)"
    " ON CONFLICT DO NOTHING"
)
