"""Read from Light with retries; reads change nothing, so they are safe to retry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina

from importer.core.answers import Answer, Mismatch, Outcome, Verdict, classify
from importer.core.errors import AccessRefused, HeldBack, KeyRefused, LightUnreachable
from importer.core.hold_back import HOLDING, MOST_REFUSALS

T = TypeVar("T")


@dataclass(frozen=True)
class Waits:
    """How often a reading is tried, and the seconds between, doubled each time."""

    tries: int = 5
    first: float = 0.5
    longest: float = 60.0


WAITS = Waits()
ROLES = "in Light, see Settings > API Keys"

# It logs each retry; without a handler Python would print that on stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class _Unanswered(Exception):
    def __init__(self, outcome: Outcome[Any]) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


async def fetch(
    ask: Callable[[], Awaitable[Answer]],
    read: Callable[[object], T | Mismatch | None],
    *,
    what: str,
    noun: str,
    where: str = "",
    waits: Waits = WAITS,
) -> Outcome[T]:
    """The outcome of a read: ACCEPTED with its content, ABSENT, REJECTED (Light does not show it),
    or UNKNOWN where Light's answer could not be read in the last try.

    ``what`` is what the key must be allowed to do, as "read bills"; see ``classify`` for ``read``
    and ``noun``. Raises AccessRefused for 401, 403 and redirects elsewhere, LightUnreachable where
    there was no answer, or failures of the server, HeldBack where Light takes nothing for now;
    ``where`` is the address in its message.
    """

    async def once() -> Outcome[T]:
        # The rate limiter waits before each, for as long as Light states, and says so.
        for _ in range(MOST_REFUSALS):
            answer = await ask()
            if answer.status not in HOLDING:
                break
        else:
            raise HeldBack(f"Light answered {answer.status} ({answer.reason}), again and again.")
        outcome = classify(answer, read, noun=noun, reading=True)
        if outcome.verdict in (Verdict.RETRY, Verdict.UNKNOWN):
            raise _Unanswered(outcome)
        return outcome

    retrying = stamina.AsyncRetryingCaller(
        attempts=waits.tries,
        timeout=None,
        wait_initial=waits.first,
        wait_max=waits.longest,
        wait_jitter=0.0,
    )
    try:
        outcome = await retrying(_Unanswered, once)
    except _Unanswered as error:
        outcome = error.outcome
        if outcome.verdict is not Verdict.UNKNOWN:
            raise LightUnreachable(f"Light cannot be reached{where}: {outcome.reason}") from None
    if outcome.verdict is Verdict.STOP:
        raise refusal(outcome, what)
    return outcome


def refusal(outcome: Outcome[Any], what: str) -> AccessRefused:
    """The error for a refused key or role, with the remedy, or for a redirect elsewhere."""
    if outcome.status == 401:
        return KeyRefused(f"Light does not accept the key: {outcome.reason}")
    if outcome.status == 403:
        reason = outcome.reason.rstrip(". ")
        return KeyRefused(f"The key may not {what}: {reason}. Its role decides that: {ROLES}.")
    if outcome.status == 304:  # nothing was asked of which it could be so
        return AccessRefused(
            f"The answer was {outcome.reason}, which has nothing in it: not Light gives it, but a"
            " proxy or cache in between. Ask whoever runs that not to store Light's answers."
        )
    return AccessRefused(f"Light answered with a redirect that is not followed: {outcome.reason}")


async def fetch_all(reads: Iterable[Awaitable[T]]) -> list[T]:
    """All results in order; the first failure ends the others."""
    tasks = [asyncio.ensure_future(read) for read in reads]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
