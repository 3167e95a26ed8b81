"""Statuses of bills, and the states of journal entries and steps. Times are UTC."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from importer.core.answers import ApiError
from importer.model.bills import DocumentRef, document_type


class Status(StrEnum):
    """Outcome of a bill, and of its line items with it."""

    VALID = "valid"
    INVALID = "invalid"
    CREATED = "created"
    UPDATED = "updated"
    ALREADY_IN_LIGHT = "already_in_light"
    ALREADY_LOADED = "already_loaded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    PASSED_OVER = "passed_over"  # left out for its type or state
    UNDONE = "undone"


class Discovery(StrEnum):
    """How a bill was found in Light, where no answer to its creation named it."""

    AFTER_LOST_ANSWER = "after_lost_answer"
    BEFORE_SENDING = "before_sending"
    OTHER_BILL = "other_bill"  # of the same number: this one was not sent
    UPDATE = "update"  # it was in Light, and was to be changed


IN_LIGHT = frozenset(
    {Status.CREATED, Status.UPDATED, Status.ALREADY_IN_LIGHT, Status.ALREADY_LOADED}
)


class State(StrEnum):
    """Where an entry of the journal stands.

    PLANNED: certainly not sent, or certainly refused before it did anything. SENDING: an answer is
    outstanding; found at start, it is a crash. UNKNOWN: sent, and the answer was lost. FOUND: it
    was in Light before we sent anything. With a ``light_id``, the first three (and REJECTED) are of
    the bill's next line item: Light has the bill, and not yet all its lines.
    """

    PLANNED = "planned"
    SENDING = "sending"
    CREATED = "created"
    FOUND = "found"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


_IN_LIGHT_STATES = (State.CREATED, State.FOUND)


@dataclass(frozen=True)
class Holder:
    """A run that goes on, maybe elsewhere, and holds a bill; ``state`` is that of the bill.

    ``person`` is who runs it, and where.
    """

    run: str
    person: str
    state: str

    def __str__(self) -> str:
        return f"run {self.run}" + (f" of {self.person}" if self.person else "")


class DamagedRecord(Exception):
    """A row of the journal that cannot be decoded; the message names it and the reason."""


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Raises DamagedRecord, naming ``what``, where a stored value cannot be decoded."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedRecord(f"{what}: {error}") from error


ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # before whatever is in Light


@dataclass(frozen=True, slots=True)
class Twin:
    """Another copy of a bill in Light; ``created_at`` and ``creator`` as Light states them.

    ``unseen`` are the ids, of the bill and of this copy, that Light does not show by id.
    """

    id: str
    created_at: datetime | None = None
    state: str = ""
    creator: str = ""
    unseen: tuple[str, ...] = ()

    def as_list(self) -> list[str | None]:
        created_at = None if self.created_at is None else self.created_at.isoformat()
        return [self.id, created_at, self.state, self.creator, *self.unseen]

    @classmethod
    def from_list(cls, values: Sequence[Any]) -> Twin:
        id, created_at, state, creator, *unseen = values
        return cls(id, as_time(created_at), state, creator, tuple(unseen))


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One bill's life, over all runs. Times are UTC.

    ``first_sent`` is not later than the first attempt by Light's clock, nor by ours: where to begin
    to look for the bill; ``ALWAYS`` where Light's clock was not known. ``resent``: it was sent
    again after Light did not show it, and was not looked for long after. ``twins`` are other copies
    in Light; without a ``light_id`` all copies, and none is known to be the bill. While there is
    one, the bill is unknown in every run.
    """

    id: int
    identity: str
    content: str  # canonical JSON of what was sent, or is to be; "" where it was not asked for
    state: State
    attempts: int = 0
    first_sent: datetime | None = None
    last_sent: datetime | None = None
    settled: datetime | None = None
    light_id: str | None = None
    light_state: str | None = None
    light_amount: int | None = None  # cents, as Light has it
    line_ids: tuple[str | None, ...] = ()  # Light's ids in the order of the bill's lines
    alone: bool = False  # last sent without its lines, which were to follow
    message: str = ""  # for people; without what ``how`` and ``partial`` express
    errors: tuple[ApiError, ...] = ()
    how: Discovery | None = None
    partial: str = ""  # for people: what Light has of a bill that lacks line items
    resent: datetime | None = None
    twins: tuple[Twin, ...] = ()
    request_key: str | None = None  # of a credit note that was sent: X-Idempotency-Key

    @property
    def is_refused(self) -> bool:
        """Whether Light refused it, and was not asked since whether it has it all the same."""
        return self.state is State.UNKNOWN and self.light_id is None and bool(self.errors)

    @property
    def has_lines_in_doubt(self) -> bool:
        """Whether a line item, in a request of its own, was sent again after Light did not show
        it, and Light has them all by now."""
        return self.resent is not None and self.has_got_lines

    @property
    def has_got_lines(self) -> bool:
        """Whether Light has its line items, which went one by one."""
        return self.alone and bool(self.line_ids) and None not in self.line_ids

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> JournalEntry:
        """An entry from its row in the journal, the columns in the order of the fields.

        Raises DamagedRecord for an unknown state, a bad time and what is not the JSON it should be.
        """
        (
            id,
            identity,
            content,
            state,
            attempts,
            first_sent,
            last_sent,
            settled,
            light_id,
            light_state,
            light_amount,
            line_ids,
            alone,
            message,
            errors,
            how,
            partial,
            resent,
            twins,
            request_key,
        ) = row
        try:  # not decoding(), which costs more than the rest where there are many
            return cls(
                id,
                identity,
                content,
                State(state),
                attempts,
                as_time(first_sent),
                as_time(last_sent),
                as_time(settled),
                light_id,
                light_state,
                light_amount,
                tuple(_json_list(line_ids)),
                bool(alone),
                message,
                tuple(
                    ApiError(e["message"], tuple(e["path"]), e["type"]) for e in _json_list(errors)
                ),
                Discovery(how) if how else None,
                partial,
                as_time(resent),
                tuple(map(Twin.from_list, _json_list(twins))),
                request_key,
            )
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedRecord(f"{bill_name(identity)}: {error}") from error

    @property
    def name(self) -> str:
        return bill_name(self.identity)

    @property
    def credit_note(self) -> bool:
        return is_note_identity(self.identity)

    @property
    def noun(self) -> str:
        return document_type(credit_note=self.credit_note)

    @property
    def is_twice(self) -> bool:
        """Whether Light is known to have it more than once."""
        copies = {self.light_id, *(twin.id for twin in self.twins)} - {None}
        return len(copies.difference(*(twin.unseen for twin in self.twins))) > 1

    @property
    def ref(self) -> DocumentRef | None:
        """How Light's copy is read; None where none is known."""
        return None if self.light_id is None else DocumentRef(self.light_id, self.credit_note)


# The second part of an identity, of a bill and of a credit note: with a number, and without.
BY_NUMBER, BY_CONTENT = "number", "content"
NOTE_BY_NUMBER, NOTE_BY_CONTENT = "credit note number", "credit note content"


def is_note_identity(identity: str) -> bool:
    """Whether an identity is of a credit note."""
    try:
        return json.loads(identity)[1] in (NOTE_BY_NUMBER, NOTE_BY_CONTENT)
    except (ValueError, TypeError, IndexError):
        return False


def bill_name(identity: str) -> str:
    """A bill for people: "bill INV-1", "credit note CN-1"."""
    try:
        _, kind, _, *rest = json.loads(identity)
        noun = document_type(credit_note=is_note_identity(identity))
        numbered = kind in (BY_NUMBER, NOTE_BY_NUMBER)
        return f"{noun} {rest[0]}" if numbered else f"{noun} of " + " ".join(map(str, rest[:3]))
    except (ValueError, TypeError, IndexError):
        return f"bill {identity}"


@dataclass(frozen=True, slots=True)
class BillOutcome:
    """Outcome of one bill in one run; ``message``, ``how`` and ``partial`` as in its entry.

    ``of_run`` is what the run came to, where it is unknown now because of the bill's twins.
    """

    status: Status
    entry: JournalEntry
    message: str = ""
    how: Discovery | None = None
    partial: str = ""
    of_run: Status | None = None

    @property
    def in_light(self) -> bool:
        """Whether Light has the bill, as far as is known; its row may need correction now."""
        if self.status is Status.INVALID or self.how is Discovery.UPDATE:
            return self.entry.light_id is not None and self.entry.state in _IN_LIGHT_STATES
        return self.status in IN_LIGHT


def _json_list(text: str | None) -> list[Any]:
    if not text or text == "[]":  # most are empty
        return []
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError(f"{text} is not a list")
    return value


def as_time(text: str | None) -> datetime | None:
    """The moment that a journal has as text."""
    return None if text is None else datetime.fromisoformat(text)


class StepKind(StrEnum):
    """What is done to a bill after it was created, in this order; CANCEL is its undoing."""

    REFERENCES = "references"  # it is given its payment references and purchase order
    DOCUMENT = "document"
    SUBMIT = "submit"
    APPROVE = "approve"
    POST = "post"
    PAY = "pay"
    CLEAR = "clear"  # a credit note against its bill
    CANCEL = "cancel"


class StepState(StrEnum):
    """SENDING, found at start, is a crash: Light is asked how the bill stands. UNKNOWN likewise."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a bill's life after its creation. ``detail`` is JSON of the step's own."""

    entry: int
    kind: StepKind
    state: StepState
    attempts: int = 0
    sent: datetime | None = None  # UTC
    settled: datetime | None = None
    message: str = ""
    detail: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Step:
        """A step from its row in the journal; DamagedRecord for an unknown kind or state."""
        with decoding(f"the step {row['kind']} of entry {row['entry']}"):
            json.loads(row["detail"] or "{}")
            return cls(
                entry=row["entry"],
                kind=StepKind(row["kind"]),
                state=StepState(row["state"]),
                attempts=row["attempts"],
                sent=as_time(row["sent"]),
                settled=as_time(row["settled"]),
                message=row["message"],
                detail=row["detail"],
            )

    def as_row(self) -> dict[str, Any]:
        return {
            "entry": self.entry,
            "kind": self.kind.value,
            "state": self.state.value,
            "attempts": self.attempts,
            "sent": self.sent and self.sent.isoformat(),
            "settled": self.settled and self.settled.isoformat(),
            "message": self.message,
            "detail": self.detail,
        }

    def detail_value(self, name: str) -> Any:
        """The value of a name in ``detail``; None where it has none."""
        return json.loads(self.detail or "{}").get(name)
