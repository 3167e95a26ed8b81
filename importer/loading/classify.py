"""What an answer means: the one place where it is decided, and what the journal is told of it."""

from __future__ import annotations

from dataclasses import replace

from importer.loading.gateway import LightGateway
from importer.loading.identity import differences, line_ids
from importer.loading.job import BillJob
from importer.loading.journal.journal import Change
from importer.model.bills import Bill
from importer.model.journal_states import Discovery, Outcome, State, Status, Verdict
from importer.model.light_objects import Answer, LightBill

_REFUSALS = frozenset((400, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 431))


def classify(answer: Answer, gateway: LightGateway, *, line: bool = False) -> Outcome:
    """The verdict on one attempt to create a bill, or with ``line`` to add a line item to one.

    ========================================= ========= ==========================================
    answer                                    verdict   why
    ========================================= ========= ==========================================
    not connected                             RETRY     Light never got it
    no answer, or an incomplete one           UNKNOWN   it may have been carried out
    2xx with the bill (line) and its id       CREATED
    2xx without, or not JSON                  UNKNOWN   probably created; under which id?
    3xx that may not be followed              STOP      the key must not go there; looked up later
    400 403 404 405 406 409 410 411 413 414   REJECTED  Light says no before it does anything
    415 422 431
    401                                       STOP      the key is not accepted
    429                                       WAIT      Light says that it did nothing
    408, other 4xx, 5xx, anything else        UNKNOWN   gateways answer so after the work was done
    ========================================= ========= ==========================================

    Source: the list of statuses in Light's documentation; what it does not list is UNKNOWN.
    """
    status = answer.status
    if status is None:
        verdict = Verdict.UNKNOWN if answer.sent else Verdict.RETRY
        return Outcome(verdict, answer.reason or "no answer came")
    if 200 <= status < 300:
        made = gateway.read_line(answer.body) if line else None
        bill = None if line else gateway.read_bill(answer.body)
        if made is None and bill is None:
            what = "line item" if line else "bill"
            reason = answer.reason or f"Light answered {status}, but not with a {what}"
            return Outcome(Verdict.UNKNOWN, reason)
        return Outcome(Verdict.CREATED, bill=bill, line=made)
    errors = gateway.read_errors(answer.body)
    reason = answer.reason or "; ".join(e.message for e in errors) or f"status {status}"
    if status in _REFUSALS:
        return Outcome(Verdict.REJECTED, reason, errors=errors, forbidden=status == 403)
    if status == 401 or 300 <= status < 400:
        return Outcome(Verdict.STOP, reason, errors=errors, forbidden=status == 401)
    if status == 429:
        return Outcome(Verdict.WAIT, reason)
    return Outcome(Verdict.UNKNOWN, f"Light answered {status}: {reason}")


def with_line(outcome: Outcome, line: int | None) -> Outcome:
    """With the line's index in the paths of Light's errors, as if the bill had been refused."""
    if line is None:
        return outcome
    at = ("lineItems", str(line))
    return replace(outcome, errors=tuple(replace(e, path=(*at, *e.path)) for e in outcome.errors))


def remarks(bill: Bill, there: LightBill) -> str:
    """For people: why Light failed with a bill that it has, and what differs in it."""
    failure = there.failure_reason
    wrong = f"Light says {failure} (state {there.state})" if failure else ""
    return "; ".join(filter(None, (wrong, differences(bill, there))))


def creation(
    work: BillJob, there: LightBill, message: str, status: Status, how: Discovery | None = None
) -> Change:
    """That Light has the bill, for the journal."""
    return Change(
        work.entry.id,
        State.CREATED,
        status,
        light_id=there.id,
        light_state=there.state,
        light_amount=there.amount,
        line_ids=line_ids(work.bill, there.lines) if there.lines is not None else (),
        message=message,
        how=how,
    )
