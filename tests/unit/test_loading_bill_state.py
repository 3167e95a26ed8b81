"""What a bill's state in Light means for a step, and what a load says it will do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from importer.loading.bill_state import (
    STEPS_OF,
    StepForecast,
    Transition,
    missing_steps,
    next_transition,
    of_this_bill,
    step_detail,
    wanted_steps,
)
from importer.model.bills import Bill, TargetStatus
from importer.model.journal_states import Step, StepKind, StepState
from importer.model.light_objects import LightBill
from importer.sandbox.states import STATES

KINDS = (StepKind.SUBMIT, StepKind.POST, StepKind.PAY)


def bill(wanted: TargetStatus = TargetStatus.PAID, amount: int = 1_000, bank: str = "bank") -> Bill:
    moment = datetime(2026, 2, 1, tzinfo=UTC)
    return Bill(
        0,
        0,
        2,
        "GBP",
        amount,
        False,
        (),
        payment_at=moment,
        target_status=wanted,
        paid_from_bank_account_id=bank,
    )


def there(state: str, amount: int | None = 1_000, left: int | None = None) -> LightBill:
    return LightBill("id", state, amount, "GBP", outstanding=left)


@pytest.mark.parametrize("tried", [False, True])
@pytest.mark.parametrize("state", [*STATES, "SOMETHING_NEW", ""])
def test_steps_allowed_in_each_state(state: str, tried: bool) -> None:
    may = {
        kind
        for kind in (StepKind.REFERENCES, *KINDS)
        if next_transition(kind, bill(), there(state), tried=tried)[0] is Transition.OPEN
    }
    if state == "IN_DRAFT":
        assert may == {StepKind.REFERENCES, StepKind.SUBMIT, StepKind.POST}
    elif state in ("UNPAID", "READY_FOR_PAYMENT_RELEASE"):
        assert may == {StepKind.PAY}
    else:
        assert may == set()


def test_no_step_where_amount_or_balance_differs() -> None:
    for kind, state in zip(KINDS, ("IN_DRAFT", "IN_DRAFT", "UNPAID"), strict=True):
        assert next_transition(kind, bill(), there(state, 999), tried=False) == (
            Transition.NEVER,
            "the amount is 9.99 in Light and 10.00 in the sheet",
        )
    assert (
        next_transition(StepKind.PAY, bill(), there("UNPAID", left=1_000), tried=False)[0]
        is Transition.OPEN
    )
    stand, reason = next_transition(StepKind.PAY, bill(), there("UNPAID", left=700), tried=False)
    assert (stand, reason) == (
        Transition.NEVER,
        "7.00 is outstanding in Light, and the sheet says 10.00",
    )


def test_cleared_bill_counts_as_paid_only_after_our_payment() -> None:
    assert (
        next_transition(StepKind.PAY, bill(), there("COMPLETED"), tried=False)[0]
        is Transition.NEVER
    )
    assert (
        next_transition(StepKind.PAY, bill(), there("COMPLETED"), tried=True)[0] is Transition.DONE
    )
    assert (
        next_transition(StepKind.PAY, bill(), there("SCHEDULED"), tried=False)[0]
        is Transition.NEVER
    )
    assert (
        next_transition(StepKind.PAY, bill(), there("SCHEDULED"), tried=True)[0]
        is Transition.WORKING
    )


def test_steps_of_a_cancelled_bill_do_not_count() -> None:
    done = Step(1, StepKind.POST, StepState.DONE, detail=step_detail("old"))
    known = {StepKind.POST: done}
    assert missing_steps(bill(), of_this_bill(known, "old")) == [StepKind.PAY]
    assert missing_steps(bill(), of_this_bill(known, "new")) == [StepKind.POST, StepKind.PAY]


def test_outlook_names_steps_and_bank_account() -> None:
    ahead = StepForecast()
    for each in (bill(), bill(amount=250), bill(bank="other"), bill(TargetStatus.POSTED)):
        ahead.add(each, [StepKind.DOCUMENT, *wanted_steps(each)])
    ahead.add(bill(TargetStatus.SUBMITTED), STEPS_OF[TargetStatus.SUBMITTED])
    assert ahead.words() == "upload 4 documents, submit 1 bill, post 4 bills, mark 3 bills as paid"
    paid = {key[2]: (each.bills, each.cents) for key, each in ahead.payments.items()}
    assert paid == {"bank": (2, 1_250), "other": (1, 1_000)}
    assert ahead.requests == 4 + 3 + 4 + 3 * 2
