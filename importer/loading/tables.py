"""The journal's tables, and the statements that change them many rows at a time."""

from __future__ import annotations

import sqlalchemy as sa

from importer.records import State

META = sa.MetaData()
ENTRIES = sa.Table(
    "entries",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("identity", sa.Text, nullable=False, unique=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("first_sent", sa.Text),
    sa.Column("last_sent", sa.Text),
    sa.Column("settled", sa.Text),
    sa.Column("light_id", sa.Text, index=True),
    sa.Column("light_state", sa.Text),
    sa.Column("light_amount", sa.Integer),  # cents, as Light has it
    sa.Column("line_ids", sa.Text),
    sa.Column("alone", sa.Boolean, nullable=False, default=False),  # last sent without its lines
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("errors", sa.Text),
)
RUNS = sa.Table(
    "runs",
    META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("started", sa.Text, nullable=False),
    sa.Column("finished", sa.Text),
    sa.Column("facts", sa.Text, nullable=False),  # company, base URL, template, sources …
    sa.Column("summary", sa.Text),  # figures at the end, JSON
)
RUN_BILLS = sa.Table(
    "run_bills",
    META,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("bill", sa.Integer, primary_key=True),  # Bill.index
    sa.Column("entry", sa.Integer, nullable=False),
    sa.Column("status", sa.Text),  # NULL while it is the entry's state that tells
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Index("run_bills_entry", "run", "entry"),
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
READ_BACKS = sa.Table(  # see records.ReadBack
    "read_backs",
    META,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("bill", sa.Integer, primary_key=True),
    sa.Column("seen", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("light_state", sa.Text, nullable=False, default=""),
    sa.Column("amount", sa.Integer),  # cents
    sa.Column("net", sa.Integer),
    sa.Column("tax", sa.Integer),
    sa.Column("lines", sa.Boolean, nullable=False, default=False),
    sa.Column("differences", sa.Text, nullable=False, default="[]"),
    sa.Column("message", sa.Text, nullable=False, default=""),
)
UNDONE = sa.Table(  # bills in Light that were cancelled by undo: never taken for a bill again
    "undone",
    META,
    sa.Column("light_id", sa.Text, primary_key=True),
    sa.Column("entry", sa.Integer, nullable=False, index=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
)


RENEW = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values(
        state=State.PLANNED,
        content=sa.bindparam("new_content"),
        settled=None,
        message="",
        errors=None,
    )
)
NO_STEPS = sa.delete(STEPS).where(STEPS.c.entry == sa.bindparam("of"))  # of a bill not in Light
CHANGE = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values(
        state=sa.bindparam("new_state"),
        attempts=ENTRIES.c.attempts - sa.bindparam("unsent"),
        settled=sa.bindparam("moment"),
        light_id=sa.bindparam("new_light_id"),
        light_state=sa.bindparam("new_light_state"),
        light_amount=sa.bindparam("new_light_amount"),
        line_ids=sa.bindparam("new_line_ids"),
        message=sa.bindparam("new_message"),
        errors=sa.bindparam("new_errors"),
    )
)
SETTLE = (
    sa.update(RUN_BILLS)
    .where(RUN_BILLS.c.run == sa.bindparam("of_run"), RUN_BILLS.c.entry == sa.bindparam("of_entry"))
    .values(status=sa.bindparam("new_status"), message=sa.bindparam("why"))
)
SEND = (
    sa.update(ENTRIES)
    .where(ENTRIES.c.id == sa.bindparam("key"))
    .values(
        state=State.SENDING,
        content=sa.bindparam("what"),
        attempts=ENTRIES.c.attempts + sa.bindparam("counts"),
        alone=sa.bindparam("without_lines"),
        first_sent=sa.func.coalesce(ENTRIES.c.first_sent, sa.bindparam("moment")),
        last_sent=sa.bindparam("moment"),
        message=sa.bindparam("stands"),
    )
)
SAVE_STEP = sa.insert(STEPS).prefix_with("OR REPLACE")
