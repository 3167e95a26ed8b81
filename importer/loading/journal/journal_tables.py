"""The journal's tables, and the statements that change them many rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

META = sa.MetaData()
ENTRIES = sa.Table(
    "entries",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("identity", sa.Text, nullable=False, unique=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("first_sent", sa.Text),  # see records.JournalEntry
    sa.Column("last_sent", sa.Text),
    sa.Column("settled", sa.Text),
    sa.Column("light_id", sa.Text, index=True),
    sa.Column("light_state", sa.Text),
    sa.Column("light_amount", sa.Integer),  # cents, as Light has it
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
    sa.Column("entry", sa.Integer, primary_key=True),
    sa.Column("file", sa.Text),  # see run_rows.BillRows
    sa.Column("sheet", sa.Text),
    sa.Column("row", sa.Integer),
    sa.Column("identity", sa.Text),
    sa.Column("lines", sa.Text),  # JSON: [row, identity], and file and sheet where not the bill's
    sa.Column("position", sa.Integer),
    sa.Column("status", sa.Text),  # NULL while it is the entry's state that tells
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("how", sa.Text),
    sa.Column("partial", sa.Text, nullable=False, server_default=""),
    sa.Index("run_bills_of_entry", "entry"),
)
STEPS = sa.Table(  # see records.Step
    "steps",
    META,
    sa.Column("entry", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
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
    sa.Column("entry", sa.Integer, primary_key=True),
    sa.Column("seen", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("light_state", sa.Text, nullable=False, default=""),
    sa.Column("amount", sa.Integer),  # cents
    sa.Column("net", sa.Integer),
    sa.Column("tax", sa.Integer),
    sa.Column("lines", sa.Boolean, nullable=False, default=False),
    sa.Column("differences", sa.Text, nullable=False, default="[]"),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Index("read_backs_of_entry", "entry"),
)
UNDONE = sa.Table(  # bills in Light that were cancelled by undo: never taken for a bill again
    "undone",
    META,
    sa.Column("light_id", sa.Text, primary_key=True),
    sa.Column("entry", sa.Integer, nullable=False, index=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
)
SETTLEMENTS = sa.Table(  # a person's word on a bill that could not be settled; since version 6
    "settlements",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.Integer, nullable=False, index=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("light_id", sa.Text),  # NULL: Light does not have the bill
    sa.Column("others", sa.Text, nullable=False),  # JSON: ids of bills that are not this one
    sa.Column("before", sa.Text, nullable=False),  # JSON: the entry as it was
)


def among(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of the values of ``some``, however many; each is found by the index.

    Statements with it are built once: that takes longer than running them.
    """
    each = sa.func.json_each(sa.bindparam("some")).table_valued("value")
    return column.in_(sa.select(each.c.value))


def some(values: Iterable[Any]) -> dict[str, str]:
    """The parameter of a statement with ``among``."""
    return {"some": json.dumps(list(values))}


# --- statements that are for many rows at a time: without SQLAlchemy's work on each of them -----

NEW = (
    "INSERT INTO entries (identity, content, state, attempts, alone, message, partial)"
    " VALUES (:identity, :content, 'planned', 0, 0, '', '')"
)
RENEW = """
    UPDATE entries SET state = 'planned', content = :content, settled = NULL, message = '',
        errors = NULL, how = NULL, partial = '', request_key = NULL
    WHERE id = :key
"""
NO_STEPS = "DELETE FROM steps WHERE entry = :key"  # of a bill that is not in Light
ASSIGN = """
    INSERT INTO run_bills
        (run, entry, file, sheet, "row", identity, lines, status, message, how, partial)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
"""
CHANGE = """
    UPDATE entries SET state = :state, attempts = attempts - :unsent, settled = :settled,
        light_id = :light_id, light_state = :light_state, light_amount = :light_amount,
        line_ids = :line_ids, message = :message, errors = :errors,
        how = :how, partial = :partial
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
SAVE_STEP = sa.insert(STEPS).prefix_with("OR REPLACE")
