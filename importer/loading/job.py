"""The creation of one bill: what is known of it in this run."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from importer.core.answers import ApiError, Outcome
from importer.core.clock import utc_now
from importer.loading.bill_diff import describe_content_changes, loaded_bill
from importer.loading.bill_match import (
    contradictions,
    describe_differences,
    line_ids,
    match_lines,
    words_of_contradictions,
)
from importer.loading.bill_state import complaint, unknown_state
from importer.loading.identity import conflict_key, content, same_lines, with_lines_of
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.operation import ABSENT_LOOKS, EngineSettings
from importer.model.bills import Bill, document_noun
from importer.model.journal_states import ALWAYS, Discovery, JournalEntry, State, Status, Twin
from importer.model.light_objects import LightBill, LightLine

# How far Light's computers may be apart, that which answers and that which notes when a bill was
# made: what was made so long before it was sent may be ours.
CLOCKS_APART = timedelta(minutes=1)
# Of what Light refused, and of a credit note, whose number it has once: there it is likely that
# another load made it just before.
CLOCKS_USUALLY_APART = timedelta(seconds=1)
CHANGED_SINCE = "loaded before, and different now"
_LINE_SENT_TWICE = (
    "a line item of it may have been sent twice, and it is not known yet whether Light has it so;"
    " run the same command again to find out"
)
_SENT_TWICE = (
    "it was sent twice, and it is not known yet whether Light has it twice; run the same command"
    " again to find out"
)


def not_before(light_time: datetime | None) -> datetime:
    """A moment, by Light's clock, before which no bill was made that is sent from now on.

    Our own clock is not believed alone: one that is set days ahead would hide the bill. It counts
    where it is the earlier, as a proxy in between may have dated Light's answers.
    """
    return ALWAYS if light_time is None else min(light_time, utc_now())


@dataclass
class BillJob:
    """One bill to be created, or sent and not settled.

    With a ``light_id`` Light has the bill, but not all its line items, which go one after the
    other: so their order is kept, and never more than one of them is in doubt.
    """

    entry: JournalEntry
    bill: Bill
    lost: int = 0  # answers in a row in this run
    unanswered: bool = False  # a request of it, in this run, and it was not seen in Light since
    last_reason: str = ""  # why the last of them settled nothing
    first_sent: datetime | None = None  # as JournalEntry.first_sent, of all attempts
    sent_at: datetime | None = None  # by Light's clock, or earlier: first in this run
    absent_looks: int = 0  # in a row that did not show it
    resent: bool = False  # after Light did not show it
    lacked_lines: bool = False  # in Light, where another loader may be about to add them
    line_in_doubt: bool = False  # another loader may have added one of its line items, too
    cancelled: bool = False  # in Light, of which nobody has looked since whether it has another
    refusal: Outcome[Any] | None = None  # Light refused, and may have it all the same
    refused: Outcome[Any] | None = None  # Light refused, finally in this run
    created: bool = False
    sent_inline: bool = False  # in this run; ``sent_alone``: without its lines
    sent_alone: bool = False
    disputed: bool = False  # Light has it, and a person has to see to it
    light_id: str | None = None
    remote: LightBill | None = None  # as Light last showed it
    lines: list[LightLine | None] = field(default_factory=list)  # in the order of the sheet
    request_key: str | None = None  # of a credit note that was sent in this run
    near_answer: LightBill | None = None  # Light's answer to it, which has one thing otherwise
    named_early: str = ""  # the bill that Light answered with, made before it was sent
    other_note: str = ""  # the credit note that Light answered with, which has this one's number
    discovery: Discovery | None = None  # how a bill that was created turned out to be in Light
    likenesses: tuple[Twin, ...] = ()  # what Light has shown in this run that may be it
    loaded_once: Change | None = None  # what is so of a bill of an earlier run, unless it is twice
    is_earlier: bool = False  # Light has it from an earlier run, or from somebody else

    @property
    def in_doubt(self) -> bool:
        """An earlier run sent it, or a part of it, and does not know what came of it."""
        return self.entry.state in (State.SENDING, State.UNKNOWN)

    @property
    def sent_before(self) -> bool:
        """Whether Light may have it, or its next line, from an attempt before this one."""
        return self.in_doubt or self.resent or self.unanswered

    @property
    def copies(self) -> tuple[Twin, ...]:
        """What Light has shown that may be the bill, or has its number."""
        return (*self.entry.twins, *self.likenesses)

    @property
    def is_in_light(self) -> bool:
        """Whether Light has it, as this run has seen; perhaps more than once."""
        return self.created or self.disputed or self.is_earlier

    @property
    def sent_since(self) -> datetime | None:
        """By Light's clock: what Light made before was not made by a request of ours. None where
        that is not known."""
        before = self.in_doubt or self.entry.request_key is not None  # with the key it is sent with
        since = self.entry.first_sent if before else self.sent_at
        refused = self.refusal is not None or self.refused is not None
        strict = refused or self.bill.credit_note
        apart = CLOCKS_USUALLY_APART if strict else CLOCKS_APART
        return None if since is None or since <= ALWAYS else since - apart

    @property
    def listed_since(self) -> datetime:
        """From when on, by Light's clock, what Light lists may be this bill. In the last look
        before it is sent again that is always: Light may note another time than its answers have.
        """
        if self.absent_looks >= ABSENT_LOOKS - 1:
            return ALWAYS
        return self.first_sent or self.entry.first_sent or ALWAYS

    @property
    def sent_with_lines(self) -> bool:
        """Whether a request that may have created it had its lines."""
        return self.sent_inline or (self.in_doubt and not self.entry.alone)

    @property
    def sent_without_lines(self) -> bool:
        return self.sent_alone or (self.in_doubt and self.entry.alone)

    @property
    def sent_twice(self) -> bool:
        """Whether Light may have it twice: the attempt that it did not show may come in yet. What
        an earlier run left without an id was looked for anew."""
        before = self.entry.resent is not None and self.entry.light_id is not None
        return self.resent or self.line_in_doubt or before

    def in_parts(self, settings: EngineSettings) -> bool:
        """Whether its lines go in requests of their own. A credit note goes whole: its number and
        its key make the note once, and not its lines."""
        return settings.separate and not self.bill.credit_note

    @property
    def noun(self) -> str:
        return document_noun(self.bill)

    @property
    def conflict_key(self) -> str:
        return conflict_key(self.bill)

    @property
    def line_ids(self) -> tuple[str | None, ...]:
        """Light's ids of the lines that it has, in the order of the sheet."""
        if self.light_id is not None and not self.lines:  # not read in this run
            return self.entry.line_ids
        return tuple(line.id if line else None for line in self.lines)

    @property
    def next_line(self) -> int:
        """The index of the first line that is missing; the number of lines where none is."""
        return next((i for i, line in enumerate(self.lines) if line is None), len(self.lines))

    @property
    def partial(self) -> str:
        """What Light has of the bill, for people; "" unless it lacks line items."""
        if self.light_id is None or not self.line_ids or None not in self.line_ids:
            return ""
        n = sum(line_id is not None for line_id in self.line_ids)
        lines = f"{n} of {len(self.bill.lines)} line items"
        return f"Light has the {self.noun} {self.light_id} with {lines}"

    def start_lines(self, remote: LightBill) -> None:
        """Light has the bill, without its lines."""
        self.light_id, self.remote = remote.id, remote
        self.lines = [None] * len(self.bill.lines)

    def match_lines(self, remote: LightBill, lines: Sequence[LightLine]) -> str:
        """Take over the lines that Light has; returns what keeps the others from being added."""
        ids: tuple[str | None, ...] = self.line_ids
        if ids and not self.lines and not same_lines(self.entry.content, content(self.bill)):
            ids = ()  # the sheet's lines are others now
        before = {line_id: i for i, line_id in enumerate(ids) if line_id is not None}
        matched, strangers = match_lines(self.bill, lines, before)
        if strangers:
            theirs = ", ".join(line.id for line in strangers)
            return (
                f"Light's {self.noun} {remote.id} has line items that are not the sheet's: {theirs}"
            )
        self.light_id, self.remote, self.lines = remote.id, remote, matched
        return ""

    def reset(self) -> None:
        """Light's bill was cancelled: it is to be created anew, unless Light has another."""
        self.light_id, self.remote, self.lines = None, None, []
        self.cancelled = True

    # --- what the journal is to keep ----------------------------------------------------------

    def intent(self, gateway_time: datetime | None, *, alone: bool) -> Intent:
        """That it, or its next line, is about to be sent; ``alone`` is without its lines."""
        if self.first_sent is None:
            self.first_sent = self.entry.first_sent or not_before(gateway_time)
        is_line = self.light_id is not None
        if not is_line:
            self.sent_alone |= alone
            self.sent_inline |= not alone
        if self.bill.credit_note and not is_line and self.request_key is None:
            self.request_key = self.entry.request_key or str(uuid.uuid4())
        return Intent(
            self.entry.id,
            content(self.bill) if not is_line else self._content_with_lines(),
            self.partial,
            is_line,
            alone,
            self.first_sent,
            self.resent,
            self.request_key,
        )

    def _content_with_lines(self) -> str:
        """What Light has of the bill once it has these lines: its header was sent before, perhaps
        otherwise than the sheet is now."""
        now, before = content(self.bill), self.entry.content
        is_new = self.sent_alone or self.sent_inline or not before
        return now if is_new else with_lines_of(before, now)

    def change(
        self,
        state: State,
        status: Status | None = None,
        message: str = "",
        *,
        errors: tuple[ApiError, ...] = (),
        unsent: bool = False,
    ) -> Change:
        """How its entry stands now."""
        return Change(
            self.entry.id,
            state,
            status,
            light_id=self.light_id,
            line_ids=self.line_ids if self.light_id else (),
            message=message,
            errors=errors,
            partial=self.partial,
            unsent=unsent and self.light_id is None,
            again=self.line_in_doubt,
        )

    def unconfirmed_refusal(self, refusal: Outcome[Any]) -> Change:
        """Light refused, and was not asked since; so it stays where the load does not come to its
        end."""
        return self.change(State.UNKNOWN, message=refusal.reason, errors=refusal.errors)

    def rejection(self, refusal: Outcome[Any]) -> Change:
        """Light refused, and does not show it."""
        return self.change(State.REJECTED, Status.REJECTED, refusal.reason, errors=refusal.errors)

    def complete(self, remote: LightBill, how: Discovery | None = None) -> Change:
        """Light has the bill with all its lines; of one that was sent twice only a sweep tells
        whether once."""
        self.remote, self.created, self.discovery = remote, True, how
        if self.sent_twice:
            return replace(self.creation(None, self._doubt), state=State.UNKNOWN)
        return self.creation(Status.CREATED, self._words(remote), how)

    def _words(self, remote: LightBill) -> str:
        """What Light has otherwise than the sheet, where an earlier run sent it, too."""
        before = self.entry.content
        words = describe_differences(self.bill, remote)
        if words or not self.in_doubt or self.sent_alone or self.sent_inline or not before:
            return words
        changes = describe_content_changes(before, content(self.bill), self.bill.unit, lines=False)
        return changes and f"{CHANGED_SINCE}: {changes}"

    @property
    def _doubt(self) -> str:
        return _SENT_TWICE if self.resent or not self.line_in_doubt else _LINE_SENT_TWICE

    def complete_once(self) -> Change:
        """A sweep has looked for other copies since, and found none that is not in the journal."""
        assert self.remote is not None
        if self.loaded_once is not None:
            return self.loaded_once
        return self.creation(Status.CREATED, self._words(self.remote), self.discovery)

    def objection(self, remote: LightBill) -> str:
        """Why a bill that is this one cannot be called created as it is in the sheet."""
        conflicts = contradictions(self.bill, remote, just_created=not self.entry.light_id)
        words = (unknown_state(remote), complaint(remote), words_of_contradictions(conflicts))
        return "; ".join(filter(None, words))

    def loaded_before(self, remote: LightBill) -> Change | None:
        """That Light has it whole as an earlier run sent it, where the sheet is otherwise by now;
        None where that is not so. Of one that was sent twice only a sweep tells whether once."""
        sheet, sent = content(self.bill), self.entry.content
        if self.entry.light_id is None or not sent or remote.lines is None:
            return None
        if not (changes := describe_content_changes(sent, sheet, self.bill.unit)):
            return None
        before = loaded_bill(self.entry, self.bill.unit)
        conflicts = contradictions(before, remote) or unknown_state(remote) or complaint(remote)
        if conflicts or describe_differences(before, remote):
            return None
        self.light_id, self.remote, self.is_earlier = remote.id, remote, True
        ids = line_ids(before, remote.lines)
        change = self.creation(Status.ALREADY_LOADED, f"{CHANGED_SINCE}: {changes}")
        change = replace(change, line_ids=ids)
        if not self.sent_twice:
            return change
        self.loaded_once = change
        return replace(change, state=State.UNKNOWN, status=None, message=self._doubt)

    def unsettled(self, remote: LightBill, why: str) -> Change:
        """Light has the bill, and a person has to see to it; the next run reads it again."""
        self.light_id, self.remote, self.disputed = remote.id, remote, True
        ids = line_ids(self.bill, remote.lines) if remote.lines is not None else self.line_ids
        return Change(
            self.entry.id,
            State.UNKNOWN,
            Status.UNKNOWN,
            line_ids=ids,
            message=f"Light has the {self.noun} {remote.id}, but {why}",
        ).with_copy(remote)

    def lacking_lines(self, remote: LightBill) -> Change:
        """Light has the bill without all its line items, which the next run adds."""
        self.disputed = True
        return self.change(State.UNKNOWN, Status.UNKNOWN).with_copy(remote)

    def existing(self, remote: LightBill) -> Change:
        """Light has it from somebody else."""
        self.remote, self.is_earlier = remote, True
        return self.already_in_light(remote, describe_differences(self.bill, remote))

    def already_in_light(self, remote: LightBill, difference: str) -> Change:
        """That Light has had it before it was sent."""
        return Change(
            self.entry.id,
            State.FOUND,
            Status.ALREADY_IN_LIGHT,
            message=difference,
            how=Discovery.BEFORE_SENDING,
        ).with_copy(remote)

    def creation(self, status: Status | None, message: str, how: Discovery | None = None) -> Change:
        """That Light has the bill ``remote``."""
        remote = self.remote
        assert remote is not None
        return Change(
            self.entry.id,
            State.CREATED,
            status,
            line_ids=line_ids(self.bill, remote.lines) if remote.lines is not None else (),
            message=message,
            how=how,
            again=self.line_in_doubt,
        ).with_copy(remote)

    def with_lines(self) -> LightBill:
        """The bill as Light has it when all its lines are there."""
        assert self.remote is not None
        return replace(self.remote, lines=tuple(line for line in self.lines if line is not None))
