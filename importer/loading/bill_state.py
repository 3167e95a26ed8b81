"""The steps after creation: which a bill needs, and what a bill in Light says of one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from importer.core.answers import ApiError
from importer.core.counted_nouns import count
from importer.core.money import money
from importer.loading.bill_match import contradictions, words_of_contradictions
from importer.model.bills import Bill, Document, TargetStatus, patched_values
from importer.model.journal_states import JournalEntry, Step, StepKind, StepState
from importer.model.light_objects import LightBill

_CANCELLED = frozenset(("CANCELLED",))
_ARCHIVED = frozenset(("ARCHIVED",))
STEPS_OF: Mapping[TargetStatus, tuple[StepKind, ...]] = {
    TargetStatus.DRAFT: (),
    TargetStatus.SUBMITTED: (StepKind.SUBMIT,),
    TargetStatus.APPROVED: (StepKind.SUBMIT, StepKind.APPROVE),
    TargetStatus.POSTED: (StepKind.POST,),
    TargetStatus.PAID: (StepKind.POST, StepKind.PAY),
}
# Light takes a credit note to the ledger and no further, and knows no approval of it.
_NOTE_POSTED_FOR = frozenset((TargetStatus.POSTED, TargetStatus.PAID))
# Requests that count against the limits: references after a look at the bill; the address for a
# document (its way there is free); submitting and two looks at what became of it; approving after a
# look at the bill; posting; paying after a look at what is left; clearing after looks at the credit
# note, its links and the bill.
REQUESTS = {
    StepKind.REFERENCES: 2,
    StepKind.DOCUMENT: 1,
    StepKind.SUBMIT: 3,
    StepKind.APPROVE: 2,
    StepKind.POST: 1,
    StepKind.PAY: 2,
    StepKind.CLEAR: 4,
}
DOING = {
    StepKind.REFERENCES: ("complete with references", "bill", "completed with its references"),
    StepKind.DOCUMENT: ("upload", "document", "uploaded"),
    StepKind.SUBMIT: ("submit", "bill", "submitted for approval"),
    StepKind.APPROVE: ("approve as the key's user", "bill", "approved"),
    StepKind.POST: ("post", "bill", "posted"),
    StepKind.PAY: ("mark as paid", "bill", "marked as paid"),
    StepKind.CLEAR: ("clear", "credit note", "cleared against its bill"),
    StepKind.CANCEL: ("cancel", "bill", "cancelled"),
}

UNCLEARED = "is not cleared against it"  # of a credit note; the bill is not paid

DRAFT = "IN_DRAFT"
CANCELLING = "CANCELLATION_PENDING"
# Light's list of states is open: what is in none of these is waited on and reported, and nothing is
# ever done to it.
_POSTED = frozenset(
    """
    UNPAID READY_FOR_PAYMENT_RELEASE PENDING_PAYMENT_APPROVAL PAYMENT_PAUSED SCHEDULED
    PAYMENT_PENDING PARTIALLY_PAID PAID COMPLETED
    """.split()
)
_LIGHT_PAYS = frozenset("PENDING_PAYMENT_APPROVAL PAYMENT_PAUSED SCHEDULED PAYMENT_PENDING".split())
IN_REVIEW = "APPROVAL_PENDING"
_IN_APPROVAL = frozenset(("APPROVAL_REQUESTED", IN_REVIEW))
_OUT = _CANCELLED | {CANCELLING, "DUPLICATED", "DECLINED"}
_BEFORE = frozenset(("INIT", "CREATED", "IMPORT_PENDING", DRAFT))
_LEAVING = frozenset(
    ("APPROVED_ACCOUNTING_ENTRY_PENDING", "RESET_PENDING")
)  # for the ledger, or it
UPDATABLE = frozenset((DRAFT,))  # whose header and lines are changed
_UPDATABLE_NOTES = frozenset(("DRAFT",))
KNOWN_STATES = _POSTED | _IN_APPROVAL | _OUT | _BEFORE | _LEAVING
WORKING = frozenset(
    """
    INIT CREATED IMPORT_PENDING APPROVAL_REQUESTED RESET_PENDING APPROVED_ACCOUNTING_ENTRY_PENDING
    PAYMENT_PENDING CANCELLATION_PENDING
    """.split()
)


@dataclass(frozen=True)
class StateRule:
    """By the state of a bill: whether a step ``permitted`` now, ``done`` already, or ``never``.

    Of any other state it is waited for the next. ``under_way`` are those in which Light does it
    already: a refusal then was none, or of a step that somebody else began.
    """

    permitted: frozenset[str]
    done: frozenset[str]
    never: frozenset[str] = _OUT
    under_way: frozenset[str] = frozenset()


RULES: Mapping[StepKind, StateRule] = {
    # Whether it is done, the bill itself shows: see ``set_references``.
    StepKind.REFERENCES: StateRule(
        permitted=frozenset((DRAFT,)),
        done=frozenset(),
        never=_OUT | _POSTED | _IN_APPROVAL | _LEAVING,
    ),
    StepKind.SUBMIT: StateRule(
        permitted=frozenset((DRAFT,)),
        done=_POSTED | {IN_REVIEW, "APPROVED_ACCOUNTING_ENTRY_PENDING"},
        under_way=frozenset(("APPROVAL_REQUESTED",)),
    ),
    # While others still have to approve, it is in review: see ``approve_bill``.
    StepKind.APPROVE: StateRule(
        permitted=frozenset((IN_REVIEW,)),
        done=_POSTED | {"APPROVED_ACCOUNTING_ENTRY_PENDING"},
    ),
    StepKind.POST: StateRule(
        permitted=frozenset((DRAFT,)),
        done=_POSTED,
        never=_OUT | _IN_APPROVAL,
        under_way=frozenset(("APPROVED_ACCOUNTING_ENTRY_PENDING",)),
    ),
    StepKind.PAY: StateRule(
        permitted=frozenset(("UNPAID", "READY_FOR_PAYMENT_RELEASE")), done=frozenset(("PAID",))
    ),
    # What is in the ledger, or on the way to it or to payment, a person reverses in Light.
    StepKind.CANCEL: StateRule(
        permitted=_BEFORE | _IN_APPROVAL | {"DUPLICATED", "DECLINED"},
        done=_CANCELLED,
        never=_POSTED | _LEAVING,
        under_way=frozenset((CANCELLING,)),
    ),
}


class Transition(StrEnum):
    """What a bill's state means for a step."""

    DONE = "done"
    OPEN = "open"  # it may be sent now
    WORKING = "working"  # Light has something to do first, or its state is unknown here
    NEVER = "never"  # it cannot be done to the bill as it is


_NOTE_IN_LEDGER = frozenset(("POSTED", "PARTIALLY_CLEARED", "CLEARED"))
# Of bills and credit notes that the ledger cannot have; of a state that nobody knows it may.
NEVER_IN_LEDGER = _BEFORE | _IN_APPROVAL | {"DECLINED", "DUPLICATED", "DRAFT"}
NOTE_CLEARABLE = frozenset(("POSTED", "PARTIALLY_CLEARED"))
NOTE_CLEARED = frozenset(("PARTIALLY_CLEARED", "CLEARED"))  # some of it, or all
_NOTE_BEFORE = frozenset(("APPROVAL_PENDING", "APPROVED"))
KNOWN_NOTE_STATES = frozenset(("DRAFT",)) | _NOTE_BEFORE | _NOTE_IN_LEDGER | _ARCHIVED
NOTE_RULES: Mapping[StepKind, StateRule] = {
    StepKind.POST: StateRule(
        permitted=frozenset(("DRAFT",)), done=_NOTE_IN_LEDGER, never=_ARCHIVED | _NOTE_BEFORE
    ),
    StepKind.CANCEL: StateRule(
        permitted=frozenset(("DRAFT",)), done=_ARCHIVED, never=_NOTE_IN_LEDGER | _NOTE_BEFORE
    ),
}


def is_in_ledger(state: str) -> bool:
    """Whether a bill or credit note of this state is posted, as far as is known."""
    return state in _POSTED | _NOTE_IN_LEDGER


def is_cancelled(remote: LightBill) -> bool:
    """Whether a bill or credit note does not stand in the way of a new one."""
    return remote.state in (_ARCHIVED if remote.credit_note else _CANCELLED)


def _rule_of(kind: StepKind, remote: LightBill) -> StateRule:
    return (NOTE_RULES if remote.credit_note else RULES)[kind]


def next_transition(
    kind: StepKind, bill: Bill | None, remote: LightBill, *, tried: bool
) -> tuple[Transition, str]:
    """What the state of a bill in Light means for a step, and why it can never be taken.

    ``bill`` is the sheet's, which cancelling does not need. ``tried``: the step was sent before, so
    that its effect may be what is seen.
    """
    state, rule = remote.state, _rule_of(kind, remote)
    if state in rule.done or (kind is StepKind.PAY and state == "COMPLETED" and tried):
        return Transition.DONE, ""
    if state in rule.never:
        return Transition.NEVER, _why_never(kind, state)
    if kind is StepKind.PAY and bill and (reason := _unpayable(bill, remote, tried)):
        return Transition.NEVER, reason
    if state not in rule.permitted:
        return Transition.WORKING, ""
    if bill is not None and (conflicts := contradictions(bill, remote)):
        # What Light has otherwise than the sheet never gets further by our hand.
        return Transition.NEVER, words_of_contradictions(conflicts)
    return Transition.OPEN, ""


def under_way(kind: StepKind, remote: LightBill) -> bool:
    """Whether Light does the step already, though it refused to begin."""
    return remote.state in _rule_of(kind, remote).under_way


def is_updatable(remote: LightBill) -> bool:
    return remote.state in (_UPDATABLE_NOTES if remote.credit_note else UPDATABLE)


def unknown_state(remote: LightBill) -> str:
    """That nothing can be concluded from a bill's state, in words; "" where it is a known one."""
    if remote.state in (KNOWN_NOTE_STATES if remote.credit_note else KNOWN_STATES):
        return ""
    return (
        f"light-import does not know its state {remote.state}"
        if remote.state
        else "it has no state"
    )


def complaint(remote: LightBill) -> str:
    """That Light itself holds the bill for a duplicate or for failed, in words; "" where not."""
    if remote.failure_reason:
        return f"it says {remote.failure_reason} (state {remote.state})"
    duplicated = remote.state == "DUPLICATED" and not remote.credit_note
    return "Light treats it as a duplicate (state DUPLICATED)" if duplicated else ""


def _why_never(kind: StepKind, state: str) -> str:
    if kind is StepKind.CANCEL and state in _NOTE_BEFORE:
        return f"it is not a draft (state {state})"
    if kind is StepKind.CANCEL:
        return f"it is in the ledger already (state {state})"
    if kind is StepKind.REFERENCES and state in _POSTED | _IN_APPROVAL | _LEAVING:
        return f"only a draft can be changed (state {state})"
    if state in _IN_APPROVAL:
        return f"it is in approval (state {state}), and only a draft can be posted"
    return f"Light shows it as {state}"


def _unpayable(bill: Bill, remote: LightBill, tried: bool) -> str:
    """Why a bill cannot be paid in full by our hand; "" where it can, or not yet."""
    state, outstanding = remote.state, remote.outstanding
    if state == "COMPLETED":
        return "Light has cleared it otherwise (state COMPLETED): nothing is left to pay"
    if state == "PARTIALLY_PAID":
        shown = "" if outstanding is None else f", {money(outstanding, bill.unit)} is left"
        return f"a part of it is paid in Light already{shown}"
    if state in _LIGHT_PAYS and not tried:
        return f"Light itself is about to pay it (state {state})"
    if state in _BEFORE | _IN_APPROVAL and not tried:
        return f"it is not posted (state {state})"
    payable = RULES[StepKind.PAY].permitted
    if state in payable and outstanding is not None and outstanding != bill.amount:
        shown, sheet = money(outstanding, bill.unit), money(bill.amount, bill.unit)
        return f"{shown} is outstanding in Light, and the sheet says {sheet}"
    return ""


def draft_as_created(entry: JournalEntry) -> LightBill | None:
    """The bill as it was when it was created, where that is enough to begin a step; None: Light is
    asked first. Of a draft it is enough, since Light refuses to post what is none; if its amount
    was stated."""
    drafts = ("DRAFT",) if entry.credit_note else (DRAFT, "DUPLICATED")
    if entry.light_id is None or entry.light_amount is None:
        return None
    if entry.light_state is None or entry.light_state not in drafts:
        return None
    return LightBill(
        id=entry.light_id,
        state=entry.light_state,
        amount=entry.light_amount,
        credit_note=entry.credit_note,
    )


# --- which are to be taken --------------------------------------------------------------------


@dataclass
class StepTask:
    """What is still to be done to one bill, in order."""

    bill: Bill
    entry: JournalEntry
    kinds: list[StepKind]
    steps: dict[StepKind, Step]  # as journaled
    document: Document | None = None
    credited: str | None = None  # Light's id of the bill that a credit note clears
    why_not_credited: str = ""  # where there is none
    credits: Mapping[int, str] = field(default_factory=dict)
    """By index, the credit notes of the bill that no earlier run has cleared, in words."""


@dataclass
class Amount:
    """Bills and their total in cents."""

    bills: int = 0
    cents: int = 0


@dataclass
class StepForecast:
    """What the steps of some bills come to. ``payments`` is by currency, its unit, bank account."""

    counts: dict[StepKind, int] = field(default_factory=dict)
    notes_posted: int = 0  # of the counts
    without_account: int = 0  # of those to post: with line items without a ledger account
    payments: dict[tuple[str, int, str], Amount] = field(default_factory=dict)

    def add(self, bill: Bill, kinds: Iterable[StepKind]) -> None:
        for kind in kinds:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if kind is StepKind.POST:
                self.notes_posted += bill.credit_note
                self.without_account += any(line.account_id is None for line in bill.lines)
            if kind is StepKind.PAY:
                key = bill.currency, bill.unit, bill.paid_from_bank_account_id or ""
                paid = self.payments.setdefault(key, Amount())
                paid.bills += 1
                paid.cents += bill.amount

    @property
    def requests(self) -> int:
        return sum(REQUESTS[kind] * n for kind, n in self.counts.items())

    @property
    def further_requests(self) -> int:
        """How many more it may take: where others have to approve too, the bill and its approvals
        are read again, and once the names of Light's users."""
        approvals = self.counts.get(StepKind.APPROVE, 0)
        return 2 * approvals + 1 if approvals else 0

    @property
    def warning(self) -> str:
        """What may go wrong with the steps, in a sentence; "" for nothing."""
        if not (n := self.without_account):
            return ""
        return (
            f"Of those to be posted, {n:,} {'has' if n == 1 else 'have'} line items without a"
            " ledger account: Light may refuse to post them."
        )

    def words(self) -> str:
        """ "upload 40 documents, post 12 bills, mark 3 bills as paid"."""
        out = []
        for kind in StepKind:
            if n := self.counts.get(kind, 0):
                verb, noun, _ = DOING[kind]
                first, _, rest = verb.partition(" ")
                notes = self.notes_posted if kind is StepKind.POST else 0
                counts = ((n - notes, noun), (notes, "credit note"))
                what = " and ".join(count(n, of) for n, of in counts if n)
                out.append(" ".join(filter(None, (first, what, rest))))
        return ", ".join(out)


def wanted_steps(bill: Bill) -> list[StepKind]:
    """All that is to be done to a bill after it was created, in order."""
    if bill.credit_note:
        clear = (StepKind.CLEAR,) if bill.credits_bill else ()
        return [StepKind.POST, *clear] if bill.target_status in _NOTE_POSTED_FOR else []
    references = [StepKind.REFERENCES] if patched_values(bill) else []
    document = [StepKind.DOCUMENT] if bill.document else []
    return [*references, *document, *STEPS_OF[bill.target_status]]


def of_this_bill(steps: Mapping[StepKind, Step], light_id: str | None) -> dict[StepKind, Step]:
    """Without those of an earlier bill of the entry, which was cancelled since."""
    return {
        kind: step for kind, step in steps.items() if step.detail_value("bill") in (None, light_id)
    }


def missing_steps(bill: Bill, steps: Mapping[StepKind, Step]) -> list[StepKind]:
    """The steps that are wanted and not done."""
    done = {kind for kind, step in steps.items() if step.state is StepState.DONE}
    return [kind for kind in wanted_steps(bill) if kind not in done]


def step_detail(light_id: str, more: Mapping[str, object] | None = None) -> str:
    """A step's detail as JSON: its bill in Light, and what its kind adds."""
    return json.dumps({"bill": light_id, **(more or {})}, ensure_ascii=False)


def with_errors(before: str, errors: Iterable[ApiError]) -> str:
    """A step's detail with what Light objected to now, in place of what it did before."""
    detail = {name: value for name, value in json.loads(before).items() if name != "errors"}
    if objections := [asdict(error) for error in errors]:
        detail["errors"] = objections
    return json.dumps(detail, ensure_ascii=False)


def errors_of(step: Step) -> tuple[ApiError, ...]:
    """What Light objected to, with the fields it named."""
    return tuple(
        ApiError(each["message"], tuple(each["path"]), each["type"])
        for each in step.detail_value("errors") or ()
    )
