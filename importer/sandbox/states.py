"""From draft to paid: what may be done to a bill in which state, and what becomes of it.

Source: the descriptions of the actions in the API. Each action takes a bill (and its lines), and
returns its changes; a refusal is 409 where the state does not allow it, 422 where the bill itself
does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from importer.sandbox import field_checks
from importer.sandbox.answers import JsonObject
from importer.sandbox.company_file import Reference
from importer.sandbox.refusals import Problem, conflict, exception_body, refusal, unprocessable
from importer.sandbox.request_bodies import missing_for_posting, read_action

STATES = (
    "INIT",
    "CREATED",
    "IN_DRAFT",
    "APPROVAL_REQUESTED",
    "APPROVAL_PENDING",
    "APPROVED_ACCOUNTING_ENTRY_PENDING",
    "DECLINED",
    "READY_FOR_PAYMENT_RELEASE",
    "PENDING_PAYMENT_APPROVAL",
    "PAYMENT_PAUSED",
    "SCHEDULED",
    "PAYMENT_PENDING",
    "PARTIALLY_PAID",
    "UNPAID",
    "PAID",
    "COMPLETED",
    "RESET_PENDING",
    "CANCELLATION_PENDING",
    "CANCELLED",
    "DUPLICATED",
    "IMPORT_PENDING",
)
EDITABLE = ("INIT", "CREATED", "IN_DRAFT", "DECLINED", "DUPLICATED", "IMPORT_PENDING")
CANCELLABLE = (*EDITABLE, "APPROVAL_REQUESTED", "APPROVAL_PENDING")
PAYABLE = ("UNPAID", "READY_FOR_PAYMENT_RELEASE", "PARTIALLY_PAID")


def require_state(bill: Mapping[str, object], allowed: tuple[str, ...], verb: str) -> None:
    """409 unless the bill is in one of the states."""
    if bill["state"] not in allowed:
        wanted = " or ".join(allowed)
        raise conflict(f"A bill in state {bill['state']} cannot be {verb}; it must be {wanted}.")


def submit(bill: Mapping[str, object], body: object) -> JsonObject:
    """Ask for approval. Whether that works is only found out later: see ``settled``."""
    read_action(body, {"closePurchaseOrder": field_checks.boolean})
    require_state(bill, ("IN_DRAFT",), "submitted for approval")
    return {"state": "APPROVAL_REQUESTED", "failureReason": None, "failureContext": None}


def settled(
    bill: Mapping[str, object], lines: list[JsonObject], reference: Reference
) -> JsonObject:
    """What becomes of a submitted bill: approval pending, or a draft again with the reasons."""
    problems = missing_for_posting(bill, lines, reference)
    if not problems:
        return {"state": "APPROVAL_PENDING"}
    context = exception_body(422, problems) | {"name": "APPROVAL_SUBMISSION_FAILED"}
    return {
        "state": "IN_DRAFT",
        "failureReason": "USER_INPUT_VALIDATION_FAILED",
        "failureContext": context,
    }


def approve(bill: Mapping[str, object], body: object) -> JsonObject:
    """Approved; ready for payment where the bill says from which bank account."""
    note = read_action(body, {"note": field_checks.text}).get("note")
    require_state(bill, ("APPROVAL_PENDING",), "approved")
    paid_from = bill["senderBankAccountId"]
    state = "READY_FOR_PAYMENT_RELEASE" if paid_from else "UNPAID"
    return {"state": state, "approvalNote": note}


def decline(bill: Mapping[str, object], body: object) -> JsonObject:
    note = read_action(body, {"note": field_checks.text}).get("note")
    require_state(bill, ("APPROVAL_PENDING",), "declined")
    return {"state": "DECLINED", "approvalNote": note}


def post(bill: Mapping[str, object], lines: list[JsonObject], reference: Reference) -> JsonObject:
    """Straight to the ledger; there are no credit notes here that could clear it."""
    require_state(bill, ("IN_DRAFT",), "posted")
    problems = missing_for_posting(bill, lines, reference)
    if problems:
        raise refusal(problems)
    return {"state": "UNPAID", "failureReason": None, "failureContext": None}


def mark_as_paid(bill: Mapping[str, object], body: object, now: str) -> JsonObject:
    """Record a payment: FULL clears what is outstanding, PARTIAL takes ``amount`` (cents) off."""
    known: dict[str, field_checks.Check] = {
        "amount": field_checks.cents,
        "bankAccountId": field_checks.uuid,
        "paymentAt": field_checks.moment,
        "comment": field_checks.text,
        "paymentOption": field_checks.one_of(("FULL", "PARTIAL")),
    }
    payment = read_action(body, known, required=("amount", "bankAccountId", "paymentOption"))
    amount, outstanding = payment["amount"], bill["outstandingBalance"]
    assert isinstance(amount, int)
    if amount <= 0:
        problem = Problem("OUT_OF_RANGE", "Must be greater than zero.", ("amount",))
        raise refusal([problem])
    require_state(bill, PAYABLE, "marked as paid")
    left = outstanding if isinstance(outstanding, int) else 0
    if payment["paymentOption"] == "FULL":
        left = 0
    elif amount > left:
        message = f"Only {left} cents are outstanding."
        raise unprocessable("AMOUNT_TOO_HIGH", message, "amount")
    else:
        left -= amount
    return {
        "state": "PARTIALLY_PAID" if left else "PAID",
        "outstandingBalance": left,
        "paymentAt": payment.get("paymentAt") or now,
    }


def cancel(bill: Mapping[str, object], body: object, now: str) -> JsonObject:
    """Cancel a bill that is not in the ledger yet."""
    reason = read_action(body, {"reason": field_checks.filled_text}, required=("reason",))["reason"]
    require_state(bill, CANCELLABLE, "cancelled")
    return {"state": "CANCELLED", "canceledAt": now, "cancellationReason": reason}
