"""An answer of Light to one request, and its classification."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from importer.core.errors import WireProblem
from importer.core.hold_back import HOLDING, UNTOUCHED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error of a refusal. ``path`` names the field, as ``("lineItems", "0", "accountId")``."""

    message: str
    path: tuple[str, ...] = ()
    type: str = ""


OnWire = Callable[[], None]
"""Called when the request is about to leave: a caller that is cancelled before then can be sure
that nothing was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request to Light.

    ``status`` is None where no complete answer came. ``body`` is the parsed JSON, None where there
    was none or it could not be read. ``sent`` is False only when it is certain that Light never
    got the request (no connection was made). ``reason`` is the answer in words, or what went
    wrong. ``errors`` are those that Light itself lists, in one of its two forms of a refusal, or
    beside what a 2xx has; empty where the words are of a gateway or proxy.
    """

    status: int | None
    body: object = None
    sent: bool = True
    reason: str = ""
    retry_after: float | None = None  # seconds for which nobody is to send anything
    errors: tuple[ApiError, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A 2xx that is not the answer to this request; ``reason`` says what shows it, for people."""

    reason: str


class Verdict(StrEnum):
    """What one answer means, and so what to do next."""

    ACCEPTED = "accepted"  # done, or shown
    REJECTED = "rejected"  # Light refused this request
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
        """Refused for lack of rights."""
        refused = self.verdict in (Verdict.REJECTED, Verdict.STOP)
        return refused and self.status in (401, 403)

    @property
    def from_light(self) -> bool:
        """Whether a refusal is in one of Light's own forms, so that nothing was done."""
        return bool(self.errors)

    @property
    def duplicate(self) -> bool:
        """Whether a refusal may mean that Light has it already, perhaps from this very request."""
        words = (self.reason, *(f"{e.type} {e.message}" for e in self.errors))
        return self.status == 409 or any(map(_DUPLICATE.search, words))


FORBIDDEN = "FORBIDDEN"  # the type of each error of a 403, whatever else it was called
_DEFINITE = frozenset((400, 403, 404, 409, 422))
_DUPLICATE = re.compile(
    r"duplicat|not[ _]unique|uniqueness|unique[ _]constraint|\bexists[ _]already"
    r"|already[ _](?:exist|used|in[ _]use|recorded|registered|entered|created|imported|known"
    r"|booked|taken|present|there|has|have)",
    re.IGNORECASE,
)


def classify(
    answer: Answer,
    read: Callable[[object], T | Mismatch | None],
    *,
    noun: str,
    reading: bool = False,
) -> Outcome[T]:
    """The verdict on one attempt to change something, or with ``reading`` to read something.

    ``read`` takes the content from the body of a 200 or 201: None where there is none, a Mismatch
    where it is of another request; it may raise WireProblem. ``noun`` names it. "No" is a refusal
    in one of Light's own forms; the same status with anything else is a gateway's.

    ===================================== ================== ===================================
    answer                                to a change        to a reading
    ===================================== ================== ===================================
    not connected                         RETRY              RETRY
    no answer, or an incomplete one       UNKNOWN            RETRY: reading changes nothing
    200 201 with the content              ACCEPTED           ACCEPTED (200 only)
    other 2xx, without the content, with  UNKNOWN            UNKNOWN
    errors, or of another request
    3xx that may not be followed          STOP               STOP
    401                                   STOP               STOP
    403 "No"                              REJECTED           STOP: the role of the key forbids it
    404 410 "No"                          REJECTED (404)     ABSENT
    429, 402 407 425 451 511              WAIT               WAIT
    400 409 422 "No"                      REJECTED           REJECTED: it cannot be told
    other 4xx "No", but for 408           UNKNOWN            REJECTED: it cannot be told
    403 otherwise                         UNKNOWN            RETRY
    4xx otherwise, but for 408            UNKNOWN            UNKNOWN
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
    words = answer.reason or "; ".join(e.message for e in answer.errors)
    if 200 <= status < 300:
        try:
            content = read(answer.body)
        except WireProblem as problem:
            content = None
            if answer.body is not None and not words:
                content = Mismatch(
                    f"but not with a {noun} that can be understood: {problem.detail}"
                )
        if isinstance(content, Mismatch):
            doubt = content.reason
        elif answer.errors:
            doubt = f"with errors: {words}"
        elif content is None:
            doubt = f"but not with a {noun}" + (f": {words}" if words else "")
        elif status == 200 or (status == 201 and not reading):
            return Outcome(Verdict.ACCEPTED, content=content, status=status)
        else:
            doubt = "which does not say that it is done" + (f": {words}" if words else "")
        return Outcome(Verdict.UNKNOWN, f"Light answered {status}, {doubt}", status=status)
    reason = words or f"status {status}"
    errors = answer.errors
    if status == 403:
        errors = tuple(replace(error, type=FORBIDDEN) for error in errors)
    verdict = _verdict(status, from_light=bool(errors), reading=reading)
    if verdict is Verdict.UNKNOWN:
        reason = f"Light answered {status}: {reason}"
    return Outcome(verdict, reason, errors=errors, status=status)


def _verdict(status: int, *, from_light: bool, reading: bool) -> Verdict:
    """Of a status that is not 2xx."""
    if status == 401 or 300 <= status < 400:
        return Verdict.STOP
    if status in UNTOUCHED:
        return Verdict.WAIT
    if not reading:
        return Verdict.REJECTED if from_light and status in _DEFINITE else Verdict.UNKNOWN
    if status == 403:
        return Verdict.STOP if from_light else Verdict.RETRY
    if not 400 <= status < 500 or status == 408:
        return Verdict.RETRY
    if not from_light:
        return Verdict.UNKNOWN
    return Verdict.ABSENT if status in (404, 410) else Verdict.REJECTED
