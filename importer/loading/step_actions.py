"""One bill submitted, posted or paid: what is sent when, by how the bill stands in Light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from importer.loading.bill_state import (
    DRAFT,
    WORKING,
    StepTask,
    Transition,
    detail,
    next_transition,
)
from importer.model.journal_states import Outcome, StepKind, StepState, Verdict
from importer.model.light_objects import LightBill

if TYPE_CHECKING:
    from importer.loading.step_runner import Call, StepRunner

_MOST_ROUNDS = 5  # lost answers of one step before a person has to look
_LOOKS = 3  # at a bill that is a draft again without a reason


class UnreadableAnswer(Exception):
    """Light does not show the bill; the text says why."""


@dataclass
class _Course:
    """How one step has gone so far in this run."""

    tried: bool  # sent, now or before, without a definite no
    doubtful: bool  # so that the settling time is due before it is sent again
    accepted: bool = False  # Light said yes
    rounds: int = 0  # lost answers
    looks: int = 0
    delay: float = 0.0
    since: float | None = None  # that Light has been working on it


async def act(runner: StepRunner, errand: StepTask, kind: StepKind) -> bool:
    """Submit, post or pay the bill; whether it is done."""
    before = errand.steps[kind].state in (StepState.SENDING, StepState.UNKNOWN)
    course = _Course(tried=before, doubtful=before)
    there = _as_known(errand, kind, course)
    while True:
        if there is None:
            try:
                there = await runner.look(errand, balance=kind is StepKind.PAY)
            except UnreadableAnswer as problem:
                state = StepState.UNKNOWN if course.tried else StepState.REFUSED
                return runner.settle(errand, kind, state, str(problem))
        stand, reason = next_transition(kind, errand.bill, there, tried=course.tried)
        if stand is Transition.DONE:
            message = "" if course.tried else f"it was so in Light already (state {there.state})"
            return runner.settle(errand, kind, StepState.DONE, message, there=there)
        if stand is Transition.NEVER:
            return runner.settle(errand, kind, StepState.REFUSED, reason, there=there)
        if course.accepted and kind is StepKind.SUBMIT and stand is Transition.OPEN:
            # A copy of Light's may lag behind: a draft without a reason is looked at again.
            course.looks += 1
            if there.failures or there.failure_reason or course.looks > _LOOKS:
                return _sent_back(runner, errand, there)
        if stand is Transition.WORKING or course.accepted:
            if not await _patient(runner, there, course):
                state = StepState.UNKNOWN if course.tried else StepState.REFUSED
                reason = f"Light still shows it as {there.state or 'nothing'}"
                return runner.settle(errand, kind, state, reason, there=there)
            there = None
        elif course.doubtful:  # it may still be on its way
            await runner.pause(runner.settings.settle)
            course.doubtful, there = False, None
        elif course.rounds >= _MOST_ROUNDS:
            reason = f"Light's answer was lost {course.rounds} times, and it is still {there.state}"
            return runner.settle(errand, kind, StepState.UNKNOWN, reason, there=there)
        else:
            outcome, _ = await runner.attempt(errand, kind, _call(runner, errand, kind))
            if outcome.verdict is Verdict.REJECTED:
                return await _refused(runner, errand, kind, outcome)
            if outcome.verdict is Verdict.UNKNOWN:
                course.rounds += 1
                course.tried = course.doubtful = True
                there = None
                # At once only where nothing is in doubt: what was sent gets its time.
                await runner.pause(min(runner.settings.settle, 1.0))
            elif outcome.verdict is Verdict.CREATED:
                course.tried = course.accepted = True
                there = outcome.bill if _is(outcome.bill, errand) else None


def _as_known(errand: StepTask, kind: StepKind, course: _Course) -> LightBill | None:
    """The bill as it was last seen, where that is enough to begin; None: Light is asked first.

    Of a draft it is, since Light refuses to post what is none. What is left to pay is always asked.
    """
    if course.tried or kind is StepKind.PAY:
        return None
    entry = errand.entry
    errand.there = errand.there or LightBill(
        id=errand.light_id, state=entry.light_state or "", amount=entry.light_amount
    )
    return errand.there if errand.there.state in (DRAFT, "DUPLICATED") else None


def _is(bill: LightBill | None, errand: StepTask) -> bool:
    return bill is not None and bill.id == errand.light_id


def _call(runner: StepRunner, errand: StepTask, kind: StepKind) -> Call:
    light_id, bill, gateway = errand.light_id, errand.bill, runner.gateway
    if kind is StepKind.SUBMIT:
        return lambda leave: gateway.submit_bill(light_id, leave)
    if kind is StepKind.POST:
        return lambda leave: gateway.post_bill(light_id, leave)
    paid = {
        "amount": bill.amount,
        "bank": bill.paid_from_bank_account_id,
        "paid_at": str(bill.payment_at),
    }
    errand.steps[kind] = replace(errand.steps[kind], detail=detail(light_id, paid))
    return lambda leave: gateway.pay_bill(light_id, bill, leave)


async def _refused(runner: StepRunner, errand: StepTask, kind: StepKind, outcome: Outcome) -> bool:
    """Light said no. Perhaps because somebody else has done it: the bill's state tells."""
    there = None
    if not outcome.forbidden:
        try:
            there = await runner.look(errand)
        except UnreadableAnswer:
            there = None
    if (
        there is not None
        and next_transition(kind, errand.bill, there, tried=True)[0] is Transition.DONE
    ):
        message = f"it was so in Light already (state {there.state})"
        return runner.settle(errand, kind, StepState.DONE, message, there=there)
    why, errors = outcome.reason, outcome.errors
    return runner.settle(errand, kind, StepState.REFUSED, why, errors=errors, there=there)


def _sent_back(runner: StepRunner, errand: StepTask, there: LightBill) -> bool:
    """A submitted bill became a draft again."""
    said = "; ".join(error.message.rstrip(". ") for error in there.failures)
    reason = said or there.failure_reason or "Light made it a draft again without a reason"
    return runner.settle(
        errand, StepKind.SUBMIT, StepState.REFUSED, reason, errors=there.failures, there=there
    )


async def _patient(runner: StepRunner, there: LightBill, course: _Course) -> bool:
    """Wait before the next look, longer each time; False where it has taken too long."""
    settings, now = runner.settings, runner.clock()
    course.since = now if course.since is None else course.since
    known = there.state in WORKING or course.accepted
    if now - course.since >= (settings.patience if known else settings.first_look * 7):
        return False
    course.delay = min(course.delay * 2 or settings.first_look, settings.longest_look)
    await runner.pause(course.delay)
    return True
