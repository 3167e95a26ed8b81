"""The states of a bill from draft to paid, and the actions that change them.

Source: the descriptions of the actions in the API. An ``Action`` takes a bill with its lines, the
body of the request, the company and the time, and returns the fields that change; a refusal is 409
where the state does not allow it, 422 where the bill itself does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from importer.sandbox.company_file import Reference
from importer.sandbox.refusals import Problem, conflict, exception_body, refusal, unprocessable
from importer.sandbox.request_bodies import (
    CancelBody,
    NoteBody,
    PaymentBody,
    SubmitBody,
    posting_problems,
    read_body,
)
from importer.sandbox.wire_types import JsonObject

Action = Callable[[JsonObject, object, Reference, str], JsonObject]
STATES = tuple(
    """
    INIT CREATED IN_DRAFT APPROVAL_REQUESTED APPROVAL_PENDING APPROVED_ACCOUNTING_ENTRY_PENDING
    DECLINED READY_FOR_PAYMENT_RELEASE PENDING_PAYMENT_APPROVAL PAYMENT_PAUSED SCHEDULED
    PAYMENT_PENDING PARTIALLY_PAID UNPAID PAID COMPLETED RESET_PENDING CANCELLATION_PENDING
    CANCELLED DUPLICATED IMPORT_PENDING
    """.split()
)
EDITABLE = ("INIT", "CREATED", "IN_DRAFT", "DECLINED", "DUPLICATED", "IMPORT_PENDING")
CANCELLABLE = (*EDITABLE, "APPROVAL_REQUESTED", "APPROVAL_PENDING")
IN_LEDGER = ("UNPAID", "READY_FOR_PAYMENT_RELEASE", "PARTIALLY_PAID", "PAID", "COMPLETED")
PAYABLE = ("UNPAID", "READY_FOR_PAYMENT_RELEASE", "PARTIALLY_PAID")


def require_state(bill: JsonObject, allowed: tuple[str, ...], verb: str) -> None:
    """409 unless the bill is in one of the states."""
    if bill["state"] not in allowed:
        wanted = " or ".join(allowed)
        raise conflict(f"A bill in state {bill['state']} cannot be {verb}; it must be {wanted}.")


def _submit(bill: JsonObject, body: object, _: Reference, now: str) -> JsonObject:
    """Ask for approval. Whether that works only shows later: see ``approval_outcome``."""
    read_body(SubmitBody, body)
    require_state(bill, ("IN_DRAFT",), "submitted for approval")
    return {"state": "APPROVAL_REQUESTED", "failureReason": None, "failureContext": None}


def approval_outcome(bill: JsonObject, reference: Reference) -> JsonObject:
    """The changes of a submitted bill: approval pending, or a draft again with the reasons."""
    problems = posting_problems(bill, bill["lineItems"], reference)
    if not problems:
        return {"state": "APPROVAL_PENDING"}
    context = exception_body(422, problems) | {"name": "APPROVAL_SUBMISSION_FAILED"}
    return {
        "state": "IN_DRAFT",
        "failureReason": "USER_INPUT_VALIDATION_FAILED",
        "failureContext": context,
    }


def _approve(bill: JsonObject, body: object, _: Reference, now: str) -> JsonObject:
    """Approved by all; ready for payment where the bill says from which bank account."""
    note = read_body(NoteBody, body).get("note")
    require_state(bill, ("APPROVAL_PENDING",), "approved")
    state = "READY_FOR_PAYMENT_RELEASE" if bill["senderBankAccountId"] else "UNPAID"
    return {"state": state, "approvalNote": note}


def _decline(bill: JsonObject, body: object, _: Reference, now: str) -> JsonObject:
    note = read_body(NoteBody, body).get("note")
    require_state(bill, ("APPROVAL_PENDING",), "declined")
    return {"state": "DECLINED", "approvalNote": note}


def _post(bill: JsonObject, _: object, reference: Reference, now: str) -> JsonObject:
    """Straight to the ledger; what credit notes clear of it is taken off then."""
    require_state(bill, ("IN_DRAFT",), "posted")
    problems = posting_problems(bill, bill["lineItems"], reference)
    if problems:
        raise refusal(problems)
    return {"state": "UNPAID", "failureReason": None, "failureContext": None}


def _mark_as_paid(bill: JsonObject, body: object, _: Reference, now: str) -> JsonObject:
    """Record a payment: FULL clears what is outstanding, PARTIAL takes ``amount`` (cents) off."""
    payment = read_body(PaymentBody, body)
    amount, outstanding = payment["amount"], bill["outstandingBalance"] or 0
    if amount <= 0:
        problem = Problem("OUT_OF_RANGE", "Must be greater than zero.", ("amount",))
        raise refusal([problem])
    require_state(bill, PAYABLE, "marked as paid")
    full = payment["paymentOption"] == "FULL"
    if amount > outstanding and not full:
        message = f"Only {outstanding} cents are outstanding."
        raise unprocessable("AMOUNT_TOO_HIGH", message, "amount")
    balance = 0 if full else outstanding - amount
    return {
        "state": "PARTIALLY_PAID" if balance else "PAID",
        "outstandingBalance": balance,
        "paymentAt": payment.get("paymentAt") or now,
    }


def _cancel(bill: JsonObject, body: object, _: Reference, now: str) -> JsonObject:
    """Cancel a bill that is not in the ledger yet."""
    reason = read_body(CancelBody, body)["reason"]
    require_state(bill, CANCELLABLE, "cancelled")
    return {"state": "CANCELLED", "canceledAt": now, "cancellationReason": reason}


ACTIONS: Mapping[str, Action] = {
    "submit-for-approval": _submit,
    "approve": _approve,
    "decline": _decline,
    "post": _post,
    "mark-as-paid": _mark_as_paid,
    "cancel": _cancel,
}
