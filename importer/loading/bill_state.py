"""The steps after creation: which a bill needs, and what a bill in Light says of one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from importer.core.money import money
from importer.loading.identity import GONE
from importer.model.bills import Bill, Document, TargetStatus
from importer.model.journal_states import JournalEntry, Step, StepKind, StepState
from importer.model.light_objects import ApiError, LightBill

STEPS_OF: Mapping[TargetStatus, tuple[StepKind, ...]] = {
    TargetStatus.DRAFT: (),
    TargetStatus.SUBMITTED: (StepKind.SUBMIT,),
    TargetStatus.POSTED: (StepKind.POST,),
    TargetStatus.PAID: (StepKind.POST, StepKind.PAY),
}
# Requests that count against the limits: the address for a document (its way there is free);
# submitting and two looks at what became of it; posting; paying after a look at what is left.
REQUESTS = {StepKind.DOCUMENT: 1, StepKind.SUBMIT: 3, StepKind.POST: 1, StepKind.PAY: 2}
DOING = {
    StepKind.DOCUMENT: ("upload", "document", "given its document"),
    StepKind.SUBMIT: ("submit", "bill", "submitted for approval"),
    StepKind.POST: ("post", "bill", "posted"),
    StepKind.PAY: ("mark as paid", "bill", "marked as paid"),
    StepKind.CANCEL: ("cancel", "bill", "cancelled"),
}

DRAFT = "IN_DRAFT"
# Light's list of states is open: what is in none of these is waited on, then told, never acted on.
_POSTED = frozenset(
    """
    UNPAID READY_FOR_PAYMENT_RELEASE PENDING_PAYMENT_APPROVAL PAYMENT_PAUSED SCHEDULED
    PAYMENT_PENDING PARTIALLY_PAID PAID COMPLETED
    """.split()
)
_SUBMITTED = _POSTED | {"APPROVAL_PENDING", "APPROVED_ACCOUNTING_ENTRY_PENDING"}
CANCELLING = "CANCELLATION_PENDING"
_OUT = GONE | {CANCELLING, "DUPLICATED", "DECLINED"}
_PAYABLE = frozenset(("UNPAID", "READY_FOR_PAYMENT_RELEASE"))
# In the ledger, or on the way to it, into it again or to payment: a person reverses it in Light.
LEDGER = _POSTED | {"APPROVED_ACCOUNTING_ENTRY_PENDING", "RESET_PENDING"}
_LIGHT_PAYS = frozenset("PENDING_PAYMENT_APPROVAL PAYMENT_PAUSED SCHEDULED PAYMENT_PENDING".split())
_NOT_POSTED = frozenset(("APPROVAL_REQUESTED", "APPROVAL_PENDING"))
WORKING = frozenset(
    """
    INIT CREATED IMPORT_PENDING APPROVAL_REQUESTED RESET_PENDING APPROVED_ACCOUNTING_ENTRY_PENDING
    PAYMENT_PENDING
    """.split()
)
_BEFORE = frozenset(("INIT", "CREATED", "IMPORT_PENDING", DRAFT))


class Transition(StrEnum):
    """What a bill's state means for a step."""

    DONE = "done"
    OPEN = "open"  # it may be sent now
    WORKING = "working"  # Light has something to do first, or says what is not known here
    NEVER = "never"  # it cannot be done to the bill as it is


def next_transition(
    kind: StepKind, bill: Bill, there: LightBill, *, tried: bool
) -> tuple[Transition, str]:
    """How a bill in Light stands to a step, and why it can never be taken.

    ``tried``: the step was sent before, so that its effect may be what is seen.
    """
    state = there.state
    if kind is StepKind.SUBMIT:
        done = state in _SUBMITTED
    elif kind is StepKind.POST:
        done = state in _POSTED
    else:
        done = state == "PAID" or (state == "COMPLETED" and tried)
    if done:
        return Transition.DONE, ""
    if state in _OUT:
        return Transition.NEVER, f"Light shows it as {state}"
    if kind is StepKind.POST and state in _NOT_POSTED:
        return (
            Transition.NEVER,
            f"it is in approval (state {state}), and only a draft can be posted",
        )
    if kind is StepKind.PAY:
        stand, reason = _payment(bill, there, tried)
    else:
        stand, reason = (Transition.OPEN if state == DRAFT else Transition.WORKING), ""
    if stand is Transition.OPEN and (wrong := _other_money(bill, there)):
        return Transition.NEVER, wrong
    return stand, reason


def _payment(bill: Bill, there: LightBill, tried: bool) -> tuple[Transition, str]:
    state, left = there.state, there.outstanding
    if state == "COMPLETED":
        return (
            Transition.NEVER,
            "Light has cleared it otherwise (state COMPLETED): nothing is left to pay",
        )
    if state == "PARTIALLY_PAID":
        shown = "" if left is None else f", {money(left, bill.unit)} is left"
        return Transition.NEVER, f"a part of it is paid in Light already{shown}"
    if state in _LIGHT_PAYS and not tried:
        return Transition.NEVER, f"Light itself is about to pay it (state {state})"
    if state in _BEFORE | _NOT_POSTED and not tried:
        return Transition.NEVER, f"it is not posted (state {state})"
    if state not in _PAYABLE:
        return Transition.WORKING, ""
    if left is not None and left != bill.amount:
        shown, own = money(left, bill.unit), money(bill.amount, bill.unit)
        return Transition.NEVER, f"{shown} is outstanding in Light, and the sheet says {own}"
    return Transition.OPEN, ""


def _other_money(bill: Bill, there: LightBill) -> str:
    """A bill of another amount than the sheet's never gets into the ledger by our hand."""
    if there.amount is not None and there.amount != bill.amount:
        shown, own = money(there.amount, bill.unit), money(bill.amount, bill.unit)
        return f"the amount is {shown} in Light and {own} in the sheet"
    if there.currency is not None and there.currency.upper() != bill.currency:
        return f"the currency is {there.currency} in Light and {bill.currency} in the sheet"
    return ""


# --- which are left ---------------------------------------------------------------------------


@dataclass
class StepTask:
    """What is left to do to one bill, in order. ``there`` is the bill as Light last showed it."""

    bill: Bill
    entry: JournalEntry
    kinds: list[StepKind]
    steps: dict[StepKind, Step]  # as journaled
    document: Document | None = None
    there: LightBill | None = None

    @property
    def light_id(self) -> str:
        assert self.entry.light_id is not None
        return self.entry.light_id

    def step(self, kind: StepKind) -> Step:
        return self.steps.get(kind) or Step(self.entry.id, kind, StepState.PLANNED)


@dataclass
class Amount:
    """Bills and their total in cents."""

    bills: int = 0
    cents: int = 0


@dataclass
class StepForecast:
    """What the steps of some bills come to. ``payments`` is by currency, its unit, bank account."""

    counts: dict[StepKind, int] = field(default_factory=dict)
    payments: dict[tuple[str, int, str], Amount] = field(default_factory=dict)

    def add(self, bill: Bill, kinds: Iterable[StepKind]) -> None:
        for kind in kinds:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if kind is StepKind.PAY:
                key = bill.currency, bill.unit, bill.paid_from_bank_account_id or ""
                paid = self.payments.setdefault(key, Amount())
                paid.bills += 1
                paid.cents += bill.amount

    @property
    def requests(self) -> int:
        return sum(REQUESTS[kind] * n for kind, n in self.counts.items())

    def words(self) -> str:
        """ "upload 40 documents, post 12 bills, mark 3 bills as paid"."""
        out = []
        for kind in StepKind:
            if n := self.counts.get(kind, 0):
                verb, noun, _ = DOING[kind]
                first, _, rest = verb.partition(" ")
                what = f"{n:,} {noun}{'' if n == 1 else 's'}"
                out.append(" ".join(filter(None, (first, what, rest))))
        return ", ".join(out)


def wanted_steps(bill: Bill) -> list[StepKind]:
    """All that is to be done to a bill after it was created, in order."""
    return [*([StepKind.DOCUMENT] if bill.document else []), *STEPS_OF[bill.target_status]]


def of_this_bill(steps: Mapping[StepKind, Step], light_id: str | None) -> dict[StepKind, Step]:
    """Without those of an earlier bill of the entry, which was cancelled since."""
    return {kind: step for kind, step in steps.items() if step.told("bill") in (None, light_id)}


def left_to_do(bill: Bill, steps: Mapping[StepKind, Step]) -> list[StepKind]:
    """Which steps are wanted and not done."""
    done = {kind for kind, step in steps.items() if step.state is StepState.DONE}
    return [kind for kind in wanted_steps(bill) if kind not in done]


def detail(light_id: str, own: Mapping[str, object] | None = None) -> str:
    """A step's detail as JSON: its bill in Light, and what is the step's own."""
    return json.dumps({"bill": light_id, **(own or {})}, ensure_ascii=False)


def with_errors(before: str, errors: Iterable[ApiError]) -> str:
    """A step's detail with what Light objected to now, in place of what it did before."""
    told = {name: value for name, value in json.loads(before).items() if name != "errors"}
    if found := [asdict(error) for error in errors]:
        told["errors"] = found
    return json.dumps(told, ensure_ascii=False)


def errors_of(step: Step) -> tuple[ApiError, ...]:
    """What Light objected to, with the fields it named."""
    return tuple(
        ApiError(each["message"], tuple(each["path"]), each["type"])
        for each in step.told("errors") or ()
    )
