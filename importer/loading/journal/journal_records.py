"""Records of the journal, and how they stand in its rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from importer.core.answers import ApiError
from importer.model.journal_states import (
    ALWAYS,
    IN_LIGHT,
    BillOutcome,
    Discovery,
    JournalEntry,
    State,
    Status,
    Twin,
    decoding,
)
from importer.model.light_objects import LightBill
from importer.model.run_rows import BillRows, RowIdentity

# Escaped, since SQLite takes no halves of characters, which names of files may have.
_ENCODER = json.JSONEncoder(default=str)


def to_json(value: object) -> str:
    return _ENCODER.encode(value)


@dataclass(frozen=True)
class Change:
    """The new state of an entry; written in one commit with others."""

    entry: int
    state: State
    status: Status | None = None  # of the bill in this run, where it is settled
    light_id: str | None = None
    light_state: str | None = None
    light_amount: int | None = None
    line_ids: tuple[str | None, ...] = ()
    message: str = ""
    errors: tuple[ApiError, ...] = ()
    how: Discovery | None = None
    partial: str = ""
    unsent: bool = False  # the attempt that was noted did not take place
    again: bool = False  # Light may have it, or a line item of it, twice: see JournalEntry.resent

    def with_copy(self, remote: LightBill) -> Change:
        """The same, with what Light shows of the bill."""
        return replace(
            self, light_id=remote.id, light_state=remote.state, light_amount=remote.amount
        )


@dataclass(frozen=True)
class Intent:
    """What is about to be sent: a bill, or the next line item of a bill that Light has."""

    entry: int
    content: str
    partial: str = ""
    line: bool = False
    alone: bool = False  # without lines, which follow
    first_sent: datetime = ALWAYS  # as JournalEntry's; counts at the first attempt only
    again: bool = False  # after Light did not show it
    request_key: str | None = None  # of a credit note: the same for all its attempts


@dataclass(frozen=True)
class RunRecord:
    id: str
    started: datetime
    finished: datetime | None
    facts: Mapping[str, Any]
    summary: Mapping[str, Any] | None
    version: str = ""  # of light-import; "" before journals of format 5
    damage: str = ""  # why it cannot be read; then only ``id`` holds

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> RunRecord:
        try:
            facts, summary = json.loads(row["facts"]), json.loads(row["summary"] or "null")
            if not isinstance(facts, dict) or not isinstance(summary, dict | None):
                raise ValueError("its facts or figures are not those of a run")
            return cls(
                row["id"],
                datetime.fromisoformat(row["started"]),
                row["finished"] and datetime.fromisoformat(row["finished"]),
                facts,
                summary,
                row["version"],
            )
        except (ValueError, TypeError) as error:
            return cls(str(row["id"]), ALWAYS, None, {}, None, damage=str(error))


def outcome_from_row(of_run: Sequence[Any], of_entry: Sequence[Any]) -> BillOutcome:
    status, message, how, partial = of_run
    entry = JournalEntry.from_row(of_entry)
    if not (message or how or partial):
        message, how, partial = entry.message, entry.how, entry.partial
    with decoding(entry.name):
        status = Status(status) if status else status_of(entry)
        how = Discovery(how) if how else None
        return overruled(BillOutcome(status, entry, message, how, partial))


def rows_as_row(rows: BillRows) -> tuple[Any, ...]:
    bill = rows.bill
    if bill is None:
        return None, None, None, None, None
    lines = [
        [line.row, line.identity]
        if (line.file, line.sheet) == (bill.file, bill.sheet)
        else [line.row, line.identity, line.file, line.sheet]
        for line in rows.lines
    ]
    return _as_utf8(bill.file), bill.sheet, bill.row, bill.identity, to_json(lines)


def _as_utf8(file: str) -> str:
    """The name as SQLite takes it: bytes of a file name that are no UTF-8 are escaped."""
    return file.encode("utf-8", "backslashreplace").decode()


def _from_utf8(text: str) -> str:
    return re.sub(r"\\u(dc[89a-f][0-9a-f])", lambda match: chr(int(match[1], 16)), text)


def rows_from_row(row: Sequence[Any]) -> BillRows:
    entry, file, sheet, number, identity, lines, position = row
    if file is None:
        return BillRows(position=position)

    def line(of_line: Sequence[Any]) -> RowIdentity:
        line_row, line_identity, *elsewhere = of_line
        line_file, line_sheet = elsewhere or (file, sheet)
        return RowIdentity(line_file, line_sheet, line_row, line_identity)

    with decoding(f"the rows of entry {entry}"):
        file = _from_utf8(file)
        bill = RowIdentity(file, sheet, number, identity)
        return BillRows(bill, tuple(map(line, json.loads(lines))))


def status_of(entry: JournalEntry) -> Status:
    """What an entry's state means for its bill, where the run has not settled it."""
    return status_where(entry.state, partial=entry.light_id is not None)


def status_where(state: State, *, partial: bool) -> Status:
    """As ``status_of``; ``partial`` where Light has the bill."""
    if state is State.PLANNED and partial:
        return Status.UNKNOWN  # Light has it, but not all its line items
    return _STATUS_OF[state]


# Statuses of a run that a twin of the bill overrules; also "rejected", where a line item was.
MAY_BE_TWICE = IN_LIGHT | {Status.UNKNOWN}


def overruled(outcome: BillOutcome) -> BillOutcome:
    """The outcome of a bill in a run; unknown while Light has the bill more than once."""
    entry = outcome.entry
    without_lines = outcome.status is Status.REJECTED and entry.light_id is not None
    if entry.twins and (outcome.status in MAY_BE_TWICE or without_lines):
        is_other = entry.light_id is None and len(entry.twins) == 1  # not what was sent
        words = (is_other and outcome.message) or twins_words(entry)
        return BillOutcome(Status.UNKNOWN, outcome.entry, words, of_run=outcome.status)
    return outcome


def twins_words(entry: JournalEntry) -> str:
    """That Light has a bill more than once, or may: the ids, the times, and who made which."""
    copies = [f"{twin.id} ({_origin(twin)})" for twin in entry.twins]
    if entry.light_id is None and len(copies) == 1:
        return f"Light has {copies[0]}, which may be this bill or one of its number"
    if entry.light_id is None:
        return f"Light has this bill more than once: {', '.join(copies)}"
    origin = "found in Light" if entry.state is State.FOUND else "of this journal"
    since = f", {entry.settled:%Y-%m-%d %H:%M:%S} UTC" if entry.settled else ""
    has = "has" if entry.is_twice else "may have"
    unseen = ", ".join(dict.fromkeys(light_id for twin in entry.twins for light_id in twin.unseen))
    return (
        f"Light {has} this bill more than once: {entry.light_id} ({origin}{since})"
        f" and also as {', '.join(copies)}" + (f"; it does not show {unseen} now" if unseen else "")
    )


def _origin(twin: Twin) -> str:
    when = f"{twin.created_at:%Y-%m-%d %H:%M:%S} UTC" if twin.created_at else "at an unknown time"
    who = f"by {twin.creator}" if twin.creator else "by somebody else or another computer"
    return f"created {when} {who}, {twin.state or 'no state'}"


_STATUS_OF = {
    State.PLANNED: Status.NOT_SENT,
    State.SENDING: Status.UNKNOWN,
    State.UNKNOWN: Status.UNKNOWN,
    State.CREATED: Status.CREATED,
    State.FOUND: Status.ALREADY_IN_LIGHT,
    State.REJECTED: Status.REJECTED,
}


def intent_row(intent: Intent, moment: str) -> dict[str, Any]:
    return {
        "key": intent.entry,
        "content": intent.content,
        "moment": moment,
        "since": intent.first_sent.isoformat(),
        "partial": intent.partial,
        "counts": int(not intent.line),
        "again": intent.again,
        "alone": intent.alone or intent.line,
        "request_key": intent.request_key,
    }


def change_row(change: Change, moment: str) -> dict[str, Any]:
    done = change.state in (State.CREATED, State.FOUND, State.REJECTED)
    return {
        "key": change.entry,
        "state": change.state,
        "unsent": int(change.unsent),
        "settled": moment if done else None,
        "light_id": change.light_id,
        "light_state": change.light_state,
        "light_amount": change.light_amount,
        "line_ids": to_json(change.line_ids),
        "message": change.message,
        "errors": to_json([asdict(e) for e in change.errors]),
        "how": change.how,
        "partial": change.partial,
        "again": change.again,
        "moment": moment,
    }
