"""An answer of Light to one request, and its classification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from importer.core.hold_back import HOLDING, UNTOUCHED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error of a refusal. ``path`` names the field, as ``("lineItems", "0", "accountId")``."""

    message: str
    path: tuple[str, ...] = ()
    type: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request to Light.

    ``status`` is None where no complete answer came. ``body`` is the parsed JSON, None where there
    was none or it could not be read. ``sent`` is False only when it is certain that Light never
    got the request (no connection was made). ``reason`` says in words what went wrong, ``errors``
    are those that a refusal lists.
    """

    status: int | None
    body: object = None
    sent: bool = True
    reason: str = ""
    retry_after: float | None = None  # seconds for which nobody is to send anything
    errors: tuple[ApiError, ...] = ()


class Verdict(StrEnum):
    """What one answer means, and so what to do next."""

    ACCEPTED = "accepted"  # done, or shown
    REJECTED = "rejected"  # Light said no to this request
    ABSENT = "absent"  # only when reading: Light does not show it
    WAIT = "wait"  # nothing happened; it may go later
    RETRY = "retry"  # nothing happened, or nothing was asked for but an answer
    UNKNOWN = "unknown"  # it may or may not have happened
    STOP = "stop"  # Light says no to us


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """One answer classified. ``reason`` is for people; ``content`` is what was accepted or read."""

    verdict: Verdict
    reason: str = ""
    content: T | None = None
    errors: tuple[ApiError, ...] = ()
    status: int | None = None

    @property
    def holds_back(self) -> bool:
        """Whether nothing is to be sent for now, by anybody."""
        return self.status in HOLDING

    @property
    def forbidden(self) -> bool:
        """Refused for lack of rights: nothing was done."""
        return self.status in (401, 403)


_REFUSALS = frozenset((400, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 431))


def classify(
    answer: Answer, read: Callable[[object], T | None], *, noun: str, reading: bool = False
) -> Outcome[T]:
    """The verdict on one attempt to change something, or with ``reading`` to read something.

    ``read`` takes the content from the body of a 2xx: None where there is none. ``noun`` names it.

    ===================================== ================== ===================================
    answer                                to a change        to a reading
    ===================================== ================== ===================================
    not connected                         RETRY              RETRY
    no answer, or an incomplete one       UNKNOWN            RETRY: reading changes nothing
    2xx with the content                  ACCEPTED           ACCEPTED
    2xx without, or not JSON              UNKNOWN            UNKNOWN
    3xx that may not be followed          STOP               STOP
    401                                   STOP               STOP
    403                                   REJECTED           STOP: the role of the key forbids it
    404 410                               REJECTED           ABSENT
    429, 402 407 425 451 511              WAIT               WAIT
    400 405 406 409 411 413 414 415 422   REJECTED           REJECTED: it cannot be told
    431
    other 4xx but for 408                 UNKNOWN            REJECTED: it cannot be told
    408, 5xx, anything else               UNKNOWN: gateways  RETRY
                                          answer so after
                                          the work was done
    503                                   UNKNOWN, and WAIT  RETRY
    ===================================== ================== ===================================

    Source: the list of statuses in Light's documentation; what it does not list is in doubt.
    """
    status = answer.status
    if status is None:
        unsent = reading or not answer.sent
        verdict = Verdict.RETRY if unsent else Verdict.UNKNOWN
        return Outcome(verdict, answer.reason or "no answer came")
    if 200 <= status < 300:
        content = read(answer.body)
        if content is None:
            reason = answer.reason or f"Light answered {status}, but not with a {noun}"
            return Outcome(Verdict.UNKNOWN, reason, status=status)
        return Outcome(Verdict.ACCEPTED, content=content, status=status)
    reason = answer.reason or "; ".join(e.message for e in answer.errors) or f"status {status}"
    verdict = _verdict(status, reading=reading)
    if verdict is Verdict.UNKNOWN:
        reason = f"Light answered {status}: {reason}"
    return Outcome(verdict, reason, errors=answer.errors, status=status)


def _verdict(status: int, *, reading: bool) -> Verdict:
    """Of a status that is not 2xx."""
    if status == 401 or 300 <= status < 400 or (reading and status == 403):
        return Verdict.STOP
    if status in UNTOUCHED:
        return Verdict.WAIT
    if reading and status in (404, 410):
        return Verdict.ABSENT
    if status in _REFUSALS or (reading and 400 <= status < 500 and status != 408):
        return Verdict.REJECTED
    return Verdict.RETRY if reading else Verdict.UNKNOWN
